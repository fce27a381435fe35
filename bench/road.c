/* road.c - what the road library costs, in CPU seconds of this process, one thread.
 *
 * bench_road EXTRACT POINTS.csv FILE.road [WAY]: builds FILE.road in a child of its own, opens it,
 * and asks it for the profile `car`, as bench/road asks the others. POINTS are id,lat,lon; the
 * first 500 and the first 1,000 make the matrices, snapping included; routes are 1,000 pairs of
 * the first 500 that a fixed generator draws. WAY is closed in the live state. The best of five
 * runs is told, for routes the mean. Prints one JSON object a line; the matrix of 500 goes to
 * FILE.road.500, int32 seconds and then metres, -1: no way. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "base/arena.h"
#include "base/rng.h"
#include "road/road.h"

enum { POINTS_MAX = 1000, RUNS = 5, ROUTES = 1000, ROUTE_POINTS = 500, NIGHT_POINTS = 300 };

static struct road_point points[POINTS_MAX];
static struct road_snap snaps[POINTS_MAX];
static int32_t durations[POINTS_MAX * POINTS_MAX], distances[POINTS_MAX * POINTS_MAX];

static double cpu_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void must(enum status status, const struct err *err)
{
    if (status == OK) return;
    fprintf(stderr, "bench_road: %s: %s\n", err->text, err->detail);
    exit(1);
}

static void say(const char *what, double value, const char *unit)
{
    printf("{\"what\":\"%s\",\"value\":%.9g,\"unit\":\"%s\"}\n", what, value, unit);
    fflush(stdout);
}

static size_t read_points(const char *path)
{
    char line[256];
    size_t count = 0;
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        perror(path);
        exit(1);
    }
    while (count < POINTS_MAX && fgets(line, sizeof line, file))
        if (sscanf(line, "%*[^,],%lf,%lf", &points[count].lat, &points[count].lon) == 2) count++;
    fclose(file);
    return count;
}

static void build(const char *extract, const char *file)
{
    struct err err = {0};
    struct rusage use;
    int status;
    pid_t child = fork();
    if (child == 0) {
        must(road_build(extract, file, NULL, &err), &err);
        _exit(0);
    }
    if (child < 0 || wait4(child, &status, 0, &use) < 0 || status != 0) exit(1);
    say("prepare", (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec)
        + (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) * 1e-6, "s");
    say("prepare memory", (double)use.ru_maxrss / 1024, "MiB");
}

static double resident_mib(void)
{
    long pages = 0, size;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file && fscanf(file, "%ld %ld", &size, &pages) != 2) pages = 0;
    if (file) fclose(file);
    return (double)pages * (double)sysconf(_SC_PAGESIZE) / (1 << 20);
}

static void snap(const struct road *road, size_t n)
{
    struct err err = {0};
    for (size_t i = 0; i < n; i++)
        must(road_snap(road, ROAD_CAR, points[i], 1000, &snaps[i], &err), &err);
}

static void matrix(const struct road *road, const struct road_state *state, size_t n,
    const char *what)
{
    struct err err = {0};
    double best = 1e9;
    int64_t none = 0;
    for (int run = 0; run < RUNS; run++) {
        double before = cpu_s();
        snap(road, n);
        must(road_matrix(road, state, ROAD_CAR, snaps, n, durations, distances, &err), &err);
        double took = cpu_s() - before;
        if (took < best) best = took;
    }
    for (size_t i = 0; i < n * n; i++) none += durations[i] < 0;
    say(what, best, "s");
    printf("{\"what\":\"%s: pairs without a way\",\"value\":%" PRId64 "}\n", what, none);
}

static void keep_matrix(const char *file, size_t n)
{
    char path[4096];
    snprintf(path, sizeof path, "%s.500", file);
    FILE *out = fopen(path, "wb");
    bool fine = out && fwrite(durations, sizeof *durations, n * n, out) == n * n
        && fwrite(distances, sizeof *distances, n * n, out) == n * n;
    if (out == NULL || fclose(out) != 0 || !fine) exit(1);
}

static void routes(const struct road *road)
{
    struct rng rng = rng_seeded(1);
    struct err err = {0};
    struct arena *arena = arena_open(1 << 28);
    size_t drawn = 0, found = 0;
    if (arena == NULL) exit(1);
    double before = cpu_s();
    for (int i = 0; i < ROUTES; i++) {
        struct road_point a = points[rng_below(&rng, ROUTE_POINTS)];
        struct road_point b = points[rng_below(&rng, ROUTE_POINTS)];
        struct road_snap from, to;
        struct road_route route;
        must(road_snap(road, ROAD_CAR, a, 1000, &from, &err), &err);
        must(road_snap(road, ROAD_CAR, b, 1000, &to, &err), &err);
        enum status status = road_route(road, NULL, ROAD_CAR, &from, &to, arena, &route, &err);
        found += status == OK;
        drawn += status == OK ? route.point_count : 0;
        arena_reset(arena);
    }
    say("route with geometry", (cpu_s() - before) * 1000 / ROUTES, "ms");
    say("points of a route", (double)drawn / (double)(found ? found : 1), "points");
    arena_free(arena);
}

static void closure(const struct road *road, const char *way)
{
    struct road_change change = { .what = ROAD_WAY, .way_id = strtoll(way, NULL, 10) };
    struct err err = {0};
    double best = 1e9;
    struct road_state *state = NULL;
    for (int run = 0; run < RUNS; run++) {
        road_state_free(state);
        double before = cpu_s();
        must(road_state_new(road, &change, 1, NULL, &state, &err), &err);
        must(road_table(road, state, ROAD_CAR, snaps, 1, snaps, 1, durations, distances, &err),
            &err);
        double took = cpu_s() - before;
        if (took < best) best = took;
    }
    say("closure, to the first answer", best * 1000, "ms");
    matrix(road, state, 500, "500 x 500 closed");
    road_state_free(state);
}

/* What a night asks: 300 x 300 for three vehicles, as built and with a road closed. */
static void night(const struct road *road, const char *way)
{
    static const enum road_profile vehicles[] = { ROAD_MINIVAN, ROAD_TRUCK, ROAD_TRICYCLE };
    struct road_change change = { .what = ROAD_WAY, .way_id = strtoll(way, NULL, 10) };
    struct road_state *state;
    struct err err = {0};
    double before = cpu_s();
    must(road_state_new(road, &change, 1, NULL, &state, &err), &err);
    for (size_t v = 0; v < COUNT(vehicles); v++) {
        for (size_t i = 0; i < NIGHT_POINTS; i++)
            must(road_snap(road, vehicles[v], points[i], 2000, &snaps[i], &err), &err);
        must(road_matrix(road, NULL, vehicles[v], snaps, NIGHT_POINTS, durations, distances, &err),
            &err);
        must(road_matrix(road, state, vehicles[v], snaps, NIGHT_POINTS, durations, distances, &err),
            &err);
    }
    say("night: 300 x 300, 3 vehicles, 2 states", cpu_s() - before, "s");
    road_state_free(state);
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fputs("bench_road EXTRACT POINTS.csv FILE.road [WAY]\n", stderr);
        return 2;
    }
    struct road *road;
    struct err err = {0};
    size_t n = read_points(argv[2]);
    build(argv[1], argv[3]);
    double before = cpu_s(), idle = resident_mib();
    must(road_open(argv[3], &road, &err), &err);
    double opened = cpu_s();
    snap(road, 2);
    must(road_table(road, NULL, ROAD_CAR, snaps, 1, snaps + 1, 1, durations, distances, &err),
        &err);
    say("file, four profiles", (double)road_info(road).bytes / (1 << 20), "MiB");
    say("load", (opened - before) * 1000, "ms");
    say("load, to the first answer", (cpu_s() - before) * 1000, "ms");
    say("memory by loading", resident_mib() - idle, "MiB");
    if (n >= ROUTE_POINTS) {
        matrix(road, NULL, 500, "500 x 500");
        keep_matrix(argv[3], 500);
    }
    if (n >= POINTS_MAX) matrix(road, NULL, 1000, "1,000 x 1,000");
    if (n >= ROUTE_POINTS) routes(road);
    if (argc > 4 && n >= ROUTE_POINTS) closure(road, argv[4]);
    if (argc > 4 && n >= NIGHT_POINTS) night(road, argv[4]);
    say("memory", resident_mib(), "MiB");
    road_close(road);
    return 0;
}
