/* figure.h - a number of the county by name: what rooms may know of each other. */
#ifndef CUNHUO_WEB_FIGURE_H
#define CUNHUO_WEB_FIGURE_H

#include "db/db.h"

/* A read-only query with one BIGINT column and one row. Parameters: $1 from_ms, $2 until_ms,
 * $3 place_id (0: the whole county). */
struct figure {
    const char *name;         // "bus.kept"
    const char *unit;         // "piece", "fen", "m"
    const char *text;         // msgid: its definition
    struct sql query;
};
#endif
