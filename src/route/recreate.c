/* recreate.c - greedy insertion with blinks, into lines near the node and empty vehicles. */
#include "route/search.h"

#include <stdlib.h>

enum { NEAR_LINES = 30 };       // neighbours whose lines are tried

enum order { ORDER_RANDOM, ORDER_AMOUNT, ORDER_FAR, ORDER_CLOSE, ORDER_WIDTH, ORDER_OPEN,
             ORDER_CLOSING };

static enum order draw_order(struct search *s)
{
    static const enum order plain[] = { ORDER_RANDOM, ORDER_RANDOM, ORDER_RANDOM, ORDER_RANDOM,
        ORDER_AMOUNT, ORDER_AMOUNT, ORDER_AMOUNT, ORDER_AMOUNT, ORDER_FAR, ORDER_FAR,
        ORDER_CLOSE, ORDER_WIDTH, ORDER_WIDTH, ORDER_OPEN, ORDER_OPEN, ORDER_CLOSING,
        ORDER_CLOSING };
    uint32_t count = s->model->uses & USES_TIME ? (uint32_t)COUNT(plain) : 11;
    return plain[rng_below(&s->rng, count)];
}

static int64_t order_key(struct search *s, enum order order, int32_t node)
{
    const struct node *n = &s->model->nodes[node];
    switch (order) {
    case ORDER_AMOUNT: return -(int64_t)(s->amount[node] * 1e9);
    case ORDER_FAR: return -(int64_t)(s->far[node] * 16);
    case ORDER_CLOSE: return (int64_t)(s->far[node] * 16);
    case ORDER_WIDTH: return n->close - n->open;
    case ORDER_OPEN: return n->open;
    case ORDER_CLOSING: return n->close;
    case ORDER_RANDOM: break;
    }
    return (int64_t)(rng_u64(&s->rng) >> 1);
}

struct keyed { int64_t key; int32_t node; };

static int by_key(const void *a, const void *b)
{
    const struct keyed *x = a, *y = b;
    if (x->key != y->key) return x->key < y->key ? -1 : 1;
    return (x->node > y->node) - (x->node < y->node);
}

static void sort_pool(struct search *s)
{
    enum order order = draw_order(s);
    int32_t count = s->pool_count;
    for (int32_t i = 0; i < count; i++) s->keys[i] = order_key(s, order, s->pool[i]);
    if (count > 64) {
        struct keyed *all = malloc((size_t)count * sizeof *all);
        if (all == NULL) {
            s->broken = true;
            return;
        }
        for (int32_t i = 0; i < count; i++)
            all[i] = (struct keyed){ s->keys[i], s->pool[i] };
        qsort(all, (size_t)count, sizeof *all, by_key);
        for (int32_t i = 0; i < count; i++) s->pool[i] = all[i].node;
        free(all);
        return;
    }
    for (int32_t i = 1; i < count; i++) {
        int64_t key = s->keys[i];
        int32_t node = s->pool[i], k = i;
        for (; k > 0 && s->keys[k - 1] > key; k--) {
            s->keys[k] = s->keys[k - 1];
            s->pool[k] = s->pool[k - 1];
        }
        s->keys[k] = key;
        s->pool[k] = node;
    }
}

struct spot_found { struct place place; int32_t slot, type; bool found; };

static void try_slot(struct search *s, int32_t slot, int32_t node, struct spot_found *best)
{
    if (s->line_seen[slot] == s->stamp) return;
    s->line_seen[slot] = s->stamp;
    if (s->distracted && rng_below(&s->rng, 4) == 0) return;
    const struct line *line = &s->state.lines[slot];
    if (s->model->kin ? line_scan_kin(&s->state.scan, line, s->state.used, node, &best->place)
                      : line_scan(&s->state.scan, line, node, &best->place)) {
        best->slot = slot;
        best->found = true;
    }
}

static void try_near(struct search *s, int32_t around, int32_t node, struct spot_found *best)
{
    const struct model *model = s->model;
    const int32_t *near = model->near + (int64_t)around * model->near_count;
    int32_t count = model->near_count < NEAR_LINES ? model->near_count : NEAR_LINES;
    for (int32_t k = 0; k < count; k++) {
        int32_t slot = s->state.slot[near[k]];
        if (slot >= 0) try_slot(s, slot, node, best);
    }
}

static void try_all(struct search *s, int32_t node, struct spot_found *best)
{
    for (int32_t slot = 0; slot < s->state.slot_count; slot++)
        if (s->state.lines[slot].count > 0) try_slot(s, slot, node, best);
}

static void find_place(struct search *s, int32_t node, struct spot_found *best)
{
    const struct node *n = &s->model->nodes[node];
    s->stamp++;
    *best = (struct spot_found){ .place = { .cost = INT64_MAX }, .slot = -1 };
    bool forced = s->generous && rng_below(&s->rng, 2) &&
        (s->unserved_count < UNSERVED_ALL || !s->forced);
    if (n->optional && !forced) best->place.cost = n->prize;
    else if (n->optional) s->forced = true;
    try_near(s, node, node, best);
    if (n->mate >= 0) try_near(s, n->mate, node, best);
    bool wide = !n->optional || forced || rng_below(&s->rng, 8) == 0;
    if (!best->found && wide && (s->model->uses & ~(unsigned)USES_TRAVEL)) try_all(s, node, best);
    for (int32_t type = 0; type < s->model->type_count; type++) {
        if (s->distracted && rng_below(&s->rng, 2)) continue;
        if (state_scan_empty(&s->state, type, node, &best->place)) {
            best->slot = -1;
            best->type = type;
            best->found = true;
        }
    }
    if (best->found || !wide) return;
    s->stamp++;
    try_all(s, node, best);
}

bool recreate(struct search *s, int64_t limit)
{
    const struct model *model = s->model;
    int64_t lost = s->prizes - s->drawn_prizes;
    s->failed_count = 0;
    s->forced = false;
    sort_pool(s);
    if (s->generous) limit = INT64_MAX;
    for (int32_t i = 0; i < s->pool_count; i++) {
        if (s->state.cost + lost > limit || s->broken) return false;
        int32_t node = s->pool[i];
        struct spot_found best;
        find_place(s, node, &best);
        if (!best.found) {
            s->failed[s->failed_count++] = node;
            lost += model->nodes[node].prize;
            continue;
        }
        if (best.slot >= 0) search_touch(s, best.slot);
        if (best.slot < 0) {
            best.slot = state_slot(&s->state);
            if (best.slot < 0) s->broken = true;
            else search_touch(s, best.slot);
            best.slot = -1;
        }
        if (s->broken || state_insert(&s->state, best.slot, best.type, &best.place, node) < 0) {
            s->broken = true;
            return false;
        }
        s->marked[node] = 0;
        if (model->nodes[node].mate >= 0) s->marked[model->nodes[node].mate] = 0;
    }
    return true;
}
