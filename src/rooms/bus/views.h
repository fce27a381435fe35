/* views.h - what people see of the bus: days and a driver's day (board.h), a trip with its stops
 * and load (trip_view.c), a place's shelf (shelf.c), the fleet. What browsers without script may do
 * there: screens.h. */
#ifndef CUNHUO_BUS_VIEWS_H
#define CUNHUO_BUS_VIEWS_H

#include "web/room.h"

extern const struct route view_routes[];
extern const struct route trip_view_routes[];
extern const struct route shelf_routes[];
extern const struct permission bus_see_plan, bus_see_trip;
#endif
