/* climb.h - the half of a search that goes from one place up the hierarchy.
 *
 * From where a way may begin (or, against the direction of travel, end), all ranks above are put
 * in an order in which each is settled by one look at its edges: no queue is needed. */
#ifndef CUNHUO_ROAD_CLIMB_H
#define CUNHUO_ROAD_CLIMB_H

#include "road/ends.h"
#include "road/hierarchy.h"

struct climb {
    const struct hierarchy *h;
    bool against;           // the direction of travel
    const int64_t *cost;    // of edges
    int64_t *key;           // of each rank that has been visited in this climb
    uint32_t *visited;      // by each rank: the last climb's number
    uint32_t *before;       // the rank from which each was reached, or NOBODY. NULL: not wanted
    uint32_t *edge;         // by this edge
    uint32_t *order;        // ranks of this climb: from `begin` to the count of ranks
    uint32_t begin, number;
};

/* BROKEN: no memory. climb_close in any case. */
MUST_USE enum status climb_open(struct climb *c, const struct hierarchy *h,
                                const struct metric *metric, bool against, bool traced,
                                struct err *err);
void climb_close(struct climb *c);

void climb_begin(struct climb *c);
/* The way may begin at a rank, at this cost. */
void climb_from(struct climb *c, uint32_t rank, int64_t cost);
void climb_run(struct climb *c);

/* From where an origin's ends turn to: climb_from. */
void climb_from_ends(struct climb *c, const struct road *road, enum road_profile profile,
                     const struct ends *ends);

/* Ranks of the states on an arc, one after the other: begin with NOBODY, until NOBODY. */
uint32_t climb_next_on(const struct road *road, const struct hierarchy *h, uint32_t arc,
                       uint32_t rank);
#endif
