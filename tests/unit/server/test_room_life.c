// SPDX-License-Identifier: Apache-2.0
/* room/room.h: revisions that the server makes, presence, the end, two processes. */
#include "support/fake/room_rig.h"

#include <string.h>

#include "plimsoll/doc/perm.h"
#include "plimsoll/wire/limits.h"

#include "support/unit.h"

#include "support/fake/room_rig.c"
#include "support/fake/store.c"
#include "support/fake/store_log.c"

/* --- server-made revisions -----------------------------------------------------------------------
 */

struct heard {
    unsigned n;
    int rc;
    uint64_t rev;
};

static void on_server_rev(void *ctx, int rc, uint64_t rev, const struct pl_err *e)
{
    struct heard *h = ctx;

    assert_true((rc == 0) == (e == NULL));
    h->n++;
    h->rc = rc;
    h->rev = rev;
}

static const struct rooms_act act = {.review = RIG_REVIEW, .user = 101, .device = 1};
static const struct rooms_act nowhere = {.review = 999, .user = 101, .device = 1};

static struct pl_cs set_status(int64_t status)
{
    struct pl_cs cs;
    struct pl_value v = pl_value_int(status);

    pl_cs_init(&cs);
    pl_cs_reg(&cs, PL_EID_ROOT, PL_F_REVIEW_STATUS, &v);
    return cs;
}

TEST(room_makes_revisions_for_the_server)
{
    struct rig r;
    struct conn c[1];
    struct heard h = {0};
    const struct rooms_options o = rig_options();

    memset(c, 0, sizeof c);
    rig_init(&r, &o);
    struct pl_cs cs = set_status(PL_STATUS_IN_SESSION); /* nobody has it open */
    rooms_server_rev(r.rooms, &act, &cs, on_server_rev, &h);
    assert_int_equal(h.n, 0);
    rig_settle(&r, c, 1);
    assert_int_equal(h.n, 1);
    assert_int_equal(h.rc, 0);
    assert_int_equal(h.rev, 1);
    rig_finish(&r, c, 0);
}

TEST(room_tells_everyone_when_the_status_changes)
{
    struct rig r;
    struct conn c[2];
    struct heard h = {0};

    rig_start(&r, c, 2);
    struct pl_cs cs = set_status(PL_STATUS_CLOSED);
    rooms_server_rev(r.rooms, &act, &cs, on_server_rev, &h);
    rig_settle(&r, c, 2);
    assert_int_equal(h.rc, 0);
    assert_int_equal(c[1].rights, 1);
    assert_int_equal(c[1].last_rights.status, PL_STATUS_CLOSED);
    assert_int_equal(c[1].last_rights.perms, pl_perm_mask(PL_ROLE_FACILITATOR, PL_STATUS_CLOSED));
    cs = set_status(9999);
    rooms_server_rev(r.rooms, &act, &cs, on_server_rev, &h);
    rig_settle(&r, c, 2);
    assert_int_equal(h.n, 2);
    assert_true(h.rc < 0);
    cs = set_status(PL_STATUS_TRACKING);
    rooms_server_rev(r.rooms, &nowhere, &cs, on_server_rev, &h); /* no such review */
    rig_settle(&r, c, 2);
    assert_int_equal(h.n, 3);
    assert_int_equal(h.rc, -PL_E_NOENT);
    rig_finish(&r, c, 2);
}

/* --- presence ------------------------------------------------------------------------------------
 */

TEST(room_coalesces_presence_and_spares_who_lags)
{
    struct rig r;
    struct conn c[3];

    rig_start_event(&r, c, 3);
    rig_wait_for(&r, c, 3, &c[1].peers, 2);
    unsigned before = c[1].peers;
    c[2].is_slow = true;
    for (uint32_t i = 0; i < 100; i++) {
        const struct pl_presence p = {
            .review = RIG_REVIEW, .rev = c[0].rev, .state = PL_PRESENT_TYPING, .stage = i};
        member_presence(c[0].m, &p);
        rig_turn(&r, c, 3, false);
    }
    rig_wait_for(&r, c, 3, &c[1].peers, before + 1);
    assert_int_equal(c[1].peers, before + 1);
    assert_int_equal(c[1].peer.stage, 99);
    assert_int_equal(c[1].peer.client, 1);
    const struct pl_presence bad = {.review = RIG_REVIEW, .state = 99};
    member_presence(c[0].m, &bad);
    conn_leave(&c[0]);
    rig_wait_for(&r, c, 3, &c[1].gone, 1);
    assert_int_equal(c[1].peer.client, 1);
    rig_finish(&r, c, 3);
}

struct counted {
    unsigned n;
};

static void on_here(void *ctx, uint64_t user)
{
    struct counted *x = ctx;

    assert_true(user > 100);
    x->n++;
}

TEST(room_knows_who_is_here)
{
    struct rig r;
    struct conn c[3];
    struct counted x = {0};

    rig_start(&r, c, 3);
    rooms_here(r.rooms, RIG_REVIEW, on_here, &x);
    assert_int_equal(x.n, 3);
    rooms_here(r.rooms, 12345, on_here, &x);
    assert_int_equal(x.n, 3);
    rig_finish(&r, c, 3);
}

/* --- the end -------------------------------------------------------------------------------------
 */

TEST(room_closes_when_it_is_idle)
{
    struct rig r;
    struct conn c[1];
    struct rooms_options o = rig_options();
    struct rooms_stats st;

    memset(c, 0, sizeof c);
    o.idle_close_ms = 300;
    rig_init(&r, &o);
    conn_join(&c[0], &r, 1);
    rig_settle(&r, c, 1);
    struct pl_cs cs = cs_create(rig_event, PL_KIND_EVENT);
    conn_submit(&c[0], &cs);
    rig_settle(&r, c, 1);
    conn_type_many(&r, c, 1, 60);
    conn_leave(&c[0]);
    assert_int_equal(fake_counts(r.store).snapshots, 1); /* the tail was worth one */
    for (unsigned i = 0; i < 200; i++) {
        rooms_stats(r.rooms, &st);
        if (st.rooms == 0)
            break;
        rig_turn(&r, c, 1, true);
    }
    assert_int_equal(st.rooms, 0);
    assert_true(st.committed >= 61);
    conn_join(&c[0], &r, 1);
    rig_settle(&r, c, 1);
    assert_true(c[0].is_synced);
    rig_finish(&r, c, 1);
}

TEST(room_drains_before_it_closes)
{
    struct rig r;
    struct conn c[2];

    rig_start_event(&r, c, 2);
    fake_hold(r.store, true);
    conn_type(&c[0], "a");
    rig_turn(&r, c, 2, false);
    conn_type(&c[1], "b"); /* queued behind it */
    rooms_close(r.rooms, rig_on_flag, &r.closed);
    conn_type(&c[0], "c"); /* too late */
    rig_turn(&r, c, 2, false);
    assert_false(r.closed);
    fake_hold(r.store, false);
    rig_settle(&r, c, 2);
    assert_true(r.closed);
    assert_int_equal(c[0].acked_seq, 2);
    assert_int_equal(c[0].nack.code, PL_E_GOING_AWAY);
    assert_int_equal(c[1].acked_seq, 1);
    rig_check_equal(&r, c, 2);
    rig_finish(&r, c, 2);
}

TEST(room_ends_while_an_append_is_under_way)
{
    struct rig r;
    struct conn c[2];

    rig_start_event(&r, c, 2);
    fake_hold(r.store, true);
    conn_type(&c[0], "a");
    rig_turn(&r, c, 2, false);
    conn_leave(&c[0]);
    conn_leave(&c[1]);
    rooms_free(r.rooms, rig_on_flag, &r.freed);
    for (unsigned i = 0; i < 5; i++)
        rig_turn(&r, c, 2, false);
    assert_false(r.freed);
    fake_hold(r.store, false);
    while (!r.freed)
        rig_turn(&r, c, 2, true);
    r.rooms = NULL;
    rig_finish(&r, c, 2);
}

TEST(room_serves_one_review_from_two_processes)
{
    struct rig r;
    struct conn a[1];
    struct conn b[1];
    const struct rooms_options o = rig_options();

    rig_start_event(&r, a, 1);
    struct rooms *first_rooms = r.rooms;
    memset(b, 0, sizeof b);
    rig_open_rooms(&r, &o);
    conn_join(b, &r, 2);
    rig_settle(&r, b, 1);
    for (unsigned i = 0; i < 30; i++) {
        conn_type(a, "a");
        conn_type(b, "b");
        for (unsigned k = 0; k < 12; k++) {
            rig_turn(&r, a, 1, false);
            rig_turn(&r, b, 1, false);
        }
        uint64_t head = fake_head(r.store, RIG_REVIEW);
        rooms_hint(first_rooms, RIG_REVIEW, head);
        rooms_hint(r.rooms, RIG_REVIEW, head);
        for (unsigned k = 0; k < 12; k++) {
            rig_turn(&r, a, 1, false);
            rig_turn(&r, b, 1, false);
        }
        assert_int_equal(a[0].acked_seq, a[0].seq);
        assert_int_equal(b[0].acked_seq, b[0].seq);
    }
    assert_true(fake_counts(r.store).behind > 0);
    assert_int_equal(a[0].rev, b[0].rev);
    assert_true(pl_doc_digest(a[0].doc) == pl_doc_digest(b[0].doc));
    conn_release(a);
    conn_release(b);
    rig_close_rooms(&r);
    r.rooms = first_rooms;
    r.freed = false;
    rig_end(&r);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        UNIT(room_makes_revisions_for_the_server),
        UNIT(room_tells_everyone_when_the_status_changes),
        UNIT(room_coalesces_presence_and_spares_who_lags),
        UNIT(room_knows_who_is_here),
        UNIT(room_closes_when_it_is_idle),
        UNIT(room_drains_before_it_closes),
        UNIT(room_ends_while_an_append_is_under_way),
        UNIT(room_serves_one_review_from_two_processes),
    };
    return RUN(tests);
}
