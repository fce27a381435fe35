/* extract.h - the two forms of an OpenStreetMap extract, element by element.
 *
 * Both readers take any bytes without harm: every length, index and number is checked before it is
 * used. (libreadosm, which does the same work, follows wild pointers where an attribute is missing
 * or a string's number is out of range, so it can't be given what a stranger uploads.) */
#ifndef CUNHUO_ROAD_EXTRACT_H
#define CUNHUO_ROAD_EXTRACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "road/facts.h"

enum member_kind { MEMBER_NODE, MEMBER_WAY, MEMBER_RELATION };
struct member { int64_t id; enum member_kind kind; const char *role; };

/* Who takes the elements. What is passed is gone after the call. False: stop. */
struct sink {
    void *user;
    bool (*node)(void *user, int64_t id, double lat, double lon, struct tags tags);
    bool (*way)(void *user, int64_t id, const int64_t *refs, size_t count, struct tags tags);
    bool (*relation)(void *user, int64_t id, const struct member *members, size_t count,
                     struct tags tags);
};

enum reading { READ_WHOLE, READ_DAMAGED, READ_STOPPED, READ_NO_MEMORY };

enum reading pbf_read(FILE *file, const struct sink *sink);
/* Plain or packed by gzip; `fd` is taken over and closed. */
enum reading xml_read(int fd, const struct sink *sink);
#endif
