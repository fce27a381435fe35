/* papers.h - what the bus prints: with these sheets a day works without any phone.
 *
 *   loading   a trip's crates in the order in which they are put on the bus: last out, first in
 *   manifest  one A4 a trip: stops in order with times, crates, lots, and boxes to sign in
 *   handover  one A4 a stop: each bag and parcel with its receiver, masked (paper/mask.h)
 *   labels    100 x 150 mm for each crate and cold box; no person on them (GB/T 41833-2022)
 *   places    what a day has to move by place: before the plan is made, or in its stead
 *
 * What is printed over HTTP is noted in the table `printed`; a reprint is marked "copy n". The
 * command `cunhuo bus papers` prints a whole night without a server, and marks its sheets as the
 * night's set of that minute; it only reads, so it is not counted.
 *
 * A county's own label stencils are labels.zpl and labels.tspl in its folder (paper/stencil.h). */
#ifndef CUNHUO_BUS_PAPERS_H
#define CUNHUO_BUS_PAPERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/status.h"
#include "paper/stencil.h"
#include "rooms/bus/trip.h"
#include "web/room.h"

struct tx;

#define PRINTED_TABLE                                                                         \
    "CREATE TABLE printed (id BIGINT PRIMARY KEY, paper TEXT NOT NULL, day BIGINT NOT NULL,"  \
    " trip_id BIGINT NOT NULL,"        /* 0: of the whole day */                              \
    " by_id BIGINT NOT NULL, at_ms BIGINT NOT NULL);"                                         \
    "CREATE INDEX printed_of_day ON printed (day, trip_id);"                                  \
    "APPEND ONLY printed;"

extern const struct route paper_routes[];
extern const struct command paper_commands[];
extern const struct paper bus_papers[];
extern const struct permission bus_print, bus_print_night;   // a driver prints his own trips

/* ---- a trip as it is printed (paper_read.c, paper_trip.c) ---- */

struct load_unit {
    int64_t id, stop_id, crate_id;         // crate: planned; 0: it is carried by itself
    const char *code, *unit_kind, *name, *phone;   // name, phone: of its receiver or sender
    bool up;
};
struct load_stop {
    struct stop stop;
    const char *township, *village, *keeper, *phone;
};
struct load_sheet {
    struct trip trip;
    const char *driver, *phone;
    struct load_stop *stops;
    size_t stop_count;
    struct load_unit *units;               // by stop, then as they were made
    size_t unit_count;
};

/* Trips of a printing: the one it is for, or all of its day. In the arena of tx. */
MUST_USE enum status load_sheets(struct tx *tx, const struct printing *printing,
                                 struct load_sheet **out, size_t *count, struct err *err);

MUST_USE enum status draw_loading(struct tx *tx, const struct printing *p, struct err *err);
MUST_USE enum status draw_manifests(struct tx *tx, const struct printing *p, struct err *err);
MUST_USE enum status draw_handovers(struct tx *tx, const struct printing *p, struct err *err);
MUST_USE enum status draw_labels(struct tx *tx, const struct printing *p, struct err *err);
MUST_USE enum status draw_places(struct tx *tx, const struct printing *p, struct err *err);
/* The same labels into a job of a label printer. */
MUST_USE enum status fill_labels(struct tx *tx, const struct printing *p, struct stencil_job *job,
                                 struct err *err);

/* ---- words and numbers on paper ---- */

/* `pattern` with its first {name} replaced. NULL: no memory. */
char *paper_filled(struct arena *arena, const char *pattern, const char *value);
/* "07:45" and "2026-11-24" in the county's zone. */
char *paper_time(struct tx *tx, int64_t ms);
char *paper_day(struct tx *tx, int64_t day);
#endif
