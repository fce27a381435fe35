/* sqlite.c - statements and rows on SQLite.
 *
 * A statement is prepared once a connection and found by the address of its literal. Rows stream
 * out of it, one read ahead, so that a query of one row has ended before anybody looks at it. A
 * cursor that is still open when its statement is wanted again, or when something is written, is
 * first read to its end into the arena: what it shows is then the same as on PostgreSQL. */
#include <assert.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "db/engine.h"

struct statement {
    const char *text;
    sqlite3_stmt *q;
    struct rows *cursor;       // the one that reads it now
    bool writes;
    size_t args;
    int at[ARGS_MAX];          // where $1, $2 ... are bound
};

struct lite {
    struct link link;
    sqlite3 *conn;
    struct statement **table;  // open addressing, a power of two
    size_t size, count;
};

static struct lite *lite_of(struct link *link) { return (struct lite *)(void *)link; }

/* ---- Statements, by address ---- */

static struct statement **slot_of(struct statement **table, size_t size, const char *text)
{
    size_t at = (size_t)(((uintptr_t)text * UINT64_C(0x9E3779B97F4A7C15)) >> 32) & (size - 1);
    while (table[at] && table[at]->text != text) at = (at + 1) & (size - 1);
    return &table[at];
}

static bool grow(struct lite *lite)
{
    if (lite->count * 4 < lite->size * 3) return true;
    size_t size = lite->size ? 2 * lite->size : 64;
    struct statement **table = calloc(size, sizeof(struct statement *));
    if (table == NULL) return false;
    for (size_t i = 0; i < lite->size; i++)
        if (lite->table[i]) *slot_of(table, size, lite->table[i]->text) = lite->table[i];
    free(lite->table);
    lite->table = table;
    lite->size = size;
    return true;
}

static bool prepare(sqlite3 *conn, struct statement *statement)
{
    const char *rest = NULL;
    int rc = sqlite3_prepare_v3(conn, statement->text, -1, SQLITE_PREPARE_PERSISTENT,
                                &statement->q, &rest);
    if (rc != SQLITE_OK) return false;
    assert(statement->q && *rest == '\0');   // one statement, not two
    statement->writes = !sqlite3_stmt_readonly(statement->q);
    statement->args = (size_t)sqlite3_bind_parameter_count(statement->q);
    assert(statement->args <= ARGS_MAX);
    for (size_t i = 0; i < statement->args; i++) {
        char name[8];
        snprintf(name, sizeof name, "$%u", (unsigned)(i + 1) % 1000);
        statement->at[i] = sqlite3_bind_parameter_index(statement->q, name);
        assert(statement->at[i] > 0);        // $1 to $n, each of them used
    }
    return true;
}

static struct statement *statement_of(struct lite *lite, const char *text)
{
    if (lite->size > 0) {
        struct statement *found = *slot_of(lite->table, lite->size, text);
        if (found) return found;
    }
    struct statement *statement = calloc(1, sizeof *statement);
    if (statement == NULL) return NULL;
    statement->text = text;
    if (!grow(lite) || !prepare(lite->conn, statement)) {
        free(statement);
        return NULL;
    }
    *slot_of(lite->table, lite->size, text) = statement;
    lite->count++;
    return statement;
}

/* ---- Rows ---- */

static enum status failed(struct tx *tx, const char *text)
{
    struct lite *lite = lite_of(tx->link);
    db_complain(sqlite3_errmsg(lite->conn), text);
    if (sqlite3_get_autocommit(lite->conn)) tx->lost = true;
    return BROKEN;
}

static void close_cursor(struct rows *rows)
{
    struct statement *statement = rows->source;
    if (statement == NULL) return;
    sqlite3_reset(statement->q);
    statement->cursor = NULL;
    rows->source = NULL;
    rows_done(rows);
}

static enum status copy_cell(struct arena *arena, sqlite3_stmt *q, int column,
                             struct value *out)
{
    switch (sqlite3_column_type(q, column)) {
    case SQLITE_NULL:
        *out = null();
        return OK;
    case SQLITE_INTEGER:
        *out = i64(sqlite3_column_int64(q, column));
        return OK;
    case SQLITE_TEXT:
    case SQLITE_BLOB: {
        bool text = sqlite3_column_type(q, column) == SQLITE_TEXT;
        const void *bytes = text ? (const void *)sqlite3_column_text(q, column)
                                 : sqlite3_column_blob(q, column);
        size_t size = (size_t)sqlite3_column_bytes(q, column);
        char *copy = arena_bytes(arena, bytes, size);
        if (copy == NULL) return BROKEN;
        *out = (struct value){ .kind = text ? STR : BLOB, .bytes = copy, .size = size };
        return OK;
    }
    default:
        db_complain("a result with a fraction", sqlite3_sql(q));
        return BROKEN;
    }
}

/* Reads one more row behind the others. OK, or NOT_FOUND: that was all, the statement is free. */
static enum status fetch(struct rows *rows)
{
    struct statement *statement = rows->source;
    struct tx *tx = rows->tx;
    int rc = sqlite3_step(statement->q);
    if (rc == SQLITE_DONE) {
        close_cursor(rows);
        return NOT_FOUND;
    }
    if (rc != SQLITE_ROW) {
        enum status answer = failed(tx, statement->text);
        close_cursor(rows);
        return answer;
    }
    struct row *row = rows->spare;
    rows->spare = NULL;
    if (row == NULL) row = arena_new(tx->arena, sizeof *row + rows->columns * sizeof *row->cells);
    enum status copied = row ? OK : BROKEN;
    for (size_t i = 0; copied == OK && i < rows->columns; i++)
        copied = copy_cell(tx->arena, statement->q, (int)i, &row->cells[i]);
    if (copied != OK) {
        close_cursor(rows);
        return copied;
    }
    row->next = NULL;
    struct row **last = &rows->ahead;
    while (*last) last = &(*last)->next;
    *last = row;
    return OK;
}

static enum status read_all(struct rows *rows)
{
    enum status got = OK;
    struct row *ahead = rows->ahead, *last = ahead;
    while (last && last->next) last = last->next;
    while (rows->source && got == OK) {   // each is put behind `last`, without the walk
        rows->ahead = NULL;
        got = fetch(rows);
        if (rows->ahead == NULL) continue;
        if (last) last->next = rows->ahead;
        else ahead = rows->ahead;
        last = rows->ahead;
    }
    rows->ahead = ahead;
    if (got != OK && got != NOT_FOUND) rows->failed = got;
    return rows->failed;
}

static enum status lite_settle(struct tx *tx)
{
    while (tx->open) TRY(read_all(tx->open));
    return OK;
}

static enum status lite_next(struct rows *rows)
{
    struct row *left = rows->now;
    rows->now = rows->ahead;
    if (rows->now == NULL) return rows->failed != OK ? rows->failed : NOT_FOUND;
    rows->ahead = rows->now->next;
    rows->now->next = NULL;
    if (rows->source && rows->ahead == NULL) {
        rows->spare = left;
        enum status got = fetch(rows);
        if (got != OK && got != NOT_FOUND) rows->failed = got;
    }
    return OK;
}

/* ---- Running ---- */

/* Text is copied when the statement may be stepped after the caller has returned. */
static int bind(struct statement *statement, struct args args)
{
    void (*keep)(void *) = statement->writes ? SQLITE_STATIC : SQLITE_TRANSIENT;
    int rc = SQLITE_OK;
    for (size_t i = 0; rc == SQLITE_OK && i < args.count; i++) {
        const struct value *arg = &args.at[i];
        int at = statement->at[i];
        switch (arg->kind) {
        case NUL: rc = sqlite3_bind_null(statement->q, at); break;
        case I64: rc = sqlite3_bind_int64(statement->q, at, arg->number); break;
        case STR: rc = sqlite3_bind_text(statement->q, at, arg->bytes, -1, keep); break;
        case BLOB:
            rc = sqlite3_bind_blob64(statement->q, at, arg->size ? arg->bytes : "", arg->size,
                                     keep);
            break;
        }
    }
    return rc;
}

static enum status lite_run(struct tx *tx, const struct sql *sql, struct args args,
                            struct rows *rows)
{
    struct statement *statement = statement_of(lite_of(tx->link), sql->text);
    if (statement == NULL) return failed(tx, sql->text);
    assert(statement->args == args.count);
    if (statement->cursor) TRY(read_all(statement->cursor));
    if (statement->writes) {
        TRY(lite_settle(tx));
        TRY(tx_before_write(tx));
    }
    if (bind(statement, args) != SQLITE_OK) return failed(tx, sql->text);

    if (rows == NULL) {
        int rc;
        while ((rc = sqlite3_step(statement->q)) == SQLITE_ROW) { }
        enum status ran = rc == SQLITE_DONE ? OK : failed(tx, sql->text);
        sqlite3_reset(statement->q);
        return ran;
    }
    rows->columns = (size_t)sqlite3_column_count(statement->q);
    rows->source = statement;
    rows->older = tx->open;
    tx->open = rows;
    statement->cursor = rows;
    TRY(fetch(rows));
    if (statement->writes) TRY(read_all(rows));
    return lite_next(rows);
}

static enum status lite_script(struct tx *tx, const char *text)
{
    char *ddl = ddl_for_sqlite(text);
    if (ddl == NULL) return BROKEN;
    int rc = sqlite3_exec(lite_of(tx->link)->conn, ddl, NULL, NULL, NULL);
    enum status ran = rc == SQLITE_OK ? OK : failed(tx, ddl);
    free(ddl);
    return ran;
}

static enum status lite_control(struct link *link, enum control step)
{
    static const char *const texts[CONTROLS][2] = {
        [BEGIN_WRITE] = { "BEGIN IMMEDIATE" },
        [BEGIN_READ] = { "BEGIN", "SELECT 1 FROM sqlite_schema LIMIT 1" },   // it begins by reading
        [COMMIT] = { "COMMIT" },
        [ROLLBACK] = { "ROLLBACK" },
        [SAVE_ACT] = { "SAVEPOINT act" },
        [KEEP_ACT] = { "RELEASE act" },
        [UNDO_ACT] = { "ROLLBACK TO act", "RELEASE act" },
        [SAVE] = { "SAVEPOINT part" },
        [KEEP] = { "RELEASE part" },
        [UNDO] = { "ROLLBACK TO part", "RELEASE part" },
    };
    struct lite *lite = lite_of(link);
    if (step == ROLLBACK && sqlite3_get_autocommit(lite->conn)) return OK;   // it has done so
    for (size_t i = 0; i < 2 && texts[step][i]; i++) {
        struct statement *statement = statement_of(lite, texts[step][i]);
        int rc = SQLITE_NOMEM;
        if (statement) {
            while ((rc = sqlite3_step(statement->q)) == SQLITE_ROW) { }
            sqlite3_reset(statement->q);
        }
        if (rc == SQLITE_DONE) continue;
        db_complain(sqlite3_errmsg(lite->conn), texts[step][i]);
        bool begins = step == BEGIN_WRITE || step == BEGIN_READ;
        if ((begins || step == COMMIT) && !sqlite3_get_autocommit(lite->conn))
            sqlite3_exec(lite->conn, "ROLLBACK", NULL, NULL, NULL);
        return (rc & 0xFF) == SQLITE_BUSY && begins ? BUSY : BROKEN;
    }
    return OK;
}

/* ---- Connections ---- */

static void lite_unlink(struct link *link)
{
    struct lite *lite = lite_of(link);
    for (size_t i = 0; i < lite->size; i++) {
        if (lite->table[i] == NULL) continue;
        sqlite3_finalize(lite->table[i]->q);
        free(lite->table[i]);
    }
    free(lite->table);
    sqlite3_close_v2(lite->conn);
    free(lite);
}

static enum status lite_link(struct db *db, bool writing, struct link **out, struct err *err)
{
    struct lite *lite = calloc(1, sizeof *lite);
    if (lite == NULL) return err_set(err, BROKEN, NULL, "There is no memory left.");
    lite->link = (struct link){ .db = db, .writing = writing };
    enum status connected = sqlite_connect(db, writing, &lite->conn, err);
    if (connected == OK) *out = &lite->link;
    else lite_unlink(&lite->link);
    return connected;
}

const struct engine sqlite_engine = {
    .open = sqlite_place_open,
    .close = sqlite_place_close,
    .link = lite_link,
    .unlink = lite_unlink,
    .control = lite_control,
    .script = lite_script,
    .run = lite_run,
    .next = lite_next,
    .shut = close_cursor,
    .settle = lite_settle,
    .backup = sqlite_backup,
    .verify = sqlite_verify,
    .size = sqlite_size,
};
