/* slow.c - a thread for what would hold up a loop: the prepare of routes that say `slow`,
 * and files.
 *
 * Hashing a password takes tens of milliseconds on purpose; on a loop's thread everybody else would
 * wait for it. Such a call is parked, prepared here, and goes on to the writer as any other. A file
 * is drawn whole by another thread of this kind, so that no log-in waits for a night's papers. */
#include <pthread.h>
#include <stdlib.h>
#include "web/house.h"

enum { QUEUE_MAX = 128 };

struct slow {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct call *first, **last;
    int count;
    bool stop;
};

static void *work(void *of)
{
    struct slow *slow = of;
    pthread_mutex_lock(&slow->lock);
    for (;;) {
        while (slow->first == NULL && !slow->stop) pthread_cond_wait(&slow->wake, &slow->lock);
        struct call *call = slow->first;
        if (call == NULL) break;
        slow->first = call->next;
        if (slow->first == NULL) slow->last = &slow->first;
        slow->count--;
        pthread_mutex_unlock(&slow->lock);
        if (call->route->file) house_file(call);
        if (call->route->file || !house_prepare_and_put(call)) loop_done(call);
        pthread_mutex_lock(&slow->lock);
    }
    pthread_mutex_unlock(&slow->lock);
    return NULL;
}

struct slow *slow_start(void)
{
    struct slow *slow = calloc(1, sizeof *slow);
    if (slow == NULL) return NULL;
    slow->last = &slow->first;
    pthread_mutex_init(&slow->lock, NULL);
    pthread_cond_init(&slow->wake, NULL);
    if (pthread_create(&slow->thread, NULL, work, slow) == 0) return slow;
    free(slow);
    return NULL;
}

enum status slow_put(struct slow *slow, struct call *call)
{
    pthread_mutex_lock(&slow->lock);
    bool room = slow->count < QUEUE_MAX;
    if (room) {
        call->next = NULL;
        *slow->last = call;
        slow->last = &call->next;
        slow->count++;
        pthread_cond_signal(&slow->wake);
    }
    pthread_mutex_unlock(&slow->lock);
    return room ? OK : BUSY;
}

void slow_stop(struct slow *slow)
{
    if (slow == NULL) return;
    pthread_mutex_lock(&slow->lock);
    slow->stop = true;
    pthread_cond_signal(&slow->wake);
    pthread_mutex_unlock(&slow->lock);
    pthread_join(slow->thread, NULL);
    pthread_cond_destroy(&slow->wake);
    pthread_mutex_destroy(&slow->lock);
    free(slow);
}
