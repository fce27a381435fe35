/* promise.c - promises, and consignments into and out of the live plan. */
#include "rooms/bus/bus.h"

#include "base/arena.h"
#include "base/clock.h"
#include "db/db.h"
#include "route/route.h"
#include "rooms/bus/inside.h"
#include "rooms/bus/wave.h"
#include "web/county.h"

static const struct { const char *name, *text; } reasons[] = {
    [BUS_FITS] = { "fits", "On time" },
    [BUS_CUT_OFF] = { "cut_off", "Orders for this day have closed." },
    [BUS_FULL] = { "full", "The buses of this day are full." },
    [BUS_NO_ROAD] = { "no_road", "The road is closed." },
    [BUS_NO_STOP] = { "no_stop", "No bus stops there." },
    [BUS_NO_SERVICE] = { "no_service", "No bus can be there in time." },
};

const char *bus_reason_name(enum bus_reason reason) { return reasons[reason].name; }
const char *bus_reason_text(enum bus_reason reason) { return reasons[reason].text; }

/* ---- promises ---- */

static int64_t due_ms(const struct county *county, int64_t day, bool up)
{
    return day_ms(day, up ? DUE_UP_S : DUE_S, county->zone_s);
}

/* What has no volume takes up as much as a letter. */
static struct need space_of(const struct need *need)
{
    struct need space = *need;
    if (space.dry_ml == 0 && space.cold_ml == 0) space.dry_ml = 1;
    return space;
}

/* Whether it fits on a day, and when it would be there. */
static enum bus_reason ask_day(const struct live *live, int64_t place_id, bool up,
                               const struct need *need, int64_t now_ms, int32_t *at_s)
{
    int64_t cost;
    if (now_ms >= live->closes_ms) return BUS_CUT_OFF;
    int32_t place = network_place(live->network, place_id);
    return place < 1 ? BUS_NO_STOP : live_quote(live, place, up, need, at_s, &cost);
}

enum status bus_promise(struct county *county, int64_t place_id, bool up, const struct need *need,
                        int64_t day_min, int64_t now_ms, struct promise *out, struct err *err)
{
    struct bus *bus = bus_of(county);
    struct need space = space_of(need);
    enum bus_reason first = BUS_FITS;
    bool found = false;
    pthread_mutex_lock(&bus->lock);
    // The first day that could be asked for: tomorrow, or today while its closing is put off.
    int64_t next = day_of(now_ms, county->zone_s) + 1;
    if (bus->live[0] && bus->live[0]->day < next) next = bus->live[0]->day;
    if (day_min < next) day_min = next;
    for (size_t i = 0; i < LIVE_DAYS && !found; i++) {
        const struct live *live = bus->live[i];
        if (live == NULL || live->day < day_min) continue;
        if (live->day > day_min && first == BUS_FITS) first = BUS_CUT_OFF;
        int32_t at_s = 0;
        enum bus_reason reason = ask_day(live, place_id, up, &space, now_ms, &at_s);
        found = reason == BUS_FITS;
        if (found)
            *out = (struct promise){
                .day = live->day, .due_ms = due_ms(county, live->day, up),
                .closes_ms = live->closes_ms, .eta_ms = day_ms(live->day, at_s, county->zone_s),
            };
        else if (first == BUS_FITS) first = reason;
    }
    pthread_mutex_unlock(&bus->lock);
    if (!found && first == BUS_FITS) first = BUS_CUT_OFF;
    out->why_later = first;
    return found ? OK : err_set(err, NOT_FOUND, "place_id", bus_reason_text(first));
}

/* ---- consignments ---- */

/* What an act does to a live plan, should it have to be undone. */
struct change {
    struct bus *bus;
    int64_t day, place_id;
    bool up, added, done;
    struct need need;
};

/* Adds or takes out. BUS_FITS: done, and at_s (may be NULL) is when the bus will be there. */
static enum bus_reason make_change(struct live *live, const struct change *change, bool add,
                                   int64_t *cost, int32_t *at_s)
{
    struct route_place stop;
    int32_t place = live ? network_place(live->network, change->place_id) : -1;
    if (live == NULL) return BUS_CUT_OFF;
    if (place < 1) return BUS_NO_STOP;
    if (!add) {
        live_remove(live, place, change->up, &change->need);
        return BUS_FITS;
    }
    enum bus_reason reason = live_add(live, place, change->up, &change->need, cost);
    if (reason == BUS_FITS && at_s && route_plan_place(live->plan, ROUTE_JOB, place - 1, &stop))
        *at_s = stop.start;
    return reason;
}

static void undo_change(void *of)
{
    const struct change *change = of;
    int64_t cost;
    if (!change->done) return;
    pthread_mutex_lock(&change->bus->lock);
    struct live *live = bus_live(change->bus, change->day);
    enum bus_reason undone = make_change(live, change, !change->added, &cost, NULL);
    if (live && undone != BUS_FITS && undone != BUS_NO_STOP)   // the roads have changed since
        live_force(live, network_place(live->network, change->place_id), change->up,
                   &change->need);
    pthread_mutex_unlock(&change->bus->lock);
}

/* Changes the live plan of a day for as long as the act stands. */
static enum status apply(struct tx *tx, const struct change *wanted, int64_t *cost, int32_t *at_s,
                         enum bus_reason *reason)
{
    struct change *change = arena_new(tx_arena(tx), sizeof *change);
    if (change == NULL) return BROKEN;
    *change = *wanted;
    TRY(tx_undo(tx, undo_change, change));   // first, since it may fail
    pthread_mutex_lock(&change->bus->lock);
    *reason = make_change(bus_live(change->bus, change->day), change, change->added, cost, at_s);
    change->done = *reason == BUS_FITS;
    pthread_mutex_unlock(&change->bus->lock);
    return OK;
}

static const struct sql add_consignment = SQL(
    "INSERT INTO consignment (id, kind, document_id, place_id, up, party_id, pieces, code,"
    " weight_g, dry_ml, cold_ml, day, due_ms, made_ms, promise, state)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 'waiting')");

static enum status insert(struct tx *tx, struct consignment *c, int64_t due, const char *promise)
{
    c->id = tx_id(tx);
    return db_run(tx, &add_consignment,
                  ARGS(i64(c->id), i64((int64_t)c->kind), i64(c->document_id), i64(c->place_id),
                       i64(c->up), i64(c->party_id), i64(c->pieces), str(c->code),
                       i64(c->need.weight_g), i64(c->need.dry_ml), i64(c->need.cold_ml),
                       i64(c->day), i64(due), i64(c->made_ms), str(promise)));
}

enum status bus_consign(struct tx *tx, struct consignment *c, struct err *err)
{
    struct county *county = tx_county(tx);
    const struct need *n = &c->need;
    if (n->weight_g < 0 || n->dry_ml < 0 || n->cold_ml < 0 || n->weight_g > WEIGHT_MAX_G
        || n->dry_ml > VOLUME_MAX_ML || n->cold_ml > VOLUME_MAX_ML || c->pieces < 1)
        return err_set(err, INVALID, "weight_g", "This can't travel on a bus.");
    TRY(wave_take(tx, c->day, c->made_ms, err));

    c->need = space_of(n);
    struct change change = { bus_of(county), c->day, c->place_id, c->up, true, false, c->need };
    enum bus_reason reason;
    int64_t cost = 0;
    int32_t at_s = 0;
    TRY(apply(tx, &change, &cost, &at_s, &reason));
    if (reason != BUS_FITS) return err_set(err, CONFLICT, "day", bus_reason_text(reason));

    int64_t eta_ms = day_ms(c->day, at_s, county->zone_s);
    char *promise = arena_printf(tx_arena(tx), "{\"eta_ms\":%lld,\"cost\":%lld,\"made_ms\":%lld}",
                                 (long long)eta_ms, (long long)cost, (long long)c->made_ms);
    if (promise == NULL) return BROKEN;
    return insert(tx, c, due_ms(county, c->day, c->up), promise);
}

static const struct sql withdraw = SQL(
    "UPDATE consignment SET state = 'withdrawn' WHERE id = $1 AND state = 'waiting'"
    " RETURNING day, place_id, up, weight_g, dry_ml, cold_ml");

enum status bus_withdraw(struct tx *tx, int64_t consignment_id, int64_t at_ms, struct err *err)
{
    struct rows *rows;
    enum status found = db_first(tx, &withdraw, ARGS(i64(consignment_id)), &rows);
    if (found == NOT_FOUND)
        return err_set(err, CONFLICT, NULL, "It is on its way, or was withdrawn before.");
    if (found != OK) return found;
    struct change change = {
        .bus = bus_of(tx_county(tx)), .day = row_i64(rows, 0), .place_id = row_i64(rows, 1),
        .up = row_i64(rows, 2) != 0,
        .need = { row_i64(rows, 3), row_i64(rows, 4), row_i64(rows, 5) },
    };
    TRY(wave_take(tx, change.day, at_ms, err));
    enum bus_reason reason;   // of a stop that is no more: there is nothing to be taken out
    return apply(tx, &change, NULL, NULL, &reason);
}
