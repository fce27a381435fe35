/* rig.h - a small county and its server as a process of its own, for tools that kill or measure it.
 *
 * The county lies along one straight road: a hub, a station and points every kilometre, each the
 * point of a village. It is made by `cunhuo init` from CSV files that this writes, its clock stands
 * where the tool turns it, and its people are logged in beforehand, since thousands of passwords
 * would be another test. Nights are numbered from 0; night n delivers on day `day + n`.
 *
 * What goes wrong with the rig itself ends the program with TAP's "Bail out!". */
#ifndef CUNHUO_TESTS_RIG_H
#define CUNHUO_TESTS_RIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "base/status.h"
#include "people/person.h"
#include "web/client.h"

enum { RIG_PATH = 1024, RIG_CODE = 14, RIG_VILLAGE = 13 };

struct rig_goods { char code[RIG_CODE]; int64_t price_fen, stock; bool cold; };
struct rig_person { int64_t id; size_t village; char token[TOKEN_TEXT]; };

struct rig_plan {
    const char *scratch;          // a folder that is there; the county is made in it
    const char *name;             // of the county and its folder, "storm"
    size_t villages, people, goods, nights;
    int64_t plenty;               // stock of goods,
    int64_t scarce, lonely;       // but of every fifth, and of the first; 0: plenty too
    int64_t solve_ms;             // of the night's plan
};

struct rig {
    char folder[RIG_PATH], log[RIG_PATH];   // log: what servers said on stderr
    const char *program;
    size_t villages, people_count, goods_count, nights;
    struct rig_person *people;
    struct rig_goods *goods;
    struct rig_person *admins;    // one for each night, as staff's sessions are short
    struct rig_person roles[ROLE_COUNT];   // one of each role, for the first night and morning
    int64_t day;
    pid_t server;
    uint16_t port;
    int64_t now_ms;               // the county's clock, as last turned
    unsigned turns;
};

void rig_make(struct rig *rig, const struct rig_plan *plan);
void rig_free(struct rig *rig);
void rig_village(size_t village, char code[RIG_VILLAGE]);   // its official code

void rig_serve(struct rig *rig);      // returns once requests are answered
void rig_kill(struct rig *rig);       // kill -9
void rig_stop(struct rig *rig);       // SIGTERM, and waits

/* 22:40 and the like before night n's delivery. */
int64_t rig_at(const struct rig *rig, size_t night, int hour, int minute, int second, int ms);
/* Turns the clock, which then stands. False: no answer, as when the server dies; calling again asks
 * under the same idempotency key until it was answered. */
bool rig_turn(struct rig *rig, size_t night, int64_t now_ms);
/* The state of night n's wave: 'o'pen, 'c'losed, 'p'ublished; 0: no answer. */
char rig_wave(struct rig *rig, size_t night);
/* Every job that is due has been run. */
bool rig_settled(struct rig *rig);
/* `cunhuo check`: its exit code; what it says of the ledger's imbalance. */
int rig_check(const struct rig *rig, int64_t *imbalance);

void rig_pause_us(int64_t us);
_Noreturn void rig_die(const char *format, ...) PRINTF(1, 2);
#endif
