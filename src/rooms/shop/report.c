/* report.c - what was sold, and that nothing was that was not there. */
#include "rooms/shop/report.h"

#include <stdio.h>
#include "db/db.h"
#include "ledger/ledger.h"
#include "people/place.h"
#include "rooms/shop/stock.h"
#include "web/form.h"

const struct permission shop_report_permission = {
    "shop.report", "See what the shop has sold", "dispatcher clerk head auditor admin desk" };

struct report {
    int64_t day, orders, cancelled, expired, lines, pieces, short_pieces, sold_fen, refunded_fen;
    int64_t oversold;
};

static enum status prepare_report(struct request *rq, void *in, struct err *err)
{
    return form_i64(rq, "day", 0, 4000000, (int64_t *)in, err);
}

static const struct sql count_orders = SQL(
    "SELECT count(CASE WHEN state IN ('paid', 'picked', 'collected') THEN 1 END),"
    " count(CASE WHEN state = 'cancelled' THEN 1 END),"
    " count(CASE WHEN state = 'expired' THEN 1 END) FROM shop_order WHERE day = $1");
static const struct sql sum_lines = SQL(
    "SELECT count(*), CAST(coalesce(sum(l.quantity), 0) AS BIGINT),"
    " CAST(coalesce(sum(l.quantity - coalesce(l.picked, l.quantity)), 0) AS BIGINT),"
    " CAST(coalesce(sum(l.quantity * l.price_fen), 0) AS BIGINT),"
    " CAST(coalesce(sum((l.quantity - coalesce(l.picked, l.quantity)) * l.price_fen), 0) AS BIGINT)"
    " FROM shop_order AS o JOIN order_line AS l ON l.order_id = o.id"
    " WHERE o.day = $1 AND o.state IN ('paid', 'picked', 'collected')");

/* Of every SKU, what came in (stock_in), what orders have of it, and what is held. */
static const struct sql sum_skus = SQL(
    "SELECT s.id, CAST(coalesce(i.pieces, 0) AS BIGINT), CAST(coalesce(o.sold, 0) AS BIGINT),"
    " CAST(coalesce(o.held, 0) AS BIGINT) FROM sku AS s"
    " LEFT JOIN (SELECT sku_id, sum(pieces) AS pieces FROM stock_in GROUP BY sku_id) AS i"
    "  ON i.sku_id = s.id"
    " LEFT JOIN (SELECT l.sku_id,"
    "  sum(CASE WHEN o.state <> 'held' THEN l.quantity ELSE 0 END) AS sold,"
    "  sum(CASE WHEN o.state = 'held' THEN l.quantity ELSE 0 END) AS held"
    "  FROM order_line AS l JOIN shop_order AS o ON o.id = l.order_id"
    "  WHERE o.state IN ('held', 'paid', 'picked', 'collected') GROUP BY l.sku_id) AS o"
    "  ON o.sku_id = s.id ORDER BY s.id");

/* A SKU is wrong when its stock went below nothing, when the ledger's stock is not what came in
 * less what orders have, or when what is held is not what unpaid orders wait for. */
static enum status check_sku(struct tx *tx, int64_t hub_id, const struct rows *rows,
                             int64_t *wrong, struct err *err)
{
    int64_t came = row_i64(rows, 1), sold = row_i64(rows, 2), held = row_i64(rows, 3);
    struct account stock = stock_account(row_i64(rows, 0), hub_id);
    struct balance balance = { 0 };
    enum status found = ledger_account_find(tx, &stock);
    if (found == OK) found = ledger_balance(tx, stock.id, &balance, err);
    if (found != OK && found != NOT_FOUND) return found;
    if (balance.posted - balance.held_out < 0 || balance.posted != came - sold
        || balance.held_out != held)
        (*wrong)++;
    return OK;
}

static enum status count_oversold(struct tx *tx, int64_t *wrong, struct err *err)
{
    struct rows *rows;
    struct place *hubs;
    size_t count;
    TRY(place_list(tx, PLACE_HUB, 0, &hubs, &count, err));
    int64_t hub_id = count ? hubs[0].id : 0;
    enum status found = db_first(tx, &sum_skus, NO_ARGS, &rows);
    *wrong = 0;
    for (; found == OK; found = db_next(rows)) TRY(check_sku(tx, hub_id, rows, wrong, err));
    return found == NOT_FOUND ? OK : found;
}

enum status shop_check(struct tx *tx, struct err *err)
{
    int64_t wrong;
    TRY(count_oversold(tx, &wrong, err));
    printf("oversold %lld\n", (long long)wrong);
    if (wrong == 0) return OK;
    return err_about(err, INVALID, NULL,
                     "Goods whose stock is not what came in less what was sold:", "%lld",
                     (long long)wrong);
}

static enum status act_report(struct tx *tx, const void *in, void *out, struct err *err)
{
    struct report *r = out;
    struct rows *rows;
    r->day = *(const int64_t *)in;
    TRY(db_first(tx, &count_orders, ARGS(i64(r->day)), &rows));
    r->orders = row_i64(rows, 0);
    r->cancelled = row_i64(rows, 1);
    r->expired = row_i64(rows, 2);
    TRY(db_first(tx, &sum_lines, ARGS(i64(r->day)), &rows));
    r->lines = row_i64(rows, 0);
    r->pieces = row_i64(rows, 1);
    r->short_pieces = row_i64(rows, 2);
    r->sold_fen = row_i64(rows, 3) - row_i64(rows, 4);
    r->refunded_fen = row_i64(rows, 4);
    return count_oversold(tx, &r->oversold, err);
}

static json_t *show_report(struct request *rq, const void *out)
{
    const struct report *r = out;
    (void)rq;
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "day",
                     (json_int_t)r->day, "orders", (json_int_t)r->orders, "cancelled",
                     (json_int_t)r->cancelled, "expired", (json_int_t)r->expired, "lines",
                     (json_int_t)r->lines, "pieces", (json_int_t)r->pieces, "short_pieces",
                     (json_int_t)r->short_pieces, "sold_fen", (json_int_t)r->sold_fen,
                     "refunded_fen", (json_int_t)r->refunded_fen, "oversold",
                     (json_int_t)r->oversold);
}

const struct route shop_report_routes[] = {
    { .method = GET, .path = "/shop/report/{day}", .permission = &shop_report_permission,
      .text = "A delivery day: orders, cancelled, sold, and what was sold but not there",
      .in_size = sizeof(int64_t), .out_size = sizeof(struct report), .prepare = prepare_report,
      .act = act_report, .show = show_report },
    { 0 }
};

const struct figure shop_figures[] = {
    { "shop.orders", "piece", .text = "Orders made in the period and not cancelled or expired",
      SQL("SELECT count(*) FROM shop_order WHERE arrived_ms >= $1 AND arrived_ms < $2"
          " AND ($3 = 0 OR place_id = $3) AND state IN ('held', 'paid', 'picked', 'collected')") },
    { "shop.sold", "fen", .text = "Sold in the period, less what was short",
      SQL("SELECT CAST(coalesce(sum(coalesce(l.picked, l.quantity) * l.price_fen), 0) AS BIGINT)"
          " FROM shop_order AS o JOIN order_line AS l ON l.order_id = o.id"
          " WHERE o.arrived_ms >= $1 AND o.arrived_ms < $2 AND ($3 = 0 OR o.place_id = $3)"
          " AND o.state IN ('paid', 'picked', 'collected')") },
    { "shop.oversold", "piece",
      .text = "Pieces sold or held that never came in, of all goods until the period's end",
      SQL("SELECT CAST(coalesce(sum(CASE WHEN has > came THEN has - came ELSE 0 END), 0) AS BIGINT)"
          " FROM (SELECT s.id, (SELECT coalesce(sum(pieces), 0) FROM stock_in"
          "  WHERE sku_id = s.id AND CAST($1 AS BIGINT) IS NOT NULL) AS came,"
          "  (SELECT coalesce(sum(l.quantity), 0) FROM order_line AS l JOIN shop_order AS o"
          "   ON o.id = l.order_id WHERE l.sku_id = s.id AND o.arrived_ms < $2"
          "   AND ($3 = 0 OR o.place_id = $3)"
          "   AND o.state IN ('held', 'paid', 'picked', 'collected')) AS has"
          "  FROM sku AS s) AS t") },
    { 0 }
};
