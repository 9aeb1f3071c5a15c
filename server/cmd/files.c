// SPDX-License-Identifier: Apache-2.0
/*
 * The queue of pieces, pieces themselves, downloads, and the sweep. Uploads begin in file_put.c and
 * end in file_end.c.
 */
#include "cmd/files.h"

#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "plimsoll/base/log.h"
#include "plimsoll/base/mem.h"

#include "cmd/files_int.h"
#include "ops/config.h"
#include "store/repo_file.h"

#define QUEUE_MAX    256u /* pieces that wait: 4 MiB */
#define SWEEP_MS     10000u
#define SWEEP_ON_MS  50u  /* when there was more than one sweep takes */
#define SWEEP_CHUNKS 256u /* deleted at a time */
#define STALE_MS     3600000u

/* --- the queue ----------------------------------------------------------------------------------
 */

static void pump(struct files *f)
{
    if (f->is_pumping)
        return;
    f->is_pumping = true;
    while (f->running == NULL && f->queue != NULL) {
        struct file_work *w = f->queue;
        DL_DELETE(f->queue, w);
        f->stats.queued--;
        f->running = w;
        w->start(w);
    }
    f->is_pumping = false;
}

void files_push(struct files *f, struct file_work *w)
{
    if (f->is_stopped) {
        w->cancel(w);
        return;
    }
    DL_APPEND(f->queue, w);
    f->stats.queued++;
    pump(f);
}

int files_ask(struct files *f, struct file_work *w, struct pl_err *e)
{
    const struct file_work *x;
    unsigned own = f->running != NULL && f->running->caller == w->caller ? 1 : 0;
    if (f->stats.queued >= QUEUE_MAX) {
        f->stats.busy++;
        return pl_fail(e, PL_E_BUSY, "many pieces of files are waiting");
    }
    DL_FOREACH (f->queue, x) {
        own += x->caller == w->caller ? 1 : 0;
    }
    if (own >= PL_FILE_CHUNKS_OPEN) {
        f->stats.busy++;
        return pl_fail(e, PL_E_BUSY, "%u pieces are unanswered; wait for one", own);
    }
    files_push(f, w);
    return 0;
}

void files_next(struct files *f)
{
    f->running = NULL;
    pump(f);
}

/* --- answers ------------------------------------------------------------------------------------
 */

void files_count_refusal(struct files *f, int rc)
{
    if (rc == -PL_E_FILE_SIZE)
        f->stats.too_large++;
    else if (rc == -PL_E_QUOTA || rc == -PL_E_STORAGE)
        f->stats.over_quota++;
    else if (rc == -PL_E_UPLOADS)
        f->stats.too_many++;
    else if (rc == -PL_E_PERM || rc == -PL_E_LOCKED)
        f->stats.no_right++;
    else if (rc == -PL_E_CHECKSUM)
        f->stats.wrong_sum++;
}

void files_fail(struct files *f, struct call *k, int rc, const struct pl_err *e)
{
    files_count_refusal(f, rc);
    call_fail(k, -rc, "%s", e != NULL && e->text[0] != '\0' ? e->text : pl_error_info(rc)->title);
}

/* --- a piece of an upload -----------------------------------------------------------------------
 */

struct chunk_work {
    struct file_work w; /* first */
    struct files *f;
    struct call *call;
    uint64_t file, user, offset;
    size_t n;
    uint8_t bytes[];
};

static void chunk_end(struct chunk_work *k, int rc, uint64_t held, const struct pl_err *e)
{
    struct files *f = k->f;
    if (rc < 0) {
        files_fail(f, k->call, rc, e);
    } else {
        struct pl_msg m = {.type = PL_MSG_FILE_READY};
        m.u.file_ready.rid = call_rid(k->call);
        m.u.file_ready.file = k->file;
        m.u.file_ready.offset = held;
        f->stats.bytes_in += k->n;
        call_reply(k->call, &m);
    }
    pl_mem_free(PL_MEM_REQUEST, k);
}

static void on_chunk(void *ctx, int rc, uint64_t file, uint64_t held, const struct pl_err *e)
{
    struct chunk_work *k = ctx;
    struct files *f = k->f;
    (void)file;
    chunk_end(k, rc, held, e);
    files_next(f);
}

static void chunk_cancel(struct file_work *w)
{
    chunk_end((struct chunk_work *)(void *)w, -PL_E_GOING_AWAY, 0, NULL);
}

static void chunk_start(struct file_work *w)
{
    struct chunk_work *k = (struct chunk_work *)(void *)w;
    struct files *f = k->f;
    struct file_piece p = {k->file, k->user, k->offset, k->bytes, k->n};
    int rc =
        call_caller(k->call) == NULL ? -PL_E_CLOSED : repo_file_chunk(f->store, &p, on_chunk, k);
    if (rc < 0) {
        chunk_end(k, rc, 0, NULL);
        files_next(f);
    }
}

void files_chunk(struct files *f, struct caller *c, const struct pl_file_chunk *m)
{
    struct pl_err e;
    pl_err_init(&e);
    if (m->offset > PL_FILE_BYTES_MAX || m->chunk.n > PL_CHUNK_MAX) {
        caller_fail(c, m->rid, 0, PL_E_INVALID, "no file is that long");
        return;
    }
    struct call *call = call_begin(c, m->rid);
    if (call == NULL)
        return;
    struct chunk_work *k = pl_mem_calloc(PL_MEM_REQUEST, 1, sizeof(*k) + m->chunk.n);
    k->w.start = chunk_start;
    k->w.cancel = chunk_cancel;
    k->w.caller = c;
    k->f = f;
    k->call = call;
    k->file = m->file;
    k->user = c->user;
    k->offset = m->offset;
    k->n = m->chunk.n;
    memcpy(k->bytes, m->chunk.p, m->chunk.n);
    int rc = files_ask(f, &k->w, &e);
    if (rc < 0)
        chunk_end(k, rc, 0, &e);
}

/* --- a piece of a download ----------------------------------------------------------------------
 */

struct read_work {
    struct file_work w; /* first */
    struct files *f;
    struct call *call;
    struct file_read read;
    uint64_t offset;
};

static void read_fail(struct read_work *k, int rc, const struct pl_err *e)
{
    files_fail(k->f, k->call, rc, e);
    pl_mem_free(PL_MEM_REQUEST, k);
}

static void on_read(void *ctx, int rc, const struct file_data *d, const struct pl_err *e)
{
    struct read_work *k = ctx;
    struct files *f = k->f;
    size_t skip = (size_t)(k->offset % PL_CHUNK_MAX);
    struct pl_err own;
    pl_err_init(&own);
    if (rc == 0 && skip >= d->n) {
        rc = pl_fail(&own, PL_E_NOENT, "the file ends before that");
        e = &own;
    }
    if (rc < 0) {
        read_fail(k, rc, e);
    } else {
        struct pl_msg m = {.type = PL_MSG_FILE_DATA};
        m.u.file_data.rid = call_rid(k->call);
        m.u.file_data.total = d->size;
        m.u.file_data.offset = k->offset;
        m.u.file_data.sha256 = (struct pl_bytes){d->sha256, PL_SHA256_BYTES};
        m.u.file_data.chunk = (struct pl_bytes){d->bytes + skip, d->n - skip};
        m.u.file_data.name = d->name;
        m.u.file_data.media_type = d->media_type;
        f->stats.bytes_out += d->n - skip;
        call_reply(k->call, &m);
        pl_mem_free(PL_MEM_REQUEST, k);
    }
    files_next(f);
}

static void read_cancel(struct file_work *w)
{
    read_fail((struct read_work *)(void *)w, -PL_E_GOING_AWAY, NULL);
}

static void read_start(struct file_work *w)
{
    struct read_work *k = (struct read_work *)(void *)w;
    struct files *f = k->f;
    int rc = call_caller(k->call) == NULL ? -PL_E_CLOSED
                                          : repo_file_read(f->store, &k->read, on_read, k);
    if (rc < 0) {
        read_fail(k, rc, NULL);
        files_next(f);
    }
}

void files_get(struct files *f, struct caller *c, const struct pl_file_get *m)
{
    struct pl_err e;
    pl_err_init(&e);
    if (m->offset >= PL_FILE_BYTES_MAX) {
        caller_fail(c, m->rid, 0, PL_E_INVALID, "no file is that long");
        return;
    }
    struct call *call = call_begin(c, m->rid);
    if (call == NULL)
        return;
    struct read_work *k = pl_mem_calloc(PL_MEM_REQUEST, 1, sizeof(*k));
    k->w.start = read_start;
    k->w.cancel = read_cancel;
    k->w.caller = c;
    k->f = f;
    k->call = call;
    k->offset = m->offset;
    k->read = (struct file_read){m->review, m->entry, c->user, c->device,
                                 (uint32_t)(m->offset / PL_CHUNK_MAX)};
    int rc = files_ask(f, &k->w, &e);
    if (rc < 0)
        read_fail(k, rc, &e);
}

/* --- the sweep ----------------------------------------------------------------------------------
 */

static void on_timer(uv_timer_t *t);

static void on_swept(void *ctx, int rc, const struct file_swept *r, const struct pl_err *e)
{
    struct files *f = ctx;
    (void)e;
    if (f->is_stopped)
        return;
    f->stats.expired += r->expired;
    f->stats.swept += r->chunks;
    if (r->expired > 0 || r->chunks > 0)
        LOG_INFO(NULL, "files.swept", KV_U("expired", r->expired), KV_U("chunks", r->chunks));
    if (rc == 0 && r->stale != 0)
        file_settle(f, r->stale);
    uint64_t next = rc == 0 && r->chunks > 0 ? SWEEP_ON_MS : SWEEP_MS;
    (void)uv_timer_start(&f->timer, on_timer, next, 0);
}

static void on_timer(uv_timer_t *t)
{
    struct files *f = t->data;
    int rc =
        repo_file_sweep(f->store, f->conf->upload_expiry_ms, STALE_MS, SWEEP_CHUNKS, on_swept, f);
    if (rc < 0)
        (void)uv_timer_start(&f->timer, on_timer, SWEEP_MS, 0);
}

/* --- life ---------------------------------------------------------------------------------------
 */

struct files *files_new(uv_loop_t *loop, struct store *s, struct rooms *r,
                        const struct config *conf)
{
    struct files *f = pl_mem_calloc(PL_MEM_OTHER, 1, sizeof(*f));
    f->store = s;
    f->rooms = r;
    f->conf = conf;
    PL_ASSERT(uv_timer_init(loop, &f->timer) == 0);
    f->timer.data = f;
    (void)uv_timer_start(&f->timer, on_timer, SWEEP_MS, 0);
    return f;
}

void files_stop(struct files *f)
{
    if (f == NULL || f->is_stopped)
        return;
    f->is_stopped = true;
    uv_close((uv_handle_t *)&f->timer, NULL);
    while (f->queue != NULL) {
        struct file_work *w = f->queue;
        DL_DELETE(f->queue, w);
        f->stats.queued--;
        w->cancel(w);
    }
    if (f->stats.begun + f->stats.resumed + f->stats.bytes_out > 0)
        LOG_INFO(NULL, "files.total", KV_U("begun", f->stats.begun),
                 KV_U("resumed", f->stats.resumed), KV_U("finished", f->stats.finished),
                 KV_U("bytes_in", f->stats.bytes_in), KV_U("bytes_out", f->stats.bytes_out),
                 KV_U("refused", f->stats.too_large + f->stats.over_quota + f->stats.too_many +
                                     f->stats.no_right + f->stats.wrong_sum),
                 KV_U("busy", f->stats.busy), KV_U("expired", f->stats.expired));
}

void files_free(struct files *f)
{
    pl_mem_free(PL_MEM_OTHER, f);
}

void files_stats(const struct files *f, struct files_stats *out)
{
    *out = f->stats;
}
