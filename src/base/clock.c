/* clock.c - the only reader of the machine's clocks. Calendar arithmetic after Howard Hinnant's
 * "chrono-compatible low-level date algorithms": eras of 400 years, years that begin in March. */
#include "base/clock.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct clock {
    pthread_mutex_t lock;
    bool turned, running;
    int64_t base_ms, mono_base_ms, turns;
};

static int64_t read_us(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t mono_us(void) { return read_us(CLOCK_MONOTONIC); }
int64_t mono_ms(void) { return mono_us() / 1000; }

struct clock *clock_new(void)
{
    struct clock *clock = calloc(1, sizeof *clock);
    if (clock) pthread_mutex_init(&clock->lock, NULL);
    return clock;
}

void clock_free(struct clock *clock)
{
    if (clock == NULL) return;
    pthread_mutex_destroy(&clock->lock);
    free(clock);
}

/* Readers of a clock change nothing that they are told of; the lock is theirs all the same. */
static pthread_mutex_t *lock_of(const struct clock *clock)
{
    return &((struct clock *)(uintptr_t)clock)->lock;
}

int64_t clock_now_ms(const struct clock *clock)
{
    pthread_mutex_lock(lock_of(clock));
    int64_t now_ms = !clock->turned ? read_us(CLOCK_REALTIME) / 1000
                   : clock->base_ms + (clock->running ? mono_ms() - clock->mono_base_ms : 0);
    pthread_mutex_unlock(lock_of(clock));
    return now_ms;
}

void clock_turn(struct clock *clock, int64_t now_ms, bool running)
{
    pthread_mutex_lock(&clock->lock);
    clock->turned = true;
    clock->running = running;
    clock->base_ms = now_ms;
    clock->mono_base_ms = mono_ms();
    clock->turns++;
    pthread_mutex_unlock(&clock->lock);
}

bool clock_turned(const struct clock *clock)
{
    pthread_mutex_lock(lock_of(clock));
    bool turned = clock->turned;
    pthread_mutex_unlock(lock_of(clock));
    return turned;
}

int64_t clock_turns(const struct clock *clock)
{
    pthread_mutex_lock(lock_of(clock));
    int64_t turns = clock->turns;
    pthread_mutex_unlock(lock_of(clock));
    return turns;
}

static int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }

int64_t day_from_civil(int year, int month, int day)
{
    int64_t y = year - (month <= 2);
    int64_t era = floor_div(y, 400), year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

struct civil civil_of_day(int64_t days)
{
    int64_t z = days + 719468, era = floor_div(z, 146097), doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
    int month = (int)(mp < 10 ? mp + 3 : mp - 9);
    return (struct civil){
        .year = (int)(yoe + era * 400 + (month <= 2)), .month = month,
        .day = (int)(doy - (153 * mp + 2) / 5 + 1),
        .weekday = (int)(days + 4 - 7 * floor_div(days + 4, 7)),
    };
}

int64_t day_of(int64_t ms, int32_t zone_s)
{
    return floor_div(ms + zone_s * INT64_C(1000), DAY_MS);
}

int64_t day_ms(int64_t day, int32_t second_of_day, int32_t zone_s)
{
    return day * DAY_MS + (int64_t)(second_of_day - zone_s) * SECOND_MS;
}

struct civil civil_of(int64_t ms, int32_t zone_s)
{
    int64_t day = day_of(ms, zone_s), rest = ms + zone_s * INT64_C(1000) - day * DAY_MS;
    struct civil civil = civil_of_day(day);
    civil.hour = (int)(rest / HOUR_MS);
    civil.minute = (int)(rest / MINUTE_MS % 60);
    civil.second = (int)(rest / SECOND_MS % 60);
    civil.ms = (int)(rest % SECOND_MS);
    return civil;
}

void time_print(int64_t ms, int32_t zone_s, char out[TIME_TEXT])
{
    struct civil c = civil_of(ms, zone_s);
    int32_t east = zone_s < 0 ? -zone_s : zone_s;
    snprintf(out, TIME_TEXT, "%04d-%02d-%02dT%02d:%02d:%02d.%03d%c%02d:%02d", c.year % 10000,
             c.month % 100, c.day % 100, c.hour % 100, c.minute % 100, c.second % 100,
             c.ms % 1000, zone_s < 0 ? '-' : '+', (int)(east / 3600 % 100), (int)(east / 60 % 60));
}

static bool digits(const char **at, int count, int *out)
{
    *out = 0;
    for (; count > 0; count--, (*at)++) {
        if (**at < '0' || **at > '9') return false;
        *out = *out * 10 + (**at - '0');
    }
    return true;
}

static bool mark(const char **at, char wanted)
{
    if (**at != wanted) return false;
    (*at)++;
    return true;
}

static bool zone_parse(const char **at, int32_t *zone_s)
{
    if (**at == '\0') return true;
    if (mark(at, 'Z')) { *zone_s = 0; return true; }
    int sign = **at == '-' ? -1 : 1, hours, minutes;
    if (!mark(at, '+') && !mark(at, '-')) return false;
    if (!digits(at, 2, &hours) || !mark(at, ':') || !digits(at, 2, &minutes)) return false;
    *zone_s = sign * (hours * 3600 + minutes * 60);
    return hours <= 14 && minutes < 60;
}

enum status time_parse(const char *text, int32_t zone_s, int64_t *ms)
{
    static const int lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    const char *at = text;
    struct civil c = { 0 };
    if (!digits(&at, 4, &c.year) || !mark(&at, '-') || !digits(&at, 2, &c.month)
        || !mark(&at, '-') || !digits(&at, 2, &c.day) || (!mark(&at, 'T') && !mark(&at, ' '))
        || !digits(&at, 2, &c.hour) || !mark(&at, ':') || !digits(&at, 2, &c.minute))
        return INVALID;
    if (mark(&at, ':')) {
        if (!digits(&at, 2, &c.second)) return INVALID;
        if (mark(&at, '.')) {
            int scale = 100;
            if (*at < '0' || *at > '9') return INVALID;
            for (; *at >= '0' && *at <= '9'; at++, scale /= 10) c.ms += (*at - '0') * scale;
        }
    }
    if (!zone_parse(&at, &zone_s) || *at != '\0') return INVALID;
    bool leap = (c.year % 4 == 0 && c.year % 100 != 0) || c.year % 400 == 0;
    if (c.month < 1 || c.month > 12 || c.day < 1) return INVALID;
    if (c.day > lengths[c.month - 1] + (c.month == 2 && leap)) return INVALID;
    if (c.hour > 23 || c.minute > 59 || c.second > 59) return INVALID;
    *ms = day_ms(day_from_civil(c.year, c.month, c.day),
                 c.hour * 3600 + c.minute * 60 + c.second, zone_s) + c.ms;
    return OK;
}
