// SPDX-License-Identifier: Apache-2.0
/*
 * Inversion of changesets, for undo and for the rollback of a refused change.
 *
 * Every slot gets back what the state before had. What a changeset does to an entry that it creates
 * itself needs no inverse: the entry is removed (dead = 1) with all that is in it, and redo only
 * has to restore it. Misfit between changeset and state is a bug of the caller and aborts.
 */
#include "slot.h"

static bool is_created_by(const struct pl_cs *cs, struct pl_eid eid)
{
    return pl_cs_find(cs, PL_SLOT_CREATE, eid, 0, NULL) != NULL;
}

static void invert_text(struct pl_cs *out, const struct pl_slot *s,
                        const struct pl_state_view *before)
{
    struct pl_op inverse;
    if (s->op.has_deleted) {
        pl_op_invert(&inverse, &s->op);
    } else {
        const struct pl_text empty = {0};
        const struct pl_text *t = before->text(before->ctx, s->eid, s->field);
        struct pl_op filled;
        pl_op_copy(&filled, &s->op);
        int rc = pl_op_fill(&filled, t == NULL ? &empty : t, NULL);
        PL_ASSERT(rc == 0);
        pl_op_invert(&inverse, &filled);
        pl_op_release(&filled);
    }
    pl_cs_text(out, s->eid, s->field, &inverse);
}

static void invert_slot(struct pl_cs *out, const struct pl_slot *s,
                        const struct pl_state_view *before)
{
    const struct pl_value nothing = {.type = PL_VAL_NULL};
    const struct pl_value *value = NULL;
    const struct pl_key *key = NULL;
    struct pl_eid parent;
    bool flag = false;

    switch (s->kind) {
    case PL_SLOT_CREATE:
        pl_cs_dead(out, s->eid, true);
        return;
    case PL_SLOT_DEAD:
        if (before->dead(before->ctx, s->eid, &flag))
            pl_cs_dead(out, s->eid, flag);
        return;
    case PL_SLOT_PLACE:
        if (before->place(before->ctx, s->eid, &parent, &key))
            pl_cs_place(out, s->eid, parent, key);
        return;
    case PL_SLOT_REG:
        if (before->reg(before->ctx, s->eid, s->field, &value))
            pl_cs_reg(out, s->eid, s->field, value == NULL ? &nothing : value);
        return;
    case PL_SLOT_ELEM:
        if (before->elem(before->ctx, s->eid, s->field, &s->elem, &flag))
            pl_cs_elem(out, s->eid, s->field, s->elem.b, s->elem.len, flag);
        return;
    case PL_SLOT_TEXT:
        invert_text(out, s, before);
        return;
    }
    PL_BUG("slot kind");
}

void pl_cs_invert(struct pl_cs *out, const struct pl_cs *cs, const struct pl_state_view *before)
{
    pl_cs_init(out);
    for (uint32_t i = 0; i < cs->n; i++) {
        const struct pl_slot *s = cs->slots[i];
        if (s->kind == PL_SLOT_CREATE || !is_created_by(cs, s->eid))
            invert_slot(out, s, before);
    }
}

int pl_cs_fill_deleted(struct pl_cs *cs, const struct pl_state_view *before, struct pl_err *e)
{
    const struct pl_text empty = {0};
    for (uint32_t i = 0; i < cs->n; i++) {
        struct pl_slot *s = cs->slots[i];
        if (s->kind != PL_SLOT_TEXT)
            continue;
        const struct pl_text *t = before->text(before->ctx, s->eid, s->field);
        int rc = pl_op_fill(&s->op, t == NULL ? &empty : t, e);
        if (rc != 0)
            return rc;
    }
    return 0;
}
