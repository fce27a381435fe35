/* test_writer.c - what the county's one writer promises, on both databases. */
#include "db/writer.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/clock.h"
#include "base/test.h"
#include "db/db.h"
#include "db/engine.h"
#include "db/testing.h"

static const char *const sale_tables[] = {
    "CREATE TABLE sale (sale_id BIGINT PRIMARY KEY, key BIGINT NOT NULL,"
    " stamped_ms BIGINT NOT NULL CHECK (stamped_ms >= 0));"
    "CREATE TABLE answer (key BIGINT PRIMARY KEY, status BIGINT NOT NULL)",
    NULL
};
const struct test_room test_rooms[] = { { "sales", sale_tables }, { NULL, NULL } };

static int open_sqlite(void **state) { return (*state = test_db_open(false, NULL)) == NULL; }

static int open_postgres(void **state)
{
    *state = test_db_open(true, NULL);
    return 0;
}

static int close_county(void **state)
{
    test_db_close(*state);
    return 0;
}

#define TEST_BOTH(promise, function)                                 \
    { promise " (SQLite)", function, open_sqlite, close_county, NULL }, \
    { promise " (PostgreSQL)", function, open_postgres, close_county, NULL }

static struct db *county(void **state)
{
    if (*state == NULL) skip();
    return *state;
}

static struct writer *start(struct db *db)
{
    struct writer *writer;
    struct err err;
    assert_int_equal(writer_start(db, &writer, &err), OK);
    return writer;
}

static int64_t ask(struct db *db, const struct sql *sql)
{
    struct arena *arena = arena_open(1 << 20);
    struct tx *tx;
    struct rows *rows;
    assert_int_equal(db_read_begin(db, arena, &tx), OK);
    assert_int_equal(db_first(tx, sql, NO_ARGS, &rows), OK);
    int64_t number = row_i64(rows, 0);
    db_read_end(tx);
    arena_free(arena);
    return number;
}

static const struct sql add_sale = SQL(
    "INSERT INTO sale (sale_id, key, stamped_ms) VALUES ($1, $2, $3)");
static const struct sql add_answer = SQL(
    "INSERT INTO answer (key, status) VALUES ($1, $2)");
static const struct sql sales = SQL("SELECT count(*) FROM sale");
static const struct sql keys = SQL("SELECT count(DISTINCT key) FROM sale");
static const struct sql answers = SQL("SELECT count(*) FROM answer");

/* ---- A sale ---- */

enum deed { SELL, REFUSE, SPOIL, REMEMBER, CUT };   // what the act does

static atomic_int acted;   // the order of acts

struct sale {
    struct entry entry;
    int64_t key, stamped_ms;
    enum deed deed;
    sem_t *gate;           // the act waits here
    int place;             // in the order of acts, from 1
    atomic_int done, undone, on_disk;
    struct writer *writer;
    struct sale *puts;     // what the act puts into the queue
};

static void undo_sale(void *of) { ((struct sale *)of)->undone++; }
static void sale_on_disk(void *of) { ((struct sale *)of)->on_disk++; }

static enum status sell(struct tx *tx, struct sale *sale)
{
    TRY(tx_undo(tx, undo_sale, sale));
    TRY(tx_done(tx, sale_on_disk, sale));
    return db_run(tx, &add_sale, ARGS(i64(tx_id(tx)), i64(sale->key), i64(sale->stamped_ms)));
}

static enum status act_sale(struct tx *tx, struct entry *entry, struct err *err)
{
    static const struct sql cut_off = SQL("SELECT pg_terminate_backend(pg_backend_pid())");
    struct sale *sale = (struct sale *)(void *)entry;
    sale->place = ++acted;
    if (sale->gate) sem_wait(sale->gate);
    if (sale->puts) assert_int_equal(writer_put(sale->writer, &sale->puts->entry), OK);
    switch (sale->deed) {
    case SELL: return sell(tx, sale);
    case REFUSE:
        TRY(sell(tx, sale));
        return err_set(err, CONFLICT, "sku", "Sold out.");
    case SPOIL:
        TRY(sell(tx, sale));
        return db_run(tx, &add_sale, ARGS(i64(tx_id(tx)), i64(sale->key), i64(-1)));
    case REMEMBER:
        TRY(tx_savepoint(tx));
        assert_int_equal(sell(tx, sale), OK);
        assert_int_equal(db_run(tx, &add_sale, ARGS(i64(tx_id(tx)), i64(sale->key), i64(-1))),
                         BROKEN);
        TRY(tx_savepoint_end(tx, false));
        return db_run(tx, &add_answer, ARGS(i64(sale->key), i64(CONFLICT)));
    case CUT:
        TRY(sell(tx, sale));
        return db_run(tx, &cut_off, NO_ARGS);
    }
    return BROKEN;
}

static void end_sale(struct entry *entry) { ((struct sale *)(void *)entry)->done++; }

static struct sale *new_sales(size_t count, enum lane lane)
{
    struct sale *list = calloc(count, sizeof *list);
    for (size_t i = 0; i < count; i++) {
        list[i].key = (int64_t)i;
        list[i].entry = (struct entry){
            .lane = lane, .arena = arena_open(1 << 16), .act = act_sale, .done = end_sale,
        };
    }
    return list;
}

static void free_sales(struct sale *list, size_t count)
{
    for (size_t i = 0; i < count; i++) arena_free(list[i].entry.arena);
    free(list);
}

static void put_all(struct writer *writer, struct sale *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_int_equal(writer_put(writer, &list[i].entry), OK);
}

/* Puts a sale whose act waits, so that what is put next is there as one. */
static struct sale *shut_gate(struct writer *writer, sem_t *gate)
{
    sem_init(gate, 0, 0);
    struct sale *first = new_sales(1, LANE_FIRST);
    first->key = -1;
    first->gate = gate;
    int before = acted;
    put_all(writer, first, 1);
    while (acted == before) sched_yield();
    return first;
}

/* ---- Tests ---- */

static void lanes_in_order(void **state)
{
    struct writer *writer = start(county(state));
    sem_t gate;
    struct sale *first = shut_gate(writer, &gate);
    struct sale *imports = new_sales(3, LANE_IMPORT), *orders = new_sales(300, LANE_ORDER);
    struct sale *scans = new_sales(3, LANE_FIRST);
    put_all(writer, imports, 3);
    put_all(writer, orders, 300);
    put_all(writer, scans, 3);
    assert_int_equal(writer_figures(writer).queued, 306);
    acted = 0;
    sem_post(&gate);
    struct writer_figures figures = writer_figures(writer);
    writer_stop(writer);
    for (int i = 0; i < 3; i++) assert_int_equal(scans[i].place, 1 + i);
    for (int i = 0; i < 300; i++) assert_int_equal(orders[i].place, 4 + i);
    for (int i = 0; i < 3; i++) assert_int_equal(imports[i].place, 304 + i);
    assert_int_equal(figures.refused + figures.failed_groups, 0);
    assert_int_equal(ask(*state, &sales), 307);
    free_sales(first, 1);
    free_sales(imports, 3);
    free_sales(orders, 300);
    free_sales(scans, 3);
}

static void imports_give_way(void **state)
{
    struct writer *writer = start(county(state));
    sem_t gate;
    struct sale *first = shut_gate(writer, &gate);
    struct sale *imports = new_sales(5, LANE_IMPORT), *order = new_sales(1, LANE_ORDER);
    imports[1].writer = writer;
    imports[1].puts = order;   // an order comes in while the second import is acted on
    put_all(writer, imports, 5);
    acted = 0;
    sem_post(&gate);
    while (imports[4].done == 0) sched_yield();
    writer_stop(writer);
    assert_true(imports[1].place < order->place);
    assert_true(order->place < imports[3].place);   // one at most has slipped through
    free_sales(first, 1);
    free_sales(imports, 5);
    free_sales(order, 1);
}

static void failures_stay_alone(void **state)
{
    enum { N = 40 };
    struct writer *writer = start(county(state));
    sem_t gate;
    struct sale *first = shut_gate(writer, &gate), *list = new_sales(N, LANE_ORDER);
    for (int i = 0; i < N; i++) list[i].deed = (enum deed)(i % 4);
    put_all(writer, list, N);
    sem_post(&gate);
    writer_stop(writer);
    static const enum status wanted[] = {
        [SELL] = OK, [REFUSE] = CONFLICT, [SPOIL] = BROKEN, [REMEMBER] = OK
    };
    for (int i = 0; i < N; i++) {
        bool sold = list[i].deed == SELL;
        assert_int_equal(list[i].entry.status, wanted[list[i].deed]);
        assert_int_equal(list[i].done, 1);
        assert_int_equal(list[i].on_disk, sold);
        assert_int_equal(list[i].undone, !sold);
    }
    assert_string_equal(list[REFUSE].entry.err.field, "sku");
    assert_int_equal(ask(*state, &sales), N / 4 + 1);
    assert_int_equal(ask(*state, &keys), N / 4 + 1);
    assert_int_equal(ask(*state, &answers), N / 4);
    free_sales(first, 1);
    free_sales(list, N);
}

static void calls_wait(void **state)
{
    struct writer *writer = start(county(state));
    struct sale *list = new_sales(2, LANE_ORDER);
    struct err err = { 0 };
    list[0].entry.done = NULL;
    list[1].deed = REFUSE;
    assert_int_equal(writer_call(writer, &list[0].entry, &err), OK);
    assert_int_equal(ask(*state, &sales), 1);   // on disk before the call returns
    assert_int_equal(writer_call(writer, &list[1].entry, &err), CONFLICT);
    assert_string_equal(err.text, "Sold out.");
    assert_int_equal(list[1].done, 1);
    assert_int_equal(ask(*state, &sales), 1);
    writer_stop(writer);
    free_sales(list, 2);
}

static void rush_is_refused(void **state)
{
    enum { N = 40000 };
    struct writer *writer = start(county(state));
    sem_t gate;
    struct sale *first = shut_gate(writer, &gate);
    struct sale *list = new_sales(N, LANE_ORDER), *scan = new_sales(1, LANE_FIRST);
    int taken = 0;
    while (taken < N && writer_put(writer, &list[taken].entry) == OK) taken++;
    assert_true(taken > 1000 && taken < N);
    assert_int_equal(writer_put(writer, &list[taken].entry), BUSY);
    struct err err;
    assert_int_equal(writer_call(writer, &list[taken].entry, &err), BUSY);
    put_all(writer, scan, 1);   // the first lane does not stand behind the orders
    assert_int_equal(writer_figures(writer).refused, 3);
    sem_post(&gate);
    writer_stop(writer);
    for (int i = 0; i < N; i++) assert_int_equal(list[i].done, i < taken);
    assert_int_equal(ask(*state, &sales), taken + 2);
    free_sales(first, 1);
    free_sales(list, N);
    free_sales(scan, 1);
}

/* ---- Barriers ---- */

enum { PUTTERS = 200 };
#define CLOSES_MS (INT64_C(1790000000) * 1000)

struct putter {
    pthread_t thread;
    struct writer *writer;
    struct clock *clock;
    struct sale *sale;
    sem_t *stamped, *go;   // go NULL: puts at once
};

static void *put_late(void *of)
{
    struct putter *putter = of;
    int ticket;
    putter->sale->stamped_ms = writer_arrive(putter->writer, putter->clock, &ticket);
    sem_post(putter->stamped);
    if (putter->go) sem_wait(putter->go);
    enum status queued = writer_put(putter->writer, &putter->sale->entry);
    writer_arrived(putter->writer, ticket);
    return queued == OK ? putter : NULL;
}

static void start_putters(struct putter putters[], size_t count, struct putter like,
                          struct sale *list)
{
    for (size_t i = 0; i < count; i++) {
        putters[i] = like;
        putters[i].sale = &list[i];
        assert_int_equal(pthread_create(&putters[i].thread, NULL, put_late, &putters[i]), 0);
    }
    for (size_t i = 0; i < count; i++) sem_wait(like.stamped);
}

static void join_putters(struct putter putters[], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        void *put;
        pthread_join(putters[i].thread, &put);
        assert_non_null(put);
    }
}

static void closing_waits_for_stamps(void **state)
{
    struct writer *writer = start(county(state));
    struct clock *clock = clock_new();
    sem_t stamped, go;
    sem_init(&stamped, 0, 0);
    sem_init(&go, 0, 0);
    struct sale *before = new_sales(PUTTERS, LANE_ORDER), *after = new_sales(PUTTERS, LANE_ORDER);
    struct sale *closing = new_sales(1, LANE_FIRST), *other = new_sales(1, LANE_ORDER);
    struct putter early[PUTTERS], late[PUTTERS];

    clock_turn(clock, CLOSES_MS - 1, false);   // 22:59:59.999: 200 requests are complete
    struct putter like = { .writer = writer, .clock = clock, .stamped = &stamped, .go = &go };
    start_putters(early, PUTTERS, like, before);
    clock_turn(clock, CLOSES_MS, false);       // 23:00:00.000
    assert_int_equal(writer_barrier(writer, CLOSES_MS, &closing->entry), OK);
    like.go = NULL;
    start_putters(late, PUTTERS, like, after); // 200 more come after it
    join_putters(late, PUTTERS);
    struct err err;
    assert_int_equal(writer_call(writer, &other->entry, &err), OK);
    assert_int_equal(closing->place, 0);       // all that is queued was acted, the closing is not
    for (int i = 0; i < PUTTERS; i++) sem_post(&go);
    join_putters(early, PUTTERS);
    while (closing->done == 0) sched_yield();
    writer_stop(writer);
    for (int i = 0; i < PUTTERS; i++) {
        assert_true(before[i].stamped_ms == CLOSES_MS - 1);
        assert_true(before[i].place < closing->place);
        assert_true(after[i].stamped_ms == CLOSES_MS);
        assert_int_equal(before[i].done + after[i].done, 2);
    }
    assert_int_equal(ask(*state, &sales), 2 * PUTTERS + 2);
    free_sales(before, PUTTERS);
    free_sales(after, PUTTERS);
    free_sales(closing, 1);
    free_sales(other, 1);
    clock_free(clock);
}

static void closing_alone(void **state)
{
    struct writer *writer = start(county(state));
    struct clock *clock = clock_new();
    struct sale *closing = new_sales(2, LANE_FIRST);
    int ticket;
    clock_turn(clock, CLOSES_MS, false);
    assert_int_equal(writer_barrier(writer, CLOSES_MS, &closing[0].entry), OK);
    while (closing[0].done == 0) sched_yield();   // nobody is on the way: at once
    assert_true(writer_arrive(writer, clock, &ticket) == CLOSES_MS);
    assert_int_equal(writer_barrier(writer, CLOSES_MS + 1, &closing[1].entry), OK);
    writer_stop(writer);                          // held back for a request that never came
    assert_int_equal(closing[0].entry.status, OK);
    assert_int_equal(closing[1].entry.status, BUSY);
    assert_int_equal(closing[1].place, 0);
    assert_int_equal(closing[1].done, 1);
    free_sales(closing, 2);
    clock_free(clock);
    acted = 0;
}

/* ---- Many at once ---- */

struct shopper { pthread_t thread; struct writer *writer; struct sale *list; size_t count; };

static void *shop(void *of)
{
    struct shopper *shopper = of;
    struct err err;
    for (size_t i = 0; i < shopper->count; i++)
        if (writer_call(shopper->writer, &shopper->list[i].entry, &err) != OK) return NULL;
    return shopper;
}

static void many_at_once(void **state)
{
    enum { SHOPPERS = 8, EACH = 50 };
    struct writer *writer = start(county(state));
    struct shopper shoppers[SHOPPERS];
    for (int i = 0; i < SHOPPERS; i++) {
        shoppers[i] = (struct shopper){
            .writer = writer, .list = new_sales(EACH, (enum lane)(i % LANES)), .count = EACH
        };
        for (int k = 0; k < EACH; k++) shoppers[i].list[k].key = i * EACH + k;
        pthread_create(&shoppers[i].thread, NULL, shop, &shoppers[i]);
    }
    for (int i = 0; i < SHOPPERS; i++) {
        void *went_well;
        pthread_join(shoppers[i].thread, &went_well);
        assert_non_null(went_well);
        for (int k = 0; k < EACH; k++) assert_int_equal(shoppers[i].list[k].done, 1);
        free_sales(shoppers[i].list, EACH);
    }
    struct writer_figures figures = writer_figures(writer);
    assert_int_equal(figures.acts, SHOPPERS * EACH);
    assert_true(figures.groups <= figures.acts);
    assert_int_equal(ask(*state, &keys), SHOPPERS * EACH);
    writer_stop(writer);
}

/* ---- PostgreSQL's own ---- */

static void connection_dies(void **state)
{
    enum { N = 20 };
    struct writer *writer = start(county(state));
    sem_t gate;
    struct sale *first = shut_gate(writer, &gate), *list = new_sales(N, LANE_ORDER);
    list[N / 2].deed = CUT;
    put_all(writer, list, N);
    sem_post(&gate);
    writer_stop(writer);
    int there = first->entry.status == OK;
    for (int i = 0; i < N; i++) {
        enum status wanted = i <= N / 2 ? BROKEN : OK;   // the rest went on with a new connection
        assert_int_equal(list[i].entry.status, wanted);
        assert_int_equal(list[i].undone, wanted != OK);
        assert_int_equal(list[i].on_disk, wanted == OK);
        there += wanted == OK;
    }
    assert_int_equal(ask(*state, &sales), there);
    free_sales(first, 1);
    free_sales(list, N);
}

/* The server dies under a COMMIT: a trigger of the last moment sees to it. */
static void commit_dies(void **state)
{
    static const char *const trap[] = {
        "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS"
        " 'BEGIN IF NEW.key = 1 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;"
        " RETURN NULL; END';"
        "CREATE CONSTRAINT TRIGGER dying AFTER INSERT ON sale DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION die()", NULL
    };
    struct err err = { 0 };
    assert_int_equal(db_migrate(county(state), "trap", trap, &err), OK);
    struct writer *writer = start(*state);
    struct sale *list = new_sales(3, LANE_ORDER);
    assert_int_equal(writer_call(writer, &list[0].entry, &err), OK);
    assert_int_equal(writer_call(writer, &list[1].entry, &err), BROKEN);
    assert_int_equal(writer_call(writer, &list[2].entry, &err), OK);
    assert_int_equal(list[1].undone, 1);
    assert_int_equal(list[1].on_disk, 0);
    assert_int_equal(ask(*state, &sales), 2);
    writer_stop(writer);
    free_sales(list, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_BOTH("db acts are run lane by lane, each in order", lanes_in_order),
        TEST_BOTH("db imports give way to an order", imports_give_way),
        TEST_BOTH("db an act that fails is undone alone", failures_stay_alone),
        TEST_BOTH("db a call returns after the commit", calls_wait),
        TEST_BOTH("db a rush is refused before it is queued", rush_is_refused),
        TEST_BOTH("S1.5 the closing waits for 200 requests stamped 22:59:59.999",
                  closing_waits_for_stamps),
        TEST_BOTH("S1.5 a closing that is held back at stop is told so", closing_alone),
        TEST_BOTH("db each of many acts is done once", many_at_once),
        { "db a connection that dies takes its group only (PostgreSQL)", connection_dies,
          open_postgres, close_county, NULL },
        { "db a commit whose answer is lost is asked for (PostgreSQL)", commit_dies,
          open_postgres, close_county, NULL },
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
