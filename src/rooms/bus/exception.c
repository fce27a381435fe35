/* exception.c - exceptions as cases. */
#include "rooms/bus/exception.h"

#include <stdio.h>
#include <string.h>
#include "base/arena.h"
#include "case/case.h"
#include "db/db.h"
#include "people/person.h"
#include "rooms/bus/inside.h"
#include "web/county.h"
#include "web/form.h"

static const struct { const char *name, *text; } kinds[] = {
#define EXCEPTION(id, name, text) [EXCEPTION_##id] = { #name, text },
    EXCEPTIONS(EXCEPTION)
#undef EXCEPTION
};

const char *exception_name(enum exception_kind kind) { return kinds[kind].name; }
const char *exception_text(enum exception_kind kind) { return kinds[kind].text; }

const char exception_workflow[] =
    "workflow delivery_exception 1 \"Delivery exception\"\n"
    "state reported \"Reported\" owner dispatcher clock 2h\n"
    "state solved \"Solved\" owner dispatcher\n"
    "state closed \"Closed\" final\n"
    "move solve \"Solve\" reported -> solved by dispatcher,station,keeper,admin needs text\n"
    "move reopen \"Reopen\" solved -> reported by dispatcher,admin needs text\n"
    "move close \"Close\" solved -> closed by dispatcher,admin\n";

enum status exception_open(struct tx *tx, const struct exception *exception, struct err *err)
{
    const struct bus *bus = bus_of(tx_county(tx));
    const char *about = "trip";
    int64_t about_id = exception->trip_id, case_id;
    if (exception->stop_id) { about = "stop"; about_id = exception->stop_id; }
    if (exception->consignment_id) { about = "consignment"; about_id = exception->consignment_id; }
    if (exception->unit_id) { about = "unit"; about_id = exception->unit_id; }
    const char *note = exception->note ? exception->note : "";
    char *title = arena_printf(tx_arena(tx), "%s%s%s", exception_name(exception->kind),
                               *note ? ": " : "", note);
    if (title == NULL) return BROKEN;
    struct case_new wanted = {
        .workflow = bus->exceptions, .title = title, .about_kind = about, .about_id = about_id,
        .place_id = exception->place_id, .reporter_id = exception->by_id,
        .at_ms = exception->at_ms, .recorded_ms = exception->recorded_ms,
        .client_key = exception->client_key,
    };
    return case_open(tx, &wanted, &case_id, err);
}

/* ---- routes: open ones, and the next step of one ---- */

static const struct permission permission = {
    "bus.exceptions", "See and solve delivery exceptions", "dispatcher station keeper admin" };

/* What a case is about, in words and with the way to it. */
struct about { const char *code, *place, *plate; int64_t trip_id, number; };
struct list { struct case_row *rows; struct about *abouts; size_t count; };

static const struct sql about_unit = SQL(
    "SELECT u.code, p.name, v.plate, coalesce(t.id, 0), coalesce(t.number, 0) FROM unit AS u"
    " LEFT JOIN trip_stop AS s ON s.id = u.stop_id LEFT JOIN trip AS t ON t.id = s.trip_id"
    " LEFT JOIN vehicle AS v ON v.id = t.vehicle_id"
    " LEFT JOIN people_place AS p ON p.place_id = u.place_id WHERE u.id = $1");
static const struct sql about_consignment = SQL(
    "SELECT c.code, p.name, v.plate, coalesce(t.id, 0), coalesce(t.number, 0) FROM consignment AS c"
    " LEFT JOIN trip AS t ON t.id = c.trip_id LEFT JOIN vehicle AS v ON v.id = t.vehicle_id"
    " LEFT JOIN people_place AS p ON p.place_id = c.place_id WHERE c.id = $1");
static const struct sql about_stop = SQL(
    "SELECT NULL, p.name, v.plate, t.id, t.number FROM trip_stop AS s"
    " JOIN trip AS t ON t.id = s.trip_id JOIN vehicle AS v ON v.id = t.vehicle_id"
    " JOIN people_place AS p ON p.place_id = s.place_id WHERE s.id = $1");
static const struct sql about_trip = SQL(
    "SELECT NULL, NULL, v.plate, t.id, t.number FROM trip AS t"
    " JOIN vehicle AS v ON v.id = t.vehicle_id WHERE t.id = $1");

static const char *or_none(const char *text) { return text ? text : ""; }

static enum status read_about(struct tx *tx, const struct case_row *row, struct about *out)
{
    static const struct { const char *kind; const struct sql *sql; } finds[] = {
        { "unit", &about_unit }, { "consignment", &about_consignment }, { "stop", &about_stop },
        { "trip", &about_trip },
    };
    struct rows *rows;
    *out = (struct about){ "", "", "", 0, 0 };
    for (size_t i = 0; i < COUNT(finds); i++) {
        if (strcmp(finds[i].kind, row->about_kind) != 0) continue;
        enum status found = db_first(tx, finds[i].sql, ARGS(i64(row->about_id)), &rows);
        if (found != OK) return found == NOT_FOUND ? OK : found;
        *out = (struct about){ or_none(row_str(rows, 0)), or_none(row_str(rows, 1)),
                               or_none(row_str(rows, 2)), row_i64(rows, 3), row_i64(rows, 4) };
    }
    return OK;
}

static enum status act_list(struct tx *tx, const void *in, void *out, struct err *err)
{
    struct list *list = out;
    (void)in;
    TRY(case_list(tx, "delivery_exception", NULL, 0, &list->rows, &list->count, err));
    list->abouts = arena_new(tx_arena(tx), (list->count + 1) * sizeof *list->abouts);
    if (list->abouts == NULL) return BROKEN;
    for (size_t i = 0; i < list->count; i++)
        TRY(read_about(tx, &list->rows[i], &list->abouts[i]));
    return OK;
}

/* "breakdown: the clutch" is a kind and a note. */
static const char *title_kind(const char *title, const char **note)
{
    size_t size = strcspn(title, ":");
    *note = title[size] == ':' ? title + size + 1 + (title[size + 1] == ' ') : "";
    for (int k = 0; k < EXCEPTION_COUNT; k++)
        if (strlen(kinds[k].name) == size && strncmp(kinds[k].name, title, size) == 0)
            return kinds[k].text;
    *note = title;
    return "Exception";
}

static json_t *case_json(const struct case_row *row)
{
    const char *note, *text = title_kind(row->title, &note);
    return json_pack("{s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:b}", "id",
                     (json_int_t)row->id, "title", row->title, "what_text", text, "note", note,
                     "state", row->state, "state_text", row->state_text, "about", row->about_kind,
                     "about_id", (json_int_t)row->about_id, "place_id", (json_int_t)row->place_id,
                     "opened_ms", (json_int_t)row->opened_ms, "due_ms", (json_int_t)row->due_ms,
                     "closed", (int)row->closed);
}

static json_t *show_list(struct request *rq, const void *out)
{
    const struct list *list = out;
    bool closes = (rq->who.roles & role_set("dispatcher admin")) != 0;
    json_t *cases = json_array();
    for (size_t i = 0; cases && i < list->count; i++) {
        const struct case_row *row = &list->rows[i];
        const struct about *about = &list->abouts[i];
        bool solved = strcmp(row->state, "solved") == 0;
        json_t *view = case_json(row);
        if (view == NULL) return NULL;
        json_object_update_new(view, json_pack(
            "{s:s, s:s, s:s, s:I, s:I, s:s, s:b, s:b, s:b}", "code", about->code, "place",
            about->place, "plate", about->plate, "trip_id", (json_int_t)about->trip_id, "number",
            (json_int_t)about->number, "kind", solved ? "fine" : "bad", "overdue",
            (int)(row->due_ms && row->due_ms < rq->arrived_ms), "can_solve",
            (int)(strcmp(row->state, "reported") == 0), "can_close", (int)(solved && closes)));
        json_array_append_new(cases, view);
    }
    return cases ? json_pack("{s:I, s:o}", "count", (json_int_t)list->count, "cases", cases) : NULL;
}

static enum status prepare_move(struct request *rq, void *in, struct err *err)
{
    struct case_move *move = in;
    move->person_id = rq->user_id;
    move->roles = rq->who.roles;
    move->at_ms = move->recorded_ms = rq->arrived_ms;
    TRY(form_i64(rq, "case_id", 1, ID_MAX, &move->case_id, err));
    TRY(form_str(rq, "move", 40, &move->transition, err));
    return form_str_opt(rq, "text", 2000, &move->text, err);
}

static enum status act_move(struct tx *tx, const void *in, void *out, struct err *err)
{
    const struct case_move *move = in;
    TRY(case_act(tx, move, err));
    return case_get(tx, move->case_id, out, err);
}

static json_t *show_move(struct request *rq, const void *out)
{
    (void)rq;
    return case_json(out);
}

const struct route exception_routes[] = {
    { .method = GET, .path = "/bus/exceptions", .permission = &permission, .page = "bus/exceptions",
      .text = "Open delivery exceptions", .in_size = 1, .out_size = sizeof(struct list),
      .act = act_list, .show = show_list },
    { .method = POST, .path = "/bus/exceptions/{case_id}/{move}", .permission = &permission,
      .next = "/bus/exceptions", .text = "Solve, reopen or close an exception",
      .in_size = sizeof(struct case_move), .out_size = sizeof(struct case_row),
      .prepare = prepare_move, .act = act_move, .show = show_move },
    { 0 }
};
