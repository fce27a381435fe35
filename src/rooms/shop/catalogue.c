/* catalogue.c - all that is sold, in memory. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/text.h"
#include "db/db.h"
#include "ledger/ledger.h"
#include "people/pinyin.h"
#include "rooms/shop/inside.h"
#include "rooms/shop/stock.h"
#include "web/county.h"

enum { CATALOGUE_BYTES = 256 << 20 };

/* ---- making ---- */

static const struct sql find_skus = SQL(
    "SELECT id, code, name, pinyin, category, unit, weight_g, volume_ml, temperature, price_fen,"
    " bin, supplier_id FROM sku ORDER BY category, name, id");

static const char *kept(struct arena *arena, const struct rows *rows, size_t column, bool *whole)
{
    const char *copy = arena_text(arena, row_str(rows, column));
    if (copy == NULL) *whole = false;
    return copy;
}

static enum status read_item(struct arena *arena, const struct rows *rows, struct item *item)
{
    bool whole = true;
    item->sku = (struct sku){
        .id = row_i64(rows, 0), .code = kept(arena, rows, 1, &whole),
        .name = kept(arena, rows, 2, &whole), .category = kept(arena, rows, 4, &whole),
        .unit = kept(arena, rows, 5, &whole), .weight_g = row_i64(rows, 6),
        .volume_ml = row_i64(rows, 7), .temperature = (enum temperature)row_i64(rows, 8),
        .price_fen = row_i64(rows, 9), .bin = kept(arena, rows, 10, &whole),
        .supplier_id = row_i64(rows, 11),
    };
    item->pinyin = kept(arena, rows, 3, &whole);
    if (!whole) return BROKEN;
    item->joined = pinyin_joined(arena, item->pinyin);
    item->initials = pinyin_initials(arena, item->pinyin);
    return item->joined && item->initials ? OK : BROKEN;
}

static enum status read_stock(struct shop *shop, struct tx *tx, struct item *item, struct err *err)
{
    struct account stock = stock_account(item->sku.id, shop->hub_id);
    struct account sold = piece_account(item->sku.id, "sold");
    struct balance balance;
    enum status found = ledger_account_find(tx, &stock);
    if (found == OK) found = ledger_account_find(tx, &sold);
    if (found == NOT_FOUND) return OK;
    if (found != OK) return found;
    TRY(ledger_balance(tx, stock.id, &balance, err));
    item->stock_id = stock.id;
    item->sold_id = sold.id;
    atomic_init(&item->left, balance.posted - balance.held_out);
    return OK;
}

static int by_code(const void *a, const void *b)
{
    return strcmp((*(struct item *const *)a)->sku.code, (*(struct item *const *)b)->sku.code);
}

static int by_id(const void *a, const void *b)
{
    int64_t left = (*(struct item *const *)a)->sku.id, right = (*(struct item *const *)b)->sku.id;
    return (left > right) - (left < right);
}

static enum status index_items(struct catalogue *c)
{
    c->by_code = arena_new(c->arena, (c->count + 1) * sizeof *c->by_code);
    c->by_id = arena_new(c->arena, (c->count + 1) * sizeof *c->by_id);
    c->categories = arena_new(c->arena, (c->count + 1) * sizeof *c->categories);
    c->category_sizes = arena_new(c->arena, (c->count + 1) * sizeof *c->category_sizes);
    if (!c->by_code || !c->by_id || !c->categories || !c->category_sizes) return BROKEN;
    for (size_t i = 0; i < c->count; i++) {
        const char *category = c->items[i].sku.category;
        c->by_code[i] = c->by_id[i] = &c->items[i];
        if (i == 0 || strcmp(category, c->items[i - 1].sku.category) != 0)
            c->categories[c->category_count++] = category;
        c->category_sizes[c->category_count - 1]++;
    }
    if (c->count) qsort(c->by_code, c->count, sizeof *c->by_code, by_code);
    if (c->count) qsort(c->by_id, c->count, sizeof *c->by_id, by_id);
    return OK;
}

static enum status fill(struct shop *shop, struct tx *tx, struct catalogue *c, struct err *err)
{
    struct rows *rows;
    enum status found = db_first(tx, &find_skus, NO_ARGS, &rows);
    for (; found == OK; found = db_next(rows)) {
        c->items = arena_more(c->arena, c->items, c->count, sizeof *c->items);
        if (c->items == NULL) return BROKEN;
        TRY(read_item(c->arena, rows, &c->items[c->count++]));
    }
    if (found != NOT_FOUND) return found;
    for (size_t i = 0; i < c->count; i++) TRY(read_stock(shop, tx, &c->items[i], err));
    return index_items(c);
}

enum status catalogue_make(struct shop *shop, struct tx *tx, struct catalogue **out,
                           struct err *err)
{
    struct catalogue *c = calloc(1, sizeof *c);
    if (c == NULL) return BROKEN;
    c->holders = 1;
    c->arena = arena_open(CATALOGUE_BYTES);
    enum status made = c->arena ? fill(shop, tx, c, err) : BROKEN;
    if (made == OK) *out = c;
    else catalogue_free(c);
    return made;
}

void catalogue_free(struct catalogue *catalogue)
{
    if (catalogue == NULL) return;
    arena_free(catalogue->arena);
    free(catalogue);
}

/* ---- holding ---- */

struct catalogue *catalogue_hold(struct shop *shop)
{
    pthread_mutex_lock(&shop->lock);
    struct catalogue *c = shop->catalogue;
    c->holders++;
    pthread_mutex_unlock(&shop->lock);
    return c;
}

void catalogue_release(struct shop *shop, struct catalogue *catalogue)
{
    pthread_mutex_lock(&shop->lock);
    bool last = --catalogue->holders == 0;
    pthread_mutex_unlock(&shop->lock);
    if (last) catalogue_free(catalogue);
}

/* ---- changing ---- */

/* In the writer's thread, after the commit: so a reader sees exactly what the acts have left. */
static void make_again(void *of)
{
    struct shop *shop = of;
    struct catalogue *fresh = NULL, *old = NULL;
    struct arena *arena = arena_open(CATALOGUE_BYTES);
    struct tx *tx;
    struct err err = { .text = "" };
    if (!shop->stale) return;   // another SKU of the same group has seen to it
    enum status made = arena ? db_read_begin(shop->county->db, arena, &tx) : BROKEN;
    if (made == OK) {
        made = catalogue_make(shop, tx, &fresh, &err);
        db_read_end(tx);
    }
    arena_free(arena);
    if (made != OK) {   // the old list goes on; the next change or start makes a new one
        fprintf(stderr, "shop: no new list of goods: %s\n", status_name(made));
        return;
    }
    shop->stale = false;
    pthread_mutex_lock(&shop->lock);
    old = shop->catalogue;
    shop->catalogue = fresh;
    pthread_mutex_unlock(&shop->lock);
    catalogue_release(shop, old);
}

enum status catalogue_changes(struct tx *tx)
{
    struct shop *shop = shop_of(tx_county(tx));
    if (shop == NULL) return OK;
    shop->stale = true;
    return tx_done(tx, make_again, shop);
}

/* ---- finding ---- */

static int code_of(const void *code, const void *at)
{
    return strcmp(code, (*(struct item *const *)at)->sku.code);
}

struct item *catalogue_by_code(const struct catalogue *c, const char *code)
{
    if (c->count == 0) return NULL;
    struct item **found = bsearch(code, c->by_code, c->count, sizeof *c->by_code, code_of);
    return found ? *found : NULL;
}

static int id_of(const void *id, const void *at)
{
    int64_t left = *(const int64_t *)id, right = (*(struct item *const *)at)->sku.id;
    return (left > right) - (left < right);
}

struct item *catalogue_by_id(const struct catalogue *c, int64_t sku_id)
{
    if (c->count == 0) return NULL;
    struct item **found = bsearch(&sku_id, c->by_id, c->count, sizeof *c->by_id, id_of);
    return found ? *found : NULL;
}

char *catalogue_folded(struct arena *arena, const char *text)
{
    char *clean = arena_text(arena, text), *to = clean;
    for (const char *at = clean; at && *at; at++)
        if (*at != ' ' && *at != '\'') *to++ = (char)tolower((unsigned char)*at);
    if (to) *to = '\0';
    return clean;
}

/* 3: the name begins so, 2: it is in the name, 1: in its pinyin or initials, 0: not at all. */
static int likeness(const struct item *item, const char *text, const char *latin)
{
    if (strncmp(item->sku.name, text, strlen(text)) == 0 || strcmp(item->sku.code, text) == 0)
        return 3;
    if (strstr(item->sku.name, text)) return 2;
    if (*latin && (strstr(item->joined, latin) || strstr(item->initials, latin))) return 1;
    return 0;
}

enum status catalogue_search(const struct catalogue *c, struct arena *arena, const char *category,
                             const char *text, size_t skip, size_t count_max,
                             const struct item ***out, size_t *count, size_t *total)
{
    const char *latin = text ? catalogue_folded(arena, text) : "";
    *out = arena_new(arena, (count_max + 1) * sizeof **out);
    if (*out == NULL || latin == NULL) return BROKEN;
    *count = *total = 0;
    for (int want = text ? 3 : 0; want >= (text ? 1 : 0); want--) {
        for (size_t i = 0; i < c->count; i++) {
            const struct item *item = &c->items[i];
            if (category && strcmp(item->sku.category, category) != 0) continue;
            if (text && likeness(item, text, latin) != want) continue;
            if ((*total)++ >= skip && *count < count_max) (*out)[(*count)++] = item;
        }
    }
    return OK;
}
