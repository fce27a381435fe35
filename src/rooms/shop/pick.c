/* pick.c - the pick list, and what pickers tell, one line at a time.
 *
 * A pick carries an id made by the phone, and is repeated as it was until there is an answer: done,
 * already (told before) or refused with the reason. A refused one does not hold up the others. */
#include "rooms/shop/pick.h"

#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/clock.h"
#include "base/ids.h"
#include "db/db.h"
#include "rooms/shop/order.h"
#include "web/county.h"
#include "web/form.h"
#include "web/page.h"

enum { PICKS_MAX = 500, ORDERS_PAGE = 100, ID_BYTES = 64 };

const struct permission pick_permission = {
    "shop.pick", "Pick orders at the hub", "picker dispatcher admin" };

/* ---- the list ---- */

struct asked { int64_t day, after_id, limit; };
struct pick_row {
    int64_t order_id, place_id, seq, quantity;
    const char *code, *name, *unit, *bin, *note;
};
struct picks {
    struct asked asked;
    struct pick_row *rows;
    size_t count;
    int64_t last_id;
    bool more;
};

static enum status prepare_list(struct request *rq, void *in, struct err *err)
{
    struct asked *asked = in;
    // Tonight's wave from 23:00 on, this morning's before.
    asked->day = day_of(rq->arrived_ms + (24 * 3600 - CUT_OFF_S) * INT64_C(1000),
                        rq->county->zone_s);
    asked->limit = ORDERS_PAGE;
    TRY(form_i64_opt(rq, "day", 0, 4000000, &asked->day, err));
    TRY(form_i64_opt(rq, "limit", 1, 1000, &asked->limit, err));
    const char *after = NULL;
    TRY(form_str_opt(rq, "after", 40, &after, err));
    return after ? form_code(rq, "after", &asked->after_id, err) : OK;
}

static const struct sql find_picks = SQL(
    "SELECT o.id, o.place_id, l.seq, l.quantity, s.code, s.name, s.unit, s.bin, o.note"
    " FROM (SELECT id, place_id, note FROM shop_order WHERE day = $1 AND id > $2 AND state = 'paid'"
    "  ORDER BY id LIMIT $3) AS o JOIN order_line AS l ON l.order_id = o.id"
    " JOIN sku AS s ON s.id = l.sku_id WHERE l.picked IS NULL ORDER BY o.id, s.bin, l.seq");

static enum status act_list(struct tx *tx, const void *in, void *out, struct err *err)
{
    struct picks *picks = out;
    struct rows *rows;
    int64_t orders = 0;
    (void)err;
    picks->asked = *(const struct asked *)in;
    const struct asked *asked = &picks->asked;
    enum status found = db_first(tx, &find_picks,
                                 ARGS(i64(asked->day), i64(asked->after_id), i64(asked->limit)),
                                 &rows);
    for (; found == OK; found = db_next(rows)) {
        picks->rows = arena_more(tx_arena(tx), picks->rows, picks->count, sizeof *picks->rows);
        if (picks->rows == NULL) return BROKEN;
        struct pick_row *row = &picks->rows[picks->count++];
        *row = (struct pick_row){
            .order_id = row_i64(rows, 0), .place_id = row_i64(rows, 1), .seq = row_i64(rows, 2),
            .quantity = row_i64(rows, 3), .code = row_str(rows, 4), .name = row_str(rows, 5),
            .unit = row_str(rows, 6), .bin = row_str(rows, 7), .note = row_str(rows, 8),
        };
        if (row->order_id != picks->last_id) orders++;
        picks->last_id = row->order_id;
    }
    picks->more = orders >= asked->limit;
    return found == NOT_FOUND ? OK : found;
}

static json_t *pick_json(const struct pick_row *row, const char *order, size_t at)
{
    return json_pack("{s:I, s:s, s:I, s:s, s:s, s:s, s:s, s:I}", "row", (json_int_t)at, "order",
                     order, "line",
                     (json_int_t)row->seq, "bin", row->bin, "code", row->code, "name", row->name,
                     "unit", row->unit, "quantity", (json_int_t)row->quantity);
}

static json_t *show_list(struct request *rq, const void *out)
{
    const struct picks *picks = out;
    json_t *orders = json_array(), *lines = NULL;
    int64_t order_id = 0;
    char code[CODE_TEXT] = "";
    for (size_t i = 0; orders && i < picks->count; i++) {
        const struct pick_row *row = &picks->rows[i];
        if (row->order_id != order_id) {
            order_id = row->order_id;
            code_print(rq->county->code_key, order_id, code);
            lines = json_array();
            json_array_append_new(orders, json_pack("{s:s, s:I, s:s, s:o}", "order", code,
                                                    "place_id", (json_int_t)row->place_id, "note",
                                                    row->note ? row->note : "", "lines", lines));
        }
        json_array_append_new(lines, pick_json(row, code, json_array_size(lines)));
    }
    int64_t day = picks->asked.day;
    return json_pack("{s:I, s:I, s:b, s:b, s:s, s:o}", "day", (json_int_t)day, "day_ms",
                     (json_int_t)day_ms(day, DUE_S, rq->county->zone_s), "none",
                     (int)(picks->count == 0), "more", (int)picks->more, "after",
                     picks->more ? code : "", "orders", orders);
}

/* ---- what was picked ---- */

struct pick { const char *id; int64_t order_id, seq, picked; };
struct batch { struct pick *picks; size_t count; int64_t by_id, at_ms; };
struct answer { const char *id, *result, *text, *detail; };
struct answers { struct answer *at; size_t count; };

static enum status prepare_picks(struct request *rq, void *in, struct err *err)
{
    struct batch *batch = in;
    batch->by_id = rq->user_id;
    batch->at_ms = rq->arrived_ms;
    TRY(form_list(rq, "picks", PICKS_MAX, &batch->count, err));
    batch->picks = arena_new(rq->arena, batch->count * sizeof *batch->picks);
    if (batch->picks == NULL) return BROKEN;
    for (size_t i = 0; i < batch->count; i++) {
        struct request item;
        struct pick *pick = &batch->picks[i];
        TRY(form_item(rq, "picks", i, &item, err));
        TRY(form_str(&item, "id", ID_BYTES, &pick->id, err));
        TRY(form_code(&item, "order", &pick->order_id, err));
        TRY(form_i64(&item, "line", 1, LINES_MAX, &pick->seq, err));
        TRY(form_i64(&item, "picked", 0, QUANTITY_MAX, &pick->picked, err));
    }
    return OK;
}

static const struct sql add_pick = SQL(
    "INSERT INTO pick (event_id, order_id, seq, picked, by_id, at_ms)"
    " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING seq");
static const struct sql find_pick = SQL(
    "SELECT order_id, seq, picked FROM pick WHERE event_id = $1");

/* OK: done now or, *already, before. */
static enum status do_pick(struct tx *tx, const struct batch *batch, const struct pick *pick,
                           bool *already, struct err *err)
{
    struct rows *rows;
    *already = false;
    enum status added = db_first(tx, &add_pick,
        ARGS(str(pick->id), i64(pick->order_id), i64(pick->seq), i64(pick->picked),
             i64(batch->by_id), i64(batch->at_ms)), &rows);
    if (added == OK)
        return order_pick(tx, pick->order_id, pick->seq, pick->picked, batch->at_ms, err);
    if (added != NOT_FOUND) return added;
    TRY(db_first(tx, &find_pick, ARGS(str(pick->id)), &rows));
    *already = row_i64(rows, 0) == pick->order_id && row_i64(rows, 1) == pick->seq
            && row_i64(rows, 2) == pick->picked;
    if (*already) return OK;
    return err_set(err, CONFLICT, "id", "This id was used for something else.");
}

static enum status act_picks(struct tx *tx, const void *in, void *out, struct err *err)
{
    const struct batch *batch = in;
    struct answers *answers = out;
    answers->at = arena_new(tx_arena(tx), batch->count * sizeof *answers->at);
    if (answers->at == NULL) return BROKEN;
    for (; answers->count < batch->count; answers->count++) {
        const struct pick *pick = &batch->picks[answers->count];
        struct err why = { .text = "" };
        bool already;
        TRY(tx_savepoint(tx));
        enum status done = do_pick(tx, batch, pick, &already, &why);
        TRY(tx_savepoint_end(tx, done == OK));
        if (done == BROKEN || done == BUSY) {
            *err = why;
            return done;   // nothing of the batch is done; the phone sends it again
        }
        answers->at[answers->count] = (struct answer){
            .id = pick->id, .result = done != OK ? "refused" : already ? "already" : "done",
            .text = done != OK ? why.text : "",
            .detail = arena_text(tx_arena(tx), why.detail),
        };
        if (answers->at[answers->count].detail == NULL) return BROKEN;
    }
    return OK;
}

static json_t *show_picks(struct request *rq, const void *out)
{
    const struct answers *answers = out;
    json_t *list = json_array();
    for (size_t i = 0; list && i < answers->count; i++) {
        const struct answer *a = &answers->at[i];
        json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s}", "id", a->id, "result",
                                              a->result, "text", *a->text ? words(rq->lang, a->text)
                                              : "", "detail", a->detail));
    }
    return list ? json_pack("{s:o}", "answers", list) : NULL;
}

const struct route pick_routes[] = {
    { .method = GET, .path = "/shop/picks", .permission = &pick_permission, .page = "shop/picks",
      .text = "What is to be picked for a day: by order, lines by bin",
      .in_size = sizeof(struct asked), .out_size = sizeof(struct picks), .prepare = prepare_list,
      .act = act_list, .show = show_list },
    { .method = POST, .path = "/shop/picks", .permission = &pick_permission,
      .next = "/shop/picks", .lane = LANE_FIRST, .body_max = 256 * 1024,
      .text = "What was picked; each with its own answer", .in_size = sizeof(struct batch),
      .out_size = sizeof(struct answers), .prepare = prepare_picks, .act = act_picks,
      .show = show_picks },
    { 0 }
};
