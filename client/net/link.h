// SPDX-License-Identifier: Apache-2.0
/*
 * The connection to the server: dials, speaks TLS, greets, and comes back by itself after a loss.
 *
 * States: DOWN -> CONNECTING -> UP, and back to DOWN with a wait of 0.25 to 30 s with jitter;
 * STOPPED when trying again cannot help (device refused, wrong server, no common version).
 * Everything that must survive a loss is kept above (journal); what was sent and not answered is
 * simply gone.
 */
#ifndef PLIMSOLL_CLIENT_NET_LINK_H
#define PLIMSOLL_CLIENT_NET_LINK_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "plimsoll/base/err.h"
#include "plimsoll/tls/engine.h"
#include "plimsoll/wire/message.h"

struct link;

enum link_state { LINK_DOWN, LINK_CONNECTING, LINK_UP, LINK_STOPPED };

struct link_handlers {
    /* Greeted; w is borrowed. */
    void (*up)(void *ctx, const struct pl_welcome *w);
    /* Lost, or an attempt failed. retry_ms: when it is tried again; negative: never (STOPPED). */
    void (*down)(void *ctx, int code, const char *why, int64_t retry_ms);
    /* Any message after Welcome but Ping, Pong, GoAway, which the link handles itself (Pong is
     * passed on too: it carries round trips). Borrowed; may be changed (changesets moved out). */
    void (*message)(void *ctx, struct pl_msg *m);
    void *ctx;
};

struct link_options {
    const char *host; /* name or address; copied */
    int port;
    struct pl_tls_ctx *tls; /* referenced */
    const char *client_version;
};

/* Starts dialling. Handlers are never called from inside this. */
struct link *link_open(uv_loop_t *loop, const struct link_options *o,
                       const struct link_handlers *h);

/* Encodes and queues; leaves at the end of the loop turn. False (and nothing sent) unless UP. */
bool link_send(struct link *l, const struct pl_msg *m);

/* The same for a frame that is encoded already. */
bool link_send_frame(struct link *l, const void *frame, size_t n);

/* Gives the present connection up and dials again at once. */
void link_redial(struct link *l, const char *why);

/* Ends it for good, STOPPED: what the server shows is not to be worked with. `down` tells why. */
void link_refuse(struct link *l, int code, const char *why);

enum link_state link_state(const struct link *l);

/* Milliseconds until the next attempt; 0 when there is none to wait for. */
uint64_t link_retry_in_ms(const struct link *l);

/* Says goodbye when UP; cb when its memory is gone. No other handler is called any more. */
void link_close(struct link *l, void (*cb)(void *ctx), void *ctx);

#endif
