/* improve.c - the background run. */
#include "rooms/bus/improve.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "base/arena.h"
#include "base/clock.h"
#include "route/route.h"
#include "rooms/bus/inside.h"

enum { CHANGES_MIN = 200, SOLVE_MS = 1000, PAUSE_MS = 3000, NICE = 15, ARENA_BYTES = 128 << 20 };

struct improver {
    struct bus *bus;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool stopping;
};

static bool go_on(void *ctx, const struct route_progress *progress)
{
    struct improver *improver = ctx;
    (void)progress;
    pthread_mutex_lock(&improver->lock);
    bool stopping = improver->stopping;
    pthread_mutex_unlock(&improver->lock);
    return !stopping;
}

/* A copy of the first day's plan, and its problem, if enough has changed since `seen`, which is brought
 * up to date. NULL: not enough. */
static struct route_plan *copy_changed(struct bus *bus, int64_t *day, int64_t *seen,
                                       struct arena *arena, struct route_problem *problem)
{
    struct route_plan *copy = NULL;
    pthread_mutex_lock(&bus->lock);
    const struct live *live = bus->live[0];
    if (live && live->day != *day) { *day = live->day; *seen = 0; }
    if (live && (live->overfull || live->changes - *seen >= CHANGES_MIN)) {
        *seen = live->changes;
        copy = route_plan_copy(live->plan);
        if (copy && live_problem(live, copy, arena, problem) != OK) {
            route_plan_free(copy);
            copy = NULL;
        }
    }
    pthread_mutex_unlock(&bus->lock);
    return copy;
}

/* Puts a better solution in force, unless the day has closed or grown out of it. */
static void swap_in(struct bus *bus, int64_t day, const struct route_solution *better,
                    int32_t deadline_s)
{
    pthread_mutex_lock(&bus->lock);
    struct live *live = bus->live[0];
    struct err err;
    if (live && live->day == day)
        // INVALID: a place grew meanwhile beyond what the solution can carry. The next run tries.
        if (live_swap(live, better, deadline_s, &err) != OK) bus->changes++;
    pthread_mutex_unlock(&bus->lock);
}

static void improve(struct improver *improver, int64_t *day, int64_t *seen)
{
    struct arena *arena = arena_open(ARENA_BYTES);
    struct route_problem problem;
    struct route_solution start, better;
    struct err err;
    struct route_plan *copy = arena ? copy_changed(improver->bus, day, seen, arena, &problem) : NULL;
    if (copy && route_plan_solution(copy, arena, &start) == OK) {
        struct route_options options = {
            .seconds = SOLVE_MS / 1000.0, .seed = (uint64_t)*day, .threads = 1, .start = &start,
            .progress = go_on, .ctx = improver,
        };
        if (route_solve(arena, &problem, &options, &better, &err) == OK
            && better.required_unserved == 0 && better.cost < start.cost)
            swap_in(improver->bus, *day, &better, improver->bus->deadline_s);
    }
    route_plan_free(copy);
    arena_free(arena);
}

static void *run(void *of)
{
    struct improver *improver = of;
    int64_t day = 0, seen = 0;
    setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), NICE);   // of this thread alone
    pthread_mutex_lock(&improver->lock);
    while (!improver->stopping) {
        pthread_mutex_unlock(&improver->lock);
        improve(improver, &day, &seen);
        pthread_mutex_lock(&improver->lock);
        if (improver->stopping) break;
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += PAUSE_MS / 1000;
        pthread_cond_timedwait(&improver->wake, &improver->lock, &until);
    }
    pthread_mutex_unlock(&improver->lock);
    return NULL;
}

enum status improver_start(struct bus *bus, struct improver **out)
{
    struct improver *improver = calloc(1, sizeof *improver);
    pthread_condattr_t steady;
    if (improver == NULL) return BROKEN;
    improver->bus = bus;
    pthread_mutex_init(&improver->lock, NULL);
    pthread_condattr_init(&steady);
    pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
    pthread_cond_init(&improver->wake, &steady);
    pthread_condattr_destroy(&steady);
    if (pthread_create(&improver->thread, NULL, run, improver) != 0) {
        free(improver);
        return BROKEN;
    }
    *out = improver;
    return OK;
}

void improver_stop(struct improver *improver)
{
    if (improver == NULL) return;
    pthread_mutex_lock(&improver->lock);
    improver->stopping = true;
    pthread_cond_signal(&improver->wake);
    pthread_mutex_unlock(&improver->lock);
    pthread_join(improver->thread, NULL);
    pthread_cond_destroy(&improver->wake);
    pthread_mutex_destroy(&improver->lock);
    free(improver);
}
