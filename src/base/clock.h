/* clock.h - the county's time, which a test or the demo may turn, and the civil calendar.
 *
 * Instants are milliseconds since 1970-01-01T00:00Z. A county's clock is the machine's wall clock
 * until it is turned (拨钟): then it stands, or runs from the new instant. Only this file reads the
 * machine's clocks. Time-outs and rates use mono_ms, which is never turned and never steps back. */
#ifndef CUNHUO_BASE_CLOCK_H
#define CUNHUO_BASE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/status.h"

struct clock;

enum { SECOND_MS = 1000, MINUTE_MS = 60 * SECOND_MS, HOUR_MS = 60 * MINUTE_MS };
#define DAY_MS (INT64_C(24) * HOUR_MS)
#define MS_MAX INT64_C(253402300799999)   // the end of the year 9999

MUST_USE struct clock *clock_new(void);   // NULL: no memory; free with clock_free
void clock_free(struct clock *clock);

/* Both may be called from any thread at any time. */
int64_t clock_now_ms(const struct clock *clock);
/* From now on it is `now_ms`, and `running` or standing. The caller has asked whether it may. */
void clock_turn(struct clock *clock, int64_t now_ms, bool running);
bool clock_turned(const struct clock *clock);
/* A number that changes with every turn, for those who sleep until an instant. */
int64_t clock_turns(const struct clock *clock);

/* The machine's steady clock: for time-outs, rates and measuring only. */
int64_t mono_ms(void);
int64_t mono_us(void);

/* Civil time in a zone without summer time (China has none), `zone_s` seconds east of UTC. */
enum { ZONE_CHINA_S = 8 * 3600 };
struct civil { int year, month, day, hour, minute, second, ms, weekday; };   // weekday 0: Sunday

struct civil civil_of(int64_t ms, int32_t zone_s);
/* A day's number: days since 1970-01-01 in the zone. And the instant of a second of that day. */
int64_t day_of(int64_t ms, int32_t zone_s);
int64_t day_ms(int64_t day, int32_t second_of_day, int32_t zone_s);
int64_t day_from_civil(int year, int month, int day);
struct civil civil_of_day(int64_t day);

/* "2026-11-24T07:05:00.000+08:00"; `out` holds at least TIME_TEXT bytes. */
enum { TIME_TEXT = 40 };
void time_print(int64_t ms, int32_t zone_s, char out[TIME_TEXT]);
/* "2026-11-24T07:05", seconds, fraction and zone may follow (the county's zone if none is said).
 * INVALID: anything else, or no such day or hour. */
MUST_USE enum status time_parse(const char *text, int32_t zone_s, int64_t *ms);
#endif
