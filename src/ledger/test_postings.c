/* test_postings.c - transfers: what is refused, reversed, chained, closed and traced. */
#include "ledger/ledger.h"

#include "base/test.h"
#include "db/db.h"
#include "db/testing.h"

const struct test_room test_rooms[] = { { "ledger", ledger_tables }, { 0 } };

enum { NOON = 1000000 };

static struct err err;

/* Accounts of fen in the county's book, unless said otherwise; "wallet" never goes below 0. */
static int64_t account_in(struct tx *tx, int64_t book_id, const char *purpose, int64_t unit,
                          enum side side, bool limited)
{
    struct account account = { .book_id = book_id, .purpose = purpose, .unit = unit,
                               .side = side, .limited = limited };
    assert_int_equal(ledger_account(tx, &account, &err), OK);
    assert_true(account.id >= 1);
    return account.id;
}

static int64_t bank(struct tx *tx)
{
    return account_in(tx, BOOK_COUNTY, "bank", UNIT_FEN, SIDE_DEBIT, false);
}

static int64_t wallet(struct tx *tx)
{
    return account_in(tx, BOOK_COUNTY, "wallet", UNIT_FEN, SIDE_CREDIT, true);
}

static int64_t sales(struct tx *tx)
{
    return account_in(tx, BOOK_COUNTY, "sales", UNIT_FEN, SIDE_CREDIT, false);
}

static enum status transfer(struct tx *tx, int64_t document_id, int64_t at_ms,
                            const struct posting *postings, size_t count, int64_t *id)
{
    err = (struct err){ 0 };
    struct transfer made = { .kind = "order", .document_id = document_id, .at_ms = at_ms,
                             .recorded_ms = at_ms + 5, .postings = postings, .count = count };
    return ledger_transfer(tx, &made, id, &err);
}

static int64_t post(struct tx *tx, int64_t document_id, int64_t debit_id, int64_t credit_id,
                    int64_t amount)
{
    int64_t id = 0;
    struct posting posting = { debit_id, credit_id, amount };
    assert_int_equal(transfer(tx, document_id, NOON, &posting, 1, &id), OK);
    assert_true(id > 0);
    return id;
}

static int64_t posted(struct tx *tx, int64_t account_id)
{
    struct balance balance = { 0 };
    assert_int_equal(ledger_balance(tx, account_id, &balance, &err), OK);
    return balance.posted;
}

static void assert_sound(struct tx *tx)
{
    int64_t imbalance = -1;
    err = (struct err){ 0 };
    enum status checked = ledger_check(tx, &imbalance, &err);
    if (checked != OK) fail_msg("%s %s", err.text, err.detail);
    assert_int_equal(imbalance, 0);
}

static const struct sql count_rows = SQL(
    "SELECT (SELECT COUNT(*) FROM ledger_posting) + (SELECT COUNT(*) FROM ledger_kind)"
    " + (SELECT COUNT(*) FROM ledger_hold)");

static int64_t rows_written(struct tx *tx)
{
    struct rows *rows;
    assert_int_equal(db_first(tx, &count_rows, NO_ARGS, &rows), OK);
    return row_i64(rows, 0);
}

static void refused_whole(void **state)
{
    struct tx *tx = test_tx(state);
    int64_t b = bank(tx), w = wallet(tx), s = sales(tx);
    int64_t points = account_in(tx, BOOK_COUNTY, "points", UNIT_POINT, SIDE_CREDIT, false);
    int64_t other = account_in(tx, 7, "bank", UNIT_FEN, SIDE_DEBIT, false);
    int64_t shut = account_in(tx, BOOK_COUNTY, "old", UNIT_FEN, SIDE_DEBIT, false);
    assert_int_equal(ledger_account_close(tx, shut, &err), OK);
    const struct { struct posting bad; enum status status; const char *field; } cases[] = {
        { { b, w, 0 }, INVALID, "amount" },
        { { b, w, -1 }, INVALID, "amount" },
        { { b, w, INT64_MIN }, INVALID, "amount" },
        { { b, w, AMOUNT_MAX + 1 }, INVALID, "amount" },
        { { b, w, INT64_MAX }, INVALID, "amount" },
        { { b, b, 1 }, INVALID, "account" },
        { { b, 0, 1 }, INVALID, "account" },
        { { b, 999999, 1 }, INVALID, "account" },
        { { -1, w, 1 }, INVALID, "account" },
        { { b, points, 1 }, INVALID, "unit" },
        { { b, other, 1 }, INVALID, "book" },
        { { shut, w, 1 }, INVALID, "account" },
        { { w, s, 101 }, CONFLICT, "amount" },        // 100 come in by the line before it
        { { b, w, AMOUNT_MAX }, CONFLICT, "amount" }, // no room for more
    };
    int64_t before = rows_written(tx), id = 0;
    assert_int_equal(transfer(tx, 1, NOON, NULL, 0, &id), INVALID);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct posting postings[] = { { b, w, 100 }, cases[i].bad, { b, s, 1 } };
        assert_int_equal(transfer(tx, 1, NOON, postings, 3, &id), cases[i].status);
        assert_int_equal(err.status, cases[i].status);
        assert_string_equal(err.field, cases[i].field);
        struct hold hold = { .kind = "order", .document_id = 1, .posting = cases[i].bad };
        assert_int_equal(ledger_hold(tx, &hold, 1, NULL, &err),
                         i + 1 == COUNT(cases) ? OK : cases[i].status);
        if (i + 1 == COUNT(cases)) assert_int_equal(ledger_void_all(tx, "order", 1, &err), OK);
        else assert_int_equal(rows_written(tx), before);
        assert_int_equal(posted(tx, w), 0);
        assert_int_equal(posted(tx, b), 0);
    }
    assert_int_equal(id, 0);
    assert_sound(tx);
}

static void limits_of_whole(void **state)
{
    struct tx *tx = test_tx(state);
    int64_t b = bank(tx), w = wallet(tx), s = sales(tx), id;
    struct posting postings[] = { { w, s, 30 }, { b, w, 50 } };   // spent before it came in
    assert_int_equal(transfer(tx, 1, NOON, postings, 2, &id), OK);
    assert_int_equal(posted(tx, w), 20);
    postings[0].amount = 71;
    assert_int_equal(transfer(tx, 2, NOON, postings, 2, &id), CONFLICT);
    assert_string_equal(err.detail, "20");   // L.5: the balance is told
    assert_int_equal(posted(tx, w), 20);
    assert_sound(tx);
}

static void accounts_once(void **state)
{
    struct tx *tx = test_tx(state);
    struct account account = { .book_id = 1, .purpose = "cash", .party_id = 5, .place_id = 6,
                               .unit = UNIT_FEN, .side = SIDE_DEBIT, .limited = true,
                               .min = -50, .max = 200000 };
    assert_int_equal(ledger_account(tx, &account, &err), OK);
    struct account again = account;
    again.id = 0;
    assert_int_equal(ledger_account(tx, &again, &err), OK);
    assert_int_equal(again.id, account.id);
    again.max = 300000;
    assert_int_equal(ledger_account(tx, &again, &err), CONFLICT);
    again = account;
    again.side = SIDE_CREDIT;
    assert_int_equal(ledger_account(tx, &again, &err), CONFLICT);
    again = (struct account){ .book_id = 1, .purpose = "cash", .party_id = 5, .place_id = 6,
                              .unit = UNIT_FEN };
    assert_int_equal(ledger_account_find(tx, &again), OK);
    assert_int_equal(again.max, 200000);
    again.party_id = 6;
    assert_int_equal(ledger_account_find(tx, &again), NOT_FOUND);
    again = account;
    again.min = 1;
    assert_int_equal(ledger_account(tx, &again, &err), INVALID);
    int64_t id, s = sales(tx);
    struct posting posting = { s, account.id, 51 };
    assert_int_equal(transfer(tx, 1, NOON, &posting, 1, &id), CONFLICT);
    posting.amount = 50;
    assert_int_equal(transfer(tx, 1, NOON, &posting, 1, &id), OK);
    assert_int_equal(ledger_account_close(tx, account.id, &err), CONFLICT);
    assert_string_equal(err.detail, "-50");
}

static void refuses(struct tx *tx, const struct sql *sql)
{
    assert_int_equal(tx_savepoint(tx), OK);
    assert_int_equal(db_run(tx, sql, NO_ARGS), BROKEN);
    assert_int_equal(tx_savepoint_end(tx, false), OK);
}

static void never_changed(void **state)
{
    struct tx *tx = test_tx(state);
    static const struct { struct sql sql; } tries[] = {
        { SQL("UPDATE ledger_posting SET amount = amount + 1") },
        { SQL("UPDATE ledger_posting SET posting_id = posting_id") },
        { SQL("DELETE FROM ledger_posting") },
        { SQL("UPDATE ledger_kind SET name = 'x'") },
        { SQL("DELETE FROM ledger_kind") },
        { SQL("UPDATE ledger_period SET until_ms = 0") },
        { SQL("DELETE FROM ledger_period") },
    };
    post(tx, 1, bank(tx), sales(tx), 5);
    assert_int_equal(ledger_period_close(tx, BOOK_COUNTY, NOON, NOON, &err), OK);
    for (size_t i = 0; i < COUNT(tries); i++) refuses(tx, &tries[i].sql);
    assert_int_equal(posted(tx, sales(tx)), 5);
    assert_sound(tx);
}

static void reversed_once(void **state)
{
    struct tx *tx = test_tx(state);
    int64_t b = bank(tx), w = wallet(tx), s = sales(tx), id, reversal, second;
    struct posting postings[] = { { b, w, 100 }, { w, s, 40 } };
    assert_int_equal(transfer(tx, 1, NOON, postings, 2, &id), OK);
    int64_t later = post(tx, 2, w, s, 60);
    assert_int_equal(ledger_reverse(tx, id, NOON, NOON, &reversal, &err), CONFLICT);  // it is spent
    assert_string_equal(err.detail, "0");
    assert_int_equal(ledger_reverse(tx, later, NOON, NOON, &second, &err), OK);
    assert_int_equal(ledger_reverse(tx, id, NOON + 1, NOON + 9, &reversal, &err), OK);
    assert_int_equal(posted(tx, b), 0);
    assert_int_equal(posted(tx, w), 0);
    assert_int_equal(posted(tx, s), 0);
    int64_t again;
    assert_int_equal(ledger_reverse(tx, id, NOON, NOON, &again, &err), CONFLICT);
    assert_int_equal(ledger_reverse(tx, 999999, NOON, NOON, &again, &err), NOT_FOUND);
    assert_int_equal(ledger_reverse(tx, id + 1, NOON, NOON, &again, &err), NOT_FOUND);  // a line

    struct line *lines;
    size_t count;
    assert_int_equal(ledger_lines(tx, "order", 1, &lines, &count, &err), OK);
    assert_int_equal(count, 4);
    for (size_t i = 0; i < 2; i++) {   // the reversal names the original, line by line
        assert_int_equal(lines[i + 2].reverses_id, lines[i].posting_id);
        assert_int_equal(lines[i + 2].transfer_id, reversal);
        assert_int_equal(lines[i + 2].debit_id, lines[i].credit_id);
        assert_int_equal(lines[i + 2].amount, lines[i].amount);
    }
    assert_sound(tx);
}

static void books(void **state)
{
    struct tx *tx = test_tx(state);
    int64_t county = account_in(tx, 1, "wallet", UNIT_FEN, SIDE_CREDIT, false);
    int64_t village = account_in(tx, 7, "bank", UNIT_FEN, SIDE_DEBIT, false);
    int64_t ours = account_in(tx, 1, "clearing", UNIT_FEN, SIDE_DEBIT, false);
    int64_t theirs = account_in(tx, 7, "clearing", UNIT_FEN, SIDE_DEBIT, false), id;
    struct posting postings[] = { { county, ours, 100 }, { village, theirs, 100 } };
    assert_int_equal(transfer(tx, 1, NOON, postings, 2, &id), INVALID);   // both the same way
    postings[1] = (struct posting){ theirs, village, 99 };
    assert_int_equal(transfer(tx, 1, NOON, postings, 2, &id), INVALID);   // a fen is lost
    assert_int_equal(transfer(tx, 1, NOON, postings, 1, &id), INVALID);   // half of it
    postings[1].amount = 100;
    assert_int_equal(transfer(tx, 1, NOON, postings, 2, &id), OK);
    assert_int_equal(posted(tx, ours) + posted(tx, theirs), 0);
    struct hold hold = { .kind = "order", .document_id = 1, .posting = postings[0] };
    assert_int_equal(ledger_hold(tx, &hold, 1, NULL, &err), INVALID);
    assert_sound(tx);
}

static void periods(void **state)
{
    struct tx *tx = test_tx(state);
    int64_t b = bank(tx), s = sales(tx), id, reversal;
    struct posting posting = { b, s, 10 };
    assert_int_equal(transfer(tx, 1, NOON, &posting, 1, &id), OK);
    assert_int_equal(ledger_period_close(tx, BOOK_COUNTY, NOON, NOON + 1, &err), OK);
    assert_int_equal(ledger_period_close(tx, BOOK_COUNTY, NOON, NOON + 2, &err), CONFLICT);
    assert_int_equal(transfer(tx, 2, NOON, &posting, 1, &id), INVALID);
    assert_string_equal(err.field, "at_ms");
    assert_int_equal(ledger_reverse(tx, id, NOON, NOON + 1, &reversal, &err), INVALID);
    assert_int_equal(transfer(tx, 2, NOON + 1, &posting, 1, &reversal), OK);
    assert_int_equal(ledger_reverse(tx, id, NOON + 1, NOON + 1, &reversal, &err), OK);
    int64_t at = 0;
    assert_int_equal(ledger_balance_at(tx, s, NOON, &at, &err), OK);
    assert_int_equal(at, 10);
    assert_int_equal(ledger_balance_at(tx, s, NOON - 1, &at, &err), OK);
    assert_int_equal(at, 0);
    assert_int_equal(ledger_balance_at(tx, s, NOON + 1, &at, &err), OK);
    assert_int_equal(at, 10);
    assert_sound(tx);
}

static void traced(void **state)
{
    struct tx *tx = test_tx(state);
    int64_t b = bank(tx), w = wallet(tx), s = sales(tx), id;
    for (int64_t order = 1; order <= 20; order++) {
        struct posting postings[] = { { b, w, order * 10 }, { w, s, order * 10 } };
        assert_int_equal(transfer(tx, order, NOON + order, postings, 2, &id), OK);
    }
    struct line *lines, line;
    size_t count;
    assert_int_equal(ledger_statement(tx, w, NOON + 5, NOON + 7, &lines, &count, &err), OK);
    assert_int_equal(count, 6);
    for (size_t i = 0; i < count; i++) {   // from each line to its document, and back to it
        struct line *back;
        size_t n;
        assert_int_equal(ledger_line(tx, lines[i].posting_id, &line), OK);
        assert_int_equal(line.document_id, 5 + (int64_t)i / 2);
        assert_string_equal(line.kind, "order");
        assert_int_equal(line.unit, UNIT_FEN);
        assert_int_equal(ledger_lines(tx, line.kind, line.document_id, &back, &n, &err), OK);
        assert_int_equal(n, 2);
        assert_int_equal(back[i % 2].posting_id, lines[i].posting_id);
        assert_int_equal(back[i % 2].amount, line.amount);
    }
    assert_int_equal(ledger_lines(tx, "refund", 5, &lines, &count, &err), OK);
    assert_int_equal(count, 0);
    assert_int_equal(ledger_lines(tx, NULL, 5, &lines, &count, &err), OK);
    assert_int_equal(count, 2);
    assert_int_equal(ledger_line(tx, 999999, &line), NOT_FOUND);
}

/* What the ledger remembers beside the rows goes with them. */
static void undone(void **state)
{
    struct tx *tx = test_tx(state);
    int64_t b = bank(tx), s = sales(tx);
    post(tx, 1, b, s, 5);
    assert_int_equal(tx_savepoint(tx), OK);
    int64_t w = wallet(tx), id;
    struct posting posting = { b, w, 50 };
    struct transfer made = { .kind = "top_up", .document_id = 2, .at_ms = NOON,
                             .recorded_ms = NOON, .postings = &posting, .count = 1 };
    assert_int_equal(ledger_transfer(tx, &made, &id, &err), OK);
    assert_int_equal(ledger_period_close(tx, BOOK_COUNTY, NOON, NOON, &err), OK);
    assert_int_equal(transfer(tx, 1, NOON, &posting, 1, &id), INVALID);
    assert_int_equal(tx_savepoint_end(tx, false), OK);

    assert_int_equal(transfer(tx, 1, NOON, &posting, 1, &id), INVALID);
    assert_string_equal(err.field, "account");
    posting.credit_id = wallet(tx);
    assert_int_not_equal(posting.credit_id, w);
    assert_int_equal(ledger_transfer(tx, &made, &id, &err), OK);
    assert_int_equal(posted(tx, b), 55);
    assert_sound(tx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_DB("L.1 a bad transfer is refused whole", refused_whole),
        TEST_DB("L.1 an account is opened once", accounts_once),
        TEST_DB("L.3 postings are never changed or removed", never_changed),
        TEST_DB("L.3 a transfer is reversed once, by one that names it", reversed_once),
        TEST_DB("L.5 limits hold for a transfer as a whole", limits_of_whole),
        TEST_DB("L.6 books balance alone and clear to zero", books),
        TEST_DB("L.8 a closed period takes nothing more", periods),
        TEST_DB("L.10 from line to document and back", traced),
        TEST_DB("what is undone is forgotten", undone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
