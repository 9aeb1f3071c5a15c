// SPDX-License-Identifier: Apache-2.0
/*
 * UTF-8: validation, counting and offsets, eight bytes at a time where the text is ASCII (and for
 * counting always), because every edit and every replayed operation passes through here. The
 * strict decoder follows the table of well-formed sequences, Unicode 15 table 3-7. Fuzzed against
 * a naive decoder (tests/fuzz/fuzz_utf8.c).
 */
#include "plimsoll/base/utf8.h"

#include <string.h>

#define ONES  UINT64_C(0x0101010101010101)
#define HIGHS UINT64_C(0x8080808080808080)

static uint64_t load8(const uint8_t *p)
{
    uint64_t x;
    memcpy(&x, p, sizeof x);
    return x;
}

static bool is_tail(uint8_t b)
{
    return (b & 0xC0) == 0x80;
}

/* Length of the well-formed sequence of 2-4 bytes at p, or 0. */
static size_t sequence(const uint8_t *p, size_t left, uint32_t *scalar)
{
    uint8_t lead = p[0];
    if (lead < 0xC2 || lead > 0xF4)
        return 0;
    if (lead < 0xE0) {
        if (left < 2 || !is_tail(p[1]))
            return 0;
        *scalar = (lead & 0x1Fu) << 6 | (p[1] & 0x3Fu);
        return 2;
    }
    if (lead < 0xF0) {
        uint8_t low = lead == 0xE0 ? 0xA0 : 0x80;
        uint8_t high = lead == 0xED ? 0x9F : 0xBF;
        if (left < 3 || p[1] < low || p[1] > high || !is_tail(p[2]))
            return 0;
        *scalar = (lead & 0x0Fu) << 12 | (p[1] & 0x3Fu) << 6 | (p[2] & 0x3Fu);
        return 3;
    }
    uint8_t low = lead == 0xF0 ? 0x90 : 0x80;
    uint8_t high = lead == 0xF4 ? 0x8F : 0xBF;
    if (left < 4 || p[1] < low || p[1] > high || !is_tail(p[2]) || !is_tail(p[3]))
        return 0;
    *scalar = (lead & 0x07u) << 18 | (p[1] & 0x3Fu) << 12 | (p[2] & 0x3Fu) << 6 | (p[3] & 0x3Fu);
    return 4;
}

bool pl_utf8_is_valid(const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    size_t i = 0;
    while (i < n) {
        if (n - i >= 8 && (load8(p + i) & HIGHS) == 0) {
            i += 8;
            continue;
        }
        if (p[i] < 0x80) {
            i++;
            continue;
        }
        uint32_t scalar;
        size_t len = sequence(p + i, n - i, &scalar);
        if (len == 0)
            return false;
        i += len;
    }
    return true;
}

/* May this scalar beyond ASCII stand in a document? */
static bool is_clean_scalar(uint32_t c)
{
    return c >= 0xA0 && !(c >= 0x202A && c <= 0x202E) && !(c >= 0x2066 && c <= 0x2069);
}

/* True when all eight bytes are printable ASCII. False also for \n and \t: look closer. */
static bool is_plain8(uint64_t x)
{
    uint64_t below_20 = (x - 0x20 * ONES) & ~x;
    uint64_t y = x ^ 0x7F * ONES;
    uint64_t is_7f = (y - ONES) & ~y;
    return ((x | below_20 | is_7f) & HIGHS) == 0;
}

bool pl_utf8_is_clean(const void *bytes, size_t n, size_t *bad_at)
{
    const uint8_t *p = bytes;
    size_t i = 0;
    while (i < n) {
        if (n - i >= 8 && is_plain8(load8(p + i))) {
            i += 8;
            continue;
        }
        uint8_t b = p[i];
        if ((b >= 0x20 && b < 0x7F) || b == '\n' || b == '\t') {
            i++;
            continue;
        }
        uint32_t scalar = 0;
        size_t len = b >= 0x80 ? sequence(p + i, n - i, &scalar) : 0;
        if (len == 0 || !is_clean_scalar(scalar)) {
            if (bad_at != NULL)
                *bad_at = i;
            return false;
        }
        i += len;
    }
    return true;
}

/* A 1 in each byte of x that continues a sequence. */
static uint64_t tails(uint64_t x)
{
    return (x >> 7) & ~(x >> 6) & ONES;
}

/* Sum of the eight bytes, each at most 31. */
static size_t sum_bytes(uint64_t x)
{
    return (size_t)((x * ONES) >> 56);
}

size_t pl_utf8_count(const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    size_t i = 0;
    size_t tail_count = 0;
    while (n - i >= 8) {
        /* up to 31 words side by side: a sum of eight bytes of 31 fits in a byte */
        size_t words = (n - i) / 8;
        if (words > 31)
            words = 31;
        uint64_t sums = 0;
        for (size_t w = 0; w < words; w++)
            sums += tails(load8(p + i + 8 * w));
        tail_count += sum_bytes(sums);
        i += 8 * words;
    }
    for (; i < n; i++)
        tail_count += is_tail(p[i]);
    return n - tail_count;
}

size_t pl_utf8_offset(const void *bytes, size_t n, size_t index)
{
    const uint8_t *p = bytes;
    size_t i = 0;
    while (n - i >= 8) {
        size_t starts = 8 - sum_bytes(tails(load8(p + i)));
        if (index < starts)
            break;
        index -= starts;
        i += 8;
    }
    for (; i < n; i++) {
        if (is_tail(p[i]))
            continue;
        if (index == 0)
            return i;
        index--;
    }
    return n;
}

size_t pl_utf8_decode(const uint8_t *p, const uint8_t *end, uint32_t *scalar)
{
    if (*p < 0x80) {
        *scalar = *p;
        return 1;
    }
    size_t len = sequence(p, (size_t)(end - p), scalar);
    if (len > 0)
        return len;
    *scalar = 0xFFFD;
    return 1;
}

size_t pl_utf8_encode(uint32_t scalar, uint8_t out[4])
{
    if (scalar > 0x10FFFF || (scalar >= 0xD800 && scalar <= 0xDFFF))
        scalar = 0xFFFD;
    if (scalar < 0x80) {
        out[0] = (uint8_t)scalar;
        return 1;
    }
    if (scalar < 0x800) {
        out[0] = (uint8_t)(0xC0 | scalar >> 6);
        out[1] = (uint8_t)(0x80 | (scalar & 0x3F));
        return 2;
    }
    if (scalar < 0x10000) {
        out[0] = (uint8_t)(0xE0 | scalar >> 12);
        out[1] = (uint8_t)(0x80 | (scalar >> 6 & 0x3F));
        out[2] = (uint8_t)(0x80 | (scalar & 0x3F));
        return 3;
    }
    out[0] = (uint8_t)(0xF0 | scalar >> 18);
    out[1] = (uint8_t)(0x80 | (scalar >> 12 & 0x3F));
    out[2] = (uint8_t)(0x80 | (scalar >> 6 & 0x3F));
    out[3] = (uint8_t)(0x80 | (scalar & 0x3F));
    return 4;
}
