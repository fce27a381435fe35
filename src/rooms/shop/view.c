/* view.c - see view.h. */
#include "rooms/shop/view.h"

#include <string.h>
#include "base/clock.h"
#include "rooms/shop/inside.h"
#include "web/county.h"
#include "web/room.h"

void view_village(json_t *view, const struct village *village)
{
    json_object_set_new(view, "village_code", json_string(village ? village->code : ""));
    json_object_set_new(view, "village_name", json_string(village ? village->name : ""));
    json_object_set_new(view, "place_name", json_string(village ? village->place_name : ""));
}

static void number(json_t *view, const char *name, int64_t n)
{
    json_object_set_new(view, name, json_integer((json_int_t)n));
}

void view_promise(json_t *view, const struct county *county, const struct promise *promise,
                  enum bus_reason why, int64_t now_ms)
{
    struct promise none = { .day = 0 }, *p = &none;
    if (promise) none = *promise;
    bool later = why != BUS_FITS;
    number(view, "now_ms", now_ms);
    number(view, "day", p->day);
    number(view, "day_ms", promise ? day_ms(p->day, DUE_S, county->zone_s) : 0);
    number(view, "due_ms", p->due_ms);
    number(view, "eta_ms", p->eta_ms);
    number(view, "closes_ms", p->closes_ms);
    number(view, "left_s", promise ? (p->closes_ms - now_ms) / 1000 : 0);
    json_object_set_new(view, "promised", json_boolean(promise != NULL));
    json_object_set_new(view, "later", json_boolean(later));
    json_object_set_new(view, "why_later", json_string(later ? bus_reason_text(why) : ""));
}

json_t *view_pays(const struct request *rq, bool later)
{
    json_t *list = json_array();
    for (int i = 0; list && pay_names[i]; i++) {
        enum pay pay = (enum pay)i;
        if (!pay_may(rq, pay) || (pay == PAY_LATER && !later)) continue;
        json_array_append_new(list, json_pack("{s:s, s:s, s:b}", "name", pay_names[i], "text",
                                              pay_text(pay), "demo", (int)(pay == PAY_DEMO)));
    }
    return list;
}

const char *order_state_kind(const char *state)
{
    if (strcmp(state, "held") == 0) return "busy";
    return strcmp(state, "cancelled") == 0 || strcmp(state, "expired") == 0 ? "bad" : "fine";
}

const char *order_state_text(const char *state)
{
    static const struct { const char *state, *text; } texts[] = {
        { "held", .text = "Waits to be paid" }, { "paid", .text = "Paid" },
        { "picked", .text = "Picked" }, { "collected", .text = "Collected" },
        { "cancelled", .text = "Cancelled" }, { "expired", .text = "Not paid in time" },
    };
    for (size_t i = 0; i < COUNT(texts); i++)
        if (strcmp(texts[i].state, state) == 0) return texts[i].text;
    return "";
}
