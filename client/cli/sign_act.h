// SPDX-License-Identifier: Apache-2.0
/*
 * Having a person sign an act on a review: what it is about is shown, the person is asked where
 * there is one to ask, and exactly what was shown goes under the signature. When it changes before
 * the server has the act, the server refuses.
 */
#ifndef PLIMSOLL_CLIENT_CLI_SIGN_ACT_H
#define PLIMSOLL_CLIENT_CLI_SIGN_ACT_H

#include "plimsoll/doc/shown.h"

#include "cli/cli.h"
#include "net/sign.h"

struct cli_sign {
    struct cli *c;
    const struct pl_doc *d;
    uint64_t review;
    uint32_t kind;    /* enum pl_signed_kind */
    const char *what; /* "verify", "close" ... */
    struct pl_shown shown;
    struct sign_result result; /* owned after cli_sign */
};

/* Shows, asks and signs. -PL_E_USAGE: the person does not want to. Release the result in any case.
 */
int cli_sign(struct cli_sign *s, struct pl_err *e) PL_MUST;

/* {"kind", "object", "sha256", "device", "at"} for the answer: what was signed, the hash of its
 * head; NULL without a statement. Owned by the caller. */
json_t *cli_sign_json(const struct cli_sign *s);

#endif
