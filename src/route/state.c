/* state.c - slots of lines, loading and saving. */
#include "route/state.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"

enum { ROOM_FIRST = 24 };

static bool set_empty(struct state *state)
{
    const struct model *model = state->model;
    size_t types = (size_t)model->type_count;
    state->empty = arena_new(state->arena, types * sizeof *state->empty);
    state->empty_good = arena_new(state->arena, types * sizeof *state->empty_good);
    state->used = arena_new(state->arena, types * sizeof *state->used);
    if (!state->empty || !state->empty_good || !state->used) return false;
    for (int32_t t = 0; t < model->type_count; t++) {
        if (!line_room(state->arena, model, &state->empty[t], 2)) return false;
        // Limits are tested with the first stop: an empty vehicle may stand anywhere.
        state->empty_good[t] = model->types[t].count > 0 &&
            line_fill(model, &state->empty[t], t, NULL, 0);
    }
    return true;
}

enum status state_grow(struct state *state)
{
    const struct model *model = state->model;
    if (model->node_room <= state->node_room) return OK;
    size_t room = (size_t)model->node_room, used = (size_t)state->node_room;
    int32_t *slot = arena_new(state->arena, room * sizeof *slot);
    int32_t *pos = arena_new(state->arena, room * sizeof *pos);
    if (slot == NULL || pos == NULL) return BROKEN;
    if (used) memcpy(slot, state->slot, used * sizeof *slot);
    if (used) memcpy(pos, state->pos, used * sizeof *pos);
    for (size_t i = used; i < room; i++) slot[i] = -1;
    state->slot = slot;
    state->pos = pos;
    state->node_room = model->node_room;
    return OK;
}

enum status state_new(struct arena *arena, const struct model *model, struct state *out)
{
    *out = (struct state){ .arena = arena, .model = model };
    out->scan = (struct scan){ .model = model };
    TRY(state_grow(out));
    out->longest = ROOM_FIRST;
    out->scan.scratch = &out->scratch;
    if (!set_empty(out) || !scan_room(arena, &out->scan, out->longest + 8)) return BROKEN;
    return OK;
}

bool state_room(struct state *state, struct line *line, int32_t more)
{
    int32_t wanted = line->count + more;
    if (!line_room(state->arena, state->model, line, wanted)) return false;
    if (wanted <= state->longest) return true;
    state->longest = wanted + wanted / 2;
    return scan_room(state->arena, &state->scan, state->longest + 8);
}

int32_t state_slot(struct state *state)
{
    for (int32_t i = 0; i < state->slot_count; i++)
        if (state->lines[i].count == 0) return i;
    if (state->slot_count == state->slot_room) {
        int32_t room = state->slot_room ? 2 * state->slot_room : 16;
        struct line *lines = arena_new(state->arena, (size_t)room * sizeof *lines);
        if (lines == NULL) return -1;
        if (state->slot_count)
            memcpy(lines, state->lines, (size_t)state->slot_count * sizeof *lines);
        state->lines = lines;
        state->slot_room = room;
    }
    if (!line_room(state->arena, state->model, &state->lines[state->slot_count], ROOM_FIRST))
        return -1;
    return state->slot_count++;
}

void state_seat(struct state *state, int32_t slot)
{
    struct line *line = &state->lines[slot];
    if (line->stops == 0 && line->count > 0) {
        state->used[line->type]--;
        line->count = 0;
        line->cost = 0;
    }
    for (int32_t i = 1; i < line->count; i++) {
        int32_t node = line->spots[i].node;
        if (node < 0) continue;
        state->slot[node] = slot;
        state->pos[node] = i;
    }
}

bool state_scan_empty(struct state *state, int32_t type, int32_t node, struct place *best)
{
    const struct line *empty = &state->empty[type];
    if (!state->empty_good[type] || state->used[type] >= state->model->types[type].count)
        return false;
    struct place place = *best;
    if (place.cost != INT64_MAX) place.cost -= empty->cost;
    if (!line_scan(&state->scan, empty, node, &place)) return false;
    place.cost += empty->cost;
    *best = place;
    return true;
}

void state_retype(struct state *state, struct line *line, int32_t type)
{
    state->used[line->type]--;
    state->used[type]++;
    line->type = type;
}

int32_t state_insert(struct state *state, int32_t slot, int32_t type, const struct place *place,
                     int32_t node)
{
    if (slot < 0) {
        slot = state_slot(state);
        if (slot < 0) return -1;
        line_copy(state->model, &state->lines[slot], &state->empty[type]);
        state->lines[slot].cost = 0;
        state->used[type]++;
    }
    struct line *line = &state->lines[slot];
    int64_t before = line->cost;
    if (place->retype > 0) state_retype(state, line, place->retype - 1);
    if (!state_room(state, line, 3)) return -1;
    bool good = line_insert(state->model, line, place, node);
    assert(good);
    state->cost += line->cost - before;
    state_seat(state, slot);
    return slot;
}

static int32_t stop_node(const struct model *model, const struct route_stop *stop)
{
    if (stop->kind == ROUTE_RELOAD) return SPOT_RELOAD;
    bool job = stop->kind == ROUTE_JOB;
    int32_t count = job ? model->problem->job_count : model->problem->shipment_count;
    if (stop->index < 0 || stop->index >= count) return SPOT_END;
    return job ? model->job_node[stop->index]
               : model->shipment_node[stop->index] + (stop->kind == ROUTE_DELIVERY);
}

/* What became of a node while a solution is loaded. */
struct seen { int32_t trip; bool paired, taken; };

/* Marks the pairs of which both ends stand in one trip, in order. Trips are numbered from
 * `mark`. */
static void find_pairs(const struct model *model, const struct route_tour *tour, struct seen *seen,
                       int32_t mark)
{
    for (int32_t i = 0; i < tour->stop_count; i++) {
        int32_t node = stop_node(model, &tour->stops[i]);
        if (node == SPOT_RELOAD) mark++;
        if (node < 0) continue;
        if (seen[node].trip == 0) seen[node].trip = mark;
        int32_t mate = model->nodes[node].mate;
        if (model->nodes[node].kind == ROUTE_DELIVERY && seen[mate].trip == mark)
            seen[mate].paired = true;
    }
}

/* Nodes of the tour that aren't served yet and may ride on its type, pairs whole and in order. */
static int32_t tour_nodes(const struct state *state, const struct route_tour *tour, int32_t *nodes,
                          struct seen *seen, int32_t mark)
{
    const struct model *model = state->model;
    int32_t count = 0;
    find_pairs(model, tour, seen, mark);
    for (int32_t i = 0; i < tour->stop_count; i++) {
        int32_t node = stop_node(model, &tour->stops[i]);
        if (node == SPOT_RELOAD) {
            mark++;
            nodes[count++] = node;
        }
        if (node < 0 || state->slot[node] >= 0 || seen[node].taken) continue;
        if (!model->allowed[(int64_t)node * model->type_count + tour->type]) continue;
        int32_t mate = model->nodes[node].mate;
        if (model->nodes[node].kind == ROUTE_PICKUP && !seen[node].paired) continue;
        if (model->nodes[node].kind == ROUTE_DELIVERY &&
            (!seen[mate].taken || seen[mate].trip != mark)) continue;
        seen[node].taken = true;
        nodes[count++] = node;
    }
    return count;
}

/* The nodes one by one at the line's end, leaving out those that break a constraint. A pair is
 * handed over where it was fetched: in the tour's own order it may be the one in the way. */
static bool fill_piecewise(const struct model *model, struct line *line, int32_t type,
                           const int32_t *nodes, int32_t count)
{
    int32_t *kept = malloc((size_t)(count + 1) * sizeof *kept);
    if (kept == NULL) return false;
    int32_t used = 0;
    for (int32_t i = 0; i < count; i++) {
        int32_t node = nodes[i], mate = node >= 0 ? model->nodes[node].mate : -1;
        if (mate >= 0 && model->nodes[node].kind == ROUTE_DELIVERY) continue;
        int32_t before = used;
        kept[used++] = node;
        if (mate >= 0) kept[used++] = mate;
        if (node >= 0 && !line_fill(model, line, type, kept, used)) used = before;
    }
    bool good = line_fill(model, line, type, kept, used);
    free(kept);
    return good;
}

static int32_t served(const struct state *state)
{
    int32_t count = 0;
    for (int32_t i = 0; i < state->model->node_count; i++) count += state->slot[i] >= 0;
    return count;
}

enum status state_load(struct state *state, const struct route_solution *solution, int32_t *left)
{
    const struct model *model = state->model;
    size_t longest = 1, stops = 0;
    for (int32_t i = 0; i < solution->tour_count; i++) {
        size_t count = (size_t)solution->tours[i].stop_count;
        if (count > longest) longest = count;
        for (size_t k = 0; k < count; k++)
            stops += solution->tours[i].stops[k].kind != ROUTE_RELOAD;
    }
    size_t room = (size_t)model->node_room;
    int32_t *nodes = malloc(longest * sizeof *nodes);
    struct seen *seen = calloc(room, sizeof *seen);
    enum status status = nodes && seen ? OK : BROKEN;
    int32_t mark = 1;
    for (int32_t i = 0; i < solution->tour_count && status == OK; i++) {
        const struct route_tour *tour = &solution->tours[i];
        if (tour->type < 0 || tour->type >= model->type_count) continue;
        if (state->used[tour->type] >= model->types[tour->type].count) continue;
        int32_t count = tour_nodes(state, tour, nodes, seen, mark);
        mark += tour->stop_count + 1;
        int32_t slot = state_slot(state);
        if (slot < 0 || !state_room(state, &state->lines[slot], count + 2)) {
            status = BROKEN;
            break;
        }
        struct line *line = &state->lines[slot];
        if (!line_fill(state->model, line, tour->type, nodes, count) &&
            !fill_piecewise(state->model, line, tour->type, nodes, count)) {
            line->count = 0;
            continue;
        }
        state->used[tour->type]++;
        state->cost += line->stops ? line->cost : 0;
        state_seat(state, slot);
    }
    free(nodes);
    free(seen);
    *left = (int32_t)stops - served(state);
    return status;
}

static bool save_line(const struct model *model, const struct line *line, struct arena *arena,
                      struct route_tour *tour)
{
    *tour = (struct route_tour){ .type = line->type, .stop_count = line->count - 2 };
    tour->stops = arena_new(arena, (size_t)tour->stop_count * sizeof *tour->stops);
    if (tour->stops == NULL) return false;
    for (int32_t i = 1; i < line->count - 1; i++) {
        int32_t node = line->spots[i].node;
        struct route_stop *stop = &tour->stops[i - 1];
        *stop = (struct route_stop){ .kind = ROUTE_RELOAD, .index = -1 };
        if (node < 0) continue;
        stop->kind = model->nodes[node].kind;
        stop->index = model->nodes[node].index;
    }
    return true;
}

enum status state_solution(const struct state *state, struct arena *arena,
                           struct route_solution *out)
{
    *out = (struct route_solution){ 0 };
    int32_t count = 0;
    for (int32_t i = 0; i < state->slot_count; i++) count += state->lines[i].count > 0;
    out->tours = arena_new(arena, (size_t)(count + 1) * sizeof *out->tours);
    if (out->tours == NULL) return BROKEN;
    for (int32_t i = 0; i < state->slot_count; i++) {
        if (state->lines[i].count == 0) continue;
        if (!save_line(state->model, &state->lines[i], arena, &out->tours[out->tour_count++]))
            return BROKEN;
    }
    route_schedule(state->model->problem, out);
    return OK;
}
