/* streets.c - the streets of a township's seat: a small grid along the main road, larger in the
 * county's seat, where every second inner street is one way. */
#include "base/arena.h"
#include "demo/make.h"

struct grid { struct at at; int32_t angle, block; int across, up; bool one_ways; };

static enum status street(struct map *map, const struct grid *grid, int number, bool across,
                          struct err *err)
{
    int streets = across ? grid->up : grid->across, blocks = across ? grid->across : grid->up;
    struct path path = { 0 };
    for (int i = 0; i < blocks; i++) {
        int32_t u = (2 * i - blocks + 1) * grid->block / 2;
        int32_t v = (2 * number - streets + 1) * grid->block / 2;
        struct at at = plane_moved(grid->at, grid->angle, across ? u : v);
        TRY(path_add(map->arena, &path, plane_moved(at, grid->angle + TURN / 4,
                                                    across ? v : u), err));
    }
    bool inner = number > 0 && number + 1 < streets;
    bool oneway = grid->one_ways && inner && !across && number % 2;
    for (size_t i = 0; number % 4 == 1 && i < path.count / 2; i++) {   // the other direction
        struct at swap = path.at[i];
        path.at[i] = path.at[path.count - 1 - i];
        path.at[path.count - 1 - i] = swap;
    }
    struct way way = { .kind = WAY_STREET, .highway = "residential", .limit = "",
                       .oneway = oneway };
    return map_way(map, way, &path, NULL, err);
}

/* The direction of the first trunk that passes through or ends at a place. */
static int32_t main_angle(const struct map *map, struct at at)
{
    for (size_t w = 0; w < map->way_count; w++) {
        const struct way *way = &map->ways[w];
        for (size_t i = 0; i < way->count; i++) {
            struct at here = map->nodes[way->nodes[i]];
            if (here.x != at.x || here.y != at.y) continue;
            size_t other = i + 1 < way->count ? i + 1 : i - 1;
            return plane_angle(here, map->nodes[way->nodes[other]]);
        }
    }
    return 0;
}

enum status streets_make(struct county *county, struct map *map, struct err *err)
{
    for (size_t t = 0; t < county->town_count; t++) {
        const struct town *town = &county->towns[t];
        bool seat = town->village_count > 30 && !county->sites[town->site].code;
        size_t size = town->village_count;
        struct grid grid = { .at = town->at, .angle = main_angle(map, town->at) + 120,
            .block = (seat ? 190 : 110) * METRE, .one_ways = seat,
            .across = seat ? 8 : size > 20 ? 4 : 3, .up = seat ? 7 : size > 20 ? 4 : 2 };
        for (int i = 0; i < grid.up; i++) TRY(street(map, &grid, i, true, err));
        for (int i = 0; i < grid.across; i++) TRY(street(map, &grid, i, false, err));
    }
    return OK;
}
