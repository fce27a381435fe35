/* form.h - the fields of a request: of its path, query and body, in that order of precedence.
 *
 * A body is application/x-www-form-urlencoded or application/json (an object). Text is checked
 * UTF-8 without NUL, trimmed and folded as text_clean says. A field that is there twice is the
 * first; JSON with a name twice is refused. Empty text and null are fields left out. Whole numbers
 * may be JSON numbers, decimal text, or true and false for 1 and 0. */
#ifndef CUNHUO_WEB_FORM_H
#define CUNHUO_WEB_FORM_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/ids.h"
#include "base/clock.h"
#include "base/status.h"

struct arena;
struct request;

/* A field as text of 1 to `bytes_max` bytes, borrowed from the request, or as a number.
 * INVALID: missing, of another kind, out of range. */
MUST_USE enum status form_str(struct request *rq, const char *field, size_t bytes_max,
                              const char **out, struct err *err);
MUST_USE enum status form_i64(struct request *rq, const char *field, int64_t min, int64_t max,
                              int64_t *out, struct err *err);

/* The same for what may be left out: `out` then keeps its value. */
MUST_USE enum status form_str_opt(struct request *rq, const char *field, size_t bytes_max,
                                  const char **out, struct err *err);
MUST_USE enum status form_i64_opt(struct request *rq, const char *field, int64_t min, int64_t max,
                                  int64_t *out, struct err *err);

/* A field as an instant: ms since 1970, or text as time_parse takes it. */
MUST_USE enum status form_ms(struct request *rq, const char *field, int64_t *out, struct err *err);

/* One of `words` (ends with NULL): its place among them. */
MUST_USE enum status form_word(struct request *rq, const char *field, const char *const *words,
                               int *out, struct err *err);

/* A public code (base/ids.h): the id it stands for. */
MUST_USE enum status form_code(struct request *rq, const char *field, int64_t *id,
                               struct err *err);

/* An array of objects of a JSON body, 1 .. count_max of them; an item is read by the same functions
 * through form_item, which makes a request whose fields are the item's. A browser's form sends
 * rows as name.0.field=…&name.1.field=… */
MUST_USE enum status form_list(struct request *rq, const char *field, size_t count_max,
                               size_t *count, struct err *err);
MUST_USE enum status form_item(struct request *rq, const char *field, size_t index,
                               struct request *item, struct err *err);

/* For tests and for callers without HTTP: a form from a JSON object (borrowed). NULL: no memory. */
MUST_USE struct form *form_from_json(struct arena *arena, json_t *object);
#endif
