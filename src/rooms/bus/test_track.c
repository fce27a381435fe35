/* test_track.c - the public tracking page: from the order to the villager's hands. */
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "base/ids.h"
#include "base/test.h"
#include "db/testing.h"
#include "rooms/bus/inside.h"
#include "rooms/bus/testing.h"
#include "rooms/bus/track.h"
#include "rooms/bus/trip.h"
#include "route/route.h"

const struct test_room test_rooms[] = { { 0 } };

enum { ORDER_ID = 4711, CODE_KEY = 7 };
static const char right[] = "0012", wrong[] = "0013";   // of villagers[0]

static struct bus_test *t;
static char code[CODE_TEXT];

static json_t *track(const char *number, const char *tail)
{
    return bus_test_view(t, GET, "/track/{code}", (struct who){ 0 },
                         json_pack("{s:s, s:s}", "code", number, "tail", tail));
}

static bool yes(const json_t *view, const char *name)
{
    return json_is_true(json_object_get(view, name));
}

static const char *text(const json_t *view, const char *name)
{
    return json_string_value(json_object_get(view, name));
}

/* Everything that the page says but what was asked. */
static char *said(json_t *view)
{
    json_object_del(view, "code");
    json_object_del(view, "tail");
    char *dump = json_dumps(view, JSON_COMPACT | JSON_SORT_KEYS);
    json_decref(view);
    assert_non_null(dump);
    return dump;
}

static bool same(json_t *a, json_t *b)
{
    char *one = said(a), *other = said(b);
    bool equal = strcmp(one, other) == 0;
    free(one);
    free(other);
    return equal;
}

/* An order of villagers[0] at points[3], and things for others. */
static int64_t consign(void)
{
    struct err err;
    struct consignment mine = { 0 };
    for (int i = 0; i < 6; i++) {
        struct consignment c = bus_test_goods(t, t->points[3 + i % 2], false, bus_tomorrow(),
                                              county_now_ms(t->county),
                                              (struct need){ 3000, 8000, 0 });
        c.document_id = ORDER_ID + i;
        c.party_id = t->villagers[i > 0];
        assert_int_equal(bus_test_consign(t, &c, &err), OK);
        if (i == 0) mine = c;
    }
    code_print(CODE_KEY, ORDER_ID, code);
    return mine.id;
}

static const struct sql find_bag = SQL(
    "SELECT u.code, coalesce(p.code, ''), u.stop_id FROM unit AS u"
    " LEFT JOIN unit AS p ON p.id = u.planned_parent_id WHERE u.consignment_id = $1");

struct bag { char code[40], crate[40]; int64_t stop_id; };

static struct bag bag_of(int64_t consignment_id)
{
    struct bag bag;
    struct rows *rows;
    struct tx *tx = bus_test_read(t);
    assert_int_equal(db_first(tx, &find_bag, ARGS(i64(consignment_id)), &rows), OK);
    snprintf(bag.code, sizeof bag.code, "%s", row_str(rows, 0));
    snprintf(bag.crate, sizeof bag.crate, "%s", row_str(rows, 1));
    bag.stop_id = row_i64(rows, 2);
    bus_test_read_end(t, tx);
    assert_true(bag.crate[0]);
    return bag;
}

static struct consignment_now now_of(int64_t consignment_id)
{
    struct consignment_now now;
    struct err err;
    struct tx *tx = bus_test_read(t);
    assert_int_equal(bus_consignment_now(tx, consignment_id, &now, &err), OK);
    bus_test_read_end(t, tx);
    return now;
}

static void later(int minutes)
{
    clock_turn(t->county->clock, county_now_ms(t->county) + minutes * MINUTE_MS, false);
}

/* Sends one act of a phone (taken over); seven minutes later it is time for the next. */
static void act(const char *id, const char *kind, json_t *fields)
{
    json_object_set_new(fields, "id", json_string(id));
    json_object_set_new(fields, "kind", json_string(kind));
    json_object_set_new(fields, "scanned_ms", json_integer(county_now_ms(t->county)));
    json_t *view = bus_test_view(t, POST, "/bus/acts", t->dispatcher,
                                 json_pack("{s:[o]}", "acts", fields));
    const json_t *answer = json_array_get(json_object_get(view, "answers"), 0);
    assert_string_equal(text(answer, "result"), "done");
    json_decref(view);
    later(7);
}

static void hand_over(const char *id, const char *unit, int64_t giver_id, int64_t taker_id,
                      int64_t place_id)
{
    act(id, "hand_over", json_pack("{s:s, s:I, s:I, s:I}", "code", unit, "giver_id",
                                   (json_int_t)giver_id, "taker_id", (json_int_t)taker_id,
                                   "place_id", (json_int_t)place_id));
}

static void expect_events(const json_t *view, const char *const *texts, size_t count)
{
    const json_t *events = json_object_get(view, "events");
    int64_t before_ms = 0;
    assert_int_equal(json_array_size(events), count);
    for (size_t i = 0; i < count; i++) {
        const json_t *event = json_array_get(events, i);
        int64_t at_ms = json_integer_value(json_object_get(event, "at_ms"));
        assert_string_equal(text(event, "text"), texts[i]);
        assert_true(strlen(text(event, "place")) > 0 && at_ms >= before_ms);
        before_ms = at_ms;
    }
}

/* ---- tests ---- */

static void whole_way(void **state)
{
    t = bus_test_of(state);
    int64_t id = consign();
    json_t *view = track(code, right);
    assert_true(yes(view, "found") && !yes(view, "expected") && yes(view, "coming"));
    assert_string_equal(text(view, "place"), "Point 3");
    json_decref(view);

    bus_test_close(t, bus_tomorrow());
    struct consignment_now now = now_of(id);
    view = track(code, right);
    int64_t from_ms = json_integer_value(json_object_get(view, "from_ms"));
    int64_t until_ms = json_integer_value(json_object_get(view, "until_ms"));
    assert_true(yes(view, "expected") && from_ms < now.eta_ms && until_ms > now.eta_ms);
    json_decref(view);

    clock_turn(t->county->clock, bus_at(5, 0, 0, 0) + DAY_MS, false);
    struct bag bag = bag_of(id);
    struct tx *tx = bus_test_read(t);
    struct trip trip;
    struct err err;
    assert_int_equal(trip_get(tx, now.trip_id, &trip, &err), OK);
    bus_test_read_end(t, tx);
    act("t1", "pack", json_pack("{s:s, s:s, s:I}", "code", bag.code, "crate", bag.crate,
                                "place_id", (json_int_t)t->hub_id));
    hand_over("t2", bag.crate, t->hub_id, trip.driver_id, t->hub_id);
    act("e1", "depart", json_pack("{s:I}", "trip_id", (json_int_t)trip.id));
    act("e2", "arrive", json_pack("{s:I}", "stop_id", (json_int_t)bag.stop_id));
    hand_over("t3", bag.crate, trip.driver_id, t->points[3], t->points[3]);
    view = track(bag.code, right);   // the bag's own code does as well
    assert_string_equal(text(view, "state_text"), "It is there. You can collect it.");
    assert_true(!yes(view, "coming"));
    json_decref(view);
    hand_over("t4", bag.code, t->points[3], t->villagers[0], t->points[3]);
    hand_over("t5", bag.crate, t->points[3], trip.driver_id, t->points[3]);   // goes back empty
    view = track(code, right);
    assert_string_equal(text(view, "state_text"), "It was collected.");
    static const char *const texts[] = {
        "Ordered", "A place on the bus is booked", "Packed at the hub", "Loaded on the bus",
        "The bus has left the hub", "The bus is at the stop", "Arrived at the village point",
        "Collected" };
    expect_events(view, texts, COUNT(texts));
    json_decref(view);
}

static void no_oracle(void **state)
{
    t = bus_test_of(state);
    consign();
    bus_test_close(t, bus_tomorrow());
    assert_true(same(track(code, wrong), track("SF999", wrong)));
    assert_true(same(track(code, "12"), track(code, "13800000012")));
    assert_true(same(track(code, wrong), track("", "x")) == false);   // an empty form says nothing
    char *all = said(track(code, right));
    static const char *const personal[] = { "Person", "138000", "0012", "BUS-" };
    for (size_t i = 0; i < COUNT(personal); i++) assert_null(strstr(all, personal[i]));
    free(all);
}

static void limited(void **state)
{
    t = bus_test_of(state);
    int64_t id = consign();
    bus_test_close(t, bus_tomorrow());
    struct bag bag = bag_of(id);
    for (int i = 0; i < TRACK_FREE; i++) json_decref(track(code, wrong));
    assert_true(same(track(code, right), track("SF999", right)));   // locked, and doesn't say so
    json_t *view = track(bag.code, right);                          // another number is not
    assert_true(yes(view, "found"));
    json_decref(view);
    later(9);
    view = track(code, right);
    assert_true(!yes(view, "found"));
    json_decref(view);
    later(1);
    for (int i = 0; i < 3 * TRACK_FREE; i++) {   // a right one counts for nothing
        view = track(code, right);
        assert_true(yes(view, "found"));
        json_decref(view);
    }
}

static void tries(void **state)
{
    (void)state;
    static struct track_tries all;
    for (int i = 0; i < TRACK_FREE; i++) assert_true(track_try(&all, 9, 1000));
    assert_false(track_try(&all, 9, 1000 + TRACK_LOCK_MS - 1));
    for (uint64_t n = 1; n <= 3 * TRACK_WAYS; n++)   // others of its set do not push it out
        assert_true(track_try(&all, 9 + n * TRACK_SETS, 2000));
    assert_false(track_try(&all, 9, 2000));
    assert_true(track_try(&all, 9, 1000 - TRACK_LOCK_MS));   // the clock was turned back
    track_forgive(&all, 9);
    for (int i = 0; i < TRACK_FREE; i++) assert_true(track_try(&all, 9, 3000));
}

static void ranges(void **state)
{
    (void)state;
    int64_t eta_ms = bus_at(9, 7, 30, 0);
    struct track_range r = track_range(eta_ms, bus_at(5, 0, 0, 0), false);
    assert_true(r.from_ms == bus_at(8, 50, 0, 0) && r.until_ms == bus_at(9, 30, 0, 0));
    r = track_range(eta_ms, bus_at(9, 0, 0, 0), true);
    assert_true(r.from_ms == bus_at(9, 0, 0, 0) && r.until_ms == bus_at(9, 15, 0, 0));
    r = track_range(eta_ms, bus_at(9, 58, 0, 0), true);   // overdue: never a time that is past
    assert_true(r.from_ms == bus_at(9, 55, 0, 0) && r.until_ms == bus_at(10, 5, 0, 0));
}

int main(int argc, char **argv)
{
    if (argc > 1) return route_command(argc - 1, argv + 1);   // the planning child
    const struct CMUnitTest tests[] = {
        TEST_BUS("S3.6 tracked from the order to the villager's hands, each event with its place",
                 whole_way),
        TEST_BUS("S3.6 wrong digits and unknown numbers have one answer; no personal data",
                 no_oracle),
        TEST_BUS("S3.6 five wrong tries lock a number for ten minutes, and nobody is told",
                 limited),
        TEST("S3.6 others' tries do not unlock a number", tries),
        TEST("S3.6 when the bus comes is told as a range, never in the past", ranges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
