/* ends.h - what a way costs, and where it may begin and end.
 *
 * A cost is one number of 64 bits, of three that are added side by side: how often a road for
 * starts and ends only is entered (5 bits), hundredths of a second (28 bits, 31 days), decimetres
 * (28 bits, 26,000 km). So paths through private roads lose against all others, and of two equally
 * fast the shorter wins; every sum is exact, whatever the order, and a matrix can't differ from a
 * route. A way that would enter 32 private roads is none.
 *
 * A state's key is the cost up to the beginning of its arc, the turn into it included. */
#ifndef CUNHUO_ROAD_ENDS_H
#define CUNHUO_ROAD_ENDS_H

#include <assert.h>
#include "road/state.h"

#define NOBODY UINT32_MAX
#define NOWHERE (INT64_C(1) << 61)   // two of them still fit

enum { CS_SHIFT = 28, ENTER_SHIFT = 56 };
#define FIELD_MASK ((INT64_C(1) << 28) - 1)

static inline int64_t cost_of(uint32_t cs, uint32_t dm) { return (int64_t)cs << CS_SHIFT | dm; }
static inline uint32_t cost_cs(int64_t cost) { return (uint32_t)(cost >> CS_SHIFT & FIELD_MASK); }
static inline uint32_t cost_dm(int64_t cost) { return (uint32_t)(cost & FIELD_MASK); }
static inline int32_t whole_s(int64_t cost) { return (int32_t)((cost_cs(cost) + 50) / 100); }
static inline int32_t whole_m(int64_t cost) { return (int32_t)((cost_dm(cost) + 5) / 10); }

/* Of a turn that is not TURN_NONE. */
static inline int64_t cost_of_turn(uint16_t turn)
{
    return (int64_t)(turn & (TURN_ENTERS - 1)) << CS_SHIFT | (int64_t)(turn >> 15) << ENTER_SHIFT;
}

/* Where a snap lies on one arc of its stretch. */
struct end {
    uint32_t arc, segment;      // segment in the direction of travel
    uint32_t part;              // of the segment, covered
    int64_t before, after;      // cost from the arc's beginning to here, from here to its end
    uint32_t shut_before;       // closed segments before this one
    bool arrives, departs;      // nothing closed before, after
    bool stands;                // its own segment is open
};

struct ends { struct end on[2]; int count; };

struct ends ends_of(const struct road *road, const struct road_state *state,
                    enum road_profile profile, const struct road_snap *snap);

/* The end on an arc, or NULL. */
const struct end *ends_on_arc(const struct ends *ends, uint32_t arc);

/* The cost from one end to another on the same arc, without leaving it; NOWHERE. */
int64_t ends_straight(const struct end *from, const struct end *to);
#endif
