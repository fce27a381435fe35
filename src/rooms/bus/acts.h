/* acts.h - what phones and scanners tell: POST /bus/acts, a list of acts each with its own answer.
 *
 * An act carries an id made by the phone, the phone's time and its measured offset; the phone repeats
 * exactly that until it has an answer for it. Answers: done, already (sent before), refused (with the
 * reason). A refused act changes nothing and does not hold up the others. */
#ifndef CUNHUO_BUS_ACTS_H
#define CUNHUO_BUS_ACTS_H

#include "web/room.h"

extern const struct route acts_routes[];
extern const struct permission acts_permission;
#endif
