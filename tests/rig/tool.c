/* tool.c - makes a small county (rig.h) for tests that are no C, and prints who and what is in it.
 *
 *     rig SCRATCH NAME VILLAGES PEOPLE GOODS NIGHTS STOCK
 *
 * CUNHUO is the program. The answer is one JSON object. */
#include <stdio.h>
#include <stdlib.h>
#include "rig/rig.h"

enum { SOLVE_MS = 300 };

static void print_person(const struct rig_person *person, const char *end)
{
    char village[RIG_VILLAGE];
    rig_village(person->village, village);
    printf("{\"id\": %lld, \"token\": \"%s\", \"village\": \"%s\"}%s", (long long)person->id,
           person->token, village, end);
}

static void print_people(const char *name, const struct rig_person *people, size_t count)
{
    printf(" \"%s\": [", name);
    for (size_t i = 0; i < count; i++) print_person(&people[i], i + 1 < count ? ",\n" : "");
    printf("],\n");
}

int main(int argc, char **argv)
{
    struct rig rig;
    if (argc != 8) return fputs("usage: rig SCRATCH NAME VILLAGES PEOPLE GOODS NIGHTS STOCK\n",
                                stderr), 2;
    rig_make(&rig, &(struct rig_plan){
        .scratch = argv[1], .name = argv[2], .villages = strtoul(argv[3], NULL, 10),
        .people = strtoul(argv[4], NULL, 10), .goods = strtoul(argv[5], NULL, 10),
        .nights = strtoul(argv[6], NULL, 10), .plenty = atoll(argv[7]), .solve_ms = SOLVE_MS });
    printf("{\"folder\": \"%s\", \"day\": %lld,\n", rig.folder, (long long)rig.day);
    print_people("people", rig.people, rig.people_count);
    print_people("admins", rig.admins, rig.nights);
    printf(" \"roles\": {");
    for (int r = 0; r < ROLE_COUNT; r++) {
        printf("\"%s\": ", role_name((enum role)r));
        print_person(&rig.roles[r], r + 1 < ROLE_COUNT ? ",\n" : "");
    }
    printf("},\n \"goods\": [");
    for (size_t i = 0; i < rig.goods_count; i++)
        printf("{\"code\": \"%s\", \"price_fen\": %lld}%s", rig.goods[i].code,
               (long long)rig.goods[i].price_fen, i + 1 < rig.goods_count ? ",\n" : "");
    printf("]}\n");
    rig_free(&rig);
    return 0;
}
