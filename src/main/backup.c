/* backup.c - the verb backup: a copy of a living county. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>
#include "db/db.h"
#include "main/house.h"
#include "main/main.h"
#include "web/county.h"

enum { PATH_BYTES = 4096 };

static enum status join(const char *folder, const char *name, char out[PATH_BYTES],
                        struct err *err)
{
    int length = snprintf(out, PATH_BYTES, "%s/%s", folder, name);
    if (length < 0 || length >= PATH_BYTES)
        return err_set(err, INVALID, "folder", "The folder's name is too long.");
    return OK;
}

/* Copies a file that never changes once it is there. Nothing to copy is fine. */
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

static enum status backup(struct county *county, const char *folder, struct err *err)
{
    char from[PATH_BYTES], to[PATH_BYTES];
    if (mkdir(folder, 0750) != 0)
        return err_about(err, INVALID, "copy", "A new folder is needed for the copy:", "%s: %s",
                         folder, strerror(errno));
    TRY(join(folder, "county.db", to, err));
    TRY(db_backup(county->db, to, err));
    TRY(join(county->folder, "county.road", from, err));
    TRY(join(folder, "county.road", to, err));
    return copy_file(from, to, err);
}

int verb_backup(int argc, char **argv)
{
    struct county *county;
    struct err err = { .text = "" };
    if (argc != 3 || argv[1][0] == '-') {
        fputs("usage: cunhuo backup FOLDER COPY\n\nCopies the living county in FOLDER into the new "
              "folder COPY, as of one\ninstant, while it is served.\n", stderr);
        return 2;
    }
    enum status done = county_open(argv[1], house_rooms, COUNTY_READ, &county, &err);
    if (done != OK) return house_fail("backup", done, &err, 2);
    done = backup(county, argv[2], &err);
    county_close(county);
    return done == OK ? 0 : house_fail("backup", done, &err, done == BROKEN ? 1 : 2);
}
