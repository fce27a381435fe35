/* osm.c - what building needs out of an extract. */
#include "road/osm.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <fcntl.h>
#include "base/text.h"
#include "road/extract.h"

/* Appends one zeroed element to a list of `osm` and points `item` to it; leaves on no memory. */
#define APPEND(osm, list, count, item) do { \
        void *more_ = arena_more((osm)->arena, (osm)->list, (osm)->count, sizeof *(osm)->list); \
        if (more_ == NULL) { \
            (osm)->out_of_memory = true; \
            return false; \
        } \
        (osm)->list = more_; \
        (item) = &(osm)->list[(osm)->count++]; \
        memset((item), 0, sizeof *(item)); \
    } while (0)

/* -- Nodes ------------------------------------------------------------------------------------- */

static bool read_place(struct osm *osm, const struct osm_node *node, struct tags tags)
{
    const char *kind = tags_get(tags, "place"), *name = tags_get(tags, "name:zh");
    if (name == NULL) name = tags_get(tags, "name");
    if (kind == NULL || name == NULL || *name == '\0') return true;
    if (!text_valid(kind, strlen(kind)) || !text_valid(name, strlen(name))) return true;
    const char *people = tags_get(tags, "population");
    struct osm_place *place;
    APPEND(osm, places, place_count, place);
    *place = (struct osm_place){
        .id = node->id, .lat = node->lat, .lon = node->lon,
        .name = arena_text(osm->arena, name), .kind = arena_text(osm->arena, kind),
    };
    if (people && (text_i64(people, &place->people) != OK || place->people < 0))
        place->people = 0;
    osm->out_of_memory = place->name == NULL || place->kind == NULL;
    return !osm->out_of_memory;
}

static bool read_node(void *user, int64_t id, double lat, double lon, struct tags tags)
{
    struct osm *osm = user;
    struct osm_node *node;
    struct node_facts facts;
    if (!(fabs(lat) <= 90 && fabs(lon) <= 180)) {
        osm->impossible = true;
        return false;
    }
    const struct road_build_options *box = osm->options;
    if (box && box->boxed && !(lat >= box->lat_min && lat <= box->lat_max && lon >= box->lon_min
            && lon <= box->lon_max)) return true;
    APPEND(osm, nodes, node_count, node);
    node->id = id;
    node->lat = (int32_t)lround(lat * 1e7);
    node->lon = (int32_t)lround(lon * 1e7);
    if (tags.count == 0) return true;
    if (facts_of_node(tags, &facts)) {
        struct osm_mark *mark;
        APPEND(osm, marks, mark_count, mark);
        mark->id = id;
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

static double length_of(const struct osm *osm, const int64_t *refs, size_t count)
{
    double length = 0;
    struct road_point last = {0};
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        size_t index = osm_find_node(osm, refs[i]);
        if (index == SIZE_MAX) continue;
        struct road_point here = { osm->nodes[index].lat * 1e-7, osm->nodes[index].lon * 1e-7 };
        if (any) length += road_beeline_m(last, here);
        last = here;
        any = true;
    }
    return length;
}

static bool add_facts(struct osm *osm, const struct road_facts *facts, uint32_t *row)
{
    for (size_t i = osm->facts_count; i-- > 0;) {
        *row = (uint32_t)i;
        if (memcmp(&osm->facts[i], facts, sizeof *facts) == 0) return true;
    }
    struct road_facts *more;
    *row = (uint32_t)osm->facts_count;
    APPEND(osm, facts, facts_count, more);
    *more = *facts;
    return true;
}

static bool read_way(void *user, int64_t id, const int64_t *refs, size_t count, struct tags tags)
{
    struct osm *osm = user;
    struct road_facts facts;
    uint32_t row;
    osm->ways_read++;
    if (tags.count == 0 || count < 2) return true;
    double length_m = tags_get(tags, "duration") ? length_of(osm, refs, count) : 0;
    if (!facts_of_way(tags, length_m, &facts)) return true;
    if (!add_facts(osm, &facts, &row)) return false;
    struct osm_way *way;
    APPEND(osm, ways, way_count, way);
    *way = (struct osm_way){ .id = id, .ref_first = osm->ref_count, .facts = row };
    for (size_t i = 0; i < count; i++) {
        int64_t *ref;
        APPEND(osm, refs, ref_count, ref);
        *ref = refs[i];
    }
    way->ref_count = count;
    return true;
}

/* -- Relations --------------------------------------------------------------------------------- */

static bool read_member(struct osm *osm, const struct member *raw)
{
    static const struct { const char *name; uint8_t role; } roles[] = {
        { "from", LIMIT_FROM }, { "via", LIMIT_VIA }, { "to", LIMIT_TO },
    };
    for (size_t i = 0; i < COUNT(roles); i++) {
        if (strcmp(raw->role, roles[i].name) != 0 || raw->kind == MEMBER_RELATION) continue;
        struct osm_member *member;
        APPEND(osm, members, member_count, member);
        member->id = raw->id;
        member->role = roles[i].role;
        member->is_node = raw->kind == MEMBER_NODE;
    }
    return true;
}

static bool read_relation(void *user, int64_t id, const struct member *members, size_t count,
    struct tags tags)
{
    struct osm *osm = user;
    const char *type = tags_get(tags, "type");
    bool conditional;
    uint8_t no, only;
    osm->relations_read++;
    if (type == NULL || strncmp(type, "restriction", 11) != 0) return true;
    bool holds = facts_of_restriction(tags, &no, &only, &conditional);
    if (conditional) osm->conditional++;
    if (!holds) return true;
    size_t first = osm->member_count;
    for (size_t i = 0; i < count; i++)
        if (!read_member(osm, &members[i])) return false;
    struct osm_limit *limit;
    APPEND(osm, limits, limit_count, limit);
    *limit = (struct osm_limit){ id, no, only, first, osm->member_count - first };
    return true;
}

/* -- Files ------------------------------------------------------------------------------------- */

static bool ends_in(const char *text, const char *end)
{
    size_t a = strlen(text), b = strlen(end);
    return a >= b && strcmp(text + a - b, end) == 0;
}

static enum status judge(const struct osm *osm, enum reading reading, const char *path,
    struct err *err)
{
    if (osm->out_of_memory || reading == READ_NO_MEMORY)
        return err_about(err, BROKEN, "extract", "no memory", "%s", path);
    if (osm->impossible)
        return err_about(err, INVALID, "extract", "a node lies nowhere on Earth", "%s, node %zu",
            path, osm->node_count + 1);
    if (reading != READ_WHOLE)
        return err_about(err, INVALID, "extract",
            "this is no extract, or it is damaged or cut short",
            "%s, after %zu nodes and %lld ways", path, osm->node_count,
            (long long)osm->ways_read);
    return OK;
}

enum status osm_read(const char *path, struct osm *osm, struct err *err)
{
    struct sink sink = { osm, read_node, read_way, read_relation };
    enum reading reading;
    struct stat about;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_about(err, errno == ENOENT ? NOT_FOUND : INVALID, "extract",
            "the extract can't be opened", "%s: %s", path, strerror(errno));
    bool regular = fstat(fd, &about) == 0 && S_ISREG(about.st_mode);
    FILE *file = regular && ends_in(path, ".pbf") ? fdopen(fd, "rb") : NULL;
    if (file) {
        reading = pbf_read(file, &sink);
        fclose(file);
    } else if (regular && (ends_in(path, ".osm") || ends_in(path, ".osm.gz"))) {
        reading = xml_read(fd, &sink);
    } else {
        close(fd);
        return err_about(err, INVALID, "extract",
            "an extract is a file whose name ends in .osm.pbf, .osm or .osm.gz", "%s", path);
    }
    TRY(judge(osm, reading, path, err));
    sort_by_id(osm->nodes, osm->node_count, sizeof *osm->nodes);
    sort_by_id(osm->marks, osm->mark_count, sizeof *osm->marks);
    return OK;
}
