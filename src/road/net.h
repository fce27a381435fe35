/* net.h - the road under construction, passed from step to step by road_build.
 *
 * net_cut        ways are cut into stretches where they meet, end, or something stands
 * heights_make   how high each point lies, where tiles of heights are given
 * net_measure    lengths and times
 * limits_resolve turn restrictions become paths of arcs
 * turns_make     states and turns with their cost
 * net_order     in which order the hierarchy takes stretches out
 * mainnet_find   what is connected both ways with most of the rest
 * grid_make      which segments touch which cell
 * places_make    names and positions
 *
 * All memory is the arena's. */
#ifndef CUNHUO_ROAD_NET_H
#define CUNHUO_ROAD_NET_H

#include "road/osm.h"
#include "road/store.h"

#define NOBODY UINT32_MAX   // no such node, vertex, arc or state

/* A path of arcs: who drives all but the last must not (no), or must (only), drive the last. */
struct limit_path { uint32_t first, count; uint8_t no, only; };

struct net {
    struct arena *arena;
    const struct osm *osm;
    struct road road;               // its arrays are this builder's
    uint64_t counts[SECTIONS];

    uint32_t vertices;
    int64_t *vertex_node;           // OpenStreetMap's id
    uint32_t *ends;                 // 2 * stretch: the vertex where it begins, and ends
    uint32_t *out_first, *out_arc;  // arcs that leave each vertex; one more than vertices
    uint32_t *way_stretch;          // first stretch of each way of osm; one more than ways

    struct limit_path *limits;      // sorted by their first arc
    uint32_t *limit_arcs;
    size_t limit_count, limit_arc_count;
    size_t limits_via_way, limits_faulty;
    int64_t nodes_missing, points_with_height;
};

MUST_USE enum status net_cut(struct net *net, struct err *err);
MUST_USE enum status heights_make(struct net *net, const char *folder, struct err *err);
MUST_USE enum status net_measure(struct net *net, struct err *err);
MUST_USE enum status limits_resolve(struct net *net, struct err *err);
MUST_USE enum status turns_make(struct net *net, struct err *err);
MUST_USE enum status net_order(struct net *net, struct err *err);
MUST_USE enum status mainnet_find(struct net *net, struct err *err);
MUST_USE enum status grid_make(struct net *net, struct err *err);
MUST_USE enum status places_make(struct net *net, struct err *err);

static inline uint32_t arc_start(const struct net *net, uint32_t arc) { return net->ends[arc]; }
static inline uint32_t arc_end(const struct net *net, uint32_t arc) { return net->ends[arc ^ 1]; }

MUST_USE enum status net_no_memory(struct err *err);
#endif
