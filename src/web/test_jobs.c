/* test_jobs.c - what the clock starts: once for each instant, whatever is restarted or turned. */
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/clock.h"
#include "base/test.h"
#include "db/db.h"
#include "db/testing.h"
#include "web/testing.h"

const struct test_room test_rooms[] = { { 0 } };

static const char *const tables[] = {
    "CREATE TABLE done (id BIGINT NOT NULL PRIMARY KEY, what TEXT NOT NULL,"
    " at_ms BIGINT NOT NULL)",
    NULL
};

static const struct sql add_done = SQL("INSERT INTO done (id, what, at_ms) VALUES ($1, $2, $3)");

/* ---- Jobs that write down that they were run, and a route that does the same ---- */

static int failures_left, afters;
static int64_t after_ms;

static enum status note(struct tx *tx, const char *what, int64_t at_ms)
{
    return db_run(tx, &add_done, ARGS(i64(tx_id(tx)), str(what), i64(at_ms)));
}

static enum status act_close(struct tx *tx, int64_t due_ms, struct err *err)
{
    TRY(note(tx, "close", due_ms));
    if (failures_left > 0) {
        failures_left--;
        return err_set(err, CONFLICT, NULL, "Not yet.");
    }
    return OK;
}

static enum status act_hour(struct tx *tx, int64_t due_ms, struct err *err)
{
    (void)err;
    return note(tx, "hour", due_ms);
}

static enum status act_minute(struct tx *tx, int64_t due_ms, struct err *err)
{
    (void)err;
    return note(tx, "minute", due_ms);
}

static void after_close(struct county *county, int64_t due_ms)
{
    (void)county;
    __atomic_store_n(&after_ms, due_ms, __ATOMIC_SEQ_CST);
    __atomic_fetch_add(&afters, 1, __ATOMIC_SEQ_CST);
}

static const struct job jobs[] = {
    { .name = "test.close", .when = JOB_DAILY, .at_s = 23 * 3600, .missed = JOB_CATCH_UP,
      .act = act_close, .after = after_close },
    { .name = "test.hour", .when = JOB_EVERY, .every_s = 3600, .missed = JOB_CATCH_UP,
      .act = act_hour },
    { .name = "test.minute", .when = JOB_EVERY, .every_s = 60, .missed = JOB_SKIP,
      .act = act_minute },
    { 0 }
};

static sem_t gate_reached, gate_opened;

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

static enum status prepare_order(struct request *rq, void *in, struct err *err)
{
    (void)err;
    *(int64_t *)in = rq->arrived_ms;
    return OK;
}

static enum status act_order(struct tx *tx, const void *in, void *out, struct err *err)
{
    (void)out;
    (void)err;
    return note(tx, "order", *(const int64_t *)in);
}

static json_t *show(struct request *rq, const void *out)
{
    (void)rq;
    (void)out;
    return json_object();
}

static const struct route routes[] = {
    { .method = POST, .path = "/test/gate", .permission = &logged_in, .lane = LANE_FIRST,
      .act = act_gate, .show = show },
    { .method = POST, .path = "/test/orders", .permission = &logged_in, .lane = LANE_ORDER,
      .in_size = sizeof(int64_t), .prepare = prepare_order, .act = act_order, .show = show },
    { 0 }
};
static const struct room room = { .name = "test", .tables = tables, .routes = routes,
                                  .jobs = jobs };
static const struct room *const rooms[] = { &room, NULL };

/* ---- The house around them ---- */

static int64_t at(int day, int hour, int minute, int second)
{
    return day_ms(day_from_civil(2026, 11, day), hour * 3600 + minute * 60 + second,
                  ZONE_CHINA_S);
}

struct house { struct county *county; struct server *server; struct web_client *client; };

static struct house open_at(bool postgres, int64_t now_ms)
{
    struct house house = { .county = web_county(postgres, rooms, now_ms) };
    if (house.county == NULL) skip();
    failures_left = afters = 0;
    house.server = web_serve(house.county, 1);
    house.client = web_client(serve_port(house.server));
    return house;
}

static void stop(struct house *house)
{
    web_client_end(house->client);
    serve_stop(house->server);
}

static void close_house(struct house house)
{
    stop(&house);
    web_county_end(house.county);
}

static bool settled(struct web_client *client)
{
    struct web_reply reply = web_get(client, "/clock", NULL);
    assert_int_equal(reply.status, 200);
    return strstr(reply.body, "\"settled\":true") != NULL;
}

static void settle(struct house *house)
{
    int64_t until_ms = mono_ms() + WEB_PATIENCE_MS;
    while (!settled(house->client)) assert_true(mono_ms() < until_ms);
}

static void turn(struct house *house, int64_t now_ms)
{
    clock_turn(house->county->clock, now_ms, false);
    serve_clock_turned(house->server);
    settle(house);
}

/* "close 24 23:00; hour 25 00:00; ..." of all that was done, in order. */
static void expect(struct house *house, const char *what, const char *want)
{
    static const struct sql find = SQL(
        "SELECT at_ms FROM done WHERE what = $1 ORDER BY id");
    static const struct sql find_two = SQL(
        "SELECT at_ms FROM done WHERE what IN ('close', 'hour', 'order') AND $1 = '*' ORDER BY id");
    char text[1000] = "";
    struct arena *arena = arena_open(1 << 20);
    struct tx *tx;
    struct rows *rows;
    assert_int_equal(db_read_begin(house->county->db, arena, &tx), OK);
    enum status found = db_first(tx, what[0] == '*' ? &find_two : &find, ARGS(str(what)), &rows);
    for (; found == OK; found = db_next(rows)) {
        struct civil c = civil_of(row_i64(rows, 0), ZONE_CHINA_S);
        size_t size = strlen(text);
        snprintf(text + size, sizeof text - size, "%d %02d:%02d:%02d;", c.day, c.hour, c.minute,
                 c.second);
    }
    assert_int_equal(found, NOT_FOUND);
    db_read_end(tx);
    arena_free(arena);
    assert_string_equal(text, want);
}

/* ---- ---- */

static void each_instant_once(bool postgres)
{
    struct house house = open_at(postgres, at(24, 22, 40, 0));
    settle(&house);
    expect(&house, "close", "");
    turn(&house, at(24, 22, 59, 59));
    expect(&house, "close", "");
    turn(&house, at(24, 23, 0, 0));
    expect(&house, "close", "24 23:00:00;");
    turn(&house, at(24, 23, 30, 0));
    turn(&house, at(24, 22, 0, 0));     // back: what has been run stays so
    turn(&house, at(24, 23, 40, 0));
    expect(&house, "close", "24 23:00:00;");
    expect(&house, "hour", "24 23:00:00;");
    assert_int_equal(__atomic_load_n(&afters, __ATOMIC_SEQ_CST), 1);

    // A restart, as after a kill, at the same time and later.
    stop(&house);
    house.county = web_county_crash(house.county, rooms);
    house.server = web_serve(house.county, 1);
    house.client = web_client(serve_port(house.server));
    settle(&house);
    expect(&house, "close", "24 23:00:00;");
    stop(&house);
    house.county = web_county_crash(house.county, rooms);
    clock_turn(house.county->clock, at(26, 23, 0, 1), false);   // two nights were missed
    house.server = web_serve(house.county, 1);
    house.client = web_client(serve_port(house.server));
    settle(&house);
    expect(&house, "close", "24 23:00:00;25 23:00:00;26 23:00:00;");
    assert_int_equal(__atomic_load_n(&afters, __ATOMIC_SEQ_CST), 3);
    close_house(house);
}

static void each_instant_once_sqlite(void **state)
{
    (void)state;
    each_instant_once(false);
}

static void each_instant_once_postgres(void **state)
{
    (void)state;
    each_instant_once(true);
}

static void in_order(void **state)
{
    (void)state;
    struct house house = open_at(false, at(24, 21, 30, 0));
    turn(&house, at(25, 1, 30, 0));
    expect(&house, "*", "24 22:00:00;24 23:00:00;24 23:00:00;25 00:00:00;25 01:00:00;");
    expect(&house, "minute", "25 01:30:00;");   // it skips what was jumped over
    turn(&house, at(25, 1, 31, 59));
    expect(&house, "minute", "25 01:30:00;25 01:31:00;");
    stop(&house);
    house.county = web_county_crash(house.county, rooms);
    clock_turn(house.county->clock, at(25, 1, 45, 30), false);
    house.server = web_serve(house.county, 1);
    house.client = web_client(serve_port(house.server));
    settle(&house);
    expect(&house, "minute", "25 01:30:00;25 01:31:00;25 01:45:00;");   // a stop is no other jump
    close_house(house);
}

static void a_failing_job(void **state)
{
    (void)state;
    struct house house = open_at(false, at(24, 22, 59, 0));
    settle(&house);
    failures_left = 1;
    turn(&house, at(24, 23, 0, 0));   // settled only when it has been tried again
    expect(&house, "close", "24 23:00:00;");   // what it wrote before it failed is gone
    expect(&house, "hour", "24 23:00:00;");
    assert_int_equal(__atomic_load_n(&afters, __ATOMIC_SEQ_CST), 1);
    close_house(house);
}

static void killed_before_after(void **state)
{
    (void)state;
    static const struct sql forget = SQL("UPDATE job SET after_ms = 0 WHERE name = 'test.close'");
    struct house house = open_at(false, at(24, 22, 59, 0));
    turn(&house, at(24, 23, 0, 0));
    stop(&house);
    struct arena *arena = arena_open(1 << 20);
    struct tx *tx;
    assert_int_equal(db_write_begin(house.county->db, arena, &tx), OK);
    assert_int_equal(db_run(tx, &forget, NO_ARGS), OK);
    assert_int_equal(db_write_end(tx, true), OK);
    arena_free(arena);
    house.county = web_county_crash(house.county, rooms);
    after_ms = 0;
    house.server = web_serve(house.county, 1);
    house.client = web_client(serve_port(house.server));
    int64_t until_ms = mono_ms() + WEB_PATIENCE_MS;
    while (__atomic_load_n(&afters, __ATOMIC_SEQ_CST) < 2) {
        settled(house.client);
        assert_true(mono_ms() < until_ms);
    }
    assert_true(__atomic_load_n(&after_ms, __ATOMIC_SEQ_CST) == at(24, 23, 0, 0));
    expect(&house, "close", "24 23:00:00;");
    close_house(house);
}

static void send_post(struct web_client *client, const char *path, const char *key)
{
    char text[300];
    int size = snprintf(text, sizeof text, "POST %s HTTP/1.1\r\nHost: test\r\nAuthorization: "
                        "Bearer u7\r\nIdempotency-Key: %s\r\nContent-Length: 0\r\n\r\n", path,
                        key);
    assert_true(web_send(client, text, (size_t)size));
}

static void closing_is_in_the_queue(void **state)
{
    (void)state;
    struct house house = open_at(false, at(24, 22, 59, 59));
    settle(&house);
    sem_init(&gate_reached, 0, 0);
    sem_init(&gate_opened, 0, 0);
    struct web_client *gate = web_client(serve_port(house.server));
    struct web_client *early = web_client(serve_port(house.server));
    struct web_client *late = web_client(serve_port(house.server));
    send_post(gate, "/test/gate", "gate");
    while (sem_wait(&gate_reached) != 0) {}
    send_post(early, "/test/orders", "early");
    while (writer_figures(house.county->writer).queued < 1) settled(house.client);
    clock_turn(house.county->clock, at(24, 23, 0, 0), false);
    serve_clock_turned(house.server);
    while (writer_figures(house.county->writer).queued < 2) settled(house.client);   // the closing
    send_post(late, "/test/orders", "late");
    sem_post(&gate_opened);
    assert_int_equal(web_receive(gate).status, 200);
    assert_int_equal(web_receive(early).status, 200);
    assert_int_equal(web_receive(late).status, 200);
    settle(&house);
    // The order stamped before, the closing (then the hour's job), and the order stamped after
    // somewhere behind the closing.
    expect(&house, "order", "24 22:59:59;24 23:00:00;");
    expect(&house, "close", "24 23:00:00;");
    static const struct sql before = SQL(
        "SELECT COUNT(*) FROM done AS o JOIN done AS c ON c.what = 'close' AND o.id < c.id"
        " WHERE o.what = 'order'");
    struct arena *arena = arena_open(1 << 20);
    struct tx *tx;
    struct rows *rows;
    assert_int_equal(db_read_begin(house.county->db, arena, &tx), OK);
    assert_int_equal(db_first(tx, &before, NO_ARGS, &rows), OK);
    assert_int_equal(row_i64(rows, 0), 1);
    db_read_end(tx);
    arena_free(arena);
    web_client_end(gate);
    web_client_end(early);
    web_client_end(late);
    close_house(house);
}

static void turning(void **state)
{
    (void)state;
    struct house house = open_at(false, at(24, 22, 0, 0));
    char body[100];
    snprintf(body, sizeof body, "{\"now\":\"2026-11-24T23:00:05\",\"running\":false}");
    assert_int_equal(web_post(house.client, "/clock", "n1", "a", body).status, 403);
    assert_int_equal(web_post(house.client, "/clock", "u1", "b", "{}").status, 422);
    struct web_reply reply = web_post(house.client, "/clock", "u1", "c", body);
    assert_int_equal(reply.status, 200);
    assert_true(county_now_ms(house.county) == at(24, 23, 0, 5));
    settle(&house);
    expect(&house, "close", "24 23:00:00;");

    // It goes on from there after a kill. A county that may not be turned does not open.
    char folder[300];
    snprintf(folder, sizeof folder, "%s", house.county->folder);
    stop(&house);
    county_close(house.county);
    struct err err = { 0 };
    assert_int_equal(county_open(folder, rooms, COUNTY_WRITE, &house.county, &err), OK);
    assert_true(county_now_ms(house.county) == at(24, 23, 0, 5));
    struct arena *arena = arena_open(1 << 20);
    struct tx *tx;
    assert_int_equal(db_write_begin(house.county->db, arena, &tx), OK);
    assert_int_equal(county_set(tx, "county.may_turn", "0"), OK);
    assert_int_equal(db_write_end(tx, true), OK);
    arena_free(arena);
    county_close(house.county);
    struct county *refused;
    assert_int_equal(county_open(folder, rooms, COUNTY_WRITE, &refused, &err), INVALID);
    web_folder_end(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("a job is run once for each due instant, across restarts and a turned clock (SQLite)",
             each_instant_once_sqlite),
        TEST("a job is run once for each due instant, across restarts and a turned clock"
             " (PostgreSQL)", each_instant_once_postgres),
        TEST("a clock turned far runs what is caught up in order, and skips the rest", in_order),
        TEST("a job that fails leaves no trace and is tried again", a_failing_job),
        TEST("what comes after a job is made up for when a kill came in between",
             killed_before_after),
        TEST("an order that arrived before the closing is served before it",
             closing_is_in_the_queue),
        TEST("a clock is turned by whoever may, and stays turned after a kill", turning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
