/* delay.c - ETAs on changed roads, and rescue of a broken bus. */
#include "rooms/bus/delay.h"

#include <string.h>
#include "base/arena.h"
#include "base/clock.h"
#include "db/db.h"
#include "db/writer.h"
#include "people/audit.h"
#include "rooms/bus/exception.h"
#include "rooms/bus/inside.h"
#include "rooms/bus/trip.h"
#include "web/county.h"
#include "web/form.h"

static int32_t seconds(const struct network *net, int32_t type, int32_t from, int32_t to)
{
    const struct route_profile *profile = &net->profiles[net->types[type].profile];
    return profile->duration[(size_t)from * net->place_count + (size_t)to];
}

static int32_t type_of(const struct network *net, int64_t vehicle_id)
{
    for (size_t i = 0; i < net->vehicle_count; i++)
        if (net->vehicles[i].vehicle_id == vehicle_id) return net->vehicles[i].type;
    return -1;
}

/* ---- expected times on the roads as they are ---- */

// Five minutes and more are the road's doing, while they last.
static const struct sql set_detour = SQL(
    "UPDATE trip_stop SET detour_ms = $2,"
    " cause = CASE WHEN $2 >= 300000 THEN coalesce(cause, 'road')"
    "  WHEN cause = 'road' THEN NULL ELSE cause END WHERE id = $1");
static const struct sql set_cut_off = SQL("UPDATE trip_stop SET cause = 'road' WHERE id = $1");

static enum status unreachable(struct tx *tx, const struct trip *trip, const struct stop *stop,
                               int64_t now_ms, struct err *err)
{
    char *key = arena_printf(tx_arena(tx), "road-%lld", (long long)stop->id);
    if (key == NULL) return BROKEN;
    TRY(db_run(tx, &set_cut_off, ARGS(i64(stop->id))));
    struct exception exception = {
        .kind = EXCEPTION_ROAD, .stop_id = stop->id, .trip_id = trip->id,
        .place_id = stop->place_id, .note = stop->place, .client_key = key, .at_ms = now_ms,
        .recorded_ms = now_ms,
    };
    return exception_open(tx, &exception, err);
}

/* Drives the rest of a trip, on the roads as they are, from the last stop where the bus has been.
 * No stop comes earlier than planned: the bus would have to wait for its window there. */
static enum status spread_trip(struct tx *tx, const struct network *net, const struct trip *trip,
                               int64_t now_ms, struct err *err)
{
    struct stop *stops;
    size_t count;
    int32_t type = type_of(net, trip->vehicle_id), at = 0;
    int64_t leaves_ms = trip->departs_ms;   // as planned, with detours
    if (type < 0) return OK;
    TRY(trip_stops(tx, trip->id, &stops, &count));
    for (size_t i = 0; i < count; i++) {
        const struct stop *stop = &stops[i];
        int32_t to = network_place(net, stop->place_id);
        if (to < 0) continue;
        int64_t detour_ms = stop->detour_ms;
        if (strcmp(stop->state, "planned") == 0) {
            int32_t drive_s = seconds(net, type, at, to);
            if (drive_s >= ROUTE_FAR) {
                TRY(unreachable(tx, trip, stop, now_ms, err));
                continue;
            }
            detour_ms = leaves_ms + (int64_t)drive_s * SECOND_MS - stop->arrives_ms;
            if (detour_ms < 0) detour_ms = 0;
            TRY(db_run(tx, &set_detour, ARGS(i64(stop->id), i64(detour_ms))));
        }
        leaves_ms = stop->departs_ms + detour_ms;
        at = to;
    }
    return trip_expect(tx, trip->id);
}

struct spread_entry {
    struct entry entry;
    struct bus *bus;
    struct network *network;
    int64_t now_ms;
};

static enum status act_spread(struct tx *tx, struct entry *entry, struct err *err)
{
    const struct spread_entry *spread = (const struct spread_entry *)entry;
    int64_t today = day_of(spread->now_ms, spread->bus->county->zone_s);
    for (int64_t day = today; day <= today + 1; day++) {   // tomorrow's plan is made at 23:00
        struct trip *trips;
        size_t count;
        TRY(trip_list(tx, day, 0, &trips, &count));
        for (size_t i = 0; i < count; i++)
            if (strcmp(trips[i].state, "planned") == 0 || strcmp(trips[i].state, "underway") == 0)
                TRY(spread_trip(tx, spread->network, &trips[i], spread->now_ms, err));
    }
    return OK;
}

enum status delay_spread(struct bus *bus, struct arena *arena, struct err *err)
{
    struct spread_entry spread = {
        .entry = { .lane = LANE_FIRST, .arena = arena, .act = act_spread }, .bus = bus,
        .now_ms = county_now_ms(bus->county),
    };
    pthread_mutex_lock(&bus->lock);
    spread.network = network_hold(bus->network);
    pthread_mutex_unlock(&bus->lock);
    enum status done = writer_call(bus->county->writer, &spread.entry, err);
    pthread_mutex_lock(&bus->lock);
    network_release(spread.network);
    pthread_mutex_unlock(&bus->lock);
    return done;
}

/* ---- rescue ---- */

static const struct sql break_trip = SQL(
    "UPDATE trip SET state = 'broken' WHERE id = $1 AND state IN ('planned', 'underway')"
    " RETURNING day");
static const struct sql find_vehicle = SQL(
    "SELECT coalesce(driver_id, 0) FROM vehicle WHERE id = $1 AND active = 1 AND NOT EXISTS"
    " (SELECT 1 FROM trip WHERE trip.vehicle_id = vehicle.id AND trip.day = $2"
    "  AND trip.state = 'underway')");
static const struct sql last_number = SQL(
    "SELECT max(number) FROM trip WHERE day = $1 AND state <> 'replaced'");
static const struct sql add_trip = SQL(
    "INSERT INTO trip (id, plan_id, day, number, part, vehicle_id, driver_id, departs_ms,"
    " returns_ms, distance_m, cost_fen, state)"
    " VALUES ($1, $2, $3, $4, 1, $5, $6, $7, $8, $9, 0, 'planned')");
static const struct sql add_stop = SQL(
    "INSERT INTO trip_stop (id, trip_id, seq, place_id, arrives_ms, departs_ms, eta_ms, cause,"
    " state, detour_ms) VALUES ($1, $2, $3, $4, $5, $6, $5, 'breakdown', 'planned', 0)");
static const struct sql replace_stop = SQL(
    "UPDATE trip_stop SET state = 'replaced' WHERE id = $1");
static const struct sql move_consignments = SQL(
    "UPDATE consignment SET trip_id = $2, stop_id = $3 WHERE stop_id = $1");
static const struct sql move_units = SQL("UPDATE unit SET stop_id = $2 WHERE stop_id = $1");

struct rescuing {
    struct tx *tx;
    const struct network *net;
    const struct trip *old;
    struct stop *stops;
    size_t count;
    int32_t type, from;           // of the new vehicle; where it is
    int64_t trip_id, at_ms, metres;
};

static bool ahead(const struct stop *stop) { return strcmp(stop->state, "planned") == 0; }

/* Where the broken bus stands, as far as anybody knows: at the last stop where it was, or at the
 * hub. */
static int32_t broken_at(const struct rescuing *r)
{
    int32_t at = 0;
    int64_t since_ms = 0;
    for (size_t i = 0; i < r->count; i++) {
        const struct stop *stop = &r->stops[i];
        int64_t there_ms = stop->departed_ms ? stop->departed_ms : stop->arrived_ms;
        if (ahead(stop) || there_ms < since_ms) continue;
        at = network_place(r->net, stop->place_id);
        since_ms = there_ms;
    }
    return at;
}

static void add_leg(struct rescuing *r, int32_t to, int64_t *at_ms)
{
    const struct route_profile *profile = &r->net->profiles[r->net->types[r->type].profile];
    if (to < 0) return;           // a stop that is no more
    size_t leg = (size_t)r->from * r->net->place_count + (size_t)to;
    if (profile->duration[leg] < ROUTE_FAR) {
        *at_ms += (int64_t)profile->duration[leg] * SECOND_MS;
        r->metres += profile->distance[leg];
    }
    r->from = to;
}

static enum status move_stops(struct rescuing *r, int64_t *at_ms)
{
    for (size_t i = 0, seq = 1; i < r->count; i++) {
        const struct stop *stop = &r->stops[i];
        if (!ahead(stop)) continue;
        int64_t id = tx_id(r->tx), service_ms = stop->departs_ms - stop->arrives_ms;
        add_leg(r, network_place(r->net, stop->place_id), at_ms);
        TRY(db_run(r->tx, &add_stop, ARGS(i64(id), i64(r->trip_id), i64((int64_t)seq++),
                                          i64(stop->place_id), i64(*at_ms),
                                          i64(*at_ms + service_ms))));
        *at_ms += service_ms;
        TRY(db_run(r->tx, &replace_stop, ARGS(i64(stop->id))));
        TRY(db_run(r->tx, &move_consignments, ARGS(i64(stop->id), i64(r->trip_id), i64(id))));
        TRY(db_run(r->tx, &move_units, ARGS(i64(stop->id), i64(id))));
    }
    return OK;
}

static const struct sql set_trip_end = SQL(
    "UPDATE trip SET returns_ms = $2, distance_m = $3 WHERE id = $1");

static enum status make_trip(struct rescuing *r, const struct rescue *rescue, int64_t driver_id)
{
    struct rows *rows;
    TRY(db_first(r->tx, &last_number, ARGS(i64(r->old->day)), &rows));
    int64_t number = row_i64(rows, 0) + 1, at_ms = rescue->at_ms;
    r->trip_id = tx_id(r->tx);
    TRY(db_run(r->tx, &add_trip,
               ARGS(i64(r->trip_id), i64(r->old->plan_id), i64(r->old->day), i64(number),
                    i64(rescue->vehicle_id), driver_id ? i64(driver_id) : null(), i64(at_ms),
                    i64(at_ms), i64(0))));
    add_leg(r, broken_at(r), &at_ms);   // from the hub to the broken bus, then on
    TRY(move_stops(r, &at_ms));
    add_leg(r, 0, &at_ms);
    return db_run(r->tx, &set_trip_end, ARGS(i64(r->trip_id), i64(at_ms), i64(r->metres)));
}

static enum status rescue_on(struct tx *tx, const struct network *net, const struct rescue *rescue,
                             int64_t *new_trip_id, struct err *err)
{
    struct trip old;
    struct rows *rows;
    struct rescuing r = { .tx = tx, .net = net, .old = &old,
                          .type = type_of(net, rescue->vehicle_id), .at_ms = rescue->at_ms };
    TRY(trip_get(tx, rescue->trip_id, &old, err));
    if (r.type < 0 || rescue->vehicle_id == old.vehicle_id)
        return err_set(err, NOT_FOUND, "vehicle_id", "There is no such vehicle.");
    enum status found = db_first(tx, &find_vehicle, ARGS(i64(rescue->vehicle_id), i64(old.day)),
                                 &rows);
    if (found == NOT_FOUND)
        return err_set(err, CONFLICT, "vehicle_id", "This vehicle is under way.");
    if (found != OK) return found;
    int64_t driver_id = row_i64(rows, 0);
    found = db_first(tx, &break_trip, ARGS(i64(old.id)), &rows);
    if (found == NOT_FOUND) return err_set(err, CONFLICT, "trip_id", "This trip is over.");
    if (found != OK) return found;
    TRY(trip_stops(tx, old.id, &r.stops, &r.count));
    TRY(make_trip(&r, rescue, driver_id));
    *new_trip_id = r.trip_id;
    struct exception exception = {
        .kind = EXCEPTION_BREAKDOWN, .trip_id = old.id, .by_id = rescue->by_id,
        .note = rescue->note, .client_key = rescue->client_key, .at_ms = rescue->at_ms,
        .recorded_ms = rescue->recorded_ms,
    };
    TRY(exception_open(tx, &exception, err));
    return audit_note(tx, rescue->recorded_ms, rescue->by_id, "trip.rescue", old.id,
                      rescue->note ? rescue->note : "");
}

enum status delay_rescue(struct tx *tx, const struct rescue *rescue, int64_t *new_trip_id,
                         struct err *err)
{
    struct bus *bus = bus_of(tx_county(tx));
    if (bus->network == NULL)
        return err_set(err, NOT_FOUND, "trip_id", "There is no such trip.");
    pthread_mutex_lock(&bus->lock);
    struct network *network = network_hold(bus->network);
    pthread_mutex_unlock(&bus->lock);
    enum status done = rescue_on(tx, network, rescue, new_trip_id, err);
    pthread_mutex_lock(&bus->lock);
    network_release(network);
    pthread_mutex_unlock(&bus->lock);
    return done;
}

/* ---- route ---- */

static const struct permission permission = {
    "bus.rescue", "Send another bus for a broken one", "dispatcher admin" };

static enum status prepare_rescue(struct request *rq, void *in, struct err *err)
{
    struct rescue *rescue = in;
    rescue->by_id = rq->user_id;
    rescue->at_ms = rescue->recorded_ms = rq->arrived_ms;
    rescue->client_key = rq->key;
    TRY(form_i64(rq, "trip_id", 1, ID_MAX, &rescue->trip_id, err));
    TRY(form_i64(rq, "vehicle_id", 1, ID_MAX, &rescue->vehicle_id, err));
    return form_str_opt(rq, "note", 300, &rescue->note, err);
}

static enum status act_rescue(struct tx *tx, const void *in, void *out, struct err *err)
{
    return delay_rescue(tx, in, out, err);
}

static json_t *show_rescue(struct request *rq, const void *out)
{
    (void)rq;
    return json_pack("{s:I}", "trip_id", (json_int_t)*(const int64_t *)out);
}

const struct route delay_routes[] = {
    { .method = POST, .path = "/bus/trips/{trip_id}/rescue", .permission = &permission,
      .next = "/bus/trips/{trip_id}", .text = "Another bus takes over a broken one's stops",
      .lane = LANE_FIRST, .in_size = sizeof(struct rescue), .out_size = sizeof(int64_t),
      .prepare = prepare_rescue, .act = act_rescue, .show = show_rescue },
    { 0 }
};
