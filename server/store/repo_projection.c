// SPDX-License-Identifier: Apache-2.0
/*
 * See repo_projection.h. One row more than was asked for is read: it tells that there are more.
 */
#include "store/repo_projection.h"

#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/wire/limits.h"

#include "store/internal.h"

/* --- actions ------------------------------------------------------------------------------------
 */

static struct pl_action_row action_of(const struct pg_result *res, size_t i)
{
    return (struct pl_action_row){
        .review = pg_get_u64(res, i, 0),
        .review_title = pg_get_text(res, i, 1),
        .no = pg_get_i64(res, i, 2),
        .entry = {pg_get_u64(res, i, 3), (uint32_t)pg_get_u64(res, i, 4)},
        .label = pg_get_text(res, i, 5),
        .state = pg_get_u32(res, i, 6),
        .priority = pg_get_u32(res, i, 7),
        .control = pg_get_u32(res, i, 8),
        .kind = pg_get_u32(res, i, 9),
        .impact = pg_get_u32(res, i, 10),
        .feasibility = pg_get_u32(res, i, 11),
        .owner = pg_get_u64(res, i, 12),
        .owner_name = pg_get_text(res, i, 13),
        .due_us = pg_get_i64(res, i, 14),
        .tracker_key = pg_get_text(res, i, 15),
        .done_us = pg_get_i64(res, i, 16),
        .verified_us = pg_get_i64(res, i, 17),
        .verified_by = pg_get_u64(res, i, 18),
        .effect_due_us = pg_get_i64(res, i, 19),
        .effect_result = pg_get_u32(res, i, 20),
        .evidence = pg_get_u32(res, i, 21),
        .created_us = pg_get_i64(res, i, 22),
        .tracker_url = pg_get_text(res, i, 23),
        .accepted_us = pg_get_i64(res, i, 24),
    };
}

static void actions_done(struct pg_job *job, int rc, const struct pg_result *res,
                         const struct pl_err *e)
{
    actions_cb cb = (actions_cb)job->user_cb;
    size_t n = rc == 0 ? pg_rows(res) : 0;
    bool more = n > job->aux;
    if (more)
        n = (size_t)job->aux;
    struct pl_action_row *rows = pl_xcalloc(n + 1, sizeof *rows);
    for (size_t i = 0; i < n; i++)
        rows[i] = action_of(res, i);
    cb(job->user_ctx, rc, rows, n, more, e);
    free(rows);
}

int repo_actions(struct store *s, uint64_t user, const struct pl_actions *q, int64_t now_us,
                 actions_cb cb, void *ctx)
{
    struct pg_job *job = pg_job_new(STMT_ACTIONS, actions_done);
    job->user_cb = (void (*)(void))cb;
    job->user_ctx = ctx;
    job->aux = q->limit;
    pg_arg_u64(job, user);
    pg_arg_i64(job, q->after_no != 0 ? q->after_no : INT64_MAX);
    pg_arg_u64(job, q->after_review);
    pg_arg_u64(job, q->review);
    pg_arg_u64(job, q->owner == PL_OWNER_ME ? user : q->owner);
    pg_arg_u64(job, q->states);
    pg_arg_bool(job, q->overdue);
    pg_arg_i64(job, now_us);
    pg_arg_i64(job, q->due_before_us);
    pg_arg_i64(job, q->effect_due_before_us);
    pg_arg_text(job, q->text);
    pg_arg_u64(job, (uint64_t)q->limit + 1);
    return store_submit_reader(s, job);
}

/* --- metrics ------------------------------------------------------------------------------------
 */

/* Columns of the statement. */
enum {
    M_REVIEW,
    M_TITLE,
    M_SEVERITY,
    M_KIND,
    M_STATUS,
    M_SERVICES,
    M_CLASSES,
    M_AT,
    M_BAND = M_AT + PL_BANDS,
    M_SESSION = M_BAND + PL_BANDS,
    M_OPEN,
    M_OVERDUE,
    M_VERIFIED,
    M_EFFECTIVE,
    M_TOTAL,
    M_OLDEST,
    M_CLOSED,
    M_NA,
    M_CREATED
};

/* "a\nb" becomes two strings, in `own`, which the row points into. */
static void cut_services(struct pl_metric_row *row, char *own, const char **names)
{
    char *rest = own;
    row->services = names;
    while (own[0] != '\0' && rest != NULL && row->n_services < PL_SERVICES_MAX)
        names[row->n_services++] = strsep(&rest, "\n");
}

static struct pl_metric_row metric_of(const struct pg_result *res, size_t i)
{
    struct pl_metric_row row = {
        .review = pg_get_u64(res, i, M_REVIEW),
        .title = pg_get_text(res, i, M_TITLE),
        .severity = pg_get_u32(res, i, M_SEVERITY),
        .kind = pg_get_u32(res, i, M_KIND),
        .status = pg_get_u32(res, i, M_STATUS),
        .classes = pg_get_u32(res, i, M_CLASSES),
        .impact_start_us = pg_get_i64(res, i, M_AT),
        .detected_us = pg_get_i64(res, i, M_AT + 1),
        .triaged_us = pg_get_i64(res, i, M_AT + 2),
        .contained_us = pg_get_i64(res, i, M_AT + 3),
        .recovered_us = pg_get_i64(res, i, M_AT + 4),
        .session_us = pg_get_i64(res, i, M_SESSION),
        .actions_open = pg_get_u32(res, i, M_OPEN),
        .actions_overdue = pg_get_u32(res, i, M_OVERDUE),
        .actions_verified = pg_get_u32(res, i, M_VERIFIED),
        .actions_effective = pg_get_u32(res, i, M_EFFECTIVE),
        .actions_total = pg_get_u32(res, i, M_TOTAL),
        .oldest_open_us = pg_get_i64(res, i, M_OLDEST),
        .closed_us = pg_get_i64(res, i, M_CLOSED),
        .na = pg_get_u32(res, i, M_NA),
        .created_us = pg_get_i64(res, i, M_CREATED),
    };
    for (int k = 0; k < PL_BANDS; k++)
        row.band_s[k] = (uint32_t)pg_get_u64(res, i, M_BAND + k);
    return row;
}

static void metrics_done(struct pg_job *job, int rc, const struct pg_result *res,
                         const struct pl_err *e)
{
    metrics_cb cb = (metrics_cb)job->user_cb;
    size_t n = rc == 0 ? pg_rows(res) : 0;
    bool more = n > job->aux;
    if (more)
        n = (size_t)job->aux;
    struct pl_metric_row *rows = pl_xcalloc(n + 1, sizeof *rows);
    char **own = pl_xcalloc(n + 1, sizeof *own);
    const char **names = pl_xcalloc((n + 1) * PL_SERVICES_MAX, sizeof *names);
    for (size_t i = 0; i < n; i++) {
        rows[i] = metric_of(res, i);
        own[i] = pl_xstrdup(pg_get_text(res, i, M_SERVICES));
        cut_services(&rows[i], own[i], &names[i * PL_SERVICES_MAX]);
    }
    cb(job->user_ctx, rc, rows, n, more, e);
    for (size_t i = 0; i < n; i++)
        free(own[i]);
    free(own);
    free(names);
    free(rows);
}

int repo_metrics(struct store *s, uint64_t user, const struct pl_metrics *q, int64_t now_us,
                 metrics_cb cb, void *ctx)
{
    struct pg_job *job = pg_job_new(STMT_METRICS, metrics_done);
    job->user_cb = (void (*)(void))cb;
    job->user_ctx = ctx;
    job->aux = q->limit;
    pg_arg_u64(job, user);
    pg_arg_u64(job, q->after);
    pg_arg_i64(job, q->from_us);
    pg_arg_i64(job, q->to_us);
    pg_arg_u64(job, q->severity);
    pg_arg_u64(job, q->kind);
    pg_arg_text(job, q->service);
    pg_arg_u64(job, q->class);
    pg_arg_i64(job, now_us);
    pg_arg_u64(job, (uint64_t)q->limit + 1);
    return store_submit_reader(s, job);
}

/* --- rebuilding ---------------------------------------------------------------------------------
 */

static void ids_done(struct pg_job *job, int rc, const struct pg_result *res,
                     const struct pl_err *e)
{
    size_t n = rc == 0 ? pg_rows(res) : 0;
    uint64_t *ids = pl_xcalloc(n + 1, sizeof *ids);
    for (size_t i = 0; i < n; i++)
        ids[i] = pg_get_u64(res, i, 0);
    ((review_ids_cb)job->user_cb)(job->user_ctx, rc, ids, n, e);
    free(ids);
}

int repo_review_ids(struct store *s, uint64_t after, uint32_t limit, review_ids_cb cb, void *ctx)
{
    struct pg_job *job = pg_job_new(STMT_REVIEW_IDS, ids_done);
    job->user_cb = (void (*)(void))cb;
    job->user_ctx = ctx;
    pg_arg_u64(job, after);
    pg_arg_u64(job, limit);
    return store_submit_reader(s, job);
}

static void rebuild_done(struct pg_job *job, int rc, const struct pg_result *res,
                         const struct pl_err *e)
{
    struct rebuild_result r = {.report = ""};
    struct pl_err own = {0};
    if (rc == 0) {
        rc = store_code(&own, pg_get_u32(res, 0, 0), "rebuilding the review's tables");
        r.head = pg_get_u64(res, 0, 1);
        r.differs = pg_get_u64(res, 0, 2);
        r.report = pg_get_text(res, 0, 3);
    }
    ((rebuild_cb)job->user_cb)(job->user_ctx, rc, &r, e != NULL ? e : &own);
}

int repo_rebuild(struct store *s, const struct rebuild_request *q, rebuild_cb cb, void *ctx)
{
    struct pg_job *job = pg_job_new(STMT_REBUILD, rebuild_done);
    job->user_cb = (void (*)(void))cb;
    job->user_ctx = ctx;
    pg_arg_u64(job, q->review);
    pg_arg_u64(job, q->head);
    pg_arg_borrow(job, q->rows, strlen(q->rows));
    pg_arg_bool(job, q->write);
    return store_submit_reader(s, job);
}
