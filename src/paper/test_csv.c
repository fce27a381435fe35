/* test_csv.c - files as people send them, and files that are refused. */
#include "paper/csv.h"

#include <string.h>
#include "base/arena.h"
#include "base/test.h"

static int setup(void **state) { return (*state = arena_open(8 << 20)) ? 0 : -1; }
static int end(void **state) { arena_free(*state); return 0; }
#define CSV_TEST(promise, function) { promise, function, setup, end, NULL }

static struct csv read(struct arena *arena, const char *text)
{
    struct csv csv;
    struct err err = { 0 };
    if (csv_from_bytes(arena, "f.csv", text, strlen(text), &csv, &err) != OK)
        fail_msg("%s: %s %s", text, err.text, err.detail);
    return csv;
}

static void forms(void **state)
{
    static const char *const same[] = {
        "code,name,lat\n330824100,\"桥, 东\",29.145860\n7,,-1\n",
        "\xEF\xBB\xBF code , NAME,lat\r\n330824100,\"桥, 东\",29.145860\r\n\r\n7,\r\n",
        "code;name;lat\n 330824100;桥, 东;29.14586\n7\n",
        "code\tname\tlat\n３３０８２４１００\t桥, 东\t29.14586\n7\t\t\n",
        "code,name,lat\n330824100,\"\xC7\xC5, \xB6\xAB\",29.14586\n7\n",   // GB18030
    };
    for (size_t i = 0; i < COUNT(same); i++) {
        struct csv csv = read(*state, same[i]);
        struct err err = { 0 };
        int32_t e6;
        int64_t code;
        assert_int_equal(csv.columns, 3);
        assert_int_equal(csv.rows, 2);
        int name = csv_column(&csv, "名称|name"), lat = csv_column(&csv, "lat");
        assert_int_equal(name, 1);
        assert_int_equal(csv_column(&csv, "lon|经度"), -1);
        assert_string_equal(csv_text(&csv, 0, name), "桥, 东");
        assert_string_equal(csv_text(&csv, 1, name), "");
        assert_string_equal(csv_text(&csv, 1, -1), "");
        assert_int_equal(csv_degrees(&csv, 0, lat, 90, &e6, &err), OK);
        assert_int_equal(e6, 29145860);
        assert_int_equal(csv_i64(&csv, 0, 0, 1, 999999999, &code, &err), OK);
        assert_int_equal(code, 330824100);
    }
}

static void refused(void **state)
{
    static const struct { const char *text, *detail; } wrong[] = {
        { "", "f.csv" }, { "a,A\n1,2\n", "f.csv:1" }, { "a,b\n1,2\n1,2,3\n", "f.csv:3" },
        { "a,b\n\n\"x\ny\",2\n=cmd(),2\n", "f.csv:5" }, { "a,b\n1,\"2\n", "f.csv:2" },
        { "a,b\n1,x\"y\n", "f.csv:2" }, { "a,b\n+1-1,2\n", "f.csv:2" },
        { "a\n\xff\xff\n", "f.csv" },
    };
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct csv csv;
        struct err err = { 0 };
        if (csv_from_bytes(*state, "f.csv", wrong[i].text, strlen(wrong[i].text), &csv, &err)
            != INVALID)
            fail_msg("not refused: %s", wrong[i].text);
        assert_string_equal(err.field, "file");
        if (strcmp(err.detail, wrong[i].detail) != 0)
            fail_msg("%s: %s (%s), not %s", wrong[i].text, err.detail, err.text, wrong[i].detail);
    }
    struct err err = { 0 };
    struct csv csv;
    assert_int_equal(csv_read(*state, "/nowhere/f.csv", &csv, &err), NOT_FOUND);
}

static void numbers(void **state)
{
    struct csv csv = read(*state, "clock,number,lat\n08:30,-5,-180.0000005\n24:00,+1,nan\n"
                                  "24:01,1e3,91\n1:60,99999999999999999999,x\n8:3x,,\n");
    static const int64_t clocks[] = { 8 * 3600 + 1800, 86400, -1, -1, -1 };
    for (size_t r = 0; r < csv.rows; r++) {
        struct err err = { 0 };
        int64_t n = 0;
        int32_t e6 = 0;
        assert_int_equal(csv_clock(&csv, r, 0, &n, &err), clocks[r] < 0 ? INVALID : OK);
        if (clocks[r] >= 0) assert_int_equal(n, clocks[r]);
        assert_int_equal(csv_i64(&csv, r, 1, -5, 1000, &n, &err), r == 0 ? OK : INVALID);
        assert_int_equal(csv_degrees(&csv, r, 2, 90, &e6, &err), INVALID);
        assert_non_null(strstr(err.detail, "lat"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CSV_TEST("one table in UTF-8, with a mark, by semicolon, tab and in GB18030", forms),
        CSV_TEST("a faulty file is refused with its line", refused),
        CSV_TEST("cells that are no numbers are refused", numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
