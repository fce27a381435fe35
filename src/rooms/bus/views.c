/* views.c - what people see of the bus. */
#include "rooms/bus/views.h"

#include <string.h>
#include "base/arena.h"
#include "base/clock.h"
#include "db/db.h"
#include "people/person.h"
#include "rooms/bus/board.h"
#include "rooms/bus/inside.h"
#include "rooms/bus/papers.h"
#include "web/county.h"
#include "web/form.h"

const struct permission bus_see_plan = {
    "bus.see_plan", "See waves, plans and trips",
    "dispatcher clerk head auditor admin picker station" };
const struct permission bus_see_trip = {
    "bus.see_trip", "See a trip and its load",
    "driver picker station keeper dispatcher clerk admin" };
struct asked { int64_t id, at_ms; struct who who; };

/* ---- a day ---- */

struct day { int64_t day, closures; struct wave wave; struct board board; };

static const struct sql count_closures = SQL(
    "SELECT count(*) FROM closure WHERE ended_ms IS NULL AND (until_ms IS NULL OR until_ms > $1)");

static enum status read_day(struct tx *tx, const struct asked *asked, int64_t driver_id,
                            struct day *day, struct err *err)
{
    struct rows *rows;
    day->day = asked->id;
    TRY(bus_wave(tx, asked->id, &day->wave, err));
    TRY(db_first(tx, &count_closures, ARGS(i64(asked->at_ms)), &rows));
    day->closures = row_i64(rows, 0);
    return board_read(tx, asked->id, driver_id, &day->board);
}

static enum status prepare_day(struct request *rq, void *in, struct err *err)
{
    struct asked *asked = in;
    asked->who = rq->who;
    asked->at_ms = rq->arrived_ms;
    return form_i64(rq, "day", 0, 4000000, &asked->id, err);
}

static enum status act_day(struct tx *tx, const void *in, void *out, struct err *err)
{
    return read_day(tx, in, 0, out, err);
}

/* Later closings to choose from: half hours and hours from the one that stands, until 04:00. */
static json_t *closings(const struct day *day, int64_t now_ms, int32_t zone_s)
{
    static const int64_t later_ms[] = { 30 * MINUTE_MS, HOUR_MS, 2 * HOUR_MS, 3 * HOUR_MS };
    json_t *list = json_array();
    for (size_t i = 0; i < COUNT(later_ms); i++) {
        int64_t at_ms = day->wave.closes_ms + later_ms[i];
        if (at_ms > now_ms && at_ms <= day_ms(day->day, 4 * 3600, zone_s))
            json_array_append_new(list, json_pack("{s:I}", "at_ms", (json_int_t)at_ms));
    }
    return list;
}

static const struct { const char *state, *text, *kind; } wave_states[] = {
    { "open", "Open for orders", "fine" }, { "closed", "Closed, being planned", "busy" },
    { "published", "Published", "fine" },
};

static json_t *show_day(struct request *rq, const void *out)
{
    const struct day *day = out;
    const struct wave *wave = &day->wave;
    size_t i = 0;
    while (i + 1 < COUNT(wave_states) && strcmp(wave_states[i].state, wave->state) != 0) i++;
    bool open = wave->closed_ms == 0, may = (rq->who.roles & role_set("dispatcher admin")) != 0;
    json_t *view = json_pack(
        "{s:I, s:I, s:I, s:I, s:s, s:s, s:s, s:I, s:I, s:I, s:b, s:b, s:b, s:I, s:o}", "day",
        (json_int_t)day->day, "before", (json_int_t)(day->day - 1), "after",
        (json_int_t)(day->day + 1), "day_ms",
        (json_int_t)day_ms(day->day, 0, rq->county->zone_s), "state", wave->state, "wave_text",
        wave_states[i].text, "wave_kind", wave_states[i].kind, "closes_ms",
        (json_int_t)wave->closes_ms, "closed_ms", (json_int_t)wave->closed_ms, "published_ms",
        (json_int_t)wave->published_ms, "published", (int)(wave->published_ms != 0), "prints",
        (int)((rq->who.roles & role_set(bus_print_night.roles)) != 0), "can_close",
        (int)(open && may), "closures", (json_int_t)day->closures, "closings",
        closings(day, rq->arrived_ms, rq->county->zone_s));
    board_show(&day->board, rq->arrived_ms, rq->county->zone_s, view);
    return view;
}

/* ---- a driver's own day ---- */

static enum status prepare_my(struct request *rq, void *in, struct err *err)
{
    struct asked *asked = in;
    asked->who = rq->who;
    asked->at_ms = rq->arrived_ms;
    asked->id = day_of(rq->arrived_ms, rq->county->zone_s);
    return form_i64_opt(rq, "day", 0, 4000000, &asked->id, err);
}

static enum status act_my(struct tx *tx, const void *in, void *out, struct err *err)
{
    const struct asked *asked = in;
    return read_day(tx, asked, asked->who.user_id, out, err);
}

/* ---- the fleet, and who is free ---- */

struct fleet { struct fleet_row *at; size_t count; int64_t day; };
struct fleet_row {
    int64_t id, driver_id, trips, trip_id, weight_g, crates;
    const char *plate, *kind, *driver;
};

static const struct sql find_fleet = SQL(
    "SELECT v.id, coalesce(v.driver_id, 0), v.plate, v.kind, count(t.id),"
    " coalesce(min(CASE WHEN t.state = 'underway' THEN t.id END), min(t.id), 0), v.weight_g,"
    " v.crates, coalesce(p.name, '') FROM vehicle AS v"
    " LEFT JOIN trip AS t ON t.vehicle_id = v.id AND t.day = $1"
    "  AND t.state IN ('planned', 'underway')"
    " LEFT JOIN people_party AS p ON p.party_id = v.driver_id WHERE v.active = 1"
    " GROUP BY v.id, v.driver_id, v.plate, v.kind, v.weight_g, v.crates, p.name ORDER BY v.plate");

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
            .id = row_i64(rows, 0), .driver_id = row_i64(rows, 1), .plate = row_str(rows, 2),
            .kind = row_str(rows, 3), .trips = row_i64(rows, 4), .trip_id = row_i64(rows, 5),
            .weight_g = row_i64(rows, 6), .crates = row_i64(rows, 7),
            .driver = row_str(rows, 8) };
    }
    fleet->day = asked->id;
    return found == NOT_FOUND ? OK : found;
}

static json_t *show_fleet(struct request *rq, const void *out)
{
    const struct fleet *fleet = out;
    json_t *list = json_array();
    for (size_t i = 0; list && i < fleet->count; i++) {
        const struct fleet_row *v = &fleet->at[i];
        json_array_append_new(list, json_pack(
            "{s:I, s:I, s:s, s:s, s:s, s:b, s:I, s:I, s:I, s:I}", "id", (json_int_t)v->id,
            "driver_id", (json_int_t)v->driver_id, "driver", v->driver, "plate", v->plate, "kind",
            v->kind, "busy", (int)(v->trips != 0), "trips", (json_int_t)v->trips, "trip_id",
            (json_int_t)v->trip_id, "weight_g", (json_int_t)v->weight_g, "crates",
            (json_int_t)v->crates));
    }
    return json_pack("{s:I, s:I, s:o}", "day", (json_int_t)fleet->day, "day_ms",
                     (json_int_t)day_ms(fleet->day, 0, rq->county->zone_s), "vehicles", list);
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
    { .method = GET, .path = "/bus/my", .permission = &bus_see_trip, .page = "bus/my",
      .text = "A driver's own trips", .in_size = sizeof(struct asked),
      .out_size = sizeof(struct day), .prepare = prepare_my, .act = act_my, .show = show_day },
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
