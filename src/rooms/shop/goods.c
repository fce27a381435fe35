/* goods.c - browsing, without log-in; and prices and wallets for the desk. */
#include "rooms/shop/goods.h"

#include <string.h>
#include "base/arena.h"
#include "base/clock.h"
#include "base/money.h"
#include "db/db.h"
#include "people/person.h"
#include "rooms/bus/bus.h"
#include "rooms/shop/cart.h"
#include "rooms/shop/inside.h"
#include "rooms/shop/pay.h"
#include "rooms/shop/stock.h"
#include "rooms/shop/view.h"
#include "web/county.h"
#include "web/form.h"

enum { PAGE_ITEMS = 48, FOUND_VILLAGES = 300, WORD_BYTES = 60, FEW = 10 };

/* What is copied from the catalogue, which goes its own way. */
struct shown { struct sku sku; int64_t left; };

struct browse {
    const struct village *village;       // NULL: not chosen yet
    const char *find, *category, *text, *cart;
    const struct village **villages;
    size_t village_count;
    const char **categories;
    size_t *category_sizes, category_count;
    struct shown *items;
    size_t item_count, total, skip, carted;
    struct promise promise;              // day 0: nothing can be brought on the days that are open
    bool cold_later;                     // the cold boxes of that day are taken
    int64_t now_ms;
};

/* ---- reading ---- */

/* An unknown code is asked for again, and the villager's own village is the one he has logged in
 * from: there is never a default. */
static enum status choose_village(struct request *rq, struct browse *b, struct err *err)
{
    struct shop *shop = shop_of(rq->county);
    const char *code = NULL;
    TRY(form_str_opt(rq, "village", 40, &code, err));
    TRY(form_str_opt(rq, "find", WORD_BYTES, &b->find, err));
    enum status found = code ? village_by_code(shop, code, &b->village)
                             : village_of_place(shop, rq->who.place_id, &b->village);
    if (b->find) b->village = NULL, found = NOT_FOUND;
    if (found != NOT_FOUND) return found;
    return village_search(shop, rq->arena, b->find, FOUND_VILLAGES, &b->villages,
                          &b->village_count);
}

static bool quote(struct request *rq, const struct browse *b, struct need need,
                  struct promise *out)
{
    struct err none = { .text = "" };
    return bus_promise(rq->county, b->village->place_id, false, &need, 0, rq->arrived_ms, out,
                       &none) == OK;
}

static void promise_day(struct request *rq, struct browse *b)
{
    struct promise cold;
    if (b->village == NULL) return;
    if (!quote(rq, b, (struct need){ 1000, 2000, 0 }, &b->promise)) b->promise.day = 0;
    b->cold_later = !quote(rq, b, (struct need){ 1000, 0, 2000 }, &cold)
                 || cold.day != b->promise.day;
}

static enum status copy_categories(struct request *rq, const struct catalogue *catalogue,
                                   struct browse *b)
{
    size_t n = catalogue->category_count;
    b->categories = arena_new(rq->arena, (n + 1) * sizeof *b->categories);
    b->category_sizes = arena_new(rq->arena, (n + 1) * sizeof *b->category_sizes);
    if (b->categories == NULL || b->category_sizes == NULL) return BROKEN;
    for (; b->category_count < n; b->category_count++) {
        size_t i = b->category_count;
        b->categories[i] = arena_text(rq->arena, catalogue->categories[i]);
        b->category_sizes[i] = catalogue->category_sizes[i];
        if (b->categories[i] == NULL) return BROKEN;
    }
    return OK;
}

static enum status copy_item(struct request *rq, const struct item *item, struct shown *out)
{
    *out = (struct shown){ item->sku, atomic_load(&item->left) };
    out->sku.code = arena_text(rq->arena, item->sku.code);
    out->sku.name = arena_text(rq->arena, item->sku.name);
    out->sku.category = arena_text(rq->arena, item->sku.category);
    out->sku.unit = arena_text(rq->arena, item->sku.unit);
    out->sku.bin = arena_text(rq->arena, item->sku.bin);
    return out->sku.code && out->sku.name && out->sku.category && out->sku.unit && out->sku.bin
        ? OK : BROKEN;
}

static enum status copy_found(struct request *rq, const struct catalogue *catalogue,
                              struct browse *b)
{
    const struct item **found;
    size_t count;
    TRY(catalogue_search(catalogue, rq->arena, b->category, b->text, b->skip, PAGE_ITEMS, &found,
                         &count, &b->total));
    b->items = arena_new(rq->arena, (count + 1) * sizeof *b->items);
    if (b->items == NULL) return BROKEN;
    for (; b->item_count < count; b->item_count++)
        TRY(copy_item(rq, found[b->item_count], &b->items[b->item_count]));
    return OK;
}

static enum status prepare_browse(struct request *rq, void *in, struct err *err)
{
    struct browse *b = in;
    struct shop *shop = shop_of(rq->county);
    struct cart cart = { 0 };
    int64_t skip = 0;
    b->now_ms = rq->arrived_ms;
    TRY(choose_village(rq, b, err));
    TRY(form_str_opt(rq, "category", WORD_BYTES, &b->category, err));
    TRY(form_str_opt(rq, "q", WORD_BYTES, &b->text, err));
    TRY(form_i64_opt(rq, "skip", 0, 1000000, &skip, err));
    b->skip = (size_t)skip;
    b->cart = "";
    if (b->village) {
        TRY(cart_read_any(rq, &cart, err));
        b->cart = cart_text(rq->arena, &cart);
        b->carted = cart.count;
        if (b->cart == NULL) return BROKEN;
    }
    promise_day(rq, b);
    struct catalogue *catalogue = catalogue_hold(shop);
    enum status copied = copy_categories(rq, catalogue, b);
    if (copied == OK) copied = copy_found(rq, catalogue, b);
    catalogue_release(shop, catalogue);
    return copied;
}

static enum status act_browse(struct tx *tx, const void *in, void *out, struct err *err)
{
    (void)tx;
    (void)err;
    memcpy(out, in, sizeof(struct browse));
    return OK;
}

/* ---- showing ---- */

static json_t *item_json(const struct shown *shown, size_t row)
{
    static const struct { const char *text; } classes[] = {
        [AMBIENT] = { .text = "Room temperature" }, [CHILLED] = { .text = "Chilled" },
        [FROZEN] = { .text = "Frozen" }, [LIVE] = { .text = "Live" },
    };
    const struct sku *sku = &shown->sku;
    int64_t left = shown->left > 0 ? shown->left : 0;
    return json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:b, s:b, s:b, s:s, s:s, s:I}",
                     "code", sku->code, "name", sku->name, "category", sku->category, "unit",
                     sku->unit, "price_fen", (json_int_t)sku->price_fen, "jin_fen",
                     (json_int_t)money_share(sku->price_fen, 500, sku->weight_g), "weight_g",
                     (json_int_t)sku->weight_g, "left", (json_int_t)left, "sold_out",
                     (int)(left == 0), "few", (int)(left > 0 && left <= FEW), "cold",
                     (int)(sku->temperature == CHILLED || sku->temperature == FROZEN),
                     "temperature", classes[sku->temperature].text, "bin", sku->bin, "row",
                     (json_int_t)row);
}

static json_t *villages_json(const struct browse *b)
{
    json_t *list = json_array();
    const char *township = NULL;
    json_t *inside = NULL;
    for (size_t i = 0; list && i < b->village_count; i++) {
        const struct village *v = b->villages[i];
        if (township == NULL || strcmp(township, v->township) != 0) {
            inside = json_array();
            township = v->township;
            json_array_append_new(list, json_pack("{s:s, s:o}", "township", township, "villages",
                                                  inside));
        }
        json_array_append_new(inside, json_pack("{s:s, s:s, s:s}", "code", v->code, "name",
                                                v->name, "point", v->place_name));
    }
    return list;
}

static json_t *categories_json(const struct browse *b)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < b->category_count; i++)
        json_array_append_new(list, json_pack("{s:s, s:I, s:b}", "name", b->categories[i], "count",
                                              (json_int_t)b->category_sizes[i], "chosen",
                                              (int)(b->category && strcmp(b->category,
                                                    b->categories[i]) == 0)));
    return list;
}

static json_t *show_browse(struct request *rq, const void *out)
{
    const struct browse *b = out;
    json_t *items = json_array();
    for (size_t i = 0; items && i < b->item_count; i++)
        json_array_append_new(items, item_json(&b->items[i], i));
    size_t next = b->skip + b->item_count;
    json_t *view = json_pack(
        "{s:s, s:b, s:o, s:s, s:o, s:s, s:s, s:s, s:I, s:I, s:b, s:I, s:o}",
        "county", rq->county->name, "chosen", (int)(b->village != NULL), "townships",
        villages_json(b), "find", b->find ? b->find : "", "categories", categories_json(b),
        "category", b->category ? b->category : "", "q", b->text ? b->text : "", "cart", b->cart,
        "carted", (json_int_t)b->carted, "total", (json_int_t)b->total, "more",
        (int)(next < b->total), "next", (json_int_t)next, "goods", items);
    if (view == NULL) return NULL;
    view_village(view, b->village);
    view_promise(view, rq->county, b->promise.day ? &b->promise : NULL, b->promise.why_later,
                 b->now_ms);
    json_object_set_new(view, "cold_later", json_boolean(b->cold_later));
    return view;
}

/* ---- one of them ---- */

static enum status prepare_item(struct request *rq, void *in, struct err *err)
{
    struct browse *b = in;
    struct shop *shop = shop_of(rq->county);
    const char *code, *village = NULL;
    b->now_ms = rq->arrived_ms;
    b->cart = "";
    TRY(form_str(rq, "code", 20, &code, err));
    TRY(form_str_opt(rq, "village", 40, &village, err));
    if (village || rq->who.place_id) TRY(choose_village(rq, b, err));
    if (b->village) {
        struct cart cart;
        TRY(cart_read_any(rq, &cart, err));
        b->cart = cart_text(rq->arena, &cart);
        b->carted = cart.count;
    }
    promise_day(rq, b);
    b->items = arena_new(rq->arena, sizeof *b->items);
    if (b->items == NULL || b->cart == NULL) return BROKEN;
    struct catalogue *catalogue = catalogue_hold(shop);
    const struct item *item = catalogue_by_code(catalogue, code);
    enum status copied = item ? copy_item(rq, item, b->items) : NOT_FOUND;
    catalogue_release(shop, catalogue);
    b->item_count = 1;
    if (copied == NOT_FOUND) return err_set(err, NOT_FOUND, "code", "There are no such goods.");
    return copied;
}

static json_t *show_item(struct request *rq, const void *out)
{
    const struct browse *b = out;
    json_t *view = item_json(&b->items[0], 0);
    if (view == NULL) return NULL;
    json_object_set_new(view, "chosen", json_boolean(b->village != NULL));
    json_object_set_new(view, "cart", json_string(b->cart));
    json_object_set_new(view, "carted", json_integer((json_int_t)b->carted));
    view_village(view, b->village);
    view_promise(view, rq->county, b->promise.day ? &b->promise : NULL, b->promise.why_later,
                 b->now_ms);
    json_object_set_new(view, "cold_later", json_boolean(b->cold_later));
    return view;
}

/* ---- prices ---- */

const struct permission goods_permission = {
    "shop.goods", "Set prices of goods", "clerk admin" };

struct price { const char *code; int64_t price_fen, at_ms, by_id; };

static enum status prepare_price(struct request *rq, void *in, struct err *err)
{
    struct price *price = in;
    price->at_ms = rq->arrived_ms;
    price->by_id = rq->user_id;
    TRY(form_str(rq, "code", 20, &price->code, err));
    return form_i64(rq, "price_fen", 1, FEN_MAX / 1000000, &price->price_fen, err);
}

static enum status act_price(struct tx *tx, const void *in, void *out, struct err *err)
{
    const struct price *price = in;
    *(struct price *)out = *price;
    return shop_price_set(tx, price->code, price->price_fen, price->at_ms, price->by_id, err);
}

static json_t *show_price(struct request *rq, const void *out)
{
    const struct price *price = out;
    (void)rq;
    return json_pack("{s:s, s:I}", "code", price->code, "price_fen", (json_int_t)price->price_fen);
}

/* ---- wallets ---- */

const struct permission wallet_permission = {
    "shop.wallet", "Fill wallets at the desk", "desk admin" };

struct filling { const char *phone; int64_t amount_fen, at_ms, balance_fen; };

static enum status prepare_fill(struct request *rq, void *in, struct err *err)
{
    struct filling *filling = in;
    filling->at_ms = rq->arrived_ms;
    TRY(form_str(rq, "phone", 30, &filling->phone, err));
    return form_i64(rq, "amount_fen", 1, FEN_MAX, &filling->amount_fen, err);
}

static enum status act_fill(struct tx *tx, const void *in, void *out, struct err *err)
{
    struct filling *filling = out;
    struct party party;
    *filling = *(const struct filling *)in;
    enum status found = party_by_phone(tx, filling->phone, &party, err);
    if (found == NOT_FOUND)
        return err_set(err, NOT_FOUND, "phone", "Nobody has this phone number.");
    if (found != OK) return found;
    return wallet_fill(tx, party.id, filling->amount_fen, filling->at_ms, &filling->balance_fen,
                       err);
}

static json_t *show_fill(struct request *rq, const void *out)
{
    const struct filling *filling = out;
    (void)rq;
    return json_pack("{s:s, s:I}", "phone", filling->phone, "balance_fen",
                     (json_int_t)filling->balance_fen);
}

const struct route goods_routes[] = {
    { .method = GET, .path = "/shop", .permission = &anyone, .page = "shop/home",
      .text = "The shop's front for a village: what can be had, and until when",
      .in_size = sizeof(struct browse), .out_size = sizeof(struct browse),
      .prepare = prepare_browse, .act = act_browse, .show = show_browse },
    { .method = GET, .path = "/shop/goods", .permission = &anyone, .page = "shop/goods",
      .text = "Goods by category, name, pinyin or initials",
      .in_size = sizeof(struct browse), .out_size = sizeof(struct browse),
      .prepare = prepare_browse, .act = act_browse, .show = show_browse },
    { .method = GET, .path = "/shop/goods/{code}", .permission = &anyone, .page = "shop/item",
      .text = "One kind of goods", .in_size = sizeof(struct browse),
      .out_size = sizeof(struct browse), .prepare = prepare_item, .act = act_browse,
      .show = show_item },
    { .method = POST, .path = "/shop/goods/{code}/price", .permission = &goods_permission,
      .text = "Set a price, from now on", .in_size = sizeof(struct price),
      .out_size = sizeof(struct price), .prepare = prepare_price, .act = act_price,
      .show = show_price },
    { .method = POST, .path = "/shop/wallets", .permission = &wallet_permission,
      .text = "Fill somebody's wallet at the desk", .in_size = sizeof(struct filling),
      .out_size = sizeof(struct filling), .prepare = prepare_fill, .act = act_fill,
      .show = show_fill },
    { 0 }
};
