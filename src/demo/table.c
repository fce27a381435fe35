/* table.c - a small reader and writer of comma-separated values. */
#include "demo/table.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/text.h"

enum { FILE_BYTES_MAX = 64 * 1024 * 1024 };

/* One cell from `*at`, which moves past it and its comma or line end. */
static enum status read_cell(struct arena *arena, const char **at, const char **cell,
                             bool *last_of_row, struct err *err)
{
    const char *from = *at;
    char *out = NULL;
    if (*from == '"') {
        const char *to = ++from;
        while (*to && (*to != '"' || to[1] == '"')) to += *to == '"' ? 2 : 1;
        if (*to == '\0')
            return err_set(err, INVALID, "csv", "A quoted value does not end");
        out = arena_bytes(arena, from, (size_t)(to - from));
        if (out == NULL) return err_set(err, BROKEN, NULL, "No memory");
        char *keep = out;
        for (const char *c = out; *c; c++) {
            if (*c == '"') c++;
            *keep++ = *c;
        }
        *keep = '\0';
        from = to + 1;
    } else {
        size_t length = strcspn(from, ",\r\n");
        out = arena_bytes(arena, from, length);
        if (out == NULL) return err_set(err, BROKEN, NULL, "No memory");
        from += length;
    }
    *last_of_row = *from != ',';
    if (*from == ',') from++;
    if (*from == '\r' && *last_of_row) from++;
    if (*from == '\n' && *last_of_row) from++;
    *at = from;
    *cell = out;
    return OK;
}

enum status table_parse(struct arena *arena, const char *text, struct table *out, struct err *err)
{
    *out = (struct table){ 0 };
    size_t cells = 0, row_cells = 0, lines = 0;
    for (const char *at = text; *at;) {
        const char *cell;
        bool last;
        TRY(read_cell(arena, &at, &cell, &last, err));
        out->cells = arena_more(arena, out->cells, cells, sizeof *out->cells);
        if (out->cells == NULL) return err_set(err, BROKEN, NULL, "No memory");
        out->cells[cells++] = cell;
        row_cells++;
        if (!last) continue;
        lines++;
        if (out->columns == 0) out->columns = row_cells;
        if (row_cells > out->columns)
            return err_about(err, INVALID, "csv", "A row has more values than the head",
                             "line %zu", lines);
        for (; row_cells < out->columns; row_cells++) {
            out->cells = arena_more(arena, out->cells, cells, sizeof *out->cells);
            if (out->cells == NULL) return err_set(err, BROKEN, NULL, "No memory");
            out->cells[cells++] = "";
        }
        row_cells = 0;
    }
    if (out->columns == 0) return err_set(err, INVALID, "csv", "The table is empty");
    out->rows = lines - 1;
    return OK;
}

enum status table_read(struct arena *arena, const char *folder, const char *name,
                       struct table *out, struct err *err)
{
    char *path = arena_printf(arena, "%s/%s", folder, name);
    if (path == NULL) return err_set(err, BROKEN, NULL, "No memory");
    FILE *file = fopen(path, "rbe");
    if (file == NULL) return err_about(err, NOT_FOUND, "file", "There is no such file", "%s", path);
    char *text = NULL;
    long size = -1;
    if (fseek(file, 0, SEEK_END) == 0 && (size = ftell(file)) >= 0 && size < FILE_BYTES_MAX
        && fseek(file, 0, SEEK_SET) == 0)
        text = arena_new(arena, (size_t)size + 1);
    bool whole = text && fread(text, 1, (size_t)size, file) == (size_t)size;
    fclose(file);
    if (!whole) return err_about(err, BROKEN, "file", "The file can't be read", "%s", path);
    if (strncmp(text, "\xEF\xBB\xBF", 3) == 0) text += 3;
    return table_parse(arena, text, out, err);
}

const char *table_cell(const struct table *table, size_t row, const char *column)
{
    for (size_t c = 0; c < table->columns; c++) {
        if (strcmp(table->cells[c], column) == 0)
            return table->cells[(row + 1) * table->columns + c];
    }
    assert(!"the table has such a column");
    return "";
}

int64_t table_number(const struct table *table, size_t row, const char *column)
{
    int64_t number;
    return text_i64(table_cell(table, row, column), &number) == OK ? number : 0;
}

enum status demo_open(const char *folder, const char *name, FILE **out, struct err *err)
{
    char path[4096];
    int length = snprintf(path, sizeof path, "%s/%s", folder, name);
    if (length < 0 || (size_t)length >= sizeof path)
        return err_set(err, INVALID, "folder", "The name of the folder is too long");
    *out = fopen(path, "wbe");
    if (*out) return OK;
    return err_about(err, errno == ENOENT ? NOT_FOUND : BROKEN, "folder",
                     "The file can't be written", "%s: %s", path, strerror(errno));
}

enum status demo_close(FILE *file, struct err *err)
{
    bool faulty = ferror(file) != 0;
    if (fclose(file) != 0 || faulty)
        return err_set(err, BROKEN, "folder", "The file can't be written");
    return OK;
}

enum status sheet_open(const char *folder, const char *name, const char *head,
                       struct sheet *out, struct err *err)
{
    *out = (struct sheet){ 0 };
    TRY(demo_open(folder, name, &out->file, err));
    fprintf(out->file, "%s\n", head);
    return OK;
}

void sheet_text(struct sheet *sheet, const char *text)
{
    if (sheet->cell++) fputc(',', sheet->file);
    if (text == NULL) return;
    if (text[strcspn(text, ",\"\r\n")] == '\0') {
        fputs(text, sheet->file);
        return;
    }
    fputc('"', sheet->file);
    for (; *text; text++) {
        if (*text == '"') fputc('"', sheet->file);
        fputc(*text, sheet->file);
    }
    fputc('"', sheet->file);
}

void sheet_number(struct sheet *sheet, int64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)number);
    sheet_text(sheet, text);
}

void sheet_degrees(struct sheet *sheet, int32_t e7)
{
    char text[24];
    snprintf(text, sizeof text, "%s%d.%07d", e7 < 0 ? "-" : "", abs(e7) / 10000000,
             abs(e7) % 10000000);
    sheet_text(sheet, text);
}

void sheet_end(struct sheet *sheet)
{
    fputc('\n', sheet->file);
    sheet->cell = 0;
}

enum status sheet_close(struct sheet *sheet, struct err *err)
{
    return demo_close(sheet->file, err);
}
