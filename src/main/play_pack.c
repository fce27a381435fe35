/* play_pack.c - 23:30 to 04:30: goods are picked from their bins, a few are missing, bags go into
 * crates. */
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "main/play.h"

enum { PICK_AFTER_MS = 50 * MINUTE_MS, PACK_S = 2 * 3600, BATCH = 200, SHORT_EVERY = 900 };

static const char *text(const json_t *object, const char *name)
{
    const char *found = json_string_value(json_object_get(object, name));
    return found ? found : "";
}

static void send_picks(struct play *play, struct caller *caller, json_t *picks, size_t batch)
{
    char key[64];
    json_t *answer = NULL, *row;
    size_t i;
    const struct actor *picker = actor_of(play, role_set("picker"), NULL, batch % 4);
    snprintf(key, sizeof key, "picks-%zu", batch);
    int status = caller_send(caller, picker, "/shop/picks", key, json_pack("{s:o}", "picks", picks),
                             &answer);
    if (status != 200) {
        play->refused_acts++;
        fprintf(stderr, "demo: picks were refused: %d %s\n", status, text(answer, "detail"));
    }
    json_array_foreach(json_object_get(answer, "answers"), i, row)
        play->refused_acts += strcmp(text(row, "result"), "refused") == 0;
    json_decref(answer);
}

struct picking { struct play *play; struct caller *caller; json_t *picks; size_t done, batches; };

static void send(struct picking *p)
{
    if (json_array_size(p->picks) > 0) send_picks(p->play, p->caller, p->picks, p->batches++);
    else json_decref(p->picks);
    p->picks = json_array();
}

/* Every line is picked; one in so many comes up a piece short, and its money goes back at once. */
static void pick_order(struct picking *p, const json_t *order, int64_t *short_lines)
{
    size_t i;
    json_t *line;
    json_array_foreach(json_object_get(order, "lines"), i, line) {
        bool is_short = p->done % SHORT_EVERY == SHORT_EVERY / 2;
        *short_lines += is_short;
        json_array_append_new(p->picks, json_pack("{s:o, s:s, s:I, s:I}", "id",
            json_sprintf("pick-%zu", p->done++), "order", text(order, "order"), "line",
            json_integer_value(json_object_get(line, "line")), "picked",
            json_integer_value(json_object_get(line, "quantity")) - (is_short ? 1 : 0)));
        if (json_array_size(p->picks) == BATCH) send(p);
    }
}

static void pick(struct play *play, struct caller *caller)
{
    char path[128], after[32] = "";
    struct picking p = { .play = play, .caller = caller, .picks = json_array() };
    const struct actor *picker = actor_of(play, role_set("picker"), NULL, 0);
    int64_t short_lines = 0;
    do {
        json_t *list = NULL, *order;
        size_t i;
        snprintf(path, sizeof path, "/shop/picks?day=%lld&limit=500%s%s", (long long)play->day,
                 *after ? "&after=" : "", after);
        caller_call(caller, picker, path, NULL, NULL, &list);
        json_array_foreach(json_object_get(list, "orders"), i, order)
            pick_order(&p, order, &short_lines);
        snprintf(after, sizeof after, "%s", text(list, "after"));
        json_decref(list);
    } while (*after);
    send(&p);
    json_decref(p.picks);
    play_say(play, "%zu lines are picked, %lld come up short and are paid back", p.done,
             (long long)short_lines);
}

static int64_t pack_trip(struct play *play, struct caller *caller, struct phones *phones,
                         int64_t trip_id)
{
    char path[64];
    json_t *trip = NULL, *stop, *piece;
    size_t s, i;
    int64_t count = 0;
    const struct actor *picker = actor_of(play, role_set("picker"), NULL, (size_t)trip_id % 4);
    snprintf(path, sizeof path, "/bus/trips/%lld", (long long)trip_id);
    caller_call(caller, picker, path, NULL, NULL, &trip);
    json_array_foreach(json_object_get(trip, "stops"), s, stop)
        json_array_foreach(json_object_get(stop, "pieces"), i, piece) {
            if (*text(piece, "crate") == '\0') continue;
            phone_act(phones, picker, json_pack("{s:o, s:s, s:s, s:s, s:I, s:I}", "id",
                json_sprintf("pack-%lld-%zu-%zu", (long long)trip_id, s, i), "kind", "pack",
                "code", text(piece, "code"), "crate", text(piece, "crate"), "scanned_ms",
                (json_int_t)(play->now_ms - 1000), "place_id", (json_int_t)play->hub_id));
            count++;
        }
    json_decref(trip);
    return count;
}

static void pack(struct play *play, struct caller *caller)
{
    char path[64];
    json_t *day = NULL, *trip;
    size_t i;
    int64_t count = 0;
    struct phones *phones = phones_new(play);
    snprintf(path, sizeof path, "/bus/days/%lld", (long long)play->day);
    caller_call(caller, play->dispatcher, path, NULL, NULL, &day);
    json_array_foreach(json_object_get(day, "trips"), i, trip)
        if (phones)
            count += pack_trip(play, caller, phones,
                               json_integer_value(json_object_get(trip, "id")));
    if (phones) phones_flush(phones, caller, NULL);
    phones_free(phones);
    json_decref(day);
    play_say(play, "%lld bags and parcels are packed into crates", (long long)count);
}

enum status play_packing(struct play *play, struct caller *caller, struct err *err)
{
    (void)err;
    play_turn(play, caller, play->evening_ms + PICK_AFTER_MS);
    pick(play, caller);
    play_turn(play, caller, day_ms(play->day, PACK_S, ZONE_CHINA_S));
    pack(play, caller);
    return OK;
}
