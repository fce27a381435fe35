/* test_plan.c - the live plan under random sequences: always right, quotes exact. */
#include "base/test.h"

#include <stdlib.h>
#include "base/arena.h"
#include "route/testing.h"

static struct route_plan *plan_of(const struct route_problem *problem,
                                  const struct route_solution *solution)
{
    struct route_plan *plan;
    struct err err;
    assert_int_equal(route_plan_new(problem, solution, &plan, &err), OK);
    return plan;
}

/* The plan as a solution has no fault but jobs not planned, and costs what the plan says. */
static struct route_solution right(const struct route_plan *plan, struct arena *arena)
{
    struct route_solution solution;
    struct route_report report;
    assert_int_equal(route_plan_solution(plan, arena, &solution), OK);
    const struct route_problem *problem = route_plan_problem(plan);
    assert_int_equal(route_check(arena, problem, &solution, false, &report), OK);
    for (int32_t i = 0; i < report.violation_count; i++)
        if (report.violations[i].fault != ROUTE_BAD_MISSED)
            fail_msg("%s", route_fault_name(report.violations[i].fault));
    assert_int_equal(solution.cost, route_plan_cost(plan));
    return solution;
}

static struct route_growth random_growth(struct rng *rng, int32_t dims)
{
    struct route_growth growth = { .service_s = (int32_t)rng_between(rng, 0, 2) };
    for (int32_t d = 0; d < dims; d++) {
        growth.delivery[d] = (int32_t)rng_between(rng, 0, 2);
        growth.pickup[d] = (int32_t)rng_between(rng, 0, 2);
    }
    return growth;
}

static void grow_some(struct route_plan *plan, struct rng *rng)
{
    const struct route_problem *p = route_plan_problem(plan);
    if (p->job_count == 0) return;
    int32_t job = (int32_t)rng_below(rng, (uint32_t)p->job_count);
    struct route_growth growth = random_growth(rng, p->dims);
    struct route_job before = *route_plan_job(plan, job);
    struct route_quote quote;
    int64_t cost_before = route_plan_cost(plan), cost;
    enum route_reason reason;
    enum status told = route_plan_quote_growth(plan, job, &growth, &quote, &reason);
    assert_int_equal(route_plan_cost(plan), cost_before);
    assert_memory_equal(&before, route_plan_job(plan, job), sizeof before);
    enum status grown = route_plan_grow(plan, job, &growth, &cost, &reason);
    assert_int_equal(told, grown);
    if (grown == OK) {
        struct route_place place;
        assert_int_equal(cost, quote.cost);
        assert_int_equal(route_plan_cost(plan), cost_before + cost);
        assert_true(route_plan_place(plan, ROUTE_JOB, job, &place));
        assert_int_equal(place.start, quote.start);
        assert_int_equal(place.tour, quote.tour);
    } else {
        assert_int_equal(route_plan_cost(plan), cost_before);
        assert_memory_equal(&before, route_plan_job(plan, job), sizeof before);
    }
}

static void insert_some(struct route_plan *plan, struct rng *rng)
{
    const struct route_problem *p = route_plan_problem(plan);
    bool job = p->job_count > 0 && (p->shipment_count == 0 || rng_below(rng, 2));
    int32_t count = job ? p->job_count : p->shipment_count;
    enum route_kind kind = job ? ROUTE_JOB : ROUTE_PICKUP;
    int32_t index = (int32_t)rng_below(rng, (uint32_t)count);
    struct route_quote quote;
    struct route_place place;
    enum route_reason reason;
    int64_t before = route_plan_cost(plan);
    if (route_plan_quote(plan, kind, index, &quote, &reason) != OK) return;
    assert_int_equal(route_plan_insert(plan, &quote), OK);
    assert_int_equal(route_plan_insert(plan, &quote), CONFLICT);
    assert_int_equal(route_plan_cost(plan), before + quote.cost);
    assert_true(route_plan_place(plan, kind, index, &place));
    assert_int_equal(place.start, quote.start);
    assert_int_equal(place.type, quote.type);
}

static void remove_some(struct route_plan *plan, struct rng *rng)
{
    const struct route_problem *p = route_plan_problem(plan);
    bool job = p->job_count > 0 && (p->shipment_count == 0 || rng_below(rng, 2));
    int32_t count = job ? p->job_count : p->shipment_count;
    enum route_kind kind = job ? ROUTE_JOB : ROUTE_PICKUP;
    int32_t index = (int32_t)rng_below(rng, (uint32_t)count);
    struct route_place place;
    bool planned = route_plan_place(plan, kind, index, &place);
    assert_int_equal(route_plan_remove(plan, kind, index), planned ? OK : NOT_FOUND);
    assert_false(route_plan_place(plan, kind, index, &place));
}

static void add_some(struct route_plan *plan, struct rng *rng)
{
    const struct route_problem *p = route_plan_problem(plan);
    struct err err;
    int32_t index;
    if (p->job_count > 0 && rng_below(rng, 2)) {
        struct route_job job = p->jobs[rng_below(rng, (uint32_t)p->job_count)];
        assert_int_equal(route_plan_add_job(plan, &job, &index, &err), OK);
        assert_int_equal(index, route_plan_problem(plan)->job_count - 1);
    } else if (p->shipment_count > 0) {
        struct route_shipment shipment = p->shipments[rng_below(rng,
            (uint32_t)p->shipment_count)];
        assert_int_equal(route_plan_add_shipment(plan, &shipment, &index, &err), OK);
        assert_int_equal(index, route_plan_problem(plan)->shipment_count - 1);
    }
}

static void one_evening(uint64_t seed)
{
    struct rng rng = rng_seeded(seed);
    struct arena *arena = arena_open((size_t)256 << 20);
    unsigned features = (unsigned)rng_u64(&rng) & RANDOM_ALL & ~(unsigned)RANDOM_FAR;
    struct route_problem p = route_random(arena, &rng, 8, features);
    struct route_plan *plan = plan_of(&p, NULL);
    for (int i = 0; i < 60; i++) {
        switch (rng_below(&rng, 8)) {
        case 0: remove_some(plan, &rng); break;
        case 1: add_some(plan, &rng); break;
        case 2: case 3: case 4: insert_some(plan, &rng); break;
        default: grow_some(plan, &rng); break;
        }
        struct route_solution solution = right(plan, arena);
        if (i % 20 == 0) {  // a copy, and a plan made of the solution, are the same
            struct route_plan *copy = route_plan_copy(plan);
            assert_non_null(copy);
            right(copy, arena);
            for (int k = 0; k < 5; k++) insert_some(copy, &rng);
            right(copy, arena);
            route_plan_free(copy);
            copy = plan_of(route_plan_problem(plan), &solution);
            assert_int_equal(route_plan_cost(copy), route_plan_cost(plan));
            route_plan_free(copy);
        }
    }
    route_plan_free(plan);
    arena_free(arena);
}

static void evenings(void **state)
{
    (void)state;
    int cases = test_cases(300);
    for (int i = 0; i < cases; i++) one_evening((uint64_t)i);
}

/* The quote is the cheapest: no place that a solution file could have is cheaper. */
static void cheapest(void **state)
{
    (void)state;
    int cases = test_cases(300);
    for (int i = 0; i < cases; i++) {
        struct rng rng = rng_seeded((uint64_t)i);
        struct arena *arena = arena_open((size_t)64 << 20);
        unsigned features = RANDOM_PICKUPS | RANDOM_WINDOWS | RANDOM_TYPES |
            (i % 2 ? RANDOM_DURATION : 0) | (i % 3 ? RANDOM_MANY_WINDOWS : 0);
        struct route_problem p = route_random(arena, &rng, 6, features);
        struct route_plan *plan = plan_of(&p, NULL);
        for (int k = 0; k < 20; k++) insert_some(plan, &rng);
        int32_t job = (int32_t)rng_below(&rng, 6);
        enum status removed = route_plan_remove(plan, ROUTE_JOB, job);
        assert_true(removed == OK || removed == NOT_FOUND);
        struct route_solution solution = right(plan, arena);
        struct route_quote quote;
        int64_t best = INT64_MAX;
        if (route_plan_quote(plan, ROUTE_JOB, job, &quote, NULL) == OK) best = quote.cost;
        for (int32_t t = 0; t < solution.tour_count; t++) {
            struct route_tour tour = solution.tours[t];
            struct route_stop stops[16], *old = tour.stops;
            for (int32_t at = 0; at <= tour.stop_count; at++) {
                for (int32_t q = 0; q < tour.stop_count; q++) stops[q + (q >= at)] = old[q];
                stops[at] = (struct route_stop){ .kind = ROUTE_JOB, .index = job };
                solution.tours[t].stops = stops;
                solution.tours[t].stop_count = tour.stop_count + 1;
                struct route_report report;
                int32_t faults = 0;
                assert_int_equal(route_check(arena, &p, &solution, false, &report), OK);
                for (int32_t f = 0; f < report.violation_count; f++)
                    faults += report.violations[f].fault != ROUTE_BAD_MISSED;
                if (faults == 0) assert_true(best <= report.cost - route_plan_cost(plan));
            }
            solution.tours[t] = tour;
        }
        route_plan_free(plan);
        arena_free(arena);
    }
}

/* A village whose vehicle is full is moved, and when no vehicle can take it nothing changes. */
static void full_vehicle(void **state)
{
    (void)state;
    static const int32_t ways[9] = { 0, 10, 10, 10, 0, 1, 10, 1, 0 };
    struct route_profile profile = { ways, ways };
    struct route_type type = { .count = 2, .capacity = { 10 }, .cost_distance = 1,
        .cost_fixed = 100 };
    struct route_job jobs[2] = { { .location = 1, .delivery = { 5 } },
        { .location = 2, .delivery = { 5 } } };
    struct route_problem p = { .dims = 1, .location_count = 3, .profile_count = 1,
        .type_count = 1, .job_count = 2, .profiles = &profile, .types = &type, .jobs = jobs };
    struct route_plan *plan = plan_of(&p, NULL);
    struct route_growth none = { 0 }, more = { .delivery = { 3 } }, much = { .delivery = { 9 } };
    struct route_place a, b;
    enum route_reason reason;
    int64_t cost;
    assert_int_equal(route_plan_grow(plan, 0, &none, &cost, &reason), OK);
    assert_int_equal(cost, 120);
    assert_int_equal(route_plan_grow(plan, 1, &none, &cost, &reason), OK);
    assert_int_equal(cost, 1);
    assert_int_equal(route_plan_add_load(plan, 1, &more), CONFLICT);
    assert_int_equal(route_plan_grow(plan, 1, &more, &cost, &reason), OK);
    assert_true(route_plan_place(plan, ROUTE_JOB, 0, &a));
    assert_true(route_plan_place(plan, ROUTE_JOB, 1, &b));
    assert_int_not_equal(a.tour, b.tour);
    assert_int_equal(route_plan_cost(plan), 240);
    assert_int_equal(route_plan_grow(plan, 1, &much, &cost, &reason), CONFLICT);
    assert_int_equal(reason, ROUTE_NO_CAPACITY);
    assert_int_equal(route_plan_job(plan, 1)->delivery[0], 8);
    assert_int_equal(route_plan_cost(plan), 240);
    route_plan_free(plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("S1.4 the live plan is right after every growth, insertion and removal", evenings),
        TEST("S1.4 a quote is the cheapest place that the checker allows", cheapest),
        TEST("S1.4 a village that outgrows its vehicle is moved or refused", full_vehicle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
