/* grid.c - an even grid over the extract: which segments may touch each cell. */
#include "road/net.h"

#include <math.h>

enum { CELLS_MAX = 4 << 20, ITEMS_PER_SEGMENT_MAX = 16 };

static void find_bounds(struct road *road)
{
    struct road_head *head = &road->head;
    head->lat_min = head->lat_max = road->point_lat[0];
    head->lon_min = head->lon_max = road->point_lon[0];
    for (uint32_t i = 1; i < road->points; i++) {
        int32_t lat = road->point_lat[i], lon = road->point_lon[i];
        if (lat < head->lat_min) head->lat_min = lat;
        if (lat > head->lat_max) head->lat_max = lat;
        if (lon < head->lon_min) head->lon_min = lon;
        if (lon > head->lon_max) head->lon_max = lon;
    }
}

/* About one cell for two segments, as square as can be. */
static void choose_size(struct road *road)
{
    struct road_head *head = &road->head;
    double middle = (head->lat_min + (double)head->lat_max) / 2 * 1e-7;
    double height = ((double)head->lat_max - head->lat_min) + 1;
    double width = (((double)head->lon_max - head->lon_min) + 1) * cos(middle * M_PI / 180) + 1;
    double cells = fmin(fmax(road->points / 2.0, 1), CELLS_MAX);
    double rows = sqrt(cells * height / width);
    rows = fmin(fmax(rows, 1), cells);
    head->rows = (uint32_t)rows;
    head->columns = (uint32_t)fmax(cells / rows, 1);
}

struct filling {
    struct road *road;
    uint32_t *cell_first, *cell_segment;   // cell_segment NULL: only counts
    uint64_t items;
};

static void put_segment(struct filling *f, uint32_t point)
{
    const struct road *road = f->road;
    int32_t lat_a = road->point_lat[point], lat_b = road->point_lat[point + 1];
    int32_t lon_a = road->point_lon[point], lon_b = road->point_lon[point + 1];
    uint32_t row = cell_row(road, lat_a < lat_b ? lat_a : lat_b);
    uint32_t row_end = cell_row(road, lat_a < lat_b ? lat_b : lat_a);
    uint32_t column = cell_column(road, lon_a < lon_b ? lon_a : lon_b);
    uint32_t column_end = cell_column(road, lon_a < lon_b ? lon_b : lon_a);
    f->items += (uint64_t)(row_end - row + 1) * (column_end - column + 1);
    if (f->cell_first == NULL) return;
    for (uint32_t r = row; r <= row_end; r++) {
        for (uint32_t c = column; c <= column_end; c++) {
            uint32_t cell = r * road->head.columns + c;
            if (f->cell_segment) f->cell_segment[f->cell_first[cell + 1]++] = point;
            else f->cell_first[cell + 2]++;
        }
    }
}

static void put_all(struct filling *f)
{
    const struct road *road = f->road;
    f->items = 0;
    for (uint32_t s = 0; s < road->stretches; s++) {
        if (stretch_facts(road, s)->startable == 0) continue;
        for (uint32_t i = road->stretch_first[s]; i + 1 < road->stretch_first[s + 1]; i++)
            put_segment(f, i);
    }
}

enum status grid_make(struct net *net, struct err *err)
{
    struct road *road = &net->road;
    struct filling f = { .road = road };
    find_bounds(road);
    choose_size(road);
    for (;;) {   // long segments fill many cells: then the grid gets coarser
        put_all(&f);
        if (f.items <= (uint64_t)road->points * ITEMS_PER_SEGMENT_MAX) break;
        road->head.rows = (road->head.rows + 1) / 2;
        road->head.columns = (road->head.columns + 1) / 2;
    }
    uint64_t cells = (uint64_t)road->head.rows * road->head.columns, items = f.items;
    f.cell_first = arena_new(net->arena, (cells + 2) * sizeof *f.cell_first);
    if (f.cell_first == NULL) return net_no_memory(err);
    put_all(&f);
    for (uint64_t c = 2; c < cells + 2; c++) f.cell_first[c] += f.cell_first[c - 1];
    f.cell_segment = arena_new(net->arena, items * sizeof *f.cell_segment);
    if (f.cell_segment == NULL) return net_no_memory(err);
    put_all(&f);
    road->cell_first = f.cell_first;
    road->cell_segment = f.cell_segment;
    net->counts[SECTION_cell_first] = cells + 1;
    net->counts[SECTION_cell_segment] = items;
    return OK;
}
