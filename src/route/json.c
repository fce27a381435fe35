/* json.c - the problem's own JSON form, and solutions in JSON. docs/route.md tells the form.
 *
 * Every name is checked: one that isn't known is an error, since a limit misspelt is a limit lost.
 * Errors name the place as `types[2].shift`. */
#include "route/read.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"

struct reader {
    struct arena *arena;
    struct err *err;
    const char *path;
    const char *what;       // "types", "jobs" ...
    int32_t index;          // of the item, -1: none
};

static enum status bad(struct reader *r, const char *field, const char *text, const char *name)
{
    if (r->index >= 0)
        return err_about(r->err, INVALID, field, text, "%s: %s[%d].%.40s", r->path, r->what,
            (int)r->index, name);
    return err_about(r->err, INVALID, field, text, "%s: %s%s%.40s", r->path, r->what,
        *r->what ? "." : "", name);
}

static enum status get_int(struct reader *r, const json_t *value, const char *name, int64_t most,
                           int64_t *out)
{
    if (!json_is_integer(value)) return bad(r, "json", "Not a whole number", name);
    *out = json_integer_value(value);
    if (*out < 0 || *out > most) return bad(r, "json", "Negative or too large", name);
    return OK;
}

static enum status get_i32(struct reader *r, const json_t *value, const char *name, int32_t *out)
{
    int64_t wide = 0;
    TRY(get_int(r, value, name, ROUTE_TIME_MAX, &wide));
    *out = (int32_t)wide;
    return OK;
}

static enum status get_name(struct reader *r, const json_t *value, const char *name,
                            const char **out)
{
    if (!json_is_string(value)) return bad(r, "json", "Not a text", name);
    *out = arena_text(r->arena, json_string_value(value));
    return *out ? OK : err_set(r->err, BROKEN, NULL, "Out of memory");
}

static enum status get_amounts(struct reader *r, const json_t *value, const char *name,
                               int32_t dims, int32_t *out)
{
    if (!json_is_array(value) || json_array_size(value) != (size_t)dims)
        return bad(r, "json", "Not a list of as many numbers as there are dims", name);
    for (int32_t d = 0; d < dims; d++)
        TRY(get_i32(r, json_array_get(value, (size_t)d), name, &out[d]));
    return OK;
}

static enum status get_window(struct reader *r, const json_t *value, const char *name,
                              struct route_window *out)
{
    if (!json_is_array(value) || json_array_size(value) != 2)
        return bad(r, "json", "Not a pair of times", name);
    TRY(get_i32(r, json_array_get(value, 0), name, &out->open));
    return get_i32(r, json_array_get(value, 1), name, &out->close);
}

static enum status get_windows(struct reader *r, const json_t *value, const char *name,
                               const struct route_window **windows, int32_t *count)
{
    if (!json_is_array(value) || json_array_size(value) > ROUTE_WINDOWS)
        return bad(r, "json", "Not a list of time windows, or too many", name);
    size_t size = json_array_size(value);
    struct route_window *own = arena_new(r->arena, (size + 1) * sizeof *own);
    if (own == NULL) return err_set(r->err, BROKEN, NULL, "Out of memory");
    for (size_t i = 0; i < size; i++)
        TRY(get_window(r, json_array_get(value, i), name, &own[i]));
    *windows = own;
    *count = (int32_t)size;
    return OK;
}

/* A field of a struct by its name in the file. */
enum shape { SHAPE_I32, SHAPE_I64, SHAPE_TEXT, SHAPE_AMOUNTS, SHAPE_WINDOW, SHAPE_SKILLS,
             SHAPE_PRIZE, SHAPE_WINDOWS, SHAPE_END };
struct field { const char *name; enum shape shape; size_t at, more; };

static enum status read_fields(struct reader *r, const json_t *object, const struct field *fields,
                               size_t count, int32_t dims, void *out);

static enum status read_end(struct reader *r, const json_t *value, const char *name,
                            struct route_end *end)
{
    static const struct field fields[] = {
        { "location", SHAPE_I32, offsetof(struct route_end, location), 0 },
        { "service", SHAPE_I32, offsetof(struct route_end, service_s), 0 },
        { "windows", SHAPE_WINDOWS, offsetof(struct route_end, windows),
            offsetof(struct route_end, window_count) },
    };
    if (!json_is_object(value)) return bad(r, "json", "Not an object", name);
    return read_fields(r, value, fields, COUNT(fields), 0, end);
}

static enum status read_field(struct reader *r, const json_t *value, const struct field *field,
                              int32_t dims, char *out)
{
    char *at = out + field->at;
    int64_t wide;
    switch (field->shape) {
    case SHAPE_I32: return get_i32(r, value, field->name, (int32_t *)(void *)at);
    case SHAPE_I64:
        return get_int(r, value, field->name, ROUTE_COST_MAX, (int64_t *)(void *)at);
    case SHAPE_TEXT: return get_name(r, value, field->name, (const char **)(void *)at);
    case SHAPE_AMOUNTS:
        return get_amounts(r, value, field->name, dims, (int32_t *)(void *)at);
    case SHAPE_WINDOW:
        return get_window(r, value, field->name, (struct route_window *)(void *)at);
    case SHAPE_SKILLS:
        TRY(get_int(r, value, field->name, INT64_MAX, &wide));
        *(uint64_t *)(void *)at = (uint64_t)wide;
        return OK;
    case SHAPE_PRIZE:
        *(bool *)(void *)(out + field->more) = true;
        return get_int(r, value, field->name, ROUTE_COST_MAX, (int64_t *)(void *)at);
    case SHAPE_WINDOWS:
        return get_windows(r, value, field->name, (const struct route_window **)(void *)at,
            (int32_t *)(void *)(out + field->more));
    case SHAPE_END: return read_end(r, value, field->name, (struct route_end *)(void *)at);
    }
    return BROKEN;
}

static enum status read_fields(struct reader *r, const json_t *object, const struct field *fields,
                               size_t count, int32_t dims, void *out)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)object, key, value) {
        size_t i = 0;
        while (i < count && strcmp(fields[i].name, key) != 0) i++;
        if (i == count) return bad(r, "json", "Name not known", key);
        TRY(read_field(r, value, &fields[i], dims, out));
    }
    return OK;
}

/* A list of objects as an array of structs. */
static enum status read_list(struct reader *r, const json_t *root, const char *what,
                             const struct field *fields, size_t count, int32_t dims, size_t bytes,
                             void **out, int32_t *out_count)
{
    const json_t *list = json_object_get(root, what);
    if (list == NULL) return OK;
    if (!json_is_array(list)) return bad(r, "json", "Not a list", what);
    size_t size = json_array_size(list);
    char *items = arena_new(r->arena, (size + 1) * bytes);
    if (items == NULL) return err_set(r->err, BROKEN, NULL, "Out of memory");
    r->what = what;
    for (size_t i = 0; i < size; i++) {
        const json_t *item = json_array_get(list, i);
        r->index = (int32_t)i;
        if (!json_is_object(item)) return bad(r, "json", "Not an object", "");
        TRY(read_fields(r, item, fields, count, dims, items + i * bytes));
    }
    r->index = -1;
    r->what = "";
    *out = items;
    *out_count = (int32_t)size;
    return OK;
}

/* A matrix: rows of numbers, or all of them in one list; -1 is where there is no road. */
static enum status read_matrix(struct reader *r, const json_t *value, const char *name, int32_t n,
                               const int32_t **out)
{
    size_t count = (size_t)n, cells = count * count;
    bool flat = json_is_array(value) && json_array_size(value) == cells && n != 1;
    if (n == 1) flat = json_is_integer(json_array_get(value, 0));
    if (!json_is_array(value) || (!flat && json_array_size(value) != count))
        return bad(r, "json", "Not a matrix of locations x locations", name);
    int32_t *matrix = arena_new(r->arena, cells * sizeof *matrix);
    if (matrix == NULL) return err_set(r->err, BROKEN, NULL, "Out of memory");
    for (size_t i = 0; i < count; i++) {
        const json_t *row = flat ? value : json_array_get(value, i);
        if (!json_is_array(row) || (!flat && json_array_size(row) != count))
            return bad(r, "json", "A row of the matrix is missing or too short", name);
        for (size_t j = 0; j < count; j++) {
            const json_t *cell = json_array_get(row, flat ? i * count + j : j);
            if (!json_is_integer(cell)) return bad(r, "json", "Not a whole number", name);
            json_int_t arc = json_integer_value(cell);
            if (arc < -1 || arc > INT32_MAX) return bad(r, "json", "Out of range", name);
            matrix[i * count + j] = arc == -1 ? ROUTE_FAR : (int32_t)arc;
        }
    }
    *out = matrix;
    return OK;
}

static enum status read_profiles(struct reader *r, const json_t *root, struct route_problem *p)
{
    const json_t *list = json_object_get(root, "profiles");
    if (!json_is_array(list)) return bad(r, "json", "Not a list", "profiles");
    size_t size = json_array_size(list);
    struct route_profile *profiles = arena_new(r->arena, (size + 1) * sizeof *profiles);
    if (profiles == NULL) return err_set(r->err, BROKEN, NULL, "Out of memory");
    r->what = "profiles";
    for (size_t i = 0; i < size; i++) {
        r->index = (int32_t)i;
        const char *key;
        json_t *value;
        json_object_foreach(json_array_get(list, i), key, value) {
            if (strcmp(key, "name") == 0) continue;
            bool duration = strcmp(key, "duration") == 0;
            if (!duration && strcmp(key, "distance") != 0)
                return bad(r, "json", "Name not known", key);
            TRY(read_matrix(r, value, key, p->location_count,
                duration ? &profiles[i].duration : &profiles[i].distance));
        }
        if (profiles[i].duration == NULL) return bad(r, "json", "Missing", "duration");
        if (profiles[i].distance == NULL) return bad(r, "json", "Missing", "distance");
    }
    r->index = -1;
    r->what = "";
    p->profiles = profiles;
    p->profile_count = (int32_t)size;
    return OK;
}

#define TYPE(name, shape, member) { name, shape, offsetof(struct route_type, member), 0 }
static const struct field type_fields[] = {
    TYPE("name", SHAPE_TEXT, name), TYPE("count", SHAPE_I32, count),
    TYPE("profile", SHAPE_I32, profile), TYPE("start", SHAPE_I32, start),
    TYPE("end", SHAPE_I32, end), TYPE("reload", SHAPE_I32, reload),
    TYPE("trips", SHAPE_I32, trips_max), TYPE("reload_service", SHAPE_I32, reload_s),
    TYPE("capacity", SHAPE_AMOUNTS, capacity), TYPE("shift", SHAPE_WINDOW, shift),
    TYPE("duration_max", SHAPE_I32, duration_max), TYPE("travel_max", SHAPE_I32, travel_max),
    TYPE("stops_max", SHAPE_I32, stops_max), TYPE("distance_max", SHAPE_I64, distance_max),
    TYPE("cost_fixed", SHAPE_I64, cost_fixed), TYPE("cost_distance", SHAPE_I64, cost_distance),
    TYPE("cost_travel", SHAPE_I64, cost_travel),
    TYPE("cost_duration", SHAPE_I64, cost_duration), TYPE("cost_stop", SHAPE_I64, cost_stop),
    TYPE("skills", SHAPE_SKILLS, skills),
};

#define JOB(name, shape, member) { name, shape, offsetof(struct route_job, member), 0 }
static const struct field job_fields[] = {
    JOB("name", SHAPE_TEXT, name), JOB("location", SHAPE_I32, location),
    JOB("delivery", SHAPE_AMOUNTS, delivery), JOB("pickup", SHAPE_AMOUNTS, pickup),
    JOB("service", SHAPE_I32, service_s), JOB("release", SHAPE_I32, release),
    { "windows", SHAPE_WINDOWS, offsetof(struct route_job, windows),
        offsetof(struct route_job, window_count) },
    JOB("pin", SHAPE_I32, pin), JOB("skills", SHAPE_SKILLS, skills),
    { "prize", SHAPE_PRIZE, offsetof(struct route_job, prize),
        offsetof(struct route_job, optional) },
};

#define PAIR(name, shape, member) { name, shape, offsetof(struct route_shipment, member), 0 }
static const struct field shipment_fields[] = {
    PAIR("name", SHAPE_TEXT, name), PAIR("pickup", SHAPE_END, pickup),
    PAIR("delivery", SHAPE_END, delivery), PAIR("amount", SHAPE_AMOUNTS, amount),
    PAIR("pin", SHAPE_I32, pin), PAIR("skills", SHAPE_SKILLS, skills),
    { "prize", SHAPE_PRIZE, offsetof(struct route_shipment, prize),
        offsetof(struct route_shipment, optional) },
};

static enum status read_problem(struct reader *r, const json_t *root, struct route_file *out)
{
    static const char *const known[] = { "name", "dims", "locations", "profiles", "types", "jobs",
        "shipments" };
    struct route_problem *p = &out->problem;
    const char *key;
    json_t *value;
    if (!json_is_object(root)) return bad(r, "json", "Not an object", "");
    json_object_foreach((json_t *)root, key, value) {
        size_t i = 0;
        while (i < COUNT(known) && strcmp(known[i], key) != 0) i++;
        if (i == COUNT(known)) return bad(r, "json", "Name not known", key);
    }
    out->name = "";
    value = json_object_get(root, "name");
    if (value) TRY(get_name(r, value, "name", &out->name));
    TRY(get_i32(r, json_object_get(root, "dims"), "dims", &p->dims));
    if (p->dims > ROUTE_DIMS) return bad(r, "json", "Too many dimensions of load", "dims");
    TRY(get_i32(r, json_object_get(root, "locations"), "locations", &p->location_count));
    if (p->location_count < 1 || p->location_count > 30000)
        return bad(r, "json", "No locations, or too many", "locations");
    TRY(read_profiles(r, root, p));
    void *types = NULL, *jobs = NULL, *shipments = NULL;
    TRY(read_list(r, root, "types", type_fields, COUNT(type_fields), p->dims,
        sizeof(struct route_type), &types, &p->type_count));
    TRY(read_list(r, root, "jobs", job_fields, COUNT(job_fields), p->dims,
        sizeof(struct route_job), &jobs, &p->job_count));
    TRY(read_list(r, root, "shipments", shipment_fields, COUNT(shipment_fields), p->dims,
        sizeof(struct route_shipment), &shipments, &p->shipment_count));
    p->types = types;
    p->jobs = jobs;
    p->shipments = shipments;
    return OK;
}

static enum status load(struct reader *r, const char *text, size_t size, json_t **root)
{
    json_error_t error;
    *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
    if (*root) return OK;
    return err_about(r->err, INVALID, "json", "Not JSON", "%s:%d: %.60s", r->path, error.line,
        error.text);
}

enum status read_json(struct arena *arena, const char *path, const char *text, size_t size,
                      struct route_file *out, struct err *err)
{
    struct reader r = { arena, err, path, "", -1 };
    json_t *root;
    *out = (struct route_file){ 0 };
    TRY(load(&r, text, size, &root));
    enum status status = read_problem(&r, root, out);
    json_decref(root);
    if (status != OK) return status;
    return route_valid(&out->problem, err);
}

/* ---- solutions: what `solve` prints under "tours" ---- */

static enum status read_stop(struct reader *r, const json_t *item, struct route_stop *stop)
{
    static const char *const kinds[] = { "job", "pickup", "delivery", "reload" };
    const char *kind = json_string_value(json_object_get(item, "kind"));
    size_t k = 0;
    while (kind && k < COUNT(kinds) && strcmp(kinds[k], kind) != 0) k++;
    if (kind == NULL || k == COUNT(kinds)) return bad(r, "json", "Kind not known", "kind");
    *stop = (struct route_stop){ .kind = (enum route_kind)k, .index = -1 };
    if (stop->kind == ROUTE_RELOAD) return OK;
    return get_i32(r, json_object_get(item, "index"), "index", &stop->index);
}

static enum status read_tour(struct reader *r, const json_t *item, struct route_tour *tour)
{
    TRY(get_i32(r, json_object_get(item, "type"), "type", &tour->type));
    const json_t *stops = json_object_get(item, "stops");
    if (!json_is_array(stops)) return bad(r, "json", "Not a list", "stops");
    tour->stop_count = (int32_t)json_array_size(stops);
    tour->stops = arena_new(r->arena, (size_t)(tour->stop_count + 1) * sizeof *tour->stops);
    if (tour->stops == NULL) return err_set(r->err, BROKEN, NULL, "Out of memory");
    for (int32_t i = 0; i < tour->stop_count; i++)
        TRY(read_stop(r, json_array_get(stops, (size_t)i), &tour->stops[i]));
    return OK;
}

static enum status read_tours(struct reader *r, const json_t *root, struct route_solution *out)
{
    const json_t *list = json_object_get(root, "tours");
    if (!json_is_array(list)) return bad(r, "json", "Not a list", "tours");
    size_t size = json_array_size(list);
    out->tours = arena_new(r->arena, (size + 1) * sizeof *out->tours);
    if (out->tours == NULL) return err_set(r->err, BROKEN, NULL, "Out of memory");
    r->what = "tours";
    for (size_t i = 0; i < size; i++) {
        r->index = (int32_t)i;
        TRY(read_tour(r, json_array_get(list, i), &out->tours[out->tour_count++]));
    }
    return OK;
}

enum status read_json_solution(struct arena *arena, const char *path, const char *text,
                               size_t size, const struct route_file *file,
                               struct route_solution *out, struct err *err)
{
    (void)file;
    struct reader r = { arena, err, path, "", -1 };
    json_t *root;
    *out = (struct route_solution){ 0 };
    TRY(load(&r, text, size, &root));
    enum status status = read_tours(&r, root, out);
    json_decref(root);
    return status;
}
