// SPDX-License-Identifier: Apache-2.0
/*
 * What all connections of one loop share: a read buffer, the list of streams with something to
 * write (flushed once per loop turn, so that what one turn produced leaves in one TLS record), a
 * sweep timer for deadlines, and counters per source address.
 */
#ifndef PLIMSOLL_SERVER_NET_NET_H
#define PLIMSOLL_SERVER_NET_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "plimsoll/base/err.h"

struct net;
struct source; /* connections of one address (IPv4 /32, IPv6 /64) */

/* Limits; quality.md's numbers are the presets of ops/config. */
struct net_limits {
    unsigned connections; /* total */
    unsigned connections_per_source;
    unsigned half_open; /* handshake not finished, total */
    unsigned half_open_per_source;
    unsigned handshakes_per_s; /* token bucket; beyond: the backlog absorbs */
    unsigned handshake_ms;     /* accept to handshake done, absolute */
    unsigned stall_ms;         /* bytes waiting and none leaving */
};

struct net_stats {
    uint64_t accepted, refused, handshakes, handshake_failed, rx_bytes, tx_bytes;
    unsigned open, half_open;
};

/* Starts the handles on `loop`. Free by net_close. */
struct net *net_new(uv_loop_t *loop, const struct net_limits *limits);

/* Closes every stream that is left, then the handles; cb when all memory is gone. */
void net_close(struct net *n, void (*cb)(void *ctx), void *ctx);

const struct net_stats *net_stats(const struct net *n);

#endif
