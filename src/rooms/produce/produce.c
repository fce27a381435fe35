/* produce.c - the room of what goes up: its tables and routes. */
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/ids.h"
#include "base/money.h"
#include "db/db.h"
#include "people/person.h"
#include "people/place.h"
#include "rooms/produce/offer.h"
#include "web/county.h"
#include "web/figure.h"
#include "web/form.h"
#include "web/page.h"
#include "web/room.h"

enum { MINE_MAX = 50 };

static const char *const tables[] = {
    "CREATE TABLE produce_offer (id BIGINT PRIMARY KEY,"
    " producer_id BIGINT NOT NULL REFERENCES people_party, product TEXT NOT NULL,"
    " unit TEXT NOT NULL, quantity BIGINT NOT NULL CHECK (quantity > 0),"
    " weight_g BIGINT NOT NULL CHECK (weight_g > 0),"        // of the whole lot
    " volume_ml BIGINT NOT NULL CHECK (volume_ml > 0),"
    " temperature TEXT NOT NULL CHECK (temperature IN ('ambient', 'chilled', 'frozen', 'live')),"
    " price_fen BIGINT NOT NULL CHECK (price_fen > 0),"      // asked for one unit
    " village_id BIGINT NOT NULL REFERENCES people_place,"
    " place_id BIGINT NOT NULL REFERENCES people_place, ready_s BIGINT,"
    // What comes after 'accepted' is told by the bus.
    " state TEXT NOT NULL CHECK (state IN ('accepted', 'withdrawn')),"
    " consignment_id BIGINT NOT NULL, day BIGINT NOT NULL, by_id BIGINT NOT NULL,"
    " made_ms BIGINT NOT NULL, withdrawn_ms BIGINT, withdrawn_by BIGINT);"
    "CREATE INDEX produce_offer_of_producer ON produce_offer (producer_id, id);"
    "CREATE INDEX produce_offer_of_day ON produce_offer (day, place_id);",
    NULL
};

/* ---- offering ---- */

struct offering { struct offer offer; const char *village, *for_phone; int64_t producer_id; };

static enum status read_ready(struct request *rq, int64_t *ready_s, struct err *err)
{
    const char *text = NULL;
    *ready_s = -1;
    TRY(form_str_opt(rq, "ready", 10, &text, err));
    if (text == NULL) return OK;
    char *end = NULL;
    long hours = strtol(text, &end, 10), minutes = *end == ':' ? strtol(end + 1, &end, 10) : -1;
    if (*end != '\0' || hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
        return err_set(err, INVALID, "ready", "A time is written as 07:30.");
    *ready_s = hours * 3600 + minutes * 60;
    return OK;
}

/* From a page in yuan. */
static enum status read_price(struct request *rq, int64_t *fen, struct err *err)
{
    const char *yuan = NULL;
    TRY(form_str_opt(rq, "price_yuan", 20, &yuan, err));
    if (yuan == NULL) return form_i64(rq, "price_fen", 1, PRICE_MAX_FEN, fen, err);
    if (money_parse(yuan, fen) == OK && *fen > 0 && *fen <= PRICE_MAX_FEN) return OK;
    return err_set(err, INVALID, "price_yuan", "An amount is written as 12.50.");
}

/* From a page the weight may come in kilograms and the volume in litres. */
static enum status read_sizes(struct request *rq, struct offer *o, struct err *err)
{
    int64_t kg = 0, litres = 0;
    TRY(form_i64_opt(rq, "weight_kg", 1, LOT_MAX_G / 1000 * 10, &kg, err));
    TRY(form_i64_opt(rq, "volume_litres", 1, LOT_MAX_ML / 1000 * 10, &litres, err));
    if (kg) o->weight_g = kg * 1000;
    else TRY(form_i64(rq, "weight_g", 1, INT64_C(10) * LOT_MAX_G, &o->weight_g, err));
    if (litres) o->volume_ml = litres * 1000;
    else TRY(form_i64(rq, "volume_ml", 1, INT64_C(10) * LOT_MAX_ML, &o->volume_ml, err));
    return OK;
}

static enum status prepare_offer(struct request *rq, void *in, struct err *err)
{
    struct offering *offering = in;
    struct offer *o = &offering->offer;
    int temperature;
    offering->producer_id = rq->user_id;
    o->by_id = rq->user_id;
    o->made_ms = rq->arrived_ms;
    TRY(form_str(rq, "product", 90, &o->product, err));
    TRY(form_str(rq, "unit", 30, &o->unit, err));
    TRY(form_i64(rq, "quantity", 1, QUANTITY_MAX, &o->quantity, err));
    TRY(read_sizes(rq, o, err));
    TRY(form_word(rq, "temperature", temperatures, &temperature, err));
    o->temperature = (enum temperature)temperature;
    TRY(read_price(rq, &o->price_fen, err));
    TRY(form_str_opt(rq, "village", 40, &offering->village, err));
    TRY(form_str_opt(rq, "for_phone", 30, &offering->for_phone, err));
    if (offering->for_phone && !(rq->who.roles & role_set("keeper dispatcher admin")))
        return err_set(err, DENIED, "for_phone", "Only a point keeper offers for others.");
    return read_ready(rq, &o->ready_s, err);
}

/* The village said, else the producer's own. */
static enum status find_village(struct tx *tx, const struct offering *in,
                                const struct party *producer, int64_t *village_id,
                                struct err *err)
{
    struct place place;
    if (in->village == NULL) {
        *village_id = producer->place_id;
        if (producer->place_id) return OK;
        return err_set(err, INVALID, "village", "Please say from which village.");
    }
    enum status found = place_by_code(tx, in->village, &place, err);
    if (found == NOT_FOUND || (found == OK && place.kind != PLACE_VILLAGE))
        return err_about(err, INVALID, "village", "There is no village of this code.", "%.20s",
                         in->village);
    *village_id = place.id;
    return found;
}

static enum status act_offer(struct tx *tx, const void *in, void *out, struct err *err)
{
    const struct offering *offering = in;
    struct offer offer = offering->offer;
    struct party producer;
    enum status found = offering->for_phone
        ? party_by_phone(tx, offering->for_phone, &producer, err)
        : party_get(tx, offering->producer_id, &producer, err);
    if (found == NOT_FOUND)
        return err_set(err, INVALID, "for_phone", "Nobody has this telephone number.");
    if (found != OK) return found;
    offer.producer_id = producer.id;
    TRY(find_village(tx, offering, &producer, &offer.village_id, err));
    TRY(offer_make(tx, &offer, err));
    return offer_get(tx, offer.id, out, err);
}

/* ---- showing ---- */

static const char *state_text(const char *state)
{
    static const struct { const char *name, *text; } states[] = {
        { "accepted", "A bus comes for it" }, { "collected", "On the bus" },
        { "at_hub", "At the hub" }, { "withdrawn", "Withdrawn" },
        { "excepted", "Something went wrong" },
    };
    for (size_t i = 0; i < COUNT(states); i++)
        if (strcmp(states[i].name, state) == 0) return states[i].text;
    return "";
}

static json_t *where_json(const struct request *rq, const struct offer *o)
{
    char code[CODE_TEXT];
    code_print(rq->county->code_key, o->id, code);
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:b}",
                     "code", code, "producer", o->producer, "phone", o->phone ? o->phone : "",
                     "village", o->village, "place", o->place, "plate", o->plate ? o->plate : "",
                     "state_text", words(rq->lang, state_text(o->state)), "day",
                     (json_int_t)o->day, "due_ms", (json_int_t)o->due_ms, "eta_ms",
                     (json_int_t)o->eta_ms, "ready_s",
                     (json_int_t)o->ready_s, "can_withdraw",
                     (int)(strcmp(o->state, "accepted") == 0));
}

static json_t *offer_json(const struct request *rq, const struct offer *o)
{
    json_t *view = json_pack("{s:I, s:s, s:s, s:I, s:I, s:I, s:s, s:I, s:s, s:I}", "id",
                             (json_int_t)o->id, "product", o->product, "unit", o->unit,
                             "quantity", (json_int_t)o->quantity, "weight_g",
                             (json_int_t)o->weight_g, "volume_ml", (json_int_t)o->volume_ml,
                             "temperature", temperatures[o->temperature], "price_fen",
                             (json_int_t)o->price_fen, "state", o->state, "made_ms",
                             (json_int_t)o->made_ms);
    json_t *where = where_json(rq, o);
    if (view == NULL || where == NULL || json_object_update(view, where) != 0) {
        json_decref(view);
        view = NULL;
    }
    json_decref(where);
    return view;
}

static json_t *show_offer(struct request *rq, const void *out)
{
    return offer_json(rq, out);
}

struct offers { struct offer *at; size_t count; int64_t day, producer_id; };

static json_t *show_list(struct request *rq, const void *out)
{
    const struct offers *offers = out;
    json_t *list = json_array();
    int64_t weight_g = 0, volume_ml = 0;
    for (size_t i = 0; list && i < offers->count; i++) {
        json_array_append_new(list, offer_json(rq, &offers->at[i]));
        weight_g += offers->at[i].weight_g;
        volume_ml += offers->at[i].volume_ml;
    }
    bool helps = (rq->who.roles & role_set("keeper dispatcher admin")) != 0;
    int64_t day = day_ms(offers->day, 0, rq->county->zone_s);
    return list ? json_pack("{s:o, s:I, s:I, s:I, s:b, s:I, s:I}", "offers", list, "weight_g",
                            (json_int_t)weight_g, "volume_ml", (json_int_t)volume_ml, "page",
                            (json_int_t)rq->arrived_ms, "helps", (int)helps, "day",
                            (json_int_t)offers->day, "day_ms", (json_int_t)day) : NULL;
}

static enum status prepare_mine(struct request *rq, void *in, struct err *err)
{
    int64_t *user_id = in;
    (void)err;
    *user_id = rq->user_id;
    return OK;
}

static enum status act_mine(struct tx *tx, const void *in, void *of, struct err *err)
{
    const int64_t *producer_id = in;
    struct offers *out = of;
    return offer_of_producer(tx, *producer_id, MINE_MAX, &out->at, &out->count, err);
}

static enum status prepare_day(struct request *rq, void *in, struct err *err)
{
    return form_i64(rq, "day", 0, 4000000, (int64_t *)in, err);
}

static enum status act_day(struct tx *tx, const void *in, void *of, struct err *err)
{
    const int64_t *day = in;
    struct offers *out = of;
    out->day = *day;
    return offer_of_day(tx, *day, &out->at, &out->count, err);
}

/* ---- taking back ---- */

static enum status prepare_withdraw(struct request *rq, void *in, struct err *err)
{
    struct withdrawal *w = in;
    w->by_id = rq->user_id;
    w->at_ms = rq->arrived_ms;
    w->helps = (rq->who.roles & role_set("dispatcher admin")) != 0;
    return form_i64(rq, "offer_id", 1, ID_MAX, &w->offer_id, err);
}

static enum status act_withdraw(struct tx *tx, const void *in, void *out, struct err *err)
{
    const struct withdrawal *w = in;
    TRY(offer_withdraw(tx, w, err));
    return offer_get(tx, w->offer_id, out, err);
}

/* ---- the room ---- */

static const struct permission offer_permission = {
    "produce.offer", "Offer produce for collection", "producer keeper dispatcher admin" };
static const struct permission see_permission = {
    "produce.see", "See what is offered on a day",
    "dispatcher picker station clerk head auditor admin" };
static const struct permission *const permissions[] = { &offer_permission, &see_permission, NULL };

static const struct route routes[] = {
    { .method = POST, .path = "/produce/offers", .permission = &offer_permission,
      .next = "/produce/offers", .lane = LANE_ORDER,
      .text = "Offer a lot for collection: product, unit, quantity, weight_g and volume_ml of all",
      .in_size = sizeof(struct offering), .out_size = sizeof(struct offer),
      .prepare = prepare_offer, .act = act_offer, .show = show_offer },
    { .method = GET, .path = "/produce/offers", .permission = &offer_permission,
      .page = "produce/offers", .text = "My offers, newest first", .in_size = sizeof(int64_t),
      .out_size = sizeof(struct offers), .prepare = prepare_mine, .act = act_mine,
      .show = show_list },
    { .method = POST, .path = "/produce/offers/{offer_id}/withdraw",
      .permission = &offer_permission, .next = "/produce/offers", .lane = LANE_ORDER,
      .text = "Take an offer back, until its wave closes",
      .in_size = sizeof(struct withdrawal), .out_size = sizeof(struct offer),
      .prepare = prepare_withdraw, .act = act_withdraw, .show = show_offer },
    { .method = GET, .path = "/produce/day/{day}", .permission = &see_permission,
      .page = "produce/day", .text = "What goes up on a day, by place",
      .in_size = sizeof(int64_t), .out_size = sizeof(struct offers), .prepare = prepare_day,
      .act = act_day, .show = show_list },
    { 0 }
};

static const struct figure figures[] = {
    { "produce.offered", "g", "Produce offered for collection and not withdrawn",
      SQL("SELECT coalesce(CAST(sum(weight_g) AS BIGINT), 0) FROM produce_offer"
          " WHERE state = 'accepted' AND made_ms >= $1 AND made_ms < $2"
          " AND ($3 = 0 OR place_id = $3 OR village_id = $3)") },
    { 0 }
};

extern const struct room produce_room;   // found by the list of rooms
const struct room produce_room = {
    .name = "produce", .tables = tables, .routes = routes, .permissions = permissions,
    .figures = figures,
};
