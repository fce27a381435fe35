/* text.c - reads the text forms of Solomon (1987), which Gehring and Homberger's instances share,
 * and of Li and Lim (2001).
 *
 * Solomon's: a name, VEHICLE and its number and capacity, CUSTOMER and a row per node: number from
 * 0 (the depot), x, y, demand, ready time, due date, service time. Li & Lim's: number, capacity and
 * speed of the vehicles, then the same rows and in each the nodes of its pickup and delivery, 0
 * where there is none. Distances are Euclidean. */
#include "route/vrp.h"

#include <math.h>
#include <string.h>
#include "base/arena.h"

enum { COLUMNS_MAX = 8 };       // beside the number

static enum status room_for_rows(struct vrp *v, double **columns, int count)
{
    int32_t rows = 1;
    for (const char *at = v->at; *at; at++) rows += *at == '\n';
    if (rows > VRP_NODES_MAX + 16) return vrp_bad(v, "rows", "Too many");
    for (int k = 0; k < count; k++) {
        columns[k] = arena_new(v->arena, (size_t)rows * sizeof(double));
        if (columns[k] == NULL) return vrp_bad(v, "rows", "Out of memory");
    }
    v->depot = arena_new(v->arena, (size_t)rows * sizeof *v->depot);
    v->mate = arena_new(v->arena, (size_t)rows * sizeof *v->mate);
    if (v->depot == NULL || v->mate == NULL) return vrp_bad(v, "rows", "Out of memory");
    return OK;
}

static enum status read_rows(struct vrp *v, double **columns, int count)
{
    TRY(room_for_rows(v, columns, count));
    for (char *line; (line = vrp_line(v)) != NULL; v->nodes++) {
        double number;
        if (v->nodes == VRP_NODES_MAX) return vrp_bad(v, "rows", "Too many");
        if (!vrp_number(&line, &number) || number != v->nodes)
            return vrp_bad(v, "number", "Rows aren't numbered from 0");
        for (int k = 0; k < count; k++)
            if (!vrp_number(&line, &columns[k][v->nodes]))
                return vrp_bad(v, "row", "Not a number, or too few in this row");
        if (*(line + strspn(line, " \t"))) return vrp_bad(v, "row", "More than a row holds");
    }
    if (v->nodes < 2) return vrp_bad(v, "rows", "A depot and a customer at least are needed");
    v->x = columns[0];
    v->y = columns[1];
    v->demand = columns[2];
    v->open = columns[3];
    v->close = columns[4];
    v->services = columns[5];
    v->depot[0] = v->depots = 1;
    v->has_coords = v->has_windows = true;
    return OK;
}

/* The number of vehicles and their capacity; true: they are. */
static bool take_fleet(struct vrp *v, char *line)
{
    double vehicles, capacity;
    if (line == NULL || !vrp_number(&line, &vehicles) || !vrp_number(&line, &capacity) ||
        !(vehicles >= 1 && vehicles <= 1e6) || vehicles != floor(vehicles) || !(capacity >= 0))
        return false;
    v->vehicles = (int32_t)vehicles;
    v->capacity = capacity;
    v->has_vehicles = v->has_capacity = true;
    return true;
}

/* Skips what stands above the rows of its section: its name and the heads of columns. */
static enum status enter(struct vrp *v, const char *section)
{
    char *line = vrp_line(v);
    if (line == NULL || strcmp(line, section) != 0) return vrp_bad(v, section, "Missing");
    do {
        const char *next = v->at + strspn(v->at, " \t\r\n");
        if (*next >= '0' && *next <= '9') return OK;
    } while (vrp_line(v) != NULL);
    return vrp_bad(v, section, "Its rows are missing");
}

static enum status read_solomon(struct vrp *v)
{
    double *columns[COLUMNS_MAX];
    v->name = vrp_line(v);
    if (v->name == NULL) return vrp_bad(v, "name", "Missing");
    TRY(enter(v, "VEHICLE"));
    if (!take_fleet(v, vrp_line(v))) return vrp_bad(v, "VEHICLE", "No number and capacity");
    TRY(enter(v, "CUSTOMER"));
    return read_rows(v, columns, 6);
}

static enum status read_lilim(struct vrp *v)
{
    double *columns[COLUMNS_MAX];
    v->name = "";
    if (!take_fleet(v, vrp_line(v))) return vrp_bad(v, "vehicles", "No number and capacity");
    TRY(read_rows(v, columns, 8));
    for (int32_t i = 0; i < v->nodes; i++) {
        double mate = columns[7][i], from = columns[6][i];
        if (!(mate >= 0 && mate < v->nodes) || mate != floor(mate) ||
            !(from >= 0 && from < v->nodes) || from != floor(from) ||
            (i > 0 && (mate > 0) == (from > 0)))
            return vrp_bad(v, "pair", "A row has neither or both of pickup and delivery");
        v->mate[i] = mate > 0 ? (int32_t)mate + 1 : 0;
        if (mate > 0 && columns[6][(int32_t)mate] != i)
            return vrp_bad(v, "pair", "A pickup and its delivery don't name each other");
    }
    v->has_pairs = true;
    return OK;
}

enum status read_rows_text(struct arena *arena, const char *path, char *text, bool pairs,
                           enum route_round round, struct route_file *out, struct err *err)
{
    struct vrp v = { .arena = arena, .err = err, .path = path, .at = text, .round = round,
        .full_matrix = true, .name = "" };
    if (pairs) TRY(read_lilim(&v));
    else TRY(read_solomon(&v));
    return vrp_build(&v, out);
}
