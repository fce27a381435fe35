/* road.h - the county's roads: an OpenStreetMap extract made into a file that answers at once.
 *
 * road_build reads an extract (.osm.pbf, .osm, .osm.gz), keeps the ways that a vehicle may use and
 * writes one file; road_open maps it. The graph is turn-aware: its vertices are directed stretches
 * of road between junctions, its edges are turns with their cost, so that turn restrictions,
 * also those over a via way, are exact. Answers are fastest paths by duration, turn costs
 * included; of equally fast ones the shortest. road_matrix and road_route give the same seconds
 * and metres, since both add the same integers (hundredths of a second, decimetres) and round once.
 *
 * Units and datum: degrees of WGS-84 (datum.h converts GCJ-02 and BD-09), metres, seconds.
 * Private and delivery roads are driven at the ends of a way only: a path that cuts through one is
 * taken only where there is no other. A point may leave or be reached in the middle of a stretch,
 * in both directions of a two-way road; no vehicle turns round there.
 *
 * Profiles: `car` has the facts of OSRM's car.lua and no mountain model, for comparison. The
 * others use tracks, a bend of radius R is driven at sqrt(a R) at most, and where heights are
 * known, engine and brakes limit the speed on slopes (slope.h). `truck` (2.5-8 t) keeps to limits
 * of weight, width, height and length and to signs against goods vehicles.
 *
 * Live states (封路, 减速): road_state_new makes an immutable snapshot of closures and slowdowns;
 * queries take it (or NULL: all roads as built). Nothing is rebuilt. Whoever keeps the current
 * snapshot replaces it by a new one and frees the old when no query uses it.
 *
 * Ownership: road_open and road_state_new return what must be closed or freed. Everything else is
 * the caller's array or belongs to the caller's arena. Texts borrowed from a road live as long as
 * it is open. Threads: a road and a state never change, so any number of threads may ask at once.
 * Cost: the first question makes shortcuts for its profile and live state (hierarchy.h): a
 * millisecond in a small country. After that a route takes some 0.1 ms and 500 x 500 some 10 ms. */
#ifndef CUNHUO_ROAD_ROAD_H
#define CUNHUO_ROAD_ROAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/status.h"

struct arena;
struct road;
struct road_state;

enum road_profile { ROAD_CAR, ROAD_MINIVAN, ROAD_TRUCK, ROAD_TRICYCLE, ROAD_PROFILES };

/* "car", "minivan", "truck", "tricycle". INVALID: another name. */
const char *road_profile_name(enum road_profile profile);
MUST_USE enum status road_profile_parse(const char *name, enum road_profile *out, struct err *err);

struct road_point { double lat, lon; };   // degrees, WGS-84

/* Metres along a great circle. */
double road_beeline_m(struct road_point a, struct road_point b);

/* -- Building ---------------------------------------------------------------------------------- */

struct road_build_report {
    int64_t osm_nodes, osm_ways, osm_relations;   // read
    int64_t ways;                       // kept: usable by one profile at least
    int64_t stretches, points, turns;   // what they became
    int64_t places;
    int64_t restrictions;               // in force, no_ and only_
    int64_t restrictions_via_way;       // of these, over a way and not a node
    int64_t restrictions_conditional;   // left out: they hold at certain hours only
    int64_t restrictions_faulty;        // left out: their members don't meet
    int64_t nodes_missing;              // named by a kept way, not in the extract (cut at a border)
    double length_m[ROAD_PROFILES];     // of roads open to each profile
    double length_main_m[ROAD_PROFILES];   // of these, from where everything else is reached
    int64_t points_with_height;
    int64_t file_bytes;
};

/* Reads the extract and writes the file at `output_path`, at once and whole: a file that was there
 * stays as it was until then, and nothing half-written is left behind. `out` may be NULL.
 * NOT_FOUND: no such extract. INVALID: it is no extract, is cut short or damaged, or has no
 * road. */
MUST_USE enum status road_build(const char *extract_path, const char *output_path,
                                struct road_build_report *out, struct err *err);

struct road_build_options {
    const char *heights;    // a folder of SRTM tiles (N42E001.hgt or .hgt.zip); NULL: no slopes
    bool flat;              // no mountain model: neither bends nor slopes slow any vehicle
    bool boxed;             // only nodes within these degrees
    double lat_min, lon_min, lat_max, lon_max;
};

/* The same with options; NULL: none. INVALID also: a tile of heights is damaged. */
MUST_USE enum status road_build_with(const char *extract_path, const char *output_path,
                                     const struct road_build_options *options,
                                     struct road_build_report *out, struct err *err);

/* -- Opening ----------------------------------------------------------------------------------- */

/* NOT_FOUND: no such file. INVALID: not a road file, of another version, or damaged. */
MUST_USE enum status road_open(const char *path, struct road **out, struct err *err);
void road_close(struct road *road);   // NULL is fine

struct road_info {
    double lat_min, lon_min, lat_max, lon_max;
    int64_t stretches, points, turns, places, bytes;
    double length_m[ROAD_PROFILES], length_main_m[ROAD_PROFILES];
};
struct road_info road_info(const struct road *road);

/* Named `place` nodes of the extract (city, town, village, hamlet ...), in the extract's order. */
struct road_place {
    int64_t osm_id;
    const char *name;      // borrowed from the road; name:zh where there is one, else name
    const char *kind;      // the value of `place`; borrowed too
    struct road_point at;
    int64_t population;    // 0: not said
};
size_t road_place_count(const struct road *road);
struct road_place road_place(const struct road *road, size_t index);
/* All of them, in `arena`. BROKEN: no memory. */
MUST_USE enum status road_places(const struct road *road, struct arena *arena,
                                 const struct road_place **out, size_t *count, struct err *err);

/* -- Snapping ---------------------------------------------------------------------------------- */

struct road_snap {
    struct road_point at;      // on the road
    double distance_m;         // from the point asked to there
    double island_m;           // a nearer road which is cut off from the rest was passed over: its
                               // distance; else -1
    bool main;                 // all of the main net can be reached from here, and the reverse
    bool left;                 // the point asked lies left of the way's own direction
    int64_t way_id;            // OpenStreetMap's
    int64_t from_node_id, to_node_id;   // the segment's ends, in the way's direction
    uint32_t stretch, segment; // internal: where on the graph
    uint32_t part;             // internal: how far along the segment, in 2^32 parts
};

/* The nearest segment that the profile may use to depart and arrive, on the main net if there is
 * any within the distance. NOT_FOUND: no road within `distance_max_m`; the detail says how
 * far the nearest is, if within 20 km. INVALID: no position on Earth. */
MUST_USE enum status road_snap(const struct road *road, enum road_profile profile,
                               struct road_point point, double distance_max_m,
                               struct road_snap *out, struct err *err);

/* -- Asking ------------------------------------------------------------------------------------ */

/* durations_s[i * n + j] and distances_m[i * n + j] are those from snaps[i] to snaps[j], both -1
 * where there is no way; 0 on the diagonal. The snaps were made for the same profile. Either
 * output may be NULL. BROKEN: no memory. */
MUST_USE enum status road_matrix(const struct road *road, const struct road_state *state,
                                 enum road_profile profile, const struct road_snap *snaps,
                                 size_t n, int32_t *durations_s, int32_t *distances_m,
                                 struct err *err);

/* The same from `from_count` origins to `to_count` goals: durations_s[i * to_count + j]. */
MUST_USE enum status road_table(const struct road *road, const struct road_state *state,
                                enum road_profile profile,
                                const struct road_snap *from, size_t from_count,
                                const struct road_snap *to, size_t to_count,
                                int32_t *durations_s, int32_t *distances_m, struct err *err);

struct road_route {
    int32_t duration_s, distance_m;     // as road_matrix has them
    size_t point_count;                 // from snap to snap, both included
    const struct road_point *points;
    const double *at_s;                 // seconds since the start, for each point
    const int64_t *way_ids;             // of the segment that ends in each point; [0] is [1]'s
};

/* One route. NOT_FOUND: there is no way. */
MUST_USE enum status road_route(const struct road *road, const struct road_state *state,
                                enum road_profile profile, const struct road_snap *from,
                                const struct road_snap *to, struct arena *arena,
                                struct road_route *out, struct err *err);

/* A piece of road that is reached in time, driven from `from` to `to`. */
struct road_reached { struct road_point from, to; int32_t from_s, to_s; };

/* All that can be reached within `limit_s` (an isochrone), as pieces no longer than a segment; a
 * two-way road reached both ways comes twice. */
MUST_USE enum status road_reach(const struct road *road, const struct road_state *state,
                                enum road_profile profile, const struct road_snap *from,
                                int32_t limit_s, struct arena *arena,
                                const struct road_reached **out, size_t *count, struct err *err);

/* Which of `count` facilities is reached first; the nearer of two equally fast, then the first.
 * NOT_FOUND: none can be reached. */
MUST_USE enum status road_first_of(const struct road *road, const struct road_state *state,
                                   enum road_profile profile, const struct road_snap *from,
                                   const struct road_snap *facilities, size_t count,
                                   size_t *index, int32_t *duration_s, int32_t *distance_m,
                                   struct err *err);

/* The points as an encoded polyline of six decimals (Google's algorithm with 1e6). NULL: no
 * memory. */
MUST_USE char *road_polyline(const struct road_point *points, size_t count, struct arena *arena);

/* -- Live states ------------------------------------------------------------------------------- */

enum road_change_what {
    ROAD_WAY,      // all of a way of OpenStreetMap: way_id
    ROAD_NODES,    // segments between two nodes: from_node_id -> to_node_id, the way between them
                   // along one OpenStreetMap way if they are no neighbours
    ROAD_AREA,     // segments that come within radius_m of `at`
};

struct road_change {
    enum road_change_what what;
    int64_t way_id;
    int64_t from_node_id, to_node_id;
    bool one_way;               // with ROAD_NODES: only from -> to; else both directions
    struct road_point at;
    double radius_m;
    double factor;              // of the speed: 0 closed, 0.5 half as fast; above 1 is refused
    uint32_t profiles;          // bits 1 << enum road_profile; 0: all
};

/* A snapshot of all `changes`; where several meet the slowest holds. `segments[i]` (may be NULL)
 * gets how many directed segments change i touches: 0 means that it names no road of this file,
 * which is no error here. INVALID: a factor, a radius or a position that can't be; field
 * "factor", "radius_m" or "at". */
MUST_USE enum status road_state_new(const struct road *road, const struct road_change *changes,
                                    size_t count, int64_t *segments, struct road_state **out,
                                    struct err *err);
void road_state_free(struct road_state *state);   // NULL is fine

/* -- Command ----------------------------------------------------------------------------------- */

/* cunhuo road build|matrix|route|nearest|places|info ...: argv[0] is "road". 0, or 2 after a
 * message on stderr about what was wrong with the input, or 1 when the machine failed. */
int road_command(int argc, char **argv);
#endif
