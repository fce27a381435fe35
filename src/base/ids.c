/* ids.c - public codes. */
#include "base/ids.h"

#include <assert.h>
#include "base/rng.h"

enum { ROUNDS = 6 };
#define HALF UINT64_C(1000000)             // two digits-halves of six: 10^6 * 10^6 = 10^12

static uint64_t round_of(uint64_t key, int round, uint64_t half)
{
    uint64_t state = key ^ (half * UINT64_C(0xD1342543DE82EF95)) ^ ((uint64_t)round << 56);
    rng_splitmix(&state);
    return rng_splitmix(&state) % HALF;
}

static uint64_t permuted(uint64_t key, uint64_t value)
{
    uint64_t left = value / HALF, right = value % HALF;
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t next = (left + round_of(key, i, right)) % HALF;
        left = right;
        right = next;
    }
    return left * HALF + right;
}

static uint64_t unpermuted(uint64_t key, uint64_t value)
{
    uint64_t left = value / HALF, right = value % HALF;
    for (int i = ROUNDS - 1; i >= 0; i--) {
        uint64_t before = (right + HALF - round_of(key, i, left)) % HALF;
        right = left;
        left = before;
    }
    return left * HALF + right;
}

int damm_digit(const char *digits, size_t count)
{
    static const unsigned char table[10][10] = {
        { 0, 3, 1, 7, 5, 9, 8, 6, 4, 2 }, { 7, 0, 9, 2, 1, 5, 4, 8, 6, 3 },
        { 4, 2, 0, 6, 8, 7, 1, 3, 5, 9 }, { 1, 7, 5, 0, 9, 8, 3, 4, 2, 6 },
        { 6, 1, 2, 3, 0, 4, 5, 9, 7, 8 }, { 3, 6, 7, 4, 2, 0, 9, 5, 8, 1 },
        { 5, 8, 6, 9, 7, 2, 0, 1, 3, 4 }, { 8, 9, 4, 5, 3, 6, 2, 0, 1, 7 },
        { 9, 4, 3, 8, 6, 1, 7, 2, 0, 5 }, { 2, 5, 8, 1, 4, 3, 6, 7, 9, 0 },
    };
    int interim = 0;
    for (size_t i = 0; i < count; i++) interim = table[interim][digits[i] - '0'];
    return interim;
}

int gs1_digit(const char *digits, size_t count)
{
    int sum = 0;
    for (size_t i = 0; i < count; i++) sum += (digits[i] - '0') * ((count - i) % 2 ? 3 : 1);
    return (10 - sum % 10) % 10;
}

void code_print(uint64_t key, int64_t id, char out[CODE_TEXT])
{
    assert(id >= 0 && id <= CODED_ID_MAX);
    uint64_t value = permuted(key, (uint64_t)id);
    for (int i = 11; i >= 0; i--, value /= 10) out[i] = (char)('0' + value % 10);
    out[12] = (char)('0' + damm_digit(out, 12));
    out[13] = '\0';
}

enum status code_parse(uint64_t key, const char *text, int64_t *id)
{
    char digits[13];
    size_t count = 0;
    for (; *text; text++) {
        if (*text == ' ' || *text == '-') continue;
        if (*text < '0' || *text > '9' || count == sizeof digits) return INVALID;
        digits[count++] = *text;
    }
    if (count != sizeof digits || damm_digit(digits, count) != 0) return INVALID;
    uint64_t value = 0;
    for (int i = 0; i < 12; i++) value = value * 10 + (uint64_t)(digits[i] - '0');
    *id = (int64_t)unpermuted(key, value);
    return OK;
}
