// SPDX-License-Identifier: Apache-2.0
/*
 * Which permissions a changeset needs: every slot is mapped to an operation by the kind of its
 * entry, the field, whose entry it is and, for actions, the state before and after. The table of
 * who holds an operation is doc/perm.def. What nobody may do maps to a bit that no role holds.
 */
#include "doc_int.h"

#include "plimsoll/doc/perm.h"

struct ask {
    const struct pl_doc *d;
    const struct pl_cs *cs;
    uint64_t user;
};

static uint64_t bit(enum pl_perm_op op)
{
    return PL_PERM_BIT(op);
}

static const struct pl_slot *made_here(const struct ask *a, struct pl_eid eid)
{
    return pl_cs_find(a->cs, PL_SLOT_CREATE, eid, 0, NULL);
}

static uint32_t kind_of(const struct ask *a, struct pl_eid eid)
{
    const struct pl_entry *en = pl_doc_entry(a->d, eid);
    const struct pl_slot *made = en == NULL ? made_here(a, eid) : NULL;

    if (en != NULL)
        return en->kind;
    return made != NULL ? made->create_kind : 0;
}

/* Made by the user: in this changeset, or earlier and under his name. */
static bool is_own(const struct ask *a, struct pl_eid eid)
{
    const struct pl_entry *en = pl_doc_entry(a->d, eid);

    if (en == NULL)
        return made_here(a, eid) != NULL;
    uint64_t author = pl_entry_author(a->d, en);
    return author != 0 && author == a->user;
}

static struct pl_eid parent_of(const struct ask *a, struct pl_eid eid)
{
    const struct pl_entry *en = pl_doc_entry(a->d, eid);
    const struct pl_slot *made = en == NULL ? made_here(a, eid) : NULL;

    if (en != NULL)
        return en->parent_eid;
    return made != NULL ? made->parent : PL_EID_ROOT;
}

static int64_t int_before(const struct ask *a, struct pl_eid eid, uint32_t field)
{
    const struct pl_entry *en = pl_doc_entry(a->d, eid);

    return en != NULL ? pl_entry_int(en, field, 0) : 0;
}

static int64_t int_after(const struct ask *a, struct pl_eid eid, uint32_t field)
{
    const struct pl_slot *s = pl_cs_find(a->cs, PL_SLOT_REG, eid, field, NULL);

    if (s == NULL)
        return int_before(a, eid, field);
    return s->value.type == PL_VAL_INT ? s->value.i : 0;
}

static uint64_t review_ops(const struct pl_slot *s)
{
    switch (s->field) {
    case PL_F_REVIEW_IMPACT:
    case PL_F_REVIEW_IMPACT_VALUE:
    case PL_F_REVIEW_IMPACT_UNIT:
    case PL_F_REVIEW_CUSTOMERS_HIT:
        return bit(PL_PERM_IMPACT);
    case PL_F_REVIEW_NOTHING_IN:
        return bit(PL_PERM_CONTENT);
    case PL_F_REVIEW_SERVICES:
        return bit(PL_PERM_SERVICES);
    default:
        return bit(PL_PERM_HEADER);
    }
}

static bool is_note(int64_t lens, int64_t marker)
{
    return lens == PL_LENS_COMMUNICATION || marker == PL_MARKER_IMPACT_START;
}

/* Stakeholders write events of communication and of impact: it must be one before and after. */
static uint64_t event_ops(const struct ask *a, const struct pl_slot *s)
{
    bool is_new = pl_doc_entry(a->d, s->eid) == NULL;
    bool before = is_new || is_note(int_before(a, s->eid, PL_F_EVENT_LENS),
                                    int_before(a, s->eid, PL_F_EVENT_MARKER));
    bool after =
        is_note(int_after(a, s->eid, PL_F_EVENT_LENS), int_after(a, s->eid, PL_F_EVENT_MARKER));

    return bit(before && after ? PL_PERM_NOTE_EVENT : PL_PERM_CONTENT);
}

static bool is_progress(int64_t state)
{
    return state == PL_STATE_COMMITTED || state == PL_STATE_IN_PROGRESS || state == PL_STATE_DONE;
}

static bool is_idea(int64_t state)
{
    return state == 0 || state == PL_STATE_IDEA;
}

static uint64_t state_ops(const struct ask *a, const struct pl_slot *s, uint64_t own_idea)
{
    int64_t before = int_before(a, s->eid, PL_F_ACTION_STATE);
    int64_t after = int_after(a, s->eid, PL_F_ACTION_STATE);
    bool owner = int_before(a, s->eid, PL_F_ACTION_OWNER) == (int64_t)a->user;

    if (is_idea(before) && is_idea(after))
        return own_idea;
    if (after >= PL_STATE_VERIFIED && after <= PL_STATE_CANNOT_TELL)
        return bit(PL_PERM_SERVER);
    if (after == PL_STATE_IN_PROGRESS || after == PL_STATE_DONE)
        return bit(owner && is_progress(before) ? PL_PERM_ACTION_PROGRESS : PL_PERM_OWNER_ONLY);
    return bit(PL_PERM_ACTION_COMMIT);
}

static uint64_t action_ops(const struct ask *a, const struct pl_slot *s)
{
    int64_t before = int_before(a, s->eid, PL_F_ACTION_STATE);
    bool owner = a->user != 0 && int_before(a, s->eid, PL_F_ACTION_OWNER) == (int64_t)a->user;
    uint64_t idea = bit(is_own(a, s->eid) ? PL_PERM_ACTION_PROPOSE : PL_PERM_ACTION_EDIT);

    switch (s->kind == PL_SLOT_REG || s->kind == PL_SLOT_TEXT ? s->field : PL_F_NONE) {
    case PL_F_ACTION_STATE:
        return state_ops(a, s, idea);
    case PL_F_ACTION_STATE_REASON:
    case PL_F_ACTION_TRACKER_KEY:
    case PL_F_ACTION_TRACKER_URL:
        if (owner && is_progress(before) && is_progress(int_after(a, s->eid, PL_F_ACTION_STATE)))
            return bit(PL_PERM_ACTION_PROGRESS);
        break;
    case PL_F_ACTION_EFFECT_RESULT:
    case PL_F_ACTION_EFFECT_VALUE:
    case PL_F_ACTION_EFFECT_NOTE:
        return bit(PL_PERM_SERVER);
    default:
        break;
    }
    return is_idea(before) ? idea : bit(PL_PERM_ACTION_COMMIT);
}

/* Evidence belongs to the owner of a committed action; anybody's beside an idea of his own. */
static uint64_t evidence_ops(const struct ask *a, const struct pl_slot *s)
{
    struct pl_eid action = parent_of(a, s->eid);
    int64_t owner = int_before(a, action, PL_F_ACTION_OWNER);

    if (is_idea(int_before(a, action, PL_F_ACTION_STATE)))
        return bit(is_own(a, action) ? PL_PERM_ACTION_PROPOSE : PL_PERM_ACTION_EDIT);
    return bit(owner == (int64_t)a->user ? PL_PERM_ACTION_PROGRESS : PL_PERM_OWNER_ONLY);
}

static uint64_t comment_ops(const struct ask *a, const struct pl_slot *s)
{
    bool for_all = s->field == PL_F_COMMENT_RESOLVED || s->field == PL_F_COMMENT_TAGS;

    return bit(is_own(a, s->eid) || for_all ? PL_PERM_COMMENT : PL_PERM_OWNER_ONLY);
}

static uint64_t write_ops(const struct ask *a, const struct pl_slot *s)
{
    struct pl_eid parent = parent_of(a, s->eid);

    switch ((enum pl_kind)kind_of(a, s->eid)) {
    case PL_KIND_REVIEW:
        return review_ops(s);
    case PL_KIND_MATERIAL:
        return bit(PL_PERM_MATERIAL);
    case PL_KIND_RULE:
    case PL_KIND_AGENDA:
        return bit(PL_PERM_PLAN);
    case PL_KIND_ACCOUNT:
        return bit(is_own(a, s->eid) ? PL_PERM_ACCOUNT : PL_PERM_OWNER_ONLY);
    case PL_KIND_CLAIM:
        return bit(is_own(a, parent) ? PL_PERM_ACCOUNT : PL_PERM_OWNER_ONLY);
    case PL_KIND_EVENT:
        return event_ops(a, s);
    case PL_KIND_OBSERVATION:
    case PL_KIND_CAUSE:
        return bit(PL_PERM_CONTENT);
    case PL_KIND_ACTION:
        return action_ops(a, s);
    case PL_KIND_EVIDENCE:
        return evidence_ops(a, s);
    case PL_KIND_LESSON:
        return bit(PL_PERM_LESSON);
    case PL_KIND_COMMENT:
        return comment_ops(a, s);
    case PL_KIND_ANCHOR:
        return bit(is_own(a, parent) ? PL_PERM_COMMENT : PL_PERM_OWNER_ONLY);
    case PL_KIND_PARTICIPANT:
    case PL_KIND_WAIVER:
    case PL_KIND_NONE:
        break;
    }
    return bit(PL_PERM_SERVER);
}

/* What was committed to is no longer its proposer's to take away. */
static bool may_remove_as_own(const struct ask *a, struct pl_eid eid)
{
    if (kind_of(a, eid) == PL_KIND_ACTION && !is_idea(int_before(a, eid, PL_F_ACTION_STATE)))
        return false;
    return is_own(a, eid);
}

static uint64_t slot_ops(const struct ask *a, const struct pl_slot *s)
{
    const struct pl_field *f = pl_field_find(kind_of(a, s->eid), s->field);

    if (f != NULL && (f->flags & PL_FF_SERVER) != 0)
        return bit(PL_PERM_SERVER);
    if (kind_of(a, s->eid) == PL_KIND_PARTICIPANT || kind_of(a, s->eid) == PL_KIND_WAIVER)
        return bit(PL_PERM_SERVER);
    if (s->kind == PL_SLOT_DEAD && made_here(a, s->eid) == NULL)
        return bit(may_remove_as_own(a, s->eid) ? PL_PERM_REMOVE_OWN : PL_PERM_REMOVE_ANY);
    uint64_t ops = write_ops(a, s);
    /* Hanging it under another entry writes there as well: claims and anchors change hands. */
    if (s->kind == PL_SLOT_PLACE) {
        uint32_t kind = kind_of(a, s->eid);
        bool guarded = kind == PL_KIND_CLAIM || kind == PL_KIND_ANCHOR || kind == PL_KIND_EVIDENCE;
        if (guarded && !pl_eid_eq(parent_of(a, s->eid), s->parent) && !is_own(a, s->parent))
            ops |= bit(PL_PERM_OWNER_ONLY);
    }
    return ops;
}

uint64_t pl_doc_perm_ops(const struct pl_doc *d, const struct pl_cs *cs, uint64_t user)
{
    struct ask a = {.d = d, .cs = cs, .user = user};
    uint64_t ops = 0;

    for (uint32_t i = 0; i < cs->n; i++)
        ops |= slot_ops(&a, cs->slots[i]);
    return ops;
}
