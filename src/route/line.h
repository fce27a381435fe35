/* line.h - one vehicle's day in the search: stops with their segments, edited in place.
 *
 * Spots stand in one array: start, stops, reloads between trips, end. Each keeps the arc into it,
 * the earliest departure given all before it and the latest arrival that all after it allow: an
 * insertion is tested in constant time. With mixed loads each spot also keeps the highest load on
 * its trip's legs up to and from it; with costs or limits on duration the segments (duration,
 * earliest, latest start) of Vidal et al. 2014 from the start to it and from it to the end.
 *
 * A line is feasible whenever line_fill or an edit answered true. Legs are numbered by the spot
 * they leave. */
#ifndef CUNHUO_ROUTE_LINE_H
#define CUNHUO_ROUTE_LINE_H

#include "route/model.h"

struct spot {
    int32_t node;                   // or one of:
    int32_t loc;
    int32_t dep, late;              // earliest departure, latest arrival
    int32_t open, close, service;
    int32_t dist, time;             // of the arc into it
    int32_t trip;                   // number of its trip; a reload counts to the trip it begins
};
enum { SPOT_START = -1, SPOT_END = -2, SPOT_RELOAD = -3 };

struct seg { int32_t duration, early, late; };

struct line {
    int32_t type;
    int32_t count, room;            // spots; 0: the slot is free
    int32_t stops, trips;
    int32_t duration;               // least, where USES_DURATION
    int64_t distance, travel;
    int64_t cost;                   // all of it; 0 without stops
    struct spot *spots;
    int32_t *load, *ahead, *behind;     // room x dims; without USES_PROFILE only ahead of starts
    struct seg *head, *tail;            // with USES_DURATION
};

/* Where a node (and its mate) goes: after the spot `at` (and `at2` for the mate, as numbered
 * before); `split` parts the trip there: a reload before or after it. */
enum split { SPLIT_NONE, SPLIT_BEFORE, SPLIT_AFTER };
struct place {
    int64_t cost;                   // added to the line's
    int32_t at, at2;
    enum split split;
    int32_t retype;                 // 0, or 1 + the type which the line becomes
};

/* Room for `room` spots, keeping what is there. false: no memory. */
MUST_USE bool line_room(struct arena *arena, const struct model *model, struct line *line,
    int32_t room);
/* dst = src; dst must have the room. */
void line_copy(const struct model *model, struct line *dst, const struct line *src);

/* Makes it a vehicle of the type with these nodes (SPOT_RELOAD between trips), empty trips left
 * out; room for count + 2. true: feasible. */
bool line_fill(const struct model *model, struct line *line, int32_t type, const int32_t *nodes,
    int32_t count);
/* Recomputes all. true: feasible. */
bool line_refresh(const struct model *model, struct line *line);

/* Puts the node (and its mate) in, room for 3 more. true: feasible. */
bool line_insert(const struct model *model, struct line *line, const struct place *place,
    int32_t node);
/* Takes out the nodes that are marked, and trips that get empty. true: feasible. */
bool line_drop(const struct model *model, struct line *line, const uint8_t *marked);

/* The cheapest feasible place below best->cost; true: best was bettered. `blink`: NULL, or
 * positions until the next one passed over, drawn from `rng`. `scratch` has room for 3 spots
 * more. */
struct rng;
struct scan {
    const struct model *model;
    struct line *scratch;
    int32_t *early;                 // room for the spots of a line: departures after a release
    int32_t *high;                  // dims
    struct rng *rng;                // NULL: no blinks
    int32_t blink;
    double blink_rate;
};
bool line_scan(struct scan *scan, const struct line *line, int32_t node, struct place *best);
/* Idem where the line may become another type (model->kin) of which a vehicle is free; `used`:
 * vehicles of each type in use. */
bool line_scan_kin(struct scan *scan, const struct line *line, const int32_t *used, int32_t node,
    struct place *best);
/* The cheapest type of those free that holds the line's load. */
int32_t line_cheapest(const struct model *model, const struct line *line, const int32_t *used);
/* Room in the scan for lines of `room` spots. */
MUST_USE bool scan_room(struct arena *arena, struct scan *scan, int32_t room);

/* Two feasible segments in a row. */
static inline struct seg seg_join(struct seg a, int32_t time, struct seg b)
{
    int32_t delta = a.duration + time;
    int32_t wait = b.early - delta - a.late;
    if (wait < 0) wait = 0;
    struct seg both = { .duration = delta + b.duration + wait };
    both.early = (b.early - delta > a.early ? b.early - delta : a.early) - wait;
    both.late = b.late - delta < a.late ? b.late - delta : a.late;
    return both;
}

/* Departure from a node that is arrived at. Above ROUTE_TIME_MAX: too late. */
static inline int32_t spot_departs(const struct model *model, const struct spot *spot,
                                   int32_t arrival)
{
    int32_t start = arrival > spot->open ? arrival : spot->open;
    if ((model->uses & USES_WINDOWS) && spot->node >= 0)
        start = node_open(&model->nodes[spot->node], arrival);
    return start > spot->close ? ROUTE_FAR : start + spot->service;
}
#endif
