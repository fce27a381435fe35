/* closure.c - closed and slowed roads, and what follows from them. */
#include "rooms/bus/closure.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/clock.h"
#include "base/text.h"
#include "db/db.h"
#include "people/audit.h"
#include "people/person.h"
#include "people/place.h"
#include "rooms/bus/delay.h"
#include "rooms/bus/inside.h"
#include "web/county.h"
#include "web/form.h"

enum { REFRESH_BYTES = 64 << 20, PPM = 1000000 };

/* ---- rows into networks ---- */

static const struct sql count_closed = SQL(
    "SELECT count(*) FROM closure WHERE ended_ms IS NULL AND (until_ms IS NULL OR until_ms > $1)");

enum status closure_any(struct tx *tx, int64_t at_ms, bool *any)
{
    struct rows *rows;
    TRY(db_first(tx, &count_closed, ARGS(i64(at_ms)), &rows));
    *any = row_i64(rows, 0) > 0;
    return OK;
}

/* The closures in force at any time of a span. */
struct in_force { struct road_change *changes; int64_t *ids; size_t count; };

static const struct sql find_in_force = SQL(
    "SELECT coalesce(way_id, 0), lat_e6, lon_e6, radius_m, factor_ppm, id FROM closure"
    " WHERE from_ms < $2 AND (until_ms IS NULL OR until_ms > $1) AND ended_ms IS NULL ORDER BY id");

static enum status read_in_force(struct tx *tx, int64_t from_ms, int64_t until_ms,
                                 struct in_force *out)
{
    struct rows *rows;
    *out = (struct in_force){ NULL, NULL, 0 };
    enum status found = db_first(tx, &find_in_force, ARGS(i64(from_ms), i64(until_ms)), &rows);
    for (; found == OK; found = db_next(rows)) {
        out->changes = arena_more(tx_arena(tx), out->changes, out->count, sizeof *out->changes);
        out->ids = arena_more(tx_arena(tx), out->ids, out->count, sizeof *out->ids);
        if (out->changes == NULL || out->ids == NULL) return BROKEN;
        struct road_change *change = &out->changes[out->count];
        out->ids[out->count++] = row_i64(rows, 5);
        *change = (struct road_change){
            .what = row_i64(rows, 0) ? ROAD_WAY : ROAD_AREA, .way_id = row_i64(rows, 0),
            .factor = (double)row_i64(rows, 4) / PPM,
        };
        if (change->what == ROAD_WAY) continue;
        change->at.lat = (double)row_i64(rows, 1) / 1e6;
        change->at.lon = (double)row_i64(rows, 2) / 1e6;
        change->radius_m = (double)row_i64(rows, 3);
    }
    return found == NOT_FOUND ? OK : found;
}

static bool same(const struct in_force *a, const struct in_force *b)
{
    return a->count == b->count
        && (a->count == 0 || memcmp(a->ids, b->ids, a->count * sizeof *a->ids) == 0);
}

/* The roads as they are now, and as they will be when the buses of days first, first + 1 ... drive.
 * Where the same closures are in force it is the same network. */
enum { NOW, DAYS, SPANS = DAYS + LIVE_DAYS };
struct outlook { int64_t first; struct in_force closed[SPANS]; struct network *network[SPANS]; };

static enum status make_network(struct county *county, struct tx *tx, struct outlook *outlook,
                                size_t n, struct err *err)
{
    const struct in_force *closed = &outlook->closed[n];
    for (size_t i = 0; i < n; i++)
        if (same(closed, &outlook->closed[i])) {
            outlook->network[n] = network_hold(outlook->network[i]);
            return OK;
        }
    struct road_state *state = NULL;
    if (closed->count && county->roads)
        TRY(road_state_new(county->roads, closed->changes, closed->count, NULL, &state, err));
    enum status made = network_make(county, tx, state, &outlook->network[n], err);
    road_state_free(state);
    return made;
}

static enum status look_out(struct county *county, struct tx *tx, struct outlook *outlook,
                            struct err *err)
{
    int64_t now_ms = county_now_ms(county);
    enum status made = OK;
    for (size_t n = 0; n < SPANS && made == OK; n++) {
        int64_t day = outlook->first + (int64_t)n - DAYS;
        int64_t from_ms = n == NOW ? now_ms : day_ms(day, FIRST_OUT_S, county->zone_s);
        int64_t until_ms = n == NOW ? now_ms + 1 : day_ms(day, DUE_UP_S, county->zone_s);
        made = read_in_force(tx, from_ms, until_ms, &outlook->closed[n]);
        if (made == OK) made = make_network(county, tx, outlook, n, err);
    }
    return made;
}

/* Takes over what was made. A day that has come meanwhile is planned on the roads as they are now;
 * the roll that brought it has woken the refresher. */
static void install(struct bus *bus, struct outlook *outlook)
{
    struct err err = { .text = "" };
    pthread_mutex_lock(&bus->lock);
    for (size_t i = 0; i < LIVE_DAYS; i++) {
        struct live *live = bus->live[i];
        int64_t n = live ? live->day - outlook->first + DAYS : 0;
        if (live && live_move(live, outlook->network[n >= DAYS && n < SPANS ? n : NOW], &err) != OK)
            fprintf(stderr, "bus: a day stays on the roads before: %s\n", err.text);
    }
    network_release(bus->network);
    bus->network = network_hold(outlook->network[NOW]);
    bus->closed_roads = false;
    for (size_t n = 0; n < SPANS; n++)
        bus->closed_roads = bus->closed_roads || outlook->closed[n].count > 0;
    bus->changes++;
    pthread_mutex_unlock(&bus->lock);
}

enum status closure_apply(struct bus *bus, struct arena *arena, struct err *err)
{
    struct outlook outlook = { .first = 0 };
    struct tx *tx;
    pthread_mutex_lock(&bus->lock);
    if (bus->live[0]) outlook.first = bus->live[0]->day;
    pthread_mutex_unlock(&bus->lock);
    TRY(db_read_begin(bus->county->db, arena, &tx));
    enum status made = look_out(bus->county, tx, &outlook, err);
    db_read_end(tx);
    if (made == OK) install(bus, &outlook);
    pthread_mutex_lock(&bus->lock);
    for (size_t n = 0; n < SPANS; n++) network_release(outlook.network[n]);
    pthread_mutex_unlock(&bus->lock);
    return made;
}

/* ---- the thread that follows ---- */

struct refresher {
    struct bus *bus;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake, rested;
    bool woken, stopping, resting;
};

static enum status refresh(struct bus *bus, struct arena *arena, struct err *err)
{
    TRY(closure_apply(bus, arena, err));
    return delay_spread(bus, arena, err);
}

static void *run(void *of)
{
    struct refresher *refresher = of;
    pthread_mutex_lock(&refresher->lock);
    while (!refresher->stopping) {
        refresher->resting = true;
        pthread_cond_broadcast(&refresher->rested);
        while (!refresher->woken && !refresher->stopping)
            pthread_cond_wait(&refresher->wake, &refresher->lock);
        refresher->resting = false;
        if (refresher->stopping) break;
        refresher->woken = false;
        pthread_mutex_unlock(&refresher->lock);
        struct arena *arena = arena_open(REFRESH_BYTES);
        struct err err = { .text = "" };
        enum status done = arena ? refresh(refresher->bus, arena, &err) : BROKEN;
        if (done != OK)
            fprintf(stderr, "bus: the roads' new state is not in force: %s %s\n",
                    status_name(done), err.text);
        arena_free(arena);
        pthread_mutex_lock(&refresher->lock);
    }
    pthread_mutex_unlock(&refresher->lock);
    return NULL;
}

enum status refresher_start(struct bus *bus, struct refresher **out)
{
    struct refresher *refresher = calloc(1, sizeof *refresher);
    if (refresher == NULL) return BROKEN;
    refresher->bus = bus;
    pthread_mutex_init(&refresher->lock, NULL);
    pthread_cond_init(&refresher->wake, NULL);
    pthread_cond_init(&refresher->rested, NULL);
    if (pthread_create(&refresher->thread, NULL, run, refresher) != 0) {
        free(refresher);
        return BROKEN;
    }
    *out = refresher;
    return OK;
}

void refresher_wake(struct refresher *refresher)
{
    pthread_mutex_lock(&refresher->lock);
    refresher->woken = true;
    pthread_cond_signal(&refresher->wake);
    pthread_mutex_unlock(&refresher->lock);
}

void refresher_idle(struct refresher *refresher)
{
    pthread_mutex_lock(&refresher->lock);
    while (refresher->woken || !refresher->resting)
        pthread_cond_wait(&refresher->rested, &refresher->lock);
    pthread_mutex_unlock(&refresher->lock);
}

void refresher_stop(struct refresher *refresher)
{
    if (refresher == NULL) return;
    pthread_mutex_lock(&refresher->lock);
    refresher->stopping = true;
    pthread_cond_signal(&refresher->wake);
    pthread_mutex_unlock(&refresher->lock);
    pthread_join(refresher->thread, NULL);
    pthread_cond_destroy(&refresher->wake);
    pthread_cond_destroy(&refresher->rested);
    pthread_mutex_destroy(&refresher->lock);
    free(refresher);
}

static void roads_changed(void *of)
{
    const struct bus *bus = of;
    if (bus->refresher) refresher_wake(bus->refresher);
}

static const struct sql turned = SQL(
    "SELECT count(*) FROM closure WHERE (from_ms > $1 AND from_ms <= $2)"
    " OR (until_ms > $1 AND until_ms <= $2)");

enum status closure_tick(struct tx *tx, int64_t due_ms, struct err *err)
{
    struct rows *rows;
    (void)err;
    TRY(db_first(tx, &turned, ARGS(i64(due_ms - MINUTE_MS), i64(due_ms)), &rows));
    return row_i64(rows, 0) ? tx_done(tx, roads_changed, bus_of(tx_county(tx))) : OK;
}

/* ---- routes ---- */

static const struct permission permission = {
    "bus.close_road", "Close and open roads", "dispatcher admin" };
static const struct permission see_permission = {
    "bus.see_roads", "See closed roads", "dispatcher admin driver station keeper clerk head" };

struct closing {
    int64_t id, way_id, lat_e6, lon_e6, radius_m, factor_ppm, from_ms, until_ms, made_ms, by_id;
    const char *reason;
};

static enum status read_degrees(struct request *rq, const char *field, double limit, int64_t *e6,
                                struct err *err)
{
    const char *text;
    double degrees;
    TRY(form_str(rq, field, 24, &text, err));
    if (text_double(text, &degrees) != OK || degrees < -limit || degrees > limit)
        return err_set(err, INVALID, field, "Not a number in range.");
    *e6 = (int64_t)(degrees * 1e6 + (degrees < 0 ? -0.5 : 0.5));
    return OK;
}

/* "Near this place", as a dispatcher is told on the phone: its position. */
static enum status read_place(struct request *rq, const char *name, struct closing *c,
                              struct err *err)
{
    struct place *places;
    struct tx *tx;
    size_t count = 0;
    TRY(db_read_begin(rq->county->db, rq->arena, &tx));
    enum status found = place_search(tx, name, 0, 1, &places, &count, err);
    db_read_end(tx);
    if (found != OK) return found;
    if (count == 0 || !places[0].located)
        return err_set(err, INVALID, "place", "No place of this name has a position.");
    c->lat_e6 = places[0].lat_e6;
    c->lon_e6 = places[0].lon_e6;
    return OK;
}

static enum status prepare_close(struct request *rq, void *in, struct err *err)
{
    const char *place = NULL;
    struct closing *c = in;
    c->made_ms = c->from_ms = rq->arrived_ms;
    c->by_id = rq->user_id;
    TRY(form_str(rq, "reason", 300, &c->reason, err));
    TRY(form_i64_opt(rq, "way_id", 1, ID_MAX, &c->way_id, err));
    TRY(form_i64_opt(rq, "factor_ppm", 0, PPM, &c->factor_ppm, err));
    TRY(form_i64_opt(rq, "from_ms", 0, MS_MAX, &c->from_ms, err));
    TRY(form_i64_opt(rq, "until_ms", 0, MS_MAX, &c->until_ms, err));
    if (c->until_ms && c->until_ms <= c->from_ms)
        return err_set(err, INVALID, "until_ms", "It ends before it begins.");
    if (c->way_id) return OK;
    TRY(form_str_opt(rq, "place", 100, &place, err));
    if (place) {
        TRY(read_place(rq, place, c, err));
    } else {
        TRY(read_degrees(rq, "lat", 90, &c->lat_e6, err));
        TRY(read_degrees(rq, "lon", 180, &c->lon_e6, err));
    }
    return form_i64(rq, "radius_m", 1, 20000, &c->radius_m, err);
}

static const struct sql add = SQL(
    "INSERT INTO closure (id, way_id, lat_e6, lon_e6, radius_m, factor_ppm, from_ms, until_ms,"
    " made_ms, by_id, reason) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)");

static struct value some(int64_t n, bool there) { return there ? i64(n) : null(); }

static enum status act_close(struct tx *tx, const void *in, void *out, struct err *err)
{
    const struct closing *c = in;
    struct closing *made = out;
    bool area = c->way_id == 0;
    *made = *c;
    made->id = tx_id(tx);
    (void)err;
    TRY(db_run(tx, &add, ARGS(i64(made->id), some(c->way_id, !area), some(c->lat_e6, area),
                              some(c->lon_e6, area), some(c->radius_m, area), i64(c->factor_ppm),
                              i64(c->from_ms), some(c->until_ms, c->until_ms != 0),
                              i64(c->made_ms), i64(c->by_id), str(c->reason))));
    TRY(audit_note(tx, c->made_ms, c->by_id, "road.close", made->id, c->reason));
    return tx_done(tx, roads_changed, bus_of(tx_county(tx)));
}

static json_t *closing_json(const struct closing *c)
{
    json_t *view = json_pack("{s:I, s:I, s:I, s:I, s:s}", "id", (json_int_t)c->id, "factor_ppm",
                             (json_int_t)c->factor_ppm, "from_ms", (json_int_t)c->from_ms,
                             "until_ms", (json_int_t)c->until_ms, "reason", c->reason);
    if (view && c->way_id)
        json_object_set_new(view, "way_id", json_integer((json_int_t)c->way_id));
    else if (view)
        json_object_update_new(view, json_pack("{s:f, s:f, s:I}", "lat", (double)c->lat_e6 / 1e6,
                                               "lon", (double)c->lon_e6 / 1e6, "radius_m",
                                               (json_int_t)c->radius_m));
    return view;
}

static json_t *show_close(struct request *rq, const void *out)
{
    (void)rq;
    return closing_json(out);
}

static const struct sql end = SQL(
    "UPDATE closure SET ended_ms = $2 WHERE id = $1 AND ended_ms IS NULL RETURNING reason");

static enum status prepare_end(struct request *rq, void *in, struct err *err)
{
    struct closing *c = in;
    c->made_ms = rq->arrived_ms;
    c->by_id = rq->user_id;
    return form_i64(rq, "closure_id", 1, ID_MAX, &c->id, err);
}

static enum status act_end(struct tx *tx, const void *in, void *out, struct err *err)
{
    const struct closing *c = in;
    struct closing *ended = out;
    struct rows *rows;
    enum status done = db_first(tx, &end, ARGS(i64(c->id), i64(c->made_ms)), &rows);
    if (done == NOT_FOUND) return err_set(err, CONFLICT, "closure_id", "It is open already.");
    if (done != OK) return done;
    *ended = *c;
    ended->reason = row_str(rows, 0);
    TRY(audit_note(tx, c->made_ms, c->by_id, "road.open", c->id, ended->reason));
    return tx_done(tx, roads_changed, bus_of(tx_county(tx)));
}

static const struct sql find_all = SQL(
    "SELECT id, coalesce(way_id, 0), coalesce(lat_e6, 0), coalesce(lon_e6, 0),"
    " coalesce(radius_m, 0), factor_ppm, from_ms, coalesce(until_ms, 0), reason FROM closure"
    " WHERE ended_ms IS NULL ORDER BY id");

struct closings {
    struct closing *at;
    const char **near;            // the place that is nearest, or NULL
    size_t count;
    struct place *villages;       // for the form
    size_t village_count;
};

static const struct sql find_near = SQL(
    "SELECT name FROM people_place WHERE lat_e6 IS NOT NULL AND kind >= 3"
    " ORDER BY (lat_e6 - $1) * (lat_e6 - $1) + (lon_e6 - $2) * (lon_e6 - $2) * 3 / 4 LIMIT 1");

static enum status read_near(struct tx *tx, struct closings *list)
{
    struct rows *rows;
    list->near = arena_new(tx_arena(tx), (list->count + 1) * sizeof *list->near);
    if (list->near == NULL) return BROKEN;
    for (size_t i = 0; i < list->count; i++) {
        const struct closing *c = &list->at[i];
        list->near[i] = NULL;
        if (c->way_id) continue;
        enum status found = db_first(tx, &find_near, ARGS(i64(c->lat_e6), i64(c->lon_e6)), &rows);
        if (found == OK) list->near[i] = row_str(rows, 0);
        else if (found != NOT_FOUND) return found;
    }
    return OK;
}

static enum status act_list(struct tx *tx, const void *in, void *out, struct err *err)
{
    const bool *may = in;
    struct closings *list = out;
    struct rows *rows;
    enum status found = db_first(tx, &find_all, NO_ARGS, &rows);
    for (; found == OK; found = db_next(rows)) {
        list->at = arena_more(tx_arena(tx), list->at, list->count, sizeof *list->at);
        if (list->at == NULL) return BROKEN;
        list->at[list->count++] = (struct closing){
            .id = row_i64(rows, 0), .way_id = row_i64(rows, 1), .lat_e6 = row_i64(rows, 2),
            .lon_e6 = row_i64(rows, 3), .radius_m = row_i64(rows, 4),
            .factor_ppm = row_i64(rows, 5), .from_ms = row_i64(rows, 6),
            .until_ms = row_i64(rows, 7), .reason = row_str(rows, 8),
        };
    }
    if (found != NOT_FOUND) return found;
    TRY(read_near(tx, list));
    return *may ? place_list(tx, PLACE_VILLAGE, 0, &list->villages, &list->village_count, err)
                : OK;
}

static enum status prepare_list(struct request *rq, void *in, struct err *err)
{
    (void)err;
    *(bool *)in = (rq->who.roles & role_set(permission.roles)) != 0;
    return OK;
}

/* What a page shows of every closure, with null and 0 for what it has not. */
static json_t *row_json(const struct closing *c, const char *near, bool may)
{
    json_t *view = closing_json(c);
    if (view == NULL) return NULL;
    if (c->way_id) {
        json_object_update_new(view, json_pack("{s:n, s:n, s:i}", "lat", "lon", "radius_m", 0));
    } else {
        json_object_set_new(view, "way_id", json_null());
    }
    json_object_update_new(view, json_pack(
        "{s:s?, s:b, s:b, s:f}", "near", near, "slowed", (int)(c->factor_ppm > 0), "may", (int)may,
        "speed", (double)c->factor_ppm / PPM));
    return view;
}

static json_t *show_list(struct request *rq, const void *out)
{
    static const int64_t hours[] = { 1, 2, 4, 8, 24, 72 };
    const struct closings *list = out;
    bool may = (rq->who.roles & role_set(permission.roles)) != 0;
    json_t *closures = json_array(), *untils = json_array(), *villages = json_array();
    for (size_t i = 0; closures && i < list->count; i++)
        json_array_append_new(closures, row_json(&list->at[i], list->near[i], may));
    for (size_t i = 0; may && i < COUNT(hours); i++)
        json_array_append_new(untils, json_pack("{s:I}", "at_ms",
                                                (json_int_t)(rq->arrived_ms + hours[i] * HOUR_MS)));
    for (size_t i = 0; villages && i < list->village_count; i++)
        json_array_append_new(villages, json_pack("{s:s}", "name", list->villages[i].name));
    return json_pack("{s:o, s:b, s:o, s:o}", "closures", closures, "may_close", (int)may, "untils",
                     untils, "villages", villages);
}

const struct route closure_routes[] = {
    { .method = POST, .path = "/bus/closures", .permission = &permission, .next = "/bus/closures",
      .text = "Close or slow a road", .lane = LANE_FIRST, .in_size = sizeof(struct closing),
      .out_size = sizeof(struct closing), .prepare = prepare_close, .act = act_close,
      .show = show_close },
    { .method = POST, .path = "/bus/closures/{closure_id}/end", .permission = &permission,
      .next = "/bus/closures", .text = "Open a road again", .lane = LANE_FIRST,
      .in_size = sizeof(struct closing), .out_size = sizeof(struct closing),
      .prepare = prepare_end, .act = act_end, .show = show_close },
    { .method = GET, .path = "/bus/closures", .permission = &see_permission,
      .page = "bus/closures", .text = "Closed roads", .in_size = sizeof(bool),
      .out_size = sizeof(struct closings), .prepare = prepare_list, .act = act_list,
      .show = show_list },
    { 0 }
};
