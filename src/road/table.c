/* table.c - many to many: climb from each origin, then fall to all goals at once (RPHAST: Delling,
 * Goldberg and Werneck, "Faster Batched Shortest Paths in Road Networks", 2011).
 *
 * Only ranks above some goal are of interest. They become rows, highest first; an origin's lane
 * gets what its climb found, and one pass over the rows does the rest for LANES origins. */
#include <stdlib.h>
#include <string.h>
#include "road/climb.h"
#include "road/sweep.h"

/* Where one goal may be reached: the row of a state, and the cost from its arc's beginning. */
struct spot { uint32_t row; int64_t cost; };

/* A goal's end, for origins on the same arc. */
struct here { struct end end; size_t goal; uint32_t next; };

struct table {
    const struct road *road;
    const struct road_state *state;
    enum road_profile profile;
    const struct hierarchy *h;
    const struct metric *metric;
    size_t goals;
    uint32_t *row_of;           // of each rank, or NOBODY
    uint32_t rows, fall_count;
    uint32_t *rank_at;          // of each row
    uint32_t *fall_first;
    struct fall *falls;
    int64_t (*lanes)[LANES];
    struct spot *spots;
    size_t *spot_first, spot_count, spot_room;   // of each goal; one more
    struct here *heres;
    uint32_t *here_on;          // first of each arc, or NOBODY
    int64_t *best;              // of each goal, of one origin
    struct climb climb;
};

static void table_close(struct table *t)
{
    climb_close(&t->climb);
    free(t->row_of);
    free(t->rank_at);
    free(t->fall_first);
    free(t->falls);
    free(t->lanes);
    free(t->spots);
    free(t->spot_first);
    free(t->heres);
    free(t->here_on);
    free(t->best);
}

/* -- Goals ------------------------------------------------------------------------------------- */

static bool add_spot(struct table *t, uint32_t rank, int64_t cost)
{
    if (t->spot_count == t->spot_room) {
        size_t room = t->spot_room * 2 + 64;
        struct spot *more = realloc(t->spots, room * sizeof *more);
        if (more == NULL) return false;
        t->spots = more;
        t->spot_room = room;
    }
    t->spots[t->spot_count++] = (struct spot){ rank, cost };
    for (; rank != NOBODY && t->row_of[rank] == NOBODY; rank = t->h->parent[rank]) {
        t->row_of[rank] = 0;   // its row is known when all are marked
        t->rows++;
    }
    return true;
}

static bool mark_goals(struct table *t, const struct road_snap *to)
{
    uint32_t heres = 0;
    for (size_t i = 0; i < t->goals; i++) {
        struct ends ends = ends_of(t->road, t->state, t->profile, &to[i]);
        t->spot_first[i] = t->spot_count;
        for (int e = 0; e < ends.count; e++) {
            const struct end *end = &ends.on[e];
            t->heres[heres] = (struct here){ *end, i, t->here_on[end->arc] };
            t->here_on[end->arc] = heres++;
            if (!end->arrives) continue;
            for (uint32_t rank = climb_next_on(t->road, t->h, end->arc, NOBODY); rank != NOBODY;
                    rank = climb_next_on(t->road, t->h, end->arc, rank))
                if (!add_spot(t, rank, end->before)) return false;
        }
    }
    t->spot_first[t->goals] = t->spot_count;
    return true;
}

/* -- Rows -------------------------------------------------------------------------------------- */

static bool make_rows(struct table *t)
{
    const struct hierarchy *h = t->h;
    uint32_t row = 0, most = 0;
    t->rank_at = malloc((t->rows + (size_t)1) * sizeof *t->rank_at);
    t->fall_first = malloc((t->rows + (size_t)1) * sizeof *t->fall_first);
    t->lanes = aligned_alloc(64, (t->rows + (size_t)1) * sizeof *t->lanes);
    if (!t->rank_at || !t->fall_first || !t->lanes) return false;
    for (uint32_t rank = h->count; rank-- > 0;) {
        if (t->row_of[rank] == NOBODY) continue;
        most += h->in_first[rank + 1] - h->in_first[rank];
        t->rank_at[row] = rank;
        t->row_of[rank] = row++;
    }
    t->falls = malloc((most + (size_t)1) * sizeof *t->falls);
    if (t->falls == NULL) return false;
    for (row = 0; row < t->rows; row++) {
        uint32_t rank = t->rank_at[row];
        t->fall_first[row] = t->fall_count;
        for (uint32_t e = h->in_first[rank]; e < h->in_first[rank + 1]; e++)
            if (t->metric->in_cost[e] < NOWHERE)
                t->falls[t->fall_count++]
                    = (struct fall){ t->row_of[h->in_from[e]], t->metric->in_cost[e] };
    }
    t->fall_first[t->rows] = t->fall_count;
    for (size_t i = 0; i < t->spot_count; i++) t->spots[i].row = t->row_of[t->spots[i].row];
    return true;
}

static enum status table_open(struct table *t, const struct road_snap *to, struct err *err)
{
    TRY(metric_of(t->road, t->state, t->profile, &t->h, &t->metric, err));
    TRY(climb_open(&t->climb, t->h, t->metric, false, false, err));
    t->row_of = malloc(t->h->count * sizeof *t->row_of);
    t->here_on = malloc(road_arcs(t->road) * sizeof *t->here_on);
    t->heres = malloc((2 * t->goals + 1) * sizeof *t->heres);
    t->spot_first = malloc((t->goals + 1) * sizeof *t->spot_first);
    t->best = malloc((t->goals + 1) * sizeof *t->best);
    bool fine = t->row_of && t->here_on && t->heres && t->spot_first && t->best;
    if (fine) {
        memset(t->row_of, 0xFF, t->h->count * sizeof *t->row_of);
        memset(t->here_on, 0xFF, road_arcs(t->road) * sizeof *t->here_on);
        fine = mark_goals(t, to) && make_rows(t);
    }
    return fine ? OK : err_set(err, BROKEN, NULL, "no memory");
}

/* -- Origins ----------------------------------------------------------------------------------- */

static void climb_lane(struct table *t, const struct ends *origin, int lane)
{
    struct climb *c = &t->climb;
    climb_begin(c);
    climb_from_ends(c, t->road, t->profile, origin);
    climb_run(c);
    for (uint32_t i = c->begin; i < t->h->count; i++) {
        uint32_t row = t->row_of[c->order[i]];
        if (row != NOBODY) t->lanes[row][lane] = c->key[c->order[i]];
    }
}

static void collect(struct table *t, const struct ends *origin, int lane)
{
    for (size_t j = 0; j < t->goals; j++) {
        int64_t best = NOWHERE;
        for (size_t k = t->spot_first[j]; k < t->spot_first[j + 1]; k++) {
            int64_t cost = t->lanes[t->spots[k].row][lane] + t->spots[k].cost;
            if (cost < best) best = cost;
        }
        t->best[j] = best;
    }
    for (int e = 0; e < origin->count; e++)
        for (uint32_t i = t->here_on[origin->on[e].arc]; i != NOBODY; i = t->heres[i].next) {
            int64_t cost = ends_straight(&origin->on[e], &t->heres[i].end);
            if (cost < t->best[t->heres[i].goal]) t->best[t->heres[i].goal] = cost;
        }
}

static void sweep_batch(struct table *t, const struct road_snap *from, size_t count,
    int32_t *durations_s, int32_t *distances_m)
{
    struct ends origins[LANES];
    for (uint32_t row = 0; row < t->rows; row++)
        for (int lane = 0; lane < LANES; lane++) t->lanes[row][lane] = NOWHERE;
    for (size_t i = 0; i < count; i++) {
        origins[i] = ends_of(t->road, t->state, t->profile, &from[i]);
        climb_lane(t, &origins[i], (int)i);
    }
    sweep_rows(t->lanes, t->rows, t->fall_first, t->falls);
    for (size_t i = 0; i < count; i++) {
        collect(t, &origins[i], (int)i);
        for (size_t j = 0; j < t->goals; j++) {
            bool none = t->best[j] >= NOWHERE;
            if (durations_s) durations_s[i * t->goals + j] = none ? -1 : whole_s(t->best[j]);
            if (distances_m) distances_m[i * t->goals + j] = none ? -1 : whole_m(t->best[j]);
        }
    }
}

/* -- Matrices ---------------------------------------------------------------------------------- */

enum status road_table(const struct road *road, const struct road_state *state,
    enum road_profile profile, const struct road_snap *from, size_t from_count,
    const struct road_snap *to, size_t to_count, int32_t *durations_s, int32_t *distances_m,
    struct err *err)
{
    struct table t = { .road = road, .state = state, .profile = profile, .goals = to_count };
    enum status status = table_open(&t, to, err);
    for (size_t i = 0; status == OK && i < from_count; i += LANES) {
        size_t count = from_count - i < LANES ? from_count - i : LANES, at = i * to_count;
        sweep_batch(&t, from + i, count, durations_s ? durations_s + at : NULL,
            distances_m ? distances_m + at : NULL);
    }
    table_close(&t);
    return status;
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
