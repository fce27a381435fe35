/* sqlite_file.c - the county's file: its lock, its connections' settings, checkpoints, copies.
 *
 * Write-ahead log, synchronous=FULL: a commit is on disk when it returns. Pages are carried from
 * the log into the file by a thread of their own (passive checkpoints, which hold nobody up); only
 * when the log has grown past WAL_PAGES_MAX does the writer carry what little the thread has left,
 * so that its next write starts the log anew.
 *
 * One server writes: who opens for writing holds a flock on <path>.lock, which the kernel takes
 * back however the server dies. (A lock on the file itself would be lost with the first close of
 * any descriptor of it.) */
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>
#include "base/arena.h"
#include "db/engine.h"

enum { LOCK_TRIES = 40, LOCK_PAUSE_MS = 10 };
enum {
    WAL_PAGES_STEP = 1000, WAL_PAGES_MAX = 16000, WAL_BYTES_KEPT = 64 << 20,
    WAIT_MS = 5000,
    APPLICATION_ID = 0x63756E68,   // "cunh"
};

struct sqlite_testing sqlite_testing;

struct place {
    int lock_fd;
    sqlite3 *conn;                 // the checkpointer's
    pthread_t thread;
    bool threaded;
    pthread_mutex_t lock;          // guards what follows
    pthread_cond_t wake;
    bool wanted, stopping;
    int next_pages;                // the log's length at which the thread works next
};

/* ---- Checkpoints ---- */

static void *checkpointer(void *of)
{
    struct place *place = of;
    pthread_mutex_lock(&place->lock);
    while (!place->stopping) {
        if (!place->wanted) {
            pthread_cond_wait(&place->wake, &place->lock);
            continue;
        }
        place->wanted = false;
        pthread_mutex_unlock(&place->lock);
        int rc = sqlite3_wal_checkpoint_v2(place->conn, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL,
                                           NULL);
        if (rc != SQLITE_OK && rc != SQLITE_BUSY)
            db_complain(sqlite3_errmsg(place->conn), "checkpoint");
        pthread_mutex_lock(&place->lock);
    }
    pthread_mutex_unlock(&place->lock);
    return NULL;
}

/* Called by the writing connection after each commit. A checkpoint that fails here fails no commit:
 * the log still holds all, and the next one tries again. */
static int after_commit(void *of, sqlite3 *conn, const char *name, int pages)
{
    struct place *place = of;
    if (pages >= WAL_PAGES_MAX)
        sqlite3_wal_checkpoint_v2(conn, name, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    pthread_mutex_lock(&place->lock);
    if (pages < place->next_pages - WAL_PAGES_STEP) place->next_pages = WAL_PAGES_STEP;
    if (pages >= place->next_pages) {
        place->next_pages = pages + WAL_PAGES_STEP;
        place->wanted = true;
        pthread_cond_signal(&place->wake);
    }
    pthread_mutex_unlock(&place->lock);
    return SQLITE_OK;
}

/* ---- Connections ---- */

static const char common_settings[] =
    "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;"
    "PRAGMA temp_store = MEMORY; PRAGMA case_sensitive_like = ON;";   // LIKE as PostgreSQL has it
static const char writer_settings[] =
    "PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -16000;";
static const char reader_settings[] = "PRAGMA query_only = ON;";

static int run_text(sqlite3 *conn, const char *text)
{
    return sqlite3_exec(conn, text, NULL, NULL, NULL);
}

/* The number that a one-row query answers, or -1. */
static int64_t number_of(sqlite3 *conn, const char *text, int *rc)
{
    sqlite3_stmt *q = NULL;
    int64_t number = -1;
    *rc = sqlite3_prepare_v2(conn, text, -1, &q, NULL);
    if (*rc == SQLITE_OK && (*rc = sqlite3_step(q)) == SQLITE_ROW) {
        number = sqlite3_column_int64(q, 0);
        *rc = SQLITE_OK;
    }
    sqlite3_finalize(q);
    return number;
}

static bool says(sqlite3 *conn, const char *text, const char *wanted)
{
    sqlite3_stmt *q = NULL;
    bool same = sqlite3_prepare_v2(conn, text, -1, &q, NULL) == SQLITE_OK
             && sqlite3_step(q) == SQLITE_ROW
             && strcmp((const char *)sqlite3_column_text(q, 0), wanted) == 0;
    sqlite3_finalize(q);
    return same;
}

/* Is this a county's file, or a new one? `make`: then it is marked as one. */
static enum status recognise(sqlite3 *conn, const char *path, bool make, struct err *err)
{
    int rc;
    int64_t tables = number_of(conn, "SELECT count(*) FROM sqlite_schema", &rc), mark = -1;
    if (rc == SQLITE_OK) mark = number_of(conn, "PRAGMA application_id", &rc);
    if (rc == SQLITE_OK && tables == 0 && mark == 0) {
        if (!make) return err_about(err, NOT_FOUND, NULL, "There is no county here.", "%s", path);
        char text[64];
        snprintf(text, sizeof text, "PRAGMA application_id = %d", APPLICATION_ID);
        rc = run_text(conn, text);
        mark = APPLICATION_ID;
    }
    if (rc == SQLITE_NOTADB || (rc == SQLITE_OK && mark != APPLICATION_ID))
        return err_about(err, INVALID, NULL, "This file is no county.", "%s", path);
    if (rc != SQLITE_OK)
        return err_about(err, BROKEN, NULL, "The county's database can't be read.", "%s: %s", path,
                         sqlite3_errmsg(conn));
    if (!says(conn, "PRAGMA encoding", "UTF-8"))
        return err_about(err, INVALID, NULL, "The database has another encoding than UTF-8.", "%s",
                         path);
    return OK;
}

static enum status settle_in(struct db *db, sqlite3 *conn, bool writing, struct err *err)
{
    sqlite3_extended_result_codes(conn, 1);
    sqlite3_busy_timeout(conn, WAIT_MS);
    sqlite3_db_config(conn, SQLITE_DBCONFIG_DQS_DML, 0, NULL);   // "x" is a name, never a text
    sqlite3_db_config(conn, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    TRY(recognise(conn, db->url, writing, err));
    if (writing && !says(conn, "PRAGMA journal_mode = WAL", "wal"))
        return err_about(err, BROKEN, NULL, "The county's database can't be written.", "%s: %s",
                         db->url, sqlite3_errmsg(conn));
    int rc = run_text(conn, common_settings);
    if (rc == SQLITE_OK) rc = run_text(conn, writing ? writer_settings : reader_settings);
    if (rc == SQLITE_OK && writing) {
        char text[64];
        snprintf(text, sizeof text, "PRAGMA journal_size_limit = %d", WAL_BYTES_KEPT);
        rc = run_text(conn, text);
    }
    if (rc == SQLITE_OK && sqlite_testing.reverse_unordered)
        rc = run_text(conn, "PRAGMA reverse_unordered_selects = ON");
    if (rc == SQLITE_OK && sqlite_testing.unsafe) rc = run_text(conn, "PRAGMA synchronous = OFF");
    if (rc == SQLITE_OK) return OK;
    return err_about(err, BROKEN, NULL, "The county's database can't be read.", "%s: %s", db->url,
                     sqlite3_errmsg(conn));
}

enum status sqlite_connect(struct db *db, bool writing, sqlite3 **out, struct err *err)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (writing ? SQLITE_OPEN_CREATE : 0);
    sqlite3 *conn = NULL;
    int rc = sqlite3_open_v2(db->url, &conn, flags, sqlite_testing.vfs);
    enum status settled;
    if (rc == SQLITE_OK) settled = settle_in(db, conn, writing, err);
    else settled = err_about(err, access(db->url, F_OK) != 0 && !writing ? NOT_FOUND : BROKEN, NULL,
                             "The county's database can't be opened.", "%s: %s", db->url,
                             sqlite3_errstr(rc));
    if (settled != OK) {
        sqlite3_close_v2(conn);
        return settled;
    }
    if (writing) sqlite3_wal_hook(conn, after_commit, db->place);
    *out = conn;
    return OK;
}

/* ---- The place ---- */

static enum status take_lock(struct place *place, const char *path, struct err *err)
{
    char name[4096];
    if (snprintf(name, sizeof name, "%s.lock", path) >= (int)sizeof name)
        return err_about(err, INVALID, NULL, "This path is too long.", "%s", path);
    place->lock_fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (place->lock_fd < 0)
        return err_about(err, BROKEN, NULL, "The county's database can't be opened.", "%s: %s",
                         name, strerror(errno));
    // A server that was killed just as it started a child leaves the lock to it for a moment.
    for (int tries = 0; tries < LOCK_TRIES; tries++) {
        if (flock(place->lock_fd, LOCK_EX | LOCK_NB) == 0) return OK;
        nanosleep(&(struct timespec){ .tv_nsec = LOCK_PAUSE_MS * 1000000L }, NULL);
    }
    return err_about(err, BUSY, NULL, "Another server has this county open.", "%s", path);
}

static enum status start_checkpointer(struct db *db, struct place *place, struct err *err)
{
    sqlite3 *conn;
    int rc;
    TRY(sqlite_connect(db, true, &conn, err));
    sqlite3_wal_hook(conn, NULL, NULL);
    place->conn = conn;
    number_of(conn, "SELECT count(*) FROM sqlite_schema", &rc);   // sees the log
    place->threaded = pthread_create(&place->thread, NULL, checkpointer, place) == 0;
    if (place->threaded) return OK;
    return err_set(err, BROKEN, NULL, "No thread can be started.");
}

enum status sqlite_place_open(struct db *db, struct err *err)
{
    struct place *place = calloc(1, sizeof *place);
    if (place == NULL) return err_set(err, BROKEN, NULL, "There is no memory left.");
    place->lock_fd = -1;
    place->next_pages = WAL_PAGES_STEP;
    pthread_mutex_init(&place->lock, NULL);
    pthread_cond_init(&place->wake, NULL);
    db->place = place;
    if (db->reading_only) {   // is there one?
        sqlite3 *conn;
        TRY(sqlite_connect(db, false, &conn, err));
        sqlite3_close_v2(conn);
        return OK;
    }
    TRY(take_lock(place, db->url, err));
    return start_checkpointer(db, place, err);
}

void sqlite_place_close(struct db *db)
{
    struct place *place = db->place;
    if (place == NULL) return;
    if (place->threaded) {
        pthread_mutex_lock(&place->lock);
        place->stopping = true;
        pthread_cond_signal(&place->wake);
        pthread_mutex_unlock(&place->lock);
        pthread_join(place->thread, NULL);
    }
    sqlite3_close_v2(place->conn);
    if (place->lock_fd >= 0) close(place->lock_fd);   // last: the file is whole
    pthread_mutex_destroy(&place->lock);
    pthread_cond_destroy(&place->wake);
    free(place);
    db->place = NULL;
}

/* ---- Copies, checks, sizes ---- */

static bool sync_path(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC);
    bool synced = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) close(fd);
    return synced;
}

/* Gives the finished copy its name, on disk too. */
static enum status publish(const char *part, const char *path, struct err *err)
{
    if (!sync_path(part, O_RDWR))
        return err_about(err, BROKEN, NULL, "The copy can't be written.", "%s: %s", part,
                         strerror(errno));
    if (renameat2(AT_FDCWD, part, AT_FDCWD, path, RENAME_NOREPLACE) != 0)
        return err_about(err, errno == EEXIST ? INVALID : BROKEN, NULL,
                         "The copy can't be given its name.", "%s: %s", path, strerror(errno));
    char folder[4096];
    snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash) *slash = '\0';
    if (sync_path(slash == NULL ? "." : *folder ? folder : "/", O_RDONLY | O_DIRECTORY)) return OK;
    return err_about(err, BROKEN, NULL, "The copy can't be written.", "%s", folder);
}

/* All pages in one go, out of one snapshot: the writer isn't held up, nor does it disturb. */
static enum status copy_pages(sqlite3 *from, const char *part, struct err *err)
{
    sqlite3 *to = NULL;
    int rc = sqlite3_open_v2(part, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
    if (rc == SQLITE_OK) rc = run_text(to, "PRAGMA synchronous = OFF");   // publish() syncs
    sqlite3_backup *copy = rc == SQLITE_OK ? sqlite3_backup_init(to, "main", from, "main") : NULL;
    if (copy) {
        rc = sqlite3_backup_step(copy, -1);
        int finished = sqlite3_backup_finish(copy);
        if (rc == SQLITE_DONE) rc = finished;
    } else if (rc == SQLITE_OK) {
        rc = sqlite3_errcode(to);
    }
    int closed = sqlite3_close(to);
    if (rc == SQLITE_OK) rc = closed;
    if (rc == SQLITE_OK) return OK;
    return err_about(err, BROKEN, NULL, "The copy can't be written.", "%s: %s", part,
                     sqlite3_errstr(rc));
}

enum status sqlite_backup(struct db *db, const char *path, struct err *err)
{
    char part[4096];
    if (snprintf(part, sizeof part, "%s.part", path) >= (int)sizeof part)
        return err_about(err, INVALID, NULL, "This path is too long.", "%s", path);
    if (access(path, F_OK) == 0)
        return err_about(err, INVALID, NULL, "This file exists already.", "%s", path);
    if (unlink(part) != 0 && errno != ENOENT)   // of a copy that was cut off
        return err_about(err, BROKEN, NULL, "The copy can't be written.", "%s: %s", part,
                         strerror(errno));
    sqlite3 *from;
    TRY(sqlite_connect(db, false, &from, err));
    enum status copied = copy_pages(from, part, err);
    sqlite3_close_v2(from);
    if (copied == OK) copied = publish(part, path, err);
    if (copied != OK) unlink(part);
    return copied;
}

/* A check is passed when it answers "ok" or no row. */
static enum status check(sqlite3 *conn, const char *text, const char *path, struct err *err)
{
    sqlite3_stmt *q = NULL;
    int rc = sqlite3_prepare_v2(conn, text, -1, &q, NULL);
    if (rc == SQLITE_OK) rc = sqlite3_step(q);
    const char *said = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(q, 0)
                     : rc == SQLITE_DONE ? "ok" : sqlite3_errmsg(conn);
    enum status found = OK;
    if (said == NULL || strcmp(said, "ok") != 0)
        found = err_about(err, INVALID, NULL, "The county's database is damaged.", "%s: %s", path,
                          said ? said : "?");
    sqlite3_finalize(q);
    return found;
}

enum status sqlite_verify(struct db *db, struct err *err)
{
    sqlite3 *conn;
    enum status sound = sqlite_connect(db, false, &conn, err);
    if (sound != OK) return sound == BROKEN ? INVALID : sound;
    sound = check(conn, "PRAGMA quick_check(1)", db->url, err);
    if (sound == OK)
        sound = check(conn, "SELECT \"table\" FROM pragma_foreign_key_check LIMIT 1", db->url, err);
    sqlite3_close_v2(conn);
    return sound;
}

static int64_t bytes_of(const char *path, const char *ending)
{
    char name[4096];
    struct stat stat_of;
    snprintf(name, sizeof name, "%s%s", path, ending);
    return stat(name, &stat_of) == 0 ? (int64_t)stat_of.st_size : 0;
}

struct db_size sqlite_size(struct db *db)
{
    struct statvfs disk;
    struct db_size size = { bytes_of(db->url, ""), bytes_of(db->url, "-wal"), -1 };
    if (statvfs(db->url, &disk) == 0) size.free_bytes = (int64_t)(disk.f_bavail * disk.f_frsize);
    return size;
}
