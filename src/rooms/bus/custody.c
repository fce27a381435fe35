/* custody.c - scans in, custody out; tables unit and custody_event of bus.c. */
#include "rooms/bus/custody.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>
#include "base/arena.h"
#include "base/clock.h"
#include "db/db.h"
#include "rooms/bus/consignment.h"

static const char *const actions[] = { "hand_over", "pack", "unpack" };

/* ---- the fold ---- */

static bool in_order(const struct custody_event *a, const struct custody_event *b)
{
    return a->scanned_ms < b->scanned_ms
        || (a->scanned_ms == b->scanned_ms && strcmp(a->event_id, b->event_id) < 0);
}

static void note_arrival(const struct custody_history *h, struct custody *now)
{
    if (now->arrived_ms == 0 && now->holder_id == h->end_id) now->arrived_ms = now->since_ms;
}

/* What the unit inherits from the crate it is in, just before an instant. */
static enum status inherit(const struct custody_history *h, int64_t scanned_ms,
                           const char *event_id, struct custody *now)
{
    struct custody crate = { 0 };
    if (now->parent_id == 0) return OK;
    TRY(h->parent_at(h->of, now->parent_id, scanned_ms, event_id, &crate));
    if (crate.since_ms < now->since_ms) return OK;   // the crate has not moved since
    now->holder_id = crate.holder_id;
    now->since_ms = crate.since_ms;
    now->giver_id = crate.giver_id;
    note_arrival(h, now);
    return OK;
}

static void note_gap(struct custody *now, const struct custody_event *event)
{
    if (now->gap == NULL) now->gap = event->event_id;
}

static enum status fold_pack(const struct custody_history *h, const struct custody_event *event,
                             struct custody *now)
{
    struct custody crate = { 0 };
    if (now->parent_id == event->parent_id) return OK;   // scanned twice
    TRY(h->parent_at(h->of, event->parent_id, event->scanned_ms, event->event_id, &crate));
    if (crate.holder_id != now->holder_id) {
        note_gap(now, event);
        now->giver_id = now->holder_id;
        now->holder_id = crate.holder_id;
        now->since_ms = event->scanned_ms;
    }
    now->parent_id = event->parent_id;
    return OK;
}

static void fold_hand_over(const struct custody_event *event, struct custody *now)
{
    // Giver and taker both scan, or the crate was scanned too: the later only confirms the first.
    if (now->holder_id == event->taker_id && now->giver_id == event->giver_id) return;
    if (now->holder_id != event->giver_id) note_gap(now, event);
    now->parent_id = 0;   // scanned by itself, it is out of the crate
    now->giver_id = event->giver_id;
    now->holder_id = event->taker_id;
    now->since_ms = event->scanned_ms;
}

enum status custody_fold(const struct custody_history *h, struct custody *out)
{
    struct custody now = { .holder_id = h->origin_id, .since_ms = h->made_ms };
    for (size_t i = 0; i < h->count; i++) {
        const struct custody_event *event = &h->events[i];
        assert(i == 0 || in_order(event - 1, event));
        TRY(inherit(h, event->scanned_ms, event->event_id, &now));
        switch (event->action) {
        case PACK: TRY(fold_pack(h, event, &now)); break;
        case UNPACK: if (now.parent_id == event->parent_id) now.parent_id = 0; break;
        case HAND_OVER: fold_hand_over(event, &now); break;
        }
        note_arrival(h, &now);
    }
    TRY(inherit(h, h->until_ms, h->until_id, &now));
    *out = now;
    return OK;
}

/* ---- folding from rows ---- */

static const struct sql find_unit = SQL(
    "SELECT origin_id, made_ms, end_id, coalesce(consignment_id, 0) FROM unit WHERE id = $1");
static const struct sql find_events = SQL(
    "SELECT event_id, action, giver_id, taker_id, parent_id, scanned_ms FROM custody_event"
    " WHERE unit_id = $1 ORDER BY scanned_ms, event_id");

struct folding { struct tx *tx; int depth; struct err *err; };

static enum custody_action action_of(const char *name)
{
    return name[0] == 'h' ? HAND_OVER : name[0] == 'p' ? PACK : UNPACK;
}

/* `before` and `id`: only scans before them (id NULL: scans up to `before`). */
static enum status read_events(struct tx *tx, int64_t unit_id, int64_t before, const char *id,
                               struct custody_history *h)
{
    struct custody_event *events = NULL;
    struct rows *rows;
    size_t n = 0;
    enum status found = db_first(tx, &find_events, ARGS(i64(unit_id)), &rows);
    for (; found == OK; found = db_next(rows)) {
        struct custody_event event = {
            .event_id = row_str(rows, 0), .action = action_of(row_str(rows, 1)),
            .unit_id = unit_id, .giver_id = row_i64(rows, 2), .taker_id = row_i64(rows, 3),
            .parent_id = row_i64(rows, 4), .scanned_ms = row_i64(rows, 5),
        };
        struct custody_event limit = { .event_id = id, .scanned_ms = before };
        if (id ? !in_order(&event, &limit) : event.scanned_ms > before) continue;
        events = arena_more(tx_arena(tx), events, n, sizeof *events);
        if (events == NULL) return BROKEN;
        events[n++] = event;
    }
    h->events = events;
    h->count = n;
    return found == NOT_FOUND ? OK : found;
}

static enum status fold_unit(struct folding *folding, int64_t unit_id, int64_t before,
                             const char *id, struct custody *out);

static enum status fold_parent(void *of, int64_t parent_id, int64_t scanned_ms,
                               const char *event_id, struct custody *out)
{
    struct folding deeper = *(const struct folding *)of;
    deeper.depth++;
    return fold_unit(&deeper, parent_id, scanned_ms, event_id, out);
}

static enum status fold_unit(struct folding *folding, int64_t unit_id, int64_t before,
                             const char *id, struct custody *out)
{
    struct rows *rows;
    *out = (struct custody){ 0 };
    if (folding->depth > DEPTH_MAX) return OK;   // refused when it was packed
    enum status found = db_first(folding->tx, &find_unit, ARGS(i64(unit_id)), &rows);
    if (found == NOT_FOUND)
        return err_set(folding->err, NOT_FOUND, "unit_id", "Nobody knows this code.");
    if (found != OK) return found;
    struct custody_history history = {
        .origin_id = row_i64(rows, 0), .made_ms = row_i64(rows, 1),
        .end_id = row_i64(rows, 2), .parent_at = fold_parent,
        .of = folding, .until_ms = before, .until_id = id,
    };
    int64_t consignment_id = row_i64(rows, 3);
    TRY(read_events(folding->tx, unit_id, before, id, &history));
    TRY(custody_fold(&history, out));
    out->consignment_id = consignment_id;
    return OK;
}

enum status custody_at(struct tx *tx, int64_t unit_id, int64_t until_ms, struct custody *out,
                       struct err *err)
{
    return fold_unit(&(struct folding){ tx, 0, err }, unit_id, until_ms, NULL, out);
}

/* ---- recording ---- */

static const struct sql add_event = SQL(
    "INSERT INTO custody_event (event_id, action, unit_id, giver_id, taker_id, parent_id, by_id,"
    " place_id, phone_ms, offset_ms, scanned_ms, received_ms)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
    " ON CONFLICT DO NOTHING RETURNING received_ms");
static const struct sql find_same = SQL(
    "SELECT received_ms FROM custody_event WHERE event_id = $1 AND action = $2 AND unit_id = $3"
    " AND giver_id = $4 AND taker_id = $5 AND parent_id = $6 AND by_id = $7 AND place_id = $8"
    " AND phone_ms = $9 AND offset_ms = $10");
static const struct sql keep_fold = SQL(
    "UPDATE unit SET holder_id = $2, parent_id = $3, since_ms = $4, gap = $5, arrived_ms = $6"
    " WHERE id = $1");
static const struct sql find_contents = SQL(
    "SELECT DISTINCT unit_id FROM custody_event WHERE parent_id = $1 ORDER BY unit_id");

/* Folds a unit and everything that was ever in it, and keeps the results in their columns. */
static enum status refold(struct tx *tx, int64_t unit_id, int depth, struct err *err)
{
    struct custody now;
    struct rows *rows;
    TRY(custody_at(tx, unit_id, MS_MAX, &now, err));
    TRY(db_run(tx, &keep_fold, ARGS(i64(unit_id), i64(now.holder_id), i64(now.parent_id),
                                    i64(now.since_ms), str(now.gap),
                                    now.arrived_ms ? i64(now.arrived_ms) : null())));
    if (now.consignment_id) TRY(consignment_progress(tx, now.consignment_id));
    if (depth == DEPTH_MAX) return OK;
    enum status found = db_first(tx, &find_contents, ARGS(i64(unit_id)), &rows);
    for (; found == OK; found = db_next(rows)) TRY(refold(tx, row_i64(rows, 0), depth + 1, err));
    return found == NOT_FOUND ? OK : found;
}

static const struct sql find_containers = SQL(
    "SELECT DISTINCT parent_id FROM custody_event WHERE unit_id = $1 AND parent_id <> 0"
    " ORDER BY parent_id");

/* How many lie in one another under (find_contents) or around (find_containers) a unit, or ever
 * did, counted up to DEPTH_MAX + 1. `seen` is set if `wanted_id` is the unit or among them. */
static enum status depth_of(struct tx *tx, const struct sql *next, int64_t unit_id,
                            int64_t wanted_id, int limit, int *depth, bool *seen)
{
    struct rows *rows;
    *depth = 0;
    *seen = *seen || unit_id == wanted_id;
    if (limit == 0) return OK;
    enum status found = db_first(tx, next, ARGS(i64(unit_id)), &rows);
    for (; found == OK; found = db_next(rows)) {
        int below;
        TRY(depth_of(tx, next, row_i64(rows, 0), wanted_id, limit - 1, &below, seen));
        if (below + 1 > *depth) *depth = below + 1;
    }
    return found == NOT_FOUND ? OK : found;
}

/* A crate can't be in what is in it, and not too many lie in one another. */
static enum status check_pack(struct tx *tx, const struct custody_event *event, struct err *err)
{
    int under, around;
    bool inside = false, ignored = false;
    TRY(depth_of(tx, &find_contents, event->unit_id, event->parent_id, DEPTH_MAX + 1, &under,
                 &inside));
    TRY(depth_of(tx, &find_containers, event->parent_id, 0, DEPTH_MAX + 1, &around, &ignored));
    if (inside) return err_set(err, INVALID, "parent_id", "A crate can't be in itself.");
    if (under + 1 + around > DEPTH_MAX)
        return err_set(err, INVALID, "parent_id", "Too many crates in one another.");
    return OK;
}

static enum status check_event(struct tx *tx, const struct custody_event *event, struct err *err)
{
    struct rows *rows;
    if (event->action == HAND_OVER) {
        if (event->giver_id == event->taker_id)
            return err_set(err, INVALID, "taker_id", "Giver and taker are the same.");
        return OK;
    }
    enum status found = db_first(tx, &find_unit, ARGS(i64(event->parent_id)), &rows);
    if (found == NOT_FOUND)
        return err_set(err, NOT_FOUND, "parent_id", "Nobody knows this crate.");
    return found == OK ? check_pack(tx, event, err) : found;
}

enum status custody_record(struct tx *tx, const struct custody_event *event, int64_t *received_ms,
                           struct err *err)
{
    struct rows *rows;
    enum status known = db_first(tx, &find_unit, ARGS(i64(event->unit_id)), &rows);
    if (known == NOT_FOUND) return err_set(err, NOT_FOUND, "unit_id", "Nobody knows this code.");
    if (known != OK) return known;
    TRY(check_event(tx, event, err));

    struct args args = ARGS(str(event->event_id), str(actions[event->action]),
                            i64(event->unit_id), i64(event->giver_id), i64(event->taker_id),
                            i64(event->parent_id), i64(event->by_id), i64(event->place_id),
                            i64(event->phone_ms), i64(event->offset_ms),
                            i64(event->scanned_ms), i64(event->received_ms));
    enum status added = db_first(tx, &add_event, args, &rows);
    bool repeat = added == NOT_FOUND;   // the id is taken: by this very scan?
    if (repeat) {
        args.count = 10;                // all but what the county adds
        added = db_first(tx, &find_same, args, &rows);
    }
    if (added == NOT_FOUND)
        return err_set(err, CONFLICT, "event_id", "Another scan was sent under this id.");
    if (added != OK) return added;
    *received_ms = row_i64(rows, 0);
    return repeat ? OK : refold(tx, event->unit_id, 0, err);
}

static const struct sql find_day = SQL(
    "SELECT id, holder_id, parent_id, since_ms, coalesce(arrived_ms, 0), gap FROM unit"
    " WHERE day = $1 ORDER BY id");

enum status custody_check(struct tx *tx, int64_t day, int64_t *gaps, int64_t *stale,
                          struct err *err)
{
    struct rows *rows;
    *gaps = *stale = 0;
    enum status found = db_first(tx, &find_day, ARGS(i64(day)), &rows);
    for (; found == OK; found = db_next(rows)) {
        struct custody now;
        TRY(custody_at(tx, row_i64(rows, 0), MS_MAX, &now, err));
        const char *gap = row_str(rows, 5);
        bool same_gap = gap && now.gap ? strcmp(gap, now.gap) == 0 : gap == now.gap;
        *gaps += now.gap != NULL;
        *stale += now.holder_id != row_i64(rows, 1) || now.parent_id != row_i64(rows, 2)
               || now.since_ms != row_i64(rows, 3) || now.arrived_ms != row_i64(rows, 4)
               || !same_gap;
    }
    return found == NOT_FOUND ? OK : found;
}
