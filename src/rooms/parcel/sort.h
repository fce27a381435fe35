/* sort.h - to which village an address goes (分拣到村), and whether that is sure.
 *
 * People write 浙江省衢州市开化县池淮镇路口村3组12号, but also 池淮路口, a nickname that only the village
 * knows, or another county's village. An address is squeezed (no spaces, no punctuation, small
 * letters), its part up to the county's name cut off, and every village ranked by what it finds of
 * itself in the rest:
 *
 *   6  township in full, the village in full right behind it, or the village's official code
 *   5  township in full and the village in full further on; or one of the two shortened, adjacent
 *   4  township shortened and the village in full further on; or both shortened, adjacent
 *   3  the village in full, no township
 *   2  a township, and the village shortened further on
 *   1  the village shortened only, or the village in full under a township that is not its own
 *
 * Shortened is without 村, 社区, 镇, 乡, 街道, 办事处, and has two characters at least. A find that lies
 * within a longer village's name is no find (塘村 in 徐塘村). Sure is who alone has the best rank, if
 * that is 3 or more; among several, or below, the receiver's own village, if it is one of those
 * found. All else is for a person to say. Takes some 20 microseconds for 255 villages. */
#ifndef CUNHUO_PARCEL_SORT_H
#define CUNHUO_PARCEL_SORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/status.h"

struct arena;

struct village {
    int64_t id;
    const char *code, *name, *township;   // code may be NULL
    int64_t township_id;
};

struct gazetteer;

/* `villages` of one county, copied into the arena. `county` is its name (开化县). BROKEN: no memory.
 */
MUST_USE enum status gazetteer_make(struct arena *arena, const char *county,
                                    const struct village *villages, size_t count,
                                    struct gazetteer **out);
const struct village *gazetteer_village(const struct gazetteer *gazetteer, int64_t village_id);
const struct village *gazetteer_by_code(const struct gazetteer *gazetteer, const char *code);

/* What else people call a village (小名): counts as its name in full. Squeezed by address_squeeze. */
struct nickname { const char *name; int64_t village_id; };

enum sort_why { SORT_SURE, SORT_NOTHING, SORT_SEVERAL, SORT_WEAK, SORT_TOWNSHIP, SORT_ELSEWHERE };
const char *sort_why_name(enum sort_why why);   // "several"
const char *sort_why_text(enum sort_why why);   // msgid

enum { CANDIDATES_MAX = 5 };
struct sorted {
    enum sort_why why;
    int64_t village_id;       // 0 unless it is sure
    int64_t candidates[CANDIDATES_MAX];   // best first, for the person who says
    size_t count;
};

/* `home_id`: the village where the receiver is known to live; 0: not known. */
MUST_USE enum status sort_address(const struct gazetteer *gazetteer,
                                  const struct nickname *nicknames, size_t nickname_count,
                                  struct arena *arena, const char *address, int64_t home_id,
                                  struct sorted *out);

/* An address as it is compared. NULL: no memory. */
MUST_USE char *address_squeeze(struct arena *arena, const char *address);
/* What of an address is worth learning: squeezed, without county and house numbers; "" is
 * nothing. */
MUST_USE char *address_key(const struct gazetteer *gazetteer, struct arena *arena,
                           const char *address);
#endif
