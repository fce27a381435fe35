/* testing.c - made extracts. */
#include "road/testing.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/test.h"

struct road_point made_point(double east_m, double north_m)
{
    double degree_m = 6371008.8 * M_PI / 180;
    return (struct road_point){
        29 + north_m / degree_m, 118 + east_m / (degree_m * cos(29 * M_PI / 180)),
    };
}

void made_begin(struct made *made)
{
    snprintf(made->folder, sizeof made->folder, "/tmp/cunhuo-road-XXXXXX");
    assert_non_null(mkdtemp(made->folder));
    snprintf(made->osm, sizeof made->osm, "%s/made.osm", made->folder);
    snprintf(made->out, sizeof made->out, "%s/made.road", made->folder);
    made->file = fopen(made->osm, "w");
    assert_non_null(made->file);
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<osm version=\"0.6\">\n", made->file);
}

static void put_tags(struct made *made, const char *tags)
{
    char copy[512], *rest = copy;
    snprintf(copy, sizeof copy, "%s", tags);
    for (char *word; (word = strsep(&rest, " ")) != NULL;) {
        char *value = strchr(word, '=');
        if (value == NULL) continue;
        *value++ = '\0';
        fprintf(made->file, "<tag k=\"%s\" v=\"%s\"/>", word, value);
    }
}

void made_node(struct made *made, int64_t id, double east_m, double north_m, const char *tags)
{
    struct road_point at = made_point(east_m, north_m);
    fprintf(made->file, "<node id=\"%lld\" lat=\"%.7f\" lon=\"%.7f\" version=\"1\">", (long long)id,
        at.lat, at.lon);
    put_tags(made, tags);
    fputs("</node>\n", made->file);
}

void made_way(struct made *made, int64_t id, const char *refs, const char *tags)
{
    char copy[512], *rest = copy;
    snprintf(copy, sizeof copy, "%s", refs);
    fprintf(made->file, "<way id=\"%lld\" version=\"1\">", (long long)id);
    for (char *word; (word = strsep(&rest, " ")) != NULL;)
        if (*word) fprintf(made->file, "<nd ref=\"%s\"/>", word);
    put_tags(made, tags);
    fputs("</way>\n", made->file);
}

void made_relation(struct made *made, int64_t id, const char *members, const char *tags)
{
    char copy[512], *rest = copy, role[16], kind;
    long long ref;
    snprintf(copy, sizeof copy, "%s", members);
    fprintf(made->file, "<relation id=\"%lld\" version=\"1\">", (long long)id);
    for (char *word; (word = strsep(&rest, " ")) != NULL;)
        if (sscanf(word, "%15[a-z]:%c%lld", role, &kind, &ref) == 3)
            fprintf(made->file, "<member type=\"%s\" ref=\"%lld\" role=\"%s\"/>",
                kind == 'n' ? "node" : "way", ref, role);
    put_tags(made, tags);
    fputs("</relation>\n", made->file);
}

struct road *made_road(struct made *made, struct road_build_report *report)
{
    struct err err = {0};
    struct road *road;
    fputs("</osm>\n", made->file);
    assert_int_equal(fclose(made->file), 0);
    enum status status = road_build(made->osm, made->out, report, &err);
    if (status != OK) print_message("%s: %s\n", err.text, err.detail);
    assert_int_equal(status, OK);
    assert_int_equal(road_open(made->out, &road, &err), OK);
    return road;
}

void made_end(struct made *made, struct road *road)
{
    road_close(road);
    unlink(made->osm);
    unlink(made->out);
    assert_int_equal(rmdir(made->folder), 0);   // nothing else was left
}

struct road_snap made_snap(const struct road *road, enum road_profile profile, double east_m,
    double north_m)
{
    struct err err = {0};
    struct road_snap snap;
    assert_int_equal(road_snap(road, profile, made_point(east_m, north_m), 60, &snap, &err), OK);
    return snap;
}

int32_t made_metres(const struct road *road, enum road_profile profile, double from_east_m,
    double from_north_m, double to_east_m, double to_north_m)
{
    struct err err = {0};
    int32_t metres;
    struct road_snap from = made_snap(road, profile, from_east_m, from_north_m);
    struct road_snap to = made_snap(road, profile, to_east_m, to_north_m);
    assert_int_equal(road_table(road, NULL, profile, &from, 1, &to, 1, NULL, &metres, &err), OK);
    return metres;
}
