/* test_statements.c - statements, rows, savepoints and ids mean the same on both databases. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/test.h"
#include "db/db.h"
#include "db/testing.h"

static const char *const thing_tables[] = {
    "-- a BIGINT; of no account\n"
    "CREATE TABLE thing (\n"
    "  thing_id BIGINT PRIMARY KEY, -- BIGINT;\n"
    "  name TEXT NOT NULL UNIQUE CHECK (name <> 'BIGINT;'),\n"
    "  weight_g BIGINT CHECK (weight_g >= 0),\n"
    "  photo BYTEA\n"
    ");\n"
    "CREATE TABLE part (thing_id BIGINT NOT NULL REFERENCES thing, n BIGINT NOT NULL,"
    " PRIMARY KEY (thing_id, n));"
    "CREATE INDEX part_n ON part (n)",
    NULL
};
const struct test_room test_rooms[] = { { "things", thing_tables }, { NULL, NULL } };

static const struct sql add = SQL(
    "INSERT INTO thing (thing_id, name, weight_g, photo) VALUES ($1, $2, $3, $4)");
static const struct sql add_quietly = SQL(
    "INSERT INTO thing (thing_id, name) VALUES ($1, $2) ON CONFLICT DO NOTHING"
    " RETURNING thing_id");
static const struct sql add_part = SQL("INSERT INTO part (thing_id, n) VALUES ($1, $2)");
static const struct sql by_id = SQL(
    "SELECT thing_id, name, weight_g, photo FROM thing WHERE thing_id = $1");
static const struct sql all = SQL("SELECT thing_id, name FROM thing ORDER BY thing_id");
static const struct sql count_all = SQL("SELECT count(*), sum(weight_g) FROM thing");
static const struct sql rename_from = SQL(
    "UPDATE thing SET thing_id = thing_id + 1000 WHERE thing_id = $1");

static void add_thing(struct tx *tx, int64_t id, const char *name, int64_t weight_g)
{
    assert_int_equal(db_run(tx, &add, ARGS(i64(id), str(name), i64(weight_g), null())), OK);
}

static int64_t things(struct tx *tx)
{
    struct rows *rows;
    assert_int_equal(db_first(tx, &count_all, NO_ARGS, &rows), OK);
    return row_i64(rows, 0);
}

static void kinds_come_back(void **state)
{
    struct tx *tx = test_tx(state);
    unsigned char bytes[256];
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (unsigned char)i;
    struct args args = ARGS(i64(INT64_MAX), str("腊肉 'x' \\ $1 😀"), i64(0),
                            blob(bytes, sizeof bytes));
    assert_int_equal(db_run(tx, &add, args), OK);
    assert_int_equal(db_run(tx, &add, ARGS(i64(INT64_MIN), str(""), null(), blob("", 0))), OK);
    assert_int_equal(db_run(tx, &add, ARGS(i64(3), str("none"), null(), null())), OK);

    struct rows *rows;
    assert_int_equal(db_first(tx, &by_id, ARGS(i64(INT64_MAX)), &rows), OK);
    assert_true(row_i64(rows, 0) == INT64_MAX);
    assert_string_equal(row_str(rows, 1), "腊肉 'x' \\ $1 😀");
    assert_int_equal(row_i64(rows, 2), 0);
    assert_int_equal(row_blob(rows, 3).size, sizeof bytes);
    assert_memory_equal(row_blob(rows, 3).bytes, bytes, sizeof bytes);
    assert_int_equal(db_next(rows), NOT_FOUND);
    assert_int_equal(db_next(rows), NOT_FOUND);

    assert_int_equal(db_first(tx, &by_id, ARGS(i64(INT64_MIN)), &rows), OK);
    assert_true(row_i64(rows, 0) == INT64_MIN);
    assert_string_equal(row_str(rows, 1), "");
    assert_true(row_null(rows, 2));
    assert_int_equal(row_blob(rows, 3).size, 0);

    assert_int_equal(db_first(tx, &by_id, ARGS(i64(3)), &rows), OK);
    assert_true(row_null(rows, 3));
    assert_null(row_str(rows, 3));
    assert_int_equal(db_first(tx, &by_id, ARGS(i64(4)), &rows), NOT_FOUND);
}

static void sums_are_numbers(void **state)
{
    struct tx *tx = test_tx(state);
    static const struct sql exists = SQL("SELECT EXISTS (SELECT 1 FROM thing), length('ab')");
    static const struct sql chosen = SQL(
        "SELECT CASE WHEN count(*) > 0 THEN $1 ELSE 0 END, coalesce($2, 'x') FROM thing");
    struct rows *rows;
    assert_int_equal(db_first(tx, &count_all, NO_ARGS, &rows), OK);
    assert_true(row_null(rows, 1));
    add_thing(tx, 1, "a", INT64_C(1) << 40);
    add_thing(tx, 2, "b", 5);
    assert_int_equal(db_first(tx, &count_all, NO_ARGS, &rows), OK);
    assert_int_equal(row_i64(rows, 0), 2);
    assert_true(row_i64(rows, 1) == (INT64_C(1) << 40) + 5);
    assert_int_equal(db_first(tx, &exists, NO_ARGS, &rows), OK);
    assert_int_equal(row_i64(rows, 0), 1);
    assert_int_equal(row_i64(rows, 1), 2);
    assert_int_equal(db_first(tx, &chosen, ARGS(i64(INT64_C(1) << 50), str("y")), &rows), OK);
    assert_true(row_i64(rows, 0) == INT64_C(1) << 50);
    assert_string_equal(row_str(rows, 1), "y");
}

static void conflicts_are_not_found(void **state)
{
    struct tx *tx = test_tx(state);
    struct rows *rows;
    assert_int_equal(db_first(tx, &add_quietly, ARGS(i64(1), str("a")), &rows), OK);
    assert_int_equal(row_i64(rows, 0), 1);
    assert_int_equal(db_first(tx, &add_quietly, ARGS(i64(1), str("b")), &rows), NOT_FOUND);
    assert_int_equal(db_first(tx, &add_quietly, ARGS(i64(2), str("a")), &rows), NOT_FOUND);
    assert_int_equal(db_run(tx, &add_quietly, ARGS(i64(2), str("a"))), OK);
    assert_int_equal(things(tx), 1);
}

static void a_failure_ends_the_transaction(void **state)
{
    struct tx *tx = test_tx(state);
    static const struct sql empty = SQL("DELETE FROM thing");
    add_thing(tx, 1, "a", 1);
    const struct { const struct sql *sql; struct args args; } bad[] = {
        { &add, ARGS(i64(1), str("b"), null(), null()) },         // PRIMARY KEY
        { &add, ARGS(i64(2), str("a"), null(), null()) },         // UNIQUE
        { &add, ARGS(i64(2), str("b"), i64(-1), null()) },        // CHECK
        { &add, ARGS(i64(2), str(NULL), i64(1), null()) },        // NOT NULL
        { &add_part, ARGS(i64(9), i64(1)) },                      // REFERENCES
        { &add, ARGS(i64(2), str("b"), str("heavy"), null()) },   // STRICT
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_int_equal(tx_savepoint(tx), OK);
        add_thing(tx, 50, "here for a moment", 1);
        assert_int_equal(db_run(tx, bad[i].sql, bad[i].args), BROKEN);
        assert_int_equal(db_run(tx, &empty, NO_ARGS), BROKEN);   // nothing goes any more
        struct rows *rows;
        assert_int_equal(db_first(tx, &all, NO_ARGS, &rows), BROKEN);
        assert_int_equal(tx_savepoint_end(tx, i % 2), i % 2 ? BROKEN : OK);
        assert_int_equal(things(tx), 1);                         // and again it does
    }
}

static void note(void *of) { ++*(int *)of; }

static void savepoints_nest(void **state)
{
    struct tx *tx = test_tx(state);
    int outer = 0, inner = 0, kept = 0;
    assert_int_equal(tx_savepoint(tx), OK);
    assert_int_equal(tx_undo(tx, note, &outer), OK);
    add_thing(tx, 1, "outer", 1);
    assert_int_equal(tx_savepoint(tx), OK);
    assert_int_equal(tx_undo(tx, note, &inner), OK);
    add_thing(tx, 2, "inner", 1);
    assert_int_equal(tx_savepoint_end(tx, false), OK);
    assert_int_equal(inner, 1);
    assert_int_equal(tx_savepoint(tx), OK);
    assert_int_equal(tx_undo(tx, note, &kept), OK);
    add_thing(tx, 3, "kept", 1);
    assert_int_equal(tx_savepoint_end(tx, true), OK);
    assert_int_equal(things(tx), 2);
    assert_int_equal(kept + outer, 0);
    assert_int_equal(tx_savepoint_end(tx, false), OK);
    assert_int_equal(things(tx), 0);
    assert_int_equal(outer, 1);
    assert_int_equal(kept, 1);
    assert_int_equal(inner, 1);
}

/* What a cursor shows does not depend on what is written while it is read. */
static void cursors_see_their_beginning(void **state)
{
    struct tx *tx = test_tx(state);
    char name[32];
    for (int i = 1; i <= 20; i++) {
        snprintf(name, sizeof name, "thing %d", i);
        add_thing(tx, i, name, i);
    }
    struct rows *rows, *again;
    int seen = 0, seen_again = 0;
    enum status found = db_first(tx, &all, NO_ARGS, &rows);
    for (; found == OK; found = db_next(rows)) {
        assert_int_equal(row_i64(rows, 0), ++seen);
        assert_int_equal(db_run(tx, &rename_from, ARGS(i64(seen))), OK);
        snprintf(name, sizeof name, "thing %d", seen);
        assert_string_equal(row_str(rows, 1), name);
        if (seen != 10) continue;
        assert_int_equal(db_first(tx, &all, NO_ARGS, &again), OK);   // the same statement
        do seen_again++; while (db_next(again) == OK);
    }
    assert_int_equal(found, NOT_FOUND);
    assert_int_equal(seen, 20);
    assert_int_equal(seen_again, 20);

    // A cursor outlives the undoing of what came after it.
    assert_int_equal(db_first(tx, &all, NO_ARGS, &rows), OK);
    assert_int_equal(tx_savepoint(tx), OK);
    assert_int_equal(db_run(tx, &rename_from, ARGS(i64(1001))), OK);
    assert_int_equal(tx_savepoint_end(tx, false), OK);
    for (seen = 1; db_next(rows) == OK; seen++) assert_int_equal(row_i64(rows, 0), 1001 + seen);
    assert_int_equal(seen, 20);
}

static void text_may_go_away(void **state)
{
    struct tx *tx = test_tx(state);
    static const struct sql from = SQL(
        "SELECT thing_id FROM thing WHERE name >= $1 ORDER BY thing_id");
    for (int i = 0; i < 5; i++) add_thing(tx, i, (const char *[]){ "a", "b", "c", "d", "e" }[i], 0);
    char *name = strdup("b");
    struct rows *rows;
    enum status found = db_first(tx, &from, ARGS(str(name)), &rows);
    memset(name, 'z', 1);
    free(name);
    int seen = 0;
    for (; found == OK; found = db_next(rows)) seen++;
    assert_int_equal(seen, 4);
}

static void ids_grow(void **state)
{
    struct tx *tx = test_tx(state);
    int64_t last = 999;
    for (int i = 0; i < 20000; i++) {
        if (i % 5000 == 100) assert_int_equal(tx_savepoint(tx), OK);
        if (i % 5000 == 4900) assert_int_equal(tx_savepoint_end(tx, false), OK);
        int64_t id = tx_id(tx);
        assert_true(id > last);
        last = id;
    }
    assert_int_equal(last, 20999);   // on a new county from 1000, without gaps
}

static void a_share_used_up(void **state)
{
    struct tx *tx = test_tx(state);
    struct arena *rest = tx_arena(tx);
    for (size_t bytes = 8 << 20; bytes >= 16; ) if (arena_new(rest, bytes) == NULL) bytes /= 2;
    struct rows *rows;
    assert_int_equal(db_first(tx, &all, NO_ARGS, &rows), BROKEN);
}

static void names_compare_by_bytes(void **state)
{
    struct tx *tx = test_tx(state);
    static const struct sql by_name = SQL("SELECT name FROM thing ORDER BY name");
    static const struct sql like = SQL("SELECT count(*) FROM thing WHERE name LIKE 'a%'");
    static const char *const names[] = { "", "B", "Z", "a", "ab", "b", "中", "村" };
    for (size_t i = 0; i < COUNT(names); i++)
        add_thing(tx, (int64_t)i, names[(i * 3) % COUNT(names)], 0);
    struct rows *rows;
    size_t seen = 0;
    for (enum status s = db_first(tx, &by_name, NO_ARGS, &rows); s == OK; s = db_next(rows))
        assert_string_equal(row_str(rows, 0), names[seen++]);
    assert_int_equal(seen, COUNT(names));
    add_thing(tx, 99, "Ab", 0);
    assert_int_equal(db_first(tx, &like, NO_ARGS, &rows), OK);
    assert_int_equal(row_i64(rows, 0), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_DB("db every kind of value comes back as it was", kinds_come_back),
        TEST_DB("db sums, lengths and truths are numbers", sums_are_numbers),
        TEST_DB("db a politely asked conflict is NOT_FOUND", conflicts_are_not_found),
        TEST_DB("db a violated constraint ends the transaction up to its savepoint",
                a_failure_ends_the_transaction),
        TEST_DB("db savepoints nest and undo what is in memory", savepoints_nest),
        TEST_DB("db a cursor shows its beginning", cursors_see_their_beginning),
        TEST_DB("db arguments may go away while rows are read", text_may_go_away),
        TEST_DB("db ids grow, also over what is undone", ids_grow),
        TEST_DB("db a request that used up its memory gets nothing", a_share_used_up),
        TEST_DB("db text is ordered by its bytes", names_compare_by_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
