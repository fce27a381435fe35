/* migrate.c - a room's tables, number by number. Which number a room has reached stands in
 * db_migration, with a hash of the text, so that an edit of a released one is found at start. */
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "db/db.h"
#include "db/engine.h"

static int64_t hash_of(const char *text)   // FNV-1a, 64 bits
{
    uint64_t hash = UINT64_C(0xCBF29CE484222325);
    for (; *text; text++) hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001B3);
    return (int64_t)(hash >> 1);
}

static const struct sql find_hash = SQL(
    "SELECT hash FROM db_migration WHERE room = $1 AND number = $2");
static const struct sql find_last = SQL(
    "SELECT coalesce(max(number), 0) FROM db_migration WHERE room = $1");
static const struct sql add_migration = SQL(
    "INSERT INTO db_migration (room, number, hash) VALUES ($1, $2, $3)");

/* Migration `number` (from 1) of a room, unless it was done before. */
static enum status step(struct tx *tx, const char *room, int64_t number, const char *text,
                        struct err *err)
{
    struct rows *rows;
    enum status found = db_first(tx, &find_hash, ARGS(str(room), i64(number)), &rows);
    if (found == OK && row_i64(rows, 0) != hash_of(text))
        return err_about(err, INVALID, NULL, "A migration was edited after it had been applied.",
                         "%s %lld", room, (long long)number);
    if (found != NOT_FOUND) return found;
    char *ddl = ddl_append_only(text, db_is_postgres(tx->db));
    enum status made = ddl ? tx->db->engine->script(tx, ddl) : BROKEN;
    free(ddl);
    TRY(made);
    return db_run(tx, &add_migration, ARGS(str(room), i64(number), i64(hash_of(text))));
}

static enum status newest(struct tx *tx, const char *room, int64_t count, struct err *err)
{
    struct rows *rows;
    TRY(db_first(tx, &find_last, ARGS(str(room)), &rows));
    if (row_i64(rows, 0) <= count) return OK;
    return err_about(err, INVALID, NULL, "The county was written by a newer program.", "%s %lld",
                     room, (long long)row_i64(rows, 0));
}

enum status db_migrate(struct db *db, const char *room, const char *const *tables,
                       struct err *err)
{
    struct arena *arena = arena_open(1 << 20);
    enum status done = arena ? OK : BROKEN;
    int64_t count = 0;
    while (tables[count]) count++;
    *err = (struct err){ 0 };
    for (int64_t number = 0; done == OK && number <= count; number++) {   // 0: is it newer?
        struct tx *tx;
        done = db_write_begin(db, arena, &tx);
        if (done != OK) break;
        done = number == 0 ? newest(tx, room, count, err)
                           : step(tx, room, number, tables[number - 1], err);
        enum status ended = db_write_end(tx, done == OK);
        if (done == OK) done = ended;
        if (done == BROKEN)
            done = err_about(err, BROKEN, NULL, "A migration failed.", "%s %lld", room,
                             (long long)number);
        arena_reset(arena);
    }
    arena_free(arena);
    if (done != OK && err->text == NULL)
        return err_set(err, done, NULL, "The county's database can't be written.");
    return done;
}
