/* pagecheck.c - draws every page with the examples of its view, in both languages; for the build.
 *
 *   pagecheck FOLDER [STAMP]
 *
 * FOLDER is the top of the sources. shop/home is drawn with src/rooms/shop/pages/home.view.json: an
 * object, or an array of several. Every value and section of every page must be drawn at least once, so
 * that a name misspelt shows here and not to a villager. STAMP is written when all is well. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/clock.h"
#include "web/page_parse.h"

enum { DRAW_BYTES_MAX = 64 * 1024 * 1024 };

static int draw(struct pages *pages, const char *name, const char *path, const json_t *view)
{
    static const char *const langs[] = { "zh", "en" };
    int failures = 0;
    for (size_t i = 0; i < COUNT(langs); i++) {
        struct err err = { 0 };
        const char *out;
        size_t size;
        struct arena *arena = arena_open(DRAW_BYTES_MAX);
        if (arena == NULL) return 1;
        if (page_draw(pages, name, langs[i], ZONE_CHINA_S, view, arena, &out, &size, &err) != OK) {
            fprintf(stderr, "%s (drawn by %s in %s)\n", err.detail[0] ? err.detail : err.text, path,
                    langs[i]);
            failures++;
        }
        arena_free(arena);
    }
    return failures;
}

/* "x/home.html" has "x/home.view.json"; what begins with "_" is drawn inside other pages. */
static int check(struct pages *pages, const char *folder, const char *name)
{
    const char *path = page_path_of(pages, name), *file = strrchr(path, '/');
    char example[4096];
    snprintf(example, sizeof example, "%s/%.*s.view.json", folder,
             (int)(strlen(path) - strlen(".html")), path);
    json_error_t wrong;
    json_t *views = json_load_file(example, JSON_REJECT_DUPLICATES, &wrong);
    bool inside = (file && file[1] == '_') || strcmp(name, "ui/layout") == 0;
    if (views == NULL) {
        if (inside && wrong.line < 0) return 0;
        fprintf(stderr, "%s:%d: the example of its view %.*s.view.json: %s\n", path,
                wrong.line < 0 ? 1 : wrong.line, (int)(strlen(path) - strlen(".html")), path,
                wrong.text);
        return 1;
    }
    int failures = 0;
    if (json_is_array(views)) {
        for (size_t i = 0; i < json_array_size(views); i++)
            failures += draw(pages, name, path, json_array_get(views, i));
    } else {
        failures = draw(pages, name, path, views);
    }
    json_decref(views);
    return failures;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "pagecheck FOLDER [STAMP]\n");
        return 2;
    }
    struct pages *pages;
    struct err err = { 0 };
    if (pages_load(argv[1], &pages, &err) != OK) {
        fprintf(stderr, "%s\n", err.detail[0] ? err.detail : err.text);
        return 1;
    }
    pages_watch(pages);
    int failures = 0;
    for (size_t i = 0; page_name_at(pages, i); i++)
        failures += check(pages, argv[1], page_name_at(pages, i));
    char unreached[512];
    for (size_t i = 0; page_unreached(pages, i, unreached, sizeof unreached); i++) {
        fprintf(stderr, "%s is drawn by no example of a view\n", unreached);
        failures++;
    }
    pages_free(pages);
    if (failures == 0 && argc > 2) {
        FILE *stamp = fopen(argv[2], "w");
        if (stamp == NULL || fclose(stamp) != 0) return 1;
    }
    return failures != 0;
}
