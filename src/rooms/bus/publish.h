/* publish.h - a solution becomes the plan in force: trips, stops, consignments' places, units. */
#ifndef CUNHUO_BUS_PUBLISH_H
#define CUNHUO_BUS_PUBLISH_H

#include <stdint.h>
#include "base/status.h"

struct live;
struct route_solution;
struct tx;

struct publication {
    const struct live *live;            // job i is place i + 1 of its network
    const struct route_solution *solution;
    const char *source;                 // "solver", "live"
    int64_t at_ms, plan_ms;             // now; how long planning took
};

/* Publishes the first plan of a closed wave, in the writer. CONFLICT: it was published before. */
MUST_USE enum status publish(struct tx *tx, const struct publication *publication,
                             int64_t *plan_id, struct err *err);
#endif
