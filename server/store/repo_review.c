// SPDX-License-Identifier: Apache-2.0
/*
 * Lists of reviews, making one, participants: one statement per request, judged by
 * sql/0005_review.sql or, for reading, by the predicates in stmt.def.
 */
#include "store/repo_review.h"

#include <stdlib.h>
#include <string.h>

#include "plimsoll/doc/schema.h"
#include "plimsoll/base/mem.h"

#include "store/internal.h"

#define LIST_MAX 200u

/* --- list ---------------------------------------------------------------------------------------
 */

static void reviews_done(struct pg_job *job, int rc, const struct pg_result *res,
                         const struct pl_err *e)
{
    size_t limit = (size_t)job->aux;
    size_t found = rc == 0 ? pg_rows(res) : 0;
    size_t n = found > limit ? limit : found; /* one more was asked for, to know if there is more */
    struct pl_review_row *rows = pl_xcalloc(n + 1, sizeof *rows);
    for (size_t i = 0; i < n; i++) {
        rows[i] = (struct pl_review_row){
            .review = pg_get_u64(res, i, 0),
            .title = pg_get_text(res, i, 1),
            .status = pg_get_u32(res, i, 2),
            .stage = pg_get_u32(res, i, 3),
            .severity = pg_get_u32(res, i, 4),
            .kind = pg_get_u32(res, i, 5),
            .role = pg_get_u32(res, i, 6),
            .head = pg_get_u64(res, i, 7),
            .created_us = pg_get_i64(res, i, 8),
            .changed_us = pg_get_i64(res, i, 9),
            .attendance = pg_get_u32(res, i, 10),
            .rules_open = pg_get_bool(res, i, 11),
        };
    }
    uint64_t next = found > limit ? rows[n - 1].review : 0;
    ((reviews_cb)job->user_cb)(job->user_ctx, rc, rows, n, next, e);
    free(rows);
}

/* long: a flat request, as the other ones of this header */
int repo_reviews(struct store *s, uint64_t user, uint64_t after, uint32_t limit, bool mine,
                 reviews_cb cb, void *ctx)
{
    struct pg_job *job = pg_job_new(STMT_REVIEWS, reviews_done);
    job->user_cb = (void (*)(void))cb;
    job->user_ctx = ctx;
    job->aux = limit < 1 ? 1 : limit > LIST_MAX ? LIST_MAX : limit;
    pg_arg_u64(job, user);
    pg_arg_u64(job, after);
    pg_arg_bool(job, mine);
    pg_arg_u64(job, job->aux + 1);
    return store_submit_reader(s, job);
}

/* --- making -------------------------------------------------------------------------------------
 */

static void reserve_done(struct pg_job *job, int rc, const struct pg_result *res,
                         const struct pl_err *e)
{
    review_id_cb cb = (review_id_cb)job->user_cb;
    if (rc != 0)
        cb(job->user_ctx, rc, 0, e);
    else
        cb(job->user_ctx, pg_get_bool(res, 0, 0) ? 1 : 0, pg_get_u64(res, 0, 1), NULL);
}

int repo_review_reserve(struct store *s, const uint8_t op_id[16], uint64_t user, review_id_cb cb,
                        void *ctx)
{
    struct pg_job *job = pg_job_new(STMT_REVIEW_RESERVE, reserve_done);
    job->user_cb = (void (*)(void))cb;
    job->user_ctx = ctx;
    pg_arg_bytes(job, op_id, 16);
    pg_arg_u64(job, user);
    return store_submit_reader(s, job);
}

static void create_done(struct pg_job *job, int rc, const struct pg_result *res,
                        const struct pl_err *e)
{
    struct pl_err own = {0};
    if (rc == 0)
        rc = store_code(&own, pg_get_u32(res, 0, 0), "making the review");
    ((review_id_cb)job->user_cb)(job->user_ctx, rc, rc == 0 ? pg_get_u64(res, 0, 1) : 0,
                                 rc == 0 ? NULL
                                 : e     ? e
                                         : &own);
}

int repo_review_create(struct store *s, const struct review_create *c, review_id_cb cb, void *ctx)
{
    struct pg_job *job = pg_job_new(STMT_REVIEW_CREATE, create_done);
    job->user_cb = (void (*)(void))cb;
    job->user_ctx = ctx;
    pg_arg_u64(job, c->review);
    pg_arg_bytes(job, c->op_id, sizeof c->op_id);
    pg_arg_u64(job, c->user);
    pg_arg_u64(job, c->device);
    pg_arg_u32(job, store_node(s));
    pg_arg_text(job, c->title ? c->title : "");
    pg_arg_u32(job, c->severity);
    pg_arg_u32(job, c->kind);
    pg_arg_u32(job, c->stage);
    pg_arg_u32(job, c->visibility);
    pg_arg_borrow(job, c->body, c->n_body);
    pg_arg_bytes(job, c->salt, sizeof c->salt);
    pg_arg_bytes(job, c->commitment, sizeof c->commitment);
    if (c->rows != NULL)
        pg_arg_borrow(job, c->rows, strlen(c->rows));
    else
        pg_arg_text(job, NULL);
    return store_submit_reader(s, job);
}

/* --- people -------------------------------------------------------------------------------------
 */

static void people_done(struct pg_job *job, int rc, const struct pg_result *res,
                        const struct pl_err *e)
{
    people_cb cb = (people_cb)job->user_cb;
    struct pl_err own = {0};
    size_t found = rc == 0 ? pg_rows(res) : 0;
    if (rc == 0 && found == 0 && job->aux != 0)
        rc = pl_fail(&own, PL_E_NOENT, "there is no such review");
    else if (rc == 0 && found > 0 && !pg_get_bool(res, 0, 1))
        rc = pl_fail(&own, PL_E_PERM, "you do not take part in this review");
    if (rc != 0) {
        cb(job->user_ctx, rc, NULL, 0, e ? e : &own);
        return;
    }
    struct pl_person *rows = pl_xcalloc(found + 1, sizeof *rows);
    size_t n = 0;
    for (size_t i = 0; i < found; i++) {
        if (pg_is_null(res, i, 2))
            continue;
        rows[n++] = (struct pl_person){
            .user = pg_get_u64(res, i, 2),
            .user_name = pg_get_text(res, i, 3),
            .display_name = pg_get_text(res, i, 4),
            .role = pg_get_u32(res, i, 5),
        };
    }
    cb(job->user_ctx, 0, rows, n, NULL);
    free(rows);
}

int repo_people(struct store *s, uint64_t review, uint64_t user, people_cb cb, void *ctx)
{
    struct pg_job *job = pg_job_new(review ? STMT_PEOPLE : STMT_EVERYONE, people_done);
    job->user_cb = (void (*)(void))cb;
    job->user_ctx = ctx;
    job->aux = review;
    if (review) {
        pg_arg_u64(job, review);
        pg_arg_u64(job, user);
    }
    return store_submit_reader(s, job);
}

/* aux: role in the low half, duty in the high one. */
static void member_done(struct pg_job *job, int rc, const struct pg_result *res,
                        const struct pl_err *e)
{
    member_cb cb = (member_cb)job->user_cb;
    struct pl_err own = {0};
    if (rc == 0)
        rc = store_code(&own, pg_get_u32(res, 0, 0), "changing who takes part");
    /* A head says that the review is there: it is the person who is not. */
    if (rc == -PL_E_NOENT && !e && pg_get_u64(res, 0, 5) > 0)
        rc = pl_fail(&own, PL_E_NOENT, "nobody of that name is enrolled here");
    if (rc == -PL_E_GATE && !e && (uint32_t)job->aux == PL_ROLE_FACILITATOR)
        rc = pl_fail(&own, PL_E_GATE, "who took part in the incident cannot facilitate its review");
    if (rc != 0) {
        cb(job->user_ctx, rc, NULL, e ? e : &own);
        return;
    }
    struct member_result r = {
        .user = pg_get_u64(res, 0, 1),
        .user_name = pg_get_text(res, 0, 2),
        .display_name = pg_get_text(res, 0, 3),
        .old_role = pg_get_u32(res, 0, 4),
        .role = (uint32_t)job->aux,
        .duty = (uint32_t)(job->aux >> 32),
        .head = pg_get_u64(res, 0, 5),
        .changed = pg_get_bool(res, 0, 6),
    };
    cb(job->user_ctx, 0, &r, NULL);
}

int repo_member_set(struct store *s, const struct member_change *m, member_cb cb, void *ctx)
{
    struct pg_job *job = pg_job_new(STMT_MEMBER_SET, member_done);
    job->user_cb = (void (*)(void))cb;
    job->user_ctx = ctx;
    job->aux = m->role | (uint64_t)m->duty << 32;
    pg_arg_u64(job, m->review);
    pg_arg_u64(job, m->by_user);
    pg_arg_u64(job, m->by_device);
    pg_arg_u32(job, store_node(s));
    pg_arg_text(job, m->user_name);
    pg_arg_u32(job, m->role);
    pg_arg_u32(job, m->duty);
    return store_submit_reader(s, job);
}
