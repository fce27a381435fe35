/* produce.c - the room of what goes up: producers' offers, their tables and routes. */
#include "web/room.h"

static const char *const tables[] = { NULL };

extern const struct room produce_room;   // found by the list of rooms
const struct room produce_room = { .name = "produce", .tables = tables };
