/* arena.c - blocks in a list, the newest first. */
#include "base/arena.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 16 * 1024, ALIGN = 16 };

#if defined(__has_feature)   // clang's way to say it
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
enum { ONE_BY_ONE = true };
#else
enum { ONE_BY_ONE = false };
#endif

struct block {
    struct block *next;
    size_t size, used;   // of bytes
    _Alignas(ALIGN) unsigned char bytes[];
};

struct arena {
    size_t bytes_max, bytes_used;
    struct block *blocks;
};

struct arena *arena_open(size_t bytes_max)
{
    struct arena *arena = calloc(1, sizeof *arena);
    if (arena) arena->bytes_max = bytes_max;
    return arena;
}

static void free_blocks(struct block *block, const struct block *keep)
{
    for (struct block *next; block && block != keep; block = next) {
        next = block->next;
        free(block);
    }
}

void arena_reset(struct arena *arena)
{
    struct block *first = arena->blocks;
    while (first && first->next) first = first->next;
    if (ONE_BY_ONE || (first && first->size > BLOCK_BYTES)) first = NULL;
    free_blocks(arena->blocks, first);
    if (first) first->used = 0;
    arena->blocks = first;
    arena->bytes_used = 0;
}

void arena_free(struct arena *arena)
{
    if (arena == NULL) return;
    free_blocks(arena->blocks, NULL);
    free(arena);
}

void *arena_new(struct arena *arena, size_t bytes)
{
    if (bytes > arena->bytes_max - arena->bytes_used) return NULL;
    size_t rounded = (bytes + ALIGN - 1) / ALIGN * ALIGN;
    if (rounded < bytes || rounded > arena->bytes_max - arena->bytes_used) return NULL;

    struct block *block = arena->blocks;
    if (ONE_BY_ONE || block == NULL || block->size - block->used < rounded) {
        size_t size = ONE_BY_ONE ? bytes : rounded > BLOCK_BYTES ? rounded : BLOCK_BYTES;
        block = malloc(sizeof *block + size);
        if (block == NULL) return NULL;
        *block = (struct block){ .next = arena->blocks, .size = size };
        arena->blocks = block;
    }
    void *found = block->bytes + block->used;
    block->used += ONE_BY_ONE ? bytes : rounded;
    arena->bytes_used += rounded;
    return memset(found, 0, bytes);
}

void *arena_more(struct arena *arena, void *items, size_t count, size_t item_bytes)
{
    if (count & (count - 1)) return items;   // full only at 0, 1, 2, 4, 8 ...
    size_t room = count ? 2 * count : 1;
    if (room > SIZE_MAX / item_bytes) return NULL;
    void *moved = arena_new(arena, room * item_bytes);
    if (moved && count) memcpy(moved, items, count * item_bytes);
    return moved;
}

char *arena_bytes(struct arena *arena, const void *text, size_t bytes)
{
    char *copy = arena_new(arena, bytes + 1);
    if (copy && bytes) memcpy(copy, text, bytes);
    return copy;
}

char *arena_text(struct arena *arena, const char *text)
{
    return arena_bytes(arena, text, strlen(text));
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int wanted = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = wanted < 0 ? NULL : arena_new(arena, (size_t)wanted + 1);
    if (text) vsnprintf(text, (size_t)wanted + 1, format, again);
    va_end(again);
    return text;
}
