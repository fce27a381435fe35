/* plan_child.c - the optimiser in a process of its own. Problem and start go as files in route's
 * JSON form (docs/route.md), the answer comes back as one. */
#include "rooms/bus/plan_child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/arena.h"
#include "base/clock.h"
#include "web/county.h"

enum { PATH_BYTES = 4096, NICE = 10, LATE_MS = 15000 };
enum { LEFT_OUT = 3 };   // exit code: a solution that doesn't serve everything

/* ---- files ---- */

static void write_amounts(FILE *file, const char *name, const int32_t *amounts, int32_t dims)
{
    fprintf(file, ",\"%s\":[", name);
    for (int32_t d = 0; d < dims; d++) fprintf(file, "%s%d", d ? "," : "", amounts[d]);
    fputc(']', file);
}

static void write_matrix(FILE *file, const char *name, const int32_t *matrix, size_t cells)
{
    fprintf(file, "\"%s\":[", name);
    for (size_t i = 0; i < cells; i++)
        fprintf(file, "%s%d", i ? "," : "", matrix[i] >= ROUTE_FAR ? -1 : matrix[i]);
    fputc(']', file);
}

static void write_profiles(FILE *file, const struct route_problem *p)
{
    size_t cells = (size_t)p->location_count * (size_t)p->location_count;
    fputs("\"profiles\":[", file);
    for (int32_t i = 0; i < p->profile_count; i++) {
        fputs(i ? ",{" : "{", file);
        write_matrix(file, "duration", p->profiles[i].duration, cells);
        fputc(',', file);
        write_matrix(file, "distance", p->profiles[i].distance, cells);
        fputc('}', file);
    }
    fputs("],\n", file);
}

static void write_types(FILE *file, const struct route_problem *p)
{
    fputs("\"types\":[", file);
    for (int32_t i = 0; i < p->type_count; i++) {
        const struct route_type *t = &p->types[i];
        fprintf(file, "%s{\"count\":%d,\"profile\":%d,\"start\":%d,\"end\":%d,\"reload\":%d,"
                "\"trips\":%d,\"reload_service\":%d,\"shift\":[%d,%d],\"cost_fixed\":%lld,"
                "\"cost_distance\":%lld,\"cost_travel\":%lld,\"cost_duration\":%lld,"
                "\"cost_stop\":%lld", i ? ",\n" : "", t->count, t->profile, t->start, t->end,
                t->reload, t->trips_max, t->reload_s, t->shift.open, t->shift.close,
                (long long)t->cost_fixed, (long long)t->cost_distance, (long long)t->cost_travel,
                (long long)t->cost_duration, (long long)t->cost_stop);
        write_amounts(file, "capacity", t->capacity, p->dims);
        fputc('}', file);
    }
    fputs("],\n", file);
}

static void write_jobs(FILE *file, const struct route_problem *p)
{
    fputs("\"jobs\":[", file);
    for (int32_t i = 0; i < p->job_count; i++) {
        const struct route_job *j = &p->jobs[i];
        fprintf(file, "%s{\"location\":%d,\"service\":%d", i ? ",\n" : "", j->location,
                j->service_s);
        if (j->optional) fprintf(file, ",\"prize\":%lld", (long long)j->prize);
        fputs(",\"windows\":[", file);
        for (int32_t w = 0; w < j->window_count; w++)
            fprintf(file, "%s[%d,%d]", w ? "," : "", j->windows[w].open, j->windows[w].close);
        fputc(']', file);
        write_amounts(file, "delivery", j->delivery, p->dims);
        write_amounts(file, "pickup", j->pickup, p->dims);
        fputc('}', file);
    }
    fputs("]}\n", file);
}

static void write_problem(FILE *file, const void *of)
{
    const struct route_problem *p = of;
    fprintf(file, "{\"dims\":%d,\"locations\":%d,\n", p->dims, p->location_count);
    write_profiles(file, p);
    write_types(file, p);
    write_jobs(file, p);
}

static void write_start(FILE *file, const void *of)
{
    static const char *const kinds[] = { "job", "pickup", "delivery", "reload" };
    const struct route_solution *s = of;
    fputs("{\"tours\":[", file);
    for (int32_t t = 0; t < s->tour_count; t++) {
        const struct route_tour *tour = &s->tours[t];
        fprintf(file, "%s{\"type\":%d,\"stops\":[", t ? ",\n" : "", tour->type);
        for (int32_t i = 0; i < tour->stop_count; i++) {
            const struct route_stop *stop = &tour->stops[i];
            fprintf(file, "%s{\"kind\":\"%s\"", i ? "," : "", kinds[stop->kind]);
            if (stop->kind != ROUTE_RELOAD) fprintf(file, ",\"index\":%d", stop->index);
            fputc('}', file);
        }
        fputs("]}", file);
    }
    fputs("]}\n", file);
}

static enum status write_file(const char *path, void (*write)(FILE *file, const void *of),
                              const void *of, struct err *err)
{
    FILE *file = fopen(path, "w");
    bool fine = file != NULL;
    if (file) {
        write(file, of);
        fine = !ferror(file);
        fine = fclose(file) == 0 && fine;
    }
    if (fine) return OK;
    return err_about(err, BUSY, NULL, "The plan's files can't be written:", "%s: %s", path,
                     strerror(errno));
}

/* ---- the process ---- */

struct paths { char problem[PATH_BYTES], start[PATH_BYTES], answer[PATH_BYTES]; };

/* A sanitizer's child keeps terabytes of addresses for its own use. */
#ifdef __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define ADDRESSES_MAX RLIM_INFINITY
#else
#define ADDRESSES_MAX CHILD_BYTES
#endif

/* In the child, between fork and exec: only what is safe there. */
static void become(char *const argv[], const char *answer, pid_t server)
{
    struct rlimit memory = { ADDRESSES_MAX, ADDRESSES_MAX };
    sigset_t none;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != server) _exit(125);   // it has died already
    close_range(3, ~0U, 0);   // the county's lock among them: it ends with the server
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setpriority(PRIO_PROCESS, 0, NICE);
    if (setrlimit(RLIMIT_AS, &memory) != 0) _exit(126);
    int out = open(answer, O_WRONLY | O_CREAT | O_TRUNC, 0640);
    if (out < 0 || dup2(out, STDOUT_FILENO) < 0) _exit(126);
    execv(argv[0], argv);
    _exit(127);
}

/* Waits for the child, at most so long and no longer than nobody says stop; then kills it. */
static int wait_for(pid_t child, int64_t limit_ms, int stop_fd)
{
    int status = 0;
    int fd = (int)syscall(SYS_pidfd_open, child, 0);
    struct pollfd ends[] = { { .fd = fd, .events = POLLIN }, { .fd = stop_fd, .events = POLLIN } };
    int64_t until_ms = mono_ms() + limit_ms;
    int seen = 0;
    do {
        int64_t left_ms = until_ms - mono_ms();
        seen = fd < 0 || left_ms <= 0 ? 0 : poll(ends, COUNT(ends), (int)left_ms);
    } while (seen < 0 && errno == EINTR);
    if (seen <= 0 || ends[0].revents == 0) kill(child, SIGKILL);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    if (fd >= 0) close(fd);
    return status;
}

static enum status run(const struct county *county, const struct paths *paths, double seconds,
                       int stop_fd, struct err *err)
{
    char program[PATH_BYTES], problem[PATH_BYTES], start[PATH_BYTES], time[32];
    char route[] = "route", solve[] = "solve", format[] = "--format", json[] = "json";
    char time_option[] = "--time", start_option[] = "--start";
    snprintf(program, sizeof program, "%s", county->program ? county->program : "");
    snprintf(problem, sizeof problem, "%s", paths->problem);
    snprintf(start, sizeof start, "%s", paths->start);
    snprintf(time, sizeof time, "%.3f", seconds);
    char *const argv[] = { program, route, solve, problem, format, json, time_option, time,
                           start_option, start, NULL };
    if (*program == '\0') return err_set(err, BUSY, NULL, "This program's path is not known.");
    pid_t server = getpid(), child = fork();
    if (child < 0) return err_about(err, BUSY, NULL, "No new process:", "%s", strerror(errno));
    if (child == 0) become(argv, paths->answer, server);
    int status = wait_for(child, (int64_t)(seconds * 1000) + LATE_MS, stop_fd);
    int left = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    if (left == 0 || left == LEFT_OUT) return OK;
    return err_about(err, BUSY, NULL, "The planning child failed:", "%s %d",
                     WIFSIGNALED(status) ? "signal" : "exit code",
                     WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

/* ---- the answer ---- */

static enum status read_answer(const struct route_problem *problem, const char *path,
                               struct arena *arena, struct route_solution *out, struct err *err)
{
    const struct route_file file = { .problem = *problem };
    struct route_report report;
    if (route_read_solution(arena, path, &file, out, err) != OK)
        return err_set(err, BUSY, NULL, "The planning child's answer can't be read.");
    route_schedule(problem, out);
    TRY(route_check(arena, problem, out, true, &report));
    // What is left out is a matter of comparing, not a fault.
    for (int32_t i = 0; i < report.violation_count; i++)
        if (report.violations[i].fault != ROUTE_BAD_MISSED)
            return err_about(err, BUSY, NULL, "The planning child's answer is wrong:", "%s",
                             route_fault_name(report.violations[i].fault));
    return OK;
}

static enum status solve(const struct county *county, const struct route_problem *problem,
                         const struct route_solution *start, double seconds, int stop_fd,
                         struct arena *arena, const struct paths *paths,
                         struct route_solution *out, struct err *err)
{
    TRY(write_file(paths->problem, write_problem, problem, err));
    TRY(write_file(paths->start, write_start, start, err));
    TRY(run(county, paths, seconds, stop_fd, err));
    return read_answer(problem, paths->answer, arena, out, err);
}

enum status child_solve(struct county *county, const struct route_problem *problem,
                        const struct route_solution *start, double seconds, int stop_fd,
                        struct arena *arena, struct route_solution *out, struct err *err)
{
    struct paths paths;
    snprintf(paths.problem, PATH_BYTES, "%s/plan-problem.json", county->folder);
    snprintf(paths.start, PATH_BYTES, "%s/plan-start.json", county->folder);
    snprintf(paths.answer, PATH_BYTES, "%s/plan-answer.json", county->folder);
    enum status solved = solve(county, problem, start, seconds, stop_fd, arena, &paths, out, err);
    unlink(paths.problem);
    unlink(paths.start);
    unlink(paths.answer);
    return solved;
}
