/* asset.h - files built into the program, all of them; tools/embed makes the table. */
#ifndef CUNHUO_WEB_ASSET_H
#define CUNHUO_WEB_ASSET_H

#include <stddef.h>
#include "web/page.h"

/* Sorted by path. */
extern const struct asset assets[];
extern const size_t asset_count;

struct translation { const char *msgid, *zh; };
/* Sorted by msgid (bytes); tools/po makes the table. */
extern const struct translation translations[];
extern const size_t translation_count;
#endif
