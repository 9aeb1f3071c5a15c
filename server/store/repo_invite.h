// SPDX-License-Identifier: Apache-2.0
/*
 * Invites that facilitators make: for one new person, or for a group. They rest on a signed act
 * (tls/statement.h), which is kept with them. Redeeming goes by repo_invite_redeem like that of all
 * invites; those of the operator, and for one's own devices, are in repo_identity.h.
 *
 * Rules of calling, callbacks and errors: those of repo_identity.h.
 */
#ifndef PLIMSOLL_SERVER_STORE_REPO_INVITE_H
#define PLIMSOLL_SERVER_STORE_REPO_INVITE_H

#include <stddef.h>
#include <stdint.h>

#include "plimsoll/base/err.h"
#include "plimsoll/wire/message.h"

struct store;

/* What a person signed, with the public key that it was checked by. */
struct signed_bytes {
    struct pl_bytes head, seen; /* the two parts of the statement */
    struct pl_bytes signature, key;
};

struct review_invite_new {
    uint8_t secret_sha256[32];
    uint64_t review;
    const char *user_name, *display_name; /* "" for a group */
    uint32_t role, uses, minutes;
    uint64_t by_user, by_device;
    struct signed_bytes act;
    uint32_t open_max; /* in this review */
    uint32_t hour_max; /* made by this person in the last hour */
};
typedef void (*review_invite_cb)(void *ctx, int rc, uint64_t invite, int64_t expires_us,
                                 const struct pl_err *e);

/* -PL_E_NOENT, -PL_E_INVALID, -PL_E_PERM, -PL_E_REVOKED; -PL_E_CONFLICT: somebody of this name is
 * enrolled, or invited, or the statement was used before; -PL_E_QUOTA, -PL_E_SLOW_DOWN: the two
 * limits. */
int repo_review_invite_add(struct store *s, const struct review_invite_new *inv,
                           review_invite_cb cb, void *ctx) PL_MUST;

typedef void (*review_invites_cb)(void *ctx, int rc, const struct pl_invite_row *rows, size_t n,
                                  const struct pl_err *e);

/* Those of a review that can still be used, newest first, at most PL_INVITES_MAX. -PL_E_PERM:
 * `user` is not a facilitator of it. */
int repo_review_invites(struct store *s, uint64_t review, uint64_t user, review_invites_cb cb,
                        void *ctx) PL_MUST;

/* Withdraws one; by any facilitator of the review (-PL_E_PERM). -PL_E_NOENT: the review has none of
 * this number. Withdrawn, used up or over already: rc 0. */
typedef void (*review_invite_done_cb)(void *ctx, int rc, const struct pl_err *e);
int repo_review_invite_revoke(struct store *s, const struct pl_invite_revoke *r, uint64_t by_user,
                              uint64_t by_device, review_invite_done_cb cb, void *ctx) PL_MUST;

#endif
