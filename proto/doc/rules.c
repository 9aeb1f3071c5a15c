// SPDX-License-Identifier: Apache-2.0
/*
 * Locked sections: a facilitator closes one so that it stays as it is while the session moves on.
 */
#include "plimsoll/doc/rules.h"

#include <string.h>

static uint32_t kind_of(const struct pl_doc *d, const struct pl_cs *cs, struct pl_eid eid)
{
    const struct pl_entry *en = pl_doc_entry(d, eid);
    const struct pl_slot *made = NULL;

    if (en != NULL)
        return pl_entry_kind(en);
    made = pl_cs_find(cs, PL_SLOT_CREATE, eid, 0, NULL);
    return made != NULL ? made->create_kind : PL_KIND_NONE;
}

uint32_t pl_rules_section(uint32_t kind)
{
    switch ((enum pl_kind)kind) {
    case PL_KIND_NONE:
    case PL_KIND_PARTICIPANT:
    case PL_KIND_WAIVER:
    case PL_KIND_COMMENT:
    case PL_KIND_ANCHOR:
        return PL_KIND_NONE;
    case PL_KIND_CLAIM:
        return PL_KIND_ACCOUNT;
    case PL_KIND_EVIDENCE:
        return PL_KIND_ACTION;
    case PL_KIND_REVIEW:
    case PL_KIND_MATERIAL:
    case PL_KIND_RULE:
    case PL_KIND_AGENDA:
    case PL_KIND_ACCOUNT:
    case PL_KIND_EVENT:
    case PL_KIND_OBSERVATION:
    case PL_KIND_CAUSE:
    case PL_KIND_ACTION:
    case PL_KIND_LESSON:
        break;
    }
    return kind;
}

int pl_rules_locked(const struct pl_doc *d, const struct pl_cs *cs, uint64_t user, struct pl_err *e)
{
    const struct pl_entry *root = pl_doc_root(d);

    if (user == 0 || pl_entry_set_count(root, PL_F_REVIEW_LOCKED) == 0 ||
        pl_doc_role(d, (int64_t)user) == PL_ROLE_FACILITATOR)
        return 0;
    for (uint32_t i = 0; i < cs->n; i++) {
        uint32_t section = pl_rules_section(kind_of(d, cs, cs->slots[i]->eid));
        const char *name = pl_kind_name(section);
        if (section != PL_KIND_NONE && pl_entry_has(root, PL_F_REVIEW_LOCKED, name, strlen(name)))
            return pl_fail(e, PL_E_LOCKED, "the section '%s' is locked by the facilitator", name);
    }
    return 0;
}
