/* check.c - the whole ledger recomputed from its rows.
 *
 * Postings are read once in the order of their ids, in blocks; the hash is recomputed along the way
 * and compared at the end of each block, and only a block that differs is read again with its
 * hashes to name the row. Accounts lie in one array ordered by id. */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "db/db.h"
#include "ledger/ledger.h"
#include "ledger/memo.h"

enum { BLOCK = 10000 };

struct tally {
    int64_t id, book_id, unit;
    int64_t debits, credits;            // posted
    int64_t debits_held, credits_held;
    bool debit_side, clearing;
};

struct check {
    struct tx *tx;
    struct err *err;
    struct tally *accounts;             // ordered by id
    size_t count;
    int64_t imbalance;
    bool bad;                           // and err says what was found first
    unsigned char head[HASH_BYTES];
    int64_t transfer_id, lines_left;    // of the transfer that is being read
};

PRINTF(3, 4) static void find_fault(struct check *check, const char *text, const char *format, ...)
{
    if (check->bad) return;
    check->bad = true;
    char detail[sizeof check->err->detail];
    va_list args;
    va_start(args, format);
    vsnprintf(detail, sizeof detail, format, args);
    va_end(args);
    enum status status = err_about(check->err, INVALID, NULL, text, "%s", detail);
    assert(status == INVALID);
}

static void add(struct check *check, int64_t *sum, int64_t amount)
{
    if (__builtin_add_overflow(*sum, amount, sum))
        find_fault(check, "A sum is too large.", "%lld", (long long)amount);
}

/* ---- Accounts ---- */

static const struct sql count_accounts = SQL("SELECT COUNT(*) FROM ledger_account");
static const struct sql all_accounts = SQL(
    "SELECT account_id, book_id, unit, side, CASE WHEN purpose = 'clearing' THEN 1 ELSE 0 END"
    " FROM ledger_account WHERE account_id > $1 ORDER BY account_id LIMIT $2");

static enum status load_accounts(struct check *check)
{
    struct rows *rows;
    TRY(db_first(check->tx, &count_accounts, NO_ARGS, &rows));
    size_t room = (size_t)row_i64(rows, 0);
    check->accounts = arena_new(tx_arena(check->tx), (room + 1) * sizeof *check->accounts);
    if (check->accounts == NULL) return BROKEN;
    while (check->count < room) {
        int64_t last = check->count ? check->accounts[check->count - 1].id : INT64_MIN;
        enum status found = db_first(check->tx, &all_accounts, ARGS(i64(last), i64(BLOCK)), &rows);
        for (; found == OK && check->count < room; found = db_next(rows))
            check->accounts[check->count++] = (struct tally){
                .id = row_i64(rows, 0), .book_id = row_i64(rows, 1), .unit = row_i64(rows, 2),
                .debit_side = row_i64(rows, 3) == SIDE_DEBIT, .clearing = row_i64(rows, 4) != 0,
            };
        if (found != NOT_FOUND && found != OK) return found;
    }
    return OK;
}

static int by_id(const void *a, const void *b)
{
    int64_t left = ((const struct tally *)a)->id, right = ((const struct tally *)b)->id;
    return (left > right) - (left < right);
}

static struct tally *tally_of(struct check *check, int64_t account_id)
{
    struct tally key = { .id = account_id };
    return bsearch(&key, check->accounts, check->count, sizeof key, by_id);
}

/* ---- Postings ---- */

#define ROW_COLUMNS                                                                       \
    " posting_id, transfer_id, line_count, kind_id, document_id, at_ms, recorded_ms," \
    " debit_id, credit_id, amount, COALESCE(reverses_id, 0), COALESCE(hold_id, 0)"

static const struct sql next_rows = SQL(
    "SELECT" ROW_COLUMNS " FROM ledger_posting WHERE posting_id > $1 ORDER BY posting_id LIMIT $2");
static const struct sql next_hashes = SQL(
    "SELECT" ROW_COLUMNS ", hash FROM ledger_posting WHERE posting_id > $1"
    " ORDER BY posting_id LIMIT $2");
static const struct sql find_hash = SQL("SELECT hash FROM ledger_posting WHERE posting_id = $1");

static struct row read_row(const struct rows *rows)
{
    return (struct row){
        .posting_id = row_i64(rows, 0), .transfer_id = row_i64(rows, 1),
        .line_count = row_i64(rows, 2), .kind_id = row_i64(rows, 3),
        .document_id = row_i64(rows, 4), .at_ms = row_i64(rows, 5),
        .recorded_ms = row_i64(rows, 6), .debit_id = row_i64(rows, 7),
        .credit_id = row_i64(rows, 8), .amount = row_i64(rows, 9),
        .reverses_id = row_i64(rows, 10), .hold_id = row_i64(rows, 11),
    };
}

static void check_row(struct check *check, const struct row *row)
{
    if (check->lines_left == 0) {
        check->transfer_id = row->posting_id;
        check->lines_left = row->line_count;
    }
    check->lines_left--;
    struct tally *debit = tally_of(check, row->debit_id), *credit = tally_of(check, row->credit_id);
    if (row->transfer_id != check->transfer_id || debit == NULL || credit == NULL
        || debit->unit != credit->unit || debit->book_id != credit->book_id || row->amount < 1)
        find_fault(check, "A posting is wrong.", "%lld", (long long)row->posting_id);
    if (debit) add(check, &debit->debits, row->amount);
    if (credit) add(check, &credit->credits, row->amount);
}

/* The first row of a block that doesn't bear the hash it should. */
static enum status name_tampered(struct check *check, int64_t after_id,
                                 unsigned char head[HASH_BYTES])
{
    struct rows *rows;
    enum status found = db_first(check->tx, &next_hashes, ARGS(i64(after_id), i64(BLOCK)), &rows);
    for (; found == OK; found = db_next(rows)) {
        struct row row = read_row(rows);
        struct value hash = row_blob(rows, 12);
        row_chain(head, &row);
        if (hash.size == HASH_BYTES && memcmp(hash.bytes, head, HASH_BYTES) == 0) continue;
        find_fault(check, "The chain of postings is broken.", "%lld", (long long)row.posting_id);
        return OK;
    }
    return found == NOT_FOUND ? OK : found;
}

/* NOT_FOUND: there are no more. */
static enum status check_block(struct check *check, int64_t *after_id)
{
    unsigned char head[HASH_BYTES];
    memcpy(head, check->head, HASH_BYTES);
    int64_t last_id = *after_id;
    struct rows *rows;
    enum status found = db_first(check->tx, &next_rows, ARGS(i64(last_id), i64(BLOCK)), &rows);
    for (; found == OK; found = db_next(rows)) {
        struct row row = read_row(rows);
        check_row(check, &row);
        row_chain(check->head, &row);
        last_id = row.posting_id;
    }
    if (found != NOT_FOUND) return found;
    if (last_id == *after_id) return NOT_FOUND;
    TRY(db_first(check->tx, &find_hash, ARGS(i64(last_id)), &rows));
    struct value hash = row_blob(rows, 0);
    bool same = hash.size == HASH_BYTES && memcmp(hash.bytes, check->head, HASH_BYTES) == 0;
    if (!same) {
        TRY(name_tampered(check, *after_id, head));
        if (hash.size == HASH_BYTES) memcpy(check->head, hash.bytes, HASH_BYTES);
    }
    *after_id = last_id;
    return OK;
}

/* ---- Holds, balances, books ---- */

static const struct sql next_holds = SQL(
    "SELECT hold_id, debit_id, credit_id, amount FROM ledger_hold"
    " WHERE state = 1 AND hold_id > $1 ORDER BY hold_id LIMIT $2");

static enum status check_holds(struct check *check)
{
    struct rows *rows;
    for (int64_t last = INT64_MIN, before; ; ) {
        before = last;
        enum status found = db_first(check->tx, &next_holds, ARGS(i64(last), i64(BLOCK)), &rows);
        for (; found == OK; found = db_next(rows)) {
            last = row_i64(rows, 0);
            struct tally *debit = tally_of(check, row_i64(rows, 1));
            struct tally *credit = tally_of(check, row_i64(rows, 2));
            if (debit == NULL || credit == NULL)
                find_fault(check, "A hold is wrong.", "%lld", (long long)last);
            if (debit) add(check, &debit->debits_held, row_i64(rows, 3));
            if (credit) add(check, &credit->credits_held, row_i64(rows, 3));
        }
        if (found != NOT_FOUND) return found;
        if (last == before) return OK;
    }
}

static const struct sql next_balances = SQL(
    "SELECT account_id, lowest, highest, posted, held_out, held_in FROM ledger_balance"
    " WHERE account_id > $1 ORDER BY account_id LIMIT $2");

static int64_t distance(int64_t a, int64_t b) { return a < b ? b - a : a - b; }

static void check_balance(struct check *check, const struct rows *rows)
{
    const struct tally *account = tally_of(check, row_i64(rows, 0));
    int64_t posted = row_i64(rows, 3), out = row_i64(rows, 4), in = row_i64(rows, 5);
    if (account == NULL) {
        find_fault(check, "A balance is wrong.", "%lld", (long long)row_i64(rows, 0));
        return;
    }
    int64_t net = account->debits - account->credits;
    int64_t off = distance(posted, account->debit_side ? net : -net)
        + distance(in, account->debit_side ? account->debits_held : account->credits_held)
        + distance(out, account->debit_side ? account->credits_held : account->debits_held);
    add(check, &check->imbalance, off);
    if (off != 0 || posted - out < row_i64(rows, 1) || posted + in > row_i64(rows, 2))
        find_fault(check, "A balance is wrong.", "%lld", (long long)account->id);
}

static enum status check_balances(struct check *check)
{
    struct rows *rows;
    for (int64_t last = INT64_MIN, before; ; ) {
        before = last;
        enum status found = db_first(check->tx, &next_balances, ARGS(i64(last), i64(BLOCK)),
                                     &rows);
        for (; found == OK; found = db_next(rows)) {
            last = row_i64(rows, 0);
            check_balance(check, rows);
        }
        if (found != NOT_FOUND) return found;
        if (last == before) return OK;
    }
}

static int by_book(const void *a, const void *b)
{
    const struct tally *left = a, *right = b;
    if (left->unit != right->unit) return left->unit < right->unit ? -1 : 1;
    return (left->book_id > right->book_id) - (left->book_id < right->book_id);
}

/* In each unit every book comes to zero, and so do the clearing accounts of all. Leaves accounts in
 * the order of units and books. */
static void check_books(struct check *check)
{
    qsort(check->accounts, check->count, sizeof *check->accounts, by_book);
    int64_t book = 0, clearing = 0;
    for (size_t i = 0; i < check->count; i++) {
        const struct tally *account = &check->accounts[i];
        const struct tally *next = i + 1 < check->count ? account + 1 : NULL;
        int64_t net = account->debits - account->credits;
        add(check, &book, net);
        if (account->clearing) add(check, &clearing, net);
        bool unit_ends = next == NULL || next->unit != account->unit;
        if (!unit_ends && next->book_id == account->book_id) continue;
        if (book != 0)
            find_fault(check, "A book doesn't balance.", "%lld", (long long)account->book_id);
        add(check, &check->imbalance, distance(book, 0));
        book = 0;
        if (!unit_ends) continue;
        if (clearing != 0)
            find_fault(check, "Clearing doesn't come to zero.", "%lld", (long long)account->unit);
        add(check, &check->imbalance, distance(clearing, 0));
        clearing = 0;
    }
}

enum status ledger_check(struct tx *tx, int64_t *imbalance, struct err *err)
{
    struct check check = { .tx = tx, .err = err };
    int64_t after_id = 0;
    TRY(load_accounts(&check));
    enum status checked;
    while ((checked = check_block(&check, &after_id)) == OK) { }
    if (checked != NOT_FOUND) return checked;
    if (check.lines_left != 0)
        find_fault(&check, "A transfer is not whole.", "%lld", (long long)check.transfer_id);
    TRY(check_holds(&check));
    TRY(check_balances(&check));
    check_books(&check);
    *imbalance = check.imbalance;
    return check.bad ? INVALID : OK;
}
