/* test_random.c - the ledger against a model in plain C, and a ledger that was tampered with.
 *
 * Random transfers of 1 to 50 postings, holds, their ends, and reversals over accounts with wide
 * and with narrow limits, until the wanted number of postings is in. After each the trial balance
 * is asked of the database and is 0 in every book and unit; each answer is what the model says. At
 * every doubling the whole ledger is checked and all balances are compared with the model. A
 * million postings on SQLite, a fiftieth of it on PostgreSQL, where each statement is a journey;
 * both times CUNHUO_PROP. */
#include "ledger/ledger.h"

#include <stdio.h>
#include <string.h>
#include "base/arena.h"
#include "base/rng.h"
#include "base/test.h"
#include "db/db.h"
#include "db/testing.h"

const struct test_room test_rooms[] = { { "ledger", ledger_tables }, { 0 } };

enum { ACCOUNTS = 24, GROUP = 200, KEPT = 64, LINES_MAX = 50, START_MS = 1000000 };

static char postgres_too;   // its address as a test's state: on PostgreSQL
static struct err err;

struct model {
    struct db *db;
    struct arena *arena;
    struct tx *tx;
    struct rng rng;
    struct account accounts[ACCOUNTS];
    struct balance balances[ACCOUNTS];
    struct { int64_t id; size_t count; struct posting postings[LINES_MAX]; } done[KEPT];
    struct { int64_t id; struct posting posting; } held[KEPT];
    size_t done_count, held_count;
    int64_t postings, refused;
};

static void begin(struct model *model)
{
    assert_int_equal(db_write_begin(model->db, model->arena, &model->tx), OK);
}

static void commit(struct model *model)
{
    assert_int_equal(db_write_end(model->tx, true), OK);
    arena_reset(model->arena);
}

static const char *const purposes[ACCOUNTS / 8] = { "stock", "wallet", "clear" };

/* Four groups (two books, two units) of six accounts, each on either side and with limits from none
 * worth the name to a few hundred. */
static void open_accounts(struct model *model)
{
    for (size_t i = 0; i < ACCOUNTS; i++) {
        struct account *account = &model->accounts[i];
        *account = (struct account){
            .book_id = 1 + (int64_t)(i % 4) / 2, .purpose = purposes[i / 8],
            .party_id = (int64_t)i, .unit = 1 + (int64_t)i % 2,
            .side = i / 4 % 2 ? SIDE_CREDIT : SIDE_DEBIT, .limited = true,
            .min = i < 8 ? -AMOUNT_MAX : i < 16 ? 0 : -300, .max = i < 16 ? AMOUNT_MAX : 900,
        };
        assert_int_equal(ledger_account(model->tx, account, &err), OK);
    }
}

static size_t index_of(const struct model *model, int64_t account_id)
{
    size_t i = 0;
    while (i < ACCOUNTS && model->accounts[i].id != account_id) i++;
    assert_true(i < ACCOUNTS);
    return i;
}

/* A posting between two accounts of one book and unit, wide limits mostly; rarely a huge one. */
static struct posting random_posting(struct model *model)
{
    uint32_t kind = rng_below(&model->rng, 64);
    size_t group = rng_below(&model->rng, 4), narrow = kind < 48 ? 2 : kind < 63 ? 4 : 6;
    size_t debit = rng_below(&model->rng, (uint32_t)narrow);
    size_t credit = (debit + 1 + rng_below(&model->rng, (uint32_t)narrow - 1)) % narrow;
    int64_t amount = rng_below(&model->rng, 5000) == 0 ? AMOUNT_MAX / 3
        : rng_between(&model->rng, 1, rng_below(&model->rng, 2) ? 20 : 2000);
    return (struct posting){ model->accounts[group + 4 * debit].id,
                             model->accounts[group + 4 * credit].id, amount };
}

static void shift(struct model *model, const struct posting *posting, int64_t amount, bool hold)
{
    for (int k = 0; k < 2; k++) {
        size_t i = index_of(model, k ? posting->credit_id : posting->debit_id);
        bool in = (k == 0) == (model->accounts[i].side == SIDE_DEBIT);
        struct balance *balance = &model->balances[i];
        if (!hold) balance->posted += in ? amount : -amount;
        else *(in ? &balance->held_in : &balance->held_out) += amount;
    }
}

static bool within_limits(const struct model *model)
{
    for (size_t i = 0; i < ACCOUNTS; i++) {
        const struct balance *b = &model->balances[i];
        if (b->posted - b->held_out < model->accounts[i].min) return false;
        if (b->posted + b->held_in > model->accounts[i].max) return false;
    }
    return true;
}

/* The model has moved already; whether the ledger may follow. If not, the model moves back. */
static enum status expected(struct model *model, const struct balance before[ACCOUNTS])
{
    if (within_limits(model)) return OK;
    memcpy(model->balances, before, sizeof model->balances);
    model->refused++;
    return CONFLICT;
}

static void random_transfer(struct model *model)
{
    struct balance before[ACCOUNTS];
    struct posting postings[LINES_MAX];
    size_t count = 1 + rng_below(&model->rng, rng_below(&model->rng, 4) ? LINES_MAX : 3);
    memcpy(before, model->balances, sizeof before);
    for (size_t i = 0; i < count; i++) {
        postings[i] = random_posting(model);
        shift(model, &postings[i], postings[i].amount, false);
    }
    struct transfer transfer = { "sale", model->postings, START_MS + model->postings,
                                 START_MS + model->postings, postings, count };
    int64_t id = 0;
    enum status wanted = expected(model, before);
    assert_int_equal(ledger_transfer(model->tx, &transfer, &id, &err), wanted);
    if (wanted != OK) return;
    size_t at = model->done_count++ % KEPT;
    model->done[at].id = id;
    model->done[at].count = count;
    memcpy(model->done[at].postings, postings, sizeof postings);
    model->postings += (int64_t)count;
}

static void random_reversal(struct model *model)
{
    struct balance before[ACCOUNTS];
    if (model->done_count < KEPT) return;
    size_t at = rng_below(&model->rng, KEPT);
    int64_t id, moment = START_MS + model->postings;
    if (model->done[at].count == 0) {   // reversed before
        assert_int_equal(ledger_reverse(model->tx, model->done[at].id, moment, moment, &id, &err),
                         CONFLICT);
        return;
    }
    memcpy(before, model->balances, sizeof before);
    for (size_t i = 0; i < model->done[at].count; i++)
        shift(model, &model->done[at].postings[i], -model->done[at].postings[i].amount, false);
    enum status wanted = expected(model, before);
    assert_int_equal(ledger_reverse(model->tx, model->done[at].id, moment, moment, &id, &err),
                     wanted);
    if (wanted != OK) return;
    model->postings += (int64_t)model->done[at].count;
    model->done[at].count = 0;
}

static void random_hold(struct model *model)
{
    struct balance before[ACCOUNTS];
    if (model->held_count == KEPT) return;
    struct hold hold = { .kind = "order", .document_id = model->postings,
                         .posting = random_posting(model) };
    memcpy(before, model->balances, sizeof before);
    shift(model, &hold.posting, hold.posting.amount, true);
    int64_t id;
    enum status wanted = expected(model, before);
    assert_int_equal(ledger_hold(model->tx, &hold, 1, &id, &err), wanted);
    if (wanted != OK) return;
    model->held[model->held_count].id = id;
    model->held[model->held_count++].posting = hold.posting;
}

static void random_end(struct model *model)
{
    if (model->held_count == 0) return;
    size_t at = rng_below(&model->rng, (uint32_t)model->held_count);
    struct posting posting = model->held[at].posting;
    int64_t hold_id = model->held[at].id, id;
    shift(model, &posting, -posting.amount, true);
    if (rng_below(&model->rng, 3) == 0) {
        assert_int_equal(ledger_void(model->tx, hold_id, &err), OK);
    } else {
        int64_t amount = rng_between(&model->rng, 1, posting.amount);
        shift(model, &posting, amount, false);
        assert_int_equal(ledger_post(model->tx, hold_id, amount, START_MS + model->postings,
                                     START_MS + model->postings, &id, &err), OK);
        model->postings++;
    }
    assert_int_equal(ledger_void(model->tx, hold_id, &err), CONFLICT);
    model->held[at] = model->held[--model->held_count];
}

static const struct sql trial_balance = SQL(
    "SELECT a.book_id, a.unit FROM ledger_balance b"
    " JOIN ledger_account a ON a.account_id = b.account_id GROUP BY a.book_id, a.unit"
    " HAVING SUM(CASE a.side WHEN 1 THEN b.posted ELSE -b.posted END) <> 0");

static void check_trial(struct model *model)
{
    struct rows *rows;
    assert_int_equal(db_first(model->tx, &trial_balance, NO_ARGS, &rows), NOT_FOUND);
}

static void check_all(struct model *model)
{
    int64_t imbalance = -1;
    err = (struct err){ 0 };
    if (ledger_check(model->tx, &imbalance, &err) != OK) fail_msg("%s %s", err.text, err.detail);
    assert_int_equal(imbalance, 0);
    for (size_t i = 0; i < ACCOUNTS; i++) {
        struct balance balance;
        int64_t posted;
        assert_int_equal(ledger_balance(model->tx, model->accounts[i].id, &balance, &err), OK);
        assert_memory_equal(&balance, &model->balances[i], sizeof balance);
        assert_int_equal(ledger_balance_at(model->tx, model->accounts[i].id, INT64_MAX, &posted,
                                           &err), OK);
        assert_int_equal(posted, balance.posted);
    }
}

static struct model *model_open(bool postgres)
{
    static struct model model;
    model = (struct model){ .db = test_db_open(postgres, NULL), .rng = rng_seeded(20261124) };
    if (model.db == NULL) skip();
    model.arena = arena_open(256 << 20);
    assert_non_null(model.arena);
    begin(&model);
    open_accounts(&model);
    return &model;
}

static void model_close(struct model *model)
{
    commit(model);
    arena_free(model->arena);
    test_db_close(model->db);
}

static void random_postings(void **state)
{
    bool postgres = *state == &postgres_too;
    struct model *model = model_open(postgres);
    int64_t wanted = test_cases(postgres ? 20000 : 1000000), doubled = 1;
    for (int64_t step = 1; model->postings < wanted; step++) {
        uint32_t which = rng_below(&model->rng, 16);
        if (which < 11) random_transfer(model);
        else if (which < 13) random_hold(model);
        else if (which < 15) random_end(model);
        else random_reversal(model);
        check_trial(model);
        if (model->postings >= doubled) {
            check_all(model);
            doubled = 2 * model->postings;
        }
        if (step % GROUP != 0) continue;
        commit(model);
        begin(model);
    }
    check_all(model);
    assert_true(model->refused > wanted / 1000);
    model_close(model);
}

/* ---- Tampering ---- */

/* The bars come off first, as for an intruder with the password of the database. */
static const struct { struct sql update, removal; } unbar[2] = {
    { SQL("DROP TRIGGER ledger_posting_no_UPDATE"), SQL("DROP TRIGGER ledger_posting_no_DELETE") },
    { SQL("DROP TRIGGER ledger_posting_append_only ON ledger_posting"), SQL("SELECT 1") },
};

static void expect_fault(struct model *model, const struct sql *sql, struct args args,
                         const char *detail)
{
    int64_t imbalance;
    assert_int_equal(tx_savepoint(model->tx), OK);
    assert_int_equal(db_run(model->tx, sql, args), OK);
    err = (struct err){ 0 };
    assert_int_equal(ledger_check(model->tx, &imbalance, &err), INVALID);
    if (detail) assert_string_equal(err.detail, detail);
    assert_int_equal(tx_savepoint_end(model->tx, false), OK);
}

static void tampered(void **state)
{
    static const struct { struct sql sql; } changes[] = {
        { SQL("UPDATE ledger_posting SET amount = amount + 1 WHERE posting_id = $1") },
        { SQL("UPDATE ledger_posting SET document_id = document_id + 1 WHERE posting_id = $1") },
        { SQL("UPDATE ledger_posting SET at_ms = at_ms - 1 WHERE posting_id = $1") },
        { SQL("UPDATE ledger_posting SET debit_id = credit_id, credit_id = debit_id"
            " WHERE posting_id = $1") },
    };
    static const struct sql removal = SQL("DELETE FROM ledger_posting WHERE posting_id = $1");
    static const struct sql balance = SQL(
        "UPDATE ledger_balance SET posted = posted + 1 WHERE account_id = $1");
    static const struct sql release = SQL(
        "UPDATE ledger_hold SET state = 3 WHERE hold_id = $1");
    bool postgres = *state == &postgres_too;
    struct model *model = model_open(postgres);
    while (model->done_count < KEPT) random_transfer(model);
    while (model->held_count == 0) random_hold(model);
    check_all(model);
    assert_int_equal(db_run(model->tx, &unbar[postgres].update, NO_ARGS), OK);
    assert_int_equal(db_run(model->tx, &unbar[postgres].removal, NO_ARGS), OK);
    for (size_t k = 0; k < KEPT; k += 9) {
        int64_t id = model->done[k].id;
        char text[24];
        snprintf(text, sizeof text, "%lld", (long long)id);
        for (size_t i = 0; i < COUNT(changes); i++)
            expect_fault(model, &changes[i].sql, ARGS(i64(id)), text);
        expect_fault(model, &removal, ARGS(i64(id)), NULL);
    }
    expect_fault(model, &balance, ARGS(i64(model->accounts[3].id)), NULL);
    expect_fault(model, &release, ARGS(i64(model->held[0].id)), NULL);
    check_all(model);
    model_close(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        { "L.1 a million random postings keep the trial balance at 0 (SQLite)", random_postings,
          NULL, NULL, NULL },
        { "L.1 random postings keep the trial balance at 0 (PostgreSQL)", random_postings, NULL,
          NULL, &postgres_too },
        { "L.3 what was tampered with is found (SQLite)", tampered, NULL, NULL, NULL },
        { "L.3 what was tampered with is found (PostgreSQL)", tampered, NULL, NULL,
          &postgres_too },
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
