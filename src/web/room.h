/* room.h - what a room tells the house about itself, and how the house calls it back. */
#ifndef CUNHUO_WEB_ROOM_H
#define CUNHUO_WEB_ROOM_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/status.h"
#include "db/writer.h"

struct arena;
struct county;    // web/county.h
struct form;      // web/form.h
struct tx;
struct workflow;  // case/workflow.h
struct figure;    // web/figure.h
struct pdf;       // paper/pdf.h

/* Who asks, as main.c's look-up found it (people/session.h); web itself knows no persons. */
struct who {
    int64_t user_id;          // 0: nobody has logged in
    int64_t place_id;         // village, station or hub of the duty; 0: the whole county, or none
    uint64_t roles;           // set of people's roles, opaque here
    int64_t session_id;
};

struct request {
    struct arena *arena;
    struct county *county;
    const struct form *form;  // fields of path, query and body
    struct who who;
    int64_t user_id;          // = who.user_id
    int64_t arrived_ms;       // when the last byte was here, by the county's clock
    const char *key;          // idempotency key of a write
    const char *lang;         // "zh" or "en"
};

enum method { GET, POST };

/* Rights are data next to the route: who has a permission is said by role names, so that the whole
 * matrix can be printed (cunhuo permissions) and tested against every route. */
struct permission {
    const char *name;         // "bus.scan"
    const char *text;         // msgid, for the page on which roles are given
    const char *roles;        // "driver keeper station", names of people/role.h
};

/* Says in the table that a route is open to all: a route without a permission does not start. */
extern const struct permission anyone;    // the public, without log-in
extern const struct permission logged_in; // whoever has logged in

/* A handler in three parts. `in` and `out` are zeroed structs from the request's arena.
 *   prepare  HTTP thread: parses, validates, checks rights; fills `in`; writes nothing. Optional.
 *   act      POST: the county's one writer, inside its transaction: SQL only, from `in` to `out`.
 *            GET: a reader's snapshot, on the HTTP thread. May be repeated, so it does nothing
 *            but store. Optional for GET.
 *   show     right after the act, still inside the transaction, since the answer is stored with
 *            the idempotency key: a new view, made of nothing but `rq` and `out`, which the house
 *            takes over and sends as JSON to the API, through pages/<page>.html to a browser.
 *            NULL: no memory.
 * A refused act (INVALID, DENIED, NOT_FOUND, CONFLICT) leaves no trace but its answer, which is
 * stored with the key as well: a late repeat is told the same.
 *
 * A GET that answers with bytes (a PDF, a label printer's job) has `file` instead of act and show.
 * It and its prepare run on a thread of their own, where drawing may take seconds and writer_call
 * may wait: one file after the other, behind nobody else. Its reader's arena is wide; what it
 * takes from rq->arena goes when the bytes are sent. */
struct reply_file {
    const char *type;         // "application/pdf"
    const char *name;         // under which a browser keeps it, ASCII; NULL: none
    void *bytes;              // from malloc; the house frees them, after a refusal too
    size_t size;
};

struct route {
    enum method method;
    const char *path;                    // {field} is read like a field of the form
    const struct permission *permission;
    const char *page;                    // NULL: JSON only
    const char *next;                    // POST from a browser goes on there (303), e.g.
                                         // "/shop/orders/{code}" with names of the view; or NULL
    const char *text;                    // msgid: what it does, for API.md and OpenAPI
    enum lane lane;
    size_t in_size, out_size;
    enum status (*prepare)(struct request *rq, void *in, struct err *err);
    enum status (*act)(struct tx *tx, const void *in, void *out, struct err *err);
    json_t *(*show)(struct request *rq, const void *out);
    size_t body_max;                     // bytes; 0: 64 KiB
    enum status (*file)(struct request *rq, struct tx *tx, const void *in, struct reply_file *out,
                        struct err *err);
    bool slow;                           // POST: prepare takes more than a millisecond (passwords)
                                         // and gets a thread of its own, off the HTTP loop. A job
                                         // does not wait for slow requests that arrived before it
};

/* Work that the clock starts. `act` runs in the writer together with the note that the job has run
 * for `due_ms`: exactly once for each due instant, whatever is restarted around it, and after
 * every request that arrived before. Jobs of several rooms run in the order of their due instants.
 * `after` runs on the scheduler's thread after the commit (start a plan, send what the outbox
 * holds): at least once, since it is called again after a restart that came in between. It must be
 * short: other jobs wait for it. JOB_EVERY is due at the multiples of every_s since 1970. A clock
 * turned past several instants, and a start after as many, runs a JOB_CATCH_UP for each of them, a
 * JOB_SKIP for the last: a server killed at 23:00:00 closes the wave when it is back. */
enum job_when { JOB_DAILY, JOB_EVERY };
enum job_missed { JOB_CATCH_UP, JOB_SKIP };  // what was due meanwhile: each one, or the last
struct job {
    const char *name;                    // "bus.close_wave"
    enum job_when when;
    int32_t at_s;                        // JOB_DAILY: second of the county's day
    int32_t every_s;                     // JOB_EVERY
    enum job_missed missed;
    enum status (*act)(struct tx *tx, int64_t due_ms, struct err *err);   // any status but OK: it
                                                       // is undone, and tried again later
    void (*after)(struct county *county, int64_t due_ms);
};

/* A verb of the command line: "cunhuo bus papers FOLDER". The county is open to be read, its rooms
 * are not started. argv[0] is the command's name, then what followed FOLDER. Returns the exit
 * code. */
struct command {
    const char *name, *text;
    int (*run)(struct county *county, int argc, char **argv);
};

/* What a room prints on A4 or as labels: for a day, or for one trip of the bus where that makes
 * sense. Drawn into `pdf` outside of loops and writer. Nothing to print is OK, with no page. */
struct printing {
    struct pdf *pdf;
    int64_t day, trip_id;                // trip_id 0: the whole day
    const char *lang;
    const char *mark;                    // on each page: "copy 2"; NULL: none
    int64_t printed_ms;
};
struct paper {
    const char *name, *text;             // "manifest", msgid
    enum status (*draw)(struct tx *tx, const struct printing *printing, struct err *err);
};

/* Each list ends with an empty entry; a room that has none leaves it out. */
struct room {
    const char *name;                           // folder, and first part of every path
    const char *const *tables;                  // migrations; never edited once released
    const struct route *routes;
    const struct route *const *more_routes;     // of the room's other files: lists of them
    const struct permission *const *permissions;
    const struct workflow *const *workflows;
    const struct job *jobs;
    const struct command *commands;
    const struct figure *figures;               // what other rooms may know, by name
    const struct paper *papers;                 // what is printed for a night, in this order
    /* State in memory that follows the rows: made when the county opens (after all tables are
     * there, before the first request), ended when it closes. county_state finds it. */
    enum status (*start)(struct county *county, void **state, struct err *err);
    void (*stop)(struct county *county, void *state);
    /* `cunhuo check`: recomputes what the room's rows promise, and prints its counts, one "name
     * number" a line. INVALID: something is not as it must be. Optional. */
    enum status (*check)(struct tx *tx, struct err *err);
};

/* The room's routes one after the other: the first for NULL, then the one after `last`; NULL: no
 * more. */
const struct route *room_next_route(const struct room *room, const struct route *last);
#endif
