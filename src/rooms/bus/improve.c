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

/* One run's work: a day's plan as it was, with the network that it borrows from. */
struct work {
    struct live *live;            // known by its address: perhaps gone when the run ends
    int64_t day;
    struct network *network;      // held
    struct route_plan *copy;
    struct route_problem problem;
};

/* The day that needs it most: one that leaves something out, else the first, if enough has changed
 * since `seen`. */
static struct live *choose(const struct bus *bus, int64_t *day, int64_t *seen)
{
    struct live *first = bus->live[0];
    if (first && first->day != *day) {
        *day = first->day;
        *seen = 0;
    }
    for (size_t i = 0; i < LIVE_DAYS; i++)
        if (bus->live[i] && bus->live[i]->overfull) return bus->live[i];
    if (first == NULL || first->changes - *seen < CHANGES_MIN) return NULL;
    *seen = first->changes;
    return first;
}

/* False: nothing to be done, or no memory. */
static bool take(struct bus *bus, int64_t *day, int64_t *seen, struct arena *arena,
                 struct work *work)
{
    pthread_mutex_lock(&bus->lock);
    struct live *live = choose(bus, day, seen);
    if (live) {
        work->live = live;
        work->day = live->day;
        work->copy = route_plan_copy(live->plan);
        work->network = network_hold(live->network);
        if (work->copy && live_problem(live, work->copy, arena, &work->problem) != OK) {
            route_plan_free(work->copy);
            work->copy = NULL;
        }
    }
    pthread_mutex_unlock(&bus->lock);
    return work->copy != NULL;
}

/* Puts a better solution in force, unless the day has closed, its roads have changed, or it has
 * grown out of it (then the next run tries). */
static void give_back(struct bus *bus, const struct work *work, const struct route_solution *better)
{
    struct err err;
    pthread_mutex_lock(&bus->lock);
    struct live *live = bus_live(bus, work->day);
    if (better && live && live == work->live && live->network == work->network
        && live_swap(live, better, &err) == OK)
        bus->changes++;
    network_release(work->network);
    pthread_mutex_unlock(&bus->lock);
}

static void improve(struct improver *improver, int64_t *day, int64_t *seen)
{
    struct arena *arena = arena_open(ARENA_BYTES);
    struct work work = { .live = NULL };
    struct route_solution start, better;
    struct err err;
    bool found = false;
    if (arena && take(improver->bus, day, seen, arena, &work)
        && route_plan_solution(work.copy, arena, &start) == OK) {
        struct route_options options = {
            .seconds = SOLVE_MS / 1000.0, .seed = (uint64_t)work.day, .threads = 1,
            .start = &start, .progress = go_on, .ctx = improver,
        };
        found = route_solve(arena, &work.problem, &options, &better, &err) == OK
             && better.required_unserved == 0;
    }
    give_back(improver->bus, &work, found ? &better : NULL);
    route_plan_free(work.copy);
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
