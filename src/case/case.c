/* case.c - opening cases and moving them. */
#include "case/case.h"

#include <assert.h>
#include <string.h>
#include "base/arena.h"
#include "base/text.h"
#include "case/definition.h"
#include "case/inside.h"
#include "db/db.h"
#include "people/person.h"

enum { TITLE_BYTES_MAX = 400, TEXT_BYTES_MAX = 4000, KEY_BYTES_MAX = 100 };

const char *const case_tables[] = {
    "CREATE TABLE case_workflow ("
    " id BIGINT PRIMARY KEY,"
    " name TEXT NOT NULL,"
    " version BIGINT NOT NULL CHECK (version > 0),"
    " text TEXT NOT NULL,"
    " UNIQUE (name, version));"
    "CREATE TABLE case_case ("
    " id BIGINT PRIMARY KEY,"
    " workflow_id BIGINT NOT NULL REFERENCES case_workflow (id),"
    " state TEXT NOT NULL,"
    " title TEXT NOT NULL,"
    " about_kind TEXT NOT NULL,"
    " about_id BIGINT NOT NULL,"
    " place_id BIGINT NOT NULL,"
    " reporter_id BIGINT NOT NULL,"
    " owner_id BIGINT NOT NULL,"
    " client_key TEXT UNIQUE,"
    " opened_ms BIGINT NOT NULL,"
    " due_ms BIGINT,"
    " closed BIGINT NOT NULL CHECK (closed IN (0, 1)));"
    "CREATE INDEX case_case_about ON case_case (about_kind, about_id);"
    "CREATE INDEX case_case_open ON case_case (workflow_id, closed);"
    "CREATE TABLE case_event ("
    " id BIGINT PRIMARY KEY,"
    " case_id BIGINT NOT NULL REFERENCES case_case (id),"
    " move TEXT NOT NULL,"
    " from_state TEXT,"
    " to_state TEXT,"                 // NULL: an attempt that was refused
    " text TEXT,"
    " person_id BIGINT NOT NULL,"
    " on_behalf_id BIGINT NOT NULL,"
    " at_ms BIGINT NOT NULL,"
    " recorded_ms BIGINT NOT NULL);"
    "CREATE INDEX case_event_case ON case_event (case_id, id);"
    "APPEND ONLY case_event;",
    NULL,
};

/* Cleans a text for storing. INVALID: empty though wanted, malformed or too long. NULL stays
 * NULL. */
static enum status clean(struct tx *tx, const char *text, size_t bytes_max, const char *field,
                         const char **out, struct err *err)
{
    *out = NULL;
    if (text == NULL) return OK;
    size_t size = strlen(text);
    if (size > bytes_max) return err_set(err, INVALID, field, "This text is too long.");
    if (!text_valid(text, size)) return err_set(err, INVALID, field, "This text is not UTF-8.");
    const char *cleaned = text_clean(tx_arena(tx), text);
    if (cleaned == NULL) return BROKEN;
    *out = *cleaned ? cleaned : NULL;
    return OK;
}

static const struct sql find_version = SQL(
    "SELECT id, text FROM case_workflow WHERE name = $1 AND version = $2");
static const struct sql add_version = SQL(
    "INSERT INTO case_workflow (id, name, version, text) VALUES ($1, $2, $3, $4)");

/* The stored row of a workflow's version, written when its first case comes. */
static enum status version_id(struct tx *tx, const struct workflow *w, int64_t *id,
                              struct err *err)
{
    struct rows *rows;
    enum status found = db_first(tx, &find_version, ARGS(str(w->name), i64(w->version)), &rows);
    if (found == OK) {
        if (strcmp(row_str(rows, 1), w->source) != 0)
            return err_about(err, CONFLICT, "workflow",
                             "A workflow was changed without a new version.", "%s %d", w->name,
                             w->version);
        *id = row_i64(rows, 0);
        return OK;
    }
    if (found != NOT_FOUND) return found;
    *id = tx_id(tx);
    return db_run(tx, &add_version, ARGS(i64(*id), str(w->name), i64(w->version),
                                         str(w->source)));
}

static const struct sql add_event = SQL(
    "INSERT INTO case_event (id, case_id, move, from_state, to_state, text, person_id,"
    " on_behalf_id, at_ms, recorded_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)");

static enum status note(struct tx *tx, int64_t case_id, const struct case_event *e)
{
    return db_run(tx, &add_event,
                  ARGS(i64(tx_id(tx)), i64(case_id), str(e->transition), str(e->from), str(e->to),
                       str(e->text), i64(e->person_id), i64(e->on_behalf_id), i64(e->at_ms),
                       i64(e->recorded_ms)));
}

static struct value due(const struct state *state, int64_t entered_ms)
{
    return state->clock_ms ? i64(entered_ms + state->clock_ms) : null();
}

static const struct sql find_key = SQL(
    "SELECT c.id, c.reporter_id, c.about_kind, c.about_id, w.name FROM case_case c"
    " JOIN case_workflow w ON w.id = c.workflow_id WHERE c.client_key = $1");

/* The case that was opened under this key before. NOT_FOUND: none. */
static enum status same_case(struct tx *tx, const struct case_new *wanted, const char *key,
                             int64_t *case_id, struct err *err)
{
    struct rows *rows;
    TRY(db_first(tx, &find_key, ARGS(str(key)), &rows));
    if (row_i64(rows, 1) != wanted->reporter_id || row_i64(rows, 3) != wanted->about_id
        || strcmp(row_str(rows, 2), wanted->about_kind) != 0
        || strcmp(row_str(rows, 4), wanted->workflow->name) != 0)
        return err_set(err, CONFLICT, "client_key", "Another case was sent under this key.");
    *case_id = row_i64(rows, 0);
    return OK;
}

static const struct sql add_case = SQL(
    "INSERT INTO case_case (id, workflow_id, state, title, about_kind, about_id, place_id,"
    " reporter_id, owner_id, client_key, opened_ms, due_ms, closed)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)");

enum status case_open(struct tx *tx, const struct case_new *wanted, int64_t *case_id,
                      struct err *err)
{
    const struct workflow *w = wanted->workflow;
    const struct state *first = &w->states[0];
    const char *title, *kind, *key;
    int64_t workflow_id;
    TRY(clean(tx, wanted->title, TITLE_BYTES_MAX, "title", &title, err));
    if (title == NULL) return err_set(err, INVALID, "title", "Please say what happened.");
    TRY(clean(tx, wanted->about_kind, KEY_BYTES_MAX, "about", &kind, err));
    if (kind == NULL) return err_set(err, INVALID, "about", "Please say what it is about.");
    TRY(clean(tx, wanted->client_key, KEY_BYTES_MAX, "client_key", &key, err));
    if (key) {
        enum status before = same_case(tx, wanted, key, case_id, err);
        if (before != NOT_FOUND) return before;
    }
    TRY(version_id(tx, w, &workflow_id, err));
    *case_id = tx_id(tx);
    TRY(db_run(tx, &add_case,
               ARGS(i64(*case_id), i64(workflow_id), str(first->name), str(title), str(kind),
                    i64(wanted->about_id), i64(wanted->place_id), i64(wanted->reporter_id),
                    i64(wanted->owner_id), str(key), i64(wanted->at_ms),
                    due(first, wanted->recorded_ms), i64(first->final))));
    return note(tx, *case_id, &(struct case_event){
        .transition = "open", .to = first->name, .person_id = wanted->reporter_id,
        .at_ms = wanted->at_ms, .recorded_ms = wanted->recorded_ms });
}

/* Whether this person may make this move now. */
static enum status allowed(struct tx *tx, const struct running *c, const struct move *move,
                           const struct case_move *asked, struct err *err)
{
    bool handled, for_handler = false;
    if (!(move->roles & asked->roles))
        return err_set(err, DENIED, "transition", "Your role may not do this.");
    if (!move->not_handler) return OK;
    TRY(case_handled_by(tx, c->workflow, c->row.id, asked->person_id, &handled, err));
    if (asked->on_behalf_id)
        TRY(case_handled_by(tx, c->workflow, c->row.id, asked->on_behalf_id, &for_handler, err));
    if (handled || for_handler)
        return err_set(err, DENIED, "transition", "Who handled a case may not verify it.");
    return OK;
}

static const struct sql move_case = SQL(
    "UPDATE case_case SET state = $2, owner_id = $3, due_ms = $4, closed = $5 WHERE id = $1");

/* Writes a move that is allowed. */
static enum status go(struct tx *tx, const struct running *c, const struct move *move,
                      int64_t recorded_ms)
{
    const struct workflow *w = c->workflow;
    const struct state *from = workflow_state(w, c->row.state), *to = &w->states[move->to];
    int64_t owner_id = from->owner == to->owner ? c->row.owner_id : 0;
    return db_run(tx, &move_case, ARGS(i64(c->row.id), str(to->name), i64(owner_id),
                                       due(to, recorded_ms), i64(to->final)));
}

enum status case_act(struct tx *tx, const struct case_move *asked, struct err *err)
{
    struct running c;
    const char *text;
    TRY(case_load(tx, asked->case_id, &c, err));
    TRY(clean(tx, asked->text, TEXT_BYTES_MAX, "text", &text, err));
    const struct move *move = workflow_move(c.workflow, asked->transition);
    if (move == NULL)
        return err_set(err, INVALID, "transition", "This kind of case knows no such step.");
    size_t now = (size_t)(workflow_state(c.workflow, c.row.state) - c.workflow->states);
    struct case_event event = {
        .transition = move->name, .from = c.row.state, .text = text,
        .person_id = asked->person_id, .on_behalf_id = asked->on_behalf_id,
        .at_ms = asked->at_ms, .recorded_ms = asked->recorded_ms };

    if (!(move->from >> now & 1))
        return err_about(err, CONFLICT, "transition", "The case is in another state by now.",
                         "%s", c.row.state);
    enum status may = allowed(tx, &c, move, asked, err);
    if (may == DENIED) TRY(note(tx, c.row.id, &event));   // the attempt, with no state it led to
    if (may != OK) return may;
    if (move->needs_text && text == NULL)
        return err_set(err, INVALID, "text", "Please say what was done, or why.");
    TRY(go(tx, &c, move, asked->recorded_ms));
    event.to = c.workflow->states[move->to].name;
    return note(tx, c.row.id, &event);
}
