/* money.h - fen in, yuan shown. Money is int64_t fen (分) everywhere; 100 fen are 1 yuan. */
#ifndef CUNHUO_BASE_MONEY_H
#define CUNHUO_BASE_MONEY_H

#include <stdint.h>
#include "base/status.h"

#define FEN_MAX INT64_C(9007199254740991)   // 2^53 - 1: what JavaScript holds exactly

/* "1234.50", "-0.05". `out` holds at least MONEY_TEXT bytes. */
enum { MONEY_TEXT = 24 };
void money_print(int64_t fen, char out[MONEY_TEXT]);

/* Reads "12", "12.3", "12.34". INVALID: anything else, signs and thousands commas included. */
MUST_USE enum status money_parse(const char *text, int64_t *fen);

/* a * b / c, rounded half away from zero, without overflow on the way. c > 0. */
int64_t money_share(int64_t a, int64_t b, int64_t c);
#endif
