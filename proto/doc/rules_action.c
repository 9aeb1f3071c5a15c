// SPDX-License-Identifier: Apache-2.0
/*
 * Rules for actions: where one stands (idea, committed, done ...) is said by commands, which see to
 * the evidence and the second person; an edit neither moves it nor takes away what it has come to.
 * What stands in the way is named with the command to use.
 *
 * Committed actions keep owner, due day and tracker. Their finish test is a text, and a text may be
 * empty while somebody writes it anew: check T34 tells when it stays so.
 */
#include "rules_int.h"

#include <stddef.h>

#define DAY_US INT64_C(86400000000)

static int64_t state_before(const struct rules *r, struct pl_eid action)
{
    int64_t state = rules_num_before(r, action, PL_F_ACTION_STATE);

    return state == 0 ? PL_STATE_IDEA : state;
}

static bool is_committed(int64_t state)
{
    return state >= PL_STATE_COMMITTED && state <= PL_STATE_DONE;
}

/* Verified, judged, dropped or merged. */
static bool is_settled(int64_t state)
{
    return state >= PL_STATE_VERIFIED;
}

static bool is_verified(int64_t state)
{
    return state >= PL_STATE_VERIFIED && state <= PL_STATE_CANNOT_TELL;
}

/* The command that leads to a state. */
static const char *way_to(int64_t before, int64_t after)
{
    switch (after) {
    case PL_STATE_COMMITTED:
        return before == PL_STATE_IDEA ? "plimsoll actions commit" : "plimsoll actions reopen";
    case PL_STATE_IN_PROGRESS:
        return "plimsoll actions start";
    case PL_STATE_DONE:
        return "plimsoll actions done (evidence first: plimsoll actions proof)";
    case PL_STATE_VERIFIED:
        return "plimsoll actions verify";
    case PL_STATE_DROPPED:
        return "plimsoll actions drop --reason";
    case PL_STATE_MERGED:
        return "the command that merges two entries";
    default:
        return "plimsoll actions effect --result";
    }
}

static int check_state(const struct rules *r, const struct pl_slot *s)
{
    int64_t before = state_before(r, s->eid);
    int64_t after = rules_num(r, s->eid, PL_F_ACTION_STATE);

    if (after == 0 || after == PL_STATE_IDEA) {
        if (before == PL_STATE_IDEA)
            return 0;
        return pl_fail(r->e, PL_E_INVALID,
                       "state: what was %s does not become an idea again: plimsoll actions drop",
                       pl_enum_name(PL_EN_STATE, before));
    }
    return pl_fail(r->e, PL_E_INVALID, "state: %s is not set but reached, by %s",
                   pl_enum_name(PL_EN_STATE, after), way_to(before, after));
}

/* A user who takes part; once committed to, not one who facilitates. */
static int check_owner(const struct rules *r, const struct pl_slot *s)
{
    int64_t owner = rules_num(r, s->eid, PL_F_ACTION_OWNER);
    int64_t role = owner != 0 ? pl_doc_role(r->d, owner) : 0;

    if (is_settled(state_before(r, s->eid)))
        return pl_fail(r->e, PL_E_GATE, "owner: the action is %s: plimsoll actions reopen first",
                       pl_enum_name(PL_EN_STATE, state_before(r, s->eid)));
    if (owner != 0 && role == 0)
        return pl_fail(r->e, PL_E_INVALID,
                       "owner: user %lld takes no part in this review: plimsoll people add",
                       (long long)owner);
    if (!is_committed(state_before(r, s->eid)))
        return 0;
    if (owner == 0)
        return pl_fail(r->e, PL_E_GATE, "owner: the action is committed to and needs one");
    if (role == PL_ROLE_FACILITATOR)
        return pl_fail(r->e, PL_E_GATE, "owner: a facilitator cannot own what is committed to");
    return 0;
}

static int check_due(const struct rules *r, const struct pl_slot *s)
{
    int64_t state = state_before(r, s->eid);

    if (is_settled(state))
        return pl_fail(r->e, PL_E_GATE, "due: the action is %s: plimsoll actions reopen first",
                       pl_enum_name(PL_EN_STATE, state));
    if (is_committed(state) && rules_reg(r, s->eid, PL_F_ACTION_DUE)->type != PL_VAL_INT)
        return pl_fail(r->e, PL_E_GATE, "due: the action is committed to and needs a day");
    return 0;
}

static int check_tracker(const struct rules *r, const struct pl_slot *s)
{
    if (is_committed(state_before(r, s->eid)) && rules_is_blank(r, s->eid, s->field) &&
        rules_is_blank(r, s->eid, PL_F_ACTION_TRACKER_KEY) &&
        rules_is_blank(r, s->eid, PL_F_ACTION_UNTRACKED_REASON))
        return pl_fail(r->e, PL_E_GATE,
                       "the action is committed to: it needs tracker_key or untracked_reason");
    return 0;
}

/* 30 to 90 days after it was verified; the check is not moved once it was made. */
static int check_effect_due(const struct rules *r, const struct pl_slot *s)
{
    int64_t verified = rules_num_before(r, s->eid, PL_F_ACTION_VERIFIED_AT);
    int64_t due = rules_num(r, s->eid, PL_F_ACTION_EFFECT_DUE);

    if (verified == 0)
        return 0;
    if (rules_num_before(r, s->eid, PL_F_ACTION_EFFECT_RESULT) != 0)
        return pl_fail(r->e, PL_E_GATE, "effect_due: its effect was judged already");
    if (due < verified + 30 * DAY_US || due > verified + 90 * DAY_US)
        return pl_fail(r->e, PL_E_INVALID, "effect_due: a day 30 to 90 days after it was verified");
    return 0;
}

/* What its effect was judged by stays as it was. */
static int check_measure(const struct rules *r, const struct pl_slot *s)
{
    if (rules_num_before(r, s->eid, PL_F_ACTION_EFFECT_RESULT) == 0)
        return 0;
    return pl_fail(r->e, PL_E_GATE,
                   "%s: its effect was judged by it: plimsoll actions reopen first",
                   pl_field_find(PL_KIND_ACTION, s->field)->name);
}

int rules_action(const struct rules *r, const struct pl_slot *s)
{
    const char *verb = pl_rules_verb(PL_KIND_ACTION, s->field);

    switch (s->field) {
    case PL_F_ACTION_STATE:
        return check_state(r, s);
    case PL_F_ACTION_OWNER:
        return check_owner(r, s);
    case PL_F_ACTION_DUE:
        return check_due(r, s);
    case PL_F_ACTION_TRACKER_KEY:
    case PL_F_ACTION_UNTRACKED_REASON:
        return check_tracker(r, s);
    case PL_F_ACTION_EFFECT_DUE:
        return check_effect_due(r, s);
    case PL_F_ACTION_MEASURE_WHAT:
    case PL_F_ACTION_MEASURE_UNIT:
    case PL_F_ACTION_MEASURE_BASELINE:
    case PL_F_ACTION_MEASURE_TARGET:
        return check_measure(r, s);
    default:
        break;
    }
    if (verb == NULL)
        return 0;
    return pl_fail(r->e, PL_E_INVALID, "%s: it is written by %s",
                   pl_field_find(PL_KIND_ACTION, s->field)->name, verb);
}

/* --- evidence ------------------------------------------------------------------------ */

int rules_evidence(const struct rules *r, const struct pl_slot *s)
{
    char name[32];

    if (rules_is_new(r, s->eid) || !is_verified(state_before(r, rules_parent(r, s->eid))))
        return 0;
    return pl_fail(r->e, PL_E_GATE, "%s was verified by it: add another piece instead",
                   rules_name(r, rules_parent(r, s->eid), name));
}

/* Does another piece stay, or come with this changeset? */
static bool has_other_evidence(const struct rules *r, struct pl_eid evidence, struct pl_eid action)
{
    struct pl_entry *v[8];
    size_t n = pl_doc_children(r->d, action, PL_KIND_EVIDENCE, v, 8);

    for (size_t i = 0; i < n && i < 8; i++) {
        struct pl_eid eid = pl_entry_eid(v[i]);
        if (!pl_eid_eq(eid, evidence) && rules_is_there(r, eid) &&
            pl_eid_eq(rules_parent(r, eid), action))
            return true;
    }
    return n > 8;
}

int rules_evidence_goes(const struct rules *r, struct pl_eid evidence, struct pl_eid action)
{
    int64_t state = state_before(r, action);
    char name[32];

    if (is_verified(state))
        return pl_fail(r->e, PL_E_GATE, "%s was verified by it, so it stays",
                       rules_name(r, action, name));
    if (state == PL_STATE_DONE && !has_other_evidence(r, evidence, action))
        return pl_fail(r->e, PL_E_GATE, "%s is done by this evidence: add another first",
                       rules_name(r, action, name));
    return 0;
}
