/* person.h - parties: persons and organisations, their duties, log-ins and sessions.
 *
 * A role (角色) is given to a person at a place: a keeper at a point, a driver at the hub. What a
 * role may do is said by permissions (web/room.h). A role name is one of role_names. Passwords are
 * argon2id (libsodium); a session token is 256 random bits of which only a BLAKE2b hash is stored.
 *
 * Staff is whoever has a role other than villager. Who may do nothing has no bit: rights are only
 * ever given. */
#ifndef CUNHUO_PEOPLE_PERSON_H
#define CUNHUO_PEOPLE_PERSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/status.h"

struct tx;

/* ROLE(name in data, msgid) in the order of their bits. */
#define ROLES(ROLE)                                                                     \
    ROLE(villager, "Villager") ROLE(keeper, "Point keeper") ROLE(station, "Station staff") \
    ROLE(driver, "Driver") ROLE(picker, "Picker") ROLE(dispatcher, "Dispatcher")        \
    ROLE(producer, "Producer") ROLE(courier, "Courier") ROLE(seller, "Seller")          \
    ROLE(desk, "Service desk") ROLE(clerk, "Clerk") ROLE(head, "Head")                  \
    ROLE(auditor, "Auditor") ROLE(admin, "Administrator")

enum role {
#define ROLE(name, text) ROLE_##name,
    ROLES(ROLE)
#undef ROLE
    ROLE_COUNT
};
const char *role_name(enum role role);   // "keeper"
const char *role_text(enum role role);   // msgid
/* The set of bits of a list such as "driver keeper"; an unknown name is an assert. */
uint64_t role_set(const char *names);

enum party_kind { PARTY_PERSON = 1, PARTY_ORGANISATION };
struct party {
    int64_t id;
    enum party_kind kind;
    const char *name;
    const char *phone;        // digits, or NULL; of persons unique, for log-in
    const char *code;         // a firm's unified social credit code, a courier's short name
    int64_t place_id;         // home village, or the place of the firm; 0: not said
};

/* Adds a party, fills id in and cleans name and phone. INVALID: no name, a phone that is none.
 * CONFLICT: another person has this phone, another organisation this code. */
MUST_USE enum status party_add(struct tx *tx, struct party *party, struct err *err);
MUST_USE enum status party_get(struct tx *tx, int64_t id, struct party *out, struct err *err);
/* A person by phone (+86, spaces and full-width digits folded), an organisation by code. */
MUST_USE enum status party_by_phone(struct tx *tx, const char *phone, struct party *out,
                                    struct err *err);
MUST_USE enum status party_by_code(struct tx *tx, const char *code, struct party *out,
                                   struct err *err);

/* Gives a role at a place (0: the whole county); given twice is given once. INVALID: no such person
 * or place. Taking one away that was not given is fine. */
MUST_USE enum status role_give(struct tx *tx, int64_t person_id, enum role role, int64_t place_id,
                               struct err *err);
MUST_USE enum status role_take(struct tx *tx, int64_t person_id, enum role role, int64_t place_id,
                               struct err *err);

/* All roles of a person anywhere; and whether one of `roles` is his at this place or for the whole
 * county. */
MUST_USE enum status role_all(struct tx *tx, int64_t person_id, uint64_t *roles);
MUST_USE enum status role_at(struct tx *tx, int64_t person_id, uint64_t roles, int64_t place_id,
                             bool *has);

/* argon2id takes about 0.1 s and 64 MiB: hash and verify on a thread that may take its time, never
 * in an act. `hash` holds PASSWORD_TEXT bytes. BROKEN: no memory. A NULL hash is never right and
 * takes as long, so that nobody learns who has an account. */
enum { PASSWORD_TEXT = 128 };
MUST_USE enum status password_hash(const char *password, char hash[PASSWORD_TEXT]);
bool password_right(const char *hash, const char *password);
/* Sets the stored hash and ends all sessions of that person. INVALID: no such person. */
MUST_USE enum status password_set(struct tx *tx, int64_t person_id, const char *hash,
                                  struct err *err);
/* The stored hash of a person; NOT_FOUND: none, so no log-in by password. */
MUST_USE enum status password_get(struct tx *tx, int64_t person_id, const char **hash);

/* Failed log-ins of a subject ("phone:138…", "ip:10.0.0.7"): three are free, then each doubles the
 * wait from one second to a quarter of an hour; a right one or a day of peace clears the slate.
 * How long (ms) it must wait before the next try; 0: not. */
MUST_USE enum status login_wait_ms(struct tx *tx, const char *subject, int64_t now_ms,
                                   int64_t *wait_ms);
MUST_USE enum status login_note(struct tx *tx, const char *subject, int64_t now_ms, bool right);

/* A new session. `token` is made by session_token (HTTP thread: random), its hash is stored. Ends
 * after 30 days, for staff after 12 hours, or 8 hours unused. INVALID: no such person. */
enum { TOKEN_TEXT = 48 };
void session_token(char token[TOKEN_TEXT]);
MUST_USE enum status session_open(struct tx *tx, int64_t person_id, const char *token,
                                  int64_t now_ms, int64_t *session_id, struct err *err);
MUST_USE enum status session_close(struct tx *tx, int64_t session_id, struct err *err);
MUST_USE enum status session_close_all(struct tx *tx, int64_t person_id, struct err *err);
struct session { int64_t id, person_id, place_id, opened_ms, seen_ms; uint64_t roles; };
/* Whose a token is; place_id: of the first role given with a place. NOT_FOUND. For readers: if
 * seen_ms is SESSION_SEEN_MS ago or more, somebody has the writer note that it is in use. */
enum { SESSION_SEEN_MS = 600000 };
MUST_USE enum status session_find(struct tx *tx, const char *token, int64_t now_ms,
                                  struct session *out);
MUST_USE enum status session_seen(struct tx *tx, int64_t session_id, int64_t now_ms);
/* The living sessions of a person, newest first, so that he can end one. */
MUST_USE enum status session_list(struct tx *tx, int64_t person_id, int64_t now_ms,
                                  struct session **out, size_t *count);
/* Removes what has ended, and log-in failures of old. For a nightly job. */
MUST_USE enum status session_sweep(struct tx *tx, int64_t now_ms);
#endif
