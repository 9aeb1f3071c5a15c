// SPDX-License-Identifier: Apache-2.0
/*
 * The reader of audit leaves on any bytes. What it takes has one form: writing it again gives the
 * same bytes, and every field that it lists can be found.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "plimsoll/tlog/leaf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pl_leaf leaf;
    struct pl_err e;
    struct pl_buf again;
    if (pl_leaf_decode(data, size, &leaf, &e) != 0) {
        PL_ASSERT(e.code == PL_E_INVALID);
        return 0;
    }
    pl_buf_init(&again, PL_LEAF_MAX);
    PL_ASSERT(pl_leaf_encode(&leaf, &again, &e) == 0);
    PL_ASSERT(again.len == size && memcmp(again.data, data, size) == 0);
    pl_buf_release(&again);
    const uint8_t *p;
    size_t n;
    unsigned found = 0;
    for (unsigned tag = 0; tag <= UINT16_MAX; tag++) {
        found += pl_leaf_field(&leaf, (uint16_t)tag, &p, &n) ? 1 : 0;
    }
    PL_ASSERT(found == leaf.n_fields);
    return 0;
}
