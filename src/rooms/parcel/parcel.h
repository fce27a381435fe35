/* parcel.h - parcels of every courier (快递进村): what the house and other rooms may know of them.
 *
 * A courier (快递公司) is an organisation whose parcels the county's buses carry to the villages. It
 * hands in files in a layout of its own (docs/import.md). Its waybill numbers (运单号) are kept: a
 * number is once in the county for each courier. */
#ifndef CUNHUO_PARCEL_PARCEL_H
#define CUNHUO_PARCEL_PARCEL_H

#include <stdint.h>
#include "base/status.h"

struct tx;

struct courier {
    int64_t party_id;         // the organisation
    const char *short_name;   // "shanxi": how its people and programs call it, once in the county
    int64_t layout;           // of its files: 1 .. 5
};

/* For importers. INVALID: no short name, no such layout. CONFLICT: the short name or the
 * organisation is a courier already. */
MUST_USE enum status parcel_courier_add(struct tx *tx, const struct courier *courier,
                                        struct err *err);
#endif
