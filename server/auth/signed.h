// SPDX-License-Identifier: Apache-2.0
/*
 * Is this act signed by who does it? Checks a statement (tls/statement.h) against the session that
 * it came by: organisation, kind, review, person, device, time, and the signature by the very key
 * that this TLS session was made with, which is the registered one of the device. That the
 * statement is new the database knows (signed_act_add); that what was seen fits what is to be done
 * the caller compares, byte by byte.
 */
#ifndef PLIMSOLL_SERVER_AUTH_SIGNED_H
#define PLIMSOLL_SERVER_AUTH_SIGNED_H

#include <stdint.h>

#include "plimsoll/base/err.h"
#include "plimsoll/tls/statement.h"
#include "plimsoll/wire/bytes.h"

#include "store/repo_invite.h"

#define SIGNED_MINUTES 10 /* a statement may be older or newer than our clock by this */

struct signed_want {
    uint32_t kind; /* enum pl_signed_kind */
    const uint8_t *organisation;
    uint64_t review, object;
    uint64_t actor, device;
    int64_t now_us;
};

/* As it came; `key` is the session's public key. Borrowed. */
struct signed_act {
    struct pl_bytes statement, signature, key;
};

/* -PL_E_SIGNATURE: none, or not by this key. -PL_E_CLOCK: of another time. -PL_E_INVALID, with what
 * does not fit. *out points into the statement. */
int signed_check(const struct signed_want *want, const struct signed_act *act,
                 struct pl_statement *out, struct pl_err *e) PL_MUST;

/* The act for the store; points into it. After signed_check. */
struct signed_bytes signed_parts(const struct signed_act *act);

#endif
