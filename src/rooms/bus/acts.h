/* acts.h - what phones and scanners tell: POST /bus/acts, a list of acts each with its own answer.
 *
 * An act carries an id made by the phone, the phone's time and its measured offset; the phone
 * repeats exactly that until it has an answer for it. Answers: done, already (sent before), refused
 * (with the reason). A refused act, be it unreadable, changes nothing and does not hold up the
 * others.
 *
 * An act's time is the phone's plus its offset; what would lie in the county's future by more than
 * CLOCK_OFF_MS happened when it was received. A phone whose clock is off by more is told so. */
#ifndef CUNHUO_BUS_ACTS_H
#define CUNHUO_BUS_ACTS_H

#include "web/room.h"

enum { CLOCK_OFF_MS = 120000 };

extern const struct route acts_routes[];
extern const struct permission acts_permission;
#endif
