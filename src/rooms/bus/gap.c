/* gap.c - gaps in custody become cases. */
#include "rooms/bus/gap.h"

#include "base/arena.h"
#include "base/clock.h"
#include "db/db.h"
#include "rooms/bus/exception.h"
#include "web/county.h"

enum { DAYS_BACK = 3, TEXT_MAX = 60 };

static const struct sql find_gaps = SQL(
    "SELECT u.id, u.gap, u.code, u.place_id, e.scanned_ms FROM unit AS u"
    " JOIN custody_event AS e ON e.event_id = u.gap WHERE u.day >= $1 AND u.gap IS NOT NULL"
    " AND e.received_ms <= $2 ORDER BY u.id");

enum status gap_tick(struct tx *tx, int64_t due_ms, struct err *err)
{
    struct rows *rows;
    int64_t since = day_of(due_ms, tx_county(tx)->zone_s) - DAYS_BACK;
    enum status found = db_first(tx, &find_gaps, ARGS(i64(since), i64(due_ms - GAP_PATIENCE_MS)),
                                 &rows);
    for (; found == OK; found = db_next(rows)) {
        // A gap that has its case is told apart by unit and scan.
        char *key = arena_printf(tx_arena(tx), "gap-%lld-%.*s", (long long)row_i64(rows, 0),
                                 TEXT_MAX, row_str(rows, 1));
        if (key == NULL) return BROKEN;
        struct exception exception = {
            .kind = EXCEPTION_GAP, .unit_id = row_i64(rows, 0), .place_id = row_i64(rows, 3),
            .note = row_str(rows, 2), .client_key = key, .at_ms = row_i64(rows, 4),
            .recorded_ms = due_ms,
        };
        TRY(exception_open(tx, &exception, err));
    }
    return found == NOT_FOUND ? OK : found;
}
