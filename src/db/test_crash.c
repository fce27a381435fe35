/* test_crash.c - kill -9 in a storm of acts, on both databases: what was acknowledged is there
 * once, and nothing is there by half. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/arena.h"
#include "base/rng.h"
#include "base/test.h"
#include "db/db.h"
#include "db/engine.h"
#include "db/testing.h"
#include "db/writer.h"

static const char *const storm_tables[] = {
    "CREATE TABLE head (head_id BIGINT PRIMARY KEY, key BIGINT NOT NULL);"
    "CREATE TABLE tail (tail_id BIGINT PRIMARY KEY, head_id BIGINT NOT NULL REFERENCES head,"
    " n BIGINT NOT NULL);"
    "CREATE TABLE stock (sku_id BIGINT PRIMARY KEY, pieces BIGINT NOT NULL CHECK (pieces >= 0));"
    "INSERT INTO stock (sku_id, pieces) VALUES (1, 1000000)",
    NULL
};
const struct test_room test_rooms[] = { { "storm", storm_tables }, { NULL, NULL } };

enum { KILLS = 5, THREADS = 4, TAILS = 3, KEYS_A_RUN = 1000000 };

static const struct sql add_head = SQL("INSERT INTO head (head_id, key) VALUES ($1, $2)");
static const struct sql add_tail = SQL(
    "INSERT INTO tail (tail_id, head_id, n) VALUES ($1, $2, $3)");
static const struct sql take_piece = SQL(
    "UPDATE stock SET pieces = pieces - 1 WHERE sku_id = 1");

struct gust { struct entry entry; int64_t key; };

static enum status act_gust(struct tx *tx, struct entry *entry, struct err *err)
{
    struct gust *gust = (struct gust *)(void *)entry;
    int64_t head_id = tx_id(tx);
    TRY(db_run(tx, &take_piece, NO_ARGS));
    TRY(db_run(tx, &add_head, ARGS(i64(head_id), i64(gust->key))));
    for (int64_t n = 0; n < TAILS; n++)
        TRY(db_run(tx, &add_tail, ARGS(i64(tx_id(tx)), i64(head_id), i64(n))));
    if (gust->key % 7 == 0) return err_set(err, CONFLICT, NULL, "Refused after it has written.");
    return OK;
}

/* ---- The child ---- */

struct blower { struct writer *writer; int64_t first_key; int pipe; };

/* Acknowledges each act by its key through the pipe (a short write is whole or not at all). */
static void *blow(void *of)
{
    const struct blower *blower = of;
    struct err err;
    struct gust gust = { .entry = { .lane = LANE_ORDER, .act = act_gust } };
    gust.entry.arena = arena_open(1 << 16);
    for (gust.key = blower->first_key; ; gust.key += THREADS) {
        arena_reset(gust.entry.arena);
        enum status acted = writer_call(blower->writer, &gust.entry, &err);
        if (acted == OK && write(blower->pipe, &gust.key, sizeof gust.key) != sizeof gust.key)
            abort();
        if (acted != OK && acted != CONFLICT) abort();
    }
    return NULL;
}

static void storm(const char *url, int64_t first_key, int pipe_fd)
{
    struct db *db;
    struct writer *writer;
    struct err err;
    struct blower blowers[THREADS];
    pthread_t threads[THREADS];
    if (db_open(url, NULL, &db, &err) != OK || writer_start(db, &writer, &err) != OK) abort();
    for (int i = 0; i < THREADS; i++) {
        blowers[i] = (struct blower){ writer, first_key + i, pipe_fd };
        if (pthread_create(&threads[i], NULL, blow, &blowers[i]) != 0) abort();
    }
    pthread_join(threads[0], NULL);   // never
}

/* ---- The parent ---- */

struct seen { int64_t *keys; size_t count; };

/* Reads `count` more keys from the pipe; to its end if that comes first. */
static void listen(int fd, size_t count, struct seen *seen)
{
    int64_t key;
    for (size_t i = 0; i < count; i++) {
        ssize_t got;
        do got = read(fd, &key, sizeof key); while (got < 0 && errno == EINTR);
        if (got != sizeof key) return;
        seen->keys = realloc(seen->keys, (seen->count + 1) * sizeof key);
        seen->keys[seen->count++] = key;
    }
}

static void one_kill(const char *url, int run, struct rng *rng, struct seen *seen)
{
    int fds[2];
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(fds[0]);
        storm(url, (int64_t)run * KEYS_A_RUN, fds[1]);
        _exit(1);
    }
    close(fds[1]);
    size_t before = seen->count, wanted = 1 + rng_below(rng, 400);
    listen(fds[0], wanted, seen);
    assert_int_equal(kill(child, SIGKILL), 0);
    listen(fds[0], SIZE_MAX, seen);   // what it had said before it died
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    assert_true(seen->count >= before + wanted);
    close(fds[0]);
}

static int64_t number(struct tx *tx, const struct sql *sql, struct args args)
{
    struct rows *rows;
    assert_int_equal(db_first(tx, sql, args, &rows), OK);
    return row_i64(rows, 0);
}

static void inspect(struct db *db, const struct seen *seen)
{
    static const struct sql heads = SQL("SELECT count(*) FROM head");
    static const struct sql keys = SQL("SELECT count(DISTINCT key) FROM head");
    static const struct sql of_key = SQL("SELECT count(*) FROM head WHERE key = $1");
    static const struct sql refused = SQL("SELECT count(*) FROM head WHERE key % 7 = 0");
    static const struct sql tails = SQL("SELECT count(*) FROM tail");
    static const struct sql halves = SQL(
        "SELECT count(*) FROM (SELECT head.head_id FROM head LEFT JOIN tail"
        " ON tail.head_id = head.head_id GROUP BY head.head_id HAVING count(n) <> 3) AS half");
    static const struct sql pieces = SQL("SELECT pieces FROM stock WHERE sku_id = 1");
    static const struct sql doubles = SQL(
        "SELECT count(*) FROM head JOIN tail ON tail.tail_id = head.head_id");
    struct arena *arena = arena_open(64 << 20);
    struct tx *tx;
    assert_int_equal(db_read_begin(db, arena, &tx), OK);
    int64_t there = number(tx, &heads, NO_ARGS);
    for (size_t i = 0; i < seen->count; i++)
        assert_int_equal(number(tx, &of_key, ARGS(i64(seen->keys[i]))), 1);
    assert_true(there >= (int64_t)seen->count);   // those whose answer died with the server
    assert_int_equal(number(tx, &keys, NO_ARGS), there);
    assert_int_equal(number(tx, &refused, NO_ARGS), 0);
    assert_int_equal(number(tx, &tails, NO_ARGS), TAILS * there);
    assert_int_equal(number(tx, &halves, NO_ARGS), 0);
    assert_int_equal(number(tx, &doubles, NO_ARGS), 0);
    assert_int_equal(number(tx, &pieces, NO_ARGS), 1000000 - there);
    db_read_end(tx);
    arena_free(arena);
}

static void kill_in_a_storm(bool postgres)
{
    struct db *db = test_db_open(postgres, NULL);
    if (db == NULL) skip();
    struct rng rng = rng_seeded(23);
    struct seen seen = { 0 };
    struct err err;
    char *url = strdup(db->url);
    int kills = test_cases(KILLS);
    for (int run = 0; run < kills; run++) {
        db_close(db);
        one_kill(url, run, &rng, &seen);
        assert_int_equal(db_open(url, NULL, &db, &err), OK);
        inspect(db, &seen);
    }
    assert_int_equal(db_verify(db, &err), OK);
    test_db_close(db);
    free(url);
    free(seen.keys);
}

static void on_sqlite(void **state) { (void)state; kill_in_a_storm(false); }
static void on_postgres(void **state) { (void)state; kill_in_a_storm(true); }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("P.2 kill -9 in a storm: the acknowledged are there once (SQLite)", on_sqlite),
        TEST("P.2 kill -9 in a storm: the acknowledged are there once (PostgreSQL)", on_postgres),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
