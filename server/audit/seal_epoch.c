// SPDX-License-Identifier: Apache-2.0
/*
 * See seal_epoch.h. The pipe connects, sends the one job, and is closed at its answer or when the
 * time is over.
 */
#include "audit/seal_epoch.h"

#include <string.h>
#include <uv.h>

#include "store/pgconn.h"
#include "store/pgjob.h"
#include "store/pgpipe.h"

#define WAIT_MS 60000u

struct once {
    const struct seal_epoch *n;
    struct pgpipe *pipe;
    uv_timer_t timer;
    uv_prepare_t prepare;
    bool asked, answered;
    int rc;
    int32_t outcome;
    struct pl_err e;
};

static void finish(struct once *o)
{
    if (!uv_is_closing((uv_handle_t *)&o->timer)) {
        uv_close((uv_handle_t *)&o->timer, NULL);
        uv_close((uv_handle_t *)&o->prepare, NULL);
        pgpipe_close(o->pipe);
    }
}

static void on_done(struct pg_job *job, int rc, const struct pg_result *res, const struct pl_err *e)
{
    struct once *o = job->user_ctx;
    o->answered = true;
    o->rc = rc;
    if (rc == 0) {
        o->outcome = pg_get_i32(res, 0, 0);
    } else if (e != NULL) {
        o->e = *e;
    }
}

static void on_up(void *ctx, struct pgpipe *p)
{
    struct once *o = ctx;
    char vkey[PL_VKEY_SIZE];
    if (o->asked) {
        return; /* whether it was done before the connection was lost is for the next try to see */
    }
    struct pg_job *job = pg_job_new(STMT_SEAL_EPOCH, on_done);
    job->user_ctx = o;
    pl_vkey_print(o->n->key, vkey);
    pg_arg_u32(job, o->n->epoch);
    pg_arg_text(job, o->n->key->name);
    pg_arg_text(job, vkey);
    pg_arg_u64(job, o->n->old->size);
    pg_arg_bytes(job, &o->n->old->root, sizeof(o->n->old->root));
    pg_arg_u64(job, o->n->common);
    pg_arg_i32(job, (int32_t)o->n->code);
    pg_arg_text(job, o->n->reason);
    o->asked = pgpipe_submit(p, job) == 0;
}

static void on_down(void *ctx, struct pgpipe *p, const char *why)
{
    (void)ctx;
    (void)p;
    (void)why;
}

static void on_kept(void *ctx, struct pgpipe *p, uint64_t order)
{
    (void)ctx;
    (void)p;
    (void)order;
}

static void on_closed(void *ctx, struct pgpipe *p)
{
    (void)ctx;
    (void)p;
}

static void on_prepare(uv_prepare_t *h)
{
    struct once *o = h->data;
    if (o->answered) {
        finish(o);
    } else {
        pgpipe_dispatch(o->pipe);
    }
}

static void on_timer(uv_timer_t *t)
{
    struct once *o = t->data;
    o->rc = pl_fail(&o->e, PL_E_UNAVAILABLE, "the database does not answer");
    finish(o);
}

int seal_epoch_new(const char *conninfo, const struct seal_epoch *n, struct pl_err *e)
{
    static const struct pgpipe_handlers handlers = {on_up, on_down, on_kept, on_closed};
    struct once o = {.n = n};
    uv_loop_t loop;
    int rc = pgconn_check(conninfo, e);
    if (rc != 0) {
        return rc;
    }
    const struct pgpipe_options po = {.loop = &loop,
                                      .conninfo = conninfo,
                                      .name = "epoch",
                                      .role = "plm_seal",
                                      .pool = PG_SEALER,
                                      .flush_max = 1,
                                      .queue_max = 4,
                                      .statement_ms = WAIT_MS,
                                      .deadline_ms = WAIT_MS};
    PL_ASSERT(uv_loop_init(&loop) == 0);
    PL_ASSERT(uv_timer_init(&loop, &o.timer) == 0 && uv_prepare_init(&loop, &o.prepare) == 0);
    PL_ASSERT(uv_prepare_start(&o.prepare, on_prepare) == 0);
    PL_ASSERT(uv_timer_start(&o.timer, on_timer, WAIT_MS, 0) == 0);
    o.timer.data = o.prepare.data = &o;
    o.pipe = pgpipe_new(&po, &handlers, &o);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    PL_ASSERT(uv_loop_close(&loop) == 0);
    if (o.rc != 0) {
        return pl_fail(e, -o.rc, "%s", o.e.text);
    }
    if (o.outcome == 1) {
        return pl_fail(e, PL_E_BUSY, "the log is being sealed right now; try again");
    }
    return o.outcome == 0 ? 0 : pl_fail(e, PL_E_CONFLICT, "epoch %u is not the next one", n->epoch);
}
