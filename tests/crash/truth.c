/* truth.c - see truth.h. */
#include "crash/truth.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUSY_MS = 20000 };

static sqlite3 *open_county(const struct rig *rig)
{
    char path[2 * RIG_PATH];
    sqlite3 *db;
    snprintf(path, sizeof path, "%s/county.db", rig->folder);
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
        rig_die("%s: %s", path, sqlite3_errmsg(db));
    sqlite3_busy_timeout(db, BUSY_MS);
    // One state of the county for all questions; the server writes on meanwhile.
    if (sqlite3_exec(db, "PRAGMA query_only = 1; BEGIN", NULL, NULL, NULL) != SQLITE_OK)
        rig_die("%s: %s", path, sqlite3_errmsg(db));
    return db;
}

static int64_t ask(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *stmt;
    if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
        rig_die("%s: %s", sqlite3_errmsg(db), sql);
    if (sqlite3_step(stmt) != SQLITE_ROW) rig_die("%s: %s", sqlite3_errmsg(db), sql);
    int64_t found = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    return found;
}

/* ---- questions whose answer is a number of wrong rows ---- */

#define PAID "('paid', 'picked', 'collected')"
#define OVER "('cancelled', 'expired')"
/* What an order's postings have moved into, less out of, accounts of a purpose. */
#define MOVED(purpose)                                                                     \
    "(SELECT coalesce(sum(CASE WHEN a.account_id = p.credit_id THEN p.amount"               \
    " ELSE -p.amount END), 0) FROM ledger_posting AS p"                                     \
    " JOIN ledger_account AS a ON a.account_id IN (p.credit_id, p.debit_id)"                \
    " WHERE p.document_id = o.id AND a.purpose = '" purpose "')"
#define PIECES "(SELECT coalesce(sum(quantity), 0) FROM order_line AS l WHERE l.order_id = o.id)"

struct question { const char *what, *sql; };

static const struct question halves[] = {
    { "orders whose lines are not their sum",
      "SELECT count(*) FROM shop_order AS o WHERE total_fen <> (SELECT coalesce(sum(quantity *"
      " price_fen), 0) FROM order_line AS l WHERE l.order_id = o.id)" },
    { "orders without their place on the bus",
      "SELECT count(*) FROM shop_order AS o LEFT JOIN consignment AS c ON c.id = o.consignment_id"
      " WHERE c.id IS NULL OR c.document_id <> o.id OR c.kind <> 1 OR c.day <> o.day"
      " OR (o.state IN " OVER ") <> (c.state = 'withdrawn')" },
    { "places on the bus without an order",
      "SELECT count(*) FROM consignment AS c WHERE kind = 1 AND NOT EXISTS"
      " (SELECT 1 FROM shop_order AS o WHERE o.id = c.document_id AND o.consignment_id = c.id)" },
    { "orders whose money is not what they cost",
      "SELECT count(*) FROM shop_order AS o WHERE " MOVED("orders")
      " <> CASE WHEN state IN " PAID " THEN total_fen ELSE 0 END" },
    { "orders whose goods have not left the stock",
      "SELECT count(*) FROM shop_order AS o WHERE " MOVED("stock")
      " <> CASE WHEN state IN " PAID " THEN " PIECES " ELSE 0 END" },
    { "orders whose goods are not held",
      "SELECT count(*) FROM shop_order AS o WHERE (SELECT coalesce(sum(amount), 0) FROM ledger_hold"
      " WHERE document_id = o.id AND state = 1) <> CASE WHEN o.state = 'held' THEN " PIECES
      " ELSE 0 END" },
};

static const struct question stocks[] = {
    { "goods whose stock is not what came less what was ordered",
      "SELECT count(*) FROM sku AS s JOIN ledger_account AS a ON a.unit = s.id AND a.purpose ="
      " 'stock' JOIN ledger_balance AS b USING (account_id) WHERE b.posted <> (SELECT sum(pieces)"
      " FROM stock_in WHERE sku_id = s.id)"
      " - (SELECT coalesce(sum(quantity), 0) FROM order_line AS l"
      " JOIN shop_order AS o ON o.id = l.order_id WHERE l.sku_id = s.id AND o.state IN " PAID ")"
      " OR b.held_out <> (SELECT coalesce(sum(quantity), 0) FROM order_line AS l"
      " JOIN shop_order AS o ON o.id = l.order_id WHERE l.sku_id = s.id AND o.state = 'held')"
      " OR b.posted - b.held_out < 0" },
};

static const struct question waves[] = {
    { "waves closed more or less than once",
      "SELECT count(*) FROM wave AS w WHERE (w.state <> 'open')"
      " <> (SELECT count(*) FROM people_audit WHERE what = 'wave.close' AND about_id = w.day)" },
    { "waves not closed on the instant",
      "SELECT count(*) FROM wave WHERE state <> 'open' AND closed_ms <> closes_ms" },
    { "waves planned more or less than once",
      "SELECT count(*) FROM wave AS w WHERE (w.state = 'published')"
      " <> (SELECT count(*) FROM plan AS p WHERE p.day = w.day AND p.id = coalesce(w.plan_id, -1))"
      " OR (w.state <> 'published' AND EXISTS (SELECT 1 FROM plan AS p WHERE p.day = w.day))"
      " OR (SELECT count(*) FROM plan AS p WHERE p.day = w.day) > 1" },
    { "orders that came too late for their wave",
      "SELECT count(*) FROM shop_order AS o JOIN wave AS w ON w.day = o.day WHERE"
      " o.arrived_ms >= w.closes_ms" },
    { "orders of a wave that is not there",
      "SELECT count(*) FROM shop_order WHERE day NOT IN (SELECT day FROM wave)" },
};

static const struct question plans[] = {
    { "orders without a place in the published plan",
      "SELECT count(*) FROM shop_order AS o"
      " JOIN wave AS w ON w.day = o.day AND w.state = 'published'"
      " JOIN consignment AS c ON c.id = o.consignment_id"
      " LEFT JOIN trip_stop AS s ON s.id = c.stop_id"
      " LEFT JOIN trip AS t ON t.id = s.trip_id WHERE o.state IN " PAID " AND (c.state <> 'planned'"
      " OR s.id IS NULL OR t.id IS NULL OR t.plan_id <> w.plan_id OR s.place_id <> o.place_id)" },
    { "orders planned after their promise",
      "SELECT count(*) FROM shop_order AS o"
      " JOIN wave AS w ON w.day = o.day AND w.state = 'published'"
      " JOIN consignment AS c ON c.id = o.consignment_id JOIN trip_stop AS s ON s.id = c.stop_id"
      " WHERE o.state IN " PAID " AND s.arrives_ms > o.due_ms" },
    { "orders without their bags, one for what is dry and one for what is cold",
      "SELECT count(*) FROM shop_order AS o"
      " JOIN wave AS w ON w.day = o.day AND w.state = 'published'"
      " JOIN consignment AS c ON c.id = o.consignment_id WHERE o.state IN " PAID
      " AND (SELECT count(*) FROM unit WHERE kind = 'bag' AND consignment_id = c.id)"
      " <> (c.dry_ml > 0) + (c.cold_ml > 0)" },
};

static int64_t ask_all(sqlite3 *db, const struct question *questions, size_t count)
{
    int64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        int64_t wrong = ask(db, questions[i].sql);
        if (wrong) printf("# %lld %s\n", (long long)wrong, questions[i].what);
        sum += wrong;
    }
    return sum;
}

/* ---- what people were told ---- */

static bool fits(const struct want *want, const char *state)
{
    bool paid = strcmp(state, "paid") == 0;
    if (want->cancelled == 200) return strcmp(state, "cancelled") == 0;
    if (want->cancels && want->cancelled == 0 && strcmp(state, "cancelled") == 0) return true;
    if (!want->later || want->paid == 200) return paid;
    if (want->pays && want->paid == 0 && paid) return true;
    return strcmp(state, "held") == 0 || strcmp(state, "expired") == 0;
}

static void tell(const char *what, size_t i, const struct want *want, const char *state)
{
    printf("# order w%zu %s: ordered %d, paid %d, cancelled %d, now %s\n", i, what, want->ordered,
           want->paid, want->cancelled, state);
}

static void look_at_orders(sqlite3 *db, const struct want *wants, size_t count, struct truth *out)
{
    sqlite3_stmt *stmt;
    unsigned char *seen = calloc(count + 1, 1);
    if (seen == NULL || sqlite3_prepare_v2(db, "SELECT note, state FROM shop_order ORDER BY id", -1,
                                           &stmt, NULL) != SQLITE_OK)
        rig_die("%s", sqlite3_errmsg(db));
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        const char *note = (const char *)sqlite3_column_text(stmt, 0);
        const char *state = (const char *)sqlite3_column_text(stmt, 1);
        size_t i = note && *note == 'w' ? strtoul(note + 1, NULL, 10) : count;
        if (i >= count) {
            printf("# a strange order: %s\n", note ? note : "");
            out->strange++;
            continue;
        }
        const struct want *want = &wants[i];
        bool refused = want->ordered != 0 && want->ordered != 200;
        if (seen[i]++) out->doubled++, tell("is there twice", i, want, state);
        else if (refused || !fits(want, state)) out->strange++, tell("is strange", i, want, state);
    }
    sqlite3_finalize(stmt);
    for (size_t i = 0; i < count; i++)
        if (wants[i].ordered == 200 && !seen[i]) out->lost++, tell("is lost", i, &wants[i], "gone");
    free(seen);
}

void truth_look(const struct rig *rig, const struct want *wants, size_t count, struct truth *out)
{
    *out = (struct truth){ 0 };
    sqlite3 *db = open_county(rig);
    look_at_orders(db, wants, count, out);
    out->half = ask_all(db, halves, COUNT(halves));
    out->stock = ask_all(db, stocks, COUNT(stocks));
    out->waves = ask_all(db, waves, COUNT(waves));
    out->unplanned = ask_all(db, plans, COUNT(plans));
    sqlite3_close(db);
    int64_t imbalance;
    int code = rig_check(rig, &imbalance);
    out->ledger = code != 0 || imbalance != 0;
    if (out->ledger)
        printf("# cunhuo check: exit %d, imbalance %lld\n", code, (long long)imbalance);
    fflush(stdout);
}

void truth_add(struct truth *sum, const struct truth *more)
{
    sum->lost += more->lost;
    sum->doubled += more->doubled;
    sum->strange += more->strange;
    sum->half += more->half;
    sum->stock += more->stock;
    sum->waves += more->waves;
    sum->unplanned += more->unplanned;
    sum->ledger += more->ledger;
}

bool truth_stock(const struct rig *rig, const char *code, int64_t *left, int64_t *sold)
{
    static const char sql[] =
        "SELECT b.posted - b.held_out, (SELECT coalesce(sum(quantity), 0) FROM order_line AS l"
        " JOIN shop_order AS o ON o.id = l.order_id"
        " WHERE l.sku_id = s.id AND o.state NOT IN " OVER ")"
        " FROM sku AS s JOIN ledger_account AS a ON a.unit = s.id AND a.purpose = 'stock'"
        " JOIN ledger_balance AS b USING (account_id) WHERE s.code = ?";
    sqlite3 *db = open_county(rig);
    sqlite3_stmt *stmt;
    if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
        rig_die("%s", sqlite3_errmsg(db));
    sqlite3_bind_text(stmt, 1, code, -1, SQLITE_STATIC);
    bool found = sqlite3_step(stmt) == SQLITE_ROW;
    if (found) {
        *left = sqlite3_column_int64(stmt, 0);
        *sold = sqlite3_column_int64(stmt, 1);
    }
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    return found;
}

int64_t truth_fingerprint(const struct rig *rig)
{
    sqlite3 *db = open_county(rig);
    int64_t sum = ask(db, "SELECT (SELECT count(*) FROM shop_order) * 1000003"
        " + (SELECT count(*) FROM ledger_posting) * 10007"
        " + (SELECT coalesce(sum(state * hold_id % 999983), 0) FROM ledger_hold)"
        " + (SELECT count(*) FROM consignment WHERE state = 'withdrawn') * 101"
        " + (SELECT coalesce(sum(posted), 0) FROM ledger_balance)");
    sqlite3_close(db);
    return sum;
}
