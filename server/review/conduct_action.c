// SPDX-License-Identifier: Apache-2.0
/*
 * Acts on actions, along their life: idea, committed, in progress, done, verified, judged. The
 * owner takes it on and does it; somebody else verifies and judges. A state that the act does not
 * start from is a conflict that names it.
 */
#include <string.h>

#include "plimsoll/base/utf8.h"
#include "plimsoll/doc/action.h"

#include "review/conduct_int.h"

#define DAY_US INT64_C(86400000000)

static const struct pl_entry *need_action(struct conduct *c, int64_t *state)
{
    const struct pl_entry *a = need_entry(c, c->act->entry, PL_KIND_ACTION);

    if (a != NULL)
        *state = pl_entry_int(a, PL_F_ACTION_STATE, PL_STATE_IDEA);
    return a;
}

static int wrong_state(const struct conduct *c, int64_t state)
{
    const char *name = pl_enum_name(PL_EN_STATE, state);

    return pl_fail(c->e, PL_E_CONFLICT, "the action is %s now", name != NULL ? name : "unknown");
}

static bool is_owner(const struct conduct *c, const struct pl_entry *a)
{
    return pl_entry_int(a, PL_F_ACTION_OWNER, 0) == (int64_t)c->who->user;
}

static int need_owner(const struct conduct *c, const struct pl_entry *a)
{
    return is_owner(c, a) ? 0 : pl_fail(c->e, PL_E_PERM, "only the owner of the action may");
}

/* What a committed action must have. */
static int need_commitment(const struct conduct *c, const struct pl_entry *a)
{
    const struct pl_entry *owner = person(c->d, (uint64_t)pl_entry_int(a, PL_F_ACTION_OWNER, 0));
    const char *test = pl_entry_cstr(a, PL_F_ACTION_FINISH_TEST);

    if (owner == NULL)
        return pl_fail(c->e, PL_E_GATE, "the action has no owner who takes part: set owner");
    if (pl_entry_int(owner, PL_F_PARTICIPANT_ROLE, 0) == PL_ROLE_FACILITATOR)
        return pl_fail(c->e, PL_E_GATE, "a facilitator cannot own an action: set another owner");
    if (pl_entry_int(a, PL_F_ACTION_DUE, 0) == 0)
        return pl_fail(c->e, PL_E_GATE, "the action has no due date: set due");
    if (test[strspn(test, " \t\n")] == '\0')
        return pl_fail(c->e, PL_E_GATE, "nothing says when it is finished: set finish_test");
    if (pl_entry_str(a, PL_F_ACTION_TRACKER_KEY)[0] == '\0' &&
        pl_entry_str(a, PL_F_ACTION_UNTRACKED_REASON)[0] == '\0')
        return pl_fail(c->e, PL_E_GATE, "set tracker_key, or untracked_reason to go without");
    return 0;
}

static void forget_end(struct conduct *c, const struct pl_entry *a)
{
    put_null(c, a, PL_F_ACTION_DONE_BY);
    put_null(c, a, PL_F_ACTION_DONE_AT);
    put_null(c, a, PL_F_ACTION_VERIFIED_BY);
    put_null(c, a, PL_F_ACTION_VERIFIED_AT);
    put_null(c, a, PL_F_ACTION_EFFECT_DUE);
    put_null(c, a, PL_F_ACTION_EFFECT_RESULT);
    put_null(c, a, PL_F_ACTION_EFFECT_VALUE);
    put_null(c, a, PL_F_ACTION_EFFECT_BY);
    put_null(c, a, PL_F_ACTION_EFFECT_AT);
    put_null(c, a, PL_F_ACTION_MERGED_INTO);
}

int act_commit(struct conduct *c)
{
    int64_t state = 0;
    const struct pl_entry *a = need_action(c, &state);

    if (a == NULL)
        return -c->e->code;
    if (state == PL_STATE_COMMITTED)
        return 0;
    if (state != PL_STATE_IDEA)
        return wrong_state(c, state);
    int rc = need_commitment(c, a);
    if (rc == 0)
        put_int(c, a, PL_F_ACTION_STATE, PL_STATE_COMMITTED);
    return rc;
}

static void note_accepted(struct conduct *c, const struct pl_entry *a)
{
    if (pl_entry_int(a, PL_F_ACTION_ACCEPTED_AT, 0) == 0)
        put_int(c, a, PL_F_ACTION_ACCEPTED_AT, c->who->now_us);
}

int act_accept(struct conduct *c)
{
    int64_t state = 0;
    const struct pl_entry *a = need_action(c, &state);

    if (a == NULL)
        return -c->e->code;
    int rc = need_owner(c, a);
    if (rc == 0 && state != PL_STATE_COMMITTED && state != PL_STATE_IN_PROGRESS)
        rc = wrong_state(c, state);
    if (rc == 0)
        note_accepted(c, a);
    return rc;
}

int act_start(struct conduct *c)
{
    int64_t state = 0;
    const struct pl_entry *a = need_action(c, &state);

    if (a == NULL)
        return -c->e->code;
    int rc = need_owner(c, a);
    if (rc != 0 || state == PL_STATE_IN_PROGRESS)
        return rc;
    if (state != PL_STATE_COMMITTED)
        return wrong_state(c, state);
    put_int(c, a, PL_F_ACTION_STATE, PL_STATE_IN_PROGRESS);
    note_accepted(c, a);
    return 0;
}

int act_done(struct conduct *c)
{
    int64_t state = 0;
    struct pl_entry *one[1];
    const struct pl_entry *a = need_action(c, &state);

    if (a == NULL)
        return -c->e->code;
    int rc = need_owner(c, a);
    if (rc != 0 || state == PL_STATE_DONE)
        return rc;
    if (state != PL_STATE_COMMITTED && state != PL_STATE_IN_PROGRESS)
        return wrong_state(c, state);
    if (pl_doc_children(c->d, c->act->entry, PL_KIND_EVIDENCE, one, 1) == 0)
        return pl_fail(c->e, PL_E_GATE, "the action has no evidence: add one first");
    put_int(c, a, PL_F_ACTION_STATE, PL_STATE_DONE);
    put_int(c, a, PL_F_ACTION_DONE_BY, (int64_t)c->who->user);
    put_int(c, a, PL_F_ACTION_DONE_AT, c->who->now_us);
    note_accepted(c, a);
    return 0;
}

int act_drop(struct conduct *c)
{
    int64_t state = 0;
    const struct pl_entry *a = need_action(c, &state);

    if (a == NULL)
        return -c->e->code;
    if (state == PL_STATE_DROPPED)
        return 0;
    if (state > PL_STATE_DONE)
        return wrong_state(c, state);
    int rc = need_text(c, "dropping an action needs a reason");
    if (rc == 0)
        rc = put_line(c, a, PL_F_ACTION_STATE_REASON, c->act->text);
    put_int(c, a, PL_F_ACTION_STATE, PL_STATE_DROPPED);
    return rc;
}

static int may_verify(const struct conduct *c, const struct pl_entry *a)
{
    if (is_owner(c, a))
        return pl_fail(c->e, PL_E_PERM, "somebody else than the owner has to");
    if (pl_entry_int(a, PL_F_ACTION_DONE_BY, 0) == (int64_t)c->who->user)
        return pl_fail(c->e, PL_E_PERM, "somebody else than who marked it done has to");
    return 0;
}

static void set_effect_due(struct conduct *c, const struct pl_entry *a)
{
    int64_t due = pl_entry_int(a, PL_F_ACTION_EFFECT_DUE, 0);
    int64_t after = due - c->who->now_us;

    if (due == 0 || after < 30 * DAY_US || after > 90 * DAY_US)
        put_int(c, a, PL_F_ACTION_EFFECT_DUE, pl_effect_due(a, c->who->now_us));
}

int act_verify(struct conduct *c)
{
    int64_t state = 0;
    const struct pl_entry *a = need_action(c, &state);

    if (a == NULL)
        return -c->e->code;
    int rc = need_range(c, 0, 1, "verify");
    if (rc == 0)
        rc = may_verify(c, a);
    if (rc == 0 && state != PL_STATE_DONE)
        rc = wrong_state(c, state);
    if (rc != 0)
        return rc;
    if (c->act->value == 1) {
        put_int(c, a, PL_F_ACTION_STATE, PL_STATE_VERIFIED);
        put_int(c, a, PL_F_ACTION_VERIFIED_BY, (int64_t)c->who->user);
        put_int(c, a, PL_F_ACTION_VERIFIED_AT, c->who->now_us);
        set_effect_due(c, a);
        return 0;
    }
    rc = need_text(c, "sending it back needs a reason");
    if (rc == 0)
        rc = put_line(c, a, PL_F_ACTION_STATE_REASON, c->act->text);
    put_int(c, a, PL_F_ACTION_STATE, PL_STATE_IN_PROGRESS);
    put_null(c, a, PL_F_ACTION_DONE_BY);
    put_null(c, a, PL_F_ACTION_DONE_AT);
    return rc;
}

/* "[value] note": a decimal number in front is the value. */
static int put_result(struct conduct *c, const struct pl_entry *a)
{
    const char *s = c->act->text + strspn(c->act->text, " \t\n");
    size_t n = strcspn(s, " \t\n");
    struct pl_value v = pl_value_str(s, n);
    const struct pl_field *f = pl_field_find(PL_KIND_ACTION, PL_F_ACTION_EFFECT_VALUE);
    const struct pl_text *old = pl_entry_text(a, PL_F_ACTION_EFFECT_NOTE);
    size_t len = old != NULL ? pl_text_len(old) : 0;
    struct pl_op op;

    if (n > 0 && pl_field_check_value(f, &v, NULL) == 0) {
        pl_cs_reg(c->cs, pl_entry_eid(a), PL_F_ACTION_EFFECT_VALUE, &v);
        s += n + strspn(s + n, " \t\n");
    }
    pl_value_release(&v);
    size_t bytes = strlen(s);
    if (len == 0 && bytes == 0)
        return 0;
    pl_op_init(&op, (uint32_t)len);
    pl_op_delete(&op, (uint32_t)len, NULL, 0);
    if (bytes > 0)
        pl_op_insert(&op, s, (uint32_t)bytes, (uint32_t)pl_utf8_count(s, bytes));
    pl_cs_text(c->cs, pl_entry_eid(a), PL_F_ACTION_EFFECT_NOTE, &op);
    return 0;
}

/* The follow-up: asked for when it did not work. */
static int put_follow_up(struct conduct *c, const struct pl_entry *a)
{
    if (pl_eid_is_root(c->act->other)) {
        if (c->act->value == PL_RESULT_NOT_EFFECTIVE)
            return pl_fail(c->e, PL_E_GATE, "it did not work: name the action that follows up");
        return 0;
    }
    const struct pl_entry *next = need_entry(c, c->act->other, PL_KIND_ACTION);
    if (next == NULL)
        return -c->e->code;
    int64_t state = pl_entry_int(next, PL_F_ACTION_STATE, 0);
    if (next == a || state == PL_STATE_DROPPED || state == PL_STATE_MERGED)
        return pl_fail(c->e, PL_E_INVALID, "the follow-up must be another action that is open");
    struct pl_value v = pl_value_eid(c->act->other);
    pl_cs_reg(c->cs, pl_entry_eid(a), PL_F_ACTION_FOLLOW_UP, &v);
    return 0;
}

int act_effect(struct conduct *c)
{
    int64_t state = 0;
    const struct pl_entry *a = need_action(c, &state);

    if (a == NULL)
        return -c->e->code;
    int rc = need_range(c, PL_RESULT_EFFECTIVE, PL_RESULT_CANNOT_TELL, "effectiveness");
    if (rc == 0 && is_owner(c, a))
        rc = pl_fail(c->e, PL_E_PERM, "somebody else than the owner has to");
    if (rc == 0 && state != PL_STATE_VERIFIED && state != PL_STATE_CANNOT_TELL)
        rc = wrong_state(c, state);
    if (rc == 0)
        rc = put_follow_up(c, a);
    if (rc == 0)
        rc = put_result(c, a);
    if (rc != 0)
        return rc;
    put_int(c, a, PL_F_ACTION_STATE, PL_STATE_VERIFIED + c->act->value);
    put_int(c, a, PL_F_ACTION_EFFECT_RESULT, c->act->value);
    put_int(c, a, PL_F_ACTION_EFFECT_BY, (int64_t)c->who->user);
    put_int(c, a, PL_F_ACTION_EFFECT_AT, c->who->now_us);
    return 0;
}

int act_reopen(struct conduct *c)
{
    int64_t state = 0;
    const struct pl_entry *a = need_action(c, &state);

    if (a == NULL)
        return -c->e->code;
    if (state == PL_STATE_IDEA || state == PL_STATE_COMMITTED || state == PL_STATE_MERGED)
        return wrong_state(c, state);
    int rc = need_text(c, "opening it again needs a reason");
    if (rc == 0)
        rc = need_commitment(c, a);
    if (rc == 0)
        rc = put_line(c, a, PL_F_ACTION_STATE_REASON, c->act->text);
    put_int(c, a, PL_F_ACTION_STATE, PL_STATE_COMMITTED);
    forget_end(c, a);
    return rc;
}
