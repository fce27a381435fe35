/* track.c - the public tracking page. What happened is read from the scans (custody.h) of the
 * consignment's units and of the crates they were in at that time, and from its trip. */
#include "rooms/bus/track.h"

#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/clock.h"
#include "db/db.h"
#include "people/person.h"
#include "people/place.h"
#include "rooms/bus/custody.h"
#include "rooms/bus/inside.h"
#include "rooms/bus/unit.h"
#include "web/county.h"
#include "web/form.h"

enum { NUMBER_MAX = 40, TAIL = 4, MINUTES_5 = 5 * MINUTE_MS, MINUTES_10 = 10 * MINUTE_MS };

/* ---- tries ---- */

static bool over(const struct track_try *try, int64_t now_ms)
{
    return llabs(now_ms - try->last_ms) >= TRACK_LOCK_MS;   // a clock turned back locks nobody
}

bool track_try(struct track_tries *tries, uint64_t number, int64_t now_ms)
{
    struct track_try *set = tries->at[number % TRACK_SETS], *mine = NULL, *least = set;
    for (size_t i = 0; i < TRACK_WAYS; i++) {
        if (set[i].number == number) mine = &set[i];
        bool less = set[i].number == 0 || over(&set[i], now_ms) || set[i].failed < least->failed;
        if (less && least->number != 0 && !over(least, now_ms)) least = &set[i];
    }
    if (mine == NULL) *(mine = least) = (struct track_try){ .number = number };
    if (over(mine, now_ms)) mine->failed = 0;
    if (mine->failed >= TRACK_FREE) return false;
    mine->failed++;
    mine->last_ms = now_ms;
    return true;
}

void track_forgive(struct track_tries *tries, uint64_t number)
{
    struct track_try *set = tries->at[number % TRACK_SETS];
    for (size_t i = 0; i < TRACK_WAYS; i++)
        if (set[i].number == number) set[i] = (struct track_try){ 0 };
}

/* FNV-1a, begun with the county's key. */
static uint64_t hash(uint64_t key, const char *text)
{
    uint64_t h = 0xcbf29ce484222325u ^ key;
    for (; *text; text++) h = (h ^ (unsigned char)*text) * 0x100000001b3u;
    h ^= h >> 29;
    return h ? h : 1;
}

struct track_range track_range(int64_t eta_ms, int64_t now_ms, bool underway)
{
    int64_t step_ms = underway ? MINUTES_5 : MINUTES_10;
    int64_t from_ms = eta_ms - step_ms, until_ms = eta_ms + (underway ? 2 : 3) * step_ms - 1;
    if (from_ms < now_ms) from_ms = now_ms;
    if (until_ms < from_ms + step_ms) until_ms = from_ms + 2 * step_ms - 1;
    return (struct track_range){ from_ms - from_ms % step_ms, until_ms - until_ms % step_ms };
}

/* ---- what is asked ---- */

struct asked { const char *number, *tail; uint64_t hash; int64_t at_ms; bool locked; };

/* As it is written on labels: without spaces and hyphens, in capital letters. */
static char *plain(struct arena *arena, const char *text)
{
    char *number = arena_text(arena, text), *to = number;
    for (const char *from = number; from && *from; from++) {
        if (*from == ' ' || *from == '-') continue;
        *to++ = (char)(*from >= 'a' && *from <= 'z' ? *from - 'a' + 'A' : *from);
    }
    if (to) *to = '\0';
    return number;
}

static enum status prepare_track(struct request *rq, void *in, struct err *err)
{
    struct asked *asked = in;
    struct bus *bus = bus_of(rq->county);
    const char *number = "";
    *asked = (struct asked){ .tail = "", .at_ms = rq->arrived_ms };
    TRY(form_str_opt(rq, "code", NUMBER_MAX, &number, err));
    TRY(form_str_opt(rq, "tail", NUMBER_MAX, &asked->tail, err));
    asked->number = plain(rq->arena, number);
    if (asked->number == NULL) return BROKEN;
    asked->hash = hash(rq->county->code_key, asked->number);
    if (*asked->number == '\0' || *asked->tail == '\0') return OK;
    pthread_mutex_lock(&bus->lock);
    asked->locked = !track_try(&bus->tries, asked->hash, asked->at_ms);
    pthread_mutex_unlock(&bus->lock);
    return OK;
}

/* ---- what is known ---- */

struct event { const char *text, *place; int64_t at_ms; };

struct tracked {
    struct asked asked;
    bool found, up, underway;
    const char *place;
    int64_t pieces;
    struct consignment_now now;
    struct event *events;
    size_t event_count;
};

static const struct sql find_unit = SQL(
    "SELECT consignment_id FROM unit WHERE code = $1 AND consignment_id IS NOT NULL");
static const struct sql find_code = SQL("SELECT id FROM consignment WHERE code = $1 ORDER BY id");
static const struct sql find_order = SQL(
    "SELECT id FROM consignment WHERE kind = $1 AND document_id = $2 ORDER BY id");

/* By an order's code, a unit's or a parcel's waybill. NOT_FOUND. */
static enum status find(struct tx *tx, const char *number, int64_t *consignment_id)
{
    struct rows *rows;
    int64_t id;
    enum status found = db_first(tx, &find_unit, ARGS(str(number)), &rows);
    if (found == NOT_FOUND) found = db_first(tx, &find_code, ARGS(str(number)), &rows);
    if (found == NOT_FOUND && code_parse(tx_county(tx)->code_key, number, &id) == OK)
        found = db_first(tx, &find_order, ARGS(i64(CONSIGN_ORDER), i64(id)), &rows);
    if (found == OK) *consignment_id = row_i64(rows, 0);
    return found;
}

static bool tail_right(const char *phone, const char *tail)
{
    size_t size = phone ? strlen(phone) : 0;
    return size > TAIL && strlen(tail) == TAIL && strcmp(phone + size - TAIL, tail) == 0;
}

static enum status add(struct tx *tx, struct tracked *t, const char *text, const char *place,
                       int64_t at_ms)
{
    if (at_ms == 0) return OK;
    size_t at = t->event_count;
    t->events = arena_more(tx_arena(tx), t->events, at, sizeof *t->events);
    if (t->events == NULL) return BROKEN;
    for (; at > 0 && t->events[at - 1].at_ms > at_ms; at--) t->events[at] = t->events[at - 1];
    t->events[at] = (struct event){ text, place, at_ms };
    t->event_count++;
    return OK;
}

/* ---- scans ---- */

struct scan {
    const char *action;
    int64_t giver_id, taker_id, taker_kind, drives, given_by_driver;
};

static const struct sql find_scans = SQL(
    "WITH own AS (SELECT id FROM unit WHERE consignment_id = $1),"
    // In a crate until it is taken out, or handed over by itself.
    " packed AS (SELECT e.unit_id, e.parent_id, e.scanned_ms AS from_ms, coalesce("
    "  (SELECT min(o.scanned_ms) FROM custody_event AS o WHERE o.unit_id = e.unit_id"
    "   AND o.action <> 'pack' AND o.scanned_ms >= e.scanned_ms), $2) AS until_ms"
    "  FROM custody_event AS e WHERE e.action = 'pack' AND e.unit_id IN (SELECT id FROM own))"
    " SELECT e.action, e.scanned_ms, e.giver_id, e.taker_id, coalesce(h.kind, 0),"
    " coalesce(p.name, ''), (SELECT count(*) FROM people_role WHERE person_id = e.taker_id"
    "  AND role = 'driver'), (SELECT count(*) FROM people_role WHERE person_id = e.giver_id"
    "  AND role = 'driver')"
    " FROM custody_event AS e LEFT JOIN people_place AS h ON h.place_id = e.taker_id"
    " LEFT JOIN people_place AS p"
    "  ON p.place_id = CASE WHEN e.place_id <> 0 THEN e.place_id ELSE e.taker_id END"
    " WHERE e.unit_id IN (SELECT id FROM own UNION SELECT parent_id FROM packed)"
    " AND (e.unit_id IN (SELECT id FROM own) OR EXISTS (SELECT 1 FROM packed AS k"
    "  WHERE k.parent_id = e.unit_id AND e.scanned_ms >= k.from_ms AND e.scanned_ms < k.until_ms))"
    " ORDER BY e.scanned_ms, e.event_id");

/* In words; NULL: nothing that matters to who waits for it. */
static const char *scan_text(const struct scan *s, int64_t party_id)
{
    static const struct { const char *text; } texts[] = {
        { .text = "Packed at the hub" }, { .text = "Back at the county hub" },
        { .text = "Arrived at the township station" }, { .text = "Arrived at the village point" },
        { .text = "Collected" }, { .text = "Loaded on another bus" },
        { .text = "Loaded on the bus" },
    };
    if (strcmp(s->action, "pack") == 0) return texts[0].text;
    if (strcmp(s->action, "unpack") == 0) return NULL;
    if (s->taker_kind == PLACE_HUB) return texts[1].text;
    if (s->taker_kind == PLACE_STATION) return texts[2].text;
    if (s->taker_kind == PLACE_POINT) return texts[3].text;
    if (s->taker_id == party_id) return texts[4].text;
    if (s->drives) return s->given_by_driver ? texts[5].text : texts[6].text;
    return NULL;
}

/* Several pieces that went the same way together are told once. */
static enum status add_scans(struct tx *tx, struct tracked *t, int64_t consignment_id,
                             int64_t party_id)
{
    struct rows *rows;
    struct event last = { .text = "" };
    enum status found = db_first(tx, &find_scans, ARGS(i64(consignment_id), i64(MS_MAX)), &rows);
    for (; found == OK; found = db_next(rows)) {
        struct scan scan = {
            .action = row_str(rows, 0), .giver_id = row_i64(rows, 2), .taker_id = row_i64(rows, 3),
            .taker_kind = row_i64(rows, 4), .drives = row_i64(rows, 6),
            .given_by_driver = row_i64(rows, 7) };
        struct event event = { scan_text(&scan, party_id), row_str(rows, 5), row_i64(rows, 1) };
        if (event.text == NULL) continue;
        if (strcmp(event.text, last.text) == 0 && strcmp(event.place, last.place) == 0) continue;
        last = event;
        TRY(add(tx, t, event.text, event.place, event.at_ms));
    }
    return found == NOT_FOUND ? OK : found;
}

/* ---- all of it ---- */

static const struct sql find_all = SQL(
    "SELECT c.kind, c.up, c.pieces, c.made_ms, p.name, coalesce(w.published_ms, 0),"
    " coalesce(t.departed_ms, 0), coalesce(h.name, ''), coalesce(s.arrived_ms, 0),"
    " coalesce(t.state, '') FROM consignment AS c JOIN people_place AS p ON p.place_id = c.place_id"
    " LEFT JOIN wave AS w ON w.day = c.day AND c.state = 'planned'"
    " LEFT JOIN trip AS t ON t.id = c.trip_id LEFT JOIN vehicle AS v ON v.id = t.vehicle_id"
    " LEFT JOIN people_place AS h ON h.place_id = v.home_id"
    " LEFT JOIN trip_stop AS s ON s.id = c.stop_id WHERE c.id = $1");

static const char *begin_text(int64_t kind)
{
    static const struct { const char *text; } texts[] = {
        { .text = "Ordered" }, { .text = "Told to us by the courier" },
        { .text = "Pick-up asked for" }, { .text = "Return asked for" },
    };
    return texts[kind >= CONSIGN_ORDER && kind <= CONSIGN_RETURN ? kind - 1 : 0].text;
}

static enum status read_all(struct tx *tx, struct tracked *t, int64_t consignment_id,
                            int64_t party_id, struct err *err)
{
    static const struct { const char *text; } texts[] = {
        { .text = "A place on the bus is booked" }, { .text = "The bus has left the hub" },
        { .text = "The bus is at the stop" },
    };
    const char *county = tx_county(tx)->name;
    struct rows *rows;
    TRY(bus_consignment_now(tx, consignment_id, &t->now, err));
    TRY(db_first(tx, &find_all, ARGS(i64(consignment_id)), &rows));
    t->up = row_i64(rows, 1) != 0;
    t->pieces = row_i64(rows, 2);
    t->place = row_str(rows, 4);
    t->underway = strcmp(row_str(rows, 9), "underway") == 0;
    TRY(add(tx, t, begin_text(row_i64(rows, 0)), county, row_i64(rows, 3)));
    TRY(add(tx, t, texts[0].text, county, row_i64(rows, 5)));
    TRY(add(tx, t, texts[1].text, row_str(rows, 7), row_i64(rows, 6)));
    TRY(add(tx, t, texts[2].text, t->place, row_i64(rows, 8)));
    return add_scans(tx, t, consignment_id, party_id);
}

static const struct sql find_phone = SQL(
    "SELECT c.party_id, p.phone FROM consignment AS c"
    " JOIN people_party AS p ON p.party_id = c.party_id WHERE c.id = $1");

static enum status act_track(struct tx *tx, const void *in, void *out, struct err *err)
{
    struct tracked *t = out;
    const struct asked *asked = &t->asked;
    struct rows *rows;
    int64_t consignment_id = 0;
    t->asked = *(const struct asked *)in;
    if (asked->locked || *asked->number == '\0' || *asked->tail == '\0') return OK;
    enum status found = find(tx, asked->number, &consignment_id);
    if (found == OK) found = db_first(tx, &find_phone, ARGS(i64(consignment_id)), &rows);
    if (found == NOT_FOUND) return OK;
    if (found != OK) return found;
    if (!tail_right(row_str(rows, 1), asked->tail)) return OK;
    struct bus *bus = bus_of(tx_county(tx));
    pthread_mutex_lock(&bus->lock);
    track_forgive(&bus->tries, asked->hash);
    pthread_mutex_unlock(&bus->lock);
    t->found = true;
    return read_all(tx, t, consignment_id, row_i64(rows, 0), err);
}

/* ---- in words ---- */

static const struct { const char *state, *text, *kind; } states[] = {
    { "waiting", .text = "We have it. The bus comes on the next day.", "busy" },
    { "planned", .text = "It has a place on the bus.", "busy" },
    { "packed", .text = "It is packed and waits for the bus.", "busy" },
    { "on_bus", .text = "It is on the way by bus.", "busy" },
    { "at_point", .text = "It is there. You can collect it.", "fine" },
    { "collected", .text = "It was collected.", "fine" },
    { "at_hub", .text = "It has reached the county hub.", "fine" },
    { "withdrawn", .text = "It was cancelled.", "bad" },
    { "excepted", .text = "It could not go. We will call you.", "bad" },
};

static json_t *events_json(const struct tracked *t)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < t->event_count; i++)
        json_array_append_new(list, json_pack("{s:s, s:s, s:I}", "text", t->events[i].text, "place",
                                              t->events[i].place, "at_ms",
                                              (json_int_t)t->events[i].at_ms));
    return list;
}

static json_t *show_track(struct request *rq, const void *out)
{
    const struct tracked *t = out;
    const struct asked *asked = &t->asked;
    size_t i = 0;
    while (t->found && i + 1 < COUNT(states) && strcmp(states[i].state, t->now.state) != 0) i++;
    bool ended = t->now.delivered_ms || strcmp(states[i].kind, "busy") != 0;
    bool coming = t->found && !ended, known = coming && t->now.eta_ms && t->now.trip_number;
    struct track_range range = track_range(t->now.eta_ms, rq->arrived_ms, t->underway);
    return json_pack(
        "{s:s, s:s, s:b, s:b, s:s, s:s, s:s, s:I, s:b, s:b, s:b, s:I, s:I, s:I, s:b, s:o}",
        "code", asked->number, "tail", asked->tail, "found", (int)t->found, "wrong",
        (int)(!t->found && *asked->number && *asked->tail), "state_text",
        t->found ? states[i].text : "", "kind", states[i].kind, "place", t->place ? t->place : "",
        "pieces", (json_int_t)t->pieces, "up", (int)t->up, "coming", (int)coming, "expected",
        (int)known, "from_ms", (json_int_t)(known ? range.from_ms : 0), "until_ms",
        (json_int_t)(known ? range.until_ms : 0), "due_ms", (json_int_t)t->now.due_ms, "late",
        (int)(known && !t->up && range.until_ms > t->now.due_ms), "events", events_json(t));
}

#define TRACK                                                                              \
    .method = GET, .permission = &anyone, .page = "bus/track", .in_size = sizeof(struct asked), \
    .out_size = sizeof(struct tracked), .prepare = prepare_track, .act = act_track,        \
    .show = show_track

const struct route track_routes[] = {
    { TRACK, .path = "/track", .text = "Where is it: by number and the end of the phone number" },
    { TRACK, .path = "/track/{code}", .text = "Where is what has this number, with ?tail=1234" },
    { 0 }
};
