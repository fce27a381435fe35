/* testing.c - small random problems. */
#include "route/testing.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include "base/arena.h"

static int32_t between(struct rng *rng, int32_t low, int32_t high)
{
    return (int32_t)rng_between(rng, low, high);
}

static void *room(struct arena *arena, size_t bytes)
{
    void *found = arena_new(arena, bytes + 1);
    assert(found);
    return found;
}

static void shortest_ways(int32_t *matrix, int32_t n)
{
    for (int32_t k = 0; k < n; k++)
        for (int32_t i = 0; i < n; i++)
            for (int32_t j = 0; j < n; j++)
                if (matrix[i * n + k] + matrix[k * n + j] < matrix[i * n + j])
                    matrix[i * n + j] = matrix[i * n + k] + matrix[k * n + j];
}

static struct route_profile profile(struct arena *arena, struct rng *rng, int32_t n,
                                    const int32_t *x, const int32_t *y, unsigned features)
{
    size_t bytes = (size_t)n * (size_t)n * sizeof(int32_t);
    int32_t *distance = room(arena, bytes), *duration = room(arena, bytes);
    for (int32_t i = 0; i < n; i++) {
        for (int32_t j = 0; j < n; j++) {
            if (i == j) continue;
            double far = hypot(x[i] - x[j], y[i] - y[j]);
            distance[i * n + j] = (int32_t)ceil(far) + between(rng, 0, 3);
            duration[i * n + j] = (int32_t)ceil(far) + between(rng, 0, 6);
        }
    }
    shortest_ways(distance, n);
    shortest_ways(duration, n);
    if ((features & RANDOM_FAR) && n > 2) {     // one place can't be reached, or not left
        int32_t cut = between(rng, 1, n - 1);
        bool out = rng_below(rng, 2);
        for (int32_t i = 0; i < n; i++)
            if (i != cut) duration[out ? cut * n + i : i * n + cut] = ROUTE_FAR;
    }
    return (struct route_profile){ duration, distance };
}

static void windows(struct arena *arena, struct rng *rng, unsigned features,
                    const struct route_window **out, int32_t *count)
{
    if (!(features & (RANDOM_WINDOWS | RANDOM_MANY_WINDOWS)) || rng_below(rng, 3) == 0) return;
    bool many = features & RANDOM_MANY_WINDOWS;
    int32_t wanted = many ? between(rng, 1, 3) : 1, at = between(rng, 0, many ? 40 : 120);
    struct route_window *own = room(arena, (size_t)wanted * sizeof *own);
    for (int32_t i = 0; i < wanted; i++) {
        own[i].open = at;
        own[i].close = at + between(rng, 0, many ? 20 : 60);
        at = own[i].close + between(rng, 1, 40);
    }
    *out = own;
    *count = wanted;
}

static struct route_job job(struct arena *arena, struct rng *rng, const struct route_problem *p,
                            unsigned features)
{
    struct route_job job = { .location = between(rng, 0, p->location_count - 1),
        .service_s = between(rng, 0, 5) };
    for (int32_t d = 0; d < p->dims; d++) {
        job.delivery[d] = between(rng, 0, 4);
        if (features & RANDOM_PICKUPS) job.pickup[d] = between(rng, 0, 4);
    }
    windows(arena, rng, features, &job.windows, &job.window_count);
    if ((features & RANDOM_RELEASE) && rng_below(rng, 2)) job.release = between(rng, 0, 60);
    if ((features & RANDOM_OPTIONAL) && rng_below(rng, 2)) {
        job.optional = true;
        job.prize = between(rng, 0, 90);
    }
    if ((features & RANDOM_SKILLS) && rng_below(rng, 3) == 0)
        job.pin = between(rng, 0, p->type_count);
    if ((features & RANDOM_SKILLS) && rng_below(rng, 3) == 0) job.skills = 1;
    return job;
}

static struct route_shipment shipment(struct arena *arena, struct rng *rng,
                                      const struct route_problem *p, unsigned features)
{
    struct route_shipment s = { 0 };
    s.pickup.location = between(rng, 0, p->location_count - 1);
    s.delivery.location = between(rng, 0, p->location_count - 1);
    s.pickup.service_s = between(rng, 0, 4);
    s.delivery.service_s = between(rng, 0, 4);
    for (int32_t d = 0; d < p->dims; d++) s.amount[d] = between(rng, 0, 4);
    windows(arena, rng, features, &s.pickup.windows, &s.pickup.window_count);
    windows(arena, rng, features, &s.delivery.windows, &s.delivery.window_count);
    if ((features & RANDOM_OPTIONAL) && rng_below(rng, 2)) {
        s.optional = true;
        s.prize = between(rng, 0, 90);
    }
    if ((features & RANDOM_SKILLS) && rng_below(rng, 3) == 0) s.skills = 1;
    return s;
}

static struct route_type type(struct rng *rng, const struct route_problem *p, unsigned features)
{
    struct route_type type = { .count = between(rng, 1, 2), .cost_distance = 1,
        .profile = between(rng, 0, p->profile_count - 1) };
    for (int32_t d = 0; d < p->dims; d++) type.capacity[d] = between(rng, 4, 12);
    if (features & RANDOM_TYPES) {
        type.cost_fixed = between(rng, 0, 40);
        type.cost_distance = between(rng, 1, 3);
        type.cost_travel = between(rng, 0, 2);
        type.cost_stop = between(rng, 0, 3);
        type.end = between(rng, 0, 1);
    }
    if (features & (RANDOM_WINDOWS | RANDOM_MANY_WINDOWS)) {
        type.shift.open = between(rng, 0, 30);
        type.shift.close = type.shift.open + between(rng, 60, 250);
    }
    if (features & RANDOM_TRIPS) {
        type.trips_max = between(rng, 1, 3);
        type.reload_s = between(rng, 0, 6);
    }
    if ((features & RANDOM_LIMITS) && rng_below(rng, 2)) {
        type.distance_max = between(rng, 40, 160);
        type.travel_max = between(rng, 0, 1) * between(rng, 60, 200);
        type.stops_max = between(rng, 0, 4);
    }
    if (features & RANDOM_DURATION) {
        type.duration_max = between(rng, 0, 1) * between(rng, 50, 200);
        type.cost_duration = between(rng, 0, 2);
    }
    type.skills = rng_below(rng, 2);
    return type;
}

struct route_problem route_random(struct arena *arena, struct rng *rng, int32_t tasks,
                                  unsigned features)
{
    int32_t n = tasks + 2, x[64], y[64];
    assert(n <= 64);
    for (int32_t i = 0; i < n; i++) {
        x[i] = between(rng, 0, 25);
        y[i] = between(rng, 0, 25);
    }
    bool types = features & RANDOM_TYPES;
    struct route_problem p = { .dims = between(rng, 0, 4), .location_count = n,
        .profile_count = types ? 2 : 1, .type_count = types ? 2 : 1 };
    struct route_profile *profiles = room(arena, 2 * sizeof *profiles);
    struct route_type *all_types = room(arena, 2 * sizeof *all_types);
    for (int32_t i = 0; i < p.profile_count; i++)
        profiles[i] = profile(arena, rng, n, x, y, features);
    p.profiles = profiles;
    for (int32_t i = 0; i < p.type_count; i++) all_types[i] = type(rng, &p, features);
    p.types = all_types;
    struct route_job *jobs = room(arena, (size_t)tasks * sizeof *jobs);
    struct route_shipment *shipments = room(arena, (size_t)tasks * sizeof *shipments);
    for (int32_t i = 0; i < tasks; i++) {
        if ((features & RANDOM_SHIPMENTS) && rng_below(rng, 2))
            shipments[p.shipment_count++] = shipment(arena, rng, &p, features);
        else
            jobs[p.job_count++] = job(arena, rng, &p, features);
    }
    p.jobs = jobs;
    p.shipments = shipments;
    return p;
}
