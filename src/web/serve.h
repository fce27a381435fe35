/* serve.h - the HTTP server of one county: loops, sessions, replies, scheduler.
 *
 * Each loop is a thread with its own libmicrohttpd daemon in external epoll mode and an eventfd
 * (no thread of the library's own: notes in serve.c on the stall of full batches). A GET is
 * answered on its loop. A POST is prepared there, parked (MHD suspend) while the writer acts, and
 * resumed by its own loop when the group is on disk. A client that leaves while parked changes
 * nothing: the write is done and its answer stored under the idempotency key. */
#ifndef CUNHUO_WEB_SERVE_H
#define CUNHUO_WEB_SERVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/status.h"
#include "web/room.h"

/* Web's own room, the first of every county: settings, jobs, first answers, the clock. */
extern const struct room web_room;

struct county;
struct pages;
struct server;
struct tx;

/* What web asks of the house, since it knows no persons. */
struct web_hooks {
    /* Whose session this token (as sent) is. NOT_FOUND: nobody's, or it has ended. */
    enum status (*who)(struct tx *tx, const char *token, int64_t now_ms, struct who *out);
    bool (*may)(const struct who *who, const struct permission *permission);
};

struct serve_options {
    const char *address;      // "127.0.0.1"
    uint16_t port;            // 0: any free one
    unsigned loops;           // 0: one per processor, at most 4
    const char *pages_folder; // development: pages are read from there and again when they change
    bool secure_cookies;      // behind HTTPS
    const char *login;        // where a browser goes to log in, "/login"; NULL: it is told 401
    int64_t request_ms;       // how long a request may take to arrive, and a connection may idle;
                              // 0: a minute
    unsigned connections_max; // 0: as many as the system's limit of open files allows
};

/* Starts loops and scheduler; returns once requests are answered. Routes of all rooms are checked
 * first. INVALID: a route without permission or page, two of the same path, a page that does not
 * load, an address in use. */
MUST_USE enum status serve_start(struct county *county, const struct web_hooks *hooks,
                                 const struct serve_options *options, struct server **out,
                                 struct err *err);
uint16_t serve_port(const struct server *server);
/* What is accepted is finished, nothing new is taken. */
void serve_stop(struct server *server);

/* Forgets what is cached of a session (log-out, roles changed); 0: of all. Any thread. */
void serve_forget(struct server *server, int64_t session_id);
/* The same from an act, once it is on disk; does nothing where nobody serves. */
MUST_USE enum status serve_forget_after(struct tx *tx, int64_t session_id);

/* A POST's reply may set or end the session cookie: a name its view may carry at its top, taken out
 * before it is sent: "set_session" (token; "" ends it). Such an answer is not kept under its
 * idempotency key, since tokens are not for the database: repeated, the act is run again. An API
 * client that is to have the token gets it under another name of the view as well. */

/* Says that the county's clock was turned by other means than POST /clock (a tool, a test). */
void serve_clock_turned(struct server *server);
/* Every job that is due by the county's clock has been run. */
bool serve_settled(const struct server *server);

/* Runs one request without HTTP, in `tx` for act: for tests of routes. The view is the caller's. */
MUST_USE enum status route_run(const struct route *route, struct request *rq, struct tx *tx,
                               json_t **view, struct err *err);
#endif
