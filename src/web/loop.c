/* loop.c - a thread, its libmicrohttpd daemon and its clients. Why so: serve.c.
 *
 * Connections stand in a list by the instant they last did something whole (connected, sent a
 * request, got its answer). Whoever is at the old end of it for too long is cut off: that bounds
 * idling, headers and bodies that trickle in, and answers that are not fetched. Parked ones are not
 * in the list: they wait for us. */
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <microhttpd.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/arena.h"
#include "base/clock.h"
#include "web/house.h"

enum {
    CONNECTION_BYTES = 16 * 1024,   // headers fit in, or 431
    SPARE_MAX = 256,
    STOP_MS = 5000,                 // for requests that are still arriving when the server stops
};

struct client {
    struct client *older, *newer;
    int fd;
    int64_t since_ms;
    bool listed;
};

struct loop {
    struct server *server;
    struct MHD_Daemon *daemon;
    int epoll_fd, wake_fd;
    pthread_t thread;
    _Atomic(struct call *) done;    // from the writer, the last one first
    atomic_int posting;             // the writer is in loop_done
    struct call *spare;
    unsigned spares;
    struct client *oldest, *newest;
    size_t active, parked;          // calls under way; those of them at the writer
    bool quiet;                     // no longer listening
};

/* ---- Clients by age ---- */

static void unlist(struct loop *loop, struct client *client)
{
    if (!client->listed) return;
    *(client->older ? &client->older->newer : &loop->oldest) = client->newer;
    *(client->newer ? &client->newer->older : &loop->newest) = client->older;
    client->listed = false;
}

static void touch(struct loop *loop, struct client *client)
{
    unlist(loop, client);
    client->since_ms = mono_ms();
    client->older = loop->newest;
    client->newer = NULL;
    *(loop->newest ? &loop->newest->newer : &loop->oldest) = client;
    loop->newest = client;
    client->listed = true;
}

static struct client *client_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

static void on_connection(void *of, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct loop *loop = of;
    struct client *client = *context;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        atomic_fetch_sub(&loop->server->tally.connections, 1);
        if (client) unlist(loop, client);
        free(client);
        return;
    }
    atomic_fetch_add(&loop->server->tally.connections, 1);
    *context = client = calloc(1, sizeof *client);
    if (client == NULL) return;   // it lives without a limit
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    client->fd = info->connect_fd;
    touch(loop, client);
}

static void cut_slow(struct loop *loop, int64_t limit_ms)
{
    int64_t now_ms = mono_ms();
    while (loop->oldest && now_ms - loop->oldest->since_ms >= limit_ms) {
        struct client *client = loop->oldest;
        unlist(loop, client);
        shutdown(client->fd, SHUT_RDWR);   // the daemon hears of it and closes
        atomic_fetch_add(&loop->server->tally.slow, 1);
    }
}

/* ---- Calls ---- */

static struct call *take_call(struct loop *loop)
{
    struct call *call = loop->spare;
    struct arena *arena = NULL;
    if (call) {
        loop->spare = call->next;
        loop->spares--;
        arena = call->rq.arena;
    } else {
        call = malloc(sizeof *call);
        arena = call ? arena_open(CALL_BYTES_MAX) : NULL;
        if (arena == NULL) {
            free(call);
            return NULL;
        }
    }
    *call = (struct call){ .server = loop->server, .loop = loop, .rq.arena = arena };
    loop->active++;
    return call;
}

static void free_call(struct call *call)
{
    arena_free(call->rq.arena);
    free(call);
}

static void give_call(struct loop *loop, struct call *call)
{
    json_decref(call->view);
    form_end(&call->form);
    free(call->reply.owned);
    call->reply.owned = NULL;
    loop->active--;
    if (loop->spares >= SPARE_MAX) {
        free_call(call);
        return;
    }
    arena_reset(call->rq.arena);
    call->next = loop->spare;
    loop->spare = call;
    loop->spares++;
}

const char *call_header(const struct call *call, const char *name)
{
    return MHD_lookup_connection_value(call->connection, MHD_HEADER_KIND, name);
}

const char *call_cookie(const struct call *call, const char *name)
{
    return MHD_lookup_connection_value(call->connection, MHD_COOKIE_KIND, name);
}

bool call_local(const struct call *call)
{
    if (call_header(call, "X-Forwarded-For") || call_header(call, "Forwarded")) return false;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(call->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *address = info ? info->client_addr : NULL;
    if (address == NULL) return false;
    if (address->sa_family == AF_INET)
        return ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr) >> 24 == 127;
    return address->sa_family == AF_INET6
        && IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)address)->sin6_addr);
}

struct querying { struct call *call; struct err *err; enum status status; };

static enum MHD_Result on_query(void *of, enum MHD_ValueKind kind, const char *name,
                                const char *value)
{
    struct querying *q = of;
    (void)kind;
    if (value == NULL) value = "";
    q->status = form_add(&q->call->form, q->call->rq.arena, name, strlen(name), value,
                         strlen(value), true, q->err);
    return q->status == OK ? MHD_YES : MHD_NO;
}

enum status call_query(struct call *call, struct err *err)
{
    struct querying q = { call, err, OK };
    MHD_get_connection_values(call->connection, MHD_GET_ARGUMENT_KIND, on_query, &q);
    return q.status;
}

/* Paths and queries come to us as they were sent: form_add decodes them, and checks. */
static size_t leave_escaped(void *of, struct MHD_Connection *connection, char *text)
{
    (void)of;
    (void)connection;
    return strlen(text);
}

/* ---- Sending ---- */

static const char policy_page[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
static const char policy_data[] = "default-src 'none'; frame-ancestors 'none'";

static void add(struct MHD_Response *response, const char *name, const char *value)
{
    if (value) MHD_add_response_header(response, name, value);
}

static void add_headers(struct MHD_Response *response, const struct call *call)
{
    const struct reply *reply = &call->reply;
    add(response, "Content-Type", reply->type);
    add(response, "X-Content-Type-Options", "nosniff");
    add(response, "Content-Security-Policy", reply->page ? policy_page : policy_data);
    add(response, "Cache-Control", reply->cache ? reply->cache : "no-store");
    if (reply->page) add(response, "Referrer-Policy", "same-origin");
    if (call->server->options.secure_cookies)
        add(response, "Strict-Transport-Security", "max-age=31536000");
    add(response, "ETag", reply->etag);
    add(response, "Content-Disposition", reply->disposition);
    add(response, "Location", reply->location);
    add(response, "Set-Cookie", reply->cookie);
    add(response, "Allow", reply->allow);
    if (reply->retry) add(response, "Retry-After", "2");
    if (reply->replayed) add(response, "Idempotency-Replayed", "true");
    if (reply->http == 401) add(response, "WWW-Authenticate", "Bearer");
    if (atomic_load(&call->server->stopping)) add(response, "Connection", "close");
}

static enum MHD_Result send_reply(struct call *call)
{
    struct reply *reply = &call->reply;
    struct tally *tally = &call->server->tally;
    bool sent_whole = reply->owned && reply->owned == reply->bytes;   // then the library frees it
    // Never written to: the library only forgot the const.
    struct MHD_Response *response = MHD_create_response_from_buffer(
        reply->size, (void *)(uintptr_t)(reply->bytes ? reply->bytes : ""),
        sent_whole ? MHD_RESPMEM_MUST_FREE : MHD_RESPMEM_PERSISTENT);
    if (response == NULL) return MHD_NO;
    if (sent_whole) reply->owned = NULL;
    add_headers(response, call);
    enum MHD_Result queued = MHD_queue_response(call->connection, reply->http, response);
    MHD_destroy_response(response);
    call->state = CALL_SENT;
    atomic_fetch_add_explicit(&tally->requests, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&tally->by_class[reply->http / 100 % 6], 1, memory_order_relaxed);
    return queued;
}

/* ---- A request ---- */

static enum MHD_Result begin(struct loop *loop, struct MHD_Connection *connection,
                             const char *method, const char *path, void **context)
{
    struct call *call = *context = take_call(loop);
    if (call == NULL) return MHD_NO;
    struct client *client = client_of(connection);
    if (client) touch(loop, client);
    call->connection = connection;
    path = arena_text(call->rq.arena, path);
    if (path == NULL) return MHD_NO;
    house_begin(call, method, path, call_header(call, "Content-Type"));

    const char *length = call_header(call, "Content-Length");
    unsigned long long size = length ? strtoull(length, NULL, 10) : 0;
    if (size > call->body_max + (unsigned long long)BODY_DRAINED) {
        call->body_seen = SIZE_MAX;   // not even to be thrown away
        call->status = err_set(&call->err, INVALID, NULL, "The request is too large.");
        call->http = 413;
        call->reply.http = 0;
        house_answer(call);
        return send_reply(call);
    }
    if (size == 0 || size > call->body_max) return MHD_YES;
    call->body = arena_new(call->rq.arena, (size_t)size);
    call->body_room = call->body ? (size_t)size : 0;
    return MHD_YES;
}

static enum MHD_Result collect(struct call *call, const char *bytes, size_t size)
{
    call->body_seen += size;
    if (call->body_seen > call->body_max + (size_t)BODY_DRAINED) return MHD_NO;
    if (call->body_seen > call->body_max || call->status != OK) return MHD_YES;
    if (call->body_seen > call->body_room) {   // chunked: its size was not told
        size_t room = 2 * call->body_seen < call->body_max ? 2 * call->body_seen
                                                           : call->body_max;
        char *moved = arena_new(call->rq.arena, room);
        if (moved == NULL) return MHD_NO;
        if (call->body_size) memcpy(moved, call->body, call->body_size);
        call->body = moved;
        call->body_room = room;
    }
    memcpy(call->body + call->body_size, bytes, size);
    call->body_size += size;
    return MHD_YES;
}

static enum MHD_Result park(struct loop *loop, struct call *call)
{
    struct client *client = client_of(call->connection);
    if (client) unlist(loop, client);
    call->state = CALL_PARKED;
    loop->parked++;
    MHD_suspend_connection(call->connection);
    return MHD_YES;
}

static enum MHD_Result on_request(void *of, struct MHD_Connection *connection, const char *path,
                                  const char *method, const char *version, const char *bytes,
                                  size_t *size, void **context)
{
    struct loop *loop = of;
    struct call *call = *context;
    (void)version;
    if (call == NULL) return begin(loop, connection, method, path, context);
    if (*size > 0) {
        enum MHD_Result taken = collect(call, bytes, *size);
        *size = 0;
        return taken;
    }
    if (call->state == CALL_BACK) {
        house_finish(call);
        return send_reply(call);
    }
    // Its loop hands the call back later, in this very thread: parking after house_answer is safe.
    if (call->state == CALL_ARRIVING && house_answer(call)) return park(loop, call);
    return send_reply(call);
}

static void on_completed(void *of, struct MHD_Connection *connection, void **context,
                         enum MHD_RequestTerminationCode code)
{
    struct loop *loop = of;
    struct client *client = client_of(connection);
    (void)code;
    if (*context == NULL) return;
    give_call(loop, *context);
    *context = NULL;
    if (client) touch(loop, client);
}

/* ---- The loop ---- */

void loop_done(struct call *call)
{
    struct loop *loop = call->loop;
    atomic_fetch_add(&loop->posting, 1);
    struct call *last = atomic_load(&loop->done);
    do call->next = last;
    while (!atomic_compare_exchange_weak(&loop->done, &last, call));   // then it is the loop's
    if (last == NULL) eventfd_write(loop->wake_fd, 1);                 // else somebody has
    atomic_fetch_sub(&loop->posting, 1);
}

static void resume_done(struct loop *loop)
{
    struct call *call = atomic_exchange(&loop->done, NULL), *first = NULL;
    for (struct call *next; call; call = next) {   // the order in which they were done
        next = call->next;
        call->next = first;
        first = call;
    }
    for (; first; first = first->next) {
        struct client *client = client_of(first->connection);
        first->state = CALL_BACK;
        loop->parked--;
        if (client) touch(loop, client);
        MHD_resume_connection(first->connection);
    }
}

static int wait_ms(const struct loop *loop)
{
    MHD_UNSIGNED_LONG_LONG daemon_ms;
    int64_t wait = -1;
    if (MHD_get_timeout(loop->daemon, &daemon_ms) == MHD_YES) {
        if (daemon_ms == 0) return 0;
        wait = daemon_ms < MINUTE_MS ? (int64_t)daemon_ms : MINUTE_MS;
    }
    if (loop->oldest) {
        int64_t left = loop->oldest->since_ms + loop->server->options.request_ms - mono_ms() + 1;
        if (wait < 0 || left < wait) wait = left > 0 ? left : 0;
    }
    if (loop->quiet && (wait < 0 || wait > 50)) wait = 50;
    return (int)wait;
}

static void stop_listening(struct loop *loop)
{
    int listener = MHD_quiesce_daemon(loop->daemon);
    if (listener >= 0) close(listener);
    loop->quiet = true;
}

static void *run(void *of)
{
    struct loop *loop = of;
    int64_t stop_at_ms = 0;
    for (;;) {
        struct pollfd fds[] = { { .fd = loop->epoll_fd, .events = POLLIN },
                                { .fd = loop->wake_fd, .events = POLLIN } };
        poll(fds, COUNT(fds), wait_ms(loop));
        eventfd_t woken;
        if (fds[1].revents) eventfd_read(loop->wake_fd, &woken);
        resume_done(loop);
        MHD_run(loop->daemon);
        cut_slow(loop, loop->server->options.request_ms);
        if (!atomic_load(&loop->server->stopping)) continue;
        if (!loop->quiet) {
            stop_listening(loop);
            stop_at_ms = mono_ms() + STOP_MS;
        } else if (loop->active == 0 || (loop->parked == 0 && mono_ms() >= stop_at_ms)) {
            break;
        }
    }
    return NULL;
}

static void loop_free(struct loop *loop)
{
    if (loop->daemon) MHD_stop_daemon(loop->daemon);
    if (loop->wake_fd >= 0) close(loop->wake_fd);
    for (struct call *next; loop->spare; loop->spare = next) {
        next = loop->spare->next;
        free_call(loop->spare);
    }
    free(loop);
}

enum status loop_start(struct server *server, int listener, struct loop **out, struct err *err)
{
    struct loop *loop = calloc(1, sizeof *loop);
    if (loop == NULL) return BROKEN;
    loop->server = server;
    loop->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    unsigned limit = server->options.connections_max / server->loop_count;
    loop->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, loop,
        MHD_OPTION_LISTEN_SOCKET, listener, MHD_OPTION_CONNECTION_LIMIT, limit > 1 ? limit : 1,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, loop, MHD_OPTION_NOTIFY_CONNECTION,
        on_connection, loop, MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, NULL,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
    const union MHD_DaemonInfo *info =
        loop->daemon ? MHD_get_daemon_info(loop->daemon, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
    if (loop->wake_fd < 0 || info == NULL) {
        if (loop->daemon) MHD_quiesce_daemon(loop->daemon);   // the listener stays the caller's
        loop_free(loop);
        return err_set(err, BROKEN, NULL, "The HTTP server can't be started.");
    }
    loop->epoll_fd = info->epoll_fd;
    if (pthread_create(&loop->thread, NULL, run, loop) != 0) {
        MHD_quiesce_daemon(loop->daemon);
        loop_free(loop);
        return BROKEN;
    }
    *out = loop;
    return OK;
}

void loop_stop(struct loop *loop)
{
    if (loop == NULL) return;
    eventfd_write(loop->wake_fd, 1);
    pthread_join(loop->thread, NULL);
    while (atomic_load(&loop->posting) > 0) sched_yield();   // it may yet be about to wake us
    loop_free(loop);
}
