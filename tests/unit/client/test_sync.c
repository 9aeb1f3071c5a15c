// SPDX-License-Identifier: Apache-2.0
/*
 * The client's copy of a review against a server whose answers are put in by hand: sending, resume,
 * refusal, retry, splitting, carets, timers.
 */
#include "sync_rig.h"

/* --- sending and acknowledging ------------------------------------------------------------------
 */

TEST(sync_sends_one_changeset_and_composes_behind_it)
{
    struct bench b = {0};

    bench_init(&b);
    bench_type(&b, 0, "a", true);
    bench_type(&b, 1, "b", true);
    bench_type(&b, 2, "c", true);
    assert_int_equal(bench_count(&b, PL_MSG_SUBMIT), 1);
    assert_int_equal(bench_last(&b, PL_MSG_SUBMIT)->seq, 1);
    bench_ack(&b);
    assert_int_equal(bench_count(&b, PL_MSG_SUBMIT), 2);
    assert_int_equal(bench_last(&b, PL_MSG_SUBMIT)->seq, 2);
    assert_int_equal(bench_last(&b, PL_MSG_SUBMIT)->base, 2);
    assert_int_equal(bench_last(&b, PL_MSG_SUBMIT)->cs.n, 1);
    bench_ack(&b);
    assert_true(sync_is_saved(b.s));
    assert_string_equal(bench_text(&b), "abchello world");
    bench_release(&b);
}

TEST(sync_gives_no_id_twice_after_an_import_made_its_own)
{
    struct bench b = {0};
    struct pl_eid made = {0, 40};
    struct pl_key key;
    struct pl_cs cs;
    struct pl_err e;

    bench_init(&b);
    made.client = sync_client(b.s);
    pl_cs_init(&cs);
    assert_int_equal(pl_key_between(&key, NULL, NULL, made.client, made.n, &e), 0);
    pl_cs_create(&cs, made, PL_KIND_EVENT, PL_EID_ROOT, &key);
    assert_int_equal(sync_edit(b.s, &cs, true, false, 1, &e), 0);
    assert_true(sync_next_eid(b.s).n > made.n);
    bench_release(&b);
}

TEST(sync_puts_later_commits_left_and_keeps_runs_whole)
{
    struct bench b = {0};

    bench_init(&b);
    bench_type(&b, 5, "12", true);
    bench_type(&b, 7, "3", true);
    bench_other_types(&b, 5, "XY"); /* committed before mine: mine goes left */
    assert_string_equal(bench_text(&b), "hello123XY world");
    bench_release(&b);
}

TEST(sync_shows_my_register_until_it_is_acknowledged)
{
    struct bench b = {0};

    bench_init(&b);
    bench_severity(&b, 1);
    bench_other_severity(&b, 3);
    assert_int_equal(bench_severity_now(&b), 1);
    assert_int_equal(pl_entry_int(pl_doc_root(sync_base(b.s)), PL_F_REVIEW_SEVERITY, 0), 3);
    bench_release(&b);
}

TEST(sync_takes_slots_that_the_server_added)
{
    struct bench b = {0};
    struct pl_value no = pl_value_int(7);
    struct pl_eid eid;
    struct pl_cs cs;

    bench_init(&b);
    eid = bench_create(&b, "x");
    pl_cs_copy(&cs, &bench_last(&b, PL_MSG_SUBMIT)->cs);
    pl_cs_reg(&cs, eid, PL_F_NO, &no);
    assert_int_equal(bench_rev(&b, BENCH_CLIENT, 1, &cs), 0);
    assert_true(sync_is_saved(b.s));
    assert_int_equal(pl_entry_int(pl_doc_entry(sync_view(b.s), eid), PL_F_NO, 0), 7);
    assert_int_equal(pl_entry_created_by(pl_doc_entry(sync_view(b.s), eid)), BENCH_USER);
    bench_release(&b);
}

TEST(sync_asks_for_a_new_copy_when_its_change_comes_back_altered)
{
    struct bench b = {0};
    struct pl_value v = pl_value_int(4);
    struct pl_cs cs;

    bench_init(&b);
    bench_severity(&b, 1);
    pl_cs_init(&cs);
    pl_cs_reg(&cs, PL_EID_ROOT, PL_F_REVIEW_SEVERITY, &v);
    assert_true(bench_rev(&b, BENCH_CLIENT, 1, &cs) < 0);
    assert_int_equal(bench_severity_now(&b), 4);
    assert_non_null(bench_last(&b, PL_MSG_RESYNC));
    bench_release(&b);
}

TEST(sync_ignores_a_revision_it_has_and_reopens_at_a_gap)
{
    struct bench b = {0};
    struct pl_cs cs;

    bench_init(&b);
    b.head = 0; /* revision 1 again */
    pl_cs_init(&cs);
    assert_int_equal(bench_rev(&b, BENCH_OTHER, 0, &cs), 0);
    b.head = 5;
    pl_cs_init(&cs);
    assert_true(bench_rev(&b, BENCH_OTHER, 0, &cs) < 0);
    assert_int_equal(status_of(&b).link, SYNC_OPENING);
    assert_int_equal(bench_last(&b, PL_MSG_OPEN)->have, 1);
    bench_release(&b);
}

/* --- resume -------------------------------------------------------------------------------------
 */

TEST(sync_sends_again_under_the_same_number_and_the_new_epoch)
{
    struct bench b = {0};

    bench_init(&b);
    bench_type(&b, 5, "!", false);
    sync_disconnected(b.s);
    bench_connect(&b);
    assert_int_equal(bench_count(&b, PL_MSG_SUBMIT), 1);
    b.head++; /* one revision was missed */
    struct pl_cs cs;
    struct pl_value v = pl_value_int(3);
    bench_opened(&b, 0, 0, 0);
    assert_int_equal(bench_count(&b, PL_MSG_SUBMIT), 1); /* not before it has caught up */
    b.head--;
    pl_cs_init(&cs);
    pl_cs_reg(&cs, PL_EID_ROOT, PL_F_REVIEW_SEVERITY, &v);
    assert_int_equal(bench_rev(&b, BENCH_OTHER, 0, &cs), 0);
    assert_int_equal(bench_count(&b, PL_MSG_SUBMIT), 2);
    assert_int_equal(bench_last(&b, PL_MSG_SUBMIT)->seq, 1);
    assert_int_equal(bench_last(&b, PL_MSG_SUBMIT)->epoch, b.epoch);
    assert_int_equal(bench_last(&b, PL_MSG_SUBMIT)->base, 2);
    bench_ack(&b);
    assert_string_equal(bench_text(&b), "hello! world");
    bench_release(&b);
}

TEST(sync_waits_for_its_revision_when_the_answer_was_lost)
{
    struct bench b = {0};
    struct pl_cs cs;

    bench_init(&b);
    bench_type(&b, 5, "!", false);
    pl_cs_copy(&cs, &bench_last(&b, PL_MSG_SUBMIT)->cs);
    reconnect(&b);
    b.head++;
    bench_opened(&b, 1, 2, 0);
    b.head--;
    assert_int_equal(bench_count(&b, PL_MSG_SUBMIT), 1);
    assert_int_equal(bench_rev(&b, BENCH_CLIENT, 1, &cs), 0);
    assert_true(sync_is_saved(b.s));
    assert_int_equal(bench_count(&b, PL_MSG_SUBMIT), 1);
    bench_release(&b);
}

TEST(sync_learns_of_a_refusal_at_resume)
{
    struct bench b = {0};

    bench_init(&b);
    bench_type(&b, 5, "!", false);
    reconnect(&b);
    bench_opened(&b, 1, 0, PL_E_PERM);
    assert_int_equal(b.refused, 1);
    assert_int_equal(b.refused_code, PL_E_PERM);
    assert_string_equal(bench_text(&b), "hello world");
    assert_int_equal(status_of(&b).refused, 1);
    bench_release(&b);
}

TEST(sync_sends_nothing_twice_when_its_session_was_used_elsewhere)
{
    struct bench b = {0};

    bench_init(&b);
    bench_type(&b, 5, "!", false);
    reconnect(&b);
    bench_opened(&b, 4, 1, 0);
    assert_int_equal(b.refused, 1);
    assert_int_equal(b.refused_code, PL_E_CONFLICT);
    assert_true(sync_is_saved(b.s));
    bench_type(&b, 0, "n", false);
    assert_int_equal(bench_last(&b, PL_MSG_SUBMIT)->seq, 5);
    bench_release(&b);
}

TEST(sync_ignores_the_stream_while_an_open_is_out)
{
    struct bench b = {0};
    struct pl_cs cs;

    bench_init(&b);
    reconnect(&b);
    pl_cs_init(&cs);
    assert_int_equal(bench_rev(&b, BENCH_OTHER, 0, &cs), 0);
    assert_int_equal(status_of(&b).rev, 1);
    bench_release(&b);
}

/* --- refusals -----------------------------------------------------------------------------------
 */

TEST(sync_rolls_back_only_what_was_refused)
{
    struct bench b = {0};

    bench_init(&b);
    bench_type(&b, 0, "bad ", false);
    bench_type(&b, 15, " good", false);
    bench_nack(&b, PL_E_QUOTA, b.head);
    assert_string_equal(bench_text(&b), "hello world good");
    assert_int_equal(bench_count(&b, PL_MSG_SUBMIT), 2);
    assert_int_equal(bench_last(&b, PL_MSG_SUBMIT)->seq, 2);
    assert_int_equal(b.lost.n, 1);
    bench_ack(&b);
    assert_true(sync_is_saved(b.s));
    bench_release(&b);
}

TEST(sync_drops_edits_of_an_entry_whose_creation_was_refused)
{
    struct bench b = {0};
    struct pl_value v = pl_value_int(1);
    struct pl_eid eid;
    struct pl_eid child;
    struct pl_key key;
    struct pl_cs cs;
    struct pl_op op;

    bench_init(&b);
    eid = bench_create(&b, "one");
    child = sync_next_eid(b.s);
    pl_cs_init(&cs);
    assert_int_equal(pl_doc_place_after(sync_view(b.s), eid, NULL, true, child, &key, NULL), 0);
    pl_cs_create(&cs, child, PL_KIND_CAUSE, eid, &key);
    pl_op_splice(&op, pl_entry_text(pl_doc_entry(sync_view(b.s), eid), PL_F_BODY), 3, 0, " two", 4);
    pl_cs_text(&cs, eid, PL_F_BODY, &op);
    pl_cs_reg(&cs, PL_EID_ROOT, PL_F_REVIEW_SEVERITY, &v);
    assert_int_equal(sync_edit(b.s, &cs, true, false, b.now_us, NULL), 0);
    bench_nack(&b, PL_E_QUOTA, b.head);
    assert_null(pl_doc_entry(sync_view(b.s), eid));
    assert_null(pl_doc_entry(sync_view(b.s), child));
    assert_int_equal(bench_severity_now(&b), 1); /* goes on */
    assert_non_null(pl_cs_find(&b.lost, PL_SLOT_CREATE, child, 0, NULL));
    const struct pl_slot *sl = pl_cs_find(&b.lost, PL_SLOT_TEXT, eid, PL_F_BODY, NULL);
    assert_non_null(sl);
    assert_int_equal(pl_op_result_len(&sl->op), 7);
    assert_int_equal(bench_last(&b, PL_MSG_SUBMIT)->cs.n, 1);
    bench_release(&b);
}

TEST(sync_drops_further_edits_of_the_same_slot_when_rights_are_missing)
{
    struct bench b = {0};

    bench_init(&b);
    bench_type(&b, 0, "a", false);
    bench_type(&b, 1, "b", false);
    bench_severity(&b, 1);
    bench_nack(&b, PL_E_PERM, b.head);
    assert_string_equal(bench_text(&b), "hello world");
    assert_int_equal(bench_severity_now(&b), 1);
    assert_int_equal(b.refused, 1);
    bench_release(&b);
}

TEST(sync_sends_again_when_it_was_behind)
{
    struct bench b = {0};

    bench_init(&b);
    bench_type(&b, 0, "a", false);
    bench_nack(&b, PL_E_BEHIND, 2);
    assert_int_equal(bench_count(&b, PL_MSG_SUBMIT), 1);
    bench_other_types(&b, 0, "b");
    assert_int_equal(bench_count(&b, PL_MSG_SUBMIT), 2);
    assert_int_equal(bench_last(&b, PL_MSG_SUBMIT)->seq, 1);
    assert_int_equal(bench_last(&b, PL_MSG_SUBMIT)->base, 2);
    assert_int_equal(b.refused, 0);
    bench_release(&b);
}

TEST(sync_opens_again_after_a_while_when_the_server_cannot)
{
    struct bench b = {0};

    bench_init(&b);
    bench_type(&b, 0, "a", false);
    bench_nack(&b, PL_E_UNAVAILABLE, 1);
    assert_int_equal(bench_count(&b, PL_MSG_OPEN), 1);
    b.now_us += 400000;
    assert_true(sync_tick(b.s, b.now_us));
    assert_int_equal(bench_count(&b, PL_MSG_OPEN), 1);
    b.now_us += 300000;
    assert_true(sync_tick(b.s, b.now_us));
    assert_int_equal(bench_count(&b, PL_MSG_OPEN), 2);
    bench_opened(&b, 0, 0, 0);
    assert_int_equal(bench_count(&b, PL_MSG_SUBMIT), 2);
    bench_nack(&b, PL_E_UNAVAILABLE, 1); /* twice as long now */
    b.now_us += 900000;
    assert_true(sync_tick(b.s, b.now_us));
    assert_int_equal(bench_count(&b, PL_MSG_OPEN), 2);
    b.now_us += 400000;
    assert_true(sync_tick(b.s, b.now_us));
    assert_int_equal(bench_count(&b, PL_MSG_OPEN), 3);
    bench_release(&b);
}

TEST(sync_refuses_edits_when_access_has_ended)
{
    struct pl_msg m = {.type = PL_MSG_RIGHTS};
    struct bench b = {0};

    bench_init(&b);
    m.u.rights = (struct pl_rights){.review = BENCH_REVIEW, .code = PL_E_REVOKED, .why = "gone"};
    assert_int_equal(sync_receive(b.s, &m, b.now_us, NULL), 0);
    assert_true(status_of(&b).gone);
    assert_int_equal(bench_type(&b, 0, "a", false), -PL_E_REVOKED);
    bench_release(&b);
}

/* --- size ---------------------------------------------------------------------------------------
 */

TEST(sync_cuts_many_slots_so_that_each_part_stands_by_itself)
{
    struct bench b = {0};
    struct pl_eid first = {0, 0};
    struct pl_eid parent = PL_EID_ROOT;
    struct pl_key key;
    struct pl_cs cs;

    bench_init(&b);
    pl_cs_init(&cs);
    for (unsigned i = 0; i < 400; i++) {
        struct pl_eid eid = sync_next_eid(b.s);
        assert_int_equal(pl_key_between(&key, NULL, NULL, BENCH_CLIENT, eid.n, NULL), 0);
        pl_cs_create(&cs, eid, PL_KIND_CAUSE, i % 20 == 0 ? PL_EID_ROOT : parent, &key);
        pl_cs_elem(&cs, eid, PL_F_TAGS, "t", 1, true);
        parent = eid;
        first = i == 0 ? eid : first;
    }
    assert_int_equal(sync_edit(b.s, &cs, true, false, b.now_us, NULL), 0);
    while (!sync_is_saved(b.s)) {
        assert_true(bench_last(&b, PL_MSG_SUBMIT)->cs.n <= PL_CHANGESET_SLOTS_MAX);
        bench_ack(&b);
    }
    assert_int_equal(pl_doc_entry_count(b.doc), 403);
    assert_true(bench_count(&b, PL_MSG_SUBMIT) >= 4);
    assert_int_equal(sync_undo(b.s, b.now_us, NULL), 1);
    assert_true(pl_entry_is_dead(pl_doc_entry(sync_view(b.s), first)));
    bench_release(&b);
}

TEST(sync_sends_a_large_replacement_in_pieces)
{
    struct bench b = {0};
    struct pl_cs cs;
    struct pl_op op;
    size_t n = 200000;
    char *text = pl_xmalloc(n + 1);

    for (size_t i = 0; i < n; i += 2)
        memcpy(text + i, "\xc3\xa4", 2);
    text[n] = '\0';
    bench_init(&b);
    pl_op_splice(&op, pl_entry_text(pl_doc_root(sync_view(b.s)), PL_F_REVIEW_IMPACT), 2, 7, text,
                 (uint32_t)n);
    pl_cs_init(&cs);
    pl_cs_text(&cs, PL_EID_ROOT, PL_F_REVIEW_IMPACT, &op);
    assert_int_equal(sync_edit(b.s, &cs, true, false, b.now_us, NULL), 0);
    bench_check(&b);
    while (!sync_is_saved(b.s))
        bench_ack(&b);
    const char *now = pl_entry_cstr(pl_doc_root(b.doc), PL_F_REVIEW_IMPACT);
    assert_int_equal(strlen(now), n + 4);
    assert_memory_equal(now, "he", 2);
    assert_memory_equal(now + 2, text, n);
    assert_string_equal(now + 2 + n, "ld");
    free(text);
    bench_release(&b);
}

/* --- carets -------------------------------------------------------------------------------------
 */

static void set_caret(struct bench *b, uint32_t pos)
{
    const struct pl_caret c = {true, PL_EID_ROOT, PL_F_REVIEW_IMPACT, pos, pos};

    sync_caret(b->s, &c, PL_PRESENT_TYPING, 1, b->now_us);
}

TEST(sync_tells_its_caret_at_most_ten_times_a_second_and_not_while_sending)
{
    struct bench b = {0};

    bench_init(&b);
    set_caret(&b, 3);
    assert_int_equal(bench_count(&b, PL_MSG_PRESENCE), 1);
    set_caret(&b, 4);
    assert_int_equal(bench_count(&b, PL_MSG_PRESENCE), 1);
    b.now_us += 100000;
    assert_true(sync_tick(b.s, b.now_us));
    assert_int_equal(bench_count(&b, PL_MSG_PRESENCE), 2);
    assert_int_equal(bench_last(&b, PL_MSG_PRESENCE)->caret.head, 4);
    bench_type(&b, 4, "x", true);
    b.now_us += 200000;
    set_caret(&b, 5);
    assert_int_equal(bench_count(&b, PL_MSG_PRESENCE), 2);
    bench_release(&b);
}

TEST(sync_sends_the_caret_along_and_follows_it)
{
    struct bench b = {0};

    bench_init(&b);
    set_caret(&b, 5);
    bench_other_types(&b, 0, "ab");
    bench_other_types(&b, 7, "cd"); /* at the caret: it stays on the left */
    bench_type(&b, 0, "z", false);
    assert_int_equal(bench_last(&b, PL_MSG_SUBMIT)->caret.head, 8);
    bench_release(&b);
}

TEST(sync_maps_a_peer_s_caret_to_the_view)
{
    const struct pl_peer p = {.review = BENCH_REVIEW,
                              .client = BENCH_OTHER,
                              .rev = 2,
                              .caret = {true, PL_EID_ROOT, PL_F_REVIEW_IMPACT, 5, 5}};
    struct bench b = {0};
    struct pl_caret c;

    bench_init(&b);
    assert_false(sync_map_caret(b.s, &p, &c)); /* not held yet */
    bench_other_types(&b, 0, "1");
    assert_true(sync_map_caret(b.s, &p, &c));
    assert_int_equal(c.head, 5);
    bench_other_types(&b, 0, "22");
    bench_other_erases(&b, 0, 1);
    bench_type(&b, 0, "mine", false);
    bench_type(&b, 0, "too", false);
    assert_true(sync_map_caret(b.s, &p, &c));
    assert_int_equal(c.head, 5 + 2 - 1 + 4 + 3);
    bench_release(&b);
}

/* --- timers -------------------------------------------------------------------------------------
 */

TEST(sync_pings_when_an_answer_is_overdue_and_gives_the_link_up_without_pong)
{
    struct bench b = {0};

    bench_init(&b);
    bench_type(&b, 0, "a", false);
    b.now_us += 2100000;
    assert_true(sync_tick(b.s, b.now_us));
    assert_int_equal(bench_count(&b, PL_MSG_PING), 1);
    b.now_us += 2100000;
    assert_false(sync_tick(b.s, b.now_us));
    bench_release(&b);
}

TEST(sync_opens_again_when_the_server_lives_and_never_answers)
{
    struct pl_msg m = {.type = PL_MSG_PONG};
    struct bench b = {0};

    bench_init(&b);
    bench_type(&b, 0, "a", false);
    for (int i = 0; i < 60 && bench_count(&b, PL_MSG_OPEN) == 1; i++) {
        b.now_us += 500000;
        assert_true(sync_tick(b.s, b.now_us));
        if (bench_last(&b, PL_MSG_PING) != NULL) {
            m.u.pong.token = bench_last(&b, PL_MSG_PING)->token;
            assert_int_equal(sync_receive(b.s, &m, b.now_us, NULL), 0);
        }
    }
    assert_int_equal(bench_count(&b, PL_MSG_OPEN), 2);
    bench_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT(sync_sends_one_changeset_and_composes_behind_it),
        UNIT(sync_gives_no_id_twice_after_an_import_made_its_own),
        UNIT(sync_puts_later_commits_left_and_keeps_runs_whole),
        UNIT(sync_shows_my_register_until_it_is_acknowledged),
        UNIT(sync_takes_slots_that_the_server_added),
        UNIT(sync_asks_for_a_new_copy_when_its_change_comes_back_altered),
        UNIT(sync_ignores_a_revision_it_has_and_reopens_at_a_gap),
        UNIT(sync_sends_again_under_the_same_number_and_the_new_epoch),
        UNIT(sync_waits_for_its_revision_when_the_answer_was_lost),
        UNIT(sync_learns_of_a_refusal_at_resume),
        UNIT(sync_sends_nothing_twice_when_its_session_was_used_elsewhere),
        UNIT(sync_ignores_the_stream_while_an_open_is_out),
        UNIT(sync_rolls_back_only_what_was_refused),
        UNIT(sync_drops_edits_of_an_entry_whose_creation_was_refused),
        UNIT(sync_drops_further_edits_of_the_same_slot_when_rights_are_missing),
        UNIT(sync_sends_again_when_it_was_behind),
        UNIT(sync_opens_again_after_a_while_when_the_server_cannot),
        UNIT(sync_refuses_edits_when_access_has_ended),
        UNIT(sync_cuts_many_slots_so_that_each_part_stands_by_itself),
        UNIT(sync_sends_a_large_replacement_in_pieces),
        UNIT(sync_tells_its_caret_at_most_ten_times_a_second_and_not_while_sending),
        UNIT(sync_sends_the_caret_along_and_follows_it),
        UNIT(sync_maps_a_peer_s_caret_to_the_view),
        UNIT(sync_pings_when_an_answer_is_overdue_and_gives_the_link_up_without_pong),
        UNIT(sync_opens_again_when_the_server_lives_and_never_answers),
    };

    return RUN(tests);
}
