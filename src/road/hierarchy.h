/* hierarchy.h - shortcuts that make searches short: a customizable contraction hierarchy.
 *
 * States are ranked (order.c). Taking the lowest out leaves shortcuts between those that lead to
 * it and those that it leads to, and so on; every fastest path then has a twin that climbs in rank
 * and afterwards only falls. Which shortcuts there are depends on the turns alone and is found
 * once for a road (struct hierarchy); what they cost depends on profile and live state (struct
 * metric) and is found in milliseconds, exactly, at the first question asked. Sources: order.c.
 *
 * An edge u -> v joins a lower and a higher rank. Edges that climb are `out` edges of their lower
 * end, edges that fall are `in` edges of theirs. Everything here speaks of ranks, not states. All
 * that a rank's edges lead to are its ancestors: parent, parent's parent and so on.
 *
 * Costs are those of ends.h. Ownership: the road's cache, or the live state's; both thread-safe. */
#ifndef CUNHUO_ROAD_HIERARCHY_H
#define CUNHUO_ROAD_HIERARCHY_H

#include <pthread.h>
#include <stdatomic.h>
#include "road/store.h"

struct hierarchy {
    uint32_t count;         // states
    const uint32_t *state_of;
    uint32_t *rank_of;
    uint32_t *parent;       // NOBODY: a root
    uint32_t *out_first, *out_to;       // first: one more than there are ranks
    uint32_t *in_first, *in_from;
    uint32_t outs, ins;
    /* The same edges from their upper end, by their lower end: falling ones that leave a rank, as
     * indexes of in_from, and climbing ones that reach it, as indexes of out_to. */
    uint32_t *falls_first, *falls_edge, *falls_low;
    uint32_t *climbs_first, *climbs_edge, *climbs_low;
    uint32_t *turn_edge;    // of each turn: an out edge, outs + an in edge, or NOBODY
};

struct metric { int64_t *out_cost, *in_cost; };

struct cache {
    pthread_mutex_t lock;
    _Atomic(struct hierarchy *) hierarchy;      // the road's; unused in a live state's
    _Atomic(struct metric *) metrics[ROAD_PROFILES];
};

/* NULL: no memory. */
struct cache *cache_open(void);
void cache_close(struct cache *cache);   // NULL is fine

/* BROKEN: no memory. */
MUST_USE enum status hierarchy_of(const struct road *road, const struct hierarchy **out,
                                  struct err *err);
MUST_USE enum status metric_of(const struct road *road, const struct road_state *state,
                               enum road_profile profile, const struct hierarchy **hierarchy,
                               const struct metric **out, struct err *err);
#endif
