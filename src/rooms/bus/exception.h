/* exception.h - what goes wrong on the way is a case: late, short, damaged, refused, closed,
 * broken. */
#ifndef CUNHUO_BUS_EXCEPTION_H
#define CUNHUO_BUS_EXCEPTION_H

#include <stdint.h>
#include "base/status.h"
#include "web/room.h"

struct tx;

/* EXCEPTION(name in data, msgid) */
#define EXCEPTIONS(EXCEPTION)                                                              \
    EXCEPTION(UNPLACED, unplaced, "No bus could take it") EXCEPTION(LATE, late, "Late")    \
    EXCEPTION(BREAKDOWN, breakdown, "Breakdown") EXCEPTION(DAMAGED, damaged, "Damaged")    \
    EXCEPTION(SHORT, short, "Something is missing") EXCEPTION(REFUSED, refused, "Refused") \
    EXCEPTION(CLOSED, closed, "Nobody at the point")                                       \
    EXCEPTION(ROAD, road, "The road is closed") EXCEPTION(GAP, gap, "A hand-over is missing")

enum exception_kind {
#define EXCEPTION(id, name, text) EXCEPTION_##id,
    EXCEPTIONS(EXCEPTION)
#undef EXCEPTION
    EXCEPTION_COUNT
};
const char *exception_name(enum exception_kind kind);   // "late"
const char *exception_text(enum exception_kind kind);   // msgid

/* What it is about: the most exact of unit, consignment, stop and trip that is not 0. */
struct exception {
    enum exception_kind kind;
    int64_t unit_id, consignment_id, stop_id, trip_id;
    int64_t place_id, by_id;
    const char *note;             // NULL: none
    const char *client_key;       // made by the phone; NULL: by the program
    int64_t at_ms, recorded_ms;
};

/* Opens a case of the workflow delivery_exception. */
MUST_USE enum status exception_open(struct tx *tx, const struct exception *exception,
                                    struct err *err);

extern const struct route exception_routes[];
extern const char exception_workflow[];   // its definition, parsed when the room opens
#endif
