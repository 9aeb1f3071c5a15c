// SPDX-License-Identifier: Apache-2.0
/* room/room.h: catching up, snapshots, slow and hostile members, fences, rights. */
#include "support/fake/room_rig.h"

#include <string.h>

#include "plimsoll/doc/perm.h"
#include "plimsoll/wire/limits.h"

#include "support/unit.h"

#include "support/fake/room_rig.c"
#include "support/fake/store.c"
#include "support/fake/store_log.c"

/* --- catching up ---------------------------------------------------------------------------------
 */

TEST(room_sends_what_a_returning_member_lacks_from_the_ring)
{
    struct rig r;
    struct conn c[2];

    rig_start_event(&r, c, 2);
    conn_leave(&c[1]);
    conn_type_many(&r, c, 1, 30);
    unsigned before = c[1].revs;
    unsigned fetches = fake_counts(r.store).fetches;
    conn_join(&c[1], &r, 2);
    rig_settle(&r, c, 2);
    assert_int_equal(c[1].revs, before + 30);
    assert_int_equal(c[1].chunks, 0);
    assert_int_equal(c[1].opened.epoch, 2);
    assert_int_equal(fake_counts(r.store).fetches, fetches);
    rig_check_equal(&r, c, 2);
    rig_finish(&r, c, 2);
}

TEST(room_sends_old_revisions_from_the_store)
{
    struct rig r;
    struct conn c[3];
    struct rooms_options o = rig_options();

    memset(c, 0, sizeof c);
    o.ring_revs = 10;
    rig_init(&r, &o);
    conn_join(&c[0], &r, 1);
    conn_join(&c[1], &r, 2);
    rig_settle(&r, c, 2);
    struct pl_cs cs = cs_create(rig_event, PL_KIND_EVENT);
    conn_submit(&c[0], &cs);
    rig_settle(&r, c, 2);
    conn_leave(&c[1]);
    conn_type_many(&r, c, 1, 40);
    conn_join(&c[1], &r, 2);
    c[1].is_slow = true;
    rig_settle(&r, c, 2);
    conn_type_many(&r, c, 1, 5);
    c[1].is_slow = false;
    rig_settle(&r, c, 2);
    assert_true(fake_counts(r.store).fetches >= 1);
    assert_int_equal(c[1].chunks, 0);
    rig_check_equal(&r, c, 2);
    /* Who holds nothing gets a snapshot. */
    conn_join(&c[2], &r, 3);
    rig_settle(&r, c, 3);
    assert_true(c[2].opened.snapshot);
    assert_true(c[2].chunks > 0);
    rig_check_equal(&r, c, 3);
    conn_type_many(&r, c, 3, 3);
    rig_check_equal(&r, c, 3);
    rig_finish(&r, c, 3);
}

TEST(room_starts_over_with_who_holds_more_than_the_log)
{
    struct rig r;
    struct conn c[2];

    rig_start_event(&r, c, 1);
    memset(&c[1], 0, sizeof c[1]);
    c[1].rev = 5000; /* commits that were lost */
    conn_join(&c[1], &r, 2);
    rig_settle(&r, c, 2);
    assert_true(c[1].opened.snapshot);
    rig_check_equal(&r, c, 2);
    rig_finish(&r, c, 2);
}

TEST(room_writes_snapshots_and_opens_from_them)
{
    struct rig r;
    struct conn c[1];
    struct rooms_options o = rig_options();

    memset(c, 0, sizeof c);
    o.snapshot_revs = 50;
    rig_init(&r, &o);
    conn_join(&c[0], &r, 1);
    rig_settle(&r, c, 1);
    struct pl_cs cs = cs_create(rig_event, PL_KIND_EVENT);
    conn_submit(&c[0], &cs);
    rig_settle(&r, c, 1);
    conn_type_many(&r, c, 1, 120);
    assert_int_equal(fake_counts(r.store).snapshots, 2);
    conn_leave(&c[0]);
    rig_close_rooms(&r);
    rig_open_rooms(&r, &o);
    uint64_t digest = pl_doc_digest(c[0].doc);
    conn_release(&c[0]);
    memset(c, 0, sizeof c);
    conn_join(&c[0], &r, 1);
    rig_settle(&r, c, 1);
    assert_true(c[0].is_synced);
    assert_true(pl_doc_digest(c[0].doc) == digest);
    assert_int_equal(c[0].opened.last_seq, 121);
    rig_finish(&r, c, 1);
}

static void spoilt_snapshot(bool bytes)
{
    struct rig r;
    struct conn c[1];
    struct rooms_options o = rig_options();

    memset(c, 0, sizeof c);
    o.snapshot_revs = 50;
    rig_init(&r, &o);
    conn_join(&c[0], &r, 1);
    rig_settle(&r, c, 1);
    struct pl_cs cs = cs_create(rig_event, PL_KIND_EVENT);
    conn_submit(&c[0], &cs);
    rig_settle(&r, c, 1);
    conn_type_many(&r, c, 1, 60);
    conn_leave(&c[0]);
    rig_close_rooms(&r);
    fake_spoil_snapshot(r.store, RIG_REVIEW, bytes);
    rig_open_rooms(&r, &o);
    conn_join(&c[0], &r, 1);
    rig_settle(&r, c, 1);
    assert_true(c[0].is_synced);
    assert_int_equal(fake_counts(r.store).snapshots_dropped, 1);
    conn_type_many(&r, c, 1, 1);
    assert_int_equal(c[0].acked_seq, 62);
    rig_finish(&r, c, 1);
}

TEST(room_drops_a_snapshot_that_cannot_be_read)
{
    spoilt_snapshot(true);
}

TEST(room_drops_a_snapshot_whose_hash_differs)
{
    spoilt_snapshot(false);
}

TEST(room_gives_a_snapshot_at_a_resync)
{
    struct rig r;
    struct conn c[2];

    rig_start_event(&r, c, 2);
    conn_type(&c[0], "abc");
    rig_settle(&r, c, 2);
    const struct pl_resync rs = {.rid = 77, .review = RIG_REVIEW, .rev = c[1].rev, .hash = 1};
    member_resync(c[1].m, &rs);
    member_resync(c[1].m, &rs); /* impatient */
    conn_type(&c[1], "late");   /* of the old epoch: never commits */
    rig_settle(&r, c, 2);
    assert_int_equal(c[1].opened.rid, 77);
    assert_int_equal(c[1].opened.epoch, 2);
    assert_true(c[1].opened.snapshot);
    assert_true(c[1].is_synced);
    assert_int_equal(c[1].nacks, 0);
    rig_check_equal(&r, c, 2);
    conn_type(&c[1], "!");
    rig_settle(&r, c, 2);
    assert_int_equal(c[1].acked_seq, c[1].seq);
    rig_finish(&r, c, 2);
}

/* --- slowness, fences, hostility -----------------------------------------------------------------
 */

TEST(room_holds_nothing_for_a_slow_member)
{
    struct rig r;
    struct conn c[2];
    struct rooms_options o = rig_options();
    struct rooms_stats st;
    char text[1001];

    memset(text, 'x', 1000);
    text[1000] = '\0';
    memset(c, 0, sizeof c);
    o.ring_bytes = 64u << 10;
    rig_init(&r, &o);
    conn_join(&c[0], &r, 1);
    conn_join(&c[1], &r, 2);
    rig_settle(&r, c, 2);
    struct pl_cs cs = cs_create(rig_event, PL_KIND_EVENT);
    conn_submit(&c[0], &cs);
    rig_settle(&r, c, 2);
    c[1].is_slow = true;
    for (unsigned i = 0; i < 600; i++) {
        conn_type(&c[0], text);
        rig_settle(&r, c, 2);
    }
    rooms_stats(r.rooms, &st);
    assert_true(st.ring_bytes <= (64u << 10) + 2048);
    assert_true(c[1].wakes < 20); /* woken once, not for every revision */
    c[1].is_slow = false;
    rig_settle(&r, c, 2);
    rig_check_equal(&r, c, 2);
    rig_finish(&r, c, 2);
}

TEST(room_lets_the_older_of_two_members_of_a_client_go)
{
    struct rig r;
    struct conn c[2];

    rig_start_event(&r, c, 1);
    memset(&c[1], 0, sizeof c[1]);
    conn_join_as(&c[1], &r, 1, 101);
    rig_settle(&r, c, 2);
    assert_int_equal(c[0].left, PL_E_FENCED);
    assert_int_equal(c[0].last_rights.code, PL_E_FENCED);
    assert_true(c[1].is_synced);
    c[1].seq = c[1].opened.last_seq;
    conn_type(&c[1], "on");
    rig_settle(&r, c, 2);
    assert_int_equal(c[1].acked_seq, c[1].seq);
    rig_finish(&r, c, 2);
}

TEST(room_survives_hostile_submissions)
{
    struct rig r;
    struct conn c[2];

    rig_start_event(&r, c, 2);
    c[1].is_slow = true;
    for (unsigned i = 0; i < 200 && c[1].m != NULL; i++) {
        struct pl_submit s = {.review = i % 5 == 0 ? 7 : RIG_REVIEW,
                              .epoch = i % 3,
                              .seq = i % 7 == 0 ? UINT64_MAX : i % 4,
                              .base = i % 2 == 0 ? UINT64_MAX : i};
        s.cs = cs_create((struct pl_eid){i % 3, i}, i % 20);
        member_submit(c[1].m, &s);
        if (i % 10 == 0)
            rig_turn(&r, c, 2, false);
    }
    rig_settle(&r, c, 2);
    assert_true(c[1].m == NULL || c[1].nacks + c[1].own > 0 || c[1].is_slow);
    conn_type(&c[0], "fine");
    rig_settle(&r, c, 2);
    assert_int_equal(c[0].acked_seq, 2);
    rig_finish(&r, c, 2);
}

TEST(room_lets_go_whose_access_ended)
{
    struct rig r;
    struct conn c[3];

    rig_start(&r, c, 3);
    fake_role(r.store, 102, 0);
    fake_role(r.store, 103, PL_ROLE_STAKEHOLDER);
    rooms_rights_changed(r.rooms, 0, 0);
    rig_settle(&r, c, 3);
    assert_int_equal(c[0].rights, 0);
    assert_int_equal(c[1].left, PL_E_REVOKED);
    assert_int_equal(c[2].rights, 1);
    assert_int_equal(c[2].last_rights.perms,
                     pl_perm_mask(PL_ROLE_STAKEHOLDER, PL_STATUS_IN_SESSION));
    rig_finish(&r, c, 3);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        UNIT(room_sends_what_a_returning_member_lacks_from_the_ring),
        UNIT(room_sends_old_revisions_from_the_store),
        UNIT(room_starts_over_with_who_holds_more_than_the_log),
        UNIT(room_writes_snapshots_and_opens_from_them),
        UNIT(room_drops_a_snapshot_that_cannot_be_read),
        UNIT(room_drops_a_snapshot_whose_hash_differs),
        UNIT(room_gives_a_snapshot_at_a_resync),
        UNIT(room_holds_nothing_for_a_slow_member),
        UNIT(room_lets_the_older_of_two_members_of_a_client_go),
        UNIT(room_survives_hostile_submissions),
        UNIT(room_lets_go_whose_access_ended),
    };
    return RUN(tests);
}
