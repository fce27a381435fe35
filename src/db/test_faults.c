/* test_faults.c - a disk that is full or fails: what was acknowledged is there, what was not is
 * not, memory is undone with the rows, and the writer goes on when the disk does. */
#include <sched.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/test.h"
#include "db/db.h"
#include "db/fault.h"
#include "db/testing.h"
#include "db/writer.h"

static const char *const parcel_tables[] = {
    "CREATE TABLE parcel (parcel_id BIGINT PRIMARY KEY, key BIGINT NOT NULL, photo BYTEA NOT NULL)",
    NULL
};
const struct test_room test_rooms[] = { { "parcels", parcel_tables }, { NULL, NULL } };

/* LARGE ones, all together, wake the checkpointer; a BIG one doesn't fit into the writer's
 * cache. */
enum { PARCELS = 24, SMALL = 3000, LARGE = 300 << 10, BIG = 24 << 20 };

static const struct sql add_parcel = SQL(
    "INSERT INTO parcel (parcel_id, key, photo) VALUES ($1, $2, $3)");
static const struct sql count_key = SQL("SELECT count(*) FROM parcel WHERE key = $1");
static const struct sql count_all = SQL("SELECT count(*) FROM parcel");
static const struct sql count_ids = SQL("SELECT count(DISTINCT parcel_id) FROM parcel");

struct parcel {
    struct entry entry;
    int64_t key;
    const void *photo;
    size_t photo_bytes;
    atomic_int ended, acted, undone, on_disk;
};

static void undo_parcel(void *of) { ((struct parcel *)of)->undone++; }
static void parcel_on_disk(void *of) { ((struct parcel *)of)->on_disk++; }
static void end_parcel(struct entry *entry) { ((struct parcel *)(void *)entry)->ended++; }

static enum status act_parcel(struct tx *tx, struct entry *entry, struct err *err)
{
    struct parcel *parcel = (struct parcel *)(void *)entry;
    (void)err;
    TRY(tx_undo(tx, undo_parcel, parcel));
    parcel->acted++;
    TRY(tx_done(tx, parcel_on_disk, parcel));
    return db_run(tx, &add_parcel, ARGS(i64(tx_id(tx)), i64(parcel->key),
                                        blob(parcel->photo, parcel->photo_bytes)));
}

static struct parcel *new_parcels(size_t photo_bytes)
{
    static unsigned char photo[BIG];
    struct parcel *list = calloc(PARCELS, sizeof *list);
    for (int i = 0; i < PARCELS; i++) {
        list[i].key = i;
        list[i].photo = photo;
        list[i].photo_bytes = photo_bytes;
        list[i].entry = (struct entry){
            .lane = LANE_ORDER, .arena = arena_open(1 << 16), .act = act_parcel, .done = end_parcel,
        };
    }
    return list;
}

static void free_parcels(struct parcel *list)
{
    for (int i = 0; i < PARCELS; i++) arena_free(list[i].entry.arena);
    free(list);
}

static int64_t number(struct tx *tx, const struct sql *sql, struct args args)
{
    struct rows *rows;
    assert_int_equal(db_first(tx, sql, args, &rows), OK);
    return row_i64(rows, 0);
}

/* Each parcel ended once, and its row, its undo and its done agree. Returns how many are there. */
static int compare(struct db *db, struct parcel *list)
{
    struct arena *arena = arena_open(1 << 20);
    struct tx *tx;
    int there = 0;
    assert_int_equal(db_read_begin(db, arena, &tx), OK);
    for (int i = 0; i < PARCELS; i++) {
        bool acknowledged = list[i].entry.status == OK;
        assert_int_equal(list[i].ended, 1);
        assert_true(acknowledged || list[i].entry.status == BROKEN
                    || list[i].entry.status == BUSY);
        assert_int_equal(list[i].on_disk, acknowledged);
        assert_int_equal(list[i].undone, acknowledged ? 0 : list[i].acted);
        assert_int_equal(number(tx, &count_key, ARGS(i64(i))), acknowledged);
        there += acknowledged;
    }
    assert_int_equal(number(tx, &count_all, NO_ARGS), there);
    assert_int_equal(number(tx, &count_ids, NO_ARGS), there);
    db_read_end(tx);
    arena_free(arena);
    return there;
}

/* The parcels, with a fault at the n-th call; the last ones come when the disk is well again.
 * Returns whether the fault was met. */
static bool one_run(enum fault_call call, int n, int code, bool stuck, size_t photo_bytes)
{
    struct db *db = test_db_open(false, NULL);
    struct writer *writer;
    struct err err;
    struct parcel *list = new_parcels(photo_bytes);
    assert_int_equal(writer_start(db, &writer, &err), OK);
    assert_int_equal(writer_call(writer, &list[0].entry, &err), OK);
    fault_at(call, n, code, stuck);
    int i = 1;
    for (; i < PARCELS - 4; i++) {   // some by themselves, some in groups
        if (i % 4 == 0) (void)!writer_call(writer, &list[i].entry, &err);
        else assert_int_equal(writer_put(writer, &list[i].entry), OK);
    }
    while (list[i - 1].ended == 0) sched_yield();
    bool met = fault_count(call) >= n;
    fault_at(call, 0, 0, false);
    for (; i < PARCELS; i++)
        assert_int_equal(writer_call(writer, &list[i].entry, &err), OK);
    int there = compare(db, list);
    writer_stop(writer);
    db = test_db_reopen(db);
    assert_int_equal(compare(db, list), there);
    assert_int_equal(db_verify(db, &err), OK);
    test_db_close(db);
    free_parcels(list);
    return met;
}

static void run_all(enum fault_call call, int code, size_t photo_bytes)
{
    fault_start();
    for (int stuck = 0; stuck < 2; stuck++) {
        int n = 1, step = 1;
        for (; one_run(call, n, code, stuck, photo_bytes); n += step)
            step += photo_bytes == SMALL ? n / 5 : 2 * n;
        assert_true(n > 4);   // it has failed here and there
    }
    fault_end();
}

static void writes_fail(void **state)
{
    (void)state;
    run_all(FAULT_WRITE, SQLITE_FULL, SMALL);
    run_all(FAULT_WRITE, SQLITE_IOERR_WRITE, SMALL);
    run_all(FAULT_WRITE, SQLITE_FULL, LARGE);
}

static void syncs_fail(void **state)
{
    (void)state;
    run_all(FAULT_SYNC, SQLITE_IOERR_FSYNC, SMALL);
    run_all(FAULT_SYNC, SQLITE_IOERR_FSYNC, LARGE);
}

/* Pages are written before the commit: the disk fills up in the midst of an act, and SQLite gives
 * up the whole transaction. */
static void full_in_an_act(void **state)
{
    (void)state;
    fault_start();
    struct db *db = test_db_open(false, NULL);
    struct writer *writer;
    struct err err;
    struct parcel *list = new_parcels(SMALL);
    list[PARCELS / 2].photo_bytes = BIG;
    assert_int_equal(writer_start(db, &writer, &err), OK);
    fault_at(FAULT_WRITE, 500, SQLITE_FULL, true);
    for (int i = 0; i <= PARCELS / 2; i++)
        assert_int_equal(writer_put(writer, &list[i].entry), OK);
    while (list[PARCELS / 2].ended == 0) sched_yield();
    assert_int_equal(list[PARCELS / 2].entry.status, BROKEN);
    assert_int_equal(list[PARCELS / 2].undone, 1);
    fault_at(FAULT_WRITE, 0, 0, false);
    for (int i = PARCELS / 2 + 1; i < PARCELS; i++)
        assert_int_equal(writer_call(writer, &list[i].entry, &err), OK);
    writer_stop(writer);
    compare(db, list);
    db = test_db_reopen(db);
    compare(db, list);
    test_db_close(db);
    free_parcels(list);
    fault_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("P.2 a full or failing disk: the acknowledged are there, the others not", writes_fail),
        TEST("P.2 a disk that can't sync acknowledges nothing", syncs_fail),
        TEST("P.2 a disk that fills up in an act takes its group only", full_in_an_act),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
