/* goods.h - what people see of goods: the shop's front, its lists, one of them; and its prices. */
#ifndef CUNHUO_SHOP_GOODS_H
#define CUNHUO_SHOP_GOODS_H

#include "web/room.h"

extern const struct route goods_routes[];
extern const struct permission goods_permission;    // to set prices
extern const struct permission wallet_permission;   // to fill wallets
#endif
