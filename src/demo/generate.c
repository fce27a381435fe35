/* generate.c - puts the county together and writes its places. */
#include "demo/generate.h"

#include <string.h>
#include "base/arena.h"
#include "base/text.h"
#include "demo/make.h"
#include "road/road.h"

enum { MEMORY = 512 * 1024 * 1024 };

/* Villages of 华埠镇 from this code on lie round the county's seat and are served by its office:
 * both whose place is known do (汶山村 ...248, 金村村 ...255). */
#define OFFICE_FROM "330824115228"

enum status county_add(struct county *county, struct site site, size_t *index, struct err *err)
{
    county->sites = arena_more(county->arena, county->sites, county->site_count,
                               sizeof *county->sites);
    if (county->sites == NULL) return err_set(err, BROKEN, NULL, "No memory");
    if (index) *index = county->site_count;
    county->sites[county->site_count++] = site;
    return OK;
}

enum status county_table(struct county *county, const char *name, struct table *out,
                         struct err *err)
{
    const char *text = demo_file(name);
    if (text == NULL) return err_about(err, NOT_FOUND, "file", "There is no such file", "%s", name);
    return table_parse(county->arena, text, out, err);
}

struct rng county_rng(const struct county *county, const char *part)
{
    uint64_t hash = UINT64_C(14695981039346656037);   // FNV-1a
    for (; *part; part++) hash = (hash ^ (unsigned char)*part) * UINT64_C(1099511628211);
    return rng_seeded(county->seed ^ hash);
}

static int32_t degrees_e7(const char *text)
{
    double degrees = 0;
    if (text_double(text, &degrees) != OK) return 0;
    return (int32_t)(degrees * 1e7 + (degrees < 0 ? -0.5 : 0.5));
}

static void site_put(struct site *site, int32_t lat_e7, int32_t lon_e7, const char *source)
{
    site->located = true;
    site->lat_e7 = lat_e7;
    site->lon_e7 = lon_e7;
    site->at = plane_of(lat_e7, lon_e7);
    site->source = source;
}

static enum status add_town(struct county *county, size_t site, struct err *err)
{
    county->towns = arena_more(county->arena, county->towns, county->town_count,
                               sizeof *county->towns);
    if (county->towns == NULL) return err_set(err, BROKEN, NULL, "No memory");
    county->sites[site].town = county->town_count;
    county->towns[county->town_count++] = (struct town){ .site = site };
    return OK;
}

static enum status add_village(struct county *county, size_t site, struct rng *rng,
                               struct err *err)
{
    county->villages = arena_more(county->arena, county->villages, county->village_count,
                                  sizeof *county->villages);
    if (county->villages == NULL) return err_set(err, BROKEN, NULL, "No memory");
    county->villages[county->village_count++] = site;
    uint32_t a = rng_below(rng, 190), b = rng_below(rng, 190);   // many small, few large
    county->sites[site].households = 60 + a * b / 90;
    county->towns[county->sites[site].town].village_count++;
    return OK;
}

/* Where a village of Kaihua belongs. */
static size_t town_of(const struct county *county, const char *code, const char *parent)
{
    bool office = strcmp(parent, "330824115") == 0 && strcmp(code, OFFICE_FROM) >= 0;
    for (size_t t = 0; t < county->town_count; t++) {
        const struct site *site = &county->sites[county->towns[t].site];
        if (office ? site->code == NULL : site->code && strcmp(site->code, parent) == 0) return t;
    }
    return 0;
}

static enum status read_divisions(struct county *county, struct err *err)
{
    struct rng rng = county_rng(county, "households");
    struct table table;
    TRY(county_table(county, "divisions.csv", &table, err));
    for (size_t row = 0; row < table.rows; row++) {
        struct site site = { .code = table_cell(&table, row, "code"),
            .name = table_cell(&table, row, "name"), .kind = table_cell(&table, row, "kind"),
            .parent_code = table_cell(&table, row, "parent"),
            .pinyin = table_cell(&table, row, "pinyin") };
        if (site.code[0] == '\0') site.code = NULL;
        for (size_t i = 0; i < county->site_count; i++) {
            if (county->sites[i].code && strcmp(county->sites[i].code, site.parent_code) == 0)
                site.parent_name = county->sites[i].name;
        }
        if (table_cell(&table, row, "lat")[0])
            site_put(&site, degrees_e7(table_cell(&table, row, "lat")),
                     degrees_e7(table_cell(&table, row, "lon")),
                     table_cell(&table, row, "source"));
        bool town = strcmp(site.kind, "township") == 0 || strcmp(site.kind, "office") == 0;
        bool village = strcmp(site.kind, "village") == 0;
        if (village || strcmp(site.kind, "community") == 0)
            site.town = town_of(county, site.code, site.parent_code);
        size_t index;
        TRY(county_add(county, site, &index, err));
        if (town) TRY(add_town(county, index, err));
        if (village) TRY(add_village(county, index, &rng, err));
    }
    return OK;
}

/* Seats that no source gives, and the hub's place. */
static enum status read_made(struct county *county, struct err *err)
{
    struct table table;
    TRY(county_table(county, "made.csv", &table, err));
    for (size_t row = 0; row < table.rows; row++) {
        const char *name = table_cell(&table, row, "name");
        int32_t lat = degrees_e7(table_cell(&table, row, "lat"));
        int32_t lon = degrees_e7(table_cell(&table, row, "lon"));
        if (strcmp(table_cell(&table, row, "what"), "hub") == 0) {
            struct site hub = { .code = "H330824", .name = name, .kind = "hub",
                                .parent_name = "芹阳办事处" };
            site_put(&hub, lat, lon, "made");
            TRY(county_add(county, hub, &county->hub, err));
        }
        for (size_t i = 0; i < county->site_count; i++) {
            if (strcmp(county->sites[i].name, name) == 0)
                site_put(&county->sites[i], lat, lon, "made");
        }
    }
    for (size_t t = 0; t < county->town_count; t++)
        county->towns[t].at = county->sites[county->towns[t].site].at;
    return OK;
}

static enum status land_add(struct county *county, struct land *land, struct at at, int town,
                            struct err *err)
{
    land->seeds = arena_more(county->arena, land->seeds, land->count, sizeof *land->seeds);
    if (land->seeds == NULL) return err_set(err, BROKEN, NULL, "No memory");
    land->seeds[land->count++] = (struct seed){ at, town };
    return OK;
}

static enum status share_land(struct county *county, struct land *land, struct err *err)
{
    *land = (struct land){ 0 };
    for (size_t t = 0; t < county->town_count; t++)
        TRY(land_add(county, land, county->towns[t].at, (int)t, err));
    for (size_t v = 0; v < county->village_count; v++) {
        const struct site *site = &county->sites[county->villages[v]];
        if (site->located) TRY(land_add(county, land, site->at, (int)site->town, err));
    }
    struct table table;
    TRY(county_table(county, "neighbours.csv", &table, err));
    for (size_t row = 0; row < table.rows; row++) {
        struct at at = plane_of(degrees_e7(table_cell(&table, row, "lat")),
                                degrees_e7(table_cell(&table, row, "lon")));
        TRY(land_add(county, land, at, -1, err));
    }
    return OK;
}

enum status county_logistics(struct county *county, struct err *err)
{
    struct rng rng = county_rng(county, "points");
    struct site *hub = &county->sites[county->hub];
    hub->opens = "00:00";
    hub->closes = "24:00";
    hub->cold_boxes = 400;
    for (size_t t = 0; t < county->town_count; t++) {
        const struct site *seat = &county->sites[county->towns[t].site];
        struct site station = { .kind = "station", .parent_code = seat->code,
            .parent_name = seat->name, .source = "made", .opens = "05:00", .closes = "19:00",
            .cold_boxes = 20, .town = t, .located = true, .lat_e7 = seat->lat_e7 + 4500,
            .lon_e7 = seat->lon_e7 + 4500, .at = seat->at };
        station.code = seat->code ? arena_printf(county->arena, "S%s", seat->code)
                                  : arena_printf(county->arena, "SX%zu", t + 1);
        station.name = arena_printf(county->arena, "%s物流站", seat->name);
        if (station.code == NULL || station.name == NULL)
            return err_set(err, BROKEN, NULL, "No memory");
        TRY(county_add(county, station, &county->towns[t].station, err));
    }
    county->points = arena_new(county->arena, sizeof *county->points * county->village_count);
    if (county->points == NULL) return err_set(err, BROKEN, NULL, "No memory");
    for (size_t v = 0; v < county->village_count; v++) {
        const struct site *village = &county->sites[county->villages[v]];
        static const char *const opens[] = { "05:30", "06:00", "06:00", "06:30" };
        struct site point = { .kind = "point", .parent_code = village->code,
            .parent_name = village->name, .source = "made", .opens = opens[rng_below(&rng, 4)],
            .closes = "20:00", .cold_boxes = 3 + (int)(village->households / 40),
            .town = village->town, .located = village->located, .lat_e7 = village->lat_e7,
            .lon_e7 = village->lon_e7,
            .station = county->sites[county->towns[village->town].station].code };
        point.code = arena_printf(county->arena, "P%s", village->code);
        point.name = arena_printf(county->arena, "%s村级站点", village->name);
        if (point.code == NULL || point.name == NULL)
            return err_set(err, BROKEN, NULL, "No memory");
        TRY(county_add(county, point, &county->points[v], err));
    }
    return OK;
}

enum status county_places_write(struct county *county, struct err *err)
{
    struct sheet sheet;
    TRY(sheet_open(county->folder, "places.csv", "code,name,kind,parent_code,parent_name,lat,lon,"
        "datum,source,pinyin,opens,closes,cold_boxes,station_code,households", &sheet, err));
    for (size_t i = 0; i < county->site_count; i++) {
        const struct site *site = &county->sites[i];
        sheet_text(&sheet, site->code);
        sheet_text(&sheet, site->name);
        sheet_text(&sheet, site->kind);
        sheet_text(&sheet, site->parent_code);
        sheet_text(&sheet, site->parent_name);
        if (site->located) {
            sheet_degrees(&sheet, site->lat_e7);
            sheet_degrees(&sheet, site->lon_e7);
        } else {
            sheet_text(&sheet, NULL);
            sheet_text(&sheet, NULL);
        }
        sheet_text(&sheet, site->located ? "wgs84" : NULL);
        sheet_text(&sheet, site->located ? site->source : NULL);
        sheet_text(&sheet, site->pinyin);
        sheet_text(&sheet, site->opens);
        sheet_text(&sheet, site->closes);
        if (site->opens) sheet_number(&sheet, site->cold_boxes);
        else sheet_text(&sheet, NULL);
        sheet_text(&sheet, site->station);
        if (site->households) sheet_number(&sheet, site->households);
        else sheet_text(&sheet, NULL);
        sheet_end(&sheet);
    }
    return sheet_close(&sheet, err);
}

static enum status write_trade(struct county *county, struct err *err)
{
    TRY(county_places_write(county, err));
    TRY(firms_write(county, err));
    TRY(goods_write(county, err));
    TRY(vehicles_write(county, err));
    return people_write(county, err);
}

static enum status label_map(struct county *county, struct map *map, struct err *err)
{
    for (size_t i = 0; i < county->site_count; i++) {
        const struct site *site = &county->sites[i];
        const char *kind = strcmp(site->kind, "village") == 0 ? "village"
            : strcmp(site->kind, "township") == 0 ? "town"
            : strcmp(site->kind, "office") == 0 ? "city" : NULL;
        if (kind && site->located)
            TRY(map_label(map, (struct label){ site->at, kind, site->name, site->code }, err));
    }
    return OK;
}

static enum status make_kaihua(struct county *county, struct err *err)
{
    struct map map;
    struct land land;
    TRY(map_open(county->arena, &map, err));
    TRY(read_divisions(county, err));
    TRY(read_made(county, err));
    TRY(share_land(county, &land, err));
    TRY(county_logistics(county, err));
    TRY(roads_make(county, &map, &land, err));
    TRY(demo_villages_make(county, &map, &land, err));
    TRY(streets_make(county, &map, err));
    TRY(map_join(&map, err));
    TRY(label_map(county, &map, err));
    struct at centre = { 0 };
    for (size_t t = 0; t < county->town_count; t++) {
        if (county->sites[county->towns[t].site].code == NULL) centre = county->towns[t].at;
    }
    TRY(map_write(&map, county->folder, county->seed, centre, err));
    return write_trade(county, err);
}

enum status demo_generate(const char *folder, uint64_t seed, struct err *err)
{
    struct arena *arena = arena_open(MEMORY);
    if (arena == NULL) return err_set(err, BROKEN, NULL, "No memory");
    struct county county = { .arena = arena, .folder = folder, .seed = seed };
    enum status status = make_kaihua(&county, err);
    arena_free(arena);
    return status;
}

/* -- From an extract --------------------------------------------------------------------------- */

static bool is_one_of(const char *word, const char *const *words)
{
    for (; *words; words++) {
        if (strcmp(word, *words) == 0) return true;
    }
    return false;
}

/* Which place is the county's seat: the first city, else the town with most people. */
static size_t seat_of(const struct road_place *places, size_t count)
{
    size_t best = SIZE_MAX;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(places[i].kind, "city") == 0) return i;
        if (strcmp(places[i].kind, "town") != 0) continue;
        if (best == SIZE_MAX || places[i].population > places[best].population) best = i;
    }
    return best;
}

static enum status place_site(struct county *county, const struct road_place *place,
                              const char *prefix, const char *kind, size_t *index, struct err *err)
{
    struct site site = { .name = arena_text(county->arena, place->name), .kind = kind,
        .code = arena_printf(county->arena, "%s%lld", prefix, (long long)place->osm_id),
        .parent_code = "C1", .parent_name = county->sites[0].name };
    if (site.name == NULL || site.code == NULL) return err_set(err, BROKEN, NULL, "No memory");
    site.located = true;
    site.source = "osm";
    site.lat_e7 = (int32_t)(place->at.lat * 1e7 + (place->at.lat < 0 ? -0.5 : 0.5));
    site.lon_e7 = (int32_t)(place->at.lon * 1e7 + (place->at.lon < 0 ? -0.5 : 0.5));
    return county_add(county, site, index, err);
}

static enum status add_towns(struct county *county, const struct road_place *places, size_t count,
                             struct err *err)
{
    static const char *const towns[] = { "city", "town", NULL };
    for (size_t i = 0; i < count; i++) {
        if (!is_one_of(places[i].kind, towns) || places[i].name[0] == '\0') continue;
        size_t index;
        TRY(place_site(county, &places[i], "T", "township", &index, err));
        TRY(add_town(county, index, err));
    }
    return OK;
}

static enum status add_villages(struct county *county, const struct road_place *places,
                                size_t count, struct err *err)
{
    static const char *const villages[] = { "village", "hamlet", NULL };
    struct rng rng = county_rng(county, "households");
    for (size_t i = 0; i < count; i++) {
        if (!is_one_of(places[i].kind, villages) || places[i].name[0] == '\0') continue;
        size_t nearest = 0, index;
        double least = 1e12;
        for (size_t t = 0; t < county->town_count; t++) {
            const struct site *seat = &county->sites[county->towns[t].site];
            double beeline = road_beeline_m(places[i].at,
                (struct road_point){ seat->lat_e7 / 1e7, seat->lon_e7 / 1e7 });
            if (beeline < least) least = beeline, nearest = t;
        }
        TRY(place_site(county, &places[i], "V", "village", &index, err));
        const struct site *seat = &county->sites[county->towns[nearest].site];
        county->sites[index].town = nearest;
        county->sites[index].parent_code = seat->code;
        county->sites[index].parent_name = seat->name;
        TRY(add_village(county, index, &rng, err));
    }
    return OK;
}

static enum status make_from_roads(struct county *county, const struct road *road,
                                   struct err *err)
{
    const struct road_place *places;
    size_t count, seat;
    TRY(road_places(road, county->arena, &places, &count, err));
    seat = seat_of(places, count);
    if (seat == SIZE_MAX)
        return err_set(err, INVALID, "extract", "The extract names no town for the hub");
    TRY(county_add(county, (struct site){ .code = "C1", .kind = "county",
        .name = arena_text(county->arena, places[seat].name) }, NULL, err));
    if (county->sites[0].name == NULL) return err_set(err, BROKEN, NULL, "No memory");
    TRY(add_towns(county, places, count, err));
    TRY(add_villages(county, places, count, err));
    if (county->village_count == 0)
        return err_set(err, INVALID, "extract", "The extract names no village");
    TRY(place_site(county, &places[seat], "H", "hub", &county->hub, err));
    struct site *hub = &county->sites[county->hub];
    hub->name = arena_printf(county->arena, "%s村货共配中心", places[seat].name);
    hub->source = "made";
    if (hub->name == NULL) return err_set(err, BROKEN, NULL, "No memory");
    TRY(county_logistics(county, err));
    return write_trade(county, err);
}

enum status demo_generate_from_roads(const struct road *road, const char *folder, uint64_t seed,
                                     struct err *err)
{
    struct arena *arena = arena_open(MEMORY);
    if (arena == NULL) return err_set(err, BROKEN, NULL, "No memory");
    struct county county = { .arena = arena, .folder = folder, .seed = seed };
    enum status status = make_from_roads(&county, road, err);
    arena_free(arena);
    return status;
}
