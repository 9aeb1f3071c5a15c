// SPDX-License-Identifier: Apache-2.0
/*
 * The growing buffer and the bounded reader. Capacity doubles, never beyond the limit, and one
 * byte more than the capacity is always allocated, so that a NUL fits behind any content.
 */
#include "plimsoll/base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"

#define CAP_MIN 64u

void pl_buf_init(struct pl_buf *b, size_t max)
{
    b->data = NULL;
    b->len = 0;
    b->cap = 0;
    b->max = max;
}

void pl_buf_release(struct pl_buf *b)
{
    free(b->data);
    b->data = NULL;
    b->len = 0;
    b->cap = 0;
}

void pl_buf_clear(struct pl_buf *b)
{
    b->len = 0;
}

/* Makes the capacity at least len + n. */
static int grow(struct pl_buf *b, size_t n)
{
    if (b->len > b->max || n > b->max - b->len)
        return -PL_E_LIMIT;
    size_t need = b->len + n;
    if (b->data != NULL && need <= b->cap)
        return 0;
    size_t cap = b->cap > b->max / 2 ? b->max : b->cap * 2;
    if (cap < CAP_MIN)
        cap = b->max < CAP_MIN ? b->max : CAP_MIN;
    if (cap < need)
        cap = need;
    if (cap == SIZE_MAX)
        return -PL_E_LIMIT;
    uint8_t *data = realloc(b->data, cap + 1);
    if (data == NULL)
        return -PL_E_LIMIT;
    b->data = data;
    b->cap = cap;
    return 0;
}

uint8_t *pl_buf_reserve(struct pl_buf *b, size_t n)
{
    if (grow(b, n) < 0)
        return NULL;
    return b->data + b->len;
}

int pl_buf_add(struct pl_buf *b, const void *bytes, size_t n)
{
    if (n == 0)
        return 0;
    int rc = grow(b, n);
    if (rc < 0)
        return rc;
    memcpy(b->data + b->len, bytes, n);
    b->len += n;
    return 0;
}

int pl_buf_add_byte(struct pl_buf *b, uint8_t byte)
{
    int rc = grow(b, 1);
    if (rc < 0)
        return rc;
    b->data[b->len++] = byte;
    return 0;
}

int pl_buf_add_str(struct pl_buf *b, const char *s)
{
    return pl_buf_add(b, s, strlen(s));
}

int pl_buf_printf(struct pl_buf *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n < 0)
        return -PL_E_LIMIT;
    int rc = grow(b, (size_t)n);
    if (rc < 0)
        return rc;
    va_start(ap, fmt);
    n = vsnprintf((char *)b->data + b->len, (size_t)n + 1, fmt, ap);
    va_end(ap);
    if (n < 0)
        return -PL_E_LIMIT;
    b->len += (size_t)n;
    return 0;
}

void pl_buf_consume(struct pl_buf *b, size_t n)
{
    PL_ASSERT(n <= b->len);
    if (n == 0)
        return;
    memmove(b->data, b->data + n, b->len - n);
    b->len -= n;
}

char *pl_buf_steal(struct pl_buf *b, size_t *len)
{
    char *out = b->data != NULL ? (char *)b->data : pl_xmalloc(1);
    out[b->len] = '\0';
    if (len != NULL)
        *len = b->len;
    b->data = NULL;
    b->len = 0;
    b->cap = 0;
    return out;
}

int pl_buf_add_varint(struct pl_buf *b, uint64_t v)
{
    uint8_t bytes[10];
    size_t n = 0;
    while (v >= 0x80) {
        bytes[n++] = (uint8_t)(v | 0x80);
        v >>= 7;
    }
    bytes[n++] = (uint8_t)v;
    return pl_buf_add(b, bytes, n);
}

int pl_buf_add_u32be(struct pl_buf *b, uint32_t v)
{
    uint8_t bytes[4] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};
    return pl_buf_add(b, bytes, sizeof bytes);
}

int pl_buf_add_u64be(struct pl_buf *b, uint64_t v)
{
    uint8_t bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(v >> (56 - 8 * i));
    return pl_buf_add(b, bytes, sizeof bytes);
}

void pl_reader_init(struct pl_reader *r, const void *bytes, size_t n)
{
    static const uint8_t nothing[1];
    r->p = n > 0 ? bytes : nothing;
    r->end = r->p + n;
    r->bad = 0;
}

size_t pl_reader_left(const struct pl_reader *r)
{
    return (size_t)(r->end - r->p);
}

const uint8_t *pl_read_bytes(struct pl_reader *r, size_t n)
{
    if (r->bad || n > pl_reader_left(r)) {
        r->bad = 1;
        return NULL;
    }
    const uint8_t *p = r->p;
    r->p += n;
    return p;
}

uint8_t pl_read_u8(struct pl_reader *r)
{
    const uint8_t *p = pl_read_bytes(r, 1);
    return p != NULL ? *p : 0;
}

static uint64_t read_be(struct pl_reader *r, size_t n)
{
    const uint8_t *p = pl_read_bytes(r, n);
    uint64_t v = 0;
    for (size_t i = 0; p != NULL && i < n; i++)
        v = v << 8 | p[i];
    return v;
}

uint32_t pl_read_u32be(struct pl_reader *r)
{
    return (uint32_t)read_be(r, 4);
}

uint64_t pl_read_u64be(struct pl_reader *r)
{
    return read_be(r, 8);
}

uint64_t pl_read_varint(struct pl_reader *r)
{
    uint64_t v = 0;
    for (unsigned shift = 0; !r->bad && r->p < r->end; shift += 7) {
        uint8_t byte = *r->p++;
        v |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80) {
            if ((byte == 0 && shift > 0) || (shift == 63 && byte > 1))
                break; /* not minimal, or more than 64 bits */
            return v;
        }
        if (shift == 63)
            break; /* an eleventh byte would follow */
    }
    r->bad = 1;
    return 0;
}
