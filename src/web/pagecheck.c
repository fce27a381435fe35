/* pagecheck.c - draws every page with the examples of its view, in both languages; for the build.
 *
 *   pagecheck FOLDER [STAMP]
 *   pagecheck FOLDER show PAGE LANGUAGE [EXAMPLE]
 *
 * FOLDER is the top of the sources. shop/home is drawn with src/rooms/shop/pages/home.view.json: an
 * object, or an array of several. Every value and section of every page must be drawn at least
 * once, so that a name misspelt shows here and not to a villager. STAMP is written when all is
 * well. `show` prints a page as its example (0, 1 ...) draws it, to be looked at. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/clock.h"
#include "web/page_parse.h"

enum { DRAW_BYTES_MAX = 64 * 1024 * 1024 };

static int draw(struct pages *pages, const char *name, const char *lang, const json_t *view,
                FILE *to)
{
    struct err err = { 0 };
    const char *out;
    size_t size;
    struct arena *arena = arena_open(DRAW_BYTES_MAX);
    if (arena == NULL) return 1;
    int failed = page_draw(pages, name, lang, ZONE_CHINA_S, view, arena, &out, &size, &err) != OK;
    if (failed)
        fprintf(stderr, "%s (%s in %s)\n", err.detail[0] ? err.detail : err.text, name, lang);
    else if (to)
        failed = fwrite(out, 1, size, to) != size;
    arena_free(arena);
    return failed;
}

static int draw_both(struct pages *pages, const char *name, const json_t *view)
{
    return draw(pages, name, "zh", view, NULL) + draw(pages, name, "en", view, NULL);
}

/* The example views of a page: "x/home.html" has "x/home.view.json". */
static json_t *examples(struct pages *pages, const char *folder, const char *name,
                        json_error_t *wrong)
{
    char file[4096];
    const char *path = page_path_of(pages, name);
    int stem = path ? (int)(strlen(path) - strlen(".html")) : 0;
    snprintf(file, sizeof file, "%s/%.*s.view.json", folder, stem, path ? path : "");
    return json_load_file(file, JSON_REJECT_DUPLICATES, wrong);
}

/* What begins with "_" is drawn inside other pages, and needs no example of its own. */
static int check(struct pages *pages, const char *folder, const char *name)
{
    const char *path = page_path_of(pages, name), *file = strrchr(path, '/');
    bool inside = (file && file[1] == '_') || strcmp(name, "ui/layout") == 0;
    json_error_t wrong;
    json_t *views = examples(pages, folder, name, &wrong);
    if (views == NULL) {
        if (inside && wrong.line < 0) return 0;
        fprintf(stderr, "%s:%d: its example of a view, .view.json beside it: %s\n", path,
                wrong.line < 0 ? 1 : wrong.line, wrong.text);
        return 1;
    }
    int failures = 0;
    if (json_is_array(views)) {
        for (size_t i = 0; i < json_array_size(views); i++)
            failures += draw_both(pages, name, json_array_get(views, i));
    } else {
        failures = draw_both(pages, name, views);
    }
    json_decref(views);
    return failures;
}

static int show(struct pages *pages, const char *folder, char **args, int count)
{
    json_error_t wrong;
    json_t *views = examples(pages, folder, args[0], &wrong);
    if (views == NULL) fprintf(stderr, "%s\n", wrong.text);
    const json_t *view = json_is_array(views)
                       ? json_array_get(views, count > 2 ? (size_t)atoi(args[2]) : 0) : views;
    int failed = view == NULL || draw(pages, args[0], args[1], view, stdout);
    json_decref(views);
    return failed;
}

static int check_all(struct pages *pages, const char *folder, const char *stamp)
{
    pages_watch(pages);
    int failures = 0;
    for (size_t i = 0; page_name_at(pages, i); i++)
        failures += check(pages, folder, page_name_at(pages, i));
    char unreached[512];
    for (size_t i = 0; page_unreached(pages, i, unreached, sizeof unreached); i++) {
        fprintf(stderr, "%s is drawn by no example of a view\n", unreached);
        failures++;
    }
    if (failures || stamp == NULL) return failures != 0;
    FILE *file = fopen(stamp, "w");
    return file == NULL || fclose(file) != 0;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "pagecheck FOLDER [STAMP | show PAGE LANGUAGE [EXAMPLE]]\n");
        return 2;
    }
    struct pages *pages;
    struct err err = { 0 };
    if (pages_load(argv[1], &pages, &err) != OK) {
        fprintf(stderr, "%s\n", err.detail[0] ? err.detail : err.text);
        return 1;
    }
    bool shown = argc >= 5 && strcmp(argv[2], "show") == 0;
    int failed = shown ? show(pages, argv[1], argv + 3, argc - 3)
                       : check_all(pages, argv[1], argc > 2 ? argv[2] : NULL);
    pages_free(pages);
    return failed;
}
