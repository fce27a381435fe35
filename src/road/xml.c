/* xml.c - XML extracts, by expat. */
#include "road/extract.h"

#include <expat.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include "base/text.h"

enum { CHUNK_BYTES = 64 << 10, TEXTS_MAX = 16 << 20, LISTED_MAX = 1 << 20 };

enum inside { NOTHING, NODE, WAY, RELATION };

struct xml {
    XML_Parser parser;
    const struct sink *sink;
    enum reading result;
    int depth;
    enum inside inside;         // the element in work
    int64_t id;
    double lat, lon;
    bool gone;                  // visible="false"
    char *texts;                // keys, values and roles, each with its end
    size_t text_size, text_room;
    size_t *tag_at;             // offsets into texts: key, value, key, value ...
    size_t tag_count, tag_room;
    int64_t *refs;
    size_t ref_count, ref_room;
    struct member *members;
    size_t *role_at;
    size_t member_count, member_room, role_room;
    struct tag *tags;
    size_t tags_room;
};

static bool stop(struct xml *x, enum reading why)
{
    x->result = why;
    XML_StopParser(x->parser, XML_FALSE);
    return false;
}

static bool grow(struct xml *x, void *array, size_t *room, size_t wanted, size_t bytes)
{
    void *old, *more;
    memcpy(&old, array, sizeof old);
    if (wanted <= *room) return true;
    size_t now = *room ? *room : 64;
    while (now < wanted) now *= 2;
    more = realloc(old, now * bytes);
    if (more == NULL) return stop(x, READ_NO_MEMORY);
    memcpy(array, &more, sizeof more);
    *room = now;
    return true;
}

static bool keep_text(struct xml *x, const char *text, size_t *at)
{
    size_t size = strlen(text) + 1;
    if (x->text_size + size > TEXTS_MAX) return stop(x, READ_DAMAGED);
    if (!grow(x, &x->texts, &x->text_room, x->text_size + size, 1)) return false;
    memcpy(x->texts + x->text_size, text, size);
    *at = x->text_size;
    x->text_size += size;
    return true;
}

static const char *attribute(const char *const *attributes, const char *name)
{
    for (; attributes[0]; attributes += 2)
        if (strcmp(attributes[0], name) == 0) return attributes[1];
    return NULL;
}

static bool whole_number(struct xml *x, const char *text, int64_t *out)
{
    return (text && text_i64(text, out) == OK) || stop(x, READ_DAMAGED);
}

/* -- Beginnings -------------------------------------------------------------------------------- */

static void begin_element(struct xml *x, enum inside inside, const char *const *attributes)
{
    const char *visible = attribute(attributes, "visible");
    x->inside = inside;
    x->text_size = x->tag_count = x->ref_count = x->member_count = 0;
    x->gone = visible && strcmp(visible, "false") == 0;
    if (!whole_number(x, attribute(attributes, "id"), &x->id) || inside != NODE || x->gone) return;
    const char *lat = attribute(attributes, "lat"), *lon = attribute(attributes, "lon");
    if (!lat || !lon || text_double(lat, &x->lat) != OK || text_double(lon, &x->lon) != OK)
        stop(x, READ_DAMAGED);
}

static void add_tag(struct xml *x, const char *const *attributes)
{
    const char *key = attribute(attributes, "k"), *value = attribute(attributes, "v");
    if (!key || !value || x->tag_count >= LISTED_MAX) {
        stop(x, READ_DAMAGED);
        return;
    }
    if (!grow(x, &x->tag_at, &x->tag_room, 2 * x->tag_count + 2, sizeof *x->tag_at)) return;
    if (!keep_text(x, key, &x->tag_at[2 * x->tag_count])) return;
    if (!keep_text(x, value, &x->tag_at[2 * x->tag_count + 1])) return;
    x->tag_count++;
}

static void add_ref(struct xml *x, const char *const *attributes)
{
    int64_t ref;
    if (!whole_number(x, attribute(attributes, "ref"), &ref)) return;
    if (x->ref_count >= LISTED_MAX) stop(x, READ_DAMAGED);
    else if (grow(x, &x->refs, &x->ref_room, x->ref_count + 1, sizeof *x->refs))
        x->refs[x->ref_count++] = ref;
}

static void add_member(struct xml *x, const char *const *attributes)
{
    static const char *const kinds[] = { "node", "way", "relation" };
    const char *type = attribute(attributes, "type"), *role = attribute(attributes, "role");
    struct member member = { .kind = MEMBER_NODE };
    size_t kind = 0;
    while (type && kind < COUNT(kinds) && strcmp(type, kinds[kind]) != 0) kind++;
    if (!type || kind == COUNT(kinds) || x->member_count >= LISTED_MAX) {
        stop(x, READ_DAMAGED);
        return;
    }
    member.kind = (enum member_kind)kind;
    if (!whole_number(x, attribute(attributes, "ref"), &member.id)
        || !grow(x, &x->members, &x->member_room, x->member_count + 1, sizeof *x->members)
        || !grow(x, &x->role_at, &x->role_room, x->member_count + 1, sizeof *x->role_at)
        || !keep_text(x, role ? role : "", &x->role_at[x->member_count])) return;
    x->members[x->member_count++] = member;
}

static void XMLCALL on_start(void *user, const char *name, const char **attributes)
{
    struct xml *x = user;
    const char *const *a = (const char *const *)attributes;
    x->depth++;
    if (x->result != READ_WHOLE) return;
    if (x->depth == 1) {
        if (strcmp(name, "osm") != 0) stop(x, READ_DAMAGED);
    } else if (x->depth == 2) {
        if (strcmp(name, "node") == 0) begin_element(x, NODE, a);
        if (strcmp(name, "way") == 0) begin_element(x, WAY, a);
        if (strcmp(name, "relation") == 0) begin_element(x, RELATION, a);
    } else if (x->depth == 3 && x->inside != NOTHING) {
        if (strcmp(name, "tag") == 0) add_tag(x, a);
        if (strcmp(name, "nd") == 0 && x->inside == WAY) add_ref(x, a);
        if (strcmp(name, "member") == 0 && x->inside == RELATION) add_member(x, a);
    }
}

/* -- Ends -------------------------------------------------------------------------------------- */

static void give(struct xml *x)
{
    if (!grow(x, &x->tags, &x->tags_room, x->tag_count, sizeof *x->tags)) return;
    for (size_t i = 0; i < x->tag_count; i++)
        x->tags[i] = (struct tag){ x->texts + x->tag_at[2 * i], x->texts + x->tag_at[2 * i + 1] };
    for (size_t i = 0; i < x->member_count; i++) x->members[i].role = x->texts + x->role_at[i];
    struct tags tags = { x->tags, x->tag_count };
    void *user = x->sink->user;
    bool given = x->inside == NODE ? x->sink->node(user, x->id, x->lat, x->lon, tags)
        : x->inside == WAY ? x->sink->way(user, x->id, x->refs, x->ref_count, tags)
        : x->sink->relation(user, x->id, x->members, x->member_count, tags);
    if (!given) stop(x, READ_STOPPED);
}

static void XMLCALL on_end(void *user, const char *name)
{
    struct xml *x = user;
    (void)name;
    x->depth--;
    if (x->depth != 1 || x->inside == NOTHING || x->result != READ_WHOLE) return;
    if (!x->gone) give(x);
    x->inside = NOTHING;
}

static enum reading parse(struct xml *x, gzFile file)
{
    for (int got = 1; got > 0;) {
        void *chunk = XML_GetBuffer(x->parser, CHUNK_BYTES);
        if (chunk == NULL) return READ_NO_MEMORY;
        got = gzread(file, chunk, CHUNK_BYTES);
        if (got < 0) return READ_DAMAGED;
        enum XML_Status status = XML_ParseBuffer(x->parser, got, got == 0);
        if (x->result != READ_WHOLE) return x->result;
        if (status != XML_STATUS_OK)
            return XML_GetErrorCode(x->parser) == XML_ERROR_NO_MEMORY ? READ_NO_MEMORY
                : READ_DAMAGED;
    }
    int why;
    gzerror(file, &why);
    return why == Z_OK || why == Z_STREAM_END ? READ_WHOLE : READ_DAMAGED;
}

enum reading xml_read(int fd, const struct sink *sink)
{
    struct xml x = { .sink = sink, .result = READ_WHOLE };
    gzFile file = gzdopen(fd, "rb");
    if (file == NULL) {
        close(fd);
        return READ_NO_MEMORY;
    }
    x.parser = XML_ParserCreate(NULL);
    enum reading result = READ_NO_MEMORY;
    if (x.parser) {
        XML_SetUserData(x.parser, &x);
        XML_SetElementHandler(x.parser, on_start, on_end);
        result = parse(&x, file);
        XML_ParserFree(x.parser);
    }
    gzclose(file);
    free(x.texts);
    free(x.tag_at);
    free(x.refs);
    free(x.members);
    free(x.role_at);
    free(x.tags);
    return result;
}
