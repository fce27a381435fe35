/* workflow.h - a workflow definition, read from text and checked before it counts.
 *
 *   workflow delivery_exception 1 "Delivery exception"
 *   state reported "Reported" owner dispatcher clock 2h
 *   state solved   "Solved"   owner dispatcher
 *   state closed   "Closed"   final
 *   move  solve    "Solve"    reported -> solved by dispatcher,station needs text
 *   move  verify   "Verify"   solved -> closed   by dispatcher not-handler
 *   move  withdraw "Withdraw" reported,solved -> closed by dispatcher   # from either
 *
 * The first state is where cases begin. A state that is not final has an owner (the role that has
 * to act) and may have a clock: 30min, 2h or 5d, day and night, from the moment it is entered.
 * Texts are msgids. A file is at most 32 kB of UTF-8 with 64 states.
 *
 * Refused with file:line: what does not follow this grammar, an unknown role or state, two of a
 * name, a clock that is no time, a state that can't be reached or from which no final one can be,
 * a state without an owner, no final state, a move out of a final state. */
#ifndef CUNHUO_CASE_WORKFLOW_H
#define CUNHUO_CASE_WORKFLOW_H

#include "base/status.h"

struct workflow;

/* Parses `text`; `file` is for messages only. Free with workflow_free (NULL is fine). INVALID. */
MUST_USE enum status workflow_parse(const char *file, const char *text, struct workflow **out,
                                    struct err *err);
void workflow_free(struct workflow *workflow);

/* Borrowed from the workflow. */
const char *workflow_name(const struct workflow *workflow);
int workflow_version(const struct workflow *workflow);
#endif
