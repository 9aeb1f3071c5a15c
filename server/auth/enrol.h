// SPDX-License-Identifier: Apache-2.0
/*
 * Redeems invites: JoinHello in, JoinWelcome out. Order of work: rate limits, then the request's
 * own form; then the keeper (keeper/keeper.h) takes the invite (used up, device registered and
 * membership made in one transaction) and signs the certificate. The same key presenting the same
 * invite again gets its certificate again, so a cut between commit and answer costs nothing.
 *
 * A guesser learns nothing: unknown, used, revoked and expired invites give one error after the
 * same work, and the limits apply before anything is looked at.
 */
#ifndef PLIMSOLL_SERVER_AUTH_ENROL_H
#define PLIMSOLL_SERVER_AUTH_ENROL_H

#include <stdint.h>
#include <uv.h>

#include "plimsoll/base/err.h"
#include "plimsoll/wire/message.h"

struct enrol;
struct keeper;

#define ENROL_SOURCE_KEY 17 /* bytes of a source address as a key */

/* 0 takes the preset. */
struct enrol_limits {
    unsigned per_source_per_min; /* 60: a team behind one address joins at the same time */
    unsigned total_per_min;      /* 300 */
    unsigned in_flight;          /* 64; beyond: -PL_E_BUSY */
};

/* Borrowed for the call. */
struct enrol_request {
    struct pl_bytes secret;
    struct pl_bytes csr_der;
    const char *device_name;
    const char *user_name; /* with an invite for a group; NULL or "": none */
    const char *display_name;
    const uint8_t *source_key; /* ENROL_SOURCE_KEY bytes */
};

/* rc: 0; -PL_E_INVITE: not valid; -PL_E_INVALID, -PL_E_CONFLICT: a name that cannot be
 * or is taken (the invite is not used up); -PL_E_BAD_MESSAGE: the request itself; -PL_E_SLOW_DOWN,
 * -PL_E_BUSY; -PL_E_QUOTA: too many devices or participants; -PL_E_UNAVAILABLE: try again with the
 * same key. `w` and what it points to are borrowed for the call, NULL unless rc is 0. */
typedef void (*enrol_cb)(void *ctx, int rc, const struct pl_join_welcome *w,
                         const struct pl_err *e);

/* `keeper` outlives it; `limits` may be NULL. */
struct enrol *enrol_new(uv_loop_t *loop, struct keeper *keeper, const struct enrol_limits *limits);

/* Requests under way are answered with -PL_E_UNAVAILABLE from in here; the memory goes at a later
 * turn of the loop. NULL ok. Before keeper_close. */
void enrol_free(struct enrol *en);

/* The callback comes once, never from inside this call. */
void enrol_redeem(struct enrol *en, const struct enrol_request *in, enrol_cb cb, void *ctx);

#endif
