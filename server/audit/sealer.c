// SPDX-License-Identifier: Apache-2.0
/*
 * See sealer.h. The rounds of a sealer whose tree is loaded:
 *
 *   look     read up to 4,096 pending events, compute the tree that they make
 *   take     T1: under the advisory lock they get their places, if the tree is still the one
 * thought sign     the checkpoint, into memory, then into last.ckpt, which is on disk from there on
 *   publish  T2: the checkpoint into the database, where its size is the key
 *
 * After a crash behind `take` the next start signs the size that the tree has; behind the write of
 * last.ckpt it publishes that very note. Nothing is signed whose order is not durable, so one size
 * has one root. There is no NOTIFY for each event, which would make all commits wait for one lock:
 * looking five times a second costs less.
 */
#include "audit/sealer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "plimsoll/base/file.h"
#include "plimsoll/base/hash.h"
#include "plimsoll/base/log.h"
#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"

#include "audit/sealer_int.h"
#include "store/pgconn.h"

#define INTERVAL_MS  200u
#define STANDBY_MS   1000u
#define AGAIN_MS     500u
#define REFUSING_MS  5000u /* until it looks whether the operator has done something */
#define STATEMENT_MS 20000u
#define DEADLINE_MS  25000u
#define REFUSED_MAX  3u

static void look(struct sealer *s);

/* ---- between the rounds -----------------------------------------------------------------------
 */

static bool take_lock(struct sealer *s)
{
    char path[SEAL_PATH_SIZE];
    if (s->lock_fd >= 0) {
        return true;
    }
    if (pl_path_join(path, sizeof(path), s->dir, SEAL_LOCK_FILE) != 0) {
        return false;
    }
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0) {
        s->lock_fd = fd;
        return true;
    }
    if (fd < 0) {
        LOG_WARN(NULL, "seal.lock_failed", KV_S("path", path), KV_S("why", strerror(errno)));
    } else {
        (void)close(fd);
    }
    return false;
}

static void on_timer(uv_timer_t *t)
{
    struct sealer *s = t->data;
    if (s->stopping || !pgpipe_is_up(s->pipe)) {
        return; /* on_pipe_up comes */
    }
    if (!take_lock(s)) {
        s->condition = SEALER_STANDBY;
        uv_timer_start(&s->timer, on_timer, STANDBY_MS, 0);
    } else if (s->loaded) {
        look(s);
    } else {
        sealer_load(s);
    }
}

static void wait_ms(struct sealer *s, unsigned ms)
{
    if (!s->stopping) {
        uv_timer_start(&s->timer, on_timer, ms, 0);
    }
}

void sealer_again(struct sealer *s, unsigned ms)
{
    s->loaded = false;
    wait_ms(s, ms);
}

void sealer_alarm(struct sealer *s, const char *code, const char *text)
{
    bool is_new = s->condition != SEALER_REFUSING || strcmp(s->why, text) != 0;
    s->condition = SEALER_REFUSING;
    if (is_new) {
        (void)pl_strlcpy(s->why, text, sizeof(s->why));
        LOG_ERR(NULL, "seal.alarm", KV_S("code", code), KV_S("why", text));
        if (s->cfg.alarm != NULL) {
            s->cfg.alarm(s->cfg.ctx, code, text);
        }
    }
    sealer_again(s, REFUSING_MS);
}

static void step(struct sealer *s, enum sealer_step at)
{
    if (s->cfg.step != NULL) {
        s->cfg.step(s->cfg.ctx, at);
    }
}

struct pg_job *sealer_job(struct sealer *s, enum pg_stmt stmt, pg_done_cb done)
{
    struct pg_job *job = pg_job_new(stmt, done);
    job->user_ctx = s;
    return job;
}

void sealer_submit(struct sealer *s, struct pg_job *take_job)
{
    if (pgpipe_submit(s->pipe, take_job) != 0) {
        sealer_again(s, AGAIN_MS);
    }
}

struct sealer *sealer_answered(struct pg_job *job, int rc, const struct pl_err *e)
{
    struct sealer *s = job->user_ctx;
    if (s->stopping) {
        return NULL;
    }
    if (rc != 0) {
        LOG_WARN(NULL, "seal.database", KV_ERR(e));
        sealer_again(s, AGAIN_MS);
        return NULL;
    }
    return s;
}

/* ---- sign and publish -------------------------------------------------------------------------
 */

static void on_published(struct pg_job *job, int rc, const struct pg_result *res,
                         const struct pl_err *e)
{
    struct sealer *s = sealer_answered(job, rc, e);
    if (s == NULL) {
        return;
    }
    if (pg_get_i32(res, 0, 0) != 0) {
        sealer_alarm(s, "fork", "the database holds another root for the size that was signed");
        return;
    }
    step(s, SEALER_PUBLISHED);
    s->db_sealed = s->last.c.size;
    s->db_root = s->last.c.root;
    s->oldest_us = 0;
    LOG_DEBUG(NULL, "seal.sealed", KV_U("size", s->db_sealed));
    if (s->cfg.sealed != NULL) {
        s->cfg.sealed(s->cfg.ctx, s->db_sealed);
    }
    wait_ms(s, s->batch.n == SEAL_BATCH_MAX ? 0 : s->cfg.interval_ms);
}

static void publish(struct sealer *s)
{
    struct pg_job *job = sealer_job(s, STMT_SEAL_PUBLISH, on_published);
    pg_arg_u32(job, s->epoch);
    pg_arg_u64(job, s->last.c.size);
    pg_arg_bytes(job, &s->last.c.root, sizeof(s->last.c.root));
    pg_arg_text(job, s->last.note);
    sealer_submit(s, job);
}

/* The tree was compared with last.ckpt when it was loaded and has only grown since. */
static void sign(struct sealer *s)
{
    struct seal_last next;
    struct pl_err e;
    if (seal_last_sign(&s->key, s->epoch, &s->tree, &next, &e) != 0) {
        sealer_alarm(s, "state", e.text);
        return;
    }
    step(s, SEALER_SIGNED);
    if (seal_last_write(s->dir, &next, &e) != 0) {
        /* a full disk: what is there now is the old one or the new one, so it is read again */
        sealer_alarm(s, "state", e.text);
        return;
    }
    s->last = next;
    step(s, SEALER_WRITTEN);
    publish(s);
}

void sealer_work(struct sealer *s)
{
    bool own = s->last.is_there && s->last.epoch == s->epoch;
    s->batch.n = 0;
    if (own && s->last.c.size > s->db_sealed) {
        publish(s); /* signed, and never came into the database */
    } else if (s->tree.size > s->db_sealed || (s->tree.size > 0 && !own)) {
        sign(s);
    } else {
        look(s);
    }
}

/* ---- look and take ----------------------------------------------------------------------------
 */

static void on_taken(struct pg_job *job, int rc, const struct pg_result *res,
                     const struct pl_err *e)
{
    struct sealer *s = job->user_ctx;
    if (rc == -PL_E_STORE && !s->stopping && ++s->refused >= REFUSED_MAX) {
        sealer_alarm(s, "gap", e->text);
        return;
    }
    s = sealer_answered(job, rc, e);
    if (s == NULL) {
        return;
    }
    s->refused = 0;
    switch (pg_get_i32(res, 0, 0)) {
    case 0:
        s->tree = s->batch.tree;
        step(s, SEALER_TAKEN);
        sign(s);
        break;
    case 1: /* another sealer, on another host */
        s->condition = SEALER_STANDBY;
        sealer_again(s, STANDBY_MS);
        break;
    default: /* it was quicker */
        sealer_again(s, s->cfg.interval_ms);
        break;
    }
}

static void take(struct sealer *s)
{
    const struct seal_batch *b = &s->batch;
    struct pg_job *job = sealer_job(s, STMT_SEAL_TAKE, on_taken);
    pg_arg_u32(job, s->epoch);
    pg_arg_u64(job, b->base);
    pg_arg_array(job, PG_ELEM_I64, b->n);
    for (size_t i = 0; i < b->n; i++) {
        pg_elem_u64(job, (uint64_t)b->ids[i]);
    }
    pg_arg_array(job, PG_ELEM_I32, b->tiles);
    for (size_t i = 0; i < b->tiles; i++) {
        pg_elem_u32(job, (uint32_t)b->tile_level[i]);
    }
    pg_arg_array(job, PG_ELEM_I64, b->tiles);
    for (size_t i = 0; i < b->tiles; i++) {
        pg_elem_u64(job, b->tile_index[i]);
    }
    pg_arg_array(job, PG_ELEM_BYTES, b->tiles);
    for (size_t i = 0; i < b->tiles; i++) {
        pg_elem_bytes(job, &b->tile_root[i], sizeof(b->tile_root[i]));
    }
    sealer_submit(s, job);
}

static int add_row(struct sealer *s, const struct pg_result *res, size_t row, struct pl_err *e)
{
    size_t n_pending = 0;
    size_t n_prev = 0;
    struct seal_event ev = {
        .id = pg_get_i64(res, row, 0),
        .review = pg_get_u64(res, row, 1),
        .number = pg_get_u64(res, row, 2),
        .pending = pg_get_bytes(res, row, 3, &n_pending),
    };
    ev.leaf = pg_get_bytes(res, row, 4, &ev.leaf_len);
    ev.prev = pg_get_bytes(res, row, 5, &n_prev);
    if (n_prev != sizeof(struct pl_hash)) {
        ev.prev = NULL;
    }
    if (n_pending != sizeof(struct pl_hash)) {
        return pl_fail(e, PL_E_INVALID, "a pending event without a hash");
    }
    return seal_batch_add(&s->batch, &ev, e);
}

static void on_looked(struct pg_job *job, int rc, const struct pg_result *res,
                      const struct pl_err *e)
{
    struct sealer *s = sealer_answered(job, rc, e);
    struct pl_err why;
    if (s == NULL) {
        return;
    }
    s->condition = SEALER_WORKING;
    if (pg_rows(res) == 0) {
        s->oldest_us = 0;
        wait_ms(s, s->cfg.interval_ms);
        return;
    }
    seal_batch_begin(&s->batch, s->epoch, &s->tree);
    for (size_t i = 0; i < pg_rows(res) && i < SEAL_BATCH_MAX; i++) {
        if (add_row(s, res, i, &why) != 0) {
            sealer_alarm(s, "gap", why.text);
            return;
        }
    }
    s->oldest_us = s->batch.oldest_us;
    step(s, SEALER_READ);
    take(s);
}

static void look(struct sealer *s)
{
    struct pg_job *job = sealer_job(s, STMT_SEAL_LOOK, on_looked);
    pg_arg_u32(job, s->epoch);
    pg_arg_i32(job, (int32_t)SEAL_BATCH_MAX);
    sealer_submit(s, job);
}

/* ---- life -------------------------------------------------------------------------------------
 */

static void on_pipe_up(void *ctx, struct pgpipe *p)
{
    (void)p;
    sealer_again(ctx, 0);
}

static void on_pipe_down(void *ctx, struct pgpipe *p, const char *why)
{
    struct sealer *s = ctx;
    (void)p;
    (void)why;
    s->loaded = false;
    s->condition = SEALER_AWAY;
    uv_timer_stop(&s->timer);
}

static void on_pipe_kept(void *ctx, struct pgpipe *p, uint64_t order)
{
    (void)ctx;
    (void)p;
    (void)order;
}

static void part_closed(struct sealer *s)
{
    if (--s->parts_open > 0) {
        return;
    }
    s->stopped = true;
    if (s->stop_cb != NULL) {
        s->stop_cb(s->stop_ctx);
    }
}

static void on_pipe_closed(void *ctx, struct pgpipe *p)
{
    (void)p;
    part_closed(ctx);
}

static void on_handle_closed(uv_handle_t *h)
{
    part_closed(h->data);
}

static void on_prepare(uv_prepare_t *h)
{
    struct sealer *s = h->data;
    pgpipe_dispatch(s->pipe);
}

static void on_check(uv_check_t *h)
{
    struct sealer *s = h->data;
    pgpipe_dispatch(s->pipe);
}

static void start(struct sealer *s, uv_loop_t *loop)
{
    static const struct pgpipe_handlers handlers = {on_pipe_up, on_pipe_down, on_pipe_kept,
                                                    on_pipe_closed};
    const struct pgpipe_options o = {
        .loop = loop,
        .conninfo = s->conninfo,
        .name = "sealer",
        .pool = PG_SEALER,
        .role = "plm_seal",
        .flush_max = 1,
        .queue_max = 16,
        .statement_ms = STATEMENT_MS,
        .deadline_ms = DEADLINE_MS,
    };
    int rc = uv_prepare_init(loop, &s->prepare);
    rc |= uv_check_init(loop, &s->check);
    rc |= uv_timer_init(loop, &s->timer);
    rc |= uv_prepare_start(&s->prepare, on_prepare);
    rc |= uv_check_start(&s->check, on_check);
    PL_ASSERT(rc == 0);
    s->prepare.data = s->check.data = s->timer.data = s;
    s->pipe = pgpipe_new(&o, &handlers, s);
    s->parts_open = 4;
}

int sealer_new(uv_loop_t *loop, const struct sealer_config *c, struct sealer **out,
               struct pl_err *e)
{
    char origin[SEAL_ORIGIN_SIZE];
    struct pl_skey key;
    seal_origin(c->deployment, 1, origin);
    int rc = pgconn_check(c->conninfo, e);
    if (rc == 0) {
        rc = pl_skey_from_seed(origin, PL_NOTE_ED25519, c->seed, &key, e);
    }
    if (rc != 0) {
        return rc;
    }
    pl_wipe(&key, sizeof(key));
    struct sealer *s = pl_mem_calloc(PL_MEM_OTHER, 1, sizeof(*s));
    s->cfg = *c;
    s->cfg.interval_ms = c->interval_ms == 0 ? INTERVAL_MS : c->interval_ms;
    s->cfg.seed = NULL;
    s->conninfo = pl_xstrdup(c->conninfo);
    s->dir = pl_xstrdup(c->dir);
    (void)pl_strlcpy(s->deployment, c->deployment, sizeof(s->deployment));
    memcpy(s->seed, c->seed, sizeof(s->seed));
    s->lock_fd = -1;
    start(s, loop);
    *out = s;
    return 0;
}

void sealer_stop(struct sealer *s, void (*cb)(void *ctx), void *ctx)
{
    PL_ASSERT(!s->stopping);
    s->stopping = true;
    s->stop_cb = cb;
    s->stop_ctx = ctx;
    uv_close((uv_handle_t *)&s->prepare, on_handle_closed);
    uv_close((uv_handle_t *)&s->check, on_handle_closed);
    uv_close((uv_handle_t *)&s->timer, on_handle_closed);
    pgpipe_close(s->pipe);
}

void sealer_free(struct sealer *s)
{
    if (s == NULL) {
        return;
    }
    PL_ASSERT(s->stopped);
    if (s->lock_fd >= 0) {
        (void)close(s->lock_fd);
    }
    seal_batch_release(&s->batch);
    pl_wipe(s->seed, sizeof(s->seed));
    pl_wipe(&s->key, sizeof(s->key));
    free(s->conninfo);
    free(s->dir);
    pl_mem_free(PL_MEM_OTHER, s);
}

void sealer_state(const struct sealer *s, struct sealer_state *out)
{
    memset(out, 0, sizeof(*out));
    out->condition = s->condition;
    out->epoch = s->epoch;
    out->size = s->tree.size;
    out->sealed = s->db_sealed;
    int64_t lag = s->oldest_us == 0 ? 0 : pl_now_us() - s->oldest_us;
    out->lag_us = s->oldest_us != 0 && lag < 1 ? 1 : lag;
    (void)pl_strlcpy(out->why, s->why, sizeof(out->why));
}
