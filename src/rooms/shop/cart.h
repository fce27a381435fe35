/* cart.h - what somebody wants to buy, as it was sent, with prices from the catalogue.
 *
 * A cart is text, "CODE:QTY,CODE:QTY" (field `lines` or `cart` of a page's address: so it is kept
 * without log-in or script, and can be sent to another phone), or rows {code, quantity}. A SKU that
 * is there twice is summed. Prices are of the moment and frozen by the order. */
#ifndef CUNHUO_SHOP_CART_H
#define CUNHUO_SHOP_CART_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/status.h"
#include "rooms/bus/bus.h"
#include "rooms/shop/inside.h"

struct request;

enum { LINES_MAX = 200, QUANTITY_MAX = 999 };

struct cart_line {
    int64_t sku_id, stock_id, sold_id;
    const char *code, *name, *unit;
    int64_t quantity, price_fen;
    int64_t left;                 // pieces that can be had, when it was read
    struct need need;
};

struct cart {
    const struct village *village;
    struct cart_line *lines;
    size_t count;
    int64_t total_fen;
    struct need need;
};

/* Reads the field `village`, or the one of who asks. INVALID: none, or it is not known. */
MUST_USE enum status cart_village(struct request *rq, const struct village **out, struct err *err);

/* Reads village and lines. INVALID: no village, nothing wanted, unknown goods, a quantity beyond 1
 * .. QUANTITY_MAX (of a SKU in all), more than LINES_MAX lines. */
MUST_USE enum status cart_read(struct request *rq, struct cart *out, struct err *err);

/* The same for pages on which more is chosen: rows without quantity are left out, nothing is OK. */
MUST_USE enum status cart_read_any(struct request *rq, struct cart *out, struct err *err);

/* "CODE:QTY,CODE:QTY". NULL: no memory. */
const char *cart_text(struct arena *arena, const struct cart *cart);

struct need item_need(const struct sku *sku, int64_t quantity);
#endif
