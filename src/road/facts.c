/* facts.c - tags into speeds and permissions. Figures: OSRM 26.10 car.lua; tracks: GraphHopper. */
#include "road/facts.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { KEYS_MAX = 6 };

/* Vehicles: sizes as they drive the county's roads, loaded. */
static const struct vehicle {
    const char *name;
    const char *access[KEYS_MAX];       // the first that is tagged decides
    const char *modes[KEYS_MAX];        // in oneway:<mode>, restriction:<mode>, except
    double height_m, width_m, length_m, weight_kg;
    double speed_max, speed_share;      // km/h; of the road's speed
    int track_grade_max;                // 0: no tracks. 1 (paved) .. 5 (soft)
    bool track_untold;                  // tracks without grade and surface too
    bool motorways;
    double bend_ms2;
    struct facts_engine engine;         // loaded, at the wheels, without pause
} vehicles[ROAD_PROFILES] = {
    [ROAD_CAR] = { "car", { "motorcar", "motor_vehicle", "vehicle", "access" },
        { "motorcar", "motor_vehicle", "vehicle" }, 2.0, 1.9, 4.8, 2000, 1000, 1.0, 0, false,
        true, 0, { 0 } },
    [ROAD_MINIVAN] = { "minivan", { "motorcar", "motor_vehicle", "vehicle", "access" },
        { "motorcar", "motor_vehicle", "vehicle" }, 2.1, 1.8, 5.0, 2500, 100, 1.0, 3, true,
        true, 2.5, { 1900, 45000, 60000, 1.1 } },
    [ROAD_TRUCK] = { "truck", { "hgv", "goods", "motor_vehicle", "vehicle", "access" },
        { "hgv", "goods", "motor_vehicle", "vehicle" }, 3.2, 2.3, 7.5, 8000, 80, 0.9, 2, false,
        true, 1.8, { 7000, 80000, 90000, 4.5 } },
    [ROAD_TRICYCLE] = { "tricycle", { "motorcycle", "motor_vehicle", "vehicle", "access" },
        { "motorcycle", "motor_vehicle", "vehicle" }, 1.8, 1.3, 3.2, 800, 40, 1.0, 4, true,
        false, 1.5, { 650, 6000, 15000, 0.9 } },
};

struct figure { const char *name; double value; };

static const struct figure highway_kmh[] = {
    { "motorway", 90 }, { "motorway_link", 45 }, { "trunk", 85 }, { "trunk_link", 40 },
    { "primary", 65 }, { "primary_link", 30 }, { "secondary", 55 }, { "secondary_link", 25 },
    { "tertiary", 40 }, { "tertiary_link", 20 }, { "unclassified", 25 }, { "residential", 25 },
    { "living_street", 10 }, { "service", 15 }, { "winter_road", 20 }, { "ice_road", 15 }, { 0 },
};
static const struct figure route_kmh[] = { { "ferry", 5 }, { "shuttle_train", 10 }, { 0 } };
static const struct figure surface_kmh[] = {
    { "cement", 80 }, { "compacted", 80 }, { "fine_gravel", 80 }, { "paving_stones", 60 },
    { "metal", 60 }, { "bricks", 60 }, { "grass", 40 }, { "wood", 40 }, { "sett", 40 },
    { "grass_paver", 40 }, { "gravel", 40 }, { "unpaved", 40 }, { "ground", 40 }, { "dirt", 40 },
    { "pebblestone", 40 }, { "tartan", 40 }, { "cobblestone", 30 }, { "clay", 30 },
    { "earth", 20 }, { "stone", 20 }, { "rocky", 20 }, { "sand", 20 }, { "laterite", 15 },
    { "mud", 10 }, { "ice", 20 }, { "snow", 30 }, { 0 },
};
static const struct figure tracktype_kmh[] = {
    { "grade1", 60 }, { "grade2", 40 }, { "grade3", 30 }, { "grade4", 25 }, { "grade5", 20 },
    { 0 },
};
static const struct figure smoothness_kmh[] = {
    { "intermediate", 80 }, { "bad", 40 }, { "very_bad", 20 }, { "horrible", 10 },
    { "very_horrible", 5 }, { "impassable", 0 }, { 0 },
};
static const struct figure posted_kmh[] = {   // by name; mph are 1.609 km/h as in OSRM
    { "at:rural", 100 }, { "at:trunk", 100 }, { "ar:urban", 40 }, { "ar:rural", 110 },
    { "be:motorway", 120 }, { "be-bru:rural", 70 }, { "be-bru:urban", 30 },
    { "be-vlg:rural", 70 }, { "bg:motorway", 140 }, { "by:urban", 60 }, { "by:motorway", 110 },
    { "ca-on:rural", 80 }, { "ch:rural", 80 }, { "ch:trunk", 100 }, { "ch:motorway", 120 },
    { "de:living_street", 7 }, { "de:rural", 100 }, { "de:motorway", 0 }, { "dk:rural", 80 },
    { "es:trunk", 90 }, { "fr:rural", 80 }, { "gb:nsl_single", 60 * 1.609 },
    { "gb:nsl_dual", 70 * 1.609 }, { "gb:motorway", 70 * 1.609 }, { "lv:living_street", 20 },
    { "nl:rural", 80 }, { "nl:trunk", 100 }, { "no:rural", 80 }, { "no:motorway", 110 },
    { "ph:urban", 40 }, { "ph:rural", 80 }, { "ph:motorway", 100 }, { "pl:rural", 100 },
    { "pl:expressway", 120 }, { "pl:motorway", 140 }, { "ro:trunk", 100 },
    { "ru:living_street", 20 }, { "ru:urban", 60 }, { "ru:motorway", 110 },
    { "uk:nsl_single", 60 * 1.609 }, { "uk:nsl_dual", 70 * 1.609 },
    { "uk:motorway", 70 * 1.609 }, { "za:urban", 60 }, { "za:rural", 100 }, { "none", 140 },
    { 0 },
};
static const struct figure posted_by_class_kmh[] = {
    { "urban", 50 }, { "rural", 90 }, { "trunk", 110 }, { "motorway", 130 }, { 0 },
};

#define WORDS(...) (const char *const[]){ __VA_ARGS__, NULL }
static const char *const open_access[] = {
    "yes", "motorcar", "motor_vehicle", "vehicle", "permissive", "designated", "hov", NULL,
};
static const char *const ends_access[] = {
    "private", "delivery", "destination", "customers", "permit", "residents", "unknown", NULL,
};
static const char *const closed_access[] = {
    "no", "agricultural", "forestry", "emergency", "psv", "taxi", "share_taxi", "minibus", "bus",
    "foot", "emergency_vehicle", "restricted", "military", "official", "customers", "private",
    "delivery", "destination", "permit", "residents", NULL,
};
static const char *const passable_barriers[] = {
    "cattle_grid", "border_control", "toll_booth", "sally_port", "no", "entrance",
    "height_restrictor", "arch", NULL,
};

static const char *const suffixes[2] = { ":forward", ":backward" };

const char *road_profile_name(enum road_profile profile)
{
    assert(profile < ROAD_PROFILES);
    return vehicles[profile].name;
}

enum status road_profile_parse(const char *name, enum road_profile *out, struct err *err)
{
    for (int p = 0; p < ROAD_PROFILES; p++) {
        *out = (enum road_profile)p;
        if (strcmp(name, vehicles[p].name) == 0) return OK;
    }
    return err_about(err, INVALID, "profile",
        "no such vehicle: car, minivan, truck or tricycle", "%s", name);
}

double facts_bend_ms2(enum road_profile profile)
{
    assert(profile < ROAD_PROFILES);
    return vehicles[profile].bend_ms2;
}

struct facts_engine facts_engine(enum road_profile profile)
{
    assert(profile < ROAD_PROFILES);
    return vehicles[profile].engine;
}

/* -- Tags -------------------------------------------------------------------------------------- */

const char *tags_get(struct tags tags, const char *key)
{
    for (size_t i = 0; i < tags.count; i++)
        if (strcmp(tags.tags[i].key, key) == 0) return tags.tags[i].value;
    return NULL;
}

static const char *get_joined(struct tags tags, const char *key, const char *rest)
{
    size_t length = strlen(key);
    for (size_t i = 0; i < tags.count; i++)
        if (strncmp(tags.tags[i].key, key, length) == 0
            && strcmp(tags.tags[i].key + length, rest) == 0) return tags.tags[i].value;
    return NULL;
}

/* The first of `keys` that is tagged, for one direction: "key:forward" goes before "key". */
static const char *get_towards(struct tags tags, const char *const *keys, int towards)
{
    for (int i = 0; i < KEYS_MAX && keys[i]; i++) {
        const char *value = get_joined(tags, keys[i], suffixes[towards]);
        if (value == NULL) value = tags_get(tags, keys[i]);
        if (value) return value;
    }
    return NULL;
}

static bool is(const char *value, const char *wanted)
{
    return value && strcmp(value, wanted) == 0;
}

static bool among(const char *value, const char *const *words)
{
    for (; value && *words; words++)
        if (strcmp(value, *words) == 0) return true;
    return false;
}

static const struct figure *figure_of(const char *name, const struct figure *figures)
{
    for (; name && figures->name; figures++)
        if (strcmp(name, figures->name) == 0) return figures;
    return NULL;
}

/* "3.5", "3,5 m", "11'6\"": metres. NaN: no number. */
static double parse_metres(const char *text)
{
    double number = NAN, inches = 0;
    char plain[32];
    if (text == NULL) return number;
    snprintf(plain, sizeof plain, "%s", text);
    for (char *at = plain; *at; at++) if (*at == ',') *at = '.';
    const char *digits = strpbrk(plain, "0123456789");
    if (digits == NULL || sscanf(digits, "%10lf", &number) != 1) return NAN;
    const char *feet = strchr(plain, '\'');
    if (feet == NULL) return number;
    const char *more = strpbrk(feet, "0123456789");
    if (more) inches = strtod(more, NULL);
    return (number * 12 + inches) * 0.0254;
}

static double parse_height(const char *text)
{
    return among(text, WORDS("default", "none", "no-sign", "unsigned")) ? 4.5 : parse_metres(text);
}

static double parse_kg(const char *text)
{
    double number = parse_metres(text);
    if (isnan(number) || strstr(text, "kg")) return number;
    return strstr(text, "lbs") ? number * 0.45359237 : number * 1000;
}

/* 0: nothing said. */
static double parse_kmh(const char *text)
{
    if (text == NULL) return 0;
    if (*text >= '0' && *text <= '9') {
        double number = strtod(text, NULL);
        bool mph = strstr(text, "mph") || strstr(text, "mp/h");
        return mph ? number * 1.609 : number;
    }
    for (const struct figure *f = posted_kmh; f->name; f++)
        if (strcasecmp(f->name, text) == 0) return f->value;
    const char *colon = strchr(text, ':');
    if (colon == NULL) return 0;
    for (const struct figure *f = posted_by_class_kmh; f->name; f++)
        if (strncasecmp(f->name, colon + 1, strlen(f->name)) == 0) return f->value;
    return 0;
}

/* "00:20", "1:30:00", "45" minutes, in seconds. 0: not said. */
static double parse_duration_s(const char *text)
{
    int a = 0, b = 0, c = 0;
    if (text == NULL) return 0;
    int parts = sscanf(text, "%4d:%4d:%4d", &a, &b, &c);
    if (a < 0 || b < 0 || c < 0) return 0;
    return parts == 3 ? a * 3600.0 + b * 60 + c : parts == 2 ? a * 3600.0 + b * 60
        : parts == 1 ? a * 60.0 : 0;
}

/* Of "yes;private" the most open. */
static const char *resolve_access(const char *value, char room[32])
{
    if (value == NULL || strchr(value, ';') == NULL) return value;
    int best = -1;
    char part[32], copy[256], *rest = copy;
    snprintf(copy, sizeof copy, "%s", value);
    for (char *word; (word = strsep(&rest, ";")) != NULL;) {
        if (sscanf(word, " %31s", part) != 1) continue;
        int rank = among(part, open_access) ? 3 : among(part, ends_access) ? 2
            : among(part, closed_access) ? 1 : 0;
        if (rank > best) {
            best = rank;
            memcpy(room, part, sizeof part);
        }
    }
    return best < 0 ? value : room;
}

/* -- Ways -------------------------------------------------------------------------------------- */

/* Nobody drives there, whatever the vehicle. */
static bool way_blocked(struct tags tags, const char *highway)
{
    const char *construction = tags_get(tags, "construction");
    return is(tags_get(tags, "area"), "yes") || among(highway, WORDS("steps", "construction",
            "proposed", "platform", "corridor", "raceway"))
        || is(tags_get(tags, "railway"), "construction")
        || (construction && !among(construction, WORDS("no", "widening", "minor")))
        || (highway == NULL && tags_get(tags, "proposed"))
        || is(tags_get(tags, "oneway"), "reversible") || is(tags_get(tags, "impassable"), "yes")
        || is(tags_get(tags, "status"), "impassable")
        || is(tags_get(tags, "service"), "emergency_access");
}

static bool too_big(struct tags tags, const struct vehicle *v, int towards)
{
    double height = parse_height(get_towards(tags, WORDS("maxheight:physical", "maxheight"),
        towards));
    const char *width_text = get_towards(tags, WORDS("maxwidth:physical", "maxwidth", "width",
        "est_width"), towards);
    double length = parse_metres(get_towards(tags, WORDS("maxlength"), towards));
    double weight = parse_kg(get_towards(tags, WORDS("maxweightrating", "maxweight"), towards));
    bool narrow = is(width_text, "narrow") || is(tags_get(tags, "narrow"), "yes");
    return height < v->height_m || parse_metres(width_text) <= v->width_m
        || length < v->length_m || weight < v->weight_kg || (narrow && v->width_m > 2.2);
}

/* 0: two ways, 1: as drawn, -1: against it. */
static int oneway_of(struct tags tags, const struct vehicle *v, const char *highway)
{
    const char *oneway = NULL;
    for (int i = 0; i < KEYS_MAX && v->modes[i] && oneway == NULL; i++)
        oneway = get_joined(tags, "oneway:", v->modes[i]);
    if (oneway == NULL) oneway = tags_get(tags, "oneway");
    if (is(oneway, "-1")) return -1;
    if (among(oneway, WORDS("yes", "1", "true"))) return 1;
    bool implied = is(highway, "motorway")
        || among(tags_get(tags, "junction"), WORDS("roundabout", "circular"));
    return implied && !is(oneway, "no") ? 1 : 0;
}

/* Speed of a track, km/h; 0: not for this vehicle. */
static double track_kmh(struct tags tags, const struct vehicle *v)
{
    static const double by_grade[] = { 12, 20, 15, 10, 6, 5 };
    const char *type = tags_get(tags, "tracktype"), *surface = tags_get(tags, "surface");
    int grade = 0;
    if (type && strncmp(type, "grade", 5) == 0 && type[5] >= '1' && type[5] <= '5')
        grade = type[5] - '0';
    else if (among(surface, WORDS("asphalt", "concrete", "paved", "concrete:plates",
            "concrete:lanes", "paving_stones"))) grade = 1;
    else if (among(surface, WORDS("compacted", "gravel", "fine_gravel"))) grade = 2;
    else if (surface) grade = among(surface, WORDS("mud", "sand", "grass", "earth")) ? 4 : 3;
    if (grade == 0) return v->track_untold ? by_grade[0] : 0;
    return grade <= v->track_grade_max ? by_grade[grade] : 0;
}

static double class_kmh(struct tags tags, const struct vehicle *v, const char *highway,
    const char *access)
{
    const struct figure *known = figure_of(highway, highway_kmh);
    if (known) return known->value;
    if (is(highway, "track") && v->track_grade_max) return track_kmh(tags, v);
    if (among(access, open_access) || (access && !among(access, closed_access))) return 10;
    return 0;
}

static double surface_cap_kmh(struct tags tags)
{
    const struct figure *caps[] = {
        figure_of(tags_get(tags, "surface"), surface_kmh),
        figure_of(tags_get(tags, "tracktype"), tracktype_kmh),
        figure_of(tags_get(tags, "smoothness"), smoothness_kmh),
    };
    double cap = INFINITY;
    for (size_t i = 0; i < COUNT(caps); i++)
        if (caps[i] && caps[i]->value < cap) cap = caps[i]->value;
    return cap;
}

static double way_kmh(struct tags tags, const struct vehicle *v, const char *highway,
    const char *access, int towards)
{
    double kmh = class_kmh(tags, v, highway, access);
    if (kmh <= 0) return 0;
    double posted = parse_kmh(get_towards(tags,
        WORDS("maxspeed:advisory", "maxspeed", "source:maxspeed", "maxspeed:type"), towards));
    if (posted > 0) kmh = is(highway, "track") ? fmin(kmh, posted * 0.8) : posted * 0.8;
    if (v == &vehicles[ROAD_TRUCK]) {
        double heavy = parse_kmh(get_towards(tags, WORDS("maxspeed:hgv"), towards));
        if (heavy > 0) kmh = fmin(kmh, heavy);
    }
    kmh = fmin(kmh, surface_cap_kmh(tags)) * v->speed_share;
    return fmin(kmh, v->speed_max);
}

/* A ferry, or a bridge that moves; 0: neither. */
static double special_kmh(struct tags tags, double length_m, bool *ferry)
{
    const struct figure *route = figure_of(tags_get(tags, "route"), route_kmh);
    *ferry = route != NULL;
    bool movable = is(tags_get(tags, "bridge"), "movable");
    if (!route && !movable) return 0;
    double duration_s = parse_duration_s(tags_get(tags, "duration"));
    if (duration_s > 0) return fmin(fmax(length_m / duration_s * 3.6, 0.1), 200);
    return route ? route->value : 5;
}

static void facts_for(struct tags tags, enum road_profile p, double length_m, const char *highway,
    struct road_facts *out)
{
    const struct vehicle *v = &vehicles[p];
    bool ferry, ends[2], open[2], startable = true;
    char room[2][32];
    const char *access[2];
    uint8_t bit = (uint8_t)(1 << p);
    double special = special_kmh(tags, length_m, &ferry);
    bool motorway = among(highway, WORDS("motorway", "motorway_link"))
        || is(tags_get(tags, "motorroad"), "yes");
    if (motorway && !v->motorways) return;
    int oneway = ferry ? 0 : oneway_of(tags, v, highway);
    bool known = figure_of(highway, highway_kmh) || (is(highway, "track") && v->track_grade_max);
    for (int d = FORWARD; d <= BACKWARD; d++) {
        access[d] = resolve_access(get_towards(tags, v->access, d), room[d]);
        ends[d] = among(access[d], ends_access) && known;
        open[d] = !too_big(tags, v, d) && (ends[d] || !among(access[d], closed_access))
            && oneway != (d == FORWARD ? -1 : 1);
        if (is(highway, "service") && d == FORWARD && is(access[d], "private")) startable = false;
    }
    for (int d = FORWARD; d <= BACKWARD; d++) {
        double kmh = special > 0 ? special : way_kmh(tags, v, highway, access[d], d);
        if (!open[d] || kmh <= 0) continue;
        out->speed[d][p] = (uint16_t)fmin(fmax(round(kmh * 10), 1), UINT16_MAX);
        if (ends[d]) out->ends_only[d] |= bit;
        if (startable && !ferry) out->startable |= bit;
    }
    if (ferry) out->flags |= ROAD_FERRY;
}

bool facts_of_way(struct tags tags, double length_m, struct road_facts *out)
{
    bool any = false;
    const char *highway = tags_get(tags, "highway"), *route = tags_get(tags, "route");
    *out = (struct road_facts){0};
    if (highway == NULL && figure_of(route, route_kmh) == NULL) return false;
    if (way_blocked(tags, highway)) return false;
    for (int p = 0; p < ROAD_PROFILES; p++)
        facts_for(tags, (enum road_profile)p, length_m, highway, out);
    if (among(tags_get(tags, "junction"), WORDS("roundabout", "circular")))
        out->flags |= ROAD_ROUNDABOUT;
    const char *bridge = tags_get(tags, "bridge"), *tunnel = tags_get(tags, "tunnel");
    if ((bridge && !is(bridge, "no")) || (tunnel && !is(tunnel, "no"))) out->flags |= ROAD_SPANS;
    for (int p = 0; p < ROAD_PROFILES; p++)
        any = any || out->speed[FORWARD][p] || out->speed[BACKWARD][p];
    return any;
}

/* -- Nodes ------------------------------------------------------------------------------------- */

static bool barrier_bars(struct tags tags, const char *barrier, const struct vehicle *v)
{
    const char *kerb = tags_get(tags, "kerb");
    bool low = is(barrier, "height_restrictor")
        && parse_height(tags_get(tags, "maxheight")) < v->height_m;
    bool passable = among(barrier, passable_barriers) || among(barrier, WORDS("gate", "lift_gate"))
        || is(tags_get(tags, "bollard"), "rising") || among(kerb, WORDS("lowered", "flush"))
        || (is(barrier, "kerb") && is(tags_get(tags, "highway"), "crossing"))
        || (is(barrier, "fence") && among(tags_get(tags, "sensory"), WORDS("audible", "audio")));
    return low || !passable;
}

static bool node_bars(struct tags tags, const char *barrier, const struct vehicle *v, bool *gate)
{
    char room[32];
    const char *access = NULL;
    for (int i = 0; i < KEYS_MAX && v->access[i] && access == NULL; i++)
        access = tags_get(tags, v->access[i]);
    access = resolve_access(access, room);
    if (access) return among(access, closed_access) && !among(access, ends_access);
    if (barrier == NULL) return false;
    if (among(barrier, WORDS("gate", "lift_gate"))) *gate = true;
    return barrier_bars(tags, barrier, v);
}

bool facts_of_node(struct tags tags, struct node_facts *out)
{
    enum { SIGNALS_CS = 200, GIVE_WAY_CS = 100 };
    *out = (struct node_facts){ .directions = 3, .undirected = true };
    const char *barrier = tags_get(tags, "barrier"), *highway = tags_get(tags, "highway");
    for (int p = 0; p < ROAD_PROFILES; p++) {
        bool gate = false;
        if (node_bars(tags, barrier, &vehicles[p], &gate)) out->barred |= (uint8_t)(1 << p);
        if (gate) out->gated |= (uint8_t)(1 << p);
    }
    const char *direction = tags_get(tags, "direction");
    if (is(highway, "traffic_signals")) {
        const char *own = tags_get(tags, "traffic_signals:direction");
        if (own) direction = own;
        out->wait_cs = SIGNALS_CS;
    } else if (is(highway, "stop")) {
        out->stop = is(tags_get(tags, "stop"), "minor") ? STOP_MINOR : STOP_ALL;
    } else if (is(highway, "give_way")) {
        out->wait_cs = GIVE_WAY_CS;
    } else {
        direction = NULL;
    }
    if (is(direction, "forward")) out->directions = 1 << FORWARD;
    if (is(direction, "backward")) out->directions = 1 << BACKWARD;
    if (among(direction, WORDS("forward", "backward", "both"))) out->undirected = false;
    out->turning = among(highway, WORDS("mini_roundabout", "turning_loop", "turning_circle"));
    return out->barred || out->gated || out->turning || out->stop || out->wait_cs;
}

/* -- Restrictions ------------------------------------------------------------------------------ */

/* The words between semicolons. */
static bool listed(const char *list, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = list; at && *at; at = strchr(at, ';'), at = at ? at + 1 : NULL) {
        at += strspn(at, " ");
        if (strncmp(at, word, length) == 0 && strchr("; ", at[length])) return true;
    }
    return false;
}

static const char *restriction_for(struct tags tags, const struct vehicle *v)
{
    const char *except = tags_get(tags, "except");
    for (int i = 0; i < KEYS_MAX && v->modes[i]; i++) {
        const char *own = get_joined(tags, "restriction:", v->modes[i]);
        if (own) return own;
        if (listed(except, v->modes[i])) return NULL;
    }
    return tags_get(tags, "restriction");
}

bool facts_of_restriction(struct tags tags, uint8_t *no, uint8_t *only, bool *conditional)
{
    *no = *only = 0;
    *conditional = tags_get(tags, "restriction:conditional") || tags_get(tags, "hour_on")
        || tags_get(tags, "day_on");
    if (tags_get(tags, "hour_on") || tags_get(tags, "day_on")) return false;
    for (int p = 0; p < ROAD_PROFILES; p++) {
        const char *value = restriction_for(tags, &vehicles[p]);
        if (value && strchr(value, '@')) {
            *conditional = true;
        } else if (value && strncmp(value, "no_", 3) == 0) {
            *no |= (uint8_t)(1 << p);
        } else if (value && strncmp(value, "only_", 5) == 0) {
            *only |= (uint8_t)(1 << p);
        }
    }
    return *no || *only;
}
