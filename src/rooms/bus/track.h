/* track.h - where a consignment is, for whoever has its number and the end of the phone number.
 *
 * The page is open to all. It is asked with a number (an order's code, a bag's, a parcel's waybill)
 * and the last four digits of the phone of its receiver, or sender where it goes up. It says no
 * name, no phone and no content: only what became of it, where and when. A number that is unknown
 * and digits that are wrong have the same answer, and so has a locked number: after TRACK_FREE
 * wrong tries it answers nobody for TRACK_LOCK_MS, so that nobody tries all ten thousand ends.
 * Tries are counted in memory, of the TRACK_SETS * TRACK_WAYS numbers that were wrong last. */
#ifndef CUNHUO_BUS_TRACK_H
#define CUNHUO_BUS_TRACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "web/room.h"

enum { TRACK_FREE = 5, TRACK_LOCK_MS = 600000, TRACK_SETS = 512, TRACK_WAYS = 8 };

struct track_tries {
    struct track_try {
        uint64_t number;      // a hash of it; 0: nothing yet
        int64_t failed, last_ms;
    } at[TRACK_SETS][TRACK_WAYS];
};

/* Counts a try as wrong until track_forgive; false: the number is locked, and nothing is counted.
 * Under the lock of who owns `tries`. */
bool track_try(struct track_tries *tries, uint64_t number, int64_t now_ms);
void track_forgive(struct track_tries *tries, uint64_t number);

/* A time that is told as a range: two round times around it, not before now. `underway`: the bus is
 * on its way, so the range is narrower. */
struct track_range { int64_t from_ms, until_ms; };
struct track_range track_range(int64_t eta_ms, int64_t now_ms, bool underway);

extern const struct route track_routes[];
#endif
