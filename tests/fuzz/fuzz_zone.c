// SPDX-License-Identifier: Apache-2.0
/*
 * The reader of time zone files on any bytes; what it takes answers for every moment.
 */
#include <stddef.h>
#include <stdint.h>

#include "plimsoll/base/zone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int64_t moments[] = {INT64_MIN, -1, 0, 1, INT64_C(1761438600000000), INT64_MAX};
    struct pl_err e;
    struct pl_zone *z = pl_zone_parse(data, size, &e);
    if (z == NULL) {
        PL_ASSERT(e.code == PL_E_INVALID);
        return 0;
    }
    for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]); i++) {
        enum pl_zone_hour h = pl_zone_hour(z, moments[i]);
        PL_ASSERT(h == PL_ZONE_PLAIN || h == PL_ZONE_REPEATED || h == PL_ZONE_SKIPPED);
    }
    pl_zone_free(z);
    return 0;
}
