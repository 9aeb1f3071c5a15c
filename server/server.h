// SPDX-License-Identifier: Apache-2.0
/*
 * The composition root of `plimsolld serve`: makes the parts, connects them, runs the loop, takes
 * them down in order.
 */
#ifndef PLIMSOLL_SERVER_SERVER_H
#define PLIMSOLL_SERVER_SERVER_H

#include "plimsoll/base/err.h"

struct server_options {
    const char *dir;         /* data directory */
    const char *listen;      /* over the configuration; NULL: as configured */
    const char *database;    /* over the configuration; NULL: as configured */
    const char *pid_name;    /* unused unless a second process serves the same directory */
    const char *const *sets; /* "section.name=value" over the configuration; NULL-terminated */
    int is_second;           /* another process of the same directory: no lock, no port file */
};

/* Serves until SIGTERM or SIGINT, then stops cleanly: no edit that was acknowledged is missing, no
 * edit under way is half done. A second signal ends at once. 0 or what went wrong. */
int server_run(const struct server_options *o, struct pl_err *e) PL_MUST;

#endif
