/* network.c - places, matrices and fleet out of rows and roads. */
#include "rooms/bus/network.h"

#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "db/db.h"
#include "people/place.h"
#include "web/county.h"

enum { SNAP_MAX_M = 500, HANDOVER_S = 120, CRATE_S = 12, NETWORK_BYTES = 256 << 20 };

static int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

static int32_t clipped(int64_t n) { return n > INT32_MAX / 4 ? INT32_MAX / 4 : (int32_t)n; }

void network_load(const struct need *need, int32_t load[DIMS])
{
    load[DIM_WEIGHT] = clipped(ceil_div(need->weight_g, 100));
    load[DIM_VOLUME] = clipped(ceil_div(need->dry_ml + need->cold_ml, 1000));
    load[DIM_CRATES] = clipped(ceil_div(need->dry_ml, CRATE_ML));
    load[DIM_COLD] = clipped(ceil_div(need->cold_ml, COLD_BOX_ML));
}

int32_t network_service_s(const struct need *down, const struct need *up)
{
    int32_t d[DIMS], u[DIMS];
    network_load(down, d);
    network_load(up, u);
    int64_t boxes = (int64_t)d[DIM_CRATES] + d[DIM_COLD] + u[DIM_CRATES] + u[DIM_COLD];
    return boxes == 0 ? 0 : clipped(HANDOVER_S + CRATE_S * boxes);
}

int32_t network_place(const struct network *network, int64_t place_id)
{
    if (place_id == network->places[0].place_id) return 0;
    size_t low = 1, high = network->place_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (network->places[middle].place_id < place_id) low = middle + 1;
        else high = middle;
    }
    bool found = low < network->place_count && network->places[low].place_id == place_id;
    return found ? (int32_t)low : -1;
}

static enum status add_places(struct network *net, struct tx *tx, enum place_kind kind,
                              struct err *err)
{
    struct place *places;
    size_t count;
    TRY(place_list(tx, kind, 0, &places, &count, err));
    for (size_t i = 0; i < count; i++) {
        net->places = arena_more(net->arena, net->places, net->place_count, sizeof *net->places);
        char *name = arena_text(net->arena, places[i].name);
        if (net->places == NULL || name == NULL) return BROKEN;
        net->places[net->place_count++] = (struct stop_place){
            .place_id = places[i].id, .name = name, .located = places[i].located,
            .lat = places[i].lat_e6 / 1e6, .lon = places[i].lon_e6 / 1e6,
            .opens_s = (int32_t)places[i].opens_s, .closes_s = (int32_t)places[i].closes_s,
        };
        if (kind == PLACE_HUB) break;   // one hub a county
    }
    return OK;
}

static int by_id(const void *a, const void *b)
{
    const struct stop_place *x = a, *y = b;
    return (x->place_id > y->place_id) - (x->place_id < y->place_id);
}

static enum status read_places(struct network *net, struct tx *tx, struct err *err)
{
    TRY(add_places(net, tx, PLACE_HUB, err));
    if (net->place_count == 0)
        return err_set(err, INVALID, NULL, "The county has no hub: import its places first.");
    TRY(add_places(net, tx, PLACE_STATION, err));
    TRY(add_places(net, tx, PLACE_POINT, err));
    qsort(net->places + 1, net->place_count - 1, sizeof *net->places, by_id);
    return OK;
}

static const struct sql find_vehicles = SQL(
    "SELECT id, plate, profile, weight_g, volume_ml, crates, cold_boxes, fixed_fen, km_fen,"
    " hour_fen, from_s, until_s, trips_max, coalesce(driver_id, 0) FROM vehicle WHERE active = 1"
    " ORDER BY profile, weight_g, volume_ml, crates, cold_boxes, fixed_fen, km_fen, hour_fen,"
    " from_s, until_s, trips_max, id");

static struct route_type type_of(const struct rows *rows, int32_t profile)
{
    return (struct route_type){
        .count = 1, .profile = profile, .trips_max = (int32_t)row_i64(rows, 12), .reload_s = 900,
        .capacity = { clipped(row_i64(rows, 3) / 100), clipped(row_i64(rows, 4) / 1000),
                      clipped(row_i64(rows, 5)), clipped(row_i64(rows, 6)) },
        .shift = { (int32_t)row_i64(rows, 10), (int32_t)row_i64(rows, 11) },
        // thousandths of a fen: fen a kilometre is thousandths a metre
        .cost_fixed = row_i64(rows, 7) * 1000, .cost_distance = row_i64(rows, 8),
        .cost_duration = row_i64(rows, 9) * 1000 / 3600,
    };
}

/* Field by field, since what lies between them is nobody's. */
static bool same_type(const struct route_type *a, const struct route_type *b)
{
    return a->profile == b->profile && a->trips_max == b->trips_max
        && memcmp(a->capacity, b->capacity, sizeof a->capacity) == 0
        && a->shift.open == b->shift.open && a->shift.close == b->shift.close
        && a->cost_fixed == b->cost_fixed && a->cost_distance == b->cost_distance
        && a->cost_duration == b->cost_duration;
}

static enum status read_fleet(struct network *net, struct tx *tx, struct err *err)
{
    struct rows *rows;
    enum status found = db_first(tx, &find_vehicles, NO_ARGS, &rows);
    for (; found == OK; found = db_next(rows)) {
        enum road_profile profile;
        TRY(road_profile_parse(row_str(rows, 2), &profile, err));
        if (net->profile_of[profile] < 0) net->profile_of[profile] = net->profile_count++;
        struct route_type type = type_of(rows, net->profile_of[profile]);
        struct route_type *last = net->type_count ? &net->types[net->type_count - 1] : NULL;
        if (last && same_type(last, &type)) {
            last->count++;
        } else {
            net->types = arena_more(net->arena, net->types, (size_t)net->type_count,
                                    sizeof *net->types);
            if (net->types == NULL) return BROKEN;
            net->types[net->type_count++] = type;
        }
        net->vehicles = arena_more(net->arena, net->vehicles, net->vehicle_count,
                                   sizeof *net->vehicles);
        char *plate = arena_text(net->arena, row_str(rows, 1));
        if (net->vehicles == NULL || plate == NULL) return BROKEN;
        net->vehicles[net->vehicle_count++] = (struct fleet_vehicle){
            .vehicle_id = row_i64(rows, 0), .driver_id = row_i64(rows, 13), .plate = plate,
            .type = net->type_count - 1,
        };
    }
    if (found != NOT_FOUND) return found;
    return net->vehicle_count ? OK : err_set(err, INVALID, NULL, "The county has no vehicle yet.");
}

/* Snaps all places for a profile. A place without road is left out of the matrix. */
static void snap_all(struct network *net, const struct road *road, enum road_profile profile,
                     struct road_snap *snaps, size_t *index, size_t *count)
{
    *count = 0;
    for (size_t i = 0; i < net->place_count; i++) {
        struct stop_place *place = &net->places[i];
        if (!place->located) continue;
        struct err ignored;
        struct road_point at = { place->lat, place->lon };
        if (road_snap(road, profile, at, SNAP_MAX_M, &snaps[*count], &ignored) != OK) continue;
        place->snapped = true;
        place->road_m = snaps[*count].distance_m;
        index[(*count)++] = i;
    }
}

static enum status fill_matrix(struct network *net, const struct road *road,
                               const struct road_state *state, enum road_profile profile,
                               struct err *err)
{
    size_t n = net->place_count, m;
    struct road_snap *snaps = arena_new(net->arena, n * sizeof *snaps);
    size_t *index = arena_new(net->arena, n * sizeof *index);
    int32_t *duration = arena_new(net->arena, n * n * sizeof *duration);
    int32_t *distance = arena_new(net->arena, n * n * sizeof *distance);
    if (!snaps || !index || !duration || !distance) return BROKEN;
    snap_all(net, road, profile, snaps, index, &m);

    int32_t *seconds = arena_new(net->arena, m * m * sizeof *seconds);
    int32_t *metres = arena_new(net->arena, m * m * sizeof *metres);
    if (m && (!seconds || !metres)) return BROKEN;
    TRY(road_matrix(road, state, profile, snaps, m, seconds, metres, err));
    for (size_t i = 0; i < n * n; i++) duration[i] = distance[i] = ROUTE_FAR;
    for (size_t i = 0; i < n; i++) duration[i * n + i] = distance[i * n + i] = 0;
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < m; j++) {
            if (seconds[i * m + j] < 0) continue;
            duration[index[i] * n + index[j]] = seconds[i * m + j];
            distance[index[i] * n + index[j]] = metres[i * m + j];
        }
    net->profiles[net->profile_of[profile]] = (struct route_profile){ duration, distance };
    return OK;
}

static enum status fill(struct network *net, struct county *county, struct tx *tx,
                        const struct road_state *state, struct err *err)
{
    for (int p = 0; p < ROAD_PROFILES; p++) net->profile_of[p] = -1;
    TRY(read_places(net, tx, err));
    TRY(read_fleet(net, tx, err));
    if (county->roads == NULL)
        return err_set(err, INVALID, NULL, "The county has no roads: build county.road first.");
    for (int p = 0; p < ROAD_PROFILES; p++)
        if (net->profile_of[p] >= 0)
            TRY(fill_matrix(net, county->roads, state, (enum road_profile)p, err));
    if (!net->places[0].snapped)
        return err_set(err, INVALID, NULL, "The hub stands on no road.");
    return OK;
}

enum status network_make(struct county *county, struct tx *tx, const struct road_state *state,
                         struct network **out, struct err *err)
{
    struct arena *arena = arena_open(NETWORK_BYTES);
    struct network *net = arena ? arena_new(arena, sizeof *net) : NULL;
    if (net == NULL) {
        arena_free(arena);
        return BROKEN;
    }
    net->arena = arena;
    net->users = 1;
    enum status filled = fill(net, county, tx, state, err);
    if (filled != OK) network_release(net);
    else *out = net;
    return filled;
}

struct network *network_hold(struct network *network)
{
    network->users++;
    return network;
}

void network_release(struct network *network)
{
    if (network && --network->users == 0) arena_free(network->arena);
}
