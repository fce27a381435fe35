/* reply.c - the outcome of a call as it is sent: JSON, a page, or a redirection; a refusal as
 * problem details (RFC 9457) or as the page ui/error. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include "base/arena.h"
#include "web/county.h"
#include "web/house.h"
#include "web/page.h"

struct growing { struct arena *arena; char *bytes; size_t size, room; };

static int grow(const char *bytes, size_t size, void *to)
{
    struct growing *text = to;
    if (size >= text->room - text->size) {
        size_t room = text->room * 2 > text->size + size + 1 ? text->room * 2
                                                              : (text->size + size + 1) * 2;
        char *moved = arena_new(text->arena, room);
        if (moved == NULL) return -1;
        memcpy(moved, text->bytes, text->size);
        text->bytes = moved;
        text->room = room;
    }
    memcpy(text->bytes + text->size, bytes, size);
    text->size += size;
    return 0;
}

enum status view_text(struct arena *arena, const json_t *view, char **text, size_t *size)
{
    struct growing growing = { .arena = arena, .bytes = arena_new(arena, 1024), .room = 1024 };
    if (growing.bytes == NULL) return BROKEN;
    if (json_dump_callback(view, grow, &growing, JSON_COMPACT) != 0) return BROKEN;
    growing.bytes[growing.size] = '\0';
    *text = growing.bytes;
    *size = growing.size;
    return OK;
}

unsigned http_of(enum status status)
{
    static const unsigned codes[] = {
        [OK] = 200, [INVALID] = 422, [DENIED] = 403, [NOT_FOUND] = 404, [CONFLICT] = 409,
        [BUSY] = 503, [BROKEN] = 500,
    };
    return codes[status];
}

static const char *title_of(unsigned http)
{
    switch (http) {
    case 400: return "The request can't be read.";
    case 401: return "Please log in.";
    case 403: return "This is not allowed.";
    case 404: return "Not found.";
    case 405: return "This can't be done here.";
    case 409: return "This contradicts what is there already.";
    case 413: return "The request is too large.";
    case 415: return "This kind of content is not taken.";
    case 422: return "A field is wrong.";
    case 503: return "The server is busy. Please try again.";
    default: return "Something went wrong on our side.";
    }
}

/* ---- Refusals ---- */

static json_t *problem_view(struct call *call, unsigned http)
{
    const char *lang = call->rq.lang ? call->rq.lang : "zh";
    const struct err *err = &call->err;
    char type[64];
    snprintf(type, sizeof type, "urn:cunhuo:%s", status_name(call->status));
    return json_pack("{s:s, s:s, s:i, s:s*, s:s*, s:s*}", "type", type, "title",
                     words(lang, title_of(http)), "status", (int)http, "detail",
                     err->text ? words(lang, err->text) : NULL, "field", err->field, "about",
                     err->detail[0] ? err->detail : NULL);
}

/* The page of a refusal. Without one (a broken page, no memory) its title as plain text. */
static void refusal_page(struct call *call, unsigned http)
{
    const char *lang = call->rq.lang ? call->rq.lang : "zh";
    const char *title = words(lang, title_of(http)), *bytes;
    const struct err *err = &call->err;
    struct err drawn = { 0 };
    json_t *view = json_pack("{s:i, s:s, s:s, s:s, s:s}", "status", (int)http, "title", title,
                             "text", err->text ? words(lang, err->text) : title, "detail",
                             err->detail, "field", err->field ? err->field : "");
    size_t size;
    if (view && page_draw(call->server->pages, "ui/error", lang, call->rq.county->zone_s, view,
                          call->rq.arena, &bytes, &size, &drawn) == OK) {
        call->reply.type = "text/html; charset=utf-8";
        call->reply.bytes = bytes;
        call->reply.size = size;
        call->reply.page = true;
    } else {
        call->reply.type = "text/plain; charset=utf-8";
        call->reply.bytes = title;
        call->reply.size = strlen(title);
    }
    json_decref(view);
}

static void refusal(struct call *call)
{
    static const char spent[] = "{\"title\":\"The request is too large.\",\"status\":500}";
    unsigned http = call->http ? call->http : http_of(call->status);
    if (call->status == BUSY || call->status == BROKEN) http = http_of(call->status);
    call->reply.http = http;
    call->reply.retry = http == 503;
    if (http == 500)
        fprintf(stderr, "cunhuo: 500 %s%s: %s %s\n", call->method == POST ? "POST " : "GET ",
                call->path, call->err.text ? call->err.text : "", call->err.detail);
    if (!call->json) {
        refusal_page(call, http);
        return;
    }
    char *text = NULL;
    json_t *view = problem_view(call, http);
    call->reply.type = "application/problem+json";
    call->reply.bytes = spent;
    call->reply.size = sizeof spent - 1;
    if (view && view_text(call->rq.arena, view, &text, &call->reply.size) == OK)
        call->reply.bytes = text;
    json_decref(view);
}

/* ---- What went well ---- */

static bool value_text(struct growing *out, const json_t *value)
{
    char digits[32];
    const char *text = json_string_value(value);
    if (json_is_integer(value)) {
        snprintf(digits, sizeof digits, "%lld", (long long)json_integer_value(value));
        text = digits;
    }
    for (; text && *text; text++) {
        char escaped[4];
        bool plain = isalnum((unsigned char)*text) || strchr("-._~", *text);
        int size = plain ? 1 : 3;
        if (plain) escaped[0] = *text;
        else snprintf(escaped, sizeof escaped, "%%%02X", (unsigned char)*text);
        if (grow(escaped, (size_t)size, out) != 0) return false;
    }
    return text != NULL;
}

/* "/shop/orders/{code}" with names of the view. False: the view lacks one, or no memory. */
bool place_fill(struct arena *arena, const char *pattern, const json_t *view, const char **out)
{
    struct growing text = { .arena = arena, .bytes = arena_new(arena, 256), .room = 256 };
    if (text.bytes == NULL) return false;
    while (*pattern) {
        size_t plain = strcspn(pattern, "{");
        if (grow(pattern, plain, &text) != 0) return false;
        pattern += plain;
        if (*pattern == '\0') break;
        size_t size = strcspn(++pattern, "}");
        if (!value_text(&text, json_object_getn(view, pattern, size))) return false;
        pattern += size + (pattern[size] == '}');
    }
    text.bytes[text.size] = '\0';
    *out = text.bytes;
    return true;
}

static const char *cookie(struct call *call)
{
    for (const char *c = call->session; *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr("-_.~", *c)) return NULL;
    return arena_printf(call->rq.arena,
                        "cunhuo=%s; Path=/; HttpOnly; SameSite=Lax%s; Max-Age=%d", call->session,
                        call->server->options.secure_cookies ? "; Secure" : "",
                        call->session[0] ? 30 * 24 * 3600 : 0);
}

static enum status page(struct call *call)
{
    const struct route *route = call->route;
    if (call->view == NULL) call->view = json_loadb(call->text, call->text_size, 0, NULL);
    if (call->view == NULL) return BROKEN;
    if (call->method == POST && route->next) {
        call->reply.http = 303;
        return place_fill(call->rq.arena, route->next, call->view, &call->reply.location)
             ? OK : err_about(&call->err, BROKEN, NULL, "A view lacks a name of its next page.",
                              "%s", route->next);
    }
    const char *bytes;
    struct err err = { 0 };
    enum status drawn = page_draw(call->server->pages, call->page, call->rq.lang,
                                  call->rq.county->zone_s, call->view, call->rq.arena, &bytes,
                                  &call->reply.size, &err);
    if (drawn != OK) {
        call->err = err;
        return BROKEN;
    }
    call->reply.type = "text/html; charset=utf-8";
    call->reply.bytes = bytes;
    call->reply.page = true;
    return OK;
}

static enum status json(struct call *call)
{
    if (call->text == NULL)
        TRY(view_text(call->rq.arena, call->view, &call->text, &call->text_size));
    call->reply.type = "application/json";
    call->reply.bytes = call->text;
    call->reply.size = call->text_size;
    return OK;
}

/* Whoever asks in whatever way gets the bytes. */
static enum status file(struct call *call)
{
    const struct reply_file *file = &call->file;
    call->reply.type = file->type;
    call->reply.bytes = file->bytes;
    call->reply.size = file->size;
    if (file->name == NULL) return OK;
    call->reply.disposition = arena_printf(call->rq.arena, "inline; filename=\"%s\"", file->name);
    return call->reply.disposition ? OK : BROKEN;
}

/* A browser that has to log in is sent there, and comes back afterwards. */
static bool to_login(struct call *call)
{
    const char *login = call->server->options.login;
    if (!call->reply.must_login || call->json || call->method != GET || login == NULL)
        return false;
    json_t *view = json_pack("{s:s}", "next", call->path);
    const char *pattern = arena_printf(call->rq.arena, "%s?next={next}", login);
    bool made = view && pattern && place_fill(call->rq.arena, pattern, view,
                                              &call->reply.location);
    json_decref(view);
    if (made) call->reply.http = 303;
    return made;
}

void reply_make(struct call *call)
{
    if (call->reply.replayed) atomic_fetch_add(&call->server->tally.replayed, 1);
    if (call->status == OK) {
        call->reply.http = 200;
        call->status = call->route->file ? file(call) : call->json ? json(call) : page(call);
        if (call->status == OK && call->session) call->reply.cookie = cookie(call);
        if (call->status == OK) return;
        call->http = 0;
    }
    if (!to_login(call)) refusal(call);
}
