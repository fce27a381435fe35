/* status.c - texts of outcomes. */
#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum status err_set(struct err *err, enum status status, const char *field, const char *text)
{
    *err = (struct err){ .status = status, .field = field, .text = text };
    return status;
}

enum status err_about(struct err *err, enum status status, const char *field, const char *text,
                      const char *detail, ...)
{
    *err = (struct err){ .status = status, .field = field, .text = text };
    va_list args;
    va_start(args, detail);
    int wanted = vsnprintf(err->detail, sizeof err->detail, detail, args);
    va_end(args);
    if (wanted >= (int)sizeof err->detail) {   // cut: not inside a character of several bytes
        size_t end = sizeof err->detail - 1;
        while (end > 0 && ((unsigned char)err->detail[end - 1] & 0xC0) == 0x80) end--;
        if (end > 0 && ((unsigned char)err->detail[end - 1] & 0x80)) end--;
        err->detail[end] = '\0';
    }
    return status;
}

const char *status_name(enum status status)
{
    static const char *const names[] = {
        [OK] = "ok", [INVALID] = "invalid", [DENIED] = "denied", [NOT_FOUND] = "not_found",
        [CONFLICT] = "conflict", [BUSY] = "busy", [BROKEN] = "broken",
    };
    return names[status];
}
