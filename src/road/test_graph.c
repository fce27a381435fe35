/* test_graph.c - what tags, restrictions and barriers do, on small extracts made by hand. */
#include "base/test.h"

#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "road/testing.h"

/* A crossing at (0,0): west 1, east 2, south 3, north 4, middle 5; 400 m to each side. Around it a
 * ring at 400 m, so that every forbidden turn has a detour of known length. */
static void cross(struct made *made)
{
    made_begin(made);
    made_node(made, 1, -400, 0, "");
    made_node(made, 2, 400, 0, "");
    made_node(made, 3, 0, -400, "");
    made_node(made, 4, 0, 400, "");
    made_node(made, 5, 0, 0, "");
    made_way(made, 11, "1 5", "highway=residential");
    made_way(made, 12, "5 2", "highway=residential");
    made_way(made, 13, "3 5", "highway=residential");
    made_way(made, 14, "5 4", "highway=residential");
}

static void ring(struct made *made)
{
    made_node(made, 6, 400, 400, "");
    made_node(made, 7, -400, 400, "");
    made_node(made, 8, -400, -400, "");
    made_node(made, 9, 400, -400, "");
    made_way(made, 21, "2 6 4", "highway=residential");
    made_way(made, 22, "4 7 1", "highway=residential");
    made_way(made, 23, "1 8 3", "highway=residential");
    made_way(made, 24, "3 9 2", "highway=residential");
}

enum { WEST, EAST, SOUTH, NORTH };

/* Metres from the middle of one arm of the crossing to the middle of another. */
static int32_t over(const struct road *road, enum road_profile profile, int from, int to)
{
    static const double arms[4][2] = { { -200, 0 }, { 200, 0 }, { 0, -200 }, { 0, 200 } };
    return made_metres(road, profile, arms[from][0], arms[from][1], arms[to][0], arms[to][1]);
}

static void near(int32_t metres, int32_t wanted)
{
    if (abs(metres - wanted) > 3) print_message("%d m, wanted %d m\n", metres, wanted);
    assert_true(abs(metres - wanted) <= 3);
}

static struct road *crossing_with(struct made *made, const char *members, const char *tags,
    struct road_build_report *report)
{
    cross(made);
    ring(made);
    made_relation(made, 31, members, tags);
    return made_road(made, report);
}

static void via_node(void **state)
{
    (void)state;
    struct made made;
    static const struct {
        const char *members, *tags;
        int32_t left, straight, right;   // from the south
        int32_t back;                    // from north to south
    } cases[] = {
        { "from:w13 via:n5 to:w11", "type=restriction restriction=no_left_turn",
            1200, 400, 400, 400 },
        { "from:w13 via:n5 to:w14", "type=restriction restriction=no_straight_on",
            400, 1600, 400, 400 },
        { "from:w13 via:n5 to:w12", "type=restriction restriction=no_right_turn",
            400, 400, 1200, 400 },
        { "from:w13 via:n5 to:w14", "type=restriction restriction=only_straight_on",
            1200, 400, 1200, 400 },
        { "from:w13 via:n5 to:w11", "type=restriction restriction=only_left_turn",
            400, 1600, 1200, 400 },
        { "from:w13 via:n5 to:w12", "type=restriction restriction=only_right_turn",
            1200, 1600, 400, 400 },
        { "from:w13 via:n5 to:w11 to:w14", "type=restriction restriction=no_exit",
            1200, 1600, 400, 400 },
        { "from:w13 from:w14 via:n5 to:w12", "type=restriction restriction=no_entry",
            400, 400, 1200, 400 },
        { "from:w13 via:n5 to:w11", "type=restriction restriction:motorcar=no_left_turn",
            1200, 400, 400, 400 },
        { "from:w13 via:n5 to:w11", "type=restriction restriction:hgv=no_left_turn",
            400, 400, 400, 400 },
        { "from:w13 via:n5 to:w11", "type=restriction restriction=no_left_turn except=psv;motorcar",
            400, 400, 400, 400 },
        { "from:w13 via:n5 to:w11", "type=restriction restriction=no_left_turn except=hgv",
            1200, 400, 400, 400 },
        { "from:w13 via:n5 to:w11",
            "type=restriction restriction:conditional=no_left_turn@(07:00-09:00)",
            400, 400, 400, 400 },
        { "from:w13 via:n5", "type=restriction restriction=no_left_turn", 400, 400, 400, 400 },
        { "from:w22 via:n5 to:w13", "type=restriction restriction=no_left_turn",
            400, 400, 400, 400 },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct road *road = crossing_with(&made, cases[i].members, cases[i].tags, NULL);
        print_message("    %s %s\n", cases[i].tags, cases[i].members);
        near(over(road, ROAD_CAR, SOUTH, WEST), cases[i].left);
        near(over(road, ROAD_CAR, SOUTH, NORTH), cases[i].straight);
        near(over(road, ROAD_CAR, SOUTH, EAST), cases[i].right);
        near(over(road, ROAD_CAR, NORTH, SOUTH), cases[i].back);
        near(over(road, ROAD_CAR, WEST, SOUTH), 400);
        made_end(&made, road);
    }
}

static void by_vehicle(void **state)
{
    (void)state;
    struct made made;
    struct road_build_report report;
    struct road *road = crossing_with(&made, "from:w13 via:n5 to:w11",
        "type=restriction restriction:hgv=no_left_turn", &report);
    near(over(road, ROAD_TRUCK, SOUTH, WEST), 1200);
    near(over(road, ROAD_MINIVAN, SOUTH, WEST), 400);
    assert_int_equal(report.restrictions, 1);
    made_end(&made, road);

    road = crossing_with(&made, "from:w13 via:n5 to:w11",
        "type=restriction restriction:conditional=no_left_turn@(Mo-Fr)", &report);
    assert_int_equal(report.restrictions, 0);
    assert_int_equal(report.restrictions_conditional, 1);
    made_end(&made, road);

    road = crossing_with(&made, "from:w13 to:w11", "type=restriction restriction=no_left_turn",
        &report);
    assert_int_equal(report.restrictions_faulty, 1);
    made_end(&made, road);
}

/* Two crossings 100 m apart on a road from west to east, joined by way 15; arms to north and south
 * at both. From the first south arm over way 15 to the second one is a U. */
static void via_way(void **state)
{
    (void)state;
    struct made made;
    for (int only = 0; only <= 1; only++) {
        struct road_build_report report;
        made_begin(&made);
        made_node(&made, 1, -300, 0, "");
        made_node(&made, 2, 0, 0, "");
        made_node(&made, 3, 100, 0, "");
        made_node(&made, 4, 400, 0, "");
        made_node(&made, 5, 0, -300, "");
        made_node(&made, 6, 100, -300, "");
        made_node(&made, 7, 100, 300, "");
        made_node(&made, 8, 50, 0, "");
        made_way(&made, 11, "1 2", "highway=residential");
        made_way(&made, 15, "2 8 3", "highway=residential");
        made_way(&made, 12, "3 4", "highway=residential");
        made_way(&made, 13, "5 2", "highway=residential");
        made_way(&made, 14, "3 6", "highway=residential");
        made_way(&made, 16, "3 7", "highway=residential");
        made_way(&made, 17, "8 18", "highway=residential");
        made_node(&made, 18, 50, 300, "");
        made_relation(&made, 31, "from:w13 via:w15 to:w14", only
            ? "type=restriction restriction=only_right_turn"
            : "type=restriction restriction=no_u_turn");
        struct road *road = made_road(&made, &report);
        assert_int_equal(report.restrictions_via_way, 1);
        int32_t around = made_metres(road, ROAD_CAR, 0, -150, 100, -150);
        int32_t on = made_metres(road, ROAD_CAR, 0, -150, 250, 0);
        int32_t from_west = made_metres(road, ROAD_CAR, -150, 0, 100, -150);
        int32_t half = made_metres(road, ROAD_CAR, 0, -150, 75, 0);
        int32_t started_inside = made_metres(road, ROAD_CAR, 25, 0, 100, -150);
        near(from_west, 400);
        near(half, 225);
        near(started_inside, 225);
        if (only) {
            near(around, 400);
            assert_true(on > 400);   // must turn right first, and come back
        } else {
            near(on, 400);
            assert_true(around > 500);
        }
        made_end(&made, road);
    }
}

static void one_way(void **state)
{
    (void)state;
    struct made made;
    static const struct { const char *tags; bool there, back; } cases[] = {
        { "oneway=yes", true, false }, { "oneway=-1", false, true }, { "oneway=no", true, true },
        { "oneway=yes oneway:motor_vehicle=no", true, true },
        { "junction=roundabout", true, false }, { "junction=roundabout oneway=no", true, true },
        { "access=no", false, false }, { "access=no motorcar=yes", true, true },
        { "motor_vehicle=no", false, false }, { "motor_vehicle:backward=no", true, false },
        { "maxheight=1.9", false, false }, { "maxheight=1.9;2.5", false, false },
        { "maxweight=3.5", true, true }, { "maxweight=1.5", false, false },
        { "maxwidth=6'", false, false }, { "construction=yes", false, false },
        { "area=yes", false, false }, { "access=private", true, true },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char tags[128];
        made_begin(&made);
        for (int n = 0; n < 4; n++) made_node(&made, n + 1, n * 200, 0, "");
        snprintf(tags, sizeof tags, "highway=residential %s", cases[i].tags);
        made_way(&made, 11, "1 2", "highway=residential");
        made_way(&made, 12, "2 3", tags);
        made_way(&made, 13, "3 4", "highway=residential");
        struct road *road = made_road(&made, NULL);
        print_message("    %s\n", cases[i].tags);
        assert_int_equal(made_metres(road, ROAD_CAR, 100, 0, 500, 0) >= 0, cases[i].there);
        assert_int_equal(made_metres(road, ROAD_CAR, 500, 0, 100, 0) >= 0, cases[i].back);
        made_end(&made, road);
    }
}

static int32_t seconds(const struct road *road, const struct road_state *state,
    enum road_profile profile, const struct road_snap *from, const struct road_snap *to)
{
    struct err err = {0};
    int32_t answer;
    assert_int_equal(road_table(road, state, profile, from, 1, to, 1, &answer, NULL, &err), OK);
    return answer;
}

static int32_t metres(const struct road *road, const struct road_state *state,
    enum road_profile profile, const struct road_snap *from, const struct road_snap *to)
{
    struct err err = {0};
    int32_t answer;
    assert_int_equal(road_table(road, state, profile, from, 1, to, 1, NULL, &answer, &err), OK);
    return answer;
}

static void barriers(void **state)
{
    (void)state;
    struct made made;
    static const struct { const char *tags; bool car, truck; int waits_s; } cases[] = {
        { "barrier=bollard", false, false, 0 }, { "barrier=bollard access=yes", true, true, 0 },
        { "barrier=gate", true, true, 60 }, { "barrier=gate motor_vehicle=yes", true, true, 0 },
        { "barrier=gate access=no", false, false, 0 }, { "barrier=toll_booth", true, true, 0 },
        { "barrier=height_restrictor maxheight=2.2", true, false, 0 },
        { "barrier=bollard bollard=rising", true, true, 0 },
        { "highway=traffic_signals", true, true, 2 },
        { "highway=traffic_signals traffic_signals:direction=backward", true, true, 0 },
        { "highway=stop", true, true, 2 }, { "highway=give_way", true, true, 1 },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        made_begin(&made);
        for (int n = 0; n < 3; n++)
            made_node(&made, n + 1, n * 200, 0, n == 1 ? cases[i].tags : "");
        made_way(&made, 11, "1 2 3", "highway=unclassified");
        struct road *road = made_road(&made, NULL);
        print_message("    %s\n", cases[i].tags);
        assert_int_equal(made_metres(road, ROAD_CAR, 100, 0, 300, 0) >= 0, cases[i].car);
        assert_int_equal(made_metres(road, ROAD_TRUCK, 100, 0, 300, 0) >= 0, cases[i].truck);
        if (cases[i].car) {
            struct road_snap from = made_snap(road, ROAD_CAR, 100, 0);
            struct road_snap to = made_snap(road, ROAD_CAR, 300, 0);
            int32_t taken_s = seconds(road, NULL, ROAD_CAR, &from, &to);
            assert_int_equal(taken_s, 29 + cases[i].waits_s);   // 200 m at 25 km/h
        }
        made_end(&made, road);
    }
}

/* From west to east over a private yard, or around it on a public road three times as long. */
static void private_roads(void **state)
{
    (void)state;
    struct made made;
    for (int around = 0; around <= 1; around++) {
        made_begin(&made);
        made_node(&made, 1, -300, 0, "");
        made_node(&made, 2, 0, 0, "");
        made_node(&made, 3, 300, 0, "");
        made_node(&made, 4, 600, 0, "");
        made_node(&made, 5, 0, 300, "");
        made_node(&made, 6, 300, 300, "");
        made_way(&made, 11, "1 2", "highway=residential");
        made_way(&made, 12, "2 3", "highway=service access=destination");
        made_way(&made, 13, "3 4", "highway=residential");
        if (around) made_way(&made, 14, "2 5 6 3", "highway=residential");
        struct road *road = made_road(&made, NULL);
        near(made_metres(road, ROAD_CAR, -150, 0, 450, 0), around ? 1200 : 600);
        near(made_metres(road, ROAD_CAR, -150, 0, 100, 0), 250);
        near(made_metres(road, ROAD_CAR, 200, 0, -150, 0), 350);
        near(made_metres(road, ROAD_CAR, 50, 0, 250, 0), 200);
        made_end(&made, road);
    }
}

static void tracks_and_sizes(void **state)
{
    (void)state;
    struct made made;
    static const struct { const char *tags; int profiles; } cases[] = {
        { "highway=track", 1 << ROAD_MINIVAN | 1 << ROAD_TRICYCLE },
        { "highway=track tracktype=grade1",
            1 << ROAD_MINIVAN | 1 << ROAD_TRUCK | 1 << ROAD_TRICYCLE },
        { "highway=track tracktype=grade3", 1 << ROAD_MINIVAN | 1 << ROAD_TRICYCLE },
        { "highway=track tracktype=grade4", 1 << ROAD_TRICYCLE },
        { "highway=track tracktype=grade5", 0 },
        { "highway=track motor_vehicle=no", 0 },
        { "highway=footway", 0 },
        { "highway=motorway", 1 << ROAD_CAR | 1 << ROAD_MINIVAN | 1 << ROAD_TRUCK },
        { "highway=tertiary maxheight=3", 1 << ROAD_CAR | 1 << ROAD_MINIVAN | 1 << ROAD_TRICYCLE },
        { "highway=tertiary maxweight=2.2", 1 << ROAD_CAR | 1 << ROAD_TRICYCLE },
        { "highway=tertiary hgv=no", 1 << ROAD_CAR | 1 << ROAD_MINIVAN | 1 << ROAD_TRICYCLE },
        { "highway=tertiary width=1.5", 1 << ROAD_TRICYCLE },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        made_begin(&made);
        for (int n = 0; n < 4; n++) made_node(&made, n + 1, n * 200, 0, "");
        made_way(&made, 11, "1 2", "highway=residential");
        made_way(&made, 12, "2 3", cases[i].tags);
        made_way(&made, 13, "3 4", "highway=residential");
        struct road *road = made_road(&made, NULL);
        print_message("    %s\n", cases[i].tags);
        for (int p = 0; p < ROAD_PROFILES; p++)
            assert_int_equal(made_metres(road, (enum road_profile)p, 100, 0, 500, 0) >= 0,
                cases[i].profiles >> p & 1);
        made_end(&made, road);
    }
}

/* A hairpin of 10 m radius between straights. */
static void bends(void **state)
{
    (void)state;
    struct made made;
    int32_t car_s, truck_s, straight_s;
    made_begin(&made);
    static const double arc[][2] = { { 0, 0 }, { 5, 1.34 }, { 8.66, 5 }, { 10, 10 }, { 8.66, 15 },
        { 5, 18.66 }, { 0, 20 } };
    made_node(&made, 1, -300, 0, "");
    for (int i = 0; i < 7; i++) made_node(&made, 2 + i, arc[i][0], arc[i][1], "");
    made_node(&made, 9, -300, 20, "");
    made_way(&made, 11, "1 2 3 4 5 6 7 8 9", "highway=secondary");
    struct road *road = made_road(&made, NULL);
    struct road_snap from = made_snap(road, ROAD_CAR, -20, 0);
    struct road_snap to = made_snap(road, ROAD_CAR, -20, 20);
    struct road_snap far = made_snap(road, ROAD_CAR, -200, 0);
    car_s = seconds(road, NULL, ROAD_CAR, &from, &to);
    truck_s = seconds(road, NULL, ROAD_TRUCK, &from, &to);
    straight_s = seconds(road, NULL, ROAD_TRUCK, &far, &from);
    assert_int_equal(car_s, 5);                        // 71 m at 55 km/h: no mountain model
    assert_true(truck_s >= 9 && truck_s <= 14);        // at 15 km/h in the bend
    assert_int_equal(straight_s, 13);                  // 180 m at 0.9 of 55 km/h
    made_end(&made, road);
}

static void snapping(void **state)
{
    (void)state;
    struct made made;
    struct err err = {0};
    struct road_snap snap;
    made_begin(&made);
    made_node(&made, 1, 0, 0, "place=village name=上村 population=120");
    made_node(&made, 2, 1000, 0, "");
    made_node(&made, 3, 300, 60, "place=hamlet name=Lower name:zh=下村");
    made_node(&made, 4, 400, 60, "place=hamlet");
    made_way(&made, 11, "1 2", "highway=residential");
    made_way(&made, 12, "3 4", "highway=residential");
    struct road *road = made_road(&made, NULL);

    snap = made_snap(road, ROAD_CAR, 100, 30);
    assert_float_equal(snap.distance_m, 30, 0.1);
    assert_true(snap.main && snap.left && snap.island_m < 0);
    assert_int_equal(snap.way_id, 11);
    assert_int_equal(snap.from_node_id, 1);
    assert_int_equal(snap.to_node_id, 2);
    assert_false(made_snap(road, ROAD_CAR, 100, -30).left);

    snap = made_snap(road, ROAD_CAR, 350, 50);   // an island is nearer
    assert_int_equal(snap.way_id, 11);
    assert_float_equal(snap.distance_m, 50, 0.1);
    assert_float_equal(snap.island_m, 10, 0.1);
    assert_int_equal(road_snap(road, ROAD_CAR, made_point(350, 50), 20, &snap, &err), OK);
    assert_int_equal(snap.way_id, 12);
    assert_false(snap.main);

    assert_int_equal(road_snap(road, ROAD_CAR, made_point(500, -3000), 1000, &snap, &err),
        NOT_FOUND);
    assert_non_null(strstr(err.detail, "3000 m"));
    assert_int_equal(road_snap(road, ROAD_CAR, (struct road_point){ 42, 1 }, 1000, &snap, &err),
        NOT_FOUND);
    assert_int_equal(road_snap(road, ROAD_CAR, (struct road_point){ 91, 1 }, 1000, &snap, &err),
        INVALID);

    assert_int_equal(road_place_count(road), 2);
    assert_string_equal(road_place(road, 0).name, "上村");
    assert_int_equal(road_place(road, 0).population, 120);
    assert_string_equal(road_place(road, 1).name, "下村");
    assert_string_equal(road_place(road, 1).kind, "hamlet");
    made_end(&made, road);
}

static struct road_state *changed(const struct road *road, const struct road_change *changes,
    size_t count, int64_t *touched)
{
    struct err err = {0};
    struct road_state *state;
    assert_int_equal(road_state_new(road, changes, count, touched, &state, &err), OK);
    return state;
}

static void live(void **unused)
{
    (void)unused;
    struct made made;
    int64_t touched[2];
    cross(&made);
    ring(&made);
    struct road *road = made_road(&made, NULL);
    const enum road_profile van = ROAD_MINIVAN;
    struct road_snap west = made_snap(road, van, -200, 0), east = made_snap(road, van, 200, 0);
    int32_t plain_s = seconds(road, NULL, van, &west, &east);

    struct road_change half = { .what = ROAD_WAY, .way_id = 12, .factor = 0.5 };
    struct road_state *state = changed(road, &half, 1, touched);
    assert_int_equal(touched[0], 2);
    assert_true(seconds(road, state, van, &west, &east) > plain_s + 20);   // at 12.5 km/h
    road_state_free(state);

    struct road_change area = { .what = ROAD_AREA, .at = made_point(0, 0), .radius_m = 50 };
    state = changed(road, &area, 1, touched);
    assert_int_equal(touched[0], 8);
    assert_int_equal(seconds(road, state, van, &west, &east), -1);   // both stand on it
    assert_int_equal(metres(road, state, van, &west, &east), -1);
    road_state_free(state);

    struct road_change nodes[2] = {
        { .what = ROAD_NODES, .from_node_id = 5, .to_node_id = 4, .one_way = true },
        { .what = ROAD_NODES, .from_node_id = 2, .to_node_id = 4, .profiles = 1 << ROAD_TRUCK },
    };
    state = changed(road, nodes, 2, touched);
    assert_int_equal(touched[0], 1);
    assert_int_equal(touched[1], 4);
    struct road_snap north = made_snap(road, van, 0, 300), south = made_snap(road, van, 0, -200);
    struct road_snap corner = made_snap(road, van, 400, 200);
    near(metres(road, state, van, &north, &south), 500);    // the other direction is open
    near(metres(road, state, van, &south, &north), 1500);   // around, and in from the other end
    near(metres(road, state, van, &corner, &east), 400);
    assert_int_equal(metres(road, state, ROAD_TRUCK, &corner, &east), -1);
    road_state_free(state);
    assert_int_equal(seconds(road, NULL, van, &west, &east), plain_s);
    made_end(&made, road);
}

static void wrong_changes(void **unused)
{
    (void)unused;
    struct made made;
    struct err err = {0};
    struct road_state *state;
    cross(&made);
    struct road *road = made_road(&made, NULL);
    struct road_change wrong[] = {
        { .what = ROAD_WAY, .factor = -1 }, { .what = ROAD_WAY, .factor = 1.5 },
        { .what = ROAD_AREA, .radius_m = -1 },
        { .what = ROAD_AREA, .radius_m = 10, .at = { 99, 0 } },
    };
    for (size_t i = 0; i < COUNT(wrong); i++)
        assert_int_equal(road_state_new(road, &wrong[i], 1, NULL, &state, &err), INVALID);
    int64_t touched;
    struct road_change unknown = { .what = ROAD_WAY, .way_id = 999 };
    road_state_free(changed(road, &unknown, 1, &touched));
    assert_int_equal(touched, 0);
    made_end(&made, road);
}

static void drawn(void **state)
{
    (void)state;
    struct made made;
    struct err err = {0};
    struct road_route route;
    struct arena *arena = arena_open(1 << 20);
    cross(&made);
    ring(&made);
    struct road *road = made_road(&made, NULL);
    struct road_snap from = made_snap(road, ROAD_CAR, 0, -200);
    struct road_snap to = made_snap(road, ROAD_CAR, 200, 400);
    assert_int_equal(road_route(road, NULL, ROAD_CAR, &from, &to, arena, &route, &err), OK);
    near(route.distance_m, 800);
    assert_true(route.point_count == 5 || route.point_count == 4);
    double length = 0;
    for (size_t i = 1; i < route.point_count; i++) {
        length += road_beeline_m(route.points[i - 1], route.points[i]);
        assert_true(route.at_s[i] >= route.at_s[i - 1]);
    }
    near((int32_t)length, route.distance_m);
    assert_true(route.at_s[0] == 0);
    assert_int_equal((int32_t)(route.at_s[route.point_count - 1] + 0.5), route.duration_s);
    assert_int_equal(route.way_ids[1], 13);
    to = made_snap(road, ROAD_CAR, 0, -100);
    assert_int_equal(road_route(road, NULL, ROAD_CAR, &from, &to, arena, &route, &err), OK);
    assert_int_equal(route.point_count, 2);
    near(route.distance_m, 100);
    arena_free(arena);
    made_end(&made, road);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("every turn restriction at a node forbids its turn and no other", via_node),
        TEST("restrictions hold for their vehicles; conditional and faulty ones are told",
            by_vehicle),
        TEST("restrictions over a via way forbid the path and not its parts", via_way),
        TEST("one-way, access and size tags open and close a road", one_way),
        TEST("barriers, signals and signs", barriers),
        TEST("private roads are driven at the ends only, if there is another way", private_roads),
        TEST("tracks, motorways and limits by vehicle", tracks_and_sizes),
        TEST("a hairpin is driven slowly, but for the car of comparison", bends),
        TEST("snapping: nearest main road, sides, islands told, refusal says how far", snapping),
        TEST("S2.14 a closure or slowdown holds at once, for its direction and vehicles", live),
        TEST("S2.14 closures that can't be are refused, unknown roads told", wrong_changes),
        TEST("a route is drawn from snap to snap with times", drawn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
