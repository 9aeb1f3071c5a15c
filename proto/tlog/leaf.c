// SPDX-License-Identifier: Apache-2.0
/*
 * Leaves of the audit log (tlog/leaf.h): a strict reader and its inverse.
 */
#include "plimsoll/tlog/leaf.h"

#include <string.h>

static const uint8_t magic[5] = {'P', 'L', 'A', '1', 1};

static uint16_t u16(const uint8_t *p)
{
    return (uint16_t)((unsigned)p[0] << 8 | p[1]);
}

static uint64_t be(const uint8_t *p, unsigned n)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < n; i++) {
        v = v << 8 | p[i];
    }
    return v;
}

/* Fields in ascending order of tags, as many as the head says, and nothing behind them. */
static int check_fields(const uint8_t *p, size_t n, unsigned count, struct pl_err *e)
{
    long last = -1;
    for (; count > 0; count--) {
        if (n < 4 || n - 4 < u16(p + 2)) {
            return pl_fail(e, PL_E_INVALID, "a field of the leaf is cut off");
        }
        if (u16(p) <= last) {
            return pl_fail(e, PL_E_INVALID, "field %u of the leaf is out of order", u16(p));
        }
        last = u16(p);
        size_t size = 4 + (size_t)u16(p + 2);
        p += size;
        n -= size;
    }
    return n == 0 ? 0 : pl_fail(e, PL_E_INVALID, "%zu bytes behind the leaf's last field", n);
}

int pl_leaf_decode(const void *bytes, size_t n, struct pl_leaf *out, struct pl_err *e)
{
    const uint8_t *p = bytes;
    memset(out, 0, sizeof(*out));
    if (n < PL_LEAF_HEAD || n > PL_LEAF_MAX) {
        return pl_fail(e, PL_E_INVALID, "a leaf has %u to %u bytes, not %zu", PL_LEAF_HEAD,
                       PL_LEAF_MAX, n);
    }
    if (memcmp(p, magic, sizeof(magic)) != 0) {
        return pl_fail(e, PL_E_INVALID, "not a leaf of version 1");
    }
    if (p[5] > PL_LEAF_OUTCOME_MAX) {
        return pl_fail(e, PL_E_INVALID, "the leaf has no outcome %u", p[5]);
    }
    out->outcome = p[5];
    out->kind = u16(p + 6);
    out->stream = be(p + 8, 8);
    out->number = be(p + 16, 8);
    uint64_t time = be(p + 24, 8);
    if (time > INT64_MAX) {
        return pl_fail(e, PL_E_INVALID, "the leaf has a time before 1970");
    }
    out->time_us = (int64_t)time;
    out->user = be(p + 32, 8);
    out->device = be(p + 40, 8);
    out->node = (uint32_t)be(p + 48, 4);
    memcpy(out->prev.b, p + 52, 32);
    memcpy(out->blind, p + 84, 16);
    memcpy(out->commitment.b, p + 100, 32);
    out->n_fields = u16(p + 132);
    out->fields = p + PL_LEAF_HEAD;
    out->fields_len = n - PL_LEAF_HEAD;
    return check_fields(out->fields, out->fields_len, out->n_fields, e);
}

bool pl_leaf_field(const struct pl_leaf *l, uint16_t tag, const uint8_t **bytes, size_t *n)
{
    const uint8_t *p = l->fields;
    for (unsigned i = 0; i < l->n_fields; i++) {
        size_t size = u16(p + 2);
        if (u16(p) == tag) {
            *bytes = p + 4;
            *n = size;
            return true;
        }
        p += 4 + size;
    }
    return false;
}

bool pl_leaf_u64(const struct pl_leaf *l, uint16_t tag, uint64_t *out)
{
    const uint8_t *p;
    size_t n;
    if (!pl_leaf_field(l, tag, &p, &n) || n != 8) {
        return false;
    }
    *out = be(p, 8);
    return true;
}

static uint8_t *put(uint8_t *p, uint64_t v, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        p[i] = (uint8_t)(v >> (8 * (n - 1 - i)));
    }
    return p + n;
}

int pl_leaf_encode(const struct pl_leaf *l, struct pl_buf *out, struct pl_err *e)
{
    uint8_t head[PL_LEAF_HEAD];
    uint8_t *p = head;
    if (l->fields_len > PL_LEAF_MAX - PL_LEAF_HEAD) {
        return pl_fail(e, PL_E_LIMIT, "a leaf has at most %u bytes", PL_LEAF_MAX);
    }
    if (l->outcome > PL_LEAF_OUTCOME_MAX || l->time_us < 0) {
        return pl_fail(e, PL_E_INVALID, "the leaf's outcome or time is out of range");
    }
    int rc = check_fields(l->fields, l->fields_len, l->n_fields, e);
    if (rc != 0) {
        return rc;
    }
    memcpy(p, magic, sizeof(magic));
    p = put(p + sizeof(magic), l->outcome, 1);
    p = put(p, l->kind, 2);
    p = put(p, l->stream, 8);
    p = put(p, l->number, 8);
    p = put(p, (uint64_t)l->time_us, 8);
    p = put(p, l->user, 8);
    p = put(p, l->device, 8);
    p = put(p, l->node, 4);
    memcpy(p, l->prev.b, 32);
    memcpy(p + 32, l->blind, 16);
    memcpy(p + 48, l->commitment.b, 32);
    (void)put(p + 80, l->n_fields, 2);
    rc = pl_buf_add(out, head, sizeof(head));
    if (rc == 0 && l->fields_len > 0) {
        rc = pl_buf_add(out, l->fields, l->fields_len);
    }
    return rc == 0 ? 0 : pl_fail(e, PL_E_LIMIT, "no room for the leaf");
}
