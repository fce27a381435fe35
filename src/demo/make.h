/* make.h - what the parts of the generator share; private to demo/. */
#ifndef CUNHUO_DEMO_MAKE_H
#define CUNHUO_DEMO_MAKE_H

#include <stdbool.h>
#include "base/rng.h"
#include "base/status.h"
#include "demo/map.h"
#include "demo/table.h"

struct arena;

/* A file of county/kaihua as text, built into the program. NULL: there is none of this name. */
const char *demo_file(const char *name);

/* A row of places.csv. */
struct site {
    const char *code, *name, *kind;
    const char *parent_code, *parent_name;
    const char *source, *pinyin;
    const char *opens, *closes;
    const char *station;       // a point's station: its code
    bool located;
    int32_t lat_e7, lon_e7;
    struct at at;              // the same on the plane; Kaihua only
    int cold_boxes;
    uint32_t households;       // of a village
    size_t town;               // index into county.towns
};

/* A township or office, with what lies in it. Indices into county.sites. */
struct town { size_t site, station; struct at at; size_t village_count; };

struct county {
    struct arena *arena;
    const char *folder;
    uint64_t seed;
    struct site *sites;
    size_t site_count;
    struct town *towns;
    size_t town_count;
    size_t *villages, *points;   // site indices; points[i] serves villages[i]
    size_t village_count;
    size_t hub;
};

MUST_USE enum status county_add(struct county *county, struct site site, size_t *index,
                                struct err *err);
/* A built-in table. */
MUST_USE enum status county_table(struct county *county, const char *name, struct table *out,
                                  struct err *err);
/* A generator of its own for each part, so that one part's changes leave the others as they are. */
struct rng county_rng(const struct county *county, const char *part);

/* Hub, stations and points for towns and villages that are in place. */
MUST_USE enum status county_logistics(struct county *county, struct err *err);
MUST_USE enum status county_places_write(struct county *county, struct err *err);

/* The territory of a town: the nearest seat; -1 beyond the county's neighbours or too far out. */
struct seed { struct at at; int town; };
struct land { struct seed *seeds; size_t count; };
int land_owner(const struct land *land, struct at at);

/* Roads of valleys.csv and side valleys until each town has room for its villages. */
MUST_USE enum status roads_make(struct county *county, struct map *map, struct land *land,
                                struct err *err);
MUST_USE enum status streets_make(struct county *county, struct map *map, struct err *err);
/* Gives every village of Kaihua its place, a lane round it and some tracks. */
MUST_USE enum status demo_villages_make(struct county *county, struct map *map,
                                   const struct land *land, struct err *err);

enum { VEHICLES = 36, COURIERS = 5, SUPPLIERS = 14, HOUSEHOLDS = 122 };

/* Phone numbers by duty; none of them can be a real one (people.c). */
#define PHONE_ADMIN      INT64_C(10000000001)
#define PHONE_DISPATCHER INT64_C(10000000011)
#define PHONE_CLERK      INT64_C(10000000021)
#define PHONE_AUDITOR    INT64_C(10000000031)
#define PHONE_DRIVER     INT64_C(10000000101)
#define PHONE_PICKER     INT64_C(10000000201)
#define PHONE_STATION    INT64_C(10000000301)
#define PHONE_COURIER    INT64_C(10000000401)
#define PHONE_SELLER     INT64_C(10000000501)
#define PHONE_FIRM       INT64_C(10000000551)   // of firms that only sell produce
#define PHONE_KEEPER     INT64_C(10000001001)
#define PHONE_DEPUTY     INT64_C(10000003001)
#define PHONE_PRODUCER   INT64_C(10000005001)
#define PHONE_VILLAGER   INT64_C(10001000001)

MUST_USE enum status people_write(struct county *county, struct err *err);
MUST_USE enum status firms_write(struct county *county, struct err *err);
MUST_USE enum status goods_write(struct county *county, struct err *err);
MUST_USE enum status vehicles_write(struct county *county, struct err *err);

/* Rows of people.csv and produce_offers.csv for those who offer produce. */
MUST_USE enum status producers_write(struct county *county, struct sheet *people,
                                     struct sheet *offers, struct err *err);

/* "汪建国": of the surname's and the given name's usual share. `out` holds NAME_TEXT bytes. */
enum { NAME_TEXT = 24 };
void person_name(struct rng *rng, char out[NAME_TEXT]);
#endif
