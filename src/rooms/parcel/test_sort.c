/* test_sort.c - addresses to villages; waybill numbers, decimals and files of all layouts. */
#include <iconv.h>
#include <stdio.h>
#include <string.h>
#include "base/arena.h"
#include "base/test.h"
#include "paper/csv.h"
#include "rooms/parcel/layout.h"
#include "rooms/parcel/sort.h"

enum { ARENA_BYTES = 64 << 20 };

static struct arena *arena;
static struct csv csv;                 // the real villages of the shared data
static struct gazetteer *kaihua;
static struct village *real;

static int setup(void **state)
{
    (void)state;
    arena = arena_open(ARENA_BYTES);
    return arena ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static void must_have_kaihua(void)
{
    struct err err = { .text = "" };
    char path[600];
    if (test_data() == NULL) skip();
    if (kaihua) return;
    snprintf(path, sizeof path, "%s/county/villages.csv", test_data());
    assert_int_equal(csv_read(arena, path, &csv, &err), OK);
    real = arena_new(arena, csv.rows * sizeof *real);
    assert_non_null(real);
    for (size_t i = 0; i < csv.rows; i++)
        real[i] = (struct village){
            .id = (int64_t)i + 1, .code = csv_text(&csv, i, csv_column(&csv, "code")),
            .name = csv_text(&csv, i, csv_column(&csv, "short_name")),
            .township = csv_text(&csv, i, csv_column(&csv, "township")),
        };
    int64_t towns = 0;
    for (size_t i = 0; i < csv.rows; i++) {
        size_t k = 0;
        while (strcmp(real[k].township, real[i].township) != 0) k++;
        real[i].township_id = k < i ? real[k].township_id : ++towns;
    }
    assert_in_range(towns, 14, 16);
    assert_int_equal(gazetteer_make(arena, "开化县", real, csv.rows, &kaihua), OK);
}

static struct sorted sorted(const char *address, int64_t home_id)
{
    struct sorted out;
    assert_int_equal(sort_address(kaihua, NULL, 0, arena, address, home_id, &out), OK);
    return out;
}

static const char *without(const char *text, const char *ending)
{
    size_t size = strlen(text), cut = strlen(ending);
    if (size < cut + 6 || strcmp(text + size - cut, ending) != 0) return text;
    return arena_bytes(arena, text, size - cut);
}

/* A village's address in the ways that people write it, from whole to hardly. */
enum { WAYS = 12 };
static const char *written(const struct village *v, int way)
{
    const char *t = v->township, *n = v->name;
    const char *ts = without(without(without(t, "镇"), "乡"), "办事处"), *ns = without(n, "村");
    switch (way) {
    case 0: return arena_printf(arena, "浙江省衢州市开化县%s%s3组12号", t, n);
    case 1: return arena_printf(arena, "开化县%s%s", t, n);
    case 2: return arena_printf(arena, "浙江省 衢州市 开化县 %s %s 8组 5号", t, n);
    case 3: return arena_printf(arena, "浙江 衢州 开化 %s%s村口小店转", ts, ns);
    case 4: return arena_printf(arena, "%s%s", t, ns);
    case 5: return arena_printf(arena, "开化县%s%s委会旁边", ts, n);
    case 6: return arena_printf(arena, "%s，%s（文化礼堂）", t, n);
    case 7: return arena_printf(arena, "衢州市开化县%s%s村民委员会", t, ns);
    case 8: return arena_printf(arena, "开化县%s老街18号 %s", t, n);
    case 9: return arena_printf(arena, "%s-%s-2组", ts, ns);
    case 10: return arena_printf(arena, "开化县%s", n);
    }
    return arena_printf(arena, "行政区划代码%s 收", v->code);
}

static void labelled(void **state)
{
    (void)state;
    must_have_kaihua();
    size_t right = 0, wrong_sure = 0, unsure = 0, all = 0;
    for (size_t i = 0; i < csv.rows; i++)
        for (int way = 0; way < WAYS; way++, all++) {
            const char *address = written(&real[i], way);
            struct sorted s = sorted(address, 0);
            right += s.village_id == real[i].id;
            unsure += s.village_id == 0;
            if (s.village_id && s.village_id != real[i].id) {
                wrong_sure++;
                print_message("wrong: %s -> %s\n", address,
                              gazetteer_village(kaihua, s.village_id)->name);
            }
        }
    print_message("addresses %zu right %zu unsure %zu wrong %zu\n", all, right, unsure, wrong_sure);
    assert_true(right * 100 >= all * 98);
    assert_true(wrong_sure * 1000 <= all * 2);
}

/* By hand: what is to be sure and what is for a person (NULL). */
static void by_hand(void **state)
{
    static const struct { const char *address, *township, *village; } rows[] = {
        { "浙江省衢州市开化县马金镇霞山村", "马金镇", "霞山村" },
        { "开化县池淮镇池淮村 张三 收", "池淮镇", "池淮村" },
        { "华埠镇华民村", "华埠镇", "华民村" },
        { "浙江省衢州市常山县球川镇千家排村", NULL, NULL },
        { "杭州市西湖区文三路 90 号", NULL, NULL },
        { "开化县", NULL, NULL },
        { "", NULL, NULL },
        { "浙江省衢州市", NULL, NULL },
        { "330824999999", NULL, NULL },
    };
    (void)state;
    must_have_kaihua();
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct sorted s = sorted(rows[i].address, 0);
        const struct village *found = gazetteer_village(kaihua, s.village_id);
        bool there = false;   // the lists change: only what is in them
        for (size_t k = 0; rows[i].village && k < csv.rows; k++)
            there = there || (strcmp(real[k].name, rows[i].village) == 0
                              && strcmp(real[k].township, rows[i].township) == 0);
        if (rows[i].village && !there) continue;
        if ((found == NULL) != (rows[i].village == NULL)) fail_msg("%s", rows[i].address);
        if (found) assert_string_equal(found->name, rows[i].village);
    }
}

static struct gazetteer *small(void)
{
    static const struct village villages[] = {
        { 1, "330824101201", "禾丰村", "池淮镇", 1 }, { 2, NULL, "路口村", "池淮镇", 1 },
        { 3, NULL, "塘村", "池淮镇", 1 },              { 4, NULL, "徐塘村", "池淮镇", 1 },
        { 5, NULL, "路口村", "音坑乡", 2 },            { 6, NULL, "城东社区", "音坑乡", 2 },
        { 7, NULL, "Arinsal", "La Massana", 3 },
    };
    struct gazetteer *g;
    assert_int_equal(gazetteer_make(arena, "开化县", villages, COUNT(villages), &g), OK);
    return g;
}

static void reasons(void **state)
{
    static const struct {
        const char *address;
        int64_t home, village;
        enum sort_why why;
    } rows[] = {
        { "池淮镇路口村", 0, 2, SORT_SURE }, { "音坑乡路口村", 0, 5, SORT_SURE },
        { "路口村", 0, 0, SORT_SEVERAL },    { "路口村", 5, 5, SORT_SURE },
        { "路口村", 1, 0, SORT_SEVERAL },    { "池淮镇徐塘村", 0, 4, SORT_SURE },
        { "徐塘村", 0, 4, SORT_SURE },       { "池淮镇塘村", 0, 3, SORT_SURE },
        { "音坑乡禾丰村", 0, 0, SORT_TOWNSHIP }, { "音坑乡禾丰村", 1, 1, SORT_SURE },
        { "禾丰", 0, 0, SORT_WEAK },         { "禾丰", 1, 1, SORT_SURE },
        { "常山县禾丰村", 0, 0, SORT_ELSEWHERE }, { "常山县禾丰村", 1, 0, SORT_ELSEWHERE },
        { "开化县音坑城东", 0, 6, SORT_SURE }, { "la massana, ARINSAL 5", 0, 7, SORT_SURE },
        { "老供销社", 1, 0, SORT_NOTHING },  { "330824101201", 0, 1, SORT_SURE },
        { "禾丰村１２号（转）", 0, 1, SORT_SURE },
    };
    (void)state;
    struct gazetteer *g = small();
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct sorted out;
        assert_int_equal(sort_address(g, NULL, 0, arena, rows[i].address, rows[i].home, &out), OK);
        if (out.village_id != rows[i].village || out.why != rows[i].why)
            fail_msg("%s: %lld %s", rows[i].address, (long long)out.village_id,
                     sort_why_name(out.why));
    }
    struct nickname name = { "老供销社", 3 };
    struct sorted out;
    assert_int_equal(sort_address(g, &name, 1, arena, "池淮镇老供销社旁", 0, &out), OK);
    assert_int_equal(out.village_id, 3);
    assert_string_equal(address_key(g, arena, "浙江省开化县池淮镇 大塘坞3组12号"), "池淮镇大塘坞");
}

static void waybills(void **state)
{
    char clean[WAYBILL_MAX + 1];
    (void)state;
    assert_int_equal(waybill_clean(" sx20781 000013", clean), OK);
    assert_string_equal(clean, "SX20781000013");
    static const char *const bad[] = { "", "12345", "7.73E+14", "-123456", "单号123456",
                                       "123456789012345678901234567890123", "AB;DROP TABLE" };
    for (size_t i = 0; i < COUNT(bad); i++) assert_int_equal(waybill_clean(bad[i], clean), INVALID);
    assert_int_equal(waybill_right("RR473124829GB", CHECK_S10), OK);   // UPU's own example
    assert_int_equal(waybill_right("RR473124828GB", CHECK_S10), INVALID);
    assert_int_equal(waybill_right("773001", CHECK_NONE), OK);
    for (int wrong = 1; wrong < 10; wrong++) {   // each single wrong digit is found
        char text[] = "SX20781000013";
        assert_int_equal(waybill_right(text, CHECK_GS1), OK);
        text[6] = (char)('0' + (text[6] - '0' + wrong) % 10);
        assert_int_equal(waybill_right(text, CHECK_GS1), INVALID);
    }
}

static void decimals(void **state)
{
    int64_t n = -1;
    (void)state;
    static const struct { const char *text; int places; int64_t want; } good[] = {
        { "1.23", 3, 1230 }, { "12", 0, 12 }, { "0.0001", 3, 1 }, { "5.", 3, 5000 },
        { "1.2340", 3, 1234 }, { "007", 0, 7 },
    };
    for (size_t i = 0; i < COUNT(good); i++) {
        assert_int_equal(decimal_read(good[i].text, good[i].places, 100000, &n), OK);
        assert_int_equal(n, good[i].want);
    }
    static const char *const bad[] = { "", ".", ".5", "-1", "1e18", "1000000000000000000",
                                       "99999999999999999999999", "1,5", "1.2.3", "NaN", "0x10",
                                       "100.001" };
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(decimal_read(bad[i], 3, 100000, &n), INVALID);
}

/* ---- layouts ---- */

static const char *const files[LAYOUTS] = {
    "\xEF\xBB\xBF运单号,收件人,收件电话,收件地址,重量(kg),长(cm),宽(cm),高(cm)\n"
    "SX20781000013,余阿婆,13800000001,开化县池淮镇禾丰村,1.23,30,20,15\n",
    "序号,快件单号,收件人姓名,手机,省,市,县,详细地址,计费重量,尺寸\n"
    "1,SX20781000013,余阿婆,13800000001,浙江省,衢州市,开化县,池淮镇禾丰村,1.23,30*20*15\n",
    "收货人,电话,地址,单号,重量g,体积cm3\n"
    "余阿婆,13800000001,开化县池淮镇禾丰村,SX20781000013,1230,9000\n",
    "waybill,name,phone,address,weight_kg,volume_l\n"
    "SX20781000013,余阿婆,13800000001,开化县池淮镇禾丰村,1.23,9\n",
    "\xEF\xBB\xBF日期,单号,件数,收件人,联系方式,乡镇,村,门牌,实重(公斤),尺寸(厘米)\n"
    "2026-11-24,SX20781000013,1,余阿婆,13800000001,池淮镇,禾丰村,3组,1.23,30×20×15\n",
};

static enum status read(int64_t layout, const void *bytes, size_t size, struct piece_file *out,
                        struct err *err)
{
    *err = (struct err){ .text = "" };
    return layout_read(arena, layout, "test.csv", bytes, size, out, err);
}

static void layouts(void **state)
{
    (void)state;
    for (int i = 0; i < LAYOUTS; i++) {
        struct piece_file file;
        struct err err;
        char other[1024], *in = (char *)(uintptr_t)files[i], *out = other;
        size_t size = strlen(files[i]), left = sizeof other;
        iconv_t code = iconv_open("GB18030", "UTF-8");
        assert_int_equal(read(i + 1, files[i], size, &file, &err), OK);
        for (int again = 0; again < 2; again++) {   // as it is, and in GB18030
            assert_int_equal(file.count, 1);
            const struct piece_row *row = &file.rows[0];
            assert_null(row->text);
            assert_string_equal(row->waybill, "SX20781000013");
            assert_string_equal(row->name, "余阿婆");
            assert_string_equal(row->phone, "13800000001");
            assert_non_null(strstr(row->address, "池淮镇禾丰村"));
            assert_int_equal(row->weight_g, 1230);
            assert_int_equal(row->volume_ml, 9000);
            if (again) break;
            size_t mark = strncmp(files[i], "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
            in += mark;
            size -= mark;
            assert_int_equal(iconv(code, &in, &size, &out, &left), 0);
            assert_int_equal(read(i + 1, other, (size_t)(out - other), &file, &err), OK);
        }
        iconv_close(code);
    }
}

static void bad_files(void **state)
{
    static const char *const bad[] = {
        "", "\n\n", "a,b\n1,2\n", "waybill,name,phone,address,weight_kg,volume_l\n",
        "waybill,name,phone,address,weight_kg,volume_l\n\"SX20781000013,x,1,y,1,1\n",
        "waybill,name,phone,address,weight_kg,volume_l\n=cmd|'/c calc'!A1,x,1,y,1,1\n",
        "waybill,name,phone,address,weight_kg,volume_l\nSX20781000013,x,1,y,1,1,7\n",
        "waybill,waybill,phone,address,weight_kg,volume_l\n1,2,3,4,5,6\n",
        "waybill,name,phone,address,weight_kg,volume_l\n\xFF\xFE\x80\x81,x,1,y,1,1\n",
    };
    struct piece_file file;
    struct err err;
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        if (read(4, bad[i], strlen(bad[i]), &file, &err) != INVALID) fail_msg("file %zu", i);
        assert_string_equal(err.field, "file");
        assert_non_null(strstr(err.detail, "test.csv"));
    }
    assert_int_equal(read(6, files[0], strlen(files[0]), &file, &err), NOT_FOUND);
    for (int i = 0; i < LAYOUTS; i++)      // cut anywhere: an answer, never a crash
        for (size_t cut = 0; cut < strlen(files[i]); cut++)
            (void)!read(i + 1, files[i], cut, &file, &err);
}

static void bad_rows(void **state)
{
    static const char head[] = "waybill,name,phone,address,weight_kg,volume_l\n";
    static const struct { const char *row, *column; } bad[] = {
        { "SX20781000013X,x,1,y,1,1", "waybill" },   { "7.73E+14,x,1,y,1,1", "waybill" },
        { "SX20781000013,,1,y,1,1", "name" },       { "SX20781000013,x,1,,1,1", "address" },
        { "SX20781000013,x,1,y,1000000000000000000,1", "weight_kg" },
        { "SX20781000013,x,1,y,1e18,1", "weight_kg" }, { "SX20781000013,x,1,y,0,1", "weight_kg" },
        { "SX20781000013,x,1,y,,1", "weight_kg" },  { "SX20781000013,x,1,y,-1,1", "weight_kg" },
        { "SX20781000013,x,1,y,1,99999999999999999999", "volume_l" },
        { "SX20781000013,x,1,y,1,abc", "volume_l" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct piece_file file;
        struct err err;
        char text[400];
        snprintf(text, sizeof text, "%s%s\nSX20781000020,x,,y,1,\n", head, bad[i].row);
        assert_int_equal(read(4, text, strlen(text), &file, &err), OK);
        assert_int_equal(file.count, 2);
        if (file.rows[0].text == NULL) fail_msg("%s", bad[i].row);
        assert_string_equal(file.rows[0].column, bad[i].column);
        assert_int_equal(file.rows[0].line, 2);
        assert_null(file.rows[1].text);
        assert_int_equal(file.rows[1].volume_ml, 5000);   // not said: 5 ml a gram
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("S3.3 of a labelled set 98 % go to the right village, 0.2 % to a wrong one", labelled),
        TEST("S3.3 addresses by hand: other counties and bare names are for a person", by_hand),
        TEST("S3.3 why an address is not sure, and when the receiver's home decides", reasons),
        TEST("S3.1 waybill numbers: each wrong digit is found, GS1 and S10", waybills),
        TEST("S3.2 decimals are read exactly or not at all", decimals),
        TEST("S3.2 five layouts, in UTF-8 with and without mark and in GB18030", layouts),
        TEST("S3.2 what is no table of this layout is refused whole, with its line", bad_files),
        TEST("S3.2 a wrong row is told with its column, the others are read", bad_rows),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
