/* test_line.c - constant-time insertion tests against inserting and recomputing everywhere. */
#include "base/test.h"

#include <stdlib.h>
#include "base/arena.h"
#include "route/line.h"
#include "route/testing.h"

enum { ROOM = 64 };

/* The cheapest feasible insertion by trying each: all places, parted or not, reloads left whole. */
static int64_t cheapest(const struct model *model, const struct line *line, struct line *scratch,
                        int32_t node)
{
    int64_t best = INT64_MAX;
    int32_t mate = model->nodes[node].mate;
    if (!model->allowed[(int64_t)node * model->type_count + line->type]) return best;
    for (int32_t at = 0; at < line->count - 1; at++) {
        for (int32_t at2 = at; at2 < line->count - 1; at2++) {
            if (mate < 0 && at2 > at) break;
            if (at2 > at && line->spots[at2].node < 0) break;   // a pair stays in its trip
            for (int split = SPLIT_NONE; split <= SPLIT_AFTER; split++) {
                if (split != SPLIT_NONE && (at2 > at || line->stops == 0)) continue;
                bool edge = split == SPLIT_BEFORE ? line->spots[at].node < 0
                                                  : line->spots[at + 1].node < 0;
                if (split != SPLIT_NONE && edge) continue;      // would leave a trip empty
                int32_t open = 0;
                for (int32_t i = 1; i <= at; i++) {
                    int32_t n = line->spots[i].node;
                    if (n >= 0 && model->nodes[n].kind == ROUTE_PICKUP) open++;
                    if (n >= 0 && model->nodes[n].kind == ROUTE_DELIVERY) open--;
                }
                if (split != SPLIT_NONE && open > 0) continue;
                struct place place = { 0, at, at2, (enum split)split };
                line_copy(model, scratch, line);
                if (line_insert(model, scratch, &place, node) &&
                    scratch->cost - line->cost < best)
                    best = scratch->cost - line->cost;
            }
        }
    }
    return best;
}

static void one_line(struct rng *rng, const struct model *model, struct arena *arena)
{
    struct line line = { 0 }, scratch = { 0 }, scan_scratch = { 0 };
    struct scan scan = { .model = model, .scratch = &scan_scratch };
    assert_true(line_room(arena, model, &line, ROOM));
    assert_true(line_room(arena, model, &scratch, ROOM));
    assert_true(scan_room(arena, &scan, ROOM));
    int32_t type = (int32_t)rng_below(rng, (uint32_t)model->type_count);
    if (!line_fill(model, &line, type, NULL, 0)) return;
    for (int32_t node = 0; node < model->node_count; node++) {
        if (model->nodes[node].kind == ROUTE_DELIVERY) continue;
        struct place best = { .cost = INT64_MAX };
        bool found = line_scan(&scan, &line, node, &best);
        assert_int_equal(found ? best.cost : INT64_MAX, cheapest(model, &line, &scratch, node));
        if (!found || rng_below(rng, 4) == 0) continue;
        int64_t before = line.cost;
        assert_true(line_insert(model, &line, &best, node));
        assert_int_equal(line.cost, before + best.cost);
    }
}

static void scans(void **state)
{
    (void)state;
    int cases = test_cases(3000);
    for (int i = 0; i < cases; i++) {
        struct rng rng = rng_seeded((uint64_t)i);
        struct arena *arena = arena_open((size_t)64 << 20);
        unsigned features = (unsigned)rng_u64(&rng) & (unsigned)rng_u64(&rng);
        struct route_problem p = route_random(arena, &rng, 8, features);
        struct model model;
        struct err err;
        assert_int_equal(model_new(arena, &p, 5, &model, &err), OK);
        one_line(&rng, &model, arena);
        arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("S2.3 joined segments equal plain recomputation at every place", scans),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
