/* play_truth.h - what the demo's roads are really like this morning: seconds between places, by
 * class of vehicle, on the roads as they are. The server is not asked. */
#ifndef CUNHUO_MAIN_PLAY_TRUTH_H
#define CUNHUO_MAIN_PLAY_TRUTH_H

#include <stddef.h>
#include <stdint.h>
#include "base/status.h"

struct play;
struct truth;

MUST_USE enum status truth_new(struct play *play, struct truth **out, struct err *err);
void truth_free(struct truth *truth);

/* Of a vehicle, by its plate, as vehicles.csv says. */
int truth_profile(const struct truth *truth, const char *plate);
/* Seconds, or -1: there is no way any more. */
int32_t truth_seconds(const struct truth *truth, int profile, int64_t from_place_id,
                      int64_t to_place_id);

/* A way that many of the legs between these places (in order) use, whose closing makes detours but
 * cuts nobody off; 0: there is none. */
int64_t truth_way_to_close(const struct truth *truth, const int64_t *place_ids, size_t count);
void truth_close(struct truth *truth, int64_t way_id);
#endif
