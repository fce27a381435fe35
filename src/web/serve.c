/* serve.c - starts and stops the server of a county.
 *
 * Why own loops: the epoll mode of libmicrohttpd with threads of its own asks for more events with
 * the same blocking timeout after a full batch of 128, before it serves that batch (daemon.c,
 * MHD_epoll, in all of 0.9.75 to 1.0.1): exactly 128 or 256 busy clients of one thread then wait
 * for an event that never comes. Here the thread is ours: it waits with poll() on the daemon's
 * epoll descriptor and on an eventfd, and lets MHD_run ask with timeout 0, which can't stall. A
 * parked request is resumed in its loop's thread: resumed from another, wake-ups get lost. Each
 * loop has a listening socket of its own on the same port (SO_REUSEPORT). */
#include "web/serve.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/arena.h"
#include "base/clock.h"
#include "db/db.h"
#include "web/county.h"
#include "web/house.h"
#include "web/page.h"
#include "web/page_parse.h"
#include "web/routes.h"

enum { BACKLOG = 1024, FILES_KEPT = 200, CONNECTIONS_MAX = 20000 };

/* ---- Sockets ---- */

static int listen_at(const struct addrinfo *at, uint16_t port, bool shared)
{
    struct sockaddr_storage address = { 0 };
    memcpy(&address, at->ai_addr, at->ai_addrlen);
    if (at->ai_family == AF_INET6) ((struct sockaddr_in6 *)&address)->sin6_port = htons(port);
    else ((struct sockaddr_in *)&address)->sin_port = htons(port);
    int fd = socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), yes = 1;
    if (fd < 0) return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0
        && (!shared || setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes) == 0)
        && bind(fd, (struct sockaddr *)&address, at->ai_addrlen) == 0
        && (!shared || listen(fd, BACKLOG) == 0))
        return fd;
    close(fd);
    return -1;
}

static uint16_t port_of(int fd)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    if (getsockname(fd, (struct sockaddr *)&address, &size) != 0) return 0;
    return ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
                                               : ((struct sockaddr_in *)&address)->sin_port);
}

/* One listening socket a loop. A first one, not shared, finds out whether somebody else is there:
 * of the same user, SO_REUSEPORT would let both in. */
static enum status listen_all(struct server *server, int *fds, struct err *err)
{
    const struct serve_options *options = &server->options;
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE }, *found = NULL;
    int wrong = getaddrinfo(options->address, NULL, &hints, &found);
    if (wrong != 0)
        return err_about(err, INVALID, "address", "There is no such address.", "%s: %s",
                         options->address, gai_strerror(wrong));
    server->port = options->port;
    int probe = server->port ? listen_at(found, server->port, false) : -2;
    int wrong_errno = errno;
    if (probe >= 0) close(probe);
    bool good = probe != -1;
    for (unsigned i = 0; good && i < server->loop_count; i++) {
        fds[i] = listen_at(found, server->port, true);
        if (fds[i] < 0) wrong_errno = errno;
        else server->port = port_of(fds[i]);
        good = fds[i] >= 0;
    }
    freeaddrinfo(found);
    if (good) return OK;
    return err_about(err, INVALID, "address", "The address can't be listened at.", "%s:%u: %s",
                     options->address, (unsigned)options->port, strerror(wrong_errno));
}

/* ---- Start ---- */

static void fill_options(struct server *server, const struct serve_options *options)
{
    struct serve_options *o = &server->options;
    *o = *options;
    if (o->address == NULL) o->address = "127.0.0.1";
    if (o->request_ms <= 0) o->request_ms = MINUTE_MS;
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    if (o->loops == 0) o->loops = processors > 0 ? (unsigned)processors : 1;
    server->loop_count = o->loops < LOOPS_MAX ? o->loops : LOOPS_MAX;

    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0) files.rlim_cur = 1024;
    else if (files.rlim_cur < files.rlim_max) {
        rlim_t wanted = CONNECTIONS_MAX + FILES_KEPT;
        files.rlim_cur = files.rlim_max < wanted ? files.rlim_max : wanted;
        if (setrlimit(RLIMIT_NOFILE, &files) != 0) getrlimit(RLIMIT_NOFILE, &files);
    }
    rlim_t room = files.rlim_cur > 2 * FILES_KEPT ? files.rlim_cur - FILES_KEPT
                                                  : files.rlim_cur / 2;
    if (o->connections_max == 0 || o->connections_max > room)
        o->connections_max = room < CONNECTIONS_MAX ? (unsigned)room : CONNECTIONS_MAX;
}

static enum status check_pages(const struct server *server, struct err *err)
{
    for (const struct room *const *room = server->county->rooms; *room; room++) {
        for (const struct route *route = NULL; (route = room_next_route(*room, route)) != NULL;) {
            const struct spot *spot = routes_find(server->routes, route->path);
            const char *page = spot ? spot->pages[route->method] : NULL;
            if (page && page_path_of(server->pages, page) == NULL)
                return err_about(err, INVALID, "page", "A route has no such page.", "%s: %s",
                                 route->path, page);
        }
    }
    return OK;
}

static enum status start(struct server *server, struct err *err)
{
    int fds[LOOPS_MAX];
    for (size_t i = 0; i < COUNT(fds); i++) fds[i] = -1;
    TRY(routes_new(server->county->rooms, &server->routes, err));
    TRY(pages_load(server->options.pages_folder, &server->pages, err));
    TRY(check_pages(server, err));
    server->sessions = sessions_new();
    server->slow = slow_start();
    server->files = slow_start();
    if (server->sessions == NULL || server->slow == NULL || server->files == NULL) return BROKEN;
    enum status status = listen_all(server, fds, err);
    if (status == OK) status = scheduler_start(server->county, &server->scheduler, err);
    for (unsigned i = 0; i < server->loop_count; i++) {
        if (status == OK) status = loop_start(server, fds[i], &server->loops[i], err);
        if (server->loops[i] == NULL && fds[i] >= 0) close(fds[i]);
    }
    return status;
}

enum status serve_start(struct county *county, const struct web_hooks *hooks,
                        const struct serve_options *options, struct server **out,
                        struct err *err)
{
    assert(county->writer);
    struct server *server = calloc(1, sizeof *server);
    if (server == NULL) return BROKEN;
    signal(SIGPIPE, SIG_IGN);
    server->county = county;
    server->hooks = *hooks;
    fill_options(server, options);
    county->server = server;
    enum status status = start(server, err);
    if (status == OK) *out = server;
    else serve_stop(server);
    return status;
}

uint16_t serve_port(const struct server *server) { return server->port; }

void serve_stop(struct server *server)
{
    if (server == NULL) return;
    atomic_store(&server->stopping, true);
    for (unsigned i = 0; i < server->loop_count; i++) loop_stop(server->loops[i]);
    slow_stop(server->slow);
    slow_stop(server->files);
    scheduler_stop(server->scheduler);   // last: requests under way may turn the clock
    server->county->server = NULL;
    sessions_free(server->sessions);
    pages_free(server->pages);
    routes_free(server->routes);
    free(server);
}

/* ---- While it runs ---- */

void serve_forget(struct server *server, int64_t session_id)
{
    sessions_forget(server->sessions, session_id);
}

struct forgetting { struct server *server; int64_t session_id; };

static void forget(void *of)
{
    const struct forgetting *forgetting = of;
    serve_forget(forgetting->server, forgetting->session_id);
}

enum status serve_forget_after(struct tx *tx, int64_t session_id)
{
    struct server *server = tx_county(tx) ? tx_county(tx)->server : NULL;
    if (server == NULL) return OK;
    struct forgetting *forgetting = arena_new(tx_arena(tx), sizeof *forgetting);
    if (forgetting == NULL) return BROKEN;
    *forgetting = (struct forgetting){ server, session_id };
    return tx_done(tx, forget, forgetting);
}

void serve_clock_turned(struct server *server)
{
    sessions_forget(server->sessions, 0);   // some may have ended by now
    if (server->scheduler) scheduler_wake(server->scheduler);
}

bool serve_settled(const struct server *server)
{
    return server->scheduler == NULL || scheduler_settled(server->scheduler);
}
