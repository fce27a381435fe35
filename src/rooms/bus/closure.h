/* closure.h - roads closed or slowed (封路): one act changes matrices, live plans, promises and ETAs.
 *
 * A closure is a row; the state of the roads is derived from the rows in force. When they change a
 * thread of the room makes a new network (matrices on the roads as they are now), plans the open
 * days anew on it, and moves the expected times of buses on the way. Nobody waits for it: until it is
 * done promises are those of the roads before. */
#ifndef CUNHUO_BUS_CLOSURE_H
#define CUNHUO_BUS_CLOSURE_H

#include <stdint.h>
#include "base/status.h"
#include "web/room.h"

struct bus;
struct county;
struct refresher;
struct road_state;
struct tx;

/* The state of the roads at an instant, from the closures in force; NULL: all open. The caller's to
 * free with road_state_free. */
MUST_USE enum status closure_state(struct county *county, struct tx *tx, int64_t at_ms,
                                   struct road_state **out, struct err *err);

MUST_USE enum status refresher_start(struct bus *bus, struct refresher **out);
void refresher_stop(struct refresher *refresher);   // NULL is fine
/* The roads have changed. */
void refresher_wake(struct refresher *refresher);

/* Every minute: has a closure begun or ended by the clock? */
MUST_USE enum status closure_tick(struct tx *tx, int64_t due_ms, struct err *err);

extern const struct route closure_routes[];
#endif
