/* wave.c - the closing of waves. */
#include "rooms/bus/wave.h"

#include "base/clock.h"
#include "db/db.h"
#include "people/audit.h"
#include "rooms/bus/inside.h"
#include "rooms/bus/plan.h"
#include "rooms/bus/views.h"
#include "web/county.h"
#include "web/form.h"
#include "web/room.h"

static const struct sql find_wave = SQL(
    "SELECT closes_ms, coalesce(closed_ms, 0), coalesce(published_ms, 0), coalesce(plan_id, 0),"
    " state FROM wave WHERE day = $1");

enum status bus_wave(struct tx *tx, int64_t day, struct wave *out, struct err *err)
{
    struct rows *rows;
    (void)err;
    *out = (struct wave){
        .day = day, .closes_ms = day_ms(day - 1, CUT_OFF_S, tx_county(tx)->zone_s), .state = "open",
    };
    enum status found = db_first(tx, &find_wave, ARGS(i64(day)), &rows);
    if (found == NOT_FOUND) return OK;   // nobody has asked for this day yet
    if (found != OK) return found;
    out->closes_ms = row_i64(rows, 0);
    out->closed_ms = row_i64(rows, 1);
    out->published_ms = row_i64(rows, 2);
    out->plan_id = row_i64(rows, 3);
    out->state = row_str(rows, 4);
    return OK;
}

static const struct sql make_wave = SQL(
    "INSERT INTO wave (day, closes_ms, state) VALUES ($1, $2, 'open') ON CONFLICT DO NOTHING");

static enum status wave_row(struct tx *tx, int64_t day)
{
    int64_t closes_ms = day_ms(day - 1, CUT_OFF_S, tx_county(tx)->zone_s);
    return db_run(tx, &make_wave, ARGS(i64(day), i64(closes_ms)));
}

/* What is known of open waves comes from their rows again. Forgetting too much does no harm. */
static void forget_open(void *of)
{
    struct bus *bus = of;
    for (size_t i = 0; i < LIVE_DAYS; i++) bus->open[i] = (struct open_wave){ 0, 0 };
}

enum status wave_take(struct tx *tx, int64_t day, int64_t made_ms, struct err *err)
{
    struct bus *bus = bus_of(tx_county(tx));
    struct wave wave;
    for (size_t i = 0; i < LIVE_DAYS; i++)
        if (bus->open[i].day == day && made_ms < bus->open[i].closes_ms) return OK;
    TRY(wave_row(tx, day));
    TRY(bus_wave(tx, day, &wave, err));
    if (wave.closed_ms > 0 || made_ms >= wave.closes_ms)
        return err_set(err, CONFLICT, "day", bus_reason_text(BUS_CUT_OFF));
    bus->open[(uint64_t)day % LIVE_DAYS] = (struct open_wave){ day, wave.closes_ms };
    return tx_undo(tx, forget_open, bus);   // its row is perhaps no more
}

static const struct sql close_due = SQL(
    "UPDATE wave SET state = 'closed', closed_ms = $1 WHERE state = 'open' AND closes_ms <= $1"
    " RETURNING day");

/* After a wave has closed, and that is on disk, its day leaves the live plans. */
static void roll_again(void *of)
{
    struct bus *bus = of;
    bus_roll_now(bus);
    if (bus->night) night_wake(bus->night);
}

enum status wave_close_due(struct tx *tx, int64_t at_ms, struct err *err)
{
    struct county *county = tx_county(tx);
    struct bus *bus = bus_of(county);
    struct rows *rows;
    forget_open(bus);
    pthread_mutex_lock(&bus->lock);
    bool over = bus->live[0] && bus->live[0]->closes_ms <= at_ms;   // with a row or without
    pthread_mutex_unlock(&bus->lock);
    // The day that closes at this instant has a wave even if nobody ordered.
    int64_t day = day_of(at_ms, county->zone_s) + 1;
    if (at_ms >= day_ms(day - 1, CUT_OFF_S, county->zone_s)) TRY(wave_row(tx, day));
    enum status closed = db_first(tx, &close_due, ARGS(i64(at_ms)), &rows);
    over = over || closed == OK;
    for (; closed == OK; closed = db_next(rows))
        TRY(audit_note(tx, at_ms, 0, "wave.close", row_i64(rows, 0), ""));
    if (closed != NOT_FOUND) return closed;
    (void)err;
    return over ? tx_done(tx, roll_again, bus) : OK;
}

static const struct sql close_now = SQL(
    "UPDATE wave SET state = 'closed', closed_ms = $2, closed_by = $3, reason = $4, closes_ms = $2"
    " WHERE day = $1 AND state = 'open' RETURNING day");
static const struct sql move_closing = SQL(
    "UPDATE wave SET closes_ms = $2, closed_by = $3, reason = $4"
    " WHERE day = $1 AND state = 'open' RETURNING day");

enum status wave_close(struct tx *tx, int64_t day, int64_t closes_ms, int64_t at_ms,
                       int64_t person_id, const char *reason, struct err *err)
{
    struct county *county = tx_county(tx);
    struct rows *rows;
    forget_open(bus_of(county));
    if (reason == NULL || *reason == '\0')
        return err_set(err, INVALID, "reason", "Say why.");
    if (closes_ms != 0
        && (closes_ms <= at_ms || closes_ms > day_ms(day, 4 * 3600, county->zone_s)))
        return err_set(err, INVALID, "closes_ms", "Later than now and before 04:00.");
    TRY(wave_row(tx, day));
    enum status done = closes_ms
        ? db_first(tx, &move_closing,
                   ARGS(i64(day), i64(closes_ms), i64(person_id), str(reason)), &rows)
        : db_first(tx, &close_now, ARGS(i64(day), i64(at_ms), i64(person_id), str(reason)), &rows);
    if (done == NOT_FOUND) return err_set(err, CONFLICT, "day", "This wave has closed.");
    if (done != OK) return done;
    TRY(audit_note(tx, at_ms, person_id, closes_ms ? "wave.move" : "wave.close", day, reason));
    return tx_done(tx, roll_again, bus_of(county));
}

/* After a closing was committed: the night plans it. */
void wave_closed(struct county *county, int64_t due_ms)
{
    const struct bus *bus = bus_of(county);
    (void)due_ms;
    if (bus->night) night_wake(bus->night);
}

/* ---- routes ---- */

static const struct permission close_permission = {
    "bus.close_wave", "Close a wave early or late", "dispatcher admin" };

struct closing { int64_t day, closes_ms, at_ms, person_id; const char *reason; };

static enum status prepare_close(struct request *rq, void *in, struct err *err)
{
    struct closing *closing = in;
    closing->at_ms = rq->arrived_ms;
    closing->person_id = rq->user_id;
    TRY(form_i64(rq, "day", 0, 4000000, &closing->day, err));
    TRY(form_str(rq, "reason", 300, &closing->reason, err));
    return form_i64_opt(rq, "closes_ms", 0, MS_MAX, &closing->closes_ms, err);
}

static enum status act_close(struct tx *tx, const void *in, void *out, struct err *err)
{
    const struct closing *c = in;
    TRY(wave_close(tx, c->day, c->closes_ms, c->at_ms, c->person_id, c->reason, err));
    return bus_wave(tx, c->day, out, err);
}

static json_t *show_wave(struct request *rq, const void *out)
{
    (void)rq;
    const struct wave *wave = out;
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:s}", "day", (json_int_t)wave->day,
                     "closes_ms", (json_int_t)wave->closes_ms, "closed_ms",
                     (json_int_t)wave->closed_ms, "published_ms", (json_int_t)wave->published_ms,
                     "plan_id", (json_int_t)wave->plan_id, "state", wave->state);
}

static enum status prepare_see(struct request *rq, void *in, struct err *err)
{
    return form_i64(rq, "day", 0, 4000000, (int64_t *)in, err);
}

static enum status act_see(struct tx *tx, const void *in, void *out, struct err *err)
{
    const int64_t *day = in;
    return bus_wave(tx, *day, out, err);
}

const struct route wave_routes[] = {
    { .method = POST, .path = "/bus/waves/{day}/close", .permission = &close_permission,
      .next = "/bus/days/{day}", .text = "Close a wave now, or move its closing",
      .in_size = sizeof(struct closing), .out_size = sizeof(struct wave),
      .prepare = prepare_close, .act = act_close, .show = show_wave },
    { .method = GET, .path = "/bus/waves/{day}", .permission = &bus_see_plan,
      .text = "A day's wave: open, closed or published",
      .in_size = sizeof(int64_t), .out_size = sizeof(struct wave),
      .prepare = prepare_see, .act = act_see, .show = show_wave },
    { 0 }
};
