/* client.h - HTTP from the other side of the wire: one client, or many at once.
 *
 * For the tests of web and of rooms, for the crash tool and the bench; no part of the program. The
 * clients know nothing of the server's code: raw sockets, HTTP/1.1, keep-alive. Nothing here
 * sleeps: whoever waits does so for an event, and gives up after WEB_PATIENCE_MS without one. */
#ifndef CUNHUO_WEB_CLIENT_H
#define CUNHUO_WEB_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WEB_PATIENCE_MS = 20000 };

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
