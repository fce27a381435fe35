/* mask.h - people on paper: names and phone numbers as GB/T 41833-2022 (electronic express waybill)
 * wants them printed: at least one character of a name and at least six digits of a phone number
 * hidden, the middle of both. */
#ifndef CUNHUO_PAPER_MASK_H
#define CUNHUO_PAPER_MASK_H

#include "base/status.h"

struct arena;

/* "王小明" is "王*明", "王明" is "王*", "Anna Li" is "A*****i"; one character alone is "*". */
MUST_USE char *mask_name(struct arena *arena, const char *name);
/* "13812345678" is "1******5678". Of shorter numbers six digits are hidden too, from the front, and
 * of those with six or fewer all. NULL: no memory. */
MUST_USE char *mask_phone(struct arena *arena, const char *phone);
#endif
