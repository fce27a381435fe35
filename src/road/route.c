/* route.c - one way with its geometry: a climb from each end, and the shortcuts of the best way
 * where they meet taken apart again. */
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "road/climb.h"
#include "road/measure.h"

struct routing {
    const struct road *road;
    const struct road_state *state;
    enum road_profile profile;
    const uint32_t *times;
    const uint16_t *turn_cost;
    const struct hierarchy *h;
    const struct metric *metric;
    struct ends origin, goal;
    struct climb there, back;       // from the origin; from the goal, against the traffic
    int64_t best;
    uint32_t middle;                // rank where both meet; NOBODY: straight along one arc
    struct arena *arena;
    uint32_t *states;               // of the way, from the first turned into to the last
    size_t state_count;
    struct road_point *points;
    double *at_s;
    int64_t *way_ids;
    size_t point_count, point_room;
};

static enum status no_memory(struct err *err) { return err_set(err, BROKEN, NULL, "no memory"); }

/* -- Finding ----------------------------------------------------------------------------------- */

static void climb_both(struct routing *r)
{
    climb_begin(&r->there);
    climb_from_ends(&r->there, r->road, r->profile, &r->origin);
    climb_run(&r->there);
    climb_begin(&r->back);
    for (int e = 0; e < r->goal.count; e++) {
        const struct end *end = &r->goal.on[e];
        if (!end->arrives) continue;
        for (uint32_t rank = climb_next_on(r->road, r->h, end->arc, NOBODY); rank != NOBODY;
                rank = climb_next_on(r->road, r->h, end->arc, rank))
            climb_from(&r->back, rank, end->before);
    }
    climb_run(&r->back);
}

static void find(struct routing *r)
{
    r->best = NOWHERE;
    r->middle = NOBODY;
    for (int e = 0; e < r->origin.count; e++) {
        const struct end *to = ends_on_arc(&r->goal, r->origin.on[e].arc);
        int64_t cost = to ? ends_straight(&r->origin.on[e], to) : NOWHERE;
        if (cost < r->best) r->best = cost;
    }
    climb_both(r);
    for (uint32_t i = r->back.begin; i < r->h->count; i++) {
        uint32_t rank = r->back.order[i];
        if (r->there.visited[rank] != r->there.number) continue;
        int64_t cost = r->there.key[rank] + r->back.key[rank];
        if (cost >= r->best) continue;
        r->best = cost;
        r->middle = rank;
    }
}

/* -- Taking apart ------------------------------------------------------------------------------ */

static enum status put_state(struct routing *r, uint32_t rank, struct err *err)
{
    uint32_t *more = arena_more(r->arena, r->states, r->state_count, sizeof *more);
    if (more == NULL) return no_memory(err);
    r->states = more;
    more[r->state_count++] = r->h->state_of[rank];
    return OK;
}

/* The cheapest turn between two states; NOWHERE: none. */
static int64_t turn_between(const struct routing *r, uint32_t from, uint32_t to)
{
    const struct road *road = r->road;
    int64_t best = NOWHERE;
    for (uint32_t t = road->turn_first[from]; t < road->turn_first[from + 1]; t++) {
        if (road->turn_to[t] != to || r->turn_cost[t] == TURN_NONE) continue;
        int64_t cost = cost_of_turn(r->turn_cost[t]);
        if (cost < best) best = cost;
    }
    return best;
}

/* The cost of a turn and the arc before it; NOWHERE. */
static int64_t step_cost(const struct routing *r, uint32_t from, uint32_t to)
{
    uint32_t arc = r->road->state_arc[from];
    int64_t turn = turn_between(r, from, to);
    if (turn >= NOWHERE || r->times[arc] == ARC_CLOSED) return NOWHERE;
    return turn + cost_of(r->times[arc], r->road->stretch_dm[arc >> 1]);
}

/* Which of the falls from `from` leads to the lower rank that a shortcut passes over; NOBODY. Both
 * lists rise by their lower ends. */
static uint32_t fall_under(const struct routing *r, uint32_t from, uint32_t to, int64_t cost)
{
    const struct hierarchy *h = r->h;
    uint32_t a = h->falls_first[from], a_end = h->falls_first[from + 1];
    uint32_t b = h->climbs_first[to], b_end = h->climbs_first[to + 1];
    while (a < a_end && b < b_end) {
        uint32_t low = h->falls_low[a], other = h->climbs_low[b];
        if (low == other && r->metric->in_cost[h->falls_edge[a]]
                + r->metric->out_cost[h->climbs_edge[b]] == cost) return a;
        a += low <= other;
        b += other <= low;
    }
    return NOBODY;
}

/* The ranks after `from` up to `to`. Each call goes to a lower rank, so it ends. */
static enum status unpack(struct routing *r, uint32_t from, uint32_t to, int64_t cost,
    struct err *err)
{
    const struct hierarchy *h = r->h;
    if (step_cost(r, h->state_of[from], h->state_of[to]) == cost) return put_state(r, to, err);
    uint32_t under = fall_under(r, from, to, cost);
    if (under == NOBODY) return err_set(err, BROKEN, "road", "the road file is damaged");
    int64_t fall = r->metric->in_cost[h->falls_edge[under]];
    uint32_t low = h->falls_low[under];
    TRY(unpack(r, from, low, fall, err));
    return unpack(r, low, to, cost - fall, err);
}

static enum status find_states(struct routing *r, struct err *err)
{
    const struct climb *there = &r->there, *back = &r->back;
    uint32_t count = 1;
    for (uint32_t at = r->middle; there->before[at] != NOBODY; at = there->before[at]) count++;
    uint32_t *ranks = arena_new(r->arena, count * sizeof *ranks);
    if (ranks == NULL) return no_memory(err);
    for (uint32_t at = r->middle; count > 0; at = there->before[at]) ranks[--count] = at;
    TRY(put_state(r, ranks[0], err));
    for (uint32_t i = 0; ranks[i] != r->middle; i++)
        TRY(unpack(r, ranks[i], ranks[i + 1], r->metric->out_cost[there->edge[ranks[i + 1]]], err));
    for (uint32_t at = r->middle; back->before[at] != NOBODY; at = back->before[at])
        TRY(unpack(r, at, back->before[at], r->metric->in_cost[back->edge[at]], err));
    return OK;
}

/* -- Drawing ----------------------------------------------------------------------------------- */

static enum status room_to_draw(struct routing *r, struct err *err)
{
    size_t room = 2;
    for (int e = 0; e < r->origin.count; e++)
        room += stretch_segments(r->road, r->origin.on[e].arc >> 1);
    for (size_t i = 0; i < r->state_count; i++)
        room += stretch_segments(r->road, r->road->state_arc[r->states[i]] >> 1);
    r->points = arena_new(r->arena, room * sizeof *r->points);
    r->at_s = arena_new(r->arena, room * sizeof *r->at_s);
    r->way_ids = arena_new(r->arena, room * sizeof *r->way_ids);
    return r->points && r->at_s && r->way_ids ? OK : no_memory(err);
}

static void draw(struct routing *r, struct road_point point, int64_t cs, int64_t way_id)
{
    size_t n = r->point_count;
    if (n && r->points[n - 1].lat == point.lat && r->points[n - 1].lon == point.lon) {
        r->at_s[n - 1] = (double)cs / 100;
        return;
    }
    r->points[n] = point;
    r->at_s[n] = (double)cs / 100;
    r->way_ids[n] = way_id;
    r->point_count++;
}

/* Points of an arc between two spots on it, segments in the direction of travel: those at the ends
 * of segments `first` .. `end` - 1. `cs` is the time at the beginning of the arc; segments before
 * `first` were not driven when the route began on this arc, and are taken off by the caller. */
static void draw_arc(struct routing *r, uint32_t arc, uint32_t first, uint32_t end, int64_t cs)
{
    const struct road *road = r->road;
    uint32_t stretch = arc >> 1, count = stretch_segments(road, stretch);
    uint32_t base = road->stretch_first[stretch];
    bool along = arc_towards(arc) == FORWARD;
    for (uint32_t i = 0; i < end; i++) {
        uint32_t segment = along ? i : count - 1 - i;
        uint32_t one = state_segment_cs(road, r->state, stretch, segment, arc_towards(arc),
            r->profile);
        if (one != ARC_CLOSED) cs += one;
        if (i < first) continue;
        uint32_t point = base + (along ? segment + 1 : segment);
        draw(r, point_at(road, point), cs, road->stretch_way[stretch]);
    }
}

/* The origin's arc by which the route went on to its first state: the cheapest that leads there. */
static const struct end *origin_of(const struct routing *r, uint32_t state, int64_t *key)
{
    const struct end *found = NULL;
    *key = NOWHERE;
    for (int e = 0; e < r->origin.count; e++) {
        const struct end *end = &r->origin.on[e];
        int64_t turn = turn_between(r, end->arc, state);
        if (!end->departs || end->after + turn >= *key) continue;
        *key = end->after + turn;
        found = end;
    }
    assert(found);
    return found;
}

static void draw_path(struct routing *r)
{
    const struct road *road = r->road;
    int64_t key;
    const struct end *from = origin_of(r, r->states[0], &key);
    draw_arc(r, from->arc, from->segment, stretch_segments(road, from->arc >> 1),
        -(int64_t)cost_cs(from->before));
    size_t last = r->state_count - 1;
    for (size_t i = 0; i < last; i++) {
        uint32_t arc = road->state_arc[r->states[i]];
        draw_arc(r, arc, 0, stretch_segments(road, arc >> 1), cost_cs(key));
        key += step_cost(r, r->states[i], r->states[i + 1]);
    }
    const struct end *to = ends_on_arc(&r->goal, road->state_arc[r->states[last]]);
    draw_arc(r, to->arc, 0, to->segment, cost_cs(key));
}

static void draw_straight(struct routing *r)
{
    for (int e = 0; e < r->origin.count; e++) {
        const struct end *from = &r->origin.on[e], *to = ends_on_arc(&r->goal, from->arc);
        if (to == NULL || ends_straight(from, to) != r->best) continue;
        draw_arc(r, from->arc, from->segment, to->segment, -(int64_t)cost_cs(from->before));
        return;
    }
}

static enum status trace(struct routing *r, const struct road_snap *from,
    const struct road_snap *to, struct road_route *out, struct err *err)
{
    find(r);
    if (r->best >= NOWHERE) return err_set(err, NOT_FOUND, "to", "there is no way");
    if (r->middle != NOBODY) TRY(find_states(r, err));
    TRY(room_to_draw(r, err));
    draw(r, from->at, 0, from->way_id);
    if (r->middle == NOBODY) draw_straight(r);
    else draw_path(r);
    draw(r, to->at, cost_cs(r->best), to->way_id);
    if (r->point_count > 1) r->way_ids[0] = r->way_ids[1];
    *out = (struct road_route){
        .duration_s = whole_s(r->best), .distance_m = whole_m(r->best),
        .point_count = r->point_count, .points = r->points, .at_s = r->at_s,
        .way_ids = r->way_ids,
    };
    return OK;
}

enum status road_route(const struct road *road, const struct road_state *state,
    enum road_profile profile, const struct road_snap *from, const struct road_snap *to,
    struct arena *arena, struct road_route *out, struct err *err)
{
    struct routing r = {
        .road = road, .state = state, .profile = profile, .arena = arena,
        .times = state_times(road, state, profile),
        .turn_cost = road->turn_cost + (size_t)profile * road->turns,
    };
    TRY(metric_of(road, state, profile, &r.h, &r.metric, err));
    r.origin = ends_of(road, state, profile, from);
    r.goal = ends_of(road, state, profile, to);
    enum status status = climb_open(&r.there, r.h, r.metric, false, true, err);
    if (status == OK) status = climb_open(&r.back, r.h, r.metric, true, true, err);
    if (status == OK) status = trace(&r, from, to, out, err);
    climb_close(&r.there);
    climb_close(&r.back);
    return status;
}
