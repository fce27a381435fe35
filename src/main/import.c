/* import.c - places, organisations, people and vehicles from CSV files. */
#include "main/import.h"

#include <stdio.h>
#include <string.h>
#include "base/arena.h"
#include "base/money.h"
#include "base/text.h"
#include "db/db.h"
#include "paper/csv.h"
#include "people/person.h"
#include "people/place.h"
#include "road/datum.h"
#include "rooms/bus/bus.h"
#include "rooms/parcel/parcel.h"

/* ---- what all files need ---- */

enum status import_file(struct importing *import, const char *name, struct csv *out)
{
    char *path = arena_printf(tx_arena(import->tx), "%s/%s", import->folder, name);
    if (path == NULL) return BROKEN;
    enum status read = csv_read(tx_arena(import->tx), path, out, import->err);
    if (read != NOT_FOUND) return read;
    *out = (struct csv){ .name = name };
    return OK;
}

enum status import_wrong(struct importing *import, const struct csv *csv, size_t row,
                         enum status status)
{
    if (status == OK || status == BROKEN) return status;
    char *why = arena_text(tx_arena(import->tx), import->err->detail);
    return err_about(import->err, status, import->err->field, import->err->text, "%s:%lld %s",
                     csv->name, (long long)csv->lines[row], why ? why : "");
}

enum status import_party(struct importing *import, const struct csv *csv, size_t row, int column,
                         int64_t *party_id)
{
    struct party party;
    *party_id = 0;
    if (*csv_text(csv, row, column) == '\0') return OK;
    enum status found = party_by_code(import->tx, csv_text(csv, row, column), &party, import->err);
    if (found == NOT_FOUND)
        return csv_wrong(csv, row, column, "There is no organisation of this code.", import->err);
    *party_id = party.id;
    return found;
}

static enum status place_of(struct importing *import, const struct csv *csv, size_t row, int column,
                            int64_t *place_id)
{
    struct place place;
    *place_id = 0;
    if (*csv_text(csv, row, column) == '\0') return OK;
    enum status found = place_by_code(import->tx, csv_text(csv, row, column), &place, import->err);
    if (found == NOT_FOUND)
        return csv_wrong(csv, row, column, "There is no place of this code.", import->err);
    *place_id = place.id;
    return found;
}

/* ---- places.csv ---- */

static const struct { const char *name; enum place_kind kind; } kinds[] = {
    { "county", PLACE_COUNTY }, { "township", PLACE_TOWNSHIP }, { "office", PLACE_TOWNSHIP },
    { "village", PLACE_VILLAGE }, { "community", PLACE_VILLAGE }, { "hub", PLACE_HUB },
    { "station", PLACE_STATION }, { "point", PLACE_POINT },
};

/* Parents may have no code: then the name says which, among the rows before. */
struct named { const char *name; int64_t id; };

struct place_columns {
    int code, name, kind, parent_code, parent_name, lat, lon, datum, source, pinyin, opens, closes,
        cold, station;
};

static enum status read_position(struct importing *import, const struct csv *csv, size_t row,
                                 const struct place_columns *c, struct place *place)
{
    if (*csv_text(csv, row, c->lat) == '\0' && *csv_text(csv, row, c->lon) == '\0') return OK;
    TRY(csv_degrees(csv, row, c->lat, 90, &place->lat_e6, import->err));
    TRY(csv_degrees(csv, row, c->lon, 180, &place->lon_e6, import->err));
    place->located = true;
    const char *name = csv_text(csv, row, c->datum);
    enum datum datum;
    if (*name == '\0' || strcmp(name, "wgs84") == 0) return OK;
    if (datum_parse(name, &datum, import->err) != OK)
        return csv_wrong(csv, row, c->datum, "Not a datum: wgs84, gcj02 or bd09.", import->err);
    struct road_point at = { place->lat_e6 / 1e6, place->lon_e6 / 1e6 };
    at = datum_to_wgs84(datum, at);
    place->lat_e6 = (int32_t)(at.lat * 1e6 + 0.5);
    place->lon_e6 = (int32_t)(at.lon * 1e6 + 0.5);
    return OK;
}

static enum status read_hours(struct importing *import, const struct csv *csv, size_t row,
                              const struct place_columns *c, struct place *place)
{
    if (*csv_text(csv, row, c->opens) == '\0') return OK;
    TRY(csv_clock(csv, row, c->opens, &place->opens_s, import->err));
    TRY(csv_clock(csv, row, c->closes, &place->closes_s, import->err));
    if (place->closes_s <= place->opens_s)
        return csv_wrong(csv, row, c->closes, "It closes before it opens.", import->err);
    return OK;
}

static enum status find_parent(struct importing *import, const struct csv *csv, size_t row,
                               const struct place_columns *c, const struct named *named,
                               size_t count, int64_t *parent_id)
{
    const char *name = csv_text(csv, row, c->parent_name);
    TRY(place_of(import, csv, row, c->parent_code, parent_id));
    if (*parent_id || *name == '\0') return OK;
    for (size_t i = count; i-- > 0;)
        if (strcmp(named[i].name, name) == 0) {
            *parent_id = named[i].id;
            return OK;
        }
    return csv_wrong(csv, row, c->parent_name, "Its parent must stand before it.", import->err);
}

static enum status read_place(struct importing *import, const struct csv *csv, size_t row,
                              const struct place_columns *c, struct place *place)
{
    const char *kind = csv_text(csv, row, c->kind), *code = csv_text(csv, row, c->code);
    *place = (struct place){ .name = csv_text(csv, row, c->name) };
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (strcmp(kinds[i].name, kind) == 0) place->kind = kinds[i].kind;
    if (place->kind == 0)
        return csv_wrong(csv, row, c->kind, "Not a kind of place.", import->err);
    if (*code) place->code = code;
    if (*csv_text(csv, row, c->pinyin)) place->pinyin = csv_text(csv, row, c->pinyin);
    if (*csv_text(csv, row, c->source)) place->source = csv_text(csv, row, c->source);
    if (*csv_text(csv, row, c->cold))
        TRY(csv_i64(csv, row, c->cold, 0, 10000, &place->cold_boxes, import->err));
    TRY(read_hours(import, csv, row, c, place));
    return read_position(import, csv, row, c, place);
}

static enum status import_places(struct importing *import)
{
    struct csv csv;
    TRY(import_file(import, "places.csv", &csv));
    const struct place_columns c = {
        csv_column(&csv, "code"), csv_column(&csv, "name"), csv_column(&csv, "kind"),
        csv_column(&csv, "parent_code"), csv_column(&csv, "parent_name"),
        csv_column(&csv, "lat"), csv_column(&csv, "lon"), csv_column(&csv, "datum"),
        csv_column(&csv, "source"), csv_column(&csv, "pinyin"), csv_column(&csv, "opens"),
        csv_column(&csv, "closes"), csv_column(&csv, "cold_boxes"),
        csv_column(&csv, "station_code"),
    };
    struct named *named = arena_new(tx_arena(import->tx), (csv.rows + 1) * sizeof *named);
    if (named == NULL) return BROKEN;
    if (csv.rows && (c.name < 0 || c.kind < 0))
        return err_about(import->err, INVALID, "file", "A column is missing: name, kind.", "%s",
                         csv.name);
    for (size_t row = 0; row < csv.rows; row++) {
        struct place place;
        TRY(read_place(import, &csv, row, &c, &place));
        TRY(find_parent(import, &csv, row, &c, named, row, &place.parent_id));
        TRY(import_wrong(import, &csv, row, place_add(import->tx, &place, import->err)));
        named[row] = (struct named){ place.name, place.id };
        if (place.kind == PLACE_HUB && import->hub_id == 0) import->hub_id = place.id;
        import->count->places++;
    }
    return OK;
}

/* ---- organisations.csv and people.csv ---- */

static enum status add_courier(struct importing *import, const struct csv *csv, size_t row,
                               int64_t party_id)
{
    struct courier courier = { .party_id = party_id,
                               .short_name = csv_text(csv, row, csv_column(csv, "short")) };
    TRY(csv_i64(csv, row, csv_column(csv, "layout"), 1, 5, &courier.layout, import->err));
    return import_wrong(import, csv, row, parcel_courier_add(import->tx, &courier, import->err));
}

static enum status import_organisations(struct importing *import)
{
    struct csv csv;
    TRY(import_file(import, "organisations.csv", &csv));
    int code = csv_column(&csv, "code"), name = csv_column(&csv, "name");
    int place = csv_column(&csv, "place_code"), kind = csv_column(&csv, "kind");
    for (size_t row = 0; row < csv.rows; row++) {
        struct party party = { .kind = PARTY_ORGANISATION, .name = csv_text(&csv, row, name),
                               .code = csv_text(&csv, row, code) };
        TRY(place_of(import, &csv, row, place, &party.place_id));
        TRY(import_wrong(import, &csv, row, party_add(import->tx, &party, import->err)));
        if (strcmp(csv_text(&csv, row, kind), "courier") == 0)
            TRY(add_courier(import, &csv, row, party.id));
        import->count->organisations++;
    }
    return OK;
}

/* Gives the roles named in a cell, at a place. */
static enum status give_roles(struct importing *import, const struct csv *csv, size_t row,
                              int column, int64_t person_id, int64_t place_id)
{
    char words[200];
    snprintf(words, sizeof words, "%s", csv_text(csv, row, column));
    for (char *rest = words, *word; (word = strsep(&rest, " ,;")) != NULL;) {
        int role = 0;
        if (*word == '\0') continue;
        while (role < ROLE_COUNT && strcmp(role_name((enum role)role), word) != 0) role++;
        if (role == ROLE_COUNT) return csv_wrong(csv, row, column, "Not a role.", import->err);
        TRY(role_give(import->tx, person_id, (enum role)role, place_id, import->err));
    }
    return OK;
}

static enum status import_people(struct importing *import)
{
    struct csv csv;
    TRY(import_file(import, "people.csv", &csv));
    int name = csv_column(&csv, "name"), phone = csv_column(&csv, "phone");
    int at = csv_column(&csv, "place_code"), roles = csv_column(&csv, "roles");
    int secret = csv_column(&csv, "password");
    for (size_t row = 0; row < csv.rows; row++) {
        struct party person;
        int64_t place_id;
        TRY(place_of(import, &csv, row, at, &place_id));
        enum status known = party_by_phone(import->tx, csv_text(&csv, row, phone), &person,
                                           import->err);
        if (known == NOT_FOUND) {
            person = (struct party){ .kind = PARTY_PERSON, .name = csv_text(&csv, row, name),
                                     .phone = csv_text(&csv, row, phone), .place_id = place_id };
            known = party_add(import->tx, &person, import->err);
            import->count->people++;
        }
        TRY(import_wrong(import, &csv, row, known));
        TRY(give_roles(import, &csv, row, roles, person.id, place_id));
        if (*csv_text(&csv, row, secret)) {
            char hash[PASSWORD_TEXT];
            TRY(password_hash(csv_text(&csv, row, secret), hash));
            TRY(password_set(import->tx, person.id, hash, import->err));
        }
    }
    return OK;
}

/* ---- vehicles.csv ---- */

static enum status yuan(struct importing *import, const struct csv *csv, size_t row, int column,
                        int64_t *fen)
{
    if (money_parse(csv_text(csv, row, column), fen) != OK)
        return csv_wrong(csv, row, column, "Not an amount of yuan.", import->err);
    return OK;
}

static enum status driver_of(struct importing *import, const struct csv *csv, size_t row,
                             int column, int64_t *driver_id)
{
    struct party driver;
    *driver_id = 0;
    if (*csv_text(csv, row, column) == '\0') return OK;
    enum status found = party_by_phone(import->tx, csv_text(csv, row, column), &driver,
                                       import->err);
    if (found == NOT_FOUND)
        return csv_wrong(csv, row, column, "Nobody has this phone number.", import->err);
    *driver_id = driver.id;
    return found;
}

static enum status read_vehicle(struct importing *import, const struct csv *csv, size_t row,
                                struct vehicle *v)
{
    struct err *err = import->err;
    *v = (struct vehicle){
        .plate = csv_text(csv, row, csv_column(csv, "plate")),
        .kind = csv_text(csv, row, csv_column(csv, "kind")),
        .profile = csv_text(csv, row, csv_column(csv, "profile")), .trips_max = 2,
    };
    TRY(csv_i64(csv, row, csv_column(csv, "kg"), 1, 100000, &v->weight_g, err));
    TRY(csv_i64(csv, row, csv_column(csv, "litres"), 1, 200000, &v->volume_ml, err));
    TRY(csv_i64(csv, row, csv_column(csv, "crates"), 0, 10000, &v->crates, err));
    TRY(csv_i64(csv, row, csv_column(csv, "cold_boxes"), 0, 10000, &v->cold_boxes, err));
    v->weight_g *= 1000;
    v->volume_ml *= 1000;
    TRY(yuan(import, csv, row, csv_column(csv, "fixed_yuan"), &v->fixed_fen));
    TRY(yuan(import, csv, row, csv_column(csv, "yuan_per_km"), &v->km_fen));
    TRY(yuan(import, csv, row, csv_column(csv, "yuan_per_hour"), &v->hour_fen));
    TRY(place_of(import, csv, row, csv_column(csv, "home"), &v->home_id));
    TRY(csv_clock(csv, row, csv_column(csv, "from"), &v->from_s, err));
    TRY(csv_clock(csv, row, csv_column(csv, "until"), &v->until_s, err));
    int trips = csv_column(csv, "trips_max");
    if (trips >= 0) TRY(csv_i64(csv, row, trips, 1, 10, &v->trips_max, err));
    return driver_of(import, csv, row, csv_column(csv, "driver_phone"), &v->driver_id);
}

static enum status import_vehicles(struct importing *import)
{
    struct csv csv;
    TRY(import_file(import, "vehicles.csv", &csv));
    for (size_t row = 0; row < csv.rows; row++) {
        struct vehicle vehicle;
        TRY(read_vehicle(import, &csv, row, &vehicle));
        TRY(import_wrong(import, &csv, row, bus_vehicle_add(import->tx, &vehicle, import->err)));
        import->count->vehicles++;
    }
    return OK;
}

enum status import_folder(struct tx *tx, const char *folder, int64_t now_ms, struct imported *out,
                          struct err *err)
{
    *out = (struct imported){ 0 };
    struct importing import = { .tx = tx, .folder = folder, .now_ms = now_ms, .count = out,
                                .err = err };
    TRY(import_places(&import));
    TRY(import_organisations(&import));
    TRY(import_people(&import));
    TRY(import_vehicles(&import));
    return import_goods(&import);
}
