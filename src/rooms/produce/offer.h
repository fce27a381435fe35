/* offer.h - a producer's offer (货源): a lot that goes up with tomorrow's bus.
 *
 * An offer says what, how much, at which price and from which village. It is accepted by getting
 * a place on a bus: a consignment up from the point (or station) that serves the village to the
 * hub, on the first day with room. Until that day's wave closes it may be withdrawn.
 *
 *   accepted    a bus will come for it
 *   collected   the driver has it         (these two are told by the bus, rooms/bus/bus.h)
 *   at_hub      it has arrived
 *   withdrawn   the producer has taken it back
 *
 * Weight and volume are of the whole lot. What can't be meant is asked about: a lot whose litre
 * weighs less than 20 g or more than 5 kg, or that no bus can carry at once. */
#ifndef CUNHUO_PRODUCE_OFFER_H
#define CUNHUO_PRODUCE_OFFER_H

#include <stddef.h>
#include <stdint.h>
#include "base/status.h"

struct tx;

enum { QUANTITY_MAX = 1000000, LOT_MAX_G = 2000000, LOT_MAX_ML = 8000000,
       PRICE_MAX_FEN = 100000000 };
enum temperature { AMBIENT, CHILLED, FROZEN, LIVE };
extern const char *const temperatures[];   // names, NULL at the end

struct offer {
    int64_t id, producer_id;
    const char *product, *unit;            // "高山冬笋", "斤"
    int64_t quantity, weight_g, volume_ml; // of all
    enum temperature temperature;
    int64_t price_fen;                     // of one unit
    int64_t village_id, place_id;          // place: where the bus stops for it
    int64_t ready_s;                       // second of the day from which it is there; -1: early
    int64_t by_id, made_ms;                // by: the producer, or who helps him
    int64_t consignment_id, day, due_ms;   // due: at the hub by then
    const char *state;
    // filled in by reading
    const char *producer, *phone, *village, *place, *plate;
    int64_t eta_ms;                        // of the bus at the place; 0: not known yet
};

/* Takes an offer and fills in id, place, consignment, day, due and state. INVALID: what can't be
 * meant, a village without bus stop. CONFLICT: no bus of the next days has room; the text says
 * why. */
MUST_USE enum status offer_make(struct tx *tx, struct offer *offer, struct err *err);

/* CONFLICT: the wave has closed, or it was withdrawn before. DENIED: another's offer. */
struct withdrawal { int64_t offer_id, by_id, at_ms; int helps; };   // helps: may do it for others
MUST_USE enum status offer_withdraw(struct tx *tx, const struct withdrawal *withdrawal,
                                    struct err *err);

/* One; those of a producer, newest first; those of a day, by place. */
MUST_USE enum status offer_get(struct tx *tx, int64_t id, struct offer *out, struct err *err);
MUST_USE enum status offer_of_producer(struct tx *tx, int64_t producer_id, size_t count_max,
                                       struct offer **out, size_t *count, struct err *err);
MUST_USE enum status offer_of_day(struct tx *tx, int64_t day, struct offer **out, size_t *count,
                                  struct err *err);
#endif
