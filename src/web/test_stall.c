/* test_stall.c - exactly as many busy clients as the library's batch of events: nobody waits. The
 * story of it is in serve.c. */
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include "base/arena.h"
#include "base/test.h"
#include "db/db.h"
#include "db/testing.h"
#include "web/testing.h"

const struct test_room test_rooms[] = { { 0 } };

static const char *const tables[] = {
    "CREATE TABLE said (id BIGINT NOT NULL PRIMARY KEY, user_id BIGINT NOT NULL)", NULL
};

static enum status prepare(struct request *rq, void *in, struct err *err)
{
    (void)err;
    *(int64_t *)in = rq->user_id;
    return OK;
}

static enum status act(struct tx *tx, const void *in, void *out, struct err *err)
{
    static const struct sql add = SQL("INSERT INTO said (id, user_id) VALUES ($1, $2)");
    (void)err;
    *(int64_t *)out = tx_id(tx);
    return db_run(tx, &add, ARGS(i64(*(int64_t *)out), i64(*(const int64_t *)in)));
}

static json_t *show(struct request *rq, const void *out)
{
    (void)rq;
    return json_pack("{s:I}", "id", (json_int_t)*(const int64_t *)out);
}

static const struct route routes[] = {
    { .method = GET, .path = "/test/now", .permission = &anyone, .out_size = sizeof(int64_t),
      .show = show },
    { .method = POST, .path = "/test/say", .permission = &logged_in, .lane = LANE_ORDER,
      .in_size = sizeof(int64_t), .out_size = sizeof(int64_t), .prepare = prepare, .act = act,
      .show = show },
    { 0 }
};
static const struct room room = { .name = "test", .tables = tables, .routes = routes };
static const struct room *const rooms[] = { &room, NULL };

static size_t get(void *of, unsigned client, size_t n, char *out, size_t size)
{
    (void)of;
    (void)client;
    (void)n;
    return (size_t)snprintf(out, size, "GET /test/now HTTP/1.1\r\nHost: test\r\n\r\n");
}

static size_t post(void *of, unsigned client, size_t n, char *out, size_t size)
{
    (void)of;
    return (size_t)snprintf(out, size, "POST /test/say HTTP/1.1\r\nHost: test\r\n"
                            "Authorization: Bearer u%u\r\nIdempotency-Key: %zu\r\n"
                            "Content-Length: 0\r\n\r\n", client + 1, n);
}

static void no_stall(unsigned loops, unsigned clients, size_t requests)
{
    struct county *county = web_county(false, rooms, 0);
    struct server *server = web_serve(county, loops);
    struct web_load load = { .port = serve_port(server), .clients = clients,
                             .requests = requests };
    for (int writes = 0; writes < 2; writes++) {
        struct web_loaded loaded;
        load.request = writes ? post : get;
        assert_true(web_load(&load, &loaded));
        assert_false(loaded.stalled);
        assert_int_equal(loaded.lost, 0);
        if (loaded.by_class[2] != requests)
            fail_msg("%zu of %zu: %zu 4xx, %zu 5xx", loaded.by_class[2], requests,
                     loaded.by_class[4], loaded.by_class[5]);
        print_message("%s, %u clients, %u loops: %.0f/s, p50 %.1f ms, p99 %.1f ms\n",
                      writes ? "POST" : "GET", clients, loops,
                      (double)requests * 1e6 / (double)loaded.took_us,
                      (double)loaded.p50_us / 1e3, (double)loaded.p99_us / 1e3);
    }
    serve_stop(server);
    web_county_end(county);
}

static void clients_128(void **state)
{
    (void)state;
    no_stall(1, 128, (size_t)test_cases(2048));
    no_stall(2, 128, (size_t)test_cases(2048));
}

static void clients_256(void **state)
{
    (void)state;
    no_stall(1, 256, (size_t)test_cases(2048));
    no_stall(2, 256, (size_t)test_cases(2048));
}

static void other_counts(void **state)
{
    (void)state;
    static const unsigned counts[] = { 1, 64, 127, 129, 512 };
    for (size_t i = 0; i < COUNT(counts); i++)
        no_stall(1, counts[i], (size_t)test_cases(1024));
}

/* ---- Stopping ---- */

struct storm { struct web_load load; struct web_loaded loaded; sem_t begun; };

static void some_answered(void *of, unsigned client, size_t n, int status, const char *body,
                          size_t size)
{
    struct storm *storm = of;
    (void)client;
    (void)n;
    (void)status;
    (void)body;
    (void)size;
    if (n == 500) sem_post(&storm->begun);
}

static void *storm(void *of)
{
    struct storm *s = of;
    if (!web_load(&s->load, &s->loaded)) s->loaded.stalled = true;
    return NULL;
}

static int64_t rows_said(struct county *county)
{
    static const struct sql count = SQL("SELECT COUNT(*) FROM said");
    struct arena *arena = arena_open(1 << 20);
    struct tx *tx;
    struct rows *rows;
    assert_int_equal(db_read_begin(county->db, arena, &tx), OK);
    assert_int_equal(db_first(tx, &count, NO_ARGS, &rows), OK);
    int64_t said = row_i64(rows, 0);
    db_read_end(tx);
    arena_free(arena);
    return said;
}

static void stops_in_a_storm(void **state)
{
    (void)state;
    struct county *county = web_county(false, rooms, 0);
    struct server *server = web_serve(county, 2);
    struct storm s = { .load = { .port = serve_port(server), .clients = 64, .requests = 1000000,
                                 .of = &s, .request = post, .reply = some_answered } };
    pthread_t thread;
    sem_init(&s.begun, 0, 0);
    assert_int_equal(pthread_create(&thread, NULL, storm, &s), 0);
    while (sem_wait(&s.begun) != 0) {}
    serve_stop(server);
    pthread_join(thread, NULL);
    assert_false(s.loaded.stalled);
    assert_true(s.loaded.by_class[2] >= 500);
    assert_int_equal(rows_said(county), s.loaded.by_class[2]);   // neither lost nor done in silence
    web_county_end(county);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("exactly 128 clients are served without a stall", clients_128),
        TEST("exactly 256 clients are served without a stall", clients_256),
        TEST("what was accepted is finished when the server stops in a storm", stops_in_a_storm),
        TEST("1, 64, 127, 129 and 512 clients are served without a stall", other_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
