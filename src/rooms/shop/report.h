/* report.h - a day of the shop in figures, each recomputed from rows, and the shop's jobs. */
#ifndef CUNHUO_SHOP_REPORT_H
#define CUNHUO_SHOP_REPORT_H

#include "web/figure.h"
#include "web/room.h"

extern const struct route shop_report_routes[];
extern const struct permission shop_report_permission;
extern const struct figure shop_figures[];
extern const struct job shop_jobs[];

/* For `cunhuo check`. */
MUST_USE enum status shop_check(struct tx *tx, struct err *err);
#endif
