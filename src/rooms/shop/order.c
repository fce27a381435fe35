/* order.c - orders made. */
#include "rooms/shop/order.h"

#include "base/arena.h"
#include "base/clock.h"
#include "db/db.h"
#include "ledger/ledger.h"
#include "people/person.h"
#include "rooms/shop/order_step.h"
#include "web/county.h"

/* ---- what pages show as left ---- */

struct taken { struct shop *shop; const struct order_take *at; size_t count; int sign; };

static void move_left(const struct taken *taken, int sign)
{
    struct catalogue *catalogue = catalogue_hold(taken->shop);
    for (size_t i = 0; i < taken->count; i++) {
        struct item *item = catalogue_by_id(catalogue, taken->at[i].sku_id);
        if (item) atomic_fetch_add(&item->left, sign * taken->at[i].pieces);
    }
    catalogue_release(taken->shop, catalogue);
}

static void undo_left(void *of)
{
    const struct taken *taken = of;
    move_left(taken, -taken->sign);
}

enum status order_move_left(struct tx *tx, const struct order_take *takes, size_t count, int sign)
{
    struct taken *taken = arena_new(tx_arena(tx), sizeof *taken);
    if (taken == NULL) return BROKEN;
    *taken = (struct taken){ shop_of(tx_county(tx)), takes, count, sign };
    move_left(taken, sign);
    return tx_undo(tx, undo_left, taken);
}

/* ---- stock ---- */

static enum status sold_out(const struct cart_line *line, int64_t left, struct err *err)
{
    return err_about(err, CONFLICT, "lines", "Sold out, or not so many are left.", "%.80s: %lld",
                     line->name, (long long)(left > 0 ? left : 0));
}

/* What the list in memory knows already needs no statement. The ledger has the last word. */
static enum status check_left(struct tx *tx, const struct cart *cart, struct err *err)
{
    struct shop *shop = shop_of(tx_county(tx));
    struct catalogue *catalogue = catalogue_hold(shop);
    enum status good = OK;
    for (size_t i = 0; i < cart->count && good == OK; i++) {
        const struct item *item = catalogue_by_id(catalogue, cart->lines[i].sku_id);
        int64_t left = item && item->stock_id ? atomic_load(&item->left) : 0;
        if (left < cart->lines[i].quantity) good = sold_out(&cart->lines[i], left, err);
    }
    catalogue_release(shop, catalogue);
    return good;
}

/* The ledger refused: says whether it was a line, or the money. */
static enum status explain(struct tx *tx, const struct cart *cart, enum pay pay, struct err *err)
{
    for (size_t i = 0; i < cart->count; i++) {
        struct balance balance;
        TRY(ledger_balance(tx, cart->lines[i].stock_id, &balance, err));
        int64_t left = balance.posted - balance.held_out;
        if (left < cart->lines[i].quantity) return sold_out(&cart->lines[i], left, err);
    }
    return pay_refused(pay, err);
}

static enum status hold_stock(struct tx *tx, const struct cart *cart, struct order *order,
                              struct err *err)
{
    struct hold *holds = arena_new(tx_arena(tx), cart->count * sizeof *holds);
    if (holds == NULL) return BROKEN;
    for (size_t i = 0; i < cart->count; i++)
        holds[i] = (struct hold){
            .kind = ORDER_HOLD, .document_id = order->id, .expires_ms = order->expires_ms,
            .posting = { cart->lines[i].sold_id, cart->lines[i].stock_id,
                         cart->lines[i].quantity },
        };
    enum status held = ledger_hold(tx, holds, cart->count, NULL, err);
    return held == CONFLICT ? explain(tx, cart, order->pay, err) : held;
}

/* Goods and money as one transfer. */
static enum status sell(struct tx *tx, const struct cart *cart, struct order *order,
                        struct err *err)
{
    struct posting *postings = arena_new(tx_arena(tx), (cart->count + 1) * sizeof *postings);
    struct payer payer = { order->pay, order->villager_id, order->by_id, order->place_id };
    struct posting *money = postings ? &postings[cart->count] : NULL;
    if (postings == NULL) return BROKEN;
    for (size_t i = 0; i < cart->count; i++)
        postings[i] = (struct posting){ cart->lines[i].sold_id, cart->lines[i].stock_id,
                                        cart->lines[i].quantity };
    money->amount = cart->total_fen;
    TRY(pay_source(tx, &payer, &money->debit_id, err));
    TRY(pay_account(tx, "orders", &money->credit_id, err));
    struct transfer transfer = {
        .kind = "order", .document_id = order->id, .at_ms = order->arrived_ms,
        .recorded_ms = order->arrived_ms, .postings = postings, .count = cart->count + 1,
    };
    enum status sold = ledger_transfer(tx, &transfer, &order->money_id, err);
    order->stock_id = order->money_id;
    return sold == CONFLICT ? explain(tx, cart, order->pay, err) : sold;
}

/* ---- the bus ---- */

static enum status next_day(struct tx *tx, const struct order_new *in, struct err *err)
{
    struct county *county = tx_county(tx);
    struct promise promise = { 0 };
    struct err other = { .text = "" };
    const char *text = err->text, *field = err->field;
    if (bus_promise(county, in->cart.village->place_id, false, &in->cart.need, in->day,
                    in->arrived_ms, &promise, &other) != OK)
        return CONFLICT;
    struct civil day = civil_of_day(promise.day);
    return err_about(err, CONFLICT, field, text, "%04d-%02d-%02d", day.year, day.month, day.day);
}

static enum status consign(struct tx *tx, const struct order_new *in, struct order *order,
                           struct err *err)
{
    struct consignment consignment = {
        .kind = CONSIGN_ORDER, .document_id = order->id, .place_id = order->place_id,
        .party_id = order->villager_id, .pieces = 1, .need = in->cart.need, .day = order->day,
        .made_ms = order->arrived_ms,
    };
    enum status taken = bus_consign(tx, &consignment, err);
    order->consignment_id = consignment.id;
    return taken == CONFLICT ? next_day(tx, in, err) : taken;
}

/* ---- rows ---- */

static const struct sql add_order = SQL(
    "INSERT INTO shop_order (id, villager_id, by_id, village_id, place_id, day, due_ms, state, pay,"
    " total_fen, consignment_id, money_id, stock_id, arrived_ms, paid_ms, expires_ms, note)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)");

static struct value or_null(int64_t n) { return n ? i64(n) : null(); }

static enum status write_order(struct tx *tx, const struct order *o)
{
    return db_run(tx, &add_order,
                  ARGS(i64(o->id), i64(o->villager_id), i64(o->by_id), i64(o->village_id),
                       i64(o->place_id), i64(o->day), i64(o->due_ms), str(o->state),
                       str(pay_names[o->pay]), i64(o->total_fen), i64(o->consignment_id),
                       or_null(o->money_id), or_null(o->stock_id), i64(o->arrived_ms),
                       or_null(o->paid_ms), i64(o->expires_ms), str(o->note)));
}

#define LINE_COLUMNS "INSERT INTO order_line (order_id, seq, sku_id, quantity, price_fen) VALUES"
static const struct sql add_lines[] = {   // one to four at a time
    SQL(LINE_COLUMNS " ($1, $2, $3, $4, $5)"),
    SQL(LINE_COLUMNS " ($1, $2, $3, $4, $5), ($1, $6, $7, $8, $9)"),
    SQL(LINE_COLUMNS " ($1, $2, $3, $4, $5), ($1, $6, $7, $8, $9), ($1, $10, $11, $12, $13)"),
    SQL(LINE_COLUMNS " ($1, $2, $3, $4, $5), ($1, $6, $7, $8, $9), ($1, $10, $11, $12, $13),"
        " ($1, $14, $15, $16, $17)"),
};

static enum status write_lines(struct tx *tx, int64_t order_id, const struct cart *cart)
{
    struct value values[1 + 4 * COUNT(add_lines)];
    for (size_t from = 0, rows; from < cart->count; from += rows) {
        size_t n = 0;
        rows = cart->count - from < COUNT(add_lines) ? cart->count - from : COUNT(add_lines);
        values[n++] = i64(order_id);
        for (size_t i = from; i < from + rows; i++) {
            const struct cart_line *line = &cart->lines[i];
            values[n++] = i64((int64_t)i + 1);
            values[n++] = i64(line->sku_id);
            values[n++] = i64(line->quantity);
            values[n++] = i64(line->price_fen);
        }
        TRY(db_run(tx, &add_lines[rows - 1], (struct args){ n, values }));
    }
    return OK;
}

/* ---- who it is for ---- */

static enum status find_villager(struct tx *tx, const struct order_new *in, int64_t *villager_id,
                                 struct err *err)
{
    struct party party;
    *villager_id = in->who.user_id;
    if (in->for_phone == NULL) return OK;
    if ((in->who.roles & role_set("keeper")) == 0 || in->who.place_id != in->cart.village->place_id)
        return err_set(err, DENIED, "village", "Only the keeper of this point orders for others.");
    enum status found = party_by_phone(tx, in->for_phone, &party, err);
    if (found == NOT_FOUND) {
        party = (struct party){ .kind = PARTY_PERSON, .name = in->for_name, .phone = in->for_phone,
                                .place_id = in->cart.village->village_id };
        if (party.name == NULL) return err_set(err, INVALID, "for_name", "Goods for whom?");
        TRY(party_add(tx, &party, err));
        found = role_give(tx, party.id, ROLE_villager, party.place_id, err);
    }
    *villager_id = party.id;
    return found;
}

/* Unpaid stock is kept for 15 minutes, but not beyond the closing of its wave. */
static enum status hold_until(struct tx *tx, struct order *order, struct err *err)
{
    struct wave wave;
    TRY(bus_wave(tx, order->day, &wave, err));
    order->expires_ms = order->arrived_ms + HOLD_MS;
    if (order->expires_ms > wave.closes_ms) order->expires_ms = wave.closes_ms;
    order->state = "held";
    return OK;
}

enum status order_make(struct tx *tx, const struct order_new *in, struct order *out,
                       struct err *err)
{
    const struct cart *cart = &in->cart;
    *out = (struct order){
        .by_id = in->who.user_id, .village_id = cart->village->village_id,
        .place_id = cart->village->place_id, .day = in->day, .pay = in->pay, .state = "paid",
        .due_ms = day_ms(in->day, DUE_S, tx_county(tx)->zone_s), .total_fen = cart->total_fen,
        .arrived_ms = in->arrived_ms, .note = in->note,
        .paid_ms = in->pay == PAY_LATER ? 0 : in->arrived_ms,
    };
    TRY(check_left(tx, cart, err));
    TRY(find_villager(tx, in, &out->villager_id, err));
    out->id = tx_id(tx);
    TRY(consign(tx, in, out, err));
    if (in->pay == PAY_LATER) {
        TRY(hold_until(tx, out, err));
        TRY(hold_stock(tx, cart, out, err));
    } else {
        TRY(sell(tx, cart, out, err));
    }
    TRY(write_order(tx, out));
    TRY(write_lines(tx, out->id, cart));

    struct order_take *takes = arena_new(tx_arena(tx), cart->count * sizeof *takes);
    if (takes == NULL) return BROKEN;
    for (size_t i = 0; i < cart->count; i++)
        takes[i] = (struct order_take){ cart->lines[i].sku_id, cart->lines[i].quantity };
    return order_move_left(tx, takes, cart->count, -1);
}
