/* parcels.c - what couriers send to the hub for the villages: five couriers, five kinds of file.
 *
 * Their waybill numbers are two letters, the day, a running number and a check digit (the GS1
 * digit over the ten digits before it). Addresses are as people write them: most whole, some
 * without the province, with the township's short name, a village group or a nickname; one in a
 * hundred says the village only. Layouts: docs/import.md. */
#include "demo/generate.h"

#include <errno.h>
#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/clock.h"
#include "base/ids.h"
#include "demo/make.h"

const struct demo_courier demo_couriers[DEMO_COURIERS] = {
    { "shanxi", "山溪快递", "SX", 1 },   { "yunling", "云岭速运", "YL", 2 },
    { "jiangyuan", "江源物流", "JY", 3 }, { "baicun", "百村通快递", "BC", 4 },
    { "qinghe", "青禾快运", "QH", 5 },
};

enum { MEMORY = 128 * 1024 * 1024, ADDRESS_TEXT = 256 };

struct parcel {
    char waybill[24], address[ADDRESS_TEXT], township[80], village[80], group[24];
    const char *name, *phone;
    int64_t weight_g, length_cm, width_cm, height_cm;
};

struct receivers {
    struct table people, places;
    size_t *villagers;       // rows of people
    size_t villager_count;
    const char *county, *province;   // province and city, empty outside Zhejiang
};

static enum status read_receivers(struct arena *arena, const char *folder, struct receivers *out,
                                  struct err *err)
{
    TRY(table_read(arena, folder, "people.csv", &out->people, err));
    TRY(table_read(arena, folder, "places.csv", &out->places, err));
    for (size_t row = 0; row < out->people.rows; row++) {
        if (strcmp(table_cell(&out->people, row, "roles"), "villager") != 0) continue;
        out->villagers = arena_more(arena, out->villagers, out->villager_count,
                                    sizeof *out->villagers);
        if (out->villagers == NULL) return err_set(err, BROKEN, NULL, "No memory");
        out->villagers[out->villager_count++] = row;
    }
    if (out->villager_count == 0)
        return err_set(err, INVALID, "people.csv", "Nobody is there to receive parcels");
    out->county = table_cell(&out->places, 0, "name");
    bool zhejiang = strncmp(table_cell(&out->places, 0, "code"), "33", 2) == 0;
    out->province = zhejiang ? "浙江省衢州市" : "";
    return OK;
}

static size_t place_row(const struct table *places, const char *code)
{
    for (size_t row = 0; row < places->rows; row++) {
        if (strcmp(table_cell(places, row, "code"), code) == 0) return row;
    }
    return 0;
}

/* The text without its last character of three bytes, if that is `ending`. */
static void without(char *text, const char *ending)
{
    size_t length = strlen(text), cut = strlen(ending);
    if (length > 2 * cut && strcmp(text + length - cut, ending) == 0) text[length - cut] = '\0';
}

static void write_address(struct parcel *p, const struct receivers *r, struct rng *rng)
{
    char town[80], village[80];
    uint32_t way = rng_below(rng, 100);
    snprintf(town, sizeof town, "%s", p->township);
    snprintf(village, sizeof village, "%s", p->village);
    snprintf(p->group, sizeof p->group, "%d组%d号", 1 + (int)rng_below(rng, 9),
             1 + (int)rng_below(rng, 88));
    if (way >= 94) without(town, "镇"), without(town, "乡");
    if (way >= 96) without(village, "村");
    if (way < 70)
        snprintf(p->address, sizeof p->address, "%s%s%s%s%s", r->province, r->county, town,
                 village, p->group);
    else if (way < 90)
        snprintf(p->address, sizeof p->address, "%s%s%s", r->county, town, village);
    else if (way < 97)
        snprintf(p->address, sizeof p->address, "%s %s %s %s", r->county, town, village, p->group);
    else if (way < 99)
        snprintf(p->address, sizeof p->address, "%s%s村口小店转", town, village);
    else
        snprintf(p->address, sizeof p->address, "%s", p->village);
}

static void make_parcel(const struct receivers *r, const struct demo_courier *courier,
                        int64_t day, size_t number, struct rng *rng, struct parcel *p)
{
    size_t person = r->villagers[rng_below(rng, (uint32_t)r->villager_count)];
    size_t village = place_row(&r->places, table_cell(&r->people, person, "place_code"));
    p->name = table_cell(&r->people, person, "name");
    p->phone = table_cell(&r->people, person, "phone");
    snprintf(p->village, sizeof p->village, "%s", table_cell(&r->places, village, "name"));
    snprintf(p->township, sizeof p->township, "%s",
             table_cell(&r->places, village, "parent_name"));
    char digits[16];
    snprintf(digits, sizeof digits, "%05d%05zu", (int)(day % 100000), number % 100000);
    snprintf(p->waybill, sizeof p->waybill, "%s%s%d", courier->prefix, digits,
             gs1_digit(digits, 10));
    uint32_t size = rng_below(rng, 100);   // most are small
    int64_t scale = size < 60 ? 10 : size < 90 ? 17 : 27;
    p->length_cm = scale + (int64_t)rng_below(rng, (uint32_t)scale) + 6;
    p->width_cm = scale + (int64_t)rng_below(rng, (uint32_t)scale / 2);
    p->height_cm = scale / 2 + (int64_t)rng_below(rng, (uint32_t)scale / 2) + 1;
    int64_t volume = p->length_cm * p->width_cm * p->height_cm;
    p->weight_g = 100 + volume * rng_between(rng, 8, 45) / 1000 * 10;
    write_address(p, r, rng);
}

static void kilograms(struct sheet *sheet, int64_t grams)
{
    char text[32];
    snprintf(text, sizeof text, "%lld.%02lld", (long long)(grams / 1000),
             (long long)(grams % 1000 / 10));
    sheet_text(sheet, text);
}

static void dimensions(struct sheet *sheet, const struct parcel *p)
{
    char text[64];
    snprintf(text, sizeof text, "%lld*%lld*%lld", (long long)p->length_cm,
             (long long)p->width_cm, (long long)p->height_cm);
    sheet_text(sheet, text);
}

static const char *const heads[DEMO_COURIERS] = {
    "\xEF\xBB\xBF运单号,收件人,收件电话,收件地址,重量(kg),长(cm),宽(cm),高(cm)",
    "序号,快件单号,收件人姓名,手机,省,市,县,详细地址,计费重量,尺寸",
    "收货人,电话,地址,单号,重量g,体积cm3",
    "waybill,name,phone,address,weight_kg,volume_l",
    "\xEF\xBB\xBF日期,单号,件数,收件人,联系方式,乡镇,村,门牌,实重(公斤),尺寸(厘米)",
};

static void row_of_one(struct sheet *s, const struct parcel *p)
{
    sheet_text(s, p->waybill);
    sheet_text(s, p->name);
    sheet_text(s, p->phone);
    sheet_text(s, p->address);
    kilograms(s, p->weight_g);
    sheet_number(s, p->length_cm);
    sheet_number(s, p->width_cm);
    sheet_number(s, p->height_cm);
}

static void row_of_two(struct sheet *s, const struct parcel *p, const struct receivers *r,
                       size_t number)
{
    char detail[ADDRESS_TEXT];
    snprintf(detail, sizeof detail, "%s%s%s", p->township, p->village, p->group);
    sheet_number(s, (int64_t)number);
    sheet_text(s, p->waybill);
    sheet_text(s, p->name);
    sheet_text(s, p->phone);
    sheet_text(s, r->province[0] ? "浙江省" : "");
    sheet_text(s, r->province[0] ? "衢州市" : "");
    sheet_text(s, r->county);
    sheet_text(s, detail);
    kilograms(s, p->weight_g);
    dimensions(s, p);
}

static void row_of_others(struct sheet *s, const struct parcel *p, int layout, int64_t day)
{
    int64_t volume_ml = p->length_cm * p->width_cm * p->height_cm;
    if (layout == 3) {
        sheet_text(s, p->name);
        sheet_text(s, p->phone);
        sheet_text(s, p->address);
        sheet_text(s, p->waybill);
        sheet_number(s, p->weight_g);
        sheet_number(s, volume_ml);
    } else if (layout == 4) {
        sheet_text(s, p->waybill);
        sheet_text(s, p->name);
        sheet_text(s, p->phone);
        sheet_text(s, p->address);
        kilograms(s, p->weight_g);
        kilograms(s, volume_ml);
    } else {
        char date[40];
        struct civil civil = civil_of_day(day);
        snprintf(date, sizeof date, "%04d-%02d-%02d", civil.year, civil.month, civil.day);
        sheet_text(s, date);
        sheet_text(s, p->waybill);
        sheet_number(s, 1);
        sheet_text(s, p->name);
        sheet_text(s, p->phone);
        sheet_text(s, p->township);
        sheet_text(s, p->village);
        sheet_text(s, p->group);
        kilograms(s, p->weight_g);
        dimensions(s, p);
    }
}

/* The text in GB18030 into the file. */
static enum status put_gb18030(FILE *file, char *text, size_t size, struct err *err)
{
    iconv_t to = iconv_open("GB18030", "UTF-8");
    if (to == (iconv_t)-1)
        return err_set(err, BROKEN, "encoding", "This machine can't write GB18030");
    char out[4096];
    enum status status = OK;
    while (size > 0 && status == OK) {
        char *put = out;
        size_t room = sizeof out;
        if (iconv(to, &text, &size, &put, &room) == (size_t)-1 && errno != E2BIG)
            status = err_set(err, BROKEN, "encoding", "A name can't be written in GB18030");
        fwrite(out, 1, (size_t)(put - out), file);
    }
    iconv_close(to);
    return status;
}

static void write_rows(struct sheet *sheet, const struct receivers *receivers,
                       const struct demo_courier *courier, int64_t day, struct rng *rng,
                       size_t count)
{
    fprintf(sheet->file, "%s\n", heads[courier->layout - 1]);
    for (size_t i = 1; i <= count; i++) {
        struct parcel parcel;
        make_parcel(receivers, courier, day, i, rng, &parcel);
        if (courier->layout == 1) row_of_one(sheet, &parcel);
        else if (courier->layout == 2) row_of_two(sheet, &parcel, receivers, i);
        else row_of_others(sheet, &parcel, courier->layout, day);
        sheet_end(sheet);
    }
}

static enum status parcels_write(struct arena *arena, const char *folder, size_t courier,
                                 int64_t day, uint64_t seed, size_t count, struct err *err)
{
    struct receivers receivers = { 0 };
    TRY(read_receivers(arena, folder, &receivers, err));
    struct rng rng = rng_seeded(seed ^ ((uint64_t)day << 8) ^ (uint64_t)courier);
    char *name = arena_printf(arena, "parcels_%s.csv", demo_couriers[courier].short_name);
    if (name == NULL) return err_set(err, BROKEN, NULL, "No memory");
    char *text = NULL;
    size_t size = 0;
    struct sheet sheet = { .file = open_memstream(&text, &size) };
    if (sheet.file == NULL) return err_set(err, BROKEN, NULL, "No memory");
    write_rows(&sheet, &receivers, &demo_couriers[courier], day, &rng, count);
    enum status status = demo_close(sheet.file, err);
    FILE *file;
    if (status == OK) status = demo_open(folder, name, &file, err);
    if (status == OK) {
        if (demo_couriers[courier].layout == 3) status = put_gb18030(file, text, size, err);
        else fwrite(text, 1, size, file);
        enum status closed = demo_close(file, err);
        if (status == OK) status = closed;
    }
    free(text);
    return status;
}

enum status demo_parcels(const char *folder, size_t courier, int64_t day, uint64_t seed,
                         size_t count, struct err *err)
{
    if (courier >= DEMO_COURIERS)
        return err_set(err, INVALID, "courier", "There is no such courier");
    struct arena *arena = arena_open(MEMORY);
    if (arena == NULL) return err_set(err, BROKEN, NULL, "No memory");
    enum status status = parcels_write(arena, folder, courier, day, seed, count, err);
    arena_free(arena);
    return status;
}
