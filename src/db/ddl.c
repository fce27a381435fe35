/* ddl.c - the common tongue's tables in SQLite's words: BIGINT is INTEGER (and so BIGINT PRIMARY
 * KEY the rowid itself), BYTEA is BLOB, and every CREATE TABLE ends STRICT. Literals, quoted names
 * and comments pass untouched. */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "db/engine.h"

/* The end of the token at `at`: a literal, a comment, a word, white space, or one character. */
static const char *token_end(const char *at)
{
    if (*at == '\'' || *at == '"') {
        const char *end = strchr(at + 1, *at);
        return end ? end + 1 : at + strlen(at);
    }
    if (at[0] == '-' && at[1] == '-') return at + strcspn(at, "\n");
    if (at[0] == '/' && at[1] == '*') {
        const char *end = strstr(at + 2, "*/");
        return end ? end + 2 : at + strlen(at);
    }
    if (isalpha((unsigned char)*at) || *at == '_') {
        while (isalnum((unsigned char)*at) || *at == '_') at++;
        return at;
    }
    if (isspace((unsigned char)*at)) {
        while (isspace((unsigned char)*at)) at++;
        return at;
    }
    return at + 1;
}

static bool is_word(const char *at, size_t size, const char *word)
{
    return strlen(word) == size && strncasecmp(at, word, size) == 0;
}

static bool is_blank(const char *at)
{
    return isspace((unsigned char)*at) || (at[0] == '-' && at[1] == '-')
        || (at[0] == '/' && at[1] == '*');
}

char *ddl_for_sqlite(const char *text)
{
    static const char strict[] = " STRICT";
    char *out = NULL;
    size_t out_size = 0;
    FILE *stream = open_memstream(&out, &out_size);
    if (stream == NULL) return NULL;
    int words = 0;              // CREATE, TABLE: the first words of the statement
    bool table = false;
    const char *end;
    for (const char *at = text; *at; at = end) {
        end = token_end(at);
        size_t size = (size_t)(end - at);
        if (is_blank(at)) {
            fwrite(at, 1, size, stream);
            continue;
        }
        if (*at == ';') {
            if (table) fputs(strict, stream);
            words = 0;
            table = false;
            fputc(';', stream);
            continue;
        }
        if (words == 1 && is_word(at, size, "TABLE")) table = true;
        words = words == 0 && is_word(at, size, "CREATE") ? 1 : 2;
        if (is_word(at, size, "BIGINT")) fputs("INTEGER", stream);
        else if (is_word(at, size, "BYTEA")) fputs("BLOB", stream);
        else fwrite(at, 1, size, stream);
    }
    if (table) fprintf(stream, "\n%s", strict);   // a comment may stand before
    if (fclose(stream) == 0) return out;
    free(out);
    return NULL;
}
