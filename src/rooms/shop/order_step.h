/* order_step.h - what order.c and order_step.c share. */
#ifndef CUNHUO_SHOP_ORDER_STEP_H
#define CUNHUO_SHOP_ORDER_STEP_H

#include <stddef.h>
#include <stdint.h>
#include "base/status.h"

struct tx;

#define ORDER_HOLD "order.hold"   // kind of the ledger's holds

struct order_take { int64_t sku_id, pieces; };

/* What pages show as left moves by sign * pieces, and back should the act be undone. `takes` lives
 * as long as the act. */
MUST_USE enum status order_move_left(struct tx *tx, const struct order_take *takes, size_t count,
                                     int sign);
#endif
