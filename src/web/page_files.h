/* page_files.h - where pages come from: built in, or a source folder in development. */
#ifndef CUNHUO_WEB_PAGE_FILES_H
#define CUNHUO_WEB_PAGE_FILES_H

#include "web/page_parse.h"

/* All pages that are built in (`folder` NULL) or lie in ui, src/main/pages and src/rooms/x/pages of
 * `folder`. Sources are in the arena or static. */
MUST_USE enum status page_files(const char *folder, struct arena *arena,
                                const struct page_source **out, size_t *count, struct err *err);
/* A number that changes when one of the files in `folder` does. */
uint64_t page_files_stamp(const char *folder);
#endif
