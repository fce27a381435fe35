/* valid.c - is the problem one? Each check names the field and the item. */
#include "route/model.h"

#include <stdlib.h>

static enum status wrong(struct err *err, const char *field, const char *text, const char *what,
                         int32_t index)
{
    return err_about(err, INVALID, field, text, "%s %d", what, (int)index);
}

static bool time_ok(int32_t time) { return time >= 0 && time <= ROUTE_TIME_MAX; }
static bool cost_ok(int64_t cost) { return cost >= 0 && cost <= ROUTE_COST_MAX; }

static enum status valid_windows(const struct route_window *windows, int32_t count,
                                 const char *what, int32_t index, struct err *err)
{
    if (count < 0 || count > ROUTE_WINDOWS)
        return wrong(err, "windows", "Too many time windows", what, index);
    for (int32_t i = 0; i < count; i++) {
        if (!time_ok(windows[i].open) || !time_ok(windows[i].close))
            return wrong(err, "windows", "Time out of range", what, index);
        if (windows[i].close < windows[i].open)
            return wrong(err, "windows", "A time window ends before it starts", what, index);
        if (i > 0 && windows[i].open <= windows[i - 1].close)
            return wrong(err, "windows", "Time windows overlap or are out of order", what, index);
    }
    return OK;
}

static enum status valid_amounts(const struct route_problem *problem, const int32_t *amounts,
                                 const char *field, const char *what, int32_t index,
                                 struct err *err)
{
    for (int32_t d = 0; d < problem->dims; d++)
        if (amounts[d] < 0 || amounts[d] > ROUTE_TIME_MAX)
            return wrong(err, field, "Amount negative or too large", what, index);
    return OK;
}

enum status valid_job(const struct route_problem *problem, const struct route_job *job,
                      int32_t index, struct err *err)
{
    if (job->location < 0 || job->location >= problem->location_count)
        return wrong(err, "location", "No such location", "job", index);
    if (!time_ok(job->service_s)) return wrong(err, "service", "Time out of range", "job", index);
    if (!time_ok(job->release)) return wrong(err, "release", "Time out of range", "job", index);
    if (job->pin < 0 || job->pin > problem->type_count)
        return wrong(err, "pin", "No such vehicle type", "job", index);
    if (!cost_ok(job->prize)) return wrong(err, "prize", "Cost out of range", "job", index);
    TRY(valid_amounts(problem, job->delivery, "delivery", "job", index, err));
    TRY(valid_amounts(problem, job->pickup, "pickup", "job", index, err));
    return valid_windows(job->windows, job->window_count, "job", index, err);
}

static enum status valid_end(const struct route_problem *problem, const struct route_end *end,
                             int32_t index, struct err *err)
{
    if (end->location < 0 || end->location >= problem->location_count)
        return wrong(err, "location", "No such location", "shipment", index);
    if (!time_ok(end->service_s))
        return wrong(err, "service", "Time out of range", "shipment", index);
    return valid_windows(end->windows, end->window_count, "shipment", index, err);
}

enum status valid_shipment(const struct route_problem *problem,
                           const struct route_shipment *shipment, int32_t index, struct err *err)
{
    TRY(valid_end(problem, &shipment->pickup, index, err));
    TRY(valid_end(problem, &shipment->delivery, index, err));
    if (shipment->pin < 0 || shipment->pin > problem->type_count)
        return wrong(err, "pin", "No such vehicle type", "shipment", index);
    if (!cost_ok(shipment->prize))
        return wrong(err, "prize", "Cost out of range", "shipment", index);
    return valid_amounts(problem, shipment->amount, "amount", "shipment", index, err);
}

static enum status valid_type(const struct route_problem *problem, int32_t index, struct err *err)
{
    const struct route_type *type = &problem->types[index];
    int32_t count = problem->location_count;
    if (type->count < 0) return wrong(err, "count", "Negative", "type", index);
    if (type->profile < 0 || type->profile >= problem->profile_count)
        return wrong(err, "profile", "No such profile", "type", index);
    if (type->start < 0 || type->start >= count)
        return wrong(err, "start", "No such location", "type", index);
    if (type->end < 0 || type->end >= count)
        return wrong(err, "end", "No such location", "type", index);
    if (type->reload < 0 || type->reload >= count)
        return wrong(err, "reload", "No such location", "type", index);
    if (type->trips_max < 0) return wrong(err, "trips", "Negative", "type", index);
    if (!time_ok(type->reload_s))
        return wrong(err, "reload_service", "Time out of range", "type", index);
    if (!time_ok(type->shift.open) || !time_ok(type->shift.close))
        return wrong(err, "shift", "Time out of range", "type", index);
    if (type->shift.close < type->shift.open)
        return wrong(err, "shift", "A time window ends before it starts", "type", index);
    if (!time_ok(type->duration_max) || !time_ok(type->travel_max) || type->stops_max < 0 ||
        !cost_ok(type->distance_max))
        return wrong(err, "limits", "Limit out of range", "type", index);
    if (!cost_ok(type->cost_fixed) || !cost_ok(type->cost_distance) ||
        !cost_ok(type->cost_travel) || !cost_ok(type->cost_duration) || !cost_ok(type->cost_stop))
        return wrong(err, "costs", "Cost out of range", "type", index);
    return valid_amounts(problem, type->capacity, "capacity", "type", index, err);
}

static enum status valid_matrix(const int32_t *matrix, int32_t count, const char *field,
                                int32_t profile, struct err *err)
{
    if (matrix == NULL) return wrong(err, field, "Matrix missing", "profile", profile);
    for (int64_t k = 0; k < (int64_t)count * count; k++)
        if (matrix[k] < 0 || (matrix[k] > ROUTE_TIME_MAX && matrix[k] < ROUTE_FAR))
            return err_about(err, INVALID, field, "Negative or too large",
                "profile %d, row %d, column %d", (int)profile, (int)(k / count),
                (int)(k % count));
    for (int64_t i = 0; i < count; i++)
        if (matrix[i * count + i] != 0)
            return err_about(err, INVALID, field, "Not zero from a place to itself",
                "profile %d, row %d", (int)profile, (int)i);
    return OK;
}

enum status route_valid(const struct route_problem *problem, struct err *err)
{
    const struct route_problem *p = problem;
    if (p->dims < 0 || p->dims > ROUTE_DIMS)
        return err_set(err, INVALID, "dims", "Too many dimensions of load");
    if (p->location_count < 1 || p->location_count > 100000)
        return err_set(err, INVALID, "locations", "No locations, or too many");
    if (p->profile_count < 1 || p->profile_count > ROUTE_TYPES)
        return err_set(err, INVALID, "profiles", "No profiles, or too many");
    if (p->type_count < 1 || p->type_count > ROUTE_TYPES)
        return err_set(err, INVALID, "types", "No vehicle types, or too many");
    if (p->job_count < 0 || p->job_count > 1000000 || p->shipment_count < 0 ||
        p->shipment_count > 1000000)
        return err_set(err, INVALID, "jobs", "Too many jobs or shipments");
    for (int32_t i = 0; i < p->profile_count; i++) {
        TRY(valid_matrix(p->profiles[i].distance, p->location_count, "distance", i, err));
        if (p->profiles[i].duration != p->profiles[i].distance)
            TRY(valid_matrix(p->profiles[i].duration, p->location_count, "duration", i, err));
    }
    for (int32_t i = 0; i < p->type_count; i++) TRY(valid_type(p, i, err));
    for (int32_t i = 0; i < p->job_count; i++) TRY(valid_job(p, &p->jobs[i], i, err));
    for (int32_t i = 0; i < p->shipment_count; i++)
        TRY(valid_shipment(p, &p->shipments[i], i, err));
    return OK;
}

const char *route_reason_name(enum route_reason reason)
{
    static const char *const names[] = {
#define X(name, text) [ROUTE_NO_##name] = text,
        ROUTE_REASONS(X)
#undef X
    };
    return names[reason];
}
