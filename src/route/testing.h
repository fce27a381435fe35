/* testing.h - small random problems with every combination of features, for tests only. */
#ifndef CUNHUO_ROUTE_TESTING_H
#define CUNHUO_ROUTE_TESTING_H

#include "base/rng.h"
#include "route/route.h"

/* What the problem may have, besides jobs with deliveries in `dims` dimensions. */
enum {
    RANDOM_PICKUPS = 1, RANDOM_WINDOWS = 2, RANDOM_MANY_WINDOWS = 4, RANDOM_TYPES = 8,
    RANDOM_TRIPS = 16, RANDOM_RELEASE = 32, RANDOM_SHIPMENTS = 64, RANDOM_LIMITS = 128,
    RANDOM_DURATION = 256, RANDOM_OPTIONAL = 512, RANDOM_SKILLS = 1024, RANDOM_FAR = 2048,
    RANDOM_ALL = 4095,
};

/* `tasks` jobs and shipments on a small grid, some times tight enough that not all can be served.
 * Distances are rounded up shortest ways, so detours are never shorter. Times are below 400. */
struct route_problem route_random(struct arena *arena, struct rng *rng, int32_t tasks,
    unsigned features);
#endif
