/* verbs.c - serve, check and the lists of what rooms declare. */
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/arena.h"
#include "base/clock.h"
#include "base/text.h"
#include "db/db.h"
#include "ledger/ledger.h"
#include "main/backup.h"
#include "main/house.h"
#include "main/main.h"
#include "people/audit.h"
#include "web/county.h"
#include "web/figure.h"
#include "web/serve.h"

enum { CHECK_BYTES = 512 << 20 };

/* ---- serve ---- */

static enum status read_options(int argc, char **argv, const char **folder,
                                struct serve_options *options)
{
    for (int i = 1; i < argc; i++) {
        bool more = i + 1 < argc;
        int64_t number;
        if (strcmp(argv[i], "--secure") == 0) {
            options->secure_cookies = true;
        } else if (more && strcmp(argv[i], "--address") == 0) {
            options->address = argv[++i];
        } else if (more && strcmp(argv[i], "--pages") == 0) {
            options->pages_folder = argv[++i];
        } else if (more && strcmp(argv[i], "--port") == 0) {
            if (text_i64(argv[++i], &number) != OK || number < 0 || number > 65535) return INVALID;
            options->port = (uint16_t)number;
        } else if (more && strcmp(argv[i], "--loops") == 0) {
            if (text_i64(argv[++i], &number) != OK || number < 1 || number > 64) return INVALID;
            options->loops = (unsigned)number;
        } else if (argv[i][0] == '-' || *folder) {
            return INVALID;
        } else {
            *folder = argv[i];
        }
    }
    return *folder ? OK : INVALID;
}

static int serve_open(struct county *county, const struct serve_options *options,
                      const sigset_t *ends)
{
    struct err err = { .text = "" };
    struct server *server = NULL;
    enum status started = house_roads_open(county, &err);
    if (started == OK) started = county_start(county, &err);
    if (started == OK) started = serve_start(county, &house_hooks, options, &server, &err);
    if (started != OK) return house_fail("serve", started, &err, started == BROKEN ? 1 : 2);
    printf("%s: http://%s:%u\n", county->name, options->address, serve_port(server));
    fflush(stdout);
    int signal_number;
    sigwait(ends, &signal_number);
    serve_stop(server);
    return 0;
}

int verb_serve(int argc, char **argv)
{
    struct serve_options options = { .address = "127.0.0.1", .port = 8080, .login = "/login" };
    const char *folder = NULL;
    if (read_options(argc, argv, &folder, &options) != OK) return house_usage("serve");

    sigset_t ends;   // blocked in every thread that is started from here
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    pthread_sigmask(SIG_BLOCK, &ends, NULL);
    signal(SIGPIPE, SIG_IGN);

    char program[PROGRAM_TEXT];
    house_program(program);
    struct county *county;
    struct err err = { .text = "" };
    enum status opened = county_open(folder, house_rooms, COUNTY_WRITE, &county, &err);
    if (opened != OK) return house_fail("serve", opened, &err, opened == BROKEN ? 1 : 2);
    county->program = program;
    int code = serve_open(county, &options, &ends);
    const void *roads = county->roads;
    county_close(county);
    house_roads_close(&(struct county){ .roads = roads });
    return code;
}

/* ---- check ---- */

static enum status check_all(struct county *county, struct arena *arena, struct err *err)
{
    struct tx *tx;
    int64_t imbalance = 0;
    TRY(db_verify(county->db, err));
    TRY(db_read_begin(county->db, arena, &tx));
    enum status sound = ledger_check(tx, &imbalance, err);
    if (sound == OK) printf("ledger_imbalance %lld\n", (long long)imbalance);
    if (sound == OK) sound = audit_check(tx, err);
    for (const struct room *const *room = county->rooms; *room && sound == OK; room++)
        if ((*room)->check) sound = (*room)->check(tx, err);
    db_read_end(tx);
    return sound;
}

enum status check_county(const char *folder, struct err *err)
{
    struct county *county;
    TRY(county_open(folder, house_rooms, COUNTY_READ, &county, err));
    struct arena *arena = arena_open(CHECK_BYTES);
    enum status sound = arena ? check_all(county, arena, err) : BROKEN;
    arena_free(arena);
    county_close(county);
    return sound;
}

int verb_check(int argc, char **argv)
{
    struct err err = { .text = "" };
    if (argc != 2 || argv[1][0] == '-') return house_usage("check");
    enum status done = check_county(argv[1], &err);
    return done == OK ? puts("sound") < 0 : house_fail("check", done, &err,
                                                       done == NOT_FOUND ? 2 : 1);
}

/* ---- what rooms declare ---- */

static void list_room(const char *what, const struct room *room)
{
    for (const struct route *r = NULL; *what == 'r' && (r = room_next_route(room, r)) != NULL;)
        printf("%-5s %-44s %-22s %s\n", r->method == GET ? "GET" : "POST", r->path,
               r->permission->name, r->text);
    for (const char *const *t = room->tables; *what == 't' && t && *t; t++)
        printf("-- %s %d\n%s;\n", room->name, (int)(t - room->tables) + 1, *t);
    for (const struct route *r = NULL; *what == 'p' && (r = room_next_route(room, r)) != NULL;)
        printf("%-5s %-44s %s\n", r->method == GET ? "GET" : "POST", r->path,
               *r->permission->roles ? r->permission->roles : r->permission->name);
    for (const struct figure *f = room->figures; *what == 'f' && f && f->name; f++)
        printf("%-24s %-8s %s\n", f->name, f->unit, f->text);
}

int verb_list(int argc, char **argv)
{
    if (argc != 1) return house_usage(argv[0]);
    list_room(argv[0], &web_room);
    for (const struct room *const *room = house_rooms; *room; room++) list_room(argv[0], *room);
    return 0;
}
