/* init.c - the verb init: a new county. */
#include "main/init.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "base/arena.h"
#include "base/clock.h"
#include "db/db.h"
#include "main/house.h"
#include "main/main.h"
#include "road/road.h"
#include "web/county.h"

enum { IMPORT_BYTES = 1 << 30 };

static enum status make_roads(const struct init_plan *plan, struct err *err)
{
    char path[4096];
    struct road_build_report report;
    int length = snprintf(path, sizeof path, "%s/county.road", plan->folder);
    if (length < 0 || (size_t)length >= sizeof path)
        return err_set(err, INVALID, "folder", "The folder's name is too long.");
    return road_build(plan->roads, path, &report, err);
}

static enum status fill(struct county *county, const struct init_plan *plan, struct imported *out,
                        struct err *err)
{
    struct tx *tx;
    struct arena *arena = arena_open(IMPORT_BYTES);
    if (arena == NULL) return BROKEN;
    int64_t now_ms = county_now_ms(county);
    enum status done = db_write_begin(county->db, arena, &tx);
    if (done == OK) {
        done = import_folder(tx, plan->import, now_ms, out, err);
        enum status ended = db_write_end(tx, done == OK);
        if (done == OK) done = ended;
    }
    arena_free(arena);
    return done;
}

enum status init_county(const struct init_plan *plan, struct imported *out, struct err *err)
{
    struct county *county;
    *out = (struct imported){ 0 };
    TRY(county_init(plan->folder, &(struct county_plan){
        .name = plan->name, .zone_s = ZONE_CHINA_S, .may_turn = plan->may_turn,
        .now_ms = plan->now_ms, .database = plan->database }, err));
    if (plan->roads) TRY(make_roads(plan, err));
    TRY(county_open(plan->folder, house_rooms, COUNTY_WRITE, &county, err));
    enum status done = plan->import ? fill(county, plan, out, err) : OK;
    county_close(county);
    return done;
}

static bool read_clock(const char *text, struct init_plan *plan)
{
    plan->may_turn = true;
    return time_parse(text, ZONE_CHINA_S, &plan->now_ms) == OK;
}

int verb_init(int argc, char **argv)
{
    struct init_plan plan = { 0 };
    const char **option;
    for (int i = 1; i < argc; i++) {
        option = strcmp(argv[i], "--name") == 0 ? &plan.name
               : strcmp(argv[i], "--import") == 0 ? &plan.import
               : strcmp(argv[i], "--roads") == 0 ? &plan.roads
               : strcmp(argv[i], "--database") == 0 ? &plan.database : NULL;
        if (option && i + 1 < argc) *option = argv[++i];
        else if (!strcmp(argv[i], "--clock") && i + 1 < argc && read_clock(argv[i + 1], &plan)) i++;
        else if (argv[i][0] != '-' && plan.folder == NULL) plan.folder = argv[i];
        else return house_usage("init");
    }
    if (plan.folder == NULL || plan.name == NULL) return house_usage("init");

    struct imported count;
    struct err err = { .text = "" };
    enum status done = init_county(&plan, &count, &err);
    if (done != OK) return house_fail("init", done, &err, done == BROKEN ? 1 : 2);
    printf("%s: %zu places, %zu organisations, %zu people, %zu vehicles, %zu goods\n", plan.name,
           count.places, count.organisations, count.people, count.vehicles, count.goods);
    return 0;
}
