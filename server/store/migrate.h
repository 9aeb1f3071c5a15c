// SPDX-License-Identifier: Apache-2.0
/*
 * Brings the database to the schema that this program was built with: the files of sql/, compiled
 * in, each once, in order of name, each in a transaction of its own, all under one advisory lock.
 * Table schema_version remembers number, name and SHA-256 of each. Blocking: for `plimsolld init`,
 * `plimsolld migrate` and tests, before any loop runs. The login must be able to become plm_owner
 * (migrate_run) or plm_app (migrate_check).
 */
#ifndef PLIMSOLL_SERVER_STORE_MIGRATE_H
#define PLIMSOLL_SERVER_STORE_MIGRATE_H

#include "plimsoll/base/err.h"

struct migrate_state {
    int have; /* files applied to the database; 0: empty database */
    int want; /* files compiled in */
};

/* Applies what is missing. A file that was changed after it had been applied, or a database newer
 * than this program: -PL_E_VERSION, nothing is changed. Cannot connect: -PL_E_UNAVAILABLE. SQL
 * error: -PL_E_STORE; the files before it stay applied. Roles are missing and the login cannot make
 * them: -PL_E_CONFIG, with what to do. Told to stop (ops/stop.h) while another
 * process migrates: -PL_E_GOING_AWAY. `out` may be NULL: state afterwards. */
int migrate_run(const char *conninfo, struct migrate_state *out, struct pl_err *e) PL_MUST;

/* Looks without changing: 0 when have == want and every checksum fits, -PL_E_VERSION otherwise. */
int migrate_check(const char *conninfo, struct migrate_state *out, struct pl_err *e) PL_MUST;

/* The SQL that makes the roles, for an administrator. */
const char *migrate_roles(void);

#endif
