/* testing.c - see testing.h. */
#include "rooms/shop/testing.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/clock.h"
#include "base/ids.h"
#include "base/test.h"
#include "case/case.h"
#include "db/db.h"
#include "ledger/ledger.h"
#include "people/person.h"
#include "people/place.h"
#include "rooms/bus/bus.h"
#include "rooms/shop/shop.h"
#include "rooms/shop/stock.h"
#include "web/form.h"
#include "web/testing.h"

extern const struct room bus_room, shop_room;

static const struct room people_room = { .name = "people", .tables = people_tables };
static const struct room ledger_room = { .name = "ledger", .tables = ledger_tables };
static const struct room case_room = { .name = "case", .tables = case_tables };
const struct room *const shop_test_rooms[] = {
    &people_room, &ledger_room, &case_room, &shop_room, &bus_room, NULL
};

const char *const shop_village_codes[SHOP_VILLAGES] = {
    "330824101201", "330824101202", "330824101203", "330824102201", "330824102202",
    "330824102203",
};
const char *const shop_goods_codes[SHOP_GOODS] = {
    "2000000000015", "2000000000022", "2000000000039", "2000000000046", "2000000000053",
};

static const struct {
    const char *name, *category, *unit;
    int64_t weight_g, volume_ml, price_fen;
    enum temperature temperature;
    const char *bin;
} goods[SHOP_GOODS] = {
    [MEAT] = { "腊肉", "肉类", "500 克", 500, 800, 3200, AMBIENT, "B-02-1" },
    [GREENS] = { "上海青", "叶菜", "斤", 500, 1400, 350, AMBIENT, "A-01-1" },
    [FISH] = { "冻带鱼", "水产", "袋", 1000, 1500, 2580, FROZEN, "C-01-1" },
    [RICE] = { "大米", "粮油", "袋", 5000, 6000, 3990, AMBIENT, "B-01-1" },
    [EGGS] = { "土鸡蛋", "蛋类", "盒", 600, 1200, 1500, AMBIENT, "A-02-1" },
};

int64_t shop_at(int hour, int minute, int second, int ms)
{
    int64_t day = day_from_civil(2026, 11, 23);
    return day_ms(day, hour * 3600 + minute * 60 + second, ZONE_CHINA_S) + ms;
}

int64_t shop_tomorrow(const struct shop_test *t)
{
    (void)t;
    return day_from_civil(2026, 11, 24);
}

/* ---- filling ---- */

static void good(enum status status, const struct err *err)
{
    if (status != OK) fail_msg("%s: %s %s %s", status_name(status), err->field ? err->field : "",
                               err->text ? err->text : "", err->detail);
}

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

static void add_places(struct shop_test *t, struct tx *tx)
{
    static const char *const names[] = { "禾丰村", "池淮村", "路口村", "霞坞村", "金星村",
                                         "下淤村" };
    int64_t county = add_place(tx, PLACE_COUNTY, "330824", "开化县", 0, 0), towns[2];
    towns[0] = add_place(tx, PLACE_TOWNSHIP, "330824101", "池淮镇", county, 1000);
    towns[1] = add_place(tx, PLACE_TOWNSHIP, "330824102", "音坑乡", county, 5000);
    t->hub_id = add_place(tx, PLACE_HUB, "HUB1", "县级共配中心", county, 0);
    add_place(tx, PLACE_STATION, "S1", "池淮镇站", towns[0], 1500);
    add_place(tx, PLACE_STATION, "S2", "音坑乡站", towns[1], 5500);
    for (int i = 0; i < SHOP_VILLAGES; i++) {
        char code[8], point[64];
        snprintf(code, sizeof code, "P%d", i + 1);
        snprintf(point, sizeof point, "%s村级站点", names[i]);
        t->villages[i] = add_place(tx, PLACE_VILLAGE, shop_village_codes[i], names[i],
                                   towns[i / 3], 1000 * (i + 1));
        t->points[i] = add_place(tx, PLACE_POINT, code, point, t->villages[i], 1000 * (i + 1));
    }
}

static int64_t add_person(struct tx *tx, const char *name, const char *phone, enum role role,
                          int64_t place_id, struct who *who)
{
    struct err err = { .text = "" };
    struct party party = { .kind = PARTY_PERSON, .name = name, .phone = phone };
    good(party_add(tx, &party, &err), &err);
    good(role_give(tx, party.id, role, place_id, &err), &err);
    *who = (struct who){ .user_id = party.id, .place_id = place_id,
                         .roles = UINT64_C(1) << role };
    return party.id;
}

static void add_people(struct shop_test *t, struct tx *tx)
{
    t->villager_id = add_person(tx, "余阿婆", "13800000001", ROLE_villager, t->villages[0],
                                &t->villager);
    t->other_id = add_person(tx, "汪师傅", "13800000002", ROLE_villager, t->villages[1],
                             &t->other);
    t->keeper_id = add_person(tx, "方店长", "13800000003", ROLE_keeper, t->points[0], &t->keeper);
    add_person(tx, "江小李", "13800000004", ROLE_picker, t->hub_id, &t->picker);
    add_person(tx, "郑会计", "13800000005", ROLE_clerk, 0, &t->clerk);
    add_person(tx, "吴柜台", "13800000006", ROLE_desk, 0, &t->desk);
}

static void add_vehicles(struct shop_test *t, struct tx *tx)
{
    for (int i = 0; i < 2; i++) {
        char plate[32];
        struct err err = { .text = "" };
        snprintf(plate, sizeof plate, "浙HTEST%d", i);
        struct vehicle vehicle = {
            .plate = plate, .kind = "truck", .profile = "truck", .weight_g = 1500000,
            .volume_ml = 9000000, .crates = 180, .cold_boxes = 40, .fixed_fen = 10000,
            .km_fen = 200, .hour_fen = 3000, .home_id = t->hub_id, .from_s = 5 * 3600,
            .until_s = 18 * 3600, .trips_max = 2,
        };
        good(bus_vehicle_add(tx, &vehicle, &err), &err);
    }
}

static void add_goods(struct shop_test *t, struct tx *tx, int64_t now_ms)
{
    struct err err = { .text = "" };
    for (int i = 0; i < SHOP_GOODS; i++) {
        struct sku sku = {
            .code = shop_goods_codes[i], .name = goods[i].name, .category = goods[i].category,
            .unit = goods[i].unit, .weight_g = goods[i].weight_g,
            .volume_ml = goods[i].volume_ml, .temperature = goods[i].temperature,
            .price_fen = goods[i].price_fen, .bin = goods[i].bin,
        };
        good(shop_sku_add(tx, &sku, &err), &err);
        good(shop_stock_in(tx, sku.id, t->hub_id, 100, 0, now_ms, &err), &err);
        t->goods[i] = sku.id;
    }
}

static void make_road(struct shop_test *t)
{
    made_begin(&t->made);
    char refs[64] = "";
    for (int i = 0; i <= SHOP_VILLAGES + 1; i++) {
        made_node(&t->made, i + 1, 1000 * i, 0, "");
        snprintf(refs + strlen(refs), sizeof refs - strlen(refs), "%d ", i + 1);
    }
    made_way(&t->made, 1, refs, "highway=secondary name=Road");
    t->road = made_road(&t->made, NULL);
}

/* As web_county makes it, and so web_county_end throws it away; but filled before its rooms start.
 * */
static struct county *new_county(bool postgres, int64_t now_ms)
{
    char folder[] = "/tmp/cunhuo-shop-XXXXXX", url[512], schema[16];
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
    good(county_open(folder, shop_test_rooms, COUNTY_WRITE, &county, &err), &err);
    clock_turn(county->clock, now_ms, false);
    return county;
}

bool shop_test_begin(struct shop_test *t, bool postgres, int64_t now_ms)
{
    struct err err = { .text = "" };
    struct tx *tx;
    *t = (struct shop_test){ 0 };
    t->county = new_county(postgres, now_ms);
    if (t->county == NULL) return false;
    struct arena *arena = arena_open(64 << 20);
    assert_non_null(arena);
    assert_int_equal(db_write_begin(t->county->db, arena, &tx), OK);
    add_places(t, tx);
    add_people(t, tx);
    add_vehicles(t, tx);
    add_goods(t, tx, now_ms);
    assert_int_equal(db_write_end(tx, true), OK);
    arena_free(arena);
    make_road(t);
    t->county->roads = t->road;
    good(county_start(t->county, &err), &err);
    return true;
}

void shop_test_end_road(struct shop_test *t) { made_end(&t->made, t->road); }

void shop_test_end(struct shop_test *t)
{
    web_county_end(t->county);
    shop_test_end_road(t);
}

/* ---- calling ---- */

static const struct route *find_route(enum method method, const char *path)
{
    for (const struct route *const *list = shop_room.more_routes; *list; list++)
        for (const struct route *route = *list; route->path; route++)
            if (route->method == method && strcmp(route->path, path) == 0) return route;
    fail_msg("no route %s", path);
    return NULL;
}

enum status shop_call(struct shop_test *t, enum method method, const char *path, struct who who,
                      json_t *fields, json_t **view, struct err *err)
{
    struct tx *tx;
    struct arena *arena = arena_open(64 << 20);
    assert_non_null(arena);
    if (fields == NULL) fields = json_object();
    json_t *made = NULL;
    struct request rq = {
        .arena = arena, .county = t->county, .form = form_from_json(arena, fields), .who = who,
        .user_id = who.user_id, .arrived_ms = county_now_ms(t->county), .lang = "en",
    };
    *err = (struct err){ .text = "" };
    enum status status = method == POST ? db_write_begin(t->county->db, arena, &tx)
                                        : db_read_begin(t->county->db, arena, &tx);
    assert_int_equal(status, OK);
    status = route_run(find_route(method, path), &rq, tx, &made, err);
    if (method == GET) db_read_end(tx);
    else assert_int_equal(db_write_end(tx, status == OK), OK);
    static char field[100];   // of a row it is in the arena
    if (err->field) snprintf(field, sizeof field, "%s", err->field);
    if (err->field) err->field = field;
    json_decref(fields);
    arena_free(arena);
    if (view) *view = made;
    else json_decref(made);
    return status;
}

json_t *shop_view(struct shop_test *t, enum method method, const char *path, struct who who,
                  json_t *fields)
{
    struct err err;
    json_t *view = NULL;
    good(shop_call(t, method, path, who, fields, &view, &err), &err);
    assert_non_null(view);
    return view;
}

int64_t shop_number(const json_t *view, const char *name)
{
    const json_t *value = json_object_get(view, name);
    if (!json_is_integer(value)) fail_msg("no number %s", name);
    return json_integer_value(value);
}

const char *shop_text(const json_t *view, const char *name)
{
    const char *text = json_string_value(json_object_get(view, name));
    if (text == NULL) fail_msg("no text %s", name);
    return text;
}

json_t *shop_order_fields(struct shop_test *t, int which, int quantity, const char *pay)
{
    return json_pack("{s:s, s:I, s:s, s:I, s:[{s:s, s:i}]}", "village", shop_village_codes[0],
                     "day", (json_int_t)shop_tomorrow(t), "pay", pay, "total_fen",
                     (json_int_t)(quantity * goods[which].price_fen), "lines", "code",
                     shop_goods_codes[which], "quantity", quantity);
}

/* ---- looking ---- */

static int64_t balance_of(struct shop_test *t, struct account account)
{
    struct tx *tx;
    struct err err = { .text = "" };
    struct balance balance = { 0 };
    struct arena *arena = arena_open(1 << 20);
    assert_int_equal(db_read_begin(t->county->db, arena, &tx), OK);
    enum status found = ledger_account_find(tx, &account);
    if (found == OK) good(ledger_balance(tx, account.id, &balance, &err), &err);
    db_read_end(tx);
    arena_free(arena);
    return balance.posted - balance.held_out;
}

int64_t shop_left(struct shop_test *t, int which)
{
    return balance_of(t, stock_account(t->goods[which], t->hub_id));
}

int64_t shop_money(struct shop_test *t, const char *purpose, int64_t party_id, int64_t place_id)
{
    return balance_of(t, (struct account){ .book_id = BOOK_COUNTY, .purpose = purpose,
                                           .party_id = party_id, .place_id = place_id,
                                           .unit = UNIT_FEN });
}

void shop_sound(struct shop_test *t)
{
    struct tx *tx;
    struct err err = { .text = "" };
    int64_t imbalance;
    struct arena *arena = arena_open(256 << 20);
    assert_int_equal(db_read_begin(t->county->db, arena, &tx), OK);
    good(ledger_check(tx, &imbalance, &err), &err);
    assert_int_equal(imbalance, 0);
    db_read_end(tx);
    arena_free(arena);
    json_t *report = shop_view(t, GET, "/shop/report/{day}", t->clerk,
                               json_pack("{s:I}", "day", (json_int_t)shop_tomorrow(t)));
    assert_int_equal(shop_number(report, "oversold"), 0);
    json_decref(report);
}
