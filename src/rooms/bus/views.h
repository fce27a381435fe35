/* views.h - what people see of the bus: days, trips, stops, a driver's day, a point's day. */
#ifndef CUNHUO_BUS_VIEWS_H
#define CUNHUO_BUS_VIEWS_H

#include "web/room.h"

extern const struct route view_routes[];
extern const struct permission bus_see_plan;
#endif
