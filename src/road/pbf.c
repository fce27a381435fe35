/* pbf.c - PBF extracts (wiki.openstreetmap.org/wiki/PBF_Format): blobs of protocol buffers.
 *
 * A file is a row of blobs, each at most 32 MB when unpacked, each with its own table of strings.
 * Packed by zlib or not at all, as every public extract is; LZMA and others count as damaged. */
#include "road/extract.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { HEADER_MAX = 64 << 10, BLOB_MAX = 32 << 20 };

/* -- Protocol buffers -------------------------------------------------------------------------- */

struct slice { const uint8_t *at, *end; };
struct field { uint32_t number; bool is_bytes; uint64_t value; struct slice bytes; };

/* False: no whole number is there. */
static bool take_varint(struct slice *in, uint64_t *out)
{
    *out = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (in->at == in->end) return false;
        uint8_t byte = *in->at++;
        *out |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80) return true;
    }
    return false;
}

static int64_t unzigzag(uint64_t value) { return (int64_t)(value >> 1 ^ -(value & 1)); }

/* The next field. False at the end, and on malformed bytes, which sets `damaged`. */
static bool take_field(struct slice *in, struct field *out, bool *damaged)
{
    uint64_t key, size = 0;
    if (in->at == in->end) return false;
    *damaged = true;
    if (!take_varint(in, &key)) return false;
    *out = (struct field){ .number = (uint32_t)(key >> 3) };
    switch (key & 7) {
    case 0:
        if (!take_varint(in, &out->value)) return false;
        *damaged = false;
        return true;
    case 1: size = 8; break;
    case 2:
        if (!take_varint(in, &size)) return false;
        out->is_bytes = true;
        break;
    case 5: size = 4; break;
    default: return false;
    }
    if (size > (uint64_t)(in->end - in->at)) return false;
    out->bytes = (struct slice){ in->at, in->at + size };
    in->at += size;
    *damaged = false;
    return true;
}

/* -- A block's elements ------------------------------------------------------------------------ */

struct pbf {
    FILE *file;
    const struct sink *sink;
    enum reading result;
    uint8_t *packed, *plain;          // each of BLOB_MAX bytes
    char *texts;                      // the strings of the block, each with its end
    const char **strings;
    size_t string_count, string_room;
    struct tag *tags;                 // of the element in work
    int64_t *refs;
    struct member *members;
    size_t tag_room, ref_room, member_room;
    double granularity, lat_offset, lon_offset;   // nanodegrees
};

static bool stop(struct pbf *p, enum reading why)
{
    p->result = why;
    return false;
}

/* Room for one more element of an array that holds `count`. */
#define ROOM(p, array, room, count) \
    ((count) < (p)->room || grow((p), (void **)&(p)->array, &(p)->room, sizeof *(p)->array))

static bool grow(struct pbf *p, void **array, size_t *room, size_t bytes)
{
    size_t wanted = *room ? 2 * *room : 256;
    void *more = realloc(*array, wanted * bytes);
    if (more == NULL) return stop(p, READ_NO_MEMORY);
    *array = more;
    *room = wanted;
    return true;
}

static bool put_tag(struct pbf *p, size_t *count, uint64_t key, uint64_t value)
{
    if (key >= p->string_count || value >= p->string_count) return stop(p, READ_DAMAGED);
    if (!ROOM(p, tags, tag_room, *count)) return false;
    p->tags[(*count)++] = (struct tag){ p->strings[key], p->strings[value] };
    return true;
}

static bool take_tags(struct pbf *p, struct slice keys, struct slice values, size_t *count)
{
    uint64_t key, value;
    *count = 0;
    while (keys.at < keys.end) {
        if (!take_varint(&keys, &key) || !take_varint(&values, &value))
            return stop(p, READ_DAMAGED);
        if (!put_tag(p, count, key, value)) return false;
    }
    return values.at == values.end || stop(p, READ_DAMAGED);
}

static bool give_node(struct pbf *p, int64_t id, int64_t lat, int64_t lon, size_t tag_count)
{
    struct tags tags = { p->tags, tag_count };
    double lat_degrees = 1e-9 * (p->lat_offset + p->granularity * (double)lat);
    double lon_degrees = 1e-9 * (p->lon_offset + p->granularity * (double)lon);
    return p->sink->node(p->sink->user, id, lat_degrees, lon_degrees, tags)
        || stop(p, READ_STOPPED);
}

static bool take_dense(struct pbf *p, struct slice in)
{
    struct slice ids = {0}, lats = {0}, lons = {0}, words = {0};
    struct field field;
    bool damaged = false;
    while (take_field(&in, &field, &damaged)) {
        if (field.number == 1) ids = field.bytes;
        if (field.number == 8) lats = field.bytes;
        if (field.number == 9) lons = field.bytes;
        if (field.number == 10) words = field.bytes;
    }
    if (damaged) return stop(p, READ_DAMAGED);
    uint64_t id = 0, lat = 0, lon = 0, step, key, value;
    while (ids.at < ids.end) {
        size_t tag_count = 0;
        if (!take_varint(&ids, &step)) return stop(p, READ_DAMAGED);
        id += (uint64_t)unzigzag(step);
        if (!take_varint(&lats, &step)) return stop(p, READ_DAMAGED);
        lat += (uint64_t)unzigzag(step);
        if (!take_varint(&lons, &step)) return stop(p, READ_DAMAGED);
        lon += (uint64_t)unzigzag(step);
        while (words.at < words.end) {
            if (!take_varint(&words, &key)) return stop(p, READ_DAMAGED);
            if (key == 0) break;
            if (!take_varint(&words, &value)) return stop(p, READ_DAMAGED);
            if (!put_tag(p, &tag_count, key, value)) return false;
        }
        if (!give_node(p, (int64_t)id, (int64_t)lat, (int64_t)lon, tag_count)) return false;
    }
    return true;
}

/* The fields of a node, way or relation that stands alone. */
struct element { int64_t id; struct slice keys, values, refs, roles, kinds; int64_t lat, lon; };

static bool take_element(struct pbf *p, struct slice in, uint32_t group, struct element *out,
    size_t *tag_count)
{
    struct field field;
    bool damaged = false;
    *out = (struct element){0};
    while (take_field(&in, &field, &damaged)) {
        switch (field.number) {
        case 1: out->id = group == 1 ? unzigzag(field.value) : (int64_t)field.value; break;
        case 2: out->keys = field.bytes; break;
        case 3: out->values = field.bytes; break;
        case 8:
            if (group == 1) out->lat = unzigzag(field.value);
            else if (group == 3) out->refs = field.bytes;
            else out->roles = field.bytes;
            break;
        case 9:
            if (group == 1) out->lon = unzigzag(field.value);
            else out->refs = field.bytes;
            break;
        case 10: out->kinds = field.bytes; break;
        default: break;
        }
    }
    if (damaged) return stop(p, READ_DAMAGED);
    return take_tags(p, out->keys, out->values, tag_count);
}

static bool give_way(struct pbf *p, struct element *way, size_t tag_count)
{
    uint64_t ref = 0, step;
    size_t count = 0;
    while (way->refs.at < way->refs.end) {
        if (!take_varint(&way->refs, &step)) return stop(p, READ_DAMAGED);
        ref += (uint64_t)unzigzag(step);
        if (!ROOM(p, refs, ref_room, count)) return false;
        p->refs[count++] = (int64_t)ref;
    }
    return p->sink->way(p->sink->user, way->id, p->refs, count, (struct tags){ p->tags, tag_count })
        || stop(p, READ_STOPPED);
}

static bool give_relation(struct pbf *p, struct element *relation, size_t tag_count)
{
    uint64_t id = 0, step, role, kind;
    size_t count = 0;
    while (relation->refs.at < relation->refs.end) {
        if (!take_varint(&relation->refs, &step) || !take_varint(&relation->roles, &role)
            || !take_varint(&relation->kinds, &kind) || role >= p->string_count
            || kind > MEMBER_RELATION) return stop(p, READ_DAMAGED);
        id += (uint64_t)unzigzag(step);
        if (!ROOM(p, members, member_room, count)) return false;
        p->members[count++]
            = (struct member){ (int64_t)id, (enum member_kind)kind, p->strings[role] };
    }
    return p->sink->relation(p->sink->user, relation->id, p->members, count,
        (struct tags){ p->tags, tag_count }) || stop(p, READ_STOPPED);
}

static bool take_group(struct pbf *p, struct slice in)
{
    struct field field;
    struct element element;
    size_t tag_count;
    bool damaged = false;
    while (take_field(&in, &field, &damaged)) {
        if (field.number == 2) {
            if (!take_dense(p, field.bytes)) return false;
        } else if (field.number == 1 || field.number == 3 || field.number == 4) {
            if (!take_element(p, field.bytes, field.number, &element, &tag_count)) return false;
            bool given = field.number == 1
                ? give_node(p, element.id, element.lat, element.lon, tag_count)
                : field.number == 3 ? give_way(p, &element, tag_count)
                : give_relation(p, &element, tag_count);
            if (!given) return false;
        }
    }
    return !damaged || stop(p, READ_DAMAGED);
}

/* -- Blocks ------------------------------------------------------------------------------------ */

/* The table of strings; each gets an end in p->texts, which has room for them all. */
static bool take_strings(struct pbf *p, struct slice in)
{
    struct field field;
    bool damaged = false;
    char *text = p->texts;
    p->string_count = 0;
    while (take_field(&in, &field, &damaged)) {
        if (field.number != 1 || !field.is_bytes) continue;
        if (!ROOM(p, strings, string_room, p->string_count)) return false;
        size_t size = (size_t)(field.bytes.end - field.bytes.at);
        if (size) memcpy(text, field.bytes.at, size);
        text[size] = '\0';
        p->strings[p->string_count++] = text;
        text += size + 1;   // a field is at least two bytes longer than its text
    }
    return !damaged || stop(p, READ_DAMAGED);
}

static bool take_block(struct pbf *p, struct slice block)
{
    struct slice in = block;
    struct field field;
    bool damaged = false;
    p->string_count = 0;
    p->granularity = 100;
    p->lat_offset = p->lon_offset = 0;
    while (take_field(&in, &field, &damaged)) {   // what the groups need may stand behind them
        if (field.number == 1 && !take_strings(p, field.bytes)) return false;
        if (field.number == 17) p->granularity = (double)(int32_t)field.value;
        if (field.number == 19) p->lat_offset = (double)(int64_t)field.value;
        if (field.number == 20) p->lon_offset = (double)(int64_t)field.value;
    }
    if (damaged) return stop(p, READ_DAMAGED);
    in = block;
    while (take_field(&in, &field, &damaged))
        if (field.number == 2 && !take_group(p, field.bytes)) return false;
    return true;
}

/* What a reader must know to understand the file. */
static bool take_header(struct pbf *p, struct slice in)
{
    static const char *const known[] = { "OsmSchema-V0.6", "DenseNodes" };
    struct field field;
    bool damaged = false;
    while (take_field(&in, &field, &damaged)) {
        size_t size = (size_t)(field.bytes.end - field.bytes.at);
        bool fits = field.number != 4;
        for (size_t i = 0; i < COUNT(known); i++)
            if (size == strlen(known[i]) && memcmp(field.bytes.at, known[i], size) == 0)
                fits = true;
        if (!fits) return stop(p, READ_DAMAGED);
    }
    return !damaged || stop(p, READ_DAMAGED);
}

/* -- Blobs ------------------------------------------------------------------------------------- */

static bool unpack(struct pbf *p, struct slice in, struct slice *out)
{
    struct field field;
    struct slice raw = {0}, zipped = {0};
    bool damaged = false;
    while (take_field(&in, &field, &damaged)) {
        if (field.number == 1) raw = field.bytes;
        if (field.number == 3) zipped = field.bytes;
    }
    if (damaged || (raw.at == NULL && zipped.at == NULL)) return stop(p, READ_DAMAGED);
    *out = raw;
    if (raw.at) return true;
    uLongf size = BLOB_MAX;
    if (uncompress(p->plain, &size, zipped.at, (uLong)(zipped.end - zipped.at)) != Z_OK)
        return stop(p, READ_DAMAGED);
    *out = (struct slice){ p->plain, p->plain + size };
    return true;
}

/* The header of a blob: what it is and how long. */
static bool take_blob_header(struct pbf *p, struct slice in, bool *data, uint64_t *size)
{
    struct field field;
    bool damaged = false, is_header = false;
    *data = false;
    *size = 0;
    while (take_field(&in, &field, &damaged)) {
        size_t length = (size_t)(field.bytes.end - field.bytes.at);
        if (field.number == 1 && length == 7) *data = memcmp(field.bytes.at, "OSMData", 7) == 0;
        if (field.number == 1 && length == 9)
            is_header = memcmp(field.bytes.at, "OSMHeader", 9) == 0;
        if (field.number == 3) *size = field.value;
    }
    if (damaged || !(*data || is_header) || *size == 0 || *size > BLOB_MAX)
        return stop(p, READ_DAMAGED);
    return true;
}

/* One blob. False at the end of the file too. */
static bool take_blob(struct pbf *p, bool first)
{
    uint8_t length[4];
    struct slice plain;
    uint64_t size;
    bool data;
    size_t got = fread(length, 1, sizeof length, p->file);
    if (got == 0 && !first && feof(p->file)) return false;
    size_t header = (size_t)length[0] << 24 | (size_t)length[1] << 16 | (size_t)length[2] << 8
        | length[3];
    if (got != sizeof length || header > HEADER_MAX
        || fread(p->packed, 1, header, p->file) != header) return stop(p, READ_DAMAGED);
    if (!take_blob_header(p, (struct slice){ p->packed, p->packed + header }, &data, &size))
        return false;
    if (data == first || fread(p->packed, 1, size, p->file) != size)
        return stop(p, READ_DAMAGED);
    if (!unpack(p, (struct slice){ p->packed, p->packed + size }, &plain)) return false;
    return data ? take_block(p, plain) : take_header(p, plain);
}

enum reading pbf_read(FILE *file, const struct sink *sink)
{
    struct pbf p = { .file = file, .sink = sink, .result = READ_WHOLE };
    p.packed = malloc(BLOB_MAX);
    p.plain = malloc(BLOB_MAX);
    p.texts = malloc(BLOB_MAX);
    if (!p.packed || !p.plain || !p.texts) p.result = READ_NO_MEMORY;
    else if (take_blob(&p, true))
        while (take_blob(&p, false)) { }
    free(p.packed);
    free(p.plain);
    free(p.texts);
    free(p.strings);
    free(p.tags);
    free(p.refs);
    free(p.members);
    return p.result;
}
