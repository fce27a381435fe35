/* plane.c - distances, directions and curves in integers. */
#include "demo/plane.h"

#include "base/arena.h"

/* Units of 10^-7 degree in a million decimetres: a sphere of 6,371,008.8 m, at 29.2 degrees. */
enum { LAT_SCALE = 8993205, LON_SCALE = 10302417, SCALE = 1000000 };

/* a / b to the nearest, also of negative numbers. */
static int64_t divided(int64_t a, int64_t b)
{
    return (a < 0 ? a - b / 2 : a + b / 2) / b;
}

struct at plane_of(int32_t lat_e7, int32_t lon_e7)
{
    return (struct at){
        (int32_t)divided((int64_t)(lon_e7 - LON0_E7) * SCALE, LON_SCALE),
        (int32_t)divided((int64_t)(lat_e7 - LAT0_E7) * SCALE, LAT_SCALE),
    };
}

int32_t plane_lat_e7(struct at at)
{
    return (int32_t)(LAT0_E7 + divided((int64_t)at.y * LAT_SCALE, SCALE));
}

int32_t plane_lon_e7(struct at at)
{
    return (int32_t)(LON0_E7 + divided((int64_t)at.x * LON_SCALE, SCALE));
}

static int64_t root(int64_t square)
{
    if (square < 2) return square;
    int64_t guess = INT64_C(1) << ((64 - __builtin_clzll((unsigned long long)square) + 1) / 2);
    for (;;) {   // Newton's steps from above never pass the root
        int64_t next = (guess + square / guess) / 2;
        if (next >= guess) return guess;
        guess = next;
    }
}

int32_t plane_distance(struct at a, struct at b)
{
    int64_t x = (int64_t)a.x - b.x, y = (int64_t)a.y - b.y;
    return (int32_t)root(x * x + y * y);
}

/* 65536 times the sine, by Bhaskara's formula: 0.2 % off at most, which bends nothing here. */
static int64_t sine(int32_t angle)
{
    angle = ((angle % TURN) + TURN) % TURN;
    int64_t half = angle % (TURN / 2), p = half * (TURN / 2 - half);
    int64_t value = 4 * p * 65536 / (INT64_C(4050000) - p);
    return angle < TURN / 2 ? value : -value;
}

struct at plane_moved(struct at from, int32_t angle, int32_t length)
{
    return (struct at){ from.x + (int32_t)(sine(angle + TURN / 4) * length / 65536),
                        from.y + (int32_t)(sine(angle) * length / 65536) };
}

int32_t plane_angle(struct at from, struct at to)
{
    int64_t best = INT64_MIN, x = (int64_t)to.x - from.x, y = (int64_t)to.y - from.y;
    int32_t found = 0;
    for (int32_t angle = 0; angle < TURN; angle += 50) {
        int64_t along = x * sine(angle + TURN / 4) + y * sine(angle);
        if (along <= best) continue;
        best = along;
        found = angle;
    }
    return found;
}

enum status path_add(struct arena *arena, struct path *path, struct at at, struct err *err)
{
    path->at = arena_more(arena, path->at, path->count, sizeof *path->at);
    if (path->at == NULL) return err_set(err, BROKEN, NULL, "No memory");
    path->at[path->count++] = at;
    return OK;
}

enum status path_bend(struct arena *arena, struct path *path, struct at to, int32_t permille,
                      int32_t piece, struct rng *rng, struct err *err)
{
    struct at from = path->at[path->count - 1];
    if (plane_distance(from, to) <= piece) return path_add(arena, path, to, err);
    int64_t side = rng_between(rng, permille / 4, permille);
    if (rng_below(rng, 2)) side = -side;
    struct at middle = {
        (int32_t)(((int64_t)from.x + to.x) / 2 - (int64_t)(to.y - from.y) * side / 1000),
        (int32_t)(((int64_t)from.y + to.y) / 2 + (int64_t)(to.x - from.x) * side / 1000),
    };
    TRY(path_bend(arena, path, middle, permille, piece, rng, err));
    return path_bend(arena, path, to, permille, piece, rng, err);
}

void path_hairpins(struct path *path, size_t first, size_t last, int32_t width)
{
    struct at before = path->at[0];
    for (size_t i = 1; i + 1 < path->count; i++) {
        struct at here = path->at[i];
        if (i >= first && i <= last) {
            int32_t angle = plane_angle(before, path->at[i + 1]) + (i % 2 ? TURN / 4 : -TURN / 4);
            path->at[i] = plane_moved(here, angle, width);
        }
        before = here;
    }
}

static int32_t between(int32_t a, int32_t b, int32_t c, int32_t d)
{
    return (int32_t)divided(9 * ((int64_t)b + c) - a - d, 16);
}

enum status path_smooth(struct arena *arena, struct path *path, int rounds, struct err *err)
{
    for (; rounds > 0 && path->count > 2; rounds--) {
        struct path finer = { 0 };
        const struct at *p = path->at;
        size_t last = path->count - 1;
        for (size_t i = 0; i < last; i++) {
            const struct at *a = i ? p + i - 1 : p, *d = i + 2 <= last ? p + i + 2 : p + last;
            TRY(path_add(arena, &finer, p[i], err));
            TRY(path_add(arena, &finer, (struct at){ between(a->x, p[i].x, p[i + 1].x, d->x),
                between(a->y, p[i].y, p[i + 1].y, d->y) }, err));
        }
        TRY(path_add(arena, &finer, p[last], err));
        *path = finer;
    }
    return OK;
}
