/* test_reply.c - the same view as a page for a browser and as JSON for the API; ways to log in. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/arena.h"
#include "base/test.h"
#include "db/db.h"
#include "db/testing.h"
#include "web/form.h"
#include "web/house.h"
#include "web/testing.h"

const struct test_room test_rooms[] = { { 0 } };

struct said { const char *name; int64_t id; };

static enum status prepare(struct request *rq, void *in, struct err *err)
{
    struct said *said = in;
    return form_str(rq, "name", 50, &said->name, err);
}

static enum status act(struct tx *tx, const void *in, void *out, struct err *err)
{
    (void)tx;
    struct said *said = out;
    *said = *(const struct said *)in;
    said->id = 7;
    if (strcmp(said->name, "no") == 0)
        return err_about(err, CONFLICT, "name", "This is taken.", "<%s>", said->name);
    return OK;
}

static json_t *show(struct request *rq, const void *out)
{
    const struct said *said = out;
    (void)rq;
    return json_pack("{s:s, s:I}", "name", said->name, "id", (json_int_t)said->id);
}

/* A file of five million bytes; refused, after its bytes were made, when the name is "no". */
enum { FILE_SIZE = 5000000 };
static enum status file(struct request *rq, struct tx *tx, const void *in, struct reply_file *out,
                        struct err *err)
{
    const struct said *said = in;
    (void)rq;
    (void)tx;
    out->type = "application/pdf";
    out->name = "a.pdf";
    out->bytes = malloc(FILE_SIZE);
    out->size = FILE_SIZE;
    assert_non_null(out->bytes);
    memset(out->bytes, said->name[0], FILE_SIZE);
    return strcmp(said->name, "no") == 0 ? err_set(err, CONFLICT, "name", "This is taken.") : OK;
}

#define SAID .in_size = sizeof(struct said), .out_size = sizeof(struct said), \
             .prepare = prepare, .act = act, .show = show

static const struct route routes[] = {
    { .method = GET, .path = "/test/said", .permission = &anyone, .page = "said", SAID },
    { .method = POST, .path = "/test/said", .permission = &anyone, .page = "said", SAID },
    { .method = GET, .path = "/test/mine", .permission = &logged_in, .page = "said", SAID },
    { .method = POST, .path = "/test/next", .permission = &anyone, .page = "said",
      .next = "/test/said/{id}?name={name}", SAID },
    { .method = GET, .path = "/test/file", .permission = &anyone, .in_size = sizeof(struct said),
      .prepare = prepare, .file = file },
    { .method = POST, .path = "/test/slow", .permission = &anyone, .slow = true, SAID },
    { 0 }
};
static const struct room room = { .name = "test", .routes = routes };
static const struct room *const rooms[] = { &room, NULL };

/* ---- Pages in a folder, as in development ---- */

static void write_file(const char *folder, const char *name, const char *text)
{
    char path[400];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void pages_in(const char *folder)
{
    static const char *const folders[] = { "ui", "src", "src/rooms", "src/rooms/test",
                                           "src/rooms/test/pages" };
    char path[400];
    for (size_t i = 0; i < COUNT(folders); i++) {
        snprintf(path, sizeof path, "%s/%s", folder, folders[i]);
        assert_int_equal(mkdir(path, 0700), 0);
    }
    write_file(folder, "src/rooms/test/pages/said.html", "<h1>{{name}}</h1><p>{{id}}</p>\n");
    write_file(folder, "ui/error.html", "<h1>{{status}} {{title}}</h1><p>{{text}} {{detail}}</p>"
               "{{#field}}<b>{{field}}</b>{{/field}}\n");
}

static void remove_pages(const char *folder)
{
    static const char *const names[] = {
        "src/rooms/test/pages/said.html", "src/rooms/test/pages", "src/rooms/test", "src/rooms",
        "src", "ui/error.html", "ui",
    };
    char path[400];
    for (size_t i = 0; i < COUNT(names); i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        remove(path);
    }
}

struct house { struct county *county; struct server *server; struct web_client *client; };

static struct house open_house(void)
{
    struct house house = { .county = web_county(false, rooms, 0) };
    struct err err = { 0 };
    pages_in(house.county->folder);
    struct serve_options options = { .address = "127.0.0.1", .loops = 1, .login = "/login",
                                     .pages_folder = house.county->folder,
                                     .secure_cookies = true };
    if (serve_start(house.county, &web_test_hooks, &options, &house.server, &err) != OK)
        fail_msg("%s %s", err.text, err.detail);
    house.client = web_client(serve_port(house.server));
    return house;
}

static void close_house(struct house house)
{
    web_client_end(house.client);
    serve_stop(house.server);
    remove_pages(house.county->folder);
    web_county_end(house.county);
}

static const char browser[] = "Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n";
static const char form[] = "Accept: text/html\r\nAccept-Language: en\r\n"
                           "Content-Type: application/x-www-form-urlencoded\r\n";

static void two_faces(void **state)
{
    (void)state;
    struct house house = open_house();
    char type[64];
    struct web_reply reply = web_call(house.client, "GET", "/test/said?name=%3Cb%3E%26", browser,
                                      NULL);
    assert_int_equal(reply.status, 200);
    assert_non_null(strstr(reply.body, "<h1>&lt;b&gt;&amp;</h1><p>7</p>"));
    assert_true(web_header(&reply, "Content-Type", type, sizeof type));
    assert_string_equal(type, "text/html; charset=utf-8");
    reply = web_call(house.client, "GET", "/api/v1/test/said?name=%3Cb%3E", browser, NULL);
    assert_string_equal(reply.body, "{\"name\":\"<b>\",\"id\":7}");
    reply = web_call(house.client, "GET", "/test/said?name=x", "Accept: application/json\r\n",
                     NULL);
    assert_string_equal(reply.body, "{\"name\":\"x\",\"id\":7}");
    reply = web_get(house.client, "/test/said?name=x", "u1");
    assert_string_equal(reply.body, "{\"name\":\"x\",\"id\":7}");
    close_house(house);
}

static void refusals(void **state)
{
    (void)state;
    struct house house = open_house();
    struct web_reply reply = web_call(house.client, "POST", "/test/said", form, "key=a&name=no");
    assert_int_equal(reply.status, 409);
    assert_non_null(strstr(reply.body, "<p>This is taken. &lt;no&gt;</p><b>name</b>"));
    reply = web_call(house.client, "GET", "/test/said", browser, NULL);
    assert_int_equal(reply.status, 422);
    assert_non_null(strstr(reply.body, "<b>name</b>"));
    reply = web_call(house.client, "GET", "/none", browser, NULL);
    assert_int_equal(reply.status, 404);
    assert_non_null(strstr(reply.body, "<h1>404 "));
    reply = web_call(house.client, "POST", "/api/v1/test/said", "Accept-Language: en\r\n"
                     "Content-Type: application/json\r\nIdempotency-Key: b\r\n",
                     "{\"name\":\"no\"}");
    assert_string_equal(reply.body, "{\"type\":\"urn:cunhuo:conflict\","
                        "\"title\":\"This contradicts what is there already.\",\"status\":409,"
                        "\"detail\":\"This is taken.\",\"field\":\"name\",\"about\":\"<no>\"}");
    close_house(house);
}

static void next_page(void **state)
{
    (void)state;
    struct house house = open_house();
    char place[100];
    for (int i = 0; i < 2; i++) {   // the repeat as well
        struct web_reply reply = web_call(house.client, "POST", "/test/next", form,
                                          "key=a&name=%E8%85%8A+%26b");
        assert_int_equal(reply.status, 303);
        assert_true(web_header(&reply, "Location", place, sizeof place));
        assert_string_equal(place, "/test/said/7?name=%E8%85%8A%20%26b");
    }
    struct web_reply reply = web_call(house.client, "POST", "/test/said", form, "key=b&name=x");
    assert_int_equal(reply.status, 200);
    assert_non_null(strstr(reply.body, "<h1>x</h1>"));
    reply = web_call(house.client, "POST", "/test/said", form, "key=b&name=x");
    assert_int_equal(reply.status, 200);
    assert_non_null(strstr(reply.body, "<h1>x</h1>"));
    close_house(house);
}

static void to_log_in(void **state)
{
    (void)state;
    struct house house = open_house();
    char place[100];
    struct web_reply reply = web_call(house.client, "GET", "/test/mine?name=x", browser, NULL);
    assert_int_equal(reply.status, 303);
    assert_true(web_header(&reply, "Location", place, sizeof place));
    assert_string_equal(place, "/login?next=%2Ftest%2Fmine");
    assert_int_equal(web_get(house.client, "/test/mine?name=x", NULL).status, 401);
    assert_int_equal(web_get(house.client, "/test/mine?name=x", "u3").status, 200);
    close_house(house);
}

static void language(void **state)
{
    (void)state;
    struct house house = open_house();
    char value[200];
    struct web_reply reply = web_call(house.client, "GET", "/lang/en",
                                      "Referer: http://test/shop?x=1\r\n", NULL);
    assert_int_equal(reply.status, 303);
    assert_true(web_header(&reply, "Location", value, sizeof value));
    assert_string_equal(value, "/shop?x=1");
    assert_true(web_header(&reply, "Set-Cookie", value, sizeof value));
    assert_memory_equal(value, "lang=en;", 8);
    static const char *const elsewhere[] = { "http://evil/x", "http://test//evil", "test",
                                             "http://test.evil/x" };
    for (size_t i = 0; i < COUNT(elsewhere); i++) {
        char sent[100];
        snprintf(sent, sizeof sent, "Referer: %s\r\n", elsewhere[i]);
        reply = web_call(house.client, "GET", "/lang/zh", sent, NULL);
        assert_true(web_header(&reply, "Location", value, sizeof value));
        assert_string_equal(value, "/");
    }
    assert_int_equal(web_get(house.client, "/lang/xx", NULL).status, 404);
    close_house(house);
}

static void slow_routes(void **state)
{
    (void)state;
    struct house house = open_house();
    struct web_reply reply = web_post(house.client, "/test/slow", "u1", "a", "{\"name\":\"x\"}");
    assert_int_equal(reply.status, 200);
    assert_string_equal(reply.body, "{\"name\":\"x\",\"id\":7}");
    assert_int_equal(web_post(house.client, "/test/slow", "u1", "b", "{}").status, 422);
    assert_int_equal(web_post(house.client, "/test/slow", "u1", "a", "{}").status, 409);
    close_house(house);
}

static void files(void **state)
{
    (void)state;
    struct house house = open_house();
    char value[200];
    struct web_reply reply = web_get(house.client, "/test/file?name=x", NULL);
    assert_int_equal(reply.status, 200);
    assert_int_equal(reply.size, FILE_SIZE);
    assert_true(reply.body[0] == 'x' && reply.body[FILE_SIZE - 1] == 'x');
    assert_true(web_header(&reply, "Content-Type", value, sizeof value));
    assert_string_equal(value, "application/pdf");
    assert_true(web_header(&reply, "Content-Disposition", value, sizeof value));
    assert_string_equal(value, "inline; filename=\"a.pdf\"");
    assert_int_equal(web_get(house.client, "/test/file?name=no", NULL).status, 409);
    assert_int_equal(web_get(house.client, "/test/file", NULL).status, 422);
    assert_int_equal(web_get(house.client, "/api/v1/test/file?name=x", NULL).size, FILE_SIZE);
    assert_int_equal(web_call(house.client, "HEAD", "/test/file?name=x", "", NULL).status, 405);
    close_house(house);
}

static void places(void **state)
{
    (void)state;
    struct arena *arena = arena_open(1 << 16);
    json_t *view = json_pack("{s:s, s:i, s:{}}", "code", "a/b", "n", 5, "object");
    const char *out;
    assert_true(place_fill(arena, "/x/{code}/{n}#e", view, &out));
    assert_string_equal(out, "/x/a%2Fb/5#e");
    assert_true(place_fill(arena, "/", view, &out));
    assert_string_equal(out, "/");
    assert_false(place_fill(arena, "/x/{none}", view, &out));
    assert_false(place_fill(arena, "/x/{object}", view, &out));
    json_decref(view);
    arena_free(arena);
}

static void without_http(void **state)
{
    (void)state;
    struct county *county = web_county(false, rooms, 0);
    struct arena *arena = arena_open(1 << 20);
    struct tx *tx;
    struct err err = { 0 };
    json_t *sent = json_pack("{s:s}", "name", "x"), *view;
    struct request rq = { .form = form_from_json(arena, sent) };
    assert_int_equal(db_write_begin(county->db, arena, &tx), OK);
    assert_int_equal(route_run(&routes[1], &rq, tx, &view, &err), OK);
    assert_int_equal(json_integer_value(json_object_get(view, "id")), 7);
    json_decref(view);
    rq.form = NULL;
    assert_int_equal(route_run(&routes[1], &rq, tx, &view, &err), INVALID);
    assert_string_equal(err.field, "name");
    assert_int_equal(db_write_end(tx, false), OK);
    json_decref(sent);
    arena_free(arena);
    web_county_end(county);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("one view is a page for browsers and JSON for the API", two_faces),
        TEST("a refusal is a page, or problem details", refusals),
        TEST("a browser's write goes on to the next page, its repeat too", next_page),
        TEST("who must log in is sent there and comes back", to_log_in),
        TEST("a reader chooses the language and is back where the link was", language),
        TEST("L.2 a slow route is prepared aside and answered as any other", slow_routes),
        TEST("L.2 a file is drawn aside and answered with its bytes", files),
        TEST("the next page's address is filled from the view", places),
        TEST("a route is run without HTTP", without_http),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
