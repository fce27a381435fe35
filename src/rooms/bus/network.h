/* network.h - hub, stations and points with the time and distance between any two, and the fleet.
 *
 * A network is a snapshot: made of rows and roads when the server starts and again when a road is
 * closed or the fleet changes, never changed itself. Location 0 is the hub; the others are stations
 * and points, ordered by id. Durations are seconds, distances metres, directed, per vehicle
 * profile; a place that can't be reached has ROUTE_FAR. */
#ifndef CUNHUO_BUS_NETWORK_H
#define CUNHUO_BUS_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/status.h"
#include "road/road.h"
#include "route/route.h"
#include "rooms/bus/bus.h"

struct county;
struct tx;

enum { DIM_WEIGHT, DIM_VOLUME, DIM_CRATES, DIM_COLD, DIMS };   // 100 g, litres, crates, cold boxes
enum { CRATE_ML = 40000, COLD_BOX_ML = 25000 };                // net

struct stop_place {
    int64_t place_id;
    const char *name;
    bool located;                 // it has a position
    bool snapped;                 // and a road that some vehicle can use within SNAP_MAX_M
    double lat, lon;
    double road_m;                // to the road
    int32_t opens_s, closes_s;    // 0, 0: always
};

struct fleet_vehicle { int64_t vehicle_id, driver_id; const char *plate; int32_t type; };

struct network {
    size_t place_count;
    struct stop_place *places;
    struct route_profile profiles[ROAD_PROFILES];   // matrices; NULL where no vehicle has it
    int32_t profile_of[ROAD_PROFILES];              // index in `profiles` used by route, or -1
    int32_t profile_count;
    struct route_type *types;
    int32_t type_count;
    struct fleet_vehicle *vehicles;                 // by type, then id
    size_t vehicle_count;
    struct arena *arena;                            // of all of it
    int users;                                      // under bus->lock; freed at 0
};

/* The network of the county as `tx` sees it, with `state` of the roads (NULL: all open). BROKEN: no
 * memory. INVALID: no hub, it stands on no road, or no vehicle. Ends with network_release. */
MUST_USE enum status network_make(struct county *county, struct tx *tx,
                                  const struct road_state *state, struct network **out,
                                  struct err *err);
struct network *network_hold(struct network *network);
void network_release(struct network *network);

/* Where a place is in it; -1: it is no stop. */
int32_t network_place(const struct network *network, int64_t place_id);

/* The load in the optimiser's dimensions of all that one place gets or gives: crates and boxes are
 * whole. And the time it takes to hand over. */
void network_load(const struct need *need, int32_t load[DIMS]);
int32_t network_service_s(const struct need *down, const struct need *up);

/* The deadline at places for the optimiser, seconds of the day: 11:00 less a margin for the day's
 * delays (setting bus.margin_s, default 30 min). */
enum { MARGIN_S = 1800 };
#endif
