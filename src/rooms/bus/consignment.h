/* consignment.h - how far a consignment has come, from the custody of its units. */
#ifndef CUNHUO_BUS_CONSIGNMENT_H
#define CUNHUO_BUS_CONSIGNMENT_H

#include <stdint.h>
#include "base/status.h"

struct tx;

/* Sets delivered_ms once all units have come to the end of the way, and collected_ms once its party
 * holds them all. After each change of a unit's custody. */
MUST_USE enum status consignment_progress(struct tx *tx, int64_t consignment_id);
#endif
