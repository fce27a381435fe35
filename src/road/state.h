/* state.h - what a live state changes, for the searches. */
#ifndef CUNHUO_ROAD_STATE_H
#define CUNHUO_ROAD_STATE_H

#include "road/store.h"

#define ARC_CLOSED UINT32_MAX
#define ARC_CS_MAX ((1u << 28) - 1)   // slower is told as this

/* Driving times of all arcs in a state, 0.01 s or ARC_CLOSED. `state` may be NULL. */
const uint32_t *state_times(const struct road *road, const struct road_state *state,
                            enum road_profile profile);

/* Where what the hierarchy costs in this state is kept; NULL: the profile is as built. */
struct cache;
struct cache *state_cache(const struct road_state *state, enum road_profile profile);

/* A segment's driving time in a state; ARC_CLOSED. The direction is open to the profile. */
uint32_t state_segment_cs(const struct road *road, const struct road_state *state,
                          uint32_t stretch, uint32_t segment, int towards,
                          enum road_profile profile);
#endif
