/* test_hierarchy.c - the hierarchy against plain Dijkstra, on real countries. */
#include "base/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/arena.h"
#include "base/rng.h"
#include "road/hierarchy.h"
#include "road/search.h"

enum { SNAPS = 48, CHANGES = 8 };

static struct road *build(const char *name)
{
    char extract[512], out[] = "/tmp/cunhuo-road-XXXXXX";
    struct road *road = NULL;
    struct err err = {0};
    snprintf(extract, sizeof extract, "%s/roads/%s", test_data(), name);
    close(mkstemp(out));
    assert_int_equal(road_build(extract, out, NULL, &err), OK);
    assert_int_equal(road_open(out, &road, &err), OK);
    unlink(out);
    return road;
}

static size_t some_snaps(const struct road *road, enum road_profile profile, struct rng *rng,
    struct road_snap *snaps)
{
    size_t count = 0;
    struct err err = {0};
    while (count < SNAPS) {
        struct road_point at = point_at(road, rng_below(rng, road->points));
        at.lat += (double)rng_between(rng, -500, 500) * 1e-6;
        at.lon += (double)rng_between(rng, -500, 500) * 1e-6;
        count += road_snap(road, profile, at, 2000, &snaps[count], &err) == OK;
    }
    snaps[SNAPS - 1] = snaps[0];   // the same place twice, and another place on the same segment
    snaps[SNAPS - 2] = snaps[0];
    struct road_snap *half = &snaps[SNAPS - 2];
    uint32_t point = road->stretch_first[half->stretch] + half->segment;
    struct road_point a = point_at(road, point), b = point_at(road, point + 1);
    half->part /= 2;
    half->at.lat = a.lat + (b.lat - a.lat) * half->part * 0x1p-32;
    half->at.lon = a.lon + (b.lon - a.lon) * half->part * 0x1p-32;
    return count;
}

static struct road_state *some_state(const struct road *road, struct rng *rng)
{
    struct road_change changes[CHANGES];
    struct road_state *state;
    struct err err = {0};
    for (size_t i = 0; i < CHANGES; i++) {
        uint32_t point = rng_below(rng, road->points);
        changes[i] = (struct road_change){
            .what = i % 2 ? ROAD_AREA : ROAD_WAY, .radius_m = 300, .at = point_at(road, point),
            .way_id = road->stretch_way[stretch_of_point(road, point)],
            .factor = rng_below(rng, 3) ? 0 : 0.4, .profiles = rng_below(rng, 2) ? 0 : 5,
        };
    }
    assert_int_equal(road_state_new(road, changes, CHANGES, NULL, &state, &err), OK);
    return state;
}

static void compare_routes(const struct road *road, const struct road_state *state,
    enum road_profile profile, const struct road_snap *snaps, const int32_t *durations,
    const int32_t *distances)
{
    struct arena *arena = arena_open(1 << 26);
    struct err err = {0};
    for (int i = 0; i < SNAPS; i += 3)
        for (int j = 1; j < SNAPS; j += 5) {
            struct road_route route;
            int at = i * SNAPS + j;
            enum status status = road_route(road, state, profile, &snaps[i], &snaps[j], arena,
                &route, &err);
            assert_int_equal(status, durations[at] < 0 ? NOT_FOUND : OK);
            if (status != OK) continue;
            assert_int_equal(route.duration_s, durations[at]);
            assert_int_equal(route.distance_m, distances[at]);
            double length = 0;
            for (size_t k = 1; k < route.point_count; k++) {
                length += road_beeline_m(route.points[k - 1], route.points[k]);
                assert_true(route.at_s[k] >= route.at_s[k - 1]);
            }
            assert_true(length < route.distance_m * 1.01 + 2);   // drawn as long as it is
            assert_true(length > route.distance_m * 0.99 - 2);
            arena_reset(arena);
        }
    arena_free(arena);
}

/* Returns how many pairs have a way. */
static int compare(const struct road *road, const struct road_state *state,
    enum road_profile profile, struct rng *rng)
{
    static int32_t durations[SNAPS * SNAPS], distances[SNAPS * SNAPS];
    static int32_t plain_durations[SNAPS * SNAPS], plain_distances[SNAPS * SNAPS];
    struct road_snap snaps[SNAPS];
    struct err err = {0};
    int ways = 0;
    some_snaps(road, profile, rng, snaps);
    assert_int_equal(road_table(road, state, profile, snaps, SNAPS, snaps, SNAPS, durations,
        distances, &err), OK);
    assert_int_equal(search_table(road, state, profile, snaps, SNAPS, snaps, SNAPS,
        plain_durations, plain_distances, &err), OK);
    for (int i = 0; i < SNAPS * SNAPS; i++) {
        assert_int_equal(durations[i], plain_durations[i]);
        assert_int_equal(distances[i], plain_distances[i]);
        ways += durations[i] >= 0;
    }
    compare_routes(road, state, profile, snaps, durations, distances);
    return ways;
}

static void equals_plain(const char *name)
{
    struct rng rng = rng_seeded(6);
    struct road *road = build(name);
    const struct hierarchy *h;
    struct err err = {0};
    int ways = 0, pairs = 0;
    assert_int_equal(hierarchy_of(road, &h, &err), OK);
    for (int round = 0; round < test_cases(3); round++)
        for (int p = 0; p < ROAD_PROFILES; p++) {
            struct road_state *state = round ? some_state(road, &rng) : NULL;
            ways += compare(road, state, (enum road_profile)p, &rng);
            pairs += SNAPS * SNAPS;
            road_state_free(state);
        }
    print_message("    %u states, %u turns, %u + %u edges, %d pairs, %d with a way\n",
        road->states, road->turns, h->outs, h->ins, pairs, ways);
    assert_true(ways > pairs / 2);
    road_close(road);
}

static void andorra(void **unused)
{
    (void)unused;
    equals_plain("andorra-2025.osm.pbf");
}

static void monaco(void **unused)
{
    (void)unused;
    equals_plain("monaco.osm.gz");
}

static void bayreuth(void **unused)
{
    (void)unused;
    equals_plain("north-bayreuth.osm.gz");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("S2.14 Andorra: matrix and routes equal plain Dijkstra, each profile, with closures",
            andorra),
        TEST("S2.14 Monaco: matrix and routes equal plain Dijkstra, each profile, with closures",
            monaco),
        TEST("S2.14 Bayreuth: matrix and routes equal plain Dijkstra, each profile, with closures",
            bayreuth),
    };
    return cmocka_run_group_tests_name("road/hierarchy", tests, NULL, NULL);
}
