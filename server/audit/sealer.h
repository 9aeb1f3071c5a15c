// SPDX-License-Identifier: Apache-2.0
/*
 * The sealer: brings audit events into the hash tree and signs its checkpoints, some times a
 * second.
 *
 * It runs on any loop, with one database connection of its own (role plm_seal), and belongs into
 * the process that holds the log's key, never into the one that talks to the network. Several may
 * run on one database: an advisory lock lets one work at a time, and what order events have is
 * durable before a tree is signed, so no two of them can sign two roots for one size, whenever they
 * die.
 *
 * What does not fit (an event is missing, the tree does not continue the last checkpoint that this
 * host signed) stops it: it raises an alarm, signs nothing more, and looks again every five seconds
 * whether the operator has started a new epoch. A lost database is no alarm; it waits for it.
 */
#ifndef PLIMSOLL_SERVER_AUDIT_SEALER_H
#define PLIMSOLL_SERVER_AUDIT_SEALER_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "plimsoll/base/err.h"
#include "plimsoll/tlog/note.h"

struct sealer;

/* Where it is in its work: for tests, which end the process there. */
enum sealer_step {
    SEALER_READ,     /* pending events were read, nothing is changed yet */
    SEALER_TAKEN,    /* T1 is committed: their order is durable */
    SEALER_SIGNED,   /* signed, in memory only */
    SEALER_WRITTEN,  /* the state file has the checkpoint */
    SEALER_PUBLISHED /* T2 is committed */
};

struct sealer_config {
    const char *conninfo;   /* of the database, for plm_seal; copied */
    const char *dir;        /* the log's folder in the data directory (seal_key.h); copied */
    const char *deployment; /* the origin without "/eN", see seal_origin(); copied */
    const uint8_t *seed;    /* 32 secret bytes of the log's key; copied, wiped at the end */
    unsigned interval_ms;   /* between two looks at the database; 0: 200 */
    /* Something is wrong for good. `code` is a stable word ("gap", "fork", "epoch", "state"). */
    void (*alarm)(void *ctx, const char *code, const char *text);
    /* NULL ok: a checkpoint was signed and published. */
    void (*sealed)(void *ctx, uint64_t size);
    void (*step)(void *ctx, enum sealer_step step); /* NULL outside of tests */
    void *ctx;
};

/* Starts it on `loop`. -PL_E_CONFIG, -PL_E_INVALID (key or origin); everything that can mend itself
 * (no database, another sealer at work) is no error. */
int sealer_new(uv_loop_t *loop, const struct sealer_config *c, struct sealer **out,
               struct pl_err *e) PL_MUST;

/* Ends it; `cb` follows in a later turn of the loop, then sealer_free. What is under way is left as
 * a crash would leave it, which is safe at any line. */
void sealer_stop(struct sealer *s, void (*cb)(void *ctx), void *ctx);
/* After the callback of sealer_stop. NULL ok. */
void sealer_free(struct sealer *s);

enum sealer_condition {
    SEALER_AWAY,    /* no database */
    SEALER_STANDBY, /* another sealer is at work */
    SEALER_WORKING,
    SEALER_REFUSING /* alarm: it signs nothing */
};

struct sealer_state {
    enum sealer_condition condition;
    uint32_t epoch;
    uint64_t size;             /* of the tree */
    uint64_t sealed;           /* of the last checkpoint */
    int64_t lag_us;            /* age of the oldest event that no checkpoint covers; 0: none */
    char why[PL_ERR_TEXT_MAX]; /* of REFUSING */
};
void sealer_state(const struct sealer *s, struct sealer_state *out);

#endif
