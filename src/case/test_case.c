/* test_case.c - cases from their opening to their end, on both databases. */
#include "case/case.h"

#include <string.h>
#include "base/clock.h"
#include "base/test.h"
#include "case/workflow.h"
#include "db/db.h"
#include "db/testing.h"
#include "people/person.h"

const struct test_room test_rooms[] = { { "case", case_tables }, { NULL, NULL } };

enum { ANNA = 5001, BERT, KEEPER, VILLAGER, REPORTER };
#define T0 INT64_C(1795446000000)

static const char version_1[] =
    "workflow delivery_exception 1 \"Delivery exception\"\n"
    "state reported \"Reported\" owner dispatcher clock 2h\n"
    "state solved   \"Solved\"   owner dispatcher\n"
    "state closed   \"Closed\"   final\n"
    "move  solve    \"Solve\"    reported -> solved by dispatcher,station needs text\n"
    "move  verify   \"Verify\"   solved -> closed   by dispatcher not-handler\n"
    "move  reject   \"Reject\"   solved -> reported by dispatcher not-handler needs text\n";

static const char version_2[] =
    "workflow delivery_exception 2 \"Delivery exception\"\n"
    "state reported \"Reported\" owner station clock 1h\n"
    "state closed   \"Closed\"   final\n"
    "move  end      \"End\"      reported -> closed by station\n";

static struct workflow *parsed(const char *text)
{
    struct workflow *workflow = NULL;
    assert_int_equal(workflow_parse("test", text, &workflow, &(struct err){ 0 }), OK);
    return workflow;
}

static int64_t opened(struct tx *tx, const struct workflow *workflow, int64_t about_id,
                      const char *key, int64_t recorded_ms)
{
    int64_t id = 0;
    struct err err = { 0 };
    const struct case_new wanted = {
        .workflow = workflow, .title = " Two crates short ", .about_kind = "trip",
        .about_id = about_id, .place_id = 77, .reporter_id = REPORTER, .owner_id = ANNA,
        .at_ms = recorded_ms - HOUR_MS, .recorded_ms = recorded_ms, .client_key = key };
    assert_int_equal(case_open(tx, &wanted, &id, &err), OK);
    return id;
}

static enum status act(struct tx *tx, int64_t id, const char *transition, int64_t person_id,
                       const char *roles, const char *text)
{
    struct err err = { 0 };
    const struct case_move move = {
        .case_id = id, .transition = transition, .person_id = person_id,
        .roles = roles ? role_set(roles) : ~UINT64_C(0), .text = text,
        .at_ms = T0 + HOUR_MS, .recorded_ms = T0 + 2 * HOUR_MS };
    enum status status = case_act(tx, &move, &err);
    assert_int_equal(status, err.status);
    return status;
}

static struct case_row got(struct tx *tx, int64_t id)
{
    struct case_row row;
    assert_int_equal(case_get(tx, id, &row, &(struct err){ 0 }), OK);
    return row;
}

static void life(void **state)
{
    struct tx *tx = test_tx(state);
    struct workflow *w = parsed(version_1);
    int64_t id = opened(tx, w, 9, NULL, T0);
    struct case_row row = got(tx, id);
    assert_string_equal(row.workflow, "delivery_exception");
    assert_string_equal(row.state, "reported");
    assert_string_equal(row.state_text, "Reported");
    assert_string_equal(row.owner_role, "dispatcher");
    assert_string_equal(row.title, "Two crates short");
    assert_int_equal(row.owner_id, ANNA);
    assert_int_equal(row.opened_ms, T0 - HOUR_MS);
    assert_int_equal(row.due_ms, T0 + 2 * HOUR_MS);

    assert_int_equal(act(tx, id, "verify", BERT, "dispatcher", NULL), CONFLICT);
    assert_int_equal(act(tx, id, "solve", BERT, "dispatcher", " "), INVALID);
    assert_int_equal(act(tx, id, "fly", BERT, "dispatcher", NULL), INVALID);
    assert_int_equal(act(tx, id + 1000, "solve", BERT, "dispatcher", "x"), NOT_FOUND);
    assert_int_equal(act(tx, id, "solve", ANNA, "dispatcher", "Two were in the next bus."), OK);
    row = got(tx, id);
    assert_string_equal(row.state, "solved");
    assert_int_equal(row.owner_id, ANNA);   // the same role has to act: hers it stays
    assert_int_equal(row.due_ms, 0);
    assert_int_equal(act(tx, id, "verify", BERT, "dispatcher", NULL), OK);
    row = got(tx, id);
    assert_true(row.closed && row.owner_role == NULL && row.owner_id == 0);
    assert_int_equal(act(tx, id, "solve", ANNA, "dispatcher", "again"), CONFLICT);

    struct case_event *events;
    size_t count;
    assert_int_equal(case_history(tx, id, &events, &count, &(struct err){ 0 }), OK);
    assert_int_equal(count, 3);
    assert_string_equal(events[0].transition, "open");
    assert_null(events[0].from);
    assert_int_equal(events[0].person_id, REPORTER);
    assert_string_equal(events[1].text, "Two were in the next bus.");
    assert_string_equal(events[1].from, "reported");
    assert_string_equal(events[1].to, "solved");
    assert_int_equal(events[1].at_ms, T0 + HOUR_MS);
    assert_int_equal(events[1].recorded_ms, T0 + 2 * HOUR_MS);
    assert_string_equal(events[2].to, "closed");
    workflow_free(w);
}

static void separation(void **state)
{
    struct tx *tx = test_tx(state);
    struct workflow *w = parsed(version_1);
    int64_t id = opened(tx, w, 9, NULL, T0);
    struct case_choice *choices;
    struct case_event *events;
    size_t count;
    assert_int_equal(act(tx, id, "solve", VILLAGER, "villager", "mine"), DENIED);
    assert_int_equal(act(tx, id, "solve", ANNA, "station", "done"), OK);
    assert_int_equal(act(tx, id, "verify", ANNA, "dispatcher station", NULL), DENIED);
    assert_int_equal(case_choices(tx, id, ANNA, role_set("dispatcher"), &choices, &count,
                                  &(struct err){ 0 }), OK);
    assert_int_equal(count, 0);
    assert_int_equal(case_choices(tx, id, BERT, role_set("dispatcher"), &choices, &count,
                                  &(struct err){ 0 }), OK);
    assert_int_equal(count, 2);
    assert_string_equal(choices[0].transition, "verify");
    assert_true(choices[1].needs_text);

    // Who sent it back has not handled it, and may judge again; who solved it still may not.
    assert_int_equal(act(tx, id, "reject", BERT, "dispatcher", "one is missing"), OK);
    assert_int_equal(got(tx, id).due_ms, T0 + 4 * HOUR_MS);   // the clock starts anew
    assert_int_equal(act(tx, id, "solve", KEEPER, "station", "found"), OK);
    assert_int_equal(act(tx, id, "verify", ANNA, "dispatcher", NULL), DENIED);
    assert_int_equal(act(tx, id, "verify", BERT, "dispatcher", NULL), OK);

    assert_int_equal(case_history(tx, id, &events, &count, &(struct err){ 0 }), OK);
    assert_int_equal(count, 8);
    assert_null(events[1].to);
    assert_int_equal(events[1].person_id, VILLAGER);
    assert_null(events[3].to);
    assert_string_equal(events[3].transition, "verify");
    assert_string_equal(events[3].from, "solved");
    workflow_free(w);
}

static void on_behalf(void **state)
{
    struct tx *tx = test_tx(state);
    struct workflow *w = parsed(version_1);
    int64_t id = opened(tx, w, 9, NULL, T0);
    struct case_move move = {
        .case_id = id, .transition = "solve", .person_id = KEEPER, .on_behalf_id = VILLAGER,
        .roles = role_set("station"), .text = "done", .at_ms = T0, .recorded_ms = T0 };
    struct err err = { 0 };
    assert_int_equal(case_act(tx, &move, &err), OK);
    move = (struct case_move){
        .case_id = id, .transition = "verify", .person_id = BERT, .on_behalf_id = VILLAGER,
        .roles = role_set("dispatcher"), .at_ms = T0, .recorded_ms = T0 };
    assert_int_equal(case_act(tx, &move, &err), DENIED);
    assert_int_equal(act(tx, id, "verify", VILLAGER, "dispatcher", NULL), DENIED);
    assert_int_equal(act(tx, id, "verify", 0, NULL, NULL), OK);   // the program handles nothing
    workflow_free(w);
}

static void sent_again(void **state)
{
    struct tx *tx = test_tx(state);
    struct workflow *w = parsed(version_1);
    int64_t id = opened(tx, w, 9, "phone-1", T0);
    for (int i = 0; i < 10; i++) assert_int_equal(opened(tx, w, 9, "phone-1", T0 + i), id);
    assert_int_not_equal(opened(tx, w, 9, "phone-2", T0), id);
    assert_int_not_equal(opened(tx, w, 9, NULL, T0), opened(tx, w, 9, NULL, T0));

    struct err err = { 0 };
    int64_t other;
    struct case_new wanted = {
        .workflow = w, .title = "Other", .about_kind = "trip", .about_id = 10,
        .reporter_id = REPORTER, .at_ms = T0, .recorded_ms = T0, .client_key = "phone-1" };
    assert_int_equal(case_open(tx, &wanted, &other, &err), CONFLICT);
    assert_string_equal(err.field, "client_key");

    struct case_event *events;
    size_t count;
    assert_int_equal(case_history(tx, id, &events, &count, &err), OK);
    assert_int_equal(count, 1);
    workflow_free(w);
}

static void bad_openings(void **state)
{
    struct tx *tx = test_tx(state);
    struct workflow *w = parsed(version_1);
    char long_title[500] = { 0 };
    memset(long_title, 'a', sizeof long_title - 1);
    static const char *const titles[] = { NULL, "", " \t", "\xff\xfe" };
    for (size_t i = 0; i <= COUNT(titles); i++) {
        struct err err = { 0 };
        int64_t id;
        struct case_new wanted = {
            .workflow = w, .title = i < COUNT(titles) ? titles[i] : long_title,
            .about_kind = "trip", .at_ms = T0, .recorded_ms = T0 };
        assert_int_equal(case_open(tx, &wanted, &id, &err), INVALID);
        assert_string_equal(err.field, "title");
        wanted.title = "fine";
        wanted.about_kind = NULL;
        assert_int_equal(case_open(tx, &wanted, &id, &err), INVALID);
        assert_string_equal(err.field, "about");
    }
    workflow_free(w);
}

static void versions(void **state)
{
    struct tx *tx = test_tx(state);
    struct workflow *one = parsed(version_1), *two = parsed(version_2);
    int64_t old = opened(tx, one, 1, NULL, T0), young = opened(tx, two, 2, NULL, T0);
    assert_string_equal(got(tx, young).owner_role, "station");
    assert_int_equal(got(tx, young).due_ms, T0 + HOUR_MS);
    assert_string_equal(got(tx, old).owner_role, "dispatcher");
    assert_int_equal(act(tx, old, "end", KEEPER, "station", NULL), INVALID);
    assert_int_equal(act(tx, young, "end", KEEPER, "station", NULL), OK);
    assert_int_equal(act(tx, old, "solve", KEEPER, "station", "done"), OK);

    char changed[sizeof version_2];
    memcpy(changed, version_2, sizeof changed);
    *strstr(changed, "1h") = '3';
    struct workflow *edited = parsed(changed);
    struct case_new wanted = { .workflow = edited, .title = "t", .about_kind = "trip",
                               .at_ms = T0, .recorded_ms = T0 };
    struct err err = { 0 };
    int64_t id;
    assert_int_equal(case_open(tx, &wanted, &id, &err), CONFLICT);
    assert_string_equal(err.detail, "delivery_exception 2");
    workflow_free(edited);
    workflow_free(one);
    workflow_free(two);
}

static void lists(void **state)
{
    struct tx *tx = test_tx(state);
    struct workflow *w = parsed(version_1);
    int64_t late = opened(tx, w, 9, NULL, T0 + HOUR_MS), soon = opened(tx, w, 9, NULL, T0);
    int64_t waiting = opened(tx, w, 9, NULL, T0), ended = opened(tx, w, 9, NULL, T0);
    int64_t elsewhere = opened(tx, w, 10, NULL, T0 + 2 * HOUR_MS);
    assert_int_equal(act(tx, waiting, "solve", KEEPER, "station", "done"), OK);
    assert_int_equal(act(tx, ended, "solve", KEEPER, "station", "done"), OK);
    assert_int_equal(act(tx, ended, "verify", ANNA, "dispatcher", NULL), OK);
    struct case_row *rows;
    size_t count;
    struct err err = { 0 };
    assert_int_equal(case_list(tx, "delivery_exception", NULL, 0, &rows, &count, &err), OK);
    const int64_t open_ones[] = { soon, late, elsewhere, waiting };
    assert_int_equal(count, COUNT(open_ones));
    for (size_t i = 0; i < count; i++) assert_int_equal(rows[i].id, open_ones[i]);
    assert_int_equal(case_list(tx, NULL, "trip", 9, &rows, &count, &err), OK);
    const int64_t about[] = { soon, late, waiting, ended };
    assert_int_equal(count, COUNT(about));
    for (size_t i = 0; i < count; i++) assert_int_equal(rows[i].id, about[i]);
    assert_int_equal(case_list(tx, "delivery_exception", "trip", 10, &rows, &count, &err), OK);
    assert_int_equal(count, 1);
    assert_string_equal(rows[0].state_text, "Reported");
    assert_int_equal(case_list(tx, "other", "trip", 10, &rows, &count, &err), OK);
    assert_int_equal(count, 0);
    struct case_event *events;
    assert_int_equal(case_history(tx, elsewhere + 1000, &events, &count, &err), NOT_FOUND);
    workflow_free(w);
}

static const struct sql rewrite = SQL("UPDATE case_event SET text = 'nothing happened'");

static void history_stays(void **state)
{
    struct tx *tx = test_tx(state);
    struct workflow *w = parsed(version_1);
    opened(tx, w, 9, NULL, T0);
    assert_int_equal(tx_savepoint(tx), OK);
    assert_int_equal(db_run(tx, &rewrite, NO_ARGS), BROKEN);
    assert_int_equal(tx_savepoint_end(tx, false), OK);
    workflow_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_DB("a case goes from its opening to its end", life),
        TEST_DB("K.6 who handled does not verify, and the attempt is recorded", separation),
        TEST_DB("K.6 nor does another on his behalf", on_behalf),
        TEST_DB("K.12 a case sent ten times is one case", sent_again),
        TEST_DB("a case says what happened and to what", bad_openings),
        TEST_DB("K.2 a case keeps the version it was opened with", versions),
        TEST_DB("cases are listed with the soonest due first", lists),
        TEST_DB("K.9 no row of a history is ever changed", history_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
