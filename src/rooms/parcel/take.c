/* take.c - see take.h. */
#include "rooms/parcel/take.h"

#include <string.h>
#include "base/arena.h"
#include "base/clock.h"
#include "base/ids.h"
#include "db/db.h"
#include "people/person.h"
#include "people/place.h"
#include "rooms/bus/bus.h"
#include "rooms/parcel/inside.h"
#include "web/county.h"

const char *const piece_kinds[] = { "retail", "parcel", "produce", "crate", "return", NULL };

static const char *const results[] = { "taken", "already", "unsure" };
const char *take_result_name(enum take_result result) { return results[result]; }

static const struct sql find_nicknames = SQL("SELECT name, village_id FROM parcel_nickname");

enum status intake_begin(struct tx *tx, struct intake *intake)
{
    struct nickname *names = NULL;
    struct rows *rows;
    intake->nickname_count = 0;
    enum status found = db_first(tx, &find_nicknames, NO_ARGS, &rows);
    for (; found == OK; found = db_next(rows)) {
        names = arena_more(tx_arena(tx), names, intake->nickname_count, sizeof *names);
        if (names == NULL) return BROKEN;
        names[intake->nickname_count++] = (struct nickname){ row_str(rows, 0), row_i64(rows, 1) };
    }
    intake->nicknames = names;
    return found == NOT_FOUND ? OK : found;
}

/* ---- who receives it ---- */

static const struct sql find_receiver = SQL(
    "SELECT receiver_id FROM parcel WHERE phone = $1 AND name = $2 ORDER BY id LIMIT 1");

/* A number that can't be called (couriers hide digits: 138****1234) is kept with the piece; who had
 * the same one under the same name before is taken for the same. */
static enum status receiver_of(struct tx *tx, const struct piece *piece, int64_t *receiver_id,
                               int64_t *home_id, struct err *err)
{
    struct party party;
    struct rows *rows;
    enum status found = NOT_FOUND;
    struct err unknown = { .text = "" };
    *home_id = 0;
    if (*piece->phone) found = party_by_phone(tx, piece->phone, &party, &unknown);
    if (found == OK) {
        *receiver_id = party.id;
        *home_id = party.place_id;
        return OK;
    }
    if (found != NOT_FOUND) return found;
    found = db_first(tx, &find_receiver, ARGS(str(piece->phone), str(piece->name)), &rows);
    if (found == OK) *receiver_id = row_i64(rows, 0);
    if (found != NOT_FOUND) return found;
    party = (struct party){ .kind = PARTY_PERSON, .name = piece->name,
                            .phone = *piece->phone ? piece->phone : NULL };
    enum status added = party_add(tx, &party, &unknown);
    if (added == INVALID && party.phone) {   // no number: nobody logs in by it
        party.phone = NULL;
        added = party_add(tx, &party, err);
    }
    *receiver_id = party.id;
    return added;
}

/* ---- where it goes ---- */

/* A keeper's home is the point: then its village. */
static enum status village_of(struct tx *tx, const struct gazetteer *g, int64_t *home_id)
{
    struct place place;
    struct err unknown = { .text = "" };
    if (*home_id == 0 || gazetteer_village(g, *home_id)) return OK;
    enum status found = place_get(tx, *home_id, &place, &unknown);
    *home_id = found == OK && gazetteer_village(g, place.parent_id) ? place.parent_id : 0;
    return found == NOT_FOUND ? OK : found;
}

static const struct sql find_learned = SQL(
    "SELECT village_id FROM parcel_learned WHERE key = $1 AND receiver_id IN (0, $2)"
    " ORDER BY receiver_id DESC LIMIT 1");

static enum status sort_piece(struct tx *tx, const struct intake *intake,
                              const struct piece *piece, int64_t receiver_id, int64_t home_id,
                              struct sorted *out)
{
    const struct gazetteer *g = parcels_of(tx_county(tx))->gazetteer;
    struct rows *rows;
    *out = (struct sorted){ .why = SORT_SURE, .village_id = piece->village_id };
    if (piece->village_id) return OK;
    const char *key = address_key(g, tx_arena(tx), piece->address);
    if (key == NULL) return BROKEN;
    enum status learned = db_first(tx, &find_learned, ARGS(str(key), i64(receiver_id)), &rows);
    if (learned == OK) out->village_id = row_i64(rows, 0);
    if (learned != NOT_FOUND) return learned;
    TRY(village_of(tx, g, &home_id));
    return sort_address(g, intake->nicknames, intake->nickname_count, tx_arena(tx),
                        piece->address, home_id, out);
}

/* The point that serves a village, or the station. */
static enum status stop_of(struct tx *tx, int64_t village_id, int64_t *place_id, struct err *err)
{
    struct place place;
    enum status found = place_serving(tx, village_id, PLACE_POINT, &place, err);
    if (found == NOT_FOUND) found = place_serving(tx, village_id, PLACE_STATION, &place, err);
    *place_id = found == OK ? place.id : 0;
    return found;
}

/* ---- onto a bus ---- */

static const struct sql find_other = SQL(
    "SELECT 1 FROM parcel WHERE waybill = $1 AND courier_id <> $2 AND state <> 'unsure' LIMIT 1");

/* What its label is scanned by: the waybill number, unless another courier's piece has it or it
 * could be one of the county's own codes; then the courier's short name stands before it. */
static enum status unit_code(struct tx *tx, int64_t courier_id, const char *short_name,
                             const char *waybill, const char **code)
{
    struct rows *rows;
    int64_t id;
    size_t size = strlen(waybill);
    bool digits = strspn(waybill, "0123456789") == size;
    bool own = digits && size == 18;      // like an SSCC
    if (code_parse(tx_county(tx)->code_key, waybill, &id) == OK) own = own || id <= tx_id(tx);
    enum status other = own ? OK : db_first(tx, &find_other, ARGS(str(waybill), i64(courier_id)),
                                            &rows);
    *code = waybill;
    if (other != OK) return other == NOT_FOUND ? OK : other;
    *code = arena_printf(tx_arena(tx), "%s-%s", short_name, waybill);
    return *code ? OK : BROKEN;
}

static const struct sql find_sorted = SQL(
    "SELECT p.place_id, p.receiver_id, p.pieces, p.waybill, p.weight_g, p.volume_ml, p.cold,"
    " p.courier_id, c.short_name FROM parcel p JOIN parcel_courier c ON c.party_id = p.courier_id"
    " WHERE p.id = $1 AND p.state = 'waiting'");
static const struct sql set_consigned = SQL(
    "UPDATE parcel SET state = 'consigned', consignment_id = $2, day = $3, why = NULL"
    " WHERE id = $1");
static const struct sql set_waiting = SQL("UPDATE parcel SET why = $2 WHERE id = $1");

/* The promise may have lapsed (a wave closed early): then the next day, and so on. */
static enum status consign(struct tx *tx, struct consignment *c, struct err *err)
{
    struct promise promise;
    int64_t day_min = 0;
    for (;;) {
        enum status promised = bus_promise(tx_county(tx), c->place_id, false, &c->need, day_min,
                                           c->made_ms, &promise, err);
        if (promised == NOT_FOUND && promise.why_later == BUS_CUT_OFF && day_min == 0) {
            // Tomorrow has closed: why the days after that don't do is what people want to know.
            day_min = day_of(c->made_ms, tx_county(tx)->zone_s) + 2;
            continue;
        }
        if (promised != OK) return promised;
        c->day = promise.day;
        enum status done = bus_consign(tx, c, err);
        if (done != CONFLICT) return done;
        day_min = promise.day + 1;
    }
}

enum status piece_consign(struct tx *tx, int64_t parcel_id, int64_t now_ms, int64_t *day,
                          const char **why, struct err *err)
{
    struct rows *rows;
    *day = 0;
    *why = NULL;
    enum status found = db_first(tx, &find_sorted, ARGS(i64(parcel_id)), &rows);
    if (found == NOT_FOUND) return err_set(err, CONFLICT, NULL, "It is on a bus already.");
    if (found != OK) return found;
    int64_t volume_ml = row_i64(rows, 5);
    bool cold = row_i64(rows, 6) != 0;
    struct consignment c = {
        .kind = CONSIGN_PARCEL, .document_id = parcel_id, .place_id = row_i64(rows, 0),
        .party_id = row_i64(rows, 1), .pieces = row_i64(rows, 2), .made_ms = now_ms,
        .need = { row_i64(rows, 4), cold ? 0 : volume_ml, cold ? volume_ml : 0 },
    };
    TRY(unit_code(tx, row_i64(rows, 7), row_str(rows, 8), row_str(rows, 3), &c.code));
    struct err full = { .text = "" };
    enum status done = consign(tx, &c, &full);
    if (done == NOT_FOUND) {
        *why = full.text;
        return db_run(tx, &set_waiting, ARGS(i64(parcel_id), str(full.text)));
    }
    if (done != OK) {
        *err = full;
        return done;
    }
    *day = c.day;
    return db_run(tx, &set_consigned, ARGS(i64(parcel_id), i64(c.id), i64(c.day)));
}

/* ---- taking ---- */

static const struct sql find_known = SQL(
    "SELECT p.id, p.state, coalesce(p.day, 0), coalesce(p.consignment_id, 0), s.name"
    " FROM parcel p LEFT JOIN people_place s ON s.place_id = p.place_id"
    " WHERE p.courier_id = $1 AND p.waybill = $2");

/* "already, at ...": where the piece of this number is. NOT_FOUND: it is new. */
static enum status known(struct tx *tx, const struct intake *intake, const struct piece *piece,
                         struct taken *out, struct err *err)
{
    struct rows *rows;
    TRY(db_first(tx, &find_known, ARGS(i64(intake->courier.party_id), str(piece->waybill)), &rows));
    *out = (struct taken){ .result = TAKE_ALREADY, .parcel_id = row_i64(rows, 0),
                           .state = row_str(rows, 1), .day = row_i64(rows, 2),
                           .place = row_str(rows, 4) };
    if (row_i64(rows, 3)) {
        struct consignment_now now;
        TRY(bus_consignment_now(tx, row_i64(rows, 3), &now, err));
        out->state = now.state;
    }
    return OK;
}

static const struct sql add_piece = SQL(
    "INSERT INTO parcel (id, courier_id, waybill, kind, name, phone, address, receiver_id,"
    " village_id, place_id, from_id, weight_g, volume_ml, cold, value_fen, pieces, file_id, by_id,"
    " made_ms, state, why) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14,"
    " $15, $16, $17, $18, $19, $20, $21)");

static struct value or_null(int64_t id) { return id ? i64(id) : null(); }

static enum status insert(struct tx *tx, const struct intake *in, const struct piece *p,
                          int64_t receiver_id, int64_t village_id, int64_t place_id,
                          struct taken *out)
{
    out->parcel_id = tx_id(tx);
    return db_run(tx, &add_piece,
        ARGS(i64(out->parcel_id), i64(in->courier.party_id), str(p->waybill), str(p->kind),
             str(p->name), str(p->phone), str(p->address), i64(receiver_id), or_null(village_id),
             or_null(place_id), or_null(parcels_of(tx_county(tx))->hub_id), i64(p->weight_g),
             i64(p->volume_ml), i64(p->cold), i64(p->value_fen), i64(p->pieces),
             or_null(in->file_id), i64(in->by_id), i64(in->now_ms),
             str(place_id ? "waiting" : "unsure"), str(out->why)));
}

enum status piece_take(struct tx *tx, const struct intake *intake, const struct piece *piece,
                       struct taken *out, struct err *err)
{
    struct sorted sorted;
    int64_t receiver_id, home_id, place_id = 0;
    enum status there = known(tx, intake, piece, out, err);
    if (there != NOT_FOUND) return there;
    *out = (struct taken){ .result = TAKE_UNSURE };
    TRY(receiver_of(tx, piece, &receiver_id, &home_id, err));
    TRY(sort_piece(tx, intake, piece, receiver_id, home_id, &sorted));
    if (sorted.village_id == 0) {
        out->why = sort_why_text(sorted.why);
    } else {
        enum status stop = stop_of(tx, sorted.village_id, &place_id, err);
        if (stop == NOT_FOUND) out->why = bus_reason_text(BUS_NO_STOP);
        else if (stop != OK) return stop;
    }
    TRY(insert(tx, intake, piece, receiver_id, sorted.village_id, place_id, out));
    if (place_id == 0) return OK;
    out->result = TAKE_TAKEN;
    return piece_consign(tx, out->parcel_id, intake->now_ms, &out->day, &out->why, err);
}

/* ---- a person says where ---- */

static const struct sql find_unsure = SQL(
    "SELECT address, receiver_id FROM parcel WHERE id = $1 AND state = 'unsure'");
static const struct sql set_place = SQL(
    "UPDATE parcel SET state = 'waiting', village_id = $2, place_id = $3, why = NULL"
    " WHERE id = $1");
static const struct sql learn = SQL(
    "INSERT INTO parcel_learned (key, receiver_id, village_id, by_id, at_ms)"
    " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (key, receiver_id)"
    " DO UPDATE SET village_id = $3, by_id = $4, at_ms = $5");
static const struct sql add_nickname = SQL(
    "INSERT INTO parcel_nickname (name, village_id, by_id, at_ms) VALUES ($1, $2, $3, $4)"
    " ON CONFLICT DO NOTHING");

/* The same address of the same receiver is sure from now on; where no village of the county was
 * found in it, it is so for everybody. */
static enum status remember(struct tx *tx, const struct placing *p, const char *address,
                            int64_t receiver_id)
{
    enum { KEY_MIN = 6, NICKNAME_MIN = 6 };   // two Han characters
    const struct gazetteer *g = parcels_of(tx_county(tx))->gazetteer;
    struct sorted sorted;
    const char *key = address_key(g, tx_arena(tx), address);
    if (key == NULL) return BROKEN;
    TRY(sort_address(g, NULL, 0, tx_arena(tx), address, 0, &sorted));
    bool all = sorted.why == SORT_NOTHING;
    if (strlen(key) >= KEY_MIN)
        TRY(db_run(tx, &learn, ARGS(str(key), i64(all ? 0 : receiver_id), i64(p->village_id),
                                    i64(p->by_id), i64(p->now_ms))));
    const char *name = p->nickname ? address_squeeze(tx_arena(tx), p->nickname) : "";
    if (name == NULL) return BROKEN;
    if (strlen(name) < NICKNAME_MIN) return OK;
    return db_run(tx, &add_nickname,
                  ARGS(str(name), i64(p->village_id), i64(p->by_id), i64(p->now_ms)));
}

enum status piece_place(struct tx *tx, const struct placing *p, struct taken *out,
                        struct err *err)
{
    struct rows *rows;
    int64_t place_id;
    enum status found = db_first(tx, &find_unsure, ARGS(i64(p->parcel_id)), &rows);
    if (found == NOT_FOUND)
        return err_set(err, CONFLICT, NULL, "It was sorted before, or is not known.");
    if (found != OK) return found;
    enum status stop = stop_of(tx, p->village_id, &place_id, err);
    if (stop == NOT_FOUND) return err_set(err, INVALID, "village", bus_reason_text(BUS_NO_STOP));
    if (stop != OK) return stop;
    TRY(remember(tx, p, row_str(rows, 0), row_i64(rows, 1)));
    TRY(db_run(tx, &set_place, ARGS(i64(p->parcel_id), i64(p->village_id), i64(place_id))));
    *out = (struct taken){ .result = TAKE_TAKEN, .parcel_id = p->parcel_id };
    return piece_consign(tx, p->parcel_id, p->now_ms, &out->day, &out->why, err);
}

/* ---- looking ---- */

static const struct sql find_pieces = SQL(
    "SELECT p.id, p.courier_id, c.short_name, p.waybill, p.kind, p.name, p.phone, p.address,"
    " v.name, s.name, h.name, p.weight_g, p.volume_ml, p.cold, p.value_fen, p.pieces, p.state,"
    " p.why, coalesce(p.consignment_id, 0), coalesce(p.day, 0), p.made_ms FROM parcel p"
    " JOIN parcel_courier c ON c.party_id = p.courier_id"
    " LEFT JOIN people_place v ON v.place_id = p.village_id"
    " LEFT JOIN people_place s ON s.place_id = p.place_id"
    " LEFT JOIN people_place h ON h.place_id = p.from_id"
    " WHERE p.waybill = $1 ORDER BY p.id");

static enum status read_piece(struct tx *tx, const struct rows *rows, struct piece_row_now *out,
                              struct err *err)
{
    struct consignment_now now;
    *out = (struct piece_row_now){
        .id = row_i64(rows, 0), .courier_id = row_i64(rows, 1), .courier = row_str(rows, 2),
        .waybill = row_str(rows, 3), .kind = row_str(rows, 4), .name = row_str(rows, 5),
        .phone = row_str(rows, 6), .address = row_str(rows, 7), .village = row_str(rows, 8),
        .place = row_str(rows, 9), .from = row_str(rows, 10), .weight_g = row_i64(rows, 11),
        .volume_ml = row_i64(rows, 12), .cold = row_i64(rows, 13) != 0,
        .value_fen = row_i64(rows, 14), .pieces = row_i64(rows, 15), .state = row_str(rows, 16),
        .why = row_str(rows, 17), .day = row_i64(rows, 19), .made_ms = row_i64(rows, 20),
    };
    if (row_i64(rows, 18) == 0) return OK;
    TRY(bus_consignment_now(tx, row_i64(rows, 18), &now, err));
    out->state = now.state;
    out->plate = now.plate;
    out->due_ms = now.due_ms;
    out->eta_ms = now.eta_ms;
    out->delivered_ms = now.delivered_ms;
    out->collected_ms = now.collected_ms;
    return OK;
}

enum status piece_list(struct tx *tx, const char *waybill, struct piece_row_now **out,
                       size_t *count, struct err *err)
{
    struct rows *rows;
    *out = NULL;
    *count = 0;
    enum status found = db_first(tx, &find_pieces, ARGS(str(waybill)), &rows);
    if (found == NOT_FOUND)
        return err_set(err, NOT_FOUND, "waybill", "Nobody knows this waybill number.");
    for (; found == OK; found = db_next(rows)) {
        *out = arena_more(tx_arena(tx), *out, *count, sizeof **out);
        if (*out == NULL) return BROKEN;
        TRY(read_piece(tx, rows, &(*out)[(*count)++], err));
    }
    return found == NOT_FOUND ? OK : found;
}
