// SPDX-License-Identifier: Apache-2.0
/*
 * Reading the log and what stands beside it: load (snapshot, then batches in pieces of about 1
 * MiB), fetch, snapshots, numbers, heads, rights.
 *
 * A load is a small heap object that asks again until it has reached the head. It checks that
 * batches join on to each other: a hole is a broken database and is reported, never skipped.
 */
#include "store/repo_log.h"

#include <stdlib.h>

#include "plimsoll/base/mem.h"

#include "store/internal.h"

#define PIECE_BYTES (1024u * 1024u)

struct load {
    struct store *store;
    uint64_t review;
    uint64_t at;    /* last revision handed over */
    uint64_t after; /* as asked: batches below the first may overlap it */
    size_t max_bytes;
    bool once;
    load_cb cb;
    void *ctx;
};

static void load_fail(struct load *l, int rc, const struct pl_err *e)
{
    l->cb(l->ctx, rc, NULL, e);
    free(l);
}

static int ask_piece(struct load *l);

/* Batches of a result, or NULL and an error when they do not join on to what came before. */
static struct log_batch *take_batches(const struct load *l, const struct pg_result *res, size_t n,
                                      struct pl_err *e)
{
    struct log_batch *b = pl_xcalloc(n ? n : 1, sizeof *b);
    uint64_t at = l->at;
    for (size_t i = 0; i < n; i++) {
        b[i].first_rev = pg_get_u64(res, i, 1);
        b[i].last_rev = pg_get_u64(res, i, 2);
        b[i].body = pg_get_bytes(res, i, 3, &b[i].n);
        bool joins = b[i].first_rev == at + 1 || (i == 0 && at == l->after && b[i].first_rev <= at);
        if (!joins) {
            (void)pl_fail(e, PL_E_STORE, "review %llu: the log has a hole after revision %llu",
                          (unsigned long long)l->review, (unsigned long long)at);
            free(b);
            return NULL;
        }
        at = b[i].last_rev;
    }
    return b;
}

static void piece_done(struct pg_job *job, int rc, const struct pg_result *res,
                       const struct pl_err *e)
{
    struct load *l = job->user_ctx;
    struct pl_err own;
    size_t n = pg_rows(res);
    if (rc == 0 && n == 0)
        rc = pl_fail(&own, PL_E_NOENT, "there is no such review");
    if (rc != 0) {
        load_fail(l, rc, e ? e : &own);
        return;
    }
    struct load_part part = {.head = pg_get_u64(res, 0, 0)};
    if (n == 1 && pg_is_null(res, 0, 1))
        n = 0;
    struct log_batch *batches = take_batches(l, res, n, &own);
    if (batches && n == 0 && l->at < part.head) {
        (void)pl_fail(&own, PL_E_STORE, "review %llu: the log ends before its head",
                      (unsigned long long)l->review);
        free(batches);
        batches = NULL;
    }
    if (!batches) {
        load_fail(l, -PL_E_STORE, &own);
        return;
    }
    part.batches = batches;
    part.n_batches = n;
    l->at = n ? batches[n - 1].last_rev : l->at;
    part.done = l->once || l->at >= part.head;
    l->cb(l->ctx, 0, &part, NULL);
    free(batches);
    if (part.done) {
        free(l);
        return;
    }
    rc = ask_piece(l);
    if (rc != 0) {
        (void)pl_fail(&own, -rc, "loading review %llu: %s", (unsigned long long)l->review,
                      pl_error_info(rc)->title);
        load_fail(l, rc, &own);
    }
}

static int ask_piece(struct load *l)
{
    struct pg_job *job = pg_job_new(STMT_FETCH, piece_done);
    job->user_ctx = l;
    pg_arg_u64(job, l->review);
    pg_arg_u64(job, l->at);
    pg_arg_u64(job, l->max_bytes);
    return store_submit_reader(l->store, job);
}

static void snapshot_done(struct pg_job *job, int rc, const struct pg_result *res,
                          const struct pl_err *e)
{
    struct load *l = job->user_ctx;
    struct load_part part = {0};
    struct pl_err own;
    if (rc == 0 && pg_rows(res) == 0)
        rc = pl_fail(&own, PL_E_NOENT, "there is no such review");
    if (rc != 0) {
        load_fail(l, rc, e ? e : &own);
        return;
    }
    part.head = pg_get_u64(res, 0, 0);
    part.snap_rev = pg_get_u64(res, 0, 1);
    part.snap = pg_get_bytes(res, 0, 2, &part.n_snap);
    part.snap_hash = pg_get_u64(res, 0, 3);
    part.done = part.snap_rev == part.head;
    l->at = l->after = part.snap_rev;
    l->cb(l->ctx, 0, &part, NULL);
    if (part.done) {
        free(l);
        return;
    }
    rc = ask_piece(l);
    if (rc != 0) {
        (void)pl_fail(&own, -rc, "loading review %llu: %s", (unsigned long long)l->review,
                      pl_error_info(rc)->title);
        load_fail(l, rc, &own);
    }
}

static struct load *load_new(struct store *s, uint64_t review, load_cb cb, void *ctx)
{
    struct load *l = pl_xcalloc(1, sizeof *l);
    l->store = s;
    l->review = review;
    l->max_bytes = PIECE_BYTES;
    l->cb = cb;
    l->ctx = ctx;
    return l;
}

int repo_load(struct store *s, uint64_t review, uint64_t max_rev, load_cb cb, void *ctx)
{
    struct load *l = load_new(s, review, cb, ctx);
    struct pg_job *job = pg_job_new(STMT_LOAD, snapshot_done);
    job->user_ctx = l;
    pg_arg_u64(job, review);
    pg_arg_u64(job, max_rev);
    int rc = store_submit_reader(s, job);
    if (rc != 0)
        free(l);
    return rc;
}

int repo_fetch(struct store *s, uint64_t review, uint64_t after_rev, size_t max_bytes, load_cb cb,
               void *ctx)
{
    struct load *l = load_new(s, review, cb, ctx);
    l->at = l->after = after_rev;
    l->max_bytes = max_bytes ? max_bytes : 1;
    l->once = true;
    int rc = ask_piece(l);
    if (rc != 0)
        free(l);
    return rc;
}

/* --- snapshots ----------------------------------------------------------------------------------
 */

static void done_done(struct pg_job *job, int rc, const struct pg_result *res,
                      const struct pl_err *e)
{
    done_cb cb = (done_cb)job->user_cb;
    (void)res;
    if (cb)
        cb(job->user_ctx, rc, e);
}

static struct pg_job *done_job(enum pg_stmt stmt, done_cb cb, void *ctx)
{
    struct pg_job *job = pg_job_new(stmt, done_done);
    job->user_cb = (void (*)(void))cb;
    job->user_ctx = ctx;
    return job;
}

/* long: a flat request, as the other ones of this header */
/* NOLINTNEXTLINE(readability-function-size) */
int repo_snapshot_put(struct store *s, uint64_t review, uint64_t rev, const void *bytes, size_t n,
                      uint64_t hash, done_cb cb, void *ctx)
{
    struct pg_job *job = done_job(STMT_SNAPSHOT_PUT, cb, ctx);
    job->extra = pl_xmemdup(bytes, n);
    pg_arg_u64(job, review);
    pg_arg_u64(job, rev);
    pg_arg_u64(job, hash);
    pg_arg_borrow(job, job->extra, n);
    return store_submit_reader(s, job);
}

int repo_snapshot_drop(struct store *s, uint64_t review, uint64_t rev, done_cb cb, void *ctx)
{
    struct pg_job *job = done_job(STMT_SNAPSHOT_DROP, cb, ctx);
    pg_arg_u64(job, review);
    pg_arg_u64(job, rev);
    return store_submit_reader(s, job);
}

/* --- numbers, heads, rights ---------------------------------------------------------------------
 */

static void number_done(struct pg_job *job, int rc, const struct pg_result *res,
                        const struct pl_err *e)
{
    ((number_cb)job->user_cb)(job->user_ctx, rc, rc == 0 ? pg_get_i64(res, 0, 0) : 0, e);
}

int repo_action_numbers(struct store *s, unsigned n, number_cb cb, void *ctx)
{
    struct pg_job *job = pg_job_new(STMT_ACTION_NUMBERS, number_done);
    job->user_cb = (void (*)(void))cb;
    job->user_ctx = ctx;
    pg_arg_u64(job, n);
    return store_submit_reader(s, job);
}

static void heads_done(struct pg_job *job, int rc, const struct pg_result *res,
                       const struct pl_err *e)
{
    size_t n = rc == 0 ? pg_rows(res) : 0;
    struct store *s = job->store;
    uint64_t *ids = pl_xcalloc(2 * n + 1, sizeof *ids);
    uint64_t mark = 0;
    (void)e;
    for (size_t i = 0; i < n; i++) {
        ids[i] = pg_get_u64(res, i, 0);
        ids[n + i] = pg_get_u64(res, i, 1);
        /* participants of each, and users and devices of all: both only ever grow */
        mark = mark * 31 + ids[i] + pg_get_u32(res, i, 2) + pg_get_u64(res, i, 3);
    }
    ((heads_cb)job->user_cb)(job->user_ctx, rc, ids, ids + n, n);
    free(ids);
    if (n > 0)
        store_rights_seen(s, mark);
}

int repo_heads(struct store *s, const uint64_t *reviews, size_t n, heads_cb cb, void *ctx)
{
    struct pg_job *job = pg_job_new(STMT_HEADS, heads_done);
    job->store = s;
    job->user_cb = (void (*)(void))cb;
    job->user_ctx = ctx;
    pg_arg_array(job, PG_ELEM_I64, n);
    for (size_t i = 0; i < n; i++)
        pg_elem_u64(job, reviews[i]);
    return store_submit_reader(s, job);
}

static void rights_done(struct pg_job *job, int rc, const struct pg_result *res,
                        const struct pl_err *e)
{
    rights_cb cb = (rights_cb)job->user_cb;
    (void)e;
    if (rc == 0 && pg_rows(res) == 0)
        rc = -PL_E_NOENT;
    if (rc != 0)
        cb(job->user_ctx, rc, 0, 0, 0);
    else
        cb(job->user_ctx, 0, pg_get_u32(res, 0, 0), pg_get_u32(res, 0, 1), pg_get_u32(res, 0, 2));
}

int repo_rights(struct store *s, uint64_t review, uint64_t user, rights_cb cb, void *ctx)
{
    struct pg_job *job = pg_job_new(STMT_RIGHTS, rights_done);
    job->user_cb = (void (*)(void))cb;
    job->user_ctx = ctx;
    pg_arg_u64(job, review);
    pg_arg_u64(job, user);
    return store_submit_reader(s, job);
}
