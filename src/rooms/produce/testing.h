/* testing.h - a small county for this room's tests: a township with three villages, a point in
 * each, along one road; a truck; a producer, another, a keeper, a dispatcher. */
#ifndef CUNHUO_PRODUCE_TESTING_H
#define CUNHUO_PRODUCE_TESTING_H

#include <jansson.h>
#include <stdint.h>
#include "base/status.h"
#include "db/db.h"
#include "road/testing.h"
#include "web/county.h"
#include "web/room.h"

enum { TEST_VILLAGES = 3 };

struct produce_test {
    struct county *county;
    struct made made;
    struct road *road;
    int64_t hub_id, villages[TEST_VILLAGES], points[TEST_VILLAGES];
    struct who producer, other, keeper, dispatcher;   // producer lives in village 0
};

/* cmocka setups: *state is a struct produce_test at 22:40 of 2026-11-23 in China. The test is
 * skipped where there is no such engine (produce_test_of). */
int produce_test_sqlite(void **state);
int produce_test_postgres(void **state);
int produce_test_end(void **state);
struct produce_test *produce_test_of(void **state);
#define TEST_BOTH(promise, function)                                                  \
    { promise " (SQLite)", function, produce_test_sqlite, produce_test_end, NULL },   \
    { promise " (PostgreSQL)", function, produce_test_postgres, produce_test_end, NULL }

int64_t produce_tomorrow(void);
/* The clock stands at this second of today from now on. */
void produce_turn(struct produce_test *t, int32_t second);

/* Runs a route without HTTP, kept when all went well. Takes over `fields`. `view` may be NULL. */
enum status produce_call(struct produce_test *t, enum method method, const char *path,
                         struct who who, json_t *fields, json_t **view, struct err *err);
/* The same; must go well. */
json_t *produce_view(struct produce_test *t, enum method method, const char *path, struct who who,
                     json_t *fields);
int64_t number_of(const json_t *view, const char *name);
const char *text_of(const json_t *view, const char *name);
/* The number in the first column of a query's first row. */
int64_t number_in(struct produce_test *t, const struct sql *sql);
#endif
