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
#include <stdlib.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/utf8.h"

#include "op_build.h"

#define NO_KIND    3u
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

/* The rest of a varint of which the first byte, at p[-1], says that more follow. */
static const uint8_t *get_long_varint(const uint8_t *p, const uint8_t *end, uint64_t *v)
{
    uint64_t sum = p[-1] & 0x7fu;
    for (unsigned i = 1; i < VARINT_MAX && p < end; i++) {
        uint8_t byte = *p++;
        sum |= (uint64_t)(byte & 0x7fu) << (7 * i);
        if (byte < 0x80) {
            *v = sum;
            return byte == 0 ? NULL : p;
        }
    }
    return NULL;
}

/* Reads a varint of at most three bytes, as positions in usual texts are; NULL: look closer. */
static inline const uint8_t *get_short_varint(const uint8_t *p, const uint8_t *end, uint64_t *v)
{
    if (end - p >= 3) {
        uint32_t a = p[0];
        uint32_t b = p[1];
        uint32_t c = p[2];
        if (a < 0x80) {
            *v = a;
            return p + 1;
        }
        if (b - 1 < 0x7f) {
            *v = (a & 0x7f) | b << 7;
            return p + 2;
        }
        *v = (a & 0x7f) | (b & 0x7f) << 7 | c << 14;
        return b >= 0x80 && c - 1 < 0x7f ? p + 3 : NULL;
    }
    *v = p < end ? *p : 0x80;
    return *v < 0x80 ? p + 1 : NULL;
}

/* Reads a varint in its shortest form, up to VARINT_MAX bytes; NULL if there is none. */
static inline const uint8_t *get_varint(const uint8_t *p, const uint8_t *end, uint64_t *v)
{
    if (p == end)
        return NULL;
    *v = *p++;
    return *v < 0x80 ? p : get_long_varint(p, end, v);
}

/* What the components of an op being read add up to. */
struct sums {
    uint64_t used; /* retained and deleted */
    uint64_t deleted;
    uint64_t inserted;
    unsigned last; /* kind of the component before, or NO_KIND */
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

static inline int check_text(const uint8_t *p, size_t n, uint64_t chars, struct pl_err *e)
{
    if (n == 0 && chars == 0)
        return 0;
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

/* Reads `count` components. NULL: they break a rule. */
static inline const uint8_t *read_comps(uint64_t *dst, uint64_t count, const uint8_t *p,
                                        const uint8_t *end, struct sums *s)
{
    for (uint64_t i = 0; i < count; i++) {
        uint64_t c = 0;
        p = get_varint(p, end, &c);
        if (p == NULL || !check_comp(s, c))
            return NULL;
        dst[i] = c;
    }
    return count > 0 && s->last == PL_RETAIN ? NULL : p;
}

/* Are the sums and the text of an op right? */
static inline int check_sums(const struct sums *s, uint32_t base_len, const uint8_t *text,
                             const uint8_t *end, struct pl_err *e)
{
    if (s->used > base_len)
        return pl_fail(e, PL_E_BADOP, "an edit past the end of a text of %u characters", base_len);
    if (base_len - s->deleted + s->inserted > UINT32_MAX)
        return pl_fail(e, PL_E_LIMIT, "an edit whose result is too long");
    return check_text(text, (size_t)(end - text), s->inserted, e);
}

/* An op of more components than the struct holds: they are read into memory of their own. */
static int decode_long(struct pl_op *out, uint32_t base_len, uint64_t count, const uint8_t *p,
                       const uint8_t *end, struct pl_err *e)
{
    struct sums s = {.last = NO_KIND};
    uint64_t *comps = pl_xmalloc(count * sizeof *comps); /* count <= bytes left */
    int rc;

    p = read_comps(comps, count, p, end, &s);
    if (p == NULL)
        rc = pl_fail(e, PL_E_BADOP, "an edit that is not in canonical form");
    else
        rc = check_sums(&s, base_len, p, end, e);
    if (rc != 0) {
        free(comps);
        return rc;
    }
    op_reset(out, base_len);
    out->comps.heap = comps;
    out->comps_cap = (uint32_t)count;
    out->ncomps = (uint32_t)count;
    out->has_deleted = s.deleted == 0;
    if (p < end)
        push_ins_bytes(out, p, (uint32_t)(end - p));
    return 0;
}

/* An op that fits into the struct. */
static int decode_short(struct pl_op *out, uint32_t base_len, uint64_t count, const uint8_t *p,
                        const uint8_t *end, struct pl_err *e)
{
    struct sums s = {.last = NO_KIND};
    p = read_comps(out->comps.inl, count, p, end, &s);
    if (p == NULL)
        return pl_fail(e, PL_E_BADOP, "an edit that is not in canonical form");
    int rc = check_sums(&s, base_len, p, end, e);
    if (rc != 0)
        return rc;
    op_reset(out, base_len);
    out->ncomps = (uint32_t)count;
    out->has_deleted = s.deleted == 0;
    if (p < end)
        push_ins_bytes(out, p, (uint32_t)(end - p));
    return 0;
}

/* Kept apart, so that the short way has no frame. */
__attribute__((noinline)) static int decode_any(struct pl_op *out, uint32_t base_len,
                                                const uint8_t *p, const uint8_t *end,
                                                struct pl_err *e)
{
    uint64_t count = 0;
    size_t n = (size_t)(end - p);
    p = get_varint(p, end, &count);
    if (p == NULL || count > (size_t)(end - p) || n > UINT32_MAX / 4)
        return pl_fail(e, PL_E_BADOP, "an edit that cannot be read (%zu bytes)", n);
    if (count > PL_OP_INLINE_COMPS)
        return decode_long(out, base_len, count, p, end, e);
    return decode_short(out, base_len, count, p, end, e);
}

/* Reads the op of one key: 1 insert or delete, or 2 retain and one of them. False: it is another
 * op, or a wrong one. */
static inline bool decode_key(struct pl_op *out, uint32_t base_len, const uint8_t *p,
                              const uint8_t *end)
{
    unsigned count = *p++;
    uint64_t pos = 0;
    uint64_t act = 0;
    if (count == 2) {
        p = get_short_varint(p, end, &pos);
        if (p == NULL || comp_kind(pos) != PL_RETAIN || pos == 0)
            return false;
        out->comps.inl[0] = pos;
    } else if (count != 1) {
        return false;
    }
    if (p == end)
        return false;
    act = *p++;
    pos >>= 2;
    size_t rest = (size_t)(end - p);
    bool fits = act == COMP(1, PL_INSERT)
                    ? rest == 1 && is_plain(p, 1) && pos <= base_len && base_len < UINT32_MAX
                    : act == COMP(1, PL_DELETE) && rest == 0 && pos < base_len;
    if (!fits)
        return false;
    op_reset(out, base_len);
    out->comps.inl[count - 1] = act;
    out->ncomps = count;
    out->ins_len = (uint32_t)rest;
    out->has_deleted = rest > 0;
    if (rest > 0)
        out->ins.inl[0] = *p;
    return true;
}

int pl_op_decode(struct pl_op *out, uint32_t base_len, const void *bytes, size_t n,
                 struct pl_err *e)
{
    const uint8_t *p = bytes;
    if (n > 1 && decode_key(out, base_len, p, p + n))
        return 0;
    return decode_any(out, base_len, p, p + n, e);
}
