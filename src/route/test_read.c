/* test_read.c - files: what is read, and that each error names its file, line and field. */
#include "base/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/arena.h"
#include "route/route.h"

static char path[64];

static int make_file(void **state)
{
    (void)state;
    strcpy(path, "/tmp/cunhuo-route-XXXXXX");
    int file = mkstemp(path);
    if (file < 0) return -1;
    close(file);
    return 0;
}

static int drop_file(void **state)
{
    (void)state;
    return unlink(path);
}

static void write_file(const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static enum status read_text(struct arena *arena, const char *text, struct route_file *file,
                             struct err *err)
{
    write_file(text);
    return route_read(arena, path, "auto", ROUTE_ROUND_ROUND, file, err);
}

#define HEAD "NAME : tiny\nTYPE : CVRP\nDIMENSION : 3\nEDGE_WEIGHT_TYPE : EUC_2D\nCAPACITY : 9\n"
#define COORDS "NODE_COORD_SECTION\n1 0 0\n2 3 4\n3 6 8\n"
#define DEMANDS "DEMAND_SECTION\n1 0\n2 5\n3 4\n"
#define DEPOT "DEPOT_SECTION\n1\n-1\nEOF\n"

static void vrplib(void **state)
{
    (void)state;
    struct arena *arena = arena_open((size_t)1 << 24);
    struct route_file file;
    struct err err;
    assert_int_equal(read_text(arena, HEAD COORDS DEMANDS DEPOT, &file, &err), OK);
    assert_string_equal(file.name, "tiny");
    assert_int_equal(file.problem.job_count, 2);
    assert_int_equal(file.problem.profiles[0].distance[1], 5);
    assert_int_equal(file.problem.jobs[1].delivery[0], 4);
    assert_int_equal(file.job_client[1], 2);
    arena_free(arena);
}

struct wrong { const char *text, *field, *detail; };

static void check_wrong(const struct wrong *wrong, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct arena *arena = arena_open((size_t)1 << 26);
        struct route_file file;
        struct err err = { 0 };
        if (read_text(arena, wrong[i].text, &file, &err) != INVALID)
            fail_msg("case %d is not refused", (int)i);
        if (err.field == NULL || strcmp(err.field, wrong[i].field) != 0 ||
            !strstr(err.detail, wrong[i].detail))
            fail_msg("case %d: %s: %s: %s", (int)i, err.field, err.text, err.detail);
        arena_free(arena);
    }
}

static void backhauls(void **state)
{
    (void)state;
    struct arena *arena = arena_open((size_t)1 << 26);
    struct route_file file;
    struct route_solution solution;
    struct err err;
    static const char text[] = "NAME : back\nTYPE : VRPB\nDIMENSION : 4\nCAPACITY : 9\n"
        "EDGE_WEIGHT_TYPE : EUC_2D\nNODE_COORD_SECTION\n1 0 0\n2 0 20\n3 0 10\n4 0 30\n"
        "DEMAND_SECTION\n1 0\n2 5\n3 0\n4 4\nBACKHAUL_SECTION\n1 0\n2 0\n3 7\n4 0\n" DEPOT;
    assert_int_equal(read_text(arena, text, &file, &err), OK);
    const struct route_problem *p = &file.problem;
    assert_int_equal(p->jobs[1].pickup[0], 7);
    assert_int_equal(p->profiles[0].distance[0 * 4 + 2], ROUTE_FAR);
    assert_int_equal(p->profiles[0].distance[2 * 4 + 1], ROUTE_FAR);
    assert_int_equal(p->profiles[0].distance[1 * 4 + 2], 10);
    struct route_options options = { .iterations = 500 };
    assert_int_equal(route_solve(arena, p, &options, &solution, &err), OK);
    assert_int_equal(solution.required_unserved, 0);
    assert_int_equal(solution.cost, 60);    // both deliveries, then the backhaul on the way home
    assert_int_equal(solution.tours[0].stops[2].index, 1);
    assert_int_equal(read_text(arena, HEAD COORDS "BACKHAUL_SECTION\n1 0\n2 -1\n3 0\n" DEPOT,
        &file, &err), INVALID);
    assert_string_equal(err.field, "BACKHAUL_SECTION");
    arena_free(arena);
}

#define SOLOMON "TINY\n\nVEHICLE\nNUMBER     CAPACITY\n  2        9\n\nCUSTOMER\n" \
    "CUST NO.  XCOORD.  YCOORD.  DEMAND  READY TIME  DUE DATE  SERVICE TIME\n\n" \
    " 0  0 0  0  0 100  0\n 1  3 4  5  10 20  2\n"
#define LILIM "2 9 1\n0 0 0 0 0 100 0 0 0\n1 3 4 5 0 50 2 0 2\n2 6 8 -5 0 90 2 1 0\n"

static void solomon(void **state)
{
    (void)state;
    struct arena *arena = arena_open((size_t)1 << 24);
    struct route_file file;
    struct err err;
    assert_int_equal(read_text(arena, SOLOMON " 2  6 8  4  0 90  2\n", &file, &err), OK);
    assert_string_equal(file.name, "TINY");
    assert_int_equal(file.problem.job_count, 2);
    assert_int_equal(file.problem.types[0].count, 2);
    assert_int_equal(file.problem.types[0].shift.close, 100);
    assert_int_equal(file.problem.profiles[0].duration[1], 5);
    assert_int_equal(file.problem.jobs[0].windows[0].open, 10);
    assert_int_equal(file.problem.jobs[1].delivery[0], 4);
    assert_int_equal(file.job_client[1], 2);
    arena_free(arena);
}

static void lilim(void **state)
{
    (void)state;
    struct arena *arena = arena_open((size_t)1 << 24);
    struct route_file file;
    struct err err;
    assert_int_equal(read_text(arena, LILIM, &file, &err), OK);
    assert_int_equal(file.problem.shipment_count, 1);
    assert_int_equal(file.problem.shipments[0].amount[0], 5);
    assert_int_equal(file.problem.shipments[0].delivery.location, 2);
    assert_int_equal(file.problem.shipments[0].delivery.windows[0].close, 90);
    assert_int_equal(file.delivery_client[0], 2);
    arena_free(arena);
}

static void bad_vrplib(void **state)
{
    (void)state;
    static const struct wrong wrong[] = {
        { "", "DIMENSION", ":0" },
        { HEAD, "DEPOT_SECTION", ":5" },
        { HEAD "NODE_COORD_SECTION\n1 0 0\n2 3\n", "NODE_COORD_SECTION", ":8" },
        { HEAD "NODE_COORD_SECTION\n1 0 0\n2 3 4\n", "NODE_COORD_SECTION", ":8" },
        { HEAD "NODE_COORD_SECTION\n1 0 0\n2 3 x\n", "NODE_COORD_SECTION", ":8" },
        { HEAD "NODE_COORD_SECTION\n1 0 0\n2 3 nan\n", "NODE_COORD_SECTION", ":8" },
        { HEAD "NODE_COORD_SECTION\n1 0 0\n1 3 4\n", "NODE_COORD_SECTION", ":8" },
        { HEAD "NODE_COORD_SECTION\n1 0 0\n4 3 4\n", "NODE_COORD_SECTION", ":8" },
        { HEAD COORDS "DEMAND_SECTION\n1 0\n2 -5\n3 4\n" DEPOT, "DEMAND_SECTION", ":" },
        { HEAD COORDS "DEMAND_SECTION\n1 0\n2 1e30\n3 4\n" DEPOT, "DEMAND_SECTION", ":" },
        { HEAD COORDS DEMANDS "TIME_WINDOW_SECTION\n1 0 9\n2 7 3\n3 1 2\n" DEPOT, "windows",
            "job 0" },
        { HEAD COORDS DEMANDS "SURPRISE_SECTION\n1 0\n" DEPOT, "section", ":14" },
        { HEAD "SURPRISE : 5\n", "key", ":6" },
        { "DIMENSION : -4\n", "DIMENSION", ":1" },
        { "DIMENSION : 4000000000\n", "DIMENSION", ":1" },
        { HEAD COORDS DEMANDS "DEPOT_SECTION\n7\n-1\n", "DEPOT_SECTION", ":15" },
        { "NAME : x\nEDGE_WEIGHT_TYPE : GEO\n", "EDGE_WEIGHT_TYPE", ":2" },
        { "DIMENSION : 2\nCAPACITY : 1\nEDGE_WEIGHT_TYPE : EXPLICIT\n"
            "EDGE_WEIGHT_FORMAT : FULL_MATRIX\nEDGE_WEIGHT_SECTION\n0 1\n1\n" DEPOT,
            "EDGE_WEIGHT_SECTION", ":7" },
    };
    check_wrong(wrong, COUNT(wrong));
}

#define PROFILE "\"profiles\":[{\"duration\":[[0,5],[6,0]],\"distance\":[0,50,-1,0]}]"
#define TYPES "\"types\":[{\"count\":1,\"capacity\":[3],\"cost_distance\":1,\"shift\":[0,99]}]"
#define JSON(rest) "{\"dims\":1,\"locations\":2," PROFILE "," TYPES "," rest "}"

static void json(void **state)
{
    (void)state;
    struct arena *arena = arena_open((size_t)1 << 24);
    struct route_file file;
    struct err err;
    assert_int_equal(read_text(arena, JSON("\"jobs\":[{\"location\":1,\"delivery\":[2],"
        "\"windows\":[[1,2],[5,6]],\"prize\":7}],\"shipments\":[{\"pickup\":{\"location\":1},"
        "\"delivery\":{\"location\":0,\"windows\":[[3,4]]},\"amount\":[1]}]"), &file, &err), OK);
    const struct route_problem *p = &file.problem;
    assert_int_equal(p->profiles[0].duration[2], 6);
    assert_int_equal(p->profiles[0].distance[2], ROUTE_FAR);
    assert_int_equal(p->jobs[0].windows[1].close, 6);
    assert_true(p->jobs[0].optional);
    assert_int_equal(p->shipments[0].delivery.windows[0].open, 3);
    assert_int_equal(p->types[0].shift.close, 99);
    arena_free(arena);
}

static void bad_texts(void **state)
{
    (void)state;
    static const struct wrong wrong[] = {
        { "TINY\nVEHICLE\n", "VEHICLE", ":" },
        { "TINY\nVEHICLE\nNUMBER CAPACITY\n 2\n", "VEHICLE", ":4" },
        { "TINY\nVEHICLE\nNUMBER CAPACITY\n 2 9\n", "CUSTOMER", ":4" },
        { SOLOMON "3 0 0 0 0 9 0\n", "number", ":12" },
        { SOLOMON "2 0 0 0 0\n", "row", ":12" },
        { SOLOMON "2 0 0 0 0 9 0 7\n", "row", ":12" },
        { SOLOMON "2 0 0 -1 0 9 0\n", "DEMAND_SECTION", ":" },
        { SOLOMON "2 0 0 1 9 3 0\n", "windows", "job 1" },
        { "2\n", "vehicles", ":1" },
        { "0 9 1\n", "vehicles", ":1" },
        { LILIM "3 0 0 1 0 9 0 0 0\n", "pair", ":" },
        { LILIM "3 0 0 1 0 9 0 0 7\n", "pair", ":" },
        { LILIM "3 0 0 1 0 9 0 0 2\n", "pair", ":" },
    };
    check_wrong(wrong, COUNT(wrong));
}

static void bad_json(void **state)
{
    (void)state;
    static const struct wrong wrong[] = {
        { "{", "json", ":1" },
        { "{\n\"dims\":1,\n]", "json", ":3" },
        { "[]", "json", "" },
        { "{}", "json", "dims" },
        { JSON("\"jobz\":[]"), "json", "jobz" },
        { JSON("\"jobs\":[{\"locatoin\":1}]"), "json", "jobs[0].locatoin" },
        { JSON("\"jobs\":[{},{\"location\":2}]"), "location", "job 1" },
        { JSON("\"jobs\":[{\"location\":-1}]"), "json", "jobs[0].location" },
        { JSON("\"jobs\":[{\"delivery\":[1,2]}]"), "json", "jobs[0].delivery" },
        { JSON("\"jobs\":[{\"windows\":[[5,4]]}]"), "windows", "job 0" },
        { JSON("\"jobs\":[{\"service\":1e99}]"), "json", "jobs[0].service" },
        { JSON("\"shipments\":[{\"pickup\":5}]"), "json", "shipments[0].pickup" },
        { "{\"dims\":1,\"locations\":2,\"profiles\":[{\"duration\":[[0,1]],\"distance\":[]}]}",
            "json", "profiles[0].duration" },
        { "{\"dims\":99,\"locations\":2}", "json", "dims" },
        { "{\"dims\":1,\"locations\":2," PROFILE "}", "types", "" },
    };
    check_wrong(wrong, COUNT(wrong));
}

/* Every file cut short anywhere is refused or read, never more. */
static void cut_short(void **state)
{
    (void)state;
    static const char *const whole[] = { HEAD COORDS DEMANDS DEPOT, SOLOMON, LILIM,
        JSON("\"jobs\":[{\"location\":1,\"delivery\":[2],\"windows\":[[1,2],[5,6]]}]") };
    for (size_t i = 0; i < COUNT(whole); i++) {
        for (size_t size = 0; size < strlen(whole[i]); size++) {
            char text[1024];
            snprintf(text, sizeof text, "%.*s", (int)size, whole[i]);
            struct arena *arena = arena_open((size_t)1 << 26);
            struct route_file file;
            struct err err = { 0 };
            enum status status = read_text(arena, text, &file, &err);
            assert_true(status == OK || (status == INVALID && err.field));
            arena_free(arena);
        }
    }
}

static void solutions(void **state)
{
    (void)state;
    struct arena *arena = arena_open((size_t)1 << 24);
    struct route_file file;
    struct route_solution solution;
    struct err err;
    assert_int_equal(read_text(arena, HEAD COORDS DEMANDS DEPOT, &file, &err), OK);
    write_file("Route #1: 1 2\nCost 20\n");
    assert_int_equal(route_read_solution(arena, path, &file, &solution, &err), OK);
    assert_int_equal(solution.cost, 20);
    static const char *const wrong[] = { "", "Route #1: 3\n", "Route #1: 1 x\n", "Route 1: 1\n",
        "Route #0: 1\n", "{\"tours\":[{\"type\":1,\"stops\":[]}]}", "{\"tours\":[{}]}",
        "{\"tours\":[{\"type\":0,\"stops\":[{\"kind\":\"job\",\"index\":2}]}]}" };
    for (size_t i = 0; i < COUNT(wrong); i++) {
        write_file(wrong[i]);
        err = (struct err){ 0 };
        if (route_read_solution(arena, path, &file, &solution, &err) != INVALID ||
            err.field == NULL || !strstr(err.detail, path))
            fail_msg("case %d", (int)i);
    }
    assert_int_equal(route_read(arena, "/none", "auto", 0, &file, &err), NOT_FOUND);
    arena_free(arena);
}

/* A folder with an instance and its .sol file. */
static void folder(void **state)
{
    (void)state;
    char dir[] = "/tmp/cunhuo-bench-XXXXXX", at[64];
    assert_non_null(mkdtemp(dir));
    char *none[] = { "route", "bench", dir };
    assert_int_equal(route_command(3, none), 2);
    const struct { const char *name, *text; } files[] = {
        { "tiny.vrp", HEAD COORDS DEMANDS DEPOT }, { "tiny.sol", "Route #1: 1 2\nCost 20\n" } };
    for (size_t i = 0; i < COUNT(files); i++) {
        snprintf(at, sizeof at, "%s/%s", dir, files[i].name);
        FILE *file = fopen(at, "w");
        assert_non_null(file);
        fputs(files[i].text, file);
        fclose(file);
    }
    char *all[] = { "route", "bench", dir, "--iterations", "50", "--seeds", "2" };
    assert_int_equal(route_command(7, all), 0);
    for (size_t i = 0; i < COUNT(files); i++) {
        snprintf(at, sizeof at, "%s/%s", dir, files[i].name);
        unlink(at);
    }
    assert_int_equal(rmdir(dir), 0);
    assert_int_equal(route_command(3, all), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("S2.2 VRPLIB files are read", vrplib),
        TEST("S2.2 backhauls come after deliveries", backhauls),
        TEST("S2.2 a bad VRPLIB file is refused, with its line and field", bad_vrplib),
        TEST("S2.2 Solomon's form is read", solomon),
        TEST("S2.2 Li and Lim's form is read", lilim),
        TEST("S2.2 bad files of both are refused, with line and field", bad_texts),
        TEST("S2.2 JSON problems are read", json),
        TEST("S2.2 a bad JSON problem is refused, with its place", bad_json),
        TEST("S2.2 files cut short are refused", cut_short),
        TEST("S2.2 a folder is solved beside its best known costs", folder),
        TEST("S2.2 solutions are read and bad ones refused", solutions),
    };
    return cmocka_run_group_tests(tests, make_file, drop_file);
}
