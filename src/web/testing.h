/* testing.h - a county to test with, and a server in front of it. Clients: client.h. */
#ifndef CUNHUO_WEB_TESTING_H
#define CUNHUO_WEB_TESTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "web/client.h"
#include "web/county.h"
#include "web/room.h"
#include "web/serve.h"

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
#endif
