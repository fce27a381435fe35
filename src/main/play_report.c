/* play_report.c - the night's figures, on screen and in report.json. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "main/house.h"
#include "main/play.h"

static int64_t number(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

/* What `cunhuo check` finds in the living county. */
static void check(struct play *play)
{
    char program[PROGRAM_TEXT], command[9000], line[200];
    house_program(program);
    snprintf(command, sizeof command, "'%s' check '%s'", program, play->county);
    FILE *out = popen(command, "r");
    play->imbalance = play->gaps = -1;
    while (out && fgets(line, sizeof line, out)) {
        long long found;
        if (sscanf(line, "ledger_imbalance %lld", &found) == 1) play->imbalance = found;
        if (sscanf(line, "custody_gaps %lld", &found) == 1) play->gaps = found;
    }
    if (out == NULL || pclose(out) != 0) play->unsound = true;
}

static json_t *make(struct play *play, const json_t *bus, const json_t *shop)
{
    json_t *report = json_object();
    const struct { const char *name; int64_t value; } rows[] = {
        { "orders", number(bus, "orders") }, { "promises", number(bus, "promises") },
        { "kept", number(bus, "kept") }, { "late", number(bus, "late") },
        { "consignments", number(bus, "consignments") }, { "vehicles", number(bus, "vehicles") },
        { "plan_ms", number(bus, "plan_ms") }, { "ledger_imbalance", play->imbalance },
        { "custody_gaps", play->gaps }, { "oversold", number(shop, "oversold") },
        { "kilometres", number(bus, "metres") / 1000 },
        { "cost_per_piece_fen", number(bus, "cost_per_piece_fen") },
        { "parcels", number(bus, "parcels") }, { "lots", number(bus, "lots") },
        { "trips", number(bus, "trips") }, { "stops", number(bus, "stops") },
        { "cancelled", play->cancelled }, { "refused", play->refused }, { "busy", play->busy },
        { "refused_acts", play->refused_acts },
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        json_object_set_new(report, rows[i].name, json_integer((json_int_t)rows[i].value));
    json_object_set_new(report, "load_factor_down",
                        json_real((double)number(bus, "load_down_permille") / 1000));
    json_object_set_new(report, "load_factor_up",
                        json_real((double)number(bus, "load_up_permille") / 1000));
    json_object_set(report, "late_causes", json_object_get(bus, "late_causes"));
    return report;
}

static void print(const json_t *report)
{
    const char *name;
    json_t *value;
    putchar('\n');
    json_object_foreach((json_t *)(uintptr_t)report, name, value) {
        char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(3) | JSON_COMPACT);
        printf("  %-20s %s\n", name, text ? text : "");
        free(text);
    }
    int64_t promises = number(report, "promises");
    if (promises)
        printf("  kept by 11:00        %.2f %%\n",
               100.0 * (double)number(report, "kept") / (double)promises);
}

enum status play_report(struct play *play, struct caller *caller, struct err *err)
{
    char path[4300];
    json_t *bus = NULL, *shop = NULL;
    snprintf(path, sizeof path, "/bus/days/%lld/report", (long long)play->day);
    int first = caller_call(caller, play->dispatcher, path, NULL, NULL, &bus);
    snprintf(path, sizeof path, "/shop/report/%lld", (long long)play->day);
    int second = caller_call(caller, play->dispatcher, path, NULL, NULL, &shop);
    check(play);
    json_t *report = make(play, bus, shop);
    snprintf(path, sizeof path, "%s/report.json", play->folder);
    int written = json_dump_file(report, path, JSON_INDENT(2) | JSON_REAL_PRECISION(4));
    print(report);
    json_decref(report);
    json_decref(bus);
    json_decref(shop);
    if (first != 200 || second != 200)
        return err_about(err, INVALID, NULL, "The day's figures can't be had.", "%d %d", first,
                         second);
    if (play->unsound)
        return err_set(err, INVALID, NULL, "cunhuo check finds the county unsound; see above.");
    if (written != 0) return err_about(err, BROKEN, NULL, "Not written:", "%s", path);
    printf("  report               %s\n", path);
    return OK;
}
