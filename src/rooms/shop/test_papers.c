/* test_papers.c - what the shop prints: each bin once with all that the wave takes from it, each
 * order with its lines, each supplier's list; cancelled orders on none of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/arena.h"
#include "base/test.h"
#include "db/db.h"
#include "db/testing.h"
#include "paper/pdf.h"
#include "rooms/shop/papers.h"
#include "rooms/shop/testing.h"

const struct test_room test_rooms[] = { { 0 } };

/* Caches of the font libraries live as long as the process. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libfontconfig\nleak:libpango\nleak:libcairo\nleak:libglib\n";
}

static struct shop_test t;

/* A paper of tomorrow as text; "" for one without a page. Skips without pdftotext. */
static char *text_of(const char *name, int64_t trip_id)
{
    const struct paper *paper = shop_papers;
    while (strcmp(paper->name, name) != 0) paper++;
    struct printing p = { .day = shop_tomorrow(&t), .trip_id = trip_id, .lang = "en",
                          .printed_ms = shop_at(22, 30, 0, 0) };
    struct arena *arena = arena_open(1 << 24);
    struct tx *tx;
    struct err err = { .text = "" };
    char path[] = "/tmp/cunhuo-paper-XXXXXX", line[200], *text = calloc(1, 1 << 16);
    const void *bytes;
    size_t size;
    assert_int_equal(pdf_new("test", p.printed_ms, &p.pdf), OK);
    assert_int_equal(db_read_begin(t.county->db, arena, &tx), OK);
    assert_int_equal(paper->draw(tx, &p, &err), OK);
    db_read_end(tx);
    arena_free(arena);
    int fd = mkstemp(path);
    assert_true(fd >= 0 && close(fd) == 0);
    bool drawn = pdf_pages(p.pdf) > 0;
    if (drawn) assert_int_equal(pdf_end(p.pdf, &bytes, &size, &err), OK);
    if (drawn) assert_int_equal(pdf_save(p.pdf, path, &err), OK);
    pdf_free(p.pdf);
    snprintf(line, sizeof line, "pdftotext -layout %s -", path);
    FILE *pipe = drawn ? popen(line, "r") : NULL;
    if (pipe) assert_true(fread(text, 1, (1 << 16) - 1, pipe) > 0);
    if (pipe) pclose(pipe);
    unlink(path);
    return text;
}

static size_t times(const char *text, const char *part)
{
    size_t n = 0;
    for (; (text = strstr(text, part)) != NULL; text += strlen(part)) n++;
    return n;
}

static void lists(void **state)
{
    (void)state;
    if (system("command -v pdftotext >/dev/null 2>&1") != 0) skip();
    assert_true(shop_test_begin(&t, false, shop_at(20, 0, 0, 0)));
    char *none = text_of("pick", 0);
    assert_string_equal(none, "");
    char codes[3][20];
    for (int i = 0; i < 3; i++) {
        json_t *view = shop_view(&t, POST, "/shop/orders", t.villager,
                                 shop_order_fields(&t, EGGS, 10 + i, "demo"));
        snprintf(codes[i], sizeof codes[i], "%s", shop_text(view, "code"));
        json_decref(view);
    }
    json_decref(shop_view(&t, POST, "/shop/orders/{code}/cancel", t.villager,
                          json_pack("{s:s}", "code", codes[2])));
    char *pick = text_of("pick", 0), *pack = text_of("pack", 0);
    char *suppliers = text_of("suppliers", 0), *trip = text_of("pick", 7);
    assert_int_equal(times(pick, shop_goods_codes[EGGS]), 1);      // one bin, one row
    assert_int_equal(times(pick, "21"), 1);                        // 10 + 11
    assert_int_equal(times(pick, shop_goods_codes[RICE]), 0);
    assert_int_equal(times(pack, codes[0]), 1);
    assert_int_equal(times(pack, codes[1]), 1);
    assert_int_equal(times(pack, codes[2]), 0);                    // cancelled
    assert_int_equal(times(suppliers, shop_goods_codes[EGGS]), 1);
    assert_non_null(strstr(suppliers, "21"));
    assert_string_equal(trip, "");                                 // a trip has none of these
    for (size_t i = 0; i < 5; i++) free((char *[]){ none, pick, pack, suppliers, trip }[i]);
    shop_test_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("S2.8 pick lists by bin, packing lists and suppliers' lists", lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
