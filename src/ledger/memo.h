/* memo.h - what the writer remembers between transfers: facts of accounts that never change, the
 * numbers of kinds, closed periods, and the head of the chain of hashes. Private to ledger/.
 *
 * It is kept with the open county (tx_keep) and used by its one writer only. Whatever a transaction
 * puts into the tables and here is forgotten when that transaction is undone (memo_forget_*), and
 * read again from the rows. Costs: one look-up in a hash table instead of a SELECT per account. */
#ifndef CUNHUO_LEDGER_MEMO_H
#define CUNHUO_LEDGER_MEMO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/status.h"
#include "ledger/ledger.h"

struct memo;

enum { HASH_BYTES = 32 };

struct facts {
    int64_t id, book_id, unit;
    int64_t closed_until_ms;      // of its book; INT64_MIN: no period is closed yet
    enum side side;
    bool limited, closed, clearing;
};

MUST_USE enum status memo_of(struct tx *tx, struct memo **out);

/* Copies an account's facts. NOT_FOUND: no such account. */
MUST_USE enum status memo_facts(struct tx *tx, struct memo *memo, int64_t account_id,
                                struct facts *out);
/* The number of a kind; a new one is stored if `add`, else NOT_FOUND. */
MUST_USE enum status memo_kind(struct tx *tx, struct memo *memo, const char *name, bool add,
                               int64_t *kind_id);

/* An account was opened in this transaction: what will be remembered of it is forgotten should the
 * transaction be undone. */
MUST_USE enum status memo_opened(struct tx *tx, struct memo *memo);
/* Forgets accounts, kinds and periods now, and once more should this transaction be undone: to be
 * called after any change of what is remembered of them. */
MUST_USE enum status memo_change(struct tx *tx, struct memo *memo);

/* The hash of the newest posting (zeros before the first), to be changed in place by whoever adds
 * one. From here on it is forgotten if the transaction is undone. */
MUST_USE enum status memo_head(struct tx *tx, struct memo *memo, unsigned char **head);

/* A row of ledger_posting as it is hashed. */
struct row {
    int64_t posting_id, transfer_id, line_count, kind_id, document_id, at_ms, recorded_ms;
    int64_t debit_id, credit_id, amount, reverses_id, hold_id;   // the last two: 0 for NULL
};
/* head = BLAKE2b-256(head, row). */
void row_chain(unsigned char head[HASH_BYTES], const struct row *row);
#endif
