/* layout.h - couriers' files (快递交件清单) and waybill numbers, each courier's in its own way.
 *
 * A layout is a mapping profile: by which names the columns go, in which units, and how a waybill
 * number is checked (docs/import.md lists them). A file is read whole: what can't be read as a
 * table is refused whole with its line; a row that is wrong is told with its column, and the
 * others are taken. Weights come out as grams and volumes as millilitres, rounded up. A row that
 * doesn't say its size gets 5 ml for each gram (200 kg a cubic metre, the usual mean of parcels).
 */
#ifndef CUNHUO_PARCEL_LAYOUT_H
#define CUNHUO_PARCEL_LAYOUT_H

#include <stddef.h>
#include <stdint.h>
#include "base/status.h"

struct arena;

/* CHECK_GS1: two letters, ten digits and the GS1 digit over them. CHECK_S10: the Universal Postal
 * Union's S10, two letters, eight digits, check digit, two letters. */
enum waybill_check { CHECK_NONE, CHECK_GS1, CHECK_S10 };

enum { LAYOUTS = 5, ROWS_MAX = 10000, PIECE_MAX_G = 200000, PIECE_MAX_ML = 2000000,
       PIECES_MAX = 99, WAYBILL_MAX = 32 };

/* NOT_FOUND: no such layout. */
MUST_USE enum status layout_check(int64_t layout, enum waybill_check *check);

/* Capitals, without spaces. INVALID: not 6 to 32 letters, digits and hyphens, such as what a
 * spreadsheet makes of a long number (7.73E+14). `out` holds WAYBILL_MAX + 1 bytes. */
MUST_USE enum status waybill_clean(const char *text, char *out);
/* INVALID: its check digit is wrong, or it is not of the courier's form: somebody has to look. */
MUST_USE enum status waybill_right(const char *waybill, enum waybill_check check);

struct piece_row {
    int64_t line;                 // of the file
    const char *waybill, *name, *phone, *address;
    int64_t weight_g, volume_ml, pieces;
    const char *column, *text;    // text: what is wrong with it (msgid), column: where; else NULL
    const char *about;            // what stands there
};

struct piece_file { struct piece_row *rows; size_t count; };

/* INVALID: field is "file", detail says line and column: not a table, columns missing, no row or
 * more than ROWS_MAX. NOT_FOUND: no such layout. All is in the arena. */
MUST_USE enum status layout_read(struct arena *arena, int64_t layout, const char *name,
                                 const void *bytes, size_t size, struct piece_file *out,
                                 struct err *err);

/* "12.3456" times 10^places, rounded up. INVALID: anything but digits with a point, or above max.
 */
MUST_USE enum status decimal_read(const char *text, int places, int64_t max, int64_t *out);
#endif
