/* rng.h - seeded random numbers: the same seed gives the same numbers on every machine.
 *
 * xoshiro256** 1.0 (Blackman and Vigna 2018), its state filled by splitmix64. For generators,
 * search and tests; never for secrets (those come from libsodium). */
#ifndef CUNHUO_BASE_RNG_H
#define CUNHUO_BASE_RNG_H

#include <stdint.h>

struct rng { uint64_t s[4]; };

static inline uint64_t rng_splitmix(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9E3779B97F4A7C15));
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

static inline struct rng rng_seeded(uint64_t seed)
{
    struct rng rng;
    for (int i = 0; i < 4; i++) rng.s[i] = rng_splitmix(&seed);
    return rng;
}

static inline uint64_t rng_rotl(uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }

static inline uint64_t rng_u64(struct rng *rng)
{
    uint64_t *s = rng->s, result = rng_rotl(s[1] * 5, 7) * 9, t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rng_rotl(s[3], 45);
    return result;
}

/* 0 .. below-1, without bias worth naming (below < 2^32). */
static inline uint32_t rng_below(struct rng *rng, uint32_t below)
{
    return (uint32_t)(((rng_u64(rng) >> 32) * below) >> 32);
}

/* low .. high, both included. */
static inline int64_t rng_between(struct rng *rng, int64_t low, int64_t high)
{
    return low + (int64_t)(rng_u64(rng) % (uint64_t)(high - low + 1));
}

/* 0 <= x < 1. */
static inline double rng_unit(struct rng *rng)
{
    return (double)(rng_u64(rng) >> 11) * 0x1.0p-53;
}
#endif
