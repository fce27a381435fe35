/* ledger.h - the county's one double-entry ledger, and the one way to reserve anything.
 *
 * A posting (分录) is one row: debit account, credit account, amount > 0, unit; so it balances by
 * construction. A transfer (凭证) groups 1..n postings, all or none, names its document, and is never
 * changed: only reversed, once, by another that names it. Rows are chained by hash.
 *
 * Units are fen, but also points, pieces of a SKU in a place, crates, seats. An account has one
 * unit and a normal side: its balance is debits minus credits (DEBIT: what we have, stock, cash,
 * cost) or the other way round (CREDIT: what we owe, wallets, income). An account with limits
 * never leaves them, counting what is held; only such accounts keep a balance row, the others are
 * summed.
 *
 * Hold / post / void / expire is the one reserve primitive, for stock, coupons, quotas and budgets:
 * a hold is a posting to come; it takes from what is available of limited accounts at once, expires
 * at an instant, and is posted in whole or in part (the rest returns) or voided.
 *
 * Books (账套) are sub-ledgers, one per party that must balance alone: 1 is the county operator's.
 * A posting stays in one book; a transfer may span books through accounts whose purpose is
 * "clearing", which must come to zero over the transfer in each unit.
 *
 * Costs: a transfer is one UPDATE per limited account that it touches (the limit decides in its
 * WHERE) and one INSERT per posting; a hold the same. What is refused (INVALID, CONFLICT,
 * NOT_FOUND) has written nothing, so that an act may try something else.
 *
 * Method: Accounting as in Ijiri's and TigerBeetle's two-phase transfers. */
#ifndef CUNHUO_LEDGER_LEDGER_H
#define CUNHUO_LEDGER_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/status.h"

struct tx;

extern const char *const ledger_tables[];   // migrated as room "ledger"

/* Ids of the county (>= 1000) are units too: a SKU's id is the unit "a piece of it". */
enum { UNIT_FEN = 1, UNIT_POINT = 2, UNIT_CRATE = 3 };
enum { BOOK_COUNTY = 1 };
#define AMOUNT_MAX INT64_C(9007199254740991)

enum side { SIDE_DEBIT = 1, SIDE_CREDIT = 2 };

struct account {
    int64_t id;               // 0 when asked for
    int64_t book_id;
    const char *purpose;      // "stock", "wallet", "cash", "sales", "refunds" …
    int64_t party_id;         // whose; 0: the book's own
    int64_t place_id;         // where; 0: anywhere
    int64_t unit;
    enum side side;
    bool limited;
    int64_t min, max;         // of the balance, if limited; what is held counts against it.
                              // 0, 0: never below nothing. min <= 0 <= max
    bool closed;              // filled in
};

/* Finds the account of these (book, purpose, party, place, unit), or opens it as said; fills id and
 * closed in. CONFLICT: it is there with another side or limits. INVALID: no purpose or unit, limits
 * that exclude 0. Cached by callers: an account's id never changes. */
MUST_USE enum status ledger_account(struct tx *tx, struct account *account, struct err *err);
/* The same without opening one; side and limits are filled in. NOT_FOUND. For readers too. */
MUST_USE enum status ledger_account_find(struct tx *tx, struct account *account);
/* Nothing is posted to it any more. CONFLICT: its balance is not 0, or something is held. */
MUST_USE enum status ledger_account_close(struct tx *tx, int64_t account_id, struct err *err);

/* Closes a book up to an effective instant: nothing dated then or before is posted any more.
 * CONFLICT: it is closed that far already. */
MUST_USE enum status ledger_period_close(struct tx *tx, int64_t book_id, int64_t until_ms,
                                         int64_t recorded_ms, struct err *err);

struct posting { int64_t debit_id, credit_id, amount; };

struct transfer {
    const char *kind;             // "order", "refund", "stock_in" …
    int64_t document_id;          // what it stands on: order, lot, statement …
    int64_t at_ms;                // effective (记账日期)
    int64_t recorded_ms;          // when it was written
    const struct posting *postings;
    size_t count;
};

/* Writes all postings or none. INVALID: no posting, amount < 1 or > AMOUNT_MAX, debit = credit,
 * units differ, unknown or closed account, books that differ or clearing accounts that don't come
 * to zero, a date in a closed period. CONFLICT: a limit stands in the way of what the transfer does
 * to an account in all; err's detail is what is available, a number. */
MUST_USE enum status ledger_transfer(struct tx *tx, const struct transfer *transfer,
                                     int64_t *transfer_id, struct err *err);

/* The opposite of a transfer, which it names. CONFLICT: it is reversed already, or a limit. */
MUST_USE enum status ledger_reverse(struct tx *tx, int64_t transfer_id, int64_t at_ms,
                                    int64_t recorded_ms, int64_t *reversal_id, struct err *err);

struct hold {
    const char *kind;
    int64_t document_id;          // holds of one document expire together
    int64_t expires_ms;           // 0: never by itself
    struct posting posting;       // to come; not on a clearing account
};

/* Holds all or none. INVALID and CONFLICT as ledger_transfer. ids (may be NULL) gets `count` hold
 * ids. */
MUST_USE enum status ledger_hold(struct tx *tx, const struct hold *holds, size_t count,
                                 int64_t *ids, struct err *err);
/* Posts `amount` of a hold (the rest returns), or returns all of it. NOT_FOUND: no such hold.
 * CONFLICT: it is not pending any more (posted, voided, expired), or amount is more than was held.
 * INVALID: a date in a closed period, amount < 1. A hold whose time is over can be posted until
 * ledger_expire_next has taken it. */
MUST_USE enum status ledger_post(struct tx *tx, int64_t hold_id, int64_t amount, int64_t at_ms,
                                 int64_t recorded_ms, int64_t *transfer_id, struct err *err);
MUST_USE enum status ledger_void(struct tx *tx, int64_t hold_id, struct err *err);
/* The same for all pending holds of one kind and document, as one transfer, whole amounts.
 * NOT_FOUND: none is pending. transfer_id may be NULL. */
MUST_USE enum status ledger_post_all(struct tx *tx, const char *kind, int64_t document_id,
                                     int64_t at_ms, int64_t recorded_ms, int64_t *transfer_id,
                                     struct err *err);
MUST_USE enum status ledger_void_all(struct tx *tx, const char *kind, int64_t document_id,
                                     struct err *err);
/* Expires the holds of one document of which one's time is over and names it, so that its room can
 * change what hangs on it in the same transaction. NOT_FOUND: no more of this kind. */
MUST_USE enum status ledger_expire_next(struct tx *tx, const char *kind, int64_t now_ms,
                                        int64_t *document_id, struct err *err);

struct balance { int64_t posted, held_out, held_in; };  // held_out: will leave, held_in: will come
/* Of what is written now; available = posted - held_out - min. */
MUST_USE enum status ledger_balance(struct tx *tx, int64_t account_id, struct balance *out,
                                    struct err *err);
/* Posted balance at the end of an effective instant. */
MUST_USE enum status ledger_balance_at(struct tx *tx, int64_t account_id, int64_t at_ms,
                                       int64_t *posted, struct err *err);

/* Lines of a document and the other way round (L.10). */
struct line {
    int64_t posting_id, transfer_id, debit_id, credit_id, amount, unit, document_id, at_ms;
    int64_t reverses_id;          // the posting that it takes back; 0: none
    int64_t hold_id;              // the hold that it was; 0: none
    const char *kind;
};
/* In the order they were written. kind NULL: of every kind. No line is OK and a count of 0. */
MUST_USE enum status ledger_lines(struct tx *tx, const char *kind, int64_t document_id,
                                  struct line **out, size_t *count, struct err *err);

MUST_USE enum status ledger_line(struct tx *tx, int64_t posting_id, struct line *out);
/* The lines of an account whose effective date is from_ms .. until_ms, by date, then as written. */
MUST_USE enum status ledger_statement(struct tx *tx, int64_t account_id, int64_t from_ms,
                                      int64_t until_ms, struct line **out, size_t *count,
                                      struct err *err);

/* Recomputes every balance, limit, hold and hash from the rows. `imbalance`: sum over accounts and
 * units of |stored - recomputed|, and of what books lack to balance: 0 in a sound ledger.
 * INVALID: it is not; err's detail names the first account or row. Takes about 1 µs a row, and 80
 * bytes of tx's arena an account. */
MUST_USE enum status ledger_check(struct tx *tx, int64_t *imbalance, struct err *err);
#endif
