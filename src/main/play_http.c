/* play_http.c - the actors' HTTP: libcurl, one connection a thread. */
#include <curl/curl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/clock.h"
#include "main/play.h"

enum { THREADS = 12, TRIES = 8, TIMEOUT_S = 60, RETRY_MS = 300 };

struct caller {
    const struct play *play;
    CURL *curl;
    char *answer;
    size_t size, room;
};

struct caller *caller_new(const struct play *play)
{
    struct caller *caller = calloc(1, sizeof *caller);
    if (caller == NULL) return NULL;
    caller->play = play;
    caller->curl = curl_easy_init();
    if (caller->curl) return caller;
    free(caller);
    return NULL;
}

void caller_free(struct caller *caller)
{
    if (caller == NULL) return;
    curl_easy_cleanup(caller->curl);
    free(caller->answer);
    free(caller);
}

static size_t take(char *bytes, size_t one, size_t count, void *of)
{
    struct caller *caller = of;
    size_t more = one * count;
    if (caller->size + more + 1 > caller->room) {
        size_t room = 2 * (caller->size + more + 1);
        char *moved = realloc(caller->answer, room);
        if (moved == NULL) return 0;
        caller->answer = moved;
        caller->room = room;
    }
    memcpy(caller->answer + caller->size, bytes, more);
    caller->size += more;
    return more;
}

static int once(struct caller *caller, const char *url, struct curl_slist *headers,
                const char *body)
{
    long status = 0;
    caller->size = 0;
    curl_easy_reset(caller->curl);
    curl_easy_setopt(caller->curl, CURLOPT_URL, url);
    curl_easy_setopt(caller->curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(caller->curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(caller->curl, CURLOPT_WRITEDATA, caller);
    curl_easy_setopt(caller->curl, CURLOPT_TIMEOUT, (long)TIMEOUT_S);
    curl_easy_setopt(caller->curl, CURLOPT_NOSIGNAL, 1L);
    if (body) {
        curl_easy_setopt(caller->curl, CURLOPT_POSTFIELDS, body);
        curl_easy_setopt(caller->curl, CURLOPT_POSTFIELDSIZE, (long)strlen(body));
    }
    if (curl_easy_perform(caller->curl) != CURLE_OK) return 0;
    curl_easy_getinfo(caller->curl, CURLINFO_RESPONSE_CODE, &status);
    return (int)status;
}

int caller_call(struct caller *caller, const struct actor *as, const char *path, const char *key,
                json_t *body, json_t **answer)
{
    char url[512], authorization[TOKEN_TEXT + 32], idempotency[160];
    char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
    struct curl_slist *headers = curl_slist_append(NULL, "Accept: application/json");
    snprintf(url, sizeof url, "%s%s", caller->play->url, path);
    if (as) {
        snprintf(authorization, sizeof authorization, "Authorization: Bearer %s", as->token);
        headers = curl_slist_append(headers, authorization);
    }
    if (text) headers = curl_slist_append(headers, "Content-Type: application/json");
    if (key) {
        snprintf(idempotency, sizeof idempotency, "Idempotency-Key: %s", key);
        headers = curl_slist_append(headers, idempotency);
    }
    int status = 0;
    for (int tries = 0; tries < TRIES; tries++) {
        status = once(caller, url, headers, text);
        if (status != 503 && status != 0) break;
        nanosleep(&(struct timespec){ .tv_nsec = RETRY_MS * 1000000L }, NULL);
    }
    curl_slist_free_all(headers);
    free(text);
    if (answer) *answer = caller->size ? json_loadb(caller->answer, caller->size, 0, NULL) : NULL;
    return status;
}

int caller_send(struct caller *caller, const struct actor *as, const char *path, const char *key,
                json_t *body, json_t **answer)
{
    int status = caller_call(caller, as, path, key, body, answer);
    json_decref(body);
    return status;
}

/* ---- many at once ---- */

struct pool {
    struct play *play;
    size_t count, next;
    void (*work)(void *of, struct caller *caller, size_t i);
    void *of;
    pthread_mutex_t lock;
};

static void *run(void *of)
{
    struct pool *pool = of;
    struct caller *caller = caller_new(pool->play);
    while (caller) {
        pthread_mutex_lock(&pool->lock);
        size_t i = pool->next++;
        pthread_mutex_unlock(&pool->lock);
        if (i >= pool->count) break;
        pool->work(pool->of, caller, i);
    }
    caller_free(caller);
    return NULL;
}

void play_all(struct play *play, size_t count,
              void (*work)(void *of, struct caller *caller, size_t i), void *of)
{
    struct pool pool = { .play = play, .count = count, .work = work, .of = of };
    pthread_t threads[THREADS];
    size_t started = 0, wanted = count < THREADS ? count : THREADS;
    pthread_mutex_init(&pool.lock, NULL);
    while (started < wanted && pthread_create(&threads[started], NULL, run, &pool) == 0) started++;
    if (started == 0) run(&pool);
    for (size_t i = 0; i < started; i++) pthread_join(threads[i], NULL);
    pthread_mutex_destroy(&pool.lock);
}

/* ---- the clock, and the story on screen ---- */

void play_turn(struct play *play, struct caller *caller, int64_t now_ms)
{
    char key[64];
    if (now_ms <= play->now_ms) return;
    play->now_ms = now_ms;
    snprintf(key, sizeof key, "clock-%lld", (long long)now_ms);
    int status = caller_send(caller, play->admin, "/clock", key,
                             json_pack("{s:I, s:b}", "now", (json_int_t)now_ms, "running", 0),
                             NULL);
    if (status != 200) fprintf(stderr, "demo: the clock could not be turned: %d\n", status);
}

void play_say(const struct play *play, const char *format, ...)
{
    struct civil at = civil_of(play->now_ms, ZONE_CHINA_S);
    va_list args;
    printf("%02d:%02d:%02d  ", at.hour, at.minute, at.second);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
    fflush(stdout);
}
