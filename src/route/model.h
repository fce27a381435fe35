/* model.h - a problem compiled for the search: nodes, loads and matrices in contiguous arrays.
 *
 * A node is a job or one end of a shipment. Everything of a type or node that a kernel reads stands
 * here; the problem itself is only looked at again to print. The model lives in the arena it was
 * made in; the plan adds nodes to its own and changes their loads. */
#ifndef CUNHUO_ROUTE_MODEL_H
#define CUNHUO_ROUTE_MODEL_H

#include "route/route.h"

/* What a problem uses; kernels leave out what it doesn't. */
enum {
    USES_TIME = 1,       // windows, shifts, releases or missing roads
    USES_TRAVEL = 2,     // a cost or limit on time on the road
    USES_PROFILE = 4,    // deliveries and pickups mixed: the load varies along the trip
    USES_TRIPS = 8,
    USES_RELEASE = 16,
    USES_DURATION = 32,  // a cost or limit on the time from departure to return
    USES_LIMITS = 64,    // on distance, travel or stops
    USES_WINDOWS = 128,  // a node has several
};

struct node {
    int32_t loc, service, open, close;   // first open and last close
    int32_t release;
    int32_t mate;                        // node of the shipment's other end, or -1
    enum route_kind kind;
    int32_t index;                       // of the job or shipment
    const struct route_window *windows;  // NULL unless there are several
    int32_t window_count;
    bool optional;
    int64_t prize;                       // cost of leaving it out: on a shipment's first end
};

struct matrix { const int32_t *dist, *dur, *dist_t, *dur_t; };   // _t: transposed, row = to

struct model {
    const struct route_problem *problem;
    const struct route_type *types;
    struct matrix *matrices;             // of profiles
    int32_t locations, dims, type_count, node_count, node_room;
    unsigned uses;
    struct node *nodes;
    int32_t *initial, *change;           // node x dims: in the load from the start; change there
    uint8_t *allowed;                    // node x type: skills, pin and capacity admit it
    int32_t *job_node, *shipment_node;   // first end of the shipment
    int32_t near_count;
    int32_t *near;                       // node x near_count, nearest first; -1 ends
    bool kin;                            // types differ in capacity and costs only, and a line may
                                         // change its own at any time
    struct route_type unit;              // if so: a type without limits at one a metre
    int64_t missed;                      // cost of a required job left out: above any tour's
};

/* Checks the problem first. `nears`: length of the lists of neighbours, 0: none. */
MUST_USE enum status model_new(struct arena *arena, const struct route_problem *problem,
    int32_t nears, struct model *out, struct err *err);

/* Adds the nodes of the problem's job or shipment `index`. BROKEN: no memory. */
MUST_USE enum status model_add(struct arena *arena, struct model *model, enum route_kind kind,
    int32_t index);

/* Takes the job's load and service over from the problem again. */
void model_reload(struct model *model, int32_t job);

/* Checks of single items, for model_new and for what is added to a plan. */
MUST_USE enum status valid_job(const struct route_problem *problem, const struct route_job *job,
    int32_t index, struct err *err);
MUST_USE enum status valid_shipment(const struct route_problem *problem,
    const struct route_shipment *shipment, int32_t index, struct err *err);

/* Why a node alone (and its mate) can't be served by any vehicle; ROUTE_NO_FLEET if it could. */
enum route_reason model_reason(const struct model *model, int32_t node);

static inline const struct matrix *model_matrix(const struct model *model, int32_t type)
{
    return &model->matrices[model->types[type].profile];
}

/* The shift's end, of a type with or without one. */
static inline int32_t type_close(const struct route_type *type)
{
    return type->shift.open == 0 && type->shift.close == 0 ? ROUTE_TIME_MAX : type->shift.close;
}

static inline int32_t type_trips(const struct route_type *type)
{
    return type->trips_max > 1 ? type->trips_max : 1;
}

/* First moment at or after `time` in a window of the node; past its close: there is none. */
static inline int32_t node_open(const struct node *node, int32_t time)
{
    if (node->windows == NULL) return time > node->open ? time : node->open;
    for (int32_t i = 0; i < node->window_count; i++)
        if (time <= node->windows[i].close)
            return time > node->windows[i].open ? time : node->windows[i].open;
    return time;
}

/* Last moment at or before `time` in a window; -1: there is none. */
static inline int32_t node_close(const struct node *node, int32_t time)
{
    if (node->windows == NULL)
        return time < node->open ? -1 : time < node->close ? time : node->close;
    for (int32_t i = node->window_count - 1; i >= 0; i--)
        if (time >= node->windows[i].open)
            return time < node->windows[i].close ? time : node->windows[i].close;
    return -1;
}
#endif
