// SPDX-License-Identifier: Apache-2.0
/*
 * The signature that came with a request on a review: kept while the request waits, checked against
 * the session at once, and against what the review holds when it is judged: what the person saw
 * must still be so.
 */
#ifndef PLIMSOLL_SERVER_CMD_SIGNING_H
#define PLIMSOLL_SERVER_CMD_SIGNING_H

#include <stdint.h>

#include "plimsoll/base/err.h"
#include "plimsoll/doc/shown.h"
#include "plimsoll/wire/limits.h"

#include "auth/signed.h"
#include "store/repo_invite.h"

struct caller;

struct signing {
    uint32_t kind; /* enum pl_signed_kind; 0: nothing is signed */
    uint64_t review;
    struct pl_statement st; /* points into `statement` */
    struct signed_bytes parts;
    uint8_t statement[PL_STATEMENT_MAX], signature[PL_SIGNATURE_MAX], key[PL_KEY_DER_MAX];
};

/* Copies and checks what came: -PL_E_SIGNATURE, CLOCK, INVALID with the reason. */
int signing_take(struct signing *s, const struct caller *c, struct pl_bytes statement,
                 struct pl_bytes signature, struct pl_err *e) PL_MUST;

/* Does the statement say what is asked for, and is what the person saw as it was?
 * -PL_E_INVALID: it is of something else; -PL_E_CONFLICT: it has changed. */
int signing_match(const struct signing *s, const struct pl_doc *d, const struct pl_shown *shown,
                  struct pl_err *e) PL_MUST;

#endif
