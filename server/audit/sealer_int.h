// SPDX-License-Identifier: Apache-2.0
/*
 * What sealer.c (life, timers, signing) and sealer_load.c (finding out how things stand) share.
 *
 * One job is under way at a time. Loading ends in sealer_work or sealer_alarm; everything that goes
 * wrong with the database ends in sealer_again, which loads anew.
 */
#ifndef PLIMSOLL_SERVER_AUDIT_SEALER_INT_H
#define PLIMSOLL_SERVER_AUDIT_SEALER_INT_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "audit/seal_file.h"
#include "audit/seal_key.h"
#include "audit/seal_tree.h"
#include "audit/sealer.h"
#include "store/pgjob.h"
#include "store/pgpipe.h"

/* Which tree is being asked for while loading. */
enum sealer_edge { EDGE_WHOLE, EDGE_FILE, EDGE_DATABASE };

struct sealer {
    struct sealer_config cfg;
    char *conninfo, *dir;
    char deployment[SEAL_ORIGIN_SIZE];
    uint8_t seed[SEAL_SEED];
    struct pgpipe *pipe;
    uv_prepare_t prepare;
    uv_check_t check;
    uv_timer_t timer; /* the next look */
    unsigned parts_open;
    bool stopping, stopped;
    void (*stop_cb)(void *ctx);
    void *stop_ctx;
    int lock_fd; /* of DIR/log/lock; -1: not held */
    enum sealer_condition condition;
    bool loaded; /* tree, epoch and last are those of the database */
    uint32_t epoch;
    struct pl_skey key; /* of this epoch's origin */
    struct pl_tree tree;
    struct seal_last last; /* what this host signed last, of any epoch */
    uint64_t db_sealed;    /* newest checkpoint of this epoch in the database */
    struct pl_hash db_root;
    uint64_t db_size;
    int64_t oldest_us; /* time of the oldest event without a checkpoint; 0: none */
    unsigned refused;  /* takes in a row that the database refused */
    enum sealer_edge edge_of;
    struct seal_edge edge;
    struct seal_batch batch;
    char why[PL_ERR_TEXT_MAX];
};

/* Finds out how things stand. */
void sealer_load(struct sealer *s);
/* Loaded: goes on with signing or looking. */
void sealer_work(struct sealer *s);
/* Something is wrong for good. */
void sealer_alarm(struct sealer *s, const char *code, const char *text);
/* Loads anew after `ms`. */
void sealer_again(struct sealer *s, unsigned ms);
/* A job with the sealer as its context; and its sending. */
struct pg_job *sealer_job(struct sealer *s, enum pg_stmt stmt, pg_done_cb done);
void sealer_submit(struct sealer *s, struct pg_job *take_job);
/* For `done`: the sealer if it is to go on, NULL when it stops or the answer is a failure (dealt
 * with). */
struct sealer *sealer_answered(struct pg_job *job, int rc, const struct pl_err *e);

#endif
