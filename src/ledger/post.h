/* post.h - what transfers and holds share: moves of limited balances, and rows that are written.
 * Private to ledger/.
 *
 * Moves are gathered first and merged, so that each limited account is asked once, for what the
 * whole entry does to it. Only when all have agreed are rows written; when one refuses, those
 * before it are taken back. */
#ifndef CUNHUO_LEDGER_POST_H
#define CUNHUO_LEDGER_POST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/status.h"
#include "ledger/ledger.h"
#include "ledger/memo.h"

struct move { int64_t account_id, posted, held_out, held_in; };   // what is added
struct moves { struct move *at; size_t count, room; };

/* Room for `room` moves. */
MUST_USE enum status moves_new(struct tx *tx, size_t room, struct moves *out);
/* An amount on one side of a posting, if that account is limited: posted, or held (`times` 1) or
 * held no longer (`times` -1). */
void moves_post(struct moves *moves, const struct facts *facts, bool debit, int64_t amount);
void moves_hold(struct moves *moves, const struct facts *facts, bool debit, int64_t amount,
                int times);
/* All or none. CONFLICT: a limit. */
MUST_USE enum status moves_apply(struct tx *tx, struct moves *moves, struct err *err);

/* The facts of a posting's two accounts. INVALID: as ledger_transfer says of a single posting. */
MUST_USE enum status posting_check(struct tx *tx, struct memo *memo, const struct posting *posting,
                                   struct facts *debit, struct facts *credit, struct err *err);

struct entry_line {
    struct posting posting;
    int64_t reverses_id;          // 0: none
    int64_t hold_id, held;        // the pending hold it ends, and how much that held; 0: none
};
struct entry {
    const char *kind;             // or NULL, and its number
    int64_t kind_id, document_id, at_ms, recorded_ms;
    const struct entry_line *lines;
    size_t count;
};
/* Everything that becomes postings goes through here. Statuses as of ledger_transfer. */
MUST_USE enum status entry_post(struct tx *tx, struct memo *memo, const struct entry *entry,
                                int64_t *transfer_id, struct err *err);
#endif
