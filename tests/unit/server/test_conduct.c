// SPDX-License-Identifier: Apache-2.0
/* review/conduct.h: who may conduct what, and what comes of it in the document. */
#include "review/conduct.h"

#include <string.h>

#include "plimsoll/doc/act.h"
#include "plimsoll/doc/perm.h"
#include "plimsoll/doc/rules.h"
#include "plimsoll/merge/orderkey.h"

#include "support/unit.h"

enum { FAY = 1, BEN = 2, CYD = 3, GUS = 4, NOBODY = 9 };
#define NOW 1000000000000LL

static struct pl_doc *doc;

static struct pl_eid person(uint32_t user)
{
    return (struct pl_eid){.client = 0, .n = user};
}

static void reg(struct pl_cs *cs, struct pl_eid eid, uint32_t field, int64_t v)
{
    struct pl_value val = pl_value_int(v);
    pl_cs_reg(cs, eid, field, &val);
}

static void apply(struct pl_cs *cs)
{
    const struct pl_rev_meta meta = {.rev = pl_doc_rev(doc) + 1};
    assert_int_equal(pl_doc_check(doc, cs, true, NULL), 0);
    assert_int_equal(pl_doc_apply(doc, cs, &meta, NULL), 0);
    pl_cs_release(cs);
}

static void add(struct pl_cs *cs, uint32_t kind, struct pl_eid eid)
{
    struct pl_key key;
    assert_int_equal(pl_key_between(&key, NULL, NULL, 0, eid.n, NULL), 0);
    pl_cs_create(cs, eid, kind, PL_EID_ROOT, &key);
}

static void set_up(int64_t status)
{
    static const int64_t roles[] = {0, PL_ROLE_FACILITATOR, PL_ROLE_RESPONDER, PL_ROLE_STAKEHOLDER,
                                    PL_ROLE_FACILITATOR};
    struct pl_cs cs;
    doc = pl_doc_new();
    pl_cs_init(&cs);
    reg(&cs, PL_EID_ROOT, PL_F_REVIEW_STATUS, status);
    reg(&cs, PL_EID_ROOT, PL_F_REVIEW_STAGE, PL_STAGE_PREPARE);
    reg(&cs, PL_EID_ROOT, PL_F_REVIEW_LEAD, FAY);
    for (uint32_t user = FAY; user <= GUS; user++) {
        add(&cs, PL_KIND_PARTICIPANT, person(user));
        reg(&cs, person(user), PL_F_PARTICIPANT_USER, user);
        reg(&cs, person(user), PL_F_PARTICIPANT_ROLE, roles[user]);
    }
    apply(&cs);
}

static int set_up_preparing(void **state)
{
    (void)state;
    set_up(PL_STATUS_PREPARING);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    pl_doc_free(doc);
    doc = NULL;
    return 0;
}

/* Judges and, when it passes, applies; the number of slots, or the error. */
static int run(uint32_t act, uint64_t user, const struct pl_act *with)
{
    const struct conduct_actor who = {.user = user, .now_us = NOW};
    struct pl_act a = *with;
    struct pl_err e;
    struct pl_cs cs;
    uint64_t ops = 0;
    a.act = act;
    if (!a.text)
        a.text = "";
    pl_err_init(&e);
    pl_cs_init(&cs);
    int rc = conduct_judge(doc, &a, &who, &cs, &ops, &e);
    if (rc < 0) {
        assert_int_equal(rc, -e.code);
        assert_true(e.text[0] != '\0');
        pl_cs_release(&cs);
        return rc;
    }
    assert_true(ops == PL_PERM_BIT(pl_act_info(act)->perm));
    rc = (int)cs.n;
    apply(&cs);
    return rc;
}

static int64_t root(uint32_t field)
{
    return pl_entry_int(pl_doc_root(doc), field, 0);
}

static int64_t of(uint32_t user, uint32_t field)
{
    return pl_entry_int(pl_doc_entry(doc, person(user)), field, 0);
}

#define DO(act, user, ...) run(act, user, &(struct pl_act){__VA_ARGS__})

TEST(conduct_asks_for_the_role_of_each_act_in_each_status)
{
    for (int64_t status = PL_STATUS_PREPARING; status <= PL_STATUS_CLOSED; status++) {
        for (uint32_t act = 1; act <= PL_ACT_MAX; act++) {
            const struct pl_act_info *info = pl_act_info(act);
            for (uint32_t user = FAY; conduct_knows(act) && user <= CYD; user++) {
                set_up(status);
                bool may = (pl_perm_mask(of(user, PL_F_PARTICIPANT_ROLE), status) &
                            PL_PERM_BIT(info->perm)) != 0;
                int rc = DO(act, user, .expect = -1, .value = -1, .user = NOBODY);
                assert_int_equal(rc == -PL_E_PERM, !may);
                pl_doc_free(doc);
            }
            set_up(status);
            if (conduct_knows(act))
                assert_int_equal(DO(act, NOBODY, .value = 1), -PL_E_PERM);
            else
                assert_int_equal(DO(act, FAY, .value = 1), -PL_E_BAD_STATE);
            pl_doc_free(doc);
        }
    }
    doc = NULL;
    assert_false(conduct_knows(0));
    assert_false(conduct_knows(PL_ACT_MAX + 1));
}

TEST(conduct_moves_the_stage_only_from_where_it_is)
{
    assert_int_equal(DO(PL_ACT_STAGE, FAY, .value = PL_STAGE_CAUSES, .expect = PL_STAGE_TIMELINE),
                     -PL_E_CONFLICT);
    assert_int_equal(DO(PL_ACT_STAGE, FAY, .value = 8, .expect = PL_STAGE_PREPARE), -PL_E_INVALID);
    assert_int_equal(DO(PL_ACT_TIMER, FAY, .value = 15), 2);
    assert_true(DO(PL_ACT_STAGE, FAY, .value = PL_STAGE_CAUSES, .expect = PL_STAGE_PREPARE) > 0);
    assert_int_equal(root(PL_F_REVIEW_STAGE), PL_STAGE_CAUSES);
    assert_int_equal(root(PL_F_REVIEW_STAGE_ENDS_AT), 0);
    assert_int_equal(DO(PL_ACT_STAGE, FAY, .value = PL_STAGE_CAUSES, .expect = PL_STAGE_CAUSES), 0);
    assert_true(DO(PL_ACT_STAGE, FAY, .value = PL_STAGE_TIMELINE, .expect = PL_STAGE_CAUSES) > 0);
}

TEST(conduct_keeps_the_timer_as_an_end_time)
{
    assert_int_equal(DO(PL_ACT_EXTEND, FAY, .value = 5), -PL_E_CONFLICT);
    assert_int_equal(DO(PL_ACT_TIMER, FAY, .value = 481), -PL_E_INVALID);
    assert_int_equal(DO(PL_ACT_TIMER, FAY, .value = -1), -PL_E_INVALID);
    assert_int_equal(DO(PL_ACT_TIMER, FAY, .value = 480), 2);
    assert_int_equal(root(PL_F_REVIEW_STAGE_ENDS_AT), NOW + 480 * 60000000LL);
    assert_int_equal(DO(PL_ACT_EXTEND, FAY, .value = 121), -PL_E_INVALID);
    assert_int_equal(DO(PL_ACT_EXTEND, FAY, .value = 120), 1);
    assert_int_equal(root(PL_F_REVIEW_STAGE_ENDS_AT), NOW + 600 * 60000000LL);
    assert_int_equal(DO(PL_ACT_TIMER, FAY, .value = 0), 2);
    assert_int_equal(root(PL_F_REVIEW_STAGE_ENDS_AT), 0);
    assert_int_equal(DO(PL_ACT_TIMER, FAY, .value = 0), 0);
}

TEST(conduct_locks_sections_for_all_but_facilitators)
{
    struct pl_cs cs;
    struct pl_err e;
    pl_err_init(&e);
    pl_cs_init(&cs);
    add(&cs, PL_KIND_EVENT, (struct pl_eid){.client = 7, .n = 1});
    assert_int_equal(pl_rules_locked(doc, &cs, BEN, &e), 0);
    assert_int_equal(DO(PL_ACT_LOCK, FAY, .text = "people", .value = 1), -PL_E_INVALID);
    assert_int_equal(DO(PL_ACT_LOCK, FAY, .text = "comment", .value = 1), -PL_E_INVALID);
    assert_int_equal(DO(PL_ACT_LOCK, FAY, .text = "event", .value = 1), 1);
    assert_int_equal(DO(PL_ACT_LOCK, FAY, .text = "event", .value = 1), 0);
    assert_int_equal(pl_rules_locked(doc, &cs, BEN, &e), -PL_E_LOCKED);
    assert_non_null(strstr(e.text, "event"));
    assert_int_equal(pl_rules_locked(doc, &cs, FAY, &e), 0);
    assert_int_equal(pl_rules_locked(doc, &cs, 0, &e), 0);
    assert_int_equal(DO(PL_ACT_LOCK, FAY, .text = "event", .value = 0), 1);
    assert_int_equal(pl_rules_locked(doc, &cs, BEN, &e), 0);
    pl_cs_release(&cs);
}

TEST(conduct_gives_the_lead_to_a_facilitator_who_was_not_involved)
{
    assert_int_equal(DO(PL_ACT_OFFER_LEAD, FAY, .user = NOBODY), -PL_E_NOENT);
    assert_int_equal(DO(PL_ACT_OFFER_LEAD, FAY, .user = BEN), -PL_E_PERM);
    assert_int_equal(DO(PL_ACT_OFFER_LEAD, FAY, .user = GUS), 1);
    assert_int_equal(root(PL_F_REVIEW_LEAD), FAY);
    assert_true(DO(PL_ACT_TAKE_LEAD, GUS, .value = 0) > 0);
    assert_int_equal(root(PL_F_REVIEW_LEAD), GUS);
    assert_int_equal(root(PL_F_REVIEW_LEAD_OFFERED_TO), 0);
    assert_true(DO(PL_ACT_INVOLVE, FAY, .value = 1, .text = "was on call") > 0);
    assert_int_equal(root(PL_F_REVIEW_NEUTRALITY), PL_NEUTRALITY_INVOLVED);
    assert_int_equal(DO(PL_ACT_TAKE_LEAD, FAY, .value = 0), -PL_E_GATE);
    assert_int_equal(root(PL_F_REVIEW_LEAD), GUS);
}

TEST(conduct_lets_people_speak_for_themselves)
{
    struct pl_cs cs;
    assert_int_equal(DO(PL_ACT_INVOLVE, BEN, .user = CYD, .value = 1), -PL_E_PERM);
    assert_true(DO(PL_ACT_INVOLVE, BEN, .user = BEN, .value = 1) > 0);
    assert_int_equal(DO(PL_ACT_INVOLVE, BEN, .user = BEN, .value = 0), -PL_E_INVALID);
    assert_true(DO(PL_ACT_INVOLVE, FAY, .user = BEN, .value = 0, .text = "was on leave") > 0);
    assert_int_equal(DO(PL_ACT_ATTEND, CYD, .value = PL_ATTENDANCE_EXPECTED), -PL_E_INVALID);
    assert_int_equal(DO(PL_ACT_ATTEND, CYD, .value = PL_ATTENDANCE_DECLINED), 1);
    assert_int_equal(of(CYD, PL_F_PARTICIPANT_ATTENDANCE), PL_ATTENDANCE_DECLINED);
    assert_int_equal(DO(PL_ACT_RULES, CYD, .value = 0), -PL_E_CONFLICT);
    pl_cs_init(&cs);
    add(&cs, PL_KIND_RULE, (struct pl_eid){.client = 7, .n = 2});
    apply(&cs);
    assert_int_equal(DO(PL_ACT_RULES, CYD, .value = 0), 1);
    assert_int_equal(of(CYD, PL_F_PARTICIPANT_RULES_ACCEPTED_AT), NOW);
}

TEST(conduct_calls_on_raised_hands_only)
{
    assert_int_equal(DO(PL_ACT_CALL, FAY, .user = CYD), -PL_E_CONFLICT);
    assert_int_equal(DO(PL_ACT_HAND, CYD, .value = 1), 1);
    assert_int_equal(DO(PL_ACT_HAND, CYD, .value = 1), 0);
    assert_int_equal(of(CYD, PL_F_PARTICIPANT_HAND_AT), NOW);
    assert_int_equal(DO(PL_ACT_CALL, FAY, .user = CYD), 2);
    assert_int_equal(of(CYD, PL_F_PARTICIPANT_HAND_AT), 0);
    assert_int_equal(of(CYD, PL_F_PARTICIPANT_CALLED_AT), NOW);
}

TEST(conduct_keeps_a_doubt_until_it_is_answered)
{
    assert_int_equal(DO(PL_ACT_ANSWER, FAY, .text = "no"), -PL_E_CONFLICT);
    assert_int_equal(DO(PL_ACT_CHALLENGE, BEN, .text = ""), -PL_E_INVALID);
    assert_int_equal(DO(PL_ACT_CHALLENGE, BEN, .text = "two\nlines"), -PL_E_BAD_TEXT);
    assert_int_equal(DO(PL_ACT_CHALLENGE, BEN, .text = "owns the service"), 3);
    assert_int_equal(root(PL_F_REVIEW_NEUTRALITY), PL_NEUTRALITY_CHALLENGED);
    assert_int_equal(root(PL_F_REVIEW_NEUTRALITY_BY), BEN);
    assert_int_equal(DO(PL_ACT_ANSWER, FAY, .text = ""), -PL_E_INVALID);
    assert_int_equal(DO(PL_ACT_ANSWER, FAY, .text = "handed it over in May"), 3);
    assert_int_equal(root(PL_F_REVIEW_NEUTRALITY), PL_NEUTRALITY_ANSWERED);
    /* both can be read */
    const struct pl_entry *r = pl_doc_root(doc);
    assert_string_equal(pl_entry_str(r, PL_F_REVIEW_NEUTRALITY_NOTE), "owns the service");
    assert_int_equal(root(PL_F_REVIEW_NEUTRALITY_BY), BEN);
    assert_string_equal(pl_entry_str(r, PL_F_REVIEW_NEUTRALITY_ANSWER), "handed it over in May");
    assert_int_equal(root(PL_F_REVIEW_NEUTRALITY_ANSWER_BY), FAY);
    /* a new doubt is not answered by what was said to the old one */
    assert_true(DO(PL_ACT_CHALLENGE, CYD, .text = "wrote the runbook") > 0);
    assert_string_equal(pl_entry_str(r, PL_F_REVIEW_NEUTRALITY_ANSWER), "");
    assert_int_equal(root(PL_F_REVIEW_NEUTRALITY_ANSWER_BY), 0);
}

TEST(conduct_asks_everyone_to_what_is_there)
{
    struct pl_eid gone = {.client = 7, .n = 3};
    assert_int_equal(DO(PL_ACT_FOCUS, FAY, .value = PL_STAGE_TIMELINE, .entry = gone), -PL_E_NOENT);
    assert_true(DO(PL_ACT_FOCUS, FAY, .value = PL_STAGE_TIMELINE, .entry = PL_EID_ROOT) > 0);
    assert_int_equal(root(PL_F_REVIEW_FOCUS_STAGE), PL_STAGE_TIMELINE);
    assert_int_equal(root(PL_F_REVIEW_FOCUS_AT), NOW);
    assert_int_equal(DO(PL_ACT_PACK, FAY, .value = 0), 1);
    assert_int_equal(DO(PL_ACT_VISIBILITY, FAY, .value = 3), -PL_E_INVALID);
    assert_int_equal(DO(PL_ACT_VISIBILITY, FAY, .value = PL_VISIBILITY_ORGANISATION), 1);
}

#define IN_REVIEW(f) cmocka_unit_test_setup_teardown(f, set_up_preparing, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conduct_asks_for_the_role_of_each_act_in_each_status),
        IN_REVIEW(conduct_moves_the_stage_only_from_where_it_is),
        IN_REVIEW(conduct_keeps_the_timer_as_an_end_time),
        IN_REVIEW(conduct_locks_sections_for_all_but_facilitators),
        IN_REVIEW(conduct_gives_the_lead_to_a_facilitator_who_was_not_involved),
        IN_REVIEW(conduct_lets_people_speak_for_themselves),
        IN_REVIEW(conduct_calls_on_raised_hands_only),
        IN_REVIEW(conduct_keeps_a_doubt_until_it_is_answered),
        IN_REVIEW(conduct_asks_everyone_to_what_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
