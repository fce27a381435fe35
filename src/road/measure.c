/* measure.c - geometry on stretches. Within one, the Earth is taken as flat. */
#include "road/measure.h"

#include <assert.h>
#include <math.h>
#include "road/slope.h"

#define EARTH_M 6371008.8
#define RADIAN (M_PI / 180)

/* A bend is measured from this far before the spot to this far after it. */
#define BEND_REACH_M 12.0
#define BEND_STEP_M 10.0

double road_beeline_m(struct road_point a, struct road_point b)
{
    double dlat = (b.lat - a.lat) * RADIAN, dlon = (b.lon - a.lon) * RADIAN;
    double h = sin(dlat / 2) * sin(dlat / 2)
        + cos(a.lat * RADIAN) * cos(b.lat * RADIAN) * sin(dlon / 2) * sin(dlon / 2);
    return 2 * EARTH_M * asin(sqrt(fmin(h, 1)));
}

uint32_t stretch_of_point(const struct road *road, uint32_t point)
{
    uint32_t low = 0, high = road->stretches;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (road->stretch_first[middle] <= point) low = middle; else high = middle;
    }
    return low;
}

uint32_t segment_dm(const struct road *road, uint32_t stretch, uint32_t segment)
{
    uint32_t point = road->stretch_first[stretch] + segment;
    return (uint32_t)lround(road_beeline_m(point_at(road, point), point_at(road, point + 1)) * 10);
}

/* -- On the flat ------------------------------------------------------------------------------- */

struct flat { double x, y; };   // metres east and north of some origin

static struct flat flat_of(const struct road *road, uint32_t point, uint32_t origin)
{
    double shrink = cos(road->point_lat[origin] * 1e-7 * RADIAN);
    return (struct flat){
        (road->point_lon[point] - (double)road->point_lon[origin]) * 1e-7 * RADIAN * EARTH_M
            * shrink,
        (road->point_lat[point] - (double)road->point_lat[origin]) * 1e-7 * RADIAN * EARTH_M,
    };
}

/* Walks from `from` along points `at`, `at` + step .. `last` until `reach_m` are covered or the
 * line ends. Returns the metres covered. */
static double walk(const struct road *road, uint32_t origin, struct flat from, uint32_t at,
    uint32_t last, int step, double reach_m, struct flat *end)
{
    double left = reach_m;
    *end = from;
    for (;; at = (uint32_t)((int64_t)at + step)) {
        struct flat next = flat_of(road, at, origin);
        double length = hypot(next.x - end->x, next.y - end->y);
        if (length >= left) {
            double share = length > 0 ? left / length : 0;
            end->x += (next.x - end->x) * share;
            end->y += (next.y - end->y) * share;
            return reach_m;
        }
        left -= length;
        *end = next;
        if (at == last) return reach_m - left;
    }
}

/* The radius of the circle through three spots. */
static double radius_m(struct flat a, struct flat b, struct flat c)
{
    double ab = hypot(b.x - a.x, b.y - a.y), bc = hypot(c.x - b.x, c.y - b.y);
    double ca = hypot(a.x - c.x, a.y - c.y);
    double twice_area = fabs((b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x));
    return twice_area > 1e-6 ? ab * bc * ca / (2 * twice_area) : INFINITY;
}

/* Seconds for a segment at `speed_ms` where it is straight, and at sqrt(a R) where it bends:
 * the segment is cut into pieces of 10 m, and the bend measured in the middle of each. */
static double bent_s(const struct road *road, uint32_t stretch, uint32_t segment, double speed_ms,
    double bend_ms2)
{
    uint32_t first = road->stretch_first[stretch], last = road->stretch_first[stretch + 1] - 1;
    uint32_t point = first + segment;
    struct flat to = flat_of(road, point + 1, point), before, after;
    double length = hypot(to.x, to.y), total = 0;
    int pieces = (int)fmin(fmax(ceil(length / BEND_STEP_M), 1), 1000);
    for (int i = 0; i < pieces; i++) {
        double share = (i + 0.5) / pieces, speed = speed_ms;
        struct flat here = { to.x * share, to.y * share };
        double back = walk(road, point, here, point, first, -1, BEND_REACH_M, &before);
        double ahead = walk(road, point, here, point + 1, last, 1, BEND_REACH_M, &after);
        if (back > BEND_REACH_M / 2 && ahead > BEND_REACH_M / 2)
            speed = fmin(speed, sqrt(bend_ms2 * radius_m(before, here, after)));
        total += length / pieces / fmax(speed, 1.0);
    }
    return total;
}

uint32_t segment_cs(const struct road *road, uint32_t stretch, uint32_t segment, int towards,
    enum road_profile profile)
{
    uint16_t speed = stretch_facts(road, stretch)->speed[towards][profile];
    double speed_ms = speed / 36.0, bend_ms2 = 0, seconds;
    assert(speed > 0);
    if (road->head.mountain) {
        bend_ms2 = facts_bend_ms2(profile);
        if (road->heights && bend_ms2 > 0)
            speed_ms = fmin(speed_ms, slope_speed_ms(profile,
                slope_of_segment(road, stretch, segment, towards)));
    }
    if (bend_ms2 > 0 && speed > 100) {
        seconds = bent_s(road, stretch, segment, speed_ms, bend_ms2);
    } else {
        uint32_t point = road->stretch_first[stretch] + segment;
        seconds = road_beeline_m(point_at(road, point), point_at(road, point + 1)) / speed_ms;
    }
    return (uint32_t)fmin(fmax(round(seconds * 100), 1), 1e8);
}

static double bearing(struct flat from, struct flat to)
{
    double degrees = atan2(to.x - from.x, to.y - from.y) / RADIAN;
    return degrees < 0 ? degrees + 360 : degrees;
}

double arc_bearing_start(const struct road *road, uint32_t arc, double reach_m)
{
    uint32_t first = road->stretch_first[arc >> 1], last = road->stretch_first[(arc >> 1) + 1] - 1;
    struct flat start = { 0, 0 }, end;
    if (arc_towards(arc) == FORWARD) walk(road, first, start, first + 1, last, 1, reach_m, &end);
    else walk(road, last, start, last - 1, first, -1, reach_m, &end);
    return bearing(start, end);
}

double arc_bearing_end(const struct road *road, uint32_t arc, double reach_m)
{
    double away = arc_bearing_start(road, arc_other(arc), reach_m);
    return away < 180 ? away + 180 : away - 180;
}
