/* trip_view.c - a trip as its driver, its stations and points, and the dispatcher see it: the stops
 * in order, what is to be handed over and picked up at each, and what may be done next. */
#include "rooms/bus/views.h"

#include <string.h>
#include "base/arena.h"
#include "db/db.h"
#include "people/person.h"
#include "rooms/bus/board.h"
#include "rooms/bus/exception.h"
#include "rooms/bus/papers.h"
#include "rooms/bus/screens.h"
#include "web/county.h"
#include "web/form.h"

/* One handling unit of a stop. `crate`: the code it is planned in, or NULL. */
struct piece {
    int64_t id, stop_id, consignment_id, holder_id, parent_id, party_id, origin_id;
    const char *code, *kind, *crate;
    bool up;
};
/* A stop's place: where it lies, its hours, and whom to call. */
struct where { int64_t opens_s, closes_s; const char *area, *keeper, *phone; };
struct spare { int64_t id; const char *plate, *kind, *driver; };   // a free vehicle

struct load {
    struct who who;
    struct trip trip;
    const char *driver, *phone;
    struct stop *stops;
    struct where *where;          // of stops
    size_t stop_count;
    struct piece *pieces;
    size_t piece_count;
    struct spare *spares;
    size_t spare_count;
};

struct asked { int64_t trip_id; struct who who; };

static bool dispatches(const struct who *who)
{
    return (who->roles & role_set("dispatcher admin")) != 0;
}

/* ---- reading ---- */

static const struct sql find_units = SQL(
    "SELECT u.id, u.stop_id, coalesce(u.consignment_id, 0), u.holder_id, u.parent_id,"
    " coalesce(g.party_id, 0), u.origin_id, u.code, u.kind, c.code, u.up FROM unit AS u"
    " JOIN trip_stop AS s ON s.id = u.stop_id LEFT JOIN unit AS c ON c.id = u.planned_parent_id"
    " LEFT JOIN consignment AS g ON g.id = u.consignment_id"
    " WHERE s.trip_id = $1 ORDER BY s.seq, u.id");

static enum status read_pieces(struct tx *tx, struct load *load)
{
    struct rows *rows;
    enum status found = db_first(tx, &find_units, ARGS(i64(load->trip.id)), &rows);
    for (; found == OK; found = db_next(rows)) {
        load->pieces = arena_more(tx_arena(tx), load->pieces, load->piece_count,
                                  sizeof *load->pieces);
        if (load->pieces == NULL) return BROKEN;
        load->pieces[load->piece_count++] = (struct piece){
            .id = row_i64(rows, 0), .stop_id = row_i64(rows, 1), .consignment_id = row_i64(rows, 2),
            .holder_id = row_i64(rows, 3), .parent_id = row_i64(rows, 4),
            .party_id = row_i64(rows, 5), .origin_id = row_i64(rows, 6), .code = row_str(rows, 7),
            .kind = row_str(rows, 8), .crate = row_str(rows, 9), .up = row_i64(rows, 10) != 0,
        };
    }
    return found == NOT_FOUND ? OK : found;
}

static const struct sql find_where = SQL(
    "SELECT p.opens_s, p.closes_s, coalesce(t.name, ''), k.name, k.phone FROM people_place AS p"
    " LEFT JOIN people_place AS v ON v.place_id = p.parent_id"
    // A point stands in a village, a station in a township: both say the township.
    " LEFT JOIN people_place AS t ON t.place_id = CASE WHEN v.kind = 3 THEN v.parent_id"
    "  ELSE v.place_id END"
    " LEFT JOIN people_role AS r ON r.role_id = (SELECT min(role_id) FROM people_role"
    "  WHERE place_id = p.place_id AND role IN ('keeper', 'station'))"
    " LEFT JOIN people_party AS k ON k.party_id = r.person_id WHERE p.place_id = $1");

static const char *or_none(const char *text) { return text ? text : ""; }

static enum status read_where(struct tx *tx, struct load *load)
{
    struct rows *rows;
    load->where = arena_new(tx_arena(tx), (load->stop_count + 1) * sizeof *load->where);
    if (load->where == NULL) return BROKEN;
    for (size_t i = 0; i < load->stop_count; i++) {
        TRY(db_first(tx, &find_where, ARGS(i64(load->stops[i].place_id)), &rows));
        load->where[i] = (struct where){
            .opens_s = row_i64(rows, 0), .closes_s = row_i64(rows, 1), .area = row_str(rows, 2),
            .keeper = or_none(row_str(rows, 3)), .phone = or_none(row_str(rows, 4)),
        };
    }
    return OK;
}

static const struct sql find_driver = SQL(
    "SELECT name, phone FROM people_party WHERE party_id = $1");
static const struct sql find_spares = SQL(
    "SELECT v.id, v.plate, v.kind, p.name FROM vehicle AS v"
    " JOIN people_party AS p ON p.party_id = v.driver_id WHERE v.active = 1 AND v.id <> $2"
    " AND NOT EXISTS (SELECT 1 FROM trip AS t WHERE t.vehicle_id = v.id AND t.day = $1"
    "  AND t.state IN ('planned', 'underway')) ORDER BY v.plate");

static enum status read_spares(struct tx *tx, struct load *load)
{
    struct rows *rows;
    struct args args = ARGS(i64(load->trip.day), i64(load->trip.vehicle_id));
    enum status found = db_first(tx, &find_spares, args, &rows);
    for (; found == OK; found = db_next(rows)) {
        load->spares = arena_more(tx_arena(tx), load->spares, load->spare_count,
                                  sizeof *load->spares);
        if (load->spares == NULL) return BROKEN;
        load->spares[load->spare_count++] = (struct spare){
            row_i64(rows, 0), row_str(rows, 1), row_str(rows, 2), row_str(rows, 3) };
    }
    return found == NOT_FOUND ? OK : found;
}

static enum status prepare(struct request *rq, void *in, struct err *err)
{
    struct asked *asked = in;
    asked->who = rq->who;
    return form_i64(rq, "trip_id", 1, ID_MAX, &asked->trip_id, err);
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

static enum status act(struct tx *tx, const void *in, void *out, struct err *err)
{
    const struct asked *asked = in;
    struct load *load = out;
    struct rows *rows;
    *load = (struct load){ .who = asked->who, .driver = "", .phone = "" };
    TRY(trip_get(tx, asked->trip_id, &load->trip, err));
    TRY(trip_stops(tx, asked->trip_id, &load->stops, &load->stop_count));
    TRY(may_see(&asked->who, load, err));
    enum status found = db_first(tx, &find_driver, ARGS(i64(load->trip.driver_id)), &rows);
    if (found == OK) load->driver = row_str(rows, 0);
    if (found == OK) load->phone = or_none(row_str(rows, 1));
    if (found != OK && found != NOT_FOUND) return found;
    TRY(read_where(tx, load));
    TRY(read_pieces(tx, load));
    return dispatches(&load->who) ? read_spares(tx, load) : OK;
}

/* ---- showing ---- */

static json_t *integer(int64_t n) { return json_integer((json_int_t)n); }

static bool container(const struct piece *p) { return p->consignment_id == 0; }

static const struct { const char *kind, *text; } unit_kinds[] = {
    { "crate", "Crate" }, { "cold_box", "Cold box" }, { "bag", "Bag" }, { "parcel", "Parcel" },
    { "lot", "Lot of produce" },
};

const char *unit_kind_text(const char *kind)
{
    size_t i = 0;
    while (i + 1 < COUNT(unit_kinds) && strcmp(unit_kinds[i].kind, kind) != 0) i++;
    return unit_kinds[i].text;
}

static bool aboard(const struct load *load, const struct piece *p)
{
    return p->holder_id == load->trip.driver_id;
}

/* Where a unit is as far as this stop cares. */
static const char *piece_text(const struct load *load, const struct stop *s, const struct piece *p)
{
    if (aboard(load, p)) return "On the bus";
    if (p->up) return p->holder_id == p->origin_id ? "To be picked up" : "Handed over";
    return p->holder_id == s->place_id || s->departed_ms ? "Handed over" : "Not loaded";
}

/* What changes hands by itself: no bag inside of a crate. */
static bool moves(const struct piece *p)
{
    return p->parent_id == 0 && (container(p) || p->crate == NULL);
}

/* Still to be handed over or picked up while the bus is there. */
static bool waits(const struct load *load, const struct piece *p)
{
    return moves(p) && (p->up ? p->holder_id == p->origin_id : aboard(load, p));
}

static json_t *piece_json(const struct load *load, const struct stop *s, const struct piece *p)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s?, s:b, s:I, s:I, s:I}", "code", p->code, "kind",
                     p->kind, "kind_text", unit_kind_text(p->kind), "where_text",
                     piece_text(load, s, p), "crate", p->crate, "up", (int)p->up, "holder_id",
                     (json_int_t)p->holder_id, "consignment_id", (json_int_t)p->consignment_id,
                     "party_id", (json_int_t)p->party_id);
}

static json_t *stop_pieces(const struct load *load, const struct stop *s, json_t *view)
{
    json_t *crates = json_array(), *pieces = json_array(), *lots = json_array();
    json_t *waiting = json_array();
    int64_t parcels = 0;
    for (size_t i = 0; i < load->piece_count; i++) {
        const struct piece *p = &load->pieces[i];
        if (p->stop_id != s->id) continue;
        json_t *piece = piece_json(load, s, p);
        if (waits(load, p)) {
            json_t *row = json_copy(piece);
            json_object_set_new(row, "row", integer((int64_t)json_array_size(waiting)));
            json_array_append_new(waiting, row);
        }
        parcels += !p->up && !container(p) && moves(p);
        json_array_append_new(p->up ? lots : container(p) ? crates : pieces, piece);
    }
    json_object_set_new(view, "crate_count", integer((int64_t)json_array_size(crates)));
    json_object_set_new(view, "lot_count", integer((int64_t)json_array_size(lots)));
    json_object_set_new(view, "loose_count", integer(parcels));
    json_object_set_new(view, "crates", crates);
    json_object_set_new(view, "pieces", pieces);
    json_object_set_new(view, "lots", lots);
    return waiting;
}

static json_t *stop_json(const struct load *load, size_t i, bool here, bool acts)
{
    const struct stop *s = &load->stops[i];
    const struct where *w = &load->where[i];
    int64_t late_ms = s->eta_ms - s->arrives_ms;
    bool there = s->arrived_ms != 0 && s->departed_ms == 0;
    json_t *view = json_pack(
        "{s:I, s:I, s:I, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:b, s:I}", "id",
        (json_int_t)s->id, "seq", (json_int_t)s->seq, "place_id", (json_int_t)s->place_id, "place",
        s->place, "state", s->state, "stop_text", stop_state_text(s), "stop_kind",
        stop_state_kind(s), "arrives_ms", (json_int_t)s->arrives_ms, "departs_ms",
        (json_int_t)s->departs_ms, "eta_ms", (json_int_t)s->eta_ms, "arrived_ms",
        (json_int_t)s->arrived_ms, "departed_ms", (json_int_t)s->departed_ms, "late",
        (int)(late_ms >= LATE_MS), "late_s", (json_int_t)(late_ms > 0 ? late_ms / SECOND_MS : 0));
    if (view == NULL) return NULL;
    json_object_update_new(view, json_pack(
        "{s:s, s:s, s:s, s:b, s:I, s:I, s:b, s:b, s:b}", "area", w->area, "keeper", w->keeper,
        "phone", w->phone, "hours", (int)(w->closes_s != 0), "opens_s", (json_int_t)w->opens_s,
        "closes_s", (json_int_t)w->closes_s, "here", (int)here, "can_arrive",
        (int)(here && acts && s->arrived_ms == 0), "can_leave", (int)(here && acts && there)));
    json_t *waiting = stop_pieces(load, s, view);
    json_object_set_new(view, "can_hand_over",
                        json_boolean(here && acts && there && json_array_size(waiting)));
    json_object_set_new(view, "waiting", waiting);
    return view;
}

static json_t *spares_json(const struct load *load)
{
    json_t *list = json_array();
    for (size_t i = 0; i < load->spare_count; i++) {
        const struct spare *v = &load->spares[i];
        json_array_append_new(list, json_pack("{s:I, s:s, s:s, s:s}", "id", (json_int_t)v->id,
                                              "plate", v->plate, "kind", v->kind, "driver",
                                              v->driver));
    }
    return list;
}

/* What drivers tell by hand, in the order of how often. */
static json_t *troubles_json(void)
{
    static const enum exception_kind kinds[] = { EXCEPTION_CLOSED, EXCEPTION_DAMAGED,
        EXCEPTION_REFUSED, EXCEPTION_ROAD, EXCEPTION_BREAKDOWN, EXCEPTION_LATE };
    json_t *list = json_array();
    for (size_t i = 0; i < COUNT(kinds); i++)
        json_array_append_new(list, json_pack("{s:s, s:s}", "what", exception_name(kinds[i]),
                                              "text", exception_text(kinds[i])));
    return list;
}

/* Units that the driver does not have yet although their stops are ahead: what is to be loaded. */
static int64_t to_load(const struct load *load)
{
    int64_t count = 0;
    for (size_t i = 0; i < load->piece_count; i++) {
        const struct piece *p = &load->pieces[i];
        for (size_t k = 0; k < load->stop_count; k++) {
            const struct stop *s = &load->stops[k];
            if (s->id == p->stop_id && s->departed_ms == 0 && !p->up && moves(p))
                count += !aboard(load, p) && p->holder_id != s->place_id;
        }
    }
    return count;
}

static json_t *show(struct request *rq, const void *out)
{
    const struct load *load = out;
    const struct trip *t = &load->trip;
    bool planned = strcmp(t->state, "planned") == 0, underway = strcmp(t->state, "underway") == 0;
    bool acts = load->who.user_id == t->driver_id || dispatches(&load->who);
    int64_t late_ms, loading = planned || underway ? to_load(load) : 0;
    const struct stop *next = trip_next(load->stops, load->stop_count, &late_ms);
    json_t *stops = json_array(), *view = trip_json(t);
    for (size_t i = 0; stops && i < load->stop_count; i++)
        json_array_append_new(stops,
                              stop_json(load, i, underway && &load->stops[i] == next, acts));
    if (view == NULL) return NULL;
    json_object_update_new(view, json_pack(
        "{s:s, s:s, s:b, s:I, s:I, s:b, s:b, s:b, s:b, s:b, s:b, s:b, s:I}", "driver", load->driver,
        "driver_phone", load->phone, "trip_late",
        (int)(late_ms >= LATE_MS && (planned || underway)), "trip_late_s",
        (json_int_t)(late_ms > 0 ? late_ms / SECOND_MS : 0), "to_load",
        (json_int_t)loading, "can_load", (int)(acts && loading > 0), "can_depart",
        (int)(acts && planned), "can_return", (int)(acts && underway && next == NULL), "can_tell",
        (int)(acts && (planned || underway)), "can_rescue",
        (int)(dispatches(&load->who) && (planned || underway)), "plans",
        (int)((load->who.roles & role_set(bus_see_plan.roles)) != 0), "prints",
        (int)(load->stop_count && (load->who.roles & role_set(bus_print.roles)) != 0), "now_ms",
        (json_int_t)rq->arrived_ms));
    json_object_set_new(view, "spares", spares_json(load));
    json_object_set_new(view, "troubles", troubles_json());
    json_object_set_new(view, "stops", stops);
    return view;
}

const struct route trip_view_routes[] = {
    { .method = GET, .path = "/bus/trips/{trip_id}", .permission = &bus_see_trip,
      .page = "bus/trip", .text = "A trip with its stops and load",
      .in_size = sizeof(struct asked), .out_size = sizeof(struct load), .prepare = prepare,
      .act = act, .show = show },
    { 0 }
};
