/* files.h - files of couriers: the first rows are taken at once, the rest of a large file in
 * slices.
 *
 * A file is handed in whole and answered with a report. Its first ROWS_AT_ONCE rows are taken
 * within the act; those behind wait in table parcel_row and are taken by short acts in the
 * writer's import lane, a slice each, so that no order waits for them. What was not taken when
 * the server stopped is taken after its next start. */
#ifndef CUNHUO_PARCEL_FILES_H
#define CUNHUO_PARCEL_FILES_H

#include <stdint.h>
#include "base/status.h"

struct county;
struct parcels;
struct rest;

enum { ROWS_AT_ONCE = 300, SLICE_ROWS = 20 };

/* BROKEN: no memory. */
MUST_USE enum status rest_start(struct parcels *parcels, struct rest **out);
/* Waits for the slice that is under way. NULL is fine. */
void rest_stop(struct rest *rest);
/* There may be rows that wait. Any thread. */
void rest_wake(struct rest *rest);
/* The same as a job's `after`: should the writer once have been too busy. */
void rest_look(struct county *county, int64_t due_ms);
#endif
