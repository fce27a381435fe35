/* live.c - one day's promises in the optimiser's live plan. */
#include "rooms/bus/live.h"

#include <assert.h>
#include <stdlib.h>
#include "base/arena.h"
#include "db/db.h"
#include "route/route.h"
#include "rooms/bus/inside.h"
#include "rooms/bus/network.h"

enum { SETTLE_S = 2, SETTLE_BYTES = 128 << 20 };

static enum bus_reason reason_of(enum route_reason reason)
{
    switch (reason) {
    case ROUTE_NO_UNREACHABLE: return BUS_NO_ROAD;
    case ROUTE_NO_WINDOW: case ROUTE_NO_LONG: case ROUTE_NO_SKILL: return BUS_NO_SERVICE;
    case ROUTE_NO_FLEET: case ROUTE_NO_CAPACITY: case ROUTE_NO_PRIZE: break;
    }
    return BUS_FULL;
}

/* The hours in which a place can be served: its own within 5:00 .. deadline. */
static struct route_window window_of(const struct stop_place *place, int32_t deadline_s)
{
    struct route_window window = { FIRST_OUT_S, deadline_s };
    if (place->closes_s > 0) {
        if (place->opens_s > window.open) window.open = place->opens_s;
        if (place->closes_s < window.close) window.close = place->closes_s;
    }
    if (window.open > window.close) window.open = window.close;
    return window;
}

/* The job of a place: all that `down` and `up` hold. */
static struct route_job job_of(int32_t place, const struct need *down, const struct need *up,
                               const struct route_window *window)
{
    struct route_job job = {
        .location = place, .windows = window, .window_count = 1,
        .service_s = network_service_s(down, up),
    };
    network_load(down, job.delivery);
    network_load(up, job.pickup);
    return job;
}

/* Builds the plan of a network: a job per place with what there is for it, on `solution` or (NULL)
 * with nothing planned. */
static enum status make_plan(const struct network *net, const struct need *down,
                             const struct need *up, int32_t deadline_s,
                             const struct route_solution *solution, struct route_plan **out,
                             struct err *err)
{
    size_t n = net->place_count - 1;
    struct route_job *jobs = calloc(n ? n : 1, sizeof *jobs);
    struct route_window *windows = calloc(n ? n : 1, sizeof *windows);
    enum status made = BROKEN;
    if (jobs && windows) {
        for (size_t i = 0; i < n; i++) {
            windows[i] = window_of(&net->places[i + 1], deadline_s);
            jobs[i] = job_of((int32_t)i + 1, &down[i + 1], &up[i + 1], &windows[i]);
        }
        struct route_problem problem = {
            .dims = DIMS, .location_count = (int32_t)net->place_count,
            .profile_count = net->profile_count, .profiles = net->profiles,
            .type_count = net->type_count, .types = net->types,
            .job_count = (int32_t)n, .jobs = jobs,
        };
        made = route_plan_new(&problem, solution, out, err);
    }
    free(jobs);
    free(windows);
    return made;
}

struct live *live_new(int64_t day, int64_t closes_ms, struct network *network,
                      int32_t deadline_s)
{
    struct live *live = calloc(1, sizeof *live);
    if (live == NULL) return NULL;
    live->day = day;
    live->closes_ms = closes_ms;
    live->deadline_s = deadline_s;
    live->network = network_hold(network);
    live->down = calloc(network->place_count, sizeof *live->down);
    live->up = calloc(network->place_count, sizeof *live->up);
    struct err err;
    if (live->down && live->up
        && make_plan(network, live->down, live->up, deadline_s, NULL, &live->plan, &err) == OK)
        return live;
    live_free(live);
    return NULL;
}

void live_free(struct live *live)
{
    if (live == NULL) return;
    route_plan_free(live->plan);
    network_release(live->network);
    free(live->down);
    free(live->up);
    free(live);
}

static struct need sum(const struct need *a, const struct need *b, int sign)
{
    return (struct need){ a->weight_g + sign * b->weight_g, a->dry_ml + sign * b->dry_ml,
                          a->cold_ml + sign * b->cold_ml };
}

/* What the optimiser's job must grow by when a place's need changes from what it is to `down`,
 * `up`. */
static struct route_growth growth_of(const struct live *live, int32_t place,
                                     const struct need *down, const struct need *up)
{
    const struct need *old_down = &live->down[place], *old_up = &live->up[place];
    struct route_growth growth = {
        .service_s = network_service_s(down, up) - network_service_s(old_down, old_up),
    };
    int32_t before[DIMS], after[DIMS];
    network_load(old_down, before);
    network_load(down, after);
    for (int d = 0; d < DIMS; d++) growth.delivery[d] = after[d] - before[d];
    network_load(old_up, before);
    network_load(up, after);
    for (int d = 0; d < DIMS; d++) growth.pickup[d] = after[d] - before[d];
    return growth;
}

static struct route_growth change(const struct live *live, int32_t place, bool up,
                                  const struct need *need, int sign, struct need *new_down,
                                  struct need *new_up)
{
    *new_down = up ? live->down[place] : sum(&live->down[place], need, sign);
    *new_up = up ? sum(&live->up[place], need, sign) : live->up[place];
    return growth_of(live, place, new_down, new_up);
}

enum bus_reason live_quote(const struct live *live, int32_t place, bool up,
                           const struct need *need, int32_t *at_s, int64_t *cost)
{
    struct need new_down, new_up;
    struct route_growth growth = change(live, place, up, need, 1, &new_down, &new_up);
    struct route_quote quote;
    enum route_reason reason = ROUTE_NO_FLEET;
    if (!live->network->places[place].snapped) return BUS_NO_STOP;
    if (route_plan_quote_growth(live->plan, place - 1, &growth, &quote, &reason) != OK)
        return reason_of(reason);
    *at_s = quote.start;
    *cost = quote.cost;
    return BUS_FITS;
}

enum bus_reason live_add(struct live *live, int32_t place, bool up, const struct need *need,
                         int64_t *cost)
{
    struct need new_down, new_up;
    struct route_growth growth = change(live, place, up, need, 1, &new_down, &new_up);
    enum route_reason reason = ROUTE_NO_FLEET;
    if (!live->network->places[place].snapped) return BUS_NO_STOP;
    if (route_plan_grow(live->plan, place - 1, &growth, cost, &reason) != OK)
        return reason_of(reason);
    live->down[place] = new_down;
    live->up[place] = new_up;
    live->changes++;
    return BUS_FITS;
}

static bool nothing(const struct live *live, size_t place)
{
    const struct need *down = &live->down[place], *up = &live->up[place];
    return down->weight_g == 0 && down->dry_ml == 0 && down->cold_ml == 0 && up->weight_g == 0
        && up->dry_ml == 0 && up->cold_ml == 0;
}

/* Puts into `plan` what it lacks of all that is promised, and takes out stops where there is
 * nothing (any more). How many places are left over? */
static size_t fill_up(const struct live *live, struct route_plan *plan)
{
    size_t left = 0;
    for (size_t i = 1; i < live->network->place_count; i++) {
        struct route_place place;
        struct route_growth none = { 0 };
        int32_t job = (int32_t)i - 1;
        bool planned = route_plan_place(plan, ROUTE_JOB, job, &place), empty = nothing(live, i);
        // A stop without which the rest of its tour is too slow (a one-way detour) may stay.
        if (planned && empty) (void)!route_plan_remove(plan, ROUTE_JOB, job);
        else if (!planned && !empty && route_plan_grow(plan, job, &none, NULL, NULL) != OK) left++;
    }
    return left;
}

void live_remove(struct live *live, int32_t place, bool up, const struct need *need)
{
    struct need new_down, new_up;
    struct route_growth growth = change(live, place, up, need, -1, &new_down, &new_up);
    // Less load and less service can't break a plan, so this does not fail.
    enum status less = route_plan_add_load(live->plan, place - 1, &growth);
    assert(less == OK);
    (void)less;
    live->down[place] = new_down;
    live->up[place] = new_up;
    live->changes++;
    if (nothing(live, (size_t)place))
        (void)!route_plan_remove(live->plan, ROUTE_JOB, place - 1);   // as in fill_up
    if (live->overfull) live->overfull = fill_up(live, live->plan) > 0;
}

void live_force(struct live *live, int32_t place, bool up, const struct need *need)
{
    struct need new_down, new_up;
    struct route_growth growth = change(live, place, up, need, 1, &new_down, &new_up);
    struct route_plan *fresh = NULL;
    struct err err;
    live->down[place] = new_down;
    live->up[place] = new_up;
    live->changes++;
    live->overfull = true;
    if (route_plan_remove(live->plan, ROUTE_JOB, place - 1) != CONFLICT
        && route_plan_add_load(live->plan, place - 1, &growth) == OK) return;
    // Its tour can't do without this stop: all is planned anew.
    if (make_plan(live->network, live->down, live->up, live->deadline_s, NULL, &fresh, &err) != OK)
        return;   // no memory: the job is lighter than what is promised, until the next rebuild
    live->overfull = fill_up(live, fresh) > 0;
    route_plan_free(live->plan);
    live->plan = fresh;
}

enum status live_problem(const struct live *live, const struct route_plan *plan,
                         struct arena *arena, struct route_problem *out)
{
    *out = *route_plan_problem(plan);
    struct route_job *jobs = arena_new(arena, (size_t)out->job_count * sizeof *jobs);
    if (jobs == NULL) return BROKEN;
    for (int32_t i = 0; i < out->job_count; i++) {
        jobs[i] = out->jobs[i];
        jobs[i].optional = nothing(live, (size_t)i + 1);
    }
    out->jobs = jobs;
    return OK;
}

/* What was promised, by the places of another network. What has no place there stays in the rows,
 * and planning names it. */
static void carry(const struct live *live, const struct network *network, struct need *down,
                  struct need *up)
{
    for (size_t i = 1; i < live->network->place_count; i++) {
        int32_t to = network_place(network, live->network->places[i].place_id);
        if (to < 1) continue;
        down[to] = live->down[i];
        up[to] = live->up[i];
    }
}

/* On the tours that there are, if they can still be driven, else from nothing. */
static enum status replan(const struct live *live, const struct network *network,
                          const struct need *down, const struct need *up,
                          struct route_plan **out, struct err *err)
{
    bool same = network->place_count == live->network->place_count;
    for (size_t i = 0; same && i < network->place_count; i++)
        same = network->places[i].place_id == live->network->places[i].place_id;
    struct arena *arena = same ? arena_open(SETTLE_BYTES) : NULL;
    struct route_solution tours;
    enum status made = INVALID;
    if (arena && route_plan_solution(live->plan, arena, &tours) == OK)
        made = make_plan(network, down, up, live->deadline_s, &tours, out, err);
    arena_free(arena);
    return made == OK ? OK : make_plan(network, down, up, live->deadline_s, NULL, out, err);
}

enum status live_move(struct live *live, struct network *network, struct err *err)
{
    struct need *down = calloc(network->place_count, sizeof *down);
    struct need *up = calloc(network->place_count, sizeof *up);
    struct route_plan *fresh = NULL;
    enum status made = BROKEN;
    if (down && up) {
        carry(live, network, down, up);
        made = replan(live, network, down, up, &fresh, err);
    }
    if (made != OK) {
        free(down);
        free(up);
        return made;
    }
    free(live->down);
    free(live->up);
    route_plan_free(live->plan);
    struct network *old = live->network;
    live->network = network_hold(network);
    network_release(old);
    live->down = down;
    live->up = up;
    live->plan = fresh;
    live->overfull = fill_up(live, fresh) > 0;
    live->changes++;
    return OK;
}

enum status live_swap(struct live *live, const struct route_solution *solution, struct err *err)
{
    struct route_plan *fresh;
    TRY(make_plan(live->network, live->down, live->up, live->deadline_s, solution, &fresh, err));
    if (fill_up(live, fresh) > 0) {
        route_plan_free(fresh);
        return err_set(err, CONFLICT, NULL, "It leaves out what is promised.");
    }
    route_plan_free(live->plan);
    live->plan = fresh;
    live->overfull = false;
    return OK;
}

/* ---- from rows ---- */

static const struct sql find_waiting = SQL(
    "SELECT place_id, up, CAST(sum(weight_g) AS BIGINT), CAST(sum(dry_ml) AS BIGINT),"
    " CAST(sum(cold_ml) AS BIGINT) FROM consignment WHERE day = $1 AND state = 'waiting'"
    " GROUP BY place_id, up ORDER BY 3 DESC, place_id, up");

/* Looks for a plan that leaves nothing over. */
static enum status settle(struct live *live)
{
    struct arena *arena = arena_open(SETTLE_BYTES);
    struct route_problem problem;
    struct route_solution start, better;
    struct err err;
    enum status settled = arena ? OK : BROKEN;
    if (settled == OK) settled = live_problem(live, live->plan, arena, &problem);
    if (settled == OK) settled = route_plan_solution(live->plan, arena, &start);
    struct route_options options = { .seconds = SETTLE_S, .seed = (uint64_t)live->day,
                                     .threads = 1, .start = &start };
    if (settled == OK && route_solve(arena, &problem, &options, &better, &err) == OK)
        (void)!live_swap(live, &better, &err);   // CONFLICT: no room at all; live->overfull tells
    arena_free(arena);
    return settled;
}

enum status live_read(struct live *live, struct tx *tx)
{
    struct rows *rows;
    enum status found = db_first(tx, &find_waiting, ARGS(i64(live->day)), &rows);
    for (; found == OK; found = db_next(rows)) {
        int32_t place = network_place(live->network, row_i64(rows, 0));
        struct need need = { row_i64(rows, 2), row_i64(rows, 3), row_i64(rows, 4) };
        bool up = row_i64(rows, 1) != 0;
        int64_t cost;
        if (place < 1) continue;   // a stop that is no more: planning names it
        if (live_add(live, place, up, &need, &cost) != BUS_FITS) live_force(live, place, up, &need);
    }
    if (found != NOT_FOUND) return found;
    return live->overfull ? settle(live) : OK;
}
