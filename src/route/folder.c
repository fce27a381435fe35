/* folder.c - `cunhuo route bench DIR`: solves every instance of a folder and prints its gap to the
 * cost that the .sol file beside it tells. */
#include "route/command.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"

struct tally { int32_t runs, gaps, out; double sum; };

/* What the .sol file says: a line "Cost 123" or "Cost: 123". One with a fraction is in the units of
 * the instance, before rounding. false: there is none. */
static bool told_cost(const char *instance, enum route_round round, double *cost)
{
    char path[1024], line[256];
    const char *dot = strrchr(instance, '.');
    snprintf(path, sizeof path, "%.*s.sol", (int)(dot - instance), instance);
    FILE *file = fopen(path, "r");
    bool found = false;
    while (file && !found && fgets(line, sizeof line, file)) {
        char *at = line + 4, *end;
        if (strncmp(line, "Cost", 4) != 0) continue;
        at += strspn(at, ": \t");
        *cost = strtod(at, &end);
        found = end != at && *cost > 0;
        if (memchr(at, '.', (size_t)(end - at)) == NULL) continue;
        if (round == ROUTE_ROUND_EXACT) *cost *= 1000;
        if (round == ROUTE_ROUND_DIMACS) *cost *= 10;
    }
    if (file) fclose(file);
    return found;
}

static enum status solve_one(const char *path, const struct route_run *run, uint64_t seed,
                             struct tally *tally, struct err *err)
{
    struct arena *arena = arena_open((size_t)4 << 30);
    if (arena == NULL) return err_set(err, BROKEN, NULL, "Out of memory");
    struct route_file file;
    struct route_solution s;
    struct route_options options = run->options;
    options.seed = seed;
    enum status status = route_read(arena, path, run->format, run->round, &file, err);
    if (status == OK) status = route_solve(arena, &file.problem, &options, &s, err);
    double best;
    if (status == OK) {
        const char *name = strrchr(path, '/') + 1;
        printf("%-32s %6" PRIu64 " %16" PRId64, name, seed, s.cost);
        tally->runs++;
        if (s.required_unserved > 0) {
            printf("  %d not served\n", (int)s.required_unserved);
            tally->out++;
        } else if (told_cost(path, run->round, &best)) {
            double gap = 100 * ((double)s.cost / best - 1);
            printf(" %8.3f %%\n", gap);
            tally->sum += gap;
            tally->gaps++;
        } else {
            printf("        - %%\n");
        }
        fflush(stdout);
    }
    arena_free(arena);
    return status;
}

static int is_instance(const struct dirent *entry)
{
    static const char *const ends[] = { ".vrp", ".txt", ".json" };
    const char *dot = strrchr(entry->d_name, '.');
    for (size_t i = 0; dot && i < COUNT(ends); i++)
        if (strcmp(dot, ends[i]) == 0) return 1;
    return 0;
}

enum status route_bench(const char *folder, const struct route_run *run, int32_t seeds,
                        bool *feasible, struct err *err)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, is_instance, alphasort);
    if (count < 0)
        return err_about(err, INVALID, "folder", "Can't read it", "%s: %s", folder,
            strerror(errno));
    struct tally tally = { 0 };
    enum status status = OK;
    for (int i = 0; i < count; i++) {
        char path[1024];
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        for (int32_t k = 0; k < seeds && status == OK; k++)
            status = solve_one(path, run, run->options.seed + (uint64_t)k, &tally, err);
        free(entries[i]);
    }
    free(entries);
    if (status != OK) return status;
    if (count == 0) return err_about(err, INVALID, "folder", "No instances in it", "%s", folder);
    printf("%d runs, %d with a stop not served", (int)tally.runs, (int)tally.out);
    if (tally.gaps > 0)
        printf(", mean gap of %d: %.3f %%", (int)tally.gaps, tally.sum / tally.gaps);
    putchar('\n');
    *feasible = tally.out == 0;
    return OK;
}
