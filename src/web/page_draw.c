/* page_draw.c - walks a page's ops over a stack of views. */
#include "web/page_draw.h"

#include <stdio.h>
#include <string.h>
#include "base/arena.h"

enum { PARTIALS_MAX = 32, OUT_START = 8192 };

static enum status draw_ops(struct draw *d, size_t from, size_t to);

static enum status put(struct draw *d, const char *text, size_t size)
{
    if (size == 0) return OK;
    if (size > d->room - d->size) {
        size_t room = d->room ? d->room : OUT_START;
        while (room - d->size < size) room *= 2;
        char *out = arena_new(d->arena, room);
        if (out == NULL) return err_set(d->err, BROKEN, NULL, "Out of memory");
        if (d->size) memcpy(out, d->out, d->size);
        d->out = out;
        d->room = room;
    }
    memcpy(d->out + d->size, text, size);
    d->size += size;
    return OK;
}

static enum status put_escaped(struct draw *d, const char *text, size_t size)
{
    size_t plain = 0;
    for (size_t i = 0; i < size; i++) {
        const char *escaped = text[i] == '&' ? "&amp;" : text[i] == '<' ? "&lt;"
                            : text[i] == '>' ? "&gt;" : text[i] == '"' ? "&quot;"
                            : text[i] == '\'' ? "&#39;" : NULL;
        if (escaped == NULL) continue;
        TRY(put(d, text + plain, i - plain));
        TRY(put(d, escaped, strlen(escaped)));
        plain = i + 1;
    }
    return put(d, text + plain, size - plain);
}

static enum status put_encoded(struct draw *d, const char *text, size_t size)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                "0123456789-._~";
    for (size_t i = 0; i < size; i++) {
        char coded[4];
        if (text[i] && strchr(plain, text[i])) {
            TRY(put(d, text + i, 1));
        } else {
            snprintf(coded, sizeof coded, "%%%02X", (unsigned char)text[i]);
            TRY(put(d, coded, 3));
        }
    }
    return OK;
}

static enum status put_at(struct draw *d, enum place place, const char *text, size_t size)
{
    if (place == PLACE_URL_PART) return put_encoded(d, text, size);
    if (place == PLACE_URL && !address_good(text, size)) return put(d, "#refused", 8);
    return put_escaped(d, text, size);
}

/* Literal text; inside an indented page every line of the file gets the indentation. */
static enum status put_literal(struct draw *d, const char *text, size_t size)
{
    if (d->indent_size == 0) return put(d, text, size);
    while (size) {
        const char *newline = memchr(text, '\n', size);
        size_t line = newline ? (size_t)(newline - text) + 1 : size;
        TRY(put(d, text, line));
        text += line;
        size -= line;
        if (newline && size) TRY(put(d, d->indent, d->indent_size));
    }
    return OK;
}

static enum status lacking(struct draw *d, const struct op *op, const char *name, size_t size,
                           const char *what)
{
    return err_about(d->err, INVALID, "page", "This page can't be shown", "%s:%u: {{%.*s}} %s",
                     d->unit->path, op->line, (int)size, name, what);
}

/* The first part of a name is looked for from the innermost view outwards, the others inside it. */
static const json_t *look_up(const struct draw *d, const char *name, size_t size)
{
    if (size == 1 && *name == '.') return d->frames[d->depth - 1];
    const json_t *found = NULL;
    for (size_t depth = d->depth, at = 0; at < size;) {
        const char *dot = memchr(name + at, '.', size - at);
        size_t part = dot ? (size_t)(dot - name) - at : size - at;
        if (at == 0)
            while (found == NULL && depth-- > 0)
                found = json_object_getn(d->frames[depth], name, part);
        else
            found = json_object_getn(found, name + at, part);
        if (found == NULL) return NULL;
        at += part + 1;
    }
    return found;
}

static enum status put_value(struct draw *d, const struct op *op, const struct format *format,
                             const char *name, size_t size)
{
    const json_t *value = look_up(d, name, size);
    if (value == NULL) return lacking(d, op, name, size, "is not in the view");
    char text[FORMAT_TEXT];
    if (json_is_null(value)) return OK;
    if (format) {
        if (!format->print(value, &d->how, text))
            return lacking(d, op, name, size, "is no value of its format");
        return put_at(d, op->place, text, strlen(text));
    }
    switch (json_typeof(value)) {
    case JSON_STRING:
        return put_at(d, op->place, json_string_value(value), json_string_length(value));
    case JSON_INTEGER:
        snprintf(text, sizeof text, "%lld", (long long)json_integer_value(value));
        break;
    case JSON_REAL: snprintf(text, sizeof text, "%.15g", json_real_value(value)); break;
    case JSON_TRUE: return put_at(d, op->place, "true", 4);
    case JSON_FALSE: return put_at(d, op->place, "false", 5);
    default: return lacking(d, op, name, size, "is a list or an object");
    }
    return put_at(d, op->place, text, strlen(text));
}

/* Words in the reader's language, with values for {name} and {format:name}. */
static enum status put_words(struct draw *d, const struct op *op)
{
    const char *text = words(d->how.lang, op->text);
    for (;;) {
        size_t plain = strcspn(text, "{");
        TRY(put_at(d, op->place, text, plain));
        text += plain;
        if (*text == '\0') return OK;
        size_t size = strcspn(++text, "}");
        const struct format *format;
        const char *name;
        size_t name_size;
        if (text[size] == '\0' || value_split(text, size, &format, &name, &name_size) != OK)
            return lacking(d, op, text, size, "is no parameter of words");
        TRY(put_value(d, op, format, name, name_size));
        text += size + 1;
    }
}

/* Nothing: null, false, 0, "" and the empty list. */
static bool is_nothing(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_NULL: case JSON_FALSE: return true;
    case JSON_STRING: return json_string_length(value) == 0;
    case JSON_INTEGER: return json_integer_value(value) == 0;
    case JSON_ARRAY: return json_array_size(value) == 0;
    default: return false;
    }
}

static enum status draw_section(struct draw *d, const struct op *op, size_t at)
{
    const json_t *value = look_up(d, op->text, op->size);
    if (value == NULL) return lacking(d, op, op->text, op->size, "is not in the view");
    if (op->kind == OP_INVERTED) return is_nothing(value) ? draw_ops(d, at + 1, op->to) : OK;
    if (is_nothing(value)) return OK;
    if (d->depth == FRAMES_MAX) return lacking(d, op, op->text, op->size, "is nested too deep");
    size_t depth = d->depth++, rows = json_is_array(value) ? json_array_size(value) : 1;
    for (size_t i = 0; i < rows; i++) {
        d->frames[depth] = json_is_array(value) ? json_array_get(value, i) : value;
        TRY(draw_ops(d, at + 1, op->to));
    }
    d->depth = depth;
    return OK;
}

static enum status draw_partial(struct draw *d, const struct op *op)
{
    const struct unit *unit = op->to == PARTIAL_TITLE ? d->title : op->to == PARTIAL_CONTENT
                            ? d->content : &d->units->all[op->to], *outer = d->unit;
    size_t indent = d->indent_size;
    if (unit == NULL) return lacking(d, op, "content", 7, "stands in the layout only");
    if (d->partials == PARTIALS_MAX || indent + op->size > INDENT_MAX)
        return lacking(d, op, unit->name, strlen(unit->name), "stands in itself too deep");
    if (op->alone) memcpy(d->indent + indent, op->text, op->size);
    d->indent_size = op->alone ? indent + op->size : 0;
    d->partials++;
    d->unit = unit;
    TRY(draw_ops(d, 0, unit->count));
    d->unit = outer;
    d->partials--;
    d->indent_size = indent;
    return OK;
}

/* Ops from .. to-1 of the unit being drawn. */
static enum status draw_ops(struct draw *d, size_t from, size_t to)
{
    for (size_t at = from; at < to; at++) {
        struct op *op = &d->unit->ops[at];
        if (d->watch) op->reached = true;
        if (op->line_start && d->indent_size)
            TRY(put(d, d->indent, d->indent_size));
        switch (op->kind) {
        case OP_TEXT: TRY(put_literal(d, op->text, op->size)); break;
        case OP_VALUE: TRY(put_value(d, op, op->format, op->text, op->size)); break;
        case OP_WORDS: TRY(put_words(d, op)); break;
        case OP_SECTION: case OP_INVERTED:
            TRY(draw_section(d, op, at));
            at = op->to;
            break;
        case OP_PARTIAL: TRY(draw_partial(d, op)); break;
        case OP_END: break;
        }
    }
    return OK;
}

enum status page_walk(struct draw *draw)
{
    TRY(draw_ops(draw, 0, draw->unit->count));
    TRY(put(draw, "", 1));
    draw->size--;
    return OK;
}
