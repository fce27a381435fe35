/* import.h - a county from a folder of CSV files (docs/import.md): all of them or nothing. */
#ifndef CUNHUO_MAIN_IMPORT_H
#define CUNHUO_MAIN_IMPORT_H

#include <stddef.h>
#include <stdint.h>
#include "base/status.h"

struct tx;

struct imported { size_t places, organisations, people, vehicles, goods; };

/* Reads places.csv, organisations.csv, people.csv, vehicles.csv and goods.csv of `folder`, those
 * that are there, in this order. INVALID, CONFLICT, NOT_FOUND: err names file, line and column. */
MUST_USE enum status import_folder(struct tx *tx, const char *folder, int64_t now_ms,
                                   struct imported *out, struct err *err);

/* One after the other, for import_folder: a file that is not there is no rows. */
struct csv;
struct importing {
    struct tx *tx;
    const char *folder;
    int64_t now_ms, hub_id;
    struct imported *count;
    struct err *err;
};
MUST_USE enum status import_goods(struct importing *import);
MUST_USE enum status import_file(struct importing *import, const char *name, struct csv *out);
/* Says file and line of an error that came from storing a row. Returns `status`. */
MUST_USE enum status import_wrong(struct importing *import, const struct csv *csv, size_t row,
                                  enum status status);
/* The party of an organisation's code; 0 where the cell is empty. */
MUST_USE enum status import_party(struct importing *import, const struct csv *csv, size_t row,
                                  int column, int64_t *party_id);
#endif
