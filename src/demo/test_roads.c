/* test_roads.c - the made roads as the road library sees them. */
#include "demo/generate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/arena.h"
#include "base/test.h"
#include "base/text.h"
#include "demo/table.h"
#include "road/road.h"

enum { POINTS_MAX = 300, FAR_S = 110 * 60 };

static char folder[] = "/tmp/cunhuo-roads-XXXXXX";
static struct arena *arena;
static struct road *road;
static struct road_point hub, points[POINTS_MAX];
static size_t point_count;

static void in_folder(const char *name, char out[256])
{
    snprintf(out, 256, "%s/%s", folder, name);
}

static int setup(void **state)
{
    (void)state;
    char extract[256], built[256];
    struct err err = { 0 };
    struct table places;
    arena = arena_open((size_t)256 << 20);
    if (arena == NULL || mkdtemp(folder) == NULL) return -1;
    assert_int_equal(demo_generate(folder, 1, &err), OK);
    in_folder("roads.osm", extract);
    in_folder("roads.bin", built);
    struct road_build_report report;
    assert_int_equal(road_build(extract, built, &report, &err), OK);
    assert_int_equal(report.nodes_missing, 0);
    assert_int_equal(report.restrictions_faulty, 0);
    assert_in_range(report.restrictions, 4, 20);
    assert_int_equal(road_open(built, &road, &err), OK);
    assert_int_equal(table_read(arena, folder, "places.csv", &places, &err), OK);
    for (size_t row = 0; row < places.rows; row++) {
        const char *kind = table_cell(&places, row, "kind");
        struct road_point at;
        if (text_double(table_cell(&places, row, "lat"), &at.lat) != OK
            || text_double(table_cell(&places, row, "lon"), &at.lon) != OK) continue;
        if (strcmp(kind, "hub") == 0) hub = at;
        if (strcmp(kind, "point") == 0 || strcmp(kind, "station") == 0) points[point_count++] = at;
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    static const char *const files[] = { "places.csv", "roads.osm", "roads.bin", "vehicles.csv",
        "organisations.csv", "people.csv", "goods.csv", "produce_offers.csv" };
    char path[256];
    road_close(road);
    for (size_t i = 0; i < COUNT(files); i++) {
        in_folder(files[i], path);
        unlink(path);
    }
    rmdir(folder);
    arena_free(arena);
    return 0;
}

static int by_number(const void *a, const void *b)
{
    const int32_t *l = a, *r = b;
    return (*l > *r) - (*l < *r);
}

static void reach(enum road_profile profile, int32_t far_s)
{
    static struct road_snap snaps[POINTS_MAX];
    static int32_t down_s[POINTS_MAX], up_s[POINTS_MAX], down_m[POINTS_MAX];
    struct road_snap from;
    struct err err = { 0 };
    assert_int_equal(road_snap(road, profile, hub, 500, &from, &err), OK);
    for (size_t i = 0; i < point_count; i++) {
        assert_int_equal(road_snap(road, profile, points[i], 150, &snaps[i], &err), OK);
        assert_true(snaps[i].main);
    }
    assert_int_equal(road_table(road, NULL, profile, &from, 1, snaps, point_count, down_s, down_m,
                                &err), OK);
    assert_int_equal(road_table(road, NULL, profile, snaps, point_count, &from, 1, up_s, NULL,
                                &err), OK);
    for (size_t i = 0; i < point_count; i++) {
        assert_in_range(down_s[i], 0, far_s);
        assert_in_range(up_s[i], 0, far_s);
    }
    qsort(down_s, point_count, sizeof *down_s, by_number);
    qsort(down_m, point_count, sizeof *down_m, by_number);
    print_message("%s: median %d min, %.1f km; furthest %d min, %.1f km\n",
                  road_profile_name(profile), down_s[point_count / 2] / 60,
                  down_m[point_count / 2] / 1000.0, down_s[point_count - 1] / 60,
                  down_m[point_count - 1] / 1000.0);
}

static void every_point_is_reached(void **state)
{
    (void)state;
    assert_int_equal(point_count, 255 + 15);
    reach(ROAD_MINIVAN, FAR_S);
    reach(ROAD_TRUCK, FAR_S);
    reach(ROAD_TRICYCLE, 2 * FAR_S);
}

static void places_are_named(void **state)
{
    (void)state;
    const struct road_place *found;
    size_t count, villages = 0;
    struct err err = { 0 };
    assert_int_equal(road_places(road, arena, &found, &count, &err), OK);
    for (size_t i = 0; i < count; i++) villages += strcmp(found[i].kind, "village") == 0;
    assert_int_equal(villages, 255);
    assert_int_equal(count, 255 + 15);
}

/* The same trade over whatever an extract names. */
static void an_extract_will_do(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct table places, people;
    assert_int_equal(demo_generate_from_roads(road, folder, 3, &err), OK);
    assert_int_equal(table_read(arena, folder, "places.csv", &places, &err), OK);
    assert_int_equal(table_read(arena, folder, "people.csv", &people, &err), OK);
    size_t points_made = 0, stations = 0, hubs = 0;
    for (size_t row = 0; row < places.rows; row++) {
        const char *kind = table_cell(&places, row, "kind");
        points_made += strcmp(kind, "point") == 0;
        stations += strcmp(kind, "station") == 0;
        hubs += strcmp(kind, "hub") == 0;
        assert_string_not_equal(table_cell(&places, row, "source"), "geonames");
    }
    assert_int_equal(points_made, 255);
    assert_int_equal(stations, 15);
    assert_int_equal(hubs, 1);
    assert_in_range(people.rows, 4000, 8000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("demo: every point is reached by every kind of vehicle", every_point_is_reached),
        TEST("demo: an extract's places are the villages", places_are_named),
        TEST("demo: a county is made from any extract's places", an_extract_will_do),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
