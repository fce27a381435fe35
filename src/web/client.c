/* client.c - HTTP from the other side of the wire, on raw sockets. */
#include "web/client.h"

#include <arpa/inet.h>
#include <errno.h>
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
