/* stock.c - SKUs into the shop's list, pieces into stock, and new prices.
 *
 * Stock of a SKU is one ledger account at the hub, of pieces, that can't go below what is held.
 * What came in stands against the account "supply", what was sold against "sold", what was missing
 * when an order was packed goes from "sold" to "short": in = stock + sold + short, always. */
#include "rooms/shop/stock.h"

#include <string.h>
#include "base/arena.h"
#include "base/clock.h"
#include "base/ids.h"
#include "base/money.h"
#include "base/text.h"
#include "db/db.h"
#include "ledger/ledger.h"
#include "people/pinyin.h"
#include "rooms/shop/inside.h"
#include "web/county.h"

enum { GTIN_DIGITS = 13, NAME_MAX_BYTES = 200, PIECES_MAX = 100000000 };

struct account stock_account(int64_t sku_id, int64_t place_id)
{
    return (struct account){ .book_id = BOOK_COUNTY, .purpose = "stock", .place_id = place_id,
                             .unit = sku_id, .side = SIDE_DEBIT, .limited = true };
}

struct account piece_account(int64_t sku_id, const char *purpose)
{
    return (struct account){
        .book_id = BOOK_COUNTY, .purpose = purpose, .unit = sku_id,
        .side = strcmp(purpose, "supply") == 0 ? SIDE_CREDIT : SIDE_DEBIT,
    };
}

static bool gtin_good(const char *code)
{
    if (code == NULL || strlen(code) != GTIN_DIGITS
        || strspn(code, "0123456789") != GTIN_DIGITS)
        return false;
    return gs1_digit(code, GTIN_DIGITS - 1) == code[GTIN_DIGITS - 1] - '0';
}

static enum status check(struct sku *sku, struct arena *arena, struct err *err)
{
    if (!gtin_good(sku->code))
        return err_about(err, INVALID, "code", "The check digit of this GTIN is wrong.", "%.20s",
                         sku->code ? sku->code : "");
    const char *name = sku->name ? text_clean(arena, sku->name) : "";
    if (name == NULL) return BROKEN;
    if (*name == '\0' || strlen(name) > NAME_MAX_BYTES)
        return err_set(err, INVALID, "name", "Goods need a name.");
    if (sku->price_fen < 1 || sku->price_fen > FEN_MAX / 1000000)
        return err_set(err, INVALID, "price_fen", "A price is at least 1 fen.");
    if (sku->weight_g < 1 || sku->volume_ml < 1)
        return err_set(err, INVALID, "weight_g", "Goods have a weight and a volume.");
    if (sku->temperature < AMBIENT || sku->temperature > LIVE)
        return err_set(err, INVALID, "temperature", "Not a temperature class.");
    sku->name = name;
    return OK;
}

static const struct sql add_sku = SQL(
    "INSERT INTO sku (id, code, name, pinyin, category, unit, weight_g, volume_ml, temperature,"
    " price_fen, bin, supplier_id)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING"
    " RETURNING id");
static const struct sql add_price = SQL(
    "INSERT INTO price_history (id, sku_id, price_fen, from_ms, by_id)"
    " VALUES ($1, $2, $3, $4, $5)");

static enum status note_price(struct tx *tx, int64_t sku_id, int64_t price_fen, int64_t at_ms,
                              int64_t by_id)
{
    TRY(db_run(tx, &add_price,
               ARGS(i64(tx_id(tx)), i64(sku_id), i64(price_fen), i64(at_ms), i64(by_id))));
    return catalogue_changes(tx);
}

enum status shop_sku_add(struct tx *tx, struct sku *sku, struct err *err)
{
    struct rows *rows;
    TRY(check(sku, tx_arena(tx), err));
    char *pinyin = pinyin_of(tx_arena(tx), sku->name);
    if (pinyin == NULL) return BROKEN;
    sku->id = tx_id(tx);
    enum status added = db_first(tx, &add_sku,
        ARGS(i64(sku->id), str(sku->code), str(sku->name), str(pinyin),
             str(sku->category ? sku->category : ""), str(sku->unit ? sku->unit : ""),
             i64(sku->weight_g), i64(sku->volume_ml), i64(sku->temperature), i64(sku->price_fen),
             str(sku->bin ? sku->bin : ""), i64(sku->supplier_id)), &rows);
    if (added == NOT_FOUND)
        return err_about(err, CONFLICT, "code", "Goods with this code are there already.", "%s",
                         sku->code);
    if (added != OK) return added;
    return note_price(tx, sku->id, sku->price_fen, county_now_ms(tx_county(tx)), 0);
}

static const struct sql set_price = SQL(
    "UPDATE sku SET price_fen = $2 WHERE code = $1 AND price_fen <> $2 RETURNING id");
static const struct sql find_sku = SQL("SELECT id FROM sku WHERE code = $1");

enum status shop_price_set(struct tx *tx, const char *code, int64_t price_fen, int64_t at_ms,
                           int64_t by_id, struct err *err)
{
    struct rows *rows;
    if (price_fen < 1 || price_fen > FEN_MAX / 1000000)
        return err_set(err, INVALID, "price_fen", "A price is at least 1 fen.");
    enum status set = db_first(tx, &set_price, ARGS(str(code), i64(price_fen)), &rows);
    if (set == OK) return note_price(tx, row_i64(rows, 0), price_fen, at_ms, by_id);
    if (set != NOT_FOUND) return set;
    enum status found = db_first(tx, &find_sku, ARGS(str(code)), &rows);
    if (found == NOT_FOUND) return err_set(err, NOT_FOUND, "code", "There are no such goods.");
    return found;   // it costs that already
}

static const struct sql add_stock_in = SQL(
    "INSERT INTO stock_in (id, sku_id, place_id, pieces, document_id, at_ms)"
    " VALUES ($1, $2, $3, $4, $5, $6)");

enum status shop_stock_in(struct tx *tx, int64_t sku_id, int64_t place_id, int64_t pieces,
                          int64_t document_id, int64_t at_ms, struct err *err)
{
    if (pieces < 1 || pieces > PIECES_MAX)
        return err_set(err, INVALID, "pieces", "At least one piece.");
    struct account stock = stock_account(sku_id, place_id);
    struct account supply = piece_account(sku_id, "supply"), sold = piece_account(sku_id, "sold");
    struct account missing = piece_account(sku_id, "short");
    TRY(ledger_account(tx, &stock, err));
    TRY(ledger_account(tx, &supply, err));
    TRY(ledger_account(tx, &sold, err));
    TRY(ledger_account(tx, &missing, err));
    int64_t id = tx_id(tx), transfer_id;
    TRY(db_run(tx, &add_stock_in, ARGS(i64(id), i64(sku_id), i64(place_id), i64(pieces),
                                       i64(document_id), i64(at_ms))));
    struct posting posting = { stock.id, supply.id, pieces };
    struct transfer transfer = { .kind = "stock_in", .document_id = id, .at_ms = at_ms,
                                 .recorded_ms = at_ms, .postings = &posting, .count = 1 };
    TRY(ledger_transfer(tx, &transfer, &transfer_id, err));
    return catalogue_changes(tx);
}
