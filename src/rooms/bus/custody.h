/* custody.h - who holds a handling unit, and since when.
 *
 * Custody (保管责任) of a unit passes from giver to taker by a scan of either or both, an EPCIS 2.0
 * ObjectEvent; packing into a crate and taking out of it are AggregationEvents (ADD, DELETE). While
 * a unit is in a crate, whoever holds the crate holds the unit. Scans are added, never changed.
 * None is refused for being late, out of order or from a giver nobody expected: the crate has
 * moved, like it or not. Who holds a unit is folded from its scans, and those of what it was in, in
 * the order they were made: so the state is the same in whatever order they arrive. A missing scan
 * shows as a gap, for a case to clear up: the hand-over is then added like any other, and the gap
 * is gone.
 *
 * The columns holder_id, parent_id, since_ms and gap of `unit` hold the fold of all scans so far;
 * custody_record brings them up to date for the unit and all that was ever in it; custody_check
 * folds anew and compares. A unit is in at most DEPTH_MAX others. Times are ms since 1970. */
#ifndef CUNHUO_BUS_CUSTODY_H
#define CUNHUO_BUS_CUSTODY_H

#include <stddef.h>
#include <stdint.h>
#include "base/status.h"

struct tx;

enum { DEPTH_MAX = 4 };

enum custody_action { HAND_OVER, PACK, UNPACK };

struct custody_event {
    const char *event_id;             // eventID, made by the phone: sent twice, counted once
    enum custody_action action;
    int64_t unit_id;
    int64_t giver_id;                 // HAND_OVER: source possessing_party, a person or place
    int64_t taker_id;                 // HAND_OVER: destination possessing_party
    int64_t parent_id;                // PACK, UNPACK: the crate
    int64_t by_id;                    // who scanned
    int64_t place_id;                 // where; 0: on the road
    int64_t phone_ms, offset_ms;      // the phone's clock, and how far it was behind the county's
    int64_t scanned_ms;               // eventTime: their sum, or what the county made of it
    int64_t received_ms;              // recordTime: county's clock at the first arrival
};

struct custody {
    int64_t holder_id;                // 0: nobody has it yet
    int64_t parent_id;                // the crate it is in; 0: none
    int64_t since_ms;                 // when it came to the holder
    int64_t giver_id;                 // from whom; 0: it began there
    int64_t consignment_id;           // what it belongs to; 0: a container
    int64_t arrived_ms;               // when it first came to the end of its way; 0: not yet
    const char *gap;                  // id of the first scan that doesn't fit, or NULL
};

/* Adds a scan and brings the units' columns up to date; `received_ms` gets its first arrival, so
 * that a repeat has the same answer. CONFLICT: its event_id was used before, for a scan that says
 * something else. INVALID: a unit into itself or one that is in it, more than DEPTH_MAX in one
 * another, giver and taker the same.
 * NOT_FOUND: no such unit or crate. */
MUST_USE enum status custody_record(struct tx *tx, const struct custody_event *event,
                                    int64_t *received_ms, struct err *err);

/* Folds the scans of a unit anew, up to an instant (MS_MAX: all). NOT_FOUND: no such unit. */
MUST_USE enum status custody_at(struct tx *tx, int64_t unit_id, int64_t until_ms,
                                struct custody *out, struct err *err);

/* One unit's scans in order, its origin, and what its crates held: custody_fold is pure. */
struct custody_history {
    int64_t origin_id, made_ms;
    int64_t end_id;                       // the place its way ends at: a point, the hub
    const struct custody_event *events;   // ordered by (scanned_ms, event_id)
    size_t count;
    int64_t until_ms;                     // how far the events go: to just before (until_ms,
    const char *until_id;                 // until_id), with until_id NULL up to until_ms
    /* Custody of a crate just before (scanned_ms, event_id); event_id NULL: with
     * all scans up to scanned_ms. */
    enum status (*parent_at)(void *of, int64_t parent_id, int64_t scanned_ms,
                             const char *event_id, struct custody *out);
    void *of;
};
MUST_USE enum status custody_fold(const struct custody_history *history, struct custody *out);

/* Gaps among the units of a day, and units whose columns are not their fold (0 in a sound
 * county). */
MUST_USE enum status custody_check(struct tx *tx, int64_t day, int64_t *gaps, int64_t *stale,
                                   struct err *err);
#endif
