/* test_storm.c - the shop under many clients at once, through a real server. */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/clock.h"
#include "base/test.h"
#include "db/db.h"
#include "db/testing.h"
#include "people/person.h"
#include "rooms/shop/shop.h"
#include "rooms/shop/testing.h"
#include "web/client.h"
#include "web/serve.h"
#include "web/testing.h"

const struct test_room test_rooms[] = { { 0 } };

static struct shop_test test;
static struct shop_test *const t = &test;

/* ---- log-ins: "v7" is villager 7, "k7" a keeper, "p7" a picker ---- */

static enum status who(struct tx *tx, const char *token, int64_t now_ms, struct who *out)
{
    static const char letters[] = "vkp";
    static const enum role roles[] = { ROLE_villager, ROLE_keeper, ROLE_picker };
    const char *letter = strchr(letters, token[0]);
    (void)tx;
    (void)now_ms;
    if (letter == NULL || *letter == '\0') return NOT_FOUND;
    int64_t id = atoll(token + 1);
    *out = (struct who){ .user_id = id, .session_id = id,
                         .roles = UINT64_C(1) << roles[letter - letters] };
    return OK;
}

static bool may(const struct who *asking, const struct permission *permission)
{
    return (asking->roles & role_set(permission->roles)) != 0;
}

static struct server *serve(void)
{
    static const struct web_hooks hooks = { who, may };
    struct server *server = NULL;
    struct err err = { .text = "" };
    struct serve_options options = { .address = "127.0.0.1", .loops = 2 };
    if (serve_start(t->county, &hooks, &options, &server, &err) != OK)
        fail_msg("%s %s", err.text, err.detail);
    return server;
}

static void begin(bool postgres, int64_t now_ms)
{
    if (!shop_test_begin(t, postgres, now_ms)) skip();
}

static void turn(struct server *server, int64_t now_ms)
{
    clock_turn(t->county->clock, now_ms, false);
    serve_clock_turned(server);
}

static void settle(const struct server *server)
{
    while (!serve_settled(server)) sched_yield();
}

static void more_stock(int goods, int64_t pieces)
{
    struct tx *tx;
    struct err err = { .text = "" };
    struct arena *arena = arena_open(8 << 20);
    assert_int_equal(db_write_begin(t->county->db, arena, &tx), OK);
    assert_int_equal(shop_stock_in(tx, t->goods[goods], t->hub_id, pieces, 1,
                                   county_now_ms(t->county), &err), OK);
    assert_int_equal(db_write_end(tx, true), OK);
    arena_free(arena);
}

static int64_t count(const struct sql *sql)
{
    struct tx *tx;
    struct rows *rows;
    struct arena *arena = arena_open(8 << 20);
    assert_int_equal(db_read_begin(t->county->db, arena, &tx), OK);
    assert_int_equal(db_first(tx, sql, NO_ARGS, &rows), OK);
    int64_t n = row_i64(rows, 0);
    db_read_end(tx);
    arena_free(arena);
    return n;
}

/* ---- requests ---- */

static size_t post(char *out, size_t room, const char *path, const char *token, const char *key,
                   const char *body)
{
    int size = snprintf(out, room, "POST %s HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer %s\r\n"
                        "Idempotency-Key: %s\r\nContent-Type: application/json\r\n"
                        "Accept: application/json\r\nContent-Length: %zu\r\n\r\n%s", path, token,
                        key, strlen(body), body);
    assert_true(size > 0 && (size_t)size < room);
    return (size_t)size;
}

static void order_body(char out[500], int goods, int price_fen, int first, int second,
                       int64_t day, const char *pay)
{
    char more[100] = "";
    if (second)
        snprintf(more, sizeof more, ",{\"code\":\"%s\",\"quantity\":%d}", shop_goods_codes[goods],
                 second);
    snprintf(out, 500, "{\"village\":\"%s\",\"day\":%lld,\"pay\":\"%s\",\"total_fen\":%d,"
             "\"lines\":[{\"code\":\"%s\",\"quantity\":%d}%s]}", shop_village_codes[1],
             (long long)day, pay, price_fen * (first + second), shop_goods_codes[goods], first,
             more);
}

/* ---- the closing ---- */

enum { CLOSING_CLIENTS = 200, CLOSING_ORDERS = 1200, BEFORE = 400, GREENS_FEN = 350 };

struct closing {
    struct server *server;
    size_t answered, taken, refused, other, after_close_taken;
    bool turned;
};

static size_t closing_request(void *of, unsigned client, size_t n, char *out, size_t room)
{
    char body[500], token[24], key[24];
    (void)of;
    (void)client;
    snprintf(token, sizeof token, "v%zu", 100000 + n);
    snprintf(key, sizeof key, "closing-%zu", n);
    order_body(body, GREENS, GREENS_FEN, 1, 0, shop_tomorrow(t), "demo");
    return post(out, room, "/shop/orders", token, key, body);
}

static void closing_reply(void *of, unsigned client, size_t n, int status, const char *body,
                          size_t size)
{
    struct closing *closing = of;
    (void)client;
    (void)n;
    (void)size;
    if (status == 200) closing->taken++;
    else if (status == 409 && strstr(body, "2026-11-25")) closing->refused++;
    else closing->other++;
    if (++closing->answered < BEFORE || closing->turned) return;
    closing->turned = true;   // in the middle of it, 199 others are under way
    turn(closing->server, shop_at(23, 0, 0, 0));
}

static void closing(bool postgres)
{
    begin(postgres, shop_at(22, 59, 59, 999));
    more_stock(GREENS, 10000);
    struct server *server = serve();
    struct closing closing = { .server = server };
    struct web_load load = {
        .port = serve_port(server), .clients = CLOSING_CLIENTS, .requests = CLOSING_ORDERS,
        .of = &closing, .request = closing_request, .reply = closing_reply,
    };
    struct web_loaded loaded;
    assert_true(web_load(&load, &loaded));
    assert_false(loaded.stalled);
    assert_int_equal(loaded.lost, 0);
    settle(server);
    assert_int_equal(closing.other, 0);
    assert_true(closing.taken >= BEFORE && closing.refused > 0);

    static const struct sql orders = SQL("SELECT count(*) FROM shop_order");
    static const struct sql odd = SQL(
        "SELECT count(*) FROM shop_order AS o JOIN consignment AS c ON c.id = o.consignment_id"
        " JOIN wave AS w ON w.day = c.day WHERE o.day <> c.day OR o.arrived_ms >= w.closes_ms"
        " OR w.closed_ms IS NULL OR c.document_id <> o.id");
    static const struct sql twice = SQL(
        "SELECT count(*) FROM (SELECT document_id FROM consignment GROUP BY document_id"
        " HAVING count(*) > 1) AS d");
    static const struct sql waves = SQL(
        "SELECT count(*) FROM wave WHERE state = 'open'");
    assert_int_equal(count(&orders), closing.taken);
    assert_int_equal(count(&odd), 0);
    assert_int_equal(count(&twice), 0);
    assert_int_equal(count(&waves), 0);
    assert_int_equal(shop_left(t, GREENS), 10100 - (int64_t)closing.taken);

    // What was refused can be had a day later, by asking for that day.
    char body[500];
    order_body(body, GREENS, GREENS_FEN, 1, 0, shop_tomorrow(t) + 1, "demo");
    struct web_client *client = web_client(serve_port(server));
    assert_int_equal(web_post(client, "/shop/orders", "v5", "next-day", body).status, 200);
    web_client_end(client);
    serve_stop(server);
    shop_sound(t);
    shop_test_end(t);
}

static void closing_sqlite(void **state) { (void)state; closing(false); }
static void closing_postgres(void **state) { (void)state; closing(true); }

/* ---- a hundred pieces ---- */

enum { BUYERS = 1000, MEAT_FEN = 3200 };

struct buying { int status[BUYERS]; char code[BUYERS][16]; size_t odd; };

/* Each buyer asks twice with the same key; every third wants two pieces, in two lines. */
static size_t buying_request(void *of, unsigned client, size_t n, char *out, size_t room)
{
    char body[500], token[24], key[24];
    size_t buyer = n % BUYERS;
    (void)of;
    (void)client;
    snprintf(token, sizeof token, "v%zu", 100000 + buyer);
    snprintf(key, sizeof key, "buyer-%zu", buyer);
    order_body(body, MEAT, MEAT_FEN, 1, buyer % 3 == 0, shop_tomorrow(t),
               buyer % 5 == 0 ? "later" : "demo");
    return post(out, room, "/shop/orders", token, key, body);
}

static void buying_reply(void *of, unsigned client, size_t n, int status, const char *body,
                         size_t size)
{
    struct buying *buying = of;
    size_t buyer = n % BUYERS;
    char code[16] = "";
    (void)client;
    (void)size;
    const char *at = strstr(body, "\"code\":\"");
    if (status == 200 && at) snprintf(code, sizeof code, "%.13s", at + 8);
    if (status != 200 && status != 409) buying->odd++;
    if (buying->status[buyer] == 0) {
        buying->status[buyer] = status;
        memcpy(buying->code[buyer], code, sizeof code);
    } else if (buying->status[buyer] != status || strcmp(buying->code[buyer], code) != 0) {
        buying->odd++;   // another answer to the same request
    }
}

static int64_t bought(const struct buying *buying)
{
    int64_t pieces = 0;
    for (size_t i = 0; i < BUYERS; i++)
        if (buying->status[i] == 200) pieces += i % 3 == 0 ? 2 : 1;
    return pieces;
}

static struct buying buying;

static void storm(bool postgres)
{
    begin(postgres, shop_at(20, 0, 0, 0));
    struct server *server = serve();
    struct web_load load = {
        .port = serve_port(server), .clients = 64, .requests = 2 * BUYERS, .of = &buying,
        .request = buying_request, .reply = buying_reply,
    };
    struct web_loaded loaded;
    memset(&buying, 0, sizeof buying);
    assert_true(web_load(&load, &loaded));
    assert_false(loaded.stalled);
    assert_int_equal(loaded.lost, 0);
    assert_int_equal(buying.odd, 0);
    assert_int_equal(bought(&buying), 100);
    assert_int_equal(shop_left(t, MEAT), 0);
    static const struct sql lines = SQL("SELECT CAST(sum(quantity) AS BIGINT) FROM order_line");
    assert_int_equal(count(&lines), 100);
    shop_sound(t);

    // A quarter of an hour later what was not paid is there again, and so is its place on the bus.
    static const struct sql held = SQL(
        "SELECT CAST(coalesce(sum(l.quantity), 0) AS BIGINT) FROM order_line AS l"
        " JOIN shop_order AS o ON o.id = l.order_id WHERE o.state = 'held'");
    static const struct sql waiting = SQL(
        "SELECT count(*) FROM consignment AS c JOIN shop_order AS o ON o.consignment_id = c.id"
        " WHERE (c.state = 'waiting') <> (o.state IN ('held', 'paid'))");
    int64_t unpaid = count(&held);
    assert_true(unpaid > 0);
    turn(server, shop_at(20, 16, 0, 0));
    settle(server);
    assert_int_equal(count(&held), 0);
    assert_int_equal(count(&waiting), 0);
    assert_int_equal(shop_left(t, MEAT), unpaid);
    shop_sound(t);
    serve_stop(server);
}

static void storm_sqlite(void **state)
{
    (void)state;
    storm(false);
    int64_t left = shop_left(t, MEAT);
    t->county = web_county_crash(t->county, shop_test_rooms);   // only what was on disk
    assert_int_equal(shop_left(t, MEAT), left);
    shop_sound(t);
    shop_test_end(t);
}

static void storm_postgres(void **state)
{
    (void)state;
    storm(true);
    shop_test_end(t);
}

/* ---- what comes over the wire ---- */

static int status_of(struct web_client *client, const char *path, const char *token,
                     const char *key, const char *body)
{
    return web_post(client, path, token, key, body).status;
}

static void wire(void **state)
{
    char body[500], other[500], code[16], path[64];
    (void)state;
    begin(false, shop_at(20, 0, 0, 0));
    struct server *server = serve();
    struct web_client *client = web_client(serve_port(server));
    order_body(body, MEAT, MEAT_FEN, 2, 0, shop_tomorrow(t), "demo");
    order_body(other, MEAT, MEAT_FEN, 1, 0, shop_tomorrow(t), "demo");
    assert_int_equal(web_call(client, "POST", "/shop/orders", "Idempotency-Key: a\r\n"
                              "Content-Type: application/json\r\n", body).status, 401);
    assert_int_equal(status_of(client, "/shop/orders", "p7", "a", body), 403);
    assert_int_equal(status_of(client, "/shop/picks", "v7", "a", "{\"picks\":[]}"), 403);
    struct web_reply reply = web_post(client, "/shop/orders", "v7", "b", body);
    assert_int_equal(reply.status, 200);
    snprintf(code, sizeof code, "%.13s", strstr(reply.body, "\"code\":\"") + 8);
    assert_int_equal(status_of(client, "/shop/orders", "v7", "b", body), 200);
    assert_int_equal(status_of(client, "/shop/orders", "v7", "b", other), 409);   // another body
    assert_int_equal(shop_left(t, MEAT), 98);
    assert_int_equal(status_of(client, "/shop/orders", "v7", "c", "{\"village\":\"\xff\xfe\"}"),
                     400);
    snprintf(path, sizeof path, "/shop/orders/%s/cancel", code);
    assert_int_equal(status_of(client, path, "v8", "d", "{}"), 403);
    assert_int_equal(status_of(client, "/shop/orders/1234567890123/cancel", "v7", "e", "{}"), 404);
    assert_int_equal(status_of(client, "/shop/orders/1234567890124/cancel", "v7", "h", "{}"), 422);
    assert_int_equal(status_of(client, path, "v7", "f", "{}"), 200);
    assert_int_equal(status_of(client, path, "v7", "g", "{}"), 409);
    assert_int_equal(status_of(client, path, "v7", "f", "{}"), 200);   // the first answer again
    assert_int_equal(shop_left(t, MEAT), 100);
    web_client_end(client);
    serve_stop(server);
    shop_sound(t);
    shop_test_end(t);
}

/* Every page of the shop, as a browser gets it. */
static void pages(void **state)
{
    static const char basket_path[] =
        "/shop/promise?village=330824101201&lines.0.code=2000000000015&lines.0.quantity=2"
        "&lines.1.code=2000000000022&lines.1.quantity=&cart=2000000000039:1";
    static const char *const paths[] = {
        "/shop", "/shop?find=%E6%B1%A0", "/shop?village=330824101201",
        "/shop/goods?village=330824101201", "/shop/goods?q=lr",
        "/shop/goods/2000000000015?village=330824101201",
        basket_path,
        "/shop/orders",
    };
    (void)state;
    begin(false, shop_at(20, 0, 0, 0));
    struct server *server = serve();
    struct web_client *client = web_client(serve_port(server));
    for (size_t i = 0; i < COUNT(paths); i++) {
        char headers[200];
        snprintf(headers, sizeof headers, "Cookie: cunhuo=v%lld\r\nAccept: text/html\r\n",
                 (long long)t->villager_id);
        struct web_reply reply = web_call(client, "GET", paths[i], headers, NULL);
        if (reply.status != 200) fail_msg("%s: %d %s", paths[i], reply.status, reply.body);
        assert_non_null(strstr(reply.body, "<h1>"));
        assert_true(reply.size < 60 * 1024);
    }
    struct web_reply basket = web_call(client, "GET", basket_path, "", NULL);
    assert_non_null(strstr(basket.body, "¥89.80"));   // 2 x 32 + 25.80
    web_client_end(client);
    serve_stop(server);
    shop_test_end(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("S1.5 200 writers at the cut-off: tonight's wave or none (SQLite)", closing_sqlite),
        TEST("S1.5 200 writers at the cut-off: tonight's wave or none (PostgreSQL)",
             closing_postgres),
        TEST("S1.8 1,000 buyers and 100 pieces: 100 sold (SQLite)", storm_sqlite),
        TEST("S1.8 1,000 buyers and 100 pieces: 100 sold (PostgreSQL)", storm_postgres),
        TEST("S1.3 wrong roles, repeated keys and bad text over HTTP", wire),
        TEST("S1.2 every page of the shop", pages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
