/* board.c - a day's trips against the clock. */
#include "rooms/bus/board.h"

#include <stdbool.h>
#include <string.h>
#include "base/arena.h"
#include "db/db.h"

/* ---- reading ---- */

static const struct sql find_name = SQL("SELECT name FROM people_party WHERE party_id = $1");
static const struct sql count_risks = SQL(
    "SELECT count(*) FROM consignment AS c JOIN trip_stop AS s ON s.id = c.stop_id"
    " WHERE c.day = $1 AND c.up = 0 AND c.state <> 'withdrawn' AND c.delivered_ms IS NULL"
    " AND s.eta_ms > c.due_ms");

static enum status read_row(struct tx *tx, const struct trip *trip, struct board_row *row)
{
    struct rows *rows;
    *row = (struct board_row){ .trip = *trip, .driver = "" };
    enum status found = db_first(tx, &find_name, ARGS(i64(trip->driver_id)), &rows);
    if (found == OK) row->driver = row_str(rows, 0);
    if (found != OK && found != NOT_FOUND) return found;
    return trip_stops(tx, trip->id, &row->stops, &row->stop_count);
}

enum status board_read(struct tx *tx, int64_t day, int64_t driver_id, struct board *out)
{
    struct trip *trips;
    struct rows *rows;
    TRY(trip_list(tx, day, driver_id, &trips, &out->count));
    out->rows = arena_new(tx_arena(tx), (out->count + 1) * sizeof *out->rows);
    if (out->rows == NULL) return BROKEN;
    for (size_t i = 0; i < out->count; i++) TRY(read_row(tx, &trips[i], &out->rows[i]));
    TRY(db_first(tx, &count_risks, ARGS(i64(day)), &rows));
    out->at_risk = row_i64(rows, 0);
    return OK;
}

/* ---- words ---- */

static const struct { const char *state, *text, *kind; } trip_states[] = {
    { "planned", "Not left yet", "" }, { "underway", "On its way", "busy" },
    { "broken", "Broken down", "bad" }, { "done", "Returned", "fine" },
    { "replaced", "Replaced", "" },
};
static const struct { const char *state, *text, *kind; } stop_states[] = {
    { "planned", "Ahead", "" }, { "arrived", "There now", "busy" }, { "done", "Served", "fine" },
    { "skipped", "Left out", "bad" }, { "replaced", "Replaced", "" },
};

static size_t stop_state(const struct stop *stop)
{
    size_t i = 0;
    while (i + 1 < COUNT(stop_states) && strcmp(stop_states[i].state, stop->state) != 0) i++;
    return i;
}

const char *stop_state_text(const struct stop *stop) { return stop_states[stop_state(stop)].text; }
const char *stop_state_kind(const struct stop *stop) { return stop_states[stop_state(stop)].kind; }

static bool is(const char *state, const char *word) { return strcmp(state, word) == 0; }

const struct stop *trip_next(const struct stop *stops, size_t count, int64_t *late_ms)
{
    *late_ms = 0;
    for (size_t i = 0; i < count; i++) {
        if (!is(stops[i].state, "planned") && !is(stops[i].state, "arrived")) continue;
        *late_ms = stops[i].eta_ms - stops[i].arrives_ms;
        return &stops[i];
    }
    return NULL;
}

json_t *trip_json(const struct trip *t)
{
    size_t i = 0;
    while (i + 1 < COUNT(trip_states) && !is(trip_states[i].state, t->state)) i++;
    return json_pack("{s:I, s:I, s:I, s:I, s:s, s:I, s:I, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I,"
                     " s:I}", "id", (json_int_t)t->id, "day", (json_int_t)t->day, "number",
                     (json_int_t)t->number, "part", (json_int_t)t->part, "plate", t->plate,
                     "vehicle_id", (json_int_t)t->vehicle_id, "driver_id",
                     (json_int_t)t->driver_id, "state", t->state, "state_text",
                     trip_states[i].text, "kind", trip_states[i].kind, "departs_ms",
                     (json_int_t)t->departs_ms, "returns_ms", (json_int_t)t->returns_ms,
                     "departed_ms", (json_int_t)t->departed_ms, "returned_ms",
                     (json_int_t)t->returned_ms, "distance_m", (json_int_t)t->distance_m,
                     "cost_fen", (json_int_t)t->cost_fen);
}

/* ---- the line of a trip ---- */

struct scale { int64_t begin_ms, end_ms, now_ms; };

static json_t *integer(int64_t n) { return json_integer((json_int_t)n); }

static int64_t minutes(const struct scale *scale, int64_t at_ms)
{
    if (at_ms < scale->begin_ms) at_ms = scale->begin_ms;
    if (at_ms > scale->end_ms) at_ms = scale->end_ms;
    return (at_ms - scale->begin_ms) / MINUTE_MS;
}

static int64_t begins(const struct trip *t)
{
    return t->departed_ms ? t->departed_ms : t->departs_ms;
}

static int64_t ends(const struct board_row *row)
{
    const struct trip *t = &row->trip;
    int64_t late_ms, last_ms = 0;
    trip_next(row->stops, row->stop_count, &late_ms);
    if (t->returned_ms) return t->returned_ms;
    if (!is(t->state, "broken")) return t->returns_ms + (late_ms > 0 ? late_ms : 0);
    for (size_t i = 0; i < row->stop_count; i++)   // where it was last
        if (row->stops[i].departed_ms > last_ms) last_ms = row->stops[i].departed_ms;
    return last_ms ? last_ms : begins(t);
}

static struct scale scale_of(const struct board *board, int64_t now_ms)
{
    struct scale scale = { .begin_ms = MS_MAX, .end_ms = 0, .now_ms = now_ms };
    for (size_t i = 0; i < board->count; i++) {
        const struct board_row *row = &board->rows[i];
        if (begins(&row->trip) < scale.begin_ms) scale.begin_ms = begins(&row->trip);
        if (ends(row) > scale.end_ms) scale.end_ms = ends(row);
    }
    scale.begin_ms -= scale.begin_ms % HOUR_MS;    // zones are whole hours here
    scale.end_ms += HOUR_MS - scale.end_ms % HOUR_MS;
    return scale;
}

/* x, width and how much of it is driven; a mark for each stop. */
static void line_show(const struct board_row *row, const struct scale *scale, json_t *view)
{
    const struct trip *t = &row->trip;
    int64_t x = minutes(scale, begins(t)), end = minutes(scale, ends(row));
    int64_t gone = is(t->state, "planned") ? x
                 : is(t->state, "underway") ? minutes(scale, scale->now_ms) : end;
    json_t *marks = json_array();
    for (size_t i = 0; i < row->stop_count; i++) {
        const struct stop *stop = &row->stops[i];
        bool late = stop->eta_ms - stop->arrives_ms >= LATE_MS;
        json_array_append_new(marks, json_pack(
            "{s:I, s:s}", "x", (json_int_t)minutes(scale, stop->eta_ms), "mark",
            is(stop->state, "skipped") || late ? "late"
            : stop->arrived_ms ? "done" : "ahead"));
    }
    json_object_set_new(view, "x", integer(x));
    json_object_set_new(view, "width", integer(end > x ? end - x : 1));
    json_object_set_new(view, "gone", integer(gone > x ? (gone < end ? gone : end) - x : 0));
    json_object_set_new(view, "marks", marks);
}

static json_t *row_show(const struct board_row *row, const struct scale *scale)
{
    int64_t late_ms, done = 0;
    const struct stop *next = trip_next(row->stops, row->stop_count, &late_ms);
    json_t *view = trip_json(&row->trip);
    bool runs = is(row->trip.state, "planned") || is(row->trip.state, "underway");
    for (size_t i = 0; i < row->stop_count; i++) done += row->stops[i].departed_ms != 0;
    if (view == NULL) return NULL;
    json_object_set_new(view, "driver", json_string(row->driver));
    json_object_set_new(view, "stop_count", integer((int64_t)row->stop_count));
    json_object_set_new(view, "stops_done", integer(done));
    json_object_set_new(view, "has_next", json_boolean(next && runs));
    json_object_set_new(view, "next", json_string(next ? next->place : ""));
    json_object_set_new(view, "next_ms", integer(next ? next->eta_ms : 0));
    json_object_set_new(view, "late", json_boolean(runs && late_ms >= LATE_MS));
    json_object_set_new(view, "late_s", integer(late_ms > 0 ? late_ms / SECOND_MS : 0));
    line_show(row, scale, view);
    return view;
}

static json_t *hours_show(const struct scale *scale, int32_t zone_s)
{
    json_t *hours = json_array();
    for (int64_t at_ms = scale->begin_ms; at_ms < scale->end_ms; at_ms += HOUR_MS)
        json_array_append_new(hours, json_pack(
            "{s:I, s:I}", "x", (json_int_t)minutes(scale, at_ms), "hour",
            (json_int_t)((at_ms + (int64_t)zone_s * SECOND_MS) / HOUR_MS % 24)));
    return hours;
}

void board_show(const struct board *board, int64_t now_ms, int32_t zone_s, json_t *view)
{
    struct scale scale = scale_of(board, now_ms);
    struct { const char *name; int64_t n; } counts[] = {
        { "underway", 0 }, { "planned", 0 }, { "broken", 0 }, { "done", 0 } };
    int64_t late = 0, late_ms;
    json_t *trips = json_array();
    for (size_t i = 0; i < board->count; i++) {
        const struct board_row *row = &board->rows[i];
        for (size_t k = 0; k < COUNT(counts); k++)
            counts[k].n += is(row->trip.state, counts[k].name);
        trip_next(row->stops, row->stop_count, &late_ms);
        late += late_ms >= LATE_MS && !is(row->trip.state, "broken");
    }
    for (size_t k = 0; k < COUNT(counts); k++)   // who is on the road stands first
        for (size_t i = 0; trips && i < board->count; i++)
            if (is(board->rows[i].trip.state, counts[k].name))
                json_array_append_new(trips, row_show(&board->rows[i], &scale));
    if (view == NULL) return;
    bool now = board->count && now_ms > scale.begin_ms && now_ms < scale.end_ms;
    json_object_set_new(view, "trips", trips);
    json_object_set_new(view, "hours", board->count ? hours_show(&scale, zone_s) : json_array());
    json_object_set_new(view, "span", integer(board->count ? minutes(&scale, scale.end_ms) : 0));
    json_object_set_new(view, "now", json_boolean(now));
    json_object_set_new(view, "now_x", integer(now ? minutes(&scale, now_ms) : 0));
    json_object_set_new(view, "now_ms", integer(now_ms));
    for (size_t k = 0; k < COUNT(counts); k++)
        json_object_set_new(view, counts[k].name, integer(counts[k].n));
    json_object_set_new(view, "late_trips", integer(late));
    json_object_set_new(view, "at_risk", integer(board->at_risk));
}
