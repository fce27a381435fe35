/* bus.h - what the village goods bus (村货巴士) offers to the other rooms: promises and
 * consignments.
 *
 * A consignment (运单) is what is to be moved: an order's goods, a courier's parcel, a producer's
 * lot, a return. Down (下行) goes from the hub to a station or point, up (上行) from there to the
 * hub.
 *
 * A promise (承诺) says by when and where. It is computed by inserting the consignment into the
 * live plan of a day (capacity in kg, litres, crates and cold boxes; windows; roads), never from a
 * table. bus_consign inserts again, in the writer, and the insertion is in force with the commit:
 * so what is promised has a place on a bus before anybody is told.
 *
 * Days are numbered as day_of (base/clock.h) numbers them, in the county's zone; a consignment
 * of day d travels in the wave that closes at 23:00 of day d - 1, and is due at 11:00 of day d at
 * its station or point, what goes up at 14:00 at the hub. */
#ifndef CUNHUO_BUS_BUS_H
#define CUNHUO_BUS_BUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/status.h"

struct county;
struct tx;

enum { CUT_OFF_S = 23 * 3600, DUE_S = 11 * 3600, DUE_UP_S = 14 * 3600 };   // seconds of the day

/* What a consignment takes up. Dry goods travel in crates, chilled and frozen ones in cold
 * boxes. */
struct need { int64_t weight_g, dry_ml, cold_ml; };

enum bus_reason { BUS_FITS, BUS_CUT_OFF, BUS_FULL, BUS_NO_ROAD, BUS_NO_STOP, BUS_NO_SERVICE };
const char *bus_reason_name(enum bus_reason reason);   // "full"
const char *bus_reason_text(enum bus_reason reason);   // msgid

struct promise {
    int64_t day;
    int64_t due_ms;           // at the place by then
    int64_t closes_ms;        // ordered and paid before then
    int64_t eta_ms;           // of the live plan; may move until the wave closes
    enum bus_reason why_later;   // why not the first day asked for; BUS_FITS: it is the first
};

/* The first day, from `now_ms` and not before day_min (0: any), on which `need` fits between the
 * hub and `place_id` (a station or point), down or up. From memory, about ten microseconds; any
 * thread. NOT_FOUND: on none of the days that are open for orders; out->why_later says why. */
MUST_USE enum status bus_promise(struct county *county, int64_t place_id, bool up,
                                 const struct need *need, int64_t day_min, int64_t now_ms,
                                 struct promise *out, struct err *err);

enum consignment_kind { CONSIGN_ORDER = 1, CONSIGN_PARCEL, CONSIGN_PRODUCE, CONSIGN_RETURN };

struct consignment {
    int64_t id;
    enum consignment_kind kind;
    int64_t document_id;      // the order, parcel or offer
    int64_t place_id;         // station or point, the end that is not the hub
    bool up;
    int64_t party_id;         // receiver (down) or sender (up)
    int64_t pieces;
    const char *code;         // a parcel's waybill number; NULL: the bus gives one
    struct need need;
    int64_t day;              // promised
    int64_t made_ms;          // when the request was complete: not before the closing is CONFLICT
};

/* Takes a consignment into the plan of its day; fills id in. In the writer. CONFLICT: the wave has
 * closed, the bus is full or the road closed since the promise: err's text says which, and
 * nothing is changed, so that a new promise can be shown. */
MUST_USE enum status bus_consign(struct tx *tx, struct consignment *consignment, struct err *err);

/* Takes it out again, until its wave closes. CONFLICT: closed, or withdrawn already. */
MUST_USE enum status bus_withdraw(struct tx *tx, int64_t consignment_id, int64_t at_ms,
                                  struct err *err);

/* Where a consignment is in its life, for the pages of those who asked for it. */
struct consignment_now {
    int64_t consignment_id, day, due_ms, trip_id, stop_id;
    int64_t trip_number;          // 0: not planned yet
    const char *plate;            // NULL: not planned yet
    const char *state;            // "waiting", "planned", "packed", "on_bus", "at_point",
                                  // "collected", "at_hub", "withdrawn", "excepted"
    int64_t eta_ms, delivered_ms, collected_ms;   // 0: not yet
};
MUST_USE enum status bus_consignment_now(struct tx *tx, int64_t consignment_id,
                                         struct consignment_now *out, struct err *err);

/* Wave of a day as other rooms see it: its closing, and whether it has closed. */
struct wave {
    int64_t day, closes_ms, closed_ms, published_ms;   // 0: not yet
    int64_t plan_id;
    const char *state;            // "open", "closed", "published"
};
MUST_USE enum status bus_wave(struct tx *tx, int64_t day, struct wave *out, struct err *err);

/* For importers: a vehicle of the fleet. */
struct vehicle {
    int64_t id;
    const char *plate, *kind, *profile;        // profile: of src/road
    int64_t weight_g, volume_ml, crates, cold_boxes;
    int64_t fixed_fen, km_fen, hour_fen;
    int64_t home_id;              // hub
    int64_t from_s, until_s;      // shift, seconds of the day
    int64_t trips_max;
    int64_t driver_id;            // 0: none yet
};
MUST_USE enum status bus_vehicle_add(struct tx *tx, struct vehicle *vehicle, struct err *err);
#endif
