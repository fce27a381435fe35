/* improve.h - the background run that makes tonight's live plan better while orders come in.
 *
 * Every so many changes it copies the live plan, lets the optimiser work on it for a second at low
 * priority, and swaps the result in if it carries everything that has been promised since. */
#ifndef CUNHUO_BUS_IMPROVE_H
#define CUNHUO_BUS_IMPROVE_H

#include "base/status.h"

struct bus;
struct improver;

MUST_USE enum status improver_start(struct bus *bus, struct improver **out);
void improver_stop(struct improver *improver);   // NULL is fine
#endif
