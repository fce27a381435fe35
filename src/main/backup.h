/* backup.h - copies of a county, and the way back.
 *
 * A copy (备份) is a folder with the county's database and roads as of one instant. It gets its name
 * only when it is whole and verified, so that a power cut leaves no half one that looks like one.
 * The note FOLDER/last-backup says when the last one was made; its time of change is what counts
 * (cunhuo doctor). A county in PostgreSQL is copied and restored by PostgreSQL's tools. */
#ifndef CUNHUO_MAIN_BACKUP_H
#define CUNHUO_MAIN_BACKUP_H

#include <stdint.h>
#include "base/status.h"

enum { PATH_BYTES = 4096 };

struct backup_made { int64_t bytes, ms; };

/* Copies the county in `folder`, served or not, into the new folder `copy`, and verifies the copy.
 * INVALID: the folder is there already, or the copy is damaged. */
MUST_USE enum status backup_make(const char *folder, const char *copy, struct backup_made *out,
                                 struct err *err);

/* Writes FOLDER/last-backup. What goes wrong is told on stderr: the copy is there all the same. */
void backup_note(const char *folder, const char *copy, const struct backup_made *made);

/* Puts `copy` in the place of `folder`: copied beside it, every invariant checked, then exchanged
 * in one step. What was in `folder` is kept beside it: `kept` says where, "" if there was nothing.
 * INVALID: no whole copy, or one that is not sound. BUSY: the county is being served. */
MUST_USE enum status backup_restore(const char *copy, const char *folder, char kept[PATH_BYTES],
                                    struct err *err);

/* Removes a copy: its files, and the folder if nothing else is in it. */
void backup_remove(const char *folder);

/* Verifies every invariant of a county, and prints its counts (cunhuo check). INVALID. */
MUST_USE enum status check_county(const char *folder, struct err *err);
#endif
