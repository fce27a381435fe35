/* workflow.h - a workflow definition, read from text and checked before it counts.
 *
 *   workflow delivery_exception 1 "Delivery exception"
 *   state reported "Reported" owner dispatcher clock 2h
 *   state solved   "Solved"   owner dispatcher
 *   state closed   "Closed"   final
 *   move  solve    "Solve"    reported -> solved by dispatcher,station needs text
 *   move  verify   "Verify"   solved -> closed   by dispatcher not-handler
 *
 * The first state is where cases begin. Refused with file:line: an unreachable state, no final state,
 * an unknown role or state, two of a name, a clock that is no time. */
#ifndef CUNHUO_CASE_WORKFLOW_H
#define CUNHUO_CASE_WORKFLOW_H

#include <stddef.h>
#include "base/status.h"

struct workflow;

/* Parses `text`; `file` is for messages only. NULL text of names: none. Free with workflow_free. */
MUST_USE enum status workflow_parse(const char *file, const char *text, struct workflow **out,
                                    struct err *err);
void workflow_free(struct workflow *workflow);
const char *workflow_name(const struct workflow *workflow);
int workflow_version(const struct workflow *workflow);
#endif
