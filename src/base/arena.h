/* arena.h - memory that belongs to one request and goes when it ends: there is no free.
 *
 * An arena grows by blocks up to a limit given when it is made; past the limit every request for
 * memory answers NULL, so that one hostile request can't eat the machine. Not for use by two
 * threads at once. Under AddressSanitizer each piece is an allocation of its own, so that
 * overruns show. */
#ifndef CUNHUO_BASE_ARENA_H
#define CUNHUO_BASE_ARENA_H

#include <stddef.h>
#include "base/status.h"

struct arena;

/* An arena that gives out at most `bytes_max`. NULL: no memory. Free it with arena_free. */
MUST_USE struct arena *arena_open(size_t bytes_max);
void arena_free(struct arena *arena);   // NULL is fine

/* Gives everything back but keeps the first block, for the next request. */
void arena_reset(struct arena *arena);

/* Zeroed memory. NULL: the request has used up its share. */
MUST_USE void *arena_new(struct arena *arena, size_t bytes);

/* Room for one more item at the end of `items`, which holds `count` (NULL if 0). Use the pointer
 * returned, since the items may have moved. NULL: the request has used up its share. */
MUST_USE void *arena_more(struct arena *arena, void *items, size_t count, size_t item_bytes);

/* A copy of text, or of its first `bytes`; printed text. NULL: the share is used up. */
MUST_USE char *arena_text(struct arena *arena, const char *text);
MUST_USE char *arena_bytes(struct arena *arena, const void *text, size_t bytes);
MUST_USE char *arena_printf(struct arena *arena, const char *format, ...) PRINTF(2, 3);
#endif
