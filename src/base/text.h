/* text.h - UTF-8 as it comes from people: checked, folded and measured; numbers out of text. */
#ifndef CUNHUO_BASE_TEXT_H
#define CUNHUO_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/status.h"

struct arena;

/* Well-formed UTF-8 (RFC 3629) without NUL. */
bool text_valid(const char *bytes, size_t size);

/* One character from `*at`, which moves past it; -1 at the end or on malformed bytes. */
int32_t text_next(const char **at, const char *end);

/* Characters (code points) of valid UTF-8. */
size_t text_length(const char *text);

/* A copy for storing: full-width digits and letters made plain, white space at both ends gone and
 * inside made single spaces, invisible and direction-changing characters and controls dropped.
 * NULL: no memory. */
MUST_USE char *text_clean(struct arena *arena, const char *text);

/* Decimal digits with an optional minus, the whole text. INVALID: anything else, or overflow. */
MUST_USE enum status text_i64(const char *text, int64_t *out);
/* A decimal fraction such as "29.14586", the whole text. INVALID: anything else, NaN, infinity. */
MUST_USE enum status text_double(const char *text, double *out);

/* The text between two marks is hidden: "138****1234"; short ones wholly. For phone numbers. */
MUST_USE char *text_masked(struct arena *arena, const char *text);
#endif
