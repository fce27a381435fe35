/* testing.h - a small county for this room's tests: two townships with eight villages, a point in
 * each, along one road; two trucks; the five couriers, one for each layout; a villager, staff. */
#ifndef CUNHUO_PARCEL_TESTING_H
#define CUNHUO_PARCEL_TESTING_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/status.h"
#include "db/db.h"
#include "road/testing.h"
#include "web/county.h"
#include "web/room.h"

enum { TEST_VILLAGES = 8, TEST_COURIERS = 5 };
enum { HEFENG, CHIHUAI, LUKOU, TANG, XIAWU, JINXING, LUKOU_TOO, XUTANG };   // see testing.c

struct parcel_test {
    struct county *county;
    struct made made;
    struct road *road;
    int64_t hub_id, villages[TEST_VILLAGES], points[TEST_VILLAGES], villager_id;
    struct who dispatcher, picker;
};

extern const char *const test_village_codes[TEST_VILLAGES];
extern const char *const test_couriers[TEST_COURIERS];   // short names, of layouts 1 .. 5

/* cmocka setups: *state is a struct parcel_test at 22:40 of 2026-11-23 in China. The test is
 * skipped where there is no such engine (parcel_test_of). */
int parcel_test_sqlite(void **state);
int parcel_test_postgres(void **state);
int parcel_test_end(void **state);
struct parcel_test *parcel_test_of(void **state);
#define TEST_BOTH(promise, function)                                                 \
    { promise " (SQLite)", function, parcel_test_sqlite, parcel_test_end, NULL },    \
    { promise " (PostgreSQL)", function, parcel_test_postgres, parcel_test_end, NULL }

int64_t parcel_tomorrow(void);

/* Runs a route without HTTP, kept when all went well. Takes over `fields`. `view` may be NULL. */
enum status parcel_call(struct parcel_test *t, enum method method, const char *path,
                        struct who who, json_t *fields, json_t **view, struct err *err);
/* The same as dispatcher; must go well. */
json_t *parcel_view(struct parcel_test *t, enum method method, const char *path, json_t *fields);
/* A file handed in by a courier, as a dispatcher does it. */
json_t *file_fields(const char *courier, const void *bytes, size_t size);
/* A waybill number of the demo's kind with its check digit: two letters, running number. */
const char *test_waybill(const char *letters, int number);

int64_t number_of(const json_t *view, const char *name);
const char *text_of(const json_t *view, const char *name);
/* The number in the first column of a query's first row. */
int64_t number_in(struct parcel_test *t, const struct sql *sql);
#endif
