/* check.c - the independent checker: plain recomputation from the problem, nothing of the search.
 *
 * A tour is walked stop by stop from a departure. Whether it can be driven is decided by leaving
 * as early as the shift and the releases allow, since earlier is never later anywhere; its duration
 * by trying every departure after which some window's close is met, and the earliest and the
 * latest. Loads are counted leg by leg from what the trip must have loaded at its start. */
#include "route/route.h"

#include <stdlib.h>
#include <string.h>
#include "base/arena.h"

struct checker {
    struct arena *arena;
    const struct route_problem *problem;
    const struct route_solution *solution;
    struct route_report *report;
    int32_t *jobs, *pickups, *deliveries;   // how often each is served
    bool broken;
};

const char *route_fault_name(enum route_fault fault)
{
    static const char *const names[] = {
#define X(name, text) [ROUTE_BAD_##name] = text,
        ROUTE_FAULTS(X)
#undef X
    };
    return names[fault];
}

static void add(struct checker *c, struct route_violation violation)
{
    struct route_report *report = c->report;
    struct route_violation *all = arena_more(c->arena, report->violations,
        (size_t)report->violation_count, sizeof *all);
    if (all == NULL) {
        c->broken = true;
        return;
    }
    all[report->violation_count++] = violation;
    report->violations = all;
}

static void at_stop(struct checker *c, enum route_fault fault, int32_t tour, int32_t stop,
                    int64_t amount)
{
    const struct route_stop *s = &c->solution->tours[tour].stops[stop];
    add(c, (struct route_violation){ fault, tour, stop, s->kind, s->index, amount });
}

static void at_tour(struct checker *c, enum route_fault fault, int32_t tour, int64_t amount)
{
    add(c, (struct route_violation){ fault, tour, -1, ROUTE_JOB, -1, amount });
}

/* ---- what stops there are ---- */

static bool index_ok(const struct route_problem *p, const struct route_stop *stop)
{
    switch (stop->kind) {
    case ROUTE_RELOAD: return true;
    case ROUTE_JOB: return stop->index >= 0 && stop->index < p->job_count;
    case ROUTE_PICKUP:
    case ROUTE_DELIVERY: return stop->index >= 0 && stop->index < p->shipment_count;
    }
    return false;
}

static bool indexes_ok(struct checker *c)
{
    const struct route_problem *p = c->problem;
    bool all = true;
    for (int32_t t = 0; t < c->solution->tour_count; t++) {
        const struct route_tour *tour = &c->solution->tours[t];
        if (tour->type < 0 || tour->type >= p->type_count) {
            at_tour(c, ROUTE_BAD_INDEX, t, tour->type);
            all = false;
        }
        for (int32_t i = 0; i < tour->stop_count; i++) {
            if (index_ok(p, &tour->stops[i])) continue;
            at_stop(c, ROUTE_BAD_INDEX, t, i, tour->stops[i].index);
            all = false;
        }
    }
    return all;
}

static void count_stops(struct checker *c)
{
    for (int32_t t = 0; t < c->solution->tour_count; t++) {
        const struct route_tour *tour = &c->solution->tours[t];
        for (int32_t i = 0; i < tour->stop_count; i++) {
            const struct route_stop *stop = &tour->stops[i];
            if (stop->kind == ROUTE_RELOAD) continue;
            int32_t *count = stop->kind == ROUTE_JOB ? c->jobs
                           : stop->kind == ROUTE_PICKUP ? c->pickups : c->deliveries;
            if (++count[stop->index] > 1) at_stop(c, ROUTE_BAD_TWICE, t, i, 0);
        }
    }
}

static bool told_unserved(const struct checker *c, enum route_kind kind, int32_t index)
{
    for (int32_t i = 0; i < c->solution->unserved_count; i++)
        if (c->solution->unserved[i].kind == kind && c->solution->unserved[i].index == index)
            return true;
    return false;
}

static void check_served(struct checker *c)
{
    const struct route_problem *p = c->problem;
    for (int32_t i = 0; i < p->job_count; i++) {
        if (c->jobs[i] > 0) continue;
        if (p->jobs[i].optional) c->report->cost += p->jobs[i].prize;
        else add(c, (struct route_violation){ ROUTE_BAD_MISSED, -1, -1, ROUTE_JOB, i,
            told_unserved(c, ROUTE_JOB, i) });
    }
    for (int32_t i = 0; i < p->shipment_count; i++) {
        if (c->pickups[i] > 0 || c->deliveries[i] > 0) continue;
        if (p->shipments[i].optional) c->report->cost += p->shipments[i].prize;
        else add(c, (struct route_violation){ ROUTE_BAD_MISSED, -1, -1, ROUTE_PICKUP, i,
            told_unserved(c, ROUTE_PICKUP, i) });
    }
}

static void check_fleet(struct checker *c)
{
    for (int32_t type = 0; type < c->problem->type_count; type++) {
        int32_t used = 0, last = -1;
        for (int32_t t = 0; t < c->solution->tour_count; t++)
            if (c->solution->tours[t].type == type) used++, last = t;
        if (used > c->problem->types[type].count)
            at_tour(c, ROUTE_BAD_FLEET, last, used - c->problem->types[type].count);
    }
}

/* ---- one tour: what may ride ---- */

static void check_riders(struct checker *c, int32_t t)
{
    const struct route_tour *tour = &c->solution->tours[t];
    const struct route_type *type = &c->problem->types[tour->type];
    for (int32_t i = 0; i < tour->stop_count; i++) {
        const struct route_stop *stop = &tour->stops[i];
        if (stop->kind == ROUTE_RELOAD) continue;
        bool job = stop->kind == ROUTE_JOB;
        uint64_t skills = job ? c->problem->jobs[stop->index].skills
                              : c->problem->shipments[stop->index].skills;
        int32_t pin = job ? c->problem->jobs[stop->index].pin
                          : c->problem->shipments[stop->index].pin;
        if (skills & ~type->skills) at_stop(c, ROUTE_BAD_SKILL, t, i, 0);
        if (pin != 0 && pin - 1 != tour->type) at_stop(c, ROUTE_BAD_PIN, t, i, pin - 1);
    }
}

static void check_pairs(struct checker *c, int32_t t)
{
    const struct route_tour *tour = &c->solution->tours[t];
    for (int32_t i = 0; i < tour->stop_count; i++) {
        const struct route_stop *stop = &tour->stops[i];
        if (stop->kind != ROUTE_PICKUP && stop->kind != ROUTE_DELIVERY) continue;
        int32_t step = stop->kind == ROUTE_PICKUP ? 1 : -1;
        bool found = false;
        for (int32_t k = i + step; k >= 0 && k < tour->stop_count; k += step) {
            const struct route_stop *other = &tour->stops[k];
            if (other->kind == ROUTE_RELOAD) break;
            if (other->kind != ROUTE_JOB && other->kind != stop->kind &&
                other->index == stop->index) {
                found = true;
                break;
            }
        }
        if (!found) at_stop(c, ROUTE_BAD_PAIR, t, i, 0);
    }
}

/* ---- loads ---- */

static int64_t change_at(const struct route_problem *p, const struct route_stop *stop, int32_t d)
{
    switch (stop->kind) {
    case ROUTE_JOB: return (int64_t)p->jobs[stop->index].pickup[d] -
                           p->jobs[stop->index].delivery[d];
    case ROUTE_PICKUP: return p->shipments[stop->index].amount[d];
    case ROUTE_DELIVERY: return -(int64_t)p->shipments[stop->index].amount[d];
    case ROUTE_RELOAD: break;
    }
    return 0;
}

/* The load on the leg that leaves stop `leg` (first - 1: the trip's start), trip from `first`. */
static int64_t leg_load(const struct route_problem *p, const struct route_tour *tour,
                        int32_t first, int32_t leg, int32_t d)
{
    int64_t load = 0;
    for (int32_t i = first; i < tour->stop_count && tour->stops[i].kind != ROUTE_RELOAD; i++) {
        if (tour->stops[i].kind == ROUTE_JOB) load += p->jobs[tour->stops[i].index].delivery[d];
        if (i <= leg) load += change_at(p, &tour->stops[i], d);
    }
    return load;
}

static void check_leg(struct checker *c, int32_t t, int32_t first, int32_t leg)
{
    const struct route_tour *tour = &c->solution->tours[t];
    const struct route_type *type = &c->problem->types[tour->type];
    int64_t worst = 0;
    for (int32_t d = 0; d < c->problem->dims; d++) {
        int64_t above = leg_load(c->problem, tour, first, leg, d) - type->capacity[d];
        if (above > worst) worst = above;
    }
    if (worst == 0) return;
    if (leg >= first || leg >= 0) at_stop(c, ROUTE_BAD_CAPACITY, t, leg, worst);
    else at_tour(c, ROUTE_BAD_CAPACITY, t, worst);
}

/* Loads of every leg, and the number of trips. */
static void check_trips(struct checker *c, int32_t t)
{
    const struct route_tour *tour = &c->solution->tours[t];
    const struct route_type *type = &c->problem->types[tour->type];
    int32_t trips = 0, allowed = type->trips_max > 1 ? type->trips_max : 1;
    for (int32_t first = 0, end; first <= tour->stop_count; first = end + 1) {
        for (end = first; end < tour->stop_count; end++)
            if (tour->stops[end].kind == ROUTE_RELOAD) break;
        if (end == first) at_tour(c, ROUTE_BAD_TRIPS, t, 0);
        for (int32_t leg = first - 1; leg < end; leg++) check_leg(c, t, first, leg);
        trips++;
    }
    if (trips > allowed) at_tour(c, ROUTE_BAD_TRIPS, t, trips - allowed);
}

/* ---- times ---- */

struct visit { int32_t loc, service, floor; const struct route_window *windows; int32_t count; };

static int32_t latest_release(const struct route_problem *p, const struct route_tour *tour,
                              int32_t first)
{
    int32_t release = 0;
    for (int32_t i = first; i < tour->stop_count && tour->stops[i].kind != ROUTE_RELOAD; i++)
        if (tour->stops[i].kind == ROUTE_JOB &&
            p->jobs[tour->stops[i].index].release > release)
            release = p->jobs[tour->stops[i].index].release;
    return release;
}

static struct visit visit_of(const struct route_problem *p, const struct route_tour *tour,
                             int32_t i)
{
    const struct route_type *type = &p->types[tour->type];
    if (i == tour->stop_count) return (struct visit){ .loc = type->end };
    const struct route_stop *stop = &tour->stops[i];
    if (stop->kind == ROUTE_RELOAD)
        return (struct visit){ .loc = type->reload, .service = type->reload_s,
            .floor = latest_release(p, tour, i + 1) };
    if (stop->kind == ROUTE_JOB) {
        const struct route_job *job = &p->jobs[stop->index];
        return (struct visit){ job->location, job->service_s, 0, job->windows,
            job->window_count };
    }
    const struct route_end *end = stop->kind == ROUTE_PICKUP
        ? &p->shipments[stop->index].pickup : &p->shipments[stop->index].delivery;
    return (struct visit){ end->location, end->service_s, 0, end->windows, end->window_count };
}

/* When service can start after an arrival; *late: how long after the last window closed. */
static int64_t service_start(const struct visit *visit, int64_t arrival, int64_t *late)
{
    *late = 0;
    if (arrival < visit->floor) arrival = visit->floor;
    for (int32_t w = 0; w < visit->count; w++)
        if (arrival <= visit->windows[w].close)
            return arrival < visit->windows[w].open ? visit->windows[w].open : arrival;
    if (visit->count > 0) *late = arrival - visit->windows[visit->count - 1].close;
    return arrival;
}

static int64_t shift_close(const struct route_type *type)
{
    return type->shift.open == 0 && type->shift.close == 0 ? ROUTE_TIME_MAX : type->shift.close;
}

static int64_t earliest_departure(const struct route_problem *p, const struct route_tour *tour)
{
    int64_t open = p->types[tour->type].shift.open, release = latest_release(p, tour, 0);
    return open > release ? open : release;
}

/* Drives from a departure; the return's time. `c` reports what is broken, if it isn't NULL. */
static int64_t drive(struct checker *c, const struct route_problem *p,
                     const struct route_tour *tour, int32_t t, int64_t departure, bool *good)
{
    const struct route_type *type = &p->types[tour->type];
    const struct route_profile *profile = &p->profiles[type->profile];
    int64_t time = departure;
    int32_t at = type->start;
    *good = true;
    for (int32_t i = 0; i <= tour->stop_count; i++) {
        struct visit visit = visit_of(p, tour, i);
        int32_t arc = profile->duration[(int64_t)at * p->location_count + visit.loc];
        if (arc < ROUTE_FAR) time += arc;
        int64_t late;
        time = service_start(&visit, time, &late);
        if (late > 0) *good = false;
        if (late > 0 && c) at_stop(c, ROUTE_BAD_WINDOW, t, i, late);
        time += visit.service;
        at = visit.loc;
    }
    if (time > shift_close(type)) {
        *good = false;
        if (c) at_tour(c, ROUTE_BAD_SHIFT, t, time - shift_close(type));
    }
    return time;
}

static int64_t shortest(const struct route_problem *p, const struct route_tour *tour)
{
    const struct route_type *type = &p->types[tour->type];
    const struct route_profile *profile = &p->profiles[type->profile];
    int64_t earliest = earliest_departure(p, tour), span = 0;
    bool good;
    int64_t least = drive(NULL, p, tour, 0, earliest, &good) - earliest;
    int32_t at = type->start;
    for (int32_t i = 0; i <= tour->stop_count; i++) {
        struct visit visit = visit_of(p, tour, i);
        int32_t arc = profile->duration[(int64_t)at * p->location_count + visit.loc];
        span += arc < ROUTE_FAR ? arc : 0;
        at = visit.loc;
        struct route_window shift = { 0, (int32_t)shift_close(type) };
        if (i == tour->stop_count) visit.windows = &shift, visit.count = 1;
        for (int32_t w = 0; w < visit.count; w++) {
            int64_t departure = visit.windows[w].close - span;
            if (departure < earliest) continue;
            int64_t lasts = drive(NULL, p, tour, 0, departure, &good) - departure;
            if (good && lasts < least) least = lasts;
        }
        span += visit.service;
    }
    return least;
}

/* The times that the tour tells: can they be? Returns the duration told. */
static int64_t check_times(struct checker *c, int32_t t)
{
    const struct route_problem *p = c->problem;
    const struct route_tour *tour = &c->solution->tours[t];
    const struct route_type *type = &p->types[tour->type];
    const struct route_profile *profile = &p->profiles[type->profile];
    int64_t time = tour->departure;
    int32_t at = type->start;
    if (time < earliest_departure(p, tour))
        at_tour(c, ROUTE_BAD_TIMES, t, earliest_departure(p, tour) - time);
    for (int32_t i = 0; i <= tour->stop_count; i++) {
        struct visit visit = visit_of(p, tour, i);
        int32_t arc = profile->duration[(int64_t)at * p->location_count + visit.loc];
        if (arc < ROUTE_FAR) time += arc;
        at = visit.loc;
        if (i == tour->stop_count) break;
        const struct route_stop *stop = &tour->stops[i];
        int64_t late;
        if (stop->arrival != time) at_stop(c, ROUTE_BAD_TIMES, t, i, stop->arrival - time);
        // Waiting longer than needed is allowed, but only to a moment in a window.
        int64_t start = service_start(&visit, stop->start, &late);
        if (stop->start < stop->arrival || start != stop->start)
            at_stop(c, ROUTE_BAD_TIMES, t, i, stop->start - start);
        if (stop->departure != (int64_t)stop->start + visit.service)
            at_stop(c, ROUTE_BAD_TIMES, t, i, stop->departure - stop->start - visit.service);
        time = stop->departure;
    }
    if (tour->arrival != time) at_tour(c, ROUTE_BAD_TIMES, t, tour->arrival - time);
    if (time > shift_close(type)) at_tour(c, ROUTE_BAD_SHIFT, t, time - shift_close(type));
    return (int64_t)tour->arrival - tour->departure;
}

static void check_road(struct checker *c, int32_t t, int64_t *distance, int64_t *travel)
{
    const struct route_problem *p = c->problem;
    const struct route_tour *tour = &c->solution->tours[t];
    const struct route_type *type = &p->types[tour->type];
    const struct route_profile *profile = &p->profiles[type->profile];
    int32_t at = type->start;
    *distance = *travel = 0;
    for (int32_t i = 0; i <= tour->stop_count; i++) {
        int32_t to = visit_of(p, tour, i).loc;
        int64_t cell = (int64_t)at * p->location_count + to;
        at = to;
        if (profile->distance[cell] >= ROUTE_FAR || profile->duration[cell] >= ROUTE_FAR) {
            if (i < tour->stop_count) at_stop(c, ROUTE_BAD_ROAD, t, i, 0);
            else at_tour(c, ROUTE_BAD_ROAD, t, 0);
            continue;
        }
        *distance += profile->distance[cell];
        *travel += profile->duration[cell];
    }
}

static void check_tour(struct checker *c, int32_t t, bool told)
{
    const struct route_tour *tour = &c->solution->tours[t];
    const struct route_type *type = &c->problem->types[tour->type];
    int64_t distance, travel, stops = 0;
    bool good;
    check_riders(c, t);
    check_pairs(c, t);
    check_trips(c, t);
    check_road(c, t, &distance, &travel);
    drive(c, c->problem, tour, t, earliest_departure(c->problem, tour), &good);
    int64_t duration = told ? check_times(c, t) : shortest(c->problem, tour);
    for (int32_t i = 0; i < tour->stop_count; i++) stops += tour->stops[i].kind != ROUTE_RELOAD;
    if (type->duration_max > 0 && duration > type->duration_max)
        at_tour(c, ROUTE_BAD_DURATION, t, duration - type->duration_max);
    if (type->travel_max > 0 && travel > type->travel_max)
        at_tour(c, ROUTE_BAD_TRAVEL, t, travel - type->travel_max);
    if (type->distance_max > 0 && distance > type->distance_max)
        at_tour(c, ROUTE_BAD_DISTANCE, t, distance - type->distance_max);
    if (type->stops_max > 0 && stops > type->stops_max)
        at_tour(c, ROUTE_BAD_STOPS, t, stops - type->stops_max);
    int64_t cost = type->cost_fixed + distance * type->cost_distance +
                   travel * type->cost_travel + duration * type->cost_duration +
                   stops * type->cost_stop;
    if (told && tour->cost != cost) at_tour(c, ROUTE_BAD_COST, t, tour->cost - cost);
    if (told && tour->distance != distance)
        at_tour(c, ROUTE_BAD_COST, t, tour->distance - distance);
    c->report->cost += cost;
    c->report->distance += distance;
    c->report->duration += duration;
}

enum status route_check(struct arena *arena, const struct route_problem *problem,
                        const struct route_solution *solution, bool told,
                        struct route_report *out)
{
    *out = (struct route_report){ 0 };
    struct checker c = { .arena = arena, .problem = problem, .solution = solution,
        .report = out };
    c.jobs = arena_new(arena, (size_t)(problem->job_count + 1) * sizeof *c.jobs);
    c.pickups = arena_new(arena, (size_t)(problem->shipment_count + 1) * sizeof *c.pickups);
    c.deliveries = arena_new(arena, (size_t)(problem->shipment_count + 1) * sizeof *c.pickups);
    if (!c.jobs || !c.pickups || !c.deliveries) return BROKEN;
    if (!indexes_ok(&c)) return c.broken ? BROKEN : OK;     // nothing else can be said
    count_stops(&c);
    check_served(&c);
    check_fleet(&c);
    for (int32_t t = 0; t < solution->tour_count; t++) check_tour(&c, t, told);
    if (told && solution->cost != out->cost)
        add(&c, (struct route_violation){ ROUTE_BAD_COST, -1, -1, ROUTE_JOB, -1,
            solution->cost - out->cost });
    return c.broken ? BROKEN : OK;
}
