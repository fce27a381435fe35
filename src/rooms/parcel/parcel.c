/* parcel.c - the room of couriers' parcels: its tables, routes, jobs and state. */
#include "rooms/parcel/parcel.h"

#include "web/room.h"

static const char *const tables[] = { NULL };

extern const struct room parcel_room;   // found by the list of rooms
const struct room parcel_room = { .name = "parcel", .tables = tables };
