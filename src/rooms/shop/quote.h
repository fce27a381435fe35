/* quote.h - GET /shop/promise: what a cart costs, what of it is there, by when it comes.
 *
 * Writes nothing. */
#ifndef CUNHUO_SHOP_QUOTE_H
#define CUNHUO_SHOP_QUOTE_H

#include "web/room.h"

extern const struct route quote_routes[];
#endif
