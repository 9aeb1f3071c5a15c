// SPDX-License-Identifier: Apache-2.0
/*
 * Accepting connections. libuv keeps one accepted socket back until uv_accept is called and stops
 * polling meanwhile: not calling it is how we slow down. Too many connections in all, from one
 * address, or half-open: accepted and reset at once, so the peer learns it without a wait.
 */
#include "net/listener.h"

#include <netdb.h>
#include <string.h>

#include "plimsoll/base/log.h"
#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"

#include "net/net_internal.h"

#define LISTEN_BACKLOG 512

struct listener {
    struct net *net;
    uv_tcp_t tcp;
    uv_timer_t later; /* runs while accepting is delayed */
    int handles_open;
    bool waiting; /* a connection waits inside libuv */
    double tokens;
    uint64_t tokens_at_ms;
    struct pl_tls_ctx *tls;
    const struct stream_handlers *handlers;
    void *(*attach)(void *ctx, struct stream *s);
    void *attach_ctx;
    struct pl_log_rate refused_rate;
    void (*close_cb)(void *ctx);
    void *close_ctx;
};

int listener_split_address(const char *address, char *buf, size_t size, const char **host,
                           int *port, struct pl_err *e)
{
    if (pl_strlcpy(buf, address, size) >= size)
        return pl_fail(e, PL_E_CONFIG, "address '%s' is too long", address);
    char *colon = strrchr(buf, ':');
    if (!colon)
        return pl_fail(e, PL_E_CONFIG, "address '%s' has no port; write HOST:PORT", address);
    uint64_t p = 0;
    if (pl_parse_u64(colon + 1, &p) < 0 || p > 65535)
        return pl_fail(e, PL_E_CONFIG, "'%s' is not a port (0-65535)", colon + 1);
    *colon = '\0';
    char *h = buf;
    size_t n = strlen(h);
    if (n >= 2 && h[0] == '[' && h[n - 1] == ']') {
        h[n - 1] = '\0';
        h++;
    }
    *host = (h[0] == '\0' || pl_str_eq(h, "*")) ? "::" : h;
    *port = (int)p;
    return 0;
}

static void accept_one(struct listener *l)
{
    struct pl_err e;
    struct stream_accept a = {
        .tls = l->tls,
        .handlers = l->handlers,
        .attach = l->attach,
        .attach_ctx = l->attach_ctx,
    };
    pl_err_init(&e);
    if (stream_accept(l->net, (uv_stream_t *)&l->tcp, &a, &e) == 0)
        return;
    if (e.code == PL_E_BUSY)
        l->net->stats.refused++;
    LOG_RATED(&l->refused_rate, PL_LOG_WARN, NULL, "net.refused", KV_S("why", e.text));
}

static void refill(struct listener *l)
{
    uint64_t now = uv_now(l->net->loop);
    double rate = (double)l->net->limits.handshakes_per_s;
    l->tokens += (double)(now - l->tokens_at_ms) * rate / 1000.0;
    /* Two seconds of burst: a team that comes back together after a restart gets in at once. */
    if (l->tokens > rate * 2)
        l->tokens = rate * 2;
    l->tokens_at_ms = now;
}

static void on_later(uv_timer_t *t);

static void accept_waiting(struct listener *l)
{
    refill(l);
    if (l->tokens < 1.0) {
        l->waiting = true;
        (void)uv_timer_start(&l->later, on_later, 10, 0);
        return;
    }
    l->tokens -= 1.0;
    l->waiting = false;
    accept_one(l);
}

static void on_later(uv_timer_t *t)
{
    struct listener *l = t->data;
    if (l->waiting)
        accept_waiting(l);
}

static void on_connection(uv_stream_t *server, int status)
{
    struct listener *l = server->data;
    if (status < 0) {
        LOG_RATED(&l->refused_rate, PL_LOG_ERR, NULL, "net.accept_failed",
                  KV_S("why", uv_strerror(status)));
        return;
    }
    accept_waiting(l);
}

static int bind_to(struct listener *l, const char *address, struct pl_err *e)
{
    char buf[128];
    const char *host = NULL;
    int port = 0;
    int rc = listener_split_address(address, buf, sizeof(buf), &host, &port, e);
    if (rc < 0)
        return rc;
    struct sockaddr_storage ss;
    memset(&ss, 0, sizeof(ss));
    if (uv_ip4_addr(host, port, (struct sockaddr_in *)&ss) < 0 &&
        uv_ip6_addr(host, port, (struct sockaddr_in6 *)&ss) < 0)
        return pl_fail(e, PL_E_CONFIG, "'%s' is not an IP address; names are not looked up", host);
    rc = uv_tcp_bind(&l->tcp, (const struct sockaddr *)&ss, 0);
    if (rc == 0)
        rc = uv_listen((uv_stream_t *)&l->tcp, LISTEN_BACKLOG, on_connection);
    if (rc < 0)
        return pl_fail(e, PL_E_IO, "cannot listen on %s: %s", address, uv_strerror(rc));
    return 0;
}

void listener_set_tls(struct listener *l, struct pl_tls_ctx *tls)
{
    pl_tls_ctx_ref(tls);
    pl_tls_ctx_unref(l->tls);
    l->tls = tls;
}

static void on_handle_closed(uv_handle_t *h)
{
    struct listener *l = h->data;
    if (--l->handles_open > 0)
        return;
    void (*cb)(void *) = l->close_cb;
    void *ctx = l->close_ctx;
    pl_tls_ctx_unref(l->tls);
    pl_mem_free(PL_MEM_STREAM, l);
    if (cb)
        cb(ctx);
}

int listener_open(struct listener **out, struct net *n, const struct listener_options *o,
                  struct pl_err *e)
{
    struct listener *l = pl_mem_calloc(PL_MEM_STREAM, 1, sizeof(*l));
    l->net = n;
    l->tls = o->tls;
    pl_tls_ctx_ref(l->tls);
    l->handlers = o->handlers;
    l->attach = o->attach;
    l->attach_ctx = o->attach_ctx;
    l->tokens = (double)n->limits.handshakes_per_s;
    l->tokens_at_ms = uv_now(n->loop);
    PL_ASSERT(uv_tcp_init(n->loop, &l->tcp) == 0);
    PL_ASSERT(uv_timer_init(n->loop, &l->later) == 0);
    l->tcp.data = l->later.data = l;
    l->handles_open = 2;
    int rc = bind_to(l, o->address, e);
    if (rc < 0) {
        listener_close(l, NULL, NULL);
        return rc;
    }
    *out = l;
    return 0;
}

int listener_port(const struct listener *l)
{
    struct sockaddr_storage ss;
    int len = sizeof(ss);
    if (uv_tcp_getsockname(&l->tcp, (struct sockaddr *)&ss, &len) < 0)
        return 0;
    if (ss.ss_family == AF_INET6)
        return ntohs(((struct sockaddr_in6 *)&ss)->sin6_port);
    return ntohs(((struct sockaddr_in *)&ss)->sin_port);
}

void listener_close(struct listener *l, void (*cb)(void *ctx), void *ctx)
{
    l->close_cb = cb;
    l->close_ctx = ctx;
    uv_close((uv_handle_t *)&l->tcp, on_handle_closed);
    uv_close((uv_handle_t *)&l->later, on_handle_closed);
}
