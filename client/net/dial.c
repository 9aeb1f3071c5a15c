// SPDX-License-Identifier: Apache-2.0
/*
 * See dial.h. Each attempt has a socket of its own; losers are closed when there is a winner. The
 * dial outlives its last callback by the turns that closing takes.
 */
#include "net/dial.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <utlist.h>

#include "plimsoll/base/err.h"
#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"

struct attempt {
    struct dial *dial;
    uv_tcp_t *tcp;
    uv_connect_t req;
    struct attempt *prev, *next;
};

struct dial {
    uv_loop_t *loop;
    dial_cb cb;
    void *ctx;
    uv_getaddrinfo_t resolve;
    bool is_resolving;
    uv_timer_t timer; /* the next address */
    struct sockaddr_storage addresses[DIAL_ADDRESSES_MAX];
    size_t n, at;
    struct attempt *attempts; /* under way */
    int open;                 /* handles and requests that still refer to it */
    bool is_over;
    char last_error[PL_ERR_TEXT_MAX];
};

static void maybe_free(struct dial *d)
{
    if (d->is_over && d->open == 0)
        pl_mem_free(PL_MEM_STREAM, d);
}

void dial_free_tcp(uv_handle_t *tcp)
{
    pl_mem_free(PL_MEM_STREAM, tcp);
}

static void on_timer_closed(uv_handle_t *h)
{
    struct dial *d = h->data;
    d->open--;
    maybe_free(d);
}

static void on_attempt_closed(uv_handle_t *h)
{
    struct attempt *a = h->data;
    struct dial *d = a->dial;
    pl_mem_free(PL_MEM_STREAM, a->tcp);
    pl_mem_free(PL_MEM_STREAM, a);
    d->open--;
    maybe_free(d);
}

static void drop_attempt(struct attempt *a)
{
    DL_DELETE(a->dial->attempts, a);
    uv_close((uv_handle_t *)a->tcp, on_attempt_closed);
}

void dial_cancel(struct dial *d)
{
    if (d->is_over)
        return;
    d->is_over = true;
    while (d->attempts)
        drop_attempt(d->attempts);
    if (d->is_resolving)
        (void)uv_cancel((uv_req_t *)&d->resolve);
    uv_close((uv_handle_t *)&d->timer, on_timer_closed);
}

static void finish(struct dial *d, uv_tcp_t *tcp, int code)
{
    dial_cancel(d);
    d->cb(d->ctx, tcp, code, code == 0 ? "" : d->last_error);
}

static void note(struct dial *d, int uv_code)
{
    (void)pl_strlcpy(d->last_error, uv_strerror(uv_code), sizeof(d->last_error));
}

static void try_next(struct dial *d);

static void on_connected(uv_connect_t *req, int status)
{
    struct attempt *a = req->data;
    struct dial *d = a->dial;
    if (uv_is_closing((uv_handle_t *)a->tcp))
        return; /* another was faster, or nobody wants it any more */
    if (status < 0) {
        note(d, status);
        drop_attempt(a);
        try_next(d);
        return;
    }
    uv_tcp_t *tcp = a->tcp;
    DL_DELETE(d->attempts, a);
    d->open--;
    pl_mem_free(PL_MEM_STREAM, a);
    finish(d, tcp, 0);
}

/* Negative: this address cannot even be tried. */
static int start_attempt(struct dial *d, const struct sockaddr_storage *address)
{
    struct attempt *a = pl_mem_calloc(PL_MEM_STREAM, 1, sizeof(*a));
    a->dial = d;
    a->tcp = pl_mem_calloc(PL_MEM_STREAM, 1, sizeof(*a->tcp));
    PL_ASSERT(uv_tcp_init(d->loop, a->tcp) == 0);
    a->tcp->data = a->req.data = a;
    d->open++;
    DL_APPEND(d->attempts, a);
    int rc = uv_tcp_connect(&a->req, a->tcp, (const struct sockaddr *)address, on_connected);
    if (rc < 0)
        drop_attempt(a);
    return rc;
}

static void on_next(uv_timer_t *t)
{
    try_next(t->data);
}

static void try_next(struct dial *d)
{
    (void)uv_timer_stop(&d->timer);
    while (d->at < d->n) {
        int rc = start_attempt(d, &d->addresses[d->at++]);
        if (rc == 0) {
            if (d->at < d->n)
                (void)uv_timer_start(&d->timer, on_next, DIAL_NEXT_MS, 0);
            return;
        }
        note(d, rc);
    }
    if (!d->attempts)
        finish(d, NULL, PL_E_UNREACHABLE);
}

static struct dial *make(uv_loop_t *loop, dial_cb cb, void *ctx)
{
    struct dial *d = pl_mem_calloc(PL_MEM_STREAM, 1, sizeof(*d));
    d->loop = loop;
    d->cb = cb;
    d->ctx = ctx;
    PL_ASSERT(uv_timer_init(loop, &d->timer) == 0);
    d->timer.data = d;
    d->open = 1;
    (void)pl_strlcpy(d->last_error, "no address", sizeof(d->last_error));
    return d;
}

struct dial *dial_start_known(uv_loop_t *loop, const struct sockaddr_storage *addresses, size_t n,
                              dial_cb cb, void *ctx)
{
    struct dial *d = make(loop, cb, ctx);
    PL_ASSERT(n <= DIAL_ADDRESSES_MAX);
    d->n = n;
    memcpy(d->addresses, addresses, n * sizeof(addresses[0]));
    (void)uv_timer_start(&d->timer, on_next, 0, 0); /* never from inside this call */
    return d;
}

/* The i-th address that is, or is not, of the family. */
static const struct addrinfo *pick(const struct addrinfo *list, int family, bool same, size_t i)
{
    for (; list; list = list->ai_next)
        if ((list->ai_family == family) == same && i-- == 0)
            return list;
    return NULL;
}

/* RFC 8305, section 4: the resolver's first family, the other, the first ... */
static void take_in_turn(struct dial *d, const struct addrinfo *list)
{
    for (size_t i = 0; d->n < DIAL_ADDRESSES_MAX; i++) {
        const struct addrinfo *pair[] = {pick(list, list->ai_family, true, i),
                                         pick(list, list->ai_family, false, i)};
        if (!pair[0] && !pair[1])
            return;
        for (size_t k = 0; k < 2; k++)
            if (pair[k] && d->n < DIAL_ADDRESSES_MAX &&
                pair[k]->ai_addrlen <= sizeof(d->addresses[0]))
                memcpy(&d->addresses[d->n++], pair[k]->ai_addr, pair[k]->ai_addrlen);
    }
}

static void on_resolved(uv_getaddrinfo_t *req, int status, struct addrinfo *res)
{
    struct dial *d = req->data;
    d->open--;
    d->is_resolving = false;
    if (!d->is_over && status < 0)
        note(d, status);
    if (!d->is_over && status == 0 && res)
        take_in_turn(d, res);
    if (res)
        uv_freeaddrinfo(res);
    if (d->is_over)
        maybe_free(d);
    else
        try_next(d);
}

static bool is_numeric(const char *host, int port, struct sockaddr_storage *out)
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    memset(out, 0, sizeof(*out));
    if (uv_ip4_addr(host, port, &v4) == 0)
        memcpy(out, &v4, sizeof(v4));
    else if (uv_ip6_addr(host, port, &v6) == 0)
        memcpy(out, &v6, sizeof(v6));
    else
        return false;
    return true;
}

struct dial *dial_start(uv_loop_t *loop, const char *host, int port, dial_cb cb, void *ctx)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_family = AF_UNSPEC};
    struct sockaddr_storage address;
    char service[16];
    if (is_numeric(host, port, &address))
        return dial_start_known(loop, &address, 1, cb, ctx);
    struct dial *d = make(loop, cb, ctx);
    (void)snprintf(service, sizeof(service), "%d", port);
    d->resolve.data = d;
    int rc = uv_getaddrinfo(loop, &d->resolve, on_resolved, host, service, &hints);
    if (rc < 0) {
        note(d, rc);
        (void)uv_timer_start(&d->timer, on_next, 0, 0); /* tells it */
        return d;
    }
    d->is_resolving = true;
    d->open++;
    return d;
}
