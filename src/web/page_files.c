/* page_files.c - src/rooms/shop/pages/home.html is page "shop/home", ui/error.html "ui/error". */
#include "web/page_files.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/arena.h"
#include "web/asset.h"

enum { PAGE_BYTES_MAX = 1024 * 1024 };

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static enum status no_memory(struct err *err)
{
    return err_set(err, BROKEN, NULL, "Out of memory");
}

/* The page's name in the arena; NULL in `out`: this file is no page. */
static enum status page_name(struct arena *arena, const char *path, const char **out,
                             struct err *err)
{
    static const char rooms[] = "src/rooms/", own[] = "src/main/pages/", pages[] = "/pages/";
    static const char end[] = ".html";
    size_t size = strlen(path);
    *out = NULL;
    if (size <= strlen(end) || strcmp(path + size - strlen(end), end) != 0) return OK;
    const char *folder = path, *file = strrchr(path, '/');
    if (file == NULL) return OK;
    int folder_size = (int)(file - folder);
    if (begins(path, rooms)) {
        folder = path + strlen(rooms);
        const char *middle = strstr(folder, pages);
        if (middle == NULL || middle + strlen(pages) != file + 1) return OK;
        folder_size = (int)(middle - folder);
    } else if (begins(path, own)) {
        folder = "main";
        folder_size = (int)strlen(folder);
    } else if (!begins(path, "ui/")) {
        return OK;
    }
    int stem = (int)(strlen(file + 1) - strlen(end));
    *out = arena_printf(arena, "%.*s/%.*s", folder_size, folder, stem, file + 1);
    return *out ? OK : no_memory(err);
}

struct list { struct page_source *sources; size_t count; };

static enum status add(struct arena *arena, struct list *list, const char *path, const char *text,
                       size_t size, struct err *err)
{
    const char *name;
    TRY(page_name(arena, path, &name, err));
    if (name == NULL) return OK;
    struct page_source *more = arena_more(arena, list->sources, list->count, sizeof *more);
    if (more == NULL) return no_memory(err);
    more[list->count++] = (struct page_source){ name, path, text, size };
    list->sources = more;
    return OK;
}

static enum status read_file(struct arena *arena, struct list *list, const char *folder,
                             const char *path, struct err *err)
{
    const char *name = arena_printf(arena, "%s/%s", folder, path);
    char *text = NULL;
    long size = -1;
    FILE *file = name ? fopen(name, "rb") : NULL;
    if (file) {
        if (fseek(file, 0, SEEK_END) == 0) size = ftell(file);
        rewind(file);
        text = size >= 0 && size < PAGE_BYTES_MAX ? arena_new(arena, (size_t)size + 1) : NULL;
        if (text && fread(text, 1, (size_t)size, file) != (size_t)size) text = NULL;
        fclose(file);
    }
    if (text == NULL) return err_about(err, INVALID, "page", "A page can't be read", "%s", path);
    return add(arena, list, path, text, (size_t)size, err);
}

/* What a folder may offer as pages. */
static int html_only(const struct dirent *entry)
{
    size_t size = strlen(entry->d_name);
    return entry->d_name[0] != '.' && size > 5 && strcmp(entry->d_name + size - 5, ".html") == 0;
}

static int visible(const struct dirent *entry) { return entry->d_name[0] != '.'; }

static void free_names(struct dirent **names, int count)
{
    for (int i = 0; i < count; i++) free(names[i]);
    if (count >= 0) free(names);
}

/* Calls `each` with the path of every page file, relative to `root`, until it answers not OK. */
struct walk { enum status (*each)(struct walk *walk, const char *path); const char *root; };

static enum status walk_folder(struct walk *walk, const char *folder)
{
    char full[4096], path[1024];
    struct dirent **names = NULL;
    snprintf(full, sizeof full, "%s/%s", walk->root, folder);
    int count = scandir(full, &names, html_only, alphasort);
    enum status status = OK;
    for (int i = 0; i < count && status == OK; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]->d_name);
        status = walk->each(walk, path);
    }
    free_names(names, count);
    return status;
}

static enum status walk_all(struct walk *walk)
{
    TRY(walk_folder(walk, "ui"));
    TRY(walk_folder(walk, "src/main/pages"));
    char full[4096], folder[512];
    struct dirent **names = NULL;
    snprintf(full, sizeof full, "%s/src/rooms", walk->root);
    int count = scandir(full, &names, visible, alphasort);
    enum status status = OK;
    for (int i = 0; i < count && status == OK; i++) {
        snprintf(folder, sizeof folder, "src/rooms/%s/pages", names[i]->d_name);
        status = walk_folder(walk, folder);
    }
    free_names(names, count);
    return status;
}

struct reading { struct walk walk; struct arena *arena; struct list list; struct err *err; };

static enum status read_each(struct walk *walk, const char *path)
{
    struct reading *r = (struct reading *)walk;
    const char *kept = arena_text(r->arena, path);
    if (kept == NULL) return no_memory(r->err);
    return read_file(r->arena, &r->list, walk->root, kept, r->err);
}

enum status page_files(const char *folder, struct arena *arena, const struct page_source **out,
                       size_t *count, struct err *err)
{
    struct reading r = { .walk = { read_each, folder }, .arena = arena, .err = err };
    if (folder) {
        TRY(walk_all(&r.walk));
    } else {
        for (size_t i = 0; i < asset_count; i++)
            TRY(add(arena, &r.list, assets[i].path, (const char *)assets[i].bytes, assets[i].size,
                    err));
    }
    *out = r.list.sources;
    *count = r.list.count;
    return OK;
}

struct stamping { struct walk walk; uint64_t stamp; };

static enum status stamp_each(struct walk *walk, const char *path)
{
    struct stamping *s = (struct stamping *)walk;
    char full[4096];
    struct stat stat_of;
    snprintf(full, sizeof full, "%s/%s", walk->root, path);
    if (stat(full, &stat_of) != 0) return OK;
    uint64_t parts[] = { (uint64_t)stat_of.st_mtim.tv_sec, (uint64_t)stat_of.st_mtim.tv_nsec,
                         (uint64_t)stat_of.st_size, (uint64_t)stat_of.st_ino };
    for (size_t i = 0; i < COUNT(parts); i++)   // FNV-1a, by words
        s->stamp = (s->stamp ^ parts[i]) * UINT64_C(0x100000001B3);
    return OK;
}

uint64_t page_files_stamp(const char *folder)
{
    struct stamping s = { { stamp_each, folder }, UINT64_C(0xCBF29CE484222325) };
    return walk_all(&s.walk) == OK ? s.stamp : 0;
}
