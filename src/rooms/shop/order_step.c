/* order_step.c - what becomes of an order: paid, cancelled, expired, picked, collected. */
#include "rooms/shop/order_step.h"

#include <string.h>
#include "base/arena.h"
#include "base/clock.h"
#include "db/db.h"
#include "ledger/ledger.h"
#include "people/person.h"
#include "rooms/shop/order.h"
#include "rooms/shop/stock.h"
#include "web/county.h"

/* ---- reading ---- */

static const struct sql find_order = SQL(
    "SELECT id, villager_id, by_id, village_id, place_id, day, due_ms, state, pay, total_fen,"
    " consignment_id, coalesce(money_id, 0), coalesce(stock_id, 0), arrived_ms,"
    " coalesce(paid_ms, 0), coalesce(ended_ms, 0), expires_ms, note FROM shop_order WHERE id = $1");

enum status order_get(struct tx *tx, int64_t order_id, struct order *out, struct err *err)
{
    struct rows *rows;
    enum status found = db_first(tx, &find_order, ARGS(i64(order_id)), &rows);
    if (found == NOT_FOUND) return err_set(err, NOT_FOUND, "code", "There is no such order.");
    if (found != OK) return found;
    *out = (struct order){
        .id = row_i64(rows, 0), .villager_id = row_i64(rows, 1), .by_id = row_i64(rows, 2),
        .village_id = row_i64(rows, 3), .place_id = row_i64(rows, 4), .day = row_i64(rows, 5),
        .due_ms = row_i64(rows, 6), .state = row_str(rows, 7), .total_fen = row_i64(rows, 9),
        .consignment_id = row_i64(rows, 10), .money_id = row_i64(rows, 11),
        .stock_id = row_i64(rows, 12), .arrived_ms = row_i64(rows, 13),
        .paid_ms = row_i64(rows, 14), .ended_ms = row_i64(rows, 15),
        .expires_ms = row_i64(rows, 16), .note = row_str(rows, 17),
    };
    return pay_of(row_str(rows, 8), &out->pay) ? OK : BROKEN;
}

static const struct sql find_lines = SQL(
    "SELECT l.seq, l.sku_id, l.quantity, l.price_fen, coalesce(l.picked, -1), s.code, s.name,"
    " s.unit, s.bin FROM order_line AS l JOIN sku AS s ON s.id = l.sku_id WHERE l.order_id = $1"
    " ORDER BY l.seq");

enum status order_lines(struct tx *tx, int64_t order_id, struct order_line **out, size_t *count)
{
    struct rows *rows;
    *out = NULL;
    *count = 0;
    enum status found = db_first(tx, &find_lines, ARGS(i64(order_id)), &rows);
    for (; found == OK; found = db_next(rows)) {
        *out = arena_more(tx_arena(tx), *out, *count, sizeof **out);
        if (*out == NULL) return BROKEN;
        (*out)[(*count)++] = (struct order_line){
            .seq = row_i64(rows, 0), .sku_id = row_i64(rows, 1), .quantity = row_i64(rows, 2),
            .price_fen = row_i64(rows, 3), .picked = row_i64(rows, 4), .code = row_str(rows, 5),
            .name = row_str(rows, 6), .unit = row_str(rows, 7), .bin = row_str(rows, 8),
        };
    }
    return found == NOT_FOUND ? OK : found;
}

enum status order_seen_by(const struct order *order, const struct who *who, struct err *err)
{
    uint64_t staff = role_set("desk dispatcher picker clerk auditor admin");
    bool keeper = (who->roles & role_set("keeper station")) != 0
               && who->place_id == order->place_id;
    bool own = who->user_id != 0
            && (who->user_id == order->villager_id || who->user_id == order->by_id);
    if (own || keeper || (who->roles & staff) != 0) return OK;
    return err_set(err, DENIED, "code", "This order is somebody else's.");
}

/* Who may pay or cancel: as order_seen_by, but of the staff the desk and administrators only. */
static enum status order_of(struct tx *tx, int64_t order_id, const struct who *who,
                            struct order *out, struct err *err)
{
    TRY(order_get(tx, order_id, out, err));
    struct who without = *who;
    without.roles &= ~role_set("dispatcher picker clerk auditor");
    return order_seen_by(out, &without, err);
}

static enum status give_back(struct tx *tx, int64_t order_id)
{
    struct order_line *lines;
    size_t count;
    TRY(order_lines(tx, order_id, &lines, &count));
    struct order_take *takes = arena_new(tx_arena(tx), (count + 1) * sizeof *takes);
    if (takes == NULL) return BROKEN;
    for (size_t i = 0; i < count; i++)
        takes[i] = (struct order_take){ lines[i].sku_id, lines[i].quantity };
    return order_move_left(tx, takes, count, 1);
}

/* ---- paying ---- */

static enum status move_money(struct tx *tx, const struct order *order, const char *kind,
                              struct posting posting, int64_t at_ms, int64_t *transfer_id,
                              struct err *err)
{
    struct transfer transfer = {
        .kind = kind, .document_id = order->id, .at_ms = at_ms, .recorded_ms = at_ms,
        .postings = &posting, .count = 1,
    };
    return ledger_transfer(tx, &transfer, transfer_id, err);
}

static const struct sql set_paid = SQL(
    "UPDATE shop_order SET state = 'paid', pay = $2, paid_ms = $3, money_id = $4, stock_id = $5,"
    " by_id = $6 WHERE id = $1");

static enum status check_open(struct tx *tx, const struct order *order, int64_t at_ms,
                              struct err *err)
{
    struct wave wave;
    if (strcmp(order->state, "held") != 0)
        return err_set(err, CONFLICT, "code",
                       strcmp(order->state, "expired") == 0 ? "It was not paid in time."
                                                            : "It does not wait to be paid.");
    TRY(bus_wave(tx, order->day, &wave, err));
    if (at_ms >= order->expires_ms || wave.closed_ms > 0)
        return err_set(err, CONFLICT, "code", "It was not paid in time.");
    return OK;
}

enum status order_pay(struct tx *tx, int64_t order_id, const struct who *who, enum pay pay,
                      int64_t at_ms, struct order *out, struct err *err)
{
    struct posting money;
    TRY(order_of(tx, order_id, who, out, err));
    TRY(check_open(tx, out, at_ms, err));
    if (pay == PAY_LATER) return err_set(err, INVALID, "pay", "How do you pay?");
    if (pay == PAY_CASH && who->place_id != out->place_id)
        return err_set(err, DENIED, "pay", "Only a point keeper takes cash.");
    if (pay == PAY_WALLET && who->user_id != out->villager_id)
        return err_set(err, DENIED, "pay", "A wallet is its owner's.");
    out->pay = pay;
    out->paid_ms = at_ms;
    if (pay == PAY_CASH) out->by_id = who->user_id;
    struct payer payer = { pay, out->villager_id, out->by_id, out->place_id };
    TRY(pay_source(tx, &payer, &money.debit_id, err));
    TRY(pay_account(tx, "orders", &money.credit_id, err));
    money.amount = out->total_fen;
    enum status paid = move_money(tx, out, "order", money, at_ms, &out->money_id, err);
    if (paid != OK) return paid == CONFLICT ? pay_refused(pay, err) : paid;
    TRY(ledger_post_all(tx, ORDER_HOLD, order_id, at_ms, at_ms, &out->stock_id, err));
    out->state = "paid";
    return db_run(tx, &set_paid,
                  ARGS(i64(order_id), str(pay_names[pay]), i64(at_ms), i64(out->money_id),
                       i64(out->stock_id), i64(out->by_id)));
}

/* ---- cancelling and expiring ---- */

/* Cash that the keeper has handed in meanwhile is refunded to the wallet, and the goods go back. */
static enum status refund_otherwise(struct tx *tx, const struct order *order, int64_t at_ms,
                                    struct err *err)
{
    struct line *lines;
    size_t count, n = 0;
    struct payer payer = { order->pay, order->villager_id, order->by_id, order->place_id };
    int64_t transfer_id, to_id;
    TRY(pay_refund_to(tx, &payer, &to_id, err));
    TRY(ledger_lines(tx, NULL, order->id, &lines, &count, err));
    struct posting *postings = arena_new(tx_arena(tx), (count + 1) * sizeof *postings);
    if (postings == NULL) return BROKEN;
    for (size_t i = 0; i < count; i++)
        postings[n++] = (struct posting){
            lines[i].credit_id, lines[i].unit == UNIT_FEN ? to_id : lines[i].debit_id,
            lines[i].amount };
    struct transfer transfer = { .kind = "cancel", .document_id = order->id, .at_ms = at_ms,
                                 .recorded_ms = at_ms, .postings = postings, .count = n };
    return ledger_transfer(tx, &transfer, &transfer_id, err);
}

static enum status undo_payment(struct tx *tx, const struct order *order, int64_t at_ms,
                                struct err *err)
{
    int64_t reversal_id;
    enum status done = ledger_reverse(tx, order->money_id, at_ms, at_ms, &reversal_id, err);
    if (done == CONFLICT && order->pay == PAY_CASH)
        return refund_otherwise(tx, order, at_ms, err);
    if (done != OK || order->stock_id == order->money_id) return done;
    return ledger_reverse(tx, order->stock_id, at_ms, at_ms, &reversal_id, err);
}

static const struct sql set_ended = SQL(
    "UPDATE shop_order SET state = $2, ended_ms = $3 WHERE id = $1");

static enum status end_order(struct tx *tx, int64_t order_id, const char *state, int64_t at_ms)
{
    TRY(db_run(tx, &set_ended, ARGS(i64(order_id), str(state), i64(at_ms))));
    return give_back(tx, order_id);
}

enum status order_cancel(struct tx *tx, int64_t order_id, const struct who *who, int64_t at_ms,
                         struct order *out, struct err *err)
{
    TRY(order_of(tx, order_id, who, out, err));
    bool held = strcmp(out->state, "held") == 0;
    if (!held && strcmp(out->state, "paid") != 0)
        return err_set(err, CONFLICT, "code", "It can't be cancelled any more.");
    enum status withdrawn = bus_withdraw(tx, out->consignment_id, at_ms, err);
    if (withdrawn == CONFLICT)
        return err_set(err, CONFLICT, "code",
                       "Orders for this day have closed: it can't be cancelled any more.");
    if (withdrawn != OK) return withdrawn;
    TRY(held ? ledger_void_all(tx, ORDER_HOLD, order_id, err) : undo_payment(tx, out, at_ms, err));
    out->state = "cancelled";
    out->ended_ms = at_ms;
    return end_order(tx, order_id, out->state, at_ms);
}

enum status order_expire_next(struct tx *tx, int64_t now_ms, struct err *err)
{
    struct order order;
    int64_t order_id;
    TRY(ledger_expire_next(tx, ORDER_HOLD, now_ms, &order_id, err));
    TRY(order_get(tx, order_id, &order, err));
    // It ended before the closing, and so its place on the bus is free before the wave closes.
    enum status withdrawn = bus_withdraw(tx, order.consignment_id, order.expires_ms - 1, err);
    if (withdrawn != OK && withdrawn != CONFLICT) return withdrawn;   // closed early: see the picks
    return end_order(tx, order_id, "expired", now_ms);
}

/* ---- picking ---- */

static const struct sql set_picked = SQL(
    "UPDATE order_line SET picked = $3 WHERE order_id = $1 AND seq = $2 AND picked IS NULL"
    " RETURNING sku_id, quantity, price_fen");
static const struct sql find_line = SQL(
    "SELECT quantity, picked FROM order_line WHERE order_id = $1 AND seq = $2");
static const struct sql all_picked = SQL(
    "UPDATE shop_order SET state = 'picked' WHERE id = $1 AND state = 'paid' AND NOT EXISTS"
    " (SELECT 1 FROM order_line WHERE order_id = $1 AND picked IS NULL)");

/* What is not there is paid back, and counts as short instead of sold. */
static enum status refund_short(struct tx *tx, const struct order *order, int64_t sku_id,
                                int64_t pieces, int64_t price_fen, int64_t at_ms, struct err *err)
{
    struct account sold = piece_account(sku_id, "sold"), missing = piece_account(sku_id, "short");
    struct payer payer = { order->pay, order->villager_id, order->by_id, order->place_id };
    struct posting postings[2];
    int64_t transfer_id;
    TRY(ledger_account(tx, &sold, err));
    TRY(ledger_account(tx, &missing, err));
    postings[0] = (struct posting){ missing.id, sold.id, pieces };
    postings[1].amount = pieces * price_fen;
    TRY(pay_account(tx, "orders", &postings[1].debit_id, err));
    TRY(pay_refund_to(tx, &payer, &postings[1].credit_id, err));
    struct transfer transfer = { .kind = "short", .document_id = order->id, .at_ms = at_ms,
                                 .recorded_ms = at_ms, .postings = postings, .count = 2 };
    return ledger_transfer(tx, &transfer, &transfer_id, err);
}

static enum status check_pick(struct tx *tx, const struct order *order, int64_t seq, int64_t picked,
                              struct err *err)
{
    struct wave wave;
    struct rows *rows;
    enum status found = db_first(tx, &find_line, ARGS(i64(order->id), i64(seq)), &rows);
    if (found == NOT_FOUND) return err_set(err, NOT_FOUND, "line", "There is no such line.");
    if (found != OK) return found;
    if (picked < 0 || picked > row_i64(rows, 0))
        return err_set(err, INVALID, "picked", "More than was ordered.");
    if (!row_null(rows, 1) || strcmp(order->state, "paid") != 0)
        return err_set(err, CONFLICT, "order", "This line is not to be picked any more.");
    TRY(bus_wave(tx, order->day, &wave, err));
    if (wave.closed_ms == 0)
        return err_set(err, CONFLICT, "order", "Picking begins when the wave has closed.");
    return OK;
}

enum status order_pick(struct tx *tx, int64_t order_id, int64_t seq, int64_t picked, int64_t at_ms,
                       struct err *err)
{
    struct order order;
    struct rows *rows;
    TRY(order_get(tx, order_id, &order, err));
    TRY(check_pick(tx, &order, seq, picked, err));
    TRY(db_first(tx, &set_picked, ARGS(i64(order_id), i64(seq), i64(picked)), &rows));
    int64_t sku_id = row_i64(rows, 0), missing = row_i64(rows, 1) - picked;
    int64_t price_fen = row_i64(rows, 2);
    if (missing > 0) TRY(refund_short(tx, &order, sku_id, missing, price_fen, at_ms, err));
    return db_run(tx, &all_picked, ARGS(i64(order_id)));
}

/* ---- collecting ---- */

static const struct sql set_collected = SQL(
    "UPDATE shop_order SET state = 'collected', ended_ms = $2 WHERE id = $1"
    " AND state IN ('paid', 'picked') RETURNING (SELECT CAST(sum(coalesce(l.picked, l.quantity)"
    " * l.price_fen) AS BIGINT) FROM order_line AS l WHERE l.order_id = $1)");

enum status order_collected(struct tx *tx, int64_t order_id, int64_t at_ms, struct err *err)
{
    struct rows *rows;
    struct order order = { .id = order_id };
    struct posting earned;
    int64_t transfer_id;
    enum status set = db_first(tx, &set_collected, ARGS(i64(order_id), i64(at_ms)), &rows);
    if (set != OK) return set == NOT_FOUND ? OK : set;
    earned.amount = row_i64(rows, 0);
    if (earned.amount == 0) return OK;   // nothing of it was there
    TRY(pay_account(tx, "orders", &earned.debit_id, err));
    TRY(pay_account(tx, "sales", &earned.credit_id, err));
    return move_money(tx, &order, "collect", earned, at_ms, &transfer_id, err);
}
