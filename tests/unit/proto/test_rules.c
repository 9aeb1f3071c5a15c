// SPDX-License-Identifier: Apache-2.0
/* pl_rules_check: what no ordinary edit may do, and that the refusal names what to do instead. */
#include "plimsoll/doc/rules.h"

#include <string.h>

#include "support/sample.h"
#include "support/unit.h"

#define DAY_US 86400000000LL

struct ctx {
    struct pl_doc *d;
    struct pl_cs cs;
    struct pl_err e;
    struct pl_eid action; /* committed, owned by SAMPLE_OWNER, with one piece of evidence */
    struct pl_eid proof;
    struct pl_eid cause; /* with one below it */
    struct pl_eid event; /* claimed about */
    struct pl_eid well;
};

static struct pl_eid no_of(const struct pl_doc *d, uint32_t kind, int64_t no)
{
    return pl_entry_eid(pl_doc_find_no(d, kind, no));
}

static int setup(void **state)
{
    static struct ctx c;

    c = (struct ctx){.d = sample_review()};
    pl_cs_init(&c.cs);
    c.action = no_of(c.d, PL_KIND_ACTION, 1);
    c.proof = no_of(c.d, PL_KIND_EVIDENCE, 1);
    c.cause = no_of(c.d, PL_KIND_CAUSE, 1);
    c.event = no_of(c.d, PL_KIND_EVENT, 3);
    c.well = no_of(c.d, PL_KIND_OBSERVATION, 1);
    sample_str(c.d, c.action, PL_F_ACTION_TRACKER_KEY, "OPS-12");
    *state = &c;
    return 0;
}

static int teardown(void **state)
{
    struct ctx *c = *state;

    pl_doc_free(c->d);
    return 0;
}

/* Judges what was put into cs, and forgets it. */
static int judge(struct ctx *c, uint64_t user)
{
    int rc = pl_doc_check(c->d, &c->cs, false, &c->e);

    if (rc == 0)
        rc = pl_rules_check(c->d, &c->cs, user, &c->e);
    pl_cs_release(&c->cs);
    return rc;
}

static void put(struct ctx *c, struct pl_eid eid, uint32_t field, int64_t i)
{
    struct pl_value v = i != 0 ? pl_value_int(i) : (struct pl_value){.type = PL_VAL_NULL};

    pl_cs_reg(&c->cs, eid, field, &v);
}

static int set(struct ctx *c, struct pl_eid eid, uint32_t field, int64_t i)
{
    put(c, eid, field, i);
    return judge(c, SAMPLE_FACILITATOR);
}

static int set_str(struct ctx *c, struct pl_eid eid, uint32_t field, const char *s)
{
    struct pl_value v = pl_value_str(s, strlen(s));

    pl_cs_reg(&c->cs, eid, field, &v);
    pl_value_release(&v);
    return judge(c, SAMPLE_FACILITATOR);
}

static int link_to(struct ctx *c, struct pl_eid eid, uint32_t field, struct pl_eid to)
{
    struct pl_value v = pl_value_eid(to);

    pl_cs_reg(&c->cs, eid, field, &v);
    return judge(c, SAMPLE_FACILITATOR);
}

static int drop(struct ctx *c, struct pl_eid eid, uint64_t user)
{
    pl_cs_dead(&c->cs, eid, true);
    return judge(c, user);
}

#define SAYS(c, what) assert_non_null(strstr((c)->e.text, what))

static void state_of_an_action_is_reached_by_commands(void **state)
{
    static const struct {
        int64_t to;
        const char *verb;
    } steps[] = {{PL_STATE_IN_PROGRESS, "actions start"}, {PL_STATE_DONE, "actions done"},
                 {PL_STATE_VERIFIED, "actions verify"},   {PL_STATE_EFFECTIVE, "actions effect"},
                 {PL_STATE_DROPPED, "actions drop"},      {PL_STATE_IDEA, "actions drop"}};
    struct ctx *c = *state;

    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        put(c, c->action, PL_F_ACTION_STATE, steps[i].to);
        assert_int_equal(judge(c, SAMPLE_OWNER), -PL_E_INVALID);
        SAYS(c, "A-1");
        SAYS(c, steps[i].verb);
    }
    assert_int_equal(set(c, c->action, PL_F_ACTION_STATE, PL_STATE_COMMITTED), 0); /* as it is */
    assert_int_equal(set_str(c, c->action, PL_F_ACTION_STATE_REASON, "x"), -PL_E_INVALID);
    assert_int_equal(set(c, c->action, PL_F_ACTION_EFFECT_RESULT, 1), -PL_E_INVALID);
    SAYS(c, "plimsoll actions effect");
    assert_int_equal(set(c, c->action, PL_F_ACTION_VERIFIED_BY, 1), -PL_E_INVALID);
    SAYS(c, "plimsoll actions verify");
    assert_int_equal(link_to(c, c->action, PL_F_ACTION_FOLLOW_UP, c->action), -PL_E_INVALID);
}

static void new_action_is_an_idea(void **state)
{
    struct ctx *c = *state;
    const struct pl_key key = {.len = 4, .s = "z1.5"};
    const struct pl_eid eid = {5, 5};

    pl_cs_create(&c->cs, eid, PL_KIND_ACTION, PL_EID_ROOT, &key);
    put(c, eid, PL_F_ACTION_STATE, PL_STATE_COMMITTED);
    assert_int_equal(judge(c, SAMPLE_FACILITATOR), -PL_E_INVALID);
    SAYS(c, "actions commit");
    pl_cs_create(&c->cs, eid, PL_KIND_ACTION, PL_EID_ROOT, &key);
    put(c, eid, PL_F_ACTION_STATE, PL_STATE_IDEA);
    put(c, eid, PL_F_ACTION_OWNER, SAMPLE_OWNER);
    assert_int_equal(judge(c, SAMPLE_RESPONDER), 0);
    pl_cs_create(&c->cs, eid, PL_KIND_WAIVER, PL_EID_ROOT, &key);
    assert_int_equal(judge(c, SAMPLE_FACILITATOR), -PL_E_INVALID);
    SAYS(c, "plimsoll waive");
}

static void commitment_stays_whole(void **state)
{
    struct ctx *c = *state;

    assert_int_equal(set(c, c->action, PL_F_ACTION_OWNER, 0), -PL_E_GATE);
    assert_int_equal(set(c, c->action, PL_F_ACTION_OWNER, 99), -PL_E_INVALID);
    SAYS(c, "people add");
    assert_int_equal(set(c, c->action, PL_F_ACTION_OWNER, SAMPLE_FACILITATOR), -PL_E_GATE);
    assert_int_equal(set(c, c->action, PL_F_ACTION_OWNER, SAMPLE_RESPONDER), 0);
    assert_int_equal(set(c, c->action, PL_F_ACTION_DUE, 0), -PL_E_GATE);
    assert_int_equal(set(c, c->action, PL_F_ACTION_DUE, SAMPLE_T0), 0);
    assert_int_equal(set(c, c->action, PL_F_ACTION_TRACKER_KEY, 0), -PL_E_GATE);
    put(c, c->action, PL_F_ACTION_TRACKER_KEY, 0);
    assert_int_equal(set_str(c, c->action, PL_F_ACTION_UNTRACKED_REASON, "a talk"), 0);
    assert_int_equal(drop(c, c->action, SAMPLE_FACILITATOR), -PL_E_GATE);
    SAYS(c, "actions drop");
}

static void what_was_verified_stays(void **state)
{
    struct ctx *c = *state;

    sample_int(c->d, c->action, PL_F_ACTION_STATE, PL_STATE_DONE);
    assert_int_equal(drop(c, c->proof, SAMPLE_OWNER), -PL_E_GATE);
    SAYS(c, "add another first");
    (void)sample_add(c->d, PL_KIND_EVIDENCE, c->action, SAMPLE_OWNER);
    assert_int_equal(drop(c, c->proof, SAMPLE_OWNER), 0);
    sample_int(c->d, c->action, PL_F_ACTION_STATE, PL_STATE_VERIFIED);
    sample_int(c->d, c->action, PL_F_ACTION_VERIFIED_AT, SAMPLE_T0);
    assert_int_equal(drop(c, c->proof, SAMPLE_OWNER), -PL_E_GATE);
    assert_int_equal(set_str(c, c->proof, PL_F_EVIDENCE_REFERENCE, "other"), -PL_E_GATE);
    assert_int_equal(set(c, c->action, PL_F_ACTION_OWNER, SAMPLE_RESPONDER), -PL_E_GATE);
    SAYS(c, "actions reopen");
    assert_int_equal(set(c, c->action, PL_F_ACTION_EFFECT_DUE, SAMPLE_T0 + 29 * DAY_US),
                     -PL_E_INVALID);
    assert_int_equal(set(c, c->action, PL_F_ACTION_EFFECT_DUE, SAMPLE_T0 + 45 * DAY_US), 0);
    assert_int_equal(set_str(c, c->action, PL_F_ACTION_MEASURE_WHAT, "pages a week"), 0);
    sample_int(c->d, c->action, PL_F_ACTION_EFFECT_RESULT, PL_RESULT_EFFECTIVE);
    assert_int_equal(set_str(c, c->action, PL_F_ACTION_MEASURE_WHAT, "less"), -PL_E_GATE);
}

static void factor_answers_its_question(void **state)
{
    struct ctx *c = *state;

    assert_int_equal(set(c, c->cause, PL_F_CAUSE_QUESTION, PL_QUESTION_WHY_SLOW), -PL_E_INVALID);
    SAYS(c, "missing_procedure");
    SAYS(c, "why_slow");
    put(c, c->cause, PL_F_CAUSE_FACTOR, PL_FACTOR_UNCLEAR_PROCEDURE);
    assert_int_equal(set(c, c->cause, PL_F_CAUSE_QUESTION, PL_QUESTION_WHY_SLOW), 0);
    assert_int_equal(set(c, c->cause, PL_F_CAUSE_CLASS, PL_CLASS_PEOPLE), -PL_E_INVALID);
    SAYS(c, "class=process");
    put(c, c->cause, PL_F_CAUSE_CLASS, PL_CLASS_TECHNICAL);
    assert_int_equal(set(c, c->cause, PL_F_CAUSE_FACTOR, PL_FACTOR_OTHER), 0);
    assert_int_equal(pl_factor_class(PL_FACTOR_RESOURCE_CONSTRAINTS, PL_QUESTION_WHY_SLOW), 0);
    assert_int_equal(pl_factor_class(PL_FACTOR_RESOURCE_CONSTRAINTS, 0), PL_CLASS_PEOPLE);
    assert_int_equal(pl_factor_class(PL_FACTOR_ACCESS, 0), 0);
}

static void values_that_cannot_be_meant(void **state)
{
    struct ctx *c = *state;
    struct pl_eid root = PL_EID_ROOT;

    assert_int_equal(set(c, c->event, PL_F_EVENT_HAPPENED_AT, 5), -PL_E_INVALID);
    SAYS(c, "happened_at");
    assert_int_equal(set(c, c->event, PL_F_EVENT_HAPPENED_AT, PL_TIME_MAX), -PL_E_INVALID);
    assert_int_equal(set(c, c->event, PL_F_EVENT_HAPPENED_AT, SAMPLE_T0), 0);
    assert_int_equal(set_str(c, root, PL_F_REVIEW_ZONE, "../passwd"), -PL_E_INVALID);
    assert_int_equal(set_str(c, root, PL_F_REVIEW_ZONE, "America/Argentina/Ushuaia"), 0);
    pl_cs_elem(&c->cs, root, PL_F_REVIEW_NOTHING_IN, "luck", 4, true);
    assert_int_equal(judge(c, SAMPLE_FACILITATOR), -PL_E_INVALID);
    pl_cs_elem(&c->cs, root, PL_F_REVIEW_RECURRENCE_OF, "REV-2041", 8, true);
    assert_int_equal(judge(c, SAMPLE_FACILITATOR), -PL_E_INVALID);
    pl_cs_elem(&c->cs, root, PL_F_REVIEW_RECURRENCE_OF, "REV-7", 5, true);
    assert_int_equal(judge(c, SAMPLE_FACILITATOR), 0);
    assert_int_equal(set(c, no_of(c->d, PL_KIND_ANCHOR, 1), PL_F_ANCHOR_START, 11), -PL_E_INVALID);
    assert_int_equal(set(c, no_of(c->d, PL_KIND_ANCHOR, 1), PL_F_ANCHOR_FIELD, 10), -PL_E_INVALID);
}

static void links_lead_to_what_is_there(void **state)
{
    struct ctx *c = *state;
    struct pl_elem el;

    pl_eid_to_elem(c->well, &el);
    pl_cs_elem(&c->cs, c->event, PL_F_LINKS, el.b, el.len, true);
    assert_int_equal(judge(c, SAMPLE_RESPONDER), 0);
    pl_cs_dead(&c->cs, c->well, true);
    sample_commit(c->d, SAMPLE_RESPONDER, &c->cs);
    pl_cs_elem(&c->cs, c->event, PL_F_LINKS, el.b, el.len, true);
    assert_int_equal(judge(c, SAMPLE_RESPONDER), -PL_E_NOENT);
    SAYS(c, "O-1 was removed");
    pl_eid_to_elem(c->event, &el);
    pl_cs_elem(&c->cs, c->event, PL_F_LINKS, el.b, el.len, true);
    assert_int_equal(judge(c, SAMPLE_RESPONDER), -PL_E_INVALID);
}

static void removing_takes_no_more_than_it_seems(void **state)
{
    struct ctx *c = *state;
    struct pl_eid mine = sample_add(c->d, PL_KIND_CAUSE, PL_EID_ROOT, SAMPLE_OWNER);
    struct pl_eid between = sample_add(c->d, PL_KIND_CAUSE, mine, SAMPLE_OWNER);
    struct pl_eid file = no_of(c->d, PL_KIND_MATERIAL, 1);

    assert_int_equal(drop(c, mine, SAMPLE_OWNER), 0);
    (void)sample_add(c->d, PL_KIND_CAUSE, between, SAMPLE_RESPONDER);
    assert_int_equal(drop(c, mine, SAMPLE_OWNER), -PL_E_PERM);
    SAYS(c, "facilitator");
    assert_int_equal(drop(c, mine, SAMPLE_FACILITATOR), 0);
    assert_int_equal(drop(c, c->event, SAMPLE_OWNER), -PL_E_PERM); /* somebody claims about it */
    assert_int_equal(drop(c, c->event, SAMPLE_RESPONDER), 0);
    assert_int_equal(drop(c, file, SAMPLE_RESPONDER), 0);
    sample_link(c->d, c->proof, PL_F_EVIDENCE_FILE, file);
    assert_int_equal(drop(c, file, SAMPLE_FACILITATOR), -PL_E_GATE);
    SAYS(c, "A-1");
    assert_int_equal(drop(c, no_of(c->d, PL_KIND_WAIVER, 1), SAMPLE_FACILITATOR), -PL_E_INVALID);
    SAYS(c, "unwaive");
}

static void server_is_not_asked(void **state)
{
    struct ctx *c = *state;

    put(c, c->action, PL_F_ACTION_STATE, PL_STATE_VERIFIED);
    assert_int_equal(judge(c, 0), 0);
}

static void refusals_of_server_fields_name_the_command(void **state)
{
    struct ctx *c = *state;

    assert_int_equal(set(c, PL_EID_ROOT, PL_F_REVIEW_STATUS, PL_STATUS_CLOSED), -PL_E_INVALID);
    SAYS(c, "plimsoll status");
    assert_null(pl_rules_verb(PL_KIND_EVENT, PL_F_NO));
}

static void a_review_keeps_a_title(void **state)
{
    static const char *const blank[] = {"", " ", "    "};
    struct ctx *c = *state;
    struct pl_eid root = PL_EID_ROOT;

    for (size_t i = 0; i < sizeof blank / sizeof blank[0]; i++) {
        assert_int_equal(set_str(c, root, PL_F_REVIEW_TITLE, blank[i]), -PL_E_INVALID);
        SAYS(c, "title: a review needs one");
    }
    assert_int_equal(set(c, root, PL_F_REVIEW_TITLE, 0), -PL_E_INVALID); /* taken away */
    SAYS(c, "title: a review needs one");
    assert_int_equal(set_str(c, root, PL_F_REVIEW_TITLE, " x"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(state_of_an_action_is_reached_by_commands, setup, teardown),
        cmocka_unit_test_setup_teardown(new_action_is_an_idea, setup, teardown),
        cmocka_unit_test_setup_teardown(commitment_stays_whole, setup, teardown),
        cmocka_unit_test_setup_teardown(what_was_verified_stays, setup, teardown),
        cmocka_unit_test_setup_teardown(factor_answers_its_question, setup, teardown),
        cmocka_unit_test_setup_teardown(values_that_cannot_be_meant, setup, teardown),
        cmocka_unit_test_setup_teardown(a_review_keeps_a_title, setup, teardown),
        cmocka_unit_test_setup_teardown(links_lead_to_what_is_there, setup, teardown),
        cmocka_unit_test_setup_teardown(removing_takes_no_more_than_it_seems, setup, teardown),
        cmocka_unit_test_setup_teardown(server_is_not_asked, setup, teardown),
        cmocka_unit_test_setup_teardown(refusals_of_server_fields_name_the_command, setup,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
