/* testing.c - counties for tests. */
#include "web/testing.h"

#include <ctype.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/test.h"
#include "base/text.h"

/* ---- Counties ---- */

static void new_folder(char out[300])
{
    const char *tmp = getenv("TMPDIR");
    snprintf(out, 300, "%s/cunhuo-web-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (mkdtemp(out) == NULL) fail_msg("no folder %s", out);
}

static struct county *open_folder(const char *folder, const struct room *const *rooms,
                                  int64_t now_ms)
{
    struct err err = { 0 };
    struct county *county = NULL;
    if (county_open(folder, rooms, COUNTY_WRITE, &county, &err) != OK)
        fail_msg("%s: %s %s", folder, err.text, err.detail);
    if (now_ms) clock_turn(county->clock, now_ms, false);
    if (county_start(county, &err) != OK) fail_msg("%s %s", err.text, err.detail);
    return county;
}

static const char *pg_server(void)
{
    const char *url = getenv("CUNHUO_TEST_PG");
    return url && *url ? url : NULL;
}

enum { SCHEMA = 64 };

/* A schema for what would be in this folder: "web_" and the end of its name. */
static const char *schema_of(const char *folder, char out[SCHEMA])
{
    snprintf(out, SCHEMA, "web_%.40s", strrchr(folder, '-') + 1);
    for (char *c = out; *c; c++) *c = (char)tolower((unsigned char)*c);
    return out;
}

struct county *web_county(bool postgres, const struct room *const *rooms, int64_t now_ms)
{
    char folder[300], url[512], schema[SCHEMA];
    if (postgres && pg_server() == NULL) return NULL;
    new_folder(folder);
    if (postgres)
        snprintf(url, sizeof url, "%s%sschema=%s", pg_server(),
                 strstr(pg_server(), "://") == NULL ? " " : strchr(pg_server(), '?') ? "&" : "?",
                 schema_of(folder, schema));
    struct county_plan plan = { .name = "Test", .zone_s = ZONE_CHINA_S, .may_turn = true,
                                .code_key = 7, .database = postgres ? url : NULL };
    struct err err = { 0 };
    if (county_init(folder, &plan, &err) != OK) fail_msg("%s %s", err.text, err.detail);
    return open_folder(folder, rooms, now_ms);
}

static void copy_file(const char *from, const char *to)
{
    FILE *in = fopen(from, "rb"), *out = in ? fopen(to, "wb") : NULL;
    char bytes[65536];
    for (size_t n; out && (n = fread(bytes, 1, sizeof bytes, in)) > 0; )
        if (fwrite(bytes, 1, n, out) != n) fail_msg("%s can't be written", to);
    if (in) fclose(in);
    if (out) fclose(out);
}

void web_folder_end(const char *folder)
{
    static const char *const names[] = { "county.db", "county.db-wal", "county.db-shm",
                                         "county.db.lock", "county.ini" };
    char path[400];
    for (size_t i = 0; i < COUNT(names); i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    rmdir(folder);
}

struct county *web_county_crash(struct county *county, const struct room *const *rooms)
{
    static const char *const kept[] = { "county.db", "county.db-wal", "county.ini" };
    char old[300], folder[300], from[400], to[400];
    int64_t now_ms = clock_turned(county->clock) ? county_now_ms(county) : 0;
    snprintf(old, sizeof old, "%s", county->folder);
    new_folder(folder);
    for (size_t i = 0; i < COUNT(kept); i++) {
        snprintf(from, sizeof from, "%s/%s", old, kept[i]);
        snprintf(to, sizeof to, "%s/%s", folder, kept[i]);
        copy_file(from, to);
    }
    county_close(county);
    web_folder_end(old);
    return open_folder(folder, rooms, now_ms);
}

static void drop_schema(const char *folder)
{
    char text[200], schema[SCHEMA];
    PGconn *conn = PQconnectdb(pg_server());
    snprintf(text, sizeof text, "SET client_min_messages = error; DROP SCHEMA \"%s\" CASCADE",
             schema_of(folder, schema));
    PQclear(PQexec(conn, text));
    PQfinish(conn);
}

void web_county_end(struct county *county)
{
    char folder[300], ini[400];
    snprintf(folder, sizeof folder, "%s", county->folder);
    snprintf(ini, sizeof ini, "%s/county.ini", folder);
    bool postgres = access(ini, F_OK) == 0;
    county_close(county);
    if (postgres) drop_schema(folder);
    web_folder_end(folder);
}

int web_test_lookups;

static enum status test_who(struct tx *tx, const char *token, int64_t now_ms, struct who *out)
{
    int64_t user_id;
    (void)tx;
    (void)now_ms;
    __atomic_fetch_add(&web_test_lookups, 1, __ATOMIC_RELAXED);
    if ((token[0] != 'u' && token[0] != 'n') || text_i64(token + 1, &user_id) != OK)
        return NOT_FOUND;
    *out = (struct who){ .user_id = user_id, .roles = token[0] == 'u', .session_id = user_id };
    return OK;
}

static bool test_may(const struct who *who, const struct permission *permission)
{
    (void)permission;
    return who->roles != 0;
}

const struct web_hooks web_test_hooks = { test_who, test_may };

struct server *web_serve(struct county *county, unsigned loops)
{
    struct server *server = NULL;
    struct err err = { 0 };
    struct serve_options options = { .address = "127.0.0.1", .loops = loops, .login = "/login" };
    if (serve_start(county, &web_test_hooks, &options, &server, &err) != OK)
        fail_msg("%s %s", err.text, err.detail);
    return server;
}
