/* osm.c - reading an extract by libreadosm. */
#include "road/osm.h"

#include <errno.h>
#include <math.h>
#include <readosm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include "base/text.h"

_Static_assert(sizeof(struct tag) == sizeof(readosm_tag), "tags are passed on as they are");

static struct tags tags_of(const readosm_tag *tags, int count)
{
    return (struct tags){ (const struct tag *)tags, tags && count > 0 ? (size_t)count : 0 };
}

/* Appends one zeroed element to a list of `osm` and points `item` to it; leaves on no memory. */
#define APPEND(osm, list, count, item) do { \
        void *more_ = arena_more((osm)->arena, (osm)->list, (osm)->count, sizeof *(osm)->list); \
        if (more_ == NULL) { \
            (osm)->out_of_memory = true; \
            return READOSM_ABORT; \
        } \
        (osm)->list = more_; \
        (item) = &(osm)->list[(osm)->count++]; \
        memset((item), 0, sizeof *(item)); \
    } while (0)

/* -- Nodes ------------------------------------------------------------------------------------- */

static int read_place(struct osm *osm, const struct osm_node *node, struct tags tags)
{
    const char *kind = tags_get(tags, "place"), *name = tags_get(tags, "name:zh");
    if (name == NULL) name = tags_get(tags, "name");
    if (kind == NULL || name == NULL || *name == '\0') return READOSM_OK;
    if (!text_valid(kind, strlen(kind)) || !text_valid(name, strlen(name))) return READOSM_OK;
    const char *people = tags_get(tags, "population");
    struct osm_place *place;
    APPEND(osm, places, place_count, place);
    *place = (struct osm_place){
        .id = node->id, .lat = node->lat, .lon = node->lon,
        .name = arena_text(osm->arena, name), .kind = arena_text(osm->arena, kind),
        .people = people ? strtoll(people, NULL, 10) : 0,
    };
    if (place->people < 0) place->people = 0;
    osm->out_of_memory = place->name == NULL || place->kind == NULL;
    return osm->out_of_memory ? READOSM_ABORT : READOSM_OK;
}

static int read_node(const void *user, const readosm_node *raw)
{
    struct osm *osm = (struct osm *)(uintptr_t)user;
    struct osm_node *node;
    if (!(fabs(raw->latitude) <= 90 && fabs(raw->longitude) <= 180)) {
        osm->impossible = true;
        return READOSM_ABORT;
    }
    APPEND(osm, nodes, node_count, node);
    node->id = raw->id;
    node->lat = (int32_t)lround(raw->latitude * 1e7);
    node->lon = (int32_t)lround(raw->longitude * 1e7);
    if (raw->tag_count <= 0) return READOSM_OK;

    struct tags tags = tags_of(raw->tags, raw->tag_count);
    struct node_facts facts;
    if (facts_of_node(tags, &facts)) {
        struct osm_mark *mark;
        APPEND(osm, marks, mark_count, mark);
        mark->id = raw->id;
        mark->facts = facts;
    }
    return read_place(osm, &osm->nodes[osm->node_count - 1], tags);
}

static int compare_ids(const void *a, const void *b)
{
    int64_t x, y;
    memcpy(&x, a, sizeof x);   // both structs begin with their id
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

static void sort_by_id(void *items, size_t count, size_t bytes)
{
    const char *at = items;
    for (size_t i = 1; i < count; i++) {
        if (compare_ids(at + (i - 1) * bytes, at + i * bytes) <= 0) continue;
        qsort(items, count, bytes, compare_ids);
        return;
    }
}

size_t osm_find_node(const struct osm *osm, int64_t id)
{
    const struct osm_node *found = osm->node_count == 0 ? NULL
        : bsearch(&id, osm->nodes, osm->node_count, sizeof *osm->nodes, compare_ids);
    return found ? (size_t)(found - osm->nodes) : SIZE_MAX;
}

const struct node_facts *osm_mark_of(const struct osm *osm, int64_t id)
{
    const struct osm_mark *found = osm->mark_count == 0 ? NULL
        : bsearch(&id, osm->marks, osm->mark_count, sizeof *osm->marks, compare_ids);
    return found ? &found->facts : NULL;
}

/* -- Ways -------------------------------------------------------------------------------------- */

static double length_of(const struct osm *osm, const readosm_way *raw)
{
    double length = 0;
    struct road_point last = {0};
    bool any = false;
    for (int i = 0; i < raw->node_ref_count; i++) {
        size_t index = osm_find_node(osm, raw->node_refs[i]);
        if (index == SIZE_MAX) continue;
        struct road_point here = { osm->nodes[index].lat * 1e-7, osm->nodes[index].lon * 1e-7 };
        if (any) length += road_beeline_m(last, here);
        last = here;
        any = true;
    }
    return length;
}

static int add_facts(struct osm *osm, const struct road_facts *facts, uint32_t *row)
{
    for (size_t i = osm->facts_count; i-- > 0;) {
        *row = (uint32_t)i;
        if (memcmp(&osm->facts[i], facts, sizeof *facts) == 0) return READOSM_OK;
    }
    struct road_facts *more;
    *row = (uint32_t)osm->facts_count;
    APPEND(osm, facts, facts_count, more);
    *more = *facts;
    return READOSM_OK;
}

static int read_way(const void *user, const readosm_way *raw)
{
    struct osm *osm = (struct osm *)(uintptr_t)user;
    struct tags tags = tags_of(raw->tags, raw->tag_count);
    struct road_facts facts;
    uint32_t row;
    osm->ways_read++;
    if (tags.count == 0 || raw->node_ref_count < 2) return READOSM_OK;
    double length_m = tags_get(tags, "duration") ? length_of(osm, raw) : 0;
    if (!facts_of_way(tags, length_m, &facts)) return READOSM_OK;
    if (add_facts(osm, &facts, &row) != READOSM_OK) return READOSM_ABORT;
    struct osm_way *way;
    APPEND(osm, ways, way_count, way);
    *way = (struct osm_way){ .id = raw->id, .ref_first = osm->ref_count, .facts = row };
    for (int i = 0; i < raw->node_ref_count; i++) {
        int64_t *ref;
        APPEND(osm, refs, ref_count, ref);
        *ref = raw->node_refs[i];
    }
    way->ref_count = osm->ref_count - way->ref_first;
    return READOSM_OK;
}

/* -- Relations --------------------------------------------------------------------------------- */

static int read_member(struct osm *osm, const readosm_member *raw)
{
    static const struct { const char *name; uint8_t role; } roles[] = {
        { "from", LIMIT_FROM }, { "via", LIMIT_VIA }, { "to", LIMIT_TO },
    };
    for (size_t i = 0; i < COUNT(roles); i++) {
        if (raw->role == NULL || strcmp(raw->role, roles[i].name) != 0) continue;
        if (raw->member_type == READOSM_MEMBER_RELATION) continue;
        struct osm_member *member;
        APPEND(osm, members, member_count, member);
        member->id = raw->id;
        member->role = roles[i].role;
        member->is_node = raw->member_type == READOSM_MEMBER_NODE;
    }
    return READOSM_OK;
}

static int read_relation(const void *user, const readosm_relation *raw)
{
    struct osm *osm = (struct osm *)(uintptr_t)user;
    struct tags tags = tags_of(raw->tags, raw->tag_count);
    const char *type = tags_get(tags, "type");
    bool conditional;
    uint8_t no, only;
    osm->relations_read++;
    if (type == NULL || strncmp(type, "restriction", 11) != 0) return READOSM_OK;
    bool holds = facts_of_restriction(tags, &no, &only, &conditional);
    if (conditional) osm->conditional++;
    if (!holds) return READOSM_OK;
    size_t first = osm->member_count;
    for (int i = 0; i < raw->member_count; i++)
        if (read_member(osm, &raw->members[i]) != READOSM_OK) return READOSM_ABORT;
    struct osm_limit *limit;
    APPEND(osm, limits, limit_count, limit);
    *limit = (struct osm_limit){ raw->id, no, only, first, osm->member_count - first };
    return READOSM_OK;
}

/* -- Files ------------------------------------------------------------------------------------- */

static bool ends_in(const char *text, const char *end)
{
    size_t a = strlen(text), b = strlen(end);
    return a >= b && strcmp(text + a - b, end) == 0;
}

static enum status parse(const char *path, const char *shown, struct osm *osm, struct err *err)
{
    const void *handle = NULL;
    int result = readosm_open(path, &handle);
    if (result == READOSM_OK)
        result = readosm_parse(handle, osm, read_node, read_way, read_relation);
    readosm_close(handle);
    if (osm->out_of_memory || result == READOSM_INSUFFICIENT_MEMORY)
        return err_about(err, BROKEN, "extract", "no memory", "%s", shown);
    if (osm->impossible)
        return err_about(err, INVALID, "extract", "a node lies nowhere on Earth", "%s, node %zu",
            shown, osm->node_count + 1);
    if (result != READOSM_OK)
        return err_about(err, INVALID, "extract",
            "the extract is damaged or cut short", "%s, after %zu nodes and %lld ways", shown,
            osm->node_count, (long long)osm->ways_read);
    sort_by_id(osm->nodes, osm->node_count, sizeof *osm->nodes);
    sort_by_id(osm->marks, osm->mark_count, sizeof *osm->marks);
    return OK;
}

static bool unpack(gzFile packed, FILE *plain)
{
    static const unsigned limit = 1 << 16;
    char *bytes = malloc(limit);
    int got = -1;
    while (bytes && (got = gzread(packed, bytes, limit)) > 0)
        if (fwrite(bytes, 1, (size_t)got, plain) != (size_t)got) break;
    free(bytes);
    int why;
    gzerror(packed, &why);
    return got == 0 && why == Z_OK && fflush(plain) == 0;
}

static enum status read_packed(const char *path, struct osm *osm, struct err *err)
{
    char plain_path[256];
    const char *folder = getenv("TMPDIR");
    const char *end = ends_in(path, ".pbf.gz") ? ".pbf" : ".osm";
    snprintf(plain_path, sizeof plain_path, "%s/cunhuo-extract-XXXXXX%s", folder ? folder : "/tmp",
        end);
    int fd = mkstemps(plain_path, (int)strlen(end));
    FILE *plain = fd < 0 ? NULL : fdopen(fd, "wb");
    gzFile packed = gzopen(path, "rb");
    bool unpacked = plain && packed && unpack(packed, plain);
    if (packed) gzclose(packed);
    if (plain) unpacked = fclose(plain) == 0 && unpacked;
    enum status status = unpacked ? parse(plain_path, path, osm, err)
        : err_about(err, INVALID, "extract", "the extract is damaged or cut short", "%s", path);
    if (fd >= 0) unlink(plain_path);
    return status;
}

enum status osm_read(const char *path, struct osm *osm, struct err *err)
{
    struct stat about;
    if (stat(path, &about) != 0)
        return err_about(err, errno == ENOENT ? NOT_FOUND : INVALID, "extract",
            "the extract can't be opened", "%s: %s", path, strerror(errno));
    if (!S_ISREG(about.st_mode))
        return err_about(err, INVALID, "extract", "this is no file", "%s", path);
    if (ends_in(path, ".gz")) return read_packed(path, osm, err);
    if (!ends_in(path, ".pbf") && !ends_in(path, ".osm"))
        return err_about(err, INVALID, "extract",
            "an extract's name ends in .osm.pbf, .osm or .osm.gz", "%s", path);
    return parse(path, path, osm, err);
}
