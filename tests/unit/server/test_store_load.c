// SPDX-License-Identifier: Apache-2.0
/*
 * Reading back: load in pieces, fetch, snapshots, heads, rights, numbers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/doc/schema.h"

#include "store/internal.h"
#include "support/server/store_rig.h"
#include "support/unit.h"

#define REVS   40
#define BIG    100000
#define CLIENT 7

static struct rig rig;
static struct rig_store st;
static struct rig_person ana;
static uint64_t review;

static int setup(void **state)
{
    (void)state;
    static uint8_t big[BIG];
    struct rig_append a;
    rig_open(&rig);
    rig_store_open(&rig, &st, NULL);
    ana = rig_person(&rig);
    review = rig_review(&rig, ana);
    uint32_t epoch = rig_session(&st, review, CLIENT, ana, NULL);
    for (uint64_t i = 1; i < REVS; i++) {
        memset(big, (int)i, sizeof big);
        rig_edit(&a, review, i, ana, CLIENT, epoch, i);
        a.req.body = big;
        a.req.n_body = sizeof big;
        assert_int_equal(rig_append(&st, &a), APPEND_OK);
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_store_close(&rig, &st);
    rig_close(&rig);
    return 0;
}

struct got {
    bool done;
    int rc;
    unsigned parts;
    uint64_t snap_rev, at, head;
    size_t n_snap, bytes, n_batches;
};

static void on_load(void *ctx, int rc, const struct load_part *part, const struct pl_err *e)
{
    struct got *g = ctx;
    assert_false(g->done);
    g->rc = rc;
    assert_true((rc == 0) == (part != NULL) && (rc == 0) == (e == NULL));
    if (!part) {
        g->done = true;
        return;
    }
    g->parts++;
    if (part->snap_rev) {
        g->snap_rev = g->at = part->snap_rev;
        g->n_snap = part->n_snap;
        assert_int_equal(part->snap_hash, UINT64_MAX - 5);
    }
    for (size_t i = 0; i < part->n_batches; i++) {
        const struct log_batch *b = &part->batches[i];
        assert_true(g->at == 0 || b->first_rev <= g->at + 1);
        assert_true(b->n > 0);
        if (b->last_rev > 1)
            assert_int_equal(b->body[b->n - 1], b->last_rev - 1);
        g->at = b->last_rev;
        g->bytes += b->n;
        g->n_batches++;
    }
    g->head = part->head;
    g->done = part->done;
}

static struct got load(uint64_t id, uint64_t max_rev)
{
    struct got g = {0};
    assert_int_equal(repo_load(st.s, id, max_rev, on_load, &g), 0);
    assert_false(g.done);
    rig_until(&rig, &g.done);
    return g;
}

static struct got fetch(uint64_t after, size_t max_bytes)
{
    struct got g = {0};
    assert_int_equal(repo_fetch(st.s, review, after, max_bytes, on_load, &g), 0);
    rig_until(&rig, &g.done);
    return g;
}

static bool answered;
static int answer;

static void on_done(void *ctx, int rc, const struct pl_err *e)
{
    (void)ctx;
    (void)e;
    answered = true;
    answer = rc;
}

static void put(uint64_t rev, const char *text)
{
    char copy[64];
    snprintf(copy, sizeof copy, "%s", text);
    answered = false;
    assert_int_equal(
        repo_snapshot_put(st.s, review, rev, copy, strlen(copy), UINT64_MAX - 5, on_done, NULL), 0);
    memset(copy, 0, sizeof copy); /* the store has its own */
    rig_until(&rig, &answered);
    assert_int_equal(answer, 0);
}

static void load_gives_everything_in_pieces(void **state)
{
    (void)state;
    struct got g = load(review, 0);
    assert_int_equal(g.rc, 0);
    assert_int_equal(g.at, REVS);
    assert_int_equal(g.head, REVS);
    assert_int_equal(g.n_batches, REVS);
    assert_int_equal(g.snap_rev, 0);
    assert_true(g.parts >= 4); /* snapshot (none), then about 1 MiB each */
    assert_int_equal(load(review + 1000, 0).rc, -PL_E_NOENT);
}

static void load_begins_with_newest_snapshot(void **state)
{
    (void)state;
    put(10, "ten");
    put(30, "thirty");
    put(30, "never mind");
    struct got g = load(review, 0);
    assert_int_equal(g.snap_rev, 30);
    assert_int_equal(g.n_snap, 6);
    assert_int_equal(g.at, REVS);
    assert_int_equal(g.n_batches, REVS - 30);
    assert_int_equal(load(review, 29).snap_rev, 10);
    assert_int_equal(load(review, 9).snap_rev, 0);
    put(REVS, "all of it");
    g = load(review, 0);
    assert_int_equal(g.parts, 1);
    assert_int_equal(g.snap_rev, REVS);
    put(REVS + 5, "the future"); /* not taken */
    assert_int_equal(load(review, 0).snap_rev, REVS);
    assert_int_equal(rig_int(&rig, "SELECT count(*) FROM snapshot"), 2); /* old ones go */
    answered = false;
    assert_int_equal(repo_snapshot_drop(st.s, review, REVS, on_done, NULL), 0);
    rig_until(&rig, &answered);
    assert_int_equal(load(review, 0).snap_rev, 30);
}

static void load_reports_a_hole(void **state)
{
    (void)state;
    rig_sql(&rig, "BEGIN");
    rig_sql(&rig, "DELETE FROM snapshot");
    rig_sql(&rig, "CREATE TEMP TABLE keep AS SELECT * FROM rev_batch WHERE last_rev = 20");
    rig_sql(&rig, "DELETE FROM rev_batch WHERE last_rev = 20");
    rig_sql(&rig, "COMMIT");
    struct got g = load(review, 0);
    assert_int_equal(g.rc, -PL_E_STORE);
    assert_true(g.at < 20);
    rig_sql(&rig, "INSERT INTO rev_batch SELECT * FROM keep");
    assert_int_equal(load(review, 0).rc, 0);
}

static void fetch_gives_what_fits(void **state)
{
    (void)state;
    struct got g = fetch(5, 1);
    assert_int_equal(g.n_batches, 1);
    assert_int_equal(g.at, 6);
    g = fetch(5, 350000);
    assert_int_equal(g.n_batches, 4);
    g = fetch(REVS - 2, SIZE_MAX / 4);
    assert_int_equal(g.n_batches, 2);
    assert_int_equal(g.head, REVS);
    g = fetch(REVS, 1000);
    assert_int_equal(g.rc, 0);
    assert_int_equal(g.n_batches, 0);
}

struct heads {
    bool done;
    size_t n;
    uint64_t id, head;
};

static void on_heads(void *ctx, int rc, const uint64_t *ids, const uint64_t *heads, size_t n)
{
    struct heads *h = ctx;
    assert_int_equal(rc, 0);
    h->done = true;
    h->n = n;
    h->id = n ? ids[0] : 0;
    h->head = n ? heads[0] : 0;
}

static void heads_are_those_that_exist(void **state)
{
    (void)state;
    struct heads h = {0};
    uint64_t ids[] = {review + 77, review};
    assert_int_equal(repo_heads(st.s, ids, 2, on_heads, &h), 0);
    rig_until(&rig, &h.done);
    assert_int_equal(h.n, 1);
    assert_int_equal(h.id, review);
    assert_int_equal(h.head, REVS);
    h.done = false;
    assert_int_equal(repo_heads(st.s, NULL, 0, on_heads, &h), 0);
    rig_until(&rig, &h.done);
    assert_int_equal(h.n, 0);
}

static void poll(struct heads *h)
{
    h->done = false;
    assert_int_equal(repo_heads(st.s, &review, 1, on_heads, h), 0);
    rig_until(&rig, &h->done);
}

static void deafen(void)
{
    rig_sql(&rig, "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE query LIKE"
                  " '%%plimsoll_node_beat%%' AND pid <> pg_backend_pid()");
    while (store_is_listening(st.s))
        rig_turn(&rig);
}

/* Nobody hears that somebody was put out while the listening connection is away. */
static void poll_tells_of_changed_rights_while_nobody_listens(void **state)
{
    (void)state;
    struct heads h = {0};
    for (int tries = 0; tries < 20; tries++) {
        deafen();
        unsigned before = st.revocations;
        poll(&h);
        unsigned first = st.revocations;
        poll(&h);
        unsigned same = st.revocations;
        rig_sql(&rig, "UPDATE review SET perm_epoch = perm_epoch + 1 WHERE id = %llu",
                (unsigned long long)review);
        poll(&h);
        bool was_deaf = !store_is_listening(st.s);
        unsigned after = st.revocations;
        while (!store_is_listening(st.s))
            rig_turn(&rig);
        if (!was_deaf)
            continue;
        assert_int_equal(first, before + 1); /* what was known may be old */
        assert_int_equal(same, first);
        assert_int_equal(after, same + 1);
        poll(&h);                                    /* whoever listens needs no poll for it */
        assert_int_equal(st.revocations, after + 1); /* it came back */
        return;
    }
    fail_msg("the listening connection was never away for long enough");
}

struct rights {
    bool done;
    int rc;
    uint32_t role, status, visibility;
};

static void on_rights(void *ctx, int rc, uint32_t role, uint32_t status, uint32_t visibility)
{
    *(struct rights *)ctx = (struct rights){true, rc, role, status, visibility};
}

static struct rights rights_of(uint64_t id, uint64_t user)
{
    struct rights r = {0};
    assert_int_equal(repo_rights(st.s, id, user, on_rights, &r), 0);
    rig_until(&rig, &r.done);
    return r;
}

static void rights_follow_membership(void **state)
{
    (void)state;
    struct rig_person p = rig_person(&rig);
    assert_int_equal(rights_of(review, ana.user).role, PL_ROLE_FACILITATOR);
    assert_int_equal(rights_of(review, ana.user).status, PL_STATUS_PREPARING);
    assert_int_equal(rights_of(review, ana.user).visibility, PL_VISIBILITY_PARTICIPANTS);
    assert_int_equal(rights_of(review, p.user).role, 0);
    rig_member(&rig, review, p, PL_ROLE_RESPONDER);
    assert_int_equal(rights_of(review, p.user).role, PL_ROLE_RESPONDER);
    rig_sql(&rig, "SELECT plimsoll_user_enable(%llu, false, 0)", (unsigned long long)p.user);
    assert_int_equal(rights_of(review, p.user).role, 0);
    assert_int_equal(rights_of(review + 1000, p.user).rc, -PL_E_NOENT);
}

static int64_t number;

static void on_number(void *ctx, int rc, int64_t first, const struct pl_err *e)
{
    (void)ctx;
    (void)e;
    assert_int_equal(rc, 0);
    number = first;
    answered = true;
}

static int64_t numbers(unsigned n)
{
    answered = false;
    assert_int_equal(repo_action_numbers(st.s, n, on_number, NULL), 0);
    rig_until(&rig, &answered);
    return number;
}

static void action_numbers_are_given_once(void **state)
{
    (void)state;
    assert_int_equal(numbers(1), 1);
    assert_int_equal(numbers(3), 2);
    assert_int_equal(numbers(1), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(load_gives_everything_in_pieces),
        cmocka_unit_test(load_begins_with_newest_snapshot),
        cmocka_unit_test(load_reports_a_hole),
        cmocka_unit_test(fetch_gives_what_fits),
        cmocka_unit_test(heads_are_those_that_exist),
        cmocka_unit_test(rights_follow_membership),
        cmocka_unit_test(poll_tells_of_changed_rights_while_nobody_listens),
        cmocka_unit_test(action_numbers_are_given_once),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
