// SPDX-License-Identifier: Apache-2.0
/*
 * Choices of an open vote. They stand in table vote, outside of the log, under a number of the
 * voter that only who holds the vote's key can make (cmd/vote_key.h); opening a vote and counting
 * it are effects of an append (repo_log.h).
 *
 * Requests and callbacks as in repo_identity.h: 0 and one callback, or a negative code and none;
 * what a callback gets is borrowed for the call.
 */
#ifndef PLIMSOLL_SERVER_STORE_REPO_VOTE_H
#define PLIMSOLL_SERVER_STORE_REPO_VOTE_H

#include <stddef.h>
#include <stdint.h>

#include "plimsoll/base/err.h"
#include "plimsoll/wire/message.h"

struct store;

#define VOTE_ID_BYTES 16u

struct vote_choice {
    uint64_t review;
    uint64_t user;
    uint64_t device;
    uint32_t round;
    uint8_t voter[VOTE_ID_BYTES];
    uint8_t key_check[VOTE_ID_BYTES]; /* of the key that made `voter` */
    struct pl_eid entry;
    uint32_t dots;               /* 0: takes them back */
    const struct pl_eid *merged; /* what was merged into the entry: dots given there are replaced */
    size_t n_merged;
};
typedef void (*vote_cb)(void *ctx, int rc, const struct pl_err *e);
/* Sets a choice; idempotent. Copied at once. May not vote now: -PL_E_PERM, -PL_E_REVOKED; another
 * round is open, or none: -PL_E_CONFLICT; being counted: -PL_E_BUSY; more dots than he has:
 * -PL_E_LIMIT; too many entries have dots: -PL_E_QUOTA; another key: -PL_E_UNAVAILABLE. */
int repo_vote(struct store *s, const struct vote_choice *v, vote_cb cb, void *ctx) PL_MUST;

struct vote_tally {
    uint32_t round;
    uint64_t version; /* for struct append_effect */
    uint32_t voters;  /* who gave at least one dot */
    struct pl_vote_row *items;
    size_t n;
};
typedef void (*tally_cb)(void *ctx, int rc, const struct vote_tally *t, const struct pl_err *e);
/* Sums of the open vote; for a moment (freeze_us) no choice can change. No vote is open:
 * -PL_E_CONFLICT; not who conducts: -PL_E_PERM, -PL_E_REVOKED. */
int repo_tally(struct store *s, uint64_t review, uint64_t user, uint64_t device, uint64_t freeze_us,
               tally_cb cb, void *ctx) PL_MUST;

struct vote_state {
    uint32_t voters; /* who may vote now */
    uint32_t cast;   /* who has given at least one dot */
    const struct pl_vote_row *own;
    size_t n;
};
typedef void (*votes_cb)(void *ctx, int rc, const struct vote_state *v, const struct pl_err *e);
/* How many have voted, and the choices of one voter. `user` must be able to read the review
 * (-PL_E_PERM); no such: -PL_E_NOENT. */
int repo_votes(struct store *s, uint64_t review, uint64_t user, const uint8_t voter[VOTE_ID_BYTES],
               votes_cb cb, void *ctx) PL_MUST;

#endif
