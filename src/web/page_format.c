/* page_format.c - money, times, weights and distances as people read them. */
#include "web/page_format.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include "base/clock.h"
#include "base/money.h"
#include "web/page.h"

static bool chinese(const struct how *how) { return strcmp(how->lang, "zh") == 0; }

static bool whole(const json_t *value, int64_t *out)
{
    *out = (int64_t)json_integer_value(value);
    return json_is_integer(value);
}

/* Thousands parted by commas: "-12,345.60". */
static void grouped(const char *digits, char out[FORMAT_TEXT])
{
    size_t at = 0, sign = *digits == '-', front = strcspn(digits, ".");
    for (size_t i = 0; digits[i] && at + 2 < FORMAT_TEXT; i++) {
        if (i > sign && i < front && (front - i) % 3 == 0) out[at++] = ',';
        out[at++] = digits[i];
    }
    out[at] = '\0';
}

static bool fen(const json_t *value, struct how *how, char out[FORMAT_TEXT])
{
    (void)how;
    int64_t amount;
    if (!whole(value, &amount)) return false;
    money_print(amount, out);
    return true;
}

static bool yuan(const json_t *value, struct how *how, char out[FORMAT_TEXT])
{
    char plain[FORMAT_TEXT], parted[FORMAT_TEXT];
    if (!fen(value, how, plain)) return false;
    grouped(plain + (*plain == '-'), parted);
    snprintf(out, FORMAT_TEXT, "%s¥%.100s", *plain == '-' ? "-" : "", parted);
    return true;
}

static bool count(const json_t *value, struct how *how, char out[FORMAT_TEXT])
{
    (void)how;
    int64_t n;
    char plain[32];
    if (!whole(value, &n)) return false;
    snprintf(plain, sizeof plain, "%lld", (long long)n);
    grouped(plain, out);
    return true;
}

static bool instant(const json_t *value, const struct how *how, struct civil *out)
{
    int64_t ms;
    if (!whole(value, &ms) || ms > MS_MAX || ms < -MS_MAX) return false;
    *out = civil_of(ms, how->zone_s);
    return true;
}

static bool hour(const json_t *value, struct how *how, char out[FORMAT_TEXT])
{
    struct civil c;
    if (!instant(value, how, &c)) return false;
    snprintf(out, FORMAT_TEXT, "%02d:%02d", c.hour, c.minute);
    return true;
}

static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep",
                                      "Oct", "Nov", "Dec" };
static const char *const weekdays[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
static const char *const weekdays_zh[] = { "周日", "周一", "周二", "周三", "周四", "周五", "周六" };

static bool date(const json_t *value, struct how *how, char out[FORMAT_TEXT])
{
    struct civil c;
    if (!instant(value, how, &c)) return false;
    if (chinese(how)) snprintf(out, FORMAT_TEXT, "%d年%d月%d日", c.year, c.month, c.day);
    else snprintf(out, FORMAT_TEXT, "%d %s %d", c.day, months[c.month - 1], c.year);
    return true;
}

static bool day(const json_t *value, struct how *how, char out[FORMAT_TEXT])
{
    struct civil c;
    if (!instant(value, how, &c)) return false;
    if (chinese(how))
        snprintf(out, FORMAT_TEXT, "%d月%d日 %s", c.month, c.day, weekdays_zh[c.weekday]);
    else
        snprintf(out, FORMAT_TEXT, "%s %d %s", weekdays[c.weekday], c.day, months[c.month - 1]);
    return true;
}

static bool when(const json_t *value, struct how *how, char out[FORMAT_TEXT])
{
    char on[FORMAT_TEXT], at[FORMAT_TEXT];
    if (!day(value, how, on) || !hour(value, how, at)) return false;
    snprintf(out, FORMAT_TEXT, "%.60s %.20s", on, at);
    return true;
}

static bool iso(const json_t *value, struct how *how, char out[FORMAT_TEXT])
{
    struct civil c;
    if (!instant(value, how, &c)) return false;
    time_print((int64_t)json_integer_value(value), how->zone_s, out);
    return true;
}

static bool field(const json_t *value, struct how *how, char out[FORMAT_TEXT])
{
    if (!iso(value, how, out)) return false;
    char *seconds = strchr(out, 'T');
    if (seconds && strlen(seconds) > 6) seconds[6] = '\0';
    return true;
}

static bool second_of_day(const json_t *value, struct how *how, char out[FORMAT_TEXT])
{
    (void)how;
    int64_t s;
    if (!whole(value, &s) || s < 0 || s >= 100 * 3600) return false;
    snprintf(out, FORMAT_TEXT, "%02d:%02d", (int)(s / 3600), (int)(s / 60 % 60));
    return true;
}

static bool minutes(const json_t *value, struct how *how, char out[FORMAT_TEXT])
{
    int64_t s;
    if (!whole(value, &s)) return false;
    long long m = s < 0 ? -((30 - s) / 60) : (s + 30) / 60;
    const char *hours = words(how->lang, "h"), *mins = words(how->lang, "min");
    if (llabs(m) < 60) snprintf(out, FORMAT_TEXT, "%lld %.20s", m, mins);
    else snprintf(out, FORMAT_TEXT, "%lld %.20s %lld %.20s", m / 60, hours, llabs(m % 60), mins);
    return true;
}

/* A whole number of a small unit in a greater one, at most `decimals`, without zeros at the end. */
static bool measure(const json_t *value, double divisor, int decimals, const char *unit,
                    char out[FORMAT_TEXT])
{
    char plain[64], parted[FORMAT_TEXT];
    if (!json_is_number(value)) return false;
    snprintf(plain, sizeof plain, "%.*f", decimals, json_number_value(value) / divisor);
    if (strchr(plain, '.')) {
        size_t size = strlen(plain);
        while (plain[size - 1] == '0') size--;
        plain[plain[size - 1] == '.' ? size - 1 : size] = '\0';
    }
    grouped(strcmp(plain, "-0") == 0 ? "0" : plain, parted);
    snprintf(out, FORMAT_TEXT, "%.100s %.20s", parted, unit);
    return true;
}

static bool kg(const json_t *value, struct how *how, char out[FORMAT_TEXT])
{
    return measure(value, 1000, 2, words(how->lang, "kg"), out);
}

static bool jin(const json_t *value, struct how *how, char out[FORMAT_TEXT])
{
    return measure(value, 500, 2, words(how->lang, "jin"), out);
}

static bool km(const json_t *value, struct how *how, char out[FORMAT_TEXT])
{
    return measure(value, 1000, 1, words(how->lang, "km"), out);
}

static bool litre(const json_t *value, struct how *how, char out[FORMAT_TEXT])
{
    return measure(value, 1000, 1, words(how->lang, "L"), out);
}

static bool percent(const json_t *value, struct how *how, char out[FORMAT_TEXT])
{
    (void)how;
    if (!measure(value, 0.01, 1, "%", out)) return false;
    char *gap = strrchr(out, ' ');
    memmove(gap, gap + 1, strlen(gap));
    return true;
}

static bool code(const json_t *value, struct how *how, char out[FORMAT_TEXT])
{
    (void)how;
    const char *text = json_string_value(value);
    if (text == NULL || strlen(text) > FORMAT_TEXT / 2) return false;
    size_t at = 0;
    for (size_t i = 0; text[i]; i++) {
        if (i && i % 4 == 0) out[at++] = ' ';
        out[at++] = text[i];
    }
    out[at] = '\0';
    return true;
}

/* A new idempotency key: whatever the value is. */
static bool key(const json_t *value, struct how *how, char out[FORMAT_TEXT])
{
    (void)value;
    (void)how;
    unsigned char random[16];
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random) return false;
    for (size_t i = 0; i < sizeof random; i++) snprintf(out + 2 * i, 3, "%02x", random[i]);
    return true;
}

static bool translated(const json_t *value, struct how *how, char out[FORMAT_TEXT])
{
    const char *text = json_string_value(value);
    if (text == NULL) return false;
    return snprintf(out, FORMAT_TEXT, "%s", words(how->lang, text)) < FORMAT_TEXT;
}

static const struct format formats[] = {
    { "fen", fen }, { "yuan", yuan }, { "time", hour }, { "date", date }, { "day", day },
    { "when", when }, { "iso", iso }, { "field", field }, { "clock", second_of_day },
    { "minutes", minutes }, { "kg", kg }, { "jin", jin }, { "km", km }, { "litre", litre },
    { "count", count }, { "percent", percent }, { "code", code }, { "key", key },
    { "words", translated },
};

const struct format *format_find(const char *name, size_t size)
{
    for (size_t i = 0; i < COUNT(formats); i++)
        if (strlen(formats[i].name) == size && memcmp(formats[i].name, name, size) == 0)
            return &formats[i];
    return NULL;
}

bool address_good(const char *text, size_t size)
{
    static const char *const schemes[] = { "http", "https", "tel" };
    if (size && (unsigned char)text[0] <= ' ') return false;
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7F) return false;
    size_t front = 0;
    while (front < size && strchr("/?#:", text[front]) == NULL) front++;
    if (front == size || text[front] != ':') return true;
    for (size_t i = 0; i < COUNT(schemes); i++)
        if (strlen(schemes[i]) == front && strncasecmp(schemes[i], text, front) == 0) return true;
    return false;
}
