/* main.c - the command line: cunhuo VERB ... */
#include <stdio.h>
#include <string.h>
#include "main/main.h"
#include "road/road.h"
#include "route/route.h"

static const struct {
    const char *name, *text;
    int (*run)(int argc, char **argv);
} verbs[] = {
    { "serve", "serve a county:        serve FOLDER [--port N] [--address A]", verb_serve },
    { "init", "make a county:         init FOLDER --name NAME [--import CSVS] [--roads EXTRACT]",
      verb_init },
    { "demo", "play a night:          demo [--folder F] [--fast] [--extract FILE.osm.pbf]",
      verb_demo },
    { "backup", "copy a living county:  backup FOLDER COPY | backup --try FOLDER",
      verb_backup },
    { "restore", "put a copy in its place: restore COPY FOLDER", verb_restore },
    { "doctor", "what is wrong with it: doctor FOLDER", verb_doctor },
    { "check", "verify every invariant: check FOLDER", verb_check },
    { "road", "roads:                 road build|matrix|route|nearest|info ...", road_command },
    { "route", "vehicle routing:       route solve|check ...", route_command },
    { "routes", "print what the rooms answer to", verb_list },
    { "tables", "print what the rooms store", verb_list },
    { "permissions", "print who may do what", verb_list },
    { "figures", "print the named figures", verb_list },
};

static int help(FILE *to)
{
    fputs("cunhuo (村货): order by 11 pm, in your village by 11 am\n\n"
          "usage: cunhuo VERB ...\n\n", to);
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        fprintf(to, "  %-12s %s\n", verbs[i].name, verbs[i].text);
    room_verbs_help(to);
    fputs("\ncunhuo VERB --help tells more of a verb.\n", to);
    return to == stdout ? 0 : 2;
}

int main(int argc, char **argv)
{
    if (argc < 2) return help(stderr);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) return help(stdout);
    if (strcmp(argv[1], "--version") == 0) return puts("cunhuo " CUNHUO_VERSION) < 0;
    const char *usage = argc == 3 && strcmp(argv[2], "--help") == 0 ? usage_of(argv[1]) : NULL;
    if (usage) return fputs(usage, stdout) < 0;
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (strcmp(argv[1], verbs[i].name) == 0) return verbs[i].run(argc - 1, argv + 1);
    int code = room_verb(argc - 1, argv + 1);
    if (code >= 0) return code;
    fprintf(stderr, "cunhuo: there is no verb '%s'\n\n", argv[1]);
    return help(stderr);
}
