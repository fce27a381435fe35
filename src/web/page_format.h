/* page_format.h - values as people read them: {{yuan:price_fen}}, {{when:due_ms}}; inside src/web.
 *
 *   as it is   numbers, text, true/false; null is nothing
 *   fen        1234.50          of fen; for fields of a form
 *   yuan       ¥1,234.50        of fen
 *   time       07:05            of ms since 1970, in the county's zone
 *   date       2026年11月24日   24 Nov 2026
 *   day        11月24日 周二    Tue 24 Nov
 *   when       11月24日 周二 07:05
 *   iso        2026-11-24T07:05:00.000+08:00    for datetime="…"
 *   field      2026-11-24T07:05                 for fields of a form
 *   clock      07:05            of a second of the day
 *   minutes    25 min, 1 h 5 min                of seconds
 *   kg, jin    1.25 kg, 2.5 jin (斤, 500 g)     of grams
 *   km         0.8 km           of metres
 *   litre      35 L             of millilitres
 *   count      12,345
 *   percent    95.3%            of a fraction
 *   code       1234 5678 9012 3                 of a public code
 *   words      a msgid that the view holds, in the reader's language; at most 159 bytes
 *   key        {{key:fresh}}: a new idempotency key, another one each time it is drawn
 *
 * null is nothing in every format; another kind of value than these is an error. */
#ifndef CUNHUO_WEB_PAGE_FORMAT_H
#define CUNHUO_WEB_PAGE_FORMAT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/status.h"
#include "web/page_html.h"

enum { FORMAT_TEXT = 160 };

struct how {
    const char *lang;
    int32_t zone_s;
};

struct format {
    const char *name;
    /* false: not a value of this kind. */
    bool (*print)(const json_t *value, struct how *how, char out[FORMAT_TEXT]);
};

/* NULL: there is none of this name. */
const struct format *format_find(const char *name, size_t size);

/* "fen:price.sum" into format (NULL: none) and name.
 * NOT_FOUND: no such format. INVALID: no name. */
MUST_USE enum status value_split(const char *text, size_t size, const struct format **format,
                                 const char **name, size_t *name_size);

/* Whether an address may stand in a page: http, https, tel or no scheme, no control characters and
 * no white space in front. */
bool address_good(const char *text, size_t size);
#endif
