/* bare.h - the limit that the shop's orders are measured against: SQLite alone, the same rows. */
#ifndef CUNHUO_BENCH_BARE_H
#define CUNHUO_BENCH_BARE_H

#include <stddef.h>
#include <stdint.h>

struct bare { double orders_per_s; int64_t p50_us, p99_us; };   // of a commit

/* Writes `orders` orders of three lines into the county file at `path`, which no server has open,
 * `batch` to a commit: the rows that the shop writes for an order that is paid at once (order,
 * lines, consignment, stock, postings, answer), with its schema, indexes and settings, and nothing
 * but prepared statements of SQLite. */
struct bare bare_orders(const char *path, size_t orders, size_t batch);
#endif
