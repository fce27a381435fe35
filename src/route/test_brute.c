/* test_brute.c - the search against brute force on thousands of tiny random problems.
 *
 * Brute force: for each type and each set of tasks every order of stops and every placing of
 * reloads is driven, from every second of departure where the duration matters; then sets are dealt
 * to vehicles. It knows the problem only, nothing of the search. */
#include "base/test.h"

#include <stdio.h>
#include <stdlib.h>
#include "base/arena.h"
#include "route/testing.h"

enum { TASKS_MAX = 6, STOPS_MAX = 2 * TASKS_MAX + TASKS_MAX };
static const int64_t none = INT64_C(1) << 50, missed = INT64_C(1) << 30;

struct brute {
    const struct route_problem *p;
    const struct route_type *type;
    int64_t *best;                      // of each set
    struct route_stop stops[STOPS_MAX];
    int32_t count;
};

static int32_t job_or(const struct brute *b, const struct route_stop *stop, int32_t *service,
                      const struct route_window **windows, int32_t *window_count)
{
    if (stop->kind == ROUTE_RELOAD) {
        *service = b->type->reload_s;
        *window_count = 0;
        return b->type->reload;
    }
    if (stop->kind == ROUTE_JOB) {
        const struct route_job *job = &b->p->jobs[stop->index];
        *service = job->service_s;
        *windows = job->windows;
        *window_count = job->window_count;
        return job->location;
    }
    const struct route_shipment *s = &b->p->shipments[stop->index];
    const struct route_end *end = stop->kind == ROUTE_PICKUP ? &s->pickup : &s->delivery;
    *service = end->service_s;
    *windows = end->windows;
    *window_count = end->window_count;
    return end->location;
}

static int32_t release_from(const struct brute *b, int32_t first)
{
    int32_t release = 0;
    for (int32_t i = first; i < b->count && b->stops[i].kind != ROUTE_RELOAD; i++)
        if (b->stops[i].kind == ROUTE_JOB && b->p->jobs[b->stops[i].index].release > release)
            release = b->p->jobs[b->stops[i].index].release;
    return release;
}

/* The time of return after leaving at `time`; -1: it can't be driven. */
static int32_t drive(const struct brute *b, int32_t time, int64_t *distance, int64_t *travel)
{
    const struct route_profile *x = &b->p->profiles[b->type->profile];
    int32_t at = b->type->start;
    *distance = *travel = 0;
    for (int32_t i = 0; i <= b->count; i++) {
        int32_t service = 0, window_count = 0, to = b->type->end;
        const struct route_window *windows = NULL;
        if (i < b->count) to = job_or(b, &b->stops[i], &service, &windows, &window_count);
        int32_t cell = at * b->p->location_count + to;
        if (x->duration[cell] >= ROUTE_FAR) return -1;
        *distance += x->distance[cell];
        *travel += x->duration[cell];
        time += x->duration[cell];
        at = to;
        if (i < b->count && b->stops[i].kind == ROUTE_RELOAD && time < release_from(b, i + 1))
            time = release_from(b, i + 1);
        if (window_count > 0) {
            int32_t w = 0;
            while (w < window_count && time > windows[w].close) w++;
            if (w == window_count) return -1;
            if (time < windows[w].open) time = windows[w].open;
        }
        time += service;
    }
    bool any = b->type->shift.open == 0 && b->type->shift.close == 0;
    return any || time <= b->type->shift.close ? time : -1;
}

static bool loads_fit(const struct brute *b)
{
    for (int32_t d = 0; d < b->p->dims; d++) {
        for (int32_t first = 0; first <= b->count; first++) {
            if (first > 0 && b->stops[first - 1].kind != ROUTE_RELOAD) continue;
            int32_t load = 0;
            for (int32_t i = first; i < b->count && b->stops[i].kind != ROUTE_RELOAD; i++)
                if (b->stops[i].kind == ROUTE_JOB)
                    load += b->p->jobs[b->stops[i].index].delivery[d];
            if (load > b->type->capacity[d]) return false;
            for (int32_t i = first; i < b->count && b->stops[i].kind != ROUTE_RELOAD; i++) {
                int32_t index = b->stops[i].index;
                if (b->stops[i].kind == ROUTE_JOB)
                    load += b->p->jobs[index].pickup[d] - b->p->jobs[index].delivery[d];
                if (b->stops[i].kind == ROUTE_PICKUP) load += b->p->shipments[index].amount[d];
                if (b->stops[i].kind == ROUTE_DELIVERY) load -= b->p->shipments[index].amount[d];
                if (load > b->type->capacity[d]) return false;
            }
        }
    }
    return true;
}

static void try_tour(struct brute *b, unsigned set)
{
    const struct route_type *t = b->type;
    int64_t distance, travel, stops = 0;
    if (!loads_fit(b)) return;
    int32_t earliest = release_from(b, 0);
    if (earliest < t->shift.open) earliest = t->shift.open;
    int32_t back = drive(b, earliest, &distance, &travel);
    if (back < 0) return;
    int32_t lasts = back - earliest;
    if (t->duration_max || t->cost_duration) {
        for (int32_t leave = earliest; leave <= 400; leave++) {
            back = drive(b, leave, &distance, &travel);
            if (back < 0) break;
            if (back - leave < lasts) lasts = back - leave;
        }
        drive(b, earliest, &distance, &travel);
    }
    for (int32_t i = 0; i < b->count; i++) stops += b->stops[i].kind != ROUTE_RELOAD;
    if ((t->duration_max && lasts > t->duration_max) ||
        (t->distance_max && distance > t->distance_max) ||
        (t->travel_max && travel > t->travel_max) || (t->stops_max && stops > t->stops_max))
        return;
    int64_t cost = t->cost_fixed + t->cost_distance * distance + t->cost_travel * travel +
        t->cost_duration * lasts + t->cost_stop * stops;
    if (cost < b->best[set]) b->best[set] = cost;
}

/* Every way on from what is driven: `set` tasks are begun, `open` shipments on board. */
static void extend(struct brute *b, unsigned set, unsigned open, int32_t trips)
{
    const struct route_problem *p = b->p;
    if (b->count > 0 && open == 0 && b->stops[b->count - 1].kind != ROUTE_RELOAD) {
        try_tour(b, set);
        if (trips < b->type->trips_max) {
            b->stops[b->count++] = (struct route_stop){ .kind = ROUTE_RELOAD, .index = -1 };
            extend(b, set, open, trips + 1);
            b->count--;
        }
    }
    for (int32_t k = 0; k < p->job_count + p->shipment_count; k++) {
        bool job = k < p->job_count;
        bool begun = set & (1u << k);
        if (begun && !(open & (1u << k))) continue;
        int32_t index = job ? k : k - p->job_count;
        enum route_kind kind = job ? ROUTE_JOB : begun ? ROUTE_DELIVERY : ROUTE_PICKUP;
        uint64_t skills = job ? p->jobs[index].skills : p->shipments[index].skills;
        int32_t pin = job ? p->jobs[index].pin : p->shipments[index].pin;
        if ((skills & ~b->type->skills) || (pin && pin - 1 != (int32_t)(b->type - p->types)))
            continue;
        b->stops[b->count++] = (struct route_stop){ .kind = kind, .index = index };
        extend(b, set | (1u << k), job ? open : open ^ (1u << k), trips);
        b->count--;
    }
}

static int64_t brute_force(const struct route_problem *p)
{
    int32_t tasks = p->job_count + p->shipment_count;
    unsigned sets = 1u << tasks;
    static int64_t dealt[1 << TASKS_MAX], best[1 << TASKS_MAX], next[1 << TASKS_MAX];
    for (unsigned set = 0; set < sets; set++) {     // no vehicle yet: what is in the set stays out
        dealt[set] = 0;
        for (int32_t k = 0; k < tasks; k++) {
            bool job = k < p->job_count;
            if (!(set & (1u << k))) continue;
            bool optional = job ? p->jobs[k].optional : p->shipments[k - p->job_count].optional;
            int64_t prize = job ? p->jobs[k].prize : p->shipments[k - p->job_count].prize;
            dealt[set] += optional ? prize : missed;
        }
    }
    for (int32_t t = 0; t < p->type_count; t++) {
        for (unsigned set = 0; set < sets; set++) best[set] = none;
        struct brute b = { .p = p, .type = &p->types[t], .best = best };
        extend(&b, 0, 0, 1);
        for (int32_t v = 0; v < p->types[t].count; v++) {
            for (unsigned set = 0; set < sets; set++) {
                next[set] = dealt[set];
                for (unsigned sub = set; sub; sub = (sub - 1) & set)
                    if (dealt[set ^ sub] + best[sub] < next[set])
                        next[set] = dealt[set ^ sub] + best[sub];
            }
            for (unsigned set = 0; set < sets; set++) dealt[set] = next[set];
        }
    }
    return dealt[sets - 1];
}

/* One problem; how far the search is from the optimum. */
static int64_t gap_of(uint64_t seed, int32_t tasks, unsigned features, int64_t rounds)
{
    struct rng rng = rng_seeded(seed);
    struct arena *arena = arena_open((size_t)64 << 20);
    struct route_problem p = route_random(arena, &rng, tasks, features);
    struct route_options options = { .iterations = rounds, .seed = seed };
    struct route_solution solution;
    struct route_report report;
    struct err err;
    assert_int_equal(route_solve(arena, &p, &options, &solution, &err), OK);
    assert_int_equal(route_check(arena, &p, &solution, true, &report), OK);
    for (int32_t i = 0; i < report.violation_count; i++)
        if (report.violations[i].fault != ROUTE_BAD_MISSED)
            fail_msg("case %d: %s", (int)seed, route_fault_name(report.violations[i].fault));
    assert_int_equal(report.violation_count, solution.required_unserved);
    int64_t found = solution.cost + missed * solution.required_unserved;
    int64_t best = brute_force(&p);
    if (found < best) fail_msg("case %d: better than the best", (int)seed);
    arena_free(arena);
    return found - best;
}

static void each_combination(void **state)
{
    (void)state;
    int cases = test_cases(10000);
    for (int i = 0; i < cases; i++) {
        struct rng rng = rng_seeded((uint64_t)i);
        unsigned features = (unsigned)rng_u64(&rng) & (unsigned)rng_u64(&rng) & RANDOM_ALL;
        if (rng_below(&rng, 4)) features &= ~(unsigned)RANDOM_FAR;
        int32_t tasks = 1 + (int32_t)rng_below(&rng, features & RANDOM_SHIPMENTS ? 4 : 5);
        int64_t gap = gap_of((uint64_t)i, tasks, features, 400);
        if (gap != 0) gap = gap_of((uint64_t)i, tasks, features, 20000);
        if (gap != 0)
            fail_msg("case %d, features %x, %d tasks: %lld above the best", i, features,
                (int)tasks, (long long)gap);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("S2.3 tiny problems of every combination are solved as by brute force",
            each_combination),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
