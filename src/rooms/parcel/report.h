/* report.h - what became of each row of a courier's file, kept as long as the file (table
 * parcel_row). In the writer only, but for report_read. */
#ifndef CUNHUO_PARCEL_REPORT_H
#define CUNHUO_PARCEL_REPORT_H

#include <stddef.h>
#include <stdint.h>
#include "base/status.h"
#include "rooms/parcel/layout.h"
#include "rooms/parcel/parcel.h"

struct tx;

/* A file as it is handed in; fills id in. */
struct handed_in {
    int64_t id;
    struct courier courier;
    const char *name;
    int64_t by_id, made_ms;
    const struct piece_row *rows;
    size_t count;
};
/* Stores all rows, takes the first ROWS_AT_ONCE, and wakes the rest if there are more. */
MUST_USE enum status report_take(struct tx *tx, struct handed_in *file, struct err *err);

/* Takes up to `count_max` rows that wait, of the oldest file first; `taken`: how many there were.
 */
MUST_USE enum status report_slice(struct tx *tx, size_t count_max, int64_t now_ms, size_t *taken,
                                  struct err *err);

/* waiting: not looked at yet. wrong: not taken; somebody must look. */
struct report {
    int64_t file_id, made_ms;
    const char *courier, *name;
    int64_t rows, taken, already, unsure, wrong, waiting;
};

struct report_row {
    int64_t line, day;
    const char *waybill, *state, *column, *text, *about, *where, *place;
};

enum { TOLD_MAX = 200 };
/* Counts, and the rows that are not simply taken, at most TOLD_MAX. NOT_FOUND. */
MUST_USE enum status report_read(struct tx *tx, int64_t file_id, struct report *out,
                                 struct report_row **told, size_t *count, struct err *err);
/* The newest files. */
MUST_USE enum status report_list(struct tx *tx, size_t count_max, struct report **out,
                                 size_t *count);
#endif
