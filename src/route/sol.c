/* sol.c - files by their form, and solutions in the CVRPLIB .sol form.
 *
 * `Route #k: 3 17 0 5`: clients by number, 0 is a reload. Where vehicles differ, route k is vehicle
 * k of the file; where they don't, numbers don't matter. */
#include "route/read.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"

enum status read_whole(struct arena *arena, const char *path, char **text, size_t *size,
                       struct err *err)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return err_about(err, NOT_FOUND, "file", "Can't read the file", "%s: %s", path,
            strerror(errno));
    size_t room = 1 << 16, used = 0;
    char *all = arena_new(arena, room);
    while (all) {
        used += fread(all + used, 1, room - 1 - used, file);
        if (used < room - 1) break;
        char *wider = arena_new(arena, 2 * room);
        if (wider) memcpy(wider, all, used);
        all = wider;
        room *= 2;
    }
    bool failed = ferror(file);
    fclose(file);
    if (all == NULL) return err_about(err, INVALID, "file", "File too large", "%s", path);
    if (failed) return err_about(err, NOT_FOUND, "file", "Can't read the file", "%s", path);
    all[used] = '\0';
    *text = all;
    *size = used;
    return OK;
}

static bool is_json(const char *text)
{
    text += strspn(text, " \t\r\n");
    return *text == '{' || *text == '[';
}

/* Li & Lim's files begin with numbers; in Solomon's a line "VEHICLE" follows the name. */
static const char *format_of(const char *text)
{
    if (is_json(text)) return "json";
    text += strspn(text, " \t\r\n");
    if (*text >= '0' && *text <= '9') return "lilim";
    text += strcspn(text, "\n");
    text += strspn(text, " \t\r\n");
    bool solomon = strncmp(text, "VEHICLE", 7) == 0 && strchr(" \t\r\n", text[7]);
    return solomon ? "solomon" : "vrplib";
}

enum status route_read(struct arena *arena, const char *path, const char *format,
                       enum route_round round, struct route_file *out, struct err *err)
{
    static const char *const known[] = { "auto", "json", "vrplib", "solomon", "lilim" };
    char *text;
    size_t size, at = 0;
    while (at < COUNT(known) && strcmp(format, known[at]) != 0) at++;
    if (at == COUNT(known))
        return err_about(err, INVALID, "format", "Format not known", "%.40s", format);
    TRY(read_whole(arena, path, &text, &size, err));
    if (at == 0) format = format_of(text);
    if (strcmp(format, "json") == 0) return read_json(arena, path, text, size, out, err);
    if (strlen(text) != size)
        return err_about(err, INVALID, "file", "A zero byte in a text", "%s", path);
    if (strcmp(format, "vrplib") == 0) return read_vrplib(arena, path, text, round, out, err);
    return read_rows_text(arena, path, text, strcmp(format, "lilim") == 0, round, out, err);
}

struct sol {
    struct arena *arena;
    struct err *err;
    const char *path;
    int line;
    const struct route_file *file;
    struct route_stop *of;      // of each client number; index -2: there is none
    int32_t numbers;            // client numbers are below
    bool mixed;                 // there are several types
};

static enum status bad(struct sol *s, const char *field, const char *text)
{
    return err_about(s->err, INVALID, field, text, "%s:%d", s->path, s->line);
}

static enum status set_clients(struct sol *s)
{
    const struct route_file *f = s->file;
    const struct route_problem *p = &f->problem;
    s->numbers = p->location_count + 1;
    s->of = arena_new(s->arena, (size_t)s->numbers * sizeof *s->of);
    if (s->of == NULL) return err_set(s->err, BROKEN, NULL, "Out of memory");
    for (int32_t i = 0; i < s->numbers; i++) s->of[i].index = -2;
    for (int32_t i = 0; i < p->job_count; i++)
        s->of[f->job_client[i]] = (struct route_stop){ .kind = ROUTE_JOB, .index = i };
    for (int32_t i = 0; i < p->shipment_count; i++) {
        s->of[f->pickup_client[i]] = (struct route_stop){ .kind = ROUTE_PICKUP, .index = i };
        s->of[f->delivery_client[i]] = (struct route_stop){ .kind = ROUTE_DELIVERY, .index = i };
    }
    return OK;
}

static enum status read_stops(struct sol *s, char *at, struct route_tour *tour)
{
    for (;;) {
        at += strspn(at, " \t\r");
        if (*at == '\0') return OK;
        char *end;
        long number = strtol(at, &end, 10);
        if (end == at || (*end && !strchr(" \t\r", *end)))
            return bad(s, "route", "Not a client's number");
        at = end;
        struct route_stop stop = { .kind = ROUTE_RELOAD, .index = -1 };
        if (number != 0) {
            if (number < 0 || number >= s->numbers || s->of[number].index == -2)
                return bad(s, "route", "No such client");
            stop = s->of[number];
        }
        tour->stops = arena_more(s->arena, tour->stops, (size_t)tour->stop_count, sizeof stop);
        if (tour->stops == NULL) return err_set(s->err, BROKEN, NULL, "Out of memory");
        tour->stops[tour->stop_count++] = stop;
    }
}

static enum status read_route(struct sol *s, char *line, struct route_solution *out)
{
    char *end;
    long vehicle = strtol(line, &end, 10);
    if (end == line || *end != ':' || vehicle < 1 || vehicle > 1000000)
        return bad(s, "route", "Not 'Route #k: clients'");
    struct route_tour tour = { 0 };
    if (s->mixed) {
        if (vehicle > s->file->vehicle_count) return bad(s, "route", "No such vehicle");
        tour.type = s->file->vehicle_type[vehicle - 1];
    }
    TRY(read_stops(s, end + 1, &tour));
    if (tour.stop_count == 0) return OK;
    out->tours = arena_more(s->arena, out->tours, (size_t)out->tour_count, sizeof tour);
    if (out->tours == NULL) return err_set(s->err, BROKEN, NULL, "Out of memory");
    out->tours[out->tour_count++] = tour;
    return OK;
}

enum status read_sol(struct arena *arena, const char *path, char *text,
                     const struct route_file *file, struct route_solution *out, struct err *err)
{
    struct sol s = { .arena = arena, .err = err, .path = path, .file = file,
        .mixed = file->problem.type_count > 1 };
    *out = (struct route_solution){ 0 };
    TRY(set_clients(&s));
    for (char *line = text, *next; line; line = next) {
        next = strchr(line, '\n');
        if (next) *next++ = '\0';
        s.line++;
        line += strspn(line, " \t\r");
        if (strncmp(line, "Route #", 7) == 0) TRY(read_route(&s, line + 7, out));
        else if (*line && strncasecmp(line, "Cost", 4) != 0)
            return bad(&s, "route", "Neither a route nor the cost");
    }
    if (out->tour_count == 0) return bad(&s, "route", "No routes in the file");
    return OK;
}

/* Does any tour serve it? */
static bool serves(const struct route_solution *solution, enum route_kind kind, int32_t index)
{
    for (int32_t t = 0; t < solution->tour_count; t++)
        for (int32_t i = 0; i < solution->tours[t].stop_count; i++)
            if (solution->tours[t].stops[i].kind == kind &&
                solution->tours[t].stops[i].index == index)
                return true;
    return false;
}

/* A file tells what is served; the rest is left out, why isn't told. */
static enum status set_unserved(struct arena *arena, const struct route_problem *p,
                                struct route_solution *out, struct err *err)
{
    size_t room = (size_t)p->job_count + (size_t)p->shipment_count + 1;
    out->unserved = arena_new(arena, room * sizeof *out->unserved);
    if (out->unserved == NULL) return err_set(err, BROKEN, NULL, "Out of memory");
    for (int32_t i = 0; i < p->job_count + p->shipment_count; i++) {
        enum route_kind kind = i < p->job_count ? ROUTE_JOB : ROUTE_PICKUP;
        int32_t index = kind == ROUTE_JOB ? i : i - p->job_count;
        bool optional = kind == ROUTE_JOB ? p->jobs[index].optional
                                          : p->shipments[index].optional;
        if (!serves(out, kind, index))
            out->unserved[out->unserved_count++] = (struct route_unserved){ kind, index,
                optional ? ROUTE_NO_PRIZE : ROUTE_NO_FLEET };
    }
    return OK;
}

enum status route_read_solution(struct arena *arena, const char *path,
                                const struct route_file *file, struct route_solution *out,
                                struct err *err)
{
    char *text;
    size_t size;
    TRY(read_whole(arena, path, &text, &size, err));
    if (is_json(text)) {
        TRY(read_json_solution(arena, path, text, size, file, out, err));
    } else {
        if (!file->vrplib)
            return err_about(err, INVALID, "solution", "Not JSON, as the problem is", "%s", path);
        TRY(read_sol(arena, path, text, file, out, err));
    }
    for (int32_t t = 0; t < out->tour_count; t++) {     // what can't be scheduled isn't
        const struct route_tour *tour = &out->tours[t];
        if (tour->type < 0 || tour->type >= file->problem.type_count)
            return err_about(err, INVALID, "type", "No such vehicle type", "%s: tour %d", path,
                (int)t);
        for (int32_t i = 0; i < tour->stop_count; i++) {
            const struct route_stop *stop = &tour->stops[i];
            int32_t count = stop->kind == ROUTE_JOB ? file->problem.job_count
                                                    : file->problem.shipment_count;
            if (stop->kind != ROUTE_RELOAD && (stop->index < 0 || stop->index >= count))
                return err_about(err, INVALID, "index", "No such job or shipment",
                    "%s: tour %d, stop %d", path, (int)t, (int)i);
        }
    }
    TRY(set_unserved(arena, &file->problem, out, err));
    route_schedule(&file->problem, out);
    return OK;
}
