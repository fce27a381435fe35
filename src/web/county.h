/* county.h - an open county: what every thread of the server may use of it.
 *
 * A county is a data folder. Its rows are in <folder>/county.db, or where <folder>/county.ini says:
 *
 *     database = postgresql://host/database?schema=name
 *
 * Its name, zone, key of public codes and whether its clock may be turned are settings in the
 * database, made by county_init and never changed. */
#ifndef CUNHUO_WEB_COUNTY_H
#define CUNHUO_WEB_COUNTY_H

#include <stdbool.h>
#include <stdint.h>
#include "base/status.h"

struct clock;
struct db;
struct room;
struct server;
struct tx;
struct writer;

enum { ROOMS_MAX = 32 };   // web's own and those of lower layers included

struct county {
    const char *name;             // "开化县"
    const char *folder;           // the data folder: county.db, county.road, files/
    struct db *db;
    struct writer *writer;        // NULL in tools that only read
    struct clock *clock;
    int32_t zone_s;               // seconds east of UTC
    bool may_turn;                // made by demo or a test: its clock may be turned
    uint64_t code_key;            // of public codes (base/ids.h)
    const struct room *const *rooms;   // web's own first; ends with NULL
    void *states[ROOMS_MAX];      // of rooms, in the same order
    const void *roads;            // struct road of src/road, or NULL: no roads loaded yet
    const char *program;          // path of this program, for child processes
    struct server *server;        // while it serves (web/serve.h), else NULL
};

/* What is settled once. */
struct county_plan {
    const char *name;             // "开化县"
    int32_t zone_s;
    bool may_turn;                // for demo and tests
    int64_t now_ms;               // of one that may turn: its clock stands there from the start,
                                  // and no job ever runs by the machine's time; 0: it runs
    uint64_t code_key;            // 0: a random one
    const char *database;         // postgresql://..., or NULL: county.db in the folder
};

/* Makes the folder, if it is not there, and a county in it without rows. CONFLICT: there is one
 * already. INVALID: the folder can't be written, or what db_open finds wrong. */
MUST_USE enum status county_init(const char *folder, const struct county_plan *plan,
                                 struct err *err);

enum county_use { COUNTY_WRITE, COUNTY_READ };

/* Opens a county and, if it is to be written, brings all tables to their newest: web's, then those
 * of `rooms` in their order (ends with NULL and stays; lower layers come as rooms that have nothing
 * but tables). A clock that was turned goes on from where it was. The caller may then fill `roads`
 * and `program`, before county_start.
 * NOT_FOUND: no county in this folder. BUSY: another server writes it. INVALID: the clock was
 * turned though it may not be, or what db_open and db_migrate find wrong. */
MUST_USE enum status county_open(const char *folder, const struct room *const *rooms,
                                 enum county_use use, struct county **out, struct err *err);

/* Starts the writer (COUNTY_WRITE) and then the rooms, in order. When it fails, county_close. */
MUST_USE enum status county_start(struct county *county, struct err *err);

/* Stops the rooms in reverse, then the writer, which finishes what is queued. NULL is fine. */
void county_close(struct county *county);

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
