/* view.h - pieces that several views of the shop have. */
#ifndef CUNHUO_SHOP_VIEW_H
#define CUNHUO_SHOP_VIEW_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include "rooms/bus/bus.h"
#include "rooms/shop/pay.h"

struct county;
struct request;
struct village;

/* Adds village_code, village_name and place_name; all empty where none is chosen. */
void view_village(json_t *view, const struct village *village);

/* Adds promised, day, day_ms (its noon), due_ms, closes_ms, left_s (until it closes) and why_later
 * with later; promise NULL: none, for the reason `why`. */
void view_promise(json_t *view, const struct county *county, const struct promise *promise,
                  enum bus_reason why, int64_t now_ms);

/* The ways to pay that are open to who asks: [{name, text, demo}]; `later` too, if it is wanted. */
json_t *view_pays(const struct request *rq, bool later);

const char *order_state_text(const char *state);   // msgid
const char *order_state_kind(const char *state);   // how it is coloured: "fine", "busy", "bad"
#endif
