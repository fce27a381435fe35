/* test_holds.c - the reserve primitive: held, posted, voided, expired; and a race for one fen. */
#include "ledger/ledger.h"

#include <pthread.h>
#include <semaphore.h>
#include "base/arena.h"
#include "base/test.h"
#include "db/db.h"
#include "db/testing.h"
#include "db/writer.h"

const struct test_room test_rooms[] = { { "ledger", ledger_tables }, { 0 } };

enum { SKU = 5000, TOWEL = 5001, NOON = 1000000 };

static struct err err;

static int64_t account(struct tx *tx, const char *purpose, int64_t unit, enum side side,
                       bool limited)
{
    struct account made = { .book_id = BOOK_COUNTY, .purpose = purpose, .unit = unit,
                            .side = side, .limited = limited };
    assert_int_equal(ledger_account(tx, &made, &err), OK);
    return made.id;
}

/* Ten pieces of a SKU in stock, to be sold; coupons worth 500 fen for our account. */
struct shop { int64_t bought, stock, sold, fund, coupon, used; };

static struct shop shop_of(struct tx *tx)
{
    struct shop shop = {
        .bought = account(tx, "bought", SKU, SIDE_CREDIT, false),
        .stock = account(tx, "stock", SKU, SIDE_DEBIT, true),
        .sold = account(tx, "sold", SKU, SIDE_DEBIT, false),
        .fund = account(tx, "fund", UNIT_FEN, SIDE_DEBIT, false),
        .coupon = account(tx, "coupon", UNIT_FEN, SIDE_CREDIT, true),
        .used = account(tx, "used", UNIT_FEN, SIDE_CREDIT, false),
    };
    struct posting postings[] = { { shop.stock, shop.bought, 10 },
                                  { shop.fund, shop.coupon, 500 } };
    struct transfer begin = { .kind = "begin", .document_id = 1, .at_ms = NOON,
                              .recorded_ms = NOON, .postings = postings, .count = 2 };
    int64_t id;
    assert_int_equal(ledger_transfer(tx, &begin, &id, &err), OK);
    return shop;
}

static enum status hold_order(struct tx *tx, const struct shop *shop, int64_t order_id,
                              int64_t pieces, int64_t fen, int64_t expires_ms, int64_t ids[2])
{
    struct hold holds[] = {
        { "order", order_id, expires_ms, { shop->sold, shop->stock, pieces } },
        { "order", order_id, expires_ms, { shop->coupon, shop->used, fen } },
    };
    err = (struct err){ 0 };
    return ledger_hold(tx, holds, 2, ids, &err);
}

static void assert_balance(struct tx *tx, int64_t account_id, int64_t posted, int64_t out,
                           int64_t in)
{
    struct balance balance;
    assert_int_equal(ledger_balance(tx, account_id, &balance, &err), OK);
    assert_int_equal(balance.posted, posted);
    assert_int_equal(balance.held_out, out);
    assert_int_equal(balance.held_in, in);
}

static void assert_sound(struct tx *tx)
{
    int64_t imbalance = -1;
    err = (struct err){ 0 };
    if (ledger_check(tx, &imbalance, &err) != OK) fail_msg("%s %s", err.text, err.detail);
    assert_int_equal(imbalance, 0);
}

static void posted_or_returned(void **state)
{
    struct tx *tx = test_tx(state);
    struct shop shop = shop_of(tx);
    int64_t a[2], b[2], c[2], id;
    assert_int_equal(hold_order(tx, &shop, 11, 4, 300, 0, a), OK);
    assert_int_equal(hold_order(tx, &shop, 12, 6, 200, 0, b), OK);
    assert_balance(tx, shop.stock, 10, 10, 0);
    assert_balance(tx, shop.sold, 0, 0, 10);   // summed, since it has no limits
    assert_balance(tx, shop.used, 0, 0, 500);
    assert_int_equal(hold_order(tx, &shop, 13, 1, 1, 0, c), CONFLICT);
    assert_string_equal(err.detail, "0");

    assert_int_equal(ledger_post(tx, a[0], 5, NOON, NOON, &id, &err), CONFLICT);
    assert_int_equal(ledger_post(tx, a[0], 0, NOON, NOON, &id, &err), INVALID);
    assert_int_equal(ledger_post(tx, 999999, 1, NOON, NOON, &id, &err), NOT_FOUND);
    assert_int_equal(ledger_post(tx, a[0], 3, NOON, NOON, &id, &err), OK);   // one comes back
    assert_balance(tx, shop.stock, 7, 6, 0);
    assert_int_equal(ledger_post(tx, a[0], 1, NOON, NOON, &id, &err), CONFLICT);
    assert_int_equal(ledger_void(tx, a[0], &err), CONFLICT);
    assert_int_equal(ledger_void(tx, a[1], &err), OK);
    assert_int_equal(ledger_void(tx, a[1], &err), CONFLICT);
    assert_balance(tx, shop.coupon, 500, 200, 0);

    assert_int_equal(ledger_post_all(tx, "order", 12, NOON, NOON, &id, &err), OK);
    assert_int_equal(ledger_post_all(tx, "order", 12, NOON, NOON, &id, &err), NOT_FOUND);
    assert_int_equal(ledger_void_all(tx, "order", 12, &err), NOT_FOUND);
    assert_int_equal(ledger_void_all(tx, "nothing", 12, &err), NOT_FOUND);
    assert_balance(tx, shop.stock, 1, 0, 0);
    assert_balance(tx, shop.coupon, 300, 0, 0);
    assert_balance(tx, shop.sold, 9, 0, 0);
    struct line *lines;
    size_t count;
    assert_int_equal(ledger_lines(tx, "order", 12, &lines, &count, &err), OK);
    assert_int_equal(count, 2);                                  // one transfer
    assert_int_equal(lines[0].transfer_id, lines[1].transfer_id);
    assert_int_equal(lines[1].hold_id, b[1]);
    assert_sound(tx);
}

static void all_or_none(void **state)
{
    struct tx *tx = test_tx(state);
    struct shop shop = shop_of(tx);
    int64_t ids[2];
    assert_int_equal(hold_order(tx, &shop, 11, 4, 501, 0, ids), CONFLICT);   // stock would do
    assert_string_equal(err.detail, "500");
    assert_balance(tx, shop.stock, 10, 0, 0);
    assert_balance(tx, shop.sold, 0, 0, 0);
    assert_int_equal(ledger_void_all(tx, "order", 11, &err), NOT_FOUND);
    assert_sound(tx);
}

static void expired(void **state)
{
    struct tx *tx = test_tx(state);
    struct shop shop = shop_of(tx);
    int64_t ids[2], order_id = 0;
    assert_int_equal(hold_order(tx, &shop, 11, 4, 100, NOON + 900, ids), OK);
    assert_int_equal(hold_order(tx, &shop, 12, 3, 100, NOON + 800, ids), OK);
    assert_int_equal(hold_order(tx, &shop, 13, 2, 100, 0, ids), OK);
    assert_int_equal(ledger_expire_next(tx, "order", NOON + 799, &order_id, &err), NOT_FOUND);
    assert_int_equal(ledger_expire_next(tx, "refund", NOON + 900, &order_id, &err), NOT_FOUND);
    assert_int_equal(ledger_expire_next(tx, "order", NOON + 900, &order_id, &err), OK);
    assert_int_equal(order_id, 12);
    assert_balance(tx, shop.stock, 10, 6, 0);     // stock and coupon came back together
    assert_balance(tx, shop.coupon, 500, 200, 0);
    assert_int_equal(ledger_expire_next(tx, "order", NOON + 900, &order_id, &err), OK);
    assert_int_equal(order_id, 11);
    assert_int_equal(ledger_expire_next(tx, "order", INT64_MAX, &order_id, &err), NOT_FOUND);
    assert_int_equal(ledger_post_all(tx, "order", 11, NOON, NOON, NULL, &err), NOT_FOUND);
    assert_balance(tx, shop.stock, 10, 2, 0);
    assert_balance(tx, shop.coupon, 500, 100, 0);
    assert_sound(tx);
}

/* What expires in a transaction that is undone is pending as before. */
static void expiry_undone(void **state)
{
    struct tx *tx = test_tx(state);
    struct shop shop = shop_of(tx);
    int64_t ids[2], order_id;
    assert_int_equal(hold_order(tx, &shop, 11, 4, 100, NOON, ids), OK);
    assert_int_equal(tx_savepoint(tx), OK);
    assert_int_equal(ledger_expire_next(tx, "order", NOON, &order_id, &err), OK);
    assert_int_equal(tx_savepoint_end(tx, false), OK);
    assert_balance(tx, shop.stock, 10, 4, 0);
    assert_balance(tx, shop.coupon, 500, 100, 0);
    assert_int_equal(ledger_post_all(tx, "order", 11, NOON, NOON, NULL, &err), OK);
    assert_sound(tx);
}

/* ---- 64 at once for the last fen ---- */

enum { PUTTERS = 64 };

struct buyer {
    struct entry entry;
    struct posting posting;
    int64_t number;
    sem_t *ended;
};

static enum status take_fen(struct tx *tx, struct entry *entry, struct err *why)
{
    const struct buyer *buyer = (const struct buyer *)(const void *)entry;
    struct transfer transfer = { .kind = "buy", .document_id = buyer->number, .at_ms = NOON,
                                 .recorded_ms = NOON, .postings = &buyer->posting, .count = 1 };
    int64_t id;
    return ledger_transfer(tx, &transfer, &id, why);
}

static void buyer_done(struct entry *entry)
{
    sem_post(((struct buyer *)(void *)entry)->ended);
}

static struct posting one_fen(struct db *db)
{
    struct arena *arena = arena_open(1 << 20);
    struct tx *tx;
    assert_non_null(arena);
    assert_int_equal(db_write_begin(db, arena, &tx), OK);
    int64_t wallet = account(tx, "wallet", UNIT_FEN, SIDE_CREDIT, true);
    struct posting first = { account(tx, "bank", UNIT_FEN, SIDE_DEBIT, false), wallet, 1 };
    struct transfer begin = { .kind = "begin", .document_id = 1, .at_ms = NOON,
                              .recorded_ms = NOON, .postings = &first, .count = 1 };
    int64_t id, sales = account(tx, "sales", UNIT_FEN, SIDE_CREDIT, false);
    assert_int_equal(ledger_transfer(tx, &begin, &id, &err), OK);
    assert_int_equal(db_write_end(tx, true), OK);
    arena_free(arena);
    return (struct posting){ wallet, sales, 1 };
}

struct work { struct writer *writer; struct buyer *buyer; };

static void *buy(void *of)
{
    struct work *work = of;
    enum status put;
    do put = writer_put(work->writer, &work->buyer->entry); while (put == BUSY);
    return NULL;
}

static void race(void **state)
{
    struct db *db = test_db_open(*state != NULL, NULL);
    if (db == NULL) skip();
    static struct buyer buyers[PUTTERS];
    struct work work[PUTTERS];
    struct posting posting = one_fen(db);
    struct writer *writer;
    sem_t ended;
    pthread_t threads[PUTTERS];
    sem_init(&ended, 0, 0);
    assert_int_equal(writer_start(db, &writer, &err), OK);
    for (int i = 0; i < PUTTERS; i++) {
        buyers[i] = (struct buyer){
            .entry = { .lane = i % 2 ? LANE_ORDER : LANE_FIRST, .arena = arena_open(1 << 16),
                       .act = take_fen, .done = buyer_done },
            .posting = posting, .number = i + 2, .ended = &ended,
        };
        work[i] = (struct work){ writer, &buyers[i] };
        assert_int_equal(pthread_create(&threads[i], NULL, buy, &work[i]), 0);
    }
    for (int i = 0; i < PUTTERS; i++) assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (int i = 0; i < PUTTERS; i++) sem_wait(&ended);
    writer_stop(writer);
    int won = 0;
    for (int i = 0; i < PUTTERS; i++) {
        won += buyers[i].entry.status == OK;
        if (buyers[i].entry.status != OK) {
            assert_int_equal(buyers[i].entry.status, CONFLICT);
            assert_string_equal(buyers[i].entry.err.detail, "0");
        }
        arena_free(buyers[i].entry.arena);
    }
    assert_int_equal(won, 1);
    struct arena *arena = arena_open(1 << 20);
    struct tx *tx;
    assert_int_equal(db_read_begin(db, arena, &tx), OK);
    assert_balance(tx, posting.debit_id, 0, 0, 0);
    assert_balance(tx, posting.credit_id, 1, 0, 0);
    assert_sound(tx);
    db_read_end(tx);
    arena_free(arena);
    sem_destroy(&ended);
    test_db_close(db);
}

int main(void)
{
    static char postgres;
    const struct CMUnitTest tests[] = {
        TEST_DB("L.4 a hold is posted in whole or in part, or returns", posted_or_returned),
        TEST_DB("L.4 holds are taken all or none", all_or_none),
        TEST_DB("L.4 stock and coupon of an order expire in one transaction", expired),
        TEST_DB("L.4 an expiry that is undone has not happened", expiry_undone),
        { "L.5 64 writers race for one fen, one gets it (SQLite)", race, NULL, NULL, NULL },
        { "L.5 64 writers race for one fen, one gets it (PostgreSQL)", race, NULL, NULL,
          &postgres },
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
