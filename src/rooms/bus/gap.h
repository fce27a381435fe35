/* gap.h - a hand-over that is still missing after a while is a case. */
#ifndef CUNHUO_BUS_GAP_H
#define CUNHUO_BUS_GAP_H

#include <stdint.h>
#include "base/status.h"

struct tx;

/* Time for the phones that have no signal to tell the rest. */
enum { GAP_PATIENCE_MS = 1800000 };

/* Opens a case, once, for each gap of the last days that has had time to heal. */
MUST_USE enum status gap_tick(struct tx *tx, int64_t due_ms, struct err *err);
#endif
