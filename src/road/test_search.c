/* test_search.c - searches against a plain one that knows the restrictions as paths.
 *
 * Random small nets of one-segment ways. The plain search (Bellman and Ford) takes times and turn
 * costs from a file built without restrictions, and forbids turns by looking back at the last two
 * arcs: it has no states, copies, heap or key of its own kind. */
#include "base/test.h"

#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/rng.h"
#include "road/measure.h"
#include "road/testing.h"

enum { VERTICES = 14, WAYS_MAX = 60, LIMITS_MAX = 8, SNAPS = 9, ARCS_MAX = 2 * WAYS_MAX };

struct net_way { int from, to; char tags[96]; };
struct net_limit { uint32_t path[3]; int length; bool only; uint8_t profiles; };
struct random_net {
    double x[VERTICES], y[VERTICES];
    struct net_way ways[WAYS_MAX];
    int way_count;
    struct net_limit limits[LIMITS_MAX];
    int limit_count;
};

/* -- Nets -------------------------------------------------------------------------------------- */

static bool joined(const struct random_net *net, int a, int b)
{
    for (int w = 0; w < net->way_count; w++)
        if ((net->ways[w].from == a && net->ways[w].to == b)
            || (net->ways[w].from == b && net->ways[w].to == a)) return true;
    return false;
}

static void invent_ways(struct random_net *net, struct rng *rng)
{
    static const char *const classes[] = { "primary", "tertiary", "residential", "track",
        "unclassified", "service" };
    static const char *const more[] = { "", "", "", "", " oneway=yes", " oneway=-1",
        " access=destination", " hgv=no", " maxspeed=30" };
    *net = (struct random_net){0};
    for (int v = 0; v < VERTICES; v++) {
        net->x[v] = (double)rng_between(rng, 0, 2000);
        net->y[v] = (double)rng_between(rng, 0, 2000);
    }
    for (int tries = 0; tries < 300 && net->way_count < 3 * VERTICES; tries++) {
        int a = (int)rng_below(rng, VERTICES), b = (int)rng_below(rng, VERTICES);
        if (a == b || joined(net, a, b)) continue;
        struct net_way *way = &net->ways[net->way_count++];
        way->from = a;
        way->to = b;
        snprintf(way->tags, sizeof way->tags, "highway=%s%s",
            classes[rng_below(rng, COUNT(classes))], more[rng_below(rng, COUNT(more))]);
    }
}

static int arc_from(const struct random_net *net, uint32_t arc)
{
    return arc & 1 ? net->ways[arc >> 1].to : net->ways[arc >> 1].from;
}

static int arc_to(const struct random_net *net, uint32_t arc) { return arc_from(net, arc ^ 1); }

/* Another arc that leaves where this one ends, not back; UINT32_MAX: none was hit upon. */
static uint32_t some_next(const struct random_net *net, uint32_t arc, struct rng *rng)
{
    for (int tries = 0; tries < 200; tries++) {
        uint32_t next = rng_below(rng, 2 * (uint32_t)net->way_count);
        if (arc_from(net, next) == arc_to(net, arc) && next != (arc ^ 1)) return next;
    }
    return UINT32_MAX;
}

/* How many arcs a profile may leave a vertex by. With four, no restriction leaves one alone, which
 * would allow turning round. */
static int exits(const struct random_net *net, const struct road *road, int vertex)
{
    int least = VERTICES;
    for (int p = 0; p < ROAD_PROFILES; p++) {
        int count = 0;
        for (uint32_t arc = 0; arc < 2 * (uint32_t)net->way_count; arc++)
            count += arc_from(net, arc) == vertex
                && arc_speed(road, arc, (enum road_profile)p) > 0;
        if (count < least) least = count;
    }
    return least;
}

static void invent_limits(struct random_net *net, const struct road *road, struct rng *rng)
{
    for (int tries = 0; tries < 100 && net->limit_count < LIMITS_MAX; tries++) {
        struct net_limit limit = { .length = rng_below(rng, 2) ? 2 : 3 };
        bool fits = true;
        limit.path[0] = rng_below(rng, 2 * (uint32_t)net->way_count);
        for (int i = 1; i < limit.length && fits; i++) {
            limit.path[i] = some_next(net, limit.path[i - 1], rng);
            fits = limit.path[i] != UINT32_MAX;
        }
        fits = fits && exits(net, road, arc_to(net, limit.path[limit.length - 2])) >= 4;
        for (int i = 0; fits && i < net->limit_count; i++)   // one for each arc that is ended on
            fits = net->limits[i].path[net->limits[i].length - 2] != limit.path[limit.length - 2]
                && net->limits[i].path[0] != limit.path[0];
        for (int i = 0; fits && i < limit.length; i++)       // closed arcs are left to other tests
            for (int p = 0; p < ROAD_PROFILES; p++)
                fits = fits && arc_speed(road, limit.path[i], (enum road_profile)p) > 0;
        if (!fits) continue;
        limit.only = rng_below(rng, 3) == 0;
        limit.profiles = rng_below(rng, 2) ? ALL_PROFILES : ALL_PROFILES & ~(1 << ROAD_TRUCK);
        net->limits[net->limit_count++] = limit;
    }
}

static struct road *write_net(const struct random_net *net, bool limited, struct made *made)
{
    struct road_build_report report;
    made_begin(made);
    for (int v = 0; v < VERTICES; v++) made_node(made, v + 1, net->x[v], net->y[v], "");
    for (int w = 0; w < net->way_count; w++) {
        char refs[32];
        snprintf(refs, sizeof refs, "%d %d", net->ways[w].from + 1, net->ways[w].to + 1);
        made_way(made, 100 + w, refs, net->ways[w].tags);
    }
    for (int i = 0; limited && i < net->limit_count; i++) {
        const struct net_limit *l = &net->limits[i];
        char members[96], tags[96];
        if (l->length == 2)
            snprintf(members, sizeof members, "from:w%u via:n%d to:w%u", 100 + (l->path[0] >> 1),
                arc_to(net, l->path[0]) + 1, 100 + (l->path[1] >> 1));
        else
            snprintf(members, sizeof members, "from:w%u via:w%u to:w%u", 100 + (l->path[0] >> 1),
                100 + (l->path[1] >> 1), 100 + (l->path[2] >> 1));
        snprintf(tags, sizeof tags, "type=restriction restriction=%s%s",
            l->only ? "only_straight_on" : "no_left_turn",
            l->profiles == ALL_PROFILES ? "" : " except=hgv");
        made_relation(made, 1000 + i, members, tags);
    }
    struct road *road = made_road(made, &report);
    assert_int_equal(road->stretches, net->way_count);
    if (limited) assert_int_equal(report.restrictions, net->limit_count);
    return road;
}

/* -- The plain search -------------------------------------------------------------------------- */

struct plain {
    const struct random_net *net;
    const struct road *road;                // built without restrictions
    enum road_profile profile;
    uint32_t arcs, cs[ARCS_MAX];            // ARC closed: UINT32_MAX
    uint32_t turn[ARCS_MAX][ARCS_MAX];      // TURN_NONE: none
    int64_t best[ARCS_MAX + 1][ARCS_MAX];   // to the beginning of an arc, by the arc before
};

/* Entries to private roads, then time, then length: as one number. */
static int64_t sum(int64_t enters, int64_t cs, int64_t dm)
{
    return (enters << 56) + (cs << 28) + dm;
}

static bool forbidden(const struct plain *s, uint32_t before, uint32_t arc, uint32_t next)
{
    for (int i = 0; i < s->net->limit_count; i++) {
        const struct net_limit *l = &s->net->limits[i];
        if (!(l->profiles >> s->profile & 1) || l->path[l->length - 2] != arc) continue;
        if (l->length == 3 && l->path[0] != before) continue;
        bool last = l->path[l->length - 1] == next;
        if (last != l->only) return true;
    }
    return false;
}

static void fill_plain(struct plain *s, const struct random_net *net, const struct road *road,
    enum road_profile profile, const double *factors)
{
    s->net = net;
    s->road = road;
    s->profile = profile;
    s->arcs = road_arcs(road);
    const uint16_t *cost = road->turn_cost + (size_t)profile * road->turns;
    for (uint32_t a = 0; a < s->arcs; a++) {
        bool open = arc_speed(road, a, profile) > 0;
        double factor = factors[a >> 1];
        uint32_t cs = open ? segment_cs(road, a >> 1, 0, (int)(a & 1), profile) : UINT32_MAX;
        s->cs[a] = !open || factor == 0 ? UINT32_MAX : factor < 1
            ? (uint32_t)(cs / (double)(float)factor + 0.5) : cs;
        for (uint32_t b = 0; b < s->arcs; b++) s->turn[a][b] = TURN_NONE;
        for (uint32_t t = road->turn_first[a]; t < road->turn_first[a + 1]; t++)
            s->turn[a][road->turn_to[t]] = cost[t];
    }
}

static int64_t into(const struct plain *s, uint32_t arc, uint32_t next)
{
    uint32_t turn = s->turn[arc][next];
    return sum(turn >> 15, turn & 0x7FFF, 0);
}

static bool lower(struct plain *s, uint32_t before, uint32_t arc, int64_t cost)
{
    if (s->best[before][arc] >= 0 && s->best[before][arc] <= cost) return false;
    s->best[before][arc] = cost;
    return true;
}

/* All arcs from the end of `arc`; `before` is the arc before it, or ARCS_MAX. */
static bool spread(struct plain *s, uint32_t before, uint32_t arc, int64_t cost)
{
    bool any = false;
    for (uint32_t next = 0; next < s->arcs; next++)
        if (s->turn[arc][next] != TURN_NONE && !forbidden(s, before, arc, next))
            any = lower(s, arc, next, cost + into(s, arc, next)) || any;
    return any;
}

static uint32_t covered(uint32_t whole, uint32_t part)
{
    return (uint32_t)((uint64_t)whole * part >> 32);
}

static int64_t cost_before(const struct plain *s, const struct road_snap *snap, uint32_t arc)
{
    uint32_t part = arc & 1 ? ~snap->part : snap->part;
    return sum(0, covered(s->cs[arc], part), covered(segment_dm(s->road, arc >> 1, 0), part));
}

static int64_t whole(const struct plain *s, uint32_t arc)
{
    return sum(0, s->cs[arc], segment_dm(s->road, arc >> 1, 0));
}

static void search_from(struct plain *s, const struct road_snap *from)
{
    memset(s->best, 0xFF, sizeof s->best);
    for (uint32_t arc = 2 * from->stretch; arc < 2 * from->stretch + 2; arc++)
        if (s->cs[arc] != UINT32_MAX)
            spread(s, ARCS_MAX, arc, whole(s, arc) - cost_before(s, from, arc));
    for (bool changed = true; changed;) {
        changed = false;
        for (uint32_t before = 0; before < s->arcs; before++)
            for (uint32_t arc = 0; arc < s->arcs; arc++)
                if (s->best[before][arc] >= 0 && s->cs[arc] != UINT32_MAX
                    && spread(s, before, arc, s->best[before][arc] + whole(s, arc)))
                    changed = true;
    }
}

static int64_t answer(const struct plain *s, const struct road_snap *from,
    const struct road_snap *to)
{
    int64_t best = -1;
    for (uint32_t arc = 2 * to->stretch; arc < 2 * to->stretch + 2; arc++) {
        if (s->cs[arc] == UINT32_MAX) continue;
        int64_t here = cost_before(s, to, arc);
        for (uint32_t before = 0; before < s->arcs; before++)
            if (s->best[before][arc] >= 0 && (best < 0 || s->best[before][arc] + here < best))
                best = s->best[before][arc] + here;
        bool ahead = arc & 1 ? from->part >= to->part : from->part <= to->part;
        if (from->stretch != to->stretch || !ahead) continue;
        int64_t direct = here - cost_before(s, from, arc);
        if (best < 0 || direct < best) best = direct;
    }
    return best;
}

/* -- Comparing --------------------------------------------------------------------------------- */

static struct road_state *invent_state(const struct road *road, double *factors, struct rng *rng)
{
    struct road_change changes[6];
    struct road_state *state;
    struct err err = {0};
    for (uint32_t s = 0; s < road->stretches; s++) factors[s] = 1;
    for (size_t i = 0; i < COUNT(changes); i++) {
        uint32_t s = rng_below(rng, road->stretches);
        double factor = rng_below(rng, 2) ? 0 : 0.3 + 0.1 * rng_below(rng, 5);
        changes[i] = (struct road_change){ .what = ROAD_WAY, .way_id = road->stretch_way[s],
            .factor = factor };
        if (factor < factors[s]) factors[s] = factor;
    }
    assert_int_equal(road_state_new(road, changes, COUNT(changes), NULL, &state, &err), OK);
    return state;
}

static int compare(const struct random_net *net, const struct road *bare, const struct road *road,
    enum road_profile profile, const struct road_state *state, const double *factors,
    struct rng *rng)
{
    static struct plain plain;
    struct road_snap snaps[SNAPS];
    int32_t durations[SNAPS * SNAPS], distances[SNAPS * SNAPS];
    struct err err = {0};
    int ways = 0;
    for (int i = 0; i < SNAPS; i++) {
        struct road_point at = made_point((double)rng_between(rng, 0, 2000),
            (double)rng_between(rng, 0, 2000));
        assert_int_equal(road_snap(road, profile, at, 5000, &snaps[i], &err), OK);
    }
    assert_int_equal(road_matrix(road, state, profile, snaps, SNAPS, durations, distances, &err),
        OK);
    fill_plain(&plain, net, bare, profile, factors);
    for (int i = 0; i < SNAPS; i++) {
        search_from(&plain, &snaps[i]);
        for (int j = 0; j < SNAPS; j++) {
            if (i == j) continue;
            int64_t wanted = answer(&plain, &snaps[i], &snaps[j]);
            int64_t cs = wanted >> 28 & 0xFFFFFFF, dm = wanted & 0xFFFFFFF;
            assert_int_equal(durations[i * SNAPS + j], wanted < 0 ? -1 : (cs + 50) / 100);
            assert_int_equal(distances[i * SNAPS + j], wanted < 0 ? -1 : (dm + 5) / 10);
            struct arena *arena = arena_open(1 << 20);
            struct road_route route;
            enum status status = road_route(road, state, profile, &snaps[i], &snaps[j], arena,
                &route, &err);
            assert_int_equal(status, wanted < 0 ? NOT_FOUND : OK);
            if (status == OK) assert_int_equal(route.duration_s, durations[i * SNAPS + j]);
            if (status == OK) assert_int_equal(route.distance_m, distances[i * SNAPS + j]);
            arena_free(arena);
            ways += wanted >= 0;
        }
    }
    return ways;
}

static void random_nets(void **unused)
{
    (void)unused;
    struct rng rng = rng_seeded(4711);
    int limits = 0, copies = 0, ways = 0;
    for (int round = 0; round < test_cases(40); round++) {
        static struct random_net net;
        struct made made, bare_made;
        double factors[WAYS_MAX];
        invent_ways(&net, &rng);
        struct road *bare = write_net(&net, false, &bare_made);
        invent_limits(&net, bare, &rng);
        struct road *road = write_net(&net, true, &made);
        limits += net.limit_count;
        copies += (int)(road->states - road_arcs(road));
        for (int p = 0; p < ROAD_PROFILES; p++) {
            for (int w = 0; w < net.way_count; w++) factors[w] = 1;
            ways += compare(&net, bare, road, (enum road_profile)p, NULL, factors, &rng);
            struct road_state *state = invent_state(road, factors, &rng);
            ways += compare(&net, bare, road, (enum road_profile)p, state, factors, &rng);
            road_state_free(state);
        }
        made_end(&made, road);
        made_end(&bare_made, bare);
    }
    print_message("    %d restrictions, %d copies of arcs, %d ways\n", limits, copies, ways);
    if (test_cases(40) >= 40) assert_true(limits > 40 && copies > 10 && ways > 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("S2.14 matrix and routes equal a plain search: restrictions, closures, profiles",
            random_nets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
