/* rest.c - the rows of large files, taken slice by slice (files.h). */
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include "base/arena.h"
#include "db/db.h"
#include "db/writer.h"
#include "rooms/parcel/files.h"
#include "rooms/parcel/inside.h"
#include "rooms/parcel/report.h"
#include "web/county.h"

enum { SLICE_BYTES = 16 << 20 };

struct rest {
    struct entry entry;           // first
    struct parcels *parcels;
    pthread_mutex_t lock;         // over what follows
    pthread_cond_t idle;
    bool busy;                    // the entry is in the writer's hands
    bool again;                   // somebody woke it meanwhile
    bool stopping;
    bool more;                    // the writer's: the slice was a full one
};

static enum status act(struct tx *tx, struct entry *entry, struct err *err)
{
    struct rest *rest = (struct rest *)(void *)entry;
    size_t taken;
    TRY(report_slice(tx, SLICE_ROWS, county_now_ms(rest->parcels->county), &taken, err));
    rest->more = taken == SLICE_ROWS;
    return OK;
}

/* Under the lock. Too busy: the job looks again in a minute. */
static void put(struct rest *rest)
{
    rest->again = rest->more = false;
    rest->busy = writer_put(rest->parcels->county->writer, &rest->entry) == OK;
}

static void done(struct entry *entry)
{
    struct rest *rest = (struct rest *)(void *)entry;
    arena_reset(entry->arena);
    pthread_mutex_lock(&rest->lock);
    rest->busy = false;
    bool on = entry->status == OK && (rest->more || rest->again);
    if (on && !rest->stopping) put(rest);
    if (!rest->busy) pthread_cond_broadcast(&rest->idle);
    pthread_mutex_unlock(&rest->lock);
}

enum status rest_start(struct parcels *parcels, struct rest **out)
{
    struct rest *rest = calloc(1, sizeof *rest);
    struct arena *arena = arena_open(SLICE_BYTES);
    if (rest == NULL || arena == NULL) {
        free(rest);
        arena_free(arena);
        return BROKEN;
    }
    rest->entry = (struct entry){ .lane = LANE_IMPORT, .arena = arena, .act = act, .done = done };
    rest->parcels = parcels;
    pthread_mutex_init(&rest->lock, NULL);
    pthread_cond_init(&rest->idle, NULL);
    *out = rest;
    return OK;
}

void rest_stop(struct rest *rest)
{
    if (rest == NULL) return;
    pthread_mutex_lock(&rest->lock);
    rest->stopping = true;
    while (rest->busy) pthread_cond_wait(&rest->idle, &rest->lock);
    pthread_mutex_unlock(&rest->lock);
    arena_free(rest->entry.arena);
    pthread_cond_destroy(&rest->idle);
    pthread_mutex_destroy(&rest->lock);
    free(rest);
}

void rest_wake(struct rest *rest)
{
    if (rest == NULL) return;
    pthread_mutex_lock(&rest->lock);
    if (rest->busy) rest->again = true;
    else if (!rest->stopping) put(rest);
    pthread_mutex_unlock(&rest->lock);
}

void rest_look(struct county *county, int64_t due_ms)
{
    (void)due_ms;
    rest_wake(parcels_of(county)->rest);
}
