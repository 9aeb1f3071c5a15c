// SPDX-License-Identifier: Apache-2.0
/*
 * What uploads and downloads share: tries, patience, hashing a file in turns of the loop, the end.
 */
#include "model/transfer_int.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"

#include "model/client_int.h"

#define HASH_TURN    (1024u * 1024u)
#define PATIENCE_MS  60000u
#define RETRY_MIN_MS 100u
#define RETRY_MAX_MS 2000u

struct question {
    struct attempt *attempt;
    transfer_reply_cb cb;
};

struct transfer *transfer_new(struct client *c, const struct transfer_options *o,
                              const struct transfer_handlers *h)
{
    struct transfer *t = pl_mem_calloc(PL_MEM_OTHER, 1, sizeof(*t));
    t->client = c;
    t->on = *h;
    t->fd = -1;
    t->review = o->review;
    t->entry = o->entry;
    t->force = o->force;
    t->path = pl_xstrdup(o->path);
    t->patience_ms = o->patience_ms != 0 ? o->patience_ms : PATIENCE_MS;
    t->progress_ms = uv_now(c->loop);
    pl_sha256_init(&t->sha);
    PL_ASSERT(uv_timer_init(c->loop, &t->timer) == 0);
    t->timer.data = t;
    t->rc = pl_fail(&t->err, PL_E_UNREACHABLE, "the server cannot be reached");
    return t;
}

static void give_up_attempt(struct transfer *t)
{
    struct attempt *a = t->attempt;
    t->attempt = NULL;
    if (a == NULL)
        return;
    a->t = NULL;
    if (a->open == 0)
        free(a);
}

static void on_closed(uv_handle_t *h)
{
    struct transfer *t = h->data;
    free(t->path);
    free(t->part);
    free(t->name);
    free(t->media_type);
    pl_mem_free(PL_MEM_OTHER, t);
}

void transfer_drop(struct transfer *t)
{
    give_up_attempt(t);
    if (t->fd >= 0)
        (void)close(t->fd);
    uv_close((uv_handle_t *)&t->timer, on_closed);
}

void transfer_cancel(struct transfer *t)
{
    transfer_drop(t);
}

static void on_timer(uv_timer_t *timer)
{
    struct transfer *t = timer->data;
    t->step(t);
}

void transfer_later(struct transfer *t, void (*step)(struct transfer *t), uint64_t ms)
{
    t->step = step;
    (void)uv_timer_start(&t->timer, on_timer, ms, 0);
}

static void tell_end(struct transfer *t)
{
    struct transfer_handlers on = t->on;
    struct transfer_result r = t->result;
    struct pl_err e = t->err;
    int rc = t->rc;
    transfer_drop(t);
    on.ended(on.ctx, rc, &r, &e);
}

void transfer_end(struct transfer *t, int rc, const struct pl_err *e)
{
    if (t->is_ended)
        return;
    t->is_ended = true;
    t->rc = rc;
    if (e != NULL)
        t->err = *e;
    else if (rc < 0)
        (void)pl_fail(&t->err, -rc, "%s", pl_error_info(rc)->title);
    give_up_attempt(t);
    transfer_later(t, tell_end, 0);
}

static bool passes_by_itself(int rc)
{
    switch (-rc) {
    case PL_E_CLOSED:
    case PL_E_TIMEOUT:
    case PL_E_UNREACHABLE:
    case PL_E_UNAVAILABLE:
    case PL_E_BUSY:
    case PL_E_SLOW_DOWN:
    case PL_E_GOING_AWAY:
        return true;
    default:
        return false;
    }
}

void transfer_try(struct transfer *t)
{
    uint64_t idle = uv_now(t->client->loop) - t->progress_ms;
    if (idle > t->patience_ms || client_link_state(t->client) == LINK_STOPPED) {
        transfer_end(t, t->rc, &t->err);
        return;
    }
    if (client_link_state(t->client) != LINK_UP) {
        transfer_later(t, transfer_try, RETRY_MIN_MS);
        return;
    }
    t->attempt = pl_xcalloc(1, sizeof(*t->attempt));
    t->attempt->t = t;
    t->begin(t);
}

void transfer_failed(struct transfer *t, int rc, const struct pl_err *e, bool passes)
{
    if (t->is_ended)
        return;
    if (!passes && !passes_by_itself(rc)) {
        transfer_end(t, rc, e);
        return;
    }
    t->rc = rc;
    if (e != NULL)
        t->err = *e;
    give_up_attempt(t);
    uint64_t wait = (uint64_t)RETRY_MIN_MS << (t->failures < 5 ? t->failures : 5);
    t->failures++;
    transfer_later(t, transfer_try, wait < RETRY_MAX_MS ? wait : RETRY_MAX_MS);
}

void transfer_moved(struct transfer *t, uint64_t done)
{
    t->progress_ms = uv_now(t->client->loop);
    t->failures = 0;
    t->done = done;
    if (t->on.progress != NULL)
        t->on.progress(t->on.ctx, done, t->size);
}

static void on_reply(void *ctx, int rc, struct pl_msg *m, const struct pl_err *e)
{
    struct question *q = ctx;
    struct attempt *a = q->attempt;
    transfer_reply_cb cb = q->cb;
    free(q);
    a->open--;
    if (a->t != NULL)
        cb(a->t, rc, m, e);
    else if (a->open == 0)
        free(a);
}

void transfer_call(struct transfer *t, struct pl_msg *m, uint64_t ms, transfer_reply_cb cb)
{
    struct question *q = pl_xmalloc(sizeof(*q));
    q->attempt = t->attempt;
    q->cb = cb;
    t->attempt->open++;
    client_call(t->client, m, ms, on_reply, q);
}

int transfer_hash(struct transfer *t, uint64_t end, struct pl_err *e)
{
    uint8_t piece[8192];
    for (unsigned turn = 0; turn < HASH_TURN && t->hashed < end;) {
        size_t want = sizeof(piece);
        if (end - t->hashed < want)
            want = (size_t)(end - t->hashed);
        ssize_t n = pread(t->fd, piece, want, (off_t)t->hashed);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return pl_fail(e, PL_E_IO, "cannot read %s: %s", t->path, strerror(errno));
        if (n == 0)
            return pl_fail(e, PL_E_CONFLICT, "%s became shorter while it was read", t->path);
        pl_sha256_update(&t->sha, piece, (size_t)n);
        t->hashed += (uint64_t)n;
        turn += (unsigned)n;
    }
    return t->hashed == end ? 1 : 0;
}
