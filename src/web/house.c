/* house.c - what becomes of a request. */
#include "web/house.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/arena.h"
#include "base/clock.h"
#include "db/db.h"
#include "web/county.h"
#include "web/form.h"
#include "web/routes.h"

enum { KEY_MAX = 200 };

const struct permission anyone = { "anyone", "Everybody, without log-in", "" };
const struct permission logged_in = { "logged_in", "Whoever has logged in", "" };

/* An answer that is none of enum status: HTTP's own. */
static enum status refuse(struct call *call, unsigned http, enum status status, const char *text)
{
    call->http = http;
    return err_set(&call->err, status, NULL, text);
}

static void begin_route(struct call *call)
{
    const struct spot *spot = routes_find(call->server->routes, call->path);
    if (spot == NULL) {
        call->status = refuse(call, 404, NOT_FOUND, "There is no such page.");
        return;
    }
    call->route = spot->routes[call->method];
    call->page = spot->pages[call->method];
    if (call->route == NULL || call->http == 405) {
        call->route = NULL;
        call->status = refuse(call, 405, INVALID, "This can't be done here.");
        call->reply.allow = !spot->routes[GET] ? "POST" : spot->routes[POST] ? "GET, HEAD, POST"
                          : "GET, HEAD";
        return;
    }
    if (call->head && call->route->file) {   // its size is known when it is drawn
        call->status = refuse(call, 405, INVALID, "This can't be done here.");
        call->reply.allow = "GET";
        return;
    }
    if (call->route->body_max) call->body_max = call->route->body_max;
    bool bare = call->page == NULL && call->route->next == NULL && call->route->file == NULL;
    if (bare) call->json = true;
}

static bool type_is(const char *type, const char *wanted)
{
    size_t size = strlen(wanted);
    return type && strncasecmp(type, wanted, size) == 0 && strchr("; \t", type[size]);
}

static void begin_client(struct call *call)
{
    const char *accept = call_header(call, "Accept");
    const char *rights = call_header(call, "Authorization");
    call->bearer = rights && strncasecmp(rights, "Bearer ", 7) == 0;
    call->token = call->bearer ? rights + 7 : call_cookie(call, "cunhuo");
    call->json = call->api || call->bearer || (accept && strstr(accept, "application/json"));

    const char *wish = call_cookie(call, "lang");
    if (wish == NULL) wish = call_header(call, "Accept-Language");
    const char *english = wish ? strstr(wish, "en") : NULL;
    const char *chinese = wish ? strstr(wish, "zh") : NULL;
    call->rq.lang = english && (!chinese || english < chinese) ? "en" : "zh";
}

void house_begin(struct call *call, const char *method, const char *path, const char *type)
{
    static const char prefix[] = "/api/v1/";
    call->api = strncmp(path, prefix, sizeof prefix - 1) == 0;
    call->path = call->api ? path + sizeof prefix - 2 : path;
    call->head = strcmp(method, "HEAD") == 0;
    call->method = strcmp(method, "POST") == 0 ? POST : GET;
    if (call->method == GET && !call->head && strcmp(method, "GET") != 0) call->http = 405;
    call->body_max = BODY_MAX;
    call->form = (struct form){ 0 };
    call->rq = (struct request){ .arena = call->rq.arena, .county = call->server->county,
                                 .form = &call->form };
    begin_client(call);
    if (call->http == 0 && builtin_answer(call)) return;
    begin_route(call);
    if (call->route && call->method == POST && type && !type_is(type, "application/json")
        && !type_is(type, "application/x-www-form-urlencoded"))
        call->status = refuse(call, 415, INVALID, "Send a form or JSON.");
}

static enum status read_fields(struct call *call)
{
    if (call->body_seen > call->body_max)
        return refuse(call, 413, INVALID, "The request is too large.");
    call->http = 400;   // of whatever goes wrong from here
    TRY(route_fields(call->route, call->path, &call->form, call->rq.arena, &call->err));
    TRY(call_query(call, &call->err));
    const char *type = call_header(call, "Content-Type");
    if (call->body_size > 0 && type_is(type, "application/json"))
        TRY(form_add_json(&call->form, call->body, call->body_size, &call->err));
    else if (call->body_size > 0)
        TRY(form_add_encoded(&call->form, call->rq.arena, call->body, call->body_size,
                             &call->err));
    call->http = 0;
    return OK;
}

/* Whose request this is, and whether they may. */
static enum status admit(struct call *call)
{
    struct request *rq = &call->rq;
    const struct permission *permission = call->route->permission;
    if (call->token && call->token[0]) {
        enum status known = session_who(call->server, rq->arena, call->token, rq->arrived_ms,
                                        &rq->who);
        if (known != OK) rq->who = (struct who){ 0 };
        if (known != OK && known != NOT_FOUND)
            return err_set(&call->err, known, NULL, "The server is busy. Please try again.");
        rq->user_id = rq->who.user_id;
    }
    if (permission == &anyone) return OK;
    if (rq->user_id == 0) {
        call->reply.must_login = true;
        return refuse(call, 401, DENIED, "Please log in.");
    }
    if (permission == &logged_in || call->server->hooks.may(&rq->who, permission)) return OK;
    return err_set(&call->err, DENIED, NULL, "You may not do this.");
}

static bool same_host(const char *address, const char *host)
{
    const char *at = strstr(address, "://");
    if (at == NULL || host == NULL) return false;
    at += 3;
    size_t size = strcspn(at, "/");
    return strlen(host) == size && strncasecmp(at, host, size) == 0;
}

/* A page of somebody else must not write with our visitor's cookie (CSRF): browsers say where a
 * request comes from. Who shows a bearer token is no browser led astray. */
static enum status check_origin(struct call *call)
{
    if (call->bearer) return OK;
    const char *site = call_header(call, "Sec-Fetch-Site");
    const char *origin = call_header(call, "Origin"), *host = call_header(call, "Host");
    if (origin == NULL) origin = call_header(call, "Referer");
    bool good = site ? strcmp(site, "same-origin") == 0 || strcmp(site, "none") == 0
              : origin ? same_host(origin, host) : call->token == NULL;
    return good ? OK : err_set(&call->err, DENIED, NULL,
                               "This request came from another site's page.");
}

static enum status read_key(struct call *call)
{
    const char *key = call_header(call, "Idempotency-Key");
    if (key == NULL) key = form_text(&call->form, "key");
    if (key == NULL)
        key = json_string_value(json_object_get(call->form.object, "key"));
    if (key == NULL || key[0] == '\0' || strlen(key) > KEY_MAX) {
        call->http = 400;
        return err_set(&call->err, INVALID, "key", "Send an Idempotency-Key.");
    }
    call->rq.key = arena_text(call->rq.arena, key);
    return call->rq.key ? OK : BROKEN;
}

static enum status make_room(struct call *call)
{
    call->in = arena_new(call->rq.arena, call->route->in_size);
    call->out = arena_new(call->rq.arena, call->route->out_size);
    return call->in && call->out ? OK : BROKEN;
}

static enum status get_ready(struct call *call)
{
    TRY(admit(call));
    TRY(read_fields(call));
    return make_room(call);
}

static enum status get_view(struct call *call)
{
    const struct route *route = call->route;
    struct tx *tx = NULL;
    TRY(get_ready(call));
    if (route->prepare) TRY(route->prepare(&call->rq, call->in, &call->err));
    if (route->act) {
        TRY(db_read_begin(call->server->county->db, call->rq.arena, &tx));
        enum status acted = route->act(tx, call->in, call->out, &call->err);
        db_read_end(tx);
        TRY(acted);
    }
    call->view = route->show(&call->rq, call->out);
    return call->view ? OK : BROKEN;
}

static enum status post_ready(struct call *call)
{
    TRY(admit(call));
    TRY(check_origin(call));
    TRY(read_fields(call));
    TRY(read_key(call));
    TRY(make_room(call));
    answer_key(call);
    return OK;
}

bool house_prepare_and_put(struct call *call)
{
    if (call->route->prepare)
        call->prepared = call->route->prepare(&call->rq, call->in, &call->prepare_err);
    if (call->prepared == BUSY || call->prepared == BROKEN) {
        call->status = call->prepared;
        call->err = call->prepare_err;
        return false;
    }
    call->entry = (struct entry){ .lane = call->route->lane, .arena = call->rq.arena,
                                  .act = answer_act,
                                  .done = (void (*)(struct entry *))loop_done };
    enum status queued = writer_put(call->server->county->writer, &call->entry);
    if (queued == OK) return true;   // from here on the call is the writer's
    call->entry.status = OK;
    call->status = queued;
    return false;
}

/* True: parked. A slow one is not waited for by what the clock starts meanwhile. */
static bool post(struct call *call)
{
    struct writer *writer = call->server->county->writer;
    int ticket;
    call->rq.arrived_ms = writer_arrive(writer, call->server->county->clock, &ticket);
    bool parked = false;
    call->status = post_ready(call);
    if (call->status == OK && call->route->slow) {
        enum status queued = slow_put(call->server->slow, call);
        parked = queued == OK;
        if (!parked) call->status = queued;
    } else if (call->status == OK) {
        parked = house_prepare_and_put(call);
    }
    writer_arrived(writer, ticket);
    return parked;
}

/* True: parked, for the thread that draws. */
static bool get_file(struct call *call)
{
    call->status = get_ready(call);
    if (call->status != OK) return false;
    enum status queued = slow_put(call->server->files, call);
    if (queued == OK) return true;   // from here on the call is the drawing thread's
    call->status = queued;
    return false;
}

static enum status draw(struct call *call, struct arena *arena)
{
    struct tx *tx;
    if (call->route->prepare) TRY(call->route->prepare(&call->rq, call->in, &call->err));
    TRY(db_read_begin(call->server->county->db, arena, &tx));
    enum status drawn = call->route->file(&call->rq, tx, call->in, &call->file, &call->err);
    db_read_end(tx);
    return drawn;
}

void house_file(struct call *call)
{
    struct arena *arena = arena_open(FILE_BYTES_MAX);
    call->status = arena ? draw(call, arena) : BROKEN;
    arena_free(arena);
    call->reply.owned = call->file.bytes;
}

bool house_answer(struct call *call)
{
    if (call->reply.http) return false;    // builtin
    if (call->status == OK && call->method == POST) {
        if (post(call)) return true;
    } else if (call->status == OK) {
        call->rq.arrived_ms = clock_now_ms(call->server->county->clock);
        if (call->route->file && get_file(call)) return true;
        if (call->route->file == NULL) call->status = get_view(call);
    }
    reply_make(call);
    return false;
}

void house_finish(struct call *call)
{
    if (call->entry.status != OK) {
        call->status = call->entry.status;
        call->err = call->entry.err;
    }
    reply_make(call);
}

enum status route_run(const struct route *route, struct request *rq, struct tx *tx,
                      json_t **view, struct err *err)
{
    static const struct form nothing;
    *view = NULL;
    if (rq->arena == NULL) rq->arena = tx_arena(tx);
    if (rq->form == NULL) rq->form = &nothing;
    if (rq->county == NULL) rq->county = tx_county(tx);
    if (rq->lang == NULL) rq->lang = "en";
    void *in = arena_new(rq->arena, route->in_size);
    void *out = arena_new(rq->arena, route->out_size);
    if (in == NULL || out == NULL) return BROKEN;
    if (route->prepare) TRY(route->prepare(rq, in, err));
    if (route->file) {
        struct reply_file file = { .type = "" };
        enum status drawn = route->file(rq, tx, in, &file, err);
        *view = drawn == OK ? json_pack("{s:s, s:I}", "type", file.type, "size",
                                        (json_int_t)file.size) : NULL;
        free(file.bytes);
        return drawn == OK && *view == NULL ? BROKEN : drawn;
    }
    if (route->act) TRY(route->act(tx, in, out, err));
    *view = route->show(rq, out);
    return *view ? OK : BROKEN;
}
