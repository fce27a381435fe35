/* follow.c - an order as its owner follows it, and the list of one's orders. */
#include <string.h>
#include "base/arena.h"
#include "base/clock.h"
#include "base/ids.h"
#include "base/text.h"
#include "db/db.h"
#include "ledger/ledger.h"
#include "people/person.h"
#include "people/place.h"
#include "rooms/shop/buy.h"
#include "rooms/shop/order.h"
#include "rooms/shop/view.h"
#include "web/county.h"
#include "web/form.h"

enum { ORDERS_SHOWN = 100 };

/* ---- one order ---- */

struct asked { int64_t order_id, day, now_ms; struct who who; };

struct followed {
    struct order order;
    struct order_line *lines;
    size_t line_count;
    struct line *postings;        // of the ledger, for staff
    size_t posting_count;
    struct consignment_now now;
    struct wave wave;
    struct place place, village;
    struct party villager;
    int64_t now_ms;
    bool staff;
};

static enum status prepare_follow(struct request *rq, void *in, struct err *err)
{
    struct asked *asked = in;
    asked->who = rq->who;
    asked->now_ms = rq->arrived_ms;
    return form_code(rq, "code", &asked->order_id, err);
}

static enum status act_follow(struct tx *tx, const void *in, void *out, struct err *err)
{
    const struct asked *asked = in;
    struct followed *f = out;
    f->now_ms = asked->now_ms;
    f->staff = (asked->who.roles & role_set("desk clerk auditor admin dispatcher")) != 0;
    TRY(order_get(tx, asked->order_id, &f->order, err));
    TRY(order_seen_by(&f->order, &asked->who, err));
    TRY(order_lines(tx, asked->order_id, &f->lines, &f->line_count));
    TRY(bus_consignment_now(tx, f->order.consignment_id, &f->now, err));
    TRY(bus_wave(tx, f->order.day, &f->wave, err));
    TRY(place_get(tx, f->order.place_id, &f->place, err));
    TRY(place_get(tx, f->order.village_id, &f->village, err));
    TRY(party_get(tx, f->order.villager_id, &f->villager, err));
    if (!f->staff) return OK;
    return ledger_lines(tx, NULL, asked->order_id, &f->postings, &f->posting_count, err);
}

static json_t *lines_json(const struct followed *f, int64_t *refunded_fen)
{
    json_t *list = json_array();
    *refunded_fen = 0;
    for (size_t i = 0; list && i < f->line_count; i++) {
        const struct order_line *line = &f->lines[i];
        int64_t missing = line->picked < 0 ? 0 : line->quantity - line->picked;
        *refunded_fen += missing * line->price_fen;
        json_array_append_new(list, json_pack(
            "{s:I, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:b}", "line", (json_int_t)line->seq, "code",
            line->code, "name", line->name, "unit", line->unit, "quantity",
            (json_int_t)line->quantity, "price_fen", (json_int_t)line->price_fen, "sum_fen",
            (json_int_t)(line->price_fen * line->quantity), "missing", (json_int_t)missing,
            "short", (int)(missing > 0)));
    }
    return list;
}

static void step(json_t *steps, const char *text, bool done, int64_t at_ms)
{
    json_array_append_new(steps, json_pack("{s:s, s:b, s:b, s:I}", "text", text, "done", (int)done,
                                           "timed", (int)(at_ms != 0), "at_ms",
                                           (json_int_t)at_ms));
}

/* What has happened and what comes, in the order in which it happens. */
static json_t *steps_json(const struct followed *f)
{
    static const char *const places[] = { "waiting", "planned", "packed", "on_bus", "at_point",
                                          "collected" };
    static const struct { const char *text; } texts[] = {
        { .text = "Ordered" }, { .text = "Paid" }, { .text = "Picked and packed" },
        { .text = "On the bus" }, { .text = "At the village point" }, { .text = "Collected" },
    };
    const struct order *o = &f->order;
    size_t reached = 0;
    for (size_t i = 0; i < COUNT(places); i++)
        if (strcmp(places[i], f->now.state) == 0) reached = i;
    json_t *steps = json_array();
    if (steps == NULL) return NULL;
    bool ended = strcmp(o->state, "cancelled") == 0 || strcmp(o->state, "expired") == 0;
    step(steps, texts[0].text, true, o->arrived_ms);
    if (o->paid_ms || !ended) step(steps, texts[1].text, o->paid_ms != 0, o->paid_ms);
    if (ended) {
        step(steps, order_state_text(o->state), true, o->ended_ms);
        return steps;
    }
    bool picked = reached >= 2 || strcmp(o->state, "picked") == 0;
    step(steps, texts[2].text, picked, 0);
    step(steps, texts[3].text, reached >= 3, 0);
    step(steps, texts[4].text, reached >= 4, f->now.delivered_ms);
    step(steps, texts[5].text, reached >= 5, f->now.collected_ms);
    return steps;
}

static json_t *postings_json(const struct followed *f)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < f->posting_count; i++) {
        const struct line *l = &f->postings[i];
        json_array_append_new(list, json_pack(
            "{s:I, s:I, s:s, s:I, s:I, s:I, s:I, s:b, s:I, s:I}", "id", (json_int_t)l->posting_id,
            "transfer_id", (json_int_t)l->transfer_id, "kind", l->kind, "debit_id",
            (json_int_t)l->debit_id, "credit_id", (json_int_t)l->credit_id, "amount",
            (json_int_t)l->amount, "unit", (json_int_t)l->unit, "money",
            (int)(l->unit == UNIT_FEN), "at_ms", (json_int_t)l->at_ms, "reverses_id",
            (json_int_t)l->reverses_id));
    }
    return list;
}

static void follow_bus(json_t *view, const struct followed *f)
{
    const struct consignment_now *now = &f->now;
    json_t *bus = json_pack("{s:s, s:b, s:I, s:s, s:b, s:I}", "delivery", now->state, "on_trip",
                            (int)(now->trip_id != 0), "trip_number",
                            (json_int_t)now->trip_number, "plate", now->plate ? now->plate : "",
                            "eta_known", (int)(now->eta_ms != 0 && now->delivered_ms == 0),
                            "eta_ms", (json_int_t)now->eta_ms);
    json_object_update_new(view, bus);
}

static json_t *show_follow(struct request *rq, const void *out)
{
    const struct followed *f = out;
    const struct order *o = &f->order;
    int64_t refunded_fen;
    char code[CODE_TEXT];
    bool held = strcmp(o->state, "held") == 0;
    bool open = f->wave.closed_ms == 0 && f->now_ms < f->wave.closes_ms;
    const char *phone = f->villager.phone ? text_masked(rq->arena, f->villager.phone) : "";
    json_t *lines = lines_json(f, &refunded_fen);
    code_print(rq->county->code_key, o->id, code);
    json_t *view = json_pack(
        "{s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:s, s:s, s:b, s:s, s:s, s:s, s:s, s:s, s:I,"
        " s:I, s:b, s:b, s:o, s:o, s:o, s:b, s:o}",
        "code", code, "state", o->state, "kind", order_state_kind(o->state), "state_text",
        order_state_text(o->state),
        "day", (json_int_t)o->day, "due_ms", (json_int_t)o->due_ms,
        "closes_ms", (json_int_t)f->wave.closes_ms,
        "total_fen", (json_int_t)o->total_fen, "refunded_fen", (json_int_t)refunded_fen,
        "pay", pay_names[o->pay], "pay_text", pay_text(o->pay), "demo", (int)(o->pay == PAY_DEMO),
        "place_name", f->place.name, "village_name", f->village.name, "name", f->villager.name,
        "phone", phone ? phone : "", "note", o->note ? o->note : "",
        "arrived_ms", (json_int_t)o->arrived_ms, "expires_ms", (json_int_t)o->expires_ms,
        "can_pay", (int)(held && open && f->now_ms < o->expires_ms),
        "can_cancel", (int)(open && (held || strcmp(o->state, "paid") == 0)),
        "pays", view_pays(rq, false), "lines", lines, "steps", steps_json(f),
        "staff", (int)f->staff, "postings", postings_json(f));
    if (view) follow_bus(view, f);
    return view;
}

/* ---- one's orders ---- */

struct mine { struct order *orders; const char **names; size_t count; int64_t now_ms; };

static const struct sql find_mine = SQL(
    "SELECT o.id, o.day, o.due_ms, o.state, o.total_fen, o.arrived_ms, '' FROM shop_order AS o"
    " WHERE o.villager_id = $1 ORDER BY o.id DESC LIMIT $2");
static const struct sql find_at_point = SQL(
    "SELECT o.id, o.day, o.due_ms, o.state, o.total_fen, o.arrived_ms, o.villager_id"
    " FROM shop_order AS o WHERE o.day = $1 AND o.place_id = $2"
    " AND o.state <> 'expired' AND o.state <> 'cancelled' ORDER BY o.id LIMIT $3");

static enum status prepare_mine(struct request *rq, void *in, struct err *err)
{
    struct asked *asked = in;
    asked->who = rq->who;
    asked->now_ms = rq->arrived_ms;
    return form_i64_opt(rq, "day", 0, 4000000, &asked->day, err);
}

static enum status add_mine(struct tx *tx, const struct rows *rows, bool at_point,
                            struct mine *mine)
{
    struct party party = { .name = "" };
    struct err none = { .text = "" };
    mine->orders = arena_more(tx_arena(tx), mine->orders, mine->count, sizeof *mine->orders);
    mine->names = arena_more(tx_arena(tx), mine->names, mine->count, sizeof *mine->names);
    if (mine->orders == NULL || mine->names == NULL) return BROKEN;
    if (at_point) TRY(party_get(tx, row_i64(rows, 6), &party, &none));
    mine->names[mine->count] = party.name;
    mine->orders[mine->count++] = (struct order){
        .id = row_i64(rows, 0), .day = row_i64(rows, 1), .due_ms = row_i64(rows, 2),
        .state = row_str(rows, 3), .total_fen = row_i64(rows, 4), .arrived_ms = row_i64(rows, 5),
    };
    return OK;
}

/* A keeper who asks for a day sees what comes to his point, and for whom. */
static enum status act_mine(struct tx *tx, const void *in, void *out, struct err *err)
{
    const struct asked *asked = in;
    struct mine *mine = out;
    struct rows *rows;
    (void)err;
    mine->now_ms = asked->now_ms;
    bool at_point = asked->day > 0 && (asked->who.roles & role_set("keeper station")) != 0
                 && asked->who.place_id != 0;
    enum status found = at_point
        ? db_first(tx, &find_at_point, ARGS(i64(asked->day), i64(asked->who.place_id),
                                            i64(10 * ORDERS_SHOWN)), &rows)
        : db_first(tx, &find_mine, ARGS(i64(asked->who.user_id), i64(ORDERS_SHOWN)), &rows);
    for (; found == OK; found = db_next(rows)) TRY(add_mine(tx, rows, at_point, mine));
    return found == NOT_FOUND ? OK : found;
}

static json_t *show_mine(struct request *rq, const void *out)
{
    const struct mine *mine = out;
    json_t *list = json_array();
    for (size_t i = 0; list && i < mine->count; i++) {
        const struct order *o = &mine->orders[i];
        char code[CODE_TEXT];
        code_print(rq->county->code_key, o->id, code);
        json_array_append_new(list, json_pack(
            "{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I}", "code", code, "name", mine->names[i],
            "state", o->state, "kind", order_state_kind(o->state), "state_text",
            order_state_text(o->state), "day", (json_int_t)o->day, "due_ms",
            (json_int_t)o->due_ms, "total_fen", (json_int_t)o->total_fen, "arrived_ms",
            (json_int_t)o->arrived_ms));
    }
    return list ? json_pack("{s:b, s:o}", "none", (int)(mine->count == 0), "orders", list) : NULL;
}

const struct route follow_routes[] = {
    { .method = GET, .path = "/shop/orders", .permission = &logged_in, .page = "shop/orders",
      .text = "One's orders, newest first; with a day, those that come to the keeper's point",
      .in_size = sizeof(struct asked), .out_size = sizeof(struct mine),
      .prepare = prepare_mine, .act = act_mine, .show = show_mine },
    { .method = GET, .path = "/shop/orders/{code}", .permission = &logged_in, .page = "shop/order",
      .text = "An order with each step of its way", .in_size = sizeof(struct asked),
      .out_size = sizeof(struct followed), .prepare = prepare_follow, .act = act_follow,
      .show = show_follow },
    { 0 }
};
