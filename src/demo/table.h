/* table.h - comma-separated tables (RFC 4180): read from a text or a file, written to a file. */
#ifndef CUNHUO_DEMO_TABLE_H
#define CUNHUO_DEMO_TABLE_H

#include <stdio.h>
#include <stdint.h>
#include "base/status.h"

struct arena;

struct table {
    size_t columns, rows;    // rows without the head
    const char **cells;      // the head first; borrowed from the arena
};

/* Cuts `text` up. Rows shorter than the head are filled with empty cells. INVALID: no head, a row
 * longer than the head, or a quote that does not end; the detail names the line. */
MUST_USE enum status table_parse(struct arena *arena, const char *text, struct table *out,
                                 struct err *err);
/* The same of a file in `folder`; a byte order mark is passed over. NOT_FOUND: no such file. */
MUST_USE enum status table_read(struct arena *arena, const char *folder, const char *name,
                                struct table *out, struct err *err);
/* A cell; that the column is there is the caller's promise. */
const char *table_cell(const struct table *table, size_t row, const char *column);
int64_t table_number(const struct table *table, size_t row, const char *column);   // 0: no number

/* A file being written: cells in order, sheet_end closes a row. Faults are told by sheet_close. */
struct sheet { FILE *file; size_t cell; };
MUST_USE enum status sheet_open(const char *folder, const char *name, const char *head,
                                struct sheet *out, struct err *err);
void sheet_text(struct sheet *sheet, const char *text);   // NULL is empty
void sheet_number(struct sheet *sheet, int64_t number);
void sheet_degrees(struct sheet *sheet, int32_t e7);
void sheet_end(struct sheet *sheet);
MUST_USE enum status sheet_close(struct sheet *sheet, struct err *err);

/* Opens `folder`/`name` for writing. NOT_FOUND: there is no such folder. */
MUST_USE enum status demo_open(const char *folder, const char *name, FILE **out, struct err *err);
MUST_USE enum status demo_close(FILE *file, struct err *err);
#endif
