/* command.c - `cunhuo route solve`, `check` and `bench`. */
#include "route/command.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/text.h"

enum { EXIT_RIGHT = 0, EXIT_VIOLATED = 1, EXIT_UNREADABLE = 2, EXIT_UNSERVED = 3 };

struct arguments {
    const char *files[2];
    int file_count;
    const char *format, *start, *output, *round_name;
    enum route_round round;
    struct route_options options;
    bool progress;
    int32_t seeds;
};

static int complain(const struct err *err)
{
    fprintf(stderr, "cunhuo route: %s%s%s%s%s\n", err->field ? err->field : "",
        err->field ? ": " : "", err->text ? err->text : status_name(err->status),
        err->detail[0] ? ": " : "", err->detail);
    return EXIT_UNREADABLE;
}

static int usage(void)
{
    fputs("cunhuo route solve FILE [--format auto|vrplib|solomon|lilim|json] [--time SECONDS]\n"
          "    [--iterations N] [--round none|round|trunc|exact|dimacs] [--seed N] [--threads N]\n"
          "    [--start FILE] [--output FILE] [--progress]\n"
          "cunhuo route check INSTANCE SOLUTION [--format ...] [--round ...]\n"
          "cunhuo route bench FOLDER [--seeds K] [--time ...] [--round ...] [--threads N]\n",
        stderr);
    return EXIT_UNREADABLE;
}

static enum status set_round(struct arguments *a, const char *value, struct err *err)
{
    static const char *const names[] = { "none", "round", "trunc", "exact", "dimacs" };
    for (size_t i = 0; i < COUNT(names); i++) {
        if (strcmp(names[i], value) != 0) continue;
        a->round = (enum route_round)i;
        a->round_name = names[i];
        return OK;
    }
    return err_about(err, INVALID, "round", "Rounding not known", "%.40s", value);
}

static enum status set_number(const char *option, const char *value, int64_t most, int64_t *out,
                              struct err *err)
{
    if (text_i64(value, out) == OK && *out >= 0 && *out <= most) return OK;
    return err_about(err, INVALID, option, "Not a number, or out of range", "%.40s", value);
}

static enum status set_option(struct arguments *a, const char *option, const char *value,
                              struct err *err)
{
    int64_t number;
    if (strcmp(option, "--format") == 0) a->format = value;
    else if (strcmp(option, "--start") == 0) a->start = value;
    else if (strcmp(option, "--output") == 0) a->output = value;
    else if (strcmp(option, "--round") == 0) return set_round(a, value, err);
    else if (strcmp(option, "--time") == 0) {
        if (text_double(value, &a->options.seconds) != OK || !(a->options.seconds > 0))
            return err_about(err, INVALID, "time", "Not a positive number", "%.40s", value);
    } else if (strcmp(option, "--iterations") == 0) {
        return set_number("iterations", value, INT64_MAX, &a->options.iterations, err);
    } else if (strcmp(option, "--seed") == 0) {
        TRY(set_number("seed", value, INT64_MAX, &number, err));
        a->options.seed = (uint64_t)number;
    } else if (strcmp(option, "--seeds") == 0) {
        TRY(set_number("seeds", value, 1000, &number, err));
        a->seeds = (int32_t)number;
    } else if (strcmp(option, "--threads") == 0) {
        TRY(set_number("threads", value, 64, &number, err));
        a->options.threads = (int32_t)number;
    } else {
        return err_about(err, INVALID, "option", "Option not known", "%.40s", option);
    }
    return OK;
}

static enum status parse(int argc, char **argv, struct arguments *a, struct err *err)
{
    *a = (struct arguments){ .format = "auto", .round = ROUTE_ROUND_ROUND,
        .round_name = "round", .seeds = 1 };
    for (int i = 2; i < argc; i++) {
        if (strcmp(argv[i], "--progress") == 0) {
            a->progress = true;
        } else if (strncmp(argv[i], "--", 2) == 0) {
            if (i + 1 == argc)
                return err_about(err, INVALID, "option", "Its value is missing", "%.40s",
                    argv[i]);
            TRY(set_option(a, argv[i], argv[i + 1], err));
            i++;
        } else {
            if (a->file_count == 2)
                return err_about(err, INVALID, "file", "Too many files", "%.80s", argv[i]);
            a->files[a->file_count++] = argv[i];
        }
    }
    if (a->options.seconds <= 0 && a->options.iterations == 0) a->options.seconds = 10;
    return OK;
}

/* What a stop is called: its client's number, or job's index, or p3 and d3 for a shipment's
 * ends. */
static json_t *stop_id(const struct route_file *file, enum route_kind kind, int32_t index)
{
    if (kind == ROUTE_RELOAD) return file->vrplib ? json_integer(0) : json_string("reload");
    if (file->vrplib)
        return json_integer(kind == ROUTE_JOB ? file->job_client[index]
            : kind == ROUTE_PICKUP ? file->pickup_client[index] : file->delivery_client[index]);
    if (kind == ROUTE_JOB) return json_integer(index);
    return json_sprintf("%c%d", kind == ROUTE_PICKUP ? 'p' : 'd', (int)index);
}

static const char *const kind_names[] = { "job", "pickup", "delivery", "reload" };

static json_t *tour_json(const struct route_file *file, const struct route_tour *tour)
{
    json_t *stops = json_array();
    for (int32_t i = 0; i < tour->stop_count; i++) {
        const struct route_stop *s = &tour->stops[i];
        json_array_append_new(stops, json_pack("{s:s,s:i,s:i,s:i,s:i}", "kind",
            kind_names[s->kind], "index", (int)s->index, "arrival", (int)s->arrival, "start",
            (int)s->start, "departure", (int)s->departure));
    }
    const char *name = file->problem.types[tour->type].name;
    return json_pack("{s:i,s:s?,s:i,s:i,s:I,s:I,s:I,s:o}", "type", (int)tour->type, "name", name,
        "departure", (int)tour->departure, "arrival", (int)tour->arrival, "distance",
        (json_int_t)tour->distance, "travel", (json_int_t)tour->travel, "cost",
        (json_int_t)tour->cost, "stops", stops);
}

static json_t *solution_json(const struct route_file *file, const struct arguments *a,
                             const struct route_solution *solution)
{
    json_t *routes = json_array(), *tours = json_array(), *unserved = json_array();
    json_t *trajectory = json_array();
    for (int32_t t = 0; t < solution->tour_count; t++) {
        const struct route_tour *tour = &solution->tours[t];
        json_t *ids = json_array();
        for (int32_t i = 0; i < tour->stop_count; i++)
            json_array_append_new(ids, stop_id(file, tour->stops[i].kind, tour->stops[i].index));
        json_array_append_new(routes, ids);
        if (!file->vrplib) json_array_append_new(tours, tour_json(file, tour));
    }
    for (int32_t i = 0; i < solution->unserved_count; i++) {
        const struct route_unserved *out = &solution->unserved[i];
        json_array_append_new(unserved, json_pack("{s:o,s:s,s:i,s:s}", "id",
            stop_id(file, out->kind, out->index), "kind", kind_names[out->kind], "index",
            (int)out->index, "reason", route_reason_name(out->reason)));
    }
    for (int32_t i = 0; i < solution->trajectory_count; i++)
        json_array_append_new(trajectory, json_pack("[f,I]", solution->trajectory[i].seconds,
            (json_int_t)solution->trajectory[i].cost));
    json_t *root = json_pack("{s:s,s:I,s:b,s:I,s:I,s:o,s:o,s:I,s:f,s:I,s:i,s:o}", "instance",
        file->name, "cost", (json_int_t)solution->cost, "feasible",
        solution->required_unserved == 0, "distance", (json_int_t)solution->distance,
        "duration", (json_int_t)solution->duration, "routes", routes, "unserved", unserved,
        "iterations", (json_int_t)solution->iterations, "seconds", solution->seconds, "seed",
        (json_int_t)a->options.seed, "threads",
        (int)(a->options.threads > 1 ? a->options.threads : 1), "trajectory", trajectory);
    if (root && !file->vrplib) json_object_set_new(root, "tours", tours);
    else json_decref(tours);
    return root;
}

/* The vehicle of the file that a tour of this type takes: the next one of its type. */
static int32_t next_vehicle(const struct route_file *file, int32_t type, int32_t *next)
{
    while (next[type] < file->vehicle_count && file->vehicle_type[next[type]] != type)
        next[type]++;
    return ++next[type];
}

static enum status write_sol(struct arena *arena, const struct route_file *file, const char *path,
                             const struct route_solution *solution, struct err *err)
{
    int32_t *next = arena_new(arena,
        (size_t)(file->problem.type_count + 1) * sizeof *next);
    FILE *out = next ? fopen(path, "w") : NULL;
    if (out == NULL)
        return err_about(err, INVALID, "output", "Can't write the file", "%s: %s", path,
            strerror(errno));
    for (int32_t t = 0; t < solution->tour_count; t++) {
        const struct route_tour *tour = &solution->tours[t];
        int32_t number = file->problem.type_count > 1 ? next_vehicle(file, tour->type, next)
                                                      : t + 1;
        fprintf(out, "Route #%d:", (int)number);
        for (int32_t i = 0; i < tour->stop_count; i++) {
            const struct route_stop *s = &tour->stops[i];
            int32_t client = s->kind == ROUTE_RELOAD ? 0
                : s->kind == ROUTE_JOB ? file->job_client[s->index]
                : s->kind == ROUTE_PICKUP ? file->pickup_client[s->index]
                                          : file->delivery_client[s->index];
            fprintf(out, " %d", (int)client);
        }
        fputc('\n', out);
    }
    fprintf(out, "Cost %lld\n", (long long)solution->cost);
    if (fclose(out) == 0) return OK;
    return err_about(err, INVALID, "output", "Can't write the file", "%s: %s", path,
        strerror(errno));
}

static enum status write_json(json_t *root, const char *path, struct err *err)
{
    if (json_dump_file(root, path, JSON_COMPACT | JSON_REAL_PRECISION(9)) == 0) return OK;
    return err_about(err, INVALID, "output", "Can't write the file", "%s", path);
}

static bool tell_progress(void *ctx, const struct route_progress *progress)
{
    (void)ctx;
    fprintf(stderr, "%.2f s, %lld rounds, cost %lld, %d not served\n", progress->seconds,
        (long long)progress->iterations, (long long)progress->cost,
        (int)progress->required_unserved);
    return true;
}

static int solve(struct arena *arena, struct arguments *a, struct err *err)
{
    struct route_file file;
    struct route_solution start, solution;
    if (route_read(arena, a->files[0], a->format, a->round, &file, err) != OK)
        return complain(err);
    if (a->start) {
        if (route_read_solution(arena, a->start, &file, &start, err) != OK) return complain(err);
        a->options.start = &start;
    }
    if (a->progress) a->options.progress = tell_progress;
    if (route_solve(arena, &file.problem, &a->options, &solution, err) != OK)
        return complain(err);
    json_t *root = solution_json(&file, a, &solution);
    if (root == NULL) return complain(&(struct err){ .status = BROKEN, .text = "Out of memory" });
    enum status status = OK;
    if (a->output)
        status = file.vrplib ? write_sol(arena, &file, a->output, &solution, err)
                             : write_json(root, a->output, err);
    json_dumpf(root, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9));
    putchar('\n');
    json_decref(root);
    if (status != OK) return complain(err);
    return solution.required_unserved > 0 ? EXIT_UNSERVED : EXIT_RIGHT;
}

static void print_violation(const struct route_file *file, const struct route_violation *v)
{
    json_t *root = json_pack("{s:s,s:i,s:i,s:I}", "violation", route_fault_name(v->fault),
        "route", (int)v->tour, "stop", (int)v->stop, "amount", (json_int_t)v->amount);
    bool known = v->index >= 0 && v->fault != ROUTE_BAD_INDEX;
    if (known) json_object_set_new(root, "id", stop_id(file, v->kind, v->index));
    json_dumpf(root, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(root);
}

static int check(struct arena *arena, struct arguments *a, struct err *err)
{
    struct route_file file;
    struct route_solution solution;
    struct route_report report;
    if (route_read(arena, a->files[0], a->format, a->round, &file, err) != OK ||
        route_read_solution(arena, a->files[1], &file, &solution, err) != OK)
        return complain(err);
    if (route_check(arena, &file.problem, &solution, false, &report) != OK)
        return complain(&(struct err){ .status = BROKEN, .text = "Out of memory" });
    for (int32_t i = 0; i < report.violation_count; i++)
        print_violation(&file, &report.violations[i]);
    printf("{\"right\":%s,\"cost\":%lld,\"distance\":%lld,\"duration\":%lld}\n",
        report.violation_count == 0 ? "true" : "false", (long long)report.cost,
        (long long)report.distance, (long long)report.duration);
    return report.violation_count == 0 ? EXIT_RIGHT : EXIT_VIOLATED;
}

static int bench(const struct arguments *a, struct err *err)
{
    struct route_run run = { a->format, a->round, a->options };
    bool feasible;
    if (route_bench(a->files[0], &run, a->seeds, &feasible, err) != OK) return complain(err);
    return feasible ? EXIT_RIGHT : EXIT_UNSERVED;
}

int route_command(int argc, char **argv)
{
    struct arguments a;
    struct err err = { 0 };
    if (argc < 3) return usage();
    bool solves = strcmp(argv[1], "solve") == 0;
    bool benches = strcmp(argv[1], "bench") == 0;
    if (!solves && !benches && strcmp(argv[1], "check") != 0) return usage();
    if (parse(argc, argv, &a, &err) != OK) return complain(&err);
    if (a.file_count != (solves || benches ? 1 : 2)) return usage();
    if (benches) return bench(&a, &err);
    struct arena *arena = arena_open((size_t)4 << 30);
    if (arena == NULL) return complain(&(struct err){ .status = BROKEN, .text = "Out of memory" });
    int code = solves ? solve(arena, &a, &err) : check(arena, &a, &err);
    arena_free(arena);
    return code;
}
