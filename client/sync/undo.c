// SPDX-License-Identifier: Apache-2.0
/*
 * Undo and redo: two stacks of inverse changesets that follow every change of the view.
 *
 * A step applies to the view as it was when it was made. What has changed since lies beside it and
 * is paid for only when the step is undone: the step is carried over it, and it over the step, for
 * the one below. So text that others typed inside mine survives my undo. Registers, places, flags
 * and elements are conditional: once somebody else has set the slot, the step loses it and says so.
 */
#include "sync/sync_int.h"

#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "plimsoll/base/mem.h"

/* --- stacks ----------------------------------------------------------------------------------- */

static void free_step(struct undo_step *step)
{
    for (uint32_t i = 0; i < step->n; i++)
        pl_cs_release(&step->parts[i].cs);
    for (uint32_t i = 0; i < step->n_over; i++)
        pl_cs_release(&step->over[i]);
    free(step->parts);
    free(step->over);
    free(step);
}

void sync_undo_pop(struct undo_stack *st, struct undo_step *step)
{
    DL_DELETE(st->top, step);
    st->n--;
    st->bytes -= step->bytes;
    free_step(step);
}

void sync_undo_clear(struct undo_stack *st)
{
    while (st->top != NULL)
        sync_undo_pop(st, st->top);
}

struct undo_step *sync_undo_push(struct undo_stack *st)
{
    struct undo_step *step = pl_xcalloc(1, sizeof *step);

    while (st->top != NULL && (st->n >= SYNC_UNDO_STEPS || st->bytes > SYNC_UNDO_BYTES))
        sync_undo_pop(st, st->top->prev); /* the head's prev is the bottom */
    if (st->top != NULL)
        st->top->mode = 0; /* nothing joins a step that is not the top */
    DL_PREPEND(st->top, step);
    st->n++;
    return step;
}

/* Memory of a changeset, about: deleted text included. */
static size_t cs_bytes(const struct pl_cs *cs)
{
    size_t n = sync_cs_cost(cs);

    for (uint32_t i = 0; i < cs->n; i++)
        n += sizeof(struct pl_slot) + cs->slots[i]->op.del_len;
    return n;
}

static void set_bytes(struct undo_stack *st, struct undo_step *step)
{
    st->bytes -= step->bytes;
    step->bytes = sizeof *step;
    for (uint32_t i = 0; i < step->n; i++)
        step->bytes += cs_bytes(&step->parts[i].cs);
    for (uint32_t i = 0; i < step->n_over; i++)
        step->bytes += cs_bytes(&step->over[i]);
    st->bytes += step->bytes;
}

/* first = first, then `cs` (moved). */
static void compose_into(struct pl_cs *first, struct pl_cs *take_cs)
{
    int rc = pl_cs_compose(first, take_cs, NULL);

    PL_ASSERT(rc == 0);
    pl_cs_release(take_cs);
}

void sync_undo_add(struct undo_stack *st, struct undo_step *step, uint64_t batch,
                   struct pl_cs *take_inverse)
{
    if (step->n > 0 && step->parts[step->n - 1].batch == batch) {
        struct pl_cs *old = &step->parts[step->n - 1].cs;
        struct pl_cs both;
        pl_cs_move(&both, take_inverse);
        compose_into(&both, old);
        pl_cs_move(old, &both);
    } else {
        if (step->n == step->cap) {
            step->cap = step->cap == 0 ? 1 : step->cap * 2;
            step->parts = pl_xrealloc(step->parts, step->cap, sizeof *step->parts);
        }
        step->parts[step->n].batch = batch;
        pl_cs_move(&step->parts[step->n].cs, take_inverse);
        step->n++;
    }
    set_bytes(st, step);
}

static void ack_stack(struct undo_stack *st, uint64_t batch)
{
    struct undo_step *step;

    DL_FOREACH (st->top, step) {
        uint32_t n = 0;
        for (uint32_t i = 0; i < step->n; i++) {
            struct undo_part *p = &step->parts[i];
            if (p->batch == batch)
                p->batch = 0;
            if (n > 0 && p->batch == 0 && step->parts[n - 1].batch == 0) {
                compose_into(&p->cs, &step->parts[n - 1].cs);
                step->parts[n - 1] = *p;
            } else {
                step->parts[n++] = *p;
            }
        }
        step->n = n;
    }
}

void sync_undo_acked(struct sync *s, uint64_t batch)
{
    ack_stack(&s->undo, batch);
    ack_stack(&s->redo, batch);
}

/* --- following the view ----------------------------------------------------------------------- */

/* The text slots of cs alone. */
static void copy_texts(struct pl_cs *out, const struct pl_cs *cs)
{
    pl_cs_init(out);
    for (uint32_t i = 0; i < cs->n; i++) {
        const struct pl_slot *sl = cs->slots[i];
        if (sl->kind != PL_SLOT_TEXT)
            continue;
        struct pl_op op;
        pl_op_copy(&op, &sl->op);
        pl_cs_text(out, sl->eid, sl->field, &op);
    }
}

static uint32_t comps_of(const struct pl_cs *cs)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < cs->n; i++)
        n += cs->slots[i]->kind == PL_SLOT_TEXT ? cs->slots[i]->op.ncomps : 0;
    return n;
}

/* Puts a change of texts on top of what lies beside a step. */
static void add_over(struct undo_step *step, struct pl_cs *take_c)
{
    struct pl_cs *last = step->n_over > 0 ? &step->over[step->n_over - 1] : NULL;

    if (last != NULL && comps_of(last) < SYNC_OVER_COMPS &&
        pl_cs_compose(last, take_c, NULL) == 0) {
        pl_cs_release(take_c);
        return;
    }
    if (step->n_over == step->cap_over) {
        step->cap_over = step->cap_over == 0 ? 1 : step->cap_over * 2;
        step->over = pl_xrealloc(step->over, step->cap_over, sizeof *step->over);
    }
    pl_cs_move(&step->over[step->n_over++], take_c);
}

/* Carries a step over one change, newest part first; c becomes what the step below has to bear. */
static int carry_over(struct undo_step *step, struct pl_cs *c)
{
    const struct pl_slot *sl = pl_cs_find(c, PL_SLOT_TEXT, step->eid, step->field, NULL);
    int rc = 0;

    if (step->mode != 0 && sl != NULL)
        step->edge = pl_op_map_pos(&sl->op, step->edge, PL_LEFT);
    for (uint32_t i = step->n; i > 0 && rc == 0; i--)
        rc = pl_cs_transform(&step->parts[i - 1].cs, c, NULL);
    return rc;
}

/* Brings the top step to the view as it is. False: it did not fit, and the stack is empty now. */
static bool settle_top(struct undo_stack *st)
{
    struct undo_step *step = st->top;
    int rc = 0;

    if (step == NULL || step->n_over == 0)
        return step != NULL;
    for (uint32_t i = 0; i < step->n_over; i++) {
        if (rc == 0)
            rc = carry_over(step, &step->over[i]);
        if (rc == 0 && step->next != NULL && step->over[i].n > 0)
            add_over(step->next, &step->over[i]);
        pl_cs_release(&step->over[i]);
    }
    step->n_over = 0;
    if (rc != 0) {
        sync_undo_clear(st);
        return false;
    }
    set_bytes(st, step);
    if (step->next != NULL)
        set_bytes(st, step->next);
    return true;
}

static void map_stack(struct undo_stack *st, const struct pl_cs *view_cs)
{
    struct pl_cs c;

    if (st->top == NULL)
        return;
    copy_texts(&c, view_cs);
    if (c.n == 0)
        return;
    size_t bytes = cs_bytes(&c);
    st->top->bytes += bytes; /* about: composed it may be less */
    st->bytes += bytes;
    add_over(st->top, &c);
    while (st->top != NULL && st->bytes > SYNC_UNDO_BYTES)
        sync_undo_pop(st, st->top->prev);
}

void sync_undo_map(struct sync *s, const struct pl_cs *view_cs)
{
    map_stack(&s->undo, view_cs);
    map_stack(&s->redo, view_cs);
}

/* --- slots set by others ---------------------------------------------------------------------- */

/* Takes every slot of `cs` but texts out of the step; `tell` gets the first of them. */
static bool strip_step(struct undo_step *step, const struct pl_cs *cs, struct pl_slot *tell)
{
    bool any = false;

    for (uint32_t p = 0; p < step->n; p++) {
        struct pl_cs *mine = &step->parts[p].cs;
        struct pl_cs gone;
        pl_cs_init(&gone);
        for (uint32_t i = 0; i < mine->n;) {
            const struct pl_slot *sl = mine->slots[i];
            if (sl->kind == PL_SLOT_TEXT ||
                pl_cs_find(cs, sl->kind, sl->eid, sl->field, &sl->elem) == NULL) {
                i++;
                continue;
            }
            if (!any)
                *tell = (struct pl_slot){.kind = sl->kind, .eid = sl->eid, .field = sl->field};
            any = true;
            sync_slot_move(&gone, mine, i);
        }
        pl_cs_release(&gone);
    }
    return any;
}

static bool has_other_than_text(const struct pl_cs *cs)
{
    for (uint32_t i = 0; i < cs->n; i++) {
        if (cs->slots[i]->kind != PL_SLOT_TEXT)
            return true;
    }
    return false;
}

static void skip_stack(struct sync *s, struct undo_stack *st, const struct pl_cs *cs, uint64_t user)
{
    struct undo_step *step;
    struct pl_slot tell;

    DL_FOREACH (st->top, step) {
        if (strip_step(step, cs, &tell) && s->h.undo_skipped != NULL && !s->muted)
            s->h.undo_skipped(s->h.ctx, tell.eid, tell.field, user);
    }
}

void sync_undo_skip(struct sync *s, const struct pl_cs *cs, uint64_t user)
{
    if (!has_other_than_text(cs))
        return;
    skip_stack(s, &s->undo, cs, user);
    skip_stack(s, &s->redo, cs, user);
}

/* --- refusals --------------------------------------------------------------------------------- */

static bool is_hit(const struct sync *s, const struct undo_step *step, uint64_t gone)
{
    const struct sync_batch *b;

    for (uint32_t i = 0; i < step->n; i++) {
        if (step->parts[i].batch == 0)
            continue;
        if (step->parts[i].batch == gone)
            return true;
        DL_FOREACH (s->queue, b) {
            if (b->hit && b->id == step->parts[i].batch)
                return true;
        }
    }
    return false;
}

static bool has_delete(const struct pl_op *op)
{
    struct pl_op_iter it;
    struct pl_comp c;

    pl_op_iter_init(&it, op);
    while (pl_op_iter_next(&it, &c)) {
        if (c.kind == PL_DELETE)
            return true;
    }
    return false;
}

/* The texts of a part, inverted. False when an op does not know what it deletes. */
static bool invert_texts(struct pl_cs *out, const struct pl_cs *cs)
{
    pl_cs_init(out);
    for (uint32_t i = 0; i < cs->n; i++) {
        const struct pl_slot *sl = cs->slots[i];
        struct pl_op inverse;
        if (sl->kind != PL_SLOT_TEXT)
            continue;
        if (!sl->op.has_deleted && has_delete(&sl->op))
            return false;
        pl_op_invert(&inverse, &sl->op);
        pl_cs_text(out, sl->eid, sl->field, &inverse);
    }
    return true;
}

/* The step goes away: for the one below, taking it back is something that happened, and then what
 * lies beside it. */
static int bridge_step(struct undo_step *step)
{
    struct undo_step *below = step->next;
    struct pl_cs all;
    int rc = 0;

    if (below == NULL)
        return 0;
    pl_cs_init(&all);
    for (uint32_t i = 0; i < step->n && rc == 0; i++) {
        struct pl_cs back;
        if (!invert_texts(&back, &step->parts[i].cs))
            rc = -PL_E_BADOP;
        if (rc == 0)
            rc = pl_cs_compose(&all, &back, NULL);
        pl_cs_release(&back);
    }
    if (rc == 0 && all.n > 0)
        add_over(below, &all);
    pl_cs_release(&all);
    for (uint32_t i = 0; i < step->n_over && rc == 0; i++)
        add_over(below, &step->over[i]);
    return rc;
}

/* Entries whose creation was refused cannot be touched any more. */
static void forget_created(struct undo_step *step, const struct pl_cs *lost)
{
    for (uint32_t p = 0; p < step->n; p++) {
        struct pl_cs *mine = &step->parts[p].cs;
        struct pl_cs gone;
        pl_cs_init(&gone);
        for (uint32_t i = 0; i < mine->n;) {
            if (pl_cs_find(lost, PL_SLOT_CREATE, mine->slots[i]->eid, 0, NULL) != NULL)
                sync_slot_move(&gone, mine, i);
            else
                i++;
        }
        pl_cs_release(&gone);
    }
}

static void refuse_stack(struct sync *s, struct undo_stack *st, uint64_t gone,
                         const struct pl_cs *view_cs, const struct pl_cs *lost)
{
    struct undo_step *step;
    struct undo_step *tmp;
    int rc = 0;

    map_stack(st, view_cs);
    DL_FOREACH_SAFE (st->top, step, tmp) {
        if (!is_hit(s, step, gone)) {
            forget_created(step, lost);
            continue;
        }
        rc = bridge_step(step);
        if (rc != 0)
            break;
        sync_undo_pop(st, step);
    }
    if (rc != 0)
        sync_undo_clear(st);
}

void sync_undo_refused(struct sync *s, uint64_t gone, const struct pl_cs *view_cs,
                       const struct pl_cs *lost)
{
    refuse_stack(s, &s->undo, gone, view_cs, lost);
    refuse_stack(s, &s->redo, gone, view_cs, lost);
}

/* --- doing it --------------------------------------------------------------------------------- */

/* The whole step as one changeset for the view as it is. */
static void gather_step(const struct undo_step *step, struct pl_cs *out)
{
    pl_cs_init(out);
    for (uint32_t i = step->n; i > 0; i--) {
        int rc = pl_cs_compose(out, &step->parts[i - 1].cs, NULL);
        PL_ASSERT(rc == 0);
    }
}

/* The top step goes without having been done: for those below, what it did stays. */
static void drop_top(struct undo_stack *st)
{
    int rc = bridge_step(st->top);

    sync_undo_pop(st, st->top);
    if (rc != 0)
        sync_undo_clear(st);
    else if (st->top != NULL)
        set_bytes(st, st->top);
}

/* Undo takes from one stack and puts the way back onto the other. */
static int step_over(struct sync *s, struct undo_stack *from, struct undo_stack *to,
                     uint32_t undo_of, struct pl_err *e)
{
    if (s->gone)
        return pl_fail(e, PL_E_REVOKED, "this review can only be read now");
    while (settle_top(from)) {
        struct pl_cs cs;
        gather_step(from->top, &cs);
        if (pl_cs_is_empty(&cs)) {
            drop_top(from); /* its parts may have cancelled out, with others in between */
            pl_cs_release(&cs);
            continue;
        }
        int rc = sync_judge(s, &cs, e);
        if (rc != 0) {
            drop_top(from);
            pl_cs_release(&cs);
            return rc;
        }
        sync_undo_pop(from, from->top);
        struct undo_step *back = sync_undo_push(to);
        sync_local_apply(s, &cs, undo_of, to, back);
        sync_queue_tidy(s);
        sync_flush(s);
        return 1;
    }
    return 0;
}

int sync_undo(struct sync *s, int64_t now_us, struct pl_err *e)
{
    s->now_us = now_us;
    return step_over(s, &s->undo, &s->redo, 1, e);
}

int sync_redo(struct sync *s, int64_t now_us, struct pl_err *e)
{
    s->now_us = now_us;
    return step_over(s, &s->redo, &s->undo, 2, e);
}

/* --- grouping --------------------------------------------------------------------------------- */

/* A changeset that is one keystroke or one piece of typing. */
struct stroke {
    int mode; /* 1 typing, 2 erasing, 0 neither */
    const struct pl_slot *slot;
    uint32_t pos;
    uint32_t n; /* characters typed or erased */
    const uint8_t *bytes;
    uint32_t nbytes;
};

static struct stroke read_stroke(const struct pl_cs *cs)
{
    struct stroke k = {0};
    struct pl_op_iter it;
    struct pl_comp c;
    uint32_t edits = 0;

    if (cs->n != 1 || cs->slots[0]->kind != PL_SLOT_TEXT)
        return k;
    k.slot = cs->slots[0];
    pl_op_iter_init(&it, &k.slot->op);
    while (pl_op_iter_next(&it, &c)) {
        if (c.kind == PL_RETAIN) {
            k.pos = c.n;
            continue;
        }
        edits++;
        k.mode = c.kind == PL_INSERT ? 1 : 2;
        k.n = c.n;
        k.bytes = c.bytes;
        k.nbytes = c.bytes == NULL ? 0 : c.nbytes;
    }
    if (edits != 1)
        k.mode = 0;
    return k;
}

static bool has_newline(const struct stroke *k)
{
    return k->bytes != NULL && memchr(k->bytes, '\n', k->nbytes) != NULL;
}

struct undo_step *sync_undo_joins(struct sync *s, const struct pl_cs *cs)
{
    struct stroke k = read_stroke(cs);

    if (k.mode == 0 || !settle_top(&s->undo))
        return NULL;
    struct undo_step *top = s->undo.top;
    if (k.mode != top->mode || has_newline(&k))
        return NULL;
    if (!pl_eid_eq(top->eid, k.slot->eid) || top->field != k.slot->field)
        return NULL;
    if (s->now_us - top->at_us >= SYNC_GROUP_US)
        return NULL;
    if (k.mode == 1)
        return k.pos == top->edge ? top : NULL;
    return k.pos + k.n == top->edge || k.pos == top->edge ? top : NULL;
}

static bool ends_sentence(char c)
{
    return c == '.' || c == '!' || c == '?';
}

void sync_undo_note(struct sync *s, struct undo_step *step, const struct pl_cs *cs, bool group)
{
    struct stroke k = read_stroke(cs);
    char before = step->last;

    step->mode = group ? k.mode : 0;
    step->at_us = s->now_us;
    if (k.mode == 0)
        return;
    step->eid = k.slot->eid;
    step->field = k.slot->field;
    step->edge = k.mode == 1 ? k.pos + k.n : k.pos;
    if (k.mode != 1 || k.nbytes == 0) {
        if (has_newline(&k))
            step->mode = 0;
        return;
    }
    step->last = (char)k.bytes[k.nbytes - 1];
    if (k.nbytes >= 2)
        before = (char)k.bytes[k.nbytes - 2];
    if (step->last == '\n' || (step->last == ' ' && ends_sentence(before)))
        step->mode = 0;
}
