// SPDX-License-Identifier: Apache-2.0
/*
 * Inside net/: the shared state that listener and stream both work on.
 */
#ifndef PLIMSOLL_SERVER_NET_NET_INTERNAL_H
#define PLIMSOLL_SERVER_NET_NET_INTERNAL_H

#include <uv.h>

#include "plimsoll/base/hash.h"

/* The keys are addresses, which peers choose. */
#define HASH_FUNCTION(k, n, h) ((h) = pl_map_hash((k), (n)))
#include <uthash.h>

#include "net/net.h"
#include "net/stream.h"

#define NET_READ_BUFFER (64 * 1024)
#define NET_SWEEP_MS    250

struct source {
    uint8_t key[17]; /* family, address or prefix */
    unsigned open;
    unsigned half_open;
    UT_hash_handle hh;
};

struct net {
    uv_loop_t *loop;
    struct net_limits limits;
    struct net_stats stats;
    uv_prepare_t prepare;
    uv_check_t check;
    uv_timer_t sweep;
    int handles_open;
    struct stream *streams; /* all, doubly linked */
    struct stream *dirty;   /* those to flush at the end of this turn, singly linked */
    struct source *sources;
    bool closing;
    void (*close_cb)(void *ctx);
    void *close_ctx;
    uint8_t read_buffer[NET_READ_BUFFER];
};

/* The counters of an address, made if new; NULL for an unknown family. */
struct source *net_source(struct net *n, const struct sockaddr *sa);

/* Forgets a source that has no connection left. */
void net_source_drop(struct net *n, struct source *src);

/* Would one more connection of this address be too many? `*why` gets the words. */
bool net_is_full(const struct net *n, const struct source *src, const char **why);

/* Close callback of the handles in struct net. */
void net_on_handle_closed(uv_handle_t *h);

/* Frees `n` when it is closing and the last stream and handle are gone. */
void net_maybe_gone(struct net *n);

/* For stream.c: called by the flush and sweep handles. */
struct stream *stream_next(const struct stream *s);
void stream_flush(struct stream *s);
void stream_sweep(struct stream *s, uint64_t now_ms);

/* Accepts the waiting connection of `listener`: -PL_E_BUSY beyond a limit (it is reset). */
struct stream_accept {
    struct pl_tls_ctx *tls;
    const struct stream_handlers *handlers;
    void *(*attach)(void *ctx, struct stream *s); /* gives the stream its owner */
    void *attach_ctx;
};
int stream_accept(struct net *n, uv_stream_t *listener, const struct stream_accept *a,
                  struct pl_err *e) PL_MUST;

#endif
