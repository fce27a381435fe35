/* routes.c - the tree of paths. */
#include "web/routes.h"

#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "web/fields.h"
#include "web/room.h"

enum { TREE_BYTES_MAX = 4 * 1024 * 1024 };

struct node {
    const char *segment;             // not ended; NULL: of a {field}
    size_t size;
    struct node *children, *sibling; // {fields} come last
    struct spot spot;
};

struct routes {
    struct arena *arena;
    struct node root;
};

/* The next segment of a path from `at` (on a slash); moves past it. False: the path is at its
 * end. */
static bool segment_next(const char **at, const char **segment, size_t *size)
{
    if (**at != '/') return false;
    *segment = *at + 1;
    *size = strcspn(*segment, "/");
    *at = *segment + *size;
    return true;
}

static bool is_field(const char *segment, size_t size)
{
    return size > 2 && segment[0] == '{' && segment[size - 1] == '}';
}

static struct node *child_for(struct routes *routes, struct node *parent, const char *segment,
                              size_t size)
{
    bool field = is_field(segment, size);
    struct node **link = &parent->children;
    for (; *link && (*link)->segment; link = &(*link)->sibling)
        if (!field && (*link)->size == size && memcmp((*link)->segment, segment, size) == 0)
            return *link;
    if (field && *link) return *link;
    if (!field) link = &parent->children;
    struct node *made = arena_new(routes->arena, sizeof *made);
    if (made == NULL) return NULL;
    *made = (struct node){ .segment = field ? NULL : segment, .size = size, .sibling = *link };
    *link = made;
    return made;
}

static enum status check(const struct route *route, struct err *err)
{
    if (route->permission == NULL)
        return err_about(err, INVALID, NULL, "A route has no permission.", "%s", route->path);
    bool whole = route->file ? route->method == GET && !route->act && !route->show && !route->page
                             : route->show && (route->method == GET || route->act);
    if (!whole)
        return err_about(err, INVALID, NULL, "A route has no act or no show.", "%s", route->path);
    if (route->path[0] != '/' || strstr(route->path, "//") || strchr(route->path, '%'))
        return err_about(err, INVALID, NULL, "This is no path of a route.", "%s", route->path);
    return OK;
}

static enum status add(struct routes *routes, const struct room *room, const struct route *route,
                       struct err *err)
{
    TRY(check(route, err));
    struct node *node = &routes->root;
    const char *at = route->path, *segment;
    for (size_t size; strcmp(route->path, "/") != 0 && segment_next(&at, &segment, &size);) {
        if (size == 0)
            return err_about(err, INVALID, NULL, "This is no path of a route.", "%s",
                             route->path);
        node = child_for(routes, node, segment, size);
        if (node == NULL) return BROKEN;
    }
    if (node->spot.routes[route->method])
        return err_about(err, INVALID, NULL, "Two routes have the same path.", "%s",
                         route->path);
    node->spot.routes[route->method] = route;
    if (route->page == NULL) return OK;
    const char *page = strchr(route->page, '/') ? route->page
                     : arena_printf(routes->arena, "%s/%s", room->name, route->page);
    node->spot.pages[route->method] = page;
    return page ? OK : BROKEN;
}

/* The first route of the lists from `list` on that are not empty. */
static const struct route *first_of(const struct route *const *list)
{
    for (; list && *list; list++)
        if ((*list)->path) return *list;
    return NULL;
}

const struct route *room_next_route(const struct room *room, const struct route *last)
{
    if (last == NULL && room->routes && room->routes->path) return room->routes;
    if (last == NULL) return first_of(room->more_routes);
    if (last[1].path) return last + 1;
    for (const struct route *r = room->routes; r && r->path; r++)
        if (r == last) return first_of(room->more_routes);
    for (const struct route *const *list = room->more_routes; list && *list; list++)
        for (const struct route *r = *list; r->path; r++)
            if (r == last) return first_of(list + 1);
    return NULL;
}

enum status routes_new(const struct room *const *rooms, struct routes **out, struct err *err)
{
    struct routes *routes = calloc(1, sizeof *routes);
    if (routes == NULL) return BROKEN;
    routes->arena = arena_open(TREE_BYTES_MAX);
    enum status status = routes->arena ? OK : BROKEN;
    for (; *rooms && status == OK; rooms++) {
        const struct route *route = NULL;
        while (status == OK && (route = room_next_route(*rooms, route)) != NULL)
            status = add(routes, *rooms, route, err);
    }
    if (status == OK) *out = routes;
    else routes_free(routes);
    return status;
}

void routes_free(struct routes *routes)
{
    if (routes == NULL) return;
    arena_free(routes->arena);
    free(routes);
}

static const struct spot *find(const struct node *node, const char *at)
{
    const char *segment;
    size_t size;
    if (!segment_next(&at, &segment, &size))
        return node->spot.routes[GET] || node->spot.routes[POST] ? &node->spot : NULL;
    if (size == 0) return NULL;
    for (const struct node *child = node->children; child; child = child->sibling) {
        if (child->segment
            && (child->size != size || memcmp(child->segment, segment, size) != 0)) continue;
        const struct spot *found = find(child, at);
        if (found) return found;
    }
    return NULL;
}

const struct spot *routes_find(const struct routes *routes, const char *path)
{
    return find(&routes->root, strcmp(path, "/") == 0 ? "" : path);
}

enum status route_fields(const struct route *route, const char *path, struct form *form,
                         struct arena *arena, struct err *err)
{
    const char *pattern = route->path, *name, *value;
    size_t name_size, value_size;
    while (segment_next(&pattern, &name, &name_size) && segment_next(&path, &value, &value_size))
        if (is_field(name, name_size))
            TRY(form_add(form, arena, name + 1, name_size - 2, value, value_size, false, err));
    return OK;
}
