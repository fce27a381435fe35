/* store.h - the road file: what lies where, and the road that is mapped from it.
 *
 * A stretch (路段) is a piece of one OpenStreetMap way between two vertices (junctions, ends,
 * signals, barriers), drawn as the way is. Its two arcs are 2 * stretch (along the way) and
 * 2 * stretch + 1.
 * Its points lie one after the other, both ends included; segment k lies between its points k and
 * k + 1, and the road's segments are named by the index of their first point.
 *
 * A state is an arc together with what must be remembered of the way there: the first 2 * stretches
 * states are the arcs themselves, those that follow are copies of arcs in the middle of a turn
 * restriction over a via way. Turns lead from state to state.
 *
 * The file is a head and sections of plain little-endian arrays, each on an 8-byte border, with a
 * CRC-32 over all after the head. road_open checks every index, so that no file can lead a query
 * out of the map. */
#ifndef CUNHUO_ROAD_STORE_H
#define CUNHUO_ROAD_STORE_H

#include <stddef.h>
#include <stdint.h>
#include "road/facts.h"
#include "road/road.h"

#define ROAD_MAGIC "CUNHUORD"
enum { ROAD_VERSION = 2, TURN_NONE = 0xFFFF, TURN_ENTERS = 0x8000,
       HEIGHTS_A_METRE = 4 };

/* X(name, type): the sections in the file's order. Counts are elements. */
#define ROAD_SECTIONS(X) \
    X(point_node, int64_t)       /* OpenStreetMap's id of each point */ \
    X(stretch_way, int64_t) \
    X(place_node, int64_t) \
    X(place_people, int64_t) \
    X(point_lat, int32_t)        /* 1e-7 degrees */ \
    X(point_lon, int32_t) \
    X(stretch_first, uint32_t)   /* first point; one more than there are stretches */ \
    X(stretch_facts, uint32_t)   /* row of facts */ \
    X(stretch_dm, uint32_t)      /* length in decimetres */ \
    X(arc_cs, uint32_t)          /* ROAD_PROFILES blocks of 2 * stretches: driving time, 0.01 s */ \
    X(state_arc, uint32_t)       /* the arc of each state */ \
    X(turn_first, uint32_t)      /* first turn of each state; one more than there are states */ \
    X(turn_to, uint32_t)         /* state */ \
    X(rank_state, uint32_t)      /* the states in the order of the hierarchy, lowest first */ \
    X(cell_first, uint32_t)      /* first item of each cell of the grid; one more */ \
    X(cell_segment, uint32_t)    /* segments that may touch the cell */ \
    X(place_name, uint32_t)      /* offset into texts */ \
    X(place_kind, uint32_t) \
    X(place_lat, int32_t) \
    X(place_lon, int32_t) \
    X(facts, struct road_facts) \
    X(point_height, int16_t)     /* quarters of a metre; no items if no heights were given */ \
    X(turn_cost, uint16_t)       /* ROAD_PROFILES blocks of turns: 0.01 s, TURN_ENTERS where it
                                    enters a road for starts and ends only, or TURN_NONE */ \
    X(arc_main, uint8_t)         /* bits of profiles for which the arc is of the main net */ \
    X(texts, char)

enum road_section {
#define X(name, type) SECTION_##name,
    ROAD_SECTIONS(X)
#undef X
    SECTIONS
};

struct road_head {
    char magic[8];
    uint32_t version, crc;
    uint64_t bytes;
    int32_t lat_min, lon_min, lat_max, lon_max;   // of the points, 1e-7 degrees
    uint32_t rows, columns;                       // of the grid over them
    uint32_t mountain, unused;                    // 1: bends and slopes slow vehicles
    double length_m[ROAD_PROFILES], length_main_m[ROAD_PROFILES];
    struct { uint64_t offset, count; } sections[SECTIONS];
};

/* Pointers into the map, and counts. The builder fills the same struct with arrays of its own. */
struct road {
    struct road_head head;
    uint32_t points, stretches, states, turns, places, facts_count, heights;
#define X(name, type) const type *name;
    ROAD_SECTIONS(X)
#undef X
    void *map;
    size_t map_bytes;
    struct cache *cache;   // NULL while the road is being built
};

/* Writes head and sections at `path`, whole or not at all. `counts` by enum road_section. */
MUST_USE enum status store_write(struct road *road, const uint64_t counts[SECTIONS],
                                 const char *path, struct err *err);

static inline uint32_t arc_other(uint32_t arc) { return arc ^ 1; }
static inline int arc_towards(uint32_t arc) { return arc & 1; }   // FORWARD, BACKWARD

static inline uint32_t road_arcs(const struct road *road) { return 2 * road->stretches; }

static inline uint32_t stretch_segments(const struct road *road, uint32_t stretch)
{
    return road->stretch_first[stretch + 1] - road->stretch_first[stretch] - 1;
}

static inline const struct road_facts *stretch_facts(const struct road *road, uint32_t stretch)
{
    return &road->facts[road->stretch_facts[stretch]];
}

static inline uint16_t arc_speed(const struct road *road, uint32_t arc, enum road_profile profile)
{
    return stretch_facts(road, arc >> 1)->speed[arc_towards(arc)][profile];
}

/* The stretch that holds a point which is the first of a segment. */
uint32_t stretch_of_point(const struct road *road, uint32_t point);

/* The cell of the grid where a position lies, or the nearest one. */
static inline uint32_t cell_step(int64_t at, int64_t low, int64_t high, uint32_t steps)
{
    if (at <= low) return 0;
    if (at >= high) return steps - 1;
    return (uint32_t)((double)(at - low) / (double)(high - low + 1) * steps);
}

static inline uint32_t cell_row(const struct road *road, int64_t lat)
{
    return cell_step(lat, road->head.lat_min, road->head.lat_max, road->head.rows);
}

static inline uint32_t cell_column(const struct road *road, int64_t lon)
{
    return cell_step(lon, road->head.lon_min, road->head.lon_max, road->head.columns);
}

static inline struct road_point point_at(const struct road *road, uint32_t point)
{
    return (struct road_point){ road->point_lat[point] * 1e-7, road->point_lon[point] * 1e-7 };
}
#endif
