/* roads.c - valleys as they are known, passes between some, and side valleys that grow from them.
 *
 * valleys.csv names the chains of known positions that roads follow. Each leg is bent by midpoint
 * displacement and smoothed. From these trunks side valleys grow like the branches of a river:
 * a head walks up in steps, turns to where other roads are far, and stops where it would come
 * close to one, leave its town's land or run out of length. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/text.h"
#include "demo/make.h"

enum {
    STEP = 250 * METRE,               // of a side valley's head
    APART = 480 * METRE,              // side valleys keep this far from other roads
    REACH = 8500 * METRE,             // land further from every seat is nobody's
    LAT_MIN_E7 = 289100000, LAT_MAX_E7 = 294900000,   // the county's bounding box
    LON_MIN_E7 = 1180280000, LON_MAX_E7 = 1186250000,
    ROOM = 1900 * METRE,              // of valley road that a village wants
};

int land_owner(const struct land *land, struct at at)
{
    int32_t lat = plane_lat_e7(at), lon = plane_lon_e7(at);
    if (lat < LAT_MIN_E7 || lat > LAT_MAX_E7 || lon < LON_MIN_E7 || lon > LON_MAX_E7) return -1;
    int owner = -1;
    int32_t nearest = REACH;
    for (size_t i = 0; i < land->count; i++) {
        int32_t distance = plane_distance(at, land->seeds[i].at);
        if (distance >= nearest) continue;
        nearest = distance;
        owner = land->seeds[i].town;
    }
    return owner;
}

/* "29.2510/118.4030" or the name of a located division or made place. */
static enum status waypoint(const struct county *county, const char *word, struct at *out,
                            struct err *err)
{
    const char *slash = strchr(word, '/');
    if (slash) {
        int32_t e7[2] = { 0, 0 };
        const char *part = word;
        for (int i = 0; i < 2; i++, part = slash + 1) {
            int digits = -1;
            int64_t value = 0;
            for (; *part && *part != '/'; part++) {
                if (*part == '.') digits = 0;
                else value = value * 10 + (*part - '0'), digits += digits >= 0;
            }
            for (digits = digits < 0 ? 0 : digits; digits < 7; digits++) value *= 10;
            e7[i] = (int32_t)value;
        }
        *out = plane_of(e7[0], e7[1]);
        return OK;
    }
    for (size_t i = 0; i < county->site_count; i++) {
        if (!county->sites[i].located || strcmp(county->sites[i].name, word) != 0) continue;
        *out = county->sites[i].at;
        return OK;
    }
    return err_about(err, INVALID, "via", "A road goes by a place that is not known", "%s", word);
}

static enum status trunk(struct county *county, struct map *map, const struct table *table,
                         size_t row, struct rng *rng, struct err *err)
{
    bool pass = strcmp(table_cell(table, row, "kind"), "pass") == 0;
    char *via = arena_text(county->arena, table_cell(table, row, "via"));
    if (via == NULL) return err_set(err, BROKEN, NULL, "No memory");
    const char *highway = table_cell(table, row, "highway");
    bool wide = highway[0] == 'p' || highway[0] == 's';
    struct path path = { 0 };
    char *rest = NULL;
    for (char *word = strtok_r(via, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        struct at at;
        TRY(waypoint(county, word, &at, err));
        if (path.count == 0) TRY(path_add(county->arena, &path, at, err));
        else TRY(path_bend(county->arena, &path, at, pass ? 250 : wide ? 190 : 220,
                           (pass ? 170 : wide ? 320 : 240) * METRE, rng, err));
    }
    if (pass)
        path_hairpins(&path, path.count * 35 / 100, path.count * 65 / 100, 95 * METRE);
    TRY(path_smooth(county->arena, &path, pass ? 2 : 3, err));
    struct way way = { .kind = pass ? WAY_PASS : WAY_VALLEY, .highway = highway,
        .name = table_cell(table, row, "name"), .limit = table_cell(table, row, "limits") };
    return map_way(map, way, &path, NULL, err);
}

/* One step of a side valley's head. False: no direction is free. */
static bool step(const struct map *map, const struct land *land, int town,
                 const struct path *path, int32_t *angle, size_t steps, struct rng *rng,
                 struct at *out)
{
    static const int32_t turns[] = { 0, -180, 180, -360, 360, -560, 560 };
    struct at here = path->at[path->count - 1];
    int32_t free = (int32_t)steps * 150 * METRE, best = INT32_MIN, chosen = 0;
    if (free > APART) free = APART;
    for (size_t i = 0; i < COUNT(turns); i++) {
        int32_t way = *angle + turns[i];
        struct at at = plane_moved(here, way, STEP);
        int32_t clear = map_clearance(map, at, 1000 * METRE);
        if (clear < free || land_owner(land, at) != town) continue;
        bool crossing = false;   // of itself
        for (size_t p = 0; p + 3 < path->count; p++)
            crossing = crossing || plane_distance(at, path->at[p]) < APART;
        if (crossing) continue;
        int32_t score = clear - 4 * abs(turns[i]) + (int32_t)rng_below(rng, 2400);
        if (score <= best) continue;
        best = score;
        chosen = way;
        *out = at;
    }
    if (best == INT32_MIN) return false;
    *angle = chosen;
    return true;
}

/* Tries to grow a side valley from a node of a way; `grown` is its length, 0 if there is none. */
static enum status side_valley(struct map *map, const struct land *land, int town, uint32_t from,
                               size_t at, struct rng *rng, int32_t *grown, struct err *err)
{
    const struct way *way = &map->ways[from];
    struct at root = map->nodes[way->nodes[at]];
    int32_t along = plane_angle(map->nodes[way->nodes[at - 1]], map->nodes[way->nodes[at + 1]]);
    int32_t angle = along + (rng_below(rng, 2) ? 1 : -1) * (int32_t)rng_between(rng, 500, 950);
    size_t wanted = (size_t)rng_between(rng, 8, 26);
    struct path path = { 0 };
    *grown = 0;
    TRY(path_add(map->arena, &path, root, err));
    for (size_t steps = 1; steps <= wanted; steps++) {
        struct at next;
        if (!step(map, land, town, &path, &angle, steps, rng, &next)) break;
        TRY(path_add(map->arena, &path, next, err));
    }
    if (path.count < 5) return OK;
    struct path bent = { 0 };
    TRY(path_add(map->arena, &bent, root, err));
    for (size_t i = 1; i < path.count; i++)
        TRY(path_bend(map->arena, &bent, path.at[i], 240, 150 * METRE, rng, err));
    TRY(path_smooth(map->arena, &bent, 2, err));
    *grown = (int32_t)(path.count - 1) * STEP;
    struct way side = { .kind = WAY_SIDE, .highway = "unclassified", .limit = "" };
    return map_way(map, side, &bent, NULL, err);
}

/* Metres of valley road on each town's land. */
static void measure(const struct map *map, const struct land *land, int64_t *length, size_t count)
{
    memset(length, 0, count * sizeof *length);
    for (size_t w = 0; w < map->way_count; w++) {
        const struct way *way = &map->ways[w];
        if (way->kind != WAY_VALLEY && way->kind != WAY_SIDE) continue;
        for (size_t i = 0; i + 1 < way->count; i++) {
            int owner = land_owner(land, map->nodes[way->nodes[i]]);
            if (owner >= 0)
                length[owner] += plane_distance(map->nodes[way->nodes[i]],
                                                map->nodes[way->nodes[i + 1]]);
        }
    }
}

/* Grows side valleys on a town's land until there is room for its villages. */
static enum status branches(struct county *county, struct map *map, const struct land *land,
                            int town, int64_t length, struct rng *rng, struct err *err)
{
    int64_t wanted = (int64_t)county->towns[town].village_count * ROOM;
    for (int tries = 0; length < wanted && tries < 4000; tries++) {
        uint32_t w = rng_below(rng, (uint32_t)map->way_count);
        const struct way *way = &map->ways[w];
        if ((way->kind != WAY_VALLEY && way->kind != WAY_SIDE) || way->count < 12) continue;
        size_t at = 4 + rng_below(rng, (uint32_t)way->count - 8);
        if (land_owner(land, map->nodes[way->nodes[at]]) != town) continue;
        int32_t grown;
        TRY(side_valley(map, land, town, w, at, rng, &grown, err));
        length += grown;
    }
    return OK;
}

enum status roads_make(struct county *county, struct map *map, struct land *land, struct err *err)
{
    struct rng rng = county_rng(county, "roads");
    struct table table;
    TRY(county_table(county, "valleys.csv", &table, err));
    for (size_t row = 0; row < table.rows; row++)
        TRY(trunk(county, map, &table, row, &rng, err));
    int64_t *length = arena_new(county->arena, sizeof *length * county->town_count);
    if (length == NULL) return err_set(err, BROKEN, NULL, "No memory");
    measure(map, land, length, county->town_count);
    for (size_t t = 0; t < county->town_count; t++)
        TRY(branches(county, map, land, (int)t, length[t], &rng, err));
    return OK;
}
