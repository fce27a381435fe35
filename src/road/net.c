/* net.c - ways are cut into stretches between vertices. */
#include "road/net.h"

#include <string.h>
#include "road/measure.h"

enum { VERTEX_USES = 2, USES_MAX = 250 };

enum status net_no_memory(struct err *err)
{
    return err_set(err, BROKEN, "extract", "no memory");
}

/* -- Which nodes are vertices ------------------------------------------------------------------ */

struct cutting {
    struct net *net;
    uint32_t *ref_node;     // for each ref of osm: index of the node, or NOBODY
    uint8_t *uses;          // for each node of osm
    uint32_t *vertex_of;    // for each node of osm, or NOBODY
    uint32_t stretches, points;
    int64_t *point_node, *stretch_way;
    int32_t *point_lat, *point_lon;
    uint32_t *stretch_first, *stretch_facts;
};

static void use(struct cutting *c, uint32_t node, int times)
{
    int uses = c->uses[node] + times;
    c->uses[node] = (uint8_t)(uses < USES_MAX ? uses : USES_MAX);
}

static bool known(const struct cutting *c, size_t ref) { return c->ref_node[ref] != NOBODY; }

/* Resolves refs to nodes and counts; a repeated or missing node leaves a gap in the way. */
static void count_uses(struct cutting *c)
{
    const struct osm *osm = c->net->osm;
    for (size_t i = 0; i < osm->ref_count; i++) {
        size_t node = osm_find_node(osm, osm->refs[i]);
        c->ref_node[i] = node < NOBODY ? (uint32_t)node : NOBODY;
        if (c->ref_node[i] == NOBODY) c->net->nodes_missing++;
    }
    for (size_t w = 0; w < osm->way_count; w++) {
        size_t first = osm->ways[w].ref_first, end = first + osm->ways[w].ref_count;
        for (size_t i = first; i < end; i++) {
            if (!known(c, i)) continue;
            bool edge = i == first || !known(c, i - 1) || i + 1 == end || !known(c, i + 1);
            use(c, c->ref_node[i], edge ? VERTEX_USES : 1);
        }
    }
    for (size_t i = 0; i < osm->mark_count; i++) {
        size_t node = osm_find_node(osm, osm->marks[i].id);
        if (node != SIZE_MAX && c->uses[node]) use(c, (uint32_t)node, VERTEX_USES);
    }
    for (size_t i = 0; i < osm->member_count; i++) {
        size_t node = osm->members[i].is_node ? osm_find_node(osm, osm->members[i].id) : SIZE_MAX;
        if (node != SIZE_MAX && c->uses[node]) use(c, (uint32_t)node, VERTEX_USES);
    }
}

/* -- Cutting ----------------------------------------------------------------------------------- */

static void put_point(struct cutting *c, uint32_t node)
{
    if (c->point_node) {
        const struct osm_node *n = &c->net->osm->nodes[node];
        c->point_node[c->points] = n->id;
        c->point_lat[c->points] = n->lat;
        c->point_lon[c->points] = n->lon;
    }
    c->points++;
}

static void put_stretch(struct cutting *c, const struct osm_way *way)
{
    if (c->point_node) {
        c->stretch_way[c->stretches] = way->id;
        c->stretch_facts[c->stretches] = way->facts;
        c->stretch_first[c->stretches] = c->points;
    }
    c->stretches++;
}

/* Once to count, once to fill. */
static void cut_way(struct cutting *c, const struct osm_way *way)
{
    uint32_t last = NOBODY;
    bool open = false;   // a stretch is being drawn
    for (size_t i = way->ref_first; i < way->ref_first + way->ref_count; i++) {
        uint32_t node = c->ref_node[i];
        if (node != NOBODY && node == last) continue;
        if (node != NOBODY && last != NOBODY) {
            if (!open) {
                put_stretch(c, way);
                put_point(c, last);
                open = true;
            }
            put_point(c, node);
            if (c->uses[node] >= VERTEX_USES) open = false;
        } else {
            open = false;
        }
        last = node;
    }
}

static void cut_all(struct cutting *c)
{
    const struct osm *osm = c->net->osm;
    c->stretches = c->points = 0;
    for (size_t w = 0; w < osm->way_count; w++) {
        if (c->point_node) c->net->way_stretch[w] = c->stretches;
        cut_way(c, &osm->ways[w]);
    }
    if (c->point_node) c->net->way_stretch[osm->way_count] = c->stretches;
    if (c->point_node) c->stretch_first[c->stretches] = c->points;
}

static bool room_to_cut(struct cutting *c)
{
    struct net *net = c->net;
    const struct osm *osm = net->osm;
    size_t points = c->points, stretches = c->stretches;
    c->point_lat = arena_new(net->arena, points * sizeof *c->point_lat);
    c->point_lon = arena_new(net->arena, points * sizeof *c->point_lon);
    c->stretch_way = arena_new(net->arena, stretches * sizeof *c->stretch_way);
    c->stretch_facts = arena_new(net->arena, stretches * sizeof *c->stretch_facts);
    c->stretch_first = arena_new(net->arena, (stretches + 1) * sizeof *c->stretch_first);
    net->way_stretch = arena_new(net->arena, (osm->way_count + 1) * sizeof *net->way_stretch);
    c->point_node = arena_new(net->arena, points * sizeof *c->point_node);
    return c->point_lat && c->point_lon && c->stretch_way && c->stretch_facts && c->stretch_first
        && net->way_stretch && c->point_node;
}

/* -- Vertices ---------------------------------------------------------------------------------- */

static uint32_t vertex_for(struct cutting *c, uint32_t point)
{
    struct net *net = c->net;
    size_t node = osm_find_node(net->osm, c->point_node[point]);
    if (c->vertex_of[node] == NOBODY) {
        net->vertex_node[net->vertices] = c->point_node[point];
        c->vertex_of[node] = net->vertices++;
    }
    return c->vertex_of[node];
}

static enum status make_vertices(struct cutting *c, struct err *err)
{
    struct net *net = c->net;
    uint32_t arcs = 2 * c->stretches;
    net->ends = arena_new(net->arena, arcs * sizeof *net->ends);
    net->vertex_node = arena_new(net->arena, arcs * sizeof *net->vertex_node);
    net->out_arc = arena_new(net->arena, arcs * sizeof *net->out_arc);
    if (!net->ends || !net->vertex_node || !net->out_arc) return net_no_memory(err);
    memset(c->vertex_of, 0xFF, net->osm->node_count * sizeof *c->vertex_of);
    for (uint32_t s = 0; s < c->stretches; s++) {
        net->ends[2 * s] = vertex_for(c, c->stretch_first[s]);
        net->ends[2 * s + 1] = vertex_for(c, c->stretch_first[s + 1] - 1);
    }
    uint32_t *first = arena_new(net->arena, (net->vertices + 2) * sizeof *first);
    if (first == NULL) return net_no_memory(err);
    for (uint32_t arc = 0; arc < arcs; arc++) first[arc_start(net, arc) + 2]++;
    for (uint32_t v = 2; v < net->vertices + 2; v++) first[v] += first[v - 1];
    for (uint32_t arc = 0; arc < arcs; arc++) net->out_arc[first[arc_start(net, arc) + 1]++] = arc;
    net->out_first = first;
    return OK;
}

/* -- Lengths and times ------------------------------------------------------------------------- */

static uint64_t arc_time(const struct road *road, uint32_t arc, enum road_profile p)
{
    uint64_t total = 0;
    if (arc_speed(road, arc, p) == 0) return 0;
    for (uint32_t k = 0; k < stretch_segments(road, arc >> 1); k++)
        total += segment_cs(road, arc >> 1, k, arc_towards(arc), p);
    return total;
}

enum status net_measure(struct net *net, struct err *err)
{
    struct road *road = &net->road;
    uint32_t arcs = road_arcs(road);
    uint32_t *dm = arena_new(net->arena, road->stretches * sizeof *dm);
    uint32_t *cs = arena_new(net->arena, (size_t)arcs * ROAD_PROFILES * sizeof *cs);
    if (!dm || !cs) return net_no_memory(err);
    for (uint32_t s = 0; s < road->stretches; s++) {
        uint64_t length = 0, slowest = 0;
        for (uint32_t k = 0; k < stretch_segments(road, s); k++) length += segment_dm(road, s, k);
        for (int i = 0; i < ROAD_PROFILES; i++) {
            enum road_profile p = (enum road_profile)i;
            uint16_t there = arc_speed(road, 2 * s, p), back = arc_speed(road, 2 * s + 1, p);
            uint64_t first = arc_time(road, 2 * s, p);
            bool alike = there == back && road->heights == 0;
            uint64_t second = alike ? first : arc_time(road, 2 * s + 1, p);
            cs[(size_t)p * arcs + 2 * s] = (uint32_t)first;
            cs[(size_t)p * arcs + 2 * s + 1] = (uint32_t)second;
            if (first > slowest) slowest = first;
            if (second > slowest) slowest = second;
            if (there || back) road->head.length_m[p] += (double)length / 10;
        }
        dm[s] = (uint32_t)length;
        if (length >= 1u << 28 || slowest >= 1u << 28)
            return err_about(err, INVALID, "extract", "a road is longer than any on Earth",
                "way %lld", (long long)road->stretch_way[s]);
    }
    road->stretch_dm = dm;
    road->arc_cs = cs;
    net->counts[SECTION_stretch_dm] = road->stretches;
    net->counts[SECTION_arc_cs] = (uint64_t)arcs * ROAD_PROFILES;
    return OK;
}

static void hand_over(struct cutting *c)
{
    struct net *net = c->net;
    struct road *road = &net->road;
    road->points = c->points;
    road->stretches = c->stretches;
    road->facts_count = (uint32_t)net->osm->facts_count;
    road->point_node = c->point_node;
    road->point_lat = c->point_lat;
    road->point_lon = c->point_lon;
    road->stretch_way = c->stretch_way;
    road->stretch_facts = c->stretch_facts;
    road->stretch_first = c->stretch_first;
    road->facts = net->osm->facts;
    net->counts[SECTION_point_node] = net->counts[SECTION_point_lat]
        = net->counts[SECTION_point_lon] = c->points;
    net->counts[SECTION_stretch_way] = net->counts[SECTION_stretch_facts] = c->stretches;
    net->counts[SECTION_stretch_first] = c->stretches + 1;
    net->counts[SECTION_facts] = net->osm->facts_count;
}

enum status net_cut(struct net *net, struct err *err)
{
    const struct osm *osm = net->osm;
    if (osm->ref_count >= UINT32_MAX / 8 || osm->node_count >= NOBODY)
        return err_set(err, INVALID, "extract", "the extract is too large");
    struct cutting c = { .net = net };
    c.ref_node = arena_new(net->arena, osm->ref_count * sizeof *c.ref_node);
    c.uses = arena_new(net->arena, osm->node_count);
    c.vertex_of = arena_new(net->arena, osm->node_count * sizeof *c.vertex_of);
    if (!c.ref_node || !c.uses || !c.vertex_of) return net_no_memory(err);
    count_uses(&c);
    cut_all(&c);
    if (c.stretches == 0)
        return err_set(err, INVALID, "extract", "the extract holds no road for any vehicle");
    if (!room_to_cut(&c)) return net_no_memory(err);
    cut_all(&c);
    TRY(make_vertices(&c, err));
    hand_over(&c);
    return OK;
}
