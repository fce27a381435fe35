/* post.c - transfers and reversals: checked, taken from the balances, chained and written. */
#include "ledger/post.h"

#include <assert.h>
#include <stdlib.h>
#include "base/arena.h"
#include "db/db.h"

/* ---- Moves of limited balances ---- */

enum status moves_new(struct tx *tx, size_t room, struct moves *out)
{
    *out = (struct moves){ .room = room };
    out->at = arena_new(tx_arena(tx), (room ? room : 1) * sizeof *out->at);
    return out->at ? OK : BROKEN;
}

static void moves_add(struct moves *moves, struct move move)
{
    assert(moves->count < moves->room);
    moves->at[moves->count++] = move;
}

static bool comes_in(const struct facts *facts, bool debit)
{
    return debit == (facts->side == SIDE_DEBIT);
}

void moves_post(struct moves *moves, const struct facts *facts, bool debit, int64_t amount)
{
    if (!facts->limited) return;
    moves_add(moves, (struct move){ .account_id = facts->id,
                                    .posted = comes_in(facts, debit) ? amount : -amount });
}

void moves_hold(struct moves *moves, const struct facts *facts, bool debit, int64_t amount,
                int times)
{
    if (!facts->limited) return;
    struct move move = { .account_id = facts->id };
    *(comes_in(facts, debit) ? &move.held_in : &move.held_out) = times * amount;
    moves_add(moves, move);
}

static int by_account(const void *a, const void *b)
{
    int64_t left = ((const struct move *)a)->account_id;
    int64_t right = ((const struct move *)b)->account_id;
    return (left > right) - (left < right);
}

/* Sums are kept within this, so that no limit's arithmetic can overflow in the database. */
static bool sane(int64_t sum) { return sum <= 2 * AMOUNT_MAX && sum >= -2 * AMOUNT_MAX; }

/* One move per account. False: one is beyond all limits; each part is at most AMOUNT_MAX, so the
 * sum so far can't have overflowed before this is seen. */
static bool moves_merge(struct moves *moves)
{
    if (moves->count < 2) return true;
    qsort(moves->at, moves->count, sizeof *moves->at, by_account);
    size_t kept = 0;
    bool all_sane = true;
    for (size_t i = 1; i < moves->count; i++) {
        const struct move *move = &moves->at[i];
        struct move *last = &moves->at[kept];
        if (last->account_id != move->account_id) {
            moves->at[++kept] = *move;
            continue;
        }
        last->posted += move->posted;
        last->held_out += move->held_out;
        last->held_in += move->held_in;
        if (sane(last->posted) && sane(last->held_out) && sane(last->held_in)) continue;
        all_sane = false;
        *last = (struct move){ .account_id = last->account_id };
    }
    moves->count = kept + 1;
    return all_sane;
}

static const struct sql move_balance = SQL(
    "UPDATE ledger_balance SET posted = posted + $2, held_out = held_out + $3,"
    " held_in = held_in + $4 WHERE account_id = $1"
    " AND posted + $2 - held_out - $3 >= lowest AND posted + $2 + held_in + $4 <= highest"
    " RETURNING 1");

static enum status move_one(struct tx *tx, const struct move *move, int64_t times)
{
    struct rows *rows;
    return db_first(tx, &move_balance,
                    ARGS(i64(move->account_id), i64(times * move->posted),
                         i64(times * move->held_out), i64(times * move->held_in)), &rows);
}

static const struct sql find_balance = SQL(
    "SELECT lowest, highest, posted, held_out, held_in FROM ledger_balance"
    " WHERE account_id = $1");

static enum status refuse(struct tx *tx, const struct move *move, struct err *err)
{
    struct rows *rows;
    TRY(db_first(tx, &find_balance, ARGS(i64(move->account_id)), &rows));
    int64_t out = row_i64(rows, 2) - row_i64(rows, 3) - row_i64(rows, 0);
    int64_t in = row_i64(rows, 1) - row_i64(rows, 2) - row_i64(rows, 4);
    if (move->held_out - move->posted > out)
        return err_about(err, CONFLICT, "amount", "Not enough is available.", "%lld",
                         (long long)out);
    return err_about(err, CONFLICT, "amount", "There is no room for so much.", "%lld",
                     (long long)in);
}

enum status moves_apply(struct tx *tx, struct moves *moves, struct err *err)
{
    if (!moves_merge(moves))
        return err_set(err, CONFLICT, "amount", "This is more than an account can hold.");
    for (size_t i = 0; i < moves->count; i++) {
        enum status moved = move_one(tx, &moves->at[i], 1);
        if (moved == OK) continue;
        if (moved != NOT_FOUND) return moved;
        for (size_t back = i; back-- > 0; ) {
            moved = move_one(tx, &moves->at[back], -1);
            if (moved != OK) return BROKEN;   // it was there a moment ago
        }
        return refuse(tx, &moves->at[i], err);
    }
    return OK;
}

/* ---- Checks ---- */

static enum status open_account(struct tx *tx, struct memo *memo, int64_t account_id,
                                struct facts *out, struct err *err)
{
    enum status found = memo_facts(tx, memo, account_id, out);
    if (found == NOT_FOUND)
        return err_about(err, INVALID, "account", "There is no such account.", "%lld",
                         (long long)account_id);
    if (found == OK && out->closed)
        return err_about(err, INVALID, "account", "This account is closed.", "%lld",
                         (long long)account_id);
    return found;
}

enum status posting_check(struct tx *tx, struct memo *memo, const struct posting *posting,
                          struct facts *debit, struct facts *credit, struct err *err)
{
    if (posting->amount < 1 || posting->amount > AMOUNT_MAX)
        return err_about(err, INVALID, "amount", "An amount must be at least 1.", "%lld",
                         (long long)posting->amount);
    if (posting->debit_id == posting->credit_id)
        return err_set(err, INVALID, "account", "Debit and credit are the same account.");
    TRY(open_account(tx, memo, posting->debit_id, debit, err));
    TRY(open_account(tx, memo, posting->credit_id, credit, err));
    if (debit->unit != credit->unit)
        return err_set(err, INVALID, "unit", "Debit and credit have different units.");
    if (debit->book_id != credit->book_id)
        return err_set(err, INVALID, "book", "Debit and credit are in different books.");
    return OK;
}

/* ---- Rows ---- */

static const struct sql add_posting = SQL(
    "INSERT INTO ledger_posting (posting_id, transfer_id, line_count, kind_id, document_id, at_ms,"
    " recorded_ms, debit_id, credit_id, amount, reverses_id, hold_id, hash)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)");

static struct value id_or_null(int64_t id) { return id ? i64(id) : null(); }

static enum status write_rows(struct tx *tx, struct memo *memo, const struct entry *entry,
                              int64_t *transfer_id)
{
    unsigned char *head;
    int64_t kind_id = entry->kind_id;
    if (entry->kind) TRY(memo_kind(tx, memo, entry->kind, true, &kind_id));
    TRY(memo_head(tx, memo, &head));
    for (size_t i = 0; i < entry->count; i++) {
        const struct entry_line *line = &entry->lines[i];
        struct row row = {
            .posting_id = tx_id(tx), .line_count = (int64_t)entry->count,
            .kind_id = kind_id, .document_id = entry->document_id,
            .at_ms = entry->at_ms, .recorded_ms = entry->recorded_ms,
            .debit_id = line->posting.debit_id, .credit_id = line->posting.credit_id,
            .amount = line->posting.amount, .reverses_id = line->reverses_id,
            .hold_id = line->hold_id,
        };
        if (i == 0) *transfer_id = row.posting_id;
        row.transfer_id = *transfer_id;
        row_chain(head, &row);
        TRY(db_run(tx, &add_posting,
                   ARGS(i64(row.posting_id), i64(row.transfer_id), i64(row.line_count),
                        i64(row.kind_id), i64(row.document_id), i64(row.at_ms),
                        i64(row.recorded_ms), i64(row.debit_id), i64(row.credit_id),
                        i64(row.amount), id_or_null(row.reverses_id), id_or_null(row.hold_id),
                        blob(head, HASH_BYTES))));
    }
    return OK;
}

/* What the entry does to clearing accounts comes to nothing, unit by unit. */
static enum status check_clearing(struct moves *clearing, struct err *err)
{
    bool zero = clearing->count == 0 || (clearing->count > 1 && moves_merge(clearing));
    for (size_t i = 0; zero && i < clearing->count; i++) zero = clearing->at[i].posted == 0;
    if (zero) return OK;
    return err_set(err, INVALID, "book", "What is cleared between books doesn't come to zero.");
}

static enum status line_check(struct tx *tx, struct memo *memo, const struct entry *entry, size_t i,
                              struct moves *moves, struct moves *clearing, struct err *err)
{
    const struct entry_line *line = &entry->lines[i];
    struct facts side[2];
    TRY(posting_check(tx, memo, &line->posting, &side[0], &side[1], err));
    if (entry->at_ms <= side[0].closed_until_ms)
        return err_set(err, INVALID, "at_ms", "The books are closed for this date.");
    for (int k = 0; k < 2; k++) {
        bool debit = k == 0;
        moves_post(moves, &side[k], debit, line->posting.amount);
        if (line->hold_id) moves_hold(moves, &side[k], debit, line->held, -1);
        if (!side[k].clearing) continue;
        int64_t amount = line->posting.amount;
        moves_add(clearing, (struct move){ .account_id = side[k].unit,
                                           .posted = debit ? amount : -amount });
    }
    return OK;
}

enum status entry_post(struct tx *tx, struct memo *memo, const struct entry *entry,
                       int64_t *transfer_id, struct err *err)
{
    struct moves moves, clearing;
    TRY(moves_new(tx, 4 * entry->count, &moves));
    TRY(moves_new(tx, 2 * entry->count, &clearing));
    for (size_t i = 0; i < entry->count; i++)
        TRY(line_check(tx, memo, entry, i, &moves, &clearing, err));
    TRY(check_clearing(&clearing, err));
    TRY(moves_apply(tx, &moves, err));
    return write_rows(tx, memo, entry, transfer_id);
}

/* ---- The public side ---- */

enum status ledger_transfer(struct tx *tx, const struct transfer *transfer, int64_t *transfer_id,
                            struct err *err)
{
    struct memo *memo;
    if (transfer->count == 0) return err_set(err, INVALID, NULL, "There is nothing to post.");
    TRY(memo_of(tx, &memo));
    struct entry_line *lines = arena_new(tx_arena(tx), transfer->count * sizeof *lines);
    if (lines == NULL) return BROKEN;
    for (size_t i = 0; i < transfer->count; i++) lines[i].posting = transfer->postings[i];
    struct entry entry = {
        .kind = transfer->kind, .document_id = transfer->document_id, .at_ms = transfer->at_ms,
        .recorded_ms = transfer->recorded_ms, .lines = lines, .count = transfer->count,
    };
    return entry_post(tx, memo, &entry, transfer_id, err);
}

static const struct sql find_count = SQL(
    "SELECT line_count, kind_id, document_id FROM ledger_posting"
    " WHERE posting_id = $1 AND transfer_id = $1");
static const struct sql find_reversal = SQL(
    "SELECT transfer_id FROM ledger_posting WHERE reverses_id = $1");
static const struct sql find_lines = SQL(
    "SELECT posting_id, debit_id, credit_id, amount FROM ledger_posting WHERE posting_id >= $1"
    " ORDER BY posting_id LIMIT $2");

enum status ledger_reverse(struct tx *tx, int64_t transfer_id, int64_t at_ms, int64_t recorded_ms,
                           int64_t *reversal_id, struct err *err)
{
    struct memo *memo;
    struct rows *rows;
    TRY(memo_of(tx, &memo));
    enum status found = db_first(tx, &find_count, ARGS(i64(transfer_id)), &rows);
    if (found == NOT_FOUND)
        return err_set(err, NOT_FOUND, "transfer_id", "There is no such transfer.");
    if (found != OK) return found;
    struct entry entry = {
        .kind_id = row_i64(rows, 1), .document_id = row_i64(rows, 2), .at_ms = at_ms,
        .recorded_ms = recorded_ms, .count = (size_t)row_i64(rows, 0),
    };
    found = db_first(tx, &find_reversal, ARGS(i64(transfer_id)), &rows);
    if (found == OK)
        return err_about(err, CONFLICT, "transfer_id", "This was reversed already.", "%lld",
                         (long long)row_i64(rows, 0));
    if (found != NOT_FOUND) return found;

    struct entry_line *lines = arena_new(tx_arena(tx), entry.count * sizeof *lines);
    if (lines == NULL) return BROKEN;
    size_t n = 0;
    found = db_first(tx, &find_lines, ARGS(i64(transfer_id), i64((int64_t)entry.count)), &rows);
    for (; found == OK; found = db_next(rows), n++)
        lines[n] = (struct entry_line){
            .posting = { row_i64(rows, 2), row_i64(rows, 1), row_i64(rows, 3) },
            .reverses_id = row_i64(rows, 0),
        };
    if (found != NOT_FOUND || n != entry.count) return BROKEN;
    entry.lines = lines;
    return entry_post(tx, memo, &entry, reversal_id, err);
}
