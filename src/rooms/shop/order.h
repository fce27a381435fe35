/* order.h - an order (订单): from the cart to its collection, and what each step does to the ledger.
 *
 *   held ──pay──▶ paid ──pick──▶ picked ──collect──▶ collected
 *     │            └──cancel (until the wave closes)──▶ cancelled
 *     └──expire (15 minutes, or the closing)──▶ expired
 *
 * order      stock: "sold" ← "stock" of each SKU; money: payer's account → "orders"
 * held       the stock is held, nothing is paid; both are posted when it is paid
 * cancel     the same transfers reversed
 * short      "short" ← "sold" of what was missing; money: "orders" → payer
 * collect    money: "orders" → "sales"
 *
 * All postings of an order have its id as their document, so that ledger_lines finds them. An act
 * of this file writes the order, its lines, stock, money and consignment in one transaction, or
 * nothing. Statements of an order of n lines that is paid at once: 6 + 2 n, and one for every four
 * lines; one for an order of three lines is 13, of which the ledger's are 8 and the bus's 3. */
#ifndef CUNHUO_SHOP_ORDER_H
#define CUNHUO_SHOP_ORDER_H

#include <stddef.h>
#include <stdint.h>
#include "base/status.h"
#include "rooms/bus/bus.h"
#include "rooms/shop/cart.h"
#include "rooms/shop/pay.h"
#include "web/room.h"

struct tx;

enum { HOLD_MS = 15 * 60 * 1000 };

struct order_new {
    struct cart cart;
    struct who who;               // who orders
    const char *for_phone, *for_name;   // a keeper, for this villager; NULL: for himself
    int64_t day;                  // promised
    enum pay pay;
    int64_t arrived_ms;
    const char *note;             // for the picker; NULL: none
};

struct order {
    int64_t id, villager_id, by_id, village_id, place_id, day, due_ms;
    const char *state;
    enum pay pay;
    int64_t total_fen, consignment_id, money_id, stock_id;
    int64_t arrived_ms, paid_ms, ended_ms, expires_ms;   // 0: not yet, or never
    const char *note;
};

struct order_line {
    int64_t seq, sku_id, quantity, price_fen, picked;   // picked -1: not yet
    const char *code, *name, *unit, *bin;
};

/* CONFLICT: sold out (detail: what, and how many are left), too little money, the wave has closed
 * or the bus is full (detail: the next possible day). DENIED: for somebody by one who is no keeper
 * of that point. INVALID: a phone that is none. */
MUST_USE enum status order_make(struct tx *tx, const struct order_new *in, struct order *out,
                                struct err *err);

/* Pays one that is held. CONFLICT: it is not, or its time is over. */
MUST_USE enum status order_pay(struct tx *tx, int64_t order_id, const struct who *who, enum pay pay,
                               int64_t at_ms, struct order *out, struct err *err);

/* CONFLICT: the wave has closed, or it has ended before. Money goes back where it came from; cash
 * that the keeper has no more, to the wallet. */
MUST_USE enum status order_cancel(struct tx *tx, int64_t order_id, const struct who *who,
                                  int64_t at_ms, struct order *out, struct err *err);

/* Ends one that was held too long, if there is one: stock and place on the bus return in the same
 * transaction. NOT_FOUND: none. */
MUST_USE enum status order_expire_next(struct tx *tx, int64_t now_ms, struct err *err);

/* The goods have been collected: the money is earned. OK as well if that was noted before. */
MUST_USE enum status order_collected(struct tx *tx, int64_t order_id, int64_t at_ms,
                                     struct err *err);

/* A line was picked; what is missing is refunded at once. CONFLICT: picked before, the order is not
 * paid or its wave not closed. INVALID: more than was ordered. NOT_FOUND. */
MUST_USE enum status order_pick(struct tx *tx, int64_t order_id, int64_t seq, int64_t picked,
                                int64_t at_ms, struct err *err);

MUST_USE enum status order_get(struct tx *tx, int64_t order_id, struct order *out, struct err *err);
MUST_USE enum status order_lines(struct tx *tx, int64_t order_id, struct order_line **out,
                                 size_t *count);

/* Owner, keeper of the point, or staff of the county: else DENIED. */
MUST_USE enum status order_seen_by(const struct order *order, const struct who *who,
                                   struct err *err);
#endif
