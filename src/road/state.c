/* state.c - closures and slowdowns laid over a road. */
#include "road/state.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "road/hierarchy.h"
#include "road/measure.h"

#define FACTOR_MIN 0.01
#define RADIUS_MAX_M 200000.0
#define STATE_BYTES_MAX (UINT64_C(4) << 30)

/* One directed segment, changed for some profiles. */
struct override { uint32_t point; uint8_t towards, profiles; float factor; };

struct road_state {
    const struct road *road;
    struct arena *arena;              // owns what follows
    struct override *overrides;       // sorted by point
    size_t count;
    uint32_t *times[ROAD_PROFILES];   // NULL: as built
    struct cache *cache;
};

struct cache *state_cache(const struct road_state *state, enum road_profile profile)
{
    return state && state->times[profile] ? state->cache : NULL;
}

const uint32_t *state_times(const struct road *road, const struct road_state *state,
    enum road_profile profile)
{
    assert(state == NULL || state->road == road);
    if (state && state->times[profile]) return state->times[profile];
    return road->arc_cs + (size_t)profile * road_arcs(road);
}

/* The slowest change of a segment; 1: none. */
static double factor_of(const struct road_state *state, uint32_t point, int towards,
    enum road_profile profile)
{
    size_t low = 0, high = state->count;
    double factor = 1;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (state->overrides[middle].point < point) low = middle + 1; else high = middle;
    }
    for (; low < state->count && state->overrides[low].point == point; low++) {
        const struct override *o = &state->overrides[low];
        if (o->towards == towards && (o->profiles >> profile & 1) && o->factor < factor)
            factor = o->factor;
    }
    return factor;
}

uint32_t state_segment_cs(const struct road *road, const struct road_state *state,
    uint32_t stretch, uint32_t segment, int towards, enum road_profile profile)
{
    uint32_t plain = segment_cs(road, stretch, segment, towards, profile);
    if (state == NULL || state->times[profile] == NULL) return plain;
    double factor = factor_of(state, road->stretch_first[stretch] + segment, towards, profile);
    if (factor <= 0) return ARC_CLOSED;
    return factor < 1 ? (uint32_t)fmin(round(plain / factor), ARC_CS_MAX) : plain;
}

/* -- Making ------------------------------------------------------------------------------------ */

struct making {
    struct road_state *state;
    const struct road_change *change;
    uint8_t profiles;
    int64_t touched;      // directed segments
    bool out_of_memory;
};

static void put(struct making *m, uint32_t point, int towards)
{
    struct road_state *state = m->state;
    struct override *more = arena_more(state->arena, state->overrides, state->count,
        sizeof *state->overrides);
    m->touched++;
    if (more == NULL) {
        m->out_of_memory = true;
        return;
    }
    state->overrides = more;
    more[state->count++] = (struct override){ point, (uint8_t)towards, m->profiles,
        (float)m->change->factor };
}

static void put_both(struct making *m, uint32_t point)
{
    put(m, point, FORWARD);
    put(m, point, BACKWARD);
}

static void put_way(struct making *m)
{
    const struct road *road = m->state->road;
    for (uint32_t s = 0; s < road->stretches; s++) {
        if (road->stretch_way[s] != m->change->way_id) continue;
        for (uint32_t i = road->stretch_first[s]; i + 1 < road->stretch_first[s + 1]; i++)
            put_both(m, i);
    }
}

/* Metres from a spot to a segment, on the flat around the spot. */
static double segment_distance_m(const struct road *road, uint32_t point, struct road_point at)
{
    struct road_point a = point_at(road, point), b = point_at(road, point + 1);
    double up = road_beeline_m((struct road_point){ 0, 0 }, (struct road_point){ 1, 0 });
    double right = up * cos(at.lat * M_PI / 180);
    double ax = (a.lon - at.lon) * right, ay = (a.lat - at.lat) * up;
    double dx = (b.lon - a.lon) * right, dy = (b.lat - a.lat) * up;
    double square = dx * dx + dy * dy;
    double share = square > 0 ? fmin(fmax(-(ax * dx + ay * dy) / square, 0), 1) : 0;
    return hypot(ax + share * dx, ay + share * dy);
}

static void put_area(struct making *m)
{
    const struct road *road = m->state->road;
    for (uint32_t s = 0; s < road->stretches; s++)
        for (uint32_t i = road->stretch_first[s]; i + 1 < road->stretch_first[s + 1]; i++)
            if (segment_distance_m(road, i, m->change->at) <= m->change->radius_m) put_both(m, i);
}

/* -- Between two nodes ------------------------------------------------------------------------- */

/* The nearest pair of both nodes on one way, by points between them. */
struct pair { uint32_t from, to, gap; };

/* A way's stretches follow each other, and so do its points. */
static struct pair nearest_on_way(const struct road *road, uint32_t first, uint32_t end,
    int64_t from, int64_t to)
{
    struct pair best = { .gap = UINT32_MAX };
    uint32_t last_from = UINT32_MAX, last_to = UINT32_MAX;
    for (uint32_t i = first; i < end; i++) {
        bool is_from = road->point_node[i] == from, is_to = road->point_node[i] == to;
        if (is_from) last_from = i;
        if (is_to) last_to = i;
        if (!(is_from || is_to) || last_from == UINT32_MAX || last_to == UINT32_MAX) continue;
        uint32_t gap = last_from < last_to ? last_to - last_from : last_from - last_to;
        if (gap > 0 && gap < best.gap) best = (struct pair){ last_from, last_to, gap };
    }
    return best;
}

static void put_between(struct making *m, struct pair pair)
{
    const struct road *road = m->state->road;
    bool along = pair.from < pair.to;
    uint32_t low = along ? pair.from : pair.to, high = along ? pair.to : pair.from;
    for (uint32_t i = low; i < high; i++) {
        uint32_t stretch = stretch_of_point(road, i);
        if (i + 1 == road->stretch_first[stretch + 1]) continue;   // between two stretches
        if (m->change->one_way) put(m, i, along ? FORWARD : BACKWARD);
        else put_both(m, i);
    }
}

static void put_nodes(struct making *m)
{
    const struct road *road = m->state->road;
    struct pair best = { .gap = UINT32_MAX };
    for (uint32_t s = 0, next; s < road->stretches; s = next) {
        for (next = s + 1; next < road->stretches
            && road->stretch_way[next] == road->stretch_way[s];) next++;
        struct pair pair = nearest_on_way(road, road->stretch_first[s], road->stretch_first[next],
            m->change->from_node_id, m->change->to_node_id);
        if (pair.gap == 1) put_between(m, pair);
        if (pair.gap < best.gap) best = pair;
    }
    if (best.gap != 1 && best.gap != UINT32_MAX) put_between(m, best);
}

/* -- Checking and adding up -------------------------------------------------------------------- */

static enum status check(const struct road_change *change, struct err *err)
{
    double factor = change->factor;
    if (!(factor == 0 || (factor >= FACTOR_MIN && factor <= 1)))
        return err_about(err, INVALID, "factor",
            "the factor is 0 for a closed road, or from 0.01 to 1", "%g", factor);
    if (change->what != ROAD_AREA) return OK;
    if (!(change->radius_m > 0 && change->radius_m <= RADIUS_MAX_M))
        return err_about(err, INVALID, "radius_m", "the radius is from 0 to 200 km", "%g",
            change->radius_m);
    if (!(fabs(change->at.lat) <= 90 && fabs(change->at.lon) <= 180))
        return err_about(err, INVALID, "at", "no such position on Earth", "%g,%g", change->at.lat,
            change->at.lon);
    return OK;
}

static int compare_overrides(const void *a, const void *b)
{
    const struct override *x = a, *y = b;
    return (x->point > y->point) - (x->point < y->point);
}

static uint32_t changed_time(const struct road_state *state, uint32_t arc, enum road_profile p)
{
    const struct road *road = state->road;
    uint64_t total = 0;
    for (uint32_t k = 0; k < stretch_segments(road, arc >> 1); k++) {
        uint32_t cs = state_segment_cs(road, state, arc >> 1, k, arc_towards(arc), p);
        if (cs == ARC_CLOSED) return ARC_CLOSED;
        total += cs;
    }
    return total < ARC_CS_MAX ? (uint32_t)total : ARC_CS_MAX;
}

static enum status add_up(struct road_state *state, struct err *err)
{
    const struct road *road = state->road;
    uint8_t profiles = 0;
    size_t bytes = road_arcs(road) * sizeof(uint32_t);
    for (size_t i = 0; i < state->count; i++) profiles |= state->overrides[i].profiles;
    for (int p = 0; p < ROAD_PROFILES; p++) {
        if (!(profiles >> p & 1)) continue;
        const uint32_t *built = state_times(road, NULL, (enum road_profile)p);
        state->times[p] = arena_new(state->arena, bytes);
        if (state->times[p] == NULL) return err_set(err, BROKEN, NULL, "no memory");
        memcpy(state->times[p], built, bytes);
    }
    for (size_t i = 0; i < state->count;) {
        uint32_t stretch = stretch_of_point(road, state->overrides[i].point);
        for (uint32_t arc = 2 * stretch; arc < 2 * stretch + 2; arc++)
            for (int p = 0; p < ROAD_PROFILES; p++)
                if (state->times[p] && arc_speed(road, arc, (enum road_profile)p))
                    state->times[p][arc] = changed_time(state, arc, (enum road_profile)p);
        while (i < state->count && state->overrides[i].point < road->stretch_first[stretch + 1])
            i++;
    }
    return OK;
}

static enum status fill(struct road_state *state, const struct road_change *changes, size_t count,
    int64_t *segments, struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t profiles = changes[i].profiles ? changes[i].profiles : ALL_PROFILES;
        struct making m = { state, &changes[i], (uint8_t)(profiles & ALL_PROFILES), 0, false };
        TRY(check(&changes[i], err));
        switch (changes[i].what) {
        case ROAD_WAY: put_way(&m); break;
        case ROAD_NODES: put_nodes(&m); break;
        case ROAD_AREA: put_area(&m); break;
        }
        if (m.out_of_memory) return err_set(err, BROKEN, NULL, "no memory");
        if (segments) segments[i] = m.touched;
    }
    if (state->count)
        qsort(state->overrides, state->count, sizeof *state->overrides, compare_overrides);
    return add_up(state, err);
}

enum status road_state_new(const struct road *road, const struct road_change *changes, size_t count,
    int64_t *segments, struct road_state **out, struct err *err)
{
    struct arena *arena = arena_open(STATE_BYTES_MAX);
    struct road_state *state = arena ? arena_new(arena, sizeof *state) : NULL;
    if (state == NULL) {
        arena_free(arena);
        return err_set(err, BROKEN, NULL, "no memory");
    }
    state->road = road;
    state->arena = arena;
    state->cache = cache_open();
    enum status status = state->cache ? fill(state, changes, count, segments, err)
        : err_set(err, BROKEN, NULL, "no memory");
    if (status == OK) *out = state;
    else road_state_free(state);
    return status;
}

void road_state_free(struct road_state *state)
{
    if (state == NULL) return;
    cache_close(state->cache);
    arena_free(state->arena);
}
