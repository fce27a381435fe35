/* db.c - transactions, savepoints, ids and the pool of readers, over either engine. */
#include "db/db.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "db/engine.h"

/* Ids are reserved before they are needed, so that those given out are covered by a reservation
 * that an earlier group has brought to disk, whatever becomes of the group at work. */
enum { ID_BLOCK = 16384, ID_LOW = 8192 };
#define ID_MAX (INT64_C(1) << 53)

void db_complain(const char *said, const char *sql)
{
    int size = (int)strcspn(said, "\n");   // what follows tells of people's rows
    fprintf(stderr, "cunhuo: database: %.*s%s%.200s\n", size, said, sql ? ", in: " : "",
            sql ? sql : "");
}

/* ---- Statements ---- */

static enum status ended(struct tx *tx, enum status status)
{
    if (status != OK && status != NOT_FOUND) tx->broken = true;
    return status;
}

enum status db_run(struct tx *tx, const struct sql *sql, struct args args)
{
    assert(args.count <= ARGS_MAX);
    if (tx->broken) return BROKEN;
    enum status ran = tx->db->engine->run(tx, sql, args, NULL);
    return ended(tx, ran == NOT_FOUND ? OK : ran);
}

enum status db_first(struct tx *tx, const struct sql *sql, struct args args, struct rows **out)
{
    assert(args.count <= ARGS_MAX);
    *out = NULL;
    if (tx->broken) return BROKEN;
    struct rows *rows = arena_new(tx->arena, sizeof *rows);
    if (rows == NULL) return ended(tx, BROKEN);
    rows->tx = tx;
    *out = rows;
    return ended(tx, tx->db->engine->run(tx, sql, args, rows));
}

enum status db_next(struct rows *rows)
{
    if (rows->tx->broken) return BROKEN;
    return ended(rows->tx, rows->tx->db->engine->next(rows));
}

void rows_done(struct rows *rows)
{
    struct rows **at = &rows->tx->open;
    while (*at && *at != rows) at = &(*at)->older;
    if (*at) *at = rows->older;
    rows->older = NULL;
}

static void shut_rows(struct tx *tx)
{
    while (tx->open) tx->db->engine->shut(tx->open);
}

static const struct value *cell(const struct rows *rows, size_t column)
{
    assert(rows->now && column < rows->columns);
    return &rows->now->cells[column];
}

bool row_null(const struct rows *rows, size_t column) { return cell(rows, column)->kind == NUL; }

int64_t row_i64(const struct rows *rows, size_t column)
{
    const struct value *value = cell(rows, column);
    assert(value->kind == I64);
    return value->number;
}

const char *row_str(const struct rows *rows, size_t column)
{
    const struct value *value = cell(rows, column);
    assert(value->kind == STR || value->kind == NUL);
    return value->kind == NUL ? NULL : value->bytes;
}

struct value row_blob(const struct rows *rows, size_t column)
{
    const struct value *value = cell(rows, column);
    assert(value->kind == BLOB);
    return *value;
}

/* ---- What follows a commit or an undoing ---- */

struct arena *tx_arena(struct tx *tx) { return tx->arena; }
void *tx_owner(struct tx *tx) { return tx->db->owner; }

static enum status push(struct tx *tx, struct after **list, void (*call)(void *of), void *of)
{
    struct after *after = arena_new(tx->arena, sizeof *after);
    if (after == NULL) return BROKEN;
    *after = (struct after){ .older = *list, .call = call, .of = of };
    *list = after;
    return OK;
}

enum status tx_undo(struct tx *tx, void (*undo)(void *of), void *of)
{
    return push(tx, &tx->undo, undo, of);
}

enum status tx_done(struct tx *tx, void (*done)(void *of), void *of)
{
    return push(tx, &tx->done, done, of);
}

static void undo_to(struct tx *tx, struct mark mark)
{
    while (tx->undo != mark.undo) {
        struct after *after = tx->undo;
        tx->undo = after->older;
        after->call(after->of);
    }
    tx->done = mark.done;
    tx->db->id_stored = tx->db->id_committed;   // a reservation in here may be gone
}

static void call_done(struct tx *tx)
{
    struct after *in_order = NULL;
    for (struct after *at = tx->done, *older; at; at = older) {
        older = at->older;
        at->older = in_order;
        in_order = at;
    }
    for (struct after *at = in_order; at; at = at->older) at->call(at->of);
}

/* ---- Memory beside the rows ---- */

void **tx_keep(struct tx *tx, const void *key, void (*end)(void *memory))
{
    assert(tx->writing);
    for (struct kept *at = tx->db->kept; at; at = at->next)
        if (at->key == key) return &at->memory;
    struct kept *kept = calloc(1, sizeof *kept);
    if (kept == NULL) return NULL;
    *kept = (struct kept){ .next = tx->db->kept, .key = key, .end = end };
    tx->db->kept = kept;
    return &kept->memory;
}

static void end_kept(struct db *db)
{
    while (db->kept) {
        struct kept *kept = db->kept;
        db->kept = kept->next;
        if (kept->memory) kept->end(kept->memory);
        free(kept);
    }
}

/* ---- Savepoints ---- */

static enum status control(struct tx *tx, enum control step)
{
    return tx->db->engine->control(tx->link, step);
}

enum status tx_before_write(struct tx *tx)
{
    if (!tx->act_due) return OK;
    TRY(control(tx, SAVE_ACT));
    tx->act_due = false;
    tx->act_open = true;
    return OK;
}

enum status tx_savepoint(struct tx *tx)
{
    assert(tx->writing && tx->depth < SAVEPOINTS_MAX);
    if (tx->broken) return BROKEN;
    TRY(ended(tx, tx_before_write(tx)));
    TRY(ended(tx, control(tx, SAVE)));
    tx->marks[tx->depth++] = (struct mark){ tx->undo, tx->done };
    return OK;
}

enum status tx_savepoint_end(struct tx *tx, bool keep)
{
    assert(tx->depth > 0);
    struct mark mark = tx->marks[--tx->depth];
    bool was_broken = tx->broken;
    if (keep && !was_broken) return ended(tx, control(tx, KEEP));
    if (!was_broken) TRY(ended(tx, tx->db->engine->settle(tx)));
    else shut_rows(tx);
    undo_to(tx, mark);
    if (tx->lost || control(tx, UNDO) != OK) {
        tx->broken = tx->lost = true;
        return BROKEN;
    }
    tx->broken = false;
    return keep ? BROKEN : OK;
}

void tx_act_begin(struct tx *tx, struct arena *arena)
{
    tx->arena = arena;
    tx->act = (struct mark){ tx->undo, tx->done };
    tx->act_due = true;
    tx->act_open = tx->broken = false;
}

enum status tx_act_end(struct tx *tx, bool keep)
{
    assert(tx->depth == 0 || !keep);   // an act closes the savepoints that it opens
    tx->depth = 0;
    shut_rows(tx);
    tx->act_due = false;
    if (tx->lost) return BROKEN;
    if (keep) return tx->act_open ? control(tx, KEEP_ACT) : OK;
    undo_to(tx, tx->act);
    tx->broken = false;
    return tx->act_open ? control(tx, UNDO_ACT) : OK;
}

/* ---- Ids ---- */

static const struct sql store_id = SQL(
    "UPDATE db_counter SET next = $1 WHERE name = 'id'");
static const struct sql load_id = SQL("SELECT next FROM db_counter WHERE name = 'id'");

static enum status reserve_ids(struct tx *tx)
{
    struct db *db = tx->db;
    int64_t stored = db->id_next + ID_BLOCK;
    TRY(db_run(tx, &store_id, ARGS(i64(stored))));
    db->id_stored = stored;
    return OK;
}

int64_t tx_id(struct tx *tx)
{
    struct db *db = tx->db;
    assert(tx->writing && db->id_next < ID_MAX);
    /* If it fails, so does the transaction that wanted the id. */
    if (db->id_next + ID_LOW > db->id_stored && reserve_ids(tx) != OK) tx->broken = true;
    return db->id_next++;
}

/* ---- Transactions ---- */

enum status tx_begin(struct db *db, struct tx *tx)
{
    assert(!db->reading_only);
    pthread_mutex_lock(&db->write_lock);
    *tx = (struct tx){ .db = db, .link = db->writer, .writing = true };
    enum status begun = control(tx, BEGIN_WRITE);
    if (begun != OK) pthread_mutex_unlock(&db->write_lock);
    return begun;
}

static void undo_all(struct tx *tx)
{
    undo_to(tx, (struct mark){ NULL, NULL });
    pthread_mutex_unlock(&tx->db->write_lock);
}

void tx_rollback(struct tx *tx)
{
    shut_rows(tx);
    if (control(tx, ROLLBACK) != OK) db_complain("nothing was left to roll back", NULL);
    undo_all(tx);
}

enum status tx_commit(struct tx *tx)
{
    struct db *db = tx->db;
    shut_rows(tx);
    assert(tx->depth == 0);
    bool covered = db->id_next <= db->id_stored || reserve_ids(tx) == OK;
    if (tx->broken || tx->lost || !covered) {
        tx_rollback(tx);
        return BROKEN;
    }
    enum status committed = control(tx, COMMIT);
    if (committed != OK) {
        undo_all(tx);
        return BROKEN;
    }
    db->id_committed = db->id_stored;
    pthread_mutex_unlock(&db->write_lock);
    call_done(tx);
    return OK;
}

enum status db_write_begin(struct db *db, struct arena *arena, struct tx **out)
{
    struct tx *tx = arena_new(arena, sizeof *tx);
    if (tx == NULL) return BROKEN;
    TRY(tx_begin(db, tx));
    tx->arena = arena;
    *out = tx;
    return OK;
}

enum status db_write_end(struct tx *tx, bool commit)
{
    if (commit) return tx_commit(tx);
    tx_rollback(tx);
    return OK;
}

/* ---- Readers ---- */

static enum status take_reader(struct db *db, struct link **out)
{
    struct link *link = NULL;
    pthread_mutex_lock(&db->pool_lock);
    bool full = false;
    if (db->idle_count > 0) link = db->idle[--db->idle_count];
    else if (db->reader_count < READERS_MAX) db->reader_count++;
    else full = true;
    pthread_mutex_unlock(&db->pool_lock);
    if (full) return BUSY;
    if (link == NULL) {
        struct err err = { 0 };
        enum status linked = db->engine->link(db, false, &link, &err);
        if (linked != OK) {
            pthread_mutex_lock(&db->pool_lock);
            db->reader_count--;
            pthread_mutex_unlock(&db->pool_lock);
            return linked == BUSY ? BUSY : BROKEN;
        }
    }
    *out = link;
    return OK;
}

static void drop_reader(struct link *link)
{
    struct db *db = link->db;
    db->engine->unlink(link);
    pthread_mutex_lock(&db->pool_lock);
    db->reader_count--;
    pthread_mutex_unlock(&db->pool_lock);
}

enum status db_read_begin(struct db *db, struct arena *arena, struct tx **out)
{
    struct tx *tx = arena_new(arena, sizeof *tx);
    if (tx == NULL) return BROKEN;
    *tx = (struct tx){ .db = db, .arena = arena };
    for (int tries = 0; ; tries++) {
        TRY(take_reader(db, &tx->link));
        if (control(tx, BEGIN_READ) == OK) break;
        drop_reader(tx->link);   // a connection that has died while it was idle, and its like
        if (tries == READERS_MAX) return BROKEN;
    }
    *out = tx;
    return OK;
}

void db_read_end(struct tx *tx)
{
    shut_rows(tx);
    if (control(tx, ROLLBACK) != OK) {
        drop_reader(tx->link);
        return;
    }
    struct db *db = tx->db;
    pthread_mutex_lock(&db->pool_lock);
    db->idle[db->idle_count++] = tx->link;
    pthread_mutex_unlock(&db->pool_lock);
}

/* ---- Opening ---- */

static const char *const house_tables[] = {
    "CREATE TABLE IF NOT EXISTS db_migration ("
    " room TEXT NOT NULL, number BIGINT NOT NULL, hash BIGINT NOT NULL,"   // which text it was
    " PRIMARY KEY (room, number));"
    "CREATE TABLE IF NOT EXISTS db_counter (name TEXT PRIMARY KEY, next BIGINT NOT NULL);"
    "INSERT INTO db_counter (name, next) VALUES ('id', 1000) ON CONFLICT DO NOTHING;"
};

static enum status furnish(struct db *db, struct arena *arena)
{
    struct tx *tx;
    struct rows *rows;
    TRY(db_write_begin(db, arena, &tx));
    enum status made = db->engine->script(tx, house_tables[0]);
    if (made == OK) made = db_first(tx, &load_id, NO_ARGS, &rows);
    if (made == OK) db->id_next = db->id_stored = db->id_committed = row_i64(rows, 0);
    enum status finished = db_write_end(tx, made == OK);
    return made == OK ? finished : BROKEN;
}

static bool names_postgres(const char *url)
{
    static const char *const starts[] = {
        "postgresql://", "postgres://", "host=", "hostaddr=", "dbname=", "user=", "port=",
        "service=", "schema=",
    };
    for (size_t i = 0; i < COUNT(starts); i++)
        if (strncmp(url, starts[i], strlen(starts[i])) == 0) return true;
    return false;
}

static enum status open_links(struct db *db, struct err *err)
{
    TRY(db->engine->open(db, err));
    if (db->reading_only) return OK;
    TRY(db->engine->link(db, true, &db->writer, err));
    struct arena *arena = arena_open(64 * 1024);
    enum status furnished = arena ? furnish(db, arena) : BROKEN;
    arena_free(arena);
    if (furnished == OK) return OK;
    return err_set(err, furnished, NULL, "The county's database can't be written.");
}

static enum status open_county(const char *url, void *owner, bool reading_only, struct db **out,
                               struct err *err)
{
    *out = NULL;
    struct db *db = calloc(1, sizeof *db);
    if (db == NULL) return err_set(err, BROKEN, NULL, "There is no memory left.");
    *db = (struct db){ .owner = owner, .url = strdup(url), .reading_only = reading_only };
    db->engine = names_postgres(url) ? &postgres_engine : &sqlite_engine;
    pthread_mutex_init(&db->write_lock, NULL);
    pthread_mutex_init(&db->pool_lock, NULL);
    enum status opened = db->url ? open_links(db, err) : BROKEN;
    if (opened == OK) *out = db;
    else db_close(db);
    return opened;
}

enum status db_open(const char *url, void *owner, struct db **out, struct err *err)
{
    return open_county(url, owner, false, out, err);
}

enum status db_open_reading(const char *url, void *owner, struct db **out, struct err *err)
{
    return open_county(url, owner, true, out, err);
}

void db_close(struct db *db)
{
    if (db == NULL) return;
    assert(db->idle_count == db->reader_count);   // nobody reads
    while (db->idle_count > 0) db->engine->unlink(db->idle[--db->idle_count]);
    if (db->writer) db->engine->unlink(db->writer);
    db->engine->close(db);
    end_kept(db);
    pthread_mutex_destroy(&db->write_lock);
    pthread_mutex_destroy(&db->pool_lock);
    free(db->url);
    free(db);
}

bool db_is_postgres(const struct db *db) { return db->engine == &postgres_engine; }

enum status db_backup(struct db *db, const char *path, struct err *err)
{
    return db->engine->backup(db, path, err);
}

enum status db_verify(struct db *db, struct err *err) { return db->engine->verify(db, err); }
struct db_size db_size(struct db *db) { return db->engine->size(db); }
