/* main.h - the verbs of the command line. Each returns the exit code: 0; 1 the machine failed;
 * 2 the input was wrong. argv[0] is the verb. */
#ifndef CUNHUO_MAIN_MAIN_H
#define CUNHUO_MAIN_MAIN_H

#include <stdio.h>

int verb_serve(int argc, char **argv);
int verb_init(int argc, char **argv);
int verb_demo(int argc, char **argv);
int verb_backup(int argc, char **argv);
int verb_restore(int argc, char **argv);
int verb_doctor(int argc, char **argv);
int verb_check(int argc, char **argv);
int verb_list(int argc, char **argv);   // routes, tables, permissions, figures

/* A room's command: cunhuo ROOM COMMAND FOLDER ... The county in FOLDER is opened to be read, its
 * rooms are not started; the command gets what follows FOLDER, argv[0] is its name. -1: argv[0] is
 * no room with commands. */
int room_verb(int argc, char **argv);
void room_verbs_help(FILE *to);

/* How each verb is called (usage.c); NULL: it tells that itself, or there is no such verb. */
const char *usage_of(const char *verb);
#endif
