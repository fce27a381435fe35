/* place.h - places: divisions by official code, and the hub, stations and points of logistics.
 *
 * A division (行政区划) is the county, a township or a village with its code of the National Bureau
 * of Statistics (GB/T 2260 and the 12-digit village code); an office without a code has none. Hub
 * (县级共配中心), station (乡镇站) and point (村级站点) are where goods change hands; each stands in
 * a division. Positions are WGS-84 in millionths of a degree; a place may lack one. */
#ifndef CUNHUO_PEOPLE_PLACE_H
#define CUNHUO_PEOPLE_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/status.h"

struct tx;

extern const char *const people_tables[];   // of all of people/; migrated as room "people"

enum place_kind {
    PLACE_COUNTY = 1, PLACE_TOWNSHIP, PLACE_VILLAGE, PLACE_HUB, PLACE_STATION, PLACE_POINT
};

struct place {
    int64_t id;
    enum place_kind kind;
    const char *code;         // NULL: has none
    const char *name;         // "禾丰村", "禾丰村村级站点"
    const char *pinyin;       // "he feng cun", for search; NULL: made from the name when stored
    int64_t parent_id;        // 0: the county itself, whose id takes its place once it has one
    bool located;
    int32_t lat_e6, lon_e6;
    const char *source;       // of the position: "geonames", "survey", "made"
    int64_t opens_s, closes_s;   // seconds of the day; 0, 0: always
    int64_t cold_boxes;       // places for cold boxes; 0: no cold storage
};

/* Adds a place and fills id (0), parent and pinyin in. CONFLICT: its code is there already, or a
 * county. INVALID: kind and parent don't fit, a position or hour out of range, an empty name. */
MUST_USE enum status place_add(struct tx *tx, struct place *place, struct err *err);
/* Where it is, found out later or better. INVALID: out of range. NOT_FOUND. */
MUST_USE enum status place_locate(struct tx *tx, int64_t id, int32_t lat_e6, int32_t lon_e6,
                                  const char *source, struct err *err);

/* One place, by id, by code, or the point / station / hub that stands in a division, or in the
 * nearest above it that has one (the place itself, if it is of that kind). NOT_FOUND. Text is
 * borrowed from the arena of tx. */
MUST_USE enum status place_get(struct tx *tx, int64_t id, struct place *out, struct err *err);
MUST_USE enum status place_by_code(struct tx *tx, const char *code, struct place *out,
                                   struct err *err);
MUST_USE enum status place_serving(struct tx *tx, int64_t division_id, enum place_kind kind,
                                   struct place *out, struct err *err);

/* All of one kind under `parent_id` at any depth (0: the county), ordered by code, then id. */
MUST_USE enum status place_list(struct tx *tx, enum place_kind kind, int64_t parent_id,
                                struct place **out, size_t *count, struct err *err);

/* Places whose name, pinyin or initials contain `text` ("hf" finds 禾丰村), best first: the whole
 * name, the beginning, then anywhere. Case, tone marks, spaces and apostrophes don't count. kind 0:
 * of every kind. None is OK and a count of 0, so is an empty text. */
MUST_USE enum status place_search(struct tx *tx, const char *text, enum place_kind kind,
                                  size_t count_max, struct place **out, size_t *count,
                                  struct err *err);
#endif
