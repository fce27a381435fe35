/* test_wave.c - a wave closes once: by the clock, by a dispatcher, through kills and full disks. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/test.h"
#include "db/fault.h"
#include "db/testing.h"
#include "route/route.h"
#include "rooms/bus/inside.h"
#include "rooms/bus/plan.h"
#include "rooms/bus/testing.h"
#include "rooms/bus/wave.h"
#include "web/testing.h"

const struct test_room test_rooms[] = { { 0 } };

static struct bus_test *t;   // of the test that runs

/* ---- looking ---- */

static const struct sql count_state = SQL(
    "SELECT count(*) FROM consignment WHERE day = $1 AND state = $2");
static const struct sql count_plans = SQL("SELECT count(*) FROM plan WHERE day = $1");
static const struct sql count_closings = SQL(
    "SELECT count(*) FROM people_audit WHERE what = 'wave.close' AND about_id = $1");

static int64_t in_state(int64_t day, const char *state)
{
    return bus_test_number(t, &count_state, ARGS(i64(day), str(state)));
}

static struct wave wave_of(int64_t day)
{
    struct wave wave;
    struct err err;
    struct tx *tx = bus_test_read(t);
    assert_int_equal(bus_wave(tx, day, &wave, &err), OK);
    static char state[20];
    snprintf(state, sizeof state, "%s", wave.state);
    wave.state = state;
    bus_test_read_end(t, tx);
    return wave;
}

static void put(int64_t day, int64_t made_ms, int count)
{
    struct err err;
    for (int i = 0; i < count; i++) {
        struct consignment c = bus_test_goods(t, t->places[i % BUS_PLACES], i % 4 == 0, day,
                                              made_ms, (struct need){ 1500, 3000, i % 3 * 1000 });
        assert_int_equal(bus_test_consign(t, &c, &err), OK);
    }
}

static void closed_once(int64_t day, int64_t count)
{
    assert_string_equal(wave_of(day).state, "published");
    assert_int_equal(in_state(day, "planned"), count);
    assert_int_equal(in_state(day, "waiting") + in_state(day, "excepted"), 0);
    assert_int_equal(bus_test_number(t, &count_plans, ARGS(i64(day))), 1);
    assert_int_equal(bus_test_number(t, &count_closings, ARGS(i64(day))), 1);
}

/* ---- by the clock ---- */

static void turn_to(struct server *server, int64_t now_ms)
{
    clock_turn(t->county->clock, now_ms, false);
    serve_clock_turned(server);
    while (!serve_settled(server)) {}
    night_idle(bus_of(t->county)->night);
}

static void by_itself(void **state)
{
    t = bus_test_of(state);
    int64_t day = bus_tomorrow();
    struct server *server = web_serve(t->county, 1);
    put(day, bus_at(20, 0, 0, 0), 40);
    turn_to(server, bus_at(22, 59, 59, 999));
    assert_string_equal(wave_of(day).state, "open");
    for (int minute = 0; minute < 3; minute++) {
        turn_to(server, bus_at(23, minute, 0, 0));
        closed_once(day, 40);
        assert_int_equal(wave_of(day).closed_ms, bus_at(23, 0, 0, 0));
    }
    // A day on which nobody orders is closed as well; so is one that the clock jumps over.
    turn_to(server, bus_at(23, 0, 0, 0) + DAY_MS);
    closed_once(day + 1, 0);
    put(day + 3, bus_at(23, 0, 0, 0) + DAY_MS, 3);
    turn_to(server, bus_at(9, 0, 0, 0) + 5 * DAY_MS);
    closed_once(day + 3, 3);
    struct promise promise;
    struct err err;
    assert_int_equal(bus_promise(t->county, t->points[0], false, &(struct need){ 1, 1, 0 }, 0,
                                 county_now_ms(t->county), &promise, &err), OK);
    assert_int_equal(promise.day, day + 5);
    assert_int_equal(promise.why_later, BUS_FITS);
    serve_stop(server);
}

/* ---- by kill -9 ---- */

/* The server's life in a process of its own: at 23:00 it closes, plans and publishes, and writes a
 * byte for each thing it has come to. */
static _Noreturn void live_and_die(int64_t day, int tell)
{
    int64_t closes_ms = day_ms(day - 1, CUT_OFF_S, ZONE_CHINA_S);
    bus_test_start(t);
    t->county->program = "/proc/self/exe";   // main below
    struct server *server = web_serve(t->county, 1);
    bool fine = write(tell, "o", 1) == 1;
    clock_turn(t->county->clock, closes_ms, false);
    serve_clock_turned(server);
    while (fine) fine = write(tell, wave_of(day).state, 1) == 1;
    _exit(1);
}

/* Kills it when it has told `state` so many times, or the plan is published. */
static void kill_after(int64_t day, char state, int times)
{
    int ends[2], status;
    char byte = 0;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) live_and_die(day, ends[1]);
    close(ends[1]);
    while (times > 0 && byte != 'p') {
        assert_int_equal(read(ends[0], &byte, 1), 1);
        times -= byte == state;
    }
    kill(child, SIGKILL);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    close(ends[0]);
    assert_true(WIFSIGNALED(status));
}

static void killed(void **state)
{
    t = bus_test_of(state);
    enum { KILLS = 12 };
    for (int k = 0; k < KILLS; k++) {
        int64_t day = bus_tomorrow() + k;
        put(day, day_ms(day - 1, 20 * 3600, ZONE_CHINA_S), 20);
        bus_test_stop(t);
        kill_after(day, "ocp"[k % 3], 1 + k * k / 4);   // open, closed, published
        bus_test_start(t);
        struct server *server = web_serve(t->county, 1);
        turn_to(server, day_ms(day - 1, CUT_OFF_S + 60, ZONE_CHINA_S));
        closed_once(day, 20);
        serve_stop(server);
    }
}

/* ---- by a disk that is full ---- */

static enum status act_close(struct tx *tx, void *of, struct err *err)
{
    return wave_close_due(tx, *(const int64_t *)of, err);
}

static int begin_faulty(void **state)
{
    fault_start();
    return bus_test_sqlite(state);
}

static int end_faulty(void **state)
{
    int ended = bus_test_over(state);
    fault_end();
    return ended;
}

static void failed(void **state)
{
    t = *state;
    struct err err;
    int64_t closes_ms = bus_at(23, 0, 0, 0), day = bus_tomorrow();
    put(day, closes_ms - 1, 5);
    clock_turn(t->county->clock, closes_ms, false);
    fault_at(FAULT_SYNC, 1, 10, true);   // SQLITE_IOERR
    assert_int_equal(bus_test_act(t, act_close, &closes_ms, &err), BROKEN);
    fault_at(FAULT_SYNC, 0, 0, false);
    assert_string_equal(wave_of(day).state, "open");
    put(day, closes_ms - 1, 2);          // it was made in time, and the wave is not closed
    bus_test_close(t, day);
    closed_once(day, 7);
}

/* ---- by a dispatcher ---- */

static enum status close_by_hand(int64_t day, int64_t closes_ms, const char *reason)
{
    struct err err;
    json_t *fields = json_pack("{s:I, s:s*, s:I}", "day", (json_int_t)day, "reason", reason,
                               "closes_ms", (json_int_t)closes_ms);
    return bus_test_call(t, POST, "/bus/waves/{day}/close", t->dispatcher, fields, NULL, &err);
}

static enum status order(int64_t day, int64_t made_ms)
{
    struct err err;
    struct consignment c = bus_test_goods(t, t->points[2], false, day, made_ms,
                                          (struct need){ 1000, 1000, 0 });
    return bus_test_consign(t, &c, &err);
}

static int64_t offered(int64_t now_ms)
{
    struct promise promise;
    struct err err;
    assert_int_equal(bus_promise(t->county, t->points[2], false, &(struct need){ 1, 1, 0 }, 0,
                                 now_ms, &promise, &err), OK);
    return promise.day;
}

static void early(void **state)
{
    t = bus_test_of(state);
    int64_t day = bus_tomorrow(), now_ms = county_now_ms(t->county);
    put(day, now_ms, 10);
    put(day + 1, now_ms, 3);
    assert_int_equal(close_by_hand(day, 0, NULL), INVALID);
    assert_string_equal(wave_of(day).state, "open");
    assert_int_equal(close_by_hand(day, 0, "snow is coming"), OK);
    night_idle(bus_of(t->county)->night);
    closed_once(day, 10);
    assert_int_equal(wave_of(day).closed_ms, now_ms);
    assert_int_equal(close_by_hand(day, 0, "again"), CONFLICT);
    assert_int_equal(order(day, now_ms - 1), CONFLICT);
    assert_int_equal(offered(now_ms), day + 1);
    bus_test_close(t, day);              // 23:00 comes all the same
    closed_once(day, 10);
    assert_int_equal(in_state(day + 1, "waiting"), 3);
    bus_test_close(t, day + 1);
    closed_once(day + 1, 3);
}

static void late(void **state)
{
    t = bus_test_of(state);
    int64_t day = bus_tomorrow(), now_ms = county_now_ms(t->county);
    int64_t eleven_ms = bus_at(23, 0, 0, 0);
    int64_t until_ms = eleven_ms + 2 * HOUR_MS;   // one in the morning of the day itself
    put(day, now_ms, 10);
    assert_int_equal(close_by_hand(day, until_ms, NULL), INVALID);
    assert_int_equal(close_by_hand(day, now_ms, "too early"), INVALID);
    assert_int_equal(close_by_hand(day, eleven_ms + 6 * HOUR_MS, "too late"), INVALID);
    assert_int_equal(close_by_hand(day, until_ms, "the county fair"), OK);
    bus_test_close(t, day);              // 23:00 passes
    assert_string_equal(wave_of(day).state, "open");
    for (int64_t at_ms = eleven_ms; at_ms < until_ms; at_ms += 30 * MINUTE_MS) {
        clock_turn(t->county->clock, at_ms, false);
        assert_int_equal(offered(at_ms), day);
        assert_int_equal(order(day, at_ms), OK);
        if (at_ms == eleven_ms + HOUR_MS) bus_test_restart(t);
    }
    clock_turn(t->county->clock, until_ms, false);
    assert_int_equal(offered(until_ms), day + 1);
    assert_int_equal(order(day, until_ms), CONFLICT);
    struct err err;
    assert_int_equal(bus_test_act(t, act_close, &until_ms, &err), OK);
    night_idle(bus_of(t->county)->night);
    closed_once(day, 14);
}

int main(int argc, char **argv)
{
    if (argc > 1) return route_command(argc - 1, argv + 1);   // the planning child
    const struct CMUnitTest tests[] = {
        TEST_BUS("S2.1 at 23:00 a wave closes once by itself", by_itself),
        TEST_BUS("S2.1 killed around the closing: the same consignments, one wave, one plan",
                 killed),
        { "S2.1 a closing that can't be written has not happened", failed, begin_faulty,
          end_faulty, NULL },
        TEST_BUS("S2.1 a dispatcher closes early, with a reason", early),
        TEST_BUS("S2.1 a dispatcher closes late, with a reason, beyond midnight", late),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
