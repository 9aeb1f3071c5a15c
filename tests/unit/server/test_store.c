// SPDX-License-Identifier: Apache-2.0
/*
 * The store against a real PostgreSQL: what an append may answer, sessions, loading, snapshots,
 * flushes that are shared, hints between two stores.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/doc/perm.h"
#include "plimsoll/doc/schema.h"

#include "support/server/store_rig.h"
#include "support/unit.h"

static struct rig rig;
static struct rig_store st;

static int setup(void **state)
{
    (void)state;
    rig_open(&rig);
    rig_store_open(&rig, &st, NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_store_close(&rig, &st);
    rig_close(&rig);
    return 0;
}

/* --- append -------------------------------------------------------------------------------------
 */

static void append_is_ok_when_head_fits(void **state)
{
    (void)state;
    struct rig_person p = rig_person(&rig);
    uint64_t review = rig_review(&rig, p);
    uint32_t epoch = rig_session(&st, review, 7, p, NULL);
    struct rig_append a;
    assert_int_equal(epoch, 1);
    for (uint64_t i = 1; i <= 3; i++) {
        rig_edit(&a, review, i, p, 7, epoch, i);
        assert_int_equal(rig_append(&st, &a), APPEND_OK);
        assert_int_equal(a.head, i + 1);
    }
    assert_int_equal(rig_check_log(&rig, review), 4);
    struct rig_session s;
    assert_int_equal(rig_session(&st, review, 7, p, &s), 2);
    assert_int_equal(s.row.last_seq, 3);
    assert_int_equal(s.row.last_rev, 4);
    assert_int_equal(s.row.head, 4);
    assert_int_equal(s.row.role, PL_ROLE_FACILITATOR);
}

static void append_is_behind_when_head_moved(void **state)
{
    (void)state;
    struct rig_person p = rig_person(&rig);
    uint64_t review = rig_review(&rig, p);
    uint32_t epoch = rig_session(&st, review, 7, p, NULL);
    struct rig_append a;
    struct rig_append b;
    rig_edit(&a, review, 1, p, 7, epoch, 1);
    assert_int_equal(rig_append(&st, &a), APPEND_OK);
    for (int lock_first = 0; lock_first < 2; lock_first++) {
        rig_edit(&b, review, 1, p, 7, epoch, 2);
        b.req.lock_first = lock_first;
        assert_int_equal(rig_append(&st, &b), APPEND_BEHIND);
        assert_int_equal(b.head, 2);
        assert_int_equal(b.n_batches, 1);
        assert_int_equal(b.first_rev, 2);
        assert_int_equal(b.last_rev, 2);
        assert_memory_equal(b.body, a.frames[0], RIG_FRAME);
    }
    rig_edit(&b, review, 2, p, 7, epoch, 2);
    b.req.lock_first = true;
    assert_int_equal(rig_append(&st, &b), APPEND_OK);
    assert_int_equal(rig_check_log(&rig, review), 3);
}

static void append_refuses_whole_batch_when_one_author_may_not(void **state)
{
    (void)state;
    struct rig_person p = rig_person(&rig);
    struct rig_person q = rig_person(&rig);
    uint64_t review = rig_review(&rig, p);
    rig_member(&rig, review, q, PL_ROLE_STAKEHOLDER);
    uint32_t ep = rig_session(&st, review, 7, p, NULL);
    uint32_t eq = rig_session(&st, review, 8, q, NULL);
    struct rig_append a;
    struct append_refusal no = {.client = 8, .epoch = eq, .seq = 1, .code = PL_E_PERM, .why = "no"};
    rig_edit(&a, review, 1, p, 7, ep, 1);
    rig_edit_more(&a, q, 8, eq, 1);
    a.req.refusals = &no;
    a.req.n_refusals = 1;
    assert_int_equal(rig_append(&st, &a), APPEND_REFUSED);
    assert_int_equal(a.head, 1);
    assert_int_equal(a.verdict[0], AUTHOR_OK);
    assert_int_equal(a.verdict[1], AUTHOR_PERM);
    assert_int_equal(rig_check_log(&rig, review), 1);
    struct rig_session s;
    rig_session(&st, review, 8, q, &s);
    assert_int_equal(s.row.last_seq, 1);
    assert_int_equal(s.row.last_rev, 0);
    assert_int_equal(s.row.last_code, PL_E_PERM);
    assert_string_equal(s.row.last_why, "no");
    /* a stakeholder may comment */
    rig_edit(&a, review, 1, q, 8, s.row.epoch, 2);
    a.author[0].ops = PL_PERM_BIT(PL_PERM_COMMENT);
    assert_int_equal(rig_append(&st, &a), APPEND_OK);
    /* and nobody may what only the server may */
    rig_edit(&a, review, 2, p, 7, ep, 1);
    a.author[0].ops = PL_PERM_BIT(PL_PERM_SERVER);
    assert_int_equal(rig_append(&st, &a), APPEND_REFUSED);
    assert_int_equal(a.verdict[0], AUTHOR_PERM);
}

static void append_is_refused_when_access_was_taken_away(void **state)
{
    (void)state;
    struct rig_person p = rig_person(&rig);
    struct rig_person q = rig_person(&rig);
    uint64_t review = rig_review(&rig, p);
    struct rig_append a;
    rig_member(&rig, review, q, PL_ROLE_RESPONDER);
    uint32_t epoch = rig_session(&st, review, 8, q, NULL);
    rig_member(&rig, review, q, 0);
    rig_edit(&a, review, 1, q, 8, epoch, 1);
    assert_int_equal(rig_append(&st, &a), APPEND_REFUSED);
    assert_int_equal(a.verdict[0], AUTHOR_REVOKED);
    rig_member(&rig, review, q, PL_ROLE_RESPONDER);
    rig_sql(&rig, "SELECT plimsoll_device_revoke(%llu, 0, 0, 0)", (unsigned long long)q.device);
    assert_int_equal(rig_append(&st, &a), APPEND_REFUSED);
    assert_int_equal(a.verdict[0], AUTHOR_REVOKED);
    struct rig_session s;
    assert_int_equal(rig_session(&st, review, 8, q, &s), 0);
    assert_int_equal(s.rc, -PL_E_REVOKED);
    /* the same for a disabled person, also in whose name the server writes */
    rig_sql(&rig, "SELECT plimsoll_user_enable(%llu, false, 0)", (unsigned long long)p.user);
    rig_edit(&a, review, 1, p, 0, 0, 0);
    assert_int_equal(rig_append(&st, &a), APPEND_REFUSED);
    assert_int_equal(a.verdict[0], AUTHOR_REVOKED);
}

static void append_is_fenced_when_session_was_opened_again(void **state)
{
    (void)state;
    struct rig_person p = rig_person(&rig);
    uint64_t review = rig_review(&rig, p);
    struct rig_append a;
    uint32_t old = rig_session(&st, review, 7, p, NULL);
    uint32_t now = rig_session(&st, review, 7, p, NULL);
    rig_edit(&a, review, 1, p, 7, old, 1);
    assert_int_equal(rig_append(&st, &a), APPEND_REFUSED);
    assert_int_equal(a.verdict[0], AUTHOR_FENCED);
    rig_edit(&a, review, 1, p, 7, now, 1);
    assert_int_equal(rig_append(&st, &a), APPEND_OK);
    rig_edit(&a, review, 2, p, 7, now, 1);
    assert_int_equal(rig_append(&st, &a), APPEND_REFUSED);
    assert_int_equal(a.verdict[0], AUTHOR_DUPLICATE);
    rig_edit(&a, review, 2, p, 99, 1, 1); /* never opened */
    assert_int_equal(rig_append(&st, &a), APPEND_REFUSED);
    assert_int_equal(a.verdict[0], AUTHOR_FENCED);
    assert_int_equal(rig_check_log(&rig, review), 2);
}

static void append_stores_refusals_alone_whatever_the_head(void **state)
{
    (void)state;
    struct rig_person p = rig_person(&rig);
    uint64_t review = rig_review(&rig, p);
    uint32_t epoch = rig_session(&st, review, 7, p, NULL);
    struct rig_append a;
    struct append_refusal no = {
        .client = 7, .epoch = epoch, .seq = 5, .code = PL_E_CYCLE, .why = "under itself"};
    rig_edit(&a, review, 0, p, 7, epoch, 1);
    a.req.n_revs = 0;
    a.req.n_authors = 0;
    a.req.n_body = 0;
    a.req.refusals = &no;
    a.req.n_refusals = 1;
    assert_int_equal(rig_append(&st, &a), APPEND_OK);
    assert_int_equal(a.head, 1);
    struct rig_session s;
    rig_session(&st, review, 7, p, &s);
    assert_int_equal(s.row.last_seq, 5);
    assert_int_equal(s.row.last_code, PL_E_CYCLE);
    assert_int_equal(rig_check_log(&rig, review), 1);
}

static void append_takes_server_revision_and_face(void **state)
{
    (void)state;
    struct rig_person p = rig_person(&rig);
    uint64_t review = rig_review(&rig, p);
    struct append_face face = {.title = "New title",
                               .status = PL_STATUS_IN_SESSION,
                               .stage = 2,
                               .visibility = 2,
                               .severity = 1,
                               .kind = 2};
    struct rig_append a;
    rig_edit(&a, review, 1, p, 0, 0, 0);
    a.author[0].ops = PL_PERM_BIT(PL_PERM_FACILITATE);
    a.req.face = &face;
    assert_int_equal(rig_append(&st, &a), APPEND_OK);
    assert_int_equal(rig_int(&rig,
                             "SELECT (title = 'New title' AND status = 2 AND visibility = 2)::int"
                             " FROM review WHERE id = %llu",
                             (unsigned long long)review),
                     1);
    rig_edit(&a, review, 2, (struct rig_person){0, 0}, 0, 0, 0); /* nobody's */
    a.author[0].ops = 0;
    assert_int_equal(rig_append(&st, &a), APPEND_OK);
    assert_int_equal(rig_check_log(&rig, review), 3);
    /* visible to the organisation: others may read, not write */
    struct rig_person q = rig_person(&rig);
    struct rig_session s;
    assert_int_equal(rig_session(&st, review, 9, q, &s), 1);
    assert_int_equal(s.row.role, 0);
    rig_edit(&a, review, 3, q, 9, 1, 1);
    assert_int_equal(rig_append(&st, &a), APPEND_REFUSED);
    assert_int_equal(a.verdict[0], AUTHOR_PERM);
}

static void append_fails_when_there_is_no_such_review(void **state)
{
    (void)state;
    struct rig_person p = rig_person(&rig);
    struct rig_append a;
    struct pl_err e;
    rig_edit(&a, 999999, 1, p, 7, 1, 1);
    assert_int_equal(rig_append(&st, &a), APPEND_FAILED);
    assert_int_equal(a.err, PL_E_NOENT);
    a.author[0].rev_offset = 1;
    assert_int_equal(repo_append(st.s, &a.req, &e), -PL_E_INVALID);
}

static void append_shares_flush_when_reviews_are_many(void **state)
{
    (void)state;
    enum { REVIEWS = 40 };
    static struct rig_append a[REVIEWS];
    struct rig_person p = rig_person(&rig);
    struct store_stats before;
    struct store_stats after;
    unsigned count = 0;
    uint64_t id[REVIEWS];
    for (int i = 0; i < REVIEWS; i++) {
        id[i] = rig_review(&rig, p);
        (void)rig_session(&st, id[i], 7, p, NULL);
    }
    store_stats(st.s, &before);
    for (int i = REVIEWS - 1; i >= 0; i--) { /* the store puts them in order */
        rig_edit(&a[i], id[i], 1, p, 7, 1, 1);
        a[i].count = &count;
        rig_append_start(&st, &a[i]);
    }
    rig_until_count(&rig, &count, REVIEWS);
    store_stats(st.s, &after);
    assert_int_equal(after.units - before.units, 2); /* one per writer */
    assert_int_equal(after.appends - before.appends, REVIEWS);
    for (int i = 0; i < REVIEWS; i++) {
        assert_int_equal(a[i].outcome, APPEND_OK);
        assert_int_equal(rig_check_log(&rig, id[i]), 2);
    }
}

static void append_spares_the_others_when_one_of_the_flush_fails(void **state)
{
    (void)state;
    enum { N = 6 };
    struct rig_append a[N];
    struct rig_person p = rig_person(&rig);
    unsigned count = 0;
    uint64_t id[N];
    for (int i = 0; i < N; i++) {
        id[i] = rig_review(&rig, p);
        (void)rig_session(&st, id[i], 7, p, NULL);
    }
    for (int i = 0; i < N; i++) {
        rig_edit(&a[i], id[i], 1, p, 7, 1, 1);
        a[i].count = &count;
        if (i == 2)
            a[i].author[0].seq = UINT64_MAX; /* fine */
    }
    struct append_face bad = {.title = "x",
                              .status = 77}; /* breaks a CHECK: an error, not a result */
    a[3].req.face = &bad;
    for (int i = 0; i < N; i++)
        rig_append_start(&st, &a[i]);
    rig_until_count(&rig, &count, N);
    for (int i = 0; i < N; i++) {
        assert_int_equal(a[i].outcome, i == 3   ? APPEND_FAILED
                                       : i == 2 ? APPEND_REFUSED /* -1 is not above 0 */
                                                : APPEND_OK);
        assert_int_equal(rig_check_log(&rig, id[i]), i == 2 || i == 3 ? 1 : 2);
    }
    assert_int_equal(a[3].err, PL_E_STORE);
}

static void append_fails_alone_when_lock_is_held_too_long(void **state)
{
    (void)state;
    struct rig_person p = rig_person(&rig);
    uint64_t review = rig_review(&rig, p);
    uint64_t other = rig_review(&rig, p); /* the next id: another writer */
    struct rig_append a;
    struct rig_append b;
    (void)rig_session(&st, review, 7, p, NULL);
    (void)rig_session(&st, other, 7, p, NULL);
    rig_sql(&rig, "BEGIN");
    rig_sql(&rig, "SELECT 1 FROM review WHERE id = %llu FOR UPDATE", (unsigned long long)review);
    rig_edit(&a, review, 1, p, 7, 1, 1);
    rig_append_start(&st, &a);
    rig_edit(&b, other, 1, p, 7, 1, 1);
    assert_int_equal(rig_append(&st, &b), APPEND_OK);
    assert_false(a.done);
    rig_until(&rig, &a.done);
    assert_int_equal(a.outcome, APPEND_FAILED);
    rig_sql(&rig, "ROLLBACK");
    assert_int_equal(rig_append(&st, &a), APPEND_OK);
}

/* --- sessions -----------------------------------------------------------------------------------
 */

static void session_is_refused_when_client_is_another_device(void **state)
{
    (void)state;
    struct rig_person p = rig_person(&rig);
    struct rig_person q = rig_person(&rig);
    uint64_t review = rig_review(&rig, p);
    struct rig_session s;
    (void)rig_session(&st, review, 7, p, NULL);
    rig_session(&st, review, 9, q, &s);
    assert_int_equal(s.rc, -PL_E_PERM);
    rig_member(&rig, review, q, PL_ROLE_RESPONDER);
    rig_session(&st, review, 7, q, &s);
    assert_int_equal(s.rc, -PL_E_AUTH);
    rig_session(&st, review + 1000, 7, p, &s);
    assert_int_equal(s.rc, -PL_E_NOENT);
    assert_int_equal(rig_session(&st, review, 0, p, &s), 0);
    assert_int_equal(s.rc, 0);
    assert_int_equal(s.row.head, 1);
    assert_int_equal(rig_session(&st, review, UINT64_MAX, q, &s), 1); /* any 64 bits */
}

/* --- hints --------------------------------------------------------------------------------------
 */

static void hint_reaches_the_other_store(void **state)
{
    (void)state;
    struct rig_store two;
    struct rig_person p = rig_person(&rig);
    uint64_t review = rig_review(&rig, p);
    rig_store_open(&rig, &two, NULL);
    unsigned mine = st.hints;
    while (two.hints == 0) { /* lost until the first store knows of the second */
        repo_hint(st.s, review, 41);
        repo_hint(st.s, review, 42);
        uv_run(&rig.loop, UV_RUN_ONCE);
    }
    assert_int_equal(two.hint_review, review);
    assert_int_equal(two.hint_head, 42);
    assert_int_equal(st.hints, mine);
    unsigned before = st.revocations;
    rig_sql(&rig, "SELECT plimsoll_device_revoke(%llu, 0, 0, 0)", (unsigned long long)p.device);
    rig_until_count(&rig, &two.revocations, 1);
    assert_int_equal(two.revoked_device, p.device);
    assert_int_equal(two.revoked_user, p.user);
    rig_until_count(&rig, &st.revocations, before + 1);
    rig_store_close(&rig, &two);
}

static void session_of_a_device_is_dropped_when_there_are_64_newer(void **state)
{
    (void)state;
    struct rig_person p = rig_person(&rig);
    uint64_t review = rig_review(&rig, p);
    unsigned long long r = review;
    for (uint64_t client = 1; client <= 65; client++)
        assert_int_equal(rig_session(&st, review, client, p, NULL), 1);
    assert_int_equal(rig_int(&rig, "SELECT count(*)::int FROM session WHERE review = %llu", r), 64);
    assert_int_equal(rig_int(&rig, "SELECT min(client)::int FROM session WHERE review = %llu", r),
                     2);
    assert_int_equal(rig_session(&st, review, 65, p, NULL), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(append_is_ok_when_head_fits),
        cmocka_unit_test(append_is_behind_when_head_moved),
        cmocka_unit_test(append_refuses_whole_batch_when_one_author_may_not),
        cmocka_unit_test(append_is_refused_when_access_was_taken_away),
        cmocka_unit_test(append_is_fenced_when_session_was_opened_again),
        cmocka_unit_test(append_stores_refusals_alone_whatever_the_head),
        cmocka_unit_test(append_takes_server_revision_and_face),
        cmocka_unit_test(append_fails_when_there_is_no_such_review),
        cmocka_unit_test(append_shares_flush_when_reviews_are_many),
        cmocka_unit_test(append_spares_the_others_when_one_of_the_flush_fails),
        cmocka_unit_test(append_fails_alone_when_lock_is_held_too_long),
        cmocka_unit_test(session_is_refused_when_client_is_another_device),
        cmocka_unit_test(session_of_a_device_is_dropped_when_there_are_64_newer),
        cmocka_unit_test(hint_reaches_the_other_store),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
