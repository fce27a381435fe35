/* villages.c - where the villages of each township lie: spread along the valleys on its land.
 *
 * Villages with a known position stand there. The others take places on valley roads, as far from
 * each other as the land allows (Poisson disc sampling with a shrinking radius), the heads of side
 * valleys first. The village named like its township is the one nearest to the seat. */
#include <string.h>
#include "base/arena.h"
#include "demo/make.h"

enum { APART_FIRST = 2800 * METRE, APART_LEAST = 300 * METRE };

struct slot {
    uint32_t way;
    size_t index;      // of the way's node
    struct at at;
    bool head;         // at the end of a side valley
    bool taken;
    size_t village;    // site index, where taken
};

struct slots { struct slot *all; size_t count; };

static enum status slot_add(struct map *map, struct slots *slots, uint32_t way, size_t index,
                            struct err *err)
{
    slots->all = arena_more(map->arena, slots->all, slots->count, sizeof *slots->all);
    if (slots->all == NULL) return err_set(err, BROKEN, NULL, "No memory");
    const struct way *w = &map->ways[way];
    slots->all[slots->count++] = (struct slot){ .way = way, .index = index,
        .at = map->nodes[w->nodes[index]], .head = w->kind == WAY_SIDE && index + 1 == w->count };
    return OK;
}

static void shuffle(struct slots *slots, struct rng *rng)
{
    for (size_t i = slots->count; i > 1; i--) {
        size_t j = rng_below(rng, (uint32_t)i);
        struct slot kept = slots->all[i - 1];
        slots->all[i - 1] = slots->all[j];
        slots->all[j] = kept;
    }
    size_t heads = 0;
    for (size_t i = 0; i < slots->count; i++) {
        if (!slots->all[i].head) continue;
        struct slot kept = slots->all[heads];
        slots->all[heads++] = slots->all[i];
        slots->all[i] = kept;
    }
}

/* Nodes on a town's land where a village may stand. */
static enum status list_slots(struct map *map, const struct land *land, int town,
                              struct slots *out, struct err *err)
{
    for (uint32_t w = 0; w < map->way_count; w++) {
        const struct way *way = &map->ways[w];
        if (way->kind != WAY_VALLEY && way->kind != WAY_SIDE) continue;
        for (size_t i = 3; i + 6 < way->count; i += 2) {
            if (land_owner(land, map->nodes[way->nodes[i]]) == town)
                TRY(slot_add(map, out, w, i, err));
        }
        if (way->kind == WAY_SIDE
            && land_owner(land, map->nodes[way->nodes[way->count - 1]]) == town)
            TRY(slot_add(map, out, w, way->count - 1, err));
    }
    return OK;
}

/* The node of a way at a known place. */
static enum status known_slot(struct map *map, struct at at, struct slots *out, struct err *err)
{
    for (uint32_t w = 0; w < map->way_count; w++) {
        const struct way *way = &map->ways[w];
        for (size_t i = 0; i < way->count; i++) {
            struct at here = map->nodes[way->nodes[i]];
            if (here.x == at.x && here.y == at.y) return slot_add(map, out, w, i, err);
        }
    }
    return err_set(err, INVALID, "via", "No road goes by a village whose place is known");
}

/* Takes up to `wanted` slots, none within `apart` of another or of a taken one. */
static size_t take(struct slots *slots, size_t fixed, int32_t apart, size_t wanted)
{
    size_t taken = 0;
    for (size_t i = fixed; i < slots->count; i++) slots->all[i].taken = false;
    for (size_t i = fixed; i < slots->count && taken < wanted; i++) {
        bool free = true;
        for (size_t k = 0; free && k < slots->count; k++)
            free = !slots->all[k].taken
                || plane_distance(slots->all[i].at, slots->all[k].at) >= apart;
        slots->all[i].taken = free;
        taken += free;
    }
    return taken;
}

/* "桐村村" is the village of 桐村镇. */
static bool named_like(const char *village, const char *town)
{
    size_t stem = strlen(town) - strlen("镇");
    return strlen(village) == stem + strlen("村") && strncmp(village, town, stem) == 0;
}

/* Gives the taken slots after `fixed` to the town's villages that have no place yet. */
static void assign(struct county *county, size_t town, struct slots *slots, size_t fixed)
{
    for (int own_name = 1; own_name >= 0; own_name--) {
        for (size_t v = 0; v < county->village_count; v++) {
            struct site *site = &county->sites[county->villages[v]];
            if (site->town != town || site->located) continue;
            if (own_name && !named_like(site->name, county->sites[county->towns[town].site].name))
                continue;
            size_t best = SIZE_MAX;
            for (size_t i = fixed; i < slots->count; i++) {
                struct slot *slot = &slots->all[i];
                if (!slot->taken || slot->village) continue;
                if (best != SIZE_MAX && (!own_name
                    || plane_distance(slot->at, county->towns[town].at)
                        >= plane_distance(slots->all[best].at, county->towns[town].at)))
                    continue;
                best = i;
            }
            if (best == SIZE_MAX) return;
            slots->all[best].village = county->villages[v];
            site->located = true;
            site->source = "made";
        }
    }
}

/* A track from the village up to its fields. */
static enum status track(struct map *map, struct at from, int32_t angle, struct rng *rng,
                         struct err *err)
{
    struct path path = { 0 };
    TRY(path_add(map->arena, &path, from, err));
    int64_t steps = rng_between(rng, 3, 9);
    for (int64_t i = 1; i <= steps; i++) {
        angle += (int32_t)rng_between(rng, -450, 450);
        struct at next = plane_moved(path.at[path.count - 1], angle, 120 * METRE);
        if (map_clearance(map, next, 150 * METRE) < 100 * METRE) break;
        TRY(path_add(map->arena, &path, next, err));
    }
    if (path.count < 3) return OK;
    TRY(path_smooth(map->arena, &path, 2, err));
    struct way way = { .kind = WAY_TRACK, .highway = "track", .limit = "" };
    return map_way(map, way, &path, NULL, err);
}

/* The lane that leaves the road, goes round the village and comes back to it; the village's middle
 * is halfway, unless it is known, and its point stands where the lane turns back. */
static enum status settle(struct county *county, struct map *map, const struct slot *slot,
                          struct rng *rng, struct err *err)
{
    struct site *village = &county->sites[slot->village];
    const struct way *way = &map->ways[slot->way];
    size_t last = way->count - 1, from = slot->index, to = from;
    if (from + 2 > last) from = last > 4 ? last - 4 : 0, to = last;
    while (to < last && plane_distance(map->nodes[way->nodes[from]],
                                       map->nodes[way->nodes[to]]) < 160 * METRE) to++;
    struct at p = map->nodes[way->nodes[from]], q = map->nodes[way->nodes[to]];
    int32_t side = plane_angle(p, q) + (rng_below(rng, 2) ? TURN / 4 : -TURN / 4);
    int32_t out = (int32_t)rng_between(rng, 55, 110) * METRE;
    struct at a = plane_moved(p, side, out), b = plane_moved(q, side, out);
    struct at middle = plane_moved((struct at){ a.x + (b.x - a.x) / 2, a.y + (b.y - a.y) / 2 },
                                   side, (int32_t)rng_between(rng, 20, 50) * METRE);
    struct path path = { 0 };
    TRY(path_add(map->arena, &path, p, err));
    TRY(path_add(map->arena, &path, a, err));
    TRY(path_add(map->arena, &path, middle, err));
    TRY(path_add(map->arena, &path, b, err));
    TRY(path_add(map->arena, &path, q, err));
    struct way lane = { .kind = WAY_LANE, .highway = "residential", .limit = "" };
    TRY(map_way(map, lane, &path, NULL, err));
    if (strcmp(village->source, "made") == 0) {
        village->at = middle;
        village->lat_e7 = plane_lat_e7(middle);
        village->lon_e7 = plane_lon_e7(middle);
    }
    for (size_t v = 0; v < county->village_count; v++) {
        if (county->villages[v] != slot->village) continue;
        struct site *point = &county->sites[county->points[v]];
        point->located = true;
        point->at = b;
        point->lat_e7 = plane_lat_e7(b);
        point->lon_e7 = plane_lon_e7(b);
    }
    return rng_below(rng, 10) < 6 ? track(map, middle, side, rng, err) : OK;
}

static enum status settle_town(struct county *county, struct map *map, const struct land *land,
                               size_t town, struct rng *rng, struct err *err)
{
    struct slots slots = { 0 };
    for (size_t v = 0; v < county->village_count; v++) {
        size_t index = county->villages[v];
        if (county->sites[index].town != town || !county->sites[index].located) continue;
        TRY(known_slot(map, county->sites[index].at, &slots, err));
        slots.all[slots.count - 1].village = index;
        slots.all[slots.count - 1].taken = true;
    }
    size_t fixed = slots.count, wanted = county->towns[town].village_count - fixed, taken = 0;
    struct slots free = { 0 };
    TRY(list_slots(map, land, (int)town, &free, err));
    shuffle(&free, rng);
    for (size_t i = 0; i < free.count; i++)
        TRY(slot_add(map, &slots, free.all[i].way, free.all[i].index, err));
    for (int32_t apart = APART_FIRST; taken < wanted && apart >= APART_LEAST;
         apart -= 50 * METRE)
        taken = take(&slots, fixed, apart, wanted);
    if (taken < wanted)
        return err_about(err, INVALID, "valleys", "A township has no room for its villages",
                         "%s: %zu of %zu", county->sites[county->towns[town].site].name, taken,
                         wanted);
    assign(county, town, &slots, fixed);
    for (size_t i = 0; i < slots.count; i++) {
        if (slots.all[i].taken) TRY(settle(county, map, &slots.all[i], rng, err));
    }
    return OK;
}

enum status demo_villages_make(struct county *county, struct map *map, const struct land *land,
                          struct err *err)
{
    struct rng rng = county_rng(county, "villages");
    for (size_t t = 0; t < county->town_count; t++)
        TRY(settle_town(county, map, land, t, &rng, err));
    return OK;
}
