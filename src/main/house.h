/* house.h - the program around the rooms: which there are, who may what, log-in, the front page. */
#ifndef CUNHUO_MAIN_HOUSE_H
#define CUNHUO_MAIN_HOUSE_H

#include "base/status.h"
#include "web/room.h"
#include "web/serve.h"

struct county;

/* All rooms, ended by NULL: the lower layers (they have only tables), the rooms of src/rooms, and
 * this one. */
extern const struct room *const house_rooms[];
extern const struct web_hooks house_hooks;

/* Opens a county's roads, <folder>/county.road, if they are there. */
MUST_USE enum status house_roads_open(struct county *county, struct err *err);
void house_roads_close(struct county *county);

/* The path of this program, for child processes; empty if the system does not say. `out` holds
 * PROGRAM_TEXT bytes. */
enum { PROGRAM_TEXT = 4096 };
void house_program(char out[PROGRAM_TEXT]);

/* Prints an error of a verb on stderr: what, where, and what it is about. Returns `code`. */
int house_fail(const char *verb, enum status status, const struct err *err, int code);

/* How a verb is called: on stderr; returns 2. */
int house_usage(const char *verb);
#endif
