/* page_parse.c - reads Mustache tags; the HTML around them decides how their values are escaped. */
#include "web/page_parse.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/text.h"
#include "web/page_format.h"

enum { SECTIONS_MAX = 24, NAME_MAX_BYTES = 120 };

struct open_section { size_t op; struct html before; };

struct parser {
    struct arena *arena;
    const struct units *units;
    const char *path, *folder;    // folder: "shop", of the page being read
    const char *text, *end;       // of the whole file
    const char *at;
    bool layout;
    bool alone;                   // the tag being read takes its line with it
    uint32_t line;                // of `counted`
    const char *counted;
    struct html html;
    struct unit *unit;
    struct open_section open[SECTIONS_MAX];
    size_t depth;
    struct err *err;
};

/* A tag as found in the text. */
struct tag {
    char kind;                    // # ^ / > ! _ or 0 for a value
    const char *begin, *end;      // with its braces
    const char *text;             // without kind and outer white space
    size_t size;
};

static uint32_t line_of(struct parser *p, const char *at)
{
    if (at < p->counted) { p->line = 1; p->counted = p->text; }
    for (; p->counted < at; p->counted++) p->line += *p->counted == '\n';
    return p->line;
}

static enum status wrong(struct parser *p, const char *at, const char *what)
{
    return err_about(p->err, INVALID, "page", "A page has a mistake", "%s:%u: %s", p->path,
                     line_of(p, at), what);
}

static enum status no_memory(struct err *err)
{
    return err_set(err, BROKEN, NULL, "Out of memory");
}

static bool at_line_start(const struct parser *p, const char *at)
{
    return at == p->text || at[-1] == '\n';
}

static enum status op_add(struct parser *p, const char *at, struct op op)
{
    struct unit *unit = p->unit;
    struct op *ops = arena_more(p->arena, unit->ops, unit->count, sizeof *ops);
    if (ops == NULL) return no_memory(p->err);
    op.line = line_of(p, at);
    op.line_start = at_line_start(p, at) && !p->alone;
    unit->ops = ops;
    ops[unit->count++] = op;
    return OK;
}

static enum status literal(struct parser *p, const char *from, const char *to)
{
    if (from == to) return OK;
    size_t at = 0;
    const char *what = html_read(&p->html, from, (size_t)(to - from), &at);
    if (what) return wrong(p, from + at, what);
    struct op op = { .kind = OP_TEXT, .text = from, .size = (size_t)(to - from) };
    return op_add(p, from, op);
}

static bool blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/* The end of a tag: "}}"; in words, not the braces of a parameter. */
static const char *tag_close(const char *at, const char *end, bool words)
{
    int depth = 0;
    for (; at + 1 < end; at++) {
        if (words && *at == '{') depth++;
        else if (words && *at == '}' && depth > 0) depth--;
        else if (at[0] == '}' && at[1] == '}') return at;
    }
    return NULL;
}

/* The next tag from `at` on; begin is `end` if there is none. */
static enum status tag_find(struct parser *p, const char *at, const char *end, struct tag *tag)
{
    *tag = (struct tag){ .begin = end };
    for (; at + 1 < end && !(at[0] == '{' && at[1] == '{'); at++) {}
    if (at + 1 >= end) return OK;
    tag->begin = at;
    at += 2;
    if (at < end && (*at == '{' || *at == '&')) return wrong(p, at, "there is no raw output");
    if (at < end && *at == '=') return wrong(p, at, "there are no other delimiters than {{ }}");
    if (at < end && strchr("#^/>!_", *at) && *at) {
        bool name = *at == '_' && at + 1 < end && !blank(at[1]);   // a name may begin with _
        if (!name) tag->kind = *at++;
    }
    const char *close = tag_close(at, end, tag->kind == '_');
    if (close == NULL) return wrong(p, tag->begin, "a {{ without its }}");
    tag->end = close + 2;
    while (at < close && blank(*at)) at++;
    while (close > at && blank(close[-1])) close--;
    tag->text = at;
    tag->size = (size_t)(close - at);
    return OK;
}

/* A tag alone on its line takes the line with it: `from` and `to` are then the line's ends. */
static bool standalone(const struct parser *p, const struct tag *tag, const char **from,
                       const char **to)
{
    if (tag->kind == 0 || tag->kind == '_') return false;
    const char *left = tag->begin, *right = tag->end;
    while (left > p->text && (left[-1] == ' ' || left[-1] == '\t')) left--;
    while (right < p->end && (*right == ' ' || *right == '\t')) right++;
    if (!at_line_start(p, left)) return false;
    if (right < p->end && *right == '\r' && right + 1 < p->end && right[1] == '\n') right++;
    if (right < p->end && *right != '\n') return false;
    *from = left;
    *to = right < p->end ? right + 1 : right;
    return true;
}

static bool name_char(char c, bool first)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'
        || (!first && c >= '0' && c <= '9');
}

/* "." or words joined by dots. */
static bool name_good(const char *text, size_t size)
{
    if (size == 1 && *text == '.') return true;
    bool first = true;
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '.' && !first) { first = true; continue; }
        if (!name_char(text[i], first)) return false;
        first = false;
    }
    return !first && size < NAME_MAX_BYTES;
}

enum status value_split(const char *text, size_t size, const struct format **format,
                        const char **name, size_t *name_size)
{
    const char *colon = memchr(text, ':', size);
    *format = NULL;
    *name = text;
    *name_size = size;
    if (colon) {
        *format = format_find(text, (size_t)(colon - text));
        if (*format == NULL) return NOT_FOUND;
        *name = colon + 1;
        *name_size = size - (size_t)(colon + 1 - text);
    }
    return name_good(*name, *name_size) ? OK : INVALID;
}

static enum status add_value(struct parser *p, const struct tag *tag)
{
    struct op op = { .kind = OP_VALUE };
    enum status status = value_split(tag->text, tag->size, &op.format, &op.text, &op.size);
    if (status == NOT_FOUND) return wrong(p, tag->begin, "there is no such format");
    if (status != OK) return wrong(p, tag->begin, "this is no name");
    const char *what = html_value(&p->html, &op.place);
    if (what) return wrong(p, tag->begin, what);
    return op_add(p, tag->begin, op);
}

/* Words: white space is folded, so that long ones may go over several lines. */
static enum status add_words(struct parser *p, const struct tag *tag)
{
    struct op op = { .kind = OP_WORDS };
    const char *what = html_value(&p->html, &op.place);
    if (what) return wrong(p, tag->begin, what);
    if (op.place == PLACE_URL || op.place == PLACE_URL_PART)
        return wrong(p, tag->begin, "words in an address");
    char *text = arena_new(p->arena, tag->size + 1);
    if (text == NULL) return no_memory(p->err);
    for (size_t i = 0; i < tag->size; i++) {
        char c = blank(tag->text[i]) ? ' ' : tag->text[i];
        if (c != ' ' || op.size == 0 || text[op.size - 1] != ' ') text[op.size++] = c;
    }
    if (op.size == 0) return wrong(p, tag->begin, "no words");
    for (const char *brace = text; (brace = strchr(brace, '{')) != NULL; brace++) {
        const struct format *format;
        const char *name, *close = strchr(brace, '}');
        size_t size = close ? (size_t)(close - brace - 1) : 0;
        if (!close || value_split(brace + 1, size, &format, &name, &size) != OK)
            return wrong(p, tag->begin, "words with a parameter that is no name");
    }
    op.text = text;
    return op_add(p, tag->begin, op);
}

static enum status add_section(struct parser *p, const struct tag *tag)
{
    if (!name_good(tag->text, tag->size)) return wrong(p, tag->begin, "this is no name");
    if (p->depth == SECTIONS_MAX) return wrong(p, tag->begin, "too many sections in each other");
    const char *what = html_branch(&p->html);
    if (what) return wrong(p, tag->begin, what);
    p->open[p->depth++] = (struct open_section){ .op = p->unit->count, .before = p->html };
    return op_add(p, tag->begin, (struct op){ .kind = tag->kind == '#' ? OP_SECTION : OP_INVERTED,
                                              .text = tag->text, .size = tag->size });
}

static enum status end_section(struct parser *p, const struct tag *tag)
{
    if (p->depth == 0) return wrong(p, tag->begin, "an end without its section");
    struct open_section *open = &p->open[--p->depth];
    struct op *begin = &p->unit->ops[open->op];
    if (begin->size != tag->size || memcmp(begin->text, tag->text, tag->size) != 0)
        return wrong(p, tag->begin, "the end of another section than the last one begun");
    const char *what = html_join(&p->html, &open->before);
    if (what) return wrong(p, tag->begin, what);
    begin->to = p->unit->count;
    return op_add(p, tag->begin, (struct op){ .kind = OP_END });
}

/* {{>row}} in src/rooms/shop is shop/_row, else ui/_row. */
static enum status partial_place(struct parser *p, const struct tag *tag, size_t *out)
{
    static const char title[] = "title", content[] = "content";
    if (p->layout && tag->size == strlen(title) && memcmp(tag->text, title, tag->size) == 0) {
        *out = PARTIAL_TITLE;
        return OK;
    }
    if (p->layout && tag->size == strlen(content) && memcmp(tag->text, content, tag->size) == 0) {
        *out = PARTIAL_CONTENT;
        return OK;
    }
    if (!name_good(tag->text, tag->size)) return wrong(p, tag->begin, "this is no name");
    const char *folders[] = { p->folder, "ui" };
    for (size_t i = 0; i < COUNT(folders); i++) {
        char *name = arena_printf(p->arena, "%s/_%.*s", folders[i], (int)tag->size, tag->text);
        if (name == NULL) return no_memory(p->err);
        int found = unit_find(p->units, name);
        if (found == UNIT_NONE) continue;
        *out = (size_t)found;
        return OK;
    }
    return wrong(p, tag->begin, "there is no such page to put here");
}

static enum status add_partial(struct parser *p, const struct tag *tag, const char *indent)
{
    struct op op = { .kind = OP_PARTIAL, .alone = p->alone, .text = indent };
    TRY(partial_place(p, tag, &op.to));
    if (op.to < p->units->count) op.size = (size_t)(tag->begin - indent);   // not in the layout
    bool title = op.to == PARTIAL_TITLE && p->html.state == HTML_RAW && p->html.raw_text
              && p->html.match == 0;   // <title>{{>title}}</title>
    if (!html_whole(&p->html) && !title) return wrong(p, tag->begin, "a page inside a tag");
    return op_add(p, tag->begin, op);
}

static enum status add_tag(struct parser *p, const struct tag *tag, const char *from)
{
    switch (tag->kind) {
    case '!': return OK;
    case '#': case '^': return add_section(p, tag);
    case '/': return end_section(p, tag);
    case '>': return add_partial(p, tag, from);
    case '_': return add_words(p, tag);
    default: return add_value(p, tag);
    }
}

/* Reads from p->at up to `end` into a new unit's ops. */
static enum status unit_read(struct parser *p, struct unit *unit, const char *end)
{
    p->unit = unit;
    p->html = (struct html){ .state = HTML_TEXT };
    p->depth = 0;
    while (p->at < end) {
        struct tag tag;
        TRY(tag_find(p, p->at, end, &tag));
        const char *from = tag.begin, *to = tag.end;
        p->alone = false;
        bool alone = tag.begin < end && standalone(p, &tag, &from, &to);
        TRY(literal(p, p->at, from));
        if (tag.begin == end) break;
        p->alone = alone;
        TRY(add_tag(p, &tag, from));
        p->at = to;
    }
    p->at = end;
    if (p->depth) {
        size_t op = p->open[p->depth - 1].op;
        return err_about(p->err, INVALID, "page", "A page has a mistake",
                         "%s:%u: a section that does not end", p->path, unit->ops[op].line);
    }
    unit->loose = p->html.state == HTML_TAG_OPEN;
    if (!html_whole(&p->html) && !unit->loose) return wrong(p, end, "a tag that does not end");
    return OK;
}

static int by_name(const void *a, const void *b)
{
    const struct unit *left = a, *right = b;
    return strcmp(left->name, right->name);
}

int unit_find(const struct units *units, const char *name)
{
    struct unit key = { .name = name };
    const struct unit *found = bsearch(&key, units->all, units->named, sizeof key, by_name);
    return found ? (int)(found - units->all) : UNIT_NONE;
}

static const char *folder_of(struct arena *arena, const char *name)
{
    const char *slash = strrchr(name, '/');
    return arena_bytes(arena, name, slash ? (size_t)(slash - name) : 0);
}

/* The title of a file that begins with `begin`: what stands between it and `close`, where p->at is
 * afterwards. NOT_FOUND: the file begins otherwise. */
static enum status title_read(struct parser *p, struct units *units, int place, const char *begin,
                              const char *close)
{
    if ((size_t)(p->end - p->text) < strlen(begin)) return NOT_FOUND;
    if (memcmp(p->text, begin, strlen(begin)) != 0) return NOT_FOUND;
    p->at = p->text + strlen(begin);
    const char *end = memmem(p->at, (size_t)(p->end - p->at), close, strlen(close));
    if (end == NULL) return wrong(p, p->text, "a title that does not end");
    if (memchr(p->at, '<', (size_t)(end - p->at)))
        return wrong(p, p->text, "a tag in the title: begin with a <title> of text");
    struct unit *title = &units->all[units->count];
    *title = (struct unit){ .name = "", .path = p->path, .title = UNIT_NONE };
    units->all[place].title = (int)units->count++;
    return unit_read(p, title, end);
}

static enum status source_read(struct arena *arena, const struct page_source *source,
                               struct units *units, struct err *err)
{
    static const char title_end[] = "</title>";
    int place = unit_find(units, source->name);
    assert(place != UNIT_NONE);
    struct parser p = {
        .arena = arena, .units = units, .path = source->path, .text = source->text,
        .end = source->text + source->size, .at = source->text, .counted = source->text, .line = 1,
        .folder = folder_of(arena, source->name), .layout = place == units->layout, .err = err,
    };
    if (p.folder == NULL) return no_memory(err);
    if (!text_valid(source->text, source->size)) return wrong(&p, p.text, "this is no UTF-8");
    enum status titled = title_read(&p, units, place, "<title>", title_end);
    if (titled == OK) {
        p.at += strlen(title_end);
        p.at += p.at < p.end && *p.at == '\n';
    } else if (titled == NOT_FOUND && source->name[strlen(p.folder) + 1] != '_') {
        titled = title_read(&p, units, place, "<h1>", "</h1>");
        p.at = p.text;
    }
    if (titled != OK && titled != NOT_FOUND) return titled;
    TRY(unit_read(&p, &units->all[place], p.end));
    if (units->all[place].loose && units->all[place].title != UNIT_NONE)
        return wrong(&p, p.end, "a page that ends with \"<\"");
    return OK;
}

/* What stands in other pages must end outside of a tag; known once all are read. */
static enum status partials_check(const struct units *units, struct err *err)
{
    for (size_t i = 0; i < units->count; i++) {
        const struct unit *unit = &units->all[i];
        for (size_t j = 0; j < unit->count; j++) {
            const struct op *op = &unit->ops[j];
            if (op->kind == OP_PARTIAL && op->to < units->count && units->all[op->to].loose)
                return err_about(err, INVALID, "page", "A page has a mistake",
                                 "%s:%u: a page that ends with \"<\"", unit->path, op->line);
        }
    }
    return OK;
}

enum status units_parse(struct arena *arena, const struct page_source *sources, size_t count,
                        struct units *out, struct err *err)
{
    *out = (struct units){ .layout = UNIT_NONE, .named = count, .count = count };
    out->all = arena_new(arena, 2 * (count + 1) * sizeof *out->all);
    if (out->all == NULL) return no_memory(err);
    for (size_t i = 0; i < count; i++)
        out->all[i] = (struct unit){ .name = sources[i].name, .path = sources[i].path,
                                     .title = UNIT_NONE };
    qsort(out->all, count, sizeof *out->all, by_name);
    out->layout = unit_find(out, "ui/layout");
    for (size_t i = 0; i < count; i++) TRY(source_read(arena, &sources[i], out, err));
    return partials_check(out, err);
}
