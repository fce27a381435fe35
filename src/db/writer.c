/* writer.c - lanes in, groups out. See writer.h for what is promised. */
#include "db/writer.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include "base/arena.h"
#include "base/clock.h"
#include "db/db.h"
#include "db/engine.h"

enum { TICKETS = 8192, NO_TICKET = -1 };

struct queue { struct entry *first, **last; int64_t count; };

struct writer {
    struct db *db;
    pthread_t thread;
    struct tx tx;                    // the writer thread's

    pthread_mutex_t lock;            // guards all that follows
    pthread_cond_t wake, finished;   // work for the thread; an end for writer_call
    struct queue lanes[LANES];
    bool stopping, asleep;
    int64_t group_began_us;          // 0: no group at work
    int64_t lane_act_us[LANES];      // moving means
    struct writer_figures figures;

    struct entry *held;              // barriers that wait for stamps
    int64_t floor_ms, floor_turns;   // the latest barrier's instant: no stamp before it any more
    int64_t stamps[TICKETS];         // of requests on their way; 0: the slot is free
    int free_slots[TICKETS], free_count;
    int64_t unstamped;               // on their way without a slot: barriers wait for these too
};

/* ---- Queues ---- */

static void push(struct queue *queue, struct entry *entry)
{
    entry->next = NULL;
    *queue->last = entry;
    queue->last = &entry->next;
    queue->count++;
}

static struct entry *pop(struct queue *queue)
{
    struct entry *entry = queue->first;
    if (entry == NULL) return NULL;
    queue->first = entry->next;
    if (queue->first == NULL) queue->last = &queue->first;
    queue->count--;
    entry->next = NULL;
    return entry;
}

static void clear(struct queue *queue) { *queue = (struct queue){ .last = &queue->first }; }

static int64_t waiting(const struct writer *writer)
{
    int64_t count = 0;
    for (int lane = 0; lane < LANES; lane++) count += writer->lanes[lane].count;
    return count;
}

static void enqueue(struct writer *writer, enum lane lane, struct entry *entry)
{
    entry->put_us = mono_us();
    push(&writer->lanes[lane], entry);
    if (writer->asleep) pthread_cond_signal(&writer->wake);
}

/* ---- Ends ---- */

static void finish(struct writer *writer, struct entry *entry)
{
    bool *finished = entry->finished;
    if (entry->done) entry->done(entry);   // from here on the entry may be gone
    if (finished == NULL) return;
    pthread_mutex_lock(&writer->lock);
    *finished = true;
    pthread_cond_broadcast(&writer->finished);
    pthread_mutex_unlock(&writer->lock);
}

static void finish_all(struct writer *writer, struct queue *group)
{
    for (struct entry *entry; (entry = pop(group)) != NULL; ) finish(writer, entry);
}

static void fail(struct entry *entry, enum status status)
{
    entry->status = err_set(&entry->err, status, NULL,
                            status == BUSY ? "The database can't be reached now."
                                           : "The database could not write this.");
}

/* ---- A group ---- */

/* A moving mean that one freak does not carry away. */
static void mean(int64_t *of, int64_t us)
{
    int64_t most = 8 * *of + 1000;
    *of += ((us < most ? us : most) - *of) / 16;
}

/* Runs an act in its savepoint. BROKEN: the transaction is lost, with all that was acted before. */
static enum status run_act(struct writer *writer, struct entry *entry)
{
    int64_t began_us = mono_us();
    entry->err = (struct err){ 0 };
    tx_act_begin(&writer->tx, entry->arena);
    entry->status = entry->act(&writer->tx, entry, &entry->err);
    if (writer->tx.broken || entry->status == BROKEN) fail(entry, BROKEN);
    enum status ended = tx_act_end(&writer->tx, entry->status == OK);
    int64_t us = mono_us() - began_us;
    pthread_mutex_lock(&writer->lock);
    mean(&writer->lane_act_us[entry->lane], us * 16);   // in sixteenths, for acts are short
    writer->figures.acts++;
    pthread_mutex_unlock(&writer->lock);
    return ended;
}

static void break_group(struct writer *writer, struct queue *acted, enum status status)
{
    for (struct entry *entry = acted->first; entry; entry = entry->next) fail(entry, status);
    pthread_mutex_lock(&writer->lock);
    writer->figures.failed_groups++;
    pthread_mutex_unlock(&writer->lock);
    finish_all(writer, acted);
}

static void commit(struct writer *writer, struct queue *acted)
{
    int64_t began_us = mono_us();
    if (tx_commit(&writer->tx) != OK) {
        break_group(writer, acted, BROKEN);
        return;
    }
    int64_t us = mono_us() - began_us;
    pthread_mutex_lock(&writer->lock);
    mean(&writer->figures.commit_us, us);
    writer->figures.groups++;
    pthread_mutex_unlock(&writer->lock);
    finish_all(writer, acted);
}

/* The next import, if there is time left and nobody of more importance has come. */
static struct entry *next_import(struct writer *writer, int64_t began_us, bool first)
{
    pthread_mutex_lock(&writer->lock);
    bool others = writer->lanes[LANE_FIRST].count + writer->lanes[LANE_ORDER].count > 0;
    bool may = first || (!others && mono_us() - began_us < IMPORT_SLICE_MS * 1000);
    struct entry *entry = may ? pop(&writer->lanes[LANE_IMPORT]) : NULL;
    pthread_mutex_unlock(&writer->lock);
    return entry;
}

/* Acts on `group` and then on some imports, and commits. When the transaction is lost on the way,
 * what was acted before is told so, and the rest goes on in a new one. */
static void run_group(struct writer *writer, struct queue *group, bool imports)
{
    struct queue acted;
    clear(&acted);
    bool begun = false;
    int64_t imports_began_us = 0;
    for (;;) {
        struct entry *entry = pop(group);
        if (entry == NULL && imports) {
            bool first = imports_began_us == 0;
            if (first) imports_began_us = mono_us();
            entry = next_import(writer, imports_began_us, first);
        }
        if (entry == NULL) break;
        enum status status = begun ? OK : tx_begin(writer->db, &writer->tx);
        begun = status == OK;
        push(&acted, entry);
        if (!begun) {   // nor will it for the others
            while ((entry = pop(group)) != NULL) push(&acted, entry);
            break_group(writer, &acted, status);
            return;
        }
        if (run_act(writer, entry) != OK) {
            tx_rollback(&writer->tx);
            begun = false;
            break_group(writer, &acted, BROKEN);
        }
    }
    if (begun) commit(writer, &acted);
}

static void take(struct writer *writer, struct queue *group)
{
    clear(group);
    for (enum lane lane = LANE_FIRST; lane <= LANE_ORDER; lane++)
        while (group->count < GROUP_MAX && writer->lanes[lane].first)
            push(group, pop(&writer->lanes[lane]));
}

static void *run(void *of)
{
    struct writer *writer = of;
    pthread_setname_np(pthread_self(), "writer");
    pthread_mutex_lock(&writer->lock);
    for (;;) {
        while (waiting(writer) == 0 && !writer->stopping) {
            writer->asleep = true;
            pthread_cond_wait(&writer->wake, &writer->lock);
            writer->asleep = false;
        }
        if (waiting(writer) == 0) break;
        struct queue group;
        take(writer, &group);
        bool imports = group.count < GROUP_MAX && writer->lanes[LANE_IMPORT].count > 0;
        writer->group_began_us = mono_us();
        pthread_mutex_unlock(&writer->lock);
        run_group(writer, &group, imports);
        pthread_mutex_lock(&writer->lock);
        writer->group_began_us = 0;
    }
    pthread_mutex_unlock(&writer->lock);
    return NULL;
}

/* ---- Putting ---- */

/* How long a newcomer of this lane would wait, from what the last acts and commits took; a group
 * that has been at work for longer than that says more. */
static int64_t expected_us(const struct writer *writer, enum lane lane)
{
    int64_t ahead = 0, us = 0;
    for (enum lane l = LANE_FIRST; l <= lane; l++) {
        ahead += writer->lanes[l].count;
        us += writer->lanes[l].count * writer->lane_act_us[l] / 16;
    }
    us += (ahead / GROUP_MAX + 1) * writer->figures.commit_us;
    int64_t at_work_us = writer->group_began_us ? mono_us() - writer->group_began_us : 0;
    return us > at_work_us ? us : at_work_us;
}

static enum status put(struct writer *writer, struct entry *entry)
{
    int64_t patience_us = WAIT_MAX_MS * INT64_C(1000) * (entry->lane == LANE_FIRST ? 2 : 1);
    if (writer->stopping || expected_us(writer, entry->lane) > patience_us) {
        writer->figures.refused++;
        return BUSY;
    }
    enqueue(writer, entry->lane, entry);
    return OK;
}

enum status writer_put(struct writer *writer, struct entry *entry)
{
    assert(entry->act && entry->arena && entry->lane < LANES);
    entry->finished = NULL;
    pthread_mutex_lock(&writer->lock);
    enum status queued = put(writer, entry);
    pthread_mutex_unlock(&writer->lock);
    return queued;
}

enum status writer_call(struct writer *writer, struct entry *entry, struct err *err)
{
    assert(entry->act && entry->arena && entry->lane < LANES);
    assert(!pthread_equal(pthread_self(), writer->thread));   // it would wait for itself
    bool finished = false;
    entry->finished = &finished;
    pthread_mutex_lock(&writer->lock);
    enum status queued = put(writer, entry);
    while (queued == OK && !finished) pthread_cond_wait(&writer->finished, &writer->lock);
    pthread_mutex_unlock(&writer->lock);
    if (queued != OK) return err_set(err, queued, NULL, "There is a rush. Try again soon.");
    if (entry->status != OK) *err = entry->err;
    return entry->status;
}

/* ---- Stamps and barriers ---- */

static bool is_due(const struct writer *writer, int64_t instant_ms)
{
    if (writer->unstamped > 0) return false;
    if (writer->free_count == TICKETS) return true;
    for (int i = 0; i < TICKETS; i++)
        if (writer->stamps[i] != 0 && writer->stamps[i] < instant_ms) return false;
    return true;
}

static void release_held(struct writer *writer)
{
    for (struct entry **at = &writer->held; *at; ) {
        struct entry *entry = *at;
        if (!is_due(writer, entry->barrier_ms)) {
            at = &entry->next;
            continue;
        }
        *at = entry->next;
        enqueue(writer, LANE_ORDER, entry);   // behind both lanes: the first is always served first
    }
}

int64_t writer_arrive(struct writer *writer, const struct clock *clock, int *ticket)
{
    pthread_mutex_lock(&writer->lock);
    int64_t now_ms = clock_now_ms(clock), turns = clock_turns(clock);
    if (turns != writer->floor_turns) {       // turned on purpose: yesterday may come again
        writer->floor_turns = turns;
        writer->floor_ms = INT64_MIN;
    }
    if (now_ms < writer->floor_ms) now_ms = writer->floor_ms;
    if (writer->free_count > 0 && now_ms != 0) {
        *ticket = writer->free_slots[--writer->free_count];
        writer->stamps[*ticket] = now_ms;
    } else {
        *ticket = NO_TICKET;
        writer->unstamped++;
    }
    pthread_mutex_unlock(&writer->lock);
    return now_ms;
}

void writer_arrived(struct writer *writer, int ticket)
{
    pthread_mutex_lock(&writer->lock);
    if (ticket == NO_TICKET) {
        writer->unstamped--;
    } else {
        assert(ticket >= 0 && ticket < TICKETS && writer->stamps[ticket] != 0);
        writer->stamps[ticket] = 0;
        writer->free_slots[writer->free_count++] = ticket;
    }
    if (writer->held) release_held(writer);
    pthread_mutex_unlock(&writer->lock);
}

enum status writer_barrier(struct writer *writer, int64_t instant_ms, struct entry *entry)
{
    assert(entry->act && entry->arena);
    entry->finished = NULL;
    pthread_mutex_lock(&writer->lock);
    bool stopping = writer->stopping;
    if (!stopping) {
        if (instant_ms > writer->floor_ms) writer->floor_ms = instant_ms;
        entry->barrier_ms = instant_ms;
        struct entry **last = &writer->held;
        while (*last) last = &(*last)->next;
        entry->next = NULL;
        *last = entry;
        release_held(writer);
    }
    pthread_mutex_unlock(&writer->lock);
    return stopping ? BUSY : OK;
}

/* ---- Start and stop ---- */

enum status writer_start(struct db *db, struct writer **out, struct err *err)
{
    *out = NULL;
    struct writer *writer = calloc(1, sizeof *writer);
    if (writer == NULL) return err_set(err, BROKEN, NULL, "There is no memory left.");
    writer->db = db;
    writer->floor_ms = INT64_MIN;
    writer->figures.commit_us = 1000;
    for (int lane = 0; lane < LANES; lane++) {
        clear(&writer->lanes[lane]);
        writer->lane_act_us[lane] = 100 * 16;
    }
    while (writer->free_count < TICKETS) {
        writer->free_slots[writer->free_count] = TICKETS - 1 - writer->free_count;
        writer->free_count++;
    }
    pthread_mutex_init(&writer->lock, NULL);
    pthread_cond_init(&writer->wake, NULL);
    pthread_cond_init(&writer->finished, NULL);
    if (pthread_create(&writer->thread, NULL, run, writer) != 0) {
        free(writer);
        return err_set(err, BROKEN, NULL, "No thread can be started.");
    }
    *out = writer;
    return OK;
}

void writer_stop(struct writer *writer)
{
    if (writer == NULL) return;
    pthread_mutex_lock(&writer->lock);
    writer->stopping = true;
    pthread_cond_signal(&writer->wake);
    struct entry *held = writer->held;
    writer->held = NULL;
    pthread_mutex_unlock(&writer->lock);
    pthread_join(writer->thread, NULL);
    for (struct entry *next; held; held = next) {
        next = held->next;
        fail(held, BUSY);
        finish(writer, held);
    }
    pthread_cond_destroy(&writer->wake);
    pthread_cond_destroy(&writer->finished);
    pthread_mutex_destroy(&writer->lock);
    free(writer);
}

struct writer_figures writer_figures(struct writer *writer)
{
    pthread_mutex_lock(&writer->lock);
    struct writer_figures figures = writer->figures;
    figures.queued = waiting(writer);
    figures.act_us = writer->lane_act_us[LANE_ORDER] / 16;
    pthread_mutex_unlock(&writer->lock);
    return figures;
}
