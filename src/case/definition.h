/* definition.h - what a workflow is once it is read; inside the case engine only.
 *
 * All of it lives in one arena: the workflow's own (workflow_parse), or a request's, when a running
 * case's stored definition is read again (workflow_read). */
#ifndef CUNHUO_CASE_DEFINITION_H
#define CUNHUO_CASE_DEFINITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/status.h"

struct arena;

enum { STATES_MAX = 64, MOVES_MAX = 256, WORKFLOW_BYTES_MAX = 32 * 1024 };
enum { CLOCK_DAYS_MAX = 3650 };

struct state {
    const char *name, *text;    // text: a msgid
    int owner;                  // enum role; -1: final, nobody waits for it
    int64_t clock_ms;           // time to leave it; 0: none
    bool final;
    int line;                   // of the definition, for messages
};

struct move {
    const char *name, *text;
    uint64_t from;              // bits of states
    size_t to;
    uint64_t roles;             // who may
    bool needs_text, not_handler;
    int line;
};

struct workflow {
    const char *name, *title, *source;   // source: the text it was read from
    int version;
    struct state *states;
    size_t state_count;
    struct move *moves;
    size_t move_count;
    struct arena *own;          // NULL: lives in a request's arena
};

/* As workflow_parse, in the arena of the caller. BROKEN: the arena is used up. */
MUST_USE enum status workflow_read(struct arena *arena, const char *file, const char *text,
                                   struct workflow **out, struct err *err);

/* Whether a definition that was read without mistake makes sense as a whole: every state can be
 * reached from the first and a final one from every state, no state but a final one is a dead end,
 * everyone has an owner. INVALID with file:line. */
MUST_USE enum status workflow_sound(const struct workflow *workflow, const char *file,
                                    struct err *err);

/* NULL: it has none of that name. */
const struct state *workflow_state(const struct workflow *workflow, const char *name);
const struct move *workflow_move(const struct workflow *workflow, const char *name);
#endif
