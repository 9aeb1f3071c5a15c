// SPDX-License-Identifier: Apache-2.0
/* room/room.h: joining, and appends with every outcome. */
#include "support/fake/room_rig.h"

#include <string.h>

#include "plimsoll/doc/perm.h"
#include "plimsoll/wire/limits.h"

#include "support/unit.h"

#include "support/fake/room_rig.c"
#include "support/fake/store.c"
#include "support/fake/store_log.c"

/* --- joining -------------------------------------------------------------------------------------
 */

TEST(room_opens_an_empty_review)
{
    struct rig r;
    struct conn c[1];

    rig_start(&r, c, 1);
    assert_true(c[0].was_opened);
    assert_true(c[0].is_synced);
    assert_int_equal(c[0].opened.rid, 9);
    assert_int_equal(c[0].opened.epoch, 1);
    assert_int_equal(c[0].opened.perms, pl_perm_mask(PL_ROLE_FACILITATOR, PL_STATUS_IN_SESSION));
    assert_int_equal(c[0].chunks, 0);
    rig_finish(&r, c, 1);
}

TEST(room_refuses_who_may_not_see_it)
{
    struct rig r;
    struct conn c[3];
    const struct rooms_options o = rig_options();

    memset(c, 0, sizeof c);
    rig_init(&r, &o);
    fake_role(r.store, 103, 0);
    conn_join(&c[0], &r, 1);
    conn_join(&c[2], &r, 3);
    rig_settle(&r, c, 3);
    assert_int_equal(c[2].left, PL_E_PERM);
    assert_int_equal(c[2].error_code, PL_E_PERM);
    conn_join_as(&c[1], &r, 1, 777); /* somebody else's session */
    rig_settle(&r, c, 3);
    assert_int_equal(c[1].left, PL_E_AUTH);
    assert_true(c[0].is_synced);
    rig_finish(&r, c, 3);
}

TEST(room_says_when_the_database_is_away)
{
    struct rig r;
    struct conn c[1];
    const struct rooms_options o = rig_options();

    memset(c, 0, sizeof c);
    rig_init(&r, &o);
    fake_set_up(r.store, false);
    conn_join(&c[0], &r, 1);
    assert_int_equal(c[0].left, 0); /* never from inside the call */
    rig_settle(&r, c, 1);
    assert_int_equal(c[0].left, PL_E_UNAVAILABLE);
    assert_int_equal(c[0].error_code, PL_E_UNAVAILABLE);
    rig_finish(&r, c, 1);
}

TEST(room_lets_readers_read_and_not_write)
{
    struct rig r;
    struct conn c[2];

    rig_start_event(&r, c, 1);
    memset(&c[1], 0, sizeof c[1]);
    conn_join_as(&c[1], &r, 0, 500);
    rig_settle(&r, c, 2);
    assert_true(c[1].is_synced);
    rig_check_equal(&r, c, 2);
    assert_int_equal(c[1].opened.perms, PL_PERM_BIT(PL_PERM_READ));
    conn_type(&c[1], "no");
    rig_settle(&r, c, 2);
    assert_int_equal(c[1].nack.code, PL_E_PERM);
    rig_finish(&r, c, 2);
}

TEST(room_survives_members_who_leave_at_any_moment)
{
    struct rig r;
    struct conn c[1];
    const struct rooms_options o = rig_options();

    memset(c, 0, sizeof c);
    rig_init(&r, &o);
    for (unsigned turns = 0; turns < 8; turns++) {
        conn_join(&c[0], &r, 1);
        for (unsigned i = 0; i < turns; i++)
            rig_turn(&r, c, 1, false);
        conn_leave(&c[0]);
    }
    rig_finish(&r, c, 1);
}

/* --- appends -------------------------------------------------------------------------------------
 */

TEST(room_acknowledges_only_what_is_durable)
{
    struct rig r;
    struct conn c[2];

    rig_start_event(&r, c, 2);
    unsigned before = c[1].revs;
    fake_hold(r.store, true);
    conn_type(&c[0], "a");
    for (unsigned i = 0; i < 10; i++)
        rig_turn(&r, c, 2, false);
    assert_int_equal(fake_counts(r.store).waiting, 1);
    assert_int_equal(c[0].acked_seq, 1);
    assert_int_equal(c[1].revs, before);
    fake_hold(r.store, false);
    rig_settle(&r, c, 2);
    assert_int_equal(c[0].acked_seq, 2);
    assert_int_equal(c[1].revs, before + 1);
    assert_true(fake_counts(r.store).hints >= 1);
    rig_finish(&r, c, 2);
}

TEST(room_has_one_append_under_way_and_gathers_the_rest)
{
    struct rig r;
    struct conn c[6];

    rig_start_event(&r, c, 6);
    unsigned before = fake_counts(r.store).appends;
    fake_hold(r.store, true);
    conn_type(&c[0], "0");
    rig_turn(&r, c, 6, false);
    for (size_t i = 1; i < 6; i++)
        conn_type(&c[i], "x");
    for (unsigned i = 0; i < 10; i++)
        rig_turn(&r, c, 6, false);
    assert_int_equal(fake_counts(r.store).appends, before + 1);
    fake_hold(r.store, false);
    rig_settle(&r, c, 6);
    assert_int_equal(fake_counts(r.store).appends, before + 2);
    rig_check_equal(&r, c, 6);
    assert_string_equal(pl_entry_cstr(pl_doc_entry(c[3].doc, rig_event), PL_F_BODY), "xxxxx0");
    rig_finish(&r, c, 6);
}

TEST(room_catches_up_and_locks_first_when_another_process_was_faster)
{
    struct rig r;
    struct conn c[2];

    rig_start_event(&r, c, 2);
    struct pl_cs cs = cs_type(c[0].doc, rig_event, "other ");
    fake_other(r.store, RIG_REVIEW, &cs);
    conn_type(&c[0], "mine");
    rig_settle(&r, c, 2);
    assert_int_equal(fake_counts(r.store).behind, 1);
    assert_int_equal(fake_counts(r.store).locked_first, 1);
    rig_check_equal(&r, c, 2);
    assert_int_equal(c[0].acked_seq, 2);
    conn_type(&c[0], "!");
    rig_settle(&r, c, 2);
    assert_int_equal(fake_counts(r.store).locked_first, 1); /* optimistic again */
    rig_finish(&r, c, 2);
}

TEST(room_reads_what_others_wrote_after_a_hint_and_without)
{
    struct rig r;
    struct conn c[2];

    rig_start_event(&r, c, 2);
    unsigned revs = c[1].revs;
    struct pl_cs cs = cs_type(c[0].doc, rig_event, "A");
    fake_other(r.store, RIG_REVIEW, &cs);
    rooms_hint(r.rooms, RIG_REVIEW, fake_head(r.store, RIG_REVIEW));
    rig_settle(&r, c, 2);
    assert_int_equal(c[1].revs, revs + 1);
    cs = cs_type(c[0].doc, rig_event, "B");
    fake_other(r.store, RIG_REVIEW, &cs);
    rig_wait_for(&r, c, 2, &c[1].revs, revs + 2); /* the poll */
    assert_int_equal(c[0].revs, c[1].revs);
    rig_finish(&r, c, 2);
}

TEST(room_tells_the_refused_and_keeps_the_others)
{
    struct rig r;
    struct conn c[3];

    rig_start_event(&r, c, 3);
    fake_role(r.store, 102, 0);
    fake_hold(r.store, true);
    conn_type(&c[0], "0");
    rig_turn(&r, c, 3, false);
    conn_type(&c[1], "1");
    conn_type(&c[2], "2");
    fake_hold(r.store, false);
    rig_settle(&r, c, 3);
    assert_int_equal(c[1].nack.code, PL_E_PERM);
    assert_int_equal(c[1].nack.seq, 1);
    uint32_t code = 0;
    assert_int_equal(fake_last_seq(r.store, RIG_REVIEW, 2, &code), 1); /* it stays refused */
    assert_int_equal(code, PL_E_PERM);
    assert_int_equal(c[2].acked_seq, 1);
    assert_int_equal(c[1].left, PL_E_REVOKED); /* and his rights were looked at */
    rig_finish(&r, c, 3);
}

TEST(room_stores_refusals_and_sends_them_after_the_revisions)
{
    struct rig r;
    struct conn c[2];
    uint32_t code = 0;

    rig_start_event(&r, c, 2);
    c[1].is_slow = true;
    conn_type(&c[0], "a");
    struct pl_cs cs = cs_type(c[1].doc, (struct pl_eid){77, 7}, "x");
    conn_submit(&c[1], &cs);
    rig_settle(&r, c, 2);
    assert_int_equal(c[1].nacks, 0);
    c[1].is_slow = false;
    rig_settle(&r, c, 2);
    assert_int_equal(c[1].nack.code, PL_E_NOENT);
    assert_true(c[1].nack_seen_at >= c[1].nack.at_rev);
    assert_int_equal(fake_last_seq(r.store, RIG_REVIEW, 2, &code), 1);
    assert_int_equal(code, PL_E_NOENT);
    rig_finish(&r, c, 2);
}

static void unknown_outcome(enum fake_outcome how)
{
    struct rig r;
    struct conn c[2];

    rig_start_event(&r, c, 2);
    fake_next(r.store, how);
    conn_type(&c[0], "mine");
    rig_turn(&r, c, 2, false); /* it is under way */
    assert_int_equal(fake_counts(r.store).unknown, 1);
    fake_set_up(r.store, false);
    rooms_store_down(r.rooms);
    rig_settle(&r, c, 2);
    uint64_t acked = c[0].acked_seq;
    assert_int_equal(acked, 1);
    fake_set_up(r.store, true);
    rooms_store_up(r.rooms);
    rig_settle(&r, c, 2);
    assert_int_equal(c[0].acked_seq, 2);
    assert_int_equal(c[0].own, 2);
    assert_string_equal(pl_entry_cstr(pl_doc_entry(c[1].doc, rig_event), PL_F_BODY), "mine");
    rig_check_equal(&r, c, 2);
    rig_finish(&r, c, 2);
}

TEST(room_appends_again_when_an_unknown_append_was_lost)
{
    unknown_outcome(FAKE_UNKNOWN_LOST);
}

TEST(room_finds_an_unknown_append_in_the_log)
{
    unknown_outcome(FAKE_UNKNOWN_KEPT);
}

TEST(room_keeps_the_queue_when_the_disk_is_full)
{
    struct rig r;
    struct conn c[2];

    rig_start_event(&r, c, 2);
    fake_next(r.store, FAKE_FAILED);
    conn_type(&c[0], "a");
    rig_settle(&r, c, 2);
    assert_int_equal(c[0].errors, 1);
    assert_int_equal(c[0].error_code, PL_E_UNAVAILABLE);
    assert_int_equal(c[0].acked_seq, 1);
    rig_wait_for(&r, c, 2, &c[0].own, 2); /* tried again by itself */
    assert_int_equal(c[0].errors, 1);
    rig_check_equal(&r, c, 2);
    rig_finish(&r, c, 2);
}

/* Who is told of trouble opens the review again, and what he had queued goes with his old session:
 * then nothing is left to append, and nothing may tell him of the trouble for ever. */
TEST(room_forgets_trouble_with_the_work_that_met_it)
{
    struct rig r;
    struct conn c[2];

    rig_start_event(&r, c, 2);
    fake_next(r.store, FAKE_FAILED);
    conn_type(&c[0], "a");
    rig_settle(&r, c, 2);
    assert_int_equal(c[0].errors, 1);
    conn_leave(&c[0]);
    rig_settle(&r, c, 2);
    conn_join(&c[0], &r, 1);
    rig_settle(&r, c, 2);
    assert_true(c[0].is_synced);
    assert_int_equal(c[0].errors, 1);
    rig_finish(&r, c, 2);
}

TEST(room_numbers_actions)
{
    struct rig r;
    struct conn c[1];
    const struct pl_eid action = {1, 50};

    rig_start(&r, c, 1);
    struct pl_cs cs = cs_create(action, PL_KIND_ACTION);
    conn_submit(&c[0], &cs);
    rig_settle(&r, c, 1);
    assert_int_equal(pl_entry_int(pl_doc_entry(c[0].doc, action), PL_F_NO, 0), 101);
    rig_finish(&r, c, 1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        UNIT(room_opens_an_empty_review),
        UNIT(room_refuses_who_may_not_see_it),
        UNIT(room_says_when_the_database_is_away),
        UNIT(room_lets_readers_read_and_not_write),
        UNIT(room_survives_members_who_leave_at_any_moment),
        UNIT(room_acknowledges_only_what_is_durable),
        UNIT(room_has_one_append_under_way_and_gathers_the_rest),
        UNIT(room_catches_up_and_locks_first_when_another_process_was_faster),
        UNIT(room_reads_what_others_wrote_after_a_hint_and_without),
        UNIT(room_tells_the_refused_and_keeps_the_others),
        UNIT(room_stores_refusals_and_sends_them_after_the_revisions),
        UNIT(room_appends_again_when_an_unknown_append_was_lost),
        UNIT(room_finds_an_unknown_append_in_the_log),
        UNIT(room_keeps_the_queue_when_the_disk_is_full),
        UNIT(room_forgets_trouble_with_the_work_that_met_it),
        UNIT(room_numbers_actions),
    };
    return RUN(tests);
}
