/* screens.h - what drivers, keepers and stations do in a browser without script: buttons that do
 * the same as the acts of a phone (acts.h), at the time when they are pressed. The key of the form
 * makes the ids of the acts, so that a form sent twice counts once. */
#ifndef CUNHUO_BUS_SCREENS_H
#define CUNHUO_BUS_SCREENS_H

#include <stdint.h>
#include "base/status.h"
#include "web/room.h"

struct tx;

/* Who presses, when, and under which key; `count` numbers the acts of one form. */
struct press { struct who who; int64_t at_ms; const char *key; int64_t count; };
struct press press_of(const struct request *rq);

/* A unit passes from whoever holds it to `taker_id` at a place (0: on the road). */
MUST_USE enum status press_hand_over(struct tx *tx, struct press *press, int64_t unit_id,
                                     int64_t giver_id, int64_t taker_id, int64_t place_id,
                                     struct err *err);

const char *unit_kind_text(const char *kind);   // msgid

extern const struct route screen_routes[];
#endif
