/* openapi.c - OpenAPI 3.1 out of the route tables: paths, what they do, who may, how it ends. What
 * a route reads is code (its prepare), so bodies are told as objects; it can't say more than is
 * true. */
#include <stdio.h>
#include <string.h>
#include "base/arena.h"
#include "web/county.h"
#include "web/house.h"
#include "web/page.h"

static json_t *parameters(const struct route *route)
{
    json_t *list = json_array();
    for (const char *at = strchr(route->path, '{'); at; at = strchr(at + 1, '{')) {
        const char *end = strchr(at, '}');
        if (end == NULL) break;
        json_array_append_new(list, json_pack("{s:s%, s:s, s:b, s:{s:s}}", "name", at + 1,
                                              (size_t)(end - at - 1), "in", "path", "required",
                                              1, "schema", "type", "string"));
    }
    if (route->method == POST)
        json_array_append_new(list, json_pack("{s:s, s:s, s:b, s:{s:s, s:i, s:i}}", "name",
                                              "Idempotency-Key", "in", "header", "required", 1,
                                              "schema", "type", "string", "minLength", 1,
                                              "maxLength", 200));
    return list;
}

static json_t *answers(const struct route *route)
{
    json_t *all = json_pack("{s:{s:s, s:{s:{s:{s:s}}}}}", "200", "description", "The view",
                            "content", route->file ? "*/*" : "application/json", "schema", "type",
                            route->file ? "string" : "object");
    static const struct { const char *code, *text; } refusals[] = {
        { "400", "The request can't be read" }, { "401", "Log in" }, { "403", "Not allowed" },
        { "404", "Not found" }, { "409", "Contradicts what is there" },
        { "413", "Too large" }, { "415", "Neither form nor JSON" }, { "422", "A field is wrong" },
        { "503", "Try again later" },
    };
    for (size_t i = 0; i < COUNT(refusals); i++) {
        bool write = strcmp(refusals[i].code, "413") == 0 || strcmp(refusals[i].code, "415") == 0;
        bool rights = strcmp(refusals[i].code, "401") == 0;
        if ((write && route->method == GET) || (rights && route->permission == &anyone)) continue;
        json_object_set_new(all, refusals[i].code,
                            json_pack("{s:s, s:{s:{s:{s:s}}}}", "description", refusals[i].text,
                                      "content", "application/problem+json", "schema", "$ref",
                                      "#/components/schemas/problem"));
    }
    return all;
}

static json_t *operation(const struct route *route)
{
    json_t *made = json_pack("{s:s, s:o, s:o, s:s}", "summary", route->text ? route->text : "",
                             "parameters", parameters(route), "responses", answers(route),
                             "x-permission", route->permission->name);
    if (route->permission != &anyone)
        json_object_set_new(made, "security", json_pack("[{s:[]}]", "token"));
    if (route->method == POST)
        json_object_set_new(made, "requestBody",
                            json_pack("{s:{s:{s:{s:s}}, s:{s:{s:s}}}}", "content",
                                      "application/json", "schema", "type", "object",
                                      "application/x-www-form-urlencoded", "schema", "type",
                                      "object"));
    return made;
}

static json_t *document(struct server *server)
{
    json_t *paths = json_object();
    for (const struct room *const *room = server->county->rooms; *room; room++) {
        for (const struct route *route = NULL; (route = room_next_route(*room, route)) != NULL;) {
            json_t *path = json_object_get(paths, route->path);
            if (path == NULL) {
                path = json_object();
                json_object_set_new(paths, route->path, path);
            }
            json_object_set_new(path, route->method == POST ? "post" : "get", operation(route));
        }
    }
    return json_pack("{s:s, s:{s:s, s:s}, s:[{s:s}], s:o, s:{s:{s:{s:s, s:{s:{s:s}, s:{s:s},"
                     " s:{s:s}, s:{s:s}, s:{s:s}}, s:[s,s,s]}}, s:{s:{s:s, s:s}}}}",
                     "openapi", "3.1.0", "info", "title", "cunhuo", "version", "1", "servers",
                     "url", "/api/v1", "paths", paths, "components", "schemas", "problem", "type",
                     "object", "properties", "type", "type", "string", "title", "type", "string",
                     "status", "type", "integer", "detail", "type", "string", "field", "type",
                     "string", "required", "type", "title", "status", "securitySchemes", "token",
                     "type", "http", "scheme", "bearer");
}

const char *openapi_text(struct server *server, struct arena *arena)
{
    json_t *made = document(server);
    char *text = NULL;
    size_t size;
    if (made && view_text(arena, made, &text, &size) != OK) text = NULL;
    json_decref(made);
    return text;
}
