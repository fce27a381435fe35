/* play.h - the demo's night, played by many actors through the same API that phones use.
 *
 * The county's clock stands and is turned forward by the player; everybody's acts are seeded, so
 * the same seed plays the same night (the order in which requests of one instant arrive may
 * differ). */
#ifndef CUNHUO_MAIN_PLAY_H
#define CUNHUO_MAIN_PLAY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "base/rng.h"
#include "base/status.h"
#include "people/person.h"

struct arena;
struct road;

struct actor {
    int64_t id;
    const char *name, *phone, *place_code;   // of the first row
    uint64_t roles;
    char token[TOKEN_TEXT];
};

struct play {
    const char *folder;          // build/demo
    char county[4096], import[4096], url[128];
    pid_t server;
    uint64_t seed;
    struct rng rng;
    struct arena *arena;
    int64_t evening_ms;          // 22:40
    int64_t now_ms, day;         // of the county's clock; of the delivery
    struct actor *actors;
    size_t actor_count;
    const struct actor *admin, *dispatcher;
    struct road *road;
    int64_t hub_id;
    // what happened
    int64_t orders, refused, cancelled, late_orders, busy, parcels, lots, refused_acts;
    int64_t batches;             // of acts, for their keys
    int64_t imbalance, gaps;     // as `cunhuo check` says; -1: it could not say
    bool unsound;
};

/* ---- HTTP (play_http.c) ---- */

struct caller;
MUST_USE struct caller *caller_new(const struct play *play);   // one a thread; NULL: no memory
void caller_free(struct caller *caller);

/* Sends `body` (NULL: GET) as the actor; `key` makes a repeat harmless. The status, 0: no answer
 * even after tries; *answer (may be NULL) is the caller's. A 503 is tried again under the same
 * key. */
int caller_call(struct caller *caller, const struct actor *as, const char *path, const char *key,
                json_t *body, json_t **answer);
/* The same with a body that the call takes over. */
int caller_send(struct caller *caller, const struct actor *as, const char *path, const char *key,
                json_t *body, json_t **answer);

/* Runs work(of, caller, i) for i = 0 .. count-1 on several threads. */
void play_all(struct play *play, size_t count,
              void (*work)(void *of, struct caller *caller, size_t i), void *of);

/* ---- the night (play_evening.c, play_morning.c, play_drive.c) ---- */

const struct actor *actor_of(const struct play *play, uint64_t roles, const char *place_code,
                             size_t nth);
const struct actor *actor_by_id(const struct play *play, int64_t id);

/* Turns the county's clock to an instant. */
void play_turn(struct play *play, struct caller *caller, int64_t now_ms);
/* Prints a line of what happens, with the county's time. */
void play_say(const struct play *play, const char *format, ...) PRINTF(2, 3);

MUST_USE enum status play_evening(struct play *play, struct caller *caller, struct err *err);
MUST_USE enum status play_packing(struct play *play, struct caller *caller, struct err *err);
MUST_USE enum status play_driving(struct play *play, struct caller *caller, struct err *err);
MUST_USE enum status play_report(struct play *play, struct caller *caller, struct err *err);

/* An act of a phone, put on the actor's queue, and queues sent. */
struct phones;
MUST_USE struct phones *phones_new(struct play *play);
void phones_free(struct phones *phones);
void phone_act(struct phones *phones, const struct actor *as, json_t *act);
void phones_flush(struct phones *phones, struct caller *caller, const struct actor *only);
#endif
