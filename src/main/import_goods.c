/* import_goods.c - goods.csv: SKUs and their opening stock. */
#include "base/money.h"
#include "db/db.h"
#include "main/import.h"
#include "paper/csv.h"
#include "rooms/shop/shop.h"

#include <string.h>

static enum status read_sku(struct importing *import, const struct csv *csv, size_t row,
                            struct sku *sku)
{
    static const char *const names[] = { "ambient", "chilled", "frozen", "live" };
    struct err *err = import->err;
    int temperature = csv_column(csv, "temperature");
    *sku = (struct sku){
        .code = csv_text(csv, row, csv_column(csv, "code")),
        .name = csv_text(csv, row, csv_column(csv, "name")),
        .category = csv_text(csv, row, csv_column(csv, "category")),
        .unit = csv_text(csv, row, csv_column(csv, "unit")),
        .bin = csv_text(csv, row, csv_column(csv, "bin")),
    };
    for (size_t i = 0; i < COUNT(names); i++)
        if (strcmp(csv_text(csv, row, temperature), names[i]) == 0)
            sku->temperature = (enum temperature)(AMBIENT + (int)i);
    if (sku->temperature == 0)
        return csv_wrong(csv, row, temperature, "Not a temperature class.", err);
    TRY(csv_i64(csv, row, csv_column(csv, "weight_g"), 1, 1000000, &sku->weight_g, err));
    TRY(csv_i64(csv, row, csv_column(csv, "volume_ml"), 1, 1000000, &sku->volume_ml, err));
    TRY(csv_i64(csv, row, csv_column(csv, "price_fen"), 1, FEN_MAX / 1000000, &sku->price_fen,
                err));
    return import_party(import, csv, row, csv_column(csv, "supplier"), &sku->supplier_id);
}

enum status import_goods(struct importing *import)
{
    struct csv csv;
    TRY(import_file(import, "goods.csv", &csv));
    int stock = csv_column(&csv, "stock");
    for (size_t row = 0; row < csv.rows; row++) {
        struct sku sku;
        int64_t pieces = 0;
        TRY(read_sku(import, &csv, row, &sku));
        TRY(import_wrong(import, &csv, row, shop_sku_add(import->tx, &sku, import->err)));
        if (*csv_text(&csv, row, stock))
            TRY(csv_i64(&csv, row, stock, 0, 100000000, &pieces, import->err));
        if (pieces > 0)
            TRY(import_wrong(import, &csv, row,
                             shop_stock_in(import->tx, sku.id, import->hub_id, pieces, 0,
                                           import->now_ms, import->err)));
        import->count->goods++;
    }
    return OK;
}
