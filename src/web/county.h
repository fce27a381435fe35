/* county.h - an open county: what every thread of the server may use of it. */
#ifndef CUNHUO_WEB_COUNTY_H
#define CUNHUO_WEB_COUNTY_H

#include <stdbool.h>
#include <stdint.h>
#include "base/status.h"

struct clock;
struct db;
struct room;
struct tx;
struct writer;

enum { ROOMS_MAX = 32 };

struct county {
    const char *name;             // "开化县"
    const char *folder;           // the data folder: county.db, county.road, files/
    struct db *db;
    struct writer *writer;        // NULL in tools that only read
    struct clock *clock;
    int32_t zone_s;               // seconds east of UTC
    bool may_turn;                // made by demo or a test: its clock may be turned
    uint64_t code_key;            // of public codes (base/ids.h)
    const struct room *const *rooms;   // ends with NULL
    void *states[ROOMS_MAX];      // of rooms, in the same order
    const void *roads;            // struct road of src/road, or NULL: no roads loaded yet
    const char *program;          // path of this program, for child processes
};

/* The room's state, as its start made it. */
void *county_state(const struct county *county, const struct room *room);

/* The county that an act or a reader works for. */
struct county *tx_county(struct tx *tx);

/* The county's time: from the request where there is one (arrived_ms), else this. */
int64_t county_now_ms(const struct county *county);

/* A setting of the county (table setting): text, or a number. `fallback` where it is not set. */
const char *county_setting(struct tx *tx, const char *name, const char *fallback);
int64_t county_setting_i64(struct tx *tx, const char *name, int64_t fallback);
MUST_USE enum status county_set(struct tx *tx, const char *name, const char *value);
#endif
