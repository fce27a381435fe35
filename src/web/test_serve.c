/* test_serve.c - requests on the wire: rights, first answers, limits, a writer that is busy. */
#include <poll.h>
#include <semaphore.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include "base/arena.h"
#include "base/clock.h"
#include "base/test.h"
#include "db/db.h"
#include "db/fault.h"
#include "db/testing.h"
#include "web/form.h"
#include "web/testing.h"

const struct test_room test_rooms[] = { { 0 } };

/* ---- A room that sells one thing, of which there are five ---- */

static const char *const tables[] = {
    "CREATE TABLE sold (id BIGINT NOT NULL PRIMARY KEY, user_id BIGINT NOT NULL,"
    " n BIGINT NOT NULL)",
    NULL
};
static const struct permission sell = { "test.sell", "Sell", "keeper" };

enum { STOCK = 5 };
static sem_t gate_reached, gate_opened;
static int acts;   // the writer's; read when nothing is under way

struct sale { int64_t id, user_id, n, left; };

static enum status prepare_sale(struct request *rq, void *in, struct err *err)
{
    struct sale *sale = in;
    sale->user_id = rq->user_id;
    return form_i64(rq, "n", 1, 100, &sale->n, err);
}

static enum status act_sale(struct tx *tx, const void *in, void *out, struct err *err)
{
    static const struct sql add = SQL("INSERT INTO sold (id, user_id, n) VALUES ($1, $2, $3)");
    static const struct sql sum = SQL("SELECT CAST(COALESCE(SUM(n), 0) AS BIGINT) FROM sold");
    struct sale *sale = out;
    struct rows *rows;
    acts++;
    *sale = *(const struct sale *)in;
    sale->id = tx_id(tx);
    TRY(db_run(tx, &add, ARGS(i64(sale->id), i64(sale->user_id), i64(sale->n))));
    TRY(db_first(tx, &sum, NO_ARGS, &rows));
    sale->left = STOCK - row_i64(rows, 0);
    return sale->left < 0 ? err_about(err, CONFLICT, "n", "There are not that many.", "%d", STOCK)
                          : OK;
}

static json_t *show_sale(struct request *rq, const void *out)
{
    const struct sale *sale = out;
    (void)rq;
    return json_pack("{s:I, s:I, s:I}", "id", (json_int_t)sale->id, "n", (json_int_t)sale->n,
                     "left", (json_int_t)sale->left);
}

static enum status act_sold(struct tx *tx, const void *in, void *out, struct err *err)
{
    static const struct sql sum = SQL(
        "SELECT COUNT(*), CAST(COALESCE(SUM(n), 0) AS BIGINT) FROM sold");
    (void)in;
    (void)err;
    int64_t *sold = out;
    struct rows *rows;
    TRY(db_first(tx, &sum, NO_ARGS, &rows));
    sold[0] = row_i64(rows, 0);
    sold[1] = row_i64(rows, 1);
    return OK;
}

static json_t *show_sold(struct request *rq, const void *out)
{
    const int64_t *sold = out;
    return json_pack("{s:I, s:I, s:I}", "sales", (json_int_t)sold[0], "n", (json_int_t)sold[1],
                     "user_id", (json_int_t)rq->user_id);
}

/* Holds the writer until the test lets it go. */
static enum status act_gate(struct tx *tx, const void *in, void *out, struct err *err)
{
    (void)tx;
    (void)in;
    (void)out;
    (void)err;
    sem_post(&gate_reached);
    while (sem_wait(&gate_opened) != 0) {}
    return OK;
}

static json_t *show_nothing(struct request *rq, const void *out)
{
    (void)rq;
    (void)out;
    return json_object();
}

static enum status prepare_echo(struct request *rq, void *in, struct err *err)
{
    const char **text = in;
    TRY(form_str(rq, "name", 100, &text[0], err));
    text[1] = "";
    return form_str_opt(rq, "more", 100, &text[1], err);
}

static enum status act_echo(struct tx *tx, const void *in, void *out, struct err *err)
{
    (void)tx;
    (void)err;
    memcpy(out, in, 2 * sizeof(char *));
    return OK;
}

static json_t *show_echo(struct request *rq, const void *out)
{
    const char *const *text = out;
    (void)rq;
    return json_pack("{s:s, s:s}", "name", text[0], "more", text[1]);
}

static json_t *show_login(struct request *rq, const void *out)
{
    (void)rq;
    (void)out;
    return json_pack("{s:s}", "set_session", "u7");
}

static const struct route routes[] = {
    { .method = POST, .path = "/test/sales", .permission = &sell, .lane = LANE_ORDER,
      .next = "/test/sales/{id}", .text = "Sell", .in_size = sizeof(struct sale),
      .out_size = sizeof(struct sale), .prepare = prepare_sale, .act = act_sale,
      .show = show_sale },
    { .method = GET, .path = "/test/sales", .permission = &logged_in, .text = "What was sold",
      .out_size = 2 * sizeof(int64_t), .act = act_sold, .show = show_sold },
    { .method = GET, .path = "/test/public", .permission = &anyone, .text = "What was sold",
      .out_size = 2 * sizeof(int64_t), .act = act_sold, .show = show_sold },
    { .method = POST, .path = "/test/gate", .permission = &sell, .lane = LANE_FIRST,
      .text = "Hold the writer", .act = act_gate, .show = show_nothing },
    { .method = GET, .path = "/test/echo/{name}", .permission = &anyone, .text = "Say it again",
      .in_size = 2 * sizeof(char *), .out_size = 2 * sizeof(char *), .prepare = prepare_echo,
      .act = act_echo, .show = show_echo },
    { .method = GET, .path = "/test/echo/fixed/{more}", .permission = &anyone,
      .text = "Say it again", .in_size = 2 * sizeof(char *), .out_size = 2 * sizeof(char *),
      .prepare = prepare_echo, .act = act_echo, .show = show_echo },
    { .method = POST, .path = "/test/login", .permission = &anyone, .lane = LANE_ORDER,
      .next = "/", .text = "Log in", .act = act_echo, .in_size = 2 * sizeof(char *),
      .out_size = 2 * sizeof(char *), .show = show_login },
    { 0 }
};

static const struct room shop = { .name = "test", .tables = tables, .routes = routes };
static const struct room *const rooms[] = { &shop, NULL };

struct house { struct county *county; struct server *server; struct web_client *client; };

static struct house open_house(bool postgres)
{
    struct house house = { .county = web_county(postgres, rooms, 0) };
    if (house.county == NULL) skip();
    house.server = web_serve(house.county, 2);
    house.client = web_client(serve_port(house.server));
    sem_init(&gate_reached, 0, 0);
    sem_init(&gate_opened, 0, 0);
    acts = web_test_lookups = 0;
    return house;
}

static void close_house(struct house house)
{
    web_client_end(house.client);
    serve_stop(house.server);
    web_county_end(house.county);
}

static int64_t number(const struct web_reply *reply, const char *name)
{
    json_t *view = json_loadb(reply->body, reply->size, 0, NULL);
    json_t *found = json_object_get(view, name);
    int64_t value = json_is_integer(found) ? json_integer_value(found) : -1;
    json_decref(view);
    return value;
}

static int64_t sales(struct web_client *client)
{
    struct web_reply reply = web_get(client, "/test/public", NULL);
    assert_int_equal(reply.status, 200);
    return number(&reply, "sales");
}

/* ---- What a client sees ---- */

static void paths(void **state)
{
    (void)state;
    static const struct { const char *method, *path; int status; const char *body; } cases[] = {
        { "GET", "/healthz", 200, "ok\n" }, { "GET", "/readyz", 200, "ready\n" },
        { "GET", "/nothing", 404, NULL }, { "GET", "/test/public/", 404, NULL },
        { "GET", "//test/public", 404, NULL }, { "POST", "/test/public", 405, NULL },
        { "DELETE", "/test/sales", 405, NULL }, { "PUT", "/healthz", 404, NULL },
        { "GET", "/test/echo/a", 200, "{\"name\":\"a\",\"more\":\"\"}" },
        { "GET", "/api/v1/test/echo/a", 200, "{\"name\":\"a\",\"more\":\"\"}" },
        { "GET", "/test/echo/%E8%85%8A?more=b+c", 200, "{\"name\":\"腊\",\"more\":\"b c\"}" },
        { "GET", "/test/echo/a%2Fb", 200, "{\"name\":\"a/b\",\"more\":\"\"}" },
        { "GET", "/test/echo/a?name=b&more=1&more=2", 200, "{\"name\":\"a\",\"more\":\"1\"}" },
        { "GET", "/test/echo/fixed/x?name=n", 200, "{\"name\":\"n\",\"more\":\"x\"}" },
        { "GET", "/test/echo/fixed", 200, "{\"name\":\"fixed\",\"more\":\"\"}" },
        { "GET", "/test/echo/%00", 400, NULL }, { "GET", "/test/echo/%ff", 400, NULL },
        { "GET", "/test/echo/%", 400, NULL }, { "GET", "/test/echo/a?more=%FF", 400, NULL },
        { "GET", "/test/echo/", 404, NULL }, { "GET", "/ui/none.css", 404, NULL },
        { "GET", "/ui/../county/x", 404, NULL }, { "GET", "/api/v1/none", 404, NULL },
    };
    struct house house = open_house(false);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct web_reply reply = web_call(house.client, cases[i].method, cases[i].path,
                                          "Accept: application/json\r\n", NULL);
        if (reply.status != cases[i].status)
            fail_msg("%s %s: %d %s", cases[i].method, cases[i].path, reply.status, reply.body);
        if (cases[i].body) assert_string_equal(reply.body, cases[i].body);
        char type[64];
        if (reply.status >= 400) {
            assert_true(web_header(&reply, "Content-Type", type, sizeof type));
            assert_string_equal(type, "application/problem+json");
            assert_int_equal(number(&reply, "status"), reply.status);
        }
    }
    struct web_reply head = web_call(house.client, "HEAD", "/test/echo/a", "", NULL);
    char length[16];
    assert_int_equal(head.status, 200);
    assert_true(web_header(&head, "Content-Length", length, sizeof length));
    assert_string_equal(length, "22");
    close_house(house);
}

static void headers(void **state)
{
    (void)state;
    struct house house = open_house(false);
    char value[400];
    struct web_reply reply = web_call(house.client, "GET", "/none", "Accept: text/html\r\n", NULL);
    assert_int_equal(reply.status, 404);
    assert_true(web_header(&reply, "Content-Security-Policy", value, sizeof value));
    assert_non_null(strstr(value, "default-src 'none'"));
    assert_non_null(strstr(value, "frame-ancestors 'none'"));
    assert_null(strstr(value, "unsafe"));
    assert_true(web_header(&reply, "X-Content-Type-Options", value, sizeof value));
    assert_string_equal(value, "nosniff");
    reply = web_call(house.client, "DELETE", "/test/sales", "", NULL);
    assert_true(web_header(&reply, "Allow", value, sizeof value));
    assert_string_equal(value, "GET, HEAD, POST");
    reply = web_call(house.client, "GET", "/metrics", "", NULL);
    assert_int_equal(reply.status, 200);
    assert_non_null(strstr(reply.body, "\ncunhuo_requests_total 2\n"));
    reply = web_call(house.client, "GET", "/metrics", "X-Forwarded-For: 1.2.3.4\r\n", NULL);
    assert_int_equal(reply.status, 404);
    close_house(house);
}

static void rights(void **state)
{
    (void)state;
    struct house house = open_house(false);
    char place[64];
    struct web_reply reply = web_get(house.client, "/test/sales", NULL);
    assert_int_equal(reply.status, 401);
    reply = web_call(house.client, "GET", "/test/sales", "Accept: text/html\r\n", NULL);
    assert_int_equal(reply.status, 401);   // this route has no page: told, not sent to log in
    reply = web_get(house.client, "/test/sales", "x9");
    assert_int_equal(reply.status, 401);
    reply = web_get(house.client, "/test/sales", "n9");
    assert_int_equal(reply.status, 200);
    assert_int_equal(number(&reply, "user_id"), 9);
    reply = web_call(house.client, "GET", "/test/sales",
                     "Cookie: cunhuo=u8\r\nAccept: application/json\r\n", NULL);
    assert_int_equal(number(&reply, "user_id"), 8);

    reply = web_post(house.client, "/test/sales", "n9", "k1", "{\"n\":1}");
    assert_int_equal(reply.status, 403);
    reply = web_post(house.client, "/test/sales", "x", "k1", "{\"n\":1}");
    assert_int_equal(reply.status, 401);
    assert_int_equal(sales(house.client), 0);
    assert_int_equal(acts, 0);
    reply = web_post(house.client, "/test/sales", "u9", "k1", "{\"n\":1}");
    assert_int_equal(reply.status, 200);   // the refusals have used no key
    assert_false(web_header(&reply, "Location", place, sizeof place));
    close_house(house);
}

static void other_sites(void **state)
{
    (void)state;
    static const struct { const char *headers; int status; } cases[] = {
        { "Sec-Fetch-Site: same-origin\r\n", 303 }, { "Sec-Fetch-Site: cross-site\r\n", 403 },
        { "Sec-Fetch-Site: same-site\r\n", 403 }, { "Origin: http://test\r\n", 303 },
        { "Origin: http://evil\r\n", 403 }, { "Origin: null\r\n", 403 },
        { "Origin: http://test.evil\r\n", 403 }, { "Referer: http://test/shop?x\r\n", 303 },
        { "Referer: http://evil/http://test/\r\n", 403 }, { "", 403 },
        { "Sec-Fetch-Site: cross-site\r\nOrigin: http://test\r\n", 403 },
    };
    struct house house = open_house(false);
    char sent[400], body[64], place[64];
    for (size_t i = 0; i < COUNT(cases); i++) {
        snprintf(sent, sizeof sent, "Cookie: cunhuo=u7\r\nAccept: text/html\r\n%s"
                 "Content-Type: application/x-www-form-urlencoded\r\n", cases[i].headers);
        snprintf(body, sizeof body, "n=1&key=form%zu", i);
        struct web_reply reply = web_call(house.client, "POST", "/test/sales", sent, body);
        if (reply.status != cases[i].status) fail_msg("%s: %d", cases[i].headers, reply.status);
        if (reply.status != 303) continue;
        assert_true(web_header(&reply, "Location", place, sizeof place));
        assert_memory_equal(place, "/test/sales/", 12);
    }
    assert_int_equal(sales(house.client), 3);
    close_house(house);
}

static void log_in(void **state)
{
    (void)state;
    struct house house = open_house(false);
    char cookie[200];
    for (int i = 0; i < 2; i++) {   // the same key: no answer with a token is kept
        struct web_reply reply = web_call(house.client, "POST", "/test/login",
                                          "Idempotency-Key: in\r\nAccept: application/json\r\n",
                                          "");
        assert_int_equal(reply.status, 200);
        assert_null(strstr(reply.body, "u7"));
        assert_true(web_header(&reply, "Set-Cookie", cookie, sizeof cookie));
        assert_non_null(strstr(cookie, "cunhuo=u7; Path=/; HttpOnly; SameSite=Lax"));
    }
    for (int i = 0; i < 5; i++)
        assert_int_equal(web_get(house.client, "/test/sales", "u7").status, 200);
    assert_int_equal(web_test_lookups, 1);
    serve_forget(house.server, 8);
    web_get(house.client, "/test/sales", "u7");
    assert_int_equal(web_test_lookups, 1);
    serve_forget(house.server, 7);
    web_get(house.client, "/test/sales", "u7");
    assert_int_equal(web_test_lookups, 2);
    close_house(house);
}

/* ---- First answers ---- */

static void first_answers(bool postgres)
{
    struct house house = open_house(postgres);
    struct web_reply reply = web_post(house.client, "/test/sales", "u7", "a", "{\"n\":3}");
    char first[200], again[200], mark[16];
    assert_int_equal(reply.status, 200);
    assert_false(web_header(&reply, "Idempotency-Replayed", mark, sizeof mark));
    snprintf(first, sizeof first, "%s", reply.body);
    for (int i = 0; i < 10; i++) {
        reply = web_post(house.client, i % 2 ? "/api/v1/test/sales" : "/test/sales", "u7", "a",
                         i % 3 ? "{\"n\":3}" : "{ \"n\" : 3 }");
        assert_int_equal(reply.status, 200);
        assert_string_equal(reply.body, first);
        assert_true(web_header(&reply, "Idempotency-Replayed", mark, sizeof mark));
    }
    assert_int_equal(web_post(house.client, "/test/sales", "u7", "a", "{\"n\":2}").status, 409);
    assert_int_equal(web_post(house.client, "/test/gate", "u7", "a", "{\"n\":3}").status, 409);
    assert_int_equal(acts, 1);
    reply = web_post(house.client, "/test/sales", "u8", "a", "{\"n\":1}");   // another's key
    assert_int_equal(number(&reply, "left"), 1);

    // A refusal is undone, and remembered; what prepare refuses is not.
    reply = web_post(house.client, "/test/sales", "u7", "b", "{\"n\":2}");
    assert_int_equal(reply.status, 409);
    snprintf(first, sizeof first, "%s", reply.body);
    assert_int_equal(sales(house.client), 2);
    reply = web_post(house.client, "/test/sales", "u7", "c", "{\"n\":1}");
    assert_int_equal(number(&reply, "left"), 0);
    reply = web_post(house.client, "/test/sales", "u7", "b", "{\"n\":2}");
    assert_int_equal(reply.status, 409);
    snprintf(again, sizeof again, "%s", reply.body);
    assert_string_equal(first, again);
    assert_int_equal(web_post(house.client, "/test/sales", "u7", "d", "{\"n\":0}").status, 422);
    assert_int_equal(web_post(house.client, "/test/sales", "u7", "d", "{\"n\":9}").status, 409);
    assert_int_equal(sales(house.client), 3);

    // As after kill -9.
    web_client_end(house.client);
    serve_stop(house.server);
    house.county = web_county_crash(house.county, rooms);
    house.server = web_serve(house.county, 1);
    house.client = web_client(serve_port(house.server));
    reply = web_post(house.client, "/test/sales", "u7", "a", "{\"n\":3}");
    assert_int_equal(number(&reply, "left"), 2);
    assert_true(web_header(&reply, "Idempotency-Replayed", mark, sizeof mark));
    assert_int_equal(web_post(house.client, "/test/sales", "u7", "a", "{\"n\":1}").status, 409);
    assert_int_equal(sales(house.client), 3);
    close_house(house);
}

static void first_answers_sqlite(void **state)
{
    (void)state;
    first_answers(false);
}

static void first_answers_postgres(void **state)
{
    (void)state;
    first_answers(true);
}

static void no_key(void **state)
{
    (void)state;
    struct house house = open_house(false);
    const char *sent = "Authorization: Bearer u7\r\nContent-Type: application/json\r\n";
    struct web_reply reply = web_call(house.client, "POST", "/test/sales", sent, "{\"n\":1}");
    assert_int_equal(reply.status, 400);
    assert_non_null(strstr(reply.body, "\"field\":\"key\""));
    reply = web_call(house.client, "POST", "/test/sales", sent, "{\"n\":1,\"key\":\"k\"}");
    assert_int_equal(reply.status, 200);
    assert_int_equal(sales(house.client), 1);
    close_house(house);
}

static void leaves_while_parked(void **state)
{
    (void)state;
    struct house house = open_house(false);
    struct web_client *gate = web_client(serve_port(house.server));
    struct web_client *leaver = web_client(serve_port(house.server));
    const char *post = "POST /test/%s HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer u7\r\n"
                       "Idempotency-Key: %s\r\nContent-Type: application/json\r\n"
                       "Content-Length: 7\r\n\r\n{\"n\":2}";
    char text[400];
    int size = snprintf(text, sizeof text, post, "gate", "g");
    assert_true(web_send(gate, text, (size_t)size));
    while (sem_wait(&gate_reached) != 0) {}
    size = snprintf(text, sizeof text, post, "sales", "s");
    assert_true(web_send(leaver, text, (size_t)size));
    while (writer_figures(house.county->writer).queued == 0)   // parked behind the gate
        assert_int_equal(web_get(house.client, "/healthz", NULL).status, 200);
    web_client_end(leaver);
    sem_post(&gate_opened);
    assert_int_equal(web_receive(gate).status, 200);
    web_client_end(gate);
    struct web_reply reply = web_post(house.client, "/test/sales", "u7", "s", "{\"n\":2}");
    assert_int_equal(reply.status, 200);
    assert_int_equal(number(&reply, "left"), 3);
    assert_int_equal(sales(house.client), 1);
    assert_int_equal(acts, 1);
    close_house(house);
}

/* ---- When things go badly ---- */

static enum status act_nothing(struct tx *tx, struct entry *entry, struct err *err)
{
    (void)tx;
    (void)entry;
    (void)err;
    return OK;
}

static void writer_is_busy(void **state)
{
    (void)state;
    enum { ENTRIES = 100000 };
    struct house house = open_house(false);
    struct web_client *gate = web_client(serve_port(house.server));
    struct arena *arena = arena_open(1 << 20);
    struct entry *entries = calloc(ENTRIES, sizeof *entries);
    const char *post = "POST /test/gate HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer u7\r\n"
                       "Idempotency-Key: g\r\nContent-Length: 0\r\n\r\n";
    assert_true(web_send(gate, post, strlen(post)));
    while (sem_wait(&gate_reached) != 0) {}
    int n = 0;
    for (enum status put = OK; put == OK && n < ENTRIES; n++) {   // until it takes no more
        entries[n] = (struct entry){ .lane = LANE_ORDER, .arena = arena, .act = act_nothing };
        put = writer_put(house.county->writer, &entries[n]);
    }
    assert_in_range(n, 2, ENTRIES - 1);
    struct web_reply reply = web_post(house.client, "/test/sales", "u7", "k", "{\"n\":1}");
    char after[16];
    assert_int_equal(reply.status, 503);
    assert_true(web_header(&reply, "Retry-After", after, sizeof after));
    assert_int_equal(web_get(house.client, "/readyz", NULL).status, 200);
    assert_int_equal(web_get(house.client, "/test/public", NULL).status, 200);   // reading goes on
    sem_post(&gate_opened);
    assert_int_equal(web_receive(gate).status, 200);
    do reply = web_post(house.client, "/test/sales", "u7", "k", "{\"n\":1}");
    while (reply.status == 503);
    assert_int_equal(reply.status, 200);
    assert_int_equal(sales(house.client), 1);
    web_client_end(gate);
    close_house(house);
    free(entries);
    arena_free(arena);
}

static void disk_is_full(void **state)
{
    (void)state;
    fault_start();
    struct house house = open_house(false);
    fault_at(FAULT_WRITE, 1, SQLITE_FULL, true);
    struct web_reply reply = web_post(house.client, "/test/sales", "u7", "k", "{\"n\":1}");
    assert_int_equal(reply.status, 500);
    assert_null(strstr(reply.body, "\"id\""));
    fault_at(FAULT_WRITE, 0, 0, false);
    assert_int_equal(sales(house.client), 0);
    reply = web_post(house.client, "/test/sales", "u7", "k", "{\"n\":1}");
    assert_int_equal(reply.status, 200);
    assert_int_equal(sales(house.client), 1);
    close_house(house);
    fault_end();
}

static void oversized(void **state)
{
    (void)state;
    struct house house = open_house(false);
    enum { SIZE = 1 << 20 };
    char *body = malloc(SIZE + 1), *path = malloc(70000);
    memset(body, 'x', SIZE);
    memcpy(body, "{\"n\":1,\"name\":\"", 15);
    memcpy(body + SIZE - 2, "\"}", 3);
    struct web_reply reply = web_post(house.client, "/test/sales", "u7", "big", body);
    assert_int_equal(reply.status, 413);
    reply = web_post(house.client, "/test/sales", "u7", "big", "{\"n\":1}");   // same connection
    assert_int_equal(reply.status, 200);

    memset(path, 'a', 69999);
    memcpy(path, "/test/echo/", 11);
    path[69999] = '\0';
    reply = web_call(house.client, "GET", path, "", NULL);   // 414 or 431, then it hangs up
    assert_true(reply.status == 0 || reply.status == 414 || reply.status == 431);
    struct web_client *other = web_client(serve_port(house.server));
    const char *vast = "POST /test/sales HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer u7\r\n"
                       "Accept: application/json\r\nIdempotency-Key: v\r\n"
                       "Content-Length: 99999999999\r\n\r\n";
    assert_true(web_send(other, vast, strlen(vast)));
    assert_int_equal(web_receive(other).status, 413);
    web_client_end(other);
    other = web_client(serve_port(house.server));
    assert_int_equal(sales(other), 1);
    web_client_end(other);
    free(body);
    free(path);
    close_house(house);
}

static void kinds_of_body(void **state)
{
    (void)state;
    struct house house = open_house(false);
    static const struct { const char *type, *body; int status; } cases[] = {
        { "application/json", "{\"n\":1}", 200 },
        { "application/json; charset=utf-8", "{\"n\":1}", 200 },
        { "application/x-www-form-urlencoded", "n=1", 200 }, { "text/plain", "n=1", 415 },
        { "application/jsonx", "{}", 415 }, { "multipart/form-data; boundary=x", "x", 415 },
        { "application/json", "{", 400 }, { "application/json", "[]", 400 },
        { "application/json", "{\"n\":1,\"n\":2}", 400 },
        { "application/x-www-form-urlencoded", "n=%FF", 400 },
        { "application/x-www-form-urlencoded", "n=one", 422 },
        { "application/json", "{\"n\":1.5}", 422 }, { "application/json", "", 422 },
    };
    char sent[300];
    for (size_t i = 0; i < COUNT(cases); i++) {
        snprintf(sent, sizeof sent, "Authorization: Bearer u7\r\nIdempotency-Key: k%zu\r\n"
                 "Content-Type: %s\r\n", i, cases[i].type);
        struct web_reply reply = web_call(house.client, "POST", "/test/sales", sent, cases[i].body);
        if (reply.status != cases[i].status)
            fail_msg("%s %s: %d", cases[i].type, cases[i].body, reply.status);
    }
    // In chunks, so that the size is not told before.
    const char *chunks = "POST /test/sales HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer u7\r\n"
                         "Idempotency-Key: chunks\r\nContent-Type: application/json\r\n"
                         "Transfer-Encoding: chunked\r\n\r\n3\r\n{\"n\r\n4\r\n\":1}\r\n0\r\n\r\n";
    assert_true(web_send(house.client, chunks, strlen(chunks)));
    assert_int_equal(web_receive(house.client).status, 200);
    assert_int_equal(sales(house.client), 4);
    close_house(house);
}

static void slow_clients(void **state)
{
    (void)state;
    struct county *county = web_county(false, rooms, 0);
    struct server *server = NULL;
    struct err err = { 0 };
    struct serve_options options = { .address = "127.0.0.1", .loops = 1, .request_ms = 300 };
    assert_int_equal(serve_start(county, &web_test_hooks, &options, &server, &err), OK);
    static const char *const starts[] = {
        "", "GET /heal", "GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ",
        "POST /test/sales HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nn=",
    };
    struct web_client *clients[COUNT(starts)];
    for (size_t i = 0; i < COUNT(starts); i++) {
        clients[i] = web_client(serve_port(server));
        assert_true(web_send(clients[i], starts[i], strlen(starts[i])));
    }
    // They trickle, one byte at a time, and are cut off all the same.
    for (size_t open = COUNT(starts); open > 0;) {
        struct pollfd fds[COUNT(starts)];
        open = 0;
        for (size_t i = 0; i < COUNT(starts); i++) {
            fds[i] = (struct pollfd){ .fd = web_client_fd(clients[i]), .events = POLLIN };
            char byte;
            if (poll(&fds[i], 1, 5) > 0 && recv(fds[i].fd, &byte, 1, MSG_PEEK) <= 0) continue;
            if (i > 0) web_send(clients[i], "a", 1);
            open++;
        }
    }
    for (size_t i = 0; i < COUNT(starts); i++) web_client_end(clients[i]);
    serve_stop(server);
    web_county_end(county);
}

static void openapi(void **state)
{
    (void)state;
    struct house house = open_house(false);
    struct web_reply reply = web_get(house.client, "/api/v1/openapi.json", NULL);
    assert_int_equal(reply.status, 200);
    json_t *api = json_loadb(reply.body, reply.size, 0, NULL);
    assert_non_null(api);
    assert_string_equal(json_string_value(json_object_get(api, "openapi")), "3.1.0");
    json_t *paths_of = json_object_get(api, "paths");
    json_t *sale = json_object_get(json_object_get(paths_of, "/test/sales"), "post");
    assert_string_equal(json_string_value(json_object_get(sale, "x-permission")), "test.sell");
    json_t *echo = json_object_get(json_object_get(paths_of, "/test/echo/{name}"), "get");
    json_t *first = json_array_get(json_object_get(echo, "parameters"), 0);
    assert_string_equal(json_string_value(json_object_get(first, "name")), "name");
    assert_non_null(json_object_get(json_object_get(api, "components"), "schemas"));
    json_decref(api);
    close_house(house);
}

/* ---- What does not start ---- */

static enum status start_with(const struct route *bad, struct err *err)
{
    const struct room room = { .name = "bad", .routes = bad };
    const struct room *const list[] = { &shop, &room, NULL };
    struct county *county = web_county(false, list, 0);
    struct server *server;
    struct serve_options options = { .address = "127.0.0.1", .loops = 1 };
    enum status started = serve_start(county, &web_test_hooks, &options, &server, err);
    if (started == OK) serve_stop(server);
    web_county_end(county);
    return started;
}

static void bad_routes(void **state)
{
    (void)state;
    const struct route none[] = { { .path = "/x", .show = show_nothing }, { 0 } };
    const struct route twice[] = { { .path = "/test/echo/{x}", .permission = &anyone,
                                     .show = show_nothing }, { 0 } };
    const struct route page[] = { { .path = "/x", .permission = &anyone, .page = "none",
                                    .show = show_nothing }, { 0 } };
    const struct route good[] = { { .path = "/x", .permission = &anyone, .show = show_nothing },
                                  { 0 } };
    struct err err = { 0 };
    assert_int_equal(start_with(none, &err), INVALID);
    assert_string_equal(err.text, "A route has no permission.");
    assert_int_equal(start_with(twice, &err), INVALID);
    assert_int_equal(start_with(page, &err), INVALID);
    assert_int_equal(start_with(good, &err), OK);

    struct house house = open_house(false);   // whose port is taken
    struct county *county = web_county(false, rooms, 0);
    struct server *server;
    struct serve_options options = { .address = "127.0.0.1", .port = serve_port(house.server) };
    assert_int_equal(serve_start(county, &web_test_hooks, &options, &server, &err), INVALID);
    web_county_end(county);
    close_house(house);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("every path and method has its answer, bad ones too", paths),
        TEST("replies carry the headers that keep browsers safe", headers),
        TEST("P.5 who may not is told so and leaves no trace", rights),
        TEST("another site's page can't write with a visitor's cookie", other_sites),
        TEST("a session is set by cookie, remembered, and forgotten on demand", log_in),
        TEST("L.2 the same key and body get the first answer, another body a conflict, also after"
             " a kill (SQLite)", first_answers_sqlite),
        TEST("L.2 the same key and body get the first answer, another body a conflict, also after"
             " a kill (PostgreSQL)", first_answers_postgres),
        TEST("L.2 a write without a key is refused", no_key),
        TEST("L.2 a client that leaves while parked is told the first answer later",
             leaves_while_parked),
        TEST("a writer that is behind refuses with 503, and the repeat is done", writer_is_busy),
        TEST("a full disk leaves no half answer, and the repeat is done", disk_is_full),
        TEST("oversized requests are refused clearly", oversized),
        TEST("forms and JSON are taken, nothing else", kinds_of_body),
        TEST("clients that trickle or idle are cut off", slow_clients),
        TEST("OpenAPI says what the routes say", openapi),
        TEST("a county with a bad route or a taken port does not start", bad_routes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
