/* test_parcel.c - pieces and files through the room's routes, on both databases. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/clock.h"
#include "base/test.h"
#include "db/writer.h"
#include "people/person.h"
#include "rooms/bus/bus.h"
#include "rooms/parcel/files.h"
#include "rooms/parcel/layout.h"
#include "rooms/parcel/testing.h"

#define HEAD "waybill,name,phone,address,weight_kg,volume_l\n"

static const struct sql count_parcels = SQL("SELECT count(*) FROM parcel");
static const struct sql count_consignments = SQL("SELECT count(*) FROM consignment WHERE kind = 2");

/* ---- by hand ---- */

static json_t *by_hand(const char *courier, const char *waybill, const char *address)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:i, s:i, s:i}", "courier", courier, "waybill",
                     waybill, "name", "余阿婆", "phone", "138 0000 0001", "address", address,
                     "weight_g", 1200, "volume_ml", 9000, "value_fen", 9900);
}

static json_t *taken(struct parcel_test *t, const char *courier, const char *waybill,
                     const char *address)
{
    return parcel_view(t, POST, "/parcel/parcels", by_hand(courier, waybill, address));
}

static json_t *looked_up(struct parcel_test *t, const char *waybill)
{
    return parcel_view(t, GET, "/parcel/parcels/{waybill}",
                       json_pack("{s:s}", "waybill", waybill));
}

static void facts(void **state)
{
    struct parcel_test *t = parcel_test_of(state);
    const char *waybill = test_waybill("BC", 1);
    json_t *view = taken(t, "baicun", waybill, "开化县池淮镇禾丰村3组");
    assert_string_equal(text_of(view, "result"), "taken");
    assert_int_equal(number_of(view, "day"), parcel_tomorrow());
    json_decref(view);
    view = looked_up(t, waybill);
    const json_t *piece = json_array_get(json_object_get(view, "parcels"), 0);
    assert_true(number_of(piece, "id") > 0);
    assert_string_equal(text_of(piece, "kind"), "parcel");
    assert_string_equal(text_of(piece, "from"), "县级共配中心");
    assert_string_equal(text_of(piece, "to"), "禾丰村村级站点");
    assert_int_equal(number_of(piece, "weight_g"), 1200);
    assert_int_equal(number_of(piece, "volume_ml"), 9000);
    assert_int_equal(number_of(piece, "value_fen"), 9900);
    assert_true(json_is_false(json_object_get(piece, "cold")));
    assert_int_equal(number_of(piece, "due_ms"),
                     day_ms(parcel_tomorrow(), DUE_S, ZONE_CHINA_S));
    json_decref(view);
    static const struct sql received = SQL(
        "SELECT count(*) FROM consignment c JOIN people_party p ON p.party_id = c.party_id"
        " WHERE p.phone = '13800000001' AND c.kind = 2 AND c.dry_ml = 9000 AND c.cold_ml = 0");
    assert_int_equal(number_in(t, &received), 1);
}

static void twice(void **state)
{
    struct parcel_test *t = parcel_test_of(state);
    const char *waybill = test_waybill("BC", 2);
    json_t *first = taken(t, "baicun", waybill, "池淮镇禾丰村");
    json_t *again = taken(t, "baicun", waybill, "音坑乡金星村");
    assert_string_equal(text_of(again, "result"), "already");
    assert_int_equal(number_of(again, "parcel_id"), number_of(first, "parcel_id"));
    assert_string_equal(text_of(again, "where"), "waiting");
    assert_string_equal(text_of(again, "place"), "禾丰村村级站点");
    assert_int_equal(number_of(again, "day"), parcel_tomorrow());
    json_decref(first);
    json_decref(again);
    assert_int_equal(number_in(t, &count_parcels), 1);
    assert_int_equal(number_in(t, &count_consignments), 1);

    // Another courier's piece of the same number is another piece, and its label another.
    json_decref(taken(t, "shanxi", waybill, "池淮镇禾丰村"));
    assert_int_equal(number_in(t, &count_parcels), 2);
    static const struct sql codes = SQL("SELECT count(DISTINCT code) FROM consignment");
    assert_int_equal(number_in(t, &codes), 2);
    json_t *both = looked_up(t, waybill);
    assert_int_equal(json_array_size(json_object_get(both, "parcels")), 2);
    json_decref(both);
}

static void asked(void **state)
{
    struct parcel_test *t = parcel_test_of(state);
    char wrong[16];
    struct err err;
    snprintf(wrong, sizeof wrong, "%s", test_waybill("BC", 3));
    wrong[12] = wrong[12] == '9' ? '0' : (char)(wrong[12] + 1);
    assert_int_equal(parcel_call(t, POST, "/parcel/parcels", t->dispatcher,
                                 by_hand("baicun", wrong, "池淮镇禾丰村"), NULL, &err), INVALID);
    assert_string_equal(err.field, "waybill");
    assert_int_equal(number_in(t, &count_parcels), 0);
    json_t *fields = by_hand("baicun", wrong, "池淮镇禾丰村");
    json_object_set_new(fields, "sure", json_integer(1));
    json_decref(parcel_view(t, POST, "/parcel/parcels", fields));
    assert_int_equal(number_in(t, &count_parcels), 1);
}

static void refused(void **state)
{
    struct parcel_test *t = parcel_test_of(state);
    static const struct { const char *name; const char *value; int64_t number; } bad[] = {
        { "courier", "nobody", 0 },  { "waybill", "1;2", 0 },   { "weight_g", NULL, 0 },
        { "weight_g", NULL, INT64_C(1000000000000000000) },     { "volume_ml", NULL, 2000001 },
        { "village", "330824999999", 0 },                       { "kind", "elephant", 0 },
        { "value_fen", NULL, -1 },   { "name", "", 0 },         { "pieces", NULL, 100 },
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct err err;
        json_t *fields = by_hand("baicun", test_waybill("BC", 4), "池淮镇禾丰村");
        json_object_set_new(fields, bad[i].name, bad[i].value ? json_string(bad[i].value)
                                                              : json_integer(bad[i].number));
        enum status done = parcel_call(t, POST, "/parcel/parcels", t->dispatcher, fields, NULL,
                                       &err);
        if (done != INVALID || strcmp(err.field, bad[i].name) != 0)
            fail_msg("%s: %s %s", bad[i].name, status_name(done), err.field ? err.field : "");
    }
    assert_int_equal(number_in(t, &count_parcels), 0);
    struct err err;
    assert_int_equal(parcel_call(t, GET, "/parcel/parcels/{waybill}", t->dispatcher,
                                 json_pack("{s:s}", "waybill", "NOBODY123"), NULL, &err),
                     NOT_FOUND);
}

/* ---- files ---- */

struct text { char *at; size_t size; FILE *file; };

static void text_open(struct text *text)
{
    *text = (struct text){ 0 };
    text->file = open_memstream(&text->at, &text->size);
    assert_non_null(text->file);
}

static json_t *hand_in(struct parcel_test *t, const char *courier, const char *text)
{
    return parcel_view(t, POST, "/parcel/files", file_fields(courier, text, strlen(text)));
}

static void five_couriers(void **state)
{
    struct parcel_test *t = parcel_test_of(state);
    static const char *const letters[] = { "SX", "YL", "JY", "BC", "QH" };
    for (int i = 0; i < TEST_COURIERS; i++) {
        const char *w = test_waybill(letters[i], 1);
        struct text text;
        text_open(&text);
        if (i == 0) fprintf(text.file, "\xEF\xBB\xBF运单号,收件人,收件电话,收件地址,重量(kg),长(cm),"
                            "宽(cm),高(cm)\n%s,余阿婆,13800000001,池淮镇路口村,2,30,20,15\n", w);
        if (i == 1) fprintf(text.file, "序号,快件单号,收件人姓名,手机,省,市,县,详细地址,计费重量,尺寸\n"
                            "1,%s,程五,13900000001,浙江省,衢州市,开化县,池淮路口,2,30*20*15\n", w);
        if (i == 2) fprintf(text.file, "收货人,电话,地址,单号,重量g,体积cm3\n"
                            "程六,139****0001,池淮镇路口村,%s,2000,9000\n", w);
        if (i == 3) fprintf(text.file, HEAD "%s,程七,,开化 池淮镇 路口村,2,9\n", w);
        if (i == 4) fprintf(text.file, "日期,单号,件数,收件人,联系方式,乡镇,村,门牌,实重(公斤),尺寸(厘米)\n"
                            "2026-11-24,%s,2,程八,13900000002,池淮镇,路口村,3组,2,30*20*15\n", w);
        fclose(text.file);
        json_t *report = hand_in(t, test_couriers[i], text.at);
        assert_int_equal(number_of(report, "rows"), 1);
        assert_int_equal(number_of(report, "taken"), 1);
        json_decref(report);
        free(text.at);
    }
    static const struct sql there = SQL(
        "SELECT count(*) FROM parcel p JOIN people_place s ON s.place_id = p.place_id"
        " WHERE s.code = 'P3' AND p.weight_g = 2000 AND p.volume_ml = 9000"
        " AND p.state = 'consigned'");
    assert_int_equal(number_in(t, &there), TEST_COURIERS);
    static const struct sql pieces = SQL("SELECT CAST(sum(pieces) AS BIGINT) FROM consignment");
    assert_int_equal(number_in(t, &pieces), TEST_COURIERS + 1);
}

static void counted(void **state)
{
    struct parcel_test *t = parcel_test_of(state);
    char text[2000];
    snprintf(text, sizeof text, HEAD "%s,甲,13900000011,池淮镇禾丰村,1,2\n%s,乙,,路口村,1,2\n"
             "%s,丙,,池淮镇禾丰村,1,2\nBC2078100001X,丁,,池淮镇禾丰村,1,2\n"
             "%s,戊,,池淮镇禾丰村,1000000000000000000,2\n", test_waybill("BC", 1),
             test_waybill("BC", 2), test_waybill("BC", 1), test_waybill("BC", 3));
    json_t *report = hand_in(t, "baicun", text);
    assert_int_equal(number_of(report, "rows"), 5);
    assert_int_equal(number_of(report, "taken"), 1);
    assert_int_equal(number_of(report, "unsure"), 1);
    assert_int_equal(number_of(report, "already"), 1);
    assert_int_equal(number_of(report, "wrong_rows"), 2);
    assert_int_equal(number_of(report, "waiting"), 0);
    const json_t *wrong = json_array_get(json_object_get(report, "wrong"), 1);
    assert_int_equal(number_of(wrong, "line"), 6);
    assert_string_equal(text_of(wrong, "column"), "weight_kg");
    assert_string_equal(text_of(wrong, "about"), "1000000000000000000");
    const json_t *known = json_array_get(json_object_get(report, "known"), 0);
    assert_int_equal(number_of(known, "line"), 4);
    assert_string_equal(text_of(known, "place"), "禾丰村村级站点");
    json_decref(report);

    report = hand_in(t, "baicun", text);   // the same file again adds nothing
    assert_int_equal(number_of(report, "taken"), 0);
    assert_int_equal(number_of(report, "already"), 3);
    json_t *read = parcel_view(t, GET, "/parcel/files/{file_id}",
                               json_pack("{s:I}", "file_id", json_integer_value(
                                   json_object_get(report, "file_id"))));
    assert_true(json_equal(read, report));
    json_decref(read);
    json_decref(report);
    assert_int_equal(number_in(t, &count_parcels), 2);
    json_t *home = parcel_view(t, GET, "/parcel", NULL);
    assert_int_equal(number_of(home, "unsure"), 1);
    assert_int_equal(json_array_size(json_object_get(home, "files")), 2);
    json_decref(home);
}

static void malformed(void **state)
{
    struct parcel_test *t = parcel_test_of(state);
    static const char *const bad[] = {
        "", "nothing", HEAD, HEAD "\"BC,1,2,3,4,5\n", HEAD "=1+1,a,1,b,1,1\n",
        "运单号,收件人\n1,2\n", "\xFF\xFE\x80",
    };
    struct err err;
    for (size_t i = 0; i < COUNT(bad); i++)
        if (parcel_call(t, POST, "/parcel/files", t->dispatcher,
                        file_fields("baicun", bad[i], strlen(bad[i])), NULL, &err) != INVALID)
            fail_msg("file %zu", i);
    json_t *fields = file_fields("baicun", HEAD, strlen(HEAD));
    json_object_set_new(fields, "content_base64", json_string("!!!"));
    assert_int_equal(parcel_call(t, POST, "/parcel/files", t->dispatcher, fields, NULL, &err),
                     INVALID);
    assert_string_equal(err.field, "content_base64");
    assert_int_equal(parcel_call(t, POST, "/parcel/files", t->dispatcher,
                                 file_fields("nobody", HEAD, strlen(HEAD)), NULL, &err), INVALID);
    assert_string_equal(err.field, "courier");
    static const struct sql files = SQL("SELECT count(*) FROM parcel_file");
    assert_int_equal(number_in(t, &files), 0);
}

/* ---- large files ---- */

static enum status act_nothing(struct tx *tx, struct entry *entry, struct err *err)
{
    (void)tx;
    (void)entry;
    (void)err;
    return OK;
}

/* Behind the slice that is queued: each call lets one more go by. */
static void let_by(struct parcel_test *t)
{
    struct err err;
    struct arena *arena = arena_open(1 << 16);
    assert_non_null(arena);
    struct entry entry = { .lane = LANE_IMPORT, .arena = arena, .act = act_nothing };
    assert_int_equal(writer_call(t->county->writer, &entry, &err), OK);
    arena_free(arena);
}

static void sliced(void **state)
{
    enum { ROWS = ROWS_AT_ONCE + 5 * SLICE_ROWS + 3 };
    struct parcel_test *t = parcel_test_of(state);
    struct text text;
    text_open(&text);
    fputs(HEAD, text.file);
    for (int i = 0; i < ROWS; i++)
        fprintf(text.file, "%s,收件人%d,139%08d,池淮镇禾丰村%d组,0.1,0.2\n",
                test_waybill("BC", i), i, i, i % 9 + 1);
    fclose(text.file);
    json_t *report = hand_in(t, "baicun", text.at);
    free(text.at);
    assert_int_equal(number_of(report, "rows"), ROWS);
    json_int_t id = number_of(report, "file_id");
    for (int tries = 0; number_of(report, "waiting") > 0; tries++) {
        assert_true(tries < 1000);
        let_by(t);
        json_decref(report);
        report = parcel_view(t, GET, "/parcel/files/{file_id}", json_pack("{s:I}", "file_id", id));
    }
    assert_int_equal(number_of(report, "taken"), ROWS);
    json_decref(report);
    assert_int_equal(number_in(t, &count_consignments), ROWS);
}

/* ---- the queue ---- */

static json_t *row_file(struct parcel_test *t, int number, const char *name, const char *address)
{
    char text[600];
    snprintf(text, sizeof text, HEAD "%s,%s,,%s,1,2\n", test_waybill("BC", number), name, address);
    return hand_in(t, "baicun", text);
}

static int64_t first_unsure(struct parcel_test *t, size_t count, size_t candidates)
{
    json_t *queue = parcel_view(t, GET, "/parcel/unsure", NULL);
    const json_t *list = json_object_get(queue, "parcels"), *first = json_array_get(list, 0);
    assert_int_equal(json_array_size(list), count);
    assert_int_equal(json_array_size(json_object_get(first, "villages")), candidates);
    int64_t id = number_of(first, "parcel_id");
    json_decref(queue);
    return id;
}

static void learned(void **state)
{
    struct parcel_test *t = parcel_test_of(state);
    struct err err;
    json_t *report = row_file(t, 1, "程九", "池淮镇老供销社3组12号");
    assert_int_equal(number_of(report, "unsure"), 1);
    json_decref(report);
    int64_t id = first_unsure(t, 1, 0);
    json_t *placed = parcel_view(t, POST, "/parcel/parcels/{parcel_id}/place",
        json_pack("{s:I, s:s, s:s}", "parcel_id", (json_int_t)id, "village",
                  test_village_codes[TANG], "nickname", "塘底自然村"));
    assert_int_equal(number_of(placed, "day"), parcel_tomorrow());
    json_decref(placed);
    assert_int_equal(parcel_call(t, POST, "/parcel/parcels/{parcel_id}/place", t->dispatcher,
        json_pack("{s:I, s:s}", "parcel_id", (json_int_t)id, "village",
                  test_village_codes[TANG]), NULL, &err), CONFLICT);

    // The same address with another house, and the nickname: nobody is asked any more.
    report = row_file(t, 2, "程十", "浙江省开化县池淮镇老供销社8组1号");
    assert_int_equal(number_of(report, "taken"), 1);
    json_decref(report);
    report = row_file(t, 3, "汪一", "开化塘底自然村");
    assert_int_equal(number_of(report, "taken"), 1);
    json_decref(report);
    static const struct sql there = SQL(
        "SELECT count(*) FROM parcel p JOIN people_place s ON s.place_id = p.place_id"
        " WHERE s.code = 'P4' AND p.state = 'consigned'");
    assert_int_equal(number_in(t, &there), 3);
}

static void several(void **state)
{
    struct parcel_test *t = parcel_test_of(state);
    struct err err;
    json_decref(row_file(t, 1, "程九", "路口村"));
    int64_t id = first_unsure(t, 1, 2);
    json_t *bad = json_pack("{s:I, s:s}", "parcel_id", (json_int_t)id, "village", "330824999999");
    assert_int_equal(parcel_call(t, POST, "/parcel/parcels/{parcel_id}/place", t->picker, bad, NULL,
                                 &err), INVALID);
    json_decref(parcel_view(t, POST, "/parcel/parcels/{parcel_id}/place",
        json_pack("{s:I, s:s}", "parcel_id", (json_int_t)id, "other", "音坑 路口村")));
    // What was said of one receiver's address says nothing of another's.
    json_t *report = row_file(t, 2, "程九", "路口村");
    assert_int_equal(number_of(report, "taken"), 1);
    json_decref(report);
    report = row_file(t, 3, "汪一", "路口村");
    assert_int_equal(number_of(report, "unsure"), 1);
    json_decref(report);
}

static void by_home(void **state)
{
    struct parcel_test *t = parcel_test_of(state);
    json_t *view = taken(t, "baicun", test_waybill("BC", 1), "禾丰");   // she lives there
    assert_string_equal(text_of(view, "result"), "taken");
    json_decref(view);
    view = taken(t, "baicun", test_waybill("BC", 2), "常山县球川镇禾丰村");
    assert_string_equal(text_of(view, "result"), "unsure");
    json_decref(view);
    assert_int_equal(number_in(t, &count_consignments), 1);
}

/* ---- days ---- */

static void late_and_full(void **state)
{
    struct parcel_test *t = parcel_test_of(state);
    clock_turn(t->county->clock, day_ms(parcel_tomorrow() - 1, CUT_OFF_S, ZONE_CHINA_S), false);
    json_t *view = taken(t, "baicun", test_waybill("BC", 1), "池淮镇禾丰村");
    assert_int_equal(number_of(view, "day"), parcel_tomorrow() + 1);
    json_decref(view);
    for (int i = 2; i < 200; i++) {   // 200 kg, 2 cubic metres each: until no bus has room
        json_t *fields = by_hand("baicun", test_waybill("BC", i), "池淮镇禾丰村");
        json_object_set_new(fields, "weight_g", json_integer(PIECE_MAX_G));
        json_object_set_new(fields, "volume_ml", json_integer(PIECE_MAX_ML));
        view = parcel_view(t, POST, "/parcel/parcels", fields);
        bool full = number_of(view, "day") == 0;
        if (full) assert_string_equal(text_of(view, "why"), bus_reason_text(BUS_FULL));
        if (full) assert_string_equal(text_of(view, "result"), "taken");
        json_decref(view);
        if (full) break;
    }
    static const struct sql waiting = SQL("SELECT count(*) FROM parcel WHERE state = 'waiting'");
    assert_int_equal(number_in(t, &waiting), 1);
    json_t *home = parcel_view(t, GET, "/parcel", NULL);
    assert_int_equal(number_of(home, "waiting"), 1);
    json_decref(home);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_BOTH("S3.1 a piece has id, kind, from, to, weight, volume, cold and value", facts),
        TEST_BOTH("S3.1 same waybill twice is told where it is, not a second piece", twice),
        TEST_BOTH("S3.1 a wrong check digit is asked about", asked),
        TEST_BOTH("S3.1 what is no parcel is refused by field", refused),
        TEST_BOTH("S3.2 five couriers' files are taken, each in its layout", five_couriers),
        TEST_BOTH("S3.2 a file is counted row by row, and adds nothing the second time", counted),
        TEST_BOTH("S3.2 a malformed file is refused whole", malformed),
        TEST_BOTH("S3.2 a large file is taken in slices between the orders", sliced),
        TEST_BOTH("S3.3 what a person says is learned: addresses and nicknames", learned),
        TEST_BOTH("S3.3 several villages of a name: learned for that receiver only", several),
        TEST_BOTH("S3.3 a bare name goes to the receiver's own village, never abroad", by_home),
        TEST_BOTH("S3.1 after the cut-off the next day; without room it waits and says why",
                  late_and_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
