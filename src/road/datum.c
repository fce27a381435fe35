/* datum.c - the shift of GCJ-02, Baidu's second one, and their inverses. */
#include "road/datum.h"

#include <math.h>
#include <string.h>

#define AXIS_M 6378245.0                       // Krasovsky 1940
#define ECCENTRICITY2 0.00669342162296594323
#define BAIDU_PI (M_PI * 3000.0 / 180.0)
#define NEAR_DEGREES 1e-9                      // a tenth of a millimetre

enum { STEPS_MAX = 60 };

enum status datum_parse(const char *name, enum datum *out, struct err *err)
{
    static const struct { const char *name; enum datum datum; } names[] = {
        { "wgs84", DATUM_WGS84 }, { "gcj02", DATUM_GCJ02 }, { "bd09", DATUM_BD09 },
    };
    for (size_t i = 0; i < COUNT(names); i++) {
        *out = names[i].datum;
        if (strcmp(name, names[i].name) == 0) return OK;
    }
    return err_about(err, INVALID, "datum", "no such datum: wgs84, gcj02 or bd09", "%s", name);
}

static bool outside(struct road_point p)
{
    return !(p.lon >= 72.004 && p.lon <= 137.8347 && p.lat >= 0.8293 && p.lat <= 55.8271);
}

static struct road_point to_gcj02(struct road_point p)
{
    if (outside(p)) return p;
    double x = p.lon - 105, y = p.lat - 35, root = sqrt(fabs(x));
    double lat = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root;
    double lon = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root;
    double steps = (20 * sin(6 * x * M_PI) + 20 * sin(2 * x * M_PI)) * 2 / 3;
    lat += steps + (20 * sin(y * M_PI) + 40 * sin(y / 3 * M_PI)) * 2 / 3
        + (160 * sin(y / 12 * M_PI) + 320 * sin(y * M_PI / 30)) * 2 / 3;
    lon += steps + (20 * sin(x * M_PI) + 40 * sin(x / 3 * M_PI)) * 2 / 3
        + (150 * sin(x / 12 * M_PI) + 300 * sin(x / 30 * M_PI)) * 2 / 3;
    double radians = p.lat / 180 * M_PI, sine = sin(radians);
    double magic = 1 - ECCENTRICITY2 * sine * sine, square = sqrt(magic);
    double meridian_m = AXIS_M * (1 - ECCENTRICITY2) / (magic * square);
    double parallel_m = AXIS_M / square * cos(radians);
    return (struct road_point){
        p.lat + lat * 180 / (meridian_m * M_PI), p.lon + lon * 180 / (parallel_m * M_PI),
    };
}

static struct road_point gcj02_to_bd09(struct road_point p)
{
    double z = hypot(p.lon, p.lat) + 0.00002 * sin(p.lat * BAIDU_PI);
    double theta = atan2(p.lat, p.lon) + 0.000003 * cos(p.lon * BAIDU_PI);
    return (struct road_point){ z * sin(theta) + 0.006, z * cos(theta) + 0.0065 };
}

struct road_point datum_from_wgs84(enum datum datum, struct road_point point)
{
    if (datum == DATUM_WGS84) return point;
    struct road_point gcj02 = to_gcj02(point);
    return datum == DATUM_GCJ02 ? gcj02 : gcj02_to_bd09(gcj02);
}

/* The shift varies slowly, so the error shrinks a thousandfold with each step. At the very border
 * of the box, where the shift jumps, some points have no original: the nearest guess is given. */
struct road_point datum_to_wgs84(enum datum datum, struct road_point point)
{
    struct road_point guess = point;
    for (int i = 0; i < STEPS_MAX; i++) {
        struct road_point there = datum_from_wgs84(datum, guess);
        double lat = there.lat - point.lat, lon = there.lon - point.lon;
        if (fabs(lat) < NEAR_DEGREES && fabs(lon) < NEAR_DEGREES) break;
        guess.lat -= lat;
        guess.lon -= lon;
    }
    return guess;
}
