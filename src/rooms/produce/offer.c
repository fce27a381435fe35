/* offer.c - see offer.h. */
#include "rooms/produce/offer.h"

#include <string.h>
#include "base/arena.h"
#include "base/clock.h"
#include "base/ids.h"
#include "db/db.h"
#include "people/place.h"
#include "rooms/bus/bus.h"
#include "web/county.h"

const char *const temperatures[] = { "ambient", "chilled", "frozen", "live", NULL };

/* ---- making ---- */

static enum status plausible(const struct offer *o, struct err *err)
{
    if (o->weight_g > LOT_MAX_G || o->volume_ml > LOT_MAX_ML)
        return err_set(err, INVALID, "weight_g",
                       "No bus carries this at once: offer it in several lots.");
    if (o->weight_g > o->volume_ml * 5 || o->weight_g * 50 < o->volume_ml)
        return err_set(err, INVALID, "weight_g",
                       "Weight and volume don't fit together: are both of the whole lot?");
    if (o->weight_g < o->quantity)
        return err_set(err, INVALID, "quantity",
                       "One unit would weigh less than a gram: is the quantity right?");
    return OK;
}

static enum status stop_of(struct tx *tx, struct offer *offer, struct err *err)
{
    struct place place;
    enum status found = place_serving(tx, offer->village_id, PLACE_POINT, &place, err);
    if (found == NOT_FOUND)
        found = place_serving(tx, offer->village_id, PLACE_STATION, &place, err);
    if (found == NOT_FOUND)
        return err_set(err, INVALID, "village", bus_reason_text(BUS_NO_STOP));
    offer->place_id = place.id;
    return found;
}

/* The promise may have lapsed (a wave closed early): then the next day, and so on. */
static enum status consign(struct tx *tx, struct offer *offer, const char *code, struct err *err)
{
    bool cold = offer->temperature == CHILLED || offer->temperature == FROZEN;
    struct promise promise;
    struct consignment c = {
        .kind = CONSIGN_PRODUCE, .document_id = offer->id, .place_id = offer->place_id, .up = true,
        .party_id = offer->producer_id, .pieces = 1, .code = code, .made_ms = offer->made_ms,
        .need = { offer->weight_g, cold ? 0 : offer->volume_ml, cold ? offer->volume_ml : 0 },
    };
    int64_t day_min = 0;
    for (;;) {
        enum status promised = bus_promise(tx_county(tx), c.place_id, true, &c.need, day_min,
                                           c.made_ms, &promise, err);
        if (promised == NOT_FOUND && promise.why_later == BUS_CUT_OFF && day_min == 0) {
            // Tomorrow has closed: why the days after that don't do is what people want to know.
            day_min = day_of(c.made_ms, tx_county(tx)->zone_s) + 2;
            continue;
        }
        if (promised == NOT_FOUND)
            return err_set(err, CONFLICT, "day", bus_reason_text(promise.why_later));
        if (promised != OK) return promised;
        c.day = promise.day;
        enum status done = bus_consign(tx, &c, err);
        if (done != CONFLICT && done != OK) return done;
        day_min = promise.day + 1;
        if (done == OK) break;
    }
    offer->consignment_id = c.id;
    offer->day = promise.day;
    offer->due_ms = promise.due_ms;
    offer->eta_ms = promise.eta_ms;
    return OK;
}

static const struct sql add_offer = SQL(
    "INSERT INTO produce_offer (id, producer_id, product, unit, quantity, weight_g, volume_ml,"
    " temperature, price_fen, village_id, place_id, ready_s, state, consignment_id, day, by_id,"
    " made_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'accepted', $13, $14,"
    " $15, $16)");

enum status offer_make(struct tx *tx, struct offer *o, struct err *err)
{
    TRY(plausible(o, err));
    TRY(stop_of(tx, o, err));
    char code[CODE_TEXT];
    o->id = tx_id(tx);
    code_print(tx_county(tx)->code_key, o->id, code);
    const char *label = arena_text(tx_arena(tx), code);   // the lot's label
    if (label == NULL) return BROKEN;
    TRY(consign(tx, o, label, err));
    o->state = "accepted";
    return db_run(tx, &add_offer,
        ARGS(i64(o->id), i64(o->producer_id), str(o->product), str(o->unit), i64(o->quantity),
             i64(o->weight_g), i64(o->volume_ml), str(temperatures[o->temperature]),
             i64(o->price_fen), i64(o->village_id), i64(o->place_id),
             o->ready_s >= 0 ? i64(o->ready_s) : null(), i64(o->consignment_id), i64(o->day),
             i64(o->by_id), i64(o->made_ms)));
}

/* ---- taking back ---- */

static const struct sql find_owner = SQL(
    "SELECT producer_id, state, consignment_id FROM produce_offer WHERE id = $1");
static const struct sql set_withdrawn = SQL(
    "UPDATE produce_offer SET state = 'withdrawn', withdrawn_ms = $2, withdrawn_by = $3"
    " WHERE id = $1");

enum status offer_withdraw(struct tx *tx, const struct withdrawal *w, struct err *err)
{
    struct rows *rows;
    enum status found = db_first(tx, &find_owner, ARGS(i64(w->offer_id)), &rows);
    if (found == NOT_FOUND) return err_set(err, NOT_FOUND, NULL, "There is no such offer.");
    if (found != OK) return found;
    if (row_i64(rows, 0) != w->by_id && !w->helps)
        return err_set(err, DENIED, NULL, "This is somebody else's offer.");
    if (strcmp(row_str(rows, 1), "withdrawn") == 0)
        return err_set(err, CONFLICT, NULL, "This offer was withdrawn before.");
    TRY(bus_withdraw(tx, row_i64(rows, 2), w->at_ms, err));
    return db_run(tx, &set_withdrawn, ARGS(i64(w->offer_id), i64(w->at_ms), i64(w->by_id)));
}

/* ---- reading ---- */

#define OFFERS                                                                                 \
    "SELECT o.id, o.producer_id, o.product, o.unit, o.quantity, o.weight_g, o.volume_ml,"      \
    " o.temperature, o.price_fen, o.village_id, o.place_id, coalesce(o.ready_s, -1), o.state," \
    " o.consignment_id, o.day, o.by_id, o.made_ms, p.name, p.phone, v.name, s.name"            \
    " FROM produce_offer o JOIN people_party p ON p.party_id = o.producer_id"                  \
    " JOIN people_place v ON v.place_id = o.village_id"                                        \
    " JOIN people_place s ON s.place_id = o.place_id "

static enum temperature temperature_of(const char *name)
{
    int i = 0;
    while (temperatures[i + 1] && strcmp(temperatures[i], name) != 0) i++;
    return (enum temperature)i;
}

/* How far the bus has come with it. */
static const char *state_of(const struct consignment_now *now)
{
    if (strcmp(now->state, "on_bus") == 0) return "collected";
    if (strcmp(now->state, "at_hub") == 0 || strcmp(now->state, "excepted") == 0)
        return now->state;
    return "accepted";
}

static enum status read_offer(struct tx *tx, const struct rows *rows, struct offer *out,
                              struct err *err)
{
    struct consignment_now now;
    *out = (struct offer){
        .id = row_i64(rows, 0), .producer_id = row_i64(rows, 1), .product = row_str(rows, 2),
        .unit = row_str(rows, 3), .quantity = row_i64(rows, 4), .weight_g = row_i64(rows, 5),
        .volume_ml = row_i64(rows, 6), .temperature = temperature_of(row_str(rows, 7)),
        .price_fen = row_i64(rows, 8), .village_id = row_i64(rows, 9),
        .place_id = row_i64(rows, 10), .ready_s = row_i64(rows, 11), .state = row_str(rows, 12),
        .consignment_id = row_i64(rows, 13), .day = row_i64(rows, 14), .by_id = row_i64(rows, 15),
        .made_ms = row_i64(rows, 16), .producer = row_str(rows, 17), .phone = row_str(rows, 18),
        .village = row_str(rows, 19), .place = row_str(rows, 20),
    };
    TRY(bus_consignment_now(tx, out->consignment_id, &now, err));
    out->due_ms = now.due_ms;
    out->eta_ms = now.eta_ms;
    out->plate = now.plate;
    if (strcmp(out->state, "withdrawn") != 0) out->state = state_of(&now);
    return OK;
}

static const struct sql find_one = SQL(OFFERS "WHERE o.id = $1");

enum status offer_get(struct tx *tx, int64_t id, struct offer *out, struct err *err)
{
    struct rows *rows;
    enum status found = db_first(tx, &find_one, ARGS(i64(id)), &rows);
    if (found == NOT_FOUND) return err_set(err, NOT_FOUND, NULL, "There is no such offer.");
    return found == OK ? read_offer(tx, rows, out, err) : found;
}

static enum status read_all(struct tx *tx, enum status found, struct rows *rows,
                            struct offer **out, size_t *count, struct err *err)
{
    *out = NULL;
    *count = 0;
    for (; found == OK; found = db_next(rows)) {
        *out = arena_more(tx_arena(tx), *out, *count, sizeof **out);
        if (*out == NULL) return BROKEN;
        TRY(read_offer(tx, rows, &(*out)[(*count)++], err));
    }
    return found == NOT_FOUND ? OK : found;
}

static const struct sql find_mine = SQL(
    OFFERS "WHERE o.producer_id = $1 ORDER BY o.id DESC LIMIT $2");
static const struct sql find_of_day = SQL(
    OFFERS "WHERE o.day = $1 AND o.state <> 'withdrawn' ORDER BY s.code NULLS LAST, s.place_id,"
    " o.id");

enum status offer_of_producer(struct tx *tx, int64_t producer_id, size_t count_max,
                              struct offer **out, size_t *count, struct err *err)
{
    struct rows *rows = NULL;
    enum status found = db_first(tx, &find_mine, ARGS(i64(producer_id), i64((int64_t)count_max)),
                                 &rows);
    return read_all(tx, found, rows, out, count, err);
}

enum status offer_of_day(struct tx *tx, int64_t day, struct offer **out, size_t *count,
                         struct err *err)
{
    struct rows *rows = NULL;
    enum status found = db_first(tx, &find_of_day, ARGS(i64(day)), &rows);
    return read_all(tx, found, rows, out, count, err);
}
