/* build.c - from an extract to a road file, step by step. */
#include "road/net.h"

#include <math.h>
#include <string.h>
#include "road/heights.h"

/* A country of some million nodes fits; a hostile file does not get more. */
#define MEMORY_MAX (UINT64_C(8) << 30)

/* -- Places ------------------------------------------------------------------------------------ */

struct text_pool { char *texts; size_t size, room; };

static uint32_t put_text(struct text_pool *pool, const char *text)
{
    size_t size = strlen(text) + 1;
    memcpy(pool->texts + pool->size, text, size);
    pool->size += size;
    return (uint32_t)(pool->size - size);
}

enum status places_make(struct net *net, struct err *err)
{
    const struct osm *osm = net->osm;
    size_t count = osm->place_count;
    struct text_pool pool = { .room = 1 };
    for (size_t i = 0; i < count; i++)
        pool.room += strlen(osm->places[i].name) + strlen(osm->places[i].kind) + 2;
    if (pool.room >= UINT32_MAX)
        return err_set(err, INVALID, "extract", "the extract is too large");
    pool.texts = arena_new(net->arena, pool.room);
    int64_t *node = arena_new(net->arena, count * sizeof *node);
    int64_t *people = arena_new(net->arena, count * sizeof *people);
    uint32_t *name = arena_new(net->arena, count * sizeof *name);
    uint32_t *kind = arena_new(net->arena, count * sizeof *kind);
    int32_t *lat = arena_new(net->arena, count * sizeof *lat);
    int32_t *lon = arena_new(net->arena, count * sizeof *lon);
    if (!pool.texts || !node || !people || !name || !kind || !lat || !lon)
        return net_no_memory(err);
    put_text(&pool, "");   // so that the section is never empty
    for (size_t i = 0; i < count; i++) {
        const struct osm_place *place = &osm->places[i];
        node[i] = place->id;
        people[i] = place->people;
        name[i] = put_text(&pool, place->name);
        kind[i] = put_text(&pool, place->kind);
        lat[i] = place->lat;
        lon[i] = place->lon;
    }
    struct road *road = &net->road;
    road->texts = pool.texts;
    road->place_node = node;
    road->place_people = people;
    road->place_name = name;
    road->place_kind = kind;
    road->place_lat = lat;
    road->place_lon = lon;
    road->places = (uint32_t)count;
    net->counts[SECTION_texts] = pool.size;
    for (int s = 0; s < SECTIONS; s++)
        if (s == SECTION_place_node || s == SECTION_place_people || s == SECTION_place_name
            || s == SECTION_place_kind || s == SECTION_place_lat || s == SECTION_place_lon)
            net->counts[s] = count;
    return OK;
}

/* -- Heights ----------------------------------------------------------------------------------- */

/* Where one is not known, the one before it on the stretch, else after it, else the sea's. */
static void fill_gaps(const struct road *road, const double *metres, int16_t *heights)
{
    for (uint32_t s = 0; s < road->stretches; s++) {
        uint32_t first = road->stretch_first[s], end = road->stretch_first[s + 1];
        double last = 0;
        for (uint32_t i = end; i-- > first;) if (!isnan(metres[i])) last = metres[i];
        for (uint32_t i = first; i < end; i++) {
            if (!isnan(metres[i])) last = metres[i];
            heights[i] = (int16_t)lround(fmin(fmax(last, -500), 8000) * HEIGHTS_A_METRE);
        }
    }
}

enum status heights_make(struct net *net, const char *folder, struct err *err)
{
    struct road *road = &net->road;
    struct heights *tiles;
    TRY(heights_open(folder, net->arena, &tiles, err));
    double *metres = arena_new(net->arena, road->points * sizeof *metres);
    int16_t *heights = arena_new(net->arena, road->points * sizeof *heights);
    if (!metres || !heights) return net_no_memory(err);
    for (uint32_t i = 0; i < road->points; i++) {
        TRY(heights_at(tiles, point_at(road, i), &metres[i], err));
        net->points_with_height += !isnan(metres[i]);
    }
    if (net->points_with_height == 0)
        return err_about(err, INVALID, "heights",
            "the folder holds no heights of this region: N42E001.hgt and the like are expected",
            "%s", folder);
    fill_gaps(road, metres, heights);
    road->point_height = heights;
    road->heights = road->points;
    net->counts[SECTION_point_height] = road->points;
    return OK;
}

/* -- The whole --------------------------------------------------------------------------------- */

static void report(const struct net *net, struct road_build_report *out)
{
    const struct osm *osm = net->osm;
    const struct road *road = &net->road;
    *out = (struct road_build_report){
        .osm_nodes = (int64_t)osm->node_count, .osm_ways = osm->ways_read,
        .osm_relations = osm->relations_read, .ways = (int64_t)osm->way_count,
        .stretches = road->stretches, .points = road->points, .turns = road->turns,
        .places = road->places,
        .restrictions = (int64_t)(osm->limit_count - net->limits_faulty),
        .restrictions_via_way = (int64_t)net->limits_via_way,
        .restrictions_conditional = osm->conditional,
        .restrictions_faulty = (int64_t)net->limits_faulty,
        .nodes_missing = net->nodes_missing, .points_with_height = net->points_with_height,
        .file_bytes = (int64_t)road->head.bytes,
    };
    memcpy(out->length_m, road->head.length_m, sizeof out->length_m);
    memcpy(out->length_main_m, road->head.length_main_m, sizeof out->length_main_m);
}

static enum status build(struct net *net, struct osm *osm, const char *extract_path,
    const char *output_path, struct err *err)
{
    const struct road_build_options *options = osm->options;
    TRY(osm_read(extract_path, osm, err));
    TRY(net_cut(net, err));
    net->road.head.mountain = !(options && options->flat);
    if (options && options->heights) TRY(heights_make(net, options->heights, err));
    TRY(net_measure(net, err));
    TRY(limits_resolve(net, err));
    TRY(turns_make(net, err));
    TRY(net_order(net, err));
    TRY(mainnet_find(net, err));
    TRY(grid_make(net, err));
    TRY(places_make(net, err));
    return store_write(&net->road, net->counts, output_path, err);
}

enum status road_build(const char *extract_path, const char *output_path,
    struct road_build_report *out, struct err *err)
{
    return road_build_with(extract_path, output_path, NULL, out, err);
}

enum status road_build_with(const char *extract_path, const char *output_path,
    const struct road_build_options *options, struct road_build_report *out, struct err *err)
{
    struct arena *arena = arena_open(MEMORY_MAX);
    if (arena == NULL) return net_no_memory(err);
    struct osm osm = { .arena = arena, .options = options };
    struct net net = { .arena = arena, .osm = &osm };
    enum status status = build(&net, &osm, extract_path, output_path, err);
    if (status == OK && out) report(&net, out);
    arena_free(arena);
    return status;
}
