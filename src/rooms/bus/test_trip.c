/* test_trip.c - the morning: acts of phones, ETAs, closed roads, a bus that breaks down. */
#include <stdio.h>
#include <string.h>
#include "base/arena.h"
#include "base/clock.h"
#include "base/test.h"
#include "db/testing.h"
#include "rooms/bus/acts.h"
#include "rooms/bus/closure.h"
#include "rooms/bus/custody.h"
#include "rooms/bus/inside.h"
#include "rooms/bus/testing.h"
#include "rooms/bus/trip.h"

const struct test_room test_rooms[] = { { 0 } };

static struct bus_test *t;   // of the test that runs

/* ---- a published morning ---- */

enum { STOPS_MAX = 20, TRIPS_MAX = 8 };

struct morning {
    size_t trip_count, stop_count[TRIPS_MAX];
    struct trip trips[TRIPS_MAX];
    struct stop stops[TRIPS_MAX][STOPS_MAX];
};

static void read_morning(struct morning *m)
{
    struct tx *tx = bus_test_read(t);
    struct trip *trips;
    assert_int_equal(trip_list(tx, bus_tomorrow(), 0, &trips, &m->trip_count), OK);
    assert_true(m->trip_count > 0 && m->trip_count <= TRIPS_MAX);
    for (size_t i = 0; i < m->trip_count; i++) {
        struct stop *stops;
        m->trips[i] = trips[i];
        assert_int_equal(trip_stops(tx, trips[i].id, &stops, &m->stop_count[i]), OK);
        assert_true(m->stop_count[i] <= STOPS_MAX);
        memcpy(m->stops[i], stops, m->stop_count[i] * sizeof *stops);
        m->trips[i].state = m->trips[i].plate = "";   // of the arena that goes
        for (size_t s = 0; s < m->stop_count[i]; s++)
            m->stops[i][s].state = m->stops[i][s].place = "";
    }
    bus_test_read_end(t, tx);
}

/* Something for every place, published at 23:00; then it is seven o'clock. */
static void publish_morning(struct morning *m)
{
    int64_t now_ms = county_now_ms(t->county);
    struct err err;
    for (int i = 0; i < 2 * BUS_PLACES; i++) {
        struct consignment c = bus_test_goods(t, t->places[i % BUS_PLACES], i % 7 == 6,
                                              bus_tomorrow(), now_ms,
                                              (struct need){ 4000, 30000, i % 3 * 2000 });
        assert_int_equal(bus_test_consign(t, &c, &err), OK);
    }
    bus_test_close(t, bus_tomorrow());
    clock_turn(t->county->clock, bus_at(7, 0, 0, 0) + DAY_MS, false);
    read_morning(m);
}

/* The longest trip, so that there is something to be told of it. */
static size_t longest(const struct morning *m)
{
    size_t best = 0;
    for (size_t i = 1; i < m->trip_count; i++)
        if (m->stop_count[i] > m->stop_count[best]) best = i;
    assert_true(m->stop_count[best] >= 3);
    return best;
}

static struct who driver_of(const struct trip *trip)
{
    for (int i = 0; i < BUS_VEHICLES; i++)
        if (t->drivers[i] == trip->driver_id) return t->driver[i];
    fail_msg("no driver");
    return t->driver[0];
}

/* ---- acts ---- */

static json_t *trip_act(const char *id, const char *kind, const char *field, int64_t value,
                        int64_t at_ms)
{
    return json_pack("{s:s, s:s, s:I, s:I}", "id", id, "kind", kind, field, (json_int_t)value,
                     "scanned_ms", (json_int_t)at_ms);
}

/* Sends a batch (taken over); the answers are the caller's. */
static json_t *send(struct who who, json_t *acts)
{
    json_t *view = bus_test_view(t, POST, "/bus/acts", who, json_pack("{s:o}", "acts", acts));
    json_t *answers = json_incref(json_object_get(view, "answers"));
    json_decref(view);
    return answers;
}

static const char *text_of(const json_t *answers, size_t n, const char *name)
{
    const char *text = json_string_value(json_object_get(json_array_get(answers, n), name));
    return text ? text : "";
}

static void send_one(struct who who, json_t *act, const char *expected)
{
    json_t *answers = send(who, json_pack("[o]", act));
    if (strcmp(text_of(answers, 0, "result"), expected) != 0)
        fail_msg("%s: %s", text_of(answers, 0, "result"), text_of(answers, 0, "text"));
    json_decref(answers);
}

static const struct sql find_bag = SQL(
    "SELECT u.id, u.code, c.code, s.place_id, u.holder_id, s.trip_id FROM unit AS u"
    " JOIN unit AS c ON c.id = u.planned_parent_id JOIN trip_stop AS s ON s.id = u.stop_id"
    " WHERE s.trip_id = $1 AND s.seq = $2 ORDER BY u.id LIMIT 1");

struct bag { char code[24], crate[24]; int64_t place_id, holder_id, trip_id; };

static struct bag bag_of(int64_t trip_id, int64_t seq)
{
    struct rows *rows;
    struct bag bag;
    struct tx *tx = bus_test_read(t);
    assert_int_equal(db_first(tx, &find_bag, ARGS(i64(trip_id), i64(seq)), &rows), OK);
    snprintf(bag.code, sizeof bag.code, "%s", row_str(rows, 1));
    snprintf(bag.crate, sizeof bag.crate, "%s", row_str(rows, 2));
    bag.place_id = row_i64(rows, 3);
    bag.holder_id = row_i64(rows, 4);
    bag.trip_id = row_i64(rows, 5);
    bus_test_read_end(t, tx);
    return bag;
}

static json_t *hand_over(const char *id, const char *code, int64_t giver_id, int64_t taker_id,
                         int64_t at_ms)
{
    return json_pack("{s:s, s:s, s:s, s:I, s:I, s:I}", "id", id, "kind", "hand_over", "code",
                     code, "giver_id", (json_int_t)giver_id, "taker_id", (json_int_t)taker_id,
                     "scanned_ms", (json_int_t)at_ms);
}

static void answer_for_each(void **state)
{
    t = bus_test_of(state);
    static struct morning m;
    publish_morning(&m);
    size_t n = longest(&m);
    struct bag bag = bag_of(m.trips[n].id, 1);
    struct who driver = driver_of(&m.trips[n]);
    int64_t seven = county_now_ms(t->county), hub = t->hub_id;
    json_t *batch = json_pack("[o, o, o, o, o, o]",
        json_pack("{s:s, s:s, s:s, s:s, s:I}", "id", "pack", "kind", "pack", "code", bag.code,
                  "crate", bag.crate, "scanned_ms", (json_int_t)(seven - 9000)),
        hand_over("load", bag.crate, hub, driver.user_id, seven - 5000),
        hand_over("what", "no such code", hub, driver.user_id, seven - 4000),
        json_pack("{s:s, s:s}", "id", "half", "kind", "hand_over"),       // unreadable
        trip_act("go", "depart", "trip_id", m.trips[n].id, seven - 1000),
        hand_over("not mine", bag.code, t->villagers[0], t->keepers[0], seven));
    json_t *answers = send(driver, json_deep_copy(batch));
    static const char *const first[] = { "done", "done", "refused", "refused", "done",
                                         "refused" };
    for (size_t i = 0; i < COUNT(first); i++)
        assert_string_equal(text_of(answers, i, "result"), first[i]);
    assert_string_equal(text_of(answers, 2, "text"), "Nobody knows this code.");
    assert_string_equal(text_of(answers, 3, "id"), "half");
    json_decref(answers);

    // The same again, a minute later: each answer again, nothing twice.
    clock_turn(t->county->clock, seven + MINUTE_MS, false);
    static const char *const again[] = { "already", "already", "refused", "refused", "already",
                                         "refused" };
    answers = send(driver, batch);
    for (size_t i = 0; i < COUNT(again); i++)
        assert_string_equal(text_of(answers, i, "result"), again[i]);
    assert_int_equal(json_integer_value(json_object_get(json_array_get(answers, 0),
                                                        "received_ms")), seven);
    json_decref(answers);
    assert_int_equal(bag_of(m.trips[n].id, 1).holder_id, driver.user_id);
    // Another body under the same id.
    send_one(driver, hand_over("load", bag.crate, hub, t->drivers[0] + t->drivers[1]
                               - driver.user_id, seven - 5000), "refused");
    send_one(driver, trip_act("go", "depart", "trip_id", m.trips[n].id, seven - 1001), "refused");
    send_one(driver, trip_act("pack", "depart", "trip_id", m.trips[n].id, seven), "done");
    static const struct sql count = SQL("SELECT count(*) FROM custody_event");
    assert_int_equal(bus_test_number(t, &count, NO_ARGS), 2);
}

static void clocks(void **state)
{
    t = bus_test_of(state);
    static struct morning m;
    publish_morning(&m);
    size_t n = longest(&m);
    struct who driver = driver_of(&m.trips[n]);
    int64_t seven = county_now_ms(t->county);
    static const struct sql find_event = SQL("SELECT at_ms FROM trip_event WHERE event_id = $1");
    static const struct sql find_phone = SQL(
        "SELECT phone_ms FROM trip_event WHERE event_id = $1");
    // An hour fast, and it knows: corrected, told, both times kept.
    json_t *act = trip_act("fast", "depart", "trip_id", m.trips[n].id, seven + HOUR_MS);
    json_object_set_new(act, "offset_ms", json_integer(-HOUR_MS - 5000));
    json_t *answers = send(driver, json_pack("[o]", act));
    assert_int_equal(json_integer_value(json_object_get(json_array_get(answers, 0),
                                                        "clock_off_ms")), -HOUR_MS - 5000);
    json_decref(answers);
    assert_int_equal(bus_test_number(t, &find_event, ARGS(str("fast"))), seven - 5000);
    assert_int_equal(bus_test_number(t, &find_phone, ARGS(str("fast"))), seven + HOUR_MS);
    // A day fast, and it doesn't know: it happened when it was received, also when sent again.
    for (int i = 0; i < 2; i++) {
        act = trip_act("blind", "arrive", "stop_id", m.stops[n][0].id, seven + DAY_MS);
        send_one(driver, act, i ? "already" : "done");
        assert_int_equal(bus_test_number(t, &find_event, ARGS(str("blind"))), seven);
        clock_turn(t->county->clock, seven + HOUR_MS, false);
    }
    // All day without signal: its time is the phone's.
    act = trip_act("late", "leave", "stop_id", m.stops[n][0].id, seven + MINUTE_MS);
    send_one(driver, act, "done");
    assert_int_equal(bus_test_number(t, &find_event, ARGS(str("late"))), seven + MINUTE_MS);
}

/* ---- times in every order ---- */

/* The k-th of the n! orders of 0 .. n-1. */
static void permutation(size_t k, size_t n, size_t order[])
{
    for (size_t i = 0; i < n; i++) order[i] = i;
    for (; n > 0; k /= n, n--) {
        size_t picked = order[k % n];
        order[k % n] = order[n - 1];
        order[n - 1] = picked;
    }
}

struct telling { struct trip_event event; };

static enum status act_tell(struct tx *tx, void *of, struct err *err)
{
    struct telling *telling = of;
    int64_t received_ms;
    return trip_record(tx, &telling->event, &received_ms, err);
}

static enum status forget(struct tx *tx, void *of, struct err *err)
{
    static const struct sql events = SQL("DELETE FROM trip_event");
    static const struct sql stops = SQL(
        "UPDATE trip_stop SET state = 'planned', arrived_ms = NULL, departed_ms = NULL,"
        " eta_ms = arrives_ms");
    static const struct sql trips = SQL(
        "UPDATE trip SET state = 'planned', departed_ms = NULL, returned_ms = NULL");
    (void)of;
    (void)err;
    TRY(db_run(tx, &events, NO_ARGS));
    TRY(db_run(tx, &stops, NO_ARGS));
    return db_run(tx, &trips, NO_ARGS);
}

static void times_in_any_order(void **state)
{
    t = bus_test_of(state);
    static struct morning m, first, now;
    publish_morning(&m);
    size_t n = longest(&m);
    const struct stop *s = m.stops[n];
    int64_t trip = m.trips[n].id, gone = m.trips[n].departs_ms;
    enum { MIN = MINUTE_MS };
    const struct trip_event told[] = {
        { "d", TRIP_DEPART, trip, 0, 0, 0, 0, gone + 4 * MIN, 1 },
        { "a1", TRIP_ARRIVE, 0, s[0].id, 0, 0, 0, s[0].arrives_ms + 5 * MIN, 1 },
        { "a1b", TRIP_ARRIVE, 0, s[0].id, 0, 0, 0, s[0].arrives_ms + 6 * MIN, 1 },   // a second tap
        { "l1", TRIP_LEAVE, 0, s[0].id, 0, 0, 0, s[0].departs_ms + 8 * MIN, 1 },
        { "s2", TRIP_SKIP, 0, s[1].id, 0, 0, 0, s[1].arrives_ms + 7 * MIN, 1 },
        { "a3", TRIP_ARRIVE, 0, s[2].id, 0, 0, 0, s[2].arrives_ms - 2 * MIN, 1 },
    };
    struct err err;
    for (size_t k = 0; k < 720; k += 7) {
        size_t order[COUNT(told)];
        permutation(k, COUNT(told), order);
        for (size_t i = 0; i <= COUNT(told); i++) {
            struct telling telling = { told[order[i % COUNT(told)]] };
            assert_int_equal(bus_test_act(t, act_tell, &telling, &err), OK);
        }
        read_morning(k == 0 ? &first : &now);
        if (k > 0) assert_memory_equal(&now.stops[n], &first.stops[n], sizeof now.stops[n]);
        if (k > 0) assert_int_equal(now.trips[n].departed_ms, first.trips[n].departed_ms);
        assert_int_equal(bus_test_act(t, forget, NULL, &err), OK);
    }
    assert_int_equal(first.trips[n].departed_ms, gone + 4 * MIN);
    assert_int_equal(first.stops[n][0].arrived_ms, s[0].arrives_ms + 5 * MIN);
    assert_int_equal(first.stops[n][0].eta_ms, s[0].arrives_ms + 5 * MIN);
    assert_int_equal(first.stops[n][1].eta_ms, s[1].arrives_ms + 8 * MIN);
    for (size_t i = 3; i < m.stop_count[n]; i++)
        assert_int_equal(first.stops[n][i].eta_ms, s[i].arrives_ms - 2 * MIN);
}

/* ---- S2.14 ---- */

static int64_t close_road(int way_id, int64_t until_ms)
{
    json_t *view = bus_test_view(t, POST, "/bus/closures", t->dispatcher,
                                 json_pack("{s:i, s:s, s:I}", "way_id", way_id, "reason",
                                           "landslide", "until_ms", (json_int_t)until_ms));
    int64_t id = json_integer_value(json_object_get(view, "id"));
    json_decref(view);
    refresher_idle(bus_of(t->county)->refresher);
    return id;
}

static void open_road(int64_t id)
{
    json_decref(bus_test_view(t, POST, "/bus/closures/{closure_id}/end", t->dispatcher,
                              json_pack("{s:I}", "closure_id", (json_int_t)id)));
    refresher_idle(bus_of(t->county)->refresher);
}

static enum bus_reason why(int point, int64_t day_min, struct promise *promise)
{
    struct err err;
    enum status told = bus_promise(t->county, t->points[point], false, &(struct need){ 1, 1, 0 },
                                   day_min, county_now_ms(t->county), promise, &err);
    assert_true(told == OK || told == NOT_FOUND);
    return promise->why_later;
}

static void road_closed(void **state)
{
    t = bus_test_of(state);
    struct promise before, after, other;
    struct err err;
    int64_t day = bus_tomorrow(), now_ms = county_now_ms(t->county);
    assert_int_equal(why(6, 0, &before), BUS_FITS);
    assert_int_equal(why(7, 0, &other), BUS_FITS);

    // For good: no day can be promised at the end of the dead end, and the reason is told.
    int64_t id = close_road(BUS_WAY_DEAD_END, 0);
    assert_int_equal(why(6, 0, &after), BUS_NO_ROAD);
    struct consignment c = bus_test_goods(t, t->points[6], false, day, now_ms,
                                          (struct need){ 1, 1, 0 });
    assert_int_equal(bus_test_consign(t, &c, &err), CONFLICT);
    assert_string_equal(err.text, bus_reason_text(BUS_NO_ROAD));
    assert_int_equal(why(7, 0, &after), BUS_FITS);
    assert_int_equal(after.eta_ms, other.eta_ms);
    bus_test_restart(t);                      // the closure is a row
    assert_int_equal(why(6, 0, &after), BUS_NO_ROAD);
    open_road(id);
    assert_int_equal(why(6, 0, &after), BUS_FITS);
    assert_int_equal(after.eta_ms, before.eta_ms);

    // Until tomorrow noon: the day after is offered. Until tonight: nobody is hindered tomorrow.
    id = close_road(BUS_WAY_DEAD_END, bus_at(12, 0, 0, 0) + DAY_MS);
    assert_int_equal(why(6, 0, &after), BUS_NO_ROAD);
    assert_int_equal(after.day, day + 1);
    open_road(id);
    id = close_road(BUS_WAY_DEAD_END, bus_at(22, 0, 0, 0));
    assert_int_equal(why(6, 0, &after), BUS_FITS);
    assert_int_equal(after.day, day);
    open_road(id);

    // The pass closed: round by the loop, later.
    close_road(BUS_WAY_DIRECT, 0);
    assert_int_equal(why(7, 0, &after), BUS_FITS);
    assert_true(after.eta_ms > other.eta_ms);
}

static void etas_follow_roads(void **state)
{
    t = bus_test_of(state);
    static struct morning m, closed, told, open;
    publish_morning(&m);
    int64_t later = 0, cut_off = 0;
    int64_t pass = close_road(BUS_WAY_DIRECT, 0), top = close_road(BUS_WAY_DEAD_END, 0);
    read_morning(&closed);
    for (size_t i = 0; i < m.trip_count; i++)
        for (size_t s = 0; s < m.stop_count[i]; s++) {
            assert_true(closed.stops[i][s].eta_ms >= m.stops[i][s].eta_ms);
            later += closed.stops[i][s].eta_ms > m.stops[i][s].eta_ms + 60000;
            cut_off += closed.stops[i][s].place_id == t->points[5]
                    || closed.stops[i][s].place_id == t->points[6];
        }
    assert_true(later > 0);
    static const struct sql count_cases = SQL(
        "SELECT count(*) FROM case_case WHERE about_kind = 'stop' AND title LIKE 'road%'");
    assert_int_equal(bus_test_number(t, &count_cases, NO_ARGS), cut_off);
    assert_true(cut_off > 0);

    // What drivers tell does not make the detour forgotten.
    size_t n = longest(&m);
    struct who driver = driver_of(&m.trips[n]);
    send_one(driver, trip_act("d", "depart", "trip_id", m.trips[n].id,
                              m.trips[n].departs_ms + MINUTE_MS), "done");
    read_morning(&told);
    for (size_t s = 0; s < m.stop_count[n]; s++)
        assert_int_equal(told.stops[n][s].eta_ms, closed.stops[n][s].eta_ms + MINUTE_MS);

    open_road(pass);
    open_road(top);
    read_morning(&open);
    for (size_t s = 0; s < m.stop_count[n]; s++)
        assert_int_equal(open.stops[n][s].eta_ms, m.stops[n][s].eta_ms + MINUTE_MS);
    static const struct sql count_road = SQL(
        "SELECT count(*) FROM trip_stop WHERE cause IS NOT NULL");
    assert_int_equal(bus_test_number(t, &count_road, NO_ARGS), 0);
}

/* ---- rescue ---- */

static enum status rescue(int64_t trip_id, int64_t vehicle_id, int64_t *new_trip_id)
{
    struct err err;
    json_t *view = NULL;
    enum status done = bus_test_call(t, POST, "/bus/trips/{trip_id}/rescue", t->dispatcher,
                                     json_pack("{s:I, s:I, s:s}", "trip_id", (json_int_t)trip_id,
                                               "vehicle_id", (json_int_t)vehicle_id, "note",
                                               "gearbox"), &view, &err);
    if (done == OK) *new_trip_id = json_integer_value(json_object_get(view, "trip_id"));
    json_decref(view);
    return done;
}

/* A vehicle that has no trip under way; not the one of `trip`. */
static int64_t free_vehicle(const struct trip *trip)
{
    for (int i = 0; i < BUS_VEHICLES; i++)
        if (t->vehicles[i] != trip->vehicle_id) return t->vehicles[i];
    return 0;
}

static void bus_breaks_down(void **state)
{
    t = bus_test_of(state);
    static struct morning m, now;
    publish_morning(&m);
    size_t n = longest(&m);
    const struct stop *s = m.stops[n];
    struct who driver = driver_of(&m.trips[n]);
    int64_t trip_id = m.trips[n].id, new_id = 0, vehicle_id = free_vehicle(&m.trips[n]);
    send_one(driver, trip_act("d", "depart", "trip_id", trip_id, m.trips[n].departs_ms), "done");
    send_one(driver, trip_act("a", "arrive", "stop_id", s[1].id, s[1].arrives_ms), "done");
    send_one(driver, trip_act("l", "leave", "stop_id", s[1].id, s[1].departs_ms), "done");
    // The first stop was passed by: it is still ahead, and so are those from the third on.
    struct bag first = bag_of(trip_id, 1), third = bag_of(trip_id, 3);
    assert_int_equal(rescue(trip_id, m.trips[n].vehicle_id, &new_id), NOT_FOUND);
    assert_int_equal(rescue(4711, vehicle_id, &new_id), NOT_FOUND);
    assert_int_equal(rescue(trip_id, vehicle_id, &new_id), OK);
    assert_int_equal(rescue(trip_id, vehicle_id, &new_id), CONFLICT);

    read_morning(&now);
    size_t moved = now.trip_count - 1, old = n;
    assert_int_equal(now.trips[moved].id, new_id);
    assert_int_equal(now.trips[moved].vehicle_id, vehicle_id);
    assert_int_equal(now.stop_count[moved], m.stop_count[n] - 1);
    assert_int_equal(now.stop_count[old], 1);
    assert_int_equal(now.stops[old][0].id, s[1].id);
    assert_int_equal(now.stops[moved][0].place_id, s[0].place_id);
    int64_t at_ms = now.trips[moved].departs_ms;
    for (size_t i = 0; i < now.stop_count[moved]; i++) {
        assert_true(now.stops[moved][i].arrives_ms > at_ms);
        at_ms = now.stops[moved][i].departs_ms;
    }
    assert_true(now.trips[moved].returns_ms > at_ms);

    // Units and consignments have come along, and no other has.
    static const struct sql count_stray = SQL(
        "SELECT count(*) FROM consignment AS c JOIN trip_stop AS s ON s.id = c.stop_id"
        " JOIN unit AS u ON u.consignment_id = c.id WHERE c.state = 'planned'"
        " AND (s.state = 'replaced' OR s.trip_id <> c.trip_id OR s.place_id <> c.place_id"
        " OR u.stop_id <> c.stop_id)");
    assert_int_equal(bus_test_number(t, &count_stray, NO_ARGS), 0);
    struct bag first_now = bag_of(new_id, 1), third_now = bag_of(new_id, 2);
    assert_string_equal(first_now.code, first.code);
    assert_string_equal(third_now.code, third.code);
    static const struct sql count_cases = SQL(
        "SELECT count(*) FROM case_case WHERE about_kind = 'trip' AND about_id = $1");
    assert_int_equal(bus_test_number(t, &count_cases, ARGS(i64(trip_id))), 1);
    // The new driver goes on.
    struct who rescuer = driver_of(&now.trips[moved]);
    send_one(rescuer, trip_act("rd", "depart", "trip_id", new_id, now.trips[moved].departs_ms),
             "done");
    send_one(rescuer, trip_act("ra", "arrive", "stop_id", now.stops[moved][0].id,
                               now.stops[moved][0].arrives_ms), "done");
    send_one(driver, trip_act("rb", "arrive", "stop_id", now.stops[moved][1].id, at_ms),
             "refused");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_BUS("L.2 each act of a batch has its answer, sent again the same", answer_for_each),
        TEST_BUS("P.13 the county decides what time it was, and keeps the phone's", clocks),
        TEST_BUS("S2.13 a trip's times are the same in every order of arrival",
                 times_in_any_order),
        TEST_BUS("S2.14 a closed road changes promises, until it is open again", road_closed),
        TEST_BUS("S2.14 a closed road changes the times of buses on the way",
                 etas_follow_roads),
        TEST_BUS("S2.15 another bus takes over the stops and load of a broken one",
                 bus_breaks_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
