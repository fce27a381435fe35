/* publish.c - writes the rows of a plan. */
#include "rooms/bus/publish.h"

#include <stdio.h>
#include <string.h>
#include "base/arena.h"
#include "base/clock.h"
#include "base/ids.h"
#include "db/db.h"
#include "route/route.h"
#include "rooms/bus/exception.h"
#include "rooms/bus/live.h"
#include "rooms/bus/network.h"
#include "rooms/bus/unit.h"
#include "web/county.h"

struct publisher {
    struct tx *tx;
    const struct publication *p;
    const struct network *net;
    int32_t zone_s;
    int64_t hub_id, plan_id, trips;
    bool *vehicle_used;
    struct err *err;
};

static const struct sql take_wave = SQL(
    "UPDATE wave SET state = 'published', plan_id = $2, published_ms = $3, plan_ms = $4"
    " WHERE day = $1 AND state = 'closed' RETURNING day");
static const struct sql add_plan = SQL(
    "INSERT INTO plan (id, day, version, made_ms, made_by, source, cost_fen, distance_m,"
    " duration_s) VALUES ($1, $2, 1, $3, 0, $4, $5, $6, $7)");
static const struct sql add_trip = SQL(
    "INSERT INTO trip (id, plan_id, day, number, part, vehicle_id, driver_id, departs_ms,"
    " returns_ms, distance_m, cost_fen, state)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'planned')");
static const struct sql add_stop = SQL(
    "INSERT INTO trip_stop (id, trip_id, seq, place_id, arrives_ms, departs_ms, eta_ms, state,"
    " detour_ms) VALUES ($1, $2, $3, $4, $5, $6, $5, 'planned', 0)");
static const struct sql place_consignments = SQL(
    "UPDATE consignment SET state = 'planned', trip_id = $3, stop_id = $4"
    " WHERE day = $1 AND place_id = $2 AND state = 'waiting'");

static int64_t instant(const struct publisher *w, int32_t second)
{
    return day_ms(w->p->live->day, second, w->zone_s);
}

/* The next vehicle of a type that no tour has yet. */
static const struct fleet_vehicle *vehicle_of(struct publisher *w, int32_t type)
{
    for (size_t i = 0; i < w->net->vehicle_count; i++)
        if (w->net->vehicles[i].type == type && !w->vehicle_used[i]) {
            w->vehicle_used[i] = true;
            return &w->net->vehicles[i];
        }
    return NULL;
}

/* ---- units ---- */

static const struct sql find_at_stop = SQL(
    "SELECT id, kind, up, party_id, code, dry_ml, cold_ml FROM consignment WHERE stop_id = $1"
    " AND state = 'planned' ORDER BY up, kind, id");

/* Adds a unit. A parcel whose code is there already (it was on a bus before and came back) gets one
 * of our own: a code that comes twice must not stop the night. */
static enum status add_unit(struct publisher *w, const struct unit *wanted, const char *kind,
                            int64_t *id)
{
    struct unit unit = *wanted;
    struct err taken;
    unit.kind = kind;
    unit.day = w->p->live->day;
    unit.made_ms = w->p->at_ms;
    unit.end_id = unit.up ? w->hub_id : unit.place_id;
    enum status added = unit_add(w->tx, &unit, &taken);
    if (added == CONFLICT && wanted->code) {
        unit.code = NULL;
        added = unit_add(w->tx, &unit, &taken);
    }
    if (added != OK) *w->err = taken;
    *id = unit.id;
    return added;
}

/* The crates (or cold boxes) of a stop, filled one after the other as if goods could be poured: so
 * that there are never more of them than the plan has room for. A piece is to go in the one where
 * the middle of it would be; pickers may do it better, for what counts is what they scan. */
struct filling { const char *kind; int64_t size_ml, used_ml, number, unit_id; };

static enum status fill(struct publisher *w, const struct unit *content, struct filling *f,
                        int64_t volume_ml)
{
    int64_t number = (f->used_ml + volume_ml / 2) / f->size_ml + 1;
    f->used_ml += volume_ml;
    if (number == f->number) return OK;
    f->number = number;
    struct unit container = { .place_id = content->place_id, .stop_id = content->stop_id,
                              .origin_id = w->hub_id };
    return add_unit(w, &container, f->kind, &f->unit_id);
}

/* Bags of at most a crate's volume, or the one parcel, each with the crate it is to go in. */
static enum status add_content(struct publisher *w, struct unit *content, struct filling *f,
                               bool parcel, int64_t volume_ml)
{
    int64_t id, bags = parcel ? 1 : (volume_ml + f->size_ml - 1) / f->size_ml;
    for (int64_t i = 0; i < bags; i++) {
        TRY(fill(w, content, f, volume_ml * (i + 1) / bags - volume_ml * i / bags));
        content->planned_parent_id = f->unit_id;
        TRY(add_unit(w, content, parcel ? "parcel" : "bag", &id));
        content->code = NULL;   // the first has the code that the consignment came with
    }
    return OK;
}

/* The units of all that is handed over at a stop: dry and cold goods of an order in bags of their
 * own. */
static enum status add_units(struct publisher *w, int64_t stop_id, int64_t place_id)
{
    struct filling crates = { "crate", CRATE_ML, 0, 0, 0 };
    struct filling boxes = { "cold_box", COLD_BOX_ML, 0, 0, 0 };
    struct rows *rows;
    enum status found = db_first(w->tx, &find_at_stop, ARGS(i64(stop_id)), &rows);
    for (; found == OK; found = db_next(rows)) {
        bool parcel = row_i64(rows, 1) == CONSIGN_PARCEL, up = row_i64(rows, 2) != 0;
        int64_t dry_ml = row_i64(rows, 5), cold_ml = row_i64(rows, 6), unit_id;
        struct unit unit = {
            .consignment_id = row_i64(rows, 0), .place_id = place_id, .up = up,
            .stop_id = stop_id, .code = row_str(rows, 4),
            .origin_id = up ? row_i64(rows, 3) : w->hub_id,   // its sender until the driver has it
        };
        if (up) {
            TRY(add_unit(w, &unit, parcel ? "parcel" : "lot", &unit_id));
            continue;
        }
        if (dry_ml > 0) TRY(add_content(w, &unit, &crates, parcel, dry_ml));
        if (cold_ml > 0) TRY(add_content(w, &unit, &boxes, parcel, cold_ml));
    }
    return found == NOT_FOUND ? OK : found;
}

/* ---- trips ---- */

static enum status write_stop(struct publisher *w, int64_t trip_id, int64_t seq,
                              const struct route_stop *stop)
{
    const struct stop_place *place = &w->net->places[stop->index + 1];
    int64_t id = tx_id(w->tx);
    TRY(db_run(w->tx, &add_stop,
               ARGS(i64(id), i64(trip_id), i64(seq), i64(place->place_id),
                    i64(instant(w, stop->arrival)), i64(instant(w, stop->departure)))));
    TRY(db_run(w->tx, &place_consignments, ARGS(i64(w->p->live->day), i64(place->place_id),
                                                i64(trip_id), i64(id))));
    return add_units(w, id, place->place_id);
}

static int64_t leg_m(const struct publisher *w, const struct route_tour *tour, int32_t from,
                     int32_t to)
{
    const struct route_type *type = &w->net->types[tour->type];
    const struct route_profile *profile = &w->net->profiles[type->profile];
    return profile->distance[(size_t)from * w->net->place_count + (size_t)to];
}

static int64_t leg_s(const struct publisher *w, const struct route_tour *tour, int32_t from,
                     int32_t to)
{
    const struct route_type *type = &w->net->types[tour->type];
    const struct route_profile *profile = &w->net->profiles[type->profile];
    return profile->duration[(size_t)from * w->net->place_count + (size_t)to];
}

/* One round: stops first .. last-1 of a tour. */
static enum status write_trip(struct publisher *w, const struct route_tour *tour, int32_t first,
                              int32_t last, int64_t part, const struct fleet_vehicle *vehicle,
                              int64_t cost_fen)
{
    const struct route_stop *stops = tour->stops;
    int64_t id = tx_id(w->tx), metres = 0;
    int32_t at = 0;
    for (int32_t i = first; i < last; i++) {
        metres += leg_m(w, tour, at, stops[i].index + 1);
        at = stops[i].index + 1;
    }
    metres += leg_m(w, tour, at, 0);
    int32_t departs = first == 0 ? tour->departure : stops[first - 1].departure;
    int64_t back = stops[last - 1].departure + leg_s(w, tour, at, 0);
    struct value driver = vehicle->driver_id ? i64(vehicle->driver_id) : null();
    TRY(db_run(w->tx, &add_trip,
               ARGS(i64(id), i64(w->plan_id), i64(w->p->live->day), i64(++w->trips), i64(part),
                    i64(vehicle->vehicle_id), driver, i64(instant(w, departs)),
                    i64(instant(w, (int32_t)back)), i64(metres), i64(cost_fen))));
    for (int32_t i = first; i < last; i++) TRY(write_stop(w, id, i - first + 1, &stops[i]));
    return OK;
}

static enum status write_tour(struct publisher *w, const struct route_tour *tour)
{
    const struct fleet_vehicle *vehicle = vehicle_of(w, tour->type);
    if (vehicle == NULL) return BROKEN;   // the checker has counted them
    int64_t part = 1;
    for (int32_t first = 0, i = 0; i <= tour->stop_count; i++) {
        if (i < tour->stop_count && tour->stops[i].kind != ROUTE_RELOAD) continue;
        // The vehicle's cost stands on its first round.
        int64_t cost_fen = part == 1 ? tour->cost / 1000 : 0;
        if (i > first) TRY(write_trip(w, tour, first, i, part++, vehicle, cost_fen));
        first = i + 1;
    }
    return OK;
}

/* ---- what could not be planned ---- */

static const struct sql except = SQL(
    "UPDATE consignment SET state = 'excepted' WHERE day = $1 AND state = 'waiting'"
    " RETURNING id, place_id");

/* Whatever still waits has no place on a bus: each is a case, so that nothing promised is
 * forgotten. */
static enum status open_exceptions(struct publisher *w)
{
    struct rows *rows;
    enum status found = db_first(w->tx, &except, ARGS(i64(w->p->live->day)), &rows);
    for (; found == OK; found = db_next(rows)) {
        struct exception exception = {
            .kind = EXCEPTION_UNPLACED, .consignment_id = row_i64(rows, 0),
            .place_id = row_i64(rows, 1), .at_ms = w->p->at_ms, .recorded_ms = w->p->at_ms,
        };
        TRY(exception_open(w->tx, &exception, w->err));
    }
    return found == NOT_FOUND ? OK : found;
}

enum status publish(struct tx *tx, const struct publication *p, int64_t *plan_id, struct err *err)
{
    const struct county *county = tx_county(tx);
    const struct network *net = p->live->network;
    struct publisher w = {
        .tx = tx, .p = p, .net = net, .zone_s = county->zone_s, .plan_id = tx_id(tx),
        .hub_id = net->places[0].place_id, .err = err,
        .vehicle_used = arena_new(tx_arena(tx), net->vehicle_count + 1),
    };
    struct rows *rows;
    if (w.vehicle_used == NULL) return BROKEN;
    enum status taken = db_first(tx, &take_wave, ARGS(i64(p->live->day), i64(w.plan_id),
                                                      i64(p->at_ms), i64(p->plan_ms)), &rows);
    if (taken == NOT_FOUND) return err_set(err, CONFLICT, "day", "This wave has its plan.");
    if (taken != OK) return taken;
    const struct route_solution *s = p->solution;
    TRY(db_run(tx, &add_plan, ARGS(i64(w.plan_id), i64(p->live->day), i64(p->at_ms),
                                   str(p->source), i64(s->cost / 1000), i64(s->distance),
                                   i64(s->duration))));
    for (int32_t i = 0; i < s->tour_count; i++) TRY(write_tour(&w, &s->tours[i]));
    *plan_id = w.plan_id;
    return open_exceptions(&w);
}
