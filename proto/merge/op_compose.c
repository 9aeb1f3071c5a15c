// SPDX-License-Identifier: Apache-2.0
/*
 * Composition: two ops that follow each other as one.
 *
 * Two single splices, which is what typing makes, are joined by arithmetic: when the second touches
 * what the first left, the result is one splice again, else two. All other cases walk both ops side
 * by side (as ot.js and ot-text do): what the second deletes of the first's insertions is gone from
 * both. Cost of the walk: components of a + components of b.
 */
#include <stdlib.h>

#include "op_build.h"

/* Writes first, then second, which lies `gap` > 0 retained scalars further on. */
static void join_apart(struct pl_op *out, const struct pl_op *first, const struct op_splice *f,
                       uint32_t gap, const struct pl_op *second, const struct op_splice *s)
{
    uint64_t *c = out->comps.inl;
    struct op_splice from_gap = {.pos = gap, .ins = s->ins, .del = s->del};
    unsigned n = count_splice(f) + count_splice(&from_gap);
    out->has_deleted = first->has_deleted && second->has_deleted;
    if (n <= PL_OP_INLINE_COMPS && (f->del + s->del == 0 || !out->has_deleted)) {
        out->ncomps = n;
        c = put_splice(c, f);
        (void)put_splice(c, &from_gap);
        if (first->ins_len > 0)
            push_ins_bytes(out, op_ins_of(first), first->ins_len);
        if (second->ins_len > 0)
            push_ins_bytes(out, op_ins_of(second), second->ins_len);
        return;
    }
    push_retain(out, f->pos);
    push_insert(out, op_ins_of(first), first->ins_len, f->ins);
    push_delete(out, f->del, out->has_deleted ? first->del : NULL, first->del_len);
    push_retain(out, gap);
    push_insert(out, op_ins_of(second), second->ins_len, s->ins);
    push_delete(out, s->del, out->has_deleted ? second->del : NULL, second->del_len);
}

/* b touches what a left at its place. Of what b deletes, `before` scalars stood in front of a's
 * insertion, `after` behind it, the others inside. */
static void join_touching(struct pl_op *out, const struct pl_op *a, const struct op_splice *x,
                          const struct pl_op *b, const struct op_splice *y)
{
    uint32_t before = y->pos < x->pos ? x->pos - y->pos : 0;
    uint32_t a_end = x->pos + x->ins;
    uint32_t y_end = y->pos + y->del;
    uint32_t after = y_end > a_end ? y_end - a_end : 0;
    uint32_t keep = y->pos > x->pos ? y->pos - x->pos : 0;
    uint32_t drop = y->del - before - after;
    const uint8_t *ins = op_ins_of(a);
    uint32_t keep_bytes =
        keep == x->ins ? a->ins_len : (uint32_t)scan_prefix(ins, a->ins_len, keep);
    uint32_t from = keep_bytes;
    if (drop > 0)
        from += (uint32_t)scan_prefix(ins + from, a->ins_len - from, drop);

    struct op_splice r = {
        .pos = x->pos - before, .ins = x->ins - drop + y->ins, .del = x->del + before + after};
    op_set_splice(out, &r);
    if (keep_bytes > 0)
        push_ins_bytes(out, ins, keep_bytes);
    if (b->ins_len > 0)
        push_ins_bytes(out, op_ins_of(b), b->ins_len);
    if (from < a->ins_len)
        push_ins_bytes(out, ins + from, a->ins_len - from);
    if (r.del == 0)
        return;
    out->has_deleted = (x->del == 0 || a->has_deleted) && (before + after == 0 || b->has_deleted);
    if (!out->has_deleted)
        return;
    uint32_t cut = before == 0 ? 0 : (uint32_t)scan_prefix(b->del, b->del_len, before);
    uint32_t rest = cut;
    if (drop > 0 && b->has_deleted)
        rest += (uint32_t)scan_prefix(b->del + cut, b->del_len - cut, drop);
    op_grow_del(out, a->del_len + b->del_len);
    if (cut > 0)
        memcpy(out->del, b->del, cut);
    if (x->del > 0)
        memcpy(out->del + cut, a->del, a->del_len);
    out->del_len = cut + (x->del > 0 ? a->del_len : 0);
    if (after > 0) {
        memcpy(out->del + out->del_len, b->del + rest, b->del_len - rest);
        out->del_len += b->del_len - rest;
    }
}

/* Joins two splices; false if either is not one. */
static bool compose_splices(struct pl_op *out, const struct pl_op *a, const struct pl_op *b)
{
    struct op_splice x;
    struct op_splice y;
    if (!op_as_splice(a, &x) || !op_as_splice(b, &y))
        return false;
    PL_ASSERT(a->base_len + x.ins - x.del == b->base_len);
    if (x.ins + x.del == 0)
        x.pos = y.pos; /* nothing is everywhere */
    else if (y.ins + y.del == 0)
        y.pos = x.pos;
    if (y.pos + y.del < x.pos)
        join_apart(out, b, &y, x.pos - y.pos - y.del, a, &x);
    else if (y.pos > x.pos + x.ins)
        join_apart(out, a, &x, y.pos - x.pos - x.ins, b, &y);
    else
        join_touching(out, a, &x, b, &y);
    return true;
}

/* Kept apart, so that the short way has no frame. */
__attribute__((noinline)) static void compose_walk(struct pl_op *out, const struct pl_op *a,
                                                   const struct pl_op *b)
{
    struct op_cur x;
    struct op_cur y;
    cur_init(&x, a);
    cur_init(&y, b);
    while (!x.end || !y.end) {
        uint32_t nbytes;
        const uint8_t *text;
        if (x.kind == PL_DELETE) { /* b never saw it */
            uint32_t n = x.left;
            text = cur_take_del(&x, n, &nbytes);
            push_delete(out, n, text, nbytes);
            cur_next(&x);
            continue;
        }
        if (y.kind == PL_INSERT) {
            uint32_t n = y.left;
            text = cur_take_ins(&y, n, &nbytes);
            push_insert(out, text, nbytes, n);
            cur_next(&y);
            continue;
        }
        uint32_t n = x.left < y.left ? x.left : y.left;
        if (x.kind == PL_INSERT) {
            text = cur_take_ins(&x, n, &nbytes);
            if (y.kind == PL_RETAIN)
                push_insert(out, text, nbytes, n);
            else
                (void)cur_take_del(&y, n, &nbytes);
        } else if (y.kind == PL_DELETE) {
            text = cur_take_del(&y, n, &nbytes);
            push_delete(out, n, text, nbytes);
        } else {
            push_retain(out, n);
        }
        cur_skip(&x, n);
        cur_skip(&y, n);
    }
    out->tail = 0;
}

void pl_op_compose(struct pl_op *out, const struct pl_op *a, const struct pl_op *b)
{
    op_reset(out, a->base_len);
    if (!compose_splices(out, a, b)) {
        PL_ASSERT(pl_op_result_len(a) == b->base_len);
        compose_walk(out, a, b);
    }
}

/* Where the last insertion of `a` ends in the text after a; false if a does not end in one (a
 * deletion may follow it at the same place). `slot` gets the component. */
static bool last_insert(struct pl_op *a, uint64_t **slot, uint32_t *end)
{
    uint64_t *c = op_comps(a);
    uint32_t n = a->ncomps;
    if (n > 0 && comp_kind(c[n - 1]) == PL_DELETE)
        n--;
    if (n == 0 || comp_kind(c[n - 1]) != PL_INSERT)
        return false;
    uint32_t pos = 0;
    for (uint32_t i = 0; i < n; i++)
        pos += comp_kind(c[i]) == PL_DELETE ? 0 : comp_count(c[i]);
    *slot = c + n - 1;
    *end = pos;
    return true;
}

void pl_op_append(struct pl_op *a, const struct pl_op *b)
{
    PL_ASSERT(pl_op_result_len(a) == b->base_len);
    struct op_splice y;
    uint64_t *slot;
    uint32_t end;
    a->tail = 0;
    if (op_as_splice(b, &y) && last_insert(a, &slot, &end)) {
        if (y.del == 0 && y.pos == end) {
            *slot += COMP(y.ins, 0);
            push_ins_bytes(a, op_ins_of(b), b->ins_len);
            return;
        }
        if (y.ins == 0 && y.pos + y.del == end && y.del < comp_count(*slot)) {
            *slot -= COMP(y.del, 0);
            a->ins_len -= (uint32_t)scan_backward(op_ins(a), a->ins_len, y.del);
            return;
        }
    }
    struct pl_op out;
    pl_op_compose(&out, a, b);
    pl_op_release(a);
    pl_op_move(a, &out);
}
