/* writer.h - the county's one writer: acts run one after the other, and commit in groups.
 *
 * Entries queue up in three lanes. The writer takes all that has queued up (at most GROUP_MAX,
 * first lane first, each lane in order of arrival), runs each act in a savepoint of its own,
 * commits the group once (durable), then calls each entry's `done`. So a group is as large as the
 * rush is, and a lone entry waits for nobody. There is no timer, no retry and no deadlock.
 *
 *   put ─▶ lane ─▶ act, act, act … ─▶ COMMIT (fsync) ─▶ done, done, done …
 *
 * An act that fails is undone alone (its savepoint and its tx_undo calls). When the commit itself
 * fails (disk full), the whole group is undone and every entry ends BROKEN. `done` is called
 * exactly once for each entry that was put, also at stop; it must be short, for the next group
 * waits.
 *
 * Backpressure: when the expected wait (entries ahead × measured time each) passes WAIT_MAX_MS, a
 * newcomer is refused with BUSY before it is queued; the first lane has twice the patience.
 *
 * Imports come as many short acts (a slice of rows each): once the other lanes are served, they get
 * IMPORT_SLICE_MS of a group, and less when an order comes in meanwhile.
 *
 * Order around an instant (the closing of the wave): arrived_ms is stamped by the caller when a
 * request is complete; writer_barrier holds back an entry until every request stamped earlier has
 * been put (see writer_arrive). */
#ifndef CUNHUO_DB_WRITER_H
#define CUNHUO_DB_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/status.h"

struct arena;
struct clock;
struct db;
struct tx;
struct writer;

enum lane { LANE_FIRST, LANE_ORDER, LANE_IMPORT, LANES };  // payments and scans; orders; imports
enum { WAIT_MAX_MS = 1500, GROUP_MAX = 256, IMPORT_SLICE_MS = 20 };

/* Part of the caller's own struct, which stays where it is until `done` was called. */
struct entry {
    enum lane lane;
    struct arena *arena;      // becomes tx_arena; used by the writer from put until done
    enum status (*act)(struct tx *tx, struct entry *entry, struct err *err);
    void (*done)(struct entry *entry);
    enum status status;       // of the act; BROKEN when its group was not committed; BUSY when it
    struct err err;           //   was not acted on, for the database is gone for a while
    struct entry *next;       // the writer's, like all that follow
    int64_t put_us, barrier_ms;
    bool *finished;
};

MUST_USE enum status writer_start(struct db *db, struct writer **out, struct err *err);
/* Finishes what is queued, refuses what comes, ends the thread. NULL is fine. */
void writer_stop(struct writer *writer);

/* Queues an entry. BUSY: the wait would be too long, or the writer is stopping; not queued. */
MUST_USE enum status writer_put(struct writer *writer, struct entry *entry);

/* The same, and waits for the end of it: for threads that may wait (scheduler, tools). Returns the
 * entry's status; `done` may be NULL. */
MUST_USE enum status writer_call(struct writer *writer, struct entry *entry, struct err *err);

/* A request is complete: returns the instant of `clock` it is stamped with, and remembers that it
 * is on its way to the queue until writer_arrived(ticket), called after writer_put or after giving
 * up. Stamps and barrier are taken under one lock, so there is no gap between them. */
int64_t writer_arrive(struct writer *writer, const struct clock *clock, int *ticket);
void writer_arrived(struct writer *writer, int ticket);

/* Queues `entry` (behind the orders, whatever its lane) as soon as no request stamped before
 * `instant_ms` is on its way. The entry's act is run after everything in the first and the order
 * lane that was stamped before. The caller has seen to it that the clock shows instant_ms or later;
 * should the machine's clock step back afterwards, stamps don't (a turn on purpose is obeyed).
 * BUSY: the writer is stopping; one that is held back at stop ends BUSY, not acted on. */
MUST_USE enum status writer_barrier(struct writer *writer, int64_t instant_ms,
                                    struct entry *entry);

/* For health and metrics. */
struct writer_figures {
    int64_t acts, groups, refused, failed_groups;  // since start
    int64_t queued;                                // now
    int64_t act_us, commit_us;                     // moving means
};
struct writer_figures writer_figures(struct writer *writer);
#endif
