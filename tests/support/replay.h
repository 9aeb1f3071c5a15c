// SPDX-License-Identifier: Apache-2.0
/*
 * Replays an `exact` schedule of a trace in memory: one ordering server and its clients, each with
 * any number of ops unacknowledged. The server keeps for every client the ops that it has not yet
 * received, transformed over what came from it since; so does every client with its own ops.
 */
#ifndef TESTS_SUPPORT_REPLAY_H
#define TESTS_SUPPORT_REPLAY_H

#include <stddef.h>
#include <stdint.h>

#include "plimsoll/base/err.h"
#include "plimsoll/merge/op.h"
#include "plimsoll/merge/text.h"

#include "support/trace.h"

#define REPLAY_CLIENTS_MAX 8

/* Ops first..n are there; those before are done with. */
struct replay_ops {
    struct pl_op *v;
    size_t n;
    size_t cap;
    size_t first;
};

struct replay_client {
    struct pl_text text;
    struct replay_ops pending; /* sent, not acknowledged */
    struct replay_ops bridge;  /* committed by others, not received */
    size_t rev;
};

struct replay {
    struct pl_text server;
    struct replay_ops log;
    unsigned *author;
    struct replay_client client[REPLAY_CLIENTS_MAX];
    size_t at; /* index of the event last done */
};

/* Runs the whole schedule into `r`, uninitialised before; release it also on failure. All clients
 * end at the last revision. -PL_E_BADOP when an op does not fit where it must. */
int replay_run(struct replay *r, const struct trace *tr, struct pl_err *e) PL_MUST;
void replay_release(struct replay *r);

#endif
