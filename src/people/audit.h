/* audit.h - who did what to whose data: an append-only log whose rows are chained by hash.
 *
 * Each row carries the BLAKE2b-256 of the row before it and of itself, so that a row changed, taken
 * out or put between is found by audit_check. */
#ifndef CUNHUO_PEOPLE_AUDIT_H
#define CUNHUO_PEOPLE_AUDIT_H

#include <stdint.h>
#include "base/status.h"

struct tx;

/* `what` is a short name such as "plan.move", `about_id` what it was done to, `text` the details. */
MUST_USE enum status audit_note(struct tx *tx, int64_t at_ms, int64_t person_id, const char *what,
                                int64_t about_id, const char *text);
/* INVALID: the chain is broken; err's detail says at which row. */
MUST_USE enum status audit_check(struct tx *tx, struct err *err);
#endif
