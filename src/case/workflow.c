/* workflow.c - a definition as a whole: is every state reached, and does every case end? */
#include "case/workflow.h"

#include <string.h>
#include "base/arena.h"
#include "case/definition.h"

enum status workflow_parse(const char *file, const char *text, struct workflow **out,
                           struct err *err)
{
    struct arena *arena = arena_open(64 * WORKFLOW_BYTES_MAX);
    if (arena == NULL) return BROKEN;
    enum status read = workflow_read(arena, file, text, out, err);
    if (read == OK) (*out)->own = arena;
    else arena_free(arena);
    return read;
}

void workflow_free(struct workflow *workflow)
{
    if (workflow) arena_free(workflow->own);
}

const char *workflow_name(const struct workflow *workflow) { return workflow->name; }
int workflow_version(const struct workflow *workflow) { return workflow->version; }

const struct state *workflow_state(const struct workflow *workflow, const char *name)
{
    for (size_t i = 0; i < workflow->state_count; i++)
        if (strcmp(workflow->states[i].name, name) == 0) return &workflow->states[i];
    return NULL;
}

const struct move *workflow_move(const struct workflow *workflow, const char *name)
{
    for (size_t i = 0; i < workflow->move_count; i++)
        if (strcmp(workflow->moves[i].name, name) == 0) return &workflow->moves[i];
    return NULL;
}

/* Bits of the states that can be reached from the first. */
static uint64_t reached(const struct workflow *w)
{
    uint64_t seen = 1, before;
    do {
        before = seen;
        for (size_t i = 0; i < w->move_count; i++)
            if (w->moves[i].from & seen) seen |= UINT64_C(1) << w->moves[i].to;
    } while (seen != before);
    return seen;
}

/* Bits of the states from which a final one can be reached. */
static uint64_t ending(const struct workflow *w)
{
    uint64_t ends = 0, before;
    for (size_t i = 0; i < w->state_count; i++)
        if (w->states[i].final) ends |= UINT64_C(1) << i;
    do {
        before = ends;
        for (size_t i = 0; i < w->move_count; i++)
            if (ends >> w->moves[i].to & 1) ends |= w->moves[i].from;
    } while (ends != before);
    return ends;
}

static enum status wrong(struct err *err, const char *text, const char *file, int line,
                         const char *name)
{
    return err_about(err, INVALID, "workflow", text, "%s:%d: %s", file, line, name);
}

enum status workflow_sound(const struct workflow *w, const char *file, struct err *err)
{
    if (w->state_count == 0)
        return wrong(err, "A workflow without a state.", file, 1, w->name);
    uint64_t seen = reached(w), ends = ending(w);
    if (ends == 0)
        return wrong(err, "No state is final.", file, w->states[w->state_count - 1].line, w->name);
    for (size_t i = 0; i < w->state_count; i++) {
        const struct state *state = &w->states[i];
        if (!(seen >> i & 1))
            return wrong(err, "No case can reach this state.", file, state->line, state->name);
        if (!(ends >> i & 1))
            return wrong(err, "A case can never end from this state.", file, state->line,
                         state->name);
        if (!state->final && state->owner < 0)
            return wrong(err, "A state nobody owns.", file, state->line, state->name);
        if (state->final && (state->owner >= 0 || state->clock_ms))
            return wrong(err, "A final state has no owner and no clock.", file, state->line,
                         state->name);
    }
    for (size_t m = 0; m < w->move_count; m++)
        for (size_t i = 0; i < w->state_count; i++)
            if (w->states[i].final && (w->moves[m].from >> i & 1))
                return wrong(err, "No move leads out of a final state.", file, w->moves[m].line,
                             w->moves[m].name);
    return OK;
}
