/* account.c - accounts found, opened and closed, and periods closed. */
#include <assert.h>
#include "db/db.h"
#include "ledger/ledger.h"
#include "ledger/memo.h"

static const struct sql find_account = SQL(
    "SELECT a.account_id, a.side, a.limited, a.closed, COALESCE(b.lowest, 0),"
    " COALESCE(b.highest, 0)"
    " FROM ledger_account a LEFT JOIN ledger_balance b ON b.account_id = a.account_id"
    " WHERE a.book_id = $1 AND a.purpose = $2 AND a.party_id = $3 AND a.place_id = $4"
    " AND a.unit = $5");

enum status ledger_account_find(struct tx *tx, struct account *account)
{
    struct rows *rows;
    TRY(db_first(tx, &find_account,
                 ARGS(i64(account->book_id), str(account->purpose), i64(account->party_id),
                      i64(account->place_id), i64(account->unit)), &rows));
    account->id = row_i64(rows, 0);
    account->side = row_i64(rows, 1) == SIDE_DEBIT ? SIDE_DEBIT : SIDE_CREDIT;
    account->limited = row_i64(rows, 2) != 0;
    account->closed = row_i64(rows, 3) != 0;
    account->min = row_i64(rows, 4);
    account->max = row_i64(rows, 5);
    return OK;
}

static const struct sql add_account = SQL(
    "INSERT INTO ledger_account"
    " (account_id, book_id, purpose, party_id, place_id, unit, side, limited, closed)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0)");
static const struct sql add_balance = SQL(
    "INSERT INTO ledger_balance (account_id, lowest, highest, posted, held_out, held_in)"
    " VALUES ($1, $2, $3, 0, 0, 0)");

static enum status open_account(struct tx *tx, struct account *account)
{
    struct memo *memo;
    TRY(memo_of(tx, &memo));
    account->id = tx_id(tx);
    account->closed = false;
    TRY(db_run(tx, &add_account,
               ARGS(i64(account->id), i64(account->book_id), str(account->purpose),
                    i64(account->party_id), i64(account->place_id), i64(account->unit),
                    i64(account->side), i64(account->limited))));
    if (account->limited)
        TRY(db_run(tx, &add_balance,
                   ARGS(i64(account->id), i64(account->min), i64(account->max))));
    return memo_opened(tx, memo);
}

enum status ledger_account(struct tx *tx, struct account *account, struct err *err)
{
    assert(account->side == SIDE_DEBIT || account->side == SIDE_CREDIT);
    if (account->purpose == NULL || *account->purpose == '\0')
        return err_set(err, INVALID, "purpose", "An account needs a purpose.");
    if (account->unit < 1) return err_set(err, INVALID, "unit", "An account needs a unit.");
    if (!account->limited) account->min = account->max = 0;
    if (account->limited && account->min == 0 && account->max == 0) account->max = AMOUNT_MAX;
    if (account->min > 0 || account->max < 0 || account->min < -AMOUNT_MAX
        || account->max > AMOUNT_MAX)
        return err_set(err, INVALID, "min", "An account's limits must include nothing.");

    struct account there = *account;
    enum status found = ledger_account_find(tx, &there);
    if (found == NOT_FOUND) return open_account(tx, account);
    if (found != OK) return found;
    account->id = there.id;
    account->closed = there.closed;
    if (there.side == account->side && there.limited == account->limited
        && there.min == account->min && there.max == account->max)
        return OK;
    return err_about(err, CONFLICT, NULL, "This account has another side or other limits.", "%s",
                     account->purpose);
}

static const struct sql close_account = SQL(
    "UPDATE ledger_account SET closed = 1 WHERE account_id = $1");

enum status ledger_account_close(struct tx *tx, int64_t account_id, struct err *err)
{
    struct memo *memo;
    struct balance balance;
    TRY(memo_of(tx, &memo));
    TRY(ledger_balance(tx, account_id, &balance, err));
    if (balance.posted != 0 || balance.held_in != 0 || balance.held_out != 0)
        return err_about(err, CONFLICT, NULL, "Only an empty account can be closed.", "%lld",
                         (long long)balance.posted);
    TRY(db_run(tx, &close_account, ARGS(i64(account_id))));
    return memo_change(tx, memo);
}

static const struct sql find_period = SQL(
    "SELECT 1 FROM ledger_period WHERE book_id = $1 AND until_ms >= $2 LIMIT 1");
static const struct sql add_period = SQL(
    "INSERT INTO ledger_period (book_id, until_ms, recorded_ms) VALUES ($1, $2, $3)");

enum status ledger_period_close(struct tx *tx, int64_t book_id, int64_t until_ms,
                                int64_t recorded_ms, struct err *err)
{
    struct memo *memo;
    struct rows *rows;
    TRY(memo_of(tx, &memo));
    enum status found = db_first(tx, &find_period, ARGS(i64(book_id), i64(until_ms)), &rows);
    if (found == OK)
        return err_set(err, CONFLICT, "until_ms", "This period is closed already.");
    if (found != NOT_FOUND) return found;
    TRY(db_run(tx, &add_period, ARGS(i64(book_id), i64(until_ms), i64(recorded_ms))));
    return memo_change(tx, memo);
}
