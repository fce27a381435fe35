/* unit.h - handling units (物流单元): crates and cold boxes with an SSCC, bags, parcels, lots. */
#ifndef CUNHUO_BUS_UNIT_H
#define CUNHUO_BUS_UNIT_H

#include <stdbool.h>
#include <stdint.h>
#include "base/status.h"

struct tx;

struct unit {
    int64_t id;
    const char *code;             // SSCC-18 of crates and boxes, waybill of parcels; NULL: one is
                                  // made when it is added
    const char *kind;             // "crate", "cold_box", "bag", "parcel", "lot"
    int64_t day;
    int64_t consignment_id;       // 0: a container
    int64_t place_id;             // the end of its way that is not the hub
    bool up;
    int64_t stop_id;
    int64_t planned_parent_id;    // the crate it is to be packed in; 0: none
    int64_t origin_id;            // who has it before the first scan
    int64_t end_id;               // where its way ends: its place, or the hub
    int64_t made_ms;
    // as custody (custody.h) has folded it:
    int64_t holder_id, parent_id, since_ms;
    const char *gap;              // event id of the first hand-over that doesn't fit; NULL: none
};

/* Adds a unit, fills id and code in. CONFLICT: a unit of this code is there. */
MUST_USE enum status unit_add(struct tx *tx, struct unit *unit, struct err *err);
MUST_USE enum status unit_get(struct tx *tx, int64_t id, struct unit *out, struct err *err);
MUST_USE enum status unit_by_code(struct tx *tx, const char *code, struct unit *out,
                                  struct err *err);

/* SSCC-18 (GS1 General Specifications 3.1): extension digit, company prefix (setting gs1.prefix),
 * serial number, check digit. `out` holds SSCC_TEXT bytes. */
enum { SSCC_TEXT = 19 };
void unit_sscc(const char *prefix, int64_t serial, char out[SSCC_TEXT]);
#endif
