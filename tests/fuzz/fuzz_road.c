/* fuzz: road layer=road runs=3000 max_len=20000 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include "base/arena.h"
#include "road/store.h"

/* A road file (its checksum is put right, so that more than the checksum is tried), an extract in
 * XML, or one in PBF: as the input begins. What opens is asked for snaps, a matrix and a route. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char folder[] = "/tmp/cunhuo-fuzz-XXXXXX";

static void forget(void)
{
    rmdir(folder);
}

static void save(const char *path, const uint8_t *data, size_t size)
{
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(data, 1, size, file) != size || fclose(file) != 0) abort();
}

static void use(const struct road *road)
{
    struct err err = { 0 };
    struct road_snap snaps[3];
    struct road_info info = road_info(road);
    int32_t durations[9], distances[9];
    size_t count = 0;
    for (int i = 0; i < 3; i++) {
        struct road_point at = {
            info.lat_min + (info.lat_max - info.lat_min) * i / 2,
            info.lon_min + (info.lon_max - info.lon_min) * i / 2,
        };
        if (road_snap(road, ROAD_MINIVAN, at, 20000, &snaps[count], &err) == OK) count++;
    }
    if (count == 0) return;
    if (road_matrix(road, NULL, ROAD_MINIVAN, snaps, count, durations, distances, &err) != OK)
        abort();
    struct arena *arena = arena_open(1 << 24);
    struct road_route route;
    enum status status = road_route(road, NULL, ROAD_MINIVAN, &snaps[0], &snaps[count - 1], arena,
        &route, &err);
    int32_t wanted = durations[count - 1];
    if (count > 1 && status == OK && route.duration_s != wanted) abort();
    if (count > 1 && status == NOT_FOUND && wanted >= 0) abort();
    arena_free(arena);
}

static void open_and_use(const char *path)
{
    struct err err = { 0 };
    struct road *road;
    if (road_open(path, &road, &err) != OK) return;
    use(road);
    road_close(road);
}

static void try_road(const char *path, const uint8_t *data, size_t size)
{
    size_t head_size = (sizeof(struct road_head) + 7) / 8 * 8;
    uint8_t *copy = malloc(size);
    if (copy == NULL) abort();
    memcpy(copy, data, size);
    struct road_head head;
    memcpy(&head, copy, sizeof head);
    memcpy(head.magic, ROAD_MAGIC, sizeof head.magic);
    head.version = ROAD_VERSION;
    head.bytes = size;
    head.crc = (uint32_t)crc32_z(0, copy + head_size, size - head_size);
    memcpy(copy, &head, sizeof head);
    save(path, copy, size);
    free(copy);
    open_and_use(path);
    unlink(path);
}

static void try_extract(const char *path, const char *out, const uint8_t *data, size_t size)
{
    struct err err = { 0 };
    save(path, data, size);
    if (road_build(path, out, NULL, &err) == OK) open_and_use(out);
    unlink(path);
    unlink(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool made;
    char path[64], out[64];
    if (!made && mkdtemp(folder) == NULL) abort();
    if (!made) atexit(forget);
    made = true;
    snprintf(out, sizeof out, "%s/x.road", folder);
    if (size > sizeof(struct road_head) + 8 && memcmp(data, ROAD_MAGIC, 4) == 0) {
        try_road(out, data, size);
    } else if (size && data[0] == '<') {
        snprintf(path, sizeof path, "%s/x.osm", folder);
        try_extract(path, out, data, size);
    } else {
        snprintf(path, sizeof path, "%s/x.osm.pbf", folder);
        try_extract(path, out, data, size);
    }
    return 0;
}
