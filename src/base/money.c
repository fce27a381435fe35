/* money.c - printing, reading and sharing of fen. */
#include "base/money.h"

#include <assert.h>
#include <stdio.h>

void money_print(int64_t fen, char out[MONEY_TEXT])
{
    uint64_t size = fen < 0 ? 0 - (uint64_t)fen : (uint64_t)fen;
    snprintf(out, MONEY_TEXT, "%s%llu.%02u", fen < 0 ? "-" : "", (unsigned long long)(size / 100),
             (unsigned)(size % 100));
}

enum status money_parse(const char *text, int64_t *fen)
{
    int64_t sum = 0;
    int digits = 0, decimals = -1;
    for (; *text; text++) {
        if (*text == '.' && decimals < 0 && digits > 0) { decimals = 0; continue; }
        if (*text < '0' || *text > '9' || decimals == 2 || sum > FEN_MAX / 10) return INVALID;
        sum = sum * 10 + (*text - '0');
        digits++;
        if (decimals >= 0) decimals++;
    }
    if (digits == 0 || decimals == 0) return INVALID;
    for (int i = decimals < 0 ? 0 : decimals; i < 2; i++) sum *= 10;
    if (sum > FEN_MAX) return INVALID;
    *fen = sum;
    return OK;
}

int64_t money_share(int64_t a, int64_t b, int64_t c)
{
    assert(c > 0);
    __extension__ typedef __int128 wide;
    wide product = (wide)a * b, half = c / 2;
    return (int64_t)((product < 0 ? product - half : product + half) / c);
}
