/* csv.c - comma-separated files as people send them. */
#include "paper/csv.h"

#include <csv.h>
#include <errno.h>
#include <iconv.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/arena.h"
#include "base/text.h"

enum { FILE_MAX = 64 << 20 };

/* ---- bytes into UTF-8 ---- */

static enum status decode(struct arena *arena, const char *name, const char *bytes, size_t size,
                          const char **text, size_t *length, struct err *err)
{
    if (size >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0) { bytes += 3; size -= 3; }
    if (text_valid(bytes, size)) {
        *text = bytes;
        *length = size;
        return OK;
    }
    size_t room = size * 2 + 16, left = room;
    char *out = arena_new(arena, room), *at = out, *in = (char *)(uintptr_t)bytes;
    if (out == NULL) return BROKEN;
    iconv_t code = iconv_open("UTF-8", "GB18030");
    if (code == (iconv_t)-1) return BROKEN;
    size_t in_left = size;
    bool fine = iconv(code, &in, &in_left, &at, &left) != (size_t)-1 && in_left == 0;
    iconv_close(code);
    if (!fine || !text_valid(out, room - left))
        return err_about(err, INVALID, "file", "The text is neither UTF-8 nor GB18030.", "%s",
                         name);
    *text = out;
    *length = room - left;
    return OK;
}

/* ---- cells ---- */

struct reading {
    struct arena *arena;
    const char *name;
    const char **head, **cells;
    int64_t *lines;
    size_t columns, rows, cell, head_count;
    int64_t line, line_more;   // of the row; newlines inside its cells
    bool in_head;
    enum status status;
    struct err *err;
};

static bool formula(const char *text)
{
    double number;
    if (*text == '\0' || strchr("=+-@", *text) == NULL) return false;
    return text_double(text, &number) != OK && text[1] != '\0';
}

static void refuse(struct reading *r, const char *text)
{
    if (r->status == OK)
        r->status = err_about(r->err, INVALID, "file", text, "%s:%lld", r->name,
                              (long long)r->line);
}

static void take_cell(void *bytes, size_t size, void *of)
{
    struct reading *r = of;
    char *raw = arena_bytes(r->arena, bytes, size), *text = raw ? text_clean(r->arena, raw) : NULL;
    if (r->status != OK) return;
    for (size_t i = 0; i < size; i++) r->line_more += ((const char *)bytes)[i] == '\n';
    if (text == NULL) { r->status = BROKEN; return; }
    if (formula(text)) { refuse(r, "A cell holds a formula."); return; }
    if (r->in_head) {
        if (r->columns == CSV_COLUMNS_MAX) { refuse(r, "Too many columns."); return; }
        r->head = arena_more(r->arena, r->head, r->columns, sizeof *r->head);
        if (r->head == NULL) { r->status = BROKEN; return; }
        r->head[r->columns++] = text;
        return;
    }
    if (r->cell == r->columns) {
        if (*text) refuse(r, "A row is longer than the head.");
        return;
    }
    size_t at = r->rows * r->columns + r->cell++;
    r->cells = arena_more(r->arena, r->cells, at, sizeof *r->cells);
    if (r->cells == NULL) { r->status = BROKEN; return; }
    r->cells[at] = text;
}

static bool blank(const struct reading *r)
{
    for (size_t c = 0; c < r->cell; c++)
        if (*r->cells[r->rows * r->columns + c]) return false;
    return true;
}

static void end_row(int ended_by, void *of)
{
    struct reading *r = of;
    (void)ended_by;
    if (r->status == OK && r->in_head) {
        r->in_head = false;
        for (size_t i = 0; i < r->columns; i++)
            for (size_t k = 0; k < i; k++)
                if (*r->head[i] && strcasecmp(r->head[i], r->head[k]) == 0)
                    refuse(r, "Two columns have the same name.");
    } else if (r->status == OK && !blank(r)) {
        if (r->rows == CSV_ROWS_MAX) { refuse(r, "Too many rows."); return; }
        while (r->cell < r->columns) take_cell("", 0, r);
        r->lines = arena_more(r->arena, r->lines, r->rows, sizeof *r->lines);
        if (r->lines == NULL || r->status != OK) { r->status = BROKEN; return; }
        r->lines[r->rows++] = r->line;
    }
    r->cell = 0;
    r->line += 1 + r->line_more;
    r->line_more = 0;
}

static unsigned char separator(const char *text, size_t length)
{
    size_t counts[128] = { 0 };
    for (size_t i = 0; i < length && text[i] != '\n'; i++)
        if ((unsigned char)text[i] < 128) counts[(unsigned char)text[i]]++;
    unsigned char best = ',';
    if (counts[';'] > counts[best]) best = ';';
    if (counts['\t'] > counts[best]) best = '\t';
    return best;
}

enum status csv_from_bytes(struct arena *arena, const char *name, const void *bytes, size_t size,
                           struct csv *out, struct err *err)
{
    const char *text;
    size_t length;
    struct csv_parser parser;
    struct reading r = { .arena = arena, .name = name, .line = 1, .in_head = true, .err = err };
    TRY(decode(arena, name, bytes, size, &text, &length, err));
    if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI | CSV_REPALL_NL | CSV_EMPTY_IS_NULL) != 0)
        return BROKEN;
    csv_set_delim(&parser, separator(text, length));
    bool read = csv_parse(&parser, text, length, take_cell, end_row, &r) == length
             && csv_fini(&parser, take_cell, end_row, &r) == 0;
    int fault = csv_error(&parser);
    csv_free(&parser);
    if (!read && fault == CSV_ENOMEM) return BROKEN;
    if (!read) refuse(&r, "A quote does not end, or stands inside a cell.");
    if (r.status == OK && r.columns == 0)
        return err_about(err, INVALID, "file", "The file is empty.", "%s", name);
    *out = (struct csv){ .name = name, .columns = r.columns, .rows = r.rows, .head = r.head,
                         .cells = r.cells, .lines = r.lines };
    return r.status;
}

enum status csv_read(struct arena *arena, const char *path, struct csv *out, struct err *err)
{
    FILE *file = fopen(path, "rb");
    struct stat about;
    if (file == NULL)
        return err_about(err, errno == ENOENT ? NOT_FOUND : INVALID, "file",
                         "The file can't be read:", "%s: %s", path, strerror(errno));
    enum status done = fstat(fileno(file), &about) == 0 ? OK : BROKEN;
    if (done == OK && (!S_ISREG(about.st_mode) || about.st_size > FILE_MAX))
        done = err_about(err, INVALID, "file", "The file is too large.", "%s", path);
    size_t size = done == OK ? (size_t)about.st_size : 0;
    char *bytes = done == OK ? arena_new(arena, size + 1) : NULL;
    if (done == OK && (bytes == NULL || fread(bytes, 1, size, file) != size)) done = BROKEN;
    fclose(file);
    TRY(done);
    const char *name = strrchr(path, '/');
    return csv_from_bytes(arena, name ? name + 1 : path, bytes, size, out, err);
}

/* ---- reading cells ---- */

int csv_column(const struct csv *csv, const char *names)
{
    while (*names) {
        size_t length = strcspn(names, "|");
        for (size_t c = 0; c < csv->columns; c++)
            if (strlen(csv->head[c]) == length && strncasecmp(csv->head[c], names, length) == 0)
                return (int)c;
        names += length + (names[length] == '|');
    }
    return -1;
}

const char *csv_text(const struct csv *csv, size_t row, int column)
{
    return column < 0 ? "" : csv->cells[row * csv->columns + (size_t)column];
}

enum status csv_wrong(const struct csv *csv, size_t row, int column, const char *text,
                      struct err *err)
{
    return err_about(err, INVALID, "file", text, "%s:%lld %s \"%.60s\"", csv->name,
                     (long long)csv->lines[row], column < 0 ? "" : csv->head[column],
                     csv_text(csv, row, column));
}

enum status csv_i64(const struct csv *csv, size_t row, int column, int64_t min, int64_t max,
                    int64_t *out, struct err *err)
{
    if (text_i64(csv_text(csv, row, column), out) != OK || *out < min || *out > max)
        return csv_wrong(csv, row, column, "Not a number in range.", err);
    return OK;
}

enum status csv_degrees(const struct csv *csv, size_t row, int column, double limit, int32_t *e6,
                        struct err *err)
{
    double degrees;
    if (text_double(csv_text(csv, row, column), &degrees) != OK || degrees < -limit
        || degrees > limit)
        return csv_wrong(csv, row, column, "Not a position in degrees.", err);
    *e6 = (int32_t)(degrees * 1e6 + (degrees < 0 ? -0.5 : 0.5));
    return OK;
}

enum status csv_clock(const struct csv *csv, size_t row, int column, int64_t *seconds,
                      struct err *err)
{
    int hours, minutes, end = 0;
    const char *text = csv_text(csv, row, column);
    if (sscanf(text, "%2d:%2d%n", &hours, &minutes, &end) != 2 || text[end] != '\0' || hours < 0
        || minutes < 0 || minutes > 59 || hours * 60 + minutes > 24 * 60)
        return csv_wrong(csv, row, column, "Not a time of day.", err);
    *seconds = hours * 3600 + minutes * 60;
    return OK;
}
