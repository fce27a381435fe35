/* search.c - the annealed trajectory: rounds, acceptance, undoing, the best so far. */
#include "route/search.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/clock.h"

enum {
    GENEROUS_EVERY = 8, DISTRACTED_EVERY = 16, UNSERVED_DRAWN = 10,
    UNSERVED_OPTIONAL = 1, UNSERVED_TOUR = 30,
    POINTS_MAX = 4096
};
// Temperatures in means of a stop's cost; a start solution is not to be melted down.
static const double hot_cold = 3.0, hot_warm = 0.5, cold = 0.02;

static bool search_rooms(struct search *s)
{
    size_t nodes = (size_t)s->model->node_count + 1;
    s->pool = arena_new(s->arena, nodes * sizeof *s->pool);
    s->keys = arena_new(s->arena, nodes * sizeof *s->keys);
    s->marked = arena_new(s->arena, nodes);
    s->unserved = arena_new(s->arena, nodes * sizeof *s->unserved);
    s->failed = arena_new(s->arena, nodes * sizeof *s->failed);
    s->absent = arena_new(s->arena, nodes * sizeof *s->absent);
    s->amount = arena_new(s->arena, nodes * sizeof *s->amount);
    s->far = arena_new(s->arena, nodes * sizeof *s->far);
    s->best.room = (int32_t)(3 * nodes);
    s->best.items = arena_new(s->arena, (size_t)s->best.room * sizeof *s->best.items);
    s->points = arena_new(s->arena, POINTS_MAX * sizeof *s->points);
    s->point_room = POINTS_MAX;
    return s->pool && s->keys && s->marked && s->unserved && s->failed && s->absent &&
           s->amount && s->far && s->best.items && s->points;
}

static void set_weights(struct search *s)
{
    const struct model *model = s->model;
    int32_t largest[ROUTE_DIMS] = { 0 };
    for (int32_t t = 0; t < model->type_count; t++)
        for (int32_t d = 0; d < model->dims; d++)
            if (model->types[t].capacity[d] > largest[d])
                largest[d] = model->types[t].capacity[d];
    const struct matrix *x = model_matrix(model, 0);
    for (int32_t i = 0; i < model->node_count; i++) {
        for (int32_t d = 0; d < model->dims; d++) {
            int64_t cell = (int64_t)i * model->dims + d;
            int32_t most = abs(model->change[cell]);
            if (model->initial[cell] > most) most = model->initial[cell];
            double share = largest[d] ? (double)most / largest[d] : 0;
            if (share > s->amount[i]) s->amount[i] = share;
        }
        s->far[i] = x->dist[(int64_t)model->types[0].start * model->locations +
                            model->nodes[i].loc];
    }
}

enum status search_new(struct arena *arena, const struct model *model,
                       const struct route_options *options, uint64_t seed, struct search *out)
{
    *out = (struct search){ .arena = arena, .model = model, .options = options,
        .rng = rng_seeded(seed) };
    out->started_us = mono_us();
    if (!search_rooms(out)) return BROKEN;
    TRY(state_new(arena, model, &out->state));
    set_weights(out);
    for (int32_t i = 0; i < model->node_count; i++)
        if (model->nodes[i].optional) out->optionals = true;
    return OK;
}

/* Sees that every slot has its place in the arrays by slot. */
static void slot_rooms(struct search *s)
{
    if (s->state.slot_room <= s->saved_room) return;
    size_t room = (size_t)s->state.slot_room, used = (size_t)s->saved_room;
    struct line *saved = arena_new(s->arena, room * sizeof *saved);
    int32_t *touched = arena_new(s->arena, room * sizeof *touched);
    int32_t *touched_at = arena_new(s->arena, room * sizeof *touched_at);
    int32_t *line_seen = arena_new(s->arena, room * sizeof *line_seen);
    if (!saved || !touched || !touched_at || !line_seen) {
        s->broken = true;
        return;
    }
    if (used) {
        memcpy(saved, s->saved, used * sizeof *saved);
        memcpy(touched, s->touched, used * sizeof *touched);
        memcpy(touched_at, s->touched_at, used * sizeof *touched_at);
        memcpy(line_seen, s->line_seen, used * sizeof *line_seen);
    }
    s->saved = saved;
    s->touched = touched;
    s->touched_at = touched_at;
    s->line_seen = line_seen;
    s->saved_room = s->state.slot_room;
}

void search_touch(struct search *s, int32_t slot)
{
    slot_rooms(s);
    if (s->broken || s->touched_at[slot] == s->round_stamp) return;
    const struct line *line = &s->state.lines[slot];
    struct line *saved = &s->saved[slot];
    if (!line_room(s->arena, s->model, saved, line->count)) {
        s->broken = true;
        return;
    }
    line_copy(s->model, saved, line);
    s->touched_at[slot] = s->round_stamp;
    s->touched[s->touched_count++] = slot;
}

static void undo(struct search *s)
{
    struct state *state = &s->state;
    for (int32_t i = 0; i < s->touched_count; i++) {
        struct line *line = &state->lines[s->touched[i]];
        for (int32_t k = 1; k < line->count; k++)
            if (line->spots[k].node >= 0) state->slot[line->spots[k].node] = -1;
        if (line->count > 0) state->used[line->type]--;
    }
    for (int32_t i = 0; i < s->touched_count; i++) {
        int32_t slot = s->touched[i];
        struct line *line = &state->lines[slot];
        line_copy(s->model, line, &s->saved[slot]);
        if (line->count > 0) state->used[line->type]++;
        state_seat(state, slot);
    }
}

static double seconds_gone(const struct search *s)
{
    return (double)(mono_us() - s->started_us) / 1e6;
}

static void add_point(struct search *s)
{
    if (s->point_count == s->point_room) {      // full: every second one goes
        int32_t kept = 0;
        for (int32_t i = 0; i < s->point_count; i += 2) s->points[kept++] = s->points[i];
        s->point_count = kept;
    }
    s->points[s->point_count++] = (struct route_point){ seconds_gone(s), s->best.cost };
}

static bool report(struct search *s)
{
    if (s->options->progress == NULL) return true;
    struct route_progress progress = { seconds_gone(s), s->iterations, s->best.cost,
        s->best.missed };
    return s->options->progress(s->options->ctx, &progress);
}

static void keep_best(struct search *s)
{
    struct picture *best = &s->best;
    if (s->missed != best->missed) s->point_count = 0;   // costs of another set of jobs
    best->count = 0;
    best->missed = s->missed;
    best->cost = s->cost;
    for (int32_t slot = 0; slot < s->state.slot_count; slot++) {
        const struct line *line = &s->state.lines[slot];
        if (line->count == 0) continue;
        best->items[best->count++] = PICTURE_TYPE - line->type;
        for (int32_t i = 1; i < line->count - 1; i++)
            best->items[best->count++] = line->spots[i].node;
    }
    add_point(s);
    if (!report(s)) s->stopped = true;
}

/* Part of the limits that is used up: 0 .. 1. */
static double share(const struct search *s)
{
    double used = 0;
    if (s->options->iterations > 0)
        used = (double)s->iterations / (double)s->options->iterations;
    if (s->options->seconds > 0) {
        double time = seconds_gone(s) / s->options->seconds;
        if (time > used) used = time;
    }
    return used;
}

static int64_t absences(const struct search *s, const int32_t *nodes, int32_t count)
{
    int64_t sum = 0;
    for (int32_t i = 0; i < count; i++)
        if (!s->model->nodes[nodes[i]].optional) sum += 1 + s->absent[nodes[i]];
    return sum;
}

/* A node left out joins the pool. */
static void draw(struct search *s, int32_t node)
{
    s->marked[node] = 1;
    s->pool[s->pool_count++] = node;
    if (s->model->nodes[node].optional) s->drawn_prizes += s->model->nodes[node].prize;
    else s->drawn_missed++;
}

/* Those left out join the pool: all when they are few, else some. */
static void draw_unserved(struct search *s)
{
    int32_t wanted = s->unserved_count < UNSERVED_ALL ? s->unserved_count
        : s->missed > 0 ? UNSERVED_DRAWN : UNSERVED_OPTIONAL;
    for (int32_t i = 0; i < wanted; i++) {
        int32_t at = i;
        if (wanted < s->unserved_count)
            at = (int32_t)rng_below(&s->rng, (uint32_t)s->unserved_count);
        int32_t node = s->unserved[at];
        if (!s->marked[node]) draw(s, node);
    }
}

/* Neighbours that are left out join the pool until it holds `most`. */
static void draw_around(struct search *s, int32_t around, int32_t nears, int32_t most)
{
    const int32_t *near = s->model->near + (int64_t)around * s->model->near_count;
    for (int32_t k = 0; k < s->model->near_count && k < nears && s->pool_count < most; k++) {
        if (s->state.slot[near[k]] >= 0 || s->marked[near[k]]) continue;
        if (s->model->nodes[near[k]].kind == ROUTE_DELIVERY) continue;
        draw(s, near[k]);
    }
}

/* Around what was taken out: neighbours left out join too. */
static void draw_near_unserved(struct search *s)
{
    if (s->unserved_count < UNSERVED_ALL) return;
    int32_t ruined = s->pool_count;
    for (int32_t i = 0; i < ruined && s->pool_count < ruined + UNSERVED_DRAWN; i++)
        draw_around(s, s->pool[i], 10, ruined + UNSERVED_DRAWN);
}

/* Enough of those left out around one of them for a vehicle's tour. */
static void draw_tour(struct search *s)
{
    int32_t seed = s->unserved[rng_below(&s->rng, (uint32_t)s->unserved_count)];
    if (!s->marked[seed]) draw(s, seed);
    draw_around(s, seed, s->model->near_count, s->pool_count + UNSERVED_TOUR);
}

static void clear_marks(struct search *s)
{
    for (int32_t i = 0; i < s->pool_count; i++) {
        int32_t mate = s->model->nodes[s->pool[i]].mate;
        s->marked[s->pool[i]] = 0;
        if (mate >= 0) s->marked[mate] = 0;
    }
}

/* The round's solution becomes the accepted one: those left out are the ones not drawn and the
 * ones that failed. */
static void settle(struct search *s)
{
    int32_t kept = 0;
    for (int32_t i = 0; i < s->unserved_count; i++) {
        int32_t node = s->unserved[i];
        if (s->state.slot[node] < 0 && !s->marked[node]) s->unserved[kept++] = node;
    }
    for (int32_t i = 0; i < s->failed_count; i++) s->unserved[kept++] = s->failed[i];
    s->unserved_count = kept;
    s->missed = 0;
    s->prizes = 0;
    for (int32_t i = 0; i < kept; i++) {
        const struct node *node = &s->model->nodes[s->unserved[i]];
        if (node->optional) s->prizes += node->prize;
        else s->missed++;
    }
    s->cost = s->state.cost + s->prizes;
}

static void unmark_lost(struct search *s, const int32_t *slots, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        int32_t mate = s->model->nodes[slots[i]].mate;
        s->state.slot[slots[i]] = -1;
        if (mate >= 0) s->state.slot[mate] = -1;
    }
}

static bool better_than_best(const struct search *s)
{
    return s->missed < s->best.missed ||
           (s->missed == s->best.missed && s->cost < s->best.cost);
}

/* Is what the round made, with `failed` still out, to be accepted? */
static bool accept(struct search *s, bool complete, int64_t limit)
{
    if (!complete) return false;
    int32_t missed = 0;
    int64_t prizes = s->prizes - s->drawn_prizes;
    for (int32_t i = 0; i < s->failed_count; i++) {
        const struct node *node = &s->model->nodes[s->failed[i]];
        prizes += node->prize;
        missed += !node->optional;
        s->absent[s->failed[i]]++;
    }
    missed += s->missed - s->drawn_missed;
    if (missed != s->missed) {
        if (missed < s->missed) return true;
        return s->missed > 0 && missed <= s->missed + 2 && s->unserved_count < UNSERVED_ALL &&
               absences(s, s->failed, s->failed_count) <
                   absences(s, s->unserved, s->unserved_count);
    }
    return s->state.cost + prizes <= limit;
}

static void round_once(struct search *s, double temperature)
{
    s->round_stamp++;
    s->touched_count = s->pool_count = 0;
    s->drawn_prizes = s->drawn_missed = 0;
    int64_t cost_before = s->state.cost;
    s->generous = s->optionals && rng_below(&s->rng, GENEROUS_EVERY) == 0;
    if (!s->generous || s->unserved_count < UNSERVED_ALL || rng_below(&s->rng, 2)) ruin(s);
    if (s->generous && s->unserved_count >= UNSERVED_ALL) draw_tour(s);
    else draw_near_unserved(s);
    draw_unserved(s);
    unmark_lost(s, s->pool, s->pool_count);
    double slack = -temperature * log(1 - rng_unit(&s->rng));
    int64_t limit = s->cost + (int64_t)slack;
    s->distracted = rng_below(&s->rng, DISTRACTED_EVERY) == 0;
    bool complete = recreate(s, s->missed > 0 ? INT64_MAX : limit);
    if (!s->broken && accept(s, complete, limit)) {
        settle(s);
        clear_marks(s);
        if (better_than_best(s)) keep_best(s);
        return;
    }
    clear_marks(s);
    undo(s);
    s->state.cost = cost_before;
}

static void first_solution(struct search *s)
{
    const struct model *model = s->model;
    int32_t left;
    s->round_stamp++;
    if (s->options->start && state_load(&s->state, s->options->start, &left) != OK)
        s->broken = true;
    slot_rooms(s);
    s->unserved_count = s->touched_count = s->pool_count = s->failed_count = 0;
    for (int32_t i = 0; i < model->node_count; i++)
        if (s->state.slot[i] < 0 && model->nodes[i].kind != ROUTE_DELIVERY)
            s->unserved[s->unserved_count++] = i;
    settle(s);
    s->best.missed = INT32_MAX;
    keep_best(s);
    for (int32_t i = 0; i < s->unserved_count; i++) draw(s, s->unserved[i]);
    recreate(s, INT64_MAX);
    settle(s);
    clear_marks(s);
    if (better_than_best(s)) keep_best(s);
}

static double mean_cost(const struct search *s)
{
    int32_t parts = 1;
    for (int32_t i = 0; i < s->state.slot_count; i++)
        if (s->state.lines[i].count > 0) parts += 1 + s->state.lines[i].stops;
    return (double)s->state.cost / parts;
}

void search_run(struct search *s)
{
    first_solution(s);
    // Blinks come from the same numbers as all else, and only after the start is built.
    s->state.scan.rng = &s->rng;
    s->state.scan.blink_rate = 0.01;
    s->state.scan.blink = 50;
    bool warm = s->options->start && s->options->start->tour_count > 0;
    double hot = warm ? hot_warm : hot_cold;
    double mean = mean_cost(s), temperature = hot * mean, used = share(s);
    int64_t reported = mono_ms();
    while (!s->broken && !s->stopped && used < 1 && s->model->node_count > 0) {
        if (s->iterations % 16 == 0) {
            temperature = hot * mean * pow(cold / hot, used);
            if (s->iterations % 1024 == 0) mean = mean_cost(s);
            if (s->options->progress && mono_ms() - reported >= 200) {
                reported = mono_ms();
                if (!report(s)) break;
            }
        }
        round_once(s, temperature);
        s->iterations++;
        if (s->options->seconds <= 0 || s->iterations % 16 == 0) used = share(s);
    }
}
