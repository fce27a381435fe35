/* exception.c - exceptions as cases. */
#include "rooms/bus/exception.h"

#include <stdio.h>
#include "base/arena.h"
#include "case/case.h"
#include "db/db.h"
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

struct list { struct case_row *rows; size_t count; };

static enum status act_list(struct tx *tx, const void *in, void *out, struct err *err)
{
    struct list *list = out;
    (void)in;
    return case_list(tx, "delivery_exception", NULL, 0, &list->rows, &list->count, err);
}

static json_t *case_json(const struct case_row *row)
{
    return json_pack("{s:I, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:b}", "id", (json_int_t)row->id,
                     "title", row->title, "state", row->state, "about", row->about_kind,
                     "about_id", (json_int_t)row->about_id, "place_id", (json_int_t)row->place_id,
                     "opened_ms", (json_int_t)row->opened_ms, "due_ms", (json_int_t)row->due_ms,
                     "closed", (int)row->closed);
}

static json_t *show_list(struct request *rq, const void *out)
{
    const struct list *list = out;
    json_t *cases = json_array();
    (void)rq;
    for (size_t i = 0; cases && i < list->count; i++)
        json_array_append_new(cases, case_json(&list->rows[i]));
    return cases ? json_pack("{s:o}", "cases", cases) : NULL;
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
