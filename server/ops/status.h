// SPDX-License-Identifier: Apache-2.0
/*
 * `plimsolld status`: what can be said about a data directory from outside of a running server.
 */
#ifndef PLIMSOLL_SERVER_OPS_STATUS_H
#define PLIMSOLL_SERVER_OPS_STATUS_H

#include <stdbool.h>

#include "plimsoll/base/err.h"

/* Prints it; starts nothing. 0, or what keeps a server from working. */
int status_print(const char *dir, bool json, struct pl_err *e) PL_MUST;

#endif
