/* live.c - one day's promises in the optimiser's live plan. */
#include "rooms/bus/live.h"

#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "route/route.h"
#include "rooms/bus/network.h"

enum { EARLIEST_S = 5 * 3600 };   // buses leave the hub from then on

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
    struct route_window window = { EARLIEST_S, deadline_s };
    if (place->closes_s > 0) {
        if (place->opens_s > window.open) window.open = place->opens_s;
        if (place->closes_s < window.close) window.close = place->closes_s;
    }
    if (window.open > window.close) window.open = window.close;
    return window;
}

/* Builds the plan of a network: a job per place with what `live` has for it, on `solution` or (NULL)
 * with nothing planned. */
static enum status make_plan(struct live *live, struct network *net, int32_t deadline_s,
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
            jobs[i] = (struct route_job){
                .location = (int32_t)i + 1, .windows = &windows[i], .window_count = 1,
                .service_s = network_service_s(&live->down[i + 1], &live->up[i + 1]),
            };
            network_load(&live->down[i + 1], jobs[i].delivery);
            network_load(&live->up[i + 1], jobs[i].pickup);
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
    live->network = network_hold(network);
    live->down = calloc(network->place_count, sizeof *live->down);
    live->up = calloc(network->place_count, sizeof *live->up);
    struct err err;
    if (live->down && live->up && make_plan(live, network, deadline_s, NULL, &live->plan, &err) == OK)
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

/* What the optimiser's job must grow by when a place's need changes from what it is to `down`, `up`. */
static struct route_growth growth_of(const struct live *live, int32_t place, const struct need *down,
                                     const struct need *up)
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

static bool nothing(const struct need *need)
{
    return need->weight_g == 0 && need->dry_ml == 0 && need->cold_ml == 0;
}

void live_remove(struct live *live, int32_t place, bool up, const struct need *need)
{
    struct need new_down, new_up;
    struct route_growth growth = change(live, place, up, need, -1, &new_down, &new_up);
    // Less load and less service can't break a plan, so this does not fail.
    if (route_plan_add_load(live->plan, place - 1, &growth) != OK) live->overfull = true;
    live->down[place] = new_down;
    live->up[place] = new_up;
    live->changes++;
    if (nothing(&new_down) && nothing(&new_up)
        && route_plan_remove(live->plan, ROUTE_JOB, place - 1) == BROKEN)
        live->overfull = true;
}

void live_force(struct live *live, int32_t place, bool up, const struct need *need)
{
    struct need new_down, new_up;
    (void)change(live, place, up, need, 1, &new_down, &new_up);
    live->down[place] = new_down;
    live->up[place] = new_up;
    live->overfull = true;
    live->changes++;
}

/* Takes `fresh` as the plan and puts in what it lacks: places that grew or came since it was made. */
static size_t fill_up(struct live *live, struct route_plan *fresh)
{
    size_t left = 0;
    for (size_t i = 1; i < live->network->place_count; i++) {
        if (nothing(&live->down[i]) && nothing(&live->up[i])) continue;
        struct route_place place;
        if (route_plan_place(fresh, ROUTE_JOB, (int32_t)i - 1, &place)) continue;
        struct route_growth none = { 0 };
        if (route_plan_grow(fresh, (int32_t)i - 1, &none, NULL, NULL) != OK) left++;
    }
    return left;
}

enum status live_problem(const struct live *live, const struct route_plan *plan,
                         struct arena *arena, struct route_problem *out)
{
    *out = *route_plan_problem(plan);
    struct route_job *jobs = arena_new(arena, (size_t)out->job_count * sizeof *jobs);
    if (jobs == NULL) return BROKEN;
    for (int32_t i = 0; i < out->job_count; i++) {
        jobs[i] = out->jobs[i];
        jobs[i].optional = nothing(&live->down[i + 1]) && nothing(&live->up[i + 1]);
    }
    out->jobs = jobs;
    return OK;
}

enum status live_move(struct live *live, struct network *network, int32_t deadline_s,
                      size_t *left, struct err *err)
{
    struct route_plan *fresh;
    struct network *old = live->network;
    if (network->place_count != old->place_count)
        return err_set(err, CONFLICT, NULL, "The stops have changed: restart the server.");
    TRY(make_plan(live, network, deadline_s, NULL, &fresh, err));
    live->network = network_hold(network);
    *left = fill_up(live, fresh);
    route_plan_free(live->plan);
    network_release(old);
    live->plan = fresh;
    live->overfull = *left > 0;
    live->changes++;
    return OK;
}

enum status live_swap(struct live *live, const struct route_solution *solution,
                      int32_t deadline_s, struct err *err)
{
    struct route_plan *fresh;
    TRY(make_plan(live, live->network, deadline_s, solution, &fresh, err));
    if (fill_up(live, fresh) > 0) {
        route_plan_free(fresh);
        return err_set(err, CONFLICT, NULL, "It leaves out what is promised.");
    }
    route_plan_free(live->plan);
    live->plan = fresh;
    live->overfull = false;
    return OK;
}
