// SPDX-License-Identifier: Apache-2.0
/*
 * A listening address. Accepts within the limits of net.h, refuses beyond them by closing at once,
 * and slows accepting down when handshakes come faster than the budget (the backlog absorbs).
 */
#ifndef PLIMSOLL_SERVER_NET_LISTENER_H
#define PLIMSOLL_SERVER_NET_LISTENER_H

#include "plimsoll/base/err.h"

#include "net/net.h"
#include "net/stream.h"

struct listener;

struct listener_options {
    const char *address; /* "host:port"; host an IP address, [v6] in brackets, or * ; port 0: any */
    struct pl_tls_ctx *tls;
    const struct stream_handlers *handlers;
    /* Called for each accepted stream: returns its owner (the ctx of the handlers). */
    void *(*attach)(void *ctx, struct stream *s);
    void *attach_ctx;
};

/* Binds and listens. -PL_E_CONFIG for a bad address, -PL_E_IO when it cannot be bound. */
int listener_open(struct listener **out, struct net *n, const struct listener_options *o,
                  struct pl_err *e) PL_MUST;

/* The port in use (after port 0). */
int listener_port(const struct listener *l);

/* Connections from now on use this context; those that are open keep theirs. */
void listener_set_tls(struct listener *l, struct pl_tls_ctx *tls);

/* Stops listening; cb when its memory is gone. Streams live on. */
void listener_close(struct listener *l, void (*cb)(void *ctx), void *ctx);

/* Splits "host:port"; *host points into `buf` (>= strlen + 1 bytes). */
int listener_split_address(const char *address, char *buf, size_t size, const char **host,
                           int *port, struct pl_err *e) PL_MUST;

#endif
