/* hold.c - what is reserved: held, then posted in whole or in part, voided or expired. */
#include "base/arena.h"
#include "db/db.h"
#include "ledger/ledger.h"
#include "ledger/memo.h"
#include "ledger/post.h"

enum { PENDING = 1, POSTED, VOIDED, EXPIRED };   // ledger_hold.state; 1 stands in its statements

static const struct sql add_hold = SQL(
    "INSERT INTO ledger_hold (hold_id, kind_id, document_id, debit_id, credit_id, amount,"
    " expires_ms, state, posted) VALUES ($1, $2, $3, $4, $5, $6, $7, 1, 0)");

static enum status write_hold(struct tx *tx, struct memo *memo, const struct hold *hold,
                              int64_t *hold_id)
{
    int64_t kind_id;
    TRY(memo_kind(tx, memo, hold->kind, true, &kind_id));
    *hold_id = tx_id(tx);
    return db_run(tx, &add_hold,
                  ARGS(i64(*hold_id), i64(kind_id), i64(hold->document_id),
                       i64(hold->posting.debit_id), i64(hold->posting.credit_id),
                       i64(hold->posting.amount), i64(hold->expires_ms)));
}

enum status ledger_hold(struct tx *tx, const struct hold *holds, size_t count, int64_t *ids,
                        struct err *err)
{
    struct memo *memo;
    struct moves moves;
    struct facts debit, credit;
    if (count == 0) return err_set(err, INVALID, NULL, "There is nothing to hold.");
    TRY(memo_of(tx, &memo));
    TRY(moves_new(tx, 2 * count, &moves));
    for (size_t i = 0; i < count; i++) {
        TRY(posting_check(tx, memo, &holds[i].posting, &debit, &credit, err));
        if (debit.clearing || credit.clearing)
            return err_set(err, INVALID, "account", "What is cleared can't be held.");
        moves_hold(&moves, &debit, true, holds[i].posting.amount, 1);
        moves_hold(&moves, &credit, false, holds[i].posting.amount, 1);
    }
    TRY(moves_apply(tx, &moves, err));
    for (size_t i = 0; i < count; i++) {
        int64_t hold_id;
        TRY(write_hold(tx, memo, &holds[i], &hold_id));
        if (ids) ids[i] = hold_id;
    }
    return OK;
}

/* ---- One hold ---- */

struct held { int64_t id, kind_id, document_id; struct posting posting; };

static const struct sql find_hold = SQL(
    "SELECT kind_id, document_id, debit_id, credit_id, amount, state FROM ledger_hold"
    " WHERE hold_id = $1");

static enum status find_held(struct tx *tx, int64_t hold_id, struct held *out, struct err *err)
{
    struct rows *rows;
    enum status found = db_first(tx, &find_hold, ARGS(i64(hold_id)), &rows);
    if (found == NOT_FOUND)
        return err_set(err, NOT_FOUND, "hold_id", "There is no such reservation.");
    if (found != OK) return found;
    *out = (struct held){
        hold_id, row_i64(rows, 0), row_i64(rows, 1),
        { row_i64(rows, 2), row_i64(rows, 3), row_i64(rows, 4) },
    };
    if (row_i64(rows, 5) == PENDING) return OK;
    return err_set(err, CONFLICT, "hold_id", "This reservation has ended already.");
}

static const struct sql end_hold = SQL(
    "UPDATE ledger_hold SET state = $2, posted = $3 WHERE hold_id = $1");

enum status ledger_post(struct tx *tx, int64_t hold_id, int64_t amount, int64_t at_ms,
                        int64_t recorded_ms, int64_t *transfer_id, struct err *err)
{
    struct memo *memo;
    struct held held;
    TRY(memo_of(tx, &memo));
    TRY(find_held(tx, hold_id, &held, err));
    if (amount > held.posting.amount)
        return err_about(err, CONFLICT, "amount", "This is more than was reserved.", "%lld",
                         (long long)held.posting.amount);
    struct entry_line line = { .posting = held.posting, .hold_id = hold_id,
                               .held = held.posting.amount };
    line.posting.amount = amount;
    struct entry entry = {
        .kind_id = held.kind_id, .document_id = held.document_id, .at_ms = at_ms,
        .recorded_ms = recorded_ms, .lines = &line, .count = 1,
    };
    TRY(entry_post(tx, memo, &entry, transfer_id, err));
    return db_run(tx, &end_hold, ARGS(i64(hold_id), i64(POSTED), i64(amount)));
}

static enum status give_back(struct tx *tx, struct memo *memo, const struct held *held,
                             size_t count, struct err *err)
{
    struct moves moves;
    TRY(moves_new(tx, 2 * count, &moves));
    for (size_t i = 0; i < count; i++) {
        const struct posting *posting = &held[i].posting;
        struct facts debit, credit;
        TRY(memo_facts(tx, memo, posting->debit_id, &debit));
        TRY(memo_facts(tx, memo, posting->credit_id, &credit));
        moves_hold(&moves, &debit, true, posting->amount, -1);
        moves_hold(&moves, &credit, false, posting->amount, -1);
    }
    return moves_apply(tx, &moves, err);
}

enum status ledger_void(struct tx *tx, int64_t hold_id, struct err *err)
{
    struct memo *memo;
    struct held held;
    TRY(memo_of(tx, &memo));
    TRY(find_held(tx, hold_id, &held, err));
    TRY(give_back(tx, memo, &held, 1, err));
    return db_run(tx, &end_hold, ARGS(i64(hold_id), i64(VOIDED), i64(0)));
}

/* ---- All of one document ---- */

static const struct sql find_pending = SQL(
    "SELECT hold_id, debit_id, credit_id, amount FROM ledger_hold"
    " WHERE document_id = $1 AND kind_id = $2 AND state = 1 ORDER BY hold_id");

static enum status pending_of(struct tx *tx, int64_t kind_id, int64_t document_id,
                              struct held **out, size_t *count)
{
    struct held *held = NULL;
    size_t n = 0;
    struct rows *rows;
    enum status found = db_first(tx, &find_pending, ARGS(i64(document_id), i64(kind_id)), &rows);
    for (; found == OK; found = db_next(rows)) {
        held = arena_more(tx_arena(tx), held, n, sizeof *held);
        if (held == NULL) return BROKEN;
        held[n++] = (struct held){
            row_i64(rows, 0), kind_id, document_id,
            { row_i64(rows, 1), row_i64(rows, 2), row_i64(rows, 3) },
        };
    }
    if (found != NOT_FOUND) return found;
    *out = held;
    *count = n;
    return n > 0 ? OK : NOT_FOUND;
}

static const struct sql end_pending = SQL(
    "UPDATE ledger_hold SET state = $3, posted = amount * $4"
    " WHERE document_id = $1 AND kind_id = $2 AND state = 1");

static enum status none(struct err *err)
{
    return err_set(err, NOT_FOUND, NULL, "Nothing is reserved any more.");
}

enum status ledger_post_all(struct tx *tx, const char *kind, int64_t document_id, int64_t at_ms,
                            int64_t recorded_ms, int64_t *transfer_id, struct err *err)
{
    struct memo *memo;
    struct held *held;
    struct entry entry = { .document_id = document_id, .at_ms = at_ms,
                           .recorded_ms = recorded_ms };
    TRY(memo_of(tx, &memo));
    enum status found = memo_kind(tx, memo, kind, false, &entry.kind_id);
    if (found == OK) found = pending_of(tx, entry.kind_id, document_id, &held, &entry.count);
    if (found != OK) return found == NOT_FOUND ? none(err) : found;

    struct entry_line *lines = arena_new(tx_arena(tx), entry.count * sizeof *lines);
    if (lines == NULL) return BROKEN;
    for (size_t i = 0; i < entry.count; i++)
        lines[i] = (struct entry_line){ .posting = held[i].posting, .hold_id = held[i].id,
                                        .held = held[i].posting.amount };
    entry.lines = lines;
    int64_t made;
    TRY(entry_post(tx, memo, &entry, transfer_id ? transfer_id : &made, err));
    return db_run(tx, &end_pending,
                  ARGS(i64(document_id), i64(entry.kind_id), i64(POSTED), i64(1)));
}

/* NOT_FOUND: nothing was pending. */
static enum status end_all(struct tx *tx, struct memo *memo, int64_t kind_id, int64_t document_id,
                           int64_t state, struct err *err)
{
    struct held *held;
    size_t count;
    TRY(pending_of(tx, kind_id, document_id, &held, &count));
    TRY(give_back(tx, memo, held, count, err));
    return db_run(tx, &end_pending,
                  ARGS(i64(document_id), i64(kind_id), i64(state), i64(0)));
}

enum status ledger_void_all(struct tx *tx, const char *kind, int64_t document_id, struct err *err)
{
    struct memo *memo;
    int64_t kind_id;
    TRY(memo_of(tx, &memo));
    enum status found = memo_kind(tx, memo, kind, false, &kind_id);
    if (found == OK) found = end_all(tx, memo, kind_id, document_id, VOIDED, err);
    return found == NOT_FOUND ? none(err) : found;
}

static const struct sql find_due = SQL(
    "SELECT document_id FROM ledger_hold"
    " WHERE kind_id = $1 AND state = 1 AND expires_ms > 0 AND expires_ms <= $2"
    " ORDER BY expires_ms, hold_id LIMIT 1");

enum status ledger_expire_next(struct tx *tx, const char *kind, int64_t now_ms,
                               int64_t *document_id, struct err *err)
{
    struct memo *memo;
    struct rows *rows;
    int64_t kind_id;
    TRY(memo_of(tx, &memo));
    TRY(memo_kind(tx, memo, kind, false, &kind_id));
    TRY(db_first(tx, &find_due, ARGS(i64(kind_id), i64(now_ms)), &rows));
    *document_id = row_i64(rows, 0);
    return end_all(tx, memo, kind_id, *document_id, EXPIRED, err);
}
