/* village.c - villages and the point that serves each. */
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "db/db.h"
#include "people/pinyin.h"
#include "people/place.h"
#include "rooms/shop/inside.h"
#include "web/county.h"

enum { VILLAGES_BYTES = 16 << 20 };

static enum status serving(struct tx *tx, int64_t division_id, struct place *out, struct err *err)
{
    enum status found = place_serving(tx, division_id, PLACE_POINT, out, err);
    return found == NOT_FOUND ? place_serving(tx, division_id, PLACE_STATION, out, err) : found;
}

static enum status add(struct tx *tx, struct villages *v, const struct place *place,
                       const char *township, struct err *err)
{
    struct place stop;
    if (place->code == NULL) return OK;
    enum status found = serving(tx, place->id, &stop, err);
    if (found == NOT_FOUND) return OK;   // no bus comes near: nothing can be promised there
    if (found != OK) return found;
    v->at = arena_more(v->arena, v->at, v->count, sizeof *v->at);
    if (v->at == NULL) return BROKEN;
    struct village *village = &v->at[v->count++];
    *village = (struct village){
        .village_id = place->id, .place_id = stop.id, .code = arena_text(v->arena, place->code),
        .name = arena_text(v->arena, place->name), .township = arena_text(v->arena, township),
        .place_name = arena_text(v->arena, stop.name),
        .joined = pinyin_joined(v->arena, place->pinyin ? place->pinyin : ""),
        .initials = pinyin_initials(v->arena, place->pinyin ? place->pinyin : ""),
    };
    return village->code && village->name && village->township && village->place_name
        && village->joined && village->initials ? OK : BROKEN;
}

static int by_code(const void *a, const void *b)
{
    return strcmp((*(struct village *const *)a)->code, (*(struct village *const *)b)->code);
}

static enum status fill(struct tx *tx, struct villages *v, struct err *err)
{
    struct place *towns, *places;
    size_t town_count, count;
    TRY(place_list(tx, PLACE_TOWNSHIP, 0, &towns, &town_count, err));
    for (size_t t = 0; t < town_count; t++) {
        TRY(place_list(tx, PLACE_VILLAGE, towns[t].id, &places, &count, err));
        for (size_t i = 0; i < count; i++) TRY(add(tx, v, &places[i], towns[t].name, err));
    }
    v->by_code = arena_new(v->arena, (v->count + 1) * sizeof *v->by_code);
    if (v->by_code == NULL) return BROKEN;
    for (size_t i = 0; i < v->count; i++) v->by_code[i] = &v->at[i];
    if (v->count) qsort(v->by_code, v->count, sizeof *v->by_code, by_code);
    return OK;
}

enum status villages_make(struct tx *tx, struct villages **out, struct err *err)
{
    struct villages *v = calloc(1, sizeof *v);
    if (v == NULL) return BROKEN;
    v->arena = arena_open(VILLAGES_BYTES);
    enum status made = v->arena ? fill(tx, v, err) : BROKEN;
    if (made == OK) *out = v;
    else villages_free(v);
    return made;
}

void villages_free(struct villages *villages)
{
    if (villages == NULL) return;
    arena_free(villages->arena);
    free(villages);
}

static int code_of(const void *code, const void *at)
{
    return strcmp(code, (*(struct village *const *)at)->code);
}

enum status village_by_code(struct shop *shop, const char *code, const struct village **out)
{
    const struct villages *v = shop->villages;
    if (v->count == 0) return NOT_FOUND;
    struct village **found = bsearch(code, v->by_code, v->count, sizeof *v->by_code, code_of);
    if (found == NULL) return NOT_FOUND;
    *out = *found;
    return OK;
}

enum status village_of_place(struct shop *shop, int64_t place_id, const struct village **out)
{
    const struct villages *v = shop->villages;
    for (size_t i = 0; place_id && i < v->count; i++) {
        if (v->at[i].village_id != place_id && v->at[i].place_id != place_id) continue;
        *out = &v->at[i];
        return OK;
    }
    return NOT_FOUND;
}

enum status village_search(struct shop *shop, struct arena *arena, const char *text,
                           size_t count_max, const struct village ***out, size_t *count)
{
    const struct villages *v = shop->villages;
    const char *latin = text ? catalogue_folded(arena, text) : "";
    *count = 0;
    *out = arena_new(arena, (count_max + 1) * sizeof **out);
    if (*out == NULL || latin == NULL) return BROKEN;
    for (size_t i = 0; i < v->count && *count < count_max; i++) {
        const struct village *village = &v->at[i];
        if (text == NULL || strstr(village->name, text) || strstr(village->township, text)
            || (*latin && (strstr(village->joined, latin) || strstr(village->initials, latin))))
            (*out)[(*count)++] = village;
    }
    return OK;
}
