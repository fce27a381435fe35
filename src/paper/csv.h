/* csv.h - comma-separated files as people send them: read whole, or refused with line and reason.
 *
 * Reads RFC 4180 by libcsv, in UTF-8 (a byte order mark is passed over) or GB18030 (told by bytes
 * that are no UTF-8), separated by comma, semicolon or tab, whichever the head has most of. The
 * first row is the head; its names are found whatever their order, case or spaces. Cells are
 * cleaned as text_clean does. A cell that begins with = + - or @ and is no number is a formula, and
 * refused. */
#ifndef CUNHUO_PAPER_CSV_H
#define CUNHUO_PAPER_CSV_H

#include <stddef.h>
#include <stdint.h>
#include "base/status.h"

struct arena;

enum { CSV_COLUMNS_MAX = 200, CSV_ROWS_MAX = 1000000 };

struct csv {
    const char *name;            // of the file, for messages
    size_t columns, rows;        // rows without the head
    const char *const *head;
    const char *const *cells;    // row by row, `columns` each; "" where a row was shorter
    const int64_t *lines;        // of the file, of each row
};

/* `bytes` are the file's. INVALID: neither UTF-8 nor GB18030, no head, two columns of a name, a row
 * longer than the head, a quote without end, a formula: field is "file", detail has name and
 * line. */
MUST_USE enum status csv_from_bytes(struct arena *arena, const char *name, const void *bytes,
                                    size_t size, struct csv *out, struct err *err);
/* The same of a file on disk. NOT_FOUND: there is none. INVALID: larger than 64 MiB. */
MUST_USE enum status csv_read(struct arena *arena, const char *path, struct csv *out,
                              struct err *err);

/* Where a column is, by the first of its names ("code|编码") that is there; -1: it is missing. */
int csv_column(const struct csv *csv, const char *names);

/* A cell as text; "" where the column is -1. And as numbers: INVALID with file, line and column. */
const char *csv_text(const struct csv *csv, size_t row, int column);
MUST_USE enum status csv_i64(const struct csv *csv, size_t row, int column, int64_t min,
                             int64_t max, int64_t *out, struct err *err);
/* Degrees as millionths. */
MUST_USE enum status csv_degrees(const struct csv *csv, size_t row, int column, double limit,
                                 int32_t *e6, struct err *err);
/* "08:30" as seconds of the day. */
MUST_USE enum status csv_clock(const struct csv *csv, size_t row, int column, int64_t *seconds,
                               struct err *err);
/* An error about a cell: file, line, column and what stands there. */
MUST_USE enum status csv_wrong(const struct csv *csv, size_t row, int column, const char *text,
                               struct err *err);
#endif
