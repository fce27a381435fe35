/* turns.c - states and the turns between them.
 *
 * A turn restriction is a path of arcs. While a vehicle follows one, that is remembered by its
 * state: each arc has a plain state, and where a path has gone on for two arcs or more, a copy of
 * the arc for the set of paths that are being followed. This is the automaton of Aho and Corasick
 * (1975) over arcs, so copies are no more than the paths are long. A start or goal in the middle of
 * an arc starts from the plain state and is reached by any.
 *
 * The cost of a turn is OSRM's (car.lua, 26.10): a sigmoid of the angle, 2 s more across oncoming
 * traffic, 20 s more for turning round, signals, stops and gates. Traffic keeps to the right.
 * Turning round is possible where a road ends, at barriers and at places made for it. */
#include "road/net.h"

#include <assert.h>
#include <math.h>
#include <string.h>
#include "road/measure.h"

struct item { uint32_t limit, at; };   // arc `at` of a limit's path has been reached

struct copy {
    uint32_t state, next;   // the next copy of the same arc, or NOBODY
    size_t item_first, item_count;
};

struct making {
    struct net *net;
    struct road *road;
    float *bearing;             // of each arc's start, degrees
    uint32_t *copies_of;        // first copy of each arc, or NOBODY
    struct copy *copies;
    struct item *items;         // of all copies
    size_t copy_count, item_count, state_count, turn_count;
    struct item *now, *next;    // of the state in work, and of one that follows
    uint32_t *state_arc, *turn_first, *turn_to;
    uint16_t (*turn_cost)[ROAD_PROFILES];
};

/* -- Costs ------------------------------------------------------------------------------------- */

/* What a profile finds at the vertex where an arc ends. */
struct crossing {
    uint32_t roads, exits, entries;   // exits: open and not forbidden from this state
    uint16_t fastest;                 // of the roads
};

static bool open_to(const struct making *m, uint32_t arc, int p)
{
    return arc_speed(m->road, arc, (enum road_profile)p) > 0;
}

static struct crossing look(const struct making *m, uint32_t vertex, int p,
    const uint8_t *forbidden)
{
    const struct net *net = m->net;
    struct crossing crossing = {0};
    for (uint32_t i = net->out_first[vertex]; i < net->out_first[vertex + 1]; i++) {
        uint32_t arc = net->out_arc[i];
        bool out = open_to(m, arc, p), in = open_to(m, arc_other(arc), p);
        uint16_t speed = arc_speed(m->road, arc, (enum road_profile)p);
        crossing.roads += out || in;
        crossing.entries += in;
        crossing.exits += out && !(forbidden[i - net->out_first[vertex]] >> p & 1);
        if (speed > crossing.fastest) crossing.fastest = speed;
    }
    return crossing;
}

/* Waiting for what stands at the vertex, seconds. */
static double wait_s(const struct making *m, const struct node_facts *mark, uint32_t from,
    uint32_t to, int p, const struct crossing *crossing)
{
    if (mark == NULL) return 0;
    double wait = mark->gated >> p & 1 ? GATE_WAIT_CS / 100.0 : 0;
    if (!(mark->directions >> arc_towards(from) & 1)) return wait;
    wait += mark->wait_cs / 100.0;
    bool stops = mark->stop != STOP_NONE;
    if (mark->stop == STOP_MINOR)
        stops = crossing->fastest > arc_speed(m->road, from, (enum road_profile)p);
    if (mark->stop == STOP_ALL && mark->undirected && crossing->roads == 2
        && m->road->stretch_dm[from >> 1] < 200 && m->road->stretch_dm[to >> 1] > 200)
        stops = false;   // just behind a junction: it is meant for the other direction
    return stops ? wait + STOP_WAIT_CS / 100.0 : wait;
}

static double bend_s(double degrees)   // positive to the right
{
    const double most = 7.5, bias = 1.075;
    return degrees >= 0
        ? most / (1 + exp(-(13 / bias * degrees / 180 - 6.5 * bias)))
        : most / (1 + exp(-(13 * bias * -degrees / 180 - 6.5 / bias)));
}

static double turn_s(const struct making *m, uint32_t from, uint32_t to,
    const struct crossing *crossing)
{
    const struct road_facts *source = stretch_facts(m->road, from >> 1);
    const struct road_facts *target = stretch_facts(m->road, to >> 1);
    bool round = to == arc_other(from);
    bool boards = (source->flags ^ target->flags) & ROAD_FERRY;
    if (crossing->roads <= 2 && !boards && !round) return 0;
    double degrees = remainder((double)m->bearing[to] - m->bearing[arc_other(from)] + 180, 360);
    if (round) return bend_s(180) + 20;
    double cost = bend_s(degrees);
    if (degrees < 0 && crossing->roads > 2 && !((source->flags | target->flags) & ROAD_ROUNDABOUT))
        cost += 2.0 / (1 + exp(-(13 * -degrees / 180 - 3.25)));
    return cost;
}

static bool may_turn(const struct making *m, const struct node_facts *mark, uint32_t from,
    uint32_t to, int p, const struct crossing *crossing)
{
    if (!open_to(m, from, p) || !open_to(m, to, p)) return false;
    bool barred = mark && (mark->barred >> p & 1);
    if (to != arc_other(from)) return !barred;
    return barred || (mark && mark->turning) || crossing->roads == 1 || crossing->exits == 1
        || crossing->entries <= 1;
}

static uint16_t cost_of(const struct making *m, const struct node_facts *mark, uint32_t from,
    uint32_t to, int p, const struct crossing *crossing)
{
    if (!may_turn(m, mark, from, to, p, crossing)) return TURN_NONE;
    double seconds = wait_s(m, mark, from, to, p, crossing) + turn_s(m, from, to, crossing);
    uint16_t cost = (uint16_t)fmin(floor(seconds * 10) * 10, TURN_ENTERS - 2);
    uint8_t ends_from = stretch_facts(m->road, from >> 1)->ends_only[arc_towards(from)];
    uint8_t ends_to = stretch_facts(m->road, to >> 1)->ends_only[arc_towards(to)];
    return (ends_to & ~ends_from) >> p & 1 ? cost | TURN_ENTERS : cost;
}

/* -- States ------------------------------------------------------------------------------------ */

static size_t first_limit(const struct net *net, uint32_t arc)
{
    size_t low = 0, high = net->limit_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (net->limit_arcs[net->limits[middle].first] < arc) low = middle + 1;
        else high = middle;
    }
    return low;
}

/* The restrictions that a state is following: into m->now. */
static size_t gather(struct making *m, uint32_t state)
{
    const struct net *net = m->net;
    uint32_t arc = m->state_arc[state];
    size_t count = 0;
    for (size_t i = first_limit(net, arc); i < net->limit_count
            && net->limit_arcs[net->limits[i].first] == arc; i++)
        m->now[count++] = (struct item){ (uint32_t)i, 0 };
    if (state < road_arcs(m->road)) return count;
    const struct copy *copy = &m->copies[state - road_arcs(m->road)];
    for (size_t i = 0; i < copy->item_count; i++) m->now[count++] = m->items[copy->item_first + i];
    return count;
}

/* Profiles for which the turn to an arc is forbidden from the state in work. */
static uint8_t forbidden_to(const struct making *m, size_t count, uint32_t to)
{
    const struct net *net = m->net;
    uint8_t forbidden = 0;
    for (size_t i = 0; i < count; i++) {
        const struct limit_path *limit = &net->limits[m->now[i].limit];
        if (m->now[i].at + 2 != limit->count) continue;
        bool last = net->limit_arcs[limit->first + limit->count - 1] == to;
        forbidden |= last ? limit->no : limit->only;
    }
    return forbidden;
}

/* The state on an arc for the items of m->next; a new one if there is none yet. */
static uint32_t state_for(struct making *m, uint32_t arc, size_t count)
{
    if (count == 0) return arc;
    for (uint32_t c = m->copies_of[arc]; c != NOBODY; c = m->copies[c].next)
        if (m->copies[c].item_count == count && memcmp(&m->items[m->copies[c].item_first],
                m->next, count * sizeof *m->next) == 0) return m->copies[c].state;
    struct arena *arena = m->net->arena;
    uint32_t *state_arc = arena_more(arena, m->state_arc, m->state_count, sizeof *state_arc);
    struct copy *copies = arena_more(arena, m->copies, m->copy_count, sizeof *copies);
    if (state_arc == NULL || copies == NULL) return NOBODY;
    m->state_arc = state_arc;
    m->copies = copies;
    size_t item_first = m->item_count;
    for (size_t i = 0; i < count; i++) {
        struct item *items = arena_more(arena, m->items, m->item_count, sizeof *items);
        if (items == NULL) return NOBODY;
        m->items = items;
        items[m->item_count++] = m->next[i];
    }
    uint32_t state = (uint32_t)m->state_count++;
    m->copies[m->copy_count] = (struct copy){ state, m->copies_of[arc], item_first, count };
    m->copies_of[arc] = (uint32_t)m->copy_count++;
    m->state_arc[state] = arc;
    return state;
}

/* Where the turn to an arc leads from the state in work; NOBODY: no memory. */
static uint32_t follow(struct making *m, size_t count, uint32_t to)
{
    const struct net *net = m->net;
    size_t going = 0;
    for (size_t i = 0; i < count; i++) {
        const struct limit_path *limit = &net->limits[m->now[i].limit];
        uint32_t at = m->now[i].at + 1;
        if (at + 1 < limit->count && net->limit_arcs[limit->first + at] == to)
            m->next[going++] = (struct item){ m->now[i].limit, at };
    }
    return state_for(m, to, going);
}

static enum status add_turn(struct making *m, uint32_t to, const uint16_t cost[ROAD_PROFILES],
    struct err *err)
{
    struct arena *arena = m->net->arena;
    if (m->turn_count >= UINT32_MAX - 1)
        return err_set(err, INVALID, "extract", "the extract is too large");
    m->turn_to = arena_more(arena, m->turn_to, m->turn_count, sizeof *m->turn_to);
    m->turn_cost = arena_more(arena, m->turn_cost, m->turn_count, sizeof *m->turn_cost);
    if (m->turn_to == NULL || m->turn_cost == NULL) return net_no_memory(err);
    m->turn_to[m->turn_count] = to;
    memcpy(m->turn_cost[m->turn_count++], cost, sizeof *m->turn_cost);
    return OK;
}

static enum status turns_of(struct making *m, uint32_t state, uint8_t *forbidden, struct err *err)
{
    const struct net *net = m->net;
    uint32_t arc = m->state_arc[state], vertex = arc_end(net, arc);
    uint32_t first = net->out_first[vertex], end = net->out_first[vertex + 1];
    const struct node_facts *mark = osm_mark_of(net->osm, net->vertex_node[vertex]);
    size_t count = gather(m, state);
    struct crossing crossings[ROAD_PROFILES];
    for (uint32_t i = first; i < end; i++)
        forbidden[i - first] = forbidden_to(m, count, net->out_arc[i]);
    for (int p = 0; p < ROAD_PROFILES; p++) crossings[p] = look(m, vertex, p, forbidden);

    for (uint32_t i = first; i < end; i++) {
        uint16_t cost[ROAD_PROFILES];
        bool any = false;
        for (int p = 0; p < ROAD_PROFILES; p++) {
            bool no = forbidden[i - first] >> p & 1;
            cost[p] = no ? TURN_NONE
                : cost_of(m, mark, arc, net->out_arc[i], p, &crossings[p]);
            any = any || cost[p] != TURN_NONE;
        }
        if (!any) continue;
        uint32_t to = follow(m, count, net->out_arc[i]);
        if (to == NOBODY) return net_no_memory(err);
        TRY(add_turn(m, to, cost, err));
    }
    return OK;
}

static enum status all_turns(struct making *m, struct err *err)
{
    const struct net *net = m->net;
    uint32_t degree_max = 0;
    for (uint32_t v = 0; v < net->vertices; v++)
        if (net->out_first[v + 1] - net->out_first[v] > degree_max)
            degree_max = net->out_first[v + 1] - net->out_first[v];
    uint8_t *forbidden = arena_new(net->arena, degree_max);
    if (forbidden == NULL) return net_no_memory(err);
    for (uint32_t state = 0; state < m->state_count; state++) {
        uint32_t *more = arena_more(net->arena, m->turn_first, state, sizeof *more);
        if (more == NULL) return net_no_memory(err);
        m->turn_first = more;
        m->turn_first[state] = (uint32_t)m->turn_count;
        TRY(turns_of(m, state, forbidden, err));
    }
    uint32_t *more = arena_more(net->arena, m->turn_first, m->state_count, sizeof *more);
    if (more == NULL) return net_no_memory(err);
    m->turn_first = more;
    m->turn_first[m->state_count] = (uint32_t)m->turn_count;
    return OK;
}

/* Turn costs profile by profile, as the file has them. */
static enum status hand_over(struct making *m, struct err *err)
{
    struct road *road = m->road;
    uint16_t *cost = arena_new(m->net->arena, m->turn_count * sizeof *m->turn_cost);
    if (cost == NULL) return net_no_memory(err);
    for (size_t p = 0; p < ROAD_PROFILES; p++)
        for (size_t t = 0; t < m->turn_count; t++)
            cost[p * m->turn_count + t] = m->turn_cost[t][p];
    road->states = (uint32_t)m->state_count;
    road->turns = (uint32_t)m->turn_count;
    road->state_arc = m->state_arc;
    road->turn_first = m->turn_first;
    road->turn_to = m->turn_to;
    road->turn_cost = cost;
    m->net->counts[SECTION_state_arc] = m->state_count;
    m->net->counts[SECTION_turn_first] = m->state_count + 1;
    m->net->counts[SECTION_turn_to] = m->turn_count;
    m->net->counts[SECTION_turn_cost] = m->turn_count * ROAD_PROFILES;
    return OK;
}

enum status turns_make(struct net *net, struct err *err)
{
    struct making m = { .net = net, .road = &net->road };
    uint32_t arcs = road_arcs(m.road);
    m.bearing = arena_new(net->arena, arcs * sizeof *m.bearing);
    m.copies_of = arena_new(net->arena, arcs * sizeof *m.copies_of);
    m.now = arena_new(net->arena, (net->limit_arc_count + 1) * sizeof *m.now);
    m.next = arena_new(net->arena, (net->limit_arc_count + 1) * sizeof *m.next);
    if (!m.bearing || !m.copies_of || !m.now || !m.next) return net_no_memory(err);
    for (uint32_t arc = 0; arc < arcs; arc++) {
        bool tight = stretch_facts(m.road, arc >> 1)->flags & ROAD_ROUNDABOUT;
        m.bearing[arc] = (float)arc_bearing_start(m.road, arc, tight ? 2 : 10);
        m.copies_of[arc] = NOBODY;
        m.state_arc = arena_more(net->arena, m.state_arc, arc, sizeof *m.state_arc);
        if (m.state_arc == NULL) return net_no_memory(err);
        m.state_arc[arc] = arc;
    }
    m.state_count = arcs;
    TRY(all_turns(&m, err));
    return hand_over(&m, err);
}
