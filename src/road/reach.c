/* reach.c - what can be reached in a time, and which of some places first. */
#include <math.h>
#include <stdlib.h>
#include "base/arena.h"
#include "road/climb.h"

struct reaching {
    const struct road *road;
    const struct road_state *state;
    enum road_profile profile;
    int64_t limit_cs;
    struct arena *arena;
    struct road_reached *pieces;
    size_t count;
};

/* Segments of an arc in the direction of travel, from a spot on it, which is reached at `cs`. */
static enum status walk(struct reaching *r, uint32_t arc, uint32_t first, struct road_point from,
    double left, int64_t cs, struct err *err)
{
    const struct road *road = r->road;
    uint32_t stretch = arc >> 1, count = stretch_segments(road, stretch);
    uint32_t base = road->stretch_first[stretch];
    bool along = arc_towards(arc) == FORWARD;
    for (uint32_t i = first; i < count && cs < r->limit_cs; i++) {
        uint32_t segment = along ? i : count - 1 - i;
        uint32_t whole = state_segment_cs(road, r->state, stretch, segment, arc_towards(arc),
            r->profile);
        if (whole == ARC_CLOSED) return OK;
        int64_t one = i == first ? (int64_t)llround(whole * left) : whole;
        int64_t end = cs + one < r->limit_cs ? cs + one : r->limit_cs;
        double share = one > 0 ? (double)(end - cs) / (double)one : 1;
        struct road_point to = point_at(road, base + (along ? segment + 1 : segment));
        to.lat = from.lat + (to.lat - from.lat) * share;
        to.lon = from.lon + (to.lon - from.lon) * share;
        struct road_reached *more = arena_more(r->arena, r->pieces, r->count, sizeof *more);
        if (more == NULL) return err_set(err, BROKEN, NULL, "no memory");
        r->pieces = more;
        more[r->count++] = (struct road_reached){ from, to, (int32_t)((cs + 50) / 100),
            (int32_t)((end + 50) / 100) };
        from = to;
        cs = end;
    }
    return OK;
}

/* The least key of each arc: climb, then fall through all ranks. */
static void find_keys(struct climb *c, const struct road *road, const struct metric *metric,
    int64_t *of_rank, int64_t *of_arc)
{
    const struct hierarchy *h = c->h;
    for (uint32_t arc = 0; arc < road_arcs(road); arc++) of_arc[arc] = NOWHERE;
    for (uint32_t rank = h->count; rank-- > 0;) {
        int64_t key = c->visited[rank] == c->number ? c->key[rank] : NOWHERE;
        for (uint32_t e = h->in_first[rank]; e < h->in_first[rank + 1]; e++) {
            int64_t cost = of_rank[h->in_from[e]] + metric->in_cost[e];
            if (cost < key) key = cost;
        }
        of_rank[rank] = key;
        uint32_t arc = road->state_arc[h->state_of[rank]];
        if (key < of_arc[arc]) of_arc[arc] = key;
    }
}

static enum status reach(struct reaching *r, const struct road_snap *from, struct climb *c,
    const struct metric *metric, struct err *err)
{
    const struct road *road = r->road;
    struct ends origin = ends_of(road, r->state, r->profile, from);
    int64_t *of_rank = arena_new(r->arena, c->h->count * sizeof *of_rank);
    int64_t *of_arc = arena_new(r->arena, road_arcs(road) * sizeof *of_arc);
    if (!of_rank || !of_arc) return err_set(err, BROKEN, NULL, "no memory");
    climb_begin(c);
    climb_from_ends(c, road, r->profile, &origin);
    climb_run(c);
    find_keys(c, road, metric, of_rank, of_arc);
    for (int e = 0; e < origin.count; e++) {
        const struct end *end = &origin.on[e];
        if (end->stands)
            TRY(walk(r, end->arc, end->segment, from->at, 1 - end->part * 0x1p-32, 0, err));
    }
    for (uint32_t arc = 0; arc < road_arcs(road); arc++) {
        if (of_arc[arc] >= NOWHERE || cost_cs(of_arc[arc]) >= r->limit_cs) continue;
        uint32_t point = arc_towards(arc) == FORWARD ? road->stretch_first[arc >> 1]
            : road->stretch_first[(arc >> 1) + 1] - 1;
        TRY(walk(r, arc, 0, point_at(road, point), 1, cost_cs(of_arc[arc]), err));
    }
    return OK;
}

enum status road_reach(const struct road *road, const struct road_state *state,
    enum road_profile profile, const struct road_snap *from, int32_t limit_s, struct arena *arena,
    const struct road_reached **out, size_t *count, struct err *err)
{
    struct reaching r = { .road = road, .state = state, .profile = profile, .arena = arena,
        .limit_cs = (int64_t)limit_s * 100 };
    struct climb climb;
    const struct hierarchy *h;
    const struct metric *metric;
    TRY(metric_of(road, state, profile, &h, &metric, err));
    enum status status = climb_open(&climb, h, metric, false, false, err);
    if (status == OK) status = reach(&r, from, &climb, metric, err);
    climb_close(&climb);
    *out = r.pieces;
    *count = r.count;
    return status;
}

enum status road_first_of(const struct road *road, const struct road_state *state,
    enum road_profile profile, const struct road_snap *from, const struct road_snap *facilities,
    size_t count, size_t *index, int32_t *duration_s, int32_t *distance_m, struct err *err)
{
    int32_t *durations = malloc((count + 1) * 2 * sizeof *durations);
    if (durations == NULL) return err_set(err, BROKEN, NULL, "no memory");
    int32_t *distances = durations + count;
    enum status status = road_table(road, state, profile, from, 1, facilities, count, durations,
        distances, err);
    size_t best = SIZE_MAX;
    for (size_t i = 0; status == OK && i < count; i++) {
        if (durations[i] < 0) continue;
        if (best == SIZE_MAX || durations[i] < durations[best]
            || (durations[i] == durations[best] && distances[i] < distances[best])) best = i;
    }
    if (best != SIZE_MAX) {
        *index = best;
        *duration_s = durations[best];
        *distance_m = distances[best];
    } else if (status == OK) {
        status = err_set(err, NOT_FOUND, "to", "there is no way");
    }
    free(durations);
    return status;
}

/* -- Polylines --------------------------------------------------------------------------------- */

static size_t put_number(char *out, int64_t number)
{
    uint64_t rest = number < 0 ? ~((uint64_t)number << 1) : (uint64_t)number << 1;
    size_t count = 0;
    for (; rest >= 0x20; rest >>= 5) out[count++] = (char)((0x20 | (rest & 0x1F)) + 63);
    out[count++] = (char)(rest + 63);
    return count;
}

char *road_polyline(const struct road_point *points, size_t count, struct arena *arena)
{
    char *out = arena_new(arena, count * 14 + 1);   // 360 degrees are 30 bits: 6 letters and a half
    int64_t lat = 0, lon = 0;
    size_t at = 0;
    for (size_t i = 0; out && i < count; i++) {
        int64_t next_lat = llround(points[i].lat * 1e6), next_lon = llround(points[i].lon * 1e6);
        at += put_number(out + at, next_lat - lat);
        at += put_number(out + at, next_lon - lon);
        lat = next_lat;
        lon = next_lon;
    }
    return out;
}
