/* testing.h - a tiny county with buses for tests: a hub, two stations and eight points on some
 * roads, two trucks and two vans with their drivers, keepers, villagers, a picker, a dispatcher. A
 * room above the bus gives its own rooms to bus_test_begin.
 *
 *                             P2 ---- P3               P6
 *                             |  way 2 |               |   way 5
 *                             |        |               P5
 *   hub -- P0 -- S1 -- P1 --- + ------ + -- S2 -- P4 - + ------ P7
 *               way 1           way 3           way 4
 *
 * Metres from the hub: P0 1500, S1 3000, P1 4500, the crossings 6000, 9000 and 12000, P7 15000. */
#ifndef CUNHUO_BUS_TESTING_H
#define CUNHUO_BUS_TESTING_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include "base/status.h"
#include "db/db.h"
#include "road/testing.h"
#include "rooms/bus/bus.h"
#include "web/county.h"
#include "web/room.h"

enum { BUS_STATIONS = 2, BUS_POINTS = 8, BUS_VEHICLES = 4, BUS_VILLAGERS = 4 };
enum { BUS_PLACES = BUS_STATIONS + BUS_POINTS };
enum { BUS_WAY_LOOP = 2, BUS_WAY_DIRECT = 3, BUS_WAY_DEAD_END = 5 };

struct bus_test {
    struct county *county;
    const struct room *const *rooms;
    struct made made;
    struct road *road;
    struct arena *arena;              // of the open reader
    int64_t hub_id, places[BUS_PLACES];   // stations, then points
    const int64_t *points;            // of places
    int64_t vehicles[BUS_VEHICLES], drivers[BUS_VEHICLES];   // two trucks, two vans
    int64_t keepers[BUS_POINTS], villagers[BUS_VILLAGERS];
    int64_t picker_id, dispatcher_id;
    struct who picker, dispatcher, driver[BUS_VEHICLES], keeper[BUS_POINTS];
};

/* people, ledger, case and bus: what a county with buses needs. */
extern const struct room *const bus_test_rooms[];

/* 2026-11-23 at this time in China. The day that follows is bus_tomorrow. */
int64_t bus_at(int hour, int minute, int second, int ms);
int64_t bus_tomorrow(void);

/* A new county, started, its clock standing at `now_ms`. `rooms` NULL: bus_test_rooms. False: no
 * such engine here. */
bool bus_test_begin(struct bus_test *t, bool postgres, const struct room *const *rooms,
                    int64_t now_ms);
/* Stops and starts again: what is in memory comes from the rows. Or in two steps. */
void bus_test_restart(struct bus_test *t);
void bus_test_stop(struct bus_test *t);       // t->county is NULL then
void bus_test_start(struct bus_test *t);
void bus_test_start_as(struct bus_test *t, const char *program);   // whose planning child is that
void bus_test_end(struct bus_test *t);

/* cmocka's setups and teardown: *state is the county, at 20:00, or NULL; bus_test_of skips then. */
int bus_test_sqlite(void **state);
int bus_test_postgres(void **state);
int bus_test_over(void **state);
struct bus_test *bus_test_of(void **state);
#define TEST_BUS(promise, function)                                         \
    { promise " (SQLite)", function, bus_test_sqlite, bus_test_over, NULL }, \
    { promise " (PostgreSQL)", function, bus_test_postgres, bus_test_over, NULL }

/* Closes the wave of `day` at 23:00, and waits until its plan is published. */
void bus_test_close(struct bus_test *t, int64_t day);

/* Runs `act` in the county's writer, alone in its group. */
enum status bus_test_act(struct bus_test *t, enum status (*act)(struct tx *tx, void *of,
                         struct err *err), void *of, struct err *err);
/* A reader, until bus_test_read_end: one at a time. */
struct tx *bus_test_read(struct bus_test *t);
void bus_test_read_end(struct bus_test *t, struct tx *tx);
/* The number in the first column of a query's first row. */
int64_t bus_test_number(struct bus_test *t, const struct sql *sql, struct args args);

/* Down to (or up from) a place on `day`, made at `made_ms`, of so many grams and millilitres. */
struct consignment bus_test_goods(const struct bus_test *t, int64_t place_id, bool up, int64_t day,
                                  int64_t made_ms, struct need need);
enum status bus_test_consign(struct bus_test *t, struct consignment *consignment,
                             struct err *err);
enum status bus_test_withdraw(struct bus_test *t, int64_t consignment_id, int64_t at_ms,
                              struct err *err);

/* Runs a route of the bus as `who` without HTTP at the county's time, in the writer (GET: with a
 * reader). Takes over `fields` (a JSON object, path fields and the "key" as well; NULL: none).
 * `view` may be NULL. */
enum status bus_test_call(struct bus_test *t, enum method method, const char *path, struct who who,
                          json_t *fields, json_t **view, struct err *err);
/* The same; must go well. */
json_t *bus_test_view(struct bus_test *t, enum method method, const char *path, struct who who,
                      json_t *fields);
#endif
