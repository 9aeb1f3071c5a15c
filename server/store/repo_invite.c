// SPDX-License-Identifier: Apache-2.0
/*
 * Invites of facilitators: one statement per request, all judging done by sql/0009_invites.sql.
 */
#include "store/repo_invite.h"

#include <stdlib.h>

#include "plimsoll/base/mem.h"

#include "store/internal.h"

static struct pg_job *new_job(enum pg_stmt stmt, pg_done_cb done, void (*cb)(void), void *ctx)
{
    struct pg_job *job = pg_job_new(stmt, done);
    job->user_cb = cb;
    job->user_ctx = ctx;
    return job;
}

#define NEW_JOB(stmt, done, cb, ctx) new_job((stmt), (done), (void (*)(void))(cb), (ctx))

/* What a code of plimsoll_review_invite_add means here, where the database gave no words to it. */
static int add_refusal(uint32_t code, const char *why, struct pl_err *e)
{
    if (why[0] != '\0')
        return pl_fail(e, (int)code, "%s", why);
    switch (code) {
    case PL_E_PERM:
        return pl_fail(e, PL_E_PERM, "only a facilitator invites, and not into a closed review");
    case PL_E_QUOTA:
        return pl_fail(e, PL_E_QUOTA, "this review has too many open invites; withdraw some");
    case PL_E_SLOW_DOWN:
        return pl_fail(e, PL_E_SLOW_DOWN, "you have made too many invites in the last hour");
    default:
        return store_code(e, code, "inviting");
    }
}

static void add_done(struct pg_job *job, int rc, const struct pg_result *res,
                     const struct pl_err *e)
{
    review_invite_cb cb = (review_invite_cb)job->user_cb;
    struct pl_err own = {0};
    if (rc == 0 && pg_rows(res) != 1)
        rc = pl_fail(&own, PL_E_STORE, "inviting: no answer row");
    else if (rc == 0 && pg_get_u32(res, 0, 0) != 0)
        rc = add_refusal(pg_get_u32(res, 0, 0), pg_get_text(res, 0, 1), &own);
    if (rc != 0)
        cb(job->user_ctx, rc, 0, 0, e ? e : &own);
    else
        cb(job->user_ctx, 0, pg_get_u64(res, 0, 2), pg_get_i64(res, 0, 3), NULL);
}

int repo_review_invite_add(struct store *s, const struct review_invite_new *inv,
                           review_invite_cb cb, void *ctx)
{
    struct pg_job *job = NEW_JOB(STMT_REVIEW_INVITE_ADD, add_done, cb, ctx);
    pg_arg_bytes(job, inv->secret_sha256, sizeof inv->secret_sha256);
    pg_arg_u64(job, inv->review);
    pg_arg_text(job, inv->user_name);
    pg_arg_text(job, inv->display_name);
    pg_arg_u32(job, inv->role);
    pg_arg_u32(job, inv->uses);
    pg_arg_u32(job, inv->minutes);
    pg_arg_u64(job, inv->by_user);
    pg_arg_u64(job, inv->by_device);
    pg_arg_u32(job, store_node(s));
    pg_arg_bytes(job, inv->act.head.p, inv->act.head.n);
    pg_arg_bytes(job, inv->act.seen.p, inv->act.seen.n);
    pg_arg_bytes(job, inv->act.signature.p, inv->act.signature.n);
    pg_arg_bytes(job, inv->act.key.p, inv->act.key.n);
    pg_arg_u32(job, inv->open_max);
    pg_arg_u32(job, inv->hour_max);
    return store_submit_reader(s, job);
}

static void list_done(struct pg_job *job, int rc, const struct pg_result *res,
                      const struct pl_err *e)
{
    review_invites_cb cb = (review_invites_cb)job->user_cb;
    struct pl_err own = {0};
    if (rc == 0 && (pg_rows(res) == 0 || !pg_get_bool(res, 0, 0)))
        rc = pl_fail(&own, PL_E_PERM, "only facilitators see the invites of a review");
    if (rc != 0) {
        cb(job->user_ctx, rc, NULL, 0, e ? e : &own);
        return;
    }
    size_t found = pg_rows(res);
    struct pl_invite_row *rows = pl_xcalloc(found + 1, sizeof *rows);
    size_t n = 0;
    for (size_t i = 0; i < found; i++) {
        if (pg_is_null(res, i, 1)) /* there is none: the one row says that he may ask */
            continue;
        rows[n++] = (struct pl_invite_row){
            .invite = pg_get_u64(res, i, 1),
            .user_name = pg_get_text(res, i, 2),
            .role = pg_get_u32(res, i, 3),
            .uses_left = pg_get_u32(res, i, 4),
            .used = pg_get_u32(res, i, 5),
            .created_us = pg_get_i64(res, i, 6),
            .expires_us = pg_get_i64(res, i, 7),
            .by_user = pg_get_u64(res, i, 8),
        };
    }
    cb(job->user_ctx, 0, rows, n, NULL);
    free(rows);
}

int repo_review_invites(struct store *s, uint64_t review, uint64_t user, review_invites_cb cb,
                        void *ctx)
{
    struct pg_job *job = NEW_JOB(STMT_REVIEW_INVITES, list_done, cb, ctx);
    pg_arg_u64(job, review);
    pg_arg_u64(job, user);
    return store_submit_reader(s, job);
}

static void revoke_done(struct pg_job *job, int rc, const struct pg_result *res,
                        const struct pl_err *e)
{
    review_invite_done_cb cb = (review_invite_done_cb)job->user_cb;
    struct pl_err own = {0};
    uint32_t code = rc == 0 ? pg_get_u32(res, 0, 0) : 0;
    if (code == PL_E_NOENT)
        rc = pl_fail(&own, PL_E_NOENT, "the review has no invite of this number");
    else if (code == PL_E_PERM)
        rc = pl_fail(&own, PL_E_PERM, "only a facilitator of the review withdraws its invites");
    else if (rc == 0)
        rc = store_code(&own, code, "withdrawing an invite");
    cb(job->user_ctx, rc, rc == 0 ? NULL : e ? e : &own);
}

int repo_review_invite_revoke(struct store *s, const struct pl_invite_revoke *r, uint64_t by_user,
                              uint64_t by_device, review_invite_done_cb cb, void *ctx)
{
    struct pg_job *job = NEW_JOB(STMT_REVIEW_INVITE_REVOKE, revoke_done, cb, ctx);
    pg_arg_u64(job, r->review);
    pg_arg_u64(job, r->invite);
    pg_arg_u64(job, by_user);
    pg_arg_u64(job, by_device);
    pg_arg_u32(job, store_node(s));
    return store_submit_reader(s, job);
}
