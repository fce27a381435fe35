/* testing.h - a small county for the shop's tests: a hub, two townships with a station each, six
 * villages with a point each along one road, two trucks, five kinds of goods, a few people. */
#ifndef CUNHUO_SHOP_TESTING_H
#define CUNHUO_SHOP_TESTING_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include "base/status.h"
#include "road/testing.h"
#include "web/county.h"
#include "web/room.h"

enum { SHOP_VILLAGES = 6, SHOP_GOODS = 5 };
enum { MEAT, GREENS, FISH, RICE, EGGS };   // 腊肉 上海青 冻带鱼 大米 鸡蛋

struct shop_test {
    struct county *county;
    struct made made;
    struct road *road;
    int64_t hub_id, villages[SHOP_VILLAGES], points[SHOP_VILLAGES];
    int64_t goods[SHOP_GOODS];
    int64_t villager_id, other_id, keeper_id;   // the first two of village 0, keeper of its point
    struct who villager, other, keeper, picker, clerk, desk;
};

/* "330824101201" and on; "2000000000015" and on. */
extern const char *const shop_village_codes[SHOP_VILLAGES];
extern const char *const shop_goods_codes[SHOP_GOODS];

/* 2026-11-23 at this hour in China, ms may be beyond the hour. */
int64_t shop_at(int hour, int minute, int second, int ms);
int64_t shop_tomorrow(const struct shop_test *t);   // the day that follows that one

/* A new county with 100 pieces of each, its clock standing at `now_ms`. False: no such engine here.
 * */
bool shop_test_begin(struct shop_test *t, bool postgres, int64_t now_ms);
void shop_test_end(struct shop_test *t);
/* For a test that has ended the county itself. */
void shop_test_end_road(struct shop_test *t);
extern const struct room *const shop_test_rooms[];

/* Runs a route without HTTP, in a transaction of its own that is kept when all went well. Takes
 * over `fields` (a JSON object, path fields as well; NULL: none). `view` may be NULL. */
enum status shop_call(struct shop_test *t, enum method method, const char *path, struct who who,
                      json_t *fields, json_t **view, struct err *err);
/* The same, must go well. And the number or text of a name in a view. */
json_t *shop_view(struct shop_test *t, enum method method, const char *path, struct who who,
                  json_t *fields);
int64_t shop_number(const json_t *view, const char *name);
const char *shop_text(const json_t *view, const char *name);

/* Fields of an order of one line for village 0, tomorrow. */
json_t *shop_order_fields(struct shop_test *t, int goods, int quantity, const char *pay);
/* Pieces of a SKU that can be had, by the ledger; the balance of an account of money. */
int64_t shop_left(struct shop_test *t, int goods);
int64_t shop_money(struct shop_test *t, const char *purpose, int64_t party_id, int64_t place_id);
/* No imbalance, nothing oversold. */
void shop_sound(struct shop_test *t);
#endif
