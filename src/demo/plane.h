/* plane.h - geometry in whole decimetres, so that a seed gives the same county on every machine.
 *
 * The plane's origin is the south-west corner of a box around Kaihua; x grows east, y north. One
 * scale serves the whole box (the parallel of 29.2 degrees): 0.3 % wrong at its edges, and exact
 * in both directions to a decimetre, which is what matters for known positions. Angles are tenths
 * of a degree from east, counter-clockwise. */
#ifndef CUNHUO_DEMO_PLANE_H
#define CUNHUO_DEMO_PLANE_H

#include <stddef.h>
#include <stdint.h>
#include "base/rng.h"
#include "base/status.h"

struct arena;

enum {
    METRE = 10,                                     // decimetres
    LAT0_E7 = 288800000, LON0_E7 = 1179800000,      // the origin
    TURN = 3600,                                    // tenths of a degree
};

struct at { int32_t x, y; };

struct at plane_of(int32_t lat_e7, int32_t lon_e7);
int32_t plane_lat_e7(struct at at);
int32_t plane_lon_e7(struct at at);

int32_t plane_distance(struct at a, struct at b);
/* `from` moved by `length` in the direction `angle`. */
struct at plane_moved(struct at from, int32_t angle, int32_t length);
int32_t plane_angle(struct at from, struct at to);   // to 5 degrees

struct path { struct at *at; size_t count; };
MUST_USE enum status path_add(struct arena *arena, struct path *path, struct at at,
                              struct err *err);
/* Points from the path's end to `to` (included): midpoints moved sideways by up to `permille` of
 * the piece, again and again, until pieces are no longer than `piece`. */
MUST_USE enum status path_bend(struct arena *arena, struct path *path, struct at to,
                               int32_t permille, int32_t piece, struct rng *rng, struct err *err);
/* Moves the points between `first` and `last` to both sides by turns: hairpins up a slope. */
void path_hairpins(struct path *path, size_t first, size_t last, int32_t width);
/* A smooth curve through the points: the interpolating four-point scheme (Dyn, Levin and Gregory
 * 1987), each round doubling them. */
MUST_USE enum status path_smooth(struct arena *arena, struct path *path, int rounds,
                                 struct err *err);
#endif
