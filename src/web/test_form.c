/* test_form.c - what comes from outside is read as it was meant, or refused by name. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/clock.h"
#include "base/rng.h"
#include "base/test.h"
#include "base/text.h"
#include "web/county.h"
#include "web/fields.h"
#include "web/form.h"
#include "web/room.h"

static struct county county = { .zone_s = ZONE_CHINA_S, .code_key = 42 };

struct given { struct arena *arena; struct form form; struct request rq; struct err err; };

static struct given *given(void)
{
    struct arena *arena = arena_open(64 << 20);
    assert_non_null(arena);
    struct given *g = arena_new(arena, sizeof *g);
    assert_non_null(g);
    g->arena = arena;
    g->rq = (struct request){ .arena = arena, .county = &county, .form = &g->form };
    return g;
}

static void end(struct given *g)
{
    form_end(&g->form);
    arena_free(g->arena);
}

static struct given *encoded(const char *text)
{
    struct given *g = given();
    assert_int_equal(form_add_encoded(&g->form, g->arena, text, strlen(text), &g->err), OK);
    return g;
}

static struct given *json(const char *text)
{
    struct given *g = given();
    assert_int_equal(form_add_json(&g->form, text, strlen(text), &g->err), OK);
    return g;
}

static void text_is_clean(void **state)
{
    (void)state;
    static const struct { const char *body, *want; } good[] = {
        { "name=%E8%85%8A%E8%82%89", "腊肉" },
        { "name=+a++b+", "a b" },
        { "name=a%00", NULL }, { "name=%FF%FE", NULL }, { "name=%C0%80", NULL },
        { "name=%ED%A0%80", NULL }, { "name=%", NULL }, { "name=%4", NULL }, { "name=%4g", NULL },
        { "name=first&name=second", "first" },
        { "na%6De=x", "x" }, { "&&name=x&&", "x" }, { "x=1&=&name=x=y", "x=y" },
        { "name=%EF%BC%91%EF%BC%92", "12" }, { "name=a%E2%80%AEb", "ab" },
    };
    for (size_t i = 0; i < COUNT(good); i++) {
        struct given *g = given();
        enum status read = form_add_encoded(&g->form, g->arena, good[i].body,
                                            strlen(good[i].body), &g->err);
        const char *out = NULL;
        if (read == OK) read = form_str(&g->rq, "name", 100, &out, &g->err);
        if (good[i].want == NULL) {
            assert_int_equal(read, INVALID);
            assert_non_null(g->err.text);
        } else {
            assert_int_equal(read, OK);
            assert_string_equal(out, good[i].want);
        }
        end(g);
    }
}

static void bad_json(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "", "x", "[1]", "1", "null", "{\"a\":1,\"a\":2}", "{\"a\":\"\\u0000\"}", "{\"a\":\"\xff\"}",
        "{\"a\":99999999999999999999}", "{\"a\":1e999}", "{\"a\":NaN}", "{\"a\":1}x",
        "{\"a\":\"\\ud800\"}", "{'a':1}", "{\"a\":1,}",
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct given *g = given();
        assert_int_equal(form_add_json(&g->form, bad[i], strlen(bad[i]), &g->err), INVALID);
        assert_non_null(g->err.text);
        end(g);
    }
}

static void deep_json(void **state)
{
    (void)state;
    enum { DEPTH = 100000 };
    char *text = malloc(2 * DEPTH + 16);
    size_t at = 0;
    memcpy(text, "{\"a\":", 5);
    at = 5;
    for (int i = 0; i < DEPTH; i++) text[at++] = '[';
    for (int i = 0; i < DEPTH; i++) text[at++] = ']';
    text[at++] = '}';
    struct given *g = given();
    assert_int_equal(form_add_json(&g->form, text, at, &g->err), INVALID);
    end(g);
    free(text);
}

static void long_names(void **state)
{
    (void)state;
    enum { SIZE = 1 << 20 };
    char *body = malloc(SIZE + 6);
    memcpy(body, "name=", 5);
    memset(body + 5, 'x', SIZE);
    body[5 + SIZE] = '\0';
    struct given *g = encoded(body);
    const char *out = "unchanged";
    assert_int_equal(form_str(&g->rq, "name", 100, &out, &g->err), INVALID);
    assert_string_equal(g->err.field, "name");
    assert_string_equal(out, "unchanged");
    end(g);
    free(body);
}

static void whole_numbers(void **state)
{
    (void)state;
    static const struct { const char *json; enum status want; int64_t number; } cases[] = {
        { "{\"n\":7}", OK, 7 }, { "{\"n\":\"7\"}", OK, 7 }, { "{\"n\":\" 7 \"}", OK, 7 },
        { "{\"n\":\"７\"}", OK, 7 }, { "{\"n\":true}", OK, 1 }, { "{\"n\":-5}", OK, -5 },
        { "{\"n\":101}", INVALID, 0 }, { "{\"n\":-6}", INVALID, 0 }, { "{\"n\":7.0}", INVALID, 0 },
        { "{\"n\":\"7.0\"}", INVALID, 0 }, { "{\"n\":\"1e1\"}", INVALID, 0 },
        { "{\"n\":\"0x10\"}", INVALID, 0 }, { "{\"n\":\"99999999999999999999\"}", INVALID, 0 },
        { "{\"n\":\"-9223372036854775809\"}", INVALID, 0 }, { "{\"n\":[1]}", INVALID, 0 },
        { "{\"n\":{}}", INVALID, 0 }, { "{\"n\":null}", INVALID, 0 },
        { "{\"n\":\"\"}", INVALID, 0 }, { "{\"n\":\"seven\"}", INVALID, 0 },
        { "{}", INVALID, 0 }, { "{\"n\":\"--7\"}", INVALID, 0 },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct given *g = json(cases[i].json);
        int64_t n = 77;
        assert_int_equal(form_i64(&g->rq, "n", -5, 100, &n, &g->err), cases[i].want);
        assert_int_equal(n, cases[i].want == OK ? cases[i].number : 77);
        if (cases[i].want != OK) assert_string_equal(g->err.field, "n");
        end(g);
    }
}

static void left_out(void **state)
{
    (void)state;
    struct given *g = encoded("a=&b=5&c=x");
    const char *text = "kept";
    int64_t number = 9;
    assert_int_equal(form_str_opt(&g->rq, "a", 10, &text, &g->err), OK);
    assert_string_equal(text, "kept");
    assert_int_equal(form_i64_opt(&g->rq, "none", 0, 10, &number, &g->err), OK);
    assert_int_equal(number, 9);
    assert_int_equal(form_i64_opt(&g->rq, "b", 0, 10, &number, &g->err), OK);
    assert_int_equal(number, 5);
    assert_int_equal(form_i64_opt(&g->rq, "c", 0, 10, &number, &g->err), INVALID);
    end(g);
}

static void instants_words_codes(void **state)
{
    (void)state;
    static const char *const words[] = { "cash", "points", NULL };
    char code[CODE_TEXT], body[300];
    code_print(county.code_key, 123, code);
    snprintf(body, sizeof body, "at=2026-11-24T07:05&ms=1000&bad=2026-02-30T00:00&pay=points&"
             "code=%s&wrong=%.12s%c", code, code, code[12] == '9' ? '0' : code[12] + 1);
    struct given *g = encoded(body);
    int64_t ms, id;
    int word;
    assert_int_equal(form_ms(&g->rq, "at", &ms, &g->err), OK);
    int64_t day = day_from_civil(2026, 11, 24);
    assert_true(ms == day_ms(day, 7 * 3600 + 300, ZONE_CHINA_S));
    assert_int_equal(form_ms(&g->rq, "ms", &ms, &g->err), OK);
    assert_int_equal(ms, 1000);
    assert_int_equal(form_ms(&g->rq, "bad", &ms, &g->err), INVALID);
    assert_int_equal(form_word(&g->rq, "pay", words, &word, &g->err), OK);
    assert_int_equal(word, 1);
    assert_int_equal(form_word(&g->rq, "at", words, &word, &g->err), INVALID);
    assert_int_equal(form_code(&g->rq, "code", &id, &g->err), OK);
    assert_int_equal(id, 123);
    assert_int_equal(form_code(&g->rq, "wrong", &id, &g->err), INVALID);
    end(g);
}

static void read_rows(struct given *g)
{
    size_t count;
    assert_int_equal(form_list(&g->rq, "lines", 10, &count, &g->err), OK);
    assert_int_equal(count, 2);
    for (size_t i = 0; i < count; i++) {
        struct request item;
        int64_t sku, n;
        assert_int_equal(form_item(&g->rq, "lines", i, &item, &g->err), OK);
        assert_int_equal(form_i64(&item, "sku", 0, 100, &sku, &g->err), OK);
        assert_int_equal(sku, 10 + (int64_t)i);
        enum status read = form_i64(&item, "n", 0, 5, &n, &g->err);
        assert_int_equal(read, i == 0 ? OK : INVALID);
        if (i == 1) assert_string_equal(g->err.field, "lines.1.n");
    }
    assert_int_equal(form_list(&g->rq, "lines", 1, &count, &g->err), INVALID);
    assert_int_equal(form_list(&g->rq, "none", 1, &count, &g->err), INVALID);
}

static void rows_of_a_list(void **state)
{
    (void)state;
    struct given *g = json("{\"lines\":[{\"sku\":10,\"n\":2},{\"sku\":11,\"n\":9}]}");
    read_rows(g);
    end(g);
    g = encoded("lines.0.sku=10&lines.0.n=2&lines.1.sku=11&lines.1.n=9&linesx.7.sku=1");
    read_rows(g);
    end(g);
    g = json("{\"lines\":[1]}");
    struct request item;
    assert_int_equal(form_item(&g->rq, "lines", 0, &item, &g->err), INVALID);
    end(g);
    g = encoded("lines.999999.sku=1");
    size_t count;
    assert_int_equal(form_list(&g->rq, "lines", 100, &count, &g->err), INVALID);
    end(g);
}

static void digests(void **state)
{
    (void)state;
    unsigned char a[FORM_DIGEST], b[FORM_DIGEST];
    struct given *one = json("{\"a\":1,\"b\":[2,3]}"), *two = json("{ \"b\": [2, 3], \"a\": 1 }");
    form_digest(&one->form, "/x", a);
    form_digest(&two->form, "/x", b);
    assert_memory_equal(a, b, sizeof a);
    form_digest(&two->form, "/y", b);
    assert_memory_not_equal(a, b, sizeof a);
    end(one);
    end(two);
    one = encoded("a=1&b=2");
    two = encoded("a=1b=&2");
    form_digest(&one->form, "/x", a);
    form_digest(&two->form, "/x", b);
    assert_memory_not_equal(a, b, sizeof a);
    end(one);
    end(two);
}

static void noise(void **state)
{
    (void)state;
    static const char letters[] = "a=&%+{}[]\",:0129.\xe8\x85\x8a\xff\\u";
    for (int n = 0; n < test_cases(3000); n++) {
        struct rng rng = rng_seeded((uint64_t)n);
        char bytes[200];
        size_t size = rng_below(&rng, sizeof bytes);
        for (size_t i = 0; i < size; i++) bytes[i] = letters[rng_below(&rng, sizeof letters - 1)];
        struct given *g = given();
        const char *text = NULL;
        int64_t number;
        enum status read = n % 2 ? form_add_json(&g->form, bytes, size, &g->err)
                                 : form_add_encoded(&g->form, g->arena, bytes, size, &g->err);
        assert_true(read == OK || read == INVALID);
        if (form_str(&g->rq, "a", 50, &text, &g->err) == OK)
            assert_true(text_valid(text, strlen(text)) && strlen(text) <= 50);
        if (form_i64(&g->rq, "a", -10, 10, &number, &g->err) == OK)
            assert_in_range(number + 10, 0, 20);
        end(g);
    }
}

static void too_many(void **state)
{
    (void)state;
    struct given *g = given();
    enum status read = OK;
    for (int i = 0; i <= FIELDS_MAX && read == OK; i++)
        read = form_add(&g->form, g->arena, "a", 1, "b", 1, true, &g->err);
    assert_int_equal(read, INVALID);
    end(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("text is checked, trimmed and folded; invalid UTF-8 and NUL are refused",
             text_is_clean),
        TEST("malformed JSON, doubled names and numbers that overflow are refused", bad_json),
        TEST("JSON of a hundred thousand levels is refused", deep_json),
        TEST("a name of a megabyte is refused by the field's name", long_names),
        TEST("whole numbers are whole and in range", whole_numbers),
        TEST("a field left out keeps its value", left_out),
        TEST("instants, words and public codes", instants_words_codes),
        TEST("rows of a list from JSON and from a browser's form", rows_of_a_list),
        TEST("L.2 a request's digest is its fields and its route", digests),
        TEST("no bytes break the reading of forms", noise),
        TEST("a form of too many fields is refused", too_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
