// SPDX-License-Identifier: Apache-2.0
/*
 * The wire side of joining: one TLS connection with plimsoll-join/1, one message out, one in.
 * Blocking with an absolute deadline.
 */
#ifndef PLIMSOLL_CLIENT_NET_JOIN_DIAL_H
#define PLIMSOLL_CLIENT_NET_JOIN_DIAL_H

#include "plimsoll/base/arena.h"
#include "plimsoll/base/err.h"
#include "plimsoll/tls/invite.h"
#include "plimsoll/wire/message.h"

/* Dials the invite's server, pins its root, sends `hello`, and gives the JoinWelcome. Strings and
 * bytes of `out` live in `arena`. Errors as join_run. */
int join_exchange(const struct pl_invite *invite, const struct pl_join_hello *hello,
                  unsigned timeout_ms, struct pl_arena *arena, struct pl_join_welcome *out,
                  struct pl_err *e) PL_MUST;

#endif
