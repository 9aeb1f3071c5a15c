// SPDX-License-Identifier: Apache-2.0
/*
 * How things stand, before anything is signed: which epoch, how large the tree is, and whether it
 * continues what this host signed last (DIR/log/last.ckpt) and what the database has as its newest
 * checkpoint. After every loss of the database all of this is looked at again: another database may
 * have come back.
 */
#include <stdio.h>
#include <string.h>

#include "plimsoll/base/hash.h"
#include "plimsoll/base/log.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"

#include "audit/sealer_int.h"

#define BEGIN_AGAIN_MS 200u

/* ---- comparing trees --------------------------------------------------------------------------
 */

static void ask_edge(struct sealer *s, enum sealer_edge of, uint64_t size);

static void fork_alarm(struct sealer *s, const char *whose, uint64_t size)
{
    char text[PL_ERR_TEXT_MAX];
    (void)snprintf(text, sizeof(text),
                   "the tree in the database does not continue the checkpoint of size %llu in %s; "
                   "after a failover that lost commits: plimsolld audit new-epoch",
                   (unsigned long long)size, whose);
    sealer_alarm(s, "fork", text);
}

/* The next tree that is still to be compared, or the end of loading. */
static void compare_next(struct sealer *s, enum sealer_edge done)
{
    bool file = s->last.is_there && s->last.epoch == s->epoch;
    if (done < EDGE_FILE && file) {
        ask_edge(s, EDGE_FILE, s->last.c.size);
    } else if (done < EDGE_DATABASE && s->db_sealed > 0) {
        ask_edge(s, EDGE_DATABASE, s->db_sealed);
    } else {
        s->loaded = true;
        s->why[0] = '\0';
        s->condition = SEALER_WORKING;
        LOG_INFO(NULL, "seal.loaded", KV_U("epoch", s->epoch), KV_U("size", s->tree.size),
                 KV_U("sealed", s->db_sealed));
        sealer_work(s);
    }
}

static void edge_known(struct sealer *s)
{
    struct pl_tree tree;
    struct pl_err e;
    if (seal_edge_tree(&s->edge, &tree, &e) != 0) {
        sealer_alarm(s, "tree", e.text);
        return;
    }
    struct pl_hash root = pl_tree_root(&tree);
    switch (s->edge_of) {
    case EDGE_WHOLE:
        s->tree = tree;
        break;
    case EDGE_FILE:
        if (!pl_hash_equal(&root, &s->last.c.root)) {
            fork_alarm(s, SEAL_CKPT_FILE, tree.size);
            return;
        }
        break;
    case EDGE_DATABASE:
        if (!pl_hash_equal(&root, &s->db_root)) {
            fork_alarm(s, "the database", tree.size);
            return;
        }
        break;
    }
    compare_next(s, s->edge_of);
}

static void on_edge(struct pg_job *job, int rc, const struct pg_result *res, const struct pl_err *e)
{
    struct sealer *s = sealer_answered(job, rc, e);
    if (s == NULL) {
        return;
    }
    for (size_t i = 0; i < pg_rows(res); i++) {
        size_t n = 0;
        const uint8_t *hash = pg_get_bytes(res, i, 2, &n);
        if (!seal_edge_add(&s->edge, pg_get_i32(res, i, 0), pg_get_u64(res, i, 1), hash, n)) {
            sealer_alarm(s, "tree", "the tree in the database has holes");
            return;
        }
    }
    edge_known(s);
}

static void ask_edge(struct sealer *s, enum sealer_edge of, uint64_t size)
{
    if (size > s->db_size) {
        fork_alarm(s, of == EDGE_FILE ? SEAL_CKPT_FILE : "the database", size);
        return;
    }
    struct pg_job *job = sealer_job(s, STMT_SEAL_EDGE, on_edge);
    pg_arg_u32(job, s->epoch);
    pg_arg_u64(job, size);
    s->edge_of = of;
    seal_edge_begin(&s->edge, size);
    sealer_submit(s, job);
}

/* ---- the first epoch --------------------------------------------------------------------------
 */

static void on_begun(struct pg_job *job, int rc, const struct pg_result *res,
                     const struct pl_err *e)
{
    struct sealer *s = sealer_answered(job, rc, e);
    (void)res;
    if (s != NULL) {
        sealer_again(s, BEGIN_AGAIN_MS); /* ours, or that of another sealer that was quicker */
    }
}

static void begin_log(struct sealer *s)
{
    char vkey[PL_VKEY_SIZE];
    if (s->last.is_there) {
        fork_alarm(s, SEAL_CKPT_FILE, s->last.c.size);
        return;
    }
    struct pg_job *job = sealer_job(s, STMT_SEAL_BEGIN, on_begun);
    pl_vkey_print(&s->key.pub, vkey);
    pg_arg_text(job, s->key.pub.name);
    pg_arg_text(job, vkey);
    pg_arg_bytes(job, s->key.pub.key, sizeof(s->key.pub.key));
    sealer_submit(s, job);
}

/* ---- the state --------------------------------------------------------------------------------
 */

/* The key under this epoch's name, and what was signed last. */
static int read_files(struct sealer *s, struct pl_err *e)
{
    char origin[SEAL_ORIGIN_SIZE];
    uint32_t epoch = 0;
    int rc = seal_epoch_read(s->dir, &epoch, e);
    if (rc != 0) {
        return rc;
    }
    s->epoch = epoch;
    seal_origin(s->deployment, epoch, origin);
    rc = pl_skey_from_seed(origin, PL_NOTE_ED25519, s->seed, &s->key, e);
    if (rc == 0) {
        rc = seal_last_read(s->dir, s->deployment, s->seed, &s->last, e);
    }
    if (rc == 0 && s->last.is_there && s->last.epoch > epoch) {
        rc = pl_fail(e, PL_E_INVALID, SEAL_CKPT_FILE " is of epoch %u, " SEAL_EPOCH_FILE " says %u",
                     s->last.epoch, epoch);
    }
    return rc;
}

static void check_epoch(struct sealer *s, uint32_t epoch, const char *vkey)
{
    char own[PL_VKEY_SIZE];
    char text[PL_ERR_TEXT_MAX];
    pl_vkey_print(&s->key.pub, own);
    if (epoch != s->epoch) {
        (void)snprintf(text, sizeof(text),
                       "the database is in epoch %u, this host in epoch %u: plimsolld audit "
                       "new-epoch begins one",
                       epoch, s->epoch);
        sealer_alarm(s, "epoch", text);
    } else if (strcmp(own, vkey) != 0) {
        sealer_alarm(s, "epoch", "the log in the database is signed by another key");
    } else {
        ask_edge(s, EDGE_WHOLE, s->db_size);
    }
}

static void on_state(struct pg_job *job, int rc, const struct pg_result *res,
                     const struct pl_err *e)
{
    struct sealer *s = sealer_answered(job, rc, e);
    struct pl_err fe;
    size_t n = 0;
    if (s == NULL) {
        return;
    }
    if (read_files(s, &fe) != 0) {
        sealer_alarm(s, "state", fe.text);
        return;
    }
    uint32_t epoch = pg_get_u32(res, 0, 0);
    int64_t lag_us = pg_get_i64(res, 0, 7);
    s->oldest_us = lag_us > 0 ? pl_now_us() - lag_us : 0;
    s->db_size = pg_get_u64(res, 0, 3);
    s->db_sealed = pg_get_u64(res, 0, 4);
    const uint8_t *root = pg_get_bytes(res, 0, 5, &n);
    if (n == sizeof(s->db_root)) {
        memcpy(&s->db_root, root, n);
    }
    if (epoch == 0 && s->epoch == 1) {
        begin_log(s);
    } else {
        check_epoch(s, epoch, pg_get_text(res, 0, 2));
    }
}

void sealer_load(struct sealer *s)
{
    s->loaded = false;
    sealer_submit(s, sealer_job(s, STMT_SEAL_STATE, on_state));
}
