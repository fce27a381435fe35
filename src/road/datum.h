/* datum.h - China's shifted coordinates, to and from WGS-84.
 *
 * Phones, WeChat and most Chinese maps give GCJ-02 (火星坐标), Baidu gives BD-09; both lie 300-700 m
 * off the WGS-84 that GPS and OpenStreetMap use. The shift was never published by its makers; the
 * formulas are those that everybody uses (eviltransform and coordtransform agree on them; the
 * ellipsoid is Krasovsky 1940). The inverse is found by iteration until it is within a millimetre,
 * so that a round trip is exact to 1 cm. Outside China's bounding box (lon 72.004-137.8347, lat
 * 0.8293-55.8271) GCJ-02 is WGS-84. */
#ifndef CUNHUO_ROAD_DATUM_H
#define CUNHUO_ROAD_DATUM_H

#include "base/status.h"
#include "road/road.h"

enum datum { DATUM_WGS84, DATUM_GCJ02, DATUM_BD09 };

/* "wgs84", "gcj02", "bd09". INVALID: another name. */
MUST_USE enum status datum_parse(const char *name, enum datum *out, struct err *err);

struct road_point datum_to_wgs84(enum datum datum, struct road_point point);
struct road_point datum_from_wgs84(enum datum datum, struct road_point point);
#endif
