/* report.c - a day's figures. */
#include "rooms/bus/report.h"

#include <string.h>
#include "base/arena.h"
#include "base/clock.h"
#include "db/db.h"
#include "rooms/bus/bus.h"
#include "rooms/bus/network.h"
#include "web/county.h"
#include "web/form.h"

static const struct sql count_kinds = SQL(
    "SELECT count(CASE WHEN kind = 1 THEN 1 END), count(CASE WHEN kind = 2 THEN 1 END),"
    " count(CASE WHEN kind = 3 THEN 1 END), count(*), CAST(coalesce(sum(pieces), 0) AS BIGINT),"
    " count(delivered_ms)"
    " FROM consignment WHERE day = $1 AND state <> 'withdrawn'");
static const struct sql count_promises = SQL(
    "SELECT count(*), count(CASE WHEN delivered_ms <= due_ms THEN 1 END) FROM consignment"
    " WHERE day = $1 AND state <> 'withdrawn' AND due_ms <= $2");
static const struct sql count_trips = SQL(
    "SELECT count(DISTINCT vehicle_id), count(*), CAST(coalesce(sum(distance_m), 0) AS BIGINT),"
    " CAST(coalesce(sum(cost_fen), 0) AS BIGINT) FROM trip WHERE day = $1 AND state <> 'replaced'");
static const struct sql count_stops = SQL(
    "SELECT count(*) FROM trip_stop AS s JOIN trip AS t ON t.id = s.trip_id"
    " WHERE t.day = $1 AND s.state <> 'replaced'");
static const struct sql find_plan_ms = SQL(
    "SELECT coalesce(plan_ms, 0) FROM wave WHERE day = $1");

static const struct sql count_causes = SQL(
    "SELECT cause, count(*) FROM (SELECT CASE WHEN s.cause = 'road' THEN 0"
    "  WHEN s.cause = 'breakdown' THEN 1 WHEN c.delivered_ms IS NULL THEN 2 ELSE 3 END AS cause"
    " FROM consignment AS c LEFT JOIN trip_stop AS s ON s.id = c.stop_id"
    " WHERE c.day = $1 AND c.state <> 'withdrawn' AND c.due_ms <= $2"
    " AND (c.delivered_ms IS NULL OR c.delivered_ms > c.due_ms)) AS lates"
    " GROUP BY cause ORDER BY cause");

static const struct sql count_gaps = SQL(
    "SELECT count(*) FROM unit WHERE day = $1 AND gap IS NOT NULL");

static const struct sql find_loads = SQL(
    "SELECT c.up, t.id, CAST(sum(c.weight_g) AS BIGINT), CAST(sum(c.dry_ml + c.cold_ml) AS BIGINT),"
    " v.weight_g, v.volume_ml FROM consignment AS c JOIN trip AS t ON t.id = c.trip_id"
    " JOIN vehicle AS v ON v.id = t.vehicle_id WHERE c.day = $1 AND c.state = 'planned'"
    " GROUP BY c.up, t.id, v.weight_g, v.volume_ml ORDER BY c.up, t.id");

static enum status causes(struct tx *tx, int64_t day, int64_t at_ms, struct report *out)
{
    struct rows *rows;
    enum status found = db_first(tx, &count_causes, ARGS(i64(day), i64(at_ms)), &rows);
    for (; found == OK; found = db_next(rows))
        out->late_causes[row_i64(rows, 0)] = row_i64(rows, 1);
    return found == NOT_FOUND ? OK : found;
}

static enum status loads(struct tx *tx, int64_t day, struct report *out)
{
    int64_t sums[2] = { 0, 0 };
    struct rows *rows;
    enum status found = db_first(tx, &find_loads, ARGS(i64(day)), &rows);
    for (; found == OK; found = db_next(rows)) {
        int64_t weight = row_i64(rows, 2) * 1000 / row_i64(rows, 4);
        int64_t volume = row_i64(rows, 3) * 1000 / row_i64(rows, 5);
        sums[row_i64(rows, 0)] += weight > volume ? weight : volume;
    }
    if (found != NOT_FOUND) return found;
    if (out->trips) {
        out->load_down_permille = sums[0] / out->trips;
        out->load_up_permille = sums[1] / out->trips;
    }
    return OK;
}

enum status bus_report_day(struct tx *tx, int64_t day, int64_t at_ms, struct report *out,
                       struct err *err)
{
    struct rows *rows;
    (void)err;
    *out = (struct report){ 0 };
    TRY(db_first(tx, &count_kinds, ARGS(i64(day)), &rows));
    out->orders = row_i64(rows, 0);
    out->parcels = row_i64(rows, 1);
    out->lots = row_i64(rows, 2);
    out->consignments = row_i64(rows, 3);
    out->pieces = row_i64(rows, 4);
    out->delivered = row_i64(rows, 5);
    TRY(db_first(tx, &count_promises, ARGS(i64(day), i64(at_ms)), &rows));
    out->promises = row_i64(rows, 0);
    out->kept = row_i64(rows, 1);
    out->late = out->promises - out->kept;
    TRY(db_first(tx, &count_trips, ARGS(i64(day)), &rows));
    out->vehicles = row_i64(rows, 0);
    out->trips = row_i64(rows, 1);
    out->metres = row_i64(rows, 2);
    out->cost_fen = row_i64(rows, 3);
    TRY(db_first(tx, &count_stops, ARGS(i64(day)), &rows));
    out->stops = row_i64(rows, 0);
    enum status found = db_first(tx, &find_plan_ms, ARGS(i64(day)), &rows);
    if (found == OK) out->plan_ms = row_i64(rows, 0);
    TRY(causes(tx, day, at_ms, out));
    TRY(loads(tx, day, out));
    TRY(db_first(tx, &count_gaps, ARGS(i64(day)), &rows));
    out->custody_gaps = row_i64(rows, 0);
    return OK;
}

/* ---- route and figures ---- */

static const struct permission permission = {
    "bus.see_report", "See a day's figures", "dispatcher clerk head auditor admin" };

struct asked { int64_t day, at_ms; };
struct answer { int64_t day, at_ms; struct report report; };

static enum status prepare(struct request *rq, void *in, struct err *err)
{
    struct asked *asked = in;
    asked->at_ms = rq->arrived_ms;
    return form_i64(rq, "day", 0, 4000000, &asked->day, err);
}

static enum status act(struct tx *tx, const void *in, void *out, struct err *err)
{
    const struct asked *asked = in;
    struct answer *answer = out;
    answer->day = asked->day;
    answer->at_ms = asked->at_ms;
    return bus_report_day(tx, asked->day, asked->at_ms, &answer->report, err);
}

static json_t *show(struct request *rq, const void *out)
{
    const struct answer *a = out;
    const struct report *r = &a->report;
    json_t *view = json_object();
    const struct { const char *name; int64_t value; } rows[] = {
        { "day", a->day }, { "day_ms", day_ms(a->day, 0, rq->county->zone_s) },
        { "at_ms", a->at_ms }, { "orders", r->orders },
        { "parcels", r->parcels }, { "lots", r->lots }, { "consignments", r->consignments },
        { "delivered", r->delivered },
        { "promises", r->promises }, { "kept", r->kept }, { "late", r->late },
        { "vehicles", r->vehicles }, { "trips", r->trips }, { "stops", r->stops },
        { "plan_ms", r->plan_ms }, { "custody_gaps", r->custody_gaps }, { "metres", r->metres },
        { "cost_fen", r->cost_fen }, { "pieces", r->pieces },
        { "cost_per_piece_fen", r->pieces ? r->cost_fen / r->pieces : 0 },
        { "load_down_permille", r->load_down_permille },
        { "load_up_permille", r->load_up_permille },
    };
    for (size_t i = 0; view && i < COUNT(rows); i++)
        json_object_set_new(view, rows[i].name, json_integer((json_int_t)rows[i].value));
    json_t *why = json_object();
    size_t n = 0;
#define LATE(name) json_object_set_new(why, #name, json_integer((json_int_t)r->late_causes[n++]));
    LATE_CAUSES(LATE)
#undef LATE
    if (view == NULL) return NULL;
    json_object_set_new(view, "late_causes", why);
    const struct { const char *name; double value; } parts[] = {
        { "kept_part", r->promises ? (double)r->kept / (double)r->promises : 0 },
        { "load_down", (double)r->load_down_permille / 1000 },
        { "load_up", (double)r->load_up_permille / 1000 },
    };
    for (size_t i = 0; i < COUNT(parts); i++)
        json_object_set_new(view, parts[i].name, json_real(parts[i].value));
    json_object_set_new(view, "plan_s", json_integer((json_int_t)(r->plan_ms + 500) / 1000));
    return view;
}

const struct route bus_report_routes[] = {
    { .method = GET, .path = "/bus/days/{day}/report", .permission = &permission,
      .page = "bus/report", .text = "A day's figures: promised, kept, late and why",
      .in_size = sizeof(struct asked), .out_size = sizeof(struct answer), .prepare = prepare,
      .act = act, .show = show },
    { 0 }
};

const struct figure bus_report_figures[] = {
    { "bus.promises", "piece", "Consignments due in the period", SQL(
        "SELECT count(*) FROM consignment WHERE due_ms >= $1 AND due_ms < $2"
        " AND ($3 = 0 OR place_id = $3) AND state <> 'withdrawn'") },
    { "bus.kept", "piece", "Of these, those there in time", SQL(
        "SELECT count(*) FROM consignment WHERE due_ms >= $1 AND due_ms < $2"
        " AND ($3 = 0 OR place_id = $3) AND state <> 'withdrawn' AND delivered_ms <= due_ms") },
    { 0 }
};
