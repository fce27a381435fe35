/* sweep.h - the falling half of many searches at once: the inner loop of all matrices. */
#ifndef CUNHUO_ROAD_SWEEP_H
#define CUNHUO_ROAD_SWEEP_H

#include <stdint.h>

enum { LANES = 16 };   // origins at once: two or four registers

struct fall { uint32_t from; int64_t cost; };   // from an earlier row

/* Rows stand highest first. Row i's lanes hold what climbing gave; they become the least of that
 * and of each fall's row plus its cost. first[i] .. first[i + 1] are the falls of row i. */
void sweep_rows(int64_t (*rows)[LANES], uint32_t count, const uint32_t *first,
                const struct fall *falls);
#endif
