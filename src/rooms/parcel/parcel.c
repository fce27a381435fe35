/* parcel.c - the room of couriers' parcels: its tables, couriers, jobs and state. */
#include "rooms/parcel/parcel.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "db/db.h"
#include "people/person.h"
#include "people/place.h"
#include "rooms/parcel/files.h"
#include "rooms/parcel/inside.h"
#include "rooms/parcel/layout.h"
#include "rooms/parcel/take.h"
#include "web/county.h"
#include "web/figure.h"
#include "web/room.h"

enum { START_BYTES = 256 << 20, GAZETTEER_BYTES = 32 << 20, AGAIN_MAX = 200 };

static const char *const tables[] = {
    "CREATE TABLE parcel_courier (party_id BIGINT PRIMARY KEY REFERENCES people_party,"
    " short_name TEXT NOT NULL UNIQUE CHECK (short_name <> ''), layout BIGINT NOT NULL)",

    "CREATE TABLE parcel_file (id BIGINT PRIMARY KEY,"
    " courier_id BIGINT NOT NULL REFERENCES parcel_courier (party_id), name TEXT NOT NULL,"
    " rows BIGINT NOT NULL, by_id BIGINT NOT NULL, made_ms BIGINT NOT NULL)",

    // A piece (件). Its waybill number is once there for each courier. From the hub to the point (or
    // station) that serves its village; both are unknown while it is unsure.
    "CREATE TABLE parcel (id BIGINT PRIMARY KEY,"
    " courier_id BIGINT NOT NULL REFERENCES parcel_courier (party_id), waybill TEXT NOT NULL,"
    " kind TEXT NOT NULL CHECK (kind IN ('retail', 'parcel', 'produce', 'crate', 'return')),"
    " name TEXT NOT NULL, phone TEXT NOT NULL, address TEXT NOT NULL,"   // as the courier has them
    " receiver_id BIGINT NOT NULL REFERENCES people_party, village_id BIGINT, place_id BIGINT,"
    " from_id BIGINT, weight_g BIGINT NOT NULL CHECK (weight_g > 0),"
    " volume_ml BIGINT NOT NULL CHECK (volume_ml > 0),"
    " cold BIGINT NOT NULL CHECK (cold IN (0, 1)),"
    " value_fen BIGINT NOT NULL CHECK (value_fen >= 0)," // as declared; 0: not said
    " pieces BIGINT NOT NULL CHECK (pieces > 0), file_id BIGINT REFERENCES parcel_file (id),"
    " by_id BIGINT NOT NULL, made_ms BIGINT NOT NULL,"
    " state TEXT NOT NULL CHECK (state IN ('unsure', 'waiting', 'consigned')), why TEXT,"
    " consignment_id BIGINT, day BIGINT,"
    " CHECK ((state = 'consigned') = (consignment_id IS NOT NULL)),"
    " CHECK (state = 'unsure' OR place_id IS NOT NULL),"
    " UNIQUE (courier_id, waybill));"
    "CREATE INDEX parcel_of_waybill ON parcel (waybill);"
    "CREATE INDEX parcel_of_phone ON parcel (phone, name);"
    "CREATE INDEX parcel_made ON parcel (made_ms);"
    "CREATE INDEX parcel_open ON parcel (state, id) WHERE state <> 'consigned';",

    // Each row of each file as it was handed in, and what became of it.
    "CREATE TABLE parcel_row (file_id BIGINT NOT NULL REFERENCES parcel_file (id),"
    " line BIGINT NOT NULL, state TEXT NOT NULL"
    " CHECK (state IN ('waiting', 'taken', 'already', 'unsure', 'wrong')),"
    " waybill TEXT, name TEXT, phone TEXT, address TEXT, weight_g BIGINT NOT NULL,"
    " volume_ml BIGINT NOT NULL, pieces BIGINT NOT NULL, wrong_column TEXT, text TEXT,"
    " about TEXT, parcel_id BIGINT, place TEXT, at_state TEXT, PRIMARY KEY (file_id, line));"
    "CREATE INDEX parcel_row_waiting ON parcel_row (file_id, line) WHERE state = 'waiting';",

    // What people have said: the village of an address (sort.h), of one receiver or (0) of all.
    "CREATE TABLE parcel_learned (key TEXT NOT NULL, receiver_id BIGINT NOT NULL,"
    " village_id BIGINT NOT NULL, by_id BIGINT NOT NULL, at_ms BIGINT NOT NULL,"
    " PRIMARY KEY (key, receiver_id));"
    "CREATE TABLE parcel_nickname (name TEXT NOT NULL, village_id BIGINT NOT NULL,"
    " by_id BIGINT NOT NULL, at_ms BIGINT NOT NULL, PRIMARY KEY (name, village_id));",
    NULL
};

/* ---- couriers ---- */

static const struct sql add_courier = SQL(
    "INSERT INTO parcel_courier (party_id, short_name, layout) VALUES ($1, $2, $3)"
    " ON CONFLICT DO NOTHING RETURNING party_id");

enum status parcel_courier_add(struct tx *tx, const struct courier *courier, struct err *err)
{
    enum waybill_check check;
    struct rows *rows;
    if (courier->short_name == NULL || *courier->short_name == '\0')
        return err_set(err, INVALID, "short", "A courier needs a short name.");
    if (layout_check(courier->layout, &check) != OK)
        return err_set(err, INVALID, "layout", "There is no such layout.");
    enum status added = db_first(tx, &add_courier,
        ARGS(i64(courier->party_id), str(courier->short_name), i64(courier->layout)), &rows);
    if (added != NOT_FOUND) return added;
    return err_set(err, CONFLICT, "short", "There is a courier of this short name already.");
}

static const struct sql by_name = SQL(
    "SELECT c.party_id, c.short_name, c.layout FROM parcel_courier c"
    " JOIN people_party p ON p.party_id = c.party_id WHERE c.short_name = $1 OR p.code = $1"
    " ORDER BY c.party_id LIMIT 1");
static const struct sql by_id = SQL(
    "SELECT party_id, short_name, layout FROM parcel_courier WHERE party_id = $1");

static enum status one(enum status found, const struct rows *rows, struct courier *out,
                       struct err *err)
{
    if (found == NOT_FOUND)
        return err_set(err, INVALID, "courier", "This courier is not known.");
    if (found != OK) return found;
    *out = (struct courier){ row_i64(rows, 0), row_str(rows, 1), row_i64(rows, 2) };
    return OK;
}

enum status courier_find(struct tx *tx, const char *name, struct courier *out, struct err *err)
{
    struct rows *rows = NULL;
    enum status found = db_first(tx, &by_name, ARGS(str(name)), &rows);
    return one(found, rows, out, err);
}

enum status courier_get(struct tx *tx, int64_t party_id, struct courier *out, struct err *err)
{
    struct rows *rows = NULL;
    enum status found = db_first(tx, &by_id, ARGS(i64(party_id)), &rows);
    return one(found, rows, out, err);
}

/* ---- parcels that found no bus ---- */

static const struct sql find_stuck = SQL(
    "SELECT id FROM parcel WHERE state = 'waiting' ORDER BY id LIMIT $1");

static enum status try_again(struct tx *tx, int64_t due_ms, struct err *err)
{
    int64_t ids[AGAIN_MAX];
    size_t count = 0;
    struct rows *rows;
    enum status found = db_first(tx, &find_stuck, ARGS(i64(AGAIN_MAX)), &rows);
    for (; found == OK; found = db_next(rows)) ids[count++] = row_i64(rows, 0);
    if (found != NOT_FOUND) return found;
    for (size_t i = 0; i < count; i++) {
        int64_t day;
        const char *why;
        TRY(piece_consign(tx, ids[i], due_ms, &day, &why, err));
    }
    return OK;
}

static const struct job jobs[] = {
    { .name = "parcel.rest", .when = JOB_EVERY, .every_s = 60, .missed = JOB_SKIP,
      .after = rest_look },
    { .name = "parcel.again", .when = JOB_EVERY, .every_s = 1800, .missed = JOB_SKIP,
      .act = try_again },
    { 0 }
};

/* ---- state ---- */

static enum status add_villages(struct tx *tx, const struct place *town, struct arena *arena,
                                struct village **villages, size_t *count, struct err *err)
{
    struct place *places;
    size_t n;
    TRY(place_list(tx, PLACE_VILLAGE, town->id, &places, &n, err));
    for (size_t i = 0; i < n; i++) {
        *villages = arena_more(arena, *villages, *count, sizeof **villages);
        if (*villages == NULL) return BROKEN;
        (*villages)[(*count)++] = (struct village){
            .id = places[i].id, .code = places[i].code, .name = places[i].name,
            .township = town->name, .township_id = town->id,
        };
    }
    return OK;
}

static enum status read_state(struct parcels *p, struct tx *tx, struct err *err)
{
    struct place *places;
    struct village *villages = NULL;
    size_t count, towns, n = 0;
    TRY(place_list(tx, PLACE_HUB, 0, &places, &count, err));
    p->hub_id = count ? places[0].id : 0;
    TRY(place_list(tx, PLACE_TOWNSHIP, 0, &places, &towns, err));
    for (size_t t = 0; t < towns; t++)
        TRY(add_villages(tx, &places[t], tx_arena(tx), &villages, &n, err));
    TRY(place_list(tx, PLACE_COUNTY, 0, &places, &count, err));
    return gazetteer_make(p->arena, count ? places[0].name : p->county->name, villages, n,
                          &p->gazetteer);
}

static void stop(struct county *county, void *state)
{
    struct parcels *p = state;
    (void)county;
    if (p == NULL) return;
    rest_stop(p->rest);
    arena_free(p->arena);
    free(p);
}

static enum status open_state(struct parcels *p, struct err *err)
{
    struct tx *tx;
    struct arena *arena = arena_open(START_BYTES);
    p->arena = arena_open(GAZETTEER_BYTES);
    enum status opened = arena && p->arena ? db_read_begin(p->county->db, arena, &tx) : BROKEN;
    if (opened == OK) {
        opened = read_state(p, tx, err);
        db_read_end(tx);
    }
    arena_free(arena);
    if (opened == OK && p->county->writer) opened = rest_start(p, &p->rest);
    return opened;
}

static enum status start(struct county *county, void **state, struct err *err)
{
    struct parcels *p = calloc(1, sizeof *p);
    if (p == NULL) return BROKEN;
    p->county = county;
    enum status opened = open_state(p, err);
    if (opened == OK) *state = p;
    else stop(county, p);
    if (opened == OK) rest_wake(p->rest);
    return opened;
}

/* ---- the room ---- */

static const struct figure figures[] = {
    { "parcel.taken", "piece", "Parcels of couriers taken in",
      SQL("SELECT count(*) FROM parcel WHERE made_ms >= $1 AND made_ms < $2"
          " AND ($3 = 0 OR place_id = $3 OR village_id = $3)") },
    { "parcel.unsure", "piece", "Parcels of couriers whose village nobody knows yet",
      SQL("SELECT count(*) FROM parcel WHERE state = 'unsure' AND made_ms >= $1 AND made_ms < $2"
          " AND $3 = 0") },
    { 0 }
};

static const struct permission *const permissions[] = {
    &take_permission, &see_permission, &sort_permission, NULL
};
static const struct route *const routes[] = { file_routes, piece_routes, queue_routes, NULL };

extern const struct room parcel_room;   // found by the list of rooms
const struct room parcel_room = {
    .name = "parcel", .tables = tables, .more_routes = routes, .permissions = permissions,
    .jobs = jobs, .figures = figures, .start = start, .stop = stop,
};

struct parcels *parcels_of(const struct county *county)
{
    struct parcels *parcels = county_state(county, &parcel_room);
    assert(parcels);
    return parcels;
}
