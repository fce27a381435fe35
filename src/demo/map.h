/* map.h - the net of roads while it is made: nodes, ways, and who is near. */
#ifndef CUNHUO_DEMO_MAP_H
#define CUNHUO_DEMO_MAP_H

#include <stdbool.h>
#include "demo/plane.h"

enum way_kind {
    WAY_VALLEY,   // along a known valley; villages may lie on it
    WAY_SIDE,     // up a side valley; villages may lie on it
    WAY_PASS,     // over a ridge, with hairpins; nobody lives there
    WAY_STREET,   // in a town
    WAY_LANE,     // round a village
    WAY_TRACK,    // up to fields and hamlets
};

struct way {
    enum way_kind kind;
    const char *highway, *name;   // OpenStreetMap's words; name may be NULL
    const char *limit;            // one more tag as "key=value", or ""
    bool oneway;
    uint32_t *nodes;
    size_t count;
};

/* A named place on the map. */
struct label { struct at at; const char *kind, *name, *code; };

struct map {
    struct arena *arena;
    struct at *nodes;
    int32_t *next;                // of the same bucket, -1 at the end
    size_t node_count;
    struct way *ways;
    size_t way_count;
    int32_t *buckets;             // first node of each square of 500 m, -1: none
    struct label *labels;
    size_t label_count;
};

enum { BUCKET = 500 * METRE, BUCKETS_X = 140, BUCKETS_Y = 150 };

MUST_USE enum status map_open(struct arena *arena, struct map *out, struct err *err);

/* The node at this very place, made if need be. */
MUST_USE enum status map_node(struct map *map, struct at at, uint32_t *node, struct err *err);
/* A way through all points of a path; `out` may be NULL. */
MUST_USE enum status map_way(struct map *map, struct way way, const struct path *path,
                             uint32_t *out, struct err *err);
MUST_USE enum status map_label(struct map *map, struct label label, struct err *err);

/* Distance to the nearest node, `most` if none is nearer (at most 1 km). */
int32_t map_clearance(const struct map *map, struct at at, int32_t most);

/* Makes a junction of every place where two ways meet or cross. */
MUST_USE enum status map_join(struct map *map, struct err *err);

/* Writes roads.osm. `centre`: near it some turns are forbidden. */
MUST_USE enum status map_write(struct map *map, const char *folder, uint64_t seed,
                               struct at centre, struct err *err);
#endif
