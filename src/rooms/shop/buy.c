/* buy.c - ordering, paying and cancelling. */
#include "rooms/shop/buy.h"

#include <stdio.h>
#include "base/ids.h"
#include "base/money.h"
#include "rooms/shop/order.h"
#include "rooms/shop/view.h"
#include "web/county.h"
#include "web/form.h"

const struct permission buy_permission = {
    "shop.order", "Order goods", "villager keeper producer driver station desk admin" };

/* ---- a new order ---- */

/* What the client was shown is what is charged, or nothing is. */
static enum status check_total(struct request *rq, const struct cart *cart, struct err *err)
{
    int64_t shown;
    TRY(form_i64(rq, "total_fen", 0, FEN_MAX, &shown, err));
    if (shown == cart->total_fen) return OK;
    return err_about(err, CONFLICT, "total_fen", "Prices have changed. The sum is now, in fen:",
                     "%lld", (long long)cart->total_fen);
}

static enum status prepare_order(struct request *rq, void *in, struct err *err)
{
    struct order_new *order = in;
    order->who = rq->who;
    order->arrived_ms = rq->arrived_ms;
    TRY(cart_read(rq, &order->cart, err));
    TRY(form_i64(rq, "day", 0, 4000000, &order->day, err));
    TRY(pay_read(rq, &order->pay, err));
    TRY(form_str_opt(rq, "for_phone", 30, &order->for_phone, err));
    TRY(form_str_opt(rq, "for_name", 60, &order->for_name, err));
    TRY(form_str_opt(rq, "note", 200, &order->note, err));
    if (order->pay == PAY_CASH && rq->who.place_id != order->cart.village->place_id)
        return err_set(err, DENIED, "pay", "Only a point keeper takes cash.");
    return check_total(rq, &order->cart, err);
}

static enum status act_order(struct tx *tx, const void *in, void *out, struct err *err)
{
    return order_make(tx, in, out, err);
}

static json_t *show_order(struct request *rq, const void *out)
{
    const struct order *order = out;
    char code[CODE_TEXT];
    code_print(rq->county->code_key, order->id, code);
    return json_pack("{s:s, s:I, s:I, s:s, s:I, s:s, s:I}", "code", code, "day",
                     (json_int_t)order->day, "due_ms", (json_int_t)order->due_ms, "state",
                     order->state, "total_fen", (json_int_t)order->total_fen, "pay",
                     pay_names[order->pay], "expires_ms", (json_int_t)order->expires_ms);
}

/* ---- paid later, or not at all ---- */

struct step { int64_t order_id, at_ms; struct who who; enum pay pay; };

static enum status prepare_step(struct request *rq, struct step *step, struct err *err)
{
    step->who = rq->who;
    step->at_ms = rq->arrived_ms;
    return form_code(rq, "code", &step->order_id, err);
}

static enum status prepare_pay(struct request *rq, void *in, struct err *err)
{
    struct step *step = in;
    TRY(prepare_step(rq, step, err));
    return pay_read(rq, &step->pay, err);
}

static enum status act_pay(struct tx *tx, const void *in, void *out, struct err *err)
{
    const struct step *step = in;
    return order_pay(tx, step->order_id, &step->who, step->pay, step->at_ms, out, err);
}

static enum status prepare_cancel(struct request *rq, void *in, struct err *err)
{
    return prepare_step(rq, in, err);
}

static enum status act_cancel(struct tx *tx, const void *in, void *out, struct err *err)
{
    const struct step *step = in;
    return order_cancel(tx, step->order_id, &step->who, step->at_ms, out, err);
}

const struct route buy_routes[] = {
    { .method = POST, .path = "/shop/orders", .permission = &buy_permission,
      .next = "/shop/orders/{code}", .lane = LANE_ORDER,
      .text = "Order what a promise was shown for: village, day, lines, total_fen, pay",
      .in_size = sizeof(struct order_new), .out_size = sizeof(struct order),
      .prepare = prepare_order, .act = act_order, .show = show_order },
    { .method = POST, .path = "/shop/orders/{code}/pay", .permission = &buy_permission,
      .next = "/shop/orders/{code}", .lane = LANE_FIRST, .text = "Pay an order that is held",
      .in_size = sizeof(struct step), .out_size = sizeof(struct order),
      .prepare = prepare_pay, .act = act_pay, .show = show_order },
    { .method = POST, .path = "/shop/orders/{code}/cancel", .permission = &buy_permission,
      .next = "/shop/orders/{code}", .lane = LANE_ORDER,
      .text = "Cancel an order, until its wave closes; stock and money return at once",
      .in_size = sizeof(struct step), .out_size = sizeof(struct order),
      .prepare = prepare_cancel, .act = act_cancel, .show = show_order },
    { 0 }
};
