/* shelf.c - what a station or point holds, by receiver, and its collection: a villager says the end
 * of the phone number, a name or a code, the keeper presses a button. */
#include "rooms/bus/views.h"

#include <string.h>
#include "base/arena.h"
#include "base/clock.h"
#include "db/db.h"
#include "people/person.h"
#include "people/place.h"
#include "rooms/bus/acts.h"
#include "rooms/bus/screens.h"
#include "web/county.h"
#include "web/form.h"

static const struct permission see_place = {
    "bus.see_place", "See what a station or point holds", "keeper station dispatcher admin" };

enum { KEPT_DAYS = 30 };          // on the shelf at most

struct piece {
    int64_t id, consignment_id, holder_id, party_id, since_ms;
    const char *code, *kind, *crate, *name, *phone;
    bool up;
};
struct shelf {
    int64_t place_id;
    const char *place, *find;
    struct piece *pieces;         // ordered by receiver
    size_t count;
};
struct asked { int64_t place_id, day_min, party_id; const char *find; struct press press; };

static enum status own_place(struct request *rq, int64_t place_id, struct err *err)
{
    bool any = (rq->who.roles & role_set("dispatcher admin")) != 0;
    return any || place_id == rq->who.place_id
         ? OK : err_set(err, DENIED, "place_id", "This is another place's shelf.");
}

static enum status prepare(struct request *rq, void *in, struct err *err)
{
    struct asked *asked = in;
    asked->press = press_of(rq);
    asked->day_min = day_of(rq->arrived_ms, rq->county->zone_s) - KEPT_DAYS;
    TRY(form_i64(rq, "place_id", 1, ID_MAX, &asked->place_id, err));
    TRY(form_str_opt(rq, "find", 40, &asked->find, err));
    return own_place(rq, asked->place_id, err);
}

static const struct sql find_units = SQL(
    "SELECT u.id, coalesce(u.consignment_id, 0), u.holder_id, coalesce(g.party_id, 0), u.since_ms,"
    " u.code, u.kind, c.code, u.up, coalesce(p.name, ''), coalesce(p.phone, '') FROM unit AS u"
    " LEFT JOIN unit AS c ON c.id = u.planned_parent_id"
    " LEFT JOIN consignment AS g ON g.id = u.consignment_id"
    " LEFT JOIN people_party AS p ON p.party_id = g.party_id"
    " WHERE u.holder_id = $1 AND u.day >= $2 ORDER BY coalesce(g.party_id, 0), u.id");

static bool ends_with(const char *text, const char *end)
{
    size_t size = strlen(text), end_size = strlen(end);
    return size >= end_size && strcmp(text + size - end_size, end) == 0;
}

static bool found_by(const struct piece *p, const char *find)
{
    return find == NULL || ends_with(p->phone, find) || strstr(p->name, find)
        || strcmp(p->code, find) == 0;
}

static enum status read_shelf(struct tx *tx, const struct asked *asked, struct shelf *out)
{
    struct rows *rows;
    struct args args = ARGS(i64(asked->place_id), i64(asked->day_min));
    enum status found = db_first(tx, &find_units, args, &rows);
    for (; found == OK; found = db_next(rows)) {
        struct piece piece = {
            .id = row_i64(rows, 0), .consignment_id = row_i64(rows, 1),
            .holder_id = row_i64(rows, 2), .party_id = row_i64(rows, 3),
            .since_ms = row_i64(rows, 4), .code = row_str(rows, 5), .kind = row_str(rows, 6),
            .crate = row_str(rows, 7), .up = row_i64(rows, 8) != 0, .name = row_str(rows, 9),
            .phone = row_str(rows, 10),
        };
        if (!found_by(&piece, asked->find)) continue;
        out->pieces = arena_more(tx_arena(tx), out->pieces, out->count, sizeof piece);
        if (out->pieces == NULL) return BROKEN;
        out->pieces[out->count++] = piece;
    }
    return found == NOT_FOUND ? OK : found;
}

static enum status act(struct tx *tx, const void *in, void *out, struct err *err)
{
    const struct asked *asked = in;
    struct shelf *shelf = out;
    struct place place;
    TRY(place_get(tx, asked->place_id, &place, err));
    *shelf = (struct shelf){ .place_id = place.id, .place = place.name,
                             .find = asked->find ? asked->find : "" };
    return read_shelf(tx, asked, shelf);
}

/* ---- showing ---- */

static bool waits(const struct piece *p) { return p->party_id && !p->up; }

static json_t *piece_json(const struct piece *p)
{
    return json_pack("{s:s, s:s, s:s, s:s?, s:b, s:I, s:I, s:I, s:I}", "code", p->code, "kind",
                     p->kind, "kind_text", unit_kind_text(p->kind), "crate", p->crate, "up",
                     (int)p->up, "holder_id", (json_int_t)p->holder_id, "consignment_id",
                     (json_int_t)p->consignment_id, "party_id", (json_int_t)p->party_id,
                     "since_ms", (json_int_t)p->since_ms);
}

/* Receivers, each with what waits for him; all of one stand together. */
static json_t *receivers_json(const struct shelf *shelf)
{
    json_t *list = json_array(), *mine = NULL;
    int64_t party_id = 0;
    for (size_t i = 0; i < shelf->count; i++) {
        const struct piece *p = &shelf->pieces[i];
        if (!waits(p)) continue;
        if (p->party_id != party_id) {
            size_t digits = strlen(p->phone);
            party_id = p->party_id;
            mine = json_array();
            json_array_append_new(list, json_pack(
                "{s:I, s:s, s:s, s:o}", "party_id", (json_int_t)party_id, "name", p->name, "tail",
                p->phone + (digits > 4 ? digits - 4 : 0), "units", mine));
        }
        json_array_append_new(mine, piece_json(p));
    }
    return list;
}

static json_t *show(struct request *rq, const void *out)
{
    const struct shelf *shelf = out;
    json_t *pieces = json_array();
    int64_t waiting = 0, crates = 0;
    (void)rq;
    for (size_t i = 0; pieces && i < shelf->count; i++) {
        json_array_append_new(pieces, piece_json(&shelf->pieces[i]));
        waiting += waits(&shelf->pieces[i]);
        crates += shelf->pieces[i].consignment_id == 0;
    }
    return json_pack("{s:I, s:s, s:s, s:I, s:I, s:I, s:o, s:o}", "place_id",
                     (json_int_t)shelf->place_id, "place", shelf->place, "find", shelf->find,
                     "count", (json_int_t)shelf->count, "waiting", (json_int_t)waiting,
                     "crate_count", (json_int_t)crates, "pieces", pieces, "receivers",
                     receivers_json(shelf));
}

/* ---- collection: all that waits for one receiver ---- */

struct collected { int64_t place_id, count; };

static enum status prepare_collect(struct request *rq, void *in, struct err *err)
{
    struct asked *asked = in;
    TRY(form_i64(rq, "party_id", 1, ID_MAX, &asked->party_id, err));
    return prepare(rq, in, err);
}

static enum status act_collect(struct tx *tx, const void *in, void *out, struct err *err)
{
    struct asked asked = *(const struct asked *)in;
    struct collected *collected = out;
    struct shelf shelf = { 0 };
    asked.find = NULL;
    *collected = (struct collected){ .place_id = asked.place_id };
    TRY(read_shelf(tx, &asked, &shelf));
    for (size_t i = 0; i < shelf.count; i++) {
        const struct piece *p = &shelf.pieces[i];
        if (!waits(p) || p->party_id != asked.party_id) continue;
        TRY(press_hand_over(tx, &asked.press, p->id, asked.place_id, p->party_id, asked.place_id,
                            err));
        collected->count++;
    }
    return collected->count ? OK
         : err_set(err, CONFLICT, "party_id", "Nothing waits here for this person.");
}

static json_t *show_collect(struct request *rq, const void *out)
{
    const struct collected *collected = out;
    (void)rq;
    return json_pack("{s:I, s:I}", "place_id", (json_int_t)collected->place_id, "count",
                     (json_int_t)collected->count);
}

const struct route shelf_routes[] = {
    { .method = GET, .path = "/bus/places/{place_id}/units", .permission = &see_place,
      .page = "bus/place", .text = "What a station or point holds",
      .in_size = sizeof(struct asked), .out_size = sizeof(struct shelf), .prepare = prepare,
      .act = act, .show = show },
    { .method = POST, .path = "/bus/places/{place_id}/collect", .permission = &acts_permission,
      .next = "/bus/places/{place_id}/units", .text = "A villager collects what waits for him",
      .lane = LANE_FIRST, .in_size = sizeof(struct asked), .out_size = sizeof(struct collected),
      .prepare = prepare_collect, .act = act_collect, .show = show_collect },
    { 0 }
};
