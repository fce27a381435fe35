/* append.c - the one sentence of a migration that is no SQL: "APPEND ONLY name;" has the database
 * itself refuse to change or remove rows of that table, for ledgers, logs and histories. It stands
 * alone on its statement; each engine has its own words for it. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "db/engine.h"

static void on_sqlite(FILE *out, int size, const char *table)
{
    static const char *const verbs[] = { "UPDATE", "DELETE" };
    for (size_t i = 0; i < COUNT(verbs); i++)
        fprintf(out, "CREATE TRIGGER %.*s_no_%s BEFORE %s ON %.*s BEGIN"
                " SELECT RAISE(ABORT, 'rows of this table are only added'); END;",
                size, table, verbs[i], verbs[i], size, table);
}

static void on_postgres(FILE *out, int size, const char *table)
{
    fprintf(out, "CREATE OR REPLACE FUNCTION db_append_only() RETURNS trigger LANGUAGE plpgsql AS"
            " 'BEGIN RAISE EXCEPTION ''rows of this table are only added''; END';"
            "CREATE TRIGGER %.*s_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %.*s"
            " FOR EACH STATEMENT EXECUTE FUNCTION db_append_only();", size, table, size, table);
}

char *ddl_append_only(const char *text, bool postgres)
{
    static const char sentence[] = "APPEND ONLY ";
    char *out = NULL;
    size_t out_size = 0;
    FILE *stream = open_memstream(&out, &out_size);
    if (stream == NULL) return NULL;
    const char *found;
    for (; (found = strstr(text, sentence)) != NULL; ) {
        const char *table = found + strlen(sentence), *end = table;
        while (isalnum((unsigned char)*end) || *end == '_') end++;
        fwrite(text, 1, (size_t)(found - text), stream);
        (postgres ? on_postgres : on_sqlite)(stream, (int)(end - table), table);
        text = *end == ';' ? end + 1 : end;
    }
    fputs(text, stream);
    if (fclose(stream) == 0) return out;
    free(out);
    return NULL;
}
