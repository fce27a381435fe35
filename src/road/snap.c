/* snap.c - from a position to the nearest segment, by rings of the grid's cells. */
#include "road/store.h"

#include <math.h>

#define LOOK_FAR_M 20000.0

struct looking {
    const struct road *road;
    enum road_profile profile;
    struct road_point at;
    double up, right;   // metres to a degree of latitude, of longitude
};

struct candidate { uint32_t point, stretch; double distance_m, share; bool left; };

static bool usable(const struct looking *l, uint32_t stretch)
{
    const struct road_facts *facts = stretch_facts(l->road, stretch);
    return (facts->startable >> l->profile & 1)
        && (facts->speed[FORWARD][l->profile] || facts->speed[BACKWARD][l->profile]);
}

static bool in_main(const struct looking *l, uint32_t stretch)
{
    const uint8_t *arc_main = &l->road->arc_main[2 * stretch];
    return (arc_main[0] | arc_main[1]) >> l->profile & 1;
}

static void try_segment(const struct looking *l, uint32_t point, struct candidate *main,
    struct candidate *any)
{
    struct road_point a = point_at(l->road, point), b = point_at(l->road, point + 1);
    double ax = (a.lon - l->at.lon) * l->right, ay = (a.lat - l->at.lat) * l->up;
    double dx = (b.lon - a.lon) * l->right, dy = (b.lat - a.lat) * l->up;
    double square = dx * dx + dy * dy;
    double share = square > 0 ? fmin(fmax(-(ax * dx + ay * dy) / square, 0), 1) : 0;
    double distance = hypot(ax + share * dx, ay + share * dy);
    if (distance >= any->distance_m && distance >= main->distance_m) return;
    uint32_t stretch = stretch_of_point(l->road, point);
    if (point + 1 == l->road->stretch_first[stretch + 1] || !usable(l, stretch)) return;
    struct candidate found = { point, stretch, distance, share, dx * -ay - dy * -ax > 0 };
    if (distance < any->distance_m) *any = found;
    if (distance < main->distance_m && in_main(l, stretch)) *main = found;
}

static void try_cells(const struct looking *l, int64_t row, int64_t column, int64_t column_end,
    struct candidate *main, struct candidate *any)
{
    const struct road *road = l->road;
    if (row < 0 || row >= road->head.rows) return;
    if (column < 0) column = 0;
    if (column_end >= road->head.columns) column_end = (int64_t)road->head.columns - 1;
    size_t first = (size_t)row * road->head.columns;
    for (int64_t c = column; c <= column_end; c++)
        for (uint32_t i = road->cell_first[first + (size_t)c];
                i < road->cell_first[first + (size_t)c + 1]; i++)
            try_segment(l, road->cell_segment[i], main, any);
}

/* Ring by ring around the position's cell, until none nearer than `limit_m` or than the nearest
 * found on the main net can follow. */
static void look(const struct looking *l, double limit_m, struct candidate *main,
    struct candidate *any)
{
    const struct road_head *head = &l->road->head;
    int64_t row = cell_row(l->road, (int64_t)(l->at.lat * 1e7));
    int64_t column = cell_column(l->road, (int64_t)(l->at.lon * 1e7));
    double high = ((double)head->lat_max - head->lat_min + 1) * 1e-7 / head->rows * l->up;
    double wide = ((double)head->lon_max - head->lon_min + 1) * 1e-7 / head->columns * l->right;
    double step = fmin(high, wide);
    int64_t rings = head->rows > head->columns ? head->rows : head->columns;
    *main = *any = (struct candidate){ .distance_m = limit_m };
    for (int64_t ring = 0; ring <= rings; ring++) {
        if ((double)(ring - 1) * step > main->distance_m) break;
        try_cells(l, row - ring, column - ring, column + ring, main, any);
        if (ring) try_cells(l, row + ring, column - ring, column + ring, main, any);
        int64_t top = row + ring < head->rows ? row + ring : head->rows;
        for (int64_t r = row - ring + 1 > 0 ? row - ring + 1 : 0; r < top; r++) {
            try_cells(l, r, column - ring, column - ring, main, any);
            try_cells(l, r, column + ring, column + ring, main, any);
        }
    }
}

static void fill_in(const struct looking *l, const struct candidate *found, struct road_snap *out)
{
    const struct road *road = l->road;
    struct road_point a = point_at(road, found->point), b = point_at(road, found->point + 1);
    out->at.lat = a.lat + (b.lat - a.lat) * found->share;
    out->at.lon = a.lon + (b.lon - a.lon) * found->share;
    out->distance_m = found->distance_m;
    out->main = in_main(l, found->stretch);
    out->left = found->left;
    out->way_id = road->stretch_way[found->stretch];
    out->from_node_id = road->point_node[found->point];
    out->to_node_id = road->point_node[found->point + 1];
    out->stretch = found->stretch;
    out->segment = found->point - road->stretch_first[found->stretch];
    out->part = (uint32_t)fmin(found->share * 0x1p32, UINT32_MAX);
}

enum status road_snap(const struct road *road, enum road_profile profile, struct road_point point,
    double distance_max_m, struct road_snap *out, struct err *err)
{
    if (!(fabs(point.lat) <= 90 && fabs(point.lon) <= 180))
        return err_about(err, INVALID, "point", "no such position on Earth", "%g,%g", point.lat,
            point.lon);
    double up = road_beeline_m((struct road_point){ 0, 0 }, (struct road_point){ 1, 0 });
    struct looking l = { road, profile, point, up, up * fmax(cos(point.lat * M_PI / 180), 1e-6) };
    struct candidate main, any;
    double limit_m = fmin(fmax(distance_max_m, 0), LOOK_FAR_M);
    look(&l, limit_m, &main, &any);
    *out = (struct road_snap){ .island_m = -1 };
    if (main.distance_m < limit_m) {
        if (any.distance_m < main.distance_m) out->island_m = any.distance_m;
        fill_in(&l, &main, out);
        return OK;
    }
    if (any.distance_m < limit_m) {
        fill_in(&l, &any, out);
        return OK;
    }
    look(&l, LOOK_FAR_M, &main, &any);
    if (any.distance_m < LOOK_FAR_M)
        return err_about(err, NOT_FOUND, "point", "no road is near",
            "%.6f,%.6f: %.0f m, limit %.0f m", point.lat, point.lon, any.distance_m,
            distance_max_m);
    return err_about(err, NOT_FOUND, "point", "no road is near", "%.6f,%.6f: none within 20 km",
        point.lat, point.lon);
}
