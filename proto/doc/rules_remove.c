// SPDX-License-Identifier: Apache-2.0
/*
 * Rules for removing. It is soft, so most of it is nobody's loss; refused is what would take more
 * away than it seems: others' entries below it, others' entries that were merged into it or are
 * claims about it (a facilitator may), what was committed to (it is dropped, with a reason), and
 * what proves that an action was done.
 */
#include "rules_int.h"

#include "plimsoll/wire/limits.h"

struct search {
    const struct rules *r;
    struct pl_eid eid;
    const struct pl_entry *found; /* of somebody else, or evidence */
    struct pl_eid action;
};

/* Made by somebody else, as far as it is known: what has no author is not held against anybody. */
static bool is_others(const struct rules *r, const struct pl_entry *en)
{
    uint64_t author = pl_entry_author(r->d, en);

    return author != 0 && author != r->user;
}

static bool names(const struct pl_entry *en, uint32_t field, struct pl_eid eid)
{
    const struct pl_value *v = pl_entry_reg(en, field);

    return v->type == PL_VAL_EID && pl_eid_eq(v->eid, eid);
}

/* Does it stand below the entry, at any depth? A view may hold a cycle: the depth ends that. */
static bool is_below(const struct rules *r, const struct pl_entry *en, struct pl_eid eid)
{
    struct pl_eid at = pl_entry_eid(en);

    for (unsigned i = 0; i <= PL_DEPTH_MAX && !pl_eid_is_root(at); i++) {
        at = rules_parent(r, at);
        if (pl_eid_eq(at, eid))
            return true;
    }
    return false;
}

/* Is `en` part of what hangs on the entry: a cause below it, merged into it, a claim about it? */
static bool depends(const struct rules *r, const struct pl_entry *en, struct pl_eid eid)
{
    switch (pl_entry_kind(en)) {
    case PL_KIND_CAUSE:
        return is_below(r, en, eid) || names(en, PL_F_CAUSE_MERGED_INTO, eid);
    case PL_KIND_OBSERVATION:
        return names(en, PL_F_OBSERVATION_MERGED_INTO, eid);
    case PL_KIND_ACTION:
        return names(en, PL_F_ACTION_MERGED_INTO, eid);
    case PL_KIND_CLAIM:
        return names(en, PL_F_CLAIM_EVENT, eid);
    default:
        return false;
    }
}

static void find_others(void *ctx, struct pl_entry *en)
{
    struct search *x = ctx;

    if (depends(x->r, en, x->eid) && is_others(x->r, en) && pl_entry_is_visible(x->r->d, en) &&
        rules_is_there(x->r, pl_entry_eid(en)) &&
        (x->found == NULL || pl_eid_cmp(pl_entry_eid(en), pl_entry_eid(x->found)) < 0))
        x->found = en;
}

static void find_evidence(void *ctx, struct pl_entry *en)
{
    struct search *x = ctx;

    if (pl_entry_kind(en) == PL_KIND_EVIDENCE && names(en, PL_F_EVIDENCE_FILE, x->eid) &&
        pl_entry_is_visible(x->r->d, en) &&
        (x->found == NULL || pl_eid_cmp(pl_entry_eid(en), pl_entry_eid(x->found)) < 0)) {
        x->found = en;
        x->action = pl_entry_parent(en);
    }
}

static int check_others(const struct rules *r, struct pl_eid eid)
{
    struct search x = {.r = r, .eid = eid};
    char name[32];

    if (pl_doc_role(r->d, (int64_t)r->user) == PL_ROLE_FACILITATOR)
        return 0;
    pl_doc_each(r->d, find_others, &x);
    if (x.found == NULL)
        return 0;
    return pl_fail(r->e, PL_E_PERM,
                   "%s of somebody else hangs on it: move that first, or ask a facilitator",
                   rules_name(r, pl_entry_eid(x.found), name));
}

static int check_material(const struct rules *r, struct pl_eid eid)
{
    struct search x = {.r = r, .eid = eid, .action = PL_EID_ROOT};
    char name[32];

    pl_doc_each(r->d, find_evidence, &x);
    if (x.found == NULL)
        return 0;
    return pl_fail(r->e, PL_E_GATE, "it is evidence for %s: name another file there first",
                   rules_name(r, x.action, name));
}

static int check_action(const struct rules *r, struct pl_eid eid)
{
    int64_t state = rules_num_before(r, eid, PL_F_ACTION_STATE);

    if (state > PL_STATE_IDEA)
        return pl_fail(r->e, PL_E_GATE,
                       "only an idea is removed; this is %s: plimsoll actions drop --reason",
                       pl_enum_name(PL_EN_STATE, state));
    return check_others(r, eid);
}

static int remove_of_kind(const struct rules *r, const struct pl_entry *en)
{
    struct pl_eid eid = pl_entry_eid(en);

    switch (pl_entry_kind(en)) {
    case PL_KIND_WAIVER:
        return pl_fail(r->e, PL_E_INVALID, "it is taken back by 'plimsoll unwaive'");
    case PL_KIND_ACTION:
        return check_action(r, eid);
    case PL_KIND_EVIDENCE:
        return rules_evidence_goes(r, eid, pl_entry_parent(en));
    case PL_KIND_MATERIAL:
        return check_material(r, eid);
    case PL_KIND_CAUSE:
    case PL_KIND_OBSERVATION:
    case PL_KIND_EVENT:
        return check_others(r, eid);
    default:
        return 0;
    }
}

int rules_remove(const struct rules *r, struct pl_eid eid)
{
    const struct pl_entry *en = pl_doc_entry(r->d, eid);

    return en != NULL ? rules_wrap(r, eid, remove_of_kind(r, en)) : 0;
}
