/* report.h - a day's figures: what was promised, what was kept, and why not. */
#ifndef CUNHUO_BUS_REPORT_H
#define CUNHUO_BUS_REPORT_H

#include <stdint.h>
#include "base/status.h"
#include "web/figure.h"
#include "web/room.h"

struct tx;

/* LATE(name): why a promise was not kept, the most telling first. */
#define LATE_CAUSES(LATE) LATE(road) LATE(breakdown) LATE(missing) LATE(delay)

struct report {
    int64_t orders, parcels, lots;        // consignments of the day, by kind
    int64_t consignments;                 // all that were not withdrawn
    int64_t delivered;                    // of these, those at the end of their way
    int64_t promises, kept, late;         // due by `at_ms`; promises = kept + late
    int64_t vehicles, trips, stops;
    int64_t plan_ms;                      // from the closing to the plan's publication
    int64_t custody_gaps;                 // units with a hand-over that doesn't fit
    int64_t metres, cost_fen, pieces;
    int64_t load_down_permille, load_up_permille;   // of the fullest dimension, mean over trips
    int64_t late_causes[4];               // in the order of LATE_CAUSES
};
MUST_USE enum status bus_report_day(struct tx *tx, int64_t day, int64_t at_ms, struct report *out,
                                struct err *err);

extern const struct route bus_report_routes[];
extern const struct figure bus_report_figures[];
#endif
