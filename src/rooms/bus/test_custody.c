/* test_custody.c - who holds what, in whatever order scans arrive. */
#include "rooms/bus/custody.h"

#include <stdio.h>
#include <string.h>
#include "base/arena.h"
#include "base/clock.h"
#include "base/rng.h"
#include "base/test.h"
#include "db/testing.h"
#include "rooms/bus/gap.h"
#include "rooms/bus/testing.h"
#include "rooms/bus/unit.h"

const struct test_room test_rooms[] = { { 0 } };

static struct bus_test *t;   // of the test that runs

/* ---- what happened: written down before it is told in many orders ---- */

enum { DAY = 20000, MADE_MS = 500 };
enum { CRATE, BOX, BAG, PARCEL, TIN, JAR, LOT, UNITS };

struct scan {
    const char *id;
    enum custody_action action;
    int unit, giver, taker, parent;
    int64_t ms;
};

/* People by number: 0 nobody, 1 hub, 2 .. */
enum { NOBODY, HUB, PICKER, DRIVER, KEEPER, POINT, VILLAGER, SENDER, OTHER, PEOPLE };

static int64_t person(int number)
{
    const int64_t ids[PEOPLE] = {
        0, t->hub_id, t->picker_id, t->drivers[0], t->keepers[0], t->points[0], t->villagers[0],
        t->villagers[1], t->drivers[1],
    };
    return ids[number];
}

struct world { int64_t units[UNITS]; int number; };

static enum status act_world(struct tx *tx, void *of, struct err *err)
{
    static const char *const kinds[UNITS] = { "crate", "crate", "bag", "parcel", "crate",
                                              "crate", "lot" };
    struct world *world = of;
    for (int i = 0; i < UNITS; i++) {
        bool up = i == LOT;
        struct unit unit = {
            .kind = kinds[i], .day = DAY, .place_id = t->points[0], .up = up,
            .origin_id = person(up ? SENDER : HUB), .end_id = person(up ? HUB : POINT),
            .made_ms = MADE_MS,
        };
        TRY(unit_add(tx, &unit, err));
        world->units[i] = unit.id;
    }
    return OK;
}

static struct world new_world(void)
{
    static int number;
    struct world world = { .number = number++ };
    struct err err;
    assert_int_equal(bus_test_act(t, act_world, &world, &err), OK);
    return world;
}

struct telling { const struct world *world; const struct scan *scan; enum status expected; };

static enum status act_tell(struct tx *tx, void *of, struct err *err)
{
    const struct telling *telling = of;
    const struct scan *s = telling->scan;
    char id[40];
    snprintf(id, sizeof id, "%d-%s", telling->world->number, s->id);
    struct custody_event event = {
        .event_id = id, .action = s->action, .unit_id = telling->world->units[s->unit],
        .giver_id = person(s->giver), .taker_id = person(s->taker),
        .parent_id = s->action == HAND_OVER ? 0 : telling->world->units[s->parent],
        .by_id = person(PICKER), .phone_ms = s->ms, .scanned_ms = s->ms, .received_ms = 9000,
    };
    int64_t received_ms = 0;
    enum status told = custody_record(tx, &event, &received_ms, err);
    if (told == OK) assert_int_equal(received_ms, 9000);
    return told;
}

static void tell(const struct world *world, const struct scan *scan, enum status expected)
{
    struct err err;
    struct telling telling = { world, scan, expected };
    assert_int_equal(bus_test_act(t, act_tell, &telling, &err), expected);
}

/* ---- what is so now ---- */

struct now { int64_t holder, since_ms, parent, arrived_ms; char gap[40]; };

static const struct sql find_now = SQL(
    "SELECT holder_id, since_ms, parent_id, coalesce(arrived_ms, 0), coalesce(gap, '') FROM unit"
    " WHERE id = $1");

/* By numbers instead of ids, so that worlds can be compared. */
static struct now now_of(const struct world *world, int unit)
{
    struct rows *rows;
    struct now now = { .parent = -1 };
    struct tx *tx = bus_test_read(t);
    assert_int_equal(db_first(tx, &find_now, ARGS(i64(world->units[unit])), &rows), OK);
    for (int i = 0; i < PEOPLE; i++)
        if (person(i) == row_i64(rows, 0)) now.holder = i;
    for (int i = 0; i < UNITS; i++)
        if (world->units[i] == row_i64(rows, 2)) now.parent = i;
    now.since_ms = row_i64(rows, 1);
    now.arrived_ms = row_i64(rows, 3);
    const char *gap = strchr(row_str(rows, 4), '-');
    snprintf(now.gap, sizeof now.gap, "%s", gap ? gap + 1 : "");
    bus_test_read_end(t, tx);
    return now;
}

static void is_now(const struct world *world, int unit, int holder, int64_t since_ms, int parent,
                   const char *gap)
{
    struct now now = now_of(world, unit);
    assert_int_equal(now.holder, holder);
    assert_int_equal(now.since_ms, since_ms);
    assert_int_equal(now.parent, parent);
    assert_string_equal(now.gap, gap);
}

/* The columns are the fold of all scans, of every unit there is. */
static void sound(int64_t gaps_expected)
{
    int64_t gaps, stale;
    struct err err;
    struct tx *tx = bus_test_read(t);
    assert_int_equal(custody_check(tx, DAY, &gaps, &stale, &err), OK);
    assert_int_equal(stale, 0);
    if (gaps_expected >= 0) assert_int_equal(gaps, gaps_expected);
    bus_test_read_end(t, tx);
}

/* ---- orders of arrival ---- */

/* The k-th of the n! orders of 0 .. n-1. */
static void permutation(size_t k, size_t n, size_t order[])
{
    for (size_t i = 0; i < n; i++) order[i] = i;
    for (; n > 0; k /= n, n--) {
        size_t picked = order[k % n];
        order[k % n] = order[n - 1];
        order[n - 1] = picked;
    }
}

static size_t factorial(size_t n) { return n < 2 ? 1 : n * factorial(n - 1); }

/* Tells the scans in order `k`, the first once more at the end; all units are then as in `first`,
 * which the first order fills in. */
static void tell_in_order(const struct scan *scans, size_t count, size_t k,
                          struct now first[UNITS])
{
    size_t order[8];
    struct world world = new_world();
    permutation(k, count, order);
    for (size_t i = 0; i <= count; i++) tell(&world, &scans[order[i % count]], OK);
    for (int u = 0; u < UNITS; u++) {
        struct now now = now_of(&world, u);
        if (k == 0) first[u] = now;
        else assert_memory_equal(&now, &first[u], sizeof now);
    }
}

static void all_orders(const struct scan *scans, size_t count, size_t step)
{
    struct now first[UNITS];
    memset(first, 0, sizeof first);
    for (size_t k = 0; k < factorial(count); k += step) tell_in_order(scans, count, k, first);
    sound(-1);
}

static void any_order(void **state)
{
    t = bus_test_of(state);
    static const struct scan scans[] = {
        { "k", HAND_OVER, PARCEL, HUB, PICKER, 0, 1000 },
        { "x", HAND_OVER, PARCEL, PICKER, DRIVER, 0, 2000 },
        { "c", HAND_OVER, PARCEL, PICKER, DRIVER, 0, 2500 },     // the driver's phone confirms
        { "b", HAND_OVER, PARCEL, POINT, OTHER, 0, 3000 },       // a gap: how did it come there?
        { "m", HAND_OVER, PARCEL, KEEPER, VILLAGER, 0, 3000 },   // and one in the same ms
    };
    all_orders(scans, COUNT(scans), 1);
    struct world world = new_world();
    for (size_t i = 0; i < COUNT(scans); i++) tell(&world, &scans[i], OK);
    is_now(&world, PARCEL, VILLAGER, 3000, -1, "b");
}

/* Packed at the hub, driven, handed over as a crate, unpacked, collected: with a bag that is
 * scanned by itself although the crate was scanned too. */
static const struct scan journey[] = {
    { "a", PACK, BAG, 0, 0, CRATE, 1000 },
    { "b", HAND_OVER, CRATE, HUB, DRIVER, 0, 2000 },
    { "c", HAND_OVER, CRATE, DRIVER, POINT, 0, 3000 },
    { "d", UNPACK, BAG, 0, 0, CRATE, 4000 },
    { "e", HAND_OVER, BAG, POINT, VILLAGER, 0, 5000 },
    { "f", HAND_OVER, BAG, HUB, DRIVER, 0, 2100 },   // the picker's second scan, late
};

static void crate_moves_contents(void **state)
{
    t = bus_test_of(state);
    struct world world = new_world();
    is_now(&world, BAG, HUB, MADE_MS, -1, "");
    tell(&world, &journey[0], OK);
    is_now(&world, BAG, HUB, MADE_MS, CRATE, "");
    tell(&world, &journey[1], OK);
    is_now(&world, BAG, DRIVER, 2000, CRATE, "");
    tell(&world, &journey[2], OK);
    is_now(&world, BAG, POINT, 3000, CRATE, "");
    assert_int_equal(now_of(&world, BAG).arrived_ms, 3000);
    tell(&world, &journey[3], OK);
    is_now(&world, BAG, POINT, 3000, -1, "");
    tell(&world, &journey[4], OK);
    is_now(&world, BAG, VILLAGER, 5000, -1, "");
    assert_int_equal(now_of(&world, BAG).arrived_ms, 3000);
    is_now(&world, CRATE, POINT, 3000, -1, "");
    sound(0);
}

static void crate_in_any_order(void **state)
{
    t = bus_test_of(state);
    all_orders(journey, 5, 1);
    all_orders(journey, COUNT(journey), 7);
    sound(0);
    // A crate in a crate, a thing taken out on the way, what comes up, and scans in the same ms.
    static const struct scan nested[] = {
        { "a", PACK, PARCEL, 0, 0, BOX, 1000 },
        { "b", PACK, BOX, 0, 0, CRATE, 1100 },
        { "c", HAND_OVER, CRATE, HUB, DRIVER, 0, 2000 },
        { "d", UNPACK, BOX, 0, 0, CRATE, 2000 },
        { "e", HAND_OVER, BOX, DRIVER, POINT, 0, 3000 },
        { "f", HAND_OVER, LOT, SENDER, DRIVER, 0, 3000 },
    };
    all_orders(nested, COUNT(nested), 1);
    struct world world = new_world();
    for (size_t i = 0; i < COUNT(nested); i++) tell(&world, &nested[i], OK);
    is_now(&world, PARCEL, POINT, 3000, BOX, "");
    is_now(&world, CRATE, DRIVER, 2000, -1, "");
    is_now(&world, LOT, DRIVER, 3000, -1, "");
    sound(0);
}

static void late_crate_scan(void **state)
{
    t = bus_test_of(state);
    struct world world = new_world();
    tell(&world, &journey[0], OK);
    tell(&world, &journey[4], OK);   // the villager has it, nobody knows how
    is_now(&world, BAG, VILLAGER, 5000, -1, "e");
    sound(1);
    tell(&world, &journey[2], OK);   // the crate was handed over, by whom?
    is_now(&world, CRATE, POINT, 3000, -1, "c");
    is_now(&world, BAG, VILLAGER, 5000, -1, "");
    sound(1);
    tell(&world, &journey[1], OK);   // found in a phone that had no signal: the gap is gone
    is_now(&world, CRATE, POINT, 3000, -1, "");
    sound(0);
}

static enum status act_tick(struct tx *tx, void *of, struct err *err)
{
    return gap_tick(tx, *(const int64_t *)of, err);
}

/* A difference is a case: once, and only if the missing scan has had time to come. */
static void gap_is_case(void **state)
{
    t = bus_test_of(state);
    static const struct sql count = SQL(
        "SELECT count(*) FROM case_case WHERE about_kind = 'unit' AND title LIKE 'gap%'");
    struct world stays = new_world(), heals = new_world();
    struct err err;
    int64_t early_ms = 9000 + GAP_PATIENCE_MS - 1, late_ms = early_ms + 1;
    tell(&stays, &journey[4], OK);
    tell(&heals, &journey[4], OK);
    assert_int_equal(bus_test_act(t, act_tick, &early_ms, &err), OK);
    assert_int_equal(bus_test_number(t, &count, NO_ARGS), 0);
    for (int i = 0; i < 4; i++) tell(&heals, &journey[i], OK);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(bus_test_act(t, act_tick, &late_ms, &err), OK);
        assert_int_equal(bus_test_number(t, &count, NO_ARGS), 1);
        late_ms += DAY_MS;
    }
}

static void scanned_alone(void **state)
{
    t = bus_test_of(state);
    static const struct scan scans[] = {
        { "a", PACK, BAG, 0, 0, CRATE, 1000 },
        { "b", PACK, PARCEL, 0, 0, CRATE, 1001 },
        { "c", HAND_OVER, CRATE, HUB, DRIVER, 0, 2000 },
        { "d", HAND_OVER, BAG, DRIVER, OTHER, 0, 2500 },   // taken out and given to another bus
        { "e", HAND_OVER, CRATE, DRIVER, POINT, 0, 3000 },
    };
    all_orders(scans, COUNT(scans), 1);
    struct world world = new_world();
    for (size_t i = 0; i < COUNT(scans); i++) tell(&world, &scans[i], OK);
    is_now(&world, BAG, OTHER, 2500, -1, "");
    is_now(&world, PARCEL, POINT, 3000, CRATE, "");
    sound(0);
}

static void repeats(void **state)
{
    t = bus_test_of(state);
    struct world world = new_world();
    const struct scan first = { "a", HAND_OVER, BAG, HUB, DRIVER, 0, 1000 };
    struct scan other = first, itself = { "s", PACK, CRATE, 0, 0, CRATE, 1000 };
    struct scan same = { "t", HAND_OVER, BAG, DRIVER, DRIVER, 0, 1000 };
    for (int i = 0; i < 3; i++) tell(&world, &first, OK);
    other.taker = OTHER;
    tell(&world, &other, CONFLICT);
    other = first;
    other.ms++;
    tell(&world, &other, CONFLICT);
    tell(&world, &itself, INVALID);
    tell(&world, &same, INVALID);
    tell(&world, &(struct scan){ "u", PACK, BOX, 0, 0, CRATE, 1000 }, OK);
    tell(&world, &(struct scan){ "v", PACK, CRATE, 0, 0, BOX, 1001 }, INVALID);
    is_now(&world, BAG, DRIVER, 1000, -1, "");
    static const struct sql count = SQL("SELECT count(*) FROM custody_event");
    assert_int_equal(bus_test_number(t, &count, NO_ARGS), 2);
    sound(0);
}

static void nested(void **state)
{
    t = bus_test_of(state);
    for (int upwards = 0; upwards < 2; upwards++) {
        struct world world = new_world();
        char ids[LOT][4];
        for (int i = 1; i < LOT; i++) {   // DEPTH_MAX in one another, then one too many
            int inner = upwards ? LOT - i : i;
            snprintf(ids[i], sizeof ids[i], "p%d", i);
            tell(&world, &(struct scan){ ids[i], PACK, inner, 0, 0, inner - 1, 1000 },
                 i <= DEPTH_MAX ? OK : INVALID);
        }
        tell(&world, &(struct scan){ "h", HAND_OVER, upwards ? BOX : CRATE, HUB, DRIVER, 0, 2000 },
             OK);
        is_now(&world, upwards ? JAR : TIN, DRIVER, 2000, upwards ? TIN : PARCEL, "");
    }
    sound(0);
}

/* Random scans, right ones and wrong ones: told in two orders they come to the same. */
static void random_scans(void **state)
{
    t = bus_test_of(state);
    enum { SCANS = 24 };
    for (int round = 0; round < test_cases(10); round++) {
        struct rng rng = rng_seeded(900 + (uint64_t)round);
        struct scan scans[SCANS];
        static char ids[SCANS][8];
        struct world one = new_world(), two = new_world();
        for (int i = 0; i < SCANS; i++) {
            snprintf(ids[i], sizeof ids[i], "%c%d", 'a' + (char)rng_below(&rng, 26), i);
            bool moves = rng_below(&rng, 2) == 0;
            int giver = 1 + (int)rng_below(&rng, PEOPLE - 1);
            scans[i] = (struct scan){
                ids[i], moves ? HAND_OVER : rng_below(&rng, 3) ? PACK : UNPACK,
                moves ? (int)rng_below(&rng, UNITS) : BOX + (int)rng_below(&rng, 3), giver,
                1 + giver % (PEOPLE - 1), CRATE, 1000 + rng_below(&rng, 12) };
        }
        for (int i = 0; i < SCANS; i++) tell(&one, &scans[i], OK);
        for (int i = SCANS - 1; i >= 0; i--) {
            int j = (int)rng_below(&rng, (uint32_t)i + 1);
            struct scan picked = scans[j];
            scans[j] = scans[i];
            tell(&two, &picked, OK);
        }
        for (int u = 0; u < UNITS; u++) {
            struct now a = now_of(&one, u), b = now_of(&two, u);
            assert_memory_equal(&a, &b, sizeof a);
        }
    }
    sound(-1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_BUS("S3.4 custody is the same in all 120 orders of arrival", any_order),
        TEST_BUS("S3.4 a missing scan is a gap, and heals when it arrives", late_crate_scan),
        TEST_BUS("S3.4 a hand-over that stays missing is a case", gap_is_case),
        TEST_BUS("S3.5 a crate moves what is in it, opening it unpacks", crate_moves_contents),
        TEST_BUS("S3.5 crates come to the same in every order of arrival", crate_in_any_order),
        TEST_BUS("S3.5 what is scanned alone has left its crate", scanned_alone),
        TEST_BUS("S3.5 crates in crates, but not without end", nested),
        TEST_BUS("S3.4 S3.5 random scans in two orders come to the same", random_scans),
        TEST_BUS("L.2 a scan sent twice counts once, another body conflicts", repeats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
