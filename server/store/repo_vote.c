// SPDX-License-Identifier: Apache-2.0
/*
 * Choices of an open vote: one statement per request, judged by sql/0007_votes.sql under the lock
 * of the review. Writing goes over the review's writer, where its appends go.
 */
#include "store/repo_vote.h"

#include <stdlib.h>

#include "plimsoll/base/buf.h"
#include "plimsoll/base/mem.h"

#include "store/internal.h"

#define SUM_BYTES 24u

/* --- voting -------------------------------------------------------------------------------------
 */

static const char *vote_why(uint32_t code)
{
    switch (code) {
    case PL_E_PERM:
        return "your role does not vote, or not in this status of the review";
    case PL_E_REVOKED:
        return "your access was taken away";
    case PL_E_CONFLICT:
        return "this vote is not open any more";
    case PL_E_BUSY:
        return "the votes are being counted";
    case PL_E_LIMIT:
        return "you do not have that many dots left; take some back first";
    case PL_E_QUOTA:
        return "too many different entries have dots already";
    case PL_E_UNAVAILABLE:
        return "this vote was begun with a key that this server process does not have";
    case PL_E_INVALID:
        return "nobody has that many dots in this vote";
    default:
        return NULL;
    }
}

static int code_to_err(struct pl_err *e, uint32_t code)
{
    const char *why = vote_why(code);

    return why != NULL ? pl_fail(e, (int)code, "%s", why) : store_code(e, code, "voting");
}

static void vote_done(struct pg_job *job, int rc, const struct pg_result *res,
                      const struct pl_err *e)
{
    struct pl_err own = {0};

    if (rc == 0)
        rc = code_to_err(&own, pg_get_u32(res, 0, 0));
    ((vote_cb)job->user_cb)(job->user_ctx, rc, rc == 0 ? NULL : e != NULL ? e : &own);
}

int repo_vote(struct store *s, const struct vote_choice *v, vote_cb cb, void *ctx)
{
    struct pg_job *job = pg_job_new(STMT_VOTE, vote_done);

    job->user_cb = (void (*)(void))cb;
    job->user_ctx = ctx;
    pg_arg_u64(job, v->review);
    pg_arg_u64(job, v->user);
    pg_arg_u64(job, v->device);
    pg_arg_u32(job, v->round);
    pg_arg_bytes(job, v->voter, sizeof v->voter);
    pg_arg_bytes(job, v->key_check, sizeof v->key_check);
    pg_arg_u64(job, v->entry.client);
    pg_arg_u64(job, v->entry.n);
    pg_arg_u32(job, v->dots);
    pg_arg_array(job, PG_ELEM_I64, v->n_merged);
    for (size_t i = 0; i < v->n_merged; i++)
        pg_elem_u64(job, v->merged[i].client);
    pg_arg_array(job, PG_ELEM_I64, v->n_merged);
    for (size_t i = 0; i < v->n_merged; i++)
        pg_elem_u64(job, v->merged[i].n);
    return store_submit_writer(s, v->review, job);
}

/* --- counting -----------------------------------------------------------------------------------
 */

static struct pl_vote_row *cut_sums(const uint8_t *p, size_t n, size_t *count)
{
    struct pl_reader r;
    struct pl_vote_row *out = pl_xcalloc(n / SUM_BYTES + 1, sizeof *out);
    size_t k = 0;

    pl_reader_init(&r, p, n);
    while (pl_reader_left(&r) >= SUM_BYTES) {
        out[k].entry.client = pl_read_u64be(&r);
        out[k].entry.n = (uint32_t)pl_read_u64be(&r);
        out[k].dots = (uint32_t)pl_read_u64be(&r);
        k++;
    }
    *count = k;
    return out;
}

static void tally_done(struct pg_job *job, int rc, const struct pg_result *res,
                       const struct pl_err *e)
{
    tally_cb cb = (tally_cb)job->user_cb;
    struct pl_err own = {0};

    if (rc == 0) {
        uint32_t code = pg_get_u32(res, 0, 0);
        rc = code == PL_E_PERM ? pl_fail(&own, PL_E_PERM, "only who conducts the session may count")
                               : code_to_err(&own, code);
    }
    if (rc != 0) {
        cb(job->user_ctx, rc, NULL, e != NULL ? e : &own);
        return;
    }
    size_t n = 0;
    const uint8_t *p = pg_get_bytes(res, 0, 4, &n);
    struct vote_tally t = {.round = pg_get_u32(res, 0, 1),
                           .version = pg_get_u64(res, 0, 2),
                           .voters = pg_get_u32(res, 0, 3)};
    t.items = cut_sums(p, n, &t.n);
    cb(job->user_ctx, 0, &t, NULL);
    free(t.items);
}

/* long: a flat request, as the other ones of this folder */
int repo_tally(struct store *s, uint64_t review, uint64_t user, uint64_t device, uint64_t freeze_us,
               tally_cb cb, void *ctx)
{
    struct pg_job *job = pg_job_new(STMT_TALLY, tally_done);

    job->user_cb = (void (*)(void))cb;
    job->user_ctx = ctx;
    pg_arg_u64(job, review);
    pg_arg_u64(job, user);
    pg_arg_u64(job, device);
    pg_arg_u64(job, freeze_us);
    return store_submit_writer(s, review, job);
}

/* --- reading ------------------------------------------------------------------------------------
 */

static void votes_done(struct pg_job *job, int rc, const struct pg_result *res,
                       const struct pl_err *e)
{
    votes_cb cb = (votes_cb)job->user_cb;
    struct pl_err own = {0};
    size_t n = rc == 0 ? pg_rows(res) : 0;

    if (rc == 0 && n == 0)
        rc = pl_fail(&own, PL_E_NOENT, "there is no such review");
    else if (rc == 0 && !pg_get_bool(res, 0, 0))
        rc = pl_fail(&own, PL_E_PERM, "you do not take part in this review");
    if (rc != 0) {
        cb(job->user_ctx, rc, NULL, e != NULL ? e : &own);
        return;
    }
    struct pl_vote_row *own_votes = pl_xcalloc(n, sizeof *own_votes);
    struct vote_state v = {
        .voters = pg_get_u32(res, 0, 1), .cast = pg_get_u32(res, 0, 2), .own = own_votes};
    for (size_t i = 0; i < n; i++) {
        if (pg_is_null(res, i, 3))
            continue;
        own_votes[v.n++] = (struct pl_vote_row){
            .entry = {.client = pg_get_u64(res, i, 3), .n = (uint32_t)pg_get_u64(res, i, 4)},
            .dots = pg_get_u32(res, i, 5)};
    }
    cb(job->user_ctx, 0, &v, NULL);
    free(own_votes);
}

int repo_votes(struct store *s, uint64_t review, uint64_t user, const uint8_t voter[VOTE_ID_BYTES],
               votes_cb cb, void *ctx)
{
    struct pg_job *job = pg_job_new(STMT_VOTES, votes_done);

    job->user_cb = (void (*)(void))cb;
    job->user_ctx = ctx;
    pg_arg_u64(job, review);
    pg_arg_u64(job, user);
    pg_arg_bytes(job, voter, VOTE_ID_BYTES);
    return store_submit_reader(s, job);
}
