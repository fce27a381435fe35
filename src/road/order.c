/* order.c - in which order stretches are taken out of the graph when shortcuts are made.
 *
 * The order of a contraction hierarchy that doesn't depend on times (Dibbelt, Strasser and Wagner,
 * "Customizable Contraction Hierarchies", 2016), so that it is found once, for all profiles and
 * live states. All states of a stretch follow each other (Buchhold, Wagner, Zeitz and Zündorf,
 * "Customizable Contraction Hierarchies with Turn Costs", 2020). Stretches that meet are
 * neighbours; whichever is taken out makes its neighbours neighbours of each other. Next comes the
 * stretch with the fewest neighbours, and of about as few, the one which rests on fewer layers of
 * others: this keeps the hierarchy flat along valleys. */
#include "road/net.h"

#include <stdlib.h>
#include <string.h>

enum { DEGREE_WEIGHT = 3 };

struct list { uint32_t *items, count, room; };   // sorted

struct ordering {
    uint32_t count;             // stretches
    struct list *near;          // of each stretch that is still there
    uint32_t *layer, *key;
    uint64_t *heap;             // key and stretch; old entries stay until they come up
    size_t heaped, heap_room;
    uint32_t *merged;           // scratch
    uint32_t merged_room;
    uint32_t *order;
};

static bool grow(void *items, size_t *room, size_t wanted, size_t bytes)
{
    void *old, *more;
    if (wanted <= *room) return true;
    size_t next = *room * 2 > wanted ? *room * 2 : wanted;
    memcpy(&old, items, sizeof old);
    more = realloc(old, next * bytes);
    if (more == NULL) return false;
    memcpy(items, &more, sizeof more);
    *room = next;
    return true;
}

/* -- The queue --------------------------------------------------------------------------------- */

static bool push(struct ordering *o, uint32_t stretch)
{
    uint32_t key = o->near[stretch].count * DEGREE_WEIGHT + o->layer[stretch];
    uint64_t entry = (uint64_t)key << 32 | stretch;
    if (!grow(&o->heap, &o->heap_room, o->heaped + 1, sizeof *o->heap)) return false;
    o->key[stretch] = key;
    size_t at = o->heaped++;
    for (; at && o->heap[(at - 1) / 2] > entry; at = (at - 1) / 2)
        o->heap[at] = o->heap[(at - 1) / 2];
    o->heap[at] = entry;
    return true;
}

static uint64_t pop(struct ordering *o)
{
    uint64_t least = o->heap[0], last = o->heap[--o->heaped];
    size_t at = 0;
    for (size_t child; (child = 2 * at + 1) < o->heaped; at = child) {
        if (child + 1 < o->heaped && o->heap[child + 1] < o->heap[child]) child++;
        if (o->heap[child] >= last) break;
        o->heap[at] = o->heap[child];
    }
    o->heap[at] = last;
    return least;
}

/* -- Neighbours -------------------------------------------------------------------------------- */

static bool room_for(struct list *list, uint32_t count)
{
    size_t room = list->room;
    bool fine = grow(&list->items, &room, count, sizeof *list->items);
    list->room = (uint32_t)room;
    return fine;
}

static int compare(const void *a, const void *b)
{
    uint32_t x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

static bool join(struct list *list, uint32_t other)
{
    if (!room_for(list, list->count + 1)) return false;
    list->items[list->count++] = other;
    return true;
}

static bool meet(struct ordering *o, const struct road *road)
{
    for (uint32_t s = 0; s < road->states; s++)
        for (uint32_t t = road->turn_first[s]; t < road->turn_first[s + 1]; t++) {
            uint32_t a = road->state_arc[s] >> 1, b = road->state_arc[road->turn_to[t]] >> 1;
            if (a != b && (!join(&o->near[a], b) || !join(&o->near[b], a))) return false;
        }
    for (uint32_t i = 0; i < o->count; i++) {
        struct list *list = &o->near[i];
        uint32_t kept = 0;
        if (list->count) qsort(list->items, list->count, sizeof *list->items, compare);
        for (uint32_t k = 0; k < list->count; k++)
            if (k == 0 || list->items[k] != list->items[k - 1])
                list->items[kept++] = list->items[k];
        list->count = kept;
        if (!push(o, i)) return false;
    }
    return true;
}

/* `to` gets the neighbours of `gone` in place of it. */
static bool inherit(struct ordering *o, uint32_t to, uint32_t gone)
{
    const struct list *more = &o->near[gone];
    struct list *list = &o->near[to];
    uint32_t a = 0, b = 0, count = 0;
    size_t room = o->merged_room;
    if (!grow(&o->merged, &room, list->count + more->count, sizeof *o->merged)) return false;
    o->merged_room = (uint32_t)room;
    while (a < list->count || b < more->count) {
        uint32_t x = a < list->count ? list->items[a] : NOBODY;
        uint32_t y = b < more->count ? more->items[b] : NOBODY;
        uint32_t next = x < y ? x : y;
        a += x == next;
        b += y == next;
        if (next != to && next != gone) o->merged[count++] = next;
    }
    if (!room_for(list, count)) return false;
    memcpy(list->items, o->merged, count * sizeof *list->items);
    list->count = count;
    return true;
}

static bool take_out(struct ordering *o, uint32_t gone)
{
    struct list *list = &o->near[gone];
    for (uint32_t i = 0; i < list->count; i++) {
        uint32_t to = list->items[i];
        if (o->layer[to] <= o->layer[gone]) o->layer[to] = o->layer[gone] + 1;
        if (!inherit(o, to, gone) || !push(o, to)) return false;
    }
    free(list->items);
    *list = (struct list){0};
    o->key[gone] = NOBODY;
    return true;
}

static bool run(struct ordering *o, const struct road *road)
{
    uint32_t taken = 0;
    if (!meet(o, road)) return false;
    while (o->heaped) {
        uint64_t entry = pop(o);
        uint32_t stretch = (uint32_t)entry;
        if (o->key[stretch] != entry >> 32) continue;
        o->order[taken++] = stretch;
        if (!take_out(o, stretch)) return false;
    }
    return taken == o->count;
}

/* -- States ------------------------------------------------------------------------------------ */

/* Copies of arcs follow the two arcs of their stretch. */
static void number_states(const struct road *road, const uint32_t *order, uint32_t *rank_state,
    uint32_t *extra)
{
    uint32_t arcs = road_arcs(road), rank = 0;
    for (uint32_t s = arcs; s < road->states; s++) extra[road->state_arc[s] >> 1]++;
    for (uint32_t i = 0; i < road->stretches; i++) {
        uint32_t stretch = order[i], copies = extra[stretch];
        rank_state[rank] = 2 * stretch;
        rank_state[rank + 1] = 2 * stretch + 1;
        rank += 2;
        extra[stretch] = rank;
        rank += copies;
    }
    for (uint32_t s = arcs; s < road->states; s++) rank_state[extra[road->state_arc[s] >> 1]++] = s;
}

enum status net_order(struct net *net, struct err *err)
{
    struct road *road = &net->road;
    uint32_t count = road->stretches;
    struct ordering o = { .count = count };
    uint32_t *rank_state = arena_new(net->arena, road->states * sizeof *rank_state);
    uint32_t *extra = arena_new(net->arena, count * sizeof *extra);
    o.order = arena_new(net->arena, count * sizeof *o.order);
    o.layer = arena_new(net->arena, count * sizeof *o.layer);
    o.key = arena_new(net->arena, count * sizeof *o.key);
    o.near = arena_new(net->arena, count * sizeof *o.near);
    if (!rank_state || !extra || !o.order || !o.layer || !o.key || !o.near)
        return net_no_memory(err);
    bool done = run(&o, road);
    for (uint32_t i = 0; i < count; i++) free(o.near[i].items);
    free(o.heap);
    free(o.merged);
    if (!done) return net_no_memory(err);
    number_states(road, o.order, rank_state, extra);
    road->rank_state = rank_state;
    net->counts[SECTION_rank_state] = road->states;
    return OK;
}
