/* job.c - the scheduler: runs what the clock starts, exactly once for each due instant.
 *
 * One thread. It takes the job whose next due instant is the earliest, hands it to the writer
 * behind a barrier (all that arrived before that instant is acted on before), and waits for the
 * commit. The act first moves the job's row from before `due_ms` to `due_ms`: if that finds
 * nothing, it has been run already. Row and act are one transaction, so a kill leaves both or
 * neither. A job that fails is tried again, later each time, and keeps no other from running.
 *
 * It sleeps until the next due instant, at most a second, since a clock may be turned or set; who
 * turns it wakes it. */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "base/arena.h"
#include "base/clock.h"
#include "db/db.h"
#include "web/county.h"
#include "web/house.h"

enum { SLEEP_MAX_MS = 1000, RETRY_MAX_MS = 60 * SECOND_MS, JOB_BYTES_MAX = 64 * 1024 * 1024 };

struct timed {
    const struct job *job;
    int64_t last_ms;         // due instant it was last run for
    int64_t owed_ms;         // `after` has not come back from this one; 0: it has
    int64_t retry_at_ms;     // by the steady clock; 0: has not failed
    int64_t pause_ms;
};

/* One run, as the writer sees it. */
struct run {
    struct entry entry;      // first
    struct scheduler *scheduler;
    struct timed *timed;
    int64_t due_ms;
    enum { RUN_NOTE, RUN_ACT, RUN_AFTER } what;
    bool finished, again;    // again: it had been run before
};

struct scheduler {
    struct county *county;
    struct arena *arena;
    pthread_t thread;
    pthread_mutex_t lock;    // of what follows
    pthread_cond_t change;
    bool stop, woken, busy;
    size_t count;
    struct timed *jobs;
};

/* ---- Due instants ---- */

static int64_t next_due(const struct job *job, int64_t after_ms, int32_t zone_s)
{
    if (job->when == JOB_EVERY) {
        int64_t every_ms = job->every_s * INT64_C(1000);
        return (after_ms / every_ms + 1) * every_ms;
    }
    int64_t day = day_of(after_ms, zone_s), due_ms = day_ms(day, job->at_s, zone_s);
    return due_ms > after_ms ? due_ms : day_ms(day + 1, job->at_s, zone_s);
}

/* The instant a job is to be run for next; for one that skips, the last that has passed. */
static int64_t due_of(const struct timed *timed, int64_t now_ms, int32_t zone_s)
{
    int64_t due_ms = next_due(timed->job, timed->last_ms, zone_s);
    if (timed->job->missed != JOB_SKIP || due_ms > now_ms) return due_ms;
    if (timed->job->when == JOB_EVERY)
        return next_due(timed->job, now_ms - timed->job->every_s * INT64_C(1000), zone_s);
    int64_t today_ms = next_due(timed->job, now_ms - DAY_MS, zone_s);
    return today_ms;
}

/* ---- In the writer ---- */

static const struct sql add_job = SQL(
    "INSERT INTO job (name, due_ms, after_ms) VALUES ($1, $2, $2) ON CONFLICT DO NOTHING");
static const struct sql note_run = SQL(
    "UPDATE job SET due_ms = $2 WHERE name = $1 AND due_ms < $2 RETURNING due_ms");
static const struct sql note_after = SQL("UPDATE job SET after_ms = $2 WHERE name = $1");

static enum status act(struct tx *tx, struct entry *entry, struct err *err)
{
    struct run *run = (struct run *)entry;
    const struct job *job = run->timed->job;
    struct args args = ARGS(str(job->name), i64(run->due_ms));
    if (run->what == RUN_NOTE) return db_run(tx, &add_job, args);
    if (run->what == RUN_AFTER) return db_run(tx, &note_after, args);
    struct rows *rows;
    enum status noted = db_first(tx, &note_run, args, &rows);
    run->again = noted == NOT_FOUND;
    if (run->again) return OK;
    TRY(noted);
    return job->act ? job->act(tx, run->due_ms, err) : OK;
}

static void done(struct entry *entry)
{
    struct run *run = (struct run *)entry;
    pthread_mutex_lock(&run->scheduler->lock);
    run->finished = true;
    pthread_cond_broadcast(&run->scheduler->change);
    pthread_mutex_unlock(&run->scheduler->lock);
}

/* ---- Its thread ---- */

static enum status through_writer(struct scheduler *scheduler, struct run *run)
{
    arena_reset(scheduler->arena);
    run->scheduler = scheduler;
    run->entry = (struct entry){ .lane = LANE_ORDER, .arena = scheduler->arena, .act = act,
                                 .done = done };
    struct writer *writer = scheduler->county->writer;
    TRY(run->what == RUN_ACT ? writer_barrier(writer, run->due_ms, &run->entry)
                             : writer_put(writer, &run->entry));
    pthread_mutex_lock(&scheduler->lock);
    while (!run->finished) pthread_cond_wait(&scheduler->change, &scheduler->lock);
    pthread_mutex_unlock(&scheduler->lock);
    return run->entry.status;
}

static void run_after(struct scheduler *scheduler, struct timed *timed, int64_t due_ms)
{
    if (timed->job->after == NULL) return;
    timed->job->after(scheduler->county, due_ms);
    struct run run = { .timed = timed, .due_ms = due_ms, .what = RUN_AFTER };
    if (through_writer(scheduler, &run) != OK)
        fprintf(stderr, "cunhuo: job %s: it can't be noted\n", timed->job->name);   // then again
}

static void put_off(struct timed *timed, const struct run *run)
{
    int64_t pause_ms = timed->pause_ms ? 2 * timed->pause_ms : SECOND_MS;
    timed->pause_ms = pause_ms < RETRY_MAX_MS ? pause_ms : RETRY_MAX_MS;
    timed->retry_at_ms = mono_ms() + timed->pause_ms;
    fprintf(stderr, "cunhuo: job %s for %" PRId64 " failed (%s): %s %s\n", timed->job->name,
            run->due_ms, status_name(run->entry.status),
            run->entry.err.text ? run->entry.err.text : "", run->entry.err.detail);
}

static void run_one(struct scheduler *scheduler, struct timed *timed, int64_t due_ms)
{
    struct run run = { .timed = timed, .due_ms = due_ms, .what = RUN_ACT };
    enum status status = through_writer(scheduler, &run);
    if (status == OK && !run.again) run_after(scheduler, timed, due_ms);
    pthread_mutex_lock(&scheduler->lock);
    scheduler->busy = false;
    if (status == OK) {
        timed->last_ms = due_ms;
        timed->retry_at_ms = timed->pause_ms = 0;
    } else if (!scheduler->stop) {
        put_off(timed, &run);
    }
    pthread_mutex_unlock(&scheduler->lock);
}

/* The job to be run now, or NULL; `*wake_ms`: how long until there may be one. With the lock. Of
 * two that are due at once, what must not be missed comes first. */
static struct timed *pick(struct scheduler *scheduler, int64_t *due_ms, int64_t *wake_ms)
{
    const struct county *county = scheduler->county;
    struct timed *first = NULL;
    int64_t now_ms = county_now_ms(county), steady_ms = mono_ms();
    *wake_ms = SLEEP_MAX_MS;
    for (struct timed *timed = scheduler->jobs; timed < scheduler->jobs + scheduler->count;
         timed++) {
        int64_t due = due_of(timed, now_ms, county->zone_s);
        int64_t wait_ms = due - now_ms;
        if (timed->retry_at_ms - steady_ms > wait_ms) wait_ms = timed->retry_at_ms - steady_ms;
        if (wait_ms > 0) {
            if (wait_ms < *wake_ms) *wake_ms = wait_ms;
        } else if (first == NULL || due < *due_ms
                   || (due == *due_ms && timed->job->missed < first->job->missed)) {
            first = timed;
            *due_ms = due;
        }
    }
    return first;
}

static void sleep_until_change(struct scheduler *scheduler, int64_t wait_ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t at_ns = until.tv_nsec + wait_ms * 1000000;
    until.tv_sec += (time_t)(at_ns / 1000000000);
    until.tv_nsec = (long)(at_ns % 1000000000);
    if (!scheduler->woken)
        pthread_cond_timedwait(&scheduler->change, &scheduler->lock, &until);
    scheduler->woken = false;
}

static void *schedule(void *of)
{
    struct scheduler *scheduler = of;
    for (size_t i = 0; i < scheduler->count; i++)   // a restart came in between
        if (scheduler->jobs[i].owed_ms)
            run_after(scheduler, &scheduler->jobs[i], scheduler->jobs[i].owed_ms);
    pthread_mutex_lock(&scheduler->lock);
    while (!scheduler->stop) {
        int64_t due_ms = 0, wake_ms;
        struct timed *timed = pick(scheduler, &due_ms, &wake_ms);
        if (timed == NULL) {
            sleep_until_change(scheduler, wake_ms);
            continue;
        }
        scheduler->busy = true;
        pthread_mutex_unlock(&scheduler->lock);
        run_one(scheduler, timed, due_ms);
        pthread_mutex_lock(&scheduler->lock);
    }
    pthread_mutex_unlock(&scheduler->lock);
    return NULL;
}

/* ---- Start and stop ---- */

static const struct sql find_job = SQL("SELECT due_ms, after_ms FROM job WHERE name = $1");

/* What was run last. A job seen for the first time is due from now on. */
static enum status recall(struct scheduler *scheduler, struct timed *timed, int64_t now_ms)
{
    struct run run = { .timed = timed, .due_ms = now_ms, .what = RUN_NOTE };
    struct err err = { 0 };
    run.entry = (struct entry){ .lane = LANE_ORDER, .arena = scheduler->arena, .act = act };
    TRY(writer_call(scheduler->county->writer, &run.entry, &err));
    struct tx *tx;
    struct rows *rows;
    TRY(db_read_begin(scheduler->county->db, scheduler->arena, &tx));
    enum status found = db_first(tx, &find_job, ARGS(str(timed->job->name)), &rows);
    if (found == OK) {
        timed->last_ms = row_i64(rows, 0);
        if (timed->job->after && row_i64(rows, 1) < timed->last_ms) timed->owed_ms = timed->last_ms;
    }
    db_read_end(tx);
    return found;
}

static enum status recall_all(struct scheduler *scheduler, struct err *err)
{
    int64_t now_ms = county_now_ms(scheduler->county);
    const struct room *const *room = scheduler->county->rooms;
    for (; *room; room++) {
        for (const struct job *job = (*room)->jobs; job && job->name; job++) {
            if (job->when == JOB_EVERY ? job->every_s <= 0 : job->at_s < 0 || job->at_s >= 86400)
                return err_about(err, INVALID, NULL, "A job has no time.", "%s", job->name);
            struct timed *more = realloc(scheduler->jobs,
                                         (scheduler->count + 1) * sizeof *more);
            if (more == NULL) return BROKEN;
            scheduler->jobs = more;
            more[scheduler->count] = (struct timed){ .job = job };
            arena_reset(scheduler->arena);
            TRY(recall(scheduler, &more[scheduler->count++], now_ms));
        }
    }
    return OK;
}

static void scheduler_free(struct scheduler *scheduler)
{
    arena_free(scheduler->arena);
    pthread_cond_destroy(&scheduler->change);
    pthread_mutex_destroy(&scheduler->lock);
    free(scheduler->jobs);
    free(scheduler);
}

enum status scheduler_start(struct county *county, struct scheduler **out, struct err *err)
{
    struct scheduler *scheduler = calloc(1, sizeof *scheduler);
    if (scheduler == NULL) return BROKEN;
    pthread_condattr_t steady;
    pthread_condattr_init(&steady);
    pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
    pthread_cond_init(&scheduler->change, &steady);
    pthread_condattr_destroy(&steady);
    pthread_mutex_init(&scheduler->lock, NULL);
    scheduler->county = county;
    scheduler->arena = arena_open(JOB_BYTES_MAX);
    enum status status = scheduler->arena ? recall_all(scheduler, err) : BROKEN;
    if (status == OK && pthread_create(&scheduler->thread, NULL, schedule, scheduler) != 0)
        status = BROKEN;
    if (status != OK) scheduler_free(scheduler);
    else *out = scheduler;
    return status;
}

void scheduler_wake(struct scheduler *scheduler)
{
    pthread_mutex_lock(&scheduler->lock);
    scheduler->woken = true;
    pthread_cond_broadcast(&scheduler->change);
    pthread_mutex_unlock(&scheduler->lock);
}

bool scheduler_settled(struct scheduler *scheduler)
{
    const struct county *county = scheduler->county;
    pthread_mutex_lock(&scheduler->lock);
    bool settled = !scheduler->busy;
    int64_t now_ms = county_now_ms(county);
    for (size_t i = 0; i < scheduler->count && settled; i++)
        settled = due_of(&scheduler->jobs[i], now_ms, county->zone_s) > now_ms;
    pthread_mutex_unlock(&scheduler->lock);
    return settled;
}

void scheduler_stop(struct scheduler *scheduler)
{
    if (scheduler == NULL) return;
    pthread_mutex_lock(&scheduler->lock);
    scheduler->stop = true;
    pthread_cond_broadcast(&scheduler->change);
    pthread_mutex_unlock(&scheduler->lock);
    pthread_join(scheduler->thread, NULL);
    scheduler_free(scheduler);
}
