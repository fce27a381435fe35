/* text.c - UTF-8 as it comes from people. */
#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"

int32_t text_next(const char **at, const char *end)
{
    const unsigned char *p = (const unsigned char *)*at;
    size_t left = (size_t)(end - *at);
    if (left == 0) return -1;
    static const int32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    size_t size = p[0] < 0x80 ? 1 : p[0] >= 0xC2 && p[0] < 0xE0 ? 2 : (p[0] & 0xF0) == 0xE0 ? 3
                : p[0] >= 0xF0 && p[0] < 0xF5 ? 4 : 0;
    if (size == 0 || size > left) return -1;
    int32_t c = size == 1 ? p[0] : p[0] & (0xFF >> (size + 1));
    for (size_t i = 1; i < size; i++) {
        if ((p[i] & 0xC0) != 0x80) return -1;
        c = (c << 6) | (p[i] & 0x3F);
    }
    if (c < least[size] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) return -1;
    *at += size;
    return c;
}

bool text_valid(const char *bytes, size_t size)
{
    const char *end = bytes + size;
    while (bytes < end)
        if (text_next(&bytes, end) <= 0) return false;
    return true;
}

size_t text_length(const char *text)
{
    size_t length = 0;
    for (; *text; text++) length += ((unsigned char)*text & 0xC0) != 0x80;
    return length;
}

static bool invisible(int32_t c)
{
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0xAD || c == 0x061C
        || (c >= 0x200B && c <= 0x200F) || (c >= 0x202A && c <= 0x202E)
        || (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF || (c >= 0xFFF9 && c <= 0xFFFB);
}

static bool space(int32_t c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == 0xA0 || c == 0x3000
        || (c >= 0x2000 && c <= 0x200A) || c == 0x202F;
}

char *text_clean(struct arena *arena, const char *text)
{
    size_t size = strlen(text), out = 0;
    const char *at = text, *end = text + size;
    char *clean = arena_new(arena, size + 1);
    if (clean == NULL) return NULL;
    bool gap = false;
    while (at < end) {
        const char *from = at;
        int32_t c = text_next(&at, end);
        if (c < 0) { at = from + 1; continue; }
        if (space(c)) { gap = out > 0; continue; }
        if (invisible(c)) continue;
        if (gap) clean[out++] = ' ';
        gap = false;
        if (c >= 0xFF01 && c <= 0xFF5E && (isalnum((int)(c - 0xFEE0)))) {
            clean[out++] = (char)(c - 0xFEE0);
            continue;
        }
        memcpy(clean + out, from, (size_t)(at - from));
        out += (size_t)(at - from);
    }
    clean[out] = '\0';
    return clean;
}

enum status text_i64(const char *text, int64_t *out)
{
    const char *digit = text + (*text == '-');
    if (*digit == '\0') return INVALID;
    for (const char *c = digit; *c; c++)
        if (*c < '0' || *c > '9') return INVALID;
    errno = 0;
    *out = strtoll(text, NULL, 10);
    return errno == 0 ? OK : INVALID;
}

enum status text_double(const char *text, double *out)
{
    for (const char *c = text; *c; c++)
        if ((*c < '0' || *c > '9') && strchr("+-.eE", *c) == NULL) return INVALID;
    char *end;
    *out = strtod(text, &end);
    return end != text && *end == '\0' && isfinite(*out) ? OK : INVALID;
}

char *text_masked(struct arena *arena, const char *text)
{
    size_t length = text_length(text), front = length >= 11 ? 3 : 0, back = length >= 7 ? 4 : 0;
    const char *at = text, *end = text + strlen(text);
    char *masked = arena_new(arena, (size_t)(end - text) + 1), *out = masked;
    for (size_t i = 0; masked && i < length; i++) {
        const char *from = at;
        if (text_next(&at, end) < 0) at = from + 1;
        if (i < front || i + back >= length) out = mempcpy(out, from, (size_t)(at - from));
        else *out++ = '*';
    }
    return masked;
}
