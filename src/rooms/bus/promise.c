/* promise.c - opening the room, promises, and consignments into and out of the live plan. */
#include "rooms/bus/bus.h"

#include <stdio.h>
#include <stdlib.h>
#include "base/arena.h"
#include "base/clock.h"
#include "case/workflow.h"
#include "db/db.h"
#include "rooms/bus/closure.h"
#include "rooms/bus/exception.h"
#include "rooms/bus/improve.h"
#include "rooms/bus/inside.h"
#include "rooms/bus/plan.h"
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

/* ---- the room's state ---- */

static struct live *live_of_day(const struct bus *bus, int64_t day)
{
    for (size_t i = 0; i < LIVE_DAYS; i++)
        if (bus->live[i] && bus->live[i]->day == day) return bus->live[i];
    return NULL;
}

int32_t bus_deadline_s(struct tx *tx)
{
    return (int32_t)(DUE_S - county_setting_i64(tx, "bus.margin_s", MARGIN_S));
}

static const struct sql find_waiting = SQL(
    "SELECT place_id, up, CAST(sum(weight_g) AS BIGINT), CAST(sum(dry_ml) AS BIGINT),"
    " CAST(sum(cold_ml) AS BIGINT) FROM consignment WHERE day = $1 AND state = 'waiting'"
    " GROUP BY place_id, up ORDER BY 3 DESC, place_id, up");

/* Fills a day's plan from its rows. What was promised fitted once; should a quick insertion in
 * another order leave something over, the background run finds room (live->overfull). */
enum status live_read(struct live *live, struct tx *tx)
{
    struct rows *rows;
    enum status found = db_first(tx, &find_waiting, ARGS(i64(live->day)), &rows);
    for (; found == OK; found = db_next(rows)) {
        int32_t place = network_place(live->network, row_i64(rows, 0));
        struct need need = { row_i64(rows, 2), row_i64(rows, 3), row_i64(rows, 4) };
        bool up = row_i64(rows, 1) != 0;
        int64_t cost;
        if (place < 1) continue;   // a stop that is no more: planning names it
        if (live_add(live, place, up, &need, &cost) != BUS_FITS) live_force(live, place, up, &need);
    }
    return found == NOT_FOUND ? OK : found;
}

/* The first day whose wave is not closed, from the rows; its closing may have been moved. */
enum status bus_first_day(struct tx *tx, int64_t now_ms, int32_t zone_s, int64_t *day)
{
    *day = day_of(now_ms, zone_s) + 1;
    for (;; (*day)++) {
        struct wave wave;
        TRY(bus_wave(tx, *day, &wave, &(struct err){ 0 }));
        if (wave.closed_ms == 0 && now_ms < wave.closes_ms) return OK;
    }
}

/* Makes what `bus` lacks of the days first .. first + LIVE_DAYS - 1; the rest of `fresh` stays NULL. */
static enum status make_days(struct bus *bus, struct tx *tx, int64_t first,
                             struct live *fresh[LIVE_DAYS], int64_t closes_ms[LIVE_DAYS])
{
    int32_t deadline_s = bus_deadline_s(tx);
    pthread_mutex_lock(&bus->lock);
    struct network *network = network_hold(bus->network);
    bool there[LIVE_DAYS];
    for (size_t i = 0; i < LIVE_DAYS; i++) there[i] = live_of_day(bus, first + (int64_t)i) != NULL;
    pthread_mutex_unlock(&bus->lock);

    enum status made = OK;
    for (size_t i = 0; i < LIVE_DAYS && made == OK; i++) {
        struct wave wave;
        made = bus_wave(tx, first + (int64_t)i, &wave, &(struct err){ 0 });
        if (made != OK) break;
        closes_ms[i] = wave.closes_ms;
        if (there[i]) continue;
        fresh[i] = live_new(wave.day, wave.closes_ms, network, deadline_s);
        made = fresh[i] ? live_read(fresh[i], tx) : BROKEN;
    }
    pthread_mutex_lock(&bus->lock);
    network_release(network);
    pthread_mutex_unlock(&bus->lock);
    return made;
}

enum status bus_roll(struct bus *bus, struct tx *tx, int64_t now_ms)
{
    int64_t first, closes_ms[LIVE_DAYS];
    struct live *fresh[LIVE_DAYS] = { NULL }, *kept[LIVE_DAYS];
    TRY(bus_first_day(tx, now_ms, bus->county->zone_s, &first));
    enum status made = make_days(bus, tx, first, fresh, closes_ms);

    pthread_mutex_lock(&bus->lock);
    for (size_t i = 0; i < LIVE_DAYS && made == OK; i++) {
        kept[i] = fresh[i] ? fresh[i] : live_of_day(bus, first + (int64_t)i);
        kept[i]->closes_ms = closes_ms[i];
    }
    for (size_t i = 0; i < LIVE_DAYS && made == OK; i++) {
        struct live *live = bus->live[i];
        if (live && live->day < first) {   // closed: the night plans from it
            live_free(bus->closing);
            bus->closing = live;
        } else if (live && live->day >= first + LIVE_DAYS) {
            live_free(live);               // the clock was turned back
        }
    }
    for (size_t i = 0; i < LIVE_DAYS; i++) {
        if (made == OK) bus->live[i] = kept[i];
        else live_free(fresh[i]);
    }
    bus->changes++;
    pthread_mutex_unlock(&bus->lock);
    return made;
}

void bus_roll_now(struct bus *bus)
{
    struct arena *arena = arena_open(64 << 20);
    struct tx *tx;
    enum status rolled = arena ? db_read_begin(bus->county->db, arena, &tx) : BROKEN;
    if (rolled == OK) {
        rolled = bus_roll(bus, tx, county_now_ms(bus->county));
        db_read_end(tx);
    }
    // Without a plan for the new day nothing more is promised for it; restart makes it.
    if (rolled != OK) fprintf(stderr, "bus: no live plan for the next days: %s\n",
                              status_name(rolled));
    arena_free(arena);
}

enum status bus_open(struct county *county, struct bus **out, struct err *err)
{
    struct bus *bus = calloc(1, sizeof *bus);
    struct arena *arena = arena_open(64 << 20);
    struct tx *tx;
    if (bus == NULL || arena == NULL) return BROKEN;
    bus->county = county;
    pthread_mutex_init(&bus->lock, NULL);
    enum status opened = workflow_parse("exception.c", exception_workflow, &bus->exceptions, err);
    if (opened == OK) opened = db_read_begin(county->db, arena, &tx);
    if (opened == OK) {
        int64_t now_ms = county_now_ms(county);
        struct road_state *roads = NULL;
        opened = closure_state(county, tx, now_ms, &roads, err);
        if (opened == OK) opened = network_make(county, tx, roads, &bus->network, err);
        road_state_free(roads);
        if (opened == INVALID) opened = OK;   // no roads or hub yet: the bus waits for its import
        bus->deadline_s = bus_deadline_s(tx);
        if (opened == OK && bus->network) opened = bus_roll(bus, tx, now_ms);
        db_read_end(tx);
    }
    arena_free(arena);
    if (opened == OK && bus->network && county->writer) {
        opened = night_start(bus, &bus->night);
        if (opened == OK) opened = improver_start(bus, &bus->improver);
        if (opened == OK) opened = refresher_start(bus, &bus->refresher);
    }
    *out = bus;
    if (opened != OK) bus_close(bus);
    return opened;
}

void bus_close(struct bus *bus)
{
    if (bus == NULL) return;
    refresher_stop(bus->refresher);
    improver_stop(bus->improver);
    night_stop(bus->night);
    for (size_t i = 0; i < LIVE_DAYS; i++) live_free(bus->live[i]);
    live_free(bus->closing);
    workflow_free(bus->exceptions);
    network_release(bus->network);
    pthread_mutex_destroy(&bus->lock);
    free(bus);
}

/* ---- promises ---- */

static int64_t due_ms(const struct county *county, int64_t day, bool up)
{
    return day_ms(day, up ? DUE_UP_S : DUE_S, county->zone_s);
}

enum status bus_promise(struct county *county, int64_t place_id, bool up, const struct need *need,
                        int64_t day_min, int64_t now_ms, struct promise *out, struct err *err)
{
    struct bus *bus = bus_of(county);
    enum bus_reason first = BUS_FITS;
    int64_t tomorrow = day_of(now_ms, county->zone_s) + 1;
    bool found = false;
    pthread_mutex_lock(&bus->lock);
    int32_t place = bus->network ? network_place(bus->network, place_id) : -1;
    if (place < 1) first = BUS_NO_STOP;
    if (day_min < tomorrow) day_min = tomorrow;
    for (size_t i = 0; i < LIVE_DAYS && place >= 1 && !found; i++) {
        const struct live *live = bus->live[i];
        if (live == NULL || live->day < day_min) continue;
        if (live->day > day_min && first == BUS_FITS) first = BUS_CUT_OFF;
        int32_t at_s = 0;
        int64_t cost;
        enum bus_reason reason = now_ms >= live->closes_ms ? BUS_CUT_OFF
                               : live_quote(live, place, up, need, &at_s, &cost);
        if (reason == BUS_FITS) {
            *out = (struct promise){
                .day = live->day, .due_ms = due_ms(county, live->day, up),
                .closes_ms = live->closes_ms, .eta_ms = day_ms(live->day, at_s, county->zone_s),
            };
            found = true;
        } else if (first == BUS_FITS) {
            first = reason;
        }
    }
    pthread_mutex_unlock(&bus->lock);
    out->why_later = first;
    if (found) return OK;
    if (first == BUS_FITS) out->why_later = first = BUS_CUT_OFF;
    return err_set(err, NOT_FOUND, "place_id", bus_reason_text(first));
}

/* ---- consignments ---- */

/* What an act has done to a live plan, should it have to be undone. */
struct change {
    struct bus *bus;
    int64_t day, place_id;
    bool up, added;
    struct need need;
};

static void undo_change(void *of)
{
    const struct change *change = of;
    pthread_mutex_lock(&change->bus->lock);
    struct live *live = live_of_day(change->bus, change->day);
    int32_t place = network_place(change->bus->network, change->place_id);
    int64_t cost;
    if (live && place >= 1 && change->added)
        live_remove(live, place, change->up, &change->need);
    else if (live && place >= 1
             && live_add(live, place, change->up, &change->need, &cost) != BUS_FITS)
        live_force(live, place, change->up, &change->need);
    pthread_mutex_unlock(&change->bus->lock);
}

static enum status note_change(struct tx *tx, struct bus *bus, int64_t day, int64_t place_id,
                               bool up, bool added, const struct need *need)
{
    struct change *change = arena_new(tx_arena(tx), sizeof *change);
    if (change == NULL) return BROKEN;
    *change = (struct change){ bus, day, place_id, up, added, *need };
    return tx_undo(tx, undo_change, change);
}

static const struct sql add_consignment = SQL(
    "INSERT INTO consignment (id, kind, document_id, place_id, up, party_id, pieces, code, weight_g,"
    " dry_ml, cold_ml, day, due_ms, made_ms, promise, state)"
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
    struct bus *bus = bus_of(county);
    const struct need *n = &c->need;
    if (n->weight_g < 0 || n->dry_ml < 0 || n->cold_ml < 0 || n->weight_g > WEIGHT_MAX_G
        || n->dry_ml > VOLUME_MAX_ML || n->cold_ml > VOLUME_MAX_ML || c->pieces < 1)
        return err_set(err, INVALID, "weight_g", "This can't travel on a bus.");
    TRY(wave_take(tx, c->day, c->made_ms, err));

    enum bus_reason reason = BUS_NO_STOP;
    int64_t cost = 0, at_ms = 0;
    pthread_mutex_lock(&bus->lock);
    struct live *live = live_of_day(bus, c->day);
    int32_t place = bus->network ? network_place(bus->network, c->place_id) : -1, at_s = 0;
    if (live && place >= 1) reason = live_quote(live, place, c->up, n, &at_s, &cost);
    if (reason == BUS_FITS) reason = live_add(live, place, c->up, n, &cost);
    pthread_mutex_unlock(&bus->lock);
    if (reason != BUS_FITS) return err_set(err, CONFLICT, "day", bus_reason_text(reason));
    TRY(note_change(tx, bus, c->day, c->place_id, c->up, true, n));

    at_ms = day_ms(c->day, at_s, county->zone_s);
    char *promise = arena_printf(tx_arena(tx), "{\"eta_ms\":%lld,\"cost\":%lld,\"made_ms\":%lld}",
                                 (long long)at_ms, (long long)cost, (long long)c->made_ms);
    if (promise == NULL) return BROKEN;
    return insert(tx, c, due_ms(county, c->day, c->up), promise);
}

static const struct sql withdraw = SQL(
    "UPDATE consignment SET state = 'withdrawn' WHERE id = $1 AND state = 'waiting'"
    " RETURNING day, place_id, up, weight_g, dry_ml, cold_ml");

enum status bus_withdraw(struct tx *tx, int64_t consignment_id, int64_t at_ms, struct err *err)
{
    struct bus *bus = bus_of(tx_county(tx));
    struct rows *rows;
    enum status found = db_first(tx, &withdraw, ARGS(i64(consignment_id)), &rows);
    if (found == NOT_FOUND)
        return err_set(err, CONFLICT, NULL, "It is on its way, or was withdrawn before.");
    if (found != OK) return found;
    int64_t day = row_i64(rows, 0), place_id = row_i64(rows, 1);
    bool up = row_i64(rows, 2) != 0;
    struct need need = { row_i64(rows, 3), row_i64(rows, 4), row_i64(rows, 5) };
    TRY(wave_take(tx, day, at_ms, err));

    pthread_mutex_lock(&bus->lock);
    struct live *live = live_of_day(bus, day);
    int32_t place = network_place(bus->network, place_id);
    if (live && place >= 1) live_remove(live, place, up, &need);
    pthread_mutex_unlock(&bus->lock);
    return note_change(tx, bus, day, place_id, up, false, &need);
}
