/* osm.c - the map as OpenStreetMap XML: places and nodes, ways in pieces, turn restrictions.
 *
 * Ids are far above those of OpenStreetMap, which they can't be taken for. The same seed gives the
 * same ids. A way is cut about every 2 km and where a turn is forbidden, as mappers do, so that
 * closing one way closes a stretch of road and not a valley. */
#include <stdio.h>
#include <string.h>
#include "base/arena.h"
#include "demo/make.h"

#define NODE_ID INT64_C(990000000001)
#define LABEL_ID INT64_C(991000000001)
#define WAY_ID INT64_C(992000000001)
#define RELATION_ID INT64_C(993000000001)

enum { PIECE = 2000 * METRE, FORBIDDEN_MAX = 12, CENTRE = 900 * METRE };

struct piece { uint32_t way; size_t first, last; };
/* Who drives up `from_way` to its node `from_index` may not turn into `to_way`. */
struct forbidden { uint32_t from_way, to_way; size_t from_index, to_index; bool forwards; };

struct writing {
    struct map *map;
    FILE *file;
    uint64_t seed;
    struct piece *pieces;
    size_t piece_count;
    struct forbidden forbidden[FORBIDDEN_MAX];
    size_t forbidden_count;
};

static void text(FILE *file, const char *value)
{
    for (; *value; value++) {
        switch (*value) {
        case '&': fputs("&amp;", file); break;
        case '<': fputs("&lt;", file); break;
        case '"': fputs("&quot;", file); break;
        default: fputc(*value, file);
        }
    }
}

static void tag(FILE *file, const char *key, const char *value)
{
    fprintf(file, "    <tag k=\"%s\" v=\"", key);
    text(file, value);
    fputs("\"/>\n", file);
}

static void node(FILE *file, int64_t id, struct at at, const char *end)
{
    int32_t lat = plane_lat_e7(at), lon = plane_lon_e7(at);
    fprintf(file, "  <node id=\"%lld\" lat=\"%d.%07d\" lon=\"%d.%07d\" version=\"1\"%s>\n",
            (long long)id, lat / 10000000, lat % 10000000, lon / 10000000, lon % 10000000, end);
}

static void source(const struct writing *w)
{
    char value[80];
    snprintf(value, sizeof value, "made by cunhuo's generator, seed %llu",
             (unsigned long long)w->seed);
    tag(w->file, "source", value);
}

static void write_nodes(struct writing *w)
{
    for (size_t i = 0; i < w->map->node_count; i++)
        node(w->file, NODE_ID + (int64_t)i, w->map->nodes[i], "/");
    for (size_t i = 0; i < w->map->label_count; i++) {
        const struct label *label = &w->map->labels[i];
        node(w->file, LABEL_ID + (int64_t)i, label->at, "");
        tag(w->file, "place", label->kind);
        tag(w->file, "name", label->name);
        if (label->code && label->code[0]) tag(w->file, "ref", label->code);
        source(w);
        fputs("  </node>\n", w->file);
    }
}

static bool is_cut(const struct writing *w, uint32_t way, size_t index)
{
    for (size_t i = 0; i < w->forbidden_count; i++) {
        const struct forbidden *f = &w->forbidden[i];
        if ((f->from_way == way && f->from_index == index)
            || (f->to_way == way && f->to_index == index)) return true;
    }
    return false;
}

static enum status cut_pieces(struct writing *w, struct err *err)
{
    struct map *map = w->map;
    for (uint32_t i = 0; i < map->way_count; i++) {
        const struct way *way = &map->ways[i];
        int32_t length = 0;
        for (size_t first = 0, n = 1; n < way->count; n++) {
            length += plane_distance(map->nodes[way->nodes[n - 1]], map->nodes[way->nodes[n]]);
            bool end = n + 1 == way->count;
            if (!end && !is_cut(w, i, n) && (length < PIECE || n + 3 >= way->count)) continue;
            w->pieces = arena_more(map->arena, w->pieces, w->piece_count, sizeof *w->pieces);
            if (w->pieces == NULL) return err_set(err, BROKEN, NULL, "No memory");
            w->pieces[w->piece_count++] = (struct piece){ i, first, n };
            first = n;
            length = 0;
        }
    }
    return OK;
}

static void write_way(struct writing *w, size_t piece)
{
    const struct piece *p = &w->pieces[piece];
    const struct way *way = &w->map->ways[p->way];
    fprintf(w->file, "  <way id=\"%lld\" version=\"1\">\n", (long long)(WAY_ID + (int64_t)piece));
    for (size_t n = p->first; n <= p->last; n++)
        fprintf(w->file, "    <nd ref=\"%lld\"/>\n", (long long)(NODE_ID + way->nodes[n]));
    tag(w->file, "highway", way->highway);
    if (way->name && way->name[0]) tag(w->file, "name", way->name);
    if (way->oneway) tag(w->file, "oneway", "yes");
    if (way->kind == WAY_TRACK) tag(w->file, "tracktype", "grade2");
    else tag(w->file, "surface", "asphalt");
    const char *equals = strchr(way->limit, '=');
    if (equals) {
        char key[32];
        snprintf(key, sizeof key, "%.*s", (int)(equals - way->limit), way->limit);
        tag(w->file, key, equals + 1);
    }
    source(w);
    fputs("  </way>\n", w->file);
}

/* The piece that ends (or begins) at a node of a way. */
static int64_t piece_at(const struct writing *w, uint32_t way, size_t index, bool ends)
{
    for (size_t i = 0; i < w->piece_count; i++) {
        if (w->pieces[i].way == way && (ends ? w->pieces[i].last : w->pieces[i].first) == index)
            return WAY_ID + (int64_t)i;
    }
    return -1;
}

static void write_relation(struct writing *w, size_t i)
{
    const struct forbidden *f = &w->forbidden[i];
    int64_t from = piece_at(w, f->from_way, f->from_index, true);
    int64_t to = piece_at(w, f->to_way, f->to_index, !f->forwards);
    if (from < 0 || to < 0) return;
    fprintf(w->file, "  <relation id=\"%lld\" version=\"1\">\n",
            (long long)(RELATION_ID + (int64_t)i));
    fprintf(w->file, "    <member type=\"way\" ref=\"%lld\" role=\"from\"/>\n", (long long)from);
    fprintf(w->file, "    <member type=\"node\" ref=\"%lld\" role=\"via\"/>\n",
            (long long)(NODE_ID + w->map->ways[f->from_way].nodes[f->from_index]));
    fprintf(w->file, "    <member type=\"way\" ref=\"%lld\" role=\"to\"/>\n", (long long)to);
    tag(w->file, "type", "restriction");
    tag(w->file, "restriction", "no_left_turn");
    source(w);
    fputs("  </relation>\n", w->file);
}

/* Left turns from two-way streets into the main road at inner nodes of both, near the centre. */
static void forbid(struct writing *w, struct at centre)
{
    const struct map *map = w->map;
    for (uint32_t s = 0; s < map->way_count; s++) {
        const struct way *street = &map->ways[s];
        if (street->kind != WAY_STREET || street->oneway) continue;
        for (size_t i = 1; i + 1 < street->count; i++) {
            struct at at = map->nodes[street->nodes[i]];
            if (plane_distance(at, centre) > CENTRE) continue;
            for (uint32_t m = 0; m < map->way_count; m++) {
                const struct way *road = &map->ways[m];
                if (strcmp(road->highway, "primary") != 0) continue;
                for (size_t k = 1; k + 1 < road->count; k++) {
                    if (road->nodes[k] != street->nodes[i]) continue;
                    if (w->forbidden_count == FORBIDDEN_MAX) return;
                    struct at before = map->nodes[street->nodes[i - 1]];
                    struct at after = map->nodes[road->nodes[k + 1]];
                    int64_t left = ((int64_t)at.x - before.x) * ((int64_t)after.y - at.y)
                        - ((int64_t)at.y - before.y) * ((int64_t)after.x - at.x);
                    w->forbidden[w->forbidden_count++] = (struct forbidden){ s, m, i, k,
                                                                             left > 0 };
                }
            }
        }
    }
}

enum status map_write(struct map *map, const char *folder, uint64_t seed, struct at centre,
                      struct err *err)
{
    struct writing w = { .map = map, .seed = seed };
    forbid(&w, centre);
    TRY(cut_pieces(&w, err));
    TRY(demo_open(folder, "roads.osm", &w.file, err));
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
          "<osm version=\"0.6\" generator=\"cunhuo demo\">\n", w.file);
    write_nodes(&w);
    for (size_t i = 0; i < w.piece_count; i++) write_way(&w, i);
    for (size_t i = 0; i < w.forbidden_count; i++) write_relation(&w, i);
    fputs("</osm>\n", w.file);
    return demo_close(w.file, err);
}
