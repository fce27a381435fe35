/* live.h - tonight's plan, alive: what has been promised for one day, and how the buses carry it.
 *
 * Derived from consignments, kept in memory, rebuilt at start. All calls under bus->lock. Each
 * place is one job of the optimiser whose load grows with every consignment. */
#ifndef CUNHUO_BUS_LIVE_H
#define CUNHUO_BUS_LIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/status.h"
#include "rooms/bus/bus.h"

struct arena;
struct network;
struct route_plan;
struct route_problem;
struct route_solution;
struct tx;

struct live {
    int64_t day, closes_ms;
    int32_t deadline_s;           // of places, seconds of the day
    struct network *network;      // held
    struct route_plan *plan;      // job i is place i + 1 of the network
    struct need *down, *up;       // by place
    int64_t changes;              // since it was made
    bool overfull;                // something promised has no place in it: planning must find one
};

/* NULL: no memory. */
MUST_USE struct live *live_new(int64_t day, int64_t closes_ms, struct network *network,
                               int32_t deadline_s);
void live_free(struct live *live);

/* Whether `need` more fits at a place, when it would be there (second of the day) and what it costs
 * (thousandths of a fen). BUS_FITS, or why not. */
enum bus_reason live_quote(const struct live *live, int32_t place, bool up,
                           const struct need *need, int32_t *at_s, int64_t *cost);
/* Takes it in. Anything but BUS_FITS: it doesn't fit, nothing changed. */
enum bus_reason live_add(struct live *live, int32_t place, bool up, const struct need *need,
                         int64_t *cost);
/* Takes out what was taken in. */
void live_remove(struct live *live, int32_t place, bool up, const struct need *need);

/* Counts it though it doesn't fit: for the rebuild. Its place is then served by no bus of this
 * plan, and nothing more is promised there until the whole of it fits. */
void live_force(struct live *live, int32_t place, bool up, const struct need *need);

/* Fills a new day's plan from the consignments that wait for it. What was promised fitted once;
 * should quick insertion in another order leave something over, a short search finds room for
 * it. */
MUST_USE enum status live_read(struct live *live, struct tx *tx);

/* The problem that `plan` (the live one or a copy of it) stands for: places that have something to
 * be moved must be served, the others need not. Jobs are in the arena, the rest is the plan's. */
MUST_USE enum status live_problem(const struct live *live, const struct route_plan *plan,
                                  struct arena *arena, struct route_problem *out);

/* The same day on another network (a road was closed, a point has come), planned anew. Places that
 * can't be served any more stay promised (live->overfull). BROKEN: no memory, nothing changed. */
MUST_USE enum status live_move(struct live *live, struct network *network, struct err *err);

/* Another solution of the same day, found for an earlier state of it on the same network. INVALID:
 * something grew beyond what it can carry. CONFLICT: it leaves out what is promised. Nothing is
 * changed then. */
MUST_USE enum status live_swap(struct live *live, const struct route_solution *solution,
                               struct err *err);
#endif
