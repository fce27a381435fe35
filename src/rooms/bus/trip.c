/* trip.c - trips on their way. */
#include "rooms/bus/trip.h"

#include <string.h>
#include "base/arena.h"
#include "base/clock.h"
#include "db/db.h"

static const char *const acts[] = { "depart", "arrive", "leave", "skip", "return" };

#define TRIP_COLUMNS                                                                           \
    "SELECT t.id, t.plan_id, t.day, t.number, t.part, t.vehicle_id, coalesce(t.driver_id, 0)," \
    " t.departs_ms, t.returns_ms, t.distance_m, t.cost_fen, coalesce(t.departed_ms, 0),"       \
    " coalesce(t.returned_ms, 0), t.state, v.plate"                                            \
    " FROM trip AS t JOIN vehicle AS v ON v.id = t.vehicle_id WHERE "

static struct trip trip_of(const struct rows *rows)
{
    return (struct trip){
        .id = row_i64(rows, 0), .plan_id = row_i64(rows, 1), .day = row_i64(rows, 2),
        .number = row_i64(rows, 3), .part = row_i64(rows, 4), .vehicle_id = row_i64(rows, 5),
        .driver_id = row_i64(rows, 6), .departs_ms = row_i64(rows, 7),
        .returns_ms = row_i64(rows, 8), .distance_m = row_i64(rows, 9),
        .cost_fen = row_i64(rows, 10), .departed_ms = row_i64(rows, 11),
        .returned_ms = row_i64(rows, 12), .state = row_str(rows, 13), .plate = row_str(rows, 14),
    };
}

static const struct sql find_trip = SQL(TRIP_COLUMNS "t.id = $1");
static const struct sql find_trips = SQL(
    TRIP_COLUMNS "t.day = $1 AND ($2 = 0 OR t.driver_id = $2) AND t.state <> 'replaced'"
    " ORDER BY t.number");

enum status trip_get(struct tx *tx, int64_t trip_id, struct trip *out, struct err *err)
{
    struct rows *rows;
    enum status found = db_first(tx, &find_trip, ARGS(i64(trip_id)), &rows);
    if (found == NOT_FOUND) return err_set(err, NOT_FOUND, "trip_id", "There is no such trip.");
    if (found == OK) *out = trip_of(rows);
    return found;
}

enum status trip_list(struct tx *tx, int64_t day, int64_t driver_id, struct trip **out,
                      size_t *count)
{
    struct rows *rows;
    *out = NULL;
    *count = 0;
    enum status found = db_first(tx, &find_trips, ARGS(i64(day), i64(driver_id)), &rows);
    for (; found == OK; found = db_next(rows)) {
        *out = arena_more(tx_arena(tx), *out, *count, sizeof **out);
        if (*out == NULL) return BROKEN;
        (*out)[(*count)++] = trip_of(rows);
    }
    return found == NOT_FOUND ? OK : found;
}

static const struct sql find_stops = SQL(
    "SELECT s.id, s.trip_id, s.seq, s.place_id, s.arrives_ms, s.departs_ms, s.eta_ms,"
    " coalesce(s.arrived_ms, 0), coalesce(s.departed_ms, 0), s.state, p.name, s.detour_ms"
    " FROM trip_stop AS s JOIN people_place AS p ON p.place_id = s.place_id"
    " WHERE s.trip_id = $1 AND s.state <> 'replaced' ORDER BY s.seq");

enum status trip_stops(struct tx *tx, int64_t trip_id, struct stop **out, size_t *count)
{
    struct rows *rows;
    *out = NULL;
    *count = 0;
    enum status found = db_first(tx, &find_stops, ARGS(i64(trip_id)), &rows);
    for (; found == OK; found = db_next(rows)) {
        *out = arena_more(tx_arena(tx), *out, *count, sizeof **out);
        if (*out == NULL) return BROKEN;
        (*out)[(*count)++] = (struct stop){
            .id = row_i64(rows, 0), .trip_id = row_i64(rows, 1), .seq = row_i64(rows, 2),
            .place_id = row_i64(rows, 3), .arrives_ms = row_i64(rows, 4),
            .departs_ms = row_i64(rows, 5), .eta_ms = row_i64(rows, 6),
            .arrived_ms = row_i64(rows, 7), .departed_ms = row_i64(rows, 8),
            .state = row_str(rows, 9), .place = row_str(rows, 10),
            .detour_ms = row_i64(rows, 11),
        };
    }
    return found == NOT_FOUND ? OK : found;
}

/* ---- facts, and what follows from them ---- */

static const struct sql trip_of_stop = SQL("SELECT trip_id FROM trip_stop WHERE id = $1");
static const struct sql add_event = SQL(
    "INSERT INTO trip_event (event_id, kind, trip_id, stop_id, by_id, phone_ms, offset_ms, at_ms,"
    " received_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
    " ON CONFLICT DO NOTHING RETURNING received_ms");
static const struct sql find_same = SQL(
    "SELECT received_ms FROM trip_event WHERE event_id = $1 AND kind = $2 AND trip_id = $3"
    " AND stop_id = $4 AND by_id = $5 AND phone_ms = $6 AND offset_ms = $7");

// The first of each kind counts: a second tap on "arrived" changes nothing.
static const struct sql fold_stops = SQL(
    "UPDATE trip_stop SET"
    " arrived_ms = (SELECT min(at_ms) FROM trip_event AS e WHERE e.trip_id = trip_stop.trip_id"
    "  AND e.stop_id = trip_stop.id AND e.kind = 'arrive'),"
    " departed_ms = (SELECT min(at_ms) FROM trip_event AS e WHERE e.trip_id = trip_stop.trip_id"
    "  AND e.stop_id = trip_stop.id AND e.kind IN ('leave', 'skip')),"
    " state = coalesce((SELECT max(CASE e.kind WHEN 'skip' THEN 'skipped' WHEN 'leave' THEN 'done'"
    "  ELSE 'arrived' END) FROM trip_event AS e WHERE e.trip_id = trip_stop.trip_id"
    "  AND e.stop_id = trip_stop.id), 'planned')"
    " WHERE trip_id = $1 AND id = $2 AND state <> 'replaced'");
static const struct sql fold_trip = SQL(
    "UPDATE trip SET"
    " departed_ms = (SELECT min(at_ms) FROM trip_event WHERE trip_id = $1 AND kind = 'depart'),"
    " returned_ms = (SELECT min(at_ms) FROM trip_event WHERE trip_id = $1 AND kind = 'return'),"
    " state = CASE WHEN state IN ('broken', 'replaced') THEN state"
    "  WHEN EXISTS (SELECT 1 FROM trip_event WHERE trip_id = $1 AND kind = 'return') THEN 'done'"
    "  WHEN EXISTS (SELECT 1 FROM trip_event WHERE trip_id = $1) THEN 'underway'"
    "  ELSE state END WHERE id = $1");

static const struct sql set_eta = SQL("UPDATE trip_stop SET eta_ms = $2 WHERE id = $1");

enum status trip_expect(struct tx *tx, int64_t trip_id)
{
    struct trip trip;
    struct stop *stops;
    size_t count;
    TRY(trip_get(tx, trip_id, &trip, &(struct err){ 0 }));
    TRY(trip_stops(tx, trip_id, &stops, &count));
    int64_t delay_ms = trip.departed_ms ? trip.departed_ms - trip.departs_ms : 0;
    for (size_t i = 0; i < count; i++) {
        const struct stop *stop = &stops[i];
        int64_t planned_ms = stop->arrives_ms + stop->detour_ms;
        int64_t eta_ms = stop->arrived_ms ? stop->arrived_ms : planned_ms + delay_ms;
        if (eta_ms != stop->eta_ms) TRY(db_run(tx, &set_eta, ARGS(i64(stop->id), i64(eta_ms))));
        if (stop->departed_ms)
            delay_ms = stop->departed_ms - stop->departs_ms - stop->detour_ms;
        else if (stop->arrived_ms)
            delay_ms = stop->arrived_ms - planned_ms;
    }
    return OK;
}

static enum status fold(struct tx *tx, const struct trip_event *event)
{
    if (event->stop_id)
        TRY(db_run(tx, &fold_stops, ARGS(i64(event->trip_id), i64(event->stop_id))));
    TRY(db_run(tx, &fold_trip, ARGS(i64(event->trip_id))));
    return trip_expect(tx, event->trip_id);
}

enum status trip_record(struct tx *tx, struct trip_event *event, int64_t *received_ms,
                        struct err *err)
{
    struct trip trip;
    struct rows *rows;
    if (event->stop_id) {
        enum status found = db_first(tx, &trip_of_stop, ARGS(i64(event->stop_id)), &rows);
        if (found == NOT_FOUND)
            return err_set(err, NOT_FOUND, "stop_id", "There is no such stop.");
        if (found != OK) return found;
        event->trip_id = row_i64(rows, 0);
    }
    TRY(trip_get(tx, event->trip_id, &trip, err));
    if (event->by_id && trip.driver_id != event->by_id)
        return err_set(err, DENIED, "trip_id", "This is another driver's trip.");

    struct args args = ARGS(str(event->event_id), str(acts[event->act]), i64(event->trip_id),
                            i64(event->stop_id), i64(event->by_id), i64(event->phone_ms),
                            i64(event->offset_ms), i64(event->at_ms), i64(event->received_ms));
    enum status added = db_first(tx, &add_event, args, &rows);
    bool repeat = added == NOT_FOUND;
    if (repeat) {
        args.count = 7;   // all but what the county adds
        added = db_first(tx, &find_same, args, &rows);
    }
    if (added == NOT_FOUND)
        return err_set(err, CONFLICT, "event_id", "Something else was sent under this id.");
    if (added != OK) return added;
    *received_ms = row_i64(rows, 0);
    return repeat ? OK : fold(tx, event);
}
