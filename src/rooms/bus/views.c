/* views.c - what people see of the bus. */
#include "rooms/bus/views.h"

#include "base/arena.h"
#include "base/clock.h"
#include "db/db.h"
#include "people/person.h"
#include "rooms/bus/inside.h"
#include "rooms/bus/trip.h"
#include "web/county.h"
#include "web/form.h"

const struct permission bus_see_plan = {
    "bus.see_plan", "See waves, plans and trips",
    "dispatcher clerk head auditor admin picker station" };
static const struct permission see_trip = {
    "bus.see_trip", "See a trip and its load",
    "driver picker station keeper dispatcher clerk admin" };
static const struct permission see_place = {
    "bus.see_place", "See what a station or point holds", "keeper station dispatcher admin" };

static json_t *integer(int64_t n) { return json_integer((json_int_t)n); }

struct asked { int64_t id, at_ms; struct who who; };

/* ---- a day ---- */

struct day { int64_t day; struct wave wave; struct trip *trips; size_t count; };

static enum status prepare_day(struct request *rq, void *in, struct err *err)
{
    struct asked *asked = in;
    asked->who = rq->who;
    asked->at_ms = rq->arrived_ms;
    return form_i64(rq, "day", 0, 4000000, &asked->id, err);
}

static enum status act_day(struct tx *tx, const void *in, void *out, struct err *err)
{
    const struct asked *asked = in;
    struct day *day = out;
    day->day = asked->id;
    TRY(bus_wave(tx, asked->id, &day->wave, err));
    return trip_list(tx, asked->id, 0, &day->trips, &day->count);
}

static json_t *trip_json(const struct trip *t)
{
    return json_pack("{s:I, s:I, s:I, s:s, s:I, s:I, s:s, s:I, s:I, s:I, s:I, s:I, s:I}",
                     "id", (json_int_t)t->id, "number", (json_int_t)t->number,
                     "part", (json_int_t)t->part, "plate", t->plate,
                     "vehicle_id", (json_int_t)t->vehicle_id, "driver_id",
                     (json_int_t)t->driver_id, "state", t->state, "departs_ms",
                     (json_int_t)t->departs_ms, "returns_ms", (json_int_t)t->returns_ms,
                     "departed_ms", (json_int_t)t->departed_ms, "returned_ms",
                     (json_int_t)t->returned_ms, "distance_m", (json_int_t)t->distance_m,
                     "cost_fen", (json_int_t)t->cost_fen);
}

static json_t *trips_json(const struct trip *trips, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < count; i++) json_array_append_new(list, trip_json(&trips[i]));
    return list;
}

static json_t *show_day(struct request *rq, const void *out)
{
    const struct day *day = out;
    (void)rq;
    return json_pack("{s:I, s:s, s:I, s:I, s:I, s:b, s:o}", "day", (json_int_t)day->day, "state",
                     day->wave.state, "closes_ms", (json_int_t)day->wave.closes_ms, "closed_ms",
                     (json_int_t)day->wave.closed_ms, "published_ms",
                     (json_int_t)day->wave.published_ms, "published",
                     (int)(day->wave.published_ms != 0), "trips",
                     trips_json(day->trips, day->count));
}

/* ---- a driver's own day ---- */

static enum status prepare_my(struct request *rq, void *in, struct err *err)
{
    struct asked *asked = in;
    asked->who = rq->who;
    asked->id = day_of(rq->arrived_ms, rq->county->zone_s);
    return form_i64_opt(rq, "day", 0, 4000000, &asked->id, err);
}

static enum status act_my(struct tx *tx, const void *in, void *out, struct err *err)
{
    const struct asked *asked = in;
    struct day *day = out;
    day->day = asked->id;
    TRY(bus_wave(tx, asked->id, &day->wave, err));
    return trip_list(tx, asked->id, asked->who.user_id, &day->trips, &day->count);
}

/* ---- a trip with its stops and load ---- */

struct piece {
    int64_t id, stop_id, consignment_id, holder_id, party_id;
    const char *code, *kind, *crate;   // crate: the code it is planned in, or NULL
    bool up;
};
struct load { struct trip trip; struct stop *stops; size_t stop_count; struct piece *pieces;
              size_t piece_count; };

static const struct sql find_trip_units = SQL(
    "SELECT u.id, u.stop_id, coalesce(u.consignment_id, 0), u.holder_id, u.code, u.kind, c.code,"
    " u.up, coalesce(g.party_id, 0) FROM unit AS u"
    " JOIN trip_stop AS s ON s.id = u.stop_id LEFT JOIN unit AS c ON c.id = u.planned_parent_id"
    " LEFT JOIN consignment AS g ON g.id = u.consignment_id"
    " WHERE s.trip_id = $1 ORDER BY s.seq, u.id");
static const struct sql find_stop_units = SQL(
    "SELECT u.id, u.stop_id, coalesce(u.consignment_id, 0), u.holder_id, u.code, u.kind, c.code,"
    " u.up, coalesce(g.party_id, 0) FROM unit AS u"
    " LEFT JOIN unit AS c ON c.id = u.planned_parent_id"
    " LEFT JOIN consignment AS g ON g.id = u.consignment_id"
    " WHERE u.holder_id = $1 AND u.day >= $2 ORDER BY u.id");

static enum status read_pieces(struct tx *tx, const struct sql *sql, struct args args,
                               struct piece **out, size_t *count)
{
    struct rows *rows;
    enum status found = db_first(tx, sql, args, &rows);
    for (; found == OK; found = db_next(rows)) {
        *out = arena_more(tx_arena(tx), *out, *count, sizeof **out);
        if (*out == NULL) return BROKEN;
        (*out)[(*count)++] = (struct piece){
            .id = row_i64(rows, 0), .stop_id = row_null(rows, 1) ? 0 : row_i64(rows, 1),
            .consignment_id = row_i64(rows, 2), .holder_id = row_i64(rows, 3),
            .code = row_str(rows, 4), .kind = row_str(rows, 5), .crate = row_str(rows, 6),
            .up = row_i64(rows, 7) != 0, .party_id = row_i64(rows, 8),
        };
    }
    return found == NOT_FOUND ? OK : found;
}

static enum status prepare_trip(struct request *rq, void *in, struct err *err)
{
    struct asked *asked = in;
    asked->who = rq->who;
    return form_i64(rq, "trip_id", 1, ID_MAX, &asked->id, err);
}

/* A driver sees his own trips; a keeper and a station those that stop there. */
static enum status may_see(const struct who *who, const struct load *load, struct err *err)
{
    bool mine = (who->roles & role_set("dispatcher picker clerk admin")) != 0
             || load->trip.driver_id == who->user_id;
    for (size_t i = 0; i < load->stop_count && who->place_id; i++)
        mine = mine || load->stops[i].place_id == who->place_id;
    return mine ? OK : err_set(err, DENIED, "trip_id", "This is another driver's trip.");
}

static enum status act_trip(struct tx *tx, const void *in, void *out, struct err *err)
{
    const struct asked *asked = in;
    struct load *load = out;
    TRY(trip_get(tx, asked->id, &load->trip, err));
    TRY(trip_stops(tx, asked->id, &load->stops, &load->stop_count));
    TRY(may_see(&asked->who, load, err));
    return read_pieces(tx, &find_trip_units, ARGS(i64(asked->id)), &load->pieces,
                       &load->piece_count);
}

static json_t *piece_json(const struct piece *p)
{
    return json_pack("{s:s, s:s, s:s?, s:b, s:I, s:I, s:I}", "code", p->code, "kind", p->kind,
                     "crate", p->crate, "up", (int)p->up, "holder_id", (json_int_t)p->holder_id,
                     "consignment_id", (json_int_t)p->consignment_id, "party_id",
                     (json_int_t)p->party_id);
}

static bool container(const struct piece *p) { return p->consignment_id == 0; }

static json_t *stop_json(const struct load *load, const struct stop *s)
{
    json_t *crates = json_array(), *pieces = json_array(), *lots = json_array();
    for (size_t i = 0; i < load->piece_count; i++) {
        const struct piece *p = &load->pieces[i];
        if (p->stop_id != s->id) continue;
        json_array_append_new(p->up ? lots : container(p) ? crates : pieces, piece_json(p));
    }
    json_t *view = json_pack("{s:I, s:I, s:I, s:s, s:s, s:I, s:I, s:I, s:I, s:I}", "id",
                             (json_int_t)s->id, "seq", (json_int_t)s->seq, "place_id",
                             (json_int_t)s->place_id, "place", s->place, "state", s->state,
                             "arrives_ms", (json_int_t)s->arrives_ms, "departs_ms",
                             (json_int_t)s->departs_ms, "eta_ms", (json_int_t)s->eta_ms,
                             "arrived_ms", (json_int_t)s->arrived_ms, "departed_ms",
                             (json_int_t)s->departed_ms);
    if (view) {
        json_object_set_new(view, "crate_count", integer((int64_t)json_array_size(crates)));
        json_object_set_new(view, "lot_count", integer((int64_t)json_array_size(lots)));
    }
    json_object_set_new(view, "crates", crates);
    json_object_set_new(view, "pieces", pieces);
    json_object_set_new(view, "lots", lots);
    return view;
}

static json_t *show_trip(struct request *rq, const void *out)
{
    const struct load *load = out;
    json_t *stops = json_array(), *view = trip_json(&load->trip);
    (void)rq;
    for (size_t i = 0; stops && i < load->stop_count; i++)
        json_array_append_new(stops, stop_json(load, &load->stops[i]));
    json_object_set_new(view, "stops", stops);
    return view;
}

/* ---- what a place holds ---- */

static enum status prepare_place(struct request *rq, void *in, struct err *err)
{
    struct asked *asked = in;
    asked->who = rq->who;
    asked->at_ms = day_of(rq->arrived_ms, rq->county->zone_s) - 30;   // kept a month at most
    TRY(form_i64(rq, "place_id", 1, ID_MAX, &asked->id, err));
    bool any = (rq->who.roles & role_set("dispatcher admin")) != 0;
    if (!any && asked->id != rq->who.place_id)
        return err_set(err, DENIED, "place_id", "This is another place's shelf.");
    return OK;
}

static enum status act_place(struct tx *tx, const void *in, void *out, struct err *err)
{
    const struct asked *asked = in;
    struct load *load = out;
    (void)err;
    return read_pieces(tx, &find_stop_units, ARGS(i64(asked->id), i64(asked->at_ms)),
                       &load->pieces, &load->piece_count);
}

static json_t *show_place(struct request *rq, const void *out)
{
    const struct load *load = out;
    json_t *pieces = json_array();
    (void)rq;
    for (size_t i = 0; pieces && i < load->piece_count; i++)
        json_array_append_new(pieces, piece_json(&load->pieces[i]));
    return json_pack("{s:I, s:o}", "count", (json_int_t)load->piece_count, "pieces", pieces);
}

/* ---- the fleet, and who is free ---- */

struct fleet { struct fleet_row *at; size_t count; };
struct fleet_row { int64_t id, driver_id; const char *plate, *kind; bool underway; };

static const struct sql find_fleet = SQL(
    "SELECT v.id, coalesce(v.driver_id, 0), v.plate, v.kind,"
    " (SELECT count(*) FROM trip AS t WHERE t.vehicle_id = v.id AND t.day = $1"
    "  AND t.state IN ('planned', 'underway')) FROM vehicle AS v WHERE v.active = 1"
    " ORDER BY v.plate");

static enum status act_fleet(struct tx *tx, const void *in, void *out, struct err *err)
{
    const struct asked *asked = in;
    struct fleet *fleet = out;
    struct rows *rows;
    (void)err;
    enum status found = db_first(tx, &find_fleet, ARGS(i64(asked->id)), &rows);
    for (; found == OK; found = db_next(rows)) {
        fleet->at = arena_more(tx_arena(tx), fleet->at, fleet->count, sizeof *fleet->at);
        if (fleet->at == NULL) return BROKEN;
        fleet->at[fleet->count++] = (struct fleet_row){
            row_i64(rows, 0), row_i64(rows, 1), row_str(rows, 2), row_str(rows, 3),
            row_i64(rows, 4) != 0 };
    }
    return found == NOT_FOUND ? OK : found;
}

static json_t *show_fleet(struct request *rq, const void *out)
{
    const struct fleet *fleet = out;
    json_t *list = json_array();
    (void)rq;
    for (size_t i = 0; list && i < fleet->count; i++) {
        const struct fleet_row *v = &fleet->at[i];
        json_array_append_new(list, json_pack("{s:I, s:I, s:s, s:s, s:b}", "id",
                                              (json_int_t)v->id, "driver_id",
                                              (json_int_t)v->driver_id, "plate", v->plate, "kind",
                                              v->kind, "busy", (int)v->underway));
    }
    return list ? json_pack("{s:o}", "vehicles", list) : NULL;
}

/* ---- a promise asked for by itself ---- */

struct wanted { int64_t place_id, up, day, at_ms; struct need need; struct promise promise; };

static enum status prepare_promise(struct request *rq, void *in, struct err *err)
{
    struct wanted *w = in;
    TRY(form_i64(rq, "place_id", 1, ID_MAX, &w->place_id, err));
    TRY(form_i64(rq, "weight_g", 0, WEIGHT_MAX_G, &w->need.weight_g, err));
    TRY(form_i64_opt(rq, "dry_ml", 0, VOLUME_MAX_ML, &w->need.dry_ml, err));
    TRY(form_i64_opt(rq, "cold_ml", 0, VOLUME_MAX_ML, &w->need.cold_ml, err));
    TRY(form_i64_opt(rq, "up", 0, 1, &w->up, err));
    TRY(form_i64_opt(rq, "day", 0, 4000000, &w->day, err));
    return bus_promise(rq->county, w->place_id, w->up != 0, &w->need, w->day, rq->arrived_ms,
                       &w->promise, err);
}

static enum status act_promise(struct tx *tx, const void *in, void *out, struct err *err)
{
    (void)tx;
    (void)err;
    *(struct wanted *)out = *(const struct wanted *)in;
    return OK;
}

static json_t *show_promise(struct request *rq, const void *out)
{
    const struct promise *p = &((const struct wanted *)out)->promise;
    (void)rq;
    return json_pack("{s:I, s:I, s:I, s:I, s:s}", "day", (json_int_t)p->day, "due_ms",
                     (json_int_t)p->due_ms, "closes_ms", (json_int_t)p->closes_ms, "eta_ms",
                     (json_int_t)p->eta_ms, "why_later", bus_reason_name(p->why_later));
}

const struct route view_routes[] = {
    { .method = GET, .path = "/bus/days/{day}", .permission = &bus_see_plan, .page = "bus/day",
      .text = "A day's wave and trips", .in_size = sizeof(struct asked),
      .out_size = sizeof(struct day), .prepare = prepare_day, .act = act_day, .show = show_day },
    { .method = GET, .path = "/bus/my", .permission = &see_trip, .page = "bus/my",
      .text = "A driver's own trips", .in_size = sizeof(struct asked),
      .out_size = sizeof(struct day), .prepare = prepare_my, .act = act_my, .show = show_day },
    { .method = GET, .path = "/bus/trips/{trip_id}", .permission = &see_trip, .page = "bus/trip",
      .text = "A trip with its stops and load", .in_size = sizeof(struct asked),
      .out_size = sizeof(struct load), .prepare = prepare_trip, .act = act_trip,
      .show = show_trip },
    { .method = GET, .path = "/bus/places/{place_id}/units", .permission = &see_place,
      .page = "bus/place", .text = "What a station or point holds",
      .in_size = sizeof(struct asked), .out_size = sizeof(struct load), .prepare = prepare_place,
      .act = act_place, .show = show_place },
    { .method = GET, .path = "/bus/vehicles", .permission = &bus_see_plan, .page = "bus/vehicles",
      .text = "The fleet, and who is free", .in_size = sizeof(struct asked),
      .out_size = sizeof(struct fleet), .prepare = prepare_my, .act = act_fleet,
      .show = show_fleet },
    { .method = GET, .path = "/bus/promise", .permission = &anyone,
      .text = "By when something can be at a place", .in_size = sizeof(struct wanted),
      .out_size = sizeof(struct wanted), .prepare = prepare_promise, .act = act_promise,
      .show = show_promise },
    { 0 }
};
