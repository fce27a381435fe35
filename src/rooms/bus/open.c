/* open.c - the room's state in memory: opened, rolled on from day to day, closed. */
#include "rooms/bus/inside.h"

#include <stdio.h>
#include <stdlib.h>
#include "base/arena.h"
#include "base/clock.h"
#include "case/workflow.h"
#include "db/db.h"
#include "rooms/bus/closure.h"
#include "rooms/bus/exception.h"
#include "rooms/bus/improve.h"
#include "rooms/bus/plan.h"
#include "rooms/bus/wave.h"
#include "web/county.h"

enum { OPEN_BYTES = 64 << 20 };

struct live *bus_live(const struct bus *bus, int64_t day)
{
    for (size_t i = 0; i < LIVE_DAYS; i++)
        if (bus->live[i] && bus->live[i]->day == day) return bus->live[i];
    return NULL;
}

int32_t bus_deadline_s(struct tx *tx)
{
    return (int32_t)(DUE_S - county_setting_i64(tx, "bus.margin_s", MARGIN_S));
}

/* The first day whose wave is not closed, from the rows. Its closing may have been moved, also
 * beyond midnight into the day itself. */
static enum status first_day(struct tx *tx, int64_t now_ms, int32_t zone_s, int64_t *day)
{
    for (*day = day_of(now_ms, zone_s);; (*day)++) {
        struct wave wave;
        TRY(bus_wave(tx, *day, &wave, &(struct err){ 0 }));
        if (wave.closed_ms == 0 && now_ms < wave.closes_ms) return OK;
    }
}

/* Makes what `bus` lacks of the days first .. first + LIVE_DAYS - 1; the rest of `fresh` stays
 * NULL. */
static enum status make_days(struct bus *bus, struct tx *tx, int64_t first,
                             struct live *fresh[LIVE_DAYS], int64_t closes_ms[LIVE_DAYS])
{
    int32_t deadline_s = bus_deadline_s(tx);
    pthread_mutex_lock(&bus->lock);
    struct network *network = network_hold(bus->network);
    bool there[LIVE_DAYS];
    for (size_t i = 0; i < LIVE_DAYS; i++) there[i] = bus_live(bus, first + (int64_t)i) != NULL;
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
    TRY(first_day(tx, now_ms, bus->county->zone_s, &first));
    enum status made = make_days(bus, tx, first, fresh, closes_ms);

    pthread_mutex_lock(&bus->lock);
    for (size_t i = 0; i < LIVE_DAYS && made == OK; i++) {
        kept[i] = fresh[i] ? fresh[i] : bus_live(bus, first + (int64_t)i);
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
    bool closed_roads = bus->closed_roads;
    pthread_mutex_unlock(&bus->lock);
    // The new day's roads may be others than today's.
    if (closed_roads && bus->refresher) refresher_wake(bus->refresher);
    return made;
}

void bus_roll_now(struct bus *bus)
{
    if (bus->network == NULL) return;   // it waits for its import
    struct arena *arena = arena_open(OPEN_BYTES);
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

/* The network and the live plans out of the rows. INVALID: no roads, hub or fleet yet. */
static enum status read_county(struct bus *bus, struct arena *arena, struct err *err)
{
    struct county *county = bus->county;
    struct tx *tx;
    bool closed = false;
    TRY(db_read_begin(county->db, arena, &tx));
    enum status read = network_make(county, tx, NULL, &bus->network, err);
    bus->deadline_s = bus_deadline_s(tx);
    if (read == OK) read = bus_roll(bus, tx, county_now_ms(county));
    if (read == OK) read = closure_any(tx, county_now_ms(county), &closed);
    db_read_end(tx);
    return read == OK && closed ? closure_apply(bus, arena, err) : read;
}

static enum status start_threads(struct bus *bus)
{
    TRY(refresher_start(bus, &bus->refresher));
    TRY(improver_start(bus, &bus->improver));
    return night_start(bus, &bus->night);
}

enum status bus_open(struct county *county, struct bus **out, struct err *err)
{
    struct bus *bus = calloc(1, sizeof *bus);
    struct arena *arena = bus ? arena_open(OPEN_BYTES) : NULL;
    if (arena == NULL) {
        free(bus);
        return BROKEN;
    }
    bus->county = county;
    pthread_mutex_init(&bus->lock, NULL);
    enum status opened = workflow_parse("exception.c", exception_workflow, &bus->exceptions, err);
    if (opened == OK) opened = read_county(bus, arena, err);
    if (opened == INVALID && bus->exceptions) opened = OK;   // the bus waits for its import
    arena_free(arena);
    if (opened == OK && bus->network && county->writer) opened = start_threads(bus);
    if (opened != OK) bus_close(bus);
    else *out = bus;
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
