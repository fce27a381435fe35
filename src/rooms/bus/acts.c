/* acts.c - acts of phones and scanners, one by one. */
#include "rooms/bus/acts.h"

#include <string.h>
#include "base/arena.h"
#include "db/db.h"
#include "people/person.h"
#include "rooms/bus/custody.h"
#include "rooms/bus/exception.h"
#include "rooms/bus/trip.h"
#include "rooms/bus/unit.h"
#include "web/county.h"
#include "web/form.h"

enum { ACTS_MAX = 500 };

enum act_kind { ACT_HAND_OVER, ACT_PACK, ACT_UNPACK, ACT_DEPART, ACT_ARRIVE, ACT_LEAVE, ACT_SKIP,
                ACT_RETURN, ACT_EXCEPTION };
static const char *const kinds[] = { "hand_over", "pack", "unpack", "depart", "arrive", "leave",
                                     "skip", "return", "exception", NULL };

struct act {
    enum act_kind kind;
    const char *id, *code, *crate, *note;
    int64_t giver_id, taker_id, place_id, trip_id, stop_id, phone_ms, offset_ms, at_ms;
    int what;                     // of an exception
    struct err refused;           // why it can't be read; status OK: it can
};

struct batch {
    struct act *acts;
    size_t count;
    struct who who;
    int64_t received_ms;
};

struct answer { const char *id, *result, *field, *text, *detail; int64_t received_ms, offset_ms; };
struct answers { struct answer *at; size_t count; };

/* ---- reading ---- */

static enum status read_exception(struct request *item, struct act *act, struct err *err)
{
    static const char *names[EXCEPTION_COUNT + 1];
    for (int k = 0; k < EXCEPTION_COUNT; k++) names[k] = exception_name((enum exception_kind)k);
    TRY(form_word(item, "what", names, &act->what, err));
    TRY(form_str_opt(item, "code", 40, &act->code, err));
    TRY(form_i64_opt(item, "trip_id", 0, ID_MAX, &act->trip_id, err));
    TRY(form_i64_opt(item, "stop_id", 0, ID_MAX, &act->stop_id, err));
    return form_str_opt(item, "note", 500, &act->note, err);
}

static enum status read_act(struct request *item, int64_t received_ms, struct act *act,
                            struct err *err)
{
    int kind;
    TRY(form_str(item, "id", 64, &act->id, err));
    TRY(form_word(item, "kind", kinds, &kind, err));
    TRY(form_i64(item, "scanned_ms", 0, MS_MAX, &act->phone_ms, err));
    TRY(form_i64_opt(item, "offset_ms", -DAY_MS * 3650, DAY_MS * 3650, &act->offset_ms, err));
    TRY(form_i64_opt(item, "place_id", 0, ID_MAX, &act->place_id, err));
    act->kind = (enum act_kind)kind;
    act->at_ms = act->phone_ms + act->offset_ms;
    if (act->at_ms < 0) return err_set(err, INVALID, "offset_ms", "Not a time.");
    if (act->at_ms > received_ms + CLOCK_OFF_MS) act->at_ms = received_ms;
    switch (act->kind) {
    case ACT_HAND_OVER:
        TRY(form_str(item, "code", 40, &act->code, err));
        TRY(form_i64(item, "giver_id", 1, ID_MAX, &act->giver_id, err));
        return form_i64(item, "taker_id", 1, ID_MAX, &act->taker_id, err);
    case ACT_PACK: case ACT_UNPACK:
        TRY(form_str(item, "code", 40, &act->code, err));
        return form_str(item, "crate", 40, &act->crate, err);
    case ACT_DEPART: case ACT_RETURN:
        return form_i64(item, "trip_id", 1, ID_MAX, &act->trip_id, err);
    case ACT_ARRIVE: case ACT_LEAVE: case ACT_SKIP:
        return form_i64(item, "stop_id", 1, ID_MAX, &act->stop_id, err);
    case ACT_EXCEPTION: break;
    }
    return read_exception(item, act, err);
}

static enum status prepare_acts(struct request *rq, void *in, struct err *err)
{
    struct batch *batch = in;
    TRY(form_list(rq, "acts", ACTS_MAX, &batch->count, err));
    batch->acts = arena_new(rq->arena, batch->count * sizeof *batch->acts);
    if (batch->acts == NULL) return BROKEN;
    batch->who = rq->who;
    batch->received_ms = rq->arrived_ms;
    for (size_t i = 0; i < batch->count; i++) {
        struct request item;
        TRY(form_item(rq, "acts", i, &item, err));
        struct act *act = &batch->acts[i];
        enum status read = read_act(&item, batch->received_ms, act, &act->refused);
        if (read == BROKEN || (read != OK && act->id == NULL)) {   // nobody to answer
            *err = act->refused;
            return read;
        }
    }
    return OK;
}

/* ---- doing ---- */

static bool may_for_all(const struct who *who)
{
    return (who->roles & role_set("dispatcher admin")) != 0;
}

static enum status do_scan(struct tx *tx, const struct batch *batch, const struct act *act,
                           int64_t *received_ms, struct err *err)
{
    struct unit unit, crate = { 0 };
    TRY(unit_by_code(tx, act->code, &unit, err));
    if (act->crate) TRY(unit_by_code(tx, act->crate, &crate, err));
    const struct who *who = &batch->who;
    bool mine = act->kind != ACT_HAND_OVER || may_for_all(who)
             || act->giver_id == who->user_id || act->taker_id == who->user_id
             || (who->place_id != 0
                 && (act->giver_id == who->place_id || act->taker_id == who->place_id));
    if (!mine) return err_set(err, DENIED, NULL, "Only giver or taker may scan a hand-over.");
    struct custody_event event = {
        .event_id = act->id, .action = (enum custody_action)act->kind, .unit_id = unit.id,
        .giver_id = act->giver_id, .taker_id = act->taker_id, .parent_id = crate.id,
        .by_id = who->user_id, .place_id = act->place_id, .phone_ms = act->phone_ms,
        .offset_ms = act->offset_ms, .scanned_ms = act->at_ms,
        .received_ms = batch->received_ms,
    };
    return custody_record(tx, &event, received_ms, err);
}

static enum status do_trip(struct tx *tx, const struct batch *batch, const struct act *act,
                           int64_t *received_ms, struct err *err)
{
    struct trip_event event = {
        .event_id = act->id, .act = (enum trip_act)(act->kind - ACT_DEPART),
        .trip_id = act->trip_id, .stop_id = act->stop_id,
        .by_id = may_for_all(&batch->who) ? 0 : batch->who.user_id,
        .phone_ms = act->phone_ms, .offset_ms = act->offset_ms, .at_ms = act->at_ms,
        .received_ms = batch->received_ms,
    };
    return trip_record(tx, &event, received_ms, err);
}

static enum status do_exception(struct tx *tx, const struct batch *batch, const struct act *act,
                                int64_t *received_ms, struct err *err)
{
    struct unit unit = { 0 };
    if (act->code) TRY(unit_by_code(tx, act->code, &unit, err));
    struct exception exception = {
        .kind = (enum exception_kind)act->what, .unit_id = unit.id,
        .consignment_id = unit.consignment_id, .stop_id = act->stop_id, .trip_id = act->trip_id,
        .place_id = act->place_id, .by_id = batch->who.user_id, .note = act->note,
        .client_key = act->id, .at_ms = act->at_ms, .recorded_ms = batch->received_ms,
    };
    *received_ms = batch->received_ms;
    return exception_open(tx, &exception, err);
}

static enum status do_act(struct tx *tx, const struct batch *batch, const struct act *act,
                          int64_t *received_ms, struct err *err)
{
    if (act->refused.status != OK) {
        *err = act->refused;
        return act->refused.status;
    }
    switch (act->kind) {
    case ACT_HAND_OVER: case ACT_PACK: case ACT_UNPACK:
        return do_scan(tx, batch, act, received_ms, err);
    case ACT_DEPART: case ACT_ARRIVE: case ACT_LEAVE: case ACT_SKIP: case ACT_RETURN:
        return do_trip(tx, batch, act, received_ms, err);
    case ACT_EXCEPTION: break;
    }
    return do_exception(tx, batch, act, received_ms, err);
}

static enum status act_acts(struct tx *tx, const void *in, void *out, struct err *err)
{
    const struct batch *batch = in;
    struct answers *answers = out;
    answers->at = arena_new(tx_arena(tx), batch->count * sizeof *answers->at);
    if (answers->at == NULL) return BROKEN;
    for (; answers->count < batch->count; answers->count++) {
        const struct act *act = &batch->acts[answers->count];
        struct answer *answer = &answers->at[answers->count];
        struct err why = { .text = "" };
        int64_t received_ms = batch->received_ms;
        answer->id = act->id;
        answer->offset_ms = act->offset_ms;
        TRY(tx_savepoint(tx));
        enum status done = do_act(tx, batch, act, &received_ms, &why);
        TRY(tx_savepoint_end(tx, done == OK));
        if (done == BROKEN || done == BUSY) {
            *err = why;
            return done;   // nothing of the batch is done; the phone sends it again
        }
        answer->received_ms = received_ms;
        answer->result = done != OK ? "refused"
                       : received_ms < batch->received_ms ? "already" : "done";
        if (done != OK) {
            answer->field = why.field;
            answer->text = why.text;
            answer->detail = arena_text(tx_arena(tx), why.detail);
        }
    }
    return OK;
}

static json_t *answer_json(const struct answer *a)
{
    json_t *row = json_pack("{s:s, s:s, s:I}", "id", a->id, "result", a->result, "received_ms",
                            (json_int_t)a->received_ms);
    if (row && a->text)
        json_object_update_new(row, json_pack("{s:s, s:s?, s:s}", "text", a->text, "field",
                                              a->field, "detail", a->detail ? a->detail : ""));
    if (row && (a->offset_ms > CLOCK_OFF_MS || a->offset_ms < -CLOCK_OFF_MS))
        json_object_set_new(row, "clock_off_ms", json_integer((json_int_t)a->offset_ms));
    return row;
}

static json_t *show_acts(struct request *rq, const void *out)
{
    const struct answers *answers = out;
    json_t *list = json_array();
    (void)rq;
    for (size_t i = 0; list && i < answers->count; i++)
        json_array_append_new(list, answer_json(&answers->at[i]));
    return list ? json_pack("{s:o}", "answers", list) : NULL;
}

const struct permission acts_permission = {
    "bus.scan", "Scan handling units and tell of trips",
    "picker driver station keeper dispatcher admin" };

const struct route acts_routes[] = {
    { .method = POST, .path = "/bus/acts", .permission = &acts_permission, .lane = LANE_FIRST,
      .text = "Acts of a phone: scans, arrivals, exceptions; an answer for each",
      .in_size = sizeof(struct batch), .out_size = sizeof(struct answers),
      .prepare = prepare_acts, .act = act_acts, .show = show_acts, .body_max = 1 << 20 },
    { 0 }
};
