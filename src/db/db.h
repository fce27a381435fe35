/* db.h - one SQL text, two databases: SQLite in the box, PostgreSQL when a county outgrows it.
 *
 * A county is one SQLite file or one PostgreSQL schema and has one writer (writer.h), so that no
 * key carries the county and no statement waits for another. Text is PostgreSQL's ($1, $2 ...).
 *
 * Any status but OK and NOT_FOUND ends the transaction; a violated constraint is BROKEN, since
 * PostgreSQL then refuses all that follows. What may well happen twice is asked politely:
 * INSERT ... ON CONFLICT DO NOTHING RETURNING yields NOT_FOUND, and life goes on.
 *
 * Tables are written in the common tongue of style.md: BIGINT, TEXT, BYTEA, CHECK, UNIQUE,
 * REFERENCES. For SQLite this folder writes BIGINT PRIMARY KEY as INTEGER PRIMARY KEY and BYTEA as
 * BLOB, and makes tables STRICT. Booleans are BIGINT 0 and 1. A migration may say
 * "APPEND ONLY name;": the database then refuses to change or remove that table's rows. */
#ifndef CUNHUO_DB_DB_H
#define CUNHUO_DB_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/status.h"

struct arena;
struct db;    // an open county
struct tx;    // a unit of work: commits whole or leaves no trace
struct rows;  // a cursor on one row of a result; closes by itself with the transaction

struct sql { const char *text; };  // prepared once a connection, known by the literal's address
#define SQL(text) { "" text }      // a literal or nothing: the empty string sees to it

enum kind { NUL, I64, STR, BLOB };
struct value { enum kind kind; int64_t number; const void *bytes; size_t size; };
struct args { size_t count; const struct value *at; };

static inline struct value null(void) { return (struct value){ .kind = NUL }; }
static inline struct value i64(int64_t n) { return (struct value){ .kind = I64, .number = n }; }
static inline struct value str(const char *s)  // NULL is SQL's NULL
{
    return (struct value){ .kind = s ? STR : NUL, .bytes = s };
}
static inline struct value blob(const void *bytes, size_t size)
{
    return (struct value){ .kind = BLOB, .bytes = bytes, .size = size };
}

#define NO_ARGS ((struct args){ 0, NULL })
#define ARGS(...)                                                                         \
    ((struct args){ sizeof((const struct value[]){ __VA_ARGS__ }) / sizeof(struct value), \
                    (const struct value[]){ __VA_ARGS__ } })

/* Runs a statement whose rows, if any, nobody wants. */
MUST_USE enum status db_run(struct tx *tx, const struct sql *sql, struct args args);

/* Runs a statement and stands on its first row; steps to the next. NOT_FOUND: no (more) rows.
 * A cursor shows the county as it was when it was opened, whatever is written while it is read. */
MUST_USE enum status db_first(struct tx *tx, const struct sql *sql, struct args args,
                              struct rows **out);
MUST_USE enum status db_next(struct rows *rows);

/* Columns from 0. Reading another kind than the column holds is an assert, NULL too, except that
 * row_str answers it with NULL. Text and bytes are borrowed from the request's arena. */
bool row_null(const struct rows *rows, size_t column);
int64_t row_i64(const struct rows *rows, size_t column);
const char *row_str(const struct rows *rows, size_t column);
struct value row_blob(const struct rows *rows, size_t column);

/* The arena of the request that is acted on. */
struct arena *tx_arena(struct tx *tx);

/* What the county's owner gave to db_open: rooms find their state through it. */
void *tx_owner(struct tx *tx);

/* A new id, greater than all given out before in this county, from 1000 on: smaller numbers are
 * free for constants of the program. In the writer only. Gaps are possible. */
int64_t tx_id(struct tx *tx);

/* Calls `undo(of)` should what is written here not come to be: the act fails after this call, or
 * its group's commit does. For state in memory that follows the rows (tonight's live plan). Undone
 * in reverse order, in the writer's thread. BROKEN: no memory. */
MUST_USE enum status tx_undo(struct tx *tx, void (*undo)(void *of), void *of);
/* Calls `done(of)` in the writer's thread once what is written here is on disk. */
MUST_USE enum status tx_done(struct tx *tx, void (*done)(void *of), void *of);

/* What a folder remembers of rows beside them, for the county's writer only: a pointer that is NULL
 * at first, named by the address `key`, and given to `end` by db_close. Whoever fills it from rows
 * that may yet be undone says so with tx_undo. NULL: no memory. */
MUST_USE void **tx_keep(struct tx *tx, const void *key, void (*end)(void *memory));

/* ---- Opening, migrating, reading ---- */

/* `url` is a path, or postgresql://host/database?schema=name, or "host=... dbname=... schema=name"
 * (the schema is "cunhuo" if none is said). Creates what is not there. `owner` is for tx_owner.
 * INVALID: another encoding, a PostgreSQL database whose collation is not C, a file that is no
 * county. BUSY: another server writes this county. Free with db_close. */
MUST_USE enum status db_open(const char *url, void *owner, struct db **out, struct err *err);
/* The same beside the server that writes it: for reading only (backup, check, the planning child).
 * NOT_FOUND: no county there. */
MUST_USE enum status db_open_reading(const char *url, void *owner, struct db **out,
                                     struct err *err);
void db_close(struct db *db);   // NULL is fine; the writer has been stopped, no tx is open
bool db_is_postgres(const struct db *db);

/* Brings a room's tables to their newest number, each migration in a transaction of its own.
 * `tables` ends with NULL; its n-th text is migration n and never edited once released.
 * INVALID: the county was written by a newer program. */
MUST_USE enum status db_migrate(struct db *db, const char *room, const char *const *tables,
                                struct err *err);

/* A reader's snapshot: sees one state of the county until db_read_end. Readers never wait for the
 * writer, nor it for them. BUSY: too many at once. */
MUST_USE enum status db_read_begin(struct db *db, struct arena *arena, struct tx **out);
void db_read_end(struct tx *tx);

/* A transaction outside of the writer: for migrations, init, tests and tools while no server runs
 * (while a writer runs, it waits for the group at work, and the writer for it).
 * db_write_end(tx, true) commits (OK, or BROKEN and nothing is written). */
MUST_USE enum status db_write_begin(struct db *db, struct arena *arena, struct tx **out);
MUST_USE enum status db_write_end(struct tx *tx, bool commit);

/* Inside an act: what follows can be undone alone, tx_undo and tx_done calls included, also after a
 * statement failed in it (then keep is refused: BROKEN, and all the same it is undone and the act
 * may go on). For imports that take good rows only, and for refused answers that are remembered:
 *     TRY(tx_savepoint(tx));
 *     enum status acted = route->act(tx, ...);
 *     TRY(tx_savepoint_end(tx, acted == OK));
 *     return remember_answer(tx, key, acted, ...);
 * They nest, and are closed in reverse order. BROKEN of keep = false: the group is lost. */
MUST_USE enum status tx_savepoint(struct tx *tx);
MUST_USE enum status tx_savepoint_end(struct tx *tx, bool keep);

/* A copy of a living county into a new file, consistent, while orders come in (SQLite's online
 * backup; a PostgreSQL county is copied by pg_dump, see docs). INVALID: the file exists. */
MUST_USE enum status db_backup(struct db *db, const char *path, struct err *err);

/* SQLite's quick_check and foreign keys, PostgreSQL's constraints are its own. INVALID: damaged. */
MUST_USE enum status db_verify(struct db *db, struct err *err);

/* Size of the county, of its WAL, free bytes on its disk (-1: on another machine): for health
 * pages. */
struct db_size { int64_t bytes, wal_bytes, free_bytes; };
struct db_size db_size(struct db *db);
#endif
