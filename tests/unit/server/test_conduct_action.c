// SPDX-License-Identifier: Apache-2.0
/* review/conduct.h: the life of an action, going back, closing, waivers, agreement. */
#include "review/conduct.h"

#include <string.h>

#include "plimsoll/doc/act.h"
#include "plimsoll/merge/orderkey.h"

#include "support/unit.h"

enum { FAY = 1, BEN = 2, CYD = 3 };
#define NOW    1700000000000000LL
#define DAY_US 86400000000LL

static const struct pl_eid action = {7, 1};
static const struct pl_eid next_action = {7, 2};
static const struct pl_eid cause = {7, 3};
static struct pl_doc *doc;
static struct pl_err err;

static void reg(struct pl_cs *cs, struct pl_eid eid, uint32_t field, int64_t v)
{
    struct pl_value val = pl_value_int(v);
    pl_cs_reg(cs, eid, field, &val);
}

static void str(struct pl_cs *cs, struct pl_eid eid, uint32_t field, const char *s)
{
    struct pl_value val = pl_value_str(s, strlen(s));
    pl_cs_reg(cs, eid, field, &val);
    pl_value_release(&val);
}

static void add(struct pl_cs *cs, uint32_t kind, struct pl_eid parent, struct pl_eid eid)
{
    struct pl_key key;
    assert_int_equal(pl_key_between(&key, NULL, NULL, eid.client, eid.n, NULL), 0);
    pl_cs_create(cs, eid, kind, parent, &key);
}

static void apply(struct pl_cs *cs)
{
    const struct pl_rev_meta meta = {.rev = pl_doc_rev(doc) + 1};
    assert_int_equal(pl_doc_check(doc, cs, true, NULL), 0);
    assert_int_equal(pl_doc_apply(doc, cs, &meta, NULL), 0);
    pl_cs_release(cs);
}

static void set_root(uint32_t field, int64_t v)
{
    struct pl_cs cs;
    pl_cs_init(&cs);
    reg(&cs, PL_EID_ROOT, field, v);
    apply(&cs);
}

static int set_up(void **state)
{
    static const int64_t roles[] = {0, PL_ROLE_FACILITATOR, PL_ROLE_RESPONDER, PL_ROLE_STAKEHOLDER};
    static const char *const handles[] = {"", "fay", "ben", "cyd"};
    struct pl_cs cs;
    (void)state;
    doc = pl_doc_new();
    pl_cs_init(&cs);
    reg(&cs, PL_EID_ROOT, PL_F_REVIEW_STATUS, PL_STATUS_TRACKING);
    for (uint32_t user = FAY; user <= CYD; user++) {
        struct pl_eid eid = {0, user};
        add(&cs, PL_KIND_PARTICIPANT, PL_EID_ROOT, eid);
        reg(&cs, eid, PL_F_PARTICIPANT_USER, user);
        reg(&cs, eid, PL_F_PARTICIPANT_ROLE, roles[user]);
        str(&cs, eid, PL_F_PARTICIPANT_HANDLE, handles[user]);
    }
    add(&cs, PL_KIND_ACTION, PL_EID_ROOT, action);
    add(&cs, PL_KIND_ACTION, PL_EID_ROOT, next_action);
    add(&cs, PL_KIND_CAUSE, PL_EID_ROOT, cause);
    apply(&cs);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    pl_doc_free(doc);
    doc = NULL;
    return 0;
}

static int run(uint32_t act, uint64_t user, const struct pl_act *with)
{
    const struct conduct_actor who = {.user = user, .now_us = NOW};
    struct pl_act a = *with;
    struct pl_cs cs;
    uint64_t ops = 0;
    a.act = act;
    if (!a.text)
        a.text = "";
    pl_err_init(&err);
    pl_cs_init(&cs);
    int rc = conduct_judge(doc, &a, &who, &cs, &ops, &err);
    if (rc < 0) {
        assert_int_equal(rc, -err.code);
        pl_cs_release(&cs);
        return rc;
    }
    assert_true(ops == PL_PERM_BIT(pl_act_info(act)->perm));
    rc = (int)cs.n;
    apply(&cs);
    return rc;
}

#define DO(act, user, ...) run(act, user, &(struct pl_act){__VA_ARGS__})
#define ON(act, user, ...) DO(act, user, .entry = action, __VA_ARGS__)

static int64_t of(struct pl_eid eid, uint32_t field)
{
    return pl_entry_int(pl_doc_entry(doc, eid), field, 0);
}

static int64_t root(uint32_t field)
{
    return pl_entry_int(pl_doc_root(doc), field, 0);
}

static void write_text(struct pl_cs *cs, struct pl_eid eid, uint32_t field, const char *s)
{
    struct pl_op op;
    pl_op_init(&op, 0);
    pl_op_insert(&op, s, (uint32_t)strlen(s), (uint32_t)strlen(s));
    pl_cs_text(cs, eid, field, &op);
}

/* Gives the action all that committing asks for, one by one; each is missed first. */
static void fill(int64_t owner)
{
    struct pl_cs cs;
    assert_int_equal(ON(PL_ACT_COMMIT, FAY, .value = 0), -PL_E_GATE);
    assert_non_null(strstr(err.text, "owner"));
    pl_cs_init(&cs);
    reg(&cs, action, PL_F_ACTION_OWNER, FAY);
    apply(&cs);
    assert_int_equal(ON(PL_ACT_COMMIT, FAY, .value = 0), -PL_E_GATE);
    assert_non_null(strstr(err.text, "facilitator"));
    pl_cs_init(&cs);
    reg(&cs, action, PL_F_ACTION_OWNER, owner);
    apply(&cs);
    assert_int_equal(ON(PL_ACT_COMMIT, FAY, .value = 0), -PL_E_GATE);
    assert_non_null(strstr(err.text, "due"));
    pl_cs_init(&cs);
    reg(&cs, action, PL_F_ACTION_DUE, NOW + DAY_US);
    apply(&cs);
    assert_int_equal(ON(PL_ACT_COMMIT, FAY, .value = 0), -PL_E_GATE);
    assert_non_null(strstr(err.text, "finish_test"));
    pl_cs_init(&cs);
    write_text(&cs, action, PL_F_ACTION_FINISH_TEST, "the alert fires");
    apply(&cs);
    assert_int_equal(ON(PL_ACT_COMMIT, FAY, .value = 0), -PL_E_GATE);
    assert_non_null(strstr(err.text, "tracker_key"));
    pl_cs_init(&cs);
    str(&cs, action, PL_F_ACTION_TRACKER_KEY, "OPS-1");
    apply(&cs);
}

static void prove(void)
{
    struct pl_cs cs;
    pl_cs_init(&cs);
    add(&cs, PL_KIND_EVIDENCE, action, (struct pl_eid){7, 9});
    apply(&cs);
}

TEST(conduct_carries_an_action_from_idea_to_judged)
{
    fill(BEN);
    assert_int_equal(ON(PL_ACT_ACCEPT, BEN, .value = 0), -PL_E_CONFLICT);
    assert_int_equal(ON(PL_ACT_COMMIT, FAY, .value = 0), 1);
    assert_int_equal(ON(PL_ACT_COMMIT, FAY, .value = 0), 0);
    assert_int_equal(ON(PL_ACT_ACCEPT, CYD, .value = 0), -PL_E_PERM);
    assert_int_equal(ON(PL_ACT_ACCEPT, BEN, .value = 0), 1);
    assert_int_equal(ON(PL_ACT_START, CYD, .value = 0), -PL_E_PERM);
    assert_int_equal(ON(PL_ACT_START, BEN, .value = 0), 1);
    assert_int_equal(ON(PL_ACT_DONE, BEN, .value = 0), -PL_E_GATE);
    prove();
    assert_int_equal(ON(PL_ACT_VERIFY, CYD, .value = 1), -PL_E_CONFLICT);
    assert_int_equal(ON(PL_ACT_DONE, BEN, .value = 0), 3);
    assert_int_equal(ON(PL_ACT_VERIFY, BEN, .value = 1), -PL_E_PERM);
    assert_int_equal(ON(PL_ACT_VERIFY, CYD, .value = 0), -PL_E_INVALID);
    assert_true(ON(PL_ACT_VERIFY, CYD, .value = 0, .text = "no alert came") > 0);
    assert_int_equal(of(action, PL_F_ACTION_STATE), PL_STATE_IN_PROGRESS);
    assert_int_equal(of(action, PL_F_ACTION_DONE_BY), 0);
    assert_int_equal(ON(PL_ACT_DONE, BEN, .value = 0), 3);
    assert_int_equal(ON(PL_ACT_EFFECT, CYD, .value = PL_RESULT_EFFECTIVE), -PL_E_CONFLICT);
    assert_int_equal(ON(PL_ACT_VERIFY, CYD, .value = 1), 4);
    assert_int_equal(of(action, PL_F_ACTION_VERIFIED_BY), CYD);
    int64_t days = (of(action, PL_F_ACTION_EFFECT_DUE) - NOW) / DAY_US;
    assert_true(days >= 30 && days <= 90);
    assert_int_equal(ON(PL_ACT_EFFECT, BEN, .value = PL_RESULT_EFFECTIVE), -PL_E_PERM);
    assert_int_equal(ON(PL_ACT_EFFECT, CYD, .value = PL_RESULT_NOT_EFFECTIVE), -PL_E_GATE);
    assert_int_equal(ON(PL_ACT_EFFECT, CYD, .value = PL_RESULT_NOT_EFFECTIVE, .other = action),
                     -PL_E_INVALID);
    assert_true(ON(PL_ACT_EFFECT, CYD, .value = PL_RESULT_NOT_EFFECTIVE, .other = next_action,
                   .text = "12.5 alerts a day") > 0);
    assert_int_equal(of(action, PL_F_ACTION_STATE), PL_STATE_NOT_EFFECTIVE);
    const struct pl_entry *a = pl_doc_entry(doc, action);
    assert_string_equal(pl_entry_str(a, PL_F_ACTION_EFFECT_VALUE), "12.5");
    assert_string_equal(pl_entry_cstr(a, PL_F_ACTION_EFFECT_NOTE), "alerts a day");
    assert_true(pl_eid_eq(pl_entry_reg(a, PL_F_ACTION_FOLLOW_UP)->eid, next_action));
    assert_int_equal(ON(PL_ACT_REOPEN, FAY, .value = 0), -PL_E_INVALID);
    assert_true(ON(PL_ACT_REOPEN, FAY, .text = "it came back") > 0);
    assert_int_equal(of(action, PL_F_ACTION_STATE), PL_STATE_COMMITTED);
    assert_int_equal(of(action, PL_F_ACTION_VERIFIED_AT), 0);
}

TEST(conduct_keeps_a_chosen_day_for_the_effect)
{
    struct pl_cs cs;
    fill(BEN);
    prove();
    assert_int_equal(ON(PL_ACT_COMMIT, FAY, .value = 0), 1);
    assert_true(ON(PL_ACT_DONE, BEN, .value = 0) > 0);
    pl_cs_init(&cs);
    reg(&cs, action, PL_F_ACTION_EFFECT_DUE, NOW + 45 * DAY_US);
    apply(&cs);
    assert_int_equal(ON(PL_ACT_VERIFY, FAY, .value = 1), 3);
    assert_true(of(action, PL_F_ACTION_EFFECT_DUE) == NOW + 45 * DAY_US);
}

TEST(conduct_drops_with_a_reason_and_not_what_is_verified)
{
    assert_int_equal(ON(PL_ACT_DROP, FAY, .value = 0), -PL_E_INVALID);
    assert_int_equal(ON(PL_ACT_DROP, FAY, .text = "not worth it"), 2);
    assert_int_equal(ON(PL_ACT_DROP, FAY, .text = "not worth it"), 0);
    assert_int_equal(ON(PL_ACT_REOPEN, FAY, .text = "after all"), -PL_E_GATE);
    assert_int_equal(DO(PL_ACT_DROP, FAY, .entry = cause, .text = "x"), -PL_E_INVALID);
    assert_int_equal(DO(PL_ACT_DROP, FAY, .entry = {7, 99}, .text = "x"), -PL_E_NOENT);
}

TEST(conduct_goes_back_with_a_reason)
{
    assert_int_equal(DO(PL_ACT_STATUS, FAY, .value = PL_STATUS_IN_SESSION,
                        .expect = PL_STATUS_PREPARING, .text = "x"),
                     -PL_E_CONFLICT);
    assert_int_equal(
        DO(PL_ACT_STATUS, FAY, .value = PL_STATUS_IN_SESSION, .expect = PL_STATUS_TRACKING),
        -PL_E_INVALID);
    set_root(PL_F_REVIEW_CLOSE_ASKED_BY, FAY);
    assert_true(DO(PL_ACT_STATUS, FAY, .value = PL_STATUS_IN_SESSION, .expect = PL_STATUS_TRACKING,
                   .text = "a cause was missed") > 0);
    assert_int_equal(root(PL_F_REVIEW_STATUS), PL_STATUS_IN_SESSION);
    assert_int_equal(root(PL_F_REVIEW_CLOSE_ASKED_BY), 0);
}

TEST(conduct_closes_by_a_second_person_only)
{
    assert_int_equal(DO(PL_ACT_CLOSE, BEN, .value = 1), -PL_E_CONFLICT);
    set_root(PL_F_REVIEW_CLOSE_ASKED_BY, FAY);
    assert_int_equal(DO(PL_ACT_CLOSE, FAY, .value = 1), -PL_E_PERM);
    assert_int_equal(DO(PL_ACT_CLOSE, BEN, .value = 0), -PL_E_INVALID);
    assert_true(DO(PL_ACT_CLOSE, BEN, .value = 0, .text = "one is open") > 0);
    assert_int_equal(root(PL_F_REVIEW_CLOSE_ASKED_BY), 0);
}

TEST(conduct_waives_a_check_with_a_reason)
{
    assert_int_equal(DO(PL_ACT_WAIVE, FAY, .text = "T37 x"), -PL_E_INVALID);
    assert_int_equal(DO(PL_ACT_WAIVE, FAY, .text = "T00 x"), -PL_E_INVALID);
    assert_int_equal(DO(PL_ACT_WAIVE, FAY, .text = "T05x y"), -PL_E_INVALID);
    assert_int_equal(DO(PL_ACT_WAIVE, FAY, .text = ""), -PL_E_INVALID);
    assert_int_equal(DO(PL_ACT_WAIVE, FAY, .text = "T05 "), -PL_E_INVALID);
    assert_true(DO(PL_ACT_WAIVE, FAY, .text = "t05 the log is lost") > 0);
    assert_int_equal(DO(PL_ACT_WAIVE, FAY, .text = "T05 the log is lost"), 0);
    assert_true(ON(PL_ACT_WAIVE, FAY, .text = "T05 the log is lost") > 0);
    struct pl_entry *v[4];
    assert_int_equal(pl_doc_list(doc, PL_KIND_WAIVER, v, 4), 2);
    assert_string_equal(pl_entry_str(v[0], PL_F_WAIVER_CHECK), "T05");
    assert_string_equal(pl_entry_str(v[0], PL_F_WAIVER_REASON), "the log is lost");
    assert_true(pl_entry_eid(v[0]).n >= CONDUCT_EID_FIRST);
    assert_int_equal(DO(PL_ACT_UNWAIVE, FAY, .entry = pl_entry_eid(v[0])), 1);
    assert_int_equal(DO(PL_ACT_UNWAIVE, FAY, .entry = pl_entry_eid(v[0])), -PL_E_NOENT);
}

/* More waivers than any list on a stack would hold. */
TEST(conduct_finds_a_waiver_among_many)
{
    for (uint32_t i = 0; i < 200; i++) {
        struct pl_cs cs;
        struct pl_eid event = {7, 100 + i};
        pl_cs_init(&cs);
        add(&cs, PL_KIND_EVENT, PL_EID_ROOT, event);
        apply(&cs);
        assert_true(DO(PL_ACT_WAIVE, FAY, .entry = event, .text = "T18 seen by two") > 0);
        assert_int_equal(DO(PL_ACT_WAIVE, FAY, .entry = event, .text = "T18 seen by two"), 0);
    }
    assert_int_equal(pl_doc_list(doc, PL_KIND_WAIVER, NULL, 0), 200);
}

TEST(conduct_notes_who_agrees)
{
    set_root(PL_F_REVIEW_STATUS, PL_STATUS_IN_SESSION);
    assert_int_equal(DO(PL_ACT_AGREE, FAY, .entry = cause, .value = 1), -PL_E_PERM);
    assert_int_equal(DO(PL_ACT_AGREE, BEN, .entry = action, .value = 1), -PL_E_INVALID);
    assert_int_equal(DO(PL_ACT_AGREE, BEN, .entry = cause, .value = 1), 1);
    assert_int_equal(DO(PL_ACT_AGREE, BEN, .entry = cause, .value = -1), 2);
    assert_true(pl_entry_has(pl_doc_entry(doc, cause), PL_F_CAUSE_DISAGREED, "ben", 3));
    assert_int_equal(DO(PL_ACT_AGREE, BEN, .entry = cause, .value = 0), 1);
}

TEST(conduct_passes_a_gate_or_names_what_blocks_it)
{
    struct pl_cs cs;
    /* Nothing is finished: the idea stands in the way, also when closing was asked for. */
    assert_int_equal(
        DO(PL_ACT_STATUS, FAY, .value = PL_STATUS_CLOSED, .expect = PL_STATUS_TRACKING),
        -PL_E_GATE);
    set_root(PL_F_REVIEW_CLOSE_ASKED_BY, FAY);
    assert_int_equal(DO(PL_ACT_CLOSE, BEN, .value = 1), -PL_E_GATE);
    pl_cs_init(&cs);
    reg(&cs, action, PL_F_ACTION_STATE, PL_STATE_DROPPED);
    str(&cs, action, PL_F_ACTION_STATE_REASON, "not worth it");
    reg(&cs, next_action, PL_F_ACTION_STATE, PL_STATE_DROPPED);
    str(&cs, next_action, PL_F_ACTION_STATE_REASON, "not worth it");
    apply(&cs);
    assert_int_equal(DO(PL_ACT_CLOSE, FAY, .value = 1), -PL_E_PERM);
    assert_true(DO(PL_ACT_CLOSE, BEN, .value = 1) > 0);
    assert_int_equal(root(PL_F_REVIEW_STATUS), PL_STATUS_CLOSED);
    assert_int_equal(root(PL_F_REVIEW_CLOSED_BY), BEN);
    assert_true(DO(PL_ACT_STATUS, FAY, .value = PL_STATUS_PREPARING, .expect = PL_STATUS_CLOSED,
                   .text = "from the start") > 0);
    assert_int_equal(
        DO(PL_ACT_STATUS, FAY, .value = PL_STATUS_IN_SESSION, .expect = PL_STATUS_PREPARING),
        -PL_E_GATE);
    assert_true(strlen(err.text) > 10);
}

#define IN_REVIEW(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        IN_REVIEW(conduct_carries_an_action_from_idea_to_judged),
        IN_REVIEW(conduct_keeps_a_chosen_day_for_the_effect),
        IN_REVIEW(conduct_drops_with_a_reason_and_not_what_is_verified),
        IN_REVIEW(conduct_goes_back_with_a_reason),
        IN_REVIEW(conduct_closes_by_a_second_person_only),
        IN_REVIEW(conduct_waives_a_check_with_a_reason),
        IN_REVIEW(conduct_finds_a_waiver_among_many),
        IN_REVIEW(conduct_notes_who_agrees),
        IN_REVIEW(conduct_passes_a_gate_or_names_what_blocks_it),
    };
    return RUN(tests);
}
