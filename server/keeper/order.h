// SPDX-License-Identifier: Apache-2.0
/*
 * What goes over the pair of sockets between the serving process and its keeper: one message a
 * packet, at most KEEPER_MSG_MAX bytes, big-endian, nothing behind it:
 *
 *     what 1 | id 4 | code 4 | four numbers of 8 | parts 1 | (length 2, bytes)*
 *
 * An answer repeats its order's id. Which numbers and parts a message has stands beside its name.
 */
#ifndef PLIMSOLL_SERVER_KEEPER_ORDER_H
#define PLIMSOLL_SERVER_KEEPER_ORDER_H

#include <stdint.h>

#include "plimsoll/base/buf.h"
#include "plimsoll/base/err.h"
#include "plimsoll/wire/message.h"

#define KEEPER_MSG_MAX   16384u
#define KEEPER_PARTS_MAX 6u
#define KEEPER_NUMBERS   4u

enum keeper_what {
    /* to the keeper */
    KEEPER_GO = 1,     /* the database is there */
    KEEPER_JOIN = 2,   /* secret, request, names of device and user, name to show */
    KEEPER_RENEW = 3,  /* device, user; request, statement, signature, old key */
    KEEPER_SERVER = 4, /* request */
    /* from it */
    KEEPER_READY = 16,   /* it has its keys */
    KEEPER_REFUSED = 17, /* code; why it will not work */
    KEEPER_DONE = 18,    /* code; user, device, review, role; two names and the chain, or why not */
    KEEPER_STATE = 19,   /* 1 with a database, issued since the start */
};

struct keeper_msg {
    enum keeper_what what;
    uint32_t id;
    uint32_t code; /* 0 or PL_E_... */
    uint64_t n[KEEPER_NUMBERS];
    struct pl_bytes parts[KEEPER_PARTS_MAX]; /* borrowed */
    size_t n_parts;
};

/* Appends the bytes; `out` must take KEEPER_MSG_MAX. -PL_E_LIMIT: it is longer. */
int keeper_msg_encode(const struct keeper_msg *m, struct pl_buf *out) PL_MUST;

/* Reads exactly n bytes; parts point into them. -PL_E_BAD_MESSAGE. */
int keeper_msg_decode(const void *bytes, size_t n, struct keeper_msg *out) PL_MUST;

#endif
