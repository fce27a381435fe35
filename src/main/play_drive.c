/* play_drive.c - 04:30 to 11:00: loading, driving with delays, a breakdown, a closed road,
 * hand-over at stations and points, pick-ups on the way, the return to the hub, collection.
 *
 * What a leg really takes is asked of the county's roads (src/road) in their state of the moment,
 * times a seeded lognormal; the server knows nothing of it but what the phones tell. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/arena.h"
#include "base/clock.h"
#include "main/house.h"
#include "main/play.h"
#include "main/play_truth.h"

enum {
    LOAD_S = 4 * 3600 + 1800, CLOSE_S = 7 * 3600 + 1800, BACKUP_S = 8 * 3600 + 1800,
    COLLECT_S = 9 * 3600 + 1800, END_S = 11 * 3600, BREAK_S = 6 * 3600 + 2400,
    EARLY_MS = 5 * MINUTE_MS, OFFLINE_MS = 45 * MINUTE_MS, SHORT_CRATES = 2, DAMAGED_CRATES = 3,
};
#define LEG_SIGMA 0.15
#define DAY_SIGMA 0.05

enum step { AT_HUB, ON_THE_WAY, COMING_HOME, HOME, BROKEN_DOWN };

struct run {
    json_t *trip;                // as GET /bus/trips answers
    int64_t id, vehicle_id, next_ms, last_flush_ms;
    const struct actor *driver;
    size_t stop;                 // to be reached next
    int64_t place_id;            // where it is or was last
    enum step step;
    int profile;
    bool offline, loaded;
    struct run *takes_over;      // the broken bus whose load it fetches first
};

struct drive {
    struct play *play;
    struct caller *caller;
    struct phones *phones;
    struct truth *truth;
    struct run **runs;
    size_t run_count;
    int64_t acts;
    double day_factor;
    int short_crates, damaged_crates;
    bool broke, closed, backed_up, collected;
};

static int64_t number(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

static const char *text(const json_t *object, const char *name)
{
    const char *found = json_string_value(json_object_get(object, name));
    return found ? found : "";
}

/* ---- acts ---- */

static json_t *new_act(struct drive *d, const char *kind, int64_t at_ms)
{
    return json_pack("{s:o, s:s, s:I}", "id", json_sprintf("d-%lld", (long long)++d->acts), "kind",
                     kind, "scanned_ms", (json_int_t)at_ms);
}

static void tell(struct drive *d, const struct actor *as, const char *kind, const char *what,
                 int64_t id, int64_t at_ms)
{
    json_t *act = new_act(d, kind, at_ms);
    json_object_set_new(act, what, json_integer((json_int_t)id));
    phone_act(d->phones, as, act);
}

static void hand_over(struct drive *d, const struct actor *as, const char *code, int64_t giver_id,
                      int64_t taker_id, int64_t place_id, int64_t at_ms)
{
    json_t *act = new_act(d, "hand_over", at_ms);
    json_object_update_new(act, json_pack("{s:s, s:I, s:I, s:I}", "code", code, "giver_id",
                                          (json_int_t)giver_id, "taker_id", (json_int_t)taker_id,
                                          "place_id", (json_int_t)place_id));
    phone_act(d->phones, as, act);
}

static void except(struct drive *d, const struct run *run, const char *what, const char *code,
                   int64_t stop_id, int64_t at_ms)
{
    json_t *act = new_act(d, "exception", at_ms);
    json_object_update_new(act, json_pack("{s:s, s:I, s:I}", "what", what, "trip_id",
                                          (json_int_t)run->id, "stop_id", (json_int_t)stop_id));
    if (code) json_object_set_new(act, "code", json_string(code));
    phone_act(d->phones, run->driver, act);
}

/* ---- chance ---- */

static double lognormal(struct rng *rng, double sigma)
{
    double u = rng_unit(rng), v = rng_unit(rng);
    return exp(sigma * sqrt(-2 * log(1 - u)) * cos(2 * 3.14159265358979 * v));
}

static int64_t leg_ms(struct drive *d, const struct run *run, int64_t to_place)
{
    int32_t seconds = truth_seconds(d->truth, run->profile, run->place_id, to_place);
    if (seconds < 0) return -1;
    return (int64_t)(seconds * 1000.0 * d->day_factor * lognormal(&d->play->rng, LEG_SIGMA));
}

/* ---- one bus ---- */

static json_t *stop_of(const struct run *run, size_t i)
{
    return json_array_get(json_object_get(run->trip, "stops"), i);
}

static size_t stops_of(const struct run *run)
{
    return json_array_size(json_object_get(run->trip, "stops"));
}

static bool missing(const json_t *crate) { return json_is_true(json_object_get(crate, "missing")); }

/* Crates of all stops from hub to driver; two can't be found this morning. */
static void load(struct drive *d, struct run *run, int64_t at_ms)
{
    const struct actor *picker = actor_of(d->play, role_set("picker"), NULL, (size_t)run->id % 4);
    for (size_t s = 0; s < stops_of(run); s++) {
        size_t i;
        json_t *crate;
        json_array_foreach(json_object_get(stop_of(run, s), "crates"), i, crate) {
            if (d->short_crates < SHORT_CRATES && run->id % 7 == 3 && s == 1 && i == 0) {
                d->short_crates++;
                json_object_set_new(crate, "missing", json_true());
                continue;
            }
            hand_over(d, picker, text(crate, "code"), d->play->hub_id, run->driver->id,
                      d->play->hub_id, at_ms);
        }
    }
    run->loaded = true;
}

static void unload(struct drive *d, struct run *run, const json_t *stop, int64_t at_ms)
{
    size_t i;
    json_t *crate, *lot;
    int64_t place_id = number(stop, "place_id");
    json_array_foreach(json_object_get(stop, "crates"), i, crate) {
        if (missing(crate)) {
            except(d, run, "short", text(crate, "code"), number(stop, "id"), at_ms);
            continue;
        }
        hand_over(d, run->driver, text(crate, "code"), run->driver->id, place_id, place_id,
                  at_ms + (int64_t)i * 1000);
        if (d->damaged_crates < DAMAGED_CRATES && run->id % 5 == 2 && i == 0) {
            d->damaged_crates++;
            except(d, run, "damaged", text(crate, "code"), number(stop, "id"), at_ms + 1000);
        }
    }
    json_array_foreach(json_object_get(stop, "lots"), i, lot)
        hand_over(d, run->driver, text(lot, "code"), number(lot, "party_id"), run->driver->id,
                  place_id, at_ms + (int64_t)i * 1000);
}

/* Sets off for the next stop, or home. A stop that can't be reached any more is left out. */
static void set_off(struct drive *d, struct run *run, int64_t at_ms)
{
    for (; run->stop < stops_of(run); run->stop++) {
        json_t *stop = stop_of(run, run->stop);
        int64_t drive_ms = leg_ms(d, run, number(stop, "place_id"));
        if (drive_ms < 0) {
            tell(d, run->driver, "skip", "stop_id", number(stop, "id"), at_ms);
            continue;
        }
        // Nobody is there long before the bus is due.
        int64_t soonest_ms = number(stop, "arrives_ms") - EARLY_MS;
        run->next_ms = at_ms + drive_ms > soonest_ms ? at_ms + drive_ms : soonest_ms;
        return;
    }
    int64_t home_ms = leg_ms(d, run, d->play->hub_id);
    run->step = COMING_HOME;
    run->next_ms = at_ms + (home_ms < 0 ? HOUR_MS : home_ms);
}

static void arrive(struct drive *d, struct run *run)
{
    const json_t *stop = stop_of(run, run->stop);
    int64_t at_ms = run->next_ms;
    int64_t service_ms = number(stop, "departs_ms") - number(stop, "arrives_ms");
    tell(d, run->driver, "arrive", "stop_id", number(stop, "id"), at_ms);
    unload(d, run, stop, at_ms + 10 * SECOND_MS);
    at_ms += (int64_t)((double)service_ms * lognormal(&d->play->rng, LEG_SIGMA));
    tell(d, run->driver, "leave", "stop_id", number(stop, "id"), at_ms);
    run->place_id = number(stop, "place_id");
    run->stop++;
    set_off(d, run, at_ms);
}

static void come_home(struct drive *d, struct run *run)
{
    size_t i;
    json_t *lot;
    tell(d, run->driver, "return", "trip_id", run->id, run->next_ms);
    for (size_t s = 0; s < stops_of(run); s++)
        json_array_foreach(json_object_get(stop_of(run, s), "lots"), i, lot)
            hand_over(d, run->driver, text(lot, "code"), run->driver->id, d->play->hub_id,
                      d->play->hub_id, run->next_ms + 60 * SECOND_MS);
    run->step = HOME;
}

/* Whether a crate was not found when the broken bus was loaded, so that it is not on board. */
static bool not_on_board(const struct run *old, const char *code)
{
    size_t i;
    json_t *crate;
    for (size_t s = 0; s < stops_of(old); s++)
        json_array_foreach(json_object_get(stop_of(old, s), "crates"), i, crate)
            if (missing(crate) && strcmp(text(crate, "code"), code) == 0) return true;
    return false;
}

/* A rescue bus has come to the broken one: everything on board changes hands. */
static void take_over(struct drive *d, struct run *run)
{
    const struct run *old = run->takes_over;
    size_t i;
    json_t *unit;
    for (size_t s = 0; s < stops_of(run); s++)
        json_array_foreach(json_object_get(stop_of(run, s), "crates"), i, unit)
            if (not_on_board(old, text(unit, "code")))
                json_object_set_new(unit, "missing", json_true());
            else
                hand_over(d, run->driver, text(unit, "code"), old->driver->id, run->driver->id, 0,
                          run->next_ms);
    for (size_t s = 0; s < old->stop; s++)
        json_array_foreach(json_object_get(stop_of(old, s), "lots"), i, unit) {
            hand_over(d, run->driver, text(unit, "code"), old->driver->id, run->driver->id, 0,
                      run->next_ms);
            hand_over(d, run->driver, text(unit, "code"), run->driver->id, d->play->hub_id,
                      d->play->hub_id, run->next_ms + 3 * HOUR_MS);
        }
    run->place_id = old->place_id;
    run->takes_over = NULL;
    set_off(d, run, run->next_ms + 8 * MINUTE_MS);
}

static void depart(struct drive *d, struct run *run)
{
    if (!run->loaded) load(d, run, run->next_ms - 5 * MINUTE_MS);
    tell(d, run->driver, "depart", "trip_id", run->id, run->next_ms);
    run->step = ON_THE_WAY;
    if (run->takes_over) {
        int64_t drive_ms = leg_ms(d, run, run->takes_over->place_id);
        run->next_ms += drive_ms < 0 ? HOUR_MS : drive_ms;
    } else {
        set_off(d, run, run->next_ms);
    }
}

/* A vehicle's second round begins when it is back from its first and loaded again. */
static struct run *round_before(struct drive *d, const struct run *run)
{
    for (size_t i = 0; i < d->run_count; i++) {
        struct run *other = d->runs[i];
        if (other != run && other->vehicle_id == run->vehicle_id && other->step != HOME
            && number(other->trip, "part") < number(run->trip, "part")) return other;
    }
    return NULL;
}

static void go_on(struct drive *d, struct run *run)
{
    switch (run->step) {
    case AT_HUB:
        if (round_before(d, run)) {
            run->next_ms += MINUTE_MS;
            return;
        }
        depart(d, run);
        return;
    case ON_THE_WAY:
        if (run->takes_over) take_over(d, run);
        else arrive(d, run);
        return;
    case COMING_HOME: come_home(d, run); return;
    case HOME: case BROKEN_DOWN: return;
    }
}

/* ---- all buses ---- */

static struct run *add_run(struct drive *d, int64_t trip_id, struct err *err)
{
    char path[64];
    struct run *run = calloc(1, sizeof *run);
    struct run **more = realloc(d->runs, (d->run_count + 1) * sizeof *more);
    if (more) d->runs = more;
    if (run == NULL || more == NULL) return free(run), NULL;
    snprintf(path, sizeof path, "/bus/trips/%lld", (long long)trip_id);
    int status = caller_call(d->caller, d->play->dispatcher, path, NULL, NULL, &run->trip);
    run->id = trip_id;
    run->vehicle_id = number(run->trip, "vehicle_id");
    run->driver = actor_by_id(d->play, number(run->trip, "driver_id"));
    run->place_id = d->play->hub_id;
    run->profile = truth_profile(d->truth, text(run->trip, "plate"));
    run->next_ms = number(run->trip, "departs_ms")
                 + (int64_t)((rng_unit(&d->play->rng) * 8 - 2) * MINUTE_MS);
    run->offline = run->id % 5 == 0;
    d->runs[d->run_count++] = run;
    if (status == 200 && run->driver) return run;
    if (err_about(err, INVALID, NULL, "A trip has no driver.", "%lld", (long long)trip_id) == OK)
        return run;
    return NULL;
}

static enum status read_trips(struct drive *d, struct err *err)
{
    char path[64];
    json_t *day = NULL, *trip;
    size_t i;
    snprintf(path, sizeof path, "/bus/days/%lld", (long long)d->play->day);
    caller_call(d->caller, d->play->dispatcher, path, NULL, NULL, &day);
    json_array_foreach(json_object_get(day, "trips"), i, trip)
        if (add_run(d, number(trip, "id"), err) == NULL) return INVALID;
    json_decref(day);
    play_say(d->play, "%zu trips", d->run_count);
    return d->run_count ? OK : err_set(err, INVALID, NULL, "The plan has no trips.");
}

/* ---- what happens to them ---- */

/* A bus with some stops behind and some before it; rather one that has no second round to do. */
static struct run *to_break(struct drive *d)
{
    struct run *found = NULL;
    for (size_t i = 0; i < d->run_count; i++) {
        struct run *run = d->runs[i];
        bool single = true;
        for (size_t k = 0; k < d->run_count; k++)
            single = single && (k == i || d->runs[k]->vehicle_id != run->vehicle_id);
        bool midway = run->step == ON_THE_WAY && run->stop >= 1 && run->stop + 2 < stops_of(run);
        if (midway && (single || found == NULL)) found = run;
        if (midway && single) break;
    }
    return found;
}

static int64_t free_vehicle(struct drive *d)
{
    char path[64];
    json_t *fleet = NULL, *vehicle;
    size_t i;
    int64_t found = 0;
    snprintf(path, sizeof path, "/bus/vehicles?day=%lld", (long long)d->play->day);
    caller_call(d->caller, d->play->dispatcher, path, NULL, NULL, &fleet);
    json_array_foreach(json_object_get(fleet, "vehicles"), i, vehicle)
        if (!found && number(vehicle, "driver_id")
            && !json_is_true(json_object_get(vehicle, "busy")))
            found = number(vehicle, "id");
    json_decref(fleet);
    return found;
}

/* Another bus for a trip of the broken one. */
static struct run *send_rescue(struct drive *d, struct run *old, int64_t at_ms)
{
    char path[64], key[64];
    json_t *answer = NULL;
    struct err err;
    int64_t vehicle_id = free_vehicle(d);
    if (vehicle_id == 0) return NULL;
    snprintf(path, sizeof path, "/bus/trips/%lld/rescue", (long long)old->id);
    snprintf(key, sizeof key, "rescue-%lld", (long long)old->id);
    int status = caller_send(d->caller, d->play->dispatcher, path, key,
        json_pack("{s:I, s:s}", "vehicle_id", (json_int_t)vehicle_id, "note", "离合器坏了"), &answer);
    struct run *rescue = status == 200 ? add_run(d, number(answer, "trip_id"), &err) : NULL;
    json_decref(answer);
    if (rescue == NULL) return NULL;
    old->step = BROKEN_DOWN;
    rescue->offline = false;
    rescue->next_ms = at_ms + 6 * MINUTE_MS;
    return rescue;
}

static void break_down(struct drive *d, int64_t at_ms)
{
    struct run *old = to_break(d);
    if (old == NULL || free_vehicle(d) == 0) return;   // tried again in a minute
    d->broke = true;
    except(d, old, "breakdown", NULL, 0, at_ms);
    phones_flush(d->phones, d->caller, NULL);
    struct run *rescue = send_rescue(d, old, at_ms);
    play_say(d->play, "%s breaks down; %s goes out to take over", text(old->trip, "plate"),
             rescue ? text(rescue->trip, "plate") : "nobody");
    if (rescue == NULL) return;
    rescue->takes_over = old;
    rescue->loaded = true;
    for (size_t i = 0, count = d->run_count; i < count; i++)   // and its second round
        if (d->runs[i]->vehicle_id == old->vehicle_id && d->runs[i]->step == AT_HUB
            && send_rescue(d, d->runs[i], at_ms) == NULL)
            fprintf(stderr, "demo: nobody drives the second round of %s\n",
                    text(old->trip, "plate"));
}

static void close_road(struct drive *d)
{
    int64_t *places = calloc(64 * d->run_count + 1, sizeof *places), way_id;
    size_t count = 0;
    if (places == NULL) return;
    for (size_t i = 0; i < d->run_count; i++)   // the legs that are still ahead
        for (size_t s = d->runs[i]->stop; s < stops_of(d->runs[i]) && s < 60; s++)
            places[count++] = number(stop_of(d->runs[i], s), "place_id");
    way_id = truth_way_to_close(d->truth, places, count);
    free(places);
    d->closed = true;
    if (way_id == 0) return;
    int status = caller_send(d->caller, d->play->dispatcher, "/bus/closures", "closure-1",
        json_pack("{s:I, s:I, s:s}", "way_id", (json_int_t)way_id, "factor_ppm", (json_int_t)0,
                  "reason", "塌方"), NULL);
    truth_close(d->truth, way_id);
    play_say(d->play, "a landslide closes way %lld (%d)", (long long)way_id, status);
}

static void back_up(struct drive *d)
{
    char copy[4200], program[PROGRAM_TEXT];
    snprintf(copy, sizeof copy, "%s/morning", d->play->folder);
    house_program(program);
    d->backed_up = true;
    phones_flush(d->phones, d->caller, NULL);
    pid_t child = fork();
    if (child == 0) {
        execl(program, program, "backup", d->play->county, copy, (char *)NULL);
        _exit(127);
    }
    int status = -1;
    waitpid(child, &status, 0);
    play_say(d->play, "a backup is taken while everything goes on%s",
             status == 0 ? "" : ": it FAILED");
}

/* Whether a piece is packed in a crate that was not found this morning. */
static bool in_missing(const json_t *stop, const json_t *piece)
{
    size_t i;
    json_t *crate;
    json_array_foreach(json_object_get(stop, "crates"), i, crate)
        if (missing(crate) && strcmp(text(crate, "code"), text(piece, "crate")) == 0) return true;
    return false;
}

/* Villagers come for what is there: the keeper scans each bag to them. */
static void collect(struct drive *d)
{
    int64_t count = 0;
    d->collected = true;
    for (size_t r = 0; r < d->run_count; r++)
        for (size_t s = 0; s < stops_of(d->runs[r]) && s < d->runs[r]->stop; s++) {
            const json_t *stop = stop_of(d->runs[r], s);
            int64_t place_id = number(stop, "place_id");
            size_t i;
            json_t *piece;
            json_array_foreach(json_object_get(stop, "pieces"), i, piece) {
                if (rng_below(&d->play->rng, 100) >= 40 || in_missing(stop, piece)) continue;
                hand_over(d, d->play->dispatcher, text(piece, "code"), place_id,
                          number(piece, "party_id"), place_id, d->play->now_ms);
                count++;
            }
        }
    play_say(d->play, "villagers collect %lld bags and parcels", (long long)count);
}

static void minute(struct drive *d, int64_t at_ms)
{
    const struct play *play = d->play;
    int64_t second = (at_ms - day_ms(play->day, 0, ZONE_CHINA_S)) / 1000;
    if (!d->broke && second >= BREAK_S && second < CLOSE_S) break_down(d, at_ms);
    if (!d->closed && second >= CLOSE_S) close_road(d);
    if (!d->backed_up && second >= BACKUP_S) back_up(d);
    if (!d->collected && second >= COLLECT_S) collect(d);
    for (size_t i = 0; i < d->run_count; i++) {
        struct run *run = d->runs[i];
        while (run->step != HOME && run->step != BROKEN_DOWN && run->next_ms <= at_ms) {
            int64_t before = run->next_ms;
            go_on(d, run);
            if (run->step == AT_HUB && run->next_ms == before) break;
        }
        // Up in the valleys there is no signal: acts come in when there is one again.
        if (run->offline && run->step != HOME && at_ms - run->last_flush_ms < OFFLINE_MS) continue;
        run->last_flush_ms = at_ms;
        phones_flush(d->phones, d->caller, run->driver);
    }
}

static enum status drive(struct drive *d, struct err *err)
{
    struct play *play = d->play;
    int64_t from_ms = day_ms(play->day, LOAD_S, ZONE_CHINA_S);
    TRY(truth_new(play, &d->truth, err));
    play_turn(play, d->caller, from_ms);
    TRY(read_trips(d, err));
    for (size_t i = 0; i < d->run_count; i++)
        if (number(d->runs[i]->trip, "part") == 1) load(d, d->runs[i], from_ms);
    phones_flush(d->phones, d->caller, NULL);
    play_say(play, "the buses are loaded");
    for (int64_t at_ms = from_ms; at_ms <= day_ms(play->day, END_S, ZONE_CHINA_S);
         at_ms += MINUTE_MS) {
        play_turn(play, d->caller, at_ms);
        minute(d, at_ms);
    }
    phones_flush(d->phones, d->caller, NULL);
    return OK;
}

enum status play_driving(struct play *play, struct caller *caller, struct err *err)
{
    struct drive d = { .play = play, .caller = caller, .phones = phones_new(play),
                       .day_factor = lognormal(&play->rng, DAY_SIGMA) };
    enum status done = d.phones ? drive(&d, err) : BROKEN;
    phones_free(d.phones);
    truth_free(d.truth);
    for (size_t i = 0; i < d.run_count; i++) {
        json_decref(d.runs[i]->trip);
        free(d.runs[i]);
    }
    free(d.runs);
    return done;
}
