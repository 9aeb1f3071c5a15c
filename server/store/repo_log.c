// SPDX-License-Identifier: Apache-2.0
/*
 * Append and sessions: requests become calls of plimsoll_append and plimsoll_session_open on the
 * writer of the review, answers become outcomes. What the database means by its numbers stands in
 * sql/0004_append.sql.
 */
#include "store/repo_log.h"

#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"

#include "store/internal.h"
#include "store/repo_invite.h"

/* Outcomes of plimsoll_append. */
enum { SQL_OK = 0, SQL_BEHIND = 1, SQL_REFUSED = 2, SQL_NO_REVIEW = 5 };

#define REPLY_BATCHES_MAX 1000u

#define AUX_TURN (UINT64_C(1) << 32) /* job->aux: revisions, and whether the turn was asked for */

/* --- the answer ---------------------------------------------------------------------------------
 */

/* Cuts the `missing` column into batches, borrowed from it. */
static struct log_batch *cut_batches(const uint8_t *p, size_t n, size_t *count)
{
    struct pl_reader r;
    struct log_batch *out = NULL;
    size_t k = 0;
    pl_reader_init(&r, p, n);
    while (pl_reader_left(&r) > 0 && k < REPLY_BATCHES_MAX) {
        struct log_batch b;
        b.first_rev = pl_read_u64be(&r);
        b.last_rev = pl_read_u64be(&r);
        b.n = pl_read_u32be(&r);
        b.body = pl_read_bytes(&r, b.n);
        if (r.bad)
            break;
        if ((k & (k - 1)) == 0)
            out = pl_xrealloc(out, k ? 2 * k : 1, sizeof *out);
        out[k++] = b;
    }
    *count = k;
    return out;
}

static enum author_verdict *copy_verdicts(const uint8_t *p, size_t n)
{
    enum author_verdict *v = pl_xcalloc(n ? n : 1, sizeof *v);
    for (size_t i = 0; i < n; i++)
        v[i] = p[i] <= AUTHOR_UNSIGNED ? (enum author_verdict)p[i] : AUTHOR_REVOKED;
    return v;
}

static enum append_outcome outcome_of(uint32_t sql)
{
    switch (sql) {
    case SQL_OK:
        return APPEND_OK;
    case SQL_BEHIND:
        return APPEND_BEHIND;
    case SQL_REFUSED:
        return APPEND_REFUSED;
    default:
        return APPEND_FAILED;
    }
}

/* Behind: the turn is ours until the next try. Otherwise the function has given it back. */
static void turn_after(struct store *s, uint64_t review, enum append_outcome outcome)
{
    if (outcome == APPEND_BEHIND)
        store_turn_keep(s, review);
    else
        store_turn_end(s, review, false);
}

static void append_done(struct pg_job *job, int rc, const struct pg_result *res,
                        const struct pl_err *e)
{
    struct append_result r = {.outcome = APPEND_FAILED, .err = e};
    struct store *s = job->store;
    append_cb cb = (append_cb)job->user_cb;
    enum author_verdict *verdicts = NULL;
    struct log_batch *batches = NULL;
    struct pl_err own;
    if (rc == 0 && pg_rows(res) == 1) {
        size_t n;
        uint32_t sql = pg_get_u32(res, 0, 0);
        r.outcome = outcome_of(sql);
        r.head = pg_get_u64(res, 0, 1);
        const uint8_t *p = pg_get_bytes(res, 0, 2, &n);
        if (r.outcome == APPEND_REFUSED)
            r.verdicts = verdicts = copy_verdicts(p, n);
        p = pg_get_bytes(res, 0, 3, &n);
        if (r.outcome == APPEND_BEHIND)
            r.batches = batches = cut_batches(p, n, &r.n_batches);
        if (sql == SQL_NO_REVIEW) {
            (void)pl_fail(&own, PL_E_NOENT, "there is no such review");
            r.err = &own;
        }
        store_count_append(s, r.outcome == APPEND_OK ? (uint32_t)job->aux : 0,
                           r.outcome == APPEND_BEHIND);
        if (job->aux & AUX_TURN)
            turn_after(s, job->order, r.outcome);
    } else if (rc == -PL_E_UNAVAILABLE && job->sent && !job->rolled_back) {
        r.outcome = APPEND_UNKNOWN;
    } else if (job->rolled_back && (job->aux & AUX_TURN)) {
        store_turn_end(s, job->order, true);
    }
    cb(job->user_ctx, &r);
    free(verdicts);
    free(batches);
}

/* --- the question -------------------------------------------------------------------------------
 */

static bool authors_fit(const struct append_request *r)
{
    if (r->n_authors != r->n_revs)
        return false;
    for (size_t i = 0; i < r->n_authors; i++) {
        if (r->authors[i].rev_offset != i)
            return false;
    }
    return true;
}

#define AUTHOR_ARRAY(job, type, r, put)                       \
    do {                                                      \
        pg_arg_array((job), (type), (r)->n_authors);          \
        for (size_t i = 0; i < (r)->n_authors; i++) {         \
            const struct append_author *a = &(r)->authors[i]; \
            put;                                              \
        }                                                     \
    } while (0)

static void add_authors(struct pg_job *job, const struct append_request *r)
{
    AUTHOR_ARRAY(job, PG_ELEM_I64, r, pg_elem_u64(job, a->client));
    AUTHOR_ARRAY(job, PG_ELEM_I64, r, pg_elem_u64(job, a->user));
    AUTHOR_ARRAY(job, PG_ELEM_I64, r, pg_elem_u64(job, a->device));
    AUTHOR_ARRAY(job, PG_ELEM_I32, r, pg_elem_u32(job, a->epoch));
    AUTHOR_ARRAY(job, PG_ELEM_I64, r, pg_elem_u64(job, a->seq));
    AUTHOR_ARRAY(job, PG_ELEM_I64, r, pg_elem_u64(job, a->ops));
    AUTHOR_ARRAY(job, PG_ELEM_BYTES, r, pg_elem_bytes(job, a->salt, sizeof a->salt));
    AUTHOR_ARRAY(job, PG_ELEM_BYTES, r, pg_elem_bytes(job, a->commitment, sizeof a->commitment));
}

static void add_refusals(struct pg_job *job, const struct append_request *r)
{
    pg_arg_array(job, PG_ELEM_I64, r->n_refusals);
    for (size_t i = 0; i < r->n_refusals; i++)
        pg_elem_u64(job, r->refusals[i].client);
    pg_arg_array(job, PG_ELEM_I32, r->n_refusals);
    for (size_t i = 0; i < r->n_refusals; i++)
        pg_elem_u32(job, r->refusals[i].epoch);
    pg_arg_array(job, PG_ELEM_I64, r->n_refusals);
    for (size_t i = 0; i < r->n_refusals; i++)
        pg_elem_u64(job, r->refusals[i].seq);
    pg_arg_array(job, PG_ELEM_I32, r->n_refusals);
    for (size_t i = 0; i < r->n_refusals; i++)
        pg_elem_u32(job, r->refusals[i].code);
    pg_arg_array(job, PG_ELEM_TEXT, r->n_refusals);
    for (size_t i = 0; i < r->n_refusals; i++) {
        const char *why = r->refusals[i].why ? r->refusals[i].why : "";
        pg_elem_bytes(job, why, strlen(why));
    }
}

static void add_face(struct pg_job *job, const struct append_face *f)
{
    pg_arg_text(job, f ? f->title : NULL);
    pg_arg_u32(job, f ? f->status : 0);
    pg_arg_u32(job, f ? f->stage : 0);
    pg_arg_u32(job, f ? f->visibility : 0);
    pg_arg_u32(job, f ? f->severity : 0);
    pg_arg_u32(job, f ? f->kind : 0);
}

static void add_signed(struct pg_job *job, const struct append_request *r)
{
    const struct append_effect *x = r->effect;
    pg_arg_u32(job, r->effect_at + 1);
    pg_arg_bytes(job, x->act->head.p, x->act->head.n);
    pg_arg_bytes(job, x->act->seen.p, x->act->seen.n);
    pg_arg_bytes(job, x->act->signature.p, x->act->signature.n);
    pg_arg_bytes(job, x->act->key.p, x->act->key.n);
    pg_arg_array(job, PG_ELEM_I64, 2);
    pg_elem_u64(job, x->entry_client);
    pg_elem_u64(job, x->entry_n);
}

static void add_effect(struct pg_job *job, const struct append_request *r)
{
    if (r->effect->kind == EFFECT_SIGNED) {
        add_signed(job, r);
        return;
    }
    pg_arg_u32(job, r->effect_at + 1);
    pg_arg_u32(job, (uint32_t)r->effect->kind);
    pg_arg_u32(job, r->effect->round);
    pg_arg_u32(job, r->effect->ballot);
    pg_arg_u32(job, r->effect->dots);
    pg_arg_u64(job, r->effect->version);
}

int repo_append(struct store *s, const struct append_request *r, struct pl_err *e)
{
    if (!authors_fit(r) || (r->n_revs == 0 && r->n_refusals == 0))
        return pl_fail(e, PL_E_INVALID, "%zu authors for %u revisions", r->n_authors, r->n_revs);
    enum pg_stmt stmt = r->effect == NULL                  ? STMT_APPEND
                        : r->effect->kind == EFFECT_SIGNED ? STMT_APPEND_SIGNED
                                                           : STMT_APPEND_VOTE;
    struct pg_job *job = pg_job_new(stmt, append_done);
    job->user_cb = (void (*)(void))r->cb;
    job->user_ctx = r->ctx;
    job->store = s;
    bool turn = r->lock_first || store_turn_is_kept(s, r->review);
    job->aux = r->n_revs | (turn ? AUX_TURN : 0);
    job->solo = turn;
    if (r->effect)
        add_effect(job, r);
    pg_arg_u64(job, r->review);
    pg_arg_u64(job, r->expect_head);
    pg_arg_bool(job, turn);
    pg_arg_u32(job, store_node(s));
    pg_arg_u32(job, r->n_revs);
    pg_arg_borrow(job, r->body, r->n_body);
    add_authors(job, r);
    add_refusals(job, r);
    add_face(job, r->face);
    if (r->rows != NULL)
        pg_arg_borrow(job, r->rows, strlen(r->rows));
    else
        pg_arg_text(job, NULL);
    int rc = store_submit_writer(s, r->review, job);
    if (rc != 0)
        return pl_fail(e, -rc, "append to review %llu: %s", (unsigned long long)r->review,
                       pl_error_info(rc)->title);
    return 0;
}

/* --- sessions -----------------------------------------------------------------------------------
 */

static void session_done(struct pg_job *job, int rc, const struct pg_result *res,
                         const struct pl_err *e)
{
    session_cb cb = (session_cb)job->user_cb;
    struct session_row row = {0};
    struct pl_err own;
    if (rc == 0 && pg_rows(res) != 1)
        rc = pl_fail(&own, PL_E_STORE, "no answer row");
    else if (rc == 0)
        rc = store_code(&own, pg_get_u32(res, 0, 0), "opening the review");
    if (rc != 0) {
        cb(job->user_ctx, rc, NULL, e ? e : &own);
        return;
    }
    row.epoch = pg_get_u32(res, 0, 1);
    row.last_seq = pg_get_u64(res, 0, 2);
    row.last_rev = pg_get_u64(res, 0, 3);
    row.last_code = pg_get_u32(res, 0, 4);
    row.last_why = pg_get_text(res, 0, 5);
    row.role = pg_get_u32(res, 0, 6);
    row.status = pg_get_u32(res, 0, 7);
    row.head = pg_get_u64(res, 0, 8);
    cb(job->user_ctx, 0, &row, NULL);
}

/* long: a flat request, as the other ones of this header */
int repo_session_open(struct store *s, uint64_t review, uint64_t client, uint64_t user,
                      uint64_t device, session_cb cb, void *ctx)
{
    struct pg_job *job = pg_job_new(STMT_SESSION_OPEN, session_done);
    job->user_cb = (void (*)(void))cb;
    job->user_ctx = ctx;
    pg_arg_u64(job, review);
    pg_arg_u64(job, client);
    pg_arg_u64(job, user);
    pg_arg_u64(job, device);
    return store_submit_writer(s, review, job);
}
