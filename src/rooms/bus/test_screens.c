/* test_screens.c - the buttons of a browser without script do what scans do; pages tell what is so.
 */
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "base/test.h"
#include "db/testing.h"
#include "rooms/bus/custody.h"
#include "rooms/bus/testing.h"

const struct test_room test_rooms[] = { { 0 } };

static struct bus_test *t;   // of the test that runs
static int presses;

/* ---- a published morning, its bags packed ---- */

static int64_t number(const json_t *view, const char *name)
{
    const json_t *value = json_object_get(view, name);
    assert_true(json_is_integer(value));
    return json_integer_value(value);
}

static bool told(const json_t *view, const char *name)
{
    const json_t *value = json_object_get(view, name);
    assert_true(json_is_boolean(value));
    return json_is_true(value);
}

static json_t *trip_of(int64_t trip_id, struct who who)
{
    return bus_test_view(t, GET, "/bus/trips/{trip_id}", who,
                         json_pack("{s:I}", "trip_id", (json_int_t)trip_id));
}

static json_t *board(void)
{
    return bus_test_view(t, GET, "/bus/days/{day}", t->dispatcher,
                         json_pack("{s:I}", "day", (json_int_t)bus_tomorrow()));
}

static struct who driver_of(const json_t *trip)
{
    for (int i = 0; i < BUS_VEHICLES; i++)
        if (t->drivers[i] == number(trip, "driver_id")) return t->driver[i];
    fail_msg("no driver");
    return t->driver[0];
}

/* The picker packs every bag into its crate. */
static void pack(int64_t trip_id)
{
    json_t *trip = trip_of(trip_id, t->picker), *acts = json_array(), *stop, *piece;
    size_t s, p;
    json_array_foreach(json_object_get(trip, "stops"), s, stop)
        json_array_foreach(json_object_get(stop, "pieces"), p, piece)
            if (json_is_string(json_object_get(piece, "crate")))
                json_array_append_new(acts, json_pack(
                    "{s:o, s:s, s:O, s:O, s:I}", "id",
                    json_sprintf("pack-%s", json_string_value(json_object_get(piece, "code"))),
                    "kind", "pack", "code", json_object_get(piece, "code"), "crate",
                    json_object_get(piece, "crate"), "scanned_ms",
                    (json_int_t)county_now_ms(t->county)));
    if (json_array_size(acts))
        json_decref(bus_test_view(t, POST, "/bus/acts", t->picker,
                                  json_pack("{s:O}", "acts", acts)));
    json_decref(acts);
    json_decref(trip);
}

/* Something down and up for every place, published; the trip with most stops. */
static int64_t morning(void)
{
    int64_t now_ms = county_now_ms(t->county), trip_id = 0, most = 0;
    struct err err;
    json_t *row;
    size_t i;
    for (int n = 0; n < 2 * BUS_PLACES; n++) {
        struct consignment c = bus_test_goods(t, t->places[n % BUS_PLACES], n >= BUS_PLACES,
                                              bus_tomorrow(), now_ms,
                                              (struct need){ 4000, 30000, 0 });
        assert_int_equal(bus_test_consign(t, &c, &err), OK);
    }
    bus_test_close(t, bus_tomorrow());
    json_t *day = board();
    json_array_foreach(json_object_get(day, "trips"), i, row) {
        pack(number(row, "id"));
        if (number(row, "stop_count") <= most) continue;
        most = number(row, "stop_count");
        trip_id = number(row, "id");
    }
    json_decref(day);
    clock_turn(t->county->clock, bus_at(6, 0, 0, 0) + DAY_MS, false);
    assert_true(most >= 3);
    return trip_id;
}

/* ---- pressing ---- */

static enum status press_as(struct who who, const char *path, const char *what, int64_t id,
                            const char *step, json_t *more, struct err *err)
{
    char key[32];
    json_t *fields = more ? more : json_object();
    snprintf(key, sizeof key, "press-%d", presses++);
    json_object_set_new(fields, "key", json_string(key));
    json_object_set_new(fields, what, json_integer((json_int_t)id));
    if (step) json_object_set_new(fields, "step", json_string(step));
    clock_turn(t->county->clock, county_now_ms(t->county) + MINUTE_MS, false);
    return bus_test_call(t, POST, path, who, fields, NULL, err);
}

static enum status press_trip(struct who who, int64_t trip_id, const char *step)
{
    struct err err;
    return press_as(who, "/bus/trips/{trip_id}/{step}", "trip_id", trip_id, step, NULL, &err);
}

static enum status press_stop(struct who who, int64_t stop_id, const char *step, json_t *units)
{
    struct err err;
    json_t *fields = units ? json_pack("{s:o}", "units", units) : NULL;
    return press_as(who, "/bus/stops/{stop_id}/{step}", "stop_id", stop_id, step, fields, &err);
}

/* The stop where the bus is or goes to next, or NULL. */
static json_t *here(const json_t *trip)
{
    json_t *stop;
    size_t i;
    json_array_foreach(json_object_get(trip, "stops"), i, stop)
        if (told(stop, "here")) return stop;
    return NULL;
}

/* What the page's form would send: all ticked but the first `missing`. */
static json_t *ticks(const json_t *stop, size_t missing)
{
    json_t *units = json_array(), *unit;
    size_t i;
    json_array_foreach(json_object_get(stop, "waiting"), i, unit)
        json_array_append_new(units, json_pack("{s:O, s:i}", "code", json_object_get(unit, "code"),
                                               "here", i >= missing));
    return units;
}

static const struct sql count_there = SQL(
    "SELECT count(*) FROM consignment AS c JOIN trip AS t ON t.id = c.trip_id"
    " WHERE t.id = $1 AND c.delivered_ms IS NULL");
static const struct sql count_events = SQL("SELECT count(*) FROM custody_event");
static const struct sql count_cases = SQL("SELECT count(*) FROM case_case");
static const struct sql count_gaps = SQL("SELECT count(*) FROM unit WHERE gap IS NOT NULL");

static void whole_trip(void **state)
{
    t = bus_test_of(state);
    int64_t trip_id = morning(), stops = 0;
    json_t *trip = trip_of(trip_id, t->dispatcher), *stop;
    struct who driver = driver_of(trip);
    assert_true(told(trip, "can_load") && told(trip, "can_depart") && !told(trip, "can_return"));
    json_decref(trip);
    assert_int_equal(press_trip(driver, trip_id, "load"), OK);
    assert_int_equal(press_trip(driver, trip_id, "depart"), OK);
    for (;; stops++) {
        trip = trip_of(trip_id, driver);
        assert_false(told(trip, "can_load"));
        if ((stop = here(trip)) == NULL) break;
        assert_true(told(stop, "can_arrive") && !told(stop, "can_leave"));
        assert_int_equal(press_stop(driver, number(stop, "id"), "arrive", NULL), OK);
        json_decref(trip);
        trip = trip_of(trip_id, driver);
        stop = here(trip);
        assert_true(told(stop, "can_hand_over") && told(stop, "can_leave"));
        assert_int_equal(press_stop(driver, number(stop, "id"), "hand_over", ticks(stop, 0)), OK);
        assert_int_equal(press_stop(driver, number(stop, "id"), "leave", NULL), OK);
        json_decref(trip);
    }
    assert_true(stops >= 3 && told(trip, "can_return"));
    assert_int_equal(press_trip(driver, trip_id, "return"), OK);
    json_decref(trip);
    assert_int_equal(bus_test_number(t, &count_there, ARGS(i64(trip_id))), 0);
    assert_int_equal(bus_test_number(t, &count_gaps, NO_ARGS), 0);
    assert_int_equal(bus_test_number(t, &count_cases, NO_ARGS), 0);
}

/* The same form sent again under its key adds nothing. */
static void twice(void **state)
{
    t = bus_test_of(state);
    int64_t trip_id = morning(), events = 0;
    json_t *trip = trip_of(trip_id, t->dispatcher);
    struct who driver = driver_of(trip);
    struct err err;
    for (int i = 0; i < 2; i++) {
        presses = 100;
        if (i) clock_turn(t->county->clock, county_now_ms(t->county) - MINUTE_MS, false);
        assert_int_equal(press_as(driver, "/bus/trips/{trip_id}/{step}", "trip_id", trip_id,
                                  "load", NULL, &err), OK);
        int64_t now = bus_test_number(t, &count_events, NO_ARGS);
        assert_true(now > 0 && (i == 0 || now == events));
        events = now;
    }
    json_decref(trip);
}

/* A crate whose tick is taken off stays with the driver, and is somebody's business. */
static void missing(void **state)
{
    t = bus_test_of(state);
    int64_t trip_id = morning();
    json_t *trip = trip_of(trip_id, t->dispatcher);
    struct who driver = driver_of(trip);
    json_decref(trip);
    assert_int_equal(press_trip(driver, trip_id, "load"), OK);
    assert_int_equal(press_trip(driver, trip_id, "depart"), OK);
    trip = trip_of(trip_id, driver);
    int64_t stop_id = number(here(trip), "id");
    json_decref(trip);
    assert_int_equal(press_stop(driver, stop_id, "arrive", NULL), OK);
    trip = trip_of(trip_id, driver);
    json_t *units = ticks(here(trip), 1);
    assert_true(json_array_size(units) >= 2);
    assert_int_equal(press_stop(driver, stop_id, "hand_over", units), OK);
    json_decref(trip);
    trip = trip_of(trip_id, driver);
    assert_int_equal(json_array_size(json_object_get(here(trip), "waiting")), 1);
    json_decref(trip);
    json_t *list = bus_test_view(t, GET, "/bus/exceptions", t->dispatcher, NULL);
    json_t *row = json_array_get(json_object_get(list, "cases"), 0);
    assert_int_equal(number(list, "count"), 1);
    assert_string_equal(json_string_value(json_object_get(row, "what_text")),
                        "Something is missing");
    assert_int_equal(number(row, "trip_id"), trip_id);
    assert_true(told(row, "can_solve") && !told(row, "can_close"));
    json_decref(list);
}

static void others(void **state)
{
    t = bus_test_of(state);
    int64_t trip_id = morning();
    json_t *trip = trip_of(trip_id, t->dispatcher);
    struct who driver = driver_of(trip);
    struct who other = t->driver[driver.user_id == t->driver[0].user_id];
    int64_t stop_id = number(json_array_get(json_object_get(trip, "stops"), 0), "id");
    assert_int_equal(press_trip(other, trip_id, "load"), DENIED);
    assert_int_equal(press_trip(other, trip_id, "depart"), DENIED);
    assert_int_equal(press_stop(other, stop_id, "arrive", NULL), DENIED);
    assert_int_equal(press_stop(t->keeper[0], stop_id, "leave", NULL), DENIED);
    assert_int_equal(press_trip(driver, trip_id + 100000, "depart"), NOT_FOUND);
    assert_int_equal(press_trip(driver, trip_id, "fly"), INVALID);
    assert_int_equal(press_stop(driver, stop_id, "hand_over", NULL), INVALID);
    assert_int_equal(press_trip(t->dispatcher, trip_id, "depart"), OK);   // from the paper
    json_decref(trip);
}

/* ---- the shelf ---- */

static json_t *shelf_of(int point, const char *find)
{
    json_t *fields = json_pack("{s:I, s:s*}", "place_id", (json_int_t)t->points[point], "find",
                               find);
    return bus_test_view(t, GET, "/bus/places/{place_id}/units", t->keeper[point], fields);
}

static enum status collect(struct who who, int point, int64_t party_id)
{
    struct err err;
    return press_as(who, "/bus/places/{place_id}/collect", "place_id", t->points[point], NULL,
                    json_pack("{s:I}", "party_id", (json_int_t)party_id), &err);
}

/* All bags of a trip's first point are brought there. */
static int bring(int64_t trip_id)
{
    json_t *trip = trip_of(trip_id, t->dispatcher), *stop;
    struct who driver = driver_of(trip);
    int64_t place_id = 0;
    json_decref(trip);
    assert_int_equal(press_trip(driver, trip_id, "load"), OK);
    assert_int_equal(press_trip(driver, trip_id, "depart"), OK);
    for (;;) {
        trip = trip_of(trip_id, driver);
        stop = here(trip);
        assert_non_null(stop);
        place_id = number(stop, "place_id");
        assert_int_equal(press_stop(driver, number(stop, "id"), "arrive", NULL), OK);
        json_decref(trip);
        trip = trip_of(trip_id, driver);
        stop = here(trip);
        assert_int_equal(press_stop(driver, number(stop, "id"), "hand_over", ticks(stop, 0)), OK);
        assert_int_equal(press_stop(driver, number(stop, "id"), "leave", NULL), OK);
        json_decref(trip);
        for (int i = 0; i < BUS_POINTS; i++)
            if (t->points[i] == place_id) return i;
    }
}

static void collected(void **state)
{
    t = bus_test_of(state);
    int point = bring(morning()), other = point == 0;
    json_t *shelf = shelf_of(point, NULL);
    json_t *receiver = json_array_get(json_object_get(shelf, "receivers"), 0);
    assert_int_equal(number(shelf, "waiting"), 1);
    assert_int_equal(number(receiver, "party_id"), t->villagers[0]);
    const char *tail = json_string_value(json_object_get(receiver, "tail"));
    assert_int_equal(strlen(tail), 4);
    json_t *found = shelf_of(point, tail), *none = shelf_of(point, "999999");
    assert_int_equal(number(found, "waiting"), 1);
    assert_int_equal(number(none, "waiting"), 0);
    json_decref(found);
    json_decref(none);
    json_decref(shelf);
    assert_int_equal(collect(t->keeper[other], point, t->villagers[0]), DENIED);
    assert_int_equal(collect(t->keeper[point], point, t->villagers[1]), CONFLICT);
    assert_int_equal(collect(t->keeper[point], point, t->villagers[0]), OK);
    assert_int_equal(collect(t->keeper[point], point, t->villagers[0]), CONFLICT);
    shelf = shelf_of(point, NULL);
    assert_int_equal(number(shelf, "waiting"), 0);
    json_decref(shelf);
    assert_int_equal(bus_test_number(t, &count_gaps, NO_ARGS), 0);
}

/* ---- the board ---- */

static json_t *row_of(json_t *day, int64_t trip_id)
{
    json_t *row;
    size_t i;
    json_array_foreach(json_object_get(day, "trips"), i, row)
        if (number(row, "id") == trip_id) return row;
    fail_msg("no such trip");
    return NULL;
}

static void late(void **state)
{
    t = bus_test_of(state);
    int64_t trip_id = morning();
    json_t *day = board(), *row = row_of(day, trip_id);
    int64_t departs_ms = number(row, "departs_ms"), trips = number(day, "planned");
    assert_false(told(row, "late"));
    json_decref(day);
    clock_turn(t->county->clock, departs_ms + 14 * MINUTE_MS, false);
    assert_int_equal(press_trip(t->dispatcher, trip_id, "depart"), OK);   // a quarter late
    day = board();
    row = json_array_get(json_object_get(day, "trips"), 0);   // who is on the road stands first
    assert_int_equal(number(row, "id"), trip_id);
    assert_true(told(row, "late") && told(row, "has_next"));
    assert_int_equal(number(row, "late_s"), 15 * 60);
    assert_int_equal(number(day, "late_trips"), 1);
    assert_int_equal(number(day, "underway"), 1);
    assert_int_equal(number(day, "planned"), trips - 1);
    assert_int_equal(number(row, "x"), number(day, "now_x"));   // it has just begun
    assert_int_equal(number(row, "gone"), 0);
    assert_int_equal(json_array_size(json_object_get(row, "marks")), number(row, "stop_count"));
    json_decref(day);
}

/* The fleet and the figures of a morning on which nothing has been driven yet. */
static void figures(void **state)
{
    t = bus_test_of(state);
    int64_t trips = 0;
    json_t *row;
    size_t i;
    morning();
    json_t *day = json_pack("{s:I}", "day", (json_int_t)bus_tomorrow());
    json_t *fleet = bus_test_view(t, GET, "/bus/vehicles", t->dispatcher, json_copy(day));
    json_array_foreach(json_object_get(fleet, "vehicles"), i, row) {
        trips += number(row, "trips");
        assert_int_equal(told(row, "busy"), number(row, "trips") > 0);
        assert_int_equal(number(row, "trip_id") != 0, number(row, "trips") > 0);
    }
    assert_int_equal(i, BUS_VEHICLES);
    json_t *report = bus_test_view(t, GET, "/bus/days/{day}/report", t->dispatcher, day);
    assert_int_equal(number(report, "trips"), trips);
    assert_int_equal(number(report, "delivered"), 0);
    assert_int_equal(number(report, "promises"), 0);   // none is due at six
    assert_int_equal(number(report, "consignments"), 2 * BUS_PLACES);
    json_decref(report);
    json_decref(fleet);
}

/* "Snow near point 3": the place's position, without anybody typing degrees. */
static void near_place(void **state)
{
    t = bus_test_of(state);
    struct err err;
    json_t *fields = json_pack("{s:s, s:i, s:s}", "place", "Point 3", "radius_m", 500, "reason",
                               "snow");
    assert_int_equal(bus_test_call(t, POST, "/bus/closures", t->dispatcher, fields, NULL, &err),
                     OK);
    json_t *list = bus_test_view(t, GET, "/bus/closures", t->dispatcher, NULL);
    const json_t *row = json_array_get(json_object_get(list, "closures"), 0);
    assert_string_equal(json_string_value(json_object_get(row, "near")), "Point 3");
    assert_true(told(list, "may_close") && told(row, "may"));
    assert_int_equal(json_array_size(json_object_get(list, "villages")), BUS_POINTS);
    json_decref(list);
    fields = json_pack("{s:s, s:i, s:s}", "place", "Nowhere", "radius_m", 500, "reason", "snow");
    assert_int_equal(bus_test_call(t, POST, "/bus/closures", t->dispatcher, fields, NULL, &err),
                     INVALID);
    list = bus_test_view(t, GET, "/bus/closures", t->driver[0], NULL);
    assert_false(told(list, "may_close"));
    assert_int_equal(json_array_size(json_object_get(list, "villages")), 0);
    json_decref(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_BUS("S3.4 a driver's buttons are scans: loaded, there, handed over, on, back",
                 whole_trip),
        TEST_BUS("S3.4 a form sent twice counts once", twice),
        TEST_BUS("S2.11 what is not ticked is missing, and becomes a case", missing),
        TEST_BUS("S3.4 only the driver or the dispatcher presses", others),
        TEST_BUS("S3.4 a keeper finds by the phone's end and hands out", collected),
        TEST_BUS("S2.13 the board tells who is late", late),
        TEST_BUS("S2.8 fleet and figures of a morning", figures),
        TEST_BUS("S2.14 a road is closed near a village", near_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
