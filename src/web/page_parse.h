/* page_parse.h - a page's text as a small array of ops; inside src/web and for its tests.
 *
 * A file of pages becomes one unit, or two: one that begins with <title>…</title> or <h1>…</h1> is
 * a page, whose title the layout shows by {{>title}} and the whole by {{>content}} (the <title>
 * itself is left out there). Any other file is a fragment, drawn bare; one whose name begins with
 * "_" is always, for it is meant to stand in other pages:
 * {{>row}} is _row.html of the same folder, or ui/_row.html. */
#ifndef CUNHUO_WEB_PAGE_PARSE_H
#define CUNHUO_WEB_PAGE_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/status.h"
#include "web/page.h"
#include "web/page_html.h"

struct format;   // web/page_format.h

enum op_kind { OP_TEXT, OP_VALUE, OP_WORDS, OP_SECTION, OP_INVERTED, OP_END, OP_PARTIAL };

struct op {
    enum op_kind kind;
    enum place place;             // VALUE, WORDS
    const struct format *format;  // VALUE: NULL as it is
    bool line_start;              // begins a line of its file: indentation goes before it
    bool alone;                   // PARTIAL: a line of its own, `text` is its indentation
    bool reached;                 // drawn at least once, noted when pages are checked
    uint32_t line;
    const char *text;             // literal; name; msgid; PARTIAL: indentation
    size_t size;
    size_t to;                    // SECTION, INVERTED: its END; PARTIAL: place of the unit
};

enum { UNIT_NONE = -1 };
#define PARTIAL_TITLE SIZE_MAX
#define PARTIAL_CONTENT (SIZE_MAX - 1)

struct unit {
    const char *name;             // "shop/home"
    const char *path;             // "src/rooms/shop/pages/home.html", for messages
    struct op *ops;
    size_t count;
    bool loose;                   // ends with "<", so nothing may follow it
    int title;                    // place of its title's unit, UNIT_NONE: a fragment
};

struct page_source { const char *name, *path, *text; size_t size; };

struct units {
    struct unit *all;             // sorted by name, then titles
    size_t named, count;
    int layout;                   // "ui/layout", or UNIT_NONE
};

/* Compiles all sources; everything is in the arena, texts are borrowed. INVALID: err says where. */
MUST_USE enum status units_parse(struct arena *arena, const struct page_source *sources,
                                 size_t count, struct units *out, struct err *err);
/* Its place, or UNIT_NONE. */
int unit_find(const struct units *units, const char *name);

/* Pages from memory, for tests and fuzzing; sources are borrowed for good. */
MUST_USE enum status pages_from(const struct page_source *sources, size_t count, struct pages **out,
                                struct err *err);
/* From now on each op drawn is noted; not for several threads. The values and sections that no
 * drawing reached are then told one by one as "file:line: {{name}}": the nth, or NULL. */
void pages_watch(struct pages *pages);
const char *page_unreached(struct pages *pages, size_t nth, char *out, size_t out_size);
/* The names of all files of pages, NULL behind the last; and where one of them lies. */
const char *page_name_at(struct pages *pages, size_t at);
const char *page_path_of(struct pages *pages, const char *name);
#endif
