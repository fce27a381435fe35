/* test_check.c - the checker against hand-made solutions with each kind of fault. */
#include "base/test.h"

#include <string.h>
#include "base/arena.h"
#include "route/route.h"

/* Four places on a line, ten apart: 0 the depot, and 3, which no road leaves to 1. */
static const int32_t ways[16] = {
    0, 10, 20, 30,
    10, 0, 10, 20,
    20, 10, 0, 10,
    30, ROUTE_FAR, 10, 0,
};

struct county {
    struct route_profile profile;
    struct route_type types[2];
    struct route_job jobs[3];
    struct route_shipment shipments[1];
    struct route_window window;
    struct route_problem problem;
    struct route_stop stops[8];
    struct route_tour tours[3];
    struct route_solution solution;
};

static struct route_stop at(enum route_kind kind, int32_t index)
{
    return (struct route_stop){ .kind = kind, .index = index };
}

/* Job 0 at place 1, job 1 at place 2, shipment from 2 to 3, job 2 optional at 3. All is right:
 * depart at 0; 1 at 10..12, 2 at 22..24, pickup 24, delivery 34, back at 64: 64 long, 60 far. */
static void set_county(struct county *c)
{
    memset(c, 0, sizeof *c);
    c->profile = (struct route_profile){ ways, ways };
    c->types[0] = (struct route_type){ .count = 1, .capacity = { 10, 4 }, .cost_fixed = 1000,
        .cost_distance = 3, .cost_duration = 1, .cost_stop = 5, .shift = { 0, 100 },
        .trips_max = 2, .reload_s = 1, .skills = 1 };
    c->types[1] = c->types[0];
    c->types[1].skills = 0;
    c->window = (struct route_window){ 20, 30 };
    c->jobs[0] = (struct route_job){ .location = 1, .delivery = { 6, 1 }, .pickup = { 3, 2 },
        .service_s = 2 };
    c->jobs[1] = (struct route_job){ .location = 2, .delivery = { 4, 1 }, .service_s = 2,
        .windows = &c->window, .window_count = 1 };
    c->jobs[2] = (struct route_job){ .location = 3, .optional = true, .prize = 77 };
    c->shipments[0] = (struct route_shipment){ .pickup.location = 2, .delivery.location = 3,
        .amount = { 2, 2 } };
    c->problem = (struct route_problem){ .dims = 2, .location_count = 4, .profile_count = 1,
        .type_count = 2, .job_count = 3, .shipment_count = 1, .profiles = &c->profile,
        .types = c->types, .jobs = c->jobs, .shipments = c->shipments };
    c->stops[0] = at(ROUTE_JOB, 0);
    c->stops[1] = at(ROUTE_JOB, 1);
    c->stops[2] = at(ROUTE_PICKUP, 0);
    c->stops[3] = at(ROUTE_DELIVERY, 0);
    c->tours[0] = (struct route_tour){ .type = 0, .stop_count = 4, .stops = c->stops };
    c->solution = (struct route_solution){ .tours = c->tours, .tour_count = 1 };
}

/* How many faults of the kind there are; the last one's amount. */
static int32_t faults(struct county *c, enum route_fault fault, int64_t *amount, bool told)
{
    struct arena *arena = arena_open(1 << 20);
    struct route_report report;
    assert_int_equal(route_check(arena, &c->problem, &c->solution, told, &report), OK);
    int32_t count = 0;
    for (int32_t i = 0; i < report.violation_count; i++) {
        if (report.violations[i].fault != fault) continue;
        count++;
        if (amount) *amount = report.violations[i].amount;
    }
    arena_free(arena);
    return count;
}

static int32_t all_faults(struct county *c, bool told)
{
    int32_t count = 0;
    for (int fault = 0; fault <= ROUTE_BAD_COST; fault++)
        count += faults(c, (enum route_fault)fault, NULL, told);
    return count;
}

static void nothing_wrong(void **state)
{
    (void)state;
    struct county c;
    set_county(&c);
    struct arena *arena = arena_open(1 << 20);
    struct route_report report;
    assert_int_equal(route_check(arena, &c.problem, &c.solution, false, &report), OK);
    assert_int_equal(report.violation_count, 0);
    assert_int_equal(report.distance, 60);
    assert_int_equal(report.duration, 64);
    assert_int_equal(report.cost, 1000 + 3 * 60 + 64 + 4 * 5 + 77);
    arena_free(arena);
    c.solution.unserved = &(struct route_unserved){ ROUTE_JOB, 2, ROUTE_NO_PRIZE };
    c.solution.unserved_count = 1;
    route_schedule(&c.problem, &c.solution);
    assert_int_equal(all_faults(&c, true), 0);
    assert_int_equal(c.stops[1].arrival, 22);
    assert_int_equal(c.stops[3].departure, 34);
}

static void served(void **state)
{
    (void)state;
    struct county c;
    int64_t amount;
    set_county(&c);
    c.stops[1] = at(ROUTE_JOB, 0);
    assert_int_equal(faults(&c, ROUTE_BAD_TWICE, NULL, false), 1);
    assert_int_equal(faults(&c, ROUTE_BAD_MISSED, NULL, false), 1);
    set_county(&c);
    c.stops[1] = at(ROUTE_JOB, 3);
    assert_int_equal(faults(&c, ROUTE_BAD_INDEX, &amount, false), 1);
    assert_int_equal(amount, 3);
    set_county(&c);
    c.tours[0].type = 2;
    assert_int_equal(faults(&c, ROUTE_BAD_INDEX, NULL, false), 1);
    set_county(&c);
    c.tours[0].stop_count = 3;
    assert_int_equal(faults(&c, ROUTE_BAD_PAIR, NULL, false), 1);
    set_county(&c);
    c.stops[2] = at(ROUTE_DELIVERY, 0);
    c.stops[3] = at(ROUTE_PICKUP, 0);
    assert_int_equal(faults(&c, ROUTE_BAD_PAIR, NULL, false), 2);
    set_county(&c);
    c.stops[4] = c.stops[3];
    c.stops[3] = at(ROUTE_RELOAD, -1);
    c.tours[0].stop_count = 5;
    assert_int_equal(faults(&c, ROUTE_BAD_PAIR, NULL, false), 2);
}

static void vehicles(void **state)
{
    (void)state;
    struct county c;
    int64_t amount;
    set_county(&c);
    c.tours[0].stop_count = 1;
    c.tours[1] = (struct route_tour){ .type = 0, .stop_count = 3, .stops = c.stops + 1 };
    c.solution.tour_count = 2;
    assert_int_equal(faults(&c, ROUTE_BAD_FLEET, &amount, false), 1);
    assert_int_equal(amount, 1);
    set_county(&c);
    c.jobs[1].skills = 1;
    assert_int_equal(faults(&c, ROUTE_BAD_SKILL, NULL, false), 0);
    c.jobs[1].skills = 2;
    assert_int_equal(faults(&c, ROUTE_BAD_SKILL, NULL, false), 1);
    set_county(&c);
    c.shipments[0].pin = 2;
    assert_int_equal(faults(&c, ROUTE_BAD_PIN, NULL, false), 2);
    set_county(&c);
    c.types[0].trips_max = 1;
    memmove(c.stops + 2, c.stops + 1, 3 * sizeof *c.stops);
    c.stops[1] = at(ROUTE_RELOAD, -1);
    c.tours[0].stop_count = 5;
    assert_int_equal(faults(&c, ROUTE_BAD_TRIPS, &amount, false), 1);
    assert_int_equal(amount, 1);
    set_county(&c);
    c.stops[4] = at(ROUTE_RELOAD, -1);
    c.tours[0].stop_count = 5;
    assert_int_equal(faults(&c, ROUTE_BAD_TRIPS, NULL, false), 1);
}

static void loads(void **state)
{
    (void)state;
    struct county c;
    int64_t amount;
    set_county(&c);
    c.jobs[1].delivery[0] = 7;      // 13 leave the depot, 10 the first stop, and then 3 + 2
    assert_int_equal(faults(&c, ROUTE_BAD_CAPACITY, &amount, false), 1);
    assert_int_equal(amount, 3);
    set_county(&c);
    c.jobs[0].pickup[1] = 4;        // 2 leave the depot, 5 the first stop, 4 the second, then 6
    assert_int_equal(faults(&c, ROUTE_BAD_CAPACITY, &amount, false), 2);
    assert_int_equal(amount, 2);
    set_county(&c);
    c.shipments[0].amount[0] = 8;   // 3 taken along and 8: on the leg between its ends only
    assert_int_equal(faults(&c, ROUTE_BAD_CAPACITY, &amount, false), 1);
    assert_int_equal(amount, 1);
}

static void times(void **state)
{
    (void)state;
    struct county c;
    int64_t amount;
    set_county(&c);
    c.window = (struct route_window){ 0, 19 };
    assert_int_equal(faults(&c, ROUTE_BAD_WINDOW, &amount, false), 1);
    assert_int_equal(amount, 3);
    set_county(&c);
    c.types[0].shift.close = 60;
    assert_int_equal(faults(&c, ROUTE_BAD_SHIFT, &amount, false), 1);
    assert_int_equal(amount, 4);
    set_county(&c);
    c.jobs[0].release = 40;         // then job 1 is reached at 62, 32 too late, back at 104
    assert_int_equal(faults(&c, ROUTE_BAD_WINDOW, &amount, false), 1);
    assert_int_equal(amount, 32);
    assert_int_equal(faults(&c, ROUTE_BAD_SHIFT, &amount, false), 1);
    set_county(&c);
    c.types[0].duration_max = 63;
    assert_int_equal(faults(&c, ROUTE_BAD_DURATION, &amount, false), 1);
    assert_int_equal(amount, 1);
    c.types[0].duration_max = 0;
    c.types[0].travel_max = 50;
    assert_int_equal(faults(&c, ROUTE_BAD_TRAVEL, &amount, false), 1);
    assert_int_equal(amount, 10);
    c.types[0].travel_max = 0;
    c.types[0].distance_max = 59;
    assert_int_equal(faults(&c, ROUTE_BAD_DISTANCE, &amount, false), 1);
    c.types[0].distance_max = 0;
    c.types[0].stops_max = 3;
    assert_int_equal(faults(&c, ROUTE_BAD_STOPS, &amount, false), 1);
    set_county(&c);
    c.stops[2] = at(ROUTE_JOB, 2);
    c.stops[3] = at(ROUTE_JOB, 0);
    c.stops[0] = at(ROUTE_PICKUP, 0);
    assert_int_equal(faults(&c, ROUTE_BAD_ROAD, NULL, false), 1);
}

static void told(void **state)
{
    (void)state;
    struct county c;
    int64_t amount;
    set_county(&c);
    c.solution.unserved = &(struct route_unserved){ ROUTE_JOB, 2, ROUTE_NO_PRIZE };
    c.solution.unserved_count = 1;
    route_schedule(&c.problem, &c.solution);
    c.stops[2].start -= 1;
    assert_true(faults(&c, ROUTE_BAD_TIMES, NULL, true) > 0);
    assert_int_equal(faults(&c, ROUTE_BAD_TIMES, NULL, false), 0);
    route_schedule(&c.problem, &c.solution);
    c.tours[0].departure = -1;
    assert_true(faults(&c, ROUTE_BAD_TIMES, NULL, true) > 0);
    route_schedule(&c.problem, &c.solution);
    c.solution.cost -= 9;
    assert_int_equal(faults(&c, ROUTE_BAD_COST, &amount, true), 1);
    assert_int_equal(amount, -9);
    route_schedule(&c.problem, &c.solution);
    c.tours[0].cost += 1;
    assert_int_equal(faults(&c, ROUTE_BAD_COST, &amount, true), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("S2.2 the checker finds nothing in a solution that is right", nothing_wrong),
        TEST("S2.2 the checker finds what is served twice, missed or torn", served),
        TEST("S2.2 the checker finds wrong vehicles, skills and trips", vehicles),
        TEST("S2.2 the checker counts loads on every leg and dimension", loads),
        TEST("S2.2 the checker finds broken windows, shifts, limits and roads", times),
        TEST("S2.2 the checker finds told times and costs that aren't so", told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
