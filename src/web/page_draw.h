/* page_draw.h - drawing one page into an arena; inside src/web. */
#ifndef CUNHUO_WEB_PAGE_DRAW_H
#define CUNHUO_WEB_PAGE_DRAW_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include "base/status.h"
#include "web/page_format.h"
#include "web/page_parse.h"

struct arena;

enum { FRAMES_MAX = 64, INDENT_MAX = 200 };

/* One drawing. Set: units, unit, arena, how, err, frames[0 .. depth-1]; then page_walk. */
struct draw {
    const struct units *units;
    const struct unit *unit;      // being drawn
    const struct unit *title, *content;   // what the layout shows; NULL: a fragment
    struct arena *arena;
    char *out;                    // ends with '\0', not counted
    size_t size, room;
    const json_t *frames[FRAMES_MAX];     // views, the innermost last
    size_t depth;
    int partials;
    char indent[INDENT_MAX];
    size_t indent_size;
    struct how how;
    bool watch;                   // notes which ops are reached
    struct err *err;
};

/* INVALID: the view lacks a name, or has a value of a wrong kind. BROKEN: no memory. */
MUST_USE enum status page_walk(struct draw *draw);
#endif
