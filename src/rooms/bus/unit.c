/* unit.c - handling units and their codes. */
#include "rooms/bus/unit.h"

#include <stdio.h>
#include <string.h>
#include "base/arena.h"
#include "base/ids.h"
#include "db/db.h"
#include "web/county.h"

/* Until the county has a GS1 company prefix of its own: one that GS1 has given to nobody. */
#define PREFIX_NONE "9999999"

void unit_sscc(const char *prefix, int64_t serial, char out[SSCC_TEXT])
{
    int width = 16 - (int)strlen(prefix);
    int64_t limit = 1;
    for (int i = 0; i < width; i++) limit *= 10;
    snprintf(out, SSCC_TEXT, "0%s%0*lld", prefix, width, (long long)(serial % limit));
    out[17] = (char)('0' + gs1_digit(out, 17));
    out[18] = '\0';
}

static const struct sql add = SQL(
    "INSERT INTO unit (id, code, kind, day, consignment_id, place_id, up, stop_id,"
    " planned_parent_id, origin_id, made_ms, end_id, holder_id, parent_id, since_ms)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $10, 0, $11)"
    " ON CONFLICT DO NOTHING RETURNING id");

static enum status make_code(struct tx *tx, struct unit *unit)
{
    const struct county *county = tx_county(tx);
    char code[SSCC_TEXT];
    bool container = strcmp(unit->kind, "crate") == 0 || strcmp(unit->kind, "cold_box") == 0;
    if (container) unit_sscc(county_setting(tx, "gs1.prefix", PREFIX_NONE), unit->id, code);
    else code_print(county->code_key, unit->id, code);
    unit->code = arena_text(tx_arena(tx), code);
    return unit->code ? OK : BROKEN;
}

enum status unit_add(struct tx *tx, struct unit *unit, struct err *err)
{
    struct rows *rows;
    unit->id = tx_id(tx);
    if (unit->code == NULL) TRY(make_code(tx, unit));
    enum status added = db_first(tx, &add,
        ARGS(i64(unit->id), str(unit->code), str(unit->kind), i64(unit->day),
             unit->consignment_id ? i64(unit->consignment_id) : null(), i64(unit->place_id),
             i64(unit->up), unit->stop_id ? i64(unit->stop_id) : null(),
             unit->planned_parent_id ? i64(unit->planned_parent_id) : null(),
             i64(unit->origin_id), i64(unit->made_ms), i64(unit->end_id)), &rows);
    if (added == NOT_FOUND)
        return err_about(err, CONFLICT, "code", "A unit of this code is there already.", "%s",
                         unit->code);
    unit->holder_id = unit->origin_id;
    unit->since_ms = unit->made_ms;
    return added;
}

#define UNIT_COLUMNS                                                                          \
    "SELECT id, code, kind, day, coalesce(consignment_id, 0), place_id, up,"                  \
    " coalesce(stop_id, 0), coalesce(planned_parent_id, 0), origin_id, made_ms, holder_id,"   \
    " parent_id, since_ms, gap, end_id FROM unit WHERE "

static enum status one(struct tx *tx, const struct sql *sql, struct value key, struct unit *out,
                       struct err *err)
{
    struct rows *rows;
    enum status found = db_first(tx, sql, ARGS(key), &rows);
    if (found == NOT_FOUND) return err_set(err, NOT_FOUND, "code", "Nobody knows this code.");
    if (found != OK) return found;
    *out = (struct unit){
        .id = row_i64(rows, 0), .code = row_str(rows, 1), .kind = row_str(rows, 2),
        .day = row_i64(rows, 3), .consignment_id = row_i64(rows, 4), .place_id = row_i64(rows, 5),
        .up = row_i64(rows, 6) != 0, .stop_id = row_i64(rows, 7),
        .planned_parent_id = row_i64(rows, 8), .origin_id = row_i64(rows, 9),
        .made_ms = row_i64(rows, 10), .holder_id = row_i64(rows, 11),
        .parent_id = row_i64(rows, 12), .since_ms = row_i64(rows, 13), .gap = row_str(rows, 14),
        .end_id = row_i64(rows, 15),
    };
    return OK;
}

static const struct sql find_id = SQL(UNIT_COLUMNS "id = $1");
static const struct sql find_code = SQL(UNIT_COLUMNS "code = $1");

enum status unit_get(struct tx *tx, int64_t id, struct unit *out, struct err *err)
{
    return one(tx, &find_id, i64(id), out, err);
}

enum status unit_by_code(struct tx *tx, const char *code, struct unit *out, struct err *err)
{
    return one(tx, &find_code, str(code), out, err);
}
