// SPDX-License-Identifier: Apache-2.0
/*
 * The sealer on a real database: what it makes of events, what it does when it is killed at any of
 * its steps, when two are at work, and when something is not as it left it.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "plimsoll/base/file.h"
#include "plimsoll/base/hash.h"
#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/tlog/leaf.h"
#include "plimsoll/tlog/tile.h"

#include "audit/seal_file.h"
#include "audit/seal_key.h"
#include "audit/sealer.h"
#include "store/migrate.h"
#include "support/server/store_rig.h"
#include "support/unit.h"

#define DEPLOYMENT "plimsoll.internal/test"

static struct rig rig;
static char dirs[2][128]; /* data directories of two hosts with one key */
static int round_no;      /* of tests: each has a schema and directories of its own */

static void log_dir(int host, char out[SEAL_PATH_SIZE])
{
    assert_int_equal(pl_path_join(out, SEAL_PATH_SIZE, dirs[host], SEAL_DIR), 0);
}

static void copy_key(void)
{
    char from[SEAL_PATH_SIZE + 16];
    char dir[SEAL_PATH_SIZE];
    struct pl_buf key;
    struct pl_err e;
    log_dir(0, dir);
    (void)snprintf(from, sizeof(from), "%s/" SEAL_KEY_FILE, dir);
    assert_int_equal(pl_file_read_all(from, 256, &key, &e), 0);
    log_dir(1, dir);
    (void)snprintf(from, sizeof(from), "%s/" SEAL_KEY_FILE, dir);
    assert_int_equal(pl_file_write_atomic(from, key.data, key.len, 0600, &e), 0);
    pl_buf_release(&key);
}

static int open_rig(void **state)
{
    (void)state;
    rig_open(&rig);
    return 0;
}

static int close_rig(void **state)
{
    (void)state;
    rig_close(&rig);
    return 0;
}

static int setup(void **state)
{
    struct pl_err e;
    (void)state;
    if (round_no++ > 0) { /* one cluster for all: making one takes long */
        rig_sql(&rig, "SET client_min_messages = warning; DROP SCHEMA plm CASCADE");
        assert_int_equal(migrate_run(rig.pg.conninfo, NULL, &e), 0);
        PQreset(rig.sql);
        rig_sql(&rig, "SET search_path = plm, pg_temp");
    }
    for (int i = 0; i < 2; i++) {
        (void)snprintf(dirs[i], sizeof(dirs[i]), "%s/host%d-%d", rig.pg.dir, round_no, i);
        assert_int_equal(pl_mkdir_p(dirs[i], 0700, &e), 0);
        assert_int_equal(seal_key_make(dirs[i], &e), 0);
    }
    copy_key();
    return 0;
}

/* ---- running one ------------------------------------------------------------------------------
 */

struct run {
    struct sealer *s;
    uint64_t sealed;
    char alarm[32], text[PL_ERR_TEXT_MAX];
    unsigned alarms;
    bool stopped;
    enum sealer_step die_at;
    int die_after; /* that many times at this step; 0: never */
};

static void on_alarm(void *ctx, const char *code, const char *text)
{
    struct run *r = ctx;
    r->alarms++;
    (void)pl_strlcpy(r->alarm, code, sizeof(r->alarm));
    (void)pl_strlcpy(r->text, text, sizeof(r->text));
}

static void on_sealed(void *ctx, uint64_t size)
{
    ((struct run *)ctx)->sealed = size;
}

static void on_step(void *ctx, enum sealer_step step)
{
    struct run *r = ctx;
    if (r->die_after > 0 && step == r->die_at && --r->die_after == 0) {
        (void)kill(getpid(), SIGKILL);
    }
}

static void on_stopped(void *ctx)
{
    ((struct run *)ctx)->stopped = true;
}

static void run_start(struct run *r, uv_loop_t *loop, int host)
{
    char dir[SEAL_PATH_SIZE];
    uint8_t seed[SEAL_SEED];
    struct pl_err e;
    log_dir(host, dir);
    assert_int_equal(seal_key_read(dir, seed, &e), 0);
    const struct sealer_config c = {.conninfo = rig.pg.conninfo,
                                    .dir = dir,
                                    .deployment = DEPLOYMENT,
                                    .seed = seed,
                                    .interval_ms = 20,
                                    .alarm = on_alarm,
                                    .sealed = on_sealed,
                                    .step = on_step,
                                    .ctx = r};
    if (sealer_new(loop, &c, &r->s, &e) != 0) {
        fail_msg("sealer_new: %s", e.text);
    }
}

static void run_stop(struct run *r)
{
    sealer_stop(r->s, on_stopped, r);
    rig_until(&rig, &r->stopped);
    sealer_free(r->s);
}

static uint64_t events(void)
{
    return (uint64_t)rig_int(&rig, "SELECT count(*) FROM audit_event");
}

static void add_events(int n)
{
    rig_sql(&rig,
            "SELECT audit_add(0, 263, i, 0, 0, 1, tlv(16, int8send(i))) FROM"
            " generate_series(1, %d) i",
            n);
}

/* Until a checkpoint covers everything, or an alarm comes. */
static void run_until_sealed(struct run *r)
{
    struct sealer_state st;
    for (int turns = 0; turns < 200000; turns++) {
        sealer_state(r->s, &st);
        if (r->alarms > 0 || (st.condition == SEALER_WORKING && st.lag_us == 0 &&
                              st.size == st.sealed && st.sealed >= events())) {
            return;
        }
        uv_run(&rig.loop, UV_RUN_ONCE);
    }
    fail_msg("nothing sealed in time");
}

/* ---- checking what is there -------------------------------------------------------------------
 */

struct grown {
    struct pl_tree tree;
    size_t tiles;
    struct pl_hash tile[64];
};

static void on_node(void *ctx, unsigned level, uint64_t index, const struct pl_hash *h)
{
    struct grown *g = ctx;
    if (level == 8) {
        assert_int_equal(index, g->tiles);
        g->tile[g->tiles++] = *h;
    }
}

static void get_hash(PGresult *r, int row, struct pl_hash *out)
{
    assert_int_equal(PQgetlength(r, row, 0), sizeof(*out));
    memcpy(out, PQgetvalue(r, row, 0), sizeof(*out));
}

static PGresult *query(const char *sql)
{
    PGresult *r = PQexecParams(rig.sql, sql, 0, NULL, NULL, NULL, NULL, 1);
    if (PQresultStatus(r) != PGRES_TUPLES_OK) {
        fail_msg("%s: %s", sql, PQerrorMessage(rig.sql));
    }
    return r;
}

/* The tree is that of the events, each once and in order; every checkpoint ever made is of it. */
static void check_all(uint32_t epoch)
{
    static struct grown g;
    char sql[256];
    memset(&g, 0, sizeof(g));
    (void)snprintf(sql, sizeof(sql),
                   "SELECT e.leaf_hash FROM log_leaf l JOIN audit_event e USING (review, rseq)"
                   " WHERE epoch = %u ORDER BY idx",
                   epoch);
    PGresult *leaves = query(sql);
    (void)snprintf(sql, sizeof(sql),
                   "SELECT root, size FROM log_checkpoint WHERE epoch = %u ORDER BY size", epoch);
    PGresult *points = query(sql);
    int at = 0;
    for (int i = 0; i < PQntuples(leaves); i++) {
        struct pl_hash h;
        struct pl_hash root;
        uint64_t size = 0;
        get_hash(leaves, i, &h);
        pl_tree_add(&g.tree, &h, on_node, &g);
        if (at < PQntuples(points)) {
            const uint8_t *p = (const uint8_t *)PQgetvalue(points, at, 1);
            for (int k = 0; k < 8; k++) {
                size = size << 8 | p[k];
            }
        }
        if (size == g.tree.size) {
            struct pl_hash own = pl_tree_root(&g.tree);
            get_hash(points, at++, &root);
            assert_true(pl_hash_equal(&own, &root));
        }
    }
    assert_int_equal(at, PQntuples(points));
    PQclear(leaves);
    PQclear(points);
    (void)snprintf(sql, sizeof(sql),
                   "SELECT root FROM log_tile WHERE epoch = %u AND lvl = 0 ORDER BY n", epoch);
    PGresult *tiles = query(sql);
    assert_int_equal(PQntuples(tiles), g.tiles);
    for (int i = 0; i < PQntuples(tiles); i++) {
        struct pl_hash h;
        get_hash(tiles, i, &h);
        assert_true(pl_hash_equal(&h, &g.tile[i]));
    }
    PQclear(tiles);
    assert_int_equal(rig_int(&rig, "SELECT count(*) FROM log_leaf WHERE epoch = %u", epoch),
                     rig_int(&rig, "SELECT count(*) FROM audit_event"));
    assert_int_equal(rig_int(&rig, "SELECT count(*) FROM log_pending"), 0);
}

/* What a host has signed last is a checkpoint that stands in the database. */
static void check_host(int host)
{
    char dir[SEAL_PATH_SIZE];
    uint8_t seed[SEAL_SEED];
    struct seal_last last;
    struct pl_err e;
    log_dir(host, dir);
    assert_int_equal(seal_key_read(dir, seed, &e), 0);
    if (seal_last_read(dir, DEPLOYMENT, seed, &last, &e) != 0) {
        fail_msg("%s", e.text);
    }
    if (last.is_there) {
        char hex[65];
        pl_hex_encode(&last.c.root, 32, hex);
        assert_int_equal(rig_int(&rig,
                                 "SELECT count(*) FROM log_checkpoint WHERE epoch = %u AND"
                                 " size = %llu AND root = decode('%s', 'hex')",
                                 last.epoch, (unsigned long long)last.c.size, hex),
                         1);
    }
}

/* ---- tests ------------------------------------------------------------------------------------
 */

static void sealer_seals_everything_when_started_and_again_after_more(void **state)
{
    (void)state;
    struct run r = {0};
    add_events(700);
    run_start(&r, &rig.loop, 0);
    run_until_sealed(&r);
    assert_int_equal(r.alarms, 0);
    assert_int_equal(r.sealed, events());
    add_events(1);
    run_until_sealed(&r);
    add_events(9000); /* more than two batches */
    run_until_sealed(&r);
    assert_int_equal(r.sealed, events());
    run_stop(&r);
    check_all(1);
    check_host(0);
    assert_int_equal(rig_int(&rig, "SELECT count(*) FROM audit_event WHERE kind = 1795"), 1);
}

static void sealer_continues_the_tree_when_started_anew(void **state)
{
    (void)state;
    static const int some[] = {1, 254, 1, 1, 255, 256, 257};
    for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++) {
        struct run r = {0};
        add_events(some[i]);
        run_start(&r, &rig.loop, 0);
        run_until_sealed(&r);
        assert_int_equal(r.alarms, 0);
        run_stop(&r);
    }
    check_all(1);
    check_host(0);
}

/* A child that dies at the n-th time of a step; the parent adds events meanwhile. */
static void crash(int host, enum sealer_step at, int n)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        uv_loop_t loop;
        static struct run r;
        r.die_at = at;
        r.die_after = n;
        alarm(60);
        if (uv_loop_init(&loop) != 0) {
            _exit(2);
        }
        run_start(&r, &loop, host);
        (void)uv_run(&loop, UV_RUN_DEFAULT);
        _exit(3);
    }
    for (int status = 0; waitpid(pid, &status, WNOHANG) == 0;) {
        add_events(3);
        rig_sql(&rig, "SELECT pg_sleep(0.003)"); /* not more of them than needed */
    }
}

static void sealer_is_safe_when_killed_at_any_step(void **state)
{
    (void)state;
    add_events(300);
    for (int round = 0; round < 3; round++) {
        for (int at = SEALER_READ; at <= SEALER_PUBLISHED; at++) {
            crash(round % 2, (enum sealer_step)at, 1 + round);
        }
    }
    struct run r = {0};
    run_start(&r, &rig.loop, 0);
    run_until_sealed(&r);
    if (r.alarms > 0) {
        fail_msg("%s: %s", r.alarm, r.text);
    }
    run_stop(&r);
    check_all(1);
    check_host(0);
    check_host(1);
}

static void sealers_share_one_log_when_two_are_at_work(void **state)
{
    (void)state;
    struct run a = {0};
    struct run b = {0};
    run_start(&a, &rig.loop, 0);
    run_start(&b, &rig.loop, 1);
    for (int i = 0; i < 60; i++) {
        add_events(11);
        for (int k = 0; k < 20; k++) {
            uv_run(&rig.loop, UV_RUN_ONCE);
        }
    }
    run_until_sealed(&a);
    run_until_sealed(&b);
    assert_int_equal(a.alarms + b.alarms, 0);
    run_stop(&a);
    run_stop(&b);
    check_all(1);
    check_host(0);
    check_host(1);
}

static void sealer_waits_when_another_one_has_this_host(void **state)
{
    (void)state;
    struct run a = {0};
    struct run b = {0};
    struct sealer_state st = {0};
    run_start(&a, &rig.loop, 0);
    run_until_sealed(&a);
    run_start(&b, &rig.loop, 0);
    while (st.condition != SEALER_STANDBY) {
        uv_run(&rig.loop, UV_RUN_ONCE);
        sealer_state(b.s, &st);
    }
    assert_int_equal(b.sealed, 0);
    run_stop(&b);
    run_stop(&a);
}

static void sealer_stops_with_an_alarm_when_a_pending_event_was_deleted(void **state)
{
    (void)state;
    struct run r = {0};
    run_start(&r, &rig.loop, 0);
    run_until_sealed(&r);
    uint64_t before = r.sealed;
    rig_sql(&rig,
            "BEGIN; SELECT audit_add(0, 263, i, 0, 0, 1, tlv(16, int8send(i))) FROM"
            " generate_series(1, 3) i;"
            " DELETE FROM log_pending WHERE id = (SELECT max(id) - 1 FROM log_pending); COMMIT");
    run_until_sealed(&r);
    assert_string_equal(r.alarm, "gap");
    assert_int_equal(r.sealed, before);
    struct sealer_state st;
    sealer_state(r.s, &st);
    assert_int_equal(st.condition, SEALER_REFUSING);
    assert_int_equal(st.sealed, before);
    run_stop(&r);
}

static void sealer_stops_with_an_alarm_when_an_event_was_rewritten(void **state)
{
    (void)state;
    struct run r = {0};
    run_start(&r, &rig.loop, 0);
    run_until_sealed(&r);
    rig_sql(&rig, "BEGIN; SELECT audit_add(0, 263, 7, 0, 0, 1, tlv(16, int8send(7)));"
                  " ALTER TABLE audit_event DISABLE TRIGGER append_only;"
                  " UPDATE audit_event SET leaf = set_byte(leaf, 40, 1) WHERE rseq ="
                  " (SELECT max(rseq) FROM audit_event WHERE review = 0) AND review = 0;"
                  " ALTER TABLE audit_event ENABLE ALWAYS TRIGGER append_only; COMMIT");
    run_until_sealed(&r);
    assert_string_equal(r.alarm, "gap");
    run_stop(&r);
}

/* As after a failover that lost what was committed last. */
static void lose_leaves(int n)
{
    rig_sql(&rig,
            "BEGIN; ALTER TABLE log_leaf DISABLE TRIGGER append_only;"
            " ALTER TABLE log_checkpoint DISABLE TRIGGER append_only;"
            " INSERT INTO log_pending (review, rseq, leaf_hash) SELECT review, rseq, leaf_hash FROM"
            " log_leaf ORDER BY idx DESC LIMIT %d;"
            " DELETE FROM log_checkpoint WHERE size > (SELECT max(idx) + 1 - %d FROM log_leaf);"
            " DELETE FROM log_leaf WHERE idx > (SELECT max(idx) - %d FROM log_leaf); COMMIT",
            n, n, n);
}

static void sealer_refuses_a_fork_when_the_tree_lost_leaves_until_a_new_epoch(void **state)
{
    (void)state;
    struct run r = {0};
    add_events(100);
    run_start(&r, &rig.loop, 0);
    run_until_sealed(&r);
    add_events(20);
    run_until_sealed(&r);
    run_stop(&r);
    lose_leaves(10);
    memset(&r, 0, sizeof(r));
    run_start(&r, &rig.loop, 0);
    run_until_sealed(&r);
    assert_string_equal(r.alarm, "fork");
    assert_int_equal(r.sealed, 0);
    run_stop(&r);
}

static void log_is_late_when_nothing_was_sealed_for_five_minutes(void **state)
{
    static const char set[] = "BEGIN; ALTER TABLE audit_event DISABLE TRIGGER append_only;"
                              " UPDATE audit_event SET at_us = now_us() - %d000000 WHERE rseq = 0;"
                              " ALTER TABLE audit_event ENABLE ALWAYS TRIGGER append_only; COMMIT";
    (void)state;
    rig_sql(&rig, set, 290);
    assert_int_equal(rig_int(&rig, "SELECT log_is_late()::int"), 0);
    rig_sql(&rig, set, 301);
    assert_int_equal(rig_int(&rig, "SELECT log_is_late()::int"), 1);
}

static void log_tables_refuse_changes(void **state)
{
    (void)state;
    static const char *const sql[] = {
        "UPDATE log_leaf SET idx = idx",
        "DELETE FROM log_leaf",
        "TRUNCATE log_leaf",
        "DELETE FROM log_tile",
        "UPDATE log_epoch SET origin = ''",
        "DELETE FROM log_checkpoint",
        "TRUNCATE log_checkpoint",
        "SET session_replication_role = replica; DELETE FROM log_leaf"};
    struct run r = {0};
    add_events(300);
    run_start(&r, &rig.loop, 0);
    run_until_sealed(&r);
    run_stop(&r);
    for (size_t i = 0; i < sizeof(sql) / sizeof(sql[0]); i++) {
        assert_string_equal(rig_sqlstate(&rig, sql[i]), "PL001");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(sealer_seals_everything_when_started_and_again_after_more, setup),
        cmocka_unit_test_setup(sealer_continues_the_tree_when_started_anew, setup),
        cmocka_unit_test_setup(sealer_is_safe_when_killed_at_any_step, setup),
        cmocka_unit_test_setup(sealers_share_one_log_when_two_are_at_work, setup),
        cmocka_unit_test_setup(sealer_waits_when_another_one_has_this_host, setup),
        cmocka_unit_test_setup(sealer_stops_with_an_alarm_when_a_pending_event_was_deleted, setup),
        cmocka_unit_test_setup(sealer_stops_with_an_alarm_when_an_event_was_rewritten, setup),
        cmocka_unit_test_setup(sealer_refuses_a_fork_when_the_tree_lost_leaves_until_a_new_epoch,
                               setup),
        cmocka_unit_test_setup(log_is_late_when_nothing_was_sealed_for_five_minutes, setup),
        cmocka_unit_test_setup(log_tables_refuse_changes, setup),
    };
    return cmocka_run_group_tests(tests, open_rig, close_rig);
}
