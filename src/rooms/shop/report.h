/* report.h - a day of the shop in figures, each recomputed from rows, and the shop's jobs. */
#ifndef CUNHUO_SHOP_REPORT_H
#define CUNHUO_SHOP_REPORT_H

#include "web/figure.h"
#include "web/room.h"

extern const struct route report_routes[];
extern const struct permission report_permission;
extern const struct figure report_figures[];
extern const struct job shop_jobs[];
#endif
