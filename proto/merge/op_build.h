// SPDX-License-Identifier: Apache-2.0
/*
 * The inside of an op: where its components and texts lie, pushing to its end, and a cursor that
 * walks it in pieces. Shared by the files op*.c; everything else uses plimsoll/merge/op.h.
 *
 * Pushing keeps the canonical form: a retain waits in `tail` until something follows it, so that it
 * never trails; an insert that comes after a delete at the same place is put in front of it.
 */
#ifndef PLIMSOLL_MERGE_OP_BUILD_H
#define PLIMSOLL_MERGE_OP_BUILD_H

#include <string.h>

#include "plimsoll/merge/op.h"

#include "scan.h"

#define COMP(n, kind) (((uint64_t)(n) << 2) | (uint64_t)(kind))

static inline uint32_t comp_count(uint64_t c)
{
    return (uint32_t)(c >> 2);
}

static inline unsigned comp_kind(uint64_t c)
{
    return (unsigned)(c & 3u);
}

static inline uint64_t *op_comps(struct pl_op *op)
{
    return op->comps_cap == 0 ? op->comps.inl : op->comps.heap;
}

static inline const uint64_t *op_comps_of(const struct pl_op *op)
{
    return op->comps_cap == 0 ? op->comps.inl : op->comps.heap;
}

static inline uint8_t *op_ins(struct pl_op *op)
{
    return op->ins_cap == 0 ? op->ins.inl : op->ins.heap;
}

static inline const uint8_t *op_ins_of(const struct pl_op *op)
{
    return op->ins_cap == 0 ? op->ins.inl : op->ins.heap;
}

/* Make room for at least `n` more components, bytes of inserted or of deleted text (op.c). */
void op_grow_comps(struct pl_op *op, uint32_t n);
void op_grow_ins(struct pl_op *op, uint32_t n);
void op_grow_del(struct pl_op *op, uint32_t n);

static inline void op_reset(struct pl_op *op, uint32_t base_len)
{
    op->base_len = base_len;
    op->ncomps = 0;
    op->comps_cap = 0;
    op->ins_len = 0;
    op->ins_cap = 0;
    op->del_len = 0;
    op->del_cap = 0;
    op->tail = 0;
    op->has_deleted = true;
    op->del = NULL;
}

static inline void push_comp(struct pl_op *op, uint64_t c)
{
    uint32_t cap = op->comps_cap == 0 ? PL_OP_INLINE_COMPS : op->comps_cap;
    if (op->ncomps == cap)
        op_grow_comps(op, 1);
    op_comps(op)[op->ncomps++] = c;
}

static inline void push_retain(struct pl_op *op, uint32_t n)
{
    PL_ASSERT(n <= UINT32_MAX - op->tail);
    op->tail += n;
}

static inline void push_ins_bytes(struct pl_op *op, const uint8_t *bytes, uint32_t n)
{
    uint32_t cap = op->ins_cap == 0 ? PL_OP_INLINE_TEXT : op->ins_cap;
    PL_DASSERT(bytes != NULL);
    if (n > cap - op->ins_len)
        op_grow_ins(op, n);
    uint8_t *dst = op_ins(op) + op->ins_len;
    if (n == 1)
        *dst = *bytes;
    else
        memcpy(dst, bytes, n);
    op->ins_len += n;
}

static inline void push_insert(struct pl_op *op, const uint8_t *bytes, uint32_t nbytes, uint32_t n)
{
    if (n == 0)
        return;
    push_ins_bytes(op, bytes, nbytes);
    if (op->tail > 0 || op->ncomps == 0) {
        if (op->tail > 0)
            push_comp(op, COMP(op->tail, PL_RETAIN));
        op->tail = 0;
        push_comp(op, COMP(n, PL_INSERT));
        return;
    }
    uint64_t *last = op_comps(op) + op->ncomps - 1;
    if (comp_kind(*last) == PL_INSERT) {
        *last += COMP(n, 0);
    } else if (op->ncomps > 1 && comp_kind(last[-1]) == PL_INSERT) {
        last[-1] += COMP(n, 0);
    } else {
        uint64_t del = *last;
        *last = COMP(n, PL_INSERT);
        push_comp(op, del);
    }
}

static inline void push_delete(struct pl_op *op, uint32_t n, const uint8_t *deleted,
                               uint32_t nbytes)
{
    if (n == 0)
        return;
    if (deleted == NULL) {
        op->has_deleted = false;
        op->del_len = 0;
    } else if (op->has_deleted) {
        if (nbytes > op->del_cap - op->del_len)
            op_grow_del(op, nbytes);
        PL_DASSERT(op->del != NULL); /* n > 0 scalars have bytes */
        memcpy(op->del + op->del_len, deleted, nbytes);
        op->del_len += nbytes;
    }
    if (op->tail > 0) {
        push_comp(op, COMP(op->tail, PL_RETAIN));
        op->tail = 0;
    } else if (op->ncomps > 0 && comp_kind(op_comps(op)[op->ncomps - 1]) == PL_DELETE) {
        op_comps(op)[op->ncomps - 1] += COMP(n, 0);
        return;
    }
    push_comp(op, COMP(n, PL_DELETE));
}

/*
 * A cursor: the component it stands in, how much of that is left, and where its text starts.
 * At the end it stands in a retain without end (`end` is set).
 */
struct op_cur {
    const uint64_t *next;
    const uint64_t *stop;
    const uint8_t *ins; /* inserted text not yet taken */
    const uint8_t *ins_stop;
    const uint8_t *del; /* deleted text not yet taken, NULL if unknown */
    const uint8_t *del_stop;
    uint32_t left;
    unsigned kind;
    bool end;
};

static inline void cur_next(struct op_cur *c)
{
    if (c->next == c->stop) {
        c->kind = PL_RETAIN;
        c->left = UINT32_MAX;
        c->end = true;
        return;
    }
    uint64_t v = *c->next++;
    c->kind = comp_kind(v);
    c->left = comp_count(v);
}

static inline void cur_init(struct op_cur *c, const struct pl_op *op)
{
    c->next = op_comps_of(op);
    c->stop = c->next + op->ncomps;
    c->ins = op_ins_of(op);
    c->ins_stop = c->ins + op->ins_len;
    c->del = op->has_deleted ? op->del : NULL;
    c->del_stop = op->has_deleted && op->del != NULL ? op->del + op->del_len : NULL;
    c->end = false;
    cur_next(c);
}

/* Goes on by n scalars, n <= left; the caller has taken what text they have. */
static inline void cur_skip(struct op_cur *c, uint32_t n)
{
    if (c->end)
        return;
    c->left -= n;
    if (c->left == 0)
        cur_next(c);
}

/* Takes the text of the next n scalars of an insert, or of a delete (NULL when unknown). */
static inline const uint8_t *cur_take_ins(struct op_cur *c, uint32_t n, uint32_t *nbytes)
{
    const uint8_t *p = c->ins;
    *nbytes = (uint32_t)scan_prefix(p, (size_t)(c->ins_stop - p), n);
    c->ins += *nbytes;
    return p;
}

static inline const uint8_t *cur_take_del(struct op_cur *c, uint32_t n, uint32_t *nbytes)
{
    const uint8_t *p = c->del;
    *nbytes = 0;
    if (p != NULL) {
        *nbytes = (uint32_t)scan_prefix(p, (size_t)(c->del_stop - p), n);
        c->del += *nbytes;
    }
    return p;
}

/* An op of at most one place: at `pos` insert `ins`, delete `del`. Most ops are. */
struct op_splice {
    uint32_t pos;
    uint32_t ins;
    uint32_t del;
};

static inline bool op_as_splice(const struct pl_op *op, struct op_splice *s)
{
    const uint64_t *c = op_comps_of(op);
    uint32_t n = op->ncomps;
    uint32_t i = 0;
    if (n > 3)
        return false;
    *s = (struct op_splice){0, 0, 0};
    if (i < n && comp_kind(c[i]) == PL_RETAIN)
        s->pos = comp_count(c[i++]);
    if (i < n && comp_kind(c[i]) == PL_INSERT)
        s->ins = comp_count(c[i++]);
    if (i < n && comp_kind(c[i]) == PL_DELETE)
        s->del = comp_count(c[i++]);
    return i == n;
}

/* How many components a splice has. */
static inline uint32_t count_splice(const struct op_splice *s)
{
    return (s->pos > 0 ? 1u : 0u) + (s->ins > 0 ? 1u : 0u) + (s->del > 0 ? 1u : 0u);
}

/* Writes the components of a splice, at most three, and returns where they end. */
static inline uint64_t *put_splice(uint64_t *c, const struct op_splice *s)
{
    if (s->pos > 0)
        *c++ = COMP(s->pos, PL_RETAIN);
    if (s->ins > 0)
        *c++ = COMP(s->ins, PL_INSERT);
    if (s->del > 0)
        *c++ = COMP(s->del, PL_DELETE);
    return c;
}

/* Gives an op that has no components yet those of a splice. */
static inline void op_set_splice(struct pl_op *op, const struct op_splice *s)
{
    if (s->ins + s->del > 0)
        op->ncomps = (uint32_t)(put_splice(op->comps.inl, s) - op->comps.inl);
}

#endif
