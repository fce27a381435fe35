/* inside.h - the bus room's state in memory, for its own files only.
 *
 * Lock order: bus->lock is the only lock; it is held for microseconds (milliseconds when a road has
 * changed), never over SQL or a solve. */
#ifndef CUNHUO_BUS_INSIDE_H
#define CUNHUO_BUS_INSIDE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/status.h"
#include "rooms/bus/live.h"
#include "rooms/bus/network.h"
#include "rooms/bus/track.h"

struct county;
struct tx;
struct workflow;

enum { LIVE_DAYS = 3 };        // so many delivery days are open for orders at a time
enum { FIRST_OUT_S = 5 * 3600 };   // buses leave the hub from then on

struct bus {
    struct county *county;
    pthread_mutex_t lock;      // over all below
    struct network *network;   // the roads as they are now; replaced as a whole when they change
    bool closed_roads;         // some road is closed now or on one of the days below
    struct live *live[LIVE_DAYS];   // by day, ascending; a day whose wave has closed leaves. Each
                               // on the roads of its own day
    int32_t deadline_s;        // of places, seconds of the day
    struct live *closing;      // of the day whose wave closed last, for the night's planning
    int64_t changes;           // of plans since start
    struct track_tries tries;  // of the tracking page
    struct workflow *exceptions;   // exception_workflow
    struct night *night;       // the planning of closed waves (plan.h)
    struct refresher *refresher; // follows the roads (closure.h)
    struct improver *improver; // the background run (improve.h)
    struct open_wave { int64_t day, closes_ms; } open[LIVE_DAYS];   // the writer's alone: waves
                               // known to be open (wave.c); day 0: none
};

enum { WEIGHT_MAX_G = 2000000, VOLUME_MAX_ML = 8000000 };   // of one consignment

MUST_USE enum status bus_open(struct county *county, struct bus **out, struct err *err);
void bus_close(struct bus *bus);
struct bus *bus_of(const struct county *county);

/* Seconds of the day by which the plan is to serve all places: 11:00 less the margin. */
int32_t bus_deadline_s(struct tx *tx);
/* Makes live plans for the days open at `now_ms` that have none yet, and ends those of closed ones.
 * In the writer, or before it runs. */
MUST_USE enum status bus_roll(struct bus *bus, struct tx *tx, int64_t now_ms);
/* The same with a reader of its own, at the county's time: after a closing was committed. */
void bus_roll_now(struct bus *bus);
/* The live plan of a day, under bus->lock; NULL: it is not open. */
struct live *bus_live(const struct bus *bus, int64_t day);
#endif
