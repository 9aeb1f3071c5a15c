// SPDX-License-Identifier: Apache-2.0
/*
 * Names of files that somebody else has chosen: shown to people and used as the last part of a
 * path.
 */
#include <string.h>

#include "plimsoll/base/err.h"
#include "plimsoll/base/utf8.h"

static bool is_dropped(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x061c || c == 0x200b || c == 0x200e ||
           c == 0x200f || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) ||
           c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) || (c >= 0xe0000 && c <= 0xe007f);
}

static const char *last_part(const char *in, size_t *n)
{
    const char *from = in;
    for (size_t i = 0; i < *n; i++)
        if (in[i] == '/' || in[i] == '\\')
            from = in + i + 1;
    *n -= (size_t)(from - in);
    return from;
}

size_t pl_file_name_safe(const char *in, size_t n, size_t chars, char *out, size_t cap)
{
    size_t len = 0;
    size_t count = 0;
    PL_ASSERT(cap >= 8);
    const uint8_t *p = (const uint8_t *)last_part(in, &n);
    const uint8_t *end = p + n;
    while (p < end && count < chars) {
        uint32_t c = 0;
        uint8_t enc[4];
        p += pl_utf8_decode(p, end, &c);
        if (is_dropped(c))
            continue;
        if (len == 0 && (c == '.' || c == '-' || c == ' '))
            c = '_';
        size_t k = pl_utf8_encode(c, enc);
        if (len + k >= cap)
            break;
        memcpy(out + len, enc, k);
        len += k;
        count++;
    }
    while (len > 0 && (out[len - 1] == '.' || out[len - 1] == ' '))
        len--;
    if (len == 0) {
        memcpy(out, "file", 4);
        len = 4;
    }
    out[len] = '\0';
    return len;
}
