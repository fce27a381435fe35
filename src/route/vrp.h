/* vrp.h - an instance as the readers of text files fill it in, before it becomes a problem; private
 * to route. Nodes and vehicles in the order of the file, numbers as they stand there. */
#ifndef CUNHUO_ROUTE_VRP_H
#define CUNHUO_ROUTE_VRP_H

#include "route/read.h"

enum { VRP_NODES_MAX = 20000 };

struct vrp {
    struct arena *arena;
    struct err *err;
    const char *path;
    char *at;               // the rest of the text
    int line;
    enum route_round round;
    const char *name;
    int32_t nodes, vehicles, depots;
    double capacity, service, duration_max;
    bool has_capacity, has_vehicles, has_service, has_windows, full_matrix, explicit_weights;
    double *x, *y, *demand, *services, *open, *close, *release, *prize, *weights;
    double *backhaul;       // what is fetched at each node
    int32_t *depot;         // of nodes: 1 if a depot
    double *vehicle_capacity, *vehicle_fixed, *vehicle_unit;
    int32_t *vehicle_depot, *vehicle_reload;
    int32_t *mate;          // of pickups: node of the delivery, from 1
    bool has_pairs, has_coords, backhauls_last;
};

/* INVALID, about the line read last. */
static inline enum status vrp_bad(struct vrp *v, const char *field, const char *text)
{
    return err_about(v->err, INVALID, field, text, "%s:%d", v->path, v->line);
}

/* The next line that isn't empty, its ends trimmed; NULL: there is none. */
char *vrp_line(struct vrp *v);
/* The number at *at, which then stands behind it. */
bool vrp_number(char **at, double *out);
/* The problem of all that was filled in, checked. */
MUST_USE enum status vrp_build(struct vrp *v, struct route_file *out);
#endif
