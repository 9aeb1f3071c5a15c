// SPDX-License-Identifier: Apache-2.0
/* doc/perm.h and pl_doc_perm_ops: who may do what, against the matrix of roles and statuses. */
#include "plimsoll/doc/perm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plimsoll/doc/doc.h"

#include "support/sample.h"

enum { OTHER = 9 };

static bool holds(int64_t role, int64_t status, enum pl_perm_op op)
{
    return (pl_perm_mask(role, status) & PL_PERM_BIT(op)) != 0;
}

static void perm_table_denies_by_default(void **state)
{
    (void)state;
    assert_int_equal(pl_perm_mask(0, PL_STATUS_PREPARING), 0);
    assert_int_equal(pl_perm_mask(PL_ROLE_FACILITATOR, 0), 0);
    assert_int_equal(pl_perm_mask(99, 99), 0);
    for (int64_t role = 0; role <= 4; role++) {
        for (int64_t status = 0; status <= 5; status++) {
            assert_false(holds(role, status, PL_PERM_SERVER));
            assert_false(holds(role, status, PL_PERM_OWNER_ONLY));
        }
    }
}

static void perm_table_follows_the_matrix(void **state)
{
    (void)state;
    for (int64_t status = PL_STATUS_PREPARING; status <= PL_STATUS_CLOSED; status++) {
        bool open = status == PL_STATUS_PREPARING || status == PL_STATUS_IN_SESSION;
        for (int64_t role = PL_ROLE_FACILITATOR; role <= PL_ROLE_STAKEHOLDER; role++) {
            bool f = role == PL_ROLE_FACILITATOR;
            bool r = role == PL_ROLE_RESPONDER;
            bool s = role == PL_ROLE_STAKEHOLDER;
            assert_true(holds(role, status, PL_PERM_READ));
            assert_int_equal(holds(role, status, PL_PERM_HEADER), open && f);
            assert_int_equal(holds(role, status, PL_PERM_SERVICES), open && !s);
            assert_int_equal(holds(role, status, PL_PERM_IMPACT), open);
            assert_int_equal(holds(role, status, PL_PERM_PLAN), open && f);
            assert_int_equal(holds(role, status, PL_PERM_MATERIAL), open && !s);
            assert_int_equal(holds(role, status, PL_PERM_ACCOUNT), open && r);
            assert_int_equal(holds(role, status, PL_PERM_CONTENT), open && !s);
            assert_int_equal(holds(role, status, PL_PERM_NOTE_EVENT), open);
            assert_int_equal(holds(role, status, PL_PERM_COMMENT), status != PL_STATUS_CLOSED);
            assert_int_equal(holds(role, status, PL_PERM_REMOVE_OWN), open);
            assert_int_equal(holds(role, status, PL_PERM_REMOVE_ANY), open && f);
            assert_int_equal(holds(role, status, PL_PERM_ACTION_PROPOSE),
                             status != PL_STATUS_CLOSED);
            assert_int_equal(holds(role, status, PL_PERM_ACTION_EDIT),
                             status != PL_STATUS_CLOSED && !s);
            assert_int_equal(holds(role, status, PL_PERM_ACTION_COMMIT),
                             f && (status == PL_STATUS_IN_SESSION || status == PL_STATUS_TRACKING));
            assert_int_equal(holds(role, status, PL_PERM_ACTION_PROGRESS),
                             !f && status == PL_STATUS_TRACKING);
            assert_int_equal(holds(role, status, PL_PERM_LESSON),
                             !s && status != PL_STATUS_PREPARING);
            assert_int_equal(holds(role, status, PL_PERM_FACILITATE), f);
        }
    }
}

static void perm_missing_names_the_first(void **state)
{
    (void)state;
    assert_int_equal(pl_perm_missing(PL_PERM_BIT(PL_PERM_COMMENT), UINT64_MAX), -1);
    assert_int_equal(pl_perm_missing(0, 0), -1);
    assert_int_equal(pl_perm_missing(PL_PERM_BIT(PL_PERM_SERVER) | PL_PERM_BIT(PL_PERM_IMPACT), 1),
                     PL_PERM_IMPACT);
    assert_string_equal(pl_perm_name(PL_PERM_ACTION_COMMIT), "action_commit");
    assert_string_equal(pl_perm_name(PL_PERM_SERVER), "server");
    assert_string_equal(pl_perm_name(40), "unknown");
    assert_string_equal(pl_perm_name(-1), "unknown");
}

/* The one operation that setting a number on an entry needs. */
static uint64_t reg_ops(const struct pl_doc *d, struct pl_eid eid, uint32_t field, int64_t i,
                        uint64_t user)
{
    struct pl_value v = pl_value_int(i);
    struct pl_cs cs;
    uint64_t ops;

    pl_cs_init(&cs);
    pl_cs_reg(&cs, eid, field, &v);
    ops = pl_doc_perm_ops(d, &cs, user);
    pl_cs_release(&cs);
    return ops;
}

static uint64_t body_ops(const struct pl_doc *d, struct pl_eid eid, uint64_t user)
{
    struct pl_op op;
    struct pl_cs cs;
    uint64_t ops;

    pl_op_init(&op, 0);
    pl_op_insert(&op, "x", 1, 1);
    pl_cs_init(&cs);
    pl_cs_text(&cs, eid, PL_F_BODY, &op);
    ops = pl_doc_perm_ops(d, &cs, user);
    pl_cs_release(&cs);
    return ops;
}

static uint64_t dead_ops(const struct pl_doc *d, struct pl_eid eid, uint64_t user)
{
    struct pl_cs cs;
    uint64_t ops;

    pl_cs_init(&cs);
    pl_cs_dead(&cs, eid, true);
    ops = pl_doc_perm_ops(d, &cs, user);
    pl_cs_release(&cs);
    return ops;
}

static uint64_t create_ops(const struct pl_doc *d, uint32_t kind, struct pl_eid parent,
                           uint32_t field, int64_t i, uint64_t user)
{
    struct pl_key key = {.len = 4, .s = "a0.x"};
    struct pl_value v = pl_value_int(i);
    struct pl_cs cs;
    uint64_t ops;

    pl_cs_init(&cs);
    pl_cs_create(&cs, (struct pl_eid){5, 1}, kind, parent, &key);
    if (field != 0)
        pl_cs_reg(&cs, (struct pl_eid){5, 1}, field, &v);
    ops = pl_doc_perm_ops(d, &cs, user);
    pl_cs_release(&cs);
    return ops;
}

static struct pl_eid find(const struct pl_doc *d, uint32_t kind, int64_t no)
{
    return pl_entry_eid(pl_doc_find_no(d, kind, no));
}

static void ops_of_the_header(void **state)
{
    struct pl_doc *d = sample_review();
    const struct pl_eid root = PL_EID_ROOT;

    (void)state;
    assert_int_equal(reg_ops(d, root, PL_F_REVIEW_SEVERITY, 1, 2), PL_PERM_BIT(PL_PERM_HEADER));
    assert_int_equal(reg_ops(d, root, PL_F_REVIEW_STATUS, 1, 2), PL_PERM_BIT(PL_PERM_SERVER));
    assert_int_equal(reg_ops(d, root, PL_F_NO, 1, 2), PL_PERM_BIT(PL_PERM_SERVER));
    assert_int_equal(reg_ops(d, root, PL_F_REVIEW_IMPACT_VALUE, 1, 2), PL_PERM_BIT(PL_PERM_IMPACT));
    assert_int_equal(reg_ops(d, root, PL_F_REVIEW_SERVICES, 1, 2), PL_PERM_BIT(PL_PERM_SERVICES));
    assert_int_equal(reg_ops(d, (struct pl_eid){1, 1}, PL_F_NO, 1, 2), PL_PERM_BIT(PL_PERM_SERVER));
    pl_doc_free(d);
}

static void ops_of_simple_sections(void **state)
{
    struct pl_doc *d = sample_review();
    static const struct {
        uint32_t kind;
        enum pl_perm_op op;
    } plain[] = {{PL_KIND_MATERIAL, PL_PERM_MATERIAL},    {PL_KIND_RULE, PL_PERM_PLAN},
                 {PL_KIND_AGENDA, PL_PERM_PLAN},          {PL_KIND_OBSERVATION, PL_PERM_CONTENT},
                 {PL_KIND_CAUSE, PL_PERM_CONTENT},        {PL_KIND_LESSON, PL_PERM_LESSON},
                 {PL_KIND_EVENT, PL_PERM_CONTENT},        {PL_KIND_PARTICIPANT, PL_PERM_SERVER},
                 {PL_KIND_ACTION, PL_PERM_ACTION_PROPOSE}};

    (void)state;
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
        assert_int_equal(create_ops(d, plain[i].kind, PL_EID_ROOT, 0, 0, 2),
                         PL_PERM_BIT(plain[i].op));
    assert_int_equal(create_ops(d, 77, PL_EID_ROOT, 0, 0, 2), PL_PERM_BIT(PL_PERM_SERVER));
    assert_int_equal(dead_ops(d, find(d, PL_KIND_EVENT, 1), SAMPLE_RESPONDER),
                     PL_PERM_BIT(PL_PERM_REMOVE_OWN));
    assert_int_equal(dead_ops(d, find(d, PL_KIND_EVENT, 1), OTHER),
                     PL_PERM_BIT(PL_PERM_REMOVE_ANY));
    assert_int_equal(dead_ops(d, find(d, PL_KIND_PARTICIPANT, 1), OTHER),
                     PL_PERM_BIT(PL_PERM_SERVER));
    pl_doc_free(d);
}

static void ops_of_accounts_and_comments_are_their_authors(void **state)
{
    struct pl_doc *d = sample_review();
    struct pl_eid account = find(d, PL_KIND_ACCOUNT, 1);
    struct pl_eid comment = find(d, PL_KIND_COMMENT, 1);

    (void)state;
    assert_int_equal(body_ops(d, account, SAMPLE_RESPONDER), PL_PERM_BIT(PL_PERM_ACCOUNT));
    assert_int_equal(body_ops(d, account, OTHER), PL_PERM_BIT(PL_PERM_OWNER_ONLY));
    assert_int_equal(create_ops(d, PL_KIND_CLAIM, account, 0, 0, OTHER),
                     PL_PERM_BIT(PL_PERM_OWNER_ONLY));
    assert_int_equal(create_ops(d, PL_KIND_CLAIM, account, 0, 0, SAMPLE_RESPONDER),
                     PL_PERM_BIT(PL_PERM_ACCOUNT));
    /* A revealed account is made by the server and names its author. */
    sample_int(d, account, PL_F_ACCOUNT_AUTHOR, OTHER);
    assert_int_equal(body_ops(d, account, OTHER), PL_PERM_BIT(PL_PERM_ACCOUNT));
    assert_int_equal(body_ops(d, account, SAMPLE_RESPONDER), PL_PERM_BIT(PL_PERM_OWNER_ONLY));

    assert_int_equal(body_ops(d, comment, SAMPLE_RESPONDER), PL_PERM_BIT(PL_PERM_COMMENT));
    assert_int_equal(body_ops(d, comment, OTHER), PL_PERM_BIT(PL_PERM_OWNER_ONLY));
    assert_int_equal(reg_ops(d, comment, PL_F_COMMENT_RESOLVED, 1, OTHER),
                     PL_PERM_BIT(PL_PERM_COMMENT));
    assert_int_equal(create_ops(d, PL_KIND_COMMENT, comment, 0, 0, OTHER),
                     PL_PERM_BIT(PL_PERM_COMMENT));
    assert_int_equal(create_ops(d, PL_KIND_ANCHOR, comment, 0, 0, OTHER),
                     PL_PERM_BIT(PL_PERM_OWNER_ONLY));
    pl_doc_free(d);
}

static void ops_of_notes_must_be_notes_before_and_after(void **state)
{
    struct pl_doc *d = sample_review();
    struct pl_eid impact = find(d, PL_KIND_EVENT, 1); /* marker impact_start */
    struct pl_eid detected = find(d, PL_KIND_EVENT, 3);
    const uint64_t note = PL_PERM_BIT(PL_PERM_NOTE_EVENT);
    const uint64_t content = PL_PERM_BIT(PL_PERM_CONTENT);

    (void)state;
    assert_int_equal(body_ops(d, impact, OTHER), note);
    assert_int_equal(body_ops(d, detected, OTHER), content);
    assert_int_equal(reg_ops(d, detected, PL_F_EVENT_LENS, PL_LENS_COMMUNICATION, OTHER), content);
    assert_int_equal(reg_ops(d, impact, PL_F_EVENT_MARKER, PL_MARKER_DETECTED, OTHER), content);
    assert_int_equal(reg_ops(d, impact, PL_F_EVENT_TIMELY, 1, OTHER), note);
    assert_int_equal(
        create_ops(d, PL_KIND_EVENT, PL_EID_ROOT, PL_F_EVENT_LENS, PL_LENS_COMMUNICATION, OTHER),
        note);
    assert_int_equal(
        create_ops(d, PL_KIND_EVENT, PL_EID_ROOT, PL_F_EVENT_LENS, PL_LENS_DECISION, OTHER),
        content);
    pl_doc_free(d);
}

static void ops_of_actions_follow_their_state(void **state)
{
    struct pl_doc *d = sample_review();
    struct pl_eid action = find(d, PL_KIND_ACTION, 1); /* committed, owned by SAMPLE_OWNER */
    struct pl_eid idea = sample_add(d, PL_KIND_ACTION, PL_EID_ROOT, SAMPLE_RESPONDER);
    const uint64_t commit = PL_PERM_BIT(PL_PERM_ACTION_COMMIT);
    const uint64_t progress = PL_PERM_BIT(PL_PERM_ACTION_PROGRESS);
    const uint64_t owner_only = PL_PERM_BIT(PL_PERM_OWNER_ONLY);

    (void)state;
    assert_int_equal(body_ops(d, idea, SAMPLE_RESPONDER), PL_PERM_BIT(PL_PERM_ACTION_PROPOSE));
    assert_int_equal(body_ops(d, idea, OTHER), PL_PERM_BIT(PL_PERM_ACTION_EDIT));
    assert_int_equal(reg_ops(d, idea, PL_F_ACTION_STATE, PL_STATE_COMMITTED, SAMPLE_RESPONDER),
                     commit);
    assert_int_equal(reg_ops(d, idea, PL_F_ACTION_STATE, PL_STATE_DROPPED, SAMPLE_RESPONDER),
                     commit);
    assert_int_equal(reg_ops(d, idea, PL_F_ACTION_STATE, PL_STATE_DONE, SAMPLE_RESPONDER),
                     owner_only);
    assert_int_equal(
        create_ops(d, PL_KIND_ACTION, PL_EID_ROOT, PL_F_ACTION_STATE, PL_STATE_COMMITTED, OTHER),
        commit | PL_PERM_BIT(PL_PERM_ACTION_PROPOSE));

    assert_int_equal(body_ops(d, action, SAMPLE_RESPONDER), commit);
    assert_int_equal(reg_ops(d, action, PL_F_ACTION_DUE, 1, SAMPLE_OWNER), commit);
    assert_int_equal(reg_ops(d, action, PL_F_ACTION_STATE, PL_STATE_IN_PROGRESS, SAMPLE_OWNER),
                     progress);
    assert_int_equal(reg_ops(d, action, PL_F_ACTION_STATE, PL_STATE_DONE, SAMPLE_OWNER), progress);
    assert_int_equal(reg_ops(d, action, PL_F_ACTION_STATE, PL_STATE_DONE, OTHER), owner_only);
    assert_int_equal(reg_ops(d, action, PL_F_ACTION_STATE, PL_STATE_IDEA, SAMPLE_OWNER), commit);
    assert_int_equal(reg_ops(d, action, PL_F_ACTION_STATE, PL_STATE_VERIFIED, SAMPLE_FACILITATOR),
                     PL_PERM_BIT(PL_PERM_SERVER));
    assert_int_equal(reg_ops(d, action, PL_F_ACTION_EFFECT_RESULT, 1, SAMPLE_FACILITATOR),
                     PL_PERM_BIT(PL_PERM_SERVER));
    assert_int_equal(reg_ops(d, action, PL_F_ACTION_VERIFIED_BY, 1, SAMPLE_FACILITATOR),
                     PL_PERM_BIT(PL_PERM_SERVER));
    assert_int_equal(reg_ops(d, action, PL_F_ACTION_TRACKER_KEY, 1, SAMPLE_OWNER), progress);
    assert_int_equal(reg_ops(d, action, PL_F_ACTION_TRACKER_KEY, 1, OTHER), commit);
    assert_int_equal(dead_ops(d, action, SAMPLE_RESPONDER), PL_PERM_BIT(PL_PERM_REMOVE_ANY));
    assert_int_equal(dead_ops(d, idea, SAMPLE_RESPONDER), PL_PERM_BIT(PL_PERM_REMOVE_OWN));

    assert_int_equal(create_ops(d, PL_KIND_EVIDENCE, action, 0, 0, SAMPLE_OWNER), progress);
    assert_int_equal(create_ops(d, PL_KIND_EVIDENCE, action, 0, 0, OTHER), owner_only);
    assert_int_equal(create_ops(d, PL_KIND_EVIDENCE, idea, 0, 0, SAMPLE_RESPONDER),
                     PL_PERM_BIT(PL_PERM_ACTION_PROPOSE));
    pl_doc_free(d);
}

static void ops_of_moves_look_at_both_places(void **state)
{
    struct pl_doc *d = sample_review();
    struct pl_eid mine = sample_add(d, PL_KIND_ACCOUNT, PL_EID_ROOT, OTHER);
    struct pl_eid claim = sample_add(d, PL_KIND_CLAIM, mine, OTHER);
    struct pl_key key = {.len = 4, .s = "a0.x"};
    struct pl_cs cs;

    (void)state;
    pl_cs_init(&cs);
    pl_cs_place(&cs, claim, find(d, PL_KIND_ACCOUNT, 1), &key);
    assert_int_equal(pl_doc_perm_ops(d, &cs, OTHER),
                     PL_PERM_BIT(PL_PERM_ACCOUNT) | PL_PERM_BIT(PL_PERM_OWNER_ONLY));
    pl_cs_release(&cs);
    pl_doc_free(d);
}

static void perm_explains_who_may_and_how_to_get_there(void **state)
{
    char s[240];
    (void)state;
    pl_perm_explain(s, sizeof s, PL_PERM_CONTENT, PL_ROLE_FACILITATOR, PL_STATUS_TRACKING, "REV-1");
    assert_string_equal(s,
                        "timeline, observations and causes: not for a facilitator while REV-1 is "
                        "tracking; 'plimsoll status REV-1 in_session --reason why' opens it");
    pl_perm_explain(s, sizeof s, PL_PERM_CONTENT, PL_ROLE_STAKEHOLDER, PL_STATUS_PREPARING,
                    "REV-1");
    assert_string_equal(s,
                        "timeline, observations and causes: not for a stakeholder while REV-1 is "
                        "preparing; now open to: facilitator, responder");
    pl_perm_explain(s, sizeof s, PL_PERM_LESSON, PL_ROLE_RESPONDER, PL_STATUS_PREPARING, "REV-1");
    assert_non_null(strstr(s, "for you it is open in: in_session, tracking, closed"));
    pl_perm_explain(s, sizeof s, PL_PERM_OWNER_ONLY, PL_ROLE_RESPONDER, PL_STATUS_CLOSED, "REV-1");
    assert_non_null(strstr(s, "somebody else"));
    for (int op = -1; op < 64; op++) { /* none is cut, whatever the review's number */
        for (int64_t role = 0; role <= 4; role++) {
            for (int64_t status = 0; status <= 5; status++) {
                pl_perm_explain(s, sizeof s, op, role, status, "REV-9007199254740991");
                assert_true(strlen(s) > 0 && strlen(s) < sizeof s - 1);
            }
        }
    }
}

static void perm_rows_are_the_table(void **state)
{
    char cells[4][8];
    size_t n = 0;
    (void)state;
    for (int op = 0; (op = pl_perm_row(n, cells)) >= 0; n++) {
        assert_string_not_equal(pl_perm_words(op), "this");
        assert_true(strlen(pl_perm_words(op)) <= 44);
        for (int64_t s = PL_STATUS_PREPARING; s <= PL_STATUS_CLOSED; s++) {
            assert_int_equal(cells[s - 1][0] == 'F',
                             holds(PL_ROLE_FACILITATOR, s, (enum pl_perm_op)op));
            assert_int_equal(cells[s - 1][2] == 'R',
                             holds(PL_ROLE_RESPONDER, s, (enum pl_perm_op)op));
            assert_int_equal(cells[s - 1][4] == 'S',
                             holds(PL_ROLE_STAKEHOLDER, s, (enum pl_perm_op)op));
        }
    }
    /* Every operation that somebody holds has its row. */
    uint64_t all = 0;
    for (int64_t role = 1; role <= 3; role++) {
        for (int64_t s = 1; s <= 4; s++)
            all |= pl_perm_mask(role, s);
    }
    assert_int_equal(n, __builtin_popcountll(all));
}

/* Whoever revealed it made the entries; they are their author's all the same. */
static void perm_of_what_was_revealed_is_the_authors(void **state)
{
    enum { REVEALED_BY = 1, AUTHOR = 2 };
    struct pl_doc *d = sample_review();
    struct pl_eid k = sample_add(d, PL_KIND_ACCOUNT, PL_EID_ROOT, REVEALED_BY);
    struct pl_eid claim = sample_add(d, PL_KIND_CLAIM, k, REVEALED_BY);

    (void)state;
    assert_int_equal(dead_ops(d, claim, AUTHOR), PL_PERM_BIT(PL_PERM_REMOVE_ANY));
    sample_int(d, k, PL_F_ACCOUNT_AUTHOR, AUTHOR);
    assert_int_equal(dead_ops(d, k, AUTHOR), PL_PERM_BIT(PL_PERM_REMOVE_OWN));
    assert_int_equal(dead_ops(d, claim, AUTHOR), PL_PERM_BIT(PL_PERM_REMOVE_OWN));
    assert_int_equal(dead_ops(d, claim, REVEALED_BY), PL_PERM_BIT(PL_PERM_REMOVE_ANY));
    assert_int_equal(reg_ops(d, claim, PL_F_CLAIM_KNEW_THEN, 1, AUTHOR),
                     PL_PERM_BIT(PL_PERM_ACCOUNT));
    pl_doc_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(perm_table_denies_by_default),
        cmocka_unit_test(perm_table_follows_the_matrix),
        cmocka_unit_test(perm_explains_who_may_and_how_to_get_there),
        cmocka_unit_test(perm_rows_are_the_table),
        cmocka_unit_test(perm_missing_names_the_first),
        cmocka_unit_test(ops_of_the_header),
        cmocka_unit_test(ops_of_simple_sections),
        cmocka_unit_test(ops_of_accounts_and_comments_are_their_authors),
        cmocka_unit_test(ops_of_notes_must_be_notes_before_and_after),
        cmocka_unit_test(ops_of_actions_follow_their_state),
        cmocka_unit_test(ops_of_moves_look_at_both_places),
        cmocka_unit_test(perm_of_what_was_revealed_is_the_authors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
