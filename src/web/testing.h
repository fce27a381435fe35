/* testing.h - a county to test with, and HTTP from the other side of the wire.
 *
 * The clients know nothing of the server's code: raw sockets, HTTP/1.1, keep-alive. They are for the
 * tests of web and of rooms, for the crash tool and the bench. Nothing here sleeps: whoever waits
 * does so for an event, and gives up after WEB_PATIENCE_MS without one. */
#ifndef CUNHUO_WEB_TESTING_H
#define CUNHUO_WEB_TESTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "web/county.h"
#include "web/room.h"
#include "web/serve.h"

enum { WEB_PATIENCE_MS = 20000 };

/* ---- A county in a folder of its own (or a schema of CUNHUO_TEST_PG's server) ---- */

/* Made, opened and started with these rooms; its clock may be turned, and stands at `now_ms` unless
 * that is 0. NULL: no such server here. Fails the test when anything goes wrong. */
struct county *web_county(bool postgres, const struct room *const *rooms, int64_t now_ms);
/* Closed and opened again as after kill -9: only what was on disk is there (SQLite). */
struct county *web_county_crash(struct county *county, const struct room *const *rooms);
void web_county_end(struct county *county);   // and throws it away
void web_folder_end(const char *folder);      // the folder of one that is closed

/* Log-ins without people: token "u7" is user 7 and may do everything, "n7" is user 7 and may do
 * nothing that needs a permission; others are nobody's. */
extern const struct web_hooks web_test_hooks;
extern int web_test_lookups;                  // how often who was asked

/* A server on any free port of this machine. */
struct server *web_serve(struct county *county, unsigned loops);

/* ---- One client ---- */

struct web_client;

/* What came back; borrowed until the client's next call. status 0: the server hung up, or said
 * nothing; web_call then connects anew. */
struct web_reply {
    int status;
    const char *head;      // status line and headers, ended
    const char *body;      // ended
    size_t size;
};

struct web_client *web_client(uint16_t port);
void web_client_end(struct web_client *client);
int web_client_fd(struct web_client *client);

/* Sends bytes as they are; false: the server hung up. */
bool web_send(struct web_client *client, const void *bytes, size_t size);
/* Waits for one whole reply. */
struct web_reply web_receive(struct web_client *client);
/* Both. `headers` are lines ending in \r\n, or "". `body` NULL: none. */
struct web_reply web_call(struct web_client *client, const char *method, const char *path,
                          const char *headers, const char *body);
/* POST of JSON as user `token` ("u7") under an idempotency key. */
struct web_reply web_post(struct web_client *client, const char *path, const char *token,
                          const char *key, const char *json);
struct web_reply web_get(struct web_client *client, const char *path, const char *token);
/* The value of a header, in `out`; false: not there. */
bool web_header(const struct web_reply *reply, const char *name, char *out, size_t room);

/* ---- Many clients at once ---- */

struct web_load {
    uint16_t port;
    unsigned clients;       // connections, each with one request under way
    size_t requests;        // in all
    void *of;
    /* Writes request number n (0 .. requests-1) of client `client`; returns its size. */
    size_t (*request)(void *of, unsigned client, size_t n, char *out, size_t room);
    /* May be NULL. */
    void (*reply)(void *of, unsigned client, size_t n, int status, const char *body,
                  size_t size);
};

struct web_loaded {
    size_t answered, lost;          // lost: the server hung up
    size_t by_class[6];             // 2xx at [2]
    int64_t took_us, p50_us, p99_us, max_us;
    bool stalled;                   // nothing happened for WEB_PATIENCE_MS
};

/* False: no connection, no memory. */
bool web_load(const struct web_load *load, struct web_loaded *out);
#endif
