// SPDX-License-Identifier: Apache-2.0
/*
 * The wire form of an op: varint count, varint (n << 2 | kind) for each component, then the
 * inserted UTF-8 in order.
 *
 * One op has one encoding, so hashes and duplicates can be compared as bytes: decode takes nothing
 * that encode would not have written. Failure modes: -PL_E_BADOP for a form that breaks the rules
 * or leaves the text, -PL_E_BAD_TEXT for inserted bytes that are not clean text, -PL_E_LIMIT for a
 * result longer than lengths can tell. Nothing is allocated before the count is known to fit.
 */
#include "plimsoll/base/utf8.h"

#include "op_build.h"

#define VARINT_MAX 5 /* bytes of n << 2 | kind with a 32-bit n */

static inline size_t varint_len(uint64_t v)
{
    size_t n = 1;
    for (; v >= 0x80; v >>= 7)
        n++;
    return n;
}

static inline uint8_t *put_varint(uint8_t *p, uint64_t v)
{
    for (; v >= 0x80; v >>= 7)
        *p++ = (uint8_t)(v | 0x80);
    *p++ = (uint8_t)v;
    return p;
}

int pl_op_encode(const struct pl_op *op, struct pl_buf *out)
{
    const uint64_t *c = op_comps_of(op);
    size_t size = varint_len(op->ncomps) + op->ins_len;
    for (uint32_t i = 0; i < op->ncomps; i++)
        size += varint_len(c[i]);
    uint8_t *p = pl_buf_reserve(out, size);
    if (p == NULL)
        return -PL_E_LIMIT;
    p = put_varint(p, op->ncomps);
    for (uint32_t i = 0; i < op->ncomps; i++)
        p = put_varint(p, c[i]);
    memcpy(p, op_ins_of(op), op->ins_len);
    out->len += size;
    return 0;
}

/* Reads a varint in its shortest form, up to VARINT_MAX bytes; NULL if there is none. */
static inline const uint8_t *get_varint(const uint8_t *p, const uint8_t *end, uint64_t *v)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < VARINT_MAX && p < end; i++) {
        uint8_t byte = *p++;
        sum |= (uint64_t)(byte & 0x7fu) << (7 * i);
        if (byte < 0x80) {
            *v = sum;
            return byte == 0 && i > 0 ? NULL : p;
        }
    }
    return NULL;
}

/* What the components of an op being read add up to. */
struct sums {
    uint64_t used; /* retained and deleted */
    uint64_t deleted;
    uint64_t inserted;
    unsigned last; /* kind of the component before; 3: none */
};

/* May component c stand here? */
static inline bool check_comp(struct sums *s, uint64_t c)
{
    uint64_t n = c >> 2;
    unsigned kind = comp_kind(c);
    if (n == 0 || n > UINT32_MAX || kind == s->last || kind > PL_DELETE)
        return false;
    if (kind == PL_INSERT) {
        if (s->last == PL_DELETE)
            return false;
        s->inserted += n;
    } else {
        s->used += n;
        if (kind == PL_DELETE)
            s->deleted += n;
    }
    s->last = kind;
    return true;
}

/* Printable ASCII, tab and newline; other text goes the long way. */
static inline bool is_plain(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if ((p[i] < 0x20 || p[i] > 0x7e) && p[i] != '\n' && p[i] != '\t')
            return false;
    }
    return true;
}

static int check_text(const uint8_t *p, size_t n, uint64_t chars, struct pl_err *e)
{
    if (n <= 16 && is_plain(p, n)) {
        if (n == chars)
            return 0;
        return pl_fail(e, PL_E_BADOP, "inserted text of %zu bytes for %llu characters", n,
                       (unsigned long long)chars);
    }
    size_t bad_at = 0;
    if (!pl_utf8_is_clean(p, n, &bad_at))
        return pl_fail(e, PL_E_BAD_TEXT, "inserted text is not clean at byte %zu", bad_at);
    if (scan_count(p, n) != chars)
        return pl_fail(e, PL_E_BADOP, "inserted text of %zu bytes for %llu characters", n,
                       (unsigned long long)chars);
    return 0;
}

/* Reads `count` components into op. */
static const uint8_t *read_comps(struct pl_op *op, uint64_t count, const uint8_t *p,
                                 const uint8_t *end, struct sums *s)
{
    if (count > PL_OP_INLINE_COMPS)
        op_grow_comps(op, (uint32_t)count);
    uint64_t *dst = op_comps(op);
    for (uint64_t i = 0; i < count; i++) {
        uint64_t c = 0;
        p = get_varint(p, end, &c);
        if (p == NULL || !check_comp(s, c))
            return NULL;
        dst[i] = c;
    }
    op->ncomps = (uint32_t)count;
    if (s->used > op->base_len || (count > 0 && s->last == PL_RETAIN))
        return NULL;
    return p;
}

int pl_op_decode(struct pl_op *out, uint32_t base_len, const void *bytes, size_t n,
                 struct pl_err *e)
{
    const uint8_t *p = bytes;
    const uint8_t *end = p + n;
    uint64_t count = 0;
    struct sums s = {.last = 3};
    struct pl_op op;
    int rc;

    p = n == 0 ? NULL : get_varint(p, end, &count);
    if (p == NULL || count > (size_t)(end - p) || n > UINT32_MAX / 4)
        return pl_fail(e, PL_E_BADOP, "an edit that cannot be read (%zu bytes)", n);
    op_reset(&op, base_len);
    p = read_comps(&op, count, p, end, &s);
    if (p == NULL) {
        rc = pl_fail(e, PL_E_BADOP, "an edit that breaks the form or leaves its text of %u",
                     base_len);
        goto fail;
    }
    rc = check_text(p, (size_t)(end - p), s.inserted, e);
    if (rc != 0)
        goto fail;
    if (base_len - s.deleted + s.inserted > UINT32_MAX) {
        rc = pl_fail(e, PL_E_LIMIT, "an edit whose result is too long");
        goto fail;
    }
    op.has_deleted = s.deleted == 0;
    if (p < end)
        push_ins_bytes(&op, p, (uint32_t)(end - p));
    pl_op_move(out, &op);
    return 0;

fail:
    pl_op_release(&op);
    return rc;
}
