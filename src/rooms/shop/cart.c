/* cart.c - see cart.h. */
#include "rooms/shop/cart.h"

#include <string.h>
#include "base/arena.h"
#include "base/text.h"
#include "web/county.h"
#include "web/form.h"
#include "web/room.h"

enum { CART_BYTES = LINES_MAX * 24, CODE_BYTES = 20 };

struct need item_need(const struct sku *sku, int64_t quantity)
{
    bool cold = sku->temperature == CHILLED || sku->temperature == FROZEN;
    int64_t ml = quantity * sku->volume_ml;
    return (struct need){ quantity * sku->weight_g, cold ? 0 : ml, cold ? ml : 0 };
}

/* ---- village ---- */

enum status cart_village(struct request *rq, const struct village **out, struct err *err)
{
    struct shop *shop = shop_of(rq->county);
    const char *code = NULL;
    TRY(form_str_opt(rq, "village", 40, &code, err));
    enum status found = code ? village_by_code(shop, code, out)
                             : village_of_place(shop, rq->who.place_id, out);
    if (found != NOT_FOUND) return found;
    if (code == NULL) return err_set(err, INVALID, "village", "Please choose your village.");
    return err_about(err, INVALID, "village", "This village is not known, or no bus stops there.",
                     "%.20s", code);
}

/* ---- lines ---- */

static enum status add(struct arena *arena, const struct catalogue *catalogue, struct cart *cart,
                       const char *code, int64_t quantity, struct err *err)
{
    const struct item *item = catalogue_by_code(catalogue, code);
    if (item == NULL)
        return err_about(err, INVALID, "lines", "There are no such goods.", "%.20s", code);
    struct cart_line *line = NULL;
    for (size_t i = 0; i < cart->count && line == NULL; i++)
        if (cart->lines[i].sku_id == item->sku.id) line = &cart->lines[i];
    if (line == NULL) {
        if (cart->count == LINES_MAX)
            return err_set(err, INVALID, "lines", "This list is too long.");
        line = &cart->lines[cart->count++];
        *line = (struct cart_line){
            .sku_id = item->sku.id, .stock_id = item->stock_id, .sold_id = item->sold_id,
            .code = arena_text(arena, item->sku.code), .name = arena_text(arena, item->sku.name),
            .unit = arena_text(arena, item->sku.unit), .price_fen = item->sku.price_fen,
            .left = atomic_load(&item->left),
        };
        if (!line->code || !line->name || !line->unit) return BROKEN;
    }
    line->quantity += quantity;
    if (line->quantity > QUANTITY_MAX)
        return err_about(err, INVALID, "lines", "At most 999 of one thing.", "%.60s", line->name);
    line->need = item_need(&item->sku, line->quantity);
    return OK;
}

static enum status read_text(struct request *rq, const struct catalogue *catalogue,
                             const char *text, struct cart *cart, struct err *err)
{
    while (*text) {
        char code[CODE_BYTES] = "", count[8] = "";
        size_t size = strcspn(text, ",");
        const char *colon = memchr(text, ':', size);
        size_t digits = colon ? size - (size_t)(colon - text) - 1 : 0;
        int64_t quantity;
        if (colon == NULL || colon - text >= CODE_BYTES || digits >= sizeof count)
            return err_set(err, INVALID, "lines", "Send lines as CODE:QUANTITY, parted by commas.");
        memcpy(code, text, (size_t)(colon - text));
        memcpy(count, colon + 1, digits);
        if (text_i64(count, &quantity) != OK || quantity < 1 || quantity > QUANTITY_MAX)
            return err_about(err, INVALID, "lines", "A quantity is 1 to 999.", "%s", count);
        TRY(add(rq->arena, catalogue, cart, code, quantity, err));
        text += size;
        if (*text == ',') text++;
    }
    return OK;
}

/* Rows of a request; from a page those with an empty quantity, or none, are not wanted. */
static enum status read_rows(struct request *rq, const struct catalogue *catalogue, bool page,
                             struct cart *cart, struct err *err)
{
    size_t rows;
    TRY(form_list(rq, "lines", 5 * LINES_MAX, &rows, err));
    for (size_t i = 0; i < rows; i++) {
        struct request row;
        const char *code = NULL;
        int64_t quantity = 0;
        TRY(form_item(rq, "lines", i, &row, err));
        if (page) {
            TRY(form_i64_opt(&row, "quantity", 0, QUANTITY_MAX, &quantity, err));
            if (quantity == 0) continue;
        } else {
            TRY(form_i64(&row, "quantity", 1, QUANTITY_MAX, &quantity, err));
        }
        TRY(form_str(&row, "code", CODE_BYTES - 1, &code, err));
        TRY(add(rq->arena, catalogue, cart, code, quantity, err));
    }
    return OK;
}

static enum status read_lines(struct request *rq, const struct catalogue *catalogue, bool page,
                              struct cart *cart, struct err *err)
{
    const char *text = NULL;
    struct err other = { .text = "" };
    // `lines` is text or a list; as a list it is no text, which is not an error here.
    if (form_str_opt(rq, "lines", CART_BYTES, &text, &other) == OK && text)
        return read_text(rq, catalogue, text, cart, err);
    if (page) {
        size_t rows;
        TRY(form_str_opt(rq, "cart", CART_BYTES, &text, err));
        if (text) TRY(read_text(rq, catalogue, text, cart, err));
        if (form_list(rq, "lines", 5 * LINES_MAX, &rows, &other) != OK) return OK;
    }
    return read_rows(rq, catalogue, page, cart, err);
}

static enum status read_cart(struct request *rq, bool page, struct cart *out, struct err *err)
{
    struct shop *shop = shop_of(rq->county);
    *out = (struct cart){ 0 };
    TRY(cart_village(rq, &out->village, err));
    out->lines = arena_new(rq->arena, LINES_MAX * sizeof *out->lines);
    if (out->lines == NULL) return BROKEN;
    struct catalogue *catalogue = catalogue_hold(shop);
    enum status read = read_lines(rq, catalogue, page, out, err);
    catalogue_release(shop, catalogue);
    if (read != OK) return read;
    for (size_t i = 0; i < out->count; i++) {
        const struct cart_line *line = &out->lines[i];
        out->total_fen += line->quantity * line->price_fen;
        out->need.weight_g += line->need.weight_g;
        out->need.dry_ml += line->need.dry_ml;
        out->need.cold_ml += line->need.cold_ml;
    }
    return OK;
}

enum status cart_read(struct request *rq, struct cart *out, struct err *err)
{
    return read_cart(rq, false, out, err);
}

enum status cart_read_any(struct request *rq, struct cart *out, struct err *err)
{
    return read_cart(rq, true, out, err);
}

const char *cart_text(struct arena *arena, const struct cart *cart)
{
    const char *text = "";
    for (size_t i = 0; text && i < cart->count; i++)
        text = arena_printf(arena, "%s%s%s:%lld", text, i ? "," : "", cart->lines[i].code,
                            (long long)cart->lines[i].quantity);
    return text;
}
