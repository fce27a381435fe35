/* store.c - writing a road file whole, mapping it, and checking every index in it. */
#include "road/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include "road/hierarchy.h"

static const size_t element_bytes[SECTIONS] = {
#define X(name, type) [SECTION_##name] = sizeof(type),
    ROAD_SECTIONS(X)
#undef X
};

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "road files are little-endian");

/* -- Writing ----------------------------------------------------------------------------------- */

static uint64_t padded(uint64_t bytes) { return (bytes + 7) / 8 * 8; }

static void place_sections(struct road *road, const uint64_t counts[SECTIONS])
{
    uint64_t offset = padded(sizeof road->head);
    for (int i = 0; i < SECTIONS; i++) {
        road->head.sections[i].offset = offset;
        road->head.sections[i].count = counts[i];
        offset += padded(counts[i] * element_bytes[i]);
    }
    memcpy(road->head.magic, ROAD_MAGIC, sizeof road->head.magic);
    road->head.version = ROAD_VERSION;
    road->head.bytes = offset;
}

static bool write_padded(FILE *file, const void *bytes, uint64_t size, uint32_t *crc)
{
    static const unsigned char zeros[8];
    size_t rest = (size_t)(padded(size) - size);
    if (size) *crc = (uint32_t)crc32_z(*crc, bytes, size);
    *crc = (uint32_t)crc32_z(*crc, zeros, rest);
    return fwrite(bytes ? bytes : zeros, 1, size, file) == size
        && fwrite(zeros, 1, rest, file) == rest;
}

static bool write_all(struct road *road, FILE *file)
{
    const void *const arrays[SECTIONS] = {
#define X(name, type) [SECTION_##name] = road->name,
        ROAD_SECTIONS(X)
#undef X
    };
    uint32_t crc = 0, unused = 0;
    if (!write_padded(file, &road->head, sizeof road->head, &unused)) return false;
    for (int i = 0; i < SECTIONS; i++)
        if (!write_padded(file, arrays[i], road->head.sections[i].count * element_bytes[i], &crc))
            return false;
    road->head.crc = crc;
    rewind(file);
    return write_padded(file, &road->head, sizeof road->head, &unused) && fflush(file) == 0
        && fsync(fileno(file)) == 0;
}

enum status store_write(struct road *road, const uint64_t counts[SECTIONS], const char *path,
    struct err *err)
{
    char temporary[4096];
    int length = snprintf(temporary, sizeof temporary, "%s.XXXXXX", path);
    if (length < 0 || (size_t)length >= sizeof temporary)
        return err_about(err, INVALID, "output", "the name is too long", "%s", path);
    place_sections(road, counts);
    int fd = mkstemp(temporary);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "wb");
    if (file == NULL) {
        if (fd >= 0) close(fd);
        return err_about(err, INVALID, "output", "the file can't be written", "%s: %s", path,
            strerror(errno));
    }
    bool written = write_all(road, file) && fchmod(fd, 0644) == 0;
    written = fclose(file) == 0 && written && rename(temporary, path) == 0;
    if (written) return OK;
    int why = errno;
    unlink(temporary);
    return err_about(err, BROKEN, "output", "the file can't be written", "%s: %s", path,
        strerror(why));
}

/* -- Checking ---------------------------------------------------------------------------------- */

/* first[0..count] never falls, from 0 to `end`. `step` is the least growth. */
static bool rises(const uint32_t *first, uint64_t count, uint64_t end, uint32_t step)
{
    if (first[0] != 0 || first[count] != end) return false;
    for (uint64_t i = 0; i < count; i++)
        if (first[i + 1] < first[i] || first[i + 1] - first[i] < step) return false;
    return true;
}

static bool below(const uint32_t *values, uint64_t count, uint64_t limit)
{
    uint32_t highest = 0;
    for (uint64_t i = 0; i < count; i++) if (values[i] > highest) highest = values[i];
    return count == 0 || highest < limit;
}

static bool within(const int32_t *values, uint64_t count, int32_t low, int32_t high)
{
    for (uint64_t i = 0; i < count; i++)
        if (values[i] < low || values[i] > high) return false;
    return true;
}

static bool sections_lie_inside(const struct road_head *head)
{
    for (int i = 0; i < SECTIONS; i++) {
        uint64_t offset = head->sections[i].offset, count = head->sections[i].count;
        if (offset % 8 || offset < sizeof *head || offset > head->bytes || count > UINT32_MAX
            || count > (head->bytes - offset) / element_bytes[i]) return false;
    }
    return true;
}

static bool counts_agree(const struct road *road)
{
#define N(name) road->head.sections[SECTION_##name].count
    uint64_t stretches = N(stretch_way), points = N(point_lat), states = N(state_arc);
    uint64_t turns = N(turn_to), places = N(place_lat), cells = N(cell_first);
    uint64_t wanted = (uint64_t)road->head.rows * road->head.columns + 1;
    return stretches > 0 && stretches < UINT32_MAX / 4 && N(stretch_first) == stretches + 1
        && N(stretch_facts) == stretches && N(stretch_dm) == stretches
        && N(arc_cs) == 2 * stretches * ROAD_PROFILES && N(arc_main) == 2 * stretches
        && (N(point_height) == points || N(point_height) == 0)
        && N(point_node) == points && N(point_lon) == points && states >= 2 * stretches
        && N(turn_first) == states + 1 && N(rank_state) == states
        && N(turn_cost) == turns * ROAD_PROFILES
        && road->head.rows > 0 && road->head.columns > 0 && cells == wanted
        && N(place_node) == places && N(place_people) == places && N(place_name) == places
        && N(place_kind) == places && N(place_lon) == places && N(facts) > 0
        && N(texts) > 0;
}

/* Each state has one rank. */
static bool ranks_agree(const struct road *road)
{
    uint8_t *seen = calloc(road->states, 1);
    uint32_t count = 0;
    for (uint32_t r = 0; seen && r < road->states; r++) {
        uint32_t state = road->rank_state[r];
        if (state >= road->states || seen[state]) break;
        seen[state] = 1;
        count++;
    }
    free(seen);
    return count == road->states;
}

/* Turns that are open lead from an open arc to an open one. */
static bool turns_agree(const struct road *road)
{
    for (uint32_t s = 0; s < road->states; s++) {
        for (uint32_t t = road->turn_first[s]; t < road->turn_first[s + 1]; t++) {
            uint32_t from = road->state_arc[s], to = road->state_arc[road->turn_to[t]];
            for (int p = 0; p < ROAD_PROFILES; p++) {
                if (road->turn_cost[(size_t)p * road->turns + t] == TURN_NONE) continue;
                if (arc_speed(road, from, (enum road_profile)p) == 0
                    || arc_speed(road, to, (enum road_profile)p) == 0) return false;
            }
        }
    }
    return true;
}

static bool indexes_agree(const struct road *road)
{
    uint32_t arcs = road_arcs(road);
    for (uint32_t arc = 0; arc < arcs; arc++) if (road->state_arc[arc] != arc) return false;
    for (uint32_t s = 0; s < road->stretches; s++)
        if (road->stretch_dm[s] >= 1u << 28) return false;
    return rises(road->stretch_first, road->stretches, road->points, 2)
        && rises(road->turn_first, road->states, road->turns, 0)
        && rises(road->cell_first, N(cell_first) - 1, N(cell_segment), 0)
        && below(road->stretch_facts, road->stretches, N(facts))
        && below(road->arc_cs, N(arc_cs), 1u << 28)
        && below(road->state_arc, road->states, arcs) && below(road->turn_to, road->turns,
            road->states)
        && below(road->cell_segment, N(cell_segment), road->points - 1)
        && below(road->place_name, road->places, N(texts))
        && below(road->place_kind, road->places, N(texts)) && road->texts[N(texts) - 1] == '\0'
        && within(road->point_lat, road->points, -900000000, 900000000)
        && within(road->point_lon, road->points, -1800000000, 1800000000)
        && road->head.lat_min <= road->head.lat_max && road->head.lon_min <= road->head.lon_max
        && within(&road->head.lat_min, 4, -1800000000, 1800000000);
}

/* -- Opening ----------------------------------------------------------------------------------- */

static enum status bind(struct road *road, const char *path, struct err *err)
{
    const struct road_head *head = road->map;
    if (road->map_bytes < sizeof *head || memcmp(head->magic, ROAD_MAGIC, sizeof head->magic) != 0)
        return err_about(err, INVALID, "road", "this is no road file", "%s", path);
    if (head->version != ROAD_VERSION)
        return err_about(err, INVALID, "road",
            "the road file is of another version: build it anew", "%s: %u, expected %d", path,
            head->version, ROAD_VERSION);
    if (head->bytes != road->map_bytes)
        return err_about(err, INVALID, "road", "the road file is cut short",
            "%s: %zu bytes of %llu", path, road->map_bytes, (unsigned long long)head->bytes);
    const unsigned char *body = (const unsigned char *)road->map + padded(sizeof *head);
    road->head = *head;
    if (crc32_z(0, body, road->map_bytes - padded(sizeof *head)) != head->crc
        || !sections_lie_inside(head) || !counts_agree(road))
        return err_about(err, INVALID, "road", "the road file is damaged", "%s", path);
#define X(name, type) \
    road->name = (const type *)((const char *)road->map + head->sections[SECTION_##name].offset);
    ROAD_SECTIONS(X)
#undef X
    road->points = (uint32_t)N(point_lat);
    road->stretches = (uint32_t)N(stretch_way);
    road->states = (uint32_t)N(state_arc);
    road->turns = (uint32_t)N(turn_to);
    road->places = (uint32_t)N(place_lat);
    road->facts_count = (uint32_t)N(facts);
    road->heights = (uint32_t)N(point_height);
    if (!indexes_agree(road) || !ranks_agree(road) || !turns_agree(road))
        return err_about(err, INVALID, "road", "the road file is damaged", "%s", path);
    return OK;
#undef N
}

static enum status map_file(const char *path, struct road *road, struct err *err)
{
    struct stat about;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_about(err, errno == ENOENT ? NOT_FOUND : INVALID, "road",
            "the road file can't be opened", "%s: %s", path, strerror(errno));
    bool regular = fstat(fd, &about) == 0 && S_ISREG(about.st_mode);
    if (regular && about.st_size >= (off_t)sizeof(struct road_head)) {
        road->map_bytes = (size_t)about.st_size;
        road->map = mmap(NULL, road->map_bytes, PROT_READ, MAP_PRIVATE, fd, 0);
    }
    close(fd);
    if (road->map == MAP_FAILED) road->map = NULL;
    if (road->map) return OK;
    return err_about(err, INVALID, "road", "this is no road file", "%s", path);
}

enum status road_open(const char *path, struct road **out, struct err *err)
{
    struct road *road = calloc(1, sizeof *road);
    if (road == NULL) return err_set(err, BROKEN, NULL, "no memory");
    enum status status = map_file(path, road, err);
    if (status == OK) status = bind(road, path, err);
    if (status == OK && (road->cache = cache_open()) == NULL)
        status = err_set(err, BROKEN, NULL, "no memory");
    if (status != OK) {
        road_close(road);
        return status;
    }
    *out = road;
    return OK;
}

void road_close(struct road *road)
{
    if (road == NULL) return;
    cache_close(road->cache);
    if (road->map) munmap(road->map, road->map_bytes);
    free(road);
}

struct road_info road_info(const struct road *road)
{
    struct road_info info = {
        .lat_min = road->head.lat_min * 1e-7, .lat_max = road->head.lat_max * 1e-7,
        .lon_min = road->head.lon_min * 1e-7, .lon_max = road->head.lon_max * 1e-7,
        .stretches = road->stretches, .points = road->points, .turns = road->turns,
        .places = road->places, .bytes = (int64_t)road->head.bytes,
    };
    memcpy(info.length_m, road->head.length_m, sizeof info.length_m);
    memcpy(info.length_main_m, road->head.length_main_m, sizeof info.length_main_m);
    return info;
}
