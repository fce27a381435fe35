/* mask.c - people on paper. */
#include "paper/mask.h"

#include <string.h>
#include "base/arena.h"
#include "base/text.h"

enum { DIGITS_HIDDEN = 6, DIGITS_LAST = 4 };

/* Characters from..until (exclusive) hidden. */
static char *masked(struct arena *arena, const char *text, size_t from, size_t until)
{
    const char *at = text, *end = text + strlen(text);
    char *made = arena_new(arena, (size_t)(end - text) + 1), *out = made;
    for (size_t i = 0; made && at < end; i++) {
        const char *begin = at;
        if (text_next(&at, end) < 0) at = begin + 1;
        if (i >= from && i < until) *out++ = '*';
        else out = mempcpy(out, begin, (size_t)(at - begin));
    }
    return made;
}

char *mask_name(struct arena *arena, const char *name)
{
    size_t length = text_length(name);
    return masked(arena, name, length > 1, length > 2 ? length - 1 : length);
}

char *mask_phone(struct arena *arena, const char *phone)
{
    size_t length = strlen(phone);
    size_t last = length >= DIGITS_HIDDEN + DIGITS_LAST ? DIGITS_LAST
                : length > DIGITS_HIDDEN ? length - DIGITS_HIDDEN : 0;
    size_t until = length - last;
    return masked(arena, phone, until > DIGITS_HIDDEN ? until - DIGITS_HIDDEN : 0, until);
}
