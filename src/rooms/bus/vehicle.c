/* vehicle.c - the fleet. */
#include "base/status.h"
#include "db/db.h"
#include "road/road.h"
#include "rooms/bus/bus.h"
#include "rooms/bus/closure.h"
#include "rooms/bus/inside.h"
#include "web/county.h"

static const struct sql add = SQL(
    "INSERT INTO vehicle (id, plate, kind, profile, weight_g, volume_ml, crates, cold_boxes,"
    " fixed_fen, km_fen, hour_fen, home_id, from_s, until_s, trips_max, driver_id, active)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, 1)"
    " ON CONFLICT DO NOTHING RETURNING id");

/* The live plans go on with the new fleet. */
static void fleet_changed(void *of)
{
    const struct bus *bus = of;
    if (bus->refresher) refresher_wake(bus->refresher);
}

enum status bus_vehicle_add(struct tx *tx, struct vehicle *v, struct err *err)
{
    enum road_profile profile;
    struct rows *rows;
    TRY(road_profile_parse(v->profile, &profile, err));
    if (v->weight_g < 1 || v->volume_ml < 1 || v->crates < 0 || v->cold_boxes < 0)
        return err_set(err, INVALID, "weight_g", "A vehicle that can carry nothing.");
    if (v->from_s < 0 || v->until_s <= v->from_s || v->until_s > 24 * 3600 || v->trips_max < 1)
        return err_set(err, INVALID, "from", "Not the hours of a shift.");
    v->id = tx_id(tx);
    enum status added = db_first(tx, &add,
        ARGS(i64(v->id), str(v->plate), str(v->kind), str(v->profile), i64(v->weight_g),
             i64(v->volume_ml), i64(v->crates), i64(v->cold_boxes), i64(v->fixed_fen),
             i64(v->km_fen), i64(v->hour_fen), i64(v->home_id), i64(v->from_s), i64(v->until_s),
             i64(v->trips_max), v->driver_id ? i64(v->driver_id) : null()), &rows);
    if (added == NOT_FOUND)
        return err_about(err, CONFLICT, "plate", "This vehicle is there already.", "%s", v->plate);
    if (added != OK) return added;
    struct bus *bus = bus_of(tx_county(tx));   // NULL while a county is being made
    return bus ? tx_done(tx, fleet_changed, bus) : OK;
}
