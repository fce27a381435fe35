/* buy.h - the routes by which people order, pay, cancel and follow their orders. */
#ifndef CUNHUO_SHOP_BUY_H
#define CUNHUO_SHOP_BUY_H

#include "web/room.h"

extern const struct route buy_routes[], follow_routes[];
extern const struct permission buy_permission;
#endif
