/* bench_db.c - group commits of an order's rows: SQLite alone, and through db and its writer.
 *
 * The rows are 1 order, 3 lines, 3 stock updates and 2 postings, with foreign keys and indexes.
 * "bare" is what SQLite does with statements prepared once, `batch` orders to a commit; "writer" is
 * the same through db_run, a savepoint an act, in groups as they come with so many orders under
 * way.
 *
 *   bench_db FOLDER [SECONDS]      FOLDER: on the disk that is meant; SECONDS a row (1) */
#include <pthread.h>
#include <semaphore.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>
#include "base/arena.h"
#include "base/clock.h"
#include "base/rng.h"
#include "db/db.h"
#include "db/writer.h"

enum { SKUS = 2000, ACCOUNTS = 50, LINES = 3, UNDER_WAY_MAX = 1024 };

static const char *const tables[] = {
    "CREATE TABLE sku (sku_id BIGINT PRIMARY KEY, name TEXT NOT NULL,"
    " pieces BIGINT NOT NULL CHECK (pieces >= 0));"
    "CREATE TABLE account (account_id BIGINT PRIMARY KEY, name TEXT NOT NULL);"
    "CREATE TABLE sale (sale_id BIGINT PRIMARY KEY, buyer_id BIGINT NOT NULL, key TEXT NOT NULL"
    " UNIQUE, arrived_ms BIGINT NOT NULL);"
    "CREATE INDEX sale_buyer ON sale (buyer_id);"
    "CREATE TABLE line (sale_id BIGINT NOT NULL REFERENCES sale, n BIGINT NOT NULL,"
    " sku_id BIGINT NOT NULL REFERENCES sku, pieces BIGINT NOT NULL, PRIMARY KEY (sale_id, n));"
    "CREATE INDEX line_sku ON line (sku_id);"
    "CREATE TABLE posting (posting_id BIGINT PRIMARY KEY, sale_id BIGINT NOT NULL REFERENCES sale,"
    " debit_id BIGINT NOT NULL REFERENCES account, credit_id BIGINT NOT NULL REFERENCES account,"
    " fen BIGINT NOT NULL CHECK (fen > 0));"
    "CREATE INDEX posting_debit ON posting (debit_id);"
    "CREATE INDEX posting_sale ON posting (sale_id)",
    NULL
};

#define ADD_SKU "INSERT INTO sku (sku_id, name, pieces) VALUES ($1, 'goods', 1000000000)"
#define ADD_ACCOUNT "INSERT INTO account (account_id, name) VALUES ($1, 'account')"
#define ADD_SALE "INSERT INTO sale (sale_id, buyer_id, key, arrived_ms) VALUES ($1, $2, $3, $4)"
#define ADD_LINE "INSERT INTO line (sale_id, n, sku_id, pieces) VALUES ($1, $2, $3, 1)"
#define TAKE "UPDATE sku SET pieces = pieces - 1 WHERE sku_id = $1 AND pieces >= 1"
#define ADD_POSTING "INSERT INTO posting (posting_id, sale_id, debit_id, credit_id, fen)" \
                    " VALUES ($1, $2, $3, $4, 1000)"
static const struct sql add_sku = SQL(ADD_SKU), add_account = SQL(ADD_ACCOUNT);
static const struct sql add_sale = SQL(ADD_SALE), add_line = SQL(ADD_LINE), take = SQL(TAKE);
static const struct sql add_posting = SQL(ADD_POSTING);

static void must(bool well, const char *what)
{
    if (well) return;
    fprintf(stderr, "bench_db: %s\n", what);
    exit(1);
}

static double cpu_s(void)
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec)
         + (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1e-6;
}

struct result { int64_t orders, commits, took_us; double cpu; int64_t slow_us; };

static void print_result(const char *name, int size, struct result r)
{
    double seconds = (double)r.took_us * 1e-6;
    printf("%-7s %5d  %8.0f commits/s  %8.0f orders/s  %6.1f us CPU/order  longest %.1f ms\n", name,
           size, (double)r.commits / seconds, (double)r.orders / seconds,
           r.cpu * 1e6 / (double)r.orders, (double)r.slow_us / 1000);
    fflush(stdout);
}

/* ---- The county ---- */

static struct db *furnish(const char *path)
{
    struct db *db;
    struct err err;
    struct tx *tx;
    struct arena *arena = arena_open(1 << 20);
    must(db_open(path, NULL, &db, &err) == OK, "the county can't be opened");
    must(db_migrate(db, "bench", tables, &err) == OK, "the tables can't be made");
    must(db_write_begin(db, arena, &tx) == OK, "begin");
    for (int64_t i = 1; i <= SKUS; i++) must(db_run(tx, &add_sku, ARGS(i64(i))) == OK, "sku");
    for (int64_t i = 1; i <= ACCOUNTS; i++)
        must(db_run(tx, &add_account, ARGS(i64(i))) == OK, "account");
    must(db_write_end(tx, true) == OK, "commit");
    arena_free(arena);
    return db;
}

static void remove_county(const char *path)
{
    static const char *const endings[] = { "", "-wal", "-shm", ".lock" };
    char name[600];
    for (size_t i = 0; i < COUNT(endings); i++) {
        snprintf(name, sizeof name, "%s%s", path, endings[i]);
        unlink(name);
    }
}

/* ---- SQLite alone ---- */

enum { SALE, LINE, TAKEN, POSTING, BEGIN, COMMIT, STATEMENTS };

static void step(sqlite3_stmt *q)
{
    must(sqlite3_step(q) == SQLITE_DONE, sqlite3_errmsg(sqlite3_db_handle(q)));
    sqlite3_reset(q);
}

static void bare_order(sqlite3_stmt *q[STATEMENTS], int64_t id, struct rng *rng)
{
    char key[40];
    int length = snprintf(key, sizeof key, "key-%lld", (long long)id);
    sqlite3_bind_int64(q[SALE], 1, id);
    sqlite3_bind_int64(q[SALE], 2, rng_below(rng, 10000));
    sqlite3_bind_text(q[SALE], 3, key, length, SQLITE_STATIC);
    sqlite3_bind_int64(q[SALE], 4, id);
    step(q[SALE]);
    for (int n = 0; n < LINES; n++) {
        int64_t sku_id = 1 + rng_below(rng, SKUS);
        sqlite3_bind_int64(q[TAKEN], 1, sku_id);
        step(q[TAKEN]);
        sqlite3_bind_int64(q[LINE], 1, id);
        sqlite3_bind_int64(q[LINE], 2, n);
        sqlite3_bind_int64(q[LINE], 3, sku_id);
        step(q[LINE]);
    }
    for (int n = 0; n < 2; n++) {
        sqlite3_bind_int64(q[POSTING], 1, 2 * id + n);
        sqlite3_bind_int64(q[POSTING], 2, id);
        sqlite3_bind_int64(q[POSTING], 3, 1 + rng_below(rng, ACCOUNTS));
        sqlite3_bind_int64(q[POSTING], 4, 1 + rng_below(rng, ACCOUNTS));
        step(q[POSTING]);
    }
}

static struct result bare(const char *path, int batch, double seconds)
{
    static const char *const texts[STATEMENTS] = {
        ADD_SALE, ADD_LINE, TAKE, ADD_POSTING, "BEGIN IMMEDIATE", "COMMIT"
    };
    struct result r = { 0 };
    struct rng rng = rng_seeded(1);
    sqlite3 *conn;
    sqlite3_stmt *q[STATEMENTS];
    db_close(furnish(path));
    must(sqlite3_open(path, &conn) == SQLITE_OK, "open");
    must(sqlite3_exec(conn, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                      "PRAGMA foreign_keys = ON; PRAGMA cache_size = -16000;"
                      "PRAGMA wal_autocheckpoint = 16000", NULL, NULL, NULL) == SQLITE_OK,
         "pragma");
    for (int i = 0; i < STATEMENTS; i++)
        must(sqlite3_prepare_v3(conn, texts[i], -1, SQLITE_PREPARE_PERSISTENT, &q[i], NULL)
             == SQLITE_OK, texts[i]);
    int64_t began_us = mono_us(), now_us = began_us;
    r.cpu = -cpu_s();
    while (now_us - began_us < (int64_t)(seconds * 1e6)) {
        int64_t commit_us = now_us;
        step(q[BEGIN]);
        for (int i = 0; i < batch; i++) bare_order(q, ++r.orders, &rng);
        step(q[COMMIT]);
        r.commits++;
        now_us = mono_us();
        if (now_us - commit_us > r.slow_us) r.slow_us = now_us - commit_us;
    }
    r.cpu += cpu_s();
    r.took_us = now_us - began_us;
    for (int i = 0; i < STATEMENTS; i++) sqlite3_finalize(q[i]);
    sqlite3_close(conn);
    remove_county(path);
    return r;
}

/* ---- Through the writer: each order that ends is put again ---- */

struct order {
    struct entry entry;
    struct writer *writer;
    struct rng rng;
    int64_t put_us, slow_us, count, until_us;
    sem_t *finished;
};

static enum status act_order(struct tx *tx, struct entry *entry, struct err *err)
{
    struct order *order = (struct order *)(void *)entry;
    char key[40];
    (void)err;
    int64_t id = tx_id(tx);
    snprintf(key, sizeof key, "key-%lld", (long long)id);
    int64_t buyer_id = rng_below(&order->rng, 10000);
    TRY(db_run(tx, &add_sale, ARGS(i64(id), i64(buyer_id), str(key), i64(id))));
    for (int64_t n = 0; n < LINES; n++) {
        int64_t sku_id = 1 + rng_below(&order->rng, SKUS);
        TRY(db_run(tx, &take, ARGS(i64(sku_id))));
        TRY(db_run(tx, &add_line, ARGS(i64(id), i64(n), i64(sku_id))));
    }
    for (int n = 0; n < 2; n++)
        TRY(db_run(tx, &add_posting, ARGS(i64(tx_id(tx)), i64(id),
                                          i64(1 + rng_below(&order->rng, ACCOUNTS)),
                                          i64(1 + rng_below(&order->rng, ACCOUNTS)))));
    return OK;
}

static void order_ended(struct entry *entry)
{
    struct order *order = (struct order *)(void *)entry;
    must(entry->status == OK, "an order failed");
    int64_t now_us = mono_us();
    if (now_us - order->put_us > order->slow_us) order->slow_us = now_us - order->put_us;
    order->count++;
    arena_reset(entry->arena);
    order->put_us = now_us;
    if (now_us > order->until_us || writer_put(order->writer, entry) != OK)
        sem_post(order->finished);
}

static struct result through_writer(const char *path, int under_way, double seconds)
{
    static struct order orders[UNDER_WAY_MAX];
    struct result r = { 0 };
    struct writer *writer;
    struct err err;
    sem_t finished;
    sem_init(&finished, 0, 0);
    struct db *db = furnish(path);
    must(writer_start(db, &writer, &err) == OK, "writer");
    int64_t began_us = mono_us();
    r.cpu = -cpu_s();
    for (int i = 0; i < under_way; i++) {
        orders[i] = (struct order){
            .entry = { .lane = LANE_ORDER, .arena = arena_open(1 << 16), .act = act_order,
                       .done = order_ended },
            .writer = writer, .rng = rng_seeded((uint64_t)i), .put_us = mono_us(),
            .until_us = began_us + (int64_t)(seconds * 1e6), .finished = &finished,
        };
        must(writer_put(writer, &orders[i].entry) == OK, "put");
    }
    for (int i = 0; i < under_way; i++) sem_wait(&finished);
    r.took_us = mono_us() - began_us;
    r.cpu += cpu_s();
    r.commits = writer_figures(writer).groups;
    writer_stop(writer);
    for (int i = 0; i < under_way; i++) {
        r.orders += orders[i].count;
        if (orders[i].slow_us > r.slow_us) r.slow_us = orders[i].slow_us;
        arena_free(orders[i].entry.arena);
    }
    db_close(db);
    remove_county(path);
    return r;
}

int main(int argc, char **argv)
{
    static const int sizes[] = { 1, 16, 64, 256 };
    char path[500];
    must(argc >= 2, "bench_db FOLDER [SECONDS]");
    double seconds = argc > 2 ? strtod(argv[2], NULL) : 1;
    snprintf(path, sizeof path, "%s/bench_db.db", argv[1]);
    for (size_t i = 0; i < COUNT(sizes); i++) {
        print_result("bare", sizes[i], bare(path, sizes[i], seconds));
        print_result("writer", sizes[i], through_writer(path, sizes[i], seconds));
    }
    return 0;
}
