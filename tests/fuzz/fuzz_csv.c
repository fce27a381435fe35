/* fuzz: csv layer=paper runs=20000 max_len=2048 */
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/text.h"
#include "paper/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_open(16 << 20);
    struct csv csv;
    struct err err = { 0 };
    if (arena == NULL) abort();
    enum status read = csv_from_bytes(arena, "f", data, size, &csv, &err);
    if (read == OK) {
        if (csv.columns == 0) abort();
        for (size_t i = 0; i < csv.rows * csv.columns; i++)
            if (!text_valid(csv.cells[i], strlen(csv.cells[i]))) abort();
        for (size_t r = 0; r < csv.rows; r++) {
            int64_t number;
            int32_t e6;
            enum status taken = csv_i64(&csv, r, 0, -5, 100, &number, &err);
            if (taken == OK && (number < -5 || number > 100)) abort();
            taken = csv_degrees(&csv, r, (int)csv.columns - 1, 180, &e6, &err);
            if (taken == OK && abs(e6) > 180000000) abort();
            taken = csv_clock(&csv, r, 0, &number, &err);
            if (taken == OK && (number < 0 || number > 24 * 3600)) abort();
        }
    } else if (read != INVALID || err.text == NULL) {
        abort();
    }
    arena_free(arena);
    return 0;
}
