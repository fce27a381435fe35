/* test_kill.c - kill -9 in a storm of writes: what was acknowledged is there, once, and a repeat is
 * told the first answer. The server is a process of its own; the storm's moment of death differs
 * from round to round by what has been answered, not by a clock. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/arena.h"
#include "base/clock.h"
#include "base/rng.h"
#include "base/test.h"
#include "db/db.h"
#include "db/testing.h"
#include "web/form.h"
#include "web/testing.h"

const struct test_room test_rooms[] = { { 0 } };

enum { WRITES = 600, CLIENTS = 32, ROUNDS = 6 };

static const char *const tables[] = {
    "CREATE TABLE written (id BIGINT NOT NULL PRIMARY KEY, n BIGINT NOT NULL)",
    "CREATE TABLE counted (id BIGINT NOT NULL PRIMARY KEY, writes BIGINT NOT NULL);"
    " INSERT INTO counted (id, writes) VALUES (1, 0)",
    NULL
};

static enum status prepare(struct request *rq, void *in, struct err *err)
{
    return form_i64(rq, "n", 0, WRITES, in, err);
}

/* Two rows that belong together; every seventh is refused after it has written. */
static enum status act(struct tx *tx, const void *in, void *out, struct err *err)
{
    static const struct sql add = SQL("INSERT INTO written (id, n) VALUES ($1, $2)");
    static const struct sql count = SQL("UPDATE counted SET writes = writes + 1 WHERE id = 1");
    int64_t n = *(const int64_t *)in, *id = out;
    *id = tx_id(tx);
    TRY(db_run(tx, &add, ARGS(i64(*id), i64(n))));
    TRY(db_run(tx, &count, NO_ARGS));
    return n % 7 == 3 ? err_set(err, CONFLICT, "n", "Refused.") : OK;
}

static json_t *show(struct request *rq, const void *out)
{
    (void)rq;
    return json_pack("{s:I}", "id", (json_int_t)*(const int64_t *)out);
}

static const struct route routes[] = {
    { .method = POST, .path = "/test/writes", .permission = &logged_in, .lane = LANE_ORDER,
      .in_size = sizeof(int64_t), .out_size = sizeof(int64_t), .prepare = prepare, .act = act,
      .show = show },
    { 0 }
};
static const struct room room = { .name = "test", .tables = tables, .routes = routes };
static const struct room *const rooms[] = { &room, NULL };

/* ---- The server, in a process of its own ---- */

static _Noreturn void serve(const char *folder, int port_to)
{
    struct county *county;
    struct server *server;
    struct err err = { 0 };
    struct serve_options options = { .address = "127.0.0.1", .loops = 2 };
    uint16_t port = 0;
    if (county_open(folder, rooms, COUNTY_WRITE, &county, &err) == OK
        && county_start(county, &err) == OK
        && serve_start(county, &web_test_hooks, &options, &server, &err) == OK)
        port = serve_port(server);
    else
        fprintf(stderr, "%s %s\n", err.text, err.detail);
    if (write(port_to, &port, sizeof port) != sizeof port) _exit(1);
    for (;;) pause();
}

static pid_t start(const char *folder, uint16_t *port)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) serve(folder, ends[1]);
    close(ends[1]);
    assert_int_equal(read(ends[0], port, sizeof *port), sizeof *port);
    close(ends[0]);
    assert_true(*port != 0);
    return child;
}

static void kill_it(pid_t child)
{
    kill(child, SIGKILL);
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {}
}

/* ---- The storm ---- */

struct storm {
    int order[WRITES];         // which write is sent when: another order each round
    int64_t id[WRITES];        // as first acknowledged; -1: refused; 0: not yet answered
    size_t answered, wrong;
    size_t die_at;             // answers after which the server is killed; 0: it lives
    pid_t server;
};

static size_t request(void *of, unsigned client, size_t n, char *out, size_t size)
{
    const struct storm *storm = of;
    char body[40];
    (void)client;
    int write = storm->order[n];
    int body_size = snprintf(body, sizeof body, "{\"n\":%d}", write);
    return (size_t)snprintf(out, size, "POST /test/writes HTTP/1.1\r\nHost: test\r\n"
                            "Authorization: Bearer u1\r\nIdempotency-Key: w%d\r\n"
                            "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
                            write, body_size, body);
}

static void answer(void *of, unsigned client, size_t n, int status, const char *body, size_t size)
{
    struct storm *storm = of;
    (void)client;
    int write = storm->order[n];
    json_t *view = json_loadb(body, size, 0, NULL);
    int64_t id = status == 409 ? -1 : status != 200 ? -2
               : json_integer_value(json_object_get(view, "id"));
    json_decref(view);
    bool refused = write % 7 == 3;
    if (id == -2 || (id == -1) != refused) storm->wrong++;
    if (storm->id[write] != 0 && storm->id[write] != id) storm->wrong++;   // not the first answer
    storm->id[write] = id;
    if (++storm->answered == storm->die_at) kill(storm->server, SIGKILL);
}

static void shuffle(struct storm *storm, uint64_t seed)
{
    struct rng rng = rng_seeded(seed);
    for (int i = WRITES - 1; i > 0; i--) {
        int j = (int)rng_below(&rng, (uint32_t)i + 1), kept = storm->order[i];
        storm->order[i] = storm->order[j];
        storm->order[j] = kept;
    }
}

/* Every write is there once, refused ones not at all, and what belongs together agrees. */
static void check(const char *folder, const struct storm *storm)
{
    static const struct sql find = SQL(
        "SELECT w.id, w.n, (SELECT writes FROM counted WHERE id = 1) FROM written AS w"
        " ORDER BY w.n, w.id");
    struct county *county;
    struct err err = { 0 };
    struct tx *tx;
    struct rows *rows;
    assert_int_equal(county_open(folder, rooms, COUNTY_WRITE, &county, &err), OK);
    struct arena *arena = arena_open(16 << 20);
    assert_int_equal(db_read_begin(county->db, arena, &tx), OK);
    int64_t count = 0, counted = 0, last = -1;
    enum status found = db_first(tx, &find, NO_ARGS, &rows);
    for (; found == OK; found = db_next(rows), count++) {
        int64_t n = row_i64(rows, 1);
        assert_true(n > last && n % 7 != 3);
        if (storm->id[n] != 0) assert_true(row_i64(rows, 0) == storm->id[n]);
        counted = row_i64(rows, 2);
        last = n;
    }
    assert_int_equal(counted, count);
    int64_t acknowledged = 0;
    for (int i = 0; i < WRITES; i++) acknowledged += storm->id[i] > 0;
    assert_true(count >= acknowledged);
    if (storm->die_at == 0) assert_int_equal(count, acknowledged);
    db_read_end(tx);
    arena_free(arena);
    county_close(county);
}

static void killed_in_a_storm(void **state)
{
    (void)state;
    char folder[300];
    struct county *county = web_county(false, rooms, 0);
    snprintf(folder, sizeof folder, "%s", county->folder);
    county_close(county);
    struct storm *storm = calloc(1, sizeof *storm);
    for (int i = 0; i < WRITES; i++) storm->order[i] = i;
    for (int round = 0; round <= ROUNDS; round++) {
        struct web_load load = { .clients = CLIENTS, .requests = WRITES, .of = storm,
                                 .request = request, .reply = answer };
        struct web_loaded loaded;
        shuffle(storm, (uint64_t)round);
        storm->answered = 0;
        storm->die_at = round == ROUNDS ? 0 : 20 + 90 * (size_t)round;
        storm->server = start(folder, &load.port);
        assert_true(web_load(&load, &loaded));
        assert_false(loaded.stalled);
        kill_it(storm->server);
        assert_int_equal(storm->wrong, 0);
        check(folder, storm);
    }
    free(storm);
    web_folder_end(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("L.2 kill -9 in a storm: every acknowledged write is there once, repeats get the first"
             " answer", killed_in_a_storm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
