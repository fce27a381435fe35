/* generate.h - the demo county: a folder of import files, as a user of `cunhuo init` writes it.
 *
 * Kaihua's divisions, their official codes and the 22 known positions are facts (county/kaihua);
 * the roads, the positions of the other villages, the people, firms, vehicles, stocks and offers
 * are made by a seed and say so. The same seed writes the same bytes on every machine: everything
 * is computed in integers. docs/import.md describes the files, county/README.md what is real.
 *
 * Files: places.csv, roads.osm (not from an extract), vehicles.csv, organisations.csv, people.csv,
 * goods.csv, produce_offers.csv. demo_parcels adds parcels_<courier>.csv.
 *
 * Errors of all: NOT_FOUND: no such folder. BROKEN: disk or memory. */
#ifndef CUNHUO_DEMO_GENERATE_H
#define CUNHUO_DEMO_GENERATE_H

#include <stddef.h>
#include <stdint.h>
#include "base/status.h"

struct road;

/* Kaihua (开化县). `folder` is there already; files of these names in it are written over. */
MUST_USE enum status demo_generate(const char *folder, uint64_t seed, struct err *err);

/* The same trade over a real country's roads: a village for each village and hamlet among the
 * extract's places, a township for each town, the hub by the capital or the largest. Codes are
 * made of OpenStreetMap's ids. INVALID: the extract has no town or no village. */
MUST_USE enum status demo_generate_from_roads(const struct road *road, const char *folder,
                                              uint64_t seed, struct err *err);

/* The couriers of the demo: short names for file names and the layouts of their files. */
struct demo_courier { const char *short_name, *name, *prefix; int layout; };
enum { DEMO_COURIERS = 5 };
extern const struct demo_courier demo_couriers[DEMO_COURIERS];

/* Parcels of one courier for one night, as that courier's own file: parcels_<short name>.csv in
 * `folder`, whose places.csv and people.csv name villages and receivers. `courier` is an index into
 * demo_couriers, `day` the day (days since 1970) that goes into the waybill numbers. */
MUST_USE enum status demo_parcels(const char *folder, size_t courier, int64_t day, uint64_t seed,
                                  size_t count, struct err *err);
#endif
