/* vrplib.c - reads VRPLIB files: CVRP, VRPTW, HFVRP, MDVRPTW, MTVRPTWR, PCVRPTW, PDPTW, VRPB.
 *
 * Lines are `KEY : value`, or the name of a section and then its rows. Rows may come in any order
 * but each node has exactly one. Equal vehicles are grouped to types in order of first
 * appearance.
 *
 * TYPE VRPB: deliveries come before what is fetched (BACKHAUL_SECTION), and no tour only fetches.
 * The matrix says so: it has no road from a depot to a backhaul, nor from one to a delivery. */
#include "route/vrp.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"

/* The next line that isn't empty, its ends trimmed; NULL: there is none. */
char *vrp_line(struct vrp *v)
{
    while (*v->at) {
        char *line = v->at, *end = strchr(line, '\n');
        v->line++;
        if (end) *end = '\0';
        v->at = end ? end + 1 : line + strlen(line);
        while (*line == ' ' || *line == '\t' || *line == '\r') line++;
        size_t size = strlen(line);
        while (size > 0 && strchr(" \t\r", line[size - 1])) line[--size] = '\0';
        if (size > 0) return line;
    }
    return NULL;
}

bool vrp_number(char **at, double *out)
{
    char *end;
    *out = strtod(*at, &end);
    if (end == *at || !isfinite(*out) || (*end && !strchr(" \t\r", *end))) return false;
    *at = end;
    return true;
}

static bool row_starts(const char *line)
{
    return *line == '-' || *line == '+' || *line == '.' || (*line >= '0' && *line <= '9');
}

/* Is the next line a row of numbers? It isn't read. */
static bool more_rows(struct vrp *v)
{
    const char *at = v->at;
    while (*at == ' ' || *at == '\t' || *at == '\r' || *at == '\n') at++;
    return row_starts(at);
}

/* A section of `count` rows: an index from 1 and `columns` numbers, into columns[k][index - 1]. */
static enum status read_rows(struct vrp *v, const char *field, int32_t count, double **columns,
                             int column_count)
{
    if (count <= 0) return vrp_bad(v, field, "Section before its DIMENSION or VEHICLES");
    uint8_t *seen = arena_new(v->arena, (size_t)count);
    for (int k = 0; k < column_count; k++) {
        columns[k] = arena_new(v->arena, (size_t)count * sizeof(double));
        if (columns[k] == NULL) return vrp_bad(v, field, "Out of memory");
    }
    if (seen == NULL) return vrp_bad(v, field, "Out of memory");
    for (int32_t row = 0; row < count; row++) {
        char *line = more_rows(v) ? vrp_line(v) : NULL;
        if (line == NULL) return vrp_bad(v, field, "Rows missing");
        double index;
        if (!vrp_number(&line, &index)) return vrp_bad(v, field, "Not a number");
        if (!(index >= 1 && index <= count) || index != floor(index))
            return vrp_bad(v, field, "No such node or vehicle");
        if (seen[(int32_t)index - 1]++) return vrp_bad(v, field, "Told twice");
        for (int k = 0; k < column_count; k++)
            if (!vrp_number(&line, &columns[k][(int32_t)index - 1]))
                return vrp_bad(v, field, "Not a number, or too few in this row");
    }
    return OK;
}

static enum status read_column(struct vrp *v, const char *field, int32_t count, double **column)
{
    return read_rows(v, field, count, column, 1);
}

static enum status read_depots(struct vrp *v)
{
    if (v->nodes <= 0) return vrp_bad(v, "DEPOT_SECTION", "Section before DIMENSION");
    v->depot = arena_new(v->arena, (size_t)v->nodes * sizeof *v->depot);
    if (v->depot == NULL) return vrp_bad(v, "DEPOT_SECTION", "Out of memory");
    while (more_rows(v)) {
        char *line = vrp_line(v);
        double number;
        if (!vrp_number(&line, &number)) return vrp_bad(v, "DEPOT_SECTION", "Not a number");
        if (number == -1) break;
        if (!(number >= 1 && number <= v->nodes) || number != floor(number))
            return vrp_bad(v, "DEPOT_SECTION", "No such node");
        if (v->depot[(int32_t)number - 1]++) return vrp_bad(v, "DEPOT_SECTION", "Told twice");
        v->depots++;
    }
    return OK;
}

static enum status read_weights(struct vrp *v)
{
    const char *field = "EDGE_WEIGHT_SECTION";
    if (v->nodes <= 0) return vrp_bad(v, field, "Section before DIMENSION");
    size_t n = (size_t)v->nodes;
    v->weights = arena_new(v->arena, n * n * sizeof(double));
    if (v->weights == NULL) return vrp_bad(v, field, "Out of memory");
    size_t i = v->full_matrix ? 0 : 1, j = 0;
    char *line = NULL;
    while (i < n) {
        while (line == NULL || *line == '\0') {
            line = more_rows(v) ? vrp_line(v) : NULL;
            if (line == NULL) return vrp_bad(v, field, "Rows missing");
        }
        double weight;
        if (!vrp_number(&line, &weight)) return vrp_bad(v, field, "Not a number");
        while (*line == ' ' || *line == '\t') line++;
        v->weights[i * n + j] = weight;
        if (!v->full_matrix) v->weights[j * n + i] = weight;
        if (++j == (v->full_matrix ? n : i)) {
            i++;
            j = 0;
        }
    }
    return OK;
}

static enum status to_indexes(struct vrp *v, const char *field, const double *from, int32_t count,
                              int32_t limit, int32_t **out)
{
    *out = arena_new(v->arena, (size_t)count * sizeof **out);
    if (*out == NULL) return vrp_bad(v, field, "Out of memory");
    for (int32_t i = 0; i < count; i++) {
        if (!(from[i] >= 0 && from[i] <= limit) || from[i] != floor(from[i]))
            return vrp_bad(v, field, "No such node");
        (*out)[i] = (int32_t)from[i];
    }
    return OK;
}

static enum status read_pairs(struct vrp *v)
{
    double *columns[6];
    const char *field = "PICKUP_AND_DELIVERY_SECTION";
    TRY(read_rows(v, field, v->nodes, columns, 6));
    v->demand = columns[0];
    v->open = columns[1];
    v->close = columns[2];
    v->services = columns[3];
    v->has_windows = v->has_pairs = true;
    return to_indexes(v, field, columns[5], v->nodes, v->nodes, &v->mate);
}

static enum status read_windows(struct vrp *v)
{
    double *columns[2];
    TRY(read_rows(v, "TIME_WINDOW_SECTION", v->nodes, columns, 2));
    v->open = columns[0];
    v->close = columns[1];
    v->has_windows = true;
    return OK;
}

static enum status read_vehicle_nodes(struct vrp *v, const char *field, int32_t **out)
{
    double *column;
    TRY(read_column(v, field, v->vehicles, &column));
    return to_indexes(v, field, column, v->vehicles, v->nodes, out);
}

static enum status read_coords(struct vrp *v)
{
    double *columns[2];
    TRY(read_rows(v, "NODE_COORD_SECTION", v->nodes, columns, 2));
    v->x = columns[0];
    v->y = columns[1];
    v->has_coords = true;
    return OK;
}

static enum status read_section(struct vrp *v, const char *name)
{
    struct { const char *name; int32_t count; double **column; } columns[] = {
        { "DEMAND_SECTION", v->nodes, &v->demand },
        { "LINEHAUL_SECTION", v->nodes, &v->demand },
        { "BACKHAUL_SECTION", v->nodes, &v->backhaul },
        { "SERVICE_TIME_SECTION", v->nodes, &v->services },
        { "RELEASE_TIME_SECTION", v->nodes, &v->release },
        { "PRIZE_SECTION", v->nodes, &v->prize },
        { "CAPACITY_SECTION", v->vehicles, &v->vehicle_capacity },
        { "VEHICLES_FIXED_COST_SECTION", v->vehicles, &v->vehicle_fixed },
        { "VEHICLES_UNIT_DISTANCE_COST_SECTION", v->vehicles, &v->vehicle_unit },
    };
    for (size_t i = 0; i < COUNT(columns); i++)
        if (strcmp(name, columns[i].name) == 0)
            return read_column(v, columns[i].name, columns[i].count, columns[i].column);
    if (strcmp(name, "NODE_COORD_SECTION") == 0) return read_coords(v);
    if (strcmp(name, "TIME_WINDOW_SECTION") == 0) return read_windows(v);
    if (strcmp(name, "PICKUP_AND_DELIVERY_SECTION") == 0) return read_pairs(v);
    if (strcmp(name, "DEPOT_SECTION") == 0) return read_depots(v);
    if (strcmp(name, "EDGE_WEIGHT_SECTION") == 0) return read_weights(v);
    if (strcmp(name, "VEHICLES_DEPOT_SECTION") == 0)
        return read_vehicle_nodes(v, "VEHICLES_DEPOT_SECTION", &v->vehicle_depot);
    if (strcmp(name, "VEHICLES_RELOAD_DEPOT_SECTION") == 0)
        return read_vehicle_nodes(v, "VEHICLES_RELOAD_DEPOT_SECTION", &v->vehicle_reload);
    return err_about(v->err, INVALID, "section", "Section not supported", "%s:%d: %s", v->path,
        v->line, name);
}

static enum status read_key(struct vrp *v, const char *key, char *value)
{
    double number = 0;
    char *rest = value;
    bool is_number = vrp_number(&rest, &number);
    if (strcmp(key, "NAME") == 0) {
        v->name = value;
        return OK;
    }
    if (strcmp(key, "COMMENT") == 0) return OK;
    if (strcmp(key, "TYPE") == 0) {
        v->backhauls_last = strcmp(value, "VRPB") == 0;
        return OK;
    }
    if (strcmp(key, "EDGE_WEIGHT_TYPE") == 0) {
        v->explicit_weights = strcmp(value, "EXPLICIT") == 0;
        if (v->explicit_weights || strcmp(value, "EUC_2D") == 0) return OK;
        return vrp_bad(v, "EDGE_WEIGHT_TYPE", "Neither EUC_2D nor EXPLICIT");
    }
    if (strcmp(key, "EDGE_WEIGHT_FORMAT") == 0) {
        v->full_matrix = strcmp(value, "FULL_MATRIX") == 0;
        if (v->full_matrix || strcmp(value, "LOWER_ROW") == 0) return OK;
        return vrp_bad(v, "EDGE_WEIGHT_FORMAT", "Neither FULL_MATRIX nor LOWER_ROW");
    }
    bool whole = is_number && number == floor(number) && number >= 1 && number <= 1e6;
    if (strcmp(key, "DIMENSION") == 0) {
        if (!whole || number > VRP_NODES_MAX || v->nodes)
            return vrp_bad(v, "DIMENSION", "No number, out of range, or told twice");
        v->nodes = (int32_t)number;
    } else if (strcmp(key, "VEHICLES") == 0) {
        if (!whole || v->vehicles)
            return vrp_bad(v, "VEHICLES", "No number, out of range, or told twice");
        v->vehicles = (int32_t)number;
        v->has_vehicles = true;
    } else if (strcmp(key, "CAPACITY") == 0) {
        if (!is_number || number < 0) return vrp_bad(v, "CAPACITY", "No number, or negative");
        v->capacity = number;
        v->has_capacity = true;
    } else if (strcmp(key, "SERVICE_TIME") == 0) {
        if (!is_number || number < 0) return vrp_bad(v, "SERVICE_TIME", "No number, or negative");
        v->service = number;
        v->has_service = true;
    } else if (strcmp(key, "VEHICLES_MAX_DURATION") == 0) {
        if (!is_number || number <= 0) return vrp_bad(v, "VEHICLES_MAX_DURATION", "Not positive");
        v->duration_max = number;
    } else {
        return err_about(v->err, INVALID, "key", "Key not known", "%s:%d: %.40s", v->path,
            v->line, key);
    }
    return OK;
}

static enum status parse(struct vrp *v)
{
    for (char *line; (line = vrp_line(v)) != NULL; ) {
        char *colon = strchr(line, ':');
        if (strcmp(line, "EOF") == 0) return OK;
        if (colon == NULL || strstr(line, "_SECTION") != NULL) {
            if (colon) *colon = '\0';
            size_t size = strcspn(line, " \t");
            line[size] = '\0';
            TRY(read_section(v, line));
            continue;
        }
        *colon = '\0';
        size_t size = (size_t)(colon - line);
        while (size > 0 && strchr(" \t", line[size - 1])) line[--size] = '\0';
        char *value = colon + 1;
        while (*value == ' ' || *value == '\t') value++;
        TRY(read_key(v, line, value));
    }
    return OK;
}

/* ---- to a problem ---- */

static double scaled(const struct vrp *v, double value)
{
    switch (v->round) {
    case ROUTE_ROUND_ROUND: return nearbyint(value);
    case ROUTE_ROUND_TRUNC: return trunc(value);
    case ROUTE_ROUND_EXACT: return nearbyint(value * 1000);
    case ROUTE_ROUND_DIMACS: return trunc(value * 10);
    case ROUTE_ROUND_NONE: break;
    }
    return value;
}

static enum status to_time(struct vrp *v, const char *field, double value, int32_t *out)
{
    double time = scaled(v, value);
    if (!(time >= 0 && time <= ROUTE_TIME_MAX)) return vrp_bad(v, field, "Out of range");
    if (time != floor(time))
        return vrp_bad(v, field, "Not a whole number: a rounding is needed (--round)");
    *out = (int32_t)time;
    return OK;
}

/* Takes away the roads that would put a delivery behind a backhaul. */
static void part_backhauls(const struct vrp *v, int32_t *matrix)
{
    size_t n = (size_t)v->nodes;
    if (!v->backhauls_last || v->backhaul == NULL) return;
    for (size_t i = 0; i < n; i++) {
        bool depot = v->depot[i] != 0, fetched = v->backhaul[i] > 0;
        for (size_t j = 0; j < n; j++) {
            bool delivered = v->demand && v->demand[j] > 0;
            if (depot ? v->backhaul[j] > 0 : fetched && delivered) matrix[i * n + j] = ROUTE_FAR;
        }
    }
}

static enum status set_weights(struct vrp *v, struct route_problem *p)
{
    size_t n = (size_t)v->nodes;
    struct route_profile *profile = arena_new(v->arena, sizeof *profile);
    int32_t *matrix = arena_new(v->arena, n * n * sizeof *matrix);
    if (profile == NULL || matrix == NULL) return vrp_bad(v, "DIMENSION", "Out of memory");
    if (v->explicit_weights ? v->weights == NULL : !v->has_coords)
        return vrp_bad(v, "EDGE_WEIGHT_TYPE", "Its coordinates or weights are missing");
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) {
            double far = v->explicit_weights ? v->weights[i * n + j]
                                             : hypot(v->x[i] - v->x[j], v->y[i] - v->y[j]);
            if (i != j) TRY(to_time(v, "EDGE_WEIGHT_TYPE", far, &matrix[i * n + j]));
        }
    }
    part_backhauls(v, matrix);
    *profile = (struct route_profile){ matrix, matrix };
    p->location_count = v->nodes;
    p->profile_count = 1;
    p->profiles = profile;
    return OK;
}

static double fixed_of(const struct vrp *v, int32_t k)
{
    return v->vehicle_fixed ? scaled(v, v->vehicle_fixed[k]) : 0;
}

static bool same_vehicle(const struct vrp *v, int32_t a, int32_t b)
{
    return (!v->vehicle_capacity || v->vehicle_capacity[a] == v->vehicle_capacity[b]) &&
           (!v->vehicle_fixed || v->vehicle_fixed[a] == v->vehicle_fixed[b]) &&
           (!v->vehicle_unit || v->vehicle_unit[a] == v->vehicle_unit[b]) &&
           (!v->vehicle_depot || v->vehicle_depot[a] == v->vehicle_depot[b]) &&
           (!v->vehicle_reload || v->vehicle_reload[a] == v->vehicle_reload[b]);
}

static enum status set_type(struct vrp *v, int32_t k, struct route_type *type)
{
    int32_t first = 0;
    while (!v->depot[first]) first++;
    int32_t depot = v->vehicle_depot ? v->vehicle_depot[k] - 1 : first;
    double capacity = v->vehicle_capacity ? v->vehicle_capacity[k] : v->capacity;
    double unit = v->vehicle_unit ? v->vehicle_unit[k] : 1;
    if (depot < 0 || !v->depot[depot])
        return vrp_bad(v, "VEHICLES_DEPOT_SECTION", "A vehicle's depot is none");
    if (!(capacity >= 0 && capacity <= ROUTE_TIME_MAX) || capacity != floor(capacity))
        return vrp_bad(v, "CAPACITY", "Not a whole number, or out of range");
    if (!(unit >= 0 && unit <= 1e9) || unit != floor(unit))
        return vrp_bad(v, "VEHICLES_UNIT_DISTANCE_COST_SECTION", "Not a whole number");
    if (!(fixed_of(v, k) >= 0 && fixed_of(v, k) <= 1e12))
        return vrp_bad(v, "VEHICLES_FIXED_COST_SECTION", "Out of range");
    *type = (struct route_type){ .count = 1, .start = depot, .end = depot, .reload = depot,
        .capacity = { (int32_t)capacity }, .cost_distance = (int64_t)unit,
        .cost_fixed = (int64_t)fixed_of(v, k) };
    if (v->vehicle_reload) {
        type->reload = v->vehicle_reload[k] - 1;
        type->trips_max = v->nodes;
        if (type->reload < 0 || !v->depot[type->reload])
            return vrp_bad(v, "VEHICLES_RELOAD_DEPOT_SECTION", "No such depot");
    }
    if (v->duration_max > 0)
        TRY(to_time(v, "VEHICLES_MAX_DURATION", v->duration_max, &type->duration_max));
    if (v->has_windows) {
        TRY(to_time(v, "TIME_WINDOW_SECTION", v->open[depot], &type->shift.open));
        TRY(to_time(v, "TIME_WINDOW_SECTION", v->close[depot], &type->shift.close));
    }
    return OK;
}

static enum status set_types(struct vrp *v, struct route_file *out)
{
    int32_t count = v->has_vehicles ? v->vehicles : v->nodes;
    if (!v->has_capacity && !v->vehicle_capacity)
        return vrp_bad(v, "CAPACITY", "No capacity");
    struct route_type *types = arena_new(v->arena, (size_t)ROUTE_TYPES * sizeof *types);
    int32_t *first = arena_new(v->arena, (size_t)ROUTE_TYPES * sizeof *first);
    int32_t *of = arena_new(v->arena, (size_t)count * sizeof *of);
    if (!types || !first || !of) return vrp_bad(v, "VEHICLES", "Out of memory");
    int32_t used = 0;
    for (int32_t k = 0; k < count; k++) {
        int32_t t = 0;
        while (t < used && v->has_vehicles && !same_vehicle(v, k, first[t])) t++;
        if (t < used) {
            types[t].count++;
        } else {
            if (used == ROUTE_TYPES) return vrp_bad(v, "VEHICLES", "Too many different vehicles");
            TRY(set_type(v, v->has_vehicles ? k : 0, &types[used]));
            first[used++] = k;
        }
        of[k] = t;
    }
    out->vehicle_type = of;
    out->vehicle_count = count;
    out->problem.types = types;
    out->problem.type_count = used;
    return OK;
}

static enum status set_window(struct vrp *v, int32_t node, const struct route_window **windows,
                              int32_t *count, int32_t *service)
{
    double lasts = v->services ? v->services[node] : v->service;
    TRY(to_time(v, "SERVICE_TIME", lasts, service));
    if (!v->has_windows) return OK;
    struct route_window *window = arena_new(v->arena, sizeof *window);
    if (window == NULL) return vrp_bad(v, "DIMENSION", "Out of memory");
    TRY(to_time(v, "TIME_WINDOW_SECTION", v->open[node], &window->open));
    TRY(to_time(v, "TIME_WINDOW_SECTION", v->close[node], &window->close));
    *windows = window;
    *count = 1;
    return OK;
}

static enum status set_job(struct vrp *v, int32_t node, struct route_job *job)
{
    double demand = v->demand ? v->demand[node] : 0;
    if (!(demand >= 0 && demand <= ROUTE_TIME_MAX) || demand != floor(demand))
        return vrp_bad(v, "DEMAND_SECTION", "Negative or not a whole number");
    double backhaul = v->backhaul ? v->backhaul[node] : 0;
    if (!(backhaul >= 0 && backhaul <= ROUTE_TIME_MAX) || backhaul != floor(backhaul))
        return vrp_bad(v, "BACKHAUL_SECTION", "Negative or not a whole number");
    *job = (struct route_job){ .location = node, .delivery = { (int32_t)demand },
        .pickup = { (int32_t)backhaul } };
    if (v->release) TRY(to_time(v, "RELEASE_TIME_SECTION", v->release[node], &job->release));
    if (v->prize) {
        double prize = scaled(v, v->prize[node]);
        if (!(prize >= 0 && prize <= 1e12)) return vrp_bad(v, "PRIZE_SECTION", "Out of range");
        job->prize = (int64_t)prize;
        job->optional = true;
    }
    return set_window(v, node, &job->windows, &job->window_count, &job->service_s);
}

static enum status set_shipment(struct vrp *v, int32_t node, struct route_shipment *shipment)
{
    int32_t mate = v->mate[node] - 1;
    double amount = v->demand[node];
    if (v->demand[mate] != -amount || !(amount >= 0 && amount <= ROUTE_TIME_MAX) ||
        amount != floor(amount))
        return vrp_bad(v, "PICKUP_AND_DELIVERY_SECTION", "The amounts of a pair don't agree");
    *shipment = (struct route_shipment){ .amount = { (int32_t)amount },
        .pickup.location = node, .delivery.location = mate };
    TRY(set_window(v, node, &shipment->pickup.windows, &shipment->pickup.window_count,
        &shipment->pickup.service_s));
    return set_window(v, mate, &shipment->delivery.windows, &shipment->delivery.window_count,
        &shipment->delivery.service_s);
}

/* Jobs in the order of their nodes; of pairs the fetching ends count. */
static enum status set_jobs(struct vrp *v, struct route_file *out)
{
    size_t room = (size_t)v->nodes;
    struct route_job *jobs = arena_new(v->arena, room * sizeof *jobs);
    struct route_shipment *shipments = arena_new(v->arena, room * sizeof *shipments);
    int32_t *number = arena_new(v->arena, 3 * room * sizeof *number);
    int32_t *client = arena_new(v->arena, room * sizeof *client);
    uint8_t *taken = arena_new(v->arena, room);
    if (!jobs || !shipments || !number || !client || !taken)
        return vrp_bad(v, "DIMENSION", "Out of memory");
    struct route_problem *p = &out->problem;
    for (int32_t i = 0; i < v->nodes; i++) {    // CVRPLIB counts depots too, from 0
        client[i] = i;
        out->client_count += !v->depot[i];
    }
    for (int32_t i = 0; i < v->nodes; i++) {
        if (v->depot[i] || (v->has_pairs && v->mate[i] == 0)) continue;
        if (!v->has_pairs) {
            number[p->job_count] = client[i];
            TRY(set_job(v, i, &jobs[p->job_count++]));
            continue;
        }
        int32_t mate = v->mate[i] - 1;
        if (mate == i || v->depot[mate] || v->mate[mate] != 0 || taken[mate]++)
            return vrp_bad(v, "PICKUP_AND_DELIVERY_SECTION", "A pair is torn");
        number[room + (size_t)p->shipment_count] = client[i];
        number[2 * room + (size_t)p->shipment_count] = client[mate];
        TRY(set_shipment(v, i, &shipments[p->shipment_count++]));
    }
    if (v->has_pairs && 2 * p->shipment_count != out->client_count)
        return vrp_bad(v, "PICKUP_AND_DELIVERY_SECTION", "A pair is torn");
    p->jobs = jobs;
    p->shipments = shipments;
    out->job_client = number;
    out->pickup_client = number + room;
    out->delivery_client = number + 2 * room;
    return OK;
}

enum status vrp_build(struct vrp *v, struct route_file *out)
{
    if (v->nodes == 0) return vrp_bad(v, "DIMENSION", "Missing");
    if (v->depots == 0) return vrp_bad(v, "DEPOT_SECTION", "Missing or empty");
    *out = (struct route_file){ .name = v->name, .vrplib = true, .problem.dims = 1 };
    TRY(set_weights(v, &out->problem));
    TRY(set_types(v, out));
    TRY(set_jobs(v, out));
    return route_valid(&out->problem, v->err);
}

enum status read_vrplib(struct arena *arena, const char *path, char *text, enum route_round round,
                        struct route_file *out, struct err *err)
{
    struct vrp v = { .arena = arena, .err = err, .path = path, .at = text, .round = round,
        .full_matrix = true, .name = "" };
    TRY(parse(&v));
    return vrp_build(&v, out);
}
