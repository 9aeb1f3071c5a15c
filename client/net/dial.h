// SPDX-License-Identifier: Apache-2.0
/*
 * From a name to a connected socket: resolves it and races its addresses, so that one that
 * swallows everything costs a quarter of a second and not the whole patience.
 *
 * After RFC 8305 ("Happy Eyeballs", sections 4 and 5): families in turn, the next address as soon
 * as one has refused or has been silent for 250 ms, the first that connects wins. Fails when all
 * have refused, at once; has no deadline of its own.
 */
#ifndef PLIMSOLL_CLIENT_NET_DIAL_H
#define PLIMSOLL_CLIENT_NET_DIAL_H

#include <stddef.h>
#include <sys/socket.h>
#include <uv.h>

#define DIAL_ADDRESSES_MAX 16 /* of a name; more are not tried */
#define DIAL_NEXT_MS       250

struct dial;

/* Called once, never from inside dial_start, and the dial is gone by itself after it. code 0: `tcp`
 * is connected and the callee's: uv_close it with dial_free_tcp. Else a PL_E_ code, and tcp NULL.
 */
typedef void (*dial_cb)(void *ctx, uv_tcp_t *take_tcp, int code, const char *why);

/* Starts. A numeric address needs no resolver. Until it has called back it may be cancelled. */
struct dial *dial_start(uv_loop_t *loop, const char *host, int port, dial_cb cb, void *ctx);

/* The same for addresses that are known (ports in them), tried in this order. n <= the maximum. */
struct dial *dial_start_known(uv_loop_t *loop, const struct sockaddr_storage *addresses, size_t n,
                              dial_cb cb, void *ctx);

/* Gives up: no callback any more; its memory goes at later turns of the loop. */
void dial_cancel(struct dial *d);

/* Close callback of a socket that was handed over. */
void dial_free_tcp(uv_handle_t *tcp);

#endif
