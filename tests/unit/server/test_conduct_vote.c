// SPDX-License-Identifier: Apache-2.0
/* review/conduct.h: opening a vote, what its count writes, merging entries and taking it back. */
#include "review/conduct.h"

#include <string.h>

#include "plimsoll/doc/act.h"
#include "plimsoll/doc/vote.h"
#include "plimsoll/merge/orderkey.h"

#include "support/unit.h"

enum { FAY = 1, BEN = 2, CYD = 3 };
#define NOW 1700000000000000LL

static const struct pl_eid one = {7, 1}, two = {7, 2}, three = {7, 3}, gone = {7, 4};
static const struct pl_eid action = {7, 5}, other_action = {7, 6};
static const struct pl_eid cause = {7, 7}, other_cause = {7, 8};
static struct pl_doc *doc;
static struct pl_err err;
static struct conduct_tally tally;
static bool has_tally;

static void reg(struct pl_cs *cs, struct pl_eid eid, uint32_t field, int64_t v)
{
    struct pl_value val = pl_value_int(v);
    pl_cs_reg(cs, eid, field, &val);
}

static void add(struct pl_cs *cs, uint32_t kind, struct pl_eid eid)
{
    struct pl_key key;
    assert_int_equal(pl_key_between(&key, NULL, NULL, eid.client, eid.n, NULL), 0);
    pl_cs_create(cs, eid, kind, PL_EID_ROOT, &key);
}

static void apply(struct pl_cs *cs)
{
    const struct pl_rev_meta meta = {.rev = pl_doc_rev(doc) + 1};
    assert_int_equal(pl_doc_check(doc, cs, true, NULL), 0);
    assert_int_equal(pl_doc_apply(doc, cs, &meta, NULL), 0);
    pl_cs_release(cs);
}

static void set(struct pl_eid eid, uint32_t field, int64_t v)
{
    struct pl_cs cs;
    pl_cs_init(&cs);
    reg(&cs, eid, field, v);
    apply(&cs);
}

static void remove_entry(struct pl_eid eid)
{
    struct pl_cs cs;
    pl_cs_init(&cs);
    pl_cs_dead(&cs, eid, true);
    apply(&cs);
}

static void link_entries(struct pl_eid from, uint32_t field, struct pl_eid to)
{
    struct pl_elem el;
    struct pl_cs cs;
    pl_eid_to_elem(to, &el);
    pl_cs_init(&cs);
    pl_cs_elem(&cs, from, field, el.b, el.len, true);
    apply(&cs);
}

static bool is_linked(struct pl_eid from, uint32_t field, struct pl_eid to)
{
    struct pl_elem el;
    pl_eid_to_elem(to, &el);
    return pl_entry_has(pl_doc_entry(doc, from), field, el.b, el.len);
}

static int set_up(void **state)
{
    static const int64_t roles[] = {0, PL_ROLE_FACILITATOR, PL_ROLE_RESPONDER, PL_ROLE_STAKEHOLDER};
    struct pl_cs cs;
    (void)state;
    doc = pl_doc_new();
    has_tally = false;
    pl_cs_init(&cs);
    reg(&cs, PL_EID_ROOT, PL_F_REVIEW_STATUS, PL_STATUS_IN_SESSION);
    for (uint32_t user = FAY; user <= CYD; user++) {
        struct pl_eid eid = {0, user};
        add(&cs, PL_KIND_PARTICIPANT, eid);
        reg(&cs, eid, PL_F_PARTICIPANT_USER, user);
        reg(&cs, eid, PL_F_PARTICIPANT_ROLE, roles[user]);
    }
    add(&cs, PL_KIND_OBSERVATION, one);
    add(&cs, PL_KIND_OBSERVATION, two);
    add(&cs, PL_KIND_OBSERVATION, three);
    add(&cs, PL_KIND_OBSERVATION, gone);
    add(&cs, PL_KIND_ACTION, action);
    add(&cs, PL_KIND_ACTION, other_action);
    add(&cs, PL_KIND_CAUSE, cause);
    add(&cs, PL_KIND_CAUSE, other_cause);
    apply(&cs);
    remove_entry(gone);
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
    const struct conduct_actor who = {
        .user = user, .now_us = NOW, .tally = has_tally ? &tally : NULL};
    struct pl_act a = *with;
    struct pl_cs cs;
    uint64_t ops = 0;
    a.act = act;
    a.text = "";
    pl_err_init(&err);
    pl_cs_init(&cs);
    int rc = conduct_judge(doc, &a, &who, &cs, &ops, &err);
    if (rc < 0) {
        assert_int_equal(rc, -err.code);
        pl_cs_release(&cs);
        return rc;
    }
    rc = (int)cs.n;
    apply(&cs);
    return rc;
}

#define DO(act, user, ...) run(act, user, &(struct pl_act){__VA_ARGS__})
#define OPEN(dots)         DO(PL_ACT_BALLOT, FAY, .value = PL_BALLOT_OBSERVATION, .expect = (dots))
#define MERGE(from, to)    DO(PL_ACT_MERGE, FAY, .entry = (from), .other = (to))

static int count_rows(struct pl_vote_row *rows, size_t n, uint32_t round, uint32_t voters)
{
    tally = (struct conduct_tally){.round = round, .voters = voters, .items = rows, .n = n};
    has_tally = true;
    return DO(PL_ACT_COUNT, FAY, .value = round);
}

static int64_t root(uint32_t field)
{
    return pl_entry_int(pl_doc_root(doc), field, 0);
}

static int64_t votes(struct pl_eid eid)
{
    return pl_entry_votes(pl_doc_entry(doc, eid));
}

TEST(vote_opens_in_session_on_what_is_there)
{
    assert_int_equal(OPEN(0), -PL_E_INVALID);
    assert_int_equal(OPEN(21), -PL_E_INVALID);
    assert_int_equal(DO(PL_ACT_BALLOT, FAY, .value = 4, .expect = 3), -PL_E_INVALID);
    assert_int_equal(DO(PL_ACT_BALLOT, BEN, .value = 1, .expect = 3), -PL_E_PERM);
    set(PL_EID_ROOT, PL_F_REVIEW_STATUS, PL_STATUS_PREPARING);
    assert_int_equal(OPEN(3), -PL_E_CONFLICT);
    set(PL_EID_ROOT, PL_F_REVIEW_STATUS, PL_STATUS_IN_SESSION);
    assert_true(OPEN(3) > 0);
    assert_int_equal(root(PL_F_REVIEW_BALLOT), PL_BALLOT_OBSERVATION);
    assert_int_equal(root(PL_F_REVIEW_BALLOT_DOTS), 3);
    assert_int_equal(root(PL_F_REVIEW_BALLOT_ROUND), 1);
    assert_int_equal(OPEN(3), -PL_E_CONFLICT);
    assert_int_equal(
        DO(PL_ACT_STATUS, FAY, .value = PL_STATUS_TRACKING, .expect = PL_STATUS_IN_SESSION),
        -PL_E_GATE);
}

TEST(vote_needs_something_to_choose_and_two_who_could)
{
    remove_entry(one);
    remove_entry(two);
    remove_entry(three);
    assert_int_equal(OPEN(3), -PL_E_CONFLICT);
    assert_true(DO(PL_ACT_BALLOT, FAY, .value = PL_BALLOT_CAUSE, .expect = 1) > 0);
    assert_true(count_rows(NULL, 0, 1, 0) > 0);
    remove_entry((struct pl_eid){0, CYD});
    assert_int_equal(DO(PL_ACT_BALLOT, FAY, .value = PL_BALLOT_CAUSE, .expect = 1), -PL_E_GATE);
}

TEST(vote_count_writes_the_sums_and_ends_it)
{
    struct pl_vote_row rows[] = {{one, 4}, {gone, 2}, {two, 1}, {{9, 9}, 3}};
    assert_int_equal(count_rows(rows, 4, 0, 3), -PL_E_CONFLICT);
    assert_true(OPEN(3) > 0);
    has_tally = false;
    assert_int_equal(DO(PL_ACT_COUNT, FAY, .value = 0), -PL_E_CONFLICT);
    assert_int_equal(count_rows(rows, 4, 2, 3), -PL_E_CONFLICT);
    assert_int_equal(DO(PL_ACT_COUNT, BEN, .value = 1), -PL_E_PERM);
    assert_true(count_rows(rows, 4, 1, 3) > 0);
    assert_int_equal(votes(one), 4);
    assert_int_equal(votes(two), 1);
    assert_int_equal(votes(three), 0);
    assert_int_equal(votes(gone), 0);
    assert_int_equal(root(PL_F_REVIEW_BALLOT), 0);
    assert_int_equal(root(PL_F_REVIEW_BALLOT_VOTERS), 3);
    assert_int_equal(root(PL_F_REVIEW_BALLOT_COUNTED), PL_BALLOT_OBSERVATION);
    /* Once more, as after an answer that was lost: it is so already. */
    assert_int_equal(count_rows(rows, 4, 1, 3), 0);
    assert_int_equal(DO(PL_ACT_COUNT, FAY, .value = 0), -PL_E_CONFLICT);
}

TEST(vote_starts_from_nothing_each_time)
{
    struct pl_vote_row rows[] = {{one, 4}, {two, 1}};
    struct pl_vote_row again[] = {{two, 2}};
    assert_true(OPEN(3) > 0);
    assert_true(count_rows(rows, 2, 1, 2) > 0);
    assert_true(OPEN(5) > 0);
    assert_int_equal(votes(one), 0);
    assert_int_equal(root(PL_F_REVIEW_BALLOT_ROUND), 2);
    assert_int_equal(root(PL_F_REVIEW_BALLOT_DOTS), 5);
    assert_true(count_rows(again, 1, 2, 1) > 0);
    assert_int_equal(votes(one), 0);
    assert_int_equal(votes(two), 2);
}

TEST(merge_keeps_to_kinds_and_chains)
{
    assert_int_equal(MERGE(one, one), -PL_E_INVALID);
    assert_int_equal(MERGE(one, cause), -PL_E_INVALID);
    assert_int_equal(MERGE(one, gone), -PL_E_NOENT);
    assert_int_equal(MERGE(gone, one), -PL_E_NOENT);
    assert_int_equal(MERGE(one, PL_EID_ROOT), -PL_E_CONFLICT);
    assert_int_equal(DO(PL_ACT_MERGE, BEN, .entry = one, .other = two), -PL_E_PERM);
    assert_int_equal(MERGE(((struct pl_eid){0, BEN}), one), -PL_E_INVALID);
    assert_true(MERGE(one, two) > 0);
    assert_int_equal(MERGE(one, two), 0);
    assert_int_equal(MERGE(one, three), -PL_E_CONFLICT);
    assert_int_equal(MERGE(two, one), -PL_E_CONFLICT);
    assert_true(MERGE(two, three) > 0);
    assert_ptr_equal(pl_entry_stays(doc, pl_doc_entry(doc, one)), pl_doc_entry(doc, three));
    remove_entry(three);
    assert_null(pl_entry_stays(doc, pl_doc_entry(doc, one)));
}

TEST(merge_adds_dots_up_and_takes_them_apart)
{
    struct pl_vote_row rows[] = {{one, 4}, {two, 2}, {three, 1}};
    assert_true(MERGE(one, two) > 0);
    assert_true(OPEN(3) > 0);
    assert_true(MERGE(two, three) > 0); /* while it is open */
    assert_true(count_rows(rows, 3, 1, 3) > 0);
    assert_int_equal(votes(one), 4);
    assert_int_equal(votes(two), 6);
    assert_int_equal(votes(three), 7);
    assert_true(MERGE(one, PL_EID_ROOT) > 0);
    assert_int_equal(votes(one), 4);
    assert_int_equal(votes(two), 2);
    assert_int_equal(votes(three), 3);
    assert_true(MERGE(one, three) > 0);
    assert_int_equal(votes(three), 7);
    assert_true(MERGE(two, PL_EID_ROOT) > 0);
    assert_int_equal(votes(three), 5);
}

TEST(merge_takes_links_along)
{
    link_entries(one, PL_F_LINKS, cause);
    link_entries(one, PL_F_LINKS, two);
    assert_true(MERGE(one, two) > 0);
    assert_true(is_linked(two, PL_F_LINKS, one));
    assert_true(is_linked(two, PL_F_LINKS, cause));
    assert_false(is_linked(two, PL_F_LINKS, two));
    assert_true(MERGE(one, PL_EID_ROOT) > 0);
    assert_false(is_linked(two, PL_F_LINKS, one));
    assert_true(is_linked(one, PL_F_LINKS, cause));
    link_entries(action, PL_F_ACTION_CAUSES, cause);
    assert_true(MERGE(cause, other_cause) > 0);
    assert_true(is_linked(action, PL_F_ACTION_CAUSES, other_cause));
    assert_true(is_linked(action, PL_F_ACTION_CAUSES, cause));
}

TEST(merge_of_actions_is_for_ideas_and_commitments)
{
    set(action, PL_F_ACTION_STATE, PL_STATE_DONE);
    assert_int_equal(MERGE(action, other_action), -PL_E_CONFLICT);
    set(action, PL_F_ACTION_STATE, PL_STATE_COMMITTED);
    set(other_action, PL_F_ACTION_STATE, PL_STATE_DROPPED);
    assert_int_equal(MERGE(action, other_action), -PL_E_CONFLICT);
    set(other_action, PL_F_ACTION_STATE, PL_STATE_IDEA);
    assert_true(MERGE(action, other_action) > 0);
    const struct pl_entry *en = pl_doc_entry(doc, action);
    assert_int_equal(pl_entry_int(en, PL_F_ACTION_STATE, 0), PL_STATE_MERGED);
    assert_int_equal(DO(PL_ACT_REOPEN, FAY, .entry = action), -PL_E_CONFLICT);
    assert_true(MERGE(action, PL_EID_ROOT) > 0);
    assert_int_equal(pl_entry_int(en, PL_F_ACTION_STATE, 0), PL_STATE_IDEA);
    assert_false(pl_entry_is_merged(en));
}

#define IN_REVIEW(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_REVIEW(vote_opens_in_session_on_what_is_there),
        IN_REVIEW(vote_needs_something_to_choose_and_two_who_could),
        IN_REVIEW(vote_count_writes_the_sums_and_ends_it),
        IN_REVIEW(vote_starts_from_nothing_each_time),
        IN_REVIEW(merge_keeps_to_kinds_and_chains),
        IN_REVIEW(merge_adds_dots_up_and_takes_them_apart),
        IN_REVIEW(merge_takes_links_along),
        IN_REVIEW(merge_of_actions_is_for_ideas_and_commitments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
