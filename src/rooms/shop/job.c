/* job.c - what the clock starts: orders not paid in time, and orders that have been collected. */
#include "base/arena.h"
#include "base/clock.h"
#include "db/db.h"
#include "db/writer.h"
#include "rooms/bus/bus.h"
#include "rooms/shop/order.h"
#include "rooms/shop/report.h"
#include "web/county.h"

enum { SETTLE_DAYS = 10, SETTLE_BYTES = 64 << 20, SETTLED_AT_ONCE = 200 };

/* A room before the bus in the program's list: at 23:00 what is not paid leaves before the wave
 * closes. */
static enum status expire(struct tx *tx, int64_t due_ms, struct err *err)
{
    enum status expired;
    do expired = order_expire_next(tx, due_ms, err);
    while (expired == OK);
    return expired == NOT_FOUND ? OK : expired;
}

/* ---- collected ---- */

struct settle {
    struct entry entry;
    int64_t due_ms;
    struct settled { int64_t order_id, at_ms; } orders[SETTLED_AT_ONCE];
    size_t count;
};

static enum status act_settle(struct tx *tx, struct entry *entry, struct err *err)
{
    const struct settle *settle = (const struct settle *)entry;
    for (size_t i = 0; i < settle->count; i++)
        TRY(order_collected(tx, settle->orders[i].order_id, settle->orders[i].at_ms, err));
    return OK;
}

static const struct sql find_under_way = SQL(
    "SELECT id, consignment_id FROM shop_order WHERE day > $1 AND day <= $2 AND id > $3"
    " AND state IN ('paid', 'picked') ORDER BY id");

/* Collected ones after `after_id`, as many as go into one act. */
static enum status find_collected(struct tx *tx, int64_t today, int64_t *after_id,
                                  struct settle *settle)
{
    struct rows *rows;
    struct err err = { .text = "" };
    enum status found = db_first(tx, &find_under_way,
                                 ARGS(i64(today - SETTLE_DAYS), i64(today), i64(*after_id)), &rows);
    for (; found == OK && settle->count < SETTLED_AT_ONCE; found = db_next(rows)) {
        struct consignment_now now;
        *after_id = row_i64(rows, 0);
        TRY(bus_consignment_now(tx, row_i64(rows, 1), &now, &err));
        if (now.collected_ms == 0) continue;
        settle->orders[settle->count++] = (struct settled){ *after_id, now.collected_ms };
    }
    return found;   // OK: there are more
}

/* On the scheduler's thread: readers look, and the writer gets only what has changed. */
static void settle_collected(struct county *county, int64_t due_ms)
{
    int64_t after_id = 0, today = day_of(due_ms, county->zone_s);
    enum status found = OK;
    while (found == OK) {
        struct arena *arena = arena_open(SETTLE_BYTES);
        struct settle *settle = arena ? arena_new(arena, sizeof *settle) : NULL;
        struct err err = { .text = "" };
        struct tx *tx;
        found = settle ? db_read_begin(county->db, arena, &tx) : BROKEN;
        if (found == OK) {
            found = find_collected(tx, today, &after_id, settle);
            db_read_end(tx);
        }
        if (settle && settle->count > 0 && (found == OK || found == NOT_FOUND)) {
            settle->entry = (struct entry){ .lane = LANE_ORDER, .arena = arena, .act = act_settle };
            // What the writer is too busy for is found again a minute later.
            if (writer_call(county->writer, &settle->entry, &err) != OK) found = BUSY;
        }
        arena_free(arena);
    }
}

const struct job shop_jobs[] = {
    { .name = "shop.expire", .when = JOB_EVERY, .every_s = 60, .missed = JOB_SKIP, .act = expire,
      .after = settle_collected },
    { 0 }
};
