// SPDX-License-Identifier: Apache-2.0
/*
 * The keeper's process: a loop, a store of its own, the issuing CA, and whatever else needs a key
 * that the network must not reach (audit/sealer.h seals the log here).
 *
 * It takes orders from the serving process and believes none of them: it wants the secret of an
 * invite and uses it up itself for exactly this key, checks the signature of the facilitator who
 * made it, or of the old key of a device, itself, notes the certificate (and its leaf in the audit
 * log) and only then hands it out; at most as many in an hour as the configuration says. Not
 * dumpable, no core, no descriptor but its own; it ends with its parent.
 */
#ifndef PLIMSOLL_SERVER_KEEPER_HELPER_H
#define PLIMSOLL_SERVER_KEEPER_HELPER_H

#include "plimsoll/base/err.h"

struct config;

struct helper_options {
    const char *dir;
    const struct config *config;
    int fd; /* KEEPER_FD */
};

/* Runs until the other end closes. -PL_E_USAGE when `fd` is not such an end. */
int helper_run(const struct helper_options *o, struct pl_err *e) PL_MUST;

#endif
