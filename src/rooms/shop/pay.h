/* pay.h - ways to pay (支付方式): where money of an order comes from, and where it goes back to.
 *
 * A way names the account that is debited when an order is paid and credited when it is refunded;
 * the other side is always "orders", what the county owes to those who have ordered. A provider
 * that answers later (WeChat Pay) is a way whose account is what the provider owes us. */
#ifndef CUNHUO_SHOP_PAY_H
#define CUNHUO_SHOP_PAY_H

#include <stdbool.h>
#include <stdint.h>
#include "base/status.h"

struct request;
struct tx;

enum pay { PAY_LATER, PAY_WALLET, PAY_CASH, PAY_DEMO };
extern const char *const pay_names[];    // "later", "wallet", "cash", "demo"; ends with NULL
const char *pay_text(enum pay pay);      // msgid
bool pay_of(const char *name, enum pay *out);

/* Reads the field `pay`. DENIED: cash by somebody who is no keeper, the demo's provider in a real
 * county. */
MUST_USE enum status pay_read(struct request *rq, enum pay *out, struct err *err);
bool pay_may(const struct request *rq, enum pay pay);

struct payer { enum pay pay; int64_t villager_id, keeper_id, place_id; };

/* The account to debit for a payment. CONFLICT: there is no money in the wallet. */
MUST_USE enum status pay_source(struct tx *tx, const struct payer *payer, int64_t *account_id,
                                struct err *err);
/* The account to credit with a refund; cash that a keeper has taken is refunded to the wallet. */
MUST_USE enum status pay_refund_to(struct tx *tx, const struct payer *payer, int64_t *account_id,
                                   struct err *err);

/* The ledger has refused a payment, and err's detail is what is available: says so. CONFLICT. */
MUST_USE enum status pay_refused(enum pay pay, struct err *err);

/* "orders" or "sales" of the county, credit accounts without limits. */
MUST_USE enum status pay_account(struct tx *tx, const char *purpose, int64_t *account_id,
                                 struct err *err);

/* A wallet is filled at the county's desk. INVALID: less than 1 fen, more than 100,000 yuan. */
MUST_USE enum status wallet_fill(struct tx *tx, int64_t villager_id, int64_t amount_fen,
                                 int64_t at_ms, int64_t *balance_fen, struct err *err);
MUST_USE enum status wallet_balance(struct tx *tx, int64_t villager_id, int64_t *balance_fen,
                                    struct err *err);
#endif
