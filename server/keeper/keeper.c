// SPDX-License-Identifier: Apache-2.0
/*
 * See keeper.h. A process is DOWN, STARTING (made, has not said READY) or UP. Its end is seen as
 * the end of its line; then it is killed (it may have closed only that), reaped by the tick, and
 * made again after the back-off. A process that says nothing for SILENT_MS is taken for dead.
 */
#include "keeper/keeper.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <utlist.h>

#include "plimsoll/base/log.h"
#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"

#include "keeper/line.h"
#include "keeper/spawn.h"

#define START_MS       20000u
#define TICK_MS        100u
#define ANSWER_MS      6000u
#define SILENT_MS      10000u
#define END_MS         2000u
#define BACKOFF_MIN_MS 200u
#define BACKOFF_MAX_MS 10000u
#define CALM_MS        30000u
#define ASKS_MAX       64u

enum phase { DOWN, STARTING, UP };

struct ask {
    struct ask *next, *prev;
    uint32_t id; /* 0: could not be sent */
    int failed;
    uint64_t until_ms;
    keeper_cb cb;
    void *ctx;
};

struct keeper {
    struct keeper_options opt;
    uv_timer_t tick;
    struct line *line; /* NULL: none */
    pid_t pid;         /* 0: none, or reaped */
    enum phase phase;
    bool may_go;
    bool is_closing;
    struct keeper_state state;
    struct ask *asks;
    unsigned n_asks;
    uint32_t next_id;
    unsigned backoff_ms;
    uint64_t start_at_ms; /* when DOWN */
    uint64_t since_ms;    /* in this phase */
    uint64_t heard_ms;
    void (*close_cb)(void *ctx);
    void *close_ctx;
};

/* ---- answers ------------------------------------------------------------------------------------
 */

static void answer(struct keeper *k, struct ask *a, int rc, const struct keeper_answer *what,
                   const char *why)
{
    struct pl_err e;
    pl_err_init(&e);
    if (rc != 0)
        (void)pl_fail(&e, -rc, "%s", why);
    DL_DELETE(k->asks, a);
    k->n_asks--;
    a->cb(a->ctx, rc, rc == 0 ? what : NULL, &e);
    pl_mem_free(PL_MEM_AUTH, a);
}

static void fail_all(struct keeper *k)
{
    while (k->asks != NULL)
        answer(k, k->asks, -PL_E_UNAVAILABLE, NULL, "the keeper does not run");
}

static char *text_of(const struct keeper_msg *m, size_t part)
{
    const struct pl_bytes *b = &m->parts[part];
    return part < m->n_parts ? pl_xstrndup((const char *)b->p, b->n) : pl_xstrdup("");
}

/* The chain stands behind the two names. */
static int take_chain(const struct keeper_msg *m, struct pl_chain *chain)
{
    int rc = m->n_parts > 2 ? 0 : -PL_E_INTERNAL;
    for (size_t i = 2; rc == 0 && i < m->n_parts; i++) {
        struct pl_buf *der = &chain->der[chain->n++];
        pl_buf_init(der, PL_CERT_MAX);
        rc = pl_buf_add(der, m->parts[i].p, m->parts[i].n);
    }
    return rc;
}

static void take_done(struct keeper *k, const struct keeper_msg *m)
{
    struct pl_chain chain = {0};
    struct ask *a;
    DL_SEARCH_SCALAR(k->asks, a, id, m->id);
    if (a == NULL)
        return; /* it was answered as late */
    char *first = text_of(m, 0);
    char *second = text_of(m, 1);
    if (m->code != 0) {
        answer(k, a, -(int)m->code, NULL, first);
    } else {
        int rc = take_chain(m, &chain);
        const struct keeper_answer what = {
            .chain = &chain,
            .user = m->n[0],
            .device = m->n[1],
            .review = m->n[2],
            .role = (uint32_t)m->n[3],
            .user_name = first,
            .display_name = second,
        };
        answer(k, a, rc, &what, "the keeper's answer is malformed");
    }
    free(first);
    free(second);
    pl_chain_release(&chain);
}

/* ---- life of the process
 * --------------------------------------------------------------------------
 */

static void enter(struct keeper *k, enum phase phase)
{
    k->phase = phase;
    k->since_ms = k->heard_ms = pl_mono_ms();
    k->state.is_up = phase == UP;
}

static void send_go(struct keeper *k)
{
    const struct keeper_msg go = {.what = KEEPER_GO};
    if (line_send(k->line, &go) != 0)
        LOG_WARN(NULL, "keeper.not_told"); /* its end comes */
}

static void took_up(struct keeper *k)
{
    enter(k, UP);
    LOG_INFO(NULL, "keeper.up", KV_I("pid", k->pid));
    if (k->may_go)
        send_go(k);
}

static void on_message(void *ctx, const struct keeper_msg *m)
{
    struct keeper *k = ctx;
    k->heard_ms = pl_mono_ms();
    switch (m->what) {
    case KEEPER_READY:
        if (k->phase == STARTING)
            took_up(k);
        break;
    case KEEPER_REFUSED:
        LOG_ERR(NULL, "keeper.refused", KV_S("code", pl_error_info((int)m->code)->token));
        break;
    case KEEPER_DONE:
        take_done(k, m);
        break;
    case KEEPER_STATE:
        k->state.has_database = m->n[0] == 1;
        k->state.issued = m->n[1];
        break;
    case KEEPER_GO:
    case KEEPER_JOIN:
    case KEEPER_RENEW:
    case KEEPER_SERVER:
        break;
    }
}

static void reap(struct keeper *k)
{
    int status = 0;
    if (k->pid > 0 && waitpid(k->pid, &status, WNOHANG) != 0) {
        if (!k->is_closing)
            LOG_ERR(NULL, "keeper.died", KV_I("pid", k->pid),
                    KV_I("signal", WIFSIGNALED(status) ? WTERMSIG(status) : 0));
        k->pid = 0;
    }
}

static void on_ended(void *ctx)
{
    struct keeper *k = ctx;
    uint64_t now = pl_mono_ms();
    if (k->phase == UP && now - k->since_ms > CALM_MS)
        k->backoff_ms = BACKOFF_MIN_MS;
    line_close(k->line);
    k->line = NULL;
    k->state.has_database = false;
    enter(k, DOWN);
    if (k->pid > 0)
        (void)kill(k->pid, SIGKILL);
    reap(k);
    k->start_at_ms = now + k->backoff_ms;
    k->backoff_ms = k->backoff_ms * 2 < BACKOFF_MAX_MS ? k->backoff_ms * 2 : BACKOFF_MAX_MS;
    fail_all(k);
}

static const struct line_handlers line_handlers = {on_message, on_ended};

static void start_again(struct keeper *k, uint64_t now)
{
    struct pl_err e;
    int fd = -1;
    pl_err_init(&e);
    if (keeper_spawn(k->opt.args, &fd, &k->pid, &e) != 0) {
        LOG_ERR(NULL, "keeper.not_started", KV_ERR(&e));
        k->pid = 0;
        k->start_at_ms = now + k->backoff_ms;
        return;
    }
    k->state.restarts++;
    k->line = line_open(k->tick.loop, fd, &line_handlers, k);
    enter(k, STARTING);
}

static void on_gone(uv_handle_t *h)
{
    struct keeper *k = h->data;
    void (*cb)(void *ctx) = k->close_cb;
    void *ctx = k->close_ctx;
    pl_mem_free(PL_MEM_AUTH, k);
    if (cb != NULL)
        cb(ctx);
}

static void look_at_end(struct keeper *k, uint64_t now)
{
    if (k->pid > 0 && now - k->since_ms > END_MS)
        (void)kill(k->pid, SIGKILL);
    if (k->pid == 0 && !uv_is_closing((uv_handle_t *)&k->tick))
        uv_close((uv_handle_t *)&k->tick, on_gone);
}

static void answer_late(struct keeper *k, uint64_t now)
{
    struct ask *a;
    struct ask *tmp;
    DL_FOREACH_SAFE (k->asks, a, tmp) {
        if (a->failed != 0)
            answer(k, a, a->failed, NULL, "the keeper cannot take an order now");
        else if (now >= a->until_ms)
            answer(k, a, -PL_E_UNAVAILABLE, NULL, "the keeper does not answer in time");
    }
}

static void on_tick(uv_timer_t *t)
{
    struct keeper *k = t->data;
    uint64_t now = pl_mono_ms();
    answer_late(k, now);
    if (k->phase == DOWN)
        reap(k);
    if (k->is_closing) {
        look_at_end(k, now);
        return;
    }
    if ((k->phase == UP && now - k->heard_ms > SILENT_MS) ||
        (k->phase == STARTING && now - k->since_ms > START_MS)) {
        LOG_ERR(NULL, "keeper.silent", KV_I("pid", k->pid));
        on_ended(k);
    } else if (k->phase == DOWN && k->pid == 0 && now >= k->start_at_ms) {
        start_again(k, now);
    }
}

/* ---- begin and end
 * --------------------------------------------------------------------------------
 */

/* Waits for the first word. */
static int await_keys(int fd, struct pl_err *e)
{
    uint8_t *buf = pl_xmalloc(KEEPER_MSG_MAX);
    struct keeper_msg m;
    int rc = line_wait(fd, START_MS, buf, &m, e);
    if (rc == -PL_E_CLOSED)
        rc = pl_fail(e, PL_E_INTERNAL, "the keeper ended at its start; see the log");
    if (rc == 0 && m.what == KEEPER_REFUSED)
        rc = pl_fail(e, m.code != 0 ? (int)m.code : PL_E_INTERNAL, "%.*s",
                     m.n_parts > 0 ? (int)m.parts[0].n : 0,
                     m.n_parts > 0 ? (const char *)m.parts[0].p : "");
    else if (rc == 0 && m.what != KEEPER_READY)
        rc = pl_fail(e, PL_E_INTERNAL, "the keeper begins with the wrong word");
    free(buf);
    return rc;
}

int keeper_start(struct keeper **out, uv_loop_t *loop, const struct keeper_options *o,
                 struct pl_err *e)
{
    int fd = -1;
    pid_t pid = 0;
    int rc = keeper_spawn(o->args, &fd, &pid, e);
    if (rc != 0)
        return rc;
    rc = await_keys(fd, e);
    if (rc != 0) {
        (void)close(fd);
        (void)kill(pid, SIGKILL);
        (void)waitpid(pid, NULL, 0);
        return rc;
    }
    struct keeper *k = pl_mem_calloc(PL_MEM_AUTH, 1, sizeof(*k));
    k->opt = *o;
    k->pid = pid;
    k->backoff_ms = BACKOFF_MIN_MS;
    PL_ASSERT(uv_timer_init(loop, &k->tick) == 0);
    k->tick.data = k;
    PL_ASSERT(uv_timer_start(&k->tick, on_tick, TICK_MS, TICK_MS) == 0);
    k->line = line_open(loop, fd, &line_handlers, k);
    took_up(k);
    *out = k;
    return 0;
}

void keeper_go(struct keeper *k)
{
    k->may_go = true;
    if (k->phase == UP)
        send_go(k);
}

void keeper_close(struct keeper *k, void (*cb)(void *ctx), void *ctx)
{
    if (k == NULL) {
        if (cb != NULL)
            cb(ctx);
        return;
    }
    k->is_closing = true;
    k->close_cb = cb;
    k->close_ctx = ctx;
    line_close(k->line);
    k->line = NULL;
    enter(k, DOWN);
    fail_all(k);
}

/* ---- orders
 * ---------------------------------------------------------------------------------------
 */

static void place(struct keeper *k, struct keeper_msg *m, keeper_cb cb, void *ctx)
{
    struct ask *a = pl_mem_calloc(PL_MEM_AUTH, 1, sizeof(*a));
    a->cb = cb;
    a->ctx = ctx;
    a->until_ms = pl_mono_ms() + ANSWER_MS;
    if (++k->next_id == 0)
        k->next_id = 1;
    if (k->phase != UP || k->n_asks >= ASKS_MAX) {
        a->failed = -PL_E_UNAVAILABLE;
    } else {
        m->id = a->id = k->next_id;
        int rc = line_send(k->line, m);
        if (rc != 0)
            a->failed = rc == -PL_E_LIMIT ? -PL_E_BAD_MESSAGE : -PL_E_UNAVAILABLE;
    }
    DL_APPEND(k->asks, a);
    k->n_asks++;
    if (a->failed != 0 && !k->is_closing) /* told at the next turn */
        PL_ASSERT(uv_timer_start(&k->tick, on_tick, 0, TICK_MS) == 0);
}

static struct pl_bytes bytes_of(const char *text)
{
    return (struct pl_bytes){(const uint8_t *)text, strlen(text)};
}

void keeper_join(struct keeper *k, const struct keeper_joining *o, keeper_cb cb, void *ctx)
{
    struct keeper_msg m = {
        .what = KEEPER_JOIN,
        .parts = {{o->secret, o->secret_n},
                  {o->csr_der, o->csr_n},
                  bytes_of(o->device_name),
                  bytes_of(o->user_name),
                  bytes_of(o->display_name)},
        .n_parts = 5,
    };
    place(k, &m, cb, ctx);
}

void keeper_renew(struct keeper *k, const struct keeper_renewal *o, keeper_cb cb, void *ctx)
{
    struct keeper_msg m = {
        .what = KEEPER_RENEW,
        .n = {o->device, o->user},
        .parts = {{o->csr_der, o->csr_n},
                  {o->statement, o->statement_n},
                  {o->signature, o->signature_n},
                  {o->key, o->key_n}},
        .n_parts = 4,
    };
    place(k, &m, cb, ctx);
}

void keeper_renew_server(struct keeper *k, const uint8_t *csr_der, size_t csr_n, keeper_cb cb,
                         void *ctx)
{
    struct keeper_msg m = {
        .what = KEEPER_SERVER,
        .parts = {{csr_der, csr_n}},
        .n_parts = 1,
    };
    place(k, &m, cb, ctx);
}

void keeper_state(const struct keeper *k, struct keeper_state *out)
{
    *out = k->state;
    out->pid = (int)k->pid;
}
