/* osm.h - an OpenStreetMap extract, read into what building a road file needs.
 *
 * One pass: every node's position, the facts of ways that some vehicle uses, what stands at nodes,
 * turn restrictions, places. PBF, XML and packed XML. The order of elements doesn't matter, except
 * that the length of a ferry is known only when its nodes came before it in the order of their
 * ids, as they do in every public extract. */
#ifndef CUNHUO_ROAD_OSM_H
#define CUNHUO_ROAD_OSM_H

#include "base/arena.h"
#include "road/facts.h"

struct osm_node { int64_t id; int32_t lat, lon; };          // 1e-7 degrees; sorted by id
struct osm_mark { int64_t id; struct node_facts facts; };   // sorted by id
struct osm_way { int64_t id; size_t ref_first, ref_count; uint32_t facts; };

enum { LIMIT_FROM, LIMIT_VIA, LIMIT_TO };
struct osm_member { int64_t id; uint8_t role; bool is_node; };
struct osm_limit {     // a turn restriction
    int64_t id;
    uint8_t no, only;   // bits of profiles
    size_t member_first, member_count;
};

struct osm_place { int64_t id; int32_t lat, lon; const char *name, *kind; int64_t people; };

/* All of it belongs to `arena`. */
struct osm {
    struct arena *arena;
    const struct road_build_options *options;   // of these, the box
    struct osm_node *nodes;
    struct osm_mark *marks;
    struct osm_way *ways;
    int64_t *refs;
    struct road_facts *facts;   // no two alike
    struct osm_limit *limits;
    struct osm_member *members;
    struct osm_place *places;
    size_t node_count, mark_count, way_count, ref_count, facts_count, limit_count, member_count,
        place_count;
    int64_t ways_read, relations_read, conditional;
    bool out_of_memory, impossible;   // a position that is not on Earth
};

/* NOT_FOUND, INVALID: as road_build has them. `osm->arena` and
 * `options` are set by the caller. */
MUST_USE enum status osm_read(const char *path, struct osm *osm, struct err *err);

/* The index of a node; SIZE_MAX: not in the extract. */
size_t osm_find_node(const struct osm *osm, int64_t id);
const struct node_facts *osm_mark_of(const struct osm *osm, int64_t id);   // NULL: nothing there
#endif
