/* fault.h - a disk that fails when a test says so: an SQLite VFS that sits on the machine's own.
 * Linked into tests only. Every file of a county opened after fault_start goes through it. */
#ifndef CUNHUO_DB_FAULT_H
#define CUNHUO_DB_FAULT_H

#include <stdbool.h>

enum fault_call { FAULT_WRITE, FAULT_SYNC, FAULT_READ, FAULT_TRUNCATE, FAULT_CALLS };

/* From now on counties are opened on this disk (fault_end: on the machine's own again). */
void fault_start(void);
void fault_end(void);

/* The n-th call of this kind from now on (1: the next) answers `code`, an SQLITE_ number; if
 * `stuck` so do all that follow. n = 0: the disk is well again. */
void fault_at(enum fault_call call, int n, int code, bool stuck);

/* How many calls of this kind there were since fault_at. */
int fault_count(enum fault_call call);
#endif
