/* test_osrm.c - a real country against OSRM 26.10: its pure fastest path, and a closed road. */
#include "base/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include "base/arena.h"
#include "base/text.h"
#include "road/road.h"

enum { POINTS = 500, CLOSED_MAX = 200 };

static struct { struct arena *arena; struct road *road; struct road_snap *snaps; } world;

static const char *data(const char *name)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/roads/%s", test_data(), name);
    return path;
}

/* -- NumPy's archives -------------------------------------------------------------------------- */

static unsigned little(const unsigned char *bytes, int count)
{
    unsigned value = 0;
    for (int i = count; i-- > 0;) value = value << 8 | bytes[i];
    return value;
}

static unsigned char *read_whole(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) print_message("%s is missing\n", path);
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    *size = (size_t)ftell(file);
    rewind(file);
    unsigned char *bytes = arena_new(world.arena, *size);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, *size, file), *size);
    fclose(file);
    return bytes;
}

static void inflate_into(unsigned char *packed, size_t packed_size, unsigned char *out,
    size_t size)
{
    z_stream stream = { .next_in = packed, .avail_in = (unsigned)packed_size, .next_out = out,
        .avail_out = (unsigned)size };
    assert_int_equal(inflateInit2(&stream, -MAX_WBITS), Z_OK);
    assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
    inflateEnd(&stream);
}

/* The int32 array `name`.npy of an .npz, found by the zip's central directory. */
static const int32_t *read_npz(const char *path, const char *name)
{
    size_t size;
    unsigned char *zip = read_whole(path, &size), *end = zip + size - 22;
    assert_int_equal(little(end, 4), 0x06054b50);
    const unsigned char *entry = zip + little(end + 16, 4);
    for (unsigned left = little(end + 10, 2); left > 0; left--) {
        unsigned length = little(entry + 28, 2), packed = little(entry + 20, 4);
        unsigned plain = little(entry + 24, 4);
        unsigned char *local = zip + little(entry + 42, 4);
        bool wanted = length == strlen(name) + 4 && memcmp(entry + 46, name, length - 4) == 0;
        bool deflated = little(entry + 10, 2) == 8;
        entry += 46 + length + little(entry + 30, 2) + little(entry + 32, 2);
        if (!wanted) continue;
        unsigned char *body = local + 30 + little(local + 26, 2) + little(local + 28, 2);
        unsigned char *array = arena_new(world.arena, plain);
        assert_non_null(array);
        if (deflated) inflate_into(body, packed, array, plain);
        else memcpy(array, body, plain);
        unsigned head = 10 + little(array + 8, 2);
        assert_int_equal(plain - head, POINTS * POINTS * 4);
        int32_t *values = arena_new(world.arena, plain - head);
        memcpy(values, array + head, plain - head);
        return values;
    }
    fail_msg("%s is not in %s", name, path);
    return NULL;
}

/* -- Setting up -------------------------------------------------------------------------------- */

static void snap_points(void)
{
    char line[128];
    int islands = 0;
    struct err err = {0};
    FILE *file = fopen(data("reference/andorra-2025-on.csv"), "r");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof line, file));
    for (int i = 0; i < POINTS; i++) {
        struct road_point at;
        assert_non_null(fgets(line, sizeof line, file));
        assert_int_equal(sscanf(line, "%*d,%lf,%lf", &at.lat, &at.lon), 2);
        struct road_snap *snap = &world.snaps[i];
        assert_int_equal(road_snap(world.road, ROAD_CAR, at, 1000, snap, &err), OK);
        bool island = snap->island_m >= 0;   // OSRM too passes over roads cut off from the rest
        assert_true((island ? snap->island_m : snap->distance_m) < 1);
        islands += island;
    }
    fclose(file);
    assert_int_equal(islands, 5);
}

static void set_up(void)
{
    char out[] = "/tmp/cunhuo-andorra-XXXXXX";
    struct err err = {0};
    if (world.road) return;
    const char *extract = data("andorra-2025.osm.pbf");   // skips without data
    if (world.arena == NULL) world.arena = arena_open(1 << 28);
    int fd = mkstemp(out);
    close(fd);
    assert_int_equal(road_build(extract, out, NULL, &err), OK);
    assert_int_equal(road_open(out, &world.road, &err), OK);
    unlink(out);
    world.snaps = arena_new(world.arena, POINTS * sizeof *world.snaps);
    snap_points();
}

static int32_t *matrix(const struct road_state *state, enum road_profile profile,
    const struct road_snap *snaps, int32_t **distances)
{
    struct err err = {0};
    int32_t *durations = arena_new(world.arena, POINTS * POINTS * sizeof *durations);
    *distances = arena_new(world.arena, POINTS * POINTS * sizeof **distances);
    assert_int_equal(road_matrix(world.road, state, profile, snaps, POINTS, durations, *distances,
        &err), OK);
    return durations;
}

static bool within(int32_t ours, int32_t theirs, double share)
{
    double wanted = theirs > 0 ? theirs : 1;
    return ours >= wanted * (1 - share) && ours <= wanted * (1 + share);
}

/* -- Promises ---------------------------------------------------------------------------------- */

static void as_right(void **state)
{
    (void)state;
    set_up();
    const char *path = data("reference/andorra-2025-osrmduration-on-500.npz");
    const int32_t *their_s = read_npz(path, "dur"), *their_m = read_npz(path, "dist");
    int32_t *our_m, *our_s = matrix(NULL, ROAD_CAR, world.snaps, &our_m);
    int near_s = 0, near_m = 0, none = 0, pairs = 0;
    for (int i = 0; i < POINTS * POINTS; i++) {
        if (i / POINTS == i % POINTS) continue;
        pairs++;
        none += our_s[i] < 0;
        near_s += within(our_s[i], their_s[i], 0.05);
        near_m += within(our_m[i], their_m[i], 0.01);
    }
    print_message("    of %d pairs: seconds within 5 %%: %.2f %%, metres within 1 %%: %.2f %%, "
        "unreachable: %d\n", pairs, 100.0 * near_s / pairs, 100.0 * near_m / pairs, none);
    assert_int_equal(none, 0);
    assert_true(near_s >= 0.95 * pairs);
    assert_true(near_m >= 0.90 * pairs);
}

static size_t read_closed(struct road_change *changes)
{
    char line[128];
    size_t count = 0;
    FILE *file = fopen(data("reference/andorra-2025-closed.csv"), "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        long long from, to;
        if (sscanf(line, "%lld,%lld", &from, &to) != 2) continue;
        assert_true(count < CLOSED_MAX);
        changes[count++] = (struct road_change){ .what = ROAD_NODES, .from_node_id = from,
            .to_node_id = to, .one_way = true };
    }
    fclose(file);
    return count;
}

static void closed_road(void **unused)
{
    (void)unused;
    struct road_change changes[CLOSED_MAX];
    struct road_state *state;
    struct err err = {0};
    set_up();
    const int32_t *theirs = read_npz(data("reference/andorra-2025-osrm-closed-on-500.npz"), "dur");
    size_t count = read_closed(changes);
    assert_int_equal(count, 116);
    assert_int_equal(road_state_new(world.road, changes, count, NULL, &state, &err), OK);
    int32_t *our_m, *before_m, *ours = matrix(state, ROAD_CAR, world.snaps, &our_m);
    int32_t *before = matrix(NULL, ROAD_CAR, world.snaps, &before_m);
    int none = 0;
    for (int i = 0; i < POINTS * POINTS; i++) {
        assert_int_equal(ours[i] < 0, theirs[i] < 0);
        none += ours[i] < 0;
        if (ours[i] >= 0) assert_int_equal(ours[i], before[i]);   // a road that ends: no detours
    }
    assert_int_equal(none, 8838);
    road_state_free(state);
    struct road_change way = { .what = ROAD_WAY, .way_id = 247995246 };
    assert_int_equal(road_state_new(world.road, &way, 1, NULL, &state, &err), OK);
    int32_t *by_way = matrix(state, ROAD_CAR, world.snaps, &our_m);
    assert_memory_equal(ours, by_way, POINTS * POINTS * sizeof *ours);
    road_state_free(state);
}

static void same_routes(enum road_profile profile)
{
    enum { FEW = 60 };
    struct err err = {0};
    struct road_snap snaps[FEW];
    int32_t seconds[FEW * FEW], metres[FEW * FEW];
    for (int i = 0; i < FEW; i++)
        assert_int_equal(road_snap(world.road, profile, world.snaps[i * 8].at, 3000, &snaps[i],
            &err), OK);
    assert_int_equal(road_matrix(world.road, NULL, profile, snaps, FEW, seconds, metres, &err), OK);
    for (int i = 0; i < FEW * FEW; i += 7) {
        struct arena *arena = arena_open(1 << 22);
        struct road_route route;
        enum status status = road_route(world.road, NULL, profile, &snaps[i / FEW],
            &snaps[i % FEW], arena, &route, &err);
        assert_int_equal(status, seconds[i] < 0 ? NOT_FOUND : OK);
        double drawn = 0;
        for (size_t k = 1; status == OK && k < route.point_count; k++)
            drawn += road_beeline_m(route.points[k - 1], route.points[k]);
        if (status == OK) {
            assert_int_equal(route.duration_s, seconds[i]);
            assert_int_equal(route.distance_m, metres[i]);
            assert_true(drawn > 0.99 * route.distance_m - 10
                && drawn < 1.01 * route.distance_m + 10);
        }
        arena_free(arena);
    }
}

static void routes(void **unused)
{
    (void)unused;
    set_up();
    for (int p = 0; p < ROAD_PROFILES; p++) same_routes((enum road_profile)p);
}

/* Mountain roads take the van longer than the car of comparison; the car is never slower. */
static void mountains(void **unused)
{
    (void)unused;
    set_up();
    int32_t *metres;
    int32_t *car = matrix(NULL, ROAD_CAR, world.snaps, &metres);
    int32_t *van = matrix(NULL, ROAD_MINIVAN, world.snaps, &metres);
    int64_t car_s = 0, van_s = 0;
    for (int i = 0; i < POINTS * POINTS; i++) {
        if (van[i] < 0) continue;
        car_s += car[i];
        van_s += van[i];
    }
    print_message("    bends cost the van %.1f %%\n", 100.0 * (double)van_s / (double)car_s - 100);
    assert_true(van_s > car_s);
}

static void named_places(void **unused)
{
    (void)unused;
    set_up();
    size_t villages = 0;
    assert_true(road_place_count(world.road) > 100);
    for (size_t i = 0; i < road_place_count(world.road); i++) {
        struct road_place place = road_place(world.road, i);
        assert_true(text_valid(place.name, strlen(place.name)) && *place.name);
        villages += strcmp(place.kind, "village") == 0;
    }
    assert_true(villages > 10);
}

static int tear_down(void **unused)
{
    (void)unused;
    road_close(world.road);
    arena_free(world.arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("Andorra: seconds and metres agree with OSRM's fastest paths", as_right),
        TEST("S2.14 a closed road cuts off what OSRM says, and nothing else", closed_road),
        TEST("Andorra: matrix and single routes are the same, each profile", routes),
        TEST("Andorra: bends slow the van", mountains),
        TEST("Andorra: places with names", named_places),
    };
    return cmocka_run_group_tests(tests, NULL, tear_down);
}
