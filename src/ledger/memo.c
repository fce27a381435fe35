/* memo.c - see memo.h. */
#include "ledger/memo.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include "db/db.h"

enum { SLOTS = 1 << 16, SLOTS_USED_MAX = SLOTS / 2, KIND_MAX = 256 };

struct memo {
    struct facts *slots;          // open addressing; id 0: free
    size_t used;
    struct { int64_t id; char *name; } kinds[KIND_MAX];
    size_t kind_count;
    bool head_known;
    unsigned char head[HASH_BYTES];
};

static void forget_facts(void *of)
{
    struct memo *memo = of;
    if (memo->used > 0) memset(memo->slots, 0, SLOTS * sizeof *memo->slots);
    memo->used = 0;
    for (size_t i = 0; i < memo->kind_count; i++) free(memo->kinds[i].name);
    memo->kind_count = 0;
}

static void forget_head(void *of)
{
    ((struct memo *)of)->head_known = false;
}

static void end(void *of)
{
    struct memo *memo = of;
    for (size_t i = 0; i < memo->kind_count; i++) free(memo->kinds[i].name);
    free(memo->slots);
    free(memo);
}

static const char ledger_key;   // its address names our memory in tx_keep

enum status memo_of(struct tx *tx, struct memo **out)
{
    void **kept = tx_keep(tx, &ledger_key, end);
    if (kept == NULL) return BROKEN;
    if (*kept == NULL) {
        if (sodium_init() < 0) return BROKEN;
        struct memo *memo = calloc(1, sizeof *memo);
        struct facts *slots = calloc(SLOTS, sizeof *slots);
        if (memo == NULL || slots == NULL) {
            free(memo);
            free(slots);
            return BROKEN;
        }
        memo->slots = slots;
        *kept = memo;
    }
    *out = *kept;
    return OK;
}

enum status memo_opened(struct tx *tx, struct memo *memo)
{
    return tx_undo(tx, forget_facts, memo);
}

enum status memo_change(struct tx *tx, struct memo *memo)
{
    forget_facts(memo);
    return tx_undo(tx, forget_facts, memo);
}

/* The slot that holds the account, or the free one where it belongs. */
static struct facts *slot_of(struct memo *memo, int64_t account_id)
{
    size_t at = (size_t)(((uint64_t)account_id * UINT64_C(0x9E3779B97F4A7C15)) >> 48);
    static_assert(SLOTS == 1 << 16, "the shift above");
    while (memo->slots[at].id != 0 && memo->slots[at].id != account_id) at = (at + 1) % SLOTS;
    return &memo->slots[at];
}

static const struct sql find_facts = SQL(
    "SELECT book_id, unit, side, limited, closed,"
    " CASE WHEN purpose = 'clearing' THEN 1 ELSE 0 END,"
    " (SELECT MAX(until_ms) FROM ledger_period p WHERE p.book_id = a.book_id)"
    " FROM ledger_account a WHERE account_id = $1");

enum status memo_facts(struct tx *tx, struct memo *memo, int64_t account_id, struct facts *out)
{
    struct facts *slot = slot_of(memo, account_id);
    if (account_id != 0 && slot->id == account_id) {
        *out = *slot;
        return OK;
    }
    struct rows *rows;
    TRY(db_first(tx, &find_facts, ARGS(i64(account_id)), &rows));
    if (memo->used >= SLOTS_USED_MAX) {
        memset(memo->slots, 0, SLOTS * sizeof *memo->slots);
        memo->used = 0;
        slot = slot_of(memo, account_id);
    }
    *slot = (struct facts){
        .id = account_id, .book_id = row_i64(rows, 0), .unit = row_i64(rows, 1),
        .side = row_i64(rows, 2) == SIDE_DEBIT ? SIDE_DEBIT : SIDE_CREDIT,
        .limited = row_i64(rows, 3) != 0, .closed = row_i64(rows, 4) != 0,
        .clearing = row_i64(rows, 5) != 0,
        .closed_until_ms = row_null(rows, 6) ? INT64_MIN : row_i64(rows, 6),
    };
    memo->used++;
    *out = *slot;
    return OK;
}

static enum status remember_kind(struct memo *memo, const char *name, int64_t kind_id)
{
    if (memo->kind_count == KIND_MAX) return OK;   // the rest is looked up each time
    char *copy = strdup(name);
    if (copy == NULL) return BROKEN;
    memo->kinds[memo->kind_count].id = kind_id;
    memo->kinds[memo->kind_count++].name = copy;
    return OK;
}

static const struct sql find_kind = SQL("SELECT kind_id FROM ledger_kind WHERE name = $1");
static const struct sql add_kind = SQL("INSERT INTO ledger_kind (kind_id, name) VALUES ($1, $2)");

enum status memo_kind(struct tx *tx, struct memo *memo, const char *name, bool add,
                      int64_t *kind_id)
{
    assert(name != NULL && *name != '\0');
    for (size_t i = 0; i < memo->kind_count; i++) {
        if (strcmp(memo->kinds[i].name, name) != 0) continue;
        *kind_id = memo->kinds[i].id;
        return OK;
    }
    struct rows *rows;
    enum status found = db_first(tx, &find_kind, ARGS(str(name)), &rows);
    if (found == OK) {
        *kind_id = row_i64(rows, 0);
        return remember_kind(memo, name, *kind_id);
    }
    if (found != NOT_FOUND || !add) return found;
    *kind_id = tx_id(tx);
    TRY(db_run(tx, &add_kind, ARGS(i64(*kind_id), str(name))));
    return memo_change(tx, memo);
}

static const struct sql find_head = SQL(
    "SELECT hash FROM ledger_posting ORDER BY posting_id DESC LIMIT 1");

enum status memo_head(struct tx *tx, struct memo *memo, unsigned char **head)
{
    if (!memo->head_known) {
        struct rows *rows;
        enum status found = db_first(tx, &find_head, NO_ARGS, &rows);
        memset(memo->head, 0, HASH_BYTES);
        if (found == OK) {
            struct value hash = row_blob(rows, 0);
            if (hash.size != HASH_BYTES) return BROKEN;
            memcpy(memo->head, hash.bytes, HASH_BYTES);
        } else if (found != NOT_FOUND) {
            return found;
        }
        memo->head_known = true;
    }
    *head = memo->head;
    return tx_undo(tx, forget_head, memo);
}

static unsigned char *put_i64(unsigned char *at, int64_t number)
{
    for (unsigned i = 0; i < 8; i++) *at++ = (unsigned char)((uint64_t)number >> (8 * i));
    return at;
}

void row_chain(unsigned char head[HASH_BYTES], const struct row *row)
{
    const int64_t numbers[] = {
        row->posting_id, row->transfer_id, row->line_count, row->kind_id, row->document_id,
        row->at_ms, row->recorded_ms, row->debit_id, row->credit_id, row->amount,
        row->reverses_id, row->hold_id,
    };
    unsigned char text[HASH_BYTES + sizeof numbers], *at = text + HASH_BYTES;
    memcpy(text, head, HASH_BYTES);
    for (size_t i = 0; i < COUNT(numbers); i++) at = put_i64(at, numbers[i]);
    crypto_generichash(head, HASH_BYTES, text, sizeof text, NULL, 0);
}
