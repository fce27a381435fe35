/* init.h - a new county: its folder, roads and rows. */
#ifndef CUNHUO_MAIN_INIT_H
#define CUNHUO_MAIN_INIT_H

#include <stdbool.h>
#include <stdint.h>
#include "base/status.h"
#include "main/import.h"

struct init_plan {
    const char *folder;       // of the county; must not hold one yet
    const char *name;
    const char *import;       // folder of CSV files, or NULL: an empty county
    const char *roads;        // extract (.osm, .osm.gz, .osm.pbf) or built .road file, or NULL
    const char *database;     // postgresql://…, or NULL
    bool may_turn;            // demo and tests
    int64_t now_ms;           // 0: the machine's; else the clock is turned there and stands
};

/* Makes it, or leaves nothing but the folder. INVALID, CONFLICT, NOT_FOUND: err says what and
 * where. */
MUST_USE enum status init_county(const struct init_plan *plan, struct imported *out,
                                 struct err *err);
#endif
