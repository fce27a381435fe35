/* testing.c - counties for tests and clients on raw sockets. */
#include "web/testing.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <libpq-fe.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
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

/* ---- One client ---- */

struct web_client { uint16_t port; int fd; size_t size, room, used; char *bytes; };

static int connect_to(uint16_t port)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;
    if (fd < 0) return -1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (connect(fd, (struct sockaddr *)&at, sizeof at) == 0) return fd;
    close(fd);
    return -1;
}

struct web_client *web_client(uint16_t port)
{
    struct web_client *client = calloc(1, sizeof *client);
    if (client == NULL) return NULL;
    client->port = port;
    client->fd = connect_to(port);
    return client;
}

void web_client_end(struct web_client *client)
{
    if (client->fd >= 0) close(client->fd);
    free(client->bytes);
    free(client);
}

int web_client_fd(struct web_client *client) { return client->fd; }

bool web_send(struct web_client *client, const void *bytes, size_t size)
{
    const char *at = bytes;
    while (size > 0) {
        ssize_t n = send(client->fd, at, size, MSG_NOSIGNAL);
        if (n <= 0) return false;
        at += n;
        size -= (size_t)n;
    }
    return true;
}

static const char *find_header(const char *head, const char *name, size_t *size)
{
    size_t name_size = strlen(name);
    for (const char *line = strchr(head, '\n'); line; line = strchr(line, '\n')) {
        line++;
        if (strncasecmp(line, name, name_size) != 0 || line[name_size] != ':') continue;
        line += name_size + 1;
        while (*line == ' ') line++;
        *size = strcspn(line, "\r\n");
        return line;
    }
    return NULL;
}

/* The size of the first reply in `bytes`, once all of it is there; else 0. */
static size_t whole_reply(char *bytes, size_t size, size_t *head_size, size_t *body_size)
{
    char *end = memmem(bytes, size, "\r\n\r\n", 4);
    if (end == NULL) return 0;
    *head_size = (size_t)(end - bytes) + 4;
    char kept = end[2];
    end[2] = '\0';
    size_t value_size;
    const char *length = find_header(bytes, "Content-Length", &value_size);
    *body_size = length ? strtoul(length, NULL, 10) : 0;
    end[2] = kept;
    return size >= *head_size + *body_size ? *head_size + *body_size : 0;
}

static bool fill(struct web_client *client)
{
    if (client->room - client->size < 4096) {
        size_t room = client->room ? 2 * client->room : 16384;
        char *moved = realloc(client->bytes, room);
        if (moved == NULL) return false;
        client->bytes = moved;
        client->room = room;
    }
    struct pollfd readable = { .fd = client->fd, .events = POLLIN };
    if (poll(&readable, 1, WEB_PATIENCE_MS) <= 0) return false;
    ssize_t n = recv(client->fd, client->bytes + client->size,
                     client->room - client->size - 1, 0);
    if (n <= 0) return false;
    client->size += (size_t)n;
    return true;
}

struct web_reply web_receive(struct web_client *client)
{
    static const struct web_reply none = { 0, "", "", 0 };
    size_t head_size = 0, body_size = 0, whole;
    client->size -= client->used;   // the reply before
    if (client->used) memmove(client->bytes, client->bytes + client->used, client->size);
    client->used = 0;
    for (;;) {
        whole = client->size ? whole_reply(client->bytes, client->size, &head_size, &body_size) : 0;
        if (whole && strncmp(client->bytes + 9, "100", 3) == 0) {
            client->size -= whole;
            memmove(client->bytes, client->bytes + whole, client->size);
        } else if (whole) {
            break;
        } else if (!fill(client)) {
            close(client->fd);
            client->fd = -1;
            client->size = 0;
            return none;
        }
    }
    client->used = whole;
    client->bytes[head_size - 2] = '\0';
    if (client->size == whole) client->bytes[whole] = '\0';   // no pipelining here
    return (struct web_reply){ atoi(client->bytes + 9), client->bytes,
                               client->bytes + head_size, body_size };
}

struct web_reply web_call(struct web_client *client, const char *method, const char *path,
                          const char *headers, const char *body)
{
    char *text = NULL;
    int size = body ? asprintf(&text, "%s %s HTTP/1.1\r\nHost: test\r\n%sContent-Length: %zu\r\n"
                               "\r\n%s", method, path, headers, strlen(body), body)
                    : asprintf(&text, "%s %s HTTP/1.1\r\nHost: test\r\n%s\r\n", method, path,
                               headers);
    if (size < 0) return (struct web_reply){ 0 };
    if (client->fd < 0) client->fd = connect_to(client->port);
    web_send(client, text, (size_t)size);
    free(text);
    if (strcmp(method, "HEAD") != 0) return web_receive(client);
    // A HEAD has the length of what it leaves out.
    while (client->size == client->used || !memmem(client->bytes + client->used,
                                                   client->size - client->used, "\r\n\r\n", 4))
        if (!fill(client)) return (struct web_reply){ 0, "", "", 0 };
    client->bytes[client->size] = '\0';
    struct web_reply reply = { atoi(client->bytes + client->used + 9),
                               client->bytes + client->used, "", 0 };
    client->used = client->size;
    return reply;
}

struct web_reply web_post(struct web_client *client, const char *path, const char *token,
                          const char *key, const char *json)
{
    char headers[512];
    snprintf(headers, sizeof headers, "Authorization: Bearer %s\r\nIdempotency-Key: %s\r\n"
             "Content-Type: application/json\r\n", token, key);
    return web_call(client, "POST", path, headers, json);
}

struct web_reply web_get(struct web_client *client, const char *path, const char *token)
{
    char headers[512] = "Accept: application/json\r\n";
    if (token) snprintf(headers, sizeof headers, "Authorization: Bearer %s\r\n", token);
    return web_call(client, "GET", path, headers, NULL);
}

bool web_header(const struct web_reply *reply, const char *name, char *out, size_t room)
{
    size_t size;
    const char *value = find_header(reply->head, name, &size);
    if (value == NULL || size >= room) return false;
    memcpy(out, value, size);
    out[size] = '\0';
    return true;
}

/* ---- Many clients ---- */

enum { REQUEST_MAX = 32 * 1024, REPLY_ROOM = 64 * 1024 };

struct worker { int fd; unsigned number; size_t n, size; int64_t sent_us; char *bytes; };

struct driving {
    const struct web_load *load;
    struct web_loaded *out;
    int epoll_fd;
    size_t next, under_way;
    int64_t *took_us;
    char request[REQUEST_MAX];
};

static void send_next(struct driving *d, struct worker *worker)
{
    if (d->next == d->load->requests) return;
    worker->n = d->next++;
    worker->size = 0;
    size_t size = d->load->request(d->load->of, worker->number, worker->n, d->request,
                                   sizeof d->request);
    worker->sent_us = mono_us();
    d->under_way++;
    if (send(worker->fd, d->request, size, MSG_NOSIGNAL) == (ssize_t)size) return;
    d->out->lost++;
    d->under_way--;
}

static void take_reply(struct driving *d, struct worker *worker)
{
    ssize_t n = recv(worker->fd, worker->bytes + worker->size, REPLY_ROOM - worker->size - 1, 0);
    if (n <= 0) {
        epoll_ctl(d->epoll_fd, EPOLL_CTL_DEL, worker->fd, NULL);
        d->out->lost++;
        d->under_way--;
        return;
    }
    size_t head_size, body_size;
    worker->size += (size_t)n;
    worker->bytes[worker->size] = '\0';
    if (!whole_reply(worker->bytes, worker->size, &head_size, &body_size)) return;
    int status = atoi(worker->bytes + 9);
    d->took_us[d->out->answered++] = mono_us() - worker->sent_us;
    d->out->by_class[status / 100 % 6]++;
    d->under_way--;
    if (d->load->reply)
        d->load->reply(d->load->of, worker->number, worker->n, status,
                       worker->bytes + head_size, body_size);
    send_next(d, worker);
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void drive(struct driving *d, struct worker *workers)
{
    int64_t began_us = mono_us();
    for (unsigned i = 0; i < d->load->clients; i++) send_next(d, &workers[i]);
    while (d->under_way > 0) {
        struct epoll_event events[64];
        int count = epoll_wait(d->epoll_fd, events, COUNT(events), WEB_PATIENCE_MS);
        if (count < 0 && errno == EINTR) continue;
        d->out->stalled = count <= 0;
        if (count <= 0) break;
        for (int i = 0; i < count; i++) take_reply(d, &workers[events[i].data.u32]);
    }
    d->out->took_us = mono_us() - began_us;
    size_t answered = d->out->answered;
    if (answered == 0) return;
    qsort(d->took_us, answered, sizeof *d->took_us, by_size);
    d->out->p50_us = d->took_us[answered / 2];
    d->out->p99_us = d->took_us[answered - 1 - answered / 100];
    d->out->max_us = d->took_us[answered - 1];
}

bool web_load(const struct web_load *load, struct web_loaded *out)
{
    *out = (struct web_loaded){ 0 };
    struct driving *d = calloc(1, sizeof *d);
    struct worker *workers = calloc(load->clients, sizeof *workers);
    bool ready = d && workers;
    if (ready) {
        *d = (struct driving){ .load = load, .out = out, .epoll_fd = epoll_create1(EPOLL_CLOEXEC),
                               .took_us = calloc(load->requests + 1, sizeof *d->took_us) };
        ready = d->took_us != NULL && d->epoll_fd >= 0;
    }
    unsigned made = 0;
    for (; ready && made < load->clients; made++) {
        struct worker *worker = &workers[made];
        struct epoll_event event = { .events = EPOLLIN, .data.u32 = made };
        worker->number = made;
        worker->bytes = malloc(REPLY_ROOM);
        worker->fd = connect_to(load->port);
        ready = worker->bytes && worker->fd >= 0
             && epoll_ctl(d->epoll_fd, EPOLL_CTL_ADD, worker->fd, &event) == 0;
    }
    if (ready) drive(d, workers);
    for (unsigned i = 0; i < made; i++) {
        if (workers[i].fd >= 0) close(workers[i].fd);
        free(workers[i].bytes);
    }
    if (d && d->epoll_fd >= 0) close(d->epoll_fd);
    if (d) free(d->took_us);
    free(d);
    free(workers);
    return ready;
}
