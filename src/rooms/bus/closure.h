/* closure.h - roads closed or slowed (封路): one act changes matrices, plan, promises and ETAs. */
#ifndef CUNHUO_BUS_CLOSURE_H
#define CUNHUO_BUS_CLOSURE_H

#include <stdint.h>
#include "base/status.h"
#include "web/room.h"

struct county;
struct road_state;
struct tx;

/* The state of the roads at an instant, from the closures in force; NULL: all open. The caller's to
 * free with road_state_free. */
MUST_USE enum status closure_state(struct county *county, struct tx *tx, int64_t at_ms,
                                   struct road_state **out, struct err *err);

extern const struct route closure_routes[];
#endif
