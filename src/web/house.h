/* house.h - private to web: one request on its way through the house, and what all requests share.
 *
 *   loop.c     bytes: connections, limits, parking and resuming  (libmicrohttpd, one thread each)
 *   house.c    what becomes of a request: route, session, rights, prepare, act, show
 *   answers.c  the first answer of every write, kept under its idempotency key
 *   reply.c    a view or a refusal as JSON, page, redirection
 *   builtin.c  health, metrics, files of the pages, OpenAPI: what is no route of a room
 *
 * A call belongs to its loop's thread, except that the writer has it between writer_put and done.
 * Its memory is one arena, kept for the next call. */
#ifndef CUNHUO_WEB_HOUSE_H
#define CUNHUO_WEB_HOUSE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/status.h"
#include "db/writer.h"
#include "web/fields.h"
#include "web/room.h"
#include "web/serve.h"

struct loop;
struct pages;
struct routes;
struct scheduler;
struct sessions;
struct slow;

enum {
    LOOPS_MAX = 4,
    CALL_BYTES_MAX = 8 * 1024 * 1024,
    FILE_BYTES_MAX = 512 * 1024 * 1024,   // of what a file is drawn from
    BODY_MAX = 64 * 1024,          // unless the route says otherwise
    BODY_DRAINED = 4 * 1024 * 1024 // what is read and thrown away to answer 413 in peace
};

/* Counted since the start, by all loops. */
struct tally {
    atomic_llong requests, by_class[6];   // 2xx at [2]
    atomic_llong replayed, connections, slow;
};

struct server {
    struct county *county;
    struct web_hooks hooks;
    struct serve_options options;
    struct pages *pages;
    struct routes *routes;
    struct sessions *sessions;
    struct scheduler *scheduler;
    struct slow *slow, *files;
    struct loop *loops[LOOPS_MAX];
    unsigned loop_count;
    uint16_t port;
    atomic_bool stopping;
    struct tally tally;
};

/* What goes back. Bytes are in the arena, or last as long as the program, or are `owned`. */
struct reply {
    unsigned http;
    const char *type;
    const void *bytes;
    size_t size;
    const char *location, *cookie, *etag, *allow, *cache, *disposition;
    void *owned;      // of malloc: freed once it is sent, or with the call
    bool page;        // HTML: it gets the page's security policy
    bool replayed;    // the first answer again
    bool retry;       // Retry-After
    bool must_login;  // WWW-Authenticate
};

enum call_state { CALL_ARRIVING, CALL_PARKED, CALL_BACK, CALL_SENT };

struct call {
    struct entry entry;          // first: the writer hands back this
    enum call_state state;       // the loop's
    struct request rq;
    struct server *server;
    struct loop *loop;
    void *connection;            // loop.c's
    const char *path;            // raw, without /api/v1
    const char *token;           // of the session, or NULL
    bool head, api, json, bearer;
    enum method method;
    const struct route *route;
    const char *page;            // whole name of the route's page, or NULL
    struct form form;
    char *body;
    size_t body_size, body_room, body_max, body_seen;

    void *in, *out;
    enum status prepared;        // a refusal of prepare, to be told unless there is an older answer
    struct err prepare_err;
    unsigned char digest[FORM_DIGEST], key_digest[FORM_DIGEST];

    unsigned http;               // an answer that is none of enum status: 400, 401, 405 ...
    enum status status;
    struct err err;
    json_t *view;                // of OK, or NULL
    char *text;                  // the view as JSON, in the arena
    size_t text_size;
    struct reply_file file;      // of OK, when the route answers with one
    const char *session;         // set_session of the view
    struct reply reply;
    struct call *next;           // spare, or done
};

/* Headers are here: finds the route and how much body it takes. `method` as sent. */
void house_begin(struct call *call, const char *method, const char *path, const char *type);

/* The body is here too. True: the writer has the call, and its loop will get it back; house_finish
 * then makes the reply. False: the reply is there. */
bool house_answer(struct call *call);
void house_finish(struct call *call);

/* Prepares a write and gives it to the writer. False: it has failed, its status says how. */
bool house_prepare_and_put(struct call *call);

/* Draws the file of a route, on a thread of slow.c; then house_finish. */
void house_file(struct call *call);

/* slow.c: a thread for files, and one for routes whose prepare takes long. BUSY: too many are
 * waiting for it. */
MUST_USE struct slow *slow_start(void);
MUST_USE enum status slow_put(struct slow *slow, struct call *call);
void slow_stop(struct slow *slow);   // NULL is fine; no call is under way

/* A view as JSON text in the arena. */
MUST_USE enum status view_text(struct arena *arena, const json_t *view, char **text,
                               size_t *size);

/* loop.c: a header or a cookie as sent, or NULL; whether the client is on this machine. */
const char *call_header(const struct call *call, const char *name);
const char *call_cookie(const struct call *call, const char *name);
bool call_local(const struct call *call);
/* Adds the query's fields. */
MUST_USE enum status call_query(struct call *call, struct err *err);
/* Gives a call back to its loop, from the writer's thread. */
void loop_done(struct call *call);

MUST_USE enum status loop_start(struct server *server, int listener, struct loop **out,
                                struct err *err);
/* After `stopping` is set; waits for the calls under way. NULL is fine. */
void loop_stop(struct loop *loop);

/* answers.c: see there. */
MUST_USE enum status answer_act(struct tx *tx, struct entry *entry, struct err *err);
void answer_key(struct call *call);
MUST_USE enum status answers_sweep(struct tx *tx, int64_t due_ms, struct err *err);

/* reply.c: fills call->reply from status, err, view and text. */
void reply_make(struct call *call);
unsigned http_of(enum status status);
MUST_USE bool place_fill(struct arena *arena, const char *pattern, const json_t *view,
                         const char **out);

/* builtin.c: answers what is no route of a room. False: it is none of these. */
bool builtin_answer(struct call *call);

/* openapi.c: new text in the arena; NULL: no memory. */
const char *openapi_text(struct server *server, struct arena *arena);

/* session.c: whose token it is, from memory or by hooks.who. Any thread. */
MUST_USE struct sessions *sessions_new(void);
void sessions_free(struct sessions *sessions);
MUST_USE enum status session_who(struct server *server, struct arena *arena, const char *token,
                                 int64_t now_ms, struct who *out);
void sessions_forget(struct sessions *sessions, int64_t session_id);   // 0: all

/* job.c: the scheduler's thread. */
MUST_USE enum status scheduler_start(struct county *county, struct scheduler **out,
                                     struct err *err);
void scheduler_wake(struct scheduler *scheduler);
bool scheduler_settled(struct scheduler *scheduler);   // nothing that is due has yet to be run
void scheduler_stop(struct scheduler *scheduler);      // NULL is fine

/* county.c: remembers that the clock was turned, for the next start. */
MUST_USE enum status county_keep_turn(struct tx *tx, int64_t now_ms, bool running);
#endif
