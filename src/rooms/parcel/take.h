/* take.h - a piece (件) is taken in: known once, sorted to its village, put on a bus.
 *
 * A piece is known by its courier and waybill number; the second time it comes it is told where it
 * is. Its receiver is the person with this telephone number, or a new one. It goes to the point (or
 * station) that serves its village, on the first day that has room. In the writer only.
 *
 *   unsure      nobody knows yet to which village: waits for a person (queue.c)
 *   waiting     sorted, but no bus has room or no road is open: tried again every half hour
 *   consigned   the bus has it (rooms/bus/bus.h tells the rest of its life) */
#ifndef CUNHUO_PARCEL_TAKE_H
#define CUNHUO_PARCEL_TAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/status.h"
#include "rooms/parcel/parcel.h"
#include "rooms/parcel/sort.h"

struct tx;

/* What is the same for all pieces of one act. */
struct intake {
    struct courier courier;
    int64_t file_id;              // 0: by hand
    int64_t by_id, now_ms;
    const struct nickname *nicknames;
    size_t nickname_count;
};
/* Reads the nicknames; the caller has filled in the rest. */
MUST_USE enum status intake_begin(struct tx *tx, struct intake *intake);

struct piece {
    const char *waybill, *kind, *name, *phone, *address;   // phone may be ""
    int64_t weight_g, volume_ml, value_fen, pieces;
    bool cold;
    int64_t village_id;           // 0: by its address
};

enum take_result { TAKE_TAKEN, TAKE_ALREADY, TAKE_UNSURE };
const char *take_result_name(enum take_result result);   // "taken"

struct taken {
    enum take_result result;
    int64_t parcel_id, day;       // day 0: not on a bus (yet)
    const char *why;              // msgid: why it is unsure or waits; NULL: it does not
    const char *state, *place;    // where it is, of one that was there already; place may be NULL
};

/* INVALID: what the bus doesn't carry. */
MUST_USE enum status piece_take(struct tx *tx, const struct intake *intake,
                                const struct piece *piece, struct taken *out, struct err *err);

/* Puts a sorted piece that is in no consignment yet on the first bus with room. `why` is a msgid
 * when there is none: it waits. CONFLICT: it is on a bus already. */
MUST_USE enum status piece_consign(struct tx *tx, int64_t parcel_id, int64_t now_ms,
                                   int64_t *day, const char **why, struct err *err);

/* A person has said to which village. CONFLICT: it was sorted before. NOT_FOUND. */
struct placing {
    int64_t parcel_id, village_id, by_id, now_ms;
    const char *nickname;         // NULL; else what people there call the village, from now on
};
MUST_USE enum status piece_place(struct tx *tx, const struct placing *placing,
                                 struct taken *out, struct err *err);

/* One piece as pages show it. */
struct piece_row_now {
    int64_t id, courier_id, weight_g, volume_ml, value_fen, pieces, day, made_ms, due_ms,
        eta_ms, delivered_ms, collected_ms;
    const char *courier, *waybill, *kind, *name, *phone, *address, *village, *place, *from, *state,
        *why, *plate;
    bool cold;
};
/* Pieces of a waybill number, one for each courier that has it. NOT_FOUND: none. */
MUST_USE enum status piece_list(struct tx *tx, const char *waybill, struct piece_row_now **out,
                                size_t *count, struct err *err);
#endif
