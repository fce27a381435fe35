/* places.c - the extract's named places. */
#include "base/arena.h"
#include "road/store.h"

#include <assert.h>

size_t road_place_count(const struct road *road)
{
    return road->places;
}

struct road_place road_place(const struct road *road, size_t index)
{
    assert(index < road->places);
    return (struct road_place){
        .osm_id = road->place_node[index], .name = road->texts + road->place_name[index],
        .kind = road->texts + road->place_kind[index],
        .at = { road->place_lat[index] * 1e-7, road->place_lon[index] * 1e-7 },
        .population = road->place_people[index],
    };
}

enum status road_places(const struct road *road, struct arena *arena,
    const struct road_place **out, size_t *count, struct err *err)
{
    struct road_place *places = arena_new(arena, road->places * sizeof *places);
    if (places == NULL) return err_set(err, BROKEN, NULL, "no memory");
    for (size_t i = 0; i < road->places; i++) places[i] = road_place(road, i);
    *out = places;
    *count = road->places;
    return OK;
}
