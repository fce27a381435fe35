/* test_order.c - browsing, promise, ordering, paying, cancelling, picking, by the routes' code. */
#include <stdio.h>
#include <string.h>
#include "base/arena.h"
#include "base/clock.h"
#include "base/ids.h"
#include "base/test.h"
#include "db/db.h"
#include "db/testing.h"
#include "ledger/ledger.h"
#include "rooms/bus/bus.h"
#include "rooms/shop/order.h"
#include "rooms/shop/testing.h"

const struct test_room test_rooms[] = { { 0 } };

extern const struct room bus_room, shop_room;

static struct shop_test test;
static struct shop_test *const t = &test;

static int begin_sqlite(void **state)
{
    *state = shop_test_begin(t, false, shop_at(22, 40, 0, 0)) ? t : NULL;
    return 0;
}

static int begin_postgres(void **state)
{
    *state = shop_test_begin(t, true, shop_at(22, 40, 0, 0)) ? t : NULL;
    return 0;
}

static int end(void **state)
{
    if (*state) shop_test_end(t);
    return 0;
}

static void need(void **state)
{
    if (*state == NULL) skip();
}

#define BOTH(promise, function)                                  \
    { promise " (SQLite)", function, begin_sqlite, end, NULL },  \
    { promise " (PostgreSQL)", function, begin_postgres, end, NULL }

static enum status post(const char *path, struct who who, json_t *fields, struct err *err)
{
    return shop_call(t, POST, path, who, fields, NULL, err);
}

static json_t *code_fields(const char *code) { return json_pack("{s:s}", "code", code); }

static void turn(int64_t now_ms) { clock_turn(t->county->clock, now_ms, false); }

/* Runs a room's first job for an instant, as the scheduler would. */
static void run_job(const struct room *room, int64_t due_ms)
{
    struct tx *tx;
    struct err err = { .text = "" };
    struct arena *arena = arena_open(64 << 20);
    assert_int_equal(db_write_begin(t->county->db, arena, &tx), OK);
    assert_int_equal(room->jobs[0].act(tx, due_ms, &err), OK);
    assert_int_equal(db_write_end(tx, true), OK);
    arena_free(arena);
}

static void close_wave(void)
{
    turn(shop_at(23, 0, 0, 0));
    assert_string_equal(bus_room.jobs[0].name, "bus.close_wave");
    run_job(&bus_room, shop_at(23, 0, 0, 0));
}

/* An order of `quantity` of one thing; its code in `out`. */
static void order(struct who who, int goods, int quantity, const char *pay, char out[20])
{
    json_t *view = shop_view(t, POST, "/shop/orders", who,
                             shop_order_fields(t, goods, quantity, pay));
    snprintf(out, 20, "%s", shop_text(view, "code"));
    json_decref(view);
}

static json_t *follow(struct who who, const char *code)
{
    return shop_view(t, GET, "/shop/orders/{code}", who, code_fields(code));
}

static const char *delivery(struct who who, const char *code, char out[20])
{
    json_t *view = follow(who, code);
    snprintf(out, 20, "%s", shop_text(view, "delivery"));
    json_decref(view);
    return out;
}

/* ---- browsing ---- */

static void village_asked(void **state)
{
    struct err err;
    need(state);
    struct who nobody = { 0 };
    json_t *view = shop_view(t, GET, "/shop", nobody, NULL);
    assert_false(json_boolean_value(json_object_get(view, "chosen")));
    assert_int_equal(json_array_size(json_object_get(view, "townships")), 2);
    json_decref(view);
    view = shop_view(t, GET, "/shop", nobody, json_pack("{s:s}", "village", "330824999999"));
    assert_false(json_boolean_value(json_object_get(view, "chosen")));
    json_decref(view);
    assert_int_equal(shop_call(t, GET, "/shop/promise", nobody,
                               json_pack("{s:s}", "village", "330824999999"), NULL, &err), INVALID);
    assert_string_equal(err.field, "village");

    view = shop_view(t, GET, "/shop", nobody, json_pack("{s:s}", "find", "xwc"));   // 霞坞村
    assert_int_equal(json_array_size(json_object_get(view, "townships")), 1);
    json_decref(view);

    view = shop_view(t, GET, "/shop", nobody, json_pack("{s:s}", "village", shop_village_codes[3]));
    assert_string_equal(shop_text(view, "village_name"), "霞坞村");
    assert_true(json_boolean_value(json_object_get(view, "promised")));
    assert_int_equal(shop_number(view, "day"), shop_tomorrow(t));
    assert_int_equal(shop_number(view, "left_s"), 20 * 60);
    assert_int_equal(json_array_size(json_object_get(view, "categories")), SHOP_GOODS);
    json_decref(view);
}

static size_t found(const char *text, const char *first)
{
    json_t *view = shop_view(t, GET, "/shop/goods", t->villager, json_pack("{s:s}", "q", text));
    const json_t *goods = json_object_get(view, "goods");
    size_t count = json_array_size(goods);
    if (count) assert_string_equal(shop_text(json_array_get(goods, 0), "name"), first);
    json_decref(view);
    return count;
}

static void searched(void **state)
{
    need(state);
    assert_int_equal(found("腊肉", "腊肉"), 1);
    assert_int_equal(found("lr", "腊肉"), 1);
    assert_int_equal(found("La Rou", "腊肉"), 1);
    assert_int_equal(found("青", "上海青"), 1);
    assert_int_equal(found("电视", ""), 0);
}

/* ---- promise ---- */

static void promised(void **state)
{
    struct err err;
    char text[100], code[20];
    need(state);
    snprintf(text, sizeof text, "%s:2,%s:1,%s:3", shop_goods_codes[MEAT], shop_goods_codes[FISH],
             shop_goods_codes[MEAT]);
    json_t *view = shop_view(t, GET, "/shop/promise", t->villager,
                             json_pack("{s:s, s:s}", "village", shop_village_codes[0], "lines",
                                       text));
    assert_int_equal(json_array_size(json_object_get(view, "lines")), 2);   // summed
    assert_int_equal(shop_number(view, "total_fen"), 5 * 3200 + 2580);
    assert_int_equal(shop_number(view, "day"), shop_tomorrow(t));
    assert_int_equal(shop_number(view, "due_ms"),
                     day_ms(shop_tomorrow(t), 11 * 3600, ZONE_CHINA_S));
    assert_int_equal(shop_number(view, "closes_ms"), shop_at(23, 0, 0, 0));
    assert_true(json_boolean_value(json_object_get(view, "can_order")));
    json_decref(view);
    assert_int_equal(shop_left(t, MEAT), 100);   // nothing was reserved

    order(t->villager, MEAT, 2, "demo", code);
    view = follow(t->villager, code);
    assert_int_equal(shop_number(view, "day"), shop_tomorrow(t));
    assert_int_equal(shop_number(view, "due_ms"),
                     day_ms(shop_tomorrow(t), 11 * 3600, ZONE_CHINA_S));
    assert_string_equal(shop_text(view, "delivery"), "waiting");
    json_decref(view);
    assert_int_equal(shop_call(t, GET, "/shop/promise", t->villager,
                               json_pack("{s:s}", "lines", "2000000000015:0"), NULL, &err),
                     INVALID);
    assert_int_equal(shop_call(t, GET, "/shop/promise", t->villager,
                               json_pack("{s:s}", "lines", "2000000000099:1"), NULL, &err),
                     INVALID);
}

static void too_late(void **state)
{
    struct err err;
    need(state);
    turn(shop_at(23, 0, 0, 0));
    assert_int_equal(post("/shop/orders", t->villager, shop_order_fields(t, MEAT, 1, "demo"), &err),
                     CONFLICT);
    assert_string_equal(err.field, "day");
    assert_string_equal(err.detail, "2026-11-25");   // what can be had instead
    assert_int_equal(shop_left(t, MEAT), 100);
    json_t *fields = shop_order_fields(t, MEAT, 1, "demo");
    json_object_set_new(fields, "day", json_integer(shop_tomorrow(t) + 1));
    json_t *view = shop_view(t, POST, "/shop/orders", t->villager, fields);
    assert_int_equal(shop_number(view, "day"), shop_tomorrow(t) + 1);
    json_decref(view);
    shop_sound(t);
}

/* ---- ordering ---- */

static void refused(struct who who, json_t *fields, enum status wanted, const char *field)
{
    struct err err;
    assert_int_equal(post("/shop/orders", who, fields, &err), wanted);
    if (field) assert_string_equal(err.field, field);
    assert_true(*err.text);
}

static json_t *with(json_t *fields, const char *name, json_t *value)
{
    assert_int_equal(json_object_set_new(fields, name, value), 0);
    return fields;
}

static void tampered(void **state)
{
    need(state);
    refused(t->villager, with(shop_order_fields(t, MEAT, 1, "demo"), "total_fen", json_integer(1)),
            CONFLICT, "total_fen");
    refused(t->villager, with(shop_order_fields(t, MEAT, 1, "demo"), "village",
                              json_string("999999999999")), INVALID, "village");
    refused(t->villager, with(shop_order_fields(t, MEAT, 1, "demo"), "pay", json_string("gold")),
            INVALID, "pay");
    refused(t->villager, shop_order_fields(t, MEAT, 1, "cash"), DENIED, "pay");
    refused(t->villager, shop_order_fields(t, MEAT, 1, "wallet"), CONFLICT, "pay");
    refused(t->villager, shop_order_fields(t, MEAT, 101, "demo"), CONFLICT, "lines");
    refused(t->villager, with(shop_order_fields(t, MEAT, 1, "demo"), "lines", json_array()),
            INVALID, "lines");
    refused(t->villager, with(shop_order_fields(t, MEAT, 1, "demo"), "lines",
                              json_pack("[{s:s, s:i}]", "code", shop_goods_codes[MEAT], "quantity",
                                        -3)), INVALID, "lines.0.quantity");
    refused(t->villager, with(shop_order_fields(t, MEAT, 1, "demo"), "for_phone",
                              json_string("13800000002")), DENIED, "village");
    for (int i = 0; i < SHOP_GOODS; i++) assert_int_equal(shop_left(t, i), 100);
    shop_sound(t);
}

static void stale_price(void **state)
{
    need(state);
    json_t *stale = shop_order_fields(t, MEAT, 2, "demo");
    json_t *view = shop_view(t, POST, "/shop/goods/{code}/price", t->clerk,
                             json_pack("{s:s, s:i}", "code", shop_goods_codes[MEAT], "price_fen",
                                       3300));
    json_decref(view);
    struct err err;
    assert_int_equal(post("/shop/orders", t->villager, stale, &err), CONFLICT);
    assert_string_equal(err.detail, "6600");
    json_t *fresh = with(shop_order_fields(t, MEAT, 2, "demo"), "total_fen", json_integer(6600));
    json_decref(shop_view(t, POST, "/shop/orders", t->villager, fresh));
}

static void summed(void **state)
{
    struct err err;
    need(state);
    json_t *fields = shop_order_fields(t, MEAT, 60, "demo");
    json_t *lines = json_object_get(fields, "lines");
    json_array_append_new(lines, json_pack("{s:s, s:i}", "code", shop_goods_codes[MEAT],
                                           "quantity", 60));
    json_object_set_new(fields, "total_fen", json_integer(120 * 3200));
    assert_int_equal(post("/shop/orders", t->villager, fields, &err), CONFLICT);
    assert_string_equal(err.field, "lines");
    assert_non_null(strstr(err.detail, "100"));
    assert_int_equal(shop_left(t, MEAT), 100);
}

static void wallet(void **state)
{
    struct err err;
    char code[20];
    need(state);
    json_t *view = shop_view(t, POST, "/shop/wallets", t->desk,
                             json_pack("{s:s, s:i}", "phone", "13800000001", "amount_fen", 10000));
    assert_int_equal(shop_number(view, "balance_fen"), 10000);
    json_decref(view);
    order(t->villager, MEAT, 3, "wallet", code);
    assert_int_equal(shop_money(t, "wallet", t->villager_id, 0), 400);
    assert_int_equal(shop_money(t, "orders", 0, 0), 9600);
    assert_int_equal(post("/shop/orders", t->villager, shop_order_fields(t, GREENS, 2, "wallet"),
                          &err), CONFLICT);
    assert_string_equal(err.detail, "400");
    assert_int_equal(shop_left(t, GREENS), 100);

    json_decref(shop_view(t, POST, "/shop/orders/{code}/cancel", t->villager, code_fields(code)));
    assert_int_equal(shop_money(t, "wallet", t->villager_id, 0), 10000);
    assert_int_equal(shop_money(t, "orders", 0, 0), 0);
    assert_int_equal(shop_left(t, MEAT), 100);
    char now[20];
    assert_string_equal(delivery(t->villager, code, now), "withdrawn");
    assert_int_equal(post("/shop/orders/{code}/cancel", t->villager, code_fields(code), &err),
                     CONFLICT);
    shop_sound(t);
}

static void no_more_cancelling(void **state)
{
    struct err err;
    char code[20], late[20];
    need(state);
    order(t->villager, MEAT, 3, "demo", code);
    assert_int_equal(post("/shop/orders/{code}/cancel", t->other, code_fields(code), &err), DENIED);
    turn(shop_at(22, 59, 59, 999));
    order(t->villager, MEAT, 1, "demo", late);
    json_decref(shop_view(t, POST, "/shop/orders/{code}/cancel", t->villager, code_fields(late)));
    turn(shop_at(23, 0, 0, 0));
    assert_int_equal(post("/shop/orders/{code}/cancel", t->villager, code_fields(code), &err),
                     CONFLICT);
    assert_int_equal(shop_left(t, MEAT), 97);
    shop_sound(t);
}

static void keeper_orders(void **state)
{
    struct err err;
    need(state);
    json_t *fields = with(with(shop_order_fields(t, MEAT, 1, "cash"), "for_phone",
                               json_string("13900000009")), "for_name", json_string("姚奶奶𠮷"));
    json_t *view = shop_view(t, POST, "/shop/orders", t->keeper, fields);
    char code[20];
    snprintf(code, sizeof code, "%s", shop_text(view, "code"));
    json_decref(view);
    assert_int_equal(shop_money(t, "cash", t->keeper_id, t->points[0]), 3200);
    view = follow(t->keeper, code);
    assert_string_equal(shop_text(view, "name"), "姚奶奶𠮷");
    assert_null(strstr(shop_text(view, "phone"), "13900000009"));
    json_decref(view);
    assert_int_equal(shop_call(t, GET, "/shop/orders/{code}", t->other, code_fields(code), NULL,
                               &err), DENIED);
    fields = with(with(shop_order_fields(t, MEAT, 1, "cash"), "village",
                       json_string(shop_village_codes[1])), "for_phone",
                  json_string("13900000009"));
    assert_int_equal(post("/shop/orders", t->keeper, fields, &err), DENIED);   // not his village
    view = shop_view(t, GET, "/shop/orders", t->keeper,
                     json_pack("{s:I}", "day", (json_int_t)shop_tomorrow(t)));
    assert_int_equal(json_array_size(json_object_get(view, "orders")), 1);
    json_decref(view);
    json_decref(shop_view(t, POST, "/shop/orders/{code}/cancel", t->keeper, code_fields(code)));
    assert_int_equal(shop_money(t, "cash", t->keeper_id, t->points[0]), 0);
    shop_sound(t);
}

/* ---- held ---- */

static void held(void **state)
{
    struct err err;
    char code[20], paid[20], now[20];
    need(state);
    order(t->villager, MEAT, 60, "later", code);
    order(t->villager, MEAT, 40, "later", paid);
    assert_int_equal(shop_left(t, MEAT), 0);
    refused(t->other, with(shop_order_fields(t, MEAT, 1, "demo"), "village",
                           json_string(shop_village_codes[1])), CONFLICT, "lines");
    turn(shop_at(22, 54, 59, 999));
    run_job(&shop_room, shop_at(22, 54, 0, 0));
    assert_int_equal(shop_left(t, MEAT), 0);
    json_decref(shop_view(t, POST, "/shop/orders/{code}/pay", t->villager,
                          with(code_fields(paid), "pay", json_string("demo"))));
    assert_int_equal(shop_money(t, "orders", 0, 0), 40 * 3200);
    shop_sound(t);

    turn(shop_at(22, 55, 0, 0));
    assert_int_equal(post("/shop/orders/{code}/pay", t->villager,
                          with(code_fields(code), "pay", json_string("demo")), &err), CONFLICT);
    run_job(&shop_room, shop_at(22, 55, 0, 0));
    assert_int_equal(shop_left(t, MEAT), 60);
    assert_string_equal(delivery(t->villager, code, now), "withdrawn");
    assert_string_equal(delivery(t->villager, paid, now), "waiting");
    json_t *view = follow(t->villager, code);
    assert_string_equal(shop_text(view, "state"), "expired");
    json_decref(view);
    assert_int_equal(post("/shop/orders/{code}/pay", t->villager,
                          with(code_fields(code), "pay", json_string("demo")), &err), CONFLICT);
    json_decref(shop_view(t, POST, "/shop/orders/{code}/cancel", t->villager, code_fields(paid)));
    assert_int_equal(shop_left(t, MEAT), 100);
    assert_int_equal(shop_money(t, "orders", 0, 0), 0);
    shop_sound(t);
}

/* Not paid when the wave closes: it leaves before, with the same instant. */
static void held_at_closing(void **state)
{
    char code[20], now[20];
    need(state);
    turn(shop_at(22, 58, 0, 0));
    order(t->villager, MEAT, 5, "later", code);
    turn(shop_at(23, 0, 0, 0));
    run_job(&shop_room, shop_at(23, 0, 0, 0));
    close_wave();
    assert_string_equal(delivery(t->villager, code, now), "withdrawn");
    assert_int_equal(shop_left(t, MEAT), 100);
    shop_sound(t);
}

/* ---- picking ---- */

static json_t *pick(const char *id, const char *code, int line, int picked)
{
    return json_pack("{s:[{s:s, s:s, s:i, s:i}]}", "picks", "id", id, "order", code, "line", line,
                     "picked", picked);
}

static void picked(const char *id, const char *code, int line, int count, const char *wanted)
{
    json_t *view = shop_view(t, POST, "/shop/picks", t->picker, pick(id, code, line, count));
    const json_t *answer = json_array_get(json_object_get(view, "answers"), 0);
    assert_string_equal(shop_text(answer, "result"), wanted);
    json_decref(view);
}

static void shorts(void **state)
{
    char code[20];
    need(state);
    json_t *fields = shop_order_fields(t, MEAT, 3, "demo");
    json_array_append_new(json_object_get(fields, "lines"),
                          json_pack("{s:s, s:i}", "code", shop_goods_codes[GREENS], "quantity", 2));
    json_object_set_new(fields, "total_fen", json_integer(3 * 3200 + 2 * 350));
    json_t *view = shop_view(t, POST, "/shop/orders", t->villager, fields);
    snprintf(code, sizeof code, "%s", shop_text(view, "code"));
    json_decref(view);
    picked("a0", code, 1, 3, "refused");   // the wave is open
    close_wave();
    view = shop_view(t, GET, "/shop/picks", t->picker, NULL);
    const json_t *lines = json_object_get(json_array_get(json_object_get(view, "orders"), 0),
                                          "lines");
    assert_int_equal(json_array_size(lines), 2);
    assert_string_equal(shop_text(json_array_get(lines, 0), "bin"), "A-01-1");   // by bin
    json_decref(view);

    picked("a1", code, 1, 2, "done");
    picked("a1", code, 1, 2, "already");
    picked("a1", code, 1, 3, "refused");
    picked("a2", code, 1, 3, "refused");
    picked("a3", code, 2, 3, "refused");
    assert_int_equal(shop_money(t, "orders", 0, 0), 2 * 3200 + 2 * 350);
    picked("a4", code, 2, 2, "done");
    view = follow(t->desk, code);
    assert_string_equal(shop_text(view, "state"), "picked");
    assert_int_equal(shop_number(view, "refunded_fen"), 3200);
    assert_int_equal(json_array_size(json_object_get(view, "postings")), 3 + 2);
    json_decref(view);
    shop_sound(t);
    view = shop_view(t, GET, "/shop/report/{day}", t->clerk,
                     json_pack("{s:I}", "day", (json_int_t)shop_tomorrow(t)));
    assert_int_equal(shop_number(view, "orders"), 1);
    assert_int_equal(shop_number(view, "sold_fen"), 2 * 3200 + 2 * 350);
    assert_int_equal(shop_number(view, "short_pieces"), 1);
    json_decref(view);
}

static void earned(void **state)
{
    char code[20];
    struct err err = { .text = "" };
    struct tx *tx;
    int64_t id;
    need(state);
    order(t->villager, EGGS, 4, "demo", code);
    assert_int_equal(code_parse(t->county->code_key, code, &id), OK);
    struct arena *arena = arena_open(64 << 20);
    for (int twice = 0; twice < 2; twice++) {
        assert_int_equal(db_write_begin(t->county->db, arena, &tx), OK);
        assert_int_equal(order_collected(tx, id, county_now_ms(t->county), &err), OK);
        assert_int_equal(db_write_end(tx, true), OK);
    }
    assert_int_equal(shop_money(t, "sales", 0, 0), 6000);
    assert_int_equal(shop_money(t, "orders", 0, 0), 0);

    // From the order to each of its lines in the ledger, and back from a line to the order.
    struct line *lines, line;
    size_t count;
    assert_int_equal(db_read_begin(t->county->db, arena, &tx), OK);
    assert_int_equal(ledger_lines(tx, NULL, id, &lines, &count, &err), OK);
    assert_int_equal(count, 3);   // goods, money, earned
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(ledger_line(tx, lines[i].posting_id, &line), OK);
        assert_int_equal(line.document_id, id);
    }
    db_read_end(tx);
    arena_free(arena);
    shop_sound(t);
}

/* What the bus has noted as collected is earned at the next full minute. */
static void settled(void **state)
{
    static const struct sql collect = SQL("UPDATE consignment SET collected_ms = $1");
    char first[20], second[20];
    struct tx *tx;
    need(state);
    order(t->villager, EGGS, 4, "demo", first);
    order(t->other, EGGS, 1, "demo", second);
    json_decref(shop_view(t, POST, "/shop/orders/{code}/cancel", t->other, code_fields(second)));
    int64_t noon = day_ms(shop_tomorrow(t), 12 * 3600, ZONE_CHINA_S);
    turn(noon);
    shop_room.jobs[0].after(t->county, noon);
    assert_int_equal(shop_money(t, "sales", 0, 0), 0);

    struct arena *arena = arena_open(1 << 20);
    assert_int_equal(db_write_begin(t->county->db, arena, &tx), OK);
    assert_int_equal(db_run(tx, &collect, ARGS(i64(noon - 60000))), OK);
    assert_int_equal(db_write_end(tx, true), OK);
    arena_free(arena);
    for (int twice = 0; twice < 2; twice++) shop_room.jobs[0].after(t->county, noon);
    assert_int_equal(shop_money(t, "sales", 0, 0), 6000);
    assert_int_equal(shop_money(t, "orders", 0, 0), 0);
    json_t *view = follow(t->villager, first);
    assert_string_equal(shop_text(view, "state"), "collected");
    json_decref(view);
    shop_sound(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH("S1.1 an unknown village is asked for again, never a default", village_asked),
        BOTH("S1.2 goods are found by name, pinyin and initials", searched),
        BOTH("S1.4 the promise is told before, and is the order's", promised),
        BOTH("S1.5 after the cut-off the next day is offered, nothing moved", too_late),
        BOTH("S1.3 tampered prices, unknown ids and wrong roles leave no trace", tampered),
        BOTH("S1.3 a price that has changed is shown for consent", stale_price),
        BOTH("S1.8 two lines of one cart that share a stock are summed", summed),
        BOTH("S1.9 cancelled until the cut-off: stock and money return at once", wallet),
        BOTH("S1.9 not after the cut-off, and not by others", no_more_cancelling),
        BOTH("S1.10 a keeper orders for a villager of his point, and takes cash", keeper_orders),
        BOTH("L.4 a hold that expires gives stock and place on the bus back", held),
        BOTH("L.4 what is not paid at the closing leaves before it", held_at_closing),
        BOTH("S1.12 what is missing when it is picked is refunded at once", shorts),
        BOTH("S1.14 what was collected is earned", settled),
        BOTH("L.10 from an order to its lines in the ledger and back", earned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
