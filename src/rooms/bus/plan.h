/* plan.h - the night's plan: from a closed wave to trips that are published.
 *
 * A thread of its own takes each closed wave: it writes the day's problem and the live plan as its
 * start to files, lets a child process (cunhuo route solve: low priority, memory limit, killed when
 * late) improve it, checks the answer independently, and publishes the better of the two in one
 * transaction: plan, trips, stops, units. The live plan serves all that was promised, so planning
 * can't break a promise. What fails (a full disk, a writer that is too busy) is tried again. After
 * a crash the wave is still closed and not published: it is planned
 * again; publishing twice is impossible since it changes the wave's row. */
#ifndef CUNHUO_BUS_PLAN_H
#define CUNHUO_BUS_PLAN_H

#include <stdint.h>
#include "base/status.h"

struct bus;
struct night;

/* Starts the thread, which at once looks for waves left unplanned. */
MUST_USE enum status night_start(struct bus *bus, struct night **out);
void night_stop(struct night *night);   // NULL is fine; kills the child, the wave stays closed
/* A wave has closed. */
void night_wake(struct night *night);
/* Waits until the thread has seen to all it was woken for: for tests. */
void night_idle(struct night *night);
#endif
