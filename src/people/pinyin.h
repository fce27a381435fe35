/* pinyin.h - how Chinese text is typed on Latin keys: ICU's Han-Latin, without tones. */
#ifndef CUNHUO_PEOPLE_PINYIN_H
#define CUNHUO_PEOPLE_PINYIN_H

#include <stddef.h>
#include "base/status.h"

struct arena;

/* "禾丰村" is "he feng cun"; Latin text is lowered. A character with several readings gets its most
 * common one, so names that are read otherwise come with their pinyin. NULL: no memory. For any
 * thread. The first call takes some 50 ms. */
MUST_USE char *pinyin_of(struct arena *arena, const char *text);

/* "he feng cun" joined is "hefengcun", its initials are "hfc". NULL: no memory. */
MUST_USE char *pinyin_joined(struct arena *arena, const char *pinyin);
MUST_USE char *pinyin_initials(struct arena *arena, const char *pinyin);
#endif
