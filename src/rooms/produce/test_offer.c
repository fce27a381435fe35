/* test_offer.c - offers through the room's routes, on both databases. */
#include <string.h>
#include "base/clock.h"
#include "base/ids.h"
#include "base/test.h"
#include "rooms/bus/bus.h"
#include "rooms/produce/offer.h"
#include "rooms/produce/testing.h"

static const struct sql count_offers = SQL("SELECT count(*) FROM produce_offer");

static json_t *shoots(int quantity)
{
    return json_pack("{s:s, s:s, s:i, s:i, s:i, s:s, s:i, s:s}", "product", "高山冬笋", "unit", "斤",
                     "quantity", quantity, "weight_g", quantity * 500, "volume_ml",
                     quantity * 850, "temperature", "ambient", "price_fen", 950, "ready", "06:45");
}

static json_t *offered(struct produce_test *t, struct who who, json_t *fields)
{
    return produce_view(t, POST, "/produce/offers", who, fields);
}

static void rides_up(void **state)
{
    struct produce_test *t = produce_test_of(state);
    json_t *view = offered(t, t->producer, shoots(80));
    assert_int_equal(number_of(view, "day"), produce_tomorrow());
    assert_int_equal(number_of(view, "due_ms"),
                     day_ms(produce_tomorrow(), DUE_UP_S, ZONE_CHINA_S));
    assert_string_equal(text_of(view, "state"), "accepted");
    assert_string_equal(text_of(view, "village"), "禾丰村");   // where the producer lives
    assert_int_equal(number_of(view, "ready_s"), 6 * 3600 + 45 * 60);
    int64_t id;
    assert_int_equal(code_parse(t->county->code_key, text_of(view, "code"), &id), OK);
    assert_int_equal(id, number_of(view, "id"));
    json_decref(view);

    static const struct sql up = SQL(
        "SELECT count(*) FROM consignment c JOIN produce_offer o ON o.consignment_id = c.id"
        " WHERE c.up = 1 AND c.kind = 3 AND c.party_id = o.producer_id AND c.weight_g = 40000"
        " AND c.dry_ml = 68000 AND c.cold_ml = 0 AND c.document_id = o.id");
    assert_int_equal(number_in(t, &up), 1);
    json_t *fields = shoots(10);
    json_object_set_new(fields, "temperature", json_string("chilled"));
    json_object_set_new(fields, "village", json_string("330824101203"));
    json_decref(offered(t, t->producer, fields));
    static const struct sql cold = SQL(
        "SELECT count(*) FROM consignment c JOIN people_place p ON p.place_id = c.place_id"
        " WHERE c.cold_ml = 8500 AND c.dry_ml = 0 AND p.code = 'P3'");
    assert_int_equal(number_in(t, &cold), 1);

    json_t *mine = produce_view(t, GET, "/produce/offers", t->producer, NULL);
    assert_int_equal(json_array_size(json_object_get(mine, "offers")), 2);
    json_decref(mine);
    mine = produce_view(t, GET, "/produce/offers", t->other, NULL);
    assert_int_equal(json_array_size(json_object_get(mine, "offers")), 0);
    json_decref(mine);
    json_t *day = produce_view(t, GET, "/produce/day/{day}", t->dispatcher,
                               json_pack("{s:I}", "day", (json_int_t)produce_tomorrow()));
    assert_int_equal(json_array_size(json_object_get(day, "offers")), 2);
    assert_int_equal(number_of(day, "weight_g"), 45000);
    json_decref(day);
}

static void refused(void **state)
{
    struct produce_test *t = produce_test_of(state);
    static const struct { const char *name, *value; int64_t number; const char *field; } bad[] = {
        { "quantity", NULL, 0, "quantity" },       { "quantity", NULL, -5, "quantity" },
        { "quantity", NULL, 500000, "quantity" },  // half a million jin of 40 kg
        { "weight_g", NULL, 0, "weight_g" },       { "weight_g", NULL, 700, "weight_g" },
        { "weight_g", NULL, INT64_C(1000000000000000000), "weight_g" },
        { "weight_g", NULL, 3000000, "weight_g" }, { "weight_g", NULL, 400000, "weight_g" },
        { "volume_ml", NULL, 9000000, "weight_g" }, { "volume_ml", NULL, 0, "volume_ml" },
        { "temperature", "hot", 0, "temperature" }, { "price_fen", NULL, 0, "price_fen" },
        { "village", "330824999999", 0, "village" }, { "village", "330824101", 0, "village" },
        { "ready", "25:00", 0, "ready" },          { "ready", "soon", 0, "ready" },
        { "ready", "7", 0, "ready" },              { "product", "", 0, "product" },
    };
    struct err err;
    for (size_t i = 0; i < COUNT(bad); i++) {
        json_t *fields = shoots(80);
        json_object_set_new(fields, bad[i].name, bad[i].value ? json_string(bad[i].value)
                                                              : json_integer(bad[i].number));
        enum status done = produce_call(t, POST, "/produce/offers", t->producer, fields, NULL,
                                        &err);
        if (done != INVALID || strcmp(err.field, bad[i].field) != 0)
            fail_msg("%s: %s %s %s", bad[i].name, status_name(done), err.field ? err.field : "",
                     err.text);
    }
    assert_int_equal(produce_call(t, POST, "/produce/offers", t->other, shoots(80), NULL, &err),
                     INVALID);   // nobody knows where she lives
    assert_string_equal(err.field, "village");
    assert_int_equal(number_in(t, &count_offers), 0);
}

static void for_others(void **state)
{
    struct produce_test *t = produce_test_of(state);
    struct err err;
    json_t *fields = shoots(20);
    json_object_set_new(fields, "for_phone", json_string("138 0000 0001"));
    json_t *view = offered(t, t->keeper, json_deep_copy(fields));
    assert_string_equal(text_of(view, "producer"), "汪建国");
    json_decref(view);
    assert_int_equal(produce_call(t, POST, "/produce/offers", t->other, fields, NULL, &err),
                     DENIED);
    fields = shoots(20);
    json_object_set_new(fields, "for_phone", json_string("13999999999"));
    assert_int_equal(produce_call(t, POST, "/produce/offers", t->keeper, fields, NULL, &err),
                     INVALID);
    assert_int_equal(number_in(t, &count_offers), 1);
}

static enum status withdraw(struct produce_test *t, struct who who, json_int_t id, struct err *err)
{
    return produce_call(t, POST, "/produce/offers/{offer_id}/withdraw", who,
                        json_pack("{s:I}", "offer_id", id), NULL, err);
}

static void withdrawn(void **state)
{
    struct produce_test *t = produce_test_of(state);
    struct err err;
    json_t *view = offered(t, t->producer, shoots(80));
    json_int_t first = number_of(view, "id");
    json_decref(view);
    view = offered(t, t->producer, shoots(10));
    json_int_t second = number_of(view, "id");
    json_decref(view);
    assert_int_equal(withdraw(t, t->other, first, &err), DENIED);
    assert_int_equal(withdraw(t, t->producer, 7, &err), NOT_FOUND);
    assert_int_equal(withdraw(t, t->producer, first, &err), OK);
    assert_int_equal(withdraw(t, t->producer, first, &err), CONFLICT);
    static const struct sql left = SQL("SELECT count(*) FROM consignment WHERE state = 'waiting'");
    assert_int_equal(number_in(t, &left), 1);
    produce_turn(t, CUT_OFF_S);   // too late for the other one
    assert_int_equal(withdraw(t, t->producer, second, &err), CONFLICT);
    assert_int_equal(number_in(t, &left), 1);
    view = offered(t, t->producer, shoots(10));
    assert_int_equal(number_of(view, "day"), produce_tomorrow() + 1);
    json_decref(view);
}

static void full(void **state)
{
    struct produce_test *t = produce_test_of(state);
    struct err err;
    enum status done = OK;
    int lots = 0;
    for (; done == OK && lots < 100; lots++)   // 1 t each, until no bus of the next days has room
        done = produce_call(t, POST, "/produce/offers", t->producer, shoots(2000), NULL, &err);
    assert_int_equal(done, CONFLICT);
    assert_string_equal(err.text, bus_reason_text(BUS_FULL));
    assert_int_equal(number_in(t, &count_offers), lots - 1);
    static const struct sql consigned = SQL("SELECT count(*) FROM consignment");
    assert_int_equal(number_in(t, &consigned), lots - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_BOTH("S5.1 an offer gets a place on tomorrow's bus, cold goods in cold boxes",
                  rides_up),
        TEST_BOTH("S5.1 what can't be meant is asked about, by field", refused),
        TEST_BOTH("S5.1 a keeper offers for a household without a phone", for_others),
        TEST_BOTH("S5.1 an offer is withdrawn until the cut-off, and gives its place back",
                  withdrawn),
        TEST_BOTH("S5.1 no room on any bus: it is told, and nothing is half done", full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
