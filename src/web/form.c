/* form.c - what a handler reads of a request. */
#include "web/form.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include "base/arena.h"
#include "base/clock.h"
#include "base/text.h"
#include "web/county.h"
#include "web/fields.h"
#include "web/room.h"

/* Where a field stands: as text, as JSON, or (both NULL) nowhere. An empty text field of a
 * browser's form is a field left out, and so is JSON's null. */
struct found { const char *text; const json_t *json; };

static struct found look(const struct request *rq, const char *name)
{
    struct found found = { .text = form_text(rq->form, name) };
    if (found.text) {
        if (found.text[0] == '\0') found.text = NULL;
        return found;
    }
    found.json = json_object_get(rq->form->object, name);
    if (json_is_null(found.json)) found.json = NULL;
    if (json_is_string(found.json)) {
        found.text = json_string_value(found.json);
        if (found.text[0] == '\0') found = (struct found){ 0 };
    }
    return found;
}

static bool missing(struct found found) { return found.text == NULL && found.json == NULL; }

/* Fields of a row are told with its place: "lines.3.sku". */
static enum status refuse(struct request *rq, const char *name, const char *text, struct err *err)
{
    const char *whole = name;
    if (rq->form->prefix) whole = arena_printf(rq->arena, "%s%s", rq->form->prefix, name);
    return err_set(err, INVALID, whole ? whole : name, text);
}

static enum status need(struct request *rq, const char *name, struct found *found,
                        struct err *err)
{
    *found = look(rq, name);
    return missing(*found) ? refuse(rq, name, "This field is missing.", err) : OK;
}

enum status form_str(struct request *rq, const char *field, size_t bytes_max, const char **out,
                     struct err *err)
{
    struct found found;
    TRY(need(rq, field, &found, err));
    if (found.text == NULL) return refuse(rq, field, "This field must be text.", err);
    if (strlen(found.text) > 4 * bytes_max + 256)   // not worth folding first
        return refuse(rq, field, "This text is too long.", err);
    const char *clean = text_clean(rq->arena, found.text);
    if (clean == NULL) return BROKEN;
    if (clean[0] == '\0') return refuse(rq, field, "This field is missing.", err);
    if (strlen(clean) > bytes_max) return refuse(rq, field, "This text is too long.", err);
    *out = clean;
    return OK;
}

enum status form_i64(struct request *rq, const char *field, int64_t min, int64_t max,
                     int64_t *out, struct err *err)
{
    struct found found;
    TRY(need(rq, field, &found, err));
    int64_t number = 0;
    bool read = true;
    if (found.text) {
        const char *clean = strlen(found.text) > 64 ? NULL : text_clean(rq->arena, found.text);
        read = clean && text_i64(clean, &number) == OK;
    } else if (json_is_boolean(found.json)) {
        number = json_is_true(found.json);
    } else if (json_is_integer(found.json)) {
        number = json_integer_value(found.json);
    } else {
        read = false;
    }
    if (!read) return refuse(rq, field, "This field must be a whole number.", err);
    if (number < min || number > max)
        return refuse(rq, field, "This number is out of range.", err);
    *out = number;
    return OK;
}

enum status form_str_opt(struct request *rq, const char *field, size_t bytes_max,
                         const char **out, struct err *err)
{
    return missing(look(rq, field)) ? OK : form_str(rq, field, bytes_max, out, err);
}

enum status form_i64_opt(struct request *rq, const char *field, int64_t min, int64_t max,
                         int64_t *out, struct err *err)
{
    return missing(look(rq, field)) ? OK : form_i64(rq, field, min, max, out, err);
}

enum status form_ms(struct request *rq, const char *field, int64_t *out, struct err *err)
{
    struct found found;
    TRY(need(rq, field, &found, err));
    if (found.text) {
        const char *clean = strlen(found.text) > 64 ? NULL : text_clean(rq->arena, found.text);
        int32_t zone_s = rq->county ? rq->county->zone_s : ZONE_CHINA_S;
        if (clean && time_parse(clean, zone_s, out) == OK) return OK;
        if (clean == NULL || text_i64(clean, out) != OK)
            return refuse(rq, field, "This field must be a date and time.", err);
    }
    return form_i64(rq, field, 0, MS_MAX, out, err);
}

enum status form_word(struct request *rq, const char *field, const char *const *words, int *out,
                      struct err *err)
{
    const char *text;
    TRY(form_str(rq, field, 64, &text, err));
    for (int i = 0; words[i]; i++) {
        if (strcmp(words[i], text) != 0) continue;
        *out = i;
        return OK;
    }
    return refuse(rq, field, "This is none of the possible choices.", err);
}

enum status form_code(struct request *rq, const char *field, int64_t *id, struct err *err)
{
    const char *text;
    TRY(form_str(rq, field, 40, &text, err));
    if (code_parse(rq->county->code_key, text, id) == OK) return OK;
    return refuse(rq, field, "This code is wrong: one of its digits is not right.", err);
}

/* The number of rows "name.0.x", "name.1.x" ... of a browser's form: the highest index and one. */
static size_t text_rows(const struct form *form, const char *name)
{
    size_t rows = 0, size = strlen(name), skipped = form->prefix ? strlen(form->prefix) : 0;
    for (const struct field *field = form->fields; field < form->fields + form->count; field++) {
        const char *at = field->name;
        if (skipped && strncmp(at, form->prefix, skipped) != 0) continue;
        at += skipped;
        if (strncmp(at, name, size) != 0 || at[size] != '.') continue;
        size_t index = 0, digits = 0;
        for (at += size + 1; *at >= '0' && *at <= '9' && digits < 6; at++, digits++)
            index = index * 10 + (size_t)(*at - '0');
        if (digits > 0 && *at == '.' && index + 1 > rows) rows = index + 1;
    }
    return rows;
}

enum status form_list(struct request *rq, const char *field, size_t count_max, size_t *count,
                      struct err *err)
{
    const json_t *json = json_object_get(rq->form->object, field);
    if (json && !json_is_null(json) && !json_is_array(json))
        return refuse(rq, field, "This field must be a list.", err);
    *count = json_is_array(json) ? json_array_size(json) : text_rows(rq->form, field);
    if (*count == 0) return refuse(rq, field, "This field is missing.", err);
    if (*count > count_max) return refuse(rq, field, "This list is too long.", err);
    return OK;
}

enum status form_item(struct request *rq, const char *field, size_t index, struct request *item,
                      struct err *err)
{
    json_t *list = json_object_get(rq->form->object, field);
    struct form *form = arena_new(rq->arena, sizeof *form);
    if (form == NULL) return BROKEN;
    form->prefix = arena_printf(rq->arena, "%s%s.%zu.", rq->form->prefix ? rq->form->prefix : "",
                                field, index);
    if (form->prefix == NULL) return BROKEN;
    if (json_is_array(list)) {
        assert(index < json_array_size(list));
        form->object = json_array_get(list, index);
        if (!json_is_object(form->object))
            return refuse(rq, field, "This list must hold objects.", err);
    } else {
        form->fields = rq->form->fields;
        form->count = rq->form->count;
    }
    *item = *rq;
    item->form = form;
    return OK;
}

struct form *form_from_json(struct arena *arena, json_t *object)
{
    struct form *form = arena_new(arena, sizeof *form);
    if (form) form->object = object;
    return form;
}
