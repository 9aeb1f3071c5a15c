// SPDX-License-Identifier: Apache-2.0
/*
 * The op as a value: making, copying, building, comparing and walking it, and mapping a position
 * through it. Composition, transformation, application and the wire form are in op_*.c.
 *
 * Up to four components and 24 bytes of inserted text live in the struct; more moves to the heap.
 * Deleted text, which only the author's side keeps, is always on the heap.
 */
#include "plimsoll/merge/op.h"

#include <stdlib.h>

#include "plimsoll/base/mem.h"

#include "op_build.h"

void pl_op_init(struct pl_op *op, uint32_t base_len)
{
    op_reset(op, base_len);
}

void pl_op_release(struct pl_op *op)
{
    if ((op->comps_cap | op->ins_cap) != 0 || op->del != NULL) {
        if (op->comps_cap > 0)
            free(op->comps.heap);
        if (op->ins_cap > 0)
            free(op->ins.heap);
        free(op->del);
        op_reset(op, 0);
        return;
    }
    op->base_len = 0;
    op->ncomps = 0;
    op->ins_len = 0;
    op->tail = 0;
    op->has_deleted = true;
}

void pl_op_copy(struct pl_op *dst, const struct pl_op *src)
{
    *dst = *src;
    dst->comps_cap = 0;
    if (src->ncomps > PL_OP_INLINE_COMPS) {
        dst->comps.heap = pl_xmemdup(src->comps.heap, src->ncomps * sizeof *src->comps.heap);
        dst->comps_cap = src->ncomps;
    } else if (src->comps_cap > 0) {
        memcpy(dst->comps.inl, src->comps.heap, src->ncomps * sizeof *src->comps.heap);
    }
    dst->ins_cap = 0;
    if (src->ins_len > PL_OP_INLINE_TEXT) {
        dst->ins.heap = pl_xmemdup(src->ins.heap, src->ins_len);
        dst->ins_cap = src->ins_len;
    } else if (src->ins_cap > 0) {
        memcpy(dst->ins.inl, src->ins.heap, src->ins_len);
    }
    dst->del = src->del_len > 0 ? pl_xmemdup(src->del, src->del_len) : NULL;
    dst->del_cap = src->del_len;
}

void pl_op_move(struct pl_op *dst, struct pl_op *src)
{
    *dst = *src;
    op_reset(src, 0);
}

/* The next capacity for `len` + `n` elements. */
static uint32_t next_cap(uint32_t len, uint32_t n, uint32_t least)
{
    PL_ASSERT(n <= UINT32_MAX / 4 && len <= UINT32_MAX / 4);
    uint32_t cap = len + len / 2;
    if (cap < len + n)
        cap = len + n;
    return cap < least ? least : cap;
}

void op_grow_comps(struct pl_op *op, uint32_t n)
{
    uint32_t cap = next_cap(op->ncomps, n, 2 * PL_OP_INLINE_COMPS);
    if (op->comps_cap > 0) {
        op->comps.heap = pl_xrealloc(op->comps.heap, cap, sizeof *op->comps.heap);
    } else {
        uint64_t *heap = pl_xmalloc(cap * sizeof *heap);
        memcpy(heap, op->comps.inl, op->ncomps * sizeof *heap);
        op->comps.heap = heap;
    }
    op->comps_cap = cap;
}

void op_grow_ins(struct pl_op *op, uint32_t n)
{
    uint32_t cap = next_cap(op->ins_len, n, 2 * PL_OP_INLINE_TEXT);
    if (op->ins_cap > 0) {
        op->ins.heap = pl_xrealloc(op->ins.heap, cap, 1);
    } else {
        uint8_t *heap = pl_xmalloc(cap);
        memcpy(heap, op->ins.inl, op->ins_len);
        op->ins.heap = heap;
    }
    op->ins_cap = cap;
}

void op_grow_del(struct pl_op *op, uint32_t n)
{
    op->del_cap = next_cap(op->del_len, n, PL_OP_INLINE_TEXT);
    op->del = pl_xrealloc(op->del, op->del_cap, 1);
}

void pl_op_retain(struct pl_op *op, uint32_t n)
{
    push_retain(op, n);
}

void pl_op_insert(struct pl_op *op, const void *utf8, uint32_t nbytes, uint32_t nchars)
{
    PL_DASSERT(nbytes == 0 || scan_count(utf8, nbytes) == nchars);
    push_insert(op, utf8, nbytes, nchars);
}

void pl_op_delete(struct pl_op *op, uint32_t n, const void *deleted, uint32_t deleted_bytes)
{
    push_delete(op, n, deleted, deleted_bytes);
}

void pl_op_splice(struct pl_op *out, const struct pl_text *t, uint32_t pos, uint32_t ndel,
                  const void *ins, uint32_t ins_bytes)
{
    size_t len = pl_text_len(t);
    PL_ASSERT(len <= UINT32_MAX && pos <= len && ndel <= len - pos);
    op_reset(out, (uint32_t)len);
    push_retain(out, pos);
    if (ins_bytes > 0)
        push_insert(out, ins, ins_bytes, (uint32_t)scan_count(ins, ins_bytes));
    if (ndel > 0) {
        out->has_deleted = false;
        push_delete(out, ndel, NULL, 0);
        int rc = pl_op_fill(out, t, NULL);
        PL_ASSERT(rc == 0);
    }
}

bool pl_op_is_noop(const struct pl_op *op)
{
    return op->ncomps == 0;
}

bool pl_op_eq(const struct pl_op *a, const struct pl_op *b)
{
    if (a->base_len != b->base_len || a->ncomps != b->ncomps || a->ins_len != b->ins_len)
        return false;
    return memcmp(op_comps_of(a), op_comps_of(b), a->ncomps * sizeof(uint64_t)) == 0 &&
           memcmp(op_ins_of(a), op_ins_of(b), a->ins_len) == 0;
}

uint32_t pl_op_result_len(const struct pl_op *op)
{
    const uint64_t *c = op_comps_of(op);
    uint32_t len = op->base_len;
    for (uint32_t i = 0; i < op->ncomps; i++) { /* without branches: long ops are walked often */
        uint32_t n = comp_count(c[i]);
        unsigned kind = comp_kind(c[i]);
        len += n & (0u - (kind == PL_INSERT));
        len -= n & (0u - (kind == PL_DELETE));
    }
    return len;
}

void pl_op_iter_init(struct pl_op_iter *it, const struct pl_op *op)
{
    *it = (struct pl_op_iter){.op = op};
}

bool pl_op_iter_next(struct pl_op_iter *it, struct pl_comp *out)
{
    const struct pl_op *op = it->op;
    if (it->i == op->ncomps)
        return false;
    uint64_t c = op_comps_of(op)[it->i++];
    *out = (struct pl_comp){.n = comp_count(c)};
    switch (comp_kind(c)) {
    case PL_INSERT:
        out->kind = PL_INSERT;
        out->bytes = op_ins_of(op) + it->ins_off;
        out->nbytes = (uint32_t)scan_prefix(out->bytes, op->ins_len - it->ins_off, out->n);
        it->ins_off += out->nbytes;
        break;
    case PL_DELETE:
        out->kind = PL_DELETE;
        if (op->has_deleted && op->del != NULL) {
            out->bytes = op->del + it->del_off;
            out->nbytes = (uint32_t)scan_prefix(out->bytes, op->del_len - it->del_off, out->n);
            it->del_off += out->nbytes;
        }
        break;
    default:
        out->kind = PL_RETAIN;
        break;
    }
    return true;
}

uint32_t pl_op_map_pos(const struct pl_op *op, uint32_t pos, enum pl_affinity aff)
{
    const uint64_t *c = op_comps_of(op);
    uint32_t left = pos; /* of the old text, up to the position */
    uint32_t out = 0;
    for (uint32_t i = 0; i < op->ncomps; i++) {
        uint32_t n = comp_count(c[i]);
        unsigned kind = comp_kind(c[i]);
        if (kind == PL_INSERT) {
            if (left == 0 && aff == PL_LEFT)
                return out;
            out += n;
            continue;
        }
        if (n > left)
            return kind == PL_RETAIN ? out + left : out;
        left -= n;
        if (kind == PL_RETAIN)
            out += n;
    }
    return out + left;
}

void pl_op_invert(struct pl_op *out, const struct pl_op *op)
{
    PL_ASSERT(op->has_deleted);
    struct op_cur c;
    op_reset(out, pl_op_result_len(op));
    for (cur_init(&c, op); !c.end; cur_next(&c)) {
        uint32_t n = c.left;
        uint32_t nbytes;
        const uint8_t *text;
        switch (c.kind) {
        case PL_INSERT:
            text = cur_take_ins(&c, n, &nbytes);
            push_delete(out, n, text, nbytes);
            break;
        case PL_DELETE:
            text = cur_take_del(&c, n, &nbytes);
            push_insert(out, text, nbytes, n);
            break;
        default:
            push_retain(out, n);
            break;
        }
    }
}
