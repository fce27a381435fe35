/* workflow_read.c - reads a definition line by line; the grammar is in workflow.h.
 *
 * A line is words; a word is a name, a number, "->", or a text in quotes. Moves name states that
 * may be defined further down, so they are read in a second pass over the lines. */
#include "case/definition.h"

#include <string.h>
#include "base/arena.h"
#include "base/clock.h"
#include "base/text.h"
#include "people/person.h"

enum { WORDS_MAX = 24, NAME_MAX_BYTES = 40, TEXT_MAX_BYTES = 200 };

struct reader {
    struct arena *arena;
    const char *file;
    int line;
    const char *words[WORDS_MAX];    // a quoted text's begins with its quote
    size_t count, at;
    struct workflow *workflow;
    struct err *err;
};

static enum status refuse(const struct reader *r, const char *text, const char *about)
{
    return err_about(r->err, INVALID, "workflow", text, "%s:%d: %s", r->file, r->line, about);
}

static bool blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

/* Cuts one line into words. */
static enum status cut(struct reader *r, const char *at, const char *end)
{
    r->count = r->at = 0;
    while (at < end) {
        if (blank(*at)) { at++; continue; }
        if (*at == '#') return OK;
        const char *from = at++;
        bool quoted = *from == '"';
        while (at < end && (quoted ? *at != '"' : !blank(*at))) at++;
        if (quoted && at == end) return refuse(r, "A text without its closing quote.", "\"");
        if (r->count == WORDS_MAX) return refuse(r, "A line of too many words.", "");
        r->words[r->count] = arena_bytes(r->arena, from, (size_t)(at - from));
        if (r->words[r->count++] == NULL) return BROKEN;
        at += quoted;
    }
    return OK;
}

/* The next word, or "" at the end of the line. */
static const char *next(struct reader *r) { return r->at < r->count ? r->words[r->at++] : ""; }

static bool next_is(struct reader *r, const char *word)
{
    if (r->at == r->count || strcmp(r->words[r->at], word) != 0) return false;
    r->at++;
    return true;
}

static enum status read_name(struct reader *r, const char **out)
{
    const char *word = next(r);
    size_t length = strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789_");
    if (length == 0 || word[length] || length > NAME_MAX_BYTES || word[0] < 'a' || word[0] > 'z')
        return refuse(r, "Not a name (a-z, 0-9, _).", word);
    *out = word;
    return OK;
}

static enum status read_text(struct reader *r, const char **out)
{
    const char *word = next(r);
    if (word[0] != '"') return refuse(r, "A text in quotes is missing.", word);
    char *clean = text_clean(r->arena, word + 1);
    if (clean == NULL) return BROKEN;
    if (*clean == '\0' || strlen(clean) > TEXT_MAX_BYTES)
        return refuse(r, "A text that is empty or too long.", clean);
    *out = clean;
    return OK;
}

static int role_of(const char *name)
{
    for (int role = 0; role < ROLE_COUNT; role++)
        if (strcmp(role_name((enum role)role), name) == 0) return role;
    return -1;
}

/* "30min", "2h", "5d": plain hours, day and night. */
static enum status read_clock(struct reader *r, int64_t *out)
{
    const char *word = next(r), *unit = word + strspn(word, "0123456789");
    int64_t number = 0;
    int64_t unit_ms = strcmp(unit, "min") == 0 ? MINUTE_MS : strcmp(unit, "h") == 0 ? HOUR_MS
                    : strcmp(unit, "d") == 0 ? DAY_MS : 0;
    char *digits = arena_bytes(r->arena, word, (size_t)(unit - word));
    if (digits == NULL) return BROKEN;
    if (unit_ms == 0 || text_i64(digits, &number) != OK || number < 1
        || number > CLOCK_DAYS_MAX * DAY_MS / unit_ms)
        return refuse(r, "A clock that is no time (such as 30min, 2h, 5d).", word);
    *out = number * unit_ms;
    return OK;
}

/* One part of "a,b,c", which `*list` then is past; NULL: no more. */
static enum status read_part(struct reader *r, const char **list, const char **part)
{
    *part = NULL;
    if (*list == NULL) return OK;
    size_t length = strcspn(*list, ",");
    *part = arena_bytes(r->arena, *list, length);
    if (*part == NULL) return BROKEN;
    *list = (*list)[length] ? *list + length + 1 : NULL;
    return OK;
}

static enum status read_roles(struct reader *r, uint64_t *out)
{
    const char *list = next(r), *part;
    *out = 0;
    for (;;) {
        TRY(read_part(r, &list, &part));
        if (part == NULL) return OK;
        int role = role_of(part);
        if (role < 0) return refuse(r, "An unknown role.", part);
        *out |= UINT64_C(1) << role;
    }
}

static enum status state_index(struct reader *r, const char *name, size_t *out)
{
    const struct state *state = workflow_state(r->workflow, name);
    if (state == NULL) return refuse(r, "An unknown state.", name);
    *out = (size_t)(state - r->workflow->states);
    return OK;
}

static enum status read_states(struct reader *r, uint64_t *out)
{
    const char *list = next(r), *part;
    *out = 0;
    for (;;) {
        size_t index;
        TRY(read_part(r, &list, &part));
        if (part == NULL) return OK;
        TRY(state_index(r, part, &index));
        *out |= UINT64_C(1) << index;
    }
}

static enum status read_head(struct reader *r)
{
    struct workflow *w = r->workflow;
    int64_t version;
    if (w->name) return refuse(r, "A second workflow in one file.", next(r));
    TRY(read_name(r, &w->name));
    const char *number = next(r);
    if (text_i64(number, &version) != OK || version < 1 || version > 1000000)
        return refuse(r, "Not a version (1, 2, 3 ...).", number);
    w->version = (int)version;
    return read_text(r, &w->title);
}

static enum status read_state(struct reader *r)
{
    struct workflow *w = r->workflow;
    struct state state = { .owner = -1, .line = r->line };
    TRY(read_name(r, &state.name));
    if (workflow_state(w, state.name)) return refuse(r, "Two states of this name.", state.name);
    TRY(read_text(r, &state.text));
    while (r->at < r->count) {
        if (next_is(r, "owner")) {
            const char *role = next(r);
            state.owner = role_of(role);
            if (state.owner < 0) return refuse(r, "An unknown role.", role);
        } else if (next_is(r, "clock")) {
            TRY(read_clock(r, &state.clock_ms));
        } else if (next_is(r, "final")) {
            state.final = true;
        } else {
            return refuse(r, "A state has owner, clock or final; not this.", next(r));
        }
    }
    if (w->state_count == STATES_MAX) return refuse(r, "Too many states.", state.name);
    w->states = arena_more(r->arena, w->states, w->state_count, sizeof *w->states);
    if (w->states == NULL) return BROKEN;
    w->states[w->state_count++] = state;
    return OK;
}

static enum status read_move(struct reader *r)
{
    struct workflow *w = r->workflow;
    struct move move = { .line = r->line };
    TRY(read_name(r, &move.name));
    if (workflow_move(w, move.name)) return refuse(r, "Two moves of this name.", move.name);
    TRY(read_text(r, &move.text));
    TRY(read_states(r, &move.from));
    if (!next_is(r, "->")) return refuse(r, "A move leads FROM -> TO.", next(r));
    TRY(state_index(r, next(r), &move.to));
    if (!next_is(r, "by")) return refuse(r, "Who may do it is missing (by ROLE).", move.name);
    TRY(read_roles(r, &move.roles));
    while (r->at < r->count) {
        if (next_is(r, "needs") && next_is(r, "text")) move.needs_text = true;
        else if (next_is(r, "not-handler")) move.not_handler = true;
        else return refuse(r, "A move has by, needs text or not-handler; not this.", next(r));
    }
    if (w->move_count == MOVES_MAX) return refuse(r, "Too many moves.", move.name);
    w->moves = arena_more(r->arena, w->moves, w->move_count, sizeof *w->moves);
    if (w->moves == NULL) return BROKEN;
    w->moves[w->move_count++] = move;
    return OK;
}

/* One line in one of the two passes: head and states first, moves then. */
static enum status read_line(struct reader *r, bool moves)
{
    if (r->count == 0) return OK;
    if (r->workflow->name == NULL && strcmp(r->words[0], "workflow") != 0)
        return refuse(r, "The first line must be 'workflow NAME VERSION \"TITLE\"'.", r->words[0]);
    if (next_is(r, "move")) {
        if (!moves) return OK;
        TRY(read_move(r));
    } else if (moves) {
        return OK;
    } else if (next_is(r, "workflow")) {
        TRY(read_head(r));
    } else if (next_is(r, "state")) {
        TRY(read_state(r));
    } else {
        return refuse(r, "A line begins with workflow, state or move; not this.", r->words[0]);
    }
    return r->at < r->count ? refuse(r, "Words too many.", next(r)) : OK;
}

enum status workflow_read(struct arena *arena, const char *file, const char *text,
                          struct workflow **out, struct err *err)
{
    struct reader r = { .arena = arena, .file = file, .line = 1, .err = err };
    size_t size = strlen(text);
    if (size > WORKFLOW_BYTES_MAX) return refuse(&r, "The file is too long.", "");
    if (!text_valid(text, size)) return refuse(&r, "The file is not UTF-8.", "");
    r.workflow = arena_new(arena, sizeof *r.workflow);
    if (r.workflow == NULL || (r.workflow->source = arena_text(arena, text)) == NULL)
        return BROKEN;
    for (int pass = 0; pass < 2; pass++) {
        r.line = 1;
        for (const char *at = text; *at; r.line++) {
            const char *end = at + strcspn(at, "\n");
            TRY(cut(&r, at, end));
            TRY(read_line(&r, pass == 1));
            at = *end ? end + 1 : end;
        }
    }
    if (r.workflow->name == NULL) return refuse(&r, "An empty file.", "");
    TRY(workflow_sound(r.workflow, file, err));
    *out = r.workflow;
    return OK;
}
