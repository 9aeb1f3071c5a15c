// SPDX-License-Identifier: Apache-2.0
/*
 * What is lost when the database goes away: a backend killed, the postmaster killed, a backend that
 * stands still. Nothing acknowledged may be missing, nothing may be there twice, and the store
 * comes back by itself. An append is caught in the act by holding the lock of its review.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"

#include "support/server/store_rig.h"
#include "support/unit.h"

#define CLIENT 7

static const struct store_options quick = {.writers = 2, .readers = 1, .deadline_ms = 700};

static struct rig rig;
static struct rig_store st;
static struct rig_person ana;

static int setup(void **state)
{
    (void)state;
    rig_open(&rig);
    rig_store_open(&rig, &st, &quick);
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

/* Holds the review's lock on a connection of its own and waits until the append hangs on it. */
static PGconn *catch_append(uint64_t review, struct rig_append *a, int64_t *pid)
{
    char sql[96];
    PGconn *c = rig_connect(&rig);
    snprintf(sql, sizeof sql, "BEGIN; SELECT 1 FROM review WHERE id = %llu FOR UPDATE",
             (unsigned long long)review);
    PQclear(PQexec(c, sql));
    rig_append_start(&st, a);
    do {
        rig_turn(&rig);
        *pid =
            rig_int(&rig, "SELECT coalesce(max(pid), 0) FROM pg_stat_activity"
                          " WHERE wait_event_type = 'Lock' AND query LIKE '%%plimsoll_append%%'");
    } while (*pid == 0);
    return c;
}

/* The same edit again, as after a resume: whatever became of it, it is in the log once. */
static void settle(struct rig_append *a, uint64_t review)
{
    struct rig_session s;
    uint64_t seq = a->author[0].seq;
    uint32_t epoch = rig_session(&st, review, CLIENT, ana, &s);
    assert_int_not_equal(epoch, 0);
    if (s.row.last_seq < seq) {
        rig_edit(a, review, s.row.head, ana, CLIENT, epoch, seq);
        assert_int_equal(rig_append(&st, a), APPEND_OK);
    }
}

static void append_is_unknown_when_backend_is_killed(void **state)
{
    (void)state;
    struct rig_append a;
    int64_t pid;
    uint64_t review = rig_review(&rig, ana);
    uint32_t epoch = rig_session(&st, review, CLIENT, ana, NULL);
    unsigned ups = st.ups;
    rig_edit(&a, review, 1, ana, CLIENT, epoch, 1);
    PGconn *holder = catch_append(review, &a, &pid);
    rig_sql(&rig, "SELECT pg_terminate_backend(%lld)", (long long)pid);
    rig_until(&rig, &a.done);
    assert_int_equal(a.outcome, APPEND_UNKNOWN);
    assert_int_equal(a.err, PL_E_UNAVAILABLE);
    PQfinish(holder);
    rig_until_count(&rig, &st.ups, ups + 1);
    settle(&a, review);
    assert_int_equal(rig_check_log(&rig, review), 2);
}

static void append_is_unknown_when_backend_stands_still(void **state)
{
    (void)state;
    struct rig_append a;
    struct rig_append b;
    int64_t pid;
    uint64_t review = rig_review(&rig, ana);
    uint64_t other = rig_review(&rig, ana);
    uint32_t epoch = rig_session(&st, review, CLIENT, ana, NULL);
    (void)rig_session(&st, other, CLIENT, ana, NULL);
    unsigned ups = st.ups;
    uint64_t from = pl_mono_ms();
    rig_edit(&a, review, 1, ana, CLIENT, epoch, 1);
    PGconn *holder = catch_append(review, &a, &pid);
    kill((pid_t)pid, SIGSTOP);
    rig_edit(&b, other, 1, ana, CLIENT, 1, 1); /* another writer goes on */
    assert_int_equal(rig_append(&st, &b), APPEND_OK);
    rig_until(&rig, &a.done);
    assert_int_equal(a.outcome, APPEND_UNKNOWN);
    assert_true(pl_mono_ms() - from >= 600);
    PQfinish(holder);
    rig_until_count(&rig, &st.ups, ups + 1);
    /* the one that stood still wakes up while the edit is sent again */
    kill((pid_t)pid, SIGCONT);
    settle(&a, review);
    assert_int_equal(rig_check_log(&rig, review), 2);
}

static void requests_fail_at_once_when_database_is_away(void **state)
{
    (void)state;
    struct rig_append a;
    struct pl_err e;
    int64_t pid;
    uint64_t review = rig_review(&rig, ana);
    uint32_t epoch = rig_session(&st, review, CLIENT, ana, NULL);
    unsigned downs = st.downs;
    unsigned ups = st.ups;
    rig_edit(&a, review, 1, ana, CLIENT, epoch, 1);
    PGconn *holder = catch_append(review, &a, &pid);
    pgtemp_kill(&rig.pg, SIGKILL);
    kill((pid_t)pid, SIGKILL);
    rig_until(&rig, &a.done);
    assert_int_equal(a.outcome, APPEND_UNKNOWN);
    PQfinish(holder);
    rig_until_count(&rig, &st.downs, downs + 1);
    while (repo_append(st.s, &a.req, &e) == 0) { /* until its own writer has noticed */
        a.done = false;
        rig_until(&rig, &a.done);
    }
    assert_int_equal(e.code, PL_E_UNAVAILABLE);
    assert_false(store_is_up(st.s));
    PQfinish(rig.sql);
    assert_int_equal(pgtemp_restart(&rig.pg), 0);
    rig.sql = rig_connect(&rig);
    rig_until_count(&rig, &st.ups, ups + 1);
    settle(&a, review);
    assert_int_equal(rig_check_log(&rig, review), 2);
}

static void kill_backend(const char *pid)
{
    uint64_t n;
    assert_int_equal(pl_parse_u64(pid, &n), 0);
    kill((pid_t)n, SIGKILL);
}

/* Appends as fast as they go on several reviews, a crash in the middle: every revision whose append
 * was answered OK is there, and the log is whole. */
static void nothing_acknowledged_is_lost_when_postmaster_is_killed(void **state)
{
    (void)state;
    enum { N = 8, BEFORE = 60 };
    static struct rig_append a[N];
    uint64_t review[N];
    uint64_t acked[N];
    unsigned answers = 0;
    unsigned oks = 0;
    unsigned ups = st.ups;
    for (int i = 0; i < N; i++) {
        review[i] = rig_review(&rig, ana);
        acked[i] = 1;
        rig_edit(&a[i], review[i], 1, ana, CLIENT, rig_session(&st, review[i], CLIENT, ana, NULL),
                 1);
        a[i].count = &answers;
        rig_append_start(&st, &a[i]);
    }
    for (bool killed = false; answers < N || !killed;) {
        uv_run(&rig.loop, UV_RUN_ONCE);
        for (int i = 0; i < N && !killed; i++) {
            if (!a[i].done)
                continue;
            assert_int_equal(a[i].outcome, APPEND_OK);
            acked[i] = a[i].head;
            oks++;
            answers--;
            rig_edit(&a[i], review[i], acked[i], ana, CLIENT, 1, acked[i]);
            a[i].count = &answers;
            rig_append_start(&st, &a[i]);
        }
        if (!killed && oks >= BEFORE) {
            kill(rig.pg.postmaster, SIGKILL);
            rig_sql(&rig, "SET statement_timeout = 0"); /* the backend of this test still lives */
            PGresult *res = PQexec(rig.sql, "SELECT pid FROM pg_stat_activity"
                                            " WHERE pid <> pg_backend_pid()");
            for (int i = 0; i < PQntuples(res); i++)
                kill_backend(PQgetvalue(res, i, 0));
            PQclear(res);
            killed = true;
        }
    }
    PQfinish(rig.sql);
    pgtemp_kill(&rig.pg, SIGKILL);
    assert_int_equal(pgtemp_restart(&rig.pg), 0);
    rig.sql = rig_connect(&rig);
    for (int i = 0; i < N; i++) {
        uint64_t head = rig_check_log(&rig, review[i]);
        if (a[i].outcome == APPEND_OK)
            acked[i] = a[i].head;
        assert_true(head >= acked[i] && head <= acked[i] + 1);
    }
    rig_until_count(&rig, &st.ups, ups + 1);
}

static void listener_reports_when_it_is_back(void **state)
{
    (void)state;
    unsigned revocations = st.revocations;
    unsigned downs = st.downs;
    rig_sql(&rig, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                  " WHERE query LIKE '%%plimsoll_node_beat%%' AND pid <> pg_backend_pid()");
    rig_until_count(&rig, &st.revocations, revocations + 1);
    assert_int_equal(st.revoked_device, 0);
    assert_int_equal(st.revoked_user, 0);
    assert_int_equal(st.downs, downs);
}

static void store_refuses_bad_options(void **state)
{
    (void)state;
    struct store *s;
    struct pl_err e;
    struct store_handlers h = {0};
    struct store_options o = {.conninfo = "host=db.example", .writers = 1, .readers = 1};
    assert_int_equal(store_open(&s, &rig.loop, &o, &h, &e), -PL_E_CONFIG);
    o.conninfo = "host=/tmp,::1,db.example";
    assert_int_equal(store_open(&s, &rig.loop, &o, &h, &e), -PL_E_CONFIG);
    o.conninfo = "no such thing";
    assert_int_equal(store_open(&s, &rig.loop, &o, &h, &e), -PL_E_CONFIG);
    o.conninfo = "host=/tmp";
    o.writers = 9;
    assert_int_equal(store_open(&s, &rig.loop, &o, &h, &e), -PL_E_CONFIG);
}

static void on_closed(void *ctx)
{
    *(bool *)ctx = true;
}

static void store_closes_while_everything_is_under_way(void **state)
{
    (void)state;
    static struct rig_append a[3];
    struct rig_store two;
    uint64_t review = rig_review(&rig, ana);
    int64_t pid;
    rig_store_open(&rig, &two, &quick);
    uint32_t epoch = rig_session(&st, review, CLIENT, ana, NULL);
    rig_edit(&a[0], review, 1, ana, CLIENT, epoch, 1);
    PGconn *holder = catch_append(review, &a[0], &pid);
    for (int i = 1; i < 3; i++) {
        rig_edit(&a[i], review, 1, ana, CLIENT, epoch, 1);
        rig_append_start(&st, &a[i]); /* queued behind it */
    }
    rig_store_close(&rig, &st);
    assert_int_equal(a[0].outcome, APPEND_UNKNOWN);
    assert_int_equal(a[1].outcome, APPEND_FAILED);
    assert_int_equal(a[2].outcome, APPEND_FAILED);
    assert_true(a[0].done && a[1].done && a[2].done);
    PQfinish(holder);
    /* and one that is still connecting */
    bool closed = false;
    struct store *s;
    struct store_options o = {.conninfo = rig.pg.conninfo, .writers = 1, .readers = 1};
    struct store_handlers h = {0};
    assert_int_equal(store_open(&s, &rig.loop, &o, &h, NULL), 0);
    rig_turn(&rig);
    store_close(s, on_closed, &closed);
    rig_until(&rig, &closed);
    rig_store_close(&rig, &two);
    rig_store_open(&rig, &st, &quick); /* for the teardown */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(append_is_unknown_when_backend_is_killed),
        cmocka_unit_test(append_is_unknown_when_backend_stands_still),
        cmocka_unit_test(listener_reports_when_it_is_back),
        cmocka_unit_test(requests_fail_at_once_when_database_is_away),
        cmocka_unit_test(nothing_acknowledged_is_lost_when_postmaster_is_killed),
        cmocka_unit_test(store_refuses_bad_options),
        cmocka_unit_test(store_closes_while_everything_is_under_way),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
