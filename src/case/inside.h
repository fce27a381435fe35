/* inside.h - what the files of the case engine share. */
#ifndef CUNHUO_CASE_INSIDE_H
#define CUNHUO_CASE_INSIDE_H

#include <stdbool.h>
#include <stddef.h>
#include "base/status.h"
#include "case/case.h"

struct move;
struct rows;
struct tx;
struct workflow;

/* A case with the definition it runs by. */
struct running {
    struct case_row row;
    const struct workflow *workflow;
};
MUST_USE enum status case_load(struct tx *tx, int64_t case_id, struct running *out,
                               struct err *err);

/* Whether a person handled a case: made, or had made on his behalf, a move that is not itself one
 * of those closed to handlers. The program (0) never did. */
MUST_USE enum status case_handled_by(struct tx *tx, const struct workflow *workflow,
                                     int64_t case_id, int64_t person_id, bool *out,
                                     struct err *err);
#endif
