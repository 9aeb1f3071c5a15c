// SPDX-License-Identifier: Apache-2.0
/*
 * Questions over all reviews: actions and metrics, from the projections. Who may see what is asked
 * in the database with the question itself; a page holds fewer rows than asked for when they would
 * not fit into a frame.
 */
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/time.h"
#include "plimsoll/doc/schema.h"

#include "cmd/cmd.h"
#include "cmd/services.h"
#include "store/repo_projection.h"

#define REPLY_BYTES (PL_FRAME_MAX_SERVER - 16384u)
#define ROW_BYTES   256u /* of a row beside its texts, at most */

/* --- actions ------------------------------------------------------------------------------------
 */

static size_t action_bytes(const struct pl_action_row *r)
{
    return ROW_BYTES + strlen(r->review_title) + strlen(r->label) + strlen(r->owner_name) +
           strlen(r->tracker_key) + strlen(r->tracker_url);
}

static void on_actions(void *ctx, int rc, const struct pl_action_row *rows, size_t n, bool more,
                       const struct pl_err *e)
{
    struct call *k = ctx;
    struct pl_msg m = {.type = PL_MSG_ACTIONS_REPLY};
    struct pl_actions_reply *r = &m.u.actions_reply;
    size_t bytes = 0;
    if (rc < 0) {
        call_fail(k, -rc, "%s", e != NULL ? e->text : pl_error_info(rc)->title);
        return;
    }
    r->rid = call_rid(k);
    r->items = pl_xcalloc(n + 1, sizeof(*r->items));
    while (r->n < n && (r->n == 0 || bytes + action_bytes(&rows[r->n]) <= REPLY_BYTES)) {
        bytes += action_bytes(&rows[r->n]);
        r->items[r->n] = rows[r->n];
        r->n++;
    }
    if (r->n > 0 && (more || r->n < n))
        r->next_no = rows[r->n - 1].no;
    call_reply(k, &m);
    free(r->items);
}

void cmd_actions(struct caller *c, struct pl_msg *m)
{
    const struct pl_actions *q = &m->u.actions;
    if (q->after_no < 0 || q->due_before_us < 0 || q->effect_due_before_us < 0) {
        caller_fail(c, q->rid, 0, PL_E_INVALID, "a negative number or time");
        return;
    }
    struct call *k = call_begin(c, q->rid);
    if (!k)
        return;
    int rc = repo_actions(c->services->store, c->user, q, pl_now_us(), on_actions, k);
    if (rc < 0)
        call_fail(k, -rc, "%s", pl_error_info(rc)->title);
}

/* --- metrics ------------------------------------------------------------------------------------
 */

static size_t metric_bytes(const struct pl_metric_row *r)
{
    size_t n = ROW_BYTES + strlen(r->title);
    for (size_t i = 0; i < r->n_services; i++)
        n += 3 + strlen(r->services[i]);
    return n;
}

static void on_metrics(void *ctx, int rc, const struct pl_metric_row *rows, size_t n, bool more,
                       const struct pl_err *e)
{
    struct call *k = ctx;
    struct pl_msg m = {.type = PL_MSG_METRICS_REPLY};
    struct pl_metrics_reply *r = &m.u.metrics_reply;
    size_t bytes = 0;
    if (rc < 0) {
        call_fail(k, -rc, "%s", e != NULL ? e->text : pl_error_info(rc)->title);
        return;
    }
    r->rid = call_rid(k);
    r->items = pl_xcalloc(n + 1, sizeof(*r->items));
    while (r->n < n && (r->n == 0 || bytes + metric_bytes(&rows[r->n]) <= REPLY_BYTES)) {
        bytes += metric_bytes(&rows[r->n]);
        r->items[r->n] = rows[r->n];
        r->n++;
    }
    if (r->n > 0 && (more || r->n < n))
        r->next = rows[r->n - 1].review;
    call_reply(k, &m);
    free(r->items);
}

void cmd_metrics(struct caller *c, struct pl_msg *m)
{
    const struct pl_metrics *q = &m->u.metrics;
    if (q->severity > PL_SEVERITY_LOW || q->kind > PL_INCIDENT_FALSE_ALARM ||
        q->class > PL_CLASS_PEOPLE) {
        caller_fail(c, q->rid, 0, PL_E_INVALID, "there is no such severity, kind or class");
        return;
    }
    struct call *k = call_begin(c, q->rid);
    if (!k)
        return;
    int rc = repo_metrics(c->services->store, c->user, q, pl_now_us(), on_metrics, k);
    if (rc < 0)
        call_fail(k, -rc, "%s", pl_error_info(rc)->title);
}
