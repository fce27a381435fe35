/* limits.c - turn restrictions (转向限制) as paths of arcs.
 *
 * From, via and to must meet: the from way's arc ends where the via begins, the to way's arc begins
 * where it ends. Where several arcs do (the way runs on through the vertex), those which no
 * restricted vehicle may drive are left aside; if several remain the relation is ambiguous and
 * counts as faulty. Via ways are taken in the order listed. */
#include "road/net.h"

#include <stdlib.h>

enum { VIA_ARCS_MAX = 64 };

struct way_name { int64_t id; uint32_t way; };

struct resolving {
    struct net *net;
    struct way_name *names;         // sorted by id
    const struct osm_limit *limit;
    uint8_t profiles;               // of the limit
    uint32_t path[VIA_ARCS_MAX + 2];
    uint32_t count;
};

static int compare_names(const void *a, const void *b)
{
    const struct way_name *x = a, *y = b;
    return (x->id > y->id) - (x->id < y->id);
}

static uint32_t find_way(const struct resolving *r, int64_t id)
{
    struct way_name wanted = { .id = id };
    const struct way_name *found = bsearch(&wanted, r->names, r->net->osm->way_count,
        sizeof *r->names, compare_names);
    return found ? found->way : NOBODY;
}

static bool drivable(const struct resolving *r, uint32_t arc)
{
    for (int p = 0; p < ROAD_PROFILES; p++)
        if ((r->profiles >> p & 1) && arc_speed(&r->net->road, arc, (enum road_profile)p))
            return true;
    return false;
}

static bool touches(const struct net *net, uint32_t way, uint32_t vertex)
{
    for (uint32_t a = 2 * net->way_stretch[way]; a < 2 * net->way_stretch[way + 1]; a++)
        if (net->ends[a] == vertex) return true;
    return false;
}

/* The one arc of a way that starts (or ends) at a vertex; NOBODY: none, or several. */
static uint32_t arc_at(const struct resolving *r, uint32_t way, uint32_t vertex, bool starts)
{
    const struct net *net = r->net;
    uint32_t found = NOBODY, drivables = 0, any = NOBODY, all = 0;
    for (uint32_t arc = 2 * net->way_stretch[way]; arc < 2 * net->way_stretch[way + 1]; arc++) {
        if ((starts ? arc_start(net, arc) : arc_end(net, arc)) != vertex) continue;
        any = arc;
        all++;
        if (!drivable(r, arc)) continue;
        found = arc;
        drivables++;
    }
    return drivables == 1 ? found : drivables == 0 && all == 1 ? any : NOBODY;
}

static uint32_t vertex_of_node(const struct net *net, uint32_t way, int64_t node)
{
    for (uint32_t a = 2 * net->way_stretch[way]; a < 2 * net->way_stretch[way + 1]; a++)
        if (net->vertex_node[net->ends[a]] == node) return net->ends[a];
    return NOBODY;
}

/* -- Via ways ---------------------------------------------------------------------------------- */

/* Walks along a way from a vertex, one direction, until the next way is met. The arcs are put
 * after those already in the path. Returns the vertex reached or NOBODY. */
static uint32_t walk_way(struct resolving *r, uint32_t way, uint32_t from, int towards,
    uint32_t next_way)
{
    const struct net *net = r->net;
    uint32_t vertex = from, kept = r->count;
    uint32_t limit = 2 * (net->way_stretch[way + 1] - net->way_stretch[way]);
    for (uint32_t steps = 0; steps < limit; steps++) {
        uint32_t arc = NOBODY;
        for (uint32_t a = 2 * net->way_stretch[way]; a < 2 * net->way_stretch[way + 1]; a++)
            if (arc_towards(a) == towards && arc_start(net, a) == vertex) arc = a;
        if (arc == NOBODY || r->count > VIA_ARCS_MAX || !drivable(r, arc)) break;
        r->path[r->count++] = arc;
        vertex = arc_end(net, arc);
        if (touches(net, next_way, vertex)) return vertex;
        if (vertex == from) break;
    }
    r->count = kept;
    return NOBODY;
}

static uint32_t walk_either(struct resolving *r, uint32_t way, uint32_t from, uint32_t next_way)
{
    uint32_t vertex = walk_way(r, way, from, FORWARD, next_way);
    return vertex != NOBODY ? vertex : walk_way(r, way, from, BACKWARD, next_way);
}

/* The vertex that two ways share, NOBODY: none. */
static uint32_t shared_vertex(const struct net *net, uint32_t a, uint32_t b)
{
    for (uint32_t e = 2 * net->way_stretch[a]; e < 2 * net->way_stretch[a + 1]; e++)
        if (touches(net, b, net->ends[e])) return net->ends[e];
    return NOBODY;
}

/* -- One relation ------------------------------------------------------------------------------ */

static const struct osm_member *member(const struct resolving *r, uint8_t role, size_t nth)
{
    const struct osm_member *members = &r->net->osm->members[r->limit->member_first];
    for (size_t i = 0; i < r->limit->member_count; i++)
        if (members[i].role == role && nth-- == 0) return &members[i];
    return NULL;
}

/* Fills the path for one from and one to. False: they don't meet. */
static bool draw_path(struct resolving *r, uint32_t from, uint32_t to)
{
    const struct osm_member *via = member(r, LIMIT_VIA, 0);
    uint32_t vertex;
    if (via->is_node) {
        vertex = vertex_of_node(r->net, from, via->id);
    } else {
        uint32_t way = find_way(r, via->id);
        vertex = way == NOBODY ? NOBODY : shared_vertex(r->net, from, way);
    }
    if (vertex == NOBODY) return false;
    r->count = 0;
    r->path[r->count++] = arc_at(r, from, vertex, false);
    for (size_t i = 0; !via->is_node && member(r, LIMIT_VIA, i); i++) {
        const struct osm_member *next = member(r, LIMIT_VIA, i + 1);
        uint32_t way = find_way(r, member(r, LIMIT_VIA, i)->id);
        uint32_t next_way = next ? find_way(r, next->id) : to;
        if (way == NOBODY || next_way == NOBODY || (next && next->is_node)) return false;
        vertex = walk_either(r, way, vertex, next_way);
        if (vertex == NOBODY) return false;
    }
    r->path[r->count] = arc_at(r, to, vertex, true);
    return r->path[0] != NOBODY && r->path[r->count++] != NOBODY;
}

static enum status keep_path(struct resolving *r, struct err *err)
{
    struct net *net = r->net;
    net->limits = arena_more(net->arena, net->limits, net->limit_count, sizeof *net->limits);
    if (net->limits == NULL) return net_no_memory(err);
    net->limits[net->limit_count++] = (struct limit_path){
        (uint32_t)net->limit_arc_count, r->count, r->limit->no, r->limit->only,
    };
    for (uint32_t i = 0; i < r->count; i++) {
        net->limit_arcs = arena_more(net->arena, net->limit_arcs, net->limit_arc_count,
            sizeof *net->limit_arcs);
        if (net->limit_arcs == NULL) return net_no_memory(err);
        net->limit_arcs[net->limit_arc_count++] = r->path[i];
    }
    return OK;
}

/* Every from with every to: no_entry has several of the one, no_exit of the other. */
static enum status resolve_one(struct resolving *r, struct err *err)
{
    const struct osm_member *via = member(r, LIMIT_VIA, 0), *from, *to;
    bool met = false;
    for (size_t i = 0; via && (from = member(r, LIMIT_FROM, i)) != NULL; i++) {
        for (size_t j = 0; (to = member(r, LIMIT_TO, j)) != NULL; j++) {
            uint32_t from_way = find_way(r, from->id), to_way = find_way(r, to->id);
            if (from_way == NOBODY || to_way == NOBODY) continue;
            if (!draw_path(r, from_way, to_way)) continue;
            TRY(keep_path(r, err));
            met = true;
        }
    }
    if (!met) r->net->limits_faulty++;
    else if (!via->is_node) r->net->limits_via_way++;
    return OK;
}

static int compare_paths(const void *a, const void *b, void *arcs)
{
    const struct limit_path *x = a, *y = b;
    uint32_t p = ((const uint32_t *)arcs)[x->first], q = ((const uint32_t *)arcs)[y->first];
    return (p > q) - (p < q);
}

enum status limits_resolve(struct net *net, struct err *err)
{
    const struct osm *osm = net->osm;
    struct resolving r = { .net = net };
    r.names = arena_new(net->arena, osm->way_count * sizeof *r.names);
    if (r.names == NULL) return net_no_memory(err);
    for (size_t w = 0; w < osm->way_count; w++)
        r.names[w] = (struct way_name){ osm->ways[w].id, (uint32_t)w };
    qsort(r.names, osm->way_count, sizeof *r.names, compare_names);
    for (size_t i = 0; i < osm->limit_count; i++) {
        r.limit = &osm->limits[i];
        r.profiles = r.limit->no | r.limit->only;
        TRY(resolve_one(&r, err));
    }
    if (net->limit_count)
        qsort_r(net->limits, net->limit_count, sizeof *net->limits, compare_paths,
            net->limit_arcs);
    return OK;
}
