/* closure.h - roads closed or slowed (封路): one act changes matrices, live plans, promises and
 * ETAs.
 *
 * A closure is a row; the state of the roads is derived from the rows in force. When they change a
 * thread of the room makes new networks (matrices on the roads as they are now, and as they will be
 * when the buses of each open day drive: a road closed until noon stops nobody tomorrow), plans the
 * open days anew on them, and moves the expected times of buses on the way. Nobody waits for it:
 * until it is done promises are those of the roads before. */
#ifndef CUNHUO_BUS_CLOSURE_H
#define CUNHUO_BUS_CLOSURE_H

#include <stdbool.h>
#include <stdint.h>
#include "base/status.h"
#include "web/room.h"

struct arena;
struct bus;
struct refresher;
struct tx;

/* Whether any road is closed at an instant or will be. */
MUST_USE enum status closure_any(struct tx *tx, int64_t at_ms, bool *any);
/* Puts the closures of the rows into force: networks, and live plans on them. Before the room's
 * threads run, or on the refresher's. */
MUST_USE enum status closure_apply(struct bus *bus, struct arena *arena, struct err *err);

MUST_USE enum status refresher_start(struct bus *bus, struct refresher **out);
void refresher_stop(struct refresher *refresher);   // NULL is fine
/* The roads have changed. */
void refresher_wake(struct refresher *refresher);
/* Waits until it has followed: for tests. */
void refresher_idle(struct refresher *refresher);

/* Every minute: has a closure begun or ended by the clock? */
MUST_USE enum status closure_tick(struct tx *tx, int64_t due_ms, struct err *err);

extern const struct route closure_routes[];
#endif
