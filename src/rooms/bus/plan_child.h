/* plan_child.h - the optimiser in a process of its own: it may be killed, and can't take the server
 * along. */
#ifndef CUNHUO_BUS_PLAN_CHILD_H
#define CUNHUO_BUS_PLAN_CHILD_H

#include "base/status.h"
#include "route/route.h"

struct arena;
struct county;

enum { CHILD_BYTES = 1 << 30 };   // its memory limit

/* Improves `start` for `seconds` in a child (program route solve) at low priority. `out` is in the
 * arena and checked; what no bus can serve it leaves out, and says so. The child is killed when it
 * is late, when `stop_fd` becomes readable (-1: never) and when this process ends. BUSY: the child
 * failed, was killed or answered nothing usable; err says how. */
MUST_USE enum status child_solve(struct county *county, const struct route_problem *problem,
                                 const struct route_solution *start, double seconds, int stop_fd,
                                 struct arena *arena, struct route_solution *out,
                                 struct err *err);
#endif
