/* inside.h - the shop's state in memory, for its own files only.
 *
 * The catalogue is a snapshot of all SKUs that are sold, made when the county starts and again
 * after a SKU or a price has changed. A request holds it while it reads; nothing in it changes but
 * `left`, the pieces that can still be had, which the writer keeps in step with the ledger (taken
 * by an act, given back should the act be undone) and which pages read. What decides is the ledger.
 *
 * `lock` guards the pointer and the count of holders, for nanoseconds.
 *
 * Villages are known by code together with the point that serves them or, where there is none, the
 * station. */
#ifndef CUNHUO_SHOP_INSIDE_H
#define CUNHUO_SHOP_INSIDE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/status.h"
#include "rooms/shop/shop.h"

struct arena;
struct county;
struct tx;

struct item {
    struct sku sku;
    const char *pinyin, *joined, *initials;   // "la rou", "larou", "lr"
    int64_t stock_id, sold_id;    // accounts; 0: there was never any stock
    atomic_llong left;            // pieces available
};

struct catalogue {
    struct arena *arena;          // of all of it
    int holders;                  // under shop->lock; freed at 0
    size_t count;
    struct item *items;           // by category, then name
    struct item **by_code, **by_id;
    size_t category_count;
    const char **categories;
    size_t *category_sizes;
};

struct village {
    int64_t village_id, place_id; // place: the point (or station) whose bus stop it is
    const char *code, *name, *place_name, *township;
    const char *joined, *initials;   // "hefengcun", "hfc"
};

/* Made when the county starts, never changed. */
struct villages {
    struct arena *arena;
    size_t count;
    struct village *at;           // by township, then code
    struct village **by_code;
};

struct shop {
    struct county *county;
    pthread_mutex_t lock;
    struct catalogue *catalogue;
    struct villages *villages;
    bool stale;                   // the writer's: a SKU has changed in this group
    int64_t hub_id;               // 0: the county has no hub yet
};

/* NULL while a county is being made, before its rooms start. */
struct shop *shop_of(const struct county *county);

/* ---- the catalogue ---- */

MUST_USE enum status catalogue_make(struct shop *shop, struct tx *tx, struct catalogue **out,
                                    struct err *err);
struct catalogue *catalogue_hold(struct shop *shop);
void catalogue_release(struct shop *shop, struct catalogue *catalogue);
void catalogue_free(struct catalogue *catalogue);
/* In the writer: a new one is made once what is written here is on disk. */
MUST_USE enum status catalogue_changes(struct tx *tx);
/* NULL: none of this code or id. */
struct item *catalogue_by_code(const struct catalogue *catalogue, const char *code);
struct item *catalogue_by_id(const struct catalogue *catalogue, int64_t sku_id);
/* Lower case without spaces, as pinyin is kept joined. NULL: no memory. */
char *catalogue_folded(struct arena *arena, const char *text);
/* Up to count_max items of a category (NULL: all) whose name, pinyin or initials contain `text`
 * (NULL: all), from the skip-th on. `total`: how many there are in all. */
MUST_USE enum status catalogue_search(const struct catalogue *catalogue, struct arena *arena,
                                      const char *category, const char *text, size_t skip,
                                      size_t count_max, const struct item ***out, size_t *count,
                                      size_t *total);

/* ---- villages ---- */

MUST_USE enum status villages_make(struct tx *tx, struct villages **out, struct err *err);
void villages_free(struct villages *villages);
/* Borrowed as long as the county is open. The village of a code; the first one that is this place
 * or is served by it. NOT_FOUND: there is none, or no bus stop serves it. */
MUST_USE enum status village_by_code(struct shop *shop, const char *code,
                                     const struct village **out);
MUST_USE enum status village_of_place(struct shop *shop, int64_t place_id,
                                      const struct village **out);
/* Those whose name, pinyin, initials or township contain `text` (NULL: all), at most count_max. */
MUST_USE enum status village_search(struct shop *shop, struct arena *arena, const char *text,
                                    size_t count_max, const struct village ***out,
                                    size_t *count);

MUST_USE enum status shop_start(struct county *county, void **state, struct err *err);
void shop_stop(struct county *county, void *state);
#endif
