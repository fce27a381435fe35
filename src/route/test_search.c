/* test_search.c - what holds for every search: repeatable, never worse than its start, right;
 * reasons; visible instances under a loose bound. */
#include "base/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "route/testing.h"

static struct route_solution solved(struct arena *arena, const struct route_problem *p,
                                    const struct route_options *options)
{
    struct route_solution solution;
    struct route_report report;
    struct err err;
    if (route_solve(arena, p, options, &solution, &err) != OK)
        fail_msg("%s: %s", err.text, err.detail);
    assert_int_equal(route_check(arena, p, &solution, true, &report), OK);
    for (int32_t i = 0; i < report.violation_count; i++)
        if (report.violations[i].fault != ROUTE_BAD_MISSED)
            fail_msg("%s, %lld", route_fault_name(report.violations[i].fault),
                (long long)report.violations[i].amount);
    assert_int_equal(report.violation_count, solution.required_unserved);
    return solution;
}

static void assert_same(const struct route_solution *a, const struct route_solution *b)
{
    assert_int_equal(a->cost, b->cost);
    assert_int_equal(a->tour_count, b->tour_count);
    for (int32_t t = 0; t < a->tour_count; t++) {
        assert_int_equal(a->tours[t].type, b->tours[t].type);
        assert_int_equal(a->tours[t].stop_count, b->tours[t].stop_count);
        assert_memory_equal(a->tours[t].stops, b->tours[t].stops,
            (size_t)a->tours[t].stop_count * sizeof *a->tours[t].stops);
    }
}

static void repeatable(void **state)
{
    (void)state;
    int cases = test_cases(50);
    for (int i = 0; i < cases; i++) {
        struct rng rng = rng_seeded((uint64_t)i);
        struct arena *arena = arena_open((size_t)64 << 20);
        struct route_problem p = route_random(arena, &rng, 30, (unsigned)rng_u64(&rng));
        struct route_options options = { .iterations = 200, .seed = (uint64_t)i };
        struct route_solution a = solved(arena, &p, &options), b = solved(arena, &p, &options);
        assert_same(&a, &b);
        options.threads = 2;
        struct route_solution c = solved(arena, &p, &options);
        assert_true(c.required_unserved < a.required_unserved ||
            (c.required_unserved == a.required_unserved && c.cost <= a.cost));
        arena_free(arena);
    }
}

static void never_worse(void **state)
{
    (void)state;
    int cases = test_cases(80);
    for (int i = 0; i < cases; i++) {
        struct rng rng = rng_seeded((uint64_t)i);
        struct arena *arena = arena_open((size_t)64 << 20);
        struct route_problem p = route_random(arena, &rng, 25, (unsigned)rng_u64(&rng));
        struct route_options options = { .iterations = 1 + (int64_t)rng_below(&rng, 300),
            .seed = (uint64_t)i };
        struct route_solution first = solved(arena, &p, &options);
        options.start = &first;
        options.seed += 1000;
        options.iterations = 1 + (int64_t)rng_below(&rng, 50);
        struct route_solution second = solved(arena, &p, &options);
        assert_true(second.required_unserved <= first.required_unserved);
        if (second.required_unserved == first.required_unserved)
            assert_true(second.cost <= first.cost);
        arena_free(arena);
    }
}

/* A start solution with stops at random: what breaks a constraint is left out, nothing crashes. */
static void repaired(void **state)
{
    (void)state;
    int cases = test_cases(300);
    for (int i = 0; i < cases; i++) {
        struct rng rng = rng_seeded((uint64_t)i);
        struct arena *arena = arena_open((size_t)64 << 20);
        struct route_problem p = route_random(arena, &rng, 12, (unsigned)rng_u64(&rng));
        struct route_tour tours[4];
        struct route_stop stops[4][20];
        for (int t = 0; t < 4; t++) {
            tours[t] = (struct route_tour){ .stops = stops[t], .stop_count = 20,
                .type = (int32_t)rng_below(&rng, (uint32_t)p.type_count + 1) };
            for (int k = 0; k < 20; k++)
                stops[t][k] = (struct route_stop){ (enum route_kind)rng_below(&rng, 4),
                    (int32_t)rng_below(&rng, 14) - 1, 0, 0, 0 };
        }
        struct route_solution start = { .tours = tours, .tour_count = 4 };
        struct route_options options = { .iterations = 20, .seed = 1, .start = &start };
        solved(arena, &p, &options);
        arena_free(arena);
    }
}

static bool stop_at_once(void *ctx, const struct route_progress *progress)
{
    (void)progress;
    ++*(int *)ctx;
    return false;
}

static void cancelled(void **state)
{
    (void)state;
    struct rng rng = rng_seeded(1);
    struct arena *arena = arena_open((size_t)64 << 20);
    struct route_problem p = route_random(arena, &rng, 30, 0);
    int calls = 0;
    struct route_options options = { .seconds = 1000, .progress = stop_at_once, .ctx = &calls };
    solved(arena, &p, &options);
    assert_true(calls >= 1);
    arena_free(arena);
}

/* One job too many of each sort, and the reason told for each. */
static void reasons(void **state)
{
    (void)state;
    static const int32_t ways[16] = {
        0, 10, 20, ROUTE_FAR,
        10, 0, 10, ROUTE_FAR,
        20, 10, 0, ROUTE_FAR,
        9, 9, 9, 0,
    };
    struct route_profile profile = { ways, ways };
    struct route_window early = { 0, 15 };
    struct route_type type = { .count = 1, .capacity = { 10 }, .cost_distance = 1,
        .shift = { 0, 100 }, .distance_max = 45, .duration_max = 50 };
    struct route_job jobs[] = {
        { .location = 1, .delivery = { 9 } },
        { .location = 1, .delivery = { 2 } },
        { .location = 1, .delivery = { 11 } },
        { .location = 2, .windows = &early, .window_count = 1 },
        { .location = 3 },
        { .location = 1, .skills = 4 },
        { .location = 2, .service_s = 11 },
        { .location = 2, .optional = true, .prize = 3, .delivery = { 2 } },
    };
    struct route_problem p = { .dims = 1, .location_count = 4, .profile_count = 1,
        .type_count = 1, .job_count = (int32_t)COUNT(jobs), .profiles = &profile,
        .types = &type, .jobs = jobs };
    struct arena *arena = arena_open((size_t)64 << 20);
    struct route_options options = { .iterations = 500 };
    struct route_solution s = solved(arena, &p, &options);
    assert_int_equal(s.tour_count, 1);
    assert_int_equal(s.required_unserved, 6);
    enum route_reason want[] = { 0, ROUTE_NO_FLEET, ROUTE_NO_CAPACITY, ROUTE_NO_WINDOW,
        ROUTE_NO_UNREACHABLE, ROUTE_NO_SKILL, ROUTE_NO_LONG, ROUTE_NO_PRIZE };
    for (int32_t i = 0; i < s.unserved_count; i++) {
        int32_t job = s.unserved[i].index;
        if (job <= 1) assert_int_equal(s.unserved[i].reason, ROUTE_NO_FLEET);
        else assert_int_equal(s.unserved[i].reason, want[job]);
    }
    arena_free(arena);
}

static void instance(const char *name, enum route_round round, int64_t iterations, int64_t most)
{
    char path[512];
    snprintf(path, sizeof path, "%s/vrp/%s.vrp", test_data(), name);
    struct arena *arena = arena_open((size_t)512 << 20);
    struct route_file file;
    struct err err;
    assert_int_equal(route_read(arena, path, "auto", round, &file, &err), OK);
    struct route_options options = { .iterations = iterations, .seed = 1 };
    struct route_solution s = solved(arena, &file.problem, &options);
    assert_int_equal(s.required_unserved, 0);
    if (s.cost > most) fail_msg("%s: %lld", name, (long long)s.cost);
    arena_free(arena);
}

/* Best known plus five percent. */
static void instances(void **state)
{
    (void)state;
    instance("CVRP/X-n153-k22", ROUTE_ROUND_ROUND, 20000, 21220 * 105 / 100);
    instance("VRPTW/R108", ROUTE_ROUND_DIMACS, 20000, 9321 * 105 / 100);
    instance("PDPTW/lrc2_2_3", ROUTE_ROUND_EXACT, 20000, INT64_C(2520205) * 105 / 100);
}

/* The best known solutions that come with the instances are right and cost what they say. */
static void known_solutions(void **state)
{
    (void)state;
    static const struct { const char *name; enum route_round round; int64_t cost; } all[] = {
        { "CVRP/X-n322-k28", ROUTE_ROUND_ROUND, 29834 },
        { "MDVRPTW/PR21B", ROUTE_ROUND_EXACT, 4822337 },
        { "MTVRPTWR/RC2_2_05R0.5", ROUTE_ROUND_DIMACS, 50548 },
        { "HFVRP/X275-HVRP", ROUTE_ROUND_EXACT, 3070408146 },
        { "PCVRPTW/R1_10_8", ROUTE_ROUND_DIMACS, 248842 },
        { "VRPB/X-n716-66-k23", ROUTE_ROUND_ROUND, 32485 },
        { "PDPTW/lrc2_2_3", ROUTE_ROUND_EXACT, 2520205 },
    };
    for (size_t i = 0; i < COUNT(all); i++) {
        char path[512];
        snprintf(path, sizeof path, "%s/vrp/%s.vrp", test_data(), all[i].name);
        struct arena *arena = arena_open((size_t)512 << 20);
        struct route_file file;
        struct route_solution solution;
        struct route_report report;
        struct err err;
        assert_int_equal(route_read(arena, path, "vrplib", all[i].round, &file, &err), OK);
        snprintf(path, sizeof path, "%s/vrp/%s.sol", test_data(), all[i].name);
        assert_int_equal(route_read_solution(arena, path, &file, &solution, &err), OK);
        assert_int_equal(route_check(arena, &file.problem, &solution, true, &report), OK);
        assert_int_equal(report.violation_count, 0);
        assert_int_equal(report.cost, all[i].cost);
        arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("S2.2 the same seed and rounds give the same answer", repeatable),
        TEST("S2.2 an answer is never worse than its start", never_worse),
        TEST("S2.2 a start that breaks constraints is repaired", repaired),
        TEST("S2.2 a search can be cancelled", cancelled),
        TEST("S2.5 what is left out has its reason", reasons),
        TEST("S2.2 public instances within five percent of the best known", instances),
        TEST("S2.2 the checker agrees with published solutions", known_solutions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
