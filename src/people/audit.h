/* audit.h - who did what to whose data: an append-only log whose rows are chained by hash.
 *
 * Each row carries the BLAKE2b-256 of the row before it and of itself, so that a row changed, taken
 * out or put between is found by audit_check; a head beside them tells when the last ones are gone.
 * Rows are only added (db/db.h). */
#ifndef CUNHUO_PEOPLE_AUDIT_H
#define CUNHUO_PEOPLE_AUDIT_H

#include <stddef.h>
#include <stdint.h>
#include "base/status.h"

struct tx;

/* `what` is a short name such as "plan.move", `about_id` what it was done to, `text` details. */
MUST_USE enum status audit_note(struct tx *tx, int64_t at_ms, int64_t person_id, const char *what,
                                int64_t about_id, const char *text);
struct audit_row {
    int64_t id, at_ms, person_id, about_id;
    const char *what, *text;
};
/* The newest before `before_id` (0: of all), at most count_max, newest first; about_id 0: all. */
MUST_USE enum status audit_list(struct tx *tx, int64_t about_id, int64_t before_id,
                                size_t count_max, struct audit_row **out, size_t *count);
/* INVALID: the chain is broken; err's detail says at which row. */
MUST_USE enum status audit_check(struct tx *tx, struct err *err);
#endif
