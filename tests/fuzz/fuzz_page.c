/* fuzz: page layer=web runs=20000 max_len=2048 */
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/clock.h"
#include "web/page_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Values have what HTML must not see right behind a mark (a private character). A page that holds
 * the mark itself is drawn, but not looked at. */
#define MARK "\xEE\x80\x80"
static const char view[] =
    "{\"v\": \"" MARK "\\\"" MARK "'" MARK "><script>\", \"u\": \"javascript:" MARK "<\","
    " \"n\": 1795446000000, \"t\": true, \"f\": false, \"e\": [],"
    " \"l\": [\"" MARK "<\", {\"v\": \"" MARK "'\"}],"
    " \"o\": {\"v\": \"" MARK "\\\"\", \"o\": {\"v\": 1.5}}}";

static void contained(const char *out)
{
    static const char *const wild[] = { MARK "\"", MARK "'", MARK "<", MARK ">" };
    for (size_t i = 0; i < COUNT(wild); i++)
        if (strstr(out, wild[i])) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static json_t *values;
    if (values == NULL) values = json_loads(view, 0, NULL);
    struct arena *arena = arena_open(8 << 20);
    char *text = arena ? arena_bytes(arena, data, size) : NULL;
    if (values == NULL || text == NULL) abort();
    const struct page_source sources[] = {
        { "x/main", "x/main.html", text, size },
        { "x/_again", "x/_again.html", text, size },
        { "x/_part", "x/_part.html", "<p>{{v}}</p>\n", 13 },
    };
    bool marked = memmem(data, size, MARK, strlen(MARK)) != NULL;
    struct pages *pages;
    struct err err = { 0 };
    const char *out;
    size_t out_size;
    if (pages_from(sources, COUNT(sources), &pages, &err) == OK) {
        enum status drawn = page_draw(pages, "x/main", "zh", ZONE_CHINA_S, values, arena, &out,
                                      &out_size, &err);
        if (drawn == OK && !marked) contained(out);
        pages_free(pages);
    }
    arena_free(arena);
    return 0;
}
