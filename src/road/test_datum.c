/* test_datum.c - GCJ-02 and BD-09. */
#include "base/test.h"

#include "base/rng.h"
#include "road/datum.h"

static void published(void **state)
{
    (void)state;
    struct road_point beijing = { 39.915, 116.404 };   // the example of coordtransform's README
    struct road_point gcj02 = datum_from_wgs84(DATUM_GCJ02, beijing);
    assert_float_equal(gcj02.lat, 39.91640428150164, 1e-9);
    assert_float_equal(gcj02.lon, 116.41024449916938, 1e-9);
    struct road_point bd09 = datum_from_wgs84(DATUM_BD09, datum_to_wgs84(DATUM_GCJ02, beijing));
    assert_float_equal(bd09.lat, 39.92133699351021, 1e-8);
    assert_float_equal(bd09.lon, 116.41036949371029, 1e-8);
    struct road_point andorra = { 42.5, 1.5 };
    assert_true(road_beeline_m(andorra, datum_from_wgs84(DATUM_GCJ02, andorra)) == 0);
}

static void round_trips(void **state)
{
    (void)state;
    struct rng rng = rng_seeded(20261123);
    double farthest = 0, shift_least = 1e9, shift_most = 0;
    for (int i = 0; i < test_cases(20000); i++) {
        struct road_point p = { 18 + 35 * rng_unit(&rng), 73.5 + 61 * rng_unit(&rng) };
        for (enum datum d = DATUM_GCJ02; d <= DATUM_BD09; d++) {
            struct road_point there = datum_from_wgs84(d, p);
            double off = road_beeline_m(p, datum_to_wgs84(d, there));
            double back = road_beeline_m(there, datum_from_wgs84(d, datum_to_wgs84(d, there)));
            if (off > farthest) farthest = off;
            if (back > farthest) farthest = back;
            double shift = road_beeline_m(p, there);
            if (d == DATUM_GCJ02 && shift < shift_least) shift_least = shift;
            if (d == DATUM_GCJ02 && shift > shift_most) shift_most = shift;
        }
    }
    assert_true(farthest < 0.01);
    assert_true(shift_least > 10 && shift_most < 1500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("shifted coordinates agree with the published examples", published),
        TEST("GCJ-02 and BD-09 there and back are exact to 1 cm", round_trips),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
