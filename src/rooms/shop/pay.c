/* pay.c - see pay.h. */
#include "rooms/shop/pay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "db/db.h"
#include "ledger/ledger.h"
#include "people/person.h"
#include "web/county.h"
#include "web/form.h"
#include "web/room.h"

enum { FILL_MAX_FEN = 10000000, CASH_MAX_FEN = 1000000 };

const char *const pay_names[] = { "later", "wallet", "cash", "demo", NULL };

const char *pay_text(enum pay pay)
{
    static const struct { const char *text; } ways[] = {
        [PAY_LATER] = { .text = "Pay within 15 minutes" },
        [PAY_WALLET] = { .text = "From my wallet" },
        [PAY_CASH] = { .text = "Cash, taken by the point keeper" },
        [PAY_DEMO] = { .text = "Demo payment: no money moves" },
    };
    return ways[pay].text;
}

bool pay_of(const char *name, enum pay *out)
{
    for (int i = 0; pay_names[i]; i++) {
        if (strcmp(pay_names[i], name) != 0) continue;
        *out = (enum pay)i;
        return true;
    }
    return false;
}

bool pay_may(const struct request *rq, enum pay pay)
{
    if (pay == PAY_DEMO) return rq->county->may_turn;
    return pay != PAY_CASH || (rq->who.roles & role_set("keeper")) != 0;
}

enum status pay_read(struct request *rq, enum pay *out, struct err *err)
{
    int pay;
    TRY(form_word(rq, "pay", pay_names, &pay, err));
    *out = (enum pay)pay;
    if (pay_may(rq, *out)) return OK;
    if (*out == PAY_CASH) return err_set(err, DENIED, "pay", "Only a point keeper takes cash.");
    return err_set(err, DENIED, "pay", "The demo's payment is for demo counties only.");
}

/* ---- accounts ---- */

enum { WALLETS_KNOWN = 8192 };   // slots, by villager: a newcomer takes the slot of another

/* Accounts that the writer has met: an account's id never changes, but what opened it may be
 * undone, so each is forgotten together with the act that has remembered it. */
struct known {
    int64_t orders_id, demo_id;
    struct known_wallet { int64_t villager_id, account_id; } wallets[WALLETS_KNOWN];
};

static const char known_key;   // its address names our memory in tx_keep

static enum status known_of(struct tx *tx, struct known **out)
{
    void **kept = tx_keep(tx, &known_key, free);
    if (kept == NULL) return BROKEN;
    if (*kept == NULL) *kept = calloc(1, sizeof **out);
    *out = *kept;
    return *out ? OK : BROKEN;
}

static void forget(void *of) { *(int64_t *)of = 0; }

static enum status remember(struct tx *tx, int64_t *known_id, int64_t account_id)
{
    *known_id = account_id;
    return tx_undo(tx, forget, known_id);
}

static enum status find_or_open(struct tx *tx, struct account account, int64_t *account_id,
                                struct err *err)
{
    struct account there = account;
    enum status found = ledger_account_find(tx, &there);
    if (found == NOT_FOUND) {
        found = ledger_account(tx, &account, err);
        there = account;
    }
    *account_id = there.id;
    return found;
}

enum status pay_account(struct tx *tx, const char *purpose, int64_t *account_id, struct err *err)
{
    struct account account = { .book_id = BOOK_COUNTY, .purpose = purpose, .unit = UNIT_FEN,
                               .side = SIDE_CREDIT };
    struct known *known;
    TRY(known_of(tx, &known));
    bool orders = strcmp(purpose, "orders") == 0;
    *account_id = known->orders_id;
    if (orders && known->orders_id) return OK;
    TRY(find_or_open(tx, account, account_id, err));
    return orders ? remember(tx, &known->orders_id, *account_id) : OK;
}

static struct account wallet_of(int64_t villager_id)
{
    return (struct account){ .book_id = BOOK_COUNTY, .purpose = "wallet", .party_id = villager_id,
                             .unit = UNIT_FEN, .side = SIDE_CREDIT, .limited = true };
}

static enum status cash_of(struct tx *tx, int64_t keeper_id, int64_t place_id,
                           int64_t *account_id, struct err *err)
{
    struct account cash = {
        .book_id = BOOK_COUNTY, .purpose = "cash", .party_id = keeper_id, .place_id = place_id,
        .unit = UNIT_FEN, .side = SIDE_DEBIT, .limited = true,
        .max = county_setting_i64(tx, "shop.cash_max_fen", CASH_MAX_FEN),
    };
    return find_or_open(tx, cash, account_id, err);
}

static enum status demo_of(struct tx *tx, int64_t *account_id, struct err *err)
{
    struct account demo = { .book_id = BOOK_COUNTY, .purpose = "demo", .unit = UNIT_FEN,
                            .side = SIDE_DEBIT };
    struct known *known;
    TRY(known_of(tx, &known));
    *account_id = known->demo_id;
    if (known->demo_id) return OK;
    TRY(find_or_open(tx, demo, account_id, err));
    return remember(tx, &known->demo_id, *account_id);
}

/* NOT_FOUND: he has none. */
static enum status wallet_find(struct tx *tx, int64_t villager_id, int64_t *account_id)
{
    struct known *known;
    TRY(known_of(tx, &known));
    struct known_wallet *slot = &known->wallets[villager_id % WALLETS_KNOWN];
    *account_id = slot->account_id;
    if (slot->account_id && slot->villager_id == villager_id) return OK;
    struct account wallet = wallet_of(villager_id);
    TRY(ledger_account_find(tx, &wallet));
    *account_id = wallet.id;
    slot->villager_id = villager_id;
    return remember(tx, &slot->account_id, wallet.id);
}

enum status pay_source(struct tx *tx, const struct payer *payer, int64_t *account_id,
                       struct err *err)
{
    switch (payer->pay) {
    case PAY_CASH: return cash_of(tx, payer->keeper_id, payer->place_id, account_id, err);
    case PAY_DEMO: return demo_of(tx, account_id, err);
    case PAY_WALLET: case PAY_LATER: break;
    }
    enum status found = wallet_find(tx, payer->villager_id, account_id);
    if (found == NOT_FOUND)
        return err_about(err, CONFLICT, "pay", "There is not enough money in the wallet.", "0");
    return found;
}

enum status pay_refund_to(struct tx *tx, const struct payer *payer, int64_t *account_id,
                          struct err *err)
{
    if (payer->pay == PAY_DEMO) return demo_of(tx, account_id, err);
    return find_or_open(tx, wallet_of(payer->villager_id), account_id, err);
}

enum status pay_refused(enum pay pay, struct err *err)
{
    char available[sizeof err->detail];
    snprintf(available, sizeof available, "%s", err->detail);
    if (pay == PAY_CASH)
        return err_about(err, CONFLICT, "pay", "The keeper may not hold so much cash.", "%s",
                         available);
    return err_about(err, CONFLICT, "pay", "There is not enough money in the wallet.", "%s",
                     available);
}

/* ---- wallets ---- */

enum status wallet_balance(struct tx *tx, int64_t villager_id, int64_t *balance_fen,
                           struct err *err)
{
    struct account wallet = wallet_of(villager_id);
    struct balance balance = { 0 };
    enum status found = ledger_account_find(tx, &wallet);
    if (found == OK) found = ledger_balance(tx, wallet.id, &balance, err);
    *balance_fen = balance.posted - balance.held_out;
    return found == NOT_FOUND ? OK : found;
}

enum status wallet_fill(struct tx *tx, int64_t villager_id, int64_t amount_fen, int64_t at_ms,
                        int64_t *balance_fen, struct err *err)
{
    if (amount_fen < 1 || amount_fen > FILL_MAX_FEN)
        return err_set(err, INVALID, "amount_fen", "Between 0.01 and 100,000 yuan.");
    struct account till = { .book_id = BOOK_COUNTY, .purpose = "till", .unit = UNIT_FEN,
                            .side = SIDE_DEBIT };
    int64_t till_id, wallet_id, transfer_id;
    TRY(find_or_open(tx, till, &till_id, err));
    TRY(find_or_open(tx, wallet_of(villager_id), &wallet_id, err));
    struct posting posting = { till_id, wallet_id, amount_fen };
    struct transfer transfer = { .kind = "wallet", .document_id = villager_id, .at_ms = at_ms,
                                 .recorded_ms = at_ms, .postings = &posting, .count = 1 };
    TRY(ledger_transfer(tx, &transfer, &transfer_id, err));
    return wallet_balance(tx, villager_id, balance_fen, err);
}
