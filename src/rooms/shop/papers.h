/* papers.h - what the shop prints for a night:
 *
 *   pick       a walk through the hub: each bin once, with all that the wave takes from it, a page
 *              per zone (the first part of a bin's name)
 *   pack       each order's lines with the trip, stop and place it goes to: where the walk's goods
 *              are put, and what a picker without a phone ticks off
 *   suppliers  what each supplier's goods are asked for, a page each
 *
 * Orders that are paid or picked count; what is told by pickers meanwhile is not printed. */
#ifndef CUNHUO_SHOP_PAPERS_H
#define CUNHUO_SHOP_PAPERS_H

#include "web/room.h"

extern const struct paper shop_papers[];
#endif
