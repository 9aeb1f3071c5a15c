// SPDX-License-Identifier: Apache-2.0
/*
 * What the tests of the client's copy of a review share, beside the bench that plays the server.
 */
#ifndef PLIMSOLL_TESTS_UNIT_CLIENT_SYNC_RIG_H
#define PLIMSOLL_TESTS_UNIT_CLIENT_SYNC_RIG_H

#include "support/unit.h"

#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/doc/schema.h"
#include "plimsoll/merge/orderkey.h"
#include "plimsoll/wire/limits.h"

#include "support/client/sync_bench.h"

static inline struct sync_status status_of(struct bench *b)
{
    struct sync_status st;

    sync_status(b->s, &st);
    return st;
}

static inline void reconnect(struct bench *b)
{
    sync_disconnected(b->s);
    bench_connect(b);
}

#endif
