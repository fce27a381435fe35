/* postgres.c - statements and rows on PostgreSQL, by libpq.
 *
 * A county is a schema. Its writer's connection holds an advisory lock for as long as it lives, so
 * that a second server is told BUSY; when the server or its connection dies, PostgreSQL lets it go.
 * Numbers are bound as int8, text as text, bytes as bytea; statements are prepared once for each
 * pattern of kinds, since a NULL's kind is left to the server to find.
 *
 * When the connection dies during a COMMIT, nobody has said whether it happened: a new connection
 * asks the server by the transaction's number (pg_xact_status) before anybody is told. */
#include <assert.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/arena.h"
#include "base/clock.h"
#include "db/engine.h"

enum {
    OID_BOOL = 16, OID_BYTEA = 17, OID_INT8 = 20, OID_INT2 = 21, OID_INT4 = 23, OID_TEXT = 25,
    OID_FLOAT4 = 700, OID_FLOAT8 = 701, OID_NUMERIC = 1700,
    NAME_MAX_BYTES = 64,
    RECONNECT_MS = 10 * 1000, LOCK_MS = 1000, PAUSE_MS = 20,
};

struct place {
    char *conninfo;               // without our own "schema"
    char schema[NAME_MAX_BYTES];
    int64_t lock_key;
};

struct prepared { const char *text; uint64_t kinds; int number; };

struct pg {
    struct link link;
    PGconn *conn;
    struct prepared *table;       // open addressing, a power of two; text NULL: free
    size_t size, count;
    int numbers;
    bool act_open;                // an act's savepoint that was kept, to be released with the next
    char xid[32];                 // the transaction at work
};

static struct pg *pg_of(struct link *link) { return (struct pg *)(void *)link; }

/* ---- Connections ---- */

static bool run_text(PGconn *conn, const char *text)
{
    PGresult *r = PQexec(conn, text);
    ExecStatusType status = PQresultStatus(r);
    PQclear(r);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

/* The one text that a query answers, "" for none; with up to one parameter. */
static bool ask(PGconn *conn, const char *text, const char *arg, char *out, size_t size)
{
    PGresult *r = PQexecParams(conn, text, arg ? 1 : 0, NULL, &arg, NULL, NULL, 0);
    bool answered = PQresultStatus(r) == PGRES_TUPLES_OK;
    bool any = answered && PQntuples(r) == 1 && !PQgetisnull(r, 0, 0);
    snprintf(out, size, "%s", any ? PQgetvalue(r, 0, 0) : "");
    PQclear(r);
    return answered;
}

static void stay_silent(void *of, const char *text) { (void)of, (void)text; }

static bool settle_in(PGconn *conn, const struct place *place)
{
    char text[400];
    PQsetNoticeProcessor(conn, stay_silent, NULL);
    snprintf(text, sizeof text,
             "SET search_path = \"%s\"; SET synchronous_commit = on; SET bytea_output = hex;"
             "SET standard_conforming_strings = on; SET idle_in_transaction_session_timeout = 0;"
             "SET statement_timeout = 0; SET TimeZone = 'UTC'", place->schema);
    return PQsetClientEncoding(conn, "UTF8") == 0 && run_text(conn, text);
}

static void nap(void)
{
    nanosleep(&(struct timespec){ .tv_nsec = PAUSE_MS * 1000000L }, NULL);
}

/* Tries for a moment, for the server takes a moment to see that the last holder has died. */
static bool lock_county(PGconn *conn, const struct place *place)
{
    char key[32], got[8];
    snprintf(key, sizeof key, "%lld", (long long)place->lock_key);
    for (int64_t until_ms = mono_ms() + LOCK_MS; ; nap()) {
        if (!ask(conn, "SELECT pg_try_advisory_lock($1::bigint)", key, got, sizeof got))
            return false;
        if (strcmp(got, "t") == 0) return true;
        if (mono_ms() > until_ms) return false;
    }
}

static enum status connect_once(const struct place *place, bool writing, PGconn **out,
                                struct err *err)
{
    PGconn *conn = PQconnectdb(place->conninfo);
    enum status done = OK;
    if (PQstatus(conn) != CONNECTION_OK || !settle_in(conn, place))
        done = err_about(err, BROKEN, NULL, "The database server can't be reached.", "%.140s",
                         PQerrorMessage(conn));
    else if (writing && !lock_county(conn, place))
        done = err_about(err, BUSY, NULL, "Another server has this county open.", "%s",
                         place->schema);
    if (done == OK) *out = conn;
    else PQfinish(conn);
    return done;
}

/* ---- The place: address, schema, what the database must be like ---- */

/* Takes "schema=name" out of a URL or of key=value text, into `schema`. False: no such name. */
static bool split_schema(char *url, char schema[NAME_MAX_BYTES])
{
    snprintf(schema, NAME_MAX_BYTES, "cunhuo");
    bool is_url = strstr(url, "://") != NULL;
    char *at = NULL;
    for (char *found = url; (found = strstr(found, "schema=")) != NULL; found++)
        if (found == url || strchr(is_url ? "?&" : " ", found[-1])) at = found;
    if (at == NULL) return true;
    char *name = at + strlen("schema=");
    size_t size = strcspn(name, is_url ? "&" : " ");
    if (size == 0 || size >= NAME_MAX_BYTES) return false;
    memcpy(schema, name, size);
    schema[size] = '\0';
    char *rest = name + size;
    if (*rest) rest++;
    else if (at > url) at--;                   // the last: its ? or & goes too
    memmove(at, rest, strlen(rest) + 1);
    return strspn(schema, "abcdefghijklmnopqrstuvwxyz0123456789_") == size
        && (schema[0] < '0' || schema[0] > '9');
}

static int64_t key_of(const char *schema)   // FNV-1a
{
    uint64_t hash = UINT64_C(0xCBF29CE484222325);
    for (const char *at = schema; *at; at++)
        hash = (hash ^ (unsigned char)*at) * UINT64_C(0x100000001B3);
    return (int64_t)(hash >> 1);
}

static enum status fit_for_counties(PGconn *conn, struct err *err)
{
    char encoding[32], collation[64];
    if (!ask(conn, "SHOW server_encoding", NULL, encoding, sizeof encoding)
        || !ask(conn, "SELECT datcollate FROM pg_database WHERE datname = current_database()",
                NULL, collation, sizeof collation))
        return err_about(err, BROKEN, NULL, "The database server can't be reached.", "%.140s",
                         PQerrorMessage(conn));
    if (strcmp(encoding, "UTF8") != 0)
        return err_about(err, INVALID, NULL, "The database has another encoding than UTF-8.", "%s",
                         encoding);
    if (strcmp(collation, "C") == 0 || strcmp(collation, "POSIX") == 0) return OK;
    return err_about(err, INVALID, NULL, "The database was not made with the collation C.", "%s",
                     collation);
}

static enum status find_schema(PGconn *conn, const struct place *place, bool make,
                               struct err *err)
{
    char found[NAME_MAX_BYTES], text[200];
    if (!ask(conn, "SELECT nspname FROM pg_namespace WHERE nspname = $1", place->schema, found,
             sizeof found))
        return err_about(err, BROKEN, NULL, "The database server can't be reached.", "%.140s",
                         PQerrorMessage(conn));
    if (*found) return OK;
    if (!make)
        return err_about(err, NOT_FOUND, NULL, "There is no county here.", "%s", place->schema);
    snprintf(text, sizeof text, "CREATE SCHEMA \"%s\"", place->schema);
    if (run_text(conn, text)) return OK;
    return err_about(err, BROKEN, NULL, "The county's database can't be written.", "%.140s",
                     PQerrorMessage(conn));
}

static enum status pg_open(struct db *db, struct err *err)
{
    struct place *place = calloc(1, sizeof *place);
    db->place = place;
    if (place == NULL || (place->conninfo = strdup(db->url)) == NULL)
        return err_set(err, BROKEN, NULL, "There is no memory left.");
    if (!split_schema(place->conninfo, place->schema))
        return err_about(err, INVALID, NULL, "This can't be the name of a schema.", "%s",
                         place->schema);
    place->lock_key = key_of(place->schema);
    PGconn *conn;
    TRY(connect_once(place, false, &conn, err));
    enum status fit = fit_for_counties(conn, err);
    if (fit == OK) fit = find_schema(conn, place, !db->reading_only, err);
    PQfinish(conn);
    return fit;
}

static void pg_close(struct db *db)
{
    struct place *place = db->place;
    if (place) free(place->conninfo);
    free(place);
    db->place = NULL;
}

static void pg_unlink(struct link *link)
{
    PQfinish(pg_of(link)->conn);
    free(pg_of(link)->table);
    free(pg_of(link));
}

static enum status pg_link(struct db *db, bool writing, struct link **out, struct err *err)
{
    struct pg *pg = calloc(1, sizeof *pg);
    if (pg == NULL) return err_set(err, BROKEN, NULL, "There is no memory left.");
    pg->link = (struct link){ .db = db, .writing = writing };
    enum status connected = connect_once(db->place, writing, &pg->conn, err);
    if (connected == OK) *out = &pg->link;
    else free(pg);
    return connected;
}

/* The writer's connection has died: another, with its lock, or the same state as before. The lock
 * may be held for a while by the dead connection's end on the server, hence the tries. */
static bool reconnect(struct pg *pg)
{
    PGconn *conn = NULL;
    struct err err = { 0 };
    int64_t until_ms = mono_ms() + RECONNECT_MS;
    while (connect_once(pg->link.db->place, true, &conn, &err) != OK) {
        if (mono_ms() > until_ms) {
            db_complain(err.detail, NULL);
            return false;
        }
        nap();
    }
    PQfinish(pg->conn);
    pg->conn = conn;
    memset(pg->table, 0, pg->size * sizeof *pg->table);   // it has prepared nothing yet
    pg->count = 0;
    return true;
}

/* ---- Statements ---- */

static uint64_t kinds_of(struct args args)   // never twice the same for two that differ in 64 kinds
{
    uint64_t kinds = UINT64_C(0xCBF29CE484222325) + args.count;
    for (size_t i = 0; i < args.count; i++)
        kinds = (kinds ^ (uint64_t)args.at[i].kind) * UINT64_C(0x100000001B3);
    return kinds;
}

static struct prepared *slot_of(struct prepared *table, size_t size, const char *text,
                                uint64_t kinds)
{
    uint64_t hash = ((uintptr_t)text ^ kinds) * UINT64_C(0x9E3779B97F4A7C15);
    size_t at = (size_t)(hash >> 32) & (size - 1);
    while (table[at].text && (table[at].text != text || table[at].kinds != kinds))
        at = (at + 1) & (size - 1);
    return &table[at];
}

static bool grow(struct pg *pg)
{
    if (pg->count * 4 < pg->size * 3) return true;
    size_t size = pg->size ? 2 * pg->size : 64;
    struct prepared *table = calloc(size, sizeof *table);
    if (table == NULL) return false;
    for (size_t i = 0; i < pg->size; i++)
        if (pg->table[i].text)
            *slot_of(table, size, pg->table[i].text, pg->table[i].kinds) = pg->table[i];
    free(pg->table);
    pg->table = table;
    pg->size = size;
    return true;
}

static enum status failed(struct tx *tx, const char *text)
{
    struct pg *pg = pg_of(tx->link);
    db_complain(PQerrorMessage(pg->conn), text);
    if (PQstatus(pg->conn) != CONNECTION_OK || PQtransactionStatus(pg->conn) == PQTRANS_IDLE)
        tx->lost = true;
    return BROKEN;
}

static enum status prepare(struct tx *tx, const char *text, struct args args, char name[16])
{
    static const Oid oids[] = { [NUL] = 0, [I64] = OID_INT8, [STR] = OID_TEXT, [BLOB] = OID_BYTEA };
    struct pg *pg = pg_of(tx->link);
    if (!grow(pg)) return BROKEN;
    uint64_t kinds = kinds_of(args);
    struct prepared *slot = slot_of(pg->table, pg->size, text, kinds);
    if (slot->text == NULL) {
        Oid types[ARGS_MAX];
        for (size_t i = 0; i < args.count; i++) types[i] = oids[args.at[i].kind];
        snprintf(name, 16, "s%d", ++pg->numbers);
        PGresult *r = PQprepare(pg->conn, name, text, (int)args.count, types);
        bool prepared = PQresultStatus(r) == PGRES_COMMAND_OK;
        PQclear(r);
        if (!prepared) return failed(tx, text);
        *slot = (struct prepared){ text, kinds, pg->numbers };
        pg->count++;
    }
    snprintf(name, 16, "s%d", slot->number);
    return OK;
}

static PGresult *execute(struct pg *pg, const char *name, struct args args)
{
    const char *at[ARGS_MAX];
    int sizes[ARGS_MAX], binary[ARGS_MAX];
    char digits[ARGS_MAX][24];
    for (size_t i = 0; i < args.count; i++) {
        const struct value *arg = &args.at[i];
        sizes[i] = (int)arg->size;
        binary[i] = arg->kind == BLOB;
        at[i] = arg->bytes;
        if (arg->kind == BLOB && at[i] == NULL) at[i] = "";
        if (arg->kind == I64) {
            snprintf(digits[i], sizeof digits[i], "%lld", (long long)arg->number);
            at[i] = digits[i];
        }
    }
    return PQexecPrepared(pg->conn, name, (int)args.count, at, sizes, binary, 0);
}

/* ---- Rows ---- */

static enum status copy_bytes(struct arena *arena, const char *hex, size_t size,
                              struct value *out)
{
    size_t count = size >= 2 ? (size - 2) / 2 : 0;   // after "\x"
    unsigned char *bytes = arena_new(arena, count + 1);
    if (bytes == NULL) return BROKEN;
    for (size_t i = 0; i < count; i++) {
        unsigned two = 0;
        for (size_t k = 2 + 2 * i; k < 4 + 2 * i; k++) {
            unsigned char c = (unsigned char)hex[k];
            two = two * 16 + (c <= '9' ? c - (unsigned)'0' : (c | 0x20U) - 'a' + 10U);
        }
        bytes[i] = (unsigned char)two;
    }
    *out = blob(bytes, count);
    return OK;
}

static enum status copy_cell(struct rows *rows, int column, struct value *out)
{
    PGresult *r = rows->source;
    const char *cell = PQgetvalue(r, rows->at, column);
    size_t size = (size_t)PQgetlength(r, rows->at, column);
    Oid type = PQftype(r, column);
    *out = null();
    if (PQgetisnull(r, rows->at, column)) return OK;
    if (type == OID_BOOL) *out = i64(*cell == 't');
    else if (type == OID_INT8 || type == OID_INT4 || type == OID_INT2 || type == OID_NUMERIC) {
        char *end;
        *out = i64(strtoll(cell, &end, 10));   // sum() of bigint is numeric, but whole
        if (*end == '\0') return OK;
        db_complain("a result with a fraction", cell);
        return BROKEN;
    } else if (type == OID_BYTEA) {
        return copy_bytes(rows->tx->arena, cell, size, out);
    } else if (type == OID_FLOAT4 || type == OID_FLOAT8) {
        db_complain("a result with a fraction", cell);
        return BROKEN;
    } else {
        char *copy = arena_bytes(rows->tx->arena, cell, size);
        if (copy == NULL) return BROKEN;
        *out = (struct value){ .kind = STR, .bytes = copy, .size = size };
    }
    return OK;
}

static void pg_shut(struct rows *rows)
{
    PQclear(rows->source);
    rows->source = NULL;
    rows_done(rows);
}

static enum status pg_next(struct rows *rows)
{
    PGresult *r = rows->source;
    if (r == NULL || rows->at == PQntuples(r)) {
        if (r) pg_shut(rows);
        rows->now = NULL;
        return NOT_FOUND;
    }
    if (rows->now == NULL)
        rows->now = arena_new(rows->tx->arena,
                              sizeof *rows->now + rows->columns * sizeof *rows->now->cells);
    if (rows->now == NULL) return BROKEN;
    for (size_t i = 0; i < rows->columns; i++)
        TRY(copy_cell(rows, (int)i, &rows->now->cells[i]));
    rows->at++;
    return OK;
}

static enum status pg_run(struct tx *tx, const struct sql *sql, struct args args,
                          struct rows *rows)
{
    struct pg *pg = pg_of(tx->link);
    char name[16];
    TRY(tx_before_write(tx));   // here even a query that fails ends the transaction
    TRY(prepare(tx, sql->text, args, name));
    PGresult *r = execute(pg, name, args);
    ExecStatusType status = PQresultStatus(r);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
        PQclear(r);
        return failed(tx, sql->text);
    }
    if (rows == NULL) {
        PQclear(r);
        return OK;
    }
    rows->columns = (size_t)PQnfields(r);
    rows->source = r;
    rows->older = tx->open;
    tx->open = rows;
    return pg_next(rows);
}

static enum status pg_settle(struct tx *tx)
{
    (void)tx;   // a result is whole when it comes
    return OK;
}

static enum status pg_script(struct tx *tx, const char *text)
{
    return run_text(pg_of(tx->link)->conn, text) ? OK : failed(tx, text);
}

/* ---- Transactions ---- */

static enum status begin_write(struct pg *pg)
{
    bool alive = PQstatus(pg->conn) == CONNECTION_OK;
    for (int tries = 0; tries < 2; tries++) {
        if (!alive && !reconnect(pg)) return BUSY;
        if (run_text(pg->conn, "BEGIN ISOLATION LEVEL READ COMMITTED")
            && ask(pg->conn, "SELECT pg_current_xact_id()::text", NULL, pg->xid, sizeof pg->xid)) {
            pg->act_open = false;
            return OK;
        }
        alive = PQstatus(pg->conn) == CONNECTION_OK;
        if (alive) break;
    }
    db_complain(PQerrorMessage(pg->conn), "BEGIN");
    return BUSY;
}

/* The connection died while it committed. Asks until the server knows. */
static enum status find_out(struct pg *pg)
{
    char status[32];
    if (!reconnect(pg)) return BROKEN;
    for (;;) {
        if (!ask(pg->conn, "SELECT pg_xact_status($1::text::xid8)", pg->xid, status,
                 sizeof status))
            return BROKEN;
        if (strcmp(status, "in progress") != 0) break;
        nap();
    }
    return strcmp(status, "committed") == 0 ? OK : BROKEN;
}

static enum status commit(struct pg *pg)
{
    PGresult *r = PQexec(pg->conn, "COMMIT");   // of a failed transaction it answers ROLLBACK
    bool done = PQresultStatus(r) == PGRES_COMMAND_OK && strcmp(PQcmdStatus(r), "COMMIT") == 0;
    PQclear(r);
    if (done) return OK;
    db_complain(PQerrorMessage(pg->conn), "COMMIT");
    if (PQstatus(pg->conn) != CONNECTION_OK) return find_out(pg);
    if (PQtransactionStatus(pg->conn) != PQTRANS_IDLE) run_text(pg->conn, "ROLLBACK");
    return BROKEN;
}

static enum status pg_control(struct link *link, enum control step)
{
    static const char *const texts[CONTROLS] = {
        [BEGIN_READ] = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT 1",
        [ROLLBACK] = "ROLLBACK",
        [SAVE_ACT] = "SAVEPOINT act",
        [UNDO_ACT] = "ROLLBACK TO SAVEPOINT act; RELEASE SAVEPOINT act",
        [SAVE] = "SAVEPOINT part",
        [KEEP] = "RELEASE SAVEPOINT part",
        [UNDO] = "ROLLBACK TO SAVEPOINT part; RELEASE SAVEPOINT part",
    };
    struct pg *pg = pg_of(link);
    const char *text = texts[step];
    if (step == BEGIN_WRITE) return begin_write(pg);
    if (step == COMMIT) return commit(pg);
    if (step == KEEP_ACT) {   // saves a journey
        pg->act_open = true;
        return OK;
    }
    if (step == SAVE_ACT && pg->act_open) text = "RELEASE SAVEPOINT act; SAVEPOINT act";
    if (step == SAVE_ACT) pg->act_open = false;
    if (run_text(pg->conn, text)) return OK;
    if (PQstatus(pg->conn) != CONNECTION_OK && step == ROLLBACK && link->writing) return OK;
    db_complain(PQerrorMessage(pg->conn), text);
    return BROKEN;
}

/* ---- Copies, checks, sizes ---- */

static enum status pg_backup(struct db *db, const char *path, struct err *err)
{
    (void)db;
    return err_about(err, INVALID, NULL, "A county on PostgreSQL is copied by pg_dump.", "%s",
                     path);
}

static enum status pg_verify(struct db *db, struct err *err)
{
    PGconn *conn;
    TRY(connect_once(db->place, false, &conn, err));   // it answers; its constraints are its own
    PQfinish(conn);
    return OK;
}

static struct db_size pg_size(struct db *db)
{
    struct db_size size = { 0, 0, -1 };
    const struct place *place = db->place;
    struct err err;
    PGconn *conn;
    char text[32];
    if (connect_once(place, false, &conn, &err) != OK) return size;
    if (ask(conn, "SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint FROM pg_class c"
            " JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname = $1 AND c.relkind IN ('r', 'm')", place->schema, text, sizeof text))
        size.bytes = strtoll(text, NULL, 10);
    PQfinish(conn);
    return size;
}

const struct engine postgres_engine = {
    .open = pg_open,
    .close = pg_close,
    .link = pg_link,
    .unlink = pg_unlink,
    .control = pg_control,
    .script = pg_script,
    .run = pg_run,
    .next = pg_next,
    .shut = pg_shut,
    .settle = pg_settle,
    .backup = pg_backup,
    .verify = pg_verify,
    .size = pg_size,
};
