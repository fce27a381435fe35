/* stock.h - the accounts that hold a SKU's pieces, and its price. */
#ifndef CUNHUO_SHOP_STOCK_H
#define CUNHUO_SHOP_STOCK_H

#include <stdint.h>
#include "base/status.h"
#include "ledger/ledger.h"

struct tx;

/* As ledger_account wants them: the stock at a place; "supply", "sold" or "short". */
struct account stock_account(int64_t sku_id, int64_t place_id);
struct account piece_account(int64_t sku_id, const char *purpose);

/* From now on it costs that. NOT_FOUND: no such goods. INVALID: a price below 1 fen. */
MUST_USE enum status shop_price_set(struct tx *tx, const char *code, int64_t price_fen,
                                    int64_t at_ms, int64_t by_id, struct err *err);
#endif
