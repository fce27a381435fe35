/* audit.c - the log of who did what; tables people_audit and people_audit_head. */
#include "people/audit.h"

#include <assert.h>
#include <sodium.h>
#include <stdbool.h>
#include <string.h>
#include "base/arena.h"
#include "db/db.h"

enum { HASH_BYTES = 32, BLOCK = 1000 };

static void hash_i64(crypto_generichash_state *state, int64_t number)
{
    unsigned char bytes[8];
    for (unsigned i = 0; i < 8; i++) bytes[i] = (unsigned char)((uint64_t)number >> (8 * i));
    crypto_generichash_update(state, bytes, sizeof bytes);
}

/* With its length before it, so that no two pairs of texts look alike. */
static void hash_text(crypto_generichash_state *state, const char *text)
{
    hash_i64(state, (int64_t)strlen(text));
    crypto_generichash_update(state, (const unsigned char *)text, strlen(text));
}

static void chain(const struct audit_row *row, const unsigned char previous[HASH_BYTES],
                  unsigned char hash[HASH_BYTES])
{
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, HASH_BYTES);
    crypto_generichash_update(&state, previous, HASH_BYTES);
    hash_i64(&state, row->id);
    hash_i64(&state, row->at_ms);
    hash_i64(&state, row->person_id);
    hash_i64(&state, row->about_id);
    hash_text(&state, row->what);
    hash_text(&state, row->text);
    crypto_generichash_final(&state, hash, HASH_BYTES);
}

struct head { int64_t rows_written; unsigned char hash[HASH_BYTES]; };

static const struct sql find_head = SQL("SELECT rows_written, hash FROM people_audit_head");
static const struct sql add_row = SQL(
    "INSERT INTO people_audit (audit_id, at_ms, person_id, what, about_id, text, previous, hash)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)");
static const struct sql set_head = SQL(
    "INSERT INTO people_audit_head (one, rows_written, hash) VALUES (1, $1, $2)"
    " ON CONFLICT (one) DO UPDATE SET rows_written = $1, hash = $2");

static enum status read_head(struct tx *tx, struct head *head)
{
    struct rows *rows;
    *head = (struct head){ 0 };
    enum status found = db_first(tx, &find_head, NO_ARGS, &rows);
    if (found != OK) return found == NOT_FOUND ? OK : found;
    struct value hash = row_blob(rows, 1);
    head->rows_written = row_i64(rows, 0);
    if (hash.size == HASH_BYTES) memcpy(head->hash, hash.bytes, HASH_BYTES);
    return OK;
}

enum status audit_note(struct tx *tx, int64_t at_ms, int64_t person_id, const char *what,
                       int64_t about_id, const char *text)
{
    assert(what && *what);
    struct head head;
    unsigned char hash[HASH_BYTES];
    struct audit_row row = { .id = tx_id(tx), .at_ms = at_ms, .person_id = person_id,
                             .about_id = about_id, .what = what, .text = text ? text : "" };
    if (sodium_init() < 0) return BROKEN;
    TRY(read_head(tx, &head));
    chain(&row, head.hash, hash);
    TRY(db_run(tx, &add_row,
               ARGS(i64(row.id), i64(at_ms), i64(person_id), str(what), i64(about_id),
                    str(row.text), blob(head.hash, HASH_BYTES), blob(hash, HASH_BYTES))));
    return db_run(tx, &set_head, ARGS(i64(head.rows_written + 1), blob(hash, HASH_BYTES)));
}

static struct audit_row read_row(const struct rows *rows)
{
    return (struct audit_row){
        .id = row_i64(rows, 0), .at_ms = row_i64(rows, 1), .person_id = row_i64(rows, 2),
        .about_id = row_i64(rows, 3), .what = row_str(rows, 4), .text = row_str(rows, 5),
    };
}

#define AUDIT_COLUMNS "audit_id, at_ms, person_id, about_id, what, text"

static const struct sql list_all = SQL(
    "SELECT " AUDIT_COLUMNS " FROM people_audit WHERE audit_id < $1"
    " ORDER BY audit_id DESC LIMIT $2");
static const struct sql list_about = SQL(
    "SELECT " AUDIT_COLUMNS " FROM people_audit WHERE audit_id < $1 AND about_id = $3"
    " ORDER BY audit_id DESC LIMIT $2");

enum status audit_list(struct tx *tx, int64_t about_id, int64_t before_id, size_t count_max,
                       struct audit_row **out, size_t *count)
{
    struct rows *rows;
    struct audit_row *list = NULL;
    size_t n = 0;
    struct value before = i64(before_id ? before_id : INT64_MAX), max = i64((int64_t)count_max);
    enum status found =
        about_id ? db_first(tx, &list_about, ARGS(before, max, i64(about_id)), &rows)
                 : db_first(tx, &list_all, ARGS(before, max), &rows);
    for (; found == OK; found = db_next(rows)) {
        list = arena_more(tx_arena(tx), list, n, sizeof *list);
        if (list == NULL) return BROKEN;
        list[n++] = read_row(rows);
    }
    *out = list;
    *count = n;
    return found == NOT_FOUND ? OK : found;
}

static const struct sql next_rows = SQL(
    "SELECT " AUDIT_COLUMNS ", previous, hash FROM people_audit WHERE audit_id > $1"
    " ORDER BY audit_id LIMIT $2");

static bool same(struct value hash, const unsigned char wanted[HASH_BYTES])
{
    return hash.size == HASH_BYTES && memcmp(hash.bytes, wanted, HASH_BYTES) == 0;
}

enum status audit_check(struct tx *tx, struct err *err)
{
    struct head head, seen = { 0 };
    struct rows *rows;
    TRY(read_head(tx, &head));
    for (int64_t last = 0, before; ; ) {
        before = last;
        enum status found = db_first(tx, &next_rows, ARGS(i64(last), i64(BLOCK)), &rows);
        for (; found == OK; found = db_next(rows)) {
            struct audit_row row = read_row(rows);
            unsigned char hash[HASH_BYTES];
            chain(&row, seen.hash, hash);
            if (!same(row_blob(rows, 6), seen.hash) || !same(row_blob(rows, 7), hash))
                return err_about(err, INVALID, NULL, "The audit log's chain is broken.", "%lld",
                                 (long long)row.id);
            memcpy(seen.hash, hash, HASH_BYTES);
            seen.rows_written++;
            last = row.id;
        }
        if (found != NOT_FOUND) return found;
        if (last == before) break;
    }
    if (seen.rows_written == head.rows_written && memcmp(seen.hash, head.hash, HASH_BYTES) == 0)
        return OK;
    return err_about(err, INVALID, NULL, "Rows are missing at the end of the audit log.", "%lld",
                     (long long)(head.rows_written - seen.rows_written));
}
