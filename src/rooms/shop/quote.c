/* quote.c - the promise of a cart, before anybody pays. */
#include "rooms/shop/quote.h"

#include <string.h>
#include "base/arena.h"
#include "db/db.h"
#include "people/person.h"
#include "rooms/shop/cart.h"
#include "rooms/shop/pay.h"
#include "rooms/shop/view.h"
#include "web/county.h"
#include "web/form.h"

struct quoted { bool found; struct promise promise; };

struct quote {
    struct cart cart;
    const char *text;             // the cart as text
    struct quoted whole, *lines;
    int64_t user_id, wallet_fen, now_ms;
    bool keeper;
};

static struct quoted promise_of(struct request *rq, const struct cart *cart,
                                const struct need *need)
{
    struct quoted quoted = { 0 };
    struct err none = { .text = "" };
    quoted.found = bus_promise(rq->county, cart->village->place_id, false, need, 0,
                               rq->arrived_ms, &quoted.promise, &none) == OK;
    return quoted;
}

static enum status prepare_quote(struct request *rq, void *in, struct err *err)
{
    struct quote *quote = in;
    TRY(cart_read_any(rq, &quote->cart, err));
    quote->now_ms = rq->arrived_ms;
    quote->user_id = rq->user_id;
    quote->keeper = (rq->who.roles & role_set("keeper")) != 0
                 && rq->who.place_id == quote->cart.village->place_id;
    quote->text = cart_text(rq->arena, &quote->cart);
    quote->lines = arena_new(rq->arena, (quote->cart.count + 1) * sizeof *quote->lines);
    if (quote->text == NULL || quote->lines == NULL) return BROKEN;
    quote->whole = promise_of(rq, &quote->cart, &quote->cart.need);
    for (size_t i = 0; i < quote->cart.count; i++)
        quote->lines[i] = promise_of(rq, &quote->cart, &quote->cart.lines[i].need);
    return OK;
}

static enum status act_quote(struct tx *tx, const void *in, void *out, struct err *err)
{
    struct quote *quote = out;
    *quote = *(const struct quote *)in;
    return quote->user_id ? wallet_balance(tx, quote->user_id, &quote->wallet_fen, err) : OK;
}

static json_t *line_json(const struct county *county, const struct quote *quote, size_t i)
{
    const struct cart_line *line = &quote->cart.lines[i];
    const struct quoted *q = &quote->lines[i];
    int64_t left = line->left > 0 ? line->left : 0;
    json_t *row = json_pack("{s:I, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:b}", "row", (json_int_t)i,
                            "code", line->code, "name", line->name, "unit", line->unit, "quantity",
                            (json_int_t)line->quantity, "price_fen", (json_int_t)line->price_fen,
                            "sum_fen", (json_int_t)(line->price_fen * line->quantity), "left",
                            (json_int_t)left, "short", (int)(left < line->quantity));
    if (row) view_promise(row, county, q->found ? &q->promise : NULL, q->promise.why_later,
                          quote->now_ms);
    return row;
}

static json_t *show_quote(struct request *rq, const void *out)
{
    const struct quote *quote = out;
    const struct quoted *whole = &quote->whole;
    json_t *lines = json_array();
    bool there = true;
    for (size_t i = 0; lines && i < quote->cart.count; i++) {
        json_array_append_new(lines, line_json(rq->county, quote, i));
        if (quote->cart.lines[i].left < quote->cart.lines[i].quantity) there = false;
    }
    bool can = there && whole->found && quote->cart.count > 0;
    json_t *view = json_pack("{s:o, s:I, s:I, s:s, s:b, s:b, s:b, s:b, s:b, s:I, s:o}", "lines",
                             lines, "count", (json_int_t)quote->cart.count, "total_fen",
                             (json_int_t)quote->cart.total_fen, "cart", quote->text, "all_there",
                             (int)there, "can_order", (int)(can && quote->user_id),
                             "must_login", (int)(can && !quote->user_id), "keeper",
                             (int)quote->keeper, "empty", (int)(quote->cart.count == 0),
                             "wallet_fen", (json_int_t)quote->wallet_fen, "pays",
                             view_pays(rq, true));
    if (view == NULL) return NULL;
    view_village(view, quote->cart.village);
    view_promise(view, rq->county, whole->found ? &whole->promise : NULL,
                 whole->promise.why_later, quote->now_ms);
    return view;
}

const struct route quote_routes[] = {
    { .method = GET, .path = "/shop/promise", .permission = &anyone, .page = "shop/promise",
      .text = "What a cart costs and by when it comes; nothing is reserved",
      .in_size = sizeof(struct quote), .out_size = sizeof(struct quote),
      .prepare = prepare_quote, .act = act_quote, .show = show_quote },
    { 0 }
};
