/* board.h - a day's trips against the clock: where each bus is, where it goes next, how late it is.
 *
 * Times are ms since 1970. A trip is late when the stop it goes to next is expected LATE_MS or more
 * after its planned time. The line of a trip is drawn in minutes from the board's first full hour
 * on. */
#ifndef CUNHUO_BUS_BOARD_H
#define CUNHUO_BUS_BOARD_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include "base/clock.h"
#include "base/status.h"
#include "rooms/bus/trip.h"

struct tx;

enum { LATE_MS = 10 * MINUTE_MS };

struct board_row { struct trip trip; const char *driver; struct stop *stops; size_t stop_count; };
struct board {
    struct board_row *rows;
    size_t count;
    int64_t at_risk;              // consignments not there yet and expected after their promise
};

/* A day's trips in force with their stops; driver_id 0: all. Borrowed from the arena of tx. */
MUST_USE enum status board_read(struct tx *tx, int64_t day, int64_t driver_id, struct board *out);

/* The names that a board adds to a view: trips, hours, figures. */
void board_show(const struct board *board, int64_t now_ms, int32_t zone_s, json_t *view);

/* A trip's own names, and its state as words and as the kind of its badge; how late it is at the
 * stop it goes to next, which is NULL when there is none. */
json_t *trip_json(const struct trip *trip);
const struct stop *trip_next(const struct stop *stops, size_t count, int64_t *late_ms);
const char *stop_state_text(const struct stop *stop);
const char *stop_state_kind(const struct stop *stop);
#endif
