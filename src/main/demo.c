/* demo.c - the verb demo: makes the demo county, plays a night and a morning in it, reports, and
 * leaves the server as it was at 08:30. */
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/arena.h"
#include "base/clock.h"
#include "base/text.h"
#include "db/db.h"
#include "demo/generate.h"
#include "main/house.h"
#include "main/init.h"
#include "main/main.h"
#include "main/play.h"
#include "paper/csv.h"
#include "road/road.h"
#include "web/county.h"

enum { ARENA_BYTES = 1 << 30, SOLVE_MS = 8000, LOGIN_AFTER_MS = 4 * HOUR_MS + 20 * MINUTE_MS };
#define EVENING "2026-11-23T22:40"
#define PASSWORD "kaihua-demo"

struct demo {
    const char *folder, *extract;
    bool fast;
    int64_t port, seed;
};

/* ---- folders ---- */

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *ftw)
{
    (void)about;
    (void)kind;
    (void)ftw;
    return remove(path);
}

/* Makes `folder` and the folder of import files anew; what an earlier demo left there is thrown
 * away. */
static enum status clear(const char *folder, struct err *err)
{
    static const char *const parts[] = { "county", "import", "morning" };
    char path[PATH_MAX];
    if (mkdir(folder, 0750) != 0 && errno != EEXIST)
        return err_about(err, INVALID, "folder", "The folder can't be made:", "%s: %s", folder,
                         strerror(errno));
    for (size_t i = 0; i < COUNT(parts); i++) {
        snprintf(path, sizeof path, "%s/%s", folder, parts[i]);
        nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    }
    snprintf(path, sizeof path, "%s/import", folder);
    if (mkdir(path, 0750) == 0) return OK;
    return err_about(err, INVALID, "folder", "The folder can't be made:", "%s: %s", path,
                     strerror(errno));
}

/* ---- the county ---- */

static enum status generate(const struct demo *demo, const struct play *play, const char *roads,
                            struct err *err)
{
    struct road *road;
    if (demo->extract == NULL) return demo_generate(play->import, play->seed, err);
    TRY(road_build(demo->extract, roads, NULL, err));
    TRY(road_open(roads, &road, err));
    enum status made = demo_generate_from_roads(road, play->import, play->seed, err);
    road_close(road);
    return made;
}

static enum status make_county(const struct demo *demo, struct play *play, struct err *err)
{
    char roads[PATH_MAX], built[PATH_MAX];
    struct imported count;
    snprintf(roads, sizeof roads, "%s/roads.osm", play->import);
    snprintf(built, sizeof built, "%s/extract.road", play->import);
    TRY(generate(demo, play, built, err));
    struct init_plan plan = {
        .folder = play->county, .name = demo->extract ? "Andorra" : "开化县",
        .import = play->import, .roads = demo->extract ? demo->extract : roads,
        .may_turn = true, .now_ms = play->evening_ms,
    };
    TRY(init_county(&plan, &count, err));
    printf("%s: %zu places, %zu people, %zu vehicles, %zu goods (villages' positions and roads are "
           "made%s)\n", plan.name, count.places, count.people, count.vehicles, count.goods,
           demo->extract ? " after the extract" : "");
    snprintf(built, sizeof built, "%s/county.road", play->county);
    return road_open(built, &play->road, err);
}

/* ---- actors, each with a session ---- */

static enum status read_actors(struct play *play, struct err *err)
{
    struct csv people;
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/people.csv", play->import);
    TRY(csv_read(play->arena, path, &people, err));
    int name = csv_column(&people, "name"), phone = csv_column(&people, "phone");
    int place = csv_column(&people, "place_code"), roles = csv_column(&people, "roles");
    play->actors = arena_new(play->arena, (people.rows + 1) * sizeof *play->actors);
    if (play->actors == NULL) return BROKEN;
    for (size_t row = 0; row < people.rows; row++)
        play->actors[play->actor_count++] = (struct actor){
            .name = csv_text(&people, row, name), .phone = csv_text(&people, row, phone),
            .place_code = csv_text(&people, row, place),
            .roles = role_set(csv_text(&people, row, roles)),
        };
    return OK;
}

/* Staff log in in the small hours, so that their sessions last the morning. Everybody has the
 * demo's password, so that whoever looks around may be anybody. */
static enum status log_in(struct play *play, struct tx *tx, const char *hash, struct err *err)
{
    // Passwords first, since a new one ends the sessions of the person, who may have several rows.
    for (size_t i = 0; i < play->actor_count; i++) {
        struct party party;
        TRY(party_by_phone(tx, play->actors[i].phone, &party, err));
        play->actors[i].id = party.id;
        TRY(password_set(tx, party.id, hash, err));
    }
    for (size_t i = 0; i < play->actor_count; i++) {
        struct actor *actor = &play->actors[i];
        int64_t session_id;
        bool villager = actor->roles == role_set("villager");
        session_token(actor->token);
        TRY(session_open(tx, actor->id, actor->token,
                         play->evening_ms + (villager ? 0 : LOGIN_AFTER_MS), &session_id, err));
    }
    return OK;
}

static enum status open_sessions(struct play *play, struct err *err)
{
    struct county *county;
    struct tx *tx;
    char now[32], solve[16], hash[PASSWORD_TEXT];
    TRY(read_actors(play, err));
    TRY(password_hash(PASSWORD, hash));
    TRY(county_open(play->county, house_rooms, COUNTY_WRITE, &county, err));
    struct arena *arena = arena_open(ARENA_BYTES);
    enum status done = arena ? db_write_begin(county->db, arena, &tx) : BROKEN;
    if (done == OK) {
        snprintf(now, sizeof now, "%lld", (long long)play->evening_ms);
        snprintf(solve, sizeof solve, "%d", SOLVE_MS);
        done = log_in(play, tx, hash, err);
        if (done == OK) done = county_set(tx, "bus.solve_ms", solve);
        enum status ended = db_write_end(tx, done == OK);
        if (done == OK) done = ended;
    }
    arena_free(arena);
    county_close(county);
    play->admin = actor_of(play, role_set("admin"), NULL, 0);
    play->dispatcher = actor_of(play, role_set("dispatcher"), NULL, 0);
    if (done == OK && (!play->admin || !play->dispatcher))
        return err_set(err, INVALID, NULL, "The county has no administrator or no dispatcher.");
    return done;
}

const struct actor *actor_of(const struct play *play, uint64_t roles, const char *place_code,
                             size_t nth)
{
    const struct actor *found = NULL;
    for (size_t i = 0; i < play->actor_count; i++) {
        const struct actor *a = &play->actors[i];
        if (!(a->roles & roles) || (place_code && strcmp(a->place_code, place_code) != 0)) continue;
        found = a;
        if (nth-- == 0) break;
    }
    return found;
}

const struct actor *actor_by_id(const struct play *play, int64_t id)
{
    for (size_t i = 0; i < play->actor_count; i++)
        if (play->actors[i].id == id) return &play->actors[i];
    return NULL;
}

/* ---- the server, a process of its own ---- */

static enum status start_server(struct play *play, const char *folder, const char *port,
                                struct err *err)
{
    char program[PROGRAM_TEXT], line[512] = "";
    int ends[2];
    house_program(program);
    if (pipe2(ends, O_CLOEXEC) != 0) return BROKEN;
    play->server = fork();
    if (play->server == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        dup2(ends[1], STDOUT_FILENO);
        execl(program, program, "serve", folder, "--port", port, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    FILE *out = fdopen(ends[0], "r");
    const char *url = out && fgets(line, sizeof line, out) ? strstr(line, "http://") : NULL;
    if (out) fclose(out);
    if (url == NULL)
        return err_set(err, INVALID, NULL, "The server did not start; what it said is above.");
    snprintf(play->url, sizeof play->url, "%.*s", (int)strcspn(url, "\n"), url);
    return OK;
}

static void stop_server(struct play *play)
{
    if (play->server <= 0) return;
    kill(play->server, SIGTERM);
    waitpid(play->server, NULL, 0);
    play->server = 0;
}

/* ---- the night ---- */

static enum status play_night(struct play *play, struct err *err)
{
    struct caller *caller = caller_new(play);
    if (caller == NULL) return BROKEN;
    play_turn(play, caller, play->evening_ms + 1);
    enum status done = play_evening(play, caller, err);
    if (done == OK) done = play_packing(play, caller, err);
    if (done == OK) done = play_driving(play, caller, err);
    if (done == OK) done = play_report(play, caller, err);
    caller_free(caller);
    return done;
}

static void print_actor(const char *what, const struct actor *a)
{
    if (a) printf("  %-14s %s  %s\n", what, a->phone, a->name);
}

static const struct actor *actor_by_phone(const struct play *play, const char *phone)
{
    for (size_t i = 0; phone && i < play->actor_count; i++)
        if (strcmp(play->actors[i].phone, phone) == 0) return &play->actors[i];
    return NULL;
}

static int64_t number(const json_t *view, const char *name)
{
    return json_integer_value(json_object_get(view, name));
}

/* Whose bag waits at a stop; not the keeper's own. */
static const struct actor *receiver(const struct play *play, const json_t *stop,
                                    const struct actor *keeper)
{
    size_t i;
    json_t *piece;
    json_array_foreach(json_object_get(stop, "pieces"), i, piece) {
        const struct actor *found = actor_by_id(play, number(piece, "party_id"));
        if (found && found != keeper) return found;
    }
    return NULL;
}

/* A point where this bus has been already: its keeper, and a villager whose bag waits there. */
static bool print_served(const struct play *play, const json_t *trip)
{
    size_t i;
    json_t *stop;
    json_array_foreach(json_object_get(trip, "stops"), i, stop) {
        const struct actor *keeper = actor_by_phone(
            play, json_string_value(json_object_get(stop, "phone")));
        const struct actor *villager = receiver(play, stop, keeper);
        if (number(stop, "departed_ms") == 0 || villager == NULL || keeper == NULL) continue;
        print_actor("point keeper", keeper);
        print_actor("villager", villager);
        return true;
    }
    return false;
}

/* A driver who is under way, with some stops behind and some before. */
static void print_morning(struct play *play, struct caller *caller)
{
    char path[64];
    json_t *day = NULL, *row;
    size_t i;
    bool printed = false;
    snprintf(path, sizeof path, "/bus/days/%lld", (long long)play->day);
    caller_call(caller, play->dispatcher, path, NULL, NULL, &day);
    json_array_foreach(json_object_get(day, "trips"), i, row) {
        json_t *trip = NULL;
        bool midway = number(row, "stops_done") >= 2
                   && json_is_true(json_object_get(row, "has_next"));
        if (printed || !midway) continue;
        snprintf(path, sizeof path, "/bus/trips/%lld", (long long)number(row, "id"));
        caller_call(caller, play->dispatcher, path, NULL, NULL, &trip);
        printed = print_served(play, trip);
        if (printed) print_actor("driver", actor_by_id(play, number(row, "driver_id")));
        json_decref(trip);
    }
    json_decref(day);
}

/* The county as it was at 08:30, its clock running, until somebody presses Ctrl-C. */
static enum status stay(const struct demo *demo, struct play *play, struct err *err)
{
    static const struct { const char *roles, *what; } roles[] = {
        { "admin", "administrator" }, { "dispatcher", "dispatcher" }, { "picker", "picker" },
        { "station", "station" }, { "producer", "producer" }, { "courier", "courier" },
    };
    char port[16], morning[PATH_MAX];
    snprintf(port, sizeof port, "%lld", (long long)demo->port);
    snprintf(morning, sizeof morning, "%s/morning", demo->folder);
    TRY(start_server(play, morning, port, err));
    struct caller *caller = caller_new(play);
    int status = caller ? caller_send(caller, play->admin, "/clock", "stay",
        json_pack("{s:I, s:b}", "now", (json_int_t)day_ms(play->day, 8 * 3600 + 1800, ZONE_CHINA_S),
                  "running", 1), NULL) : 0;
    printf("\nIt is 08:30 and the buses are on their way: %s%s\nLog in with password %s:\n",
           play->url, status == 200 ? "" : " (its clock stands)", PASSWORD);
    for (size_t i = 0; i < COUNT(roles); i++)
        print_actor(roles[i].what, actor_of(play, role_set(roles[i].roles), NULL, 0));
    if (caller) print_morning(play, caller);
    caller_free(caller);
    puts("Ctrl-C ends it.");
    fflush(stdout);
    waitpid(play->server, NULL, 0);
    return OK;
}

static enum status run(const struct demo *demo, struct play *play, struct err *err)
{
    play->folder = demo->folder;
    play->seed = (uint64_t)demo->seed;
    play->rng = rng_seeded(play->seed);
    TRY(time_parse(EVENING, ZONE_CHINA_S, &play->evening_ms));
    play->now_ms = play->evening_ms;
    play->day = day_of(play->evening_ms, ZONE_CHINA_S) + 1;
    snprintf(play->county, sizeof play->county, "%s/county", demo->folder);
    snprintf(play->import, sizeof play->import, "%s/import", demo->folder);
    TRY(clear(demo->folder, err));
    TRY(make_county(demo, play, err));
    TRY(open_sessions(play, err));
    TRY(start_server(play, play->county, "0", err));
    TRY(play_night(play, err));
    stop_server(play);
    return demo->fast ? OK : stay(demo, play, err);
}

static bool read_options(int argc, char **argv, struct demo *demo)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--fast") == 0) { demo->fast = true; continue; }
        if (i + 1 == argc) return false;
        if (strcmp(argv[i], "--folder") == 0) demo->folder = argv[++i];
        else if (strcmp(argv[i], "--extract") == 0) demo->extract = argv[++i];
        else if (strcmp(argv[i], "--port") == 0 && text_i64(argv[i + 1], &demo->port) == OK) i++;
        else if (strcmp(argv[i], "--seed") == 0 && text_i64(argv[i + 1], &demo->seed) == OK) i++;
        else return false;
    }
    return true;
}

int verb_demo(int argc, char **argv)
{
    struct demo demo = { .folder = "build/demo", .port = 8080, .seed = 1 };
    struct play play = { .server = 0 };
    struct err err = { .text = "" };
    if (!read_options(argc, argv, &demo)) return house_usage("demo");
    curl_global_init(CURL_GLOBAL_DEFAULT);
    signal(SIGPIPE, SIG_IGN);
    play.arena = arena_open(ARENA_BYTES);
    enum status done = play.arena ? run(&demo, &play, &err) : BROKEN;
    stop_server(&play);
    if (play.road) road_close(play.road);
    arena_free(play.arena);
    curl_global_cleanup();
    return done == OK ? 0 : house_fail("demo", done, &err, done == BROKEN ? 1 : 2);
}
