/* test_people.c - places and their search, parties, roles, log-ins, sessions and the audit log. */
#include <stdio.h>
#include <string.h>
#include "base/arena.h"
#include "base/clock.h"
#include "base/test.h"
#include "db/db.h"
#include "db/testing.h"
#include "people/audit.h"
#include "people/person.h"
#include "people/place.h"

const struct test_room test_rooms[] = { { "people", people_tables }, { 0 } };

#define NOW INT64_C(1795500000000)

static struct err err;

static int64_t add(struct tx *tx, enum place_kind kind, const char *code, const char *name,
                   int64_t parent_id)
{
    struct place place = { .kind = kind, .code = code, .name = name, .parent_id = parent_id };
    assert_int_equal(place_add(tx, &place, &err), OK);
    return place.id;
}

struct county { int64_t county, huabu, majin, hefeng, hehu, hub, station, point; };

static struct county county_of(struct tx *tx)
{
    struct county c;
    c.huabu = add(tx, PLACE_TOWNSHIP, "330824101", "华埠镇", 0);   // before the county itself
    c.county = add(tx, PLACE_COUNTY, "330824", "开化县", 0);
    c.majin = add(tx, PLACE_TOWNSHIP, "330824102", "马金镇", c.county);
    c.hehu = add(tx, PLACE_VILLAGE, "330824101202", "河湖村", c.huabu);
    c.hefeng = add(tx, PLACE_VILLAGE, "330824101201", "禾丰村", c.huabu);
    c.hub = add(tx, PLACE_HUB, NULL, "开化县共配中心", 0);
    c.station = add(tx, PLACE_STATION, NULL, "华埠镇站", c.huabu);
    c.point = add(tx, PLACE_POINT, NULL, "禾丰村村级站点", c.hefeng);
    return c;
}

static void places(void **state)
{
    struct tx *tx = test_tx(state);
    struct county c = county_of(tx);
    struct place place, *list;
    size_t count;
    assert_int_equal(place_get(tx, c.huabu, &place, &err), OK);
    assert_int_equal(place.parent_id, c.county);
    assert_string_equal(place.pinyin, "hua bu zhen");
    assert_false(place.located);
    assert_int_equal(place_by_code(tx, "330824101201", &place, &err), OK);
    assert_int_equal(place.id, c.hefeng);
    assert_int_equal(place_by_code(tx, "1", &place, &err), NOT_FOUND);
    assert_int_equal(place_locate(tx, c.hefeng, 29145860, 118409030, "survey", &err), OK);
    assert_int_equal(place_locate(tx, c.hefeng, 90000001, 0, "survey", &err), INVALID);
    assert_int_equal(place_locate(tx, 999999, 1, 1, "survey", &err), NOT_FOUND);
    assert_int_equal(place_get(tx, c.hefeng, &place, &err), OK);
    assert_true(place.located && place.lon_e6 == 118409030);

    const struct { int64_t at; enum place_kind kind; int64_t is; } serving[] = {
        { c.hefeng, PLACE_POINT, c.point }, { c.hefeng, PLACE_STATION, c.station },
        { c.hefeng, PLACE_HUB, c.hub }, { c.hehu, PLACE_POINT, 0 },
        { c.majin, PLACE_STATION, 0 }, { c.majin, PLACE_HUB, c.hub },
        { c.point, PLACE_POINT, c.point }, { c.point, PLACE_STATION, c.station },
    };
    for (size_t i = 0; i < COUNT(serving); i++) {
        enum status found = place_serving(tx, serving[i].at, serving[i].kind, &place, &err);
        assert_int_equal(found, serving[i].is ? OK : NOT_FOUND);
        if (found == OK) assert_int_equal(place.id, serving[i].is);
    }
    assert_int_equal(place_list(tx, PLACE_VILLAGE, 0, &list, &count, &err), OK);
    assert_int_equal(count, 2);
    assert_int_equal(list[0].id, c.hefeng);   // by code
    assert_int_equal(place_list(tx, PLACE_POINT, c.huabu, &list, &count, &err), OK);
    assert_int_equal(count, 1);
    assert_int_equal(place_list(tx, PLACE_POINT, c.majin, &list, &count, &err), OK);
    assert_int_equal(count, 0);
}

static void bad_places(void **state)
{
    struct tx *tx = test_tx(state);
    struct county c = county_of(tx);
    const struct { struct place place; enum status status; } cases[] = {
        { { .kind = PLACE_VILLAGE, .name = "", .parent_id = c.huabu }, INVALID },
        { { .kind = PLACE_VILLAGE, .name = " \t", .parent_id = c.huabu }, INVALID },
        { { .kind = PLACE_VILLAGE, .name = "甲", .parent_id = 999999 }, INVALID },
        { { .kind = PLACE_VILLAGE, .name = "甲", .parent_id = c.hefeng }, INVALID },
        { { .kind = PLACE_TOWNSHIP, .name = "甲", .parent_id = c.hefeng }, INVALID },
        { { .kind = PLACE_POINT, .name = "甲", .parent_id = c.point }, INVALID },
        { { .kind = PLACE_COUNTY, .name = "甲" }, CONFLICT },
        { { .kind = (enum place_kind)9, .name = "甲" }, INVALID },
        { { .kind = PLACE_VILLAGE, .name = "甲", .code = "330824102" }, CONFLICT },
        { { .kind = PLACE_VILLAGE, .name = "甲", .located = true, .lat_e6 = -90000001 }, INVALID },
        { { .kind = PLACE_HUB, .name = "甲", .opens_s = 10, .closes_s = 5 }, INVALID },
        { { .kind = PLACE_HUB, .name = "甲", .closes_s = 86401 }, INVALID },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct place place = cases[i].place;
        assert_int_equal(place_add(tx, &place, &err), cases[i].status);
        assert_int_equal(place.id, 0);
    }
}

static void search(void **state)
{
    struct tx *tx = test_tx(state);
    struct county c = county_of(tx);
    const struct { const char *text; int kind; int64_t first; size_t count; } cases[] = {
        { "禾丰村", 0, c.hefeng, 2 }, { "hf", 0, c.hefeng, 2 }, { "hfc", 0, c.hefeng, 2 },
        { "HeFeng", PLACE_POINT, c.point, 1 }, { "he feng", 0, c.hefeng, 2 },
        { "héfēng", 0, c.hefeng, 2 }, { "丰", PLACE_VILLAGE, c.hefeng, 1 },
        { "hua'bu", 0, c.huabu, 2 }, { "ｈｂｚ", PLACE_TOWNSHIP, c.huabu, 1 },
        { "kai hua", PLACE_COUNTY, c.county, 1 }, { "majin", 0, c.majin, 1 },
        { "%", 0, 0, 0 }, { "_", 0, 0, 0 }, { "!", 0, 0, 0 }, { "", 0, 0, 0 }, { " ", 0, 0, 0 },
        { "荷", 0, 0, 0 },   // sounds like 禾, but is another
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct place *found;
        size_t count;
        assert_int_equal(place_search(tx, cases[i].text, (enum place_kind)cases[i].kind, 20, &found,
                                      &count, &err),
                         OK);
        if (count != cases[i].count) fail_msg("%s: %zu", cases[i].text, count);
        if (count > 0) assert_int_equal(found[0].id, cases[i].first);
    }
}

static int64_t person(struct tx *tx, const char *name, const char *phone)
{
    struct party party = { .kind = PARTY_PERSON, .name = name, .phone = phone };
    assert_int_equal(party_add(tx, &party, &err), OK);
    return party.id;
}

static void parties(void **state)
{
    struct tx *tx = test_tx(state);
    int64_t wang = person(tx, " 王 建国 ", "+86 138-0570 1234");
    int64_t nobody = person(tx, "李四", NULL);
    struct party party;
    static const char *const same[] = { "13805701234", "８６13805701234", "0086 13805701234",
                                        " 138 0570 1234 " };
    for (size_t i = 0; i < COUNT(same); i++) {
        assert_int_equal(party_by_phone(tx, same[i], &party, &err), OK);
        assert_int_equal(party.id, wang);
        struct party twice = { .kind = PARTY_PERSON, .name = "赵", .phone = same[i] };
        assert_int_equal(party_add(tx, &twice, &err), CONFLICT);
    }
    assert_string_equal(party.phone, "13805701234");
    assert_string_equal(party.name, "王 建国");
    assert_int_equal(party_by_phone(tx, "13805701235", &party, &err), NOT_FOUND);
    assert_int_equal(party_by_phone(tx, "' OR 1=1", &party, &err), NOT_FOUND);
    assert_int_equal(party_get(tx, nobody, &party, &err), OK);
    assert_null(party.phone);

    struct party firm = { .kind = PARTY_ORGANISATION, .name = "中通", .code = "ZTO",
                          .phone = "13805701234" };   // the boss's own
    assert_int_equal(party_add(tx, &firm, &err), OK);
    assert_int_equal(party_by_code(tx, "ZTO", &party, &err), OK);
    assert_int_equal(party.id, firm.id);
    assert_int_equal(party_by_phone(tx, "13805701234", &party, &err), OK);
    assert_int_equal(party.id, wang);
    assert_int_equal(party_add(tx, &firm, &err), CONFLICT);
    struct party bad = { .kind = PARTY_PERSON, .name = "", .phone = NULL };
    assert_int_equal(party_add(tx, &bad, &err), INVALID);
    bad = (struct party){ .kind = PARTY_PERSON, .name = "赵", .phone = "12ab" };
    assert_int_equal(party_add(tx, &bad, &err), INVALID);
    bad = (struct party){ .kind = PARTY_PERSON, .name = "赵", .place_id = 999999 };
    assert_int_equal(party_add(tx, &bad, &err), INVALID);
}

static void roles(void **state)
{
    struct tx *tx = test_tx(state);
    struct county c = county_of(tx);
    int64_t wang = person(tx, "王", NULL);
    uint64_t all, keeper = role_set("keeper"), driver = role_set("driver"), both = keeper | driver;
    bool has;
    assert_int_equal(role_set("driver, keeper"), both);
    assert_int_equal(role_set(""), 0);
    for (int role = 0; role < ROLE_COUNT; role++)
        assert_int_equal(role_set(role_name((enum role)role)), UINT64_C(1) << role);

    assert_int_equal(role_all(tx, wang, &all), OK);
    assert_int_equal(all, 0);   // nothing is given with a person
    assert_int_equal(role_at(tx, wang, ~UINT64_C(0), c.point, &has), OK);
    assert_false(has);
    assert_int_equal(role_give(tx, wang, ROLE_keeper, c.point, &err), OK);
    assert_int_equal(role_give(tx, wang, ROLE_keeper, c.point, &err), OK);
    assert_int_equal(role_give(tx, 999999, ROLE_keeper, c.point, &err), INVALID);
    assert_int_equal(role_give(tx, wang, ROLE_keeper, 999999, &err), INVALID);
    assert_int_equal(role_at(tx, wang, keeper, c.point, &has), OK);
    assert_true(has);
    assert_int_equal(role_at(tx, wang, keeper, c.station, &has), OK);
    assert_false(has);          // only where it was given
    assert_int_equal(role_at(tx, wang, driver, c.point, &has), OK);
    assert_false(has);
    assert_int_equal(role_give(tx, wang, ROLE_driver, 0, &err), OK);
    assert_int_equal(role_at(tx, wang, both & ~keeper, c.station, &has), OK);
    assert_true(has);           // for the whole county
    assert_int_equal(role_all(tx, wang, &all), OK);
    assert_int_equal(all, both);
    assert_int_equal(role_take(tx, wang, ROLE_keeper, c.point, &err), OK);
    assert_int_equal(role_take(tx, wang, ROLE_keeper, c.point, &err), OK);
    assert_int_equal(role_all(tx, wang, &all), OK);
    assert_int_equal(all, driver);
}

static void throttled(void **state)
{
    struct tx *tx = test_tx(state);
    int64_t wait, waits[] = { 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900 };
    for (size_t i = 0; i < COUNT(waits); i++) {
        assert_int_equal(login_wait_ms(tx, "phone:138", NOW, &wait), OK);
        assert_int_equal(wait, waits[i] * SECOND_MS);
        assert_int_equal(login_note(tx, "phone:138", NOW, false), OK);
    }
    assert_int_equal(login_wait_ms(tx, "ip:10.0.0.7", NOW, &wait), OK);
    assert_int_equal(wait, 0);
    assert_int_equal(login_wait_ms(tx, "phone:138", NOW + 899999, &wait), OK);
    assert_int_equal(wait, 1);
    assert_int_equal(login_wait_ms(tx, "phone:138", NOW - DAY_MS, &wait), OK);   // turned back
    assert_int_equal(wait, 900 * SECOND_MS);
    assert_int_equal(login_wait_ms(tx, "phone:138", NOW + DAY_MS, &wait), OK);
    assert_int_equal(wait, 0);
    assert_int_equal(login_note(tx, "phone:138", NOW + DAY_MS + 1, false), OK);  // a new slate
    assert_int_equal(login_wait_ms(tx, "phone:138", NOW + DAY_MS + 1, &wait), OK);
    assert_int_equal(wait, 0);
    for (int i = 0; i < 5; i++)
        assert_int_equal(login_note(tx, "phone:138", NOW + DAY_MS + 1, false), OK);
    assert_int_equal(login_note(tx, "phone:138", NOW + DAY_MS + 2, true), OK);
    assert_int_equal(login_wait_ms(tx, "phone:138", NOW + DAY_MS + 2, &wait), OK);
    assert_int_equal(wait, 0);
}

static const struct sql find_token = SQL(
    "SELECT COUNT(*) FROM people_session WHERE token_hash = $1");

static void sessions(void **state)
{
    struct tx *tx = test_tx(state);
    struct county c = county_of(tx);
    int64_t wang = person(tx, "王", "13805701234"), id, second;
    char token[TOKEN_TEXT], other[TOKEN_TEXT];
    struct session session, *list;
    size_t count;
    session_token(token);
    session_token(other);
    assert_int_equal(strlen(token), 43);
    assert_string_not_equal(token, other);
    assert_int_equal(session_open(tx, 999999, token, NOW, &id, &err), INVALID);
    assert_int_equal(session_open(tx, wang, token, NOW, &id, &err), OK);
    struct rows *rows;
    assert_int_equal(db_first(tx, &find_token, ARGS(blob(token, strlen(token))), &rows), OK);
    assert_int_equal(row_i64(rows, 0), 0);   // the token itself is nowhere
    assert_int_equal(session_find(tx, other, NOW, &session), NOT_FOUND);
    assert_int_equal(session_find(tx, "", NOW, &session), NOT_FOUND);
    assert_int_equal(session_find(tx, token, NOW + 30 * DAY_MS - 1, &session), OK);
    assert_int_equal(session_find(tx, token, NOW + 30 * DAY_MS, &session), NOT_FOUND);
    assert_int_equal(session.person_id, wang);
    assert_int_equal(session.roles, 0);

    /* Staff: at most 12 hours, and 8 without a sign of life; also for a session opened before. */
    assert_int_equal(role_give(tx, wang, ROLE_driver, 0, &err), OK);
    assert_int_equal(role_give(tx, wang, ROLE_keeper, c.point, &err), OK);
    assert_int_equal(session_find(tx, token, NOW + 8 * HOUR_MS - 1, &session), OK);
    assert_int_equal(session.place_id, c.point);
    assert_int_equal(session.roles, role_set("driver keeper"));
    assert_int_equal(session_find(tx, token, NOW + 8 * HOUR_MS, &session), NOT_FOUND);
    assert_int_equal(session_seen(tx, id, NOW + 7 * HOUR_MS), OK);
    assert_int_equal(session_find(tx, token, NOW + 12 * HOUR_MS - 1, &session), OK);
    assert_int_equal(session_find(tx, token, NOW + 12 * HOUR_MS, &session), NOT_FOUND);

    assert_int_equal(session_open(tx, wang, other, NOW + 1, &second, &err), OK);
    assert_int_equal(session_list(tx, wang, NOW + 2, &list, &count), OK);
    assert_int_equal(count, 2);
    assert_int_equal(list[0].id, second);
    assert_int_equal(session_close(tx, second, &err), OK);
    assert_int_equal(session_find(tx, other, NOW + 2, &session), NOT_FOUND);
    assert_int_equal(session_find(tx, token, NOW + 2, &session), OK);
    assert_int_equal(password_set(tx, wang, "$argon2id$x", &err), OK);   // ends all
    assert_int_equal(session_find(tx, token, NOW + 2, &session), NOT_FOUND);
    assert_int_equal(session_sweep(tx, NOW + 31 * DAY_MS), OK);
    assert_int_equal(session_list(tx, wang, NOW, &list, &count), OK);
    assert_int_equal(count, 0);
}

static void passwords(void **state)
{
    struct tx *tx = test_tx(state);
    int64_t wang = person(tx, "王", NULL);
    char hash[PASSWORD_TEXT], again[PASSWORD_TEXT];
    const char *stored;
    assert_int_equal(password_get(tx, wang, &stored), NOT_FOUND);
    assert_int_equal(password_hash("一夜之间 23:00", hash), OK);
    assert_int_equal(password_hash("一夜之间 23:00", again), OK);
    assert_memory_equal(hash, "$argon2id$", 10);
    assert_string_not_equal(hash, again);   // salted
    assert_int_equal(password_set(tx, wang, hash, &err), OK);
    assert_int_equal(password_set(tx, 999999, hash, &err), INVALID);
    assert_int_equal(password_get(tx, wang, &stored), OK);
    assert_true(password_right(stored, "一夜之间 23:00"));
    assert_false(password_right(stored, "一夜之间 23:01"));
    assert_false(password_right(stored, ""));
    assert_false(password_right(NULL, ""));
    assert_false(password_right("", ""));
    assert_false(password_right("$argon2id$", ""));
}

/* ---- Audit ---- */

static void note_some(struct tx *tx, int rows)
{
    for (int i = 0; i < rows; i++) {
        char text[40];
        snprintf(text, sizeof text, "phone shown, line %d", i);
        assert_int_equal(audit_note(tx, NOW + i, 5, i % 2 ? "person.read" : "plan.move", i % 3,
                                    i % 5 ? text : NULL), OK);
    }
}

static void audited(void **state)
{
    struct tx *tx = test_tx(state);
    struct audit_row *list;
    size_t count;
    assert_int_equal(audit_check(tx, &err), OK);   // an empty one is whole
    note_some(tx, 2500);
    assert_int_equal(audit_check(tx, &err), OK);
    assert_int_equal(audit_list(tx, 0, 0, 10, &list, &count), OK);
    assert_int_equal(count, 10);
    assert_int_equal(list[0].at_ms, NOW + 2499);
    assert_string_equal(list[0].what, "person.read");
    assert_int_equal(audit_list(tx, 2, list[9].id, 3, &list, &count), OK);
    assert_int_equal(count, 3);
    assert_int_equal(list[0].at_ms, NOW + 2489);
    static const struct { struct sql sql; } tries[] = {
        { SQL("UPDATE people_audit SET text = ''") }, { SQL("DELETE FROM people_audit") },
    };
    for (size_t i = 0; i < COUNT(tries); i++) {
        assert_int_equal(tx_savepoint(tx), OK);
        assert_int_equal(db_run(tx, &tries[i].sql, NO_ARGS), BROKEN);
        assert_int_equal(tx_savepoint_end(tx, false), OK);
    }
    assert_int_equal(audit_check(tx, &err), OK);
}

static void audit_tampered(void **state)
{
    struct db *db = test_db_open(*state != NULL, NULL);
    if (db == NULL) skip();
    static const struct { struct sql update, removal; } unbar[2] = {
        { SQL("DROP TRIGGER people_audit_no_UPDATE"), SQL("DROP TRIGGER people_audit_no_DELETE") },
        { SQL("DROP TRIGGER people_audit_append_only ON people_audit"), SQL("SELECT 1") },
    };
    static const struct { struct sql sql; } changes[] = {
        { SQL("UPDATE people_audit SET text = 'nothing' WHERE audit_id = $1") },
        { SQL("UPDATE people_audit SET person_id = 6 WHERE audit_id = $1") },
        { SQL("UPDATE people_audit SET what = text, text = what WHERE audit_id = $1") },
        { SQL("UPDATE people_audit SET hash = previous WHERE audit_id = $1") },
        { SQL("UPDATE people_audit SET audit_id = audit_id + 100000 WHERE audit_id = $1") },
        { SQL("DELETE FROM people_audit WHERE audit_id = $1") },
        { SQL("DELETE FROM people_audit WHERE audit_id >= $1") },
        { SQL("INSERT INTO people_audit SELECT audit_id + 1000000, at_ms, person_id, what,"
              " about_id, text, previous, hash FROM people_audit WHERE audit_id = $1") },
    };
    struct arena *arena = arena_open(16 << 20);
    struct tx *tx;
    assert_int_equal(db_write_begin(db, arena, &tx), OK);
    note_some(tx, 20);
    assert_int_equal(db_run(tx, &unbar[db_is_postgres(db)].update, NO_ARGS), OK);
    assert_int_equal(db_run(tx, &unbar[db_is_postgres(db)].removal, NO_ARGS), OK);
    struct audit_row *list;
    size_t count;
    assert_int_equal(audit_list(tx, 0, 0, 20, &list, &count), OK);
    assert_int_equal(count, 20);
    for (size_t k = 0; k < count; k++) {        // from the newest to the first
        for (size_t i = 0; i < COUNT(changes); i++) {
            assert_int_equal(tx_savepoint(tx), OK);
            assert_int_equal(db_run(tx, &changes[i].sql, ARGS(i64(list[k].id))), OK);
            assert_int_equal(audit_check(tx, &err), INVALID);
            assert_int_equal(tx_savepoint_end(tx, false), OK);
        }
    }
    assert_int_equal(audit_check(tx, &err), OK);
    assert_int_equal(db_write_end(tx, true), OK);
    arena_free(arena);
    test_db_close(db);
}

int main(void)
{
    static char postgres;
    const struct CMUnitTest tests[] = {
        TEST_DB("places stand in places and serve them", places),
        TEST_DB("bad places are refused", bad_places),
        TEST_DB("places are found by name, pinyin and initials", search),
        TEST_DB("parties are found by phone and code", parties),
        TEST_DB("P.5 roles are given by place and duty, and nothing without", roles),
        TEST_DB("P.6 failed log-ins wait longer and longer", throttled),
        TEST_DB("P.6 sessions end, are listed and revoked", sessions),
        TEST_DB("P.6 passwords are salted argon2id", passwords),
        TEST_DB("P.14 the audit log is chained and only grows", audited),
        { "P.14 a changed audit log is found (SQLite)", audit_tampered, NULL, NULL, NULL },
        { "P.14 a changed audit log is found (PostgreSQL)", audit_tampered, NULL, NULL, &postgres },
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
