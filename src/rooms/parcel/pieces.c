/* pieces.c - one piece: taken by hand at the hub, and where it is. */
#include <string.h>
#include "base/arena.h"
#include "base/text.h"
#include "db/db.h"
#include "rooms/parcel/inside.h"
#include "rooms/parcel/layout.h"
#include "rooms/parcel/take.h"
#include "rooms/parcel/views.h"
#include "web/county.h"
#include "web/form.h"
#include "web/room.h"

/* ---- by hand ---- */

struct by_hand { struct piece piece; const char *courier; int64_t by_id, now_ms; bool sure; };

static enum status read_village(struct request *rq, int64_t *village_id, struct err *err)
{
    const char *code = NULL;
    TRY(form_str_opt(rq, "village", 40, &code, err));
    if (code == NULL) return OK;
    const struct village *village = gazetteer_by_code(parcels_of(rq->county)->gazetteer, code);
    if (village == NULL)
        return err_about(err, INVALID, "village", "There is no village of this code.", "%.20s",
                         code);
    *village_id = village->id;
    return OK;
}

static enum status read_waybill(struct request *rq, const char **out, struct err *err)
{
    char clean[WAYBILL_MAX + 1];
    const char *text;
    TRY(form_str(rq, "waybill", 60, &text, err));
    if (waybill_clean(text, clean) != OK)
        return err_set(err, INVALID, "waybill", "This is no waybill number.");
    *out = arena_text(rq->arena, clean);
    return *out ? OK : BROKEN;
}

static enum status prepare_take(struct request *rq, void *in, struct err *err)
{
    struct by_hand *hand = in;
    struct piece *p = &hand->piece;
    int kind = 1;
    int64_t sure = 0, cold = 0;
    const char *kind_name = NULL;
    hand->by_id = rq->user_id;
    hand->now_ms = rq->arrived_ms;
    *p = (struct piece){ .pieces = 1, .phone = "", .address = "" };
    TRY(form_str(rq, "courier", 60, &hand->courier, err));
    TRY(read_waybill(rq, &p->waybill, err));
    TRY(form_str(rq, "name", 120, &p->name, err));
    TRY(form_str_opt(rq, "phone", 40, &p->phone, err));
    TRY(read_village(rq, &p->village_id, err));
    if (p->village_id) TRY(form_str_opt(rq, "address", 400, &p->address, err));
    else TRY(form_str(rq, "address", 400, &p->address, err));
    TRY(form_i64(rq, "weight_g", 1, PIECE_MAX_G, &p->weight_g, err));
    p->volume_ml = p->weight_g * 5;   // as files without sizes (layout.h)
    TRY(form_i64_opt(rq, "volume_ml", 1, PIECE_MAX_ML, &p->volume_ml, err));
    TRY(form_i64_opt(rq, "value_fen", 0, 100000000, &p->value_fen, err));
    TRY(form_i64_opt(rq, "pieces", 1, PIECES_MAX, &p->pieces, err));
    TRY(form_i64_opt(rq, "cold", 0, 1, &cold, err));
    TRY(form_str_opt(rq, "kind", 20, &kind_name, err));
    if (kind_name) TRY(form_word(rq, "kind", piece_kinds, &kind, err));
    TRY(form_i64_opt(rq, "sure", 0, 1, &sure, err));
    p->kind = piece_kinds[kind];
    p->cold = cold != 0;
    hand->sure = sure != 0;
    return OK;
}

struct hand_taken { struct taken taken; const char *waybill; };

static enum status act_take(struct tx *tx, const void *in, void *of, struct err *err)
{
    const struct by_hand *hand = in;
    struct hand_taken *out = of;
    struct intake intake = { .by_id = hand->by_id, .now_ms = hand->now_ms };
    enum waybill_check check = CHECK_NONE;
    TRY(courier_find(tx, hand->courier, &intake.courier, err));
    TRY(layout_check(intake.courier.layout, &check));
    if (!hand->sure && waybill_right(hand->piece.waybill, check) != OK)
        return err_about(err, INVALID, "waybill", "The check digit is wrong: is it this number?"
                         " Then send it again with sure=1.", "%s", hand->piece.waybill);
    TRY(intake_begin(tx, &intake));
    out->waybill = hand->piece.waybill;
    return piece_take(tx, &intake, &hand->piece, &out->taken, err);
}

static json_t *show_take(struct request *rq, const void *of)
{
    const struct hand_taken *out = of;
    return taken_json(rq->lang, out->waybill, &out->taken);
}

/* ---- where it is ---- */

static enum status prepare_look(struct request *rq, void *in, struct err *err)
{
    return read_waybill(rq, (const char **)in, err);
}

struct pieces { struct piece_row_now *rows; size_t count; const char *waybill; };

static enum status act_look(struct tx *tx, const void *in, void *of, struct err *err)
{
    const char *const *waybill = in;
    struct pieces *out = of;
    out->waybill = *waybill;
    return piece_list(tx, *waybill, &out->rows, &out->count, err);
}

static json_t *show_look(struct request *rq, const void *of)
{
    const struct pieces *pieces = of;
    json_t *list = json_array();
    for (size_t i = 0; list && i < pieces->count; i++)
        json_array_append_new(list, piece_json(rq->lang, &pieces->rows[i]));
    return list ? json_pack("{s:s, s:o}", "waybill", pieces->waybill, "parcels", list) : NULL;
}

/* The search field of the home page sends the number as a query. */
const struct route piece_routes[] = {
    { .method = POST, .path = "/parcel/parcels", .permission = &take_permission,
      .next = "/parcel/parcels/{waybill}", .lane = LANE_ORDER,
      .text = "Take a parcel by hand: courier, waybill, name, phone, address or village, weight_g",
      .in_size = sizeof(struct by_hand), .out_size = sizeof(struct hand_taken),
      .prepare = prepare_take, .act = act_take, .show = show_take },
    { .method = GET, .path = "/parcel/parcels", .permission = &see_permission,
      .page = "parcel/parcel", .text = "Where parcels of a waybill number are: waybill",
      .in_size = sizeof(const char *), .out_size = sizeof(struct pieces),
      .prepare = prepare_look, .act = act_look, .show = show_look },
    { .method = GET, .path = "/parcel/parcels/{waybill}", .permission = &see_permission,
      .page = "parcel/parcel", .text = "Where parcels of a waybill number are",
      .in_size = sizeof(const char *), .out_size = sizeof(struct pieces),
      .prepare = prepare_look, .act = act_look, .show = show_look },
    { 0 }
};
