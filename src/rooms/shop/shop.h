/* shop.h - what the village fresh shop (乡村鲜生) offers to the house and the other rooms.
 *
 * Money of an open order stands in the ledger on the account "orders" (what the county owes to
 * those who ordered) until the order's goods are collected; stock is an account per SKU and place
 * that is never less than what is held. Prices are fen, frozen on the order's lines. */
#ifndef CUNHUO_SHOP_SHOP_H
#define CUNHUO_SHOP_SHOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/status.h"

struct tx;

enum temperature { AMBIENT = 1, CHILLED, FROZEN, LIVE };

struct sku {
    int64_t id;               // its stock is kept in this unit (ledger)
    const char *code;         // GTIN-13
    const char *name;
    const char *category;
    const char *unit;         // "500 g", "盒": unit of sale, as shown
    int64_t weight_g, volume_ml;   // of one
    enum temperature temperature;
    int64_t price_fen;
    const char *bin;          // where it stands in the hub: "A-03-2"
    int64_t supplier_id;      // party
};

/* For importers. CONFLICT: its code is there. INVALID: a wrong check digit, a price below 1 fen. */
MUST_USE enum status shop_sku_add(struct tx *tx, struct sku *sku, struct err *err);
/* Puts `pieces` of a SKU into stock at a place, by a document (delivery note; 0: opening stock). */
MUST_USE enum status shop_stock_in(struct tx *tx, int64_t sku_id, int64_t place_id,
                                   int64_t pieces, int64_t document_id, int64_t at_ms,
                                   struct err *err);
#endif
