// SPDX-License-Identifier: Apache-2.0
/*
 * What the audit log costs: bench_server_audit [SECONDS]. 20 reviews, each with an append under way
 * all the time, through the store, on a throw-away PostgreSQL with its default durability.
 *
 *   audited    as it is, with a sealer at work in a process of its own
 *   unaudited  the same append without leaf, event, and queue for the tree
 *
 * Both alternate, four times each, in one run. seal_lag: age of the oldest event without a
 * checkpoint, looked at every 100 ms of the audited parts.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "plimsoll/base/file.h"
#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"

#include "audit/seal_key.h"
#include "audit/sealer.h"
#include "support/server/store_rig.h"
#include "support/unit.h"

#define REVIEWS  20
#define ROUNDS   4
#define LOOK_US  100000u
#define LAGS_MAX 100000u

static const char unaudited_sql[] =
    "ALTER TABLE plm.audit_event DISABLE TRIGGER log_enqueue;"
    "CREATE OR REPLACE FUNCTION plm.append_one(p_review int8, p_rev int8, p_status int2, p_node "
    "int4,"
    " p_body bytea, p_client int8, p_usr int8, p_device int8, p_epoch int4, p_seq int8, p_ops int8,"
    " p_salt bytea[], p_commitment bytea) RETURNS bool LANGUAGE plpgsql VOLATILE AS $$"
    " DECLARE v_now int8 := plm.now_us(); BEGIN"
    " WITH may AS (UPDATE plm.session s SET last_seq = p_seq, last_rev = p_rev, last_code = 0,"
    " last_why = '' FROM plm.usr u, plm.device d, plm.membership m, plm.perm_mask p"
    " WHERE s.review = p_review AND s.client = p_client AND s.usr = p_usr AND s.device = p_device"
    " AND s.epoch = p_epoch AND s.last_seq < p_seq AND u.id = p_usr AND u.enabled"
    " AND d.id = p_device AND d.usr = p_usr AND d.revoked_us IS NULL AND m.review = p_review"
    " AND m.usr = p_usr AND p.status = p_status AND p.role = m.role AND p_ops & ~p.ops = 0"
    " RETURNING 1) INSERT INTO plm.rev_batch (review, last_rev, first_rev, at_us, salts, body)"
    " SELECT p_review, p_rev, p_rev, v_now, p_salt, p_body FROM may; RETURN FOUND; END $$";

static struct rig rig;
static struct rig_store st;
static struct rig_person ana;
static struct rig_append a[REVIEWS];
static uint64_t review[REVIEWS], head[REVIEWS], lags[LAGS_MAX];
static size_t n_lags;

static void look_at_lag(void)
{
    int64_t us = rig_int(&rig, "SELECT lag_us FROM plm.log_state()");
    if (n_lags < LAGS_MAX)
        lags[n_lags++] = (uint64_t)us;
}

/* Appends for so long; how many a second. */
static double run(uint64_t span_us, bool look)
{
    uint64_t from = (uint64_t)pl_now_us();
    uint64_t now = from;
    uint64_t looked = from;
    uint64_t count = 0;
    size_t under_way = 0;
    for (bool going = true; going || under_way > 0;) {
        now = (uint64_t)pl_now_us();
        going = now - from < span_us;
        for (size_t i = 0; i < REVIEWS; i++) {
            if (a[i].req.review != 0) {
                if (!a[i].done)
                    continue;
                assert_int_equal(a[i].outcome, APPEND_OK);
                head[i] = a[i].head;
                a[i].req.review = 0;
                under_way--;
                count++;
            }
            if (going) {
                rig_edit(&a[i], review[i], head[i], ana, 7, 1, head[i]);
                rig_append_start(&st, &a[i]);
                under_way++;
            }
        }
        if (look && now - looked >= LOOK_US) {
            look_at_lag();
            looked = now;
        }
        if (under_way > 0)
            uv_run(&rig.loop, UV_RUN_ONCE);
    }
    return (double)count * 1e6 / (double)(now - from);
}

static pid_t sealer_start(void)
{
    char data[128];
    char dir[SEAL_PATH_SIZE];
    uint8_t seed[SEAL_SEED];
    struct pl_err e;
    struct sealer *s = NULL;
    uv_loop_t loop;
    (void)snprintf(data, sizeof data, "%s/data", rig.pg.dir);
    assert_int_equal(pl_mkdir_p(data, 0700, &e), 0);
    assert_int_equal(seal_key_make(data, &e), 0);
    assert_int_equal(pl_path_join(dir, sizeof dir, data, SEAL_DIR), 0);
    assert_int_equal(seal_key_read(dir, seed, &e), 0);
    const struct sealer_config c = {.conninfo = rig.pg.conninfo,
                                    .dir = dir,
                                    .deployment = "plimsoll.internal/bench",
                                    .seed = seed};
    pid_t pid = fork();
    if (pid == 0) {
        if (uv_loop_init(&loop) == 0 && sealer_new(&loop, &c, &s, &e) == 0)
            (void)uv_run(&loop, UV_RUN_DEFAULT);
        _exit(1);
    }
    return pid;
}

static int by_value(const void *x, const void *y)
{
    uint64_t p = *(const uint64_t *)x;
    uint64_t q = *(const uint64_t *)y;
    return p < q ? -1 : p > q;
}

int main(int argc, char **argv)
{
    uint64_t seconds = 3;
    double with = 0;
    double without = 0;
    if (argc > 1 && (pl_parse_u64(argv[1], &seconds) != 0 || seconds < 1 || seconds > 600)) {
        fprintf(stderr, "usage: bench_server_audit [SECONDS]\n");
        return 2;
    }
    rig_open(&rig);
    pid_t sealer = sealer_start();
    rig_sql(&rig,
            "CREATE TABLE audited AS SELECT pg_get_functiondef('plm.append_one'::regproc) AS f");
    ana = rig_person(&rig);
    rig_store_open(&rig, &st, NULL);
    for (size_t i = 0; i < REVIEWS; i++) {
        review[i] = rig_review(&rig, ana);
        head[i] = 1;
        assert_int_equal(rig_session(&st, review[i], 7, ana, NULL), 1);
    }
    (void)run(500000, false); /* warm */
    for (int i = 0; i < ROUNDS; i++) {
        with += run(seconds * 1000000, true) / ROUNDS;
        rig_sql(&rig, "%s", unaudited_sql);
        without += run(seconds * 1000000, false) / ROUNDS;
        rig_sql(&rig, "DO $$ BEGIN EXECUTE (SELECT f FROM audited); END $$;"
                      " ALTER TABLE plm.audit_event ENABLE ALWAYS TRIGGER log_enqueue");
    }
    (void)kill(sealer, SIGKILL);
    (void)waitpid(sealer, NULL, 0);
    qsort(lags, n_lags, sizeof lags[0], by_value);
    printf("{\"bench\":\"audit\",\"audited_per_s\":%.0f,\"unaudited_per_s\":%.0f,\"ratio\":%.3f,"
           "\"seal_lag_p50_ms\":%.0f,\"seal_lag_p99_ms\":%.0f,\"seal_lag_max_ms\":%.0f}\n",
           with, without, with / without, n_lags ? (double)lags[n_lags / 2] / 1000 : 0,
           n_lags ? (double)lags[(n_lags - 1) * 99 / 100] / 1000 : 0,
           n_lags ? (double)lags[n_lags - 1] / 1000 : 0);
    rig_store_close(&rig, &st);
    rig_close(&rig);
    return 0;
}
