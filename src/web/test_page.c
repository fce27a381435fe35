/* test_page.c - pages keep to the specification, and no value leaves its place. */
#include "base/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/clock.h"
#include "web/page_parse.h"

enum { SOURCES_MAX = 8 };

/* Draws `text` as page "test/main" with partials (NULL, or an object of name -> text). The answer,
 * or the mistake with "ERROR " in front, is in the arena. */
static const char *drawn(struct arena *arena, const char *text, const json_t *view,
                         json_t *partials, const char *lang)
{
    struct page_source sources[SOURCES_MAX] = {
        { "test/main", "test/main.html", text, strlen(text) },
    };
    size_t count = 1, size;
    const char *name, *out;
    json_t *partial;
    json_object_foreach(partials, name, partial) {
        const char *place = arena_printf(arena, "%s%s", strchr(name, '/') ? "" : "test/_", name);
        assert_non_null(place);
        sources[count++] = (struct page_source){ place, place, json_string_value(partial),
                                                 json_string_length(partial) };
    }
    struct pages *pages;
    struct err err = { 0 };
    enum status status = pages_from(sources, count, &pages, &err);
    if (status == OK)
        status = page_draw(pages, "test/main", lang, ZONE_CHINA_S, view, arena, &out, &size, &err);
    pages_free(pages);
    if (status != OK) {
        assert_int_equal(status, INVALID);
        out = arena_printf(arena, "ERROR %s", err.detail);
    } else {
        assert_int_equal(strlen(out), size);
    }
    assert_non_null(out);
    return out;
}

/* What of the specification does not hold here, and why. */
struct exclusion { const char *file, *test; };
static const struct exclusion missing_names[] = {   // an unknown name is an error
    { "interpolation", "Basic Context Miss Interpolation" },
    { "interpolation", "Dotted Names - Broken Chains" },
    { "interpolation", "Dotted Names - Broken Chain Resolution" },
    { "interpolation", "Dotted Names - Context Precedence" },
    { "interpolation", "Dotted Names are never single keys" },
    { "inverted", "Context Misses" },
    { "inverted", "Dotted Names - Broken Chains" },
    { "partials", "Failed Lookup" },
    { "sections", "Context Misses" },
    { "sections", "Dotted Names - Broken Chains" },
};
static const struct exclusion tag_names[] = {   // "<{{name}}": a value as the name of a tag
    { "partials", "Recursion" },                // shown by a test of our own
};

static bool listed(const struct exclusion *list, size_t count, const char *file, const char *test)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i].file, file) == 0 && strcmp(list[i].test, test) == 0) return true;
    return false;
}

struct tally { size_t passed, raw, missing, tags; };

static void specified(const char *file, json_t *test, struct tally *tally)
{
    const char *name = json_string_value(json_object_get(test, "name"));
    const char *text = json_string_value(json_object_get(test, "template"));
    json_t *partials = json_object_get(test, "partials"), *partial;
    const char *key;
    bool raw = strstr(text, "{{{") || strstr(text, "{{&");
    json_object_foreach(partials, key, partial)
        raw |= strstr(json_string_value(partial), "{{{") != NULL;
    struct arena *arena = arena_open(1 << 20);
    const char *got = drawn(arena, text, json_object_get(test, "data"), partials, "en");
    bool refused = strncmp(got, "ERROR ", 6) == 0;
    if (raw) {
        assert_non_null(strstr(got, "there is no raw output"));
        tally->raw++;
    } else if (listed(missing_names, COUNT(missing_names), file, name)) {
        assert_true(refused);
        tally->missing++;
    } else if (listed(tag_names, COUNT(tag_names), file, name)) {
        assert_true(refused);
        tally->tags++;
    } else {
        const char *wanted = json_string_value(json_object_get(test, "expected"));
        if (strcmp(got, wanted) != 0)
            fail_msg("%s: %s\ntemplate %s\ngot      %s\nwanted   %s", file, name, text, got,
                     wanted);
        tally->passed++;
    }
    arena_free(arena);
}

/* The exclusions are raw output (every test with {{{ or {{&), delimiters (the file is left out) and
 * the two lists above. Counts are of version 1.4.3 of the specification. */
static void specification(void **state)
{
    (void)state;
    if (test_data() == NULL) skip();
    static const char *const files[] = { "comments", "interpolation", "inverted", "partials",
                                         "sections" };
    struct tally tally = { 0 };
    for (size_t i = 0; i < COUNT(files); i++) {
        char path[1024];
        snprintf(path, sizeof path, "%s/mustache/specs/%s.json", test_data(), files[i]);
        json_t *spec = json_load_file(path, 0, NULL), *test;
        json_t *tests = json_object_get(spec, "tests");
        assert_non_null(tests);
        size_t at;
        json_array_foreach(tests, at, test) specified(files[i], test, &tally);
        json_decref(spec);
    }
    assert_int_equal(tally.passed, 88);
    assert_int_equal(tally.raw, 23);
    assert_int_equal(tally.missing, 10);
    assert_int_equal(tally.tags, 1);
}

struct pair { const char *text, *wanted; };   // wanted "!part": an error that says so

static void expect(const struct pair *pairs, size_t count, const char *json, const char *lang)
{
    json_t *view = json_loads(json, 0, NULL);
    assert_non_null(view);
    for (size_t i = 0; i < count; i++) {
        struct arena *arena = arena_open(1 << 20);
        const char *got = drawn(arena, pairs[i].text, view, NULL, lang);
        const char *wanted = pairs[i].wanted;
        bool good = *wanted == '!' ? strncmp(got, "ERROR ", 6) == 0 && strstr(got, wanted + 1)
                                   : strcmp(got, wanted) == 0;
        if (!good) fail_msg("%s\ngot    %s\nwanted %s", pairs[i].text, got, wanted);
        arena_free(arena);
    }
    json_decref(view);
}

static const char attack[] = "{\"x\": \"\\\"'><script>alert(1)</script>&\","
    " \"js\": \"javascript:alert(1)\", \"tab\": \"java\\tscript:alert(1)\","
    " \"gap\": \" javascript:x\","
    " \"big\": \"JaVaScRiPt:x\", \"data\": \"data:text/html,x\", \"colon\": \":x\","
    " \"ok\": \"https://a.cn/?q=1&b='2'\", \"tel\": \"tel:138\", \"rel\": \"/a/b?c:d\","
    " \"http\": \"HTTP://a.cn\", \"han\": \"开化 a/b?c=d&e\", \"yes\": true, \"no\": false,"
    " \"list\": [\"javascript\", \":alert(1)\"]}";

static void texts_and_attributes(void **state)
{
    (void)state;
    static const char safe[] = "&quot;&#39;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;";
    char text[256], quoted[256], area[300];
    snprintf(text, sizeof text, "<p>%s</p>", safe);
    snprintf(quoted, sizeof quoted, "<p title='%s'>", safe);
    snprintf(area, sizeof area, "<textarea>%s</textarea>", safe);
    const struct pair pairs[] = {
        { "<p>{{x}}</p>", text }, { "<p title='{{x}}'>", quoted },
        { "<textarea>{{x}}</textarea>", area },
        { "<p class=\"a {{#yes}}b{{/yes}}{{#no}}c{{/no}}\">", "<p class=\"a b\">" },
        { "<i {{#yes}}hidden{{/yes}}>", "<i hidden>" },
        { "<i{{#yes}} hidden{{/yes}}{{#no}} title=\"a\"{{/no}}>", "<i hidden>" },
        { "<i {{#yes}}title=\"a\"{{/yes}}{{^yes}}title=\"{{x}}\"{{/yes}}>", "<i title=\"a\">" },
        { "a < {{yes}} << b <3", "a < true << b <3" },
        { "<!-- a --><!DOCTYPE html>{{yes}}", "<!-- a --><!DOCTYPE html>true" },
    };
    expect(pairs, COUNT(pairs), attack, "en");
}

static void refused_places(void **state)
{
    (void)state;
    static const struct pair pairs[] = {
        { "<p title={{x}}>", "!without quotes" }, { "<p title=a{{x}}>", "!without quotes" },
        { "<{{x}}>", "!a tag's name" }, { "<b{{x}}>", "!a tag's name" },
        { "</{{x}}>", "!a tag's name" },
        { "<p {{x}}>", "!an attribute's name" }, { "<p a{{x}}>", "!an attribute's name" },
        { "<p a=\"\"{{x}}>", "!an attribute's name" },
        { "<script>{{x}}</script>", "!script" }, { "<style>{{x}}</style>", "!style" },
        { "<script>var a</script>", "!script" }, { "<STYLE>b{}</STYLE>", "!style" },
        { "<script src=\"{{x}}\"></script>", "!executes" }, { "<iframe src='{{x}}'>", "!executes" },
        { "<p onclick=\"{{x}}\">", "!script attribute" }, { "<p ONclick=''>", "!script attribute" },
        { "<p style=\"{{x}}\">", "!style attribute" }, { "<p srcdoc=\"{{x}}\">", "!executes" },
        { "<meta content=\"{{x}}\">", "!executes" }, { "<base href=\"{{x}}\">", "!executes" },
        { "<p hx-vals=\"{{x}}\">", "!executes" }, { "<p hx-on:click='{{x}}'>", "!executes" },
        { "<!-- {{x}} -->", "!comment" }, { "<!DOCTYPE {{x}}>", "!comment" },
        { "<textarea></text{{x}}", "!after" }, { "<script>{{#yes}}{{/yes}}</script>", "!script" },
        { "<{{#yes}}b{{/yes}}>", "!after" }, { "{{#yes}}<b{{/yes}}>", "!another tag" },
        { "<a {{#yes}}href{{/yes}}=\"{{x}}\">", "!a space is missing" },
        { "<a href=\"{{#yes}}\">{{/yes}}", "!another tag" },
        { "<script {{#no}}></script><a {{/no}}src='{{x}}'>", "!another tag" },
        { "<a href=\"javascript:{{x}}\">", "!scheme" }, { "<a href=\"vbscript:x\">", "!scheme" },
        { "<a href=\"{{rel}}:x\">", "!scheme" },
        { "<a href='{{_ Shop}}'>", "!words in an address" },
        { "<a", "!does not end" }, { "<a b=\"", "!does not end" }, { "{{#yes}}", "!does not end" },
        { "{{/yes}}", "!without its section" }, { "{{#yes}}{{/no}}", "!another section" },
        { "\n\n{{{x}}}", "!test/main.html:3: there is no raw output" }, { "{{&x}}", "!raw output" },
        { "{{=<% %>=}}", "!delimiters" }, { "{{x", "!without its }}" }, { "{{a b}}", "!no name" },
        { "{{}}", "!no name" }, { "{{a..b}}", "!no name" }, { "{{a.}}", "!no name" },
        { "{{oz:x}}", "!no such format" }, { "{{>nowhere}}", "!no such page" },
        { "{{_ }}", "!no words" }, { "{{_ a {oz:b}}}", "!no name" },
        { "a\n{{unknown}}", "!test/main.html:2: {{unknown}} is not in the view" },
        { "{{#unknown}}{{/unknown}}", "!not in the view" }, { "{{list}}", "!a list" },
        { "{{^unknown}}{{/unknown}}", "!not in the view" }, { "{{x.y}}", "!not in the view" },
        { "\xFF", "!UTF-8" },
    };
    expect(pairs, COUNT(pairs), attack, "en");
}

static void addresses(void **state)
{
    (void)state;
    static const struct pair pairs[] = {
        { "<a href=\"{{js}}\">", "<a href=\"#refused\">" },
        { "<a href=\"{{tab}}\">", "<a href=\"#refused\">" },
        { "<a href=\"{{gap}}\">", "<a href=\"#refused\">" },
        { "<a href=\"{{big}}\">", "<a href=\"#refused\">" },
        { "<img src='{{data}}'>", "<img src='#refused'>" },
        { "<a href=\"{{colon}}\">", "<a href=\"#refused\">" },
        { "<a href=\"{{ok}}\">", "<a href=\"https://a.cn/?q=1&amp;b=&#39;2&#39;\">" },
        { "<a href=\"{{tel}}\">", "<a href=\"tel:138\">" },
        { "<a HREF=\"{{rel}}\">", "<a HREF=\"/a/b?c:d\">" },
        { "<a href=\"{{http}}\">", "<a href=\"HTTP://a.cn\">" },
        { "<a href=\"/p/{{han}}\">", "<a href=\"/p/%E5%BC%80%E5%8C%96%20a%2Fb%3Fc%3Dd%26e\">" },
        { "<a href=\"tel:{{x}}\">",
          "<a href=\"tel:%22%27%3E%3Cscript%3Ealert%281%29%3C%2Fscript%3E%26\">" },
        { "<a href=\"java{{colon}}\">", "<a href=\"java%3Ax\">" },
        { "<a href=\"{{rel}}{{colon}}\">", "<a href=\"/a/b?c:d%3Ax\">" },
        { "<a href=\"{{#list}}{{.}}{{/list}}\">", "<a href=\"javascript#refused\">" },
        { "<a href=\"{{#no}}/x{{/no}}{{js}}\">", "<a href=\"javascript%3Aalert%281%29\">" },
        { "<a href=\"/a{{#yes}}?q={{x}}{{/yes}}\">",
          "<a href=\"/a?q=%22%27%3E%3Cscript%3Ealert%281%29%3C%2Fscript%3E%26\">" },
        { "<form action=\"{{js}}\">", "<form action=\"#refused\">" },
        { "<b hx-get=\"{{js}}\">", "<b hx-get=\"#refused\">" },
        { "<use xlink:href=\"{{js}}\">", "!executes" },
    };
    expect(pairs, COUNT(pairs), attack, "en");
}

static void formats(void **state)
{
    (void)state;
    static const char view[] = "{\"fen\": 123450, \"minus\": -5, \"ms\": 1795446000000,"
        " \"g\": 1250,"
        " \"m\": 12345, \"s\": 25260, \"part\": 0.953, \"code\": \"1234567890123\", \"none\": null,"
        " \"text\": \"a\", \"n\": 1234567, \"ml\": 35000, \"zero\": 0}";
    static const struct pair english[] = {
        { "{{fen:fen}} {{yuan:fen}} {{yuan:minus}} {{fen:none}}", "1234.50 ¥1,234.50 -¥0.05 " },
        { "{{time:ms}} {{date:ms}} {{day:ms}} {{when:ms}}",
          "23:00 23 Nov 2026 Mon 23 Nov Mon 23 Nov 23:00" },
        { "<time datetime=\"{{iso:ms}}\">", "<time datetime=\"2026-11-23T23:00:00.000+08:00\">" },
        { "<input value=\"{{field:ms}}\">", "<input value=\"2026-11-23T23:00\">" },
        { "{{clock:s}} {{minutes:s}} {{kg:g}} {{jin:g}} {{km:m}} {{litre:ml}} {{kg:zero}}",
          "07:01 7 h 1 min 1.25 kg 2.5 jin 12.3 km 35 L 0 kg" },
        { "{{count:n}} {{percent:part}} {{code:code}}", "1,234,567 95.3% 1234 5678 9012 3" },
        { "{{fen:text}}", "!no value of its format" },
        { "{{time:text}}", "!no value of its format" },
        { "{{_ It is {n} and {fen:fen}}}", "It is 1234567 and 1234.50" },
        { "{{_ Two\n   lines }}", "Two lines" },
        { "{{_ {gone} }}", "!{{gone}} is not in the view" },
        { "{{lang}} {{#zh}}z{{/zh}}{{#en}}e{{/en}} {{words:text}}", "en e a" },
        { "{{#zero}}a{{/zero}}{{^zero}}b{{/zero}}", "b" },
    };
    static const struct pair chinese[] = {
        { "{{date:ms}} {{when:ms}} {{lang}}", "2026年11月23日 11月23日 周一 23:00 zh" },
        { "{{jin:g}} {{km:m}} {{minutes:s}}", "2.5 斤 12.3 公里 7 小时 1 分钟" },
        { "<b title=\"{{_ Log in}}\">", "<b title=\"登录\">" },
    };
    expect(english, COUNT(english), view, "en");
    expect(chinese, COUNT(chinese), view, "zh");
}

static void partials(void **state)
{
    (void)state;
    struct arena *arena = arena_open(1 << 20);
    json_t *view = json_loads("{\"c\": \"X\", \"nodes\": [{\"c\": \"Y\", \"nodes\": []}]}", 0,
                              NULL);
    json_t *tree = json_loads("{\"node\": \"{{c}}({{#nodes}}{{>node}}{{/nodes}})\","
                              " \"endless\": \"{{>endless}}\", \"loose\": \"a <\","
                              " \"ui/_shared\": \"shared\"}", 0, NULL);
    assert_string_equal(drawn(arena, "{{>node}}", view, tree, "en"), "X(Y())");
    assert_string_equal(drawn(arena, "{{>shared}}", view, tree, "en"), "shared");
    assert_non_null(strstr(drawn(arena, "{{>endless}}", view, tree, "en"), "too deep"));
    assert_non_null(strstr(drawn(arena, "{{>loose}}b", view, tree, "en"), "ends with"));
    assert_non_null(strstr(drawn(arena, "<b {{>node}}>", view, tree, "en"), "inside a tag"));
    json_decref(tree);
    json_decref(view);
    arena_free(arena);
}

static void layout(void **state)
{
    (void)state;
    struct arena *arena = arena_open(1 << 20);
    json_t *view = json_pack("{s:s}", "name", "<Li>");
    json_t *around = json_pack("{s:s}", "ui/layout",
        "<html lang=\"{{lang}}\"><title>{{>title}}</title>\n  {{>content}}\n</html>");
    static const char page[] = "<title>{{name}} 1</title>\n<p>{{name}}</p>\n";
    assert_string_equal(drawn(arena, page, view, around, "en"),
        "<html lang=\"en\"><title>&lt;Li&gt; 1</title>\n<p>&lt;Li&gt;</p>\n</html>");
    assert_string_equal(drawn(arena, "<p>{{name}}", view, around, "en"), "<p>&lt;Li&gt;");
    assert_string_equal(drawn(arena, "<h1>A {{name}}</h1>\n", view, around, "en"),
        "<html lang=\"en\"><title>A &lt;Li&gt;</title>\n<h1>A &lt;Li&gt;</h1>\n</html>");
    assert_non_null(strstr(drawn(arena, "<h1><b>a</b></h1>", view, around, "en"), "a tag in the"));
    assert_non_null(strstr(drawn(arena, "<title>a", view, around, "en"), "does not end"));
    json_decref(around);
    json_decref(view);
    arena_free(arena);
}

static void fresh_keys(void **state)
{
    (void)state;
    struct arena *arena = arena_open(1 << 20);
    const char *two = drawn(arena, "{{key:fresh}} {{key:fresh}}", NULL, NULL, "en");
    assert_int_equal(strlen(two), 65);
    assert_memory_not_equal(two, two + 33, 32);
    arena_free(arena);
}

static void unreached(void **state)
{
    (void)state;
    static const char text[] = "{{#rows}}\n{{name}}\n{{/rows}}";
    const struct page_source source = { "a/b", "a/b.html", text, strlen(text) };
    struct pages *pages;
    struct err err = { 0 };
    const char *out;
    size_t size;
    char first[100];
    struct arena *arena = arena_open(1 << 20);
    json_t *view = json_loads("{\"rows\": []}", 0, NULL);
    assert_int_equal(pages_from(&source, 1, &pages, &err), OK);
    pages_watch(pages);
    assert_int_equal(page_draw(pages, "a/b", "zh", 0, view, arena, &out, &size, &err), OK);
    assert_string_equal(page_unreached(pages, 0, first, sizeof first), "a/b.html:2: {{name}}");
    assert_null(page_unreached(pages, 1, first, sizeof first));
    assert_int_equal(page_draw(pages, "a/c", "zh", 0, view, arena, &out, &size, &err), INVALID);
    pages_free(pages);
    json_decref(view);
    arena_free(arena);
}

static void built_in(void **state)
{
    (void)state;
    const struct asset *css = asset_find("ui/cunhuo.css");
    assert_non_null(css);
    assert_string_equal(css->type, "text/css; charset=utf-8");
    assert_int_equal(strlen(css->etag), 26);
    assert_int_equal(strlen((const char *)css->bytes), css->size);
    assert_null(asset_find("ui/none.css"));
    assert_string_equal(words("zh", "Log in"), "登录");
    assert_string_equal(words("en", "Log in"), "Log in");
    assert_string_equal(words("zh", "No such words"), "No such words");
    struct pages *pages;
    struct err err = { 0 };
    if (pages_load(NULL, &pages, &err) != OK) fail_msg("%s", err.detail);
    pages_free(pages);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("pages follow the Mustache specification", specification),
        TEST("values stay inside text and quoted attributes", texts_and_attributes),
        TEST("a page with a value in a dangerous place does not load", refused_places),
        TEST("addresses keep to http, https, tel and our own site", addresses),
        TEST("money, times and measures are shown as people write them", formats),
        TEST("pages stand in pages", partials),
        TEST("a page with a title is drawn inside the layout", layout),
        TEST("every form has its own idempotency key", fresh_keys),
        TEST("what no example of a view draws is told", unreached),
        TEST("files and words are built in", built_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
