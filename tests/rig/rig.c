/* rig.c - see rig.h. */
#include "rig/rig.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "base/arena.h"
#include "base/clock.h"
#include "db/db.h"

enum { ARENA_BYTES = 256 << 20, VEHICLES = 6, ROLE_PHONE = 100 };

void rig_die(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    printf("Bail out! ");
    vprintf(format, args);
    puts("");
    va_end(args);
    exit(2);
}

void rig_pause_us(int64_t us)
{
    struct timespec pause = { .tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000 };
    nanosleep(&pause, NULL);
}

void rig_village(size_t village, char code[RIG_VILLAGE])
{
    snprintf(code, RIG_VILLAGE, "990824101%03u", (unsigned)(village + 200) % 1000);
}

/* ---- CSV files ---- */

static FILE *file_in(const char *folder, const char *name)
{
    char path[2 * RIG_PATH];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    if (file == NULL) rig_die("%s: %s", path, strerror(errno));
    return file;
}

static double lon_of(size_t village) { return 118.4 + 0.01 * (double)(village + 2); }

static void write_places(const struct rig *rig, const char *folder)
{
    FILE *file = file_in(folder, "places.csv");
    char code[RIG_VILLAGE];
    fprintf(file, "code,name,kind,parent_code,lat,lon,opens,closes,cold_boxes,station_code\n"
            "990824,试县,county,,29.1,118.4,,,,\n"
            "990824101,试镇,township,990824,29.1,118.41,,,,\n"
            "H1,配送中心,hub,990824,29.1,118.4,00:00,24:00,200,\n"
            "S1,试镇站,station,990824101,29.1,118.41,06:00,20:00,60,\n");
    for (size_t i = 0; i < rig->villages; i++) {
        rig_village(i, code);
        fprintf(file, "%s,试%zu村,village,990824101,29.1,%.4f,,,,\n"
                "P%s,试%zu村站点,point,%s,29.1,%.4f,06:00,20:00,60,S1\n",
                code, i + 1, lon_of(i), code, i + 1, code, lon_of(i));
    }
    fclose(file);
}

static void write_roads(const struct rig *rig, const char *folder)
{
    FILE *file = file_in(folder, "roads.osm");
    size_t nodes = 2 * (rig->villages + 4);
    fprintf(file, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<osm version=\"0.6\">\n");
    for (size_t i = 0; i < nodes; i++)
        fprintf(file, "<node id=\"%zu\" lat=\"29.1\" lon=\"%.4f\" version=\"1\"/>\n", i + 1,
                118.395 + 0.005 * (double)i);
    fprintf(file, "<way id=\"1\" version=\"1\">\n");
    for (size_t i = 0; i < nodes; i++) fprintf(file, "<nd ref=\"%zu\"/>\n", i + 1);
    fprintf(file, "<tag k=\"highway\" v=\"secondary\"/>\n</way>\n</osm>\n");
    fclose(file);
}

/* Where somebody of a role works, or lives. */
static void place_of(int role, char place[RIG_VILLAGE + 1])
{
    char village[RIG_VILLAGE];
    const char *staff = role == ROLE_station ? "S1"
                      : role == ROLE_driver || role == ROLE_picker ? "H1" : "";
    rig_village(0, village);
    if (role == ROLE_keeper) snprintf(place, RIG_VILLAGE + 1, "P%s", village);
    else if (role == ROLE_villager || role == ROLE_producer) strcpy(place, village);
    else strcpy(place, staff);
}

static void write_people(const struct rig *rig, const char *folder)
{
    FILE *file = file_in(folder, "people.csv");
    char code[RIG_VILLAGE], place[RIG_VILLAGE + 1];
    fprintf(file, "name,phone,place_code,roles\n主管,10000000001,,admin dispatcher\n");
    for (int r = 0; r < ROLE_COUNT; r++) {
        place_of(r, place);
        fprintf(file, "人员%d,%011d,%s,%s\n", r + 1, ROLE_PHONE + r, place, role_name((enum role)r));
    }
    for (size_t i = 0; i < rig->people_count; i++) {
        rig_village(rig->people[i].village, code);
        fprintf(file, "村民%zu,%011zu,%s,villager\n", i + 1, i + 10000001000, code);
    }
    fclose(file);
}

static void write_goods(const struct rig *rig, const char *folder)
{
    FILE *file = file_in(folder, "organisations.csv");
    fprintf(file, "code,name\nD1,试县供销社\n");
    fclose(file);
    file = file_in(folder, "goods.csv");
    fprintf(file, "code,name,category,unit,weight_g,volume_ml,temperature,price_fen,supplier,bin,"
            "stock\n");
    for (size_t i = 0; i < rig->goods_count; i++) {
        const struct rig_goods *g = &rig->goods[i];
        fprintf(file, "%s,货品%zu,杂货,份,%zu,%zu,%s,%lld,D1,A-01-%zu,%lld\n", g->code, i + 1,
                100 + i % 7 * 50, 150 + i % 5 * 60, g->cold ? "chilled" : "ambient",
                (long long)g->price_fen, i + 1, (long long)g->stock);
    }
    fclose(file);
}

static void write_vehicles(const char *folder)
{
    FILE *file = file_in(folder, "vehicles.csv");
    fprintf(file, "plate,kind,profile,kg,litres,crates,cold_boxes,fixed_yuan,yuan_per_km,"
            "yuan_per_hour,home,from,until,driver_phone\n");
    for (int i = 0; i < VEHICLES; i++)
        fprintf(file, "试A·%05d,货车,truck,20000,60000,2000,600,100,2,40,H1,04:30,20:00,\n",
                i + 1);
    fclose(file);
}

/* ---- the county ---- */

static void gtin(size_t n, char code[RIG_CODE])
{
    unsigned sum = 0;
    snprintf(code, RIG_CODE, "20%010u", (unsigned)n % 1000000000);
    for (int i = 0; i < 12; i++) sum += (unsigned)(code[i] - '0') * (i % 2 ? 3 : 1);
    code[12] = (char)('0' + (10 - sum % 10) % 10);
    code[13] = '\0';
}

static void choose(struct rig *rig, const struct rig_plan *plan)
{
    rig->villages = plan->villages;
    rig->people_count = plan->people;
    rig->goods_count = plan->goods;
    rig->nights = plan->nights;
    rig->people = calloc(plan->people, sizeof *rig->people);
    rig->goods = calloc(plan->goods, sizeof *rig->goods);
    rig->admins = calloc(plan->nights, sizeof *rig->admins);
    if (!rig->people || !rig->goods || !rig->admins) rig_die("no memory");
    for (size_t i = 0; i < plan->people; i++) rig->people[i].village = i % plan->villages;
    for (size_t i = 0; i < plan->goods; i++) {
        struct rig_goods *g = &rig->goods[i];
        gtin(i + 1, g->code);
        g->price_fen = 120 + (int64_t)(i * 37 % 900);
        g->cold = i % 4 == 3;
        g->stock = plan->lonely && i == 0 ? plan->lonely
                 : plan->scarce && i % 5 == 0 ? plan->scarce : plan->plenty;
    }
}

static int run(const char *const *argv)
{
    pid_t child = fork();
    int status = -1;
    if (child == 0) {
        if (freopen("/dev/null", "w", stdout) == NULL) _exit(127);
        execv(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static const struct sql set_solve = SQL(
    "INSERT INTO setting (name, value) VALUES ('bus.solve_ms', $1)"
    " ON CONFLICT (name) DO UPDATE SET value = excluded.value");

static enum status log_in(struct tx *tx, const char *phone, int64_t at_ms,
                          struct rig_person *person, struct err *err)
{
    struct party party;
    int64_t session_id;
    TRY(party_by_phone(tx, phone, &party, err));
    person->id = party.id;
    session_token(person->token);
    return session_open(tx, party.id, person->token, at_ms, &session_id, err);
}

static enum status open_sessions(struct rig *rig, struct tx *tx, int64_t solve_ms, struct err *err)
{
    char text[24];
    int64_t last_ms = rig_at(rig, rig->nights - 1, 22, 0, 0, 0);
    snprintf(text, sizeof text, "%lld", (long long)solve_ms);
    TRY(db_run(tx, &set_solve, ARGS(str(text))));
    for (size_t i = 0; i < rig->people_count; i++) {
        snprintf(text, sizeof text, "%011zu", i + 10000001000);
        TRY(log_in(tx, text, last_ms, &rig->people[i], err));
    }
    for (int r = 0; r < ROLE_COUNT; r++) {
        snprintf(text, sizeof text, "%011d", ROLE_PHONE + r);
        TRY(log_in(tx, text, rig_at(rig, 0, 22, 40, 0, 0), &rig->roles[r], err));
    }
    for (size_t n = 0; n < rig->nights; n++)
        TRY(log_in(tx, "10000000001", rig_at(rig, n, 22, 0, 0, 0), &rig->admins[n], err));
    return OK;
}

static void write_sessions(struct rig *rig, int64_t solve_ms)
{
    char path[2 * RIG_PATH];
    struct db *db;
    struct tx *tx;
    struct err err = { .text = "" };
    snprintf(path, sizeof path, "%s/county.db", rig->folder);
    struct arena *arena = arena_open(ARENA_BYTES);
    if (arena == NULL || db_open(path, NULL, &db, &err) != OK) rig_die("%s: %s", path, err.text);
    enum status done = db_write_begin(db, arena, &tx);
    if (done == OK) {
        done = open_sessions(rig, tx, solve_ms, &err);
        enum status ended = db_write_end(tx, done == OK);
        if (done == OK) done = ended;
    }
    if (done != OK) rig_die("sessions: %s %s", err.text, err.detail);
    db_close(db);
    arena_free(arena);
}

void rig_make(struct rig *rig, const struct rig_plan *plan)
{
    char import[RIG_PATH], roads[2 * RIG_PATH];
    const char *program = getenv("CUNHUO");
    *rig = (struct rig){ .program = program ? program : "build/cunhuo",
                         .day = day_from_civil(2026, 11, 24) };
    snprintf(rig->folder, sizeof rig->folder, "%s/%s", plan->scratch, plan->name);
    snprintf(rig->log, sizeof rig->log, "%s/%s.log", plan->scratch, plan->name);
    snprintf(import, sizeof import, "%s/%s.import", plan->scratch, plan->name);
    snprintf(roads, sizeof roads, "%s/roads.osm", import);
    if (mkdir(import, 0700) != 0) rig_die("%s: %s", import, strerror(errno));
    choose(rig, plan);
    write_places(rig, import);
    write_roads(rig, import);
    write_people(rig, import);
    write_goods(rig, import);
    write_vehicles(import);
    const char *const argv[] = { rig->program, "init", rig->folder, "--name", "试县", "--import",
                                 import, "--roads", roads, "--clock", "2026-11-23T22:40", NULL };
    if (run(argv) != 0) rig_die("cunhuo init failed; what it said is above");
    rig->now_ms = rig_at(rig, 0, 22, 40, 0, 0);
    write_sessions(rig, plan->solve_ms);
}

void rig_free(struct rig *rig)
{
    free(rig->people);
    free(rig->goods);
    free(rig->admins);
}

int64_t rig_at(const struct rig *rig, size_t night, int hour, int minute, int second, int ms)
{
    return day_ms(rig->day - 1 + (int64_t)night, hour * 3600 + minute * 60 + second, ZONE_CHINA_S)
         + ms;
}

/* ---- the server ---- */

void rig_serve(struct rig *rig)
{
    int ends[2], said = open(rig->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    char line[512] = "";
    if (said < 0 || pipe2(ends, O_CLOEXEC) != 0) rig_die("%s", strerror(errno));
    pid_t parent = getpid();
    rig->server = fork();
    if (rig->server == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent) _exit(127);
        dup2(ends[1], STDOUT_FILENO);
        dup2(said, STDERR_FILENO);
        execl(rig->program, rig->program, "serve", rig->folder, "--port", "0", (char *)NULL);
        _exit(127);
    }
    close(said);
    close(ends[1]);
    FILE *out = fdopen(ends[0], "r");
    const char *url = out && fgets(line, sizeof line, out) ? strstr(line, "http://") : NULL;
    const char *port = url ? strrchr(url, ':') : NULL;
    if (out) fclose(out);
    if (port == NULL) rig_die("the server did not start; see %s", rig->log);
    rig->port = (uint16_t)atoi(port + 1);
}

static void end(struct rig *rig, int signal_number)
{
    if (rig->server <= 0) return;
    kill(rig->server, signal_number);
    while (waitpid(rig->server, NULL, 0) < 0 && errno == EINTR) {}
    rig->server = 0;
}

void rig_kill(struct rig *rig) { end(rig, SIGKILL); }
void rig_stop(struct rig *rig) { end(rig, SIGTERM); }

/* One request by a client of its own. Free the body. */
static int ask(const struct rig *rig, const char *path, const char *token, const char *key,
               const char *json, char **body)
{
    struct web_client *client = web_client(rig->port);
    if (client == NULL) rig_die("no memory");
    struct web_reply reply = { 0 };
    if (web_client_fd(client) >= 0)
        reply = json ? web_post(client, path, token, key, json) : web_get(client, path, token);
    int status = reply.status;
    if (body) *body = status ? strdup(reply.body) : NULL;
    web_client_end(client);
    return status;
}

bool rig_turn(struct rig *rig, size_t night, int64_t now_ms)
{
    char key[40], json[80];
    snprintf(key, sizeof key, "turn-%lld", (long long)now_ms);
    snprintf(json, sizeof json, "{\"now\": %lld, \"running\": 0}", (long long)now_ms);
    int status = ask(rig, "/clock", rig->admins[night].token, key, json, NULL);
    if (status != 200 && status != 0 && status != 503)
        rig_die("the clock can't be turned: %d", status);
    if (status == 200) rig->now_ms = now_ms;
    return status == 200;
}

char rig_wave(struct rig *rig, size_t night)
{
    char path[64], *body = NULL;
    snprintf(path, sizeof path, "/bus/waves/%lld", (long long)(rig->day + (int64_t)night));
    int status = ask(rig, path, rig->admins[night].token, NULL, NULL, &body);
    const char *state = status == 200 ? strstr(body, "\"state\"") : NULL;
    if (state) state = strpbrk(state + 7, "ocp");
    char first = state ? *state : 0;
    free(body);
    return first;
}

bool rig_settled(struct rig *rig)
{
    char *body = NULL;
    int status = ask(rig, "/clock", NULL, NULL, NULL, &body);
    const char *settled = status == 200 ? strstr(body, "\"settled\"") : NULL;
    bool yes = settled && strncmp(settled + 9 + strspn(settled + 9, ": "), "true", 4) == 0;
    free(body);
    return yes;
}

int rig_check(const struct rig *rig, int64_t *imbalance)
{
    char command[3 * RIG_PATH], line[200];
    snprintf(command, sizeof command, "'%s' check '%s' 2>>'%s'", rig->program, rig->folder,
             rig->log);
    FILE *out = popen(command, "r");
    *imbalance = -1;
    while (out && fgets(line, sizeof line, out)) {
        long long found;
        if (sscanf(line, "ledger_imbalance %lld", &found) == 1) *imbalance = found;
    }
    int status = out ? pclose(out) : -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
