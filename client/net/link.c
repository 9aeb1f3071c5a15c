// SPDX-License-Identifier: Apache-2.0
/*
 * One attempt at a time is a `conn` with its own handles; the link outlives it. A conn that fails
 * is closed and forgotten at once, so a late callback of an old attempt finds no link to disturb.
 *
 * Names and addresses are dial.c's. The whole of dialling, TLS and greeting has one deadline.
 */
#include "net/link.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/buf.h"
#include "plimsoll/base/mem.h"
#include "plimsoll/base/rng.h"
#include "plimsoll/wire/frame.h"
#include "plimsoll/wire/limits.h"
#include "plimsoll/wire/version.h"

#include "net/dial.h"

#define ATTEMPT_MS   10000
#define RETRY_MIN_MS 250
#define RETRY_MAX_MS 30000
#define OUT_MAX      (4u * 1024u * 1024u)
#define READ_SIZE    65536
#define SILENCE_MS   75000 /* the server pings after 30 s: two of them missed */

struct conn {
    struct link *link; /* NULL: given up */
    struct dial *dial; /* NULL: not yet, or done */
    uv_tcp_t *tcp;     /* NULL: not connected */
    uv_timer_t timer;  /* whole attempt; later silence */
    struct pl_tls *tls;
    struct pl_frame_reader reader;
    struct pl_arena arena;
    int handles_open;
    int reqs;
    bool is_closing;
    uint8_t read_buffer[READ_SIZE];
};

struct link {
    uv_loop_t *loop;
    char *host;
    int port;
    char *version;
    struct pl_tls_ctx *tls;
    struct link_handlers on;
    enum link_state state;
    struct conn *conn;
    struct pl_buf out; /* frames that leave at the end of the turn */
    uv_timer_t retry;
    uv_prepare_t flush;
    uint64_t retry_at_ms;
    unsigned failures;
    int handles_open;
    bool is_closing;
    void (*close_cb)(void *ctx);
    void *close_ctx;
};

struct sending {
    uv_write_t req;
    struct conn *conn;
    struct pl_buf buf;
};

static void attempt(struct link *l);
static void conn_failed(struct conn *c, int code, const char *why);

/* --- the end of a conn --------------------------------------------------------------------------
 */

static void conn_maybe_gone(struct conn *c)
{
    if (c->handles_open > 0 || c->reqs > 0)
        return;
    pl_tls_free(c->tls);
    pl_frame_reader_release(&c->reader);
    pl_arena_release(&c->arena);
    pl_mem_free(PL_MEM_STREAM, c);
}

static void on_conn_handle_closed(uv_handle_t *h)
{
    struct conn *c = h->data;
    c->handles_open--;
    conn_maybe_gone(c);
}

static void on_tcp_closed(uv_handle_t *h)
{
    struct conn *c = h->data;
    dial_free_tcp(h);
    c->handles_open--;
    conn_maybe_gone(c);
}

static void on_sent(uv_write_t *req, int status)
{
    struct sending *w = (struct sending *)req;
    struct conn *c = w->conn;
    pl_buf_release(&w->buf);
    pl_mem_free(PL_MEM_STREAM, w);
    c->reqs--;
    if (status < 0 && !c->is_closing)
        conn_failed(c, PL_E_CLOSED, uv_strerror(status));
    conn_maybe_gone(c);
}

static void send_output(struct conn *c)
{
    if (pl_tls_pending_out(c->tls) == 0)
        return;
    struct sending *w = pl_mem_calloc(PL_MEM_STREAM, 1, sizeof(*w));
    w->conn = c;
    pl_tls_take_out(c->tls, &w->buf);
    uv_buf_t b = uv_buf_init((char *)w->buf.data, (unsigned)w->buf.len);
    if (uv_write(&w->req, (uv_stream_t *)c->tcp, &b, 1, on_sent) < 0) {
        pl_buf_release(&w->buf);
        pl_mem_free(PL_MEM_STREAM, w);
        return; /* the read side will tell */
    }
    c->reqs++;
}

/* Lets go of it: nothing of it reaches the link any more. */
static void conn_drop(struct conn *c, bool polite)
{
    if (c->is_closing)
        return;
    c->is_closing = true;
    if (c->link)
        c->link->conn = NULL;
    c->link = NULL;
    if (polite && c->tls && pl_tls_is_ready(c->tls)) {
        pl_tls_shutdown(c->tls);
        send_output(c);
    }
    if (c->dial)
        dial_cancel(c->dial);
    c->dial = NULL;
    uv_close((uv_handle_t *)&c->timer, on_conn_handle_closed);
    if (c->tcp)
        uv_close((uv_handle_t *)c->tcp, on_tcp_closed);
}

/* --- waiting and trying again -------------------------------------------------------------------
 */

static bool is_hopeless(int code)
{
    return code == PL_E_AUTH || code == PL_E_REVOKED || code == PL_E_PIN || code == PL_E_VERSION;
}

static uint64_t back_off(const struct link *l)
{
    uint64_t ms = RETRY_MIN_MS;
    for (unsigned i = 1; i < l->failures && ms < RETRY_MAX_MS; i++)
        ms *= 2;
    if (ms > RETRY_MAX_MS)
        ms = RETRY_MAX_MS;
    /* Half fixed, half random: a crowd that lost one server does not come back in step. */
    return ms / 2 + pl_random_u64() % (ms / 2 + 1);
}

static void on_retry(uv_timer_t *t)
{
    struct link *l = t->data;
    l->retry_at_ms = 0;
    attempt(l);
}

static void wait_and_retry(struct link *l, int code, const char *why, uint64_t at_least_ms)
{
    int64_t in = -1;
    pl_buf_release(&l->out);
    if (is_hopeless(code)) {
        l->state = LINK_STOPPED;
    } else {
        uint64_t ms = back_off(l);
        if (ms < at_least_ms)
            ms = at_least_ms;
        l->state = LINK_DOWN;
        l->retry_at_ms = uv_now(l->loop) + ms;
        (void)uv_timer_start(&l->retry, on_retry, ms, 0);
        in = (int64_t)ms;
    }
    l->on.down(l->on.ctx, code, why, in);
}

static void conn_failed(struct conn *c, int code, const char *why)
{
    struct link *l = c->link;
    char text[PL_ERR_TEXT_MAX];
    (void)snprintf(text, sizeof(text), "%s", why);
    conn_drop(c, false);
    if (!l || l->is_closing)
        return;
    l->failures++;
    wait_and_retry(l, code, text, 0);
}

/* --- messages -----------------------------------------------------------------------------------
 */

static void conn_send(struct conn *c, const struct pl_msg *m)
{
    struct pl_err e;
    struct pl_buf b;
    pl_err_init(&e);
    pl_buf_init(&b, PL_FRAME_MAX_CLIENT + PL_FRAME_HEADER);
    if (pl_msg_encode(m, &b, &e) == 0 && pl_tls_write(c->tls, b.data, b.len, &e) == 0)
        send_output(c);
    pl_buf_release(&b);
}

static void say_hello(struct conn *c)
{
    struct pl_msg m = {.type = PL_MSG_HELLO};
    m.u.hello.version_min = PL_VERSION_MIN;
    m.u.hello.version_max = PL_VERSION_MAX;
    m.u.hello.features = PL_FEATURES_KNOWN;
    m.u.hello.client_version = c->link->version;
    conn_send(c, &m);
}

static void on_silence(uv_timer_t *t)
{
    conn_failed(t->data, PL_E_TIMEOUT, "the server has gone silent");
}

static void greeted(struct conn *c, const struct pl_welcome *w)
{
    struct link *l = c->link;
    l->state = LINK_UP;
    l->failures = 0;
    (void)uv_timer_start(&c->timer, on_silence, SILENCE_MS, SILENCE_MS);
    l->on.up(l->on.ctx, w);
}

static void handle(struct conn *c, struct pl_msg *m)
{
    struct link *l = c->link;
    if (m->type == PL_MSG_ERROR && m->u.error.fatal) {
        conn_failed(c, (int)m->u.error.code, m->u.error.text);
    } else if (m->type == PL_MSG_WELCOME && l->state == LINK_CONNECTING) {
        greeted(c, &m->u.welcome);
    } else if (l->state != LINK_UP) {
        conn_failed(c, PL_E_BAD_STATE, "the server did not greet");
    } else if (m->type == PL_MSG_PING) {
        struct pl_msg pong = {.type = PL_MSG_PONG};
        pong.u.pong.token = m->u.ping.token;
        conn_send(c, &pong);
    } else if (m->type == PL_MSG_GOAWAY) {
        uint64_t ms = m->u.goaway.reconnect_after_ms;
        char why[PL_ERR_TEXT_MAX];
        (void)snprintf(why, sizeof(why), "%s", m->u.goaway.text);
        conn_drop(c, true);
        wait_and_retry(l, PL_E_GOING_AWAY, why, ms > RETRY_MAX_MS ? RETRY_MAX_MS : ms);
    } else {
        l->on.message(l->on.ctx, m);
    }
}

static void take_plain(struct conn *c, const uint8_t *bytes, size_t n)
{
    struct pl_frame f;
    struct pl_err e;
    struct pl_msg m;
    int rc = 0;
    pl_err_init(&e);
    pl_frame_feed(&c->reader, bytes, n);
    while (c->link && (rc = pl_frame_next(&c->reader, &f, &e)) == 1) {
        if (!pl_msg_info(f.type))
            continue; /* a newer server may say more than we understand */
        if (pl_msg_decode(&m, f.type, f.payload, f.n, PL_SIDE_CLIENT, &c->arena, &e) < 0) {
            conn_failed(c, e.code, e.text);
            return;
        }
        handle(c, &m);
        pl_msg_release(&m);
        pl_arena_reset(&c->arena);
    }
    if (c->link && rc < 0)
        conn_failed(c, e.code, e.text);
}

/* --- bytes --------------------------------------------------------------------------------------
 */

static void step(struct conn *c)
{
    struct pl_err e;
    uint8_t plain[8192];
    pl_err_init(&e);
    if (!pl_tls_is_ready(c->tls)) {
        int rc = pl_tls_handshake(c->tls, &e);
        send_output(c);
        if (rc < 0)
            conn_failed(c, e.code, e.text);
        if (rc <= 0)
            return;
        say_hello(c);
    }
    while (c->link) {
        long n = pl_tls_read(c->tls, plain, sizeof(plain), &e);
        if (n == 0)
            break;
        if (n < 0) {
            conn_failed(c, e.code, e.text);
            return;
        }
        take_plain(c, plain, (size_t)n);
    }
    if (c->link)
        send_output(c);
}

static void on_alloc(uv_handle_t *h, size_t suggested, uv_buf_t *buf)
{
    struct conn *c = h->data;
    (void)suggested;
    *buf = uv_buf_init((char *)c->read_buffer, READ_SIZE);
}

static void on_read(uv_stream_t *tcp, ssize_t n, const uv_buf_t *buf)
{
    struct conn *c = tcp->data;
    struct pl_err e;
    if (c->is_closing || n == 0)
        return;
    pl_err_init(&e);
    if (n < 0 && n != UV_EOF) {
        conn_failed(c, PL_E_CLOSED, uv_strerror((int)n));
        return;
    }
    if (c->link->state == LINK_UP)
        (void)uv_timer_again(&c->timer);
    size_t len = n < 0 ? 0 : (size_t)n;
    if (pl_tls_feed(c->tls, len ? buf->base : NULL, len, &e) < 0) {
        conn_failed(c, e.code, e.text);
        return;
    }
    step(c);
    if (n == UV_EOF && !c->is_closing)
        conn_failed(c, PL_E_CLOSED, "the server closed the connection");
}

/* --- dialling -----------------------------------------------------------------------------------
 */

static void on_dialled(void *ctx, uv_tcp_t *take_tcp, int code, const char *why)
{
    struct conn *c = ctx;
    char text[PL_ERR_TEXT_MAX];
    c->dial = NULL;
    if (code != 0) {
        (void)snprintf(text, sizeof(text), "%s port %d: %.120s", c->link->host, c->link->port, why);
        conn_failed(c, code, text);
        return;
    }
    c->tcp = take_tcp;
    c->tcp->data = c;
    c->handles_open++;
    (void)uv_tcp_nodelay(c->tcp, 1);
    if (uv_read_start((uv_stream_t *)c->tcp, on_alloc, on_read) < 0)
        conn_failed(c, PL_E_UNREACHABLE, "cannot read from the connection");
    else
        step(c);
}

static void on_attempt_late(uv_timer_t *t)
{
    struct conn *c = t->data;
    char text[PL_ERR_TEXT_MAX];
    (void)snprintf(text, sizeof(text), "%s port %d does not answer", c->link->host, c->link->port);
    conn_failed(c, c->tcp ? PL_E_TIMEOUT : PL_E_UNREACHABLE, text);
}

static void attempt(struct link *l)
{
    struct pl_err e;
    pl_err_init(&e);
    struct conn *c = pl_mem_calloc(PL_MEM_STREAM, 1, sizeof(*c));
    c->link = l;
    l->conn = c;
    l->state = LINK_CONNECTING;
    pl_frame_reader_init(&c->reader, PL_FRAME_MAX_SERVER);
    pl_arena_init(&c->arena, PL_UNPACK_BUDGET_MAX);
    pl_buf_init(&l->out, OUT_MAX);
    PL_ASSERT(uv_timer_init(l->loop, &c->timer) == 0);
    c->timer.data = c;
    c->handles_open = 1;
    (void)uv_timer_start(&c->timer, on_attempt_late, ATTEMPT_MS, 0);
    c->tls = pl_tls_new_client(l->tls, PL_ALPN_EDIT, &e);
    if (!c->tls) {
        conn_failed(c, e.code, e.text);
        return;
    }
    c->dial = dial_start(l->loop, l->host, l->port, on_dialled, c);
}

/* --- the link ------------------------------------------------------------------------------------
 */

static void on_flush(uv_prepare_t *p)
{
    struct link *l = p->data;
    struct pl_err e;
    if (l->out.len == 0 || l->state != LINK_UP || !l->conn)
        return;
    pl_err_init(&e);
    int rc = pl_tls_write(l->conn->tls, l->out.data, l->out.len, &e);
    pl_buf_clear(&l->out);
    if (rc < 0)
        conn_failed(l->conn, e.code, e.text);
    else
        send_output(l->conn);
}

struct link *link_open(uv_loop_t *loop, const struct link_options *o, const struct link_handlers *h)
{
    struct link *l = pl_mem_calloc(PL_MEM_STREAM, 1, sizeof(*l));
    l->loop = loop;
    l->host = pl_xstrdup(o->host);
    l->port = o->port;
    l->version = pl_xstrdup(o->client_version ? o->client_version : PL_VERSION);
    l->tls = o->tls;
    pl_tls_ctx_ref(l->tls);
    l->on = *h;
    PL_ASSERT(uv_timer_init(loop, &l->retry) == 0);
    PL_ASSERT(uv_prepare_init(loop, &l->flush) == 0);
    l->retry.data = l->flush.data = l;
    l->handles_open = 2;
    PL_ASSERT(uv_prepare_start(&l->flush, on_flush) == 0);
    (void)uv_timer_start(&l->retry, on_retry, 0, 0);
    return l;
}

bool link_send(struct link *l, const struct pl_msg *m)
{
    struct pl_err e;
    if (l->state != LINK_UP || !l->conn)
        return false;
    pl_err_init(&e);
    return pl_msg_encode(m, &l->out, &e) == 0;
}

bool link_send_frame(struct link *l, const void *frame, size_t n)
{
    if (l->state != LINK_UP || !l->conn)
        return false;
    return pl_buf_add(&l->out, frame, n) == 0;
}

void link_redial(struct link *l, const char *why)
{
    if (l->is_closing || l->state == LINK_STOPPED)
        return;
    if (l->conn)
        conn_drop(l->conn, false);
    l->state = LINK_DOWN;
    l->failures = 0;
    pl_buf_release(&l->out);
    (void)uv_timer_start(&l->retry, on_retry, 0, 0);
    l->on.down(l->on.ctx, PL_E_CLOSED, why, 0);
}

void link_refuse(struct link *l, int code, const char *why)
{
    if (l->is_closing || l->state == LINK_STOPPED)
        return;
    if (l->conn)
        conn_drop(l->conn, true);
    l->state = LINK_STOPPED;
    pl_buf_release(&l->out);
    (void)uv_timer_stop(&l->retry);
    l->on.down(l->on.ctx, code, why, -1);
}

enum link_state link_state(const struct link *l)
{
    return l->state;
}

uint64_t link_retry_in_ms(const struct link *l)
{
    uint64_t now = uv_now(l->loop);
    return l->retry_at_ms > now ? l->retry_at_ms - now : 0;
}

static void on_link_handle_closed(uv_handle_t *h)
{
    struct link *l = h->data;
    if (--l->handles_open > 0)
        return;
    void (*cb)(void *) = l->close_cb;
    void *ctx = l->close_ctx;
    pl_tls_ctx_unref(l->tls);
    pl_buf_release(&l->out);
    free(l->host);
    free(l->version);
    pl_mem_free(PL_MEM_STREAM, l);
    if (cb)
        cb(ctx);
}

void link_close(struct link *l, void (*cb)(void *ctx), void *ctx)
{
    l->is_closing = true; /* first: a flush that fails must tell nobody */
    on_flush(&l->flush);
    l->close_cb = cb;
    l->close_ctx = ctx;
    if (l->conn)
        conn_drop(l->conn, true);
    uv_close((uv_handle_t *)&l->retry, on_link_handle_closed);
    uv_close((uv_handle_t *)&l->flush, on_link_handle_closed);
}
