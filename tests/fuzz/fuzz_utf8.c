// SPDX-License-Identifier: Apache-2.0
/*
 * UTF-8 against a naive reference: a decoder written from the definition (a code point, its
 * shortest form, not a surrogate), a byte at a time. Any difference aborts.
 */
#include <string.h>

#include "plimsoll/base/err.h"
#include "plimsoll/base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Decodes by the definition; 0 when the bytes are not UTF-8. */
static size_t naive(const uint8_t *p, size_t left, uint32_t *c)
{
    size_t len = p[0] < 0x80       ? 1
                 : p[0] >> 5 == 6  ? 2
                 : p[0] >> 4 == 14 ? 3
                 : p[0] >> 3 == 30 ? 4
                                   : 0;
    static const uint32_t first[] = {0, 0, 0x80, 0x800, 0x10000};
    if (len == 0 || len > left)
        return 0;
    *c = len == 1 ? p[0] : p[0] & (0xFFu >> (len + 1));
    for (size_t i = 1; i < len; i++) {
        if (p[i] >> 6 != 2)
            return 0;
        *c = *c << 6 | (p[i] & 0x3Fu);
    }
    if (*c < first[len] || *c > 0x10FFFF || *c >> 11 == 27)
        return 0;
    return len;
}

static bool naive_clean(uint32_t c)
{
    if (c < 0x20)
        return c == '\n' || c == '\t';
    return !(c >= 0x7F && c <= 0x9F) && !(c >= 0x202A && c <= 0x202E) &&
           !(c >= 0x2066 && c <= 0x2069);
}

/* Counting and offsets, for valid text. */
static void check_positions(const uint8_t *data, size_t n, size_t count)
{
    size_t at = 0;
    PL_ASSERT(pl_utf8_count(data, n) == count);
    for (size_t i = 0; i < count; i++) {
        uint32_t c = 0;
        uint32_t d = 1;
        uint8_t back[4];
        size_t len = naive(data + at, n - at, &c);
        if (i % 7 == 0 || count < 64)
            PL_ASSERT(pl_utf8_offset(data, n, i) == at);
        PL_ASSERT(pl_utf8_decode(data + at, data + n, &d) == len && c == d);
        PL_ASSERT(pl_utf8_encode(c, back) == len && memcmp(back, data + at, len) == 0);
        at += len;
    }
    PL_ASSERT(pl_utf8_offset(data, n, count) == n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    bool valid = true;
    bool clean = true;
    size_t bad_at = 0;
    size_t got_at = 0;
    size_t count = 0;
    for (size_t i = 0; i < n && valid; count++) {
        uint32_t c = 0;
        size_t len = naive(data + i, n - i, &c);
        if ((len == 0 || !naive_clean(c)) && clean) {
            clean = false;
            bad_at = i;
        }
        valid = len != 0;
        i += len;
    }
    PL_ASSERT(pl_utf8_is_valid(data, n) == valid);
    PL_ASSERT(pl_utf8_is_clean(data, n, &got_at) == clean);
    PL_ASSERT(clean || got_at == bad_at);
    if (valid)
        check_positions(data, n, count);
    return 0;
}
