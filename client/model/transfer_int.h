// SPDX-License-Identifier: Apache-2.0
/*
 * Inside of model/transfer*.c: one transfer, and its present try. Answers to requests of an older
 * try find that it is no longer the present one.
 */
#ifndef PLIMSOLL_CLIENT_MODEL_TRANSFER_INT_H
#define PLIMSOLL_CLIENT_MODEL_TRANSFER_INT_H

#include <uv.h>

#include "plimsoll/wire/limits.h"
#include "plimsoll/wire/message.h"

#include "model/client.h"
#include "model/transfer.h"

#define TRANSFER_CALL_MS 20000u
#define TRANSFER_END_MS  120000u /* the server reads the whole file */

struct attempt {
    struct transfer *t; /* NULL: given up */
    unsigned open;      /* requests without answer */
};

struct transfer {
    struct client *client;
    struct transfer_handlers on;
    uv_timer_t timer;
    struct attempt *attempt;
    /* What is to be done at the next turn of the timer; then, when it has ended, how. */
    void (*step)(struct transfer *t);
    void (*begin)(struct transfer *t); /* a new try */
    int fd;
    bool is_ended, force;
    uint64_t review;
    struct pl_eid entry;
    char *path, *part, *name, *media_type;
    uint64_t file; /* at the server */
    uint64_t size, hashed;
    uint64_t next, done; /* asked for or sent up to here; answered up to here */
    struct pl_sha256 sha;
    uint8_t want[PL_SHA256_BYTES];
    struct transfer_result result;
    uint64_t patience_ms, progress_ms;
    unsigned failures;
    struct pl_err err;
    int rc;
};

struct transfer *transfer_new(struct client *c, const struct transfer_options *o,
                              const struct transfer_handlers *h);
/* Frees one that was never begun. */
void transfer_drop(struct transfer *t);
/* Does step at the next turn of the loop, or after some time. */
void transfer_later(struct transfer *t, void (*step)(struct transfer *t), uint64_t ms);
/* Ends it: `ended` comes from a turn of its own. */
void transfer_end(struct transfer *t, int rc, const struct pl_err *e);
/* A first try, or one more: as soon as the link is up. */
void transfer_try(struct transfer *t);
/* Tries again from the beginning if rc passes by itself and there is patience left, else ends it.
 */
void transfer_failed(struct transfer *t, int rc, const struct pl_err *e, bool passes);
/* Bytes arrived: patience and progress. */
void transfer_moved(struct transfer *t, uint64_t done);
/* A request of the present try; cb gets the transfer, or is not called when the try is over. */
typedef void (*transfer_reply_cb)(struct transfer *t, int rc, struct pl_msg *m,
                                  const struct pl_err *e);
void transfer_call(struct transfer *t, struct pl_msg *m, uint64_t ms, transfer_reply_cb cb);
/* Hashes some of the file, from t->hashed up to `end`: 1 all of it, 0 more, negative: an error. */
int transfer_hash(struct transfer *t, uint64_t end, struct pl_err *e) PL_MUST;

#endif
