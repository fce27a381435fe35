/* play_truth.c - the demo's roads, asked of src/road. */
#include "main/play_truth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "db/db.h"
#include "main/house.h"
#include "main/play.h"
#include "paper/csv.h"
#include "people/place.h"
#include "road/road.h"
#include "web/county.h"

enum { SNAP_M = 500, CANDIDATES = 24, DETOUR_MAX_S = 25 * 60 };

struct truth {
    struct play *play;
    size_t count;
    int64_t *ids;
    struct road_snap *snaps[ROAD_PROFILES];
    int32_t *seconds[ROAD_PROFILES];
    struct csv vehicles;
};

static enum status read_places(struct truth *t, struct err *err)
{
    struct county *county;
    struct tx *tx;
    struct place *places[3];
    size_t counts[3];
    TRY(county_open(t->play->county, house_rooms, COUNTY_READ, &county, err));
    struct arena *arena = t->play->arena;
    enum status read = db_read_begin(county->db, arena, &tx);
    for (int k = 0; k < 3 && read == OK; k++)
        read = place_list(tx, (enum place_kind)(PLACE_HUB + k), 0, &places[k], &counts[k], err);
    if (read == OK) {
        size_t all = counts[0] + counts[1] + counts[2];
        t->ids = calloc(all, sizeof *t->ids);
        for (int p = 0; p < ROAD_PROFILES; p++) t->snaps[p] = calloc(all, sizeof *t->snaps[p]);
        for (int k = 0; k < 3; k++)
            for (size_t i = 0; i < counts[k]; i++) {
                const struct place *place = &places[k][i];
                struct road_point at = { place->lat_e6 / 1e6, place->lon_e6 / 1e6 };
                bool found = place->located;
                for (int p = 0; p < ROAD_PROFILES && found; p++)
                    found = road_snap(t->play->road, (enum road_profile)p, at, SNAP_M,
                                      &t->snaps[p][t->count], err) == OK;
                if (found) t->ids[t->count++] = place->id;
            }
        if (counts[0]) t->play->hub_id = places[0][0].id;
    }
    if (read == OK || read == BROKEN) db_read_end(tx);
    county_close(county);
    return read;
}

static enum status fill(struct truth *t, const struct road_state *state, struct err *err)
{
    for (int p = 0; p < ROAD_PROFILES; p++) {
        if (t->seconds[p] == NULL) t->seconds[p] = calloc(t->count * t->count, sizeof(int32_t));
        if (t->seconds[p] == NULL) return BROKEN;
        TRY(road_matrix(t->play->road, state, (enum road_profile)p, t->snaps[p], t->count,
                        t->seconds[p], NULL, err));
    }
    return OK;
}

enum status truth_new(struct play *play, struct truth **out, struct err *err)
{
    char path[4200];
    struct truth *t = *out = calloc(1, sizeof *t);
    if (t == NULL) return BROKEN;
    t->play = play;
    snprintf(path, sizeof path, "%s/vehicles.csv", play->import);
    TRY(csv_read(play->arena, path, &t->vehicles, err));
    TRY(read_places(t, err));
    return fill(t, NULL, err);
}

void truth_free(struct truth *t)
{
    if (t == NULL) return;
    for (int p = 0; p < ROAD_PROFILES; p++) {
        free(t->snaps[p]);
        free(t->seconds[p]);
    }
    free(t->ids);
    free(t);
}

int truth_profile(const struct truth *t, const char *plate)
{
    struct err err;
    enum road_profile profile = ROAD_MINIVAN;
    int plates = csv_column(&t->vehicles, "plate"), names = csv_column(&t->vehicles, "profile");
    for (size_t row = 0; row < t->vehicles.rows; row++)
        if (strcmp(csv_text(&t->vehicles, row, plates), plate) == 0
            && road_profile_parse(csv_text(&t->vehicles, row, names), &profile, &err) != OK)
            return ROAD_MINIVAN;
    return (int)profile;
}

static size_t place_at(const struct truth *t, int64_t id)
{
    size_t i = 0;
    while (i < t->count && t->ids[i] != id) i++;
    return i;
}

int32_t truth_seconds(const struct truth *t, int profile, int64_t from, int64_t to)
{
    size_t i = place_at(t, from), k = place_at(t, to);
    return i < t->count && k < t->count ? t->seconds[profile][i * t->count + k] : -1;
}

/* ---- a road to close ---- */

struct used { int64_t way_id; size_t times; };

static void note_way(struct used **used, size_t *count, int64_t way_id)
{
    for (size_t i = 0; i < *count; i++)
        if ((*used)[i].way_id == way_id) {
            (*used)[i].times++;
            return;
        }
    struct used *more = realloc(*used, (*count + 1) * sizeof *more);
    if (more == NULL) return;
    *used = more;
    more[(*count)++] = (struct used){ way_id, 1 };
}

static int most_first(const void *a, const void *b)
{
    const struct used *x = a, *y = b;
    return (x->times < y->times) - (x->times > y->times);
}

/* Whether all places can still be reached from the hub, with detours that a morning can bear. */
static bool bearable(const struct truth *t, int64_t way_id)
{
    struct road_change change = { .what = ROAD_WAY, .way_id = way_id };
    struct road_state *state;
    struct err err;
    size_t hub = place_at(t, t->play->hub_id);
    int32_t *seconds = calloc(t->count, sizeof *seconds);
    bool fine = seconds && road_state_new(t->play->road, &change, 1, NULL, &state, &err) == OK;
    if (fine) {
        fine = road_table(t->play->road, state, ROAD_TRUCK, &t->snaps[ROAD_TRUCK][hub], 1,
                          t->snaps[ROAD_TRUCK], t->count, seconds, NULL, &err) == OK;
        road_state_free(state);
    }
    for (size_t i = 0; i < t->count && fine; i++)
        fine = seconds[i] >= 0
            && seconds[i] - t->seconds[ROAD_TRUCK][hub * t->count + i] < DETOUR_MAX_S;
    free(seconds);
    return fine;
}

int64_t truth_way_to_close(const struct truth *t, const int64_t *place_ids, size_t count)
{
    struct used *used = NULL;
    size_t ways = 0;
    int64_t found = 0;
    for (size_t i = 1; i < count; i++) {
        size_t from = place_at(t, place_ids[i - 1]), to = place_at(t, place_ids[i]);
        struct arena *arena = arena_open(64 << 20);
        struct road_route route;
        struct err err;
        int64_t last = 0;
        if (arena && from < t->count && to < t->count
            && road_route(t->play->road, NULL, ROAD_MINIVAN, &t->snaps[ROAD_MINIVAN][from],
                          &t->snaps[ROAD_MINIVAN][to], arena, &route, &err) == OK)
            for (size_t k = 0; k < route.point_count; k++) {
                if (route.way_ids[k] != last) note_way(&used, &ways, route.way_ids[k]);
                last = route.way_ids[k];
            }
        arena_free(arena);
    }
    if (ways) qsort(used, ways, sizeof *used, most_first);
    for (size_t i = 0; i < ways && i < CANDIDATES && found == 0; i++)
        if (bearable(t, used[i].way_id)) found = used[i].way_id;
    free(used);
    return found;
}

void truth_close(struct truth *t, int64_t way_id)
{
    struct road_change change = { .what = ROAD_WAY, .way_id = way_id };
    struct road_state *state;
    struct err err;
    if (road_state_new(t->play->road, &change, 1, NULL, &state, &err) != OK) return;
    if (fill(t, state, &err) != OK)
        fprintf(stderr, "demo: roads stay as they were: %s\n", err.text);
    road_state_free(state);
}
