/* session.c - who is behind a token: remembered for a minute, so that a request of somebody who is
 * at work costs no query. Tokens are kept as digests only. A session that is forgotten while it is
 * being looked up is not remembered: the count of forgettings tells. */
#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/clock.h"
#include "db/db.h"
#include "web/county.h"
#include "web/house.h"

enum { SLOTS = 4096, REMEMBERED_MS = 60 * SECOND_MS, DIGEST = 16 };

struct slot {
    unsigned char digest[DIGEST];
    struct who who;
    int64_t until_ms;    // by the steady clock; 0: empty
};

struct sessions {
    pthread_mutex_t lock;
    int64_t forgettings;
    struct slot slots[SLOTS];
};

struct sessions *sessions_new(void)
{
    struct sessions *sessions = calloc(1, sizeof *sessions);
    if (sessions) pthread_mutex_init(&sessions->lock, NULL);
    return sessions;
}

void sessions_free(struct sessions *sessions)
{
    if (sessions == NULL) return;
    pthread_mutex_destroy(&sessions->lock);
    free(sessions);
}

static struct slot *slot_of(struct sessions *sessions, const unsigned char *digest)
{
    uint32_t at;
    memcpy(&at, digest, sizeof at);
    return &sessions->slots[at % SLOTS];
}

static enum status look_up(struct server *server, struct arena *arena, const char *token,
                           int64_t now_ms, struct who *out)
{
    struct tx *tx;
    TRY(db_read_begin(server->county->db, arena, &tx));
    enum status found = server->hooks.who(tx, token, now_ms, out);
    db_read_end(tx);
    return found;
}

enum status session_who(struct server *server, struct arena *arena, const char *token,
                        int64_t now_ms, struct who *out)
{
    struct sessions *sessions = server->sessions;
    unsigned char digest[DIGEST];
    crypto_generichash(digest, sizeof digest, (const unsigned char *)token, strlen(token), NULL,
                       0);
    struct slot *slot = slot_of(sessions, digest);

    pthread_mutex_lock(&sessions->lock);
    int64_t forgettings = sessions->forgettings;
    bool known = slot->until_ms > mono_ms() && memcmp(slot->digest, digest, DIGEST) == 0;
    if (known) *out = slot->who;
    pthread_mutex_unlock(&sessions->lock);
    if (known) return OK;

    TRY(look_up(server, arena, token, now_ms, out));
    pthread_mutex_lock(&sessions->lock);
    if (forgettings == sessions->forgettings) {
        memcpy(slot->digest, digest, DIGEST);
        slot->who = *out;
        slot->until_ms = mono_ms() + REMEMBERED_MS;
    }
    pthread_mutex_unlock(&sessions->lock);
    return OK;
}

void sessions_forget(struct sessions *sessions, int64_t session_id)
{
    pthread_mutex_lock(&sessions->lock);
    sessions->forgettings++;
    for (struct slot *slot = sessions->slots; slot < sessions->slots + SLOTS; slot++)
        if (session_id == 0 || slot->who.session_id == session_id) slot->until_ms = 0;
    pthread_mutex_unlock(&sessions->lock);
}
