/* testing.h - small extracts made by tests: written as XML, built, opened, thrown away.
 *
 * Tags are "key=value key=value"; refs "1 2 3"; members "from:w1 via:n2 to:w3". Positions are
 * metres east and north of 29 N 118 E. */
#ifndef CUNHUO_ROAD_TESTING_H
#define CUNHUO_ROAD_TESTING_H

#include <stdint.h>
#include <stdio.h>
#include "road/road.h"

struct made {
    FILE *file;
    char folder[64], osm[96], out[96];
};

void made_begin(struct made *made);
void made_node(struct made *made, int64_t id, double east_m, double north_m, const char *tags);
void made_way(struct made *made, int64_t id, const char *refs, const char *tags);
void made_relation(struct made *made, int64_t id, const char *members, const char *tags);
/* Builds and opens; every step must succeed. `report` may be NULL. */
struct road *made_road(struct made *made, struct road_build_report *report);
void made_end(struct made *made, struct road *road);

struct road_point made_point(double east_m, double north_m);
/* The road within 60 m: there must be one. */
struct road_snap made_snap(const struct road *road, enum road_profile profile, double east_m,
                           double north_m);
/* Metres between two positions by road; -1: no way. */
int32_t made_metres(const struct road *road, enum road_profile profile, double from_east_m,
                    double from_north_m, double to_east_m, double to_north_m);
#endif
