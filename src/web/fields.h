/* fields.h - private to web: the fields of a request as they came, checked UTF-8 without NUL.
 *
 * Text fields of path, query and urlencoded body stand in that order, so the first that fits is the
 * one that counts; a JSON body is asked last. Names and values are in the arena, the JSON object is
 * the form's own (form_end). Rows of a list are text fields "name.0.field" or objects of an array;
 * the form of one row has a prefix and sees nothing else. */
#ifndef CUNHUO_WEB_FIELDS_H
#define CUNHUO_WEB_FIELDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include "base/status.h"

struct arena;

enum { FIELDS_MAX = 2048, FORM_DIGEST = 16 };

struct field { const char *name, *value; };

struct form {
    struct field *fields;
    size_t count;
    json_t *object;       // of a JSON body, or NULL
    const char *prefix;   // "lines.3." of a row, or NULL
};

/* One pair, its name and value percent-encoded. `plus`: a plus sign is a space.
 * INVALID: malformed escape, not UTF-8, NUL, too many fields. */
MUST_USE enum status form_add(struct form *form, struct arena *arena, const char *name,
                              size_t name_size, const char *value, size_t value_size, bool plus,
                              struct err *err);

/* A body of either kind. INVALID: as above; JSON that is malformed, no object, has one name twice
 * or is deeper than jansson goes. */
MUST_USE enum status form_add_encoded(struct form *form, struct arena *arena, const char *text,
                                      size_t size, struct err *err);
MUST_USE enum status form_add_json(struct form *form, const char *text, size_t size,
                                   struct err *err);

/* The text of a field that is there as text, or NULL. */
const char *form_text(const struct form *form, const char *name);

/* A digest of all that was sent: equal for equal fields. JSON's order of names does not matter.
 * `route` is part of it, so that the same key on another route is another request. */
void form_digest(const struct form *form, const char *route, unsigned char out[FORM_DIGEST]);

void form_end(struct form *form);
#endif
