/* bare.c - see bare.h. */
#include "bench/bare.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/clock.h"
#include "rig/rig.h"

enum { LINES = 3, FIRST_ID = 1000000000, ACCOUNT_ID = 500 };   // the account is in `settings` too

static const char settings[] =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
    "PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16000; PRAGMA wal_autocheckpoint = 16000;"
    // Money's two accounts and the kind of the postings, which the shop makes with its first order.
    "INSERT OR IGNORE INTO ledger_kind VALUES (500, 'bare');"
    "INSERT OR IGNORE INTO ledger_account VALUES (500, 1, 'bare', 0, 0, 1, 1, 0, 0),"
    " (501, 1, 'bare', 1, 0, 1, 2, 0, 0)";

enum { ANSWER, CONSIGN, ORDER, LINE, MOVE, POST, BEGIN, COMMIT, STATEMENTS };
static const char *const texts[STATEMENTS] = {
    [ANSWER] = "INSERT INTO answer (id, key, body, status, answer, stored_ms) VALUES"
               " (?1, randomblob(32), randomblob(32), 0, ?2, ?3)",
    [CONSIGN] = "INSERT INTO consignment (id, kind, document_id, place_id, up, party_id, pieces,"
                " weight_g, dry_ml, cold_ml, day, due_ms, made_ms, promise, state) VALUES"
                " (?1, 1, ?2, ?4, 0, ?5, 1, 750, 600, 210, 20781, ?3, ?3, ?6, 'waiting')",
    [ORDER] = "INSERT INTO shop_order (id, villager_id, by_id, village_id, place_id, day, due_ms,"
              " state, pay, total_fen, consignment_id, money_id, stock_id, arrived_ms, paid_ms,"
              " expires_ms) VALUES (?1, ?5, ?5, ?4, ?4, 20781, ?3, 'paid', 'demo', 1500, ?2, ?6,"
              " ?6, ?3, ?3, 0)",
    [LINE] = "INSERT INTO order_line (order_id, seq, sku_id, quantity, price_fen) VALUES"
             " (?1, 1, ?2, 1, 500), (?1, 2, ?3, 1, 500), (?1, 3, ?4, 1, 500)",
    [MOVE] = "UPDATE ledger_balance SET posted = posted - 1 WHERE account_id = ?1"
             " AND posted - 1 - held_out >= lowest",
    [POST] = "INSERT INTO ledger_posting (posting_id, transfer_id, line_count, kind_id,"
             " document_id, at_ms, recorded_ms, debit_id, credit_id, amount, hash) VALUES"
             " (?1, ?2, 4, ?3, ?4, ?5, ?5, ?6, ?7, ?8, randomblob(32))",
    [BEGIN] = "BEGIN IMMEDIATE", [COMMIT] = "COMMIT",
};
static const char answer[] =
    "{\"code\":\"2YWA-7K3M-9PQ\",\"day\":20781,\"due_ms\":1795489200000,\"state\":\"paid\","
    "\"total_fen\":1500,\"pay\":\"demo\",\"expires_ms\":0}";
static const char promise[] =
    "{\"eta_ms\":1795471200000,\"cost\":18891466,\"made_ms\":1795445400000}";

struct goods { int64_t sku_id, stock_id, sold_id; };
struct store {
    sqlite3 *db;
    sqlite3_stmt *stmts[STATEMENTS];
    struct goods *goods;
    size_t goods_count;
    int64_t id, place_id, person_id;
};

static void good(const struct store *store, int rc)
{
    if (rc != SQLITE_OK && rc != SQLITE_DONE && rc != SQLITE_ROW)
        rig_die("bare: %s", sqlite3_errmsg(store->db));
}

static void run(const struct store *store, int which, const int64_t *numbers, int count)
{
    sqlite3_stmt *stmt = store->stmts[which];
    for (int i = 0; i < count; i++)
        if (numbers[i] >= 0) good(store, sqlite3_bind_int64(stmt, i + 1, numbers[i]));
    good(store, sqlite3_step(stmt));
    good(store, sqlite3_reset(stmt));
}
#define RUN(store, which, ...)                                           \
    run(store, which, (const int64_t[]){ __VA_ARGS__ },                  \
        (int)(sizeof((const int64_t[]){ __VA_ARGS__ }) / sizeof(int64_t)))

static int64_t ask(const struct store *store, const char *sql)
{
    sqlite3_stmt *stmt;
    good(store, sqlite3_prepare_v2(store->db, sql, -1, &stmt, NULL));
    good(store, sqlite3_step(stmt));
    int64_t found = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    return found;
}

static void read_goods(struct store *store)
{
    sqlite3_stmt *stmt;
    store->goods = calloc((size_t)ask(store, "SELECT count(*) FROM sku"), sizeof *store->goods);
    if (store->goods == NULL) rig_die("no memory");
    good(store, sqlite3_prepare_v2(store->db,
        "SELECT s.id, a.account_id, b.account_id FROM sku AS s"
        " JOIN ledger_account AS a ON a.unit = s.id AND a.purpose = 'stock'"
        " JOIN ledger_account AS b ON b.unit = s.id AND b.purpose = 'sold'", -1, &stmt, NULL));
    while (sqlite3_step(stmt) == SQLITE_ROW)
        store->goods[store->goods_count++] = (struct goods){
            sqlite3_column_int64(stmt, 0), sqlite3_column_int64(stmt, 1),
            sqlite3_column_int64(stmt, 2)
        };
    sqlite3_finalize(stmt);
    if (store->goods_count < LINES) rig_die("bare: no goods");
}

static void open_store(struct store *store, const char *path)
{
    good(store, sqlite3_open(path, &store->db));
    good(store, sqlite3_exec(store->db, settings, NULL, NULL, NULL));
    for (int i = 0; i < STATEMENTS; i++)
        good(store, sqlite3_prepare_v2(store->db, texts[i], -1, &store->stmts[i], NULL));
    good(store, sqlite3_bind_text(store->stmts[ANSWER], 2, answer, -1, SQLITE_STATIC));
    good(store, sqlite3_bind_text(store->stmts[CONSIGN], 6, promise, -1, SQLITE_STATIC));
    read_goods(store);
    store->place_id = ask(store, "SELECT max(place_id) FROM people_place");
    store->person_id = ask(store, "SELECT max(party_id) FROM people_party");
    int64_t last = ask(store, "SELECT coalesce(max(id), 0) FROM answer");
    store->id = last > FIRST_ID ? last : FIRST_ID;
}

static void write_order(struct store *store, size_t number)
{
    int64_t order_id = ++store->id, consignment_id = ++store->id, at_ms = 1795445400000;
    int64_t transfer_id = store->id + 1;
    const struct goods *goods[LINES];
    for (size_t i = 0; i < LINES; i++)
        goods[i] = &store->goods[(number * 7 + i * 11) % store->goods_count];
    RUN(store, CONSIGN, consignment_id, order_id, at_ms, store->place_id, store->person_id);
    for (size_t i = 0; i < LINES; i++) RUN(store, MOVE, goods[i]->stock_id);
    for (size_t i = 0; i < LINES; i++)
        RUN(store, POST, ++store->id, transfer_id, ACCOUNT_ID, order_id, at_ms, goods[i]->sold_id,
            goods[i]->stock_id, 1);
    RUN(store, POST, ++store->id, transfer_id, ACCOUNT_ID, order_id, at_ms, ACCOUNT_ID,
        ACCOUNT_ID + 1, 1500);
    RUN(store, ORDER, order_id, consignment_id, at_ms, store->place_id, store->person_id,
        transfer_id);
    RUN(store, LINE, order_id, goods[0]->sku_id, goods[1]->sku_id, goods[2]->sku_id);
    RUN(store, ANSWER, ++store->id, -1, at_ms);
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

struct bare bare_orders(const char *path, size_t orders, size_t batch)
{
    struct store store = { .db = NULL };
    struct bare bare;
    size_t commits = 0, done = 0;
    int64_t *took_us = calloc(orders / batch + 2, sizeof *took_us);
    if (took_us == NULL) rig_die("no memory");
    open_store(&store, path);
    int64_t began_us = mono_us();
    while (done < orders) {
        int64_t begins_us = mono_us();
        RUN(&store, BEGIN, -1);
        for (size_t i = 0; i < batch && done < orders; i++) write_order(&store, done++);
        RUN(&store, COMMIT, -1);
        took_us[commits++] = mono_us() - begins_us;
    }
    bare.orders_per_s = (double)orders * 1e6 / (double)(mono_us() - began_us);
    qsort(took_us, commits, sizeof *took_us, by_size);
    bare.p50_us = took_us[commits / 2];
    bare.p99_us = took_us[commits - 1 - commits / 100];
    for (int i = 0; i < STATEMENTS; i++) sqlite3_finalize(store.stmts[i]);
    sqlite3_close(store.db);
    free(store.goods);
    free(took_us);
    return bare;
}
