/* solve.c - route_solve: threads, the best of them, and why jobs are left out. */
#include "route/search.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/clock.h"

enum { NEARS = 100 };
static const size_t work_bytes = (size_t)8 << 30;

/* How far one type gets with a node alone: the reason is that of the type that gets furthest. */
static enum route_reason alone(const struct model *model, int32_t node, int32_t type,
                               struct line *line)
{
    const struct node *n = &model->nodes[node];
    const struct route_type *t = &model->types[type];
    const struct matrix *x = model_matrix(model, type);
    int32_t nodes[2] = { node, n->mate }, count = n->mate >= 0 ? 2 : 1;
    if (line_fill(model, line, type, nodes, count)) return ROUTE_NO_FLEET;
    int32_t at = t->start;
    bool road = true;
    int64_t time = n->release > t->shift.open ? n->release : t->shift.open;
    bool late = false;
    for (int32_t i = 0; i <= count && road; i++) {
        int32_t to = i < count ? model->nodes[nodes[i]].loc : t->end;
        int32_t arc = x->dur[(int64_t)at * model->locations + to];
        road = arc < ROUTE_FAR;
        at = to;
        if (!road) break;
        time += arc;
        if (time > ROUTE_TIME_MAX) late = true;
        if (late) continue;
        if (i == count) {
            late = time > type_close(t);
            break;
        }
        time = node_open(&model->nodes[nodes[i]], (int32_t)time);
        if (time > model->nodes[nodes[i]].close) late = true;
        time += model->nodes[nodes[i]].service;
    }
    return !road ? ROUTE_NO_UNREACHABLE : late ? ROUTE_NO_WINDOW : ROUTE_NO_LONG;
}

static bool may_ride(const struct model *model, int32_t node, int32_t type)
{
    const struct node *n = &model->nodes[node];
    const struct route_problem *p = model->problem;
    bool job = n->kind == ROUTE_JOB;
    int32_t pin = job ? p->jobs[n->index].pin : p->shipments[n->index].pin;
    uint64_t skills = job ? p->jobs[n->index].skills : p->shipments[n->index].skills;
    return (pin == 0 || pin == type + 1) && (skills & ~model->types[type].skills) == 0;
}

enum route_reason model_reason(const struct model *model, int32_t node)
{
    static const enum route_reason rank[] = { ROUTE_NO_SKILL, ROUTE_NO_CAPACITY,
        ROUTE_NO_UNREACHABLE, ROUTE_NO_WINDOW, ROUTE_NO_LONG, ROUTE_NO_FLEET };
    size_t best = 0;
    struct arena *arena = arena_open((size_t)1 << 20);
    struct line line = { 0 };
    if (arena == NULL || !line_room(arena, model, &line, 6)) {
        arena_free(arena);
        return ROUTE_NO_FLEET;
    }
    for (int32_t t = 0; t < model->type_count; t++) {
        enum route_reason reason = ROUTE_NO_SKILL;
        if (may_ride(model, node, t)) {
            bool fits = model->allowed[(int64_t)node * model->type_count + t];
            reason = fits ? alone(model, node, t, &line) : ROUTE_NO_CAPACITY;
        }
        size_t at = 0;
        while (rank[at] != reason) at++;
        if (at > best) best = at;
    }
    arena_free(arena);
    if (model->nodes[node].optional && rank[best] == ROUTE_NO_FLEET) return ROUTE_NO_PRIZE;
    return rank[best];
}

/* One thread's search. The model is shared and not written to. */
struct worker {
    struct arena *arena;
    struct search search;
    pthread_t thread;
    bool started;
};

static void *work(void *worker)
{
    search_run(&((struct worker *)worker)->search);
    return NULL;
}

/* Progress comes from several threads: one at a time, and an end asked for ends all. */
struct gate {
    pthread_mutex_t mutex;
    const struct route_options *options;
    bool stop;
};

static bool pass_gate(void *ctx, const struct route_progress *progress)
{
    struct gate *gate = ctx;
    pthread_mutex_lock(&gate->mutex);
    if (!gate->stop && !gate->options->progress(gate->options->ctx, progress)) gate->stop = true;
    bool go = !gate->stop;
    pthread_mutex_unlock(&gate->mutex);
    return go;
}

/* The best picture as a solution, with those left out and why. */
static enum status develop(struct arena *arena, const struct search *s,
                           struct route_solution *out)
{
    const struct model *model = s->model;
    struct state state;
    TRY(state_new(s->arena, model, &state));
    const struct picture *best = &s->best;
    for (int32_t i = 0, end; i < best->count; i = end) {
        for (end = i + 1; end < best->count && best->items[end] > PICTURE_TYPE; end++) continue;
        int32_t slot = state_slot(&state);
        if (slot < 0 || !state_room(&state, &state.lines[slot], end - i + 2)) return BROKEN;
        if (!line_fill(model, &state.lines[slot], PICTURE_TYPE - best->items[i],
                best->items + i + 1, end - i - 1))
            return BROKEN;
        state.used[state.lines[slot].type]++;
        state_seat(&state, slot);
    }
    TRY(state_solution(&state, arena, out));
    out->unserved = arena_new(arena, (size_t)(model->node_count + 1) * sizeof *out->unserved);
    if (out->unserved == NULL) return BROKEN;
    for (int32_t i = 0; i < model->node_count; i++) {
        if (state.slot[i] >= 0 || model->nodes[i].kind == ROUTE_DELIVERY) continue;
        out->unserved[out->unserved_count++] = (struct route_unserved){ model->nodes[i].kind,
            model->nodes[i].index, model_reason(model, i) };
    }
    route_schedule(model->problem, out);
    out->iterations = s->iterations;
    out->seconds = (double)(mono_us() - s->started_us) / 1e6;
    out->trajectory = arena_new(arena, (size_t)(s->point_count + 1) * sizeof *s->points);
    if (out->trajectory == NULL) return BROKEN;
    memcpy(out->trajectory, s->points, (size_t)s->point_count * sizeof *s->points);
    out->trajectory_count = s->point_count;
    return OK;
}

static enum status run_workers(const struct model *model, const struct route_options *options,
                               struct worker *workers, int32_t count, struct err *err)
{
    for (int32_t i = 0; i < count; i++) {
        workers[i].arena = arena_open(work_bytes);
        uint64_t seed = options->seed + (uint64_t)i * UINT64_C(0x9E3779B97F4A7C15);
        if (workers[i].arena == NULL ||
            search_new(workers[i].arena, model, options, seed, &workers[i].search) != OK)
            return err_set(err, BROKEN, NULL, "Out of memory");
    }
    for (int32_t i = 1; i < count; i++)
        workers[i].started = pthread_create(&workers[i].thread, NULL, work, &workers[i]) == 0;
    work(&workers[0]);
    for (int32_t i = 1; i < count; i++)
        if (workers[i].started) pthread_join(workers[i].thread, NULL);
    return OK;
}

static enum status best_of(struct arena *arena, struct worker *workers, int32_t count,
                           struct route_solution *out, struct err *err)
{
    int32_t best = 0;
    int64_t iterations = 0;
    for (int32_t i = 0; i < count; i++) {
        if (i > 0 && !workers[i].started) continue;
        const struct search *s = &workers[i].search;
        const struct picture *a = &s->best, *b = &workers[best].search.best;
        if (s->broken) return err_set(err, BROKEN, NULL, "Out of memory");
        iterations += s->iterations;
        if (a->missed < b->missed || (a->missed == b->missed && a->cost < b->cost)) best = i;
    }
    if (develop(arena, &workers[best].search, out) != OK)
        return err_set(err, BROKEN, NULL, "Out of memory");
    out->iterations = iterations;
    return OK;
}

static enum status valid_options(const struct route_options *options, struct err *err)
{
    if (!(options->seconds >= 0) || options->seconds > 1e7)
        return err_set(err, INVALID, "time", "Seconds out of range");
    if (options->iterations < 0)
        return err_set(err, INVALID, "iterations", "Number of rounds out of range");
    if (options->seconds <= 0 && options->iterations == 0 && options->progress == NULL)
        return err_set(err, INVALID, "time", "Neither seconds nor rounds limit the search");
    if (options->threads < 0 || options->threads > 64)
        return err_set(err, INVALID, "threads", "Number of threads out of range");
    return OK;
}

enum status route_solve(struct arena *arena, const struct route_problem *problem,
                        const struct route_options *options, struct route_solution *out,
                        struct err *err)
{
    TRY(valid_options(options, err));
    int32_t count = options->threads > 1 ? options->threads : 1;
    struct arena *own = arena_open(work_bytes);
    struct worker *workers = own ? arena_new(own, (size_t)count * sizeof *workers) : NULL;
    if (workers == NULL) {
        arena_free(own);
        return err_set(err, BROKEN, NULL, "Out of memory");
    }
    struct gate gate = { .options = options };
    pthread_mutex_init(&gate.mutex, NULL);
    struct route_options inner = *options;
    inner.progress = options->progress ? pass_gate : NULL;
    inner.ctx = &gate;
    struct model model;
    enum status status = model_new(own, problem, NEARS, &model, err);
    if (status == OK) status = run_workers(&model, &inner, workers, count, err);
    if (status == OK) status = best_of(arena, workers, count, out, err);
    for (int32_t i = 0; i < count; i++) arena_free(workers[i].arena);
    arena_free(own);
    pthread_mutex_destroy(&gate.mutex);
    return status;
}
