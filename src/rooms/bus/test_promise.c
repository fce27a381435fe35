/* test_promise.c - promises against the plan, against the clock, and against commits that fail. */
#include <pthread.h>
#include "base/arena.h"
#include "base/clock.h"
#include "base/rng.h"
#include "base/test.h"
#include "db/fault.h"
#include "db/testing.h"
#include "db/writer.h"
#include "rooms/bus/closure.h"
#include "rooms/bus/inside.h"
#include "rooms/bus/plan.h"
#include "rooms/bus/testing.h"
#include "rooms/bus/wave.h"

const struct test_room test_rooms[] = { { 0 } };

static struct bus_test *t;   // of the test that runs

/* ---- what is in memory is what is in the rows ---- */

static const struct sql find_sums = SQL(
    "SELECT place_id, up, CAST(sum(weight_g) AS BIGINT), CAST(sum(dry_ml) AS BIGINT),"
    " CAST(sum(cold_ml) AS BIGINT) FROM consignment WHERE day = $1 AND state = 'waiting'"
    " GROUP BY place_id, up ORDER BY place_id, up");

/* The live plan of each day holds exactly what waits for it, and leaves none of it out. */
static void live_is_rows(void)
{
    struct bus *bus = bus_of(t->county);
    struct tx *tx = bus_test_read(t);
    pthread_mutex_lock(&bus->lock);
    for (int d = 0; d < LIVE_DAYS; d++) {
        const struct live *live = bus->live[d];
        struct need down[BUS_PLACES + 1] = { 0 }, up[BUS_PLACES + 1] = { 0 };
        struct rows *rows;
        enum status found = db_first(tx, &find_sums, ARGS(i64(live->day)), &rows);
        for (; found == OK; found = db_next(rows)) {
            struct need need = { row_i64(rows, 2), row_i64(rows, 3), row_i64(rows, 4) };
            int32_t place = network_place(live->network, row_i64(rows, 0));
            *(row_i64(rows, 1) ? &up[place] : &down[place]) = need;
        }
        assert_int_equal(found, NOT_FOUND);
        assert_memory_equal(live->down, down, sizeof down);
        assert_memory_equal(live->up, up, sizeof up);
        assert_false(live->overfull);
        for (int32_t i = 1; i <= BUS_PLACES; i++) {
            const struct route_job *job = route_plan_job(live->plan, i - 1);
            int32_t load[DIMS];
            struct route_place place;
            network_load(&down[i], load);
            assert_memory_equal(job->delivery, load, sizeof load);
            network_load(&up[i], load);
            assert_memory_equal(job->pickup, load, sizeof load);
            assert_int_equal(job->service_s, network_service_s(&down[i], &up[i]));
            if (job->service_s > 0)
                assert_true(route_plan_place(live->plan, ROUTE_JOB, i - 1, &place));
        }
    }
    pthread_mutex_unlock(&bus->lock);
    bus_test_read_end(t, tx);
}

/* ---- the night ---- */

static const struct sql count_state = SQL(
    "SELECT count(*) FROM consignment WHERE day = $1 AND state = $2");

static int64_t in_state(int64_t day, const char *state)
{
    return bus_test_number(t, &count_state, ARGS(i64(day), str(state)));
}

static const struct sql count_late = SQL(
    "SELECT count(*) FROM consignment AS c JOIN trip_stop AS s ON s.id = c.stop_id"
    " JOIN trip AS t ON t.id = c.trip_id"
    " WHERE c.day = $1 AND (s.place_id <> c.place_id OR s.trip_id <> c.trip_id"
    " OR s.departs_ms > c.due_ms OR t.returns_ms > t.departs_ms + 46800000)");

static struct need some_need(struct rng *rng)
{
    struct need need = { rng_between(rng, 200, 20000), rng_between(rng, 0, 60000), 0 };
    if (rng_below(rng, 3) == 0) need.cold_ml = rng_between(rng, 500, 15000);
    if (rng_below(rng, 50) == 0) need.dry_ml = 120000;
    return need;
}

/* ---- S1.4 ---- */

/* One order: promised, then taken on the day that was promised. False: on no open day. */
static bool order(struct rng *rng, struct consignment *made, int64_t later[BUS_NO_SERVICE + 1])
{
    struct promise promise;
    struct err err;
    int64_t now_ms = county_now_ms(t->county), place_id = t->places[rng_below(rng, BUS_PLACES)];
    bool up = rng_below(rng, 5) == 0;
    struct need need = some_need(rng);
    enum status told = bus_promise(t->county, place_id, up, &need, 0, now_ms, &promise, &err);
    later[promise.why_later]++;
    if (told != OK) {
        assert_int_equal(told, NOT_FOUND);
        assert_string_equal(err.text, bus_reason_text(BUS_FULL));
        return false;
    }
    assert_true(promise.day == bus_tomorrow() || promise.why_later == BUS_FULL);
    assert_true(promise.eta_ms <= promise.due_ms - MARGIN_S * SECOND_MS);
    if (promise.day > bus_tomorrow()) {   // the day before is full indeed, and says so
        *made = bus_test_goods(t, place_id, up, promise.day - 1, now_ms, need);
        assert_int_equal(bus_test_consign(t, made, &err), CONFLICT);
        assert_string_equal(err.text, bus_reason_text(BUS_FULL));
    }
    *made = bus_test_goods(t, place_id, up, promise.day, now_ms, need);
    assert_int_equal(bus_test_consign(t, made, &err), OK);
    return true;
}

static void kept_at_night(void **state)
{
    t = bus_test_of(state);
    enum { ORDERS = 1000 };
    static struct consignment made[ORDERS];
    struct rng rng = rng_seeded(4);
    struct err err;
    int64_t later[BUS_NO_SERVICE + 1] = { 0 }, day = bus_tomorrow();
    size_t count = 0;
    for (int i = 0; i < ORDERS; i++) {
        if (order(&rng, &made[count], later)) count++;
        if (count == 0 || rng_below(&rng, 6) != 0) continue;
        size_t gone = rng_below(&rng, (uint32_t)count);
        assert_int_equal(bus_test_withdraw(t, made[gone].id, county_now_ms(t->county), &err), OK);
        assert_int_equal(bus_test_withdraw(t, made[gone].id, county_now_ms(t->county), &err),
                         CONFLICT);
        made[gone] = made[--count];
    }
    assert_true(later[BUS_FITS] > 50 && later[BUS_FULL] > 50);
    assert_int_equal(later[BUS_CUT_OFF] + later[BUS_NO_ROAD] + later[BUS_NO_STOP], 0);
    live_is_rows();

    for (int64_t d = day; d < day + LIVE_DAYS; d++) {
        int64_t promised = in_state(d, "waiting");
        assert_true(promised > 0);
        bus_test_close(t, d);
        assert_int_equal(in_state(d, "planned"), promised);
        assert_int_equal(in_state(d, "waiting") + in_state(d, "excepted"), 0);
        assert_int_equal(bus_test_number(t, &count_late, ARGS(i64(d))), 0);
    }
}

static void restart_keeps(void **state)
{
    t = bus_test_of(state);
    struct rng rng = rng_seeded(5);
    struct err err;
    int64_t full = 0, day = bus_tomorrow();
    while (full < 20) {   // to the brim
        struct consignment c = bus_test_goods(t, t->places[rng_below(&rng, BUS_PLACES)],
                                              rng_below(&rng, 5) == 0, day,
                                              county_now_ms(t->county), some_need(&rng));
        enum status taken = bus_test_consign(t, &c, &err);
        assert_true(taken == OK || taken == CONFLICT);
        full += taken == CONFLICT;
    }
    live_is_rows();
    bus_test_restart(t);
    live_is_rows();
    int64_t promised = in_state(day, "waiting");
    bus_test_close(t, day);
    assert_int_equal(in_state(day, "planned"), promised);
}

static void refused(void **state)
{
    t = bus_test_of(state);
    struct err err;
    struct promise promise;
    int64_t now_ms = county_now_ms(t->county), day = bus_tomorrow();
    struct need need = { 1000, 2000, 0 }, huge = { 1900000, 1000, 0 };
    assert_int_equal(bus_promise(t->county, 4711, false, &need, 0, now_ms, &promise, &err),
                     NOT_FOUND);
    assert_int_equal(promise.why_later, BUS_NO_STOP);
    assert_int_equal(bus_promise(t->county, t->points[0], false, &huge, 0, now_ms, &promise, &err),
                     NOT_FOUND);
    assert_int_equal(promise.why_later, BUS_FULL);
    assert_int_equal(bus_promise(t->county, t->points[0], false, &need, day + 50, now_ms, &promise,
                                 &err), NOT_FOUND);
    assert_int_equal(promise.why_later, BUS_CUT_OFF);
    assert_int_equal(bus_promise(t->county, t->points[0], false, &need, day + 2, now_ms, &promise,
                                 &err), OK);
    assert_int_equal(promise.day, day + 2);
    assert_int_equal(promise.why_later, BUS_FITS);

    struct consignment c = bus_test_goods(t, t->points[0], false, day + 50, now_ms, need);
    assert_int_equal(bus_test_consign(t, &c, &err), CONFLICT);
    c = bus_test_goods(t, t->hub_id, false, day, now_ms, need);
    assert_int_equal(bus_test_consign(t, &c, &err), CONFLICT);
    c = bus_test_goods(t, t->points[0], false, day, now_ms, (struct need){ -1, 0, 0 });
    assert_int_equal(bus_test_consign(t, &c, &err), INVALID);
    live_is_rows();
    // What has no volume is a letter, and takes up its place.
    c = bus_test_goods(t, t->points[0], false, day, now_ms, (struct need){ 20, 0, 0 });
    assert_int_equal(bus_test_consign(t, &c, &err), OK);
    live_is_rows();
}

static enum status act_buy(struct tx *tx, void *of, struct err *err)
{
    struct vehicle vehicle = {
        .plate = "BUS-NEW", .kind = "truck", .profile = "truck", .weight_g = 2500000,
        .volume_ml = 9000000, .crates = 180, .cold_boxes = 30, .fixed_fen = 9000, .km_fen = 250,
        .hour_fen = 3000, .home_id = t->hub_id, .from_s = 5 * 3600, .until_s = 18 * 3600,
        .trips_max = 1,
    };
    (void)of;
    return bus_vehicle_add(tx, &vehicle, err);
}

static void more_room(void **state)
{
    t = bus_test_of(state);
    struct err err;
    struct promise promise;
    struct need huge = { 1900000, 1000, 0 };
    int64_t now_ms = county_now_ms(t->county);
    assert_int_equal(bus_promise(t->county, t->points[0], false, &huge, 0, now_ms, &promise, &err),
                     NOT_FOUND);
    assert_int_equal(bus_test_act(t, act_buy, NULL, &err), OK);
    assert_int_equal(bus_test_act(t, act_buy, NULL, &err), CONFLICT);
    refresher_idle(bus_of(t->county)->refresher);
    assert_int_equal(bus_promise(t->county, t->points[0], false, &huge, 0, now_ms, &promise, &err),
                     OK);
    live_is_rows();
}

/* ---- S1.5 ---- */

static void to_the_millisecond(void **state)
{
    t = bus_test_of(state);
    struct err err;
    struct promise promise;
    struct need need = { 1000, 2000, 0 };
    int64_t closes_ms = bus_at(23, 0, 0, 0), day = bus_tomorrow();
    clock_turn(t->county->clock, closes_ms - 1, false);
    assert_int_equal(bus_promise(t->county, t->points[1], false, &need, 0, closes_ms - 1, &promise,
                                 &err), OK);
    assert_int_equal(promise.day, day);
    assert_int_equal(promise.closes_ms, closes_ms);
    assert_int_equal(promise.due_ms, day_ms(day, DUE_S, ZONE_CHINA_S));

    // The clock has gone on, the wave has not closed yet: what counts is when it was made.
    clock_turn(t->county->clock, closes_ms, false);
    struct consignment c = bus_test_goods(t, t->points[1], false, day, closes_ms - 1, need);
    assert_int_equal(bus_test_consign(t, &c, &err), OK);
    struct consignment late = bus_test_goods(t, t->points[1], false, day, closes_ms, need);
    assert_int_equal(bus_test_consign(t, &late, &err), CONFLICT);
    assert_string_equal(err.text, bus_reason_text(BUS_CUT_OFF));
    assert_int_equal(bus_test_withdraw(t, c.id, closes_ms, &err), CONFLICT);

    // The next day is offered, with the reason; and it is never put there by itself.
    for (int closed = 0; closed < 2; closed++) {
        assert_int_equal(bus_promise(t->county, t->points[1], false, &need, 0, closes_ms, &promise,
                                     &err), OK);
        assert_int_equal(promise.day, day + 1);
        assert_int_equal(promise.why_later, BUS_CUT_OFF);
        assert_int_equal(in_state(day + 1, "waiting"), 0);
        if (!closed) bus_test_close(t, day);
    }
    assert_int_equal(bus_test_withdraw(t, c.id, closes_ms - 1, &err), CONFLICT);
    assert_int_equal(in_state(day, "planned"), 1);
    late.day = day + 1;
    assert_int_equal(bus_test_consign(t, &late, &err), OK);
}

/* A customer who orders again and again until it is past eleven. */
struct putter {
    struct entry entry;       // first
    pthread_t thread;
    struct consignment goods;
    int64_t taken, refused, wrong, last_ms;
};

static enum status act_put(struct tx *tx, struct entry *entry, struct err *err)
{
    return bus_consign(tx, &((struct putter *)(void *)entry)->goods, err);
}

static pthread_mutex_t put_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t put_done = PTHREAD_COND_INITIALIZER;

static void done(struct entry *entry)
{
    pthread_mutex_lock(&put_lock);
    ((struct putter *)(void *)entry)->goods.made_ms = 0;
    pthread_cond_broadcast(&put_done);
    pthread_mutex_unlock(&put_lock);
}

static void *put(void *of)
{
    struct putter *p = of;
    int64_t closes_ms = bus_at(23, 0, 0, 0), made_ms;
    do {
        int ticket;
        struct arena *arena = arena_open(1 << 20);
        made_ms = writer_arrive(t->county->writer, t->county->clock, &ticket);
        p->goods.made_ms = made_ms;
        p->entry = (struct entry){ .lane = LANE_ORDER, .arena = arena, .act = act_put,
                                   .done = done };
        enum status queued = writer_put(t->county->writer, &p->entry);
        writer_arrived(t->county->writer, ticket);
        pthread_mutex_lock(&put_lock);
        while (queued == OK && p->goods.made_ms != 0) pthread_cond_wait(&put_done, &put_lock);
        pthread_mutex_unlock(&put_lock);
        arena_free(arena);
        if (queued != OK) continue;
        bool in_time = made_ms < closes_ms;
        p->taken += p->entry.status == OK;
        p->refused += p->entry.status == CONFLICT;
        p->wrong += p->entry.status != (in_time ? OK : CONFLICT);
    } while (made_ms < closes_ms);
    return NULL;
}

static enum status act_close_entry(struct tx *tx, struct entry *entry, struct err *err)
{
    (void)entry;
    return wave_close_due(tx, bus_at(23, 0, 0, 0), err);
}

static void two_hundred(void **state)
{
    t = bus_test_of(state);
    enum { PUTTERS = 200 };
    static struct putter putters[PUTTERS];
    int64_t taken = 0, wrong = 0, refused_late = 0, closes_ms = bus_at(23, 0, 0, 0);
    clock_turn(t->county->clock, closes_ms - 60, true);
    for (int i = 0; i < PUTTERS; i++) {
        putters[i] = (struct putter){ .goods = bus_test_goods(t, t->places[i % BUS_PLACES], false,
                                                              bus_tomorrow(), 0,
                                                              (struct need){ 10, 50, 0 }) };
        assert_int_equal(pthread_create(&putters[i].thread, NULL, put, &putters[i]), 0);
    }
    while (county_now_ms(t->county) < closes_ms) {}   // the barrier is for an instant that has come
    struct arena *arena = arena_open(64 << 20);
    struct putter closing = { .entry = { .lane = LANE_ORDER, .arena = arena,
                                         .act = act_close_entry, .done = done },
                              .goods = { .made_ms = 1 } };
    assert_int_equal(writer_barrier(t->county->writer, closes_ms, &closing.entry), OK);
    for (int i = 0; i < PUTTERS; i++) {
        pthread_join(putters[i].thread, NULL);
        taken += putters[i].taken;
        wrong += putters[i].wrong;
        refused_late += putters[i].refused;
    }
    pthread_mutex_lock(&put_lock);
    while (closing.goods.made_ms != 0) pthread_cond_wait(&put_done, &put_lock);
    pthread_mutex_unlock(&put_lock);
    assert_int_equal(closing.entry.status, OK);
    arena_free(arena);
    clock_turn(t->county->clock, closes_ms + 100, false);
    night_idle(bus_of(t->county)->night);
    assert_int_equal(wrong, 0);
    assert_true(taken > 0);
    assert_true(refused_late > 0);   // each went on until then
    assert_int_equal(in_state(bus_tomorrow(), "planned"), taken);
    assert_int_equal(in_state(bus_tomorrow() + 1, "waiting"), 0);
}

/* ---- undoing ---- */

static enum status act_both(struct tx *tx, void *of, struct err *err)
{
    const struct consignment *before = of;
    struct consignment more = *before;
    TRY(bus_consign(tx, &more, err));
    return bus_withdraw(tx, before->id, before->made_ms, err);
}

static enum status act_and_fail(struct tx *tx, void *of, struct err *err)
{
    TRY(act_both(tx, of, err));
    return err_set(err, DENIED, NULL, "All the same.");
}

static void failed_act(void **state)
{
    t = bus_test_of(state);
    struct err err;
    struct need need = { 3000, 45000, 9000 };
    struct consignment c = bus_test_goods(t, t->points[6], false, bus_tomorrow(),
                                          county_now_ms(t->county), need);
    assert_int_equal(bus_test_consign(t, &c, &err), OK);
    live_is_rows();
    assert_int_equal(bus_test_act(t, act_and_fail, &c, &err), DENIED);
    live_is_rows();
    assert_int_equal(bus_test_act(t, act_both, &c, &err), OK);
    live_is_rows();
}

static int begin_faulty(void **state)
{
    fault_start();
    int begun = bus_test_sqlite(state);
    t = *state;
    return begun;
}

static int end_faulty(void **state)
{
    int ended = bus_test_over(state);
    fault_end();
    return ended;
}

static void failed_commit(void **state)
{
    struct err err;
    struct rng rng = rng_seeded(6);
    struct consignment c = bus_test_goods(t, t->points[3], false, bus_tomorrow(),
                                          county_now_ms(t->county), (struct need){ 900, 9000, 0 });
    (void)state;
    assert_int_equal(bus_test_consign(t, &c, &err), OK);
    for (int i = 0; i < 20; i++) {
        bool first = i % 2 == 0;   // before there is a row of the wave, too
        int64_t day = bus_tomorrow() + (first ? i / 2 % LIVE_DAYS : 0);
        struct consignment more = bus_test_goods(t, t->places[rng_below(&rng, BUS_PLACES)],
                                                 i % 3 == 0, day, c.made_ms, some_need(&rng));
        fault_at(FAULT_SYNC, 1, 10, true);   // SQLITE_IOERR
        enum status failed = first ? bus_test_consign(t, &more, &err)
                                   : bus_test_act(t, act_both, &c, &err);
        assert_int_equal(failed, BROKEN);
        fault_at(FAULT_SYNC, 0, 0, false);
        live_is_rows();
    }
    assert_int_equal(bus_test_consign(t, &c, &err), OK);
    live_is_rows();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_BUS("S1.4 what 1,000 were promised is in the plan at night", kept_at_night),
        TEST_BUS("S1.4 a restart keeps every promise", restart_keeps),
        TEST_BUS("S1.4 what can't be promised is refused with the reason", refused),
        TEST_BUS("S1.4 a new vehicle makes room at once", more_room),
        TEST_BUS("S1.5 23:00:00.000 is too late, and nothing is moved", to_the_millisecond),
        TEST_BUS("S1.5 200 writers around 23:00: nothing in two waves", two_hundred),
        TEST_BUS("L.2 an act that fails leaves the live plan as it was", failed_act),
        { "L.2 a commit that fails leaves the live plan as it was", failed_commit, begin_faulty,
          end_faulty, NULL },
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
