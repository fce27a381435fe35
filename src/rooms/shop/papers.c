/* papers.c - pick lists by bin and by wave, and suppliers' lists. */
#include "rooms/shop/papers.h"

#include <string.h>
#include "base/arena.h"
#include "base/clock.h"
#include "base/ids.h"
#include "db/db.h"
#include "paper/pdf.h"
#include "rooms/bus/bus.h"
#include "web/county.h"
#include "web/page.h"

/* Cells of a table, one after the other. A cell that can't be made is no memory. */
struct cells { struct arena *arena; const char **at; size_t count; bool broken; };

static void put(struct cells *cells, const char *text)
{
    cells->at = arena_more(cells->arena, cells->at, cells->count, sizeof *cells->at);
    if (cells->at && text) cells->at[cells->count++] = text;
    else cells->broken = true;
}

static char *number(struct arena *arena, int64_t n)
{
    return arena_printf(arena, "%lld", (long long)n);
}

static char *day_text(struct arena *arena, int64_t day)
{
    struct civil at = civil_of_day(day);
    return arena_printf(arena, "%04d-%02d-%02d", at.year, at.month, at.day);
}

static char *printed(struct tx *tx, const struct printing *p)
{
    struct civil at = civil_of(p->printed_ms, tx_county(tx)->zone_s);
    return arena_printf(tx_arena(tx), "%s · %s %04d-%02d-%02d %02d:%02d", tx_county(tx)->name,
                        words(p->lang, "printed"), at.year, at.month, at.day, at.hour, at.minute);
}

/* Draws what is in `cells` under "title  about" and empties them. */
static enum status flush(struct tx *tx, const struct printing *p, const char *title,
                         const char *about, const struct pdf_column *columns,
                         size_t column_count, struct cells *cells, struct err *err)
{
    if (cells->broken) return BROKEN;
    if (cells->count == 0) return OK;
    char *day = day_text(tx_arena(tx), p->day);
    struct pdf_table table = {
        .title = arena_printf(tx_arena(tx), "%s  %s", title, about), .facts = day,
        .columns = columns, .column_count = column_count, .cells = cells->at,
        .row_count = cells->count / column_count, .foot = printed(tx, p), .mark = p->mark,
    };
    *cells = (struct cells){ .arena = cells->arena };
    if (day == NULL || table.title == NULL || table.foot == NULL) return BROKEN;
    return pdf_table(p->pdf, &table, err);
}

/* ---- the walk ---- */

static const struct sql find_bins = SQL(
    "SELECT s.bin, s.code, s.name, s.unit, s.temperature, sum(l.quantity), count(*)"
    " FROM shop_order AS o JOIN order_line AS l ON l.order_id = o.id"
    " JOIN sku AS s ON s.id = l.sku_id"
    " WHERE o.day = $1 AND o.state IN ('paid', 'picked')"
    " GROUP BY s.bin, s.code, s.name, s.unit, s.temperature ORDER BY s.bin, s.code");

/* "A" of "A-03-2". */
static size_t zone_size(const char *bin) { return strcspn(bin, "-"); }

static enum status draw_pick(struct tx *tx, const struct printing *p, struct err *err)
{
    struct arena *arena = tx_arena(tx);
    struct cells cells = { .arena = arena };
    struct rows *rows;
    char *zone = NULL;
    if (p->trip_id) return OK;
    const struct pdf_column columns[] = {
        { words(p->lang, "Bin"), 28, PDF_LEFT, 14 }, { words(p->lang, "Goods"), 0, PDF_LEFT, 12 },
        { words(p->lang, "Unit"), 26, PDF_LEFT, 0 },
        { words(p->lang, "Goods code"), 34, PDF_LEFT, 9 },
        { words(p->lang, "Take"), 18, PDF_RIGHT, 16 }, { words(p->lang, "Bags"), 14, PDF_RIGHT, 0 },
        { "✓", 12, PDF_CENTRE, 0 },
    };
    const char *title = words(p->lang, "Pick list, zone");
    enum status found = db_first(tx, &find_bins, ARGS(i64(p->day)), &rows);
    for (; found == OK; found = db_next(rows)) {
        const char *bin = row_str(rows, 0);
        size_t size = zone_size(bin);
        if (zone && (strlen(zone) != size || memcmp(zone, bin, size) != 0))
            TRY(flush(tx, p, title, zone, columns, COUNT(columns), &cells, err));
        if (cells.count == 0) zone = arena_bytes(arena, bin, size);
        if (zone == NULL) return BROKEN;
        bool cold = row_i64(rows, 4) > 1;
        put(&cells, bin);
        put(&cells, cold ? arena_printf(arena, "%s  [%s]", row_str(rows, 2),
                                        words(p->lang, "cold")) : row_str(rows, 2));
        put(&cells, row_str(rows, 3));
        put(&cells, row_str(rows, 1));
        put(&cells, number(arena, row_i64(rows, 5)));
        put(&cells, number(arena, row_i64(rows, 6)));
        put(&cells, "");
    }
    if (found != NOT_FOUND) return found;
    return flush(tx, p, title, zone ? zone : "", columns, COUNT(columns), &cells, err);
}

/* ---- each order ---- */

static const struct sql find_lines = SQL(
    "SELECT o.id, o.consignment_id, p.name, s.bin, s.name, s.unit, l.quantity, o.note"
    " FROM shop_order AS o JOIN order_line AS l ON l.order_id = o.id"
    " JOIN sku AS s ON s.id = l.sku_id JOIN people_place AS p ON p.place_id = o.place_id"
    " WHERE o.day = $1 AND o.state IN ('paid', 'picked') ORDER BY p.place_id, o.id, s.bin, l.seq");

/* An order as a row of its own: the trip it goes with, if that is known, its lines one under the
 * other. */
struct packing { int64_t order_id, consignment_id; const char *place; char *goods, *numbers; };

static enum status put_order(struct tx *tx, const struct packing *order, struct cells *cells,
                             struct err *err)
{
    struct arena *arena = tx_arena(tx);
    struct consignment_now now;
    char code[CODE_TEXT];
    if (order->order_id == 0) return OK;
    code_print(tx_county(tx)->code_key, order->order_id, code);
    TRY(bus_consignment_now(tx, order->consignment_id, &now, err));
    put(cells, now.trip_number ? number(arena, now.trip_number) : "");
    put(cells, order->place);
    put(cells, arena_text(arena, code));
    put(cells, order->goods);
    put(cells, order->numbers);
    put(cells, "");
    return OK;
}

/* False: no memory. */
static bool add_line(struct arena *arena, struct packing *order, const struct rows *rows)
{
    order->goods = arena_printf(arena, "%s%s%-7s  %s  %s", order->goods ? order->goods : "",
                                order->goods ? "\n" : "", row_str(rows, 3), row_str(rows, 4),
                                row_str(rows, 5));
    order->numbers = arena_printf(arena, "%s%s%lld", order->numbers ? order->numbers : "",
                                  order->numbers ? "\n" : "", (long long)row_i64(rows, 6));
    return order->goods && order->numbers;
}

static bool begin_order(struct arena *arena, struct packing *order, const struct rows *rows)
{
    const char *note = row_str(rows, 7);
    *order = (struct packing){ .order_id = row_i64(rows, 0), .consignment_id = row_i64(rows, 1),
                               .place = row_str(rows, 2) };
    if (note == NULL || *note == '\0') return true;
    order->goods = arena_printf(arena, "※ %s", note);
    order->numbers = arena_text(arena, "");
    return order->goods && order->numbers;
}

static enum status draw_pack(struct tx *tx, const struct printing *p, struct err *err)
{
    struct arena *arena = tx_arena(tx);
    struct cells cells = { .arena = arena };
    struct packing order = { 0 };
    struct rows *rows;
    if (p->trip_id) return OK;
    const struct pdf_column columns[] = {
        { words(p->lang, "Trip"), 12, PDF_RIGHT, 14 },
        { words(p->lang, "Place"), 36, PDF_LEFT, 9 }, { words(p->lang, "Order"), 36, PDF_LEFT, 12 },
        { words(p->lang, "Goods"), 0, PDF_LEFT, 9 }, { words(p->lang, "Take"), 14, PDF_RIGHT, 9 },
        { "✓", 10, PDF_CENTRE, 0 },
    };
    enum status found = db_first(tx, &find_lines, ARGS(i64(p->day)), &rows);
    for (; found == OK; found = db_next(rows)) {
        if (row_i64(rows, 0) != order.order_id) {
            TRY(put_order(tx, &order, &cells, err));
            if (!begin_order(arena, &order, rows)) return BROKEN;
        }
        if (!add_line(arena, &order, rows)) return BROKEN;
    }
    if (found != NOT_FOUND) return found;
    TRY(put_order(tx, &order, &cells, err));
    return flush(tx, p, words(p->lang, "Packing list"), "", columns, COUNT(columns), &cells, err);
}

/* ---- suppliers ---- */

static const struct sql find_supplies = SQL(
    "SELECT s.supplier_id, coalesce(f.name, ''), s.code, s.name, s.unit, sum(l.quantity)"
    " FROM shop_order AS o JOIN order_line AS l ON l.order_id = o.id"
    " JOIN sku AS s ON s.id = l.sku_id"
    " LEFT JOIN people_party AS f ON f.party_id = s.supplier_id"
    " WHERE o.day = $1 AND o.state IN ('paid', 'picked')"
    " GROUP BY s.supplier_id, f.name, s.code, s.name, s.unit"
    " ORDER BY s.supplier_id, s.name, s.code");

static enum status draw_suppliers(struct tx *tx, const struct printing *p, struct err *err)
{
    struct arena *arena = tx_arena(tx);
    struct cells cells = { .arena = arena };
    struct rows *rows;
    const char *name = "";
    int64_t supplier_id = 0;
    if (p->trip_id) return OK;
    const struct pdf_column columns[] = {
        { words(p->lang, "Goods"), 0, PDF_LEFT, 12 }, { words(p->lang, "Unit"), 30, PDF_LEFT, 0 },
        { words(p->lang, "Goods code"), 36, PDF_LEFT, 0 },
        { words(p->lang, "Ordered"), 20, PDF_RIGHT, 14 },
        { words(p->lang, "Delivered"), 26, PDF_LEFT, 0 },
    };
    const char *title = words(p->lang, "Supplier's list");
    enum status found = db_first(tx, &find_supplies, ARGS(i64(p->day)), &rows);
    for (; found == OK; found = db_next(rows)) {
        if (cells.count && row_i64(rows, 0) != supplier_id)
            TRY(flush(tx, p, title, name, columns, COUNT(columns), &cells, err));
        supplier_id = row_i64(rows, 0);
        name = row_str(rows, 1);
        put(&cells, row_str(rows, 3));
        put(&cells, row_str(rows, 4));
        put(&cells, row_str(rows, 2));
        put(&cells, number(arena, row_i64(rows, 5)));
        put(&cells, "");
    }
    if (found != NOT_FOUND) return found;
    return flush(tx, p, title, name, columns, COUNT(columns), &cells, err);
}

const struct paper shop_papers[] = {
    { .name = "pick", .text = "Pick lists", .draw = draw_pick },
    { .name = "pack", .text = "Packing lists", .draw = draw_pack },
    { .name = "suppliers", .text = "Supplier's lists", .draw = draw_suppliers },
    { 0 }
};
