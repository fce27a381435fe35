/* login.c - passwords, failed log-ins and sessions. */
#include <assert.h>
#include <pthread.h>
#include <sodium.h>
#include <string.h>
#include "base/arena.h"
#include "base/clock.h"
#include "db/db.h"
#include "people/person.h"

/* ---- Passwords ---- */

static_assert(PASSWORD_TEXT == crypto_pwhash_STRBYTES, "room for libsodium's text");

enum status password_hash(const char *password, char hash[PASSWORD_TEXT])
{
    if (sodium_init() < 0) return BROKEN;
    int made = crypto_pwhash_str_alg(hash, password, strlen(password),
                                     crypto_pwhash_OPSLIMIT_INTERACTIVE,
                                     crypto_pwhash_MEMLIMIT_INTERACTIVE,
                                     crypto_pwhash_ALG_ARGON2ID13);
    return made == 0 ? OK : BROKEN;
}

static char nobodys_hash[PASSWORD_TEXT];
static pthread_once_t nobody_once = PTHREAD_ONCE_INIT;

static void make_nobody(void)
{
    char token[TOKEN_TEXT];
    session_token(token);
    if (password_hash(token, nobodys_hash) != OK) nobodys_hash[0] = '\0';
}

bool password_right(const char *hash, const char *password)
{
    char stored[PASSWORD_TEXT] = { 0 };
    if (sodium_init() < 0) return false;
    if (hash == NULL) pthread_once(&nobody_once, make_nobody);
    const char *against = hash ? hash : nobodys_hash;
    if (strlen(against) >= sizeof stored) return false;
    memcpy(stored, against, strlen(against));
    return crypto_pwhash_str_verify(stored, password, strlen(password)) == 0 && hash != NULL;
}

static const struct sql find_person = SQL(
    "SELECT 1 FROM people_party WHERE party_id = $1 AND kind = 1");
static const struct sql set_password = SQL(
    "INSERT INTO people_password (person_id, hash) VALUES ($1, $2)"
    " ON CONFLICT (person_id) DO UPDATE SET hash = $2");
static const struct sql get_password = SQL(
    "SELECT hash FROM people_password WHERE person_id = $1");

static enum status check_person(struct tx *tx, int64_t person_id, struct err *err)
{
    struct rows *rows;
    enum status found = db_first(tx, &find_person, ARGS(i64(person_id)), &rows);
    if (found != NOT_FOUND) return found;
    return err_set(err, INVALID, "person", "There is no such person.");
}

enum status password_set(struct tx *tx, int64_t person_id, const char *hash, struct err *err)
{
    TRY(check_person(tx, person_id, err));
    TRY(db_run(tx, &set_password, ARGS(i64(person_id), str(hash))));
    return session_close_all(tx, person_id, err);
}

enum status password_get(struct tx *tx, int64_t person_id, const char **hash)
{
    struct rows *rows;
    TRY(db_first(tx, &get_password, ARGS(i64(person_id)), &rows));
    *hash = row_str(rows, 0);
    return OK;
}

/* ---- Failures ---- */

enum { FREE_TRIES = 3, DOUBLINGS_MAX = 10, WAIT_MAX = 15 * MINUTE_MS };

static const struct sql find_failures = SQL(
    "SELECT failures, last_ms FROM people_failure WHERE subject = $1");
static const struct sql note_failure = SQL(
    "INSERT INTO people_failure (subject, failures, last_ms) VALUES ($1, 1, $2)"
    " ON CONFLICT (subject) DO UPDATE SET last_ms = $2, failures ="
    " CASE WHEN people_failure.last_ms < $3 THEN 1 ELSE people_failure.failures + 1 END");
static const struct sql clear_failures = SQL("DELETE FROM people_failure WHERE subject = $1");

enum status login_wait_ms(struct tx *tx, const char *subject, int64_t now_ms, int64_t *wait_ms)
{
    struct rows *rows;
    *wait_ms = 0;
    enum status found = db_first(tx, &find_failures, ARGS(str(subject)), &rows);
    if (found != OK) return found == NOT_FOUND ? OK : found;
    int64_t failures = row_i64(rows, 0), passed = now_ms - row_i64(rows, 1);
    if (failures < FREE_TRIES || passed >= DAY_MS) return OK;
    if (passed < 0) passed = 0;   // the clock was turned back
    int64_t doublings = failures - FREE_TRIES;
    int64_t wait = doublings < DOUBLINGS_MAX ? (int64_t)SECOND_MS << doublings : WAIT_MAX;
    if (wait > WAIT_MAX) wait = WAIT_MAX;
    *wait_ms = wait > passed ? wait - passed : 0;
    return OK;
}

enum status login_note(struct tx *tx, const char *subject, int64_t now_ms, bool right)
{
    if (right) return db_run(tx, &clear_failures, ARGS(str(subject)));
    return db_run(tx, &note_failure, ARGS(str(subject), i64(now_ms), i64(now_ms - DAY_MS)));
}

/* ---- Sessions ---- */

enum { TOKEN_BYTES = 32, TOKEN_HASH = 32 };
#define LIFE_MS (30 * DAY_MS)
#define STAFF_LIFE_MS (INT64_C(12) * HOUR_MS)
#define STAFF_IDLE_MS (INT64_C(8) * HOUR_MS)

void session_token(char token[TOKEN_TEXT])
{
    unsigned char bytes[TOKEN_BYTES];
    if (sodium_init() < 0) sodium_misuse();   // without chance there are no secrets
    randombytes_buf(bytes, sizeof bytes);
    sodium_bin2base64(token, TOKEN_TEXT, bytes, sizeof bytes,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

static void hash_token(const char *token, unsigned char hash[TOKEN_HASH])
{
    crypto_generichash(hash, TOKEN_HASH, (const unsigned char *)token, strlen(token), NULL, 0);
}

static const struct sql add_session = SQL(
    "INSERT INTO people_session (session_id, person_id, token_hash, opened_ms, seen_ms)"
    " VALUES ($1, $2, $3, $4, $4)");

enum status session_open(struct tx *tx, int64_t person_id, const char *token, int64_t now_ms,
                         int64_t *session_id, struct err *err)
{
    unsigned char hash[TOKEN_HASH];
    TRY(check_person(tx, person_id, err));
    hash_token(token, hash);
    *session_id = tx_id(tx);
    return db_run(tx, &add_session, ARGS(i64(*session_id), i64(person_id),
                                         blob(hash, sizeof hash), i64(now_ms)));
}

static const struct sql close_session = SQL("DELETE FROM people_session WHERE session_id = $1");
static const struct sql close_sessions = SQL("DELETE FROM people_session WHERE person_id = $1");

enum status session_close(struct tx *tx, int64_t session_id, struct err *err)
{
    (void)err;
    return db_run(tx, &close_session, ARGS(i64(session_id)));
}

enum status session_close_all(struct tx *tx, int64_t person_id, struct err *err)
{
    (void)err;
    return db_run(tx, &close_sessions, ARGS(i64(person_id)));
}

static bool alive(const struct session *session, int64_t now_ms)
{
    bool staff = (session->roles & ~(UINT64_C(1) << ROLE_villager)) != 0;
    if (now_ms - session->opened_ms >= (staff ? STAFF_LIFE_MS : LIFE_MS)) return false;
    return !staff || now_ms - session->seen_ms < STAFF_IDLE_MS;
}

static const struct sql find_session = SQL(
    "SELECT s.session_id, s.person_id, COALESCE((SELECT r.place_id FROM people_role r"
    "  WHERE r.person_id = s.person_id AND r.place_id <> 0 ORDER BY r.role_id LIMIT 1), 0),"
    " s.opened_ms, s.seen_ms FROM people_session s WHERE s.token_hash = $1");

enum status session_find(struct tx *tx, const char *token, int64_t now_ms, struct session *out)
{
    unsigned char hash[TOKEN_HASH];
    struct rows *rows;
    hash_token(token, hash);
    TRY(db_first(tx, &find_session, ARGS(blob(hash, sizeof hash)), &rows));
    struct session session = {
        .id = row_i64(rows, 0), .person_id = row_i64(rows, 1), .place_id = row_i64(rows, 2),
        .opened_ms = row_i64(rows, 3), .seen_ms = row_i64(rows, 4),
    };
    TRY(role_all(tx, session.person_id, &session.roles));
    if (!alive(&session, now_ms)) return NOT_FOUND;
    *out = session;
    return OK;
}

static const struct sql note_seen = SQL(
    "UPDATE people_session SET seen_ms = $2 WHERE session_id = $1 AND seen_ms < $2");

enum status session_seen(struct tx *tx, int64_t session_id, int64_t now_ms)
{
    return db_run(tx, &note_seen, ARGS(i64(session_id), i64(now_ms)));
}

static const struct sql list_sessions = SQL(
    "SELECT session_id, opened_ms, seen_ms FROM people_session WHERE person_id = $1"
    " ORDER BY opened_ms DESC, session_id DESC");

enum status session_list(struct tx *tx, int64_t person_id, int64_t now_ms, struct session **out,
                         size_t *count)
{
    struct rows *rows;
    struct session *sessions = NULL;
    uint64_t roles;
    size_t n = 0;
    TRY(role_all(tx, person_id, &roles));
    enum status found = db_first(tx, &list_sessions, ARGS(i64(person_id)), &rows);
    for (; found == OK; found = db_next(rows)) {
        struct session session = { .id = row_i64(rows, 0), .person_id = person_id,
                                   .opened_ms = row_i64(rows, 1), .seen_ms = row_i64(rows, 2),
                                   .roles = roles };
        if (!alive(&session, now_ms)) continue;
        sessions = arena_more(tx_arena(tx), sessions, n, sizeof *sessions);
        if (sessions == NULL) return BROKEN;
        sessions[n++] = session;
    }
    *out = sessions;
    *count = n;
    return found == NOT_FOUND ? OK : found;
}

static const struct sql sweep_sessions = SQL("DELETE FROM people_session WHERE opened_ms <= $1");
static const struct sql sweep_failures = SQL("DELETE FROM people_failure WHERE last_ms <= $1");

enum status session_sweep(struct tx *tx, int64_t now_ms)
{
    TRY(db_run(tx, &sweep_sessions, ARGS(i64(now_ms - LIFE_MS))));
    return db_run(tx, &sweep_failures, ARGS(i64(now_ms - DAY_MS)));
}
