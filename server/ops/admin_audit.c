// SPDX-License-Identifier: Apache-2.0
/*
 * See admin_audit.h.
 */
#include "ops/admin_audit.h"

#include <stdio.h>
#include <string.h>

#include "plimsoll/base/file.h"
#include "plimsoll/base/hash.h"
#include "plimsoll/base/str.h"

#include "audit/seal_epoch.h"
#include "audit/seal_key.h"
#include "audit/sealer.h"
#include "ops/admin_audit_int.h"
#include "ops/admin_out.h"

#define SEAL_WAIT_MS  600000u
#define SEAL_POLL_MS  50u
#define CONNINFO_SIZE (2 * DATADIR_PATH_MAX + 128)

/* ---- the state --------------------------------------------------------------------------------
 */

struct state_answer {
    struct local_answer answer;
    struct audit_now *out;
};

static void on_state(void *ctx, int rc, const struct log_state_row *row, const struct pl_err *e)
{
    struct state_answer *s = ctx;
    s->out->epoch = row->epoch;
    s->out->size = row->size;
    s->out->lag_us = row->lag_us;
    (void)pl_strlcpy(s->out->origin, row->origin, sizeof(s->out->origin));
    (void)pl_strlcpy(s->out->vkey, row->vkey, sizeof(s->out->vkey));
    (void)pl_strlcpy(s->out->note, row->note, sizeof(s->out->note));
    local_done(&s->answer, rc, e);
}

int audit_now_read(struct local *l, struct audit_now *out, struct pl_err *e)
{
    struct state_answer s = {.out = out};
    struct pl_vkey key;
    size_t text_len = 0;
    memset(out, 0, sizeof(*out));
    int rc = local_wait(l, repo_log_state(local_store(l), on_state, &s), &s.answer, e);
    if (rc != 0 || out->note[0] == '\0') {
        return rc;
    }
    rc = pl_vkey_parse(out->vkey, &key, e);
    if (rc == 0) {
        rc = pl_note_check(out->note, strlen(out->note), &key, &text_len, NULL, e);
    }
    return rc == 0 ? pl_checkpoint_parse(out->note, text_len, &out->c, e) : rc;
}

static void print_state(const struct audit_now *now, const struct seal_last *last, bool json)
{
    static const char *const columns[] = {"what", "value"};
    char text[2 * PL_SHA256_BYTES + 1];
    struct out_table *t = out_table_new("plimsolld.audit/1", columns, 2, json);
    out_text(t, "origin");
    out_text(t, now->origin);
    out_text(t, "epoch");
    out_count(t, now->epoch);
    out_text(t, "entries");
    out_count(t, now->size);
    out_text(t, "sealed");
    out_count(t, now->c.size);
    out_text(t, "root");
    pl_hex_encode(&now->c.root, sizeof(now->c.root), text);
    out_text(t, now->c.size > 0 ? text : "");
    out_text(t, "seal_lag_ms");
    out_count(t, (uint64_t)now->lag_us / 1000);
    out_text(t, "signed_here");
    out_count(t, last->is_there ? last->c.size : 0);
    out_text(t, "key");
    out_text(t, now->vkey);
    out_table_end(t);
}

/* What this host signed; without its key there is nothing to read. */
static int read_last(const char *dir, struct seal_last *last, struct pl_skey *key, uint32_t *epoch,
                     struct pl_err *e)
{
    char log_dir[SEAL_PATH_SIZE];
    char deployment[SEAL_ORIGIN_SIZE];
    char origin[SEAL_ORIGIN_SIZE];
    uint8_t seed[SEAL_SEED];
    struct datadir_tls tls;
    int rc = pl_path_join(log_dir, sizeof(log_dir), dir, SEAL_DIR);
    if (rc == 0) {
        rc = seal_key_read(log_dir, seed, e);
    }
    if (rc == 0) {
        rc = seal_epoch_read(log_dir, epoch, e);
    }
    if (rc != 0) {
        return rc;
    }
    rc = datadir_tls_load(dir, &tls, e);
    if (rc == 0) {
        seal_deployment(tls.root_pin, deployment);
        seal_origin(deployment, *epoch + 1, origin);
        rc = pl_skey_from_seed(origin, PL_NOTE_ED25519, seed, key, e);
    }
    datadir_tls_release(&tls);
    if (rc == 0) {
        rc = seal_last_read(log_dir, deployment, seed, last, e);
    }
    pl_wipe(seed, sizeof(seed));
    return rc;
}

int admin_audit_status(const struct admin *a, struct pl_err *e)
{
    struct audit_now now;
    struct seal_last last = {0};
    struct pl_skey key = {0};
    struct local *l;
    uint32_t epoch = 0;
    int rc = local_open(a->dir, &l, e);
    if (rc != 0) {
        return rc;
    }
    rc = audit_now_read(l, &now, e);
    local_close(l);
    if (rc == 0) {
        rc = read_last(a->dir, &last, &key, &epoch, e);
        rc = rc == -PL_E_NOENT ? 0 : rc; /* the key is elsewhere */
    }
    pl_wipe(&key, sizeof(key));
    if (rc == 0) {
        print_state(&now, &last, a->json);
    }
    return rc;
}

/* ---- sealing now ------------------------------------------------------------------------------
 */

struct sealing {
    uv_loop_t loop;
    uv_timer_t poll;
    struct local *l;
    struct sealer *s;
    bool ended;
    int rc;
    struct pl_err e;
    uint64_t waited_ms;
};

static void on_alarm(void *ctx, const char *code, const char *text)
{
    struct sealing *g = ctx;
    g->ended = true;
    g->rc = pl_fail(&g->e, PL_E_CONFLICT, "%s (%s)", text, code);
}

static void on_poll(uv_timer_t *t)
{
    struct sealing *g = t->data;
    struct sealer_state st;
    struct audit_now now;
    sealer_state(g->s, &st);
    g->waited_ms += SEAL_POLL_MS;
    if (g->ended) {
        return;
    }
    if (st.condition == SEALER_STANDBY) {
        g->rc = pl_fail(&g->e, PL_E_BUSY, "a running server seals the log already");
    } else if (st.condition == SEALER_WORKING && (g->rc = audit_now_read(g->l, &now, &g->e)) == 0) {
        g->ended = now.lag_us == 0;
    } else if (g->waited_ms > SEAL_WAIT_MS) {
        g->rc = pl_fail(&g->e, PL_E_TIMEOUT, "not everything was sealed in ten minutes");
    }
    g->ended = g->ended || g->rc != 0;
}

static void on_stopped(void *ctx)
{
    struct sealing *g = ctx;
    sealer_free(g->s);
    g->s = NULL;
}

static int seal_start(struct sealing *g, const char *dir, struct pl_err *e)
{
    char conninfo[CONNINFO_SIZE];
    char log_dir[SEAL_PATH_SIZE];
    char deployment[SEAL_ORIGIN_SIZE];
    uint8_t seed[SEAL_SEED];
    struct datadir_tls tls;
    int rc =
        datadir_conninfo_as(dir, local_config(g->l), "plm_seal", conninfo, sizeof(conninfo), e);
    if (rc == 0 && (rc = pl_path_join(log_dir, sizeof(log_dir), dir, SEAL_DIR)) == 0) {
        rc = seal_key_read(log_dir, seed, e);
    }
    if (rc != 0) {
        return rc;
    }
    rc = datadir_tls_load(dir, &tls, e);
    if (rc == 0) {
        seal_deployment(tls.root_pin, deployment);
        const struct sealer_config c = {.conninfo = conninfo,
                                        .dir = log_dir,
                                        .deployment = deployment,
                                        .seed = seed,
                                        .interval_ms = 10,
                                        .alarm = on_alarm,
                                        .ctx = g};
        rc = sealer_new(&g->loop, &c, &g->s, e);
    }
    datadir_tls_release(&tls);
    pl_wipe(seed, sizeof(seed));
    return rc;
}

int admin_audit_seal(const struct admin *a, struct pl_err *e)
{
    struct sealing g = {0};
    int rc = local_open(a->dir, &g.l, e);
    if (rc != 0) {
        return rc;
    }
    PL_ASSERT(uv_loop_init(&g.loop) == 0);
    PL_ASSERT(uv_timer_init(&g.loop, &g.poll) == 0);
    g.poll.data = &g;
    rc = seal_start(&g, a->dir, e);
    if (rc == 0) {
        PL_ASSERT(uv_timer_start(&g.poll, on_poll, SEAL_POLL_MS, SEAL_POLL_MS) == 0);
        while (!g.ended) {
            (void)uv_run(&g.loop, UV_RUN_ONCE);
        }
        sealer_stop(g.s, on_stopped, &g);
        rc = g.rc != 0 ? pl_fail(e, -g.rc, "%s", g.e.text) : 0;
    }
    uv_close((uv_handle_t *)&g.poll, NULL);
    (void)uv_run(&g.loop, UV_RUN_DEFAULT);
    PL_ASSERT(uv_loop_close(&g.loop) == 0);
    local_close(g.l);
    return rc;
}

/* ---- a new epoch ------------------------------------------------------------------------------
 */

/* How many leaves the database surely has in common with what was signed: up to its newest
 * checkpoint, if its tree still has that root. */
static int find_common(struct local *l, const struct audit_now *now, const struct seal_last *last,
                       uint64_t *common, struct pl_err *e)
{
    struct pl_hash root;
    int rc;
    *common = 0;
    if (last->c.size <= now->size) {
        rc = audit_root_at(l, now->epoch, last->c.size, &root, e);
        if (rc != 0) {
            return rc;
        }
        if (pl_hash_equal(&root, &last->c.root)) {
            return pl_fail(e, PL_E_CONFLICT,
                           "the log continues what was signed here: it needs no "
                           "new epoch");
        }
    }
    if (now->c.size == 0 || now->c.size > now->size || now->c.size > last->c.size) {
        return 0;
    }
    rc = audit_root_at(l, now->epoch, now->c.size, &root, e);
    if (rc == 0 && pl_hash_equal(&root, &now->c.root)) {
        *common = now->c.size;
    }
    return rc;
}

static int new_epoch(struct local *l, const char *dir, const char *reason, struct pl_err *e)
{
    char conninfo[CONNINFO_SIZE];
    char log_dir[SEAL_PATH_SIZE];
    struct audit_now now;
    struct seal_last last = {0};
    struct pl_skey key = {0};
    struct seal_epoch n = {.code = SEAL_REASON_FAILOVER, .reason = reason};
    uint32_t epoch = 0;
    int rc = read_last(dir, &last, &key, &epoch, e);
    n.epoch = epoch + 1;
    n.key = &key.pub;
    n.old = &last.c;
    if (rc == 0 && !last.is_there) {
        rc = pl_fail(e, PL_E_CONFLICT, "nothing was signed here yet");
    }
    if (rc == 0) {
        rc = audit_now_read(l, &now, e);
    }
    if (rc == 0 && now.epoch != n.epoch) { /* else: only the number here was not raised yet */
        rc = find_common(l, &now, &last, &n.common, e);
        if (rc == 0) {
            rc = datadir_conninfo_as(dir, local_config(l), "plm_seal", conninfo, sizeof(conninfo),
                                     e);
        }
        if (rc == 0) {
            rc = seal_epoch_new(conninfo, &n, e);
        }
    }
    if (rc == 0 && (rc = pl_path_join(log_dir, sizeof(log_dir), dir, SEAL_DIR)) == 0) {
        rc = seal_epoch_write(log_dir, n.epoch, e);
    }
    if (rc == 0) {
        (void)fprintf(
            stderr,
            "Epoch %u began: %s. Its first entry names the checkpoint of %llu entries that "
            "was signed before; %llu of them are the same.\n",
            n.epoch, key.pub.name, (unsigned long long)last.c.size, (unsigned long long)n.common);
    }
    pl_wipe(&key, sizeof(key));
    return rc;
}

int admin_audit_new_epoch(const struct admin *a, const char *reason, struct pl_err *e)
{
    struct local *l;
    if (reason == NULL || reason[0] == '\0') {
        return pl_fail(e, PL_E_USAGE, "--reason says why the log begins anew");
    }
    int rc = local_open(a->dir, &l, e);
    if (rc == 0) {
        rc = new_epoch(l, a->dir, reason, e);
        local_close(l);
    }
    return rc;
}
