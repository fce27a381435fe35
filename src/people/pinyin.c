/* pinyin.c - see pinyin.h. */
#include "people/pinyin.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/ustring.h>
#include <unicode/utrans.h>
#include "base/arena.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;   // held while `rules` is in use
static UTransliterator *rules;   // kept for the life of the process

static void close_rules(void) { utrans_close(rules); }

static bool open_rules(void)
{
    static const UChar id[] = u"Han-Latin; Latin-ASCII; Lower";
    UErrorCode code = U_ZERO_ERROR;
    if (rules == NULL) {
        rules = utrans_openU(id, -1, UTRANS_FORWARD, NULL, 0, NULL, &code);
        if (rules != NULL) atexit(close_rules);
    }
    return rules != NULL && U_SUCCESS(code);
}

char *pinyin_of(struct arena *arena, const char *text)
{
    size_t bytes = strlen(text);
    if (bytes > 4096) bytes = 4096;
    int32_t room = (int32_t)(bytes * 8 + 16), size = 0, limit;   // a syllable has up to 6 letters
    UChar *wide = arena_new(arena, (size_t)room * sizeof *wide);
    char *out = arena_new(arena, (size_t)room * 3);
    UErrorCode code = U_ZERO_ERROR;
    if (wide == NULL || out == NULL) return NULL;
    u_strFromUTF8WithSub(wide, room, &size, text, (int32_t)bytes, 0xFFFD, NULL, &code);
    limit = size;
    pthread_mutex_lock(&lock);
    bool opened = open_rules();
    if (opened && U_SUCCESS(code)) utrans_transUChars(rules, wide, &size, room, 0, &limit, &code);
    pthread_mutex_unlock(&lock);
    if (!opened) return NULL;
    u_strToUTF8(out, room * 3, NULL, wide, size, &code);
    return U_SUCCESS(code) ? out : NULL;
}

char *pinyin_joined(struct arena *arena, const char *pinyin)
{
    char *out = arena_new(arena, strlen(pinyin) + 1);
    if (out == NULL) return NULL;
    char *end = out;
    for (; *pinyin; pinyin++)
        if (*pinyin != ' ' && *pinyin != '\'') *end++ = *pinyin;
    return out;
}

char *pinyin_initials(struct arena *arena, const char *pinyin)
{
    char *out = arena_new(arena, strlen(pinyin) + 1);
    if (out == NULL) return NULL;
    char *end = out;
    for (const char *at = pinyin; *at; at++) {
        bool first = at == pinyin || at[-1] == ' ' || at[-1] == '\'';
        if (first && *at != ' ' && *at != '\'') *end++ = *at;
    }
    return out;
}
