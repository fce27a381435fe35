/* slope.c - slopes from the heights of points, and what they do to a vehicle. */
#include "road/slope.h"

#include <math.h>
#include "road/measure.h"

#define GRAVITY 9.81
#define ROLLING 0.012
#define AIR_KG_M3 1.1
#define SLOPE_MAX 0.25      // steeper is an error of the heights
#define WINDOW_M 60.0       // to either side of a segment's middle: SRTM's posts are 90 m apart

double slope_speed_ms(enum road_profile profile, double slope)
{
    struct facts_engine engine = facts_engine(profile);
    if (!(engine.power_w > 0)) return INFINITY;
    double pull = engine.mass_kg * GRAVITY * (ROLLING + slope);
    double hold = engine.mass_kg * GRAVITY * (-slope - ROLLING);
    if (hold > 0) return engine.brake_w / hold;
    double low = 0.5, high = 60;    // the power needed rises with the speed
    for (int i = 0; i < 30; i++) {
        double v = (low + high) / 2;
        if ((pull + 0.5 * AIR_KG_M3 * engine.drag_m2 * v * v) * v < engine.power_w) low = v;
        else high = v;
    }
    return low;
}

/* Goes from the segment's near end outwards until WINDOW_M are covered or the stretch ends.
 * Returns the metres covered. */
static double reach(const struct road *road, uint32_t point, uint32_t last, int step,
    uint32_t *found)
{
    double covered = 0;
    for (; point != last && covered < WINDOW_M; point = (uint32_t)((int64_t)point + step))
        covered += road_beeline_m(point_at(road, point),
            point_at(road, (uint32_t)((int64_t)point + step)));
    *found = point;
    return covered;
}

double slope_of_segment(const struct road *road, uint32_t stretch, uint32_t segment, int towards)
{
    if (road->heights == 0) return 0;
    uint32_t first = road->stretch_first[stretch], last = road->stretch_first[stretch + 1] - 1;
    uint32_t point = first + segment, low, high;
    bool spans = stretch_facts(road, stretch)->flags & ROAD_SPANS;
    double length = segment_dm(road, stretch, segment) / 10.0;
    length += reach(road, point, first, -1, &low) + reach(road, point + 1, last, 1, &high);
    if (spans) {    // neither a bridge nor a tunnel follows the ground: from end to end
        low = first;
        high = last;
        length = 0;
        for (uint32_t k = first; k < last; k++)
            length += segment_dm(road, stretch, k - first) / 10.0;
    }
    double rise = (road->point_height[high] - road->point_height[low]) / (double)HEIGHTS_A_METRE;
    double slope = rise / fmax(length, 2 * WINDOW_M);
    slope = fmin(fmax(slope, -SLOPE_MAX), SLOPE_MAX);
    return towards == FORWARD ? slope : -slope;
}
