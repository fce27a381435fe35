/* test_generate.c - the demo county: its facts are right and the rest fits together. */
#include "demo/generate.h"

#include <errno.h>
#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/arena.h"
#include "base/ids.h"
#include "base/test.h"
#include "base/text.h"
#include "demo/table.h"
#include "road/road.h"

enum { DAY = 20780, PARCELS = 250 };

static char folder[] = "/tmp/cunhuo-demo-XXXXXX";
static struct arena *arena;
static struct table places, people, goods, organisations, vehicles, offers;

static const char *const files[] = { "places.csv", "roads.osm", "vehicles.csv",
    "organisations.csv", "people.csv", "goods.csv", "produce_offers.csv" };

static void must_generate(const char *into, uint64_t seed)
{
    struct err err = { 0 };
    assert_int_equal(demo_generate(into, seed, &err), OK);
    for (size_t c = 0; c < DEMO_COURIERS; c++)
        assert_int_equal(demo_parcels(into, c, DAY, seed, PARCELS, &err), OK);
}

static void parcels_name(size_t courier, char out[64])
{
    snprintf(out, 64, "parcels_%s.csv", demo_couriers[courier].short_name);
}

static void clear_folder(const char *path)
{
    char file[256], name[64];
    for (size_t i = 0; i < COUNT(files); i++) {
        snprintf(file, sizeof file, "%s/%s", path, files[i]);
        unlink(file);
    }
    for (size_t c = 0; c < DEMO_COURIERS; c++) {
        parcels_name(c, name);
        snprintf(file, sizeof file, "%s/%s", path, name);
        unlink(file);
    }
    rmdir(path);
}

static int setup(void **state)
{
    (void)state;
    arena = arena_open((size_t)256 << 20);
    if (arena == NULL || mkdtemp(folder) == NULL) return -1;
    must_generate(folder, 1);
    struct { const char *name; struct table *table; } tables[] = {
        { "places.csv", &places }, { "people.csv", &people }, { "goods.csv", &goods },
        { "organisations.csv", &organisations }, { "vehicles.csv", &vehicles },
        { "produce_offers.csv", &offers } };
    struct err err = { 0 };
    for (size_t i = 0; i < COUNT(tables); i++)
        assert_int_equal(table_read(arena, folder, tables[i].name, tables[i].table, &err), OK);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    clear_folder(folder);
    arena_free(arena);
    return 0;
}

static char *bytes_of(const char *path, const char *name, size_t *size)
{
    char full[256];
    snprintf(full, sizeof full, "%s/%s", path, name);
    FILE *file = fopen(full, "rb");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    *size = (size_t)ftell(file);
    rewind(file);
    char *bytes = arena_new(arena, *size + 1);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, *size, file), *size);
    fclose(file);
    return bytes;
}

static bool same(const char *a, const char *b, const char *name)
{
    size_t a_size, b_size;
    const char *a_bytes = bytes_of(a, name, &a_size), *b_bytes = bytes_of(b, name, &b_size);
    return a_size == b_size && memcmp(a_bytes, b_bytes, a_size) == 0;
}

static void seed_repeats(void **state)
{
    (void)state;
    char again[] = "/tmp/cunhuo-demo-XXXXXX", other[] = "/tmp/cunhuo-demo-XXXXXX", name[64];
    assert_non_null(mkdtemp(again));
    assert_non_null(mkdtemp(other));
    must_generate(again, 1);
    must_generate(other, 2);
    for (size_t i = 0; i < COUNT(files); i++) assert_true(same(folder, again, files[i]));
    for (size_t c = 0; c < DEMO_COURIERS; c++) {
        parcels_name(c, name);
        assert_true(same(folder, again, name));
        assert_false(same(folder, other, name));
    }
    assert_false(same(folder, other, "roads.osm"));
    assert_false(same(folder, other, "people.csv"));
    clear_folder(again);
    clear_folder(other);
}

static size_t count_kind(const char *kind)
{
    size_t count = 0;
    for (size_t row = 0; row < places.rows; row++)
        count += strcmp(table_cell(&places, row, "kind"), kind) == 0;
    return count;
}

static size_t find(const struct table *table, const char *column, const char *value)
{
    for (size_t row = 0; row < table->rows; row++) {
        if (strcmp(table_cell(table, row, column), value) == 0) return row;
    }
    return SIZE_MAX;
}

static void divisions_are_whole(void **state)
{
    (void)state;
    assert_int_equal(count_kind("county"), 1);
    assert_int_equal(count_kind("township"), 14);
    assert_int_equal(count_kind("office"), 1);
    assert_int_equal(count_kind("village"), 255);
    assert_int_equal(count_kind("community"), 14);
    assert_int_equal(count_kind("hub"), 1);
    assert_int_equal(count_kind("station"), 15);
    assert_int_equal(count_kind("point"), 255);
    size_t office = find(&places, "kind", "office");
    assert_string_equal(table_cell(&places, office, "code"), "");
    for (size_t row = 0; row < places.rows; row++) {
        const char *kind = table_cell(&places, row, "kind");
        const char *code = table_cell(&places, row, "code");
        if (strcmp(kind, "village") != 0) continue;
        assert_int_equal(strlen(code), 12);
        assert_int_equal(strncmp(code, table_cell(&places, row, "parent_code"), 9), 0);
        assert_true(table_cell(&places, row, "lat")[0] != '\0');
    }
}

/* Every code occurs once, and every parent is there. */
static void codes_fit(void **state)
{
    (void)state;
    for (size_t row = 0; row < places.rows; row++) {
        const char *code = table_cell(&places, row, "code");
        const char *parent = table_cell(&places, row, "parent_code");
        if (code[0]) assert_int_equal(find(&places, "code", code), row);
        if (parent[0]) assert_true(find(&places, "code", parent) < row);
        const char *station = table_cell(&places, row, "station_code");
        if (strcmp(table_cell(&places, row, "kind"), "point") == 0)
            assert_true(find(&places, "code", station) != SIZE_MAX);
    }
}

static struct road_point position(const struct table *table, size_t row)
{
    struct road_point at = { 0, 0 };
    assert_int_equal(text_double(table_cell(table, row, "lat"), &at.lat), OK);
    assert_int_equal(text_double(table_cell(table, row, "lon"), &at.lon), OK);
    return at;
}

/* The office has no code: it is found by its name. */
static size_t place_of(const struct table *facts, size_t row)
{
    const char *code = table_cell(facts, row, "code");
    return code[0] ? find(&places, "code", code)
                   : find(&places, "name", table_cell(facts, row, "name"));
}

static void check_facts(const char *name, const char *name_column, size_t *known)
{
    struct table facts;
    struct err err = { 0 };
    char path[512];
    snprintf(path, sizeof path, "%s/county", test_data());
    assert_int_equal(table_read(arena, path, name, &facts, &err), OK);
    for (size_t row = 0; row < facts.rows; row++) {
        size_t place = place_of(&facts, row);
        assert_true(place != SIZE_MAX);
        assert_string_equal(table_cell(&places, place, "name"),
                            table_cell(&facts, row, name_column));
        assert_string_equal(table_cell(&places, place, "kind"), table_cell(&facts, row, "kind")[0]
            == 't' && !table_cell(&facts, row, "code")[0] ? "office"
            : table_cell(&facts, row, "kind"));
        bool geonames = strcmp(table_cell(&facts, row, "coord_source"), "geonames") == 0;
        if (!geonames) {
            assert_string_not_equal(table_cell(&places, place, "source"), "geonames");
            continue;
        }
        ++*known;
        assert_string_equal(table_cell(&places, place, "source"), "geonames");
        assert_true(road_beeline_m(position(&places, place), position(&facts, row)) < 3);
    }
}

static void facts_agree(void **state)
{
    (void)state;
    if (test_data() == NULL) skip();
    size_t known = 0;
    struct table townships;
    struct err err = { 0 };
    char path[512];
    snprintf(path, sizeof path, "%s/county", test_data());
    check_facts("villages.csv", "short_name", &known);
    assert_int_equal(known, 9);
    assert_int_equal(table_read(arena, path, "townships.csv", &townships, &err), OK);
    assert_int_equal(townships.rows, 15);
    for (size_t row = 0; row < townships.rows; row++) {
        size_t place = place_of(&townships, row);
        assert_true(place != SIZE_MAX);
        assert_string_equal(table_cell(&places, place, "name"),
                            table_cell(&townships, row, "name"));
        assert_string_equal(table_cell(&places, place, "pinyin"),
                            table_cell(&townships, row, "pinyin"));
        if (strcmp(table_cell(&townships, row, "coord_source"), "geonames") != 0) {
            assert_string_equal(table_cell(&places, place, "source"), "made");
            continue;
        }
        known++;
        assert_true(road_beeline_m(position(&places, place), position(&townships, row)) < 3);
    }
    assert_int_equal(known, 9 + 13);
}

static void goods_are_sound(void **state)
{
    (void)state;
    assert_in_range(goods.rows, 240, 400);
    for (size_t row = 0; row < goods.rows; row++) {
        const char *code = table_cell(&goods, row, "code");
        assert_int_equal(strlen(code), 13);
        assert_int_equal(code[0], '2');
        assert_int_equal(gs1_digit(code, 12), code[12] - '0');
        assert_int_equal(find(&goods, "code", code), row);
        assert_int_equal(find(&goods, "name", table_cell(&goods, row, "name")), row);
        assert_true(find(&organisations, "code", table_cell(&goods, row, "supplier")) != SIZE_MAX);
        assert_in_range(table_number(&goods, row, "weight_g"), 10, 20000);
        assert_in_range(table_number(&goods, row, "volume_ml"), 10, 40000);
        assert_in_range(table_number(&goods, row, "price_fen"), 50, 30000);
        assert_in_range(table_number(&goods, row, "stock"), 10, 2000);
        assert_int_equal(find(&goods, "bin", table_cell(&goods, row, "bin")), row);
    }
}

static void people_fit(void **state)
{
    (void)state;
    size_t villagers = 0, producers = 0;
    for (size_t row = 0; row < people.rows; row++) {
        const char *phone = table_cell(&people, row, "phone");
        const char *place = table_cell(&people, row, "place_code");
        const char *organisation = table_cell(&people, row, "organisation");
        assert_int_equal(strlen(phone), 11);
        assert_int_equal(strncmp(phone, "100", 3), 0);
        if (place[0]) assert_true(find(&places, "code", place) != SIZE_MAX);
        if (organisation[0])
            assert_true(find(&organisations, "code", organisation) != SIZE_MAX);
        villagers += strcmp(table_cell(&people, row, "roles"), "villager") == 0;
        producers += strcmp(table_cell(&people, row, "roles"), "producer") == 0;
    }
    assert_in_range(villagers, 4000, 6000);
    assert_in_range(producers, 120, 180);
    for (size_t row = 0; row < places.rows; row++) {
        if (strcmp(table_cell(&places, row, "kind"), "point") != 0) continue;
        size_t keeper = find(&people, "place_code", table_cell(&places, row, "code"));
        assert_true(keeper != SIZE_MAX);
        assert_string_equal(table_cell(&people, keeper, "roles"), "keeper");
    }
    for (size_t row = 0; row < vehicles.rows; row++) {
        size_t driver = find(&people, "phone", table_cell(&vehicles, row, "driver_phone"));
        assert_string_equal(table_cell(&people, driver, "roles"), "driver");
    }
    assert_in_range(vehicles.rows, 30, 40);
    assert_in_range(offers.rows, 60, 150);
    for (size_t row = 0; row < offers.rows; row++) {
        assert_true(find(&people, "phone", table_cell(&offers, row, "phone")) != SIZE_MAX);
        assert_true(find(&places, "code", table_cell(&offers, row, "village_code")) != SIZE_MAX);
    }
}

/* The waybill numbers of one file, whatever its layout, end in their check digit. */
static void check_waybills(const struct table *parcels, const char *prefix)
{
    static const char *const names[] = { "\xEF\xBB\xBF运单号", "运单号", "快件单号", "单号", "waybill" };
    size_t column = SIZE_MAX, rows = 0;
    for (size_t c = 0; c < parcels->columns && column == SIZE_MAX; c++) {
        for (size_t n = 0; n < COUNT(names); n++) {
            if (strcmp(parcels->cells[c], names[n]) == 0) column = c;
        }
    }
    assert_true(column != SIZE_MAX);
    for (; rows < parcels->rows; rows++) {
        const char *waybill = parcels->cells[(rows + 1) * parcels->columns + column];
        assert_int_equal(strlen(waybill), 13);
        assert_int_equal(strncmp(waybill, prefix, 2), 0);
        assert_int_equal(gs1_digit(waybill + 2, 10), waybill[12] - '0');
    }
    assert_int_equal(rows, PARCELS);
}

static void parcels_parse(void **state)
{
    (void)state;
    for (size_t c = 0; c < DEMO_COURIERS; c++) {
        char name[64];
        struct err err = { 0 };
        struct table parcels;
        size_t size, room = 1 << 20;
        parcels_name(c, name);
        char *bytes = bytes_of(folder, name, &size), *text = bytes;
        if (demo_couriers[c].layout == 3) {
            assert_false(text_valid(bytes, size));
            char *out = text = arena_new(arena, room);
            iconv_t from = iconv_open("UTF-8", "GB18030");
            assert_true(from != (iconv_t)-1);
            assert_int_equal(iconv(from, &bytes, &size, &out, &room), 0);
            iconv_close(from);
        }
        assert_true(text_valid(text, strlen(text)));
        assert_int_equal(table_parse(arena, text, &parcels, &err), OK);
        check_waybills(&parcels, demo_couriers[c].prefix);
    }
    struct err err = { 0 };
    assert_int_equal(demo_parcels(folder, DEMO_COURIERS, DAY, 1, 1, &err), INVALID);
    assert_int_equal(demo_parcels("/nonexistent", 0, DAY, 1, 1, &err), NOT_FOUND);
    assert_int_equal(demo_generate("/nonexistent", 1, &err), NOT_FOUND);
}

static void tables_refuse(void **state)
{
    (void)state;
    struct table table;
    struct err err = { 0 };
    assert_int_equal(table_parse(arena, "a,b\n\"x, \"\"y\"\"\",2\r\n3\n", &table, &err), OK);
    assert_int_equal(table.rows, 2);
    assert_string_equal(table_cell(&table, 0, "a"), "x, \"y\"");
    assert_int_equal(table_number(&table, 0, "b"), 2);
    assert_string_equal(table_cell(&table, 1, "b"), "");
    assert_int_equal(table_parse(arena, "", &table, &err), INVALID);
    assert_int_equal(table_parse(arena, "a\n\"x", &table, &err), INVALID);
    assert_int_equal(table_parse(arena, "a\n1,2\n", &table, &err), INVALID);
    assert_string_equal(err.detail, "line 2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("demo: the same seed writes the same bytes", seed_repeats),
        TEST("demo: 14 townships, one office, 255 villages with official codes",
             divisions_are_whole),
        TEST("demo: codes occur once, parents and stations are there", codes_fit),
        TEST("demo: facts agree with the public lists, known positions to metres", facts_agree),
        TEST("demo: goods have codes, bins, weights, prices and suppliers", goods_are_sound),
        TEST("demo: people, vehicles and offers fit the places", people_fit),
        TEST("demo: couriers' files parse, waybills end in their check digit", parcels_parse),
        TEST("demo: tables are read, broken ones refused", tables_refuse),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
