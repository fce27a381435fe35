/* truth.h - what must be so in a county's rows, whatever was killed when: asked of SQLite itself,
 * not of the code that is tested. */
#ifndef CUNHUO_TESTS_TRUTH_H
#define CUNHUO_TESTS_TRUTH_H

#include <stddef.h>
#include <stdint.h>
#include "rig/rig.h"

/* An order that somebody wants, and how far he has come. Its index is the order's note, "w17". */
struct want {
    const struct rig_person *buyer;
    char *body;                   // JSON
    bool later, pays, cancels, repeats, differs, asks;
    int ordered, paid, cancelled; // final HTTP status; 0: not answered yet
    char code[40];
    char *answers[3];             // to ordering, paying, cancelling
};

/* How many rows or wants are wrong, by kind; all 0 is well. */
struct truth {
    int64_t lost;                 // acknowledged, and not there
    int64_t doubled;              // there more than once
    int64_t strange;              // there, though refused or never sent; or not in the state told
    int64_t half;                 // lines, money, stock, place on the bus do not fit each other
    int64_t stock;                // of a SKU: not opening stock less orders, or below 0
    int64_t waves;                // closed or planned twice, not on the instant, orders too late
    int64_t unplanned;            // orders of a published wave without a place in time in its plan
    int64_t ledger;               // `cunhuo check` is not content
};
void truth_add(struct truth *sum, const struct truth *more);

/* Looks at the county while nobody orders. `wants` as known before. What is wrong is told on stdout
 * as TAP comments. */
void truth_look(const struct rig *rig, const struct want *wants, size_t count, struct truth *out);

/* Pieces of a SKU that can still be had, and those that orders have; false: no answer (busy). */
bool truth_stock(const struct rig *rig, const char *code, int64_t *left, int64_t *sold);
/* Orders, postings and holds in one number that changes with any of them. */
int64_t truth_fingerprint(const struct rig *rig);
#endif
