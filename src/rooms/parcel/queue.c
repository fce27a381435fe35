/* queue.c - parcels whose address is not sure wait for a person; what he says is learned. */
#include <string.h>
#include "base/arena.h"
#include "base/ids.h"
#include "db/db.h"
#include "rooms/parcel/inside.h"
#include "rooms/parcel/sort.h"
#include "rooms/parcel/take.h"
#include "rooms/parcel/views.h"
#include "web/county.h"
#include "web/form.h"
#include "web/page.h"
#include "web/room.h"

enum { LISTED = 100 };

const struct permission sort_permission = {
    "parcel.sort", "Say to which village a parcel goes", "dispatcher picker admin" };

struct unsure {
    int64_t id, made_ms, home_id;
    const char *courier, *waybill, *name, *phone, *address, *why;
    struct sorted sorted;
};
struct queue { struct unsure *at; size_t count; };

static const struct sql find_unsure = SQL(
    "SELECT p.id, p.made_ms, c.short_name, p.waybill, p.name, p.phone, p.address, p.why,"
    " coalesce(r.place_id, 0) FROM parcel p JOIN parcel_courier c ON c.party_id = p.courier_id"
    " LEFT JOIN people_party r ON r.party_id = p.receiver_id"
    " WHERE p.state = 'unsure' ORDER BY p.id LIMIT $1");

static enum status act_queue(struct tx *tx, const void *in, void *of, struct err *err)
{
    struct queue *queue = of;
    struct rows *rows;
    struct intake intake = { 0 };
    const struct gazetteer *g = parcels_of(tx_county(tx))->gazetteer;
    (void)in;
    (void)err;
    TRY(intake_begin(tx, &intake));
    enum status found = db_first(tx, &find_unsure, ARGS(i64(LISTED)), &rows);
    for (; found == OK; found = db_next(rows)) {
        queue->at = arena_more(tx_arena(tx), queue->at, queue->count, sizeof *queue->at);
        if (queue->at == NULL) return BROKEN;
        struct unsure *u = &queue->at[queue->count++];
        *u = (struct unsure){
            .id = row_i64(rows, 0), .made_ms = row_i64(rows, 1), .courier = row_str(rows, 2),
            .waybill = row_str(rows, 3), .name = row_str(rows, 4), .phone = row_str(rows, 5),
            .address = row_str(rows, 6), .why = row_str(rows, 7), .home_id = row_i64(rows, 8),
        };
        TRY(sort_address(g, intake.nicknames, intake.nickname_count, tx_arena(tx), u->address, 0,
                         &u->sorted));
    }
    return found == NOT_FOUND ? OK : found;
}

static void add_village(json_t *list, const struct gazetteer *g, int64_t village_id)
{
    const struct village *village = gazetteer_village(g, village_id);
    if (village == NULL || village->code == NULL) return;
    json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "code", village->code, "village",
                                          village->name, "township", village->township));
}

/* What the address hints at, best first, and where the receiver lives. */
static json_t *candidates(const struct gazetteer *g, const struct unsure *u)
{
    json_t *list = json_array();
    bool home = false;
    for (size_t i = 0; list && i < u->sorted.count; i++) {
        add_village(list, g, u->sorted.candidates[i]);
        home = home || u->sorted.candidates[i] == u->home_id;
    }
    if (list && u->home_id && !home) add_village(list, g, u->home_id);
    return list;
}

static json_t *show_queue(struct request *rq, const void *of)
{
    const struct queue *queue = of;
    const struct gazetteer *g = parcels_of(rq->county)->gazetteer;
    json_t *list = json_array();
    for (size_t i = 0; list && i < queue->count; i++) {
        const struct unsure *u = &queue->at[i];
        json_array_append_new(list,
            json_pack("{s:I, s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:o}", "parcel_id",
                      (json_int_t)u->id, "made_ms", (json_int_t)u->made_ms, "courier", u->courier,
                      "waybill", u->waybill, "name", u->name, "phone", u->phone, "address",
                      u->address, "why", u->why ? words(rq->lang, u->why) : "", "villages",
                      candidates(g, u)));
    }
    return list ? json_pack("{s:o}", "parcels", list) : NULL;
}

/* ---- saying where ---- */

/* A village's code, or its township and name as an address has them. */
static enum status find_village(struct request *rq, const char *text, int64_t *village_id,
                                struct err *err)
{
    const struct gazetteer *g = parcels_of(rq->county)->gazetteer;
    const struct village *village = gazetteer_by_code(g, text);
    struct sorted sorted = { .village_id = village ? village->id : 0 };
    if (village == NULL) TRY(sort_address(g, NULL, 0, rq->arena, text, 0, &sorted));
    *village_id = sorted.village_id;
    if (*village_id) return OK;
    return err_about(err, INVALID, "village", sort_why_text(sorted.why), "%.60s", text);
}

static enum status prepare_place(struct request *rq, void *in, struct err *err)
{
    struct placing *placing = in;
    const char *text = NULL, *other = NULL;
    placing->by_id = rq->user_id;
    placing->now_ms = rq->arrived_ms;
    TRY(form_i64(rq, "parcel_id", 1, ID_MAX, &placing->parcel_id, err));
    TRY(form_str_opt(rq, "other", 90, &other, err));   // typed on the page, instead of a choice
    TRY(form_str_opt(rq, "village", 90, &text, err));
    if (other) text = other;
    if (text == NULL) return err_set(err, INVALID, "village", "Please choose the village.");
    TRY(find_village(rq, text, &placing->village_id, err));
    return form_str_opt(rq, "nickname", 60, &placing->nickname, err);
}

static enum status act_place(struct tx *tx, const void *in, void *of, struct err *err)
{
    return piece_place(tx, in, of, err);
}

static json_t *show_place(struct request *rq, const void *of)
{
    return taken_json(rq->lang, "", of);
}

const struct route queue_routes[] = {
    { .method = GET, .path = "/parcel/unsure", .permission = &sort_permission,
      .page = "parcel/unsure", .text = "Parcels whose village somebody must say", .in_size = 1,
      .out_size = sizeof(struct queue), .act = act_queue, .show = show_queue },
    { .method = POST, .path = "/parcel/parcels/{parcel_id}/place", .permission = &sort_permission,
      .next = "/parcel/unsure", .text = "Say to which village a parcel goes: village, nickname",
      .in_size = sizeof(struct placing), .out_size = sizeof(struct taken),
      .prepare = prepare_place, .act = act_place, .show = show_place },
    { 0 }
};
