/* testing.c - see testing.h. */
#include "rooms/produce/testing.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/clock.h"
#include "base/ids.h"
#include "base/test.h"
#include "case/case.h"
#include "ledger/ledger.h"
#include "people/person.h"
#include "people/place.h"
#include "rooms/bus/bus.h"
#include "web/form.h"
#include "web/testing.h"

enum { ARENA_BYTES = 64 << 20 };

extern const struct room bus_room, produce_room;

static const struct room people_room = { .name = "people", .tables = people_tables };
static const struct room ledger_room = { .name = "ledger", .tables = ledger_tables };
static const struct room case_room = { .name = "case", .tables = case_tables };
static const struct room *const rooms[] = {
    &people_room, &ledger_room, &case_room, &bus_room, &produce_room, NULL
};

static const char *const names[TEST_VILLAGES] = { "禾丰村", "池淮村", "路口村" };

int64_t produce_tomorrow(void) { return day_from_civil(2026, 11, 24); }

static void good(enum status status, const struct err *err)
{
    if (status != OK) fail_msg("%s: %s %s %s", status_name(status), err->field ? err->field : "",
                               err->text ? err->text : "", err->detail);
}

/* ---- filling ---- */

static int64_t add_place(struct tx *tx, enum place_kind kind, const char *code, const char *name,
                         int64_t parent_id, double east_m)
{
    struct err err = { .text = "" };
    struct road_point at = made_point(east_m, 0);
    struct place place = {
        .kind = kind, .code = code, .name = name, .parent_id = parent_id, .located = true,
        .lat_e6 = (int32_t)(at.lat * 1e6), .lon_e6 = (int32_t)(at.lon * 1e6), .source = "made",
    };
    good(place_add(tx, &place, &err), &err);
    return place.id;
}

static void add_places(struct produce_test *t, struct tx *tx)
{
    int64_t county = add_place(tx, PLACE_COUNTY, "330824", "开化县", 0, 0);
    int64_t town = add_place(tx, PLACE_TOWNSHIP, "330824101", "池淮镇", county, 1000);
    t->hub_id = add_place(tx, PLACE_HUB, "HUB1", "县级共配中心", county, 0);
    for (int i = 0; i < TEST_VILLAGES; i++) {
        char code[8], village[16], point[64];
        snprintf(code, sizeof code, "P%d", i + 1);
        snprintf(village, sizeof village, "33082410120%d", i + 1);
        snprintf(point, sizeof point, "%s村级站点", names[i]);
        t->villages[i] = add_place(tx, PLACE_VILLAGE, village, names[i], town, 1000 * (i + 1));
        t->points[i] = add_place(tx, PLACE_POINT, code, point, t->villages[i], 1000 * (i + 1));
    }
}

static void add_person(struct tx *tx, const char *name, const char *phone, enum role role,
                       int64_t home_id, struct who *who)
{
    struct err err = { .text = "" };
    struct party party = { .kind = PARTY_PERSON, .name = name, .phone = phone,
                           .place_id = home_id };
    good(party_add(tx, &party, &err), &err);
    good(role_give(tx, party.id, role, home_id, &err), &err);
    *who = (struct who){ .user_id = party.id, .place_id = home_id,
                         .roles = UINT64_C(1) << role };
}

static void add_people(struct produce_test *t, struct tx *tx)
{
    add_person(tx, "汪建国", "13800000001", ROLE_producer, t->villages[0], &t->producer);
    add_person(tx, "程美英", "13800000002", ROLE_producer, 0, &t->other);
    add_person(tx, "方店长", "13800000003", ROLE_keeper, t->points[0], &t->keeper);
    add_person(tx, "郑调度", "13800000004", ROLE_dispatcher, 0, &t->dispatcher);
}

static void add_vehicle(struct produce_test *t, struct tx *tx)
{
    struct err err = { .text = "" };
    struct vehicle vehicle = {
        .plate = "浙HTEST1", .kind = "truck", .profile = "truck", .weight_g = 1500000,
        .volume_ml = 9000000, .crates = 180, .cold_boxes = 40, .fixed_fen = 10000,
        .km_fen = 200, .hour_fen = 3000, .home_id = t->hub_id, .from_s = 5 * 3600,
        .until_s = 18 * 3600, .trips_max = 2,
    };
    good(bus_vehicle_add(tx, &vehicle, &err), &err);
}

static void make_road(struct produce_test *t)
{
    char refs[64] = "";
    made_begin(&t->made);
    for (int i = 0; i <= TEST_VILLAGES + 1; i++) {
        made_node(&t->made, i + 1, 1000 * i, 0, "");
        snprintf(refs + strlen(refs), sizeof refs - strlen(refs), "%d ", i + 1);
    }
    made_way(&t->made, 1, refs, "highway=secondary name=Road");
    t->road = made_road(&t->made, NULL);
}

/* As web_county makes it, so that web_county_end throws it away; filled before its rooms start. */
static struct county *new_county(bool postgres)
{
    char folder[] = "/tmp/cunhuo-produce-XXXXXX", url[512], schema[16];
    const char *server = getenv("CUNHUO_TEST_PG");
    struct err err = { .text = "" };
    struct county *county = NULL;
    if (postgres && (server == NULL || *server == '\0')) return NULL;
    assert_non_null(mkdtemp(folder));
    snprintf(schema, sizeof schema, "web_%s", strrchr(folder, '-') + 1);
    for (char *c = schema; *c; c++) *c = (char)tolower((unsigned char)*c);
    if (postgres)
        snprintf(url, sizeof url, "%s%sschema=%s", server,
                 strstr(server, "://") == NULL ? " " : strchr(server, '?') ? "&" : "?", schema);
    struct county_plan plan = { .name = "开化县", .zone_s = ZONE_CHINA_S, .may_turn = true,
                                .code_key = 7, .database = postgres ? url : NULL };
    good(county_init(folder, &plan, &err), &err);
    good(county_open(folder, rooms, COUNTY_WRITE, &county, &err), &err);
    clock_turn(county->clock, day_ms(produce_tomorrow() - 1, 22 * 3600 + 40 * 60, ZONE_CHINA_S),
               false);
    return county;
}

static int begin(void **state, bool postgres)
{
    static struct produce_test test;
    struct produce_test *t = &test;
    struct err err = { .text = "" };
    struct tx *tx;
    *t = (struct produce_test){ .county = new_county(postgres) };
    *state = t;
    if (t->county == NULL) return 0;
    struct arena *arena = arena_open(ARENA_BYTES);
    assert_non_null(arena);
    assert_int_equal(db_write_begin(t->county->db, arena, &tx), OK);
    add_places(t, tx);
    add_people(t, tx);
    add_vehicle(t, tx);
    assert_int_equal(db_write_end(tx, true), OK);
    arena_free(arena);
    make_road(t);
    t->county->roads = t->road;
    good(county_start(t->county, &err), &err);
    return 0;
}

int produce_test_sqlite(void **state) { return begin(state, false); }
int produce_test_postgres(void **state) { return begin(state, true); }

int produce_test_end(void **state)
{
    struct produce_test *t = *state;
    if (t->county == NULL) return 0;
    web_county_end(t->county);
    made_end(&t->made, t->road);
    return 0;
}

void produce_turn(struct produce_test *t, int32_t second)
{
    clock_turn(t->county->clock, day_ms(produce_tomorrow() - 1, second, ZONE_CHINA_S), false);
}

struct produce_test *produce_test_of(void **state)
{
    struct produce_test *t = *state;
    if (t->county == NULL) skip();
    return t;
}

/* ---- calling ---- */

static const struct route *find_route(enum method method, const char *path)
{
    for (const struct route *r = room_next_route(&produce_room, NULL); r;
         r = room_next_route(&produce_room, r))
        if (r->method == method && strcmp(r->path, path) == 0) return r;
    fail_msg("no route %s", path);
    return NULL;
}

enum status produce_call(struct produce_test *t, enum method method, const char *path,
                        struct who who, json_t *fields, json_t **view, struct err *err)
{
    static char field[100];   // that of a row is in the arena
    struct tx *tx;
    json_t *made = NULL;
    struct arena *arena = arena_open(ARENA_BYTES);
    assert_non_null(arena);
    if (fields == NULL) fields = json_object();
    struct request rq = {
        .arena = arena, .county = t->county, .form = form_from_json(arena, fields), .who = who,
        .user_id = who.user_id, .arrived_ms = county_now_ms(t->county), .lang = "en",
    };
    *err = (struct err){ .text = "" };
    assert_int_equal(method == POST ? db_write_begin(t->county->db, arena, &tx)
                                    : db_read_begin(t->county->db, arena, &tx), OK);
    enum status status = route_run(find_route(method, path), &rq, tx, &made, err);
    if (method == GET) db_read_end(tx);
    else assert_int_equal(db_write_end(tx, status == OK), OK);
    if (err->field) snprintf(field, sizeof field, "%s", err->field);
    if (err->field) err->field = field;
    json_decref(fields);
    arena_free(arena);
    if (view) *view = made;
    else json_decref(made);
    return status;
}

json_t *produce_view(struct produce_test *t, enum method method, const char *path, struct who who,
                     json_t *fields)
{
    struct err err;
    json_t *view = NULL;
    good(produce_call(t, method, path, who, fields, &view, &err), &err);
    assert_non_null(view);
    return view;
}

int64_t number_of(const json_t *view, const char *name)
{
    const json_t *value = json_object_get(view, name);
    if (!json_is_integer(value)) fail_msg("no number %s", name);
    return json_integer_value(value);
}

const char *text_of(const json_t *view, const char *name)
{
    const char *text = json_string_value(json_object_get(view, name));
    if (text == NULL) fail_msg("no text %s", name);
    return text;
}

int64_t number_in(struct produce_test *t, const struct sql *sql)
{
    struct tx *tx;
    struct rows *rows;
    struct arena *arena = arena_open(1 << 20);
    assert_non_null(arena);
    assert_int_equal(db_read_begin(t->county->db, arena, &tx), OK);
    assert_int_equal(db_first(tx, sql, NO_ARGS, &rows), OK);
    int64_t number = row_i64(rows, 0);
    db_read_end(tx);
    arena_free(arena);
    return number;
}
