/* trip.h - trips on their way: what phones tell of them, and when the bus will be where.
 *
 * A phone tells an act with its own id and time: sent twice it counts once, and in whatever order
 * acts arrive the times of a trip are the same. A stop's expected time (ETA) is when it was
 * reached, else its planned time with the detours that the roads now demand (delay.h), plus the
 * delay of the last thing known of the trip before it. */
#ifndef CUNHUO_BUS_TRIP_H
#define CUNHUO_BUS_TRIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/status.h"

struct tx;

enum trip_act { TRIP_DEPART, TRIP_ARRIVE, TRIP_LEAVE, TRIP_SKIP, TRIP_RETURN };

struct trip_event {
    const char *event_id;
    enum trip_act act;
    int64_t trip_id;              // DEPART, RETURN; else found by the stop
    int64_t stop_id;              // ARRIVE, LEAVE, SKIP
    int64_t by_id;
    int64_t phone_ms, offset_ms;  // as the phone told them
    int64_t at_ms, received_ms;
};

/* Adds a fact and brings the trip's rows up to date. CONFLICT: another fact was sent under this id.
 * NOT_FOUND: no such trip or stop. DENIED: not this driver's trip (by_id 0: the program). */
MUST_USE enum status trip_record(struct tx *tx, struct trip_event *event, int64_t *received_ms,
                                 struct err *err);
/* Sets the expected times of a trip's stops from what is known of it. */
MUST_USE enum status trip_expect(struct tx *tx, int64_t trip_id);

struct trip {
    int64_t id, plan_id, day, number, part, vehicle_id, driver_id;
    int64_t departs_ms, returns_ms, distance_m, cost_fen, departed_ms, returned_ms;
    const char *state, *plate;
};
struct stop {
    int64_t id, trip_id, seq, place_id, arrives_ms, departs_ms, eta_ms, arrived_ms, departed_ms;
    int64_t detour_ms;            // how much later than planned the roads as they are now make it
    const char *state, *place;
};
MUST_USE enum status trip_get(struct tx *tx, int64_t trip_id, struct trip *out, struct err *err);
/* A day's trips in force, or one driver's (0: all), by number; and the stops of one, in order. */
MUST_USE enum status trip_list(struct tx *tx, int64_t day, int64_t driver_id, struct trip **out,
                               size_t *count);
MUST_USE enum status trip_stops(struct tx *tx, int64_t trip_id, struct stop **out, size_t *count);
#endif
