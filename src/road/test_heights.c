/* test_heights.c - slopes from tiles, the mountain model's switch, the box of a build. */
#include "base/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/arena.h"
#include "road/heights.h"
#include "road/slope.h"
#include "road/testing.h"

enum { SIDE = 1201, PER_DEGREE = 8000 };   // metres of rise to a degree east: about 8.2 %

static char folder[] = "/tmp/cunhuo-heights-XXXXXX", tile[64];

static void write_tile(size_t posts)
{
    strcpy(folder, "/tmp/cunhuo-heights-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(tile, sizeof tile, "%s/N29E118.hgt", folder);
    FILE *file = fopen(tile, "wb");
    assert_non_null(file);
    for (size_t i = 0; i < posts; i++) {
        int metres = (int)(i % SIDE) * PER_DEGREE / (SIDE - 1);
        fputc(metres >> 8, file);
        fputc(metres & 0xFF, file);
    }
    assert_int_equal(fclose(file), 0);
}

static void remove_tile(void)
{
    unlink(tile);
    rmdir(folder);
}

/* A straight road of 4 km to the east, uphill. */
static struct road *slope_road(struct made *made, const struct road_build_options *options)
{
    struct err err = {0};
    struct road_build_report report;
    struct road *road, *plain;
    char refs[64] = "1";
    made_begin(made);
    for (int i = 0; i <= 8; i++) made_node(made, i + 1, 500.0 * i, 100, "");
    for (int i = 1; i <= 8; i++) snprintf(refs + strlen(refs), 8, " %d", i + 1);
    made_way(made, 10, refs, "highway=primary maxspeed=100");
    plain = made_road(made, &report);
    road_close(plain);
    assert_int_equal(road_build_with(made->osm, made->out, options, &report, &err), OK);
    assert_int_equal(road_open(made->out, &road, &err), OK);
    return road;
}

static int32_t seconds(const struct road *road, enum road_profile profile, double from, double to)
{
    struct road_snap a = made_snap(road, profile, from, 100), b = made_snap(road, profile, to, 100);
    int32_t duration, distance;
    struct err err = {0};
    assert_int_equal(road_table(road, NULL, profile, &a, 1, &b, 1, &duration, &distance, &err), OK);
    return duration;
}

static void slopes(void **unused)
{
    (void)unused;
    struct made made;
    write_tile(SIDE * SIDE);
    struct road *road = slope_road(&made, &(struct road_build_options){ .heights = folder });
    double slope = slope_of_segment(road, 0, 3, FORWARD);
    assert_true(slope > 0.079 && slope < 0.085);
    assert_true(slope_of_segment(road, 0, 3, BACKWARD) == -slope);
    double up = slope_speed_ms(ROAD_TRUCK, slope), down = slope_speed_ms(ROAD_TRUCK, -slope);
    assert_true(up > 10 && up < 14 && down > up);
    assert_int_equal(seconds(road, ROAD_TRUCK, 0, 4000), lround(4000 / up));
    assert_int_equal(seconds(road, ROAD_CAR, 0, 4000), 180);   // 80 km/h: no mountain model
    assert_true(seconds(road, ROAD_TRUCK, 4000, 0) < seconds(road, ROAD_TRUCK, 0, 4000));
    assert_true(seconds(road, ROAD_TRICYCLE, 0, 4000) > 4000 / 11.0);
    made_end(&made, road);
    remove_tile();
}

static void switched_off(void **unused)
{
    (void)unused;
    struct made made;
    write_tile(SIDE * SIDE);
    struct road_build_options options = { .heights = folder, .flat = true };
    struct road *road = slope_road(&made, &options);
    assert_int_equal(seconds(road, ROAD_TRUCK, 0, 4000), seconds(road, ROAD_TRUCK, 4000, 0));
    assert_int_equal(seconds(road, ROAD_TRUCK, 0, 4000), 200);   // 72 km/h
    made_end(&made, road);
    remove_tile();
}

static void damaged_tile(void **unused)
{
    (void)unused;
    struct made made;
    struct err err = {0};
    write_tile(SIDE * SIDE);
    struct road *road = slope_road(&made, NULL);
    remove_tile();
    struct road_build_options options = { .heights = folder };
    assert_int_equal(road_build_with(made.osm, made.out, &options, NULL, &err), INVALID);
    assert_string_equal(err.field, "heights");      // no tile of the region
    write_tile(1000);
    assert_int_equal(road_build_with(made.osm, made.out, &options, NULL, &err), INVALID);
    assert_string_equal(err.field, "heights");      // cut short
    made_end(&made, road);
    remove_tile();
}

static void zipped_tile(void **unused)
{
    (void)unused;
    char path[512];
    struct heights *heights;
    struct err err = {0};
    double metres;
    snprintf(path, sizeof path, "%s/elevation", test_data());
    struct arena *arena = arena_open(1 << 27);
    assert_int_equal(heights_open(path, arena, &heights, &err), OK);
    struct road_point envalira = { 42.5402, 1.7192 }, nowhere = { 10.5, 10.5 };
    assert_int_equal(heights_at(heights, envalira, &metres, &err), OK);
    assert_true(metres > 2330 && metres < 2480);    // the pass is 2,408 m high
    assert_int_equal(heights_at(heights, nowhere, &metres, &err), OK);
    assert_true(isnan(metres));
    arena_free(arena);
}

static void box(void **unused)
{
    (void)unused;
    struct made made;
    struct err err = {0};
    struct road *road = slope_road(&made, NULL);
    struct road_point a = made_point(900, 0), b = made_point(2600, 200);
    struct road_build_options options = { .boxed = true, .lat_min = a.lat, .lon_min = a.lon,
        .lat_max = b.lat, .lon_max = b.lon };
    struct road_build_report report;
    assert_int_equal(road_build_with(made.osm, made.out, &options, &report, &err), OK);
    assert_int_equal(report.points, 4);
    assert_true(fabs(report.length_m[ROAD_CAR] - 1500) < 5);
    made_end(&made, road);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("S2.14 engine and brakes limit vehicles on slopes, but not the car", slopes),
        TEST("S2.14 the mountain model can be switched off", switched_off),
        TEST("a damaged tile of heights is refused", damaged_tile),
        TEST("heights of a real pass, from a packed tile", zipped_tile),
        TEST("a build keeps to its box", box),
    };
    return cmocka_run_group_tests_name("road/heights", tests, NULL, NULL);
}
