// SPDX-License-Identifier: Apache-2.0
/*
 * Who is asking. A session embeds one caller; command handlers see only this, so that cmd/ never
 * includes session/.
 *
 * A request that must wait for the database is a call: begun with its request id, answered exactly
 * once. If the session goes away first, the call lives on until its answer comes and then says
 * nothing. Seats are the reviews this connection has open.
 */
#ifndef PLIMSOLL_SERVER_CMD_CALLER_H
#define PLIMSOLL_SERVER_CMD_CALLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plimsoll/base/err.h"
#include "plimsoll/tls/engine.h"
#include "plimsoll/wire/limits.h"
#include "plimsoll/wire/message.h"

struct call;
struct caller;
struct member;
struct services;

#define CALLS_MAX 16 /* unanswered requests of one connection */

/* One open review of a connection; ctx of its member sink. */
struct seat {
    struct caller *caller;
    uint64_t review; /* 0: free */
    struct member *member;
};

struct caller_ops {
    /* Sends m now (it is encoded at once; nothing is kept). */
    void (*send)(struct caller *c, const struct pl_msg *m);
    /* Sends a whole frame that somebody has encoded already. */
    void (*send_frame)(struct caller *c, const uint8_t *frame, size_t n);
    /* Asks for a pull at the end of this loop turn. */
    void (*wake)(struct caller *c);
    /* Ends the connection after an Error that says why. */
    void (*drop)(struct caller *c, int code, const char *why);
};

struct caller {
    const struct caller_ops *ops;
    const struct services *services;
    uint64_t user;
    uint64_t device;
    uint8_t key[PL_KEY_DER_MAX]; /* public key of the device, by which this session was made */
    size_t key_n;
    char user_name[PL_NAME_MAX * 4 + 1];
    char display_name[PL_NAME_MAX * 4 + 1];
    struct seat seats[PL_ROOMS_PER_CONNECTION];
    struct call *calls; /* unanswered */
    unsigned n_calls;
};

/* Prepares an embedded caller (identity is filled in later). */
void caller_init(struct caller *c, const struct caller_ops *ops, const struct services *services);

/* Leaves every room and lets unanswered calls go silent. */
void caller_release(struct caller *c);

/* The seat of an open review, or NULL. */
struct seat *caller_seat(struct caller *c, uint64_t review);

/* Answers a request at once with an Error. */
void caller_fail(struct caller *c, uint32_t rid, uint64_t review, int code, const char *fmt, ...)
    PL_PRINTF(5, 6);

/* Begins a call; NULL after having answered BUSY when too many are unanswered. */
struct call *call_begin(struct caller *c, uint32_t rid);

uint32_t call_rid(const struct call *k);

/* The caller, or NULL when it has gone. */
struct caller *call_caller(const struct call *k);

/* Answers and ends the call. */
void call_reply(struct call *k, const struct pl_msg *m);
void call_fail(struct call *k, int code, const char *fmt, ...) PL_PRINTF(3, 4);

#endif
