/* climb.c - up the hierarchy from one place. */
#include "road/climb.h"

#include <stdlib.h>

enum status climb_open(struct climb *c, const struct hierarchy *h, const struct metric *metric,
    bool against, bool traced, struct err *err)
{
    *c = (struct climb){ .h = h, .against = against,
        .cost = against ? metric->in_cost : metric->out_cost };
    c->key = malloc(h->count * sizeof *c->key);
    c->order = malloc(h->count * sizeof *c->order);
    c->visited = calloc(h->count, sizeof *c->visited);
    if (traced) c->before = malloc(h->count * sizeof *c->before);
    if (traced) c->edge = malloc(h->count * sizeof *c->edge);
    if (c->key && c->order && c->visited && (!traced || (c->before && c->edge))) return OK;
    return err_set(err, BROKEN, NULL, "no memory");
}

void climb_close(struct climb *c)
{
    free(c->key);
    free(c->order);
    free(c->visited);
    free(c->before);
    free(c->edge);
}

void climb_begin(struct climb *c)
{
    c->begin = c->h->count;
    c->number++;
}

/* A rank and those above it which this climb has not met go before all others: none of those
 * leads to them. */
void climb_from(struct climb *c, uint32_t rank, int64_t cost)
{
    const uint32_t *parent = c->h->parent;
    uint32_t fresh = 0;
    for (uint32_t at = rank; at != NOBODY && c->visited[at] != c->number; at = parent[at]) fresh++;
    c->begin -= fresh;
    for (uint32_t i = 0, at = rank; i < fresh; i++, at = parent[at]) {
        c->order[c->begin + i] = at;
        c->visited[at] = c->number;
        c->key[at] = NOWHERE;
    }
    if (cost >= c->key[rank]) return;
    c->key[rank] = cost;
    if (c->before) c->before[rank] = NOBODY;
}

void climb_run(struct climb *c)
{
    const uint32_t *first = c->against ? c->h->in_first : c->h->out_first;
    const uint32_t *other = c->against ? c->h->in_from : c->h->out_to;
    for (uint32_t i = c->begin; i < c->h->count; i++) {
        uint32_t rank = c->order[i];
        int64_t key = c->key[rank];
        if (key >= NOWHERE) continue;
        for (uint32_t e = first[rank]; e < first[rank + 1]; e++) {
            int64_t cost = key + c->cost[e];
            if (cost >= c->key[other[e]]) continue;
            c->key[other[e]] = cost;
            if (c->before == NULL) continue;
            c->before[other[e]] = rank;
            c->edge[other[e]] = e;
        }
    }
}

void climb_from_ends(struct climb *c, const struct road *road, enum road_profile profile,
    const struct ends *ends)
{
    const uint16_t *turn_cost = road->turn_cost + (size_t)profile * road->turns;
    for (int e = 0; e < ends->count; e++) {
        const struct end *end = &ends->on[e];
        uint32_t first = road->turn_first[end->arc], last = road->turn_first[end->arc + 1];
        for (uint32_t t = first; end->departs && t < last; t++)
            if (turn_cost[t] != TURN_NONE)
                climb_from(c, c->h->rank_of[road->turn_to[t]],
                    end->after + cost_of_turn(turn_cost[t]));
    }
}

/* order.c puts all states of a stretch side by side, the two arcs themselves first. */
uint32_t climb_next_on(const struct road *road, const struct hierarchy *h, uint32_t arc,
    uint32_t rank)
{
    if (rank == NOBODY) return h->rank_of[arc];
    while (++rank < h->count) {
        uint32_t on = road->state_arc[h->state_of[rank]];
        if (on >> 1 != arc >> 1) break;
        if (on == arc) return rank;
    }
    return NOBODY;
}
