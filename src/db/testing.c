/* testing.c - counties for tests: a file in a folder of its own, or a schema of the server that
 * CUNHUO_TEST_PG names. Queries that forget their ORDER BY answer in reverse on SQLite. */
#include "db/testing.h"

#include <libpq-fe.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/arena.h"
#include "db/db.h"
#include "db/engine.h"

enum { TEST_ARENA_BYTES = 64 << 20 };

/* ---- Places ---- */

static const char *server(void)
{
    const char *url = getenv("CUNHUO_TEST_PG");
    return url && *url ? url : NULL;
}

static void new_url(bool postgres, char out[512])
{
    static atomic_int number;
    int n = atomic_fetch_add(&number, 1);
    if (postgres) {
        const char *url = server();
        bool conninfo = strstr(url, "://") == NULL;
        snprintf(out, 512, "%s%sschema=test_%d_%d", url,
                 conninfo ? " " : strchr(url, '?') ? "&" : "?", (int)getpid(), n);
        return;
    }
    const char *tmp = getenv("TMPDIR");
    char folder[256];
    snprintf(folder, sizeof folder, "%s/cunhuo-test-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (mkdtemp(folder) == NULL) fail_msg("no folder: %s", folder);
    snprintf(out, 512, "%s/county.db", folder);
}

static void remove_files(const char *url)
{
    static const char *const endings[] = { "", "-wal", "-shm", "-journal", ".lock" };
    char name[600];
    for (size_t i = 0; i < COUNT(endings); i++) {
        snprintf(name, sizeof name, "%s%s", url, endings[i]);
        unlink(name);
    }
    snprintf(name, sizeof name, "%s", url);
    char *slash = strrchr(name, '/');
    if (slash) *slash = '\0';
    rmdir(name);   // stays when a test has left something in it
}

static void drop_schema(const char *url)
{
    const char *schema = strstr(url, "schema=") + strlen("schema=");
    PGconn *conn = PQconnectdb(server());
    char text[200];
    snprintf(text, sizeof text, "SET client_min_messages = error; DROP SCHEMA \"%s\" CASCADE",
             schema);
    PGresult *r = PQexec(conn, text);
    if (PQresultStatus(r) != PGRES_COMMAND_OK) print_message("%s", PQerrorMessage(conn));
    PQclear(r);
    PQfinish(conn);
}

static void throw_away(const char *url, bool postgres)
{
    if (postgres) drop_schema(url);
    else remove_files(url);
}

/* ---- Counties ---- */

static struct db *open_at(const char *url, void *owner)
{
    struct db *db = NULL;
    struct err err = { 0 };
    sqlite_testing.reverse_unordered = true;
    if (db_open(url, owner, &db, &err) != OK) fail_msg("%s: %s %s", url, err.text, err.detail);
    for (const struct test_room *room = test_rooms; room->name; room++)
        if (db_migrate(db, room->name, room->tables, &err) != OK)
            fail_msg("%s: %s %s", room->name, err.text, err.detail);
    return db;
}

struct db *test_db_open(bool postgres, void *owner)
{
    char url[512];
    if (postgres && server() == NULL) return NULL;
    new_url(postgres, url);
    return open_at(url, owner);
}

static void copy_file(const char *from, const char *to)
{
    FILE *in = fopen(from, "rb"), *out = in ? fopen(to, "wb") : NULL;
    char bytes[65536];
    for (size_t n; out && (n = fread(bytes, 1, sizeof bytes, in)) > 0; )
        if (fwrite(bytes, 1, n, out) != n) fail_msg("%s can't be written", to);
    if (in) fclose(in);
    if (out && fclose(out) != 0) fail_msg("%s can't be written", to);
}

struct db *test_db_reopen(struct db *db)
{
    bool postgres = db_is_postgres(db);
    char *old = strdup(db->url), url[512], from[520], to[520];
    void *owner = db->owner;
    snprintf(url, sizeof url, "%s", old);
    if (!postgres) {   // as a crash leaves it: the log is not yet in the file
        new_url(false, url);
        copy_file(old, url);
        snprintf(from, sizeof from, "%s-wal", old);
        snprintf(to, sizeof to, "%s-wal", url);
        copy_file(from, to);
    }
    db_close(db);
    if (!postgres) remove_files(old);
    free(old);
    return open_at(url, owner);
}

void test_db_close(struct db *db)
{
    if (db == NULL) return;
    bool postgres = db_is_postgres(db);
    char *url = strdup(db->url);
    db_close(db);
    throw_away(url, postgres);
    free(url);
}

/* ---- A transaction for each test ---- */

static int begin(void **state, bool postgres)
{
    *state = NULL;
    sqlite_testing.unsafe = true;   // nothing of it is to last
    struct db *db = test_db_open(postgres, NULL);
    sqlite_testing.unsafe = false;
    if (db == NULL) return 0;
    struct arena *arena = arena_open(TEST_ARENA_BYTES);
    struct tx *tx;
    if (arena == NULL || db_write_begin(db, arena, &tx) != OK) return -1;
    *state = tx;
    return 0;
}

int db_test_sqlite(void **state) { return begin(state, false); }
int db_test_postgres(void **state) { return begin(state, true); }

int db_test_end(void **state)
{
    struct tx *tx = *state;
    if (tx == NULL) return 0;
    struct db *db = tx->db;
    struct arena *arena = tx->arena;
    while (tx->depth > 0) if (tx_savepoint_end(tx, false) != OK) break;
    enum status ended = db_write_end(tx, false);
    arena_free(arena);
    test_db_close(db);
    return ended == OK ? 0 : -1;
}

struct tx *test_tx(void **state)
{
    if (*state == NULL) skip();
    return *state;
}
