// SPDX-License-Identifier: Apache-2.0
/*
 * A new epoch in the database (log_epoch_new in sql/0015_seal.sql): one call over a connection of
 * its own as plm_seal, for the command on the host. The number in DIR/log/epoch is the caller's to
 * raise; until then a sealer refuses.
 */
#ifndef PLIMSOLL_SERVER_AUDIT_SEAL_EPOCH_H
#define PLIMSOLL_SERVER_AUDIT_SEAL_EPOCH_H

#include <stdint.h>

#include "plimsoll/base/err.h"
#include "plimsoll/tlog/note.h"

enum seal_reason { SEAL_REASON_FAILOVER = 1, SEAL_REASON_OTHER = 2 };

struct seal_epoch {
    uint32_t epoch;                  /* the new one */
    const struct pl_vkey *key;       /* of its notes; the name is its origin */
    const struct pl_checkpoint *old; /* signed last in the old one */
    uint64_t common;                 /* leaves that both trees have */
    enum seal_reason code;           /* stands in the leaf */
    const char *reason;              /* stays in the database */
};

/* Blocking: runs a loop of its own, at most a minute. -PL_E_BUSY: a sealer is at work right now;
 * -PL_E_CONFLICT: it is not the next epoch; -PL_E_UNAVAILABLE, -PL_E_STORE. */
int seal_epoch_new(const char *conninfo, const struct seal_epoch *n, struct pl_err *e) PL_MUST;

#endif
