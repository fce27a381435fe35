/* command.h - what the files of the command share; private to route. */
#ifndef CUNHUO_ROUTE_COMMAND_H
#define CUNHUO_ROUTE_COMMAND_H

#include "route/route.h"

/* How instances are read and solved. */
struct route_run {
    const char *format;
    enum route_round round;
    struct route_options options;       // its seed is the first of several
};

/* Prints a row per instance (.vrp, .txt, .json) and seed, and the mean gap to the .sol files beside
 * them. `feasible`: all that must be served is, in every run. INVALID: a file can't be read. */
MUST_USE enum status route_bench(const char *folder, const struct route_run *run, int32_t seeds,
    bool *feasible, struct err *err);
#endif
