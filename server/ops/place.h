// SPDX-License-Identifier: Apache-2.0
/*
 * The address that invites name: what was asked for, else the configured one, else where the server
 * listens, else this machine's name.
 */
#ifndef PLIMSOLL_SERVER_OPS_PLACE_H
#define PLIMSOLL_SERVER_OPS_PLACE_H

#include <stdint.h>

#include "plimsoll/base/err.h"
#include "plimsoll/tls/invite.h"

struct config;

struct place_wish {
    const char *host;     /* NULL: none */
    uint64_t port;        /* 0: none */
    uint16_t listen_port; /* that is listened on; 0: as configured */
};

/* Fills host and port of *out. -PL_E_USAGE when there is no address or port to name. */
int place_choose(const struct place_wish *wish, const struct config *c, struct pl_invite *out,
                 struct pl_err *e) PL_MUST;

#endif
