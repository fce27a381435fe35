/* heights.c - SRTM tiles, read as they are asked for. */
#include "road/heights.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

enum { SIDE_FINE = 3601, SIDE_COARSE = 1201, UNKNOWN = -32768, ZIP_TAIL = 22, ZIP_ENTRY = 46,
       ZIP_LOCAL = 30, DEFLATED = 8 };
#define BYTES_MAX ((size_t)SIDE_FINE * SIDE_FINE * 2)

struct tile { int lat, lon; uint32_t side; const unsigned char *posts; };   // side 0: none

struct heights {
    const char *folder;
    struct arena *arena;
    struct tile *tiles;
    size_t count;
};

enum status heights_open(const char *folder, struct arena *arena, struct heights **out,
    struct err *err)
{
    struct heights *h = arena_new(arena, sizeof *h);
    if (h == NULL) return err_set(err, BROKEN, NULL, "no memory");
    h->folder = folder;
    h->arena = arena;
    *out = h;
    return OK;
}

/* -- Files ------------------------------------------------------------------------------------- */

static enum status damaged(const char *path, struct err *err)
{
    return err_about(err, INVALID, "heights", "the file of heights is damaged", "%s", path);
}

/* NULL with OK: there is no such file. */
static enum status read_file(struct heights *h, const char *path, unsigned char **out,
    size_t *size, struct err *err)
{
    FILE *file = fopen(path, "rb");
    *out = NULL;
    if (file == NULL) return OK;
    long length = fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
    bool fits = length > 0 && (size_t)length <= BYTES_MAX + 4096;
    *size = fits ? (size_t)length : 0;
    *out = fits ? arena_new(h->arena, *size) : NULL;
    rewind(file);
    bool got = *out && fread(*out, 1, *size, file) == *size;
    fclose(file);
    return got ? OK : damaged(path, err);
}

static uint32_t little(const unsigned char *bytes, int count)
{
    uint32_t value = 0;
    for (int i = count; i-- > 0;) value = value << 8 | bytes[i];
    return value;
}

static bool inflate_whole(const unsigned char *packed, size_t packed_size, unsigned char *out,
    size_t size)
{
    z_stream stream = {0};
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) return false;
    stream.next_in = (unsigned char *)(uintptr_t)packed;
    stream.avail_in = (unsigned)packed_size;
    stream.next_out = out;
    stream.avail_out = (unsigned)size;
    int result = inflate(&stream, Z_FINISH);
    inflateEnd(&stream);
    return result == Z_STREAM_END && stream.total_out == size;
}

/* The first file of a zip without a comment. NULL: it has none that is whole. */
static unsigned char *first_of_zip(struct heights *h, const unsigned char *zip, size_t zip_size,
    size_t *size)
{
    if (zip_size < ZIP_TAIL + ZIP_ENTRY + ZIP_LOCAL) return NULL;
    const unsigned char *tail = zip + zip_size - ZIP_TAIL;
    size_t entry = little(tail + 16, 4);
    if (little(tail, 4) != 0x06054b50 || entry > zip_size - ZIP_ENTRY) return NULL;
    size_t packed = little(zip + entry + 20, 4), local = little(zip + entry + 42, 4);
    bool deflated = little(zip + entry + 10, 2) == DEFLATED;
    *size = little(zip + entry + 24, 4);
    if (local > zip_size - ZIP_LOCAL || *size == 0 || *size > BYTES_MAX) return NULL;
    size_t body = local + ZIP_LOCAL + little(zip + local + 26, 2) + little(zip + local + 28, 2);
    if (body > zip_size || packed > zip_size - body || (!deflated && packed != *size)) return NULL;
    unsigned char *out = arena_new(h->arena, *size);
    if (out == NULL) return NULL;
    if (!deflated) memcpy(out, zip + body, *size);
    else if (!inflate_whole(zip + body, packed, out, *size)) return NULL;
    return out;
}

static enum status read_tile(struct heights *h, struct tile *tile, struct err *err)
{
    char path[4096];
    unsigned char *bytes;
    size_t size = 0;
    int length = snprintf(path, sizeof path, "%s/%c%02d%c%03d.hgt.zip", h->folder,
        tile->lat < 0 ? 'S' : 'N', tile->lat < 0 ? -tile->lat : tile->lat,
        tile->lon < 0 ? 'W' : 'E', tile->lon < 0 ? -tile->lon : tile->lon);
    if (length < 0 || (size_t)length >= sizeof path)
        return err_set(err, INVALID, "heights", "the name is too long");
    path[length - 4] = '\0';
    TRY(read_file(h, path, &bytes, &size, err));
    if (bytes == NULL) {
        path[length - 4] = '.';
        TRY(read_file(h, path, &bytes, &size, err));
        if (bytes == NULL) return OK;
        bytes = first_of_zip(h, bytes, size, &size);
        if (bytes == NULL) return damaged(path, err);
    }
    tile->side = size == BYTES_MAX ? SIDE_FINE
        : size == (size_t)SIDE_COARSE * SIDE_COARSE * 2 ? SIDE_COARSE : 0;
    if (tile->side == 0) return damaged(path, err);
    tile->posts = bytes;
    return OK;
}

static enum status tile_of(struct heights *h, int lat, int lon, const struct tile **out,
    struct err *err)
{
    for (size_t i = h->count; i-- > 0;) {
        *out = &h->tiles[i];
        if (h->tiles[i].lat == lat && h->tiles[i].lon == lon) return OK;
    }
    struct tile tile = { .lat = lat, .lon = lon };
    TRY(read_tile(h, &tile, err));
    struct tile *more = arena_more(h->arena, h->tiles, h->count, sizeof *more);
    if (more == NULL) return err_set(err, BROKEN, NULL, "no memory");
    h->tiles = more;
    more[h->count] = tile;
    *out = &more[h->count++];
    return OK;
}

/* -- Asking ------------------------------------------------------------------------------------ */

static double post(const struct tile *tile, uint32_t row, uint32_t column)
{
    const unsigned char *at = tile->posts + 2 * ((size_t)row * tile->side + column);
    int value = (int16_t)(at[0] << 8 | at[1]);
    return value == UNKNOWN ? (double)NAN : (double)value;
}

enum status heights_at(struct heights *h, struct road_point at, double *out, struct err *err)
{
    const struct tile *tile;
    *out = NAN;
    if (!(fabs(at.lat) <= 90 && fabs(at.lon) <= 180)) return OK;
    int lat = (int)floor(at.lat), lon = (int)floor(at.lon);
    TRY(tile_of(h, lat, lon, &tile, err));
    if (tile->side == 0) return OK;
    double down = (1 - (at.lat - lat)) * (tile->side - 1);
    double right = (at.lon - lon) * (tile->side - 1);
    uint32_t row = (uint32_t)fmin(fmax(down, 0), tile->side - 2);
    uint32_t column = (uint32_t)fmin(fmax(right, 0), tile->side - 2);
    double y = down - row, x = right - column;
    *out = (post(tile, row, column) * (1 - x) + post(tile, row, column + 1) * x) * (1 - y)
        + (post(tile, row + 1, column) * (1 - x) + post(tile, row + 1, column + 1) * x) * y;
    return OK;
}
