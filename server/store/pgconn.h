// SPDX-License-Identifier: Apache-2.0
/*
 * The life of one PostgreSQL connection on the loop: connect, watch the socket, lose it, wait,
 * connect again. What is sent and how answers are read is its owner's business (pgpipe.c,
 * pglisten.c).
 *
 * Embedded in its owner, which is on the heap and stays until `closed`. Handlers run from loop
 * callbacks only. libpq may replace the socket while it connects, so the poll handle is a small
 * heap object of its own, made anew for every socket and freed in its close callback.
 */
#ifndef PLIMSOLL_SERVER_STORE_PGCONN_H
#define PLIMSOLL_SERVER_STORE_PGCONN_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "plimsoll/base/err.h"
#include "plimsoll/base/fsm.h"
#include "plimsoll/base/log.h"

struct pg_conn; /* libpq's PGconn */
struct pgpoll;

struct pgconn_handlers {
    void (*up)(void *ctx);                    /* connected, non-blocking; nothing was sent yet */
    void (*input)(void *ctx);                 /* bytes came in: read results until it is busy */
    void (*down)(void *ctx, const char *why); /* lost; it will connect again by itself */
    void (*closed)(void *ctx);                /* after pgconn_close: the owner may free it */
};

enum pgconn_state {
    PGCONN_WAITING,    /* for the next attempt */
    PGCONN_CONNECTING, /* libpq is at it */
    PGCONN_UP,
    PGCONN_CLOSING,
    PGCONN_CLOSED
};

struct pgconn {
    struct pl_fsm fsm;
    uv_loop_t *loop;
    const char *conninfo; /* the owner's */
    const struct pgconn_handlers *h;
    void *ctx;
    struct pg_conn *pg; /* NULL unless CONNECTING or UP */
    struct pgpoll *poll;
    uv_timer_t timer; /* end of the wait, or of the attempt */
    unsigned handles_open;
    unsigned failures; /* in a row */
    uint64_t reconnects;
    bool want_write;
    struct pl_log_ctx log;
};

/* Begins to connect in the next turn of the loop. `conninfo` and `name` (for the log) must outlive
 * it. */
void pgconn_open(struct pgconn *c, uv_loop_t *loop, const char *conninfo, const char *name,
                 const struct pgconn_handlers *h, void *ctx);

/* Ends it for good; `closed` follows in a later turn, `down` is not called any more. */
void pgconn_close(struct pgconn *c);

bool pgconn_is_up(const struct pgconn *c);

/* Sends what libpq has queued, as far as it goes, and watches the socket. False: it was lost. */
bool pgconn_flush(struct pgconn *c);

/* Gives the connection up (bad answer, deadline): `down` is called, then it connects again. */
void pgconn_lose(struct pgconn *c, const char *why);

/* Everything worked: the next wait is short again. */
void pgconn_note_good(struct pgconn *c);

/* Refuses a conninfo that would block in name resolution or cannot be parsed: -PL_E_CONFIG. */
int pgconn_check(const char *conninfo, struct pl_err *e) PL_MUST;

#endif
