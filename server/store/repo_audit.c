// SPDX-License-Identifier: Apache-2.0
/*
 * See repo_audit.h.
 */
#include "store/repo_audit.h"

#include <stdlib.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/wire/limits.h"

#include "store/internal.h"

static struct pg_job *job_new(enum pg_stmt stmt, pg_done_cb done, void (*cb)(void), void *ctx)
{
    struct pg_job *job = pg_job_new(stmt, done);
    job->user_cb = cb;
    job->user_ctx = ctx;
    return job;
}

/* --- the state ----------------------------------------------------------------------------------
 */

static void state_done(struct pg_job *job, int rc, const struct pg_result *res,
                       const struct pl_err *e)
{
    log_state_cb cb = (log_state_cb)job->user_cb;
    struct log_state_row row = {.origin = "", .vkey = "", .note = ""};
    if (rc == 0) {
        size_t n = 0;
        row.epoch = pg_get_u32(res, 0, 0);
        row.origin = pg_get_text(res, 0, 1);
        row.vkey = pg_get_text(res, 0, 2);
        row.size = pg_get_u64(res, 0, 3);
        row.sealed = pg_get_u64(res, 0, 4);
        row.root = pg_get_bytes(res, 0, 5, &n);
        if (n != REPO_LOG_HASH)
            row.root = NULL;
        row.note = pg_get_text(res, 0, 6);
        row.lag_us = pg_get_i64(res, 0, 7);
    }
    cb(job->user_ctx, rc, &row, e);
}

int repo_log_state(struct store *s, log_state_cb cb, void *ctx)
{
    return store_submit_reader(s, job_new(STMT_LOG_STATE, state_done, (void (*)(void))cb, ctx));
}

/* --- entries and hashes -------------------------------------------------------------------------
 */

static void entries_done(struct pg_job *job, int rc, const struct pg_result *res,
                         const struct pl_err *e)
{
    log_entries_cb cb = (log_entries_cb)job->user_cb;
    size_t n = rc == 0 ? pg_rows(res) : 0;
    struct log_entry_row *rows = pl_xcalloc(n + 1, sizeof *rows);
    for (size_t i = 0; i < n; i++) {
        rows[i].index = pg_get_u64(res, i, 0);
        rows[i].review = pg_get_u64(res, i, 1);
        rows[i].number = pg_get_u64(res, i, 2);
        rows[i].leaf = pg_get_bytes(res, i, 3, &rows[i].leaf_len);
    }
    cb(job->user_ctx, rc, rows, n, e);
    free(rows);
}

int repo_log_entries(struct store *s, uint32_t epoch, uint64_t from, uint64_t to, log_entries_cb cb,
                     void *ctx)
{
    struct pg_job *job = job_new(STMT_LOG_ENTRIES, entries_done, (void (*)(void))cb, ctx);
    pg_arg_u32(job, epoch);
    pg_arg_u64(job, from);
    pg_arg_u64(job, to);
    return store_submit_reader(s, job);
}

static void stream_done(struct pg_job *job, int rc, const struct pg_result *res,
                        const struct pl_err *e)
{
    log_entries_cb cb = (log_entries_cb)job->user_cb;
    size_t n = rc == 0 ? pg_rows(res) : 0;
    struct log_entry_row *rows = pl_xcalloc(n + 1, sizeof *rows);
    for (size_t i = 0; i < n; i++) {
        rows[i].review = job->aux;
        rows[i].number = pg_get_u64(res, i, 0);
        rows[i].leaf = pg_get_bytes(res, i, 1, &rows[i].leaf_len);
    }
    cb(job->user_ctx, rc, rows, n, e);
    free(rows);
}

int repo_log_stream(struct store *s, uint64_t review, uint64_t from, uint32_t limit,
                    log_entries_cb cb, void *ctx)
{
    struct pg_job *job = job_new(STMT_LOG_STREAM, stream_done, (void (*)(void))cb, ctx);
    job->aux = review;
    pg_arg_u64(job, review);
    pg_arg_u64(job, from);
    pg_arg_u32(job, limit);
    pg_arg_u64(job, PL_AUDIT_BYTES_MAX);
    return store_submit_reader(s, job);
}

static void leaf_done(struct pg_job *job, int rc, const struct pg_result *res,
                      const struct pl_err *e)
{
    struct log_entry_row row = {.review = job->aux};
    size_t n = rc == 0 ? pg_rows(res) : 0;
    if (n > 0) {
        row.index = pg_get_u64(res, 0, 0);
        row.leaf = pg_get_bytes(res, 0, 1, &row.leaf_len);
    }
    ((log_entries_cb)job->user_cb)(job->user_ctx, rc, &row, n, e);
}

int repo_log_leaf(struct store *s, uint64_t review, uint64_t number, log_entries_cb cb, void *ctx)
{
    struct pg_job *job = job_new(STMT_LOG_LEAF, leaf_done, (void (*)(void))cb, ctx);
    job->aux = review;
    pg_arg_u64(job, review);
    pg_arg_u64(job, number);
    return store_submit_reader(s, job);
}

static void edge_done(struct pg_job *job, int rc, const struct pg_result *res,
                      const struct pl_err *e)
{
    log_edge_cb cb = (log_edge_cb)job->user_cb;
    size_t n = rc == 0 ? pg_rows(res) : 0;
    struct log_hash_row *rows = pl_xcalloc(n + 1, sizeof *rows);
    for (size_t i = 0; i < n; i++) {
        rows[i].level = pg_get_i32(res, i, 0);
        rows[i].index = pg_get_u64(res, i, 1);
        rows[i].hash = pg_get_bytes(res, i, 2, &rows[i].n);
    }
    cb(job->user_ctx, rc, rows, n, e);
    free(rows);
}

int repo_log_edge(struct store *s, uint32_t epoch, uint64_t size, log_edge_cb cb, void *ctx)
{
    struct pg_job *job = job_new(STMT_LOG_EDGE, edge_done, (void (*)(void))cb, ctx);
    pg_arg_u32(job, epoch);
    pg_arg_u64(job, size);
    return store_submit_reader(s, job);
}

/* Results of one column of bytes. */
static void bytes_done(struct pg_job *job, int rc, const struct pg_result *res,
                       const struct pl_err *e)
{
    log_hashes_cb cb = (log_hashes_cb)job->user_cb;
    size_t n = rc == 0 ? pg_rows(res) : 0;
    struct log_bytes *rows = pl_xcalloc(n + 1, sizeof *rows);
    for (size_t i = 0; i < n; i++)
        rows[i].p = pg_get_bytes(res, i, 0, &rows[i].n);
    cb(job->user_ctx, rc, rows, n, e);
    free(rows);
}

int repo_log_hashes(struct store *s, uint32_t epoch, const struct log_run *runs, size_t n,
                    log_hashes_cb cb, void *ctx)
{
    struct pg_job *job = job_new(STMT_LOG_HASHES, bytes_done, (void (*)(void))cb, ctx);
    pg_arg_u32(job, epoch);
    pg_arg_array(job, PG_ELEM_I32, n);
    for (size_t i = 0; i < n; i++)
        pg_elem_u32(job, (uint32_t)runs[i].level);
    pg_arg_array(job, PG_ELEM_I64, n);
    for (size_t i = 0; i < n; i++)
        pg_elem_u64(job, runs[i].first);
    pg_arg_array(job, PG_ELEM_I32, n);
    for (size_t i = 0; i < n; i++)
        pg_elem_u32(job, runs[i].count);
    return store_submit_reader(s, job);
}

int repo_log_rows(struct store *s, uint64_t size, log_keys_cb cb, void *ctx)
{
    struct pg_job *job = job_new(STMT_LOG_ROWS, bytes_done, (void (*)(void))cb, ctx);
    pg_arg_u64(job, size);
    return store_submit_reader(s, job);
}

int repo_log_keys(struct store *s, log_keys_cb cb, void *ctx)
{
    return store_submit_reader(s, job_new(STMT_LOG_KEYS, bytes_done, (void (*)(void))cb, ctx));
}

/* --- payloads -----------------------------------------------------------------------------------
 */

static void payloads_done(struct pg_job *job, int rc, const struct pg_result *res,
                          const struct pl_err *e)
{
    log_payloads_cb cb = (log_payloads_cb)job->user_cb;
    size_t n = rc == 0 ? pg_rows(res) : 0;
    struct log_payload_row *rows = pl_xcalloc(n + 1, sizeof *rows);
    for (size_t i = 0; i < n; i++) {
        rows[i].review = pg_get_u64(res, i, 0);
        rows[i].first_rev = pg_get_u64(res, i, 1);
        rows[i].last_rev = pg_get_u64(res, i, 2);
        rows[i].body = pg_get_bytes(res, i, 3, &rows[i].body_len);
        rows[i].salts = pg_get_bytes(res, i, 4, &rows[i].salts_len);
    }
    cb(job->user_ctx, rc, rows, n, e);
    free(rows);
}

int repo_log_payloads(struct store *s, uint64_t review, uint64_t last_rev, uint32_t limit,
                      log_payloads_cb cb, void *ctx)
{
    struct pg_job *job = job_new(STMT_LOG_PAYLOADS, payloads_done, (void (*)(void))cb, ctx);
    pg_arg_u64(job, review);
    pg_arg_u64(job, last_rev);
    pg_arg_u32(job, limit);
    return store_submit_reader(s, job);
}

static void exported_done(struct pg_job *job, int rc, const struct pg_result *res,
                          const struct pl_err *e)
{
    (void)res;
    ((log_done_cb)job->user_cb)(job->user_ctx, rc, e);
}

int repo_log_exported(struct store *s, uint64_t size, bool texts, log_done_cb cb, void *ctx)
{
    struct pg_job *job = job_new(STMT_LOG_EXPORTED, exported_done, (void (*)(void))cb, ctx);
    pg_arg_u64(job, size);
    pg_arg_bool(job, texts);
    return store_submit_reader(s, job);
}
