// SPDX-License-Identifier: Apache-2.0
/*
 * See pgpipe.h. Life of a connection: up -> set-up flush (settings, prepared statements) -> ready.
 * At most one flush is under way. `unit` holds its jobs in the order in which they were sent,
 * `cursor` the one whose results come next; NULL means that the sync is next.
 */
#include "store/pgpipe.h"

#include <stdio.h>
#include <string.h>

#include <libpq-fe.h>
#include <utlist.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"

#define TRIES_MAX 3u /* of a job that met a deadlock or lost a serialisation race */

enum unit_kind { UNIT_NONE, UNIT_SETUP, UNIT_JOBS };

struct pgpipe {
    struct pgconn conn;
    struct pgpipe_options opt;
    const struct pgpipe_handlers *h;
    void *ctx;
    struct pg_job *queue; /* not sent */
    unsigned queued;
    enum unit_kind unit_kind;
    struct pg_job *unit; /* sent, not settled */
    unsigned in_unit;
    struct pg_job *cursor;
    unsigned setup_left; /* statements of the set-up flush whose results are still to come */
    struct pl_err err;   /* first error of the flush; code 0: none */
    char sqlstate[6];
    bool ready;
    uv_timer_t deadline;
    bool kept; /* for jobs of the order kept_for */
    uint64_t kept_for;
    uv_timer_t keep_timer;
    unsigned parts_open; /* timers and connection */
    uint64_t flushes;
    uint64_t lost;
};

/* --- giving answers -----------------------------------------------------------------------------
 */

static void job_finish(struct pg_job *job, int rc, const struct pl_err *e)
{
    job->done(job, rc, rc == 0 ? job->res : NULL, e);
    pg_job_free(job);
}

static void fail_all(struct pg_job *jobs, const char *why)
{
    struct pg_job *job;
    struct pg_job *tmp;
    struct pl_err e;
    DL_FOREACH_SAFE (jobs, job, tmp) {
        DL_DELETE(jobs, job);
        (void)pl_fail(&e, PL_E_UNAVAILABLE, "%s: %s", job->sent ? "outcome unknown" : "not begun",
                      why);
        job_finish(job, -PL_E_UNAVAILABLE, &e);
    }
}

/* The connection is gone: answers everything. Callbacks may queue nothing: it is not ready. */
static void drop_all(struct pgpipe *p, const char *why)
{
    struct pg_job *unit = p->unit;
    struct pg_job *queue = p->queue;
    p->ready = false;
    p->kept = false; /* the session's locks went with it */
    p->lost += p->in_unit;
    p->unit = NULL;
    p->cursor = NULL;
    p->in_unit = 0;
    p->unit_kind = UNIT_NONE;
    p->queue = NULL;
    p->queued = 0;
    fail_all(unit, why);
    fail_all(queue, why);
}

/* --- settling a flush ---------------------------------------------------------------------------
 */

static void note_error(struct pgpipe *p, const PGresult *r)
{
    const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
    const char *text = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);
    if (p->err.code)
        return;
    pl_strlcpy(p->sqlstate, state ? state : "", sizeof p->sqlstate);
    (void)pl_fail(&p->err, PL_E_STORE, "%s (SQLSTATE %s)", text ? text : PQresultErrorMessage(r),
                  state ? state : "?");
}

/* Puts the jobs of a refused flush back in front, each to be run alone. */
static void requeue_solo(struct pgpipe *p, struct pg_job *unit, unsigned n)
{
    struct pg_job *job;
    DL_FOREACH (unit, job) {
        if (job->res)
            PQclear(job->res);
        job->res = NULL;
        job->sent = false;
        job->rolled_back = false;
        job->solo = true;
        job->tries++;
    }
    DL_CONCAT(unit, p->queue);
    p->queue = unit;
    p->queued += n;
}

static bool is_worth_another_try(const struct pgpipe *p, const struct pg_job *unit, unsigned n)
{
    if (n > 1)
        return true;
    return strncmp(p->sqlstate, "40", 2) == 0 && unit->tries < TRIES_MAX;
}

/* True for a refusal that says nothing about the request: a lock or a statement that took too long,
 * a lost race, a database that is read-only, has no room, or is being stopped. The same request may
 * well be taken a little later, and whoever asked must not believe that it never will be. */
static bool is_for_now(const char *sqlstate)
{
    static const char *const classes[] = {"25006", "40", "53", "55P03", "57", "58"};

    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
        if (strncmp(sqlstate, classes[i], strlen(classes[i])) == 0)
            return true;
    }
    return false;
}

static void settle_jobs(struct pgpipe *p)
{
    struct pg_job *unit = p->unit;
    unsigned n = p->in_unit;
    struct pl_err e = p->err;
    struct pg_job *job;
    struct pg_job *tmp;
    p->unit = NULL;
    p->in_unit = 0;
    p->unit_kind = UNIT_NONE;
    p->flushes++;
    if (e.code) {
        LOG_WARN(&p->conn.log, "pg.refused", KV_S("why", e.text), KV_U("jobs", n));
        if (is_worth_another_try(p, unit, n)) {
            requeue_solo(p, unit, n);
            return;
        }
        if (is_for_now(p->sqlstate))
            e.code = PL_E_UNAVAILABLE;
    }
    DL_FOREACH_SAFE (unit, job, tmp) {
        DL_DELETE(unit, job);
        job->rolled_back = e.code != 0;
        job_finish(job, -e.code, e.code ? &e : NULL);
    }
}

static void settle(struct pgpipe *p)
{
    uv_timer_stop(&p->deadline);
    if (p->unit_kind == UNIT_JOBS) {
        settle_jobs(p);
        return;
    }
    p->unit_kind = UNIT_NONE;
    if (p->err.code) {
        pgconn_lose(&p->conn, p->err.text);
        return;
    }
    p->ready = true;
    pgconn_note_good(&p->conn);
    p->h->up(p->ctx, p);
}

static void take_result(struct pgpipe *p, PGresult *r)
{
    switch (PQresultStatus(r)) {
    case PGRES_TUPLES_OK:
    case PGRES_COMMAND_OK:
        if (p->cursor && !p->cursor->res) {
            p->cursor->res = r;
            return;
        }
        break;
    case PGRES_PIPELINE_SYNC:
        PQclear(r);
        settle(p);
        return;
    case PGRES_PIPELINE_ABORTED:
        if (!p->err.code)
            (void)pl_fail(&p->err, PL_E_STORE, "the flush was given up");
        break;
    case PGRES_BAD_RESPONSE:
    case PGRES_FATAL_ERROR: /* of a statement, or of the commit when the sync is next */
        note_error(p, r);
        break;
    case PGRES_EMPTY_QUERY:
    case PGRES_COPY_OUT:
    case PGRES_COPY_IN:
    case PGRES_COPY_BOTH:
    case PGRES_SINGLE_TUPLE:
    case PGRES_NONFATAL_ERROR:
        break;
    }
    PQclear(r);
}

static void statement_ended(struct pgpipe *p)
{
    if (p->cursor)
        p->cursor = p->cursor->next;
    else if (p->setup_left)
        p->setup_left--;
}

static void on_input(void *ctx)
{
    struct pgpipe *p = ctx;
    unsigned nulls = 0;
    while (p->unit_kind != UNIT_NONE && p->conn.pg && !PQisBusy(p->conn.pg)) {
        PGresult *r = PQgetResult(p->conn.pg);
        if (r) {
            nulls = 0;
            take_result(p, r);
            continue;
        }
        /* end of a statement; with the sync next it says nothing, and twice in a row that there is
         * no more to be had */
        bool at_sync = !p->cursor && !p->setup_left;
        if (at_sync && (++nulls > 1 || PQstatus(p->conn.pg) == CONNECTION_BAD))
            break;
        statement_ended(p);
    }
}

/* --- sending ------------------------------------------------------------------------------------
 */

static bool job_send(struct pgpipe *p, struct pg_job *job)
{
    const char *values[PG_ARGS_MAX];
    int lengths[PG_ARGS_MAX];
    int formats[PG_ARGS_MAX];
    for (unsigned i = 0; i < job->n_args; i++) {
        const struct pg_arg *a = &job->args[i];
        const uint8_t *at = job->mem.data ? job->mem.data + a->off : (const uint8_t *)"";
        values[i] = a->null ? NULL : (const char *)(a->ext ? a->ext : at);
        lengths[i] = (int)a->n;
        formats[i] = 1;
    }
    job->sent = true;
    return PQsendQueryPrepared(p->conn.pg, pg_stmt_info(job->stmt)->name, (int)job->n_args, values,
                               lengths, formats, 1) == 1;
}

/* Into the unit, by order and behind its equals: requests of one review keep their order; reviews
 * are locked in order of id by everybody, so two flushes cannot wait for each other. */
static void take_job(struct pgpipe *p, struct pg_job *job)
{
    struct pg_job *at = p->unit != NULL ? p->unit->prev : NULL;
    DL_DELETE(p->queue, job);
    p->queued--;
    while (at != NULL && at->order > job->order)
        at = at == p->unit ? NULL : at->prev;
    DL_APPEND_ELEM(p->unit, at, job);
    p->in_unit++;
}

/* Moves what goes next from the queue into the unit. */
static void unit_fill(struct pgpipe *p)
{
    struct pg_job *job = p->queue;
    bool solo = p->kept;
    while (p->kept && job && job->order != p->kept_for)
        job = job->next;
    while (job && p->in_unit < p->opt.flush_max) {
        struct pg_job *next = job->next;
        if (p->in_unit > 0 && (solo || job->solo))
            break;
        solo = solo || job->solo;
        take_job(p, job);
        job = next;
    }
}

static void on_deadline(uv_timer_t *t)
{
    struct pgpipe *p = t->data;
    pgconn_lose(&p->conn, "no answer from the database in time");
}

static void unit_started(struct pgpipe *p)
{
    p->err.code = 0;
    p->sqlstate[0] = '\0';
    uv_timer_start(&p->deadline, on_deadline, p->opt.deadline_ms, 0);
    if (!PQpipelineSync(p->conn.pg))
        pgconn_lose(&p->conn, PQerrorMessage(p->conn.pg));
    else
        (void)pgconn_flush(&p->conn);
}

void pgpipe_dispatch(struct pgpipe *p)
{
    if (!p->ready || p->unit_kind != UNIT_NONE || !p->queue)
        return;
    unit_fill(p);
    if (!p->unit)
        return;
    p->unit_kind = UNIT_JOBS;
    p->cursor = p->unit;
    struct pg_job *job;
    DL_FOREACH (p->unit, job) {
        if (!job_send(p, job)) {
            pgconn_lose(&p->conn, PQerrorMessage(p->conn.pg));
            return;
        }
    }
    unit_started(p);
}

static bool setup_send(struct pgpipe *p)
{
    /* an append's plans are made once, maybe while the tables are empty: they must suit full ones
     */
    static const char by_index[] =
        ", ('enable_seqscan', 'off'), ('enable_hashjoin', 'off'), ('enable_mergejoin', 'off')";
    char set[512];
    (void)snprintf(
        set, sizeof set,
        "SELECT set_config(n, v, false) FROM (VALUES ('role', '%s'),"
        " ('search_path', 'plm, pg_temp'), ('statement_timeout', '%u'), ('lock_timeout', '1000'),"
        " ('idle_in_transaction_session_timeout', '5000'),"
        " ('default_transaction_isolation', 'read committed'),"
        " ('plan_cache_mode', 'force_generic_plan'), ('jit', 'off')%s) s (n, v)",
        p->opt.role, p->opt.statement_ms, p->opt.pool == PG_READER ? "" : by_index);
    if (!PQsendQueryParams(p->conn.pg, set, 0, NULL, NULL, NULL, NULL, 0))
        return false;
    p->setup_left = 1;
    for (unsigned i = 0; i < STMT_COUNT; i++) {
        const struct pg_stmt_info *st = pg_stmt_info((enum pg_stmt)i);
        if (st->pool != p->opt.pool)
            continue;
        if (!PQsendPrepare(p->conn.pg, st->name, st->sql, 0, NULL))
            return false;
        p->setup_left++;
    }
    return true;
}

static void on_up(void *ctx)
{
    struct pgpipe *p = ctx;
    p->unit_kind = UNIT_SETUP;
    if (!PQenterPipelineMode(p->conn.pg) || !setup_send(p)) {
        pgconn_lose(&p->conn, PQerrorMessage(p->conn.pg));
        return;
    }
    unit_started(p);
}

static void on_down(void *ctx, const char *why)
{
    struct pgpipe *p = ctx;
    bool was_ready = p->ready;
    uv_timer_stop(&p->deadline);
    uv_timer_stop(&p->keep_timer);
    p->setup_left = 0;
    drop_all(p, why);
    if (was_ready)
        p->h->down(p->ctx, p, why);
}

/* --- life ---------------------------------------------------------------------------------------
 */

static void part_closed(struct pgpipe *p)
{
    if (--p->parts_open > 0)
        return;
    drop_all(p, "the store was closed");
    p->h->closed(p->ctx, p);
    pl_mem_free(PL_MEM_STORE, p);
}

static void on_conn_closed(void *ctx)
{
    part_closed(ctx);
}

static void on_timer_closed(uv_handle_t *h)
{
    part_closed(h->data);
}

struct pgpipe *pgpipe_new(const struct pgpipe_options *o, const struct pgpipe_handlers *h,
                          void *ctx)
{
    static const struct pgconn_handlers conn_handlers = {on_up, on_input, on_down, on_conn_closed};
    struct pgpipe *p = pl_mem_calloc(PL_MEM_STORE, 1, sizeof *p);
    p->opt = *o;
    p->h = h;
    p->ctx = ctx;
    int rc = uv_timer_init(o->loop, &p->deadline);
    rc |= uv_timer_init(o->loop, &p->keep_timer);
    PL_ASSERT(rc == 0);
    p->deadline.data = p->keep_timer.data = p;
    p->parts_open = 3;
    pgconn_open(&p->conn, o->loop, o->conninfo, o->name, &conn_handlers, p);
    return p;
}

void pgpipe_close(struct pgpipe *p)
{
    if (uv_is_closing((uv_handle_t *)&p->deadline))
        return;
    p->ready = false;
    uv_close((uv_handle_t *)&p->deadline, on_timer_closed);
    uv_close((uv_handle_t *)&p->keep_timer, on_timer_closed);
    pgconn_close(&p->conn);
}

static void on_keep_timer(uv_timer_t *t)
{
    struct pgpipe *p = t->data;
    p->kept = false;
    p->h->kept(p->ctx, p, p->kept_for);
}

void pgpipe_keep(struct pgpipe *p, uint64_t order)
{
    if (!p->ready)
        return;
    p->kept = true;
    p->kept_for = order;
    uv_timer_start(&p->keep_timer, on_keep_timer, PGPIPE_KEEP_MS, 0);
}

void pgpipe_free_up(struct pgpipe *p)
{
    p->kept = false;
    if (p->ready)
        uv_timer_stop(&p->keep_timer);
}

bool pgpipe_is_kept(const struct pgpipe *p, uint64_t order)
{
    return p->kept && p->kept_for == order;
}

bool pgpipe_is_up(const struct pgpipe *p)
{
    return p->ready;
}

unsigned pgpipe_depth(const struct pgpipe *p)
{
    return p->queued + p->in_unit;
}

void pgpipe_stats(const struct pgpipe *p, struct pgpipe_stats *out)
{
    out->flushes = p->flushes;
    out->lost = p->lost;
    out->reconnects = p->conn.reconnects;
    out->depth = pgpipe_depth(p);
}

int pgpipe_submit(struct pgpipe *p, struct pg_job *take_job)
{
    int rc = 0;
    if (!p->ready)
        rc = -PL_E_UNAVAILABLE;
    else if (take_job->bad)
        rc = -PL_E_LIMIT;
    else if (p->queued >= p->opt.queue_max && !take_job->urgent)
        rc = -PL_E_BUSY;
    if (rc != 0) {
        pg_job_free(take_job);
        return rc;
    }
    if (take_job->urgent)
        DL_PREPEND(p->queue, take_job);
    else
        DL_APPEND(p->queue, take_job);
    p->queued++;
    return 0;
}
