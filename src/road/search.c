/* search.c - fastest paths: Dijkstra (1959) over states, one run for each origin.
 *
 * A cost is one number of 64 bits, of three that are added side by side: how often a road for
 * starts and ends only is entered (8 bits), hundredths of a second (28 bits, 31 days), decimetres
 * (28 bits, 26,000 km). So paths through private roads lose against all others, and of two equally
 * fast the shorter wins; every sum is exact, whatever the order, and a matrix can't differ from a
 * route.
 *
 * A state's key is the cost up to the beginning of its arc, the turn into it included. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "road/measure.h"
#include "road/state.h"

enum { CS_SHIFT = 28, ENTER_SHIFT = 56, HEAP_WAYS = 4 };
#define FIELD_MASK ((UINT64_C(1) << 28) - 1)
#define NOWHERE UINT64_MAX
#define NOBODY UINT32_MAX

static uint64_t cost_of(uint32_t cs, uint32_t dm) { return (uint64_t)cs << CS_SHIFT | dm; }
static uint32_t cost_cs(uint64_t cost) { return (uint32_t)(cost >> CS_SHIFT & FIELD_MASK); }
static uint32_t cost_dm(uint64_t cost) { return (uint32_t)(cost & FIELD_MASK); }
static int32_t whole_s(uint64_t cost) { return (int32_t)((cost_cs(cost) + 50) / 100); }
static int32_t whole_m(uint64_t cost) { return (int32_t)((cost_dm(cost) + 5) / 10); }

/* -- Ends: where a snap lies on its stretch's two arcs ----------------------------------------- */

struct end {
    uint32_t arc, segment;      // segment in the direction of travel
    uint32_t part;              // of the segment, covered
    uint64_t before, after;     // cost from the arc's beginning to here, from here to its end
    uint32_t shut_before;       // closed segments before this one
    bool arrives, departs;      // nothing closed before, after
    bool stands;                // its own segment is open
};

static uint32_t share_of(uint32_t whole, uint32_t part)
{
    return (uint32_t)((uint64_t)whole * part >> 32);
}

static struct end end_on(const struct road *road, const struct road_state *state,
    enum road_profile profile, const struct road_snap *snap, int towards)
{
    uint32_t count = stretch_segments(road, snap->stretch), shut_after = 0;
    bool along = towards == FORWARD;
    struct end end = {
        .arc = 2 * snap->stretch + (uint32_t)towards,
        .segment = along ? snap->segment : count - 1 - snap->segment,
        .part = along ? snap->part : ~snap->part, .stands = true,
    };
    for (uint32_t i = 0; i < count; i++) {
        uint32_t segment = along ? i : count - 1 - i;
        uint32_t cs = state_segment_cs(road, state, snap->stretch, segment, towards, profile);
        uint32_t dm = segment_dm(road, snap->stretch, segment);
        bool shut = cs == ARC_CLOSED;
        if (i == end.segment && shut) end.stands = false;
        else if (i < end.segment) end.shut_before += shut;
        else shut_after += shut;
        if (shut) continue;
        uint32_t cs_here = i < end.segment ? cs : i > end.segment ? 0 : share_of(cs, end.part);
        uint32_t dm_here = i < end.segment ? dm : i > end.segment ? 0 : share_of(dm, end.part);
        end.before += cost_of(cs_here, dm_here);
        end.after += cost_of(cs - cs_here, dm - dm_here);
    }
    end.arrives = end.stands && end.shut_before == 0;
    end.departs = end.stands && shut_after == 0;
    return end;
}

struct ends { struct end on[2]; int count; };

static struct ends ends_of(const struct road *road, const struct road_state *state,
    enum road_profile profile, const struct road_snap *snap)
{
    struct ends ends = {0};
    assert(snap->stretch < road->stretches
        && snap->segment < stretch_segments(road, snap->stretch));
    for (int towards = FORWARD; towards <= BACKWARD; towards++)
        if (arc_speed(road, 2 * snap->stretch + (uint32_t)towards, profile))
            ends.on[ends.count++] = end_on(road, state, profile, snap, towards);
    return ends;
}

/* The cost from one end to another on the same arc, without leaving it. */
static uint64_t straight(const struct end *from, const struct end *to)
{
    bool ahead = from->segment < to->segment
        || (from->segment == to->segment && from->part <= to->part);
    if (from->arc != to->arc || !ahead || !from->stands || !to->stands
        || from->shut_before != to->shut_before) return NOWHERE;
    return to->before - from->before;
}

/* -- The search -------------------------------------------------------------------------------- */

struct goal { struct end end; size_t index; uint32_t next; };   // next goal on the arc, or NOBODY

struct search {
    const struct road *road;
    const struct road_state *state;
    enum road_profile profile;
    const uint32_t *times;
    const uint16_t *turn_cost;
    uint64_t *key;              // of each state
    uint32_t *place;            // in the heap, of each state seen
    uint32_t *heap;
    uint32_t heaped;
    uint32_t *parent;           // state before each, or NOBODY: the origin. NULL: not wanted
    uint32_t *goal_on;          // first goal on each arc, or NOBODY
    struct goal *goals;
    size_t goal_count, target_count;
    uint64_t *best;             // of each target
    uint32_t *best_state;       // by which it is reached, NOBODY: straight. NULL: not wanted
};

static void search_close(struct search *s)
{
    free(s->key);
    free(s->place);
    free(s->heap);
    free(s->parent);
    free(s->goal_on);
    free(s->goals);
    free(s->best);
    free(s->best_state);
}

static enum status search_open(struct search *s, const struct road *road,
    const struct road_state *state, enum road_profile profile, const struct road_snap *targets,
    size_t target_count, bool traced, struct err *err)
{
    *s = (struct search){
        .road = road, .state = state, .profile = profile,
        .times = state_times(road, state, profile),
        .turn_cost = road->turn_cost + (size_t)profile * road->turns,
        .target_count = target_count,
    };
    s->key = malloc(road->states * sizeof *s->key);
    s->place = malloc(road->states * sizeof *s->place);
    s->heap = malloc(road->states * sizeof *s->heap);
    s->goal_on = malloc(road_arcs(road) * sizeof *s->goal_on);
    s->goals = malloc((2 * target_count + 1) * sizeof *s->goals);
    s->best = malloc((target_count + 1) * sizeof *s->best);
    if (traced) s->parent = malloc(road->states * sizeof *s->parent);
    if (traced) s->best_state = malloc((target_count + 1) * sizeof *s->best_state);
    if (!s->key || !s->place || !s->heap || !s->goal_on || !s->goals || !s->best
        || (traced && (!s->parent || !s->best_state))) {
        search_close(s);
        return err_set(err, BROKEN, NULL, "no memory");
    }
    memset(s->goal_on, 0xFF, road_arcs(road) * sizeof *s->goal_on);
    for (size_t i = 0; i < target_count; i++) {
        struct ends ends = ends_of(road, state, profile, &targets[i]);
        for (int e = 0; e < ends.count; e++) {
            uint32_t arc = ends.on[e].arc;
            s->goals[s->goal_count] = (struct goal){ ends.on[e], i, s->goal_on[arc] };
            s->goal_on[arc] = (uint32_t)s->goal_count++;
        }
    }
    return OK;
}

static void lift(struct search *s, uint32_t at, uint32_t state)
{
    while (at > 0) {
        uint32_t above = (at - 1) / HEAP_WAYS;
        if (s->key[s->heap[above]] <= s->key[state]) break;
        s->heap[at] = s->heap[above];
        s->place[s->heap[at]] = at;
        at = above;
    }
    s->heap[at] = state;
    s->place[state] = at;
}

static uint32_t take_least(struct search *s)
{
    uint32_t least = s->heap[0], last = s->heap[--s->heaped], at = 0;
    for (;;) {
        uint32_t child = at * HEAP_WAYS + 1, smallest = child;
        if (child >= s->heaped) break;
        uint32_t end = child + HEAP_WAYS < s->heaped ? child + HEAP_WAYS : s->heaped;
        for (uint32_t c = child + 1; c < end; c++)
            if (s->key[s->heap[c]] < s->key[s->heap[smallest]]) smallest = c;
        if (s->key[s->heap[smallest]] >= s->key[last]) break;
        s->heap[at] = s->heap[smallest];
        s->place[s->heap[at]] = at;
        at = smallest;
    }
    if (s->heaped) {
        s->heap[at] = last;
        s->place[last] = at;
    }
    return least;
}

/* From the end of a state's arc, reached at `cost`, into all that follow. */
static void spread(struct search *s, uint32_t state, uint32_t parent, uint64_t cost)
{
    const struct road *road = s->road;
    for (uint32_t t = road->turn_first[state]; t < road->turn_first[state + 1]; t++) {
        uint16_t turn = s->turn_cost[t];
        if (turn == TURN_NONE) continue;
        uint32_t to = road->turn_to[t];
        uint64_t key = cost + ((uint64_t)(turn & (TURN_ENTERS - 1)) << CS_SHIFT)
            + ((uint64_t)(turn >> 15) << ENTER_SHIFT);
        if (key >= s->key[to] || key < cost) continue;   // or 256 private roads entered
        bool fresh = s->key[to] == NOWHERE;
        s->key[to] = key;
        if (s->parent) s->parent[to] = parent;
        lift(s, fresh ? s->heaped++ : s->place[to], to);
    }
}

static void reach(struct search *s, size_t target, uint64_t cost, uint32_t state, size_t *found)
{
    if (cost >= s->best[target]) return;
    if (s->best[target] == NOWHERE) ++*found;
    s->best[target] = cost;
    if (s->best_state) s->best_state[target] = state;
}

static uint64_t worst(const struct search *s)
{
    uint64_t most = 0;
    for (size_t i = 0; i < s->target_count; i++) if (s->best[i] > most) most = s->best[i];
    return most;
}

/* Fills `best`. Ends as soon as nothing can get nearer. */
static void search_run(struct search *s, const struct ends *origin)
{
    size_t found = 0;
    uint64_t stop = NOWHERE;
    memset(s->key, 0xFF, s->road->states * sizeof *s->key);
    memset(s->best, 0xFF, s->target_count * sizeof *s->best);
    s->heaped = 0;
    for (int e = 0; e < origin->count; e++) {
        const struct end *end = &origin->on[e];
        for (uint32_t g = s->goal_on[end->arc]; g != NOBODY; g = s->goals[g].next)
            reach(s, s->goals[g].index, straight(end, &s->goals[g].end), NOBODY, &found);
        if (end->departs) spread(s, end->arc, NOBODY, end->after);
    }
    while (s->heaped) {
        uint32_t state = take_least(s), arc = s->road->state_arc[state];
        uint64_t key = s->key[state];
        if (key >= stop) break;
        for (uint32_t g = s->goal_on[arc]; g != NOBODY; g = s->goals[g].next)
            if (s->goals[g].end.arrives)
                reach(s, s->goals[g].index, key + s->goals[g].end.before, state, &found);
        if (found == s->target_count) stop = worst(s), found++;
        if (s->times[arc] == ARC_CLOSED) continue;
        spread(s, state, state, key + cost_of(s->times[arc], s->road->stretch_dm[arc >> 1]));
    }
}

/* -- Matrices ---------------------------------------------------------------------------------- */

enum status road_table(const struct road *road, const struct road_state *state,
    enum road_profile profile, const struct road_snap *from, size_t from_count,
    const struct road_snap *to, size_t to_count, int32_t *durations_s, int32_t *distances_m,
    struct err *err)
{
    struct search s;
    TRY(search_open(&s, road, state, profile, to, to_count, false, err));
    for (size_t i = 0; i < from_count; i++) {
        struct ends origin = ends_of(road, state, profile, &from[i]);
        search_run(&s, &origin);
        for (size_t j = 0; j < to_count; j++) {
            bool none = s.best[j] == NOWHERE;
            if (durations_s) durations_s[i * to_count + j] = none ? -1 : whole_s(s.best[j]);
            if (distances_m) distances_m[i * to_count + j] = none ? -1 : whole_m(s.best[j]);
        }
    }
    search_close(&s);
    return OK;
}

enum status road_matrix(const struct road *road, const struct road_state *state,
    enum road_profile profile, const struct road_snap *snaps, size_t n, int32_t *durations_s,
    int32_t *distances_m, struct err *err)
{
    TRY(road_table(road, state, profile, snaps, n, snaps, n, durations_s, distances_m, err));
    for (size_t i = 0; i < n; i++) {   // also where a closed road lies underneath
        if (durations_s) durations_s[i * n + i] = 0;
        if (distances_m) distances_m[i * n + i] = 0;
    }
    return OK;
}

/* -- Routes ------------------------------------------------------------------------------------ */

struct drawing {
    struct search *s;
    struct arena *arena;
    struct road_point *points;
    double *at_s;
    int64_t *way_ids;
    size_t count;
};

static enum status draw(struct drawing *d, struct road_point point, uint64_t cs, int64_t way_id,
    struct err *err)
{
    size_t n = d->count;
    if (n && d->points[n - 1].lat == point.lat && d->points[n - 1].lon == point.lon) {
        d->at_s[n - 1] = (double)cs / 100;
        return OK;
    }
    d->points = arena_more(d->arena, d->points, n, sizeof *d->points);
    d->at_s = arena_more(d->arena, d->at_s, n, sizeof *d->at_s);
    d->way_ids = arena_more(d->arena, d->way_ids, n, sizeof *d->way_ids);
    if (!d->points || !d->at_s || !d->way_ids) return err_set(err, BROKEN, NULL, "no memory");
    d->points[n] = point;
    d->at_s[n] = (double)cs / 100;
    d->way_ids[n] = way_id;
    d->count++;
    return OK;
}

/* Points of an arc between two spots on it, segments in the direction of travel: those at the ends
 * of segments `first` .. `end` - 1. `cs` is the time at the beginning of the arc; segments before
 * `first` were not driven when the route began on this arc, and are taken off by the caller. */
static enum status draw_arc(struct drawing *d, uint32_t arc, uint32_t first, uint32_t end,
    int64_t cs, struct err *err)
{
    const struct road *road = d->s->road;
    uint32_t stretch = arc >> 1, count = stretch_segments(road, stretch);
    uint32_t base = road->stretch_first[stretch];
    bool along = arc_towards(arc) == FORWARD;
    for (uint32_t i = 0; i < end; i++) {
        uint32_t segment = along ? i : count - 1 - i;
        uint32_t one = state_segment_cs(road, d->s->state, stretch, segment, arc_towards(arc),
            d->s->profile);
        if (one != ARC_CLOSED) cs += one;
        if (i < first) continue;
        uint32_t point = base + (along ? segment + 1 : segment);
        TRY(draw(d, point_at(road, point), (uint64_t)cs, road->stretch_way[stretch], err));
    }
    return OK;
}

static const struct end *end_on_arc(const struct ends *ends, uint32_t arc)
{
    for (int e = 0; e < ends->count; e++) if (ends->on[e].arc == arc) return &ends->on[e];
    return NULL;
}

/* The origin's arc by which the route went on to `state`: the cheapest that leads there. */
static const struct end *origin_of(const struct search *s, const struct ends *origin,
    uint32_t state)
{
    const struct road *road = s->road;
    const struct end *found = NULL;
    uint64_t least = NOWHERE;
    for (int e = 0; e < origin->count; e++) {
        uint32_t arc = origin->on[e].arc;
        if (!origin->on[e].departs) continue;
        for (uint32_t t = road->turn_first[arc]; t < road->turn_first[arc + 1]; t++) {
            uint16_t turn = s->turn_cost[t];
            if (road->turn_to[t] != state || turn == TURN_NONE) continue;
            uint64_t key = origin->on[e].after
                + ((uint64_t)(turn & (TURN_ENTERS - 1)) << CS_SHIFT)
                + ((uint64_t)(turn >> 15) << ENTER_SHIFT);
            if (key >= least) continue;
            least = key;
            found = &origin->on[e];
        }
    }
    assert(found && least == s->key[state]);
    return found;
}

static enum status draw_path(struct drawing *d, const struct ends *origin, const struct ends *goal,
    struct err *err)
{
    struct search *s = d->s;
    const struct road *road = s->road;
    uint32_t last = s->best_state[0], steps = 0;
    for (uint32_t state = last; state != NOBODY; state = s->parent[state]) steps++;
    uint32_t *states = arena_new(d->arena, steps * sizeof *states);
    if (states == NULL) return err_set(err, BROKEN, NULL, "no memory");
    uint32_t fill = steps;
    for (uint32_t state = last; state != NOBODY; state = s->parent[state]) states[--fill] = state;

    const struct end *from = origin_of(s, origin, states[0]);
    TRY(draw_arc(d, from->arc, from->segment, stretch_segments(road, from->arc >> 1),
        -(int64_t)cost_cs(from->before), err));
    for (uint32_t i = 0; i + 1 < steps; i++) {
        uint32_t arc = road->state_arc[states[i]];
        TRY(draw_arc(d, arc, 0, stretch_segments(road, arc >> 1), cost_cs(s->key[states[i]]), err));
    }
    const struct end *to = end_on_arc(goal, road->state_arc[last]);
    return draw_arc(d, to->arc, 0, to->segment, cost_cs(s->key[last]), err);
}

static enum status draw_straight(struct drawing *d, const struct ends *origin,
    const struct ends *goal, struct err *err)
{
    for (int e = 0; e < origin->count; e++) {
        const struct end *from = &origin->on[e], *to = end_on_arc(goal, from->arc);
        if (to == NULL || straight(from, to) != d->s->best[0]) continue;
        return draw_arc(d, from->arc, from->segment, to->segment,
            -(int64_t)cost_cs(from->before), err);
    }
    return OK;
}

static enum status trace(struct search *s, const struct road_snap *from, const struct road_snap *to,
    struct arena *arena, struct road_route *out, struct err *err)
{
    struct drawing d = { .s = s, .arena = arena };
    struct ends origin = ends_of(s->road, s->state, s->profile, from);
    struct ends goal = ends_of(s->road, s->state, s->profile, to);
    search_run(s, &origin);
    if (s->best[0] == NOWHERE) return err_set(err, NOT_FOUND, "to", "there is no way");
    TRY(draw(&d, from->at, 0, from->way_id, err));
    if (s->best_state[0] == NOBODY) TRY(draw_straight(&d, &origin, &goal, err));
    else TRY(draw_path(&d, &origin, &goal, err));
    TRY(draw(&d, to->at, cost_cs(s->best[0]), to->way_id, err));
    if (d.count > 1) d.way_ids[0] = d.way_ids[1];
    *out = (struct road_route){
        .duration_s = whole_s(s->best[0]), .distance_m = whole_m(s->best[0]),
        .point_count = d.count, .points = d.points, .at_s = d.at_s, .way_ids = d.way_ids,
    };
    return OK;
}

enum status road_route(const struct road *road, const struct road_state *state,
    enum road_profile profile, const struct road_snap *from, const struct road_snap *to,
    struct arena *arena, struct road_route *out, struct err *err)
{
    struct search s;
    TRY(search_open(&s, road, state, profile, to, 1, true, err));
    enum status status = trace(&s, from, to, arena, out, err);
    search_close(&s);
    return status;
}
