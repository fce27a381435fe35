/* sort.c - see sort.h. */
#include "rooms/parcel/sort.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/text.h"

static const struct { const char *name, *text; } reasons[] = {
    [SORT_SURE] = { "sure", "The address is clear." },
    [SORT_NOTHING] = { "nothing", "No village of the county is in the address." },
    [SORT_SEVERAL] = { "several", "Several villages fit the address." },
    [SORT_WEAK] = { "weak", "The address names a village only in part." },
    [SORT_TOWNSHIP] = { "township", "The village is not in the township of the address." },
    [SORT_ELSEWHERE] = { "elsewhere", "The address names another county." },
};

const char *sort_why_name(enum sort_why why) { return reasons[why].name; }
const char *sort_why_text(enum sort_why why) { return reasons[why].text; }

/* A name in full and shortened; short_size 0: it has no short form. Both begin alike. */
struct word { const char *text; size_t size, short_size; };

struct town { int64_t id; struct word word; };

struct entry { struct village village; struct word word; size_t town; };

struct gazetteer {
    struct word county;
    size_t count, town_count;
    struct entry *at;
    struct town *towns;
};

enum { RANK_TOWN_WRONG = 1, RANK_WEAK = 2, RANK_SURE = 3 };

/* ---- squeezing ---- */

static bool kept(int32_t c)
{
    if (c < 0x80) return isalnum((int)c) != 0;
    if (c >= 0x2000 && c <= 0x206F) return false;     // dashes, quotes
    if (c >= 0x3000 && c <= 0x303F) return false;     // 、。《》【】
    return !(c >= 0xFF00 && c <= 0xFF65);             // full-width punctuation
}

char *address_squeeze(struct arena *arena, const char *address)
{
    char *text = text_clean(arena, address), *out = text;
    if (text == NULL) return NULL;
    const char *at = text, *end = text + strlen(text);
    while (at < end) {
        const char *from = at;
        int32_t c = text_next(&at, end);
        if (c < 0) break;
        if (!kept(c)) continue;
        if (c < 0x80) *out++ = (char)tolower((int)c);
        else for (; from < at; from++) *out++ = *from;
    }
    *out = '\0';
    return text;
}

static bool ends(const char *text, size_t size, const char *with)
{
    size_t cut = strlen(with);
    return size > cut && memcmp(text + size - cut, with, cut) == 0;
}

/* The size without its ending, or 0: it has none of these, or too little would be left. */
static size_t shortened(const char *text, const char *const *endings)
{
    enum { TWO_CHARACTERS = 6 };
    size_t size = strlen(text);
    for (size_t i = 0; endings[i]; i++)
        if (ends(text, size, endings[i])) {
            size_t left = size - strlen(endings[i]);
            return left >= TWO_CHARACTERS ? left : 0;
        }
    return 0;
}

static bool make_word(struct arena *arena, const char *name, const char *const *endings,
                      struct word *out)
{
    out->text = address_squeeze(arena, name);
    if (out->text == NULL) return false;
    out->size = strlen(out->text);
    out->short_size = shortened(out->text, endings);
    return true;
}

static const char *const village_endings[] = { "社区", "村", NULL };
static const char *const town_endings[] = { "办事处", "街道", "镇", "乡", NULL };
static const char *const county_endings[] = { "县", "市", "区", NULL };

static enum status town_of(struct arena *arena, struct gazetteer *g, const struct village *village,
                           size_t *town)
{
    for (*town = 0; *town < g->town_count; ++*town)
        if (g->towns[*town].id == village->township_id) return OK;
    g->towns = arena_more(arena, g->towns, g->town_count, sizeof *g->towns);
    if (g->towns == NULL) return BROKEN;
    struct town *made = &g->towns[g->town_count++];
    made->id = village->township_id;
    return make_word(arena, village->township, town_endings, &made->word) ? OK : BROKEN;
}

enum status gazetteer_make(struct arena *arena, const char *county, const struct village *villages,
                           size_t count, struct gazetteer **out)
{
    struct gazetteer *g = arena_new(arena, sizeof *g);
    if (g == NULL || !make_word(arena, county, county_endings, &g->county)) return BROKEN;
    g->at = arena_new(arena, (count + 1) * sizeof *g->at);
    if (g->at == NULL) return BROKEN;
    for (; g->count < count; g->count++) {
        const struct village *from = &villages[g->count];
        struct entry *to = &g->at[g->count];
        to->village = *from;
        to->village.name = arena_text(arena, from->name);
        to->village.township = arena_text(arena, from->township);
        if (from->code) to->village.code = arena_text(arena, from->code);
        if (!to->village.name || !to->village.township || (from->code && !to->village.code)
            || !make_word(arena, from->name, village_endings, &to->word)) return BROKEN;
        TRY(town_of(arena, g, from, &to->town));
    }
    *out = g;
    return OK;
}

const struct village *gazetteer_village(const struct gazetteer *g, int64_t village_id)
{
    for (size_t i = 0; i < g->count; i++)
        if (g->at[i].village.id == village_id) return &g->at[i].village;
    return NULL;
}

const struct village *gazetteer_by_code(const struct gazetteer *g, const char *code)
{
    for (size_t i = 0; i < g->count; i++)
        if (g->at[i].village.code && strcmp(g->at[i].village.code, code) == 0)
            return &g->at[i].village;
    return NULL;
}

/* ---- finding ---- */

/* Where a township stands in the text; `end` 0: it doesn't. */
struct mention { size_t at, end; bool full; };

struct find { size_t entry, at, end; int rank; bool shadowed; };

struct search {
    const struct gazetteer *g;
    const char *text;
    size_t size;
    struct mention *towns;
    bool town_in_full;            // some township is there in full: then its short form is no find
    struct find *finds;
    size_t count;
};

static const char *find_text(const char *text, size_t size, const char *what, size_t what_size)
{
    return what_size && what_size <= size ? memmem(text, size, what, what_size) : NULL;
}

static void find_towns(struct search *s)
{
    for (size_t t = 0; t < s->g->town_count; t++) {
        const struct word *word = &s->g->towns[t].word;
        const char *full = find_text(s->text, s->size, word->text, word->size);
        const char *any = full ? full : find_text(s->text, s->size, word->text, word->short_size);
        if (any == NULL) continue;
        size_t at = (size_t)(any - s->text);
        s->towns[t] = (struct mention){ at, at + (full ? word->size : word->short_size), full };
        s->town_in_full = s->town_in_full || full;
    }
}

static bool stands_at(const struct search *s, size_t at, const char *what, size_t size)
{
    return size && at + size <= s->size && memcmp(s->text + at, what, size) == 0;
}

/* A village's best find by one of its names, without regard to others. */
static struct find find_village(const struct search *s, size_t entry, const struct word *word)
{
    size_t town = s->g->at[entry].town;
    const struct mention *m = &s->towns[town];
    bool stated = m->end && (m->full || !s->town_in_full);
    struct find f = { .entry = entry };
    if (stated) {
        f.at = m->end;
        if (stands_at(s, m->end, word->text, word->size)) {
            f.end = f.at + word->size;
            f.rank = m->full ? 6 : 5;
            return f;
        }
        if (stands_at(s, m->end, word->text, word->short_size)) {
            f.end = f.at + word->short_size;
            f.rank = m->full ? 5 : 4;
            return f;
        }
        const char *on = find_text(s->text + m->end, s->size - m->end, word->text, word->size);
        if (on) {
            f.at = (size_t)(on - s->text);
            f.end = f.at + word->size;
            f.rank = m->full ? 5 : 4;
            return f;
        }
    }
    const char *full = find_text(s->text, s->size, word->text, word->size);
    const char *any = full ? full : find_text(s->text, s->size, word->text, word->short_size);
    if (any == NULL) return f;
    f.at = (size_t)(any - s->text);
    f.end = f.at + (full ? word->size : word->short_size);
    for (size_t t = 0; !full && t < s->g->town_count; t++)   // 池淮 of 池淮镇 is no village
        if (s->towns[t].full && f.at >= s->towns[t].at && f.end <= s->towns[t].end) return f;
    bool elsewhere = s->town_in_full && !stated;
    if (full) f.rank = elsewhere ? RANK_TOWN_WRONG : RANK_SURE;
    else f.rank = elsewhere ? 0 : stated && f.at >= m->end ? RANK_WEAK : 1;
    return f;
}

/* Strikes out what lies within a longer name; a longer one of lower rank only casts doubt. */
static void strike_covered(struct search *s)
{
    for (size_t i = 0; i < s->count; i++)
        for (size_t k = 0; k < s->count; k++) {
            struct find *a = &s->finds[i];
            const struct find *b = &s->finds[k];
            bool covered = b->rank && b->at <= a->at && b->end >= a->end
                        && b->end - b->at > a->end - a->at && a->entry != b->entry;
            if (!covered) continue;
            if (b->rank >= a->rank) a->rank = 0;
            else a->shadowed = true;
        }
}

static int by_rank(const void *a, const void *b)
{
    const struct find *x = a, *y = b;
    if (x->rank != y->rank) return y->rank - x->rank;
    return (x->entry > y->entry) - (x->entry < y->entry);
}

/* Whether another county is named before the first find: 常山县… but not 小区, 社区. */
static bool elsewhere(const char *text, size_t before)
{
    static const char *const harmless[] = { "小区", "社区", "园区", "山区", "街区", "景区", "地区",
                                            "库区", "校区", "新区", "发区" };
    for (size_t at = 6; at + 3 <= before; at++) {
        if (memcmp(text + at, "县", 3) == 0) return true;
        if (memcmp(text + at, "区", 3) != 0) continue;
        bool fine = false;
        for (size_t i = 0; i < COUNT(harmless); i++)
            fine = fine || memcmp(text + at - 3, harmless[i], 6) == 0;
        if (!fine) return true;
    }
    return false;
}

/* The rest of a squeezed address behind the county's name; `named`: it is there. */
static const char *behind_county(const struct gazetteer *g, const char *text, bool *named)
{
    size_t size = strlen(text);
    const char *at = find_text(text, size, g->county.text, g->county.size);
    size_t skip = g->county.size;
    if (at == NULL && stands_at(&(struct search){ .text = text, .size = size }, 0, g->county.text,
                                g->county.short_size)) {
        at = text;
        skip = g->county.short_size;
    }
    *named = at != NULL;
    return at ? at + skip : text;
}

static enum status add_find(struct search *s, struct arena *arena, struct find found)
{
    if (found.rank == 0) return OK;
    s->finds = arena_more(arena, s->finds, s->count, sizeof *s->finds);
    if (s->finds == NULL) return BROKEN;
    s->finds[s->count++] = found;
    return OK;
}

static enum status find_all(struct search *s, const struct nickname *nicknames,
                            size_t nickname_count, struct arena *arena)
{
    const struct gazetteer *g = s->g;
    s->towns = arena_new(arena, (g->town_count + 1) * sizeof *s->towns);
    if (s->towns == NULL) return BROKEN;
    find_towns(s);
    for (size_t i = 0; i < g->count; i++)
        TRY(add_find(s, arena, find_village(s, i, &g->at[i].word)));
    for (size_t n = 0; n < nickname_count; n++) {
        struct word word = { nicknames[n].name, strlen(nicknames[n].name), 0 };
        size_t i = 0;
        while (i < g->count && g->at[i].village.id != nicknames[n].village_id) i++;
        if (i < g->count) TRY(add_find(s, arena, find_village(s, i, &word)));
    }
    if (s->count == 0) return OK;
    strike_covered(s);
    qsort(s->finds, s->count, sizeof *s->finds, by_rank);
    while (s->count && s->finds[s->count - 1].rank == 0) s->count--;
    return OK;
}

/* Who has the best rank, once each; more than CANDIDATES_MAX are cut off. */
static void gather(const struct search *s, struct sorted *out, size_t *best)
{
    *best = 0;
    for (size_t i = 0; i < s->count; i++) {
        int64_t id = s->g->at[s->finds[i].entry].village.id;
        bool there = false;
        for (size_t k = 0; k < out->count; k++) there = there || out->candidates[k] == id;
        if (there) continue;
        if (s->finds[i].rank == s->finds[0].rank) ++*best;
        if (out->count < CANDIDATES_MAX) out->candidates[out->count++] = id;
    }
}

static bool lives_there(const struct search *s, int64_t home_id)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->g->at[s->finds[i].entry].village.id == home_id) return true;
    return false;
}

static void decide(const struct search *s, bool other_county, int64_t home_id, struct sorted *out)
{
    size_t best;
    gather(s, out, &best);
    if (s->count == 0) {
        out->why = other_county ? SORT_ELSEWHERE : SORT_NOTHING;
        return;
    }
    const struct find *first = &s->finds[0];
    if (other_county) out->why = SORT_ELSEWHERE;
    else if (best > 1) out->why = SORT_SEVERAL;
    else if (first->shadowed || first->rank == RANK_TOWN_WRONG)
        out->why = s->town_in_full ? SORT_TOWNSHIP : SORT_WEAK;
    else if (first->rank < RANK_SURE) out->why = SORT_WEAK;
    else out->why = SORT_SURE;
    if (out->why == SORT_SURE) out->village_id = out->candidates[0];
    else if (out->why != SORT_ELSEWHERE && home_id && lives_there(s, home_id)) {
        out->why = SORT_SURE;
        out->village_id = home_id;
    }
}

/* A run of exactly twelve digits that is a village's official code. */
static const struct village *by_official_code(const struct gazetteer *g, const char *text)
{
    enum { DIGITS = 12 };
    for (const char *at = text; *at;) {
        size_t run = strspn(at, "0123456789");
        if (run == DIGITS) {
            char code[DIGITS + 1] = "";
            memcpy(code, at, DIGITS);
            const struct village *found = gazetteer_by_code(g, code);
            if (found) return found;
        }
        at += run ? run : 1;
    }
    return NULL;
}

enum status sort_address(const struct gazetteer *g, const struct nickname *nicknames,
                         size_t nickname_count, struct arena *arena, const char *address,
                         int64_t home_id, struct sorted *out)
{
    bool named;
    const char *whole = address_squeeze(arena, address);
    if (whole == NULL) return BROKEN;
    *out = (struct sorted){ .why = SORT_NOTHING };
    const struct village *official = by_official_code(g, whole);
    if (official) {
        *out = (struct sorted){ SORT_SURE, official->id, { official->id }, 1 };
        return OK;
    }
    const char *text = behind_county(g, whole, &named);
    struct search search = { .g = g, .text = text, .size = strlen(text) };
    TRY(find_all(&search, nicknames, nickname_count, arena));
    size_t before = search.size;
    for (size_t i = 0; i < search.count; i++)
        if (search.finds[i].at < before) before = search.finds[i].at;
    decide(&search, !named && elsewhere(text, before), home_id, out);
    return OK;
}

char *address_key(const struct gazetteer *g, struct arena *arena, const char *address)
{
    static const char *const house[] = { "单元", "号", "组", "室", "栋", "幢", "楼" };
    bool named;
    char *whole = address_squeeze(arena, address);
    if (whole == NULL) return NULL;
    char *out = whole;
    for (const char *at = behind_county(g, whole, &named); *at;) {
        size_t skip = isdigit((unsigned char)*at) ? 1 : 0;
        for (size_t i = 0; i < COUNT(house) && !skip; i++)
            if (strncmp(at, house[i], strlen(house[i])) == 0) skip = strlen(house[i]);
        if (skip) at += skip;
        else *out++ = *at++;
    }
    *out = '\0';
    return whole;
}
