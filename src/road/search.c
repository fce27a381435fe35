/* search.c - fastest paths the plain way: Dijkstra (1959) over states, one run for each origin. */
#include "road/search.h"

#include <stdlib.h>
#include <string.h>
#include "road/ends.h"

enum { HEAP_WAYS = 4 };

/* -- The search -------------------------------------------------------------------------------- */

struct goal { struct end end; size_t index; uint32_t next; };   // next goal on the arc, or NOBODY

struct search {
    const struct road *road;
    const struct road_state *state;
    enum road_profile profile;
    const uint32_t *times;
    const uint16_t *turn_cost;
    int64_t *key;               // of each state
    uint32_t *place;            // in the heap, of each state seen
    uint32_t *heap;
    uint32_t heaped;
    uint32_t *goal_on;          // first goal on each arc, or NOBODY
    struct goal *goals;
    size_t goal_count, target_count;
    int64_t *best;              // of each target
};

static void search_close(struct search *s)
{
    free(s->key);
    free(s->place);
    free(s->heap);
    free(s->goal_on);
    free(s->goals);
    free(s->best);
}

static enum status search_open(struct search *s, const struct road *road,
    const struct road_state *state, enum road_profile profile, const struct road_snap *targets,
    size_t target_count, struct err *err)
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
    if (!s->key || !s->place || !s->heap || !s->goal_on || !s->goals || !s->best) {
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
static void spread(struct search *s, uint32_t state, int64_t cost)
{
    const struct road *road = s->road;
    for (uint32_t t = road->turn_first[state]; t < road->turn_first[state + 1]; t++) {
        uint16_t turn = s->turn_cost[t];
        if (turn == TURN_NONE) continue;
        uint32_t to = road->turn_to[t];
        int64_t key = cost + cost_of_turn(turn);
        if (key >= s->key[to]) continue;
        bool fresh = s->key[to] == NOWHERE;
        s->key[to] = key;
        lift(s, fresh ? s->heaped++ : s->place[to], to);
    }
}

static void reach(struct search *s, size_t target, int64_t cost, size_t *found)
{
    if (cost >= s->best[target]) return;
    if (s->best[target] == NOWHERE) ++*found;
    s->best[target] = cost;
}

static int64_t worst(const struct search *s)
{
    int64_t most = 0;
    for (size_t i = 0; i < s->target_count; i++) if (s->best[i] > most) most = s->best[i];
    return most;
}

/* Fills `best`. Ends as soon as nothing can get nearer. */
static void search_run(struct search *s, const struct ends *origin)
{
    size_t found = 0;
    int64_t stop = NOWHERE;
    for (uint32_t i = 0; i < s->road->states; i++) s->key[i] = NOWHERE;
    for (size_t i = 0; i < s->target_count; i++) s->best[i] = NOWHERE;
    s->heaped = 0;
    for (int e = 0; e < origin->count; e++) {
        const struct end *end = &origin->on[e];
        for (uint32_t g = s->goal_on[end->arc]; g != NOBODY; g = s->goals[g].next)
            reach(s, s->goals[g].index, ends_straight(end, &s->goals[g].end), &found);
        if (end->departs) spread(s, end->arc, end->after);
    }
    while (s->heaped) {
        uint32_t state = take_least(s), arc = s->road->state_arc[state];
        int64_t key = s->key[state];
        if (key >= stop) break;
        for (uint32_t g = s->goal_on[arc]; g != NOBODY; g = s->goals[g].next)
            if (s->goals[g].end.arrives)
                reach(s, s->goals[g].index, key + s->goals[g].end.before, &found);
        if (found == s->target_count) stop = worst(s), found++;
        if (s->times[arc] == ARC_CLOSED) continue;
        spread(s, state, key + cost_of(s->times[arc], s->road->stretch_dm[arc >> 1]));
    }
}

enum status search_table(const struct road *road, const struct road_state *state,
    enum road_profile profile, const struct road_snap *from, size_t from_count,
    const struct road_snap *to, size_t to_count, int32_t *durations_s, int32_t *distances_m,
    struct err *err)
{
    struct search s;
    TRY(search_open(&s, road, state, profile, to, to_count, err));
    for (size_t i = 0; i < from_count; i++) {
        struct ends origin = ends_of(road, state, profile, &from[i]);
        search_run(&s, &origin);
        for (size_t j = 0; j < to_count; j++) {
            bool none = s.best[j] == NOWHERE;
            durations_s[i * to_count + j] = none ? -1 : whole_s(s.best[j]);
            distances_m[i * to_count + j] = none ? -1 : whole_m(s.best[j]);
        }
    }
    search_close(&s);
    return OK;
}
