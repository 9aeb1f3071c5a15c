// SPDX-License-Identifier: Apache-2.0
/*
 * What is under a signature: the hash changes with everything that the person was shown and with
 * nothing else, is the same for every copy of a state, and tells nothing without its salt.
 */
#include <string.h>

#include "plimsoll/doc/act.h"
#include "plimsoll/doc/shown.h"
#include "plimsoll/tls/statement.h"

#include "support/sample.h"
#include "support/unit.h"

static const uint8_t salt[PL_SHOWN_SALT] = {1, 2, 3};
static struct pl_doc *d;
static struct pl_entry *action, *evidence;

static void apply(struct pl_cs *cs)
{
    assert_int_equal(pl_doc_apply(d, cs, NULL, NULL), 0);
    pl_cs_release(cs);
}

static void set_int(struct pl_eid eid, uint32_t field, int64_t v)
{
    struct pl_value val = pl_value_int(v);
    struct pl_cs cs;
    pl_cs_init(&cs);
    pl_cs_reg(&cs, eid, field, &val);
    apply(&cs);
}

static void type_into(struct pl_entry *en, uint32_t field)
{
    const struct pl_text *t = pl_entry_text(en, field);
    struct pl_op op;
    struct pl_cs cs;
    pl_cs_init(&cs);
    pl_op_init(&op, t != NULL ? (uint32_t)pl_text_len(t) : 0);
    pl_op_insert(&op, "x", 1, 1);
    pl_cs_text(&cs, pl_entry_eid(en), field, &op);
    apply(&cs);
}

static int setup(void **state)
{
    struct pl_entry *v[64];
    struct pl_entry *one[1];
    (void)state;
    d = sample_review();
    size_t n = pl_doc_list(d, PL_KIND_ACTION, v, 64);
    action = NULL;
    for (size_t i = 0; i < n && i < 64; i++) {
        if (pl_doc_children(d, pl_entry_eid(v[i]), PL_KIND_EVIDENCE, one, 1) > 0) {
            action = v[i];
            evidence = one[0];
        }
    }
    assert_non_null(action);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    pl_doc_free(d);
    return 0;
}

struct sum {
    uint8_t b[PL_SHOWN_BYTES];
};

static struct sum take(uint32_t act, struct pl_eid entry, const char *text)
{
    const struct pl_shown s = {act, entry, 0, text};
    struct sum out;
    assert_int_equal(pl_shown_hash(d, &s, salt, out.b, NULL), 0);
    return out;
}

static bool same(struct sum a, struct sum b)
{
    return memcmp(a.b, b.b, sizeof a.b) == 0;
}

TEST(shown_hash_is_that_of_every_copy)
{
    struct sum one = take(PL_ACT_CLOSE, PL_EID_ROOT, "");
    struct pl_buf b;
    pl_buf_init(&b, 1u << 24);
    assert_int_equal(pl_doc_encode(d, &b, NULL), 0);
    struct pl_doc *copy = pl_doc_decode(b.data, b.len, NULL);
    assert_non_null(copy);
    pl_doc_free(d);
    d = copy;
    assert_true(same(one, take(PL_ACT_CLOSE, PL_EID_ROOT, "")));
    pl_buf_release(&b);
}

TEST(shown_hash_of_an_action_changes_with_it_and_its_evidence)
{
    struct pl_eid eid = pl_entry_eid(action);
    struct sum one = take(PL_ACT_VERIFY, eid, "");
    type_into(evidence, PL_F_BODY);
    struct sum two = take(PL_ACT_VERIFY, eid, "");
    assert_false(same(one, two));
    type_into(action, PL_F_BODY);
    struct sum three = take(PL_ACT_VERIFY, eid, "");
    assert_false(same(two, three));
    set_int(eid, PL_F_ACTION_DUE, 5);
    struct sum four = take(PL_ACT_VERIFY, eid, "");
    assert_false(same(three, four));
    set_int(PL_EID_ROOT, PL_F_REVIEW_SEVERITY, 1); /* of the review: not shown with an action */
    set_int(PL_EID_ROOT, PL_F_REVIEW_SEVERITY, 2);
    assert_true(same(four, take(PL_ACT_VERIFY, eid, "")));
    assert_false(same(four, take(PL_ACT_DROP, eid, "")));
}

TEST(shown_hash_of_a_closing_changes_with_anything)
{
    struct sum one = take(PL_ACT_CLOSE, PL_EID_ROOT, "");
    type_into(evidence, PL_F_BODY);
    struct sum two = take(PL_ACT_CLOSE, PL_EID_ROOT, "");
    assert_false(same(one, two));
    set_int(PL_EID_ROOT, PL_F_REVIEW_SEVERITY, 1);
    struct sum three = take(PL_ACT_CLOSE, PL_EID_ROOT, "");
    set_int(PL_EID_ROOT, PL_F_REVIEW_SEVERITY, 2);
    assert_false(same(three, take(PL_ACT_CLOSE, PL_EID_ROOT, "")));
}

TEST(shown_hash_of_a_waiver_is_of_check_entry_and_reason)
{
    struct pl_eid eid = pl_entry_eid(action);
    struct sum one = take(PL_ACT_WAIVE, PL_EID_ROOT, "T05 why");
    assert_false(same(one, take(PL_ACT_WAIVE, PL_EID_ROOT, "T05 whyy")));
    assert_false(same(one, take(PL_ACT_WAIVE, PL_EID_ROOT, "T06 why")));
    assert_false(same(one, take(PL_ACT_WAIVE, eid, "T05 why")));
    type_into(evidence, PL_F_BODY);
    assert_true(same(one, take(PL_ACT_WAIVE, PL_EID_ROOT, "T05 why")));
}

TEST(shown_hash_needs_its_salt_and_its_entry)
{
    const uint8_t other[PL_SHOWN_SALT] = {1, 2, 4};
    struct pl_shown s = {PL_ACT_WAIVE, PL_EID_ROOT, 0, "T05 why"};
    struct sum out;
    assert_int_equal(pl_shown_hash(d, &s, other, out.b, NULL), 0);
    assert_false(same(out, take(PL_ACT_WAIVE, PL_EID_ROOT, "T05 why")));
    s.entry = (struct pl_eid){77, 77777};
    assert_int_equal(pl_shown_hash(d, &s, salt, out.b, NULL), -PL_E_NOENT);
}

TEST(shown_object_names_what_it_is_about)
{
    struct pl_shown s = {PL_ACT_WAIVE, PL_EID_ROOT, 0, "t05 why"};
    assert_int_equal(pl_shown_object(d, &s, 41), 5);
    s.text = "nothing";
    assert_int_equal(pl_shown_object(d, &s, 41), 0);
    s.act = PL_ACT_CLOSE;
    assert_int_equal(pl_shown_object(d, &s, 41), 41);
    s.act = PL_ACT_VERIFY;
    s.entry = pl_entry_eid(action);
    assert_int_equal(pl_shown_object(d, &s, 41), pl_entry_int(action, PL_F_NO, 0));
}

TEST(act_names_the_kind_of_statement_that_it_needs)
{
    assert_int_equal(pl_act_signed(PL_ACT_VERIFY, 1), PL_SIGNED_VERIFY);
    assert_int_equal(pl_act_signed(PL_ACT_VERIFY, 0), 0);
    assert_int_equal(pl_act_signed(PL_ACT_CLOSE, 1), PL_SIGNED_CLOSE);
    assert_int_equal(pl_act_signed(PL_ACT_CLOSE, 0), 0);
    assert_int_equal(pl_act_signed(PL_ACT_WAIVE, 0), PL_SIGNED_WAIVE);
    assert_int_equal(pl_act_signed(PL_ACT_DROP, 0), PL_SIGNED_DROP);
    for (uint32_t act = 0; act <= PL_ACT_MAX + 1; act++) {
        bool is = act == PL_ACT_VERIFY || act == PL_ACT_CLOSE || act == PL_ACT_WAIVE ||
                  act == PL_ACT_DROP;
        assert_int_equal(pl_act_signed(act, 1) != 0, is);
    }
}

#define UNIT_DOC(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_DOC(shown_hash_is_that_of_every_copy),
        UNIT_DOC(shown_hash_of_an_action_changes_with_it_and_its_evidence),
        UNIT_DOC(shown_hash_of_a_closing_changes_with_anything),
        UNIT_DOC(shown_hash_of_a_waiver_is_of_check_entry_and_reason),
        UNIT_DOC(shown_hash_needs_its_salt_and_its_entry),
        UNIT_DOC(shown_object_names_what_it_is_about),
        cmocka_unit_test(act_names_the_kind_of_statement_that_it_needs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
