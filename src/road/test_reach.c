/* test_reach.c - isochrones against single answers; the first of some places; polylines. */
#include "base/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/arena.h"
#include "base/rng.h"
#include "road/store.h"
#include "road/testing.h"

enum { LIMIT_S = 600, TRIES = 400 };

static struct road *andorra(void)
{
    char extract[512], out[] = "/tmp/cunhuo-reach-XXXXXX";
    struct road *road;
    struct err err = {0};
    snprintf(extract, sizeof extract, "%s/roads/andorra-2025.osm.pbf", test_data());
    close(mkstemp(out));
    assert_int_equal(road_build(extract, out, NULL, &err), OK);
    assert_int_equal(road_open(out, &road, &err), OK);
    unlink(out);
    return road;
}

/* Each piece's middle is reached when a single question says so, or sooner over its other side. */
static void isochrone(void **unused)
{
    (void)unused;
    struct road *road = andorra();
    struct arena *arena = arena_open(1 << 28);
    struct rng rng = rng_seeded(3);
    struct road_snap from, to;
    const struct road_reached *pieces;
    size_t count, exact = 0;
    struct err err = {0};
    int32_t seconds, metres;
    struct road_point vella = { 42.5075, 1.5218 };
    assert_int_equal(road_snap(road, ROAD_CAR, vella, 1000, &from, &err), OK);
    assert_int_equal(road_reach(road, NULL, ROAD_CAR, &from, LIMIT_S, arena, &pieces, &count,
        &err), OK);
    assert_true(count > 1000);
    for (int i = 0; i < TRIES; i++) {
        const struct road_reached *piece = &pieces[rng_below(&rng, (uint32_t)count)];
        assert_true(piece->from_s <= piece->to_s && piece->to_s <= LIMIT_S);
        struct road_point middle = { (piece->from.lat + piece->to.lat) / 2,
            (piece->from.lon + piece->to.lon) / 2 };
        if (road_snap(road, ROAD_CAR, middle, 5, &to, &err) != OK || to.distance_m > 0.05
            || road_beeline_m(piece->from, piece->to) < 1) continue;
        int32_t middle_s = (piece->from_s + piece->to_s) / 2;
        assert_int_equal(road_table(road, NULL, ROAD_CAR, &from, 1, &to, 1, &seconds, &metres,
            &err), OK);
        assert_true(seconds >= 0 && seconds <= middle_s + 1);
        exact += seconds >= middle_s - 1;
    }
    print_message("    %zu pieces, %zu of %d middles exact\n", count, exact, TRIES);
    assert_true(exact > TRIES / 3);     // many roads are reached from their other end first
    for (int i = 0; i < TRIES; i++) {   // and what can be reached is among the pieces
        struct road_point at = point_at(road, rng_below(&rng, road->points));
        if (road_snap(road, ROAD_CAR, at, 5, &to, &err) != OK) continue;
        assert_int_equal(road_table(road, NULL, ROAD_CAR, &from, 1, &to, 1, &seconds, &metres,
            &err), OK);
        if (seconds < 0 || seconds >= LIMIT_S) continue;
        double nearest = 1e9;
        for (size_t k = 0; k < count; k++)
            nearest = fmin(nearest, fmin(road_beeline_m(to.at, pieces[k].to),
                road_beeline_m(to.at, pieces[k].from)));
        assert_true(nearest < 1);
    }
    arena_free(arena);
    road_close(road);
}

static void first_of(void **unused)
{
    (void)unused;
    struct made made;
    struct err err = {0};
    made_begin(&made);
    for (int i = 0; i < 5; i++) made_node(&made, i + 1, 1000.0 * i, 0, "");
    made_way(&made, 10, "1 2 3", "highway=primary");
    made_way(&made, 11, "3 4 5", "highway=track tracktype=grade3");
    struct road *road = made_road(&made, NULL);
    struct road_snap from = made_snap(road, ROAD_MINIVAN, 1900, 0), places[3] = {
        made_snap(road, ROAD_MINIVAN, 2900, 0), made_snap(road, ROAD_MINIVAN, 900, 0),
        made_snap(road, ROAD_MINIVAN, 0, 0) };
    size_t index;
    int32_t seconds, metres;
    assert_int_equal(road_first_of(road, NULL, ROAD_MINIVAN, &from, places, 3, &index, &seconds,
        &metres, &err), OK);
    assert_int_equal(index, 1);
    assert_int_equal(metres, 1000);
    assert_int_equal(road_first_of(road, NULL, ROAD_MINIVAN, &from, places, 0, &index, &seconds,
        &metres, &err), NOT_FOUND);
    made_end(&made, road);
}

static void polyline(void **unused)
{
    (void)unused;
    struct arena *arena = arena_open(1 << 16);
    /* The example of Google's page, whose five decimals are given here as six. */
    struct road_point points[] = { { 3.85, -12.02 }, { 4.07, -12.095 }, { 4.3252, -12.6453 } };
    assert_string_equal(road_polyline(points, 3, arena), "_p~iF~ps|U_ulLnnqC_mqNvxq`@");
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("S2.14 an isochrone holds what single questions reach, and no more", isochrone),
        TEST("the facility that is reached first is no nearest by metres", first_of),
        TEST("an encoded polyline", polyline),
    };
    return cmocka_run_group_tests_name("road/reach", tests, NULL, NULL);
}
