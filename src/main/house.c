/* house.c - log-in and out, and the front page. */
#include "main/house.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/arena.h"
#include "base/clock.h"
#include "case/case.h"
#include "db/db.h"
#include "db/writer.h"
#include "ledger/ledger.h"
#include "rooms.h"
#include "people/person.h"
#include "people/place.h"
#include "road/road.h"
#include "web/county.h"
#include "web/form.h"

/* ---- who and may ---- */

/* An entry that nobody waits for stands in its own arena. */
static void done_alone(struct entry *entry)
{
    arena_free(entry->arena);
}

/* A session in use is noted every few minutes, by an act of its own: whoever asks only reads. */
struct seen_entry { struct entry entry; int64_t session_id, now_ms; };

static enum status act_seen(struct tx *tx, struct entry *entry, struct err *err)
{
    const struct seen_entry *seen = (const struct seen_entry *)entry;
    (void)err;
    return session_seen(tx, seen->session_id, seen->now_ms);
}

static void note_seen(struct county *county, int64_t session_id, int64_t now_ms)
{
    struct arena *arena = arena_open(1 << 16);
    struct seen_entry *seen = arena ? arena_new(arena, sizeof *seen) : NULL;
    if (seen) {
        *seen = (struct seen_entry){ .session_id = session_id, .now_ms = now_ms };
        seen->entry = (struct entry){ .lane = LANE_IMPORT, .arena = arena, .act = act_seen,
                                      .done = done_alone };
        if (writer_put(county->writer, &seen->entry) == OK) return;
    }
    arena_free(arena);   // too busy: the next request notes it
}

static enum status who(struct tx *tx, const char *token, int64_t now_ms, struct who *out)
{
    struct session session;
    TRY(session_find(tx, token, now_ms, &session));
    if (now_ms - session.seen_ms >= SESSION_SEEN_MS)
        note_seen(tx_county(tx), session.id, now_ms);
    *out = (struct who){ .user_id = session.person_id, .place_id = session.place_id,
                         .roles = session.roles, .session_id = session.id };
    return OK;
}

static bool may(const struct who *asking, const struct permission *permission)
{
    return (asking->roles & role_set(permission->roles)) != 0;
}

const struct web_hooks house_hooks = { .who = who, .may = may };

/* ---- log-in ---- */

struct login { const char *phone; char token[TOKEN_TEXT]; int64_t person_id, at_ms; };
struct logged { struct party party; const char *token; };

/* A failed try is noted by an act of its own, since a refused request leaves no trace. */
struct failed_entry { struct entry entry; char phone[40]; int64_t at_ms; };

static enum status act_failed(struct tx *tx, struct entry *entry, struct err *err)
{
    const struct failed_entry *failed = (const struct failed_entry *)entry;
    (void)err;
    return login_note(tx, failed->phone, failed->at_ms, false);
}

static void note_failure(struct request *rq, const char *phone)
{
    struct arena *arena = arena_open(1 << 16);
    struct failed_entry *failed = arena ? arena_new(arena, sizeof *failed) : NULL;
    if (failed) {
        failed->entry = (struct entry){ .lane = LANE_FIRST, .arena = arena, .act = act_failed,
                                        .done = done_alone };
        snprintf(failed->phone, sizeof failed->phone, "%s", phone);
        failed->at_ms = rq->arrived_ms;
        if (writer_put(rq->county->writer, &failed->entry) == OK) return;
    }
    arena_free(arena);   // too busy to count: the next failure will
}

/* Reads the person and the stored hash; what is wrong is told the same way in every case. */
static enum status find_login(struct request *rq, struct login *login, const char **hash,
                              struct err *err)
{
    struct party party;
    struct tx *tx;
    int64_t wait_ms = 0;
    TRY(db_read_begin(rq->county->db, rq->arena, &tx));
    enum status found = login_wait_ms(tx, login->phone, rq->arrived_ms, &wait_ms);
    if (found == OK) found = party_by_phone(tx, login->phone, &party, err);
    if (found == OK) found = password_get(tx, party.id, hash);
    db_read_end(tx);
    if (wait_ms > 0)
        return err_about(err, DENIED, "password", "Too many tries. Please wait.", "%lld s",
                         (long long)((wait_ms + 999) / 1000));
    login->person_id = found == OK ? party.id : 0;
    return found == NOT_FOUND ? OK : found;
}

static enum status prepare_login(struct request *rq, void *in, struct err *err)
{
    struct login *login = in;
    const char *password, *hash = NULL;
    TRY(form_str(rq, "phone", 30, &login->phone, err));
    TRY(form_str(rq, "password", 200, &password, err));
    login->at_ms = rq->arrived_ms;
    TRY(find_login(rq, login, &hash, err));
    if (hash == NULL || !password_right(hash, password)) {
        note_failure(rq, login->phone);
        return err_set(err, DENIED, "password", "Phone or password is wrong.");
    }
    session_token(login->token);
    return OK;
}

static enum status act_login(struct tx *tx, const void *in, void *out, struct err *err)
{
    const struct login *login = in;
    struct logged *logged = out;
    int64_t session_id;
    TRY(login_note(tx, login->phone, login->at_ms, true));
    TRY(session_open(tx, login->person_id, login->token, login->at_ms, &session_id, err));
    logged->token = login->token;
    return party_get(tx, login->person_id, &logged->party, err);
}

static json_t *show_login(struct request *rq, const void *out)
{
    const struct logged *logged = out;
    (void)rq;
    return json_pack("{s:s, s:s, s:I, s:s}", "set_session", logged->token, "token", logged->token,
                     "person_id", (json_int_t)logged->party.id, "name", logged->party.name);
}

static enum status prepare_logout(struct request *rq, void *in, struct err *err)
{
    int64_t *session_id = in;
    (void)err;
    *session_id = rq->who.session_id;
    return OK;
}

static enum status act_logout(struct tx *tx, const void *in, void *out, struct err *err)
{
    const int64_t *session_id = in;
    (void)out;
    TRY(session_close(tx, *session_id, err));
    return serve_forget_after(tx, *session_id);
}

static json_t *show_logout(struct request *rq, const void *out)
{
    (void)rq;
    (void)out;
    return json_pack("{s:s}", "set_session", "");
}

/* ---- front page: where to go, by what one may do ---- */

struct front { struct party party; };

static enum status prepare_me(struct request *rq, void *in, struct err *err)
{
    int64_t *user_id = in;
    (void)err;
    *user_id = rq->user_id;
    return OK;
}

static enum status act_me(struct tx *tx, const void *in, void *out, struct err *err)
{
    const int64_t *user_id = in;
    struct front *front = out;
    return *user_id ? party_get(tx, *user_id, &front->party, err) : OK;
}

/* What is shown to whom; what anybody really may do is said by the permissions of each route. */
static const struct { const char *name, *roles; } ways[] = {
    { "drives", "driver" }, { "plans", "dispatcher admin clerk head auditor" },
    { "steers", "dispatcher admin" }, { "picks", "picker dispatcher admin" },
    { "keeps", "keeper station" }, { "sends", "courier dispatcher picker station admin" },
    { "offers", "producer keeper" },
};

static json_t *show_me(struct request *rq, const void *out)
{
    const struct front *front = out;
    json_t *roles = json_array();
    for (int r = 0; roles && r < ROLE_COUNT; r++)
        if (rq->who.roles >> r & 1)
            json_array_append_new(roles, json_string(role_name((enum role)r)));
    int64_t today = day_of(rq->arrived_ms, rq->county->zone_s);
    json_t *view = json_pack(
        "{s:s, s:b, s:s, s:I, s:I, s:o, s:I, s:I, s:I}", "county", rq->county->name, "logged_in",
        (int)(rq->user_id != 0), "name", front->party.name ? front->party.name : "", "person_id",
        (json_int_t)rq->user_id, "place_id", (json_int_t)rq->who.place_id, "roles", roles, "today",
        (json_int_t)today, "tomorrow", (json_int_t)today + 1, "today_ms",
        (json_int_t)rq->arrived_ms);
    for (size_t i = 0; view && i < COUNT(ways); i++)
        json_object_set_new(view, ways[i].name,
                            json_boolean(rq->who.roles & role_set(ways[i].roles)));
    return view;
}

static json_t *show_login_page(struct request *rq, const void *out)
{
    (void)out;
    return json_pack("{s:s}", "county", rq->county->name);
}

static const struct route routes[] = {
    { .method = GET, .path = "/", .permission = &anyone, .page = "main/front",
      .text = "The front page", .in_size = sizeof(int64_t), .out_size = sizeof(struct front),
      .prepare = prepare_me, .act = act_me, .show = show_me },
    { .method = GET, .path = "/me", .permission = &logged_in, .text = "Who is logged in",
      .in_size = sizeof(int64_t), .out_size = sizeof(struct front), .prepare = prepare_me,
      .act = act_me, .show = show_me },
    { .method = GET, .path = "/login", .permission = &anyone, .page = "main/login",
      .text = "The log-in page", .in_size = 1, .out_size = 1, .show = show_login_page },
    { .method = POST, .path = "/login", .permission = &anyone, .next = "/", .lane = LANE_FIRST,
      .slow = true,
      .text = "Log in by phone and password", .in_size = sizeof(struct login),
      .out_size = sizeof(struct logged), .prepare = prepare_login, .act = act_login,
      .show = show_login },
    { .method = POST, .path = "/logout", .permission = &logged_in, .next = "/",
      .text = "Log out", .lane = LANE_FIRST, .in_size = sizeof(int64_t), .out_size = 1,
      .prepare = prepare_logout, .act = act_logout, .show = show_logout },
    { 0 }
};

static const struct room people_room = { .name = "people", .tables = people_tables };
static const struct room ledger_room = { .name = "ledger", .tables = ledger_tables };
static const struct room case_room = { .name = "case", .tables = case_tables };
static const struct room main_room = { .name = "main", .routes = routes };

const struct room *const house_rooms[] = {
    &people_room, &ledger_room, &case_room, ROOMS &main_room, NULL
};

/* ---- roads ---- */

enum status house_roads_open(struct county *county, struct err *err)
{
    char path[4096];
    struct stat there;
    struct road *road;
    int length = snprintf(path, sizeof path, "%s/county.road", county->folder);
    if (length < 0 || (size_t)length >= sizeof path)
        return err_set(err, INVALID, "folder", "The folder's name is too long.");
    if (stat(path, &there) != 0) return OK;
    TRY(road_open(path, &road, err));
    county->roads = road;
    return OK;
}

void house_roads_close(struct county *county)
{
    if (county && county->roads) road_close((struct road *)(uintptr_t)county->roads);
    if (county) county->roads = NULL;
}

void house_program(char out[PROGRAM_TEXT])
{
    ssize_t length = readlink("/proc/self/exe", out, PROGRAM_TEXT - 1);
    out[length < 0 ? 0 : length] = '\0';
}

int house_fail(const char *verb, enum status status, const struct err *err, int code)
{
    const char *text = err->text && *err->text ? err->text
                     : status == BROKEN ? "Disk or memory failed." : status_name(status);
    fprintf(stderr, "cunhuo %s: %s%s%s%s%s\n", verb, err->field ? err->field : "",
            err->field ? ": " : "", text, *err->detail ? " " : "", err->detail);
    return code;
}
