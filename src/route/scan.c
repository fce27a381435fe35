/* scan.c - the cheapest place for a node or a pair in one line.
 *
 * Kernels are one function compiled for what the problem uses. Where constant-time tests don't
 * suffice (several windows with a duration, trips with releases) they are necessary conditions, and
 * the insertion is then tried on a scratch line. That one stop more doesn't shorten the day is
 * taken for granted: where it does, on matrices that break the triangle inequality, a place may be
 * missed. */
#include "route/line.h"

#include <math.h>
#include <string.h>
#include "base/arena.h"
#include "base/rng.h"

#define KERNEL static inline __attribute__((always_inline))

/* What stays the same while one node is tried along one line. */
struct trial {
    struct scan *scan;
    const struct model *model;
    const struct line *line;
    const struct route_type *type;
    const struct node *node;
    int32_t id;
    const int32_t *dist_to, *dist_from, *dur_to, *dur_from;     // rows of the node's location
    const int32_t *initial, *change;
    struct place *best;
    bool found;
};

bool scan_room(struct arena *arena, struct scan *scan, int32_t room)
{
    scan->early = arena_new(arena, (size_t)room * sizeof(int32_t));
    scan->high = arena_new(arena, 2 * ROUTE_DIMS * sizeof(int32_t));
    return scan->early && scan->high && line_room(arena, scan->model, scan->scratch, room);
}

static void draw_blink(struct scan *scan)
{
    double u = rng_unit(scan->rng);
    scan->blink = (int32_t)(log1p(-u) / log1p(-scan->blink_rate));
}

KERNEL bool blinks(struct scan *scan)
{
    if (scan->rng == NULL || --scan->blink >= 0) return false;
    draw_blink(scan);
    return true;
}

static struct trial trial_of(struct scan *scan, const struct line *line, int32_t id,
                             struct place *best)
{
    const struct model *model = scan->model;
    const struct matrix *x = model_matrix(model, line->type);
    const struct node *node = &model->nodes[id];
    int64_t row = (int64_t)node->loc * model->locations;
    return (struct trial){ .scan = scan, .model = model, .line = line,
        .type = &model->types[line->type], .node = node, .id = id,
        .dist_to = x->dist_t + row, .dist_from = x->dist + row,
        .dur_to = x->dur_t + row, .dur_from = x->dur + row,
        .initial = model->initial + (int64_t)id * model->dims,
        .change = model->change + (int64_t)id * model->dims, .best = best };
}

/* Tries an insertion whole, on the scratch line. */
static bool try_whole(struct trial *t, struct place place)
{
    struct line *scratch = t->scan->scratch;
    line_copy(t->model, scratch, t->line);
    if (!line_insert(t->model, scratch, &place, t->id)) return false;
    place.cost = scratch->cost - t->line->cost;
    if (place.cost >= t->best->cost) return false;
    *t->best = place;
    return t->found = true;
}

static bool within_limits(const struct trial *t, int64_t distance, int64_t travel, int32_t stops)
{
    const struct route_type *type = t->type;
    return (type->distance_max == 0 || t->line->distance + distance <= type->distance_max) &&
           (type->travel_max == 0 || t->line->travel + travel <= type->travel_max) &&
           (type->stops_max == 0 || t->line->stops + stops <= type->stops_max);
}

/* Does the job fit the legs of its trip, between spot i and the next? */
KERNEL bool job_fits(const struct trial *t, int32_t i)
{
    int32_t dims = t->model->dims;
    const int32_t *ahead = t->line->ahead + (int64_t)i * dims;
    const int32_t *behind = t->line->behind + (int64_t)i * dims;
    for (int32_t d = 0; d < dims; d++) {
        if (ahead[d] + t->initial[d] > t->type->capacity[d]) return false;
        if (behind[d] + t->initial[d] + t->change[d] > t->type->capacity[d]) return false;
    }
    return true;
}

static bool trip_fits_flat(const struct trial *t, int32_t from)
{
    int32_t dims = t->model->dims;
    const int32_t *sum = t->line->ahead + (int64_t)from * dims;
    for (int32_t d = 0; d < dims; d++) {
        int32_t own = t->initial[d] > 0 ? t->initial[d] : t->change[d];
        if (sum[d] + own > t->type->capacity[d]) return false;
    }
    return true;
}

/* The duration with one more stop between i and i + 1, which is feasible in time. */
static int32_t joined_duration(const struct trial *t, int32_t i, int32_t to, int32_t from)
{
    struct seg own = { .duration = t->node->service, .early = t->node->open,
        .late = t->node->close };
    struct seg all = seg_join(seg_join(t->line->head[i], to, own), from, t->line->tail[i + 1]);
    return all.duration;
}

/* Departures in the trip that begins at `from` and ends at `to` if it begins no earlier than
 * `release`, in scan->early. false: then it isn't feasible. */
static bool released(const struct trial *t, int32_t from, int32_t to, int32_t release)
{
    const struct spot *spots = t->line->spots;
    int32_t *early = t->scan->early;
    int32_t dep = release + spots[from].service;
    if (dep < spots[from].dep) dep = spots[from].dep;
    if (release > spots[from].late) return false;
    early[from] = dep;
    for (int32_t i = from + 1; i <= to; i++) {
        if (dep + spots[i].time > spots[i].late) return false;
        dep = spot_departs(t->model, &spots[i], dep + spots[i].time);
        early[i] = dep;
    }
    return true;
}

/* The job's places in the trip from..to, without new trips. */
KERNEL void scan_trip(struct trial *t, int32_t from, int32_t to, const unsigned uses)
{
    const struct spot *spots = t->line->spots;
    const struct node *node = t->node;
    bool later = false;
    if (t->model->dims > 0 && !(uses & USES_PROFILE) && !trip_fits_flat(t, from)) return;
    if ((uses & USES_RELEASE) && node->release > spots[from].open) {
        if (!released(t, from, to, node->release)) return;
        later = true;
    }
    bool whole = (uses & USES_DURATION) && ((uses & USES_WINDOWS) || later);
    for (int32_t i = from; i < to; i++) {
        int32_t dep = later ? t->scan->early[i] : spots[i].dep;
        if ((uses & USES_TIME) && dep > node->close) break;
        if (blinks(t->scan)) continue;
        const struct spot *next = &spots[i + 1];
        int64_t dist = (int64_t)t->dist_to[spots[i].loc] + t->dist_from[next->loc] - next->dist;
        int64_t cost = t->type->cost_distance * dist + t->type->cost_stop;
        int64_t travel = 0;
        if (uses & USES_TRAVEL) {
            travel = (int64_t)t->dur_to[spots[i].loc] + t->dur_from[next->loc] - next->time;
            cost += t->type->cost_travel * travel;
        }
        if (cost >= t->best->cost) continue;
        if ((uses & USES_PROFILE) && !job_fits(t, i)) continue;
        if (uses & USES_TIME) {
            int32_t start = dep + t->dur_to[spots[i].loc];
            if (start < node->open) start = node->open;
            if ((uses & USES_WINDOWS) && node->windows) start = node_open(node, start);
            if (start > node->close) continue;
            if (start + node->service + t->dur_from[next->loc] > next->late) continue;
        }
        if ((uses & USES_LIMITS) && !within_limits(t, dist, travel, 1)) continue;
        if (whole) {
            try_whole(t, (struct place){ .at = i });
            continue;
        }
        if (uses & USES_DURATION) {
            int32_t lasts = joined_duration(t, i, t->dur_to[spots[i].loc],
                t->dur_from[next->loc]);
            if (t->type->duration_max && lasts > t->type->duration_max) continue;
            cost += t->type->cost_duration * (lasts - t->line->duration);
            if (cost >= t->best->cost) continue;
        }
        *t->best = (struct place){ .cost = cost, .at = i };
        t->found = true;
    }
}

/* Could parting the trip after spot i be cheaper than the best? */
static bool split_pays(const struct trial *t, int32_t i, enum split split)
{
    const struct route_type *type = t->type;
    const struct matrix *x = model_matrix(t->model, t->line->type);
    int32_t last = t->node->mate >= 0 ? t->model->nodes[t->node->mate].loc : t->node->loc;
    const struct spot *spots = t->line->spots;
    int32_t before = split == SPLIT_BEFORE ? type->reload : spots[i].loc;
    int32_t after = split == SPLIT_AFTER ? type->reload : spots[i + 1].loc;
    int32_t way[6] = { spots[i].loc, before, t->node->loc, last, after, spots[i + 1].loc };
    int64_t cost = -type->cost_distance * spots[i + 1].dist -
                   type->cost_travel * spots[i + 1].time;
    for (int k = 0; k < 5; k++) {
        bool none = (k == 0 && split != SPLIT_BEFORE) || (k == 4 && split != SPLIT_AFTER) ||
                    (k == 2 && t->node->mate < 0);
        if (none) continue;
        int64_t cell = (int64_t)way[k] * t->model->locations + way[k + 1];
        cost += type->cost_distance * x->dist[cell] + type->cost_travel * x->dur[cell];
    }
    return cost + type->cost_stop * (t->node->mate >= 0 ? 2 : 1) < t->best->cost;
}

/* Could the trip be parted after spot i in time? `dep`: a departure there that can't be bettered.
 * What releases still hold back is left to the trial of the whole. */
static bool split_fits(const struct trial *t, int32_t i, enum split split, int32_t dep)
{
    const struct route_type *type = t->type;
    const struct matrix *x = model_matrix(t->model, t->line->type);
    const struct spot *next = &t->line->spots[i + 1];
    int64_t reload = (int64_t)type->reload * t->model->locations;
    int32_t time = dep;
    if (split == SPLIT_BEFORE) {
        time += x->dur[(int64_t)t->line->spots[i].loc * t->model->locations + type->reload];
        if (time > ROUTE_TIME_MAX) return false;
        if (time < t->node->release) time = t->node->release;
        time += type->reload_s + x->dur[reload + t->node->loc];
    } else {
        time += t->dur_to[t->line->spots[i].loc];
    }
    time = node_open(t->node, time);
    if (time > t->node->close) return false;
    time += t->node->service;
    if (split == SPLIT_BEFORE) return time + t->dur_from[next->loc] <= next->late;
    time += t->dur_from[type->reload];
    if (time > ROUTE_TIME_MAX) return false;
    return time + type->reload_s + x->dur[reload + next->loc] <= next->late;
}

static void try_split(struct trial *t, int32_t i, enum split split, int32_t dep)
{
    if ((t->model->uses & USES_TIME) && t->node->mate < 0 && !split_fits(t, i, split, dep)) return;
    if (split_pays(t, i, split))
        try_whole(t, (struct place){ .at = i, .at2 = i, .split = split });
}

/* A new trip beside the node, or the pair: parts the trip from..to at each spot. Ahead of the
 * trip's first stop only a whole trip before it makes sense, and after its last only one after it:
 * the other way round would leave a trip empty. */
static void scan_splits(struct trial *t, int32_t from, int32_t to)
{
    const struct spot *spots = t->line->spots;
    unsigned uses = t->model->uses;
    int32_t open_pairs = 0;
    // The earliest departures if nothing of this trip had to be waited for at its beginning.
    int32_t dep = from == 0 ? t->type->shift.open
        : spots[from - 1].dep + spots[from].time + spots[from].service;
    for (int32_t i = from; i < to; i++) {
        int32_t node = spots[i].node;
        if (i > from) dep = spot_departs(t->model, &spots[i], dep + spots[i].time);
        if (node >= 0 && t->model->nodes[node].kind == ROUTE_PICKUP) open_pairs++;
        if (node >= 0 && t->model->nodes[node].kind == ROUTE_DELIVERY) open_pairs--;
        if (open_pairs > 0) continue;
        if ((uses & USES_TIME) && !(uses & USES_RELEASE) && spots[i].dep > t->node->close) break;
        if (i > from) try_split(t, i, SPLIT_BEFORE, dep);
        if (i < to - 1) try_split(t, i, SPLIT_AFTER, dep);
    }
}

struct mate_trial {
    const struct node *node;
    const int32_t *dist_to, *dist_from, *dur_to, *dur_from;
};

static bool leg_fits(const struct trial *t, int32_t i)
{
    int32_t dims = t->model->dims;
    const int32_t *load = t->line->load + (int64_t)i * dims;
    for (int32_t d = 0; d < dims; d++)
        if (load[d] + t->change[d] > t->type->capacity[d]) return false;
    return true;
}

/* All places of the second end, the first being between i and i + 1 with departure `dep`. */
static void scan_mate(struct trial *t, const struct mate_trial *m, int32_t i, int32_t to,
                      int32_t dep, int64_t dist, int64_t travel)
{
    const struct spot *spots = t->line->spots;
    const struct route_type *type = t->type;
    unsigned uses = t->model->uses;
    int32_t first = t->node->loc;
    bool timed = uses & USES_TIME;
    int64_t row = (int64_t)first * t->model->locations;
    const struct matrix *x = model_matrix(t->model, t->line->type);
    for (int32_t j = i; j < to; j++) {
        const struct spot *next = &spots[j + 1];
        int64_t far = dist, time = travel;      // with the second end between j and j + 1
        int32_t arc;
        if (j == i) {
            arc = x->dur[row + m->node->loc];
            far += (int64_t)x->dist[row + m->node->loc] + m->dist_from[next->loc] -
                   t->dist_from[next->loc];
            time += (int64_t)arc + m->dur_from[next->loc] - t->dur_from[next->loc];
        } else {
            arc = m->dur_to[spots[j].loc];
            far += (int64_t)m->dist_to[spots[j].loc] + m->dist_from[next->loc] - next->dist;
            time += (int64_t)arc + m->dur_from[next->loc] - next->time;
        }
        int64_t cost = type->cost_distance * far + type->cost_travel * time + 2 * type->cost_stop;
        bool good = cost < t->best->cost;
        if (good && timed) {
            int32_t start = node_open(m->node, dep + arc);
            good = start <= m->node->close &&
                   start + m->node->service + m->dur_from[next->loc] <= next->late;
        }
        if (good && !blinks(t->scan) && within_limits(t, far, time, 2)) {
            struct place place = { .cost = cost, .at = i, .at2 = j };
            if (uses & USES_DURATION) {
                try_whole(t, place);
            } else {
                *t->best = place;
                t->found = true;
            }
        }
        if (j + 1 >= to || !leg_fits(t, j + 1)) return;
        if (!timed) continue;
        int32_t arrival = dep + (j == i ? t->dur_from[next->loc] : next->time);
        if (arrival > next->late) return;
        dep = spot_departs(t->model, next, arrival);
        if (dep > m->node->close) return;
    }
}

static void scan_pair(struct trial *t, int32_t from, int32_t to)
{
    const struct model *model = t->model;
    const struct spot *spots = t->line->spots;
    const struct node *mate = &model->nodes[t->node->mate];
    const struct matrix *x = model_matrix(model, t->line->type);
    int64_t row = (int64_t)mate->loc * model->locations;
    struct mate_trial m = { .node = mate, .dist_to = x->dist_t + row, .dist_from = x->dist + row,
        .dur_to = x->dur_t + row, .dur_from = x->dur + row };
    for (int32_t i = from; i < to; i++) {
        int32_t dep = spots[i].dep;
        if ((model->uses & USES_TIME) && dep > t->node->close) break;
        if (!leg_fits(t, i)) continue;
        const struct spot *next = &spots[i + 1];
        if (model->uses & USES_TIME) {
            int32_t start = node_open(t->node, dep + t->dur_to[spots[i].loc]);
            if (start > t->node->close) continue;
            dep = start + t->node->service;
        }
        int64_t dist = (int64_t)t->dist_to[spots[i].loc] + t->dist_from[next->loc] - next->dist;
        int64_t time = (int64_t)t->dur_to[spots[i].loc] + t->dur_from[next->loc] - next->time;
        scan_mate(t, &m, i, to, dep, dist, time);
    }
}

KERNEL void scan_line(struct trial *t, const unsigned uses)
{
    const struct line *line = t->line;
    bool trips = (uses & USES_TRIPS) && line->trips < type_trips(t->type) && line->stops > 0;
    for (int32_t from = 0, to; from < line->count - 1; from = to) {
        to = line->count - 1;
        if (uses & USES_TRIPS)
            for (to = from + 1; line->spots[to].node >= 0; to++) continue;
        if (t->node->mate >= 0) scan_pair(t, from, to);
        else scan_trip(t, from, to, uses);
        if (trips) scan_splits(t, from, to);
    }
}

bool line_scan(struct scan *scan, const struct line *line, int32_t node, struct place *best)
{
    struct trial t = trial_of(scan, line, node, best);
    if (!scan->model->allowed[(int64_t)node * scan->model->type_count + line->type]) return false;
    unsigned uses = scan->model->uses;
    if (t.node->mate >= 0) scan_line(&t, uses);
    else if (uses == 0) scan_line(&t, 0);
    else if (uses == USES_TIME) scan_line(&t, USES_TIME);
    else if (uses == (USES_TIME | USES_PROFILE)) scan_line(&t, USES_TIME | USES_PROFILE);
    else if (uses == (USES_TIME | USES_DURATION)) scan_line(&t, USES_TIME | USES_DURATION);
    else scan_line(&t, uses);
    return t.found;
}

/* Is a vehicle of the type there for this line, and does it hold its load and the node's (-1: of
 * none)? */
KERNEL bool may_become(const struct model *model, const struct line *line, const int32_t *used,
                       int32_t type, int32_t node)
{
    if (type != line->type && used[type] >= model->types[type].count) return false;
    for (int32_t d = 0; d < model->dims; d++) {
        int64_t load = line->ahead[d];
        if (node >= 0) {
            int64_t cell = (int64_t)node * model->dims + d;
            load += model->initial[cell] > 0 ? model->initial[cell] : model->change[cell];
        }
        if (load > model->types[type].capacity[d]) return false;
    }
    return true;
}

int32_t line_cheapest(const struct model *model, const struct line *line, const int32_t *used)
{
    int32_t best = line->type;
    int64_t least = INT64_MAX;
    for (int32_t t = 0; t < model->type_count; t++) {
        const struct route_type *type = &model->types[t];
        int64_t cost = type->cost_fixed + type->cost_distance * line->distance;
        if (cost >= least || !may_become(model, line, used, t, -1)) continue;
        least = cost;
        best = t;
    }
    return best;
}

/* What the line costs more with one more stop, as this type, before the way round it. */
static int64_t retyped(const struct model *model, const struct line *line, int32_t type)
{
    const struct route_type *t = &model->types[type];
    return t->cost_fixed + t->cost_distance * line->distance + t->cost_stop * (line->stops + 1) -
           line->cost;
}

/* Whatever the type, the shortest way round is the cheapest, so that is looked for first. */
bool line_scan_kin(struct scan *scan, const struct line *line, const int32_t *used, int32_t node,
                   struct place *best)
{
    const struct model *model = scan->model;
    int64_t most = best->cost < INT64_MAX / 4 ? best->cost : INT64_MAX / 4, bound = INT64_MIN;
    int64_t unit = -1, most_left = 0;
    for (int32_t t = 0; t < model->type_count; t++) {
        if (!may_become(model, line, used, t, node)) continue;
        int64_t left = most - retyped(model, line, t);
        if (unit == model->types[t].cost_distance && left <= most_left) continue;
        unit = model->types[t].cost_distance;
        most_left = left;
        int64_t way = left <= 0 && unit > 0 ? left / unit : unit > 0 ? left / unit + 1 : left;
        if (way > bound) bound = way;
    }
    if (bound == INT64_MIN) return false;
    struct place place = { .cost = bound };
    struct trial trial = trial_of(scan, line, node, &place);
    trial.type = &model->unit;
    if (model->uses == 0) scan_line(&trial, 0);
    else scan_line(&trial, model->uses);
    bool found = false;
    for (int32_t t = 0; t < model->type_count && trial.found; t++) {
        if (!may_become(model, line, used, t, node)) continue;
        int64_t cost = retyped(model, line, t) + model->types[t].cost_distance * place.cost;
        if (cost >= best->cost) continue;
        *best = (struct place){ .cost = cost, .at = place.at, .retype = t + 1 };
        found = true;
    }
    return found;
}
