/* people.c - the people of the county: names, duties and log-ins.
 *
 * Surnames are those frequent in western Zhejiang. Phone numbers begin with 100, which no mobile
 * number does (they begin with 13 to 19), so that nobody can be called by mistake. */
#include <stdio.h>
#include <string.h>
#include "demo/make.h"

#define PASSWORD "kaihua-demo"

enum { VILLAGES = 255 };   // of Kaihua

void person_name(struct rng *rng, char out[NAME_TEXT])
{
    static const char *const surnames[] = {
        "汪", "汪", "汪", "程", "程", "余", "余", "余", "徐", "徐", "徐", "方", "方", "方", "张", "张",
        "江", "江", "吴", "吴", "王", "王", "郑", "郑", "叶", "叶", "詹", "姚", "刘", "朱", "陈", "陈",
        "邹", "胡", "胡", "宋", "黄", "李", "李", "周", "鲁", "毛", "戴", "何", "洪", "苏", "丁", "童" };
    static const char *const first[] = {
        "建", "志", "国", "小", "文", "美", "金", "春", "秋", "永", "海", "玉", "爱", "秀", "水", "根",
        "晓", "雪", "丽", "彩", "振", "新", "正", "明", "雨", "子", "思", "俊", "佳", "梦" };
    static const char *const second[] = {
        "国", "华", "军", "明", "平", "红", "英", "芳", "兰", "仙", "花", "娟", "燕", "梅", "香", "根",
        "土", "林", "良", "生", "发", "强", "伟", "勇", "飞", "涛", "涵", "琪", "妹", "珍", "凤", "清" };
    const char *surname = surnames[rng_below(rng, (uint32_t)COUNT(surnames))];
    const char *one = first[rng_below(rng, (uint32_t)COUNT(first))];
    const char *two = second[rng_below(rng, (uint32_t)COUNT(second))];
    if (strcmp(one, two) == 0) two = "";
    snprintf(out, NAME_TEXT, "%s%s%s", surname, one, rng_below(rng, 8) ? two : "");
}

struct writing { struct sheet sheet; struct rng rng; };

/* One row: a role at a place. The first of a duty may log in by password. */
static void person(struct writing *w, const char *name, int64_t phone, const char *place,
                   const char *roles, const char *organisation, bool password)
{
    sheet_text(&w->sheet, name);
    sheet_number(&w->sheet, phone);
    sheet_text(&w->sheet, place);
    sheet_text(&w->sheet, roles);
    sheet_text(&w->sheet, organisation);
    sheet_text(&w->sheet, password ? PASSWORD : NULL);
    sheet_end(&w->sheet);
}

static void several(struct writing *w, int count, int64_t phone, const char *place,
                    const char *roles, const char *organisation)
{
    for (int i = 0; i < count; i++) {
        char name[NAME_TEXT];
        person_name(&w->rng, name);
        person(w, name, phone + i, place, roles, organisation, i == 0);
    }
}

static void write_staff(struct writing *w, const struct county *county)
{
    const char *hub = county->sites[county->hub].code;
    several(w, 1, PHONE_ADMIN, NULL, "admin", "D027");
    several(w, 3, PHONE_DISPATCHER, hub, "dispatcher", "D027");
    several(w, VEHICLES, PHONE_DRIVER, hub, "driver", "D028");
    several(w, 28, PHONE_PICKER, hub, "picker", "D027");
    several(w, 2, PHONE_CLERK, hub, "clerk", "D027");
    several(w, 2, PHONE_AUDITOR, NULL, "auditor", NULL);
    for (int i = 0; i < COURIERS; i++) {
        char code[16], name[NAME_TEXT];
        snprintf(code, sizeof code, "K%02d", i + 1);
        person_name(&w->rng, name);
        person(w, name, PHONE_COURIER + i, hub, "courier", code, i == 0);
    }
    for (int i = 0; i < SUPPLIERS; i++) {
        char code[16], name[NAME_TEXT];
        snprintf(code, sizeof code, "D%03d", i + 1);
        person_name(&w->rng, name);
        person(w, name, PHONE_SELLER + i, NULL, "seller", code, i == 0);
    }
    for (size_t t = 0; t < county->town_count; t++) {
        const char *station = county->sites[county->towns[t].station].code;
        for (int i = 0; i < 2; i++) {
            char name[NAME_TEXT];
            person_name(&w->rng, name);
            person(w, name, PHONE_STATION + (int64_t)t * 2 + i, station, "station", "D027",
                   t == 0 && i == 0);
        }
    }
}

/* A keeper lives in the village and orders like everybody; so does the deputy, if there is one. */
static void write_keepers(struct writing *w, const struct county *county)
{
    for (size_t v = 0; v < county->village_count; v++) {
        const struct site *village = &county->sites[county->villages[v]];
        const char *point = county->sites[county->points[v]].code;
        int keepers = village->households > 160 ? 2 : 1;
        for (int i = 0; i < keepers; i++) {
            char name[NAME_TEXT];
            int64_t phone = (i ? PHONE_DEPUTY : PHONE_KEEPER) + (int64_t)v;
            person_name(&w->rng, name);
            person(w, name, phone, point, "keeper", "D027", v == 0 && i == 0);
            person(w, name, phone, village->code, "villager", NULL, false);
        }
    }
}

/* A small country has fewer villages than Kaihua, each with more of those who order. */
static void write_villagers(struct writing *w, const struct county *county)
{
    int64_t phone = PHONE_VILLAGER;
    bool first = true;
    for (size_t v = 0; v < county->village_count; v++) {
        const struct site *village = &county->sites[county->villages[v]];
        int people = 6 + (int)(village->households / 14);
        if (county->village_count < VILLAGES)
            people = people * VILLAGES / (int)county->village_count;
        for (int i = 0; i < people; i++) {
            char name[NAME_TEXT];
            person_name(&w->rng, name);
            person(w, name, phone, village->code, "villager", NULL, first);
            phone += rng_between(&w->rng, 1, 1800);
            first = false;
        }
    }
}

enum status people_write(struct county *county, struct err *err)
{
    struct writing w = { .rng = county_rng(county, "people") };
    TRY(sheet_open(county->folder, "people.csv",
                   "name,phone,place_code,roles,organisation,password", &w.sheet, err));
    struct sheet offers;
    enum status status = sheet_open(county->folder, "produce_offers.csv",
        "phone,name,product,unit,quantity,weight_g,volume_ml,boxes,temperature,price_fen,"
        "village_code,ready", &offers, err);
    if (status == OK) {
        write_staff(&w, county);
        write_keepers(&w, county);
        write_villagers(&w, county);
        status = producers_write(county, &w.sheet, &offers, err);
        enum status closed = sheet_close(&offers, err);
        if (status == OK) status = closed;
    }
    enum status closed = sheet_close(&w.sheet, err);
    return status == OK ? closed : status;
}
