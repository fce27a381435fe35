/* slope.h - how fast a vehicle climbs and descends.
 *
 * Up, the engine's power at the wheels is what limits a vehicle:
 * P = (m g (r + s) + 1/2 rho c A v2) v, with slope s, rolling resistance r = 0.012 and air of
 * rho = 1.1 kg/m3 (about 1,000 m above the sea). Down, it is what engine and brakes may turn into
 * heat without pause: B = m g (s - r) v. These are the equations of a vehicle's straight motion
 * (Gillespie, "Fundamentals of Vehicle Dynamics", 1992). Masses are of a loaded vehicle, powers
 * those of its class (facts.c). A car has no such limit, as with OSRM. */
#ifndef CUNHUO_ROAD_SLOPE_H
#define CUNHUO_ROAD_SLOPE_H

#include "road/store.h"

/* Metres a second that a profile keeps up on a slope (0.1: 10 m up in 100); INFINITY: any. */
double slope_speed_ms(enum road_profile profile, double slope);

/* Of a segment in the direction of travel, over 120 m around it at least; 0 where not known. */
double slope_of_segment(const struct road *road, uint32_t stretch, uint32_t segment, int towards);
#endif
