/* search.h - one trajectory of ruin and recreate; private to route.
 *
 * Each round takes strings of neighbouring stops out of a few lines and puts them back one by one
 * where they cost least. Lines are saved before they are first touched, so that a round that isn't
 * accepted is undone by copying those back. */
#ifndef CUNHUO_ROUTE_SEARCH_H
#define CUNHUO_ROUTE_SEARCH_H

#include "base/rng.h"
#include "route/state.h"

/* The best so far: per line its type (as PICTURE_TYPE - type) and then its nodes and reloads. */
enum { PICTURE_TYPE = -10 };
struct picture {
    int32_t *items;
    int32_t count, room;
    int32_t missed;
    int64_t cost;
};

enum { UNSERVED_ALL = 24 };     // with fewer left out, each round tries all of them

struct search {
    struct arena *arena;
    const struct model *model;
    const struct route_options *options;
    struct rng rng;
    struct state state;
    struct line *saved;             // of slots touched in this round
    int32_t *touched, *touched_at;  // their slots; round of a slot's last touch
    int32_t touched_count, saved_room;
    int32_t *pool;                  // first ends to be put in, in order
    int64_t *keys;
    int32_t pool_count;
    uint8_t *marked;                // nodes taken out of lines
    int32_t *unserved;              // first ends, of the solution accepted
    int32_t unserved_count;
    int32_t *failed;                // of this round
    int32_t failed_count;
    int32_t *line_seen;             // stamp of a slot when lines near a node are gathered
    int32_t stamp, round_stamp;
    int64_t *absent;                // rounds that a node has been left out
    double *amount, *far;           // of each node: load in shares of a vehicle, way from the start
    int32_t missed;                 // required ones left out, of the solution accepted
    int64_t prizes;                 // of optional ones left out
    int64_t drawn_prizes;           // of those of them that this round tries to put in
    int32_t drawn_missed;           // required ones of the same
    int64_t cost;                   // all of it, of the solution accepted
    struct picture best;
    int64_t iterations;
    int64_t started_us;
    bool optionals;                 // some jobs may be left out
    bool generous;                  // in this round they are put in whatever it costs: a vehicle
                                    // may pay for several of them, but for none alone
    bool forced;                    // it was done in this round
    bool distracted;                // in this round lines and vehicles are overlooked at random:
                                    // a greedy step would choose the same type again and again
    bool broken;                    // no memory
    bool stopped;
    struct route_point *points;
    int32_t point_count, point_room;
};

MUST_USE enum status search_new(struct arena *arena, const struct model *model,
    const struct route_options *options, uint64_t seed, struct search *out);
/* Takes over the start solution or builds one, then improves until a limit. */
void search_run(struct search *search);

/* ruin.c: takes stops out into the pool. recreate.c: puts the pool back; false: given up, since the
 * cost is above `limit`. */
void ruin(struct search *search);
bool recreate(struct search *search, int64_t limit);

/* Saves a slot's line before this round changes it. */
void search_touch(struct search *search, int32_t slot);
#endif
