// SPDX-License-Identifier: Apache-2.0
/*
 * The pool and what belongs to all of it: which connection takes a request, up and down, hints.
 *
 * Requests are queued while callbacks run and sent at the end of the turn, by a prepare handle
 * (before the loop sleeps) and a check handle (after it was woken): requests of one turn share a
 * flush. Closing: handles first, then connections; the last close callback frees the store.
 */
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/buf.h"
#include "plimsoll/base/hash.h"
#include "plimsoll/base/mem.h"

#define HASH_FUNCTION(k, n, h) ((h) = pl_map_hash((k), (n)))
#include <uthash.h>

#include "store/internal.h"
#include "store/pglisten.h"
#include "store/pgpipe.h"
#include "store/repo_log.h"

#define POOL_MAX     8u
#define FLUSH_MAX    64u /* appends that share one transaction */
#define HINT_MS      2u
#define HINT_PAYLOAD 7800u /* PostgreSQL takes less than 8,000 bytes */

struct hint {
    uint64_t review;
    uint64_t head;
    UT_hash_handle hh;
};

struct store {
    uv_loop_t *loop;
    struct store_options opt;
    struct store_handlers h;
    char *conninfo;
    struct pgpipe *writers[POOL_MAX];
    struct pgpipe *readers[POOL_MAX];
    struct pglisten *listen;
    bool has_listened; /* once */
    bool is_up;
    bool closing;
    unsigned parts_open; /* pipes, listener, handles */
    uv_prepare_t prepare;
    uv_check_t check;
    uv_timer_t hint_timer;
    struct hint *hints;
    void (*close_cb)(void *ctx);
    void *close_ctx;
    uint64_t appends, append_revs, retries;
    uint64_t rights_mark; /* 0: none yet since it was last listened */
};

/* --- up and down --------------------------------------------------------------------------------
 */

static bool all_up(const struct store *s)
{
    for (unsigned i = 0; i < s->opt.writers; i++) {
        if (!pgpipe_is_up(s->writers[i]))
            return false;
    }
    for (unsigned i = 0; i < s->opt.readers; i++) {
        if (!pgpipe_is_up(s->readers[i]))
            return false;
    }
    return s->opt.plain || s->has_listened;
}

static void consider_up(struct store *s)
{
    if (s->is_up || s->closing || !all_up(s))
        return;
    s->is_up = true;
    LOG_INFO(NULL, "store.up", KV_U("node", store_node(s)));
    if (s->h.up)
        s->h.up(s->h.ctx);
}

static void on_pipe_up(void *ctx, struct pgpipe *p)
{
    (void)p;
    consider_up(ctx);
}

static void on_pipe_down(void *ctx, struct pgpipe *p, const char *why)
{
    struct store *s = ctx;
    (void)p;
    if (!s->is_up || s->closing)
        return;
    s->is_up = false;
    LOG_ERR(NULL, "store.down", KV_S("why", why));
    if (s->h.down)
        s->h.down(s->h.ctx, why);
}

static void on_listen_up(void *ctx, bool again)
{
    struct store *s = ctx;
    s->has_listened = true;
    consider_up(s);
    if (again && !s->closing && s->h.revoked)
        s->h.revoked(s->h.ctx, 0, 0);
}

static void on_hint(void *ctx, uint64_t review, uint64_t head)
{
    struct store *s = ctx;
    if (!s->closing && s->h.hint)
        s->h.hint(s->h.ctx, review, head);
}

static void on_revoked(void *ctx, uint64_t device, uint64_t user)
{
    struct store *s = ctx;
    if (!s->closing && s->h.revoked)
        s->h.revoked(s->h.ctx, device, user);
}

/* --- requests -----------------------------------------------------------------------------------
 */

static struct pgpipe *writer_of(const struct store *s, uint64_t review)
{
    return s->writers[review % s->opt.writers];
}

/* Pipes are freed one by one while closing, and their last callbacks may ask for more. */
static int refuse(struct pg_job *take_job)
{
    pg_job_free(take_job);
    return -PL_E_UNAVAILABLE;
}

int store_submit_writer(struct store *s, uint64_t review, struct pg_job *take_job)
{
    if (s->closing)
        return refuse(take_job);
    take_job->order = review;
    return pgpipe_submit(writer_of(s, review), take_job);
}

int store_submit_reader(struct store *s, struct pg_job *take_job)
{
    if (s->closing)
        return refuse(take_job);
    struct pgpipe *best = s->readers[0];
    for (unsigned i = 1; i < s->opt.readers; i++) {
        struct pgpipe *p = s->readers[i];
        if (pgpipe_is_up(p) && (!pgpipe_is_up(best) || pgpipe_depth(p) < pgpipe_depth(best)))
            best = p;
    }
    return pgpipe_submit(best, take_job);
}

void store_turn_keep(struct store *s, uint64_t review)
{
    if (!s->closing)
        pgpipe_keep(writer_of(s, review), review);
}

bool store_turn_is_kept(const struct store *s, uint64_t review)
{
    return !s->closing && pgpipe_is_kept(writer_of(s, review), review);
}

static void turn_ended(struct pg_job *job, int rc, const struct pg_result *res,
                       const struct pl_err *e)
{
    (void)job;
    (void)res;
    if (rc != 0)
        LOG_DEBUG(NULL, "store.turn_not_ended", KV_ERR(e));
}

void store_turn_end(struct store *s, uint64_t review, bool db)
{
    if (s->closing)
        return;
    pgpipe_free_up(writer_of(s, review));
    if (!db)
        return;
    struct pg_job *job = pg_job_new(STMT_TURN_END, turn_ended);
    pg_arg_u64(job, review);
    job->urgent = true;
    job->solo = true; /* who has a turn waits for nothing else */
    if (store_submit_writer(s, review, job) != 0)
        LOG_DEBUG(NULL, "store.turn_dropped", KV_U("review", review));
}

/* Nobody came for the turn: the room had nothing left to append. */
static void on_pipe_kept(void *ctx, struct pgpipe *p, uint64_t order)
{
    (void)p;
    store_turn_end(ctx, order, true);
}

static void dispatch_all(struct store *s)
{
    if (s->closing)
        return;
    for (unsigned i = 0; i < s->opt.writers; i++)
        pgpipe_dispatch(s->writers[i]);
    for (unsigned i = 0; i < s->opt.readers; i++)
        pgpipe_dispatch(s->readers[i]);
}

static void on_prepare(uv_prepare_t *h)
{
    dispatch_all(h->data);
}

static void on_check(uv_check_t *h)
{
    dispatch_all(h->data);
}

uint32_t store_node(const struct store *s)
{
    return s->listen && !s->closing ? pglisten_node(s->listen) : 0;
}

bool store_is_listening(const struct store *s)
{
    return s->listen && !s->closing && pglisten_is_up(s->listen);
}

void store_rights_seen(struct store *s, uint64_t mark)
{
    if (s->closing || !s->listen)
        return;
    bool is_new = mark != s->rights_mark && !pglisten_is_up(s->listen);
    s->rights_mark = pglisten_is_up(s->listen) ? 0 : mark;
    if (is_new)
        on_revoked(s, 0, 0);
}

void store_count_append(struct store *s, uint32_t revs, bool behind)
{
    s->appends++;
    if (behind)
        s->retries++;
    else
        s->append_revs += revs;
}

int store_code(struct pl_err *e, uint32_t code, const char *what)
{
    if (code == 0)
        return 0;
    return pl_fail(e, (int)code, "%s: %s", what, pl_error_info((int)code)->title);
}

/* --- hints to the other server processes --------------------------------------------------------
 */

static void hint_sent(struct pg_job *job, int rc, const struct pg_result *res,
                      const struct pl_err *e)
{
    (void)job;
    (void)res;
    if (rc != 0)
        LOG_DEBUG(NULL, "store.hint_failed", KV_ERR(e));
}

static void hint_send(struct store *s, const char *payload)
{
    struct pg_job *job = pg_job_new(STMT_NOTIFY, hint_sent);
    pg_arg_text(job, payload);
    if (store_submit_reader(s, job) != 0)
        LOG_DEBUG(NULL, "store.hint_dropped", KV_S("why", "not connected or queue full"));
}

/* All of this turn's heads, in as few payloads as they need. */
static void on_hint_timer(uv_timer_t *t)
{
    struct store *s = t->data;
    char payload[HINT_PAYLOAD + 64];
    size_t n = 0;
    struct hint *hint;
    struct hint *tmp;
    HASH_ITER (hh, s->hints, hint, tmp) {
        if (n == 0)
            n = (size_t)snprintf(payload, sizeof payload, "h %u", store_node(s));
        n += (size_t)snprintf(payload + n, sizeof payload - n, " %llu:%llu",
                              (unsigned long long)hint->review, (unsigned long long)hint->head);
        HASH_DEL(s->hints, hint);
        pl_mem_free(PL_MEM_STORE, hint);
        if (n > HINT_PAYLOAD) {
            hint_send(s, payload);
            n = 0;
        }
    }
    if (n > 0)
        hint_send(s, payload);
}

void repo_hint(struct store *s, uint64_t review, uint64_t head)
{
    struct hint *hint;
    if (s->closing || !s->listen || !pglisten_has_others(s->listen))
        return;
    HASH_FIND(hh, s->hints, &review, sizeof review, hint);
    if (!hint) {
        hint = pl_mem_calloc(PL_MEM_STORE, 1, sizeof *hint);
        hint->review = review;
        HASH_ADD(hh, s->hints, review, sizeof hint->review, hint);
    }
    if (head > hint->head)
        hint->head = head;
    if (!uv_is_active((uv_handle_t *)&s->hint_timer))
        uv_timer_start(&s->hint_timer, on_hint_timer, HINT_MS, 0);
}

/* --- life ---------------------------------------------------------------------------------------
 */

static void part_closed(struct store *s)
{
    PL_ASSERT(s->parts_open > 0);
    if (--s->parts_open > 0)
        return;
    struct hint *hint;
    struct hint *tmp;
    HASH_ITER (hh, s->hints, hint, tmp) {
        HASH_DEL(s->hints, hint);
        pl_mem_free(PL_MEM_STORE, hint);
    }
    void (*cb)(void *ctx) = s->close_cb;
    void *ctx = s->close_ctx;
    free(s->conninfo);
    pl_mem_free(PL_MEM_STORE, s);
    if (cb)
        cb(ctx);
}

static void on_pipe_closed(void *ctx, struct pgpipe *p)
{
    (void)p;
    part_closed(ctx);
}

static void on_listen_closed(void *ctx)
{
    part_closed(ctx);
}

static void on_handle_closed(uv_handle_t *h)
{
    part_closed(h->data);
}

static void pool_open(struct store *s, enum pg_pool pool)
{
    static const struct pgpipe_handlers pipe_handlers = {on_pipe_up, on_pipe_down, on_pipe_kept,
                                                         on_pipe_closed};
    bool writer = pool == PG_WRITER;
    struct pgpipe_options o = {
        .loop = s->loop,
        .conninfo = s->conninfo,
        .name = writer ? "writer" : "reader",
        .pool = pool,
        .role = s->opt.role ? s->opt.role : "plm_app",
        .flush_max = writer ? FLUSH_MAX : 1,
        .queue_max = s->opt.queue_max,
        .statement_ms = s->opt.statement_ms,
        .deadline_ms = s->opt.deadline_ms,
    };
    unsigned n = writer ? s->opt.writers : s->opt.readers;
    for (unsigned i = 0; i < n; i++) {
        struct pgpipe *p = pgpipe_new(&o, &pipe_handlers, s);
        (writer ? s->writers : s->readers)[i] = p;
        s->parts_open++;
    }
}

static void handles_open(struct store *s)
{
    int rc = uv_prepare_init(s->loop, &s->prepare);
    rc |= uv_check_init(s->loop, &s->check);
    rc |= uv_timer_init(s->loop, &s->hint_timer);
    rc |= uv_prepare_start(&s->prepare, on_prepare);
    rc |= uv_check_start(&s->check, on_check);
    PL_ASSERT(rc == 0);
    s->prepare.data = s->check.data = s->hint_timer.data = s;
    s->parts_open += 3;
}

int store_open(struct store **out, uv_loop_t *loop, const struct store_options *opt,
               const struct store_handlers *h, struct pl_err *e)
{
    static const struct pglisten_handlers listen_handlers = {on_listen_up, on_hint, on_revoked,
                                                             on_listen_closed};
    if (opt->writers < 1 || opt->writers > POOL_MAX || opt->readers < 1 || opt->readers > POOL_MAX)
        return pl_fail(e, PL_E_CONFIG, "database connections: 1-%u writers and readers", POOL_MAX);
    int rc = pgconn_check(opt->conninfo, e);
    if (rc != 0)
        return rc;
    struct store *s = pl_mem_calloc(PL_MEM_STORE, 1, sizeof *s);
    s->loop = loop;
    s->opt = *opt;
    s->opt.queue_max = opt->queue_max ? opt->queue_max : 256;
    s->opt.statement_ms = opt->statement_ms ? opt->statement_ms : 3000;
    s->opt.deadline_ms = opt->deadline_ms ? opt->deadline_ms : 4000;
    s->h = *h;
    s->conninfo = pl_xstrdup(opt->conninfo);
    s->opt.conninfo = s->conninfo;
    handles_open(s);
    pool_open(s, PG_WRITER);
    pool_open(s, PG_READER);
    if (!opt->plain) {
        s->listen = pglisten_new(loop, s->conninfo, s->opt.deadline_ms, &listen_handlers, s);
        s->parts_open++;
    }
    *out = s;
    return 0;
}

void store_close(struct store *s, void (*cb)(void *ctx), void *ctx)
{
    PL_ASSERT(!s->closing);
    s->closing = true;
    s->is_up = false;
    s->close_cb = cb;
    s->close_ctx = ctx;
    uv_close((uv_handle_t *)&s->prepare, on_handle_closed);
    uv_close((uv_handle_t *)&s->check, on_handle_closed);
    uv_close((uv_handle_t *)&s->hint_timer, on_handle_closed);
    for (unsigned i = 0; i < s->opt.writers; i++)
        pgpipe_close(s->writers[i]);
    for (unsigned i = 0; i < s->opt.readers; i++)
        pgpipe_close(s->readers[i]);
    if (s->listen)
        pglisten_close(s->listen);
}

bool store_is_up(const struct store *s)
{
    return s->is_up;
}

void store_stats(const struct store *s, struct store_stats *out)
{
    memset(out, 0, sizeof *out);
    out->appends = s->appends;
    out->append_revs = s->append_revs;
    out->retries = s->retries;
    for (unsigned i = 0; i < s->opt.writers + s->opt.readers && !s->closing; i++) {
        struct pgpipe_stats st;
        bool writer = i < s->opt.writers;
        pgpipe_stats(writer ? s->writers[i] : s->readers[i - s->opt.writers], &st);
        out->lost += st.lost;
        out->reconnects += st.reconnects;
        out->queue_depth += st.depth;
        if (writer)
            out->units += st.flushes;
    }
}
