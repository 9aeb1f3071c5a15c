// SPDX-License-Identifier: Apache-2.0
/*
 * Judging acts: the role by the table of rights, then the act's own function. What the functions
 * share is here: writing registers only where they differ, texts as one line, finding people and
 * entries. Nothing is kept between two calls.
 */
#include "review/conduct_int.h"

#include <string.h>

#include "plimsoll/doc/act.h"
#include "plimsoll/doc/perm.h"
#include "plimsoll/doc/secret.h"

void put_int(struct conduct *c, const struct pl_entry *en, uint32_t field, int64_t v)
{
    struct pl_value val = pl_value_int(v);

    if (!pl_value_eq(&val, pl_entry_reg(en, field)))
        pl_cs_reg(c->cs, pl_entry_eid(en), field, &val);
}

void put_null(struct conduct *c, const struct pl_entry *en, uint32_t field)
{
    const struct pl_value none = {.type = PL_VAL_NULL};

    if (pl_entry_reg(en, field)->type != PL_VAL_NULL)
        pl_cs_reg(c->cs, pl_entry_eid(en), field, &none);
}

void put_elem(struct conduct *c, const struct pl_entry *en, uint32_t field, const char *s, bool in)
{
    size_t n = strlen(s);

    if (pl_entry_has(en, field, s, n) != in)
        pl_cs_elem(c->cs, pl_entry_eid(en), field, s, n, in);
}

int put_line(struct conduct *c, const struct pl_entry *en, uint32_t field, const char *s)
{
    const struct pl_field *f = pl_field_find(pl_entry_kind(en), field);

    s += strspn(s, " \t\n");
    size_t n = strlen(s);
    while (n > 0 && strchr(" \t\n", s[n - 1]) != NULL)
        n--;
    if (n == 0) {
        put_null(c, en, field);
        return 0;
    }
    if (memchr(s, '\n', n) != NULL || memchr(s, '\t', n) != NULL)
        return pl_fail(c->e, PL_E_BAD_TEXT, "%s: one line without tabs", f->name);
    struct pl_value v = pl_value_str(s, n);
    int rc = pl_field_check_value(f, &v, c->e);
    if (rc == 0 && !pl_value_eq(&v, pl_entry_reg(en, field)))
        pl_cs_reg(c->cs, pl_entry_eid(en), field, &v);
    pl_value_release(&v);
    return rc;
}

int need_text(const struct conduct *c, const char *what)
{
    if (c->act->text == NULL || c->act->text[strspn(c->act->text, " \t\n")] == '\0')
        return pl_fail(c->e, PL_E_INVALID, "%s", what);
    return 0;
}

int need_range(const struct conduct *c, int64_t min, int64_t max, const char *what)
{
    if (c->act->value < min || c->act->value > max)
        return pl_fail(c->e, PL_E_INVALID, "%s: %lld is outside %lld to %lld", what,
                       (long long)c->act->value, (long long)min, (long long)max);
    return 0;
}

const struct pl_entry *person(const struct pl_doc *d, uint64_t user)
{
    if (user == 0 || user >= CONDUCT_EID_FIRST)
        return NULL;
    const struct pl_entry *en = pl_doc_entry(d, (struct pl_eid){0, (uint32_t)user});
    if (en == NULL || pl_entry_kind(en) != PL_KIND_PARTICIPANT || pl_entry_is_dead(en))
        return NULL;
    return en;
}

const struct pl_entry *need_entry(const struct conduct *c, struct pl_eid eid, uint32_t kind)
{
    const struct pl_entry *en = pl_eid_is_root(eid) ? NULL : pl_doc_entry(c->d, eid);

    if (en == NULL || !pl_entry_is_visible(c->d, en)) {
        (void)pl_fail(c->e, PL_E_NOENT, "there is no such entry, or it was removed");
        return NULL;
    }
    if (kind != 0 && pl_entry_kind(en) != kind) {
        (void)pl_fail(c->e, PL_E_INVALID, "the entry is a %s, wanted is a %s",
                      pl_kind_name(pl_entry_kind(en)), pl_kind_name(kind));
        return NULL;
    }
    return en;
}

/* --- free ids ------------------------------------------------------------------------------------
 */

static void see_eid(void *ctx, struct pl_entry *en)
{
    struct pl_eid eid = pl_entry_eid(en);
    uint32_t *next = ctx;

    if (eid.client == 0 && eid.n >= *next)
        *next = eid.n + 1;
}

uint32_t conduct_fresh_eid(const struct pl_doc *d)
{
    uint32_t next = CONDUCT_EID_FIRST;

    pl_doc_each(d, see_eid, &next);
    return next;
}

/* --- judging -------------------------------------------------------------------------------------
 */

static const conduct_cb judges[PL_ACT_MAX + 1] = {
    [PL_ACT_STATUS] = act_status,
    [PL_ACT_CLOSE] = act_close,
    [PL_ACT_VISIBILITY] = act_visibility,
    [PL_ACT_STAGE] = act_stage,
    [PL_ACT_TIMER] = act_timer,
    [PL_ACT_EXTEND] = act_extend,
    [PL_ACT_LOCK] = act_lock,
    [PL_ACT_SEAL] = act_seal,
    [PL_ACT_REVEAL] = act_reveal,
    [PL_ACT_FOCUS] = act_focus,
    [PL_ACT_BALLOT] = act_ballot,
    [PL_ACT_COUNT] = act_count,
    [PL_ACT_MERGE] = act_merge,
    [PL_ACT_CARDS] = act_cards,
    [PL_ACT_OFFER_LEAD] = act_offer_lead,
    [PL_ACT_TAKE_LEAD] = act_take_lead,
    [PL_ACT_WAIVE] = act_waive,
    [PL_ACT_UNWAIVE] = act_unwaive,
    [PL_ACT_CALL] = act_call,
    [PL_ACT_PACK] = act_pack,
    [PL_ACT_INVOLVE] = act_involve,
    [PL_ACT_CHALLENGE] = act_challenge,
    [PL_ACT_ANSWER] = act_answer,
    [PL_ACT_ATTEND] = act_attend,
    [PL_ACT_RULES] = act_rules,
    [PL_ACT_HAND] = act_hand,
    [PL_ACT_AGREE] = act_agree,
    [PL_ACT_ACCEPT] = act_accept,
    [PL_ACT_COMMIT] = act_commit,
    [PL_ACT_START] = act_start,
    [PL_ACT_DONE] = act_done,
    [PL_ACT_DROP] = act_drop,
    [PL_ACT_VERIFY] = act_verify,
    [PL_ACT_EFFECT] = act_effect,
    [PL_ACT_REOPEN] = act_reopen,
};

static int judge_role(const struct conduct *c, const struct pl_act_info *info)
{
    if (c->self == NULL)
        return pl_fail(c->e, PL_E_PERM, "only who takes part in the review may");
    int64_t role = pl_entry_int(c->self, PL_F_PARTICIPANT_ROLE, 0);
    if ((pl_perm_mask(role, c->status) & PL_PERM_BIT(info->perm)) != 0)
        return 0;
    char rev[PL_SHORT_ID_MAX];
    char why[PL_ERR_TEXT_MAX];
    pl_short_id_format(rev, PL_KIND_REVIEW, pl_entry_int(c->root, PL_F_NO, 0));
    pl_perm_explain(why, sizeof why, (int)info->perm, role, c->status, rev);
    return pl_fail(c->e, PL_E_PERM, "%s", why);
}

bool conduct_knows(uint32_t act)
{
    return act <= PL_ACT_MAX && judges[act] != NULL;
}

int conduct_judge(const struct pl_doc *d, const struct pl_act *act, const struct conduct_actor *who,
                  struct pl_cs *cs, uint64_t *ops, struct pl_err *e)
{
    const struct pl_act_info *info = pl_act_info(act->act);
    struct conduct c = {.d = d, .act = act, .who = who, .cs = cs, .e = e};

    if (info == NULL || !conduct_knows(act->act))
        return pl_fail(e, PL_E_BAD_STATE, "this server does not know the act %u", act->act);
    if (pl_secret_is_draft(d))
        return pl_fail(e, PL_E_BAD_STATE, "a private draft is not conducted: act on REV-%lld",
                       (long long)pl_entry_int(pl_doc_root(d), PL_F_REVIEW_DRAFT_OF, 0));
    c.root = pl_doc_root(d);
    c.self = person(d, who->user);
    c.status = pl_entry_int(c.root, PL_F_REVIEW_STATUS, PL_STATUS_PREPARING);
    int rc = judge_role(&c, info);
    if (rc == 0)
        rc = judges[act->act](&c);
    if (rc == 0)
        *ops = PL_PERM_BIT(info->perm);
    return rc;
}
