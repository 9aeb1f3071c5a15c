// SPDX-License-Identifier: Apache-2.0
/*
 * Undo and redo: grouping, others' text inside mine, registers that others set, refusals, and the
 * identity of undo all, redo all.
 */
#include "support/unit.h"

#include <string.h>

#include "plimsoll/doc/schema.h"
#include "plimsoll/merge/orderkey.h"

#include "support/client/sync_bench.h"

static int undo(struct bench *b)
{
    int rc = sync_undo(b->s, b->now_us, NULL);

    bench_check(b);
    return rc;
}

static int redo(struct bench *b)
{
    int rc = sync_redo(b->s, b->now_us, NULL);

    bench_check(b);
    return rc;
}

TEST(undo_takes_a_typed_run_in_one_step)
{
    struct bench b = {0};

    bench_init(&b);
    bench_type(&b, 11, "!", true);
    bench_type(&b, 12, "?", true);
    bench_ack(&b);
    b.now_us += 100000;
    bench_type(&b, 13, "#", true);
    assert_string_equal(bench_text(&b), "hello world!?#");
    assert_int_equal(undo(&b), 1);
    assert_string_equal(bench_text(&b), "hello world");
    assert_int_equal(undo(&b), 0);
    assert_int_equal(redo(&b), 1);
    assert_string_equal(bench_text(&b), "hello world!?#");
    bench_release(&b);
}

TEST(undo_begins_a_new_step_when_a_pause_was_made)
{
    struct bench b = {0};

    bench_init(&b);
    bench_type(&b, 0, "a", true);
    b.now_us += 1000000;
    bench_type(&b, 1, "b", true);
    assert_int_equal(undo(&b), 1);
    assert_string_equal(bench_text(&b), "ahello world");
    bench_release(&b);
}

TEST(undo_begins_a_new_step_at_a_sentence_and_at_a_newline)
{
    struct bench b = {0};
    const char *typed[] = {"a", ".", " ", "b", "\n", "c"};

    bench_init(&b);
    for (uint32_t i = 0; i < 6; i++)
        bench_type(&b, i, typed[i], true);
    assert_string_equal(bench_text(&b), "a. b\nchello world");
    undo(&b);
    assert_string_equal(bench_text(&b), "a. b\nhello world");
    undo(&b);
    undo(&b);
    assert_string_equal(bench_text(&b), "a. hello world");
    undo(&b);
    assert_string_equal(bench_text(&b), "hello world");
    bench_release(&b);
}

TEST(undo_keeps_typing_and_erasing_apart)
{
    struct bench b = {0};

    bench_init(&b);
    bench_type(&b, 0, "x", true);
    bench_erase(&b, 5, 1, true);
    bench_erase(&b, 4, 1, true);
    assert_string_equal(bench_text(&b), "xhel world");
    undo(&b);
    assert_string_equal(bench_text(&b), "xhello world");
    undo(&b);
    assert_string_equal(bench_text(&b), "hello world");
    bench_release(&b);
}

TEST(undo_keeps_what_others_typed_inside_mine)
{
    struct bench b = {0};

    bench_init(&b);
    bench_type(&b, 0, "abcd", false);
    bench_ack(&b);
    bench_other_types(&b, 2, "XY");
    assert_string_equal(bench_text(&b), "abXYcdhello world");
    undo(&b);
    assert_string_equal(bench_text(&b), "XYhello world");
    bench_ack(&b);
    redo(&b);
    bench_check(&b);
    assert_int_equal(strlen(bench_text(&b)), 17);
    bench_release(&b);
}

TEST(undo_brings_back_a_deletion_once_after_others_deleted_around_it)
{
    struct bench b = {0};

    bench_init(&b);
    bench_erase(&b, 0, 5, false);
    bench_ack(&b);
    bench_other_erases(&b, 0, 3);
    undo(&b);
    assert_string_equal(bench_text(&b), "hellorld");
    bench_release(&b);
}

TEST(undo_skips_a_register_that_somebody_else_set)
{
    struct bench b = {0};

    bench_init(&b);
    bench_severity(&b, 1);
    bench_ack(&b);
    bench_other_severity(&b, 4);
    assert_int_equal(b.skipped, 1);
    assert_int_equal(b.skipped_user, BENCH_USER + 1);
    assert_int_equal(undo(&b), 0);
    assert_int_equal(bench_severity_now(&b), 4);
    bench_release(&b);
}

TEST(undo_skips_a_register_that_mine_hides)
{
    struct bench b = {0};

    bench_init(&b);
    bench_severity(&b, 1);
    bench_other_severity(&b, 4); /* committed in front of mine, which is under way */
    assert_int_equal(bench_severity_now(&b), 1);
    assert_int_equal(undo(&b), 0);
    assert_int_equal(bench_severity_now(&b), 1);
    bench_release(&b);
}

TEST(undo_of_a_create_removes_and_redo_restores)
{
    struct bench b = {0};
    struct pl_eid eid;

    bench_init(&b);
    eid = bench_create(&b, "why");
    bench_ack(&b);
    undo(&b);
    assert_true(pl_entry_is_dead(pl_doc_entry(sync_view(b.s), eid)));
    bench_ack(&b);
    redo(&b);
    assert_false(pl_entry_is_dead(pl_doc_entry(sync_view(b.s), eid)));
    assert_string_equal(pl_entry_cstr(pl_doc_entry(sync_view(b.s), eid), PL_F_BODY), "why");
    bench_release(&b);
}

TEST(undo_says_what_it_is_on_the_wire)
{
    struct bench b = {0};

    bench_init(&b);
    bench_type(&b, 0, "a", false);
    bench_ack(&b);
    undo(&b);
    assert_int_equal(bench_last(&b, PL_MSG_SUBMIT)->undo_of, 1);
    bench_ack(&b);
    redo(&b);
    assert_int_equal(bench_last(&b, PL_MSG_SUBMIT)->undo_of, 2);
    bench_ack(&b);
    bench_type(&b, 0, "z", false);
    assert_int_equal(bench_last(&b, PL_MSG_SUBMIT)->undo_of, 0);
    bench_release(&b);
}

TEST(undo_sends_nothing_when_it_takes_back_what_was_not_sent)
{
    struct bench b = {0};

    bench_init(&b);
    bench_type(&b, 0, "a", false); /* under way */
    bench_type(&b, 5, "b", false); /* pending */
    undo(&b);
    assert_false(sync_is_saved(b.s));
    bench_ack(&b);
    assert_true(sync_is_saved(b.s));
    assert_int_equal(bench_count(&b, PL_MSG_SUBMIT), 1);
    assert_int_equal(redo(&b), 1);
    assert_int_equal(bench_count(&b, PL_MSG_SUBMIT), 2);
    bench_release(&b);
}

TEST(undo_all_then_redo_all_is_identity_when_alone)
{
    struct bench b = {0};
    char before[64];
    unsigned n = 0;

    bench_init(&b);
    bench_type(&b, 3, "one", false);
    bench_erase(&b, 1, 4, false);
    bench_severity(&b, 3);
    bench_ack(&b);
    bench_type(&b, 0, "two", false);
    bench_severity(&b, 1);
    (void)snprintf(before, sizeof before, "%s", bench_text(&b));
    while (undo(&b) == 1)
        n++;
    assert_int_equal(n, 5);
    assert_string_equal(bench_text(&b), "hello world");
    assert_int_equal(bench_severity_now(&b), 2);
    while (redo(&b) == 1)
        n--;
    assert_int_equal(n, 0);
    assert_string_equal(bench_text(&b), before);
    assert_int_equal(bench_severity_now(&b), 1);
    bench_release(&b);
}

TEST(undo_forgets_steps_of_a_refused_changeset_and_keeps_the_others)
{
    struct bench b = {0};

    bench_init(&b);
    bench_type(&b, 0, "old ", false);
    bench_ack(&b);
    bench_type(&b, 4, "bad ", false);
    bench_type(&b, 8, "new ", false);
    bench_nack(&b, PL_E_QUOTA, b.head);
    assert_string_equal(bench_text(&b), "old new hello world");
    undo(&b);
    assert_string_equal(bench_text(&b), "old hello world");
    undo(&b);
    assert_string_equal(bench_text(&b), "hello world");
    assert_int_equal(undo(&b), 0);
    bench_release(&b);
}

TEST(undo_is_cleared_of_redo_when_something_new_is_typed)
{
    struct bench b = {0};

    bench_init(&b);
    bench_type(&b, 0, "a", false);
    undo(&b);
    bench_type(&b, 0, "b", false);
    assert_int_equal(redo(&b), 0);
    bench_release(&b);
}

TEST(undo_takes_a_paste_of_several_changesets_in_one_step)
{
    static char big[120001];
    struct bench b = {0};

    memset(big, 'z', sizeof big - 1);
    bench_init(&b);
    bench_type(&b, 5, big, false);
    while (!sync_is_saved(b.s))
        bench_ack(&b);
    assert_true(bench_count(&b, PL_MSG_SUBMIT) >= 3);
    undo(&b);
    assert_string_equal(bench_text(&b), "hello world");
    bench_release(&b);
}

/* A cause under another one; "12345" typed; then one change that moves the cause back, deletes
 * "12345" and types "abcde" elsewhere, so that the length is as before. */
static struct pl_eid make_step_that_will_not_undo(struct bench *b)
{
    struct pl_eid above = bench_create(b, "above");
    struct pl_key key;
    struct pl_cs cs;
    struct pl_op op;

    assert_int_equal(pl_key_between(&key, NULL, NULL, BENCH_CLIENT, 99, NULL), 0);
    pl_cs_init(&cs);
    pl_cs_place(&cs, BENCH_CAUSE, above, &key);
    assert_int_equal(sync_edit(b->s, &cs, true, false, b->now_us, NULL), 0);
    bench_type(b, 0, "12345", false);
    pl_cs_init(&cs);
    pl_cs_place(&cs, BENCH_CAUSE, PL_EID_ROOT, &key);
    pl_op_init(&op, 16);
    pl_op_delete(&op, 5, NULL, 0);
    pl_op_retain(&op, 5);
    pl_op_insert(&op, "abcde", 5, 5);
    pl_cs_text(&cs, PL_EID_ROOT, PL_F_REVIEW_IMPACT, &op);
    assert_int_equal(sync_edit(b->s, &cs, true, false, b->now_us, NULL), 0);
    while (!sync_is_saved(b->s))
        bench_ack(b);
    return above;
}

TEST(undo_of_what_is_below_a_step_that_fails_removes_nothing_else)
{
    struct bench b = {0};
    struct pl_cs cs;

    bench_init(&b);
    struct pl_eid above = make_step_that_will_not_undo(&b);
    assert_string_equal(bench_text(&b), "helloabcde world");
    pl_cs_init(&cs);
    pl_cs_dead(&cs, above, true);
    assert_int_equal(bench_rev(&b, BENCH_OTHER, 0, &cs), 0);
    assert_int_equal(undo(&b), -PL_E_DEADPARENT);
    assert_string_equal(bench_text(&b), "helloabcde world");
    for (int i = 0; i < 3; i++)
        assert_in_range(undo(&b), 0, 1);
    assert_string_equal(bench_text(&b), "helloabcde world");
    bench_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT(undo_takes_a_typed_run_in_one_step),
        UNIT(undo_begins_a_new_step_when_a_pause_was_made),
        UNIT(undo_begins_a_new_step_at_a_sentence_and_at_a_newline),
        UNIT(undo_keeps_typing_and_erasing_apart),
        UNIT(undo_keeps_what_others_typed_inside_mine),
        UNIT(undo_brings_back_a_deletion_once_after_others_deleted_around_it),
        UNIT(undo_skips_a_register_that_somebody_else_set),
        UNIT(undo_skips_a_register_that_mine_hides),
        UNIT(undo_of_a_create_removes_and_redo_restores),
        UNIT(undo_says_what_it_is_on_the_wire),
        UNIT(undo_sends_nothing_when_it_takes_back_what_was_not_sent),
        UNIT(undo_all_then_redo_all_is_identity_when_alone),
        UNIT(undo_forgets_steps_of_a_refused_changeset_and_keeps_the_others),
        UNIT(undo_is_cleared_of_redo_when_something_new_is_typed),
        UNIT(undo_takes_a_paste_of_several_changesets_in_one_step),
        UNIT(undo_of_what_is_below_a_step_that_fails_removes_nothing_else),
    };

    return RUN(tests);
}
