// SPDX-License-Identifier: Apache-2.0
/*
 * See repo_keeper.h.
 */
#include "store/repo_keeper.h"

#include "store/internal.h"

static struct pg_job *new_job(enum pg_stmt stmt, pg_done_cb done, void (*cb)(void), void *ctx)
{
    struct pg_job *job = pg_job_new(stmt, done);
    job->user_cb = cb;
    job->user_ctx = ctx;
    return job;
}

static int code_of(int rc, const struct pg_result *res, const char *what, struct pl_err *e)
{
    if (rc != 0)
        return rc;
    if (pg_rows(res) != 1)
        return pl_fail(e, PL_E_STORE, "%s: no answer row", what);
    return store_code(e, pg_get_u32(res, 0, 0), what);
}

static struct pl_bytes bytes_of(const struct pg_result *res, int col)
{
    struct pl_bytes b = {0};
    b.p = pg_get_bytes(res, 0, col, &b.n);
    return b;
}

static void look_done(struct pg_job *job, int rc, const struct pg_result *res,
                      const struct pl_err *e)
{
    struct keeper_grant g = {.user_name = "", .display_name = ""};
    if (rc == 0 && pg_rows(res) == 1) {
        g = (struct keeper_grant){
            .review = pg_get_u64(res, 0, 0),
            .by_user = pg_get_u64(res, 0, 1),
            .by_device = pg_get_u64(res, 0, 2),
            .user_name = pg_get_text(res, 0, 3),
            .display_name = pg_get_text(res, 0, 4),
            .role = pg_get_u32(res, 0, 5),
            .uses = pg_get_u32(res, 0, 6),
            .act = {bytes_of(res, 7), bytes_of(res, 8), bytes_of(res, 9), bytes_of(res, 10)},
            .is_their_key = pg_get_bool(res, 0, 11),
        };
    }
    ((keeper_grant_cb)job->user_cb)(job->user_ctx, rc, rc == 0 ? &g : NULL, e);
}

int repo_keeper_look(struct store *s, const uint8_t secret_sha256[32], keeper_grant_cb cb,
                     void *ctx)
{
    struct pg_job *job = new_job(STMT_KEEPER_LOOK, look_done, (void (*)(void))cb, ctx);
    pg_arg_bytes(job, secret_sha256, 32);
    return store_submit_reader(s, job);
}

static void note_done(struct pg_job *job, int rc, const struct pg_result *res,
                      const struct pl_err *e)
{
    struct pl_err own = {0};
    rc = code_of(rc, res, "a certificate", &own);
    ((keeper_note_cb)job->user_cb)(job->user_ctx, rc, e ? e : &own);
}

int repo_keeper_note(struct store *s, const struct keeper_note *n, keeper_note_cb cb, void *ctx)
{
    struct pg_job *job = new_job(STMT_KEEPER_NOTE, note_done, (void (*)(void))cb, ctx);
    pg_arg_u64(job, n->device);
    pg_arg_bytes(job, n->spki_sha256, 32);
    pg_arg_bytes(job, n->cert_sha256, 32);
    pg_arg_i64(job, n->expires_us);
    pg_arg_u32(job, n->hour_max);
    pg_arg_u32(job, store_node(s));
    return store_submit_reader(s, job);
}
