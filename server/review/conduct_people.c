// SPDX-License-Identifier: Apache-2.0
/*
 * Acts about people: the lead, who took part in the incident, doubts about the facilitator,
 * attendance, rules, hands, agreement. Who took part cannot lead; a facilitator cannot clear
 * himself.
 */
#include "review/conduct_int.h"

static bool is_facilitator(const struct pl_entry *p)
{
    return pl_entry_int(p, PL_F_PARTICIPANT_ROLE, 0) == PL_ROLE_FACILITATOR;
}

static bool is_involved(const struct pl_entry *p)
{
    return pl_entry_int(p, PL_F_PARTICIPANT_INVOLVED, 0) == 1;
}

static int may_lead(const struct conduct *c, const struct pl_entry *p)
{
    if (p == NULL)
        return pl_fail(c->e, PL_E_NOENT, "nobody of that name takes part");
    if (!is_facilitator(p))
        return pl_fail(c->e, PL_E_PERM, "only a facilitator of this review can lead it");
    if (is_involved(p))
        return pl_fail(c->e, PL_E_GATE, "who took part in the incident cannot lead its review");
    return 0;
}

int act_offer_lead(struct conduct *c)
{
    int rc = may_lead(c, person(c->d, c->act->user));

    if (rc == 0 && c->act->user == c->who->user)
        rc = pl_fail(c->e, PL_E_INVALID, "take the lead instead of offering it to yourself");
    if (rc == 0)
        put_int(c, c->root, PL_F_REVIEW_LEAD_OFFERED_TO, (int64_t)c->act->user);
    return rc;
}

int act_take_lead(struct conduct *c)
{
    int rc = may_lead(c, c->self);

    if (rc != 0)
        return rc;
    put_int(c, c->root, PL_F_REVIEW_LEAD, (int64_t)c->who->user);
    put_null(c, c->root, PL_F_REVIEW_LEAD_OFFERED_TO);
    return 0;
}

int act_call(struct conduct *c)
{
    const struct pl_entry *p = person(c->d, c->act->user);

    if (p == NULL)
        return pl_fail(c->e, PL_E_NOENT, "nobody of that name takes part");
    if (pl_entry_int(p, PL_F_PARTICIPANT_HAND_AT, 0) == 0)
        return pl_fail(c->e, PL_E_CONFLICT, "no hand is raised");
    put_null(c, p, PL_F_PARTICIPANT_HAND_AT);
    put_int(c, p, PL_F_PARTICIPANT_CALLED_AT, c->who->now_us);
    return 0;
}

/* What was answered to an earlier doubt is no answer to this. */
static int set_neutrality(struct conduct *c, int64_t to, const char *note)
{
    put_null(c, c->root, PL_F_REVIEW_NEUTRALITY_ANSWER);
    put_null(c, c->root, PL_F_REVIEW_NEUTRALITY_ANSWER_BY);
    put_int(c, c->root, PL_F_REVIEW_NEUTRALITY, to);
    put_int(c, c->root, PL_F_REVIEW_NEUTRALITY_BY, (int64_t)c->who->user);
    return put_line(c, c->root, PL_F_REVIEW_NEUTRALITY_NOTE, note);
}

/* Is a facilitator other than `but` involved? */
static bool another_involved(const struct conduct *c, const struct pl_entry *but)
{
    struct pl_entry *v[200];
    size_t n = pl_doc_list(c->d, PL_KIND_PARTICIPANT, v, 200);

    for (size_t i = 0; i < n && i < 200; i++) {
        if (v[i] != but && is_facilitator(v[i]) && is_involved(v[i]))
            return true;
    }
    return false;
}

static int may_involve(const struct conduct *c, const struct pl_entry *p)
{
    if (p == NULL)
        return pl_fail(c->e, PL_E_NOENT, "nobody of that name takes part");
    if (p != c->self && !is_facilitator(c->self))
        return pl_fail(c->e, PL_E_PERM, "only a facilitator says so for others");
    if (c->status != PL_STATUS_PREPARING && c->status != PL_STATUS_IN_SESSION)
        return pl_fail(c->e, PL_E_PERM, "who took part is settled before the session ends");
    if (c->act->value == 0 && p == c->self && is_facilitator(p) && is_involved(p))
        return pl_fail(c->e, PL_E_PERM, "another facilitator has to clear you");
    return 0;
}

int act_involve(struct conduct *c)
{
    const struct pl_entry *p = c->act->user != 0 ? person(c->d, c->act->user) : c->self;
    int rc = need_range(c, 0, 1, "involved");

    if (rc == 0)
        rc = may_involve(c, p);
    if (rc == 0 && c->act->value == 0 && is_involved(p))
        rc = need_text(c, "clearing somebody needs a reason");
    if (rc != 0)
        return rc;
    bool was = is_involved(p);
    put_int(c, p, PL_F_PARTICIPANT_INVOLVED, c->act->value);
    rc = put_line(c, p, PL_F_PARTICIPANT_INVOLVED_NOTE, c->act->text);
    if (rc != 0 || !is_facilitator(p))
        return rc;
    if (c->act->value == 1)
        return set_neutrality(c, PL_NEUTRALITY_INVOLVED, c->act->text);
    if (was && !another_involved(c, p) &&
        pl_entry_int(c->root, PL_F_REVIEW_NEUTRALITY, 0) == PL_NEUTRALITY_INVOLVED)
        return set_neutrality(c, PL_NEUTRALITY_NEUTRAL, c->act->text);
    return 0;
}

int act_challenge(struct conduct *c)
{
    int64_t now = pl_entry_int(c->root, PL_F_REVIEW_NEUTRALITY, 0);
    int rc = need_text(c, "say why the facilitator is not neutral");

    if (rc != 0)
        return rc;
    if (now == PL_NEUTRALITY_CHALLENGED || now == PL_NEUTRALITY_INVOLVED)
        return pl_fail(c->e, PL_E_CONFLICT, "a doubt is open already");
    return set_neutrality(c, PL_NEUTRALITY_CHALLENGED, c->act->text);
}

int act_answer(struct conduct *c)
{
    int rc = need_text(c, "an answer needs words");

    if (rc != 0)
        return rc;
    if (pl_entry_int(c->root, PL_F_REVIEW_NEUTRALITY, 0) != PL_NEUTRALITY_CHALLENGED)
        return pl_fail(c->e, PL_E_CONFLICT, "no doubt is open");
    put_int(c, c->root, PL_F_REVIEW_NEUTRALITY, PL_NEUTRALITY_ANSWERED);
    put_int(c, c->root, PL_F_REVIEW_NEUTRALITY_ANSWER_BY, (int64_t)c->who->user);
    return put_line(c, c->root, PL_F_REVIEW_NEUTRALITY_ANSWER, c->act->text);
}

int act_attend(struct conduct *c)
{
    int rc = need_range(c, PL_ATTENDANCE_ACCEPTED, PL_ATTENDANCE_DECLINED, "attendance");

    if (rc == 0)
        put_int(c, c->self, PL_F_PARTICIPANT_ATTENDANCE, c->act->value);
    return rc;
}

int act_rules(struct conduct *c)
{
    int64_t at = pl_entry_int(c->self, PL_F_PARTICIPANT_RULES_ACCEPTED_AT, 0);
    struct pl_entry *v[100];
    size_t n = pl_doc_list(c->d, PL_KIND_RULE, v, 100);

    if (n == 0)
        return pl_fail(c->e, PL_E_CONFLICT, "there are no ground rules yet");
    bool is_stale = at == 0;
    for (size_t i = 0; i < n && i < 100; i++)
        is_stale = is_stale || pl_entry_changed_us(v[i]) > at;
    if (is_stale)
        put_int(c, c->self, PL_F_PARTICIPANT_RULES_ACCEPTED_AT, c->who->now_us);
    return 0;
}

int act_hand(struct conduct *c)
{
    int rc = need_range(c, 0, 1, "hand");

    if (rc != 0)
        return rc;
    if (c->act->value == 0)
        put_null(c, c->self, PL_F_PARTICIPANT_HAND_AT);
    else if (pl_entry_int(c->self, PL_F_PARTICIPANT_HAND_AT, 0) == 0)
        put_int(c, c->self, PL_F_PARTICIPANT_HAND_AT, c->who->now_us);
    return 0;
}

int act_agree(struct conduct *c)
{
    const struct pl_entry *cause = need_entry(c, c->act->entry, PL_KIND_CAUSE);
    const char *handle = pl_entry_str(c->self, PL_F_PARTICIPANT_HANDLE);

    if (cause == NULL)
        return -c->e->code;
    int rc = need_range(c, -1, 1, "agree");
    if (rc == 0 && handle[0] == '\0')
        rc = pl_fail(c->e, PL_E_INVALID, "you have no handle to be noted by");
    if (rc != 0)
        return rc;
    put_elem(c, cause, PL_F_CAUSE_AGREED, handle, c->act->value == 1);
    put_elem(c, cause, PL_F_CAUSE_DISAGREED, handle, c->act->value == -1);
    return 0;
}
