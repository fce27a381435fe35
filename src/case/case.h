/* case.h - the one case engine: every loop that must close is a workflow and its cases.
 *
 * A workflow (流程定义) is data: a text file of states, moves (who may, what must be filled in) and
 * clocks (workflow.h); versioned. A case (事项) keeps the version it was opened with: the text of
 * each version is stored with the first case of it. Every change is a row of the history, which is
 * never changed. Who handled a case may not verify it.
 *
 * A case always has somebody who must act: the role of its state, or the person owner_id until the
 * case comes to a state of another role. due_ms is when the state should be left: the instant the
 * program learnt of it (recorded_ms) plus the state's clock, in plain hours.
 *
 * Writing functions are called in the county's one writer. Text and rows are borrowed from the
 * arena of tx. Titles are at most 400 bytes of UTF-8, texts 4000; both are cleaned
 * (base/text.h). */
#ifndef CUNHUO_CASE_CASE_H
#define CUNHUO_CASE_CASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/status.h"
#include "case/workflow.h"

struct arena;
struct tx;

extern const char *const case_tables[];   // migrated as room "case"

struct case_new {
    const struct workflow *workflow;
    const char *title;            // what happened, in a line
    const char *about_kind;       // "unit", "trip", "order" …
    int64_t about_id;
    int64_t place_id;             // 0: nowhere
    int64_t reporter_id;          // 0: the program itself
    int64_t owner_id;             // 0: whoever has the first state's role
    int64_t at_ms;                // happened
    int64_t recorded_ms;
    const char *client_key;       // made by the phone: sent twice is one case; NULL: none
};

/* Opens a case in the workflow's first state; sent again under the same client_key it is the same
 * case. INVALID: no title or about_kind, or too long. CONFLICT: the client_key is another's case,
 * or the workflow was changed without a new version. */
MUST_USE enum status case_open(struct tx *tx, const struct case_new *wanted, int64_t *case_id,
                               struct err *err);

struct case_move {
    int64_t case_id;
    const char *transition;       // "assign", "solve", "verify", "close" …
    int64_t person_id;            // who does it; 0: the program
    uint64_t roles;               // of that person (people/person.h); by the program: ~0
    int64_t on_behalf_id;         // keeper for a villager; 0: for himself
    const char *text;             // the result or reason, where the move asks for one; or NULL
    int64_t at_ms, recorded_ms;
};
/* Moves a case. NOT_FOUND: no such case. CONFLICT: not from the state it is in. DENIED: not by this
 * role, or who handled would verify; the attempt is written into the history (with `to` NULL),
 * where it stays if the caller's act ends with OK: so an act that wants it kept carries the refusal
 * in its answer. INVALID: the workflow has no such move, or text is asked for. */
MUST_USE enum status case_act(struct tx *tx, const struct case_move *move, struct err *err);

struct case_row {
    int64_t id, about_id, place_id, reporter_id, owner_id, opened_ms, due_ms;  // due 0: no clock
    const char *workflow, *state, *title, *about_kind;
    const char *state_text;       // msgid
    const char *owner_role;       // who must act: "dispatcher"; NULL: closed
    bool closed;
};
/* NOT_FOUND. */
MUST_USE enum status case_get(struct tx *tx, int64_t case_id, struct case_row *out,
                              struct err *err);
/* Cases about something (workflow may be NULL: any), or (about_kind NULL) open ones of a workflow;
 * soonest due first, those without a clock last. None is OK with *count 0. */
MUST_USE enum status case_list(struct tx *tx, const char *workflow, const char *about_kind,
                               int64_t about_id, struct case_row **out, size_t *count,
                               struct err *err);

/* What somebody with these roles may do with a case as it stands: the buttons of its page. Moves
 * that he may not make because he handled the case are left out. */
struct case_choice {
    const char *transition, *text;   // text: msgid
    bool needs_text;
};
MUST_USE enum status case_choices(struct tx *tx, int64_t case_id, int64_t person_id,
                                  uint64_t roles, struct case_choice **out, size_t *count,
                                  struct err *err);

/* What was done and tried, in that order. The first is the opening ("open", from NULL). */
struct case_event {
    int64_t at_ms, recorded_ms, person_id, on_behalf_id;
    const char *transition, *from, *to, *text;   // to NULL: refused; text NULL: none
};
MUST_USE enum status case_history(struct tx *tx, int64_t case_id, struct case_event **out,
                                  size_t *count, struct err *err);
#endif
