/* backup_verbs.c - the verbs backup and restore. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/clock.h"
#include "main/backup.h"
#include "main/house.h"
#include "main/main.h"

struct words { const char *at[2]; int count; bool try, json; };

static bool read_words(int argc, char **argv, struct words *out)
{
    *out = (struct words){ .count = 0 };
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--try") == 0) out->try = true;
        else if (strcmp(argv[i], "--json") == 0) out->json = true;
        else if (argv[i][0] == '-' || out->count == 2) return false;
        else out->at[out->count++] = argv[i];
    }
    return true;
}

/* What a check prints goes to stderr where the answer is JSON. */
static int counts_aside(bool json)
{
    fflush(stdout);
    int kept = json ? dup(STDOUT_FILENO) : -1;
    if (kept >= 0) dup2(STDERR_FILENO, STDOUT_FILENO);
    return kept;
}

static void counts_back(int kept)
{
    fflush(stdout);
    if (kept < 0) return;
    dup2(kept, STDOUT_FILENO);
    close(kept);
}

static void tell_backup(const struct words *w, const struct backup_made *made)
{
    if (w->json)
        printf("{\"bytes\": %lld, \"seconds\": %.3f, \"verified\": true}\n",
               (long long)made->bytes, (double)made->ms / SECOND_MS);
    else
        printf("%s: %.1f MB in %.1f s, verified\n", w->at[1], (double)made->bytes / 1e6,
               (double)made->ms / SECOND_MS);
}

/* Backup, restore into a folder of its own, every check, and all is thrown away again. */
static int try_restore(const struct words *w)
{
    char copy[PATH_BYTES], back[PATH_BYTES], kept[PATH_BYTES];
    struct backup_made made;
    struct err err = { .text = "" };
    int64_t from_ms = mono_ms();
    int length = snprintf(copy, sizeof copy, "%s.try-%ld", w->at[0], (long)getpid());
    if (length < 0 || length + 8 >= PATH_BYTES) return house_usage("backup");
    snprintf(back, sizeof back, "%.4000s.back", copy);
    enum status done = backup_make(w->at[0], copy, &made, &err);
    int aside = counts_aside(w->json);
    if (done == OK) done = backup_restore(copy, back, kept, &err);
    counts_back(aside);
    backup_remove(copy);
    backup_remove(back);
    if (done != OK) return house_fail("backup", done, &err, 1);
    double seconds = (double)(mono_ms() - from_ms) / SECOND_MS;
    if (w->json)
        printf("{\"bytes\": %lld, \"seconds\": %.3f, \"restored\": true}\n",
               (long long)made.bytes, seconds);
    else
        printf("%s: copied, restored and checked, %.1f MB in %.1f s; nothing of it is left\n",
               w->at[0], (double)made.bytes / 1e6, seconds);
    return 0;
}

int verb_backup(int argc, char **argv)
{
    struct words w;
    struct backup_made made = { 0 };
    struct err err = { .text = "" };
    if (!read_words(argc, argv, &w) || w.count != (w.try ? 1 : 2)) return house_usage("backup");
    if (w.try) return try_restore(&w);
    enum status done = backup_make(w.at[0], w.at[1], &made, &err);
    if (done != OK) return house_fail("backup", done, &err, done == BROKEN ? 1 : 2);
    backup_note(w.at[0], w.at[1], &made);
    tell_backup(&w, &made);
    return 0;
}

int verb_restore(int argc, char **argv)
{
    struct words w;
    char kept[PATH_BYTES];
    struct err err = { .text = "" };
    if (!read_words(argc, argv, &w) || w.count != 2 || w.try) return house_usage("restore");
    int64_t from_ms = mono_ms();
    int aside = counts_aside(w.json);
    enum status done = backup_restore(w.at[0], w.at[1], kept, &err);
    counts_back(aside);
    if (done != OK) return house_fail("restore", done, &err, done == BROKEN ? 1 : 2);
    double seconds = (double)(mono_ms() - from_ms) / SECOND_MS;
    if (w.json) printf("{\"seconds\": %.3f, \"sound\": true}\n", seconds);
    else printf("%s: restored and sound, %.1f s\n", w.at[1], seconds);
    if (!w.json && *kept) printf("what was there before is in %s\n", kept);
    return 0;
}
