/* schedule.c - the published times of a solution.
 *
 * Of all departures the earliest of those that give the shortest duration is taken; each stop's
 * service then starts as early as it can. The shortest duration is reached by a departure after
 * which some stop is reached, without waiting before it, just as one of its windows closes, or by
 * the latest departure of all; leaving earlier than that only adds waiting until the first stop
 * that is waited for. So these candidates are tried, and the best is then moved earlier by the
 * waiting-free slack. */
#include "route/route.h"

#include <string.h>

struct walk {
    const struct route_problem *problem;
    const struct route_type *type;
    struct route_tour *tour;
};

struct stay { int32_t loc, service, release; const struct route_window *windows; int32_t count; };

static struct stay stay_of(const struct walk *walk, const struct route_stop *stop)
{
    const struct route_problem *p = walk->problem;
    if (stop->kind == ROUTE_RELOAD)
        return (struct stay){ .loc = walk->type->reload, .service = walk->type->reload_s };
    if (stop->kind == ROUTE_JOB) {
        const struct route_job *job = &p->jobs[stop->index];
        return (struct stay){ job->location, job->service_s, job->release, job->windows,
            job->window_count };
    }
    const struct route_shipment *shipment = &p->shipments[stop->index];
    const struct route_end *end =
        stop->kind == ROUTE_PICKUP ? &shipment->pickup : &shipment->delivery;
    return (struct stay){ end->location, end->service_s, 0, end->windows, end->window_count };
}

static int32_t trip_release(const struct walk *walk, int32_t first)
{
    int32_t release = 0;
    for (int32_t i = first; i < walk->tour->stop_count; i++) {
        const struct route_stop *stop = &walk->tour->stops[i];
        if (stop->kind == ROUTE_RELOAD) break;
        if (stop->kind != ROUTE_JOB) continue;
        int32_t own = walk->problem->jobs[stop->index].release;
        if (own > release) release = own;
    }
    return release;
}

static int32_t start_of(const struct stay *stay, int32_t arrival)
{
    if (stay->count == 0) return arrival;
    for (int32_t i = 0; i < stay->count; i++)
        if (arrival <= stay->windows[i].close)
            return arrival > stay->windows[i].open ? arrival : stay->windows[i].open;
    return arrival;     // too late: driving on regardless
}

struct drive { int64_t late; int32_t slack; };      // seconds too late in all; how much earlier

/* Drives the tour from `departure`, writing its times. `slack`: how much earlier it can leave
 * without waiting more, that is before any stop or reload starts anything but earlier too. */
static struct drive drive(const struct walk *walk, int32_t departure, int32_t earliest)
{
    struct route_tour *tour = walk->tour;
    const struct route_profile *profile = &walk->problem->profiles[walk->type->profile];
    int64_t n = walk->problem->location_count;
    struct drive out = { .slack = departure - earliest };
    int32_t at = walk->type->start;
    int64_t time = departure;
    tour->departure = departure;
    tour->distance = tour->travel = 0;
    for (int32_t i = 0; i <= tour->stop_count; i++) {
        struct stay stay = { .loc = walk->type->end };
        if (i < tour->stop_count) stay = stay_of(walk, &tour->stops[i]);
        int64_t cell = at * n + stay.loc;
        time += profile->duration[cell];
        tour->distance += profile->distance[cell];
        tour->travel += profile->duration[cell];
        if (time > INT32_MAX / 2) time = INT32_MAX / 2;
        at = stay.loc;
        if (i == tour->stop_count) break;
        struct route_stop *stop = &tour->stops[i];
        stop->arrival = (int32_t)time;
        int32_t start = start_of(&stay, (int32_t)time), floor = 0;
        if (stop->kind == ROUTE_RELOAD) {
            floor = trip_release(walk, i + 1);
            if (start < floor) start = floor;
        } else if (stay.count > 0) {
            for (int32_t w = 0; w < stay.count && stay.windows[w].open <= start; w++)
                floor = stay.windows[w].open;
            if (start > stay.windows[stay.count - 1].close)
                out.late += start - stay.windows[stay.count - 1].close;
        }
        if (start - floor < out.slack) out.slack = start - floor;
        if (start > stop->arrival) out.slack = 0;
        stop->start = start;
        time = start + stay.service;
        stop->departure = (int32_t)time;
    }
    tour->arrival = (int32_t)time;
    bool any = walk->type->shift.open == 0 && walk->type->shift.close == 0;
    if (!any && time > walk->type->shift.close) out.late += time - walk->type->shift.close;
    return out;
}

/* The best departure so far, by lateness, then duration. */
struct choice { int64_t late, lasts; int32_t departure; bool any; };

static void consider(const struct walk *walk, int64_t departure, int32_t earliest,
                     struct choice *best)
{
    if (departure < earliest) return;
    if (departure > ROUTE_TIME_MAX) departure = ROUTE_TIME_MAX;
    struct drive drove = drive(walk, (int32_t)departure, earliest);
    if (drove.slack > 0) {
        departure -= drove.slack;
        drove = drive(walk, (int32_t)departure, earliest);
    }
    int64_t lasts = (int64_t)walk->tour->arrival - departure;
    bool better = !best->any || drove.late < best->late ||
        (drove.late == best->late &&
         (lasts < best->lasts || (lasts == best->lasts && departure < best->departure)));
    if (better)
        *best = (struct choice){ drove.late, lasts, (int32_t)departure, true };
}

static void schedule_tour(const struct route_problem *problem, struct route_tour *tour)
{
    struct walk walk = { problem, &problem->types[tour->type], tour };
    const struct route_profile *profile = &problem->profiles[walk.type->profile];
    int32_t earliest = walk.type->shift.open, release = trip_release(&walk, 0);
    if (release > earliest) earliest = release;
    struct choice best = { 0 };
    consider(&walk, earliest, earliest, &best);
    int64_t span = 0;
    int32_t at = walk.type->start;
    for (int32_t i = 0; i <= tour->stop_count; i++) {
        struct stay stay = { .loc = walk.type->end };
        struct route_window shift = walk.type->shift;
        if (shift.open == 0 && shift.close == 0) shift.close = ROUTE_TIME_MAX;
        if (i < tour->stop_count) stay = stay_of(&walk, &tour->stops[i]);
        else stay.windows = &shift, stay.count = 1;
        span += profile->duration[(int64_t)at * problem->location_count + stay.loc];
        for (int32_t w = 0; w < stay.count; w++)
            consider(&walk, stay.windows[w].close - span, earliest, &best);
        at = stay.loc;
        span += stay.service;
    }
    drive(&walk, best.departure, earliest);
    tour->cost = walk.type->cost_fixed + walk.type->cost_distance * tour->distance +
        walk.type->cost_travel * tour->travel +
        walk.type->cost_duration * ((int64_t)tour->arrival - tour->departure);
    for (int32_t i = 0; i < tour->stop_count; i++)
        if (tour->stops[i].kind != ROUTE_RELOAD) tour->cost += walk.type->cost_stop;
}

void route_schedule(const struct route_problem *problem, struct route_solution *solution)
{
    solution->cost = solution->distance = solution->duration = 0;
    solution->required_unserved = 0;
    for (int32_t i = 0; i < solution->tour_count; i++) {
        struct route_tour *tour = &solution->tours[i];
        schedule_tour(problem, tour);
        solution->cost += tour->cost;
        solution->distance += tour->distance;
        solution->duration += (int64_t)tour->arrival - tour->departure;
    }
    for (int32_t i = 0; i < solution->unserved_count; i++) {
        const struct route_unserved *out = &solution->unserved[i];
        bool job = out->kind == ROUTE_JOB;
        bool optional = job ? problem->jobs[out->index].optional
                            : problem->shipments[out->index].optional;
        if (!optional) solution->required_unserved++;
        else solution->cost += job ? problem->jobs[out->index].prize
                                   : problem->shipments[out->index].prize;
    }
}
