/* sweep.c - PHAST's idea (Delling, Goldberg, Nowatzyk and Werneck, 2011): falling is a pass over
 * an array, the same for each origin, so the origins go side by side through the widest registers
 * that the machine has. The loop is written once; the compiler makes a version for each width. */
#include "road/sweep.h"

static inline __attribute__((always_inline)) void sweep(int64_t (*rows)[LANES], uint32_t count,
    const uint32_t *first, const struct fall *falls)
{
    for (uint32_t i = 0; i < count; i++) {
        int64_t best[LANES];
        for (int k = 0; k < LANES; k++) best[k] = rows[i][k];
        for (uint32_t f = first[i]; f < first[i + 1]; f++) {
            const int64_t *from = rows[falls[f].from], cost = falls[f].cost;
            for (int k = 0; k < LANES; k++) {
                int64_t sum = from[k] + cost;
                best[k] = sum < best[k] ? sum : best[k];
            }
        }
        for (int k = 0; k < LANES; k++) rows[i][k] = best[k];
    }
}

#ifdef __OPTIMIZE__
#define WIDE __attribute__((optimize("O3")))
#else
#define WIDE
#endif

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)

WIDE __attribute__((target("avx512f,avx512vl,prefer-vector-width=512")))
static void sweep_512(int64_t (*rows)[LANES], uint32_t count, const uint32_t *first,
    const struct fall *falls)
{
    sweep(rows, count, first, falls);
}

WIDE __attribute__((target("avx2")))
static void sweep_256(int64_t (*rows)[LANES], uint32_t count, const uint32_t *first,
    const struct fall *falls)
{
    sweep(rows, count, first, falls);
}

WIDE static void sweep_plain(int64_t (*rows)[LANES], uint32_t count, const uint32_t *first,
    const struct fall *falls)
{
    sweep(rows, count, first, falls);
}

void sweep_rows(int64_t (*rows)[LANES], uint32_t count, const uint32_t *first,
    const struct fall *falls)
{
    if (__builtin_cpu_supports("avx512vl")) sweep_512(rows, count, first, falls);
    else if (__builtin_cpu_supports("avx2")) sweep_256(rows, count, first, falls);
    else sweep_plain(rows, count, first, falls);
}

#else

void sweep_rows(int64_t (*rows)[LANES], uint32_t count, const uint32_t *first,
    const struct fall *falls)
{
    sweep(rows, count, first, falls);
}

#endif
