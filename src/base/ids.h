/* ids.h - public codes: an id shown so that nobody can guess the next or count the others.
 *
 * Ids are 53-bit numbers from the writer's counter. A public code (订单号) is the id through a
 * keyed permutation of 0 .. 10^12-1 (an additive Feistel network of six rounds on halves of six
 * digits: Black and Rogaway 2002), printed as twelve digits and one check digit (Damm 2004), which
 * finds every single wrong digit and every swap of neighbours when it is read out on the phone. */
#ifndef CUNHUO_BASE_IDS_H
#define CUNHUO_BASE_IDS_H

#include <stddef.h>
#include <stdint.h>
#include "base/status.h"

#define ID_MAX INT64_C(9007199254740991)       // 2^53 - 1: what JavaScript holds exactly
#define CODED_ID_MAX INT64_C(999999999999)     // ids above have no code

enum { CODE_TEXT = 14 };   // thirteen digits and the end

/* `id` is 0 .. CODED_ID_MAX. */
void code_print(uint64_t key, int64_t id, char out[CODE_TEXT]);
/* Spaces and hyphens between digits are passed over. INVALID: not thirteen digits, or the check
 * digit is wrong: somebody misheard. */
MUST_USE enum status code_parse(uint64_t key, const char *text, int64_t *id);

/* The check digit of decimal digits, and whether digits that end in theirs are right. */
int damm_digit(const char *digits, size_t count);

/* The GS1 check digit (mod 10, weights 3 and 1 from the right) of SSCC, GTIN and GLN. */
int gs1_digit(const char *digits, size_t count);
#endif
