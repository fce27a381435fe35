/* storm.h - many clients at once that do not give up: who gets no answer, since the server was
 * killed or is busy, sends the same request again under the same key until there is one. */
#ifndef CUNHUO_TESTS_STORM_H
#define CUNHUO_TESTS_STORM_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "rig/rig.h"

enum { STORM_CLIENTS = 64, STORM_ANSWER = 4096 };

struct storm {
    size_t count;                 // scripts 0 .. count-1, each played by one client
    void *of;
    void (*script)(void *of, struct storm *storm, void *client, size_t i);

    pthread_mutex_t lock;         // of what follows, and of the scripts' results
    pthread_cond_t change;
    size_t next, finished, answers, unanswered;
    unsigned life;                // servers so far
    uint16_t port;                // 0: it is down
    pthread_t threads[STORM_CLIENTS];
};

/* Starts the clients; count, of and script are set. */
void storm_start(struct storm *storm, const struct rig *rig);
/* Waits until n scripts were begun or all are finished. False: all are finished. */
bool storm_reach(struct storm *storm, size_t n);
void storm_down(struct storm *storm);
void storm_up(struct storm *storm, const struct rig *rig);
void storm_join(struct storm *storm);

/* In a script: one request and its final answer, cut to STORM_ANSWER. json NULL: GET. Returns the
 * status. */
int storm_call(struct storm *storm, void *client, const char *path, const char *token,
               const char *key, const char *json, char answer[STORM_ANSWER]);
#endif
