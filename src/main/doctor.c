/* doctor.c - the verb doctor: what is wrong with a county and its machine, and what to do. */
#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include "base/arena.h"
#include "base/clock.h"
#include "base/status.h"
#include "db/db.h"
#include "main/house.h"
#include "main/main.h"
#include "road/road.h"
#include "web/county.h"

enum { BACKUP_HOURS_MAX = 36, STEP_MS_MAX = 120 * SECOND_MS, ARENA_BYTES = 1 << 20 };
#define DISK_BYTES_MIN (INT64_C(1) << 30)

/* What was found, in the order it was looked at. */
struct finding { const char *name, *advice; bool wrong; char text[400]; };
struct findings { struct finding at[16]; size_t count; };

PRINTF(4, 5) static void find(struct findings *all, const char *name, const char *advice,
                              const char *text, ...)
{
    struct finding *f = &all->at[all->count++];
    va_list args;
    *f = (struct finding){ .name = name, .advice = advice, .wrong = advice != NULL };
    va_start(args, text);
    vsnprintf(f->text, sizeof f->text, text, args);
    va_end(args);
}

/* ---- the machine ---- */

static void look_at_disk(struct findings *all, const char *folder, const struct db_size *size)
{
    struct statvfs disk;
    if (statvfs(folder, &disk) != 0) {
        find(all, "disk", "look at the disk of the folder", "%s: %s", folder, strerror(errno));
        return;
    }
    int64_t free_bytes = (int64_t)disk.f_bavail * (int64_t)disk.f_frsize;
    int64_t wanted = 2 * size->bytes > DISK_BYTES_MIN ? 2 * size->bytes : DISK_BYTES_MIN;
    find(all, "disk", free_bytes < wanted ? "make room: as much as the county twice, and 1 GB at "
         "least" : (disk.f_flag & ST_RDONLY) ? "mount it for writing" : NULL,
         "%.1f GB free%s, the county has %.1f MB", (double)free_bytes / 1e9,
         (disk.f_flag & ST_RDONLY) ? ", read-only" : "", (double)size->bytes / 1e6);
}

/* Orders are closed at 23:00:00.000 of this clock. A county of the demo turns its own. */
static void look_at_clock(struct findings *all, const struct county *county, int64_t last_job_ms)
{
    struct timex state = { .modes = 0 };
    int kind = adjtimex(&state);
    bool loose = kind < 0 || kind == TIME_ERROR || (state.status & STA_UNSYNC);
    if (county->may_turn) {
        find(all, "clock", NULL, "turned by hand, as a demo's is%s",
             loose ? "; the machine's is not synchronised" : "");
        return;
    }
    int64_t back_ms = last_job_ms - county_now_ms(county);
    if (back_ms > STEP_MS_MAX)
        find(all, "clock", "set the clock, and find out why it went back",
             "stands %lld s before what this county has done", (long long)(back_ms / SECOND_MS));
    else if (loose)
        find(all, "clock", "apt install chrony (or systemd-timesyncd), then wait a minute",
             "is not synchronised with any server");
    else
        find(all, "clock", NULL, "synchronised, within %.3f s", (double)state.maxerror / 1e6);
}

static void look_at_fonts(struct findings *all)
{
    static const char wanted[] = "Noto Sans CJK SC";
    char family[200] = "";
    FILE *match = popen("fc-match -f '%{family}' 'Noto Sans CJK SC' 2>/dev/null", "re");
    size_t size = match ? fread(family, 1, sizeof family - 1, match) : 0;
    if (match) pclose(match);
    family[size] = '\0';
    find(all, "fonts", strstr(family, wanted) ? NULL : "apt install fontconfig fonts-noto-cjk",
         strstr(family, wanted) ? "%s" : "no Chinese font for papers: %s instead",
         *family ? strstr(family, wanted) ? wanted : family : "fc-match is missing, nothing");
}

/* ---- the county ---- */

static void look_at_backup(struct findings *all, const char *folder)
{
    char path[4096];
    struct stat note;
    struct clock *wall = clock_new();
    int64_t now_ms = wall ? clock_now_ms(wall) : 0;
    clock_free(wall);
    snprintf(path, sizeof path, "%s/last-backup", folder);
    if (stat(path, &note) != 0) {
        find(all, "backup", "cunhuo backup FOLDER COPY, each night, and COPY to another machine",
             "there was none yet");
        return;
    }
    int64_t age_h = (now_ms - (int64_t)note.st_mtime * SECOND_MS) / HOUR_MS;
    find(all, "backup", age_h > BACKUP_HOURS_MAX ? "cunhuo backup FOLDER COPY, each night, and see "
         "why the last did not come" : NULL, "the last one is %lld hours old", (long long)age_h);
}

static void look_at_roads(struct findings *all, const char *folder)
{
    char path[4096];
    struct stat there;
    struct road *road = NULL;
    struct err err = { .text = "" };
    snprintf(path, sizeof path, "%s/county.road", folder);
    if (stat(path, &there) != 0)
        find(all, "roads", "cunhuo road build EXTRACT.osm.pbf --output FOLDER/county.road",
             "there are none: no bus can be planned");
    else if (road_open(path, &road, &err) != OK)
        find(all, "roads", "build them anew: cunhuo road build EXTRACT.osm.pbf --output "
             "FOLDER/county.road", "%s %s", err.text ? err.text : "", err.detail);
    else
        find(all, "roads", NULL, "%.1f MB", (double)there.st_size / 1e6);
    if (road) road_close(road);
}

static const struct sql find_last_job = SQL("SELECT coalesce(max(due_ms), 0) FROM job");

static int64_t last_job(struct county *county)
{
    int64_t due_ms = 0;
    struct tx *tx;
    struct rows *rows;
    struct arena *arena = arena_open(ARENA_BYTES);
    if (arena && db_read_begin(county->db, arena, &tx) == OK) {
        if (db_first(tx, &find_last_job, NO_ARGS, &rows) == OK) due_ms = row_i64(rows, 0);
        db_read_end(tx);
    }
    arena_free(arena);
    return due_ms;
}

static void look_at_all(struct findings *all, const char *folder)
{
    struct county *county;
    struct err err = { .text = "" };
    enum status opened = county_open(folder, house_rooms, COUNTY_READ, &county, &err);
    if (opened != OK) {
        find(all, "county", opened == NOT_FOUND ? "cunhuo init FOLDER makes one, cunhuo restore "
             "COPY FOLDER brings one back" : "mend what it says; if the database is damaged: "
             "cunhuo restore COPY FOLDER", "%s %s", err.text ? err.text : "can't be opened",
             err.detail);
    } else {
        struct db_size size = db_size(county->db);
        find(all, "county", NULL, "%s", county->name);
        enum status sound = db_verify(county->db, &err);
        find(all, "database", sound == OK ? NULL : "stop the server, keep the folder, then cunhuo "
             "restore COPY FOLDER", sound == OK ? "%s" : "%s %s",
             sound == OK ? "sound" : err.text ? err.text : "can't be read", err.detail);
        look_at_disk(all, folder, &size);
        look_at_clock(all, county, last_job(county));
        county_close(county);
        look_at_roads(all, folder);
        look_at_backup(all, folder);
    }
    look_at_fonts(all);
}

/* ---- what is told ---- */

static int tell_json(const struct findings *all, bool wrong)
{
    json_t *list = json_array();
    for (size_t i = 0; i < all->count; i++) {
        const struct finding *f = &all->at[i];
        json_array_append_new(list, json_pack("{s:s, s:b, s:s, s:s}", "name", f->name, "fine",
                                              (int)!f->wrong, "text", f->text, "advice",
                                              f->advice ? f->advice : ""));
    }
    json_t *view = json_pack("{s:b, s:o}", "fine", (int)!wrong, "found", list);
    if (view) json_dumpf(view, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(view);
    return wrong;
}

int verb_doctor(int argc, char **argv)
{
    struct findings all = { .count = 0 };
    const char *folder = NULL;
    bool json = false, wrong = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0) json = true;
        else if (argv[i][0] == '-' || folder) return house_usage("doctor");
        else folder = argv[i];
    }
    if (folder == NULL) return house_usage("doctor");
    look_at_all(&all, folder);
    for (size_t i = 0; i < all.count; i++) wrong |= all.at[i].wrong;
    if (json) return tell_json(&all, wrong);
    for (size_t i = 0; i < all.count; i++) {
        const struct finding *f = &all.at[i];
        printf("%-6s %-9s %s\n", f->wrong ? "WRONG" : "fine", f->name, f->text);
        if (f->wrong) printf("%17s-> %s\n", "", f->advice);
    }
    return wrong;
}
