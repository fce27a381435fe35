/* fault.c - see fault.h. Each file is the machine's own behind a counter. */
#include "db/fault.h"

#include <pthread.h>
#include <sqlite3.h>
#include <string.h>
#include "db/engine.h"

struct file { sqlite3_file base; sqlite3_file *own; };

static struct plan { int n, code, count; bool stuck; } plans[FAULT_CALLS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int hit(enum fault_call call)
{
    pthread_mutex_lock(&lock);
    struct plan *plan = &plans[call];
    plan->count++;
    bool now = plan->n > 0 && (plan->count == plan->n || (plan->stuck && plan->count > plan->n));
    int code = now ? plan->code : SQLITE_OK;
    pthread_mutex_unlock(&lock);
    return code;
}

static sqlite3_file *own(sqlite3_file *file) { return ((struct file *)(void *)file)->own; }

static int close_file(sqlite3_file *f)
{
    int rc = own(f)->pMethods ? own(f)->pMethods->xClose(own(f)) : SQLITE_OK;
    return rc;
}

static int read_file(sqlite3_file *f, void *to, int size, sqlite3_int64 at)
{
    int code = hit(FAULT_READ);
    return code ? code : own(f)->pMethods->xRead(own(f), to, size, at);
}

static int write_file(sqlite3_file *f, const void *from, int size, sqlite3_int64 at)
{
    int code = hit(FAULT_WRITE);
    return code ? code : own(f)->pMethods->xWrite(own(f), from, size, at);
}

static int truncate_file(sqlite3_file *f, sqlite3_int64 size)
{
    int code = hit(FAULT_TRUNCATE);
    return code ? code : own(f)->pMethods->xTruncate(own(f), size);
}

static int sync_file(sqlite3_file *f, int flags)
{
    int code = hit(FAULT_SYNC);
    return code ? code : own(f)->pMethods->xSync(own(f), flags);
}

static int size_of_file(sqlite3_file *f, sqlite3_int64 *size)
{
    return own(f)->pMethods->xFileSize(own(f), size);
}

static int lock_file(sqlite3_file *f, int level) { return own(f)->pMethods->xLock(own(f), level); }

static int unlock_file(sqlite3_file *f, int level)
{
    return own(f)->pMethods->xUnlock(own(f), level);
}

static int check_lock(sqlite3_file *f, int *taken)
{
    return own(f)->pMethods->xCheckReservedLock(own(f), taken);
}

static int control_file(sqlite3_file *f, int what, void *arg)
{
    return own(f)->pMethods->xFileControl(own(f), what, arg);
}

static int sector_size(sqlite3_file *f) { return own(f)->pMethods->xSectorSize(own(f)); }
static int features(sqlite3_file *f) { return own(f)->pMethods->xDeviceCharacteristics(own(f)); }

static int shm_map(sqlite3_file *f, int region, int size, int extend, void volatile **at)
{
    return own(f)->pMethods->xShmMap(own(f), region, size, extend, at);
}

static int shm_lock(sqlite3_file *f, int offset, int n, int flags)
{
    return own(f)->pMethods->xShmLock(own(f), offset, n, flags);
}

static void shm_barrier(sqlite3_file *f) { own(f)->pMethods->xShmBarrier(own(f)); }

static int shm_unmap(sqlite3_file *f, int forget)
{
    return own(f)->pMethods->xShmUnmap(own(f), forget);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2, .xClose = close_file, .xRead = read_file, .xWrite = write_file,
    .xTruncate = truncate_file, .xSync = sync_file, .xFileSize = size_of_file,
    .xLock = lock_file, .xUnlock = unlock_file, .xCheckReservedLock = check_lock,
    .xFileControl = control_file, .xSectorSize = sector_size,
    .xDeviceCharacteristics = features, .xShmMap = shm_map, .xShmLock = shm_lock,
    .xShmBarrier = shm_barrier, .xShmUnmap = shm_unmap,
};

static sqlite3_vfs *machine;
static sqlite3_vfs faulty;

static int open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *got)
{
    (void)vfs;
    struct file *file = (struct file *)(void *)f;
    file->own = (sqlite3_file *)(void *)(file + 1);
    int rc = machine->xOpen(machine, name, file->own, flags, got);
    file->base.pMethods = rc == SQLITE_OK ? &methods : NULL;
    return rc;
}

void fault_start(void)
{
    if (machine == NULL) {
        machine = sqlite3_vfs_find(NULL);
        faulty = *machine;
        faulty.pNext = NULL;
        faulty.zName = "fault";
        faulty.szOsFile = (int)sizeof(struct file) + machine->szOsFile;
        faulty.xOpen = open_file;
        sqlite3_vfs_register(&faulty, 0);
    }
    memset(plans, 0, sizeof plans);
    sqlite_testing.vfs = "fault";
}

void fault_end(void)
{
    sqlite_testing.vfs = NULL;
    pthread_mutex_lock(&lock);
    memset(plans, 0, sizeof plans);
    pthread_mutex_unlock(&lock);
}

void fault_at(enum fault_call call, int n, int code, bool stuck)
{
    pthread_mutex_lock(&lock);
    plans[call] = (struct plan){ .n = n, .code = code, .stuck = stuck };
    pthread_mutex_unlock(&lock);
}

int fault_count(enum fault_call call)
{
    pthread_mutex_lock(&lock);
    int count = plans[call].count;
    pthread_mutex_unlock(&lock);
    return count;
}
