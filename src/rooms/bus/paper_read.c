/* paper_read.c - a trip's load, read for printing. */
#include "rooms/bus/papers.h"

#include <string.h>
#include "base/arena.h"
#include "base/clock.h"
#include "db/db.h"
#include "web/county.h"

static const char *or_none(const char *text) { return text ? text : ""; }

static const struct sql find_driver = SQL(
    "SELECT name, phone FROM people_party WHERE party_id = $1");

static const struct sql find_where = SQL(
    "SELECT coalesce(t.name, ''), CASE WHEN v.kind = 3 THEN v.name ELSE p.name END, k.name,"
    " k.phone FROM people_place AS p"
    " LEFT JOIN people_place AS v ON v.place_id = p.parent_id"
    // A point stands in a village, a station in a township: both say the township.
    " LEFT JOIN people_place AS t ON t.place_id = CASE WHEN v.kind = 3 THEN v.parent_id"
    "  ELSE v.place_id END"
    " LEFT JOIN people_role AS r ON r.role_id = (SELECT min(role_id) FROM people_role"
    "  WHERE place_id = p.place_id AND role IN ('keeper', 'station'))"
    " LEFT JOIN people_party AS k ON k.party_id = r.person_id WHERE p.place_id = $1");

static const struct sql find_units = SQL(
    "SELECT u.id, u.stop_id, coalesce(u.planned_parent_id, 0), u.code, u.kind,"
    " p.name, p.phone, u.up FROM unit AS u JOIN trip_stop AS s ON s.id = u.stop_id"
    " LEFT JOIN consignment AS g ON g.id = u.consignment_id"
    " LEFT JOIN people_party AS p ON p.party_id = g.party_id"
    " WHERE s.trip_id = $1 AND s.state <> 'replaced' ORDER BY s.seq, u.id");

static enum status read_stops(struct tx *tx, struct load_sheet *sheet)
{
    struct stop *stops;
    struct rows *rows;
    TRY(trip_stops(tx, sheet->trip.id, &stops, &sheet->stop_count));
    sheet->stops = arena_new(tx_arena(tx), (sheet->stop_count + 1) * sizeof *sheet->stops);
    if (sheet->stops == NULL) return BROKEN;
    for (size_t i = 0; i < sheet->stop_count; i++) {
        TRY(db_first(tx, &find_where, ARGS(i64(stops[i].place_id)), &rows));
        sheet->stops[i] = (struct load_stop){
            .stop = stops[i], .township = row_str(rows, 0), .village = row_str(rows, 1),
            .keeper = or_none(row_str(rows, 2)), .phone = or_none(row_str(rows, 3)),
        };
    }
    return OK;
}

static enum status read_units(struct tx *tx, struct load_sheet *sheet)
{
    struct rows *rows;
    enum status found = db_first(tx, &find_units, ARGS(i64(sheet->trip.id)), &rows);
    for (; found == OK; found = db_next(rows)) {
        sheet->units = arena_more(tx_arena(tx), sheet->units, sheet->unit_count,
                                  sizeof *sheet->units);
        if (sheet->units == NULL) return BROKEN;
        sheet->units[sheet->unit_count++] = (struct load_unit){
            .id = row_i64(rows, 0), .stop_id = row_i64(rows, 1), .crate_id = row_i64(rows, 2),
            .code = row_str(rows, 3), .unit_kind = row_str(rows, 4),
            .name = or_none(row_str(rows, 5)), .phone = or_none(row_str(rows, 6)),
            .up = row_i64(rows, 7) != 0,
        };
    }
    return found == NOT_FOUND ? OK : found;
}

static enum status read_sheet(struct tx *tx, struct load_sheet *sheet)
{
    struct rows *rows;
    sheet->driver = sheet->phone = "";
    enum status found = db_first(tx, &find_driver, ARGS(i64(sheet->trip.driver_id)), &rows);
    if (found != OK && found != NOT_FOUND) return found;
    if (found == OK) sheet->driver = row_str(rows, 0);
    if (found == OK) sheet->phone = or_none(row_str(rows, 1));
    TRY(read_stops(tx, sheet));
    return read_units(tx, sheet);
}

enum status load_sheets(struct tx *tx, const struct printing *printing, struct load_sheet **out,
                        size_t *count, struct err *err)
{
    struct trip one, *trips = &one;
    *count = 1;
    if (printing->trip_id) TRY(trip_get(tx, printing->trip_id, &one, err));
    else TRY(trip_list(tx, printing->day, 0, &trips, count));
    *out = arena_new(tx_arena(tx), (*count + 1) * sizeof **out);
    if (*out == NULL) return BROKEN;
    for (size_t i = 0; i < *count; i++) {
        (*out)[i].trip = trips[i];
        TRY(read_sheet(tx, &(*out)[i]));
    }
    return OK;
}

/* ---- words and numbers ---- */

char *paper_filled(struct arena *arena, const char *pattern, const char *value)
{
    const char *open = strchr(pattern, '{'), *shut = open ? strchr(open, '}') : NULL;
    if (shut == NULL) return arena_text(arena, pattern);
    return arena_printf(arena, "%.*s%s%s", (int)(open - pattern), pattern, value, shut + 1);
}

char *paper_time(struct tx *tx, int64_t ms)
{
    struct civil at = civil_of(ms + 30 * SECOND_MS, tx_county(tx)->zone_s);
    return arena_printf(tx_arena(tx), "%02d:%02d", at.hour, at.minute);
}

char *paper_day(struct tx *tx, int64_t day)
{
    struct civil at = civil_of_day(day);
    return arena_printf(tx_arena(tx), "%04d-%02d-%02d", at.year, at.month, at.day);
}
