/* test_base.c - clock, money, codes, text and arena. */
#include "base/test.h"

#include <stdio.h>
#include <string.h>
#include "base/arena.h"
#include "base/clock.h"
#include "base/ids.h"
#include "base/money.h"
#include "base/rng.h"
#include "base/text.h"

static void calendar(void **state)
{
    (void)state;
    char text[TIME_TEXT];
    int64_t ms;
    assert_int_equal(time_parse("2026-11-23T23:00", ZONE_CHINA_S, &ms), OK);
    assert_int_equal(ms, INT64_C(1795446000000));
    time_print(ms - 1, ZONE_CHINA_S, text);
    assert_string_equal(text, "2026-11-23T22:59:59.999+08:00");
    assert_int_equal(day_of(ms, ZONE_CHINA_S), day_from_civil(2026, 11, 23));
    assert_int_equal(day_ms(day_of(ms, ZONE_CHINA_S), 23 * 3600, ZONE_CHINA_S), ms);
    assert_int_equal(civil_of(ms, ZONE_CHINA_S).weekday, 1);
    for (int64_t day = -800000; day < 800000; day += 13) {
        struct civil c = civil_of_day(day);
        assert_int_equal(day_from_civil(c.year, c.month, c.day), day);
    }
    static const char *const wrong[] = {
        "", "2026-02-29T10:00", "2026-04-31T10:00", "2026-11-23", "2026-11-23T24:00",
        "2026-11-23T10:00x", "2026-13-01T10:00", "2026-11-23T10:00:60", "2026-11-23T10:00+15:00",
    };
    for (size_t i = 0; i < COUNT(wrong); i++)
        assert_int_equal(time_parse(wrong[i], ZONE_CHINA_S, &ms), INVALID);
    assert_int_equal(time_parse("2028-02-29T10:00:00.5Z", ZONE_CHINA_S, &ms), OK);
    assert_int_equal(ms % 1000, 500);
}

static void turned(void **state)
{
    (void)state;
    struct clock *clock = clock_new();
    assert_false(clock_turned(clock));
    clock_turn(clock, 1000, false);
    assert_int_equal(clock_now_ms(clock), 1000);
    assert_int_equal(clock_turns(clock), 1);
    clock_turn(clock, 500, true);
    assert_true(clock_now_ms(clock) >= 500);
    clock_free(clock);
}

static void money(void **state)
{
    (void)state;
    char text[MONEY_TEXT];
    int64_t fen;
    money_print(-5, text);
    assert_string_equal(text, "-0.05");
    money_print(INT64_MIN, text);
    assert_string_equal(text, "-92233720368547758.08");
    assert_int_equal(money_parse("12.3", &fen), OK);
    assert_int_equal(fen, 1230);
    static const char *const wrong[] = {
        "", "-1", "1,000", ".5", "1.", "1.234", "1e3", "9999999999999999999" };
    for (size_t i = 0; i < COUNT(wrong); i++)
        assert_int_equal(money_parse(wrong[i], &fen), INVALID);
    assert_int_equal(money_share(1, 1, 2), 1);
    assert_int_equal(money_share(-1, 1, 2), -1);
    assert_int_equal(money_share(FEN_MAX, FEN_MAX, FEN_MAX), FEN_MAX);
}

static void codes(void **state)
{
    (void)state;
    struct rng rng = rng_seeded(1);
    for (int i = 0; i < 2000; i++) {
        char code[CODE_TEXT];
        int64_t id = i < 1000 ? i : rng_between(&rng, 0, CODED_ID_MAX), back = -1;
        code_print(77, id, code);
        assert_int_equal(code_parse(77, code, &back), OK);
        assert_int_equal(back, id);
        size_t at = rng_below(&rng, 12);
        char other[CODE_TEXT];
        strcpy(other, code);
        other[at] = other[at] == '9' ? '0' : (char)(other[at] + 1);
        assert_int_equal(code_parse(77, other, &back), INVALID);
        if (code[at] != code[at + 1]) {
            strcpy(other, code);
            other[at] = code[at + 1];
            other[at + 1] = code[at];
            assert_int_equal(code_parse(77, other, &back), INVALID);
        }
    }
    assert_int_equal(gs1_digit("10614141234567890", 17), 8);   // an SSCC, and a GTIN-13
    assert_int_equal(gs1_digit("400638133393", 12), 1);
    assert_int_equal(gs1_digit("629104150021", 12), 3);   // GS1's own example, GTIN-13
}

static void utf8(void **state)
{
    (void)state;
    struct arena *arena = arena_open(1 << 16);
    assert_true(text_valid("开化\xF0\xA0\xAE\xB7", 10));
    assert_false(text_valid("\xC0\xAF", 2));
    assert_false(text_valid("\xED\xA0\x80", 3));
    assert_false(text_valid("a\0b", 3));
    assert_false(text_valid("\xE5\xBC", 2));
    assert_string_equal(text_clean(arena, " 开\xE2\x80\xAE化　　１３８\xE2\x80\x8B "), "开化 138");
    assert_int_equal(text_length("开化a"), 3);
    assert_string_equal(text_masked(arena, "13812341234"), "138****1234");
    assert_string_equal(text_masked(arena, "1234"), "****");
    int64_t n;
    double d;
    assert_int_equal(text_i64("-9223372036854775808", &n), OK);
    assert_int_equal(text_i64("9223372036854775808", &n), INVALID);
    assert_int_equal(text_i64(" 1", &n), INVALID);
    assert_int_equal(text_double("nan", &d), INVALID);
    assert_int_equal(text_double("1e999", &d), INVALID);
    arena_free(arena);
}

static void arenas(void **state)
{
    (void)state;
    struct arena *arena = arena_open(100000);
    int *items = NULL;
    for (int i = 0; i < 1000; i++) {
        items = arena_more(arena, items, (size_t)i, sizeof *items);
        assert_non_null(items);
        items[i] = i;
    }
    for (int i = 0; i < 1000; i++) assert_int_equal(items[i], i);
    assert_null(arena_new(arena, 100000));
    assert_null(arena_new(arena, SIZE_MAX));
    arena_reset(arena);
    assert_non_null(arena_new(arena, 99000));
    arena_free(arena);
    struct err err;
    char longest[400];
    memset(longest, 0, sizeof longest);
    for (size_t i = 0; i + 3 < sizeof longest; i += 3) memcpy(longest + i, "村", 3);
    assert_int_equal(err_about(&err, INVALID, NULL, "x", "%s", longest), INVALID);
    assert_true(text_valid(err.detail, strlen(err.detail)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("P.13 instants, days and civil times agree in the county's zone", calendar),
        TEST("P.13 a turned clock stands or runs from where it was turned", turned),
        TEST("money is printed, read and shared to the fen", money),
        TEST("public codes come back, and a wrong or swapped digit is found", codes),
        TEST("text of people is checked and folded", utf8),
        TEST("an arena grows to its limit and no further", arenas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
