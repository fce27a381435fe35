/* county.c - opens a county: database, settings, clock, rooms. */
#include "web/county.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <ini.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/arena.h"
#include "base/clock.h"
#include "base/text.h"
#include "db/db.h"
#include "web/house.h"

enum { SETUP_BYTES_MAX = 1024 * 1024 };

/* The county and what it owns. */
struct opened {
    struct county county;           // first
    char *folder, *database, *name;
    const struct room *rooms[ROOMS_MAX + 1];
    size_t started;                 // rooms whose state was made
    bool writes;
};

/* ---- Settings ---- */

static const struct sql find_setting = SQL("SELECT value FROM setting WHERE name = $1");
static const struct sql put_setting = SQL(
    "INSERT INTO setting (name, value) VALUES ($1, $2)"
    " ON CONFLICT (name) DO UPDATE SET value = excluded.value");

const char *county_setting(struct tx *tx, const char *name, const char *fallback)
{
    struct rows *rows;
    if (db_first(tx, &find_setting, ARGS(str(name)), &rows) != OK) return fallback;
    return row_str(rows, 0);
}

int64_t county_setting_i64(struct tx *tx, const char *name, int64_t fallback)
{
    int64_t number;
    const char *text = county_setting(tx, name, NULL);
    return text && text_i64(text, &number) == OK ? number : fallback;
}

enum status county_set(struct tx *tx, const char *name, const char *value)
{
    return db_run(tx, &put_setting, ARGS(str(name), str(value)));
}

static enum status set_i64(struct tx *tx, const char *name, int64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, number);
    return county_set(tx, name, text);
}

/* ---- Its clock ---- */

/* The machine's time, whatever the county's says. */
static int64_t wall_ms(void)
{
    struct clock *wall = clock_new();
    int64_t now_ms = wall ? clock_now_ms(wall) : 0;
    clock_free(wall);
    return now_ms;
}

enum status county_keep_turn(struct tx *tx, int64_t now_ms, bool running)
{
    TRY(set_i64(tx, "clock.turned_ms", now_ms));
    TRY(set_i64(tx, "clock.running", running));
    return set_i64(tx, "clock.wall_ms", wall_ms());
}

static enum status go_on(struct county *county, struct tx *tx, struct err *err)
{
    int64_t turned_ms = county_setting_i64(tx, "clock.turned_ms", -1);
    if (turned_ms < 0) return OK;
    if (!county->may_turn)
        return err_set(err, INVALID, NULL, "The clock of this county was turned: it is no county"
                                           " to work with.");
    bool running = county_setting_i64(tx, "clock.running", 0);
    int64_t passed_ms = wall_ms() - county_setting_i64(tx, "clock.wall_ms", wall_ms());
    clock_turn(county->clock, turned_ms + (running && passed_ms > 0 ? passed_ms : 0), running);
    return OK;
}

/* ---- Its place ---- */

static int on_ini(void *of, const char *section, const char *name, const char *value)
{
    char **database = of;
    if (section[0] != '\0' || strcmp(name, "database") != 0) return 0;
    free(*database);
    *database = strdup(value);
    return *database != NULL;
}

/* Where the rows of the county in `folder` are; free it. */
static enum status database_of(const char *folder, char **out, struct err *err)
{
    char *ini = NULL, *database = NULL;
    if (asprintf(&ini, "%s/county.ini", folder) < 0) return BROKEN;
    int line = access(ini, R_OK) == 0 ? ini_parse(ini, on_ini, &database) : 0;
    if (line != 0) {
        enum status wrong = err_about(err, INVALID, NULL, "The configuration can't be read.",
                                      "%s:%d", ini, line);
        free(ini);
        free(database);
        return wrong;
    }
    free(ini);
    if (database == NULL && asprintf(&database, "%s/county.db", folder) < 0) return BROKEN;
    *out = database;
    return OK;
}

static enum status write_ini(const char *folder, const char *database, struct err *err)
{
    char *path = NULL;
    if (asprintf(&path, "%s/county.ini", folder) < 0) return BROKEN;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);   // a password may be in it
    free(path);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    bool written = file && fprintf(file, "database = %s\n", database) > 0;
    if (file && fclose(file) != 0) written = false;
    return written ? OK : err_about(err, errno == EEXIST ? CONFLICT : INVALID, NULL,
                                    "The configuration can't be written.", "%s", folder);
}

/* ---- Making one ---- */

static enum status settle(struct tx *tx, const struct county_plan *plan, struct err *err)
{
    if (county_setting(tx, "county.name", NULL))
        return err_set(err, CONFLICT, NULL, "There is a county here already.");
    uint64_t key = plan->code_key;
    while (key == 0) randombytes_buf(&key, sizeof key);
    TRY(county_set(tx, "county.name", plan->name));
    TRY(set_i64(tx, "county.zone_s", plan->zone_s));
    TRY(set_i64(tx, "county.may_turn", plan->may_turn));
    if (plan->may_turn && plan->now_ms) TRY(county_keep_turn(tx, plan->now_ms, false));
    return set_i64(tx, "county.code_key", (int64_t)key);
}

static enum status settle_in(struct db *db, const struct county_plan *plan, struct err *err)
{
    TRY(db_migrate(db, web_room.name, web_room.tables, err));
    struct arena *arena = arena_open(SETUP_BYTES_MAX);
    struct tx *tx;
    enum status status = arena ? db_write_begin(db, arena, &tx) : BROKEN;
    if (status == OK) {
        status = settle(tx, plan, err);
        enum status ended = db_write_end(tx, status == OK);
        if (status == OK) status = ended;
    }
    arena_free(arena);
    return status;
}

enum status county_init(const char *folder, const struct county_plan *plan, struct err *err)
{
    if (sodium_init() < 0) return BROKEN;
    if (mkdir(folder, 0750) != 0 && errno != EEXIST)
        return err_about(err, INVALID, NULL, "The folder can't be made.", "%s: %s", folder,
                         strerror(errno));
    if (plan->database) TRY(write_ini(folder, plan->database, err));
    char *database;
    struct db *db;
    TRY(database_of(folder, &database, err));
    enum status status = db_open(database, NULL, &db, err);
    free(database);
    TRY(status);
    status = settle_in(db, plan, err);
    db_close(db);
    return status;
}

/* ---- Opening ---- */

static enum status read_settings(struct opened *opened, struct err *err)
{
    struct county *county = &opened->county;
    struct arena *arena = arena_open(SETUP_BYTES_MAX);
    struct tx *tx;
    enum status status = arena ? db_read_begin(county->db, arena, &tx) : BROKEN;
    if (status == OK) {
        const char *name = county_setting(tx, "county.name", NULL);
        if (name) opened->name = strdup(name);
        county->name = opened->name;
        county->zone_s = (int32_t)county_setting_i64(tx, "county.zone_s", ZONE_CHINA_S);
        county->may_turn = county_setting_i64(tx, "county.may_turn", 0);
        county->code_key = (uint64_t)county_setting_i64(tx, "county.code_key", 0);
        status = name == NULL ? err_set(err, NOT_FOUND, NULL, "There is no county in this folder.")
               : county->name == NULL ? BROKEN : go_on(county, tx, err);
        db_read_end(tx);
    }
    arena_free(arena);
    return status;
}

static enum status open_in(struct opened *opened, const struct room *const *rooms,
                           enum county_use use, struct err *err)
{
    struct county *county = &opened->county;
    TRY(database_of(opened->folder, &opened->database, err));
    if (strncmp(opened->database, opened->folder, strlen(opened->folder)) == 0
        && access(opened->database, F_OK) != 0)
        return err_about(err, NOT_FOUND, NULL, "There is no county in this folder.", "%s",
                         opened->folder);
    county->folder = opened->folder;
    county->rooms = opened->rooms;
    county->clock = clock_new();
    if (county->clock == NULL) return BROKEN;
    size_t count = 0;
    opened->rooms[count++] = &web_room;
    for (; *rooms; rooms++) {
        assert(count < ROOMS_MAX);
        opened->rooms[count++] = *rooms;
    }
    TRY((use == COUNTY_WRITE ? db_open : db_open_reading)(opened->database, county, &county->db,
                                                         err));
    if (use == COUNTY_WRITE) TRY(db_migrate(county->db, web_room.name, web_room.tables, err));
    TRY(read_settings(opened, err));   // before the rooms' tables: it may be no county at all
    for (size_t i = 1; use == COUNTY_WRITE && i < count; i++)
        if (opened->rooms[i]->tables)
            TRY(db_migrate(county->db, opened->rooms[i]->name, opened->rooms[i]->tables, err));
    return OK;
}

enum status county_open(const char *folder, const struct room *const *rooms, enum county_use use,
                        struct county **out, struct err *err)
{
    if (sodium_init() < 0) return BROKEN;
    struct opened *opened = calloc(1, sizeof *opened);
    if (opened == NULL) return BROKEN;
    opened->folder = strdup(folder);
    opened->writes = use == COUNTY_WRITE;
    enum status status = opened->folder ? open_in(opened, rooms, use, err) : BROKEN;
    if (status == OK) {
        *out = &opened->county;
        return OK;
    }
    county_close(&opened->county);
    return status;
}

enum status county_start(struct county *county, struct err *err)
{
    struct opened *opened = (struct opened *)county;
    if (opened->writes) TRY(writer_start(county->db, &county->writer, err));
    for (; opened->rooms[opened->started]; opened->started++) {
        const struct room *room = opened->rooms[opened->started];
        if (room->start) TRY(room->start(county, &county->states[opened->started], err));
    }
    return OK;
}

void county_close(struct county *county)
{
    if (county == NULL) return;
    struct opened *opened = (struct opened *)county;
    for (size_t i = opened->started; i > 0; i--)
        if (opened->rooms[i - 1]->stop) opened->rooms[i - 1]->stop(county, county->states[i - 1]);
    writer_stop(county->writer);
    db_close(county->db);
    clock_free(county->clock);
    free(opened->folder);
    free(opened->database);
    free(opened->name);
    free(opened);
}

/* ---- What others ask ---- */

void *county_state(const struct county *county, const struct room *room)
{
    for (size_t i = 0; county->rooms[i]; i++)
        if (county->rooms[i] == room) return county->states[i];
    assert(false && "a room of this county");
    return NULL;
}

struct county *tx_county(struct tx *tx) { return tx_owner(tx); }

int64_t county_now_ms(const struct county *county) { return clock_now_ms(county->clock); }
