/* fuzz: text layer=base runs=100000 max_len=512 */
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/clock.h"
#include "base/ids.h"
#include "base/money.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool right)
{
    if (!right) abort();
}

/* What is read back after printing is what was printed. */
static void round_trips(const char *text)
{
    int64_t fen, ms, again;
    char printed[TIME_TEXT], money[MONEY_TEXT];
    double number;
    if (money_parse(text, &fen) == OK) {
        money_print(fen, money);
        must(money_parse(money, &again) == OK && again == fen);
    }
    if (time_parse(text, ZONE_CHINA_S, &ms) == OK && ms >= 0 && ms <= MS_MAX) {
        time_print(ms, ZONE_CHINA_S, printed);
        must(time_parse(printed, ZONE_CHINA_S, &again) == OK && again == ms);
    }
    if (code_parse(7, text, &fen) == OK) {
        char code[CODE_TEXT];
        code_print(7, fen, code);
        must(code_parse(7, code, &again) == OK && again == fen);
    }
    if (text_double(text, &number) == OK) must(number - number == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_open(1 << 20);
    char *text = arena ? arena_bytes(arena, data, size) : NULL;
    must(text != NULL);
    if (text_valid((const char *)data, size)) {
        char *clean = text_clean(arena, text);
        must(clean != NULL && text_valid(clean, strlen(clean)));
        must(text_length(clean) <= text_length(text));
        char *twice = text_clean(arena, clean);
        must(twice != NULL && strcmp(clean, twice) == 0);
        char *masked = text_masked(arena, clean);
        must(masked != NULL && text_valid(masked, strlen(masked)));
    }
    round_trips(text);
    arena_free(arena);
    return 0;
}
