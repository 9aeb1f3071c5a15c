// SPDX-License-Identifier: Apache-2.0
/*
 * The keys and certificates of a new organisation: DIR/tls.
 */
#ifndef PLIMSOLL_SERVER_OPS_INIT_TLS_H
#define PLIMSOLL_SERVER_OPS_INIT_TLS_H

#include <stdint.h>

#include "plimsoll/base/err.h"

/* Makes what is missing of root, issuing CA and server, keys before certificates; what is there is
 * kept. `root_pin` gets the root's SPKI hash. -PL_E_CONFLICT when a piece is missing that only the
 * absent root key could make. */
int init_tls(const char *dir, const char *organisation, uint8_t root_pin[32],
             struct pl_err *e) PL_MUST;

#endif
