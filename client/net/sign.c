// SPDX-License-Identifier: Apache-2.0
/*
 * See sign.h.
 */
#include "net/sign.h"

#include <string.h>

#include "plimsoll/base/rng.h"
#include "plimsoll/base/time.h"

#include "net/trust.h"

void sign_salt(uint8_t salt[PL_STATEMENT_NONCE])
{
    pl_random_bytes(salt, PL_STATEMENT_NONCE);
}

int sign_act(const struct trust_profile *p, const struct sign_what *what,
             struct sign_result *out_uninit, struct pl_err *e)
{
    struct sign_result *r = out_uninit;
    struct pl_statement s = {
        .kind = what->kind,
        .review = what->review,
        .object = what->object,
        .actor = p->user,
        .device = p->device,
        .issued_us = pl_now_us(),
        .seen = what->seen->data,
        .seen_n = what->seen->len,
    };
    memset(r, 0, sizeof(*r));
    pl_buf_init(&r->statement, PL_STATEMENT_BYTES);
    memcpy(s.organisation, p->root_pin, sizeof(s.organisation));
    pl_random_bytes(s.nonce, sizeof(s.nonce));
    struct pl_key *key = pl_key_from_pem(p->key_pem, e);
    if (key == NULL) {
        return pl_fail(e, PL_E_CONFIG, "the key of profile '%s' cannot be used", p->name);
    }
    int rc = pl_statement_encode(&s, &r->statement, e);
    if (rc == 0) {
        rc = pl_statement_sign(key, r->statement.data, r->statement.len, r->signature,
                               &r->signature_n, e);
    }
    pl_key_free(key);
    return rc;
}

void sign_release(struct sign_result *r)
{
    pl_buf_release(&r->statement);
}
