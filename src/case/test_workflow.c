/* test_workflow.c - definitions are read as they are meant, or refused with file and line. */
#include "case/workflow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/test.h"
#include "case/definition.h"

#define HEAD "workflow w 3 \"W\"\n"
#define OPENED "state a \"A\" owner dispatcher\n"
#define CLOSED "state z \"Z\" final\n"
#define END "move end \"End\" a -> z by dispatcher\n"

static void whole(void **state)
{
    (void)state;
    static const char text[] =
        "# a comment, and an empty line\n\n"
        "workflow delivery_exception 12 \"Delivery exception\"\r\n"
        "state reported \"Reported\" clock 90min owner dispatcher   # comment\n"
        "move  solve    \"Solve\" reported -> solved by dispatcher,station needs text\n"
        "state solved \"Solved # not a comment\" owner station clock 2d\n"
        "state closed \"Closed\" final\n"
        "move verify \"Verify\" solved -> closed by dispatcher not-handler needs text\n"
        "move withdraw \"Withdraw\" reported,solved -> closed by head";
    struct workflow *w = NULL;
    struct err err = { 0 };
    assert_int_equal(workflow_parse("f", text, &w, &err), OK);
    assert_string_equal(workflow_name(w), "delivery_exception");
    assert_int_equal(workflow_version(w), 12);
    assert_string_equal(w->title, "Delivery exception");
    assert_int_equal(w->state_count, 3);
    assert_int_equal(w->move_count, 3);
    assert_int_equal(w->states[0].clock_ms, 90 * MINUTE_MS);
    assert_int_equal(w->states[1].clock_ms, 2 * DAY_MS);
    assert_string_equal(w->states[1].text, "Solved # not a comment");
    assert_true(w->states[2].final && w->states[2].owner < 0);
    const struct move *verify = workflow_move(w, "verify"), *solve = workflow_move(w, "solve");
    assert_true(verify->not_handler && verify->needs_text && !solve->not_handler);
    assert_int_equal(verify->to, 2);
    assert_int_equal(workflow_move(w, "withdraw")->from, 3);
    assert_null(workflow_move(w, "reopen"));
    workflow_free(w);
    workflow_free(NULL);
}

struct refusal { const char *text, *detail; };

static const struct refusal refusals[] = {
    // the grammar
    { "", "w.txt:1: " },
    { "# only a comment\n", "w.txt:2: " },
    { OPENED, "w.txt:1: state" },
    { HEAD HEAD, "w.txt:2: w" },
    { "workflow W 1 \"W\"\n", "w.txt:1: W" },
    { "workflow 1w 1 \"W\"\n", "w.txt:1: 1w" },
    { "workflow w 0 \"W\"\n", "w.txt:1: 0" },
    { "workflow w one \"W\"\n", "w.txt:1: one" },
    { "workflow w 1\n", "w.txt:1: " },
    { "workflow w 1 W\n", "w.txt:1: W" },
    { "workflow w 1 \"W\n", "w.txt:1: \"" },
    { "workflow w 1 \" \"\n", "w.txt:1: " },
    { "workflow w 1 \"W\" again\n", "w.txt:1: again" },
    { HEAD "stat a \"A\" owner dispatcher\n", "w.txt:2: stat" },
    { HEAD "state a \"A\" owned dispatcher\n", "w.txt:2: owned" },
    { HEAD OPENED CLOSED "move end \"End\" a z by dispatcher\n", "w.txt:4: z" },
    { HEAD OPENED CLOSED "move end \"End\" a -> z\n", "w.txt:4: end" },
    { HEAD OPENED CLOSED "move end \"End\" a -> z by dispatcher needs photo\n", "w.txt:4: photo" },
    { HEAD OPENED CLOSED "move end \"End\" a -> z by dispatcher maybe\n", "w.txt:4: maybe" },
    // names
    { HEAD "state a \"A\" owner king\n", "w.txt:2: king" },
    { HEAD "state a \"A\" owner\n", "w.txt:2: " },
    { HEAD OPENED CLOSED "move end \"End\" a -> z by dispatcher,king\n", "w.txt:4: king" },
    { HEAD OPENED CLOSED "move end \"End\" a -> z by dispatcher,\n", "w.txt:4: " },
    { HEAD OPENED CLOSED "move end \"End\" b -> z by dispatcher\n", "w.txt:4: b" },
    { HEAD OPENED CLOSED "move end \"End\" a -> b by dispatcher\n", "w.txt:4: b" },
    { HEAD OPENED CLOSED "move end \"End\" a,b -> z by dispatcher\n", "w.txt:4: b" },
    { HEAD OPENED OPENED, "w.txt:3: a" },
    { HEAD OPENED CLOSED END END, "w.txt:5: end" },
    // clocks
    { HEAD "state a \"A\" owner dispatcher clock 0h\n", "w.txt:2: 0h" },
    { HEAD "state a \"A\" owner dispatcher clock -2h\n", "w.txt:2: -2h" },
    { HEAD "state a \"A\" owner dispatcher clock 2 h\n", "w.txt:2: 2" },
    { HEAD "state a \"A\" owner dispatcher clock h\n", "w.txt:2: h" },
    { HEAD "state a \"A\" owner dispatcher clock soon\n", "w.txt:2: soon" },
    { HEAD "state a \"A\" owner dispatcher clock 99999d\n", "w.txt:2: 99999d" },
    { HEAD "state a \"A\" owner dispatcher clock 99999999999999999999h\n",
      "w.txt:2: 99999999999999999999h" },
    // the whole
    { HEAD, "w.txt:1: w" },
    { HEAD OPENED, "w.txt:2: w" },
    { HEAD OPENED CLOSED, "w.txt:2: a" },
    { HEAD OPENED CLOSED "state b \"B\" owner clerk\n" END "move on \"On\" b -> z by clerk\n",
      "w.txt:4: b" },
    { HEAD OPENED CLOSED "state b \"B\" owner clerk\n" END "move on \"On\" a -> b by clerk\n",
      "w.txt:4: b" },
    { HEAD OPENED CLOSED "state b \"B\"\n" END "move on \"On\" a -> b by clerk\n"
      "move off \"Off\" b -> z by clerk\n", "w.txt:4: b" },
    { HEAD OPENED "state z \"Z\" final clock 2h\n" END, "w.txt:3: z" },
    { HEAD OPENED "state z \"Z\" final owner clerk\n" END, "w.txt:3: z" },
    { HEAD OPENED CLOSED END "move re \"Re\" z -> a by head\n", "w.txt:5: re" },
    // bytes
    { HEAD OPENED CLOSED END "\xff", "w.txt:1: " },
};

static void refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(refusals); i++) {
        struct workflow *w = NULL;
        struct err err = { 0 };
        if (workflow_parse("w.txt", refusals[i].text, &w, &err) != INVALID)
            fail_msg("not refused: %s", refusals[i].text);
        assert_null(w);
        assert_string_equal(err.field, "workflow");
        assert_non_null(err.text);
        if (strcmp(err.detail, refusals[i].detail) != 0)
            fail_msg("%s\n%s (%s), not %s", refusals[i].text, err.detail, err.text,
                     refusals[i].detail);
    }
}

static void sizes(void **state)
{
    (void)state;
    struct workflow *w = NULL;
    struct err err = { 0 };
    char *text = malloc(40000), *at = text;
    at += sprintf(at, "%s%s", HEAD, CLOSED);
    for (int i = 0; i < 64; i++) at += sprintf(at, "state a%d \"A\" owner clerk\n", i);
    assert_int_equal(workflow_parse("w", text, &w, &err), INVALID);
    assert_string_equal(err.detail, "w:66: a63");

    at = text + sprintf(text, "%s", HEAD);
    for (int i = 0; i < 16300; i++) at += sprintf(at, "a ");   // words, as many as a file holds
    assert_int_equal(workflow_parse("w", text, &w, &err), INVALID);
    memset(text, '#', 39999);
    text[39999] = '\0';
    assert_int_equal(workflow_parse("w", text, &w, &err), INVALID);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("a workflow is read as it is written", whole),
        TEST("K.1 a faulty workflow is refused with file and line", refused),
        TEST("a workflow has bounds", sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
