/* plan.c - the live plan: a state that is asked and edited job by job.
 *
 * The plan owns copies of types, jobs and shipments, so that loads can grow; its model follows each
 * change. Every edit is tried on a scratch line or undone, so the plan is feasible after each
 * call. */
#include "route/state.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"

struct route_plan {
    struct arena *arena;
    struct route_problem problem;   // arrays below, and the caller's matrices
    struct route_type *types;
    struct route_job *jobs;
    struct route_shipment *shipments;
    int32_t job_room, shipment_room;
    struct model model;
    struct state state;
    uint8_t *marked;                // of nodes, zero between calls
    int32_t marked_room;
    struct line before;             // a line as it was before an edit that may be undone
    uint64_t version;
};

static const size_t plan_bytes = (size_t)4 << 30;

static bool copy_windows(struct route_plan *plan, const struct route_window **windows,
                         int32_t count)
{
    if (count == 0) return true;
    struct route_window *own = arena_new(plan->arena, (size_t)count * sizeof *own);
    if (own == NULL) return false;
    memcpy(own, *windows, (size_t)count * sizeof *own);
    *windows = own;
    return true;
}

static bool copy_job(struct route_plan *plan, const struct route_job *job)
{
    if (plan->problem.job_count == plan->job_room) {
        int32_t room = plan->job_room ? 2 * plan->job_room : 64;
        struct route_job *wider = arena_new(plan->arena, (size_t)room * sizeof *wider);
        if (wider == NULL) return false;
        if (plan->job_room) memcpy(wider, plan->jobs, (size_t)plan->job_room * sizeof *wider);
        plan->problem.jobs = plan->jobs = wider;
        plan->job_room = room;
    }
    struct route_job *own = &plan->jobs[plan->problem.job_count];
    *own = *job;
    if (job->name && (own->name = arena_text(plan->arena, job->name)) == NULL) return false;
    if (!copy_windows(plan, &own->windows, own->window_count)) return false;
    plan->problem.job_count++;
    return true;
}

static bool copy_shipment(struct route_plan *plan, const struct route_shipment *shipment)
{
    if (plan->problem.shipment_count == plan->shipment_room) {
        int32_t room = plan->shipment_room ? 2 * plan->shipment_room : 64;
        struct route_shipment *wider = arena_new(plan->arena, (size_t)room * sizeof *wider);
        if (wider == NULL) return false;
        if (plan->shipment_room)
            memcpy(wider, plan->shipments, (size_t)plan->shipment_room * sizeof *wider);
        plan->problem.shipments = plan->shipments = wider;
        plan->shipment_room = room;
    }
    struct route_shipment *own = &plan->shipments[plan->problem.shipment_count];
    *own = *shipment;
    if (shipment->name && (own->name = arena_text(plan->arena, shipment->name)) == NULL)
        return false;
    if (!copy_windows(plan, &own->pickup.windows, own->pickup.window_count) ||
        !copy_windows(plan, &own->delivery.windows, own->delivery.window_count))
        return false;
    plan->problem.shipment_count++;
    return true;
}

/* The problem copied, with its arrays; the matrices stay the caller's. */
static bool copy_problem(struct route_plan *plan, const struct route_problem *problem)
{
    plan->problem = *problem;
    plan->problem.job_count = plan->problem.shipment_count = 0;
    size_t bytes = (size_t)problem->type_count * sizeof *plan->types;
    size_t profile_bytes = (size_t)problem->profile_count * sizeof(struct route_profile);
    struct route_profile *profiles = arena_new(plan->arena, profile_bytes);
    plan->types = arena_new(plan->arena, bytes);
    if (plan->types == NULL || profiles == NULL) return false;
    memcpy(plan->types, problem->types, bytes);
    memcpy(profiles, problem->profiles, profile_bytes);
    plan->problem.types = plan->types;
    plan->problem.profiles = profiles;
    for (int32_t t = 0; t < problem->type_count; t++) {
        const char *name = problem->types[t].name;
        if (name && (plan->types[t].name = arena_text(plan->arena, name)) == NULL) return false;
    }
    for (int32_t i = 0; i < problem->job_count; i++)
        if (!copy_job(plan, &problem->jobs[i])) return false;
    for (int32_t i = 0; i < problem->shipment_count; i++)
        if (!copy_shipment(plan, &problem->shipments[i])) return false;
    return true;
}

static bool mark_room(struct route_plan *plan)
{
    if (plan->model.node_room <= plan->marked_room) return true;
    plan->marked = arena_new(plan->arena, (size_t)plan->model.node_room);
    plan->marked_room = plan->model.node_room;
    return plan->marked != NULL;
}

static enum status start_plan(struct route_plan *plan, const struct route_problem *problem,
                              struct err *err)
{
    TRY(route_valid(problem, err));
    if (!copy_problem(plan, problem)) return err_set(err, BROKEN, NULL, "Out of memory");
    TRY(model_new(plan->arena, &plan->problem, 0, &plan->model, err));
    // Loads and windows come later: lines keep all that they may need.
    plan->model.uses |= USES_TIME | USES_PROFILE;
    if (state_new(plan->arena, &plan->model, &plan->state) != OK || !mark_room(plan))
        return err_set(err, BROKEN, NULL, "Out of memory");
    return OK;
}

enum status route_plan_new(const struct route_problem *problem,
                           const struct route_solution *solution, struct route_plan **out,
                           struct err *err)
{
    struct route_plan *plan = calloc(1, sizeof *plan);
    if (plan) plan->arena = arena_open(plan_bytes);
    if (plan == NULL || plan->arena == NULL) {
        route_plan_free(plan);
        return err_set(err, BROKEN, NULL, "Out of memory");
    }
    enum status status = start_plan(plan, problem, err);
    int32_t left = 0;
    if (status == OK && solution && state_load(&plan->state, solution, &left) != OK)
        status = err_set(err, BROKEN, NULL, "Out of memory");
    if (status == OK && left > 0)
        status = err_about(err, INVALID, "solution", "Not feasible", "%d stops", (int)left);
    if (status != OK) {
        route_plan_free(plan);
        return status;
    }
    plan->version = 1;
    *out = plan;
    return OK;
}

/* Slots and order stay as they are, so that quotes and places mean the same in the copy. */
static bool copy_lines(struct route_plan *to, const struct route_plan *from)
{
    const struct state *source = &from->state;
    struct state *state = &to->state;
    for (int32_t i = 0; i < source->slot_count; i++) {
        const struct line *line = &source->lines[i];
        if (state->slot_count == state->slot_room) {
            int32_t room = source->slot_count + 16;
            struct line *lines = arena_new(to->arena, (size_t)room * sizeof *lines);
            if (lines == NULL) return false;
            state->lines = lines;
            state->slot_room = room;
        }
        struct line *own = &state->lines[state->slot_count++];
        if (!state_room(state, own, line->count + 3)) return false;
        line_copy(&to->model, own, line);
        if (line->count > 0) state->used[line->type]++;
        state_seat(state, i);
    }
    state->cost = source->cost;
    return true;
}

struct route_plan *route_plan_copy(const struct route_plan *plan)
{
    struct err err;
    struct route_plan *copy;
    if (route_plan_new(&plan->problem, NULL, &copy, &err) != OK) return NULL;
    // Nodes are numbered in order of arrival, which may differ between jobs and shipments.
    const struct model *from = &plan->model;
    memcpy(copy->model.job_node, from->job_node,
        (size_t)plan->problem.job_count * sizeof *from->job_node);
    memcpy(copy->model.shipment_node, from->shipment_node,
        (size_t)plan->problem.shipment_count * sizeof *from->shipment_node);
    size_t nodes = (size_t)from->node_count, dims = (size_t)from->dims;
    for (size_t i = 0; i < nodes; i++) {
        struct node *node = &copy->model.nodes[i];
        *node = from->nodes[i];
        if (node->windows == NULL) continue;
        const struct route_job *job = &copy->jobs[node->index];
        const struct route_shipment *shipment = &copy->shipments[node->index];
        node->windows = node->kind == ROUTE_JOB ? job->windows
            : node->kind == ROUTE_PICKUP ? shipment->pickup.windows : shipment->delivery.windows;
    }
    if (dims > 0 && nodes > 0) {
        memcpy(copy->model.initial, from->initial, nodes * dims * sizeof(int32_t));
        memcpy(copy->model.change, from->change, nodes * dims * sizeof(int32_t));
    }
    if (nodes > 0)
        memcpy(copy->model.allowed, from->allowed, nodes * (size_t)from->type_count);
    copy->model.uses = from->uses;
    if (!copy_lines(copy, plan)) {
        route_plan_free(copy);
        return NULL;
    }
    copy->version = plan->version;
    return copy;
}

void route_plan_free(struct route_plan *plan)
{
    if (plan) arena_free(plan->arena);
    free(plan);
}

static enum status added(struct route_plan *plan, enum route_kind kind, int32_t index,
                         struct err *err)
{
    plan->version++;
    if (model_add(plan->arena, &plan->model, kind, index) != OK ||
        state_grow(&plan->state) != OK || !mark_room(plan))
        return err_set(err, BROKEN, NULL, "Out of memory");
    return OK;
}

enum status route_plan_add_job(struct route_plan *plan, const struct route_job *job,
                               int32_t *index, struct err *err)
{
    TRY(valid_job(&plan->problem, job, plan->problem.job_count, err));
    *index = plan->problem.job_count;
    if (!copy_job(plan, job)) return err_set(err, BROKEN, NULL, "Out of memory");
    return added(plan, ROUTE_JOB, *index, err);
}

enum status route_plan_add_shipment(struct route_plan *plan,
                                    const struct route_shipment *shipment, int32_t *index,
                                    struct err *err)
{
    TRY(valid_shipment(&plan->problem, shipment, plan->problem.shipment_count, err));
    *index = plan->problem.shipment_count;
    if (!copy_shipment(plan, shipment)) return err_set(err, BROKEN, NULL, "Out of memory");
    return added(plan, ROUTE_PICKUP, *index, err);
}

static int32_t node_of(const struct route_plan *plan, enum route_kind kind, int32_t index)
{
    bool job = kind == ROUTE_JOB;
    int32_t count = job ? plan->problem.job_count : plan->problem.shipment_count;
    assert(kind != ROUTE_RELOAD && index >= 0 && index < count);
    return job ? plan->model.job_node[index]
               : plan->model.shipment_node[index] + (kind == ROUTE_DELIVERY);
}

/* Earliest start of service of the node, were it put there: told by the line with it in. */
static int32_t start_there(const struct route_plan *plan, const struct line *line,
                           const struct place *place, int32_t node)
{
    struct line *scratch = plan->state.scan.scratch;
    line_copy(&plan->model, scratch, line);
    bool good = line_insert(&plan->model, scratch, place, node);
    assert(good);
    int32_t at = place->at + 1 + (place->split == SPLIT_BEFORE);
    return scratch->spots[at].dep - scratch->spots[at].service;
}

static bool cheapest(struct route_plan *plan, int32_t node, struct route_quote *out)
{
    struct state *state = &plan->state;
    struct place best = { .cost = INT64_MAX };
    int32_t slot = -1, type = -1;
    for (int32_t i = 0; i < state->slot_count; i++) {
        if (state->lines[i].count == 0) continue;
        if (!line_scan(&state->scan, &state->lines[i], node, &best)) continue;
        slot = i;
        type = state->lines[i].type;
    }
    for (int32_t t = 0; t < plan->model.type_count; t++) {
        if (!state_scan_empty(state, t, node, &best)) continue;
        slot = -1;
        type = t;
    }
    if (type < 0) return false;
    const struct line *line = slot >= 0 ? &state->lines[slot] : &state->empty[type];
    out->start = start_there(plan, line, &best, node);
    if (slot < 0) slot = state_slot(state);
    if (slot < 0) return false;
    out->cost = best.cost;
    out->type = type;
    out->tour = slot;
    out->at = best.at;
    out->delivery_at = best.at2;
    out->reload = (int32_t)best.split;
    out->version = plan->version;
    return true;
}

enum status route_plan_quote(const struct route_plan *plan, enum route_kind kind, int32_t index,
                             struct route_quote *out, enum route_reason *reason)
{
    int32_t node = node_of(plan, kind, index);
    *out = (struct route_quote){ .kind = kind, .index = index };
    // Only scratch memory of the plan is written to.
    struct route_plan *own = (struct route_plan *)plan;
    if (plan->state.slot[node] < 0 && cheapest(own, node, out)) return OK;
    if (reason) *reason = model_reason(&plan->model, node);
    return NOT_FOUND;
}

enum status route_plan_insert(struct route_plan *plan, const struct route_quote *quote)
{
    if (quote->version != plan->version) return CONFLICT;
    int32_t node = node_of(plan, quote->kind, quote->index);
    struct place place = { quote->cost, quote->at, quote->delivery_at,
        (enum split)quote->reload };
    const struct state *state = &plan->state;
    bool opens = quote->tour >= state->slot_count || state->lines[quote->tour].count == 0;
    plan->version++;
    if (state_insert(&plan->state, opens ? -1 : quote->tour, quote->type, &place, node) < 0)
        return BROKEN;
    return OK;
}

static bool grown_ok(const struct route_plan *plan, const struct route_job *job,
                     const struct route_growth *growth)
{
    int64_t service = (int64_t)job->service_s + growth->service_s;
    if (service < 0 || service > ROUTE_TIME_MAX) return false;
    for (int32_t d = 0; d < plan->problem.dims; d++) {
        int64_t delivery = (int64_t)job->delivery[d] + growth->delivery[d];
        int64_t pickup = (int64_t)job->pickup[d] + growth->pickup[d];
        if (delivery < 0 || delivery > ROUTE_TIME_MAX || pickup < 0 || pickup > ROUTE_TIME_MAX)
            return false;
    }
    return true;
}

static void grow_job(struct route_plan *plan, int32_t job, const struct route_growth *growth,
                     int32_t sign)
{
    struct route_job *own = &plan->jobs[job];
    for (int32_t d = 0; d < plan->problem.dims; d++) {
        own->delivery[d] += sign * growth->delivery[d];
        own->pickup[d] += sign * growth->pickup[d];
    }
    own->service_s += sign * growth->service_s;
    model_reload(&plan->model, job);
}

static bool may_ride(const struct route_plan *plan, int32_t node, int32_t type)
{
    return plan->model.allowed[(int64_t)node * plan->model.type_count + type];
}

/* The line with the node's load and service as the model has them now. true: feasible. */
static bool refreshed(struct route_plan *plan, struct line *line, int32_t node)
{
    struct spot *spot = &line->spots[plan->state.pos[node]];
    spot->service = plan->model.nodes[node].service;
    return may_ride(plan, node, line->type) && line_refresh(&plan->model, line);
}

enum status route_plan_add_load(struct route_plan *plan, int32_t job,
                                const struct route_growth *growth)
{
    int32_t node = node_of(plan, ROUTE_JOB, job);
    if (!grown_ok(plan, &plan->jobs[job], growth)) return CONFLICT;
    int32_t slot = plan->state.slot[node];
    grow_job(plan, job, growth, 1);
    plan->version++;
    if (slot < 0) return OK;
    struct line *line = &plan->state.lines[slot];
    struct line *scratch = plan->state.scan.scratch;
    line_copy(&plan->model, scratch, line);
    if (!refreshed(plan, scratch, node)) {
        grow_job(plan, job, growth, -1);
        return CONFLICT;
    }
    plan->state.cost += scratch->cost - line->cost;
    line_copy(&plan->model, line, scratch);
    return OK;
}

/* Takes the node (and mate) out of its line; false: what is left is not feasible, nothing
 * changed. */
static bool take_out(struct route_plan *plan, int32_t node)
{
    struct state *state = &plan->state;
    int32_t slot = state->slot[node], mate = plan->model.nodes[node].mate;
    struct line *line = &state->lines[slot], *scratch = state->scan.scratch;
    line_copy(&plan->model, scratch, line);
    plan->marked[node] = 1;
    if (mate >= 0) plan->marked[mate] = 1;
    bool good = line_drop(&plan->model, scratch, plan->marked) || scratch->count == 2;
    plan->marked[node] = 0;
    if (mate >= 0) plan->marked[mate] = 0;
    if (!good) return false;
    if (scratch->count == 2) scratch->stops = 0;
    int64_t before = line->cost;
    line_copy(&plan->model, line, scratch);
    state->slot[node] = -1;
    if (mate >= 0) state->slot[mate] = -1;
    state_seat(state, slot);
    state->cost += line->cost - before;
    return true;
}

enum status route_plan_remove(struct route_plan *plan, enum route_kind kind, int32_t index)
{
    int32_t node = node_of(plan, kind, index);
    if (plan->state.slot[node] < 0) return NOT_FOUND;
    plan->version++;
    return take_out(plan, node) ? OK : CONFLICT;
}

/* The line of the slot, kept so that it can be put back. */
static bool keep_line(struct route_plan *plan, int32_t slot)
{
    const struct line *line = &plan->state.lines[slot];
    if (!line_room(plan->arena, &plan->model, &plan->before, line->count)) return false;
    line_copy(&plan->model, &plan->before, line);
    return true;
}

static void put_back(struct route_plan *plan, int32_t slot, int64_t cost)
{
    struct state *state = &plan->state;
    bool opens = state->lines[slot].count == 0;
    line_copy(&plan->model, &state->lines[slot], &plan->before);
    if (opens) state->used[plan->before.type]++;
    state_seat(state, slot);
    state->cost = cost;
}

/* The one way to grow: `keep` makes it so, else all is put back. The quote tells where it
 * stands. */
static enum status grow(struct route_plan *plan, int32_t job, const struct route_growth *growth,
                        bool keep, struct route_quote *out, enum route_reason *reason)
{
    int32_t node = node_of(plan, ROUTE_JOB, job);
    struct state *state = &plan->state;
    int64_t before = state->cost;
    int32_t slot = state->slot[node];
    if (reason) *reason = ROUTE_NO_CAPACITY;
    if (slot >= 0 && route_plan_add_load(plan, job, growth) == OK) {
        *out = (struct route_quote){ .kind = ROUTE_JOB, .index = job, .tour = slot,
            .cost = state->cost - before, .type = state->lines[slot].type };
        const struct spot *spot = &state->lines[slot].spots[state->pos[node]];
        out->start = spot->dep - spot->service;
        if (keep) return OK;
        struct route_growth less = *growth;
        for (int32_t d = 0; d < ROUTE_DIMS; d++) {
            less.delivery[d] = -less.delivery[d];
            less.pickup[d] = -less.pickup[d];
        }
        less.service_s = -less.service_s;
        enum status undone = route_plan_add_load(plan, job, &less);
        assert(undone == OK);
        return undone;
    }
    if (!grown_ok(plan, &plan->jobs[job], growth)) return CONFLICT;
    if (slot >= 0 && !keep_line(plan, slot)) return BROKEN;
    plan->version++;
    if (slot >= 0 && !take_out(plan, node)) return CONFLICT;
    grow_job(plan, job, growth, 1);
    enum status status = route_plan_quote(plan, ROUTE_JOB, job, out, reason);
    if (status == OK && keep) {
        status = route_plan_insert(plan, out);
        out->cost = state->cost - before;
        return status;
    }
    if (status == OK) out->cost += state->cost - before;
    grow_job(plan, job, growth, -1);
    if (slot >= 0) put_back(plan, slot, before);
    return status == NOT_FOUND ? CONFLICT : status;
}

enum status route_plan_grow(struct route_plan *plan, int32_t job,
                            const struct route_growth *growth, int64_t *cost,
                            enum route_reason *reason)
{
    struct route_quote quote;
    TRY(grow(plan, job, growth, true, &quote, reason));
    if (cost) *cost = quote.cost;
    return OK;
}

enum status route_plan_quote_growth(struct route_plan *plan, int32_t job,
                                    const struct route_growth *growth, struct route_quote *out,
                                    enum route_reason *reason)
{
    enum status status = grow(plan, job, growth, false, out, reason);
    out->version = 0;   // it is not for route_plan_insert
    return status;
}

bool route_plan_place(const struct route_plan *plan, enum route_kind kind, int32_t index,
                      struct route_place *out)
{
    int32_t node = node_of(plan, kind, index), slot = plan->state.slot[node];
    if (slot < 0) return false;
    const struct line *line = &plan->state.lines[slot];
    const struct spot *spot = &line->spots[plan->state.pos[node]];
    *out = (struct route_place){ .tour = slot, .type = line->type,
        .stop = plan->state.pos[node] - 1, .start = spot->dep - spot->service };
    return true;
}

int64_t route_plan_cost(const struct route_plan *plan) { return plan->state.cost; }

const struct route_job *route_plan_job(const struct route_plan *plan, int32_t index)
{
    assert(index >= 0 && index < plan->problem.job_count);
    return &plan->jobs[index];
}

const struct route_problem *route_plan_problem(const struct route_plan *plan)
{
    return &plan->problem;
}

enum status route_plan_solution(const struct route_plan *plan, struct arena *arena,
                                struct route_solution *out)
{
    return state_solution(&plan->state, arena, out);
}
