/* page.c - all pages: loads them, reads them again in development, draws one by name. */
#include "web/page.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "web/page_draw.h"
#include "web/page_files.h"

enum { PAGES_BYTES_MAX = 256 * 1024 * 1024 };

struct loaded { struct arena *arena; struct units units; };

struct pages {
    char *folder;             // development: where they are read from again; else NULL
    uint64_t stamp;           // of the files in it
    pthread_mutex_t mutex;    // development only
    struct loaded now;
    json_t *base[2];          // names every page has: English, Chinese
    bool watch;
};

static enum status draw_unit(struct pages *pages, const struct units *units, int place,
                             const char *lang, int32_t zone_s, const json_t *view,
                             struct arena *arena, struct draw *d, struct err *err)
{
    const struct unit *unit = &units->all[place];
    bool page = unit->title != UNIT_NONE;
    *d = (struct draw){
        .units = units, .unit = unit, .arena = arena, .err = err, .depth = 2,
        .frames = { pages->base[strcmp(lang, "zh") == 0], view },
        .how = { .lang = lang, .zone_s = zone_s }, .watch = pages->watch,
    };
    if (page) {
        d->title = &units->all[unit->title];
        d->content = unit;
        if (units->layout != UNIT_NONE) d->unit = &units->all[units->layout];
    }
    return page_walk(d);
}

static void loaded_free(struct loaded *loaded)
{
    arena_free(loaded->arena);
    *loaded = (struct loaded){ .arena = NULL };
}

static enum status load(const char *folder, const struct page_source *sources, size_t count,
                        struct loaded *out, struct err *err)
{
    *out = (struct loaded){ .arena = arena_open(PAGES_BYTES_MAX) };
    if (out->arena == NULL) return err_set(err, BROKEN, NULL, "Out of memory");
    enum status status = sources ? OK : page_files(folder, out->arena, &sources, &count, err);
    if (status == OK) status = units_parse(out->arena, sources, count, &out->units, err);
    if (status != OK) loaded_free(out);
    return status;
}

/* Names that every page has: {{lang}}, {{#zh}}, {{#en}}, {{key:fresh}}. */
static json_t *base_view(const char *lang)
{
    bool zh = strcmp(lang, "zh") == 0;
    return json_pack("{s:s, s:b, s:b, s:s}", "lang", lang, "zh", zh, "en", !zh, "fresh", "");
}

static enum status pages_new(const char *folder, const struct page_source *sources, size_t count,
                             struct pages **out, struct err *err)
{
    *out = NULL;
    struct pages *pages = calloc(1, sizeof *pages);
    if (pages == NULL) return err_set(err, BROKEN, NULL, "Out of memory");
    pthread_mutex_init(&pages->mutex, NULL);
    pages->base[0] = base_view("en");
    pages->base[1] = base_view("zh");
    pages->folder = folder ? strdup(folder) : NULL;
    pages->stamp = folder ? page_files_stamp(folder) : 0;
    enum status status = OK;
    if (!pages->base[0] || !pages->base[1] || (folder && !pages->folder))
        status = err_set(err, BROKEN, NULL, "Out of memory");
    if (status == OK) status = load(folder, sources, count, &pages->now, err);
    if (status != OK) {
        pages_free(pages);
        return status;
    }
    *out = pages;
    return OK;
}

enum status pages_load(const char *folder, struct pages **out, struct err *err)
{
    return pages_new(folder, NULL, 0, out, err);
}

enum status pages_from(const struct page_source *sources, size_t count, struct pages **out,
                       struct err *err)
{
    return pages_new(NULL, sources, count, out, err);
}

void pages_free(struct pages *pages)
{
    if (pages == NULL) return;
    loaded_free(&pages->now);
    json_decref(pages->base[0]);
    json_decref(pages->base[1]);
    pthread_mutex_destroy(&pages->mutex);
    free(pages->folder);
    free(pages);
}

static enum status draw_named(struct pages *pages, const char *name, const char *lang,
                              int32_t zone_s, const json_t *view, struct arena *arena,
                              struct draw *d, struct err *err)
{
    int place = unit_find(&pages->now.units, name);
    if (place == UNIT_NONE)
        return err_about(err, INVALID, "page", "There is no such page", "%s", name);
    return draw_unit(pages, &pages->now.units, place, lang, zone_s, view, arena, d, err);
}

/* Development: reads all pages again when a file has changed; a mistake in them is told. */
static enum status refresh(struct pages *pages, struct err *err)
{
    uint64_t stamp = page_files_stamp(pages->folder);
    if (stamp == pages->stamp) return OK;
    struct loaded fresh;
    TRY(load(pages->folder, NULL, 0, &fresh, err));
    loaded_free(&pages->now);
    pages->now = fresh;
    pages->stamp = stamp;
    return OK;
}

enum status page_draw(struct pages *pages, const char *name, const char *lang, int32_t zone_s,
                      const json_t *view, struct arena *arena, const char **out, size_t *size,
                      struct err *err)
{
    struct draw d;
    enum status status = OK;
    if (pages->folder) {
        pthread_mutex_lock(&pages->mutex);
        status = refresh(pages, err);
        if (status == OK)
            status = draw_named(pages, name, lang, zone_s, view, arena, &d, err);
        pthread_mutex_unlock(&pages->mutex);
    } else {
        status = draw_named(pages, name, lang, zone_s, view, arena, &d, err);
    }
    if (status != OK) return status;
    *out = d.out;
    *size = d.size;
    return OK;
}

void pages_watch(struct pages *pages) { pages->watch = true; }

const char *page_unreached(struct pages *pages, size_t nth, char *out, size_t out_size)
{
    const struct units *units = &pages->now.units;
    for (size_t i = 0; i < units->count; i++) {
        const struct unit *unit = &units->all[i];
        for (size_t j = 0; j < unit->count; j++) {
            const struct op *op = &unit->ops[j];
            bool named = op->kind == OP_VALUE || op->kind == OP_SECTION || op->kind == OP_INVERTED;
            if (!named || op->reached || nth-- > 0) continue;
            snprintf(out, out_size, "%s:%u: {{%.*s}}", unit->path, op->line, (int)op->size,
                     op->text);
            return out;
        }
    }
    return NULL;
}

const char *page_name_at(struct pages *pages, size_t at)
{
    return at < pages->now.units.named ? pages->now.units.all[at].name : NULL;
}

const char *page_path_of(struct pages *pages, const char *name)
{
    int place = unit_find(&pages->now.units, name);
    return place == UNIT_NONE ? NULL : pages->now.units.all[place].path;
}
