// SPDX-License-Identifier: Apache-2.0
/*
 * What the keeper asks the database before it signs, and notes before it hands a certificate out
 * (sql/0018_keeper.sql). Rules of calling, callbacks and errors: those of repo_identity.h.
 */
#ifndef PLIMSOLL_SERVER_STORE_REPO_KEEPER_H
#define PLIMSOLL_SERVER_STORE_REPO_KEEPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plimsoll/base/err.h"

#include "store/repo_invite.h"

struct store;

/* What an invite rests on: the act of the facilitator who made it, and what that must say. All zero
 * when there is none: it is the operator's, or for a further device of one's own, or unknown. */
struct keeper_grant {
    struct signed_bytes act;
    uint64_t review, by_user, by_device;
    const char *user_name, *display_name; /* "" for a group */
    uint32_t role, uses;
    bool is_their_key; /* the act's key is, or was, that of the device */
};
typedef void (*keeper_grant_cb)(void *ctx, int rc, const struct keeper_grant *g,
                                const struct pl_err *e);
int repo_keeper_look(struct store *s, const uint8_t secret_sha256[32], keeper_grant_cb cb,
                     void *ctx) PL_MUST;

/* Notes a certificate, with its event in the log. device 0: the server's. -PL_E_AUTH: the device
 * has not this key or is not in force (any more); -PL_E_SLOW_DOWN: hour_max in the last hour. */
struct keeper_note {
    uint64_t device;
    const uint8_t *spki_sha256, *cert_sha256; /* 32 bytes each */
    int64_t expires_us;
    uint32_t hour_max;
};
typedef void (*keeper_note_cb)(void *ctx, int rc, const struct pl_err *e);
int repo_keeper_note(struct store *s, const struct keeper_note *n, keeper_note_cb cb,
                     void *ctx) PL_MUST;

#endif
