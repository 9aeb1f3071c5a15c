// SPDX-License-Identifier: Apache-2.0
/*
 * Transformation (TP1): two ops made on one text, each rewritten to apply after the other.
 *
 * Both ops are walked side by side as in ot.js and ot-text-unicode. Of two inserts at one place the
 * LATER committed one goes left: its author's typed run then stays in one piece, because a caret
 * keeps to the character on its left. Text typed inside a range that the other side deletes
 * survives; what both delete is deleted once.
 *
 * Two single splices at different places, nearly every pair in practice, only shift: no walk.
 */
#include "op_build.h"

/* Copies `src` as a splice at another place of another text. */
static void copy_shifted(struct pl_op *out, const struct pl_op *src, const struct op_splice *s,
                         uint32_t pos, uint32_t base_len)
{
    if ((src->comps_cap | src->ins_cap | src->del_cap) == 0 && s->pos > 0 && pos > 0) {
        *out = *src; /* all of it is inside the struct */
        out->base_len = base_len;
        out->tail = 0;
        out->comps.inl[0] = COMP(pos, PL_RETAIN);
        return;
    }
    struct op_splice moved = {.pos = pos, .ins = s->ins, .del = s->del};
    op_reset(out, base_len);
    op_set_splice(out, &moved);
    if (src->ins_cap == 0) {
        memcpy(out->ins.inl, src->ins.inl, PL_OP_INLINE_TEXT);
        out->ins_len = src->ins_len;
    } else {
        push_ins_bytes(out, src->ins.heap, src->ins_len);
    }
    out->has_deleted = src->has_deleted;
    if (src->del_len > 0) {
        op_grow_del(out, src->del_len);
        memcpy(out->del, src->del, src->del_len);
        out->del_len = src->del_len;
    }
}

/* Two splices of which one lies wholly in front of the other; false if that is not so. */
static bool transform_splices(const struct pl_op *later, const struct pl_op *earlier,
                              struct pl_op *later_out, struct pl_op *earlier_out)
{
    struct op_splice l;
    struct op_splice r;
    if (!op_as_splice(later, &l) || !op_as_splice(earlier, &r))
        return false;
    uint32_t l_pos = l.pos;
    uint32_t r_pos = r.pos;
    if (l.pos + l.del <= r.pos)
        r_pos = r.pos - l.del + l.ins;
    else if (r.pos + r.del < l.pos || (r.pos + r.del == l.pos && (r.del > 0 || l.ins == 0)))
        l_pos = l.pos - r.del + r.ins;
    else
        return false;
    if (later_out != NULL)
        copy_shifted(later_out, later, &l, l_pos, earlier->base_len - r.del + r.ins);
    if (earlier_out != NULL)
        copy_shifted(earlier_out, earlier, &r, r_pos, later->base_len - l.del + l.ins);
    return true;
}

/* Both stand in what was in the base text: go on by the shorter. */
static void transform_common(struct op_cur *x, struct op_cur *y, struct pl_op *x_out,
                             struct pl_op *y_out)
{
    uint32_t n = x->left < y->left ? x->left : y->left;
    uint32_t x_bytes = 0;
    uint32_t y_bytes = 0;
    const uint8_t *x_text = x->kind == PL_DELETE ? cur_take_del(x, n, &x_bytes) : NULL;
    const uint8_t *y_text = y->kind == PL_DELETE ? cur_take_del(y, n, &y_bytes) : NULL;
    if (x->kind == PL_RETAIN && y->kind == PL_RETAIN) {
        push_retain(x_out, n);
        push_retain(y_out, n);
    } else if (y->kind == PL_RETAIN) {
        push_delete(x_out, n, x_text, x_bytes);
    } else if (x->kind == PL_RETAIN) {
        push_delete(y_out, n, y_text, y_bytes);
    }
    cur_skip(x, n);
    cur_skip(y, n);
}

/* The next of c is inserted by `into`; for `past` it is there already. */
static void take_insert(struct op_cur *c, struct pl_op *into, struct pl_op *past)
{
    uint32_t n = c->left;
    uint32_t nbytes;
    const uint8_t *text = cur_take_ins(c, n, &nbytes);
    push_insert(into, text, nbytes, n);
    push_retain(past, n);
    cur_next(c);
}

static void transform_walk(const struct pl_op *later, const struct pl_op *earlier,
                           struct pl_op *later_out, struct pl_op *earlier_out)
{
    struct op_cur x;
    struct op_cur y;
    op_reset(later_out, pl_op_result_len(earlier));
    op_reset(earlier_out, pl_op_result_len(later));
    cur_init(&x, later);
    cur_init(&y, earlier);
    while (!x.end || !y.end) {
        if (x.kind == PL_INSERT)
            take_insert(&x, later_out, earlier_out);
        else if (y.kind == PL_INSERT)
            take_insert(&y, earlier_out, later_out);
        else
            transform_common(&x, &y, later_out, earlier_out);
    }
    later_out->tail = 0;
    earlier_out->tail = 0;
}

/* The walk, when not both results are wanted; kept apart, so that the short way has no frame. */
__attribute__((noinline)) static void transform_any(const struct pl_op *later,
                                                    const struct pl_op *earlier,
                                                    struct pl_op *later_out,
                                                    struct pl_op *earlier_out)
{
    struct pl_op unwanted_later;
    struct pl_op unwanted_earlier;
    op_reset(&unwanted_later, 0);
    op_reset(&unwanted_earlier, 0);
    transform_walk(later, earlier, later_out == NULL ? &unwanted_later : later_out,
                   earlier_out == NULL ? &unwanted_earlier : earlier_out);
    pl_op_release(&unwanted_later);
    pl_op_release(&unwanted_earlier);
}

void pl_op_transform(const struct pl_op *later, const struct pl_op *earlier,
                     struct pl_op *later_out, struct pl_op *earlier_out)
{
    PL_ASSERT(later->base_len == earlier->base_len);
    if (!transform_splices(later, earlier, later_out, earlier_out))
        transform_any(later, earlier, later_out, earlier_out);
}

/*
 * Does a splice lie wholly inside one retain of x, where nothing of x can meet it? `at` gets that
 * component, ncomps for what x retains behind its last one; `pos` where the splice is after x.
 */
static bool find_retain(const struct pl_op *x, const struct op_splice *s, uint32_t *at,
                        uint32_t *pos)
{
    const uint64_t *c = op_comps_of(x);
    uint32_t from = 0; /* of the base, in front of component i */
    uint32_t out = 0;  /* and of the result */
    uint32_t i = 0;
    for (; i < x->ncomps; i++) {
        uint32_t n = comp_count(c[i]);
        unsigned kind = comp_kind(c[i]);
        uint32_t in_base = n & (0u - (kind != PL_INSERT));
        if (from + in_base > s->pos)
            break;
        from += in_base;
        out += n & (0u - (kind != PL_DELETE));
    }
    /* An insert at the edge of the retain could meet one of x. */
    if (from > s->pos || (from == s->pos && s->ins > 0 && i > 0))
        return false;
    if (i < x->ncomps) {
        uint32_t n = comp_count(c[i]);
        uint32_t end = s->pos - from + s->del;
        if (comp_kind(c[i]) != PL_RETAIN || end > n || n - s->del + s->ins == 0)
            return false;
    }
    *at = i;
    *pos = out + (s->pos - from);
    return true;
}

/* Makes room in x for a splice in its component `at`. */
static void widen(struct pl_op *x, uint32_t at, const struct op_splice *s)
{
    x->tail = 0;
    x->base_len = x->base_len - s->del + s->ins;
    if (at < x->ncomps)
        op_comps(x)[at] = op_comps(x)[at] - COMP(s->del, 0) + COMP(s->ins, 0);
}

/* Moves an op that is the splice s to another place of another text. */
static void move_splice(struct pl_op *y, const struct op_splice *s, uint32_t pos, uint32_t base_len)
{
    uint64_t *c = op_comps(y);
    y->tail = 0;
    y->base_len = base_len;
    if (s->pos > 0 && pos > 0) {
        c[0] = COMP(pos, PL_RETAIN);
    } else if (s->pos != pos) {
        struct op_splice moved = {.pos = pos, .ins = s->ins, .del = s->del};
        y->ncomps = (uint32_t)(put_splice(c, &moved) - c);
    }
}

void pl_op_cross(struct pl_op *later, struct pl_op *earlier)
{
    PL_ASSERT(later->base_len == earlier->base_len);
    struct op_splice s;
    uint32_t at;
    uint32_t pos;
    if (later->ncomps == 0 || earlier->ncomps == 0) {
        uint32_t later_base = pl_op_result_len(earlier);
        earlier->base_len = pl_op_result_len(later);
        later->base_len = later_base;
    } else if (op_as_splice(earlier, &s) && find_retain(later, &s, &at, &pos)) {
        move_splice(earlier, &s, pos, pl_op_result_len(later));
        widen(later, at, &s);
    } else if (op_as_splice(later, &s) && find_retain(earlier, &s, &at, &pos)) {
        move_splice(later, &s, pos, pl_op_result_len(earlier));
        widen(earlier, at, &s);
    } else {
        struct pl_op later_out;
        struct pl_op earlier_out;
        pl_op_transform(later, earlier, &later_out, &earlier_out);
        pl_op_release(later);
        pl_op_release(earlier);
        pl_op_move(later, &later_out);
        pl_op_move(earlier, &earlier_out);
    }
}

void pl_op_rebase(struct pl_op *later, const struct pl_op *earlier)
{
    PL_ASSERT(later->base_len == earlier->base_len);
    struct op_splice s;
    uint32_t at;
    uint32_t pos;
    if (later->ncomps == 0 || earlier->ncomps == 0) {
        later->base_len = pl_op_result_len(earlier);
    } else if (op_as_splice(earlier, &s) && find_retain(later, &s, &at, &pos)) {
        widen(later, at, &s);
    } else if (op_as_splice(later, &s) && find_retain(earlier, &s, &at, &pos)) {
        move_splice(later, &s, pos, pl_op_result_len(earlier));
    } else {
        struct pl_op out;
        pl_op_transform(later, earlier, &out, NULL);
        pl_op_release(later);
        pl_op_move(later, &out);
    }
}
