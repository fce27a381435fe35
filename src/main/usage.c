/* usage.c - how each verb is called: for --help and wrong words. docs/cunhuo.1 tells more. */
#include <stdio.h>
#include <string.h>
#include "main/house.h"
#include "main/main.h"

static const struct { const char *verb, *text; } usages[] = {
    { "serve",
      "usage: cunhuo serve FOLDER [--port N] [--address A] [--loops N] [--pages FOLDER]\n"
      "                           [--secure]\n\n"
      "Serves the county in FOLDER. --port 0 takes any free port; it is printed once requests are\n"
      "answered. --pages reads pages from a source tree again when they change. SIGTERM finishes\n"
      "what is accepted and ends.\n" },
    { "init",
      "usage: cunhuo init FOLDER --name NAME [--import CSVS] [--roads EXTRACT] [--database URL]\n"
      "                          [--clock TIME]\n\n"
      "Makes a county in the new folder FOLDER: rows from the CSV files in the folder CSVS\n"
      "(docs/import.md), roads from an OpenStreetMap extract (.osm, .osm.gz, .osm.pbf).\n"
      "Anything wrong is told with file and line, and nothing is imported.\n"
      "--clock is for tests: the clock may be turned, and stands at TIME (2026-11-23T22:40).\n" },
    { "demo",
      "usage: cunhuo demo [--folder F] [--fast] [--extract FILE.osm.pbf] [--port N] [--seed N]\n\n"
      "Makes the demo county in F (build/demo), plays an evening from 22:40 and a morning until\n"
      "11:00 in it, writes F/report.json, and then serves the county as it was at 08:30 on port\n"
      "8080. --fast ends after the report. --extract plays over a real country's roads and\n"
      "places.\n" },
    { "backup",
      "usage: cunhuo backup FOLDER COPY [--json]\n"
      "       cunhuo backup --try FOLDER [--json]\n\n"
      "Copies the living county in FOLDER into the new folder COPY, as of one instant, while it\n"
      "is served, and verifies the copy. --try is the monthly test: a copy beside FOLDER is\n"
      "restored, every invariant is checked in it, and all of it is removed.\n" },
    { "restore",
      "usage: cunhuo restore COPY FOLDER [--json]\n\n"
      "Puts the county of COPY, as it was when it was copied, in the place of FOLDER, once every\n"
      "invariant holds in it. The server of FOLDER must be stopped. What was there is kept beside\n"
      "it, under a name that is told.\n" },
    { "doctor",
      "usage: cunhuo doctor FOLDER [--json]\n\n"
      "Looks at the county in FOLDER and its machine: configuration, database, disk, clock,\n"
      "fonts, roads, age of the last backup. Says what is wrong and what to do. 0: nothing is.\n" },
    { "check",
      "usage: cunhuo check FOLDER\n\n"
      "Verifies the county's file, ledger, stock, custody and audit log. 0: sound.\n" },
    { "route",
      "usage: cunhuo route solve FILE [--format auto|vrplib|json] [--time SECONDS]\n"
      "           [--iterations N] [--round none|round|trunc|exact|dimacs] [--seed N]\n"
      "           [--threads N] [--start FILE] [--output FILE] [--progress]\n"
      "       cunhuo route check INSTANCE SOLUTION [--format ...] [--round ...]\n\n"
      "Plans routes of vehicles, and checks plans (docs/route.md).\n" },
    { "routes", "usage: cunhuo routes\n\nPrints what the rooms answer to: method, path,"
      " permission, text.\n" },
    { "tables", "usage: cunhuo tables\n\nPrints the tables of each room, as SQL.\n" },
    { "permissions",
      "usage: cunhuo permissions\n\nPrints who may do what: method, path, roles.\n" },
    { "figures", "usage: cunhuo figures\n\nPrints the named figures: name, unit, text.\n" },
};

const char *usage_of(const char *verb)
{
    for (size_t i = 0; i < sizeof usages / sizeof *usages; i++)
        if (strcmp(usages[i].verb, verb) == 0) return usages[i].text;
    return NULL;
}

int house_usage(const char *verb)
{
    const char *text = usage_of(verb);
    fputs(text ? text : "usage: cunhuo --help\n", stderr);
    return 2;
}
