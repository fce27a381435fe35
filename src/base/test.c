/* test.c - what the tests' surroundings say; linked into tests only. */
#include "base/test.h"

#include <stdlib.h>

const char *test_data(void)
{
    const char *folder = getenv("CUNHUO_TEST_DATA");
    if (folder == NULL || *folder == '\0') skip();
    return folder;
}

int test_cases(int cases)
{
    const char *factor = getenv("CUNHUO_PROP");
    double wanted = cases * (factor ? strtod(factor, NULL) : 1.0);
    return wanted < 1 ? 1 : (int)wanted;
}
