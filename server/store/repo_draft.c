// SPDX-License-Identifier: Apache-2.0
/*
 * Private drafts: one statement per request, judged by sql/0011_drafts.sql.
 */
#include "store/repo_draft.h"

#include <stdlib.h>

#include "plimsoll/base/mem.h"

#include "store/internal.h"

static void reserve_done(struct pg_job *job, int rc, const struct pg_result *res,
                         const struct pl_err *e)
{
    draft_cb cb = (draft_cb)job->user_cb;
    struct pl_err own = {0};

    if (rc == 0)
        rc = store_code(&own, pg_get_u32(res, 0, 0), "opening a private draft");
    if (rc == -PL_E_PERM && e == NULL)
        rc = pl_fail(
            &own, PL_E_PERM,
            "what is sealed is written in private drafts, which are for responders and, for "
            "observations, facilitators; else comment, or in the session 'observe add "
            "--anonymous'");
    if (rc != 0)
        cb(job->user_ctx, rc, 0, 0, e != NULL ? e : &own);
    else
        cb(job->user_ctx, pg_get_bool(res, 0, 1) ? 1 : 0, pg_get_u64(res, 0, 2),
           pg_get_u32(res, 0, 3), NULL);
}

int repo_draft_reserve(struct store *s, uint64_t review, uint64_t user, draft_cb cb, void *ctx)
{
    struct pg_job *job = pg_job_new(STMT_DRAFT_RESERVE, reserve_done);

    job->user_cb = (void (*)(void))cb;
    job->user_ctx = ctx;
    pg_arg_u64(job, review);
    pg_arg_u64(job, user);
    return store_submit_reader(s, job);
}

static void create_done(struct pg_job *job, int rc, const struct pg_result *res,
                        const struct pl_err *e)
{
    review_id_cb cb = (review_id_cb)job->user_cb;
    struct pl_err own = {0};

    if (rc == 0)
        rc = store_code(&own, pg_get_u32(res, 0, 0), "making a private draft");
    if (rc != 0)
        cb(job->user_ctx, rc, 0, e != NULL ? e : &own);
    else
        cb(job->user_ctx, 0, pg_get_u64(res, 0, 1), NULL);
}

int repo_draft_create(struct store *s, const struct review_create *c, uint64_t of, review_id_cb cb,
                      void *ctx)
{
    struct pg_job *job = pg_job_new(STMT_DRAFT_CREATE, create_done);

    job->user_cb = (void (*)(void))cb;
    job->user_ctx = ctx;
    pg_arg_u64(job, of);
    pg_arg_u64(job, c->review);
    pg_arg_u64(job, c->user);
    pg_arg_u64(job, c->device);
    pg_arg_u32(job, store_node(s));
    pg_arg_text(job, c->title);
    pg_arg_borrow(job, c->body, c->n_body);
    pg_arg_bytes(job, c->salt, sizeof c->salt);
    pg_arg_bytes(job, c->commitment, sizeof c->commitment);
    pg_arg_text(job, c->rows);
    return store_submit_reader(s, job);
}

static void drafts_done(struct pg_job *job, int rc, const struct pg_result *res,
                        const struct pl_err *e)
{
    size_t n = rc == 0 ? pg_rows(res) : 0;
    struct draft_row *rows = pl_xcalloc(n + 1, sizeof *rows);

    for (size_t i = 0; i < n; i++)
        rows[i] = (struct draft_row){.draft = pg_get_u64(res, i, 0),
                                     .user = pg_get_u64(res, i, 1),
                                     .head = pg_get_u64(res, i, 2)};
    ((drafts_cb)job->user_cb)(job->user_ctx, rc, rows, n, e);
    free(rows);
}

int repo_drafts(struct store *s, uint64_t review, drafts_cb cb, void *ctx)
{
    struct pg_job *job = pg_job_new(STMT_DRAFTS, drafts_done);

    job->user_cb = (void (*)(void))cb;
    job->user_ctx = ctx;
    pg_arg_u64(job, review);
    return store_submit_reader(s, job);
}
