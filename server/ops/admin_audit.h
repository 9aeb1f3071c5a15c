// SPDX-License-Identifier: Apache-2.0
/*
 * The audit log on the host: how it stands, sealing what waits without a running server, files for
 * those who check it, and a new epoch after a failover that lost commits. See ops/admin.h.
 */
#ifndef PLIMSOLL_SERVER_OPS_ADMIN_AUDIT_H
#define PLIMSOLL_SERVER_OPS_ADMIN_AUDIT_H

#include <stdbool.h>

#include "plimsoll/base/err.h"

#include "ops/admin.h"

/* Size, checkpoint, lag, and the key that checks signatures. */
int admin_audit_status(const struct admin *a, struct pl_err *e) PL_MUST;

/* Gives every event that waits its place and signs the tree; then ends. */
int admin_audit_seal(const struct admin *a, struct pl_err *e) PL_MUST;

/* Writes or continues an export in `dir`; without `texts` no payloads. */
int admin_audit_export(const struct admin *a, const char *dir, bool texts,
                       struct pl_err *e) PL_MUST;

/* Prints the rows that the log tells of, for the export in `dir`: for plimsoll verify --state. */
int admin_audit_dump_state(const struct admin *a, const char *dir, struct pl_err *e) PL_MUST;

/* Begins a new tree because the present one does not continue what this host signed last.
 * -PL_E_CONFLICT when there is no need to. */
int admin_audit_new_epoch(const struct admin *a, const char *reason, struct pl_err *e) PL_MUST;

#endif
