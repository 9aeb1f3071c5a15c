// SPDX-License-Identifier: Apache-2.0
/*
 * Signing an act with the device's key (tls/statement.h): who, where and when come from the profile
 * and the clock, what is done and what was shown from the caller.
 */
#ifndef PLIMSOLL_CLIENT_NET_SIGN_H
#define PLIMSOLL_CLIENT_NET_SIGN_H

#include <stdint.h>

#include "plimsoll/base/buf.h"
#include "plimsoll/base/err.h"
#include "plimsoll/tls/statement.h"

struct trust_profile;

struct sign_what {
    uint32_t kind; /* enum pl_signed_kind */
    uint64_t review, object;
    const struct pl_buf *seen; /* pl_seen_...; its salt is from sign_salt */
};

struct sign_result {
    struct pl_buf statement;
    uint8_t signature[PL_KEY_SIGNATURE_MAX];
    size_t signature_n;
};

/* Fresh random bytes to begin what was seen with. */
void sign_salt(uint8_t salt[PL_STATEMENT_NONCE]);

/* -PL_E_CONFIG: the profile's key cannot be used. Release the result also after an error. */
int sign_act(const struct trust_profile *p, const struct sign_what *what,
             struct sign_result *out_uninit, struct pl_err *e) PL_MUST;
void sign_release(struct sign_result *r);

#endif
