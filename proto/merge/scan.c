// SPDX-License-Identifier: Apache-2.0
/*
 * Counting and stepping over scalars in valid UTF-8, in blocks.
 *
 * A block of 64 bytes is counted with SSE2 (always there on x86-64), elsewhere eight bytes at a
 * time in one word. A step by a number of scalars takes whole blocks while they fit, then single
 * bytes; a block is small enough that the tail stays cheap.
 */
#include "scan.h"

#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#define BLOCK 64u /* bytes of one step in forward and backward */

static inline size_t is_start(uint8_t byte)
{
    return (byte & 0xc0u) != 0x80u;
}

#if defined(__SSE2__)

/* Scalars that start in the 64 bytes at p. */
static inline size_t count_block(const uint8_t *p)
{
    const __m128i limit = _mm_set1_epi8(-65); /* continuation bytes are -128..-65 as signed */
    __m128i sum = _mm_setzero_si128();
    for (unsigned i = 0; i < BLOCK; i += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(p + i));
        sum = _mm_sub_epi8(sum, _mm_cmpgt_epi8(v, limit));
    }
    sum = _mm_sad_epu8(sum, _mm_setzero_si128());
    return (size_t)_mm_cvtsi128_si32(sum) + (size_t)_mm_extract_epi16(sum, 4);
}

#else

static inline size_t count_block(const uint8_t *p)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t sum = 0; /* eight counters of 0..8 */
    for (unsigned i = 0; i < BLOCK; i += 8) {
        uint64_t w;
        memcpy(&w, p + i, 8);
        sum += ~((w >> 7) & ~(w >> 6)) & ones;
    }
    return (size_t)((sum * ones) >> 56);
}

#endif

size_t scan_count(const uint8_t *p, size_t n)
{
    size_t chars = 0;
    size_t i = 0;
    for (; n - i >= BLOCK; i += BLOCK)
        chars += count_block(p + i);
    for (; i < n; i++)
        chars += is_start(p[i]);
    return chars;
}

size_t scan_forward(const uint8_t *p, size_t n, size_t chars)
{
    size_t i = 0;
    while (n - i >= BLOCK) {
        size_t c = count_block(p + i);
        if (c > chars)
            break;
        chars -= c;
        i += BLOCK;
    }
    /* Here i may stand inside a scalar that started before; its rest belongs to what is counted. */
    for (; i < n; i++) {
        if (!is_start(p[i]))
            continue;
        if (chars == 0)
            break;
        chars--;
    }
    return i;
}

size_t scan_backward(const uint8_t *p, size_t n, size_t chars)
{
    size_t i = n;
    while (i >= BLOCK) {
        size_t c = count_block(p + i - BLOCK);
        if (c > chars)
            break;
        chars -= c;
        i -= BLOCK;
    }
    while (i > 0 && chars > 0) {
        i--;
        chars -= is_start(p[i]);
    }
    /* After whole blocks only, i may stand behind the start of a scalar cut in two by the edge of a
     * block. That scalar was not counted: it stays in front. */
    while (i < n && !is_start(p[i]))
        i++;
    return n - i;
}
