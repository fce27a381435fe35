/* pick.h - picking at the hub (拣货): by order, lines by bin, what is missing is refunded at once. */
#ifndef CUNHUO_SHOP_PICK_H
#define CUNHUO_SHOP_PICK_H

#include "web/room.h"

extern const struct route pick_routes[];
extern const struct permission pick_permission;
#endif
