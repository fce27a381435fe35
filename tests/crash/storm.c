/* storm.c - see storm.h. */
#include "crash/storm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RETRY_US = 2000, WAIT_MS = 50 };

struct client { struct storm *storm; struct web_client *wire; unsigned life; };

static void wait_a_little(struct storm *storm)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += WAIT_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    pthread_cond_timedwait(&storm->change, &storm->lock, &until);
}

/* Connected to the server that lives now. */
static void connect_client(struct client *client)
{
    struct storm *storm = client->storm;
    for (;;) {
        pthread_mutex_lock(&storm->lock);
        while (storm->port == 0) wait_a_little(storm);
        uint16_t port = storm->port;
        unsigned life = storm->life;
        pthread_mutex_unlock(&storm->lock);
        if (client->wire && client->life == life && web_client_fd(client->wire) >= 0) return;
        if (client->wire) web_client_end(client->wire);
        client->wire = web_client(port);
        client->life = life;
        if (client->wire == NULL) rig_die("no memory");
        if (web_client_fd(client->wire) >= 0) return;
        rig_pause_us(RETRY_US);
    }
}

int storm_call(struct storm *storm, void *of, const char *path, const char *token,
               const char *key, const char *json, char answer[STORM_ANSWER])
{
    struct client *client = of;
    for (;;) {
        connect_client(client);
        struct web_reply reply = json ? web_post(client->wire, path, token, key, json)
                                      : web_get(client->wire, path, token);
        int status = reply.status;
        if (status != 0 && answer) snprintf(answer, STORM_ANSWER, "%s", reply.body);
        pthread_mutex_lock(&storm->lock);
        bool answered = status != 0 && status != 503;
        if (answered) storm->answers++;
        else storm->unanswered++;
        pthread_mutex_unlock(&storm->lock);
        if (answered) return status;
        rig_pause_us(RETRY_US);
    }
}

static void *play(void *of)
{
    struct client client = { .storm = of };
    struct storm *storm = of;
    for (;;) {
        pthread_mutex_lock(&storm->lock);
        size_t i = storm->next;
        if (i < storm->count) storm->next++;
        pthread_cond_broadcast(&storm->change);
        pthread_mutex_unlock(&storm->lock);
        if (i >= storm->count) break;
        storm->script(storm->of, storm, &client, i);
        pthread_mutex_lock(&storm->lock);
        storm->finished++;
        pthread_mutex_unlock(&storm->lock);
    }
    if (client.wire) web_client_end(client.wire);
    return NULL;
}

void storm_start(struct storm *storm, const struct rig *rig)
{
    pthread_mutex_init(&storm->lock, NULL);
    pthread_cond_init(&storm->change, NULL);
    storm->next = storm->finished = storm->answers = storm->unanswered = 0;
    storm->life = 0;
    storm->port = rig->port;
    for (size_t i = 0; i < STORM_CLIENTS; i++)
        if (pthread_create(&storm->threads[i], NULL, play, storm) != 0) rig_die("no threads");
}

bool storm_reach(struct storm *storm, size_t n)
{
    pthread_mutex_lock(&storm->lock);
    while (storm->next < n && storm->finished < storm->count) wait_a_little(storm);
    bool more = storm->finished < storm->count;
    pthread_mutex_unlock(&storm->lock);
    return more;
}

void storm_down(struct storm *storm)
{
    pthread_mutex_lock(&storm->lock);
    storm->port = 0;
    pthread_mutex_unlock(&storm->lock);
}

void storm_up(struct storm *storm, const struct rig *rig)
{
    pthread_mutex_lock(&storm->lock);
    storm->port = rig->port;
    storm->life++;
    pthread_cond_broadcast(&storm->change);
    pthread_mutex_unlock(&storm->lock);
}

void storm_join(struct storm *storm)
{
    for (size_t i = 0; i < STORM_CLIENTS; i++) pthread_join(storm->threads[i], NULL);
    pthread_mutex_destroy(&storm->lock);
    pthread_cond_destroy(&storm->change);
}
