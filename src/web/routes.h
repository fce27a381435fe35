/* routes.h - private to web: which route a path means.
 *
 * Paths are cut at slashes into a tree of segments; a literal segment is preferred to a {field}.
 * Built once at start, then only read. */
#ifndef CUNHUO_WEB_ROUTES_H
#define CUNHUO_WEB_ROUTES_H

#include <stdbool.h>
#include <stddef.h>
#include "base/status.h"

struct arena;
struct form;
struct room;
struct route;
struct routes;

/* What stands at the end of a path: a route for each method, or NULL, and its page's whole name. */
struct spot { const struct route *routes[2]; const char *pages[2]; };

/* INVALID: a route without permission, text or show, a path that is none, two of the same. */
MUST_USE enum status routes_new(const struct room *const *rooms, struct routes **out,
                                struct err *err);
void routes_free(struct routes *routes);

/* The spot of a raw path, or NULL. */
const struct spot *routes_find(const struct routes *routes, const char *path);

/* Adds the {fields} of `route` that `path` fills. INVALID: malformed escape or text. */
MUST_USE enum status route_fields(const struct route *route, const char *path, struct form *form,
                                  struct arena *arena, struct err *err);
#endif
