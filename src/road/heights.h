/* heights.h - metres above the sea from SRTM tiles: N42E001.hgt, plain or in N42E001.hgt.zip.
 *
 * A tile is a square of big-endian 16-bit metres over one degree, 1201 or 3601 a side, rows from
 * north to south, borders shared with its neighbours; -32768 is unknown. */
#ifndef CUNHUO_ROAD_HEIGHTS_H
#define CUNHUO_ROAD_HEIGHTS_H

#include "base/arena.h"
#include "road/road.h"

struct heights;

/* Tiles are read from `folder` when they are first asked for; memory is the arena's. BROKEN. */
MUST_USE enum status heights_open(const char *folder, struct arena *arena, struct heights **out,
                                  struct err *err);

/* Metres, bilinear between the four posts around; NaN: not known, or there is no tile. INVALID: a
 * tile is damaged. */
MUST_USE enum status heights_at(struct heights *heights, struct road_point at, double *out,
                                struct err *err);
#endif
