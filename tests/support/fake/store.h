// SPDX-License-Identifier: Apache-2.0
/*
 * A store in memory, for tests and benches of rooms: the functions of store/store.h and
 * store/repo_log.h that rooms call, with the rules of the real append (compare, sessions, roles),
 * and with outcomes that a test can script. A program includes store.c itself, once; its
 * definitions are then taken instead of the real ones at link time.
 *
 * Answers come from the loop, in order, never from inside a call. The log outlives server processes
 * in a test: several `struct rooms` may use one store.
 */
#ifndef PLIMSOLL_TESTS_SUPPORT_FAKE_STORE_H
#define PLIMSOLL_TESTS_SUPPORT_FAKE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "plimsoll/merge/changeset.h"

#include "store/repo_log.h"
#include "store/store.h"

enum fake_outcome {
    FAKE_NORMAL,
    FAKE_UNKNOWN_LOST, /* nothing written, the caller hears "unknown" */
    FAKE_UNKNOWN_KEPT, /* written, the caller hears "unknown" */
    FAKE_FAILED        /* disk full */
};

struct store *fake_store_new(uv_loop_t *loop);
/* Runs the loop until its handles are closed. */
void fake_store_free(struct store *s);

/* Makes a review; `status`, `visibility` as in doc/schema.h. */
void fake_review(struct store *s, uint64_t review, uint32_t status, uint32_t visibility);
/* Everybody is a facilitator until told otherwise. */
void fake_role(struct store *s, uint64_t user, uint32_t role);
void fake_set_up(struct store *s, bool up);
/* The next append ends like this. */
void fake_next(struct store *s, enum fake_outcome outcome);
/* Holds answers back (true), or lets them out. */
void fake_hold(struct store *s, bool hold);
/* Another process appends one revision by the server. */
void fake_other(struct store *s, uint64_t review, struct pl_cs *take_cs);
/* Spoils the newest snapshot: its bytes, or its hash. */
void fake_spoil_snapshot(struct store *s, uint64_t review, bool bytes);

uint64_t fake_head(struct store *s, uint64_t review);
/* The last stored sequence number and code of a client. */
uint64_t fake_last_seq(struct store *s, uint64_t review, uint64_t client, uint32_t *code);

struct fake_counts {
    unsigned appends, ok, behind, refused, unknown, failed, locked_first, loads, fetches, snapshots;
    unsigned snapshots_dropped, hints, waiting;
};
struct fake_counts fake_counts(const struct store *s);

#endif
