// SPDX-License-Identifier: Apache-2.0
/*
 * A TLS stream over uv_tcp_t, after the pump of h2o and node: bytes read from the network are fed
 * to the engine, its output is written out; plaintext to write is pulled from the owner when the
 * network can take it.
 *
 * Life: OPENING (handshake) -> OPEN -> ENDING (last bytes leave) -> CLOSED (handles closing). The
 * owner hears ended() on the way out of OPENING or OPEN, freed() when the last handle and write are
 * gone. Memory goes only in the close callback.
 */
#include "net/stream.h"

#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <utlist.h>

#include "plimsoll/base/log.h"
#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"

#include "net/net_internal.h"

#define HIGH_WATER  (256u * 1024u) /* ciphertext on its way; beyond we do not pull */
#define FILL_BUDGET (64u * 1024u)
#define PLAIN_PIECE 8192
#define GOODBYE_MS  2000

enum stream_state { STREAM_OPENING, STREAM_OPEN, STREAM_ENDING, STREAM_CLOSED };

struct stream {
    struct net *net;
    struct source *source;
    struct pl_tls *tls;
    const struct stream_handlers *on;
    void *owner;
    uv_tcp_t tcp;
    enum stream_state state;
    bool is_dirty;
    bool is_reading;
    bool is_paused;
    bool is_stepping; /* inside the plaintext loop: resume must not start another */
    unsigned writes;
    uint64_t opened_ms;
    uint64_t progress_ms; /* bytes last left */
    size_t unsent_seen;   /* to notice partial progress inside one write */
    struct stream *prev, *next;
    struct stream *dirty_next;
    char peer[64];
};

struct chunk {
    uv_write_t req;
    struct stream *stream;
    struct pl_buf buf;
};

struct stream *stream_next(const struct stream *s)
{
    return s->next;
}

static void on_tcp_closed(uv_handle_t *h)
{
    struct stream *s = h->data;
    struct net *n = s->net;
    DL_DELETE(n->streams, s);
    s->source->open--;
    n->stats.open--;
    net_source_drop(n, s->source);
    s->on->freed(s->owner);
    pl_tls_free(s->tls);
    pl_mem_free(PL_MEM_STREAM, s);
    if (n->closing && !n->streams && !uv_is_closing((uv_handle_t *)&n->sweep))
        uv_close((uv_handle_t *)&n->sweep, net_on_handle_closed);
    net_maybe_gone(n);
}

static void set_closed(struct stream *s, bool reset)
{
    if (s->state == STREAM_CLOSED)
        return;
    s->state = STREAM_CLOSED;
    if (!reset || uv_tcp_close_reset(&s->tcp, on_tcp_closed) < 0)
        uv_close((uv_handle_t *)&s->tcp, on_tcp_closed);
}

/* Leaves OPENING or OPEN: the owner is told once. */
static void end(struct stream *s, int code, const char *why)
{
    bool was_opening = s->state == STREAM_OPENING;
    s->state = STREAM_ENDING;
    s->progress_ms = uv_now(s->net->loop);
    if (s->is_reading) {
        (void)uv_read_stop((uv_stream_t *)&s->tcp);
        s->is_reading = false;
    }
    if (was_opening) {
        s->source->half_open--;
        s->net->stats.half_open--;
    }
    s->on->ended(s->owner, code, why);
}

static void on_written(uv_write_t *req, int status)
{
    struct chunk *c = (struct chunk *)req;
    struct stream *s = c->stream;
    s->writes--;
    pl_buf_release(&c->buf);
    pl_mem_free(PL_MEM_STREAM, c);
    if (s->state == STREAM_CLOSED)
        return;
    if (status < 0) {
        stream_close(s, PL_E_CLOSED, uv_strerror(status), false);
        return;
    }
    s->progress_ms = uv_now(s->net->loop);
    if (s->state == STREAM_ENDING && s->writes == 0)
        set_closed(s, false);
    else
        stream_wake(s);
}

/* Sends the engine's output: what the socket takes at once, the rest behind it. */
static int send_output(struct stream *s)
{
    size_t n = pl_tls_pending_out(s->tls);
    if (n == 0)
        return 0;
    struct chunk *c = pl_mem_calloc(PL_MEM_STREAM, 1, sizeof(*c));
    c->stream = s;
    pl_tls_take_out(s->tls, &c->buf);
    s->net->stats.tx_bytes += c->buf.len;
    size_t done = 0;
    if (s->writes == 0) {
        uv_buf_t b = uv_buf_init((char *)c->buf.data, (unsigned)c->buf.len);
        int w = uv_try_write((uv_stream_t *)&s->tcp, &b, 1);
        if (w > 0) {
            done = (size_t)w;
            s->progress_ms = uv_now(s->net->loop);
        }
    }
    if (done == c->buf.len) {
        pl_buf_release(&c->buf);
        pl_mem_free(PL_MEM_STREAM, c);
        return 0;
    }
    uv_buf_t rest = uv_buf_init((char *)c->buf.data + done, (unsigned)(c->buf.len - done));
    int rc = uv_write(&c->req, (uv_stream_t *)&s->tcp, &rest, 1, on_written);
    if (rc < 0) {
        pl_buf_release(&c->buf);
        pl_mem_free(PL_MEM_STREAM, c);
        return rc;
    }
    s->writes++;
    return 0;
}

/* Pulls plaintext from the owner while the network keeps up. */
static int pump(struct stream *s, struct pl_err *e)
{
    bool more = s->state == STREAM_OPEN;
    while (more && uv_stream_get_write_queue_size((uv_stream_t *)&s->tcp) < HIGH_WATER) {
        struct pl_buf plain;
        pl_buf_init(&plain, 4u * FILL_BUDGET + 1024u * 1024u);
        more = s->on->fill(s->owner, &plain, FILL_BUDGET);
        int rc = plain.len > 0 ? pl_tls_write(s->tls, plain.data, plain.len, e) : 0;
        if (plain.len == 0)
            more = false;
        pl_buf_release(&plain);
        if (rc < 0)
            return rc;
        rc = send_output(s);
        if (rc < 0)
            return pl_fail(e, PL_E_CLOSED, "write: %s", uv_strerror(rc));
    }
    int rc = send_output(s);
    if (rc < 0)
        return pl_fail(e, PL_E_CLOSED, "write: %s", uv_strerror(rc));
    return 0;
}

static void undirty(struct stream *s)
{
    if (!s->is_dirty)
        return;
    LL_DELETE2(s->net->dirty, s, dirty_next);
    s->is_dirty = false;
}

void stream_flush(struct stream *s)
{
    struct pl_err e;
    undirty(s);
    if (s->state == STREAM_CLOSED)
        return;
    pl_err_init(&e);
    if (pump(s, &e) < 0)
        stream_close(s, e.code, e.text, false);
}

void stream_wake(struct stream *s)
{
    if (s->is_dirty || s->state == STREAM_CLOSED)
        return;
    s->is_dirty = true;
    LL_PREPEND2(s->net->dirty, s, dirty_next);
}

/* True once the handshake is over; false while it needs more or has failed. */
static bool shake_hands(struct stream *s)
{
    struct pl_err e;
    pl_err_init(&e);
    int rc = pl_tls_handshake(s->tls, &e);
    if (rc < 0) {
        s->net->stats.handshake_failed++;
        (void)send_output(s); /* the alert, so that the peer learns why */
        stream_close(s, e.code, e.text, true);
        return false;
    }
    if (rc == 0) {
        stream_wake(s);
        return false;
    }
    s->state = STREAM_OPEN;
    s->source->half_open--;
    s->net->stats.half_open--;
    s->net->stats.handshakes++;
    stream_wake(s);
    s->on->ready(s->owner);
    return s->state == STREAM_OPEN;
}

/* Gives the owner what has been decrypted, until the input is empty or it pauses us. */
static void step(struct stream *s)
{
    uint8_t plain[PLAIN_PIECE];
    struct pl_err e;
    if (s->is_stepping || s->state > STREAM_OPEN)
        return;
    s->is_stepping = true;
    if (s->state == STREAM_OPENING && !shake_hands(s)) {
        s->is_stepping = false;
        return;
    }
    while (s->state == STREAM_OPEN && !s->is_paused) {
        pl_err_init(&e);
        long n = pl_tls_read(s->tls, plain, sizeof(plain), &e);
        if (n == 0)
            break;
        if (n < 0) {
            stream_close(s, e.code, e.text, e.code == PL_E_CLOSED);
            break;
        }
        s->on->data(s->owner, plain, (size_t)n);
    }
    s->is_stepping = false;
    if (s->state <= STREAM_OPEN && pl_tls_pending_out(s->tls) > 0)
        stream_wake(s);
}

static void on_alloc(uv_handle_t *h, size_t suggested, uv_buf_t *buf)
{
    struct stream *s = h->data;
    (void)suggested;
    /* One buffer for all: libuv calls alloc, read and the read callback back to back. */
    *buf = uv_buf_init((char *)s->net->read_buffer, NET_READ_BUFFER);
}

static void on_read(uv_stream_t *tcp, ssize_t n, const uv_buf_t *buf)
{
    struct stream *s = tcp->data;
    struct pl_err e;
    if (n == 0 || s->state > STREAM_OPEN)
        return;
    pl_err_init(&e);
    if (n < 0) {
        /* Let the engine say whether this was a proper end. */
        if (n != UV_EOF)
            stream_close(s, PL_E_CLOSED, uv_strerror((int)n), false);
        else if (pl_tls_feed(s->tls, NULL, 0, &e) == 0)
            step(s);
        if (s->state <= STREAM_OPEN)
            stream_close(s, PL_E_CLOSED, "connection ended", false);
        return;
    }
    s->net->stats.rx_bytes += (uint64_t)n;
    if (pl_tls_feed(s->tls, buf->base, (size_t)n, &e) < 0) {
        stream_close(s, e.code, e.text, false);
        return;
    }
    step(s);
}

static void start_reading(struct stream *s)
{
    if (s->is_reading || s->is_paused || s->state > STREAM_OPEN)
        return;
    int rc = uv_read_start((uv_stream_t *)&s->tcp, on_alloc, on_read);
    if (rc < 0)
        stream_close(s, PL_E_CLOSED, uv_strerror(rc), false);
    else
        s->is_reading = true;
}

void stream_pause(struct stream *s)
{
    s->is_paused = true;
    if (s->is_reading) {
        (void)uv_read_stop((uv_stream_t *)&s->tcp);
        s->is_reading = false;
    }
}

void stream_resume(struct stream *s)
{
    if (!s->is_paused)
        return;
    s->is_paused = false;
    if (s->is_stepping)
        return; /* the loop that called us goes on by itself, and then reads */
    step(s);
    start_reading(s);
}

void stream_close(struct stream *s, int code, const char *why, bool polite)
{
    char text[PL_ERR_TEXT_MAX];
    if (s->state >= STREAM_ENDING) {
        if (!polite)
            set_closed(s, true);
        return;
    }
    (void)snprintf(text, sizeof(text), "%s", why);
    bool was_open = s->state == STREAM_OPEN;
    if (polite && was_open) {
        struct pl_err e;
        pl_err_init(&e);
        if (pump(s, &e) < 0)
            polite = false;
    }
    end(s, code, text);
    if (polite && was_open)
        pl_tls_shutdown(s->tls);
    if (polite && send_output(s) == 0 && s->writes > 0) {
        /* The last bytes leave first; the sweep sets a limit to that. */
        return;
    }
    set_closed(s, !polite);
}

static bool is_stalled(struct stream *s, uint64_t now_ms)
{
    size_t unsent = uv_stream_get_write_queue_size((uv_stream_t *)&s->tcp);
    if (unsent == 0 || unsent != s->unsent_seen) {
        s->unsent_seen = unsent;
        s->progress_ms = now_ms;
        return false;
    }
    return now_ms - s->progress_ms > s->net->limits.stall_ms;
}

void stream_sweep(struct stream *s, uint64_t now_ms)
{
    switch (s->state) {
    case STREAM_OPENING:
        if (now_ms - s->opened_ms > s->net->limits.handshake_ms)
            stream_close(s, PL_E_TIMEOUT, "handshake took too long", false);
        break;
    case STREAM_OPEN:
        if (is_stalled(s, now_ms))
            stream_close(s, PL_E_TIMEOUT, "slow consumer: nothing was taken", false);
        else
            s->on->tick(s->owner, now_ms);
        break;
    case STREAM_ENDING:
        if (now_ms - s->progress_ms > GOODBYE_MS)
            set_closed(s, true);
        break;
    case STREAM_CLOSED:
        break;
    }
}

static void tune_socket(struct stream *s)
{
    uv_os_fd_t fd;
    unsigned ms = s->net->limits.stall_ms;
    (void)uv_tcp_nodelay(&s->tcp, 1);
    if (uv_fileno((uv_handle_t *)&s->tcp, &fd) == 0)
        (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof(ms));
}

static void name_peer(struct stream *s, const struct sockaddr *sa)
{
    char host[48] = "?";
    int port = 0;
    if (sa->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, sa, sizeof(in));
        (void)uv_ip4_name(&in, host, sizeof(host));
        port = ntohs(in.sin_port);
    } else {
        struct sockaddr_in6 in6;
        memcpy(&in6, sa, sizeof(in6));
        (void)uv_ip6_name(&in6, host, sizeof(host));
        port = ntohs(in6.sin6_port);
    }
    (void)snprintf(s->peer, sizeof(s->peer), "%s:%d", host, port);
}

static void on_orphan_closed(uv_handle_t *h)
{
    struct stream *s = h->data;
    pl_mem_free(PL_MEM_STREAM, s);
}

/* A stream that never came to life: nobody has heard of it yet. */
static int give_up(struct stream *s, struct pl_err *e, int code, const char *why)
{
    pl_tls_free(s->tls);
    s->tls = NULL;
    if (uv_tcp_close_reset(&s->tcp, on_orphan_closed) < 0)
        uv_close((uv_handle_t *)&s->tcp, on_orphan_closed);
    return pl_fail(e, code, "%s", why);
}

int stream_accept(struct net *n, uv_stream_t *listener, const struct stream_accept *a,
                  struct pl_err *e)
{
    struct sockaddr_storage ss;
    int len = sizeof(ss);
    const char *why = NULL;
    struct stream *s = pl_mem_calloc(PL_MEM_STREAM, 1, sizeof(*s));
    PL_ASSERT(uv_tcp_init(n->loop, &s->tcp) == 0);
    s->tcp.data = s;
    s->net = n;
    if (uv_accept(listener, (uv_stream_t *)&s->tcp) < 0 ||
        uv_tcp_getpeername(&s->tcp, (struct sockaddr *)&ss, &len) < 0)
        return give_up(s, e, PL_E_CLOSED, "connection was gone before it was accepted");
    s->source = net_source(n, (struct sockaddr *)&ss);
    if (!s->source)
        return give_up(s, e, PL_E_INTERNAL, "connection of an unknown address family");
    if (net_is_full(n, s->source, &why)) {
        net_source_drop(n, s->source);
        return give_up(s, e, PL_E_BUSY, why);
    }
    s->tls = pl_tls_new_server(a->tls, e);
    if (!s->tls) {
        net_source_drop(n, s->source);
        return give_up(s, e, PL_E_TLS, "no memory for TLS");
    }
    name_peer(s, (struct sockaddr *)&ss);
    tune_socket(s);
    s->opened_ms = s->progress_ms = uv_now(n->loop);
    s->on = a->handlers;
    s->source->open++;
    s->source->half_open++;
    n->stats.open++;
    n->stats.half_open++;
    n->stats.accepted++;
    DL_APPEND(n->streams, s);
    s->owner = a->attach(a->attach_ctx, s);
    start_reading(s);
    return 0;
}

const char *stream_alpn(const struct stream *s)
{
    return pl_tls_alpn(s->tls);
}

bool stream_peer_spki(const struct stream *s, uint8_t out[PL_SPKI_HASH])
{
    return pl_tls_peer_spki(s->tls, out);
}

bool stream_peer_key(const struct stream *s, uint8_t out[PL_KEY_DER_MAX], size_t *n)
{
    return pl_tls_peer_key(s->tls, out, n);
}

const char *stream_peer(const struct stream *s)
{
    return s->peer;
}

const uint8_t *stream_source_key(const struct stream *s)
{
    return s->source->key;
}
