/* inside.h - the room's state in memory, for its own files only: villages by name, and the rest of
 * large files on its way into the writer (files.h). */
#ifndef CUNHUO_PARCEL_INSIDE_H
#define CUNHUO_PARCEL_INSIDE_H

#include <stdint.h>
#include "base/status.h"
#include "rooms/parcel/parcel.h"
#include "rooms/parcel/sort.h"
#include "web/room.h"

struct arena;
struct county;
struct rest;
struct tx;

struct parcels {
    struct county *county;
    struct arena *arena;          // of the gazetteer
    struct gazetteer *gazetteer;  // made when the county starts, never changed
    int64_t hub_id;               // 0: the county has no hub yet
    struct rest *rest;            // files.c
};

/* Asserts that the room was started. */
struct parcels *parcels_of(const struct county *county);

/* By its short name or the organisation's code. INVALID: field "courier". */
MUST_USE enum status courier_find(struct tx *tx, const char *name, struct courier *out,
                                  struct err *err);
MUST_USE enum status courier_get(struct tx *tx, int64_t party_id, struct courier *out,
                                 struct err *err);

/* Kinds of pieces (件) by name, NULL at the end: retail, parcel, produce, crate, return. */
extern const char *const piece_kinds[];

extern const struct permission take_permission, see_permission, sort_permission;
extern const struct route file_routes[], piece_routes[], queue_routes[];
#endif
