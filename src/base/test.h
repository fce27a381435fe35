/* test.h - cmocka, with tests named by the acceptance id that they show. */
#ifndef CUNHUO_BASE_TEST_H
#define CUNHUO_BASE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/status.h"

/* TEST("S3.4 what is promised", function) */
#define TEST(promise, function) { promise, function, NULL, NULL, NULL }

/* The folder of the shared test data (CUNHUO_TEST_DATA). Without it the test is skipped. */
const char *test_data(void);

/* How often a property test tries: CUNHUO_PROP times `cases`, at least once. */
int test_cases(int cases);
#endif
