/* ruin.c - adjacent string removal (Christiaens and Vanden Berghe 2020, section 5.1). */
#include "route/search.h"

#include <assert.h>
#include <math.h>

// Half a mean line, within these: short lines are ruined whole by longer strings, and in long
// ones little would move.
static const double string_least = 6, string_most = 15;

static void take_out(struct search *s, int32_t node)
{
    if (s->marked[node]) return;
    s->marked[node] = 1;
    int32_t mate = s->model->nodes[node].mate;
    if (mate >= 0) s->marked[mate] = 1;
    bool second = s->model->nodes[node].kind == ROUTE_DELIVERY;
    s->pool[s->pool_count++] = second ? mate : node;
}

/* Takes out `length` stops in a row (reloads don't count) that stand around position `pos`; if
 * `skipped` > 0 that many in the middle stay. */
static void take_string(struct search *s, const struct line *line, int32_t pos, int32_t length,
                        int32_t skipped)
{
    int32_t whole = length + skipped, last = line->count - 2, reloads = line->trips - 1;
    int32_t low = pos - whole + 1 - reloads > 1 ? pos - whole + 1 - reloads : 1;
    int32_t high = pos < last - whole + 1 ? pos : last - whole + 1;
    if (high < low || length == line->stops) high = low;
    int32_t from = low + (int32_t)rng_below(&s->rng, (uint32_t)(high - low + 1));
    int32_t keep = length + 1, stop = 0;
    if (skipped > 0) keep = (int32_t)rng_below(&s->rng, (uint32_t)(length + 1));
    for (int32_t i = from; i <= last && stop < whole; i++) {
        if (line->spots[i].node < 0) continue;
        if (stop < keep || stop >= keep + skipped) take_out(s, line->spots[i].node);
        stop++;
    }
}

static void ruin_line(struct search *s, int32_t slot, int32_t pos, double string_max)
{
    search_touch(s, slot);
    if (s->broken) return;
    struct line *line = &s->state.lines[slot];
    double most = line->stops < string_max ? line->stops : string_max;
    int32_t length = (int32_t)(rng_unit(&s->rng) * most) + 1;
    int32_t skipped = 0;
    if (length > 1 && length < line->stops && rng_below(&s->rng, 2) == 0) {
        skipped = 1;
        while (length + skipped < line->stops && rng_below(&s->rng, 100) == 0) skipped++;
    }
    take_string(s, line, pos, length, skipped);
    int64_t before = line->cost;
    bool good = line_drop(s->model, line, s->marked);
    if (!good) {    // roads on which a detour is shorter: empty the line, that is feasible
        for (int32_t i = 1; i < line->count; i++)
            if (line->spots[i].node >= 0) take_out(s, line->spots[i].node);
        good = line_drop(s->model, line, s->marked);
        line->stops = 0;
    }
    if (s->model->kin && line->stops > 0) {
        int32_t type = line_cheapest(s->model, line, s->state.used);
        if (type != line->type) {
            state_retype(&s->state, line, type);
            good = line_refresh(s->model, line);
            assert(good);
        }
    }
    state_seat(&s->state, slot);
    s->state.cost += line->cost - before;
}

/* A node to begin at: any, or one beside a job that is left out. */
static int32_t seed_node(struct search *s)
{
    const struct model *model = s->model;
    if (s->unserved_count > 0 && rng_below(&s->rng, 4) == 0)
        return s->unserved[rng_below(&s->rng, (uint32_t)s->unserved_count)];
    return (int32_t)rng_below(&s->rng, (uint32_t)model->node_count);
}

void ruin(struct search *s)
{
    const struct model *model = s->model;
    struct state *state = &s->state;
    int32_t lines = 0, served = 0;
    for (int32_t i = 0; i < state->slot_count; i++) {
        if (state->lines[i].count == 0) continue;
        lines++;
        served += state->lines[i].stops;
    }
    if (lines == 0) return;
    double mean = (double)served / lines, whole = mean / 2;
    if (whole < string_least) whole = string_least;
    if (whole > string_most) whole = string_most;
    double string_max = mean < whole ? mean : whole;
    double strings_max = 4.0 * whole / (1 + string_max) - 1;
    if (strings_max < 1) strings_max = 1;
    int32_t strings = (int32_t)(rng_unit(&s->rng) * strings_max) + 1;

    int32_t seed = seed_node(s);
    const int32_t *near = model->near + (int64_t)seed * model->near_count;
    for (int32_t k = -1; k < model->near_count && strings > 0; k++) {
        int32_t node = k < 0 ? seed : near[k];
        int32_t slot = state->slot[node];
        if (slot < 0 || s->marked[node] || s->touched_at[slot] == s->round_stamp) continue;
        ruin_line(s, slot, state->pos[node], string_max);
        if (s->broken) return;
        strings--;
    }
}
