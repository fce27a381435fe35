/* measure.h - lengths, times and bearings along stretches: one place, so that the builder, a
 * partial stretch and a live state count alike. Lengths are whole decimetres and times whole
 * hundredths of a second for each segment. */
#ifndef CUNHUO_ROAD_MEASURE_H
#define CUNHUO_ROAD_MEASURE_H

#include "road/store.h"

uint32_t segment_dm(const struct road *road, uint32_t stretch, uint32_t segment);

/* Driving time of a segment, at the profile's speed in the direction of travel, bends included. At
 * least 1. The direction is open to the profile. */
uint32_t segment_cs(const struct road *road, uint32_t stretch, uint32_t segment, int towards,
                    enum road_profile profile);

/* Degrees clockwise from north, of the first `reach_m` metres of an arc, or of its last ones. */
double arc_bearing_start(const struct road *road, uint32_t arc, double reach_m);
double arc_bearing_end(const struct road *road, uint32_t arc, double reach_m);
#endif
