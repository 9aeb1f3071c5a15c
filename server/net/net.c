// SPDX-License-Identifier: Apache-2.0
/*
 * Shared state of all connections: the per-turn flush and the deadline sweep.
 *
 * A turn's commits wake many streams; they are flushed after poll (check) and before it (prepare),
 * so nothing waits for the next event. Freed only after the last stream and handle are closed.
 */
#include "net/net.h"

#include <netinet/in.h>
#include <string.h>

#include <utlist.h>

#include "plimsoll/base/mem.h"

#include "net/net_internal.h"

static void flush_all(struct net *n)
{
    /* A flush may end a stream and wake others; those are served in this same walk. */
    while (n->dirty) {
        struct stream *s = n->dirty;
        stream_flush(s);
    }
}

static void on_prepare(uv_prepare_t *h)
{
    flush_all(h->data);
}

static void on_check(uv_check_t *h)
{
    flush_all(h->data);
}

static void on_sweep(uv_timer_t *h)
{
    struct net *n = h->data;
    uint64_t now = uv_now(n->loop);
    struct stream *s = n->streams;
    while (s) {
        /* Sweeping ends streams, never frees them, so the link stays good. */
        struct stream *next = stream_next(s);
        stream_sweep(s, now);
        s = next;
    }
}

struct net *net_new(uv_loop_t *loop, const struct net_limits *limits)
{
    struct net *n = pl_mem_calloc(PL_MEM_STREAM, 1, sizeof(*n));
    n->loop = loop;
    n->limits = *limits;
    PL_ASSERT(uv_prepare_init(loop, &n->prepare) == 0);
    PL_ASSERT(uv_check_init(loop, &n->check) == 0);
    PL_ASSERT(uv_timer_init(loop, &n->sweep) == 0);
    n->prepare.data = n->check.data = n->sweep.data = n;
    n->handles_open = 3;
    PL_ASSERT(uv_prepare_start(&n->prepare, on_prepare) == 0);
    PL_ASSERT(uv_check_start(&n->check, on_check) == 0);
    PL_ASSERT(uv_timer_start(&n->sweep, on_sweep, NET_SWEEP_MS, NET_SWEEP_MS) == 0);
    return n;
}

void net_on_handle_closed(uv_handle_t *h)
{
    struct net *n = h->data;
    n->handles_open--;
    net_maybe_gone(n);
}

void net_maybe_gone(struct net *n)
{
    if (!n->closing || n->streams || n->handles_open > 0)
        return;
    struct source *src;
    struct source *tmp;
    HASH_ITER (hh, n->sources, src, tmp) {
        HASH_DEL(n->sources, src);
        pl_mem_free(PL_MEM_STREAM, src);
    }
    void (*cb)(void *) = n->close_cb;
    void *ctx = n->close_ctx;
    pl_mem_free(PL_MEM_STREAM, n);
    if (cb)
        cb(ctx);
}

void net_close(struct net *n, void (*cb)(void *ctx), void *ctx)
{
    PL_ASSERT(!n->closing);
    n->closing = true;
    n->close_cb = cb;
    n->close_ctx = ctx;
    struct stream *s = n->streams;
    while (s) {
        struct stream *next = stream_next(s);
        stream_close(s, PL_E_GOING_AWAY, "server is stopping", true);
        s = next;
    }
    flush_all(n);
    uv_close((uv_handle_t *)&n->prepare, net_on_handle_closed);
    uv_close((uv_handle_t *)&n->check, net_on_handle_closed);
    /* The sweep goes on until the polite goodbyes are out; see stream_sweep. */
    if (!n->streams)
        uv_close((uv_handle_t *)&n->sweep, net_on_handle_closed);
}

const struct net_stats *net_stats(const struct net *n)
{
    return &n->stats;
}

static bool source_key(const struct sockaddr *sa, uint8_t key[17])
{
    memset(key, 0, 17);
    if (sa->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, sa, sizeof(in));
        key[0] = 4;
        memcpy(key + 1, &in.sin_addr, 4);
        return true;
    }
    if (sa->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, sa, sizeof(in6));
        if (IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr)) {
            key[0] = 4;
            memcpy(key + 1, in6.sin6_addr.s6_addr + 12, 4);
        } else {
            /* A /64 is one customer: they can make up as many addresses in it as they like. */
            key[0] = 6;
            memcpy(key + 1, in6.sin6_addr.s6_addr, 8);
        }
        return true;
    }
    return false;
}

struct source *net_source(struct net *n, const struct sockaddr *sa)
{
    uint8_t key[17];
    if (!source_key(sa, key))
        return NULL;
    struct source *src = NULL;
    HASH_FIND(hh, n->sources, key, sizeof(key), src);
    if (src)
        return src;
    src = pl_mem_calloc(PL_MEM_STREAM, 1, sizeof(*src));
    memcpy(src->key, key, sizeof(key));
    HASH_ADD(hh, n->sources, key, sizeof(src->key), src);
    return src;
}

void net_source_drop(struct net *n, struct source *src)
{
    if (src->open > 0)
        return;
    HASH_DEL(n->sources, src);
    pl_mem_free(PL_MEM_STREAM, src);
}

bool net_is_full(const struct net *n, const struct source *src, const char **why)
{
    const struct net_limits *l = &n->limits;
    if (n->stats.open >= l->connections)
        *why = "too many connections";
    else if (src->open >= l->connections_per_source)
        *why = "too many connections from this address";
    else if (n->stats.half_open >= l->half_open)
        *why = "too many unfinished handshakes";
    else if (src->half_open >= l->half_open_per_source)
        *why = "too many unfinished handshakes from this address";
    else
        return false;
    return true;
}
