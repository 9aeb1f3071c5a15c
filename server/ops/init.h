// SPDX-License-Identifier: Apache-2.0
/*
 * `plimsolld init`: makes a data directory with all that a server needs (see datadir.h). Every step
 * leaves either nothing or a finished piece, and the configuration file comes last: an interrupted
 * init is simply run again and goes on where it was.
 */
#ifndef PLIMSOLL_SERVER_OPS_INIT_H
#define PLIMSOLL_SERVER_OPS_INIT_H

#include <stdbool.h>
#include <stdint.h>

#include "plimsoll/base/err.h"

struct init_options {
    const char *dir;          /* absolute */
    const char *organisation; /* NULL: "Plimsoll" */
    const char *listen;       /* ADDR:PORT; NULL: the preset */
    const char *database;     /* libpq connection string; NULL: a private cluster */
    const char *public_host;  /* what invites name; NULL: see config.h */
};

struct init_result {
    bool was_done; /* nothing to do: it had been initialised before */
    uint8_t root_pin[32];
    bool has_root_key; /* the root's key is still in DIR/tls */
};

/* -PL_E_CONFLICT: initialised before with other values than those given. */
int init_run(const struct init_options *o, struct init_result *out, struct pl_err *e) PL_MUST;

/* Copies the root's key and certificate into a new file (0600) and, if `remove`, takes the key out
 * of the data directory after the copy was read back. -PL_E_NOENT: the key is not there any more.
 */
int init_export_root(const char *dir, const char *file, bool remove, struct pl_err *e) PL_MUST;

#endif
