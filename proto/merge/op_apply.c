// SPDX-License-Identifier: Apache-2.0
/*
 * Applying an op to a text, and reading from the text what an op deletes.
 *
 * Happy path: lengths are compared once, then every component moves, inserts or deletes at a
 * position that is known to exist. Failure: an op made for a text of another length, or one that
 * walks past the end, is -PL_E_BADOP before anything has changed.
 */
#include <stdlib.h>

#include "plimsoll/base/mem.h"

#include "op_build.h"

/* Does op fit a text of that many scalars? */
static int check_fit(const struct pl_op *op, size_t len, struct pl_err *e)
{
    if (op->base_len != len)
        return pl_fail(e, PL_E_BADOP, "an edit of a text of %u characters, which has %zu",
                       op->base_len, len);
    const uint64_t *c = op_comps_of(op);
    uint64_t used = 0;
    for (uint32_t i = 0; i < op->ncomps; i++)
        used += comp_kind(c[i]) == PL_INSERT ? 0 : comp_count(c[i]);
    if (used > len)
        return pl_fail(e, PL_E_BADOP, "an edit past the end of a text of %zu characters", len);
    return 0;
}

/* Any op; kept apart, so that the short way has no frame. */
__attribute__((noinline)) static int apply_walk(const struct pl_op *op, struct pl_text *t,
                                                struct pl_err *e)
{
    int rc = check_fit(op, pl_text_len(t), e);
    if (rc != 0)
        return rc;
    const uint64_t *c = op_comps_of(op);
    const uint8_t *ins = op_ins_of(op);
    const uint8_t *stop = ins + op->ins_len;
    size_t pos = 0;
    for (uint32_t i = 0; i < op->ncomps; i++) {
        uint32_t n = comp_count(c[i]);
        unsigned kind = comp_kind(c[i]);
        if (kind == PL_DELETE) {
            pl_text_delete(t, pos, n);
            continue;
        }
        if (kind == PL_INSERT) {
            size_t nbytes = scan_prefix(ins, (size_t)(stop - ins), n);
            pl_text_insert(t, pos, ins, nbytes, n);
            ins += nbytes;
        }
        pos += n;
    }
    return 0;
}

int pl_op_apply(const struct pl_op *op, struct pl_text *t, struct pl_err *e)
{
    const uint64_t *c = op_comps_of(op);
    uint32_t n = op->ncomps;
    size_t len = pl_text_len(t);
    size_t pos = 0;
    if (n == 2 && comp_kind(c[0]) == PL_RETAIN) {
        pos = comp_count(c[0]);
        c++;
    } else if (n != 1) {
        return apply_walk(op, t, e);
    }
    /* One insert or one delete: what a key does. */
    size_t count = comp_count(*c);
    if (op->base_len != len || pos > len)
        return apply_walk(op, t, e);
    if (comp_kind(*c) == PL_INSERT)
        pl_text_insert(t, pos, op_ins_of(op), op->ins_len, count);
    else if (comp_kind(*c) == PL_DELETE && count <= len - pos)
        pl_text_delete(t, pos, count);
    else
        return apply_walk(op, t, e);
    return 0;
}

/* Copies bytes [from, from + n) of the content. */
static void copy_out(const struct pl_text_spans *s, size_t from, size_t n, uint8_t *dst)
{
    size_t front = 0;
    if (from < s->a_len) {
        front = s->a_len - from < n ? s->a_len - from : n;
        memcpy(dst, s->a + from, front);
    }
    if (n > front)
        memcpy(dst + front, s->b + (from + front - s->a_len), n - front);
}

int pl_op_fill(struct pl_op *op, const struct pl_text *t, struct pl_err *e)
{
    int rc = check_fit(op, pl_text_len(t), e);
    if (rc != 0)
        return rc;
    struct pl_text_spans spans = pl_text_spans(t);
    const uint64_t *c = op_comps_of(op);
    size_t pos = 0;
    op->del_len = 0;
    for (uint32_t i = 0; i < op->ncomps; i++) {
        uint32_t n = comp_count(c[i]);
        unsigned kind = comp_kind(c[i]);
        if (kind == PL_DELETE) {
            size_t from = pl_text_offset(t, pos);
            size_t nbytes = pl_text_offset(t, pos + n) - from;
            PL_ASSERT(nbytes <= UINT32_MAX / 4);
            if (nbytes > op->del_cap - op->del_len)
                op_grow_del(op, (uint32_t)nbytes);
            copy_out(&spans, from, nbytes, op->del + op->del_len);
            op->del_len += (uint32_t)nbytes;
        }
        if (kind != PL_INSERT)
            pos += n;
    }
    op->has_deleted = true;
    return 0;
}

int pl_op_apply_fill(struct pl_op *op, struct pl_text *t, struct pl_err *e)
{
    int rc = pl_op_fill(op, t, e);
    if (rc != 0)
        return rc;
    return pl_op_apply(op, t, e);
}
