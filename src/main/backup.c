/* backup.c - makes and verifies copies of a living county, and puts one back in its place. */
#include "main/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/clock.h"
#include "db/db.h"
#include "main/house.h"
#include "web/county.h"

/* What a copy is made of, and what SQLite leaves beside it. */
static const char *const names[] = { "county.db", "county.road" };
static const char *const litter[] = { "county.db-wal", "county.db-shm", "county.db-journal",
                                      "county.db.lock" };

static enum status join(const char *folder, const char *name, char out[PATH_BYTES],
                        struct err *err)
{
    int length = snprintf(out, PATH_BYTES, "%s/%s", folder, name);
    if (length < 0 || length >= PATH_BYTES)
        return err_set(err, INVALID, "folder", "The folder's name is too long.");
    return OK;
}

/* "a/b/" is "a/b". */
static enum status bare(const char *folder, char out[PATH_BYTES], struct err *err)
{
    size_t size = strlen(folder);
    while (size > 1 && folder[size - 1] == '/') size--;
    if (size == 0 || size + 32 >= PATH_BYTES)
        return err_set(err, INVALID, "folder", "The folder's name is too long.");
    snprintf(out, PATH_BYTES, "%.*s", (int)size, folder);
    return OK;
}

/* Copies a file that does not change. Nothing to copy is fine. */
static enum status copy_file(const char *from, const char *to, struct err *err)
{
    int in = open(from, O_RDONLY | O_CLOEXEC);
    if (in < 0 && errno == ENOENT) return OK;
    int out = in < 0 ? -1 : open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    ssize_t moved = out < 0 ? -1 : 1;
    while (moved > 0) moved = sendfile(out, in, NULL, 1 << 24);
    if (moved == 0 && fsync(out) != 0) moved = -1;
    int why = errno;
    if (in >= 0) close(in);
    if (out >= 0) close(out);
    if (moved < 0)
        return err_about(err, BROKEN, NULL, "A file could not be copied:", "%s: %s", to,
                         strerror(why));
    return OK;
}

/* What a rename has done is on disk. */
static enum status sync_folder(const char *folder, struct err *err)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool synced = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) close(fd);
    return synced ? OK : err_about(err, BROKEN, NULL, "A file could not be copied:", "%s: %s",
                                   folder, strerror(errno));
}

static enum status sync_parent(const char *folder, struct err *err)
{
    char parent[PATH_BYTES];
    const char *slash = strrchr(folder, '/');
    snprintf(parent, sizeof parent, "%.*s", slash ? (int)(slash - folder) : 1,
             slash ? folder : ".");
    return sync_folder(*parent ? parent : "/", err);
}

void backup_remove(const char *folder)
{
    char path[PATH_BYTES];
    struct err none;
    for (size_t i = 0; i < COUNT(names); i++)
        if (join(folder, names[i], path, &none) == OK) unlink(path);
    for (size_t i = 0; i < COUNT(litter); i++)
        if (join(folder, litter[i], path, &none) == OK) unlink(path);
    rmdir(folder);
}

/* A new folder beside `folder` that nobody takes for it. */
static enum status beside(const char *folder, const char *what, char out[PATH_BYTES],
                          struct err *err)
{
    int length = snprintf(out, PATH_BYTES, "%s.%s-XXXXXX", folder, what);
    if (length < 0 || length >= PATH_BYTES)
        return err_set(err, INVALID, "folder", "The folder's name is too long.");
    if (mkdtemp(out) == NULL || chmod(out, 0750) != 0)
        return err_about(err, INVALID, "folder", "The folder can't be made.", "%s: %s", out,
                         strerror(errno));
    return OK;
}

/* ---- making one ---- */

static enum status fill(struct county *county, const char *folder, struct err *err)
{
    char from[PATH_BYTES], to[PATH_BYTES];
    TRY(join(folder, "county.db", to, err));
    TRY(db_backup(county->db, to, err));
    TRY(join(county->folder, "county.road", from, err));
    TRY(join(folder, "county.road", to, err));
    return copy_file(from, to, err);
}

static enum status verify(const char *folder, int64_t *bytes, struct err *err)
{
    struct county *copy;
    char road[PATH_BYTES];
    struct stat there;
    TRY(county_open(folder, house_rooms, COUNTY_READ, &copy, err));
    enum status sound = db_verify(copy->db, err);
    *bytes = db_size(copy->db).bytes;
    county_close(copy);
    if (sound == OK && join(folder, "county.road", road, err) == OK && stat(road, &there) == 0)
        *bytes += there.st_size;
    return sound;
}

void backup_note(const char *folder, const char *copy, const struct backup_made *made)
{
    char path[PATH_BYTES];
    struct err none;
    FILE *note = join(folder, "last-backup", path, &none) == OK ? fopen(path, "w") : NULL;
    if (note == NULL) {
        fprintf(stderr, "cunhuo backup: %s: %s\n", path, strerror(errno));
        return;
    }
    fprintf(note, "copy = %s\nbytes = %lld\n", copy, (long long)made->bytes);
    fclose(note);
}

static enum status make_part(const char *folder, const char *part, struct backup_made *out,
                             struct err *err)
{
    struct county *county;
    TRY(county_open(folder, house_rooms, COUNTY_READ, &county, err));
    enum status done = fill(county, part, err);
    county_close(county);
    if (done == OK) done = verify(part, &out->bytes, err);
    return done == OK ? sync_folder(part, err) : done;
}

enum status backup_make(const char *folder, const char *copy, struct backup_made *out,
                        struct err *err)
{
    char to[PATH_BYTES], part[PATH_BYTES];
    int64_t from_ms = mono_ms();
    TRY(bare(copy, to, err));
    if (access(to, F_OK) == 0)
        return err_about(err, INVALID, "copy", "A new folder is needed for the copy:", "%s: %s",
                         to, strerror(EEXIST));
    TRY(beside(to, "part", part, err));
    enum status done = make_part(folder, part, out, err);
    if (done == OK && renameat2(AT_FDCWD, part, AT_FDCWD, to, RENAME_NOREPLACE) != 0)
        done = err_about(err, INVALID, "copy", "A new folder is needed for the copy:", "%s: %s",
                         to, strerror(errno));
    if (done != OK) {
        backup_remove(part);
        return done;
    }
    TRY(sync_parent(to, err));
    out->ms = mono_ms() - from_ms;
    return OK;
}

/* ---- and back ---- */

/* A copy that nobody serves and whose log is empty: its file is all of it. */
static enum status whole(const char *copy, struct err *err)
{
    char path[PATH_BYTES];
    struct stat there;
    TRY(join(copy, "county.db", path, err));
    if (stat(path, &there) != 0)
        return err_about(err, NOT_FOUND, "copy", "There is no copy of a county here:", "%s", copy);
    TRY(join(copy, "county.db-wal", path, err));
    if (stat(path, &there) == 0 && there.st_size > 0)
        return err_about(err, INVALID, "copy", "This is a county at work, no copy. Make one by "
                         "cunhuo backup:", "%s", copy);
    return OK;
}

static enum status fill_from(const char *copy, const char *part, struct err *err)
{
    char from[PATH_BYTES], to[PATH_BYTES];
    for (size_t i = 0; i < COUNT(names); i++) {
        TRY(join(copy, names[i], from, err));
        TRY(join(part, names[i], to, err));
        TRY(copy_file(from, to, err));
    }
    TRY(check_county(part, err));
    return sync_folder(part, err);
}

/* Nobody serves the county in `folder` as long as *lock is open. -1: there is none. */
static enum status keep_out(const char *folder, int *lock, struct err *err)
{
    char path[PATH_BYTES];
    *lock = -1;
    if (access(folder, F_OK) != 0) return OK;
    TRY(join(folder, "county.ini", path, err));
    if (access(path, F_OK) == 0)
        return err_about(err, INVALID, "folder", "This county's rows are in PostgreSQL: restore "
                         "them by its own tools.", "%s", path);
    TRY(join(folder, "county.db.lock", path, err));
    *lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (*lock >= 0 && flock(*lock, LOCK_EX | LOCK_NB) == 0) return OK;
    bool served = *lock >= 0 && errno == EWOULDBLOCK;
    int why = errno;
    if (*lock >= 0) close(*lock);
    if (served)
        return err_about(err, BUSY, "folder", "This county is being served. Stop its server "
                         "first:", "%s", folder);
    return err_about(err, INVALID, "folder", "The folder can't be written.", "%s: %s", folder,
                     strerror(why));
}

/* In one step; what was there gets a name with the time. */
static enum status exchange(const char *part, const char *folder, char kept[PATH_BYTES],
                            struct err *err)
{
    *kept = '\0';
    bool there = access(folder, F_OK) == 0;
    if (renameat2(AT_FDCWD, part, AT_FDCWD, folder, there ? RENAME_EXCHANGE
                                                          : RENAME_NOREPLACE) != 0)
        return err_about(err, BROKEN, NULL, "The copy can't take the county's place:", "%s: %s",
                         folder, strerror(errno));
    if (there) {
        const char *mark = strrchr(part, '-');
        snprintf(kept, PATH_BYTES, "%.4000s.before%s", folder, mark ? mark : "");
        if (rename(part, kept) != 0) snprintf(kept, PATH_BYTES, "%s", part);
    }
    return sync_parent(folder, err);
}

enum status backup_restore(const char *copy, const char *folder, char kept[PATH_BYTES],
                           struct err *err)
{
    char from[PATH_BYTES], to[PATH_BYTES], part[PATH_BYTES];
    int lock;
    TRY(bare(copy, from, err));
    TRY(bare(folder, to, err));
    TRY(whole(from, err));
    TRY(keep_out(to, &lock, err));
    enum status done = beside(to, "part", part, err);
    if (done == OK) {
        done = fill_from(from, part, err);
        if (done == OK) done = exchange(part, to, kept, err);
        if (done != OK) backup_remove(part);
    }
    if (lock >= 0) close(lock);
    return done;
}
