/* line.c - filling, editing and recomputing a line. */
#include "route/line.h"

#include <assert.h>
#include <string.h>
#include "base/arena.h"

static size_t load_bytes(const struct model *model, int32_t count)
{
    return (size_t)count * (size_t)model->dims * sizeof(int32_t);
}

bool line_room(struct arena *arena, const struct model *model, struct line *line, int32_t room)
{
    if (room <= line->room) return true;
    struct line wider = *line;
    wider.room = room + room / 2 + 8;
    size_t count = (size_t)wider.room;
    wider.spots = arena_new(arena, count * sizeof(struct spot));
    wider.ahead = arena_new(arena, load_bytes(model, wider.room) + 1);
    if (wider.spots == NULL || wider.ahead == NULL) return false;
    if (model->uses & USES_PROFILE) {
        wider.load = arena_new(arena, load_bytes(model, wider.room) + 1);
        wider.behind = arena_new(arena, load_bytes(model, wider.room) + 1);
        if (wider.load == NULL || wider.behind == NULL) return false;
    }
    if (model->uses & USES_DURATION) {
        wider.head = arena_new(arena, count * sizeof(struct seg));
        wider.tail = arena_new(arena, count * sizeof(struct seg));
        if (wider.head == NULL || wider.tail == NULL) return false;
    }
    if (line->count > 0) line_copy(model, &wider, line);
    *line = wider;
    return true;
}

void line_copy(const struct model *model, struct line *dst, const struct line *src)
{
    struct line kept = *dst;
    assert(kept.room >= src->count);
    *dst = *src;
    dst->room = kept.room;
    dst->spots = kept.spots;
    dst->load = kept.load;
    dst->ahead = kept.ahead;
    dst->behind = kept.behind;
    dst->head = kept.head;
    dst->tail = kept.tail;
    if (src->count == 0) return;
    size_t count = (size_t)src->count;
    memcpy(dst->spots, src->spots, count * sizeof(struct spot));
    if (model->dims > 0) memcpy(dst->ahead, src->ahead, load_bytes(model, src->count));
    if ((model->uses & USES_PROFILE) && model->dims > 0) {
        memcpy(dst->load, src->load, load_bytes(model, src->count));
        memcpy(dst->behind, src->behind, load_bytes(model, src->count));
    }
    if (model->uses & USES_DURATION) {
        memcpy(dst->head, src->head, count * sizeof(struct seg));
        memcpy(dst->tail, src->tail, count * sizeof(struct seg));
    }
}

static void set_spot(const struct model *model, const struct line *line, struct spot *spot,
                     int32_t node)
{
    const struct route_type *type = &model->types[line->type];
    *spot = (struct spot){ .node = node, .close = type_close(type) };
    if (node >= 0) {
        const struct node *n = &model->nodes[node];
        spot->loc = n->loc;
        spot->open = n->open;
        spot->close = n->close;
        spot->service = n->service;
    } else if (node == SPOT_RELOAD) {
        spot->loc = type->reload;
        spot->service = type->reload_s;
    } else {
        spot->loc = node == SPOT_START ? type->start : type->end;
        spot->open = type->shift.open;
    }
}

static void set_arc(const struct model *model, const struct line *line, int32_t at)
{
    const struct matrix *x = model_matrix(model, line->type);
    struct spot *spot = &line->spots[at];
    int64_t cell = (int64_t)line->spots[at - 1].loc * model->locations + spot->loc;
    spot->dist = x->dist[cell];
    spot->time = x->dur[cell];
}

/* Numbers the trips and lets each begin when its last job is released. */
static void set_trips(const struct model *model, struct line *line)
{
    const struct route_type *type = &model->types[line->type];
    struct spot *begin = NULL;
    line->trips = 0;
    for (int32_t i = 0; i < line->count; i++) {
        struct spot *spot = &line->spots[i];
        if (spot->node == SPOT_START || spot->node == SPOT_RELOAD) {
            line->trips++;
            begin = spot;
            begin->open = spot->node == SPOT_START ? type->shift.open : 0;
        } else if (spot->node >= 0 && model->nodes[spot->node].release > begin->open) {
            begin->open = model->nodes[spot->node].release;
        }
        spot->trip = line->trips - 1;
    }
}

static bool set_times(const struct model *model, struct line *line)
{
    struct spot *spots = line->spots;
    int32_t last = line->count - 1;
    spots[0].dep = spots[0].open;
    if (spots[0].open > spots[0].close) return false;
    for (int32_t i = 1; i <= last; i++) {
        if (spots[i].time >= ROUTE_FAR) return false;
        spots[i].dep = spot_departs(model, &spots[i], spots[i - 1].dep + spots[i].time);
        if (spots[i].dep >= ROUTE_FAR) return false;
    }
    spots[last].late = spots[last].close;
    for (int32_t i = last - 1; i >= 0; i--) {
        int32_t late = spots[i + 1].late - spots[i + 1].time - spots[i].service;
        if (late > spots[i].close) late = spots[i].close;
        if ((model->uses & USES_WINDOWS) && spots[i].node >= 0)
            late = node_close(&model->nodes[spots[i].node], late);
        spots[i].late = late;
    }
    return true;
}

static bool set_flat_loads(const struct model *model, struct line *line)
{
    const int32_t *capacity = model->types[line->type].capacity;
    int32_t dims = model->dims, *sum = line->ahead;
    bool fits = true;
    for (int32_t i = 0; i < line->count; i++) {
        int32_t node = line->spots[i].node;
        if (node == SPOT_START || node == SPOT_RELOAD) {
            sum = line->ahead + (int64_t)i * dims;
            memset(sum, 0, (size_t)dims * sizeof *sum);
        } else if (node >= 0) {
            const int32_t *initial = model->initial + (int64_t)node * dims;
            const int32_t *change = model->change + (int64_t)node * dims;
            for (int32_t d = 0; d < dims; d++) {
                sum[d] += initial[d] > 0 ? initial[d] : change[d];
                if (sum[d] > capacity[d]) fits = false;
            }
        }
    }
    return fits;
}

/* Loads of the trip that begins at `from` and ends at `to`. */
static bool set_trip_loads(const struct model *model, struct line *line, int32_t from, int32_t to)
{
    const int32_t *capacity = model->types[line->type].capacity;
    bool fits = true;
    int32_t dims = model->dims;
    for (int32_t d = 0; d < dims; d++) {
        int32_t load = 0, high = 0;
        for (int32_t i = from + 1; i < to; i++)
            load += model->initial[(int64_t)line->spots[i].node * dims + d];
        for (int32_t i = from; i < to; i++) {
            int32_t node = line->spots[i].node;
            if (i > from) load += model->change[(int64_t)node * dims + d];
            if (load > high) high = load;
            line->load[(int64_t)i * dims + d] = load;
            line->ahead[(int64_t)i * dims + d] = high;
        }
        if (high > capacity[d]) fits = false;
        for (int32_t i = to - 1; i >= from; i--) {
            load = line->load[(int64_t)i * dims + d];
            int32_t after = i == to - 1 ? 0 : line->behind[(int64_t)(i + 1) * dims + d];
            line->behind[(int64_t)i * dims + d] = load > after ? load : after;
        }
    }
    return fits;
}

static bool set_loads(const struct model *model, struct line *line)
{
    if (model->dims == 0) return true;
    if (!(model->uses & USES_PROFILE)) return set_flat_loads(model, line);
    bool fits = true;
    for (int32_t from = 0, to; from < line->count - 1; from = to) {
        for (to = from + 1; line->spots[to].node >= 0; to++) continue;
        fits = set_trip_loads(model, line, from, to) && fits;
    }
    return fits;
}

static int32_t departs_lasts(const struct model *model, const struct line *line, int32_t leave)
{
    int32_t at = leave;
    for (int32_t k = 1; k < line->count && at < ROUTE_FAR; k++)
        at = spot_departs(model, &line->spots[k], at + line->spots[k].time);
    return at - leave;
}

/* The least duration where nodes have several windows: it is reached by a departure after which
 * some stop is reached, without waiting before it, as one of its windows closes, or by the last. */
static int32_t least_duration(const struct model *model, const struct line *line)
{
    int32_t best = departs_lasts(model, line, line->spots[0].late);
    int32_t span = 0;
    for (int32_t i = 0; i < line->count; i++) {
        const struct spot *spot = &line->spots[i];
        if (i > 0) span += spot->time;
        const struct node *node = spot->node >= 0 ? &model->nodes[spot->node] : NULL;
        int32_t windows = node && node->windows ? node->window_count : 1;
        for (int32_t w = 0; w < windows; w++) {
            int32_t close = node && node->windows ? node->windows[w].close : spot->close;
            int32_t leave = close - span;
            if (leave > line->spots[0].late) leave = line->spots[0].late;
            if (leave < line->spots[0].open) continue;
            int32_t lasts = departs_lasts(model, line, leave);
            if (lasts < best) best = lasts;
        }
        span += spot->service;
    }
    return best;
}

static void set_duration(const struct model *model, struct line *line)
{
    int32_t last = line->count - 1;
    for (int32_t i = 0; i <= last; i++) {
        const struct spot *spot = &line->spots[i];
        struct seg own = { .duration = spot->service, .early = spot->open, .late = spot->close };
        line->head[i] = i == 0 ? own : seg_join(line->head[i - 1], spot->time, own);
    }
    for (int32_t i = last; i >= 0; i--) {
        const struct spot *spot = &line->spots[i];
        struct seg own = { .duration = spot->service, .early = spot->open, .late = spot->close };
        line->tail[i] = i == last ? own : seg_join(own, spot[1].time, line->tail[i + 1]);
    }
    line->duration = line->head[last].duration;
    if (model->uses & USES_WINDOWS) line->duration = least_duration(model, line);
}

/* Sums and cost; true: within the limits. */
static bool set_sums(const struct model *model, struct line *line)
{
    const struct route_type *type = &model->types[line->type];
    line->distance = line->travel = 0;
    line->stops = line->count - 1 - line->trips;
    for (int32_t i = 1; i < line->count; i++) {
        line->distance += line->spots[i].dist;
        line->travel += line->spots[i].time;
    }
    line->cost = type->cost_fixed + type->cost_distance * line->distance +
                 type->cost_travel * line->travel + type->cost_stop * line->stops;
    if (model->uses & USES_DURATION) line->cost += type->cost_duration * line->duration;
    return (type->distance_max == 0 || line->distance <= type->distance_max) &&
           (type->travel_max == 0 || line->travel <= type->travel_max) &&
           (type->stops_max == 0 || line->stops <= type->stops_max) &&
           (type->duration_max == 0 || line->duration <= type->duration_max) &&
           line->trips <= type_trips(type);
}

bool line_refresh(const struct model *model, struct line *line)
{
    set_trips(model, line);
    if ((model->uses & USES_TIME) && !set_times(model, line)) return false;
    if (!set_loads(model, line)) return false;
    if (model->uses & USES_DURATION) set_duration(model, line);
    return set_sums(model, line);
}

bool line_fill(const struct model *model, struct line *line, int32_t type, const int32_t *nodes,
               int32_t count)
{
    line->type = type;
    line->count = 0;
    set_spot(model, line, &line->spots[line->count++], SPOT_START);
    for (int32_t i = 0; i < count; i++) {
        if (nodes[i] == SPOT_RELOAD && line->spots[line->count - 1].node < 0) continue;
        set_spot(model, line, &line->spots[line->count++], nodes[i]);
    }
    if (line->spots[line->count - 1].node == SPOT_RELOAD) line->count--;
    set_spot(model, line, &line->spots[line->count++], SPOT_END);
    for (int32_t i = 1; i < line->count; i++) set_arc(model, line, i);
    return line_refresh(model, line);
}

bool line_insert(const struct model *model, struct line *line, const struct place *place,
                 int32_t node)
{
    int32_t mate = model->nodes[node].mate;
    int32_t more = 1 + (mate >= 0) + (place->split != SPLIT_NONE);
    struct spot *spots = line->spots;
    assert(line->count + more <= line->room);
    int32_t at = place->at + 1, last = line->count - 1;
    if (mate >= 0) {    // the mate first, so that `at` keeps its meaning
        int32_t to = place->at2 + 1;
        memmove(&spots[to + more], &spots[to], (size_t)(last - to + 1) * sizeof *spots);
        int32_t slot = to + more - 1 - (place->split == SPLIT_AFTER);
        memmove(&spots[at + (slot - to)], &spots[at], (size_t)(to - at) * sizeof *spots);
        set_spot(model, line, &spots[slot], mate);
        line->count += more;
        if (place->split == SPLIT_BEFORE) set_spot(model, line, &spots[at++], SPOT_RELOAD);
        set_spot(model, line, &spots[at], node);
        if (place->split == SPLIT_AFTER) set_spot(model, line, &spots[slot + 1], SPOT_RELOAD);
        int32_t from = place->at + 1, until = slot + 2 + (place->split == SPLIT_AFTER);
        for (int32_t i = from; i < until && i < line->count; i++) set_arc(model, line, i);
        return line_refresh(model, line);
    }
    memmove(&spots[at + more], &spots[at], (size_t)(last - at + 1) * sizeof *spots);
    line->count += more;
    for (int32_t i = 0; i < more; i++) {
        bool reload = (place->split == SPLIT_BEFORE && i == 0) ||
                      (place->split == SPLIT_AFTER && i == 1);
        set_spot(model, line, &spots[at + i], reload ? SPOT_RELOAD : node);
    }
    for (int32_t i = at; i <= at + more; i++) set_arc(model, line, i);
    return line_refresh(model, line);
}

bool line_drop(const struct model *model, struct line *line, const uint8_t *marked)
{
    struct spot *spots = line->spots;
    int32_t kept = 1, arc = -1;     // arc: the next kept spot needs a new one
    for (int32_t i = 1; i < line->count; i++) {
        int32_t node = spots[i].node;
        bool empty = spots[kept - 1].node == SPOT_RELOAD || spots[kept - 1].node == SPOT_START;
        bool gone = node >= 0 ? marked[node] : node == SPOT_RELOAD && empty;
        if (node == SPOT_END && spots[kept - 1].node == SPOT_RELOAD) {
            kept--;
            arc = 1;
        }
        if (gone) {
            arc = 1;
            continue;
        }
        if (kept != i) spots[kept] = spots[i];
        if (arc >= 0) set_arc(model, line, kept);
        arc = -1;
        kept++;
    }
    line->count = kept;
    return line_refresh(model, line);
}
