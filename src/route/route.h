/* route.h - the vehicle-routing optimiser: problem, search, checker, live plan, readers, command.
 *
 * The problem: vehicles of several types start at a location, serve jobs and shipments, may come
 * back to reload for a further trip, and end at a location. A job delivers goods loaded where the
 * trip began and takes goods along which stay on board to the trip's end, both at once; a shipment
 * is fetched at one stop and handed over at a later stop of the same trip. On every leg and in
 * every dimension the load on board is at most the capacity.
 *
 * Units: times are seconds (any unit in truth) on one clock of the caller, 0 .. ROUTE_TIME_MAX;
 * distances metres; loads whatever the caller counts; costs an int64 of a unit fine enough that
 * cost_distance is a whole number (the county uses a thousandth of a fen). All sums are exact.
 *
 * Time: a vehicle departs when it likes inside its shift and returns before the shift ends; service
 * starts at arrival, or waits for a window; a trip isn't begun (first departure, or the reload's
 * service) before every job of it is released. Windows and shifts are hard.
 *
 * What is served: leaving a required job out costs more than anything else and is reported with
 * a reason; leaving an optional one out costs its prize. Cost of a solution = fixed + distance +
 * travel + duration + stops + prizes left; required jobs left out are not in it but in `unserved`.
 *
 * Ownership: a problem borrows every array it points to. Solutions and read problems live in the
 * caller's arena. One call uses no memory of another, so calls may run in parallel.
 *
 * The method: Christiaens and Vanden Berghe 2020 (slack induction by string removals) with
 * simulated annealing, on routes whose prefixes and suffixes are kept as segments (Vidal et al.
 * 2014). */
#ifndef CUNHUO_ROUTE_ROUTE_H
#define CUNHUO_ROUTE_ROUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/status.h"

struct arena;

enum { ROUTE_DIMS = 8, ROUTE_WINDOWS = 16, ROUTE_TYPES = 1024, ROUTE_NAME = 64 };
enum { ROUTE_TIME_MAX = 400000000 };       // of every time, service and arc
enum { ROUTE_FAR = 1000000000 };           // in a matrix, or more: there is no road
#define ROUTE_COST_MAX INT64_C(1000000000000)     // of every single cost, prize and limit

/* ---- the problem ---- */

struct route_window { int32_t open, close; };   // service starts at open .. close, both included

/* Matrices of one class of vehicle, location_count x location_count, row = from. Directed. */
struct route_profile { const int32_t *duration, *distance; };

/* Equal vehicles. 0 in a limit means there is none. */
struct route_type {
    const char *name;               // or NULL
    int32_t count;                  // vehicles there are
    int32_t profile;
    int32_t start, end, reload;     // locations; reload is used if trips_max > 1
    int32_t trips_max;              // 0 or 1: no reloading
    int32_t reload_s;               // service of each reload
    int32_t capacity[ROUTE_DIMS];
    struct route_window shift;      // earliest departure, latest return; both 0: any time
    int32_t duration_max;           // from departure to return, service and waiting included
    int32_t travel_max;             // time on the road
    int32_t stops_max;              // jobs and ends of shipments
    int64_t distance_max;
    int64_t cost_fixed;             // of a vehicle that is used
    int64_t cost_distance;          // per metre
    int64_t cost_travel;            // per second on the road
    int64_t cost_duration;          // per second from departure to return
    int64_t cost_stop;              // per job or end of a shipment
    uint64_t skills;                // bits it has
};

/* Zeros are the plain case: required, any vehicle, any time. */
struct route_job {
    const char *name;               // or NULL
    int32_t location;
    int32_t delivery[ROUTE_DIMS];   // from the trip's start to here
    int32_t pickup[ROUTE_DIMS];     // from here to the trip's end
    int32_t service_s;
    int32_t release;                // its trip is not begun before
    const struct route_window *windows;   // in order, not overlapping; none: any time
    int32_t window_count;
    int32_t pin;                    // 0: any vehicle; k: only type k - 1 (one vehicle: count 1)
    uint64_t skills;                // bits the vehicle must have
    bool optional;                  // may be left out at the cost of `prize`
    int64_t prize;
};

struct route_end {
    int32_t location, service_s;
    const struct route_window *windows;
    int32_t window_count;
};

/* Fetched at `pickup`, handed over at `delivery`, by one vehicle in one trip. */
struct route_shipment {
    const char *name;
    struct route_end pickup, delivery;
    int32_t amount[ROUTE_DIMS];
    int32_t pin;
    uint64_t skills;
    bool optional;
    int64_t prize;
};

struct route_problem {
    int32_t dims;                   // 0 .. ROUTE_DIMS
    int32_t location_count, profile_count, type_count, job_count, shipment_count;
    const struct route_profile *profiles;
    const struct route_type *types;
    const struct route_job *jobs;
    const struct route_shipment *shipments;
};

/* Whether the problem is one. INVALID: err tells the field and which item. */
MUST_USE enum status route_valid(const struct route_problem *problem, struct err *err);

/* ---- the solution ---- */

enum route_kind { ROUTE_JOB, ROUTE_PICKUP, ROUTE_DELIVERY, ROUTE_RELOAD };

struct route_stop {
    enum route_kind kind;
    int32_t index;                  // of the job or shipment; -1 for a reload
    int32_t arrival, start, departure;    // service from start to departure
};

/* One vehicle's day; trips are parted by stops of kind ROUTE_RELOAD. */
struct route_tour {
    int32_t type;
    int32_t stop_count;
    struct route_stop *stops;
    int32_t departure, arrival;     // from the start location, at the end location
    int64_t distance, travel;
    int64_t cost;
};

#define ROUTE_REASONS(X) \
    X(FLEET, "fleet")              /* fits an empty vehicle; there are not enough, or too full */ \
    X(CAPACITY, "capacity")        /* more than any vehicle holds */ \
    X(WINDOW, "window")            /* its window or the shift can't be met, even alone */ \
    X(UNREACHABLE, "unreachable")  /* no road to it or from it */ \
    X(SKILL, "skill")              /* no vehicle has the skills, or is the one it is pinned to */ \
    X(LONG, "too long")            /* alone longer than a limit of duration, travel, distance */ \
    X(PRIZE, "prize")              /* optional, and not worth its cost */
enum route_reason {
#define X(name, text) ROUTE_NO_##name,
    ROUTE_REASONS(X)
#undef X
};
const char *route_reason_name(enum route_reason reason);   // "fleet"

struct route_unserved { enum route_kind kind; int32_t index; enum route_reason reason; };

struct route_point { double seconds; int64_t cost; };

struct route_solution {
    int32_t tour_count, unserved_count, trajectory_count;
    struct route_tour *tours;               // none is empty
    struct route_unserved *unserved;        // kind ROUTE_PICKUP stands for a whole shipment
    int32_t required_unserved;              // of them; 0: everything that must be is served
    int64_t cost, distance, duration;       // duration: sum over tours, departure to return
    int64_t iterations;                     // how it was found:
    double seconds;
    struct route_point *trajectory;         // each improvement of the best, sparse when many
};

/* Fills in every tour's times (the earliest of the departures which give the shortest duration),
 * sums and cost, and the sums of the solution, from types, kinds and indexes. Times of a tour that
 * breaks windows are those of driving on regardless. For solutions read from files. */
void route_schedule(const struct route_problem *problem, struct route_solution *solution);

/* ---- the search ---- */

struct route_progress { double seconds; int64_t iterations, cost; int32_t required_unserved; };

struct route_options {
    double seconds;                 // 0: no limit (then iterations are needed)
    int64_t iterations;             // 0: no limit; the same number, seed and 1 thread: same answer
    uint64_t seed;
    int32_t threads;                // 0 or 1: one
    const struct route_solution *start;     // or NULL; the answer is never worse
    /* Called by every thread some times a second, and at each new best; false: stop now. */
    bool (*progress)(void *ctx, const struct route_progress *progress);
    void *ctx;
};

/* INVALID: the problem, the options or the start solution is wrong, err says where. A start that
 * breaks a constraint is repaired by leaving out the stops in the way. */
MUST_USE enum status route_solve(struct arena *arena, const struct route_problem *problem,
    const struct route_options *options, struct route_solution *out, struct err *err);

/* ---- the checker: shares no code with the search ---- */

#define ROUTE_FAULTS(X) \
    X(INDEX, "no such type, job or shipment") \
    X(FLEET, "more vehicles than there are")        /* amount: too many */ \
    X(TWICE, "served twice")                        \
    X(MISSED, "required and not served")            \
    X(CAPACITY, "load above capacity")              /* amount: above, in the worst dimension */ \
    X(WINDOW, "service outside the windows")        /* amount: seconds too late */ \
    X(SHIFT, "outside the shift")                   /* amount: seconds too late or too early */ \
    X(ROAD, "no road")                              \
    X(SKILL, "vehicle lacks a skill")               \
    X(PIN, "another vehicle than the one asked for") \
    X(TRIPS, "too many trips, or an empty one")     /* amount: too many */ \
    X(PAIR, "shipment torn or out of order")        \
    X(DURATION, "tour too long in time")            /* amount: above */ \
    X(TRAVEL, "too long on the road")               \
    X(DISTANCE, "tour too long in distance")        \
    X(STOPS, "too many stops")                      \
    X(TIMES, "a time told that can't be")           /* amount: seconds off */ \
    X(COST, "cost told is not the cost")            /* amount: told minus true */
enum route_fault {
#define X(name, text) ROUTE_BAD_##name,
    ROUTE_FAULTS(X)
#undef X
};
const char *route_fault_name(enum route_fault fault);   // the text above

struct route_violation {
    enum route_fault fault;
    int32_t tour, stop;             // -1: of none
    enum route_kind kind;           // with index: of what; index -1: of nothing
    int32_t index;
    int64_t amount;
};

struct route_report {
    struct route_violation *violations;
    int32_t violation_count;
    int64_t cost, distance, duration;   // computed anew
};

/* Computes everything anew from types, kinds and indexes. `told`: also compares times, sums and
 * cost with those the solution tells (without, they are not looked at). BROKEN: the arena is used
 * up. */
MUST_USE enum status route_check(struct arena *arena, const struct route_problem *problem,
    const struct route_solution *solution, bool told, struct route_report *out);

/* ---- the live plan: a feasible solution that grows by the minute ----
 * Every call leaves it feasible; jobs that are not planned cost nothing. All its calls take
 * microseconds; an insertion costs the length of its tour. Not for two threads at once. The
 * matrices stay borrowed; types, jobs and shipments are copied. */

struct route_plan;

/* `solution` or NULL (nothing planned). INVALID: the problem, or the solution isn't feasible. */
MUST_USE enum status route_plan_new(const struct route_problem *problem,
    const struct route_solution *solution, struct route_plan **out, struct err *err);
MUST_USE struct route_plan *route_plan_copy(const struct route_plan *plan);   // NULL: no memory
void route_plan_free(struct route_plan *plan);   // NULL is fine

/* One more, not planned yet. `index` is the next number of its kind. */
MUST_USE enum status route_plan_add_job(struct route_plan *plan, const struct route_job *job,
    int32_t *index, struct err *err);
MUST_USE enum status route_plan_add_shipment(struct route_plan *plan,
    const struct route_shipment *shipment, int32_t *index, struct err *err);

/* Where an insertion would go and what it adds to the cost. */
struct route_quote {
    enum route_kind kind;           // ROUTE_JOB, or ROUTE_PICKUP for a whole shipment
    int32_t index;
    int64_t cost;
    int32_t type;                   // of the vehicle
    int32_t tour;                   // slot of the plan; a free slot: a vehicle more goes out
    int32_t start;                  // earliest start of service there
    int32_t at, delivery_at, reload;    // the plan's own: place in the tour
    uint64_t version;               // of the plan; a quote serves until the plan changes
};

/* The cheapest feasible place for a job (ROUTE_JOB) or shipment (ROUTE_PICKUP) that isn't planned.
 * NOT_FOUND: none; *reason tells why (it may be NULL). */
MUST_USE enum status route_plan_quote(const struct route_plan *plan, enum route_kind kind,
    int32_t index, struct route_quote *out, enum route_reason *reason);
/* CONFLICT: the plan changed since the quote; ask again. */
MUST_USE enum status route_plan_insert(struct route_plan *plan, const struct route_quote *quote);

/* Load and service added to a job (or taken off, when negative). */
struct route_growth { int32_t delivery[ROUTE_DIMS], pickup[ROUTE_DIMS], service_s; };

/* Adds to the job where it stands. CONFLICT: it doesn't fit there, nothing changed. */
MUST_USE enum status route_plan_add_load(struct route_plan *plan, int32_t job,
    const struct route_growth *growth);
/* Adds to the job where it stands, or moves it to where it is cheapest, or plans it if it is not.
 * `cost` (may be NULL): what that adds. CONFLICT: no place in the whole plan; nothing changed, and
 * *reason (may be NULL) tells why. */
MUST_USE enum status route_plan_grow(struct route_plan *plan, int32_t job,
    const struct route_growth *growth, int64_t *cost, enum route_reason *reason);
/* What grow would do, without doing it: cost and start of service. */
MUST_USE enum status route_plan_quote_growth(struct route_plan *plan, int32_t job,
    const struct route_growth *growth, struct route_quote *out, enum route_reason *reason);

/* Takes a job or shipment out of its tour. It keeps its load. NOT_FOUND: it was in none. */
MUST_USE enum status route_plan_remove(struct route_plan *plan, enum route_kind kind,
    int32_t index);

/* Where a stop stands (kind ROUTE_JOB, ROUTE_PICKUP or ROUTE_DELIVERY). */
struct route_place { int32_t tour, type, stop; int32_t start; };   // earliest start of service
bool route_plan_place(const struct route_plan *plan, enum route_kind kind, int32_t index,
    struct route_place *out);   // false: not planned

int64_t route_plan_cost(const struct route_plan *plan);
const struct route_job *route_plan_job(const struct route_plan *plan, int32_t index);  // borrowed
/* The problem as it stands (borrowed from the plan until its next call). */
const struct route_problem *route_plan_problem(const struct route_plan *plan);
/* The plan as a solution with its schedule. Jobs not planned are not listed as unserved. */
MUST_USE enum status route_plan_solution(const struct route_plan *plan, struct arena *arena,
    struct route_solution *out);

/* ---- files ---- */

enum route_round { ROUTE_ROUND_NONE, ROUTE_ROUND_ROUND, ROUTE_ROUND_TRUNC, ROUTE_ROUND_EXACT,
                   ROUTE_ROUND_DIMACS };

/* A problem and what its file calls things. Client numbers are those of the .sol form, from 1. */
struct route_file {
    const char *name;                   // of the instance
    struct route_problem problem;
    bool vrplib;                        // else JSON, and the three below are NULL
    const int32_t *job_client, *pickup_client, *delivery_client;
    const int32_t *vehicle_type;        // of each vehicle as the file lists them
    int32_t vehicle_count, client_count;
};

/* `format`: "auto", "json", "vrplib", "solomon" (Gehring and Homberger's too), "lilim". INVALID:
 * err names field, file and line or item. The JSON form is told in docs/route.md. */
MUST_USE enum status route_read(struct arena *arena, const char *path, const char *format,
    enum route_round round, struct route_file *out, struct err *err);

/* A solution of that problem: JSON as `solve` prints it, or the CVRPLIB .sol form. Scheduled. */
MUST_USE enum status route_read_solution(struct arena *arena, const char *path,
    const struct route_file *file, struct route_solution *out, struct err *err);

/* `cunhuo route solve|check ...`: argv[0] is "route". Returns the exit code. */
int route_command(int argc, char **argv);
#endif
