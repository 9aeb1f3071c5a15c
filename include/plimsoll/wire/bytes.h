// SPDX-License-Identifier: Apache-2.0
/*
 * A byte range inside a message, borrowed: from the arena after a decode, from the caller for an
 * encode.
 */
#ifndef PLIMSOLL_WIRE_BYTES_H
#define PLIMSOLL_WIRE_BYTES_H

#include <stddef.h>
#include <stdint.h>

struct pl_bytes { /* borrowed */
    const uint8_t *p;
    size_t n;
};

#endif
