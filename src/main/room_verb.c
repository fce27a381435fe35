/* room_verb.c - the commands that rooms declare (web/room.h): cunhuo bus papers FOLDER ... */
#include <stdio.h>
#include <string.h>
#include "main/house.h"
#include "main/main.h"
#include "web/county.h"

void room_verbs_help(FILE *to)
{
    for (const struct room *const *room = house_rooms; *room; room++)
        for (const struct command *c = (*room)->commands; c && c->name; c++)
            fprintf(to, "  %s %-*s %s: %s %s FOLDER ...\n", (*room)->name,
                    11 - (int)strlen((*room)->name), c->name, c->text, (*room)->name, c->name);
}

static const struct room *room_named(const char *name)
{
    for (const struct room *const *room = house_rooms; *room; room++)
        if ((*room)->commands && strcmp((*room)->name, name) == 0) return *room;
    return NULL;
}

int room_verb(int argc, char **argv)
{
    const struct room *room = room_named(argv[0]);
    if (room == NULL) return -1;
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        printf("usage: cunhuo %s COMMAND FOLDER ...\n\n", room->name);
        room_verbs_help(stdout);
        return 0;
    }
    const struct command *command = argc > 1 ? room->commands : NULL;
    while (command && command->name && strcmp(command->name, argv[1]) != 0) command++;
    if (command == NULL || command->name == NULL || argc < 3 || argv[2][0] == '-') {
        fprintf(stderr, "usage: cunhuo %s COMMAND FOLDER ...\n\n", room->name);
        room_verbs_help(stderr);
        return 2;
    }
    struct county *county;
    struct err err = { .text = "" };
    enum status opened = county_open(argv[2], house_rooms, COUNTY_READ, &county, &err);
    if (opened != OK) return house_fail(room->name, opened, &err, opened == BROKEN ? 1 : 2);
    argv[2] = argv[1];
    int code = command->run(county, argc - 2, argv + 2);
    county_close(county);
    return code;
}
