/* search.h - the plain search, without the hierarchy: what the hierarchy is tested against. */
#ifndef CUNHUO_ROAD_SEARCH_H
#define CUNHUO_ROAD_SEARCH_H

#include "road/road.h"

/* As road_table. */
MUST_USE enum status search_table(const struct road *road, const struct road_state *state,
                                  enum road_profile profile,
                                  const struct road_snap *from, size_t from_count,
                                  const struct road_snap *to, size_t to_count,
                                  int32_t *durations_s, int32_t *distances_m, struct err *err);
#endif
