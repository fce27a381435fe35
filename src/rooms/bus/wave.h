/* wave.h - the wave of a day (截单波次): open until its closing, which happens once.
 *
 * The closing is an entry of the writer's own queue, put behind everything that was complete before
 * 23:00:00.000 (writer_barrier): what arrived before is served before it, the rest is told another
 * day. It is a change of one row, so it is whole or not at all, and a repeat finds it done. */
#ifndef CUNHUO_BUS_WAVE_H
#define CUNHUO_BUS_WAVE_H

#include <stdint.h>
#include "base/status.h"
#include "web/room.h"
#include "rooms/bus/bus.h"


/* A consignment made (or withdrawn) at `made_ms` may still change the wave of `day`; its row is
 * there afterwards. CONFLICT: the wave has closed, or `made_ms` is not before its closing. */
MUST_USE enum status wave_take(struct tx *tx, int64_t day, int64_t made_ms, struct err *err);

/* Closes every wave that is due at `at_ms` and not closed. In the writer, each whole minute: so at
 * 23:00:00.000, and whenever a closing was moved to. Missed minutes need no catching up, since the
 * next one closes all that is due. */
MUST_USE enum status wave_close_due(struct tx *tx, int64_t at_ms, struct err *err);

/* Closes the wave of `day` now, or moves its closing (closes_ms > 0), by a dispatcher, with a
 * reason. CONFLICT: it has closed. INVALID: no reason, or an instant that is over or after
 * 04:00. */
MUST_USE enum status wave_close(struct tx *tx, int64_t day, int64_t closes_ms, int64_t at_ms,
                                int64_t person_id, const char *reason, struct err *err);

/* Starts the planning of what has closed: after the job that closes. */
void wave_closed(struct county *county, int64_t due_ms);

extern const struct route wave_routes[];   // ends with an empty one
#endif
