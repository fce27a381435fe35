/* test_plan.c - the published plan, checked from the rows by the checker that knows nothing of the
 * search; the planning child, and what becomes of the night when it fails. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/arena.h"
#include "base/clock.h"
#include "base/rng.h"
#include "base/test.h"
#include "db/testing.h"
#include "rooms/bus/closure.h"
#include "rooms/bus/inside.h"
#include "rooms/bus/plan.h"
#include "rooms/bus/testing.h"
#include "route/route.h"

const struct test_room test_rooms[] = { { 0 } };

enum { JOBS = BUS_PLACES, STOPS_MAX = 40, TOURS_MAX = BUS_VEHICLES };

static struct bus_test *t;   // of the test that runs
static const char self[] = "/proc/self/exe";   // main below is the planning child

/* ---- the plan as the rows have it ---- */

struct published {
    struct route_problem problem;
    struct route_job jobs[JOBS];
    struct route_window window;
    struct need down[JOBS], up[JOBS];
    struct route_solution solution;
    struct route_tour tours[TOURS_MAX];
    int64_t vehicle[TOURS_MAX];
    struct route_stop stops[TOURS_MAX][STOPS_MAX];
};

static const struct sql find_needs = SQL(
    "SELECT place_id, up, CAST(sum(weight_g) AS BIGINT), CAST(sum(dry_ml) AS BIGINT),"
    " CAST(sum(cold_ml) AS BIGINT) FROM consignment WHERE day = $1 AND state = 'planned'"
    " GROUP BY place_id, up ORDER BY place_id, up");
static const struct sql find_stops = SQL(
    "SELECT t.vehicle_id, t.part, s.place_id, s.arrives_ms, s.departs_ms FROM trip AS t"
    " JOIN trip_stop AS s ON s.trip_id = t.id WHERE t.day = $1"
    " ORDER BY t.vehicle_id, t.part, s.seq");

static void read_jobs(struct published *p, const struct network *net, struct tx *tx, int64_t day)
{
    struct rows *rows;
    enum status found = db_first(tx, &find_needs, ARGS(i64(day)), &rows);
    for (; found == OK; found = db_next(rows)) {
        int32_t job = network_place(net, row_i64(rows, 0)) - 1;
        struct need need = { row_i64(rows, 2), row_i64(rows, 3), row_i64(rows, 4) };
        *(row_i64(rows, 1) ? &p->up[job] : &p->down[job]) = need;
    }
    assert_int_equal(found, NOT_FOUND);
    p->window = (struct route_window){ FIRST_OUT_S, DUE_S - MARGIN_S };
    for (int32_t i = 0; i < JOBS; i++) {
        p->jobs[i] = (struct route_job){ .location = i + 1, .windows = &p->window,
                                         .window_count = 1 };
        network_load(&p->down[i], p->jobs[i].delivery);
        network_load(&p->up[i], p->jobs[i].pickup);
        p->jobs[i].service_s = network_service_s(&p->down[i], &p->up[i]);
        p->jobs[i].optional = p->jobs[i].service_s == 0;
    }
}

static int32_t type_of(const struct network *net, int64_t vehicle_id)
{
    for (size_t i = 0; i < net->vehicle_count; i++)
        if (net->vehicles[i].vehicle_id == vehicle_id) return net->vehicles[i].type;
    fail_msg("no vehicle");
    return -1;
}

static void add_stop(struct route_tour *tour, enum route_kind kind, int32_t index)
{
    assert_true(tour->stop_count < STOPS_MAX);
    tour->stops[tour->stop_count++] = (struct route_stop){ .kind = kind, .index = index };
}

/* One tour a vehicle, its trips parted by reloading. */
static void read_tours(struct published *p, const struct network *net, struct tx *tx, int64_t day)
{
    struct rows *rows;
    int64_t part = 0;
    struct route_tour *tour = NULL;
    enum status found = db_first(tx, &find_stops, ARGS(i64(day)), &rows);
    for (; found == OK; found = db_next(rows)) {
        int32_t n = p->solution.tour_count;
        if (n == 0 || p->vehicle[n - 1] != row_i64(rows, 0)) {
            assert_true(n < TOURS_MAX);
            tour = &p->tours[n];
            *tour = (struct route_tour){ .type = type_of(net, row_i64(rows, 0)),
                                         .stops = p->stops[n] };
            p->vehicle[n] = row_i64(rows, 0);
            p->solution.tour_count++;
        } else if (row_i64(rows, 1) != part) {
            add_stop(tour, ROUTE_RELOAD, -1);
        }
        part = row_i64(rows, 1);
        add_stop(tour, ROUTE_JOB, network_place(net, row_i64(rows, 2)) - 1);
    }
    assert_int_equal(found, NOT_FOUND);
    p->solution.tours = p->tours;
}

static const struct sql count_early = SQL(   // a stop before the bus can be there, or the driver
    "SELECT count(*) FROM trip_stop AS a JOIN trip_stop AS b ON b.trip_id = a.trip_id"
    " AND b.seq = a.seq + 1 JOIN trip AS t ON t.id = a.trip_id"
    " WHERE t.day = $1 AND (b.arrives_ms < a.departs_ms OR a.arrives_ms < t.departs_ms"
    " OR t.returns_ms < b.departs_ms)");
static const struct sql count_heavy = SQL(   // a trip whose units are more than its vehicle holds
    "SELECT count(*) FROM (SELECT t.id, v.crates, v.cold_boxes,"
    " count(CASE WHEN u.kind = 'crate' THEN 1 END) AS crates_out,"
    " count(CASE WHEN u.kind = 'cold_box' THEN 1 END) AS boxes_out FROM trip AS t"
    " JOIN vehicle AS v ON v.id = t.vehicle_id JOIN trip_stop AS s ON s.trip_id = t.id"
    " JOIN unit AS u ON u.stop_id = s.id WHERE t.day = $1"
    " GROUP BY t.id, v.crates, v.cold_boxes) AS loads"
    " WHERE crates_out > crates OR boxes_out > cold_boxes");
static const struct sql count_bare = SQL(    // a consignment without unit, a bag without crate
    "SELECT count(*) FROM consignment AS c LEFT JOIN unit AS u ON u.consignment_id = c.id"
    " WHERE c.day = $1 AND c.state = 'planned'"
    " AND (u.id IS NULL OR u.stop_id <> c.stop_id OR u.place_id <> c.place_id"
    " OR (c.up = 0 AND u.planned_parent_id IS NULL))");

/* Everything that is planned, on every leg, in every dimension, in time. */
static void check_published(int64_t day)
{
    static struct published published;
    struct published *p = &published;
    *p = (struct published){ .vehicle = { 0 } };
    const struct network *net = bus_of(t->county)->network;
    struct tx *tx = bus_test_read(t);
    read_jobs(p, net, tx, day);
    read_tours(p, net, tx, day);
    p->problem = (struct route_problem){
        .dims = DIMS, .location_count = (int32_t)net->place_count,
        .profile_count = net->profile_count, .profiles = net->profiles,
        .type_count = net->type_count, .types = net->types, .job_count = JOBS, .jobs = p->jobs,
    };
    struct route_report report;
    assert_int_equal(route_check(t->arena, &p->problem, &p->solution, false, &report), OK);
    for (int32_t i = 0; i < report.violation_count; i++)
        print_message("%s\n", route_fault_name(report.violations[i].fault));
    assert_int_equal(report.violation_count, 0);
    bus_test_read_end(t, tx);
    assert_int_equal(bus_test_number(t, &count_early, ARGS(i64(day))), 0);
    assert_int_equal(bus_test_number(t, &count_heavy, ARGS(i64(day))), 0);
    assert_int_equal(bus_test_number(t, &count_bare, ARGS(i64(day))), 0);
}

/* ---- filling a day ---- */

static int64_t fill_day(int64_t day, uint64_t seed, int count)
{
    struct rng rng = rng_seeded(seed);
    int64_t taken = 0, now_ms = county_now_ms(t->county);
    for (int i = 0; i < count; i++) {
        struct need need = { rng_between(&rng, 100, 25000), rng_between(&rng, 0, 50000),
                             rng_below(&rng, 3) == 0 ? rng_between(&rng, 100, 20000) : 0 };
        struct consignment c = bus_test_goods(t, t->places[rng_below(&rng, BUS_PLACES)],
                                              rng_below(&rng, 3) == 0, day, now_ms, need);
        char code[24];
        struct err err;
        snprintf(code, sizeof code, "W%lld-%d", (long long)day, i % 40);   // some come twice
        if (!c.up && i % 5 == 0) {
            c.kind = CONSIGN_PARCEL;
            c.code = code;
        }
        enum status done = bus_test_consign(t, &c, &err);
        assert_true(done == OK || done == CONFLICT);
        taken += done == OK;
    }
    return taken;
}

static const struct sql count_planned = SQL(
    "SELECT count(*) FROM consignment WHERE day = $1 AND state = 'planned'");
static const struct sql count_source = SQL(
    "SELECT count(*) FROM plan WHERE day = $1 AND source = $2");
static const struct sql find_cost = SQL("SELECT cost_fen FROM plan WHERE day = $1");

static int64_t planned(int64_t day)
{
    return bus_test_number(t, &count_planned, ARGS(i64(day)));
}

static int64_t plans_of(int64_t day, const char *source)
{
    return bus_test_number(t, &count_source, ARGS(i64(day), str(source)));
}

/* ---- tests ---- */

static void published_is_feasible(void **state)
{
    t = bus_test_of(state);
    for (int k = 0; k < 3; k++) {
        int64_t day = bus_tomorrow() + k, taken = fill_day(day, 100 + (uint64_t)k, 30 + 200 * k);
        // The child plans one day, the live plan is published as it is on the next.
        t->county->program = k == 1 ? NULL : self;
        bus_test_close(t, day);
        assert_int_equal(plans_of(day, k == 1 ? "live" : "solver"), 1);
        assert_int_equal(planned(day), taken);
        check_published(day);
    }
}

/* A child that hangs, dies, or answers nonsense. */
static void write_script(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, 0755), 0);
}

static void child_fails(void **state)
{
    t = bus_test_of(state);
    static const char *const scripts[] = {
        "#!/bin/sh\nexit 3\n", "#!/bin/sh\nkill -9 $$\n", "#!/bin/sh\necho '{\"tours\":'\n",
        "#!/bin/sh\necho '{\"tours\":[{\"type\":0,\"stops\":"
        "[{\"kind\":\"job\",\"index\":99}]}]}'\n",
        "#!/bin/sh\necho '{\"tours\":[]}'\n",   // leaves all out: worse than the live plan
    };
    char path[] = "/tmp/cunhuo-child-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    t->county->program = path;
    for (size_t k = 0; k < COUNT(scripts); k++) {
        int64_t day = bus_tomorrow() + (int64_t)k, taken = fill_day(day, k, 40);
        write_script(path, scripts[k]);
        bus_test_close(t, day);
        assert_int_equal(plans_of(day, "live"), 1);
        assert_int_equal(planned(day), taken);
        check_published(day);
    }
    unlink(path);
}

static const struct sql find_closed = SQL("SELECT count(*) FROM wave WHERE state = 'closed'");

/* Stopping does not wait for the child; the next start plans what was left. */
static void stopped_while_planning(void **state)
{
    t = bus_test_of(state);
    char path[] = "/tmp/cunhuo-child-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    write_script(path, "#!/bin/sh\nexec sleep 1000\n");
    int64_t day = bus_tomorrow(), taken = fill_day(day, 7, 60);
    t->county->program = path;
    struct err err;
    assert_int_equal(bus_test_call(t, POST, "/bus/waves/{day}/close", t->dispatcher,
                                   json_pack("{s:I, s:s}", "day", (json_int_t)day, "reason",
                                             "now"), NULL, &err), OK);
    bus_test_stop(t);
    bus_test_start_as(t, self);
    night_idle(bus_of(t->county)->night);
    assert_int_equal(bus_test_number(t, &find_closed, NO_ARGS), 0);
    assert_int_equal(plans_of(day, "solver"), 1);
    assert_int_equal(planned(day), taken);
    check_published(day);
    unlink(path);
}

static const struct sql count_excepted = SQL(
    "SELECT count(*) FROM consignment AS c JOIN case_case AS k ON k.about_kind = 'consignment'"
    " AND k.about_id = c.id WHERE c.day = $1 AND c.state = 'excepted' AND c.place_id = $2"
    " AND k.title = 'unplaced'");

static void no_road_at_night(void **state)
{
    t = bus_test_of(state);
    t->county->program = self;
    int64_t day = bus_tomorrow(), now_ms = county_now_ms(t->county);
    struct need need = { 1000, 5000, 0 };
    struct err err;
    for (int i = 0; i < 3 * BUS_POINTS; i++) {
        struct consignment c = bus_test_goods(t, t->points[i % BUS_POINTS], false, day, now_ms,
                                              need);
        assert_int_equal(bus_test_consign(t, &c, &err), OK);
    }
    json_decref(bus_test_view(t, POST, "/bus/closures", t->dispatcher,
                              json_pack("{s:i, s:s}", "way_id", BUS_WAY_DEAD_END, "reason",
                                        "landslide")));
    refresher_idle(bus_of(t->county)->refresher);
    bus_test_close(t, day);
    assert_int_equal(planned(day), 3 * (BUS_POINTS - 2));
    assert_int_equal(bus_test_number(t, &count_excepted, ARGS(i64(day), i64(t->points[5]))), 3);
    assert_int_equal(bus_test_number(t, &count_excepted, ARGS(i64(day), i64(t->points[6]))), 3);
    check_published(day);
    assert_int_equal(plans_of(day, "solver"), 1);
    assert_true(bus_test_number(t, &find_cost, ARGS(i64(day))) > 0);
}

int main(int argc, char **argv)
{
    if (argc > 1) return route_command(argc - 1, argv + 1);   // the planning child
    const struct CMUnitTest tests[] = {
        TEST_BUS("S2.2 S2.3 the published plan keeps every capacity and window on every leg",
                 published_is_feasible),
        TEST_BUS("S2.2 whatever the planning child does, a good plan is published", child_fails),
        TEST_BUS("S2.1 stopped while it plans: the next start publishes", stopped_while_planning),
        TEST_BUS("S2.5 what no bus can reach is a case, the rest is planned", no_road_at_night),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
