/* testing.c - see testing.h. */
#include "rooms/bus/testing.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/clock.h"
#include "base/test.h"
#include "case/case.h"
#include "db/writer.h"
#include "ledger/ledger.h"
#include "people/person.h"
#include "people/place.h"
#include "rooms/bus/inside.h"
#include "rooms/bus/plan.h"
#include "rooms/bus/wave.h"
#include "web/form.h"
#include "web/testing.h"

enum { TEST_ARENA_BYTES = 64 << 20 };

extern const struct room bus_room;

static const struct room people_room = { .name = "people", .tables = people_tables };
static const struct room ledger_room = { .name = "ledger", .tables = ledger_tables };
static const struct room case_room = { .name = "case", .tables = case_tables };
const struct room *const bus_test_rooms[] = {
    &people_room, &ledger_room, &case_room, &bus_room, NULL
};

int64_t bus_tomorrow(void) { return day_from_civil(2026, 11, 24); }

int64_t bus_at(int hour, int minute, int second, int ms)
{
    int32_t second_of_day = (hour * 60 + minute) * 60 + second;
    return day_ms(bus_tomorrow() - 1, second_of_day, ZONE_CHINA_S) + ms;
}

static void good(enum status status, const struct err *err)
{
    if (status != OK)
        fail_msg("%s: %s %s %s", status_name(status), err->field ? err->field : "",
                 err->text ? err->text : "", err->detail);
}

/* ---- roads ---- */

static void make_roads(struct bus_test *t)
{
    struct made *m = &t->made;
    made_begin(m);
    for (int i = 0; i <= 5; i++) made_node(m, 1 + i, 3000 * i, 0, "");   // 1 .. 6
    made_node(m, 11, 6000, 2500, "");
    made_node(m, 12, 9000, 2500, "");
    made_node(m, 13, 12000, 4000, "");
    made_way(m, 1, "1 2 3", "highway=tertiary name=Valley");
    made_way(m, BUS_WAY_LOOP, "3 11 12 4", "highway=tertiary name=Loop");
    made_way(m, BUS_WAY_DIRECT, "3 4", "highway=tertiary name=Pass");
    made_way(m, 4, "4 5 6", "highway=tertiary name=Valley");
    made_way(m, BUS_WAY_DEAD_END, "5 13", "highway=tertiary name=Top");
    t->road = made_road(m, NULL);
}

/* ---- rows ---- */

static const struct { double east_m, north_m; } positions[BUS_PLACES] = {
    { 3000, 0 }, { 9500, 0 },   // stations
    { 1500, 0 }, { 4500, 0 }, { 6000, 1500 }, { 8000, 2500 }, { 10500, 0 }, { 12000, 2000 },
    { 12000, 4000 }, { 15000, 0 },
};

static int64_t add_place(struct tx *tx, enum place_kind kind, const char *code, const char *name,
                         int64_t parent_id, double east_m, double north_m)
{
    struct err err = { .text = "" };
    struct road_point at = made_point(east_m, north_m);
    struct place place = {
        .kind = kind, .code = code, .name = name, .parent_id = parent_id, .located = true,
        .lat_e6 = (int32_t)(at.lat * 1e6), .lon_e6 = (int32_t)(at.lon * 1e6), .source = "made",
    };
    good(place_add(tx, &place, &err), &err);
    return place.id;
}

static void add_places(struct bus_test *t, struct tx *tx)
{
    int64_t county = add_place(tx, PLACE_COUNTY, "330824", "Test county", 0, 0, 0), towns[2];
    towns[0] = add_place(tx, PLACE_TOWNSHIP, "330824101", "Lower town", county, 3000, 0);
    towns[1] = add_place(tx, PLACE_TOWNSHIP, "330824102", "Upper town", county, 9500, 0);
    t->hub_id = add_place(tx, PLACE_HUB, "HUB1", "Hub", county, 0, 0);
    for (int i = 0; i < BUS_PLACES; i++) {
        char code[16], name[32];
        bool station = i < BUS_STATIONS;
        int n = station ? i : i - BUS_STATIONS;
        snprintf(code, sizeof code, station ? "S%d" : "P%d", n);
        snprintf(name, sizeof name, station ? "Station %d" : "Point %d", n);
        int64_t parent = towns[station ? n : n / 4];
        if (!station) {
            char village[16];
            snprintf(village, sizeof village, "33082410%d20%d", 1 + n / 4, n);
            parent = add_place(tx, PLACE_VILLAGE, village, name, parent, positions[i].east_m,
                               positions[i].north_m);
        }
        t->places[i] = add_place(tx, station ? PLACE_STATION : PLACE_POINT, code, name, parent,
                                 positions[i].east_m, positions[i].north_m);
    }
    t->points = t->places + BUS_STATIONS;
}

static int64_t add_person(struct tx *tx, int number, enum role role, int64_t place_id,
                          struct who *who)
{
    struct err err = { .text = "" };
    char name[32], phone[16];
    snprintf(name, sizeof name, "Person %d", number);
    snprintf(phone, sizeof phone, "138%08d", number);
    struct party party = { .kind = PARTY_PERSON, .name = name, .phone = phone };
    good(party_add(tx, &party, &err), &err);
    good(role_give(tx, party.id, role, place_id, &err), &err);
    if (who) *who = (struct who){ .user_id = party.id, .place_id = place_id,
                                  .roles = UINT64_C(1) << role };
    return party.id;
}

static void add_people(struct bus_test *t, struct tx *tx)
{
    int n = 0;
    for (int i = 0; i < BUS_VEHICLES; i++)
        t->drivers[i] = add_person(tx, n++, ROLE_driver, t->hub_id, &t->driver[i]);
    for (int i = 0; i < BUS_POINTS; i++)
        t->keepers[i] = add_person(tx, n++, ROLE_keeper, t->points[i], &t->keeper[i]);
    for (int i = 0; i < BUS_VILLAGERS; i++)
        t->villagers[i] = add_person(tx, n++, ROLE_villager, 0, NULL);
    t->picker_id = add_person(tx, n++, ROLE_picker, t->hub_id, &t->picker);
    t->dispatcher_id = add_person(tx, n++, ROLE_dispatcher, 0, &t->dispatcher);
}

static void add_vehicles(struct bus_test *t, struct tx *tx)
{
    for (int i = 0; i < BUS_VEHICLES; i++) {
        struct err err = { .text = "" };
        char plate[16];
        bool truck = i < 2;
        snprintf(plate, sizeof plate, "BUS-%d", i);
        struct vehicle vehicle = {
            .plate = plate, .kind = truck ? "truck" : "van",
            .profile = truck ? "truck" : "minivan", .weight_g = truck ? 1500000 : 500000,
            .volume_ml = truck ? 3000000 : 1000000, .crates = truck ? 60 : 20,
            .cold_boxes = truck ? 12 : 4, .fixed_fen = truck ? 8000 : 5000,
            .km_fen = truck ? 200 : 120, .hour_fen = 3000, .home_id = t->hub_id,
            .from_s = 5 * 3600, .until_s = 18 * 3600, .trips_max = truck ? 2 : 1,
            .driver_id = t->drivers[i],
        };
        good(bus_vehicle_add(tx, &vehicle, &err), &err);
        t->vehicles[i] = vehicle.id;
    }
}

/* ---- the county ---- */

static const char *folder_of_postgres(const char *folder, char *url, size_t size)
{
    const char *server = getenv("CUNHUO_TEST_PG");
    char schema[16];
    if (server == NULL || *server == '\0') return NULL;
    snprintf(schema, sizeof schema, "web_%s", strrchr(folder, '-') + 1);   // as web_county has it
    for (char *c = schema; *c; c++) *c = (char)tolower((unsigned char)*c);
    snprintf(url, size, "%s%sschema=%s", server,
             strstr(server, "://") == NULL ? " " : strchr(server, '?') ? "&" : "?", schema);
    return url;
}

static void open_county(struct bus_test *t, const char *folder)
{
    struct err err = { .text = "" };
    enum status opened;
    int64_t until_ms = mono_ms() + WEB_PATIENCE_MS;
    // A server killed while it starts its planning child holds the county until that sees it.
    do opened = county_open(folder, t->rooms, COUNTY_WRITE, &t->county, &err);
    while (opened == BUSY && mono_ms() < until_ms);
    good(opened, &err);
    t->county->roads = t->road;
}

static void fill(struct bus_test *t)
{
    struct tx *tx;
    struct arena *arena = arena_open(TEST_ARENA_BYTES);
    assert_non_null(arena);
    assert_int_equal(db_write_begin(t->county->db, arena, &tx), OK);
    add_places(t, tx);
    add_people(t, tx);
    add_vehicles(t, tx);
    // No test waits for a long night.
    assert_int_equal(county_set(tx, "bus.solve_ms", "300"), OK);
    assert_int_equal(db_write_end(tx, true), OK);
    arena_free(arena);
}

bool bus_test_begin(struct bus_test *t, bool postgres, const struct room *const *rooms,
                    int64_t now_ms)
{
    char folder[] = "/tmp/cunhuo-bus-XXXXXX", url[512];
    struct err err = { .text = "" };
    *t = (struct bus_test){ .rooms = rooms ? rooms : bus_test_rooms };
    if (postgres && folder_of_postgres(folder, url, sizeof url) == NULL) return false;
    assert_non_null(mkdtemp(folder));
    if (postgres) folder_of_postgres(folder, url, sizeof url);
    struct county_plan plan = { .name = "Test", .zone_s = ZONE_CHINA_S, .may_turn = true,
                                .code_key = 7, .database = postgres ? url : NULL };
    good(county_init(folder, &plan, &err), &err);
    make_roads(t);
    open_county(t, folder);
    clock_turn(t->county->clock, now_ms, false);
    fill(t);
    good(county_start(t->county, &err), &err);
    return true;
}

static char stopped_folder[64];
static int64_t stopped_ms;

void bus_test_stop(struct bus_test *t)
{
    snprintf(stopped_folder, sizeof stopped_folder, "%s", t->county->folder);
    stopped_ms = county_now_ms(t->county);
    county_close(t->county);
    t->county = NULL;
}

void bus_test_start(struct bus_test *t) { bus_test_start_as(t, NULL); }

void bus_test_start_as(struct bus_test *t, const char *program)
{
    struct err err = { .text = "" };
    open_county(t, stopped_folder);
    t->county->program = program;
    clock_turn(t->county->clock, stopped_ms, false);
    good(county_start(t->county, &err), &err);
}

void bus_test_restart(struct bus_test *t)
{
    bus_test_stop(t);
    bus_test_start(t);
}

void bus_test_end(struct bus_test *t)
{
    web_county_end(t->county);
    made_end(&t->made, t->road);
}

/* ---- cmocka ---- */

static struct bus_test test;

static int begin(void **state, bool postgres)
{
    *state = bus_test_begin(&test, postgres, NULL, bus_at(20, 0, 0, 0)) ? &test : NULL;
    return 0;
}

int bus_test_sqlite(void **state) { return begin(state, false); }
int bus_test_postgres(void **state) { return begin(state, true); }

int bus_test_over(void **state)
{
    if (*state) bus_test_end(*state);
    return 0;
}

struct bus_test *bus_test_of(void **state)
{
    if (*state == NULL) skip();   // no such database here
    return *state;
}

/* ---- the night ---- */

static enum status act_close(struct tx *tx, void *of, struct err *err)
{
    return wave_close_due(tx, *(const int64_t *)of, err);
}

void bus_test_close(struct bus_test *t, int64_t day)
{
    int64_t closes_ms = day_ms(day - 1, CUT_OFF_S, ZONE_CHINA_S);
    struct err err;
    clock_turn(t->county->clock, closes_ms, false);
    good(bus_test_act(t, act_close, &closes_ms, &err), &err);
    night_idle(bus_of(t->county)->night);
}

/* ---- acting and looking ---- */

struct call {
    struct entry entry;       // first
    enum status (*act)(struct tx *tx, void *of, struct err *err);
    void *of;
};

static enum status call_act(struct tx *tx, struct entry *entry, struct err *err)
{
    struct call *call = (struct call *)(void *)entry;
    return call->act(tx, call->of, err);
}

/* What `err` points at outlives the arena. */
static void keep_err(struct err *err)
{
    static char field[100];
    if (err->field) snprintf(field, sizeof field, "%s", err->field);
    if (err->field) err->field = field;
}

enum status bus_test_act(struct bus_test *t, enum status (*act)(struct tx *tx, void *of,
                         struct err *err), void *of, struct err *err)
{
    struct arena *arena = arena_open(TEST_ARENA_BYTES);
    assert_non_null(arena);
    struct call call = { { .lane = LANE_ORDER, .arena = arena, .act = call_act }, act, of };
    *err = (struct err){ .text = "" };
    enum status done = writer_call(t->county->writer, &call.entry, err);
    keep_err(err);
    arena_free(arena);
    return done;
}

struct tx *bus_test_read(struct bus_test *t)
{
    struct tx *tx;
    t->arena = arena_open(TEST_ARENA_BYTES);
    assert_non_null(t->arena);
    assert_int_equal(db_read_begin(t->county->db, t->arena, &tx), OK);
    return tx;
}

void bus_test_read_end(struct bus_test *t, struct tx *tx)
{
    db_read_end(tx);
    arena_free(t->arena);
    t->arena = NULL;
}

int64_t bus_test_number(struct bus_test *t, const struct sql *sql, struct args args)
{
    struct rows *rows;
    struct tx *tx = bus_test_read(t);
    assert_int_equal(db_first(tx, sql, args, &rows), OK);
    int64_t number = row_i64(rows, 0);
    bus_test_read_end(t, tx);
    return number;
}

struct consignment bus_test_goods(const struct bus_test *t, int64_t place_id, bool up, int64_t day,
                                  int64_t made_ms, struct need need)
{
    return (struct consignment){
        .kind = up ? CONSIGN_PRODUCE : CONSIGN_ORDER, .document_id = 1, .place_id = place_id,
        .up = up, .party_id = t->villagers[0], .pieces = 1, .need = need, .day = day,
        .made_ms = made_ms,
    };
}

static enum status act_consign(struct tx *tx, void *of, struct err *err)
{
    return bus_consign(tx, of, err);
}

enum status bus_test_consign(struct bus_test *t, struct consignment *consignment, struct err *err)
{
    return bus_test_act(t, act_consign, consignment, err);
}

struct withdrawal { int64_t id, at_ms; };

static enum status act_withdraw(struct tx *tx, void *of, struct err *err)
{
    const struct withdrawal *w = of;
    return bus_withdraw(tx, w->id, w->at_ms, err);
}

enum status bus_test_withdraw(struct bus_test *t, int64_t consignment_id, int64_t at_ms,
                              struct err *err)
{
    struct withdrawal withdrawal = { consignment_id, at_ms };
    return bus_test_act(t, act_withdraw, &withdrawal, err);
}

/* ---- routes ---- */

static const struct route *find_route(enum method method, const char *path)
{
    for (const struct route *r = room_next_route(&bus_room, NULL); r;
         r = room_next_route(&bus_room, r))
        if (r->method == method && strcmp(r->path, path) == 0) return r;
    fail_msg("no route %s", path);
    return NULL;
}

struct route_call { const struct route *route; struct request rq; json_t *view; };

static enum status act_route(struct tx *tx, void *of, struct err *err)
{
    struct route_call *call = of;
    return route_run(call->route, &call->rq, tx, &call->view, err);
}

enum status bus_test_call(struct bus_test *t, enum method method, const char *path, struct who who,
                          json_t *fields, json_t **view, struct err *err)
{
    struct arena *arena = arena_open(TEST_ARENA_BYTES);
    assert_non_null(arena);
    if (fields == NULL) fields = json_object();
    struct route_call call = {
        .route = find_route(method, path),
        .rq = { .arena = arena, .county = t->county, .form = form_from_json(arena, fields),
                .who = who, .user_id = who.user_id, .arrived_ms = county_now_ms(t->county),
                .key = json_string_value(json_object_get(fields, "key")), .lang = "en" },
    };
    enum status done;
    *err = (struct err){ .text = "" };
    if (method == POST) {
        done = bus_test_act(t, act_route, &call, err);
    } else {
        struct tx *tx;
        assert_int_equal(db_read_begin(t->county->db, arena, &tx), OK);
        done = act_route(tx, &call, err);
        db_read_end(tx);
        keep_err(err);
    }
    json_decref(fields);
    arena_free(arena);
    if (view) *view = call.view;
    else json_decref(call.view);
    return done;
}

json_t *bus_test_view(struct bus_test *t, enum method method, const char *path, struct who who,
                      json_t *fields)
{
    struct err err;
    json_t *view = NULL;
    good(bus_test_call(t, method, path, who, fields, &view, &err), &err);
    assert_non_null(view);
    return view;
}
