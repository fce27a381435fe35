/* delay.h - expected times of buses on the way, when a road or a bus fails, and the bus that takes
 * over.
 *
 * A broken bus's remaining stops become a new trip of another vehicle, which drives out from the
 * hub to where the bus stands, takes its load over by scans, and goes on. */
#ifndef CUNHUO_BUS_DELAY_H
#define CUNHUO_BUS_DELAY_H

#include <stdint.h>
#include "base/status.h"
#include "web/room.h"

struct arena;
struct bus;
struct tx;

/* After the roads have changed: moves the ETAs of all stops still ahead of today's trips to the
 * times on the roads as they are; a stop that can't be reached any more becomes an exception. Waits
 * for the writer; not in an act. */
MUST_USE enum status delay_spread(struct bus *bus, struct arena *arena, struct err *err);

struct rescue {
    int64_t trip_id, vehicle_id;
    int64_t at_ms, recorded_ms, by_id;
    const char *note, *client_key;
};
/* The bus of a trip is broken; `vehicle_id` takes over. `new_trip_id` is the trip that goes on.
 * CONFLICT: the trip is over, or the vehicle is under way. NOT_FOUND. */
MUST_USE enum status delay_rescue(struct tx *tx, const struct rescue *rescue,
                                  int64_t *new_trip_id, struct err *err);

extern const struct route delay_routes[];
#endif
