/* bus.c - the room of the village goods bus: its tables, permissions and routes. */
#include "rooms/bus/inside.h"

#include <stdio.h>
#include "db/db.h"
#include "rooms/bus/acts.h"
#include "rooms/bus/closure.h"
#include "rooms/bus/custody.h"
#include "rooms/bus/delay.h"
#include "rooms/bus/exception.h"
#include "rooms/bus/gap.h"
#include "rooms/bus/papers.h"
#include "rooms/bus/report.h"
#include "rooms/bus/screens.h"
#include "rooms/bus/track.h"
#include "rooms/bus/views.h"
#include "rooms/bus/wave.h"
#include "web/county.h"
#include "web/room.h"

static const char *const tables[] = {
    "CREATE TABLE vehicle (id BIGINT PRIMARY KEY, plate TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,"
    " profile TEXT NOT NULL, weight_g BIGINT NOT NULL CHECK (weight_g > 0),"
    " volume_ml BIGINT NOT NULL CHECK (volume_ml > 0), crates BIGINT NOT NULL,"
    " cold_boxes BIGINT NOT NULL, fixed_fen BIGINT NOT NULL, km_fen BIGINT NOT NULL,"
    " hour_fen BIGINT NOT NULL, home_id BIGINT NOT NULL REFERENCES people_place (place_id),"
    " from_s BIGINT NOT NULL, until_s BIGINT NOT NULL CHECK (until_s > from_s),"
    " trips_max BIGINT NOT NULL, driver_id BIGINT REFERENCES people_party (party_id),"
    " active BIGINT NOT NULL CHECK (active IN (0, 1)))",

    // One row a day from the first consignment on; the closing (截单) is the change of its state.
    "CREATE TABLE wave (day BIGINT PRIMARY KEY, closes_ms BIGINT NOT NULL,"
    " state TEXT NOT NULL CHECK (state IN ('open', 'closed', 'published')), closed_ms BIGINT,"
    " closed_by BIGINT, reason TEXT, plan_id BIGINT, published_ms BIGINT, plan_ms BIGINT)",

    "CREATE TABLE plan (id BIGINT PRIMARY KEY, day BIGINT NOT NULL REFERENCES wave (day),"
    " version BIGINT NOT NULL, made_ms BIGINT NOT NULL, made_by BIGINT NOT NULL,"
    " source TEXT NOT NULL,"           // 'solver', 'live', 'replan', 'hand'
    " reason TEXT, cost_fen BIGINT NOT NULL, distance_m BIGINT NOT NULL,"
    " duration_s BIGINT NOT NULL, UNIQUE (day, version))",

    // A trip is one round from the hub; a vehicle's second trip is a row of its own.
    "CREATE TABLE trip (id BIGINT PRIMARY KEY, plan_id BIGINT NOT NULL REFERENCES plan (id),"
    " day BIGINT NOT NULL, number BIGINT NOT NULL, part BIGINT NOT NULL,"
    " vehicle_id BIGINT NOT NULL REFERENCES vehicle (id), driver_id BIGINT,"
    " departs_ms BIGINT NOT NULL, returns_ms BIGINT NOT NULL, distance_m BIGINT NOT NULL,"
    " cost_fen BIGINT NOT NULL, state TEXT NOT NULL"
    " CHECK (state IN ('planned', 'underway', 'broken', 'done', 'replaced')),"
    " departed_ms BIGINT, returned_ms BIGINT)",
    "CREATE INDEX trip_of_day ON trip (day, number)",
    "CREATE INDEX trip_of_driver ON trip (driver_id, day)",

    "CREATE TABLE trip_stop (id BIGINT PRIMARY KEY, trip_id BIGINT NOT NULL REFERENCES trip (id),"
    " seq BIGINT NOT NULL, place_id BIGINT NOT NULL REFERENCES people_place (place_id),"
    " arrives_ms BIGINT NOT NULL, departs_ms BIGINT NOT NULL, eta_ms BIGINT NOT NULL,"
    " arrived_ms BIGINT, departed_ms BIGINT,"
    // How much later than planned the roads as they are now make it, all its way from the hub.
    " detour_ms BIGINT NOT NULL,"
    " cause TEXT CHECK (cause IN ('road', 'breakdown')),"   // of a delay, where it is known
    " state TEXT NOT NULL"
    " CHECK (state IN ('planned', 'arrived', 'done', 'skipped', 'replaced')),"
    " UNIQUE (trip_id, seq))",
    "CREATE INDEX trip_stop_of_place ON trip_stop (place_id, trip_id)",

    "CREATE TABLE consignment (id BIGINT PRIMARY KEY, kind BIGINT NOT NULL,"
    " document_id BIGINT NOT NULL, place_id BIGINT NOT NULL REFERENCES people_place (place_id),"
    " up BIGINT NOT NULL CHECK (up IN (0, 1)), party_id BIGINT NOT NULL, pieces BIGINT NOT NULL,"
    " code TEXT, weight_g BIGINT NOT NULL, dry_ml BIGINT NOT NULL, cold_ml BIGINT NOT NULL,"
    " day BIGINT NOT NULL, due_ms BIGINT NOT NULL, made_ms BIGINT NOT NULL,"
    " promise TEXT NOT NULL,"          // what the promise was computed from, as JSON
    " state TEXT NOT NULL CHECK (state IN ('waiting', 'withdrawn', 'planned', 'excepted')),"
    " trip_id BIGINT, stop_id BIGINT, delivered_ms BIGINT, collected_ms BIGINT)",
    "CREATE INDEX consignment_of_day ON consignment (day, place_id, id)",
    "CREATE INDEX consignment_of_stop ON consignment (stop_id)",

    // A handling unit (物流单元): crate or cold box with an SSCC, an order's bag, a parcel, a lot.
    "CREATE TABLE unit (id BIGINT PRIMARY KEY, code TEXT NOT NULL UNIQUE, kind TEXT NOT NULL"
    " CHECK (kind IN ('crate', 'cold_box', 'bag', 'parcel', 'lot')), day BIGINT NOT NULL,"
    " consignment_id BIGINT REFERENCES consignment (id), place_id BIGINT NOT NULL,"
    " up BIGINT NOT NULL, stop_id BIGINT, planned_parent_id BIGINT,"
    // Who has it before the first scan: the hub for what goes down, the sender for what goes up.
    " origin_id BIGINT NOT NULL, end_id BIGINT NOT NULL, made_ms BIGINT NOT NULL,"
    // Folded from its events, for lists; custody_check compares.
    " holder_id BIGINT NOT NULL, parent_id BIGINT NOT NULL, since_ms BIGINT NOT NULL,"
    " arrived_ms BIGINT, gap TEXT)",
    "CREATE INDEX unit_of_day ON unit (day)",
    "CREATE INDEX unit_of_consignment ON unit (consignment_id)",
    "CREATE INDEX unit_of_holder ON unit (holder_id, day)",
    "CREATE INDEX unit_of_parent ON unit (parent_id)",
    "CREATE INDEX unit_of_stop ON unit (stop_id)",
    "CREATE INDEX unit_of_plan ON unit (planned_parent_id)",

    "CREATE TABLE custody_event (event_id TEXT NOT NULL PRIMARY KEY,"
    // No REFERENCES: a scan of a unit or a person that we have not heard of is still a fact.
    " action TEXT NOT NULL CHECK (action IN ('hand_over', 'pack', 'unpack')),"
    " unit_id BIGINT NOT NULL, giver_id BIGINT NOT NULL, taker_id BIGINT NOT NULL,"
    " parent_id BIGINT NOT NULL, by_id BIGINT NOT NULL, place_id BIGINT NOT NULL,"
    " phone_ms BIGINT NOT NULL, offset_ms BIGINT NOT NULL,"   // as the phone told them
    " scanned_ms BIGINT NOT NULL, received_ms BIGINT NOT NULL)",
    "CREATE INDEX custody_event_in_order ON custody_event (unit_id, scanned_ms, event_id)",
    "CREATE INDEX custody_event_of_parent ON custody_event (parent_id, scanned_ms, event_id)",

    // What else phones tell of a trip: departed, arrived, left, returned. Facts, only added.
    "CREATE TABLE trip_event (event_id TEXT NOT NULL PRIMARY KEY, kind TEXT NOT NULL,"
    " trip_id BIGINT NOT NULL, stop_id BIGINT NOT NULL, by_id BIGINT NOT NULL,"
    " phone_ms BIGINT NOT NULL, offset_ms BIGINT NOT NULL, at_ms BIGINT NOT NULL,"
    " received_ms BIGINT NOT NULL)",
    "CREATE INDEX trip_event_of_trip ON trip_event (trip_id, at_ms, event_id)",

    // A road closed or slowed (封路): parts in a million of the speed, 0 is closed.
    "CREATE TABLE closure (id BIGINT PRIMARY KEY, way_id BIGINT, lat_e6 BIGINT, lon_e6 BIGINT,"
    " radius_m BIGINT, factor_ppm BIGINT NOT NULL, from_ms BIGINT NOT NULL, until_ms BIGINT,"
    " made_ms BIGINT NOT NULL, by_id BIGINT NOT NULL, reason TEXT NOT NULL, ended_ms BIGINT)",
    PRINTED_TABLE,

    // For whoever tracks by number: an order's, or a waybill's before its units are made.
    "CREATE INDEX consignment_of_document ON consignment (document_id, kind);"
    "CREATE INDEX consignment_of_code ON consignment (code)",
    NULL
};

/* What the clock starts: closings that are due, closed roads that begin or end, gaps that stay. */
static const struct job bus_jobs[] = {
    { .name = "bus.close_wave", .when = JOB_EVERY, .every_s = 60, .missed = JOB_SKIP,
      .act = wave_close_due, .after = wave_closed },
    { .name = "bus.gaps", .when = JOB_EVERY, .every_s = 600, .missed = JOB_SKIP, .act = gap_tick },
    { .name = "bus.roads", .when = JOB_EVERY, .every_s = 60, .missed = JOB_SKIP,
      .act = closure_tick },
    { 0 }
};

static enum status start(struct county *county, void **state, struct err *err)
{
    struct bus *bus;
    TRY(bus_open(county, &bus, err));
    *state = bus;
    return OK;
}

static void stop(struct county *county, void *state)
{
    (void)county;
    bus_close(state);
}

static const struct route *const routes[] = {
    paper_routes, wave_routes, acts_routes, closure_routes, delay_routes, exception_routes,
    bus_report_routes, view_routes, trip_view_routes, shelf_routes, screen_routes, track_routes,
    NULL
};

static const struct sql find_days = SQL("SELECT DISTINCT day FROM unit ORDER BY day");

/* Every unit's custody is folded anew from its scans and compared with what the rows say. */
static enum status check(struct tx *tx, struct err *err)
{
    struct rows *rows;
    int64_t gaps = 0, stale = 0;
    enum status found = db_first(tx, &find_days, NO_ARGS, &rows);
    for (; found == OK; found = db_next(rows)) {
        int64_t day_gaps, day_stale;
        TRY(custody_check(tx, row_i64(rows, 0), &day_gaps, &day_stale, err));
        gaps += day_gaps;
        stale += day_stale;
    }
    if (found != NOT_FOUND) return found;
    printf("custody_gaps %lld\n", (long long)gaps);
    if (stale > 0)
        return err_about(err, INVALID, NULL, "Units are not where their scans say:", "%lld",
                         (long long)stale);
    return OK;
}

extern const struct room bus_room;   // found by main/rooms.h
const struct room bus_room = {
    .name = "bus", .tables = tables, .more_routes = routes, .jobs = bus_jobs,
    .figures = bus_report_figures, .papers = bus_papers, .commands = paper_commands,
    .start = start, .stop = stop, .check = check,
};

struct bus *bus_of(const struct county *county) { return county_state(county, &bus_room); }
