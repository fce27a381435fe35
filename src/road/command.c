/* command.c - `cunhuo road ...`: building, asking and looking, from a shell. */
#include "road/road.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/text.h"
#include "road/datum.h"

enum { EXIT_INPUT = 2, WORDS_MAX = 4 };
#define MEMORY_MAX (UINT64_C(4) << 30)
#define SNAP_M 1000.0

static const char usage[] =
    "cunhuo road build EXTRACT.osm.pbf --output FILE.road [--heights FOLDER] [--mountain off]"
    " [--bbox LAT,LON,LAT,LON]\n"
    "cunhuo road matrix FILE.road --points FILE.csv [--profile P] [--within M] [--datum D]"
    " [--json | --csv]\n"
    "cunhuo road route FILE.road --from LAT,LON --to LAT,LON [--profile P] [--within M] [--json]\n"
    "cunhuo road reach FILE.road --from LAT,LON --minutes N [--profile P] [--within M]\n"
    "cunhuo road nearest FILE.road --at LAT,LON [--profile P] [--within M] [--json]\n"
    "cunhuo road places FILE.road [--json]\n"
    "cunhuo road info FILE.road [--json]\n"
    "P: car, minivan (if none is said), truck, tricycle. M: metres, 1000 if not said.\n"
    "D: wgs84 (if none is said), gcj02, bd09: of all positions given.\n"
    "--close-way ID, --close-nodes FROM,TO, --slow-way ID,FACTOR may be repeated.\n";

/* What the words of a command line say. */
struct asked {
    const char *verb, *file;
    const char *output, *points, *from, *to, *at, *within, *profile_name, *datum_name;
    const char *heights, *mountain, *bbox, *minutes;
    bool json, csv;
    struct road_change *changes;
    size_t change_count;
    enum road_profile profile;
    enum datum datum;
    double within_m;
    struct arena *arena;
};

static int complain(const struct err *err)
{
    fprintf(stderr, "cunhuo road: %s", err->text);
    if (err->detail[0]) fprintf(stderr, ": %s", err->detail);
    fputc('\n', stderr);
    return err->status == BROKEN || err->status == BUSY ? EXIT_FAILURE : EXIT_INPUT;
}

/* -- Options ----------------------------------------------------------------------------------- */

static enum status no_number(struct err *err, const char *option, const char *value)
{
    return err_about(err, INVALID, "option", "this is not what the option takes", "%s %s", option,
        value);
}

static enum status add_change(struct asked *a, const char *option, const char *value,
    struct err *err)
{
    struct road_change change = { .what = ROAD_WAY };
    char *end;
    errno = 0;
    long long first = strtoll(value, &end, 10);
    if (strcmp(option, "--close-nodes") == 0) {
        change.what = ROAD_NODES;
        change.from_node_id = first;
        if (*end++ != ',') return no_number(err, option, value);
        change.to_node_id = strtoll(end, &end, 10);
    } else if (strcmp(option, "--slow-way") == 0) {
        if (*end++ != ',') return no_number(err, option, value);
        change.factor = strtod(end, &end);
    }
    change.way_id = first;
    if (*end || errno) return no_number(err, option, value);
    a->changes = arena_more(a->arena, a->changes, a->change_count, sizeof *a->changes);
    if (a->changes == NULL) return err_set(err, BROKEN, NULL, "no memory");
    a->changes[a->change_count++] = change;
    return OK;
}

static enum status read_option(struct asked *a, const char *option, const char *value,
    struct err *err)
{
    const struct { const char *name; const char **value; } plain[] = {
        { "--output", &a->output }, { "--points", &a->points }, { "--from", &a->from },
        { "--to", &a->to }, { "--at", &a->at }, { "--within", &a->within },
        { "--profile", &a->profile_name }, { "--datum", &a->datum_name },
        { "--heights", &a->heights }, { "--mountain", &a->mountain }, { "--bbox", &a->bbox },
        { "--minutes", &a->minutes },
    };
    if (value == NULL)
        return err_about(err, INVALID, "option", "the option wants a value", "%s", option);
    for (size_t i = 0; i < COUNT(plain); i++) {
        if (strcmp(option, plain[i].name) != 0) continue;
        *plain[i].value = value;
        return OK;
    }
    static const char *const changes[] = { "--close-way", "--close-nodes", "--slow-way" };
    for (size_t i = 0; i < COUNT(changes); i++)
        if (strcmp(option, changes[i]) == 0) return add_change(a, option, value, err);
    return err_about(err, INVALID, "option", "no such option", "%s", option);
}

static enum status read_words(struct asked *a, int argc, char **argv, struct err *err)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            a->json = true;
        } else if (strcmp(argv[i], "--csv") == 0) {
            a->csv = true;
        } else if (strncmp(argv[i], "--", 2) == 0) {
            TRY(read_option(a, argv[i], i + 1 < argc ? argv[i + 1] : NULL, err));
            i++;
        } else if (a->verb == NULL) {
            a->verb = argv[i];
        } else if (a->file == NULL) {
            a->file = argv[i];
        } else {
            return err_about(err, INVALID, "option", "one word too many", "%s", argv[i]);
        }
    }
    if (a->verb == NULL || a->file == NULL)
        return err_set(err, INVALID, "option", "say what to do, and with which file");
    TRY(road_profile_parse(a->profile_name ? a->profile_name : "minivan", &a->profile, err));
    TRY(datum_parse(a->datum_name ? a->datum_name : "wgs84", &a->datum, err));
    a->within_m = SNAP_M;
    if (a->within && (text_double(a->within, &a->within_m) != OK || a->within_m < 0))
        return no_number(err, "--within", a->within);
    return OK;
}

static enum status wanted(const char *value, const char *option, struct err *err)
{
    return value ? OK : err_about(err, INVALID, "option", "an option is missing", "%s", option);
}

static enum status read_position(const struct asked *a, const char *option, const char *text,
    struct road_point *out, struct err *err)
{
    char lat[32];
    TRY(wanted(text, option, err));
    const char *comma = strchr(text, ',');
    if (comma == NULL || comma - text >= (ptrdiff_t)sizeof lat) return no_number(err, option, text);
    snprintf(lat, sizeof lat, "%.*s", (int)(comma - text), text);
    if (text_double(lat, &out->lat) != OK || text_double(comma + 1, &out->lon) != OK)
        return no_number(err, option, text);
    *out = datum_to_wgs84(a->datum, *out);
    return OK;
}

static enum status make_state(const struct asked *a, const struct road *road,
    struct road_state **out, struct err *err)
{
    *out = NULL;
    if (a->change_count == 0) return OK;
    int64_t *touched = arena_new(a->arena, a->change_count * sizeof *touched);
    if (touched == NULL) return err_set(err, BROKEN, NULL, "no memory");
    TRY(road_state_new(road, a->changes, a->change_count, touched, out, err));
    for (size_t i = 0; i < a->change_count; i++)
        if (touched[i] == 0)
            fprintf(stderr, "cunhuo road: change %zu touches no road of this file\n", i + 1);
    return OK;
}

/* -- Points from CSV --------------------------------------------------------------------------- */

struct named_point { char *id; struct road_point at; };
struct points { struct named_point *items; size_t count; };

/* One field, moved past; quotes are taken off. NULL at the end of the line. */
static char *next_field(char **rest)
{
    char *at = *rest, *out = at, *field = at;
    if (at == NULL) return NULL;
    bool quoted = *at == '"';
    if (quoted) at++;
    for (; *at && (quoted || *at != ','); at++) {
        if (quoted && *at == '"') {
            if (at[1] != '"') { quoted = false; continue; }
            at++;
        }
        *out++ = *at;
    }
    *rest = *at == ',' ? at + 1 : NULL;
    *out = '\0';
    return field;
}

static enum status read_line(const struct asked *a, char *line, long number, struct points *points,
    struct err *err)
{
    line[strcspn(line, "\r\n")] = '\0';
    if (number == 1 && strncmp(line, "\xEF\xBB\xBF", 3) == 0) line += 3;
    if (*line == '\0') return OK;
    char *rest = line, *id = next_field(&rest), *lat = next_field(&rest), *lon = next_field(&rest);
    if (number == 1 && lat && strcmp(lat, "lat") == 0) return OK;
    struct road_point at;
    if (lon == NULL || text_double(lat, &at.lat) != OK || text_double(lon, &at.lon) != OK)
        return err_about(err, INVALID, "points", "a line of points is id,lat,lon", "line %ld",
            number);
    if (!text_valid(id, strlen(id)))
        return err_about(err, INVALID, "points", "the text is no UTF-8", "line %ld", number);
    points->items = arena_more(a->arena, points->items, points->count, sizeof *points->items);
    char *copy = arena_text(a->arena, id);
    if (points->items == NULL || copy == NULL) return err_set(err, BROKEN, NULL, "no memory");
    points->items[points->count++]
        = (struct named_point){ copy, datum_to_wgs84(a->datum, at) };
    return OK;
}

static enum status read_points(const struct asked *a, struct points *points, struct err *err)
{
    TRY(wanted(a->points, "--points", err));
    FILE *file = fopen(a->points, "r");
    if (file == NULL)
        return err_about(err, INVALID, "points", "the file of points can't be opened", "%s: %s",
            a->points, strerror(errno));
    char *line = NULL;
    size_t room = 0;
    long number = 0;
    enum status status = OK;
    while (status == OK && getline(&line, &room, file) >= 0)
        status = read_line(a, line, ++number, points, err);
    free(line);
    fclose(file);
    if (status == OK && points->count == 0)
        return err_about(err, INVALID, "points", "the file holds no points", "%s", a->points);
    return status;
}

/* -- Verbs ------------------------------------------------------------------------------------- */

static enum status print_json(json_t *json, struct err *err)
{
    int failed = json == NULL || json_dumpf(json, stdout, JSON_INDENT(1)) != 0;
    json_decref(json);
    putchar('\n');
    return failed ? err_set(err, BROKEN, NULL, "no memory") : OK;
}

static enum status build_options(const struct asked *a, struct road_build_options *o,
    struct err *err)
{
    *o = (struct road_build_options){ .heights = a->heights };
    if (a->mountain && strcmp(a->mountain, "on") != 0 && strcmp(a->mountain, "off") != 0)
        return no_number(err, "--mountain", a->mountain);
    o->flat = a->mountain && strcmp(a->mountain, "off") == 0;
    if (a->bbox == NULL) return OK;
    double lat, lon;
    int end = 0;
    if (sscanf(a->bbox, "%lf,%lf,%lf,%lf%n", &o->lat_min, &o->lon_min, &lat, &lon, &end) != 4
        || a->bbox[end] != '\0') return no_number(err, "--bbox", a->bbox);
    o->lat_max = fmax(lat, o->lat_min);
    o->lat_min = fmin(lat, o->lat_min);
    o->lon_max = fmax(lon, o->lon_min);
    o->lon_min = fmin(lon, o->lon_min);
    o->boxed = true;
    return OK;
}

static enum status do_build(const struct asked *a, struct err *err)
{
    struct road_build_options options;
    struct road_build_report r;
    TRY(wanted(a->output, "--output", err));
    TRY(build_options(a, &options, err));
    TRY(road_build_with(a->file, a->output, &options, &r, err));
    if (a->heights)
        printf("%lld of %lld points have a height\n", (long long)r.points_with_height,
            (long long)r.points);
    printf("%lld nodes, %lld ways and %lld relations read; %lld ways kept\n",
        (long long)r.osm_nodes, (long long)r.osm_ways, (long long)r.osm_relations,
        (long long)r.ways);
    printf("%lld stretches, %lld points, %lld turns, %lld places; %lld bytes\n",
        (long long)r.stretches, (long long)r.points, (long long)r.turns, (long long)r.places,
        (long long)r.file_bytes);
    for (int p = 0; p < ROAD_PROFILES; p++)
        printf("%s: %.1f km, of these %.1f km in the main net\n",
            road_profile_name((enum road_profile)p), r.length_m[p] / 1000,
            r.length_main_m[p] / 1000);
    printf("%lld turn restrictions, %lld of them over a way\n", (long long)r.restrictions,
        (long long)r.restrictions_via_way);
    if (r.restrictions_conditional)
        printf("notice: %lld restrictions hold at certain hours only and were left out\n",
            (long long)r.restrictions_conditional);
    if (r.restrictions_faulty)
        printf("notice: %lld restrictions whose ways don't meet were left out\n",
            (long long)r.restrictions_faulty);
    if (r.nodes_missing)
        printf("notice: %lld nodes of kept ways are not in the extract\n",
            (long long)r.nodes_missing);
    return OK;
}

static void print_rows(const char *name, const int32_t *values, size_t n, bool last)
{
    printf("\"%s\":[", name);
    for (size_t i = 0; i < n; i++) {
        fputs(i ? ",\n[" : "[", stdout);
        for (size_t j = 0; j < n; j++) {
            int32_t value = values[i * n + j];
            if (value < 0) fputs(j ? ",null" : "null", stdout);
            else printf(j ? ",%d" : "%d", value);
        }
        putchar(']');
    }
    fputs(last ? "]}\n" : "],\n", stdout);
}

static enum status print_matrix(const struct asked *a, const struct points *points,
    const int32_t *durations, const int32_t *distances, struct err *err)
{
    size_t n = points->count;
    if (a->csv) {
        puts("from,to,duration_s,distance_m");
        for (size_t i = 0; i < n * n; i++)
            printf("%s,%s,%d,%d\n", points->items[i / n].id, points->items[i % n].id,
                durations[i], distances[i]);
        return OK;
    }
    printf("{\"profile\":\"%s\",\"ids\":[", road_profile_name(a->profile));
    for (size_t i = 0; i < n; i++) {
        json_t *id = json_string(points->items[i].id);
        if (i) putchar(',');
        int failed = id == NULL || json_dumpf(id, stdout, JSON_ENCODE_ANY) != 0;
        json_decref(id);
        if (failed) return err_set(err, BROKEN, NULL, "no memory");
    }
    fputs("],\n", stdout);
    print_rows("durations", durations, n, false);
    print_rows("distances", distances, n, true);
    return OK;
}

static enum status do_matrix(const struct asked *a, const struct road *road,
    const struct road_state *state, struct err *err)
{
    struct points points = {0};
    TRY(read_points(a, &points, err));
    size_t n = points.count;
    struct road_snap *snaps = arena_new(a->arena, n * sizeof *snaps);
    int32_t *durations = arena_new(a->arena, n * n * sizeof *durations);
    int32_t *distances = arena_new(a->arena, n * n * sizeof *distances);
    if (!snaps || !durations || !distances) return err_set(err, BROKEN, NULL, "no memory");
    for (size_t i = 0; i < n; i++) {
        struct road_snap *snap = &snaps[i];
        TRY(road_snap(road, a->profile, points.items[i].at, a->within_m, snap, err));
        if (!snap->main)
            fprintf(stderr, "cunhuo road: %s lies on a road cut off from the main net\n",
                points.items[i].id);
    }
    TRY(road_matrix(road, state, a->profile, snaps, n, durations, distances, err));
    return print_matrix(a, &points, durations, distances, err);
}

static enum status do_route(const struct asked *a, const struct road *road,
    const struct road_state *state, struct err *err)
{
    struct road_point from, to;
    struct road_snap start, end;
    struct road_route route;
    TRY(read_position(a, "--from", a->from, &from, err));
    TRY(read_position(a, "--to", a->to, &to, err));
    TRY(road_snap(road, a->profile, from, a->within_m, &start, err));
    TRY(road_snap(road, a->profile, to, a->within_m, &end, err));
    TRY(road_route(road, state, a->profile, &start, &end, a->arena, &route, err));
    if (!a->json) {
        printf("%d s, %d m, %zu points\n", route.duration_s, route.distance_m, route.point_count);
        return OK;
    }
    json_t *line = json_array();
    for (size_t i = 0; i < route.point_count; i++)
        json_array_append_new(line, json_pack("[f,f]", route.points[i].lon, route.points[i].lat));
    const char *polyline = road_polyline(route.points, route.point_count, a->arena);
    return print_json(json_pack("{s:s,s:i,s:i,s:s,s:{s:s,s:o}}", "profile",
        road_profile_name(a->profile), "duration", route.duration_s, "distance", route.distance_m,
        "polyline6", polyline ? polyline : "", "geometry", "type", "LineString", "coordinates",
        line), err);
}

/* GeoJSON: a line for each piece, with the second in which its end is reached. */
static enum status do_reach(const struct asked *a, const struct road *road,
    const struct road_state *state, struct err *err)
{
    struct road_point from;
    struct road_snap start;
    const struct road_reached *pieces;
    size_t count;
    double minutes;
    TRY(read_position(a, "--from", a->from, &from, err));
    TRY(wanted(a->minutes, "--minutes", err));
    if (text_double(a->minutes, &minutes) != OK || !(minutes >= 0 && minutes <= 1e5))
        return no_number(err, "--minutes", a->minutes);
    TRY(road_snap(road, a->profile, from, a->within_m, &start, err));
    TRY(road_reach(road, state, a->profile, &start, (int32_t)(minutes * 60), a->arena, &pieces,
        &count, err));
    puts("{\"type\":\"FeatureCollection\",\"features\":[");
    for (size_t i = 0; i < count; i++)
        printf("%s{\"type\":\"Feature\",\"properties\":{\"seconds\":%d},\"geometry\":"
            "{\"type\":\"LineString\",\"coordinates\":[[%.7f,%.7f],[%.7f,%.7f]]}}\n",
            i ? "," : "", pieces[i].to_s, pieces[i].from.lon, pieces[i].from.lat,
            pieces[i].to.lon, pieces[i].to.lat);
    puts("]}");
    return OK;
}

static enum status do_nearest(const struct asked *a, const struct road *road, struct err *err)
{
    struct road_point at;
    struct road_snap snap;
    TRY(read_position(a, "--at", a->at, &at, err));
    TRY(road_snap(road, a->profile, at, a->within_m, &snap, err));
    if (!a->json) {
        printf("%.7f,%.7f, %.1f m off, way %lld between nodes %lld and %lld, %s%s\n", snap.at.lat,
            snap.at.lon, snap.distance_m, (long long)snap.way_id, (long long)snap.from_node_id,
            (long long)snap.to_node_id, snap.left ? "left side" : "right side",
            snap.main ? "" : ", cut off from the main net");
        return OK;
    }
    return print_json(json_pack("{s:f,s:f,s:f,s:b,s:s,s:I,s:I,s:I}", "lat", snap.at.lat, "lon",
        snap.at.lon, "distance", snap.distance_m, "main", (int)snap.main, "side",
        snap.left ? "left" : "right", "way", (json_int_t)snap.way_id, "from_node",
        (json_int_t)snap.from_node_id, "to_node", (json_int_t)snap.to_node_id), err);
}

static enum status do_places(const struct asked *a, const struct road *road, struct err *err)
{
    json_t *list = json_array();
    for (size_t i = 0; i < road_place_count(road); i++) {
        struct road_place p = road_place(road, i);
        if (a->json)
            json_array_append_new(list, json_pack("{s:I,s:s,s:s,s:f,s:f,s:I}", "id",
                (json_int_t)p.osm_id, "name", p.name, "kind", p.kind, "lat", p.at.lat, "lon",
                p.at.lon, "population", (json_int_t)p.population));
        else
            printf("%lld\t%s\t%s\t%.7f\t%.7f\n", (long long)p.osm_id, p.kind, p.name, p.at.lat,
                p.at.lon);
    }
    if (a->json) return print_json(list, err);
    json_decref(list);
    return OK;
}

static enum status do_info(const struct asked *a, const struct road *road, struct err *err)
{
    struct road_info info = road_info(road);
    json_t *lengths = json_object();
    for (int p = 0; p < ROAD_PROFILES; p++) {
        const char *name = road_profile_name((enum road_profile)p);
        if (!a->json) printf("%s: %.1f km, of these %.1f km in the main net\n", name,
            info.length_m[p] / 1000, info.length_main_m[p] / 1000);
        json_object_set_new(lengths, name, json_pack("{s:f,s:f}", "length", info.length_m[p],
            "main", info.length_main_m[p]));
    }
    if (a->json)
        return print_json(json_pack("{s:[f,f,f,f],s:I,s:I,s:I,s:I,s:I,s:o}", "bounds",
            info.lat_min, info.lon_min, info.lat_max, info.lon_max, "stretches",
            (json_int_t)info.stretches, "points", (json_int_t)info.points, "turns",
            (json_int_t)info.turns, "places", (json_int_t)info.places, "bytes",
            (json_int_t)info.bytes, "profiles", lengths), err);
    json_decref(lengths);
    printf("lat %.5f to %.5f, lon %.5f to %.5f\n", info.lat_min, info.lat_max, info.lon_min,
        info.lon_max);
    printf("%lld stretches, %lld points, %lld turns, %lld places, %lld bytes\n",
        (long long)info.stretches, (long long)info.points, (long long)info.turns,
        (long long)info.places, (long long)info.bytes);
    return OK;
}

static enum status ask(const struct asked *a, const struct road *road, struct err *err)
{
    struct road_state *state;
    TRY(make_state(a, road, &state, err));
    enum status status = strcmp(a->verb, "matrix") == 0 ? do_matrix(a, road, state, err)
        : strcmp(a->verb, "route") == 0 ? do_route(a, road, state, err)
        : strcmp(a->verb, "reach") == 0 ? do_reach(a, road, state, err)
        : strcmp(a->verb, "nearest") == 0 ? do_nearest(a, road, err)
        : strcmp(a->verb, "places") == 0 ? do_places(a, road, err)
        : strcmp(a->verb, "info") == 0 ? do_info(a, road, err)
        : err_about(err, INVALID, "option", "no such command", "%s", a->verb);
    road_state_free(state);
    return status;
}

static enum status run(struct asked *a, int argc, char **argv, struct err *err)
{
    struct road *road;
    TRY(read_words(a, argc, argv, err));
    if (strcmp(a->verb, "build") == 0) return do_build(a, err);
    TRY(road_open(a->file, &road, err));
    enum status status = ask(a, road, err);
    road_close(road);
    if (status == OK && (fflush(stdout) != 0 || ferror(stdout)))
        return err_about(err, BROKEN, NULL, "the answer can't be written", "%s", strerror(errno));
    return status;
}

int road_command(int argc, char **argv)
{
    if (argc < 2 || strcmp(argv[1], "--help") == 0) {
        fputs(usage, argc < 2 ? stderr : stdout);
        return argc < 2 ? EXIT_INPUT : EXIT_SUCCESS;
    }
    struct err err = {0};
    struct arena *arena = arena_open(MEMORY_MAX);
    if (arena == NULL) return EXIT_FAILURE;
    struct asked asked = { .arena = arena };
    enum status status = run(&asked, argc, argv, &err);
    arena_free(arena);
    return status == OK ? EXIT_SUCCESS : complain(&err);
}
