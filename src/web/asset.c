/* asset.c - finds files and words built into the program. */
#include "web/asset.h"

#include <stdlib.h>
#include <string.h>

static int by_path(const void *path, const void *asset)
{
    return strcmp(path, ((const struct asset *)asset)->path);
}

const struct asset *asset_find(const char *path)
{
    return bsearch(path, assets, asset_count, sizeof *assets, by_path);
}

static int by_msgid(const void *msgid, const void *translation)
{
    return strcmp(msgid, ((const struct translation *)translation)->msgid);
}

const char *words(const char *lang, const char *msgid)
{
    if (strcmp(lang, "zh") != 0) return msgid;
    const struct translation *found = bsearch(msgid, translations, translation_count,
                                              sizeof *translations, by_msgid);
    return found ? found->zh : msgid;
}
