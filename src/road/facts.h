/* facts.h - what the tags of ways, nodes and relations mean to each vehicle.
 *
 * For the car they mean what OSRM's car.lua makes of them (profiles of release 26.10): class speed,
 * replaced by 0.8 of the posted limit, then capped by surface, tracktype and smoothness; access by
 * motorcar, motor_vehicle, vehicle, access; limits against the vehicle's size. The other profiles
 * differ in the table of vehicles in facts.c: size, access keys, tracks, top speed. */
#ifndef CUNHUO_ROAD_FACTS_H
#define CUNHUO_ROAD_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "road/road.h"

enum { FORWARD, BACKWARD };   // along the way as drawn, and against it
enum { ALL_PROFILES = (1 << ROAD_PROFILES) - 1 };

enum road_flag {
    ROAD_ROUNDABOUT = 1,
    ROAD_FERRY = 2,      // and trains that carry vehicles
    ROAD_SPANS = 4,      // a bridge or tunnel: it doesn't follow the ground
};

/* One row of the file's table of facts; a stretch names its row. */
struct road_facts {
    uint16_t speed[2][ROAD_PROFILES];   // by direction, 0.1 km/h; 0: closed
    uint8_t ends_only[2];               // bits of profiles which may only start or end there
    uint8_t startable;                  // bits of profiles which may start or end there
    uint8_t flags;                      // enum road_flag
};

struct tag { const char *key, *value; };
struct tags { const struct tag *tags; size_t count; };

/* The value of a key; NULL: no such tag. Borrowed. */
const char *tags_get(struct tags tags, const char *key);

/* False: no vehicle uses this way. `length_m` serves for ferries which tell their duration. */
bool facts_of_way(struct tags tags, double length_m, struct road_facts *out);

enum stop { STOP_NONE, STOP_ALL, STOP_MINOR };

/* What stands at a node. */
struct node_facts {
    uint8_t barred;        // bits of profiles that don't pass
    bool turning;          // a place made for turning round
    uint8_t directions;    // bits 1 << FORWARD, 1 << BACKWARD, along which wait and stop hold
    bool undirected;       // ... because nothing was said
    uint8_t stop;          // enum stop
    uint8_t gated;         // bits of profiles which open a gate, from either side
    uint16_t wait_cs;      // signals, give way; without the stop's and the gate's own wait
};
bool facts_of_node(struct tags tags, struct node_facts *out);   // false: nothing of interest

enum { STOP_WAIT_CS = 200, GATE_WAIT_CS = 6000 };

/* A restriction's meaning: the profiles which it forbids the turn, and those which it leaves no
 * other turn. False: nothing in force; `conditional` then says whether it holds at times. */
bool facts_of_restriction(struct tags tags, uint8_t *no, uint8_t *only, bool *conditional);

/* Lateral acceleration that the profile's driver takes in a bend, m/s2. 0: no mountain model. */
double facts_bend_ms2(enum road_profile profile);

/* What pulls and holds a vehicle on a slope. power_w 0: no mountain model. */
struct facts_engine { double mass_kg, power_w, brake_w, drag_m2; };
struct facts_engine facts_engine(enum road_profile profile);
#endif
