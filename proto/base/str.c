// SPDX-License-Identifier: Apache-2.0
/*
 * Bounded copies, strict numbers, hexadecimal and Crockford base 32, nearness of words. The one
 * place where text becomes a number. Unicode folding is in fold.c.
 */
#include "plimsoll/base/str.h"

#include <string.h>

size_t pl_strlcpy(char *dst, const char *src, size_t size)
{
    size_t len = strlen(src);
    if (size > 0) {
        size_t n = len < size ? len : size - 1;
        memcpy(dst, src, n);
        dst[n] = '\0';
    }
    return len;
}

size_t pl_strlcat(char *dst, const char *src, size_t size)
{
    size_t used = strnlen(dst, size);
    return used + pl_strlcpy(dst + used, src, size - used);
}

bool pl_str_eq(const char *a, const char *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    return strcmp(a, b) == 0;
}

bool pl_str_starts(const char *s, const char *part)
{
    return strncmp(s, part, strlen(part)) == 0;
}

bool pl_str_ends(const char *s, const char *part)
{
    size_t n = strlen(s);
    size_t m = strlen(part);
    return m <= n && memcmp(s + n - m, part, m) == 0;
}

char pl_ascii_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

int pl_strcasecmp(const char *a, const char *b)
{
    for (;; a++, b++) {
        unsigned char x = (unsigned char)pl_ascii_lower(*a);
        unsigned char y = (unsigned char)pl_ascii_lower(*b);
        if (x != y)
            return x < y ? -1 : 1;
        if (x == '\0')
            return 0;
    }
}

int pl_parse_u64n(const char *s, size_t n, uint64_t *out)
{
    uint64_t v = 0;
    if (n == 0)
        return -PL_E_INVALID;
    for (size_t i = 0; i < n; i++) {
        if (s[i] < '0' || s[i] > '9')
            return -PL_E_INVALID;
        unsigned digit = (unsigned)(s[i] - '0');
        if (v > (UINT64_MAX - digit) / 10)
            return -PL_E_INVALID;
        v = v * 10 + digit;
    }
    *out = v;
    return 0;
}

int pl_parse_u64(const char *s, uint64_t *out)
{
    return pl_parse_u64n(s, strlen(s), out);
}

int pl_parse_i64(const char *s, int64_t *out)
{
    bool negative = *s == '-';
    uint64_t v;
    int rc = pl_parse_u64(negative ? s + 1 : s, &v);
    if (rc < 0)
        return rc;
    if (v > (uint64_t)INT64_MAX + (negative ? 1 : 0))
        return -PL_E_INVALID;
    *out = negative ? (int64_t)(0 - v) : (int64_t)v;
    return 0;
}

#define WORD_MAX 63u

static size_t min3(size_t a, size_t b, size_t c)
{
    size_t m = a < b ? a : b;
    return m < c ? m : c;
}

size_t pl_str_distance(const char *a, const char *b)
{
    size_t rows[3][WORD_MAX + 1];
    size_t n = strnlen(a, WORD_MAX);
    size_t m = strnlen(b, WORD_MAX);
    for (size_t j = 0; j <= m; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i + 2) % 3];
        const size_t *above2 = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            char x = pl_ascii_lower(a[i - 1]);
            char y = pl_ascii_lower(b[j - 1]);
            row[j] = min3(above[j] + 1, row[j - 1] + 1, above[j - 1] + (x != y));
            bool swapped =
                i > 1 && j > 1 && x == pl_ascii_lower(b[j - 2]) && pl_ascii_lower(a[i - 2]) == y;
            if (swapped && above2[j - 2] + 1 < row[j])
                row[j] = above2[j - 2] + 1;
        }
    }
    return rows[n % 3][m];
}

bool pl_str_is_near(const char *word, const char *candidate)
{
    size_t longer = strlen(word);
    if (strlen(candidate) > longer)
        longer = strlen(candidate);
    return pl_str_distance(word, candidate) <= (longer < 5 ? 1 : longer < 9 ? 2 : 3);
}

void pl_hex_encode(const void *bytes, size_t n, char *out)
{
    static const char hex[] = "0123456789abcdef";
    const uint8_t *p = bytes;
    for (size_t i = 0; i < n; i++) {
        *out++ = hex[p[i] >> 4];
        *out++ = hex[p[i] & 15];
    }
    *out = '\0';
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = pl_ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int pl_hex_decode(const char *s, size_t n, void *out, size_t out_size)
{
    uint8_t *p = out;
    if (n % 2 != 0 || n / 2 != out_size)
        return -PL_E_INVALID;
    for (size_t i = 0; i < out_size; i++) {
        int high = hex_value(s[2 * i]);
        int low = hex_value(s[2 * i + 1]);
        if (high < 0 || low < 0)
            return -PL_E_INVALID;
        p[i] = (uint8_t)(high << 4 | low);
    }
    return 0;
}

static const char b32[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

void pl_b32_encode(const void *bytes, size_t n, char *out)
{
    const uint8_t *p = bytes;
    unsigned acc = 0;
    unsigned bits = 0;
    for (size_t i = 0; i < n; i++) {
        acc = (acc << 8 | p[i]) & 0xFFF; /* at most 4 bits are left over from before */
        bits += 8;
        while (bits >= 5) {
            bits -= 5;
            *out++ = b32[acc >> bits & 31];
        }
    }
    if (bits > 0)
        *out++ = b32[acc << (5 - bits) & 31];
    *out = '\0';
}

static int b32_value(char c)
{
    c = (char)(c >= 'a' && c <= 'z' ? c - ('a' - 'A') : c);
    if (c == 'O')
        return 0;
    if (c == 'I' || c == 'L')
        return 1;
    const char *at = c != '\0' ? strchr(b32, c) : NULL;
    return at != NULL ? (int)(at - b32) : -1;
}

int pl_b32_decode(const char *s, size_t n, void *out, size_t out_size)
{
    uint8_t *p = out;
    size_t done = 0;
    size_t chars = 0;
    unsigned acc = 0;
    unsigned bits = 0;
    for (size_t i = 0; i < n; i++) {
        if (s[i] == '-')
            continue;
        int v = b32_value(s[i]);
        if (v < 0)
            return -PL_E_INVALID;
        chars++;
        acc = (acc << 5 | (unsigned)v) & 0xFFF;
        bits += 5;
        if (bits >= 8) {
            if (done == out_size)
                return -PL_E_INVALID;
            bits -= 8;
            p[done++] = (uint8_t)(acc >> bits);
        }
    }
    bool padding_is_zero = (acc & ((1u << bits) - 1)) == 0;
    if (done != out_size || chars != PL_B32_LEN(out_size) || !padding_is_zero)
        return -PL_E_INVALID;
    return 0;
}
