/* test_counties.c - opening, locking, migrating, reading beside the writer, copying, checking. */
#include <fcntl.h>
#include <libpq-fe.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/arena.h"
#include "base/test.h"
#include "db/db.h"
#include "db/engine.h"
#include "db/testing.h"

static const char *const purse_tables[] = {
    "CREATE TABLE purse (purse_id BIGINT PRIMARY KEY, fen BIGINT NOT NULL);"
    "CREATE TABLE note (note_id BIGINT PRIMARY KEY, text TEXT NOT NULL); APPEND ONLY note;",
    NULL
};
const struct test_room test_rooms[] = { { "purses", purse_tables }, { NULL, NULL } };

static int open_sqlite(void **state) { return (*state = test_db_open(false, NULL)) == NULL; }

static int open_postgres(void **state)
{
    *state = test_db_open(true, NULL);
    return 0;
}

static int close_county(void **state)
{
    test_db_close(*state);
    return 0;
}

#define TEST_BOTH(promise, function)                                 \
    { promise " (SQLite)", function, open_sqlite, close_county, NULL }, \
    { promise " (PostgreSQL)", function, open_postgres, close_county, NULL }

static struct db *county(void **state)
{
    if (*state == NULL) skip();
    return *state;
}

static const struct sql add_purse = SQL("INSERT INTO purse (purse_id, fen) VALUES ($1, $2)");
static const struct sql count_purses = SQL("SELECT count(*) FROM purse");
static const struct sql sum_fen = SQL("SELECT coalesce(sum(fen), 0) FROM purse");

static int64_t number(struct tx *tx, const struct sql *sql)
{
    struct rows *rows;
    assert_int_equal(db_first(tx, sql, NO_ARGS, &rows), OK);
    return row_i64(rows, 0);
}

static int64_t read_number(struct db *db, const struct sql *sql)
{
    struct arena *arena = arena_open(1 << 20);
    struct tx *tx;
    assert_int_equal(db_read_begin(db, arena, &tx), OK);
    int64_t found = number(tx, sql);
    db_read_end(tx);
    arena_free(arena);
    return found;
}

/* Two purses that hold nothing together. */
static int64_t add_pair(struct db *db, bool commit)
{
    struct arena *arena = arena_open(1 << 20);
    struct tx *tx;
    assert_int_equal(db_write_begin(db, arena, &tx), OK);
    int64_t id = tx_id(tx);
    assert_int_equal(db_run(tx, &add_purse, ARGS(i64(id), i64(-id))), OK);
    assert_int_equal(db_run(tx, &add_purse, ARGS(i64(tx_id(tx)), i64(id))), OK);
    assert_int_equal(db_write_end(tx, commit), OK);
    arena_free(arena);
    return id;
}

/* ---- Opening ---- */

static void one_writes(void **state)
{
    struct db *db = county(state), *second = NULL;
    struct err err = { 0 };
    int owner;
    assert_int_equal(db_open(db->url, NULL, &second, &err), BUSY);
    assert_null(second);
    assert_int_equal(err.status, BUSY);
    add_pair(db, true);
    assert_int_equal(db_open_reading(db->url, &owner, &second, &err), OK);   // beside it
    assert_int_equal(read_number(second, &count_purses), 2);
    add_pair(db, true);
    assert_int_equal(read_number(second, &count_purses), 4);
    db_close(second);
    char *url = strdup(db->url);
    db_close(db);
    assert_int_equal(db_open(url, &owner, &second, &err), OK);
    free(url);
    *state = second;
    struct arena *arena = arena_open(1 << 16);
    struct tx *tx;
    assert_int_equal(db_write_begin(second, arena, &tx), OK);
    assert_ptr_equal(tx_owner(tx), &owner);
    assert_int_equal(db_write_end(tx, false), OK);
    arena_free(arena);
}

static void crash_and_again(void **state)
{
    struct db *db = county(state);
    int64_t last = 0;
    for (int i = 0; i < 3; i++) {
        int64_t kept = add_pair(db, true), undone = add_pair(db, false);
        assert_true(kept > last && undone > kept);
        last = undone + 1;
        struct db *again = test_db_reopen(db);
        *state = db = again;
        assert_int_equal(read_number(db, &count_purses), 2 * (i + 1));
    }
}

/* More ids than are reserved at once, all given to what is undone. */
static void ids_of_the_undone(void **state)
{
    enum { MANY = 50000 };
    struct db *db = county(state);
    struct arena *arena = arena_open(1 << 20);
    struct tx *tx;
    int64_t last = 0;
    assert_int_equal(db_write_begin(db, arena, &tx), OK);
    for (int i = 0; i < MANY; i++) last = tx_id(tx);
    assert_int_equal(db_write_end(tx, false), OK);
    int64_t kept = add_pair(db, true);
    assert_true(kept > last);
    *state = db = test_db_reopen(db);
    assert_true(add_pair(db, true) > kept + 1);
    arena_free(arena);
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void files_that_are_none(void **state)
{
    char folder[] = "/tmp/cunhuo-test-XXXXXX", path[100];
    struct db *db = NULL;
    struct err err = { 0 };
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/none.db", folder);
    assert_int_equal(db_open_reading(path, NULL, &db, &err), NOT_FOUND);
    assert_int_not_equal(access(path, F_OK), 0);   // and made none

    char text[2000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    write_file(path, text);
    assert_int_equal(db_open(path, NULL, &db, &err), INVALID);
    unlink(path);

    static const char *const others[] = {
        "CREATE TABLE theirs (x)",                                      // another program's
        "PRAGMA encoding = 'UTF-16le'; CREATE TABLE theirs (x); PRAGMA application_id = 1668640360",
    };
    for (size_t i = 0; i < COUNT(others); i++) {
        sqlite3 *conn;
        assert_int_equal(sqlite3_open(path, &conn), SQLITE_OK);
        assert_int_equal(sqlite3_exec(conn, others[i], NULL, NULL, NULL), SQLITE_OK);
        sqlite3_close(conn);
        assert_int_equal(db_open(path, NULL, &db, &err), INVALID);
        assert_null(db);
        unlink(path);
    }
    assert_int_equal(db_open("/nowhere/at/all.db", NULL, &db, &err), BROKEN);
    assert_non_null(strstr(err.detail, "No such file"));
    snprintf(path, sizeof path, "%s/none.db.lock", folder);
    unlink(path);
    assert_int_equal(rmdir(folder), 0);
}

static void databases_that_do_not_fit(void **state)
{
    struct db *other = NULL;
    struct err err = { 0 };
    (void)county(state);
    const char *url = getenv("CUNHUO_TEST_PG"), *at = strstr(url, "postgres?");
    if (at == NULL) skip();
    static const char *const made[][2] = {
        { "cunhuo_test_ascii", "ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'" },
        { "cunhuo_test_utf8", "ENCODING 'UTF8' LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8'" },
    };
    PGconn *conn = PQconnectdb(url);
    for (size_t i = 0; i < COUNT(made); i++) {
        char text[300];
        snprintf(text, sizeof text, "CREATE DATABASE %s TEMPLATE template0 %s", made[i][0],
                 made[i][1]);
        PQclear(PQexec(conn, text));
        snprintf(text, sizeof text, "%.*s%s%s", (int)(at - url), url, made[i][0],
                 at + strlen("postgres"));
        assert_int_equal(db_open(text, NULL, &other, &err), INVALID);
        snprintf(text, sizeof text, "DROP DATABASE %s", made[i][0]);
        PQclear(PQexec(conn, text));
    }
    PQfinish(conn);
    assert_int_equal(db_open("postgresql:///x?schema=Robert';", NULL, &other, &err), INVALID);
    assert_int_equal(db_open("host=/nowhere dbname=x", NULL, &other, &err), BROKEN);
    assert_null(other);
}

/* ---- Migrating ---- */

static const char *const growing[] = {
    "CREATE TABLE house (house_id BIGINT PRIMARY KEY, name TEXT NOT NULL)",
    "ALTER TABLE house ADD COLUMN rooms BIGINT NOT NULL DEFAULT 1;"
    "CREATE TABLE door (door_id BIGINT PRIMARY KEY, house_id BIGINT NOT NULL REFERENCES house)",
    "CREATE INDEX house_name ON house (name); UPDATE house SET rooms = rooms + 1",
    NULL
};

static enum status migrate_to(struct db *db, const char *room, size_t count, struct err *err)
{
    const char *tables[COUNT(growing)] = { NULL };
    memcpy(tables, growing, count * sizeof *tables);
    return db_migrate(db, room, tables, err);
}

static void from_each_number(void **state)
{
    static const struct sql add_house = SQL("INSERT INTO house (house_id, name) VALUES (1, 'old')");
    static const struct sql rooms = SQL("SELECT rooms FROM house WHERE house_id = 1");
    struct db *first = county(state);
    bool postgres = db_is_postgres(first);
    for (size_t from = 0; from < COUNT(growing); from++) {
        struct db *db = test_db_open(postgres, NULL);
        struct err err = { 0 };
        assert_int_equal(migrate_to(db, "houses", from, &err), OK);
        if (from > 0) {
            struct arena *arena = arena_open(1 << 16);
            struct tx *tx;
            assert_int_equal(db_write_begin(db, arena, &tx), OK);
            assert_int_equal(db_run(tx, &add_house, NO_ARGS), OK);
            assert_int_equal(db_write_end(tx, true), OK);
            arena_free(arena);
        }
        db = test_db_reopen(db);
        assert_int_equal(migrate_to(db, "houses", COUNT(growing) - 1, &err), OK);
        assert_int_equal(migrate_to(db, "houses", COUNT(growing) - 1, &err), OK);   // once only
        if (from > 0) assert_int_equal(read_number(db, &rooms), from < 3 ? 2 : 1);
        assert_int_equal(db_verify(db, &err), OK);
        test_db_close(db);
    }
}

static void migrations_refused(void **state)
{
    static const struct sql houses = SQL("SELECT count(*) FROM house");
    struct db *db = county(state);
    struct err err = { 0 };
    const char *broken[] = { growing[0], "CREATE TABLE shed (x BIGINT); DELETE FROM none", NULL };
    assert_int_equal(db_migrate(db, "houses", broken, &err), BROKEN);
    assert_int_equal(read_number(db, &houses), 0);        // the first stands, of the second nothing
    broken[1] = "CREATE TABLE shed (x BIGINT)";
    assert_int_equal(db_migrate(db, "houses", broken, &err), OK);
    assert_int_equal(migrate_to(db, "houses", 1, &err), INVALID);
    assert_non_null(strstr(err.text, "newer"));
    broken[0] = "CREATE TABLE house (house_id BIGINT PRIMARY KEY)";
    assert_int_equal(db_migrate(db, "houses", broken, &err), INVALID);
    assert_non_null(strstr(err.text, "edited"));
}

static void added_only(void **state)
{
    static const struct sql add = SQL("INSERT INTO note (note_id, text) VALUES (1, 'a')");
    static const struct sql change = SQL("UPDATE note SET text = 'b' WHERE note_id = 1");
    static const struct sql drop = SQL("DELETE FROM note WHERE note_id = 1");
    struct arena *arena = arena_open(1 << 16);
    struct tx *tx;
    assert_int_equal(db_write_begin(county(state), arena, &tx), OK);
    assert_int_equal(db_run(tx, &add, NO_ARGS), OK);
    const struct sql *const refused[] = { &change, &drop };
    for (size_t i = 0; i < COUNT(refused); i++) {
        assert_int_equal(tx_savepoint(tx), OK);
        assert_int_equal(db_run(tx, refused[i], NO_ARGS), BROKEN);
        assert_int_equal(tx_savepoint_end(tx, false), OK);
    }
    assert_int_equal(db_write_end(tx, true), OK);
    arena_free(arena);
}

static void ddl_words(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        { "CREATE TABLE a (b bigint PRIMARY KEY, c BYTEA) -- end",
          "CREATE TABLE a (b INTEGER PRIMARY KEY, c BLOB) -- end\n STRICT" },
        { "create table a (b TEXT DEFAULT 'a;BIGINT', \"BYTEA\" TEXT); /* BIGINT; */ SELECT 1;",
          "create table a (b TEXT DEFAULT 'a;BIGINT', \"BYTEA\" TEXT) STRICT;"
          " /* BIGINT; */ SELECT 1;" },
        { "CREATE INDEX table_a ON a (b); ALTER TABLE a ADD COLUMN c BIGINT",
          "CREATE INDEX table_a ON a (b); ALTER TABLE a ADD COLUMN c INTEGER" },
        { "INSERT INTO a VALUES ('it''s'); -- unfinished 'quote", NULL },
        { "'unfinished", NULL }, { "/* unfinished", NULL }, { "", NULL },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char *ddl = ddl_for_sqlite(cases[i][0]);
        assert_string_equal(ddl, cases[i][1] ? cases[i][1] : cases[i][0]);
        free(ddl);
    }
}

/* ---- Reading ---- */

static void readers_see_one_state(void **state)
{
    struct db *db = county(state);
    struct arena *arena = arena_open(1 << 20);
    struct tx *before, *after;
    add_pair(db, true);
    assert_int_equal(db_read_begin(db, arena, &before), OK);   // nothing is read yet
    add_pair(db, true);
    assert_int_equal(db_read_begin(db, arena, &after), OK);
    add_pair(db, true);
    assert_int_equal(number(before, &count_purses), 2);
    assert_int_equal(number(after, &count_purses), 4);
    assert_int_equal(db_run(after, &add_purse, ARGS(i64(1), i64(1))), BROKEN);   // may not write
    db_read_end(before);
    db_read_end(after);

    struct tx *many[READERS_MAX], *one_more;
    for (size_t i = 0; i < READERS_MAX; i++)
        assert_int_equal(db_read_begin(db, arena, &many[i]), OK);
    assert_int_equal(db_read_begin(db, arena, &one_more), BUSY);
    for (size_t i = 0; i < READERS_MAX; i++) db_read_end(many[i]);
    assert_int_equal(read_number(db, &count_purses), 6);
    arena_free(arena);
}

/* Connections that die between two requests are replaced: two readers' and the writer's. */
static void dead_links_are_replaced(void **state)
{
    static const struct sql own_pid = SQL("SELECT pg_backend_pid()");
    static const struct sql end = SQL("SELECT pg_terminate_backend($1::int)");
    struct db *db = county(state), *second;
    struct arena *arena = arena_open(1 << 20);
    struct tx *tx[4];
    int64_t pids[3];
    struct err err;
    for (int i = 0; i < 3; i++)
        assert_int_equal(i < 2 ? db_read_begin(db, arena, &tx[i])
                               : db_write_begin(db, arena, &tx[i]), OK);
    for (int i = 0; i < 3; i++) pids[i] = number(tx[i], &own_pid);
    assert_int_equal(db_write_end(tx[2], false), OK);
    assert_int_equal(db_read_begin(db, arena, &tx[3]), OK);
    for (int i = 0; i < 2; i++) db_read_end(tx[i]);
    for (int i = 0; i < 3; i++) {
        char pid[24];
        struct rows *rows;
        snprintf(pid, sizeof pid, "%lld", (long long)pids[i]);
        assert_int_equal(db_first(tx[3], &end, ARGS(str(pid)), &rows), OK);
    }
    db_read_end(tx[3]);
    for (int i = 0; i < 3; i++) assert_int_equal(db_read_begin(db, arena, &tx[i]), OK);
    for (int i = 0; i < 3; i++) assert_int_equal(number(tx[i], &count_purses), 0);
    for (int i = 0; i < 3; i++) db_read_end(tx[i]);
    add_pair(db, true);   // and the writer has come back with its lock
    assert_int_equal(db_open(db->url, NULL, &second, &err), BUSY);
    assert_int_equal(read_number(db, &count_purses), 2);
    arena_free(arena);
}

/* ---- Copying and checking ---- */

struct storm { struct db *db; atomic_bool stop; atomic_int pairs; };

static void *write_pairs(void *of)
{
    struct storm *storm = of;
    for (; !storm->stop; storm->pairs++) add_pair(storm->db, true);
    return NULL;
}

static void copies_of_the_living(void **state)
{
    struct db *db = county(state), *copy;
    struct storm storm = { .db = db };
    struct err err = { 0 };
    pthread_t thread;
    char path[600], part[620];
    assert_int_equal(pthread_create(&thread, NULL, write_pairs, &storm), 0);
    for (int i = 0; i < 5; i++) {
        int before = storm.pairs;
        while (storm.pairs == before) sched_yield();
        snprintf(path, sizeof path, "%s.copy", db->url);
        snprintf(part, sizeof part, "%s.part", path);
        write_file(part, "a copy that was cut off");
        int promised = storm.pairs;   // these are on disk
        assert_int_equal(db_backup(db, path, &err), OK);
        int most = storm.pairs + 1;
        assert_int_not_equal(access(part, F_OK), 0);
        assert_int_equal(db_backup(db, path, &err), INVALID);   // never over another
        assert_int_equal(db_open(path, NULL, &copy, &err), OK);
        int64_t purses = read_number(copy, &count_purses);
        assert_true(purses >= 2 * promised && purses <= 2 * most && purses % 2 == 0);
        assert_int_equal(read_number(copy, &sum_fen), 0);
        assert_int_equal(db_verify(copy, &err), OK);
        db_close(copy);
        unlink(path);
        snprintf(part, sizeof part, "%s.lock", path);
        unlink(part);
    }
    storm.stop = true;
    pthread_join(thread, NULL);
    assert_int_equal(db_backup(db, "/nowhere/at/all.db", &err), BROKEN);
}

static void damage_is_found(void **state)
{
    struct db *db = county(state);
    struct err err = { 0 };
    for (int i = 0; i < 200; i++) add_pair(db, true);
    struct db_size size = db_size(db);
    assert_true(size.bytes > 0);
    assert_int_equal(db_verify(db, &err), OK);
    if (db_is_postgres(db)) return;
    assert_true(size.wal_bytes > 0 && size.free_bytes > 0);
    char *url = strdup(db->url);
    db_close(db);
    int fd = open(url, O_RDWR);
    off_t end = lseek(fd, 0, SEEK_END);
    char junk[512];
    memset(junk, 0xA5, sizeof junk);
    for (off_t at = 4096; at < end; at += 4096)
        assert_int_equal(pwrite(fd, junk, sizeof junk, at), sizeof junk);
    close(fd);
    assert_int_equal(db_open_reading(url, NULL, &db, &err), OK);
    assert_int_equal(db_verify(db, &err), INVALID);
    assert_non_null(strstr(err.text, "damaged"));
    free(url);
    *state = db;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_BOTH("db one server writes a county, others read it", one_writes),
        TEST_BOTH("P.2 after a crash what was committed is there, ids go on", crash_and_again),
        TEST_BOTH("P.2 ids are never given twice, nor those of the undone", ids_of_the_undone),
        TEST("db a file that is no county is refused", files_that_are_none),
        { "db a database of another encoding or collation is refused (PostgreSQL)",
          databases_that_do_not_fit, open_postgres, close_county, NULL },
        TEST_BOTH("db migrations lead from each number to the last", from_each_number),
        TEST_BOTH("db migrations: broken, edited and newer ones are refused", migrations_refused),
        TEST_BOTH("db rows of an append-only table stay", added_only),
        TEST("db tables are written in SQLite's words", ddl_words),
        TEST_BOTH("db a reader sees one state and keeps nobody waiting", readers_see_one_state),
        { "db connections that died are replaced (PostgreSQL)", dead_links_are_replaced,
          open_postgres, close_county, NULL },
        { "db a copy of a county at work is consistent (SQLite)", copies_of_the_living,
          open_sqlite, close_county, NULL },
        TEST_BOTH("db damage is found", damage_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
