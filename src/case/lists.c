/* lists.c - cases, what may be done with them, and their histories. */
#include "case/case.h"

#include <assert.h>
#include <string.h>
#include "base/arena.h"
#include "case/definition.h"
#include "case/inside.h"
#include "db/db.h"
#include "people/person.h"

/* Definitions read in this request; a list of a hundred cases reads each once. */
struct definitions { size_t count; struct definition *at; };
struct definition { int64_t id; struct workflow *workflow; };

static const struct sql find_workflow = SQL("SELECT name, text FROM case_workflow WHERE id = $1");

/* The definition a case runs by. One that was stored was checked before, so a fault is BROKEN. */
static enum status definition(struct tx *tx, struct definitions *known, int64_t id,
                              const struct workflow **out)
{
    for (size_t i = 0; i < known->count; i++)
        if (known->at[i].id == id) {
            *out = known->at[i].workflow;
            return OK;
        }
    struct rows *rows;
    struct workflow *workflow;
    enum status found = db_first(tx, &find_workflow, ARGS(i64(id)), &rows);
    if (found != OK) return found == NOT_FOUND ? BROKEN : found;
    if (workflow_read(tx_arena(tx), row_str(rows, 0), row_str(rows, 1), &workflow,
                      &(struct err){ 0 }) != OK)
        return BROKEN;
    known->at = arena_more(tx_arena(tx), known->at, known->count, sizeof *known->at);
    if (known->at == NULL) return BROKEN;
    known->at[known->count++] = (struct definition){ id, workflow };
    *out = workflow;
    return OK;
}

/* Columns of a case as read_row takes them; the definition's id last. */
#define COLUMNS "id, about_id, place_id, reporter_id, owner_id, opened_ms, due_ms, state," \
                " title, about_kind, closed, workflow_id"

static struct case_row read_row(const struct rows *rows)
{
    return (struct case_row){
        .id = row_i64(rows, 0), .about_id = row_i64(rows, 1), .place_id = row_i64(rows, 2),
        .reporter_id = row_i64(rows, 3), .owner_id = row_i64(rows, 4),
        .opened_ms = row_i64(rows, 5), .due_ms = row_null(rows, 6) ? 0 : row_i64(rows, 6),
        .state = row_str(rows, 7), .title = row_str(rows, 8), .about_kind = row_str(rows, 9),
        .closed = row_i64(rows, 10) != 0,
    };
}

static enum status define(struct tx *tx, struct definitions *known, int64_t workflow_id,
                          struct case_row *row, const struct workflow **out)
{
    TRY(definition(tx, known, workflow_id, out));
    const struct state *state = workflow_state(*out, row->state);
    if (state == NULL) return BROKEN;
    row->workflow = (*out)->name;
    row->state_text = state->text;
    row->owner_role = state->owner < 0 ? NULL : role_name((enum role)state->owner);
    return OK;
}

static const struct sql get_case = SQL("SELECT " COLUMNS " FROM case_case WHERE id = $1");

enum status case_load(struct tx *tx, int64_t case_id, struct running *out, struct err *err)
{
    struct rows *rows;
    struct definitions known = { 0 };
    enum status found = db_first(tx, &get_case, ARGS(i64(case_id)), &rows);
    if (found == NOT_FOUND)
        return err_set(err, NOT_FOUND, "case_id", "There is no such case.");
    if (found != OK) return found;
    out->row = read_row(rows);
    return define(tx, &known, row_i64(rows, 11), &out->row, &out->workflow);
}

enum status case_get(struct tx *tx, int64_t case_id, struct case_row *out, struct err *err)
{
    struct running c;
    TRY(case_load(tx, case_id, &c, err));
    *out = c.row;
    return OK;
}

static const struct sql list_about = SQL(
    "SELECT " COLUMNS " FROM case_case WHERE about_kind = $1 AND about_id = $2"
    " AND ($3 = '' OR workflow_id IN (SELECT id FROM case_workflow WHERE name = $3))"
    " ORDER BY due_ms NULLS LAST, id");
static const struct sql list_open = SQL(
    "SELECT " COLUMNS " FROM case_case WHERE closed = 0"
    " AND workflow_id IN (SELECT id FROM case_workflow WHERE name = $1)"
    " ORDER BY due_ms NULLS LAST, id");

enum status case_list(struct tx *tx, const char *workflow, const char *about_kind,
                      int64_t about_id, struct case_row **out, size_t *count, struct err *err)
{
    (void)err;
    assert(workflow || about_kind);
    struct rows *rows;
    struct definitions known = { 0 };
    int64_t *workflow_ids = NULL;
    *out = NULL;
    *count = 0;
    enum status found = about_kind
        ? db_first(tx, &list_about, ARGS(str(about_kind), i64(about_id),
                                         str(workflow ? workflow : "")), &rows)
        : db_first(tx, &list_open, ARGS(str(workflow)), &rows);
    for (; found == OK; found = db_next(rows)) {
        *out = arena_more(tx_arena(tx), *out, *count, sizeof **out);
        workflow_ids = arena_more(tx_arena(tx), workflow_ids, *count, sizeof *workflow_ids);
        if (*out == NULL || workflow_ids == NULL) return BROKEN;
        workflow_ids[*count] = row_i64(rows, 11);
        (*out)[(*count)++] = read_row(rows);
    }
    if (found != NOT_FOUND) return found;
    for (size_t i = 0; i < *count; i++) {
        const struct workflow *w;
        TRY(define(tx, &known, workflow_ids[i], &(*out)[i], &w));
    }
    return OK;
}

enum status case_choices(struct tx *tx, int64_t case_id, int64_t person_id, uint64_t roles,
                         struct case_choice **out, size_t *count, struct err *err)
{
    struct running c;
    bool handled;
    *out = NULL;
    *count = 0;
    TRY(case_load(tx, case_id, &c, err));
    TRY(case_handled_by(tx, c.workflow, case_id, person_id, &handled, err));
    size_t now = (size_t)(workflow_state(c.workflow, c.row.state) - c.workflow->states);
    for (size_t i = 0; i < c.workflow->move_count; i++) {
        const struct move *move = &c.workflow->moves[i];
        if (!(move->from >> now & 1) || !(move->roles & roles)) continue;
        if (move->not_handler && handled) continue;
        *out = arena_more(tx_arena(tx), *out, *count, sizeof **out);
        if (*out == NULL) return BROKEN;
        (*out)[(*count)++] = (struct case_choice){ move->name, move->text, move->needs_text };
    }
    return OK;
}

static const struct sql find_events = SQL(
    "SELECT at_ms, recorded_ms, person_id, on_behalf_id, move, from_state, to_state, text"
    " FROM case_event WHERE case_id = $1 ORDER BY id");

enum status case_history(struct tx *tx, int64_t case_id, struct case_event **out, size_t *count,
                         struct err *err)
{
    struct rows *rows;
    *out = NULL;
    *count = 0;
    enum status found = db_first(tx, &find_events, ARGS(i64(case_id)), &rows);
    for (; found == OK; found = db_next(rows)) {
        *out = arena_more(tx_arena(tx), *out, *count, sizeof **out);
        if (*out == NULL) return BROKEN;
        (*out)[(*count)++] = (struct case_event){
            .at_ms = row_i64(rows, 0), .recorded_ms = row_i64(rows, 1),
            .person_id = row_i64(rows, 2), .on_behalf_id = row_i64(rows, 3),
            .transition = row_str(rows, 4), .from = row_str(rows, 5), .to = row_str(rows, 6),
            .text = row_str(rows, 7),
        };
    }
    if (found != NOT_FOUND) return found;
    if (*count == 0) return err_set(err, NOT_FOUND, "case_id", "There is no such case.");
    return OK;
}

enum status case_handled_by(struct tx *tx, const struct workflow *workflow, int64_t case_id,
                            int64_t person_id, bool *out, struct err *err)
{
    struct case_event *events;
    size_t count;
    *out = false;
    if (person_id == 0) return OK;
    TRY(case_history(tx, case_id, &events, &count, err));
    for (size_t i = 0; i < count; i++) {
        const struct case_event *e = &events[i];
        const struct move *move = workflow_move(workflow, e->transition);
        if (e->to == NULL || move == NULL || move->not_handler) continue;
        if (e->person_id == person_id || e->on_behalf_id == person_id) *out = true;
    }
    return OK;
}
