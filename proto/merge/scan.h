// SPDX-License-Identifier: Apache-2.0
/*
 * Walking over valid UTF-8 by scalars: the inner loops of the text and of the ops.
 *
 * A scalar starts at every byte that is not a continuation byte (10xxxxxx), so counting needs no
 * decoding and goes a machine word, or an SSE2 register, at a time. All functions trust their
 * input: it has been checked at the edge (base/utf8.h).
 */
#ifndef PLIMSOLL_MERGE_SCAN_H
#define PLIMSOLL_MERGE_SCAN_H

#include <stddef.h>
#include <stdint.h>

/* Number of scalars in n bytes. */
size_t scan_count(const uint8_t *p, size_t n);

/* Bytes taken by the first `chars` scalars of p[0, n); n if there are no more than that. */
size_t scan_forward(const uint8_t *p, size_t n, size_t chars);

/* Bytes taken by the last `chars` scalars of p[0, n); n if there are no more than that. */
size_t scan_backward(const uint8_t *p, size_t n, size_t chars);

/* Length of the scalar whose first byte is `lead`. */
static inline size_t scan_lead_len(uint8_t lead)
{
    if (lead < 0x80)
        return 1;
    return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

/* Bytes of the first `chars` scalars of `n` bytes that hold at least as many: the short cuts for
 * what nearly every op is (the whole rest in ASCII, or one scalar), then the scan. */
static inline size_t scan_prefix(const uint8_t *p, size_t n, size_t chars)
{
    if (chars == n)
        return n;
    if (chars == 1)
        return scan_lead_len(p[0]);
    return scan_forward(p, n, chars);
}

#endif
