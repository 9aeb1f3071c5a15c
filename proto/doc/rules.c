// SPDX-License-Identifier: Apache-2.0
/*
 * Locked sections (a facilitator closes one so that it stays as it is while the session moves on),
 * and the rules for every edit: slot by slot, each judged by the part that knows its kind.
 */
#include "rules_int.h"

#include <stdio.h>
#include <string.h>

/* --- as it will be ------------------------------------------------------------------- */

uint32_t rules_kind(const struct rules *r, struct pl_eid eid)
{
    const struct pl_entry *en = pl_doc_entry(r->d, eid);
    const struct pl_slot *made = NULL;

    if (en != NULL)
        return pl_entry_kind(en);
    made = pl_cs_find(r->cs, PL_SLOT_CREATE, eid, 0, NULL);
    return made != NULL ? made->create_kind : PL_KIND_NONE;
}

struct pl_eid rules_parent(const struct rules *r, struct pl_eid eid)
{
    const struct pl_slot *s = pl_cs_find(r->cs, PL_SLOT_PLACE, eid, 0, NULL);
    const struct pl_entry *en = pl_doc_entry(r->d, eid);

    if (s == NULL && en == NULL)
        s = pl_cs_find(r->cs, PL_SLOT_CREATE, eid, 0, NULL);
    if (s != NULL)
        return s->parent;
    return en != NULL ? pl_entry_parent(en) : PL_EID_ROOT;
}

bool rules_is_new(const struct rules *r, struct pl_eid eid)
{
    return pl_doc_entry(r->d, eid) == NULL;
}

bool rules_is_there(const struct rules *r, struct pl_eid eid)
{
    const struct pl_slot *s = pl_cs_find(r->cs, PL_SLOT_DEAD, eid, 0, NULL);
    const struct pl_entry *en = pl_doc_entry(r->d, eid);

    if (s != NULL)
        return !s->flag;
    return en == NULL || pl_entry_is_visible(r->d, en);
}

const struct pl_value *rules_reg(const struct rules *r, struct pl_eid eid, uint32_t field)
{
    static const struct pl_value none = {.type = PL_VAL_NULL};
    const struct pl_slot *s = pl_cs_find(r->cs, PL_SLOT_REG, eid, field, NULL);
    const struct pl_entry *en = pl_doc_entry(r->d, eid);

    if (s != NULL)
        return &s->value;
    return en != NULL ? pl_entry_reg(en, field) : &none;
}

int64_t rules_num(const struct rules *r, struct pl_eid eid, uint32_t field)
{
    const struct pl_value *v = rules_reg(r, eid, field);

    return v->type == PL_VAL_INT ? v->i : 0;
}

bool rules_is_blank(const struct rules *r, struct pl_eid eid, uint32_t field)
{
    const struct pl_value *v = rules_reg(r, eid, field);

    return v->type != PL_VAL_STR || v->str[strspn(v->str, " ")] == '\0';
}

int64_t rules_num_before(const struct rules *r, struct pl_eid eid, uint32_t field)
{
    const struct pl_entry *en = pl_doc_entry(r->d, eid);

    return en != NULL ? pl_entry_int(en, field, 0) : 0;
}

const char *rules_name(const struct rules *r, struct pl_eid eid, char out[32])
{
    const struct pl_entry *en = pl_doc_entry(r->d, eid);
    int64_t no = en != NULL ? pl_entry_int(en, PL_F_NO, 0) : 0;

    if (no > 0)
        pl_short_id_format(out, pl_entry_kind(en), no);
    else
        (void)snprintf(out, 32, "%s%s", en == NULL ? "new " : "", pl_kind_name(rules_kind(r, eid)));
    return out;
}

int rules_wrap(const struct rules *r, struct pl_eid eid, int rc)
{
    char name[32];

    if (rc != 0)
        pl_wrap(r->e, "%s", rules_name(r, eid, name));
    return rc;
}

/* --- locks --------------------------------------------------------------------------- */

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
    const struct rules r = {.d = d, .cs = cs, .user = user, .e = e};
    const struct pl_entry *root = pl_doc_root(d);

    if (user == 0 || pl_entry_set_count(root, PL_F_REVIEW_LOCKED) == 0 ||
        pl_doc_role(d, (int64_t)user) == PL_ROLE_FACILITATOR)
        return 0;
    for (uint32_t i = 0; i < cs->n; i++) {
        uint32_t section = pl_rules_section(rules_kind(&r, cs->slots[i]->eid));
        const char *name = pl_kind_name(section);
        if (section != PL_KIND_NONE && pl_entry_has(root, PL_F_REVIEW_LOCKED, name, strlen(name)))
            return pl_fail(e, PL_E_LOCKED, "the section '%s' is locked by the facilitator", name);
    }
    return 0;
}

/* --- every edit ---------------------------------------------------------------------- */

/* Says the same as what is there: an edit that changes nothing breaks no rule. */
static bool is_same(const struct rules *r, const struct pl_slot *s)
{
    const struct pl_entry *en = pl_doc_entry(r->d, s->eid);

    if (en == NULL)
        return s->kind == PL_SLOT_REG && s->value.type == PL_VAL_NULL;
    switch (s->kind) {
    case PL_SLOT_REG:
        return pl_value_eq(&s->value, pl_entry_reg(en, s->field));
    case PL_SLOT_ELEM:
        return s->flag == pl_entry_has(en, s->field, s->elem.b, s->elem.len);
    case PL_SLOT_DEAD:
        return s->flag == pl_entry_is_dead(en);
    case PL_SLOT_CREATE:
    case PL_SLOT_PLACE:
    case PL_SLOT_TEXT:
        break;
    }
    return false;
}

static int check_create(const struct rules *r, const struct pl_slot *s)
{
    if (s->create_kind == PL_KIND_WAIVER)
        return pl_fail(r->e, PL_E_INVALID, "a check is waived by 'plimsoll waive', not by an edit");
    return 0;
}

static int check_place(const struct rules *r, const struct pl_slot *s)
{
    const struct pl_entry *en = pl_doc_entry(r->d, s->eid);
    const struct pl_entry *to = pl_doc_entry(r->d, s->parent);
    uint32_t kind = rules_kind(r, s->eid);
    char name[32];

    if (kind == PL_KIND_WAIVER)
        return pl_fail(r->e, PL_E_INVALID, "the server keeps the waived checks");
    if (en == NULL || pl_eid_eq(pl_entry_parent(en), s->parent))
        return 0;
    if (kind == PL_KIND_EVIDENCE)
        return rules_wrap(r, s->eid, rules_evidence_goes(r, s->eid, pl_entry_parent(en)));
    if (kind == PL_KIND_CAUSE && to != NULL && pl_entry_kind(to) == PL_KIND_CAUSE &&
        pl_entry_reg(to, PL_F_CAUSE_MERGED_INTO)->type == PL_VAL_EID)
        return rules_wrap(r, s->eid,
                          pl_fail(r->e, PL_E_INVALID,
                                  "%s was merged into another cause: hang it under that one",
                                  rules_name(r, s->parent, name)));
    return 0;
}

static int check_reg(const struct rules *r, const struct pl_slot *s)
{
    uint32_t kind = rules_kind(r, s->eid);
    int rc = rules_value(r, s);

    if (rc == 0 && kind == PL_KIND_ACTION)
        rc = rules_action(r, s);
    if (rc == 0 && kind == PL_KIND_EVIDENCE)
        rc = rules_evidence(r, s);
    return rules_wrap(r, s->eid, rc);
}

static int check_text(const struct rules *r, const struct pl_slot *s)
{
    if (s->field != PL_F_ACTION_EFFECT_NOTE || rules_kind(r, s->eid) != PL_KIND_ACTION)
        return 0;
    return rules_wrap(r, s->eid,
                      pl_fail(r->e, PL_E_INVALID, "effect_note: it is written by %s",
                              pl_rules_verb(PL_KIND_ACTION, s->field)));
}

static int check_slot(const struct rules *r, const struct pl_slot *s)
{
    switch (s->kind) {
    case PL_SLOT_CREATE:
        return check_create(r, s);
    case PL_SLOT_PLACE:
        return check_place(r, s);
    case PL_SLOT_DEAD:
        return s->flag ? rules_remove(r, s->eid) : 0;
    case PL_SLOT_REG:
        return check_reg(r, s);
    case PL_SLOT_ELEM:
        return s->flag ? rules_wrap(r, s->eid, rules_elem(r, s)) : 0;
    case PL_SLOT_TEXT:
        return check_text(r, s);
    }
    return 0;
}

int pl_rules_check(const struct pl_doc *d, const struct pl_cs *cs, uint64_t user, struct pl_err *e)
{
    const struct rules r = {.d = d, .cs = cs, .user = user, .e = e};

    for (uint32_t i = 0; user != 0 && i < cs->n; i++) {
        int rc = is_same(&r, cs->slots[i]) ? 0 : check_slot(&r, cs->slots[i]);
        if (rc != 0)
            return rc;
    }
    return 0;
}
