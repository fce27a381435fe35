/* model.c - compiling a problem for the search. */
#include "route/model.h"

#include <stdlib.h>
#include <string.h>
#include "base/arena.h"

static const char no_memory[] = "Out of memory";

static bool symmetric(const int32_t *matrix, int32_t count)
{
    for (int32_t i = 0; i < count; i++)
        for (int32_t j = 0; j < i; j++)
            if (matrix[(int64_t)i * count + j] != matrix[(int64_t)j * count + i]) return false;
    return true;
}

static const int32_t *transposed(struct arena *arena, const int32_t *matrix, int32_t count)
{
    if (symmetric(matrix, count)) return matrix;
    int32_t *out = arena_new(arena, (size_t)count * (size_t)count * sizeof *out);
    if (out == NULL) return NULL;
    for (int32_t i = 0; i < count; i++)
        for (int32_t j = 0; j < count; j++)
            out[(int64_t)j * count + i] = matrix[(int64_t)i * count + j];
    return out;
}

/* Where either matrix says there is no road both do, with exactly ROUTE_FAR. */
static bool set_far(struct arena *arena, struct matrix *matrix, int32_t count, bool *far)
{
    size_t cells = (size_t)count * (size_t)count;
    size_t first = 0;
    while (first < cells && matrix->dist[first] < ROUTE_FAR && matrix->dur[first] < ROUTE_FAR)
        first++;
    if (first == cells) return true;
    *far = true;
    int32_t *dist = arena_new(arena, cells * sizeof *dist);
    int32_t *dur = arena_new(arena, cells * sizeof *dur);
    if (dist == NULL || dur == NULL) return false;
    for (size_t k = 0; k < cells; k++) {
        bool none = matrix->dist[k] >= ROUTE_FAR || matrix->dur[k] >= ROUTE_FAR;
        dist[k] = none ? ROUTE_FAR : matrix->dist[k];
        dur[k] = none ? ROUTE_FAR : matrix->dur[k];
    }
    matrix->dist = dist;
    matrix->dur = dur;
    return true;
}

static enum status set_matrices(struct arena *arena, struct model *model, struct err *err)
{
    const struct route_problem *problem = model->problem;
    model->matrices = arena_new(arena, (size_t)problem->profile_count * sizeof(struct matrix));
    if (model->matrices == NULL) return err_set(err, BROKEN, NULL, no_memory);
    for (int32_t i = 0; i < problem->profile_count; i++) {
        struct matrix *matrix = &model->matrices[i];
        matrix->dist = problem->profiles[i].distance;
        matrix->dur = problem->profiles[i].duration;
        bool far = false, same = matrix->dist == matrix->dur;
        if (!set_far(arena, matrix, model->locations, &far))
            return err_set(err, BROKEN, NULL, no_memory);
        if (far) model->uses |= USES_TIME;
        matrix->dist_t = transposed(arena, matrix->dist, model->locations);
        matrix->dur_t = same && !far ? matrix->dist_t
                                     : transposed(arena, matrix->dur, model->locations);
        if (matrix->dist_t == NULL || matrix->dur_t == NULL)
            return err_set(err, BROKEN, NULL, no_memory);
    }
    return OK;
}

static void type_uses(struct model *model, const struct route_type *type)
{
    if (type->shift.open != 0 || type->shift.close != 0) model->uses |= USES_TIME;
    if (type->cost_travel || type->travel_max) model->uses |= USES_TRAVEL;
    if (type->trips_max > 1) model->uses |= USES_TRIPS;
    if (type->cost_duration || type->duration_max) model->uses |= USES_DURATION | USES_TIME;
    if (type->travel_max || type->distance_max || type->stops_max) model->uses |= USES_LIMITS;
}

/* The dearest arc, to bound what any solution costs. */
static double dearest_arc(const struct model *model)
{
    double dearest = 0;
    size_t cells = (size_t)model->locations * (size_t)model->locations;
    for (int32_t p = 0; p < model->problem->profile_count; p++) {
        double dist = 0, dur = 0;
        for (size_t k = 0; k < cells; k++) {
            if (model->matrices[p].dist[k] < ROUTE_FAR && model->matrices[p].dist[k] > dist)
                dist = model->matrices[p].dist[k];
            if (model->matrices[p].dur[k] < ROUTE_FAR && model->matrices[p].dur[k] > dur)
                dur = model->matrices[p].dur[k];
        }
        for (int32_t t = 0; t < model->type_count; t++) {
            const struct route_type *type = &model->types[t];
            if (type->profile != p) continue;
            double arc = dist * (double)type->cost_distance + dur * (double)type->cost_travel;
            if (arc > dearest) dearest = arc;
        }
    }
    return dearest;
}

static enum status set_missed(struct model *model, struct err *err)
{
    double arc = dearest_arc(model), fixed = 0, stop = 0, duration = 0, prizes = 0;
    for (int32_t t = 0; t < model->type_count; t++) {
        const struct route_type *type = &model->types[t];
        double shift = (double)(type_close(type) - type->shift.open);
        if (type->duration_max && type->duration_max < shift) shift = type->duration_max;
        if ((double)type->cost_duration * shift > duration)
            duration = (double)type->cost_duration * shift;
        if ((double)type->cost_fixed > fixed) fixed = (double)type->cost_fixed;
        if ((double)type->cost_stop > stop) stop = (double)type->cost_stop;
    }
    for (int32_t i = 0; i < model->node_count; i++) prizes += (double)model->nodes[i].prize;
    double nodes = model->node_count + 1;
    double whole = nodes * (3 * arc + fixed + stop + duration) + prizes + 1;
    if (whole * nodes > 0x1p61)
        return err_set(err, INVALID, "costs", "Costs are too large together");
    model->missed = (int64_t)whole;
    return OK;
}

static void set_end(struct node *node, int32_t loc, int32_t service,
                    const struct route_window *windows, int32_t count)
{
    node->loc = loc;
    node->service = service;
    node->open = count > 0 ? windows[0].open : 0;
    node->close = count > 0 ? windows[count - 1].close : ROUTE_TIME_MAX;
    node->windows = count > 1 ? windows : NULL;
    node->window_count = count;
    node->mate = -1;
}

static void node_allow(struct model *model, int32_t node, int32_t pin, uint64_t skills)
{
    for (int32_t t = 0; t < model->type_count; t++) {
        const struct route_type *type = &model->types[t];
        bool fits = (pin == 0 || pin == t + 1) && (skills & ~type->skills) == 0;
        for (int32_t d = 0; d < model->dims && fits; d++) {
            int64_t at = (int64_t)node * model->dims + d;
            int32_t first = model->initial[at], after = first + model->change[at];
            fits = first <= type->capacity[d] && after <= type->capacity[d];
        }
        model->allowed[(int64_t)node * model->type_count + t] = fits;
    }
}

void model_reload(struct model *model, int32_t index)
{
    const struct route_job *job = &model->problem->jobs[index];
    int32_t at = model->job_node[index];
    model->nodes[at].service = job->service_s;
    bool delivers = false, picks = false;
    for (int32_t d = 0; d < model->dims; d++) {
        model->initial[(int64_t)at * model->dims + d] = job->delivery[d];
        model->change[(int64_t)at * model->dims + d] = job->pickup[d] - job->delivery[d];
        delivers = delivers || job->delivery[d];
        picks = picks || job->pickup[d];
    }
    if (picks) model->uses |= USES_PROFILE;
    node_allow(model, at, job->pin, job->skills);
}

static void add_job(struct model *model, int32_t index)
{
    const struct route_job *job = &model->problem->jobs[index];
    int32_t at = model->node_count++;
    struct node *node = &model->nodes[at];
    *node = (struct node){ .kind = ROUTE_JOB, .index = index, .release = job->release,
        .optional = job->optional, .prize = job->optional ? job->prize : 0 };
    set_end(node, job->location, job->service_s, job->windows, job->window_count);
    model->job_node[index] = at;
    if (job->window_count > 0) model->uses |= USES_TIME;
    if (job->window_count > 1) model->uses |= USES_WINDOWS;
    if (job->release > 0) model->uses |= USES_TIME | USES_RELEASE;
    model_reload(model, index);
}

static void add_shipment(struct model *model, int32_t index)
{
    const struct route_shipment *shipment = &model->problem->shipments[index];
    int32_t at = model->node_count;
    model->node_count += 2;
    for (int32_t k = 0; k < 2; k++) {
        const struct route_end *end = k == 0 ? &shipment->pickup : &shipment->delivery;
        struct node *node = &model->nodes[at + k];
        *node = (struct node){ .kind = k == 0 ? ROUTE_PICKUP : ROUTE_DELIVERY, .index = index,
            .optional = shipment->optional,
            .prize = shipment->optional && k == 0 ? shipment->prize : 0 };
        set_end(node, end->location, end->service_s, end->windows, end->window_count);
        node->mate = at + 1 - k;
        for (int32_t d = 0; d < model->dims; d++) {
            int64_t cell = (int64_t)(at + k) * model->dims + d;
            model->initial[cell] = 0;
            model->change[cell] = k == 0 ? shipment->amount[d] : -shipment->amount[d];
        }
        if (end->window_count > 0) model->uses |= USES_TIME;
        if (end->window_count > 1) model->uses |= USES_WINDOWS;
        node_allow(model, at, shipment->pin, shipment->skills);
    }
    memcpy(model->allowed + (int64_t)(at + 1) * model->type_count,
        model->allowed + (int64_t)at * model->type_count, (size_t)model->type_count);
    model->shipment_node[index] = at;
    model->uses |= USES_PROFILE;
}

static void *grown(struct arena *arena, const void *old, size_t used, size_t bytes)
{
    void *room = arena_new(arena, bytes ? bytes : 1);
    if (room && used) memcpy(room, old, used);
    return room;
}

static bool node_room(struct arena *arena, struct model *model, int32_t wanted)
{
    if (wanted <= model->node_room) return true;
    size_t room = (size_t)wanted + (size_t)wanted / 2 + 16, used = (size_t)model->node_count;
    size_t dims = (size_t)model->dims * sizeof(int32_t), types = (size_t)model->type_count;
    model->nodes = grown(arena, model->nodes, used * sizeof(struct node),
        room * sizeof(struct node));
    model->initial = grown(arena, model->initial, used * dims, room * dims);
    model->change = grown(arena, model->change, used * dims, room * dims);
    model->allowed = grown(arena, model->allowed, used * types, room * types);
    model->job_node = grown(arena, model->job_node, used * sizeof(int32_t),
        room * sizeof(int32_t));
    model->shipment_node = grown(arena, model->shipment_node, used * sizeof(int32_t),
        room * sizeof(int32_t));
    model->node_room = (int32_t)room;
    return model->nodes && model->initial && model->change && model->allowed &&
           model->job_node && model->shipment_node;
}

enum status model_add(struct arena *arena, struct model *model, enum route_kind kind,
                      int32_t index)
{
    if (!node_room(arena, model, model->node_count + 2)) return BROKEN;
    if (kind == ROUTE_JOB) add_job(model, index);
    else add_shipment(model, index);
    return OK;
}

struct near { int64_t far; int32_t node; };

static int by_far(const void *a, const void *b)
{
    const struct near *x = a, *y = b;
    if (x->far != y->far) return x->far < y->far ? -1 : 1;
    return (x->node > y->node) - (x->node < y->node);
}

/* Parts the row so that its `k` nearest stand first, in no order (Hoare's selection). */
static void select_near(struct near *row, int32_t count, int32_t k)
{
    int32_t low = 0, high = count - 1;
    while (low < high) {
        struct near middle = row[low + (high - low) / 2];
        int32_t i = low, j = high;
        while (i <= j) {
            while (by_far(&row[i], &middle) < 0) i++;
            while (by_far(&row[j], &middle) > 0) j--;
            if (i > j) break;
            struct near kept = row[i];
            row[i++] = row[j];
            row[j--] = kept;
        }
        if (k <= j) high = j;
        else if (k > i) low = i;
        else return;
    }
}

/* Nearness: the arc both ways in the first profile, distance and time; a one-way road's twice. */
static enum status set_near(struct arena *arena, struct model *model, int32_t wanted)
{
    int32_t count = model->node_count, n = model->locations;
    model->near_count = wanted < count - 1 ? wanted : count - 1;
    if (model->near_count <= 0) return OK;
    size_t k = (size_t)model->near_count;
    struct near *row = malloc((size_t)count * sizeof *row);
    model->near = arena_new(arena, (size_t)count * k * sizeof(int32_t));
    if (row == NULL || model->near == NULL) {
        free(row);
        return BROKEN;
    }
    const struct matrix *x = &model->matrices[0];
    for (int32_t i = 0; i < count; i++) {
        int64_t base = (int64_t)model->nodes[i].loc * n;
        int32_t used = 0;
        for (int32_t j = 0; j < count; j++) {
            if (j == i) continue;
            int64_t at = base + model->nodes[j].loc;
            int64_t there = (int64_t)x->dist[at] + x->dur[at];
            int64_t back = (int64_t)x->dist_t[at] + x->dur_t[at];
            if (x->dist[at] >= ROUTE_FAR) there = back;
            else if (x->dist_t[at] >= ROUTE_FAR) back = there;
            row[used++] = (struct near){ .node = j, .far = there + back };
        }
        select_near(row, used, (int32_t)k);
        qsort(row, k, sizeof *row, by_far);
        for (size_t j = 0; j < k; j++) model->near[(size_t)i * k + j] = row[j].node;
    }
    free(row);
    return OK;
}

/* May any line become any other type if its load allows? */
static bool are_kin(const struct model *model)
{
    const struct route_problem *p = model->problem;
    const unsigned needed = USES_PROFILE | USES_TRIPS | USES_DURATION | USES_LIMITS | USES_TRAVEL;
    if (model->type_count < 2 || p->shipment_count > 0 || (model->uses & needed)) return false;
    for (int32_t i = 1; i < model->type_count; i++) {
        const struct route_type *a = &model->types[0], *b = &model->types[i];
        if (a->profile != b->profile || a->start != b->start || a->end != b->end ||
            a->shift.open != b->shift.open || a->shift.close != b->shift.close ||
            a->skills != b->skills || a->cost_stop != b->cost_stop)
            return false;
    }
    for (int32_t i = 0; i < p->job_count; i++)
        if (p->jobs[i].pin != 0) return false;
    return true;
}

static void set_kin(struct model *model)
{
    model->kin = are_kin(model);
    if (!model->kin) return;
    model->unit = model->types[0];
    model->unit.cost_distance = 1;
    model->unit.cost_stop = 0;
    for (int32_t d = 0; d < model->dims; d++) model->unit.capacity[d] = INT32_MAX;
}

enum status model_new(struct arena *arena, const struct route_problem *problem, int32_t nears,
                      struct model *out, struct err *err)
{
    TRY(route_valid(problem, err));
    *out = (struct model){ .problem = problem, .types = problem->types, .dims = problem->dims,
        .locations = problem->location_count, .type_count = problem->type_count };
    if (!node_room(arena, out, problem->job_count + 2 * problem->shipment_count))
        return err_set(err, BROKEN, NULL, no_memory);
    TRY(set_matrices(arena, out, err));
    for (int32_t t = 0; t < out->type_count; t++) type_uses(out, &out->types[t]);
    bool delivers = false, picks = false;
    for (int32_t i = 0; i < problem->job_count; i++) {
        add_job(out, i);
        for (int32_t d = 0; d < out->dims; d++) {
            delivers = delivers || problem->jobs[i].delivery[d];
            picks = picks || problem->jobs[i].pickup[d];
        }
    }
    if (!(delivers && picks)) out->uses &= ~(unsigned)USES_PROFILE;
    for (int32_t i = 0; i < problem->shipment_count; i++) add_shipment(out, i);
    TRY(set_missed(out, err));
    set_kin(out);
    if (set_near(arena, out, nears) != OK) return err_set(err, BROKEN, NULL, no_memory);
    return OK;
}
