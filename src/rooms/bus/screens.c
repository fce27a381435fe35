/* screens.c - buttons of drivers, keepers and stations. */
#include "rooms/bus/screens.h"

#include <string.h>
#include "base/arena.h"
#include "db/db.h"
#include "people/person.h"
#include "rooms/bus/acts.h"
#include "rooms/bus/custody.h"
#include "rooms/bus/exception.h"
#include "rooms/bus/trip.h"
#include "web/form.h"

enum { UNITS_MAX = 300 };         // of one stop

struct press press_of(const struct request *rq)
{
    return (struct press){ .who = rq->who, .at_ms = rq->arrived_ms, .key = rq->key };
}

static const char *next_id(struct tx *tx, struct press *press)
{
    return arena_printf(tx_arena(tx), "%s-%lld", press->key ? press->key : "",
                        (long long)++press->count);
}

enum status press_hand_over(struct tx *tx, struct press *press, int64_t unit_id, int64_t giver_id,
                            int64_t taker_id, int64_t place_id, struct err *err)
{
    int64_t received_ms;
    struct custody_event event = {
        .event_id = next_id(tx, press), .action = HAND_OVER, .unit_id = unit_id,
        .giver_id = giver_id, .taker_id = taker_id, .by_id = press->who.user_id,
        .place_id = place_id, .phone_ms = press->at_ms, .scanned_ms = press->at_ms,
        .received_ms = press->at_ms,
    };
    return event.event_id ? custody_record(tx, &event, &received_ms, err) : BROKEN;
}

/* ---- a trip's units that change hands by themselves: no bag inside of a crate ---- */

struct unit_row {
    int64_t id, holder_id, origin_id, end_id, stop_id, place_id, departed_ms;
    const char *code;
    bool up;
};

static const struct sql find_units = SQL(
    "SELECT u.id, u.holder_id, u.origin_id, u.end_id, s.id, s.place_id,"
    " coalesce(s.departed_ms, 0), u.code, u.up FROM unit AS u"
    " JOIN trip_stop AS s ON s.id = u.stop_id"
    " WHERE s.trip_id = $1 AND s.state <> 'replaced' AND u.parent_id = 0"
    " AND (u.consignment_id IS NULL OR u.planned_parent_id IS NULL) ORDER BY s.seq, u.id");

static struct unit_row unit_of(const struct rows *rows)
{
    return (struct unit_row){
        .id = row_i64(rows, 0), .holder_id = row_i64(rows, 1), .origin_id = row_i64(rows, 2),
        .end_id = row_i64(rows, 3), .stop_id = row_i64(rows, 4), .place_id = row_i64(rows, 5),
        .departed_ms = row_i64(rows, 6), .code = row_str(rows, 7), .up = row_i64(rows, 8) != 0,
    };
}

static bool for_all(const struct who *who)
{
    return (who->roles & role_set("dispatcher admin")) != 0;
}

static enum status own_trip(struct tx *tx, const struct press *press, int64_t trip_id,
                            struct trip *trip, struct err *err)
{
    TRY(trip_get(tx, trip_id, trip, err));
    if (trip->driver_id == 0)
        return err_set(err, CONFLICT, "trip_id", "This trip has no driver yet.");
    return for_all(&press->who) || trip->driver_id == press->who.user_id
         ? OK : err_set(err, DENIED, "trip_id", "This is another driver's trip.");
}

static enum status tell(struct tx *tx, struct press *press, enum trip_act act, int64_t trip_id,
                        int64_t stop_id, struct err *err)
{
    int64_t received_ms;
    struct trip_event event = {
        .event_id = next_id(tx, press), .act = act, .trip_id = trip_id, .stop_id = stop_id,
        .by_id = for_all(&press->who) ? 0 : press->who.user_id, .phone_ms = press->at_ms,
        .at_ms = press->at_ms, .received_ms = press->at_ms,
    };
    return event.event_id ? trip_record(tx, &event, &received_ms, err) : BROKEN;
}

/* ---- buttons of a trip: loaded, departed, back ---- */

enum trip_step { STEP_LOAD, STEP_DEPART, STEP_RETURN };
static const char *const trip_steps[] = { "load", "depart", "return", NULL };

struct trip_press { struct press press; int64_t trip_id; int step; };

static enum status prepare_trip(struct request *rq, void *in, struct err *err)
{
    struct trip_press *p = in;
    p->press = press_of(rq);
    TRY(form_i64(rq, "trip_id", 1, ID_MAX, &p->trip_id, err));
    return form_word(rq, "step", trip_steps, &p->step, err);
}

/* All that is for stops still ahead comes to the driver: from the hub, or from a bus that broke. */
static enum status load(struct tx *tx, struct press *press, const struct trip *trip,
                        struct err *err)
{
    struct rows *rows;
    enum status found = db_first(tx, &find_units, ARGS(i64(trip->id)), &rows);
    for (; found == OK; found = db_next(rows)) {
        struct unit_row u = unit_of(rows);
        if (u.up || u.departed_ms || u.holder_id == trip->driver_id || u.holder_id == u.place_id)
            continue;
        int64_t at_id = u.holder_id == u.origin_id ? u.origin_id : 0;
        TRY(press_hand_over(tx, press, u.id, u.holder_id, trip->driver_id, at_id, err));
    }
    return found == NOT_FOUND ? OK : found;
}

/* Back at the hub: what was picked up on the way is handed over there. */
static enum status unload(struct tx *tx, struct press *press, const struct trip *trip,
                          struct err *err)
{
    struct rows *rows;
    enum status found = db_first(tx, &find_units, ARGS(i64(trip->id)), &rows);
    for (; found == OK; found = db_next(rows)) {
        struct unit_row u = unit_of(rows);
        if (!u.up || u.holder_id != trip->driver_id) continue;
        TRY(press_hand_over(tx, press, u.id, trip->driver_id, u.end_id, u.end_id, err));
    }
    return found == NOT_FOUND ? OK : found;
}

static enum status act_trip(struct tx *tx, const void *in, void *out, struct err *err)
{
    struct trip_press p = *(const struct trip_press *)in;
    struct trip trip;
    TRY(own_trip(tx, &p.press, p.trip_id, &trip, err));
    *(int64_t *)out = trip.id;
    switch ((enum trip_step)p.step) {
    case STEP_LOAD: return load(tx, &p.press, &trip, err);
    case STEP_DEPART: return tell(tx, &p.press, TRIP_DEPART, trip.id, 0, err);
    case STEP_RETURN: break;
    }
    TRY(tell(tx, &p.press, TRIP_RETURN, trip.id, 0, err));
    return unload(tx, &p.press, &trip, err);
}

static json_t *show_trip(struct request *rq, const void *out)
{
    (void)rq;
    return json_pack("{s:I}", "trip_id", (json_int_t)*(const int64_t *)out);
}

/* ---- buttons of a stop: there, handed over, on; or left out ---- */

enum stop_step { STEP_ARRIVE, STEP_LEAVE, STEP_SKIP, STEP_HAND_OVER };
static const char *const stop_steps[] = { "arrive", "leave", "skip", "hand_over", NULL };

struct ticked { const char *code; int64_t here; };
struct stop_press {
    struct press press;
    int64_t stop_id;
    int step;
    struct ticked *units;         // HAND_OVER: what the page showed, and whether it is there
    size_t unit_count;
};

static enum status prepare_stop(struct request *rq, void *in, struct err *err)
{
    struct stop_press *p = in;
    p->press = press_of(rq);
    TRY(form_i64(rq, "stop_id", 1, ID_MAX, &p->stop_id, err));
    TRY(form_word(rq, "step", stop_steps, &p->step, err));
    if (p->step != STEP_HAND_OVER) return OK;
    TRY(form_list(rq, "units", UNITS_MAX, &p->unit_count, err));
    p->units = arena_new(rq->arena, p->unit_count * sizeof *p->units);
    if (p->units == NULL) return BROKEN;
    for (size_t i = 0; i < p->unit_count; i++) {
        struct request item;
        p->units[i].here = 0;
        TRY(form_item(rq, "units", i, &item, err));
        TRY(form_str(&item, "code", 40, &p->units[i].code, err));
        TRY(form_i64_opt(&item, "here", 0, 1, &p->units[i].here, err));
    }
    return OK;
}

static const struct ticked *ticked(const struct stop_press *p, const char *code)
{
    for (size_t i = 0; i < p->unit_count; i++)
        if (strcmp(p->units[i].code, code) == 0) return &p->units[i];
    return NULL;
}

static enum status missing(struct tx *tx, struct press *press, const struct unit_row *unit,
                           struct err *err)
{
    struct exception exception = {
        .kind = EXCEPTION_SHORT, .unit_id = unit->id, .place_id = unit->place_id,
        .by_id = press->who.user_id, .client_key = next_id(tx, press), .at_ms = press->at_ms,
        .recorded_ms = press->at_ms,
    };
    return exception.client_key ? exception_open(tx, &exception, err) : BROKEN;
}

/* Each unit of the list: down to the place, up to the driver; what was not ticked is missing. */
static enum status hand_over(struct tx *tx, struct stop_press *p, const struct trip *trip,
                             struct err *err)
{
    struct rows *rows;
    enum status found = db_first(tx, &find_units, ARGS(i64(trip->id)), &rows);
    for (; found == OK; found = db_next(rows)) {
        struct unit_row u = unit_of(rows);
        const struct ticked *tick = u.stop_id == p->stop_id ? ticked(p, u.code) : NULL;
        int64_t giver_id = u.up ? u.origin_id : trip->driver_id;
        if (tick == NULL || u.holder_id != giver_id) continue;
        if (tick->here)
            TRY(press_hand_over(tx, &p->press, u.id, giver_id, u.up ? trip->driver_id : u.place_id,
                                u.place_id, err));
        else
            TRY(missing(tx, &p->press, &u, err));
    }
    return found == NOT_FOUND ? OK : found;
}

static const struct sql trip_of_stop = SQL("SELECT trip_id FROM trip_stop WHERE id = $1");

static enum status act_stop(struct tx *tx, const void *in, void *out, struct err *err)
{
    struct stop_press p = *(const struct stop_press *)in;
    struct trip trip;
    struct rows *rows;
    enum status found = db_first(tx, &trip_of_stop, ARGS(i64(p.stop_id)), &rows);
    if (found == NOT_FOUND) return err_set(err, NOT_FOUND, "stop_id", "There is no such stop.");
    if (found != OK) return found;
    TRY(own_trip(tx, &p.press, row_i64(rows, 0), &trip, err));
    *(int64_t *)out = trip.id;
    switch ((enum stop_step)p.step) {
    case STEP_ARRIVE: return tell(tx, &p.press, TRIP_ARRIVE, trip.id, p.stop_id, err);
    case STEP_LEAVE: return tell(tx, &p.press, TRIP_LEAVE, trip.id, p.stop_id, err);
    case STEP_SKIP: return tell(tx, &p.press, TRIP_SKIP, trip.id, p.stop_id, err);
    case STEP_HAND_OVER: break;
    }
    return hand_over(tx, &p, &trip, err);
}

/* ---- something is wrong ---- */

struct trouble { struct press press; int64_t trip_id, stop_id; int what; const char *note; };

static enum status prepare_trouble(struct request *rq, void *in, struct err *err)
{
    static const char *names[EXCEPTION_COUNT + 1];
    struct trouble *t = in;
    for (int k = 0; k < EXCEPTION_COUNT; k++) names[k] = exception_name((enum exception_kind)k);
    t->press = press_of(rq);
    TRY(form_i64(rq, "trip_id", 1, ID_MAX, &t->trip_id, err));
    TRY(form_i64_opt(rq, "stop_id", 0, ID_MAX, &t->stop_id, err));
    TRY(form_word(rq, "what", names, &t->what, err));
    return form_str_opt(rq, "note", 300, &t->note, err);
}

static enum status act_trouble(struct tx *tx, const void *in, void *out, struct err *err)
{
    struct trouble t = *(const struct trouble *)in;
    struct trip trip;
    TRY(own_trip(tx, &t.press, t.trip_id, &trip, err));
    struct exception exception = {
        .kind = (enum exception_kind)t.what, .trip_id = trip.id, .stop_id = t.stop_id,
        .by_id = t.press.who.user_id, .note = t.note, .client_key = next_id(tx, &t.press),
        .at_ms = t.press.at_ms, .recorded_ms = t.press.at_ms,
    };
    *(int64_t *)out = trip.id;
    return exception.client_key ? exception_open(tx, &exception, err) : BROKEN;
}

const struct route screen_routes[] = {
    { .method = POST, .path = "/bus/trips/{trip_id}/{step}", .permission = &acts_permission,
      .next = "/bus/trips/{trip_id}", .text = "A trip is loaded, departs, or is back",
      .lane = LANE_FIRST, .in_size = sizeof(struct trip_press), .out_size = sizeof(int64_t),
      .prepare = prepare_trip, .act = act_trip, .show = show_trip },
    { .method = POST, .path = "/bus/trips/{trip_id}/trouble", .permission = &acts_permission,
      .next = "/bus/trips/{trip_id}", .text = "Something is wrong on a trip",
      .lane = LANE_FIRST, .in_size = sizeof(struct trouble), .out_size = sizeof(int64_t),
      .prepare = prepare_trouble, .act = act_trouble, .show = show_trip },
    { .method = POST, .path = "/bus/stops/{stop_id}/{step}", .permission = &acts_permission,
      .next = "/bus/trips/{trip_id}#now", .text = "A stop is reached, served, left or left out",
      .lane = LANE_FIRST, .in_size = sizeof(struct stop_press), .out_size = sizeof(int64_t),
      .prepare = prepare_stop, .act = act_stop, .show = show_trip },
    { 0 }
};
