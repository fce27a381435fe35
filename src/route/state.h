/* state.h - a whole solution as the search and the plan hold it: lines, and where each node is.
 *
 * Slots hold lines; an empty slot has count 0. For every type with a vehicle free there is an empty
 * template, so that a new vehicle is one more line to be tried. */
#ifndef CUNHUO_ROUTE_STATE_H
#define CUNHUO_ROUTE_STATE_H

#include "route/line.h"

struct state {
    struct arena *arena;            // borrowed; all below lives in it
    const struct model *model;
    struct line *lines;             // slots
    int32_t slot_count, slot_room;
    struct line *empty;             // template of each type
    bool *empty_good;               // an empty vehicle is feasible at all
    int32_t *used;                  // vehicles of each type
    int32_t *slot;                  // of each node, -1: not served
    int32_t *pos;                   // its spot there
    int32_t node_room;
    struct line scratch;
    struct scan scan;
    int32_t longest;                // spots of the longest line there may be room for in scan
    int64_t cost;                   // of all lines (prizes and missed jobs are the search's)
};

/* Nothing served. BROKEN: no memory. */
MUST_USE enum status state_new(struct arena *arena, const struct model *model,
    struct state *out);
/* Room for nodes added to the model since. */
MUST_USE enum status state_grow(struct state *state);

/* A free slot; its line is empty. -1: no memory. */
int32_t state_slot(struct state *state);
/* Sees that the line has room for `more` spots more. */
MUST_USE bool state_room(struct state *state, struct line *line, int32_t more);
/* After a slot's line changed: where its nodes are; a line without stops is given back. */
void state_seat(struct state *state, int32_t slot);

/* The cheapest place for a node in slot's line, or in an empty vehicle of `type` (slot -1). The
 * cost of an empty vehicle is in best->cost. true: best was bettered. */
bool state_scan_empty(struct state *state, int32_t type, int32_t node, struct place *best);

/* Puts a node (and its mate) in: slot -1 opens a vehicle of `type`. Returns the slot, -1: no
 * memory. */
int32_t state_insert(struct state *state, int32_t slot, int32_t type, const struct place *place,
    int32_t node);

/* The line becomes another type; it must be refreshed then. */
void state_retype(struct state *state, struct line *line, int32_t type);

/* Takes over a solution, tour by tour; stops that break a constraint are left out, *left counts
 * them. BROKEN: no memory. */
MUST_USE enum status state_load(struct state *state, const struct route_solution *solution,
    int32_t *left);

/* The lines as a solution with its schedule, tours in order of slots. */
MUST_USE enum status state_solution(const struct state *state, struct arena *arena,
    struct route_solution *out);
#endif
