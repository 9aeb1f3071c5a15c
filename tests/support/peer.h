// SPDX-License-Identifier: Apache-2.0
/*
 * A raw client for tests across processes: our own TLS engine over a blocking socket, and messages
 * as they stand on the wire, without the journal, the model and the manners of a real client. What
 * cannot go on is printed to stderr and ends the program.
 */
#ifndef PLIMSOLL_TESTS_SUPPORT_PEER_H
#define PLIMSOLL_TESTS_SUPPORT_PEER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "plimsoll/base/arena.h"
#include "plimsoll/tls/engine.h"
#include "plimsoll/wire/frame.h"
#include "plimsoll/wire/message.h"

#define PEER_PATIENCE_MS 20000

struct peer {
    int fd;
    struct pl_tls *tls;
    struct pl_frame_reader reader;
    struct pl_arena arena;
    struct pl_err err; /* why it ended */
    FILE *tap;         /* set after peer_open: gets all that is decrypted; NULL: nothing does */
    uint8_t bytes[16384];
    /* the review that is open */
    uint64_t review, client, seq, rev;
    uint32_t epoch, role, status, rid;
};

/* Connects, shakes hands, says Hello and reads Welcome. 0; or a negative code, with err. */
int peer_open(struct peer *p, struct pl_tls_ctx *ctx, const char *host, uint16_t port);
void peer_close(struct peer *p);

/* Sends; a connection that has ended is noticed by reading. */
void peer_send(struct peer *p, const struct pl_msg *m);

/* The next message: 1 (release it; its strings live until the next call); 0: none in time; -1: the
 * connection has ended, see err. */
int peer_next(struct peer *p, struct pl_msg *m, int ms);

/* Sends a request, whose field `rid` is at *rid, and reads until its answer: the message's type,
 * with the message in *out (release it), or minus the code of its Error. */
int peer_ask(struct peer *p, struct pl_msg *m, uint32_t *rid, struct pl_msg *out);

/* Opens a review as `client` and reads all of it. 0, or minus the code of the refusal. */
int peer_review(struct peer *p, uint64_t review, uint64_t client);

/* Submits a changeset on the newest revision that was seen, and waits for what becomes of it: 0
 * committed, or minus the code. Takes the changeset. */
int peer_submit(struct peer *p, struct pl_cs *take_cs);

#endif
