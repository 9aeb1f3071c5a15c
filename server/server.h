// SPDX-License-Identifier: Apache-2.0
/*
 * The composition root of `plimsolld serve`: makes the parts, connects them, runs the loop, takes
 * them down in order. Several processes may serve one data directory, each on its own port.
 */
#ifndef PLIMSOLL_SERVER_SERVER_H
#define PLIMSOLL_SERVER_SERVER_H

#include "plimsoll/base/err.h"

struct config;

struct server_options {
    const char *dir;             /* data directory, absolute */
    const struct config *config; /* with what the command line changes; borrowed */
    char *const *args;           /* of the command line, NULL at the end: the keeper gets them */
};

/* Serves until SIGTERM or SIGINT, then stops cleanly: no edit that was acknowledged is missing, no
 * edit under way is half done. A second signal ends at once. Logs server.ready with the port when
 * clients can be answered. 0 or what went wrong. */
int server_run(const struct server_options *o, struct pl_err *e) PL_MUST;

#endif
