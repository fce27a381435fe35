/* testing.h - a test on both databases: a new, empty county for each test and engine. */
#ifndef CUNHUO_DB_TESTING_H
#define CUNHUO_DB_TESTING_H

#include <stdbool.h>
#include "base/test.h"

struct tx;
struct db;

/* The same promise on both databases: `*state` is a struct tx in a new, empty county that has the
 * tables of `test_rooms`. */
#define TEST_DB(promise, function)                                        \
    { promise " (SQLite)", function, db_test_sqlite, db_test_end, NULL }, \
    { promise " (PostgreSQL)", function, db_test_postgres, db_test_end, NULL }

/* What a test's county has for tables: called by each setup; a test file defines it. */
struct test_room { const char *name; const char *const *tables; };
extern const struct test_room test_rooms[];   // ends with an empty one

/* cmocka setups: *state is a struct tx (writing, ids given out) whose county is thrown away
 * afterwards. PostgreSQL's is NULL, and test_tx skips, where CUNHUO_TEST_PG names no server. */
int db_test_sqlite(void **state);
int db_test_postgres(void **state);
int db_test_end(void **state);

/* The transaction of *state, or skips the test. */
struct tx *test_tx(void **state);

/* A whole new county (not a transaction) for tests that need readers, writers and commits. */
struct db *test_db_open(bool postgres, void *owner);   // NULL: no such server here
/* Closes and opens it again, as after a crash. */
struct db *test_db_reopen(struct db *db);
void test_db_close(struct db *db);                     // and throws it away
#endif
