/* plan.c - the thread that plans closed waves. */
#include "rooms/bus/plan.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>
#include "base/arena.h"
#include "base/clock.h"
#include "db/db.h"
#include "db/writer.h"
#include "rooms/bus/inside.h"
#include "rooms/bus/plan_child.h"
#include "rooms/bus/publish.h"
#include "web/county.h"

enum { SOLVE_S = 20, RETRY_S = 2, ARENA_BYTES = 512 << 20 };

struct night {
    struct bus *bus;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    pthread_cond_t rested;
    bool woken, stopping, resting;
    int stop_fd;                  // readable once it is stopping
};

static const struct sql find_closed = SQL(
    "SELECT day FROM wave WHERE state = 'closed' ORDER BY day LIMIT 1");

/* The live plan of a closed day: the one that was alive when it closed, or (after a restart) a new
 * one from the rows. NOT_FOUND: no wave waits for its plan. */
static enum status closed_day(struct night *night, struct arena *arena, struct live **out,
                              double *seconds)
{
    struct bus *bus = night->bus;
    struct tx *tx;
    struct rows *rows;
    TRY(db_read_begin(bus->county->db, arena, &tx));
    enum status found = db_first(tx, &find_closed, NO_ARGS, &rows);
    if (found == OK) {
        int64_t day = row_i64(rows, 0);
        *seconds = (double)county_setting_i64(tx, "bus.solve_ms", SOLVE_S * 1000) / 1000;
        pthread_mutex_lock(&bus->lock);
        *out = bus->closing && bus->closing->day == day ? bus->closing : NULL;
        if (*out) bus->closing = NULL;
        struct network *network = network_hold(bus->network);
        pthread_mutex_unlock(&bus->lock);
        if (*out == NULL) {
            *out = live_new(day, 0, network, bus_deadline_s(tx));
            found = *out ? live_read(*out, tx) : BROKEN;
        }
        pthread_mutex_lock(&bus->lock);
        network_release(network);
        pthread_mutex_unlock(&bus->lock);
    }
    db_read_end(tx);
    return found;
}

static bool stopping(struct night *night)
{
    pthread_mutex_lock(&night->lock);
    bool yes = night->stopping;
    pthread_mutex_unlock(&night->lock);
    return yes;
}

/* Lets go of a day's plan; one that could not be published is kept for the next try. */
static void drop(struct bus *bus, struct live *live, bool published)
{
    pthread_mutex_lock(&bus->lock);   // it lets go of a network that others hold too
    bool keep = !published && bus->closing == NULL;
    if (keep) bus->closing = live;
    else live_free(live);
    pthread_mutex_unlock(&bus->lock);
}

/* ---- publishing, in the writer ---- */

struct publish_entry {
    struct entry entry;
    struct publication publication;
};

static enum status act_publish(struct tx *tx, struct entry *entry, struct err *err)
{
    const struct publish_entry *p = (const struct publish_entry *)entry;
    int64_t plan_id;
    return publish(tx, &p->publication, &plan_id, err);
}

/* Required jobs that a solution leaves out. */
static int64_t left_out(const struct route_problem *problem, const struct route_solution *s)
{
    int64_t left = 0;
    for (int32_t i = 0; i < problem->job_count; i++) left += !problem->jobs[i].optional;
    for (int32_t t = 0; t < s->tour_count; t++)
        for (int32_t i = 0; i < s->tours[t].stop_count; i++) {
            const struct route_stop *stop = &s->tours[t].stops[i];
            left -= stop->kind == ROUTE_JOB && !problem->jobs[stop->index].optional;
        }
    return left;
}

static bool is_better(const struct route_problem *problem, const struct route_solution *a,
                      const struct route_solution *b)
{
    int64_t a_left = left_out(problem, a), b_left = left_out(problem, b);
    return a_left != b_left ? a_left < b_left : a->cost <= b->cost;
}

static enum status plan_day(struct night *night, struct arena *arena, struct live *live,
                            double seconds, struct err *err)
{
    struct county *county = night->bus->county;
    int64_t began_us = mono_us();
    struct route_solution start, better;
    struct route_problem problem;
    TRY(route_plan_solution(live->plan, arena, &start));
    TRY(live_problem(live, live->plan, arena, &problem));

    struct publish_entry publishing = {
        .entry = { .lane = LANE_FIRST, .arena = arena, .act = act_publish },
        .publication = { .live = live, .solution = &start, .source = "live" },
    };
    struct err why;
    enum status solved = child_solve(county, &problem, &start, seconds, night->stop_fd, arena,
                                     &better, &why);
    if (stopping(night)) return NOT_FOUND;   // the next start plans it
    if (solved != OK) {
        fprintf(stderr, "bus: the live plan is published: %s %s\n", why.text, why.detail);
    } else if (is_better(&problem, &better, &start)) {
        publishing.publication.solution = &better;
        publishing.publication.source = "solver";
    }

    publishing.publication.at_ms = county_now_ms(county);
    publishing.publication.plan_ms = (mono_us() - began_us) / 1000;
    return writer_call(county->writer, &publishing.entry, err);
}

/* OK: one wave has got its plan. NOT_FOUND: none waits for one. */
static enum status plan_next(struct night *night)
{
    struct arena *arena = arena_open(ARENA_BYTES);
    struct live *live = NULL;
    struct err err = { .text = "" };
    double seconds;
    enum status planned = arena ? closed_day(night, arena, &live, &seconds) : BROKEN;
    if (planned == OK) planned = plan_day(night, arena, live, seconds, &err);
    drop(night->bus, live, planned == OK || planned == CONFLICT);
    arena_free(arena);
    if (planned != OK && planned != NOT_FOUND && planned != CONFLICT)
        fprintf(stderr, "bus: a wave could not be planned: %s %s\n", status_name(planned),
                err.text);
    return planned;
}

/* Until somebody wakes it, or the next try is due. Under night->lock. */
static void rest(struct night *night, bool retry)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += RETRY_S;
    bool late = false;
    night->resting = true;
    pthread_cond_broadcast(&night->rested);
    while (!night->woken && !night->stopping && !late)
        if (retry) late = pthread_cond_timedwait(&night->wake, &night->lock, &until) == ETIMEDOUT;
        else pthread_cond_wait(&night->wake, &night->lock);
    night->woken = night->resting = false;
}

static void *run(void *of)
{
    struct night *night = of;
    pthread_mutex_lock(&night->lock);
    while (!night->stopping) {
        pthread_mutex_unlock(&night->lock);
        enum status planned = plan_next(night);
        pthread_mutex_lock(&night->lock);
        if (planned != OK && planned != CONFLICT) rest(night, planned != NOT_FOUND);
    }
    pthread_mutex_unlock(&night->lock);
    return NULL;
}

enum status night_start(struct bus *bus, struct night **out)
{
    struct night *night = calloc(1, sizeof *night);
    if (night == NULL) return BROKEN;
    pthread_condattr_t steady;
    night->bus = bus;
    night->stop_fd = eventfd(0, EFD_CLOEXEC);
    pthread_mutex_init(&night->lock, NULL);
    pthread_condattr_init(&steady);
    pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
    pthread_cond_init(&night->wake, &steady);
    pthread_cond_init(&night->rested, NULL);
    pthread_condattr_destroy(&steady);
    if (night->stop_fd < 0 || pthread_create(&night->thread, NULL, run, night) != 0) {
        if (night->stop_fd >= 0) close(night->stop_fd);
        free(night);
        return BROKEN;
    }
    *out = night;
    return OK;
}

void night_wake(struct night *night)
{
    pthread_mutex_lock(&night->lock);
    night->woken = true;
    pthread_cond_signal(&night->wake);
    pthread_mutex_unlock(&night->lock);
}

void night_idle(struct night *night)
{
    pthread_mutex_lock(&night->lock);
    while (night->woken || !night->resting) pthread_cond_wait(&night->rested, &night->lock);
    pthread_mutex_unlock(&night->lock);
}

void night_stop(struct night *night)
{
    if (night == NULL) return;
    pthread_mutex_lock(&night->lock);
    night->stopping = true;
    eventfd_write(night->stop_fd, 1);
    pthread_cond_signal(&night->wake);
    pthread_mutex_unlock(&night->lock);
    pthread_join(night->thread, NULL);
    pthread_cond_destroy(&night->wake);
    pthread_cond_destroy(&night->rested);
    pthread_mutex_destroy(&night->lock);
    close(night->stop_fd);
    free(night);
}
