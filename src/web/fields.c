/* fields.c - from bytes to fields. */
#include "web/fields.h"

#include <sodium.h>
#include <stdint.h>
#include <string.h>
#include "base/arena.h"
#include "base/text.h"

static int hex(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10
         : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* NULL with *broken: malformed; NULL without: no memory. */
static const char *decode(struct arena *arena, const char *text, size_t size, bool plus,
                          bool *broken)
{
    char *out = arena_new(arena, size + 1);
    size_t at = 0;
    for (size_t i = 0; out && i < size; i++) {
        if (text[i] == '%') {
            int high = i + 2 < size ? hex(text[i + 1]) : -1;
            int low = high >= 0 ? hex(text[i + 2]) : -1;
            if (low < 0) { *broken = true; return NULL; }
            out[at++] = (char)(high * 16 + low);
            i += 2;
        } else {
            out[at++] = plus && text[i] == '+' ? ' ' : text[i];
        }
    }
    if (out && !text_valid(out, at)) { *broken = true; return NULL; }
    return out;
}

enum status form_add(struct form *form, struct arena *arena, const char *name, size_t name_size,
                     const char *value, size_t value_size, bool plus, struct err *err)
{
    bool broken = false;
    struct field field = { .name = decode(arena, name, name_size, plus, &broken) };
    if (field.name) field.value = decode(arena, value, value_size, plus, &broken);
    if (broken) return err_set(err, INVALID, NULL, "The request is not valid UTF-8 text.");
    if (field.value == NULL) return BROKEN;
    if (form->count == FIELDS_MAX)
        return err_set(err, INVALID, NULL, "The request has too many fields.");
    form->fields = arena_more(arena, form->fields, form->count, sizeof *form->fields);
    if (form->fields == NULL) return BROKEN;
    form->fields[form->count++] = field;
    return OK;
}

enum status form_add_encoded(struct form *form, struct arena *arena, const char *text,
                             size_t size, struct err *err)
{
    const char *end = text + size;
    while (text < end) {
        const char *stop = memchr(text, '&', (size_t)(end - text));
        if (stop == NULL) stop = end;
        const char *equals = memchr(text, '=', (size_t)(stop - text));
        const char *value = equals ? equals + 1 : stop;
        if (stop > text)
            TRY(form_add(form, arena, text, (size_t)((equals ? equals : stop) - text), value,
                         (size_t)(stop - value), true, err));
        text = stop + 1;
    }
    return OK;
}

enum status form_add_json(struct form *form, const char *text, size_t size, struct err *err)
{
    json_error_t error;
    json_t *object = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
    if (object == NULL)
        return err_about(err, INVALID, NULL, "The request is not valid JSON.", "%d:%d",
                         error.line, error.column);
    if (!json_is_object(object)) {
        json_decref(object);
        return err_set(err, INVALID, NULL, "The request is not a JSON object.");
    }
    form->object = object;
    return OK;
}

const char *form_text(const struct form *form, const char *name)
{
    size_t skipped = form->prefix ? strlen(form->prefix) : 0;
    for (const struct field *field = form->fields; field < form->fields + form->count; field++)
        if ((skipped == 0 || strncmp(field->name, form->prefix, skipped) == 0)
            && strcmp(field->name + skipped, name) == 0)
            return field->value;
    return NULL;
}

static int into_digest(const char *bytes, size_t size, void *digest)
{
    return crypto_generichash_update(digest, (const unsigned char *)bytes, size);
}

void form_digest(const struct form *form, const char *route, unsigned char out[FORM_DIGEST])
{
    crypto_generichash_state digest;
    crypto_generichash_init(&digest, NULL, 0, FORM_DIGEST);
    into_digest(route, strlen(route) + 1, &digest);
    for (const struct field *field = form->fields; field < form->fields + form->count; field++) {
        into_digest(field->name, strlen(field->name) + 1, &digest);
        into_digest(field->value, strlen(field->value) + 1, &digest);
    }
    if (form->object)
        json_dump_callback(form->object, into_digest, &digest, JSON_COMPACT | JSON_SORT_KEYS);
    crypto_generichash_final(&digest, out, FORM_DIGEST);
}

void form_end(struct form *form)
{
    if (form->prefix == NULL) json_decref(form->object);
    form->object = NULL;
}
