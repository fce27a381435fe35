/* party.c - persons and organisations, and their roles; tables people_party and people_role. */
#include <assert.h>
#include <ctype.h>
#include <string.h>
#include "base/arena.h"
#include "base/text.h"
#include "db/db.h"
#include "people/person.h"

/* ---- Parties ---- */

enum { PHONE_MIN = 5, PHONE_MAX = 15 };

/* Digits only, without China's prefix. NULL text: INVALID, or BROKEN when there is no memory. */
static enum status phone_digits(struct arena *arena, const char *phone, char **out)
{
    char *clean = text_clean(arena, phone);
    if (clean == NULL) return BROKEN;
    char *end = clean;
    bool plus = *clean == '+';
    for (const char *at = clean + plus; *at; at++) {
        if (isdigit((unsigned char)*at)) *end++ = *at;
        else if (strchr(" -()", *at) == NULL) return INVALID;
    }
    *end = '\0';
    if (strncmp(clean, "0086", 4) == 0) clean += 4;
    else if (strncmp(clean, "86", 2) == 0 && (plus || strlen(clean) == 13)) clean += 2;
    size_t digits = strlen(clean);
    if (digits < PHONE_MIN || digits > PHONE_MAX) return INVALID;
    *out = clean;
    return OK;
}

static const struct sql add_party = SQL(
    "INSERT INTO people_party (party_id, kind, name, phone, code, place_id)"
    " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING party_id");
static const struct sql find_place = SQL("SELECT 1 FROM people_place WHERE place_id = $1");

static enum status check_place(struct tx *tx, int64_t place_id, struct err *err)
{
    if (place_id == 0) return OK;
    struct rows *rows;
    enum status found = db_first(tx, &find_place, ARGS(i64(place_id)), &rows);
    if (found != NOT_FOUND) return found;
    return err_set(err, INVALID, "place", "There is no such place.");
}

enum status party_add(struct tx *tx, struct party *party, struct err *err)
{
    assert(party->kind == PARTY_PERSON || party->kind == PARTY_ORGANISATION);
    party->name = text_clean(tx_arena(tx), party->name ? party->name : "");
    if (party->name == NULL) return BROKEN;
    if (*party->name == '\0') return err_set(err, INVALID, "name", "A party needs a name.");
    if (party->phone) {
        char *digits;
        enum status read = phone_digits(tx_arena(tx), party->phone, &digits);
        if (read == INVALID)
            return err_about(err, INVALID, "phone", "This is no telephone number.", "%s",
                             party->phone);
        if (read != OK) return read;
        party->phone = digits;
    }
    if (party->code && *party->code == '\0') party->code = NULL;
    TRY(check_place(tx, party->place_id, err));
    struct rows *rows;
    party->id = tx_id(tx);
    enum status added = db_first(
        tx, &add_party,
        ARGS(i64(party->id), i64(party->kind), str(party->name), str(party->phone),
             str(party->code), party->place_id ? i64(party->place_id) : null()), &rows);
    if (added != NOT_FOUND) return added;
    party->id = 0;
    if (party->kind == PARTY_PERSON)
        return err_set(err, CONFLICT, "phone", "Another person has this telephone number.");
    return err_set(err, CONFLICT, "code", "Another organisation has this code.");
}

#define PARTY_COLUMNS \
    "party_id, kind, name, phone, code, COALESCE(place_id, 0) FROM people_party"

static enum status one(enum status found, const struct rows *rows, struct party *out,
                       struct err *err)
{
    if (found == NOT_FOUND) return err_set(err, NOT_FOUND, "party", "Nobody is known by this.");
    if (found != OK) return found;
    *out = (struct party){
        .id = row_i64(rows, 0), .kind = (enum party_kind)row_i64(rows, 1),
        .name = row_str(rows, 2), .phone = row_str(rows, 3), .code = row_str(rows, 4),
        .place_id = row_i64(rows, 5),
    };
    return OK;
}

static const struct sql by_id = SQL("SELECT " PARTY_COLUMNS " WHERE party_id = $1");
static const struct sql by_phone = SQL("SELECT " PARTY_COLUMNS " WHERE phone = $1 AND kind = 1");
static const struct sql by_code = SQL("SELECT " PARTY_COLUMNS " WHERE code = $1 AND kind = 2");

enum status party_get(struct tx *tx, int64_t id, struct party *out, struct err *err)
{
    struct rows *rows;
    enum status found = db_first(tx, &by_id, ARGS(i64(id)), &rows);
    return one(found, rows, out, err);
}

enum status party_by_phone(struct tx *tx, const char *phone, struct party *out, struct err *err)
{
    char *digits;
    struct rows *rows = NULL;
    enum status found = phone_digits(tx_arena(tx), phone, &digits);
    if (found == INVALID) found = NOT_FOUND;
    if (found == OK) found = db_first(tx, &by_phone, ARGS(str(digits)), &rows);
    return one(found, rows, out, err);
}

enum status party_by_code(struct tx *tx, const char *code, struct party *out, struct err *err)
{
    struct rows *rows;
    enum status found = db_first(tx, &by_code, ARGS(str(code)), &rows);
    return one(found, rows, out, err);
}

/* ---- Roles ---- */

static const struct { const char *name, *text; } roles_of[ROLE_COUNT] = {
#define ROLE(name, text) [ROLE_##name] = { #name, text },
    ROLES(ROLE)
#undef ROLE
};

const char *role_name(enum role role) { return roles_of[role].name; }
const char *role_text(enum role role) { return roles_of[role].text; }

/* ROLE_COUNT: there is no such role. */
static size_t role_index(const char *name, size_t size)
{
    size_t i = 0;
    while (i < ROLE_COUNT && (strlen(roles_of[i].name) != size
                              || memcmp(roles_of[i].name, name, size) != 0)) i++;
    return i;
}

uint64_t role_set(const char *names)
{
    uint64_t set = 0;
    while (*(names += strspn(names, " ,"))) {
        size_t size = strcspn(names, " ,"), role = role_index(names, size);
        assert(role < ROLE_COUNT);
        set |= UINT64_C(1) << role;
        names += size;
    }
    return set;
}

static const struct sql find_person = SQL(
    "SELECT 1 FROM people_party WHERE party_id = $1 AND kind = 1");
static const struct sql give_role = SQL(
    "INSERT INTO people_role (role_id, person_id, role, place_id) VALUES ($1, $2, $3, $4)"
    " ON CONFLICT DO NOTHING");

enum status role_give(struct tx *tx, int64_t person_id, enum role role, int64_t place_id,
                      struct err *err)
{
    struct rows *rows;
    enum status found = db_first(tx, &find_person, ARGS(i64(person_id)), &rows);
    if (found == NOT_FOUND) return err_set(err, INVALID, "person", "There is no such person.");
    if (found != OK) return found;
    TRY(check_place(tx, place_id, err));
    return db_run(tx, &give_role, ARGS(i64(tx_id(tx)), i64(person_id), str(role_name(role)),
                                       i64(place_id)));
}

static const struct sql take_role = SQL(
    "DELETE FROM people_role WHERE person_id = $1 AND role = $2 AND place_id = $3");

enum status role_take(struct tx *tx, int64_t person_id, enum role role, int64_t place_id,
                      struct err *err)
{
    (void)err;
    return db_run(tx, &take_role, ARGS(i64(person_id), str(role_name(role)), i64(place_id)));
}

static const struct sql all_roles = SQL("SELECT role FROM people_role WHERE person_id = $1");
static const struct sql roles_here = SQL(
    "SELECT role FROM people_role WHERE person_id = $1 AND (place_id = $2 OR place_id = 0)");

/* A role of a newer program's gives nothing here. */
static enum status gather(enum status found, struct rows *rows, uint64_t *roles)
{
    *roles = 0;
    for (; found == OK; found = db_next(rows)) {
        size_t role = role_index(row_str(rows, 0), strlen(row_str(rows, 0)));
        if (role < ROLE_COUNT) *roles |= UINT64_C(1) << role;
    }
    return found == NOT_FOUND ? OK : found;
}

enum status role_all(struct tx *tx, int64_t person_id, uint64_t *roles)
{
    struct rows *rows;
    enum status found = db_first(tx, &all_roles, ARGS(i64(person_id)), &rows);
    return gather(found, rows, roles);
}

enum status role_at(struct tx *tx, int64_t person_id, uint64_t roles, int64_t place_id, bool *has)
{
    struct rows *rows;
    uint64_t here;
    enum status found = db_first(tx, &roles_here, ARGS(i64(person_id), i64(place_id)), &rows);
    TRY(gather(found, rows, &here));
    *has = (here & roles) != 0;
    return OK;
}
