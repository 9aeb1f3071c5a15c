// SPDX-License-Identifier: Apache-2.0
/*
 * Two server processes on one database, and rights that change while an edit is under way.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/doc/schema.h"

#include "support/server/store_rig.h"
#include "support/unit.h"

#define APPENDS       2000
#define INTERLEAVINGS 200
#define CLIENT_SLOW   41

static struct rig rig;
static struct rig_store st;
static struct rig_person ana;

static int setup(void **state)
{
    (void)state;
    rig_open(&rig);
    /* order, not durability, is the question here; without waiting for the disk it races harder */
    rig_sql(&rig, "ALTER SYSTEM SET synchronous_commit = off");
    rig_sql(&rig, "SELECT pg_reload_conf()");
    rig_store_open(&rig, &st, NULL);
    ana = rig_person(&rig);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_store_close(&rig, &st);
    rig_close(&rig);
    return 0;
}

/* A server process with its own idea of the head: appends again and again, catches up when behind.
 */
struct node {
    struct rig_store *st;
    uint64_t review, client;
    uint64_t head, seq;
    unsigned wins, losses, worst, in_a_row;
    struct rig_append a;
};

static void node_send(struct node *n, bool lock_first)
{
    rig_edit(&n->a, n->review, n->head, ana, n->client, 1, n->seq);
    n->a.req.lock_first = lock_first;
    rig_append_start(n->st, &n->a);
}

static void node_take(struct node *n)
{
    if (n->a.outcome == APPEND_BEHIND) {
        assert_int_equal(n->a.first_rev, n->head + 1);
        n->head = n->a.last_rev;
        n->losses++;
        n->in_a_row++;
        if (n->in_a_row > n->worst)
            n->worst = n->in_a_row;
        node_send(n, true);
        return;
    }
    assert_int_equal(n->a.outcome, APPEND_OK);
    n->head = n->a.head;
    n->wins++;
    n->in_a_row = 0;
    n->seq++;
    node_send(n, false);
}

static void two_stores_lose_nothing_when_they_race(void **state)
{
    (void)state;
    struct rig_store two;
    static struct node n[2];
    uint64_t review = rig_review(&rig, ana);
    rig_store_open(&rig, &two, NULL);
    for (int i = 0; i < 2; i++) {
        n[i] = (struct node){.st = i ? &two : &st, .review = review, .head = 1, .seq = 1};
        n[i].client = (uint64_t)(100 + i);
        assert_int_equal(rig_session(n[i].st, review, n[i].client, ana, NULL), 1);
        node_send(&n[i], false);
    }
    while (n[0].wins + n[1].wins < APPENDS) {
        uv_run(&rig.loop, UV_RUN_ONCE);
        for (int i = 0; i < 2; i++) {
            if (n[i].a.done)
                node_take(&n[i]);
        }
    }
    for (int i = 0; i < 2; i++) {
        rig_until(&rig, &n[i].a.done);
        n[i].wins += n[i].a.outcome == APPEND_OK;
    }
    uint64_t head = rig_check_log(&rig, review);
    assert_int_equal(head, 1 + n[0].wins + n[1].wins);
    for (int i = 0; i < 2; i++) {
        assert_true(n[i].wins > 0);
        /* lost, then behind with the turn, then it cannot lose */
        assert_true(n[i].worst <= 2);
        assert_int_equal(
            rig_int(&rig, "SELECT last_seq FROM session WHERE review = %llu AND client = %llu",
                    (unsigned long long)review, (unsigned long long)n[i].client),
            n[i].wins);
        printf("# node %d: %u appends, %u lost races, at most %u in a row\n", i, n[i].wins,
               n[i].losses, n[i].worst);
    }
    /* each (client, seq) once */
    assert_int_equal(rig_int(&rig, "SELECT count(DISTINCT body) FROM rev_batch WHERE review = %llu",
                             (unsigned long long)review),
                     head);
    rig_store_close(&rig, &two);
}

/* A server process that took the turn and has nothing more to append does not stop the others. */
static void turn_is_given_back_when_nobody_comes(void **state)
{
    (void)state;
    struct rig_store two;
    struct rig_append a;
    struct rig_append b;
    uint64_t review = rig_review(&rig, ana);
    rig_store_open(&rig, &two, NULL);
    (void)rig_session(&st, review, 7, ana, NULL);
    rig_edit(&a, review, 0, ana, 7, 1, 1);
    a.req.lock_first = true;
    assert_int_equal(rig_append(&st, &a), APPEND_BEHIND);
    rig_edit(&b, review, 1, ana, 7, 1, 1);
    rig_append_start(&two, &b); /* waits for the turn, then gets it */
    rig_until(&rig, &b.done);
    assert_int_equal(b.outcome, APPEND_OK);
    assert_int_equal(rig_int(&rig, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"), 0);
    /* a failing append gives it back as well */
    struct append_face bad = {.title = "x", .status = 77};
    rig_edit(&a, review, 2, ana, 7, 1, 2);
    a.req.lock_first = true;
    a.req.face = &bad;
    assert_int_equal(rig_append(&st, &a), APPEND_FAILED);
    rig_edit(&b, review, 2, ana, 7, 1, 2);
    assert_int_equal(rig_append(&two, &b), APPEND_OK);
    rig_store_close(&rig, &two);
}

/* Waits, on r->sql, until a call of this function hangs on a lock. */
static void until_call_waits(const char *function)
{
    while (rig_int(&rig,
                   "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                   " AND query LIKE '%%%s%%'",
                   function) == 0)
        rig_turn(&rig);
}

static void until_waiting(void)
{
    until_call_waits("plimsoll_append");
}

static void append_sees_rights_as_of_its_lock(void **state)
{
    (void)state;
    struct rig_person q = rig_person(&rig);
    uint64_t review = rig_review(&rig, ana);
    struct rig_append a;
    char sql[128];
    rig_member(&rig, review, q, PL_ROLE_RESPONDER);
    uint32_t epoch = rig_session(&st, review, 8, q, NULL);
    PGconn *c = rig_connect(&rig);
    snprintf(sql, sizeof sql, "BEGIN; SELECT plimsoll_member_set(%llu, 0, 0, 0, 'p%u', 0, 0)",
             (unsigned long long)review, rig.names);
    PQclear(PQexec(c, sql));
    rig_edit(&a, review, 1, q, 8, epoch, 1);
    rig_append_start(&st, &a);
    until_waiting();
    PQclear(PQexec(c, "COMMIT"));
    rig_until(&rig, &a.done);
    assert_int_equal(a.outcome, APPEND_REFUSED);
    assert_int_equal(a.verdict[0], AUTHOR_REVOKED);
    /* the same for a session that is opened meanwhile */
    epoch = rig_session(&st, review, 7, ana, NULL);
    snprintf(sql, sizeof sql, "BEGIN; SELECT plimsoll_session_open(%llu, 7, %llu, %llu)",
             (unsigned long long)review, (unsigned long long)ana.user,
             (unsigned long long)ana.device);
    PQclear(PQexec(c, sql));
    rig_edit(&a, review, 1, ana, 7, epoch, 1);
    rig_append_start(&st, &a);
    until_waiting();
    PQclear(PQexec(c, "COMMIT"));
    rig_until(&rig, &a.done);
    assert_int_equal(a.outcome, APPEND_REFUSED);
    assert_int_equal(a.verdict[0], AUTHOR_FENCED);
    /* and for a device that is revoked */
    snprintf(sql, sizeof sql, "BEGIN; SELECT plimsoll_device_revoke(%llu, 0, 0, 0)",
             (unsigned long long)ana.device);
    PQclear(PQexec(c, sql));
    rig_edit(&a, review, 1, ana, 7, epoch + 1, 1);
    rig_append_start(&st, &a);
    until_waiting();
    PQclear(PQexec(c, "COMMIT"));
    rig_until(&rig, &a.done);
    assert_int_equal(a.verdict[0], AUTHOR_REVOKED);
    PQfinish(c);
    ana = rig_person(&rig);
}

/* Removal and edit at the same time, in any order that comes: in the chain of the review no edit of
 * a person stands behind the end of his participation. */
static void no_edit_follows_the_end_of_participation(void **state)
{
    (void)state;
    struct rig_person q = rig_person(&rig);
    unsigned name = rig.names;
    uint64_t review = rig_review(&rig, ana);
    uint64_t head = 1;
    uint64_t seq = 1;
    unsigned ok = 0;
    PGconn *c = rig_connect(&rig);
    char sql[128];
    for (int i = 0; i < INTERLEAVINGS; i++) {
        struct rig_append a;
        rig_member(&rig, review, q, PL_ROLE_RESPONDER);
        uint32_t epoch = rig_session(&st, review, 8, q, NULL);
        snprintf(sql, sizeof sql, "SELECT plimsoll_member_set(%llu, 0, 0, 0, 'p%u', 0, 0)",
                 (unsigned long long)review, name);
        rig_edit(&a, review, head, q, 8, epoch, seq);
        if (i % 2)
            assert_int_equal(PQsendQuery(c, sql), 1);
        rig_append_start(&st, &a);
        rig_turn(&rig);
        if (i % 2 == 0)
            assert_int_equal(PQsendQuery(c, sql), 1);
        rig_until(&rig, &a.done);
        for (PGresult *res = PQgetResult(c); res; res = PQgetResult(c))
            PQclear(res);
        if (a.outcome == APPEND_OK) {
            head = a.head;
            seq++;
            ok++;
        } else {
            assert_int_equal(a.outcome, APPEND_REFUSED);
            assert_int_equal(a.verdict[0], AUTHOR_REVOKED);
        }
    }
    printf("# %u of %d edits came first\n", ok, INTERLEAVINGS);
    /* walk the chain: kind 0203 carries user and role in its first two fields */
    assert_int_equal(
        rig_int(&rig,
                "WITH e AS (SELECT rseq, kind, actor, substr(leaf, 139, 8) AS who,"
                " substr(leaf, 151, 2) AS role FROM audit_event WHERE review = %llu)"
                " SELECT count(*) FROM e JOIN LATERAL (SELECT m.role FROM e m WHERE m.kind = 515"
                " AND m.who = int8send(%llu) AND m.rseq < e.rseq ORDER BY m.rseq DESC LIMIT 1) m"
                " ON true WHERE e.kind = 769 AND e.actor = %llu AND m.role = '\\x0000'",
                (unsigned long long)review, (unsigned long long)q.user, (unsigned long long)q.user),
        0);
    assert_int_equal(rig_check_log(&rig, review), head);
    PQfinish(c);
}

/* Whoever changes people and participants locks reviews first, then the organisation: one that
 * waits for a review must hold nothing that others need. */
static void recovery_into_a_review_locks_it_before_the_organisation(void **state)
{
    (void)state;
    struct rig_person q = rig_person(&rig);
    uint64_t review = rig_review(&rig, ana);
    PGconn *c = rig_connect(&rig);
    PGconn *holder = rig_connect(&rig);
    char sql[128];
    rig_sql(&rig,
            "SELECT plimsoll_invite_add(sha256('recover'), 3, %llu, %llu, 2, now_us() + 60000000,"
            " 0, 0, 0, 100)",
            (unsigned long long)q.user, (unsigned long long)review);
    (void)snprintf(sql, sizeof sql, "BEGIN; SELECT 1 FROM review WHERE id = %llu FOR NO KEY UPDATE",
                   (unsigned long long)review);
    PQclear(PQexec(holder, sql));
    assert_int_equal(PQsendQuery(c, "SELECT code FROM plimsoll_redeem_invite(sha256('recover'),"
                                    " sha256('key'), 'new', now_us() + 90000000, 0, 20)"),
                     1);
    until_call_waits("plimsoll_redeem");
    rig_sql(&rig, "SELECT 1 FROM stream WHERE id = 0 FOR NO KEY UPDATE NOWAIT");
    PQclear(PQexec(holder, "COMMIT"));
    PGresult *res = PQgetResult(c);
    assert_string_equal(PQgetvalue(res, 0, 0), "0");
    PQclear(res);
    assert_null(PQgetResult(c));
    PQfinish(c);
    PQfinish(holder);
}

/* Somebody holds the review's row for longer than a statement may wait. That is no judgement on the
 * one who asked: he is told to try again, and the same question is answered when the row is free.
 */
static void waiting_too_long_for_a_lock_is_not_a_refusal(void **state)
{
    (void)state;
    struct rig_session s;
    struct rig_append a;
    char sql[96];
    uint64_t review = rig_review(&rig, ana);
    uint32_t epoch = rig_session(&st, review, CLIENT_SLOW, ana, NULL);
    PGconn *c = rig_connect(&rig);

    (void)snprintf(sql, sizeof sql, "BEGIN; SELECT 1 FROM review WHERE id = %llu FOR UPDATE",
                   (unsigned long long)review);
    PQclear(PQexec(c, sql));
    assert_int_equal(rig_session(&st, review, CLIENT_SLOW, ana, &s), 0);
    assert_int_equal(s.rc, -PL_E_UNAVAILABLE);
    rig_edit(&a, review, 1, ana, CLIENT_SLOW, epoch, 1);
    assert_int_equal(rig_append(&st, &a), APPEND_FAILED); /* not unknown: it was rolled back */
    PQfinish(c);
    assert_int_equal(rig_append(&st, &a), APPEND_OK);
    assert_int_not_equal(rig_session(&st, review, CLIENT_SLOW, ana, &s), 0);
    assert_int_equal(rig_check_log(&rig, review), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(append_sees_rights_as_of_its_lock),
        cmocka_unit_test(no_edit_follows_the_end_of_participation),
        cmocka_unit_test(recovery_into_a_review_locks_it_before_the_organisation),
        cmocka_unit_test(turn_is_given_back_when_nobody_comes),
        cmocka_unit_test(two_stores_lose_nothing_when_they_race),
        cmocka_unit_test(waiting_too_long_for_a_lock_is_not_a_refusal),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
