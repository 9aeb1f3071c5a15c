// SPDX-License-Identifier: Apache-2.0
/*
 * One end of the pair of sockets (order.h): packets in, packets out, on a loop. What cannot be sent
 * at once waits, up to a limit. When the other end has gone it says so, once.
 */
#ifndef PLIMSOLL_SERVER_KEEPER_LINE_H
#define PLIMSOLL_SERVER_KEEPER_LINE_H

#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "plimsoll/base/err.h"

#include "keeper/order.h"

struct line;

struct line_handlers {
    void (*message)(void *ctx, const struct keeper_msg *m); /* borrowed for the call */
    /* The other end has gone, or sent what is no message: nothing comes any more, close it. */
    void (*ended)(void *ctx);
};

/* A pair that is closed by exec; both ends non-blocking. */
int line_pair(int fds[2], struct pl_err *e) PL_MUST;

/* Takes the descriptor. */
struct line *line_open(uv_loop_t *loop, int take_fd, const struct line_handlers *h, void *ctx);

/* -PL_E_BUSY: too many wait. -PL_E_UNAVAILABLE: the other end has gone (`ended` comes or came). */
int line_send(struct line *l, const struct keeper_msg *m) PL_MUST;

/* No handler is called any more; the memory goes at a later turn of the loop. NULL ok. */
void line_close(struct line *l);

/* Waits for a packet, for use before the loop runs. `buf` holds KEEPER_MSG_MAX bytes, *out points
 * into it. -PL_E_TIMEOUT; -PL_E_CLOSED: the other end has gone; -PL_E_BAD_MESSAGE. */
int line_wait(int fd, unsigned timeout_ms, uint8_t *buf, struct keeper_msg *out,
              struct pl_err *e) PL_MUST;

#endif
