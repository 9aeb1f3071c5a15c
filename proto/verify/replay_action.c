// SPDX-License-Identifier: Apache-2.0
/*
 * Actions along their life. The event holds the action as it is afterwards; the state before, its
 * owner and who marked it done are those of the events before. The second person is seen to here:
 * nobody verifies or judges what he owns or has marked done.
 */
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/doc/perm.h"

#include "verify_int.h"

enum {
    NONE,
    IDEA,
    COMMITTED,
    PROGRESS,
    DONE,
    VERIFIED,
    WORKED,
    PARTLY,
    FAILED,
    OPEN,
    DROPPED,
    MERGED
};

#define BIT(s)      (1u << (s))
#define JUDGED      (BIT(WORKED) | BIT(PARTLY) | BIT(FAILED) | BIT(OPEN))
#define SAME_STATE  0x0420u
#define RIGHT(name) PL_PERM_BIT(PL_PERM_##name)

/* Which states lead from each to which. */
static const unsigned leads_to[] = {
    [NONE] = BIT(IDEA),
    [IDEA] = BIT(COMMITTED) | BIT(DROPPED) | BIT(MERGED),
    [COMMITTED] = BIT(PROGRESS) | BIT(DONE) | BIT(DROPPED) | BIT(MERGED),
    [PROGRESS] = BIT(COMMITTED) | BIT(DONE) | BIT(DROPPED),
    [DONE] = BIT(COMMITTED) | BIT(PROGRESS) | BIT(VERIFIED) | BIT(DROPPED),
    [VERIFIED] = BIT(COMMITTED) | JUDGED,
    [WORKED] = BIT(COMMITTED),
    [PARTLY] = BIT(COMMITTED),
    [FAILED] = BIT(COMMITTED),
    [OPEN] = BIT(COMMITTED) | JUDGED,
    [DROPPED] = BIT(COMMITTED),
    [MERGED] = BIT(IDEA) | BIT(COMMITTED),
};

static struct action *action_get(struct verify *v, const struct action_key *key)
{
    struct action *a = NULL;
    HASH_FIND(hh, v->actions, key, sizeof(*key), a);
    if (a == NULL) {
        a = pl_xcalloc(1, sizeof(*a));
        a->key = *key;
        HASH_ADD(hh, v->actions, key, sizeof(a->key), a);
    }
    return a;
}

/* The right that the step needs. */
static uint64_t right_for(unsigned before, unsigned after)
{
    switch (after) {
    case IDEA:
        return before == MERGED ? RIGHT(CONDUCT) : RIGHT(ACTION_PROPOSE);
    case PROGRESS:
        return before == DONE ? RIGHT(ACTION_VERIFY) : RIGHT(ACTION_PROGRESS);
    case DONE:
        return RIGHT(ACTION_PROGRESS);
    case VERIFIED:
        return RIGHT(ACTION_VERIFY);
    case WORKED:
    case PARTLY:
    case FAILED:
    case OPEN:
        return RIGHT(ACTION_EFFECT);
    case MERGED:
        return RIGHT(CONDUCT);
    default:
        return before == MERGED ? RIGHT(CONDUCT) : RIGHT(ACTION_COMMIT);
    }
}

static void need_owner(struct verify *v, const struct action *a)
{
    if (v->leaf->user != a->owner) {
        vf_find(v, PL_FINDING_ACT_ROLE, "user %llu moved an action that user %llu owns",
                (unsigned long long)v->leaf->user, (unsigned long long)a->owner);
    }
}

static void need_second(struct verify *v, const struct action *was, const char *what)
{
    uint64_t user = v->leaf->user;
    if (user == was->owner || user == was->done_by) {
        vf_find(v, PL_FINDING_ACT_SELF, "user %llu %s an action that he %s",
                (unsigned long long)user, what, user == was->owner ? "owns" : "marked done");
    }
}

static void judge_commitment(struct verify *v, const struct review *r, const struct action *is)
{
    const struct member *m = vf_member_find(v, r->id, is->owner);
    if (is->owner == 0 || m == NULL || m->role == 0 || m->role == ROLE_FACILITATOR) {
        vf_find(v, PL_FINDING_ACT_ORDER,
                "committed, and its owner %llu takes no part or facilitates",
                (unsigned long long)is->owner);
    }
}

static void judge_step(struct verify *v, const struct review *r, const struct action *was,
                       const struct action *is)
{
    uint64_t revision = 0;
    (void)vf_take_u64(v, 1, &revision);
    if (is->state == COMMITTED) {
        judge_commitment(v, r, is);
    } else if ((is->state == PROGRESS && was->state != DONE) || is->state == DONE) {
        need_owner(v, was);
    } else if (is->state == PROGRESS) {
        need_second(v, was, "sent back");
    } else if (is->state == VERIFIED) {
        need_second(v, was, "verified");
        vf_signature_due(v, revision, STATEMENT_VERIFY);
    } else if ((BIT(is->state) & JUDGED) != 0 && v->leaf->user == was->owner) {
        vf_find(v, PL_FINDING_ACT_SELF, "user %llu judged the effect of an action that he owns",
                (unsigned long long)v->leaf->user);
    } else if (is->state == DROPPED) {
        vf_signature_due(v, revision, STATEMENT_DROP);
    }
    if ((is->state == DONE && is->done_by != v->leaf->user) ||
        (is->state == VERIFIED &&
         (is->verified_by != v->leaf->user || is->done_by != was->done_by || is->done_by == 0))) {
        vf_find(v, PL_FINDING_ACT_ORDER,
                "done by %llu, verified by %llu, but it is user %llu who acts",
                (unsigned long long)is->done_by, (unsigned long long)is->verified_by,
                (unsigned long long)v->leaf->user);
    }
}

/* The same state, another owner or the owner's acceptance: who accepts is the owner himself, and
 * who owns what was committed does not change in silence. */
static void judge_same(struct verify *v, const struct review *r, const struct action *was,
                       const struct action *is)
{
    if (is->done_by != was->done_by || is->verified_by != was->verified_by) {
        vf_find(v, PL_FINDING_ACT_ORDER, "who did or verified it changes without a new state");
    }
    if (is->accepted && !was->accepted && v->leaf->user != is->owner) {
        vf_find(v, PL_FINDING_ACT_SELF, "user %llu accepted for user %llu",
                (unsigned long long)v->leaf->user, (unsigned long long)is->owner);
    }
    if (is->owner == was->owner) {
        return;
    }
    if (is->state > IDEA) {
        judge_commitment(v, r, is);
        (void)vf_actor_may(v, r, RIGHT(ACTION_COMMIT));
    } else {
        (void)vf_actor_is_good(v);
    }
}

void vf_action(struct verify *v)
{
    const struct review *r = vf_review_here(v);
    struct action is = {.state = v->leaf->kind - 0x0400u};
    unsigned before = 0;
    unsigned accepted = 0;
    memset(&is.key, 0, sizeof(is.key));
    if (r == NULL || !vf_take_u64(v, 36, &is.key.client) || !vf_take_u64(v, 37, &is.key.n) ||
        !vf_take_u16(v, 38, &before) || !vf_take_u64(v, 39, &is.owner) ||
        !vf_take_u64(v, 40, &is.done_by) || !vf_take_u64(v, 41, &is.verified_by) ||
        !vf_take_u16(v, 42, &accepted)) {
        return;
    }
    is.key.review = r->id;
    is.accepted = accepted != 0;
    struct action *a = action_get(v, &is.key);
    if (before != a->state || before > MERGED) {
        vf_find(v, PL_FINDING_ACT_ORDER, "the action was in state %u, not %u", a->state, before);
    }
    if (v->leaf->kind == SAME_STATE) {
        is.state = a->state;
        judge_same(v, r, a, &is);
    } else {
        if ((leads_to[a->state] & BIT(is.state)) == 0) {
            vf_find(v, PL_FINDING_ACT_ORDER, "no act leads from state %u to %u", a->state,
                    is.state);
        }
        if (vf_actor_may(v, r, right_for(a->state, is.state))) {
            judge_step(v, r, a, &is);
        }
    }
    a->state = is.state;
    a->owner = is.owner;
    a->done_by = is.done_by;
    a->verified_by = is.verified_by;
    a->accepted = is.accepted;
}
