/* views.h - pieces and files as JSON, for this room's pages and answers. NULL: no memory. */
#ifndef CUNHUO_PARCEL_VIEWS_H
#define CUNHUO_PARCEL_VIEWS_H

#include <jansson.h>

struct piece_row_now;
struct report;
struct report_row;
struct taken;

json_t *report_json(const struct report *report);
/* Texts are in the reader's language. */
json_t *report_row_json(const char *lang, const struct report_row *row);
json_t *taken_json(const char *lang, const char *waybill, const struct taken *taken);
json_t *piece_json(const char *lang, const struct piece_row_now *piece);
#endif
