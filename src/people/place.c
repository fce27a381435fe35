/* place.c - places stored, found and searched; table people_place. */
#include "people/place.h"

#include <string.h>
#include "base/arena.h"
#include "base/text.h"
#include "db/db.h"
#include "people/pinyin.h"

enum { DAY_S = 86400 };

/* ---- Adding ---- */

static bool division(enum place_kind kind) { return kind <= PLACE_VILLAGE; }

static bool in_range(int32_t lat_e6, int32_t lon_e6)
{
    return lat_e6 >= -90000000 && lat_e6 <= 90000000 && lon_e6 >= -180000000
        && lon_e6 <= 180000000;
}

static enum status check(const struct place *place, struct err *err)
{
    if (place->kind < PLACE_COUNTY || place->kind > PLACE_POINT)
        return err_set(err, INVALID, "kind", "There is no such kind of place.");
    if (place->name == NULL || *place->name == '\0')
        return err_set(err, INVALID, "name", "A place needs a name.");
    if (place->located && !in_range(place->lat_e6, place->lon_e6))
        return err_set(err, INVALID, "lat", "There is no such position on earth.");
    if (place->opens_s < 0 || place->closes_s > DAY_S || place->opens_s > place->closes_s)
        return err_set(err, INVALID, "opens", "Opening hours must lie within a day.");
    if (place->cold_boxes < 0)
        return err_set(err, INVALID, "cold_boxes", "This number can't be below 0.");
    return OK;
}

static const struct sql find_county = SQL("SELECT place_id FROM people_place WHERE kind = 1");

/* The county if none is said; fits if a division stands in the next larger one, and all else in any
 * division. */
static enum status check_parent(struct tx *tx, struct place *place, struct err *err)
{
    struct rows *rows;
    struct place parent;
    enum status found = db_first(tx, &find_county, NO_ARGS, &rows);
    if (found != OK && found != NOT_FOUND) return found;
    if (place->kind == PLACE_COUNTY) {
        if (found == OK)
            return err_set(err, CONFLICT, "kind", "There is a county already.");
        if (place->parent_id == 0) return OK;
        return err_set(err, INVALID, "parent", "The county stands in nothing.");
    }
    if (place->parent_id == 0) {
        if (found == OK) place->parent_id = row_i64(rows, 0);
        return OK;
    }
    found = place_get(tx, place->parent_id, &parent, err);
    if (found == NOT_FOUND)
        return err_set(err, INVALID, "parent", "There is no such place.");
    if (found != OK) return found;
    bool fits = division(place->kind) ? parent.kind < place->kind : division(parent.kind);
    if (fits) return OK;
    return err_about(err, INVALID, "parent", "This place can't stand in that one.", "%s",
                     place->name);
}

static const struct sql add_place = SQL(
    "INSERT INTO people_place (place_id, kind, code, name, pinyin, joined, initials, parent_id,"
    " lat_e6, lon_e6, source, opens_s, closes_s, cold_boxes)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"
    " ON CONFLICT DO NOTHING RETURNING place_id");
static const struct sql adopt_all = SQL(
    "UPDATE people_place SET parent_id = $1 WHERE parent_id IS NULL AND place_id <> $1");

static struct value i64_or_null(bool is, int64_t number) { return is ? i64(number) : null(); }

enum status place_add(struct tx *tx, struct place *place, struct err *err)
{
    struct arena *arena = tx_arena(tx);
    if (place->name) place->name = text_clean(arena, place->name);
    TRY(check(place, err));
    TRY(check_parent(tx, place, err));
    char *pinyin = pinyin_of(arena, place->pinyin ? place->pinyin : place->name);
    char *joined = pinyin ? pinyin_joined(arena, pinyin) : NULL;
    char *initials = pinyin ? pinyin_initials(arena, pinyin) : NULL;
    if (joined == NULL || initials == NULL) return BROKEN;
    place->pinyin = pinyin;
    place->id = tx_id(tx);
    struct rows *rows;
    enum status added = db_first(
        tx, &add_place,
        ARGS(i64(place->id), i64(place->kind), str(place->code), str(place->name), str(pinyin),
             str(joined), str(initials), i64_or_null(place->parent_id != 0, place->parent_id),
             i64_or_null(place->located, place->lat_e6), i64_or_null(place->located, place->lon_e6),
             str(place->source), i64(place->opens_s), i64(place->closes_s),
             i64(place->cold_boxes)), &rows);
    if (added == NOT_FOUND) {
        place->id = 0;
        return err_about(err, CONFLICT, "code", "There is a place with this code already.", "%s",
                         place->code ? place->code : "");
    }
    if (added == OK && place->kind == PLACE_COUNTY)
        return db_run(tx, &adopt_all, ARGS(i64(place->id)));
    return added;
}

static const struct sql locate = SQL(
    "UPDATE people_place SET lat_e6 = $2, lon_e6 = $3, source = $4 WHERE place_id = $1"
    " RETURNING place_id");

enum status place_locate(struct tx *tx, int64_t id, int32_t lat_e6, int32_t lon_e6,
                         const char *source, struct err *err)
{
    struct rows *rows;
    if (!in_range(lat_e6, lon_e6))
        return err_set(err, INVALID, "lat", "There is no such position on earth.");
    enum status found = db_first(tx, &locate, ARGS(i64(id), i64(lat_e6), i64(lon_e6),
                                                   str(source)), &rows);
    if (found != NOT_FOUND) return found;
    return err_set(err, NOT_FOUND, "place", "There is no such place.");
}

/* ---- Finding ---- */

#define PLACE_COLUMNS                                                                       \
    "p.place_id, p.kind, p.code, p.name, p.pinyin, COALESCE(p.parent_id, 0), p.lat_e6, p.lon_e6," \
    " p.source, p.opens_s, p.closes_s, p.cold_boxes"

static struct place read_place(const struct rows *rows)
{
    bool located = !row_null(rows, 6);
    return (struct place){
        .id = row_i64(rows, 0), .kind = (enum place_kind)row_i64(rows, 1),
        .code = row_str(rows, 2), .name = row_str(rows, 3), .pinyin = row_str(rows, 4),
        .parent_id = row_i64(rows, 5), .located = located,
        .lat_e6 = located ? (int32_t)row_i64(rows, 6) : 0,
        .lon_e6 = located ? (int32_t)row_i64(rows, 7) : 0,
        .source = row_str(rows, 8), .opens_s = row_i64(rows, 9), .closes_s = row_i64(rows, 10),
        .cold_boxes = row_i64(rows, 11),
    };
}

static enum status one(enum status found, const struct rows *rows, struct place *out,
                       struct err *err)
{
    if (found == NOT_FOUND) return err_set(err, NOT_FOUND, "place", "There is no such place.");
    if (found == OK) *out = read_place(rows);
    return found;
}

static const struct sql by_id = SQL(
    "SELECT " PLACE_COLUMNS " FROM people_place p WHERE place_id = $1");
static const struct sql by_code = SQL(
    "SELECT " PLACE_COLUMNS " FROM people_place p WHERE code = $1");

enum status place_get(struct tx *tx, int64_t id, struct place *out, struct err *err)
{
    struct rows *rows;
    enum status found = db_first(tx, &by_id, ARGS(i64(id)), &rows);
    return one(found, rows, out, err);
}

enum status place_by_code(struct tx *tx, const char *code, struct place *out, struct err *err)
{
    struct rows *rows;
    enum status found = db_first(tx, &by_code, ARGS(str(code)), &rows);
    return one(found, rows, out, err);
}

/* Upwards from a place; what stands in the county may name no parent. */
static const struct sql find_serving = SQL(
    "WITH RECURSIVE up (place_id, depth) AS ("
    " SELECT CAST($1 AS BIGINT), 0 UNION ALL"
    " SELECT COALESCE(q.parent_id, 0), up.depth + 1 FROM people_place q"
    " JOIN up ON q.place_id = up.place_id)"
    " SELECT " PLACE_COLUMNS " FROM people_place p"
    " JOIN up ON COALESCE(p.parent_id, 0) = up.place_id"
    " WHERE p.kind = $2 ORDER BY up.depth, p.place_id LIMIT 1");

enum status place_serving(struct tx *tx, int64_t division_id, enum place_kind kind,
                          struct place *out, struct err *err)
{
    struct rows *rows;
    TRY(place_get(tx, division_id, out, err));
    if (out->kind == kind) return OK;
    enum status found = db_first(tx, &find_serving, ARGS(i64(division_id), i64(kind)), &rows);
    return one(found, rows, out, err);
}

static enum status collect(struct tx *tx, enum status found, struct rows *rows,
                           struct place **out, size_t *count)
{
    struct place *places = NULL;
    size_t n = 0;
    for (; found == OK; found = db_next(rows)) {
        places = arena_more(tx_arena(tx), places, n, sizeof *places);
        if (places == NULL) return BROKEN;
        places[n++] = read_place(rows);
    }
    *out = places;
    *count = n;
    return found == NOT_FOUND ? OK : found;
}

static const struct sql list_all = SQL(
    "SELECT " PLACE_COLUMNS " FROM people_place p WHERE p.kind = $1"
    " ORDER BY p.code NULLS LAST, p.place_id");
static const struct sql list_under = SQL(
    "WITH RECURSIVE under (place_id) AS ("
    " SELECT place_id FROM people_place WHERE parent_id = $2 UNION ALL"
    " SELECT q.place_id FROM people_place q JOIN under u ON q.parent_id = u.place_id)"
    " SELECT " PLACE_COLUMNS " FROM people_place p JOIN under u ON u.place_id = p.place_id"
    " WHERE p.kind = $1 ORDER BY p.code NULLS LAST, p.place_id");

enum status place_list(struct tx *tx, enum place_kind kind, int64_t parent_id, struct place **out,
                       size_t *count, struct err *err)
{
    (void)err;
    struct rows *rows;
    enum status found =
        parent_id == 0 ? db_first(tx, &list_all, ARGS(i64(kind)), &rows)
                       : db_first(tx, &list_under, ARGS(i64(kind), i64(parent_id)), &rows);
    return collect(tx, found, rows, out, count);
}

/* ---- Searching ---- */

/* `text` between two `%`, with LIKE's own characters escaped by "!". NULL: no memory. */
static char *pattern(struct arena *arena, const char *text, bool anywhere)
{
    char *out = arena_new(arena, 2 * strlen(text) + 3), *end = out;
    if (out == NULL) return NULL;
    if (anywhere) *end++ = '%';
    for (; *text; text++) {
        if (strchr("%_!", *text)) *end++ = '!';
        *end++ = *text;
    }
    *end = '%';
    return out;
}

static const struct sql search = SQL(
    "SELECT " PLACE_COLUMNS " FROM people_place p"
    " WHERE (p.kind = $7 OR $7 = 0) AND (p.name LIKE $2 ESCAPE '!'"
    "  OR p.joined LIKE $5 ESCAPE '!' OR p.initials LIKE $5 ESCAPE '!')"
    " ORDER BY CASE WHEN p.name = $1 OR p.joined = $4 OR p.initials = $4 THEN 0"
    "  WHEN p.name LIKE $3 ESCAPE '!' THEN 1"
    "  WHEN p.initials LIKE $6 ESCAPE '!' THEN 2"
    "  WHEN p.joined LIKE $6 ESCAPE '!' THEN 3 ELSE 4 END,"
    " LENGTH(p.name), p.code NULLS LAST, p.place_id LIMIT $8");

enum status place_search(struct tx *tx, const char *text, enum place_kind kind, size_t count_max,
                         struct place **out, size_t *count, struct err *err)
{
    (void)err;
    struct arena *arena = tx_arena(tx);
    *out = NULL;
    *count = 0;
    char *name = text_clean(arena, text);
    if (name == NULL) return BROKEN;
    char *latin = pinyin_of(arena, name);
    char *keys = latin ? pinyin_joined(arena, latin) : NULL;
    if (keys == NULL) return BROKEN;
    if (*keys == '\0') return OK;
    bool han = strcmp(name, latin) != 0 && (unsigned char)*name >= 0x80;
    if (han) keys = name;   // who types the character means that one
    char *in_name = pattern(arena, name, true), *at_name = pattern(arena, name, false);
    char *in_keys = pattern(arena, keys, true), *at_keys = pattern(arena, keys, false);
    if (!in_name || !at_name || !in_keys || !at_keys) return BROKEN;
    struct rows *rows;
    enum status found = db_first(tx, &search,
                                 ARGS(str(name), str(in_name), str(at_name), str(keys),
                                      str(in_keys), str(at_keys), i64(kind),
                                      i64((int64_t)count_max)), &rows);
    return collect(tx, found, rows, out, count);
}
