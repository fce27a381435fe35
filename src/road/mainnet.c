/* mainnet.c - the main net of each profile: the largest strongly connected part of the states
 * (Tarjan 1972, with a stack of its own instead of recursion). */
#include "road/net.h"

#include <string.h>

struct tarjan {
    const struct road *road;
    int profile;
    uint32_t *order, *low;      // 0: not seen yet
    uint32_t *stack, *path;     // states without a part yet; states being visited
    uint32_t *at;               // next turn to look at, for states in `path`
    uint32_t *part;             // of each state, 0: none yet
    uint32_t stacked, depth, seen, parts;
    uint32_t best, best_size;
};

static bool closed(const struct tarjan *t, uint32_t state)
{
    return arc_speed(t->road, t->road->state_arc[state], (enum road_profile)t->profile) == 0;
}

static void enter(struct tarjan *t, uint32_t state)
{
    t->order[state] = t->low[state] = ++t->seen;
    t->at[state] = t->road->turn_first[state];
    t->stack[t->stacked++] = state;
    t->path[t->depth++] = state;
}

static void leave(struct tarjan *t)
{
    uint32_t state = t->path[--t->depth], size = 0;
    if (t->depth) {
        uint32_t above = t->path[t->depth - 1];
        if (t->low[state] < t->low[above]) t->low[above] = t->low[state];
    }
    if (t->low[state] != t->order[state]) return;
    t->parts++;
    for (uint32_t member = NOBODY; member != state; size++) {
        member = t->stack[--t->stacked];
        t->part[member] = t->parts;
    }
    if (size <= t->best_size) return;
    t->best_size = size;
    t->best = t->parts;
}

static void visit(struct tarjan *t, uint32_t root)
{
    const struct road *road = t->road;
    const uint16_t *cost = road->turn_cost + (size_t)t->profile * road->turns;
    enter(t, root);
    while (t->depth) {
        uint32_t state = t->path[t->depth - 1];
        if (t->at[state] == road->turn_first[state + 1]) {
            leave(t);
            continue;
        }
        uint32_t turn = t->at[state]++, to = road->turn_to[turn];
        if (cost[turn] == TURN_NONE) continue;
        if (t->order[to] == 0) enter(t, to);
        else if (t->part[to] == 0 && t->order[to] < t->low[state]) t->low[state] = t->order[to];
    }
}

static void find_main(struct tarjan *t, uint8_t *arc_main)
{
    const struct road *road = t->road;
    size_t bytes = road->states * sizeof(uint32_t);
    memset(t->order, 0, bytes);
    memset(t->part, 0, bytes);
    t->stacked = t->depth = t->seen = t->parts = t->best = t->best_size = 0;
    for (uint32_t s = 0; s < road->states; s++)
        if (t->order[s] == 0 && !closed(t, s)) visit(t, s);
    for (uint32_t s = 0; s < road->states; s++)
        if (t->best && t->part[s] == t->best)
            arc_main[road->state_arc[s]] |= (uint8_t)(1 << t->profile);
}

enum status mainnet_find(struct net *net, struct err *err)
{
    struct road *road = &net->road;
    struct tarjan t = { .road = road };
    uint32_t **arrays[] = { &t.order, &t.low, &t.stack, &t.path, &t.at, &t.part };
    for (size_t i = 0; i < COUNT(arrays); i++) {
        *arrays[i] = arena_new(net->arena, road->states * sizeof **arrays[i]);
        if (*arrays[i] == NULL) return net_no_memory(err);
    }
    uint8_t *arc_main = arena_new(net->arena, road_arcs(road));
    if (arc_main == NULL) return net_no_memory(err);
    for (t.profile = 0; t.profile < ROAD_PROFILES; t.profile++) {
        find_main(&t, arc_main);
        for (uint32_t s = 0; s < road->stretches; s++)
            if ((arc_main[2 * s] | arc_main[2 * s + 1]) >> t.profile & 1)
                road->head.length_main_m[t.profile] += road->stretch_dm[s] / 10.0;
    }
    road->arc_main = arc_main;
    net->counts[SECTION_arc_main] = road_arcs(road);
    return OK;
}
