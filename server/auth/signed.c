// SPDX-License-Identifier: Apache-2.0
/*
 * See signed.h. The cheap comparisons come first, the signature last.
 */
#include "auth/signed.h"

#include <stdlib.h>
#include <string.h>

#define MINUTE_US INT64_C(60000000)

static int check_time(int64_t issued_us, int64_t now_us, struct pl_err *e)
{
    const int64_t most = SIGNED_MINUTES * MINUTE_US;
    if (issued_us >= now_us - most && issued_us <= now_us + most)
        return 0;
    return pl_fail(e, PL_E_CLOCK,
                   "the statement was signed more than %d minutes ago, or the clock of this "
                   "computer is wrong",
                   SIGNED_MINUTES);
}

static const char *difference(const struct signed_want *w, const struct pl_statement *s)
{
    if (s->kind != w->kind)
        return "kind of act";
    if (memcmp(s->organisation, w->organisation, PL_SPKI_HASH) != 0)
        return "organisation";
    if (s->review != w->review)
        return "review";
    if (s->object != w->object)
        return "object";
    if (s->actor != w->actor)
        return "person";
    if (s->device != w->device)
        return "device";
    return NULL;
}

int signed_check(const struct signed_want *want, const struct signed_act *act,
                 struct pl_statement *out, struct pl_err *e)
{
    if (act->statement.n == 0 || act->signature.n == 0)
        return pl_fail(e, PL_E_SIGNATURE,
                       "this act must be signed by the key of the device; a client that does not "
                       "sign is too old");
    int rc = pl_statement_decode(act->statement.p, act->statement.n, out, e);
    if (rc != 0)
        return rc;
    const char *what = difference(want, out);
    if (what != NULL)
        return pl_fail(e, PL_E_INVALID, "the statement is of another %s than the message", what);
    rc = check_time(out->issued_us, want->now_us, e);
    if (rc != 0)
        return rc;
    if (pl_statement_verify(act->key.p, act->key.n, act->statement.p, act->statement.n,
                            act->signature.p, act->signature.n, NULL) != 0)
        return pl_fail(e, PL_E_SIGNATURE,
                       "the signature is not by the key of the device that this came from");
    return 0;
}

struct signed_bytes signed_parts(const struct signed_act *act)
{
    return (struct signed_bytes){
        .head = {act->statement.p, PL_STATEMENT_HEAD},
        .seen = {act->statement.p + PL_STATEMENT_HEAD, act->statement.n - PL_STATEMENT_HEAD},
        .signature = act->signature,
        .key = act->key,
    };
}
