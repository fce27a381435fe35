/* read.h - what the readers share; private to route. */
#ifndef CUNHUO_ROUTE_READ_H
#define CUNHUO_ROUTE_READ_H

#include "route/route.h"

/* The whole file, ended by a zero byte. NOT_FOUND: it can't be read. */
MUST_USE enum status read_whole(struct arena *arena, const char *path, char **text, size_t *size,
    struct err *err);

MUST_USE enum status read_vrplib(struct arena *arena, const char *path, char *text,
    enum route_round round, struct route_file *out, struct err *err);
/* Solomon's and Gehring-Homberger's form, or Li & Lim's. */
MUST_USE enum status read_rows_text(struct arena *arena, const char *path, char *text, bool pairs,
    enum route_round round, struct route_file *out, struct err *err);
MUST_USE enum status read_json(struct arena *arena, const char *path, const char *text,
    size_t size, struct route_file *out, struct err *err);
MUST_USE enum status read_json_solution(struct arena *arena, const char *path, const char *text,
    size_t size, const struct route_file *file, struct route_solution *out, struct err *err);
MUST_USE enum status read_sol(struct arena *arena, const char *path, char *text,
    const struct route_file *file, struct route_solution *out, struct err *err);
#endif
