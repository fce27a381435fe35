/* case.h - the one case engine: every loop that must close is a workflow and its cases.
 *
 * A workflow (流程定义) is data: a text file of states, transitions (who may, what must be filled in,
 * guards), clocks and what the public sees; versioned. A case keeps the version it was opened with.
 * Every change is a row of its history, never changed. Who handled may not verify. */
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
    int64_t place_id;
    int64_t reporter_id;          // 0: the program itself
    int64_t owner_id;             // 0: whoever has the first state's role
    int64_t at_ms;                // happened
    int64_t recorded_ms;
    const char *client_key;       // made by the phone: sent twice is one case; NULL: none
};

/* Opens a case in the workflow's first state; sent again under the same client_key it is the same
 * case. INVALID: a field of the workflow is missing. */
MUST_USE enum status case_open(struct tx *tx, const struct case_new *wanted, int64_t *case_id,
                               struct err *err);

struct case_move {
    int64_t case_id;
    const char *transition;       // "assign", "solve", "verify", "close" …
    int64_t person_id;            // who does it
    uint64_t roles;               // of that person (people/person.h); by the program: ~0
    int64_t on_behalf_id;         // keeper for a villager; 0: for himself
    const char *text;             // the result or reason, where the transition asks for one
    int64_t at_ms, recorded_ms;
};
/* Moves a case. CONFLICT: not from the state it is in. DENIED: not by this role, or who handled
 * would verify (the attempt is in the history). INVALID: text is asked for. */
MUST_USE enum status case_act(struct tx *tx, const struct case_move *move, struct err *err);

struct case_row {
    int64_t id, about_id, place_id, reporter_id, owner_id, opened_ms, due_ms;  // due 0: no clock
    const char *workflow, *state, *title, *about_kind;
    bool closed;
};
MUST_USE enum status case_get(struct tx *tx, int64_t case_id, struct case_row *out,
                              struct err *err);
/* Cases about something, or (about_kind NULL) open ones of a workflow, oldest due first. */
MUST_USE enum status case_list(struct tx *tx, const char *workflow, const char *about_kind,
                               int64_t about_id, struct case_row **out, size_t *count,
                               struct err *err);
struct case_event {
    int64_t at_ms, recorded_ms, person_id, on_behalf_id;
    const char *transition, *from, *to, *text;
};
MUST_USE enum status case_history(struct tx *tx, int64_t case_id, struct case_event **out,
                                  size_t *count, struct err *err);
#endif
