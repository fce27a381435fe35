/* builtin.c - what the house answers by itself, without a room: health, metrics, the files of
 * pages, OpenAPI. Figures are for who asks on this machine: a proxy must not pass them on. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/arena.h"
#include "db/db.h"
#include "web/county.h"
#include "web/house.h"
#include "web/page.h"

static bool reply(struct call *call, unsigned http, const char *type, const void *bytes,
                  size_t size)
{
    call->reply.http = http;
    call->reply.type = type;
    call->reply.bytes = bytes;
    call->reply.size = size;
    return true;
}

static bool plain(struct call *call, unsigned http, const char *text)
{
    return reply(call, http, "text/plain; charset=utf-8", text, strlen(text));
}

/* Ready: rows can be read. A writer that is behind says so itself, to each request. */
static bool ready(struct call *call)
{
    struct county *county = call->server->county;
    struct tx *tx;
    if (atomic_load(&call->server->stopping)) return plain(call, 503, "stopping\n");
    if (db_read_begin(county->db, call->rq.arena, &tx) != OK)
        return plain(call, 503, "no database\n");
    db_read_end(tx);
    return plain(call, 200, "ready\n");
}

static int64_t resident_bytes(void)
{
    long pages = 0, ignored = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL) return 0;
    if (fscanf(file, "%ld %ld", &ignored, &pages) != 2) pages = 0;
    fclose(file);
    return (int64_t)pages * sysconf(_SC_PAGESIZE);
}

/* When the last copy was made (cunhuo backup notes it in the folder), as Prometheus has times: in
 * seconds since 1970; 0: never. */
static int64_t last_backup_s(const struct county *county)
{
    char path[4096];
    struct stat note;
    snprintf(path, sizeof path, "%s/last-backup", county->folder);
    return stat(path, &note) == 0 ? (int64_t)note.st_mtime : 0;
}

static bool metrics(struct call *call)
{
    if (!call_local(call)) return false;
    struct server *server = call->server;
    struct tally *tally = &server->tally;
    struct writer_figures w = writer_figures(server->county->writer);
    struct db_size size = db_size(server->county->db);
    struct { const char *name, *kind; int64_t value; } rows[] = {
        { "cunhuo_requests_total", "counter", atomic_load(&tally->requests) },
        { "cunhuo_answers_2xx_total", "counter", atomic_load(&tally->by_class[2]) },
        { "cunhuo_answers_3xx_total", "counter", atomic_load(&tally->by_class[3]) },
        { "cunhuo_answers_4xx_total", "counter", atomic_load(&tally->by_class[4]) },
        { "cunhuo_answers_5xx_total", "counter", atomic_load(&tally->by_class[5]) },
        { "cunhuo_answers_replayed_total", "counter", atomic_load(&tally->replayed) },
        { "cunhuo_connections", "gauge", atomic_load(&tally->connections) },
        { "cunhuo_connections_slow_total", "counter", atomic_load(&tally->slow) },
        { "cunhuo_acts_total", "counter", w.acts },
        { "cunhuo_commits_total", "counter", w.groups },
        { "cunhuo_commits_failed_total", "counter", w.failed_groups },
        { "cunhuo_acts_refused_total", "counter", w.refused },
        { "cunhuo_acts_queued", "gauge", w.queued },
        { "cunhuo_act_microseconds", "gauge", w.act_us },
        { "cunhuo_commit_microseconds", "gauge", w.commit_us },
        { "cunhuo_database_bytes", "gauge", size.bytes },
        { "cunhuo_database_log_bytes", "gauge", size.wal_bytes },
        { "cunhuo_disk_free_bytes", "gauge", size.free_bytes },
        { "cunhuo_last_backup_timestamp_seconds", "gauge", last_backup_s(server->county) },
        { "process_resident_memory_bytes", "gauge", resident_bytes() },
    };
    enum { LINE_MAX = 128 };
    char *text = arena_new(call->rq.arena, COUNT(rows) * LINE_MAX);
    size_t at = 0;
    for (size_t i = 0; text && i < COUNT(rows); i++)
        at += (size_t)snprintf(text + at, LINE_MAX, "# TYPE %s %s\n%s %" PRId64 "\n",
                               rows[i].name, rows[i].kind, rows[i].name, rows[i].value);
    return text ? reply(call, 200, "text/plain; version=0.0.4", text, at)
                : plain(call, 500, "no memory\n");
}

static bool file(struct call *call, const char *path)
{
    const struct asset *asset = asset_find(path);
    if (asset == NULL || strstr(asset->type, "text/html")) return false;
    const char *known = call_header(call, "If-None-Match");
    call->reply.etag = asset->etag;
    call->reply.cache = "public, max-age=3600";
    if (known && strstr(known, asset->etag)) return reply(call, 304, NULL, NULL, 0);
    return reply(call, 200, asset->type, asset->bytes, asset->size);
}

/* /lang/en, /lang/zh: the language of all pages from now on, and back to where the link was. */
static bool language(struct call *call, const char *lang)
{
    if (strcmp(lang, "zh") != 0 && strcmp(lang, "en") != 0) return false;
    const char *from = call_header(call, "Referer"), *host = call_header(call, "Host");
    const char *path = from ? strstr(from, "://") : NULL;
    bool ours = path && host && strncmp(path + 3, host, strlen(host)) == 0;
    path = ours ? path + 3 + strlen(host) : "/";
    if (path[0] != '/' || path[1] == '/' || path[1] == '\\') path = "/";
    call->reply.location = arena_text(call->rq.arena, path);
    call->reply.cookie = arena_printf(call->rq.arena, "lang=%s; Path=/; SameSite=Lax; "
                                      "Max-Age=31536000", lang);
    return call->reply.location && call->reply.cookie && reply(call, 303, NULL, NULL, 0);
}

bool builtin_answer(struct call *call)
{
    if (call->method != GET) return false;
    const char *path = call->path;
    if (call->api) {
        if (strcmp(path, "/openapi.json") != 0) return false;
        const char *text = openapi_text(call->server, call->rq.arena);
        return text && reply(call, 200, "application/json", text, strlen(text));
    }
    if (strncmp(path, "/lang/", 6) == 0) return language(call, path + 6);
    if (strncmp(path, "/ui/", 4) == 0) return file(call, path + 1);
    if (strcmp(path, "/healthz") == 0) return plain(call, 200, "ok\n");
    if (strcmp(path, "/readyz") == 0) return ready(call);
    if (strcmp(path, "/metrics") == 0) return metrics(call);
    return false;
}
