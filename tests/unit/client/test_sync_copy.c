// SPDX-License-Identifier: Apache-2.0
/*
 * The client's copy of a review as a whole: a snapshot from the server under what waits here, the
 * copy saved and played again, and what happens when a journal has lost its end.
 */
#include "sync_rig.h"

/* --- snapshots ----------------------------------------------------------------------------------
 */

/* Others change the server's document, unseen. */
static void unseen(struct bench *b, const char *text, uint32_t pos, int64_t severity)
{
    struct pl_value v = pl_value_int(severity);
    const struct pl_rev_meta meta = {.rev = ++b->head, .user = 9, .client = BENCH_OTHER};
    const struct pl_text *t = pl_entry_text(pl_doc_root(b->doc), PL_F_REVIEW_IMPACT);
    struct pl_cs cs;
    struct pl_op op;

    pl_op_splice(&op, t, pos, 0, text, (uint32_t)strlen(text));
    pl_cs_init(&cs);
    pl_cs_text(&cs, PL_EID_ROOT, PL_F_REVIEW_IMPACT, &op);
    if (severity != 0)
        pl_cs_reg(&cs, PL_EID_ROOT, PL_F_REVIEW_SEVERITY, &v);
    assert_int_equal(pl_doc_apply(b->doc, &cs, &meta, NULL), 0);
    pl_cs_release(&cs);
}

TEST(sync_merges_pending_text_into_a_snapshot)
{
    struct bench b = {0};

    bench_init(&b);
    bench_type(&b, 11, "!", false);
    bench_type(&b, 0, ">", false);
    sync_disconnected(b.s);
    unseen(&b, "XX", 5, 0);
    bench_connect(&b);
    bench_opened_snapshot(&b, 0, 0);
    assert_string_equal(bench_text(&b), ">helloXX world!");
    assert_int_equal(b.refused, 0);
    while (!sync_is_saved(b.s))
        bench_ack(&b);
    assert_string_equal(pl_entry_cstr(pl_doc_root(b.doc), PL_F_REVIEW_IMPACT), ">helloXX world!");
    bench_release(&b);
}

TEST(sync_puts_a_register_aside_that_others_set_before_a_snapshot)
{
    struct bench b = {0};

    bench_init(&b);
    bench_severity(&b, 1);
    sync_disconnected(b.s);
    unseen(&b, "Y", 0, 4);
    bench_connect(&b);
    bench_opened_snapshot(&b, 0, 0);
    assert_int_equal(bench_severity_now(&b), 4);
    assert_int_equal(b.refused, 1);
    assert_int_equal(b.refused_code, PL_E_CONFLICT);
    assert_true(sync_is_saved(b.s));
    bench_release(&b);
}

TEST(sync_knows_its_change_in_a_snapshot)
{
    struct bench b = {0};
    const struct pl_rev_meta meta = {.rev = 2, .user = BENCH_USER, .client = BENCH_CLIENT};

    bench_init(&b);
    bench_type(&b, 11, "!", false);
    bench_type(&b, 12, "?", false);
    sync_disconnected(b.s);
    b.head = 2;
    assert_int_equal(pl_doc_apply(b.doc, &bench_last(&b, PL_MSG_SUBMIT)->cs, &meta, NULL), 0);
    unseen(&b, "Z", 0, 0);
    bench_connect(&b);
    bench_opened_snapshot(&b, 1, 2);
    assert_string_equal(bench_text(&b), "Zhello world!?");
    bench_ack(&b);
    assert_true(sync_is_saved(b.s));
    assert_string_equal(pl_entry_cstr(pl_doc_root(b.doc), PL_F_REVIEW_IMPACT), "Zhello world!?");
    bench_release(&b);
}

TEST(sync_takes_its_change_as_committed_behind_a_snapshot)
{
    struct bench b = {0};
    struct pl_cs mine;

    bench_init(&b);
    bench_type(&b, 11, "!", false);
    bench_type(&b, 0, ">", false);
    sync_disconnected(b.s);
    bench_connect(&b);
    /* The snapshot is of revision 2, the change of this client is revision 3. */
    unseen(&b, "Z", 0, 0);
    b.head = 2;
    bench_opened_snapshot(&b, 1, 3);
    assert_string_equal(bench_text(&b), ">Zhello world!");
    assert_int_equal(bench_count(&b, PL_MSG_SUBMIT), 1);
    const struct pl_text *t = pl_entry_text(pl_doc_root(b.doc), PL_F_REVIEW_IMPACT);
    struct pl_op op;
    pl_op_splice(&op, t, 12, 0, "!", 1);
    pl_cs_init(&mine);
    pl_cs_text(&mine, PL_EID_ROOT, PL_F_REVIEW_IMPACT, &op);
    assert_int_equal(bench_rev(&b, BENCH_CLIENT, 1, &mine), 0);
    assert_string_equal(bench_text(&b), ">Zhello world!");
    bench_ack(&b);
    assert_true(sync_is_saved(b.s));
    bench_release(&b);
}

TEST(sync_asks_for_a_snapshot_when_the_hash_is_wrong_and_keeps_pending)
{
    struct pl_msg m = {.type = PL_MSG_REV};
    struct bench b = {0};

    bench_init(&b);
    bench_type(&b, 11, "!", false);
    m.u.rev =
        (struct pl_rev){.review = BENCH_REVIEW, .rev = 2, .client = BENCH_OTHER, .hash = 0x1234567};
    assert_true(sync_receive(b.s, &m, b.now_us, NULL) < 0);
    assert_non_null(bench_last(&b, PL_MSG_RESYNC));
    assert_int_equal(bench_last(&b, PL_MSG_RESYNC)->rev, 2);
    b.head = 2;
    unseen(&b, "Q", 0, 0);
    bench_opened_snapshot(&b, 0, 0);
    assert_string_equal(bench_text(&b), "Qhello world!");
    bench_ack(&b);
    assert_true(sync_is_saved(b.s));
    bench_release(&b);
}

TEST(sync_accepts_a_right_hash)
{
    struct pl_msg m = {.type = PL_MSG_REV};
    struct bench b = {0};

    bench_init(&b);
    m.u.rev = (struct pl_rev){
        .review = BENCH_REVIEW, .rev = 2, .client = BENCH_OTHER, .hash = pl_doc_digest(b.doc)};
    assert_int_equal(sync_receive(b.s, &m, b.now_us, NULL), 0);
    bench_release(&b);
}

/* --- saving -------------------------------------------------------------------------------------
 */

TEST(sync_is_the_same_after_saving_and_replaying)
{
    struct bench b = {.keep = true};
    uint64_t before;
    size_t events;

    bench_init(&b);
    bench_other_types(&b, 3, "XY");
    bench_type(&b, 0, "a", true);
    bench_ack(&b);
    bench_create(&b, "new");
    bench_severity(&b, 1);
    bench_nack(&b, PL_E_QUOTA, b.head);
    bench_type(&b, 0, "c", true);
    struct pl_doc *copy = pl_doc_dup(sync_view(b.s));
    before = pl_doc_digest(copy);
    pl_doc_free(copy);
    events = b.events.len;
    assert_true(events > 0 && events < 2000);
    bench_restart(&b);
    copy = pl_doc_dup(sync_view(b.s));
    assert_int_equal(pl_doc_digest(copy), before);
    pl_doc_free(copy);
    assert_false(sync_is_saved(b.s));
    assert_int_equal(sync_next_eid(b.s).n, 2);
    bench_connect(&b);
    bench_opened(&b, 2, 0, PL_E_QUOTA);
    assert_int_equal(bench_last(&b, PL_MSG_SUBMIT)->seq, 3);
    bench_release(&b);
}

TEST(sync_keeps_a_keystroke_small)
{
    struct bench b = {.keep = true};
    char *big = pl_xcalloc(1, 900001);

    memset(big, 'x', 900000);
    bench_init(&b);
    sync_disconnected(b.s);
    bench_type(&b, 0, big, false);
    size_t before = b.events.len;
    bench_type(&b, 5, "y", true);
    assert_true(b.events.len - before < 100);
    free(big);
    bench_restart(&b);
    assert_int_equal(strlen(bench_text(&b)), 900012);
    bench_release(&b);
}

TEST(sync_recognises_its_own_change_when_the_journal_lost_its_tail)
{
    struct bench b = {.keep = true};
    struct pl_cs cs;

    bench_init(&b);
    sync_disconnected(b.s);
    bench_type(&b, 11, "!", false);
    size_t events = b.events.len; /* what comes after this is lost */
    bench_connect(&b);
    bench_opened(&b, 0, 0, 0);
    pl_cs_copy(&cs, &bench_last(&b, PL_MSG_SUBMIT)->cs);
    b.events.len = events;
    bench_restart(&b);
    bench_connect(&b);
    b.head = 2;
    bench_opened(&b, 1, 2, 0);
    b.head = 1;
    assert_int_equal(bench_rev(&b, BENCH_CLIENT, 1, &cs), 0);
    assert_true(sync_is_saved(b.s));
    assert_string_equal(bench_text(&b), "hello world!");
    assert_int_equal(b.refused, 0);
    bench_release(&b);
}

TEST(sync_refuses_to_load_rubbish)
{
    struct bench b = {.keep = true};
    const struct sync_handlers none = {0};

    bench_init(&b);
    for (size_t n = 0; n < b.saved.len; n++)
        assert_null(sync_load(b.saved.data, n, &none, NULL));
    struct sync *s = sync_load(b.saved.data, b.saved.len, &none, NULL);
    assert_non_null(s);
    assert_true(sync_replay(s, "\x01\x05xx", 4, NULL) < 0);
    assert_true(sync_replay(s, "\x09\x00", 2, NULL) < 0);
    sync_free(s);
    bench_release(&b);
}

/* --- what the journal has lost -------------------------------------------------------------------
 */

/* Typed and sent, and then only the typing is in the journal. */
static void lose_the_send(struct bench *b)
{
    struct pl_cs cs;
    struct pl_op op;

    b->keep = true;
    bench_init(b);
    sync_disconnected(b->s);
    pl_op_init(&op, 11);
    pl_op_insert(&op, "typed ", 6, 6);
    pl_cs_init(&cs);
    pl_cs_text(&cs, PL_EID_ROOT, PL_F_REVIEW_IMPACT, &op);
    assert_int_equal(sync_edit(b->s, &cs, true, false, b->now_us, NULL), 0);
    bench_restart(b);
    bench_connect(b);
}

TEST(sync_uses_no_number_again_that_it_has_forgotten)
{
    struct bench b = {0};

    lose_the_send(&b);
    bench_opened(&b, 1, 0, PL_E_QUOTA); /* number 1 was refused, whatever it held */
    assert_int_equal(bench_last(&b, PL_MSG_SUBMIT)->seq, 2);
    bench_ack(&b);
    assert_string_equal(bench_text(&b), "typed hello world");
    assert_true(sync_is_saved(b.s));
    bench_release(&b);
}

TEST(sync_does_not_double_what_a_snapshot_may_hold)
{
    struct bench b = {0};
    struct pl_cs cs;
    struct pl_op op;
    const struct pl_rev_meta meta = {.rev = 2, .user = BENCH_USER, .client = BENCH_CLIENT};

    lose_the_send(&b);
    pl_op_init(&op, 11);
    pl_op_insert(&op, "typed ", 6, 6);
    pl_cs_init(&cs);
    pl_cs_text(&cs, PL_EID_ROOT, PL_F_REVIEW_IMPACT, &op);
    assert_int_equal(pl_doc_apply(b.doc, &cs, &meta, NULL), 0);
    pl_cs_release(&cs);
    b.head = 2;
    bench_opened_snapshot(&b, 1, 2);
    assert_string_equal(bench_text(&b), "typed hello world");
    assert_true(sync_is_saved(b.s));
    assert_int_equal(b.refused, 1); /* and put aside, so that nothing is lost either */
    bench_type(&b, 0, "more ", false);
    assert_int_equal(bench_last(&b, PL_MSG_SUBMIT)->seq, 2);
    bench_release(&b);
}

TEST(sync_starts_over_when_its_own_revision_does_not_fit)
{
    struct bench b = {0};
    struct pl_msg m = {.type = PL_MSG_REV};

    bench_init(&b);
    bench_type(&b, 0, "one ", false);
    bench_type(&b, 0, "two ", false);
    m.u.rev = (struct pl_rev){
        .review = BENCH_REVIEW, .rev = 2, .client = BENCH_CLIENT, .seq = 1, .user = BENCH_USER};
    pl_cs_copy(&m.u.rev.cs, &bench_last(&b, PL_MSG_SUBMIT)->cs);
    pl_cs_dead(&m.u.rev.cs, (struct pl_eid){0, 77}, true); /* of an entry that is not there */
    assert_true(sync_receive(b.s, &m, b.now_us, NULL) < 0);
    pl_cs_release(&m.u.rev.cs);
    bench_check(&b);
    assert_non_null(bench_last(&b, PL_MSG_RESYNC));
    bench_opened_snapshot(&b, 1, 2);
    bench_check(&b);
    bench_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT(sync_merges_pending_text_into_a_snapshot),
        UNIT(sync_puts_a_register_aside_that_others_set_before_a_snapshot),
        UNIT(sync_knows_its_change_in_a_snapshot),
        UNIT(sync_takes_its_change_as_committed_behind_a_snapshot),
        UNIT(sync_asks_for_a_snapshot_when_the_hash_is_wrong_and_keeps_pending),
        UNIT(sync_accepts_a_right_hash),
        UNIT(sync_is_the_same_after_saving_and_replaying),
        UNIT(sync_keeps_a_keystroke_small),
        UNIT(sync_recognises_its_own_change_when_the_journal_lost_its_tail),
        UNIT(sync_refuses_to_load_rubbish),
        UNIT(sync_uses_no_number_again_that_it_has_forgotten),
        UNIT(sync_does_not_double_what_a_snapshot_may_hold),
        UNIT(sync_starts_over_when_its_own_revision_does_not_fit),
    };

    return RUN(tests);
}
