/* hierarchy.c - which shortcuts there are, and what they cost. */
#include "road/hierarchy.h"

#include <stdlib.h>
#include <string.h>
#include "road/ends.h"

static enum status no_memory(struct err *err) { return err_set(err, BROKEN, NULL, "no memory"); }

/* -- Which shortcuts --------------------------------------------------------------------------- */

/* Edges as they are found: a list for each lower end that grows at the end of one array, and
 * chains through all edges that share their upper end. */
struct half {
    uint32_t *first;            // of each rank; one more
    uint32_t *other;            // the upper end
    uint32_t count, room;
    uint32_t *chain, *next;     // the last edge that reaches an upper end, the one before each
    uint32_t *low;              // the lower end of each edge
};

struct finding {
    struct hierarchy *h;
    const struct road *road;
    uint32_t *from_first, *from;    // ranks from which turns lead to each rank
    struct half out, in;
    uint32_t *seen;                 // by each rank: the last one that listed it, plus 1
};

static bool half_open(struct half *half, uint32_t ranks, uint32_t room)
{
    half->room = room;
    half->first = malloc((ranks + 1) * sizeof *half->first);
    half->chain = malloc(ranks * sizeof *half->chain);
    half->other = malloc(room * sizeof *half->other);
    half->next = malloc(room * sizeof *half->next);
    half->low = malloc(room * sizeof *half->low);
    if (half->chain) memset(half->chain, 0xFF, ranks * sizeof *half->chain);
    return half->first && half->chain && half->other && half->next && half->low;
}

static bool more_room(uint32_t **items, uint32_t room)
{
    uint32_t *more = realloc(*items, room * sizeof **items);
    if (more) *items = more;
    return more != NULL;
}

static bool add(struct half *half, uint32_t other)
{
    if (half->count == half->room) {
        if (half->room > UINT32_MAX / 4) return false;
        uint32_t room = half->room * 2;
        if (!more_room(&half->other, room) || !more_room(&half->next, room)
            || !more_room(&half->low, room)) return false;
        half->room = room;
    }
    half->other[half->count++] = other;
    return true;
}

static void sort(uint32_t *items, uint32_t count)
{
    static const uint32_t gaps[] = { 57, 23, 10, 4, 1 };
    for (size_t g = 0; g < COUNT(gaps); g++)
        for (uint32_t i = gaps[g]; i < count; i++) {
            uint32_t item = items[i], at = i;
            for (; at >= gaps[g] && items[at - gaps[g]] > item; at -= gaps[g])
                items[at] = items[at - gaps[g]];
            items[at] = item;
        }
}

/* What a rank's edges of one half lead to is complete: sort them, chain them. */
static void settle(struct half *half, uint32_t rank)
{
    uint32_t first = half->first[rank];
    sort(half->other + first, half->count - first);
    for (uint32_t e = first; e < half->count; e++) {
        half->low[e] = rank;
        half->next[e] = half->chain[half->other[e]];
        half->chain[half->other[e]] = e;
    }
}

static bool put(struct finding *f, struct half *half, uint32_t rank, uint32_t other)
{
    if (other <= rank || f->seen[other] == rank + 1) return true;
    f->seen[other] = rank + 1;
    return add(half, other);
}

/* All edges of one half from one rank: turns, and what lower ranks between would have joined.
 * `through` are the edges of the other half that reach this rank from below. */
static bool gather(struct finding *f, struct half *half, const struct half *through, uint32_t rank)
{
    for (uint32_t e = through->chain[rank]; e != NOBODY; e = through->next[e]) {
        uint32_t low = through->low[e];
        for (uint32_t i = half->first[low]; i < half->first[low + 1]; i++)
            if (!put(f, half, rank, half->other[i])) return false;
    }
    return true;
}

static bool gather_out(struct finding *f, uint32_t rank)
{
    const struct road *road = f->road;
    uint32_t state = f->h->state_of[rank];
    f->out.first[rank] = f->out.count;
    for (uint32_t t = road->turn_first[state]; t < road->turn_first[state + 1]; t++)
        if (!put(f, &f->out, rank, f->h->rank_of[road->turn_to[t]])) return false;
    return gather(f, &f->out, &f->in, rank);
}

static bool gather_in(struct finding *f, uint32_t rank)
{
    f->in.first[rank] = f->in.count;
    for (uint32_t i = f->out.first[rank]; i < f->out.count; i++) f->seen[f->out.other[i]] = 0;
    for (uint32_t i = f->from_first[rank]; i < f->from_first[rank + 1]; i++)
        if (!put(f, &f->in, rank, f->from[i])) return false;
    return gather(f, &f->in, &f->out, rank);
}

static bool find_edges(struct finding *f)
{
    uint32_t count = f->h->count;
    for (uint32_t rank = 0; rank < count; rank++) {
        if (!gather_out(f, rank) || !gather_in(f, rank)) return false;
        f->out.first[rank + 1] = f->out.count;
        f->in.first[rank + 1] = f->in.count;
        settle(&f->out, rank);
        settle(&f->in, rank);
    }
    return true;
}

static bool reverse_turns(struct finding *f)
{
    const struct road *road = f->road;
    const struct hierarchy *h = f->h;
    f->from_first = calloc((size_t)h->count + 2, sizeof *f->from_first);
    f->from = malloc((road->turns + 1) * sizeof *f->from);
    if (!f->from_first || !f->from) return false;
    for (uint32_t t = 0; t < road->turns; t++) f->from_first[h->rank_of[road->turn_to[t]] + 2]++;
    for (uint32_t r = 2; r < h->count + 2; r++) f->from_first[r] += f->from_first[r - 1];
    for (uint32_t s = 0; s < h->count; s++)
        for (uint32_t t = road->turn_first[s]; t < road->turn_first[s + 1]; t++)
            f->from[f->from_first[h->rank_of[road->turn_to[t]] + 1]++] = h->rank_of[s];
    return true;
}

/* Liu's algorithm (1990) on turns taken as two-way; `f->seen` serves as the shortened paths. */
static void find_parents(struct finding *f)
{
    const struct road *road = f->road;
    struct hierarchy *h = f->h;
    uint32_t *top = f->seen;
    for (uint32_t rank = 0; rank < h->count; rank++) {
        uint32_t state = h->state_of[rank], turns = road->turn_first[state + 1];
        h->parent[rank] = top[rank] = NOBODY;
        uint32_t both = turns - road->turn_first[state]
            + f->from_first[rank + 1] - f->from_first[rank];
        for (uint32_t i = 0; i < both; i++) {
            uint32_t t = road->turn_first[state] + i;
            uint32_t at = t < turns ? h->rank_of[road->turn_to[t]]
                : f->from[f->from_first[rank] + (t - turns)];
            while (at < rank) {
                uint32_t above = top[at];
                top[at] = rank;
                if (above == NOBODY) h->parent[at] = rank;
                at = above;   // NOBODY and `rank` both end the climb
            }
        }
    }
    memset(f->seen, 0, h->count * sizeof *f->seen);
}

/* -- From both ends ---------------------------------------------------------------------------- */

static bool from_above(uint32_t count, const struct half *half, uint32_t **first_out,
    uint32_t **edge_out, uint32_t **low_out)
{
    uint32_t *first = calloc((size_t)count + 2, sizeof *first);
    uint32_t *edge = malloc((half->count + (size_t)1) * sizeof *edge);
    uint32_t *low = malloc((half->count + (size_t)1) * sizeof *low);
    *first_out = first;
    *edge_out = edge;
    *low_out = low;
    if (!first || !edge || !low) return false;
    for (uint32_t e = 0; e < half->count; e++) first[half->other[e] + 2]++;
    for (uint32_t r = 2; r < count + 2; r++) first[r] += first[r - 1];
    for (uint32_t e = 0; e < half->count; e++) {
        uint32_t at = first[half->other[e] + 1]++;
        edge[at] = e;
        low[at] = half->low[e];
    }
    return true;
}

static uint32_t edge_between(const uint32_t *first, const uint32_t *other, uint32_t low,
    uint32_t high)
{
    for (uint32_t e = first[low]; e < first[low + 1]; e++) if (other[e] == high) return e;
    return NOBODY;
}

static void find_turn_edges(const struct road *road, struct hierarchy *h)
{
    for (uint32_t s = 0; s < h->count; s++) {
        for (uint32_t t = road->turn_first[s]; t < road->turn_first[s + 1]; t++) {
            uint32_t a = h->rank_of[s], b = h->rank_of[road->turn_to[t]];
            h->turn_edge[t] = a == b ? NOBODY
                : a < b ? edge_between(h->out_first, h->out_to, a, b)
                : h->outs + edge_between(h->in_first, h->in_from, b, a);
        }
    }
}

static bool hand_over(struct finding *f)
{
    struct hierarchy *h = f->h;
    h->outs = f->out.count;
    h->ins = f->in.count;
    h->out_first = f->out.first;
    h->out_to = f->out.other;
    h->in_first = f->in.first;
    h->in_from = f->in.other;
    f->out.first = f->in.first = NULL;
    struct half out = f->out, in = f->in;
    f->out.other = f->in.other = NULL;
    if (!from_above(h->count, &in, &h->falls_first, &h->falls_edge, &h->falls_low)
        || !from_above(h->count, &out, &h->climbs_first, &h->climbs_edge, &h->climbs_low))
        return false;
    find_turn_edges(f->road, h);
    return true;
}

static bool find(struct finding *f)
{
    struct hierarchy *h = f->h;
    const struct road *road = f->road;
    h->count = road->states;
    h->state_of = road->rank_state;
    h->rank_of = malloc(h->count * sizeof *h->rank_of);
    h->parent = malloc(h->count * sizeof *h->parent);
    h->turn_edge = malloc((road->turns + (size_t)1) * sizeof *h->turn_edge);
    f->seen = calloc(h->count, sizeof *f->seen);
    if (!h->rank_of || !h->parent || !h->turn_edge || !f->seen) return false;
    for (uint32_t r = 0; r < h->count; r++) h->rank_of[h->state_of[r]] = r;
    if (!half_open(&f->out, h->count, 4 * h->count) || !half_open(&f->in, h->count, 4 * h->count)
        || !reverse_turns(f)) return false;
    find_parents(f);
    return find_edges(f) && hand_over(f);
}

static void half_close(struct half *half)
{
    free(half->first);
    free(half->other);
    free(half->chain);
    free(half->next);
    free(half->low);
}

static void hierarchy_free(struct hierarchy *h)
{
    if (h == NULL) return;
    uint32_t *const arrays[] = { h->rank_of, h->parent, h->out_first, h->out_to, h->in_first,
        h->in_from, h->falls_first, h->falls_edge, h->falls_low, h->climbs_first, h->climbs_edge,
        h->climbs_low, h->turn_edge };
    for (size_t i = 0; i < COUNT(arrays); i++) free(arrays[i]);
    free(h);
}

static struct hierarchy *hierarchy_new(const struct road *road)
{
    struct finding f = { .road = road, .h = calloc(1, sizeof *f.h) };
    bool found = f.h && find(&f);
    half_close(&f.out);
    half_close(&f.in);
    free(f.from_first);
    free(f.from);
    free(f.seen);
    if (found) return f.h;
    hierarchy_free(f.h);
    return NULL;
}

/* -- What they cost ---------------------------------------------------------------------------- */

static void metric_free(struct metric *m)
{
    if (m) free(m->out_cost);
    free(m);
}

static inline void lower(int64_t *cost, int64_t by)
{
    if (by < *cost) *cost = by;
}

static void put_turns(const struct road *road, const struct road_state *state,
    enum road_profile profile, const struct hierarchy *h, struct metric *m)
{
    const uint32_t *times = state_times(road, state, profile);
    const uint16_t *turn_cost = road->turn_cost + (size_t)profile * road->turns;
    for (uint32_t s = 0; s < h->count; s++) {
        uint32_t arc = road->state_arc[s];
        if (times[arc] == ARC_CLOSED) continue;
        int64_t whole = cost_of(times[arc], road->stretch_dm[arc >> 1]);
        for (uint32_t t = road->turn_first[s]; t < road->turn_first[s + 1]; t++) {
            if (turn_cost[t] == TURN_NONE || h->turn_edge[t] == NOBODY) continue;
            lower(m->out_cost + h->turn_edge[t], whole + cost_of_turn(turn_cost[t]));
        }
    }
}

/* From the lowest rank up: every edge becomes the cheapest way over lower ranks. `at` finds a
 * rank's edge by its upper end. */
static void join(const struct hierarchy *h, struct metric *m, uint32_t *at)
{
    for (uint32_t rank = 0; rank < h->count; rank++) {
        for (uint32_t e = h->out_first[rank]; e < h->out_first[rank + 1]; e++) at[h->out_to[e]] = e;
        for (uint32_t i = h->falls_first[rank]; i < h->falls_first[rank + 1]; i++) {
            int64_t cost = m->in_cost[h->falls_edge[i]];
            uint32_t low = h->falls_low[i], e = h->out_first[low + 1];
            if (cost >= NOWHERE) continue;
            while (e-- > h->out_first[low] && h->out_to[e] > rank)
                lower(&m->out_cost[at[h->out_to[e]]], cost + m->out_cost[e]);
        }
        for (uint32_t e = h->in_first[rank]; e < h->in_first[rank + 1]; e++) at[h->in_from[e]] = e;
        for (uint32_t i = h->climbs_first[rank]; i < h->climbs_first[rank + 1]; i++) {
            int64_t cost = m->out_cost[h->climbs_edge[i]];
            uint32_t low = h->climbs_low[i], e = h->in_first[low + 1];
            if (cost >= NOWHERE) continue;
            while (e-- > h->in_first[low] && h->in_from[e] > rank)
                lower(&m->in_cost[at[h->in_from[e]]], cost + m->in_cost[e]);
        }
    }
}

static struct metric *metric_new(const struct road *road, const struct road_state *state,
    enum road_profile profile, const struct hierarchy *h)
{
    size_t edges = (size_t)h->outs + h->ins;
    struct metric *m = calloc(1, sizeof *m);
    uint32_t *at = malloc(h->count * sizeof *at);
    if (m) m->out_cost = malloc((edges + 1) * sizeof *m->out_cost);
    if (!m || !m->out_cost || !at) {
        metric_free(m);
        free(at);
        return NULL;
    }
    m->in_cost = m->out_cost + h->outs;
    for (size_t e = 0; e < edges; e++) m->out_cost[e] = NOWHERE;
    put_turns(road, state, profile, h, m);
    join(h, m, at);
    free(at);
    return m;
}

/* -- Kept -------------------------------------------------------------------------------------- */

struct cache *cache_open(void)
{
    struct cache *cache = calloc(1, sizeof *cache);
    if (cache) pthread_mutex_init(&cache->lock, NULL);
    return cache;
}

void cache_close(struct cache *cache)
{
    if (cache == NULL) return;
    hierarchy_free(atomic_load(&cache->hierarchy));
    for (int p = 0; p < ROAD_PROFILES; p++) metric_free(atomic_load(&cache->metrics[p]));
    pthread_mutex_destroy(&cache->lock);
    free(cache);
}

enum status hierarchy_of(const struct road *road, const struct hierarchy **out, struct err *err)
{
    struct cache *cache = road->cache;
    *out = atomic_load(&cache->hierarchy);
    if (*out) return OK;
    pthread_mutex_lock(&cache->lock);
    if (atomic_load(&cache->hierarchy) == NULL)
        atomic_store(&cache->hierarchy, hierarchy_new(road));
    pthread_mutex_unlock(&cache->lock);
    *out = atomic_load(&cache->hierarchy);
    return *out ? OK : no_memory(err);
}

enum status metric_of(const struct road *road, const struct road_state *state,
    enum road_profile profile, const struct hierarchy **hierarchy, const struct metric **out,
    struct err *err)
{
    struct cache *cache = state_cache(state, profile);
    if (cache == NULL) {
        cache = road->cache;
        state = NULL;
    }
    TRY(hierarchy_of(road, hierarchy, err));
    *out = atomic_load(&cache->metrics[profile]);
    if (*out) return OK;
    pthread_mutex_lock(&cache->lock);
    if (atomic_load(&cache->metrics[profile]) == NULL)
        atomic_store(&cache->metrics[profile], metric_new(road, state, profile, *hierarchy));
    pthread_mutex_unlock(&cache->lock);
    *out = atomic_load(&cache->metrics[profile]);
    return *out ? OK : no_memory(err);
}
