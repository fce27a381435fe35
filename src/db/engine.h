/* engine.h - what db.c, migrate.c, writer.c and the two engines share. Private to this folder.
 *
 * An engine knows connections ("links") and statements. db.c knows transactions: what is undone,
 * ids, the pool of readers. A link is used by one thread at a time. */
#ifndef CUNHUO_DB_ENGINE_H
#define CUNHUO_DB_ENGINE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "db/db.h"

enum { ARGS_MAX = 64, READERS_MAX = 32, SAVEPOINTS_MAX = 8 };

/* The steps of a transaction. An act's savepoint is opened by the first statement that needs it. */
enum control {
    BEGIN_WRITE, BEGIN_READ, COMMIT, ROLLBACK,
    SAVE_ACT, KEEP_ACT, UNDO_ACT,
    SAVE, KEEP, UNDO,
    CONTROLS
};

struct link { struct db *db; bool writing; };   // the engine's own struct begins with it

struct engine {
    /* The county's place: path and lock, or server and schema. BUSY: another writes it. */
    enum status (*open)(struct db *db, struct err *err);
    void (*close)(struct db *db);
    enum status (*link)(struct db *db, bool writing, struct link **out, struct err *err);
    void (*unlink)(struct link *link);
    /* COMMIT that fails has rolled back. BUSY: BEGIN_WRITE can't be had now. */
    enum status (*control)(struct link *link, enum control step);
    /* A migration's text, inside a transaction. */
    enum status (*script)(struct tx *tx, const char *text);
    /* `rows` is NULL (nobody wants them) or zeroed but for `tx`. OK, BROKEN, NOT_FOUND: no row. */
    enum status (*run)(struct tx *tx, const struct sql *sql, struct args args, struct rows *rows);
    enum status (*next)(struct rows *rows);
    void (*shut)(struct rows *rows);      // gives back what a cursor holds outside of the arena
    enum status (*settle)(struct tx *tx); // open cursors read to their end: something is undone
    enum status (*backup)(struct db *db, const char *path, struct err *err);
    enum status (*verify)(struct db *db, struct err *err);
    struct db_size (*size)(struct db *db);
};
extern const struct engine sqlite_engine, postgres_engine;

struct row { struct row *next; struct value cells[]; };

struct rows {
    struct tx *tx;
    struct rows *older;      // of the transaction's open ones
    size_t columns;
    struct row *now, *ahead; // the row stood on; read already, not yet stood on
    struct row *spare;       // SQLite: a row to read into
    void *source;            // SQLite's statement, PostgreSQL's result; NULL: read to the end
    int at;                  // PostgreSQL: rows taken from the result
    enum status failed;      // what the next step answers once `ahead` is used up
};

struct after { struct after *older; void (*call)(void *of); void *of; };
struct mark { struct after *undo, *done; };

struct tx {
    struct db *db;
    struct link *link;
    struct arena *arena;
    struct rows *open;           // cursors that hold a source
    struct after *undo, *done;   // newest first
    struct mark marks[SAVEPOINTS_MAX], act;
    size_t depth;                // savepoints open
    bool writing;
    bool broken;                 // a statement failed: nothing more until a savepoint is undone
    bool lost;                   // the database has given the whole transaction up
    bool act_due, act_open;      // the act's savepoint: to be opened by the first that writes
};

struct kept { struct kept *next; const void *key; void *memory; void (*end)(void *memory); };

struct db {
    const struct engine *engine;
    char *url;
    void *owner, *place;         // place: the engine's
    bool reading_only;
    pthread_mutex_t write_lock;  // held through a writing transaction
    struct link *writer;
    struct kept *kept;           // tx_keep's; the writer's thread only
    pthread_mutex_t pool_lock;
    struct link *idle[READERS_MAX];
    size_t idle_count, reader_count;
    int64_t id_next, id_stored, id_committed;   // ids below id_committed are reserved on disk
};

/* db.c: for the writer. Begin: BUSY, BROKEN. Commit that fails has undone everything. */
MUST_USE enum status tx_begin(struct db *db, struct tx *tx);
MUST_USE enum status tx_commit(struct tx *tx);
void tx_rollback(struct tx *tx);
void tx_act_begin(struct tx *tx, struct arena *arena);
/* BROKEN: what the act wrote can't be undone alone, the whole transaction must be. */
MUST_USE enum status tx_act_end(struct tx *tx, bool keep);

/* db.c: for engines. A statement is about to write (PostgreSQL: is about to run). */
MUST_USE enum status tx_before_write(struct tx *tx);
/* Takes a cursor out of the transaction's open ones. */
void rows_done(struct rows *rows);
/* Says on standard error what the database said. */
void db_complain(const char *said, const char *sql);

/* ddl.c: the common tongue in SQLite's words. NULL: no memory; free() it. */
MUST_USE char *ddl_for_sqlite(const char *text);

/* append.c: "APPEND ONLY name;" in an engine's words. NULL: no memory; free() it. */
MUST_USE char *ddl_append_only(const char *text, bool postgres);

/* sqlite_file.c: the county's file. */
enum status sqlite_place_open(struct db *db, struct err *err);
void sqlite_place_close(struct db *db);
enum status sqlite_backup(struct db *db, const char *path, struct err *err);
enum status sqlite_verify(struct db *db, struct err *err);
struct db_size sqlite_size(struct db *db);
struct sqlite3;
/* A connection with this house's settings; reports on its WAL to the checkpointer if it writes. */
MUST_USE enum status sqlite_connect(struct db *db, bool writing, struct sqlite3 **out,
                                    struct err *err);

/* What tests change before they open a county. */
struct sqlite_testing { const char *vfs; bool reverse_unordered, unsafe; };
extern struct sqlite_testing sqlite_testing;
#endif
