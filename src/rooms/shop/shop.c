/* shop.c - the room of the village fresh shop: its tables, routes, jobs and state. */
#include "rooms/shop/shop.h"

#include <stdlib.h>
#include "base/arena.h"
#include "db/db.h"
#include "people/place.h"
#include "rooms/shop/buy.h"
#include "rooms/shop/goods.h"
#include "rooms/shop/inside.h"
#include "rooms/shop/papers.h"
#include "rooms/shop/pick.h"
#include "rooms/shop/quote.h"
#include "rooms/shop/report.h"
#include "web/county.h"
#include "web/room.h"

enum { START_BYTES = 256 << 20 };

static const char *const tables[] = {
    // What is sold. Its stock is a ledger account whose unit is the SKU's id.
    "CREATE TABLE sku (id BIGINT PRIMARY KEY, code TEXT NOT NULL UNIQUE, name TEXT NOT NULL,"
    " pinyin TEXT NOT NULL, category TEXT NOT NULL, unit TEXT NOT NULL,"
    " weight_g BIGINT NOT NULL CHECK (weight_g > 0),"
    " volume_ml BIGINT NOT NULL CHECK (volume_ml > 0),"
    " temperature BIGINT NOT NULL CHECK (temperature BETWEEN 1 AND 4),"
    " price_fen BIGINT NOT NULL CHECK (price_fen > 0), bin TEXT NOT NULL,"
    " supplier_id BIGINT NOT NULL)",

    "CREATE TABLE price_history (id BIGINT PRIMARY KEY, sku_id BIGINT NOT NULL REFERENCES sku (id),"
    " price_fen BIGINT NOT NULL, from_ms BIGINT NOT NULL, by_id BIGINT NOT NULL);"
    "APPEND ONLY price_history;",

    "CREATE TABLE stock_in (id BIGINT PRIMARY KEY, sku_id BIGINT NOT NULL REFERENCES sku (id),"
    " place_id BIGINT NOT NULL, pieces BIGINT NOT NULL CHECK (pieces > 0),"
    " document_id BIGINT NOT NULL,"        // delivery note; 0: opening stock
    " at_ms BIGINT NOT NULL);"
    "CREATE INDEX stock_in_of_sku ON stock_in (sku_id);"
    "APPEND ONLY stock_in;",

    // An order (订单). Its goods are a consignment of the bus, its money is in the ledger.
    "CREATE TABLE shop_order (id BIGINT PRIMARY KEY, villager_id BIGINT NOT NULL,"
    " by_id BIGINT NOT NULL,"              // who ordered: himself, or a keeper for him
    " village_id BIGINT NOT NULL, place_id BIGINT NOT NULL," // where it is collected
    " day BIGINT NOT NULL, due_ms BIGINT NOT NULL,"
    " state TEXT NOT NULL CHECK (state IN ('held', 'paid', 'picked', 'collected', 'cancelled',"
    " 'expired')),"
    " pay TEXT NOT NULL CHECK (pay IN ('later', 'wallet', 'cash', 'demo')),"
    " total_fen BIGINT NOT NULL CHECK (total_fen > 0),"
    " consignment_id BIGINT NOT NULL, money_id BIGINT, stock_id BIGINT,"  // transfers
    " arrived_ms BIGINT NOT NULL, paid_ms BIGINT, ended_ms BIGINT,"
    " expires_ms BIGINT NOT NULL,"         // of one that is held; 0: paid at once
    " note TEXT);"
    "CREATE INDEX shop_order_of_villager ON shop_order (villager_id, id);"
    "CREATE INDEX shop_order_of_day ON shop_order (day, id);",

    // Prices and quantities as ordered; picked is NULL until somebody has picked the line.
    "CREATE TABLE order_line (order_id BIGINT NOT NULL REFERENCES shop_order (id),"
    " seq BIGINT NOT NULL, sku_id BIGINT NOT NULL, quantity BIGINT NOT NULL CHECK (quantity > 0),"
    " price_fen BIGINT NOT NULL, picked BIGINT CHECK (picked BETWEEN 0 AND quantity),"
    " PRIMARY KEY (order_id, seq))",

    // What pickers have told, by the id that their phone has given it: facts, only added.
    "CREATE TABLE pick (event_id TEXT NOT NULL PRIMARY KEY, order_id BIGINT NOT NULL,"
    " seq BIGINT NOT NULL, picked BIGINT NOT NULL, by_id BIGINT NOT NULL, at_ms BIGINT NOT NULL);"
    "APPEND ONLY pick;",
    NULL
};

static enum status read_state(struct shop *shop, struct tx *tx, struct err *err)
{
    struct place *hubs;
    size_t count;
    TRY(place_list(tx, PLACE_HUB, 0, &hubs, &count, err));
    shop->hub_id = count ? hubs[0].id : 0;
    TRY(catalogue_make(shop, tx, &shop->catalogue, err));
    return villages_make(tx, &shop->villages, err);
}

enum status shop_start(struct county *county, void **state, struct err *err)
{
    struct shop *shop = calloc(1, sizeof *shop);
    struct arena *arena = arena_open(START_BYTES);
    struct tx *tx;
    if (shop == NULL || arena == NULL) {
        free(shop);
        arena_free(arena);
        return BROKEN;
    }
    shop->county = county;
    pthread_mutex_init(&shop->lock, NULL);
    enum status started = db_read_begin(county->db, arena, &tx);
    if (started == OK) {
        started = read_state(shop, tx, err);
        db_read_end(tx);
    }
    arena_free(arena);
    if (started == OK) *state = shop;
    else shop_stop(county, shop);
    return started;
}

void shop_stop(struct county *county, void *state)
{
    struct shop *shop = state;
    (void)county;
    if (shop == NULL) return;
    catalogue_free(shop->catalogue);
    villages_free(shop->villages);
    pthread_mutex_destroy(&shop->lock);
    free(shop);
}

static const struct route *const routes[] = {
    goods_routes, quote_routes, buy_routes, follow_routes, pick_routes, shop_report_routes, NULL
};
static const struct permission *const permissions[] = {
    &buy_permission, &goods_permission, &wallet_permission, &pick_permission,
    &shop_report_permission, NULL
};

extern const struct room shop_room;   // found by the list of rooms
const struct room shop_room = {
    .name = "shop", .tables = tables, .more_routes = routes, .permissions = permissions,
    .jobs = shop_jobs, .figures = shop_figures, .papers = shop_papers,
    .start = shop_start, .stop = shop_stop,
    .check = shop_check,
};

struct shop *shop_of(const struct county *county)
{
    return county ? county_state(county, &shop_room) : NULL;
}
