/* layout.c - see layout.h. */
#include "rooms/parcel/layout.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include "base/arena.h"
#include "base/ids.h"
#include "paper/csv.h"

enum { ADDRESS_PARTS = 4, ADDRESS_MAX = 400, NAME_MAX_BYTES = 120, SIDE_MAX_MM = 5000,
       ML_PER_G = 5 };

/* Columns by their possible names ("a|b", see csv_column). */
struct layout {
    enum waybill_check check;
    const char *waybill, *name, *phone, *address[ADDRESS_PARTS];
    const char *weight;
    int weight_places;            // digits behind the point of its unit that make a gram: kg 3, g 0
    const char *volume;
    int volume_places;            // l 3, cm3 0
    const char *size;             // "30*20*15" in cm
    const char *sides[3];         // in cm
    const char *pieces;
};

static const struct layout layouts[LAYOUTS] = {
    { .check = CHECK_GS1, .waybill = "运单号", .name = "收件人", .phone = "收件电话",
      .address = { "收件地址" }, .weight = "重量(kg)|重量（kg）", .weight_places = 3,
      .sides = { "长(cm)|长（cm）", "宽(cm)|宽（cm）", "高(cm)|高（cm）" } },
    { .check = CHECK_GS1, .waybill = "快件单号", .name = "收件人姓名", .phone = "手机",
      .address = { "省", "市", "县", "详细地址" }, .weight = "计费重量", .weight_places = 3,
      .size = "尺寸" },
    { .check = CHECK_GS1, .waybill = "单号", .name = "收货人", .phone = "电话",
      .address = { "地址" }, .weight = "重量g", .volume = "体积cm3" },
    { .check = CHECK_GS1, .waybill = "waybill", .name = "name", .phone = "phone",
      .address = { "address" }, .weight = "weight_kg", .weight_places = 3, .volume = "volume_l",
      .volume_places = 3 },
    { .check = CHECK_GS1, .waybill = "单号", .name = "收件人", .phone = "联系方式",
      .address = { "乡镇", "村", "门牌" }, .weight = "实重(公斤)|实重（公斤）", .weight_places = 3,
      .size = "尺寸(厘米)|尺寸（厘米）", .pieces = "件数" },
};

enum status layout_check(int64_t layout, enum waybill_check *check)
{
    if (layout < 1 || layout > LAYOUTS) return NOT_FOUND;
    *check = layouts[layout - 1].check;
    return OK;
}

/* ---- waybill numbers ---- */

enum status waybill_clean(const char *text, char *out)
{
    size_t size = 0;
    for (; *text; text++) {
        if (*text == ' ') continue;
        bool fine = isalnum((unsigned char)*text) || (*text == '-' && size > 0);
        if (!fine || size == WAYBILL_MAX) return INVALID;
        out[size++] = (char)toupper((unsigned char)*text);
    }
    out[size] = '\0';
    return size >= 6 ? OK : INVALID;
}

/* `pattern`: A a letter, 9 a digit. */
static bool of_form(const char *text, const char *pattern)
{
    for (; *pattern && *text; pattern++, text++)
        if (*pattern == 'A' ? !isupper((unsigned char)*text) : !isdigit((unsigned char)*text))
            return false;
    return *pattern == *text;
}

/* S10: weights 8 6 4 2 3 5 9 7; 11 less the rest, where 10 is 0 and 11 is 5. */
static int s10_digit(const char *digits)
{
    static const int weights[] = { 8, 6, 4, 2, 3, 5, 9, 7 };
    int sum = 0;
    for (size_t i = 0; i < COUNT(weights); i++) sum += weights[i] * (digits[i] - '0');
    int digit = 11 - sum % 11;
    return digit == 10 ? 0 : digit == 11 ? 5 : digit;
}

enum status waybill_right(const char *waybill, enum waybill_check check)
{
    bool right = true;
    if (check == CHECK_GS1)
        right = of_form(waybill, "AA99999999999")
             && gs1_digit(waybill + 2, 10) == waybill[12] - '0';
    else if (check == CHECK_S10)
        right = of_form(waybill, "AA999999999AA") && s10_digit(waybill + 2) == waybill[10] - '0';
    return right ? OK : INVALID;
}

/* ---- numbers ---- */

enum status decimal_read(const char *text, int places, int64_t max, int64_t *out)
{
    enum { DIGITS_MAX = 15 };
    int64_t number = 0;
    int digits = 0, behind = -1;
    bool more = false;            // something behind the last place that counts
    for (; *text; text++) {
        if (*text == '.' && behind < 0 && digits > 0) { behind = 0; continue; }
        if (!isdigit((unsigned char)*text) || ++digits > DIGITS_MAX) return INVALID;
        if (behind >= places) { more = more || *text != '0'; continue; }
        number = number * 10 + (*text - '0');
        if (behind >= 0) behind++;
    }
    if (digits == 0) return INVALID;
    for (int i = behind < 0 ? 0 : behind; i < places; i++) {
        if (number > max) return INVALID;
        number *= 10;
    }
    number += more;
    if (number > max) return INVALID;
    *out = number;
    return OK;
}

/* Three sides in tenths of a millimetre would overflow nothing: 5 m each at most. */
static int64_t box_ml(const int64_t side_mm[3])
{
    return (side_mm[0] * side_mm[1] * side_mm[2] + 999) / 1000;
}

static enum status read_size(const char *text, int64_t *ml)
{
    char part[16];
    int64_t side_mm[3];
    for (int i = 0; i < 3; i++) {
        size_t size = strspn(text, "0123456789. ");
        if (size == 0 || size >= sizeof part) return INVALID;
        size_t out = 0;
        for (size_t k = 0; k < size; k++)
            if (text[k] != ' ') part[out++] = text[k];
        part[out] = '\0';
        if (decimal_read(part, 1, SIDE_MAX_MM, &side_mm[i]) != OK) return INVALID;
        text += size;
        size_t times = strncmp(text, "×", strlen("×")) == 0 ? strlen("×")
                     : strchr("*xX", *text) && *text ? 1 : 0;
        if (i < 2 ? times == 0 : *text != '\0') return INVALID;
        text += times;
    }
    *ml = box_ml(side_mm);
    return OK;
}

/* ---- a row ---- */

struct columns { int waybill, name, phone, address[ADDRESS_PARTS], weight, volume, size, sides[3],
                 pieces; };

struct reader {
    struct arena *arena;
    const struct layout *layout;
    const struct csv *csv;
    struct columns at;
};

static int column(const struct csv *csv, const char *names)
{
    return names ? csv_column(csv, names) : -1;
}

/* The row stays in the report with what is wrong. */
static void wrong(const struct reader *r, struct piece_row *row, size_t n, int where,
                  const char *text)
{
    if (row->text) return;
    row->text = text;
    row->column = where < 0 ? "" : r->csv->head[where];
    row->about = csv_text(r->csv, n, where);
}

static void read_volume(const struct reader *r, struct piece_row *row, size_t n)
{
    static const char text[] = "Not the size of a parcel: at most 2 cubic metres.";
    const char *cell;
    int64_t side_mm[3], ml = 0;
    int where = r->at.volume;
    enum status read = OK;
    if (*(cell = csv_text(r->csv, n, r->at.volume))) {
        read = decimal_read(cell, r->layout->volume_places, PIECE_MAX_ML, &ml);
    } else if (*(cell = csv_text(r->csv, n, r->at.size))) {
        where = r->at.size;
        read = read_size(cell, &ml);
    } else if (*csv_text(r->csv, n, r->at.sides[0])) {
        for (int i = 0; i < 3 && read == OK; i++) {
            where = r->at.sides[i];
            read = decimal_read(csv_text(r->csv, n, where), 1, SIDE_MAX_MM, &side_mm[i]);
        }
        if (read == OK) ml = box_ml(side_mm);
    }
    if (read != OK || ml > PIECE_MAX_ML) wrong(r, row, n, where, text);
    row->volume_ml = ml ? ml : row->weight_g * ML_PER_G;
}

static enum status read_address(const struct reader *r, struct piece_row *row, size_t n)
{
    const char *whole = "";
    for (int i = 0; i < ADDRESS_PARTS; i++) {
        const char *part = csv_text(r->csv, n, r->at.address[i]);
        if (*part == '\0') continue;
        whole = *whole ? arena_printf(r->arena, "%s%s", whole, part) : part;
        if (whole == NULL) return BROKEN;
    }
    row->address = whole;
    if (*whole == '\0') wrong(r, row, n, r->at.address[0], "The address is missing.");
    if (strlen(whole) > ADDRESS_MAX)
        wrong(r, row, n, r->at.address[0], "The address is too long.");
    return OK;
}

static void read_waybill(const struct reader *r, struct piece_row *row, size_t n)
{
    char clean[WAYBILL_MAX + 1];
    const char *cell = csv_text(r->csv, n, r->at.waybill);
    row->waybill = cell;
    if (waybill_clean(cell, clean) != OK)
        wrong(r, row, n, r->at.waybill, "This is no waybill number.");
    else if ((row->waybill = arena_text(r->arena, clean)) != NULL
             && waybill_right(clean, r->layout->check) != OK)
        wrong(r, row, n, r->at.waybill,
              "The check digit is wrong: please look at the parcel and take it by hand.");
}

static enum status read_row(const struct reader *r, size_t n, struct piece_row *row)
{
    *row = (struct piece_row){ .line = r->csv->lines[n], .pieces = 1,
                               .name = csv_text(r->csv, n, r->at.name),
                               .phone = csv_text(r->csv, n, r->at.phone) };
    read_waybill(r, row, n);
    if (row->waybill == NULL) return BROKEN;
    if (*row->name == '\0' || strlen(row->name) > NAME_MAX_BYTES)
        wrong(r, row, n, r->at.name, "Nobody is named as receiver.");
    if (strlen(row->phone) > 40) wrong(r, row, n, r->at.phone, "This is no telephone number.");
    if (decimal_read(csv_text(r->csv, n, r->at.weight), r->layout->weight_places, PIECE_MAX_G,
                     &row->weight_g) != OK || row->weight_g == 0) {
        row->weight_g = 0;
        wrong(r, row, n, r->at.weight, "Not the weight of a parcel: at most 200 kg.");
    }
    read_volume(r, row, n);
    if (*csv_text(r->csv, n, r->at.pieces)
        && (decimal_read(csv_text(r->csv, n, r->at.pieces), 0, PIECES_MAX, &row->pieces) != OK
            || row->pieces == 0)) {
        row->pieces = 1;
        wrong(r, row, n, r->at.pieces, "Not a number of pieces.");
    }
    return read_address(r, row, n);
}

/* ---- a file ---- */

static enum status find_columns(struct reader *r, struct err *err)
{
    const struct layout *l = r->layout;
    struct columns *at = &r->at;
    *at = (struct columns){
        .waybill = column(r->csv, l->waybill), .name = column(r->csv, l->name),
        .phone = column(r->csv, l->phone), .weight = column(r->csv, l->weight),
        .volume = column(r->csv, l->volume), .size = column(r->csv, l->size),
        .pieces = column(r->csv, l->pieces),
    };
    const char *missing = at->waybill < 0 ? l->waybill : at->name < 0 ? l->name
                        : at->phone < 0 ? l->phone : at->weight < 0 ? l->weight : NULL;
    for (int i = 0; i < 3; i++) at->sides[i] = column(r->csv, l->sides[i]);
    for (int i = 0; i < ADDRESS_PARTS; i++) {
        at->address[i] = column(r->csv, l->address[i]);
        if (l->address[i] && at->address[i] < 0) missing = l->address[i];
    }
    if (missing == NULL) return OK;
    return err_about(err, INVALID, "file", "A column of this courier's layout is missing.",
                     "%s: %s", r->csv->name, missing);
}

enum status layout_read(struct arena *arena, int64_t layout, const char *name, const void *bytes,
                        size_t size, struct piece_file *out, struct err *err)
{
    struct csv csv;
    if (layout < 1 || layout > LAYOUTS)
        return err_set(err, NOT_FOUND, "layout", "There is no such layout.");
    TRY(csv_from_bytes(arena, name, bytes, size, &csv, err));
    struct reader reader = { .arena = arena, .layout = &layouts[layout - 1], .csv = &csv };
    TRY(find_columns(&reader, err));
    if (csv.rows == 0) return err_about(err, INVALID, "file", "The file has no row.", "%s", name);
    if (csv.rows > ROWS_MAX)
        return err_about(err, INVALID, "file", "The file has too many rows: send it in parts.",
                         "%s", name);
    *out = (struct piece_file){ .rows = arena_new(arena, csv.rows * sizeof *out->rows) };
    if (out->rows == NULL) return BROKEN;
    for (; out->count < csv.rows; out->count++)
        TRY(read_row(&reader, out->count, &out->rows[out->count]));
    return OK;
}
