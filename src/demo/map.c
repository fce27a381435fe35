/* map.c - nodes found by their place, and junctions where ways cross. */
#include "demo/map.h"

#include <stdlib.h>
#include <string.h>
#include "base/arena.h"

enum { CELL = 200 * METRE, NEAR_END = 4 * METRE };

enum status map_open(struct arena *arena, struct map *out, struct err *err)
{
    *out = (struct map){ .arena = arena };
    out->buckets = arena_new(arena, sizeof *out->buckets * BUCKETS_X * BUCKETS_Y);
    if (out->buckets == NULL) return err_set(err, BROKEN, NULL, "No memory");
    memset(out->buckets, 0xFF, sizeof *out->buckets * BUCKETS_X * BUCKETS_Y);
    return OK;
}

static int32_t clamped(int32_t value, int32_t below)
{
    return value < 0 ? 0 : value >= below ? below - 1 : value;
}

static size_t bucket_of(struct at at)
{
    return (size_t)clamped(at.y / BUCKET, BUCKETS_Y) * BUCKETS_X
        + (size_t)clamped(at.x / BUCKET, BUCKETS_X);
}

enum status map_node(struct map *map, struct at at, uint32_t *node, struct err *err)
{
    size_t bucket = bucket_of(at);
    for (int32_t i = map->buckets[bucket]; i >= 0; i = map->next[i]) {
        if (map->nodes[i].x != at.x || map->nodes[i].y != at.y) continue;
        *node = (uint32_t)i;
        return OK;
    }
    map->nodes = arena_more(map->arena, map->nodes, map->node_count, sizeof *map->nodes);
    map->next = arena_more(map->arena, map->next, map->node_count, sizeof *map->next);
    if (map->nodes == NULL || map->next == NULL) return err_set(err, BROKEN, NULL, "No memory");
    *node = (uint32_t)map->node_count++;
    map->nodes[*node] = at;
    map->next[*node] = map->buckets[bucket];
    map->buckets[bucket] = (int32_t)*node;
    return OK;
}

enum status map_way(struct map *map, struct way way, const struct path *path, uint32_t *out,
                    struct err *err)
{
    way.nodes = NULL;
    way.count = 0;
    for (size_t i = 0; i < path->count; i++) {
        uint32_t node;
        TRY(map_node(map, path->at[i], &node, err));
        if (way.count && way.nodes[way.count - 1] == node) continue;
        way.nodes = arena_more(map->arena, way.nodes, way.count, sizeof *way.nodes);
        if (way.nodes == NULL) return err_set(err, BROKEN, NULL, "No memory");
        way.nodes[way.count++] = node;
    }
    map->ways = arena_more(map->arena, map->ways, map->way_count, sizeof *map->ways);
    if (map->ways == NULL) return err_set(err, BROKEN, NULL, "No memory");
    if (out) *out = (uint32_t)map->way_count;
    map->ways[map->way_count++] = way;
    return OK;
}

enum status map_label(struct map *map, struct label label, struct err *err)
{
    map->labels = arena_more(map->arena, map->labels, map->label_count, sizeof *map->labels);
    if (map->labels == NULL) return err_set(err, BROKEN, NULL, "No memory");
    map->labels[map->label_count++] = label;
    return OK;
}

int32_t map_clearance(const struct map *map, struct at at, int32_t most)
{
    for (int32_t dy = -2; dy <= 2; dy++) {
        for (int32_t dx = -2; dx <= 2; dx++) {
            int32_t bx = at.x / BUCKET + dx, by = at.y / BUCKET + dy;
            if (bx < 0 || by < 0 || bx >= BUCKETS_X || by >= BUCKETS_Y) continue;
            for (int32_t i = map->buckets[by * BUCKETS_X + bx]; i >= 0; i = map->next[i]) {
                int32_t distance = plane_distance(at, map->nodes[i]);
                if (distance < most) most = distance;
            }
        }
    }
    return most;
}

/* -- Joining ----------------------------------------------------------------------------------- */

struct segment { uint32_t way, index; };              // from node index to index + 1
struct entry { uint32_t cell, segment; };
struct cut { uint32_t way, index; int32_t along; uint32_t node; };   // along: 0 .. 2^20

static int by_cell(const void *a, const void *b)
{
    const struct entry *l = a, *r = b;
    if (l->cell != r->cell) return l->cell < r->cell ? -1 : 1;
    return (l->segment > r->segment) - (l->segment < r->segment);
}

static int by_place(const void *a, const void *b)
{
    const struct cut *l = a, *r = b;
    if (l->way != r->way) return l->way < r->way ? -1 : 1;
    if (l->index != r->index) return l->index < r->index ? -1 : 1;
    if (l->along != r->along) return l->along < r->along ? -1 : 1;
    return (l->node > r->node) - (l->node < r->node);
}

struct joining {
    struct map *map;
    struct segment *segments;
    size_t segment_count;
    struct entry *entries;
    size_t entry_count;
    struct cut *cuts;
    size_t cut_count;
};

static enum status list_entries(struct joining *j, uint32_t segment, struct at a, struct at b,
                                struct err *err)
{
    int32_t x0 = (a.x < b.x ? a.x : b.x) / CELL, x1 = (a.x < b.x ? b.x : a.x) / CELL;
    int32_t y0 = (a.y < b.y ? a.y : b.y) / CELL, y1 = (a.y < b.y ? b.y : a.y) / CELL;
    for (int32_t y = y0; y <= y1; y++) {
        for (int32_t x = x0; x <= x1; x++) {
            j->entries = arena_more(j->map->arena, j->entries, j->entry_count,
                                    sizeof *j->entries);
            if (j->entries == NULL) return err_set(err, BROKEN, NULL, "No memory");
            j->entries[j->entry_count++] = (struct entry){ (uint32_t)(y * 4096 + x), segment };
        }
    }
    return OK;
}

static enum status list_segments(struct joining *j, struct err *err)
{
    struct map *map = j->map;
    for (uint32_t w = 0; w < map->way_count; w++) {
        const struct way *way = &map->ways[w];
        for (uint32_t i = 0; i + 1 < way->count; i++) {
            j->segments = arena_more(map->arena, j->segments, j->segment_count,
                                     sizeof *j->segments);
            if (j->segments == NULL) return err_set(err, BROKEN, NULL, "No memory");
            j->segments[j->segment_count] = (struct segment){ w, i };
            TRY(list_entries(j, (uint32_t)j->segment_count++, map->nodes[way->nodes[i]],
                             map->nodes[way->nodes[i + 1]], err));
        }
    }
    return OK;
}

static int64_t cross(struct at o, struct at a, struct at b)
{
    return ((int64_t)a.x - o.x) * ((int64_t)b.y - o.y)
        - ((int64_t)a.y - o.y) * ((int64_t)b.x - o.x);
}

static enum status add_cut(struct joining *j, struct segment s, int32_t along, uint32_t node,
                           struct err *err)
{
    const struct way *way = &j->map->ways[s.way];
    if (way->nodes[s.index] == node || way->nodes[s.index + 1] == node) return OK;
    j->cuts = arena_more(j->map->arena, j->cuts, j->cut_count, sizeof *j->cuts);
    if (j->cuts == NULL) return err_set(err, BROKEN, NULL, "No memory");
    j->cuts[j->cut_count++] = (struct cut){ s.way, s.index, along, node };
    return OK;
}

/* Cuts both segments where they cross; an end that is all but there is the junction itself. */
static enum status cross_segments(struct joining *j, struct segment s, struct segment t,
                                  struct err *err)
{
    struct map *map = j->map;
    const uint32_t *sn = map->ways[s.way].nodes + s.index, *tn = map->ways[t.way].nodes + t.index;
    if (sn[0] == tn[0] || sn[0] == tn[1] || sn[1] == tn[0] || sn[1] == tn[1]) return OK;
    struct at a = map->nodes[sn[0]], b = map->nodes[sn[1]];
    struct at c = map->nodes[tn[0]], d = map->nodes[tn[1]];
    int64_t ca = cross(c, d, a), cb = cross(c, d, b), ac = cross(a, b, c), ad = cross(a, b, d);
    if ((ca > 0) == (cb > 0) || (ac > 0) == (ad > 0)) return OK;
    int64_t along_s = ca * (1 << 20) / (ca - cb), along_t = ac * (1 << 20) / (ac - ad);
    struct at at = { a.x + (int32_t)(((int64_t)b.x - a.x) * along_s / (1 << 20)),
                     a.y + (int32_t)(((int64_t)b.y - a.y) * along_s / (1 << 20)) };
    uint32_t node;
    if (plane_distance(at, a) < NEAR_END) node = sn[0];
    else if (plane_distance(at, b) < NEAR_END) node = sn[1];
    else if (plane_distance(at, c) < NEAR_END) node = tn[0];
    else if (plane_distance(at, d) < NEAR_END) node = tn[1];
    else TRY(map_node(map, at, &node, err));
    TRY(add_cut(j, s, (int32_t)along_s, node, err));
    return add_cut(j, t, (int32_t)along_t, node, err);
}

static enum status cut_ways(struct joining *j, struct err *err)
{
    size_t c = 0;
    if (j->cut_count) qsort(j->cuts, j->cut_count, sizeof *j->cuts, by_place);
    for (uint32_t w = 0; w < j->map->way_count; w++) {
        struct way *way = &j->map->ways[w];
        uint32_t *nodes = NULL;
        size_t count = 0;
        for (uint32_t i = 0; i < way->count; i++) {
            uint32_t node = way->nodes[i];
            for (bool own = true;; own = false) {
                if (count == 0 || nodes[count - 1] != node) {
                    nodes = arena_more(j->map->arena, nodes, count, sizeof *nodes);
                    if (nodes == NULL) return err_set(err, BROKEN, NULL, "No memory");
                    nodes[count++] = node;
                }
                if (!own) c++;
                if (c >= j->cut_count || j->cuts[c].way != w || j->cuts[c].index != i) break;
                node = j->cuts[c].node;
            }
        }
        way->nodes = nodes;
        way->count = count;
    }
    return OK;
}

enum status map_join(struct map *map, struct err *err)
{
    struct joining j = { .map = map };
    TRY(list_segments(&j, err));
    qsort(j.entries, j.entry_count, sizeof *j.entries, by_cell);
    for (size_t from = 0, to; from < j.entry_count; from = to) {
        for (to = from; to < j.entry_count && j.entries[to].cell == j.entries[from].cell;) to++;
        for (size_t a = from; a < to; a++) {
            for (size_t b = a + 1; b < to; b++) {
                TRY(cross_segments(&j, j.segments[j.entries[a].segment],
                                   j.segments[j.entries[b].segment], err));
            }
        }
    }
    return cut_ways(&j, err);
}
