/* test_damage.c - extracts and road files that are cut, bent or something else altogether. */
#include "base/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include "base/arena.h"
#include "base/rng.h"
#include "road/store.h"
#include "road/testing.h"

struct bytes { unsigned char *at; size_t size; };

static struct bytes load(const char *path)
{
    struct stat about;
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fstat(fileno(file), &about), 0);
    struct bytes bytes = { malloc((size_t)about.st_size), (size_t)about.st_size };
    assert_non_null(bytes.at);
    assert_int_equal(fread(bytes.at, 1, bytes.size, file), bytes.size);
    fclose(file);
    return bytes;
}

static void save(const char *path, const void *at, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(at, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static struct { char folder[64], osm[128], pbf[128], gz[128], out[128]; } paths;

static int set_up(void **unused)
{
    (void)unused;
    snprintf(paths.folder, sizeof paths.folder, "/tmp/cunhuo-damage-XXXXXX");
    assert_non_null(mkdtemp(paths.folder));
    snprintf(paths.osm, sizeof paths.osm, "%s/x.osm", paths.folder);
    snprintf(paths.pbf, sizeof paths.pbf, "%s/x.osm.pbf", paths.folder);
    snprintf(paths.gz, sizeof paths.gz, "%s/x.osm.gz", paths.folder);
    snprintf(paths.out, sizeof paths.out, "%s/x.road", paths.folder);
    return 0;
}

static int tear_down(void **unused)
{
    (void)unused;
    unlink(paths.osm);
    unlink(paths.pbf);
    unlink(paths.gz);
    unlink(paths.out);
    return rmdir(paths.folder);   // fails if a temporary file was left
}

static void refused(const char *extract, enum status wanted)
{
    struct err err = {0};
    save(paths.out, "before", 6);
    enum status status = road_build(extract, paths.out, NULL, &err);
    assert_int_equal(status, wanted);
    assert_true(err.text && *err.text);
    struct bytes kept = load(paths.out);   // what was there is there still
    assert_int_equal(kept.size, 6);
    assert_memory_equal(kept.at, "before", 6);
    free(kept.at);
}

#define NODE(id, lat) "<node id=\"" id "\" lat=\"" lat "\" lon=\"2\"/>"
#define WAY(class) "<way id=\"3\"><nd ref=\"1\"/><nd ref=\"2\"/>" \
    "<tag k=\"highway\" v=\"" class "\"/></way>"

static void no_extracts(void **unused)
{
    (void)unused;
    static const char *const texts[] = {
        "", "no map at all", "<?xml version=\"1.0\"?><osm>", "<osm></osm>",
        "<osm><node id=\"1\" lat=\"1\" lon=\"2\"/></osm>",
        "<osm>" NODE("1", "91") NODE("2", "1") WAY("primary") "</osm>",
        "<osm>" WAY("primary") "</osm>",
        "<osm>" NODE("1", "1") NODE("2", "1.1") WAY("footway") "</osm>",
        "<osm>" NODE("1", "1") NODE("2", "1.1") WAY("primary"),
    };
    for (size_t i = 0; i < COUNT(texts); i++) {
        save(paths.osm, texts[i], strlen(texts[i]));
        refused(paths.osm, INVALID);
        save(paths.pbf, texts[i], strlen(texts[i]));
        refused(paths.pbf, INVALID);
        save(paths.gz, "\x1f\x8b nonsense", 11);
        refused(paths.gz, INVALID);
    }
    refused(paths.folder, INVALID);
    refused("/nowhere/at/all.osm.pbf", NOT_FOUND);
    refused("/etc/passwd", INVALID);
}

static void cut_extracts(void **unused)
{
    (void)unused;
    char path[512];
    snprintf(path, sizeof path, "%s/roads/andorra-2013.osm.pbf", test_data());
    struct bytes pbf = load(path);
    static const double shares[] = { 0.00001, 0.001, 0.1, 0.5, 0.9, 0.999 };
    for (size_t i = 0; i < COUNT(shares); i++) {
        save(paths.pbf, pbf.at, (size_t)(shares[i] * (double)pbf.size));
        refused(paths.pbf, INVALID);
    }
    struct rng rng = rng_seeded(9);
    for (int i = 0; i < test_cases(12); i++) {
        struct err err = {0};
        size_t at = rng_below(&rng, (uint32_t)pbf.size);
        unsigned char old = pbf.at[at];
        pbf.at[at] ^= (unsigned char)(1 + rng_below(&rng, 255));
        save(paths.pbf, pbf.at, pbf.size);
        enum status status = road_build(paths.pbf, paths.out, NULL, &err);
        assert_true(status == OK || status == INVALID);
        pbf.at[at] = old;
    }
    free(pbf.at);
}

static void packed_extract(void **unused)
{
    (void)unused;
    char path[512];
    struct err err = {0};
    struct road_build_report report;
    snprintf(path, sizeof path, "%s/roads/monaco.osm.gz", test_data());
    assert_int_equal(road_build(path, paths.out, &report, &err), OK);
    assert_int_equal(report.osm_ways, 1944);
    assert_int_equal(report.osm_nodes, 13739);
    struct bytes gz = load(path);
    save(paths.gz, gz.at, gz.size / 2);
    refused(paths.gz, INVALID);
    free(gz.at);
    snprintf(path, sizeof path, "%s/roads/north-bayreuth.osm.gz", test_data());
    assert_int_equal(road_build(path, paths.out, &report, &err), OK);
    assert_int_equal(report.restrictions + report.restrictions_faulty, 40);
}

/* -- Road files -------------------------------------------------------------------------------- */

static struct bytes small_road(void)
{
    struct made made;
    made_begin(&made);
    for (int i = 0; i < 36; i++)
        made_node(&made, i + 1, i % 6 * 200, i / 6 * 200, i % 7 ? "" : "place=hamlet name=x");
    for (int i = 0; i < 36; i++) {
        char refs[32];
        snprintf(refs, sizeof refs, "%d %d", i + 1, i + 2);
        if (i % 6 < 5) made_way(&made, 100 + i, refs, "highway=tertiary");
        snprintf(refs, sizeof refs, "%d %d", i + 1, i + 7);
        if (i < 30) made_way(&made, 200 + i, refs, i % 4 ? "highway=track" : "highway=service");
    }
    made_relation(&made, 31, "from:w100 via:w101 to:w202",
        "type=restriction restriction=no_right_turn");
    struct road *road = made_road(&made, NULL);
    struct bytes bytes = load(made.out);
    made_end(&made, road);
    return bytes;
}

/* Asks this and that: whatever the answers, nothing outside the map may be touched. */
static void use_road(const struct road *road)
{
    struct err err = {0};
    struct arena *arena = arena_open(1 << 24);
    struct road_snap snaps[4];
    size_t count = 0;
    int32_t seconds[16], metres[16];
    const struct road_place *places;
    size_t place_count;
    for (int p = 0; p < ROAD_PROFILES; p++, count = 0) {
        enum road_profile profile = (enum road_profile)p;
        for (int i = 0; i < 4; i++) {
            struct road_point at = made_point(i * 250, 990 - i * 300);
            if (road_snap(road, profile, at, 500, &snaps[count], &err) == OK) count++;
        }
        struct road_change change = { .what = ROAD_AREA, .at = made_point(500, 500),
            .radius_m = 150, .factor = 0.5 };
        struct road_state *state;
        struct road_route route;
        if (road_state_new(road, &change, 1, NULL, &state, &err) != OK) continue;
        assert_int_equal(road_matrix(road, state, profile, snaps, count, seconds, metres, &err),
            OK);
        if (count > 1) {
            enum status status = road_route(road, state, profile, &snaps[0], &snaps[1], arena,
                &route, &err);
            assert_true(status == OK || status == NOT_FOUND || status == BROKEN);
        }
        road_state_free(state);
    }
    assert_int_equal(road_places(road, arena, &places, &place_count, &err), OK);
    for (size_t i = 0; i < place_count; i++) assert_true(strlen(places[i].name) < 1 << 20);
    arena_free(arena);
}

static void cut_roads(void **unused)
{
    (void)unused;
    struct err err = {0};
    struct road *road;
    struct bytes file = small_road();
    for (size_t size = 0; size < file.size; size += 1 + size / 9) {
        save(paths.out, file.at, size);
        assert_int_equal(road_open(paths.out, &road, &err), INVALID);
    }
    struct rng rng = rng_seeded(77);
    for (int i = 0; i < test_cases(300); i++) {   // bent anywhere after the magic
        size_t at = 8 + rng_below(&rng, (uint32_t)file.size - 8);
        unsigned char old = file.at[at];
        file.at[at] ^= (unsigned char)(1 + rng_below(&rng, 255));
        save(paths.out, file.at, file.size);
        enum status status = road_open(paths.out, &road, &err);
        if (status == OK) {   // figures in the head that nothing depends on
            assert_true(at < sizeof(struct road_head));
            road_close(road);
        }
        file.at[at] = old;
    }
    assert_int_equal(road_open("/nowhere.road", &road, &err), NOT_FOUND);
    assert_int_equal(road_open(paths.folder, &road, &err), INVALID);
    free(file.at);
}

/* The same with a right checksum: somebody made it so. */
static void hostile_roads(void **unused)
{
    (void)unused;
    struct err err = {0};
    struct road *road;
    struct bytes file = small_road();
    struct rng rng = rng_seeded(78);
    int opened = 0;
    size_t head_size = (sizeof(struct road_head) + 7) / 8 * 8;
    for (int i = 0; i < test_cases(2000); i++) {
        unsigned char *copy = malloc(file.size);
        memcpy(copy, file.at, file.size);
        for (int n = 1 + (int)rng_below(&rng, 3); n > 0; n--) {
            size_t at = 24 + rng_below(&rng, (uint32_t)file.size - 24);
            unsigned bent = rng_below(&rng, 2) ? rng_below(&rng, 256)
                : copy[at] ^ 1u << rng_below(&rng, 8);
            copy[at] = (unsigned char)bent;
        }
        struct road_head *head = (struct road_head *)(void *)copy;
        head->crc = (uint32_t)crc32_z(0, copy + head_size, file.size - head_size);
        save(paths.out, copy, file.size);
        free(copy);
        if (road_open(paths.out, &road, &err) != OK) continue;
        opened++;
        use_road(road);
        road_close(road);
    }
    print_message("    %d of %d opened\n", opened, test_cases(2000));
    assert_true(opened > 10);
    free(file.at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("what is no extract is refused, and nothing is touched", no_extracts),
        TEST("extracts cut short or bent are refused or read, never worse", cut_extracts),
        TEST("packed extracts are read; cut ones refused", packed_extract),
        TEST("road files cut short or bent are refused", cut_roads),
        TEST("road files bent on purpose are refused or answer within bounds", hostile_roads),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
