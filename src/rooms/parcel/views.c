/* views.c - see views.h. */
#include "rooms/parcel/views.h"

#include <string.h>
#include "rooms/parcel/report.h"
#include "rooms/parcel/take.h"
#include "web/page.h"

static const char *said(const char *lang, const char *text)
{
    return text && *text ? words(lang, text) : "";
}

static const char *or_empty(const char *text) { return text ? text : ""; }

/* A piece's state in words: its own, then those of bus_consignment_now. */
static const char *state_text(const char *state)
{
    static const struct { const char *name, *text; } states[] = {
        { "unsure", "Village not known yet" }, { "waiting", "Waits for a bus" },
        { "consigned", "Goes by bus" }, { "planned", "Goes by bus" }, { "packed", "Packed" },
        { "on_bus", "On the bus" }, { "at_point", "At the point" },
        { "collected", "Collected" }, { "withdrawn", "Withdrawn" },
        { "excepted", "Something went wrong" }, { "at_hub", "At the hub" },
    };
    for (size_t i = 0; state && i < sizeof states / sizeof *states; i++)
        if (strcmp(states[i].name, state) == 0) return states[i].text;
    return "";
}

json_t *report_json(const struct report *r)
{
    return json_pack("{s:I, s:I, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I}",
                     "file_id", (json_int_t)r->file_id, "made_ms", (json_int_t)r->made_ms,
                     "courier", r->courier, "name", r->name, "rows", (json_int_t)r->rows,
                     "taken", (json_int_t)r->taken, "already", (json_int_t)r->already,
                     "unsure", (json_int_t)r->unsure, "wrong_rows", (json_int_t)r->wrong,
                     "waiting", (json_int_t)r->waiting);
}

json_t *report_row_json(const char *lang, const struct report_row *r)
{
    return json_pack("{s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I}", "line",
                     (json_int_t)r->line, "waybill", or_empty(r->waybill), "state", r->state,
                     "column", or_empty(r->column), "text", said(lang, r->text), "about",
                     or_empty(r->about), "where", or_empty(r->where),
                     "where_text", said(lang, state_text(r->where)), "place",
                     or_empty(r->place), "day", (json_int_t)r->day);
}

json_t *taken_json(const char *lang, const char *waybill, const struct taken *t)
{
    return json_pack("{s:I, s:s, s:s, s:I, s:s, s:s, s:s}", "parcel_id",
                     (json_int_t)t->parcel_id, "waybill", waybill, "result",
                     take_result_name(t->result), "day", (json_int_t)t->day, "why",
                     said(lang, t->why), "where", or_empty(t->state), "place",
                     or_empty(t->place));
}

static json_t *facts_json(const struct piece_row_now *p)
{
    return json_pack("{s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:b, s:I, s:I}",
                     "id", (json_int_t)p->id, "courier", p->courier, "waybill", p->waybill,
                     "kind", p->kind, "from", or_empty(p->from), "village",
                     or_empty(p->village), "to", or_empty(p->place), "address", p->address,
                     "weight_g", (json_int_t)p->weight_g, "volume_ml", (json_int_t)p->volume_ml,
                     "cold", (int)p->cold, "value_fen", (json_int_t)p->value_fen, "pieces",
                     (json_int_t)p->pieces);
}

json_t *piece_json(const char *lang, const struct piece_row_now *p)
{
    json_t *view = facts_json(p);
    json_t *now = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I}",
                            "name", p->name, "phone", p->phone, "state", p->state,
                            "state_text", said(lang, state_text(p->state)), "why",
                            said(lang, p->why), "plate", or_empty(p->plate), "day",
                            (json_int_t)p->day, "made_ms", (json_int_t)p->made_ms, "due_ms",
                            (json_int_t)p->due_ms, "eta_ms", (json_int_t)p->eta_ms,
                            "delivered_ms", (json_int_t)p->delivered_ms, "collected_ms",
                            (json_int_t)p->collected_ms);
    if (view == NULL || now == NULL || json_object_update(view, now) != 0) {
        json_decref(view);
        view = NULL;
    }
    json_decref(now);
    return view;
}
