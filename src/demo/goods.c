/* goods.c - firms, goods with their bins and stock, vehicles, and what producers offer. */
#include <stdio.h>
#include <string.h>
#include "base/arena.h"
#include "base/ids.h"
#include "demo/make.h"

/* The site of a township or office by name; from an extract: any of them, by turns. */
static const struct town *town_named(const struct county *county, const char *name, size_t turn)
{
    for (size_t t = 0; t < county->town_count; t++) {
        if (strcmp(county->sites[county->towns[t].site].name, name) == 0)
            return &county->towns[t];
    }
    return &county->towns[turn % county->town_count];
}

enum status firms_write(struct county *county, struct err *err)
{
    struct table firms, couriers;
    struct sheet sheet;
    TRY(county_table(county, "firms.csv", &firms, err));
    TRY(county_table(county, "couriers.csv", &couriers, err));
    TRY(sheet_open(county->folder, "organisations.csv",
                   "code,name,short,kind,place_code,place_name,does,layout", &sheet, err));
    for (size_t row = 0; row < firms.rows; row++) {
        const struct town *town = town_named(county, table_cell(&firms, row, "township"), row);
        char code[32];
        snprintf(code, sizeof code, "D%03zu", row + 1);
        sheet_text(&sheet, code);
        sheet_text(&sheet, table_cell(&firms, row, "name"));
        sheet_text(&sheet, table_cell(&firms, row, "short"));
        sheet_text(&sheet, table_cell(&firms, row, "kind"));
        sheet_text(&sheet, county->sites[town->station].code);
        sheet_text(&sheet, county->sites[town->site].name);
        sheet_text(&sheet, table_cell(&firms, row, "does"));
        sheet_text(&sheet, NULL);
        sheet_end(&sheet);
    }
    for (size_t row = 0; row < couriers.rows; row++) {
        char code[32];
        snprintf(code, sizeof code, "K%02zu", row + 1);
        sheet_text(&sheet, code);
        sheet_text(&sheet, table_cell(&couriers, row, "name"));
        sheet_text(&sheet, table_cell(&couriers, row, "short"));
        sheet_text(&sheet, "courier");
        sheet_text(&sheet, county->sites[county->hub].code);
        sheet_text(&sheet, county->sites[county->hub].name);
        sheet_text(&sheet, "快递");
        sheet_text(&sheet, table_cell(&couriers, row, "layout"));
        sheet_end(&sheet);
    }
    return sheet_close(&sheet, err);
}

/* A GTIN-13 of the range for use inside a company (prefix 20), with the county's code in it. */
static void gtin(size_t number, char out[32])
{
    char digits[32];
    snprintf(digits, sizeof digits, "20330824%04zu", number % 10000);
    snprintf(out, 32, "%.12s%d", digits, gs1_digit(digits, 12));
}

static enum status supplier_code(const struct table *firms, const char *name, char out[32],
                                 struct err *err)
{
    for (size_t row = 0; row < firms->rows; row++) {
        if (strcmp(table_cell(firms, row, "short"), name) != 0) continue;
        snprintf(out, 32, "D%03zu", row + 1);
        return OK;
    }
    return err_about(err, INVALID, "supplier", "Goods come from a firm that is not known", "%s",
                     name);
}

/* Where goods stand. Aisles are A.. for dry categories, L.. chilled, R.. frozen, W.. live. */
struct aisles { size_t category[4], in_category; };

static void bin_of(struct aisles *aisles, const char *temperature, bool new_category, char out[32])
{
    static const char *const names[] = { "ambient", "chilled", "frozen", "live" };
    size_t t = 0;
    while (t + 1 < COUNT(names) && strcmp(names[t], temperature) != 0) t++;
    if (new_category) aisles->category[t]++, aisles->in_category = 0;
    size_t number = aisles->in_category++;
    snprintf(out, 32, "%c-%02zu-%zu", "ALRW"[t] + (int)aisles->category[t] - 1,
             number / 4 + 1, number % 4 + 1);
}

static enum status write_goods(const struct table *goods, const struct table *firms,
                               struct rng *rng, struct sheet *sheet, struct err *err)
{
    struct aisles aisles = { 0 };
    for (size_t row = 0; row < goods->rows; row++) {
        bool new_category = row == 0 || strcmp(table_cell(goods, row, "category"),
                                               table_cell(goods, row - 1, "category")) != 0;
        char code[32], supplier[32], bin[32];
        gtin(row + 1, code);
        TRY(supplier_code(firms, table_cell(goods, row, "supplier"), supplier, err));
        bin_of(&aisles, table_cell(goods, row, "temperature"), new_category, bin);
        sheet_text(sheet, code);
        static const char *const copied[] = { "name", "category", "unit", "weight_g", "volume_ml",
                                              "temperature", "price_fen" };
        for (size_t c = 0; c < COUNT(copied); c++)
            sheet_text(sheet, table_cell(goods, row, copied[c]));
        sheet_text(sheet, supplier);
        sheet_text(sheet, bin);
        int64_t stock = rng_below(rng, 12) == 0 ? rng_between(rng, 15, 40)
                                                : rng_between(rng, 25, 90) * 10;
        sheet_number(sheet, stock);
        sheet_text(sheet, table_cell(goods, row, "per_jin"));
        sheet_end(sheet);
    }
    return OK;
}

enum status goods_write(struct county *county, struct err *err)
{
    struct rng rng = county_rng(county, "goods");
    struct table goods, firms;
    struct sheet sheet;
    TRY(county_table(county, "goods.csv", &goods, err));
    TRY(county_table(county, "firms.csv", &firms, err));
    TRY(sheet_open(county->folder, "goods.csv", "code,name,category,unit,weight_g,volume_ml,"
        "temperature,price_fen,supplier,bin,stock,per_jin", &sheet, err));
    enum status status = write_goods(&goods, &firms, &rng, &sheet, err);
    enum status closed = sheet_close(&sheet, err);
    return status == OK ? closed : status;
}

struct vehicle_kind {
    const char *kind, *profile;
    int count, kg, litres, crates, cold_boxes, fixed_yuan;
    const char *yuan_per_km, *yuan_per_hour;
};

static const struct vehicle_kind vehicle_kinds[] = {
    { "厢式货车", "truck", 16, 1500, 13000, 120, 24, 120, "2.2", "45" },
    { "村货巴士", "minivan", 15, 750, 5200, 45, 12, 60, "1.2", "38" },
    { "电动三轮", "tricycle", 5, 300, 1600, 14, 4, 20, "0.4", "30" },
};

enum status vehicles_write(struct county *county, struct err *err)
{
    struct sheet sheet;
    int number = 0;
    TRY(sheet_open(county->folder, "vehicles.csv", "plate,kind,profile,kg,litres,crates,cold_boxes,"
        "fixed_yuan,yuan_per_km,yuan_per_hour,home,from,until,driver_phone", &sheet, err));
    for (size_t k = 0; k < COUNT(vehicle_kinds); k++) {
        const struct vehicle_kind *kind = &vehicle_kinds[k];
        for (int i = 0; i < kind->count; i++) {
            char plate[24];
            snprintf(plate, sizeof plate, "浙H·%c%04d", "TBS"[k], i + 1);
            sheet_text(&sheet, plate);
            sheet_text(&sheet, kind->kind);
            sheet_text(&sheet, kind->profile);
            sheet_number(&sheet, kind->kg);
            sheet_number(&sheet, kind->litres);
            sheet_number(&sheet, kind->crates);
            sheet_number(&sheet, kind->cold_boxes);
            sheet_number(&sheet, kind->fixed_yuan);
            sheet_text(&sheet, kind->yuan_per_km);
            sheet_text(&sheet, kind->yuan_per_hour);
            sheet_text(&sheet, county->sites[county->hub].code);
            sheet_text(&sheet, "04:30");
            sheet_text(&sheet, "20:00");
            sheet_number(&sheet, PHONE_DRIVER + number++);
            sheet_end(&sheet);
        }
    }
    return sheet_close(&sheet, err);
}

/* -- Producers --------------------------------------------------------------------------------- */

/* Does this product come from the town? No names given: it comes from everywhere. */
static bool grows_in(const char *townships, const char *town, bool kaihua)
{
    if (townships[0] == '\0' || !kaihua) return true;
    return strstr(townships, town) != NULL;
}

static void offer(struct sheet *offers, const struct table *produce, size_t row, int64_t phone,
                  const char *name, const char *village, struct rng *rng)
{
    int64_t low = table_number(produce, row, "low"), high = table_number(produce, row, "high");
    int64_t quantity = rng_between(rng, low, (low + 2 * high) / 3);
    int64_t boxes = (quantity * table_number(produce, row, "volume_ml") + 34999) / 35000;
    int64_t by_weight = (quantity * table_number(produce, row, "weight_g") + 19999) / 20000;
    if (by_weight > boxes) boxes = by_weight;
    char ready[8];
    snprintf(ready, sizeof ready, "%02d:%02d", 6 + (int)rng_below(rng, 3),
             15 * (int)rng_below(rng, 4));
    int64_t price = table_number(produce, row, "price_fen") * rng_between(rng, 90, 110) / 1000 * 10;
    sheet_number(offers, phone);
    sheet_text(offers, name);
    sheet_text(offers, table_cell(produce, row, "product"));
    sheet_text(offers, table_cell(produce, row, "unit"));
    sheet_number(offers, quantity);
    sheet_text(offers, table_cell(produce, row, "weight_g"));
    sheet_text(offers, table_cell(produce, row, "volume_ml"));
    sheet_number(offers, boxes);
    sheet_text(offers, table_cell(produce, row, "temperature"));
    sheet_number(offers, price);
    sheet_text(offers, village);
    sheet_text(offers, ready);
    sheet_end(offers);
}

static void producer(struct sheet *people, const char *name, int64_t phone, const char *village,
                     const char *firm)
{
    sheet_text(people, name);
    sheet_number(people, phone);
    sheet_text(people, village);
    sheet_text(people, "producer");
    sheet_text(people, firm);
    sheet_text(people, phone == PHONE_PRODUCER ? "kaihua-demo" : NULL);
    sheet_end(people);
}

/* Households offer what grows where they live; two of three have something tonight. */
static void write_households(struct county *county, const struct table *produce,
                             struct sheet *people, struct sheet *offers, struct rng *rng)
{
    bool kaihua = county->sites[0].code[0] == '3';
    for (int i = 0; i < HOUSEHOLDS; i++) {
        size_t v = rng_below(rng, (uint32_t)county->village_count), row;
        const struct site *village = &county->sites[county->villages[v]];
        const char *town = county->sites[county->towns[village->town].site].name;
        do row = rng_below(rng, (uint32_t)produce->rows);
        while (!grows_in(table_cell(produce, row, "townships"), town, kaihua));
        char name[NAME_TEXT];
        person_name(rng, name);
        producer(people, name, PHONE_PRODUCER + i, village->code, NULL);
        if (rng_below(rng, 3))
            offer(offers, produce, row, PHONE_PRODUCER + i, name, village->code, rng);
    }
}

static size_t village_in(const struct county *county, size_t town, struct rng *rng)
{
    size_t first = rng_below(rng, (uint32_t)county->village_count);
    for (size_t i = 0; i < county->village_count; i++) {
        size_t v = (first + i) % county->village_count;
        if (county->sites[county->villages[v]].town == town) return v;
    }
    return first;
}

/* Firms offer what they do, if it is in produce.csv, from a village of their township. */
enum status producers_write(struct county *county, struct sheet *people, struct sheet *offers,
                            struct err *err)
{
    struct rng rng = county_rng(county, "produce");
    struct table produce, firms;
    TRY(county_table(county, "produce.csv", &produce, err));
    TRY(county_table(county, "firms.csv", &firms, err));
    write_households(county, &produce, people, offers, &rng);
    for (size_t row = 0; row < firms.rows; row++) {
        if (strcmp(table_cell(&firms, row, "kind"), "producer") != 0) continue;
        const struct town *town = town_named(county, table_cell(&firms, row, "township"), row);
        size_t v = village_in(county, (size_t)(town - county->towns), &rng);
        const char *village = county->sites[county->villages[v]].code;
        char code[32], name[NAME_TEXT];
        int64_t phone = PHONE_FIRM + (int64_t)row;
        snprintf(code, sizeof code, "D%03zu", row + 1);
        person_name(&rng, name);
        producer(people, name, phone, village, code);
        for (size_t p = 0; p < produce.rows; p++) {
            if (strcmp(table_cell(&produce, p, "product"), table_cell(&firms, row, "does")) == 0)
                offer(offers, &produce, p, phone, name, village, &rng);
        }
    }
    return OK;
}
