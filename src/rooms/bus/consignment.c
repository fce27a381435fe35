/* consignment.c - how far a consignment has come. */
#include "rooms/bus/consignment.h"

#include <string.h>
#include "db/db.h"
#include "rooms/bus/bus.h"

static const struct sql progress = SQL(
    "UPDATE consignment SET delivered_ms ="
    " (SELECT CASE WHEN count(*) = count(arrived_ms) THEN max(arrived_ms) END FROM unit"
    "  WHERE consignment_id = $1), collected_ms ="
    " (SELECT CASE WHEN consignment.up = 0"
    "  AND count(*) = count(CASE WHEN holder_id = consignment.party_id THEN 1 END)"
    "  THEN max(since_ms) END FROM unit WHERE consignment_id = $1)"
    " WHERE id = $1");

enum status consignment_progress(struct tx *tx, int64_t consignment_id)
{
    return db_run(tx, &progress, ARGS(i64(consignment_id)));
}

static const struct sql find_now = SQL(
    "SELECT c.day, c.due_ms, coalesce(c.trip_id, 0), coalesce(c.stop_id, 0),"
    " coalesce(t.number, 0), v.plate, c.state, coalesce(s.eta_ms, 0),"
    " coalesce(c.delivered_ms, 0), coalesce(c.collected_ms, 0), c.up, coalesce(t.state, ''),"
    " (SELECT count(*) FROM unit WHERE consignment_id = c.id AND parent_id <> 0)"
    " FROM consignment AS c LEFT JOIN trip AS t ON t.id = c.trip_id"
    " LEFT JOIN vehicle AS v ON v.id = t.vehicle_id LEFT JOIN trip_stop AS s ON s.id = c.stop_id"
    " WHERE c.id = $1");

static const char *state_of(const struct rows *rows)
{
    const char *state = row_str(rows, 6);
    if (strcmp(state, "planned") != 0) return state;
    bool up = row_i64(rows, 10) != 0;
    if (row_i64(rows, 9) && !up) return "collected";
    if (row_i64(rows, 8)) return up ? "at_hub" : "at_point";
    if (strcmp(row_str(rows, 11), "planned") != 0) return "on_bus";
    return row_i64(rows, 12) ? "packed" : "planned";
}

enum status bus_consignment_now(struct tx *tx, int64_t consignment_id, struct consignment_now *out,
                                struct err *err)
{
    struct rows *rows;
    enum status found = db_first(tx, &find_now, ARGS(i64(consignment_id)), &rows);
    if (found == NOT_FOUND) return err_set(err, NOT_FOUND, NULL, "There is no such consignment.");
    if (found != OK) return found;
    *out = (struct consignment_now){
        .consignment_id = consignment_id, .day = row_i64(rows, 0), .due_ms = row_i64(rows, 1),
        .trip_id = row_i64(rows, 2), .stop_id = row_i64(rows, 3),
        .trip_number = row_i64(rows, 4), .plate = row_str(rows, 5), .state = state_of(rows),
        .eta_ms = row_i64(rows, 7), .delivered_ms = row_i64(rows, 8),
        .collected_ms = row_i64(rows, 9),
    };
    return OK;
}
