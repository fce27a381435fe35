/* report.c - balances and lines, for readers and for the writer. */
#include "base/arena.h"
#include "db/db.h"
#include "ledger/ledger.h"

static const struct sql find_account = SQL(
    "SELECT a.side, a.limited, b.posted, b.held_out, b.held_in FROM ledger_account a"
    " LEFT JOIN ledger_balance b ON b.account_id = a.account_id WHERE a.account_id = $1");

static const struct sql sum_postings = SQL(
    "SELECT CAST(COALESCE((SELECT SUM(amount) FROM ledger_posting"
    "  WHERE debit_id = $1 AND at_ms <= $2), 0)"
    " - COALESCE((SELECT SUM(amount) FROM ledger_posting"
    "  WHERE credit_id = $1 AND at_ms <= $2), 0) AS BIGINT)");

/* Of one account, from the holds that are pending in the whole county. */
static const struct sql sum_holds = SQL(
    "SELECT CAST(COALESCE(SUM(CASE WHEN debit_id = $1 THEN amount ELSE 0 END), 0) AS BIGINT),"
    " CAST(COALESCE(SUM(CASE WHEN credit_id = $1 THEN amount ELSE 0 END), 0) AS BIGINT)"
    " FROM ledger_hold WHERE state = 1 AND (debit_id = $1 OR credit_id = $1)");

static enum status no_account(struct err *err)
{
    return err_set(err, NOT_FOUND, "account", "There is no such account.");
}

static enum status sum(struct tx *tx, int64_t account_id, int64_t side, int64_t at_ms,
                       int64_t *posted)
{
    struct rows *rows;
    TRY(db_first(tx, &sum_postings, ARGS(i64(account_id), i64(at_ms)), &rows));
    *posted = side == SIDE_DEBIT ? row_i64(rows, 0) : -row_i64(rows, 0);
    return OK;
}

enum status ledger_balance(struct tx *tx, int64_t account_id, struct balance *out,
                           struct err *err)
{
    struct rows *rows;
    enum status found = db_first(tx, &find_account, ARGS(i64(account_id)), &rows);
    if (found != OK) return found == NOT_FOUND ? no_account(err) : found;
    if (row_i64(rows, 1)) {
        *out = (struct balance){ row_i64(rows, 2), row_i64(rows, 3), row_i64(rows, 4) };
        return OK;
    }
    int64_t side = row_i64(rows, 0);
    TRY(sum(tx, account_id, side, INT64_MAX, &out->posted));
    TRY(db_first(tx, &sum_holds, ARGS(i64(account_id)), &rows));
    int64_t debit = row_i64(rows, 0), credit = row_i64(rows, 1);
    out->held_in = side == SIDE_DEBIT ? debit : credit;
    out->held_out = side == SIDE_DEBIT ? credit : debit;
    return OK;
}

enum status ledger_balance_at(struct tx *tx, int64_t account_id, int64_t at_ms, int64_t *posted,
                              struct err *err)
{
    struct rows *rows;
    enum status found = db_first(tx, &find_account, ARGS(i64(account_id)), &rows);
    if (found != OK) return found == NOT_FOUND ? no_account(err) : found;
    return sum(tx, account_id, row_i64(rows, 0), at_ms, posted);
}

/* ---- Lines ---- */

#define LINE_COLUMNS                                                                       \
    "p.posting_id, p.transfer_id, p.debit_id, p.credit_id, p.amount, a.unit,"       \
    " p.document_id, p.at_ms, COALESCE(p.reverses_id, 0), COALESCE(p.hold_id, 0), k.name"  \
    " FROM ledger_posting p JOIN ledger_account a ON a.account_id = p.debit_id"            \
    " JOIN ledger_kind k ON k.kind_id = p.kind_id"

static struct line line_of(const struct rows *rows)
{
    return (struct line){
        .posting_id = row_i64(rows, 0), .transfer_id = row_i64(rows, 1),
        .debit_id = row_i64(rows, 2), .credit_id = row_i64(rows, 3), .amount = row_i64(rows, 4),
        .unit = row_i64(rows, 5), .document_id = row_i64(rows, 6), .at_ms = row_i64(rows, 7),
        .reverses_id = row_i64(rows, 8), .hold_id = row_i64(rows, 9), .kind = row_str(rows, 10),
    };
}

static enum status collect(struct tx *tx, enum status found, struct rows *rows,
                           struct line **out, size_t *count)
{
    struct line *lines = NULL;
    size_t n = 0;
    for (; found == OK; found = db_next(rows)) {
        lines = arena_more(tx_arena(tx), lines, n, sizeof *lines);
        if (lines == NULL) return BROKEN;
        lines[n++] = line_of(rows);
    }
    *out = lines;
    *count = n;
    return found == NOT_FOUND ? OK : found;
}

static const struct sql find_lines = SQL(
    "SELECT " LINE_COLUMNS " WHERE p.document_id = $1 ORDER BY p.posting_id");
static const struct sql find_kind_lines = SQL(
    "SELECT " LINE_COLUMNS " WHERE p.document_id = $1 AND k.name = $2 ORDER BY p.posting_id");

enum status ledger_lines(struct tx *tx, const char *kind, int64_t document_id, struct line **out,
                         size_t *count, struct err *err)
{
    (void)err;
    struct rows *rows;
    enum status found =
        kind ? db_first(tx, &find_kind_lines, ARGS(i64(document_id), str(kind)), &rows)
             : db_first(tx, &find_lines, ARGS(i64(document_id)), &rows);
    return collect(tx, found, rows, out, count);
}

static const struct sql find_line = SQL("SELECT " LINE_COLUMNS " WHERE p.posting_id = $1");

enum status ledger_line(struct tx *tx, int64_t posting_id, struct line *out)
{
    struct rows *rows;
    TRY(db_first(tx, &find_line, ARGS(i64(posting_id)), &rows));
    *out = line_of(rows);
    return OK;
}

static const struct sql find_statement = SQL(
    "SELECT * FROM (SELECT " LINE_COLUMNS " WHERE p.debit_id = $1 AND p.at_ms BETWEEN $2 AND $3"
    " UNION ALL SELECT " LINE_COLUMNS " WHERE p.credit_id = $1 AND p.at_ms BETWEEN $2 AND $3) AS x"
    " ORDER BY at_ms, posting_id");

enum status ledger_statement(struct tx *tx, int64_t account_id, int64_t from_ms, int64_t until_ms,
                             struct line **out, size_t *count, struct err *err)
{
    struct rows *rows;
    enum status found = db_first(tx, &find_account, ARGS(i64(account_id)), &rows);
    if (found != OK) return found == NOT_FOUND ? no_account(err) : found;
    found = db_first(tx, &find_statement,
                     ARGS(i64(account_id), i64(from_ms), i64(until_ms)), &rows);
    return collect(tx, found, rows, out, count);
}
